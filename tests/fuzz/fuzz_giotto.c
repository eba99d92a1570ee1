/* fuzz_giotto.c : any bytes as giotto-tda's array. */
#include "diagram_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    fuzz_reader(psh__diagrams_read_giotto, "fuzz.npy", data, n_bytes, false);
    fuzz_reader(psh__diagrams_read_giotto, "fuzz.npy", data, n_bytes, true);
    return 0;
}
