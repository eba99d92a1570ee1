"""The main job through the tool: every file opens in NumPy, later items encode in an earlier frame, results do not depend on threads or SIMD level."""
import json
import pathlib

import numpy as np
from harness import FASHION, main, need, run
from PIL import Image

IMAGES, LABELS = FASHION / "t10k-images-idx3-ubyte.gz", FASHION / "t10k-labels-idx1-ubyte.gz"


def make_set(folder, count=120, name="set.npz"):
    need(IMAGES, "dataset-fashion-mnist")
    run("diagram", IMAGES, "--labels", LABELS, "--scale", "2", "--count", count, "-o", folder / name, "-q")
    return folder / name


def every_file_opens_in_numpy(folder):
    diagrams = np.load(make_set(folder))
    n, m = len(diagrams["offsets"]) - 1, len(diagrams["points"])
    assert n == 120 and diagrams["points"].shape == (m, 2) and diagrams["dims"].shape == (m,) and diagrams["offsets"][-1] == m
    assert set(np.unique(diagrams["dims"])) == {0, 1} and diagrams["labels"].shape == (n,) and len(diagrams["names"]) == n
    assert (diagrams["points"][:, 0] < diagrams["points"][:, 1]).all()
    meta = json.loads(str(diagrams["meta"]))
    assert meta["construction"] == "T" and "persihash diagram" in meta["command"] and "--scale 2" in meta["command"]

    run("encode", folder / "set.npz", "-o", folder / "codes.npz")
    codes = np.load(folder / "codes.npz")
    assert codes["codes"].shape == (n, 8) and codes["codes"].dtype == np.uint8 and int(codes["n_bits"]) == 64
    assert (codes["labels"] == diagrams["labels"]).all()

    run("distance", folder / "codes.npz", "-o", folder / "hamming.npy")
    hamming = np.load(folder / "hamming.npy")
    bits = np.unpackbits(codes["codes"], axis=1)
    rows, columns = np.triu_indices(n, 1)
    assert hamming.dtype == np.uint8 and (hamming == (bits[rows] != bits[columns]).sum(1)).all()
    assert json.load(open(folder / "hamming.json"))["metric"] == "hamming"
    run("distance", folder / "codes.npz", "-o", folder / "square.npy", "--square")
    square = np.load(folder / "square.npy")
    assert square.shape == (n, n) and (square == square.T).all() and (square[rows, columns] == hamming).all()

    run("cluster", folder / "codes.npz", "--elbow", "-o", folder / "clusters.npz")
    clusters = np.load(folder / "clusters.npz")
    assert clusters["labels"].shape == (n,) and clusters["linkage"].shape == (n - 1, 4) and clusters["wcss"].shape == (20,)
    assert (np.diff(clusters["wcss"]) <= 1e-9).all() and (np.diff(clusters["linkage"][:, 2]) >= 0).all()

    run("embed", folder / "codes.npz", "-o", folder / "xy.npy")
    assert np.load(folder / "xy.npy").shape == (n, 2)
    run("distance", folder / "set.npz", "--metric", "wasserstein", "--sample", 40, "-o", folder / "w1.npy")
    assert np.load(folder / "w1.npy").shape == (40 * 39 // 2,) and len(json.load(open(folder / "w1.json"))["rows"]) == 40


def codes_track_exact_w1(folder):
    make_set(folder, 300)
    run("encode", folder / "set.npz", "--bits", 64, "-o", folder / "codes.npz")
    run("distance", folder / "set.npz", "-o", folder / "w1.npy", "--sample", 150)
    out, _ = run("score", folder / "codes.npz", folder / "w1.npy", "-k", 5, "--json")
    score = json.loads(out)
    assert score["spearman"] > 0.9 and score["recall_10_at_50"] > 0.5, score
    assert {"single_fms", "single_ari", "single_ami", "average_fms", "average_ari", "average_ami", "pearson"} <= set(score)


def result_does_not_depend_on_threads_or_simd(folder):
    need(IMAGES, "dataset-fashion-mnist")
    settings = [("1", "scalar"), ("2", "scalar")]
    for level in ("avx2", "avx512", "neon"):
        try:
            run("info", "--cpu", env={"PSH_SIMD": level})
            settings.append(("2", level))
        except AssertionError:
            pass  # this machine lacks the level
    kept = None
    for threads, level in settings:
        place = folder / f"{threads}-{level}"
        place.mkdir()
        steps = [("diagram", IMAGES, "--labels", LABELS, "--count", "150", "--smooth", "0.7", "-o", "set.npz"),
                 ("encode", "set.npz", "--steps", "40", "-o", "codes.npz"), ("encode", "set.npz", "--bits", "300", "--random", "-o", "wide.npz"),
                 ("distance", "codes.npz", "-o", "d.npy"), ("distance", "wide.npz", "-o", "wide.npy"),
                 ("distance", "set.npz", "--sample", "40", "-o", "w1.npy"), ("cluster", "codes.npz", "-k", "7", "-o", "c.npz"),
                 ("cluster", "d.npy", "--linkage", "average", "-o", "average.npz"), ("embed", "codes.npz", "-o", "xy.npy"),
                 ("report", IMAGES, "--count", "150", "--codes", "codes.npz", "--diagrams", "set.npz", "--clusters", "c.npz", "--exact", "w1.npy",
                  "-o", "report.html")]
        for step in steps:
            run(*step, "--threads", threads, "-q", cwd=place, env={"PSH_SIMD": level})
        found = {path.name: path.read_bytes() for path in sorted(place.iterdir())}
        kept = kept or found
        assert found.keys() == kept.keys()
        for name in found:
            assert found[name] == kept[name], f"{name} differs with {threads} threads, {level}"
    assert len(settings) >= 2


def later_items_encode_in_an_earlier_frame(folder):
    make_set(folder, 100, "all.npz")
    run("diagram", IMAGES, "--scale", 2, "--first", 60, "--count", 40, "-o", folder / "late.npz")
    run("encode", folder / "all.npz", "-o", folder / "all_codes.npz")
    run("encode", folder / "late.npz", "--frame", folder / "all_codes.npz", "-o", folder / "late_codes.npz")
    early, late = np.load(folder / "all_codes.npz"), np.load(folder / "late_codes.npz")
    assert (early["codes"][60:] == late["codes"]).all()
    run("distance", folder / "all_codes.npz", folder / "late_codes.npz", "-o", folder / "cross.npy")
    cross = np.load(folder / "cross.npy")
    assert cross.shape == (100, 40) and (cross[60:].diagonal() == 0).all()
    for encoder in ("compact", "sketch"):
        run("encode", folder / "all.npz", "--encoder", encoder, "-o", folder / "all_codes.npz")
        run("encode", folder / "late.npz", "--frame", folder / "all_codes.npz", "-o", folder / "late_codes.npz")
        run("train", encoder, folder / "all.npz", "-o", folder / "m.safetensors")
        run("encode", folder / "late.npz", "--model", folder / "m.safetensors", "-o", folder / "model_codes.npz")
        assert (np.load(folder / "model_codes.npz")["codes"] == np.load(folder / "late_codes.npz")["codes"]).all()


def the_built_in_model_needs_no_set(folder):
    make_set(folder, 60)
    run("synth", "--kind", "uniform", "--points", 30, "--count", 1, "-o", folder / "one.npz")
    out, _ = run("encode", folder / "one.npz", "-o", folder / "one_codes.npz")
    assert "general model" in out
    run("encode", folder / "set.npz", "--model", "compact", "--as-trained", "--bits", 256, "-o", folder / "long.npz")
    run("encode", folder / "set.npz", "--model", "compact", "--as-trained", "-o", folder / "short.npz")
    long, short = np.load(folder / "long.npz"), np.load(folder / "short.npz")
    assert int(short["n_bits"]) == 64 and (long["codes"][:, :8] == short["codes"]).all()
    run("distance", folder / "set.npz", "-o", folder / "w.npy")
    score = json.loads(run("score", folder / "long.npz", folder / "w.npy", "--json")[0])
    assert score["spearman"] > 0.85  # never fitted to anything like it
    for n_bits in (32, 64, 256, 1024):  # picked for the set, of any length
        report = json.loads(run("encode", folder / "set.npz", "--model", "compact", "--bits", n_bits, "-o", folder / "picked.npz", "--json")[0])
        assert report["bits"] == "picked" and report["n_bits"] == n_bits
        assert json.loads(run("score", folder / "picked.npz", folder / "w.npy", "--json")[0])["spearman"] > (0.85 if n_bits == 32 else 0.9)
    run("encode", folder / "set.npz", "--frame", folder / "picked.npz", "-o", folder / "again.npz")
    assert (np.load(folder / "again.npz")["codes"] == np.load(folder / "picked.npz")["codes"]).all()
    _, text = run("encode", folder / "set.npz", "--model", "compact", "--as-trained", "--bits", 1000, "-o", folder / "x.npz", code=2)
    assert "1000 bits; this model was trained with 256" in text
    _, text = run("encode", folder / "set.npz", "--as-trained", "-o", folder / "x.npz", code=2)
    assert "--as-trained without --model" in text
    assert "compact" in run("info", "--models")[0]
    _, text = run("encode", folder / "set.npz", "--model", "nonsense", "-o", folder / "x.npz", code=2)
    assert "nonsense" in text and "info --models" in text
    run("train", "compact", "--sets", 16, "--count", 8, "--steps", 2, "--bits", 40, "-o", folder / "general.safetensors")
    run("encode", folder / "set.npz", "--model", folder / "general.safetensors", "--bits", 40, "-o", folder / "own.npz")
    _, text = run("encode", folder / "set.npz", "--model", folder / "general.safetensors", "--as-trained", "--pool", "-o", folder / "x.npz", code=2)
    assert "64 bits; this model was trained with 40" in text
    run("encode", folder / "set.npz", "--start", folder / "general.safetensors", "-o", folder / "started.npz")
    _, text = run("encode", folder / "set.npz", "--start", folder / "general.safetensors", "--encoder", "sketch", "-o", folder / "x.npz", code=2)
    assert "--start has no meaning for a sketch" in text
    run("train", "compact", folder / "set.npz", "-o", folder / "fitted.safetensors")
    _, text = run("encode", folder / "set.npz", "--start", folder / "fitted.safetensors", "-o", folder / "x.npz", code=2)
    assert "expected a general compact model" in text
    _, text = run("train", "compact", "--start", "compact", "-o", folder / "x.safetensors", code=2)
    assert "--start" in text


def fitting_says_whether_it_helped(folder):
    make_set(folder, 60)
    report = json.loads(run("train", "compact", "--data", folder / "set.npz", "-o", folder / "m.safetensors", "--json")[0])
    assert report["spearman_held_out"] > 0.7 and report["spearman_not_fitted"] > 0.7
    out, _ = run("encode", folder / "set.npz", "-o", folder / "codes.npz")
    assert "the general model" in out
    _, text = run("train", "compact", folder / "set.npz", "--data", folder / "set.npz", "-o", folder / "m.safetensors", code=2)
    assert "give one" in text
    _, text = run("train", "compact", folder / "set.npz", "--sets", 20, "-o", folder / "m.safetensors", code=2)
    assert "--sets" in text
    _, text = run("train", "compact", "--fit-sample", 20, "-o", folder / "m.safetensors", code=2)
    assert "--fit-sample" in text


def every_width_encodes(folder):
    make_set(folder, 60)
    for n_bits in (1, 24, 63, 64, 65, 127, 128, 255, 256, 1024):
        run("encode", folder / "set.npz", "--bits", n_bits, "--encoder", "sketch", "-o", folder / "c.npz", "-q")
        assert int(np.load(folder / "c.npz")["n_bits"]) == n_bits
        run("encode", folder / "set.npz", "--bits", n_bits, "--steps", 5, "-o", folder / "c.npz", "-q")
        codes = np.load(folder / "c.npz")
        assert codes["codes"].shape == (60, (n_bits + 7) // 8) and int(codes["n_bits"]) == n_bits
        bits = np.unpackbits(codes["codes"], axis=1, bitorder="little")
        assert not bits[:, n_bits:].any()
        run("distance", folder / "c.npz", "-o", folder / "d.npy", "-q")
        assert np.load(folder / "d.npy").dtype == (np.uint8 if n_bits <= 255 else np.uint16)


def info_says_what_each_bit_asks(folder):
    make_set(folder)
    run("encode", folder / "set.npz", "--bits", 8, "--encoder", "sketch", "-o", folder / "codes.npz")
    out, _ = run("info", folder / "codes.npz")
    assert out.count("bit ") >= 8 and "metadata" in out
    for name in ("set.npz", "codes.npz"):
        summary = json.loads(run("info", folder / name, "--json")[0])
        assert summary["kind"] in ("diagrams", "codes")


def folders_of_pictures_give_names_and_classes(folder):
    rng = np.random.default_rng(1)
    for label in ("blobs", "stripes"):
        (folder / "in" / label).mkdir(parents=True)
        for i, suffix in enumerate(("png", "jpg", "pgm", "png")):
            pixels = rng.integers(0, 255, (20, 24), dtype=np.uint8) if label == "blobs" else np.tile(np.arange(24, dtype=np.uint8) % 4 * 60, (20, 1))
            Image.fromarray(pixels).save(folder / "in" / label / f"{i}.{suffix}")
    run("diagram", folder / "in", "--smooth", 1, "-o", folder / "set.npz")
    diagrams = np.load(folder / "set.npz")
    assert list(diagrams["label_names"]) == ["blobs", "stripes"] and list(diagrams["labels"]) == [0] * 4 + [1] * 4
    assert [pathlib.Path(name).name for name in diagrams["names"][:2]] == ["0.png", "1.jpg"]
    run("diagram", folder / "in" / "*" / "*.png", "-o", folder / "globbed.npz")
    assert len(np.load(folder / "globbed.npz")["offsets"]) == 5


def conversions_keep_every_bit(folder):
    make_set(folder, 40)
    run("convert", folder / "set.npz", folder / "set.csv")
    run("convert", folder / "set.csv", folder / "back.npz")
    a, b = np.load(folder / "set.npz"), np.load(folder / "back.npz")
    for name in ("points", "dims", "offsets", "labels"):
        assert (a[name] == b[name]).all(), name
    _, err = run("convert", folder / "set.npz", folder / "again.csv")
    assert "metadata" in err  # what a format cannot hold is said


def synthetic_diagrams_are_the_papers(folder):
    run("synth", "--points", 50, "--count", 200, "--seed", 7, "-o", folder / "a.npz")
    run("synth", "--points", 50, "--count", 200, "--seed", 7, "-o", folder / "b.npz", "--threads", 1)
    assert (folder / "a.npz").read_bytes() == (folder / "b.npz").read_bytes()
    points = np.load(folder / "a.npz")["points"]
    assert points.shape == (10000, 2) and (points[:, 1] > points[:, 0]).all() and points.min() >= 0 and points.max() < 1
    # Uniform on the triangle: births have density 2 (1 - b), mean 1/3.
    assert abs(points[:, 0].mean() - 1 / 3) < 0.01 and abs(points[:, 1].mean() - 2 / 3) < 0.01


def demo_runs_and_prints_its_commands(folder):
    need(IMAGES, "dataset-fashion-mnist")
    out, _ = run("demo", "--count", 200, "-o", folder / "demo")
    lines = [line[2:] for line in out.splitlines() if line.startswith("$ persihash")]
    assert len(lines) >= 6 and lines == (folder / "demo" / "commands.txt").read_text().splitlines()
    assert {"set.npz", "codes.npz", "hamming.npy", "clusters.npz", "w1.npy", "report.html"} <= {p.name for p in (folder / "demo").iterdir()}


def help_man_and_completion_know_every_command(folder):
    overview = run("--help")[0]
    verbs = [line.split()[0] for line in overview.splitlines() if line.startswith("  ") and not line.startswith("  images")]
    assert len(verbs) >= 12
    man, bash = run("help", "--man")[0], run("help", "--bash")[0]
    for verb in verbs:
        assert f"persihash {verb}" in run(verb, "--help")[0] and verb in man and f"    {verb}) options=" in bash
    assert run("--version")[0].startswith("persihash ")


main([every_file_opens_in_numpy, codes_track_exact_w1, result_does_not_depend_on_threads_or_simd, later_items_encode_in_an_earlier_frame, the_built_in_model_needs_no_set, fitting_says_whether_it_helped, every_width_encodes,
      info_says_what_each_bit_asks, folders_of_pictures_give_names_and_classes, conversions_keep_every_bit, synthetic_diagrams_are_the_papers,
      demo_runs_and_prints_its_commands, help_man_and_completion_know_every_command])
