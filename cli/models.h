/* models.h : models by name: built into the library, or installed beside the tool. */
#ifndef PSH_CLI_MODELS_H
#define PSH_CLI_MODELS_H

#include "cli.h"

/* models_read() :
 * name: "compact" (built in); a word without '/' and '.', for which NAME.safetensors is looked for in the folder of
 * models that was installed with the tool, or, in a source tree, in models/; anything else is a file's path. */
psh_status models_read(const char *name, psh_model **dst, psh_error *err);

/* models_list() : calls see(state, name, path) for each model that has a name; path NULL: built in. */
void models_list(void (*see)(void *state, const char *name, const char *path), void *state);

#endif
