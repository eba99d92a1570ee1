/* record_sort.c : least significant digit first, 8 bits a pass; insertion for short lists.
 *
 * An image has few saddles, and their keys are integers of 1 to 8 bytes: counting beats comparing from some dozens of
 * records on, and is stable by nature, which keeps the raster order of equal values. */
#include "homology/record_sort.h"

#include <string.h>

#define N_INSERTION 24 /* about where the 256 counters have paid for themselves */

static void insertion_sort(psh__record *records, size_t n_records) {
    for (size_t i = 1; i < n_records; i++) {
        psh__record record = records[i];
        size_t j = i;
        for (; j > 0 && records[j - 1].key > record.key; j--) records[j] = records[j - 1];
        records[j] = record;
    }
}

void psh__record_sort(psh__record *records, psh__record *scratch, size_t n_records, size_t n_key_bytes) {
    if (n_records <= N_INSERTION) {
        insertion_sort(records, n_records);
        return;
    }
    psh__record *src = records, *dst = scratch;
    for (size_t i_byte = 0; i_byte < n_key_bytes; i_byte++) {
        size_t starts[256] = {0}, n_before = 0;
        unsigned shift = 8 * (unsigned)i_byte;
        for (size_t i = 0; i < n_records; i++) starts[src[i].key >> shift & 0xff]++;
        if (starts[src[0].key >> shift & 0xff] == n_records) continue; /* all agree in this byte */
        for (size_t digit = 0; digit < 256; digit++) {
            size_t n_digit = starts[digit];
            starts[digit] = n_before, n_before += n_digit;
        }
        for (size_t i = 0; i < n_records; i++) dst[starts[src[i].key >> shift & 0xff]++] = src[i];
        psh__record *swap = src;
        src = dst, dst = swap;
    }
    if (src != records) memcpy(records, src, n_records * sizeof *records);
}
