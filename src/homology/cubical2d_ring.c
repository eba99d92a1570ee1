/* cubical2d_ring.c : rings by plain C, and the tables that say what each of the 256 rings means.
 *
 * In two dimensions the ring decides what happens to the topology when a pixel is added to the pixels before it (and,
 * seen from the other side, when it is taken from those after it): Robins, Wood, Sheppard, "Theory and algorithms for
 * constructing discrete Morse complexes from grayscale digital images", 2011, reduced to a table because 8 bits say
 * all. The loops below are what compilers vectorise well; the AVX files do the same with fewer instructions. */
#include "homology/cubical2d_ring.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RING_ROW(name, type)                                                                                           \
    static void name(const void *up_row, const void *mid_row, const void *down_row, size_t n_pixels, uint8_t flip,     \
                     uint8_t valid, uint8_t *dst) {                                                                    \
        const type *up = up_row, *mid = mid_row, *down = down_row;                                                     \
        for (ptrdiff_t x = 0; x < (ptrdiff_t)n_pixels; x++) {                                                          \
            type p = mid[x];                                                                                           \
            int ring = (up[x - 1] <= p) | (up[x] <= p) << 1 | (up[x + 1] <= p) << 2 | (mid[x + 1] < p) << 3 |          \
                       (down[x + 1] < p) << 4 | (down[x] < p) << 5 | (down[x - 1] < p) << 6 | (mid[x - 1] <= p) << 7;  \
            dst[x] = (uint8_t)((ring ^ flip) & valid);                                                                 \
        }                                                                                                              \
    }
RING_ROW(row_u8, uint8_t)
RING_ROW(row_u16, uint16_t)
RING_ROW(row_f32, float)
RING_ROW(row_f64, double)
#undef RING_ROW

/* Every x is written, and only those that belong are kept: no branch to predict. */
static size_t find(const uint8_t *rings, size_t n_pixels, const uint8_t members[32], uint32_t *dst) {
    size_t n_found = 0;
    for (size_t x = 0; x < n_pixels; x++) {
        dst[n_found] = (uint32_t)x;
        n_found += members[rings[x] / 8] >> rings[x] % 8 & 1;
    }
    return n_found;
}

const psh__ring_kernels psh__ring_kernels_scalar = {{row_u8, row_u16, row_f32, row_f64}, find};

const psh__ring_kernels *psh__ring_kernels_best(void) {
    switch (psh_cpu_simd()) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX512:
        return &psh__ring_kernels_avx512;
    case PSH_SIMD_AVX2:
        return &psh__ring_kernels_avx2;
#endif
    default:
        return &psh__ring_kernels_scalar;
    }
}

/* --- What a ring means ------------------------------------------------------------------------------------------- */

static bool has(unsigned set, unsigned direction) {
    return set >> direction % 8 & 1;
}

/* Makes runs of equal bits out of components. T: two earlier axis neighbours hang together across their corner, be it
 * earlier or not; a later corner between them touches no later axis neighbour. So it may as well be earlier. V: the
 * same with earlier and later exchanged. Triangles: two of the corners are no neighbours, and go with the next. */
static unsigned close_corners(psh__mesh2d mesh, unsigned ring) {
    if (mesh == PSH__MESH_V) return 0xff & ~close_corners(PSH__MESH_T, 0xff & ~ring);
    if (mesh == PSH__MESH_TRIANGLES)
        return (ring & PSH__RING_HEXAGON) | (unsigned)has(ring, 1) << 0 | (unsigned)has(ring, 5) << 4;
    for (unsigned corner = 0; corner < 8; corner += 2)
        if (has(ring, corner + 7) && has(ring, corner + 1)) ring |= 1u << corner;
    return ring;
}

/* The direction of `allowed` nearest to the middle of the n_run directions from `first`: steps through the middle of a
 * run go straight up or down hill, so paths are short. */
static uint8_t middle(unsigned first, unsigned n_run, unsigned allowed) {
    int best = -1, best_offset = 8;
    for (int i = 0; i < (int)n_run; i++) {
        int offset = abs(2 * i - ((int)n_run - 1));
        if (has(allowed, first + (unsigned)i) && offset < best_offset) best = (int)first + i, best_offset = offset;
    }
    return (uint8_t)(best < 0 ? PSH__RING_STAY : best % 8);
}

static void fill_runs(psh__ring_table *table, unsigned ring, unsigned closed, unsigned steps_down, unsigned steps_up) {
    unsigned n_runs = 0;
    for (unsigned first = 0; first < 8; first++) {
        if (!has(closed, first) || has(closed, first + 7)) continue; /* no earlier run begins here */
        unsigned n_earlier = 1, n_later = 1;
        while (has(closed, first + n_earlier)) n_earlier++;
        while (!has(closed, first + n_earlier + n_later)) n_later++;
        table->earlier[ring][n_runs] = middle(first, n_earlier, steps_down);
        table->later[ring][n_runs] = middle(first + n_earlier, n_later, steps_up);
        n_runs++;
    }
    table->n_runs[ring] = (uint8_t)n_runs;
}

void psh__ring_table_fill(psh__mesh2d mesh, psh__ring_table *dst) {
    static const unsigned neighbours_down[PSH__N_MESHES] = {0xff, PSH__RING_AXIS, PSH__RING_HEXAGON},
                          neighbours_up[PSH__N_MESHES] = {PSH__RING_AXIS, 0xff, PSH__RING_HEXAGON};
    memset(dst, 0, sizeof *dst);
    for (unsigned ring = 0; ring < 256; ring++) {
        unsigned closed = close_corners(mesh, ring);
        unsigned steps_down = ring & neighbours_down[mesh], steps_up = ~ring & neighbours_up[mesh];
        fill_runs(dst, ring, closed, steps_down, steps_up);
        dst->is_minimum[ring] = closed == 0;
        dst->is_maximum[ring] = closed == 0xff;
        dst->is_saddle[ring] = dst->n_runs[ring] > 1;
        dst->down[ring] = dst->n_runs[ring] ? dst->earlier[ring][0] : middle(0, 8, steps_down);
        dst->up[ring] = dst->n_runs[ring] ? dst->later[ring][0] : middle(0, 8, steps_up);
        if (dst->n_runs[ring] != 1) dst->critical[ring / 8] |= (uint8_t)(1u << ring % 8);
    }
}
