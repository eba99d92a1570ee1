"""Linkage and scores: this library against SciPy and scikit-learn, on the same data in the same run.

    /usr/bin/python3 bench/bench_cluster_peers.py [LIBRARY] [N_ITEMS] [N_VALUES]

CPU time of the one thread, the least of two runs. Results are compared.
"""

import ctypes as c
import sys
import time

import numpy as np
from scipy import stats
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist
from sklearn import metrics

LIBRARY = c.CDLL(sys.argv[1] if len(sys.argv) > 1 else "build/libpersihash.so")
N_ITEMS = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
N_VALUES = int(sys.argv[3]) if len(sys.argv) > 3 else 5000000
METHODS = ["single", "average", "complete"]


def least(work, repeats=2):
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        result = work()
        times.append(time.thread_time() - start)
    return min(times), result


def pointer(array):
    return array.ctypes.data_as(c.c_void_p)


def row(name, ours, theirs, same):
    print(f"| {name} | {1e3 * ours:.1f} | {1e3 * theirs:.1f} | {theirs / ours:.1f} | {'yes' if same else 'NO'} |", flush=True)


def linkages(rng):
    codes = rng.integers(0, 256, (N_ITEMS, 8), np.uint8)
    rows = np.empty((N_ITEMS - 1, 4))
    LIBRARY.psh_distances_data.restype = c.c_void_p

    def ours_from_codes():
        assert LIBRARY.psh_linkage_codes(pointer(codes), c.c_size_t(N_ITEMS), c.c_size_t(8), 1, None, pointer(rows), None) == 0
        return rows.copy()

    condensed = np.empty(N_ITEMS * (N_ITEMS - 1) // 2, np.uint8)
    assert LIBRARY.psh_hamming_condensed_u8(pointer(codes), c.c_size_t(N_ITEMS), c.c_size_t(8), 1, pointer(condensed), None) == 0
    condensed = condensed.astype(float)
    ours, theirs = least(ours_from_codes), least(lambda: hierarchy.linkage(condensed, "single"))
    row(f"single linkage, {N_ITEMS} codes of 64 bits (SciPy: from their distances)", ours[0], theirs[0],
        np.array_equal(ours[1][:, 2], theirs[1][:, 2]))

    condensed = pdist(rng.random((N_ITEMS, 3)))
    handle = c.c_void_p()
    assert LIBRARY.psh_distances_create(3, c.c_size_t(N_ITEMS), c.byref(handle), None) == 0
    c.memmove(LIBRARY.psh_distances_data(handle), condensed.ctypes.data, condensed.nbytes)
    for i_method, method in enumerate(METHODS):
        def ours_from_distances():
            assert LIBRARY.psh_linkage_distances(handle, i_method, 1, None, pointer(rows), None) == 0
            return rows.copy()
        ours, theirs = least(ours_from_distances), least(lambda: hierarchy.linkage(condensed, method))
        row(f"{method} linkage, {N_ITEMS} items, float64", ours[0], theirs[0], np.array_equal(ours[1], theirs[1]))
    LIBRARY.psh_distances_free(handle)


def score(name, a, b):
    value = c.c_double()
    assert getattr(LIBRARY, "psh_score_" + name)(pointer(a), pointer(b), c.c_size_t(len(a)), c.byref(value), None) == 0
    return value.value


def scores(rng):
    a = rng.integers(0, 20, N_ITEMS)
    b = np.where(rng.random(N_ITEMS) < 0.3, np.arange(N_ITEMS), a)
    for name, peer in (("fms", metrics.fowlkes_mallows_score), ("ari", metrics.adjusted_rand_score),
                       ("ami", metrics.adjusted_mutual_info_score)):
        ours, theirs = least(lambda: score(name, a, b)), least(lambda: peer(a, b))
        row(f"{name.upper()}, {N_ITEMS} items", ours[0], theirs[0], abs(ours[1] - theirs[1]) < 1e-9)
    y = rng.random(N_VALUES)
    x = np.floor(64 * (y + rng.random(N_VALUES)))
    for name, peer in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        ours, theirs = least(lambda: score(name, x, y)), least(lambda: peer(x, y)[0])
        row(f"{name}, {N_VALUES} values", ours[0], theirs[0], abs(ours[1] - theirs[1]) < 1e-12)


print("| work | ours, ms | peer, ms | ratio | same result |\n|---|--:|--:|--:|---|")
linkages(np.random.default_rng(1))
scores(np.random.default_rng(2))
