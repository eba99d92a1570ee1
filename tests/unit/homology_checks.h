/* homology_checks.h : what the tests of complexes share. Include after cmocka.h. */
#ifndef PSH_TEST_HOMOLOGY_CHECKS_H
#define PSH_TEST_HOMOLOGY_CHECKS_H

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "persihash/homology.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline void assert_same_intervals(const psh_interval *found, size_t n_found, const psh_interval *expected,
                                         size_t n_expected, const char *what) {
    bool is_same = n_found == n_expected;
    for (size_t i = 0; is_same && i < n_found; i++)
        is_same = found[i].dim == expected[i].dim && found[i].birth == expected[i].birth &&
                  found[i].death == expected[i].death;
    if (is_same) return;
    print_message("%s: found %zu intervals, expected %zu\n", what, n_found, n_expected);
    for (size_t i = 0; i < n_found || i < n_expected; i++) {
        if (i < n_found) print_message("  found H%d [%g, %g)", (int)found[i].dim, found[i].birth, found[i].death);
        if (i < n_expected)
            print_message("  expected H%d [%g, %g)", (int)expected[i].dim, expected[i].birth, expected[i].death);
        print_message("\n");
    }
    fail();
}

/* An image of values : (shape), each of which the type can hold. */
static inline psh_image *make_volume(psh_dtype dtype, const double *values, const size_t shape[3]) {
    static const size_t item_bytes[] = {1, 2, 4, 8};
    size_t n_voxels = shape[0] * shape[1] * shape[2];
    unsigned char *voxels = malloc(n_voxels * item_bytes[dtype]); /* exactly: a sanitizer sees one read too many */
    assert_non_null(voxels);
    for (size_t i = 0; i < n_voxels; i++) switch (dtype) {
        case PSH_U8:
            voxels[i] = (uint8_t)values[i];
            break;
        case PSH_U16:
            ((uint16_t *)(void *)voxels)[i] = (uint16_t)values[i];
            break;
        case PSH_F32:
            ((float *)(void *)voxels)[i] = (float)values[i];
            break;
        case PSH_F64:
            ((double *)(void *)voxels)[i] = values[i];
            break;
        }
    psh_image *image;
    assert_int_equal(psh_image_create(dtype, shape, voxels, &image, NULL), PSH_OK);
    free(voxels);
    return image;
}

/* Values 0 .. n_levels - 1, all types can hold them up to 256. */
static inline void fill_random(double *values, size_t n_values, unsigned n_levels, uint64_t seed) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t i = 0; i < n_values; i++) values[i] = (double)psh__random_below(&rng, n_levels);
}

#endif
