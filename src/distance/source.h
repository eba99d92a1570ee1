/* source.h : what computes the elements of a file of distances. compute.c does the rest: tiles, threads, the file, and
 * going on after a kill. */
#ifndef PSH_DISTANCE_SOURCE_H
#define PSH_DISTANCE_SOURCE_H

#include "distance/tiles.h"
#include "persihash/distance.h"

/* Every element has one value, whichever thread, tile or run computes it. */
typedef struct psh__source {
    const char *what; /* for the progress bar */
    psh__grid grid;
    const void *plan; /* read-only, for all threads: what the functions below get */
    uint64_t options; /* hash of all that the elements depend on, but for the inputs */
    uint64_t (*hash_inputs)(const void *plan);

    /* What one thread needs beside the plan; NULL: nothing, the plan itself is given. */
    psh_status (*hand_create)(const void *plan, void **hand, psh_error *err);
    void (*hand_free)(void *hand); /* NULL is fine */

    /* Either single elements: their predicted cost in nanoseconds, at least 1, the same on every machine; and their
     * values. *gap (0 before) may become a measure of how good the value is, of which the worst is kept. */
    psh__cost_function *cost;
    psh_status (*element)(void *hand, size_t row, size_t column, double *dst, double *gap, psh_error *err);
    /* Or, with element NULL, whole rows first .. end - 1 at once, as the file holds them (dst : float or double), and
     * what an element costs, in picoseconds. */
    psh_status (*rows)(void *hand, size_t first, size_t end, void *dst, psh_error *err);
    uint64_t picoseconds;
} psh__source;

/* psh__distances_compute() : see psh_distances_wasserstein(). is_verified is the source's own affair. */
psh_status psh__distances_compute(const psh__source *source, const psh_distances_params *params, const psh_meta *meta,
                                  const char *path, const psh_progress *progress, psh_distances_stats *stats,
                                  psh_error *err);

/* psh__hash_set() : the diagrams, for hash_inputs(). */
uint64_t psh__hash_set(uint64_t hash, const psh_diagrams *set);

#endif
