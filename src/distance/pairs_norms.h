/* pairs_norms.h : the three kernels of pairs_kernels.h for one type of number. Included twice by pairs_kernels.c and
 * pairs_kernels_<isa>.c, which define TARGET, ROWS and VECS (vectors of columns) once, and each time
 *     SUFFIX, REAL, VEC, LANES, V_SET1 V_LOAD V_STORE V_ADD V_SUB V_MAX V_FMA V_ABS
 * all of which are undefined again. It makes l1_SUFFIX, l2_SUFFIX, linf_SUFFIX from pairs_body.h: STEP(sum, difference)
 * takes one more feature into a sum, JOIN(sum, block) one more block of features. */
#define NAME_OF(norm, suffix) norm##_##suffix
#define NAME_WITH(norm, suffix) NAME_OF(norm, suffix)

#define NAME NAME_WITH(l1, SUFFIX)
#define STEP(sum, difference) V_ADD(sum, V_ABS(difference))
#define JOIN(sum, block) V_ADD(sum, block)
#include "distance/pairs_body.h"

#define NAME NAME_WITH(l2, SUFFIX)
#define STEP(sum, difference) V_FMA(difference, difference, sum)
#define JOIN(sum, block) V_ADD(sum, block)
#include "distance/pairs_body.h"

#define NAME NAME_WITH(linf, SUFFIX)
#define STEP(sum, difference) V_MAX(sum, V_ABS(difference))
#define JOIN(sum, block) V_MAX(sum, block)
#include "distance/pairs_body.h"

#undef NAME_OF
#undef NAME_WITH
#undef SUFFIX
#undef REAL
#undef VEC
#undef LANES
#undef V_SET1
#undef V_LOAD
#undef V_STORE
#undef V_ADD
#undef V_SUB
#undef V_MAX
#undef V_FMA
#undef V_ABS
