/* bench_rips.c : speed of Vietoris-Rips persistence.
 *
 *     build-bench/bench/bench_rips
 *
 * Sets: the clouds of shape2 (all of them, on one thread and on two), spheres, uniform points in high dimension, random
 * matrices, protein_corr. Statistic: the least of some repeats, CPU time of the thread; for the whole of shape2 the
 * wall-clock time of one pass over 1,900 clouds after a first one. Objects exist before. */
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/array.h"
#include "base/random.h"
#include "persihash/persihash.h"

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void must(psh_status status, const psh_error *err) {
    if (status == PSH_OK) return;
    fprintf(stderr, "bench_rips: %s\n", err->text);
    exit(1);
}

/* One set: of cloud and matrix, one is NULL. */
static void measure(const char *what, const psh_cloud *cloud, const psh_matrix *matrix, uint32_t dims_mask,
                    double threshold, int n_repeats) {
    psh_error err = {0};
    psh_rips *rips;
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.dims_mask = dims_mask, params.threshold = threshold;
    must(psh_rips_create(&rips, &err), &err);
    const psh_interval *intervals = NULL;
    size_t n_intervals = 0, counts[3] = {0};
    double best = INFINITY;
    for (int repeat = 0; repeat < n_repeats; repeat++) {
        double start = seconds(CLOCK_THREAD_CPUTIME_ID);
        must(cloud ? psh_rips_compute_cloud(rips, cloud, &params, &intervals, &n_intervals, NULL, &err)
                   : psh_rips_compute_matrix(rips, matrix, &params, &intervals, &n_intervals, NULL, &err),
             &err);
        best = fmin(best, seconds(CLOCK_THREAD_CPUTIME_ID) - start);
    }
    for (size_t i = 0; i < n_intervals; i++) counts[intervals[i].dim]++;
    printf("%-36s H0..%c %7zu %7zu %7zu %12.3f\n", what, dims_mask > 3 ? '2' : '1', counts[0], counts[1], counts[2],
           1e3 * best);
    fflush(stdout);
    psh_rips_free(rips);
}

/* --- Random sets ------------------------------------------------------------------------------------------------- */

static double normal(psh__random *rng) {
    double radius = sqrt(-2 * log(1 - psh__random_unit(rng)));
    return radius * cos(6.283185307179586 * psh__random_unit(rng));
}

static psh_cloud *make_cloud(size_t n_points, size_t n_axes, bool on_sphere) {
    psh_error err = {0};
    psh_cloud *cloud;
    psh__random rng;
    psh__random_init(&rng, 1, n_points);
    double *points = malloc(n_points * n_axes * sizeof *points);
    if (!points) abort();
    for (size_t i = 0; i < n_points; i++) {
        double norm = 0, *p = points + i * n_axes;
        for (size_t k = 0; k < n_axes; k++) {
            p[k] = on_sphere ? normal(&rng) : psh__random_unit(&rng);
            norm += p[k] * p[k];
        }
        for (size_t k = 0; k < n_axes && on_sphere; k++) p[k] /= sqrt(norm);
    }
    must(psh_cloud_create(points, n_points, n_axes, &cloud, &err), &err);
    free(points);
    return cloud;
}

static void measure_cloud(size_t n_points, size_t n_axes, bool on_sphere, uint32_t dims_mask, double threshold,
                          int n_repeats) {
    char what[64], limit[32] = "";
    psh_cloud *cloud = make_cloud(n_points, n_axes, on_sphere);
    if (threshold > 0) snprintf(limit, sizeof limit, ", up to %g", threshold);
    snprintf(what, sizeof what, "%s, %zu points in R^%zu%s", on_sphere ? "sphere" : "cube", n_points, n_axes, limit);
    measure(what, cloud, NULL, dims_mask, threshold, n_repeats);
    psh_cloud_free(cloud);
}

static void measure_random_matrix(size_t n_points, uint32_t dims_mask, int n_repeats) {
    psh_error err = {0};
    psh_matrix *matrix;
    psh__random rng;
    psh__random_init(&rng, 2, n_points);
    size_t n_pairs = n_points * (n_points - 1) / 2;
    double *lower = malloc(n_pairs * sizeof *lower);
    if (!lower) abort();
    for (size_t k = 0; k < n_pairs; k++) lower[k] = psh__random_unit(&rng);
    must(psh_matrix_create_dense(lower, n_points, &matrix, &err), &err);
    char what[64];
    snprintf(what, sizeof what, "random matrix, %zu points", n_points);
    measure(what, NULL, matrix, dims_mask, 0, n_repeats);
    psh_matrix_free(matrix);
    free(lower);
}

/* --- Real sets --------------------------------------------------------------------------------------------------- */

static double *read_f64(const char *path, size_t shape[3]) {
    psh_error err = {0};
    psh__bytes bytes = {0};
    psh__npz *npz = NULL;
    psh__array array = {0};
    double *values;
    size_t length = strlen(path);
    if (strcmp(path + length - 4, ".npz") == 0) {
        must(psh__npz_open(path, &npz, &err), &err);
        must(psh__npz_read(npz, "clouds", &array, &err), &err);
    } else
        must(psh__npy_read(path, &bytes, &array, &err), &err);
    must(psh__array_to_f64(&array, path, &values, &err), &err);
    for (size_t i = 0; i < 3; i++) shape[i] = i < array.n_axes ? array.shape[i] : 1;
    psh__array_free(&array);
    psh__bytes_free(&bytes);
    psh__npz_free(npz);
    return values;
}

static void measure_protein(uint32_t dims_mask, int n_repeats) {
    psh_error err = {0};
    psh_matrix *matrix;
    size_t shape[3], n_lower = 0;
    double *square = read_f64(PSH_DATASETS "/protein_corr/1anf.npy", shape);
    for (size_t i = 0; i < shape[0]; i++) /* in place: the triangle never overtakes the square */
        for (size_t j = 0; j < i; j++) square[n_lower++] = square[i * shape[1] + j];
    must(psh_matrix_create_dense(square, shape[0], &matrix, &err), &err);
    measure("protein_corr/1anf, 370 points", NULL, matrix, dims_mask, 0, n_repeats);
    psh_matrix_free(matrix);
    free(square);
}

/* The wall-clock time of all clouds, each thread with a workspace of its own. */
static double pass(psh_cloud *const *clouds, size_t n_clouds, int n_threads, uint32_t dims_mask) {
    psh_homology_params params = PSH_PARAMS(psh_homology_params);
    params.dims_mask = dims_mask;
    double start = 0, end;
#pragma omp parallel num_threads(n_threads)
    {
        psh_error err = {0};
        psh_rips *rips;
        const psh_interval *intervals;
        size_t n_intervals;
        must(psh_rips_create(&rips, &err), &err);
#pragma omp barrier
#pragma omp single
        start = seconds(CLOCK_MONOTONIC);
#pragma omp for schedule(dynamic, 8)
        for (size_t i = 0; i < n_clouds; i++)
            must(psh_rips_compute_cloud(rips, clouds[i], &params, &intervals, &n_intervals, NULL, &err), &err);
        psh_rips_free(rips);
    }
    end = seconds(CLOCK_MONOTONIC);
    return end - start;
}

static void measure_shape2(void) {
    psh_error err = {0};
    size_t shape[3];
    double *points = read_f64(PSH_DATASETS "/shape2/clouds.npz", shape);
    psh_cloud **clouds = malloc(shape[0] * sizeof *clouds);
    if (!clouds) abort();
    for (size_t i = 0; i < shape[0]; i++)
        must(psh_cloud_create(points + i * shape[1] * shape[2], shape[1], shape[2], &clouds[i], &err), &err);
    printf("%-36s %8s %10s %12s\n", "shape2", "threads", "seconds", "us a cloud");
    for (uint32_t dims_mask = 3; dims_mask <= 7; dims_mask += 4)
        for (int n_threads = 1; n_threads <= 2; n_threads++) {
            double best = INFINITY;
            for (int repeat = 0; repeat < 3; repeat++) best = fmin(best, pass(clouds, shape[0], n_threads, dims_mask));
            printf("%zu clouds of %zu points, H0..%c%7s %8d %10.3f %12.1f\n", shape[0], shape[1],
                   dims_mask > 3 ? '2' : '1', "", n_threads, best, 1e6 * best / (double)shape[0]);
        }
    printf("\n%-36s %5s %7s %7s %7s %12s\n", "one cloud", "", "H0", "H1", "H2", "ms");
    static const char *const levels[] = {"scalar", "avx2", "avx512", "neon"};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        char what[64];
        setenv("PSH_SIMD", levels[i], 1);
        if (psh_cpu_check(NULL) != PSH_OK) continue;
        snprintf(what, sizeof what, "shape2[0], PSH_SIMD=%s", levels[i]);
        measure(what, clouds[0], NULL, 3, 0, 100);
    }
    unsetenv("PSH_SIMD");
    for (size_t i = 0; i < shape[0]; i++) psh_cloud_free(clouds[i]);
    free(clouds), free(points);
}

int main(void) {
    char text[256];
    psh_cpu_text(text, sizeof text);
    printf("%s\n\n", text);
    measure_shape2();
    static const size_t sizes[] = {300, 600, 1000, 2000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) measure_cloud(sizes[i], 3, true, 3, 0, 10);
    measure_cloud(300, 3, true, 7, 0, 3);
    measure_cloud(600, 3, true, 7, 0, 1);
    measure_protein(3, 10);
    measure_protein(7, 1);
    measure_cloud(200, 10, false, 3, 0, 10);
    measure_cloud(200, 10, false, 7, 0, 1);
    measure_random_matrix(100, 3, 10);
    measure_random_matrix(100, 7, 1);
    measure_random_matrix(300, 3, 10);
    measure_cloud(20000, 3, true, 3, 0.1, 1);
    measure_cloud(20000, 3, true, 7, 0.1, 1);
    return 0;
}
