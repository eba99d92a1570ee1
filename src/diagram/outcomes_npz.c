/* outcomes_npz.c : a set that may be larger than the memory, from a file of outcomes to an .npz.
 *
 * One pass over the outcomes for each array: points, dims, offsets, labels, names. The members, their order and their
 * types are those of format_npz.c; tests compare the bytes. */
#include "diagram/outcomes_npz.h"

#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"

psh_status psh__outcomes_visit(const psh__outcomes *outcomes, bool of_faults,
                               psh_status (*visit)(void *user, size_t i_item, psh__outcome_reader *reader,
                                                   psh_error *err),
                               void *user, psh_error *err) {
    psh__outcome_reader reader;
    psh_status status = PSH_OK;
    PSH_TRY(psh__outcome_reader_start(&reader, outcomes->file, outcomes->file->n_bytes, err));
    for (size_t i = 0; i < outcomes->n_items; i++) {
        bool is_there;
        PSH_TRY_GOTO(psh__outcome_reader_next(&reader, &is_there, err));
        if (!is_there) {
            status = psh__error(err, PSH_ERR_CORRUPT, "%s: became shorter while in use", outcomes->file->path);
            goto done;
        }
        bool is_fault = reader.outcome.status != PSH_OK;
        if (is_fault == of_faults) PSH_TRY_GOTO(visit(user, i, &reader, err));
    }
done:
    psh__outcome_reader_free(&reader);
    return status;
}

typedef struct writer {
    const psh__outcomes *outcomes;
    psh__npz_writer *npz;
    uint64_t n_points; /* so far */
    size_t width;      /* of the longest name */
} writer;

typedef psh_status visitor(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err);

/* The next n_bytes of the outcome, into the archive. */
static psh_status copy(writer *to, psh__outcome_reader *reader, size_t n_bytes, psh_error *err) {
    while (n_bytes) {
        const uint8_t *bytes;
        size_t n;
        PSH_TRY(psh__outcome_reader_look(reader, n_bytes, &bytes, &n, err));
        if (n == 0) return psh__error(err, PSH_ERR_CORRUPT, "%s: became shorter while in use", reader->file->path);
        PSH_TRY(psh__npz_push(to->npz, bytes, n, err));
        n_bytes -= n;
    }
    return PSH_OK;
}

static psh_status push_points(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    return copy(user, reader, 2 * sizeof(double) * reader->outcome.n_points, err);
}

static psh_status push_dims(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    psh__outcome_reader_pass(reader, 2 * sizeof(double) * reader->outcome.n_points);
    return copy(user, reader, sizeof(int32_t) * reader->outcome.n_points, err);
}

static psh_status push_offset(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    writer *to = user;
    to->n_points += reader->outcome.n_points;
    return psh__npz_push(to->npz, &to->n_points, sizeof to->n_points, err);
}

static psh_status push_label(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    writer *to = user;
    int64_t label = psh_input_label(to->outcomes->input, i_item);
    return psh__npz_push(to->npz, &label, sizeof label, err);
}

static psh_status measure_name(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    writer *to = user;
    size_t n = psh__npz_text_width(psh_input_name(to->outcomes->input, i_item));
    if (n > to->width) to->width = n;
    return PSH_OK;
}

static psh_status push_name(void *user, size_t i_item, psh__outcome_reader *reader, psh_error *err) {
    writer *to = user;
    return psh__npz_push_text(to->npz, psh_input_name(to->outcomes->input, i_item), to->width, err);
}

static psh_status add(writer *to, const char *name, const char *descr, const size_t *shape, size_t n_axes,
                      visitor *push, psh_error *err) {
    PSH_TRY(psh__npz_begin(to->npz, name, descr, shape, n_axes, err));
    PSH_TRY(psh__outcomes_visit(to->outcomes, false, push, to, err));
    return psh__npz_end(to->npz, err);
}

static psh_status add_offsets(writer *to, psh_error *err) {
    size_t n_offsets = to->outcomes->n_diagrams + 1;
    PSH_TRY(psh__npz_begin(to->npz, "offsets", "<i8", &n_offsets, 1, err));
    PSH_TRY(psh__npz_push(to->npz, &to->n_points, sizeof to->n_points, err));
    PSH_TRY(psh__outcomes_visit(to->outcomes, false, push_offset, to, err));
    return psh__npz_end(to->npz, err);
}

static psh_status add_label_names(writer *to, psh_error *err) {
    size_t n_classes = psh_input_n_classes(to->outcomes->input);
    if (n_classes == 0) return PSH_OK;
    const char **names = psh__malloc(n_classes, sizeof *names);
    if (!names) return psh__error_memory(err, "label names", n_classes * sizeof *names);
    for (size_t i = 0; i < n_classes; i++) names[i] = psh_input_label_name(to->outcomes->input, i);
    psh_status status = psh__npz_add_texts(to->npz, "label_names", names, n_classes, false, err);
    psh__free(names);
    return status;
}

/* Items have names, always, and none is empty. */
static psh_status add_names(writer *to, psh_error *err) {
    to->width = 1;
    PSH_TRY(psh__outcomes_visit(to->outcomes, false, measure_name, to, err));
    PSH_TRY(psh__npz_begin_texts(to->npz, "names", &to->outcomes->n_diagrams, 1, to->width, err));
    PSH_TRY(psh__outcomes_visit(to->outcomes, false, push_name, to, err));
    return psh__npz_end(to->npz, err);
}

static psh_status add_meta(writer *to, const psh_meta *meta, psh_error *err) {
    char *text = psh_meta_write_text(meta, 0);
    if (!text) return psh__error_memory(err, "metadata", 0);
    psh_status status = psh__npz_add_texts(to->npz, "meta", (const char *const[]){text}, 1, true, err);
    psh_text_free(text);
    return status;
}

psh_status psh__outcomes_write_npz(const psh__outcomes *outcomes, const psh_meta *meta, const char *path,
                                   psh_error *err) {
    writer to = {.outcomes = outcomes};
    const size_t n = outcomes->n_diagrams, m = outcomes->n_points;
    psh_status status;
    PSH_TRY(psh__npz_create(path, false, &to.npz, err));
    PSH_TRY_GOTO(add(&to, "points", "<f8", (size_t[]){m, 2}, 2, push_points, err));
    PSH_TRY_GOTO(add(&to, "dims", "<i4", &m, 1, push_dims, err));
    PSH_TRY_GOTO(add_offsets(&to, err));
    if (outcomes->n_labelled) PSH_TRY_GOTO(add(&to, "labels", "<i8", &n, 1, push_label, err));
    PSH_TRY_GOTO(add_label_names(&to, err));
    PSH_TRY_GOTO(add_names(&to, err));
    PSH_TRY_GOTO(add_meta(&to, meta, err));
    return psh__npz_commit(to.npz, err);
done:
    psh__npz_abort(to.npz);
    return status;
}
