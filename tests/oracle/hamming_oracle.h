/* hamming_oracle.h : Hamming distance as it is defined, bit by bit. */
#ifndef HAMMING_ORACLE_H
#define HAMMING_ORACLE_H

#include <stddef.h>
#include <stdint.h>

unsigned oracle_hamming(const uint8_t *a, const uint8_t *b, size_t n_bytes);

#endif
