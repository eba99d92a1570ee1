/* distance_calibrated.h : `persihash distance CODES --calibrate`: Wasserstein distances estimated from Hamming ones. */
#ifndef PSH_CLI_DISTANCE_CALIBRATED_H
#define PSH_CLI_DISTANCE_CALIBRATED_H

#include "cli.h"

/* All pairs of one file of codes, or each of the first against each of the second. */
psh_status distance_calibrated(cli *c, const char *path, psh_error *err);

/* The table of a calibration in `meta`, if it has one, in words; false if it has none. */
bool distance_say_calibration(const cli *c, const psh_meta *meta);

#endif
