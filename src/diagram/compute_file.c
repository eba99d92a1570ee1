/* compute_file.c : a list of items through homology into one file, in bounded memory, and on again after a kill.
 *
 *     items --pipeline.c--> outcomes --> file of unfinished work --outcomes_npz.c--> set.npz
 *
 * An archive of arrays must know how many points there are before it holds the first, so outcomes go to a file first,
 * which costs the disk twice but memory nothing. That file is what an interrupted run leaves: a record an item, in
 * order, each with its item's identity and a checksum (docs/formats/diagrams.md has the bytes). Whoever continues reads
 * as far as the records are good and goes on with the item after. So a bad file that stopped the work may be removed or
 * repaired, and more files may follow: only items that are done must still be what they were. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/params.h"
#include "diagram/compute.h"
#include "diagram/format.h"
#include "diagram/outcomes_npz.h"
#include "diagram/set.h"

#define BUFFER_BYTES ((size_t)1 << 18)
#define SECONDS_TO_LOSE 1.0 /* at most so much work waits in the buffer of a file that is to be continued */
#define MAX_SKIPPED_IN_META 100

static const char magic[] = "psh-dgm1";

typedef struct job {
    psh__pipeline line;
    psh_compute_params how;
    const psh_meta *meta;
    const char *path;
    psh__partial *file;
    psh__outcomes done;
    uint8_t *buffer; // (BUFFER_BYTES), outcomes on their way to the file
    size_t n_buffered;
    double last_flush;
    psh_compute_stats stats;
} job;

/* --- outcomes in ------------------------------------------------------------------------------------------------- */

static psh_status write_out(job *of, const void *bytes, size_t n_bytes, psh_error *err) {
    double start = psh__cpu_seconds();
    psh_status status = psh__partial_append(of->file, bytes, n_bytes, err);
    of->stats.write_seconds += psh__cpu_seconds() - start;
    return status;
}

static psh_status flush(job *of, psh_error *err) {
    size_t n_bytes = of->n_buffered;
    of->n_buffered = 0;
    of->last_flush = psh__wall_seconds();
    return write_out(of, of->buffer, n_bytes, err);
}

static void count(job *of, size_t i_item, const psh__outcome *outcome) {
    psh__outcomes *done = &of->done;
    done->n_items = i_item + 1;
    done->n_skipped += outcome->status != PSH_OK;
    done->n_left_out += outcome->n_left_out;
    done->n_points += outcome->n_points;
    if (outcome->status != PSH_OK) return;
    done->n_diagrams++;
    done->n_labelled += psh_input_label(done->input, i_item) != -1;
}

static psh_status take(void *user, size_t i_item, const psh__outcome *outcome, psh_error *err) {
    job *of = user;
    size_t n_bytes = psh__outcome_bytes(outcome);
    if (of->n_buffered + n_bytes > BUFFER_BYTES) PSH_TRY(flush(of, err));
    if (n_bytes > BUFFER_BYTES) {
        PSH_TRY(write_out(of, outcome, n_bytes, err));
    } else {
        memcpy(of->buffer + of->n_buffered, outcome, n_bytes);
        of->n_buffered += n_bytes;
    }
    count(of, i_item, outcome);
    if (of->how.is_resumable && psh__wall_seconds() - of->last_flush > SECONDS_TO_LOSE) PSH_TRY(flush(of, err));
    return PSH_OK;
}

/* --- going on ---------------------------------------------------------------------------------------------------- */

/* Whatever a byte of a diagram depends on, but for the item: another version of the library may compute other bits. Not
 * the limit of memory: it may be raised for the item at which it stopped the work. */
static psh__identity identify(const job *of) {
    psh_homology_params params;
    psh__params_copy(&params, sizeof params, of->line.params);
    const psh_input_params *input = psh_input_options(of->line.input);
    const char *field = input->field ? input->field : "";
    const double numbers[] = {params.essential_value, params.min_persistence, params.threshold, input->smooth_sigma,
                              input->scale_factor};
    const uint64_t words[] = {(uint64_t)params.construction,
                              (uint64_t)params.filtration,
                              (uint64_t)params.essential,
                              params.dims_mask,
                              (uint64_t)params.complex,
                              params.is_periodic,
                              (uint64_t)params.metric,
                              (uint64_t)input->kind,
                              input->is_volume,
                              input->n_samples,
                              input->sample_seed};
    uint64_t hash = psh__hash(PSH__HASH_START, PSH_VERSION_STRING, sizeof PSH_VERSION_STRING);
    hash = psh__hash(psh__hash(hash, numbers, sizeof numbers), words, sizeof words);
    return (psh__identity){.options = psh__hash(hash, field, strlen(field))};
}

static psh_status check_item(const job *of, size_t i_item, const psh__outcome *outcome, psh_error *err) {
    uint64_t item_id = 0;
    if (i_item < psh_input_count(of->line.input)) PSH_TRY(psh_input_identify(of->line.input, i_item, &item_id, err));
    if (item_id == 0 || (outcome->item_id != item_id && outcome->item_id != 0))
        return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                          "%s: unfinished work on other items: number %zu is now %s, of another name, size or time of "
                          "change. Give the same files, or remove it",
                          of->file->path, i_item, item_id ? psh_input_name(of->line.input, i_item) : "missing");
    if (outcome->status != PSH_OK && of->how.on_error == PSH_ON_ERROR_STOP)
        return psh__error(err, PSH_ERR_MODEL_MISMATCH,
                          "%s: unfinished work that skipped %s; continue it with --on-error skip, or remove it",
                          of->file->path, psh_input_name(of->line.input, i_item));
    return PSH_OK;
}

/* Counts what is there as done, as far as it is good. */
static psh_status resume(job *of, psh_error *err) {
    psh__outcome_reader reader;
    psh_status status;
    PSH_TRY(psh__outcome_reader_start(&reader, of->file, SIZE_MAX, err));
    for (size_t i_item = 0;; i_item++) {
        bool is_good;
        PSH_TRY_GOTO(psh__outcome_reader_next(&reader, &is_good, err));
        if (is_good) PSH_TRY_GOTO(psh__outcome_reader_check(&reader, &is_good, err));
        if (!is_good) break;
        PSH_TRY_GOTO(check_item(of, i_item, &reader.outcome, err));
        if (reader.outcome.status == PSH_OK) of->line.kind = (psh_item_kind)reader.outcome.kind;
        count(of, i_item, &reader.outcome);
        of->file->n_bytes = reader.next;
    }
    of->line.first_item = of->stats.n_resumed = of->done.n_items;
done:
    psh__outcome_reader_free(&reader);
    return status;
}

static psh_status open_file(job *of, psh_error *err) {
    if (!of->how.is_resumable) return psh__partial_open_nameless(of->path, &of->file, err);
    char *path = psh__path_with(of->path, ".partial");
    if (!path) return psh__error_memory(err, "a path", strlen(of->path));
    psh_status status = psh__partial_open(path, magic, identify(of), "items", &of->file, err);
    psh__free(path);
    PSH_TRY(status);
    status = resume(of, err);
    if (status == PSH_OK) return PSH_OK;
    psh__partial_close(of->file, false); /* as it was */
    of->file = NULL;
    return status;
}

/* --- the result -------------------------------------------------------------------------------------------------- */

/* A text of the file, whole. */
static psh_status load_text(psh__outcome_reader *reader, psh__outcome **dst, psh_error *err) {
    PSH_TRY(psh__outcome_reader_load(reader, dst, err));
    char *text = psh__outcome_text(*dst);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' '; /* one line each */
    return PSH_OK;
}

typedef struct list {
    const psh_input *input;
    char *json; // "[{...},{...}", growing
    size_t n_chars, room, n_items;
    psh__file file;
} list;

static psh_status add_to_json(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    list *skipped = user;
    psh_meta *entry = NULL;
    psh__outcome *outcome = NULL;
    char *text = NULL;
    psh_status status;
    if (skipped->n_items++ >= MAX_SKIPPED_IN_META) return PSH_OK;
    PSH_TRY_GOTO(load_text(reader, &outcome, err));
    PSH_TRY_GOTO(psh_meta_create(&entry, err));
    bool good = psh_meta_set_text(entry, "name", psh_input_name(skipped->input, i_item)) == PSH_OK &&
                psh_meta_set_text(entry, "reason", psh__outcome_text(outcome)) == PSH_OK;
    text = good ? psh_meta_write_text(entry, 0) : NULL;
    size_t n = text ? strlen(text) : 0;
    if (!text || !PSH_GROW(&skipped->json, &skipped->room, skipped->n_chars + n + 3)) {
        status = psh__error_memory(err, "the list of skipped items", n);
        goto done;
    }
    skipped->json[skipped->n_chars] = skipped->n_chars ? ',' : '[';
    memcpy(skipped->json + skipped->n_chars + 1, text, n);
    skipped->n_chars += n + 1;
done:
    psh_text_free(text);
    psh__free(outcome);
    psh_meta_free(entry);
    return status;
}

static psh_status record_skipped(const job *of, psh_meta *meta, psh_error *err) {
    list skipped = {.input = of->line.input};
    if (of->how.on_error != PSH_ON_ERROR_SKIP) return PSH_OK;
    if (psh_meta_set_integer(meta, "n_skipped", (int64_t)of->done.n_skipped) != PSH_OK)
        return psh__error_memory(err, "metadata", 64);
    if (of->done.n_skipped == 0) return PSH_OK;
    psh_status status = psh__outcomes_visit(&of->done, true, add_to_json, &skipped, err);
    if (status == PSH_OK) {
        memcpy(skipped.json + skipped.n_chars, "]", 2);
        status = psh_meta_set_json(meta, "skipped", skipped.json);
        if (status != PSH_OK) psh__error_memory(err, "metadata", skipped.n_chars);
    }
    psh__free(skipped.json);
    return status;
}

static psh_status add_line(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    list *skipped = user;
    psh__outcome *outcome = NULL;
    PSH_TRY(load_text(reader, &outcome, err));
    const char *name = psh_input_name(skipped->input, i_item), *text = psh__outcome_text(outcome);
    psh_status status = psh__file_write(&skipped->file, name, strlen(name), err);
    if (status == PSH_OK) status = psh__file_write(&skipped->file, "\t", 1, err);
    if (status == PSH_OK) status = psh__file_write(&skipped->file, text, strlen(text), err);
    if (status == PSH_OK) status = psh__file_write(&skipped->file, "\n", 1, err);
    psh__free(outcome);
    return status;
}

/* "<path>.skipped.txt"; without skipped items one of an earlier run goes, since it is not true any more. */
static psh_status write_skipped(const job *of, psh_error *err) {
    list skipped = {.input = of->line.input};
    psh_status status = PSH_OK;
    if (!strcmp(of->path, "-")) return PSH_OK;
    char *path = psh__path_with(of->path, ".skipped.txt");
    if (!path) return psh__error_memory(err, "a path", strlen(of->path));
    if (of->done.n_skipped == 0) {
        unlink(path);
    } else {
        status = psh__file_create(path, &skipped.file, err);
        if (status == PSH_OK) status = psh__outcomes_visit(&of->done, true, add_line, &skipped, err);
        if (status == PSH_OK)
            status = psh__file_commit(&skipped.file, err);
        else
            psh__file_abort(&skipped.file);
    }
    psh__free(path);
    return status;
}

typedef struct loader {
    const psh_input *input;
    psh_diagrams *set;
} loader;

static psh_status append(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    loader *to = user;
    psh__outcome *outcome = NULL;
    PSH_TRY(psh__outcome_reader_load(reader, &outcome, err));
    psh_status status =
        psh_diagrams_append(to->set, psh__outcome_points(outcome), psh__outcome_dims(outcome), outcome->n_points,
                            psh_input_name(to->input, i_item), psh_input_label(to->input, i_item), err);
    psh__free(outcome);
    return status;
}

/* Formats other than .npz are written from memory. `meta` is taken over. */
static psh_status write_from_memory(job *of, psh_meta **meta, psh_error *err) {
    loader to = {.input = of->line.input};
    psh_status status;
    PSH_TRY(psh_diagrams_create(&to.set, err));
    psh_meta_free(to.set->meta);
    to.set->meta = *meta, *meta = NULL;
    PSH_TRY_GOTO(psh__outcomes_visit(&of->done, false, append, &to, err));
    PSH_TRY_GOTO(psh__compute_label_names(of->line.input, to.set, err));
    PSH_TRY_GOTO(psh_diagrams_write(to.set, of->path, of->how.format, of->stats.lost, sizeof of->stats.lost, err));
done:
    psh_diagrams_free(to.set);
    return status;
}

static psh_status first_reason(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    const job *of = user;
    psh__outcome *outcome = NULL;
    PSH_TRY(load_text(reader, &outcome, err));
    psh__error(err, PSH_ERR_EMPTY, "not one of %zu items could be used; the first, %s: %s", of->done.n_items,
               psh_input_name(of->line.input, i_item), psh__outcome_text(outcome));
    psh__free(outcome);
    return PSH_ERR_EMPTY; /* ends the visit */
}

static psh_status write_set(job *of, psh_error *err) {
    psh_meta *meta = NULL;
    psh_status status;
    PSH_TRY_GOTO(psh_meta_copy(of->meta, &meta, err));
    PSH_TRY_GOTO(psh__compute_record(&of->line, of->done.n_left_out, meta, err));
    PSH_TRY_GOTO(record_skipped(of, meta, err));
    if (of->how.format == PSH_DIAGRAM_NPZ)
        status = psh__outcomes_write_npz(&of->done, meta, of->path, err);
    else
        status = write_from_memory(of, &meta, err);
done:
    psh_meta_free(meta);
    return status;
}

static psh_status write_result(job *of, psh_error *err) {
    PSH_TRY(flush(of, err));
    if (of->done.n_diagrams == 0) return psh__outcomes_visit(&of->done, true, first_reason, of, err);
    double start = psh__cpu_seconds();
    PSH_TRY(write_set(of, err));
    PSH_TRY(write_skipped(of, err));
    of->stats.write_seconds += psh__cpu_seconds() - start;
    return PSH_OK;
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static psh_status start(job *of, psh_error *err) {
    bool is_stdout = !strcmp(of->path, "-");
    psh_compute_params *how = &of->how;
    if (how->on_error != PSH_ON_ERROR_STOP && how->on_error != PSH_ON_ERROR_SKIP)
        return psh__error(err, PSH_ERR_PARAMETER, "on_error is %d; use PSH_ON_ERROR_STOP (0) or _SKIP (1)",
                          (int)how->on_error);
    if (how->is_resumable && is_stdout)
        return psh__error(err, PSH_ERR_PARAMETER, "standard output cannot be resumed; give a file");
    PSH_TRY(psh__diagrams_format_for_writing(of->path, psh_input_count(of->line.input), &how->format, err));
    if (!how->is_resumable && !is_stdout) PSH_TRY(psh__partial_refuse(of->path, err));
    of->buffer = psh__malloc(BUFFER_BYTES, 1);
    if (!of->buffer) return psh__error_memory(err, "a buffer", BUFFER_BYTES);
    of->line.n_threads = how->n_threads;
    of->line.skips_faults = how->on_error == PSH_ON_ERROR_SKIP;
    of->line.is_sealed = how->is_resumable;
    of->line.take = take, of->line.user = of;
    of->last_flush = psh__wall_seconds();
    PSH_TRY(open_file(of, err));
    of->done.file = of->file;
    return PSH_OK;
}

/* What is done stays if it may be continued. */
static psh_status finish(job *of, psh_status status, psh_error *err) {
    psh_error unused;
    if (of->file && status != PSH_OK && of->n_buffered && flush(of, &unused) != PSH_OK) of->n_buffered = 0;
    bool is_kept = of->how.is_resumable && status != PSH_OK && of->file && of->file->n_bytes > PSH__PARTIAL_HEAD_BYTES;
    if (is_kept && status == PSH_ERR_INTERRUPTED)
        psh__error(err, status,
                   "stopped by the caller; %zu of %zu items are kept in %s.partial: the same again goes on",
                   of->done.n_items, psh_input_count(of->line.input), of->path);
    psh__partial_close(of->file, of->how.is_resumable && !is_kept);
    psh__free(of->buffer);
    return status;
}

static void tell(job *of, psh_compute_stats *dst) {
    psh_compute_stats *stats = &of->stats;
    stats->n_diagrams = of->done.n_diagrams, stats->n_points = of->done.n_points;
    stats->n_essential = of->done.n_left_out, stats->n_skipped = of->done.n_skipped;
    stats->kind = of->line.kind;
    psh_homology_check(of->line.kind, of->line.params, &stats->complex, NULL);
    stats->read_seconds = of->line.read_seconds, stats->prepare_seconds = of->line.prepare_seconds;
    stats->homology_seconds = of->line.homology_seconds;
    stats->write_seconds += of->line.pack_seconds;
    *dst = *stats;
}

psh_status psh_diagrams_compute_file(const psh_input *input, const psh_homology_params *params,
                                     const psh_compute_params *how, const psh_meta *meta, const char *path,
                                     const psh_progress *progress, psh_compute_stats *stats, psh_error *err) {
    assert(input && path);
    psh_status status;
    job of = {.line = {.input = input, .params = params}, .done = {.input = input}, .meta = meta, .path = path};
    psh__params_copy(&of.how, sizeof of.how, how);
    PSH_TRY_GOTO(start(&of, err));
    PSH_TRY_GOTO(psh__pipeline_run(&of.line, progress, err));
    PSH_TRY_GOTO(write_result(&of, err));
    if (stats) tell(&of, stats);
done:
    return finish(&of, status, err);
}
