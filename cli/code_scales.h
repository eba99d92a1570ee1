/* code_scales.h : how large the numbers are that bits are the signs of. */
#ifndef PSH_CLI_CODE_SCALES_H
#define PSH_CLI_CODE_SCALES_H

#include "cli.h"

/* Gives codes, made of `set` by `model`, the scales of their bits: those of the --frame file if it has any, else fitted
 * to the set. */
psh_status code_scales_set(const cli *c, psh_codes *codes, const psh_model *model, const psh_diagrams *set,
                           psh_error *err);

#endif
