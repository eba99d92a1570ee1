/* near.c : how well a distance ranks the pairs that are near.
 *
 * Spearman over all pairs is decided by the far ones: codes may have 0.97 there and still not tell a near pair from one
 * that is twice as far. So the same figure over the nearest pairs alone, near by the truth (by `approx` the figure
 * could be raised by calling few pairs near). The range is cut short, hence the figure is lower than that of all pairs
 * for every representation: compare it between methods. All pairs that tie with the last one count, so that no order of
 * the pairs matters. */
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "persihash/score.h"
#include "score/sort.h"

/* The key of the n_near-th least of values : (n_values). */
static psh_status key_of_limit(const double *values, size_t n_values, size_t n_near, uint64_t *limit, psh_error *err) {
    uint64_t *keys = psh__malloc(n_values, sizeof *keys);
    uint32_t *pairs = psh__calloc(n_values, sizeof *pairs); /* companions that nobody asks for */
    psh_status status = PSH_OK;
    if (!keys || !pairs) {
        status = psh__error_memory(err, "the order of the pairs", 12ull * n_values);
        goto done;
    }
    for (size_t i = 0; i < n_values; i++) keys[i] = psh__sort_key_f64(values[i]);
    PSH_TRY_GOTO(psh__sort_pairs(keys, pairs, n_values, err));
    *limit = keys[n_near - 1];
done:
    psh__free(keys);
    psh__free(pairs);
    return status;
}

psh_status psh_score_spearman_near(const double *truth, const double *approx, size_t n_values, double share,
                                   double *dst, psh_error *err) {
    if (!(share > 0 && share <= 1))
        return psh__error(err, PSH_ERR_PARAMETER, "share of near pairs is %g; expected more than 0 and at most 1",
                          share);
    if (n_values < 2)
        return psh__error(err, PSH_ERR_EMPTY, "correlation of %zu values; at least 2 are needed", n_values);
    for (size_t i = 0; i < n_values; i++)
        if (isnan(truth[i]))
            return psh__error(err, PSH_ERR_NOT_FINITE, "truth[%zu] is NaN; a correlation needs finite values", i);

    size_t n_near = (size_t)fmax(2, ceil(share * (double)n_values)), n_kept = 0;
    double *x = psh__malloc(n_values, sizeof *x), *y = psh__malloc(n_values, sizeof *y);
    uint64_t limit = 0;
    psh_status status = PSH_OK;
    if (!x || !y) {
        status = psh__error_memory(err, "near pairs", 16ull * n_values);
        goto done;
    }
    PSH_TRY_GOTO(key_of_limit(truth, n_values, n_near, &limit, err));
    for (size_t i = 0; i < n_values; i++)
        if (psh__sort_key_f64(truth[i]) <= limit) x[n_kept] = truth[i], y[n_kept++] = approx[i];
    status = psh_score_spearman(x, y, n_kept, dst, err);
done:
    psh__free(x);
    psh__free(y);
    return status;
}
