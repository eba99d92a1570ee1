/* bench_cubical.c : speed of 2D cubical persistence, H0 and H1 together, one thread.
 *
 *     build-bench/bench/bench_cubical [FOLDER_OF_IMAGES] [N_IMAGES]
 *
 * Images: 8-bit, smoothed with sigma 2 (the colon tiles by default), and the same as other types; noise; one large
 * image. Statistic: sum over images of the least of N_REPEATS times, each after another image was computed,
 * so that neither caches nor branch predictors have just seen it. Image objects exist before. Mpixel/s, H0 + H1. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "persihash/persihash.h"

enum { N_REPEATS = 9 };

typedef struct images {
    psh_image **items;
    size_t n_items, n_pixels;
} images;

static double cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void must(psh_status status, const psh_error *err) {
    if (status == PSH_OK) return;
    fprintf(stderr, "bench_cubical: %s\n", err->text);
    exit(1);
}

static void add_image(images *set, psh_image *image) {
    size_t shape[3];
    set->items = realloc(set->items, (set->n_items + 1) * sizeof *set->items);
    if (!set->items) abort();
    set->items[set->n_items++] = image;
    psh_image_shape(image, shape);
    set->n_pixels += shape[1] * shape[2];
}

static void free_images(images *set) {
    for (size_t i = 0; i < set->n_items; i++) psh_image_free(set->items[i]);
    free(set->items);
}

static images read_images(const char *folder, size_t n_wanted) {
    psh_error err = {0};
    psh_input *input;
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.smooth_sigma = 2;
    images set = {0};
    must(psh_input_open(&folder, 1, &params, &input, &err), &err);
    size_t n_all = psh_input_count(input), n_items = n_wanted < n_all ? n_wanted : n_all;
    for (size_t i = 0; i < n_items; i++) {
        psh_image *image;
        must(psh_input_read(input, i * n_all / n_items, &image, &err), &err);
        add_image(&set, image);
    }
    psh_input_free(input);
    return set;
}

/* The 8-bit images of `src` as another type, with their fractions filled in where the type has room for them: a ramp
 * across the image, so that fewer values are equal. */
static images convert(const images *src, psh_dtype dtype) {
    psh_error err = {0};
    images set = {0};
    for (size_t i = 0; i < src->n_items; i++) {
        size_t shape[3];
        psh_image_shape(src->items[i], shape);
        const uint8_t *pixels = psh_image_pixels(src->items[i]);
        size_t n_pixels = shape[1] * shape[2];
        uint16_t *u16 = malloc(n_pixels * sizeof *u16);
        float *f32 = malloc(n_pixels * sizeof *f32);
        double *f64 = malloc(n_pixels * sizeof *f64);
        if (!u16 || !f32 || !f64) abort();
        for (size_t k = 0; k < n_pixels; k++) {
            double value = pixels[k] + (double)(k * 37 % n_pixels) / (double)n_pixels;
            u16[k] = (uint16_t)(value * 256), f32[k] = (float)value, f64[k] = value;
        }
        const void *typed = dtype == PSH_U16 ? (void *)u16 : dtype == PSH_F32 ? (void *)f32 : (void *)f64;
        psh_image *image;
        must(psh_image_create(dtype, shape, typed, &image, &err), &err);
        add_image(&set, image);
        free(u16), free(f32), free(f64);
    }
    return set;
}

static images make_noise(size_t side, size_t n_images, double sigma) {
    psh_error err = {0};
    images set = {0};
    uint8_t *pixels = malloc(side * side);
    if (!pixels) abort();
    for (size_t i = 0; i < n_images; i++) {
        psh__random rng;
        psh__random_init(&rng, 1, i);
        for (size_t k = 0; k < side * side; k++) pixels[k] = (uint8_t)psh__random_below(&rng, 256);
        psh_image *image, *smooth;
        must(psh_image_create(PSH_U8, (size_t[3]){1, side, side}, pixels, &image, &err), &err);
        if (sigma > 0) {
            must(psh_image_smooth(image, sigma, &smooth, &err), &err);
            psh_image_free(image);
            image = smooth;
        }
        add_image(&set, image);
    }
    free(pixels);
    return set;
}

static void measure(const char *what, const images *set, psh_construction construction, psh_filtration filtration) {
    psh_error err = {0};
    psh_cubical *cubical;
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.construction = construction, params.filtration = filtration;
    must(psh_cubical_create(&cubical, &err), &err);
    double total = 0;
    size_t n_all = 0;
    for (size_t i = 0; i < set->n_items; i++) {
        const psh_interval *intervals;
        size_t n_intervals = 0;
        double best = INFINITY;
        for (int repeat = 0; repeat < N_REPEATS; repeat++) {
            size_t i_other = (i + (size_t)repeat * 17) % set->n_items; /* another image before, as in real work */
            must(psh_cubical_compute(cubical, set->items[i_other], &params, &intervals, &n_intervals, NULL, &err),
                 &err);
            double start = cpu_seconds();
            must(psh_cubical_compute(cubical, set->items[i], &params, &intervals, &n_intervals, NULL, &err), &err);
            best = fmin(best, cpu_seconds() - start);
        }
        n_all += n_intervals;
        total += best;
    }
    printf("%-28s %s %-5s %10.1f %10.1f %10.0f\n", what, construction == PSH_CONSTRUCTION_T ? "T" : "V",
           filtration == PSH_SUBLEVEL ? "sub" : "super", (double)n_all / (double)set->n_items,
           1e6 * total / (double)set->n_items, 1e-6 * (double)set->n_pixels / total);
    psh_cubical_free(cubical);
}

static void measure_levels(const images *set) {
    static const char *const levels[] = {"scalar", "avx2", "avx512", "neon"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        char what[64];
        setenv("PSH_SIMD", levels[i], 1);
        if (psh_cpu_check(NULL) != PSH_OK) continue;
        snprintf(what, sizeof what, "uint8, PSH_SIMD=%s", levels[i]);
        measure(what, set, PSH_CONSTRUCTION_T, PSH_SUBLEVEL);
    }
    unsetenv("PSH_SIMD");
}

int main(int argc, char **argv) {
    images tiles =
        read_images(argc > 1 ? argv[1] : PSH_DATASETS "/colon/tiles", argc > 2 ? strtoull(argv[2], NULL, 10) : 200);
    char text[256];
    psh_cpu_text(text, sizeof text);
    printf("%s\n%zu images, %zu pixels each on average; one thread, least of %d each\n\n", text, tiles.n_items,
           tiles.n_pixels / tiles.n_items, N_REPEATS);
    printf("%-28s %s %-5s %10s %10s %10s\n", "images", "C", "sets", "intervals", "us/image", "Mpixel/s");
    for (int construction = 0; construction < 2; construction++)
        for (int filtration = 0; filtration < 2; filtration++)
            measure("uint8", &tiles, (psh_construction)construction, (psh_filtration)filtration);
    measure_levels(&tiles);
    static const char *const names[] = {"uint8", "uint16", "float32", "float64"};
    for (int dtype = PSH_U16; dtype <= PSH_F64; dtype++) {
        images typed = convert(&tiles, (psh_dtype)dtype);
        measure(names[dtype], &typed, PSH_CONSTRUCTION_T, PSH_SUBLEVEL);
        free_images(&typed);
    }
    images noise = make_noise(224, 10, 0), large_noise = make_noise(2048, 1, 0), large = make_noise(2048, 1, 3);
    measure("uint8 noise 224 x 224", &noise, PSH_CONSTRUCTION_T, PSH_SUBLEVEL);
    measure("uint8 noise 2048 x 2048", &large_noise, PSH_CONSTRUCTION_T, PSH_SUBLEVEL);
    measure("uint8 smooth 2048 x 2048", &large, PSH_CONSTRUCTION_T, PSH_SUBLEVEL);
    free_images(&noise), free_images(&large_noise), free_images(&large), free_images(&tiles);
    return 0;
}
