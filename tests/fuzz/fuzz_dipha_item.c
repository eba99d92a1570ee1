/* fuzz_dipha_item.c : any bytes as an image or a distance matrix of DIPHA. */
#include "as_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    fuzz_items(psh__dipha_open, psh__dipha_read_item, NULL, &params, data, n_bytes);
    return 0;
}
