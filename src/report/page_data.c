/* page_data.c : the JSON object of the page.
 *
 * The page speaks of *items* 0..n-1: the kept rows in rising order (all of them up to MOST_ITEMS). Members; those whose
 * part was not given are absent:
 *   tool, title, date, commands, files[]
 *   n_rows            N, of which the page keeps n_items; rows[n_items] if these differ
 *   names             {prefix, of[n_items]}
 *   map               {x[n_items], y[n_items], source: "codes"|"exact"|"given", explained}
 *   clusters, labels  {values[g], names[g]?, sizes[g], of[n_items]}, largest group first
 *   examples          {of: "clusters"|"labels", groups[{items[], distances[], mean_distance}]}
 *   scores            {n_rows, fms, ari, ami}: clusters against labels
 *   elbow             {wcss[k_max], k}
 *   codes             {n_bits, n_bytes, n_distinct, bytes: base64 (n_items, n_bytes)?}
 *   pictures          {items[]?, png: base64, cell[2], n_columns, sides[]?, least_shape[2], greatest_shape[2], ...}
 *   diagrams          {n_points_all, lo, hi, n_most, n_beyond, n_runs, runs, births, deaths; see points.h}
 *   values            {n_points[n_items], persistence[n_items]}
 *   logs              [{name, n_epochs, epoch[], similarity[], ...}]; see training_log.h
 *   agreement         see agreement.c; and too_far[], too_near[]: {items[2], code, exact}
 *   meta              {diagrams, codes, clusters, exact}: metadata as recorded in the files
 * pictures.items is left out when it would list all items. "base64": see psh__json_bytes(). */
#include "report/page_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "persihash/score.h"
#include "report/agreement.h"
#include "report/examples.h"
#include "report/pictures.h"
#include "report/points.h"

#define MOST_ITEMS 50000
#define MOST_CODE_BYTES 1000000 /* of all kept codes together: above, no neighbours are offered */

/* What is worked out before anything is written. */
typedef struct page_plan {
    const psh__gathered *gathered;
    psh__example_group examples[PSH__EXAMPLES_MAX_GROUPS];
    size_t n_example_groups;
    psh__agreement agreement;
    psh__chosen chosen; /* all rows, the most wanted first */
    uint32_t *rows;     /* (n_items) kept rows, rising */
    uint32_t *item_of;  /* (N) item of a kept row */
    size_t n_items;
    uint32_t *pictured;      /* (n_pictured) rows with a picture, rising */
    size_t n_pictured, side; /* side: the greatest of a thumbnail */
    bool has_agreement;
} page_plan;

static int by_row(const void *a, const void *b) {
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static const psh__groups *example_groups(const psh__gathered *gathered) {
    return gathered->clusters.n_groups ? &gathered->clusters : &gathered->labels;
}

/* The rows that the page must have come first: examples, then the worst pairs; then all others, spread. */
static psh_status choose_rows(page_plan *page, psh_error *err) {
    const psh__gathered *gathered = page->gathered;
    const size_t n_rows = gathered->n_items;
    PSH_TRY(psh__chosen_create(n_rows, &page->chosen, err));
    for (size_t g = 0; g < page->n_example_groups; g++)
        for (size_t e = 0; e < page->examples[g].n_examples; e++)
            psh__chosen_add(&page->chosen, page->examples[g].rows[e]);
    for (int side = 0; side < 2; side++) {
        for (size_t e = 0; e < page->agreement.n_too_far; e++)
            psh__chosen_add(&page->chosen, page->agreement.too_far[e].rows[side]);
        for (size_t e = 0; e < page->agreement.n_too_near; e++)
            psh__chosen_add(&page->chosen, page->agreement.too_near[e].rows[side]);
    }
    PSH_TRY(psh__chosen_add_spread(gathered, &page->chosen, err));

    const psh_report_params *p = &gathered->params;
    page->n_items = n_rows < MOST_ITEMS ? n_rows : MOST_ITEMS;
    if (p->input)
        PSH_TRY(psh__sprite_plan(p->input, page->n_items, p->n_thumbnails, &page->n_pictured, &page->side, err));
    page->rows = psh__malloc(page->n_items, sizeof *page->rows);
    page->pictured = psh__malloc(page->n_pictured, sizeof *page->pictured);
    page->item_of = psh__malloc(n_rows, sizeof *page->item_of);
    if (!page->rows || !page->pictured || !page->item_of)
        return psh__error_memory(err, "the items of the page", n_rows * 12);
    memcpy(page->rows, page->chosen.rows, page->n_items * sizeof *page->rows);
    memcpy(page->pictured, page->chosen.rows, page->n_pictured * sizeof *page->pictured);
    qsort(page->rows, page->n_items, sizeof *page->rows, by_row);
    qsort(page->pictured, page->n_pictured, sizeof *page->pictured, by_row);
    for (size_t i = 0; i < page->n_items; i++) page->item_of[page->rows[i]] = (uint32_t)i;
    return PSH_OK;
}

static psh_status prepare(page_plan *page, psh_error *err) {
    const psh__gathered *gathered = page->gathered;
    if (gathered->n_items == 0) return PSH_OK;
    PSH_TRY(psh__examples_choose(example_groups(gathered), gathered->params.codes, page->examples,
                                 &page->n_example_groups, err));
    if (gathered->params.codes && gathered->params.exact) {
        PSH_TRY(psh__agreement_compute(gathered, &page->agreement, err));
        page->has_agreement = true;
    }
    return choose_rows(page, err);
}

static void page_free(page_plan *page) {
    psh__agreement_free(&page->agreement);
    psh__chosen_free(&page->chosen);
    psh__free(page->rows);
    psh__free(page->item_of);
    psh__free(page->pictured);
}

/* --- Small members ------------------------------------------------------------------------------------------------ */

static void open_object(psh__text *json, const char *key) {
    psh__json_key(json, key);
    psh__text_puts(json, "{");
}

static void open_array(psh__text *json, const char *key) {
    psh__json_key(json, key);
    psh__text_puts(json, "[");
}

static void next_integer(psh__text *json, int64_t value) {
    psh__json_next(json);
    psh__json_integer(json, value);
}

static void next_number(psh__text *json, double value, int digits) {
    psh__json_next(json);
    psh__json_number(json, value, digits);
}

/* "items", unless it would list all. */
static void write_items(const page_plan *page, const uint32_t *rows, size_t n_rows, psh__text *json) {
    if (n_rows == page->n_items) return;
    open_array(json, "items");
    for (size_t i = 0; i < n_rows; i++) next_integer(json, page->item_of[rows[i]]);
    psh__text_puts(json, "]");
}

static void write_head(const page_plan *page, psh__text *json) {
    const psh_report_params *p = &page->gathered->params;
    psh__json_set_string(json, "tool", "persihash " PSH_VERSION_STRING);
    psh__json_set_string(json, "title", p->title ? p->title : "persihash");
    if (p->date) psh__json_set_string(json, "date", p->date);
    if (p->commands) psh__json_set_string(json, "commands", p->commands);
    if (p->files && p->n_files) {
        open_array(json, "files");
        for (size_t i = 0; i < p->n_files; i++) {
            psh__json_next(json);
            psh__json_string(json, p->files[i]);
        }
        psh__text_puts(json, "]");
    }
    psh__json_set_integer(json, "n_rows", (int64_t)page->gathered->n_items);
    psh__json_set_integer(json, "n_items", (int64_t)page->n_items);
    if (page->n_items == page->gathered->n_items) return;
    open_array(json, "rows");
    for (size_t i = 0; i < page->n_items; i++) next_integer(json, page->rows[i]);
    psh__text_puts(json, "]");
}

/* Folders that all names have in common are written once. */
static psh_status write_names(const page_plan *page, psh__text *json, psh_error *err) {
    if (page->n_items == 0) return PSH_OK;
    const char *first = psh__item_name(page->gathered, page->rows[0]);
    size_t n_common = strlen(first);
    bool any = false;
    for (size_t i = 0; i < page->n_items; i++) {
        const char *name = psh__item_name(page->gathered, page->rows[i]);
        size_t n_same = 0;
        while (n_same < n_common && name[n_same] == first[n_same]) n_same++;
        n_common = n_same;
        if (*name) any = true;
    }
    if (!any) return PSH_OK;
    while (n_common > 0 && first[n_common - 1] != '/') n_common--;
    char *prefix = psh__strdup(first);
    if (!prefix) return psh__error_memory(err, "names", strlen(first));
    prefix[n_common] = 0;
    open_object(json, "names");
    psh__json_set_string(json, "prefix", prefix);
    open_array(json, "of");
    for (size_t i = 0; i < page->n_items; i++) {
        psh__json_next(json);
        const char *name = psh__item_name(page->gathered, page->rows[i]);
        psh__json_string(json, *name ? name + n_common : "");
    }
    psh__text_puts(json, "]}");
    psh__free(prefix);
    return PSH_OK;
}

static void write_groups(const page_plan *page, const psh__groups *groups, const char *key, bool has_names,
                         psh__text *json) {
    if (groups->n_groups == 0) return;
    open_object(json, key);
    open_array(json, "values");
    for (size_t g = 0; g < groups->n_groups; g++) next_integer(json, groups->values[g]);
    psh__text_puts(json, "]");
    open_array(json, "sizes");
    for (size_t g = 0; g < groups->n_groups; g++) next_integer(json, (int64_t)psh__groups_size(groups, g));
    psh__text_puts(json, "]");
    if (has_names) {
        open_array(json, "names");
        for (size_t g = 0; g < groups->n_groups; g++) {
            const char *name = psh__class_name(page->gathered, groups->values[g]);
            psh__json_next(json);
            if (name)
                psh__json_string(json, name);
            else
                psh__text_puts(json, "null");
        }
        psh__text_puts(json, "]");
    }
    open_array(json, "of");
    for (size_t i = 0; i < page->n_items; i++) next_integer(json, groups->of[page->rows[i]]);
    psh__text_puts(json, "]}");
}

static void write_examples(const page_plan *page, psh__text *json) {
    if (page->n_example_groups == 0) return;
    open_object(json, "examples");
    psh__json_set_string(json, "of", page->gathered->clusters.n_groups ? "clusters" : "labels");
    open_array(json, "groups");
    for (size_t g = 0; g < page->n_example_groups; g++) {
        const psh__example_group *group = &page->examples[g];
        psh__json_next(json);
        psh__text_puts(json, "{");
        open_array(json, "items");
        for (size_t e = 0; e < group->n_examples; e++) next_integer(json, page->item_of[group->rows[e]]);
        psh__text_puts(json, "]");
        open_array(json, "distances");
        for (size_t e = 0; e < group->n_examples; e++) next_integer(json, group->distances[e]);
        psh__text_puts(json, "]");
        psh__json_set_number(json, "mean_distance", group->mean_distance);
        psh__text_puts(json, "}");
    }
    psh__text_puts(json, "]}");
}

/* Clusters against labels, over the rows that have a label. */
static psh_status write_scores(const page_plan *page, psh__text *json, psh_error *err) {
    const psh__groups *clusters = &page->gathered->clusters, *labels = &page->gathered->labels;
    if (clusters->n_groups == 0 || labels->n_groups == 0) return PSH_OK;
    psh_status status = PSH_OK;
    const size_t n_rows = page->gathered->n_items;
    size_t n_labelled = 0;
    double fms, ari, ami;
    int64_t *a = psh__malloc(n_rows, sizeof *a), *b = psh__malloc(n_rows, sizeof *b);
    if (!a || !b) {
        status = psh__error_memory(err, "scores", 2 * n_rows * sizeof *a);
        goto done;
    }
    for (size_t i = 0; i < n_rows; i++) {
        if (labels->values[labels->of[i]] < 0) continue;
        a[n_labelled] = clusters->of[i];
        b[n_labelled++] = labels->of[i];
    }
    if (n_labelled < 2) goto done;
    PSH_TRY_GOTO(psh_score_fms(a, b, n_labelled, &fms, err));
    PSH_TRY_GOTO(psh_score_ari(a, b, n_labelled, &ari, err));
    PSH_TRY_GOTO(psh_score_ami(a, b, n_labelled, &ami, err));
    open_object(json, "scores");
    psh__json_set_integer(json, "n_rows", (int64_t)n_labelled);
    psh__json_set_number(json, "fms", fms);
    psh__json_set_number(json, "ari", ari);
    psh__json_set_number(json, "ami", ami);
    psh__text_puts(json, "}");
done:
    psh__free(a);
    psh__free(b);
    return status;
}

static void write_elbow(const page_plan *page, psh__text *json) {
    const psh_clusters *clusters = page->gathered->params.clusters;
    size_t k_max = 0;
    const double *wcss = clusters ? psh_clusters_wcss(clusters, &k_max) : NULL;
    if (!wcss || k_max == 0) return;
    open_object(json, "elbow");
    psh__json_set_integer(json, "k", (int64_t)page->gathered->clusters.n_groups);
    open_array(json, "wcss");
    for (size_t k = 0; k < k_max; k++) next_number(json, wcss[k], 6);
    psh__text_puts(json, "]}");
}

/* --- The map ------------------------------------------------------------------------------------------------------ */

static void write_map_object(const page_plan *page, const double *xy, const char *source, double explained,
                             psh__text *json) {
    open_object(json, "map");
    psh__json_set_string(json, "source", source);
    psh__json_set_number(json, "explained", explained);
    for (int axis = 0; axis < 2; axis++) {
        open_array(json, axis == 0 ? "x" : "y");
        for (size_t i = 0; i < page->n_items; i++) next_number(json, xy[2 * page->rows[i] + axis], 4);
        psh__text_puts(json, "]");
    }
    psh__text_puts(json, "}");
}

static psh_status check_given_map(const double *xy, size_t n_rows, psh_error *err) {
    for (size_t i = 0; i < 2 * n_rows; i++)
        if (!isfinite(xy[i]))
            return psh__error(err, PSH_ERR_NOT_FINITE, "map: row %zu, column %zu is %g; expected a finite coordinate",
                              i / 2, i % 2, xy[i]);
    return PSH_OK;
}

static psh_status write_map(const page_plan *page, psh__text *json, psh_error *err) {
    const psh_report_params *p = &page->gathered->params;
    const size_t n_rows = page->gathered->n_items;
    double explained = NAN;
    if (n_rows == 0) return PSH_OK;
    if (p->xy) {
        PSH_TRY(check_given_map(p->xy, n_rows, err));
        write_map_object(page, p->xy, "given", explained, json);
        return PSH_OK;
    }
    const bool is_exact = !p->codes && p->exact && !p->exact_rows && psh_distances_n_items(p->exact) == n_rows;
    if (!p->codes && !is_exact) return PSH_OK;
    double *xy = psh__calloc(n_rows, 2 * sizeof *xy); // (N, 2)
    psh_status status = PSH_OK;
    if (!xy) return psh__error_memory(err, "the map", n_rows * 2 * sizeof *xy);
    if (n_rows > 1 && p->codes)
        status = psh_mds_codes(psh_codes_data(p->codes), n_rows, psh_codes_n_bytes(p->codes), 2, 0, p->seed,
                               p->n_threads, xy, &explained, err);
    else if (n_rows > 1)
        status = psh_mds_distances(p->exact, 2, 0, p->seed, p->n_threads, xy, &explained, err);
    if (status == PSH_OK) write_map_object(page, xy, p->codes ? "codes" : "exact", explained, json);
    psh__free(xy);
    return status;
}

/* --- Codes, diagrams, pictures ------------------------------------------------------------------------------------ */

static psh_status write_codes(const page_plan *page, psh__text *json, psh_error *err) {
    const psh_codes *codes = page->gathered->params.codes;
    if (!codes) return PSH_OK;
    const size_t n_bytes = psh_codes_n_bytes(codes), n_all = page->n_items * n_bytes;
    size_t n_distinct;
    PSH_TRY(psh__codes_n_distinct(codes, &n_distinct, err));
    open_object(json, "codes");
    psh__json_set_integer(json, "n_bits", psh_codes_n_bits(codes));
    psh__json_set_integer(json, "n_bytes", (int64_t)n_bytes);
    psh__json_set_integer(json, "n_distinct", (int64_t)n_distinct);
    if (n_all <= MOST_CODE_BYTES) {
        uint8_t *kept = psh__malloc(n_all, 1); // (n_items, n_bytes)
        if (!kept) return psh__error_memory(err, "the codes of the page", n_all);
        for (size_t i = 0; i < page->n_items; i++)
            memcpy(kept + i * n_bytes, psh_codes_data(codes) + page->rows[i] * n_bytes, n_bytes);
        psh__json_key(json, "bytes");
        psh__json_bytes(json, kept, n_all);
        psh__free(kept);
    }
    psh__text_puts(json, "}");
    return PSH_OK;
}

static psh_status write_diagrams(const page_plan *page, psh__text *json, psh_error *err) {
    const psh_diagrams *set = page->gathered->params.diagrams;
    if (!set) return PSH_OK;
    const uint64_t *offsets = psh_diagrams_offsets(set);
    open_object(json, "diagrams");
    psh__json_set_integer(json, "n_points_all", (int64_t)psh_diagrams_n_points(set));
    PSH_TRY(psh__points_write(set, page->rows, page->n_items, json, err));
    psh__text_puts(json, "}");

    open_object(json, "values");
    open_array(json, "n_points");
    for (size_t i = 0; i < page->n_items; i++)
        next_integer(json, (int64_t)(offsets[page->rows[i] + 1] - offsets[page->rows[i]]));
    psh__text_puts(json, "]");
    open_array(json, "persistence");
    for (size_t i = 0; i < page->n_items; i++) next_number(json, psh__points_total_persistence(set, page->rows[i]), 4);
    psh__text_puts(json, "]}");
    return PSH_OK;
}

static psh_status write_pictures(const page_plan *page, psh__text *json, psh_error *err) {
    const psh_report_params *p = &page->gathered->params;
    psh__sprite sprite;
    if (!p->input) return PSH_OK;
    PSH_TRY(psh__sprite_create(p->input, page->pictured, page->n_pictured, page->side, p->n_threads, p->progress,
                               &sprite, err));
    open_object(json, "pictures");
    write_items(page, page->pictured, page->n_pictured, json);
    open_array(json, "cell");
    next_integer(json, (int64_t)sprite.cell_width);
    next_integer(json, (int64_t)sprite.cell_height);
    psh__text_puts(json, "]");
    psh__json_set_integer(json, "n_columns", (int64_t)sprite.n_columns);
    bool all_full = true;
    for (size_t i = 0; i < page->n_pictured; i++)
        if (sprite.sides[2 * i] != sprite.cell_width || sprite.sides[2 * i + 1] != sprite.cell_height) all_full = false;
    if (!all_full) {
        open_array(json, "sides");
        for (size_t i = 0; i < 2 * page->n_pictured; i++) next_integer(json, sprite.sides[i]);
        psh__text_puts(json, "]");
    }
    open_array(json, "least_shape");
    next_integer(json, (int64_t)sprite.least_shape[0]);
    next_integer(json, (int64_t)sprite.least_shape[1]);
    psh__text_puts(json, "]");
    open_array(json, "greatest_shape");
    next_integer(json, (int64_t)sprite.greatest_shape[0]);
    next_integer(json, (int64_t)sprite.greatest_shape[1]);
    psh__text_puts(json, "]");
    psh__json_key(json, "is_stretched");
    psh__text_puts(json, sprite.is_stretched ? "true" : "false");
    psh__json_key(json, "png");
    psh__text_puts(json, "\"");
    psh__text_base64(json, sprite.png, sprite.n_bytes);
    psh__text_puts(json, "\"}");
    psh__sprite_free(&sprite);
    return PSH_OK;
}

/* --- Agreement, logs and metadata --------------------------------------------------------------------------------- */

static void write_extremes(const page_plan *page, const char *key, const psh__extreme *extremes, size_t n_extremes,
                           psh__text *json) {
    open_array(json, key);
    for (size_t e = 0; e < n_extremes; e++) {
        psh__json_next(json);
        psh__text_puts(json, "{");
        open_array(json, "items");
        next_integer(json, page->item_of[extremes[e].rows[0]]);
        next_integer(json, page->item_of[extremes[e].rows[1]]);
        psh__text_puts(json, "]");
        psh__json_set_integer(json, "code", extremes[e].code_distance);
        psh__json_set_number(json, "exact", extremes[e].exact_distance);
        psh__text_puts(json, "}");
    }
    psh__text_puts(json, "]");
}

static psh_status write_agreement(const page_plan *page, psh__text *json, psh_error *err) {
    if (!page->has_agreement) return PSH_OK;
    const psh__agreement *agreement = &page->agreement;
    open_object(json, "agreement");
    PSH_TRY(psh__agreement_write(agreement, json, err));
    write_extremes(page, "too_far", agreement->too_far, agreement->n_too_far, json);
    write_extremes(page, "too_near", agreement->too_near, agreement->n_too_near, json);
    psh__text_puts(json, "}");
    return PSH_OK;
}

static const char *own_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Called by their names, without folders, unless two have the same. */
static void write_logs(const page_plan *page, psh__text *json) {
    const psh_report_params *p = &page->gathered->params;
    if (p->n_logs == 0) return;
    bool is_short = true;
    for (size_t i = 0; i < p->n_logs; i++)
        for (size_t j = 0; j < i; j++) is_short = is_short && strcmp(own_name(p->logs[i]), own_name(p->logs[j])) != 0;
    open_array(json, "logs");
    for (size_t i = 0; i < p->n_logs; i++) {
        psh__json_next(json);
        psh__training_log_write(&page->gathered->logs[i], is_short ? own_name(p->logs[i]) : p->logs[i], json);
    }
    psh__text_puts(json, "]");
}

static psh_status write_meta(psh__text *json, const char *key, const psh_meta *meta, psh_error *err) {
    if (!meta) return PSH_OK;
    char *text = psh_meta_write_text(meta, 0);
    if (!text) return psh__error_memory(err, "metadata", 0);
    psh__json_key(json, key);
    psh__json_raw(json, text);
    psh_text_free(text);
    return PSH_OK;
}

static psh_status write_all_meta(const page_plan *page, psh__text *json, psh_error *err) {
    const psh_report_params *p = &page->gathered->params;
    open_object(json, "meta");
    PSH_TRY(write_meta(json, "diagrams", p->diagrams ? psh_diagrams_meta_const(p->diagrams) : NULL, err));
    PSH_TRY(write_meta(json, "codes", p->codes ? psh_codes_meta_const(p->codes) : NULL, err));
    PSH_TRY(write_meta(json, "clusters", p->clusters ? psh_clusters_meta_const(p->clusters) : NULL, err));
    PSH_TRY(write_meta(json, "exact", p->exact ? psh_distances_meta_const(p->exact) : NULL, err));
    psh__text_puts(json, "}");
    return PSH_OK;
}

psh_status psh__page_data_write(const psh__gathered *gathered, psh__text *json, psh_error *err) {
    psh_status status;
    page_plan page = {.gathered = gathered};
    PSH_TRY_GOTO(prepare(&page, err));
    psh__text_puts(json, "{");
    write_head(&page, json);
    PSH_TRY_GOTO(write_names(&page, json, err));
    PSH_TRY_GOTO(write_map(&page, json, err));
    write_groups(&page, &gathered->clusters, "clusters", false, json);
    write_groups(&page, &gathered->labels, "labels", true, json);
    write_examples(&page, json);
    PSH_TRY_GOTO(write_scores(&page, json, err));
    write_elbow(&page, json);
    PSH_TRY_GOTO(write_codes(&page, json, err));
    PSH_TRY_GOTO(write_diagrams(&page, json, err));
    PSH_TRY_GOTO(write_pictures(&page, json, err));
    PSH_TRY_GOTO(write_agreement(&page, json, err));
    write_logs(&page, json);
    PSH_TRY_GOTO(write_all_meta(&page, json, err));
    psh__text_puts(json, "}");
    status = psh__text_status(json, err);
done:
    page_free(&page);
    return status;
}
