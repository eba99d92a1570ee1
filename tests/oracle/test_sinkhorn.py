"""Entropic transport between histograms against POT's Sinkhorn. The library is driven through ctypes."""

import ctypes as c
import os
import sys

try:
    import numpy as np
    import ot
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy and python3-pot")
    sys.exit(77)

folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
path = os.environ.get("PSH_LIBRARY") or os.path.join(folder, "libpersihash.so")
if not os.path.exists(path):
    print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
    sys.exit(77)
LIBRARY = c.CDLL(path)
RNG = np.random.default_rng(5)


class Frame(c.Structure):
    _fields_ = [("kind", c.c_int), ("lo", c.c_double), ("hi", c.c_double)]


class Params(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("n_cells", c.c_int), ("regularisation", c.c_double), ("tolerance", c.c_double),
                ("max_iterations", c.c_int), ("ground", c.c_int), ("pool", c.c_bool), ("dims_mask", c.c_uint32)]


class Report(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("regularisation", c.c_double), ("n_failed", c.c_uint64), ("worst_error", c.c_double),
                ("n_iterations", c.c_uint64), ("most_iterations", c.c_uint64)]


def all_pairs(diagrams, n_threads=2, **options):
    """Condensed distances, the status and the report."""
    handle, frame = c.c_void_p(), Frame(2, 0.0, 1.0)
    params, report = Params(c.sizeof(Params), **options), Report(c.sizeof(Report))
    assert LIBRARY.psh_diagrams_create(c.byref(handle), None) == 0
    for points in diagrams:
        points = np.ascontiguousarray(points, np.float64)
        assert LIBRARY.psh_diagrams_append(handle, points.ctypes.data_as(c.c_void_p), None, c.c_size_t(len(points)), None,
                                           c.c_int64(-1), None) == 0
    dst = np.full(len(diagrams) * (len(diagrams) - 1) // 2, np.nan)
    status = LIBRARY.psh_sinkhorn_condensed(handle, c.byref(frame), c.byref(params), n_threads, None,
                                            dst.ctypes.data_as(c.c_void_p), c.byref(report), None)
    LIBRARY.psh_diagrams_free(handle)
    return dst, status, report


def histogram(points, n_cells):
    cells, counts = np.unique(np.minimum((points * n_cells).astype(int), n_cells - 1), axis=0, return_counts=True)
    return (cells + 0.5) / n_cells, counts.astype(float)


def problem(a, b, n_cells, ground):
    """Masses and costs with the diagonal as last row and column."""
    (x, mass_x), (y, mass_y) = histogram(a, n_cells), histogram(b, n_cells)

    def norm(difference):
        if ground == 1:
            return np.abs(difference).max(-1)
        squared = (difference**2).sum(-1)
        return squared if ground == 0 else np.sqrt(squared)

    def to_diagonal(z):
        half = (z[:, 1] - z[:, 0]) / 2
        return norm(np.stack([half, half], -1))

    costs = np.block([[norm(x[:, None] - y[None]), to_diagonal(x)[:, None]], [to_diagonal(y)[None], np.zeros((1, 1))]])
    return np.append(mass_x, mass_y.sum()), np.append(mass_y, mass_x.sum()), costs


def by_pot(a, b, n_cells, ground, regularisation):
    mass_a, mass_b, costs = problem(a, b, n_cells, ground)
    plan = ot.bregman.sinkhorn_log(mass_a, mass_b, costs, regularisation, stopThr=1e-11, numItermax=200000)
    cost = (plan * costs).sum()
    return np.sqrt(cost) if ground == 0 else cost


def random_diagrams(sizes):
    return [np.sort(RNG.random((n, 2)), axis=1) for n in sizes]


def test_equal_to_pot_on_small_grids():
    for n_cells, regularisation in ((5, 0.1), (10, 0.05), (20, 0.02), (20, 0.3)):
        for ground in (0, 1, 2):
            diagrams = random_diagrams((1, 7, 20, 33))
            ours, status, report = all_pairs(diagrams, n_cells=n_cells, regularisation=regularisation, ground=ground,
                                             tolerance=1e-12, max_iterations=200000)
            assert status == 0 and report.n_failed == 0 and report.worst_error <= 1e-12, (status, report.worst_error)
            theirs = [by_pot(diagrams[i], diagrams[j], n_cells, ground, regularisation) for i in range(4) for j in range(i + 1, 4)]
            assert np.abs(ours - theirs).max() < 1e-6, (n_cells, regularisation, ground, ours, theirs)


def test_tends_to_exact_transport():
    diagrams = random_diagrams((12, 15))
    for ground in (0, 1, 2):
        mass_a, mass_b, costs = problem(*diagrams, 50, ground)
        exact = ot.emd2(mass_a, mass_b, costs)
        gaps = []
        for regularisation in (0.05, 0.01, 0.002):
            ours, status, _ = all_pairs(diagrams, regularisation=regularisation, ground=ground, tolerance=1e-6, max_iterations=10**6)
            assert status == 0
            gaps.append((ours[0] ** 2 if ground == 0 else ours[0]) - exact)
        assert gaps[0] > gaps[1] > gaps[2] > -1e-4 and gaps[2] < 0.02 * (1 + exact), gaps


def test_the_papers_settings_converge_and_agree():
    """50 x 50 cells, 0.1 / mean number of points: the default tolerance against a strict one."""
    diagrams = random_diagrams((40, 60, 80, 72))
    loose, status, report = all_pairs(diagrams)
    assert status == 0 and abs(report.regularisation - 0.1 / 63) < 1e-12
    strict, status, _ = all_pairs(diagrams, tolerance=1e-9, max_iterations=10**6)
    assert status == 0 and np.abs(loose / strict - 1).max() < 5e-3, loose / strict


def test_stiff_problems_stay_finite():
    """eps so small that exp(-C / eps) underflows everywhere, and diagrams of very different size."""
    diagrams = random_diagrams((3, 400)) + [np.array([[0.0, 1.0]])]
    for ground in (0, 1):
        ours, status, report = all_pairs(diagrams, regularisation=2e-4, ground=ground, max_iterations=300)
        assert np.isfinite(ours).all() and (ours > 0).all() and status in (0, 50)
        assert (status == 50) == (report.n_failed > 0)


def test_not_converged_is_a_status():
    ours, status, report = all_pairs(random_diagrams((60, 60, 60)), max_iterations=2)
    assert status == 50 and report.n_failed == 3 and report.most_iterations == 2 and report.worst_error > 1e-3
    assert np.isfinite(ours).all()


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
