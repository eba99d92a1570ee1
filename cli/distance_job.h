/* distance_job.h : what all distances between diagrams share: the sets, how the file is written, metadata, the sentence
 * at the end. */
#ifndef PSH_CLI_DISTANCE_JOB_H
#define PSH_CLI_DISTANCE_JOB_H

#include "distance_exact.h"

typedef struct distance_job {
    distance_metric metric;
    const char *path;
    double start; /* cli_seconds() */
    psh_distances_params how;
    psh_diagrams *a, *b; /* b NULL: all pairs of a */
    size_t *rows;        /* (n_rows) of the sample, or NULL */
    size_t n_rows;
    psh_meta *meta;
    psh_distances_stats stats;
} distance_job;

/* distance_job_read() : --dtype (default: f32 or f64), --square, --resume, --essential, --sample; the files; metadata
 * with what is common to all metrics. */
psh_status distance_job_read(cli *c, distance_metric metric, const char *path, bool is_f32, distance_job *dst,
                             psh_error *err);
/* distance_job_tell() : what was done, for people and for --json. */
void distance_job_tell(cli *c, const distance_job *job);
/* distance_beside() : "d.npy" and "lower" -> "d.lower.npy"; free() it. NULL: no memory. */
char *distance_beside(const char *path, const char *word);
void distance_job_free(distance_job *job); /* zeroed struct is fine */

#endif
