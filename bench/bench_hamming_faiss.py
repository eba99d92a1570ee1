"""All pairs of codes: this library against Faiss and filling the result, on the same codes in the same run, one thread.

    /usr/bin/python3 bench/bench_hamming_faiss.py [LIBRARY] [N_CODES] [N_REPEATS]

Faiss has no condensed form: hammings() fills the whole square with int32, so it does twice the pairs and writes eight
times the bytes; IndexBinaryFlat.search() compares all pairs and keeps the ten nearest of each. Both are shown as they
are and for each comparison made. Results are compared. Least CPU time of N_REPEATS.
"""

import ctypes as c
import os
import sys
import time

import faiss
import numpy as np

LIBRARY = c.CDLL(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PSH_LIBRARY", "build/libpersihash.so"))
N_CODES = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
N_REPEATS = int(sys.argv[3]) if len(sys.argv) > 3 else 10


def least(work):
    times = []
    for _ in range(N_REPEATS):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times)


def row(name, seconds, n_compared, base, same=""):
    print(f"| {name} | {1e3 * seconds:.2f} | {1e12 * seconds / n_compared:.0f} | {seconds / base:.1f} | {same} |", flush=True)


def bench(n_bits, rng):
    n_bytes, n_pairs = n_bits // 8, N_CODES * (N_CODES - 1) // 2
    codes = rng.integers(0, 256, (N_CODES, n_bytes), np.uint8)
    item, function = (np.uint8, LIBRARY.psh_hamming_condensed_u8) if n_bits <= 255 else (np.uint16, LIBRARY.psh_hamming_condensed_u16)
    condensed, square = np.ones(n_pairs, item), np.ones((N_CODES, N_CODES), np.int32)

    def ours():
        assert function(codes.ctypes.data_as(c.c_void_p), c.c_size_t(N_CODES), c.c_size_t(n_bytes), 1,
                        condensed.ctypes.data_as(c.c_void_p), None) == 0

    def theirs():
        faiss.hammings(faiss.swig_ptr(codes), faiss.swig_ptr(codes), N_CODES, N_CODES, n_bytes, faiss.swig_ptr(square))

    index = faiss.IndexBinaryFlat(n_bits)
    index.add(codes)
    base = least(ours)
    print(f"\n{N_CODES} codes of {n_bits} bits\n\n| | ms | ps a comparison | times ours | same |\n|---|--:|--:|--:|---|")
    row(f"all pairs, condensed {np.dtype(item).name}", base, n_pairs, base)
    row("memset of that result", least(lambda: c.memset(condensed.ctypes.data, 1, condensed.nbytes)), n_pairs, base)
    ours()
    faiss_time = least(theirs)
    row("Faiss hammings(), square int32", faiss_time, N_CODES**2, base,
        "yes" if np.array_equal(condensed, square[np.triu_indices(N_CODES, 1)]) else "NO")
    row("Faiss IndexBinaryFlat, 10 nearest of each", least(lambda: index.search(codes, 10)), N_CODES**2, base)


faiss.omp_set_num_threads(1)
rng = np.random.default_rng(1)
for width in (64, 128, 256, 512):
    bench(width, rng)
