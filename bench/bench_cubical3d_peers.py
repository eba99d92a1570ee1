"""Persistence of volumes (H0, H1, H2) and of meshes against the peers in the same run, one thread each.

    /usr/bin/python3 bench/bench_cubical3d_peers.py [N_REPEATS]

Environment: PSH_LIBRARY (build/libpersihash.so), PSH_DATASETS (../shared/datasets), PSH_NEWEST_PYTHON: a Python with a newer
GUDHI and, if it is to be measured, CubicalRipser (package cripser), which runs the same once more. All get the very same float64 arrays, and all intervals are
compared. Time: the thread's CPU time from the array to the computed pairs, the least of some repeats; for GUDHI the
building of the complex and compute_persistence() are both counted, for its simplex tree only the latter.
"""

import glob
import os
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tests/oracle"))
os.environ.setdefault("PSH_LIBRARY", "build/libpersihash.so")

import homology_library as h  # noqa: E402
import test_lower_star as lower_star  # noqa: E402
from homology_library import gudhi  # noqa: E402

try:
    import cripser
    import tcripser
except ImportError:
    cripser = tcripser = None


def least(n_repeats, work):
    times = []
    for _ in range(n_repeats):
        start = time.thread_time()
        result = work()
        times.append(time.thread_time() - start)
    return min(times), result


class Ours:
    """The library's call alone, its working memory warm."""

    def __init__(self, what, item, construction="T"):
        complex_ = what.replace("_mesh", "").replace("_grid", "")
        self.engine = h.c.c_void_p()
        h.check(getattr(h.LIBRARY, f"psh_{complex_}_create")(h.c.byref(self.engine), None))
        params = h.Params(h.c.sizeof(h.Params), h.CONSTRUCTIONS[construction], 0, h.KEEP)
        self.intervals, self.count = h.c.POINTER(h.Interval)(), h.c.c_size_t()
        call = getattr(h.LIBRARY, f"psh_{complex_}_compute" + what[len(complex_):])
        arguments = (self.engine, item, h.c.byref(params), h.c.byref(self.intervals), h.c.byref(self.count), None, None)
        self.compute = lambda: h.check(call(*arguments))

    def rows(self):
        return np.array([(i.dim, i.birth, i.death) for i in self.intervals[: self.count.value]]).reshape(-1, 3)


def sort_rows(rows):
    rows = rows[rows[:, 2] > rows[:, 1]]
    return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]


def gudhi_volume(array, construction):
    cells = {"top_dimensional_cells" if construction == "T" else "vertices": array}
    complex_ = gudhi.CubicalComplex(**cells)
    complex_.compute_persistence(homology_coeff_field=2)
    return complex_


def rows_of(complex_):
    pairs = [complex_.persistence_intervals_in_dimension(dim).reshape(-1, 2) for dim in range(3)]
    return sort_rows(np.concatenate([np.column_stack([np.full(len(p), float(dim)), p]) for dim, p in enumerate(pairs)]))


def ripser_volume(array, construction):
    return (tcripser if construction == "T" else cripser).computePH(array, maxdim=2)


def line(what, ours, peer, is_same):
    print(f"{what:34} {1e3 * ours:10.2f} {1e3 * peer:10.1f} {peer / ours:8.1f}  {'the same' if is_same else 'DIFFERENT'}")


def measure_volume(name, array, n_repeats):
    image = h.make_image(array)
    for construction in "TV":
        ours = Ours("cubical", image, construction)
        seconds, _ = least(3 * n_repeats, ours.compute)
        peer, complex_ = least(n_repeats, lambda: gudhi_volume(array, construction))
        line(f"{name}, {construction}, GUDHI {gudhi.__version__}", seconds, peer, np.array_equal(ours.rows(), rows_of(complex_)))
        if cripser:
            peer, pairs = least(n_repeats, lambda: ripser_volume(array, construction))
            rows = pairs[:, :3].copy()
            rows[rows[:, 2] >= np.finfo(float).max, 2] = np.inf
            line(f"{name}, {construction}, CubicalRipser", seconds, peer, np.array_equal(ours.rows(), sort_rows(rows)))
    h.LIBRARY.psh_image_free(image)


def measure_mesh(name, values, triangles, n_repeats):
    mesh = h.make_mesh(values, triangles)
    ours = Ours("lower_star_mesh", mesh)
    seconds, _ = least(3 * n_repeats, ours.compute)
    tree = lower_star.make_tree(values, triangles)
    peer, _ = least(n_repeats, lambda: tree.compute_persistence(homology_coeff_field=2, min_persistence=0))
    line(f"{name}, GUDHI {gudhi.__version__}", seconds, peer, np.array_equal(ours.rows(), rows_of(tree)))
    h.LIBRARY.psh_mesh_free(mesh)


def measure_grid(name, array, n_repeats):
    image = h.make_image(array)
    simplices = (lower_star.triangles_of_ttk if array.ndim == 2 else lower_star.tetrahedra_of_ttk)(*array.shape)
    ours = Ours("lower_star_grid", image)
    seconds, _ = least(3 * n_repeats, ours.compute)
    tree = lower_star.make_tree(array.ravel(), simplices)
    peer, _ = least(n_repeats, lambda: tree.compute_persistence(homology_coeff_field=2, min_persistence=0))
    line(f"{name}, GUDHI {gudhi.__version__}", seconds, peer, np.array_equal(ours.rows(), rows_of(tree)))
    h.LIBRARY.psh_image_free(image)


def main():
    n_repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{'input, peer':34} {'ours, ms':>10} {'peer, ms':>10} {'ratio':>8}  intervals")
    for path in sorted(glob.glob(h.data_path("isabel_field/*.vti"))):
        measure_volume("field 125 x 125 x 25", h.read_vti(path), n_repeats)
    measure_volume("noise 64 x 64 x 64", np.random.default_rng(1).normal(size=(64, 64, 64)), n_repeats)
    path = h.data_path("formats/mesh_human.off")
    if os.path.exists(path):
        vertices, triangles = lower_star.read_off(path)
        measure_mesh("mesh of 9,408 triangles", vertices[:, 2], triangles, n_repeats)
    for path in sorted(glob.glob(h.data_path("heated_cylinder/*.vti")))[:1]:
        measure_grid("triangulated 128 x 256", h.read_vti(path)[0], n_repeats)
    for path in sorted(glob.glob(h.data_path("isabel_field/*.vti"))):
        measure_grid("tetrahedra, 64 x 64 x 25 of it", np.ascontiguousarray(h.read_vti(path)[:, 30:94, 30:94]), 1)
    newest = os.environ.pop("PSH_NEWEST_PYTHON", "")
    if os.access(newest, os.X_OK):
        print(flush=True)
        subprocess.run([newest, __file__, *sys.argv[1:]], check=False)


if __name__ == "__main__":
    main()
