/* fuzz_table.c : any bytes as a table of numbers: points, distances in every layout, or a refusal. */
#include "as_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    psh__head head = psh__head_of(data, n_bytes, PSH_ITEM_AUTO);
    psh__table_is(&head);
    for (params.kind = PSH_ITEM_AUTO; params.kind <= PSH_ITEM_MATRIX; params.kind++)
        fuzz_items(NULL, psh__table_read_item, NULL, &params, data, n_bytes);
    return 0;
}
