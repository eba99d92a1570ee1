/* scaling_avx512.c : Sinkhorn's inner loops with eight doubles a step. */
#define LANES 8
#include "transport/scaling_body.h"

const psh__scaling psh__scaling_avx512 = SCALING_KERNELS;
