/* pick.h : choosing bits among learned functions and thresholds. */
#ifndef PSH_ENCODER_PICK_H
#define PSH_ENCODER_PICK_H

#include "encoder/pool.h"

/* What there is to choose from: values of functions of items, each with the threshold that it was learnt with. */
typedef struct psh__offer {
    size_t n_items, n_functions, stride; // stride >= n_functions
    const float *values;                 // (n_items, stride)
    const float *thresholds;             // (n_functions)
} psh__offer;

/* A bit: is the function's value above the threshold? */
typedef struct psh__pick {
    uint32_t function;
    float threshold;
} psh__pick;

/* psh__pick_bits() :
 * picks : (n_bits) in an order such that the first k make a good code of k bits. goes_on: the first n_bits functions at
 * their own thresholds are a code already, and the exchange starts there. The same for any number of threads.
 * PSH_ERR_DATA if there are fewer bits that tell any two items apart than are wanted; PSH_ERR_MEMORY. */
psh_status psh__pick_bits(const psh__offer *offer, const psh__target *target, size_t n_bits, bool goes_on,
                          int n_threads, psh__pick *picks, psh_error *err);

#endif
