/* fuzz_idx.c : any bytes give a stack, each image of which can be read or is refused, or an error. */
#include "as_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    const psh_input_params params = PSH_PARAMS(psh_input_params);
    fuzz_items(psh__idx_open, psh__stack_read_item, psh__stack_close, &params, data, n_bytes);
    return 0;
}
