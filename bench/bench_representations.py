"""How well each representation stands for exact W1 : one table for docs/benchmarks.md.

    bench_representations.py [SET...]       (vortex_street starting_vortex shape2 colon)
All distances are computed by the tool ($PERSIHASH), pooled as in the paper, on the whole set or the first N of a seeded sample.
  rho        Spearman of all distances against exact W1 (L-infinity)
  R@10, R@50 share of W1's ten nearest among the representation's 10 and 50 nearest
  ARI single, average : linkage clusters cut at the number of classes, against W1's clusters of the same linkage
  ARI class  average linkage against the published classes
  s          seconds for all pairs, files included, two threads or as many as there are
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr
from sklearn.metrics import adjusted_rand_score

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = os.environ.get("PERSIHASH", str(ROOT / "build" / "persihash"))
DATASETS = pathlib.Path(os.environ.get("PSH_DATASETS", ROOT / ".." / "shared" / "datasets"))
SETS = {"vortex_street": 0, "starting_vortex": 0, "shape2": 1000, "colon": 500}
METRICS = {
    "sinkhorn (HW), squared L2": ("--metric", "sinkhorn"),
    "sinkhorn (HW), L-infinity": ("--metric", "sinkhorn", "--ground", "inf"),
    "pimage L2, linear weight": ("--metric", "pimage"),
    "pimage L2, 1/persistence": ("--metric", "pimage", "--weight", "inverse"),
    "betti L2": ("--metric", "betti"),
    "betti L1": ("--metric", "betti", "--order", "1"),
    "histogram L2": ("--metric", "histogram"),
    "histogram L1": ("--metric", "histogram", "--order", "1"),
    "sliced L1": ("--metric", "sliced"),
}


def distances(source, folder, words, seconds):
    """Condensed distances, the rows they belong to, and the time; too coarse a limit for Sinkhorn is an answer, too."""
    path = folder / "d.npy"
    command = [TOOL, "distance", str(source), "-o", str(path), "--pool", "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    meta = json.loads(path.with_suffix(".json").read_text())
    return np.load(path).astype(np.float64), meta.get("rows"), json.loads(done.stdout)["seconds"]


def neighbours(condensed):
    """Rows of ranks; ties by index."""
    square = squareform(condensed)
    np.fill_diagonal(square, np.inf)
    return np.argsort(square, axis=1, kind="stable")


def recall(truth, found, k):
    n_true = min(10, truth.shape[0] - 1)
    return np.mean([len(np.intersect1d(t[:n_true], f[: min(k, len(f) - 1)])) / n_true for t, f in zip(truth, found)])


def clusters(condensed, kind, k):
    return fcluster(linkage(condensed, kind), k, "maxclust")


def main():
    names = sys.argv[1:] or list(SETS)
    for name in names:
        source = DATASETS / name / "diagrams.npz"
        if not source.exists():
            print(f"{source}: not there, skipped")
            continue
        sample = ("--sample", str(SETS[name]), "--seed", "1") if SETS[name] else ()
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            truth, rows, seconds = distances(source, folder, ("--metric", "wasserstein", *sample), 3000)
            labels = np.load(source)["labels"]
            labels = labels if rows is None else labels[rows]
            k, near = len(np.unique(labels)), neighbours(truth)
            print(f"\n{name}: {len(labels)} diagrams, {k} classes; exact W1 {seconds:.3g} s, "
                  f"ARI class {adjusted_rand_score(labels, clusters(truth, 'average', k)):.3f}")
            print("| representation | rho | R@10 | R@50 | ARI single | ARI average | ARI class | s |\n|---|--:|--:|--:|--:|--:|--:|--:|")
            for title, words in METRICS.items():
                try:
                    found, _, seconds = distances(source, folder, (*words, *sample), 600)
                except (RuntimeError, subprocess.TimeoutExpired) as fault:
                    print(f"| {title} | {str(fault)[:120]} |")
                    continue
                ranks = neighbours(found)
                aris = [adjusted_rand_score(clusters(truth, kind, k), clusters(found, kind, k)) for kind in ("single", "average")]
                print(f"| {title} | {spearmanr(truth, found)[0]:.3f} | {recall(near, ranks, 10):.2f} | {recall(near, ranks, 50):.2f} | "
                      f"{aris[0]:.2f} | {aris[1]:.2f} | {adjusted_rand_score(labels, clusters(found, 'average', k)):.2f} | {seconds:.2g} |", flush=True)


main()
