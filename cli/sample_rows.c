/* sample_rows.c : rows of a sample, from the metadata beside its distances. */
#include "sample_rows.h"

#include <stdlib.h>

psh_status sample_rows_read(const psh_distances *distances, const char *path, size_t n_items, size_t **dst,
                            psh_error *err) {
    size_t n = psh_distances_n_items(distances),
           n_rows = psh_meta_integers(psh_distances_meta_const(distances), "rows", NULL, 0);
    *dst = NULL;
    if (n_rows == 0 && n == n_items) return PSH_OK;
    if (n_rows != n)
        return cli_fail(err, PSH_ERR_SHAPE,
                        "%s: distances of %zu items, the other file has %zu; give distances of the same set, or of a "
                        "--sample with its .json beside it",
                        path, n, n_items);
    int64_t *numbers = malloc((n + 1) * sizeof *numbers);
    size_t *rows = malloc((n + 1) * sizeof *rows);
    psh_status status = numbers && rows ? PSH_OK : cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu rows", n);
    if (status == PSH_OK) psh_meta_integers(psh_distances_meta_const(distances), "rows", numbers, n);
    for (size_t i = 0; status == PSH_OK && i < n; i++) {
        if (numbers[i] < 0 || (uint64_t)numbers[i] >= n_items)
            status = cli_fail(err, PSH_ERR_SHAPE, "%s: row %lld of the sample, the other file has %zu items", path,
                              (long long)numbers[i], n_items);
        rows[i] = (size_t)numbers[i];
    }
    free(numbers);
    if (status == PSH_OK)
        *dst = rows;
    else
        free(rows);
    return status;
}
