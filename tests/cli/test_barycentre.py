"""`persihash cluster --method barycentre`."""
import json
import os
import pathlib

import harness
import numpy as np
from harness import BAD_DATA, USAGE, run

BARYCENTRE = ("--method", "barycentre")


def make_set(folder):
    """Two groups of six diagrams, far from each other."""
    rows = ["diagram,dim,birth,death"]
    draw = np.random.default_rng(5)
    for i in range(12):
        for birth, length in draw.random((7, 2)):
            rows.append(f"{i},0,{birth + 5 * (i % 2)},{birth + 5 * (i % 2) + 0.5 + length}")
    (folder / "set.csv").write_text("\n".join(rows) + "\n")
    return folder / "set.csv"


def test_two_groups_and_their_barycentres(folder):
    out, _ = run("cluster", make_set(folder), *BARYCENTRE, "-k", 2, "--barycentres", folder / "b.npz", "-o", folder / "c.npz", "--json")
    summary = json.loads(out)
    with np.load(folder / "c.npz") as clusters, np.load(folder / "b.npz") as barycentres:
        assert clusters["labels"].tolist() == [0, 1] * 6
        assert len(barycentres["offsets"]) == 3 and barycentres["points"].max() > 5
    assert summary["n_clusters"] == 2 and summary["energy"] > 0 and not summary["stopped_by_time"]


def test_threads_do_not_change_a_byte(folder):
    for n in (1, 3):
        run("cluster", make_set(folder), *BARYCENTRE, "-k", 3, "--barycentres", folder / f"b{n}.npz", "-o", folder / f"c{n}.npz", "--threads", n)
    assert (folder / "c1.npz").read_bytes() == (folder / "c3.npz").read_bytes()


def test_a_time_limit_still_gives_a_result(folder):
    out, _ = run("cluster", make_set(folder), *BARYCENTRE, "-k", 2, "--time-limit", 1e-6, "-o", folder / "c.npz", "--json")
    assert json.loads(out)["stopped_by_time"]
    assert len(np.load(folder / "c.npz")["labels"]) == 12


def test_bad_input_is_refused(folder):
    source, target = make_set(folder), ("-o", folder / "c.npz")
    cases = (((source, *BARYCENTRE), "-k K"), ((source, *BARYCENTRE, "-k", 13), "only 12"), ((source, *BARYCENTRE, "-k", 2, "--elbow"), "--elbow"),
             ((source, *BARYCENTRE, "-k", 2, "--time-limit", -1), "time-limit"), ((source, "--pool"), "barycentre"))
    for words, said in cases:
        _, error = run("cluster", *words, *target, code=USAGE)
        assert said in error, error
    run("cluster", source, *target, code=BAD_DATA)  # diagrams have no linkage
    (folder / "inf.csv").write_text("diagram,dim,birth,death\n0,0,0,inf\n0,0,0,1\n1,0,0,1\n")
    _, error = run("cluster", folder / "inf.csv", *BARYCENTRE, "-k", 2, *target, code=BAD_DATA)
    assert "--essential drop" in error and not (folder / "c.npz").exists()
    run("cluster", folder / "inf.csv", *BARYCENTRE, "-k", 2, "--essential", "drop", *target)


def test_a_published_ensemble_falls_into_its_classes(folder):
    source = pathlib.Path(os.environ.get("PSH_DATASETS", "../shared/datasets")) / "starting_vortex" / "diagrams.npz"
    if not source.exists():
        raise harness.Skip(f"{source} is missing")
    run("cluster", source, *BARYCENTRE, "-k", 2, "--pool", "-o", folder / "c.npz")
    with np.load(folder / "c.npz") as found, np.load(source) as truth:
        assert len({*zip(found["labels"].tolist(), truth["labels"].tolist())}) == 2


harness.main([test for name, test in list(globals().items()) if name.startswith("test_")])
