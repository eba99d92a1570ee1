/* rank.h : ranks and correlations, for the fit and its report. */
#ifndef PSH_ENCODER_RANK_H
#define PSH_ENCODER_RANK_H

#include <stddef.h>
#include <stdint.h>

/* Stable sort of keys : (n_keys) by their bits first_bit .. last_bit - 1. scratch : (n_keys). */
void psh__radix_sort(uint64_t *keys, uint64_t *scratch, size_t n_keys, int first_bit, int last_bit);

/* ranks : (n_values), from 0; equal values (as float32) share their mean rank. values : (n_values), none negative, no
 * NaN; n_values < 2^32. work : (2 n_values). */
void psh__rank(const double *values, size_t n_values, uint64_t *work, double *ranks);

/* Pearson's correlation; NaN if either is constant. Fixed order of summation. */
double psh__pearson(const double *a, const double *b, size_t n_values);

#endif
