/* intervals.h : the order in which the oracles list intervals: by (dim, birth, death). */
#ifndef PSH_ORACLE_INTERVALS_H
#define PSH_ORACLE_INTERVALS_H

#include <stdlib.h>

#include "persihash/homology.h"

static inline int intervals_compare(const void *a_ptr, const void *b_ptr) {
    const psh_interval *a = a_ptr, *b = b_ptr;
    if (a->dim != b->dim) return a->dim - b->dim;
    if (a->birth != b->birth) return a->birth < b->birth ? -1 : 1;
    return (a->death > b->death) - (a->death < b->death);
}

static inline void intervals_sort(psh_interval *intervals, size_t n_intervals) {
    qsort(intervals, n_intervals, sizeof *intervals, intervals_compare);
}

#endif
