#!/usr/bin/env python3
"""Reading of meshes, clouds and distances against meshio and NumPy, farthest points against GUDHI: CPU seconds of one
thread, best of five, files in the page cache.

    bench/bench_shapes_peers.py [libpersihash.so]        (default: build/libpersihash.so)

The files: 300,000 vertices and 600,000 triangles as OFF (7 digits), OBJ and binary PLY; 300,000 points as text of 17
digits; 1,500 x 1,500 distances as text of 6. The same arrays come out on both sides (tests/oracle/test_shapes.py)."""
import ctypes as c
import os
import sys
import tempfile
import time

import numpy as np

try:
    import meshio
except ImportError:
    meshio = None
try:
    import gudhi.subsampling
except ImportError:
    gudhi = None

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = c.CDLL(sys.argv[1] if len(sys.argv) > 1 else HERE + "/../build/libpersihash.so")
AUTO, CLOUD, MATRIX = 0, 2, 3


class InputParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("labels_path", c.c_char_p), ("smooth_sigma", c.c_double),
                ("scale_factor", c.c_double), ("first", c.c_uint64), ("count", c.c_uint64), ("kind", c.c_int),
                ("is_volume", c.c_bool), ("field", c.c_char_p), ("n_samples", c.c_size_t), ("sample_seed", c.c_uint64)]


def best(work, n_rounds=5):
    seconds = []
    for _ in range(n_rounds):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def ours(path, kind=AUTO, n_samples=0):
    def read():
        item, error = (c.c_void_p * 5)(), c.create_string_buffer(600)
        assert LIBRARY.psh_input_read_item(handle, c.c_size_t(0), item, error) == 0, error.raw[4:].split(bytes(1))[0]
        LIBRARY.psh_item_free(item)

    params = InputParams(struct_bytes=c.sizeof(InputParams), kind=kind, n_samples=n_samples)
    handle = c.c_void_p()
    assert LIBRARY.psh_input_open((c.c_char_p * 1)(path.encode()), c.c_size_t(1), c.byref(params), c.byref(handle), None) == 0
    seconds = best(read)
    LIBRARY.psh_input_free(handle)
    return seconds


def report(what, path, seconds, peer, peer_seconds):
    size = f"{os.path.getsize(path) / 1e6:.0f} MB" if path else ""
    theirs = f"{peer_seconds:.3f} s ({peer}), {peer_seconds / seconds:.1f} times" if peer_seconds else f"no {peer}"
    print(f"{what:<42} {size:>6} {seconds:8.4f} s   {theirs}", flush=True)


def main():
    rng = np.random.default_rng(0)
    n = 300000
    vertices, faces = rng.standard_normal((n, 3)), rng.integers(0, n, (2 * n, 3))
    with tempfile.TemporaryDirectory() as folder:
        off, obj, ply, xyz, csv, npy = (f"{folder}/a.{ending}" for ending in ("off", "obj", "ply", "xyz", "csv", "npy"))
        with open(off, "w", encoding="ascii") as file:
            file.write(f"OFF\n{n} {2 * n} 0\n")
            np.savetxt(file, vertices, fmt="%.7g")
            np.savetxt(file, np.column_stack([np.full(2 * n, 3), faces]), fmt="%d")
        with open(obj, "w", encoding="ascii") as file:
            np.savetxt(file, vertices, fmt="v %.7g %.7g %.7g")
            np.savetxt(file, faces + 1, fmt="f %d %d %d")
        dtype = np.dtype([("count", "u1"), ("corners", "<i4", 3)])
        rows = np.empty(2 * n, dtype)
        rows["count"], rows["corners"] = 3, faces
        with open(ply, "wb") as file:
            file.write(b"ply\nformat binary_little_endian 1.0\nelement vertex %d\nproperty double x\nproperty double y\n"
                       b"property double z\nelement face %d\nproperty list uchar int vertex_indices\nend_header\n" % (n, 2 * n))
            file.write(vertices.tobytes() + rows.tobytes())
        np.savetxt(xyz, vertices, fmt="%.17g")
        distances = rng.random((1500, 1500))
        np.savetxt(csv, np.tril(distances, -1) + np.tril(distances, -1).T, fmt="%.6f", delimiter=",")
        np.save(npy, vertices)
        for what, path in (("OFF", off), ("OBJ", obj), ("PLY, binary", ply)):
            report(what, path, ours(path), "meshio", meshio and best(lambda: meshio.read(path), 2))
        report("points as text, 17 digits", xyz, ours(xyz), "numpy.loadtxt", best(lambda: np.loadtxt(xyz), 2))
        report("distances as text", csv, ours(csv, MATRIX), "numpy.loadtxt", best(lambda: np.loadtxt(csv, delimiter=","), 2))
        for n_samples in (200, 1000):
            seconds = ours(npy, CLOUD, n_samples)
            peer = gudhi and best(lambda: gudhi.subsampling.choose_n_farthest_points(
                points=vertices, nb_points=n_samples, starting_point=0), 1)
            report(f"{n_samples} farthest of 300,000 points", None, seconds, "GUDHI", peer)


main()
