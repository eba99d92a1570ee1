/* set.c : the set of diagrams: one flat buffer of points, with offsets.
 *
 * Every array grows by doubling, so N appended diagrams cost O(M + N) copies in all. Names lie in one text buffer:
 * ten thousand short names as ten thousand allocations would take longer than the points. append() reserves everything
 * first and writes afterwards, which is how a failure leaves the set unchanged. */
#include "diagram/set.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

/* --- making and unmaking ------------------------------------------------------------------------------------------ */

psh_status psh_diagrams_create(psh_diagrams **dst, psh_error *err) {
    assert(dst);
    psh_status status = PSH_OK;
    psh_diagrams *set = psh__calloc(1, sizeof *set);
    if (!set) return psh__error_memory(err, "a set of diagrams", sizeof *set);
    PSH_TRY_GOTO(psh_meta_create(&set->meta, err));
    PSH_TRY_GOTO(psh__set_reserve(set, 1, 1, 1, err)); /* no array is NULL, even of an empty set */
    set->offsets[0] = 0;
done:
    if (status == PSH_OK)
        *dst = set;
    else
        psh_diagrams_free(set);
    return status;
}

void psh_diagrams_free(psh_diagrams *set) {
    if (!set) return;
    psh__free(set->points);
    psh__free(set->dims);
    psh__free(set->offsets);
    psh__free(set->labels);
    psh__free(set->names);
    psh__free(set->name_text);
    psh__free(set->label_names);
    psh_meta_free(set->meta);
    psh__free(set);
}

psh_status psh__set_reserve(psh_diagrams *set, size_t n_diagrams, size_t n_points, size_t n_name_bytes,
                            psh_error *err) {
    size_t all_diagrams, all_offsets, all_points, all_coordinates, all_bytes;
    bool fits = psh__size_add(set->n_diagrams, n_diagrams, &all_diagrams) &&
                psh__size_add(all_diagrams, 1, &all_offsets) && psh__size_add(set->n_points, n_points, &all_points) &&
                psh__size_mul(all_points, 2, &all_coordinates) &&
                psh__size_add(set->n_name_bytes, n_name_bytes, &all_bytes);
    if (!fits || !PSH_GROW(&set->points, &set->points_room, all_coordinates) ||
        !PSH_GROW(&set->dims, &set->dims_room, all_points) ||
        !PSH_GROW(&set->offsets, &set->offsets_room, all_offsets) ||
        !PSH_GROW(&set->labels, &set->labels_room, all_diagrams) ||
        !PSH_GROW(&set->names, &set->names_room, all_diagrams) ||
        !PSH_GROW(&set->name_text, &set->name_text_room, all_bytes))
        return psh__error_memory(err, "diagrams",
                                 20ull * n_points + (8ull + 8 + sizeof *set->names) * n_diagrams + n_name_bytes);
    return PSH_OK;
}

psh_status psh__set_add_point(psh_diagrams *set, size_t *n_open, double birth, double death, int32_t dim,
                              psh_error *err) {
    size_t at = set->n_points + *n_open;
    if (2 * at + 2 > set->points_room || at + 1 > set->dims_room)
        PSH_TRY(psh__set_reserve(set, 0, *n_open + 1, 0, err));
    set->points[2 * at] = birth, set->points[2 * at + 1] = death;
    set->dims[at] = dim;
    ++*n_open;
    return PSH_OK;
}

psh_status psh__set_end_diagram(psh_diagrams *set, size_t n_open, const char *name, size_t n_name_chars, int64_t label,
                                psh_error *err) {
    PSH_TRY(psh__set_reserve(set, 1, n_open, n_name_chars + 1, err));
    set->names[set->n_diagrams] = set->n_name_bytes;
    if (n_name_chars) memcpy(set->name_text + set->n_name_bytes, name, n_name_chars);
    set->name_text[set->n_name_bytes + n_name_chars] = 0;
    set->n_name_bytes += n_name_chars + 1;
    set->labels[set->n_diagrams] = label;
    set->n_labelled += label != -1;
    set->n_points += n_open;
    set->offsets[++set->n_diagrams] = set->n_points;
    return PSH_OK;
}

/* --- checking ----------------------------------------------------------------------------------------------------- */

psh_status psh__point_check(double birth, double death, int32_t dim, psh_error *err) {
    if (isnan(birth) || isnan(death))
        return psh__error(err, PSH_ERR_NOT_FINITE, "%s is NaN; expected a number; remove the point",
                          isnan(birth) ? "birth" : "death");
    if (death == -INFINITY)
        return psh__error(
            err, PSH_ERR_NOT_FINITE,
            "death is -inf; expected a finite death or +inf; if this is a superlevel diagram (births above "
            "deaths), negate both columns (convert --negate)");
    if (isinf(birth))
        return psh__error(err, PSH_ERR_NOT_FINITE, "birth is %sinf; births must be finite; remove the point",
                          birth < 0 ? "-" : "");
    if (birth > death)
        return psh__error(
            err, PSH_ERR_DATA,
            "birth %.17g > death %.17g; expected birth <= death; if this is a superlevel diagram (births "
            "above deaths), negate both columns (convert --negate); if the columns are (death, birth), swap them",
            birth, death);
    if (dim < 0) return psh__error(err, PSH_ERR_DATA, "homology dimension %d; expected 0 or more", (int)dim);
    return PSH_OK;
}

psh_status psh__set_take_point(psh_diagrams *set, size_t *n_open, double birth, double death, int32_t dim,
                               psh_error *err) {
    if (set->reads_negated) birth = 0 - birth, death = isinf(death) ? INFINITY : 0 - death;
    PSH_TRY(psh__point_check(birth, death, dim, err));
    return psh__set_add_point(set, n_open, birth, death, dim, err);
}

bool psh__points_are_good(const double *points, size_t n_points) {
    int is_bad = 0;
    for (size_t i = 0; i < n_points; i++) {
        double birth = points[2 * i], death = points[2 * i + 1];
        is_bad |= !(birth <= death) | !(birth >= -DBL_MAX) | !(birth <= DBL_MAX); /* NaN fails every comparison */
    }
    return !is_bad;
}

static psh_status check_label(const psh_diagrams *set, int64_t label, psh_error *err) {
    if (label < -1)
        return psh__error(err, PSH_ERR_DATA, "label %lld; expected a class (0 or more), or -1 for none",
                          (long long)label);
    if (set->n_classes && label >= (int64_t)set->n_classes)
        return psh__error(err, PSH_ERR_DATA, "label %lld, but there are %zu label names; expected less than that",
                          (long long)label, set->n_classes);
    return PSH_OK;
}

/* --- appending ---------------------------------------------------------------------------------------------------- */

psh_status psh_diagrams_append(psh_diagrams *set, const double *points, const int32_t *dims, size_t n_points,
                               const char *name, int64_t label, psh_error *err) {
    assert(set && (points || n_points == 0));
    if (!name) name = "";
    PSH_TRY(check_label(set, label, err));
    for (size_t i = 0; i < n_points; i++) {
        psh_status status = psh__point_check(points[2 * i], points[2 * i + 1], dims ? dims[i] : 0, err);
        if (status != PSH_OK) return psh__error_prefix(err, status, "diagram %zu, point %zu", set->n_diagrams, i);
    }
    PSH_TRY(psh__set_reserve(set, 1, n_points, strlen(name) + 1, err));
    if (n_points) {
        memcpy(set->points + 2 * set->n_points, points, 2 * n_points * sizeof *points);
        if (dims)
            memcpy(set->dims + set->n_points, dims, n_points * sizeof *dims);
        else
            memset(set->dims + set->n_points, 0, n_points * sizeof *dims);
    }
    return psh__set_end_diagram(set, n_points, name, strlen(name), label, err);
}

psh_status psh_diagrams_append_intervals(psh_diagrams *set, const psh_interval *intervals, size_t n_intervals,
                                         const char *name, int64_t label, psh_error *err) {
    assert(set && (intervals || n_intervals == 0));
    size_t n_open = 0;
    if (!name) name = "";
    PSH_TRY(check_label(set, label, err));
    PSH_TRY(psh__set_reserve(set, 1, n_intervals, strlen(name) + 1, err));
    for (size_t i = 0; i < n_intervals; i++) {
        const psh_interval *interval = &intervals[i];
        psh_status status = psh__point_check(interval->birth, interval->death, interval->dim, err);
        if (status != PSH_OK) return psh__error_prefix(err, status, "diagram %zu, interval %zu", set->n_diagrams, i);
        PSH_TRY(psh__set_add_point(set, &n_open, interval->birth, interval->death, interval->dim, err));
    }
    return psh__set_end_diagram(set, n_open, name, strlen(name), label, err);
}

psh_status psh__set_adopt_label_names(psh_diagrams *set, char **names, size_t n_classes, psh_error *err) {
    if (n_classes)
        for (size_t i = 0; i < set->n_diagrams; i++)
            if (set->labels[i] >= (int64_t)n_classes)
                return psh__error(err, PSH_ERR_DATA, "diagram %zu has label %lld, but there are %zu label names", i,
                                  (long long)set->labels[i], n_classes);
    psh__free(set->label_names);
    set->label_names = names;
    set->n_classes = n_classes;
    return PSH_OK;
}

/* Texts as one block: the pointers, then the characters. */
static char **text_block(const char *const *texts, size_t n_texts) {
    size_t n_chars = 0, n_bytes;
    for (size_t i = 0; i < n_texts; i++) n_chars += strlen(texts[i]) + 1;
    if (!psh__size_mul(n_texts, sizeof(char *), &n_bytes) || !psh__size_add(n_bytes, n_chars, &n_bytes)) return NULL;
    char **block = psh__malloc(n_bytes, 1);
    if (!block) return NULL;
    char *at = (char *)(block + n_texts);
    for (size_t i = 0; i < n_texts; i++) {
        size_t n = strlen(texts[i]) + 1;
        block[i] = memcpy(at, texts[i], n);
        at += n;
    }
    return block;
}

psh_status psh_diagrams_set_label_names(psh_diagrams *set, const char *const *names, size_t n_classes, psh_error *err) {
    assert(set && (names || n_classes == 0));
    char **block = text_block(names, n_classes);
    if (!block) return psh__error_memory(err, "label names", n_classes * sizeof(char *));
    psh_status status = psh__set_adopt_label_names(set, block, n_classes, err);
    if (status != PSH_OK) psh__free(block);
    return status;
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

size_t psh_diagrams_count(const psh_diagrams *set) {
    return set->n_diagrams;
}
size_t psh_diagrams_n_points(const psh_diagrams *set) {
    return set->n_points;
}
const double *psh_diagrams_points(const psh_diagrams *set) {
    return set->points;
}
const int32_t *psh_diagrams_dims(const psh_diagrams *set) {
    return set->dims;
}
const uint64_t *psh_diagrams_offsets(const psh_diagrams *set) {
    return set->offsets;
}
bool psh_diagrams_has_labels(const psh_diagrams *set) {
    return set->n_labelled > 0;
}
const int64_t *psh_diagrams_labels(const psh_diagrams *set) {
    return set->n_diagrams ? set->labels : NULL;
}
size_t psh_diagrams_n_classes(const psh_diagrams *set) {
    return set->n_classes;
}
const char *psh_diagrams_label_name(const psh_diagrams *set, size_t i_class) {
    assert(i_class < set->n_classes);
    return set->label_names[i_class];
}
const char *psh_diagrams_name(const psh_diagrams *set, size_t i_diagram) {
    assert(i_diagram < set->n_diagrams);
    return set->name_text + set->names[i_diagram];
}
psh_meta *psh_diagrams_meta(psh_diagrams *set) {
    return set->meta;
}
const psh_meta *psh_diagrams_meta_const(const psh_diagrams *set) {
    return set->meta;
}

/* --- essential classes -------------------------------------------------------------------------------------------- */

const char *psh__essential_name(psh_essential policy) {
    return policy == PSH_ESSENTIAL_DROP ? "drop" : policy == PSH_ESSENTIAL_CLAMP ? "clamp" : "keep";
}

psh_status psh__essential_check(psh_essential policy, double value, psh_error *err) {
    if (policy != PSH_ESSENTIAL_DROP && policy != PSH_ESSENTIAL_CLAMP && policy != PSH_ESSENTIAL_KEEP)
        return psh__error(err, PSH_ERR_PARAMETER, "essential policy %d; expected drop (0), clamp (1) or keep (2)",
                          (int)policy);
    if (policy == PSH_ESSENTIAL_CLAMP && !isfinite(value))
        return psh__error(err, PSH_ERR_PARAMETER, "essential classes clamped to %g; expected a finite value", value);
    return PSH_OK;
}

static bool has_infinite_death(const psh_diagrams *set) {
    int found = 0;
    for (size_t i = 0; i < set->n_points; i++) found |= set->points[2 * i + 1] > DBL_MAX;
    return found;
}

/* The points that stay move down in place; offsets follow. */
static size_t clamp_or_drop(psh_diagrams *set, psh_essential policy, double value) {
    size_t n_kept = 0, begin = 0;
    for (size_t i = 0; i < set->n_diagrams; i++) {
        size_t end = set->offsets[i + 1];
        for (size_t j = begin; j < end; j++) {
            double birth = set->points[2 * j], death = set->points[2 * j + 1];
            if (death > DBL_MAX) {
                if (policy == PSH_ESSENTIAL_DROP || value <= birth) continue;
                death = value;
            }
            set->points[2 * n_kept] = birth, set->points[2 * n_kept + 1] = death;
            set->dims[n_kept++] = set->dims[j];
        }
        begin = end;
        set->offsets[i + 1] = n_kept;
    }
    size_t n_left_out = set->n_points - n_kept;
    set->n_points = n_kept;
    return n_left_out;
}

psh_status psh__set_apply_essential(psh_diagrams *set, psh_essential policy, double value, size_t *n_left_out,
                                    psh_error *err) {
    *n_left_out = 0;
    if (policy == PSH_ESSENTIAL_KEEP || !has_infinite_death(set)) return PSH_OK;
    *n_left_out = clamp_or_drop(set, policy, value);
    int64_t n_before = (int64_t)psh_meta_number(set->meta, "n_essential_left_out", 0);
    bool good = psh_meta_set_text(set->meta, "essential", psh__essential_name(policy)) == PSH_OK &&
                psh_meta_set_integer(set->meta, "n_essential_left_out", n_before + (int64_t)*n_left_out) == PSH_OK &&
                (policy == PSH_ESSENTIAL_DROP || psh_meta_set_number(set->meta, "essential_value", value) == PSH_OK);
    return good ? PSH_OK : psh__error_memory(err, "metadata", 64);
}

/* --- metadata ----------------------------------------------------------------------------------------------------- */

psh_status psh__record_dims(psh_meta *meta, uint32_t dims_mask, psh_error *err) {
    char list[32 * 3 + 2] = "[";
    size_t n = 1;
    if (dims_mask == 0) return PSH_OK;
    for (int dim = 0; dim < 32; dim++)
        if (dims_mask >> dim & 1) n += (size_t)snprintf(list + n, sizeof list - n, "%s%d", n > 1 ? "," : "", dim);
    snprintf(list + n, sizeof list - n, "]");
    return psh_meta_set_json(meta, "dims", list) == PSH_OK ? PSH_OK : psh__error_memory(err, "metadata", sizeof list);
}
