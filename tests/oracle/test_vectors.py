"""Persistence images, Betti curves and histograms against GUDHI's representations and NumPy. The library is driven through ctypes."""

import ctypes as c
import os
import sys

try:
    import numpy as np
    from gudhi.representations import BettiCurve, PersistenceImage
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy, python3-gudhi and python3-sklearn")
    sys.exit(77)


def load_library():
    folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
    path = os.environ.get("PSH_LIBRARY") or os.path.join(folder, "libpersihash.so")
    if not os.path.exists(path):
        print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
        sys.exit(77)
    return c.CDLL(path)


LIBRARY = load_library()
RNG = np.random.default_rng(4)


class Frame(c.Structure):
    _fields_ = [("kind", c.c_int), ("lo", c.c_double), ("hi", c.c_double)]


class HistogramParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("n_cells", c.c_int), ("no_reflection", c.c_bool), ("no_count", c.c_bool),
                ("pool", c.c_bool), ("dims_mask", c.c_uint32)]


class PimageParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("n_cells", c.c_int), ("bandwidth", c.c_double), ("weight", c.c_int),
                ("integrate", c.c_bool), ("pool", c.c_bool), ("dims_mask", c.c_uint32)]


class BettiParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("n_samples", c.c_int), ("pool", c.c_bool), ("dims_mask", c.c_uint32)]


def make_set(diagrams):
    """A psh_diagrams of arrays (n, 2) in the unit square."""
    handle = c.c_void_p()
    assert LIBRARY.psh_diagrams_create(c.byref(handle), None) == 0
    for points in diagrams:
        points = np.ascontiguousarray(points, np.float64)
        assert LIBRARY.psh_diagrams_append(handle, points.ctypes.data_as(c.c_void_p), None, c.c_size_t(len(points)), None,
                                           c.c_int64(-1), None) == 0
    return handle


def compute(kind, diagrams, params, n_threads=1):
    params.struct_bytes = c.sizeof(params)
    handle, frame = make_set(diagrams), Frame(2, 0.0, 1.0)
    n_features = getattr(LIBRARY, f"psh_{kind}_n_features")
    n_features.restype = c.c_size_t
    dst = np.full((len(diagrams), n_features(handle, c.byref(params))), np.nan, np.float32)
    status = getattr(LIBRARY, f"psh_{kind}_compute")(handle, c.byref(frame), c.byref(params), n_threads,
                                                     dst.ctypes.data_as(c.c_void_p), None)
    LIBRARY.psh_diagrams_free(handle)
    assert status == 0, status
    return dst


def random_diagrams(n_diagrams=12, most=400):
    diagrams = [np.sort(RNG.random((int(RNG.integers(1, most)), 2)), axis=1) for _ in range(n_diagrams)]
    diagrams[0] = np.array([[0, 1.0]])
    diagrams[1] = np.repeat(diagrams[1], 3, axis=0)
    return diagrams


def close(ours, theirs):
    worst = np.abs(ours - theirs).max() / max(1, np.abs(theirs).max())
    assert ours.shape == theirs.shape and worst < 1e-6, (ours.shape, theirs.shape, worst)


def test_images_equal_gudhi():
    weights = {0: lambda p: p[1], 1: lambda p: 1 / p[1], 2: lambda p: 1}
    diagrams = random_diagrams()
    for weight, function in weights.items():
        for n_cells, bandwidth in ((50, 0.02), (20, 0.1), (7, 1.0), (50, 0.001), (100, 0.05)):
            ours = compute("pimage", diagrams, PimageParams(n_cells=n_cells, bandwidth=bandwidth, weight=weight))
            theirs = PersistenceImage(bandwidth=bandwidth, weight=function, resolution=[n_cells, n_cells],
                                      im_range=[0, 1, 0, 1]).fit_transform(diagrams)
            close(ours, theirs)


def test_integrated_images_hold_the_mass_and_equal_quadrature():
    diagrams = [np.array([[0.3, 0.7]]), np.array([[0.31, 0.62], [0.5, 0.9]])]
    ours = compute("pimage", diagrams, PimageParams(n_cells=20, bandwidth=0.05, weight=2, integrate=True))
    assert np.abs(ours.sum(axis=1) - [1, 2]).max() < 1e-6
    fine = compute("pimage", diagrams, PimageParams(n_cells=2001, bandwidth=0.05, weight=2)).reshape(2, 2001, 2001)
    simpson = np.tile([2, 4], 51)[:101] / 6000
    simpson[[0, -1]] /= 2
    for row, column in ((6, 6), (8, 5), (6, 7), (0, 0)):
        window = fine[:, 100 * row : 100 * row + 101, 100 * column : 100 * column + 101].astype(np.float64)
        close(ours.reshape(2, 20, 20)[:, row, column], simpson @ window @ simpson)


def test_betti_curves_equal_gudhi():
    diagrams = random_diagrams()
    for n_samples in (2, 3, 100, 2500):
        ours = compute("betti", diagrams, BettiParams(n_samples=n_samples))
        grid = np.linspace(0, 1, n_samples)
        theirs = BettiCurve(predefined_grid=grid).fit_transform(diagrams)
        assert np.array_equal(ours, theirs), n_samples


def test_betti_curves_with_points_on_samples():
    for n_samples in (4, 11, 50, 255, 2500):
        grid = np.linspace(0, 1, n_samples)
        diagrams = [np.sort(RNG.choice(grid, (60, 2)), axis=1) for _ in range(5)]
        ours = compute("betti", diagrams, BettiParams(n_samples=n_samples))
        theirs = np.array([[((d[:, 0] <= t) & (t < d[:, 1])).sum() for t in grid] for d in diagrams])
        assert np.array_equal(ours, theirs), n_samples


def test_histograms_equal_numpy():
    diagrams = random_diagrams()
    for n_cells in (1, 3, 50, 64):
        edges = np.linspace(0, 1, n_cells + 1)
        ours = compute("histogram", diagrams, HistogramParams(n_cells=n_cells, no_reflection=True, no_count=True))
        counts = np.array([np.histogram2d(d[:, 1], d[:, 0], bins=[edges, edges])[0] for d in diagrams])
        assert np.array_equal(ours, counts.reshape(len(diagrams), -1))
        mirrored = counts + counts.transpose(0, 2, 1) * (1 - np.eye(n_cells))
        whole = compute("histogram", diagrams, HistogramParams(n_cells=n_cells))
        assert np.array_equal(whole[:, :-1], mirrored.reshape(len(diagrams), -1))
        assert np.array_equal(whole[:, -1], [len(d) for d in diagrams])


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    n_failed = 0
    for name, test in tests:
        try:
            test()
        except AssertionError as fault:
            print(f"FAILED {name}: {fault}")
            n_failed += 1
    print(f"{len(tests) - n_failed} passed, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
