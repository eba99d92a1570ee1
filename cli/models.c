/* models.c : models by name. The folder is found from where the tool lies, so the tree may be installed anywhere. */
#include "models.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Relative to the tool's folder: installed, and in a source tree. */
static const char *const folders[] = {"../share/persihash/models", "../models"};
enum { N_FOLDERS = sizeof folders / sizeof *folders };

/* The folder that the tool lies in; false if the system does not say. */
static bool find_own_folder(char path[PATH_MAX]) {
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (n <= 0) return false;
    path[n] = 0;
    char *slash = strrchr(path, '/');
    if (!slash) return false;
    *slash = 0;
    return true;
}

static bool is_builtin(const char *name) {
    for (size_t i = 0; psh_model_builtin_name(i); i++)
        if (strcmp(psh_model_builtin_name(i), name) == 0) return true;
    return false;
}

psh_status models_read(const char *name, psh_model **dst, psh_error *err) {
    char own[PATH_MAX], path[2 * PATH_MAX];
    if (is_builtin(name)) return psh_model_builtin(name, dst, err);
    if (strpbrk(name, "/.") || access(name, F_OK) == 0 || !find_own_folder(own)) return psh_model_read(name, dst, err);
    for (size_t i = 0; i < N_FOLDERS; i++) {
        snprintf(path, sizeof path, "%s/%s/%s.safetensors", own, folders[i], name);
        if (access(path, F_OK) == 0) return psh_model_read(path, dst, err);
    }
    return cli_fail(err, PSH_ERR_PARAMETER,
                    "--model %s: neither a file nor the name of a model; persihash info --models lists names", name);
}

void models_list(void (*see)(void *state, const char *name, const char *path), void *state) {
    char own[PATH_MAX], pattern[2 * PATH_MAX], name[NAME_MAX + 1];
    for (size_t i = 0; psh_model_builtin_name(i); i++) see(state, psh_model_builtin_name(i), NULL);
    for (size_t i = 0; i < N_FOLDERS && find_own_folder(own); i++) {
        glob_t found;
        snprintf(pattern, sizeof pattern, "%s/%s/*.safetensors", own, folders[i]);
        if (glob(pattern, 0, NULL, &found) != 0) continue;
        for (size_t k = 0; k < found.gl_pathc; k++) {
            snprintf(name, sizeof name, "%s", strrchr(found.gl_pathv[k], '/') + 1);
            *strrchr(name, '.') = 0;
            if (!is_builtin(name)) see(state, name, found.gl_pathv[k]);
        }
        globfree(&found);
        return;
    }
}
