/* dense_avx2.c : 6 x 16 numbers of the product in 12 registers. */
#define DENSE_NAME psh__dense_rows_avx2
#define DENSE_WIDTH 8
#define DENSE_VECTORS 2
#include "encoder/dense_body.h"
