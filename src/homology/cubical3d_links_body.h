/* cubical3d_links_body.h : links of one row; included by one file for each SIMD level, which the compiler vectorises.
 * LINKS_NAME : the table's name. */
#include "homology/cubical3d_star.h"

/* Neighbours that are earlier in raster order come before the voxel also if they are equal. */
#define LINKS_ROW(name, type)                                                                                          \
    static void name(const void *keys, ptrdiff_t row, ptrdiff_t plane, size_t n_voxels, uint32_t *restrict dst) {      \
        const type *mid = keys, *up = mid - row, *down = mid + row;                                                    \
        for (ptrdiff_t x = 0; x < (ptrdiff_t)n_voxels; x++) {                                                          \
            const type p = mid[x];                                                                                     \
            const type zm = mid[x - plane] <= p, ym = up[x] <= p, xm = mid[x - 1] <= p;                                \
            const type xp = mid[x + 1] < p, yp = down[x] < p, zp = mid[x + plane] < p;                                 \
            const type zm_ym = zm & ym & (up[x - plane] <= p), zm_xm = zm & xm & (mid[x - plane - 1] <= p);            \
            const type zm_xp = zm & xp & (mid[x - plane + 1] <= p), zm_yp = zm & yp & (down[x - plane] <= p);          \
            const type ym_xm = ym & xm & (up[x - 1] <= p), ym_xp = ym & xp & (up[x + 1] <= p);                         \
            const type ym_zp = ym & zp & (up[x + plane] < p), xm_yp = xm & yp & (down[x - 1] < p);                     \
            const type xm_zp = xm & zp & (mid[x + plane - 1] < p), xp_yp = xp & yp & (down[x + 1] < p);                \
            const type xp_zp = xp & zp & (mid[x + plane + 1] < p), yp_zp = yp & zp & (down[x + plane] < p);            \
            const type o0 = zm_ym & zm_xm & ym_xm & (up[x - plane - 1] <= p);                                          \
            const type o1 = zm_ym & zm_xp & ym_xp & (up[x - plane + 1] <= p);                                          \
            const type o2 = zm_yp & zm_xm & xm_yp & (down[x - plane - 1] <= p);                                        \
            const type o3 = zm_yp & zm_xp & xp_yp & (down[x - plane + 1] <= p);                                        \
            const type o4 = ym_zp & xm_zp & ym_xm & (up[x + plane - 1] < p);                                           \
            const type o5 = ym_zp & xp_zp & ym_xp & (up[x + plane + 1] < p);                                           \
            const type o6 = yp_zp & xm_zp & xm_yp & (down[x + plane - 1] < p);                                         \
            const type o7 = yp_zp & xp_zp & xp_yp & (down[x + plane + 1] < p);                                         \
            dst[x] = (uint32_t)(zm | ym << 1 | xm << 2 | xp << 3 | yp << 4 | zp << 5 | zm_ym << 6 | zm_xm << 7 |       \
                                zm_xp << 8 | zm_yp << 9 | ym_xm << 10 | ym_xp << 11 | ym_zp << 12 | xm_yp << 13 |      \
                                xm_zp << 14 | xp_yp << 15 | xp_zp << 16 | yp_zp << 17 | o0 << 18 | o1 << 19 |          \
                                o2 << 20 | o3 << 21 | o4 << 22 | o5 << 23 | o6 << 24 | o7 << 25);                      \
        }                                                                                                              \
    }
LINKS_ROW(row_i32, int32_t)
LINKS_ROW(row_i64, int64_t)
#undef LINKS_ROW

const psh__links_kernels LINKS_NAME = {{row_i32, row_i64}};
