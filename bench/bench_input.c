/* bench_input.c : what reading and smoothing of images costs, stage by stage, on one thread.
 *
 *   bench_input [folder of images] [sigma]      (default: the colon tiles of ../shared/datasets, 2)
 *
 * Each stage runs over all items; best of three rounds. `decode` is libjpeg-turbo alone, to RGB, from memory;
 * `luminance` our kernel on its result; `read` psh_input_read() without smoothing: opening, mapping, decoding,
 * luminance; `smooth` psh_image_smooth() of the image read. Lost: the file's own Y channel (first line; other grey
 * values, by rounding). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <turbojpeg.h>

#include "base/file.h"
#include "input/readers.h"

#define N_ROUNDS 3

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(psh_status status, const psh_error *err) {
    if (status == PSH_OK) return;
    fprintf(stderr, "bench_input: %s\n", err->text);
    exit(1);
}

static double decode_seconds(const psh_input *input, int pixel_format, double *luminance_seconds) {
    static uint8_t colours[4 << 20], grey[1 << 20];
    double seconds = 0;
    tjhandle handle = tjInitDecompress();
    for (size_t i = 0; i < psh_input_count(input); i++) {
        psh__bytes bytes;
        psh_error err;
        int width, height, subsampling, colour;
        check(psh__bytes_read(psh_input_name(input, i), &bytes, &err), &err);
        double start = now();
        if (tjDecompressHeader3(handle, bytes.data, bytes.n_bytes, &width, &height, &subsampling, &colour) == 0 &&
            (size_t)width * (size_t)height <= sizeof grey &&
            tjDecompress2(handle, bytes.data, bytes.n_bytes, colours, width, 0, height, pixel_format,
                          TJFLAG_ACCURATEDCT) == 0) {
            double middle = now();
            psh__luminance_u8(colours, (size_t)width * (size_t)height, grey);
            seconds += middle - start, *luminance_seconds += now() - middle;
        }
        psh__bytes_free(&bytes);
    }
    tjDestroy(handle);
    return seconds;
}

static double smooth_seconds(const psh_input *input, double sigma, double *read_seconds, double *n_pixels) {
    double seconds = 0;
    *n_pixels = 0;
    for (size_t i = 0; i < psh_input_count(input); i++) {
        psh_image *image, *smooth;
        psh_error err;
        size_t shape[3];
        double start = now();
        check(psh_input_read(input, i, &image, &err), &err);
        double middle = now();
        check(psh_image_smooth(image, sigma, &smooth, &err), &err);
        seconds += now() - middle, *read_seconds += middle - start;
        psh_image_shape(image, shape);
        *n_pixels += (double)(shape[0] * shape[1] * shape[2]);
        psh_image_free(image);
        psh_image_free(smooth);
    }
    return seconds;
}

int main(int argc, char **argv) {
    const char *folder = argc > 1 ? argv[1] : PSH_DATASETS "/colon/tiles";
    double sigma = argc > 2 ? atof(argv[2]) : 2, n_pixels = 0;
    enum { OPEN, GREY, DECODE, LUMINANCE, READ, SMOOTH, N_STAGES };
    static const char *const names[] = {"open (per item)", "decode to Y", "decode to RGB",
                                        "luminance",       "read",        "smooth"};
    double best[N_STAGES];
    size_t n_items = 0;
    for (int round = 0; round < N_ROUNDS; round++) {
        psh_input *input;
        psh_error err;
        double seconds[N_STAGES] = {0}, unused = 0, start = now();
        check(psh_input_open(&folder, 1, NULL, &input, &err), &err);
        seconds[OPEN] = now() - start;
        seconds[GREY] = decode_seconds(input, TJPF_GRAY, &unused);
        seconds[DECODE] = decode_seconds(input, TJPF_RGBX, &seconds[LUMINANCE]);
        seconds[SMOOTH] = smooth_seconds(input, sigma, &seconds[READ], &n_pixels);
        for (int s = 0; s < N_STAGES; s++)
            if (round == 0 || seconds[s] < best[s]) best[s] = seconds[s];
        n_items = psh_input_count(input);
        psh_input_free(input);
    }
    printf("%zu images of %s, sigma %g, SIMD %s, one thread, best of %d\n", n_items, folder, sigma,
           psh_simd_name(psh_cpu_simd()), N_ROUNDS);
    printf("%-16s %12s %12s %12s\n", "stage", "us/image", "images/s", "Mpixel/s");
    for (int s = 0; s <= N_STAGES; s++) {
        double seconds = s < N_STAGES ? best[s] : best[READ] + best[SMOOTH];
        printf("%-16s %12.1f %12.0f %12.1f\n", s < N_STAGES ? names[s] : "read + smooth",
               1e6 * seconds / (double)n_items, (double)n_items / seconds, 1e-6 * n_pixels / seconds);
    }
    return 0;
}
