/* rips_twin.c : all simplices of up to four points, and their boundary matrix reduced column by column over Z/2
 * (Edelsbrunner, Letscher, Zomorodian 2002). Nothing is clever here. */
#include "rips_twin.h"

#include <math.h>
#include <stdlib.h>

#include "intervals.h"

typedef struct simplex {
    double value;
    int dim;
    uint32_t points; /* a bit each */
} simplex;

size_t rips_twin_n_simplices(size_t n) {
    return n + n * (n - 1) / 2 + n * (n - 1) * (n - 2) / 6 + n * (n - 1) * (n - 2) * (n - 3) / 24;
}

static int compare_simplices(const void *a_ptr, const void *b_ptr) {
    const simplex *a = a_ptr, *b = b_ptr;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    if (a->dim != b->dim) return a->dim - b->dim;
    return (a->points > b->points) - (a->points < b->points);
}

/* The longest edge of a set of points. */
static double diameter(const double *distances, size_t n_points, uint32_t points) {
    double longest = 0;
    for (size_t i = 0; i < n_points; i++)
        for (size_t j = 0; j < i; j++)
            if (points >> i & 1 && points >> j & 1) longest = fmax(longest, distances[i * n_points + j]);
    return longest;
}

static size_t lowest_one(const uint64_t *column, size_t n_words) {
    for (size_t i = n_words; i-- > 0;)
        if (column[i]) return i * 64 + 63 - (size_t)__builtin_clzll(column[i]);
    return SIZE_MAX;
}

size_t rips_twin_intervals(const double *distances, size_t n_points, double threshold, psh_interval *dst) {
    size_t n_most = n_points ? rips_twin_n_simplices(n_points) : 0, n_simplices = 0, n_intervals = 0;
    simplex *simplices = malloc((n_most + 1) * sizeof *simplices);
    size_t *index_of = malloc(((size_t)1 << n_points) * sizeof *index_of);
    if (!simplices || !index_of) abort();
    for (uint32_t points = 1; points < (uint32_t)1 << n_points; points++) {
        int dim = __builtin_popcount(points) - 1;
        double value = diameter(distances, n_points, points);
        if (dim <= 3 && value <= threshold && isfinite(value))
            simplices[n_simplices++] = (simplex){.value = value, .dim = dim, .points = points};
    }
    qsort(simplices, n_simplices, sizeof *simplices, compare_simplices);
    for (size_t c = 0; c < n_simplices; c++) index_of[simplices[c].points] = c;
    size_t n_words = n_simplices / 64 + 1;
    uint64_t *columns = calloc(n_simplices + 1, n_words * sizeof *columns);
    size_t *column_of = malloc((n_simplices + 1) * sizeof *column_of); /* which column has its lowest one in this row */
    unsigned char *is_negative = calloc(n_simplices + 1, 1);
    if (!columns || !column_of || !is_negative) abort();
    for (size_t c = 0; c < n_simplices; c++) column_of[c] = SIZE_MAX;
    for (size_t c = 0; c < n_simplices; c++) {
        uint64_t *column = columns + c * n_words;
        uint32_t points = simplices[c].points;
        for (uint32_t rest = points; rest && simplices[c].dim > 0; rest &= rest - 1) {
            size_t face = index_of[points & ~(rest & -rest)];
            column[face / 64] ^= (uint64_t)1 << face % 64;
        }
        size_t low;
        while ((low = lowest_one(column, n_words)) != SIZE_MAX && column_of[low] != SIZE_MAX)
            for (size_t word = 0; word < n_words; word++) column[word] ^= columns[column_of[low] * n_words + word];
        if (low == SIZE_MAX) continue;
        column_of[low] = c, is_negative[c] = 1;
        if (simplices[low].value < simplices[c].value)
            dst[n_intervals++] = (psh_interval){simplices[low].value, simplices[c].value, simplices[low].dim};
    }
    for (size_t c = 0; c < n_simplices; c++)
        if (!is_negative[c] && column_of[c] == SIZE_MAX && simplices[c].dim <= 2)
            dst[n_intervals++] = (psh_interval){simplices[c].value, INFINITY, simplices[c].dim};
    intervals_sort(dst, n_intervals);
    free(simplices), free(index_of), free(columns), free(column_of), free(is_negative);
    return n_intervals;
}
