/* planes.c : packed codes, transposed into planes of 64-bit words (codes_kernels.h). */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cluster/codes_kernels.h"

psh_status psh__planes_create(size_t n_slots, size_t n_bytes, psh__planes *dst, psh_error *err) {
    assert(n_bytes >= 1 && n_bytes <= PSH_CODE_MAX_BITS / 8);
    dst->n_words = (n_bytes + 7) / 8;
    dst->stride = (n_slots + 7) / 8 * 8;
    dst->words = psh__calloc(dst->stride, dst->n_words * sizeof *dst->words);
    return dst->words ? PSH_OK : psh__error_memory(err, "codes in planes", 8ull * dst->n_words * dst->stride);
}

void psh__planes_fill(psh__planes *planes, const uint8_t *codes, size_t n_slots, size_t n_bytes,
                      const uint32_t *order) {
    assert(n_slots <= planes->stride && n_bytes <= 8 * planes->n_words);
    for (size_t slot = 0; slot < n_slots; slot++) {
        uint64_t code[PSH__CODE_MAX_WORDS] = {0};
        memcpy(code, codes + n_bytes * (order ? order[slot] : slot), n_bytes);
        for (size_t w = 0; w < planes->n_words; w++) planes->words[w * planes->stride + slot] = code[w];
    }
}

void psh__planes_free(psh__planes *planes) {
    psh__free(planes->words);
    *planes = (psh__planes){0};
}

void psh__planes_copy_code(const psh__planes *planes, size_t slot, uint64_t *dst) {
    for (size_t w = 0; w < planes->n_words; w++) dst[w] = planes->words[w * planes->stride + slot];
}
