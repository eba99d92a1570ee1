/* distance_exact.h : `persihash distance` between diagrams: wasserstein, bottleneck, auction. */
#ifndef PSH_CLI_DISTANCE_EXACT_H
#define PSH_CLI_DISTANCE_EXACT_H

#include "cli.h"

typedef enum distance_metric {
    METRIC_HAMMING,
    METRIC_WASSERSTEIN,
    METRIC_BOTTLENECK,
    METRIC_AUCTION,
    METRIC_PROGRESSIVE
} distance_metric;
extern const char *const distance_metrics[]; /* their names, ended by NULL */

/* All pairs of one file, or two files against each other, into the file `path`. */
psh_status distance_exact(cli *c, distance_metric metric, const char *path, psh_error *err);

#endif
