/* join.c : several sets as one.
 *
 * Classes with names are matched by name. If all sets have the same list of names it stays as it is; else the names of
 * all are put in byte order, each once, and labels are renumbered. Numbers without names cannot be matched with names:
 * that is refused. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "diagram/set.h"

/* --- classes ------------------------------------------------------------------------------------------------------ */

/* The names of all classes; pointers into the sets. */
typedef struct classes {
    const char **names; // (n_names)
    size_t n_names;
    bool are_sorted; /* else they are those of the first set that has any, and labels stay */
} classes;

static int compare_names(const void *a, const void *b) {
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

static bool have_same_names(const psh_diagrams *a, const psh_diagrams *b) {
    bool are_same = a->n_classes == b->n_classes;
    for (size_t i = 0; are_same && i < a->n_classes; i++) are_same = !strcmp(a->label_names[i], b->label_names[i]);
    return are_same;
}

static psh_status check_labels(const psh_diagrams *const *sets, size_t n_sets, psh_error *err) {
    size_t i_named = n_sets, i_bare = n_sets;
    for (size_t i = 0; i < n_sets; i++) {
        if (sets[i]->n_classes) i_named = i;
        if (sets[i]->n_labelled && !sets[i]->n_classes) i_bare = i;
    }
    if (i_named == n_sets || i_bare == n_sets) return PSH_OK;
    return psh__error(
        err, PSH_ERR_DATA,
        "the classes of set %zu have names, those of set %zu are numbers alone; expected names in both or "
        "in neither",
        i_named, i_bare);
}

static psh_status collect(const psh_diagrams *const *sets, size_t n_sets, classes *dst, psh_error *err) {
    const psh_diagrams *first = NULL;
    size_t n_all = 0;
    for (size_t i = 0; i < n_sets; i++) {
        if (!sets[i]->n_classes) continue;
        n_all += sets[i]->n_classes;
        if (!first) first = sets[i];
        dst->are_sorted = dst->are_sorted || !have_same_names(first, sets[i]);
    }
    dst->names = psh__malloc(n_all, sizeof *dst->names);
    if (!dst->names) return psh__error_memory(err, "label names", n_all * sizeof *dst->names);
    for (size_t i = 0; i < n_sets; i++) {
        if (!dst->are_sorted && sets[i] != first) continue;
        for (size_t j = 0; j < sets[i]->n_classes; j++) dst->names[dst->n_names++] = sets[i]->label_names[j];
        if (!dst->are_sorted) return PSH_OK; /* the first set may be there twice */
    }
    qsort(dst->names, dst->n_names, sizeof *dst->names, compare_names);
    size_t n_distinct = 0;
    for (size_t i = 0; i < dst->n_names; i++)
        if (i == 0 || strcmp(dst->names[i], dst->names[n_distinct - 1]) != 0) dst->names[n_distinct++] = dst->names[i];
    dst->n_names = n_distinct;
    return PSH_OK;
}

static int64_t new_label(const classes *all, const psh_diagrams *set, int64_t label) {
    if (label < 0 || !all->are_sorted || !set->n_classes) return label;
    const char *const *found =
        bsearch(&set->label_names[label], all->names, all->n_names, sizeof *all->names, compare_names);
    assert(found);
    return found - all->names;
}

/* --- metadata ----------------------------------------------------------------------------------------------------- */

/* "joined": [...] of the distinct objects that are not empty. */
static psh_status join_metadata(const psh_diagrams *const *sets, size_t n_sets, psh_meta *dst, psh_error *err) {
    psh_status status = PSH_ERR_MEMORY;
    char **texts = psh__calloc(n_sets, sizeof *texts), *list = NULL;
    size_t n_texts = 0, n_chars = 3;
    for (size_t i = 0; texts && i < n_sets; i++) {
        char *text = texts[n_texts] = psh_meta_write_text(sets[i]->meta, 0);
        if (!text) goto done;
        bool is_new = strcmp(text, "{}") != 0;
        for (size_t j = 0; is_new && j < n_texts; j++) is_new = strcmp(text, texts[j]) != 0;
        if (is_new)
            n_chars += strlen(text) + 1, n_texts++;
        else
            psh_text_free(text), texts[n_texts] = NULL;
    }
    list = texts ? psh__malloc(n_chars, 1) : NULL;
    if (!list) goto done;
    char *at = list;
    for (size_t i = 0; i < n_texts; i++) {
        size_t n = strlen(texts[i]);
        *at++ = i ? ',' : '[';
        memcpy(at, texts[i], n), at += n;
    }
    memcpy(at, "]", 2);
    status = n_texts ? psh_meta_set_json(dst, "joined", list) : PSH_OK;
done:
    for (size_t i = 0; texts && i < n_texts; i++) psh_text_free(texts[i]);
    psh__free(texts);
    psh__free(list);
    return status == PSH_OK ? PSH_OK : psh__error_memory(err, "metadata", n_chars);
}

/* --- joining ------------------------------------------------------------------------------------------------------ */

/* name : for diagrams without one; NULL: none. */
static psh_status append_set(const psh_diagrams *src, const char *name, const classes *all, psh_diagrams *dst,
                             psh_error *err) {
    psh_status status = PSH_OK;
    size_t room = (name ? strlen(name) : 0) + 24; /* and [number] */
    char *numbered = psh__malloc(room, 1);
    if (!numbered) return psh__error_memory(err, "a name", room);
    for (size_t i = 0; i < src->n_diagrams; i++) {
        size_t begin = src->offsets[i], n_points = src->offsets[i + 1] - begin;
        const char *given = psh_diagrams_name(src, i);
        snprintf(numbered, room, src->n_diagrams > 1 ? "%s[%zu]" : "%s", name ? name : "", i);
        PSH_TRY_GOTO(psh_diagrams_append(dst, src->points + 2 * begin, src->dims + begin, n_points,
                                         *given || !name ? given : numbered, new_label(all, src, src->labels[i]), err));
    }
done:
    psh__free(numbered);
    return status;
}

psh_status psh_diagrams_join(const psh_diagrams *const *sets, const char *const *names, size_t n_sets,
                             psh_diagrams **dst, psh_error *err) {
    assert((sets || n_sets == 0) && dst);
    psh_status status = PSH_OK;
    psh_diagrams *set = NULL;
    classes all = {0};
    PSH_TRY_GOTO(check_labels(sets, n_sets, err));
    PSH_TRY_GOTO(collect(sets, n_sets, &all, err));
    PSH_TRY_GOTO(psh_diagrams_create(&set, err));
    for (size_t i = 0; i < n_sets; i++) PSH_TRY_GOTO(append_set(sets[i], names ? names[i] : NULL, &all, set, err));
    PSH_TRY_GOTO(psh_diagrams_set_label_names(set, all.names, all.n_names, err));
    PSH_TRY_GOTO(join_metadata(sets, n_sets, set->meta, err));
done:
    psh__free(all.names);
    if (status == PSH_OK)
        *dst = set;
    else
        psh_diagrams_free(set);
    return status;
}
