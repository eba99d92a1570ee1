/* dipha.h : the head of DIPHA's binary files: 8067171840, the type, then what the type says, all little-endian,
 * integers of 64 bits and doubles. */
#ifndef PSH_BASE_DIPHA_H
#define PSH_BASE_DIPHA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PSH__DIPHA_MAGIC INT64_C(8067171840)

typedef enum psh__dipha_type {
    PSH__DIPHA_WEIGHTED_BOUNDARY_MATRIX = 0,
    PSH__DIPHA_IMAGE_DATA = 1,
    PSH__DIPHA_PERSISTENCE_DIAGRAM = 2,
    PSH__DIPHA_DISTANCE_MATRIX = 7,
    PSH__DIPHA_SPARSE_DISTANCE_MATRIX = 8
} psh__dipha_type;

static inline int64_t psh__dipha_integer(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) value = value << 8 | bytes[i];
    return (int64_t)value;
}

static inline double psh__dipha_double(const uint8_t *bytes) {
    int64_t bits = psh__dipha_integer(bytes);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Begins with the magic number? */
static inline bool psh__dipha_is(const uint8_t *bytes, size_t n_bytes) {
    return n_bytes >= 8 && psh__dipha_integer(bytes) == PSH__DIPHA_MAGIC;
}

/* What a type is called in an error text. */
static inline const char *psh__dipha_type_name(int64_t type) {
    switch (type) {
    case PSH__DIPHA_WEIGHTED_BOUNDARY_MATRIX:
        return "a boundary matrix";
    case PSH__DIPHA_IMAGE_DATA:
        return "an image";
    case PSH__DIPHA_PERSISTENCE_DIAGRAM:
        return "a persistence diagram";
    case PSH__DIPHA_DISTANCE_MATRIX:
        return "a distance matrix";
    case PSH__DIPHA_SPARSE_DISTANCE_MATRIX:
        return "a sparse distance matrix";
    default:
        return "of an unknown type";
    }
}

#endif
