"""`distance --calibrate`: Wasserstein distances from Hamming distances, against scikit-learn and against the distances themselves."""
import json

import numpy as np
from harness import BAD_DATA, USAGE, main, run

try:
    from sklearn.isotonic import IsotonicRegression
except ImportError as missing:
    print(f"skipped: {missing}; install python3-sklearn")
    raise SystemExit(77)


def write_set(path, n, seed=0, n_points=15):
    """n diagrams around n centres along a line: distances of all sizes."""
    rng = np.random.default_rng(seed)
    births = np.repeat(rng.random(n) ** 2, n_points) + 0.2 * rng.random(n * n_points)
    points = np.stack([births, births + 0.3 * rng.random(len(births))], 1)
    np.savez(path, points=points, dims=rng.integers(0, 2, len(points)), offsets=np.arange(0, n * n_points + 1, n_points))
    return path


def prepare(folder, n=120, words=()):
    data = write_set(folder / "set.npz", n)
    run("encode", data, "-o", folder / "codes.npz", "--bits", "32", "--fit-target", "sliced", *words)
    return data, folder / "codes.npz"


def calibration(path):
    return json.loads(path.with_suffix(".json").read_text())["calibration"]


def all_pairs_give_the_isotonic_regression(folder):
    for words in ([], ["--pool"]):
        data, codes = prepare(folder, 60, words)
        run("distance", codes, "-o", folder / "h.npy")
        run("distance", data, "-o", folder / "w.npy", *words)
        run("distance", codes, "--calibrate", data, "--pairs", "100000", "-o", folder / "d.npy")
        h, w, d = (np.load(folder / name) for name in ("h.npy", "w.npy", "d.npy"))
        table = {key: np.array(value) for key, value in calibration(folder / "d.npy")["table"].items()}
        theirs = IsotonicRegression().fit(h, w)
        seen = table["n"] > 0
        np.testing.assert_array_equal(table["n"], np.bincount(h, minlength=33))
        np.testing.assert_allclose(table["estimate"][seen], theirs.predict(table["hamming"][seen]), rtol=1e-12)
        inside = (table["hamming"] >= h.min()) & (table["hamming"] <= h.max())
        np.testing.assert_allclose(table["estimate"][inside], theirs.predict(table["hamming"][inside]), rtol=1e-12)
        assert d.dtype == np.float32 and d.shape == h.shape
        np.testing.assert_array_equal(d, table["estimate"].astype(np.float32)[h])


def intervals_cover_what_they_say(folder):
    data, codes = prepare(folder)
    run("distance", data, "-o", folder / "w.npy")
    w = np.load(folder / "w.npy")
    for wanted in (0.6, 0.9):
        summary = json.loads(run("distance", codes, "--calibrate", data, "--pairs", "1500", "--coverage", wanted, "--bounds", "-o", folder / "d.npy", "--json")[0])
        low, d, high = (np.load(folder / f"d{part}.npy") for part in (".lower", "", ".upper"))
        assert (low <= d).all() and (d <= high).all()
        found = ((low <= w) & (w <= high)).mean()
        assert abs(found - wanted) < 0.05, (wanted, found)
        assert abs(summary["coverage_held_out"] - found) < 0.04, (summary, found)
        assert abs(summary["mean_error"] - np.abs(d - w).mean() / w.mean()) < 0.02
        assert summary["n_pairs_measured"] == 1500
    assert calibration(folder / "d.lower.npy") == calibration(folder / "d.npy")


def two_files_and_an_earlier_calibration(folder):
    data, codes = prepare(folder)
    more = write_set(folder / "more.npz", 7, seed=1)
    run("encode", more, "--frame", codes, "-o", folder / "more_codes.npz")
    run("distance", codes, "--calibrate", data, "-o", folder / "d.npy")
    run("distance", codes, folder / "more_codes.npz", "--calibrate", data, "-o", folder / "cross.npy", "--bounds")
    run("distance", folder / "more_codes.npz", codes, "--calibrate", folder / "d.json", "-o", folder / "turned.npy")
    run("distance", codes, folder / "more_codes.npz", "-o", folder / "h.npy")
    cross, turned = np.load(folder / "cross.npy"), np.load(folder / "turned.npy")
    assert cross.shape == (120, 7) and cross.dtype == np.float32
    np.testing.assert_array_equal(cross, turned.T)
    assert np.load(folder / "cross.upper.npy").shape == (120, 7)
    table = np.array(calibration(folder / "d.npy")["table"]["estimate"], np.float32)
    np.testing.assert_array_equal(cross, table[np.load(folder / "h.npy")])
    assert calibration(folder / "turned.npy") == calibration(folder / "d.npy")


def the_same_seed_gives_the_same_bytes(folder):
    data, codes = prepare(folder)
    for threads in (1, 2):
        run("distance", codes, "--calibrate", data, "--pairs", "500", "-o", folder / f"d{threads}.npy", "--threads", threads)
    assert (folder / "d1.npy").read_bytes() == (folder / "d2.npy").read_bytes()
    assert (folder / "d1.json").read_bytes() == (folder / "d2.json").read_bytes()
    run("distance", codes, "--calibrate", data, "--pairs", "500", "-o", folder / "e.npy", "--seed", "1")
    assert (folder / "e.npy").read_bytes() != (folder / "d1.npy").read_bytes()


def info_prints_the_table(folder):
    data, codes = prepare(folder)
    run("distance", codes, "--calibrate", data, "-o", folder / "d.npy")
    text = run("info", folder / "d.npy")[0]
    assert "calibrated by" in text and "estimate" in text and "within the interval" in text
    table = calibration(folder / "d.npy")["table"]
    rows = [line.split() for line in text.splitlines() if line.strip()[:1].isdigit()]
    assert [int(row[0]) for row in rows] == [h for h, n in enumerate(table["n"]) if n > 0]
    assert json.loads(run("info", folder / "d.npy", "--json")[0])["meta"]["calibration"]["table"] == table
    run("cluster", folder / "d.npy", "-k", "3", "-o", folder / "c.npz")


def what_does_not_fit_is_refused(folder):
    data, codes = prepare(folder)
    out = folder / "x.npy"
    other = write_set(folder / "other.npz", 120, seed=9)
    fewer = write_set(folder / "fewer.npz", 50)
    assert "120 codes and 50 diagrams" in run("distance", codes, "--calibrate", fewer, "-o", out, code=BAD_DATA)[1]
    assert "same order" in run("distance", codes, "--calibrate", other, "-o", out, code=BAD_DATA)[1]
    run("distance", data, "--calibrate", data, "-o", out, code=USAGE)
    run("distance", codes, "--calibrate", data, "--resume", "-o", out, code=USAGE)
    run("distance", codes, "--calibrate", data, "--pool", "-o", out, code=USAGE)
    run("distance", codes, "--calibrate", data, "--coverage", "2", "-o", out, code=USAGE)
    run("distance", codes, "--pairs", "10", "-o", out, code=USAGE)
    run("distance", codes, "--calibrate", data, "--bounds", "-o", "-", code=USAGE)
    run("distance", codes, codes, "--calibrate", data, "--square", "-o", out, code=USAGE)
    run("distance", codes, "--calibrate", folder / "none.npz", "-o", out, code=BAD_DATA)
    run("distance", codes, "--calibrate", folder / "none.json", "-o", out, code=BAD_DATA)
    (folder / "bad.json").write_text("{}")
    assert "no calibration" in run("distance", codes, "--calibrate", folder / "bad.json", "-o", out, code=BAD_DATA)[1]
    run("distance", codes, "--calibrate", data, "-o", folder / "d.npy")
    run("distance", codes, "--calibrate", folder / "d.json", "--pairs", "9", "-o", out, code=USAGE)
    run("encode", data, "-o", folder / "wide.npz", "--bits", "40", "--fit-target", "sliced")
    assert "does not hold" in run("distance", folder / "wide.npz", "--calibrate", folder / "d.json", "-o", out, code=BAD_DATA)[1]
    assert not list(folder.glob("x.*"))


main([all_pairs_give_the_isotonic_regression, intervals_cover_what_they_say, two_files_and_an_earlier_calibration, the_same_seed_gives_the_same_bytes,
      info_prints_the_table, what_does_not_fit_is_refused])
