/* page_data.h : everything that the page shows, as one JSON object. */
#ifndef PSH_REPORT_PAGE_DATA_H
#define PSH_REPORT_PAGE_DATA_H

#include "report/gather.h"
#include "report/page_text.h"

/* Appends the object that page.js draws from; its members are described in page_data.c. Errors: see psh_report_write().
 */
psh_status psh__page_data_write(const psh__gathered *gathered, psh__text *json, psh_error *err);

#endif
