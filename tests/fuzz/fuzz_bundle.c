/* fuzz_bundle.c : any bytes as an .npz archive of images, clouds or distance matrices, with labels. */
#include "as_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    for (params.kind = PSH_ITEM_AUTO; params.kind <= PSH_ITEM_MATRIX; params.kind++)
        fuzz_items(psh__bundle_open, psh__bundle_read_item, psh__bundle_close, &params, data, n_bytes);
    params.kind = PSH_ITEM_AUTO, params.field = "a";
    fuzz_items(psh__bundle_open, psh__bundle_read_item, psh__bundle_close, &params, data, n_bytes);
    return 0;
}
