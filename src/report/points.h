/* points.h : diagrams small enough to travel in a page. */
#ifndef PSH_REPORT_POINTS_H
#define PSH_REPORT_POINTS_H

#include "report/gather.h"
#include "report/page_text.h"

/* Appends the JSON object "diagrams": coordinates of the diagrams of rows : (n_rows), on a grid of 255 steps over the
 * set's range, and "n_points", "persistence" of each. items : (n_rows) are what the page calls these rows. Errors:
 * PSH_ERR_MEMORY. */
psh_status psh__points_write(const psh_diagrams *set, const uint32_t *rows, size_t n_rows, psh__text *json,
                             psh_error *err);

/* Total persistence of one diagram: the sum of death - birth over its finite points. */
double psh__points_total_persistence(const psh_diagrams *set, size_t i_diagram);

#endif
