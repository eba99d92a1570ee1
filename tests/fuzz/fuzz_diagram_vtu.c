/* fuzz_diagram_vtu.c : any bytes as a .vtu of TTK: an error, or a set that keeps its invariants. */
#include <stdint.h>
#include <stdlib.h>

#include "diagram/format.h"
#include "diagram_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_error err;
    psh_diagrams *set = NULL;
    if (psh_diagrams_create(&set, &err) != PSH_OK) abort();
    psh__bytes bytes = {.data = data, .n_bytes = n_bytes};
    if (psh__diagrams_read_vtu("fuzz.vtu", &bytes, set, &err) == PSH_OK) check_invariants(set);
    psh_diagrams_free(set);
    return 0;
}
