"""What the homology tests share: the library through ctypes, GUDHI's intervals in the same form, VTK images."""

import base64
import ctypes as c
import os
import re
import sys
import zlib

try:
    import gudhi
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy and python3-gudhi")
    sys.exit(77)

DTYPES = {"uint8": 0, "uint16": 1, "float32": 2, "float64": 3}
CONSTRUCTIONS = {"T": 0, "V": 1}
FILTRATIONS = {"sublevel": 0, "superlevel": 1}
KEEP = 2


class Interval(c.Structure):
    _fields_ = [("birth", c.c_double), ("death", c.c_double), ("dim", c.c_int32)]


class Params(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("construction", c.c_int), ("filtration", c.c_int), ("essential", c.c_int),
                ("essential_value", c.c_double), ("min_persistence", c.c_double), ("dims_mask", c.c_uint32),
                ("complex", c.c_int), ("is_periodic", c.c_bool)]


def load_library():
    folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
    path = os.environ.get("PSH_LIBRARY", os.path.join(folder, "libpersihash.so"))
    if not os.path.exists(path):
        print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
        sys.exit(77)
    with open(path, "rb") as file:
        if b"__asan_init" in file.read():
            print("skipped: the library is built with AddressSanitizer, which Python cannot load; use another preset")
            sys.exit(77)
    return c.CDLL(path)


LIBRARY = load_library()


def check(status):
    assert status == 0, f"the library answered {status}"


def pointer(array):
    return array.ctypes.data_as(c.c_void_p)


def make_image(array):
    array = np.ascontiguousarray(array)
    shape = (c.c_size_t * 3)(*(1,) * (3 - array.ndim), *array.shape)
    image = c.c_void_p()
    check(LIBRARY.psh_image_create(DTYPES[array.dtype.name], shape, pointer(array), c.byref(image), None))
    return image


def make_mesh(values, triangles):
    values = np.ascontiguousarray(values, np.float64)
    triangles = np.ascontiguousarray(triangles, np.uint32).reshape(-1, 3)
    vertices, mesh = np.zeros((len(values), 3)), c.c_void_p()
    check(LIBRARY.psh_mesh_create(pointer(vertices), c.c_size_t(len(values)), pointer(triangles),
                                  c.c_size_t(len(triangles)), pointer(values), c.byref(mesh), None))
    return mesh


def compute(what, item, construction="T", filtration="sublevel", is_periodic=False):
    """Rows (dim, birth, death) of an item, in the library's order. what: "cubical", "lower_star_mesh", "lower_star_grid"."""
    complex_ = what.replace("_mesh", "").replace("_grid", "")
    engine, intervals, count = c.c_void_p(), c.POINTER(Interval)(), c.c_size_t()
    params = Params(c.sizeof(Params), CONSTRUCTIONS[construction], FILTRATIONS[filtration], KEEP, 0, 0, 0, 0, is_periodic)
    check(getattr(LIBRARY, f"psh_{complex_}_create")(c.byref(engine), None))
    name = f"psh_{complex_}_compute" + what[len(complex_):]
    check(getattr(LIBRARY, name)(engine, item, c.byref(params), c.byref(intervals), c.byref(count), None, None))
    rows = np.array([(i.dim, i.birth, i.death) for i in intervals[: count.value]]).reshape(-1, 3)
    getattr(LIBRARY, f"psh_{complex_}_free")(engine)
    return rows


def rows_of_gudhi(complex_, n_dims):
    """Computes, and answers rows (dim, birth, death) without empty ones, sorted."""
    complex_.compute_persistence(homology_coeff_field=2, min_persistence=0)
    rows = [np.empty((0, 3))]
    for dim in range(n_dims):
        pairs = complex_.persistence_intervals_in_dimension(dim).reshape(-1, 2)
        rows.append(np.column_stack([np.full(len(pairs), float(dim)), pairs]))
    rows = np.concatenate(rows)
    rows = rows[rows[:, 2] > rows[:, 1]]
    return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]


def data_path(name):
    return os.path.join(os.environ.get("PSH_DATASETS", "../shared/datasets"), name)


def read_vti(path):
    """The active scalars of a VTK image as (z, y, x): appended data, raw or base64, plain or zlib."""
    with open(path, "rb") as file:
        text = file.read()
    start = text.index(b"_", text.index(b"<AppendedData")) + 1
    header = text[:start].decode("latin-1")
    kind, offset = re.search(r'<PointData.*?<DataArray type="(\w+)".*?offset="(\d+)"', header, re.S).groups()
    ends = [int(i) for i in re.search(r'WholeExtent="([^"]*)"', header).group(1).split()]
    size_type = np.dtype("<u8" if 'header_type="UInt64"' in header else "<u4")
    is_base64, is_packed = 'encoding="base64"' in header, "compressor=" in header
    data = text[start + int(offset):]

    def unpack(n_bytes, place):
        if not is_base64:
            return data[place : place + n_bytes], place + n_bytes
        n_chars = (n_bytes + 2) // 3 * 4
        return base64.b64decode(data[place : place + n_chars])[:n_bytes], place + n_chars

    if is_packed:
        n_blocks = int(np.frombuffer(unpack(size_type.itemsize, 0)[0], size_type)[0])
        sizes, place = unpack((3 + n_blocks) * size_type.itemsize, 0)
        sizes = np.frombuffer(sizes, size_type)[3:]
        packed, _ = unpack(int(sizes.sum()), place)
        ends_of = np.cumsum(sizes)
        content = b"".join(zlib.decompress(packed[int(end - size) : int(end)]) for size, end in zip(sizes, ends_of))
    else:
        n_bytes = int(np.frombuffer(unpack(size_type.itemsize, 0)[0], size_type)[0])
        content = unpack(size_type.itemsize + n_bytes, 0)[0][size_type.itemsize :]
    shape = (ends[5] - ends[4] + 1, ends[3] - ends[2] + 1, ends[1] - ends[0] + 1)
    return np.frombuffer(content, {"Float32": "<f4", "Float64": "<f8"}[kind]).reshape(shape)


class Score:
    """Counts, and says what failed."""

    def __init__(self):
        self.n_passed = self.n_failed = self.n_skipped = 0

    def same(self, found, expected, name):
        if np.array_equal(found, expected):
            self.n_passed += 1
        else:
            self.n_failed += 1
            print(f"FAILED {name}: {len(found)} intervals, expected {len(expected)}")

    def skip(self, why):
        self.n_skipped += 1
        print(f"skipped: {why}")

    def finish(self):
        print(f"{self.n_passed} passed, {self.n_failed} failed, {self.n_skipped} skipped")
        return 1 if self.n_failed else 0
