"""Exact distances of Betti curves and exact sliced Wasserstein, by the tool, against SciPy, POT, GUDHI and the definition."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import ot
    from gudhi.representations import BettiCurve, SlicedWassersteinDistance
    from scipy.spatial.distance import pdist, squareform
    from scipy.stats import wasserstein_distance
except ImportError as missing:
    print(f"skipped: {missing}; install python3-scipy, python3-gudhi and python3-pot")
    sys.exit(77)

TOOL = os.environ.get("PERSIHASH", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "persihash"))
RNG = np.random.default_rng(6)


def random_diagrams(sizes, digits=None):
    """Sorted pairs; with `digits` rounded, so that coordinates meet."""
    points = [np.sort(RNG.random((n, 2)), axis=1) for n in sizes]
    return points if digits is None else [np.round(p, digits) for p in points]


def distances(diagrams, *words, dims=None):
    """Condensed distances in units of the diagrams, and the frame."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = pathlib.Path(folder, "set.npz"), pathlib.Path(folder, "d.npy")
        np.savez(source, points=np.concatenate(diagrams), offsets=np.cumsum([0, *map(len, diagrams)]),
                 dims=np.concatenate(dims) if dims else np.zeros(sum(map(len, diagrams)), int))
        done = subprocess.run([TOOL, "distance", source, "-o", out, "--exact", *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        meta = json.loads(out.with_suffix(".json").read_text())
        assert meta["exact"] and np.load(out).dtype == np.float64
        return np.load(out), meta["frame_hi"] - meta["frame_lo"]


def project(points, direction):
    """A diagram's points and the projections of its points to the diagonal, on the line."""
    middle = points.mean(axis=1)
    return points @ direction, np.stack([middle, middle], 1) @ direction


def directions(n):
    angles = (np.arange(n) + 0.5) * np.pi / n - np.pi / 2
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def upper(n):
    return [(i, j) for i in range(n) for j in range(i + 1, n)]


def test_sliced_is_the_mean_of_scipys_one_dimensional_distances():
    for diagrams in (random_diagrams((1, 5, 40, 90)), random_diagrams((30, 30, 60), 1)):
        for n_directions in (1, 3, 16, 18):
            ours, scale = distances(diagrams, "-m", "sliced", "--directions", n_directions)
            theirs = []
            for i, j in upper(len(diagrams)):
                total = 0
                for direction in directions(n_directions):
                    (a, a_diagonal), (b, b_diagonal) = project(diagrams[i], direction), project(diagrams[j], direction)
                    left, right = np.concatenate([a, b_diagonal]), np.concatenate([b, a_diagonal])
                    total += wasserstein_distance(left, right) * len(left)
                theirs.append(total / n_directions)
            assert np.abs(ours * scale - theirs).max() < 1e-10 * max(theirs), n_directions


def test_sliced_equals_pots_transport_on_the_line():
    diagrams = random_diagrams((20, 33))
    ours, scale = distances(diagrams, "-m", "sliced", "--directions", 5)
    total = 0
    for direction in directions(5):
        (a, a_diagonal), (b, b_diagonal) = project(diagrams[0], direction), project(diagrams[1], direction)
        left, right = np.concatenate([a, b_diagonal]), np.concatenate([b, a_diagonal])
        total += ot.emd2_1d(left, right, metric="euclidean") * len(left)
    assert abs(ours[0] * scale - total / 5) < 1e-9 * total


def test_sliced_equals_gudhi():
    """GUDHI's n directions start at -pi / 2, ours half a step later: ours are every second one of its 2 n."""
    diagrams = random_diagrams((10, 25, 60, 3))
    for n in (2, 7, 10):
        ours, scale = distances(diagrams, "-m", "sliced", "--directions", n)
        few, many = (SlicedWassersteinDistance(num_directions=k).fit(diagrams).transform(diagrams) for k in (n, 2 * n))
        expected = squareform(2 * many - few, checks=False)
        assert np.abs(ours * scale - expected).max() < 1e-8 * expected.max(), n


def exact_betti(a, b, order):
    """The definition over merged breakpoints."""
    at = np.unique(np.concatenate([a.ravel(), b.ravel()]))
    middles = (at[1:] + at[:-1]) / 2
    height = np.abs([((a[:, 0] <= t) & (t < a[:, 1])).sum() - ((b[:, 0] <= t) & (t < b[:, 1])).sum() for t in middles])
    return height.max() if order == "inf" else (height**float(order) * np.diff(at)).sum() ** (1 / float(order))


def test_betti_is_the_definition():
    for diagrams in (random_diagrams((1, 2, 30, 70)), random_diagrams((40, 5, 40), 1)):
        for order in (1, 2, 3.5, "inf"):
            ours, scale = distances(diagrams, "-m", "betti", "--order", order)
            expected = [exact_betti(diagrams[i], diagrams[j], order) for i, j in upper(len(diagrams))]
            factor = 1 if order == "inf" else scale ** (1 / float(order))
            assert np.abs(ours * factor - expected).max() < 1e-11 * max(expected), order


def test_betti_is_what_gudhis_samples_tend_to():
    diagrams = [np.vstack([d, [0, 1]]) for d in random_diagrams((20, 40, 30))]
    for order, metric in ((1, "cityblock"), (2, "euclidean")):
        ours, _ = distances(diagrams, "-m", "betti", "--order", order)
        n = 200001
        curves = BettiCurve(predefined_grid=np.linspace(0, 1, n)).fit_transform(diagrams)
        assert np.abs(ours - pdist(curves, metric) / (n - 1) ** (1 / order)).max() < 2e-3 * ours.max()


def test_sliced_is_what_positions_tend_to():
    diagrams = random_diagrams((20, 40, 30))
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/set.npz", points=np.concatenate(diagrams), offsets=[0, 20, 60, 90], dims=np.zeros(90, int))
        subprocess.run([TOOL, "distance", f"{folder}/set.npz", "-o", f"{folder}/d.npy", "-m", "sliced", "--positions", "10000", "--quiet"], check=True)
        sampled = np.load(f"{folder}/d.npy")
    ours, _ = distances(diagrams, "-m", "sliced")
    assert (ours >= sampled * (1 - 1e-4)).all() and np.abs(ours - sampled).max() < 2e-3 * ours.max()


def test_dimensions_add_up_and_pooling_ignores_them():
    diagrams = random_diagrams((30, 40))
    dims = [RNG.integers(0, 2, len(d)) for d in diagrams]
    for metric in ("betti", "sliced"):
        power = 2 if metric == "betti" else 1
        whole, scale = distances(diagrams, "-m", metric, dims=dims)
        parts = [distances(diagrams, "-m", metric, "--dims", k, dims=dims)[0] for k in (0, 1)]
        assert abs(whole[0] ** power - sum(p[0] ** power for p in parts)) < 1e-12 * whole[0] ** power
        assert distances(diagrams, "-m", metric, "--pool", dims=dims)[0][0] == distances(diagrams, "-m", metric)[0][0]


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    n_failed = 0
    for name, test in tests:
        try:
            test()
        except AssertionError as fault:
            print(f"FAILED {name}: {fault}")
            n_failed += 1
    print(f"{len(tests) - n_failed} passed, {n_failed} failed")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
