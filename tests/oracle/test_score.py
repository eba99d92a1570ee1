"""Scores against scikit-learn and SciPy. The library is driven through ctypes."""

import ctypes as c
import os
import sys

try:
    import numpy as np
    from scipy import stats
    from scipy.spatial.distance import squareform
    from sklearn import metrics
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy, python3-scipy and python3-sklearn")
    sys.exit(77)


def load_library():
    folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
    path = os.path.join(folder, "libpersihash.so")
    if not os.path.exists(path):
        print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
        sys.exit(77)
    library = c.CDLL(path)
    library.psh_distances_data.restype = c.c_void_p
    return library


LIBRARY = load_library()
RNG = np.random.default_rng(2)
DTYPES = {"uint8": 0, "uint16": 1, "float32": 2, "float64": 3}


def pointer(array):
    return array.ctypes.data_as(c.c_void_p)


def check(status):
    assert status == 0, f"the library answered {status}"


def score(name, a, b, dtype):
    a, b, value = np.ascontiguousarray(a, dtype), np.ascontiguousarray(b, dtype), c.c_double()
    check(getattr(LIBRARY, "psh_score_" + name)(pointer(a), pointer(b), c.c_size_t(len(a)), c.byref(value), None))
    return value.value


PARTITION_SCORES = {"fms": metrics.fowlkes_mallows_score, "ari": metrics.adjusted_rand_score,
                    "ami": metrics.adjusted_mutual_info_score}


def compare_partitions(a, b):
    for name, theirs in PARTITION_SCORES.items():
        ours, expected = score(name, a, b, np.int64), theirs(a, b)
        assert abs(ours - expected) < 1e-10, (name, ours, expected)


def test_random_partitions():
    for n_items in (2, 3, 5, 10, 100, 2000):
        for n_a in (1, 2, 5, 50):
            for n_b in (2, 3, 40):
                a, b = RNG.integers(0, n_a, n_items), RNG.integers(0, n_b, n_items)
                if len(np.unique(a)) == n_items == len(np.unique(b)):
                    continue  # scikit-learn's AMI divides two rounding errors there; ours is 1
                compare_partitions(a, b)


def test_partitions_that_agree_in_part():
    for share in (0, 0.1, 0.5, 1):
        a = RNG.integers(0, 8, 1000)
        compare_partitions(a, np.where(RNG.random(1000) < share, RNG.integers(0, 8, 1000), a))


def test_a_giant_and_singletons():
    """What single linkage makes: FMS says 0.99, ARI says 0."""
    a, b = np.zeros(500, int), np.zeros(500, int)
    a[:7], b[100:107] = np.arange(1, 8), np.arange(1, 8)
    compare_partitions(a, b)
    assert score("fms", a, b, np.int64) > 0.97 and abs(score("ari", a, b, np.int64)) < 0.05


def test_trivial_partitions():
    for n_items in (1, 2, 3, 10, 100):
        one, each = np.zeros(n_items, int), np.arange(n_items)
        for a, b in ((one, one), (one, each), (each, one)):
            compare_partitions(a, b)
        for name in ("fms", "ari"):
            assert score(name, each, each, np.int64) == PARTITION_SCORES[name](each, each)
        assert score("ami", each, each, np.int64) == 1


def test_singletons_against_groups():
    compare_partitions(np.arange(300), RNG.integers(0, 9, 300))


def test_pearson():
    for n_values in (2, 3, 10, 1000, 100000):
        x = RNG.random(n_values)
        for y in (RNG.random(n_values), x + 0.1 * RNG.random(n_values), -x, 1e9 + x):
            assert abs(score("pearson", x, y, float) - stats.pearsonr(x, y)[0]) < 1e-8 * (1 + (y[0] > 1e8))


def test_spearman_with_and_without_ties():
    for n_values in (3, 10, 1000, 100000):
        x = RNG.random(n_values)
        for y in (RNG.random(n_values), np.floor(64 * (x + RNG.random(n_values))), np.round(x, 2) - 0.5, 70000 * x // 1):
            if len(np.unique(y)) > 1:
                assert abs(score("spearman", x, y, float) - stats.spearmanr(x, y)[0]) < 1e-12
                assert abs(score("spearman", y, x, float) - stats.spearmanr(x, y)[0]) < 1e-12


def test_spearman_of_near_pairs():
    for n_values in (10, 66, 1000, 499500):
        truth = RNG.random(n_values)
        for truth in (truth, np.round(truth, 2)):
            approx = np.floor(64 * (truth + 0.3 * RNG.random(n_values)))
            for share in (0.05, 0.3, 1):
                limit = np.sort(truth)[max(2, int(np.ceil(share * n_values))) - 1]
                near = truth <= limit
                if len(np.unique(truth[near])) < 2 or len(np.unique(approx[near])) < 2:
                    continue
                value = c.c_double()
                check(LIBRARY.psh_score_spearman_near(pointer(truth), pointer(approx), c.c_size_t(n_values), c.c_double(share), c.byref(value), None))
                assert abs(value.value - stats.spearmanr(truth[near], approx[near])[0]) < 1e-12, (n_values, share)


def distances(condensed, n_items):
    handle = c.c_void_p()
    check(LIBRARY.psh_distances_create(DTYPES[condensed.dtype.name], c.c_size_t(n_items), c.byref(handle), None))
    c.memmove(LIBRARY.psh_distances_data(handle), condensed.ctypes.data, condensed.nbytes)
    return handle


def test_recall_without_ties_is_counting():
    n_items = 200
    truth, approx = RNG.random(n_items * (n_items - 1) // 2), RNG.random(n_items * (n_items - 1) // 2)
    approx = (truth + approx).astype(np.float32)
    a, b, value = distances(truth, n_items), distances(approx, n_items), c.c_double()

    def nearest(condensed, k):
        square = squareform(condensed).astype(float)
        np.fill_diagonal(square, np.inf)
        return np.argsort(square, axis=1)[:, :k]

    for k, m in ((1, 1), (10, 10), (10, 50), (10, 199), (199, 199)):
        check(LIBRARY.psh_score_recall(a, b, c.c_size_t(k), c.c_size_t(m), c.byref(value), None))
        expected = np.mean([len(np.intersect1d(*both)) / k for both in zip(nearest(truth, k), nearest(approx, m))])
        assert abs(value.value - expected) < 1e-12
    for handle in (a, b):
        LIBRARY.psh_distances_free(handle)


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    n_failed = 0
    for name, test in tests:
        try:
            test()
        except Exception as fault:  # every test is run and named
            n_failed += 1
            print(f"FAILED {name}: {type(fault).__name__}: {fault}")
    print(f"{len(tests) - n_failed} passed, {n_failed} failed")
    return n_failed > 0


sys.exit(main())
