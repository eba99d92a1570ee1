/* pairs_real.h : all pairs for one type of number. Included twice by vectors_pairs.c, which defines
 *     REAL, PAIRS_KERNEL (f32 or f64), N_ROWS, N_COLUMNS (members of psh__pairs_kernels), CONDENSED, TILE, PACK,
 * GENERAL, SQRT, WHAT. */

/* Features first .. first + depth - 1 of n_items rows as panels of n_columns columns, feature by feature; columns that
 * are not there are zero. */
static void PACK(const REAL *rows, size_t n_items, size_t n_features, size_t first, size_t depth, size_t n_columns,
                 REAL *panels) {
    for (size_t start = 0; start < n_items; start += n_columns, panels += depth * n_columns)
        for (size_t c = 0; c < n_columns; c++) {
            const REAL *row = start + c < n_items ? rows + (start + c) * n_features + first : NULL;
            for (size_t k = 0; k < depth; k++) panels[k * n_columns + c] = row ? row[k] : 0;
        }
}

/* sums : (n_a rounded up, PSH__PAIRS_TILE). a, b : the first rows of the tile. */
static void TILE(const psh__pairs_kernels *kernels, psh__pairs_norm norm, const REAL *a, size_t n_a, const REAL *b,
                 size_t n_b, size_t n_features, REAL *panels, REAL *sums) {
    size_t n_rows = kernels->N_ROWS, n_columns = kernels->N_COLUMNS;
    memset(sums, 0, PSH__PAIRS_TILE * PSH__PAIRS_TILE * sizeof *sums);
    for (size_t first = 0; first < n_features; first += PSH__PAIRS_DEPTH) {
        size_t depth = n_features - first < PSH__PAIRS_DEPTH ? n_features - first : PSH__PAIRS_DEPTH;
        PACK(b, n_b, n_features, first, depth, n_columns, panels);
        for (size_t j = 0; j < n_b; j += n_columns)
            for (size_t i = 0; i < n_a; i += n_rows) {
                const REAL *rows[MAX_ROWS];
                for (size_t r = 0; r < n_rows; r++) // rows that are not there: the last one again, not looked at
                    rows[r] = a + (i + r < n_a ? i + r : n_a - 1) * n_features + first;
                kernels->PAIRS_KERNEL[norm](rows, panels + j * depth, depth, sums + i * PSH__PAIRS_TILE + j,
                                            PSH__PAIRS_TILE);
            }
    }
}

/* One pair under L_p for any p, term by term in doubles. */
static REAL GENERAL(const REAL *a, const REAL *b, size_t n_features, double order) {
    double sum = 0;
    for (size_t k = 0; k < n_features; k++) sum += pow(fabs((double)a[k] - (double)b[k]), order);
    return (REAL)pow(sum, 1 / order);
}

psh_status CONDENSED(const REAL *rows, size_t n_items, size_t n_features, double order, int n_threads,
                     const psh_progress *progress, REAL *dst, psh_error *err) {
    PSH_TRY(check_order(order, err));
    const psh__pairs_kernels *kernels = psh__pairs_kernels_in_use();
    assert(kernels->N_ROWS <= MAX_ROWS && PSH__PAIRS_TILE % kernels->N_COLUMNS == 0);
    bool is_general = order != 1 && order != 2 && order != INFINITY;
    psh__pairs_norm norm = order == 1 ? PSH__PAIRS_L1 : order == 2 ? PSH__PAIRS_L2 : PSH__PAIRS_LINF;
    size_t n_tiles = (n_items + PSH__PAIRS_TILE - 1) / PSH__PAIRS_TILE, n_pairs = n_tiles * (n_tiles + 1) / 2;
    size_t n_room = PSH__PAIRS_TILE * (PSH__PAIRS_TILE + PSH__PAIRS_DEPTH);
    int n_workers = psh_cpu_threads(n_threads);
    REAL *room = psh__malloc((size_t)n_workers * n_room, sizeof *room);
    if (!room) return psh__error_memory(err, WHAT, (size_t)n_workers * n_room * sizeof *room);
    psh__ticker ticker;
    psh__ticker_start(&ticker, progress, "distances", n_pairs);
#pragma omp parallel for schedule(dynamic) num_threads(n_workers)
    for (size_t t = 0; t < n_pairs; t++) {
        if (psh__ticker_stopped(&ticker)) continue;
        size_t tile_i, tile_j;
        tile_of(t, n_tiles, &tile_i, &tile_j);
        size_t i0 = tile_i * PSH__PAIRS_TILE, j0 = tile_j * PSH__PAIRS_TILE;
        size_t n_a = n_items - i0 < PSH__PAIRS_TILE ? n_items - i0 : PSH__PAIRS_TILE;
        size_t n_b = n_items - j0 < PSH__PAIRS_TILE ? n_items - j0 : PSH__PAIRS_TILE;
        REAL *sums = room + (size_t)omp_get_thread_num() * n_room, *panels = sums + PSH__PAIRS_TILE * PSH__PAIRS_TILE;
        if (!is_general)
            TILE(kernels, norm, rows + i0 * n_features, n_a, rows + j0 * n_features, n_b, n_features, panels, sums);
        for (size_t i = i0; i < i0 + n_a; i++) {
            REAL *to = dst + psh__distance_row(n_items, i) - i - 1; // to[j] for j > i
            const REAL *from = sums + (i - i0) * PSH__PAIRS_TILE;
            for (size_t j = j0 > i ? j0 : i + 1; j < j0 + n_b; j++)
                to[j] = is_general ? GENERAL(rows + i * n_features, rows + j * n_features, n_features, order)
                        : norm == PSH__PAIRS_L2 ? SQRT(from[j - j0])
                                                : from[j - j0];
        }
        psh__ticker_add(&ticker, 1);
    }
    psh__free(room);
    return psh__ticker_status(&ticker, err);
}

#undef REAL
#undef PAIRS_KERNEL
#undef N_ROWS
#undef N_COLUMNS
#undef CONDENSED
#undef TILE
#undef PACK
#undef GENERAL
#undef SQRT
#undef WHAT
