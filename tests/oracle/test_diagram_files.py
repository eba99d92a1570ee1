"""test_diagram_files.py : diagram files against NumPy and GUDHI: they read what persihash writes, and the reverse."""
import json
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("skipped: python3-numpy is missing")
    sys.exit(77)
try:
    import gudhi
except ImportError:
    gudhi = None

TOOL = os.environ.get("PERSIHASH", "")
if not os.access(TOOL, os.X_OK):
    print("skipped: PERSIHASH names no tool:", TOOL)
    sys.exit(77)

results = {"passed": 0, "failed": 0, "skipped": 0}


def convert(source, target, *options):
    run = subprocess.run([TOOL, "convert", source, target, "--quiet", *options], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return target


def random_diagrams(seed, n_diagrams=7):
    rng = np.random.default_rng(seed)
    diagrams = []
    for n_points in rng.integers(0, 30, n_diagrams):
        births = rng.normal(size=n_points) * 10.0 ** rng.integers(-20, 20, n_points)
        deaths = births + rng.exponential(size=n_points) * np.abs(births)
        deaths[rng.random(n_points) < 0.1] = np.inf
        diagrams.append(np.column_stack([births, deaths]))
    return diagrams


def flat(diagrams):
    dims = np.arange(sum(map(len, diagrams))) % 3
    return np.concatenate(diagrams), dims, np.cumsum([0] + [len(d) for d in diagrams])


def same(file, points, dims, offsets):
    with np.load(file, allow_pickle=False) as got:
        assert got["points"].dtype == np.float64 and got["dims"].dtype == np.int32 and got["offsets"].dtype == np.int64
        assert got["points"].tobytes() == np.ascontiguousarray(points, np.float64).tobytes()
        assert np.array_equal(got["dims"], dims) and np.array_equal(got["offsets"], offsets)
        assert isinstance(json.loads(str(got["meta"])), dict)
        return {name: got[name] for name in got.files}


def numpy_archives_of_any_kind_are_read_and_ours_by_numpy():
    points, dims, offsets = flat(random_diagrams(1))
    labels, names = np.arange(7) % 3, np.array(["a", "", "c,d", "\u00e9", "\U0001f600", "f", "g"])
    for save in np.savez, np.savez_compressed:
        for change in (lambda x: x, np.asfortranarray, lambda x: x.astype(">f8")):
            save("in.npz", points=change(points), dims=dims.astype(np.int8), offsets=offsets.astype(np.uint32),
                 labels=labels.astype(np.int16), label_names=np.array(["x", "y", "z"]), names=names)
            got = same(convert("in.npz", "out.npz"), points, dims, offsets)
            assert np.array_equal(got["labels"], labels) and np.array_equal(got["names"], names)
            assert got["label_names"].tolist() == ["x", "y", "z"]
    with np.errstate(over="ignore", under="ignore"):
        single = points.astype(np.float32)
    single[~np.isfinite(single[:, 0]), 0] = 0
    single.sort(axis=1)
    np.savez("in.npz", points=single, offsets=offsets)
    same(convert("in.npz", "out.npz"), single, np.zeros(len(points)), offsets)


def csv_of_savetxt_is_read_bit_for_bit():
    diagram = np.concatenate(random_diagrams(2))
    np.savetxt("in.csv", diagram, delimiter=",", header="birth,death")
    same(convert("in.csv", "out.npz"), diagram, np.zeros(len(diagram)), [0, len(diagram)])
    rows = np.column_stack([np.arange(len(diagram)) // 9, np.arange(len(diagram)) % 2, diagram])
    np.savetxt("in.csv", rows, delimiter=",", fmt=["%d", "%d", "%.17g", "%r"])
    offsets = np.append(np.arange(0, len(diagram), 9), len(diagram))
    same(convert("in.csv", "out.npz"), diagram, rows[:, 1], offsets)


def our_csv_is_read_by_numpy():
    points, dims, offsets = flat(random_diagrams(3))
    np.savez("in.npz", points=points, dims=dims, offsets=offsets)
    table = np.genfromtxt(convert("in.npz", "out.csv"), delimiter=",", names=True)
    table = table[~np.isnan(table["birth"])]  # rows of diagrams without points
    assert table["birth"].tobytes() == points[:, 0].tobytes() and table["death"].tobytes() == points[:, 1].tobytes()
    assert np.array_equal(table["dim"], dims)
    assert np.array_equal(table["diagram"], np.repeat(np.arange(7), np.diff(offsets)))


def gudhi_reads_our_pers():
    points, dims, _ = flat(random_diagrams(4))
    np.savez("in.npz", points=points, dims=dims, offsets=[0, len(points)])
    by_dim = gudhi.read_persistence_intervals_grouped_by_dimension(persistence_file=convert("in.npz", "out.pers"))
    assert sorted(by_dim) == [0, 1, 2]
    for dim, intervals in by_dim.items():
        assert np.array(intervals).tobytes() == points[dims == dim].tobytes()


def we_read_gudhis_pers():
    tree = gudhi.RipsComplex(points=np.random.default_rng(5).random((40, 3))).create_simplex_tree(max_dimension=2)
    expected = tree.persistence()
    tree.write_persistence_diagram("in.pers")
    with np.load(convert("in.pers", "out.npz")) as got:
        found = sorted(zip(got["dims"].tolist(), map(tuple, got["points"].tolist())))
    text = sorted((dim, tuple(float(f"{x:.6g}") for x in interval)) for dim, interval in expected)
    assert found == text, "GUDHI prints six digits"


needs_gudhi = {gudhi_reads_our_pers, we_read_gudhis_pers}
tests = [numpy_archives_of_any_kind_are_read_and_ours_by_numpy, csv_of_savetxt_is_read_bit_for_bit,
         our_csv_is_read_by_numpy, gudhi_reads_our_pers, we_read_gudhis_pers]
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    for test in tests:
        if test in needs_gudhi and gudhi is None:
            print("skipped:", test.__name__, "(python3-gudhi is missing)")
            results["skipped"] += 1
            continue
        try:
            test()
            results["passed"] += 1
        except AssertionError as fault:
            print("FAILED", test.__name__, fault)
            results["failed"] += 1
    os.chdir("/")
print(", ".join(f"{count} {word}" for word, count in results.items() if count or word != "skipped"))
sys.exit(1 if results["failed"] else 0)
