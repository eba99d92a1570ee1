/* gather.c : the parts of a report brought together: do they fit, what are the items called, which belong together.
 *
 * Every part is optional. Names and labels are taken from the codes, else the diagrams, else the images: the later the
 * part, the nearer it is to what the page shows. */
#include "report/gather.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/random.h"

/* --- Groups ------------------------------------------------------------------------------------------------------- */

typedef struct valued_row {
    int64_t value;
    uint32_t row;
} valued_row;

static int by_value_then_row(const void *a, const void *b) {
    const valued_row *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

typedef struct run {
    size_t first, n_rows; /* among the sorted */
} run;

static int by_size_then_value(const void *a, const void *b) {
    const run *x = a, *y = b;
    if (x->n_rows != y->n_rows) return x->n_rows > y->n_rows ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

psh_status psh__groups_create(const int64_t *values, size_t n_items, psh__groups *dst, psh_error *err) {
    psh_status status = PSH_OK;
    size_t n_groups = 0;
    valued_row *sorted = psh__malloc(n_items, sizeof *sorted);
    run *runs = psh__malloc(n_items, sizeof *runs);
    *dst = (psh__groups){0};
    if (!sorted || !runs) {
        status = psh__error_memory(err, "grouping the items", n_items * (sizeof *sorted + sizeof *runs));
        goto done;
    }
    for (size_t i = 0; i < n_items; i++) sorted[i] = (valued_row){values[i], (uint32_t)i};
    qsort(sorted, n_items, sizeof *sorted, by_value_then_row);
    for (size_t i = 0; i < n_items; i++) {
        if (i == 0 || sorted[i].value != sorted[i - 1].value) runs[n_groups++] = (run){i, 0};
        runs[n_groups - 1].n_rows++;
    }
    qsort(runs, n_groups, sizeof *runs, by_size_then_value);

    dst->values = psh__malloc(n_groups, sizeof *dst->values);
    dst->first = psh__malloc(n_groups + 1, sizeof *dst->first);
    dst->of = psh__malloc(n_items, sizeof *dst->of);
    dst->members = psh__malloc(n_items, sizeof *dst->members);
    if (!dst->values || !dst->first || !dst->of || !dst->members) {
        status = psh__error_memory(err, "grouping the items", n_items * 24);
        goto done;
    }
    dst->n_groups = n_groups;
    size_t n_members = 0;
    for (size_t g = 0; g < n_groups; g++) {
        dst->values[g] = sorted[runs[g].first].value;
        dst->first[g] = n_members;
        for (size_t i = 0; i < runs[g].n_rows; i++) {
            uint32_t row = sorted[runs[g].first + i].row;
            dst->of[row] = (uint32_t)g;
            dst->members[n_members++] = row;
        }
    }
    dst->first[n_groups] = n_members;
done:
    psh__free(sorted);
    psh__free(runs);
    if (status != PSH_OK) psh__groups_free(dst);
    return status;
}

void psh__groups_free(psh__groups *groups) {
    psh__free(groups->values);
    psh__free(groups->of);
    psh__free(groups->first);
    psh__free(groups->members);
    *groups = (psh__groups){0};
}

/* --- Do the parts fit? -------------------------------------------------------------------------------------------- */

static psh_status count_items(const psh_report_params *params, size_t *n_items, psh_error *err) {
    const struct {
        const char *name;
        bool is_given;
        size_t count;
    } parts[] = {
        {"codes", params->codes != NULL, params->codes ? psh_codes_count(params->codes) : 0},
        {"diagrams", params->diagrams != NULL, params->diagrams ? psh_diagrams_count(params->diagrams) : 0},
        {"cluster labels", params->clusters != NULL, params->clusters ? psh_clusters_n_items(params->clusters) : 0},
        {"images", params->input != NULL, params->input ? psh_input_count(params->input) : 0},
    };
    const size_t n_parts = sizeof parts / sizeof *parts;
    size_t i_first = n_parts;
    for (size_t i = 0; i < n_parts; i++) {
        if (!parts[i].is_given) continue;
        if (i_first == n_parts) i_first = i;
        if (parts[i].count != parts[i_first].count)
            return psh__error(err, PSH_ERR_SHAPE,
                              "the report's parts do not fit together: %zu %s, but %zu %s; give parts made from the "
                              "same items",
                              parts[i_first].count, parts[i_first].name, parts[i].count, parts[i].name);
    }
    *n_items = 0;
    if (i_first == n_parts && params->n_logs > 0 && !params->exact) return PSH_OK;
    if (i_first == n_parts)
        return psh__error(err, PSH_ERR_EMPTY, "nothing to report; give codes, diagrams, clusters, images or logs");
    if (parts[i_first].count == 0)
        return psh__error(err, PSH_ERR_EMPTY, "0 %s; a report needs at least 1 item", parts[i_first].name);
    if (parts[i_first].count > UINT32_MAX)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "%zu %s; a report can hold at most %u items", parts[i_first].count,
                          parts[i_first].name, UINT32_MAX);
    *n_items = parts[i_first].count;
    return PSH_OK;
}

static psh_status check_exact(const psh_report_params *params, size_t n_items, psh_error *err) {
    if (!params->exact) return PSH_OK;
    size_t n_sample = psh_distances_n_items(params->exact);
    if (n_sample > n_items)
        return psh__error(err, PSH_ERR_SHAPE,
                          "exact distances of %zu items, but the report has %zu; give distances of some of its items",
                          n_sample, n_items);
    for (size_t i = 0; params->exact_rows && i < n_sample; i++)
        if (params->exact_rows[i] >= n_items)
            return psh__error(err, PSH_ERR_SHAPE,
                              "exact distance number %zu is of row %zu, but the report has rows 0 to %zu", i,
                              params->exact_rows[i], n_items - 1);
    return PSH_OK;
}

size_t psh__exact_row(const psh__gathered *gathered, size_t i_sample) {
    return gathered->params.exact_rows ? gathered->params.exact_rows[i_sample] : i_sample;
}

/* --- Names and labels --------------------------------------------------------------------------------------------- */

const char *psh__item_name(const psh__gathered *gathered, size_t i_item) {
    const psh_report_params *p = &gathered->params;
    const char *name = p->codes ? psh_codes_name(p->codes, i_item) : "";
    if (!*name && p->diagrams) name = psh_diagrams_name(p->diagrams, i_item);
    if (!*name && p->input) name = psh_input_name(p->input, i_item);
    return name;
}

const char *psh__class_name(const psh__gathered *gathered, int64_t value) {
    const psh_report_params *p = &gathered->params;
    if (value < 0) return NULL;
    size_t i_class = (size_t)value;
    if (p->codes && i_class < psh_codes_n_classes(p->codes)) return psh_codes_label_name(p->codes, i_class);
    if (p->diagrams && i_class < psh_diagrams_n_classes(p->diagrams))
        return psh_diagrams_label_name(p->diagrams, i_class);
    if (p->input && i_class < psh_input_n_classes(p->input)) return psh_input_label_name(p->input, i_class);
    return NULL;
}

static psh_status group_labels(psh__gathered *gathered, psh_error *err) {
    const psh_report_params *p = &gathered->params;
    const int64_t *labels = p->codes ? psh_codes_labels(p->codes) : NULL;
    if (!labels && p->diagrams && psh_diagrams_has_labels(p->diagrams)) labels = psh_diagrams_labels(p->diagrams);
    if (labels) return psh__groups_create(labels, gathered->n_items, &gathered->labels, err);
    if (!p->input || psh_input_n_classes(p->input) == 0) return PSH_OK;

    int64_t *of_input = psh__malloc(gathered->n_items, sizeof *of_input);
    if (!of_input) return psh__error_memory(err, "the images' labels", gathered->n_items * sizeof *of_input);
    for (size_t i = 0; i < gathered->n_items; i++) of_input[i] = psh_input_label(p->input, i);
    psh_status status = psh__groups_create(of_input, gathered->n_items, &gathered->labels, err);
    psh__free(of_input);
    return status;
}

static psh_status read_logs(psh__gathered *gathered, psh_error *err) {
    const psh_report_params *p = &gathered->params;
    if (p->n_logs == 0) return PSH_OK;
    gathered->logs = psh__calloc(p->n_logs, sizeof *gathered->logs);
    if (!gathered->logs) return psh__error_memory(err, "logs", p->n_logs * sizeof *gathered->logs);
    for (size_t i = 0; i < p->n_logs; i++) PSH_TRY(psh__training_log_read(p->logs[i], &gathered->logs[i], err));
    return PSH_OK;
}

psh_status psh__gather(const psh_report_params *params, psh__gathered *dst, psh_error *err) {
    *dst = (psh__gathered){0};
    psh__params_copy(&dst->params, sizeof dst->params, params);
    PSH_TRY(count_items(&dst->params, &dst->n_items, err));
    PSH_TRY(read_logs(dst, err));
    PSH_TRY(check_exact(&dst->params, dst->n_items, err));
    PSH_TRY(group_labels(dst, err));
    if (!dst->params.clusters) return PSH_OK;
    return psh__groups_create(psh_clusters_labels(dst->params.clusters), dst->n_items, &dst->clusters, err);
}

void psh__gathered_free(psh__gathered *gathered) {
    for (size_t i = 0; gathered->logs && i < gathered->params.n_logs; i++) psh__training_log_free(&gathered->logs[i]);
    psh__free(gathered->logs);
    psh__groups_free(&gathered->clusters);
    psh__groups_free(&gathered->labels);
}

/* --- Which items the page keeps ----------------------------------------------------------------------------------- */

psh_status psh__chosen_create(size_t n_items, psh__chosen *dst, psh_error *err) {
    *dst = (psh__chosen){.rows = psh__malloc(n_items, sizeof *dst->rows), .is_in = psh__calloc(n_items, 1)};
    if (dst->rows && dst->is_in) return PSH_OK;
    psh__chosen_free(dst);
    return psh__error_memory(err, "the choice of items", n_items * 5);
}

void psh__chosen_free(psh__chosen *chosen) {
    psh__free(chosen->rows);
    psh__free(chosen->is_in);
    *chosen = (psh__chosen){0};
}

void psh__chosen_add(psh__chosen *chosen, size_t row) {
    if (chosen->is_in[row]) return;
    chosen->is_in[row] = 1;
    chosen->rows[chosen->n_rows++] = (uint32_t)row;
}

/* Rounds over groups that still have members: a group leaves the round when it is empty, so the cost is O(N). */
psh_status psh__chosen_add_spread(const psh__gathered *gathered, psh__chosen *chosen, psh_error *err) {
    const size_t n_items = gathered->n_items;
    const psh__groups *groups = gathered->clusters.n_groups ? &gathered->clusters : &gathered->labels;
    const size_t n_groups = groups->n_groups ? groups->n_groups : 1;
    psh_status status = PSH_OK;
    psh__random rng;
    uint32_t *members = psh__malloc(n_items, sizeof *members), *active = psh__malloc(n_groups, sizeof *active);
    if (!members || !active) {
        status = psh__error_memory(err, "the choice of items", n_items * 4 + n_groups * 4);
        goto done;
    }
    for (size_t i = 0; i < n_items; i++) members[i] = groups->n_groups ? groups->members[i] : (uint32_t)i;
    for (size_t g = 0; g < n_groups; g++) {
        size_t begin = groups->n_groups ? groups->first[g] : 0, end = groups->n_groups ? groups->first[g + 1] : n_items;
        psh__random_init(&rng, gathered->params.seed, g);
        psh__random_shuffle(&rng, members + begin, end - begin);
        active[g] = (uint32_t)g;
    }
    size_t n_active = n_groups;
    for (size_t round = 0; n_active > 0; round++) {
        size_t n_left = 0;
        for (size_t a = 0; a < n_active; a++) {
            size_t g = active[a];
            size_t begin = groups->n_groups ? groups->first[g] : 0;
            size_t n_members = groups->n_groups ? psh__groups_size(groups, g) : n_items;
            psh__chosen_add(chosen, members[begin + round]);
            if (round + 1 < n_members) active[n_left++] = active[a];
        }
        n_active = n_left;
    }
    assert(chosen->n_rows == n_items);
done:
    psh__free(members);
    psh__free(active);
    return status;
}
