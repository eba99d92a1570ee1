/* compute.c : a list of items through homology into one set in memory. */
#include "diagram/compute.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "diagram/set.h"

/* --- what was done ------------------------------------------------------------------------------------------------ */

static const char *metric_name(psh_point_metric metric) {
    static const char *const names[] = {"euclidean", "manhattan", "chebyshev", "cosine"};
    return metric >= PSH_POINT_EUCLIDEAN && metric <= PSH_POINT_COSINE ? names[metric] : "?";
}

/* Options that this complex reads, and those of the input that are not at their default. */
static bool record_options(const psh__pipeline *line, psh_complex complex, const psh_homology_params *params,
                           psh_meta *meta) {
    const psh_input_params *input = psh_input_options(line->input);
    bool good = true, is_rips = complex == PSH_COMPLEX_RIPS, is_cubical = complex == PSH_COMPLEX_CUBICAL;
    if (is_cubical)
        good =
            psh_meta_set_text(meta, "construction", params->construction == PSH_CONSTRUCTION_V ? "V" : "T") == PSH_OK;
    const char *filtration = params->filtration == PSH_SUPERLEVEL ? "superlevel" : "sublevel";
    if (good && !is_rips) good = psh_meta_set_text(meta, "filtration", filtration) == PSH_OK;
    if (good && params->is_periodic) good = psh_meta_set_bool(meta, "periodic", true) == PSH_OK;
    if (good && line->kind == PSH_ITEM_CLOUD)
        good = psh_meta_set_text(meta, "point_metric", metric_name(params->metric)) == PSH_OK;
    if (good && params->threshold > 0) good = psh_meta_set_number(meta, "threshold", params->threshold) == PSH_OK;
    if (good && input->smooth_sigma > 0)
        good = psh_meta_set_number(meta, "smooth_sigma", input->smooth_sigma) == PSH_OK;
    if (good && input->scale_factor > 0)
        good = psh_meta_set_number(meta, "scale_factor", input->scale_factor) == PSH_OK;
    if (good && input->field) good = psh_meta_set_text(meta, "field", input->field) == PSH_OK;
    if (good && input->n_samples > 0)
        good = psh_meta_set_integer(meta, "n_samples", (int64_t)input->n_samples) == PSH_OK &&
               psh_meta_set_integer(meta, "sample_seed", (int64_t)input->sample_seed) == PSH_OK;
    return good;
}

psh_status psh__compute_record(const psh__pipeline *line, size_t n_left_out, psh_meta *meta, psh_error *err) {
    psh_homology_params params;
    psh_complex complex;
    psh__params_copy(&params, sizeof params, line->params);
    PSH_TRY(psh_homology_check(line->kind, &params, &complex, err));
    bool good = psh_meta_set_text(meta, "tool", "persihash " PSH_VERSION_STRING) == PSH_OK &&
                psh_meta_set_text(meta, "kind", psh_item_kind_name(line->kind)) == PSH_OK &&
                psh_meta_set_text(meta, "complex", psh_complex_name(complex)) == PSH_OK &&
                record_options(line, complex, &params, meta) &&
                psh_meta_set_text(meta, "essential", psh__essential_name(params.essential)) == PSH_OK &&
                psh_meta_set_integer(meta, "n_essential_left_out", (int64_t)n_left_out) == PSH_OK &&
                psh_meta_set_number(meta, "min_persistence", params.min_persistence) == PSH_OK;
    if (good && params.essential == PSH_ESSENTIAL_CLAMP)
        good = psh_meta_set_number(meta, "essential_value", params.essential_value) == PSH_OK;
    return good ? psh__record_dims(meta, params.dims_mask, err) : psh__error_memory(err, "metadata", 64);
}

psh_status psh__compute_label_names(const psh_input *input, psh_diagrams *set, psh_error *err) {
    size_t n_classes = psh_input_n_classes(input);
    const char **names = psh__malloc(n_classes, sizeof *names);
    if (!names) return psh__error_memory(err, "label names", n_classes * sizeof *names);
    for (size_t i = 0; i < n_classes; i++) names[i] = psh_input_label_name(input, i);
    psh_status status = psh_diagrams_set_label_names(set, names, n_classes, err);
    psh__free(names);
    return status;
}

/* --- into a set --------------------------------------------------------------------------------------------------- */

typedef struct sink {
    const psh_input *input;
    psh_diagrams *set;
    size_t n_left_out;
} sink;

static psh_status append(void *user, size_t i_item, const psh__outcome *outcome, psh_error *err) {
    sink *to = user;
    to->n_left_out += outcome->n_left_out;
    return psh_diagrams_append(to->set, psh__outcome_points(outcome), psh__outcome_dims(outcome), outcome->n_points,
                               psh_input_name(to->input, i_item), psh_input_label(to->input, i_item), err);
}

psh_status psh_diagrams_compute(const psh_input *input, const psh_homology_params *params, int n_threads,
                                const psh_progress *progress, psh_diagrams **dst, psh_error *err) {
    assert(input && dst);
    psh_status status;
    sink to = {.input = input};
    psh__pipeline line = {.input = input, .params = params, .n_threads = n_threads, .take = append, .user = &to};
    PSH_TRY_GOTO(psh_diagrams_create(&to.set, err));
    PSH_TRY_GOTO(psh__compute_label_names(input, to.set, err));
    PSH_TRY_GOTO(psh__pipeline_run(&line, progress, err));
    PSH_TRY_GOTO(psh__compute_record(&line, to.n_left_out, to.set->meta, err));
    *dst = to.set, to.set = NULL;
done:
    psh_diagrams_free(to.set);
    return status;
}
