/* assets.c : page.html, page.css, page.js and plotly.js as bytes of the library.
 *
 * The assembler reads the files (.incbin), which costs nothing at build time; a generated C array of plotly's four
 * megabytes takes the compiler seconds. cmake/report_assets.cmake names the files and rebuilds this one when they
 * change. */
#include "report/assets.h"

#define EMBED(symbol, path)                                                                                            \
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
    psh__asset symbol(void) {                                                                                          \
        return (psh__asset){symbol##_bytes, (size_t)symbol##_n_bytes};                                                 \
    }

EMBED(psh__asset_html, PSH_PAGE_FOLDER "/page.html")
EMBED(psh__asset_css, PSH_PAGE_FOLDER "/page.css")
EMBED(psh__asset_js, PSH_PAGE_FOLDER "/page.js")
EMBED(psh__asset_plotly, PSH_PLOTLY_JS)
