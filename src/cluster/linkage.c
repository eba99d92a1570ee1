/* linkage.c : from the edges of a minimum spanning tree to SciPy's rows, and the check of rows that come from outside.
 *
 * Single linkage is Kruskal's algorithm: take all pairs in the order (distance, i, j) and join two clusters whenever a
 * pair is the first to connect them. Only the edges of the minimum spanning tree under that order ever join anything,
 * and since the order is strict there is exactly one such tree, whatever algorithm found it. So the two algorithms of
 * this stage (Prim's from codes, Sibson's from distances) must and do give the same bytes. */
#include "cluster/linkage.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"

static int compare_edges(const void *a, const void *b) {
    const psh__edge *p = a, *q = b;
    if (p->height != q->height) return p->height < q->height ? -1 : 1;
    if (p->i != q->i) return p->i < q->i ? -1 : 1;
    return (p->j > q->j) - (p->j < q->j);
}

psh_status psh__linkage_from_sorted(const psh__edge *edges, size_t n_items, double *linkage, psh_error *err) {
    uint32_t *parent = psh__malloc(n_items, sizeof *parent);   /* union-find over items */
    uint32_t *size = psh__malloc(n_items, sizeof *size);       /* of a root's cluster */
    uint32_t *cluster = psh__malloc(n_items, sizeof *cluster); /* SciPy's number of a root's cluster */
    psh_status status = PSH_OK;
    if (!parent || !size || !cluster) {
        status = psh__error_memory(err, "union-find of the linkage", 3ull * sizeof *parent * n_items);
        goto done;
    }
    for (size_t i = 0; i < n_items; i++) parent[i] = cluster[i] = (uint32_t)i, size[i] = 1;

    for (size_t m = 0; m + 1 < n_items; m++) {
        uint32_t a = psh__find_root(parent, edges[m].i), b = psh__find_root(parent, edges[m].j);
        assert(a != b);
        if (size[a] < size[b]) {
            uint32_t swap = a;
            a = b, b = swap;
        }
        double *row = linkage + 4 * m;
        row[0] = cluster[a] < cluster[b] ? cluster[a] : cluster[b];
        row[1] = cluster[a] < cluster[b] ? cluster[b] : cluster[a];
        row[2] = edges[m].height;
        row[3] = (double)size[a] + size[b];
        parent[b] = a, size[a] += size[b], cluster[a] = (uint32_t)(n_items + m);
    }
done:
    psh__free(parent);
    psh__free(size);
    psh__free(cluster);
    return status;
}

psh_status psh__linkage_from_edges(psh__edge *edges, size_t n_items, double *linkage, psh_error *err) {
    qsort(edges, n_items - 1, sizeof *edges, compare_edges);
    return psh__linkage_from_sorted(edges, n_items, linkage, err);
}

/* The number of items in cluster `id` as row m may use it, or 0 if it may not. */
static double cluster_size(const double *linkage, const uint8_t *is_used, size_t n_items, size_t m, double id) {
    if (!(id >= 0 && id < (double)(n_items + m))) return 0;
    size_t cluster = (size_t)id;
    if ((double)cluster != id || is_used[cluster]) return 0;
    return cluster < n_items ? 1 : linkage[4 * (cluster - n_items) + 3];
}

psh_status psh__linkage_check(const double *linkage, size_t n_items, psh_error *err) {
    assert(n_items >= 1);
    if (n_items > UINT32_MAX / 2)
        return psh__error(err, PSH_ERR_PARAMETER, "linkage of %zu items; expected at most %u", n_items, UINT32_MAX / 2);
    uint8_t *is_used = psh__calloc(2 * n_items - 1, 1);
    psh_status status = PSH_OK;
    if (!is_used) return psh__error_memory(err, "linkage check", 2 * n_items);

    double last_height = 0;
    for (size_t m = 0; m + 1 < n_items && status == PSH_OK; m++) {
        const double *row = linkage + 4 * m;
        double size_a = cluster_size(linkage, is_used, n_items, m, row[0]);
        double size_b = cluster_size(linkage, is_used, n_items, m, row[1]);
        if (size_a == 0 || size_b == 0 || row[0] == row[1])
            status = psh__error(err, PSH_ERR_DATA,
                                "linkage row %zu joins clusters %g and %g; expected two different ones below %zu, each "
                                "used once",
                                m, row[0], row[1], n_items + m);
        else if (row[3] != size_a + size_b)
            status = psh__error(err, PSH_ERR_DATA, "linkage row %zu: size %g; expected %g (%g + %g items)", m, row[3],
                                size_a + size_b, size_a, size_b);
        else if (!(row[2] >= last_height))
            status = psh__error(err, PSH_ERR_DATA,
                                "linkage row %zu: height %g after %g; heights must not fall, be negative or NaN", m,
                                row[2], last_height);
        else
            is_used[(size_t)row[0]] = is_used[(size_t)row[1]] = 1, last_height = row[2];
    }
    psh__free(is_used);
    return status;
}
