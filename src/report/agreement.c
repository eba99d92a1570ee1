/* agreement.c : code distance against exact distance over the pairs of a sample.
 *
 * All pairs are used up to MOST_PAIRS; beyond that as many pairs drawn at random. A page cannot show 125,000 dots, and
 * an eye could not read them: above MOST_DOTS pairs it gets their counts on a grid of (exact, code) cells instead.
 *
 * The worst pairs are looked for by  h / mean(h) - w / mean(w) : were codes perfect, Hamming distance h would be
 * proportional to exact distance w. */
#include "report/agreement.h"

#include <assert.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "base/size.h"
#include "persihash/score.h"
#include "report/examples.h"

#define MOST_PAIRS 2000000
#define MOST_DOTS 3000
#define CELLS 90 /* along each axis, at most */

typedef struct pair_list {
    uint32_t *a, *b; /* (n_pairs) positions in the sample, a < b */
    size_t n_pairs;
} pair_list;

static psh_status list_pairs(const psh__gathered *gathered, size_t n_sample, size_t n_pairs, size_t n_used,
                             pair_list *dst, psh_error *err) {
    size_t n_listed = 0;
    dst->a = psh__malloc(n_used, sizeof *dst->a);
    dst->b = psh__malloc(n_used, sizeof *dst->b);
    if (!dst->a || !dst->b) return psh__error_memory(err, "the pairs of the sample", n_used * 8);
    if (n_used == n_pairs) {
        for (size_t i = 0; i < n_sample; i++)
            for (size_t j = i + 1; j < n_sample; j++) {
                dst->a[n_listed] = (uint32_t)i;
                dst->b[n_listed++] = (uint32_t)j;
            }
    } else {
        psh__random rng;
        psh__random_init(&rng, gathered->params.seed, 0x9a175u);
        while (n_listed < n_used) {
            uint32_t i = (uint32_t)psh__random_below(&rng, n_sample), j = (uint32_t)psh__random_below(&rng, n_sample);
            if (i == j) continue;
            dst->a[n_listed] = i < j ? i : j;
            dst->b[n_listed++] = i < j ? j : i;
        }
    }
    dst->n_pairs = n_listed;
    return PSH_OK;
}

static bool shares_an_item(const psh__extreme *extremes, size_t n_extremes, uint32_t i, uint32_t j) {
    for (size_t e = 0; e < n_extremes; e++)
        for (int side = 0; side < 2; side++)
            if (extremes[e].rows[side] == i || extremes[e].rows[side] == j) return true;
    return false;
}

/* sign +1: code too far, -1: too near. Rows are positions in the sample until compute() translates them. */
static size_t find_extremes(const psh__agreement *all, const pair_list *pairs, double sign, psh__extreme *dst) {
    double code_sum = 0, exact_sum = 0;
    size_t n_found = 0;
    for (size_t p = 0; p < all->n_used; p++) {
        code_sum += all->code[p];
        exact_sum += all->exact[p];
    }
    if (!(code_sum > 0 && exact_sum > 0)) return 0;
    const double code_unit = (double)all->n_used / code_sum, exact_unit = (double)all->n_used / exact_sum;
    for (; n_found < PSH__AGREEMENT_EXTREMES; n_found++) {
        size_t i_worst = all->n_used;
        double worst = 0.25; /* a quarter of a mean distance: less is no news */
        for (size_t p = 0; p < all->n_used; p++) {
            double fault = sign * (all->code[p] * code_unit - all->exact[p] * exact_unit);
            if (fault <= worst || shares_an_item(dst, n_found, pairs->a[p], pairs->b[p])) continue;
            worst = fault;
            i_worst = p;
        }
        if (i_worst == all->n_used) break;
        dst[n_found] = (psh__extreme){{pairs->a[i_worst], pairs->b[i_worst]}, all->code[i_worst], all->exact[i_worst]};
    }
    return n_found;
}

static void measure_pairs(const psh__gathered *gathered, pair_list *pairs, psh__agreement *dst) {
    const uint8_t *codes = psh_codes_data(gathered->params.codes);
    const size_t n_bytes = psh_codes_n_bytes(gathered->params.codes);
    size_t n_kept = 0;
    for (size_t p = 0; p < pairs->n_pairs; p++) {
        double exact = psh_distances_get(gathered->params.exact, pairs->a[p], pairs->b[p]);
        if (!isfinite(exact)) {
            dst->n_infinite++;
            continue;
        }
        dst->exact[n_kept] = exact;
        dst->code[n_kept] = psh__codes_distance(codes + psh__exact_row(gathered, pairs->a[p]) * n_bytes,
                                                codes + psh__exact_row(gathered, pairs->b[p]) * n_bytes, n_bytes);
        pairs->a[n_kept] = pairs->a[p];
        pairs->b[n_kept++] = pairs->b[p];
    }
    dst->n_used = n_kept;
}

static psh_status correlate(psh__agreement *dst, psh_error *err) {
    dst->spearman = dst->pearson = NAN;
    if (dst->n_used < 2) return PSH_OK;
    double *code = psh__malloc(dst->n_used, sizeof *code);
    if (!code) return psh__error_memory(err, "code distances", dst->n_used * sizeof *code);
    for (size_t p = 0; p < dst->n_used; p++) code[p] = dst->code[p];
    psh_error constant; /* one side is constant: there is no correlation, and that is no failure here */
    psh_status status = psh_score_spearman(code, dst->exact, dst->n_used, &dst->spearman, &constant);
    if (status == PSH_OK) status = psh_score_pearson(code, dst->exact, dst->n_used, &dst->pearson, &constant);
    psh__free(code);
    if (status == PSH_ERR_DATA) {
        dst->spearman = dst->pearson = NAN;
        return PSH_OK;
    }
    if (status != PSH_OK && err) *err = constant;
    return status;
}

psh_status psh__agreement_compute(const psh__gathered *gathered, psh__agreement *dst, psh_error *err) {
    pair_list pairs = {0};
    psh_status status = PSH_OK;
    *dst = (psh__agreement){.n_sample = psh_distances_n_items(gathered->params.exact)};
    if (!psh__size_pairs(dst->n_sample, &dst->n_pairs)) return psh__error_memory(err, "pairs", SIZE_MAX);
    const size_t n_used = dst->n_pairs < MOST_PAIRS ? dst->n_pairs : MOST_PAIRS;
    dst->code = psh__malloc(n_used, sizeof *dst->code);
    dst->exact = psh__malloc(n_used, sizeof *dst->exact);
    if (!dst->code || !dst->exact) {
        status = psh__error_memory(err, "the distances of the sample", n_used * 12);
        goto done;
    }
    PSH_TRY_GOTO(list_pairs(gathered, dst->n_sample, dst->n_pairs, n_used, &pairs, err));
    measure_pairs(gathered, &pairs, dst);
    PSH_TRY_GOTO(correlate(dst, err));
    dst->n_too_far = find_extremes(dst, &pairs, 1, dst->too_far);
    dst->n_too_near = find_extremes(dst, &pairs, -1, dst->too_near);
    for (int side = 0; side < 2; side++) {
        for (size_t e = 0; e < dst->n_too_far; e++)
            dst->too_far[e].rows[side] = (uint32_t)psh__exact_row(gathered, dst->too_far[e].rows[side]);
        for (size_t e = 0; e < dst->n_too_near; e++)
            dst->too_near[e].rows[side] = (uint32_t)psh__exact_row(gathered, dst->too_near[e].rows[side]);
    }
done:
    psh__free(pairs.a);
    psh__free(pairs.b);
    if (status != PSH_OK) psh__agreement_free(dst);
    return status;
}

void psh__agreement_free(psh__agreement *agreement) {
    psh__free(agreement->code);
    psh__free(agreement->exact);
    *agreement = (psh__agreement){0};
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static void write_dots(const psh__agreement *agreement, psh__text *json) {
    psh__json_key(json, "exact");
    psh__text_puts(json, "[");
    for (size_t p = 0; p < agreement->n_used; p++) {
        psh__json_next(json);
        psh__json_number(json, agreement->exact[p], 5);
    }
    psh__text_puts(json, "]");
    psh__json_key(json, "code");
    psh__text_puts(json, "[");
    for (size_t p = 0; p < agreement->n_used; p++) {
        psh__json_next(json);
        psh__json_integer(json, agreement->code[p]);
    }
    psh__text_puts(json, "]");
}

/* counts[y][x]: x over [0, exact_max] in n_x equal cells; y: code distances in cells of `code_step` bits. */
static psh_status write_cells(const psh__agreement *agreement, psh__text *json, psh_error *err) {
    double exact_max = 0;
    uint32_t code_max = 0;
    for (size_t p = 0; p < agreement->n_used; p++) {
        if (agreement->exact[p] > exact_max) exact_max = agreement->exact[p];
        if (agreement->code[p] > code_max) code_max = agreement->code[p];
    }
    const uint32_t code_step = code_max / CELLS + 1, n_y = code_max / code_step + 1;
    uint32_t *counts = psh__calloc((size_t)n_y * CELLS, sizeof *counts); // (n_y, CELLS)
    if (!counts) return psh__error_memory(err, "the cells of a plot", (size_t)n_y * CELLS * sizeof *counts);
    for (size_t p = 0; p < agreement->n_used; p++) {
        size_t x = exact_max > 0 ? (size_t)(agreement->exact[p] / exact_max * CELLS) : 0;
        counts[agreement->code[p] / code_step * CELLS + (x < CELLS ? x : CELLS - 1)]++;
    }
    psh__json_set_number(json, "exact_max", exact_max);
    psh__json_set_integer(json, "code_step", code_step);
    psh__json_set_integer(json, "n_x", CELLS);
    psh__json_set_integer(json, "n_y", n_y);
    psh__json_key(json, "counts");
    psh__json_bytes(json, counts, (size_t)n_y * CELLS * sizeof *counts);
    psh__free(counts);
    return PSH_OK;
}

psh_status psh__agreement_write(const psh__agreement *agreement, psh__text *json, psh_error *err) {
    psh__json_set_integer(json, "n_sample", (int64_t)agreement->n_sample);
    psh__json_set_integer(json, "n_pairs", (int64_t)agreement->n_pairs);
    psh__json_set_integer(json, "n_used", (int64_t)agreement->n_used);
    psh__json_set_integer(json, "n_infinite", (int64_t)agreement->n_infinite);
    psh__json_set_number(json, "spearman", agreement->spearman);
    psh__json_set_number(json, "pearson", agreement->pearson);
    if (agreement->n_used > MOST_DOTS) return write_cells(agreement, json, err);
    write_dots(agreement, json);
    return PSH_OK;
}
