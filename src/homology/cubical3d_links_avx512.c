/* cubical3d_links_avx512.c : links of one row, compiled for AVX-512. */
#define LINKS_NAME psh__links_avx512
#include "homology/cubical3d_links_body.h"
