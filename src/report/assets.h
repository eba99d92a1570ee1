/* assets.h : the parts of the report page that are embedded into the library. */
#ifndef PSH_REPORT_ASSETS_H
#define PSH_REPORT_ASSETS_H

#include <stddef.h>
#include <stdint.h>

typedef struct psh__asset {
    const uint8_t *bytes; /* (n_bytes), not zero-terminated */
    size_t n_bytes;
} psh__asset;

psh__asset psh__asset_html(void);   /* the page's frame; {{title}} {{css}} {{data}} {{plotly}} {{js}} are filled in */
psh__asset psh__asset_css(void);    /* its style */
psh__asset psh__asset_js(void);     /* what draws it */
psh__asset psh__asset_plotly(void); /* plotly.js, minified; no "</script" in it */

#endif
