"""Reading, smoothing and scaling against SciPy and Pillow, and the whole chain against published diagrams.

The library is driven through ctypes. Smoothed integers and 32-bit floats must equal SciPy's float64 result after
rounding; float64 may differ in the last bits, since NumPy's exp() does.
"""

import ctypes as c
import gzip
import io
import os
import sys
import tempfile

try:
    import numpy as np
    from PIL import Image
    from scipy import ndimage
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy, python3-scipy and python3-pil")
    sys.exit(77)

DATASETS = os.environ.get("PSH_DATASETS", "../shared/datasets")
MNIST = "/usr/share/datasets/fashion-mnist/t10k-%s-ubyte.gz"
DTYPES = [np.dtype(name) for name in ("uint8", "uint16", "float32", "float64")]
N_TILES = 200


class InputParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("labels_path", c.c_char_p), ("smooth_sigma", c.c_double),
                ("scale_factor", c.c_double), ("first", c.c_uint64), ("count", c.c_uint64)]


class CubicalParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("construction", c.c_int), ("filtration", c.c_int), ("essential", c.c_int),
                ("essential_value", c.c_double), ("min_persistence", c.c_double), ("dims_mask", c.c_uint32)]


def load_library():
    folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
    path = os.path.join(folder, "libpersihash.so")
    if not os.path.exists(path):
        print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
        sys.exit(77)
    library = c.CDLL(path)
    library.psh_image_pixels.restype = c.c_void_p
    library.psh_input_name.restype = library.psh_input_label_name.restype = c.c_char_p
    library.psh_input_count.restype = library.psh_input_n_classes.restype = c.c_size_t
    library.psh_input_label.restype = c.c_int64
    return library


LIBRARY = load_library()


def check(status, error=None):
    assert status == 0, f"the library answered {status}: {error.raw[4:].split(bytes(1))[0].decode() if error else ''}"


def to_image(array):
    array = np.ascontiguousarray(array)
    shape = (c.c_size_t * 3)(*(1,) * (3 - array.ndim), *array.shape)
    image = c.c_void_p()
    check(LIBRARY.psh_image_create(DTYPES.index(array.dtype), shape, array.ctypes.data_as(c.c_void_p), c.byref(image), None))
    return image


def to_array(image):
    shape = (c.c_size_t * 3)()
    LIBRARY.psh_image_shape(image, shape)
    dtype = DTYPES[LIBRARY.psh_image_dtype(image)]
    pixels = c.string_at(LIBRARY.psh_image_pixels(image), shape[0] * shape[1] * shape[2] * dtype.itemsize)
    return np.frombuffer(pixels, dtype).reshape(shape[0], shape[1], shape[2])


def change(function, array, amount):
    """psh_image_smooth or psh_image_scale of an array."""
    image, changed = to_image(array), c.c_void_p()
    check(function(image, c.c_double(amount), c.byref(changed), None))
    result = to_array(changed)
    LIBRARY.psh_image_free(image)
    LIBRARY.psh_image_free(changed)
    return result if array.ndim == 3 else result[0]


class Input:
    def __init__(self, *paths, **options):
        params = InputParams(struct_bytes=c.sizeof(InputParams), **options)
        self.handle, error = c.c_void_p(), c.create_string_buffer(516)
        names = (c.c_char_p * len(paths))(*(os.fsencode(path) for path in paths))
        check(LIBRARY.psh_input_open(names, c.c_size_t(len(paths)), c.byref(params), c.byref(self.handle), error), error)

    def __len__(self):
        return LIBRARY.psh_input_count(self.handle)

    def name(self, i):
        return os.fsdecode(LIBRARY.psh_input_name(self.handle, c.c_size_t(i)))

    def label(self, i):
        return LIBRARY.psh_input_label_name(self.handle, c.c_size_t(LIBRARY.psh_input_label(self.handle, c.c_size_t(i)))).decode()

    def image(self, i):
        image, error = c.c_void_p(), c.create_string_buffer(516)
        check(LIBRARY.psh_input_read(self.handle, c.c_size_t(i), c.byref(image), error), error)
        return image

    def array(self, i):
        image = self.image(i)
        result = to_array(image)[0]
        LIBRARY.psh_image_free(image)
        return result

    def close(self):
        LIBRARY.psh_input_free(self.handle)


def random_arrays(shape, rng):
    yield rng.integers(0, 256, shape, dtype=np.uint8)
    yield rng.integers(0, 65536, shape, dtype=np.uint16)
    yield rng.normal(size=shape).astype(np.float32)
    yield rng.normal(size=shape)


def equals_rounded(found, expected):
    """`found` is what float64 values round to in its type."""
    if found.dtype.kind == "u":
        return np.array_equal(found, np.rint(expected))
    slack = 0 if found.dtype == np.float32 else 1e-14 * np.abs(expected).max()
    return found.shape == expected.shape and np.abs(found - expected.astype(found.dtype)).max() <= slack


def smoothing():
    rng = np.random.default_rng(1)
    for shape in [(1, 1), (1, 40), (3, 5), (50, 67), (224, 224), (2, 3, 4), (9, 17, 23)]:
        for sigma in [0.1, 0.5, 1, 2, 3.7, 33]:
            for array in random_arrays(shape, rng):
                expected = ndimage.gaussian_filter(array.astype(np.float64), sigma, mode="reflect", truncate=4)
                found = change(LIBRARY.psh_image_smooth, array, sigma)
                yield f"smooth {array.dtype} {shape} {sigma}", equals_rounded(found, expected)


def scaling():
    """Whole factors: area is the mean of blocks; bilinear is SciPy's map_coordinates of first order."""
    rng = np.random.default_rng(2)
    for array in random_arrays((24, 36), rng):
        for block in (2, 3, 4, 12):
            expected = array.astype(np.float64).reshape(24 // block, block, 36 // block, block).mean(axis=(1, 3))
            found = change(LIBRARY.psh_image_scale, array, 1 / block)
            yield f"scale {array.dtype} 1/{block}", near_rounded(found, expected)
        for factor in (1.5, 2, 3):
            rows, columns = (np.arange(n * factor) for n in array.shape)
            places = np.meshgrid((rows + 0.5) / factor - 0.5, (columns + 0.5) / factor - 0.5, indexing="ij")
            expected = ndimage.map_coordinates(array.astype(np.float64), places, order=1, mode="nearest")
            found = change(LIBRARY.psh_image_scale, array, factor)
            yield f"scale {array.dtype} {factor}", near_rounded(found, expected)


def near_rounded(found, expected):
    """As equals_rounded(), but the peer's rounding errors may tip a tie."""
    slack = 0.5 + 1e-9 if found.dtype.kind == "u" else 1e-5 if found.dtype == np.float32 else 1e-12
    return found.shape == expected.shape and np.abs(found - expected).max() <= slack


def luminance(rgb):
    return (rgb.astype(np.int64) @ [299, 587, 114] + 500) // 1000


def pictures():
    """Files that Pillow writes, and what they hold by Pillow's own reading."""
    rng = np.random.default_rng(3)
    grey, rgb = rng.integers(0, 256, (21, 34), dtype=np.uint8), rng.integers(0, 256, (21, 34, 3), dtype=np.uint8)
    smooth = np.rint(ndimage.gaussian_filter(rgb.astype(float), (3, 3, 0))).astype(np.uint8)
    deep = rng.integers(0, 65536, (21, 34), dtype=np.uint16)
    alpha = Image.fromarray(np.dstack([rgb, grey]))
    for kind, picture, options in [
            ("PNG", Image.fromarray(grey), {}), ("PNG", Image.fromarray(rgb), {}), ("PNG", alpha, {}),
            ("PNG", Image.fromarray(deep), {}), ("PNG", Image.fromarray(rgb).quantize(7), {}),
            ("PNG", Image.fromarray(grey).convert("1"), {}), ("PNG", Image.fromarray(grey).convert("LA"), {}),
            ("PPM", Image.fromarray(grey), {}), ("PPM", Image.fromarray(deep.astype(np.int32)), {}),
            ("JPEG", Image.fromarray(grey), {}), ("JPEG", Image.fromarray(smooth), {"subsampling": 0}),
            ("JPEG", Image.fromarray(smooth), {"subsampling": 1}), ("JPEG", Image.fromarray(smooth), {"subsampling": 2}),
            ("JPEG", Image.fromarray(smooth), {"progressive": True, "quality": 30})]:
        file = io.BytesIO()
        picture.save(file, kind, **options)
        again = Image.open(file)
        is_grey = again.mode in ("L", "1", "LA", "I", "I;16")
        pixels = np.asarray(again.convert("L") if again.mode in ("1", "LA") else again if is_grey else again.convert("RGB"))
        yield f"{kind} {picture.mode} {options}", file.getvalue(), pixels if is_grey else luminance(pixels)


def reading():
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, content, expected) in enumerate(pictures()):
            path = os.path.join(folder, f"{i}")
            with open(path, "wb") as file:
                file.write(content)
            source = Input(path)
            yield f"read {name}", np.array_equal(source.array(0), expected)
            source.close()


def stacks():
    images = np.frombuffer(gzip.open(MNIST % "images-idx3").read(), np.uint8, offset=16).reshape(-1, 28, 28)
    labels = np.frombuffer(gzip.open(MNIST % "labels-idx1").read(), np.uint8, offset=8)
    source = Input(MNIST % "images-idx3", labels_path=os.fsencode(MNIST % "labels-idx1"))
    yield "fashion-mnist count", len(source) == len(images)
    yield "fashion-mnist pixels", all(np.array_equal(source.array(i), images[i]) for i in range(0, len(images), 37))
    yield "fashion-mnist labels", all(source.label(i) == str(labels[i]) for i in range(len(labels)))
    source.close()


def intervals_of(cubical, image):
    rows, count = c.c_void_p(), c.c_size_t()
    params = CubicalParams(c.sizeof(CubicalParams))
    check(LIBRARY.psh_cubical_compute(cubical, image, c.byref(params), c.byref(rows), c.byref(count), None, None))
    dtype = np.dtype([("birth", "f8"), ("death", "f8"), ("dim", "i4"), ("pad", "i4")])
    rows = np.frombuffer(c.string_at(rows.value, count.value * dtype.itemsize), dtype)
    return np.column_stack([rows["dim"], rows["birth"], rows["death"]])


def chain():
    """Decode, luminance, smooth, homology: equal to the diagrams that Pillow, SciPy and GUDHI made of the same tiles.

    Pillow's luminance has its own way with exact halves (1 colour in 1000; and is off by one for 721 of the 2^24
    colours), so tiles on which the two grey images differ are left out: of all 986, 17 diagrams differ for that reason.
    """
    published = np.load(os.path.join(DATASETS, "colon/diagrams.npz"))
    points, dims, offsets = published["points"], published["dims"], published["offsets"]
    places = {}
    for i, (name, label) in enumerate(zip(published["names"], published["labels"])):
        places.setdefault((str(published["label_names"][label]), str(name)), []).append(i)
    source, cubical = Input(os.path.join(DATASETS, "colon/tiles"), smooth_sigma=2.0), c.c_void_p()
    check(LIBRARY.psh_cubical_create(c.byref(cubical), None))
    for i in range(0, len(source), max(1, len(source) // N_TILES)):
        candidates = places.get((source.label(i), os.path.basename(source.name(i))), [])
        with Image.open(source.name(i)) as tile:
            if not np.array_equal(np.asarray(tile.convert("L")), luminance(np.asarray(tile))):
                continue
        image = source.image(i)
        found = intervals_of(cubical, image)
        LIBRARY.psh_image_free(image)
        expected = [np.column_stack([dims[a:b], points[a:b]]) for a, b in ((offsets[j], offsets[j + 1]) for j in candidates)]
        expected = [rows[np.lexsort(rows.T[::-1])] for rows in expected]
        if candidates:
            yield f"chain {source.name(i)}", any(np.array_equal(found, rows) for rows in expected)
    LIBRARY.psh_cubical_free(cubical)
    source.close()


def main():
    n_passed = n_failed = n_skipped = 0
    suites = [smoothing, scaling, reading]
    for suite, path in ((stacks, MNIST % "images-idx3"), (chain, os.path.join(DATASETS, "colon/diagrams.npz"))):
        if os.path.exists(path):
            suites.append(suite)
        else:
            print(f"skipped: no {path}")
            n_skipped += 1
    for suite in suites:
        for name, is_good in suite():
            n_passed += bool(is_good)
            n_failed += not is_good
            if not is_good:
                print(f"FAILED {name}")
    print(f"{n_passed} passed, {n_failed} failed, {n_skipped} skipped")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
