/* farthest.c : farthest-point sampling (Gonzalez, Clustering to minimize the maximum intercluster distance, 1985).
 *
 * Again and again the point that is farthest from those chosen. The chosen cover the rest within a radius of at most
 * twice the best possible for their number, and every prefix of the answer is such a sample too: what Rips persistence
 * wants of a sample, since diagrams of two sets differ by no more than their Hausdorff distance.
 *
 * The coordinates lie axis by axis and are taken in blocks that stay in the first cache, so that the loop over points
 * is vector code; all sums are made in one order. They are scaled by a power of two, which is exact, so that squares
 * neither overflow nor vanish. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/random.h"
#include "input/shape.h"

#define BLOCK 512

/* The power of two that brings the largest of x : (n) to [1/2, 1). */
static int scale_of(const double *x, size_t n) {
    double most = 0;
    int exponent;
    for (size_t i = 0; i < n; i++) most = fabs(x[i]) > most ? fabs(x[i]) : most;
    frexp(most, &exponent);
    return -exponent;
}

/* nearest[i] = min(nearest[i], |x_i - centre|^2) ; answers the largest. axes : (n_axes, n_points) */
static double lower_distances(const double *axes, size_t n_points, size_t n_axes, size_t i_centre, double *nearest) {
    double farthest = -1, sums[BLOCK];
    for (size_t start = 0; start < n_points; start += BLOCK) {
        size_t n = n_points - start < BLOCK ? n_points - start : BLOCK;
        memset(sums, 0, sizeof sums);
        for (size_t a = 0; a < n_axes; a++) {
            const double *x = axes + a * n_points + start, centre = axes[a * n_points + i_centre];
            for (size_t i = 0; i < n; i++) sums[i] += (x[i] - centre) * (x[i] - centre);
        }
        double *least = nearest + start;
        for (size_t i = 0; i < n; i++) least[i] = sums[i] < least[i] ? sums[i] : least[i];
        for (size_t i = 0; i < n; i++) farthest = least[i] > farthest ? least[i] : farthest;
    }
    return farthest;
}

psh_status psh__farthest_points(const double *points, size_t n_points, size_t n_axes, size_t first, size_t n_chosen,
                                size_t *dst, psh_error *err) {
    assert(n_chosen <= n_points && (first < n_points || n_chosen == 0));
    double *axes = psh__malloc(n_points, n_axes * sizeof *axes), *nearest = psh__malloc(n_points, sizeof *nearest);
    psh_status status = PSH_OK;
    if (!axes || !nearest) {
        status = psh__error_memory(err, "farthest points", n_points * (n_axes + 1) * sizeof *axes);
        goto done;
    }
    int scale = scale_of(points, n_points * n_axes);
    for (size_t i = 0; i < n_points; i++) {
        for (size_t a = 0; a < n_axes; a++) axes[a * n_points + i] = ldexp(points[i * n_axes + a], scale);
        nearest[i] = INFINITY;
    }
    for (size_t k = 0, next = first; k < n_chosen; k++) {
        dst[k] = next;
        nearest[next] = -1; /* never again, even if others lie at the same place */
        double farthest = lower_distances(axes, n_points, n_axes, next, nearest);
        for (next = 0; next + 1 < n_points && nearest[next] != farthest;) next++;
    }
done:
    psh__free(axes);
    psh__free(nearest);
    return status;
}

psh_status psh__cloud_thin(const psh_cloud *cloud, size_t n_points, uint64_t seed, psh_cloud **dst, psh_error *err) {
    size_t n_axes = cloud->n_axes;
    if (cloud->n_points <= n_points) return psh_cloud_create(cloud->points, cloud->n_points, n_axes, dst, err);
    psh_status status = PSH_OK;
    psh__random rng;
    size_t *chosen = psh__malloc(n_points, sizeof *chosen);
    double *points = psh__malloc(n_points, n_axes * sizeof *points);
    if (!chosen || !points) {
        status = psh__error_memory(err, "a thinned cloud", n_points * (n_axes * sizeof *points + sizeof *chosen));
        goto done;
    }
    psh__random_init(&rng, seed, 0);
    PSH_TRY_GOTO(psh__farthest_points(cloud->points, cloud->n_points, n_axes, psh__random_below(&rng, cloud->n_points),
                                      n_points, chosen, err));
    for (size_t k = 0; k < n_points; k++)
        memcpy(points + k * n_axes, cloud->points + chosen[k] * n_axes, n_axes * sizeof *points);
    status = psh__cloud_take(points, n_points, n_axes, dst, err);
    points = NULL;
done:
    psh__free(chosen);
    psh__free(points);
    return status;
}
