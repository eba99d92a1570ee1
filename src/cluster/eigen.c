/* eigen.c : eigenvalues and leading eigenvectors of a symmetric matrix, by LAPACK.
 *
 * Reduction to tridiagonal form (nearly all of the time: 0.3 s for n = 2000), all eigenvalues of that by the QL variant
 * without roots, the leading vectors by bisection and inverse iteration, and their way back.
 *
 * OpenBLAS adds in another order for every number of threads, and our results must not depend on that: it runs on one
 * thread meanwhile. Its setting is one for the whole process, so it is put back, and two calls never overlap. With
 * another BLAS there is no such function and nothing is set. (A subspace iteration of our own would not need this and
 * is as fast for the vectors, but does not find all eigenvalues, whose sum is wanted.) */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "cluster/eigen.h"

#include <dlfcn.h>
#include <lapacke.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

typedef struct tridiagonal {
    double *diagonal, *beside, *reflections; // (n) each
    double *spare_diagonal, *spare_beside;   // (n) each; LAPACK overwrites what it is given
    lapack_int *support;                     // (2 n)
} tridiagonal;

/* LAPACK's answer: 0, or what went wrong. */
static lapack_int solve(double *matrix, lapack_int n, lapack_int n_top, tridiagonal *t, double *values,
                        double *vectors) {
    size_t n_bytes = (size_t)n * sizeof(double);
    lapack_int n_found,
        info = LAPACKE_dsytrd(LAPACK_COL_MAJOR, 'L', n, matrix, n, t->diagonal, t->beside, t->reflections);
    if (info) return info;
    memcpy(t->spare_diagonal, t->diagonal, n_bytes), memcpy(t->spare_beside, t->beside, n_bytes);
    info = LAPACKE_dsterf(n, t->spare_diagonal, t->spare_beside);
    if (info) return info;
    for (lapack_int i = 0; i < n; i++) values[i] = t->spare_diagonal[n - 1 - i];
    info = LAPACKE_dstevr(LAPACK_COL_MAJOR, 'V', 'I', n, t->diagonal, t->beside, 0, 0, n - n_top + 1, n, 0, &n_found,
                          t->spare_diagonal, vectors, n, t->support);
    if (info || n_found != n_top) return info ? info : 1;
    return LAPACKE_dormtr(LAPACK_COL_MAJOR, 'L', 'L', 'N', n, n_top, matrix, n, t->reflections, vectors, n);
}

static lapack_int solve_on_one_thread(double *matrix, lapack_int n, lapack_int n_top, tridiagonal *t, double *values,
                                      double *vectors) {
    void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
    int (*get_threads)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "openblas_get_num_threads");
    lapack_int info;
#pragma omp critical(psh_blas_threads)
    {
        int n_threads = get_threads ? get_threads() : 0;
        if (set_threads) set_threads(1);
        info = solve(matrix, n, n_top, t, values, vectors);
        if (set_threads && n_threads > 0) set_threads(n_threads);
    }
    return info;
}

/* From rising to falling eigenvalues. */
static void reverse_rows(double *vectors, size_t n_rows, size_t n) {
    for (size_t a = 0, b = n_rows; a + 1 < b; a++) {
        b--;
        for (size_t i = 0; i < n; i++) {
            double swap = vectors[a * n + i];
            vectors[a * n + i] = vectors[b * n + i], vectors[b * n + i] = swap;
        }
    }
}

psh_status psh__eigen_top(double *matrix, size_t n, size_t n_top, double *values, double *vectors, psh_error *err) {
    double *block = psh__calloc(5 * n, sizeof *block);
    lapack_int *support = psh__calloc(2 * n, sizeof *support);
    psh_status status = PSH_OK;
    if (!block || !support) {
        status = psh__error_memory(err, "eigenvalues", 48ull * n);
        goto done;
    }
    tridiagonal t = {block, block + n, block + 2 * n, block + 3 * n, block + 4 * n, support};
    lapack_int info = solve_on_one_thread(matrix, (lapack_int)n, (lapack_int)n_top, &t, values, vectors);
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        status = psh__error_memory(err, "eigenvalues", 8ull * n * n);
    else if (info != 0)
        status = psh__error(err, PSH_ERR_NOT_CONVERGED, "eigenvalues of a matrix of %zu rows: LAPACK answers %d", n,
                            (int)info);
    else
        reverse_rows(vectors, n_top, n);
done:
    psh__free(block);
    psh__free(support);
    return status;
}
