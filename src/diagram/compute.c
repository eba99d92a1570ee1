/* compute.c : a list of images through cubical homology, in parallel, into one set.
 *
 * Items are taken in blocks of 16 a thread. Inside a block threads take items as they become free, each with its own
 * working memory; then the block's intervals are appended in order. So the set does not depend on the number of
 * threads, and no more than a block of results waits at any time. (An ordered loop needs no block, but threads then
 * wait for each other at every item.)
 *
 * When an item fails, items behind it are skipped and those before it still computed: the failure reported is that of
 * the first item that fails in the input's order, whoever met it first. */
#include <assert.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/progress.h"
#include "diagram/set.h"

#define ITEMS_A_THREAD 16

typedef struct result {
    psh_interval *intervals; // (n_intervals)
    size_t n_intervals, n_left_out;
} result;

typedef struct work {
    const psh_input *input;
    const psh_cubical_params *params;
    psh_cubical **cubicals; // (n_threads)
    int n_threads;
    result *results; // (block_items)
    size_t block_items;
    size_t first_failed; // item, or SIZE_MAX
    psh_status status;   // of first_failed
    psh_error fault;     // of first_failed
    psh__ticker ticker;
} work;

static psh_status compute_item(const work *job, size_t i_item, psh_cubical *cubical, result *dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh_image *image = NULL;
    const psh_interval *intervals;
    PSH_TRY(psh_input_read(job->input, i_item, &image, err));
    status = psh_cubical_compute(cubical, image, job->params, &intervals, &dst->n_intervals, &dst->n_left_out, err);
    psh_image_free(image);
    if (status != PSH_OK) return psh__error_prefix(err, status, "%s", psh_input_name(job->input, i_item));
    dst->intervals = psh__malloc(dst->n_intervals, sizeof *dst->intervals);
    if (!dst->intervals)
        return psh__error_memory(err, psh_input_name(job->input, i_item), dst->n_intervals * sizeof *dst->intervals);
    if (dst->n_intervals) memcpy(dst->intervals, intervals, dst->n_intervals * sizeof *intervals);
    return PSH_OK;
}

static void note_failure(work *job, size_t i_item, psh_status status, const psh_error *fault) {
#pragma omp critical(psh_compute_failure)
    if (i_item < job->first_failed) {
        __atomic_store_n(&job->first_failed, i_item, __ATOMIC_RELAXED);
        job->status = status;
        job->fault = *fault;
    }
}

static void compute_block(work *job, size_t begin, size_t n_items) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(job->n_threads)
    for (size_t i = 0; i < n_items; i++) {
        if (psh__ticker_stopped(&job->ticker) || begin + i > __atomic_load_n(&job->first_failed, __ATOMIC_RELAXED))
            continue;
        psh_error fault = {0};
        psh_status status = compute_item(job, begin + i, job->cubicals[omp_get_thread_num()], &job->results[i], &fault);
        if (status != PSH_OK) note_failure(job, begin + i, status, &fault);
        psh__ticker_add(&job->ticker, 1);
    }
}

static void free_results(work *job) {
    for (size_t i = 0; job->results && i < job->block_items; i++) {
        psh__free(job->results[i].intervals);
        job->results[i] = (result){0};
    }
}

static psh_status append_block(work *job, size_t begin, size_t n_items, psh_diagrams *set, size_t *n_left_out,
                               psh_error *err) {
    for (size_t i = 0; i < n_items; i++) {
        const result *done = &job->results[i];
        PSH_TRY(psh_diagrams_append_intervals(set, done->intervals, done->n_intervals,
                                              psh_input_name(job->input, begin + i),
                                              psh_input_label(job->input, begin + i), err));
        *n_left_out += done->n_left_out;
    }
    return PSH_OK;
}

static psh_status copy_label_names(const psh_input *input, psh_diagrams *set, psh_error *err) {
    size_t n_classes = psh_input_n_classes(input);
    const char **names = psh__malloc(n_classes, sizeof *names);
    if (!names) return psh__error_memory(err, "label names", n_classes * sizeof *names);
    for (size_t i = 0; i < n_classes; i++) names[i] = psh_input_label_name(input, i);
    psh_status status = psh_diagrams_set_label_names(set, names, n_classes, err);
    psh__free(names);
    return status;
}

static psh_status record(const work *job, psh_meta *meta, size_t n_left_out, psh_error *err) {
    psh_cubical_params params;
    psh__params_copy(&params, sizeof params, job->params);
    const char *construction = params.construction == PSH_CONSTRUCTION_V ? "V" : "T";
    const char *filtration = params.filtration == PSH_SUPERLEVEL ? "superlevel" : "sublevel";
    double sigma = psh_input_smooth_sigma(job->input), factor = psh_input_scale_factor(job->input);
    bool good = psh_meta_set_text(meta, "tool", "persihash " PSH_VERSION_STRING) == PSH_OK &&
                psh_meta_set_text(meta, "construction", construction) == PSH_OK &&
                psh_meta_set_text(meta, "filtration", filtration) == PSH_OK &&
                psh_meta_set_text(meta, "essential", psh__essential_name(params.essential)) == PSH_OK &&
                psh_meta_set_integer(meta, "n_essential_left_out", (int64_t)n_left_out) == PSH_OK &&
                psh_meta_set_number(meta, "min_persistence", params.min_persistence) == PSH_OK;
    if (good && params.essential == PSH_ESSENTIAL_CLAMP)
        good = psh_meta_set_number(meta, "essential_value", params.essential_value) == PSH_OK;
    if (good && sigma > 0) good = psh_meta_set_number(meta, "smooth_sigma", sigma) == PSH_OK;
    if (good && factor > 0) good = psh_meta_set_number(meta, "scale_factor", factor) == PSH_OK;
    return good ? psh__record_dims(meta, params.dims_mask, err) : psh__error_memory(err, "metadata", 64);
}

static psh_status start(work *job, const psh_progress *progress, int n_threads, size_t n_items, psh_error *err) {
    n_threads = psh_cpu_threads(n_threads);
    if ((size_t)n_threads > n_items) n_threads = n_items ? (int)n_items : 1;
    job->first_failed = SIZE_MAX;
    psh__ticker_start(&job->ticker, progress, "diagrams", n_items);
    job->block_items = (size_t)n_threads * ITEMS_A_THREAD;
    job->results = psh__calloc(job->block_items, sizeof *job->results);
    job->cubicals = psh__calloc((size_t)n_threads, sizeof *job->cubicals);
    if (!job->results || !job->cubicals)
        return psh__error_memory(err, "diagrams", job->block_items * sizeof *job->results);
    for (job->n_threads = 0; job->n_threads < n_threads; job->n_threads++)
        PSH_TRY(psh_cubical_create(&job->cubicals[job->n_threads], err));
    return PSH_OK;
}

static void finish(work *job) {
    free_results(job);
    psh__free(job->results);
    for (int i = 0; i < job->n_threads; i++) psh_cubical_free(job->cubicals[i]);
    psh__free(job->cubicals);
}

psh_status psh_diagrams_compute(const psh_input *input, const psh_cubical_params *params, int n_threads,
                                const psh_progress *progress, psh_diagrams **dst, psh_error *err) {
    assert(input && dst);
    psh_status status = PSH_OK;
    size_t n_items = psh_input_count(input), n_left_out = 0;
    psh_diagrams *set = NULL;
    work job = {.input = input, .params = params};

    PSH_TRY_GOTO(start(&job, progress, n_threads, n_items, err));
    PSH_TRY_GOTO(psh_diagrams_create(&set, err));
    PSH_TRY_GOTO(copy_label_names(input, set, err));
    for (size_t begin = 0; begin < n_items; begin += job.block_items) {
        size_t n_left = n_items - begin, n_block = n_left < job.block_items ? n_left : job.block_items;
        compute_block(&job, begin, n_block);
        PSH_TRY_GOTO(psh__ticker_status(&job.ticker, err));
        if (job.status != PSH_OK) {
            if (err) *err = job.fault;
            status = job.status;
            goto done;
        }
        PSH_TRY_GOTO(append_block(&job, begin, n_block, set, &n_left_out, err));
        free_results(&job);
    }
    PSH_TRY_GOTO(record(&job, set->meta, n_left_out, err));
done:
    finish(&job);
    if (status == PSH_OK)
        *dst = set;
    else
        psh_diagrams_free(set);
    return status;
}
