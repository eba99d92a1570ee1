"""Vietoris-Rips persistence: this library against Ripser, GUDHI, ripser.py and giotto-ph in the same run, one thread each.

    /usr/bin/python3 bench/bench_rips_peers.py [N_CLOUDS]

N_CLOUDS: how many of the 1,900 clouds of shape2 (100). Environment: PSH_LIBRARY (build/libpersihash.so), PSH_DATASETS
(../shared/datasets), PSH_NEWEST_PYTHON: a Python with gudhi, ripser and gph, those that it has are measured.

All get the same distances, rounded to float32 since Ripser, ripser.py and giotto-ph compute with these; so all intervals
must be equal as multisets (Ripser's after printing with six digits). Time is CPU time of all threads, the least of the repeats, summed
over the items, from a distance matrix to intervals: of the call for ours and the Python packages; of the process for
Ripser, less that of a run that does nothing but read.
"""

import collections
import concurrent.futures
import ctypes as c
import glob
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

KEEP = 2


class Interval(c.Structure):
    _fields_ = [("birth", c.c_double), ("death", c.c_double), ("dim", c.c_int32)]


class Params(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("construction", c.c_int), ("filtration", c.c_int), ("essential", c.c_int),
                ("essential_value", c.c_double), ("min_persistence", c.c_double), ("dims_mask", c.c_uint32)]


def least(repeats, work):
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def rows_of(diagrams):
    """Sorted (dim, birth, death) of a list of arrays, one a dimension."""
    return sorted((float(dim), float(b), float(d)) for dim, pairs in enumerate(diagrams) for b, d in pairs if b < d)


# --- This library


def load_library():
    return c.CDLL(os.environ.get("PSH_LIBRARY", "build/libpersihash.so"))


def must(status):
    assert status == 0, f"the library answered {status}"


class Ours:
    """The working memory of one thread."""

    def __init__(self, library):
        self.library, self.rips = library, c.c_void_p()
        must(library.psh_rips_create(c.byref(self.rips), None))

    def run(self, lower, dims, repeats):
        """Seconds, sorted rows. lower : the strict lower triangle."""
        library, matrix, intervals, count = self.library, c.c_void_p(), c.POINTER(Interval)(), c.c_size_t()
        n_points = n_points_of(lower)
        lower = np.ascontiguousarray(lower, np.float64)
        must(library.psh_matrix_create_dense(lower.ctypes.data_as(c.c_void_p), c.c_size_t(n_points), c.byref(matrix), None))
        params = Params(c.sizeof(Params), essential=KEEP, dims_mask=(2 << dims) - 1)
        arguments = (self.rips, matrix, c.byref(params), c.byref(intervals), c.byref(count), None, None)
        seconds, _ = least(repeats, lambda: must(library.psh_rips_compute_matrix(*arguments)))
        rows = [(float(i.dim), i.birth, i.death) for i in intervals[: count.value]]
        library.psh_matrix_free(matrix)
        return seconds, sorted(rows)


def n_points_of(lower):
    return (1 + round((1 + 8 * len(lower)) ** 0.5)) // 2


# --- Peers


def ripser_text(lower):
    """The whole square: Ripser 1.2 misreads triangles."""
    return "".join(",".join("%.9g" % value for value in row) + "\n" for row in square_of(lower))


def call_ripser(path, *options):
    """CPU seconds of the process, and what it printed."""
    process = subprocess.Popen(["ripser", "--format", "distance", *options, path], stdout=subprocess.PIPE)
    text = process.stdout.read().decode()
    _, process.returncode, usage = os.wait4(process.pid, 0)
    assert process.returncode == 0, "ripser failed"
    return usage.ru_utime + usage.ru_stime, text


def run_ripser(lower, dims, repeats):
    """Seconds; rows as texts, as it prints them. What a run up to 1e-30 takes, reading that is, is not counted."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(ripser_text(lower))
        file.flush()
        reading = min(call_ripser(file.name, "--threshold", "1e-30")[0] for _ in range(repeats))
        runs = [call_ripser(file.name, "--dim", str(dims)) for _ in range(repeats)]
    rows, dim = [], None
    for line in runs[0][1].splitlines():
        if line.startswith("persistence intervals in dim"):
            dim = int(line.split()[-1].rstrip(":"))
        elif line.startswith(" ["):
            birth, death = line.strip(" [)").split(",")
            rows.append((dim, birth, death.strip() or "inf"))
    return max(min(seconds for seconds, _ in runs) - reading, 1e-6), rows


def as_ripser_prints(rows):
    return [(int(dim), f"{birth:g}", f"{death:g}") for dim, birth, death in rows]


def square_of(lower):
    n = n_points_of(lower)
    square = np.zeros((n, n), lower.dtype)
    square[np.tril_indices(n, -1)] = lower
    return square + square.T


def run_gudhi(lower, dims, repeats):
    from gudhi.sklearn import RipsPersistence

    work = RipsPersistence(homology_dimensions=list(range(dims + 1)), input_type="lower distance matrix",
                           homology_coeff_field=2, n_jobs=1)
    square = square_of(lower).astype(np.float64)
    seconds, result = least(repeats, lambda: work.fit_transform([square]))
    return seconds, rows_of(result[0])


def run_ripser_py(lower, dims, repeats):
    from ripser import ripser

    square = square_of(lower).astype(np.float32)
    seconds, result = least(repeats, lambda: ripser(square, maxdim=dims, distance_matrix=True))
    return seconds, rows_of(result["dgms"])


def run_giotto(lower, dims, repeats):
    from gph import ripser_parallel

    square = square_of(lower).astype(np.float32)
    seconds, result = least(repeats, lambda: ripser_parallel(square, maxdim=dims, metric="precomputed", n_threads=1))
    return seconds, rows_of(result["dgms"])


PYTHON_PEERS = {"GUDHI": run_gudhi, "ripser.py": run_ripser_py, "giotto-ph": run_giotto}


def version_of(name):
    from importlib.metadata import version

    return version({"GUDHI": "gudhi", "ripser.py": "ripser", "giotto-ph": "giotto-ph"}[name])


def serve(path_in, path_out):
    """In the other Python: every peer on every item."""
    with open(path_in, "rb") as file:
        items, dims, repeats = pickle.load(file)
    answers = {}
    for name, run in PYTHON_PEERS.items():
        try:
            answers[f"{name} {version_of(name)}"] = [run(lower, dims, repeats) for lower in items]
        except Exception as fault: # a package that is missing or cannot do it
            print(f"({name}: {fault})", file=sys.stderr)
    with open(path_out, "wb") as file:
        pickle.dump(answers, file)


def ask_other_python(items, dims, repeats):
    python = os.environ.get("PSH_NEWEST_PYTHON", "")
    if not os.access(python, os.X_OK):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/in", "wb") as file:
            pickle.dump((items, dims, repeats), file)
        environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        if subprocess.run([python, __file__, "--serve", folder + "/in", folder + "/out"], env=environment).returncode:
            return {}
        with open(folder + "/out", "rb") as file:
            return pickle.load(file)


# --- Sets


def lower_of(points):
    points = np.asarray(points, np.float64)
    squares = sum((axis[:, None] - axis[None, :]) ** 2 for axis in points.T)
    return np.sqrt(squares)[np.tril_indices(len(points), -1)].astype(np.float32)


def sphere(n_points):
    points = np.random.default_rng(n_points).normal(size=(n_points, 3))
    return lower_of(points / np.linalg.norm(points, axis=1)[:, None])


def cube(n_points, n_axes):
    return lower_of(np.random.default_rng(n_points).random((n_points, n_axes)))


def random_matrix(n_points):
    return np.random.default_rng(n_points).random(n_points * (n_points - 1) // 2).astype(np.float32)


def proteins(folder, count):
    for name in sorted(glob.glob(folder + "/protein_corr/*.npy"))[:count]:
        square = np.load(name)
        yield square[np.tril_indices(len(square), -1)]


def measure(library, what, items, dims, repeats):
    ours = Ours(library)
    results = {"persihash": [ours.run(lower, dims, max(repeats, 3)) for lower in items]}
    if shutil.which("ripser"):
        results["Ripser 1.2"] = [run_ripser(lower, dims, repeats) for lower in items]
    results.update(ask_other_python(items, dims, repeats))
    expected = [rows for _, rows in results["persihash"]]
    first = sum(seconds for seconds, _ in results["persihash"])
    for name, answers in results.items():
        is_text = name.startswith("Ripser")
        is_same = all(collections.Counter(rows) == collections.Counter(as_ripser_prints(ours) if is_text else ours)
                      for (_, rows), ours in zip(answers, expected))
        seconds = sum(seconds for seconds, _ in answers)
        print(f"{what:40} H0..{dims} {name:18} {1e3 * seconds / len(items):12.3f} {seconds / first:10.1f}  "
              f"{'the same' if is_same else 'DIFFERENT'}", flush=True)


def measure_loop(library, clouds):
    """All clouds: two threads here, a loop over calls of Ripser there; wall-clock time."""
    items, local = [lower_of(cloud) for cloud in clouds], threading.local()

    def work(lower):
        if not hasattr(local, "ours"):
            local.ours = Ours(library)
        return local.ours.run(lower, 1, 1)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        start = time.perf_counter()
        list(pool.map(work, items, chunksize=16))
        ours = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        for i, lower in enumerate(items):
            with open(f"{folder}/{i}.txt", "w") as file:
                file.write(ripser_text(lower))
        start = time.perf_counter()
        for i in range(len(items)):
            call_ripser(f"{folder}/{i}.txt")
        theirs = time.perf_counter() - start
    print(f"\nall {len(items)} clouds of shape2, wall-clock: two threads here (called from Python) {ours:.2f} s, Ripser in a "
          f"loop {theirs:.2f} s, ratio {theirs / ours:.1f}")


def main():
    if sys.argv[1:2] == ["--serve"]:
        return serve(*sys.argv[2:4])
    library, folder = load_library(), os.environ.get("PSH_DATASETS", "../shared/datasets")
    n_clouds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"{'set':40} {'dims':5} {'program':18} {'ms an item':>12} {'ratio':>10}  intervals")
    path = folder + "/shape2/clouds.npz"
    clouds = np.load(path)["clouds"] if os.path.exists(path) else []
    if len(clouds):
        some = clouds[:: max(1, len(clouds) // n_clouds)][:n_clouds]
        measure(library, f"shape2, {len(some)} clouds of 200 points", [lower_of(cloud) for cloud in some], 1, 3)
    for n_points in (300, 600, 1000, 2000):
        measure(library, f"sphere, {n_points} points", [sphere(n_points)], 1, 3 if n_points < 1000 else 1)
    some = list(proteins(folder, 14))
    if some:
        measure(library, f"protein_corr, {len(some)} matrices of 370", some, 1, 1)
    measure(library, "random matrix, 200 points", [random_matrix(200)], 1, 3)
    if len(clouds):
        measure(library, "shape2, 2 clouds of 200 points", [lower_of(cloud) for cloud in clouds[:2]], 2, 1)
    measure(library, "sphere, 300 points", [sphere(300)], 2, 1)
    if some:
        measure(library, "protein_corr, 1 matrix of 370", some[:1], 2, 1)
    measure(library, "cube in R^10, 100 points", [cube(100, 10)], 2, 1)
    measure(library, "random matrix, 80 points", [random_matrix(80)], 2, 1)
    if len(clouds) and shutil.which("ripser"):
        measure_loop(library, clouds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
