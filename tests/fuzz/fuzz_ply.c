/* fuzz_ply.c : any bytes as PLY: a mesh whose triangles have vertices, or a refusal; with and without a field. */
#include "as_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    psh__head head = psh__head_of(data, n_bytes, PSH_ITEM_AUTO);
    psh__ply_is(&head);
    fuzz_items(NULL, psh__ply_read_item, NULL, &params, data, n_bytes);
    params.field = "z";
    fuzz_items(NULL, psh__ply_read_item, NULL, &params, data, n_bytes);
    return 0;
}
