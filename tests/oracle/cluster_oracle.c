/* cluster_oracle.c : slow twins of src/cluster. */
#include "cluster_oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The distance of clusters a and b under `method`: cluster[i] is that of item i. */
static double cluster_distance(const double *distances, const size_t *cluster, size_t n_items, psh_linkage method,
                               size_t a, size_t b) {
    double least = INFINITY, most = 0, sum = 0, n_pairs = 0;
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = 0; j < n_items; j++)
            if (cluster[i] == a && cluster[j] == b) {
                double d = distances[i * n_items + j];
                least = fmin(least, d), most = fmax(most, d), sum += d, n_pairs++;
            }
    return method == PSH_LINKAGE_SINGLE ? least : method == PSH_LINKAGE_COMPLETE ? most : sum / n_pairs;
}

/* Clusters in the order of their least items: the first pair found of the least distance is the one to join. */
static void nearest_clusters(const double *distances, const size_t *cluster, size_t n_items, psh_linkage method,
                             size_t *dst_a, size_t *dst_b, double *dst_distance) {
    *dst_distance = INFINITY, *dst_a = *dst_b = SIZE_MAX;
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++) {
            if (cluster[i] == cluster[j]) continue;
            double d = method == PSH_LINKAGE_SINGLE
                           ? distances[i * n_items + j]
                           : cluster_distance(distances, cluster, n_items, method, cluster[i], cluster[j]);
            if (d < *dst_distance || *dst_a == SIZE_MAX) *dst_distance = d, *dst_a = cluster[i], *dst_b = cluster[j];
        }
}

void oracle_linkage(const double *distances, size_t n_items, psh_linkage method, double *linkage) {
    size_t *cluster = malloc(n_items * sizeof *cluster);
    if (!cluster) abort();
    for (size_t i = 0; i < n_items; i++) cluster[i] = i;
    for (size_t m = 0; m + 1 < n_items; m++) {
        size_t a, b, size = 0;
        double distance;
        nearest_clusters(distances, cluster, n_items, method, &a, &b, &distance);
        for (size_t i = 0; i < n_items; i++)
            if (cluster[i] == a || cluster[i] == b) cluster[i] = n_items + m, size++;
        double row[4] = {(double)(a < b ? a : b), (double)(a < b ? b : a), distance, (double)size};
        memcpy(linkage + 4 * m, row, sizeof row);
    }
    free(cluster);
}

void oracle_cut(const double *linkage, size_t n_items, size_t n_clusters, int64_t *labels) {
    size_t *cluster = malloc(n_items * sizeof *cluster);
    if (!cluster) abort();
    for (size_t i = 0; i < n_items; i++) cluster[i] = i;
    for (size_t m = 0; m < n_items - n_clusters; m++)
        for (size_t i = 0; i < n_items; i++)
            if ((double)cluster[i] == linkage[4 * m] || (double)cluster[i] == linkage[4 * m + 1])
                cluster[i] = n_items + m;
    int64_t n_labels = 0;
    for (size_t i = 0; i < n_items; i++) {
        labels[i] = -1;
        for (size_t j = 0; j < i && labels[i] < 0; j++)
            if (cluster[j] == cluster[i]) labels[i] = labels[j];
        if (labels[i] < 0) labels[i] = n_labels++;
    }
    free(cluster);
}

void oracle_wcss(const double *distances, const double *linkage, size_t n_items, size_t k_max, double *wcss) {
    int64_t *labels = malloc(n_items * sizeof *labels);
    if (!labels) abort();
    for (size_t k = 1; k <= k_max; k++) {
        oracle_cut(linkage, n_items, k, labels);
        wcss[k - 1] = 0;
        for (int64_t c = 0; c < (int64_t)k; c++) {
            double sum = 0, size = 0;
            for (size_t i = 0; i < n_items; i++) {
                if (labels[i] != c) continue;
                size++;
                for (size_t j = i + 1; j < n_items; j++)
                    if (labels[j] == c) sum += distances[i * n_items + j] * distances[i * n_items + j];
            }
            wcss[k - 1] += sum / size;
        }
    }
    free(labels);
}
