/* distance_progressive.h : `persihash distance --metric progressive`. */
#ifndef PSH_CLI_DISTANCE_PROGRESSIVE_H
#define PSH_CLI_DISTANCE_PROGRESSIVE_H

#include "cli.h"

/* All pairs of one file under --time-limit and --max-gap, into `path`; with --bounds the bounds beside it. */
psh_status distance_progressive(cli *c, const char *path, psh_error *err);

#endif
