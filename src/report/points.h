/* points.h : diagrams small enough to travel in a page. */
#ifndef PSH_REPORT_POINTS_H
#define PSH_REPORT_POINTS_H

#include "report/gather.h"
#include "report/page_text.h"

/* Appends members of the JSON object "diagrams": lo, hi (the window), n_most (points that a diagram has at most here;
 * 0: all have all), n_beyond (points outside the window); and, in base64, of the diagrams of rows : (n_rows), one after
 * the other, births and deaths, uint8 each, and the runs of points of one dimension that they consist of: n_runs
 * (n_rows) uint8, runs uint32 = dimension << 24 | points. Dimensions above 254 are taken for 254.
 * Errors: PSH_ERR_MEMORY. */
psh_status psh__points_write(const psh_diagrams *set, const uint32_t *rows, size_t n_rows, psh__text *json,
                             psh_error *err);

/* Total persistence of one diagram: the sum of death - birth over its finite points. */
double psh__points_total_persistence(const psh_diagrams *set, size_t i_diagram);

#endif
