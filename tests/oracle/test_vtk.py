"""VTK and DIPHA files against a second writer and a second parser, in Python, and against published files.

The writer here makes every encoding that VTK knows; the parser here reads what persihash writes, and the published fields. Homology is GUDHI's where it is
installed, and VTK itself opens our files where its Python package is."""
import base64
import os
import pathlib
import re
import struct
import sys
import zlib
from collections import Counter
from itertools import product

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from harness import BAD_DATA, Skip, main, need, run  # noqa: E402

try:
    import numpy as np
except ImportError:
    print("skipped: python3-numpy is missing")
    sys.exit(77)

DATASETS = pathlib.Path(os.environ.get("PSH_DATASETS", "../shared/datasets"))
TYPES = {"i1": "Int8", "u1": "UInt8", "i2": "Int16", "u2": "UInt16", "i4": "Int32", "u4": "UInt32", "i8": "Int64", "u8": "UInt64", "f4": "Float32", "f8": "Float64"}
DTYPES = {name: dtype for dtype, name in TYPES.items()} | {"String": "u1"}
BLOCK_BYTES = 100
ENCODINGS = [("ascii", False, 4, "<")] + list(product(("binary", "raw", "base64"), (False, True), (4, 8), "<>"))


# --- a second writer -------------------------------------------------------------------------------------------------------------------------------------


class Writer:
    """Collects arrays as XML and appended bytes."""

    def __init__(self, mode, is_compressed, header_bytes, order):
        self.mode, self.is_compressed, self.order = mode, is_compressed, order
        self.header = order + {4: "u4", 8: "u8"}[header_bytes]
        self.appended = b""

    def words(self, *values):
        return np.array(values, self.header).tobytes()

    def parts(self, array):
        """Header and data, which base64 encodes one by one if they are compressed."""
        data = array.astype(array.dtype.newbyteorder(self.order)).tobytes()
        if not self.is_compressed:
            return [self.words(len(data)) + data]
        blocks = [data[i : i + BLOCK_BYTES] for i in range(0, len(data), BLOCK_BYTES)]
        packed = [zlib.compress(block) for block in blocks]
        last = len(data) % BLOCK_BYTES
        return [self.words(len(blocks), BLOCK_BYTES, last, *map(len, packed)), b"".join(packed)]

    def array(self, name, array, n_components=1):
        array = np.asarray(array)
        tag = f'<DataArray type="{TYPES[array.dtype.str[1:]]}" Name="{name}" NumberOfComponents="{n_components}"'
        if self.mode == "ascii":
            return f'{tag} format="ascii">\n' + " ".join(repr(x) for x in array.ravel().tolist()) + "\n</DataArray>"
        if self.mode == "binary":
            text = "".join(base64.b64encode(part).decode() for part in self.parts(array))
            return f'{tag} format="binary">\n  {text}\n</DataArray>'
        offset = len(self.appended)
        self.appended += b"".join(base64.b64encode(part) if self.mode == "base64" else part for part in self.parts(array))
        return f'{tag} format="appended" offset="{offset}"/>'

    def file(self, path, kind, body):
        compressor = ' compressor="vtkZLibDataCompressor"' if self.is_compressed else ""
        order = {"<": "LittleEndian", ">": "BigEndian"}[self.order]
        header = {"4": "UInt32", "8": "UInt64"}[self.header[-1]]
        text = f'<?xml version="1.0"?>\n<VTKFile type="{kind}" version="1.0" byte_order="{order}" header_type="{header}"{compressor}>\n<{kind}>{body}</{kind}>\n'
        content = text.encode()
        if self.appended:
            encoding = "base64" if self.mode == "base64" else "raw"
            content += f'<AppendedData encoding="{encoding}">\n_'.encode() + self.appended + b"\n</AppendedData>\n"
        path.write_bytes(content + b"</VTKFile>\n")
        return path


def write_diagrams(path, encoding, diagrams, dtype, rng):
    """Side by side, with TTK's arrays in any order, the diagonals as cells of their own."""
    out = Writer(*encoding)
    pairs = [(i, b, d, k) for i, (points, dims) in enumerate(diagrams) for (b, d), k in zip(points, dims)]
    births, deaths = (np.array([p[i] for p in pairs], dtype) for i in (1, 2))
    n, n_diagonals = len(pairs), len(diagrams)
    tail = np.zeros(n_diagonals)
    points = np.zeros((2 * n, 3), dtype)
    points[:, 0] = np.repeat(births, 2)
    points[0::2, 1], points[1::2, 1] = births, deaths
    points[:, 2] = -np.repeat([p[0] for p in pairs], 2)
    cell_data = [
        out.array("PairIdentifier", np.append(np.arange(n), tail - 1).astype(rng.choice(["i4", "i8"]))),
        out.array("PairType", np.append([p[3] for p in pairs], tail - 1).astype("i4")),
        out.array("Birth", np.append(births, tail).astype(dtype)),
        out.array("Persistence", np.append((deaths - births).astype(dtype), tail - 1).astype(dtype)),
        out.array("IsFinite", np.append(np.arange(n) % 5 != 0, tail).astype(rng.choice(["u1", "i4"]))),
        out.array("ID of Diagram", np.append([p[0] for p in pairs], np.arange(n_diagonals)).astype("i4")),
        out.array("TreeID", np.zeros(n + n_diagonals)),
    ]
    ends = np.append(np.arange(2 * n), np.zeros(2 * n_diagonals))
    cells = [
        out.array("connectivity", ends.astype("i8")),
        out.array("offsets", 2 * np.arange(1, n + n_diagonals + 1, dtype="i8")),
        out.array("types", np.full(n + n_diagonals, 3, "u1")),
    ]
    rng.shuffle(cell_data)
    rng.shuffle(cells)
    body = f'<Piece NumberOfPoints="{2 * n}" NumberOfCells="{n + n_diagonals}"><CellData>{"".join(cell_data)}</CellData>'
    body += f'<Points>{out.array("Points", points, 3)}</Points><Cells>{"".join(cells)}</Cells></Piece>'
    return out.file(path, "UnstructuredGrid", body)


# --- a second parser -------------------------------------------------------------------------------------------------------------------------------------


def parse(path):
    """{(section, name): array} of a file whose arrays are appended."""
    content = pathlib.Path(path).read_bytes()
    head, rest = content.split(b"<AppendedData", 1)
    tag, data = rest.split(b"_", 1)
    is_base64, order = b"base64" in tag, ">" if b"BigEndian" in head else "<"
    word = order + ("u8" if b'header_type="UInt64"' in head else "u4")
    word_bytes, is_compressed = int(word[-1]), b"compressor=" in head

    def take(offset, n_bytes):
        """n_bytes from the offset on, and where what follows begins."""
        if not is_base64:
            return data[offset : offset + n_bytes], offset + n_bytes
        n_chars = (n_bytes + 2) // 3 * 4
        return base64.b64decode(data[offset : offset + n_chars])[:n_bytes], offset + n_chars

    def payload(offset):
        first = int(np.frombuffer(take(offset, word_bytes)[0], word)[0])
        if not is_compressed:
            return take(offset, word_bytes + first)[0][word_bytes:]
        header, at = take(offset, word_bytes * (3 + first))
        sizes = np.frombuffer(header, word)[3:].tolist()
        packed, _ = take(at, sum(sizes))
        stops = np.cumsum([0] + sizes)
        return b"".join(zlib.decompress(packed[a:b]) for a, b in zip(stops, stops[1:]))

    arrays, section = {}, None
    for name, text in re.findall(r"<(\w+)([^>]*)>", head.decode()):
        facts = dict(re.findall(r'(\w+)="([^"]*)"', text))
        if name in ("DataArray", "Array"):
            values = np.frombuffer(payload(int(facts["offset"])), order + DTYPES[facts["type"]])
            n_components = int(facts.get("NumberOfComponents", 1))
            arrays[section, facts["Name"]] = values.reshape(-1, n_components) if n_components > 1 else values
        else:
            section = name
    return arrays


# --- helpers ---------------------------------------------------------------------------------------------------------------------------------------------


def random_diagrams(rng, n_diagrams, dtype=np.float64):
    diagrams = []
    for _ in range(n_diagrams):
        n = rng.integers(1, 20)
        births = rng.normal(size=n).astype(dtype)
        points = np.column_stack([births, (births + rng.exponential(size=n)).astype(dtype)]).astype(np.float64)
        diagrams.append((points, rng.integers(0, 3, n)))
    return diagrams


def load(path):
    """[(points, dims)] of a set in .npz."""
    with np.load(path) as file:
        offsets = file["offsets"]
        return [(file["points"][a:b], file["dims"][a:b]) for a, b in zip(offsets, offsets[1:])]


def rows(points, dims):
    return Counter(map(tuple, np.column_stack([points, dims]).tolist()))


def diagram_of(folder, source, *options):
    run("diagram", source, "-o", folder / "out.npz", "--essential", "keep", "--quiet", *options)
    return load(folder / "out.npz")[0]


# --- tests -----------------------------------------------------------------------------------------------------------------------------------------------


def fields_of_every_encoding_give_the_diagrams_of_the_same_array(folder):
    rng = np.random.default_rng(1)
    dtypes = list(TYPES)
    for i, encoding in enumerate(ENCODINGS):
        out, dtype = Writer(*encoding), dtypes[i % len(dtypes)]
        field = rng.integers(0, 100, (9, 7)).astype(dtype) if dtype[0] != "f" else rng.normal(size=(9, 7)).astype(dtype)
        body = f'<Piece Extent="0 6 3 11 5 5"><PointData Scalars="f">{out.array("other", np.zeros(63))}{out.array("f", field)}</PointData></Piece>'
        out.file(folder / "f.vti", "ImageData", body)
        np.save(folder / "f.npy", field)
        got, expected = diagram_of(folder, folder / "f.vti"), diagram_of(folder, folder / "f.npy")
        assert rows(*got) == rows(*expected) and len(got[0]) > 5, (encoding, dtype)


def diagrams_of_every_encoding_are_read(folder):
    rng = np.random.default_rng(2)
    for encoding, dtype in product(ENCODINGS, (np.float32, np.float64)):
        diagrams = random_diagrams(rng, 4, dtype)
        write_diagrams(folder / "d.vtu", encoding, diagrams, dtype, rng)
        run("convert", folder / "d.vtu", folder / "d.npz", "--quiet")
        got = load(folder / "d.npz")
        assert len(got) == 4
        n_before = 0
        for (points, dims), (got_points, got_dims) in zip(diagrams, got):
            deaths = points[:, 1].copy()
            if dtype == np.float64:
                deaths = points[:, 0] + (points[:, 1] - points[:, 0])  # what the file says
            deaths[(np.arange(len(dims)) + n_before) % 5 == 0] = np.inf
            assert np.array_equal(got_points, np.column_stack([points[:, 0], deaths])), encoding
            assert np.array_equal(got_dims, dims)
            n_before += len(dims)


def what_is_written_is_laid_out_as_ttk_does(folder):
    diagrams = random_diagrams(np.random.default_rng(3), 5)
    diagrams[2] = (np.zeros((0, 2)), np.zeros(0, int))
    points, dims = np.concatenate([d[0] for d in diagrams]), np.concatenate([d[1] for d in diagrams])
    points[3, 1] = np.inf
    offsets = np.cumsum([0] + [len(d[0]) for d in diagrams])
    np.savez(folder / "s.npz", points=points, dims=dims, offsets=offsets, labels=[1, 0, -1, 1, 0], names=["a", "b", "", "d", "\u00e9"], label_names=["x", "y"])
    run("convert", folder / "s.npz", folder / "s.vtu", "--quiet")
    arrays = parse(folder / "s.vtu")
    n, cell = len(points), {name: values for (section, name), values in arrays.items() if section == "CellData"}
    n_cells = n + 4  # and the diagonals of those that are not empty
    number = np.repeat(np.arange(5), np.diff(offsets))
    top = points[np.isfinite(points)].max()
    drawn = np.where(np.isinf(points[:, 1]), top, points[:, 1])
    assert {len(values) for values in cell.values()} == {n_cells}
    assert {name: cell[name].dtype.str for name in ("PairIdentifier", "PairType", "IsFinite", "Birth")} == dict(PairIdentifier="<i4", PairType="<i4", IsFinite="|u1", Birth="<f8")
    assert np.array_equal(cell["Birth"][:n], points[:, 0]) and np.array_equal(cell["Death"][:n], drawn)
    assert np.array_equal(cell["Persistence"][:n], drawn - points[:, 0])
    assert np.array_equal(cell["IsFinite"][:n], np.isfinite(points[:, 1]))
    assert np.array_equal(cell["PairType"], np.append(dims, [-1] * 4))
    assert np.array_equal(cell["PairIdentifier"], np.append(np.arange(n) - offsets[number], [-1] * 4))
    assert np.array_equal(cell["ID of Diagram"], np.append(number, [0, 1, 3, 4]))
    assert np.array_equal(cell["ID of Cluster"], np.array([1, 0, -1, 1, 0])[cell["ID of Diagram"]])
    drawn_points = arrays["Points", "Points"]
    assert np.array_equal(drawn_points[0::2, :2], np.repeat(points[:, :1], 2, axis=1))
    assert np.array_equal(drawn_points[1::2, :2], np.column_stack([points[:, 0], drawn]))
    assert len(set(drawn_points[:, 2])) == 4 and np.array_equal(drawn_points[0::2, 2], drawn_points[1::2, 2])
    ends = arrays["Cells", "connectivity"]
    assert np.array_equal(ends[: 2 * n], np.arange(2 * n)) and np.all(ends[2 * n :] % 2 == 0) and ends.max() < 2 * n
    assert np.array_equal(arrays["Cells", "offsets"], 2 * np.arange(1, n_cells + 1)) and set(arrays["Cells", "types"]) == {3}
    assert bytes(arrays["FieldData", "DiagramNames"]) == "a\0b\0\0d\0\u00e9\0".encode() and bytes(arrays["FieldData", "LabelNames"]) == b"x\0y\0"
    types = arrays["PointData", "CriticalType"]
    assert np.array_equal(types[0::2], np.minimum(dims, 2))
    assert np.array_equal(types[1::2], np.where(np.isfinite(points[:, 1]), np.minimum(dims, 2) + 1, 3))
    run("convert", folder / "s.vtu", folder / "back.npz", "--quiet")
    with np.load(folder / "s.npz") as a, np.load(folder / "back.npz") as b:
        assert all(np.array_equal(a[name], b[name]) for name in a.files)


def vtk_opens_what_is_written(folder):
    try:
        import vtk
    except ImportError:
        raise Skip("VTK's Python package is not installed (python3-vtk9)") from None
    np.savez(folder / "s.npz", points=[[0.1, 0.7], [0.2, np.inf], [3, 4]], dims=[0, 0, 1], offsets=[0, 2, 3], names=["a", "b"])
    run("convert", folder / "s.npz", folder / "s.vtu", "--quiet")
    reader = vtk.vtkXMLUnstructuredGridReader()
    reader.SetFileName(str(folder / "s.vtu"))
    reader.Update()
    grid = reader.GetOutput()
    assert grid.GetNumberOfCells() == 5 and grid.GetNumberOfPoints() == 6 and grid.GetCell(2).GetPointIds().GetId(1) == 5
    assert [grid.GetCellData().GetArray("Death").GetValue(i) for i in range(3)] == [0.7, 4.0, 4.0]
    assert grid.GetFieldData().GetAbstractArray("DiagramNames").GetValue(1) == "b"


def published_ttk_diagrams_equal_the_published_set(folder):
    source = need(DATASETS / "formats/ttk_starting_vortex_clustered.vtu", "the data folder")
    run("convert", source, folder / "t.npz", "--quiet")
    arrays = parse(source)
    number = arrays["PointData", "ID of Diagram"][0::2]
    ours, published = load(folder / "t.npz"), load(DATASETS / "starting_vortex/diagrams.npz")
    assert len(ours) == len(published) == 12
    for i, (got, expected) in enumerate(zip(ours, published)):
        points = arrays["Points", "Points"].reshape(-1, 2, 3)[number == i]
        assert rows(*got) == rows(points[:, 1, :2], arrays["CellData", "PairType"][number == i])
        extra = rows(*got) - rows(*expected)  # the global pair, that old TTK lists twice; the published set has it once
        assert not rows(*expected) - rows(*got) and sum(extra.values()) == 1 and list(extra)[0][:2] == (got[0].min(), got[0].max())


def published_fields_have_the_homology_that_gudhi_finds(folder):
    try:
        import gudhi
    except ImportError:
        raise Skip("GUDHI is not installed (python3-gudhi)") from None
    cases = [("heated_cylinder/10_3.5.vti", "nrrd", (256, 128)), ("heated_cylinder/7_4.2.vti", "nrrd", (256, 128)), ("isabel_field/isabel_02.vti", "velocityMag", (25, 125, 125))]
    for name, field, shape in cases:
        values = parse(need(DATASETS / name, "the data folder"))["PointData", field].reshape(shape).astype(np.float64)
        points, dims = diagram_of(folder, DATASETS / name)
        expected = Counter((b, d, float(k)) for k, (b, d) in gudhi.CubicalComplex(top_dimensional_cells=values).persistence())
        assert rows(points, dims) == expected, name


def dipha_finds_the_same_in_its_own_image(folder):
    image = need(DATASETS / "formats/dipha_smooth_16.complex", "the data folder")
    points, dims = diagram_of(folder, image, "--construction", "V")
    run("convert", DATASETS / "formats/dipha_smooth_def.diagram", folder / "d.npz", "--quiet")
    assert rows(points, dims) == rows(*load(folder / "d.npz")[0])


def dipha_diagrams_are_what_dipha_documents(folder):
    points, dims = np.array([[0.25, 0.5], [-1, np.inf], [2, 2], [0, np.inf]]), np.array([0, 0, 1, 2])
    np.savez(folder / "s.npz", points=points, dims=dims, offsets=[0, 4])
    run("convert", folder / "s.npz", folder / "s.dipha", "--quiet")
    expected = struct.pack("<3q", 8067171840, 2, 4)
    for row in ((0, 0.25, 0.5), (-1, -1, 2), (1, 2, 2), (-3, 0, 2)):
        expected += struct.pack("<qdd", *row)
    assert (folder / "s.dipha").read_bytes() == expected
    run("convert", folder / "s.dipha", folder / "back.npz", "--quiet")
    assert rows(*load(folder / "back.npz")[0]) == rows(points, dims)


def what_is_something_else_is_called_so(folder):
    out = Writer("raw", False, 8, "<")
    out.file(folder / "f.vti", "ImageData", f'<Piece Extent="0 1 0 0 0 0"><PointData>{out.array("f", np.zeros(2))}</PointData></Piece>')
    _, err = run("convert", folder / "f.vti", folder / "o.npz", code=BAD_DATA)
    assert "a persistence diagram is an UnstructuredGrid" in err
    write_diagrams(folder / "d.vtu", ENCODINGS[1], random_diagrams(np.random.default_rng(5), 1), np.float64, np.random.default_rng(5))
    _, err = run("diagram", folder / "d.vtu", "-o", folder / "o.npz", code=BAD_DATA)
    assert "a persistence diagram of TTK" in err
    (folder / "p.vtu").write_text('<VTKFile type="PUnstructuredGrid"><PUnstructuredGrid><Piece Source="p0.vtu"/></PUnstructuredGrid></VTKFile>')
    for words in ("convert", folder / "p.vtu", folder / "o.npz"), ("diagram", folder / "p.vtu", "-o", folder / "o.npz"):
        assert "give the pieces" in run(*words, code=BAD_DATA)[1]


main([
    fields_of_every_encoding_give_the_diagrams_of_the_same_array,
    diagrams_of_every_encoding_are_read,
    what_is_written_is_laid_out_as_ttk_does,
    vtk_opens_what_is_written,
    published_ttk_diagrams_equal_the_published_set,
    published_fields_have_the_homology_that_gudhi_finds,
    dipha_finds_the_same_in_its_own_image,
    dipha_diagrams_are_what_dipha_documents,
    what_is_something_else_is_called_so,
])
