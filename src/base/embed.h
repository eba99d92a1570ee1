/* embed.h : a file of the source tree as bytes of the library.
 *
 * The assembler reads it (.incbin), which costs nothing at build time; a generated C array of four megabytes takes the
 * compiler seconds. CMake gives the path as a macro and rebuilds the unit when the file changes. */
#ifndef PSH_BASE_EMBED_H
#define PSH_BASE_EMBED_H

#include <stddef.h>
#include <stdint.h>

typedef struct psh__embedded {
    const uint8_t *bytes; /* a zero byte follows the last */
    size_t n_bytes;
} psh__embedded;

/* Defines  psh__embedded symbol(void). */
#define PSH__EMBED(symbol, path)                                                                                       \
    __asm__(".pushsection .rodata,\"a\",%progbits\n"                                                                   \
            ".balign 16\n"                                                                                             \
            ".local " #symbol "_bytes\n" #symbol "_bytes:\n"                                                           \
            ".incbin \"" path "\"\n"                                                                                   \
            "1: .byte 0\n"                                                                                             \
            ".balign 8\n"                                                                                              \
            ".local " #symbol "_n_bytes\n" #symbol "_n_bytes:\n"                                                       \
            ".quad 1b - " #symbol "_bytes\n"                                                                           \
            ".popsection\n");                                                                                          \
    extern const uint8_t symbol##_bytes[] __attribute__((visibility("hidden")));                                       \
    extern const uint64_t symbol##_n_bytes __attribute__((visibility("hidden")));                                      \
    psh__embedded symbol(void);                                                                                        \
    psh__embedded symbol(void) {                                                                                       \
        return (psh__embedded){symbol##_bytes, (size_t)symbol##_n_bytes};                                              \
    }

#endif
