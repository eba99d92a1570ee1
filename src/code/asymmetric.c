/* asymmetric.c : distances of queries that were not cut to bits to codes.
 *
 * With t[b] = tanh(z[b] / (0.3 scale[b])), a query's bit b differs from a code's bit y (+1 or -1) with the chance
 * (1 - y t[b]) / 2: that z[b] plus logistic noise has another sign. The distance is the sum over bits. It is linear in
 * the code, so for each byte of codes a table has the sums of all 256 bytes (product quantisation's look-up: Jegou,
 * Douze, Schmid 2011; asymmetric distances for binary codes: Gordo, Perronnin, Gong, Lazebnik 2014), and a distance is
 * one look-up a byte, added in order.
 *
 * Cost, one thread: 1.6 ns a pair for 64 bits, 8 ns for 256, 37 ns for 1024, and 0.1 us a byte and query for the tables
 * (Hamming distance: 0.10, 0.29 and 1.2 ns). Nothing wider than a look-up at a time was tried: a query against a
 * million codes of 64 bits takes 1.6 ms. docs/math/asymmetric.md has what it gains, and what lost. */
#include <assert.h>
#include <math.h>
#include <omp.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/exp.h"
#include "persihash/code.h"

enum { SCALE_SAMPLE = 128 };
static const double blur = 0.3;

/* --- Scales ------------------------------------------------------------------------------------------------------- */

/* values : (n, n_bits). A bit whose numbers are all 0 has no scale; any will do. */
static psh_status set_scales(psh_codes *codes, const float *values, size_t n, psh_error *err) {
    size_t n_bits = (size_t)psh_codes_n_bits(codes);
    float scales[PSH_CODE_MAX_BITS];
    for (size_t b = 0; b < n_bits; b++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) sum += (double)values[i * n_bits + b] * (double)values[i * n_bits + b];
        float scale = n ? (float)sqrt(sum / (double)n) : 0;
        scales[b] = scale > 0 ? scale : 1;
    }
    return psh_codes_set_scales(codes, scales, err);
}

psh_status psh_codes_fit_scales(psh_codes *codes, const psh_model *model, const psh_diagrams *set, int n_threads,
                                psh_error *err) {
    assert(psh_codes_n_bits(codes) == psh_model_n_bits(model));
    size_t n_all = psh_diagrams_count(set), n = n_all < SCALE_SAMPLE ? n_all : SCALE_SAMPLE, rows[SCALE_SAMPLE];
    size_t n_bits = (size_t)psh_codes_n_bits(codes);
    psh_diagrams *sample = NULL;
    float *values = psh__malloc(n * n_bits, sizeof *values);
    psh_status status;
    if (!values) return psh__error_memory(err, "the scales of bits", n * n_bits * sizeof *values);
    PSH_TRY_GOTO(psh_rows_sample(n_all, n, 0, rows, err));
    PSH_TRY_GOTO(psh_diagrams_select(set, rows, n, 0, false, &sample, err));
    PSH_TRY_GOTO(psh_model_project(model, sample, n_threads, values, err));
    status = set_scales(codes, values, n, err);
done:
    psh_diagrams_free(sample);
    psh__free(values);
    return status;
}

/* --- Distances ---------------------------------------------------------------------------------------------------- */

/* That a query's number z, in units of its scale, is above 0 once it is blurred. */
static float chance_of_one(double z) {
    double x = 2 * z / blur;
    x = x > 700 ? 700 : x > -700 ? x : -700;
    return (float)(1 / (1 + psh__exp(-x)));
}

/* tables : (n_bytes, 256), the sum over a byte's bits for each of its values: that of a value with bit k set is that of
 * the value without it, and what bit k changes. Bits behind the last count nothing. */
static void fill_tables(const float *values, const float *scales, size_t n_bits, float *tables) {
    for (size_t first = 0; first < n_bits; first += 8, tables += 256) {
        float ones[8] = {0}; /* chances that the query has a 1 */
        size_t n = n_bits - first < 8 ? n_bits - first : 8;
        for (size_t k = 0; k < n; k++) ones[k] = chance_of_one((double)values[first + k] / (double)scales[first + k]);
        tables[0] = 0;
        for (size_t k = 0; k < n; k++) tables[0] += ones[k];
        for (size_t k = 0; k < 8; k++)
            for (size_t v = 0; v < (size_t)1 << k; v++)
                tables[v | (size_t)1 << k] = tables[v] + (k < n ? 1 - 2 * ones[k] : 0);
    }
}

/* Four codes at a time: their sums do not wait for each other. */
static void look_up(const float *tables, const uint8_t *codes, size_t n_codes, size_t n_bytes, float *dst) {
    size_t j = 0;
    for (; j + 4 <= n_codes; j += 4) {
        const uint8_t *code = codes + j * n_bytes;
        float a = 0, b = 0, c = 0, d = 0;
        for (size_t k = 0; k < n_bytes; k++) {
            const float *table = tables + 256 * k;
            a += table[code[k]], b += table[code[n_bytes + k]];
            c += table[code[2 * n_bytes + k]], d += table[code[3 * n_bytes + k]];
        }
        dst[j] = a, dst[j + 1] = b, dst[j + 2] = c, dst[j + 3] = d;
    }
    for (; j < n_codes; j++) {
        float a = 0;
        for (size_t k = 0; k < n_bytes; k++) a += tables[256 * k + codes[j * n_bytes + k]];
        dst[j] = a;
    }
}

psh_status psh_asymmetric_cross(const float *values, size_t n_a, const uint8_t *codes, size_t n_b, int n_bits,
                                const float *scales, int n_threads, float *dst, psh_error *err) {
    assert(n_bits >= 1 && n_bits <= PSH_CODE_MAX_BITS && scales);
    size_t n_bytes = ((size_t)n_bits + 7) / 8;
    int n_workers = psh_cpu_threads(n_threads);
    float *tables = psh__malloc((size_t)n_workers * n_bytes, 256 * sizeof *tables);
    if (!tables) return psh__error_memory(err, "tables", (size_t)n_workers * n_bytes * 256 * sizeof *tables);
#pragma omp parallel for schedule(dynamic, 1) num_threads(n_workers)
    for (size_t i = 0; i < n_a; i++) {
        float *ours = tables + (size_t)omp_get_thread_num() * n_bytes * 256;
        fill_tables(values + i * (size_t)n_bits, scales, (size_t)n_bits, ours);
        look_up(ours, codes, n_b, n_bytes, dst + i * n_b);
    }
    psh__free(tables);
    return PSH_OK;
}
