/* pipeline.c : items through homology, in parallel, and out in the order they came.
 *
 * Each thread takes the next item, reads it, computes it with its own working memory and hands the outcome in. Outcomes
 * wait in a ring until all items before them have come; whoever hands in the one that was missing hands over all that
 * are then ready. So the order is the input's, and there is no barrier anywhere: threads meet at a lock for the time of
 * a copy, and one decodes while the other computes. What waits is bounded: a thread whose item is too far ahead, or
 * that sees too many bytes waiting, pauses until the others have caught up; the thread with the oldest item never does.
 *
 * Files a few places ahead are announced to the system: of files that are not in the page cache, 225 MB in 100 images,
 * 0.56 s instead of 0.68 s on two threads. (Making the list has brought in the small ones already.)
 *
 * Tried and lost: blocks of 16 items a thread with a barrier after each. On a machine whose cores were busy with other
 * work every barrier waited for a thread that was not running: 2.5 s instead of 0.08 s for 10,000 images of 28 x 28.
 *
 * When an item fails for good, no item behind it is begun, and those before it, which are all taken already, are
 * finished: the fault reported is that of the first item that fails in the input's order, whoever met it first. */
#include "diagram/pipeline.h"

#include <assert.h>
#include <omp.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/progress.h"

#define RING_ITEMS 4096
#define MAX_WAITING_BYTES ((size_t)64 << 20)
#define PAUSE_NANOSECONDS 50000
#define ITEMS_AHEAD 2 /* a thread */

typedef struct work {
    psh__pipeline *line;
    psh_homology **homologies; // (n_threads)
    int n_threads;
    psh__ticker ticker;
    size_t n_items, next_item; /* next_item: atomic */

    omp_lock_t lock;      /* for all below; those marked atomic are also read without it */
    psh__outcome **ring;  // (RING_ITEMS), item i at i % RING_ITEMS; NULL: not there yet
    size_t n_taken;       /* items handed over, those before first_item included; atomic */
    size_t waiting_bytes; /* atomic */
    size_t first_failed;  /* item, or SIZE_MAX; atomic */
    psh_status status;    /* of first_failed */
    psh_error fault;      /* of first_failed */
} work;

#define LOAD(member) __atomic_load_n(&(member), __ATOMIC_RELAXED)
#define STORE(member, value) __atomic_store_n(&(member), (value), __ATOMIC_RELAXED)

/* --- where the time goes ------------------------------------------------------------------------------------------ */

/* A thread's CPU clock costs a call of the kernel, about 0.4 us, and an image of 28 x 28 about 10: of items that are
 * done so fast only every sixteenth is timed, and stands for those after it. */
#define FAST_SECONDS 50e-6
#define FAST_STRIDE 16

enum { STEP_READ, STEP_PREPARE, STEP_HOMOLOGY, STEP_PACK, N_STEPS };

typedef struct stopwatch {
    double seconds[N_STEPS], of_item[N_STEPS], last;
    int n_untimed; /* items that still go without */
} stopwatch;

static void start_item(stopwatch *watch) {
    memset(watch->of_item, 0, sizeof watch->of_item);
    if (watch->n_untimed == 0) watch->last = psh__cpu_seconds();
}

static void end_step(stopwatch *watch, int step) {
    if (watch->n_untimed > 0) return;
    double now = psh__cpu_seconds();
    watch->of_item[step] += now - watch->last;
    watch->last = now;
}

static void end_item(stopwatch *watch) {
    double total = 0;
    if (watch->n_untimed > 0) {
        watch->n_untimed--;
        return;
    }
    for (int step = 0; step < N_STEPS; step++) total += watch->of_item[step];
    int stride = total < FAST_SECONDS ? FAST_STRIDE : 1;
    for (int step = 0; step < N_STEPS; step++) watch->seconds[step] += stride * watch->of_item[step];
    watch->n_untimed = stride - 1;
}

/* --- one item ----------------------------------------------------------------------------------------------------- */

static psh_status compute_item(const psh__pipeline *line, size_t i_item, psh_homology *homology, stopwatch *watch,
                               psh__outcome **dst, psh_error *err) {
    psh_item item = {0};
    uint64_t item_id = 0;
    const psh_interval *intervals;
    size_t n_intervals, n_left_out;
    psh_status status;
    if (line->is_sealed) PSH_TRY_GOTO(psh_input_identify(line->input, i_item, &item_id, err));
    PSH_TRY_GOTO(psh_input_read_stored(line->input, i_item, &item, err));
    end_step(watch, STEP_READ);
    PSH_TRY_GOTO(psh_input_prepare(line->input, i_item, &item, err));
    end_step(watch, STEP_PREPARE);
    status = psh_homology_compute(homology, &item, line->params, &intervals, &n_intervals, &n_left_out, err);
    end_step(watch, STEP_HOMOLOGY);
    if (status != PSH_OK) {
        psh__error_prefix(err, status, "%s", psh_input_name(line->input, i_item));
        goto done;
    }
    PSH_TRY_GOTO(psh__outcome_create(intervals, n_intervals, dst, err));
    (*dst)->item_id = item_id, (*dst)->n_left_out = n_left_out, (*dst)->kind = (uint32_t)item.kind;
    if (line->is_sealed) psh__outcome_seal(*dst);
done:
    psh_item_free(&item);
    return status;
}

/* Faults of an item, not of the options, the output or the caller. Memory is one: an item may ask for too much. */
static bool may_be_skipped(psh_status status) {
    return status != PSH_OK && status != PSH_ERR_PARAMETER && status != PSH_ERR_FILE_WRITE &&
           status != PSH_ERR_INTERRUPTED;
}

/* "name: why" -> "why": the list of what was skipped has the name already. */
static const char *without_name(const char *text, const char *name) {
    size_t n = strlen(name);
    return !strncmp(text, name, n) && !strncmp(text + n, ": ", 2) ? text + n + 2 : text;
}

static psh_status make_fault(const psh__pipeline *line, size_t i_item, psh_status status, const psh_error *fault,
                             psh__outcome **dst, psh_error *err) {
    const char *text = fault->text[0] ? fault->text : psh_status_text(status);
    PSH_TRY(psh__outcome_create_fault(status, without_name(text, psh_input_name(line->input, i_item)), dst, err));
    /* A file that is gone has no identity; it is skipped whatever it is next time. */
    if (line->is_sealed && psh_input_identify(line->input, i_item, &(*dst)->item_id, NULL) != PSH_OK)
        (*dst)->item_id = 0;
    if (line->is_sealed) psh__outcome_seal(*dst);
    return PSH_OK;
}

static psh_status run_item(const psh__pipeline *line, size_t i_item, psh_homology *homology, stopwatch *watch,
                           psh__outcome **dst, psh_error *err) {
    psh_error fault = {0};
    start_item(watch);
    psh_status status = compute_item(line, i_item, homology, watch, dst, &fault);
    if (line->skips_faults && may_be_skipped(status)) status = make_fault(line, i_item, status, &fault, dst, &fault);
    end_step(watch, STEP_PACK);
    end_item(watch);
    if (status != PSH_OK) *err = fault;
    return status;
}

/* --- in order ----------------------------------------------------------------------------------------------------- */

static void note_failure(work *job, size_t i_item, psh_status status, const psh_error *fault) {
    if (i_item >= job->first_failed) return;
    STORE(job->first_failed, i_item);
    job->status = status;
    job->fault = *fault;
}

/* One set is of one kind: an item of another kind than those before it fails. */
static psh_status check_kind(psh__pipeline *line, size_t i_item, psh__outcome **outcome, psh_error *err) {
    psh_item_kind kind = (psh_item_kind)(*outcome)->kind;
    psh__outcome *other = NULL;
    psh_error fault;
    if ((*outcome)->status != PSH_OK || kind == line->kind) return PSH_OK;
    if (line->kind == PSH_ITEM_AUTO) return line->kind = kind, PSH_OK;
    psh__error(&fault, PSH_ERR_DATA,
               "%s: is of kind %s, those before it are of kind %s; one set is made of one kind: give them apart",
               psh_input_name(line->input, i_item), psh_item_kind_name(kind), psh_item_kind_name(line->kind));
    if (!line->skips_faults) {
        if (err) *err = fault;
        return PSH_ERR_DATA;
    }
    PSH_TRY(make_fault(line, i_item, PSH_ERR_DATA, &fault, &other, err));
    psh__free(*outcome);
    *outcome = other;
    return PSH_OK;
}

/* Hands over the outcomes that are next in order. */
static void hand_over(work *job) {
    while (job->n_taken < job->n_items && job->n_taken < job->first_failed) {
        psh__outcome **outcome = &job->ring[job->n_taken % RING_ITEMS];
        psh_error fault = {0};
        if (!*outcome) return;
        size_t n_bytes = psh__outcome_bytes(*outcome);
        psh_status status = check_kind(job->line, job->n_taken, outcome, &fault);
        if (status == PSH_OK) status = job->line->take(job->line->user, job->n_taken, *outcome, &fault);
        STORE(job->waiting_bytes, job->waiting_bytes - n_bytes);
        psh__free(*outcome);
        *outcome = NULL;
        if (status != PSH_OK) {
            note_failure(job, job->n_taken, status, &fault);
            return;
        }
        STORE(job->n_taken, job->n_taken + 1);
    }
}

static void hand_in(work *job, size_t i_item, psh__outcome *outcome, psh_status status, const psh_error *fault) {
    omp_set_lock(&job->lock);
    if (status == PSH_OK) {
        job->ring[i_item % RING_ITEMS] = outcome;
        STORE(job->waiting_bytes, job->waiting_bytes + psh__outcome_bytes(outcome));
        hand_over(job);
    } else {
        note_failure(job, i_item, status, fault);
    }
    omp_unset_lock(&job->lock);
    psh__ticker_add(&job->ticker, 1);
}

/* --- threads ------------------------------------------------------------------------------------------------------ */

static bool is_wanted(const work *job, size_t i_item) {
    return i_item < job->n_items && i_item < LOAD(job->first_failed) && !psh__ticker_stopped(&job->ticker);
}

/* The next item's number once there is room for its outcome; false if there is nothing more to do. */
static bool take_item(work *job, size_t *i_item) {
    *i_item = __atomic_fetch_add(&job->next_item, 1, __ATOMIC_RELAXED);
    while (is_wanted(job, *i_item)) {
        size_t n_taken = LOAD(job->n_taken);
        bool is_oldest = *i_item == n_taken;
        if (is_oldest || (*i_item - n_taken < RING_ITEMS && LOAD(job->waiting_bytes) <= MAX_WAITING_BYTES)) return true;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NANOSECONDS}, NULL);
    }
    return false;
}

static void run_items(work *job, psh_homology *homology) {
    size_t i_item;
    stopwatch watch = {0};
    psh__pipeline *line = job->line;
    while (take_item(job, &i_item)) {
        psh__outcome *outcome = NULL;
        psh_error fault;
        psh_input_read_ahead(line->input, i_item + ITEMS_AHEAD * (size_t)job->n_threads);
        psh_status status = run_item(line, i_item, homology, &watch, &outcome, &fault);
        hand_in(job, i_item, outcome, status, &fault);
    }
    omp_set_lock(&job->lock);
    line->read_seconds += watch.seconds[STEP_READ];
    line->prepare_seconds += watch.seconds[STEP_PREPARE];
    line->homology_seconds += watch.seconds[STEP_HOMOLOGY];
    line->pack_seconds += watch.seconds[STEP_PACK];
    omp_unset_lock(&job->lock);
}

static psh_status start(work *job, const psh_progress *progress, psh_error *err) {
    size_t n_left = job->n_items - job->line->first_item;
    int n_threads = psh_cpu_threads(job->line->n_threads);
    if ((size_t)n_threads > n_left) n_threads = n_left ? (int)n_left : 1;
    psh__ticker_start(&job->ticker, progress, "diagrams", job->n_items);
    job->ticker.n_done = job->line->first_item;
    job->ring = psh__calloc(RING_ITEMS, sizeof *job->ring);
    job->homologies = psh__calloc((size_t)n_threads, sizeof *job->homologies);
    if (!job->ring || !job->homologies) return psh__error_memory(err, "diagrams", RING_ITEMS * sizeof *job->ring);
    for (; job->n_threads < n_threads; job->n_threads++)
        PSH_TRY(psh_homology_create(&job->homologies[job->n_threads], err));
    return PSH_OK;
}

static void finish(work *job) {
    for (size_t i = 0; job->ring && i < RING_ITEMS; i++) psh__free(job->ring[i]);
    psh__free(job->ring);
    for (int i = 0; i < job->n_threads; i++) psh_homology_free(job->homologies[i]);
    psh__free(job->homologies);
    omp_destroy_lock(&job->lock);
}

psh_status psh__pipeline_run(psh__pipeline *pipeline, const psh_progress *progress, psh_error *err) {
    psh_status status;
    work job = {.line = pipeline, .n_items = psh_input_count(pipeline->input), .first_failed = SIZE_MAX};
    assert(pipeline->take && pipeline->first_item <= job.n_items);
    job.next_item = job.n_taken = pipeline->first_item;
    omp_init_lock(&job.lock);
    PSH_TRY_GOTO(start(&job, progress, err));
#pragma omp parallel num_threads(job.n_threads)
    run_items(&job, job.homologies[omp_get_thread_num()]);
    PSH_TRY_GOTO(psh__ticker_status(&job.ticker, err));
    status = job.status;
    if (status != PSH_OK && err) *err = job.fault;
done:
    finish(&job);
    return status;
}
