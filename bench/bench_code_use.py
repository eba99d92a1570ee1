"""What else codes are good for: calibrated distances, asymmetric distances, weighted bits. Against exact W1, pooled.

    bench_code_use.py [calibrate|asymmetric|weights]...      all three by default

calibrate: `distance --calibrate --bounds` on whole sets: what it says of pairs held out, and what is true of all pairs.
asymmetric: models fitted on one half of a set; 100 queries of the other half against its codes, by Hamming and by asymmetric distance.
weights: Hamming distance with a weight for each bit, non-negative least squares of W1 on 4,000 pairs, against the plain one.
Sets: Fashion-MNIST 1,000 at twice the size, colon 500, shape2 500 (rows and halves drawn with seed 0), vortex_street, starting_vortex; calibrate and weights
take all, asymmetric the first three. The tool is PERSIHASH (default build/persihash), the data PSH_DATASETS (default ../shared/datasets).
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy.optimize import nnls
from scipy.stats import rankdata

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = os.environ.get("PERSIHASH", str(ROOT / "build" / "persihash"))
DATA = pathlib.Path(os.environ.get("PSH_DATASETS", str(ROOT.parent / "shared" / "datasets")))
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
SETS = {"Fashion-MNIST": 1000, "colon": 500, "shape2": 500, "vortex_street": 45, "starting_vortex": 12}
CODES = [("sketch", 64), ("sketch", 256), ("compact", 64), ("compact", 256)]
N_QUERIES = 100


def run(*words):
    result = subprocess.run([TOOL, *map(str, words)], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"persihash {' '.join(map(str, words))}: {result.stderr}")
    return result.stdout


def write_rows(source, rows, path):
    with np.load(source) as data:
        points, dims, offsets = data["points"].astype(float), data["dims"], data["offsets"].astype(np.int64)
    picked = np.concatenate([np.arange(offsets[i], offsets[i + 1]) for i in rows])
    np.savez(path, points=points[picked], dims=dims[picked], offsets=np.cumsum([0] + [offsets[i + 1] - offsets[i] for i in rows]))


def make_set(name, folder):
    """set.npz; one.npz and queries.npz: a half of it, and some of the other. False if the data is absent."""
    source = folder / "all.npz" if name == "Fashion-MNIST" else DATA / name / "diagrams.npz"
    if not (FASHION if name == "Fashion-MNIST" else source).exists():
        print(f"(skipped {name}: its data is not here)")
        return False
    if name == "Fashion-MNIST":
        run("diagram", FASHION, "--scale", 2, "--count", SETS[name], "-o", source)
    rng = np.random.default_rng(0)
    with np.load(source) as data:
        n_all = len(data["offsets"]) - 1
    rows = np.sort(rng.choice(n_all, min(SETS[name], n_all), replace=False))
    order = rng.permutation(len(rows))
    half = len(rows) // 2
    write_rows(source, rows, folder / "set.npz")
    write_rows(source, rows[np.sort(order[:half])], folder / "one.npz")
    write_rows(source, rows[np.sort(order[half:])][:N_QUERIES], folder / "queries.npz")
    return True


def spearman(a, b):
    return np.corrcoef(rankdata(a), rankdata(b))[0, 1]


def recall(found, truth, m, rng):
    """Of each row's ten nearest by truth, the share among the m nearest by `found`, ties at random."""
    ties = rng.random(truth.shape)
    return np.mean([len(set(np.argsort(t)[:10]) & set(np.lexsort((r, f))[:m])) / 10 for f, t, r in zip(found, truth, ties)])


def calibrate(name, folder):
    run("distance", folder / "set.npz", "--pool", "-o", folder / "w.npy")
    w = np.load(folder / "w.npy")
    for encoder, n_bits in CODES:
        run("encode", folder / "set.npz", "--pool", "--encoder", encoder, "--bits", n_bits, "-o", folder / "codes.npz")
        said = json.loads(run("distance", folder / "codes.npz", "--calibrate", folder / "set.npz", "--bounds", "-o", folder / "d.npy", "--json"))
        low, d, high = (np.load(folder / f"d{part}.npy") for part in (".lower", "", ".upper"))
        print(f"| {name}, {encoder} {n_bits} | {said['n_pairs_measured']:,} | {100 * said['coverage_held_out']:.1f} / {100 * said['coverage_near']:.1f} | "
              f"{100 * ((low <= w) & (w <= high)).mean():.1f} | {100 * said['mean_error']:.1f} | {100 * np.abs(d - w).mean() / w.mean():.1f} | "
              f"{100 * (high - low).mean() / w.mean():.0f} | {said['seconds']:.2f} |", flush=True)


def asymmetric(name, folder):
    if SETS[name] < 2 * N_QUERIES:
        return
    run("distance", folder / "queries.npz", folder / "one.npz", "--pool", "-o", folder / "w.npy")
    w = np.load(folder / "w.npy")
    near = w <= np.quantile(w, 0.05)
    for encoder, n_bits in CODES:
        run("encode", folder / "one.npz", "--pool", "--encoder", encoder, "--bits", n_bits, "-o", folder / "codes.npz")
        run("encode", folder / "queries.npz", "--frame", folder / "codes.npz", "-o", folder / "query_codes.npz")
        run("distance", folder / "query_codes.npz", folder / "codes.npz", "-o", folder / "h.npy")
        run("distance", folder / "queries.npz", folder / "codes.npz", "-m", "asymmetric", "-o", folder / "a.npy")
        rng = np.random.default_rng(0)
        scores = [(spearman(d.ravel(), w.ravel()), recall(d, w, 10, rng), recall(d, w, 50, rng), spearman(d[near], w[near]))
                  for d in (np.load(folder / "h.npy").astype(float), np.load(folder / "a.npy"))]
        h, a = scores
        print(f"| {name} | {encoder} {n_bits} | {h[0]:.4f} / {a[0]:.4f} | " + " | ".join(f"{x:.3f} / {y:.3f}" for x, y in zip(h[1:], a[1:])) + " |", flush=True)


def weights(name, folder):
    run("distance", folder / "set.npz", "--pool", "-o", folder / "w.npy")
    w = np.load(folder / "w.npy")
    near = w <= np.quantile(w, 0.05)
    for encoder, n_bits in CODES:
        run("encode", folder / "set.npz", "--pool", "--encoder", encoder, "--bits", n_bits, "-o", folder / "codes.npz")
        with np.load(folder / "codes.npz") as file:
            bits = np.unpackbits(file["codes"], axis=1, bitorder="little")[:, :n_bits].astype(float)
        i, j = np.triu_indices(len(bits), 1)
        picked = np.random.default_rng(0).choice(len(w), min(4000, len(w)), replace=False)
        v, _ = nnls(np.abs(bits[i[picked]] - bits[j[picked]]), w[picked])
        plain, weighted = (np.concatenate([np.abs(bits[k] - bits[k + 1:]) @ u for k in range(len(bits) - 1)]) for u in (np.ones(n_bits), v))
        print(f"| {name} | {encoder} {n_bits} | {spearman(plain, w):.4f} / {spearman(weighted, w):.4f} | {spearman(plain[near], w[near]):.3f} / "
              f"{spearman(weighted[near], w[near]):.3f} |", flush=True)


HEADS = {calibrate: "| set, codes | exact distances | coverage held out, % | true, % | error held out, % | true, % | width, % | s |",
         asymmetric: "| set | codes | Spearman | recall 10@10 | recall 10@50 | nearest 5 % |", weights: "| set | codes | Spearman, plain / weighted | nearest 5 % |"}


def main():
    chosen = [table for table in HEADS if not sys.argv[1:] or table.__name__ in sys.argv[1:]]
    for table in chosen:
        print(HEADS[table] + "\n" + "|---" * (HEADS[table].count("|") - 1) + "|")
        for name in SETS:
            with tempfile.TemporaryDirectory() as folder:
                if make_set(name, pathlib.Path(folder)):
                    table(name, pathlib.Path(folder))
        print()


main()
