/* hamming.c : Hamming distances between packed codes: layout, dispatch and the loops over pairs.
 *
 * The codes are transposed once: plane b holds byte b of every code. One query byte is then compared with one byte of
 * 64 codes by one instruction, and the counts of 64 codes come out side by side, ready to be stored. Row-major codes
 * would have to gather their counts from 64-bit lanes. */
#include "code/hamming.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

struct psh_hamming_plan {
    const psh__hamming_kernels *kernels;
    size_t n_codes, n_planes, stride;
    uint8_t planes[]; /* (n_planes, stride) */
};

static const psh__hamming_kernels *choose_kernels(psh_simd simd) {
    switch (simd) {
#if defined(__x86_64__)
    case PSH_SIMD_AVX512:
        if (__builtin_cpu_supports("avx512bitalg")) return &psh__hamming_avx512;
        return &psh__hamming_scalar;
#endif
    default:
        return &psh__hamming_scalar;
    }
}

/* --- Plan and rows --------------------------------------------------------------------------------------------------
 */

psh_status psh_hamming_plan_create(const uint8_t *codes, size_t n_codes, size_t n_bytes, psh_hamming_plan **dst,
                                   psh_error *err) {
    assert(dst && (codes || n_codes == 0) && n_bytes >= 1 && n_bytes <= PSH__HAMMING_MAX_BYTES);
    /* One block more than the codes need: a row may start at any column and still read whole blocks. */
    size_t n_blocks = n_codes / PSH__HAMMING_COLUMNS + 2, stride, n_plane_bytes, n_total;
    psh_hamming_plan *plan = NULL;
    if (psh__size_mul(n_blocks, PSH__HAMMING_COLUMNS, &stride) && psh__size_mul(stride, n_bytes, &n_plane_bytes) &&
        psh__size_add(n_plane_bytes, sizeof *plan, &n_total))
        plan = psh__malloc(1, n_total);
    if (!plan) return psh__error_memory(err, "transposed codes", (unsigned long long)n_codes * n_bytes);
    plan->kernels = choose_kernels(psh_cpu_simd());
    plan->n_codes = n_codes, plan->n_planes = n_bytes, plan->stride = stride;
    for (size_t j = 0; j < n_codes; j++)
        for (size_t b = 0; b < n_bytes; b++) plan->planes[b * stride + j] = codes[j * n_bytes + b];
    for (size_t b = 0; b < n_bytes; b++) memset(plan->planes + b * stride + n_codes, 0, stride - n_codes);
    *dst = plan;
    return PSH_OK;
}

void psh_hamming_plan_free(psh_hamming_plan *plan) {
    psh__free(plan);
}

void psh_hamming_row_u8(const psh_hamming_plan *plan, const uint8_t *query, size_t first, size_t n_columns,
                        uint8_t *dst) {
    assert(first <= plan->n_codes && n_columns <= plan->n_codes - first);
    uint8_t tail[PSH__HAMMING_COLUMNS];
    size_t n_tail = n_columns % PSH__HAMMING_COLUMNS, n_whole = n_columns - n_tail;
    const uint8_t *planes = plan->planes + first;
    plan->kernels->count_u8(planes, plan->stride, plan->n_planes, query, 1, n_whole, dst, 0);
    if (n_tail == 0) return;
    plan->kernels->count_u8(planes + n_whole, plan->stride, plan->n_planes, query, 1, sizeof tail, tail, 0);
    memcpy(dst + n_whole, tail, n_tail);
}

void psh_hamming_row_u16(const psh_hamming_plan *plan, const uint8_t *query, size_t first, size_t n_columns,
                         uint16_t *dst) {
    assert(first <= plan->n_codes && n_columns <= plan->n_codes - first);
    uint16_t tail[PSH__HAMMING_COLUMNS];
    size_t n_tail = n_columns % PSH__HAMMING_COLUMNS, n_whole = n_columns - n_tail;
    const uint8_t *planes = plan->planes + first;
    plan->kernels->count_u16(planes, plan->stride, plan->n_planes, query, 1, n_whole, dst, 0);
    if (n_tail == 0) return;
    plan->kernels->count_u16(planes + n_whole, plan->stride, plan->n_planes, query, 1, PSH__HAMMING_COLUMNS, tail, 0);
    memcpy(dst + n_whole, tail, n_tail * sizeof *tail);
}

/* --- All pairs ------------------------------------------------------------------------------------------------------
 */

psh_status psh_hamming_condensed_u8(const uint8_t *codes, size_t n_codes, size_t n_bytes, int n_threads, uint8_t *dst,
                                    psh_error *err) {
    psh_hamming_plan *plan;
    PSH_TRY(psh_hamming_plan_create(codes, n_codes, n_bytes, &plan, err));
#pragma omp parallel for schedule(dynamic, 16) num_threads(psh_cpu_threads(n_threads))
    for (size_t i = 0; i < n_codes; i++)
        psh_hamming_row_u8(plan, codes + i * n_bytes, i + 1, n_codes - i - 1, dst + n_codes * i - i * (i + 1) / 2);
    psh_hamming_plan_free(plan);
    return PSH_OK;
}

psh_status psh_hamming_condensed_u16(const uint8_t *codes, size_t n_codes, size_t n_bytes, int n_threads, uint16_t *dst,
                                     psh_error *err) {
    psh_hamming_plan *plan;
    PSH_TRY(psh_hamming_plan_create(codes, n_codes, n_bytes, &plan, err));
#pragma omp parallel for schedule(dynamic, 16) num_threads(psh_cpu_threads(n_threads))
    for (size_t i = 0; i < n_codes; i++)
        psh_hamming_row_u16(plan, codes + i * n_bytes, i + 1, n_codes - i - 1, dst + n_codes * i - i * (i + 1) / 2);
    psh_hamming_plan_free(plan);
    return PSH_OK;
}

psh_status psh_hamming_cross(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b, size_t n_bytes, int n_threads,
                             uint16_t *dst, psh_error *err) {
    psh_hamming_plan *plan;
    PSH_TRY(psh_hamming_plan_create(b, n_b, n_bytes, &plan, err));
#pragma omp parallel for schedule(dynamic, 16) num_threads(psh_cpu_threads(n_threads))
    for (size_t i = 0; i < n_a; i++) psh_hamming_row_u16(plan, a + i * n_bytes, 0, n_b, dst + i * n_b);
    psh_hamming_plan_free(plan);
    return PSH_OK;
}
