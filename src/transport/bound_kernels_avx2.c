/* bound_kernels_avx2.c : the bounds' inner loops, 8 floats at a time. */
#define LANES 8
#include "transport/bound_kernels_body.h"

const psh__bound_kernels psh__bound_kernels_avx2 = {.cells = cells, .ranked = ranked, .partner = partner};
