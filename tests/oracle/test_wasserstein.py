#!/usr/bin/env python3
"""Exact Wasserstein distances against POT (through GUDHI), pair by pair, to 1e-9 relative; the library is loaded as
libpersihash.so from the folder of the tool that PERSIHASH names."""
import ctypes
import os
import pathlib
import sys

try:
    import numpy as np
    import ot  # noqa: F401 (GUDHI's wasserstein needs it)
    from gudhi.wasserstein import wasserstein_distance
except ImportError as missing:
    print(f"skipped: {missing}; this test needs numpy, gudhi and POT (Debian: python3-gudhi python3-pot)")
    sys.exit(77)

FOLDER = pathlib.Path(os.environ.get("PERSIHASH", "build/persihash")).parent
if not (FOLDER / "libpersihash.so").exists():
    print(f"skipped: no libpersihash.so in {FOLDER}; build the shared library or set PERSIHASH")
    sys.exit(77)
LIBRARY = ctypes.CDLL(str(FOLDER / "libpersihash.so"))
DATASETS = pathlib.Path(os.environ.get("PSH_DATASETS", "../shared/datasets"))


class Params(ctypes.Structure):
    _fields_ = [("struct_bytes", ctypes.c_size_t), ("order", ctypes.c_double), ("ground", ctypes.c_int),
                ("pool", ctypes.c_bool), ("dims_mask", ctypes.c_uint32)]


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def distances(diagrams, pairs, order=1.0, ground=0):
    """diagrams: list of (points, dims)"""
    handle = ctypes.c_void_p()
    assert LIBRARY.psh_diagrams_create(ctypes.byref(handle), None) == 0
    for points, dims in diagrams:
        points, dims = np.ascontiguousarray(points, float), np.ascontiguousarray(dims, np.int32)
        assert LIBRARY.psh_diagrams_append(handle, pointer(points), pointer(dims), ctypes.c_size_t(len(points)), None,
                                           ctypes.c_int64(-1), None) == 0
    pairs, found = np.ascontiguousarray(pairs, np.uint32), np.full(len(pairs), np.nan)
    params = Params(ctypes.sizeof(Params), order, ground, False, 0)
    assert LIBRARY.psh_wasserstein_pairs(handle, pointer(pairs), ctypes.c_size_t(len(pairs)), ctypes.byref(params), 0, None,
                                         pointer(found), None) == 0
    LIBRARY.psh_diagrams_free(handle)
    return found


def peer(a, b, order, ground):
    return sum(wasserstein_distance(a[0][a[1] == dim], b[0][b[1] == dim], order=order, internal_p=[np.inf, 2.0][ground])
               for dim in np.union1d(a[1], b[1]))


n_passed = n_failed = 0


def compare(name, diagrams, pairs, order=1.0, ground=0):
    global n_passed, n_failed
    found = distances(diagrams, pairs, order, ground)
    expected = np.array([peer(diagrams[i], diagrams[j], order, ground) for i, j in pairs])
    off = np.abs(found - expected) > 1e-9 * np.abs(expected) + 1e-14
    n_passed += int((~off).sum())
    n_failed += int(off.sum())
    for k in np.flatnonzero(off)[:3]:
        print(f"{name}, order {order}, ground {ground}, pair {tuple(pairs[k])}: found {found[k]!r}, POT {expected[k]!r}")


def one_dim(points):
    points = np.asarray(points, float).reshape(-1, 2)
    return points, np.zeros(len(points), np.int32)


def main():
    rng = np.random.default_rng(5)
    shapes = {
        "uniform": lambda n: np.sort(rng.random((n, 2)), 1),
        "grid": lambda n: np.sort(rng.integers(0, 9, (n, 2)), 1),
        "near the diagonal": lambda n: (lambda x: np.c_[x, x + 0.05 * rng.random(n) ** 2])(rng.random(n)),
        "one birth": lambda n: np.c_[np.zeros(n), rng.random(n)],
    }
    for name, draw in shapes.items():
        diagrams = [one_dim(draw(n)) for n in rng.integers(0, 40, 40)]
        for order, ground, n_pairs in ((1.0, 0, 300), (1.0, 1, 150), (2.0, 0, 80), (2.0, 1, 80), (1.5, 1, 40)):
            compare(name, diagrams, rng.integers(0, len(diagrams), (n_pairs, 2)), order, ground)
    diagrams = [one_dim(shapes["uniform"](200)) for _ in range(4)]
    compare("uniform 200", diagrams, [(0, 1), (0, 2), (1, 3), (2, 3)])
    for file, n_pairs in (("vortex_street/diagrams", 300), ("starting_vortex/diagrams", 150), ("shape2/diagrams", 150),
                          ("six_shapes/diagrams_n1", 2), ("colon/diagrams", 6)):
        path = DATASETS / (file + ".npz")
        if not path.exists():
            print(f"{path}: not there, left out")
            continue
        data = np.load(path)
        points, dims, offsets = data["points"].astype(float), data["dims"], data["offsets"]
        rows = rng.choice(len(offsets) - 1, min(40, len(offsets) - 1), replace=False)
        diagrams = [(points[offsets[i]:offsets[i + 1]], dims[offsets[i]:offsets[i + 1]]) for i in rows]
        compare(file, diagrams, rng.integers(0, len(diagrams), (n_pairs, 2)))
    print(f"{n_passed} passed, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
