/* fuzz_clusters.c : any bytes as a file of clusters. What is read must be a clustering that can be cut. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "persihash/cluster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void use(const psh_clusters *clusters) {
    size_t n_items = psh_clusters_n_items(clusters), k_max;
    const int64_t *labels = psh_clusters_labels(clusters);
    int64_t sum = 0, *cut = malloc(n_items * sizeof *cut);
    for (size_t i = 0; i < n_items; i++) sum += labels[i] + psh_clusters_name(clusters, i)[0];
    if (psh_clusters_linkage(clusters) && cut &&
        psh_cluster_cut(psh_clusters_linkage(clusters), n_items, psh_clusters_n_clusters(clusters), cut, NULL) !=
            PSH_OK)
        abort();
    const double *wcss = psh_clusters_wcss(clusters, &k_max);
    volatile double last = k_max ? wcss[k_max - 1] : 0;
    (void)last, (void)sum;
    free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    char path[64];
    int fd = memfd_create("clusters", 0);
    if (fd < 0 || write(fd, data, n_bytes) != (ssize_t)n_bytes) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    psh_clusters *clusters;
    psh_error err;
    if (psh_clusters_read(path, &clusters, &err) == PSH_OK) {
        use(clusters);
        psh_clusters_free(clusters);
    }
    close(fd);
    return 0;
}
