/* drift.h : warns when new diagrams lie elsewhere than those that a model was fitted on. */
#ifndef PSH_CLI_DRIFT_H
#define PSH_CLI_DRIFT_H

#include "cli.h"

/* cli_drift() : codes, made of `set` by the model of the earlier file of codes at `path`. A warning if there is drift,
 * and all figures as "drift" in the summary. */
psh_status cli_drift(cli *c, const char *path, const psh_model *model, const psh_diagrams *set, const uint8_t *codes,
                     psh_error *err);

#endif
