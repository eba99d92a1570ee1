/* slices_kernels_body.h : the loops once, for every SIMD level: the compiler makes vectors of 16 directions, or of
 * cells.
 *
 * Positions are computed for a block of points first, then added to their cells one by one. That is where the time
 * goes: a look-up and an addition in memory, 0.45 ns (Zen 5). Tried and lost: gathering and scattering the sums of 16
 * directions at once (AVX-512, 2.8 times as long); adding each point at once (1.6 times: the bytes of a vector just
 * stored are late to load); one direction at a time for all points (1.3 times: neighbours in a file often share a cell,
 * and wait for one another). */
#include <math.h>
#include <string.h>

#include "encoder/slices_kernels.h"

enum { DIRECTIONS = PSH__SLICE_DIRECTIONS, CELLS = PSH__SLICE_CELLS, BLOCK = 16 /* points */ };

typedef struct block {
    uint32_t fine[BLOCK][DIRECTIONS], positions[BLOCK][DIRECTIONS];
} block;

static bool convert(const double *points, size_t n, double scale, double shift, float *middles, float *persistences) {
    double half = scale / 2;
    int any_infinite = 0;
    for (size_t i = 0; i < n; i++) {
        double birth = points[2 * i], death = points[2 * i + 1];
        middles[i] = (float)(birth * half + death * half - shift);
        persistences[i] = (float)((death - birth) * scale);
        any_infinite |= death == INFINITY;
    }
    return any_infinite;
}

/* NaN fails the first comparison and becomes the low end. */
static inline float cut(float x, float low, float high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

static inline void place_points(const psh__ruler *ruler, const float *middles, const float *persistences, size_t n,
                                block *dst) {
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < DIRECTIONS; k++) {
            float x = cut(middles[i] + persistences[i] * ruler->slopes[k], ruler->lows[k], ruler->highs[k]);
            uint32_t position = (uint32_t)(int32_t)x;
            dst->positions[i][k] = position;
            dst->fine[i][k] = (position - ruler->starts[k]) >> ruler->shifts[k];
        }
}

static void add(const psh__ruler *ruler, const float *middles, const float *persistences, size_t n, psh__tally *tally) {
    block at;
    for (size_t first = 0; first < n; first += BLOCK) {
        size_t n_here = n - first < BLOCK ? n - first : BLOCK;
        place_points(ruler, middles + first, persistences + first, n_here, &at);
        for (size_t i = 0; i < n_here; i++) {
            for (size_t k = 0; k < DIRECTIONS; k++)
                tally->points[k][ruler->cells[k][at.fine[i][k]]] += PSH__SPOT + at.positions[i][k];
            uint32_t middle = (uint32_t)(int32_t)cut(middles[first + i], 0, PSH__RULER_LENGTH);
            tally->middles[ruler->gaps[middle >> ruler->gap_shift]] += PSH__SPOT + middle;
        }
    }
}

/* A whole number below 2^52. This way there are vector instructions for it at every level. */
static inline double to_double(uint64_t x) {
    double y;
    x |= 0x4330000000000000;
    memcpy(&y, &x, sizeof y);
    return y - 0x1p52;
}

/* With N points of signed number below an edge at E, and S the sum of their positions, the integral of the signed count
 * up to E is E N - S. Sums of both signs are kept above zero by a bias, which the difference of two integrals loses. */
static void measure(const psh__ruler *ruler, const psh__tally *tally, double *areas) {
    static const uint64_t bias = ((uint64_t)1 << 63) + ((uint64_t)1 << (PSH__SPOT_BITS - 1));
    static const double bias_points = 1 << (63 - PSH__SPOT_BITS);
    uint64_t below[PSH__GAPS + 1], total = 0;
    for (size_t g = 0; g < PSH__GAPS; g++) {
        below[g] = total;
        total += tally->middles[g];
    }
    below[PSH__GAPS] = total;
    for (size_t k = 0; k < DIRECTIONS; k++) {
        const double *edges = ruler->edges[k];
        uint64_t sums[CELLS + 1], sum = bias;
        double integrals[CELLS + 1];
        for (size_t c = 0; c <= CELLS; c++) {
            uint64_t middles = below[ruler->gaps_before[k][c]];
            sums[c] = sum - (ruler->falls[k] ? total - middles : middles);
            sum += tally->points[k][c];
        }
        for (size_t c = 0; c <= CELLS; c++)
            integrals[c] =
                edges[c] * (to_double(sums[c] >> PSH__SPOT_BITS) - bias_points) - to_double(sums[c] & (PSH__SPOT - 1));
        for (size_t c = 0; c < CELLS; c++) areas[k * CELLS + c] += integrals[c + 1] - integrals[c];
    }
}

static void weigh(const psh__ruler *ruler, const double *areas, float *row) {
    for (size_t k = 0; k < DIRECTIONS; k++)
        for (size_t c = 0; c < CELLS; c++) row[k * CELLS + c] = (float)(areas[k * CELLS + c] * ruler->weights[k]);
}
