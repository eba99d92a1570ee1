/* bench_synth.c : cost and size of mixed synthetic sets.
 *
 *     build-bench/bench/bench_synth [N_SETS]
 *
 * A line a family: CPU time of one thread for a set of 128 diagrams, and points a diagram (means of sets; what exact
 * distances cost goes with the mean of squares). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "persihash/persihash.h"

enum { N_DIAGRAMS = 128 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    size_t n_sets = argc > 1 ? (size_t)atol(argv[1]) : 300;
    double *times = malloc(n_sets * sizeof *times), *points = malloc(n_sets * sizeof *points);
    if (n_sets == 0 || !times || !points) return 1;
    puts("family    ms a set: median  mean  90 %   most | points: mean  root of squares  10 %  median  90 %   most");
    for (int family = 0; family <= PSH_SYNTH_SERIES; family++) {
        double time = 0, sum = 0, squares = 0;
        for (size_t i = 0; i < n_sets; i++) {
            psh_synth_params params = {.struct_bytes = sizeof params, .family = (psh_synth_family)family};
            psh_error err;
            psh_diagrams *set;
            double start = seconds();
            if (psh_diagrams_synth_mixed(N_DIAGRAMS, 1, i, &params, &set, &err) != PSH_OK) {
                fprintf(stderr, "bench_synth: %s\n", err.text);
                return 1;
            }
            time += times[i] = seconds() - start;
            sum += points[i] = (double)psh_diagrams_n_points(set) / N_DIAGRAMS;
            const uint64_t *offsets = psh_diagrams_offsets(set);
            for (size_t k = 0; k < N_DIAGRAMS; k++)
                squares += (double)((offsets[k + 1] - offsets[k]) * (offsets[k + 1] - offsets[k]));
            psh_diagrams_free(set);
        }
        qsort(times, n_sets, sizeof *times, by_value);
        qsort(points, n_sets, sizeof *points, by_value);
        printf("%-8s %18.2f %5.2f %5.1f %6.1f | %12.1f %16.1f %5.1f %7.1f %5.1f %6.1f\n",
               psh_synth_family_name((psh_synth_family)family), 1e3 * times[n_sets / 2], 1e3 * time / (double)n_sets,
               1e3 * times[n_sets * 9 / 10], 1e3 * times[n_sets - 1], sum / (double)n_sets,
               sqrt(squares / N_DIAGRAMS / (double)n_sets), points[n_sets / 10], points[n_sets / 2],
               points[n_sets * 9 / 10], points[n_sets - 1]);
    }
    free(times), free(points);
    return 0;
}
