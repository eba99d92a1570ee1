/* fit.h : what fitting to a set is, whatever learns: a sample, its frame, the distances wanted, and the check. */
#ifndef PSH_ENCODER_FIT_H
#define PSH_ENCODER_FIT_H

#include "encoder/model.h"
#include "encoder/target.h"

typedef struct psh__fit_params {
    int n_bits;          /* 0: 64 */
    bool needs_no_exact; /* sliced Wasserstein is enough for what learns */
    psh_sketch_target target;
    const psh_model *general; /* whose estimate of W1 to calibrate; NULL: the built-in one's */
    size_t n_sample, n_pairs; /* 0: defaults, encoder.h */
    psh_frame_kind frame_kind;
    double frame_lo, frame_hi;
    bool pool;
    uint32_t dims_mask;
    uint64_t seed;
    int n_threads;
} psh__fit_params;

typedef struct psh__fit {
    psh__fit_params params;
    const psh_progress *progress;
    psh_frame frame;
    psh_fit_report report;
    int n_workers;
    psh_diagrams *sample;          /* wanted dimensions, random order, in the unit frame */
    size_t n_items, n_first;       /* of the sample; those that the model is fitted on, the rest is for the check */
    size_t n_exact;                /* of the n_first, those among which exact distances are asked for */
    const psh__estimate *estimate; /* NULL: sliced Wasserstein, as it is */
    psh__features features;
    psh__exact exact;
} psh__fit;

/* What learns. */
typedef struct psh__learner {
    const char *name; /* for the metadata: "sketch, fitted" */
    void *state;
    /* From the first n_items of the sample, whose condensed target distances these are, into the state.
     * PSH_ERR_DATA (psh__fit_too_alike()) if nothing tells the diagrams apart. */
    psh_status (*learn)(void *state, psh__fit *fit, size_t n_items, const double *distances, psh_error *err);
    /* The model of what was learnt last, for this frame. */
    psh_status (*make)(const void *state, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                       psh_model **dst, psh_error *err);
    /* What a model would be without fitting: what fitting has to beat. NULL: nothing. PSH_ERR_DATA: not here. */
    psh_status (*make_unfitted)(const void *state, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                                psh_model **dst, psh_error *err);
} psh__learner;

/* psh__fit_run() : see psh_sketch_fit(). */
psh_status psh__fit_run(const psh_diagrams *set, const psh__fit_params *params, const psh__learner *learner,
                        const psh_progress *progress, psh_model **dst, psh_fit_report *report, psh_error *err);

psh_status psh__fit_too_alike(size_t n_items, psh_error *err);

#endif
