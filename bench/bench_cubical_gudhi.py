"""Cubical persistence, H0 and H1 of smoothed 8-bit tiles: this library against GUDHI in the same run, one thread each.

    /usr/bin/python3 bench/bench_cubical_gudhi.py [LIBRARY] [FOLDER_OF_IMAGES] [N_IMAGES]

Both get the very same arrays. Time is CPU time of the thread: the sum over images of the least of some repeats, without
the making of image objects (GUDHI: with building its complex, without copying intervals to NumPy). Intervals are compared.
"""

import ctypes as c
import glob
import sys
import time

import gudhi
import numpy as np

LIBRARY = sys.argv[1] if len(sys.argv) > 1 else "build/libpersihash.so"
FOLDER = sys.argv[2] if len(sys.argv) > 2 else "../shared/datasets/colon/tiles"
N_IMAGES = int(sys.argv[3]) if len(sys.argv) > 3 else 50


class Interval(c.Structure):
    _fields_ = [("birth", c.c_double), ("death", c.c_double), ("dim", c.c_int32)]


class InputParams(c.Structure):
    _fields_ = [("struct_bytes", c.c_size_t), ("labels_path", c.c_char_p), ("smooth_sigma", c.c_double),
                ("scale_factor", c.c_double), ("first", c.c_uint64), ("count", c.c_uint64)]


def least(repeats, work):
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        result = work()
        times.append(time.thread_time() - start)
    return min(times), result


def gudhis(pixels):
    complex_ = gudhi.CubicalComplex(top_dimensional_cells=pixels)
    complex_.compute_persistence()
    return complex_


def main():
    library = c.CDLL(LIBRARY)
    library.psh_image_pixels.restype = c.c_void_p
    names = sorted(glob.glob(FOLDER + "/**/*.jp*g", recursive=True))
    names = names[:: max(1, len(names) // N_IMAGES)][:N_IMAGES]
    cubical, intervals, count = c.c_void_p(), c.POINTER(Interval)(), c.c_size_t()
    library.psh_cubical_create(c.byref(cubical), None)
    total_ours = total_gudhi = n_pixels = n_different = 0
    for name in names:
        source, image, shape = c.c_void_p(), c.c_void_p(), (c.c_size_t * 3)()
        params = InputParams(c.sizeof(InputParams), None, 2.0)
        assert library.psh_input_open((c.c_char_p * 1)(name.encode()), c.c_size_t(1), c.byref(params), c.byref(source), None) == 0
        assert library.psh_input_read(source, c.c_size_t(0), c.byref(image), None) == 0
        library.psh_image_shape(image, shape)
        pixels = np.frombuffer(c.string_at(library.psh_image_pixels(image), shape[1] * shape[2]), np.uint8)
        pixels = pixels.reshape(shape[1], shape[2]).astype(np.float64)

        arguments = (cubical, image, None, c.byref(intervals), c.byref(count), None, None)
        seconds, _ = least(20, lambda: library.psh_cubical_compute(*arguments))
        total_ours += seconds
        seconds, complex_ = least(2, lambda: gudhis(pixels))
        total_gudhi += seconds

        ours = sorted((i.dim, i.birth, i.death) for i in intervals[: count.value])
        theirs = sorted((dim, *pair) for dim in (0, 1) for pair in complex_.persistence_intervals_in_dimension(dim).tolist()
                        if pair[0] < pair[1] < np.inf)
        n_different += ours != theirs
        n_pixels += pixels.size
        library.psh_image_free(image)
        library.psh_input_free(source)
    library.psh_cubical_free(cubical)
    print(f"{len(names)} images of {n_pixels // len(names)} pixels, {n_different} with different intervals")
    for what, seconds in (("persihash", total_ours), (f"GUDHI {gudhi.__version__}", total_gudhi)):
        print(f"{what:14} {1e3 * seconds / len(names):9.3f} ms an image {1e-6 * n_pixels / seconds:9.2f} Mpixel/s")
    print(f"ratio {total_gudhi / total_ours:.0f}")


if __name__ == "__main__":
    main()
