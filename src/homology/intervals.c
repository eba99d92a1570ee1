/* intervals.c : the options that all complexes share, and the order of the result.
 *
 * Sorting: natural merge sort. Engines find their pairs in order, or nearly: the ordered runs that are there already
 * are merged two by two, so that a list that is in order costs one look. */
#include "homology/intervals.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

void psh__intervals_free(psh__intervals *intervals) {
    psh__free(intervals->items);
    psh__free(intervals->scratch);
    memset(intervals, 0, sizeof *intervals);
}

psh_status psh__intervals_check(const psh_homology_params *params, psh_error *err) {
    if (params->filtration != PSH_SUBLEVEL && params->filtration != PSH_SUPERLEVEL)
        return psh__error(err, PSH_ERR_PARAMETER, "filtration is %d; use PSH_SUBLEVEL (0) or PSH_SUPERLEVEL (1)",
                          (int)params->filtration);
    if (params->essential != PSH_ESSENTIAL_DROP && params->essential != PSH_ESSENTIAL_CLAMP &&
        params->essential != PSH_ESSENTIAL_KEEP)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "essential policy is %d; use PSH_ESSENTIAL_DROP (0), _CLAMP (1) or _KEEP (2)",
                          (int)params->essential);
    if (params->essential == PSH_ESSENTIAL_CLAMP && !isfinite(params->essential_value))
        return psh__error(err, PSH_ERR_PARAMETER,
                          "essential classes clamped to %g; give a finite value, or keep them (PSH_ESSENTIAL_KEEP)",
                          params->essential_value);
    if (!(params->min_persistence >= 0))
        return psh__error(err, PSH_ERR_PARAMETER, "min_persistence is %g; it must be 0 or more",
                          params->min_persistence);
    return PSH_OK;
}

void psh__intervals_start(psh__intervals *intervals) {
    intervals->n_items = intervals->n_essential = 0;
}

psh_status psh__intervals_reserve(psh__intervals *intervals, size_t n_more, psh_error *err) {
    size_t n_most = intervals->n_items + n_more;
    if (!PSH_GROW(&intervals->items, &intervals->capacity, n_most))
        return psh__error_memory(err, "intervals", (unsigned long long)n_most * sizeof *intervals->items);
    return PSH_OK;
}

static bool comes_before(const psh_interval *a, const psh_interval *b) {
    if (a->dim != b->dim) return a->dim < b->dim;
    if (a->birth != b->birth) return a->birth < b->birth;
    return a->death < b->death;
}

/* The end of the ordered run that starts at `start`. */
static size_t run_end(const psh_interval *items, size_t start, size_t n_items) {
    size_t end = start + 1;
    while (end < n_items && !comes_before(&items[end], &items[end - 1])) end++;
    return end < n_items ? end : n_items;
}

/* dst : (n_a + n_b) = the runs a : (n_a) and b : (n_b) in order. */
static void merge(const psh_interval *a, size_t n_a, const psh_interval *b, size_t n_b, psh_interval *dst) {
    const psh_interval *a_end = a + n_a, *b_end = b + n_b;
    while (a < a_end && b < b_end) *dst++ = comes_before(b, a) ? *b++ : *a++;
    while (a < a_end) *dst++ = *a++;
    while (b < b_end) *dst++ = *b++;
}

psh_status psh__intervals_sort(psh__intervals *intervals, psh_error *err) {
    size_t n_items = intervals->n_items;
    while (run_end(intervals->items, 0, n_items) < n_items) {
        if (!PSH_GROW(&intervals->scratch, &intervals->scratch_capacity, n_items))
            return psh__error_memory(err, "intervals", (unsigned long long)n_items * sizeof *intervals->items);
        for (size_t start = 0; start < n_items;) {
            const psh_interval *items = intervals->items;
            size_t middle = run_end(items, start, n_items);
            size_t end = middle < n_items ? run_end(items, middle, n_items) : n_items;
            merge(items + start, middle - start, items + middle, end - middle, intervals->scratch + start);
            start = end;
        }
        psh_interval *items = intervals->items;
        size_t capacity = intervals->capacity;
        intervals->items = intervals->scratch, intervals->capacity = intervals->scratch_capacity;
        intervals->scratch = items, intervals->scratch_capacity = capacity;
    }
    return PSH_OK;
}
