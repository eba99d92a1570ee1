/* code_scales.c : how large the numbers are that bits are the signs of. */
#include "code_scales.h"

psh_status code_scales_set(const cli *c, psh_codes *codes, const psh_model *model, const psh_diagrams *set,
                           psh_error *err) {
    const char *path = cli_text(c, "frame", NULL);
    psh_codes *old = NULL;
    if (path) CLI_TRY(psh_codes_read(path, &old, err));
    const float *scales = old ? psh_codes_scales(old) : NULL;
    psh_status status =
        scales ? psh_codes_set_scales(codes, scales, err) : psh_codes_fit_scales(codes, model, set, c->n_threads, err);
    psh_codes_free(old);
    return status;
}
