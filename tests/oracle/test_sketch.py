"""The sketch through the tool, against NumPy and GUDHI: every code is computed again from the model file as docs/formats/models.md says, sliced Wasserstein is
compared with GUDHI's, fitted codes with exact W1, and safetensors (if it is here) opens the model."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from gudhi.representations.metrics import SlicedWassersteinDistance
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy, python3-gudhi and python3-sklearn")
    sys.exit(77)

TOOL = os.environ.get("PERSIHASH") or str(pathlib.Path(__file__).resolve().parents[2] / "build" / "persihash")
if not os.path.exists(TOOL):
    print(f"skipped: no {TOOL}; build the tool, or set PERSIHASH")
    sys.exit(77)
FOLDER = pathlib.Path(tempfile.mkdtemp())


def run(*words, **environment):
    subprocess.run([TOOL, *map(str, words)], check=True, capture_output=True, env={**os.environ, **environment})


def make_set(path, n_diagrams, seed):
    """Two dimensions, kinds that drift, some diagrams empty in one dimension."""
    rng = np.random.default_rng(seed)
    points, dims, offsets = [], [], [0]
    for i in range(n_diagrams):
        n = int(rng.integers(5, 60))
        birth = rng.random(n) * 50 + 100
        points.append(np.stack([birth, birth + rng.random(n) * (5 + i / n_diagrams * 60)], axis=1))
        dims.append(np.zeros(n, np.int32) if i % 7 == 0 else rng.integers(0, 2, n).astype(np.int32))
        offsets.append(offsets[-1] + n)
    np.savez(path, points=np.concatenate(points), dims=np.concatenate(dims), offsets=np.array(offsets))
    return np.concatenate(points), np.concatenate(dims), np.array(offsets)


def read_model(raw):
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + size])
    metadata = header.pop("__metadata__")
    types = {"F64": np.float64, "F32": np.float32, "I32": np.int32}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(raw[8 + size + begin:8 + size + end], types[entry["dtype"]]).reshape(entry["shape"])
    assert 8 + size + max(entry["data_offsets"][1] for entry in header.values()) == len(raw)
    return metadata, tensors


def share(x):
    return np.clip(np.nan_to_num(x, nan=0), np.float32(0), np.float32(256)).astype(np.int32)


def encode(metadata, tensors, points, dims, offsets):
    """Section "What a bit computes, exactly" of docs/formats/models.md, in NumPy's float32."""
    f = np.float32
    bits = np.zeros((len(offsets) - 1, int(metadata["n_bits"])), np.uint8)
    mask = int(metadata["dims_mask"])
    for i in range(len(offsets) - 1):
        own, own_dims = points[offsets[i]:offsets[i + 1]], dims[offsets[i]:offsets[i + 1]]
        lo, hi = tensors["frame"] if metadata["frame_kind"] != "diagram" else (own.min(), own.max())
        u, v = ((own - lo) * (1 / (hi - lo))).astype(f).T
        m = (u + v) * f(0.5)
        for k in range(bits.shape[1]):
            c, s, t, w = tensors["lines"][k]
            scale = f(256) / w
            big_c, big_s = c * scale, s * scale
            big_b, big_t = big_c + big_s, t * scale + f(128)
            wanted = own_dims == tensors["dims"][k] if tensors["dims"][k] >= 0 else (mask >> own_dims & 1 > 0) | (mask == 0)
            count = share(big_t - (u * big_c + v * big_s))[wanted].sum() - share(big_t - m * big_b)[wanted].sum()
            bits[i, k] = count >= tensors["thresholds"][k]
    return np.packbits(bits, axis=1, bitorder="little")


def codes_are_what_the_format_says():
    data = make_set(FOLDER / "a.npz", 60, 1)
    for options in ((), ("--pool",), ("--dims", "1"), ("--random",), ("--frame-kind", "diagram"), ("--frame-kind", "fixed=90,230"), ("--bits", "37")):
        run("encode", FOLDER / "a.npz", "--encoder", "sketch", "-o", FOLDER / "codes.npz", *options)
        stored = np.load(FOLDER / "codes.npz")
        metadata, tensors = read_model(stored["model"].tobytes())
        assert np.array_equal(encode(metadata, tensors, *data), stored["codes"]), options


def later_diagrams_are_encoded_alike():
    make_set(FOLDER / "a.npz", 40, 2)
    later = make_set(FOLDER / "b.npz", 30, 3)
    run("encode", FOLDER / "a.npz", "--encoder", "sketch", "-o", FOLDER / "first.npz")
    run("encode", FOLDER / "b.npz", "--frame", FOLDER / "first.npz", "-o", FOLDER / "later.npz")
    metadata, tensors = read_model(np.load(FOLDER / "first.npz")["model"].tobytes())
    assert np.array_equal(encode(metadata, tensors, *later), np.load(FOLDER / "later.npz")["codes"])


def the_same_bytes_at_every_level_and_number_of_threads():
    make_set(FOLDER / "a.npz", 50, 4)
    found = set()
    for level in ("scalar", "avx2", "avx512"):
        for threads in (1, 2):
            run("train", "sketch", FOLDER / "a.npz", "-o", FOLDER / "m.safetensors", "--threads", threads, PSH_SIMD=level)
            found.add((FOLDER / "m.safetensors").read_bytes())
    assert len(found) == 1


def sliced_wasserstein_is_gudhis():
    points, dims, offsets = make_set(FOLDER / "a.npz", 12, 5)
    run("distance", FOLDER / "a.npz", "--metric", "sliced", "--pool", "--directions", 200, "--positions", 4000, "-o", FOLDER / "sw.npy")
    lo, hi = points.min(), points.max()
    diagrams = [(points[offsets[i]:offsets[i + 1]] - lo) / (hi - lo) for i in range(12)]
    theirs = SlicedWassersteinDistance(num_directions=200).fit(diagrams).transform(diagrams)[np.triu_indices(12, 1)]
    ours = np.load(FOLDER / "sw.npy")
    ratio = ours / theirs
    assert np.abs(ratio / np.median(ratio) - 1).max() < 0.01, ratio
    assert abs(np.median(ratio) - 1) < 0.01, np.median(ratio)


def ranks(values):
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[inverse]


def fitted_codes_track_w1():
    make_set(FOLDER / "a.npz", 100, 6)
    run("distance", FOLDER / "a.npz", "--metric", "wasserstein", "-o", FOLDER / "w1.npy")
    truth = np.load(FOLDER / "w1.npy")
    for n_bits, least in ((32, 0.95), (256, 0.99)):
        run("encode", FOLDER / "a.npz", "--encoder", "sketch", "--bits", n_bits, "-o", FOLDER / "codes.npz")
        bits = np.unpackbits(np.load(FOLDER / "codes.npz")["codes"], axis=1)
        hamming = (bits[:, None] != bits[None]).sum(axis=2)[np.triu_indices(100, 1)]
        spearman = np.corrcoef(ranks(hamming), ranks(truth))[0, 1]
        assert spearman > least, (n_bits, spearman)


def safetensors_opens_the_model():
    make_set(FOLDER / "a.npz", 20, 7)
    run("train", "sketch", FOLDER / "a.npz", "-o", FOLDER / "m.safetensors")
    assert load_file(FOLDER / "m.safetensors")["lines"].shape == (64, 4)


try:
    from safetensors.numpy import load_file
except ImportError:
    load_file = None
    print("safetensors is not installed: its reader is not tried")

TESTS = [codes_are_what_the_format_says, later_diagrams_are_encoded_alike, the_same_bytes_at_every_level_and_number_of_threads, sliced_wasserstein_is_gudhis,
         fitted_codes_track_w1] + ([safetensors_opens_the_model] if load_file else [])
n_failed = 0
for test in TESTS:
    try:
        test()
        print(f"ok {test.__name__}")
    except Exception as fault:  # noqa: BLE001 : every fault of a test is reported
        n_failed += 1
        print(f"FAILED {test.__name__}: {type(fault).__name__}: {fault}")
print(f"{len(TESTS) - n_failed} passed, {n_failed} failed")
sys.exit(1 if n_failed else 0)
