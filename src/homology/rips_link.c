/* rips_link.c : loops of a small complex that is all there at once: the flag complex of a graph (all cliques).
 *
 * First the graph is folded: a vertex whose neighbours are all neighbours of one of them can be pushed there, which
 * changes nothing but the size (strong collapse; Barmak, Minian 2012). Links in a geometric complex nearly always fold
 * to a point. What is left is swept as rips_loops.c does it, the edges (x, y), x < y, in the order of (y, x), so that
 * the lune of an edge consists of the common neighbours before x. Each edge gets a label, the set of loops that it
 * passes through (annotations; Busaryev, Cabello, Chen, Dey, Wang 2012): tree edges none, an edge without lune its own
 * loop, any other the sum along the path over its lune's first vertex. Where paths over two vertices of one lune differ
 * in label, the difference bounds. Loops that are no pivot of these are a basis of H1. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "homology/rips.h"

void psh__link_free(psh__link *link) {
    void *const blocks[] = {link->vertices,  link->rows,         link->births, link->roots, link->tree, link->labels,
                            link->relations, link->has_relation, link->depths, link->queue, link->loop};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) psh__free(blocks[i]);
}

/* --- Folding ----------------------------------------------------------------------------------------------------- */

/* Are the neighbours of `vertex` in `set` all neighbours of `other`, which is one of them? */
static bool is_dominated(const uint64_t *rows, size_t n_words, const uint64_t *set, size_t vertex, size_t other) {
    const uint64_t *a = rows + vertex * n_words, *b = rows + other * n_words;
    for (size_t i = 0; i < n_words; i++) {
        uint64_t left = a[i] & set[i] & ~b[i];
        if (i == other / 64) left &= ~((uint64_t)1 << other % 64);
        if (left) return false;
    }
    return true;
}

static bool can_fold(const uint64_t *rows, size_t n_words, const uint64_t *set, size_t vertex) {
    for (size_t i = 0; i < n_words; i++)
        for (uint64_t bits = rows[vertex * n_words + i] & set[i]; bits; bits &= bits - 1)
            if (is_dominated(rows, n_words, set, vertex, i * 64 + (size_t)__builtin_ctzll(bits))) return true;
    return false;
}

/* All neighbours of `hub` without a neighbour beyond can be pushed onto it at once, each by the rule above. */
static void fold_onto(const uint64_t *rows, size_t n_words, uint64_t *set, size_t hub, uint64_t *kept) {
    const uint64_t *near = rows + hub * n_words;
    memset(kept, 0, n_words * sizeof *kept);
    kept[hub / 64] |= (uint64_t)1 << hub % 64;
    for (size_t i = 0; i < n_words; i++)
        for (uint64_t beyond = set[i] & ~near[i] & ~(i == hub / 64 ? (uint64_t)1 << hub % 64 : 0); beyond;
             beyond &= beyond - 1) {
            size_t vertex = i * 64 + (size_t)__builtin_ctzll(beyond);
            kept[i] |= beyond & -beyond;
            for (size_t k = 0; k < n_words; k++) kept[k] |= rows[vertex * n_words + k];
        }
    for (size_t i = 0; i < n_words; i++) set[i] &= kept[i];
}

size_t psh__link_fold(const uint64_t *rows, size_t n_words, uint64_t *set, size_t hub, uint64_t *scratch) {
    fold_onto(rows, n_words, set, hub, scratch);
    size_t n_left = 0;
    for (size_t i = 0; i < n_words; i++) n_left += (size_t)__builtin_popcountll(set[i]);
    for (bool is_done = false; !is_done && n_left > 1;) {
        is_done = true;
        for (size_t i = 0; i < n_words; i++)
            for (uint64_t bits = set[i]; bits; bits &= bits - 1) {
                size_t vertex = i * 64 + (size_t)__builtin_ctzll(bits);
                if (!can_fold(rows, n_words, set, vertex)) continue;
                set[i] &= ~((uint64_t)1 << vertex % 64);
                n_left--, is_done = false;
            }
    }
    return n_left;
}

/* --- Labels ------------------------------------------------------------------------------------------------------ */

static bool has_bit(const uint64_t *words, size_t bit) {
    return words[bit / 64] >> bit % 64 & 1;
}

/* The first common neighbour of x and y before x; n_vertices if there is none. */
static size_t first_apex(const psh__link *link, size_t x, size_t y) {
    const uint64_t *a = link->rows + x * link->n_words, *b = link->rows + y * link->n_words;
    for (size_t i = 0; i <= x / 64; i++) {
        uint64_t both = a[i] & b[i];
        if (i == x / 64) both &= ((uint64_t)1 << x % 64) - 1;
        if (both) return i * 64 + (size_t)__builtin_ctzll(both);
    }
    return link->n_vertices;
}

static uint64_t *label_of(const psh__link *link, size_t x, size_t y) {
    return link->labels + (x > y ? x * (x - 1) / 2 + y : y * (y - 1) / 2 + x) * link->n_label_words;
}

static size_t find_root(uint32_t *roots, size_t vertex) {
    while (roots[vertex] != vertex) vertex = roots[vertex] = roots[roots[vertex]];
    return vertex;
}

/* The forest that the edges without lune make, and the loops that they leave: link->births, x << 32 | y. */
static psh_status find_births(psh__link *link, psh__room *room, psh_error *err) {
    size_t n = link->n_vertices;
    PSH_ROOM(room, link, roots, n, "a link");
    PSH_ROOM(room, link, tree, n * link->n_words, "a link");
    memset(link->tree, 0, n * link->n_words * sizeof *link->tree);
    for (size_t i = 0; i < n; i++) link->roots[i] = (uint32_t)i;
    link->n_births = 0;
    for (size_t y = 1; y < n; y++)
        for (size_t x = 0; x < y; x++) {
            if (!has_bit(link->rows + y * link->n_words, x) || first_apex(link, x, y) < n) continue;
            size_t root_x = find_root(link->roots, x), root_y = find_root(link->roots, y);
            if (root_x != root_y) {
                link->roots[root_y] = (uint32_t)root_x;
                link->tree[x * link->n_words + y / 64] |= (uint64_t)1 << y % 64;
                link->tree[y * link->n_words + x / 64] |= (uint64_t)1 << x % 64;
                continue;
            }
            PSH_ROOM(room, link, births, link->n_births + 1, "a link");
            link->births[link->n_births++] = (uint64_t)x << 32 | y;
        }
    return PSH_OK;
}

/* Reduces `word`s by the relations found so far, and keeps what is left as a new one. True if something is left. */
static bool add_relation(psh__link *link, uint64_t *relation) {
    size_t n_words = link->n_label_words;
    for (size_t i = n_words; i-- > 0;)
        while (relation[i]) {
            size_t pivot = i * 64 + 63 - (size_t)__builtin_clzll(relation[i]);
            uint64_t *kept = link->relations + pivot * n_words;
            if (!has_bit(link->has_relation, pivot)) {
                memcpy(kept, relation, n_words * sizeof *kept);
                link->has_relation[pivot / 64] |= (uint64_t)1 << pivot % 64;
                return true;
            }
            for (size_t k = 0; k < n_words; k++) relation[k] ^= kept[k];
        }
    return false;
}

/* Labels of all edges; relations where they disagree. */
static psh_status find_relations(psh__link *link, psh__room *room, psh_error *err) {
    size_t n = link->n_vertices, n_words = link->n_label_words = (link->n_births + 63) / 64, i_birth = 0;
    size_t n_labels = n * (n - 1) / 2 * n_words, n_kept = 0;
    PSH_ROOM(room, link, labels, n_labels, "a link");
    PSH_ROOM(room, link, relations, (link->n_births + 1) * n_words, "a link"); /* and the one at hand */
    PSH_ROOM(room, link, has_relation, n_words, "a link");
    uint64_t *relation = link->relations + link->n_births * n_words;
    memset(link->labels, 0, n_labels * sizeof *link->labels);
    memset(link->has_relation, 0, n_words * sizeof *link->has_relation);
    for (size_t y = 1; y < n; y++)
        for (size_t x = 0; x < y; x++) {
            const uint64_t *row_x = link->rows + x * link->n_words, *row_y = link->rows + y * link->n_words;
            if (!has_bit(row_y, x)) continue;
            uint64_t *label = label_of(link, x, y);
            size_t apex = first_apex(link, x, y);
            if (apex == n) {
                if (i_birth == link->n_births || link->births[i_birth] != ((uint64_t)x << 32 | y)) continue;
                label[i_birth / 64] |= (uint64_t)1 << i_birth % 64;
                i_birth++;
                continue;
            }
            const uint64_t *a = label_of(link, x, apex), *b = label_of(link, y, apex);
            for (size_t k = 0; k < n_words; k++) label[k] = a[k] ^ b[k];
            for (size_t z = apex + 1; z < x && n_kept < link->n_births; z++) {
                if (!has_bit(row_x, z) || !has_bit(row_y, z)) continue;
                uint64_t any = 0;
                a = label_of(link, x, z), b = label_of(link, y, z);
                for (size_t k = 0; k < n_words; k++) any |= relation[k] = label[k] ^ a[k] ^ b[k];
                if (any) n_kept += add_relation(link, relation);
            }
        }
    return PSH_OK;
}

/* --- Loops ------------------------------------------------------------------------------------------------------- */

/* Parents in the forest, roots their own; link->roots is done with and takes them. link->depths too. */
static psh_status root_forest(psh__link *link, psh__room *room, psh_error *err) {
    size_t n = link->n_vertices, n_words = link->n_words;
    PSH_ROOM(room, link, depths, n, "a link");
    PSH_ROOM(room, link, queue, n, "a link");
    for (size_t i = 0; i < n; i++) link->depths[i] = UINT32_MAX;
    for (size_t root = 0; root < n; root++) {
        if (link->depths[root] != UINT32_MAX) continue;
        size_t n_queued = 0;
        link->roots[root] = (uint32_t)root, link->depths[root] = 0, link->queue[n_queued++] = (uint32_t)root;
        for (size_t i = 0; i < n_queued; i++) {
            uint32_t x = link->queue[i];
            for (size_t k = 0; k < n_words; k++)
                for (uint64_t bits = link->tree[x * n_words + k]; bits; bits &= bits - 1) {
                    size_t y = k * 64 + (size_t)__builtin_ctzll(bits);
                    if (link->depths[y] != UINT32_MAX) continue;
                    link->roots[y] = x, link->depths[y] = link->depths[x] + 1, link->queue[n_queued++] = (uint32_t)y;
                }
        }
    }
    return PSH_OK;
}

psh_status psh__link_find_loops(psh__link *link, psh__room *room, psh_error *err) {
    link->n_births = link->n_loops = 0;
    if (link->n_vertices < 4) return PSH_OK;
    PSH_TRY(find_births(link, room, err));
    if (link->n_births == 0) return PSH_OK;
    PSH_TRY(find_relations(link, room, err));
    for (size_t i = 0; i < link->n_births; i++)
        if (!has_bit(link->has_relation, i)) link->births[link->n_loops++] = link->births[i];
    return link->n_loops ? root_forest(link, room, err) : PSH_OK;
}

size_t psh__link_loop(const psh__link *link, size_t i_loop, uint32_t *dst) {
    uint32_t x = (uint32_t)(link->births[i_loop] >> 32), y = (uint32_t)link->births[i_loop];
    size_t n_first = 0, n_last = 0; /* from x upwards at the start of dst, from y upwards at its end */
    while (x != y) {
        if (link->depths[x] >= link->depths[y])
            dst[n_first++] = x, x = link->roots[x];
        else
            dst[link->n_vertices - ++n_last] = y, y = link->roots[y];
    }
    dst[n_first++] = x;
    memmove(dst + n_first, dst + link->n_vertices - n_last, n_last * sizeof *dst);
    return n_first + n_last;
}
