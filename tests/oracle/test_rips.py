"""Vietoris-Rips persistence against GUDHI (doubles, exactly) and Ripser (float32, as it prints them): equal as multisets.

The library is driven through ctypes."""

import collections
import ctypes as c
import glob
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import gudhi
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy and python3-gudhi")
    sys.exit(77)

KEEP = 2
METRICS = {"euclidean": 0, "manhattan": 1, "chebyshev": 2, "cosine": 3}
DATASETS = os.environ.get("PSH_DATASETS", "../shared/datasets")


class Interval(c.Structure):
    _fields_ = [("birth", c.c_double), ("death", c.c_double), ("dim", c.c_int32)]


class Params(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("construction", c.c_int), ("filtration", c.c_int), ("essential", c.c_int),
                ("essential_value", c.c_double), ("min_persistence", c.c_double), ("dims_mask", c.c_uint32),
                ("complex", c.c_int), ("is_periodic", c.c_bool), ("threshold", c.c_double), ("metric", c.c_int)]


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
    return c.CDLL(path)


LIBRARY = load_library()


def check(status):
    assert status == 0, f"the library answered {status}"


def pointer(array):
    return array.ctypes.data_as(c.c_void_p)


def compute(function, item, dims, threshold, metric):
    rips, intervals, count = c.c_void_p(), c.POINTER(Interval)(), c.c_size_t()
    params = Params(c.sizeof(Params), essential=KEEP, dims_mask=(2 << dims) - 1, threshold=threshold, metric=METRICS[metric])
    check(LIBRARY.psh_rips_create(c.byref(rips), None))
    check(function(rips, item, c.byref(params), c.byref(intervals), c.byref(count), None, None))
    rows = [(i.dim, i.birth, i.death) for i in intervals[: count.value]]
    LIBRARY.psh_rips_free(rips)
    return rows


def of_matrix(square, dims, threshold=0.0):
    lower, matrix = np.ascontiguousarray(square[np.tril_indices(len(square), -1)], np.float64), c.c_void_p()
    check(LIBRARY.psh_matrix_create_dense(pointer(lower), c.c_size_t(len(square)), c.byref(matrix), None))
    rows = compute(LIBRARY.psh_rips_compute_matrix, matrix, dims, threshold, "euclidean")
    LIBRARY.psh_matrix_free(matrix)
    return rows


def of_cloud(points, dims, threshold=0.0, metric="euclidean"):
    points, cloud = np.ascontiguousarray(points, np.float64), c.c_void_p()
    check(LIBRARY.psh_cloud_create(pointer(points), c.c_size_t(len(points)), c.c_size_t(points.shape[1]), c.byref(cloud), None))
    rows = compute(LIBRARY.psh_rips_compute_cloud, cloud, dims, threshold, metric)
    LIBRARY.psh_cloud_free(cloud)
    return rows


def square_of(points):
    """Euclidean distances, axis after axis as the library adds them up."""
    return np.sqrt(sum((axis[:, None] - axis[None, :]) ** 2 for axis in points.T))


def sphere(n_points, seed):
    points = np.random.default_rng(seed).normal(size=(n_points, 3))
    return points / np.linalg.norm(points, axis=1)[:, None]


def gudhis(square, dims, threshold=0.0):
    complex_ = gudhi.RipsComplex(distance_matrix=square, max_edge_length=threshold or 1e300)
    tree = complex_.create_simplex_tree(max_dimension=dims + 1)
    tree.compute_persistence(homology_coeff_field=2)
    return sorted((dim, birth, death) for dim in range(dims + 1)
                  for birth, death in tree.persistence_intervals_in_dimension(dim) if birth < death)


def ripsers(square, dims):
    """As texts; it computes in float32."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        for row in square: # the whole of it: Ripser 1.2 misreads triangles
            file.write(",".join("%.9g" % value for value in row) + "\n")
        file.flush()
        command = ["ripser", "--format", "distance", "--dim", str(dims), file.name]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows, dim = [], None
    for line in text.splitlines():
        if line.startswith("persistence intervals in dim"):
            dim = int(line.split()[-1].rstrip(":"))
        elif line.startswith(" ["):
            birth, death = line.strip(" [)").split(",")
            rows.append((dim, birth, death.strip() or "inf"))
    return collections.Counter(rows)


def equals_ripser(square, dims):
    square = square.astype(np.float32)
    ours = [(dim, f"{birth:g}", f"{death:g}") for dim, birth, death in of_matrix(square, dims)]
    return collections.Counter(ours) == ripsers(square, dims)


def cases():
    """Names, and functions that answer whether all is well."""
    rng = np.random.default_rng(1)
    for seed in range(12):
        points = rng.normal(size=(40, 1 + seed % 5)) if seed % 2 else rng.integers(0, 5, size=(40, 1 + seed % 5)).astype(float)
        threshold = [0.0, 1.5][seed % 3 == 2]
        yield (f"cloud {seed} is GUDHI's, H0 to H2",
               lambda p=points, t=threshold: of_cloud(p, 2, t) == gudhis(square_of(p), 2, t) == of_matrix(square_of(p), 2, t))
    for seed in range(6):
        square = np.tril(rng.random((30, 30)) if seed % 2 else rng.integers(1, 9, (30, 30)).astype(float), -1)
        yield f"matrix {seed} is GUDHI's, H0 to H2", lambda s=square + square.T: of_matrix(s, 2) == gudhis(s, 2)
    points = sphere(150, 2)
    yield "a sphere is GUDHI's, H0 and H1", lambda: of_cloud(points, 1) == gudhis(square_of(points), 1)
    if not shutil.which("ripser"):
        print("Ripser is not installed: left out")
        return
    for n_points in (300, 600):
        yield f"a sphere of {n_points} points is Ripser's", lambda n=n_points: equals_ripser(square_of(sphere(n, n)), 1)
    yield "a sphere of 80 points is Ripser's, H2 too", lambda: equals_ripser(square_of(sphere(80, 3)), 2)
    yield "a cube in R^10 is Ripser's, H2 too", lambda: equals_ripser(square_of(rng.random((60, 10))), 2)
    clouds = DATASETS + "/shape2/clouds.npz"
    if os.path.exists(clouds):
        for i, cloud in enumerate(np.load(clouds)["clouds"][::100].astype(np.float64)):
            yield f"cloud {100 * i} of shape2 is Ripser's", lambda p=cloud: equals_ripser(square_of(p), 1)
    for name in sorted(glob.glob(DATASETS + "/protein_corr/*.npy"))[:3]:
        yield f"{os.path.basename(name)} is Ripser's", lambda n=name: equals_ripser(np.load(n), 1)


def main():
    n_passed = n_failed = 0
    for name, is_well in cases():
        if is_well():
            n_passed += 1
        else:
            n_failed += 1
            print("FAILED:", name)
    print(f"{n_passed} passed, {n_failed} failed")
    return 1 if n_failed else 0


sys.exit(main())
