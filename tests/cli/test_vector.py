"""`persihash vector`, and `persihash distance` by vectors and by Sinkhorn's iterations."""
import json

import harness
import numpy as np
from harness import BAD_DATA, NOT_CONVERGED, USAGE, run
from scipy.spatial.distance import pdist


def make_set(folder, n=20, n_points=30):
    run("synth", "-o", folder / "set.npz", "--count", n, "--points", n_points, "--seed", 3)
    return folder / "set.npz"


def test_vectors_have_a_row_a_diagram_and_say_what_they_are(folder):
    widths = {"histogram": 2501, "pimage": 2500, "betti": 2500, "sliced": 1024}
    for kind, width in widths.items():
        run("vector", make_set(folder), "-o", folder / "v.npy", "--kind", kind)
        vectors, meta = np.load(folder / "v.npy"), json.loads((folder / "v.json").read_text())
        assert vectors.shape == (20, width) and vectors.dtype == np.float32 and vectors.any()
        assert meta["representation"] == kind and meta["frame"] == "set" and 0 <= meta["frame_lo"] < meta["frame_hi"] <= 1


def test_distances_are_those_of_the_vectors(folder):
    metrics = {1: "cityblock", 2: "euclidean", "inf": "chebyshev"}
    for kind in ("histogram", "pimage", "betti", "sliced"):
        run("vector", make_set(folder), "-o", folder / "v.npy", "--kind", kind)
        vectors = np.load(folder / "v.npy").astype(np.float64)
        for order, metric in metrics.items():
            run("distance", make_set(folder), "-o", folder / "d.npy", "--metric", kind, "--order", order)
            expected = pdist(vectors, metric)
            assert np.abs(np.load(folder / "d.npy") - expected).max() < 1e-5 * expected.max(), (kind, order)


def test_options_reach_the_vectors(folder):
    source = make_set(folder)
    for words, width in ((("--kind", "histogram", "--cells", 8, "--no-count"), 64), (("--kind", "pimage", "--cells", 9, "--integrate"), 81),
                         (("--kind", "betti", "--samples", 77), 77), (("--kind", "sliced", "--directions", 3, "--positions", 5), 15)):
        run("vector", source, "-o", folder / "v.npy", *words)
        assert np.load(folder / "v.npy").shape == (20, width), words


def test_sinkhorn_tracks_wasserstein(folder):
    source = make_set(folder)
    run("distance", source, "-o", folder / "w.npy")
    for ground in ("squared", "inf", "2"):
        run("distance", source, "-o", folder / "d.npy", "--metric", "sinkhorn", "--ground", ground)
        assert np.corrcoef(np.load(folder / "d.npy"), np.load(folder / "w.npy"))[0, 1] > (0.6 if ground == "squared" else 0.9), ground
    meta = json.loads((folder / "d.json").read_text())
    assert abs(meta["regularisation"] - 0.1 / 30) < 1e-12 and meta["tolerance"] == 1e-3 and meta["ground"] == "L2"


def test_no_convergence_has_its_exit_code_and_writes_nothing(folder):
    _, error = run("distance", make_set(folder), "-o", folder / "d.npy", "--metric", "sinkhorn", "--iterations", 1, code=NOT_CONVERGED)
    assert "after 1 iterations" in error and "more iterations" in error and not list(folder.glob("d.*"))


def test_two_sets_give_each_against_each(folder):
    """The same numbers as in the matrix of both sets together, which has the same frame."""
    source = np.load(make_set(folder))
    points, offsets = source["points"], source["offsets"]
    for name, rows in (("a", range(7)), ("b", range(7, 20)), ("one", range(1)), ("both", range(20)), ("rest", range(1, 20))):
        parts = [points[offsets[i]:offsets[i + 1]] for i in rows]
        np.savez(folder / f"{name}.npz", points=np.concatenate(parts), dims=np.zeros(sum(map(len, parts)), int),
                 offsets=np.cumsum([0, *map(len, parts)]))
    for metric in ("pimage", "betti", "sliced", "histogram", "sinkhorn"):
        run("distance", folder / "both.npz", "-o", folder / "s.npy", "--metric", metric, "--square")
        square = np.load(folder / "s.npy")
        for a, b, expected in (("a", "b", square[:7, 7:]), ("one", "rest", square[:1, 1:])):
            run("distance", folder / f"{a}.npz", folder / f"{b}.npz", "-o", folder / "x.npy", "--metric", metric)
            cross = np.load(folder / "x.npy")
            assert cross.dtype == square.dtype and np.array_equal(cross, expected), (metric, a, b)
    assert "source_b" in json.loads((folder / "x.json").read_text())


def test_dimensions_that_only_one_of_two_sets_has(folder):
    for name, dims in (("a", [0, 0, 1]), ("b", [0, 2, 2])):
        np.savez(folder / f"{name}.npz", points=np.array([[0, 1], [0.2, 0.5], [0.1, 0.6]]), dims=np.array(dims), offsets=np.array([0, 2, 3]))
    for metric in ("betti", "sinkhorn"):
        run("distance", folder / "a.npz", folder / "b.npz", "-o", folder / "x.npy", "--metric", metric)
        assert (np.load(folder / "x.npy") > 0).all()


def test_types_of_numbers(folder):
    source = make_set(folder)
    for metric, default in (("pimage", np.float32), ("sinkhorn", np.float64)):
        run("distance", source, "-o", folder / "d.npy", "--metric", metric)
        assert np.load(folder / "d.npy").dtype == default
        run("distance", source, "-o", folder / "n.npy", "--metric", metric, "--dtype", "f32")
        run("distance", source, "-o", folder / "w.npy", "--metric", metric, "--dtype", "f64")
        narrow, wide = np.load(folder / "n.npy"), np.load(folder / "w.npy")
        assert (narrow.dtype, wide.dtype) == (np.float32, np.float64) and np.allclose(narrow, wide, rtol=1e-6)
    run("vector", source, "-o", folder / "v.npy", "--kind", "pimage")
    run("distance", source, "-o", folder / "w.npy", "--metric", "pimage", "--dtype", "f64")
    expected = pdist(np.load(folder / "v.npy").astype(np.float64))
    assert np.abs(np.load(folder / "w.npy") - expected).max() < 1e-13 * expected.max()


def test_a_sample_is_recorded(folder):
    run("distance", make_set(folder), "-o", folder / "d.npy", "--metric", "betti", "--sample", 6, "--seed", 1)
    assert len(np.load(folder / "d.npy")) == 15 and len(json.loads((folder / "d.json").read_text())["rows"]) == 6


def test_exact_distances_are_near_sampled_ones_and_go_on_after_a_stop(folder):
    source = make_set(folder)
    for metric, factor in (("betti", 2499**-0.5), ("sliced", 1)):
        run("distance", source, "-o", folder / "e.npy", "--metric", metric, "--exact", "--resume")
        run("distance", source, "-o", folder / "s.npy", "--metric", metric)
        exact, sampled = np.load(folder / "e.npy"), np.load(folder / "s.npy") * factor
        assert np.corrcoef(exact, sampled)[0, 1] > 0.99 and np.abs(exact - sampled).max() < 0.1 * exact.max(), metric


def test_options_without_meaning_are_refused(folder):
    source = make_set(folder)
    for words in (("--metric", "betti", "--bandwidth", 1), ("--metric", "pimage", "--tolerance", 0.1), ("--metric", "sinkhorn", "--order", 2),
                  ("--metric", "sliced", "--delta", 1), ("--metric", "wasserstein", "--cells", 5), ("--metric", "betti", "--verify"),
                  ("--metric", "pimage", "--exact"), ("--metric", "betti", "--exact", "--samples", 5), ("--metric", "wasserstein", "--exact"),
                  ("--metric", "sliced", "--exact", "--order", 2)):
        _, error = run("distance", source, "-o", folder / "d.npy", *words, code=USAGE)
        assert any(text in error for text in ("says nothing about", "not for", "leave")), error
    run("vector", source, "-o", folder / "v.npy", "--kind", "betti", "--cells", 5, code=USAGE)
    (folder / "broken.npz").write_bytes(b"PK")
    run("vector", folder / "broken.npz", "-o", folder / "v.npy", code=BAD_DATA)


def test_threads_do_not_change_a_byte(folder):
    source = make_set(folder)
    for words in (("--metric", "pimage"), ("--metric", "sinkhorn"), ("--metric", "sliced")):
        run("distance", source, "-o", folder / "a.npy", *words, "--threads", 1)
        run("distance", source, "-o", folder / "b.npy", *words, "--threads", 3)
        assert (folder / "a.npy").read_bytes() == (folder / "b.npy").read_bytes()


harness.main([test for name, test in list(globals().items()) if name.startswith("test_")])
