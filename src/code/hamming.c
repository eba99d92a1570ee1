/* hamming.c : Hamming distances between packed codes: layout, dispatch and the loops over pairs.
 *
 * Layout. The codes are transposed once: plane b holds byte b of every code. One query byte is then compared with one
 * byte of 64 codes by one instruction, and the counts of 64 codes come out side by side, ready to be stored. Codes as
 * they are would have to gather their counts from 64-bit lanes.
 *
 * Loops. 64 rows at a time against a tile of columns whose planes fit in the L1 cache; tiles are handed to the threads.
 * Every byte of the result is computed by itself, so threads and SIMD levels do not change it.
 *
 * Limits. 1 to 128 bytes a code (1024 bits). Bytes saturate at 255, words hold every distance. The plan takes as much
 * memory as the codes, rounded up to 64 of them.
 *
 * Cost. 10,000 codes, all 50 million pairs, one thread of an AMD EPYC (Zen 5), the transposition included; CPU time in
 * ms, least of 25 (bench/bench_hamming.c), beside memset() of the same result:
 *
 *      bits  result   scalar    avx2   avx512   memset        one code against 10,000, us, avx512
 *        24   uint8     40.5     3.7      1.7      1.0          0.15
 *        64   uint8     60.4     5.9      2.6      1.1          0.5
 *       128   uint8    104.1    10.4      4.8      1.2          1.4
 *       256  uint16    193.8    27.0      8.0      2.5          2.7
 *      1024  uint16    738.6   100.1     29.0      3.3         12
 *
 * Two threads take 1.4 ms for 64 bits and 4.7 ms for 256 (avx512, wall).
 * For a handful of codes the transposition outweighs what it saves. */
#include "code/hamming.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

struct psh_hamming_plan {
    const psh__hamming_kernels *kernels;
    size_t n_codes, n_planes, stride;
    _Alignas(64) uint8_t planes[]; /* (n_planes, stride) */
};

static const psh__hamming_kernels *choose_kernels(psh_simd simd) {
#if defined(__x86_64__)
    if (simd == PSH_SIMD_AVX512 && __builtin_cpu_supports("avx512bitalg")) return &psh__hamming_avx512;
    if (simd == PSH_SIMD_AVX512 || simd == PSH_SIMD_AVX2) return &psh__hamming_avx2;
#elif defined(__aarch64__)
    if (simd == PSH_SIMD_NEON) return &psh__hamming_neon;
#endif
    (void)simd;
    return &psh__hamming_scalar;
}

/* --- Plan and rows ------------------------------------------------------------------------------------------------ */

psh_status psh_hamming_plan_create(const uint8_t *codes, size_t n_codes, size_t n_bytes, psh_hamming_plan **dst,
                                   psh_error *err) {
    assert(dst && (codes || n_codes == 0) && n_bytes >= 1 && n_bytes <= PSH__HAMMING_MAX_BYTES);
    /* An odd number of cache lines a plane: a power of two would put all planes' columns into the same few sets. */
    size_t n_blocks = n_codes / 64 + (n_codes % 64 != 0), stride, n_plane_bytes, n_total;
    psh_hamming_plan *plan = NULL;
    if (psh__size_mul(n_blocks | 1, 64, &stride) && psh__size_mul(stride, n_bytes, &n_plane_bytes) &&
        psh__size_add(n_plane_bytes, sizeof *plan + PSH__HAMMING_SLACK, &n_total))
        plan = psh__malloc(1, n_total);
    if (!plan) return psh__error_memory(err, "transposed codes", (unsigned long long)n_codes * n_bytes);
    plan->kernels = choose_kernels(psh_cpu_simd());
    plan->n_codes = n_codes, plan->n_planes = n_bytes, plan->stride = stride;
    for (size_t j = 0; j < n_codes; j++)
        for (size_t b = 0; b < n_bytes; b++) plan->planes[b * stride + j] = codes[j * n_bytes + b];
    for (size_t b = 0; b < n_bytes; b++) memset(plan->planes + b * stride + n_codes, 0, stride - n_codes);
    memset(plan->planes + n_plane_bytes, 0, PSH__HAMMING_SLACK);
    *dst = plan;
    return PSH_OK;
}

void psh_hamming_plan_free(psh_hamming_plan *plan) {
    psh__free(plan);
}

static void run_row(const psh_hamming_plan *plan, void (*kernel)(const psh__hamming_rows *), const uint8_t *query,
                    size_t first, size_t n_columns, void *dst) {
    assert(first <= plan->n_codes && n_columns <= plan->n_codes - first);
    psh__hamming_rows rows; /* one by one: to zero the room of 64 rows takes as long as a thousand columns */
    rows.planes = plan->planes, rows.stride = plan->stride, rows.n_planes = plan->n_planes;
    rows.n_rows = 1, rows.queries = query;
    rows.first[0] = first, rows.end = first + n_columns, rows.dst[0] = dst;
    rows.is_streamed = false;
    kernel(&rows);
}

void psh_hamming_row_u8(const psh_hamming_plan *plan, const uint8_t *query, size_t first, size_t n_columns,
                        uint8_t *dst) {
    run_row(plan, plan->kernels->rows_u8, query, first, n_columns, dst);
}

void psh_hamming_row_u16(const psh_hamming_plan *plan, const uint8_t *query, size_t first, size_t n_columns,
                         uint16_t *dst) {
    run_row(plan, plan->kernels->rows_u16, query, first, n_columns, dst);
}

/* --- All pairs ---------------------------------------------------------------------------------------------------- */

/* The rows of a call share the planes of a tile of columns, which lies in the L1 cache meanwhile. */
#define TILE_BYTES (32 << 10)
/* Results above this go around the caches. */
#define STREAMED_BYTES (8 << 20)

/* Queries against the plan's codes: all of them, or (condensed) those after the query in the plan itself. */
typedef struct job {
    const psh_hamming_plan *plan;
    const uint8_t *queries; /* (n_rows, n_planes) */
    size_t n_rows;
    bool is_condensed, is_u16;
    uint8_t *dst;
} job;

static size_t first_column(const job *work, size_t i) {
    return work->is_condensed ? i + 1 : 0;
}

/* Bytes of dst before those of row i. */
static size_t row_start(const job *work, size_t i) {
    size_t n_items = work->plan->n_codes * i - (work->is_condensed ? i * (i + 1) / 2 : 0);
    return n_items << work->is_u16;
}

/* Rows i .. i + n_rows - 1 against the columns first .. end - 1. */
static void run_tile(const job *work, size_t i, size_t n_rows, size_t first, size_t end, bool is_streamed) {
    const psh_hamming_plan *plan = work->plan;
    psh__hamming_rows rows = {.planes = plan->planes,
                              .stride = plan->stride,
                              .n_planes = plan->n_planes,
                              .n_rows = n_rows,
                              .queries = work->queries + i * plan->n_planes,
                              .end = end,
                              .is_streamed = is_streamed};
    for (size_t r = 0; r < n_rows; r++) {
        size_t row_first = first_column(work, i + r), from = row_first < first ? first : row_first;
        rows.first[r] = from < end ? from : end;
        rows.dst[r] = work->dst + row_start(work, i + r) + ((rows.first[r] - row_first) << work->is_u16);
    }
    if (work->is_u16)
        plan->kernels->rows_u16(&rows);
    else
        plan->kernels->rows_u8(&rows);
}

static psh_status run(const uint8_t *queries, size_t n_rows, const uint8_t *codes, size_t n_codes, size_t n_bytes,
                      bool is_condensed, bool is_u16, int n_threads, void *dst, psh_error *err) {
    psh_hamming_plan *plan;
    PSH_TRY(psh_hamming_plan_create(codes, n_codes, n_bytes, &plan, err));
    const job work = {plan, queries, n_rows, is_condensed, is_u16, dst};
    const bool is_streamed = row_start(&work, n_rows) > STREAMED_BYTES;
    const size_t tile = TILE_BYTES / n_bytes / 64 * 64;
#pragma omp parallel for collapse(2) schedule(dynamic) num_threads(psh_cpu_threads(n_threads))
    for (size_t i = 0; i < n_rows; i += PSH__HAMMING_ROWS)
        for (size_t first = 0; first < n_codes; first += tile) {
            size_t n = n_rows - i < PSH__HAMMING_ROWS ? n_rows - i : PSH__HAMMING_ROWS;
            size_t end = n_codes - first < tile ? n_codes : first + tile;
            if (first_column(&work, i) < end) run_tile(&work, i, n, first, end, is_streamed);
        }
    psh_hamming_plan_free(plan);
    return PSH_OK;
}

psh_status psh_hamming_condensed_u8(const uint8_t *codes, size_t n_codes, size_t n_bytes, int n_threads, uint8_t *dst,
                                    psh_error *err) {
    return run(codes, n_codes, codes, n_codes, n_bytes, true, false, n_threads, dst, err);
}

psh_status psh_hamming_condensed_u16(const uint8_t *codes, size_t n_codes, size_t n_bytes, int n_threads, uint16_t *dst,
                                     psh_error *err) {
    return run(codes, n_codes, codes, n_codes, n_bytes, true, true, n_threads, dst, err);
}

psh_status psh_hamming_cross(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b, size_t n_bytes, int n_threads,
                             uint16_t *dst, psh_error *err) {
    return run(a, n_a, b, n_b, n_bytes, false, true, n_threads, dst, err);
}
