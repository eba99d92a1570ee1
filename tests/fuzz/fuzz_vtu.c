/* fuzz_vtu.c : any bytes as a mesh of VTK, with a field or without. */
#include "as_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    static const char *const fields[] = {NULL, "height", "z"};
    psh_input_params params = PSH_PARAMS(psh_input_params);
    for (int i = 0; i < 3; i++) {
        params.field = fields[i];
        fuzz_items(psh__vtu_open, psh__vtu_read_item, psh__vtu_close, &params, data, n_bytes);
    }
    return 0;
}
