/* cubical3d_links_avx2.c : links of one row, compiled for AVX2. */
#define LINKS_NAME psh__links_avx2
#include "homology/cubical3d_links_body.h"
