"""Vectors, their distances and Sinkhorn against peers, one thread against one, in one run: processor seconds, least of some repeats.

    bench_vectors_peers.py      (the library: $PSH_LIBRARY or build/libpersihash.so)
"""
import ctypes as c
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("PSH_LIBRARY", str(ROOT / "build" / "libpersihash.so"))
os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(ROOT / "tests" / "oracle"))
import numpy as np  # noqa: E402
import test_sinkhorn  # noqa: E402
import test_vectors as v  # noqa: E402
from gudhi.representations import BettiCurve, PersistenceImage  # noqa: E402

RNG = np.random.default_rng(0)


def least(function, repeats):
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def vectors():
    diagrams = [np.sort(RNG.random((500, 2)), axis=1) for _ in range(20)]
    image = PersistenceImage(bandwidth=0.02, weight=lambda p: p[1], resolution=[50, 50], im_range=[0, 1, 0, 1])
    curve = BettiCurve(predefined_grid=np.linspace(0, 1, 2500))
    for title, kind, params, peer in (("image 50 x 50, 500 points", "pimage", v.PimageParams(), image),
                                      ("Betti curve 2500, 500 points", "betti", v.BettiParams(), curve)):
        params.struct_bytes = c.sizeof(params)
        handle, frame, dst = v.make_set(diagrams), v.Frame(2, 0.0, 1.0), np.zeros((20, 2500), np.float32)
        function = getattr(v.LIBRARY, f"psh_{kind}_compute")
        ours = least(lambda: function(handle, c.byref(frame), c.byref(params), 1, dst.ctypes.data_as(c.c_void_p), None), 20) / 20
        theirs = least(lambda: [peer.fit_transform([d]) for d in diagrams], 3) / 20
        print(f"{title:32} {ours * 1e6:9.1f} us   GUDHI {theirs * 1e6:9.1f} us   {theirs / ours:6.0f} times")


def distances():
    rows = RNG.random((2000, 2500)).astype(np.float32)
    dst, square = np.zeros(2000 * 1999 // 2, np.float32), RNG.random((2048, 2048)).astype(np.float32)
    gemm = 2 * 2048**3 / least(lambda: square @ square, 3) / 1e9
    for order in (1, 2, np.inf):
        seconds = least(lambda: v.LIBRARY.psh_vectors_condensed_f32(
            rows.ctypes.data_as(c.c_void_p), c.c_size_t(2000), c.c_size_t(2500), c.c_double(order), 1, None,
            dst.ctypes.data_as(c.c_void_p), None), 3)
        print(f"L{order} all pairs 2000 x 2500 float32  {seconds:7.3f} s = {len(dst) * 5000 / seconds / 1e9:5.0f} GFLOP/s of a product; "
              f"NumPy's BLAS {gemm:5.0f} GFLOP/s")


def sinkhorn():
    for n_points in (22, 63):
        for ground in (0, 1):
            diagrams = test_sinkhorn.random_diagrams([n_points] * 40)
            seconds = least(lambda: test_sinkhorn.all_pairs(diagrams, 1, ground=ground), 3) / 780
            print(f"sinkhorn 50 x 50, {n_points} points, {('squared L2', 'L-infinity')[ground]:10}  {seconds * 1e3:8.4f} ms a pair")


vectors(), distances(), sinkhorn()
