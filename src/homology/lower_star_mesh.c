/* lower_star_mesh.c : H0, H1 and H2 of a scalar field on any triangle mesh by union-find.
 *
 * The complex: vertices, triangles as sets of vertices, and their edges. A triangle that is given twice counts once;
 * one that repeats a vertex is the edge, or the vertex, that it covers. A simplex appears with its latest vertex;
 * sorted by their vertices' ranks, latest first, simplices are in an order of the filtration.
 *
 * H0: Kruskal's algorithm over the edges. Edges that join components have done their work and are left out below
 * (clearing; Chen, Kerber 2011).
 *
 * H1: cohomology, edges from the last to the first. The coboundary of an edge is the sum of its triangles. Reducing it
 * means: triangles that have been paired stand for something else, replace them. On a surface an edge has two
 * triangles, a and b: the earlier one dies, and from then on stands for the other, so that standing-for is a union-find
 * forest, in which the latest triangle of a component is its root. An edge with one triangle makes it stand for nothing
 * (the outside, later than all). Where three triangles and more meet at an edge, the sum of their roots may have more
 * than two terms: the earliest dies and stands for the sum of the others, its rest. It stays the root of its component,
 * and is replaced by its rest whenever it turns up. So the reduction is exact for every mesh, and is union-find
 * wherever the mesh is a surface. An edge whose sum is empty closes a loop that nothing fills.
 *
 * H2: a triangle that nothing has paired is the last of a closed surface.
 *
 * Cost: sorting, O(triangles), and O(triangles alpha) on surfaces; where many triangles share edges, at worst a cubic
 * reduction. Memory: about 200 bytes a triangle. */
#include "homology/lower_star_mesh.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "homology/reserve.h"
#include "homology/value_key.h"

/* What stands in place of a side's triangle. */
#define NO_TRIANGLE UINT64_MAX       /* an edge by itself */
#define IS_NEGATIVE (UINT64_MAX - 1) /* first side of an edge that joins components */
#define MAX_TRIANGLES ((size_t)INT32_MAX)

/* A triangle stands for the sum of the n_items triangles from `start`; n_items = 0: for itself. */
struct psh__rest {
    size_t start;
    uint32_t n_items;
};

void psh__mesh_stars_free(psh__mesh_stars *m) {
    void *const blocks[] = {m->keys,           m->ranks,          m->latest,         m->parents, m->triangles,
                            m->sides,          m->scratch,        m->heap,           m->rests,   m->rest_of,
                            m->pairs[0].items, m->pairs[1].items, m->essential.items};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) psh__free(blocks[i]);
    memset(m, 0, sizeof *m);
}

/* --- The complex in the order of the filtration --------------------------------------------------------------------
 */

static psh_status rank_vertices(psh__mesh_stars *m, const double *values, bool is_superlevel, psh_error *err) {
    size_t n_vertices = m->n_vertices;
    RESERVE(m, keys, n_vertices, "the vertices of a mesh");
    RESERVE(m, ranks, n_vertices, "the vertices of a mesh");
    RESERVE(m, sides, n_vertices, "sorting the vertices of a mesh");
    RESERVE(m, scratch, n_vertices, "sorting the vertices of a mesh");
    uint64_t flip = is_superlevel ? UINT64_MAX : 0;
    for (size_t i = 0; i < n_vertices; i++)
        m->sides[i] = (psh__record){.key = psh__key_from_f64(values[i]) ^ flip, .value = i};
    psh__record_sort(m->sides, m->scratch, n_vertices, sizeof(uint64_t));
    for (size_t rank = 0; rank < n_vertices; rank++) {
        m->keys[rank] = m->sides[rank].key;
        m->ranks[m->sides[rank].value] = (uint32_t)rank;
    }
    return PSH_OK;
}

static uint64_t edge_key(uint32_t later, uint32_t earlier) {
    return (uint64_t)later << 32 | earlier;
}

/* Ranks in falling order. */
static void sort_corners(uint32_t corners[3]) {
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 2; j++)
            if (corners[j] < corners[j + 1]) {
                uint32_t swap = corners[j];
                corners[j] = corners[j + 1], corners[j + 1] = swap;
            }
}

/* Triangles sorted, each once; of those that repeat a vertex only their edges, at the end of `sides`. */
static psh_status sort_triangles(psh__mesh_stars *m, const psh_mesh *mesh, psh_error *err) {
    const uint32_t *corners_of = psh_mesh_triangles(mesh);
    size_t n_all = psh_mesh_n_triangles(mesh), n_kept = 0, n_unique = 0;
    RESERVE(m, triangles, n_all, "the triangles of a mesh");
    RESERVE(m, sides, 3 * n_all, "the edges of a mesh");
    RESERVE(m, scratch, 3 * n_all, "sorting the edges of a mesh");
    m->n_sides = 0;
    for (size_t i = 0; i < n_all; i++) {
        uint32_t c[3] = {m->ranks[corners_of[3 * i]], m->ranks[corners_of[3 * i + 1]], m->ranks[corners_of[3 * i + 2]]};
        sort_corners(c);
        if (c[0] != c[1] && c[1] != c[2])
            m->triangles[n_kept++] = (psh__record){.key = c[2], .value = edge_key(c[0], c[1])};
        else if (c[0] != c[2])
            m->sides[m->n_sides++] = (psh__record){.key = edge_key(c[0], c[2]), .value = NO_TRIANGLE};
    }
    psh__record_sort(m->triangles, m->scratch, n_kept, sizeof(uint32_t));
    for (size_t i = 0; i < n_kept; i++)
        m->triangles[i] = (psh__record){.key = m->triangles[i].value, .value = m->triangles[i].key};
    psh__record_sort(m->triangles, m->scratch, n_kept, sizeof(uint64_t));
    for (size_t i = 0; i < n_kept; i++) {
        psh__record triangle = m->triangles[i];
        if (n_unique > 0 && m->triangles[n_unique - 1].key == triangle.key &&
            m->triangles[n_unique - 1].value == triangle.value)
            continue;
        m->triangles[n_unique++] = triangle;
    }
    m->n_triangles = n_unique;
    return PSH_OK;
}

/* All sides of triangles, sorted by edge, those of one edge by triangle. */
static psh_status sort_sides(psh__mesh_stars *m, psh_error *err) {
    RESERVE(m, latest, m->n_triangles, "the triangles of a mesh");
    for (size_t i = 0; i < m->n_triangles; i++) {
        uint64_t two = m->triangles[i].key;
        uint32_t a = (uint32_t)(two >> 32), b = (uint32_t)two, c = (uint32_t)m->triangles[i].value;
        m->latest[i] = a;
        m->sides[m->n_sides++] = (psh__record){.key = two, .value = i};
        m->sides[m->n_sides++] = (psh__record){.key = edge_key(a, c), .value = i};
        m->sides[m->n_sides++] = (psh__record){.key = edge_key(b, c), .value = i};
    }
    psh__record_sort(m->sides, m->scratch, m->n_sides, sizeof(uint64_t));
    return PSH_OK;
}

/* --- Union-find ----------------------------------------------------------------------------------------------------
 */

static uint32_t root_of(uint32_t *parents, uint32_t i) {
    while (parents[i] != i) {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    return i;
}

static void add_pair(psh__pairs *pairs, uint64_t birth, uint64_t death) {
    pairs->items[pairs->n_items] = (psh__record){.key = birth, .value = death};
    pairs->n_items += birth != death;
}

static psh_status add_essential(psh__mesh_stars *m, uint64_t key, uint64_t dim, psh_error *err) {
    RESERVE(&m->essential, items, m->essential.n_items + 1, "essential classes");
    m->essential.items[m->essential.n_items++] = (psh__record){.key = key, .value = dim};
    return PSH_OK;
}

/* Joins components along the edges; those that do so are marked. */
static psh_status join_vertices(psh__mesh_stars *m, psh_error *err) {
    RESERVE(m, parents, m->n_vertices, "the components of a mesh");
    RESERVE(&m->pairs[0], items, m->n_vertices, "the intervals of a mesh");
    for (size_t i = 0; i < m->n_vertices; i++) m->parents[i] = (uint32_t)i;
    uint64_t last_key = UINT64_MAX; /* no edge's */
    for (size_t i = 0; i < m->n_sides; i++) {
        uint64_t key = m->sides[i].key;
        if (key == last_key) continue;
        last_key = key;
        uint32_t later = (uint32_t)(key >> 32), a = root_of(m->parents, later), b = root_of(m->parents, (uint32_t)key);
        if (a == b) continue;
        uint32_t elder = a < b ? a : b, younger = a < b ? b : a;
        m->parents[younger] = elder;
        add_pair(&m->pairs[0], m->keys[younger], m->keys[later]);
        m->sides[i].value = IS_NEGATIVE;
    }
    for (size_t i = 0; i < m->n_vertices; i++)
        if (m->parents[i] == i) PSH_TRY(add_essential(m, m->keys[i], 0, err));
    return PSH_OK;
}

/* --- Cohomology ----------------------------------------------------------------------------------------------------
 */

/* Adds what a triangle stands for to the sum at hand. The outside is nothing. */
static psh_status push_root(psh__mesh_stars *m, uint32_t triangle, psh_error *err) {
    uint32_t root = root_of(m->parents, triangle);
    if (root == m->n_triangles) return PSH_OK;
    RESERVE(m, heap, m->n_heap + 1, "the triangles of an edge");
    size_t i = m->n_heap++;
    for (; i > 0 && m->heap[(i - 1) / 2] > root; i = (i - 1) / 2) m->heap[i] = m->heap[(i - 1) / 2];
    m->heap[i] = root;
    return PSH_OK;
}

static uint32_t pop_earliest(psh__mesh_stars *m) {
    uint32_t *heap = m->heap, earliest = heap[0], last = heap[--m->n_heap];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < m->n_heap; i = child) {
        child += child + 1 < m->n_heap && heap[child + 1] < heap[child];
        if (heap[child] >= last) break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return earliest;
}

/* Replaces dead triangles in the sum at hand by their rests until there are none. The terms, rising, are appended to
 * `rests`: (*n_terms) from m->n_rests on. */
static psh_status reduce(psh__mesh_stars *m, size_t *n_terms, psh_error *err) {
    *n_terms = 0;
    while (m->n_heap) {
        uint32_t triangle = pop_earliest(m);
        bool is_odd = true;
        for (; m->n_heap && m->heap[0] == triangle; is_odd = !is_odd) pop_earliest(m);
        if (!is_odd) continue;
        struct psh__rest rest = m->rest_of[triangle];
        for (size_t i = 0; i < rest.n_items; i++) PSH_TRY(push_root(m, m->rests[rest.start + i], err));
        if (rest.n_items) continue;
        RESERVE(m, rests, m->n_rests + *n_terms + 1, "the triangles of an edge");
        m->rests[m->n_rests + (*n_terms)++] = triangle;
    }
    return PSH_OK;
}

/* The earliest of the terms dies and stands for the others from now on. */
static void bury(psh__mesh_stars *m, size_t n_terms) {
    const uint32_t *terms = m->rests + m->n_rests;
    if (n_terms <= 2) {
        m->parents[terms[0]] = n_terms == 2 ? terms[1] : (uint32_t)m->n_triangles;
        return;
    }
    m->rest_of[terms[0]] = (struct psh__rest){.start = m->n_rests + 1, .n_items = (uint32_t)(n_terms - 1)};
    m->n_rests += n_terms;
}

static psh_status close_loops(psh__mesh_stars *m, psh_error *err) {
    size_t n_triangles = m->n_triangles;
    RESERVE(m, parents, n_triangles + 1, "the triangles of a mesh");
    RESERVE(m, rest_of, n_triangles + 1, "the triangles of a mesh");
    RESERVE(&m->pairs[1], items, n_triangles, "the intervals of a mesh");
    for (size_t i = 0; i <= n_triangles; i++) m->parents[i] = (uint32_t)i;
    memset(m->rest_of, 0, n_triangles * sizeof *m->rest_of);
    m->n_heap = m->n_rests = 0;
    for (size_t start, end = m->n_sides; end > 0; end = start) {
        uint64_t key = m->sides[end - 1].key, birth = m->keys[key >> 32];
        for (start = end - 1; start > 0 && m->sides[start - 1].key == key;) start--;
        if (m->sides[start].value == IS_NEGATIVE) continue;
        size_t n_terms;
        for (size_t i = start; i < end; i++)
            if (m->sides[i].value != NO_TRIANGLE) PSH_TRY(push_root(m, (uint32_t)m->sides[i].value, err));
        PSH_TRY(reduce(m, &n_terms, err));
        if (n_terms == 0) {
            PSH_TRY(add_essential(m, birth, 1, err));
            continue;
        }
        add_pair(&m->pairs[1], birth, m->keys[m->latest[m->rests[m->n_rests]]]);
        bury(m, n_terms);
    }
    for (size_t i = 0; i < n_triangles; i++)
        if (m->parents[i] == i && m->rest_of[i].n_items == 0) PSH_TRY(add_essential(m, m->keys[m->latest[i]], 2, err));
    return PSH_OK;
}

psh_status psh__mesh_stars_compute(psh__mesh_stars *m, const psh_mesh *mesh, bool is_superlevel, psh_error *err) {
    m->n_vertices = psh_mesh_n_vertices(mesh);
    m->pairs[0].n_items = m->pairs[1].n_items = m->essential.n_items = 0;
    if (psh_mesh_n_triangles(mesh) > MAX_TRIANGLES)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "mesh of %zu triangles: less than 2^31 are supported; simplify it",
                          psh_mesh_n_triangles(mesh));
    PSH_TRY(rank_vertices(m, psh_mesh_values(mesh), is_superlevel, err));
    PSH_TRY(sort_triangles(m, mesh, err));
    PSH_TRY(sort_sides(m, err));
    PSH_TRY(join_vertices(m, err));
    return close_loops(m, err);
}
