"""Linkage, cuts, files and maps against SciPy, NumPy and scikit-learn. The library is driven through ctypes."""

import ctypes as c
import json
import os
import sys
import tempfile

try:
    import numpy as np
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import pdist, squareform
    from sklearn.metrics import adjusted_rand_score
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy, python3-scipy and python3-sklearn")
    sys.exit(77)

METHODS = ["single", "average", "complete"]
DTYPES = {"uint8": 0, "uint16": 1, "float32": 2, "float64": 3}


def load_library():
    folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
    path = os.path.join(folder, "libpersihash.so")
    if not os.path.exists(path):
        print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
        sys.exit(77)
    library = c.CDLL(path)
    for name in ("psh_distances_data", "psh_clusters_labels", "psh_clusters_linkage", "psh_clusters_meta"):
        getattr(library, name).restype = c.c_void_p
    return library


LIBRARY = load_library()
RNG = np.random.default_rng(1)


def pointer(array):
    return array.ctypes.data_as(c.c_void_p)


def check(status):
    assert status == 0, f"the library answered {status}"


class Distances:
    """A condensed matrix in the library."""

    def __init__(self, condensed):
        condensed = np.ascontiguousarray(condensed)
        self.n_items = len(squareform(condensed)) if len(condensed) else 1
        self.handle = c.c_void_p()
        check(LIBRARY.psh_distances_create(DTYPES[condensed.dtype.name], c.c_size_t(self.n_items), c.byref(self.handle), None))
        c.memmove(LIBRARY.psh_distances_data(self.handle), condensed.ctypes.data, condensed.nbytes)

    def __del__(self):
        LIBRARY.psh_distances_free(self.handle)


def linkage(condensed, method):
    distances = Distances(condensed)
    rows = np.empty((distances.n_items - 1, 4))
    check(LIBRARY.psh_linkage_distances(distances.handle, METHODS.index(method), 1, None, pointer(rows), None))
    return rows


def linkage_of_codes(codes):
    codes = np.ascontiguousarray(codes)
    rows = np.empty((len(codes) - 1, 4))
    check(LIBRARY.psh_linkage_codes(pointer(codes), c.c_size_t(len(codes)), c.c_size_t(codes.shape[1]), 1, None, pointer(rows), None))
    return rows


def cut(rows, n_clusters):
    labels = np.empty(len(rows) + 1, np.int64)
    check(LIBRARY.psh_cluster_cut(pointer(rows), c.c_size_t(len(labels)), c.c_size_t(n_clusters), pointer(labels), None))
    return labels


def hamming(codes):
    return pdist(np.unpackbits(codes, axis=1).astype(bool), "hamming") * codes.shape[1] * 8


def points(n_items, kind):
    """0: reals; 1: reals rounded, so that distances tie; 2: a small grid with many duplicates."""
    if kind == 2:
        return RNG.integers(0, 3, (n_items, 3)).astype(float)
    return np.round(RNG.random((n_items, 3)), 1 if kind == 1 else 17)


def test_average_and_complete_rows_are_scipys_bit_for_bit_ties_included():
    for n_items in (2, 3, 4, 7, 50, 300):
        for kind in range(3):
            condensed = pdist(points(n_items, kind))
            for method in ("average", "complete"):
                assert np.array_equal(linkage(condensed, method), hierarchy.linkage(condensed, method)), (n_items, kind, method)


def test_single_rows_are_scipys_where_no_two_distances_tie():
    for n_items in (2, 3, 50, 300):
        condensed = pdist(points(n_items, 0))
        assert np.array_equal(linkage(condensed, "single"), hierarchy.linkage(condensed, "single"))


def test_single_heights_are_scipys_with_ties():
    for n_items in (50, 300):
        for kind in (1, 2):
            condensed = pdist(points(n_items, kind))
            rows = linkage(condensed, "single")
            assert hierarchy.is_valid_linkage(rows)
            assert np.array_equal(rows[:, 2], hierarchy.linkage(condensed, "single")[:, 2])


def test_float32_complete_is_scipys_on_the_same_numbers():
    condensed = pdist(points(200, 0)).astype(np.float32)
    assert np.array_equal(linkage(condensed, "complete"), hierarchy.linkage(condensed.astype(float), "complete"))


def test_codes_have_scipys_heights():
    for n_bytes in (1, 2, 8, 20, 128):
        codes = RNG.integers(0, 256, (200, n_bytes), np.uint8)
        rows = linkage_of_codes(codes)
        assert hierarchy.is_valid_linkage(rows)
        assert np.array_equal(rows[:, 2], np.round(hierarchy.linkage(hamming(codes), "single")[:, 2]))


def test_cuts_are_scipys_partitions():
    condensed = pdist(points(200, 0))
    for method in METHODS:
        rows = linkage(condensed, method)
        for n_clusters in (1, 2, 3, 10, 57, 199, 200):
            labels = cut(rows, n_clusters)
            theirs = hierarchy.cut_tree(rows, n_clusters).ravel()
            assert adjusted_rand_score(labels, theirs) == 1, (method, n_clusters, len(set(theirs)))
            _, first = np.unique(labels, return_index=True)
            assert np.array_equal(first, np.sort(first)) and len(first) == n_clusters, (method, n_clusters)


def test_cophenetic_distances_are_the_same_under_ties():
    condensed = pdist(points(150, 2))
    ours, theirs = linkage(condensed, "single"), hierarchy.linkage(condensed, "single")
    assert np.array_equal(hierarchy.cophenet(ours), hierarchy.cophenet(theirs))


def test_elbow_sums_are_those_of_each_cut():
    x = points(120, 0)
    condensed = pdist(x)
    distances, rows, k_max = Distances(condensed), linkage(condensed, "average"), 15
    wcss, elbow = np.empty(k_max), c.c_size_t()
    check(LIBRARY.psh_cluster_elbow_distances(distances.handle, pointer(rows), c.c_size_t(k_max), 1, pointer(wcss), c.byref(elbow), None))
    for k in range(1, k_max + 1):
        labels = cut(rows, k)
        inertia = sum(((x[labels == label] - x[labels == label].mean(0)) ** 2).sum() for label in range(k))
        assert abs(wcss[k - 1] - inertia) < 1e-10 * (1 + inertia)  # Euclidean: the sum of squares about the means


def classical_map(condensed, n_axes):
    squared = squareform(condensed) ** 2
    centring = np.eye(len(squared)) - 1 / len(squared)
    values, vectors = np.linalg.eigh(-0.5 * centring @ squared @ centring)
    values, vectors = values[::-1], vectors[:, ::-1]
    xy = vectors[:, :n_axes] * np.sqrt(values[:n_axes])
    xy *= np.sign(xy[np.abs(xy).argmax(0), range(n_axes)])
    return xy, values[:n_axes].sum() / values[values > 0].sum()


def test_classical_maps_are_numpys():
    for condensed in (pdist(RNG.random((150, 7))), hamming(RNG.integers(0, 256, (150, 8), np.uint8))):
        xy, explained, distances = np.empty((150, 3)), c.c_double(), Distances(condensed)
        check(LIBRARY.psh_mds_distances(distances.handle, 3, c.c_size_t(0), c.c_uint64(1), 1, pointer(xy), c.byref(explained), None))
        theirs, their_share = classical_map(condensed, 3)
        assert np.abs(xy - theirs).max() < 1e-9
        assert abs(explained.value - their_share) < 1e-12


def test_landmark_maps_keep_a_plane():
    x = RNG.random((500, 2))
    condensed = pdist(x)
    xy, distances = np.empty((500, 2)), Distances(condensed)
    check(LIBRARY.psh_mds_distances(distances.handle, 2, c.c_size_t(30), c.c_uint64(1), 1, pointer(xy), None, None))
    assert np.abs(pdist(xy) - condensed).max() < 1e-9


def test_files_open_in_numpy_and_come_back():
    rows = linkage(pdist(points(30, 0)), "single")
    labels, wcss, clusters = cut(rows, 4), np.array([3.0, 2.0, 1.0]), c.c_void_p()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "c.npz")
        check(LIBRARY.psh_clusters_create(pointer(labels), c.c_size_t(30), pointer(rows), pointer(wcss), c.c_size_t(3), c.byref(clusters), None))
        meta = LIBRARY.psh_clusters_meta(clusters)
        check(LIBRARY.psh_meta_set_text(c.c_void_p(meta), b"linkage", b"single"))
        check(LIBRARY.psh_clusters_write(clusters, path.encode(), None))
        LIBRARY.psh_clusters_free(clusters)
        with np.load(path) as file:
            assert sorted(file.files) == ["labels", "linkage", "meta", "wcss"]
            assert np.array_equal(file["labels"], labels) and file["labels"].dtype == np.int64
            assert np.array_equal(file["linkage"], rows) and np.array_equal(file["wcss"], wcss)
            assert json.loads(str(file["meta"]))["linkage"] == "single"
        np.savez_compressed(path, labels=labels.astype(np.uint8), linkage=rows.astype(np.float32).astype(float))
        check(LIBRARY.psh_clusters_read(path.encode(), c.byref(clusters), None))
        assert np.array_equal(np.ctypeslib.as_array(c.cast(LIBRARY.psh_clusters_labels(clusters), c.POINTER(c.c_int64)), (30,)), labels)
        LIBRARY.psh_clusters_free(clusters)


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    n_failed = 0
    for name, test in tests:
        try:
            test()
        except Exception as fault:  # every test is run and named
            n_failed += 1
            print(f"FAILED {name}: {type(fault).__name__}: {fault}")
    print(f"{len(tests) - n_failed} passed, {n_failed} failed")
    return n_failed > 0


sys.exit(main())
