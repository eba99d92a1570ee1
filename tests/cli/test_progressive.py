"""distance --metric progressive: bounds that bracket the exact matrix, limits, the end, bad options."""
import json

import numpy as np

from harness import USAGE, main, run


def make_set(folder, n_items=90, n_points=25):
    run("synth", "-o", folder / "set.npz", "--count", n_items, "--points", n_points, "-q")
    return folder / "set.npz"


def exact_and(folder, *options):
    diagrams = make_set(folder)
    run("distance", diagrams, "-o", folder / "exact.npy", "-q")
    out, _ = run("distance", diagrams, "-o", folder / "d.npy", "--metric", "progressive", "--bounds", "--json", *options)
    exact, middle = np.load(folder / "exact.npy"), np.load(folder / "d.npy")
    lower, upper = np.load(folder / "d.lower.npy"), np.load(folder / "d.upper.npy")
    assert (lower <= exact).all() and (exact <= upper).all()
    assert (lower <= middle).all() and (middle <= upper).all()
    return json.loads(out), exact, lower, middle, upper


def test_without_a_limit_it_is_the_exact_matrix(folder):
    summary, exact, lower, middle, upper = exact_and(folder)
    assert summary["finished"] and summary["n_exact"] == len(exact) and summary["max_gap"] == 0
    assert middle.tobytes() == exact.tobytes() == lower.tobytes() == upper.tobytes()


def test_accuracy_limit_is_kept(folder):
    summary, exact, lower, middle, upper = exact_and(folder, "--max-gap", 0.1)
    assert ((upper - lower) / upper).max() <= 0.1 and summary["finished"]
    assert 0 < summary["n_exact"] < len(exact)
    meta = json.loads((folder / "d.json").read_text())
    assert meta["max_gap_wanted"] == 0.1 and abs(meta["max_gap"] - ((upper - lower) / upper).max()) < 1e-12
    assert 0 < meta["share_exact"] < 1 and meta["metric"] == "progressive"


def test_threads_leave_no_trace(folder):
    diagrams = make_set(folder)
    for n in (1, 3):
        run("distance", diagrams, "-o", folder / f"{n}.npy", "--metric", "progressive", "--max-gap", 0.2, "--threads", n, "-q")
    assert (folder / "1.npy").read_bytes() == (folder / "3.npy").read_bytes()


def test_time_limit_gives_the_best_so_far(folder):
    summary, exact, lower, middle, upper = exact_and(folder, "--time-limit", 1e-9)
    assert not summary["finished"] and summary["n_exact"] < len(exact)


def test_bad_options(folder):
    diagrams = make_set(folder, 5, 5)
    base = ("distance", diagrams, "-o", folder / "d.npy", "--metric", "progressive")
    for more, says in [(("--max-gap", 1), "--max-gap"), (("--time-limit", -1), "--time-limit"), (("--max-gap", "nan"), "--max-gap"),
                       (("--verify",), "--verify"), (("--delta", 0.1), "--delta"), ((diagrams,), "two are given")]:
        _, err = run(*base, *more, code=USAGE)
        assert says in err, err
    _, err = run("distance", diagrams, "-o", folder / "d.npy", "--time-limit", 1, code=USAGE)
    assert "--metric progressive" in err
    assert not (folder / "d.npy").exists()


main([test_without_a_limit_it_is_the_exact_matrix, test_accuracy_limit_is_kept, test_threads_leave_no_trace,
      test_time_limit_gives_the_best_so_far, test_bad_options])
