/* drift.c : do new diagrams lie where those lie that a model was fitted on?
 *
 * If old and new diagrams are draws from one source, then in random order, all N old and n new are exchangeable. Two of
 * the rules ask how probable what was found is under that, whatever the source; all want a change that matters, too,
 * because in large sets the smallest is significant.
 *
 *   Outside: the frame reaches from the least to the greatest coordinate of the old diagrams. If k new diagrams reach
 *   beyond one end, the k most extreme of N + n are all new: C(n, k) / C(N + n, k). More than 1 % of the points and a
 *   chance below 1/1000; or more than 20 % of the points and a chance below 1/20. Of a frame with given ends: more than
 *   20 % of the points.
 *
 *   Shifted: the share of ones in some bit differs by more than 0.25 and more than chance allows for any of L bits,
 *   sqrt(ln(2 L 1000) (N + n) / (2 N n)) by Hoeffding's inequality (which holds for sampling without replacement).
 *
 *   Far: k new codes are farther from their nearest old code than the m-th greatest of the same distances among the old
 *   codes. So at most m - 1 of the greatest k + m - 1 are old: a hypergeometric tail. More than 20 % of the codes and a
 *   chance below 1/1000; or one that is farther than twice the greatest and a sixteenth of the bits.
 *
 * The first two are true tests; in the third, nearest neighbours depend on each other, so it was measured as well
 * (docs/math/drift.md). */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "persihash/code.h"

enum { MAX_BASE = 16384, MAX_QUERIES = 2048, MIN_OLD = 8, PART_FAR = 20 };
static const double least_chance = 1e-3, most_chance = 0.05;
static const double least_outside = 0.01, most_outside = 0.2, least_change = 0.25, least_far = 0.2;

static double log_choose(double n, double k) {
    return k < 0 || k > n ? -INFINITY : lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* That of n_old + n_new values in random order at least k new ones are above the m-th greatest old one. */
static double chance_above(size_t n_old, size_t n_new, size_t m, size_t k) {
    double top = (double)(k + m - 1), all = log_choose((double)(n_old + n_new), top), sum = 0;
    if (k == 0) return 1;
    for (size_t j = 0; j < m; j++)
        sum += exp(log_choose((double)n_old, (double)j) + log_choose((double)n_new, top - (double)j) - all);
    return sum;
}

/* --- Outside ------------------------------------------------------------------------------------------------------ */

static void look_outside(const psh_model *model, const psh_diagrams *set, size_t n_old, psh_drift_report *r) {
    const psh_frame *frame = psh_model_frame(model);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    const double *points = psh_diagrams_points(set);
    const int32_t *dims = psh_diagrams_dims(set);
    uint32_t mask = psh_model_dims_mask(model);
    size_t n_points = 0, n_outside = 0;
    r->frame_lo = frame->lo, r->frame_hi = frame->hi;
    if (frame->kind == PSH_FRAME_DIAGRAM) return;
    for (size_t i = 0; i < psh_diagrams_count(set); i++) {
        bool below = false, above = false;
        for (uint64_t k = offsets[i]; k < offsets[i + 1]; k++) {
            double birth = points[2 * k], death = points[2 * k + 1];
            if ((mask && (dims[k] > 31 || !(mask >> dims[k] & 1))) || death == INFINITY) continue;
            bool is_low = birth < frame->lo || death<frame->lo, is_high = birth> frame->hi || death > frame->hi;
            n_points++, n_outside += is_low || is_high;
            below = below || is_low, above = above || is_high;
        }
        r->n_below += below, r->n_above += above;
    }
    if (n_points == 0) return;
    double chance = 2 * chance_above(n_old, r->n_new, 1, r->n_below > r->n_above ? r->n_below : r->n_above);
    bool is_fixed = frame->kind == PSH_FRAME_FIXED; /* its ends are no draws */
    r->share_outside = (double)n_outside / (double)n_points;
    r->is_outside = (r->share_outside > least_outside && chance < least_chance && !is_fixed) ||
                    (r->share_outside > most_outside && (chance < most_chance || is_fixed));
}

/* --- Shifted ------------------------------------------------------------------------------------------------------ */

/* ones : (n_bits) */
static void count_ones(const uint8_t *codes, size_t n_codes, size_t n_bits, size_t *ones) {
    size_t n_bytes = (n_bits + 7) / 8;
    memset(ones, 0, n_bits * sizeof *ones);
    for (size_t i = 0; i < n_codes; i++)
        for (size_t b = 0; b < n_bits; b++) ones[b] += codes[i * n_bytes + b / 8] >> b % 8 & 1;
}

static void look_at_bits(const psh_codes *old, const uint8_t *codes, psh_drift_report *r) {
    size_t n_bits = (size_t)psh_codes_n_bits(old), ones_old[PSH_CODE_MAX_BITS], ones_new[PSH_CODE_MAX_BITS];
    double n_old = (double)r->n_old, n_new = (double)r->n_new;
    count_ones(psh_codes_data(old), r->n_old, n_bits, ones_old);
    count_ones(codes, r->n_new, n_bits, ones_new);
    r->i_bit = -1;
    for (size_t b = 0; b < n_bits; b++) {
        double a = (double)ones_old[b] / n_old, x = (double)ones_new[b] / n_new;
        if (r->i_bit >= 0 && fabs(a - x) <= fabs(r->old_mean - r->new_mean)) continue;
        r->i_bit = (int)b, r->old_mean = a, r->new_mean = x;
    }
    double by_chance = sqrt(log(2 * (double)n_bits / least_chance) * (n_old + n_new) / (2 * n_old * n_new));
    r->limit_change = by_chance > least_change ? by_chance : least_change;
    r->is_shifted = fabs(r->old_mean - r->new_mean) > r->limit_change;
}

/* --- Far ---------------------------------------------------------------------------------------------------------- */

/* Rows of a sample of codes, copied. */
static psh_status sample_codes(const uint8_t *codes, size_t n_codes, size_t n_bytes, size_t most, uint8_t **dst,
                               size_t *n_rows, psh_error *err) {
    *n_rows = n_codes < most ? n_codes : most;
    size_t *rows = psh__malloc(*n_rows, sizeof *rows);
    *dst = psh__malloc(*n_rows, n_bytes);
    psh_status status = rows && *dst ? psh_rows_sample(n_codes, *n_rows, 0, rows, err)
                                     : psh__error_memory(err, "a sample of codes", *n_rows * n_bytes);
    for (size_t i = 0; status == PSH_OK && i < *n_rows; i++)
        memcpy(*dst + i * n_bytes, codes + rows[i] * n_bytes, n_bytes);
    psh__free(rows);
    return status;
}

typedef struct neighbours {
    psh_hamming_plan *plan;
    uint8_t *base, *queries; /* of the old codes, of the new ones */
    size_t n_base, n_queries, n_bytes;
    uint16_t *row;     /* (n_base) */
    size_t *histogram; /* (n_bits + 1) */
} neighbours;

/* Counts codes : (n_codes, n_bytes) by their distance to the nearest of the base; own: code i is the base's i * step.
 */
static int count_nearest(neighbours *at, const uint8_t *codes, size_t n_codes, size_t n_bits, bool own, size_t step) {
    int greatest = 0;
    memset(at->histogram, 0, (n_bits + 1) * sizeof *at->histogram);
    for (size_t i = 0; i < n_codes; i++) {
        uint16_t least = UINT16_MAX;
        psh_hamming_row_u16(at->plan, codes + i * step * at->n_bytes, 0, at->n_base, at->row);
        if (own) at->row[i * step] = UINT16_MAX;
        for (size_t j = 0; j < at->n_base; j++) least = at->row[j] < least ? at->row[j] : least;
        at->histogram[least]++;
        greatest = least > greatest ? least : greatest;
    }
    return greatest;
}

static void judge_nearest(neighbours *at, size_t n_bits, psh_drift_report *r) {
    size_t step = (at->n_base + MAX_QUERIES - 1) / MAX_QUERIES, n_old = (at->n_base + step - 1) / step;
    size_t m = n_old / PART_FAR > 1 ? n_old / PART_FAR : 1, n_above = 0, n_far = 0;
    r->farthest_old = count_nearest(at, at->base, n_old, n_bits, true, step);
    for (r->far_distance = r->farthest_old; n_above + at->histogram[r->far_distance] < m; r->far_distance--)
        n_above += at->histogram[r->far_distance];
    r->share_far_old = (double)n_above / (double)n_old;
    r->farthest = count_nearest(at, at->queries, at->n_queries, n_bits, false, 1);
    for (int h = r->far_distance + 1; h <= r->farthest; h++) n_far += at->histogram[h];
    r->share_far = (double)n_far / (double)at->n_queries;
    r->is_far = (r->share_far > least_far && chance_above(n_old, at->n_queries, m, n_far) < least_chance) ||
                r->farthest > 2 * r->farthest_old + (int)n_bits / 16;
}

static psh_status look_far(const psh_codes *old, const uint8_t *codes, psh_drift_report *r, psh_error *err) {
    size_t n_bits = (size_t)psh_codes_n_bits(old);
    neighbours at = {.n_bytes = psh_codes_n_bytes(old)};
    psh_status status;
    if (r->n_old < MIN_OLD) return PSH_OK;
    PSH_TRY_GOTO(sample_codes(psh_codes_data(old), r->n_old, at.n_bytes, MAX_BASE, &at.base, &at.n_base, err));
    PSH_TRY_GOTO(sample_codes(codes, r->n_new, at.n_bytes, MAX_QUERIES, &at.queries, &at.n_queries, err));
    PSH_TRY_GOTO(psh_hamming_plan_create(at.base, at.n_base, at.n_bytes, &at.plan, err));
    at.row = psh__malloc(at.n_base, sizeof *at.row);
    at.histogram = psh__malloc(n_bits + 1, sizeof *at.histogram);
    if (at.row && at.histogram)
        judge_nearest(&at, n_bits, r);
    else
        status = psh__error_memory(err, "neighbours", at.n_base * sizeof *at.row);
done:
    psh_hamming_plan_free(at.plan);
    psh__free(at.base);
    psh__free(at.queries);
    psh__free(at.row);
    psh__free(at.histogram);
    return status;
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static void put_in_words(psh_drift_report *r) {
    size_t room = sizeof r->text, n = 0;
    if (!r->is_outside && !r->is_shifted && !r->is_far) return;
    n += (size_t)snprintf(r->text, room, "the new diagrams lie elsewhere than those that the model was fitted on:");
    if (r->is_outside)
        n += (size_t)snprintf(r->text + n, room - n, " %.3g %% of their points are outside its frame [%g, %g];",
                              100 * r->share_outside, r->frame_lo, r->frame_hi);
    if (r->is_shifted)
        n += (size_t)snprintf(r->text + n, room - n,
                              " bit %d is 1 in %.0f %% of their codes, in %.0f %% of the old ones (expected: +- %.0f);",
                              r->i_bit, 100 * r->new_mean, 100 * r->old_mean, 100 * r->limit_change);
    if (r->is_far)
        n +=
            (size_t)snprintf(r->text + n, room - n,
                             " %.0f %% are more than %d bits from the nearest old code, as %.0f %% of the old are from "
                             "theirs (at most: %d, old %d);",
                             100 * r->share_far, r->far_distance, 100 * r->share_far_old, r->farthest, r->farthest_old);
    snprintf(r->text + n, room - n,
             " if they are not just a part of what there was, fit again on old and new ones together");
}

psh_status psh_drift_check(const psh_model *model, const psh_codes *old, const psh_diagrams *set, const uint8_t *codes,
                           psh_drift_report *dst, psh_error *err) {
    assert(model && old && set && dst);
    psh_drift_report r = {.struct_bytes = dst->struct_bytes, .n_old = psh_codes_count(old)};
    r.n_new = psh_diagrams_count(set);
    const char *old_id = psh_codes_model_id(old);
    if ((*old_id && strcmp(old_id, psh_model_id(model)) != 0) || psh_codes_n_bits(old) != psh_model_n_bits(model))
        return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                          "the old codes are of model %.32s, the new ones of %s; expected codes of one model", old_id,
                          psh_model_id(model));
    if (r.n_old > 0 && r.n_new > 0) {
        look_outside(model, set, r.n_old, &r);
        look_at_bits(old, codes, &r);
        PSH_TRY(look_far(old, codes, &r, err));
        put_in_words(&r);
    }
    memcpy(dst, &r, dst->struct_bytes < sizeof r ? dst->struct_bytes : sizeof r);
    return PSH_OK;
}
