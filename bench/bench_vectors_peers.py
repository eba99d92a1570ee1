"""Vectors, their distances and Sinkhorn against peers, one thread against one, in one run: processor seconds, least of some repeats.

    bench_vectors_peers.py
Environment: PSH_LIBRARY (build/libpersihash.so), PSH_DATASETS (../shared/datasets), PSH_NEWEST_PYTHON: a Python with newer peers (gudhi, pot,
scikit-learn), which then runs all of this. Images and curves are also compared with the peer's: the tests of tests/oracle/test_vectors.py.
"""
import ctypes as c
import os
import pathlib
import sys
import tempfile
import time

newest = os.environ.pop("PSH_NEWEST_PYTHON", "")
if os.path.exists(newest):
    os.execv(newest, [newest, *sys.argv])
ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("PSH_LIBRARY", str(ROOT / "build" / "libpersihash.so"))
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(ROOT / "tests" / "oracle"))
import gudhi  # noqa: E402
import numpy as np  # noqa: E402
import test_sinkhorn  # noqa: E402
import test_vectors as v  # noqa: E402
from gudhi.representations import BettiCurve, PersistenceImage, SlicedWassersteinDistance  # noqa: E402

RNG = np.random.default_rng(0)
DATASETS = pathlib.Path(os.environ.get("PSH_DATASETS", ROOT / ".." / "shared" / "datasets"))
GUDHI = f"GUDHI {gudhi.__version__}"


class SlicedParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("n_directions", c.c_int), ("n_positions", c.c_int), ("pool", c.c_bool), ("dims_mask", c.c_uint32)]


class FileParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("n_threads", c.c_int), ("is_f32", c.c_bool), ("is_square", c.c_bool), ("is_resumable", c.c_bool),
                ("is_verified", c.c_bool), ("tile_seconds", c.c_double)]


def least(function, repeats):
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def pointer(array):
    return array.ctypes.data_as(c.c_void_p)


def random_diagrams(n_diagrams, n_points):
    return [np.sort(RNG.random((n_points, 2)), axis=1) for _ in range(n_diagrams)]


def agreement():
    for test in (v.test_images_equal_gudhi, v.test_betti_curves_equal_gudhi):
        test()
        print(f"{test.__name__}: yes, {GUDHI}")


def vectors():
    diagrams = random_diagrams(20, 500)
    image = PersistenceImage(bandwidth=0.02, weight=lambda p: p[1], resolution=[50, 50], im_range=[0, 1, 0, 1])
    curve = BettiCurve(predefined_grid=np.linspace(0, 1, 2500))
    for title, kind, params, peer in (("image 50 x 50, 500 points", "pimage", v.PimageParams(), image),
                                      ("Betti curve 2500, 500 points", "betti", v.BettiParams(), curve)):
        params.struct_bytes = c.sizeof(params)
        handle, frame, dst = v.make_set(diagrams), v.Frame(2, 0.0, 1.0), np.zeros((20, 2500), np.float32)
        function = getattr(v.LIBRARY, f"psh_{kind}_compute")
        ours = least(lambda: function(handle, c.byref(frame), c.byref(params), 1, pointer(dst), None), 20) / 20
        single = least(lambda: [peer.fit_transform([d]) for d in diagrams], 3) / 20
        batch = least(lambda: peer.fit_transform(diagrams), 3) / 20
        theirs = min(single, batch)
        print(f"{title:32} {ours * 1e6:9.1f} us   {GUDHI} {theirs * 1e6:9.1f} us   {theirs / ours:6.0f} times "
              f"(one by one {single * 1e6:.0f} us, 20 at once {batch * 1e6:.0f} us)")


def steps():
    v.LIBRARY.psh_steps_distance.restype = c.c_double
    diagrams = random_diagrams(20, 500)
    handle, frame = v.make_set(diagrams), v.Frame(2, 0.0, 1.0)
    betti, sliced = v.BettiParams(), SlicedParams(n_directions=16)
    for title, kind, params, order in (("Betti, exact L1", "betti", betti, 1.0), ("Betti, exact L2", "betti", betti, 2.0), ("sliced, exact, 16", "sliced", sliced, 1.0)):
        params.struct_bytes, dst = c.sizeof(params), c.c_void_p()
        make = getattr(v.LIBRARY, f"psh_{kind}_steps")
        build = least(lambda: make(handle, c.byref(frame), c.byref(params), 1, c.byref(dst), None), 1) / 20
        function, one = v.LIBRARY.psh_steps_distance, c.c_double(order)
        ours = least(lambda: [function(dst, c.c_size_t(i), dst, c.c_size_t(j), one) for i in range(20) for j in range(20)], 5) / 400
        line = f"{title:32} {ours * 1e6:9.1f} us a pair (500 points), {build * 1e6:6.0f} us a diagram to build"
        if kind == "sliced":
            peer = SlicedWassersteinDistance(num_directions=16).fit(diagrams)
            theirs = least(lambda: peer.transform(diagrams), 2) / 400
            line += f"   {GUDHI} {theirs * 1e6:9.1f} us a pair   {theirs / ours:6.0f} times"
        print(line)


def gemm():
    """A function that takes the seconds of a product of two 2048 x 2048 matrices by oneDNN, or by NumPy's BLAS; its name."""
    a, dst = RNG.random((2048, 2048)).astype(np.float32), np.zeros((2048, 2048), np.float32)
    try:
        sgemm = c.CDLL("libdnnl.so.2").dnnl_sgemm
    except OSError:
        return lambda: least(lambda: a @ a, 2), "NumPy's BLAS"
    n, flag = c.c_int64(2048), c.c_char(b"N")
    return lambda: least(lambda: sgemm(flag, flag, n, n, n, c.c_float(1), pointer(a), n, pointer(a), n, c.c_float(0), pointer(dst), n), 2), "dnnl_sgemm"


def distances():
    n, n_features = 10000, 2500
    rows, params = RNG.random((n, n_features), np.float32), FileParams(n_threads=1, is_f32=True)
    params.struct_bytes, n_pairs = c.sizeof(params), n * (n - 1) // 2
    dst = np.zeros(n_pairs, np.float32)
    product, name = gemm()
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        out = os.path.join(folder, "d.npy").encode()

        def to_file(order):
            status = v.LIBRARY.psh_distances_vectors(pointer(rows), c.c_size_t(n), None, c.c_size_t(0), c.c_size_t(n_features), c.c_double(order),
                                                     c.byref(params), None, out, None, None, None)
            assert status == 0

        def to_memory(order):
            v.LIBRARY.psh_vectors_condensed_f32(pointer(rows), c.c_size_t(n), c.c_size_t(n_features), c.c_double(order), 1, None, pointer(dst), None)

        for title, function, order in (("into a file", to_file, 2), ("in memory", to_memory, 2), ("in memory", to_memory, 1), ("in memory", to_memory, np.inf)):
            seconds, rate = min((least(lambda: function(order), 1), product()) for _ in range(3))
            rate, ours = 2 * 2048**3 / rate / 1e9, 2 * n_pairs * n_features / seconds / 1e9
            print(f"L{order} all pairs {n} x {n_features} float32, {title:12} {seconds:7.3f} s = {ours:5.0f} GFLOP/s at 2 a feature and pair, "
                  f"{1.5 * ours:5.0f} at 3; {name} {rate:5.0f} GFLOP/s: {ours / rate:4.2f}")


def sinkhorn():
    sets = [(f"{n} uniform points", random_diagrams(40, n)) for n in (22, 63)]
    source = DATASETS / "colon" / "diagrams.npz"
    if source.exists():
        with np.load(source) as file:
            points, offsets = file["points"], file["offsets"].astype(int)
        points = (points - points[np.isfinite(points)].min()) / np.ptp(points[np.isfinite(points)])
        chosen = [points[offsets[i]:offsets[i + 1]] for i in RNG.choice(len(offsets) - 1, 40, replace=False)]
        sets.append(("40 of colon, 541 points", [d[np.isfinite(d[:, 1])] for d in chosen]))
    for name, diagrams in sets:
        for ground in (0, 1):
            report = []
            seconds = least(lambda: report.append(test_sinkhorn.all_pairs(diagrams, 1, ground=ground)[2]), 3) / 780
            print(f"sinkhorn 50 x 50, {name:24} {('squared L2', 'L-infinity')[ground]:10}  {seconds * 1e3:8.4f} ms a pair, "
                  f"{report[0].n_iterations / 780:.0f} iterations")


agreement(), vectors(), steps(), sinkhorn(), distances()
