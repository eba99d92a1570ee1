/* clusters_file.c : clusterings as .npz (docs/formats/clusters.md).
 *
 * What the arrays say is checked against each other before it is believed: labels are numbered as psh_cluster_cut()
 * does, the linkage is a tree over as many items. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "cluster/clusters.h"

/* One array of the archive, and how error texts call it. */
typedef struct member {
    psh__array array;
    char what[512]; /* "c.npz: labels" */
} member;

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static psh_status read_member(psh__npz *npz, const char *path, const char *name, member *dst, psh_error *err) {
    snprintf(dst->what, sizeof dst->what, "%.400s: %.64s", path, name);
    return psh__npz_read(npz, name, &dst->array, err);
}

static psh_status read_labels(psh__npz *npz, const char *path, int64_t **labels, size_t *n_items, psh_error *err) {
    member m = {0};
    PSH_TRY(read_member(npz, path, "labels", &m, err));
    psh_status status = PSH_OK;
    if (m.array.n_axes != 1)
        status = psh__error(err, PSH_ERR_SHAPE, "%s has %zu axes; expected (N,)", m.what, m.array.n_axes);
    else
        status = psh__array_to_i64(&m.array, m.what, labels, err);
    *n_items = m.array.n_items;
    psh__array_free(&m.array);
    return status;
}

/* An array that may be absent: *dst stays NULL then. */
static psh_status read_doubles(psh__npz *npz, const char *path, const char *name, size_t n_axes, double **dst,
                               size_t shape[2], psh_error *err) {
    member m = {0};
    if (!psh__npz_has(npz, name)) return PSH_OK;
    PSH_TRY(read_member(npz, path, name, &m, err));
    psh_status status = PSH_OK;
    if (m.array.n_axes != n_axes)
        status = psh__error(err, PSH_ERR_SHAPE, "%s has %zu axes; expected %zu", m.what, m.array.n_axes, n_axes);
    else
        status = psh__array_to_f64(&m.array, m.what, dst, err);
    for (size_t i = 0; i < 2; i++) shape[i] = i < m.array.n_axes ? m.array.shape[i] : 1;
    psh__array_free(&m.array);
    return status;
}

static psh_status read_numbers(psh__npz *npz, const char *path, psh_clusters **dst, psh_error *err) {
    int64_t *labels = NULL;
    double *linkage = NULL, *wcss = NULL;
    size_t n_items, linkage_shape[2] = {0}, wcss_shape[2] = {0};
    psh_status status;
    PSH_TRY_GOTO(read_labels(npz, path, &labels, &n_items, err));
    PSH_TRY_GOTO(read_doubles(npz, path, "linkage", 2, &linkage, linkage_shape, err));
    PSH_TRY_GOTO(read_doubles(npz, path, "wcss", 1, &wcss, wcss_shape, err));
    if (linkage && (linkage_shape[0] + 1 != n_items || linkage_shape[1] != 4)) {
        status = psh__error(err, PSH_ERR_SHAPE, "%s: linkage has shape (%zu, %zu), but %zu labels need (%zu, 4)", path,
                            linkage_shape[0], linkage_shape[1], n_items, n_items ? n_items - 1 : 0);
        goto done;
    }
    status = psh_clusters_create(labels, n_items, linkage, wcss, wcss_shape[0], dst, err);
    if (status != PSH_OK) psh__error_prefix(err, status, "%s", path);
done:
    psh__free(labels);
    psh__free(linkage);
    psh__free(wcss);
    return status;
}

static psh_status read_names(psh__npz *npz, const char *path, psh_clusters *clusters, psh_error *err) {
    member m = {0};
    if (!psh__npz_has(npz, "names")) return PSH_OK;
    PSH_TRY(read_member(npz, path, "names", &m, err));
    psh_status status;
    if (m.array.n_axes != 1 || m.array.n_items != clusters->n_items)
        status = psh__error(err, PSH_ERR_SHAPE, "%s has %zu axes and %zu items; expected 1 axis and %zu items", m.what,
                            m.array.n_axes, m.array.n_items, clusters->n_items);
    else
        status = psh__array_to_texts(&m.array, m.what, &clusters->names, err);
    psh__array_free(&m.array);
    return status;
}

static psh_status read_meta(psh__npz *npz, const char *path, psh_clusters *clusters, psh_error *err) {
    member m = {0};
    char **json = NULL;
    psh_meta *meta;
    if (!psh__npz_has(npz, "meta")) return PSH_OK;
    PSH_TRY(read_member(npz, path, "meta", &m, err));
    psh_status status;
    if (m.array.n_axes != 0) {
        status = psh__error(err, PSH_ERR_SHAPE, "%s has %zu axes; expected none", m.what, m.array.n_axes);
        goto done;
    }
    PSH_TRY_GOTO(psh__array_to_texts(&m.array, m.what, &json, err));
    status = psh_meta_read_text(json[0], &meta, err);
    if (status != PSH_OK) {
        psh__error_prefix(err, status, "%s", m.what);
        goto done;
    }
    psh_meta_free(clusters->meta);
    clusters->meta = meta;
done:
    psh__free(json);
    psh__array_free(&m.array);
    return status;
}

psh_status psh_clusters_read(const char *path, psh_clusters **dst, psh_error *err) {
    assert(path && dst);
    psh__npz *npz;
    psh_clusters *clusters = NULL;
    PSH_TRY(psh__npz_open(path, &npz, err));
    psh_status status;
    PSH_TRY_GOTO(read_numbers(npz, path, &clusters, err));
    PSH_TRY_GOTO(read_names(npz, path, clusters, err));
    PSH_TRY_GOTO(read_meta(npz, path, clusters, err));
    *dst = clusters;
    clusters = NULL;
done:
    psh_clusters_free(clusters);
    psh__npz_free(npz);
    return status;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static psh_status add_arrays(const psh_clusters *c, psh__npz_writer *npz, const char *json, psh_error *err) {
    const size_t linkage_shape[2] = {c->n_items - 1, 4};
    PSH_TRY(psh__npz_add(npz, "labels", "<i8", &c->n_items, 1, c->labels, c->n_items * sizeof *c->labels, err));
    if (c->linkage)
        PSH_TRY(psh__npz_add(npz, "linkage", "<f8", linkage_shape, 2, c->linkage,
                             4 * (c->n_items - 1) * sizeof *c->linkage, err));
    if (c->wcss) PSH_TRY(psh__npz_add(npz, "wcss", "<f8", &c->k_max, 1, c->wcss, c->k_max * sizeof *c->wcss, err));
    if (c->names) PSH_TRY(psh__npz_add_texts(npz, "names", (const char *const *)c->names, c->n_items, false, err));
    return psh__npz_add_texts(npz, "meta", &json, 1, true, err);
}

psh_status psh_clusters_write(const psh_clusters *clusters, const char *path, psh_error *err) {
    assert(clusters && path);
    psh__npz_writer *npz;
    char *json = psh_meta_write_text(clusters->meta, 0);
    if (!json) return psh__error_memory(err, "metadata", 0);
    psh_status status = psh__npz_create(path, true, &npz, err);
    if (status == PSH_OK) {
        status = add_arrays(clusters, npz, json, err);
        if (status == PSH_OK)
            status = psh__npz_commit(npz, err);
        else
            psh__npz_abort(npz);
    }
    psh_text_free(json);
    return status;
}
