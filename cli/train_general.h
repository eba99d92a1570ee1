/* train_general.h : `train compact` without a set. */
#ifndef PSH_CLI_TRAIN_GENERAL_H
#define PSH_CLI_TRAIN_GENERAL_H

#include "cli.h"

/* Beside those in fit_options.h (bits, steps). */
#define GENERAL_OPTIONS                                                                                                \
    { "sets", 0, "N", "compact without SET: synthetic sets to learn from (default: 2000)" }

psh_status train_general(cli *c, const char *path, psh_error *err);

#endif
