/* image_twin.c : see image_twin.h. Slow and obvious; long double throughout, so the answers of the fast functions must
 * lie within their rounding errors of these. */
#include "image_twin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Walks by one pixel at a time and turns round at the borders, which it stands on for two steps. */
static size_t walk(size_t at, long n_steps, size_t n) {
    long direction = n_steps < 0 ? -1 : 1;
    for (long i = 0; i < labs(n_steps); i++) {
        if ((direction > 0 && at == n - 1) || (direction < 0 && at == 0))
            direction = -direction;
        else
            at += (size_t)direction;
    }
    return at;
}

void twin_smooth(const double *src, const size_t shape[3], double sigma, double *dst) {
    long r = (long)(4 * sigma + 0.5), rz = shape[0] > 1 ? r : 0;
    for (size_t z = 0; z < shape[0]; z++)
        for (size_t y = 0; y < shape[1]; y++)
            for (size_t x = 0; x < shape[2]; x++) {
                long double sum = 0, weights = 0;
                for (long dz = -rz; dz <= rz; dz++)
                    for (long dy = -r; dy <= r; dy++)
                        for (long dx = -r; dx <= r; dx++) {
                            long double w = expl(-(long double)(dz * dz + dy * dy + dx * dx) / (2 * sigma * sigma));
                            size_t row = walk(z, dz, shape[0]) * shape[1] + walk(y, dy, shape[1]);
                            sum += w * src[row * shape[2] + walk(x, dx, shape[2])], weights += w;
                        }
                dst[(z * shape[1] + y) * shape[2] + x] = (double)(sum / weights);
            }
}

/* The share of old pixel j in new pixel i of an axis of n pixels that becomes m. */
static long double share(size_t i, size_t j, size_t n, size_t m) {
    long double ratio = (long double)n / m;
    if (m <= n) {
        long double low = fmaxl(i * ratio, j), high = fminl((i + 1) * ratio, j + 1);
        return high > low ? (high - low) / ratio : 0;
    }
    long double place = fminl(fmaxl((i + 0.5L) * ratio - 0.5L, 0), n - 1);
    return fmaxl(0, 1 - fabsl(place - j));
}

void twin_scale(const double *src, const size_t shape[3], const size_t dst_shape[3], double *dst) {
    for (size_t z = 0; z < dst_shape[0]; z++)
        for (size_t y = 0; y < dst_shape[1]; y++)
            for (size_t x = 0; x < dst_shape[2]; x++) {
                long double sum = 0;
                for (size_t c = 0; c < shape[0]; c++)
                    for (size_t b = 0; b < shape[1]; b++)
                        for (size_t a = 0; a < shape[2]; a++)
                            sum += share(z, c, shape[0], dst_shape[0]) * share(y, b, shape[1], dst_shape[1]) *
                                   share(x, a, shape[2], dst_shape[2]) * src[(c * shape[1] + b) * shape[2] + a];
                dst[(z * dst_shape[1] + y) * dst_shape[2] + x] = (double)sum;
            }
}
