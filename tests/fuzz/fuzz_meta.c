/* fuzz_meta.c : any bytes as JSON metadata, which files of other people carry; and as one of persihash's files, of
 * whatever kind. Metadata that is read comes back the same from its own text. */
#define _GNU_SOURCE
#include "as_file.h"

#include <string.h>

#include "persihash/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    char path[64], *text = malloc(n_bytes + 1);
    psh_meta *meta, *again;
    psh_error err;
    psh_file_kind kind;
    if (!text) abort();
    memcpy(text, data, n_bytes), text[n_bytes] = 0;
    if (psh_meta_read_text(text, &meta, &err) == PSH_OK) {
        char *first = psh_meta_write_text(meta, 0);
        fuzz_check(first && psh_meta_read_text(first, &again, &err) == PSH_OK);
        char *second = psh_meta_write_text(again, 0);
        fuzz_check(second && !strcmp(first, second));
        psh_text_free(first), psh_text_free(second);
        psh_meta_free(meta), psh_meta_free(again);
    }
    int descriptor = fuzz_open(data, n_bytes, path);
    if (psh_file_detect(path, &kind, &err) != PSH_OK) fuzz_check(err.text[0] != 0);
    close(descriptor);
    free(text);
    return 0;
}
