/* recall.c : how many of the true nearest neighbours an approximation keeps.
 *
 * For an item, T is the set of its k nearest by `truth` and A that of its m nearest by `approx`. Where several items
 * share the k-th distance, T is any choice among them, all equally likely: an item nearer than the k-th distance is in
 * T with chance 1, one at it with chance (k - nearer) / tied, others with 0. The same for A and m. The two choices are
 * independent, so the expected size of the intersection is the sum over items of the products of their chances. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "persihash/score.h"

/* Element `at` of the condensed matrix; those inside a file may lie at any address. */
#define LOAD(type, at) (memcpy(&value_##type, pairs + (at) * sizeof(type), sizeof(type)), (double)value_##type)
#define COPY_ROW(type)                                                                                                 \
    do {                                                                                                               \
        type value_##type;                                                                                             \
        size_t at = i_item - 1;                                                                                        \
        for (size_t j = 0; j < i_item; at += n_items - j - 2, j++) dst[j] = LOAD(type, at);                            \
        at = n_items * i_item - i_item * (i_item + 1) / 2;                                                             \
        for (size_t j = i_item; j + 1 < n_items; j++) dst[j] = LOAD(type, at++);                                       \
    } while (0)

/* Distances of one item to all others, in their order. dst : (n_items - 1). */
static void copy_row(const psh_distances *distances, size_t i_item, double *dst) {
    const uint8_t *pairs = psh_distances_data_const(distances);
    size_t n_items = psh_distances_n_items(distances);
    switch (psh_distances_dtype(distances)) {
    case PSH_DISTANCE_U8:
        COPY_ROW(uint8_t);
        break;
    case PSH_DISTANCE_U16:
        COPY_ROW(uint16_t);
        break;
    case PSH_DISTANCE_F32:
        COPY_ROW(float);
        break;
    case PSH_DISTANCE_F64:
        COPY_ROW(double);
        break;
    }
}

/* Restores the heap (greatest on top) after its top was replaced. */
static void sift_down(double *heap, size_t n_heap) {
    double value = heap[0];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < n_heap; at = child) {
        if (child + 1 < n_heap && heap[child + 1] > heap[child]) child++;
        if (heap[child] <= value) break;
        heap[at] = heap[child];
    }
    heap[at] = value;
}

/* The k-th least of values : (n_values), 1 <= k <= n_values. heap : (k) of scratch. */
static double kth_least(const double *values, size_t n_values, size_t k, double *heap) {
    for (size_t i = 0; i < k; i++) heap[i] = INFINITY;
    for (size_t i = 0; i < n_values; i++)
        if (values[i] < heap[0]) heap[0] = values[i], sift_down(heap, k);
    return heap[0];
}

/* Who is among the k nearest: everything below `limit`, and what is at it with chance `chance`. */
typedef struct nearest {
    double limit, chance;
} nearest;

static nearest find_nearest(const double *row, size_t n_others, size_t k, double *heap) {
    nearest found = {.limit = kth_least(row, n_others, k, heap)};
    size_t n_below = 0, n_tied = 0;
    for (size_t j = 0; j < n_others; j++) n_below += row[j] < found.limit, n_tied += row[j] == found.limit;
    found.chance = (double)(k - n_below) / (double)n_tied;
    return found;
}

static double chance_of(nearest found, double distance) {
    return distance < found.limit ? 1 : distance == found.limit ? found.chance : 0;
}

/* Recall of one item, or NaN if a distance is. scratch : (2 (n_items - 1) + m). */
static double recall_of_item(const psh_distances *truth, const psh_distances *approx, size_t i_item, size_t k, size_t m,
                             double *scratch) {
    size_t n_others = psh_distances_n_items(truth) - 1;
    double *row_t = scratch, *row_a = scratch + n_others, *heap = scratch + 2 * n_others, sum = 0, check = 0;
    copy_row(truth, i_item, row_t);
    copy_row(approx, i_item, row_a);
    nearest t = find_nearest(row_t, n_others, k, heap), a = find_nearest(row_a, n_others, m, heap);
    for (size_t j = 0; j < n_others; j++) {
        sum += chance_of(t, row_t[j]) * chance_of(a, row_a[j]);
        check += (row_t[j] != row_t[j]) + (row_a[j] != row_a[j]);
    }
    return check ? NAN : sum / (double)k;
}

psh_status psh_score_recall(const psh_distances *truth, const psh_distances *approx, size_t k, size_t m, double *dst,
                            psh_error *err) {
    size_t n_items = psh_distances_n_items(truth), n_threads = (size_t)psh_cpu_threads(0);
    if (psh_distances_n_items(approx) != n_items)
        return psh__error(err, PSH_ERR_SHAPE, "recall: truth has %zu items and approx has %zu; expected as many",
                          n_items, psh_distances_n_items(approx));
    if (k < 1 || k > m || m >= n_items)
        return psh__error(err, PSH_ERR_PARAMETER, "recall: k = %zu, m = %zu, %zu items; expected 1 <= k <= m < items",
                          k, m, n_items);

    size_t n_scratch = 2 * (n_items - 1) + m;
    double *recall = psh__malloc(n_items, sizeof *recall);
    double *scratch = psh__malloc(n_threads * n_scratch, sizeof *scratch);
    psh_status status = PSH_OK;
    if (!recall || !scratch) {
        status = psh__error_memory(err, "recall", 8ull * (n_items + n_threads * n_scratch));
        goto done;
    }
#pragma omp parallel for schedule(static) num_threads((int)n_threads)
    for (size_t i = 0; i < n_items; i++)
        recall[i] = recall_of_item(truth, approx, i, k, m, scratch + (size_t)omp_get_thread_num() * n_scratch);

    double sum = 0;
    for (size_t i = 0; i < n_items; i++) sum += recall[i];
    if (isnan(sum)) {
        status = psh__error(err, PSH_ERR_NOT_FINITE, "recall: a distance is NaN; expected numbers");
        goto done;
    }
    *dst = sum / (double)n_items;
done:
    psh__free(recall);
    psh__free(scratch);
    return status;
}
