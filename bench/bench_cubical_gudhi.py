"""Cubical persistence, H0 and H1 of smoothed 8-bit tiles: this library against GUDHI in the same run, one thread each.

    /usr/bin/python3 bench/bench_cubical_gudhi.py [N_IMAGES]

Environment: PSH_LIBRARY (build/libpersihash.so), PSH_DATASETS (../shared/datasets), PSH_NEWEST_PYTHON: a Python with a
newer GUDHI, measured too. All get the very same arrays (GUDHI as the doubles that it computes with), and all intervals are
compared. Time is CPU time of the thread: the sum over images of the least of some repeats. GUDHI's newest has a 2D path
of its own, which is called directly where it exists.
"""

import ctypes as c
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

import gudhi
import numpy as np

try:
    from gudhi._pers_cub_low_dim_ext import _persistence_on_rectangle_from_top_cells as gudhi_in_2d
except ImportError:
    gudhi_in_2d = None


class Interval(c.Structure):
    _fields_ = [("birth", c.c_double), ("death", c.c_double), ("dim", c.c_int32)]


class InputParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("labels_path", c.c_char_p), ("smooth_sigma", c.c_double),
                ("scale_factor", c.c_double), ("first", c.c_uint64), ("count", c.c_uint64)]


def must(status):
    assert status == 0, f"the library answered {status}"


def least(repeats, work):
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        result = work()
        times.append(time.thread_time() - start)
    return min(times), result


def read_tiles(library, n_images):
    """As the library itself reads and smooths them: (N, 224, 224) uint8."""
    folder = os.path.join(os.environ.get("PSH_DATASETS", "../shared/datasets"), "colon/tiles")
    names = sorted(glob.glob(folder + "/**/*.jp*g", recursive=True))
    if not names:
        sys.exit(f"no images in {folder}; set PSH_DATASETS")
    tiles = []
    for name in names[:: max(1, len(names) // n_images)][:n_images]:
        source, image, shape = c.c_void_p(), c.c_void_p(), (c.c_size_t * 3)()
        params = InputParams(c.sizeof(InputParams), None, 2.0)
        must(library.psh_input_open((c.c_char_p * 1)(name.encode()), c.c_size_t(1), c.byref(params), c.byref(source), None))
        must(library.psh_input_read(source, c.c_size_t(0), c.byref(image), None))
        library.psh_image_shape(image, shape)
        pixels = c.string_at(library.psh_image_pixels(image), shape[1] * shape[2])
        tiles.append(np.frombuffer(pixels, np.uint8).reshape(shape[1], shape[2]))
        library.psh_image_free(image)
        library.psh_input_free(source)
    return np.stack(tiles)


def run_ours(library, tiles):
    cubical, intervals, count, total, diagrams = c.c_void_p(), c.POINTER(Interval)(), c.c_size_t(), 0, []
    must(library.psh_cubical_create(c.byref(cubical), None))
    for tile in tiles:
        image, shape = c.c_void_p(), (c.c_size_t * 3)(1, *tile.shape)
        must(library.psh_image_create(0, shape, tile.ctypes.data_as(c.c_void_p), c.byref(image), None))
        arguments = (cubical, image, None, c.byref(intervals), c.byref(count), None, None)
        seconds, _ = least(20, lambda: must(library.psh_cubical_compute(*arguments)))
        total += seconds
        diagrams.append([[i.dim, i.birth, i.death] for i in intervals[: count.value]])
        library.psh_image_free(image)
    library.psh_cubical_free(cubical)
    return {"name": "persihash", "seconds": total, "diagrams": diagrams}


def run_gudhi(tiles):
    def classic(values):
        complex_ = gudhi.CubicalComplex(top_dimensional_cells=values)
        complex_.compute_persistence()
        return [complex_.persistence_intervals_in_dimension(dim) for dim in (0, 1)]

    total, diagrams = 0, []
    for tile in tiles.astype(np.float64):
        seconds, pairs = least(3, lambda: gudhi_in_2d(tile, 0.0) if gudhi_in_2d else classic(tile))
        total += seconds
        diagrams.append(sorted([dim, *pair] for dim in (0, 1) for pair in np.asarray(pairs[dim]).tolist()
                               if pair[0] < pair[1] < np.inf))
    name = f"GUDHI {gudhi.__version__}" + (" (2D path)" if gudhi_in_2d else "")
    return {"name": name, "seconds": total, "diagrams": diagrams}


def main():
    if sys.argv[1:2] == ["--peer"]: # in another Python: arrays in, times and intervals out
        return json.dump(run_gudhi(np.load(sys.argv[2])), sys.stdout)
    library = c.CDLL(os.environ.get("PSH_LIBRARY", "build/libpersihash.so"))
    library.psh_image_pixels.restype = c.c_void_p
    tiles = read_tiles(library, int(sys.argv[1]) if len(sys.argv) > 1 else 50)
    results = [run_ours(library, tiles), run_gudhi(tiles)]
    newest = os.environ.get("PSH_NEWEST_PYTHON", "")
    if os.access(newest, os.X_OK):
        with tempfile.TemporaryDirectory() as folder:
            np.save(folder + "/tiles.npy", tiles)
            peer = subprocess.run([newest, __file__, "--peer", folder + "/tiles.npy"], capture_output=True, text=True)
        if peer.returncode == 0:
            results.append(json.loads(peer.stdout))
        else:
            print("the newer GUDHI did not run:", peer.stderr.strip().splitlines()[-1:])
    print(f"{len(tiles)} smoothed uint8 tiles of {tiles[0].size} pixels, H0 and H1, T construction, one thread")
    print(f"{'':24} {'ms a tile':>10} {'Mpixel/s':>10} {'ratio':>8}  intervals")
    ours = results[0]
    for result in results:
        is_same = result["diagrams"] == ours["diagrams"]
        print(f"{result['name']:24} {1e3 * result['seconds'] / len(tiles):10.3f} {1e-6 * tiles.size / result['seconds']:10.2f} "
              f"{result['seconds'] / ours['seconds']:8.1f}  {'the same' if is_same else 'DIFFERENT'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
