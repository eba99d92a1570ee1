/* bundle.c : .npz archives as items: one array of them, and perhaps their labels.
 *
 * The array is the one that params.field names, else `clouds`, `images`, `volumes` or `matrices`, which say what they
 * hold, else the only one of a shape that fits what the caller takes arrays for. Never the first of several: whoever
 * stored them knows which he means. `labels` (N,) of integers or text, with `label_names` (n,) if they are numbers of
 * these, become the items' classes. Sets of diagrams, codes and clusters are results, and refused as such. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "input/readers.h"
#include "input/stack.h"

typedef struct bundle {
    psh__npz *npz;
    psh__stack stack; /* may borrow from npz */
} bundle;

static const struct {
    const char *name;
    psh_item_kind kind;
    bool is_volume;
} known[] = {{"clouds", PSH_ITEM_CLOUD, false},
             {"images", PSH_ITEM_IMAGE, false},
             {"volumes", PSH_ITEM_IMAGE, true},
             {"matrices", PSH_ITEM_MATRIX, false}};
#define N_KNOWN (sizeof known / sizeof *known)

static psh_status refuse_results(const psh__npz *npz, psh_error *err) {
    if (psh__npz_has(npz, "offsets") && psh__npz_has(npz, "points"))
        return psh__error(err, PSH_ERR_FORMAT,
                          "the archive holds diagrams already; give it to encode, distance or convert");
    if (psh__npz_has(npz, "codes") || psh__npz_has(npz, "linkage"))
        return psh__error(err, PSH_ERR_FORMAT, "the archive holds %s; expected images, clouds or matrices",
                          psh__npz_has(npz, "codes") ? "codes" : "clusters");
    return PSH_OK;
}

/* --- which array -------------------------------------------------------------------------------------------------- */

typedef struct choice {
    char name[200];
    psh_item_kind kind;
    bool is_volume;
} choice;

static void choose(choice *dst, const char *name, size_t n_chars, psh_item_kind kind, bool is_volume) {
    if (n_chars >= sizeof dst->name) n_chars = sizeof dst->name - 1;
    memcpy(dst->name, name, n_chars);
    dst->name[n_chars] = 0;
    dst->kind = kind;
    dst->is_volume = is_volume;
}

static psh_status fault_several(const char *first, const char *second, psh_error *err) {
    return psh__error(err, PSH_ERR_FORMAT,
                      "the archive holds several arrays that could be meant: %s, %s; choose with --field", first,
                      second);
}

/* The one of `known` that is named, or of the kind that the caller wants. dst->name stays empty if there is none. */
static psh_status choose_known(const psh__npz *npz, const psh_input_params *params, choice *dst, psh_error *err) {
    bool is_auto = params->kind == PSH_ITEM_AUTO;
    for (size_t i = 0; i < N_KNOWN; i++) {
        const char *name = known[i].name;
        bool is_wanted = params->field ? !strcmp(params->field, name) : is_auto || params->kind == known[i].kind;
        if (!is_wanted || !psh__npz_has(npz, name)) continue;
        if (*dst->name) return fault_several(dst->name, name, err);
        choose(dst, name, strlen(name), is_auto ? known[i].kind : params->kind,
               params->is_volume || known[i].is_volume);
    }
    return PSH_OK;
}

static bool is_of_labels(const char *member) {
    static const char *const names[] = {"labels.npy", "label_names.npy", "names.npy", "meta.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(member, names[i])) return true;
    return false;
}

/* The only array that could be items. */
static psh_status choose_only(psh__npz *npz, const psh_input_params *params, choice *dst, psh_error *err) {
    const char *member;
    for (size_t i = 0; (member = psh__npz_member(npz, i)); i++) {
        choice found;
        psh__array array;
        psh_error fault;
        size_t n_chars = strlen(member);
        if (n_chars <= 4 || strcmp(member + n_chars - 4, ".npy") != 0 || is_of_labels(member)) continue;
        choose(&found, member, n_chars - 4, params->kind, params->is_volume);
        psh_status status = psh__npz_read(npz, found.name, &array, &fault);
        if (status == PSH_ERR_UNSUPPORTED) continue; /* objects, complex numbers */
        if (status != PSH_OK) return psh__error(err, status, "%s", fault.text);
        bool fits = array.kind != 'U' && array.kind != 'S' &&
                    psh__stack_has_axes(params->kind, params->is_volume, array.n_axes);
        psh__array_free(&array);
        if (fits && *dst->name) return fault_several(dst->name, found.name, err);
        if (fits) *dst = found;
    }
    if (*dst->name) return PSH_OK;
    return psh__error(err, PSH_ERR_FORMAT, "the archive holds no array that could be %s",
                      params->kind == PSH_ITEM_AUTO ? "images; is it clouds or matrices? Say --as cloud or --as matrix"
                                                    : psh__kind_text(params->kind));
}

/* --- labels ------------------------------------------------------------------------------------------------------- */

/* texts[numbers[i]] for each item, in one block. */
static psh_status name_labels(const int64_t *numbers, size_t n_items, char *const *texts, size_t n_texts, char ***dst,
                              psh_error *err) {
    size_t n_bytes = n_items * sizeof(char *);
    for (size_t i = 0; i < n_items; i++) {
        if (numbers[i] < 0 || (uint64_t)numbers[i] >= n_texts)
            return psh__error(err, PSH_ERR_DATA, "label %lld of item %zu, but there are %zu names of labels",
                              (long long)numbers[i], i, n_texts);
        n_bytes += strlen(texts[numbers[i]]) + 1;
    }
    char **labels = psh__malloc(n_bytes, 1);
    if (!labels) return psh__error_memory(err, "labels", n_bytes);
    char *at = (char *)(labels + n_items);
    for (size_t i = 0; i < n_items; i++) {
        labels[i] = at;
        at = stpcpy(at, texts[numbers[i]]) + 1;
    }
    *dst = labels;
    return PSH_OK;
}

/* Numbers without names are named by themselves. */
static psh_status print_labels(const int64_t *numbers, size_t n_items, char ***dst, psh_error *err) {
    enum { NUMBER_BYTES = 21 }; /* "-9223372036854775808" and the zero */
    size_t n_bytes = n_items * (sizeof(char *) + NUMBER_BYTES);
    char **labels = psh__malloc(n_items, sizeof(char *) + NUMBER_BYTES);
    if (!labels) return psh__error_memory(err, "labels", n_bytes);
    for (size_t i = 0; i < n_items; i++) {
        labels[i] = (char *)(labels + n_items) + i * NUMBER_BYTES;
        snprintf(labels[i], NUMBER_BYTES, "%lld", (long long)numbers[i]);
    }
    *dst = labels;
    return PSH_OK;
}

static psh_status read_numbered_labels(psh__npz *npz, const psh__array *array, char ***dst, psh_error *err) {
    psh__array names = {0};
    int64_t *numbers = NULL;
    char **texts = NULL;
    psh_status status;
    PSH_TRY_GOTO(psh__array_to_i64(array, "labels", &numbers, err));
    if (psh__npz_has(npz, "label_names")) {
        PSH_TRY_GOTO(psh__npz_read(npz, "label_names", &names, err));
        PSH_TRY_GOTO(psh__array_to_texts(&names, "label_names", &texts, err));
        status = name_labels(numbers, array->n_items, texts, names.n_items, dst, err);
    } else {
        status = print_labels(numbers, array->n_items, dst, err);
    }
done:
    psh__free(texts);
    psh__array_free(&names);
    psh__free(numbers);
    return status;
}

static psh_status read_labels(psh__npz *npz, size_t n_items, char ***dst, psh_error *err) {
    psh__array array;
    psh_status status;
    if (!psh__npz_has(npz, "labels")) return PSH_OK;
    PSH_TRY(psh__npz_read(npz, "labels", &array, err));
    if (array.n_axes != 1 || array.n_items != n_items)
        status = psh__error(err, PSH_ERR_SHAPE, "%zu labels (%zu axes) for %zu items; expected one an item",
                            array.n_items, array.n_axes, n_items);
    else if (array.kind == 'U' || array.kind == 'S')
        status = psh__array_to_texts(&array, "labels", dst, err);
    else
        status = read_numbered_labels(npz, &array, dst, err);
    psh__array_free(&array);
    return status;
}

/* --- the format --------------------------------------------------------------------------------------------------- */

/* The bytes belong to the archive from here on. */
static psh_status open_archive(psh__content *content, psh__npz **dst, psh_error *err) {
    psh__bytes bytes = content->file;
    if (content->inflated) bytes = (psh__bytes){.data = content->inflated, .n_bytes = content->n_bytes};
    *content = (psh__content){0};
    return psh__npz_open_bytes("the archive", &bytes, dst, err);
}

static void free_bundle(bundle *b) {
    if (!b) return;
    psh__stack_free(&b->stack);
    psh__npz_free(b->npz);
    psh__free(b);
}

psh_status psh__bundle_open(psh__loaded *file, psh_error *err) {
    const psh_input_params *params = file->params;
    choice chosen = {0};
    psh__array array;
    psh_status status;
    bundle *b = psh__calloc(1, sizeof *b);
    if (!b) return psh__error_memory(err, "an archive", sizeof *b);
    PSH_TRY_GOTO(open_archive(&file->content, &b->npz, err));
    PSH_TRY_GOTO(refuse_results(b->npz, err));
    PSH_TRY_GOTO(choose_known(b->npz, params, &chosen, err));
    if (!*chosen.name && params->field)
        choose(&chosen, params->field, strlen(params->field), params->kind, params->is_volume);
    else if (!*chosen.name)
        PSH_TRY_GOTO(choose_only(b->npz, params, &chosen, err));
    PSH_TRY_GOTO(psh__npz_read(b->npz, chosen.name, &array, err));
    PSH_TRY_GOTO(psh__stack_open(&array, false, chosen.kind, chosen.is_volume, &b->stack, err));
    file->n_items = b->stack.n_items;
    file->is_indexed = !b->stack.is_single;
    PSH_TRY_GOTO(read_labels(b->npz, file->n_items, &file->labels, err));
    file->state = b, b = NULL;
done:
    file->is_foreign = status == PSH_ERR_FORMAT && !*chosen.name; /* results, or nothing that could be items */
    free_bundle(b);
    return status;
}

psh_status psh__bundle_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    const bundle *b = file->state;
    return psh__stack_read(&b->stack, i_item, dst, err);
}

void psh__bundle_close(psh__loaded *file) {
    free_bundle(file->state);
    file->state = NULL;
}
