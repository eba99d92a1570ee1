/* bench_encode.c : fitting a sketch and encoding with it.
 *
 *     build/bench/bench_encode [SET.npz]
 *
 * Default set: ../shared/datasets/colon/diagrams.npz, 10,000 diagrams of 541 points. The set is read before anything is
 * timed; times are the least of several runs. Levels: PSH_SIMD is set for each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "encoder/model.h"

static const char *const levels[] = {"scalar", "avx2", "avx512", "neon"};

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void demand(psh_status status, const psh_error *err) {
    if (status == PSH_OK) return;
    fprintf(stderr, "bench_encode: %s\n", err->text);
    exit(1);
}

static double time_encode(const psh_model *model, const psh_diagrams *set, int n_threads, uint8_t *codes) {
    psh_error err;
    double least = 1e300;
    clockid_t clock =
        n_threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC; /* other programs do not spoil CPU time */
    for (int run = 0; run < 7; run++) {
        double start = now(clock);
        demand(psh_model_encode(model, set, n_threads, codes, &err), &err);
        double taken = now(clock) - start;
        if (taken < least) least = taken;
    }
    return least;
}

static void bench_fits(const psh_diagrams *set) {
    static const char *const names[] = {"calibrated", "sliced"};
    printf(
        "\nFitting, all threads\n\n| target | bits | seconds | of these target | exact distances | held-out Spearman "
        "|\n|---|--:|--:|--:|--:|--:|\n");
    for (int target = 0; target < 2; target++)
        for (int n_bits = 64; n_bits <= 1024; n_bits *= 4) {
            psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
            psh_fit_report report = {.struct_bytes = sizeof report};
            psh_error err;
            psh_model *model;
            params.n_bits = n_bits, params.target = (psh_sketch_target)target;
            demand(psh_sketch_fit(set, &params, NULL, &model, &report, &err), &err);
            printf("| %s | %d | %.2f | %.2f | %zu | %.3f |\n", names[target], n_bits,
                   report.seconds_target + report.seconds_fit, report.seconds_target, report.n_exact_pairs,
                   report.spearman_held_out);
            psh_model_free(model);
        }
}

static void bench_encoding(const psh_diagrams *set) {
    size_t n = psh_diagrams_count(set);
    uint8_t *codes = malloc(n * PSH__MAX_BITS / 8);
    if (!codes) exit(1);
    printf("\nEncoding\n\n| bits | level | 1 thread, ms | 2 threads, ms | Gpoint-bits/s, 1 thread "
           "|\n|--:|---|--:|--:|--:|\n");
    for (int n_bits = 64; n_bits <= 1024; n_bits *= 4) {
        psh_sketch_params params = PSH_PARAMS(psh_sketch_params);
        psh_error err;
        psh_model *model;
        params.n_bits = n_bits, params.target = PSH_TARGET_SLICED;
        demand(psh_sketch_fit(set, &params, NULL, &model, NULL, &err), &err);
        for (size_t l = 0; l < 4; l++) {
            setenv("PSH_SIMD", levels[l], 1);
            if (psh_cpu_check(NULL) != PSH_OK) continue;
            double one = time_encode(model, set, 1, codes), two = time_encode(model, set, 2, codes);
            printf("| %d | %s | %.1f | %.1f | %.1f |\n", n_bits, levels[l], 1e3 * one, 1e3 * two,
                   1e-9 * (double)psh_diagrams_n_points(set) * n_bits / one);
        }
        unsetenv("PSH_SIMD");
        psh_model_free(model);
    }
    free(codes);
}

/* Diagrams of exactly n_points: points of the set, one after the other and round again. */
static psh_diagrams *recut(const psh_diagrams *set, size_t n_points, size_t n_diagrams) {
    psh_diagrams *cut;
    psh_error err;
    size_t n_all = psh_diagrams_n_points(set), step = 7919; /* no neighbours of one diagram */
    double *points = malloc(n_points * 2 * sizeof *points);
    if (!points) exit(1);
    demand(psh_diagrams_create(&cut, &err), &err);
    for (size_t i = 0, at = 0; i < n_diagrams; i++) {
        for (size_t k = 0; k < n_points; k++, at = (at + step) % n_all)
            memcpy(points + 2 * k, psh_diagrams_points(set) + 2 * at, 2 * sizeof *points);
        demand(psh_diagrams_append(cut, points, NULL, n_points, NULL, -1, &err), &err);
    }
    free(points);
    return cut;
}

static psh_model *fit_model(const psh_diagrams *set, bool is_compact, int n_bits) {
    psh_sketch_params sketch = PSH_PARAMS(psh_sketch_params);
    psh_compact_params compact = PSH_PARAMS(psh_compact_params);
    psh_error err;
    psh_model *model;
    sketch.n_bits = compact.n_bits = n_bits, sketch.pool = compact.pool = true;
    sketch.target = compact.target = PSH_TARGET_SLICED, compact.n_steps = 20; /* how well is no matter here */
    if (is_compact)
        demand(psh_compact_fit(set, &compact, NULL, &model, NULL, &err), &err);
    else
        demand(psh_sketch_fit(set, &sketch, NULL, &model, NULL, &err), &err);
    return model;
}

static void bench_sizes(const psh_diagrams *set) {
    static const size_t sizes[] = {14, 50, 541, 1400};
    static const char *const kinds[] = {"sketch", "compact"};
    enum { N = 2000, SIZES = sizeof sizes / sizeof *sizes };
    uint8_t *codes = malloc(N * PSH__MAX_BITS / 8);
    if (!codes) exit(1);
    printf("\nEncoding, pooled, us a diagram on 1 thread / all, of so many points\n\n| model | bits | level |");
    for (size_t s = 0; s < SIZES; s++) printf(" %zu |", sizes[s]);
    printf("\n|---|--:|---|--:|--:|--:|--:|\n");
    for (int kind = 0; kind < 2; kind++)
        for (int n_bits = 64; n_bits <= 256; n_bits *= 4) {
            psh_model *model = fit_model(set, kind, n_bits);
            for (size_t l = 0; l < 4; l++) {
                setenv("PSH_SIMD", levels[l], 1);
                if (psh_cpu_check(NULL) != PSH_OK) continue;
                printf("| %s | %d | %s |", kinds[kind], n_bits, levels[l]);
                for (size_t s = 0; s < SIZES; s++) {
                    psh_diagrams *cut = recut(set, sizes[s], N);
                    printf(" %.2f / %.2f |", 1e6 / N * time_encode(model, cut, 1, codes),
                           1e6 / N * time_encode(model, cut, 0, codes));
                    psh_diagrams_free(cut);
                }
                printf("\n");
                fflush(stdout);
            }
            unsetenv("PSH_SIMD");
            psh_model_free(model);
        }
    free(codes);
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : PSH_DATASETS "/colon/diagrams.npz";
    char cpu[256];
    psh_diagrams *set;
    psh_error err;
    demand(psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &set, NULL, &err), &err);
    psh_cpu_text(cpu, sizeof cpu);
    printf("%s: %zu diagrams, %.0f points each\n%s\n", path, psh_diagrams_count(set),
           (double)psh_diagrams_n_points(set) / (double)psh_diagrams_count(set), cpu);
    bench_fits(set);
    bench_encoding(set);
    bench_sizes(set);
    psh_diagrams_free(set);
    return 0;
}
