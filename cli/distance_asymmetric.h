/* distance_asymmetric.h : `persihash distance --metric asymmetric`: diagrams against codes. */
#ifndef PSH_CLI_DISTANCE_ASYMMETRIC_H
#define PSH_CLI_DISTANCE_ASYMMETRIC_H

#include "cli.h"

/* Each diagram of the first file against each code of the second, into `path`. */
psh_status distance_asymmetric(cli *c, const char *path, psh_error *err);

#endif
