"""bench_image_peers.py : reading TIFF and NIfTI: persihash, Pillow (python3-pil) and nibabel (python3-nibabel).

    PSH_LIBRARY=build/libpersihash.so /usr/bin/python3 bench/bench_image_peers.py

CPU time of one thread, least of 5 repeats, both in one run, files in memory. persihash's time includes the look for values that are not finite; colour is read as grey by both."""
import ctypes as c
import os
import pathlib
import tempfile
import time

import nibabel
import numpy as np
from PIL import Image

LIBRARY = c.CDLL(os.environ.get("PSH_LIBRARY", "build/libpersihash.so"))
N_REPEATS = 5
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def read_persihash(path):
    error, source, image = c.create_string_buffer(1024), c.c_void_p(), c.c_void_p()
    paths = (c.c_char_p * 1)(str(path).encode())
    assert LIBRARY.psh_input_open(paths, c.c_size_t(1), None, c.byref(source), error) == 0, error.raw
    assert LIBRARY.psh_input_read(source, c.c_size_t(0), c.byref(image), error) == 0, error.raw
    LIBRARY.psh_image_free(image)
    LIBRARY.psh_input_free(source)


def read_pillow(path):
    with Image.open(path) as image:
        np.asarray(image.convert("L") if image.mode == "RGB" else image)


def read_nibabel(path):
    image = nibabel.load(path)
    np.array(image.dataobj)  # a copy: else .nii is only mapped


def least(read, path):
    times = []
    for _ in range(N_REPEATS):
        start = time.process_time()
        read(path)
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def report(name, path, peer):
    print(f"| {name} | {path.stat().st_size / 1e6:.0f} MB | {least(read_persihash, path):.0f} ms | {least(peer, path):.0f} ms |")


def main():
    rng = np.random.default_rng(0)
    grey = (np.cumsum(rng.integers(-3, 4, (4096, 4096)), 1) + 5000).astype(np.uint16)
    rgb = np.stack([grey & 255, grey >> 4 & 255, grey >> 8], -1).astype(np.uint8)
    volume = np.ascontiguousarray(grey.reshape(64, 512, 512)).T
    print("| file | size | persihash | peer |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        for name, array, compression in (("16 bits", grey, "raw"), ("16 bits, LZW", grey, "tiff_lzw"), ("16 bits, deflate", grey, "tiff_adobe_deflate"),
                                         ("float32", grey.astype(np.float32), "raw"), ("RGB", rgb, "raw"), ("RGB, LZW", rgb, "tiff_lzw"), ("RGB, JPEG", rgb, "jpeg")):
            path = pathlib.Path(folder, "a.tif")
            Image.fromarray(array).save(path, compression=compression)
            report(f"TIFF, {name}", path, read_pillow)
        for ending, header in ((".nii", None), (".nii.gz", None), (".nii", (0.5, -3))):
            image = nibabel.Nifti1Image(volume, np.eye(4))
            if header:
                image.header.set_slope_inter(*header)
            path = pathlib.Path(folder, "a" + ending)
            nibabel.save(image, path)
            report(f"NIfTI, 16 bits, `{ending}`" + (", scaled" if header else ""), path, read_nibabel)


main()
