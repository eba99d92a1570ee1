/* bench_hamming.c : all pairs of codes at every SIMD level, against filling the result.
 *
 *     build-bench/bench/bench_hamming [N_CODES] [N_REPEATS]
 *
 * One line for each width and level: bytes of the result's items (uint8 up to 255 bits, uint16 above), least wall time
 * with one and with two threads, the result's bytes a second, and the time's ratio to memset() of the same buffer,
 * which is touched before and filled once before each measured call. The transposition of the codes is included. Last:
 * one code against all others, the result in the cache, as spanning trees and searches ask for it (least wall time,
 * since the clock of CPU time takes as long as a row to read). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "persihash/code.h"

static const int widths[] = {24, 32, 64, 96, 128, 255, 256, 512, 1024};
static const char *const levels[] = {"scalar", "neon", "avx2", "avx512"};
#define N_WIDTHS (sizeof widths / sizeof *widths)
#define N_LEVELS (sizeof levels / sizeof *levels)

/* CPU time of this thread, which other programs do not spoil; with more threads only the clock on the wall counts. */
static double now_ms(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

typedef struct setting {
    uint8_t *codes; /* (n_codes, 128), of which the first n_codes * n_bytes bytes are used */
    void *dst;
    size_t n_codes, n_pairs;
    int n_repeats;
} setting;

static void compute(const setting *s, int n_bits, int n_threads) {
    size_t n_bytes = (size_t)(n_bits + 7) / 8;
    psh_status status = n_bits <= 255
                            ? psh_hamming_condensed_u8(s->codes, s->n_codes, n_bytes, n_threads, s->dst, NULL)
                            : psh_hamming_condensed_u16(s->codes, s->n_codes, n_bytes, n_threads, s->dst, NULL);
    if (status != PSH_OK) abort();
}

/* Least times in milliseconds: the work's and that of memset() beside it. */
static double measure(const setting *s, int n_bits, int n_threads, double *fill_ms) {
    double least = 1e300;
    *fill_ms = 1e300;
    clockid_t clock = n_threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    for (int i_repeat = 0; i_repeat < s->n_repeats; i_repeat++) {
        double start = now_ms(clock);
        memset(s->dst, i_repeat, s->n_pairs * (n_bits <= 255 ? 1 : 2));
        double filled = now_ms(clock);
        compute(s, n_bits, n_threads);
        double done = now_ms(clock);
        *fill_ms = filled - start < *fill_ms ? filled - start : *fill_ms;
        least = done - filled < least ? done - filled : least;
    }
    return least;
}

static void print_pairs(const setting *s) {
    puts("| bits | item | level | 1 thread, ms | GB/s | times memset | 2 threads, ms |\n|--:|--:|---|--:|--:|--:|--:|");
    for (size_t w = 0; w < N_WIDTHS; w++)
        for (size_t l = 0; l < N_LEVELS; l++) {
            double fill_ms, unused, one, two;
            size_t item_bytes = widths[w] <= 255 ? 1 : 2;
            setenv("PSH_SIMD", levels[l], 1);
            if (psh_cpu_check(NULL) != PSH_OK) continue;
            one = measure(s, widths[w], 1, &fill_ms), two = measure(s, widths[w], 2, &unused);
            printf("| %d | %zu | %s | %.2f | %.1f | %.1f | %.2f |\n", widths[w], item_bytes, levels[l], one,
                   1e-6 * (double)(s->n_pairs * item_bytes) / one, one / fill_ms, two);
            fflush(stdout);
        }
}

static void print_rows(const setting *s) {
    puts("\n| bits | item | level | one code against all, us |\n|--:|--:|---|--:|");
    for (size_t w = 0; w < N_WIDTHS; w++)
        for (size_t l = 0; l < N_LEVELS; l++) {
            size_t n_bytes = (size_t)(widths[w] + 7) / 8;
            psh_hamming_plan *plan;
            double least = 1e300;
            setenv("PSH_SIMD", levels[l], 1);
            if (psh_cpu_check(NULL) != PSH_OK) continue;
            if (psh_hamming_plan_create(s->codes, s->n_codes, n_bytes, &plan, NULL) != PSH_OK) abort();
            for (int i_repeat = 0; i_repeat < 20 * s->n_repeats; i_repeat++) {
                double start = now_ms(CLOCK_MONOTONIC);
                if (widths[w] <= 255)
                    psh_hamming_row_u8(plan, s->codes, 0, s->n_codes, s->dst);
                else
                    psh_hamming_row_u16(plan, s->codes, 0, s->n_codes, s->dst);
                double spent = now_ms(CLOCK_MONOTONIC) - start;
                least = spent < least ? spent : least;
            }
            printf("| %d | %d | %s | %.2f |\n", widths[w], widths[w] <= 255 ? 1 : 2, levels[l], 1e3 * least);
            psh_hamming_plan_free(plan);
        }
}

int main(int argc, char **argv) {
    setting s = {.n_codes = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000, .n_repeats = argc > 2 ? atoi(argv[2]) : 20};
    s.n_pairs = s.n_codes * (s.n_codes - 1) / 2;
    s.codes = malloc(s.n_codes * 128);
    s.dst = aligned_alloc(64, (s.n_pairs * 2 + 63) / 64 * 64);
    if (s.n_codes < 2 || s.n_repeats < 1 || !s.codes || !s.dst) return 1;
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (size_t i = 0; i < s.n_codes * 128; i++) s.codes[i] = (uint8_t)psh__random_u64(&rng);
    memset(s.dst, 1, s.n_pairs * 2);
    printf("%zu codes, %zu pairs, least of %d\n\n", s.n_codes, s.n_pairs, s.n_repeats);
    print_pairs(&s);
    print_rows(&s);
    free(s.codes), free(s.dst);
    return 0;
}
