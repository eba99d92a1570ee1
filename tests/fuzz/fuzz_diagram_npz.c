/* fuzz_diagram_npz.c : any bytes as an .npz of diagrams: an error, or a set that keeps its invariants. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diagram/format.h"
#include "diagram_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    psh_error err;
    psh_diagrams *set = NULL;
    uint8_t *copy = malloc(n_bytes ? n_bytes : 1); /* of exactly that size, which psh__malloc() rounds up */
    if (!copy || psh_diagrams_create(&set, &err) != PSH_OK) abort();
    memcpy(copy, data, n_bytes);
    psh__bytes bytes = {.data = copy, .n_bytes = n_bytes};
    if (psh__diagrams_read_npz("fuzz.npz", &bytes, set, &err) == PSH_OK) check_invariants(set);
    psh_diagrams_free(set);
    return 0;
}
