"""The paper's tables about PD-GAN, each by one command, as markdown with the paper's figure beside ours.

    bench_pdgan.py [--table 3|6|7|8|domain] [--seeds 3] [--epochs N] [--count N[,N,N]] [--width W] [--train-flags="..."] [--sets NAME,...] [--cache FOLDER]

  3       three models (20, 50, 100 points a diagram), on synthetic sets and on real ones
  6       similarities real, S-5 and ours beside the untrained network and other representations of the same sets
  7       24, 48, 64, 128, 256 bits
  8       the six similarities of section 3.2, and ours
  domain  section 4.3: trained on diagrams of the set's own kind, against synthetic ones; judged on 300 others

Without --table: all of them. Truth is exact W1 (L-infinity, pooled). FMS and ARI compare clusters of single linkage, cut at k, with W1's; average ARI those of average linkage. A figure is the mean over
--seeds trainings (seeds 0, 1, ...) and their standard deviation; a seed draws the training diagrams and the first weights alike. Codes that are all alike count as correlation 0.

Models, sets, exact distances and scores stay in --cache (build-bench/pdgan), so that tables share them and a run that was stopped goes on; the folder belongs to one state
of the program: begin a new one when training changes. Uses the tool named by PERSIHASH (default build/persihash), on one thread, and the data of PSH_DATASETS (default
../shared/datasets); sets that are not there are left out.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = os.environ.get("PERSIHASH", str(ROOT / "build" / "persihash"))
DATA = pathlib.Path(os.environ.get("PSH_DATASETS", str(ROOT.parent / "shared" / "datasets")))
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")

# name: (k, points of the model that the paper takes for as many, what it is in the paper)
SETS = {"vortex_street": (5, 20, "Vortex Street"), "starting_vortex": (2, 50, "Starting Vortex"), "shape2": (7, 100, "3D Shape-2"), "colon": (8, 100, "Colon-sub"),
        "fashion_mnist": (10, 50, None)}
MODELS = (20, 50, 100)
BITS = (24, 48, 64, 128, 256)
SIMILARITIES = {"real": "real", "s1": "S-1", "s2": "S-2", "s3": "S-3", "s4": "S-4", "s5": "S-5", "rank": "rank, the default"}  # the last is ours
OTHERS = {"persistence image": ("--metric", "pimage"), "persistence image, 1/persistence": ("--metric", "pimage", "--weight", "inverse"), "Betti curve": ("--metric", "betti"),
          "sketch, 64 bits, fitted": "sketch", "compact, 64 bits, fitted": "compact"}
PAPER = {
    3: {"shape2": (0.97, 0.96, 0.62), "colon": (0.71, 0.76, 0.99)},
    6: {"shape2": {"PI": 0.97, "BC": 0.96, "real": 0.91, "s5": 0.97}, "colon": {"PI": 0.98, "BC": 0.99, "real": 0.92, "s5": 0.99},
        "vortex_street": {"PI": 0.79, "BC": 0.78, "real": 0.80, "s5": 0.81}, "starting_vortex": {"PI": 1, "BC": 1, "real": 0.63, "s5": 1}},
    7: {"shape2": (0.82, 0.89, 0.97, 0.97, 0.98), "vortex_street": (0.67, 0.77, 0.81, 0.83, 0.86), "starting_vortex": (0.94, 1, 1, 1, 1)},
    8: (0.82, 0.77, 0.78, 0.80, 0.81, 0.83),
}
PAPER_OTHERS = {"persistence image, 1/persistence": "PI", "Betti curve": "BC"}  # the paper's weights are 1/persistence
N_SYNTH, N_OWN, N_WATCHED, N_TEST = 300, 900, 100, 300
options = None  # of the command line


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*words):
    """The tool's JSON summary."""
    words = [TOOL, *map(str, words), "--threads", "1", "--json"]
    result = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    if result.returncode:
        sys.exit(f"{shlex.join(words)}: {result.stderr}")
    return json.loads(result.stdout)


def cached(path, make):
    """path, made by make(temporary) if it is not there: what a stopped run leaves is never taken for a whole file."""
    if not path.exists():
        temporary = path.with_name("part-" + path.name)
        make(temporary)
        temporary.rename(path)
    return path


# --- Sets -------------------------------------------------------------------------------------------------------------

def write_rows(source, rows, path):
    """The diagrams `rows` of the .npz `source` as a set of their own."""
    with np.load(source) as data:
        offsets, points, dims = data["offsets"].astype(np.int64), data["points"], data["dims"]
    picked = np.concatenate([np.arange(offsets[i], offsets[i + 1]) for i in rows])
    np.savez(path, points=points[picked].astype(float), dims=dims[picked], offsets=np.cumsum([0, *(offsets[i + 1] - offsets[i] for i in rows)]))


def whole_set(name):
    """The file with all diagrams of a real set, or None where the data is not installed."""
    if name == "fashion_mnist":
        return cached(options.cache / "fashion_mnist-all.npz", lambda path: run("diagram", FASHION, "--scale", 2, "--count", 2300, "-o", path)) if FASHION.exists() else None
    path = DATA / name / "diagrams.npz"
    return path if path.exists() else None


def rows_of(name, source):
    with np.load(source) as data:
        n, labels = len(data["offsets"]) - 1, data["labels"] if "labels" in data else None
    if name == "colon":  # 1,800, as many of each class
        return np.concatenate([np.flatnonzero(labels == label)[: 1800 // len(np.unique(labels))] for label in np.unique(labels)])
    if name == "shape2":
        return np.sort(np.random.default_rng(0).choice(n, 1000, replace=False))
    return np.arange(min(n, 1000))


class Set:
    """A set to be judged on, with its exact distances; k: clusters, or None."""

    def __init__(self, name, k, make):
        self.name, self.k = name, k
        self.path = cached(options.cache / f"{name}.npz", make)
        with np.load(self.path) as data:
            self.n, self.n_points = len(data["offsets"]) - 1, len(data["points"]) / (len(data["offsets"]) - 1)
        self.truth = options.cache / f"{name}.w1.npy"
        if not self.truth.exists():
            say(f"exact distances of {name}, {self.n} diagrams ...")
            run("distance", self.path, "--pool", "--resume", "-o", self.truth)

    def score(self, key, make):
        """Scores of the codes or distances that make(stem) writes; kept under `key`."""
        kept = options.cache / f"{key}.{self.name}.json"
        if not kept.exists():
            found = make(options.cache / f"part-{key}.{self.name}")
            score = run("score", found, self.truth, *(("-k", self.k) if self.k else ()))
            if found.suffix == ".npz":
                score["n_distinct"] = len(np.unique(np.load(found)["codes"], axis=0))
            found.unlink()
            found.with_suffix(".json").unlink(missing_ok=True)
            kept.write_text(json.dumps(score))
        return json.loads(kept.read_text())


def real_sets(names):
    for name in names:
        source = whole_set(name) if not options.sets or name in options.sets else None
        if source:
            yield Set(name, SETS[name][0], lambda path: write_rows(source, rows_of(name, source), path))
        elif not options.sets:
            say(f"(left out {name}: its data is not here)")


def synthetic_set(n_points):
    return Set(f"uniform{n_points}", None, lambda path: run("synth", "--count", N_SYNTH, "--points", n_points, "--seed", 1000, "-o", path))


# --- Models -----------------------------------------------------------------------------------------------------------

def flags_of_all(n_points=None):
    """What every training of this run is given; n_points: of the synthetic diagrams, or None if there are none."""
    count = options.count[MODELS.index(n_points) if len(options.count) > 1 else 0] if options.count and n_points else None
    given = (("epochs", options.epochs), ("count", count), ("width", options.width))
    return [word for name, value in given if value is not None for word in (f"--{name}", str(value))] + shlex.split(options.train_flags)


class Model:
    """One training, made when it is first asked for."""
    n_trained, n_seconds = 0, 0.0

    def __init__(self, seed, name, n_points, *flags):
        of_synthetic = ("--points", n_points) if n_points else ()
        flags = map(str, (*flags_of_all(n_points), *of_synthetic, *flags))  # of two that are the same the last counts
        self.words = ["train", "pdgan", *flags, "--seed", str(seed)]
        self.key = f"{name}-seed{seed}-{hashlib.sha256(shlex.join(self.words).encode()).hexdigest()[:8]}"
        self.path = options.cache / f"{self.key}.safetensors"
        self.summary = options.cache / f"{self.key}.summary.json"

    def trained(self):
        if not self.summary.exists():
            start = time.monotonic()
            say(f"persihash {shlex.join(self.words)} ...")
            summary = run(*self.words, "-o", self.path)
            self.summary.write_text(json.dumps(summary))
            Model.n_trained, Model.n_seconds = Model.n_trained + 1, Model.n_seconds + time.monotonic() - start
            say(f"  {time.monotonic() - start:.0f} s; held out: Spearman {summary.get('spearman_held_out')}, {summary.get('n_distinct')} distinct codes; "
                f"{Model.n_trained} trained in {Model.n_seconds / 60:.1f} min")
        return json.loads(self.summary.read_text())

    def score(self, on):
        self.trained()

        def encode(stem):
            codes = stem.with_name(stem.name + ".npz")
            run("encode", on.path, "--model", self.path, "-o", codes)
            return codes
        return on.score(self.key, encode)


def synthetic_model(seed, n_points, n_bits=64, similarity="rank"):
    return Model(seed, f"m{n_points}-{n_bits}bits-{similarity}", n_points, "--bits", n_bits, "--similarity", similarity)


def untrained_model(seed, n_points):
    """The control: drawn weights that an epoch of vanishing steps leaves as they are."""
    return Model(seed, f"m{n_points}-untrained", n_points, "--count", 200, "--epochs", 1, "--rate", 1e-9)


def of_seeds(make, *words):
    return [make(seed, *words) for seed in range(options.seeds)]


# --- Tables -----------------------------------------------------------------------------------------------------------

MEASURES = {"FMS": "single_fms", "ARI": "single_ari", "average ARI": "average_ari", "Spearman": "spearman"}


def mean(values):
    return f"{np.mean(values):.2f}" + (f" ± {np.std(values, ddof=1):.2f}" if len(values) > 1 else "")


def begin(caption, columns):
    flags = {n_points: shlex.join(flags_of_all(n_points)) for n_points in MODELS}
    told = {f"`{given}`" if given else "the defaults" for given in flags.values()}
    told = told.pop() if len(told) == 1 else ", ".join(f"`{given}` (Model-{n_points})" for n_points, given in flags.items())
    print(f"\n{caption} {options.seeds} seeds, `train pdgan` with {told}.\n")
    print(f"| | | {' | '.join(columns)} |\n|---|---|{'--:|' * len(columns)}", flush=True)


def line(name, measure, cells):
    print(f"| {name} | {measure} | {' | '.join(cells)} |", flush=True)


def block(on, columns, paper=()):
    """The rows of one set. columns: the scores of each column's trainings; paper: its FMS, None where it has none."""
    name = f"{on.name}: {on.n} of {on.n_points:.0f} points" + (f", k = {on.k}" if on.k else "")
    if any(fms is not None for fms in paper):
        line(name, "paper's FMS", ("-" if fms is None else f"{fms:.2f}" for fms in paper))
        name = ""
    for measure, key in MEASURES.items():
        if all(key in score for scores in columns for score in scores):
            line(name, measure, (mean([score[key] for score in scores]) for scores in columns))
            name = ""
    distinct = [[score["n_distinct"] for score in scores if "n_distinct" in score] for scores in columns]
    line(name, "distinct codes", (f"{min(found)}" + (f" to {max(found)}" if max(found) > min(found) else "") if found else "-" for found in distinct))


def scores_of(models, on):
    return [model.score(on) for model in models]


SHAPE_1 = "the paper's 3D Shape-1, not to be had: 1200 of 63 points, k = 2"


def table_3():
    begin("Table 3: models trained on diagrams of 20, 50 and 100 points.", [f"Model-{n_points}" for n_points in MODELS])
    for on in [*map(synthetic_set, MODELS), *real_sets(SETS)]:
        block(on, [scores_of(of_seeds(synthetic_model, n_points), on) for n_points in MODELS], PAPER[3].get(on.name, ()))
    line(SHAPE_1, "paper's FMS", ("0.77", "0.83", "0.67"))


def score_other(on, how):
    def make(stem):
        if isinstance(how, tuple):
            path = stem.with_name(stem.name + ".npy")
            run("distance", on.path, "--pool", *how, "-o", path)
        else:
            path = stem.with_name(stem.name + ".npz")
            run("encode", on.path, "--pool", "--bits", 64, "--encoder", how, "-o", path)
        return path
    return on.score("-".join(how).replace("--", "") if isinstance(how, tuple) else how, make)


def table_6():
    similarities = [name for name in ("real", "s5", "rank") if name in options.similarities]
    begin("Table 6: PD-GAN beside other representations. Model-20 for vortex_street, Model-50 for starting_vortex and fashion_mnist, Model-100 for the others.",
          [*(f"PD-GAN, {SIMILARITIES[name]}" for name in similarities), "drawn weights, not trained", *OTHERS])
    for on in real_sets(SETS):
        paper, n_points = PAPER[6].get(on.name, {}), SETS[on.name][1]
        columns = [scores_of(of_seeds(synthetic_model, n_points, 64, name), on) for name in similarities]
        columns += [scores_of(of_seeds(untrained_model, n_points), on), *([score_other(on, how)] for how in OTHERS.values())]
        block(on, columns, [*map(paper.get, similarities), None, *(paper.get(PAPER_OTHERS.get(title)) for title in OTHERS)])


def table_7():
    begin("Table 7: the number of bits" + (f", all with Model-{options.one_model}." if options.one_model else "."), [f"{n_bits} bits" for n_bits in BITS])
    for on in real_sets(("vortex_street", "starting_vortex", "shape2")):
        n_points = options.one_model or SETS[on.name][1]
        block(on, [scores_of(of_seeds(synthetic_model, n_points, n_bits), on) for n_bits in BITS], PAPER[7][on.name])


def table_8():
    n_points = options.one_model or 50
    begin(f"Table 8: the paper's six similarities, and ours; Model-{n_points} (the paper: Model-50).", [SIMILARITIES[name] for name in options.similarities])
    for on in [synthetic_set(n_points), *real_sets(("vortex_street", "starting_vortex", "fashion_mnist"))]:
        block(on, [scores_of(of_seeds(synthetic_model, n_points, 64, name), on) for name in options.similarities])
    paper = dict(zip(SIMILARITIES, PAPER[8]))
    line(SHAPE_1, "paper's FMS", (f"{paper[name]:.2f}" if name in paper else "-" for name in options.similarities))


def table_domain():
    begin(f"Section 4.3: trained on {N_OWN} diagrams of the set itself ({N_WATCHED} more watched) or on synthetic ones; judged on {N_TEST} others. "
          "The paper's FMS is 0.83 for both, on 3D Shape-1.", ["its own kind", "synthetic"])
    for name in ("shape2", "fashion_mnist"):
        source = whole_set(name) if not options.sets or name in options.sets else None
        if not source:
            continue
        with np.load(source) as data:
            order = np.random.default_rng(0).permutation(len(data["offsets"]) - 1)
        own = cached(options.cache / f"{name}-own.npz", lambda path: write_rows(source, np.sort(order[N_TEST:N_TEST + N_OWN + N_WATCHED]), path))
        on = Set(f"{name}-test", SETS[name][0], lambda path: write_rows(source, np.sort(order[:N_TEST]), path))
        block(on, [scores_of(of_seeds(Model, f"{name}-own", None, "--data", own, "--split", f"{N_OWN}:{N_WATCHED}"), on),
                   scores_of(of_seeds(synthetic_model, SETS[name][1]), on)])


TABLES = {"3": table_3, "6": table_6, "7": table_7, "8": table_8, "domain": table_domain}


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", choices=TABLES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--count", type=lambda text: [int(count) for count in text.split(",")], metavar="N or N20,N50,N100", help="synthetic diagrams to train on")
    parser.add_argument("--width", type=float)
    parser.add_argument("--train-flags", default="", help="more options of train pdgan")
    parser.add_argument("--sets", type=lambda text: text.split(","), help=f"real sets to judge on (default: {','.join(SETS)})")
    parser.add_argument("--similarities", type=lambda text: text.split(","), default=list(SIMILARITIES), help="tables 6 and 8: these alone")
    parser.add_argument("--one-model", type=int, metavar="POINTS", help="tables 7 and 8: one model for all sets, trained on diagrams of so many points")
    parser.add_argument("--cache", type=pathlib.Path, default=ROOT / "build-bench" / "pdgan")
    options = parser.parse_args()
    if options.count and len(options.count) not in (1, len(MODELS)):
        parser.error(f"--count: expected one number, or {len(MODELS)}: for the models of {', '.join(map(str, MODELS))} points")
    for given, known in ((options.sets or (), SETS), (options.similarities, SIMILARITIES)):
        if unknown := set(given) - set(known):
            parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    options.cache.mkdir(parents=True, exist_ok=True)
    for table in [TABLES[options.table]] if options.table else TABLES.values():
        table()


main()
