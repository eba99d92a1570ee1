/* linear.c : learning linear functions whose signs make good codes.
 *
 * Bit i of an item with features x is the sign y_i = +-1 of z_i = <w_i, x> + c_i. Two items' Hamming distance is
 * h = (L - <y, y'>) / 2, and over the pairs of a batch
 *     loss = 1 - corr(h, t) + max(0, 0.3 - mean(h) / L)
 * with t the target (a transformed W1, target.c); the second term keeps bits from agreeing on everything. A sign has no
 * gradient: the straight-through estimator (Bengio, Leonard, Courville 2013) takes that of tanh(beta z) instead, while
 * the loss sees true signs. That matters: trained through tanh alone, weights find real-valued codes between the signs
 * (two hidden layers, 64 bits, Fashion-MNIST: Spearman 0.72 with W1; through the estimator 0.93).
 *
 * Features are hidden at random (dropout: Srivastava et al. 2014), or the weights fit the diagrams given and no others:
 * 256 bits fitted on 500 and judged on 500 others have 0.948 without, 0.967 with it. Adam (Kingma, Ba 2015); the rate
 * rises over the first fifth of the steps and then falls to nothing.
 *
 * Cost of a step: 2 n_batch n_features n_bits additions and as many multiplications (dense.c), and about
 * 2 n_batch^2 n_bits for the pairs. Threads share the rows of each phase; all sums have a fixed order. */
#include "encoder/linear.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/crew.h"
#include "base/error.h"
#include "base/exp.h"
#include "base/progress.h"
#include "base/random.h"
#include "encoder/dense.h"

enum { MIN_PREFIX = 8, BLOCK = 48 /* rows that a thread takes at a time: a whole number of the product's tiles */ };

/* Sums over pairs. All terms are whole numbers below 2^53 in total, so that any order gives the same. */
typedef struct pair_sums {
    double h, hh, t, tt, ht;
} pair_sums;

static const double least_mean = 0.3, slope = 4 /* beta */;

/* The shares of the moments that their first value 0 still holds: keep ^ number of steps. */
typedef struct adam_bias {
    double first, second;
} adam_bias;

typedef struct coefficients {
    float per_h, per_t, constant;
} coefficients;

typedef struct work {
    const psh__linear_params *params;
    psh__dense_rows *multiply;
    psh__crew *crew;
    size_t n_columns, n_features, n_batch, n_weights;
    size_t row_stride;     /* of x: not a power of two, or all rows would meet in the same lines of the cache */
    size_t pair_stride;    /* of h, t */
    uint32_t *order;       /* (largest set) */
    float *x;              /* (n_batch, row_stride) */
    float *z, *y;          /* (n_batch, n_columns): sums, and their signs */
    float *y_transposed;   /* (n_columns, pair_stride) */
    float *d_z, *d_prefix; /* (n_batch, n_columns) gradients of all bits and of the first ones */
    float *h[2];           /* (n_batch, pair_stride) of the first bits, of all: distances, then the gradient by them */
    float *t;              /* (n_batch, pair_stride): targets */
    float *d_weights, *d_step; /* (n_features, n_columns): of one set, of the step */
    float *d_offsets;          /* (n_columns) of the step */
    float *moments[2];         /* (n_weights + n_columns) each, Adam's */
    float *weights, *offsets;  /* being learnt */
    float *best;               /* (n_weights + n_columns) if somebody judges */
    double best_score, rate;
    adam_bias bias;

    /* The batch looked at. */
    const psh__linear_set *set;
    size_t n, n_prefix; /* items; first bits that make a code of their own (n_bits: none) */
    uint64_t stream;    /* of random numbers */
    pair_sums *sums;    /* (n_blocks, 2) */
    coefficients by[2];
} work;

size_t psh__linear_columns(size_t n_bits) {
    return (n_bits + PSH__DENSE_COLUMNS - 1) / PSH__DENSE_COLUMNS * PSH__DENSE_COLUMNS;
}

void psh__linear_draw(const psh__linear_params *params, float *weights, float *offsets) {
    size_t n_columns = psh__linear_columns(params->n_bits);
    double bound = 1 / sqrt((double)params->n_features);
    psh__random rng;
    psh__random_init(&rng, params->seed, UINT64_MAX - 7);
    memset(weights, 0, params->n_features * n_columns * sizeof *weights);
    memset(offsets, 0, n_columns * sizeof *offsets);
    for (size_t i = 0; i < params->n_bits; i++) { /* bit by bit: a longer code starts with a shorter one's bits */
        for (size_t f = 0; f < params->n_features; f++)
            weights[f * n_columns + i] = (float)(bound * (2 * psh__random_unit(&rng) - 1));
        offsets[i] = (float)(bound * (2 * psh__random_unit(&rng) - 1));
    }
}

/* Small steps, of n items, stay on one thread: meeting would cost more than they do. */
static bool is_large(const work *w, size_t n) {
    const size_t least = (size_t)1 << 23; /* products of numbers in a step's largest matrix product */
    return n * w->n_features * w->n_columns >= least;
}

static psh_status work_create(const psh__linear_set *sets, size_t n_sets, const psh__linear_params *params, work *w,
                              psh_error *err) {
    size_t most = 0;
    for (size_t i = 0; i < n_sets; i++) most = sets[i].n_items > most ? sets[i].n_items : most;
    *w = (work){.params = params, .n_features = params->n_features, .n_columns = psh__linear_columns(params->n_bits)};
    w->multiply = psh__dense_rows_get();
    w->n_batch = most < params->n_batch ? most : params->n_batch;
    w->n_weights = w->n_features * w->n_columns;
    w->row_stride = w->n_features + PSH__DENSE_COLUMNS;
    w->pair_stride = psh__linear_columns(w->n_batch);
    size_t n_pairs = w->n_batch * w->pair_stride, n_rows = w->n_batch * w->row_stride;
    size_t n_codes = w->pair_stride * w->n_columns, n_all = w->n_weights + w->n_columns;
    w->order = psh__malloc(most, sizeof *w->order);
    w->x = psh__malloc(n_rows, sizeof *w->x);
    w->z = psh__calloc(n_codes, 5 * sizeof *w->z);
    w->t = psh__malloc(n_pairs, 3 * sizeof *w->t);
    w->sums = psh__calloc(w->n_batch / BLOCK + 1, 2 * sizeof *w->sums);
    w->d_weights = psh__malloc(n_all, 2 * sizeof *w->d_weights);
    w->moments[0] = psh__calloc(n_all, 2 * sizeof *w->moments[0]);
    w->best = psh__malloc(params->judge ? n_all : 1, sizeof *w->best);
    w->best_score = -INFINITY;
    if (!w->order || !w->x || !w->z || !w->t || !w->sums || !w->d_weights || !w->moments[0] || !w->best)
        return psh__error_memory(err, "training", (n_rows + n_codes * 5 + n_all * 4) * sizeof(float));
    w->y = w->z + n_codes, w->y_transposed = w->y + n_codes;
    w->d_z = w->y_transposed + n_codes, w->d_prefix = w->d_z + n_codes;
    w->h[0] = w->t + n_pairs, w->h[1] = w->h[0] + n_pairs;
    w->d_step = w->d_weights + w->n_weights;
    w->d_offsets = w->d_step + w->n_weights;
    w->moments[1] = w->moments[0] + n_all;
    return psh__crew_create(is_large(w, w->n_batch) ? params->n_threads : 1, &w->crew, err);
}

static void work_free(work *w) {
    psh__crew_free(w->crew);
    psh__free(w->order);
    psh__free(w->x);
    psh__free(w->z);
    psh__free(w->t);
    psh__free(w->sums);
    psh__free(w->d_weights);
    psh__free(w->moments[0]);
    psh__free(w->best);
}

/* A phase works on rows [first, first + n_rows) of something, and writes to them alone. */
typedef void phase(work *w, size_t first, size_t n_rows);

/* What the threads are at. */
typedef struct task {
    work *w;
    phase *f;
    size_t n_rows;
} task;

static void do_block(void *user, size_t i_block) {
    const task *t = user;
    size_t first = i_block * BLOCK;
    t->f(t->w, first, t->n_rows - first < BLOCK ? t->n_rows - first : BLOCK);
}

static void run(work *w, phase *f, size_t n_rows) {
    size_t n_blocks = (n_rows + BLOCK - 1) / BLOCK;
    task t = {w, f, n_rows};
    if (is_large(w, w->n))
        psh__crew_run(w->crew, do_block, &t, n_blocks);
    else
        for (size_t i = 0; i < n_blocks; i++) do_block(&t, i);
}

/* --- Forward ------------------------------------------------------------------------------------------------------ */

/* x : the features of the i-th item of the batch, some hidden and the others scaled up. A random byte decides each. */
static void hide_some(const work *w, size_t i, float *x) {
    enum { CHUNK = 64 };
    const float *row = w->set->rows + w->order[i] * w->n_features;
    unsigned threshold = (unsigned)(w->params->dropout * 256);
    float scale = 256 / (float)(256 - threshold);
    psh__random rng;
    psh__random_init(&rng, w->params->seed, (w->stream << 20) + i);
    for (size_t first = 0; first < w->n_features; first += CHUNK) {
        uint8_t draws[CHUNK];
        size_t n = w->n_features - first < CHUNK ? w->n_features - first : CHUNK;
        for (size_t f = 0; f < n; f += 8) {
            uint64_t bits = psh__random_u64(&rng);
            for (size_t k = 0; k < 8; k++) draws[f + k] = (uint8_t)(bits >> 8 * k);
        }
        for (size_t f = 0; f < n; f++) x[first + f] = row[first + f] * (draws[f] < threshold ? 0 : scale);
    }
}

/* Features, sums and signs of items of the batch. */
static void forward(work *w, size_t first, size_t n_rows) {
    size_t n_columns = w->n_columns;
    for (size_t i = first; i < first + n_rows; i++) hide_some(w, i, w->x + i * w->row_stride);
    psh__product sums = {
        w->n, n_columns, w->n_features, {w->x, w->row_stride, 1}, {w->weights, n_columns}, {w->z, n_columns}};
    sums = psh__product_rows(sums, first, n_rows);
    w->multiply(&sums);
    for (size_t i = first; i < first + n_rows; i++) {
        float *restrict z = w->z + i * n_columns, *restrict y = w->y + i * n_columns;
        const float *restrict offsets = w->offsets;
        for (size_t b = 0; b < n_columns; b++) z[b] += offsets[b], y[b] = z[b] > 0 ? 1.0f : -1.0f;
    }
    for (size_t b0 = 0; b0 < n_columns; b0 += PSH__DENSE_COLUMNS) /* a line of the cache at a time */
        for (size_t i = first; i < first + n_rows; i++)
            for (size_t b = b0; b < b0 + PSH__DENSE_COLUMNS; b++)
                w->y_transposed[b * w->pair_stride + i] = w->y[i * n_columns + b];
}

/* --- Backward ----------------------------------------------------------------------------------------------------- */

static void add_row(const float *h, const float *t, size_t n, pair_sums *sums) {
    enum { LANES = 8 };
    double lanes[5][LANES] = {0};
    for (size_t j = 0; j < n; j += LANES)
        for (size_t k = 0; k < LANES && j + k < n; k++) {
            double x = h[j + k], y = t[j + k];
            lanes[0][k] += x, lanes[1][k] += x * x, lanes[2][k] += y, lanes[3][k] += y * y, lanes[4][k] += x * y;
        }
    for (size_t k = 0; k < LANES; k++) {
        sums->h += lanes[0][k], sums->hh += lanes[1][k];
        sums->t += lanes[2][k], sums->tt += lanes[3][k], sums->ht += lanes[4][k];
    }
}

/* Dots of signs from bit `from` on up to bit `to`. */
static void multiply_signs(const work *w, size_t first, size_t n_rows, size_t from, size_t to, float *dots) {
    size_t stride = w->pair_stride;
    psh__product signs = {
        w->n,          stride, to - from, {w->y + from, w->n_columns, 1}, {w->y_transposed + from * stride, stride},
        {dots, stride}};
    signs = psh__product_rows(signs, first, n_rows);
    w->multiply(&signs);
}

/* Distances of items of the batch to all others, h = (L - <y, y'>) / 2, for the first bits and for all, their targets,
 * and what the loss wants to know of these. All ordered pairs are counted, so every sum is twice that over pairs; an
 * item with itself has distance and target 0. */
static void measure(work *w, size_t first, size_t n_rows) {
    size_t n_bits = w->params->n_bits, n_prefix = w->n_prefix, stride = w->pair_stride;
    pair_sums *sums = w->sums + first / BLOCK * 2;
    sums[0] = sums[1] = (pair_sums){0};
    multiply_signs(w, first, n_rows, 0, n_prefix, w->h[0]);
    if (n_prefix < n_bits) multiply_signs(w, first, n_rows, n_prefix, n_bits, w->h[1]);
    for (size_t i = first; i < first + n_rows; i++) {
        float *restrict few = w->h[0] + i * stride, *restrict all = w->h[1] + i * stride,
                        *restrict t = w->t + i * stride;
        const uint16_t *targets = w->set->targets + w->order[i] * w->set->target_stride;
        for (size_t j = 0; j < w->n; j++) t[j] = targets[w->order[j]];
        for (size_t j = 0; j < w->n; j++) few[j] = ((float)n_prefix - few[j]) * 0.5f;
        add_row(few, t, w->n, &sums[0]);
        if (n_prefix == n_bits) continue;
        for (size_t j = 0; j < w->n; j++) all[j] = few[j] + ((float)(n_bits - n_prefix) - all[j]) * 0.5f;
        add_row(all, t, w->n, &sums[1]);
    }
}

/* Of weight * loss by a pair's dot of signs: per_h h + per_t t + constant. */
static coefficients differentiate(const work *w, size_t which, size_t n_bits, double weight) {
    double n_pairs = (double)w->n * (double)(w->n - 1);
    pair_sums sums = {0};
    for (size_t i = 0; i < (w->n + BLOCK - 1) / BLOCK; i++) {
        const pair_sums *part = &w->sums[2 * i + which];
        sums.h += part->h, sums.hh += part->hh, sums.t += part->t, sums.tt += part->tt, sums.ht += part->ht;
    }
    double mean_h = sums.h / n_pairs, mean_t = sums.t / n_pairs;
    double hh = sums.hh - sums.h * mean_h, tt = sums.tt - sums.t * mean_t, ht = sums.ht - sums.h * mean_t;
    if (!(hh > 0)) hh = 1; /* all distances equal: nothing but the push apart */
    if (!(tt > 0)) tt = 1;
    double scale = 1 / sqrt(hh * tt), correlation = ht * scale;
    double push = mean_h < least_mean * (double)n_bits ? 1 / ((double)n_bits * n_pairs) : 0;
    return (coefficients){(float)(weight * correlation / hh), (float)(-weight * scale),
                          (float)(weight * (scale * mean_t - correlation / hh * mean_h - push))};
}

/* d : rows of the gradient by the signs of the first n_bits bits. */
static void leave_pairs(const work *w, size_t first, size_t n_rows, size_t n_bits, coefficients by, float *h,
                        float *d) {
    for (size_t i = first; i < first + n_rows; i++) {
        float *restrict g = h + i * w->pair_stride;
        const float *restrict t = w->t + i * w->pair_stride;
        for (size_t j = 0; j < w->n; j++) g[j] = -(by.per_h * g[j] + by.per_t * t[j] + by.constant);
        g[i] = 0;
    }
    psh__product signs = {
        w->n, psh__linear_columns(n_bits), w->n, {h, w->pair_stride, 1}, {w->y, w->n_columns}, {d, w->n_columns}};
    signs = psh__product_rows(signs, first, n_rows);
    w->multiply(&signs);
}

/* d *= the slope of tanh(beta z). What no sum would notice is nothing: products of it would be denormal numbers, with
 * which some CPUs take a hundred times as long. */
static void leave_signs(const float *restrict z, size_t n, float *restrict d) {
    const double negligible = -32; /* e^-32 = 1e-14 */
    for (size_t i = 0; i < n; i++) {
        double u = -2 * slope * fabs((double)z[i]), e = psh__exp(u < negligible ? negligible : u);
        d[i] *= (float)(u < negligible ? 0 : slope * 4 * e / ((1 + e) * (1 + e)));
    }
}

/* The gradient by the sums of items of the batch. */
static void backward(work *w, size_t first, size_t n_rows) {
    size_t n_bits = w->params->n_bits, n_prefix = w->n_prefix;
    bool has_prefix = n_prefix < n_bits;
    leave_pairs(w, first, n_rows, n_bits, w->by[has_prefix], w->h[has_prefix], w->d_z);
    if (has_prefix) leave_pairs(w, first, n_rows, n_prefix, w->by[0], w->h[0], w->d_prefix);
    for (size_t i = first; i < first + n_rows; i++) {
        float *restrict d = w->d_z + i * w->n_columns;
        const float *restrict more = w->d_prefix + i * w->n_columns;
        for (size_t b = n_bits; b < w->n_columns; b++) d[b] = 0;
        for (size_t b = 0; b < n_prefix && has_prefix; b++) d[b] += more[b];
        leave_signs(w->z + i * w->n_columns, w->n_columns, d);
    }
}

/* Adds the gradient by the weights of features to the step's. */
static void leave_features(work *w, size_t first, size_t n_rows) {
    size_t n_columns = w->n_columns;
    psh__product slopes = {
        w->n_features, n_columns, w->n, {w->x, 1, w->row_stride}, {w->d_z, n_columns}, {w->d_weights, n_columns}};
    slopes = psh__product_rows(slopes, first, n_rows);
    w->multiply(&slopes);
    float *restrict sum = w->d_step;
    const float *restrict d = w->d_weights;
    for (size_t i = first * n_columns; i < (first + n_rows) * n_columns; i++) sum[i] += d[i];
}

/* Adds the gradient of one set's batch to the step's. */
static void learn_from(work *w) {
    const psh__linear_params *p = w->params;
    bool has_prefix = w->n_prefix < p->n_bits;
    double share = has_prefix ? p->prefix_share : 0, n_sets = (double)p->sets_per_step;
    run(w, forward, w->n);
    run(w, measure, w->n);
    w->by[0] = differentiate(w, 0, w->n_prefix, (has_prefix ? share : 1) / n_sets);
    if (has_prefix) w->by[1] = differentiate(w, 1, p->n_bits, (1 - share) / n_sets);
    run(w, backward, w->n);
    run(w, leave_features, w->n_features);
    for (size_t i = 0; i < w->n; i++)
        for (size_t b = 0; b < w->n_columns; b++) w->d_offsets[b] += w->d_z[i * w->n_columns + b];
}

/* --- Steps -------------------------------------------------------------------------------------------------------- */

/* Up over the first fifth, then down to 0, smoothly. */
static double rate_at(double share) {
    const double rise = 0.2;
    double x = share < rise ? share / rise : 1 - (share - rise) / (1 - rise);
    return share < rise ? 0.04 + 0.96 * x : x * x * (3 - 2 * x);
}

static const float keep1 = 0.9f, keep2 = 0.999f;

static void adam(float *restrict values, const float *restrict gradient, float *restrict first, float *restrict second,
                 size_t n, double rate, double decay, adam_bias bias) {
    float scale = (float)(rate / (1 - bias.first)), correct2 = (float)(1 / (1 - bias.second));
    float shrink = (float)(1 - rate * decay);
    for (size_t i = 0; i < n; i++) {
        first[i] = keep1 * first[i] + (1 - keep1) * gradient[i];
        second[i] = keep2 * second[i] + (1 - keep2) * (gradient[i] * gradient[i]);
        values[i] = values[i] * shrink - scale * first[i] / (sqrtf(second[i] * correct2) + 1e-8f);
    }
}

/* The weights of features. */
static void take_step(work *w, size_t first, size_t n_rows) {
    size_t at = first * w->n_columns;
    adam(w->weights + at, w->d_step + at, w->moments[0] + at, w->moments[1] + at, n_rows * w->n_columns, w->rate,
         w->params->decay, w->bias);
}

/* After n_done steps: is it time to judge, and are these the best weights so far? */
static void judge(work *w, size_t n_done, const float *weights, const float *offsets) {
    const psh__linear_params *p = w->params;
    if (!p->judge || n_done * p->n_judged / p->n_steps == (n_done - 1) * p->n_judged / p->n_steps) return;
    double score = p->judge(p->judge_user, weights, offsets);
    if (!(score > w->best_score)) return;
    w->best_score = score;
    memcpy(w->best, weights, w->n_weights * sizeof *weights);
    memcpy(w->best + w->n_weights, offsets, w->n_columns * sizeof *offsets);
}

static void take_best(const work *w, float *weights, float *offsets) {
    if (w->best_score == -INFINITY) return;
    memcpy(weights, w->best, w->n_weights * sizeof *weights);
    memcpy(offsets, w->best + w->n_weights, w->n_columns * sizeof *offsets);
}

psh_status psh__linear_train(const psh__linear_set *sets, size_t n_sets, const psh__linear_params *params,
                             float *weights, float *offsets, psh_error *err) {
    work w;
    psh__random rng;
    psh__ticker ticker;
    psh_status status = work_create(sets, n_sets, params, &w, err);
    w.weights = weights, w.offsets = offsets, w.bias = (adam_bias){1, 1};
    psh__random_init(&rng, params->seed, UINT64_MAX - 8);
    psh__ticker_start(&ticker, params->progress, params->what, params->n_steps);
    for (size_t step = 0; status == PSH_OK && step < params->n_steps && !psh__ticker_stopped(&ticker); step++) {
        memset(w.d_step, 0, (w.n_weights + w.n_columns) * sizeof *w.d_step);
        for (size_t s = 0; s < params->sets_per_step; s++) {
            const psh__linear_set *set = &sets[n_sets > 1 ? psh__random_below(&rng, n_sets) : 0];
            w.set = set;
            w.n = set->n_items < w.n_batch ? set->n_items : w.n_batch, w.n_prefix = params->n_bits;
            for (size_t i = 0; i < set->n_items; i++) w.order[i] = (uint32_t)i;
            if (w.n < set->n_items) psh__random_shuffle(&rng, w.order, set->n_items);
            for (uint64_t halve = params->prefix_share > 0 ? 1 + psh__random_below(&rng, 3) : 0;
                 halve > 0 && w.n_prefix >= 2 * MIN_PREFIX; halve--)
                w.n_prefix /= 2;
            w.stream = step * params->sets_per_step + s;
            learn_from(&w);
        }
        w.rate = params->rate * rate_at((double)step / (double)params->n_steps);
        w.bias.first *= keep1, w.bias.second *= keep2;
        run(&w, take_step, w.n_features);
        adam(offsets, w.d_offsets, w.moments[0] + w.n_weights, w.moments[1] + w.n_weights, w.n_columns, w.rate, 0,
             w.bias);
        judge(&w, step + 1, weights, offsets);
        psh__ticker_add(&ticker, 1);
    }
    take_best(&w, weights, offsets);
    if (status == PSH_OK) status = psh__ticker_status(&ticker, err);
    work_free(&w);
    return status;
}
