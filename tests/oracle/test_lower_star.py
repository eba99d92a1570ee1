"""Lower-star persistence of meshes, of triangulated grids and of volumes cut into tetrahedra against GUDHI's simplex tree:
equal as multisets."""

import glob
import itertools
import os
import sys

import homology_library as h
import numpy as np
from homology_library import gudhi


def make_tree(values, simplices):
    tree = gudhi.SimplexTree()
    for simplex in simplices:
        tree.insert(sorted(set(int(i) for i in simplex)), -np.inf)
    for i, value in enumerate(values):
        tree.insert([i], value)
        tree.assign_filtration([i], value)
    tree.make_filtration_non_decreasing()
    tree.set_dimension(4) # else the classes of the top dimension are left out
    return tree


def gudhis(values, triangles, filtration):
    values = np.asarray(values, np.float64) * (1 if filtration == "sublevel" else -1)
    return h.rows_of_gudhi(make_tree(values, triangles), 3)


def compare_mesh(score, name, values, triangles):
    mesh = h.make_mesh(values, triangles)
    for filtration in h.FILTRATIONS:
        score.same(h.compute("lower_star_mesh", mesh, filtration=filtration), gudhis(values, triangles, filtration),
                   f"{name} {filtration}")
    h.LIBRARY.psh_mesh_free(mesh)


def triangles_of_ttk(height, width):
    """Each square is cut from its upper right to its lower left corner."""
    corner = (np.arange(height - 1)[:, None] * width + np.arange(width - 1)).ravel()
    return np.concatenate([np.column_stack([corner, corner + 1, corner + width]),
                           np.column_stack([corner + 1, corner + width + 1, corner + width])])


def tetrahedra_of_ttk(depth, height, width):
    """Each cube is cut into six: paths along its edges from (0, 0, 1) to (1, 1, 0), the axes in each order."""
    z, y, x = np.meshgrid(np.arange(depth - 1), np.arange(height - 1), np.arange(width - 1), indexing="ij")
    simplices = []
    for axes in itertools.permutations(range(3)):
        corner, columns = [0, 0, 1], []
        for axis in (*axes, None):
            columns.append((((z + corner[0]) * height + y + corner[1]) * width + x + corner[2]).ravel())
            if axis is not None:
                corner[axis] = 1 - corner[axis]
        simplices.append(np.column_stack(columns))
    return np.concatenate(simplices)


def compare_grid(score, name, array):
    image = h.make_image(array)
    simplices = triangles_of_ttk(*array.shape) if array.ndim == 2 else tetrahedra_of_ttk(*array.shape)
    for filtration in h.FILTRATIONS:
        score.same(h.compute("lower_star_grid", image, filtration=filtration),
                   gudhis(array.ravel(), simplices, filtration), f"{name} {array.shape} {array.dtype} {filtration}")
    h.LIBRARY.psh_image_free(image)


def read_off(path):
    with open(path) as file:
        words = file.read().split()
    n_vertices, n_triangles = int(words[1]), int(words[2])
    numbers = np.array(words[4:4 + 3 * n_vertices + 4 * n_triangles], float)
    return numbers[: 3 * n_vertices].reshape(-1, 3), numbers[3 * n_vertices:].reshape(-1, 4)[:, 1:].astype(int)


def main():
    score = h.Score()
    rng = np.random.default_rng(1)
    for i in range(60):
        n_vertices = int(rng.integers(1, 30))
        triangles = rng.integers(0, n_vertices, (rng.integers(0, 80), 3))
        compare_mesh(score, f"random {i}", rng.integers(0, rng.choice([2, 6, 100]), n_vertices), triangles)
    for dtype in h.DTYPES:
        for n_levels in (2, 5, 200):
            compare_grid(score, "random", rng.integers(0, n_levels, rng.integers(2, 20, 2)).astype(dtype))
            compare_grid(score, "random", rng.integers(0, n_levels, rng.integers(2, 7, 3)).astype(dtype))
    path = h.data_path("formats/mesh_human.off")
    if os.path.exists(path):
        vertices, triangles = read_off(path)
        for axis in range(3):
            compare_mesh(score, f"human, axis {axis}", vertices[:, axis], triangles)
    else:
        score.skip("no ../shared/datasets/formats")
    fields = sorted(glob.glob(h.data_path("heated_cylinder/*.vti")))
    for path in fields[:: max(1, len(fields) // 4)]:
        compare_grid(score, os.path.basename(path), h.read_vti(path)[0, :100, :])
    if not fields:
        score.skip("no ../shared/datasets/heated_cylinder")
    for path in glob.glob(h.data_path("isabel_field/*.vti")):
        compare_grid(score, "isabel", h.read_vti(path)[4:16, 50:70, 50:75])
    return score.finish()


if __name__ == "__main__":
    sys.exit(main())
