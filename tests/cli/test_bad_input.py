"""Bad input: each fault has its own clear text and exit code, nothing crashes or hangs, no half-written file is left."""
import os
import signal
import subprocess
import time

import numpy as np
from harness import BAD_DATA, FAILED, TOOL, USAGE, main, run
from PIL import Image


def write_set(path, points, offsets, **more):
    np.savez(path, points=np.asarray(points, float).reshape(-1, 2), dims=more.pop("dims", np.zeros(len(np.asarray(points, float).reshape(-1, 2)), int)),
             offsets=np.asarray(offsets), **more)
    return path


def good_set(folder, n=20, name="good.npz", seed=0):
    rng = np.random.default_rng(seed)
    births = rng.random(n * 10)
    return write_set(folder / name, np.stack([births, births + rng.random(n * 10)], 1), np.arange(0, n * 10 + 1, 10))


def refused(folder, words, *texts, code=BAD_DATA, out="out.npz"):
    """The command fails with `code`, its one-line text has all of `texts`, and it leaves no output."""
    _, err = run(*words, "-o", folder / out, code=code)
    for text in texts:
        assert text in err, f"{text!r} is not in {err!r}"
    assert len(err.strip().splitlines()) == 1, err
    assert not (folder / out).exists() and not list(folder.glob("*.tmp.*"))


def missing_file(folder):
    refused(folder, ["diagram", folder / "no.png"], "no.png")
    refused(folder, ["diagram", folder / "*.png"], "*.png")
    refused(folder, ["encode", folder / "no.npz"], "no.npz", "no such file")
    refused(folder, ["distance", folder / "no.npz"], "no.npz", out="d.npy")
    refused(folder, ["cluster", folder / "no.npz"], "no.npz")


def empty_file(folder):
    for name, verb in (("e.png", "diagram"), ("e.npz", "encode"), ("e.npz", "distance"), ("e.npy", "cluster")):
        (folder / name).write_bytes(b"")
        refused(folder, [verb, folder / name], name, "empty")


def empty_folder(folder):
    (folder / "images").mkdir()
    refused(folder, ["diagram", folder / "images"], "images")


def truncated_archive_at_every_prefix(folder):
    whole = good_set(folder, 3).read_bytes()
    for n in list(range(0, 60)) + list(range(60, len(whole), 37)) + [len(whole) - 1]:
        (folder / "cut.npz").write_bytes(whole[:n])
        refused(folder, ["encode", folder / "cut.npz"], "cut.npz")


def picture_that_is_text(folder):
    (folder / "text.png").write_text("I am not a picture\n" * 10)
    refused(folder, ["diagram", folder / "text.png"], "text.png")


def picture_cut_off(folder):
    for suffix in ("png", "jpg", "pgm"):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8)).save(folder / f"whole.{suffix}")
        data = (folder / f"whole.{suffix}").read_bytes()
        (folder / f"cut.{suffix}").write_bytes(data[: len(data) // 2])
        refused(folder, ["diagram", folder / f"cut.{suffix}"], f"cut.{suffix}")


def pixels_that_are_nan(folder):
    image = np.zeros((4, 5))
    image[2, 3] = np.nan
    np.save(folder / "nan.npy", image)
    refused(folder, ["diagram", folder / "nan.npy"], "nan.npy")


def picture_without_pixels(folder):
    np.save(folder / "none.npy", np.zeros((0, 0)))
    refused(folder, ["diagram", folder / "none.npy"], "none.npy")


def too_few_diagrams(folder):
    refused(folder, ["encode", write_set(folder / "zero.npz", [], [0])], "0 diagrams")
    refused(folder, ["encode", "--encoder", "sketch", write_set(folder / "one.npz", [[0, 1]], [0, 1])], "1 diagram")
    refused(folder, ["encode", write_set(folder / "bare.npz", [], [0, 0, 0, 0])], "point")
    np.save(folder / "d.npy", np.zeros(0))
    refused(folder, ["cluster", folder / "d.npy"], "at least 2")


def diagrams_that_break_the_rules(folder):
    refused(folder, ["encode", write_set(folder / "b.npz", [[0, 1], [3, 2]], [0, 1, 2])], "b.npz", "birth")
    refused(folder, ["encode", write_set(folder / "n.npz", [[0, 1], [np.nan, 2]], [0, 1, 2])], "n.npz")
    refused(folder, ["encode", write_set(folder / "i.npz", [[0, 1], [-np.inf, 2]], [0, 1, 2])], "i.npz")
    refused(folder, ["encode", write_set(folder / "o.npz", [[0, 1], [1, 2]], [0, 5])], "o.npz", "offsets")
    refused(folder, ["encode", write_set(folder / "r.npz", [[0, 1], [1, 2]], [0, 2, 1, 2])], "r.npz", "offsets")
    refused(folder, ["encode", write_set(folder / "d.npz", [[0, 1]], [0, 1], dims=np.array([-1]))], "d.npz", "dim")
    np.savez(folder / "a.npz", offsets=np.array([0, 1]))
    refused(folder, ["encode", folder / "a.npz"], "a.npz")
    (folder / "w.csv").write_text("diagram,dim,birth,death\n0,0,0.5,0.2\n")
    refused(folder, ["encode", folder / "w.csv"], "w.csv:2")


def codes_that_do_not_belong_together(folder):
    for seed, name in ((0, "a"), (1, "b")):
        run("encode", good_set(folder, seed=seed, name=f"{name}.npz"), "--bits", "32", "-o", folder / f"{name}_codes.npz")
    ids = [str(np.load(folder / f"{name}_codes.npz")["meta"]) for name in "ab"]
    assert ids[0] != ids[1]
    refused(folder, ["distance", folder / "a_codes.npz", folder / "b_codes.npz"], "model", "--frame", out="x.npy")
    refused(folder, ["encode", folder / "a.npz", "--frame", folder / "b_codes.npz", "--bits", "64"], "32 bits")
    np.savez(folder / "pad.npz", codes=np.full((3, 1), 255, np.uint8), n_bits=5)
    refused(folder, ["distance", folder / "pad.npz"], "pad", out="x.npy")
    refused(folder, ["distance", folder / "a_codes.npz", "--metric", "wasserstein"], "codes", out="x.npy")
    refused(folder, ["distance", folder / "a.npz", "--metric", "hamming"], "diagrams", out="x.npy")


def distances_that_are_none(folder):
    np.save(folder / "odd.npy", np.ones(4))
    refused(folder, ["cluster", folder / "odd.npy"], "odd.npy", "4")
    np.save(folder / "nan.npy", np.array([1, np.nan, 2]))
    refused(folder, ["cluster", folder / "nan.npy"], "nan.npy")
    np.save(folder / "skew.npy", np.arange(9.0).reshape(3, 3))
    refused(folder, ["cluster", folder / "skew.npy"], "skew.npy")
    (folder / "text.npy").write_text("no array")
    refused(folder, ["cluster", folder / "text.npy"], "text.npy")


def labels_that_do_not_fit(folder):
    np.save(folder / "stack.npy", np.random.default_rng(0).random((4, 6, 6)))
    (folder / "labels.txt").write_text("a\nb\n")
    refused(folder, ["diagram", folder / "stack.npy", "--labels", folder / "labels.txt"], "labels.txt")


def wrong_usage(folder):
    good = good_set(folder)
    for words in (["nonsense"], ["encode"], ["encode", good], ["encode", good, "-o", folder / "x.npz", "--bits", "0"],
                  ["encode", good, "-o", folder / "x.npz", "--bits", "1025"], ["encode", good, "-o", folder / "x.npz", "--bits", "many"],
                  ["encode", good, "-o", folder / "x.npz", "--fit-target", "magic"], ["encode", good, "-o", folder / "x.npz", "--no-such-option"],
                  ["distance", good, "-o", folder / "x.npy", "--order", "0.5"], ["distance", good, "-o", folder / "x.npy", "--order", "nan"],
                  ["distance", good, "-o", folder / "x.npy", "--dims", "x"], ["cluster", good, "-o", folder / "x.npz", "-k", "3", "--elbow"],
                  ["diagram", good, "-o", folder / "x.npz", "--essential", "clamp=inf"], ["encode", good, "-o", folder / "x.npz", "--threads", "0"]):
        run(*words, code=USAGE)
        assert not (folder / "x.npz").exists() and not (folder / "x.npy").exists()
    run("info", "--cpu", env={"PSH_SIMD": "mmx"}, code=BAD_DATA)


def output_that_cannot_be_written(folder):
    good = good_set(folder)
    run("encode", good, "-o", folder / "no" / "such" / "folder.npz", code=FAILED)
    run("encode", good, "-o", folder, code=FAILED)
    (folder / "old.npz").write_bytes(b"old")
    run("encode", folder / "missing.npz", "-o", folder / "old.npz", code=BAD_DATA)
    assert (folder / "old.npz").read_bytes() == b"old"


def interrupted_work_leaves_nothing(folder):
    rng = np.random.default_rng(0)
    births = rng.random(600 * 400)
    big = write_set(folder / "big.npz", np.stack([births, births + rng.random(len(births))], 1), np.arange(0, 600 * 400 + 1, 600))
    work = subprocess.Popen([TOOL, "distance", big, "-o", folder / "w1.npy"], stderr=subprocess.PIPE)
    time.sleep(1)
    os.kill(work.pid, signal.SIGINT)
    _, err = work.communicate(timeout=60)
    assert work.returncode == FAILED and b"stopped" in err, (work.returncode, err)
    assert sorted(path.name for path in folder.iterdir()) == ["big.npz"]


main([missing_file, empty_file, empty_folder, truncated_archive_at_every_prefix, picture_that_is_text, picture_cut_off, pixels_that_are_nan,
      picture_without_pixels, too_few_diagrams, diagrams_that_break_the_rules, codes_that_do_not_belong_together, distances_that_are_none,
      labels_that_do_not_fit, wrong_usage, output_that_cannot_be_written, interrupted_work_leaves_nothing])
