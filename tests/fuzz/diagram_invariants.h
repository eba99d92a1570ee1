/* diagram_invariants.h : what must hold of every set that a reader lets through. */
#ifndef PSH_FUZZ_DIAGRAM_INVARIANTS_H
#define PSH_FUZZ_DIAGRAM_INVARIANTS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagram/set.h"

static inline void check(bool holds) {
    if (!holds) abort();
}

static inline void check_invariants(psh_diagrams *set) {
    size_t n_left_out, n_diagrams = psh_diagrams_count(set), n_points = psh_diagrams_n_points(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    check(offsets[0] == 0 && offsets[n_diagrams] == n_points);
    for (size_t i = 0; i < n_diagrams; i++) {
        check(offsets[i] <= offsets[i + 1]);
        check(psh_diagrams_labels(set)[i] >= -1);
        if (psh_diagrams_n_classes(set)) check(psh_diagrams_labels(set)[i] < (int64_t)psh_diagrams_n_classes(set));
        check(strlen(psh_diagrams_name(set, i)) < SIZE_MAX);
    }
    for (size_t i = 0; i < psh_diagrams_n_classes(set); i++) check(strlen(psh_diagrams_label_name(set, i)) < SIZE_MAX);
    for (size_t i = 0; i < n_points; i++) {
        const double *point = psh_diagrams_points(set) + 2 * i;
        check(isfinite(point[0]) && point[0] <= point[1] && psh_diagrams_dims(set)[i] >= 0);
    }
    check(psh__set_apply_essential(set, PSH_ESSENTIAL_DROP, 0, &n_left_out, NULL) == PSH_OK);
    check(psh_diagrams_n_points(set) + n_left_out == n_points);
    check(psh_diagrams_offsets(set)[n_diagrams] == psh_diagrams_n_points(set));
}

#endif
