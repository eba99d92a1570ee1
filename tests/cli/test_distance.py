"""Exact distances by the tool: metrics, two files, metadata, and work that survives Ctrl-C and kill -9."""
import json
import os
import signal
import subprocess
import tempfile
import time

import numpy as np
from harness import BAD_DATA, FAILED, TOOL, USAGE, main, run
from scipy.spatial.distance import squareform


def write_set(path, n, n_points, seed=0, essential=False):
    """n diagrams of n_points points in two dimensions; with `essential`, one infinite class each."""
    rng = np.random.default_rng(seed)
    births = rng.random(n * n_points)
    points = np.stack([births, births + rng.random(len(births))], 1)
    if essential:
        points[::n_points, 1] = np.inf
    np.savez(path, points=points, dims=rng.integers(0, 2, len(points)), offsets=np.arange(0, n * n_points + 1, n_points))
    return path


def summary(*words):
    return json.loads(run("distance", *words, "--json")[0])


def meta(path):
    return json.loads(path.with_suffix(".json").read_text())


def metrics_keep_their_order(folder):
    data = write_set(folder / "a.npz", 12, 20)
    d = {}
    for metric, more in (("wasserstein", []), ("bottleneck", []), ("auction", ["--delta", "0.2"])):
        out = folder / f"{metric}.npy"
        assert summary(data, "-o", out, "-m", metric, *more)["metric"] == metric
        d[metric] = np.load(out)
        assert d[metric].shape == (66,) and meta(out)["metric"] == metric
    assert (d["bottleneck"] <= d["wasserstein"]).all() and (d["bottleneck"] > 0).all()
    assert (d["auction"] >= d["wasserstein"] * (1 - 1e-12)).all() and (d["auction"] <= 1.2 * d["wasserstein"]).all()
    assert not np.array_equal(d["auction"], d["wasserstein"])


def metadata_tells_what_the_numbers_depend_on(folder):
    data = write_set(folder / "a.npz", 5, 8, essential=True)
    run("distance", data, "-o", folder / "d.npy", "--order", "2", "--ground", "2", "--pool", "--essential", "keep", "--verify")
    found = meta(folder / "d.npy")
    assert (found["metric"], found["order"], found["ground"], found["pool"], found["essential"], found["verified"]) == ("wasserstein", 2, "L2", True, "keep", True)
    run("distance", data, "-o", folder / "b.npy", "-m", "bottleneck")
    assert "order" not in meta(folder / "b.npy") and meta(folder / "b.npy")["essential"] == "drop"
    run("distance", data, "-o", folder / "c.npy", "-m", "auction", "--delta", "0.05")
    assert meta(folder / "c.npy")["delta"] == 0.05


def two_files_give_each_against_each(folder):
    a, b, both = (folder / f"{name}.npz" for name in ("a", "b", "both"))
    write_set(a, 7, 15, 1), write_set(b, 4, 25, 2)
    one, other = np.load(a), np.load(b)
    np.savez(both, points=np.concatenate([one["points"], other["points"]]), dims=np.concatenate([one["dims"], other["dims"]]),
             offsets=np.concatenate([one["offsets"], other["offsets"][1:] + one["offsets"][-1]]))
    for metric in ("wasserstein", "bottleneck", "auction"):
        found = summary(a, b, "-o", folder / "x.npy", "-m", metric)
        run("distance", both, "-o", folder / "s.npy", "-m", metric, "--square")
        cross, square = np.load(folder / "x.npy"), np.load(folder / "s.npy")
        assert (found["n_a"], found["n_b"]) == (7, 4) and cross.dtype == np.float64
        np.testing.assert_array_equal(cross, square[:7, 7:])
    write_set(folder / "one.npz", 1, 15, 1)
    run("distance", folder / "one.npz", b, "-o", folder / "x.npy")
    assert np.load(folder / "x.npy").shape == (1, 4)
    assert "source_b" in meta(folder / "x.npy")


def forms_hold_the_same_numbers(folder):
    data = write_set(folder / "a.npz", 9, 10)
    run("distance", data, "-o", folder / "d.npy")
    run("distance", data, "-o", folder / "s.npy", "--square")
    run("distance", data, "-o", folder / "f.npy", "--dtype", "f32")
    condensed = np.load(folder / "d.npy")
    np.testing.assert_array_equal(squareform(condensed), np.load(folder / "s.npy"))
    np.testing.assert_array_equal(condensed.astype(np.float32), np.load(folder / "f.npy"))
    piped = subprocess.run([TOOL, "distance", data, "-o", "-"], capture_output=True, check=True).stdout
    assert piped == (folder / "d.npy").read_bytes()
    run("distance", "-", "-o", folder / "p.npy", stdin=data.read_bytes())
    assert (folder / "p.npy").read_bytes() == piped


def proofs_are_tight(folder):
    data = write_set(folder / "a.npz", 15, 30)
    assert summary(data, "-o", folder / "v.npy", "--verify")["max_gap"] < 1e-12
    run("distance", data, "-o", folder / "d.npy")
    assert (folder / "v.npy").read_bytes() == (folder / "d.npy").read_bytes()
    assert 0 < summary(data, "-o", folder / "v.npy", "--verify", "-m", "auction", "--delta", "0.1")["max_gap"] <= 0.1


def bad_options_are_refused(folder):
    data = write_set(folder / "a.npz", 4, 5)
    for words in (["--order", "0.9"], ["--order", "nan"], ["--order", "inf"], ["-m", "bottleneck", "--order", "2"], ["-m", "auction", "--delta", "-0.1"],
                  ["-m", "auction", "--delta", "0"], ["-m", "auction", "--delta", "nan"], ["--delta", "0.1"], ["-m", "hera"], ["--dtype", "f16"],
                  ["-m", "bottleneck", "--verify"], ["--ground", "3"]):
        run("distance", data, "-o", folder / "x.npy", *words, code=USAGE)
    run("distance", data, data, "-o", folder / "x.npy", "--square", code=USAGE)
    run("distance", data, data, "-o", folder / "x.npy", "--sample", "2", code=USAGE)
    run("distance", data, "-o", "-", "--resume", code=USAGE)
    run("encode", data, "-o", folder / "codes.npz")
    for words in (["--resume"], ["--verify"], ["--dtype", "f32"], ["--delta", "0.1"]):
        run("distance", folder / "codes.npz", "-o", folder / "x.npy", *words, code=USAGE)
    run("distance", data, folder / "codes.npz", "-o", folder / "x.npy", code=BAD_DATA)
    for value in (np.nan, -np.inf, np.inf):
        np.savez(folder / "bad.npz", points=np.array([[0, 1], [value, np.inf]]), dims=np.zeros(2, int), offsets=np.array([0, 1, 2]))
        for metric in ("wasserstein", "bottleneck", "auction"):
            _, err = run("distance", folder / "bad.npz", "-o", folder / "x.npy", "-m", metric, code=BAD_DATA)
            assert "bad.npz" in err
    assert not list(folder.glob("x.*"))


def start_and_wait(words, journal, n_records):
    """Starts the tool and returns when that many tiles are done."""
    work = subprocess.Popen([TOOL, "distance", *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not journal.exists() or journal.stat().st_size < 32 + 32 * n_records:
        assert work.poll() is None, work.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return work


def in_memory(test):
    """A scratch folder in memory if there is one: data on a disk under load may take seconds to be synced."""
    def wrapped(folder):
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as fast:
            test(type(folder)(fast))
    wrapped.__name__ = test.__name__
    return wrapped


def killed_work_goes_on(folder):
    data = write_set(folder / "big.npz", 90, 250)
    partial, journal, out = folder / "d.npy.partial", folder / "d.npy.partial.journal", folder / "d.npy"
    words = [data, "-o", out, "--resume", "--threads", "2"]
    run("distance", data, "-o", folder / "whole.npy", "--threads", "1")
    n_known = 0
    for _ in range(2):
        work = start_and_wait(words, journal, n_known + 8)
        work.kill()
        work.communicate()
        assert work.returncode == -signal.SIGKILL
        assert partial.exists() and not out.exists() and not out.with_suffix(".json").exists()
        n_known = (journal.stat().st_size - 32) // 32
    found = summary(*words)
    assert found["n_tiles_resumed"] == n_known >= 16 and found["n_tiles"] > n_known
    assert out.read_bytes() == (folder / "whole.npy").read_bytes()
    assert out.with_suffix(".json").read_bytes() == (folder / "whole.json").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["big.npz", "d.json", "d.npy", "whole.json", "whole.npy"]


def interrupted_work_is_kept_if_asked_and_guarded(folder):
    data, other = write_set(folder / "big.npz", 90, 250), write_set(folder / "other.npz", 90, 250, seed=1)
    out, journal = folder / "d.npy", folder / "d.npy.partial.journal"
    work = start_and_wait([data, "-o", out, "--resume", "--threads", "1"], journal, 4)
    _, err = run("distance", data, "-o", out, "--resume", code=FAILED)
    assert "another process" in err
    work.send_signal(signal.SIGINT)
    _, err = work.communicate(timeout=60)
    assert work.returncode == FAILED and b"stopped" in err and b"d.npy.partial" in err, err
    kept = (folder / "d.npy.partial").read_bytes()
    _, err = run("distance", data, "-o", out, code=FAILED)
    assert "--resume" in err
    _, err = run("distance", other, "-o", out, "--resume", code=BAD_DATA)
    assert "other diagrams" in err
    for more in (["--order", "2"], ["--dtype", "f32"], ["--pool"], ["-m", "bottleneck"], ["--verify"]):
        _, err = run("distance", data, "-o", out, "--resume", *more, code=BAD_DATA)
        assert "other options" in err
    assert (folder / "d.npy.partial").read_bytes() == kept
    assert summary(data, "-o", out, "--resume", "--threads", "1")["n_tiles_resumed"] >= 4
    assert not journal.exists()


def killed_cross_and_square_go_on(folder):
    a, b = write_set(folder / "a.npz", 70, 250), write_set(folder / "b.npz", 40, 250, seed=1)
    for files, more in (([a, b], []), ([a], ["--square"])):
        out = folder / "x.npy"
        work = start_and_wait([*files, "-o", out, "--resume", "--threads", "1", *more], folder / "x.npy.partial.journal", 4)
        work.kill()
        work.communicate()
        assert summary(*files, "-o", out, "--resume", *more)["n_tiles_resumed"] >= 4
        run("distance", *files, "-o", folder / "whole.npy", *more)
        assert out.read_bytes() == (folder / "whole.npy").read_bytes()
        assert not list(folder.glob("*.partial*"))


main([metrics_keep_their_order, metadata_tells_what_the_numbers_depend_on, two_files_give_each_against_each, forms_hold_the_same_numbers, proofs_are_tight,
      bad_options_are_refused, in_memory(killed_work_goes_on), in_memory(interrupted_work_is_kept_if_asked_and_guarded), in_memory(killed_cross_and_square_go_on)])
