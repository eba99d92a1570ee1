/* rips_kernels_avx512.c : the inner loops of Rips persistence, compiled for AVX-512. */
#define KERNELS psh__rips_kernels_avx512
#include "homology/rips_kernels_body.h"
