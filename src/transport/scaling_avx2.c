/* scaling_avx2.c : Sinkhorn's inner loops with four doubles a step. */
#define LANES 4
#include "transport/scaling_body.h"

const psh__scaling psh__scaling_avx2 = SCALING_KERNELS;
