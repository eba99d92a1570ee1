"""Many files into one set, end to end by the tool: images per second, where the time goes, and peak memory.

    /usr/bin/python3 bench/bench_stream.py [N_FILES]        N_FILES: of the second part, 100000 if not given

Environment: PERSIHASH (build/persihash), PSH_DATASETS (../shared/datasets), PSH_RUN_WITH: a command that runs the tool, such as
"chrt -f 1", which keeps other work on a shared machine away. First the JPEG tiles, files in the page cache:
seconds are the least of 5 runs, from start to end of the process; CPU seconds are of that run, peak memory is that of all. "GUDHI loop" is what a script
does today: PIL, SciPy's filter, GUDHI's cubical complex, on 60 of the tiles, scaled up. Then N_FILES images of 28 x 28 under
/dev/shm, removed at the end; peak memory is VmHWM, read while the tool runs.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = os.environ.get("PERSIHASH", str(ROOT / "build" / "persihash"))
TILES = pathlib.Path(os.environ.get("PSH_DATASETS", ROOT / "../shared/datasets")) / "colon" / "tiles"
RUN_WITH = os.environ.get("PSH_RUN_WITH", "").split()
N_REPEATS = 5


def run(*words):
    """Seconds of the process, its summary, and the peak of its memory in bytes."""
    start, peak = time.monotonic(), 0
    work = subprocess.Popen([*RUN_WITH, TOOL, "diagram", *map(str, words), "--json", "--quiet"], stdout=subprocess.PIPE)
    while work.poll() is None:
        lines = pathlib.Path(f"/proc/{work.pid}/status").read_text().splitlines()
        peak = max([peak, *(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))])
        time.sleep(0.01)
    seconds, text = time.monotonic() - start, work.stdout.read()
    assert work.returncode == 0
    return seconds, json.loads(text), peak


def row(name, n, best):
    seconds, found, peak = best
    cpu = found["cpu_seconds"]
    print(f"| {name} | {n / seconds:.0f} | {seconds:.2f} | " + " | ".join(f"{cpu[step]:.2f}" for step in ("read", "prepare", "homology", "write"))
          + f" | {n / sum(cpu.values()):.0f} | {peak / 1e6:.0f} MB |", flush=True)


def head():
    print("| run | items a second | wall s | reading | scaling, smoothing | homology | writing | items per CPU second | peak memory |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|")


def gudhi_loop(n_all):
    try:
        import gudhi
        from PIL import Image
        from scipy.ndimage import gaussian_filter
    except ImportError as fault:
        return print(f"GUDHI loop: not run ({fault})")
    paths = sorted(TILES.rglob("*.jpg"))[::17][:60]
    start = time.process_time()
    for path in paths:
        image = np.rint(gaussian_filter(np.asarray(Image.open(path).convert("L"), dtype=float), 2))
        gudhi.CubicalComplex(top_dimensional_cells=image).persistence()
    seconds = (time.process_time() - start) / len(paths)
    print(f"GUDHI {gudhi.__version__} loop, sigma 2: {1 / seconds:.0f} images per CPU second ({n_all} would take {n_all * seconds:.0f} s)")


def tiles(scratch):
    if not TILES.is_dir():
        return print(f"no tiles at {TILES}: left out")
    n = len(list(TILES.rglob("*.jpg")))
    print(f"{n} JPEG tiles")
    head()
    for more in (["--smooth", "2"], []):
        for threads in (1, 2):
            for manner in ([], ["--resume"]) if more and threads == 2 else ([],):
                words = [TILES, "-o", scratch / "set.npz", "--threads", threads, *more, *manner]
                runs = [run(*words) for _ in range(N_REPEATS)]
                row(" ".join([*(more or ["as they are"]), *manner]) + f", {threads} thread{'s' * (threads > 1)}", n,
                    (*min(runs, key=lambda found: found[0])[:2], max(peak for _, _, peak in runs)))
    gudhi_loop(n)


def many(scratch, n_files):
    images = scratch / "many"
    rng = np.random.default_rng(0)
    data = [b"P5\n28 28\n255\n" + rng.integers(0, 256, (28, 28), dtype=np.uint8).tobytes() for _ in range(100)]
    for i in range(n_files):
        folder = images / f"{i // 1000:03d}"
        if i % 1000 == 0:
            folder.mkdir(parents=True)
        (folder / f"{i % 1000:03d}.pgm").write_bytes(data[i % 100])
    print(f"\n{n_files} images of 28 x 28, noise")
    head()
    for count in (n_files // 10, n_files):
        row(f"{count} of them, 2 threads", count, run(images, "-o", scratch / "set.npz", "--threads", 2, "--count", count))
    print(f"the result: {(scratch / 'set.npz').stat().st_size / 1e6:.0f} MB")


folder = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm"))
try:
    tiles(folder)
    many(folder, int(sys.argv[1]) if len(sys.argv) > 1 else 100000)
finally:
    shutil.rmtree(folder)
