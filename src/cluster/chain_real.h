/* chain_real.h : the working matrix of chain.c for one floating type. Included once for REAL = float and once for
 * REAL = double; NAME(x) makes the names differ. */

/* Clusters that are left, one a row, in the order of their items. Row i joined into another one has n_members[i] = 0
 * and stays until the matrix is packed. */
typedef struct NAME(matrix) {
    REAL *pairs;         // (n_rows (n_rows - 1) / 2), condensed
    uint32_t *item;      // (n_rows) an item of the cluster
    uint32_t *n_members; // (n_rows)
    size_t n_rows, n_left;
} NAME(matrix);

/* The row nearest to x. `nearest`, if not NONE, wins against all that are not nearer; else the least row does. */
static size_t NAME(find_nearest)(const NAME(matrix) * m, size_t x, size_t nearest, REAL *dst_distance) {
    size_t n = m->n_rows, at = x - 1;
    REAL least = INFINITY;
    if (nearest != NONE)
        least = m->pairs[x < nearest ? psh__pair_index(n, x, nearest) : psh__pair_index(n, nearest, x)];
    for (size_t i = 0; i < x; at += n - i - 2, i++)
        if (m->n_members[i] && (m->pairs[at] < least || nearest == NONE)) least = m->pairs[at], nearest = i;
    const REAL *row = m->pairs + n * x - x * (x + 1) / 2 - x - 1; /* row[i] is the pair (x, i) */
    for (size_t i = x + 1; i < n; i++)
        if (m->n_members[i] && (row[i] < least || nearest == NONE)) least = row[i], nearest = i;
    *dst_distance = least;
    return nearest;
}

static REAL NAME(joined_distance)(REAL to_x, REAL to_y, uint32_t n_x, uint32_t n_y, bool is_average) {
    if (!is_average) return to_x > to_y ? to_x : to_y;
    return ((REAL)n_x * to_x + (REAL)n_y * to_y) / ((REAL)n_x + (REAL)n_y);
}

/* Row x < y joins row y. */
static void NAME(join)(NAME(matrix) * m, size_t x, size_t y, bool is_average) {
    size_t n = m->n_rows;
    uint32_t n_x = m->n_members[x], n_y = m->n_members[y];
    m->n_members[x] = 0, m->n_members[y] = n_x + n_y, m->n_left--;
    for (size_t i = 0, at_x = x - 1, at_y = y - 1; i < y; i++) {
        if (m->n_members[i]) {
            const REAL *to_x = m->pairs + (i < x ? at_x : psh__pair_index(n, x, i));
            m->pairs[at_y] = NAME(joined_distance)(*to_x, m->pairs[at_y], n_x, n_y, is_average);
        }
        at_x += n - i - 2, at_y += n - i - 2;
    }
    REAL *row_x = m->pairs + n * x - x * (x + 1) / 2 - x - 1, *row_y = m->pairs + n * y - y * (y + 1) / 2 - y - 1;
    for (size_t i = y + 1; i < n; i++)
        if (m->n_members[i]) row_y[i] = NAME(joined_distance)(row_x[i], row_y[i], n_x, n_y, is_average);
}

/* Drops the empty rows. new_row : (n_rows), where each of the others went. */
static void NAME(pack)(NAME(matrix) * m, uint32_t *new_row) {
    size_t n = m->n_rows, n_kept = 0, to = 0;
    for (size_t i = 0; i < n; i++) {
        if (!m->n_members[i]) continue;
        const REAL *row = m->pairs + n * i - i * (i + 1) / 2 - i - 1;
        for (size_t j = i + 1; j < n; j++) {
            m->pairs[to] = row[j];
            to += m->n_members[j] != 0;
        }
        new_row[i] = (uint32_t)n_kept++;
    }
    for (size_t i = 0; i < n; i++)
        if (m->n_members[i]) m->item[new_row[i]] = m->item[i], m->n_members[new_row[i]] = m->n_members[i];
    m->n_rows = n_kept;
}

static psh_status NAME(fill)(NAME(matrix) * m, const psh_distances *distances, psh_error *err) {
    size_t n = m->n_rows, at = 0;
    double *row = psh__malloc(n, sizeof *row);
    psh_status status = row ? PSH_OK : psh__error_memory(err, "row of distances", 8ull * n);
    for (size_t i = 0; i < n && status == PSH_OK; i++) {
        psh__condensed_row(distances, i, row);
        status = psh__check_row(row, n - i - 1, i, i + 1, true, err);
        for (size_t k = 0; k < n - i - 1; k++) m->pairs[at++] = (REAL)row[k];
        m->item[i] = (uint32_t)i, m->n_members[i] = 1;
    }
    psh__free(row);
    return status;
}

/* Follows the chain until its last two are each other's nearest, joins them, and so on. chain, new_row : (n_rows). */
static void NAME(join_all)(NAME(matrix) * m, bool is_average, uint32_t *chain, uint32_t *new_row, merge *merges,
                           psh__ticker *ticker) {
    size_t n_chain = 0, n_merges = 0;
    while (m->n_left > 1 && !psh__ticker_stopped(ticker)) {
        if (n_chain == 0) {
            while (!m->n_members[chain[0] = (uint32_t)n_chain]) n_chain++;
            n_chain = 1;
        }
        size_t x = chain[n_chain - 1], before = n_chain > 1 ? chain[n_chain - 2] : NONE;
        REAL distance;
        size_t y = NAME(find_nearest)(m, x, before, &distance);
        if (y != before) {
            chain[n_chain++] = (uint32_t)y;
            continue;
        }
        n_chain -= 2;
        size_t low = x < y ? x : y, high = x < y ? y : x;
        merges[n_merges] = (merge){{(double)distance, m->item[low], m->item[high]}, (uint32_t)n_merges};
        n_merges++;
        NAME(join)(m, low, high, is_average);
        psh__ticker_add(ticker, m->n_left);
        if (m->n_left < m->n_rows - m->n_rows / PACK_SHARE) {
            NAME(pack)(m, new_row);
            for (size_t i = 0; i < n_chain; i++) chain[i] = new_row[chain[i]];
        }
    }
}

static psh_status NAME(run)(const psh_distances *distances, bool is_average, merge *merges, psh__ticker *ticker,
                            psh_error *err) {
    size_t n = psh_distances_n_items(distances), n_pairs = n * (n - 1) / 2;
    NAME(matrix) m = {.pairs = psh__malloc(n_pairs, sizeof(REAL)), .n_rows = n, .n_left = n};
    m.item = psh__malloc(n, sizeof *m.item), m.n_members = psh__malloc(n, sizeof *m.n_members);
    uint32_t *chain = psh__malloc(n, sizeof *chain), *new_row = psh__malloc(n, sizeof *new_row);
    psh_status status = PSH_OK;
    if (!m.pairs || !m.item || !m.n_members || !chain || !new_row)
        status = psh__error_memory(err, "working copy of the distances", (unsigned long long)n_pairs * sizeof(REAL));
    if (status == PSH_OK) status = NAME(fill)(&m, distances, err);
    if (status == PSH_OK) NAME(join_all)(&m, is_average, chain, new_row, merges, ticker);
    psh__free(m.pairs);
    psh__free(m.item);
    psh__free(m.n_members);
    psh__free(chain);
    psh__free(new_row);
    return status;
}
