/* bench_matrix.c : the whole exact matrix of 1,800 diagrams of colon tissue (the paper's N), on two threads.
 *
 *     bench_matrix [percent]
 * Computes every k-th pair, so that about `percent` (default 100: all, straight into a file, as the tool does) are
 * done. From a part the whole is extrapolated by predicted cost (psh_wasserstein_plan_cost()); the line says so. The
 * subset is the first 360 diagrams of each of the five classes; dimensions kept apart, and pooled as in the paper,
 * which reports more than ten days for it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "persihash/distance.h"

#define N_CLASSES 5
#define N_PER_CLASS 360
#define N_ITEMS ((size_t)N_CLASSES * N_PER_CLASS)
#define N_THREADS 2

static double now_seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static psh_diagrams *read_subset(const char *path) {
    psh_error err;
    psh_diagrams *all, *subset;
    size_t rows[N_ITEMS], n_rows = 0, n_taken[N_CLASSES] = {0};
    if (psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &all, NULL, &err) != PSH_OK) {
        printf("%s; left out\n", err.text);
        return NULL;
    }
    for (size_t i = 0; i < psh_diagrams_count(all); i++) {
        int64_t label = psh_diagrams_labels(all)[i];
        if (label >= 0 && label < N_CLASSES && n_taken[label] < N_PER_CLASS) rows[n_rows++] = i, n_taken[label]++;
    }
    printf("%s: %zu diagrams of %zu, first %d of each class; two threads\n", path, n_rows, psh_diagrams_count(all),
           N_PER_CLASS);
    if (psh_diagrams_select(all, rows, n_rows, 0, false, &subset, NULL) != PSH_OK) exit(1);
    psh_diagrams_free(all);
    return subset;
}

/* Every k-th pair, condensed order. *share: their part of the predicted cost of all. */
static uint32_t *choose_pairs(const psh_diagrams *set, const psh_wasserstein_params *params, size_t k, size_t *n_pairs,
                              double *share) {
    psh_wasserstein_plan *plan;
    size_t n = psh_diagrams_count(set), index = 0;
    double cost = 0, all = 0;
    uint32_t *pairs = malloc((n * (n - 1) / 2 / k + 1) * 2 * sizeof *pairs);
    if (!pairs || psh_wasserstein_plan_create(set, NULL, params, &plan, NULL) != PSH_OK) exit(1);
    *n_pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++, index++) {
            double one = (double)psh_wasserstein_plan_cost(plan, i, j);
            all += one;
            if (index % k) continue;
            pairs[2 * *n_pairs] = (uint32_t)i, pairs[2 * *n_pairs + 1] = (uint32_t)j;
            cost += one, ++*n_pairs;
        }
    *share = cost / all;
    psh_wasserstein_plan_free(plan);
    return pairs;
}

static void time_part(const psh_diagrams *set, const psh_wasserstein_params *params, double percent) {
    size_t n_pairs;
    double share;
    uint32_t *pairs = choose_pairs(set, params, (size_t)(100 / percent + 0.5), &n_pairs, &share);
    double *distances = malloc(n_pairs * sizeof *distances), sum = 0;
    double wall = now_seconds(CLOCK_MONOTONIC), cpu = now_seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (!distances || psh_wasserstein_pairs(set, pairs, n_pairs, params, N_THREADS, NULL, distances, NULL) != PSH_OK)
        exit(1);
    wall = now_seconds(CLOCK_MONOTONIC) - wall, cpu = now_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    for (size_t p = 0; p < n_pairs; p++) sum += distances[p];
    printf("  %s  %zu pairs (%.2f %% of the predicted work) in %.1f s, %.1f s of CPU, mean %.6g\n"
           "      extrapolated, not measured: the whole in %.0f s, or %.0f s if both threads had a core of their own\n",
           params->pool ? "pooled        " : "per dimension ", n_pairs, 100 * share, wall, cpu, sum / (double)n_pairs,
           wall / share, cpu / share / N_THREADS);
    free(pairs), free(distances);
}

static void time_whole(const psh_diagrams *set, const psh_wasserstein_params *metric) {
    static const char path[] = "bench_matrix.npy";
    psh_distances_params params = PSH_PARAMS(psh_distances_params);
    psh_distances_stats stats;
    psh_error err;
    params.n_threads = N_THREADS;
    double wall = now_seconds(CLOCK_MONOTONIC), cpu = now_seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (psh_distances_wasserstein(set, NULL, metric, &params, NULL, path, NULL, &stats, &err) != PSH_OK) {
        printf("%s\n", err.text);
        exit(1);
    }
    wall = now_seconds(CLOCK_MONOTONIC) - wall, cpu = now_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("  %s  all %zu pairs into a file in %.1f s, %.1f s of CPU, %zu tiles\n",
           metric->pool ? "pooled        " : "per dimension ", stats.n_pairs, wall, cpu, stats.n_tiles);
    unlink(path);
}

int main(int argc, char **argv) {
    double percent = argc > 1 ? atof(argv[1]) : 100;
    if (!(percent > 0 && percent <= 100)) return fprintf(stderr, "usage: bench_matrix [percent]\n"), 2;
    psh_diagrams *set = read_subset(PSH_DATASETS "/colon/diagrams.npz");
    for (int pool = 0; set && pool < 2; pool++) {
        psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
        params.pool = pool;
        if (percent < 100)
            time_part(set, &params, percent);
        else
            time_whole(set, &params);
    }
    psh_diagrams_free(set);
    return 0;
}
