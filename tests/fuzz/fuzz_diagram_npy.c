/* fuzz_diagram_npy.c : any bytes as one diagram in one array. */
#include "diagram_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    fuzz_reader(psh__diagrams_read_npy, "fuzz.npy", data, n_bytes, false);
    fuzz_reader(psh__diagrams_read_npy, "fuzz.npy", data, n_bytes, true);
    return 0;
}
