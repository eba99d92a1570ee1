"""Clouds, distance matrices and meshes, written by other programs, read by the library (through ctypes).

Meshes are written by meshio where it is installed and by this script where it is not, so that nothing here is parsed by
the code that wrote it. Distances are SciPy's. Numbers must survive bit for bit.
"""

import ctypes as c
import os
import struct
import sys
import tempfile

try:
    import numpy as np
    from scipy.spatial import distance
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy and python3-scipy")
    sys.exit(77)
try:
    import meshio
except ImportError:
    meshio = None

DATASETS = os.environ.get("PSH_DATASETS", "../shared/datasets")
AUTO, IMAGE, CLOUD, MATRIX, MESH = range(5)


class InputParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("labels_path", c.c_char_p), ("smooth_sigma", c.c_double),
                ("scale_factor", c.c_double), ("first", c.c_uint64), ("count", c.c_uint64), ("kind", c.c_int),
                ("is_volume", c.c_bool), ("field", c.c_char_p), ("n_samples", c.c_size_t), ("sample_seed", c.c_uint64)]


class Item(c.Structure):
    _fields_ = [("kind", c.c_int), ("image", c.c_void_p), ("cloud", c.c_void_p), ("matrix", c.c_void_p),
                ("mesh", c.c_void_p)]


class Edge(c.Structure):
    _fields_ = [("i", c.c_uint32), ("j", c.c_uint32), ("distance", c.c_double)]


def load_library():
    folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
    path = os.path.join(folder, "libpersihash.so")
    if not os.path.exists(path):
        print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
        sys.exit(77)
    library = c.CDLL(path)
    for name in ("cloud_points", "matrix_lower", "mesh_vertices", "mesh_values"):
        getattr(library, "psh_" + name).restype = c.POINTER(c.c_double)
    library.psh_mesh_triangles.restype = c.POINTER(c.c_uint32)
    library.psh_matrix_edges.restype = c.POINTER(Edge)
    library.psh_matrix_is_sparse.restype = c.c_bool
    for name in ("cloud_n_points", "cloud_n_axes", "matrix_n_points", "matrix_n_edges", "mesh_n_vertices",
                 "mesh_n_triangles", "input_count", "input_n_classes"):
        getattr(library, "psh_" + name).restype = c.c_size_t
    library.psh_input_label.restype = c.c_int64
    library.psh_input_label_name.restype = c.c_char_p
    return library


LIBRARY = load_library()


def numbers(pointer, *shape):
    return np.ctypeslib.as_array(pointer, shape).copy() if np.prod(shape) else np.zeros(shape)


def convert(item):
    """What an item holds, as arrays: cloud; lower triangle; (n_points, edges); vertices, triangles, values."""
    if item.kind == CLOUD:
        cloud = c.c_void_p(item.cloud)
        return numbers(LIBRARY.psh_cloud_points(cloud), LIBRARY.psh_cloud_n_points(cloud),
                       LIBRARY.psh_cloud_n_axes(cloud))
    if item.kind == MATRIX:
        matrix = c.c_void_p(item.matrix)
        n = LIBRARY.psh_matrix_n_points(matrix)
        if not LIBRARY.psh_matrix_is_sparse(matrix):
            return numbers(LIBRARY.psh_matrix_lower(matrix), n * (n - 1) // 2)
        edges = LIBRARY.psh_matrix_edges(matrix)
        return n, [(edges[e].i, edges[e].j, edges[e].distance) for e in range(LIBRARY.psh_matrix_n_edges(matrix))]
    mesh = c.c_void_p(item.mesh)
    n_vertices, n_triangles = LIBRARY.psh_mesh_n_vertices(mesh), LIBRARY.psh_mesh_n_triangles(mesh)
    values = LIBRARY.psh_mesh_values(mesh)
    return (numbers(LIBRARY.psh_mesh_vertices(mesh), n_vertices, 3),
            numbers(LIBRARY.psh_mesh_triangles(mesh), n_triangles, 3), numbers(values, n_vertices) if values else None)


def read(path, kind=AUTO, **options):
    """All items of a file, and the names of their classes."""
    params = InputParams(struct_bytes=c.sizeof(InputParams), kind=kind, **options)
    error, handle, items, classes = c.create_string_buffer(600), c.c_void_p(), [], []
    status = LIBRARY.psh_input_open((c.c_char_p * 1)(path.encode()), c.c_size_t(1), c.byref(params), c.byref(handle), error)
    assert status == 0, error.raw[4:].split(bytes(1))[0].decode()
    for i in range(LIBRARY.psh_input_count(handle)):
        item = Item()
        status = LIBRARY.psh_input_read_item(handle, c.c_size_t(i), c.byref(item), error)
        assert status == 0, error.raw[4:].split(bytes(1))[0].decode()
        items.append(convert(item))
        LIBRARY.psh_item_free(c.byref(item))
        label = LIBRARY.psh_input_label(handle, c.c_size_t(i))
        classes.append(LIBRARY.psh_input_label_name(handle, c.c_size_t(label)).decode() if label >= 0 else None)
    LIBRARY.psh_input_free(handle)
    return items, classes


def same(a, b):
    return a.shape == b.shape and np.array_equal(a, b)


def random_mesh(seed, n_vertices=60, n_triangles=100):
    rng = np.random.default_rng(seed)
    vertices = rng.standard_normal((n_vertices, 3)) * 10.0 ** rng.integers(-8, 8, (n_vertices, 1))
    return vertices, np.array([rng.permutation(n_vertices)[:3] for _ in range(n_triangles)], dtype=np.uint32)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def rows(array, separator=" "):
    return "".join(separator.join(repr(x) for x in row) + "\n" for row in array.tolist())


def ply(vertices, triangles, values, encoding):
    order = {"ascii": None, "binary_little_endian": "<", "binary_big_endian": ">"}[encoding]
    header = (f"ply\nformat {encoding} 1.0\nelement vertex {len(vertices)}\nproperty double x\nproperty double y\n"
              f"property double z\nproperty double quality\nelement face {len(triangles)}\n"
              "property list uchar int vertex_indices\nend_header\n").encode()
    if order is None:
        return header + (rows(np.column_stack([vertices, values])) + "".join(f"3 {a} {b} {d}\n" for a, b, d in triangles)).encode()
    return (header + b"".join(struct.pack(order + "4d", *v, q) for v, q in zip(vertices.tolist(), values.tolist())) +
            b"".join(struct.pack(order + "B3i", 3, *t) for t in triangles.tolist()))


def test_meshes_by_hand(folder):
    for seed in range(3):
        vertices, triangles = random_mesh(seed)
        values = np.random.default_rng(seed + 9).standard_normal(len(vertices))
        faces = "".join(f"3 {a} {b} {d}\n" for a, b, d in triangles)
        off = write(f"{folder}/a.off", f"OFF\n{len(vertices)} {len(triangles)} 0\n" + rows(vertices) + faces)
        obj = write(f"{folder}/a.obj", "".join("v %r %r %r\n" % tuple(v) for v in vertices.tolist()) +
                    "".join("f %d %d %d\n" % tuple(t + 1) for t in triangles.astype(int)))
        for path in (off, obj):
            (found,), _ = read(path)
            assert same(found[0], vertices) and same(found[1], triangles) and found[2] is None, path
            (found,), _ = read(path, field=b"y")
            assert same(found[2], vertices[:, 1])
        for encoding in ("ascii", "binary_little_endian", "binary_big_endian"):
            (found,), _ = read(write(f"{folder}/a.ply", ply(vertices, triangles, values, encoding)))
            assert same(found[0], vertices) and same(found[1], triangles) and same(found[2], values), encoding


def test_meshes_by_meshio(folder):
    if not meshio:
        print("not tested: python3-meshio is not installed")
        return
    vertices, triangles = random_mesh(5)
    quads = np.arange(56).reshape(14, 4)
    values = np.random.default_rng(8).standard_normal(len(vertices))
    mesh = meshio.Mesh(vertices, [("triangle", triangles.astype(np.int32))], point_data={"quality": values})
    for binary in (False, True):
        mesh.write(f"{folder}/m.ply", binary=binary)
        (found,), _ = read(f"{folder}/m.ply")
        assert same(found[0], vertices) and same(found[1], triangles) and same(found[2], values)
    plain = meshio.Mesh(vertices, [("triangle", triangles.astype(np.int32))])
    for name in ("m.off", "m.obj"):
        plain.write(f"{folder}/{name}")
        theirs = meshio.read(f"{folder}/{name}")  # it may write fewer digits than a double has
        (found,), _ = read(f"{folder}/{name}")
        assert same(found[0], theirs.points) and same(found[1], triangles), name
    meshio.Mesh(vertices, [("quad", quads)]).write(f"{folder}/q.ply")
    (found,), _ = read(f"{folder}/q.ply")
    assert same(found[1], np.vstack([quads[i // 2, [0, 1 + i % 2, 2 + i % 2]] for i in range(28)]).astype(np.uint32))


def test_a_published_mesh(folder):
    path = f"{DATASETS}/formats/mesh_human.off"
    if not os.path.exists(path):
        print(f"not tested: no {path}")
        return
    with open(path, encoding="ascii") as file:
        words = file.read().split()
    n_vertices, n_faces = int(words[1]), int(words[2])
    vertices = np.array(words[4:4 + 3 * n_vertices], dtype=float).reshape(-1, 3)
    faces = np.array(words[4 + 3 * n_vertices:], dtype=np.uint32).reshape(n_faces, 4)
    (found,), _ = read(path)
    assert same(found[0], vertices) and same(found[1], faces[:, 1:])
    (cloud,), _ = read(path, n_samples=300, sample_seed=4)
    assert cloud.shape == (300, 3)
    corners = vertices[faces[:, 1:]]  # each sampled point lies in the plane of a triangle, inside it
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1)
    for point in cloud:
        parts = np.stack([np.einsum("ij,ij->i", normals, np.cross(corners[:, (k + 2) % 3] - corners[:, (k + 1) % 3],
                                                                 point - corners[:, (k + 1) % 3])) for k in range(3)])
        inside = (parts > -1e-9 * areas**2).all(axis=0)
        heights = np.abs(np.einsum("ij,ij->i", normals, point - corners[:, 0])) / areas
        assert heights[inside].min() < 1e-9


def test_clouds(folder):
    rng = np.random.default_rng(2)
    for n_axes in (1, 2, 3, 10, 300):
        points = rng.standard_normal((50, n_axes)) * 10.0 ** rng.integers(-200, 200, (50, 1))
        for separator in (" ", ",", ", ", ";", "\t"):
            (found,), _ = read(write(f"{folder}/a.csv", rows(points, separator)))
            assert same(found, points)
        np.savetxt(f"{folder}/b.csv", points, delimiter=",", header=",".join(f"x{i}" for i in range(n_axes)), comments="",
                   fmt="%.17g")
        (found,), _ = read(f"{folder}/b.csv")
        assert same(found, points)
        np.save(f"{folder}/c.npy", points)
        (found,), _ = read(f"{folder}/c.npy", kind=CLOUD)
        assert same(found, points)
    stack = rng.standard_normal((4, 30, 3))
    labels = np.array([1, 0, 1, 1])
    np.save(f"{folder}/d.npy", np.asfortranarray(stack.astype(">f4")))
    found, _ = read(f"{folder}/d.npy", kind=CLOUD)
    assert all(same(a, b.astype("f4").astype(float)) for a, b in zip(found, stack)) and len(found) == 4
    for save in (np.savez, np.savez_compressed):
        save(f"{folder}/e.npz", clouds=stack, labels=labels, label_names=np.array(["zebra", "ape"]))
        found, classes = read(f"{folder}/e.npz")
        assert all(same(a, b) for a, b in zip(found, stack)) and classes == ["ape", "zebra", "ape", "ape"]


def test_distances(folder):
    rng = np.random.default_rng(3)
    for n in (2, 3, 4, 7, 40):
        points = rng.standard_normal((n, 5))
        condensed = distance.pdist(points)
        square = distance.squareform(condensed)
        lower = square[np.tril_indices(n, -1)]
        triangles = {
            "full": rows(square), "csv": rows(square, ","),
            "lower": "".join(rows(square[i:i + 1, :i]) for i in range(1, n)),
            "lower_diagonal": "".join(rows(square[i:i + 1, :i + 1], ", ") for i in range(n)),
            "upper": "".join(rows(square[i:i + 1, i + 1:]) for i in range(n - 1)),
        }
        for layout, text in triangles.items():
            (found,), _ = read(write(f"{folder}/{layout}.txt", text), kind=MATRIX)
            assert same(found, lower), (layout, n)
        for name, array in (("square", square), ("condensed", condensed)):
            np.save(f"{folder}/{name}.npy", array)
            (found,), _ = read(f"{folder}/{name}.npy", kind=MATRIX)
            assert same(found, lower), (name, n)
        pairs = [(int(i), int(j), float(square[i, j])) for i in range(n) for j in range(i) if rng.random() < 0.7 or (i, j) == (n - 1, 0)]
        swapped = [(j, i, d) if rng.random() < 0.5 else (i, j, d) for i, j, d in pairs]
        text = "".join("%d %d %r\n" % swapped[k] for k in rng.permutation(len(swapped)))
        (found,), _ = read(write(f"{folder}/sparse.txt", text), kind=MATRIX)
        assert found == (n, sorted(pairs)), n


def test_published_distances(folder):
    names = sorted(os.listdir(f"{DATASETS}/protein_corr")) if os.path.isdir(f"{DATASETS}/protein_corr") else []
    names = [name for name in names if name.endswith(".npy")]
    if not names:
        print(f"not tested: no {DATASETS}/protein_corr")
        return
    for name in names[:4]:
        square = np.load(f"{DATASETS}/protein_corr/{name}").astype(float)
        (found,), _ = read(f"{DATASETS}/protein_corr/{name}", kind=MATRIX)
        assert same(found, square[np.tril_indices(len(square), -1)])


def main():
    n_passed = n_failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
                n_passed += 1
            except AssertionError as fault:
                n_failed += 1
                print(f"{name}: {fault or 'differs'} (line {fault.__traceback__.tb_next.tb_lineno})")
    print(f"{n_passed} passed, {n_failed} failed")
    return 1 if n_failed else 0


sys.exit(main())
