/* partition.c : agreement of two partitions: Fowlkes-Mallows, adjusted Rand, adjusted mutual information.
 *
 * All three are functions of the contingency table n_ij (items in cluster i of a and j of b) with row sums a_i and
 * column sums b_j. It is kept sparse: N items have at most N cells that are not zero. Of the M = N (N - 1) / 2 pairs of
 * items, T = sum n_ij (n_ij - 1) / 2 are together in both, P in a and Q in b:
 *   FMS = T / sqrt(P Q)                              (Fowlkes, Mallows 1983)
 *   ARI = (T - P Q / M) / ((P + Q) / 2 - P Q / M)    (Hubert, Arabie 1985), times 2 M, in 128-bit integers
 *   AMI = (I - E) / ((H_a + H_b) / 2 - E)            (Vinh, Epps, Bailey 2010), I the mutual information, E its mean
 * E is a sum over all pairs of clusters and all overlaps of the two. A term depends on the two clusters' sizes alone,
 * and N items have at most sqrt(2 N) different sizes, so equal sizes are taken together: N^1.5 terms at worst, where
 * the plain sum has N^2 for singletons.
 *
 * Edges, as scikit-learn has them: FMS of two partitions without a common pair is 0 (all singletons against themselves
 * too); ARI of equal partitions is 1; AMI of two partitions into one cluster is 1. One difference: AMI of equal
 * partitions is 1 here by definition; scikit-learn divides two rounding errors for all-singletons and says 0 for N = 2.
 */
#include <float.h>
#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "persihash/score.h"
#include "score/sort.h"

__extension__ typedef __int128 int128;

typedef struct cell {
    uint32_t a, b; /* cluster numbers */
    uint64_t n_items;
} cell;

typedef struct contingency {
    uint64_t *size_a, *size_b; // (n_a), (n_b)
    cell *cells;               // (n_cells)
    size_t n_a, n_b, n_cells, n_items;
} contingency;

/* Replaces labels by numbers 0, 1, ... in the order of the labels. number : (n_items). */
static psh_status number_labels(const int64_t *labels, size_t n_items, uint64_t *keys, uint32_t *items,
                                uint32_t *number, size_t *n_numbers, psh_error *err) {
    for (size_t i = 0; i < n_items; i++) keys[i] = psh__sort_key_i64(labels[i]), items[i] = (uint32_t)i;
    PSH_TRY(psh__sort_pairs(keys, items, n_items, err));
    *n_numbers = 0;
    for (size_t i = 0; i < n_items; i++) {
        if (i > 0 && keys[i] != keys[i - 1]) ++*n_numbers;
        number[items[i]] = (uint32_t)*n_numbers;
    }
    ++*n_numbers;
    return PSH_OK;
}

static void contingency_free(contingency *table) {
    psh__free(table->size_a);
    psh__free(table->size_b);
    psh__free(table->cells);
}

static psh_status contingency_create(const int64_t *a, const int64_t *b, size_t n_items, contingency *table,
                                     psh_error *err) {
    *table = (contingency){.n_items = n_items};
    if (n_items < 1) return psh__error(err, PSH_ERR_EMPTY, "score of 0 items; at least 1 is needed");
    if (n_items > UINT32_MAX)
        return psh__error(err, PSH_ERR_PARAMETER, "score of %zu items; expected at most %u", n_items, UINT32_MAX);

    uint64_t *keys = psh__malloc(n_items, sizeof *keys);
    uint32_t *items = psh__malloc(n_items, sizeof *items);
    uint32_t *number_a = psh__malloc(n_items, sizeof *items), *number_b = psh__malloc(n_items, sizeof *items);
    psh_status status = PSH_OK;
    if (!keys || !items || !number_a || !number_b) {
        status = psh__error_memory(err, "contingency table", 20ull * n_items);
        goto done;
    }
    PSH_TRY_GOTO(number_labels(a, n_items, keys, items, number_a, &table->n_a, err));
    PSH_TRY_GOTO(number_labels(b, n_items, keys, items, number_b, &table->n_b, err));
    for (size_t i = 0; i < n_items; i++) keys[i] = (uint64_t)number_a[i] * table->n_b + number_b[i];
    PSH_TRY_GOTO(psh__sort_pairs(keys, items, n_items, err));
    for (size_t i = 0; i < n_items; i++) table->n_cells += i == 0 || keys[i] != keys[i - 1];

    table->size_a = psh__calloc(table->n_a, sizeof *table->size_a);
    table->size_b = psh__calloc(table->n_b, sizeof *table->size_b);
    table->cells = psh__malloc(table->n_cells, sizeof *table->cells);
    if (!table->size_a || !table->size_b || !table->cells) {
        status = psh__error_memory(err, "contingency table", 16ull * table->n_cells);
        goto done;
    }
    cell *last = table->cells - 1;
    for (size_t i = 0; i < n_items; i++) {
        if (i == 0 || keys[i] != keys[i - 1])
            *++last = (cell){(uint32_t)(keys[i] / table->n_b), (uint32_t)(keys[i] % table->n_b), 0};
        last->n_items++, table->size_a[last->a]++, table->size_b[last->b]++;
    }
done:
    psh__free(keys);
    psh__free(items);
    psh__free(number_a);
    psh__free(number_b);
    if (status != PSH_OK) contingency_free(table);
    return status;
}

static bool is_same_partition(const contingency *table) {
    return table->n_cells == table->n_a && table->n_cells == table->n_b;
}

/* --- Counting pairs ---------------------------------------------------------------------------------------------- */

typedef struct pair_counts {
    uint64_t both, in_a, in_b, all; /* pairs that are together in both, in a, in b; all there are */
} pair_counts;

static uint64_t pairs_of(uint64_t n) {
    return n % 2 ? (n - 1) / 2 * n : n / 2 * (n - 1);
}

static pair_counts count_pairs(const contingency *table) {
    pair_counts pairs = {.all = pairs_of(table->n_items)};
    for (size_t i = 0; i < table->n_cells; i++) pairs.both += pairs_of(table->cells[i].n_items);
    for (size_t i = 0; i < table->n_a; i++) pairs.in_a += pairs_of(table->size_a[i]);
    for (size_t i = 0; i < table->n_b; i++) pairs.in_b += pairs_of(table->size_b[i]);
    return pairs;
}

psh_status psh_score_fms(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err) {
    contingency table;
    PSH_TRY(contingency_create(a, b, n_items, &table, err));
    pair_counts pairs = count_pairs(&table);
    *dst = 0;
    if (pairs.both)
        *dst = sqrt((double)pairs.both / (double)pairs.in_a) * sqrt((double)pairs.both / (double)pairs.in_b);
    contingency_free(&table);
    return PSH_OK;
}

psh_status psh_score_ari(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err) {
    contingency table;
    PSH_TRY(contingency_create(a, b, n_items, &table, err));
    pair_counts pairs = count_pairs(&table);
    /* N < 2^32, so each count is below 2^63 and each of these below 2^127. */
    int128 both = 2 * (int128)pairs.both * pairs.all, expected = 2 * (int128)pairs.in_a * pairs.in_b;
    int128 mean = ((int128)pairs.in_a + pairs.in_b) * pairs.all;
    *dst = is_same_partition(&table) ? 1 : (double)(both - expected) / (double)(mean - expected);
    contingency_free(&table);
    return PSH_OK;
}

/* --- Information -------------------------------------------------------------------------------------------------- */

static double entropy(const uint64_t *sizes, size_t n_clusters, size_t n_items) {
    double sum = 0;
    for (size_t i = 0; i < n_clusters; i++) {
        double share = (double)sizes[i] / (double)n_items;
        sum -= share * log(share);
    }
    return sum;
}

static double mutual_information(const contingency *table) {
    double sum = 0, n = (double)table->n_items;
    for (size_t i = 0; i < table->n_cells; i++) {
        const cell *c = &table->cells[i];
        double expected = (double)table->size_a[c->a] * (double)table->size_b[c->b] / n;
        sum += (double)c->n_items / n * log((double)c->n_items / expected);
    }
    return sum > 0 ? sum : 0;
}

typedef struct size_count {
    uint64_t size, n_clusters;
} size_count;

/* The different sizes among sizes : (n_clusters), and how many clusters have each. n_of_size : (n_items + 1), zero, and
 * zero again afterwards. dst : room for all; answers how many there are. */
static size_t group_sizes(const uint64_t *sizes, size_t n_clusters, uint32_t *n_of_size, size_count *dst) {
    size_t n_groups = 0;
    for (size_t i = 0; i < n_clusters; i++) n_of_size[sizes[i]]++;
    for (size_t i = 0; i < n_clusters; i++) {
        if (n_of_size[sizes[i]]) dst[n_groups++] = (size_count){sizes[i], n_of_size[sizes[i]]};
        n_of_size[sizes[i]] = 0;
    }
    return n_groups;
}

/* Expected contribution to I of one pair of clusters of sizes a and b: the overlap is hypergeometric.
 * log_factorial : (n + 1). */
static double expected_of_sizes(uint64_t a, uint64_t b, uint64_t n, const double *log_factorial) {
    double sum = 0, expected = (double)a * (double)b / (double)n;
    double constant = log_factorial[a] + log_factorial[b] + log_factorial[n - a] + log_factorial[n - b];
    uint64_t first = a + b > n ? a + b - n : 1, last = a < b ? a : b;
    for (uint64_t overlap = first; overlap <= last; overlap++) {
        double log_chance = constant - log_factorial[n] - log_factorial[overlap] - log_factorial[a - overlap] -
                            log_factorial[b - overlap] - log_factorial[n - a - b + overlap];
        sum += (double)overlap / (double)n * log((double)overlap / expected) * exp(log_chance);
    }
    return sum;
}

static psh_status expected_information(const contingency *table, double *dst, psh_error *err) {
    size_t n = table->n_items;
    double *log_factorial = psh__malloc(n + 1, sizeof *log_factorial);
    uint32_t *n_of_size = psh__calloc(n + 1, sizeof *n_of_size);
    size_count *groups_a = psh__malloc(table->n_a, sizeof *groups_a);
    size_count *groups_b = psh__malloc(table->n_b, sizeof *groups_b);
    psh_status status = PSH_OK;
    if (!log_factorial || !n_of_size || !groups_a || !groups_b) {
        status = psh__error_memory(err, "expected mutual information", 16ull * n);
        goto done;
    }
    long double sum_of_logs = 0;
    log_factorial[0] = 0;
    for (size_t i = 1; i <= n; i++) log_factorial[i] = (double)(sum_of_logs += logl((long double)i));
    size_t n_groups_a = group_sizes(table->size_a, table->n_a, n_of_size, groups_a);
    size_t n_groups_b = group_sizes(table->size_b, table->n_b, n_of_size, groups_b);

    *dst = 0;
    for (size_t i = 0; i < n_groups_a; i++)
        for (size_t j = 0; j < n_groups_b; j++)
            *dst += (double)groups_a[i].n_clusters * (double)groups_b[j].n_clusters *
                    expected_of_sizes(groups_a[i].size, groups_b[j].size, n, log_factorial);
done:
    psh__free(log_factorial);
    psh__free(n_of_size);
    psh__free(groups_a);
    psh__free(groups_b);
    return status;
}

psh_status psh_score_ami(const int64_t *a, const int64_t *b, size_t n_items, double *dst, psh_error *err) {
    contingency table;
    PSH_TRY(contingency_create(a, b, n_items, &table, err));
    psh_status status = PSH_OK;
    double chance = 0, information = 0;
    if (is_same_partition(&table)) {
        *dst = 1;
        goto done;
    }
    if (table.n_a > 1 && table.n_b > 1) { /* else no entropy, no information */
        PSH_TRY_GOTO(expected_information(&table, &chance, err));
        information = mutual_information(&table);
    }
    double most = (entropy(table.size_a, table.n_a, n_items) + entropy(table.size_b, table.n_b, n_items)) / 2;
    double range = most - chance; /* not negative but for rounding */
    range = range < 0 ? fmin(range, -DBL_EPSILON) : fmax(range, DBL_EPSILON);
    *dst = (information - chance) / range;
done:
    contingency_free(&table);
    return status;
}
