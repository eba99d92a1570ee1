"""Codes, Hamming distances and their files against NumPy, SciPy and Faiss. The library is driven through ctypes."""

import ctypes as c
import json
import os
import sys
import tempfile

try:
    import numpy as np
    from scipy.spatial.distance import pdist, squareform
except ImportError as missing:
    print(f"skipped: {missing}; install python3-numpy and python3-scipy")
    sys.exit(77)
try:
    import faiss
except ImportError:
    faiss = None

DTYPES = {"uint8": 0, "uint16": 1, "float32": 2, "float64": 3}


def load_library():
    folder = os.path.dirname(os.environ.get("PERSIHASH", "")) or os.path.join(os.path.dirname(__file__), "../../build")
    path = os.path.join(folder, "libpersihash.so")
    if not os.path.exists(path):
        print(f"skipped: no {path}; build the library, or set PERSIHASH to the tool beside it")
        sys.exit(77)
    try:
        library = c.CDLL(path)
    except OSError as fault:
        print(f"skipped: {fault}")
        sys.exit(77)
    for name in ("psh_codes_data", "psh_codes_meta", "psh_codes_labels", "psh_distances_data", "psh_distances_data_const"):
        getattr(library, name).restype = c.c_void_p
    for name in ("psh_codes_name", "psh_codes_label_name", "psh_codes_model_id", "psh_codes_frame_id"):
        getattr(library, name).restype = c.c_char_p
    for name in ("psh_codes_count", "psh_distances_n_items"):
        getattr(library, name).restype = c.c_size_t
    library.psh_distances_get.restype = c.c_double
    return library


LIBRARY = load_library()
RNG = np.random.default_rng(1)
SCRATCH = tempfile.TemporaryDirectory()
FOLDER = SCRATCH.name


class Skipped(Exception):
    pass


def pointer(array):
    return array.ctypes.data_as(c.c_void_p)


def size(number):
    return c.c_size_t(number)


def texts(items):
    return (c.c_char_p * len(items))(*[item.encode() for item in items])


def call(name, *arguments):
    status = getattr(LIBRARY, name)(*arguments, None)
    assert status == 0, f"{name} answers {status}"


def random_codes(n_codes, n_bits):
    return np.packbits(RNG.integers(0, 2, (n_codes, n_bits), np.uint8), axis=1, bitorder="little")


def condensed(codes, item=np.uint16):
    pairs = np.zeros(len(codes) * (len(codes) - 1) // 2, item)
    name = "psh_hamming_condensed_u8" if item == np.uint8 else "psh_hamming_condensed_u16"
    call(name, pointer(codes), size(len(codes)), size(codes.shape[1]), 2, pointer(pairs))
    return pairs


# --- Hamming distances ------------------------------------------------------------------------------------------------


def hamming_is_scipys_on_unpacked_bits():
    for n_bits in (1, 7, 24, 64, 129, 255, 256, 1000, 1024):
        codes = random_codes(150, n_bits)
        bits = np.unpackbits(codes, axis=1, bitorder="little")[:, :n_bits]
        expected = np.rint(pdist(bits, "hamming") * n_bits)
        assert np.array_equal(condensed(codes), expected), n_bits
        if n_bits <= 255:
            assert np.array_equal(condensed(codes, np.uint8), expected), n_bits


def hamming_cross_is_faiss():
    if faiss is None:
        raise Skipped("python3-faiss is missing")
    for n_bytes in (8, 16, 32, 64):
        a, b = random_codes(70, 8 * n_bytes), random_codes(300, 8 * n_bytes)
        ours, theirs = np.zeros((70, 300), np.uint16), np.zeros((70, 300), np.int32)
        call("psh_hamming_cross", pointer(a), size(70), pointer(b), size(300), size(n_bytes), 2, pointer(ours))
        faiss.hammings(faiss.swig_ptr(a), faiss.swig_ptr(b), 70, 300, n_bytes, faiss.swig_ptr(theirs))
        assert np.array_equal(ours, theirs), n_bytes


def sixty_four_bit_codes_read_as_little_endian_integers():
    codes = random_codes(50, 64)
    words = codes.view("<u8").ravel()
    expected = [bin(int(words[i] ^ words[j])).count("1") for i in range(50) for j in range(i + 1, 50)]
    assert np.array_equal(condensed(codes), expected)


# --- Files of codes ---------------------------------------------------------------------------------------------------


def numpy_opens_what_we_write():
    codes, handle, path = random_codes(5, 20), c.c_void_p(), os.path.join(FOLDER, "ours.npz")
    labels = np.array([0, 1, -1, 1, 0])
    call("psh_codes_create", pointer(codes), size(5), 20, b"0123456789abcdef", b"fedcba9876543210", c.byref(handle))
    call("psh_codes_set_labels", handle, pointer(labels), texts(["boot", "größe"]), size(2))
    call("psh_codes_set_names", handle, texts(["a.png", "", "日本.png", "d", "e"]))
    call("psh_codes_set_model", handle, pointer(np.arange(9, dtype=np.uint8)), size(9))
    call("psh_codes_write", handle, path.encode())
    LIBRARY.psh_codes_free(handle)
    with np.load(path) as file:
        assert file["codes"].dtype == np.uint8 and np.array_equal(file["codes"], codes)
        assert file["n_bits"].shape == () and int(file["n_bits"]) == 20
        assert file["labels"].dtype == np.int64 and np.array_equal(file["labels"], labels)
        assert list(file["label_names"]) == ["boot", "größe"]
        assert list(file["names"]) == ["a.png", "", "日本.png", "d", "e"]
        assert np.array_equal(file["model"], np.arange(9))
        meta = json.loads(str(file["meta"]))
    assert meta["model_id"] == "0123456789abcdef" and meta["frame_id"] == "fedcba9876543210"


def we_read_what_numpy_writes():
    codes, path = random_codes(7, 100), os.path.join(FOLDER, "numpys.npz")
    for save in (np.savez, np.savez_compressed):
        for item in (np.uint8, np.int64, ">u2", np.float32):
            save(path, codes=codes.astype(item), n_bits=100, names=np.array([f"n{i}é" for i in range(7)]),
                 labels=np.arange(7, dtype=np.int16), meta=json.dumps({"model_id": "abc"}))
            handle = c.c_void_p()
            call("psh_codes_read", path.encode(), c.byref(handle))
            assert LIBRARY.psh_codes_count(handle) == 7 and LIBRARY.psh_codes_n_bits(handle) == 100
            assert c.string_at(LIBRARY.psh_codes_data(handle), codes.nbytes) == codes.tobytes()
            assert LIBRARY.psh_codes_name(handle, size(6)).decode() == "n6é"
            assert LIBRARY.psh_codes_model_id(handle) == b"abc" and LIBRARY.psh_codes_frame_id(handle) == b""
            LIBRARY.psh_codes_free(handle)


# --- Files of distances -----------------------------------------------------------------------------------------------


def numpy_opens_the_distances_we_write():
    codes, path = random_codes(130, 64), os.path.join(FOLDER, "ours.npy")
    for item, number in DTYPES.items():
        pairs, handle = condensed(codes).astype(item), c.c_void_p()
        call("psh_distances_create", number, size(130), c.byref(handle))
        c.memmove(LIBRARY.psh_distances_data(handle), pairs.ctypes.data, pairs.nbytes)
        for square in (False, True):
            call("psh_distances_write", handle, path.encode(), c.c_bool(square))
            read = np.load(path, mmap_mode="r")
            assert read.dtype == item and np.array_equal(read, squareform(pairs) if square else pairs)
            with open(os.path.join(FOLDER, "ours.json")) as meta:
                assert json.load(meta) == {}
        LIBRARY.psh_distances_free(handle)


def we_read_the_distances_numpy_writes():
    path = os.path.join(FOLDER, "numpys.npy")
    pairs = pdist(RNG.random((40, 3)))
    square = squareform(pairs)
    for array in (pairs, square, np.asfortranarray(square), pairs.astype(">f8"), square.astype("<f4"), pairs.astype("f2")):
        np.save(path, array)
        handle = c.c_void_p()
        call("psh_distances_read", path.encode(), c.byref(handle))
        assert LIBRARY.psh_distances_n_items(handle) == 40
        expected = array if array.ndim == 2 else squareform(array)
        for i in range(40):
            for j in range(40):
                assert LIBRARY.psh_distances_get(handle, size(i), size(j)) == expected[i, j]
        LIBRARY.psh_distances_free(handle)


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for test in (hamming_is_scipys_on_unpacked_bits, hamming_cross_is_faiss,
                 sixty_four_bit_codes_read_as_little_endian_integers, numpy_opens_what_we_write, we_read_what_numpy_writes,
                 numpy_opens_the_distances_we_write, we_read_the_distances_numpy_writes):
        try:
            test()
            counts["passed"] += 1
        except Skipped as missing:
            print(f"{test.__name__}: skipped: {missing}")
            counts["skipped"] += 1
        except Exception as fault:  # every test is run and named
            print(f"FAILED {test.__name__}: {type(fault).__name__}: {fault}")
            counts["failed"] += 1
    print(", ".join(f"{number} {what}" for what, number in counts.items() if number or what != "skipped"))
    return 1 if counts["failed"] else 0


sys.exit(main())
