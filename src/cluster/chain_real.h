/* chain_real.h : the working matrix of chain.c for one floating type. Included once for REAL = float and once for
 * REAL = double; NAME(x) makes the names differ. */

/* Clusters, one a row, in the order of their items. A row that was joined into another one stays where it is, unused,
 * until the matrix is packed. */
typedef struct NAME(matrix) {
    REAL *pairs;         // (n_rows (n_rows - 1) / 2), condensed
    size_t *base;        // (n_rows) pair (i, j), i < j, is pairs[base[i] + j]
    uint32_t *item;      // (n_rows) an item of the cluster
    uint32_t *n_members; // (n_rows)
    uint32_t *left;      // (n_left) rows in use, rising
    size_t n_rows, n_left;
} NAME(matrix);

static void NAME(fill_base)(NAME(matrix) * m) {
    for (size_t i = 0; i < m->n_rows; i++) m->base[i] = m->n_rows * i - i * (i + 1) / 2 - i - 1;
}

static REAL *NAME(pair)(const NAME(matrix) * m, size_t i, size_t j) {
    return m->pairs + (i < j ? m->base[i] + j : m->base[j] + i);
}

/* The row nearest to x. `nearest`, if not NONE, wins against all that are not nearer; else the least row does. */
static size_t NAME(find_nearest)(const NAME(matrix) * m, size_t x, size_t nearest, REAL *dst_distance) {
    const REAL *row = m->pairs + m->base[x];
    size_t k = 0;
    if (nearest == NONE) nearest = m->left[m->left[0] == x];
    REAL least = *NAME(pair)(m, x, nearest);
    for (; m->left[k] < x; k++) {
        REAL distance = m->pairs[m->base[m->left[k]] + x];
        if (distance < least) least = distance, nearest = m->left[k];
    }
    for (k++; k < m->n_left; k++)
        if (row[m->left[k]] < least) least = row[m->left[k]], nearest = m->left[k];
    *dst_distance = least;
    return nearest;
}

static REAL NAME(joined_distance)(REAL to_x, REAL to_y, uint32_t n_x, uint32_t n_y, bool is_average) {
    if (!is_average) return to_x > to_y ? to_x : to_y;
    return ((REAL)n_x * to_x + (REAL)n_y * to_y) / ((REAL)n_x + (REAL)n_y);
}

/* Row x < y joins row y. */
static void NAME(join)(NAME(matrix) * m, size_t x, size_t y, bool is_average) {
    uint32_t n_x = m->n_members[x], n_y = m->n_members[y];
    size_t n_left = 0;
    for (size_t k = 0; k < m->n_left; k++) {
        size_t i = m->left[k];
        if (i == x) continue;
        m->left[n_left++] = (uint32_t)i;
        if (i == y) continue;
        REAL *to_y = NAME(pair)(m, i, y);
        *to_y = NAME(joined_distance)(*NAME(pair)(m, i, x), *to_y, n_x, n_y, is_average);
    }
    m->n_left = n_left, m->n_members[y] = n_x + n_y;
}

/* Drops the unused rows. new_row : (n_rows), where each of the others went. */
static void NAME(pack)(NAME(matrix) * m, uint32_t *new_row) {
    size_t to = 0;
    for (size_t k = 0; k < m->n_left; k++) {
        size_t i = m->left[k];
        for (size_t l = k + 1; l < m->n_left; l++) m->pairs[to++] = m->pairs[m->base[i] + m->left[l]];
        new_row[i] = (uint32_t)k;
        m->item[k] = m->item[i], m->n_members[k] = m->n_members[i];
    }
    for (size_t k = 0; k < m->n_left; k++) m->left[k] = (uint32_t)k;
    m->n_rows = m->n_left;
    NAME(fill_base)(m);
}

static psh_status NAME(fill)(NAME(matrix) * m, const psh_distances *distances, psh_error *err) {
    size_t n = m->n_rows, at = 0;
    double *row = psh__malloc(n, sizeof *row);
    psh_status status = row ? PSH_OK : psh__error_memory(err, "row of distances", 8ull * n);
    for (size_t i = 0; i < n && status == PSH_OK; i++) {
        psh__condensed_row(distances, i, row);
        status = psh__check_row(row, n - i - 1, i, i + 1, true, err);
        for (size_t k = 0; k < n - i - 1; k++) m->pairs[at++] = (REAL)row[k];
        m->item[i] = m->left[i] = (uint32_t)i, m->n_members[i] = 1;
    }
    NAME(fill_base)(m);
    psh__free(row);
    return status;
}

/* Follows the chain until its last two are each other's nearest, joins them, and so on. chain, new_row : (n_rows). */
static void NAME(join_all)(NAME(matrix) * m, bool is_average, uint32_t *chain, uint32_t *new_row, merge *merges,
                           psh__ticker *ticker) {
    size_t n_chain = 0, n_merges = 0;
    while (m->n_left > 1 && !psh__ticker_stopped(ticker)) {
        if (n_chain == 0) chain[n_chain++] = m->left[0];
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
    m.base = psh__malloc(n, sizeof *m.base), m.item = psh__malloc(n, sizeof *m.item);
    m.n_members = psh__malloc(n, sizeof *m.n_members), m.left = psh__malloc(n, sizeof *m.left);
    uint32_t *chain = psh__malloc(n, sizeof *chain), *new_row = psh__malloc(n, sizeof *new_row);
    psh_status status = PSH_OK;
    if (!m.pairs || !m.base || !m.item || !m.n_members || !m.left || !chain || !new_row)
        status = psh__error_memory(err, "working copy of the distances", (unsigned long long)n_pairs * sizeof(REAL));
    if (status == PSH_OK) use_large_pages(m.pairs, n_pairs * sizeof(REAL));
    if (status == PSH_OK) status = NAME(fill)(&m, distances, err);
    if (status == PSH_OK) NAME(join_all)(&m, is_average, chain, new_row, merges, ticker);
    psh__free(m.pairs);
    psh__free(m.base);
    psh__free(m.item);
    psh__free(m.n_members);
    psh__free(m.left);
    psh__free(chain);
    psh__free(new_row);
    return status;
}
