"""How well Hamming distances of fitted codes track exact pooled W1: one table over all sets that are here.

    bench_quality.py [--encoder sketch|compact] [--targets sliced,calibrated,wasserstein] [SET...]

Columns: Spearman and Pearson over all pairs; recall of W1's ten nearest among the code's 50 nearest; agreement (ARI, FMS) of clusters with W1's under single
and average linkage at k = number of classes; Spearman of the second half of the set under a model fitted on the first ("other half").
Uses the tool named by PERSIHASH (default build/persihash) and the data of PSH_DATASETS (default ../shared/datasets).
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = os.environ.get("PERSIHASH", str(ROOT / "build" / "persihash"))
DATA = pathlib.Path(os.environ.get("PSH_DATASETS", str(ROOT.parent / "shared" / "datasets")))
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")

# name -> (file or None for Fashion-MNIST, diagrams, classes)
SETS = {"fashion_mnist": (None, 1000, 10), "colon": ("colon/diagrams.npz", 500, 5), "shape2": ("shape2/diagrams.npz", 500, 19),
        "six_shapes_n05": ("six_shapes/diagrams_n05.npz", 150, 6), "six_shapes_n1": ("six_shapes/diagrams_n1.npz", 150, 6),
        "vortex_street": ("vortex_street/diagrams.npz", 45, 5), "starting_vortex": ("starting_vortex/diagrams.npz", 12, 2)}


def run(*words):
    result = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"persihash {' '.join(map(str, words))}: {result.stderr}")
    return result.stdout


def write_rows(source, rows, path):
    """The diagrams `rows` of the .npz `source` as a set of their own."""
    data = np.load(source)
    offsets = data["offsets"].astype(np.int64)
    picked = np.concatenate([np.arange(offsets[i], offsets[i + 1]) for i in rows])
    counts = [offsets[i + 1] - offsets[i] for i in rows]
    np.savez(path, points=data["points"][picked].astype(float), dims=data["dims"][picked], offsets=np.concatenate([[0], np.cumsum(counts)]))


def make_set(name, folder):
    """The whole set and its two halves, drawn with seed 0; returns False if the data is absent."""
    source, n, _ = SETS[name]
    if source is None:
        if not FASHION.exists():
            return False
        source = folder / "all.npz"
        run("diagram", FASHION / "t10k-images-idx3-ubyte.gz", "--scale", 2, "--count", n, "-o", source)
    elif not (DATA / source).exists():
        return False
    else:
        source = DATA / source
    rng = np.random.default_rng(0)
    n_all = len(np.load(source)["offsets"]) - 1
    rows = np.sort(rng.choice(n_all, min(n, n_all), replace=False))
    write_rows(source, rows, folder / "set.npz")
    order = rng.permutation(len(rows))
    write_rows(source, rows[np.sort(order[: len(rows) // 2])], folder / "one.npz")
    write_rows(source, rows[np.sort(order[len(rows) // 2:])], folder / "other.npz")
    run("distance", folder / "set.npz", "--pool", "-o", folder / "w1.npy")
    run("distance", folder / "other.npz", "--pool", "-o", folder / "w1_other.npy")
    return True


def measure(name, folder, n_bits, target, encoder):
    options = ["--pool", "--bits", n_bits, "--fit-target", target, "--encoder", encoder]
    run("encode", folder / "set.npz", *options, "-o", folder / "codes.npz")
    score = json.loads(run("score", folder / "codes.npz", folder / "w1.npy", "-k", SETS[name][2], "--json"))
    run("encode", folder / "one.npz", *options, "-o", folder / "one_codes.npz")
    run("encode", folder / "other.npz", "--frame", folder / "one_codes.npz", "-o", folder / "other_codes.npz")
    other = json.loads(run("score", folder / "other_codes.npz", folder / "w1_other.npy", "--json"))
    recall = score.get("recall_10_at_50")
    print(f"| {name} | {target} | {n_bits} | {score['spearman']:.4f} | {score['pearson']:.4f} | {'-' if recall is None else format(recall, '.3f')} | "
          f"{score['single_fms']:.3f} / {score['single_ari']:.3f} | {score['average_ari']:.3f} | {other['spearman']:.4f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET")
    parser.add_argument("--encoder", default="sketch", choices=["sketch", "compact"])
    parser.add_argument("--targets", default="sliced,calibrated,wasserstein")
    options = parser.parse_args()
    print("| set | fit target | bits | Spearman | Pearson | recall 10@50 | single FMS / ARI | average ARI | other half |\n|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for name in options.sets:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            if not make_set(name, folder):
                print(f"(skipped {name}: its data is not here)")
                continue
            for target in options.targets.split(","):
                for n_bits in (64, 256):
                    measure(name, folder, n_bits, target, options.encoder)


main()
