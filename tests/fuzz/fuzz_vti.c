/* fuzz_vti.c : any bytes as a grid of VTK with a field to choose. */
#include "as_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    static const char *const fields[] = {NULL, "mask", "cell", "velocity"};
    psh_input_params params = PSH_PARAMS(psh_input_params);
    for (int i = 0; i < 4; i++) {
        params.field = fields[i];
        fuzz_items(NULL, psh__vti_read_item, NULL, &params, data, n_bytes);
    }
    return 0;
}
