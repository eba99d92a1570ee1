"""How well codes, and the vectors that they compete with, stand for exact W1: `make bench-quality`.

    bench_quality.py [--quick] [--seeds 3] [--sets a,b] [--methods sketch,compact] [--fresh]     the table
    bench_quality.py --curve points      one model on diagrams of 14 to 1,400 points
    bench_quality.py --ceiling           bits that are free, fitted to the test set itself: what L bits can do at all

Truth is exact W1, L-infinity, homology dimensions pooled, of the very same diagrams. A method is a command line of the tool; what it writes is scored by
`persihash score`. Columns:
  Spearman, Pearson   over all pairs
  R@50                share of W1's ten nearest among the 50 nearest by the method (ties by expected value; -: 50 diagrams or fewer)
  near                Spearman over the nearest 5 % of the pairs, by W1 (0 where a method gives them all one distance)
  single, average     clusters of that linkage cut at the number of classes (synthetic sets: 10), against W1's clusters of the same linkage
  other half          Spearman on one half of the set, of a model fitted on the other half (one seed)
sketch and compact are fitted to the exact distances of at most 500 diagrams of the set (and calibrated ones of the others); calibrated is the default of `encode`:
fitted to sliced Wasserstein of 1,000, corrected by some thousands of exact distances. zero-shot: trained on synthetic sets alone, no exact distance of the set;
its bits are picked for the set, or as trained: only frame, centre and scale are the set's.

What was computed stays in build/quality ($PSH_CACHE) under a name made of its command and the tool's own bytes, so that a second run does only what is new.
Exact distances are kept by the diagrams alone: they are what they are, whatever tool computed them. The tool is $PERSIHASH (default build/persihash), the
data $PSH_DATASETS (default ../shared/datasets); $PSH_WORKERS programs run at a time (default: one a core). What is absent is skipped with a line.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import resource
import subprocess
import time

import numpy as np
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = os.environ.get("PERSIHASH", str(ROOT / "build" / "persihash"))
DATA = pathlib.Path(os.environ.get("PSH_DATASETS", str(ROOT.parent / "shared" / "datasets")))
CACHE = pathlib.Path(os.environ.get("PSH_CACHE", ROOT / "build" / "quality"))
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
N_WORKERS = int(os.environ.get("PSH_WORKERS", os.cpu_count() or 1))


# --- running the tool, and not running it twice ----------------------------------------------------------------------

class Failed(Exception):
    """The tool answered with an error; the text is its last line."""


def digest(*parts):
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:20]


def hash_of_file(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()[:20]


class Tool:
    def __init__(self, fresh):
        self.key, self.fresh = digest(hash_of_file(TOOL), fresh and os.getpid()), fresh
        CACHE.mkdir(parents=True, exist_ok=True)

    def call(self, *words):
        done = subprocess.run([TOOL, *map(str, words), "--threads", "1"], capture_output=True, text=True)
        if done.returncode:
            raise Failed((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1])
        return done.stdout

    def make(self, ending, *words, key=None):
        """The file that `words -o FILE` writes. Its name is a hash of the words, and so of all that its inputs were made of."""
        path = CACHE / (digest(key or self.key, *words) + ending)
        if not path.exists():
            self.call(*words, "-o", path)
        return path

    def answer(self, *words):
        """What `words --json` prints."""
        path = CACHE / (digest(self.key, *words) + ".json")
        if not path.exists():
            partial = path.with_suffix(f".{os.getpid()}")
            partial.write_text(self.call(*words, "--json"))
            partial.replace(path)
        return json.loads(path.read_text())

    def general(self, seed):
        """The general model of a training seed: 0 is built in, others are trained once for each built-in model (minutes)."""
        return "compact" if seed == 0 else self.make(".safetensors", "train", "compact", "--seed", seed, key=hash_of_file(ROOT / "models" / "compact.safetensors"))

    def exact(self, diagrams):
        return self.make(".npy", "distance", diagrams, "--pool", key="exact")


# --- sets ------------------------------------------------------------------------------------------------------------

def write_set(name, points, labels):
    """A set of diagrams as a file named by what is in it."""
    counts = [len(p) for p in points]
    points = np.concatenate(points).astype(float)
    path = CACHE / f"{name}-{digest(hashlib.sha256(points.tobytes()).hexdigest(), counts)}.npz"
    if not path.exists():
        partial = path.with_name(f"{os.getpid()}-{path.name}")
        np.savez(partial, points=points, dims=np.zeros(len(points), np.int64), offsets=np.cumsum([0, *counts]), labels=np.asarray(labels, np.int64))
        partial.replace(path)
    return path


def read_set(path):
    with np.load(path) as data:
        offsets = data["offsets"].astype(np.int64)
        labels = data["labels"] if "labels" in data and data["labels"].size else np.zeros(len(offsets) - 1, np.int64)
        return np.split(data["points"], offsets[1:-1]), labels


def from_file(path, n=None):
    def source(tool):
        if not (DATA / path).exists():
            raise FileNotFoundError(DATA / path)
        points, labels = read_set(DATA / path)
        rows = np.sort(np.random.default_rng(0).choice(len(points), min(n or len(points), len(points)), replace=False))
        return [points[i] for i in rows], labels[rows]
    return source


def fashion_mnist(tool):
    if not FASHION.exists():
        raise FileNotFoundError(f"{FASHION} (Debian package dataset-fashion-mnist)")
    return read_set(tool.make(".npz", "diagram", FASHION, "--scale", 2, "--count", 1000))


def heated_cylinder(tool):
    fields = sorted((DATA / "heated_cylinder").glob("*.vti"))
    if not fields:
        raise FileNotFoundError(DATA / "heated_cylinder")
    points, _ = read_set(tool.make(".npz", "diagram", *fields))
    return points, [int(field.name.split("_")[0]) for field in fields]


def synthetic(n_diagrams, *words):
    return lambda tool: read_set(tool.make(".npz", "synth", "--count", n_diagrams, "--seed", 12345, *words))


# name -> (diagrams and labels, number of clusters). Real ones first: only they count for the bars.
REAL = {
    "fashion_mnist": (fashion_mnist, 10),
    "colon": (from_file("colon/diagrams.npz", 500), 5),
    "shape2": (from_file("shape2/diagrams.npz", 950), 19),
    "six_shapes_n05": (from_file("six_shapes/diagrams_n05.npz"), 6),
    "six_shapes_n1": (from_file("six_shapes/diagrams_n1.npz"), 6),
    "vortex_street": (from_file("vortex_street/diagrams.npz"), 5),
    "starting_vortex": (from_file("starting_vortex/diagrams.npz"), 2),
    "heated_cylinder": (heated_cylinder, 23),
}
SYNTHETIC = {
    "uniform_20": (synthetic(400, "--points", 20), 10),
    "uniform_50": (synthetic(400, "--points", 50), 10),
    "uniform_100": (synthetic(400, "--points", 100), 10),
    "uniform_500": (synthetic(150, "--points", 500), 10),
    **{f"mixed_{family}": (synthetic(128, "--kind", "mixed", "--family", family, "--points", 500), 10) for family in ("blobs", "fields", "clouds", "series")},
}
QUICK = ("vortex_street", "six_shapes_n1", "uniform_50")
ENSEMBLES = ("vortex_street", "starting_vortex")


class Set:
    """A set with its exact distances, and its halves with theirs."""

    def __init__(self, tool, name):
        source, self.n_clusters = {**REAL, **SYNTHETIC}[name]
        points, labels = source(tool)
        order = np.random.default_rng(1).permutation(len(points))
        one, other = np.sort(order[:len(points) // 2]), np.sort(order[len(points) // 2:])
        self.name, self.n_diagrams = name, len(points)
        self.all = write_set(name, points, labels)
        self.one, self.other = (write_set(name, [points[i] for i in rows], np.asarray(labels)[rows]) for rows in (one, other))
        self.n_points = np.mean([len(p) for p in points])


# --- methods ---------------------------------------------------------------------------------------------------------

class Encoded:
    """Codes of `encode WORDS`. Fitted ones have seeds; judged ones have bars, and another half if they are fitted. general: the option that names the general
    model which they come from; a seed is then that of its training, too."""

    def __init__(self, name, n_bits, words, fitted=False, judged=False, general=None):
        self.name, self.n_bits, self.words, self.fitted, self.judged, self.general = name, n_bits, words, fitted, judged, general

    def n_seeds(self, seeds):
        return seeds if self.general else 1

    def file(self, tool, diagrams, seed):
        seeded = (("--seed", seed) if self.fitted else ()) + ((self.general, tool.general(seed)) if self.general else ())
        return tool.make(".npz", "encode", diagrams, "--pool", *self.words, *(("--bits", self.n_bits) if self.n_bits else ()), *seeded)


class Vectors:
    """Distances of vectors: `distance -m METRIC`."""
    fitted, judged, n_bits, general = False, False, None, None

    def __init__(self, name, metric):
        self.name, self.metric = name, metric

    def n_seeds(self, seeds):
        return 1

    def file(self, tool, diagrams, seed):
        return tool.make(".npy", "distance", diagrams, "--pool", "--metric", self.metric)


def fitted(encoder):
    return [Encoded(encoder, n_bits, ("--encoder", encoder, "--fit-target", "wasserstein", "--fit-sample", 500), fitted=True, judged=True,
                    general="--start" if encoder == "compact" else None) for n_bits in (64, 256)]


def calibrated(encoder):
    return [Encoded(f"{encoder}, calibrated", n_bits, ("--encoder", encoder), fitted=True) for n_bits in (64, 256)]


METHODS = {
    "sketch": lambda: fitted("sketch"),
    "compact": lambda: fitted("compact"),
    "calibrated": lambda: calibrated("sketch") + calibrated("compact"),
    "zero-shot": lambda: [Encoded("zero-shot", n_bits, (), judged=True, general="--model") for n_bits in (64, 256)],
    "as-trained": lambda: [Encoded("zero-shot, as trained", n_bits, ("--as-trained",), general="--model") for n_bits in (64, 256)],
    "long": lambda: [Encoded("zero-shot", n_bits, (), general="--model") for n_bits in (32, 128, 512, 1024)],
    "pdgan": lambda: [Encoded(path.stem, None, ("--model", path)) for path in sorted((ROOT / "models").glob("pdgan-*.safetensors"))],
    "pimage": lambda: [Vectors("persistence image, L2", "pimage")],
    "betti": lambda: [Vectors("Betti curve, L2", "betti")],
    "sliced": lambda: [Vectors("sliced Wasserstein", "sliced")],
}


def usable(tool, method):
    """Whether the tool knows the method: zero-shot models and PD-GANs are not in every build."""
    try:
        method.file(tool, tool.make(".npz", "synth", "--count", 20, "--points", 10), 0)
        return True
    except Failed as fault:
        print(f"(left out: {method.name}{f', {method.n_bits} bits' if method.n_bits else ''}: {fault})")
        return False


# --- the table -------------------------------------------------------------------------------------------------------

FIGURES = {"spearman": "Spearman", "pearson": "Pearson", "recall_10_at_50": "R@50", "spearman_near": "near", "single_fms": "single FMS",
           "single_ari": "single ARI", "average_ari": "average ARI", "other": "other half"}


def measure(tool, data, method, seeds):
    """The figures of one method on one set, means over the seeds; a text if the tool failed."""
    try:
        scores = [tool.answer("score", method.file(tool, data.all, seed), tool.exact(data.all), "-k", data.n_clusters)
                  for seed in range(method.n_seeds(seeds))]
        for score in scores:
            score.setdefault("spearman_near", 0.0)  # all near pairs have one distance: their order is unknown
        figures = {name: float(np.mean([score[name] for score in scores])) for name in FIGURES if all(name in score for score in scores)}
        figures["spread"] = float(np.std([score["spearman"] for score in scores]))
        if method.judged and method.fitted:
            codes = tool.make(".npz", "encode", data.other, "--frame", method.file(tool, data.one, 0))
            figures["other"] = tool.answer("score", codes, tool.exact(data.other))["spearman"]
        return figures
    except Failed as fault:
        return str(fault)


def row(first, figures):
    return f"| {first} | " + " | ".join(f"{figures[name]:.3f}" if name in figures else "-" for name in FIGURES) + " |"


HEAD = "| method | bits | " + " | ".join(FIGURES.values()) + " |\n|---|--:|" + "--:|" * len(FIGURES)


def title(method):
    return f"{method.name} | {method.n_bits or ''}"


def print_set(data, methods, results):
    print(f"\n{data.name}: {data.n_diagrams} diagrams, {data.n_points:.0f} points each, k = {data.n_clusters}\n\n{HEAD}")
    for method in methods:
        figures = results[data.name, method]
        print(row(title(method), figures) if isinstance(figures, dict) else f"| {title(method)} | {figures} |")


def mean_over(results, names, method):
    """Means over the sets; None where a set failed, and without a figure that no set has."""
    found = [results[name, method] for name in names]
    if not found or not all(isinstance(figures, dict) for figures in found):
        return None
    return {figure: np.mean([f[figure] for f in found if figure in f]) for figure in FIGURES if any(figure in f for f in found)}


def print_figure(figure, heading, names, methods, results):
    """One figure of every method, a column a set. No mean where a set is missing that other methods have."""
    print(f"\n{FIGURES.get(figure, figure)}, {heading}\n\n| method | bits | {' | '.join(names)} | mean |\n|---|--:|{'--:|' * (len(names) + 1)}")
    cells = {m: [results[name, m].get(figure) if isinstance(results[name, m], dict) else None for name in names] for m in methods}
    n_known = max(len(names) - figures.count(None) for figures in cells.values())
    for method, figures in cells.items():
        known = [f for f in figures if f is not None]
        if known:
            mean = np.mean(known) if len(known) == n_known else None
            print(f"| {title(method)} | " + " | ".join("-" if f is None else f"{f:.3f}" for f in [*figures, mean]) + " |")


# --- the bars --------------------------------------------------------------------------------------------------------

def judge(figure, bar, strict=False):
    return "-" if figure is None else f"{figure:.3f} {'pass' if (figure > bar if strict else figure >= bar) else 'FAIL'}"


def print_bars(names, methods, results):
    """The bars of fitted and zero-shot codes, a column a set and the mean where the bar is on that."""
    rivals = [m for m in methods if isinstance(m, Vectors) and m.name != "sliced Wasserstein" or m.name.startswith("pdgan")]
    images = [m for m in methods if isinstance(m, Vectors) and m.name != "sliced Wasserstein"]
    means = {method: mean_over(results, names, method) for method in methods}
    print(f"\nbars\n\n| method | bits | bar | {' | '.join(names)} | mean |\n|---|--:|---|{'--:|' * (len(names) + 1)}")

    def line(method, text, cells, mean=""):
        print(f"| {title(method)} | {text} | {' | '.join(cells)} | {mean} |")

    for method in methods:
        if not method.judged or means[method] is None:
            continue
        figures = [results[name, method] for name in names]
        wide = method.n_bits == 256
        bar = (0.985 if wide else 0.97) if method.fitted else (0.95 if wide else 0.92)
        lower = {"fashion_mnist": 0.95} if method.fitted and not wide else {}
        line(method, f"Spearman {bar}" + (" (Fashion-MNIST 0.95)" if lower else ""),
             [judge(f["spearman"], lower.get(name, bar)) for name, f in zip(names, figures)])
        if method.fitted and not wide and rivals:
            best = [max(results[name, rival]["spearman"] for rival in rivals if isinstance(results[name, rival], dict)) for name in names]
            line(method, "above every rival", [f"{b:.3f} {'pass' if f['spearman'] > b else 'FAIL'}" for b, f in zip(best, figures)])
        line(method, f"R@50 {0.95 if wide else 0.85} on the mean", [f"{f['recall_10_at_50']:.3f}" if "recall_10_at_50" in f else "-" for f in figures],
             judge(means[method].get("recall_10_at_50"), 0.95 if wide else 0.85))
        if wide:
            line(method, "near 0.6", [judge(f.get("spearman_near"), 0.6) for f in figures])
        line(method, "FMS 1.0 on both ensembles", [judge(f["single_fms"], 1.0) if name in ENSEMBLES else "" for name, f in zip(names, figures)])
        for linkage in ("single", "average"):
            best = max((means[m][f"{linkage}_ari"] for m in images if means[m]), default=0)
            line(method, f"{linkage} ARI above {best:.3f}", [f"{f[f'{linkage}_ari']:.3f}" for f in figures], judge(means[method][f"{linkage}_ari"], best, True))


# --- one model, many sizes ------------------------------------------------------------------------------------------

CURVE_POINTS = (14, 50, 140, 500, 1400)


def resized(points, labels, n_points):
    """The diagrams with exactly n_points each: a random part of a diagram, or the union of some of its class and a part of another."""
    rng = np.random.default_rng(n_points)
    made = []
    for own, label in zip(points, labels):
        parts, n_own = [own], len(own)
        while n_own < n_points:
            parts.append(points[rng.choice(np.flatnonzero(labels == label))])
            n_own += len(parts[-1])
        last = n_points - sum(map(len, parts[:-1]))
        made.append(np.concatenate([*parts[:-1], parts[-1][rng.permutation(len(parts[-1]))[:last]]]))
    return made


def curve(tool, options):
    """Spearman with exact W1 of the resized diagrams: fitted to each size, fitted to 140 points and applied to each size, and zero-shot."""
    zero_shot = [m for m in METHODS["zero-shot"]() if usable(tool, m)]
    sketches = fitted("sketch")
    print("\n| set | points | sliced W | " + "".join(f"{kind}, {bits} bits | " for kind in ("fitted", "fitted to 140 points") for bits in (64, 256))
          + "".join(f"zero-shot, {m.n_bits} bits | " for m in zero_shot) + "\n|---|" + "--:|" * (6 + len(zero_shot)), flush=True)
    for name in (options.sets or "colon,shape2").split(","):
        points, labels = {**REAL, **SYNTHETIC}[name][0](tool)
        rows = np.sort(np.random.default_rng(2).choice(len(points), min(80, len(points)), replace=False))
        points, labels = [points[i] for i in rows], np.asarray(labels)[rows]
        sets = {n_points: write_set(f"{name}_{n_points}", resized(points, labels, n_points), labels) for n_points in CURVE_POINTS}
        for n_points, diagrams in sets.items():
            files = [METHODS["sliced"]()[0].file(tool, diagrams, 0), *(m.file(tool, diagrams, 0) for m in sketches),
                     *(tool.make(".npz", "encode", diagrams, "--frame", m.file(tool, sets[140], 0)) for m in sketches),
                     *(m.file(tool, diagrams, 0) for m in zero_shot)]
            figures = [tool.answer("score", file, tool.exact(diagrams))["spearman"] for file in files]
            print(f"| {name} | {n_points} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |", flush=True)


# --- the ceiling -----------------------------------------------------------------------------------------------------

def free_bits(distances, n_bits, near, n_sweeps=20):
    """Bits that are functions of nothing, (n_bits, N) of +-1, so that n_bits of Hamming distance track the square matrix `distances` as closely as they can.

    The target is that of the fitted encoders (docs/math/sketch.md, section 4), with weight `near` for the term that tells near pairs apart. The residual of all
    pairs with bit b left out is E; the pairs that b separates are (1 - b b') / 2, so the best b is that of the greatest -b' E b: a start from its eigenvector,
    then flips of single diagrams as long as one helps. A local optimum: the true ceiling may lie higher, not lower."""
    n = len(distances)
    pairs = np.triu_indices(n, 1)
    rank = rankdata(distances[pairs])
    share = rank / len(rank)
    target = np.zeros((n, n), np.float32)
    target[pairs] = rank / rank.std() + distances[pairs] / distances[pairs].std() + near * share / (share + 0.03)
    target += target.T
    target *= 0.4 * n_bits / target[pairs].mean()
    hamming = np.zeros_like(target)
    bits = np.zeros((n_bits, n), np.float32)
    rng = np.random.default_rng(0)
    for sweep in range(n_sweeps + 1):
        if sweep > 3:  # the scale is free: the best one for the bits so far
            target *= (hamming * target).sum() / (target * target).sum()
        for i in range(n_bits):
            if sweep:
                hamming -= (1 - np.outer(bits[i], bits[i])) / 2
            error = hamming + 0.5 - (target if sweep else target * ((i + 1) / n_bits))
            np.fill_diagonal(error, 0)
            if sweep:
                b = bits[i].copy()
            else:
                v = rng.standard_normal(n).astype(np.float32)
                shift = 0.3 * np.abs(error).sum(1).mean()
                for _ in range(30):
                    v = error @ v + shift * v
                    v /= np.linalg.norm(v)
                b = np.where(v > 0, 1, -1).astype(np.float32)
            pull = error @ b
            while (gain := -b * pull).max() > 1e-3:
                flipped = int(gain.argmax())
                pull -= 2 * b[flipped] * error[:, flipped]
                b[flipped] = -b[flipped]
            bits[i] = b
            hamming += (1 - np.outer(b, b)) / 2
    return bits


def ceiling(tool, options):
    print(f"\n64 bits\n\n| set | codes | {' | '.join(list(FIGURES.values())[:7])} |\n|---|---|" + "--:|" * 7)

    def show(data, text, file):
        figures = tool.answer("score", file, tool.exact(data.all), "-k", data.n_clusters)
        print(f"| {data.name} | {text} | " + " | ".join(f"{figures[name]:.3f}" for name in list(FIGURES)[:7]) + " |", flush=True)

    for data in open_sets(tool, (options.sets or "fashion_mnist,colon").split(",")):
        exact = squareform(np.load(tool.exact(data.all)))
        for method in (fitted("sketch")[0], fitted("compact")[0]):
            show(data, method.name, method.file(tool, data.all, 0))
        for near in (0.3, 3.0):
            path = CACHE / f"free-{digest(tool.exact(data.all), near)}.npy"
            if not path.exists():
                np.save(path, (64 - squareform((lambda b: b.T @ b)(free_bits(exact, 64, near)), checks=False)) / 2)
            show(data, f"free bits, near pairs weighted {near:g}", path)


# --- all of it -------------------------------------------------------------------------------------------------------

def open_sets(tool, names):
    opened = []
    for name in names:
        try:
            opened.append(Set(tool, name))
        except (FileNotFoundError, Failed) as fault:
            print(f"(skipped {name}: {fault})")
    return opened


def table(tool, options):
    names = options.sets.split(",") if options.sets else QUICK if options.quick else [*REAL, *SYNTHETIC]
    methods = [m for key in (options.methods.split(",") if options.methods else METHODS) for m in METHODS[key]() if usable(tool, m)]
    sets = open_sets(tool, names)
    with concurrent.futures.ThreadPoolExecutor(N_WORKERS) as pool:
        list(pool.map(tool.exact, [path for data in sets for path in (data.all, data.other)]))
        jobs = {(data.name, method): pool.submit(measure, tool, data, method, options.seeds) for data in sets for method in methods}
        results = {key: job.result() for key, job in jobs.items()}
    for data in sets:
        print_set(data, methods, results)
    real, made = ([data.name for data in sets if data.name in group] for group in (REAL, SYNTHETIC))
    for heading, group in (("real sets", real), ("synthetic sets", made)):
        for figure in FIGURES if len(group) > 1 else ():
            print_figure(figure, heading, group, methods, results)
        if options.seeds > 1 and len(group) > 1:
            print_figure("spread", f"standard deviation of Spearman over {options.seeds} seeds, {heading}", group, [m for m in methods if m.general], results)
    if real:
        print_bars(real, methods, results)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"three sets: {', '.join(QUICK)}")
    parser.add_argument("--seeds", type=int, default=1, help="seeds of the synthetic training, and of the fit: 0 is built in, others are trained once (minutes); figures are means")
    parser.add_argument("--sets", help="comma-separated: " + " ".join([*REAL, *SYNTHETIC]))
    parser.add_argument("--methods", help="comma-separated: " + " ".join(METHODS))
    parser.add_argument("--fresh", action="store_true", help="use nothing of an earlier run but exact distances")
    parser.add_argument("--curve", choices=["points"], help="how codes do on diagrams of 14 to 1,400 points")
    parser.add_argument("--ceiling", action="store_true", help="what 64 free bits can do")
    options = parser.parse_args()
    start = time.monotonic()
    (curve if options.curve else ceiling if options.ceiling else table)(Tool(options.fresh), options)
    print(f"\n({time.monotonic() - start:.0f} s, {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} s of them processor time of the tool)")


if __name__ == "__main__":
    main()
