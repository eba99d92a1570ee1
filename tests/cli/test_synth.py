"""persihash synth --kind mixed: sets as varied as real ones, the same from the same numbers."""
import json

import numpy as np
from harness import USAGE, main, run

FAMILIES = ("blobs", "uniform", "fields", "clouds", "series")


def meta_of(path):
    return json.loads(str(np.load(path)["meta"]))


def every_family_gives_diagrams(folder):
    for family in FAMILIES:
        run("synth", "--kind", "mixed", "--family", family, "--count", 30, "--seed", 2, "-o", folder / "set.npz")
        diagrams = np.load(folder / "set.npz")
        points, counts = diagrams["points"], np.diff(diagrams["offsets"].astype(int))
        assert len(counts) == 30 and counts.min() >= 1 and counts.max() <= 2000
        assert np.isfinite(points).all() and (points[:, 0] < points[:, 1]).all() and set(diagrams["dims"]) <= {0, 1}
        meta = meta_of(folder / "set.npz")
        assert meta["family"] == family and meta["synth"] == "mixed" and meta["seed"] == 2
        assert isinstance(meta["modifiers"], list) and meta["parameters"]


def the_same_numbers_give_the_same_bytes(folder):
    run("synth", "--kind", "mixed", "--index", 5, "-o", folder / "a.npz")
    run("synth", "--kind", "mixed", "--index", 5, "-o", folder / "b.npz", "--threads", 1)
    run("synth", "--kind", "mixed", "--index", 6, "-o", folder / "c.npz")
    assert (folder / "a.npz").read_bytes() == (folder / "b.npz").read_bytes() != (folder / "c.npz").read_bytes()
    assert len(np.load(folder / "a.npz")["offsets"]) == 129


def points_are_limited(folder):
    run("synth", "--kind", "mixed", "--family", "fields", "--points", 7, "-o", folder / "a.npz")
    assert np.diff(np.load(folder / "a.npz")["offsets"].astype(int)).max() <= 7


def options_of_one_kind_are_refused_for_the_other(folder):
    _, err = run("synth", "--family", "blobs", "-o", folder / "a.npz", code=USAGE)
    assert "--family is for mixed sets" in err
    _, err = run("synth", "--index", 1, "-o", folder / "a.npz", code=USAGE)
    assert "--index is for mixed sets" in err
    _, err = run("synth", "--kind", "mixed", "--family", "cats", "-o", folder / "a.npz", code=USAGE)
    assert "cats" in err and "blobs" in err
    assert not (folder / "a.npz").exists()


main([every_family_gives_diagrams, the_same_numbers_give_the_same_bytes, points_are_limited,
      options_of_one_kind_are_refused_for_the_other])
