/* select.c : parts of a set: some diagrams, some homology dimensions; and random rows.
 *
 * Random rows are drawn by selection sampling (Fan, Muller, Rezucha 1962; Knuth's Algorithm S): row i is taken with
 * probability (rows still wanted) / (rows still to see). Every subset is equally likely, the rows come out rising, and
 * no memory is needed. Cost: O(n_items). */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "diagram/set.h"

static bool takes_dim(uint32_t dims_mask, int32_t dim) {
    return dims_mask == 0 || (dim < 32 && (dims_mask >> dim & 1));
}

static psh_status copy_diagram(const psh_diagrams *src, size_t i_diagram, uint32_t dims_mask, bool pool,
                               psh_diagrams *dst, psh_error *err) {
    size_t n_open = 0;
    const char *name = psh_diagrams_name(src, i_diagram);
    for (size_t i = src->offsets[i_diagram]; i < src->offsets[i_diagram + 1]; i++)
        if (takes_dim(dims_mask, src->dims[i]))
            PSH_TRY(psh__set_add_point(dst, &n_open, src->points[2 * i], src->points[2 * i + 1],
                                       pool ? 0 : src->dims[i], err));
    return psh__set_end_diagram(dst, n_open, name, strlen(name), src->labels[i_diagram], err);
}

psh_status psh_diagrams_select(const psh_diagrams *src, const size_t *rows, size_t n_rows, uint32_t dims_mask,
                               bool pool, psh_diagrams **dst, psh_error *err) {
    assert(src && dst);
    psh_status status = PSH_OK;
    psh_diagrams *set = NULL;
    psh_meta *meta = NULL;
    if (!rows) n_rows = src->n_diagrams;

    PSH_TRY_GOTO(psh_diagrams_create(&set, err));
    PSH_TRY_GOTO(psh_meta_copy(src->meta, &meta, err));
    psh_meta_free(set->meta);
    set->meta = meta;
    PSH_TRY_GOTO(psh__record_dims(set->meta, dims_mask, err));
    if (pool && psh_meta_set_bool(set->meta, "pool", true) != PSH_OK) {
        status = psh__error_memory(err, "metadata", 64);
        goto done;
    }
    for (size_t i = 0; i < n_rows; i++) {
        size_t i_diagram = rows ? rows[i] : i;
        assert(i_diagram < src->n_diagrams);
        PSH_TRY_GOTO(copy_diagram(src, i_diagram, dims_mask, pool, set, err));
    }
    PSH_TRY_GOTO(psh_diagrams_set_label_names(set, (const char *const *)src->label_names, src->n_classes, err));
done:
    if (status == PSH_OK)
        *dst = set;
    else
        psh_diagrams_free(set);
    return status;
}

psh_status psh_rows_sample(size_t n_items, size_t n_rows, uint64_t seed, size_t *rows, psh_error *err) {
    assert(n_rows <= n_items && (rows || n_rows == 0));
    (void)err; /* nothing can fail; the argument keeps the door open */
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t i = 0, n_taken = 0; n_taken < n_rows; i++)
        if (psh__random_below(&rng, n_items - i) < n_rows - n_taken) rows[n_taken++] = i;
    return PSH_OK;
}
