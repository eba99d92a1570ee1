/* hamming.h : all pairs of a code set. */
#ifndef PSH_CLI_HAMMING_H
#define PSH_CLI_HAMMING_H

#include "cli.h"

/* Condensed Hamming distances: uint8 where they fit (up to 255 bits), else uint16. */
psh_status cli_hamming(const psh_codes *codes, int n_threads, psh_distances **dst, psh_error *err);

#endif
