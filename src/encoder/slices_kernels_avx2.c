/* slices_kernels_avx2.c : see slices_kernels_body.h. */
#include "encoder/slices_kernels_body.h"

const psh__slice_kernels psh__slice_kernels_avx2 = {convert, add, measure, weigh};
