/* diagram_reader.h : one reader of diagrams over the fuzzer's bytes, where they lie: an error, or a set that keeps its
 * invariants. */
#ifndef PSH_FUZZ_DIAGRAM_READER_H
#define PSH_FUZZ_DIAGRAM_READER_H

#include "base/text.h"
#include "diagram/format.h"
#include "diagram_invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

typedef psh_status psh__diagrams_reader(const char *path, psh__bytes *bytes, psh_diagrams *set, psh_error *err);

static inline void fuzz_reader(psh__diagrams_reader *read, const char *path, const uint8_t *data, size_t n_bytes,
                               bool is_negated) {
    psh_error err;
    psh_diagrams *set = NULL;
    psh__c_locale locale;
    if (psh_diagrams_create(&set, &err) != PSH_OK || !psh__c_locale_enter(&locale)) abort();
    set->reads_negated = is_negated;
    psh__bytes bytes = {.data = data, .n_bytes = n_bytes};
    if (read(path, &bytes, set, &err) == PSH_OK) check_invariants(set);
    psh__c_locale_leave(&locale);
    psh_diagrams_free(set);
}

#endif
