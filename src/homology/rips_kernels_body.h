/* rips_kernels_body.h : the inner loops of Rips persistence, written once and compiled for each SIMD level
 * (rips_kernels*.c). Lengths: one lane, one pair, so every level does the same operations in the same order; the rest
 * is integers. KERNELS: the name of the table. */
#include <math.h>

#include "homology/rips.h"

enum { LANES = 8 };

/* --- Lengths ----------------------------------------------------------------------------------------------------- */

/* One metric: `step` takes the difference along an axis into `sum`, `finish` makes the length. */
#define DEFINE_LENGTHS(name, step, finish)                                                                             \
    static void name(const double *axes, size_t stride, size_t n_axes, const double *origin, size_t n_points,          \
                     double *dst) {                                                                                    \
        for (size_t first = 0; first < n_points; first += LANES) {                                                     \
            double sums[LANES] = {0};                                                                                  \
            for (size_t i_axis = 0; i_axis < n_axes; i_axis++) {                                                       \
                const double *axis = axes + i_axis * stride + first;                                                   \
                for (size_t lane = 0; lane < LANES; lane++) {                                                          \
                    double difference = axis[lane] - origin[i_axis], sum = sums[lane];                                 \
                    sums[lane] = step;                                                                                 \
                }                                                                                                      \
            }                                                                                                          \
            for (size_t lane = 0; lane < LANES; lane++) {                                                              \
                double sum = sums[lane];                                                                               \
                dst[first + lane] = finish;                                                                            \
            }                                                                                                          \
        }                                                                                                              \
    }
DEFINE_LENGTHS(lengths_euclidean, sum + difference * difference, sqrt(sum))
DEFINE_LENGTHS(lengths_manhattan, sum + fabs(difference), sum)
DEFINE_LENGTHS(lengths_chebyshev, sum > fabs(difference) ? sum : fabs(difference), sum)
DEFINE_LENGTHS(lengths_cosine, sum + difference * difference, 0.5 * sum) /* of unit vectors */

/* --- Ranks ------------------------------------------------------------------------------------------------------- */

static uint32_t least_max(const uint32_t *a, const uint32_t *b, size_t n_ranks) {
    uint32_t least[16];
    for (size_t lane = 0; lane < 16; lane++) least[lane] = PSH__NO_RANK;
    for (size_t first = 0; first < n_ranks; first += 16)
        for (size_t lane = 0; lane < 16; lane++) {
            uint32_t x = a[first + lane], y = b[first + lane], greater = x > y ? x : y;
            least[lane] = least[lane] < greater ? least[lane] : greater;
        }
    for (size_t lane = 1; lane < 16; lane++)
        if (least[lane] < least[0]) least[0] = least[lane];
    return least[0];
}

/* --- Bits -------------------------------------------------------------------------------------------------------- */

/* Macros, since a vector that is passed or returned belongs to an ABI of its SIMD level. */
typedef uint64_t block __attribute__((vector_size(PSH__BLOCK_WORDS * sizeof(uint64_t)), aligned(8)));
#define BLOCK(words) (*(block *)(void *)(words))
#define CONST_BLOCK(words) (*(const block *)(const void *)(words))
#define IS_ZERO(bits) (((bits)[0] | (bits)[1] | (bits)[2] | (bits)[3]) == 0)

static bool is_disjoint(const uint64_t *a, const uint64_t *b, size_t n_words) {
    for (size_t i = 0; i < n_words; i += PSH__BLOCK_WORDS) {
        block both = CONST_BLOCK(a + i) & CONST_BLOCK(b + i);
        if (!IS_ZERO(both)) return false;
    }
    return true;
}

/* Takes the first vertex out of a set; PSH__NO_VERTEX if there is none. *first_word: words before it are empty. */
static inline uint32_t take_first(uint64_t *words, size_t n_words, size_t *first_word) {
    for (size_t i = *first_word; i < n_words; i++)
        if (words[i]) {
            uint32_t vertex = (uint32_t)(i * 64 + (size_t)__builtin_ctzll(words[i]));
            words[i] &= words[i] - 1;
            *first_word = i;
            return vertex;
        }
    return PSH__NO_VERTEX;
}

/* Breadth-first search over sets: what is reached leaves `rest` and waits in `pending`. It ends as soon as all is
 * reached, for which 1.4 vertices are enough on average (clouds sampled from surfaces). */
static inline psh__lune_kind search(const uint64_t *a, const uint64_t *b, const uint64_t *rows, size_t n_words,
                                    uint32_t start, uint64_t *common, uint64_t *rest, uint64_t *pending) {
    block any = {0};
    for (size_t i = 0; i < n_words; i += PSH__BLOCK_WORDS) {
        block both = CONST_BLOCK(a + i) & CONST_BLOCK(b + i);
        BLOCK(common + i) = BLOCK(rest + i) = both, BLOCK(pending + i) = (block){0};
        any |= both;
    }
    if (IS_ZERO(any)) return PSH__LUNE_EMPTY;
    size_t first_word = 0;
    uint32_t vertex = start;
    if (start == PSH__NO_VERTEX)
        vertex = take_first(rest, n_words, &first_word);
    else
        rest[start / 64] &= ~((uint64_t)1 << start % 64);
    psh__lune_kind kind = PSH__LUNE_CONE;
    for (;; kind = PSH__LUNE_CONNECTED) {
        const uint64_t *row = rows + vertex * n_words;
        any = (block){0};
        for (size_t i = 0; i < n_words; i += PSH__BLOCK_WORDS) {
            block left = BLOCK(rest + i), reached = left & CONST_BLOCK(row + i);
            BLOCK(pending + i) |= reached;
            BLOCK(rest + i) = left ^= reached;
            any |= left;
        }
        if (IS_ZERO(any)) return kind;
        first_word = 0;
        vertex = take_first(pending, n_words, &first_word);
        if (vertex == PSH__NO_VERTEX) return PSH__LUNE_PARTED;
    }
}

static psh__lune_kind lune(const uint64_t *a, const uint64_t *b, const uint64_t *rows, size_t n_words, uint32_t start,
                           uint64_t *common, uint64_t *rest, uint64_t *pending) {
    if (n_words == PSH__BLOCK_WORDS) /* in registers */
        return search(a, b, rows, PSH__BLOCK_WORDS, start, common, rest, pending);
    return search(a, b, rows, n_words, start, common, rest, pending);
}

const psh__rips_kernels KERNELS = {
    .lengths = {[PSH_POINT_EUCLIDEAN] = lengths_euclidean,
                [PSH_POINT_MANHATTAN] = lengths_manhattan,
                [PSH_POINT_CHEBYSHEV] = lengths_chebyshev,
                [PSH_POINT_COSINE] = lengths_cosine},
    .least_max = least_max,
    .is_disjoint = is_disjoint,
    .lune = lune,
};
