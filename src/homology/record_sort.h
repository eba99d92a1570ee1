/* record_sort.h : stable sorting of records by an integer key. */
#ifndef PSH_HOMOLOGY_RECORD_SORT_H
#define PSH_HOMOLOGY_RECORD_SORT_H

#include <stddef.h>
#include <stdint.h>

typedef struct psh__record {
    uint64_t key, value;
} psh__record;

/* Intervals that are not empty: key = birth, value = death. */
typedef struct psh__pairs {
    psh__record *items; /* (n_items) */
    size_t n_items, items_capacity;
} psh__pairs;

/* Stable by key; only the n_key_bytes low bytes of the keys may be other than zero. records, scratch : (n_records); the
 * result is in `records`. Cost: one pass for each key byte in which records differ. */
void psh__record_sort(psh__record *records, psh__record *scratch, size_t n_records, size_t n_key_bytes);

#endif
