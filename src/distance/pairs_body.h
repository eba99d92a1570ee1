/* pairs_body.h : one kernel of pairs_kernels.h. Included once for each norm by pairs_norms.h, which tells what has to
 * be defined. */
TARGET static void NAME(const REAL *const *rows, const REAL *panel, size_t depth, REAL *sums, size_t stride) {
    VEC sum[ROWS][VECS];
    const REAL *row[ROWS];
    for (int r = 0; r < ROWS; r++) {
        row[r] = rows[r];
        for (int v = 0; v < VECS; v++) sum[r][v] = V_SET1(0);
    }
    for (size_t k = 0; k < depth; k++, panel += VECS * LANES) {
        VEC column[VECS];
        for (int v = 0; v < VECS; v++) column[v] = V_LOAD(panel + v * LANES);
        for (int r = 0; r < ROWS; r++) {
            VEC value = V_SET1(row[r][k]);
            for (int v = 0; v < VECS; v++) {
                VEC difference = V_SUB(column[v], value);
                sum[r][v] = STEP(sum[r][v], difference);
            }
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECS; v++) {
            REAL *at = sums + (size_t)r * stride + (size_t)(v * LANES);
            V_STORE(at, JOIN(V_LOAD(at), sum[r][v]));
        }
}
#undef NAME
#undef STEP
#undef JOIN
