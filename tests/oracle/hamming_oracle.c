/* hamming_oracle.c : Hamming distance as it is defined, bit by bit. */
#include "hamming_oracle.h"

unsigned oracle_hamming(const uint8_t *a, const uint8_t *b, size_t n_bytes) {
    unsigned n_differ = 0;
    for (size_t i_bit = 0; i_bit < 8 * n_bytes; i_bit++)
        n_differ += ((a[i_bit / 8] >> (i_bit % 8)) & 1) != ((b[i_bit / 8] >> (i_bit % 8)) & 1);
    return n_differ;
}
