/* chain.c : average and complete linkage by the nearest-neighbour chain (Murtagh 1983; Muellner 2011).
 *
 * Follow nearest neighbours from any cluster; the distances fall, so the chain ends in two clusters that are each
 * other's nearest. Joining them changes nothing else, as both linkages are reducible: a joined cluster is never nearer
 * to a third than the nearer of its parts was. So the rest of the chain stays valid and all joins together follow at
 * most 3 N links, O(N) work each. They come in another order than by height and are sorted at the end.
 *
 * Ties, as in SciPy: a chain starts at the cluster of least row; the cluster before the last one in the chain wins
 * against others as near, else the least row does; a joined cluster keeps the greater of the two rows; equal heights
 * stay in the order of joining. With float64 and SciPy's formula, rows are SciPy's bit for bit.
 *
 * The condensed copy is packed whenever a quarter of its rows is empty: rows stay short and come to fit in the cache.
 * Complete linkage takes maxima only, so float32 holds it exactly unless the distances are float64. Average linkage is
 * always accumulated in float64. */
#include <stdlib.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/progress.h"
#include "cluster/linkage.h"
#include "cluster/rows.h"

#define NONE SIZE_MAX
#define PACK_SHARE 4

typedef struct merge {
    psh__edge edge; /* an item of each cluster */
    uint32_t step;
} merge;

/* Half of each row is read down a column, every item from another page: with pages of 2 MB instead of 4 KB their
 * addresses are found in the cache of the page table. A wish; it changes nothing if the system does not grant it. */
static void use_large_pages(void *memory, size_t n_bytes) {
#ifdef MADV_HUGEPAGE
    const size_t page = 4096, to_page = (page - (uintptr_t)memory % page) % page;
    if (n_bytes > 1 << 22) (void)madvise((char *)memory + to_page, n_bytes - page, MADV_HUGEPAGE);
#endif
}

#define REAL float
#define NAME(name) name##_f32
#include "cluster/chain_real.h"
#undef REAL
#undef NAME
#define REAL double
#define NAME(name) name##_f64
#include "cluster/chain_real.h"

static int compare_merges(const void *a, const void *b) {
    const merge *p = a, *q = b;
    if (p->edge.height != q->edge.height) return p->edge.height < q->edge.height ? -1 : 1;
    return (p->step > q->step) - (p->step < q->step);
}

psh_status psh__linkage_chain(const psh_distances *distances, bool is_average, const psh_progress *progress,
                              double *linkage, psh_error *err) {
    size_t n_items = psh_distances_n_items(distances);
    merge *merges = psh__malloc(n_items, sizeof *merges);
    psh__edge *edges = psh__malloc(n_items, sizeof *edges);
    psh_status status = PSH_OK;
    psh__ticker ticker;
    psh__ticker_start(&ticker, progress, "linkage", (uint64_t)n_items * (n_items - 1) / 2);
    if (!merges || !edges) {
        status = psh__error_memory(err, "merges", 40ull * n_items);
        goto done;
    }
    if (is_average || psh_distances_dtype(distances) == PSH_DISTANCE_F64)
        PSH_TRY_GOTO(run_f64(distances, is_average, merges, &ticker, err));
    else
        PSH_TRY_GOTO(run_f32(distances, is_average, merges, &ticker, err));
    PSH_TRY_GOTO(psh__ticker_status(&ticker, err));
    qsort(merges, n_items - 1, sizeof *merges, compare_merges);
    for (size_t m = 0; m + 1 < n_items; m++) edges[m] = merges[m].edge;
    status = psh__linkage_from_sorted(edges, n_items, linkage, err);
done:
    psh__free(merges);
    psh__free(edges);
    return status;
}
