/* bound_kernels_avx512.c : the bounds' inner loops, 16 floats at a time. */
#define LANES 16
#include "transport/bound_kernels_body.h"

const psh__bound_kernels psh__bound_kernels_avx512 = {.cells = cells, .ranked = ranked, .partner = partner};
