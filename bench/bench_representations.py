"""How well each representation stands for exact W1 : one table for docs/benchmarks.md.

    bench_representations.py [SET...]       (vortex_street starting_vortex shape2 colon)
All distances are computed by the tool ($PERSIHASH), pooled as in the paper, on the whole set or a seeded sample of it. The samples and their
exact distances stay in build-bench/representations ($PSH_CACHE), so that a second run has only the rest to do.
  rho             Spearman of all distances against exact W1 (L-infinity)
  R@10, 50, 100   share of W1's ten nearest among the representation's 10, 50 and 100 nearest (ties by index); -: not so many diagrams
  single, average FMS / ARI / AMI of linkage clusters cut at the number of classes, against W1's clusters of the same linkage
  class           ARI of average linkage against the published classes
  s               seconds for all pairs, files included, all threads (load and all: for the order of magnitude)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, fowlkes_mallows_score

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = os.environ.get("PERSIHASH", str(ROOT / "build" / "persihash"))
DATASETS = pathlib.Path(os.environ.get("PSH_DATASETS", ROOT / ".." / "shared" / "datasets"))
CACHE = pathlib.Path(os.environ.get("PSH_CACHE", ROOT / "build-bench" / "representations"))
SETS = {"vortex_street": None, "starting_vortex": None, "shape2": 1000, "colon": 500}
METRICS = {
    "HW (sinkhorn), squared L2": ("--metric", "sinkhorn"),
    "HW (sinkhorn), L-infinity": ("--metric", "sinkhorn", "--ground", "inf"),
    "image L2, linear weight": ("--metric", "pimage"),
    "image L2, 1/persistence": ("--metric", "pimage", "--weight", "inverse"),
    "Betti L2, 2,500 samples": ("--metric", "betti"),
    "Betti L2, exact": ("--metric", "betti", "--exact"),
    "Betti L1, 2,500 samples": ("--metric", "betti", "--order", "1"),
    "Betti L1, exact": ("--metric", "betti", "--order", "1", "--exact"),
    "histogram L2": ("--metric", "histogram"),
    "histogram L1": ("--metric", "histogram", "--order", "1"),
    "sliced, 16 x 64": ("--metric", "sliced"),
    "sliced, 16, exact": ("--metric", "sliced", "--exact"),
    "sketch, 64 bits": 64,
    "sketch, 256 bits": 256,
}


def run(*words, seconds=3000):
    done = subprocess.run([TOOL, *map(str, words), "--json"], capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def make_sample(name, n):
    """The set as a file of its own, pooled; and its labels."""
    path = CACHE / f"{name}.npz"
    if not path.exists():
        with np.load(DATASETS / name / "diagrams.npz") as file:
            points, offsets, labels = file["points"], file["offsets"].astype(int), file["labels"]
        rows = np.arange(len(labels)) if n is None else np.sort(np.random.default_rng(1).choice(len(labels), n, replace=False))
        parts = [points[offsets[i]:offsets[i + 1]] for i in rows]
        np.savez(path, points=np.concatenate(parts), offsets=np.cumsum([0, *map(len, parts)]), dims=np.zeros(sum(map(len, parts)), int), labels=labels[rows])
    return path, np.load(path)["labels"]


def exact(name, source):
    path = CACHE / f"{name}.w1.npy"
    if not path.exists():
        run("distance", source, "-o", path, "--metric", "wasserstein")
    return np.load(path)


def distances(source, folder, how):
    """Condensed distances, and the time that they took."""
    out, codes, start = folder / "d.npy", folder / "codes.npz", time.monotonic()
    if isinstance(how, int):
        run("encode", source, "-o", codes, "--bits", how)
        source, how = codes, ()
    run("distance", source, "-o", out, *how)
    return np.load(out).astype(np.float64), time.monotonic() - start


def neighbours(condensed):
    """Each row's others by rising distance; ties by index."""
    square = squareform(condensed)
    np.fill_diagonal(square, np.inf)
    return np.argsort(square, axis=1, kind="stable")


def recall(truth, found, k):
    if k >= len(truth) - 1:
        return "-"
    return f"{np.mean([len(np.intersect1d(t[:10], f[:k])) / 10 for t, f in zip(truth, found)]):.2f}"


def clusters(condensed, kind, k):
    return fcluster(linkage(condensed, kind), k, "maxclust")


def agreement(a, b):
    return f"{fowlkes_mallows_score(a, b):.2f} / {adjusted_rand_score(a, b):.2f} / {adjusted_mutual_info_score(a, b):.2f}"


def table(name, n):
    source, labels = make_sample(name, n)
    truth = exact(name, source)
    k, near = len(np.unique(labels)), neighbours(truth)
    expected = {kind: clusters(truth, kind, k) for kind in ("single", "average")}
    print(f"\n{name}: {len(labels)} diagrams, {k} classes; class of exact W1 itself: {adjusted_rand_score(labels, expected['average']):.2f}\n")
    print("| representation | rho | R@10 | R@50 | R@100 | single FMS / ARI / AMI | average FMS / ARI / AMI | class | s |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    for title, how in METRICS.items():
        with tempfile.TemporaryDirectory() as scratch:
            try:
                found, seconds = distances(source, pathlib.Path(scratch), how)
            except (RuntimeError, subprocess.TimeoutExpired) as fault:
                print(f"| {title} | {str(fault)[:120]} |")
                continue
        ranks = neighbours(found)
        cells = [f"{spearmanr(truth, found)[0]:.3f}", *(recall(near, ranks, k_near) for k_near in (10, 50, 100)),
                 *(agreement(expected[kind], clusters(found, kind, k)) for kind in expected),
                 f"{adjusted_rand_score(labels, clusters(found, 'average', k)):.2f}", f"{seconds:.2g}"]
        print(f"| {title} | {' | '.join(cells)} |", flush=True)


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or SETS:
        if (DATASETS / name / "diagrams.npz").exists():
            table(name, SETS.get(name))
        else:
            print(f"{DATASETS / name}: not there, skipped")


main()
