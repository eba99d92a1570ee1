/* hash.c : FNV-1a, 64 bits. */
#include "base/hash.h"

#include <stdio.h>

uint64_t psh__hash(uint64_t hash, const void *bytes, size_t n_bytes) {
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < n_bytes; i++) hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

void psh__hash_text(uint64_t hash, char text[17]) {
    snprintf(text, 17, "%016llx", (unsigned long long)hash);
}
