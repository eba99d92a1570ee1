/* distance_exact.h : `persihash distance` between diagrams: wasserstein, bottleneck, auction (distance_exact.c), and
 * what the paper compares with (distance_vectors.c). */
#ifndef PSH_CLI_DISTANCE_EXACT_H
#define PSH_CLI_DISTANCE_EXACT_H

#include "cli.h"

typedef enum distance_metric {
    METRIC_HAMMING,
    METRIC_WASSERSTEIN,
    METRIC_BOTTLENECK,
    METRIC_AUCTION,
    METRIC_PROGRESSIVE,
    METRIC_SINKHORN,
    METRIC_PIMAGE,
    METRIC_BETTI,
    METRIC_SLICED,
    METRIC_HISTOGRAM,
    METRIC_ASYMMETRIC
} distance_metric;
extern const char *const distance_metrics[]; /* their names, ended by NULL */

/* All pairs of one file, or two files against each other, into the file `path`. */
psh_status distance_exact(cli *c, distance_metric metric, const char *path, psh_error *err);
psh_status distance_vectors(cli *c, distance_metric metric, const char *path, psh_error *err); /* one file */

/* --sample: *set becomes the sample and rows : (*n_rows) its rows (malloc), or both stay. */
psh_status distance_read_sample(cli *c, psh_diagrams **set, size_t **rows, size_t *n_rows, psh_error *err);
/* The rows of a sample as JSON, so that score finds its way back to the whole set. */
psh_status distance_record_rows(psh_meta *meta, const size_t *rows, size_t n_rows, psh_error *err);

#endif
