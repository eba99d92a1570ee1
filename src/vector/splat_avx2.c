/* splat_avx2.c : the image kernels with four doubles a step. */
#include "vector/splat_body.h"

const psh__splat psh__splat_avx2 = {gauss, add};
