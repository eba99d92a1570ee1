"""Many files into one set: bad files, kills, full disks, bounded memory; the bytes are always the same."""
import io
import json
import os
import pathlib
import resource
import signal
import subprocess
import time

import numpy as np
from harness import BAD_DATA, FAILED, TOOL, USAGE, Skip, main, run
from PIL import Image

HEAD = 32  # bytes of a .partial before its first record


def noise(side, seed):
    return np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)


def pgm(image):
    return b"P5\n%d %d\n255\n" % image.shape[::-1] + image.tobytes()


def encoded(image, form):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def write_folder(folder, n, side=12):
    """n images of four formats in two folders, which are classes. Returns their paths in the order of the set."""
    paths = []
    for i in range(n):
        image = noise(side + i % 5, i)
        suffix, data = [("pgm", pgm(image)), ("png", encoded(image, "PNG")), ("jpg", encoded(image, "JPEG")), ("npy", npy(image))][i % 4]
        path = folder / "ab"[i % 2] / f"{i:03d}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        paths.append(path)
    return sorted(paths)


def spoil(folder):
    """Bad files of every sort, among the good ones. Returns their names."""
    image = noise(40, 1)
    jpeg, png = encoded(image, "JPEG"), encoded(image, "PNG")
    broken = bytearray(png)
    broken[len(png) // 2] ^= 0xFF
    nan = image.astype(float)
    nan[3, 4] = np.nan
    bad = {"a/005x.png": b"", "a/010x.jpg": b"I am no picture\n" * 9, "a/020x.jpg": jpeg[: len(jpeg) // 2], "a/030x.png": png[:60], "a/040x.png": bytes(broken),
           "b/015x.npy": npy(nan), "b/025x.npy": npy(np.zeros((0, 3))), "b/035x.pgm": b"P5\n99999 99999\n255\n" + b"x" * 99, "b/045x.pgm": b"P5\n0 0\n255\n",
           "b/055x.npy": npy(image)[:-7], "b/065x.pgm.gz": b"\x1f\x8b\x08\x00cut", "b/075x.pgm": b"P5\n9 9\n70000\n" + b"x" * 162}
    for name, data in bad.items():
        (folder / name).write_bytes(data)
    (folder / "a" / "050x.png").symlink_to("nowhere.png")
    return sorted([*bad, "a/050x.png"])


def in_folder(folder):
    return sorted(path.name for path in folder.iterdir())


def meta_of(path):
    return json.loads(str(np.load(path)["meta"]))


def bad_files_stop_the_work_or_are_skipped_and_listed(folder):
    images = folder / "images"
    write_folder(images, 187)
    good = folder / "good.npz"
    run("diagram", images, "-o", good)
    bad = spoil(images)
    assert len(bad) == 13
    out = folder / "set.npz"
    _, err = run("diagram", images, "-o", out, code=BAD_DATA)
    assert any(name in err for name in bad), err
    assert in_folder(folder) == ["good.npz", "images"]

    before = None
    for threads in (1, 2):
        text, err = run("diagram", images, "-o", out, "--on-error", "skip", "--threads", threads, "--json")
        found = json.loads(text)
        assert (found["n_diagrams"], found["n_skipped"], found["kind"], found["complex"]) == (187, 13, "image", "cubical"), found
        assert "13 of 200 items were skipped" in err and "set.npz.skipped.txt" in err, err
        now = out.read_bytes(), (folder / "set.npz.skipped.txt").read_bytes()
        assert before in (None, now)
        before = now
    lines = [line.split("\t") for line in (folder / "set.npz.skipped.txt").read_text().splitlines()]
    assert [name for name, _ in lines] == [str(images / name) for name in bad]
    reasons = dict(zip(bad, (reason for _, reason in lines)))
    for name, word in (("a/005x.png", "empty"), ("a/010x.jpg", "text"), ("b/015x.npy", "NaN"), ("a/050x.png", "no such file"), ("b/035x.pgm", "99999")):
        assert word.lower() in reasons[name].lower(), (name, reasons[name])
    meta = meta_of(out)
    assert meta["n_skipped"] == 13 and [entry["name"] for entry in meta["skipped"]] == [str(images / name) for name in bad]
    a, b = np.load(good), np.load(out)
    for key in ("points", "dims", "offsets", "names", "labels", "label_names"):
        np.testing.assert_array_equal(a[key], b[key])


def start(words, partial=None, n_bytes=0):
    """Starts the tool, and waits until its unfinished work has so many bytes."""
    work = subprocess.Popen([TOOL, "diagram", *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while partial and (not partial.exists() or partial.stat().st_size < n_bytes):
        assert work.poll() is None, work.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return work


def write_stack(path, n, side):
    np.save(path, np.random.default_rng(0).integers(0, 256, (n, side, side), dtype=np.uint8))
    return path


def killed_work_goes_on_to_the_same_bytes(folder):
    stack, out, partial = write_stack(folder / "stack.npy", 500, 150), folder / "set.npz", folder / "set.npz.partial"
    words = [stack, "-o", out, "--resume"]
    run("diagram", stack, "-o", folder / "whole.npz", "--threads", "1")
    n_before = HEAD
    for _ in range(3):
        work = start([*words, "--threads", "2"], partial, n_before + 5_000_000)
        work.kill()
        work.communicate()
        assert work.returncode == -signal.SIGKILL and not out.exists()
        n_before = partial.stat().st_size
    found = json.loads(run("diagram", *words, "--json")[0])
    assert 100 < found["n_resumed"] < 500 and found["n_diagrams"] == 500, found
    assert out.read_bytes() == (folder / "whole.npz").read_bytes()
    assert in_folder(folder) == ["set.npz", "stack.npy", "whole.npz"]


def killed_work_leaves_nothing_unless_asked_to(folder):
    stack = write_stack(folder / "stack.npy", 1500, 150)
    for number in (signal.SIGKILL, signal.SIGINT):
        work = start([stack, "-o", folder / "set.npz"])
        time.sleep(0.3)
        work.send_signal(number)
        work.communicate(timeout=60)
        assert work.returncode != 0
        assert in_folder(folder) == ["stack.npy"]


def interrupted_work_is_kept_and_guarded(folder):
    images, out, partial = folder / "images", folder / "set.npz", folder / "set.npz.partial"
    images.mkdir()
    for i in range(400):
        (images / f"{i:04d}.pgm").write_bytes(pgm(noise(150, i)))
    words = [images, "-o", out, "--resume"]
    work = start([*words, "--threads", "1"], partial, 2_000_000)
    _, err = run("diagram", *words, code=FAILED)
    assert "another process" in err
    work.send_signal(signal.SIGINT)
    _, err = work.communicate(timeout=60)
    assert work.returncode == FAILED and b"the same again goes on" in err, err
    kept = partial.read_bytes()
    _, err = run("diagram", images, "-o", out, code=FAILED)
    assert "--resume" in err
    for more in (["--smooth", "1"], ["--construction", "V"], ["--min-persistence", "3"], ["--dims", "1"], ["--essential", "keep"]):
        _, err = run("diagram", *words, *more, code=BAD_DATA)
        assert "other options" in err
    for other in (["--first", "1"], ["--count", "3"]):
        _, err = run("diagram", *words, *other, code=BAD_DATA)
        assert "other items" in err
    first, times = images / "0000.pgm", (images / "0000.pgm").stat()
    first.write_bytes(pgm(noise(150, 77)))
    _, err = run("diagram", *words, code=BAD_DATA)
    assert "0000.pgm" in err and "change" in err
    first.write_bytes(pgm(noise(150, 0)))
    os.utime(first, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert partial.read_bytes() == kept
    (images / "9999.pgm").write_bytes(pgm(noise(150, 9999)))  # one more file, behind those that are done
    assert json.loads(run("diagram", *words, "--json")[0])["n_resumed"] > 10
    run("diagram", images, "-o", folder / "whole.npz")
    assert out.read_bytes() == (folder / "whole.npz").read_bytes()


def a_bad_file_stops_the_work_and_skipping_goes_on(folder):
    images, out = folder / "images", folder / "set.npz"
    write_folder(images, 40)
    (images / "b" / "000.pgm").write_bytes(b"P5\n9 9\n255\ncut")
    run("diagram", images, "-o", out, "--resume", code=BAD_DATA)
    assert (folder / "set.npz.partial").exists()
    found = json.loads(run("diagram", images, "-o", out, "--resume", "--on-error", "skip", "--json")[0])
    assert (found["n_resumed"], found["n_diagrams"], found["n_skipped"]) == (20, 40, 1), found
    (folder / "again").mkdir()
    run("diagram", images, "-o", folder / "again" / "set.npz", "--on-error", "skip")
    assert out.read_bytes() == (folder / "again" / "set.npz").read_bytes()


def a_full_disk_is_told(folder):
    """Files may grow to so many bytes: in the unfinished work, or in the result."""
    stack, out = write_stack(folder / "stack.npy", 100, 60), folder / "set.npz"
    run("diagram", stack, "-o", out)
    whole = out.read_bytes()
    out.unlink()
    for more in ([], ["--resume"]):
        for limit in (1000, len(whole) // 2, len(whole) - 100):
            def limited(limit=limit):
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            work = subprocess.run([TOOL, "diagram", stack, "-o", out, *more], capture_output=True, preexec_fn=limited, restore_signals=False, check=False)
            assert work.returncode == FAILED and b"set.npz" in work.stderr and b"space" in work.stderr, work.stderr
            assert not out.exists() and (more or in_folder(folder) == ["stack.npy"])
    run("diagram", stack, "-o", out, "--resume")
    assert out.read_bytes() == whole
    (folder / "folder.npz").mkdir()
    run("diagram", stack, "-o", folder / "folder.npz", code=FAILED)
    run("diagram", stack, "-o", folder / "no" / "set.npz", code=FAILED)


def options_that_are_for_other_items_are_refused(folder):
    np.save(folder / "image.npy", noise(20, 0))
    np.save(folder / "cloud.npy", np.random.default_rng(0).random((30, 3)))
    points = np.random.default_rng(0).random((30, 2))
    np.save(folder / "matrix.npy", np.linalg.norm(points[:, None] - points[None], axis=2))
    cases = {"image": ["--threshold 1", "--metric manhattan", "--metric euclidean", "--max-memory 8G", "--complex rips", "--sample 10"],
             "cloud": ["--construction V", "--construction T", "--superlevel", "--periodic", "--smooth 1", "--scale 2", "--complex cubical", "--complex lower-star"],
             "matrix": ["--metric manhattan", "--metric euclidean", "--sample 10", "--construction V", "--smooth 2", "--superlevel"]}
    for kind, wrong in cases.items():
        for more in wrong:
            _, err = run("diagram", folder / f"{kind}.npy", "--as", kind, "-o", folder / "x.npz", *more.split(), code=USAGE)
            assert len(err.strip().splitlines()) == 1, err
    for more in ("--as picture", "--complex alpha", "--on-error ignore", "--max-memory much", "--max-memory 8X", "--sample 0", "--threshold -1"):
        run("diagram", folder / "image.npy", "-o", folder / "x.npz", *more.split(), code=USAGE)
    run("diagram", folder / "image.npy", "--as", "volume", "-o", folder / "x.npz", code=BAD_DATA)
    run("diagram", "-", "-o", folder / "x.npz", "--resume", stdin=(folder / "image.npy").read_bytes(), code=USAGE)
    run("diagram", folder / "image.npy", "-o", "-", "--resume", code=USAGE)
    assert in_folder(folder) == ["cloud.npy", "image.npy", "matrix.npy"]


def every_kind_is_told_in_summary_and_metadata(folder):
    np.save(folder / "image.npy", noise(20, 0))
    points = np.random.default_rng(0).random((60, 3))
    np.save(folder / "cloud.npy", points)
    np.save(folder / "matrix.npy", np.abs(points[:, None] - points[None]).sum(axis=2))
    np.save(folder / "volume.npy", np.random.default_rng(0).random((5, 6, 7)))
    for name, more, kind, complex_, expected in (
            ("image", ["--superlevel"], "image", "cubical", {"filtration": "superlevel", "construction": "T"}),
            ("volume", ["--periodic"], "image", "cubical", {"filtration": "sublevel", "periodic": True}),
            ("cloud", ["--metric", "manhattan", "--threshold", "0.9"], "cloud", "rips", {"point_metric": "manhattan", "threshold": 0.9}),
            ("cloud", ["--sample", "20", "--seed", "3", "--max-memory", "1G"], "cloud", "rips", {"n_samples": 20, "sample_seed": 3, "point_metric": "euclidean"}),
            ("matrix", [], "matrix", "rips", {})):
        out = folder / "set.npz"
        found = json.loads(run("diagram", folder / f"{name}.npy", "--as", name, "-o", out, "--json", *more)[0])
        assert (found["kind"], found["complex"]) == (kind, complex_), found
        assert set(found["cpu_seconds"]) == {"read", "prepare", "homology", "write"} and found["cpu_seconds"]["homology"] > 0
        meta = meta_of(out)
        assert (meta["kind"], meta["complex"]) == (kind, complex_)
        assert {key: meta[key] for key in expected} == expected, meta
        assert kind == "image" or "construction" not in meta and "filtration" not in meta
    run("diagram", folder / "cloud.npy", "--as", "cloud", "--metric", "manhattan", "-o", folder / "a.npz")
    run("diagram", folder / "matrix.npy", "--as", "matrix", "-o", folder / "b.npz")
    np.testing.assert_allclose(np.load(folder / "a.npz")["points"], np.load(folder / "b.npz")["points"], rtol=1e-14)
    text, _ = run("diagram", folder / "image.npy", "-o", folder / "set.npz")
    assert "image (cubical)" in text and "items a second" in text and "CPU seconds: reading" in text, text
    piped = subprocess.run([TOOL, "diagram", folder / "image.npy", "-o", "-"], capture_output=True, check=True).stdout
    assert piped == (folder / "set.npz").read_bytes()


def a_set_is_of_one_kind(folder):
    (folder / "a.pgm").write_bytes(pgm(noise(20, 0)))
    (folder / "c.pgm").write_bytes(pgm(noise(20, 1)))
    (folder / "b.off").write_text("OFF\n4 2 0\n0 0 0\n1 0 0\n0 1 0\n1 1 1\n3 0 1 2\n3 1 2 3\n")
    words = ["diagram", *(folder / name for name in ("a.pgm", "b.off", "c.pgm")), "-o", folder / "set.npz"]
    _, err = run(*words, code=BAD_DATA)
    assert "b.off" in err, err  # a mesh without a field: its own fault comes first
    (folder / "b.off").write_text("OFF\n3 0 0\n0 0 0\n3 0 0\n0 4 0\n")  # no triangle: a cloud
    for threads in (1, 2):
        _, err = run(*words, "--threads", threads, code=BAD_DATA)
        assert "b.off: is of kind cloud, those before it are of kind image" in err, err
        assert json.loads(run(*words, "--on-error", "skip", "--json")[0])["n_skipped"] == 1
        assert "kind cloud" in (folder / "set.npz.skipped.txt").read_text()
        assert [pathlib.Path(name).name for name in np.load(folder / "set.npz")["names"]] == ["a.pgm", "c.pgm"]


def peak_bytes(words):
    """Of memory, as the kernel keeps it; wait4() would tell the peak of this script, from which the tool was forked."""
    work = subprocess.Popen([TOOL, *map(str, words)], stdout=subprocess.DEVNULL)
    peak = 0
    while work.poll() is None:
        lines = pathlib.Path(f"/proc/{work.pid}/status").read_text().splitlines()
        peak = max([peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))])
        time.sleep(0.002)
    assert work.returncode == 0
    return peak


def memory_does_not_grow_with_the_number_of_files(folder):
    if b"__asan_init" in pathlib.Path(TOOL).read_bytes():
        raise Skip("the address sanitizer's own memory grows")
    images = folder / "images"
    images.mkdir()
    data = [pgm(noise(28, i)) for i in range(50)]
    for i in range(20000):
        (images / f"{i:05d}.pgm").write_bytes(data[i % 50])
    out = folder / "set.npz"
    peak = peak_bytes(["diagram", images, "-o", out])
    points = np.load(out)["points"]
    assert len(np.load(out)["names"]) == 20000 and points.nbytes > 50e6
    assert peak < 45e6, peak  # a set in memory alone would be 60 MB and more


main([bad_files_stop_the_work_or_are_skipped_and_listed, killed_work_goes_on_to_the_same_bytes, killed_work_leaves_nothing_unless_asked_to,
      interrupted_work_is_kept_and_guarded, a_bad_file_stops_the_work_and_skipping_goes_on, a_full_disk_is_told, options_that_are_for_other_items_are_refused,
      every_kind_is_told_in_summary_and_metadata, a_set_is_of_one_kind, memory_does_not_grow_with_the_number_of_files])
