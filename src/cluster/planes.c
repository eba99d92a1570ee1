/* planes.c : packed codes, transposed into planes of 64-bit words (codes_kernels.h). */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cluster/codes_kernels.h"

psh_status psh__planes_create(const uint8_t *codes, size_t n_items, size_t n_bytes, const uint32_t *order,
                              psh__planes *dst, psh_error *err) {
    assert(n_bytes >= 1 && n_bytes <= PSH_CODE_MAX_BITS / 8);
    dst->n_words = (n_bytes + 7) / 8;
    dst->stride = (n_items + 7) / 8 * 8;
    dst->words = psh__calloc(dst->stride, dst->n_words * sizeof *dst->words);
    if (!dst->words) return psh__error_memory(err, "codes in planes", 8ull * dst->n_words * dst->stride);
    for (size_t slot = 0; slot < n_items; slot++) {
        uint64_t code[PSH__CODE_MAX_WORDS] = {0};
        memcpy(code, codes + n_bytes * (order ? order[slot] : slot), n_bytes);
        for (size_t w = 0; w < dst->n_words; w++) dst->words[w * dst->stride + slot] = code[w];
    }
    return PSH_OK;
}

void psh__planes_free(psh__planes *planes) {
    psh__free(planes->words);
    *planes = (psh__planes){0};
}

void psh__planes_copy_code(const psh__planes *planes, size_t slot, uint64_t *dst) {
    for (size_t w = 0; w < planes->n_words; w++) dst[w] = planes->words[w * planes->stride + slot];
}
