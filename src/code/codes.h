/* codes.h : the inside of a code set, shared by codes.c and codes_file.c. */
#ifndef PSH_CODE_CODES_H
#define PSH_CODE_CODES_H

#include "persihash/code.h"

struct psh_codes {
    size_t n_codes, n_bytes;
    int n_bits;
    uint8_t *codes;     /* (n_codes, n_bytes) */
    int64_t *labels;    /* (n_codes), or NULL */
    char **label_names; /* (n_classes): pointers and characters in one block, or NULL */
    size_t n_classes;
    char **names;   /* (n_codes), likewise */
    uint8_t *model; /* (n_model_bytes), or NULL */
    size_t n_model_bytes;
    float *scales;  /* (n_bits), or NULL */
    psh_meta *meta; /* holds model_id and frame_id, too, so that there is one truth */
};

#endif
