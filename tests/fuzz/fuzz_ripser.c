/* fuzz_ripser.c : any bytes as what Ripser prints. */
#include "diagram_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    fuzz_reader(psh__diagrams_read_ripser, "fuzz.txt", data, n_bytes, false);
    fuzz_reader(psh__diagrams_read_ripser, "fuzz.txt", data, n_bytes, true);
    return 0;
}
