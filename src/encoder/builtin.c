/* builtin.c : models that come with the library, as bytes of it. cmake/models.cmake names the files. */
#include <string.h>

#include "base/embed.h"
#include "base/error.h"
#include "persihash/encoder.h"

PSH__EMBED(psh__builtin_compact, PSH_MODELS_FOLDER "/compact.safetensors")

static const struct {
    const char *name;
    psh__embedded (*bytes)(void);
} models[] = {{"compact", psh__builtin_compact}};
enum { N_MODELS = sizeof models / sizeof *models };

const char *psh_model_builtin_name(size_t i) {
    return i < N_MODELS ? models[i].name : NULL;
}

psh_status psh_model_builtin(const char *name, psh_model **dst, psh_error *err) {
    for (size_t i = 0; i < N_MODELS; i++)
        if (strcmp(name, models[i].name) == 0) {
            psh__embedded file = models[i].bytes();
            return psh_model_read_bytes(file.bytes, file.n_bytes, dst, err);
        }
    return psh__error(err, PSH_ERR_PARAMETER, "no built-in model is named \"%.40s\"; there is: compact", name);
}
