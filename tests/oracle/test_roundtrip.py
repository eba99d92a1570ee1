"""test_roundtrip.py : `persihash convert` through every format it writes gives the same doubles, on real sets and on random ones of every kind of double; and the formats it
reads alone are read as the tools wrote them (Ripser itself, NumPy, GUDHI's names for columns)."""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("skipped: python3-numpy is missing")
    sys.exit(77)

TOOL = os.environ.get("PERSIHASH", "")
if not os.access(TOOL, os.X_OK):
    print("skipped: PERSIHASH names no tool:", TOOL)
    sys.exit(77)
DATASETS = pathlib.Path(os.environ.get("PSH_DATASETS", pathlib.Path(__file__).parents[2] / "../shared/datasets"))
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Skip(Exception):
    pass


def run(*words, code=0, stdin=None):
    done = subprocess.run([TOOL, "convert", *map(str, words)], capture_output=True, input=stdin)
    assert done.returncode == code, f"convert {' '.join(map(str, words))}: exit code {done.returncode}: {done.stderr.decode()}"
    return done.stdout.decode(), done.stderr.decode()


def load(path):
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def diagrams(file):
    """One array (n, 3) for each diagram: birth, death, dim; as bits, so that -0 and 0 differ."""
    rows = np.column_stack([file["points"], file["dims"].astype(np.float64)])
    return [rows[a:b] for a, b in zip(file["offsets"], file["offsets"][1:])]


def by_dim(rows):
    return rows[np.argsort(rows[:, 2], kind="stable")]


def same_value(key, old, new):
    return json.loads(str(old)) == json.loads(str(new)) if key == "meta" else np.array_equal(old, new)


def assert_same(before, after, is_sorted=False):
    assert len(before) == len(after), (len(before), len(after))
    for i, (old, new) in enumerate(zip(before, after)):
        assert (by_dim(old) if is_sorted else old).tobytes() == new.tobytes(), f"diagram {i} differs"


def random_set(path, seed, n_diagrams=40, has_diagonal=True):
    """Any bits that a double can have: subnormal, huge, negative zero; infinite deaths; diagrams without points."""
    rng = np.random.default_rng(seed)
    points, offsets = [], [0]
    while len(offsets) <= n_diagrams:
        n = int(rng.integers(0, 60)) * (rng.random() > 0.1)
        pairs = rng.integers(0, 2**64, (n, 2), dtype=np.uint64, endpoint=False).view(np.float64)
        pairs[~np.isfinite(pairs)] = np.finfo(float).max
        whole = rng.random(n) < 0.3
        pairs[whole] = rng.integers(0, 256, (whole.sum(), 2))
        pairs[rng.random(n) < 0.05, 0] = -0.0
        pairs.sort(axis=1)
        pairs[rng.random(n) < 0.1, 1] = np.inf
        if not has_diagonal:
            pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        points.append(pairs)
        offsets.append(offsets[-1] + len(pairs))
    points = np.concatenate(points)
    np.savez(path, points=points, dims=rng.integers(0, 4, len(points)).astype(np.int32), offsets=offsets, labels=np.arange(n_diagrams) % 3, label_names=np.array(["a", "b", "c"]),
             names=np.array([f"item {i}" for i in range(n_diagrams)]), meta=np.array(json.dumps({"made": "here", "x": 0.1})))
    return path


def sets(folder, has_diagonal=True):
    """Random sets, and the real ones that are there."""
    for seed in range(4):
        yield random_set(folder / f"random{seed}.npz", seed, has_diagonal=has_diagonal)
    for name in "vortex_street/diagrams.npz", "six_shapes/diagrams_n05.npz", "shape2/diagrams.npz":
        if (DATASETS / name).exists():
            yield DATASETS / name
        else:
            print("SKIP", name, "is not there")


# --- there and back ---------------------------------------------------------------------------------------------------


def sets_through_formats_that_hold_many(folder):
    for source in sets(folder):
        before = load(source)
        for name, kept in ("a.npz", {"labels", "label_names", "names", "meta"}), ("a.csv", {"labels", "label_names", "names"}), ("a.vtu", {"labels", "label_names", "names", "meta"}):
            _, err = run(source, folder / name)
            run(folder / name, folder / "back.npz")
            after = load(folder / "back.npz")
            assert_same(diagrams(before), diagrams(after))
            if "label names" in err:  # names like "0", "1" would come back as numbers: said, and left out
                kept = kept - {"label_names"}
            for key in kept & set(before):
                assert same_value(key, before[key], after[key]), (name, key, before[key], after[key])
            assert ("metadata" in err) == ("meta" in before and name == "a.csv" and before["meta"] != "{}"), (name, err)


def sets_through_giotto(folder):
    for source in sets(folder):
        run(source, folder / "g.npy")
        array = np.load(folder / "g.npy")
        before = diagrams(load(source))
        assert array.shape[0] == len(before) and array.shape[2] == 3 and array.dtype == np.float64
        run(folder / "g.npy", folder / "back.npz")
        assert_same([rows[rows[:, 0] != rows[:, 1]] for rows in before], diagrams(load(folder / "back.npz")), is_sorted=True)
        for sample, rows in zip(array, before):  # what giotto-tda takes for points, by NumPy alone
            assert np.array_equal(sample[sample[:, 0] != sample[:, 1]], by_dim(rows[rows[:, 0] != rows[:, 1]]))
        run(folder / "g.npy", folder / "h.npy")
        assert (folder / "g.npy").read_bytes() == (folder / "h.npy").read_bytes()


def single_diagrams_through_formats_that_hold_one(folder):
    for source in sets(folder):
        before = diagrams(load(source))[:60]
        np.savez(folder / "some.npz", points=np.concatenate(before)[:, :2], dims=np.concatenate(before)[:, 2].astype(int), offsets=np.cumsum([0] + [len(d) for d in before]))
        for ending, to in (".pers", "pers"), (".dipha", "dipha"), (".npy", "npy"):
            pattern = folder / f"{to}%04d{ending}"
            run(folder / "some.npz", pattern, "--to", to)
            files = sorted(folder.glob(f"{to}[0-9]*"))
            assert len(files) == len(before)
            run(*files, folder / "back.npz", "--from", to)
            assert_same(before, diagrams(load(folder / "back.npz")))
            for file in files:
                file.unlink()


def a_chain_through_every_format(folder):
    source = random_set(folder / "in.npz", 9, has_diagonal=False)
    before = diagrams(load(source))
    step = source
    for name in "a.csv", "b.vtu", "c.npz", "d.npy", "e.csv", "f.npy", "g.vtu", "h.npz":
        run(step, folder / name)
        step = folder / name
    assert_same(before, diagrams(load(step)), is_sorted=True)


def the_same_set_gives_the_same_bytes(folder):
    source = random_set(folder / "in.npz", 5)
    for ending in "npz", "csv", "vtu", "npy":
        run(source, folder / f"a.{ending}")
        run(source, folder / f"b.{ending}")
        assert (folder / f"a.{ending}").read_bytes() == (folder / f"b.{ending}").read_bytes()


# --- many files -------------------------------------------------------------------------------------------------------


def folders_get_the_diagrams_names_and_give_them_back(folder):
    np.savez(folder / "in.npz", points=np.arange(8.0).reshape(4, 2), offsets=[0, 1, 3, 4], names=np.array(["tiles/b.jpg", "tiles/a.jpg", "c"]))
    run(folder / "in.npz", f"{folder}/out/", "--to", "pers")
    assert sorted(file.name for file in (folder / "out").iterdir()) == ["a.pers", "b.pers", "c.pers"]
    out, err = run(folder / "out", folder / "back.npz", "--json")
    back = load(folder / "back.npz")
    assert back["names"].tolist() == ["a", "b", "c"] and back["points"][:, 0].tolist() == [2, 4, 0, 6]
    assert json.loads(out)["n_files_read"] == 3 and json.loads(out)["n_diagrams"] == 3
    assert "persihash convert" in json.loads(str(back["meta"]))["command"]
    np.savez(folder / "in.npz", points=np.arange(4.0).reshape(2, 2), offsets=[0, 1, 2], names=np.array(["x/a.png", "y/a.jpg"]))
    run(folder / "in.npz", f"{folder}/twice/", "--to", "dipha")
    assert sorted(file.name for file in (folder / "twice").iterdir()) == ["00000.dipha", "00001.dipha"]


def what_is_lost_is_said(folder):
    source = random_set(folder / "in.npz", 6, has_diagonal=False)
    out, err = run(source, folder / "a.npy", "--json")
    assert json.loads(out)["lost"] == "name, label, label names, metadata", out
    (folder / "diagonal.pers").write_text("1 1\n0 1\n")
    assert json.loads(run(folder / "diagonal.pers", folder / "b.npy", "--json")[0])["lost"] == "points on the diagonal"
    assert "cannot hold: name, label, label names" in err
    out, err = run(source, folder / "%d.pers", "--json")
    assert json.loads(out)["lost"] == "name, label, label names, metadata" and json.loads(out)["n_files_written"] == 40
    out, err = run(source, "-o", folder / "a.npz", "--json")
    assert json.loads(out)["lost"] == "" and err == ""
    np.savez(folder / "mixed.npz", points=np.zeros((2, 2)), offsets=[0, 1, 2], labels=[-1, 0], label_names=["a"])
    assert json.loads(run(folder / "mixed.npz", folder / "m%d.pers", "--json")[0])["lost"] == "label names, label"


def several_sets_become_one(folder):
    first, second = random_set(folder / "a.npz", 1, 3), random_set(folder / "b.npz", 2, 4)
    run(first, second, folder / "all.csv")
    run(first, second, folder / "all.npz")
    run(folder / "all.csv", folder / "back.npz")
    expected = diagrams(load(first)) + diagrams(load(second))
    assert_same(expected, diagrams(load(folder / "all.npz")))
    assert_same(expected, diagrams(load(folder / "back.npz")))
    joined = load(folder / "all.npz")
    assert joined["labels"].tolist() == [0, 1, 2, 0, 1, 2, 0] and joined["label_names"].tolist() == ["a", "b", "c"]
    assert json.loads(str(joined["meta"]))["joined"] == [{"made": "here", "x": 0.1}]


def faults_are_named(folder):
    source = random_set(folder / "in.npz", 7)
    assert "pattern" in run(source, folder / "a.pers", code=3)[1] and not (folder / "a.pers").exists()
    assert "expected one of .npz" in run(source, folder / "a.foo", code=3)[1]
    assert "no format 'hdf'" in run(source, folder / "a.npz", "--to", "hdf", code=2)[1]
    assert "ripser is read, but not written" in run(source, folder / "a.npz", "--to", "ripser", code=3)[1]
    assert "standard output" in run(source, "-", code=2)[1]
    assert "no such file" in run(source, folder / "none.pers", folder / "a.npz", code=3)[1]
    (folder / "empty").mkdir()
    assert "without files" in run(folder / "empty", folder / "a.npz", code=3)[1]
    np.save(folder / "image.npy", np.zeros((28, 28)))
    assert "no diagram by its shape" in run(folder / "image.npy", folder / "a.npz", code=3)[1]
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert "'persihash diagram' makes diagrams of images" in run(folder / "a.png", folder / "a.npz", code=3)[1]


# --- the tools' own files ---------------------------------------------------------------------------------------------


def ripser_prints_what_we_read(folder):
    try:
        points = np.random.default_rng(3).random((30, 3))
        np.savetxt(folder / "points.txt", points)
        text = subprocess.run(["ripser", "--format", "point-cloud", "--dim", "2", folder / "points.txt"], capture_output=True, check=True).stdout
    except FileNotFoundError:
        raise Skip("Debian's package ripser is missing")
    expected = []
    for line in text.decode().splitlines():
        if line.startswith("persistence intervals in dim"):
            dim = int(line.split()[-1][:-1])
        elif line.startswith(" ["):
            birth, death = line.strip(" [)").split(",")
            expected.append((float(birth), float(death) if death.strip() else np.inf, dim))
    run("-", folder / "out.npz", stdin=text)
    assert np.array_equal(diagrams(load(folder / "out.npz"))[0], np.array(expected))
    (folder / "twice.txt").write_bytes(text + text)
    run(folder / "twice.txt", folder / "out.npz")
    assert_same([np.array(expected)] * 2, diagrams(load(folder / "out.npz")))


def perseus_files_of_one_run_are_one_diagram(folder):
    (folder / "b_0.txt").write_text("1 3\n2 -1\n")
    (folder / "b_1.txt").write_text("4 5\n")
    (folder / "c_1.txt").write_text("4 -1\n")
    run(folder / "b_0.txt", folder / "b_1.txt", folder / "c_1.txt", folder / "out.npz", "--from", "perseus")
    out = load(folder / "out.npz")
    assert_same([np.array([[1, 3, 0], [2, np.inf, 0], [4, 5, 1]]), np.array([[4, np.inf, 1.0]])], diagrams(out))
    assert out["names"].tolist() == ["b", "c"]


def cubicalripser_and_plain_arrays(folder):
    rows = np.array([[0, 0.25, np.finfo(float).max, 1, 2, 3, 4, 5, 6], [1, 0.5, 0.75, 1, 2, 3, 4, 5, 6]])
    expected = [np.array([[0.25, np.inf, 0], [0.5, 0.75, 1]])]
    for change in (lambda x: x, np.asfortranarray, lambda x: x.astype(">f8")):
        np.save(folder / "c.npy", change(rows))
        run(folder / "c.npy", folder / "out.npz")
        assert_same(expected, diagrams(load(folder / "out.npz")))
    np.savetxt(folder / "c.csv", rows, delimiter=",", fmt="%g")
    run(folder / "c.csv", folder / "out.npz")
    assert_same(expected, diagrams(load(folder / "out.npz")))
    np.save(folder / "n.npy", expected[0].astype(np.float32))
    run(folder / "n.npy", folder / "out.npz")
    assert_same(expected, diagrams(load(folder / "out.npz")))


def superlevel_diagrams_are_negated(folder):
    (folder / "upper.pers").write_text("0 9 -inf\n0 7 4\n1 6 2\n")
    assert "--negate" in run(folder / "upper.pers", folder / "out.npz", code=3)[1]
    run(folder / "upper.pers", folder / "out.npz", "--negate")
    assert_same([np.array([[-9, np.inf, 0], [-7, -4, 0], [-6, -2, 1.0]])], diagrams(load(folder / "out.npz")))


def columns_in_another_order(folder):
    (folder / "a.txt").write_text("1 2 0\n3 4 1\n")
    run(folder / "a.txt", folder / "out.npz", "--columns", "b,d,dim")
    assert_same([np.array([[1, 2, 0], [3, 4, 1.0]])], diagrams(load(folder / "out.npz")))
    assert "columns 'x'" in run(folder / "a.txt", folder / "out.npz", "--columns", "x", code=2)[1]


def dipha_is_what_its_readme_says(folder):
    np.savez(folder / "in.npz", points=[[0.5, np.inf], [1, 2]], dims=[1, 0], offsets=[0, 2])
    run(folder / "in.npz", folder / "out.dipha")
    assert (folder / "out.dipha").read_bytes() == struct.pack("<qqqqddqdd", 8067171840, 2, 2, -2, 0.5, 2, 0, 1, 2)


TESTS = [sets_through_formats_that_hold_many, sets_through_giotto, single_diagrams_through_formats_that_hold_one, a_chain_through_every_format, the_same_set_gives_the_same_bytes,
         folders_get_the_diagrams_names_and_give_them_back, what_is_lost_is_said, several_sets_become_one, faults_are_named, ripser_prints_what_we_read,
         perseus_files_of_one_run_are_one_diagram, cubicalripser_and_plain_arrays, superlevel_diagrams_are_negated, columns_in_another_order, dipha_is_what_its_readme_says]


def main():
    results = {"passed": 0, "failed": 0, "skipped": 0}
    for test in TESTS:
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            try:
                test(pathlib.Path(folder))
                results["passed"] += 1
            except Skip as reason:
                print(f"SKIP {test.__name__}: {reason}")
                results["skipped"] += 1
            except Exception as fault:
                print(f"FAIL {test.__name__}: {type(fault).__name__}: {fault}")
                results["failed"] += 1
    print(f"{results['passed']} passed, {results['failed']} failed" + (f", {results['skipped']} skipped" if results["skipped"] else ""))
    sys.exit(1 if results["failed"] else 0)


main()
