/* fuzz_cripser.c : any bytes as CubicalRipser's rows. */
#include "diagram_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    fuzz_reader(psh__diagrams_read_cripser, "fuzz.npy", data, n_bytes, false);
    fuzz_reader(psh__diagrams_read_cripser, "fuzz.npy", data, n_bytes, true);
    return 0;
}
