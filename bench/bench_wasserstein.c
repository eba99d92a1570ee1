/* bench_wasserstein.c : milliseconds a pair of the exact distance, one thread, on uniform and real diagrams.
 *
 *     bench_wasserstein [repeats]
 * Prints the least of `repeats` (default 5) runs over a fixed sample of pairs. bench_wasserstein_peers.py times the
 * same kinds of pairs with Hera and POT, and this program's library, in one run. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "persihash/transport.h"

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* one thread: other programs on the machine count less */
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void time_pairs(const char *name, const psh_diagrams *set, size_t n_pairs, int n_repeats, psh_ground ground,
                       double order) {
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    uint32_t *pairs = malloc(2 * n_pairs * sizeof *pairs);
    double *distances = malloc(n_pairs * sizeof *distances), least = 1e30;
    size_t n_items = psh_diagrams_count(set);
    uint64_t state = 1;
    params.ground = ground, params.order = order;
    for (size_t p = 0; p < n_pairs; p++) do {
            for (int k = 0; k < 2; k++) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                pairs[2 * p + (size_t)k] = (uint32_t)((state >> 33) % n_items);
            }
        } while (pairs[2 * p] == pairs[2 * p + 1]);
    for (int r = 0; r < n_repeats; r++) {
        double start = now_seconds();
        if (psh_wasserstein_pairs(set, pairs, n_pairs, &params, 1, NULL, distances, NULL) != PSH_OK) exit(1);
        double spent = now_seconds() - start;
        if (spent < least) least = spent;
    }
    double sum = 0;
    for (size_t p = 0; p < n_pairs; p++) sum += distances[p];
    printf("%-24s %s q=%-4g %6zu pairs  %10.5f ms a pair   mean %.15g\n", name,
           ground == PSH_GROUND_LINF ? "Linf" : "L2  ", order, n_pairs, least / (double)n_pairs * 1e3,
           sum / (double)n_pairs);
    free(pairs), free(distances);
}

int main(int argc, char **argv) {
    int n_repeats = argc > 1 ? atoi(argv[1]) : 5;
    static const size_t sizes[] = {20, 50, 100, 500, 1000};
    static const char *const files[] = {"vortex_street/diagrams", "starting_vortex/diagrams", "shape2/diagrams",
                                        "six_shapes/diagrams_n05", "colon/diagrams"};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        psh_diagrams *set;
        char name[64];
        if (psh_diagrams_synth_uniform(30, sizes[k], 1, &set, NULL) != PSH_OK) return 1;
        snprintf(name, sizeof name, "uniform %zu", sizes[k]);
        time_pairs(name, set, sizes[k] < 500 ? 200 : 20, n_repeats, PSH_GROUND_LINF, 1);
        if (sizes[k] == 100 || sizes[k] == 500) {
            time_pairs(name, set, 20, n_repeats, PSH_GROUND_L2, 1);
            time_pairs(name, set, 20, n_repeats, PSH_GROUND_LINF, 2);
            time_pairs(name, set, 20, n_repeats, PSH_GROUND_L2, 2);
            time_pairs(name, set, 20, n_repeats, PSH_GROUND_L2, 1.5);
        }
        psh_diagrams_free(set);
    }
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        psh_diagrams *set;
        char path[512];
        snprintf(path, sizeof path, PSH_DATASETS "/%s.npz", files[k]);
        if (psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &set, NULL, NULL) != PSH_OK) {
            printf("%s: not there, skipped\n", path);
            continue;
        }
        time_pairs(files[k], set, k < 3 ? 300 : 60, n_repeats, PSH_GROUND_LINF, 1);
        psh_diagrams_free(set);
    }
    return 0;
}
