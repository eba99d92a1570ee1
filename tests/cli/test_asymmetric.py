"""`distance --metric asymmetric`: diagrams against codes, without cutting the diagrams to bits."""
import json

import numpy as np
from harness import BAD_DATA, USAGE, main, run
from scipy.stats import spearmanr


def write_set(path, n, seed=0, n_points=15):
    rng = np.random.default_rng(seed)
    births = np.repeat(rng.random(n) ** 2, n_points) + 0.2 * rng.random(n * n_points)
    points = np.stack([births, births + 0.3 * rng.random(len(births))], 1)
    np.savez(path, points=points, dims=rng.integers(0, 2, len(points)), offsets=np.arange(0, n * n_points + 1, n_points))
    return path


def prepare(folder, *words):
    data, queries = write_set(folder / "set.npz", 150), write_set(folder / "queries.npz", 40, seed=1)
    run("encode", data, "-o", folder / "codes.npz", "--bits", "24", "--fit-target", "sliced", *words)
    return data, queries, folder / "codes.npz"


def it_follows_wasserstein_closer_than_hamming(folder):
    for words in ([], ["--encoder", "compact", "--steps", "200"]):
        data, queries, codes = prepare(folder, *words)
        summary = json.loads(run("distance", queries, codes, "-m", "asymmetric", "-o", folder / "d.npy", "--json")[0])
        run("encode", queries, "--frame", codes, "-o", folder / "query_codes.npz")
        run("distance", folder / "query_codes.npz", codes, "-o", folder / "h.npy")
        run("distance", queries, data, "-o", folder / "w.npy")
        d, h, w = (np.load(folder / name) for name in ("d.npy", "h.npy", "w.npy"))
        assert d.shape == h.shape == w.shape == (40, 150) and d.dtype == np.float32
        assert (d >= 0).all() and (d <= 24).all()
        assert spearmanr(d.ravel(), w.ravel())[0] > spearmanr(h.ravel(), w.ravel())[0], words
        assert np.abs(d - h).mean() < 3
        assert (summary["n_a"], summary["n_b"], summary["metric"]) == (40, 150, "asymmetric")
        meta = json.loads((folder / "d.json").read_text())
        assert meta["metric"] == "asymmetric" and meta["n_bits"] == 24 and meta["source_b"]["model_id"]
        with np.load(codes) as old, np.load(folder / "query_codes.npz") as new:
            assert old["scales"].shape == (24,) and old["scales"].dtype == np.float32
            np.testing.assert_array_equal(old["scales"], new["scales"])


def threads_do_not_matter(folder):
    _, queries, codes = prepare(folder)
    for threads in (1, 2):
        run("distance", queries, codes, "-m", "asymmetric", "-o", folder / f"{threads}.npy", "--threads", threads)
    assert (folder / "1.npy").read_bytes() == (folder / "2.npy").read_bytes()


def what_it_cannot_do_is_refused(folder):
    data, queries, codes = prepare(folder)
    out = folder / "x.npy"
    assert "give the diagrams, then the codes" in run("distance", codes, "-m", "asymmetric", "-o", out, code=USAGE)[1]
    run("distance", codes, queries, "-m", "asymmetric", "-o", out, code=BAD_DATA)
    run("distance", queries, data, "-m", "asymmetric", "-o", out, code=BAD_DATA)
    for words in (["--pool"], ["--square"], ["--calibrate", data], ["--dtype", "f64"], ["--resume"], ["--exact"]):
        assert "says nothing" in run("distance", queries, codes, "-m", "asymmetric", *words, "-o", out, code=USAGE)[1]
    arrays = dict(np.load(codes))
    scales = arrays.pop("scales")
    np.savez(folder / "plain.npz", **arrays)
    assert "holds no scales" in run("distance", queries, folder / "plain.npz", "-m", "asymmetric", "-o", out, code=BAD_DATA)[1]
    scales[3] = -1
    np.savez(folder / "bad.npz", **arrays, scales=scales)
    assert "bad.npz: scales: scale -1 of bit 3" in run("info", folder / "bad.npz", code=BAD_DATA)[1]
    np.savez(folder / "short.npz", **arrays, scales=scales[:5])
    run("info", folder / "short.npz", code=BAD_DATA)
    arrays.pop("model")
    np.savez(folder / "bare.npz", **arrays)
    assert "holds no model" in run("distance", queries, folder / "bare.npz", "-m", "asymmetric", "-o", out, code=BAD_DATA)[1]
    assert not out.exists()


main([it_follows_wasserstein_closer_than_hamming, threads_do_not_matter, what_it_cannot_do_is_refused])
