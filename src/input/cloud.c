/* cloud.c : points in space, made and asked. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/finite.h"
#include "input/shape.h"

static psh_status check_shape(size_t n_points, size_t n_axes, size_t *n_numbers, psh_error *err) {
    size_t n_bytes;
    if (n_axes == 0) return psh__error(err, PSH_ERR_SHAPE, "points of 0 coordinates each; expected at least 1");
    if (!psh__size_mul(n_points, n_axes, n_numbers) || !psh__size_mul(*n_numbers, sizeof(double), &n_bytes))
        return psh__error(err, PSH_ERR_SHAPE, "%zu points of %zu coordinates are more than memory can address",
                          n_points, n_axes);
    return PSH_OK;
}

static psh_status check_finite(const double *points, size_t n_numbers, size_t n_axes, psh_error *err) {
    size_t i = psh__first_not_finite_f64(points, n_numbers);
    if (i == n_numbers) return PSH_OK;
    return psh__error(err, PSH_ERR_NOT_FINITE, "point %zu, coordinate %zu (from 0) is %s; leave the point out",
                      i / n_axes, i % n_axes, isnan(points[i]) ? "NaN" : "infinite");
}

psh_status psh__cloud_take(double *points, size_t n_points, size_t n_axes, psh_cloud **dst, psh_error *err) {
    size_t n_numbers = 0;
    psh_cloud *cloud = NULL;
    psh_status status = check_shape(n_points, n_axes, &n_numbers, err);
    if (status == PSH_OK) status = check_finite(points, n_numbers, n_axes, err);
    if (status == PSH_OK && !(cloud = psh__malloc(1, sizeof *cloud)))
        status = psh__error_memory(err, "a point cloud", sizeof *cloud);
    if (status != PSH_OK) {
        psh__free(points);
        return status;
    }
    *cloud = (psh_cloud){.n_points = n_points, .n_axes = n_axes, .points = points};
    *dst = cloud;
    return PSH_OK;
}

psh_status psh_cloud_create(const double *points, size_t n_points, size_t n_axes, psh_cloud **dst, psh_error *err) {
    assert((points || n_points == 0) && dst);
    size_t n_numbers = 0;
    PSH_TRY(check_shape(n_points, n_axes, &n_numbers, err));
    double *copy = psh__malloc(n_numbers, sizeof *copy);
    if (!copy) return psh__error_memory(err, "a point cloud", n_numbers * sizeof *copy);
    if (n_numbers) memcpy(copy, points, n_numbers * sizeof *copy);
    return psh__cloud_take(copy, n_points, n_axes, dst, err);
}

void psh_cloud_free(psh_cloud *cloud) {
    if (!cloud) return;
    psh__free(cloud->points);
    psh__free(cloud);
}

size_t psh_cloud_n_points(const psh_cloud *cloud) {
    return cloud->n_points;
}

size_t psh_cloud_n_axes(const psh_cloud *cloud) {
    return cloud->n_axes;
}

const double *psh_cloud_points(const psh_cloud *cloud) {
    return cloud->points;
}
