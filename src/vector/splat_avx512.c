/* splat_avx512.c : the image kernels with eight doubles a step. */
#include "vector/splat_body.h"

const psh__splat psh__splat_avx512 = {gauss, add};
