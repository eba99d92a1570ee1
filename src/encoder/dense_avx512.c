/* dense_avx512.c : 6 x 64 numbers of the product in 24 registers. */
#define DENSE_NAME psh__dense_rows_avx512
#define DENSE_WIDTH 16
#define DENSE_VECTORS 4
#include "encoder/dense_body.h"
