/* pattern.h : in which way the slices of two diagrams differ: what an estimate of their W1 is made from. */
#ifndef PSH_ENCODER_PATTERN_H
#define PSH_ENCODER_PATTERN_H

#include "encoder/slices.h"

enum {
    PSH__PATTERN_CELLS = 16, /* neighbours, of a band */
    PSH__PATTERN_BANDS = PSH__SLICE_DIRECTIONS * PSH__SLICE_CELLS / PSH__PATTERN_CELLS,
    PSH__PATTERN_SCALES = 3,
    PSH__PATTERN = PSH__PATTERN_SCALES * PSH__PATTERN_BANDS,
    PSH__PATTERN_FEATURES = PSH__SLICE_DIRECTIONS * PSH__SLICE_CELLS /* of one homology dimension */
};

/* psh__pattern_lay_out() :
 * rows : (n_rows, PSH__PATTERN_FEATURES) slices of one dimension each. dst : the same numbers, the first cells of all
 * bands first, then the second ones, ...: all bands are then summed side by side. Not in place. */
void psh__pattern_lay_out(const float *rows, size_t n_rows, float *dst);

/* psh__pattern() :
 * dst : (PSH__PATTERN_SCALES, PSH__PATTERN_BANDS) of two rows as laid out: per band of 16 cells, in the order of
 * direction and position, the sum over its cells, over its groups of 4 and over itself of the difference's size. The
 * first PSH__PATTERN_BANDS add up to the L1 distance. The same at every SIMD level. Cost: 5,000 operations. */
void psh__pattern(const float *a, const float *b, float *dst);

/* psh__pattern_total() : the L1 distance of the two rows. */
float psh__pattern_total(const float *pattern);

/* psh__pattern_reflect() :
 * dst : the pattern that the two diagrams would have if (birth, death) were (-death, -birth), which leaves W1 as it is:
 * directions trade places, and some run backwards. Not in place. */
void psh__pattern_reflect(const float *pattern, float *dst);

#endif
