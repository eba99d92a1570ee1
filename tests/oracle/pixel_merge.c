/* pixel_merge.c : H0 by a union-find over all pixels in sorted order; H1 as H0 of the negated image with a frame of the
 * least value around it (the outside) and the other connectivity. */
#include "pixel_merge.h"

#include <math.h>
#include <stdlib.h>

#include "intervals.h"

typedef struct pixel {
    double value;
    size_t place;
} pixel;

static int compare_pixels(const void *a_ptr, const void *b_ptr) {
    const pixel *a = a_ptr, *b = b_ptr;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static size_t find_root(size_t *parents, size_t i) {
    while (parents[i] != i) i = parents[i] = parents[parents[i]]; /* path halving */
    return i;
}

/* Pairs (birth, death) of components of sublevel sets, not empty; the last one is (least value, INFINITY). */
static size_t components(const double *values, size_t height, size_t width, int n_neighbours, psh_interval *dst) {
    static const int dy[] = {-1, 0, 0, 1, -1, -1, 1, 1}, dx[] = {0, -1, 1, 0, -1, 1, -1, 1}; /* 4-neighbours first */
    size_t n_pixels = height * width, n_intervals = 0;
    pixel *pixels = malloc(n_pixels * sizeof *pixels);
    size_t *parents = malloc(n_pixels * sizeof *parents);
    if (!pixels || !parents) abort();
    for (size_t i = 0; i < n_pixels; i++) pixels[i] = (pixel){values[i], i}, parents[i] = SIZE_MAX; /* not there yet */
    qsort(pixels, n_pixels, sizeof *pixels, compare_pixels);
    for (size_t i = 0; i < n_pixels; i++) {
        size_t place = pixels[i].place;
        parents[place] = place;
        for (int k = 0; k < n_neighbours; k++) {
            long y = (long)(place / width) + dy[k], x = (long)(place % width) + dx[k];
            if (y < 0 || x < 0 || y >= (long)height || x >= (long)width) continue;
            size_t other = (size_t)y * width + (size_t)x;
            if (parents[other] == SIZE_MAX) continue;
            size_t a = find_root(parents, place), b = find_root(parents, other);
            if (a == b) continue;
            size_t younger = values[a] > values[b] ? a : b;
            parents[younger] = younger == a ? b : a;
            if (values[younger] < values[place]) dst[n_intervals++] = (psh_interval){values[younger], values[place], 0};
        }
    }
    dst[n_intervals++] = (psh_interval){pixels[0].value, INFINITY, 0};
    free(pixels), free(parents);
    return n_intervals;
}

size_t pixel_merge_intervals(const double *values, size_t height, size_t width, psh_construction construction,
                             psh_interval *dst) {
    int is_t = construction == PSH_CONSTRUCTION_T;
    size_t n_h0 = components(values, height, width, is_t ? 8 : 4, dst);
    size_t n_framed = (height + 2) * (width + 2);
    double *framed = malloc(n_framed * sizeof *framed);
    psh_interval *dual = malloc(n_framed * sizeof *dual);
    if (!framed || !dual) abort();
    for (size_t i = 0; i < n_framed; i++) framed[i] = -INFINITY;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) framed[(y + 1) * (width + 2) + x + 1] = -values[y * width + x];
    size_t n_dual = components(framed, height + 2, width + 2, is_t ? 4 : 8, dual), n_intervals = n_h0;
    for (size_t i = 0; i + 1 < n_dual; i++) /* the last one is the outside */
        dst[n_intervals++] = (psh_interval){-dual[i].death, -dual[i].birth, 1};
    free(framed), free(dual);
    intervals_sort(dst, n_intervals);
    return n_intervals;
}
