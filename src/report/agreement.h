/* agreement.h : how code distances follow exact distances, on the sample for which these are known. */
#ifndef PSH_REPORT_AGREEMENT_H
#define PSH_REPORT_AGREEMENT_H

#include "report/gather.h"
#include "report/page_text.h"

#define PSH__AGREEMENT_EXTREMES 3

typedef struct psh__extreme {
    uint32_t rows[2];
    uint32_t code_distance;
    double exact_distance;
} psh__extreme;

typedef struct psh__agreement {
    size_t n_sample, n_pairs; /* pairs that could be asked for */
    size_t n_used;            /* pairs looked at: all, or a random choice of them */
    size_t n_infinite;        /* left out: exact distance is infinite */
    double spearman, pearson; /* NAN if one side is constant */
    uint32_t *code;           /* (n_used) Hamming distances */
    double *exact;            /* (n_used) */
    /* Pairs that codes take for too far apart, and for too near, relative to the mean distances; no item twice. */
    psh__extreme too_far[PSH__AGREEMENT_EXTREMES], too_near[PSH__AGREEMENT_EXTREMES];
    size_t n_too_far, n_too_near;
} psh__agreement;

/* params.codes and params.exact must be there. Errors: PSH_ERR_MEMORY. */
psh_status psh__agreement_compute(const psh__gathered *gathered, psh__agreement *dst, psh_error *err);
void psh__agreement_free(psh__agreement *agreement);
/* Members of the JSON object "agreement", but for the extremes. */
psh_status psh__agreement_write(const psh__agreement *agreement, psh__text *json, psh_error *err);

#endif
