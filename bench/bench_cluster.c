/* bench_cluster.c : speed of linkage, elbow, maps and scores.
 *
 *     build-bench/bench/bench_cluster [N_ITEMS] [N_VALUES]
 *
 * Codes are random around 20 centres (an eighth of the bits flipped), so that there are clusters and ties. Time: the
 * least of N_REPEATS; "cpu" is CPU time of the one thread, "wall" the clock with two threads. N_VALUES: for the
 * correlations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "persihash/persihash.h"

enum { N_REPEATS = 5, N_CENTRES = 20, K_MAX = 20 };

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void must(psh_status status, const psh_error *err) {
    if (status == PSH_OK) return;
    fprintf(stderr, "bench_cluster: %s\n", err->text);
    exit(1);
}

static void *allocate(size_t n_items, size_t item_bytes) {
    void *ptr = malloc(n_items * item_bytes);
    if (!ptr) abort();
    return ptr;
}

/* Runs `call` N_REPEATS times and prints the least time. */
#define MEASURE(n_threads, call, ...)                                                                                  \
    do {                                                                                                               \
        double least = 1e300;                                                                                          \
        clockid_t clock = (n_threads) == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;                                \
        for (int i_repeat = 0; i_repeat < N_REPEATS; i_repeat++) {                                                     \
            double start = seconds(clock);                                                                             \
            must((call), &err);                                                                                        \
            double spent = seconds(clock) - start;                                                                     \
            least = spent < least ? spent : least;                                                                     \
        }                                                                                                              \
        printf("%9.2f ms %s  ", 1e3 * least, (n_threads) == 1 ? "cpu " : "wall");                                      \
        printf(__VA_ARGS__);                                                                                           \
        putchar('\n');                                                                                                 \
    } while (0)

static uint8_t *clustered_codes(size_t n_items, size_t n_bytes) {
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    uint8_t *codes = allocate(n_items, n_bytes), *centres = allocate(N_CENTRES, n_bytes);
    for (size_t i = 0; i < N_CENTRES * n_bytes; i++) centres[i] = (uint8_t)psh__random_u64(&rng);
    for (size_t i = 0; i < n_items; i++) {
        const uint8_t *centre = centres + psh__random_below(&rng, N_CENTRES) * n_bytes;
        for (size_t b = 0; b < n_bytes; b++) {
            uint64_t noise = psh__random_u64(&rng);
            codes[i * n_bytes + b] = centre[b] ^ (uint8_t)(noise & noise >> 8 & noise >> 16);
        }
    }
    free(centres);
    return codes;
}

static void measure_codes(size_t n_items) {
    psh_error err = {0};
    double *linkage = allocate(4 * n_items, sizeof *linkage), wcss[K_MAX], *xy = allocate(2 * n_items, sizeof *xy);
    size_t k_elbow;
    for (size_t n_bytes = 8; n_bytes <= 128; n_bytes *= 4) {
        uint8_t *codes = clustered_codes(n_items, n_bytes);
        static const char *const levels[] = {"scalar", "avx2", "avx512"};
        for (int i = n_bytes == 8 ? 0 : 2; i < 3; i++) {
            setenv("PSH_SIMD", levels[i], 1);
            MEASURE(1, psh_linkage_codes(codes, n_items, n_bytes, 1, NULL, linkage, &err),
                    "single linkage, codes of %zu bits, asked for %s", 8 * n_bytes, levels[i]);
        }
        unsetenv("PSH_SIMD");
        MEASURE(2, psh_linkage_codes(codes, n_items, n_bytes, 2, NULL, linkage, &err),
                "single linkage, codes of %zu bits, 2 threads", 8 * n_bytes);
        MEASURE(1, psh_cluster_elbow_codes(codes, n_items, n_bytes, linkage, K_MAX, 1, wcss, &k_elbow, &err),
                "elbow to k = %d, codes of %zu bits", K_MAX, 8 * n_bytes);
        if (n_bytes == 8)
            MEASURE(1, psh_mds_codes(codes, n_items, n_bytes, 2, 0, 1, 1, xy, NULL, &err), "map, 2,000 landmarks");
        free(codes);
    }
    free(linkage), free(xy);
}

static void measure_distances(size_t n_items) {
    psh_error err = {0};
    static const char *const names[] = {"uint8", "uint16", "float32", "float64"};
    static const char *const methods[] = {"single", "average", "complete"};
    double *linkage = allocate(4 * n_items, sizeof *linkage), wcss[K_MAX], recall;
    uint8_t *codes = clustered_codes(n_items, 8);
    size_t n_pairs = n_items * (n_items - 1) / 2, k_elbow;
    psh_distances *u8, *f64;
    must(psh_distances_create(PSH_DISTANCE_U8, n_items, &u8, &err), &err);
    must(psh_distances_create(PSH_DISTANCE_F64, n_items, &f64, &err), &err);
    must(psh_hamming_condensed_u8(codes, n_items, 8, 1, psh_distances_data(u8), &err), &err);
    psh__random rng;
    psh__random_init(&rng, 2, 0);
    for (size_t k = 0; k < n_pairs; k++)
        ((double *)psh_distances_data(f64))[k] = ((const uint8_t *)psh_distances_data(u8))[k] + psh__random_unit(&rng);
    psh_distances *both[2] = {u8, f64};
    for (int i = 0; i < 2; i++) {
        const char *name = names[psh_distances_dtype(both[i])];
        for (int method = PSH_LINKAGE_SINGLE; method <= PSH_LINKAGE_COMPLETE; method++)
            MEASURE(1, psh_linkage_distances(both[i], (psh_linkage)method, 1, NULL, linkage, &err),
                    "%s linkage, %s distances", methods[method], name);
        MEASURE(1, psh_cluster_elbow_distances(both[i], linkage, K_MAX, 1, wcss, &k_elbow, &err),
                "elbow to k = %d, %s distances", K_MAX, name);
    }
    MEASURE(2, psh_score_recall(f64, u8, 10, 50, &recall, &err),
            "recall, 10 nearest of float64 in 50 of uint8, all threads");
    psh_distances_free(u8), psh_distances_free(f64);
    free(codes), free(linkage);
}

static void measure_scores(size_t n_items, size_t n_values) {
    psh_error err = {0};
    psh__random rng;
    psh__random_init(&rng, 3, 0);
    int64_t *a = allocate(n_items, sizeof *a), *b = allocate(n_items, sizeof *b);
    for (size_t i = 0; i < n_items; i++)
        a[i] = (int64_t)psh__random_below(&rng, 20), b[i] = psh__random_below(&rng, 3) ? a[i] : (int64_t)i;
    double *x = allocate(n_values, sizeof *x), *y = allocate(n_values, sizeof *y), value;
    for (size_t i = 0; i < n_values; i++)
        y[i] = psh__random_unit(&rng), x[i] = (double)(uint64_t)(64 * (y[i] + psh__random_unit(&rng)));
    MEASURE(1, psh_score_fms(a, b, n_items, &value, &err), "FMS, %zu items", n_items);
    MEASURE(1, psh_score_ari(a, b, n_items, &value, &err), "ARI, %zu items", n_items);
    MEASURE(1, psh_score_ami(a, b, n_items, &value, &err), "AMI, %zu items", n_items);
    MEASURE(1, psh_score_pearson(x, y, n_values, &value, &err), "Pearson, %zu values", n_values);
    MEASURE(1, psh_score_spearman(x, x, n_values, &value, &err), "Spearman, %zu values, integers both", n_values);
    MEASURE(1, psh_score_spearman(x, y, n_values, &value, &err), "Spearman, %zu values, integers and reals", n_values);
    free(a), free(b), free(x), free(y);
}

int main(int argc, char **argv) {
    size_t n_items = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000;
    size_t n_values = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000000;
    char cpu[256];
    psh_cpu_text(cpu, sizeof cpu);
    printf("%s\n%zu items, least of %d\n", cpu, n_items, N_REPEATS);
    measure_codes(n_items);
    measure_distances(n_items);
    measure_scores(n_items, n_values);
    return 0;
}
