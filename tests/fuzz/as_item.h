/* as_item.h : the fuzzer's bytes as a file of one format: every item that the reader gives is whole, and none that it
 * refuses leaves anything behind. */
#ifndef PSH_FUZZ_AS_ITEM_H
#define PSH_FUZZ_AS_ITEM_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "input/readers.h"
#include "input/shape.h"

static inline void fuzz_require(int holds) {
    if (!holds) abort();
}

static inline void fuzz_check_item(const psh_item *item) {
    fuzz_require((item->kind == PSH_ITEM_IMAGE) == (item->image != NULL));
    fuzz_require((item->kind == PSH_ITEM_CLOUD) == (item->cloud != NULL));
    fuzz_require((item->kind == PSH_ITEM_MATRIX) == (item->matrix != NULL));
    fuzz_require((item->kind == PSH_ITEM_MESH) == (item->mesh != NULL));
    if (item->image) fuzz_require(item->image->n_pixels > 0);
    if (item->cloud)
        for (size_t i = 0; i < item->cloud->n_points * item->cloud->n_axes; i++)
            fuzz_require(isfinite(item->cloud->points[i]));
    if (item->mesh)
        for (size_t i = 0; i < 3 * item->mesh->n_triangles; i++)
            fuzz_require(item->mesh->triangles[i] < item->mesh->n_vertices);
    if (item->matrix)
        for (size_t e = 0; e < item->matrix->n_edges; e++)
            fuzz_require(item->matrix->edges[e].i > item->matrix->edges[e].j &&
                         item->matrix->edges[e].i < item->matrix->n_points);
}

/* Reads a few items of a file of these bytes as the parameters say. open and close may be NULL. */
static inline void fuzz_items(psh__open *open, psh__read_item *read, psh__close *close, const psh_input_params *params,
                              const uint8_t *data, size_t n_bytes) {
    uint8_t *copy = psh__malloc(n_bytes, 1);
    fuzz_require(copy != NULL);
    if (n_bytes) memcpy(copy, data, n_bytes);
    psh__loaded file = {
        .content = {.inflated = copy, .data = copy, .n_bytes = n_bytes}, .params = params, .n_items = 1};
    psh_error err;
    if (!open || open(&file, &err) == PSH_OK) {
        fuzz_require(file.n_items > 0);
        for (size_t i = 0; i < file.n_items && i < 8; i++) {
            psh_item item = {0};
            if (read(&file, file.n_items - 1 - i, &item, &err) == PSH_OK) {
                fuzz_check_item(&item);
                psh_item_free(&item);
            } else {
                fuzz_require(!item.image && !item.cloud && !item.matrix && !item.mesh);
            }
        }
        if (close) close(&file);
    }
    psh__free(file.labels);
    psh__content_free(&file.content);
}

#endif
