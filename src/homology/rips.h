/* rips.h : the parts of Vietoris-Rips persistence.
 *
 *     lengths -> edges by rank -> graph -> sweep over the edges: H0 by union-find, H1 by lunes, H2 by links
 *
 * Edges are sorted once. From then on the place of an edge in that order, its rank, stands for its length: all
 * comparisons are of integers and there are no ties. A simplex appears with its edge of greatest rank. */
#ifndef PSH_HOMOLOGY_RIPS_H
#define PSH_HOMOLOGY_RIPS_H

#include <string.h>

#include "homology/record_sort.h"
#include "persihash/homology.h"

#define PSH__NO_RANK UINT32_MAX   /* no such edge; later than all */
#define PSH__NO_VERTEX UINT32_MAX /* no such vertex */

/* The first bit of a set that has one. */
static inline size_t psh__first_bit(const uint64_t *words) {
    size_t word = 0;
    while (!words[word]) word++;
    return word * 64 + (size_t)__builtin_ctzll(words[word]);
}

/* --- Memory (rips_room.c) ------------------------------------------------------------------------------------------
 */

/* What one workspace holds, and may hold. */
typedef struct psh__room {
    uint64_t n_bytes, max_bytes;
} psh__room;

/* Room for `need` items in a growing array, its content kept. PSH_ERR_MEMORY also beyond the limit. Used by
 * PSH_ROOM(room, owner, member, need, what): owner->member and owner->member_capacity. */
psh_status psh__room_grow(psh__room *room, void *array_ptr, size_t *capacity, size_t need, size_t item_bytes,
                          const char *what, psh_error *err);
#define PSH_ROOM(room, owner, member, need, what)                                                                      \
    PSH_TRY(psh__room_grow((room), &(owner)->member, &(owner)->member##_capacity, (need), sizeof *(owner)->member,     \
                           (what), err))

/* --- Inner loops (rips_kernels.c) ---------------------------------------------------------------------------------
 */

enum { PSH__BLOCK_WORDS = 4 }; /* rows of bits are multiples of so many words */

typedef enum psh__lune_kind {
    PSH__LUNE_EMPTY = 0,
    PSH__LUNE_CONE = 1,      /* the first vertex looked at is a neighbour of all others */
    PSH__LUNE_CONNECTED = 2, /* one component */
    PSH__LUNE_PARTED = 3     /* several components */
} psh__lune_kind;

typedef struct psh__rips_kernels {
    /* Lengths from a point, `origin` : (n_axes), to n_points others (rounded up to eight); by metric. */
    void (*lengths[4])(const double *axes, size_t stride, size_t n_axes, const double *origin, size_t n_points,
                       double *dst);
    /* The least of max(a[w], b[w]); n_ranks is a multiple of 16. */
    uint32_t (*least_max)(const uint32_t *a, const uint32_t *b, size_t n_ranks);
    bool (*is_disjoint)(const uint64_t *a, const uint64_t *b, size_t n_words);
    /* common = a & b, and what of it cannot be reached from `start` (or, for PSH__NO_VERTEX, from its first vertex)
     * within it along `rows`. All : (n_words), rows : (64 n_words, n_words). */
    psh__lune_kind (*lune)(const uint64_t *a, const uint64_t *b, const uint64_t *rows, size_t n_words, uint32_t start,
                           uint64_t *common, uint64_t *rest, uint64_t *pending);
} psh__rips_kernels;

extern const psh__rips_kernels psh__rips_kernels_scalar, psh__rips_kernels_avx2, psh__rips_kernels_avx512;
const psh__rips_kernels *psh__rips_kernels_best(void);

/* --- Lengths (rips_lengths.c) --------------------------------------------------------------------------------------
 */

/* The lengths of clouds with more pairs are computed when they are needed, and not kept. */
enum { PSH__MAX_STORED_PAIRS = 1 << 23 };

/* Where lengths come from: a triangle, a list of edges, or points. */
typedef struct psh__lengths {
    size_t n_points;
    const double *lower; /* (n_points (n_points - 1) / 2), or NULL */
    bool is_listed;
    const psh_edge *listed; /* (n_listed) */
    size_t n_listed;
    /* clouds */
    const double *points; /* (n_axes, stride), one axis after the other, padded by zeros */
    size_t n_axes, stride;
    psh_point_metric metric;
    const psh__rips_kernels *kernels;
    int exponent; /* true lengths are those times 2^exponent */
    /* memory */
    double *axes, *row, *stored, *farthest;
    size_t axes_capacity, row_capacity, stored_capacity, farthest_capacity;
} psh__lengths;

void psh__lengths_free(psh__lengths *lengths);
psh_status psh__lengths_of_matrix(psh__lengths *lengths, const psh_matrix *matrix, psh_error *err);
/* PSH_ERR_DATA: a point at the origin, for cosine. */
psh_status psh__lengths_of_cloud(psh__lengths *lengths, const psh_cloud *cloud, psh_point_metric metric,
                                 psh__room *room, psh_error *err);
/* (i_point) lengths to the points before; valid until the next call. Not for lists. */
const double *psh__lengths_row(psh__lengths *lengths, size_t i_point);
/* The lesser of `threshold` and the enclosing radius: the least r such that some point has all others within r, whence
 * the complex is a cone. `threshold` too where it is certain to be less, or for lists. */
psh_status psh__lengths_enclosing_radius(psh__lengths *lengths, double threshold, psh__room *room, double *dst,
                                         psh_error *err);

/* --- Edges by rank (rips_edges.c) ----------------------------------------------------------------------------------
 */

/* key: the length's bits, which order like the lengths since these are not negative; value: i << 32 | j, i > j. */
typedef psh__record psh__rips_edge;

static inline uint32_t psh__edge_i(psh__rips_edge edge) {
    return (uint32_t)(edge.value >> 32);
}
static inline uint32_t psh__edge_j(psh__rips_edge edge) {
    return (uint32_t)edge.value;
}
static inline double psh__edge_length(psh__rips_edge edge) {
    double length;
    memcpy(&length, &edge.key, sizeof length);
    return length;
}

typedef struct psh__edges {
    psh__rips_edge *items, *scratch; /* (n_items), items by length, equal ones by (i, j) */
    size_t n_items, items_capacity, scratch_capacity;
} psh__edges;

void psh__edges_free(psh__edges *edges);
/* The number of edges of at most `threshold`. */
size_t psh__edges_count(psh__lengths *lengths, double threshold);
/* These edges, sorted; n_edges is their number. */
psh_status psh__edges_sort(psh__edges *edges, psh__lengths *lengths, double threshold, size_t n_edges, psh__room *room,
                           psh_error *err);

/* --- The graph (rips_graph.c) --------------------------------------------------------------------------------------
 */

/* Ranks by pairs of vertices. Dense: a matrix. Sparse: sorted lists of neighbours. */
typedef struct psh__graph {
    size_t n_points;
    const psh__edges *edges;
    const psh__rips_kernels *kernels;
    bool is_dense;
    uint32_t *ranks; /* dense: (n_points, rank_stride), PSH__NO_RANK where there is no edge */
    size_t rank_stride, ranks_capacity;
    size_t *starts, *ends; /* sparse: (n_points + 1); (n_points), while they are made */
    size_t starts_capacity, ends_capacity;
    uint64_t *neighbours; /* sparse: vertex << 32 | rank, by vertex */
    size_t neighbours_capacity;
} psh__graph;

void psh__graph_free(psh__graph *graph);
/* Is a matrix of ranks the better way? */
bool psh__graph_is_dense(size_t n_points, size_t n_edges);
psh_status psh__graph_build(psh__graph *graph, size_t n_points, bool is_dense, psh__edges *edges, psh__room *room,
                            psh_error *err);
uint32_t psh__graph_rank(const psh__graph *graph, uint32_t u, uint32_t v);
/* Of the triangles whose last edge is (u, v) of rank `rank`: the apex for which the two other edges come earliest, or
 * PSH__NO_VERTEX. */
uint32_t psh__graph_witness(const psh__graph *graph, uint32_t u, uint32_t v, uint32_t rank);
/* The apices of all these triangles: dst : (n_points), ascending. Answers their number. */
size_t psh__graph_lune(const psh__graph *graph, uint32_t u, uint32_t v, uint32_t rank, uint32_t *dst);

/* Which of `vertices` : (n_vertices), ascending, are neighbours of `vertex` by edges before `rank`: row : (n_words) of
 * bits. */
void psh__graph_row(const psh__graph *graph, uint32_t vertex, const uint32_t *vertices, size_t n_vertices,
                    uint32_t rank, uint64_t *row, size_t n_words);
/* The graph on `vertices` : (n_vertices), ascending, of the edges before `rank`: rows : (n_vertices, n_words) of bits.
 */
void psh__graph_rows(const psh__graph *graph, const uint32_t *vertices, size_t n_vertices, uint32_t rank,
                     uint64_t *rows, size_t n_words);

/* --- Columns over Z/2 (rips_columns.c) -----------------------------------------------------------------------------
 */

/* Reduced columns, found by their pivots. Rows are births in their order, the pivot of a column is its latest. */
typedef struct psh__columns {
    size_t n_births;
    uint64_t *bits;    /* the column at hand */
    size_t top;        /* it has no bits in words from `top` on */
    uint32_t *entries; /* of short columns, one after another */
    uint64_t *words;   /* of the others */
    struct psh__column {
        size_t start;
        uint32_t n_entries; /* 0: no column has this pivot */
        uint32_t death;     /* rank */
    } * columns;            /* (n_births) by pivot */
    size_t n_entries, n_words, bits_capacity, entries_capacity, words_capacity, columns_capacity;
    size_t n_alive;
} psh__columns;

void psh__columns_free(psh__columns *columns);
void psh__columns_start(psh__columns *columns);
/* One more birth, alive: number n_births. */
psh_status psh__columns_bear(psh__columns *columns, psh__room *room, psh_error *err);
static inline void psh__columns_toggle(psh__columns *columns, size_t i_birth) {
    columns->bits[i_birth / 64] ^= (uint64_t)1 << i_birth % 64;
    if (columns->top <= i_birth / 64) columns->top = i_birth / 64 + 1;
}
/* Reduces the column at hand, and empties it. If something is left, its pivot dies at `death`; else *is_zero. */
psh_status psh__columns_reduce(psh__columns *columns, uint32_t death, bool *is_zero, psh__room *room, psh_error *err);

/* --- A heap of integers whose equals cancel (rips_chain.c) ----------------------------------------------------------
 */

/* A chain over Z/2: integers that stand for simplices, taken from the greatest down. */
typedef struct psh__chain {
    uint64_t *items;
    size_t n_items, items_capacity;
} psh__chain;

void psh__chain_free(psh__chain *chain);
psh_status psh__chain_add(psh__chain *chain, uint64_t item, psh__room *room, psh_error *err);
/* Takes the greatest; false: nothing is left. */
bool psh__chain_take(psh__chain *chain, uint64_t *dst);

/* --- Links (rips_link.c) --------------------------------------------------------------------------------------------
 */

/* A graph and its loops up to boundaries of its cliques. */
typedef struct psh__link {
    size_t n_vertices, n_words, n_loops;
    uint32_t *vertices; /* (n_vertices) what its vertices are called elsewhere */
    uint64_t *rows;     /* (n_vertices, n_words) of bits */
    /* working memory of psh__link_find_loops() */
    size_t n_births, n_label_words;
    uint64_t *births;       /* (n_births), then of loops (n_loops): x << 32 | y, an edge */
    uint32_t *roots;        /* (n_vertices) union-find, then parents in the forest */
    uint64_t *tree;         /* (n_vertices, n_words) the forest's edges */
    uint64_t *labels;       /* (pairs, n_label_words) */
    uint64_t *relations;    /* (n_births + 1, n_label_words) by pivot */
    uint64_t *has_relation; /* (n_label_words) */
    uint32_t *depths, *queue, *loop;
    size_t vertices_capacity, rows_capacity, births_capacity, roots_capacity, tree_capacity, labels_capacity,
        relations_capacity, has_relation_capacity, depths_capacity, queue_capacity, loop_capacity;
} psh__link;

void psh__link_free(psh__link *link);
/* Takes vertices out of `set` : (n_words) that can be folded onto others, onto `hub` first. scratch : (n_words).
 * Answers how many are left. */
size_t psh__link_fold(const uint64_t *rows, size_t n_words, uint64_t *set, size_t hub, uint64_t *scratch);
/* A basis of H1 of the flag complex: n_loops. */
psh_status psh__link_find_loops(psh__link *link, psh__room *room, psh_error *err);
/* One of them: dst : (n_vertices), its vertices in a circle. Answers their number. */
size_t psh__link_loop(const psh__link *link, size_t i_loop, uint32_t *dst);

/* --- The sweep (rips_sweep.c, rips_loops.c, rips_shells.c) ---------------------------------------------------------
 */

/* The apices of the triangles whose last edge is (u, v): the vertices of its link in the complex so far. */
typedef struct psh__lune {
    uint32_t u, v, rank;
    const uint32_t *vertices; /* their numbers by bit; NULL: bit w is vertex w */
    const uint64_t *rows;     /* (bits, n_words) the graph on them, so far */
    size_t n_words;
    uint64_t *common; /* (n_words) themselves */
} psh__lune;

static inline uint32_t psh__lune_vertex(const psh__lune *lune, size_t bit) {
    return lune->vertices ? lune->vertices[bit] : (uint32_t)bit;
}

/* Paths in the lune of an edge, from every vertex to the root of its part. Working memory of rips_shells.c. */
typedef struct psh__forest {
    size_t n_vertices;
    uint32_t *vertices;    /* (n_vertices) */
    uint64_t *rows;        /* (n_vertices + 1, words) the graph on them; what is not reached yet */
    uint32_t *queue;       /* (n_vertices) in the order of the search */
    uint32_t *parents;     /* (n_vertices); of a root: the number of its part, complemented */
    unsigned char *is_odd; /* (n_vertices) is the triangle with this apex in the chain? */
    uint32_t *apices;      /* of the triangles over one edge */
    size_t vertices_capacity, rows_capacity, queue_capacity, parents_capacity, is_odd_capacity, apices_capacity;
} psh__forest;

/* All edges in their order, and what they do to the homology. */
typedef struct psh__sweep {
    const psh__graph *graph;
    psh__room *room;
    const psh__rips_kernels *kernels;
    bool with_h1, with_h2;
    uint32_t *parents; /* (n_points) union-find */
    uint32_t *joins;   /* (n_joins) ranks of the edges that join components */
    size_t n_joins, parents_capacity, joins_capacity;
    /* H1: births are edges, by rank; H2: triangles, rank << 32 | number of the component of the lune */
    uint32_t *loop_births;
    uint64_t *shell_births;
    psh__columns loops, shells;
    psh__chain chain;
    size_t loop_births_capacity, shell_births_capacity;
    /* lunes */
    uint64_t *rows, *sets;
    uint32_t *vertices;
    size_t rows_capacity, sets_capacity, vertices_capacity;
    psh__link link;     /* shells that die */
    psh__forest forest; /* shells in terms of births */
} psh__sweep;

void psh__sweep_free(psh__sweep *sweep);
psh_status psh__sweep_run(psh__sweep *sweep, const psh__graph *graph, bool with_h1, bool with_h2, psh__room *room,
                          psh_error *err);

/* The loop u - a - v - b bounds from `rank` on. *is_zero: it did so already. */
psh_status psh__loop_close(psh__sweep *sweep, const psh__lune *lune, uint32_t a, uint32_t b, bool *is_zero,
                           psh_error *err);
/* The loops of the lune, seen from u and v, are shells that bound from its rank on. hub : a vertex with many
 * neighbours, scratch : (n_words). lune->common is lost. */
psh_status psh__shells_close(psh__sweep *sweep, const psh__lune *lune, size_t hub, uint64_t *scratch, psh_error *err);

#endif
