/* assets.h : the parts of the report page that are embedded into the library. */
#ifndef PSH_REPORT_ASSETS_H
#define PSH_REPORT_ASSETS_H

#include "base/embed.h"

psh__embedded psh__asset_html(void); /* the page's frame; {{title}} {{css}} {{data}} {{plotly}} {{js}} are filled in */
psh__embedded psh__asset_css(void);  /* its style */
psh__embedded psh__asset_js(void);   /* what draws it */
psh__embedded psh__asset_plotly(void); /* plotly.js, minified; no "</script" in it */

#endif
