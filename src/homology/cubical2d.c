/* cubical2d.c : H0 and H1 of a 2D image from its minima, saddles and maxima alone.
 *
 * Pixels are put into a strict total order (value, then raster order) and added one by one. What a pixel does to the
 * topology is told by its ring (cubical2d_ring.h): for 96 of 100 pixels of a smooth image nothing. Else it is a
 * minimum (a component is born), a saddle (it joins components, or closes loops around pixels still missing) or a
 * maximum (it fills a hole). Only these few are looked at.
 *
 * Rings: one byte a pixel, by SIMD comparisons. It is the only step that depends on the pixels' type; after it, values
 * are unsigned integers (value_key.h).
 *
 * Paths: from a saddle, one path leads into each of its earlier runs and on from pixel to earlier pixel, until it ends
 * at a minimum. All its pixels come before the saddle, so that minimum stands for the component that the run is in.
 *
 * H0: Kruskal's algorithm over the saddles, union-find over the minima; the younger component dies (elder rule).
 *
 * H1: by Alexander duality H0 of the complement, backwards: union-find over the maxima and the outside, paths upward
 * into the later runs. A saddle pixel with k runs is k - 1 edges (earlier i, earlier i + 1) below, and as many edges
 * (later i, last later run) above; each crosses its partner and no other. In the plane, the edges that join nothing
 * below are just those that join something above (complementary spanning trees). So each saddle serves one dimension,
 * H1 traces only those that H0 has left, and all of them must join: see the asserts.
 *
 * Triangulated grids (psh_lower_star_compute_grid()): the same with rings of six neighbours, since among triangles both
 * sides hang together alike.
 *
 * Equal values: the order of equals adds pairs with birth = death, which are dropped, and changes no other interval, so
 * plateaus need no care. Superlevel sets: the reverse order, by complementing rings and keys.
 *
 * Cost: O(pixels) for rings, O(saddles log saddles) for the rest, but for the lengths of paths: 47 us for a smoothed
 * 8-bit tile of 224 x 224 pixels on one Zen 5 core (bench_cubical), of which paths take a third. A long path lays
 * stations where later paths end, so that no pixel is walked over more than a bounded number of times. Eight paths are
 * walked at a time, since one alone waits for memory at every step (eight against three: twice as fast on smoothed 224
 * x 224 tiles). Tried and lost: stations on paths of 8 and 16 steps too (4 and 2 times slower), prefetching edges and
 * nodes for the joins (no gain even at 2048 x 2048 pixels of noise). */
#include "homology/cubical2d.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "homology/reserve.h"
#include "homology/value_key.h"

enum {
    N_LANES = 8,        /* paths walked at a time */
    LONG_PATH = 32,     /* steps from which on a path lays stations */
    STATION_SPACING = 8 /* steps between them */
};
#define MAX_PLANE_PIXELS ((size_t)INT32_MAX) /* steps between pixels are int32_t */

void psh__cubical2d_init(psh__cubical2d *c) {
    memset(c, 0, sizeof *c);
    for (int mesh = 0; mesh < PSH__N_MESHES; mesh++) psh__ring_table_fill((psh__mesh2d)mesh, &c->tables[mesh]);
}

void psh__cubical2d_free(psh__cubical2d *c) {
    void *const blocks[] = {c->rows,     c->rings,          c->node_of,        c->found,  c->minima,
                            c->maxima,   c->edges,          c->order,          c->list,   c->nodes,
                            c->stations, c->pairs[0].items, c->pairs[1].items, c->scratch};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) psh__free(blocks[i]);
    memset(c, 0, sizeof *c);
}

/* --- From pixels to minima, maxima and saddles ------------------------------------------------------------------- */

static psh_status reserve_plane(psh__cubical2d *c, const psh_image *image, psh_error *err) {
    size_t shape[3], n_plane;
    psh_image_shape(image, shape);
    assert(shape[0] == 1);
    if (!psh__size_mul(shape[1] + 2, shape[2] + 2, &n_plane) || n_plane > MAX_PLANE_PIXELS)
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "image of %zu x %zu pixels: at most 2^31 are supported; scale it down", shape[1], shape[2]);
    c->height = shape[1], c->width = shape[2], c->stride = shape[2] + 2;
    RESERVE(c, rings, n_plane + PSH__RING_BLOCK, "the rings of an image");
    RESERVE(c, node_of, n_plane, "the nodes of an image");
    RESERVE(c, found, c->width + PSH__RING_BLOCK, "a row of an image");
    return PSH_OK;
}

/* Bytes from one row buffer to the next: a block of room on the left, a rounded row, one more block. */
static size_t row_buffer_bytes(const psh__cubical2d *c, size_t item_bytes) {
    return (PSH__RING_ROUND(c->width) + 2 * PSH__RING_BLOCK) * item_bytes;
}

static uint64_t key_at(psh_dtype dtype, const void *row, size_t x) {
    switch (dtype) {
    case PSH_U8:
        return ((const uint8_t *)row)[x];
    case PSH_U16:
        return ((const uint16_t *)row)[x];
    case PSH_F32:
        return psh__key_from_f32(((const float *)row)[x]);
    case PSH_F64:
        return psh__key_from_f64(((const double *)row)[x]);
    }
    return 0;
}

/* Files the pixels c->found[0 .. n_found) of row y under minima, maxima and saddles. Each is written to the end of all
 * three lists, and stays where it belongs: what a pixel is cannot be predicted, so there is no branch on it. */
static psh_status file_row(psh__cubical2d *c, const psh__ring_table *table, psh_dtype dtype, const void *row,
                           uint64_t key_flip, size_t y, size_t n_found, psh_error *err) {
    RESERVE(c, minima, c->n_minima + n_found + 1, "the minima of an image");
    RESERVE(c, maxima, c->n_maxima + n_found + 1, "the maxima of an image");
    RESERVE(c, edges, c->n_edges + 3 * n_found + 1, "the saddles of an image");
    RESERVE(c, order, c->n_edges + 3 * n_found + 1, "the saddles of an image");
    const uint8_t *rings = c->rings + (y + 1) * c->stride + 1;
    const uint32_t *found = c->found;
    uint32_t first_pixel = (uint32_t)(rings - c->rings), *node_of = c->node_of + first_pixel;
    uint64_t *minima = c->minima;
    psh__record *maxima = c->maxima, *order = c->order;
    psh__edge *edges = c->edges;
    size_t n_minima = c->n_minima, n_maxima = c->n_maxima, n_edges = c->n_edges;
    for (size_t i = 0; i < n_found; i++) {
        uint32_t x = found[i], pixel = first_pixel + x;
        uint8_t ring = rings[x];
        uint64_t key = key_at(dtype, row, x) ^ key_flip;
        node_of[x] = (uint32_t)n_minima;
        minima[n_minima] = key;
        n_minima += table->is_minimum[ring];
        maxima[n_maxima] = (psh__record){.key = key, .value = pixel};
        n_maxima += table->is_maximum[ring];
        edges[n_edges] = (psh__edge){.pixel = pixel};
        order[n_edges] = (psh__record){.key = key, .value = n_edges};
        n_edges += table->is_saddle[ring];
        for (unsigned run = 1; run + 1 < table->n_runs[ring]; run++) { /* rare */
            edges[n_edges] = (psh__edge){.pixel = pixel, .run = (uint8_t)run};
            order[n_edges] = (psh__record){.key = key, .value = n_edges};
            n_edges++;
        }
    }
    c->n_minima = n_minima, c->n_maxima = n_maxima, c->n_edges = n_edges;
    return PSH_OK;
}

/* Rings of the whole plane; the border looks like maxima, where paths upward end. */
static psh_status find_critical(psh__cubical2d *c, const psh_image *image, const psh__ring_table *table,
                                bool is_superlevel, psh_error *err) {
    const psh__ring_kernels *kernels = psh__ring_kernels_best();
    psh_dtype dtype = psh_image_dtype(image);
    size_t item_bytes = psh__key_bytes(dtype), pitch = row_buffer_bytes(c, item_bytes),
           row_bytes = c->width * item_bytes;
    const uint8_t *pixels = psh_image_pixels(image);
    uint64_t key_flip = is_superlevel ? psh__key_all(dtype) : 0;
    RESERVE(c, rows, 3 * pitch, "a row of an image");
    memset(c->rows, 0, 3 * pitch);
    uint8_t *rows = c->rows + PSH__RING_BLOCK * item_bytes; /* row y is kept at rows + y % 3 * pitch */
    memcpy(rows, pixels, row_bytes);
    c->n_minima = c->n_maxima = c->n_edges = 0;
    for (size_t y = 0; y < c->height; y++) {
        bool is_first = y == 0, is_last = y + 1 == c->height;
        uint8_t valid = (uint8_t) ~((is_first ? PSH__RING_ABOVE : 0) | (is_last ? PSH__RING_BELOW : 0));
        uint8_t *rings = c->rings + (y + 1) * c->stride + 1;
        if (!is_last) memcpy(rows + (y + 1) % 3 * pitch, pixels + (y + 1) * row_bytes, row_bytes);
        kernels->row[dtype](rows + (y + 2) % 3 * pitch, rows + y % 3 * pitch, rows + (y + 1) % 3 * pitch, c->width,
                            is_superlevel ? 0xff : 0, valid, rings);
        rings[0] &= (uint8_t)~PSH__RING_LEFT;
        rings[c->width - 1] &= (uint8_t)~PSH__RING_RIGHT;
        size_t n_found = kernels->find(rings, c->width, table->critical, c->found);
        PSH_TRY(file_row(c, table, dtype, pixels + y * row_bytes, key_flip, y, n_found, err));
        rings[-1] = rings[c->width] = 0xff;
    }
    memset(c->rings, 0xff, c->stride);
    memset(c->rings + (c->height + 1) * c->stride, 0xff, c->stride);
    return PSH_OK;
}

/* --- Paths ------------------------------------------------------------------------------------------------------- */

/* offsets[direction] : from a pixel to its neighbour. */
static void fill_offsets(const psh__cubical2d *c, int32_t offsets[PSH__RING_STAY + 1]) {
    int32_t stride = (int32_t)c->stride;
    const int32_t clockwise[] = {-stride - 1, -stride, -stride + 1, 1, stride + 1, stride, stride - 1, -1, 0};
    memcpy(offsets, clockwise, sizeof clockwise);
}

/* Walks once more from `start` to the end of its path, which is `node`; every few steps a pixel becomes an end itself.
 * steps[ring] : from a pixel of that ring to the next one on the path, 0 at its end. */
static psh_status lay_stations(psh__cubical2d *c, const int32_t steps[256], uint8_t end_ring, uint32_t start,
                               uint32_t node, psh_error *err) {
    uint32_t pixel = start;
    int32_t step;
    for (unsigned n_steps = 1; (step = steps[c->rings[pixel]]) != 0; n_steps++) {
        if (n_steps % STATION_SPACING == 0) {
            RESERVE(c, stations, c->n_stations + 1, "long paths");
            c->stations[c->n_stations++] = (psh__station){.pixel = pixel, .ring = c->rings[pixel]};
            c->rings[pixel] = end_ring;
            c->node_of[pixel] = node;
        }
        pixel += (uint32_t)step;
    }
    return PSH_OK;
}

/* Follows the paths from a and b of the edges c->list[0 .. n_edges); a and b become the nodes where they end. */
static psh_status trace(psh__cubical2d *c, const int32_t steps[256], uint8_t end_ring, size_t n_edges, psh_error *err) {
    const uint8_t *rings = c->rings;
    c->n_stations = 0;
    for (size_t first = 0; first < n_edges; first += N_LANES / 2) {
        psh__edge *edges[N_LANES / 2];
        uint32_t starts[N_LANES], pixels[N_LANES];
        for (size_t i = 0; i < N_LANES / 2; i++) { /* the last batch repeats its last edge */
            edges[i] = &c->edges[c->list[first + i < n_edges ? first + i : n_edges - 1]];
            starts[2 * i] = edges[i]->a, starts[2 * i + 1] = edges[i]->b;
        }
        memcpy(pixels, starts, sizeof pixels);
        unsigned n_steps = 0;
        for (int32_t any_step = 1; any_step; n_steps++) {
            any_step = 0;
            for (size_t i = 0; i < N_LANES; i++) {
                int32_t step = steps[rings[pixels[i]]];
                pixels[i] += (uint32_t)step;
                any_step |= step;
            }
        }
        for (size_t i = 0; i < N_LANES / 2; i++)
            edges[i]->a = c->node_of[pixels[2 * i]], edges[i]->b = c->node_of[pixels[2 * i + 1]];
        if (n_steps <= LONG_PATH) continue;
        for (size_t i = 0; i < N_LANES; i++)
            PSH_TRY(lay_stations(c, steps, end_ring, starts[i], c->node_of[pixels[i]], err));
    }
    for (size_t i = 0; i < c->n_stations; i++) c->rings[c->stations[i].pixel] = c->stations[i].ring;
    return PSH_OK;
}

/* --- The two dimensions ------------------------------------------------------------------------------------------ */

/* The edges' paths start in two neighbouring earlier runs of their pixel. */
static void start_paths_down(psh__cubical2d *c, const psh__ring_table *table, const int32_t *offsets) {
    for (size_t i = 0; i < c->n_edges; i++) {
        psh__edge *edge = &c->edges[i];
        const uint8_t *earlier = table->earlier[c->rings[edge->pixel]];
        edge->a = edge->pixel + (uint32_t)offsets[earlier[edge->run]];
        edge->b = edge->pixel + (uint32_t)offsets[earlier[edge->run + 1]];
        c->list[i] = (uint32_t)i;
    }
}

/* Kruskal: pairs of dimension 0, deaths rising. What joins nothing is left in c->order[0 .. n_loops). */
static void join_minima(psh__cubical2d *c) {
    psh__record *pairs = c->pairs[0].items, *order = c->order;
    size_t n_pairs = 0, n_loops = 0;
    c->least_key = c->minima[0];
    for (size_t i = 0; i < c->n_minima; i++) {
        c->nodes[i] = (psh__node){.key = c->minima[i], .parent = (uint32_t)i};
        if (c->minima[i] < c->least_key) c->least_key = c->minima[i];
    }
    for (size_t i = 0; i < c->n_edges; i++) {
        psh__record saddle = order[i];
        psh__edge *edge = &c->edges[saddle.value];
        uint64_t birth, death = saddle.key;
        bool is_joined = psh__forest_join(c->nodes, edge->a, edge->b, &birth);
        edge->is_loop = !is_joined;
        pairs[n_pairs] = (psh__record){.key = birth, .value = death};
        n_pairs += is_joined & (birth != death);
        order[n_loops] = saddle;
        n_loops += !is_joined;
    }
    c->n_loops = n_loops;
    c->pairs[0].n_items = n_pairs;
}

static psh_status compute_h0(psh__cubical2d *c, const psh__ring_table *table, size_t n_key_bytes, psh_error *err) {
    int32_t offsets[PSH__RING_STAY + 1], steps[256];
    fill_offsets(c, offsets);
    for (size_t ring = 0; ring < 256; ring++) steps[ring] = offsets[table->down[ring]];
    RESERVE(c, list, c->n_edges + 1, "the saddles of an image");
    RESERVE(c, nodes, (c->n_minima > c->n_maxima ? c->n_minima : c->n_maxima) + 1, "the components of an image");
    RESERVE(&c->pairs[0], items, c->n_minima + 1, "the intervals of an image");
    start_paths_down(c, table, offsets);
    PSH_TRY(trace(c, steps, 0x00, c->n_edges, err));
    join_minima(c);
    psh__record_sort(c->pairs[0].items, c->scratch, c->pairs[0].n_items, n_key_bytes); /* stable: deaths still rise */
    return PSH_OK;
}

/* The loops' paths start on both sides of the edge: in the later run that it cuts off, and in the last later run. */
static size_t start_paths_up(psh__cubical2d *c, const psh__ring_table *table, const int32_t *offsets) {
    size_t n_loops = 0;
    for (size_t i = 0; i < c->n_edges; i++) {
        psh__edge *edge = &c->edges[i];
        uint8_t ring = c->rings[edge->pixel];
        edge->a = edge->pixel + (uint32_t)offsets[table->later[ring][edge->run]];
        edge->b = edge->pixel + (uint32_t)offsets[table->later[ring][table->n_runs[ring] - 1]];
        c->list[n_loops] = (uint32_t)i;
        n_loops += edge->is_loop;
    }
    return n_loops;
}

/* Node 0 is the outside, the oldest of all; node 1 + i is maximum i. Keys are complemented: great values are old. */
static void fill_maxima_nodes(psh__cubical2d *c) {
    size_t last_row = (c->height + 1) * c->stride;
    for (size_t x = 0; x < c->stride; x++) c->node_of[x] = c->node_of[last_row + x] = 0;
    for (size_t y = c->stride; y < last_row; y += c->stride) c->node_of[y] = c->node_of[y + c->stride - 1] = 0;
    c->nodes[0] = (psh__node){.key = 0, .parent = 0};
    for (size_t i = 0; i < c->n_maxima; i++) {
        c->nodes[i + 1] = (psh__node){.key = ~c->maxima[i].key, .parent = (uint32_t)(i + 1)};
        c->node_of[c->maxima[i].value] = (uint32_t)(i + 1);
    }
}

/* Kruskal backwards: pairs of dimension 1, as (death, birth). */
static void join_maxima(psh__cubical2d *c) {
    psh__record *pairs = c->pairs[1].items;
    size_t n_pairs = 0;
    for (size_t i = c->n_loops; i-- > 0;) {
        psh__record saddle = c->order[i];
        const psh__edge *edge = &c->edges[saddle.value];
        uint64_t younger_key, birth = saddle.key;
        bool is_joined = psh__forest_join(c->nodes, edge->a, edge->b, &younger_key);
        assert(is_joined); /* complementary spanning trees */
        uint64_t death = ~younger_key;
        pairs[n_pairs] = (psh__record){.key = death, .value = birth};
        n_pairs += is_joined & (birth != death);
    }
    c->pairs[1].n_items = n_pairs;
}

static psh_status compute_h1(psh__cubical2d *c, const psh__ring_table *table, size_t n_key_bytes, psh_error *err) {
    int32_t offsets[PSH__RING_STAY + 1], steps[256];
    fill_offsets(c, offsets);
    for (size_t ring = 0; ring < 256; ring++) steps[ring] = offsets[table->up[ring]];
    RESERVE(&c->pairs[1], items, c->n_maxima + 1, "the intervals of an image");
    size_t n_loops = start_paths_up(c, table, offsets);
    assert(n_loops == c->n_loops && n_loops == c->n_maxima); /* each loop is filled by one maximum */
    fill_maxima_nodes(c);
    PSH_TRY(trace(c, steps, 0xff, n_loops, err));
    join_maxima(c);
    psh__record *pairs = c->pairs[1].items;
    size_t n_pairs = c->pairs[1].n_items;
    psh__record_sort(pairs, c->scratch, n_pairs, n_key_bytes);
    for (size_t i = 0; i < n_pairs; i++) pairs[i] = (psh__record){.key = pairs[i].value, .value = pairs[i].key};
    psh__record_sort(pairs, c->scratch, n_pairs, n_key_bytes); /* stable: equal births by death */
    return PSH_OK;
}

/* Saddles in the order in which pixels are added: equal keys in raster order, or its reverse for superlevel sets. */
static psh_status sort_saddles(psh__cubical2d *c, bool is_superlevel, size_t n_key_bytes, psh_error *err) {
    size_t n_most = c->n_edges > c->n_minima ? c->n_edges : c->n_minima; /* minima = pairs of dimension 0 at most */
    RESERVE(c, scratch, n_most > c->n_maxima ? n_most : c->n_maxima, "sorting saddles");
    for (size_t i = 0, j = c->n_edges; is_superlevel && i + 1 < j; i++) {
        psh__record swap = c->order[i];
        c->order[i] = c->order[--j], c->order[j] = swap;
    }
    psh__record_sort(c->order, c->scratch, c->n_edges, n_key_bytes);
    return PSH_OK;
}

psh_status psh__cubical2d_compute(psh__cubical2d *c, const psh_image *image, psh__mesh2d mesh, bool is_superlevel,
                                  bool with_h1, psh_error *err) {
    const psh__ring_table *table = &c->tables[mesh];
    size_t n_key_bytes = psh__key_bytes(psh_image_dtype(image));
    c->pairs[0].n_items = c->pairs[1].n_items = 0;
    PSH_TRY(reserve_plane(c, image, err));
    PSH_TRY(find_critical(c, image, table, is_superlevel, err));
    PSH_TRY(sort_saddles(c, is_superlevel, n_key_bytes, err));
    PSH_TRY(compute_h0(c, table, n_key_bytes, err));
    if (with_h1) PSH_TRY(compute_h1(c, table, n_key_bytes, err));
    return PSH_OK;
}
