/* fuzz_perseus_out.c : any bytes as what Perseus writes. */
#include "diagram_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    fuzz_reader(psh__diagrams_read_perseus, "out_1.txt", data, n_bytes, false);
    fuzz_reader(psh__diagrams_read_perseus, "out_1.txt", data, n_bytes, true);
    return 0;
}
