/* model_checks.h : what bytes of any model must stand. Include after cmocka.h. */
#ifndef PSH_TESTS_MODEL_CHECKS_H
#define PSH_TESTS_MODEL_CHECKS_H

#include "persihash/encoder.h"

/* Every prefix is refused; a changed byte is refused, or says nothing of the weights. */
static inline void check_damaged_bytes(const psh_model *model, uint8_t *bytes, size_t n_bytes) {
    for (size_t n = 0; n < n_bytes; n += 1 + n / 64) {
        psh_model *none = NULL;
        assert_int_not_equal(psh_model_read_bytes(bytes, n, &none, NULL), PSH_OK);
    }
    for (size_t i = 0; i < n_bytes; i += 1 + i / 128) {
        psh_model *other = NULL;
        bytes[i] ^= 0x10;
        if (psh_model_read_bytes(bytes, n_bytes, &other, NULL) == PSH_OK)
            assert_string_equal(psh_model_id(other), psh_model_id(model));
        psh_model_free(other);
        bytes[i] ^= 0x10;
    }
}

#endif
