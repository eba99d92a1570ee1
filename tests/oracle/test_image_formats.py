"""test_image_formats.py : files that other programs wrote, against what those programs read: TIFF by Pillow, NIfTI by nibabel, Perseus grids by GUDHI."""
import ctypes as c
import gzip
import os
import sys
import tempfile

try:
    import numpy as np
    from PIL import Image
except ImportError as missing:
    print("skipped:", missing)
    sys.exit(77)
try:
    import nibabel
except ImportError:
    nibabel = None
try:
    import gudhi
except ImportError:
    gudhi = None

FOLDER = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
LIBRARY_PATH = os.path.join(FOLDER, "libpersihash.so")
if not os.path.exists(LIBRARY_PATH):
    print("skipped: no", LIBRARY_PATH)
    sys.exit(77)
LIBRARY = c.CDLL(LIBRARY_PATH)
LIBRARY.psh_input_count.restype = c.c_size_t
LIBRARY.psh_image_pixels.restype = c.c_void_p
DTYPES = [np.dtype(name) for name in ("uint8", "uint16", "float32", "float64")]
results = {"passed": 0, "failed": 0, "skipped": 0}


class InputParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("labels_path", c.c_char_p), ("smooth_sigma", c.c_double), ("scale_factor", c.c_double),
                ("first", c.c_uint64), ("count", c.c_uint64), ("kind", c.c_int), ("is_volume", c.c_bool), ("field", c.c_char_p)]


class Error(c.Structure):
    _fields_ = [("status", c.c_int), ("text", c.c_char * 512)]


def read(path, is_volume=False):
    """All items of a file, each (D, H, W)."""
    error, file = Error(), c.c_void_p()
    params = InputParams(struct_bytes=c.sizeof(InputParams), is_volume=is_volume)
    paths = (c.c_char_p * 1)(path.encode())
    if LIBRARY.psh_input_open(paths, c.c_size_t(1), c.byref(params), c.byref(file), c.byref(error)):
        raise ValueError(error.text.decode())
    items = []
    for i in range(LIBRARY.psh_input_count(file)):
        image, shape = c.c_void_p(), (c.c_size_t * 3)()
        if LIBRARY.psh_input_read(file, c.c_size_t(i), c.byref(image), c.byref(error)):
            raise ValueError(error.text.decode())
        LIBRARY.psh_image_shape(image, shape)
        dtype = DTYPES[LIBRARY.psh_image_dtype(image)]
        data = c.string_at(LIBRARY.psh_image_pixels(image), shape[0] * shape[1] * shape[2] * dtype.itemsize)
        items.append(np.frombuffer(data, dtype).reshape(shape))
        LIBRARY.psh_image_free(image)
    LIBRARY.psh_input_free(file)
    return items


def luminance(rgb):
    rgb = rgb.astype(np.uint32)
    return (299 * rgb[..., 0] + 587 * rgb[..., 1] + 114 * rgb[..., 2] + 500) // 1000


def sample(shape, dtype, seed=0):
    return np.random.default_rng(seed).integers(0, 250, shape).astype(dtype)


# --- TIFF -------------------------------------------------------------------------------------------------------------


def tiff_of_every_mode_and_compression(folder):
    path = folder + "/a.tif"
    for compression in ("raw", "tiff_lzw", "packbits", "tiff_adobe_deflate", "lzma", "zstd"):
        for array in (sample((61, 47), np.uint8), sample((61, 47), np.uint16) * 200, sample((61, 47), np.float32) / 7, sample((61, 47), np.int32) * 99999 - 10**7):
            Image.fromarray(array).save(path, compression=compression)
            (item,) = read(path)
            assert np.array_equal(item[0], array) and item.dtype == (np.float64 if array.dtype == np.int32 else array.dtype), (compression, array.dtype)
        rgb = sample((61, 47, 3), np.uint8)
        Image.fromarray(rgb).save(path, compression=compression)
        assert np.array_equal(read(path)[0][0], luminance(rgb))
        rgba = sample((61, 47, 4), np.uint8)
        Image.fromarray(rgba).save(path, compression=compression)
        assert np.array_equal(read(path)[0][0], luminance(rgba))


def tiff_palette(folder):
    image = Image.fromarray(sample((33, 20, 3), np.uint8)).quantize(100)
    image.save(folder + "/a.tif")
    assert np.array_equal(read(folder + "/a.tif")[0][0], luminance(np.asarray(image.convert("RGB"))))


def tiff_fax_and_bits(folder):
    bits = sample((64, 70), np.uint8) > 120
    for compression in ("group3", "group4", "raw", "tiff_lzw"):
        Image.fromarray(bits).save(folder + "/a.tif", compression=compression)
        assert np.array_equal(read(folder + "/a.tif")[0][0], bits * np.uint8(255)), compression


def tiff_jpeg(folder):
    rows, columns = np.mgrid[:120, :90]
    rgb = np.stack([rows, columns * 2, 200 - columns], -1).astype(np.uint8)
    Image.fromarray(rgb).save(folder + "/a.tif", compression="jpeg", quality=95)
    with Image.open(folder + "/a.tif") as again:
        expected = luminance(np.asarray(again.convert("RGB"))).astype(int)
    assert np.abs(read(folder + "/a.tif")[0][0].astype(int) - expected).max() <= 3  # both decode by libjpeg, chroma by other routes


def tiff_pages(folder):
    pages = sample((7, 20, 30), np.uint16)
    images = [Image.fromarray(page) for page in pages]
    images[0].save(folder + "/a.tif", save_all=True, append_images=images[1:])
    stack = read(folder + "/a.tif")
    assert len(stack) == 7 and all(np.array_equal(item[0], page) for item, page in zip(stack, pages))
    (volume,) = read(folder + "/a.tif", is_volume=True)
    assert np.array_equal(volume, pages)
    with open(folder + "/a.tif", "rb") as plain, gzip.open(folder + "/a.tif.gz", "wb") as packed:
        packed.write(plain.read())
    assert len(read(folder + "/a.tif.gz")) == 7


# --- NIfTI ------------------------------------------------------------------------------------------------------------


def nifti_of_every_dtype(folder):
    for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"):
            for order in "<>":
                for ending in ("nii", "nii.gz"):
                    array = sample((9, 8, 7), np.dtype(dtype).newbyteorder(order), 3) // 2
                    path = f"{folder}/a.{ending}"
                    header = kind.header_class(endianness=order)
                    header.set_data_dtype(array.dtype)
                    nibabel.save(kind(array, np.eye(4), header), path)
                    (item,) = read(path)
                    assert np.array_equal(item, array.T.astype(np.float64)), (dtype, order, ending)
                    assert item.dtype == (dtype if dtype in ("uint8", "uint16", "float32") else "float64")


def nifti_scaled_as_nibabel_does(folder):
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_slope_inter(0.037, -11.5)
    nibabel.save(nibabel.Nifti1Image(np.random.default_rng(1).normal(size=(6, 5, 4)) * 100, np.eye(4), header), folder + "/a.nii")
    (item,) = read(folder + "/a.nii")
    assert np.array_equal(item, nibabel.load(folder + "/a.nii").get_fdata(dtype=np.float64).T)


def nifti_of_other_axes(folder):
    for shape, n_items in (((6, 5), 1), ((6, 5, 4, 1), 1), ((6, 5, 4, 3), 3), ((6, 5, 1, 1, 3), 3)):
        array = sample(shape, np.uint8, 5)
        nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), folder + "/a.nii")
        items = read(folder + "/a.nii")
        assert len(items) == n_items
        expected = array.T.reshape(n_items, -1)
        assert all(np.array_equal(item.ravel(), volume) for item, volume in zip(items, expected))


def nifti_pair_is_refused_with_a_hint(folder):
    nibabel.save(nibabel.Nifti1Pair(sample((3, 3, 3), np.uint8), np.eye(4)), folder + "/a.img")
    try:
        read(folder + "/a.hdr")
    except ValueError as error:
        assert ".nii" in str(error), error
    else:
        raise AssertionError("read the header of a pair")


# --- Perseus ----------------------------------------------------------------------------------------------------------


def perseus_grid_as_gudhi_has_it(folder):
    for shape in ((4, 3), (3, 4, 5)):
        values = np.random.default_rng(2).normal(size=shape)
        path = folder + "/grid.txt"
        with open(path, "w") as file:
            print(len(shape), *shape, *map(repr, map(float, values.ravel(order="F"))), sep="\n", file=file)
        (item,) = read(path)
        assert np.array_equal(item.squeeze(), values.T)
        complex_ = gudhi.CubicalComplex(perseus_file=path)
        again = gudhi.CubicalComplex(top_dimensional_cells=item.squeeze())
        assert sorted(complex_.persistence()) == sorted(again.persistence())


def main():
    tests = [(tiff_of_every_mode_and_compression, True), (tiff_palette, True), (tiff_fax_and_bits, True), (tiff_jpeg, True), (tiff_pages, True),
             (nifti_of_every_dtype, nibabel), (nifti_scaled_as_nibabel_does, nibabel), (nifti_of_other_axes, nibabel), (nifti_pair_is_refused_with_a_hint, nibabel),
             (perseus_grid_as_gudhi_has_it, gudhi)]
    for test, is_possible in tests:
        if not is_possible:
            print(f"SKIP {test.__name__}: a package is missing (python3-nibabel, python3-gudhi)")
            results["skipped"] += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
                results["passed"] += 1
            except Exception as fault:
                print(f"FAIL {test.__name__}: {type(fault).__name__}: {fault}")
                results["failed"] += 1
    print(f"{results['passed']} passed, {results['failed']} failed" + (f", {results['skipped']} skipped" if results["skipped"] else ""))
    sys.exit(1 if results["failed"] else 0)


main()
