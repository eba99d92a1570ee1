"""`encode --frame` warns when new diagrams lie elsewhere than those that the model was fitted on."""
import json
import os
import pathlib

import numpy as np
from harness import Skip, main, run

DATA = pathlib.Path(os.environ.get("PSH_DATASETS", pathlib.Path(__file__).resolve().parents[3] / "shared" / "datasets"))
ENCODERS = (["--encoder", "sketch"], ["--encoder", "compact", "--steps", "100"])


def load(path):
    with np.load(path) as data:
        points, dims, offsets = data["points"].astype(float), data["dims"], data["offsets"].astype(int)
    return [(points[a:b], dims[a:b]) for a, b in zip(offsets[:-1], offsets[1:])]


def save(path, diagrams):
    np.savez(path, points=np.concatenate([p for p, _ in diagrams]), dims=np.concatenate([d for _, d in diagrams]),
             offsets=np.cumsum([0] + [len(p) for p, _ in diagrams]))
    return path


def made(n, seed):
    """n diagrams of 20 points, around centres of their own."""
    rng = np.random.default_rng(seed)
    diagrams = []
    for _ in range(n):
        spread = 0.1 + 0.4 * rng.random()
        births = rng.random() + spread * rng.random(20)
        diagrams.append((np.stack([births, births + spread * rng.random(20)], 1), np.zeros(20, int)))
    return diagrams


def drift(new, codes, folder):
    """(what --json says, the warning)"""
    out, err = run("encode", save(folder / "new.npz", new), "--frame", codes, "-o", folder / "new_codes.npz", "--json")
    found = json.loads(out)["drift"]
    assert found["found"] == (found["outside"] or found["shifted"] or found["far"])
    assert ("warning: the new diagrams lie elsewhere" in err) == found["found"], err
    return found, err


def moved(diagrams, scale=1.0, shift=0.0):
    return [(points * scale + shift, dims) for points, dims in diagrams]


def like_diagrams_pass_and_others_warn(folder):
    old = made(200, 0)
    for words in ENCODERS:
        run("encode", save(folder / "old.npz", old), "-o", folder / "codes.npz", "--fit-target", "sliced", *words)
        for n in (1, 3, 30, 150):
            assert not drift(made(n, 1), folder / "codes.npz", folder)[0]["found"], n
        for change in ({"scale": 2}, {"scale": 0.4}, {"shift": 0.8}, {"shift": -0.8}):
            found, err = drift(moved(made(60, 2), **change), folder / "codes.npz", folder)
            assert found["found"] and "fit again" in err, (words, change)
        found, err = drift(moved(made(1, 3), shift=5), folder / "codes.npz", folder)
        assert found["outside"] and found["share_outside"] == 1 and "100 % of their points are outside" in err


def the_old_set_itself_passes_and_quiet_still_warns(folder):
    old = made(80, 0)
    run("encode", save(folder / "old.npz", old), "-o", folder / "codes.npz", "--fit-target", "sliced")
    found, _ = drift(old, folder / "codes.npz", folder)
    assert not found["found"] and found["share_outside"] == 0 and found["old_mean"] == found["new_mean"] and found["farthest"] == 0
    save(folder / "far.npz", moved(old, 3))
    assert "warning" in run("encode", folder / "far.npz", "--frame", folder / "codes.npz", "-o", folder / "x.npz", "--quiet")[1]
    assert "drift" not in json.loads(run("encode", folder / "far.npz", "-o", folder / "x.npz", "--fit-target", "sliced", "--json")[0])


def a_network_is_checked_alike(folder):
    run("train", "pdgan", "-o", folder / "m.safetensors", "--count", "48", "--points", "10", "--width", "0.015625", "--epochs", "1", "--batch", "8",
        "--bits", "16", "--threads", "1", env={"OMP_WAIT_POLICY": "passive"})
    run("encode", save(folder / "old.npz", made(100, 0)), "--model", folder / "m.safetensors", "-o", folder / "codes.npz")
    assert not drift(made(50, 1), folder / "codes.npz", folder)[0]["outside"]
    assert drift(moved(made(50, 1), shift=3), folder / "codes.npz", folder)[0]["outside"]


def one_half_of_a_real_set_passes_in_the_other(folder):
    source = DATA / "shape2" / "diagrams.npz"
    if not source.exists():
        raise Skip(f"{source} is missing")
    shapes = load(source)
    rows = np.random.default_rng(0).permutation(len(shapes))[:400]
    run("encode", save(folder / "old.npz", [shapes[i] for i in rows[:200]]), "--pool", "--fit-target", "sliced", "--encoder", "sketch", "-o", folder / "codes.npz")
    half = [shapes[i] for i in rows[200:]]
    for n in (1, 5, 20, 200):
        assert not drift(half[:n], folder / "codes.npz", folder)[0]["found"], n
    low, high = min(p.min() for p, _ in half), max(p.max() for p, _ in half)
    assert drift(moved(half, 2), folder / "codes.npz", folder)[0]["found"]
    assert drift(moved(half, shift=0.25 * (high - low)), folder / "codes.npz", folder)[0]["found"]
    vortices = DATA / "vortex_street" / "diagrams.npz"
    if vortices.exists():
        assert drift(load(vortices), folder / "codes.npz", folder)[0]["outside"]


main([like_diagrams_pass_and_others_warn, the_old_set_itself_passes_and_quiet_still_warns, a_network_is_checked_alike, one_half_of_a_real_set_passes_in_the_other])
