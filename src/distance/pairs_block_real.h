/* pairs_block_real.h : blocks of distances for one type of number. Included twice by pairs_block.c, which defines
 *     REAL, PAIRS_KERNEL (f32 or f64), N_ROWS, N_COLUMNS (members of psh__pairs_kernels), PACK, BLOCK, SUM_UP, GENERAL,
 * ROOTS, SQRT. */

/* Panels of n_columns items, feature by feature, PSH__PAIRS_DEPTH features of all panels at a time; items that are not
 * there are zero. */
void PACK(const psh__pairs_band *band) {
    size_t n_columns = psh__pairs_kernels_in_use()->N_COLUMNS, n_features = band->n_features;
    REAL *panel = band->packed;
    for (size_t first = 0; first < n_features; first += PSH__PAIRS_DEPTH) {
        size_t depth = depth_from(first, n_features);
        for (size_t start = 0; start < band->n_band; start += n_columns, panel += depth * n_columns)
            for (size_t c = 0; c < n_columns; c++) {
                const REAL *row = (const REAL *)band->rows + (start + c) * n_features + first;
                for (size_t k = 0; k < depth; k++) panel[k * n_columns + c] = start + c < band->n_band ? row[k] : 0;
            }
    }
}

/* Sums (L-infinity: greatest) over all features, without the root. */
static void SUM_UP(const psh__pairs_band *band, psh__pairs_norm norm, const REAL *others, size_t n_others, REAL *sums) {
    const psh__pairs_kernels *kernels = psh__pairs_kernels_in_use();
    size_t n_rows = kernels->N_ROWS, n_columns = kernels->N_COLUMNS, n_features = band->n_features;
    const REAL *panel = band->packed;
    assert(n_rows <= MAX_ROWS && PSH__PAIRS_SIDE % n_columns == 0 && PSH__PAIRS_SIDE % n_rows == 0);
    memset(sums, 0, PSH__PAIRS_SIDE * PSH__PAIRS_SIDE * sizeof *sums);
    for (size_t first = 0; first < n_features; first += PSH__PAIRS_DEPTH) {
        size_t depth = depth_from(first, n_features);
        for (size_t i = 0; i < band->n_band; i += n_columns, panel += depth * n_columns)
            for (size_t j = 0; j < n_others; j += n_rows) {
                const REAL *rows[MAX_ROWS];
                for (size_t r = 0; r < n_rows; r++) // rows that are not there: the last one again, not looked at
                    rows[r] = others + (j + r < n_others ? j + r : n_others - 1) * n_features + first;
                kernels->PAIRS_KERNEL[norm](rows, panel, depth, sums + j * PSH__PAIRS_SIDE + i, PSH__PAIRS_SIDE);
            }
    }
}

/* One pair under L_p for any p, term by term in doubles. */
static REAL GENERAL(const REAL *a, const REAL *b, size_t n_features, double order) {
    double sum = 0;
    for (size_t k = 0; k < n_features; k++) sum += pow(fabs((double)a[k] - (double)b[k]), order);
    return (REAL)pow(sum, 1 / order);
}

/* The sums of squares become distances. */
static void ROOTS(const psh__pairs_band *band, size_t n_others, REAL *dst) {
    for (size_t j = 0; j < n_others; j++, dst += PSH__PAIRS_SIDE)
        for (size_t i = 0; i < band->n_band; i++) dst[i] = SQRT(dst[i]);
}

void BLOCK(const psh__pairs_band *band, const REAL *others, size_t n_others, REAL *dst) {
    assert(band->n_band <= PSH__PAIRS_SIDE && n_others <= PSH__PAIRS_SIDE);
    const REAL *rows = band->rows;
    size_t n_features = band->n_features;
    double order = band->order;
    if (order == 1 || order == 2 || order == INFINITY) {
        SUM_UP(band, order == 1 ? PSH__PAIRS_L1 : order == 2 ? PSH__PAIRS_L2 : PSH__PAIRS_LINF, others, n_others, dst);
        if (order == 2) ROOTS(band, n_others, dst);
        return;
    }
    for (size_t j = 0; j < n_others; j++)
        for (size_t i = 0; i < band->n_band; i++)
            dst[j * PSH__PAIRS_SIDE + i] = GENERAL(rows + i * n_features, others + j * n_features, n_features, order);
}

#undef REAL
#undef PAIRS_KERNEL
#undef N_ROWS
#undef N_COLUMNS
#undef PACK
#undef BLOCK
#undef SUM_UP
#undef GENERAL
#undef ROOTS
#undef SQRT
