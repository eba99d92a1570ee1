/* bench_progressive.c : how near the bounds of a whole matrix are to each other after a share of the time that the
 * exact matrix takes, and how well the estimate (the midpoint) ranks the pairs.
 *
 *     bench_progressive [FILE.npz [N]]     (default: 500 diagrams of shape2; one thread)
 * Prints a table, one line a time limit, which scripts/plot-progressive.py draws. The first column is CPU time in units
 * of the exact matrix's, so that other programs on the machine count less. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "persihash/score.h"
#include "persihash/transport.h"

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static psh_diagrams *read_sample(const char *path, size_t n_wanted) {
    psh_diagrams *all, *set;
    psh_error err;
    if (psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &all, NULL, &err) != PSH_OK) {
        printf("%s, skipped\n", err.text);
        exit(0);
    }
    size_t n = psh_diagrams_count(all), *rows;
    if (n_wanted > n) n_wanted = n;
    rows = malloc(n_wanted * sizeof *rows);
    if (!rows || psh_rows_sample(n, n_wanted, 0, rows, NULL) != PSH_OK ||
        psh_diagrams_select(all, rows, n_wanted, 0, false, &set, NULL) != PSH_OK)
        exit(1);
    psh_diagrams_free(all), free(rows);
    return set;
}

int main(int argc, char **argv) {
    static const double shares[] = {0.005, 0.01, 0.015, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2.5};
    psh_diagrams *set =
        read_sample(argc > 1 ? argv[1] : PSH_DATASETS "/shape2/diagrams.npz", argc > 2 ? (size_t)atoi(argv[2]) : 500);
    size_t n_items = psh_diagrams_count(set), n_pairs = n_items * (n_items - 1) / 2;
    double *exact = malloc(n_pairs * sizeof *exact), *lower = malloc(n_pairs * sizeof *lower);
    double *upper = malloc(n_pairs * sizeof *upper), *middle = malloc(n_pairs * sizeof *middle);
    if (!exact || !lower || !upper || !middle) return 1;
    double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID), wall_start = seconds_of(CLOCK_MONOTONIC);
    if (psh_wasserstein_condensed(set, NULL, 1, NULL, exact, NULL) != PSH_OK) return 1;
    double exact_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    double wall_seconds = seconds_of(CLOCK_MONOTONIC) - wall_start; /* time limits go by the clock on the wall */
    printf("# %zu diagrams, %zu pairs, exact: %.3f s on one thread\n", n_items, n_pairs, exact_seconds);
    printf("# %8s %9s %9s %9s %9s %12s %12s %9s\n", "time", "seconds", "share", "mean gap", "max gap", "lower/exact",
           "upper/exact", "Spearman");
    for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
        psh_progressive_params params = PSH_PARAMS(psh_progressive_params);
        psh_progressive_report report;
        double spearman, low = 0, high = 0;
        params.time_limit = shares[s] * wall_seconds;
        start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        if (psh_progressive_condensed(set, &params, 1, NULL, lower, upper, &report, NULL) != PSH_OK) return 1;
        double seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
        for (size_t k = 0; k < n_pairs; k++) {
            middle[k] = lower[k] + 0.5 * (upper[k] - lower[k]);
            if (exact[k] < lower[k] || exact[k] > upper[k]) return printf("pair %zu is not bracketed\n", k), 1;
            low += exact[k] > 0 ? lower[k] / exact[k] : 1, high += exact[k] > 0 ? upper[k] / exact[k] : 1;
        }
        if (psh_score_spearman(middle, exact, n_pairs, &spearman, NULL) != PSH_OK) return 1;
        printf("%10.4f %9.3f %9.4f %9.4f %9.4f %12.4f %12.4f %9.5f\n", seconds / exact_seconds, seconds,
               (double)report.n_exact / (double)n_pairs, report.mean_gap, report.max_gap, low / (double)n_pairs,
               high / (double)n_pairs, spearman);
        fflush(stdout);
    }
    free(exact), free(lower), free(upper), free(middle);
    psh_diagrams_free(set);
    return 0;
}
