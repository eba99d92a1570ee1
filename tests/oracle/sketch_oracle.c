#include "sketch_oracle.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* W1 of two equally large sets on the line: sort, and match in order. */
static double line_w1(double *x, double *y, size_t n) {
    double sum = 0;
    qsort(x, n, sizeof *x, compare);
    qsort(y, n, sizeof *y, compare);
    for (size_t i = 0; i < n; i++) sum += fabs(x[i] - y[i]);
    return sum;
}

double oracle_sliced_distance(const double *a, size_t n_a, const double *b, size_t n_b, int n_directions) {
    double *x = malloc((n_a + n_b + 1) * sizeof *x), *y = malloc((n_a + n_b + 1) * sizeof *y), sum = 0;
    for (int k = 0; k < n_directions; k++) {
        double angle = (k + 0.5) * M_PI / n_directions - M_PI / 2, c = cos(angle), s = sin(angle);
        for (size_t i = 0; i < n_a; i++) {
            x[i] = a[2 * i] * c + a[2 * i + 1] * s;
            y[n_b + i] = (a[2 * i] + a[2 * i + 1]) / 2 * (c + s);
        }
        for (size_t i = 0; i < n_b; i++) {
            y[i] = b[2 * i] * c + b[2 * i + 1] * s;
            x[n_a + i] = (b[2 * i] + b[2 * i + 1]) / 2 * (c + s);
        }
        sum += line_w1(x, y, n_a + n_b);
    }
    free(x);
    free(y);
    return sum / n_directions;
}

/* A point at x is counted over [max(x, t0), t1]. */
static double time_counted(double x, double t0, double t1) {
    return x <= t0 ? t1 - t0 : x >= t1 ? 0 : t1 - x;
}

double oracle_mean_feature(const double *points, size_t n_points, double c, double s, double t0, double t1) {
    double sum = 0;
    for (size_t i = 0; i < n_points; i++) {
        double u = points[2 * i], v = points[2 * i + 1];
        sum += time_counted(u * c + v * s, t0, t1) - time_counted((u + v) / 2 * (c + s), t0, t1);
    }
    return sum / (t1 - t0);
}

static int32_t share(float x) {
    return x <= 0 ? 0 : x >= 256 ? 256 : (int32_t)x;
}

int32_t oracle_count_near(const double *points, size_t n_points, double lo, double hi, const float line[4]) {
    float scale = 256 / line[3], c = line[0] * scale, s = line[1] * scale, offset = line[2] * scale + 128;
    int32_t sum = 0;
    for (size_t i = 0; i < n_points; i++) {
        float u = (float)((points[2 * i] - lo) * (1 / (hi - lo))),
              v = (float)((points[2 * i + 1] - lo) * (1 / (hi - lo)));
        float middle = (u + v) * 0.5f;
        sum += share(offset - (u * c + v * s)) - share(offset - middle * (c + s));
    }
    return sum;
}

double oracle_pair_correlation(const uint8_t *answers, size_t n_bits, size_t n_items, const uint16_t *values,
                               size_t stride) {
    double n = 0, h_sum = 0, t_sum = 0, hh = 0, tt = 0, ht = 0;
    for (size_t i = 0; i < n_items; i++)
        for (size_t j = i + 1; j < n_items; j++) {
            double h = 0, t = values[i * stride + j];
            for (size_t b = 0; b < n_bits; b++) h += answers[b * n_items + i] != answers[b * n_items + j];
            n++, h_sum += h, t_sum += t, hh += h * h, tt += t * t, ht += h * t;
        }
    return (ht - h_sum * t_sum / n) / sqrt((hh - h_sum * h_sum / n) * (tt - t_sum * t_sum / n));
}
