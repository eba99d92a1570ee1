"""bench_vtk_peer.py : reading a field of 4,000,000 float64 from .vti in every encoding: persihash and VTK itself (python3-vtk9, or VTK's wheel).

    PSH_LIBRARY=build/libpersihash.so python3 bench/bench_vtk_peer.py

CPU time of one thread, least of 5 repeats, both in one run. persihash's time includes looking for values that are not finite."""
import ctypes as c
import os
import pathlib
import tempfile
import time

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk

LIBRARY = c.CDLL(os.environ.get("PSH_LIBRARY", "build/libpersihash.so"))
SIDES = (200, 200, 100)
N_REPEATS = 5
ENCODINGS = [("ascii", False), ("binary", False), ("binary", True), ("base64", False), ("base64", True), ("raw", False), ("raw", True)]


def write(path, field, mode, is_compressed):
    image, writer = vtk.vtkImageData(), vtk.vtkXMLImageDataWriter()
    image.SetDimensions(*SIDES)
    values = numpy_to_vtk(field)
    values.SetName("f")
    image.GetPointData().SetScalars(values)
    writer.SetInputData(image)
    writer.SetFileName(str(path))
    {"ascii": writer.SetDataModeToAscii, "binary": writer.SetDataModeToBinary}.get(mode, writer.SetDataModeToAppended)()
    writer.SetEncodeAppendedData(mode == "base64")
    (writer.SetCompressorTypeToZLib if is_compressed else writer.SetCompressorTypeToNone)()
    assert writer.Write() == 1


def read_persihash(path):
    error, source, image = c.create_string_buffer(1024), c.c_void_p(), c.c_void_p()
    paths = (c.c_char_p * 1)(str(path).encode())
    assert LIBRARY.psh_input_open(paths, c.c_size_t(1), None, c.byref(source), error) == 0, error.raw
    assert LIBRARY.psh_input_read(source, c.c_size_t(0), c.byref(image), error) == 0, error.raw
    LIBRARY.psh_image_free(image)
    LIBRARY.psh_input_free(source)


def read_vtk(path):
    reader = vtk.vtkXMLImageDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    assert reader.GetOutput().GetNumberOfPoints() == np.prod(SIDES)


def least(read, path):
    times = []
    for _ in range(N_REPEATS):
        start = time.process_time()
        read(path)
        times.append(time.process_time() - start)
    return 1e3 * min(times)


with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
    field = np.cumsum(np.random.default_rng(0).normal(size=np.prod(SIDES)))
    print(f"{'':14} {'MB':>5} {'persihash':>10} {'VTK':>10}")
    for mode, is_compressed in ENCODINGS:
        path = pathlib.Path(folder) / "f.vti"
        write(path, field, mode, is_compressed)
        name = f"{mode}{', zlib' if is_compressed else ''}"
        print(f"{name:14} {path.stat().st_size / 1e6:5.0f} {least(read_persihash, path):7.1f} ms {least(read_vtk, path):7.1f} ms")
