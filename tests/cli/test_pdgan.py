"""`persihash train pdgan`: the log, the same bytes for any number of threads, stopping and going on, encoding by the model."""
import csv
import json
import os
import pathlib
import signal
import subprocess
import time

import harness
import numpy as np
from harness import FAILED, USAGE, run

SMALL = ("--width", 0.015625, "--bits", 24, "--batch", 8, "--points", 10, "--count", 48, "--seed", 5)
CONSTANT = ("--schedule", "constant")  # else the number of epochs planned is part of the run
QUIET = {"OMP_WAIT_POLICY": "passive"}  # threads that wait do not spin: tests share the machine


def train(path, *words, code=harness.GOOD):
    return run("train", "pdgan", "-o", path, *SMALL, "--threads", 1, *words, env=QUIET, code=code)


def log_of(path):
    with open(path.with_suffix(".csv"), encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_training_writes_a_model_and_a_line_an_epoch(folder):
    out, _ = train(folder / "m.safetensors", "--epochs", 2, "--diagram-weight", 0.1, "--json")
    summary, rows = json.loads(out), log_of(folder / "m.safetensors")
    assert summary["n_bits"] == 24 and summary["n_epochs"] == 2
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(row[name]) > 0 for row in rows for name in ("similarity", "quantisation", "mse", "perceptual", "discriminator"))
    assert all(row["codes"] == "200" for row in rows)
    assert not (folder / "m.safetensors.partial").exists()
    info, _ = run("info", folder / "m.safetensors")
    assert "pdgan, 24 bits" in info and '"similarity": "rank"' in info


def test_threads_do_not_change_a_byte(folder):
    models = []
    for n_threads in (1, 2):
        train(folder / "m.safetensors", "--epochs", 1, "--dtype", "f16", "--threads", n_threads)
        models.append((folder / "m.safetensors").read_bytes())
    assert models[0] == models[1]


def test_a_run_stopped_by_ctrl_c_goes_on_to_the_same_bytes(folder):
    path = folder / "m.safetensors"
    words = [harness.TOOL, "train", "pdgan", "-o", path, *SMALL, "--threads", 1, *CONSTANT, "--epochs", 100000]
    process = subprocess.Popen(list(map(str, words)), env={**os.environ, **QUIET}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.time() + 60
    while time.time() < deadline and not (path.with_suffix(".csv").exists() and len(log_of(path)) >= 2):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == FAILED and b"--resume" in err, err
    n_done = len(log_of(path))
    assert n_done >= 2 and (folder / "m.safetensors.partial").exists() and not path.exists()
    train(path, "--resume", *CONSTANT, "--epochs", n_done + 1)
    train(folder / "whole.safetensors", *CONSTANT, "--epochs", n_done + 1)
    assert path.read_bytes() == (folder / "whole.safetensors").read_bytes()
    without_seconds = [[list(row.values())[:-1] for row in log_of(folder / name)] for name in ("m.safetensors", "whole.safetensors")]
    assert without_seconds[0] == without_seconds[1]
    assert not (folder / "m.safetensors.partial").exists()


def test_what_was_saved_of_another_run_is_refused(folder):
    (folder / "m.safetensors.partial").write_bytes(b"not a checkpoint")
    _, err = train(folder / "m.safetensors", "--resume", code=harness.BAD_DATA)
    assert "partial" in err


def test_a_model_encodes_any_set_and_later_diagrams_alike(folder):
    train(folder / "m.safetensors", "--epochs", 1)
    run("synth", "-o", folder / "set.npz", "--count", 30, "--points", 25, "--seed", 9)
    run("encode", folder / "set.npz", "--model", folder / "m.safetensors", "-o", folder / "a.npz", env=QUIET)
    run("encode", folder / "set.npz", "--frame", folder / "a.npz", "-o", folder / "b.npz", env=QUIET)
    a, b = (np.load(folder / name) for name in ("a.npz", "b.npz"))
    assert a["codes"].shape == (30, 3) and np.array_equal(a["codes"], b["codes"])
    assert json.loads(str(a["meta"]))["model_id"] == json.loads(str(b["meta"]))["model_id"]
    run("distance", folder / "a.npz", folder / "b.npz", "-o", folder / "d.npy")
    assert (np.diag(np.load(folder / "d.npy")) == 0).all()


def test_the_published_setting_and_each_of_its_parts_can_be_had(folder):
    run("train", "pdgan", "-o", folder / "m.safetensors", *SMALL, "--threads", 1, "--preset", "paper", "--epochs", 1, env=QUIET)
    paper, _ = run("info", folder / "m.safetensors")
    assert '"similarity": "s5"' in paper and '"target": "sinkhorn"' in paper, paper
    assert float(log_of(folder / "m.safetensors")[0]["perceptual"]) > 0
    for words in (("--layout", "shallow"), ("--image", "centred"), ("--similarity", "rank", "--loss", "correlation"), ("--diagram-weight", 0)):
        train(folder / "n.safetensors", "--preset", "paper", *words, "--epochs", 1)
        assert (folder / "n.safetensors").read_bytes() != (folder / "m.safetensors").read_bytes(), words


def test_statistics_of_the_set_or_of_training(folder):
    run("synth", "-o", folder / "set.npz", "--count", 12, "--points", 35, "--seed", 9)
    codes = []
    for words in ((), ("--keep-statistics",)):
        train(folder / "m.safetensors", "--epochs", 1, *words)
        run("encode", folder / "set.npz", "--model", folder / "m.safetensors", "-o", folder / "a.npz", env=QUIET)
        codes.append(np.load(folder / "a.npz")["codes"])
    assert not np.array_equal(*codes)


def test_own_diagrams_are_split_by_the_seed(folder):
    run("synth", "-o", folder / "set.npz", "--count", 60, "--points", 8, "--seed", 9)
    data = ("--data", folder / "set.npz", "--width", 0.015625, "--batch", 8, "--epochs", 1, "--threads", 1)
    run("train", "pdgan", "-o", folder / "m.safetensors", *data, "--split", "40:15", "--similarity", "real", "--target", "sinkhorn", env=QUIET)
    assert log_of(folder / "m.safetensors")[0]["codes"] == "15"
    for split in ("50:20", "x", "0:10:3"):
        run("train", "pdgan", "-o", folder / "m.safetensors", *data, "--split", split, code=USAGE)


def spearman(folder, codes, set_path):
    """Of Hamming distances with exact pooled W1."""
    run("distance", set_path, "--pool", "-o", folder / "w.npy")
    bits = np.unpackbits(np.load(codes)["codes"], axis=1).astype(int)
    i, j = np.triu_indices(len(bits), 1)
    hamming = (bits[i] != bits[j]).sum(axis=1)
    ranks = [np.unique(d, return_inverse=True, return_counts=True)[1:] for d in (hamming, np.load(folder / "w.npy"))]
    return np.corrcoef(*[(np.cumsum(counts) - counts / 2)[inverse] for inverse, counts in ranks])[0, 1]


MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"


def test_the_shipped_models_track_wasserstein(folder):
    for n_points in (20, 50, 100):
        run("synth", "-o", folder / "set.npz", "--count", 80, "--points", n_points, "--seed", 977)
        run("encode", folder / "set.npz", "--model", MODELS / f"pdgan-{n_points}.safetensors", "-o", folder / "c.npz", env=QUIET)
        found = spearman(folder, folder / "c.npz", folder / "set.npz")
        assert found > 0.65, (n_points, found)


def test_the_shipped_models_track_wasserstein_on_real_diagrams(folder):
    real = pathlib.Path(os.environ.get("PSH_DATASETS", MODELS.parents[1] / "shared" / "datasets")) / "vortex_street" / "diagrams.npz"
    if not real.exists():
        raise harness.Skip(f"{real} is missing")
    for n_points in (20, 50, 100):
        run("encode", real, "--model", MODELS / f"pdgan-{n_points}.safetensors", "-o", folder / "c.npz", env=QUIET)
        found = spearman(folder, folder / "c.npz", real)
        assert found > 0.9, (n_points, found)


def test_options_of_another_kind_are_refused(folder):
    for words in (("--fit-sample", 5), ("--pool",), ("--split", "3:4"), ("--data", "x.npz", "--points", 4), ("--preset", "poster"), ("--width", 5), ("--layout", "deep"),
                  ("--image", "png"), ("--loss", "l1"), ("--schedule", "cosine"),
                  ("--similarity", "s6")):
        run("train", "pdgan", "-o", folder / "m.safetensors", *words, code=USAGE)
    run("train", "sketch", "set.npz", "-o", folder / "m.safetensors", "--epochs", 3, code=USAGE)
    run("train", "compass", "set.npz", "-o", folder / "m.safetensors", code=USAGE)
    run("train", "pdgan", "-o", "-", code=USAGE)


if __name__ == "__main__":
    harness.main([value for name, value in list(globals().items()) if name.startswith("test_")])
