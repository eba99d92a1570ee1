/* fuzz_npy_item.c : any bytes as an array of images, volumes, clouds and distance matrices. */
#include "as_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    for (params.kind = PSH_ITEM_AUTO; params.kind <= PSH_ITEM_MESH; params.kind++)
        fuzz_items(psh__npy_open, psh__stack_read_item, psh__stack_close, &params, data, n_bytes);
    params.kind = PSH_ITEM_AUTO, params.is_volume = true;
    fuzz_items(psh__npy_open, psh__stack_read_item, psh__stack_close, &params, data, n_bytes);
    return 0;
}
