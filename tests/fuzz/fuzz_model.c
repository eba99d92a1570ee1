/* fuzz_model.c : any bytes as a model. What is read encodes any diagram into codes with clean pad bits, says in words
 * what its bits ask, and comes back the same from its own bytes. */
#include <stdlib.h>
#include <string.h>

#include "persihash/diagram.h"
#include "persihash/encoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void check(int holds) {
    if (!holds) abort();
}

static psh_diagrams *make_set(void) {
    static psh_diagrams *set; /* made once */
    static const double points[] = {0, 1, 0.25, 0.5, -3, 200, 7, 7.5, 0.1, 1e9};
    static const int32_t dims[] = {0, 1, 0, 1, 0};
    psh_error err;
    if (set) return set;
    check(psh_diagrams_create(&set, &err) == PSH_OK);
    check(psh_diagrams_append(set, points, dims, 5, "a", -1, &err) == PSH_OK);
    check(psh_diagrams_append(set, NULL, NULL, 0, "empty", -1, &err) == PSH_OK);
    return set;
}

static void encode(const psh_model *model) {
    uint8_t codes[2 * 128];
    char text[256];
    psh_error err;
    size_t n_bits = (size_t)psh_model_n_bits(model), n_code = psh_model_n_bytes(model);
    check(n_bits >= 1 && n_bits <= 1024 && n_code == (n_bits + 7) / 8);
    check(psh_model_encode(model, make_set(), 1, codes, &err) == PSH_OK);
    if (n_bits % 8) check(codes[n_code - 1] >> n_bits % 8 == 0 && codes[2 * n_code - 1] >> n_bits % 8 == 0);
    for (size_t i = 0; i < n_bits; i++) psh_model_bit_text(model, (int)i, text, sizeof text), check(*text != 0);
}

/* A general model meets the set first; numbers too large for that are refused. */
static void adapt(const psh_model *general) {
    psh_adapt_params params = PSH_PARAMS(psh_adapt_params);
    psh_model *model = NULL;
    psh_error err;
    params.pool = true;
    if (psh_model_adapt(general, make_set(), &params, &model, &err) != PSH_OK) return;
    encode(model);
    psh_model_free(model);
}

static void round_trip(const psh_model *model) {
    uint8_t *bytes;
    size_t n_bytes;
    psh_model *again;
    psh_error err;
    check(psh_model_write_bytes(model, &bytes, &n_bytes, &err) == PSH_OK);
    check(psh_model_read_bytes(bytes, n_bytes, &again, &err) == PSH_OK);
    check(!strcmp(psh_model_id(model), psh_model_id(again)));
    psh_bytes_free(bytes);
    psh_model_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_model *model = NULL;
    psh_error err;
    if (psh_model_read_bytes(data, n_bytes, &model, &err) != PSH_OK) return 0;
    if (strcmp(psh_model_kind(model), "general") == 0)
        adapt(model);
    else
        encode(model);
    round_trip(model);
    psh_model_free(model);
    return 0;
}
