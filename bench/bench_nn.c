/* bench_nn.c : the paper's encoder network (convolutions of VGG19 on 50 x 50 histograms) by our nn stage.
 *
 *     build-bench/bench/bench_nn [WIDTH [N_REPEATS [BATCH SLICES]]]
 *
 * Least time of a diagram (CPU time on one thread, wall time on two): forward one by one, forward in batches, one
 * training step (forward, backward, Adam); in float32, and in bfloat16 where the CPU has it; on one and two threads.
 * Beside it GFLOP/s (two for each multiplication; training three times as many) and their share of dnnl_sgemm's on 2048
 * x 2048. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "nn/nn.h"
#include "nn/onednn.h"

enum { MAX_LAYERS = 64, SIDE = 50, N_BITS = 64 };

/* CPU time of this thread, which other programs do not spoil; with more threads only the clock on the wall counts. */
static double now(int n_threads) {
    struct timespec t;
    clock_gettime(n_threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(psh_status status, const psh_error *err) {
    if (status == PSH_OK) return;
    fprintf(stderr, "bench_nn: %s\n", err->text);
    exit(1);
}

/* VGG19, then fully connected 4096, 4096, bits, all times width. */
static size_t vgg19(double width, psh__layer *layers) {
    static const int n_convs[] = {2, 2, 4, 4, 4}, n_filters[] = {64, 128, 256, 512, 512};
    size_t n = 0;
    for (int group = 0; group < 5; group++) {
        for (int i = 0; i < n_convs[group]; i++) {
            layers[n++] = (psh__layer){.op = PSH__CONV,
                                       .name = "conv",
                                       .out = {0, 0, (int)(n_filters[group] * width + 0.5)},
                                       .kernel = 3,
                                       .stride = 1,
                                       .pad_lo = 1,
                                       .pad_hi = 1};
            layers[n++] = (psh__layer){.op = PSH__RELU};
        }
        layers[n++] = (psh__layer){.op = PSH__MAX_POOL};
    }
    for (int i = 0; i < 2; i++) {
        layers[n++] = (psh__layer){.op = PSH__DENSE, .name = "dense", .out = {1, 1, (int)(4096 * width + 0.5)}};
        layers[n++] = (psh__layer){.op = PSH__RELU};
    }
    layers[n++] = (psh__layer){.op = PSH__DENSE, .name = "bits", .out = {1, 1, N_BITS}};
    return n;
}

/* Multiplications for one item. */
static double count_work(const psh__layer *layers, size_t n_layers) {
    double work = 0, side = SIDE, in = 1;
    for (size_t i = 0; i < n_layers; i++) {
        if (layers[i].op == PSH__CONV) work += 9 * side * side * in * layers[i].out.c, in = layers[i].out.c;
        if (layers[i].op == PSH__MAX_POOL) side = (double)((int)side / 2);
        if (layers[i].op == PSH__DENSE) work += side * side * in * layers[i].out.c, in = layers[i].out.c, side = 1;
    }
    return work;
}

static void fill(psh__net *net, size_t n) {
    psh__random rng;
    psh__random_init(&rng, 1, 0);
    for (size_t i = 0; i < n * SIDE * SIDE; i++) psh__net_input(net)[i] = (float)psh__random_unit(&rng);
}

/* Seconds of one pass over a batch. */
static double measure(const psh__layer *layers, size_t n_layers, const psh__net_params *params, int n_repeats) {
    psh__net *net;
    psh_error err;
    double least = 1e300;
    size_t n = (size_t)params->n_batch;
    check(psh__net_create(layers, n_layers, params, &net, &err), &err);
    check(psh__net_init(net, 1, 0, &err), &err);
    fill(net, n);
    for (int i = 0; i <= n_repeats; i++) {
        double start = now(params->n_threads);
        check(psh__net_forward(net, n, params->is_training, &err), &err);
        if (params->is_training) {
            psh__net_zero_gradients(net);
            memset(psh__net_output_gradient(net), 0, n * N_BITS * sizeof(float));
            psh__loss_mse(psh__net_output(net), psh__net_input(net), n * N_BITS, 1, psh__net_output_gradient(net));
            check(psh__net_backward(net, 0, true, NULL, &err), &err);
            psh__net_adam(net, &(psh__adam){0});
        }
        double seconds = now(params->n_threads) - start;
        least = seconds < least && i > 0 ? seconds : least;
    }
    psh__net_free(net);
    return least;
}

/* GFLOP/s of a product of two 2048 x 2048 matrices on one thread. */
static double measure_peak(int n_repeats) {
    enum { N = 2048 };
    float *a = calloc(N * N, sizeof *a), *b = calloc(N * N, sizeof *b), *c = calloc(N * N, sizeof *c);
    double least = 1e300;
    if (!a || !b || !c) abort();
    int n_before = psh__single_thread(1);
    for (int i = 0; i <= n_repeats; i++) {
        double start = now(1);
        psh__gemm(false, false, N, N, N, a, N, b, N, false, c, N);
        double seconds = now(1) - start;
        least = seconds < least ? seconds : least;
    }
    psh__single_thread(n_before);
    free(a), free(b), free(c);
    return 2e-9 * N * N * N / least;
}

int main(int argc, char **argv) {
    double width = argc > 1 ? atof(argv[1]) : 1;
    int n_repeats = argc > 2 ? atoi(argv[2]) : 5, n_batch = argc > 4 ? atoi(argv[3]) : 40,
        n_slices = argc > 4 ? atoi(argv[4]) : 8;
    psh__layer layers[MAX_LAYERS];
    size_t n_layers = vgg19(width, layers);
    double work = count_work(layers, n_layers), peak = measure_peak(n_repeats);
    printf("VGG19 x %g at 50 x 50: %.3f GMAC a diagram; dnnl_sgemm, one thread: %.0f GFLOP/s\n", width, 1e-9 * work,
           peak);
    for (int is_bf16 = 0; is_bf16 <= psh__has_bf16(); is_bf16++)
        for (int way = 0; way < 3; way++)
            for (int n_threads = 1; n_threads <= 2; n_threads++) {
                psh__net_params params = {.in = {SIDE, SIDE, 1},
                                          .n_batch = way == 0 ? 1 : n_batch,
                                          .n_slices = way == 0 ? 1 : n_slices,
                                          .n_threads = n_threads,
                                          .is_training = way == 2,
                                          .is_bf16 = is_bf16};
                double ms = 1e3 * measure(layers, n_layers, &params, n_repeats) / params.n_batch;
                double rate = 2e-6 * work * (way == 2 ? 3 : 1) / ms;
                printf("%-9s %-22s %d threads: %7.2f ms a diagram, %5.0f GFLOP/s, %3.0f %% of sgemm\n",
                       is_bf16 ? "bfloat16" : "float32",
                       way == 0   ? "forward, one by one"
                       : way == 1 ? "forward, batch"
                                  : "training step, batch",
                       n_threads, ms, rate, 100 * rate / (peak * n_threads));
            }
    return 0;
}
