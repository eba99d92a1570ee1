/* bench_cubical3d.c : speed of cubical persistence of volumes, H0, H1 and H2 together, one thread.
 *
 *     build-bench/bench/bench_cubical3d [VOLUME]
 *
 * Volumes: the hurricane field of the data sets (or VOLUME, anything that the library reads as a volume) as every type,
 * smoothed noise, noise. Statistic: the least of N_REPEATS times of the thread's clock. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "persihash/persihash.h"

enum { N_REPEATS = 7 };

static double cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void must(psh_status status, const psh_error *err) {
    if (status == PSH_OK) return;
    fprintf(stderr, "bench_cubical3d: %s\n", err->text);
    exit(1);
}

static size_t count_voxels(const psh_image *image) {
    size_t shape[3];
    psh_image_shape(image, shape);
    return shape[0] * shape[1] * shape[2];
}

/* NULL, with a line that says why, if it cannot be read. */
static psh_image *read_volume(const char *path) {
    psh_error err = {0};
    psh_input *input = NULL;
    psh_image *image = NULL;
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.is_volume = true;
    if (psh_input_open(&path, 1, &params, &input, &err) != PSH_OK || psh_input_read(input, 0, &image, &err) != PSH_OK)
        printf("left out: %s\n", err.text);
    psh_input_free(input);
    return image;
}

/* The volume as another type, stretched over [0, 255] for uint8 and [0, 65535] for uint16. */
static psh_image *convert(const psh_image *src, psh_dtype dtype) {
    static const size_t item_bytes[] = {1, 2, 4, 8};
    size_t shape[3], n_voxels = count_voxels(src);
    psh_image_shape(src, shape);
    bool is_wide = psh_image_dtype(src) == PSH_F64;
    const void *voxels = psh_image_pixels(src);
    void *dst = malloc(n_voxels * item_bytes[dtype]);
    double least = INFINITY, greatest = -INFINITY;
    psh_image *image;
    psh_error err = {0};
    if (!dst) abort();
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n_voxels; i++) {
            double value = is_wide ? ((const double *)voxels)[i] : (double)((const float *)voxels)[i];
            double unit = (value - least) / (greatest - least);
            if (pass == 0)
                least = fmin(least, value), greatest = fmax(greatest, value);
            else if (dtype == PSH_U8)
                ((uint8_t *)dst)[i] = (uint8_t)(unit * 255);
            else if (dtype == PSH_U16)
                ((uint16_t *)dst)[i] = (uint16_t)(unit * 65535);
            else if (dtype == PSH_F32)
                ((float *)dst)[i] = (float)value;
            else
                ((double *)dst)[i] = value;
        }
    must(psh_image_create(dtype, shape, dst, &image, &err), &err);
    free(dst);
    return image;
}

static psh_image *make_noise(size_t side, double sigma) {
    psh_error err = {0};
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    double *voxels = malloc(side * side * side * sizeof *voxels);
    if (!voxels) abort();
    for (size_t i = 0; i < side * side * side; i++) voxels[i] = psh__random_unit(&rng);
    psh_image *image, *smooth;
    must(psh_image_create(PSH_F64, (size_t[3]){side, side, side}, voxels, &image, &err), &err);
    free(voxels);
    if (sigma > 0) {
        must(psh_image_smooth(image, sigma, &smooth, &err), &err);
        psh_image_free(image);
        image = smooth;
    }
    return image;
}

static void measure(const char *what, const psh_image *image, psh_construction construction, bool is_periodic) {
    psh_error err = {0};
    psh_cubical *cubical;
    const psh_interval *intervals;
    size_t n_intervals;
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.construction = construction, params.is_periodic = is_periodic;
    must(psh_cubical_create(&cubical, &err), &err);
    double best = INFINITY;
    for (int repeat = 0; repeat < N_REPEATS; repeat++) {
        double start = cpu_seconds();
        must(psh_cubical_compute(cubical, image, &params, &intervals, &n_intervals, NULL, &err), &err);
        best = fmin(best, cpu_seconds() - start);
    }
    printf("%-34s %s %10zu %10zu %10.2f %10.1f\n", what, construction == PSH_CONSTRUCTION_T ? "T" : "V",
           count_voxels(image), n_intervals, 1e3 * best, 1e-6 * (double)count_voxels(image) / best);
    psh_cubical_free(cubical);
}

static void measure_both(const char *what, const psh_image *image, bool is_periodic) {
    measure(what, image, PSH_CONSTRUCTION_T, is_periodic);
    measure(what, image, PSH_CONSTRUCTION_V, is_periodic);
}

static void measure_field(const psh_image *field) {
    static const char *const names[] = {"field, uint8", "field, uint16", "field, float32", "field, float64"};
    static const char *const levels[] = {"scalar", "avx2", "avx512", "neon"};
    for (int dtype = PSH_U8; dtype <= PSH_F64; dtype++) {
        psh_image *typed = convert(field, (psh_dtype)dtype);
        measure_both(names[dtype], typed, false);
        if (dtype == PSH_F64) measure_both("field, float64, periodic", typed, true);
        for (size_t i = 0; dtype == PSH_F64 && i < sizeof levels / sizeof *levels; i++) {
            char what[64];
            setenv("PSH_SIMD", levels[i], 1);
            if (psh_cpu_check(NULL) != PSH_OK) continue;
            snprintf(what, sizeof what, "field, float64, PSH_SIMD=%s", levels[i]);
            measure(what, typed, PSH_CONSTRUCTION_T, false);
        }
        unsetenv("PSH_SIMD");
        psh_image_free(typed);
    }
}

int main(int argc, char **argv) {
    char text[256];
    psh_cpu_text(text, sizeof text);
    printf("%s\none thread, least of %d\n\n", text, N_REPEATS);
    printf("%-34s %s %10s %10s %10s %10s\n", "volume", "C", "voxels", "intervals", "ms", "Mvoxel/s");
    psh_image *field = read_volume(argc > 1 ? argv[1] : PSH_DATASETS "/isabel_field/isabel_02.vti");
    if (field) measure_field(field);
    psh_image_free(field);
    psh_image *smooth = make_noise(128, 2), *noise = make_noise(64, 0);
    measure_both("smoothed noise, float64", smooth, false);
    measure_both("noise, float64", noise, false);
    psh_image_free(smooth), psh_image_free(noise);
    return 0;
}
