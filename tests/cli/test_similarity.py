"""`persihash similarity`: the paper's matrices against NumPy, on distances of our own and of others."""
import json

import harness
import numpy as np
from harness import BAD_DATA, USAGE, run
from scipy.spatial.distance import pdist, squareform

RNG = np.random.default_rng(2)
SHARES = {"s1": 0.25, "s2": 0.15, "s3": 0.35}


def write_distances(folder, n=40):
    square = squareform(pdist(RNG.random((n, 3))))
    np.save(folder / "d.npy", squareform(square))
    return folder / "d.npy", square


def similarity(folder, *words):
    run("similarity", folder / "d.npy", "-o", folder / "s.npy", *words)
    return np.load(folder / "s.npy"), json.loads((folder / "s.json").read_text())


def two_passes(square):
    """The definition, row by row."""
    similar = np.full(square.shape, -1.0)
    for i, row in enumerate(square):
        left = np.delete(np.arange(len(row)), i)
        for _ in range(2):
            left = left[row[left] <= row[left].mean()]
        similar[i, left] = similar[i, i] = 1
    return similar


def nearest(square, share):
    similar = np.full(square.shape, -1.0)
    for i, row in enumerate(square):
        others = np.delete(np.arange(len(row)), i)
        others = others[np.argsort(row[others], kind="stable")]
        similar[i, others[: round(share * len(row))]] = similar[i, i] = 1
    return similar


def test_every_kind_is_its_definition(folder):
    _, square = write_distances(folder)
    real, meta = similarity(folder, "--kind", "real")
    assert real.shape == (40, 40) and real.dtype == np.float32 and meta["similarity"] == "real"
    assert np.abs(real - (1 - square / square.max())).max() < 1e-6
    for kind, share in SHARES.items():
        found, meta = similarity(folder, "--kind", kind)
        assert np.array_equal(found, nearest(square, share)) and meta["share"] == share, kind
    condensed = np.sort(squareform(square))
    expected = np.where(square <= condensed[round(0.25 * len(condensed)) - 1], 1, -1)
    assert np.array_equal(similarity(folder, "--kind", "s4")[0], expected)
    default, meta = similarity(folder)
    assert np.array_equal(default, two_passes(square)) and (meta["similarity"], meta["symmetry"]) == ("s5", "none")


def test_shares_and_symmetry(folder):
    _, square = write_distances(folder)
    for share in (0.01, 0.1, 0.5, 1):
        assert np.array_equal(similarity(folder, "--kind", "nearest", "--share", share)[0], nearest(square, share)), share
    rows = two_passes(square)
    assert (rows != rows.T).any()
    assert np.array_equal(similarity(folder, "--symmetry", "either")[0], np.maximum(rows, rows.T))
    assert np.array_equal(similarity(folder, "--symmetry", "both")[0], np.minimum(rows, rows.T))


def test_ties_go_to_the_lower_index(folder):
    np.save(folder / "d.npy", np.ones(10 * 9 // 2, np.uint8))
    found, _ = similarity(folder, "--kind", "nearest", "--share", 0.3)
    for i, row in enumerate(found):
        assert np.flatnonzero(row > 0).tolist() == sorted([i, *[j for j in range(10) if j != i][:3]])


def test_from_diagrams_to_similarities(folder):
    run("synth", "-o", folder / "set.npz", "--count", 15, "--points", 10)
    run("distance", folder / "set.npz", "-o", folder / "d.npy")
    first, meta = similarity(folder, "--threads", 1)
    assert meta["source"]["metric"] == "wasserstein" and meta["tool"].startswith("persihash")
    summary = json.loads(run("similarity", folder / "d.npy", "-o", folder / "s.npy", "--threads", 3, "--json")[0])
    assert np.array_equal(first, np.load(folder / "s.npy"))
    assert abs(summary["similar"] - ((first > 0).sum() - 15) / (15 * 14)) < 1e-12 and summary["n_items"] == 15


def test_what_makes_no_sense_is_refused(folder):
    write_distances(folder)
    for words in (("--kind", "s6"), ("--share", 0.5), ("--kind", "s1", "--share", 0.5), ("--kind", "real", "--symmetry", "both"),
                  ("--kind", "nearest", "--share", 0), ("--kind", "global", "--share", 1.5)):
        run("similarity", folder / "d.npy", "-o", folder / "x.npy", *words, code=USAGE)
    np.save(folder / "d.npy", np.ones(11))
    _, error = run("similarity", folder / "d.npy", "-o", folder / "x.npy", code=BAD_DATA)
    assert "all pairs" in error and not (folder / "x.npy").exists()


harness.main([test for name, test in list(globals().items()) if name.startswith("test_")])
