/* rips_kernels_avx2.c : the inner loops of Rips persistence, compiled for AVX2. */
#define KERNELS psh__rips_kernels_avx2
#include "homology/rips_kernels_body.h"
