#!/usr/bin/env python3
"""W1 (L-infinity) of persihash, POT and Hera in one run, one thread each, CPU time, least of some repeats.

    bench_wasserstein_peers.py LIBPERSIHASH.SO [DATASETS] [--repeats 3]

Needs numpy, gudhi and pot (any versions: they are printed; the newest ones are the measure). POT is called as GUDHI calls
it (gudhi.wasserstein), Hera as gudhi.hera, with delta 0.01 and with its own default. All get the same arrays, one call
a pair, as their interfaces ask for; persihash gets the set and the list of pairs. Real sets: the sum over dimensions.
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import ctypes
import pathlib
import time

import gudhi
import numpy as np
import ot
from gudhi.hera import wasserstein_distance as hera
from gudhi.wasserstein import wasserstein_distance as pot


class Library:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.psh_diagrams_free.argtypes = [ctypes.c_void_p]

    def set_of(self, diagrams):
        handle = ctypes.c_void_p()
        assert self.lib.psh_diagrams_create(ctypes.byref(handle), None) == 0
        for points, dims in diagrams:
            points, dims = np.ascontiguousarray(points, float), np.ascontiguousarray(dims, np.int32)
            status = self.lib.psh_diagrams_append(handle, points.ctypes.data_as(ctypes.c_void_p),
                                                  dims.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(points)), None,
                                                  ctypes.c_int64(-1), None)
            assert status == 0
        return handle

    def pairs(self, handle, pairs):
        pairs = np.ascontiguousarray(pairs, np.uint32)
        found = np.empty(len(pairs))
        status = self.lib.psh_wasserstein_pairs(handle, pairs.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(pairs)),
                                                None, 1, None, found.ctypes.data_as(ctypes.c_void_p), None)
        assert status == 0
        return found


def uniform(rng, n_points):
    points = np.sort(rng.random((n_points, 2)), axis=1)
    return points, np.zeros(n_points, np.int32)


def real(path):
    data = np.load(path)
    points, dims, offsets = data["points"].astype(float), data["dims"], data["offsets"]
    return [(points[offsets[i]:offsets[i + 1]], dims[offsets[i]:offsets[i + 1]]) for i in range(len(offsets) - 1)]


def by_dimension(a, b):
    for dim in np.union1d(a[1], b[1]):
        yield a[0][a[1] == dim], b[0][b[1] == dim]


def least_time(run, n_repeats):
    least = np.inf
    for _ in range(n_repeats):
        start = time.process_time()
        found = run()
        least = min(least, time.process_time() - start)
    return least, np.asarray(found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("datasets", nargs="?", default="../shared/datasets")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    library, rng = Library(args.library), np.random.default_rng(1)
    print(f"gudhi {gudhi.__version__}, pot {ot.__version__}; milliseconds a pair, one thread, CPU time, least of {args.repeats}")
    print("| set | persihash | POT | Hera 0.01 | Hera default | times POT | times Hera 0.01 | worst difference to POT |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    cases = [(f"uniform {n}", [uniform(rng, n) for _ in range(20)], k) for n, k in ((20, 40), (50, 40), (100, 20), (500, 5))]
    for name in ("vortex_street/diagrams", "starting_vortex/diagrams", "shape2/diagrams", "six_shapes/diagrams_n05", "colon/diagrams"):
        path = pathlib.Path(args.datasets) / (name + ".npz")
        if path.exists():
            cases.append((name.split("/")[0], real(path), 8))
        else:
            print(f"{path}: not there, skipped")
    for name, diagrams, n_pairs in cases:
        pairs = np.array([rng.choice(len(diagrams), 2, replace=False) for _ in range(n_pairs)])
        cells = [list(by_dimension(diagrams[i], diagrams[j])) for i, j in pairs]
        handle = library.set_of(diagrams)
        own_pairs = np.tile(pairs, (max(1, 200 // n_pairs), 1))  # short work is timed long enough
        own_time, own = least_time(lambda: library.pairs(handle, own_pairs), args.repeats)
        own_time /= len(own_pairs)
        library.lib.psh_diagrams_free(handle)
        peers = [lambda a, b: pot(a, b, order=1, internal_p=np.inf), lambda a, b: hera(a, b, order=1, internal_p=np.inf, delta=0.01),
                 lambda a, b: hera(a, b, order=1, internal_p=np.inf)]
        times, values = [], []
        for peer in peers:
            spent, value = least_time(lambda: [sum(peer(a, b) for a, b in cell) for cell in cells], args.repeats)
            times.append(spent / n_pairs), values.append(value)
        own = own[:n_pairs]
        worst = np.max(np.abs(own - values[0]) / np.maximum(values[0], 1e-300))
        print(f"| {name} | {own_time * 1e3:.4f} | {times[0] * 1e3:.3f} | {times[1] * 1e3:.3f} | {times[2] * 1e3:.3f} | "
              f"{times[0] / own_time:.0f} | {times[1] / own_time:.0f} | {worst:.1e} |", flush=True)


if __name__ == "__main__":
    main()
