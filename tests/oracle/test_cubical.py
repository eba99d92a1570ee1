"""Cubical persistence of real images against GUDHI: equal as multisets, every type, both constructions, both filtrations.

The library is driven through ctypes. GUDHI knows the T construction only; the V construction of an image is the T
construction of the image of all its cells, each with the greatest value of its vertices (see cells_of_v).
"""

import ctypes as c
import glob
import gzip
import os
import sys

try:
    import numpy as np
    import gudhi
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy and python3-gudhi")
    sys.exit(77)

MNIST = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
DTYPES = {"uint8": 0, "uint16": 1, "float32": 2, "float64": 3}
CONSTRUCTIONS = {"T": 0, "V": 1}
FILTRATIONS = {"sublevel": 0, "superlevel": 1}
KEEP = 2


class Interval(c.Structure):
    _fields_ = [("birth", c.c_double), ("death", c.c_double), ("dim", c.c_int32)]


class Params(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("construction", c.c_int), ("filtration", c.c_int), ("essential", c.c_int),
                ("essential_value", c.c_double), ("min_persistence", c.c_double), ("dims_mask", c.c_uint32)]


class InputParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("labels_path", c.c_char_p), ("smooth_sigma", c.c_double),
                ("scale_factor", c.c_double), ("first", c.c_uint64), ("count", c.c_uint64)]


def load_library():
    folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
    path = os.path.join(folder, "libpersihash.so")
    if not os.path.exists(path):
        print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
        sys.exit(77)
    with open(path, "rb") as file:
        if b"__asan_init" in file.read():
            print("skipped: the library is built with AddressSanitizer, which Python cannot load; use another preset")
            sys.exit(77)
    library = c.CDLL(path)
    library.psh_image_pixels.restype = c.c_void_p
    return library


LIBRARY = load_library()


def check(status):
    assert status == 0, f"the library answered {status}"


def make_image(array):
    array = np.ascontiguousarray(array)
    shape = (c.c_size_t * 3)(1, *array.shape)
    image = c.c_void_p()
    check(LIBRARY.psh_image_create(DTYPES[array.dtype.name], shape, array.ctypes.data_as(c.c_void_p), c.byref(image), None))
    return image


def ours(array, construction, filtration):
    """Rows (dim, birth, death), in the library's order."""
    cubical, image, intervals, count = c.c_void_p(), make_image(array), c.POINTER(Interval)(), c.c_size_t()
    params = Params(c.sizeof(Params), CONSTRUCTIONS[construction], FILTRATIONS[filtration], KEEP)
    check(LIBRARY.psh_cubical_create(c.byref(cubical), None))
    check(LIBRARY.psh_cubical_compute(cubical, image, c.byref(params), c.byref(intervals), c.byref(count), None, None))
    rows = np.array([(i.dim, i.birth, i.death) for i in intervals[: count.value]]).reshape(-1, 3)
    LIBRARY.psh_cubical_free(cubical)
    LIBRARY.psh_image_free(image)
    return rows


def cells_of_v(array):
    """An image of (2 h - 1) x (2 w - 1): a vertex, edge or square at each place, with the greatest of its vertices."""
    cells = np.repeat(np.repeat(array, 2, axis=0), 2, axis=1)[:-1, :-1].copy()
    cells[1::2] = np.maximum(cells[:-1:2], cells[2::2])
    cells[:, 1::2] = np.maximum(cells[:, :-1:2], cells[:, 2::2])
    return cells


def gudhis(array, construction, filtration):
    values = array.astype(np.float64) * (1 if filtration == "sublevel" else -1)
    complex_ = gudhi.CubicalComplex(top_dimensional_cells=values if construction == "T" else cells_of_v(values))
    complex_.compute_persistence()
    rows = [np.empty((0, 3))]
    for dim in (0, 1):
        pairs = complex_.persistence_intervals_in_dimension(dim).reshape(-1, 2)
        rows.append(np.column_stack([np.full(len(pairs), float(dim)), pairs]))
    rows = np.concatenate(rows)
    rows = rows[rows[:, 2] > rows[:, 1]]
    return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]


def mnist_images(count):
    with gzip.open(MNIST) as file:
        images = np.frombuffer(file.read(16 + 784 * count), np.uint8, offset=16)
    return images.reshape(count, 28, 28)


def tile_images(count):
    """Smoothed 8-bit tiles as the library itself reads them, evenly drawn from the classes."""
    folder = os.path.join(os.environ.get("PSH_DATASETS", "../shared/datasets"), "colon/tiles")
    names = sorted(glob.glob(folder + "/**/*.jp*g", recursive=True))
    for name in names[:: max(1, len(names) // count)][:count]:
        source, image, shape = c.c_void_p(), c.c_void_p(), (c.c_size_t * 3)()
        params = InputParams(c.sizeof(InputParams), None, 2.0)
        check(LIBRARY.psh_input_open((c.c_char_p * 1)(name.encode()), c.c_size_t(1), c.byref(params), c.byref(source), None))
        check(LIBRARY.psh_input_read(source, c.c_size_t(0), c.byref(image), None))
        LIBRARY.psh_image_shape(image, shape)
        pixels = c.string_at(LIBRARY.psh_image_pixels(image), shape[1] * shape[2])
        yield np.frombuffer(pixels, np.uint8).reshape(shape[1], shape[2])
        LIBRARY.psh_image_free(image)
        LIBRARY.psh_input_free(source)


def as_types(image):
    """The same image in every type, spread over its range (negative numbers and fractions for floats)."""
    yield image
    yield image.astype(np.uint16) * 257
    yield image.astype(np.float32) / 7 - 10
    yield np.exp(image.astype(np.float64) / 50) - 20


def main():
    n_passed = n_failed = n_skipped = 0
    sets = []
    if os.path.exists(MNIST):
        images = mnist_images(60)
        sets += [(f"fashion-mnist {i}", image) for i, image in enumerate(images)]
        sets += [(f"fashion-mnist {i}", typed) for i, image in enumerate(images[:6]) for typed in as_types(image)]
    else:
        print(f"skipped: no {MNIST}; install dataset-fashion-mnist")
        n_skipped += 1
    tiles = [(f"tile {i}", tile) for i, tile in enumerate(tile_images(4))]
    if not tiles:
        print("skipped: no ../shared/datasets/colon/tiles")
        n_skipped += 1
    sets += [(name, tile[:96, :130]) for name, tile in tiles] + tiles[:1]
    rng = np.random.default_rng(1)
    sets += [("noise", rng.integers(0, 40, (40, 50), dtype=np.uint8)), ("normal", rng.normal(size=(33, 65)))]
    sets += [("row", rng.normal(size=(1, 60)).astype(np.float32)), ("column", rng.normal(size=(60, 1)))]
    for name, image in sets:
        for construction in CONSTRUCTIONS:
            for filtration in FILTRATIONS:
                found, expected = ours(image, construction, filtration), gudhis(image, construction, filtration)
                if np.array_equal(found, expected):
                    n_passed += 1
                else:
                    n_failed += 1
                    print(f"FAILED {name} {image.dtype} {construction} {filtration}: {len(found)} intervals, "
                          f"GUDHI has {len(expected)}")
    print(f"{n_passed} passed, {n_failed} failed, {n_skipped} skipped")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
