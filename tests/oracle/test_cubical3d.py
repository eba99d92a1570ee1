"""Cubical persistence of volumes and of periodic grids against GUDHI and DIPHA: equal as multisets.

GUDHI knows the T construction; the V construction of a volume is the T construction of all its cells, each with the
greatest value of its vertices. DIPHA has the V construction, and its own diagrams are given.
"""

import glob
import struct
import sys

import homology_library as h
import numpy as np
from homology_library import gudhi


def cells_of_v(array, is_periodic):
    """Cells at (2 n - 1) places an axis, 2 n if it is periodic; a cell has the greatest of its vertices."""
    for axis in range(array.ndim):
        between = np.maximum(array, np.roll(array, -1, axis))
        shape = list(array.shape)
        shape[axis] *= 2
        array = np.stack([array, between], axis + 1).reshape(shape)
        if not is_periodic:
            array = np.delete(array, -1, axis)
    return array


def gudhis(array, construction, filtration, is_periodic):
    values = array.astype(np.float64) * (1 if filtration == "sublevel" else -1)
    if construction == "V":
        values = cells_of_v(values, is_periodic)
    if is_periodic:
        complex_ = gudhi.PeriodicCubicalComplex(top_dimensional_cells=values,
                                                periodic_dimensions=[True] * values.ndim)
    else:
        complex_ = gudhi.CubicalComplex(top_dimensional_cells=values)
    return h.rows_of_gudhi(complex_, values.ndim + 1)


def compare(score, name, array, is_periodic=False, constructions="TV", filtrations=tuple(h.FILTRATIONS)):
    image = h.make_image(array)
    for construction in constructions:
        for filtration in filtrations:
            score.same(h.compute("cubical", image, construction, filtration, is_periodic),
                       gudhis(array, construction, filtration, is_periodic),
                       f"{name} {array.shape} {array.dtype} {construction} {filtration}{' periodic' * is_periodic}")
    h.LIBRARY.psh_image_free(image)


def random_arrays(rng):
    for n_levels in (2, 4, 30, 250):
        for dtype in h.DTYPES:
            for n_axes in (2, 3):
                yield rng.integers(0, n_levels, rng.integers(2, 7, n_axes)).astype(dtype)
    for _ in range(6):
        yield rng.normal(size=rng.integers(2, 8, 3))
    yield rng.normal(size=(20, 22, 24)).astype(np.float32)
    yield rng.integers(0, 50, (24, 20, 22), dtype=np.uint8)


def read_dipha(path):
    """An image as (z, y, x), or the rows (dim, birth, death) of a diagram, essential ones as (0, birth, inf)."""
    with open(path, "rb") as file:
        data = file.read()
    magic, kind, count = struct.unpack_from("<3q", data)
    assert magic == 8067171840
    if kind == 1:
        n_axes = struct.unpack_from("<q", data, 24)[0]
        shape = struct.unpack_from(f"<{n_axes}q", data, 32)
        return np.frombuffer(data, "<f8", count, 32 + 8 * n_axes).reshape(shape[::-1])
    rows = np.frombuffer(data, [("dim", "<i8"), ("birth", "<f8"), ("death", "<f8")], count, 24)
    is_essential = rows["dim"] < 0
    dims = np.where(is_essential, -rows["dim"] - 1, rows["dim"]).astype(float)
    rows = np.column_stack([dims, rows["birth"], np.where(is_essential, np.inf, rows["death"])])
    return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]


def compare_with_dipha(score):
    image = h.make_image(read_dipha(h.data_path("formats/dipha_smooth_16.complex")))
    ours = h.compute("cubical", image, "V")
    h.LIBRARY.psh_image_free(image)
    score.same(ours, read_dipha(h.data_path("formats/dipha_smooth_def.diagram")), "DIPHA, all dimensions")
    score.same(ours[ours[:, 0] < 2], read_dipha(h.data_path("formats/dipha_smooth_2.diagram")), "DIPHA, --upper_dim 2")


def main():
    score = h.Score()
    rng = np.random.default_rng(1)
    for array in random_arrays(rng):
        compare(score, "random", array)
        if array.size < 400:
            compare(score, "random", array, is_periodic=True)
    for shape in ((1, 5), (5, 1), (4, 1, 5), (4, 5, 1), (3, 1, 1), (2, 2, 2), (2, 3, 2)): # T: GUDHI glues one voxel too
        array = rng.integers(0, 5, shape).astype(np.uint8)
        compare(score, "thin", array)
        compare(score, "thin", array, is_periodic=True, constructions="T")
    if glob.glob(h.data_path("formats/dipha_smooth_*")):
        compare_with_dipha(score)
    else:
        score.skip("no ../shared/datasets/formats")
    fields = glob.glob(h.data_path("isabel_field/*.vti"))
    if fields:
        field = h.read_vti(fields[0])
        compare(score, "isabel", field, constructions="T", filtrations=["sublevel"])
        compare(score, "isabel", field[5:20, 40:70, 50:85].astype(np.float32))
    else:
        score.skip("no ../shared/datasets/isabel_field")
    return score.finish()


if __name__ == "__main__":
    sys.exit(main())
