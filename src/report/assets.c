/* assets.c : page.html, page.css, page.js and plotly.js as bytes of the library. cmake/report_assets.cmake names the
 * files. */
#include "report/assets.h"

PSH__EMBED(psh__asset_html, PSH_PAGE_FOLDER "/page.html")
PSH__EMBED(psh__asset_css, PSH_PAGE_FOLDER "/page.css")
PSH__EMBED(psh__asset_js, PSH_PAGE_FOLDER "/page.js")
PSH__EMBED(psh__asset_plotly, PSH_PLOTLY_JS)
