/* cluster_barycentre.h : `cluster --method barycentre`. */
#ifndef PSH_CLI_CLUSTER_BARYCENTRE_H
#define PSH_CLI_CLUSTER_BARYCENTRE_H

#include "cli.h"

/* Reads the diagrams, clusters them, writes `path` and --barycentres. */
psh_status cluster_barycentre(cli *c, const char *path, psh_error *err);

#endif
