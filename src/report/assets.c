/* assets.c : page.html, page.css, page.js and plotly.js as bytes of the library.
 *
 * The assembler reads the files (.incbin), which costs nothing at build time; a generated C array of plotly's two
 * megabytes takes the compiler seconds. cmake/report_assets.cmake names the files and rebuilds this one when they
 * change. */
#include "report/assets.h"

#define EMBED(symbol, path)                                                                                            \
    __asm__(".pushsection .rodata,\"a\",%progbits\n"                                                                   \
            ".balign 16\n"                                                                                             \
            ".local " #symbol "_start\n"                                                                               \
            ".local " #symbol "_end\n" #symbol "_start:\n"                                                             \
            ".incbin \"" path "\"\n" #symbol "_end:\n"                                                                 \
            ".byte 0\n"                                                                                                \
            ".popsection\n");                                                                                          \
    extern const uint8_t symbol##_start[] __attribute__((visibility("hidden")));                                       \
    extern const uint8_t symbol##_end[] __attribute__((visibility("hidden")));                                         \
    psh__asset symbol(void) {                                                                                          \
        return (psh__asset){symbol##_start, (size_t)(symbol##_end - symbol##_start)};                                  \
    }

EMBED(psh__asset_html, PSH_PAGE_FOLDER "/page.html")
EMBED(psh__asset_css, PSH_PAGE_FOLDER "/page.css")
EMBED(psh__asset_js, PSH_PAGE_FOLDER "/page.js")
EMBED(psh__asset_plotly_gz, PSH_PLOTLY_GZ)
