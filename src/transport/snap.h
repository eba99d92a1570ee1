/* snap.h : diagrams simplified on a grid, with the distance that this costs. */
#ifndef PSH_TRANSPORT_SNAP_H
#define PSH_TRANSPORT_SNAP_H

#include "persihash/transport.h"
#include "transport/measure.h"

/* psh__measures_snap() :
 * For each measure of src, the points of a grid cell replaced by their mean with their multiplicities added up. *dst
 * borrows the essential births of src. shifts : (n_items) an upper bound of the distance between an item and its image
 * (cost of moving each point to its mean). cell > 0: the side of a cell, in units of the coordinates. */
psh_status psh__measures_snap(const psh__measures *src, double origin, double cell, double order, psh_ground ground,
                              psh__measures *dst, double *shifts, psh_error *err);
void psh__measures_snap_free(psh__measures *measures); /* zeroed struct is fine */

#endif
