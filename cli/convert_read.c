/* convert_read.c : several files of diagrams as one set. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "convert_files.h"

/* --- the list ----------------------------------------------------------------------------------------------------- */

static psh_status no_memory(psh_error *err) {
    return cli_fail(err, PSH_ERR_MEMORY, "no memory for the list of files");
}

static psh_status add_path(convert_list *list, const char *folder, const char *name, psh_error *err) {
    if (list->n_paths == list->room) {
        size_t room = list->room ? 2 * list->room : 16;
        char **paths = realloc(list->paths, room * sizeof *paths);
        if (!paths) return no_memory(err);
        list->paths = paths, list->room = room;
    }
    size_t n_bytes = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n_bytes);
    if (!path) return no_memory(err);
    size_t n_folder = strlen(folder);
    snprintf(path, n_bytes, "%s%s%s", folder, n_folder && folder[n_folder - 1] != '/' ? "/" : "", name);
    list->paths[list->n_paths++] = path;
    return PSH_OK;
}

static bool is_folder(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static int compare_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The files of a folder, without folders in it and names that start with a dot. */
static psh_status add_folder(convert_list *list, const char *folder, psh_error *err) {
    struct dirent **entries = NULL;
    psh_status status = PSH_OK;
    int n_entries = scandir(folder, &entries, NULL, compare_bytes);
    size_t n_before = list->n_paths;
    if (n_entries < 0) return cli_fail(err, PSH_ERR_FILE_READ, "%s: the folder cannot be read", folder);
    for (int i = 0; i < n_entries; i++) {
        if (status == PSH_OK && entries[i]->d_name[0] != '.') {
            status = add_path(list, folder, entries[i]->d_name, err);
            if (status == PSH_OK && is_folder(list->paths[list->n_paths - 1])) free(list->paths[--list->n_paths]);
        }
        free(entries[i]);
    }
    free(entries);
    if (status == PSH_OK && list->n_paths == n_before)
        status = cli_fail(err, PSH_ERR_FILE_NOT_FOUND, "%s: a folder without files; expected diagrams", folder);
    return status;
}

psh_status convert_list_create(char **arguments, int n_arguments, convert_list *dst, psh_error *err) {
    *dst = (convert_list){0};
    psh_status status = PSH_OK;
    for (int i = 0; status == PSH_OK && i < n_arguments; i++)
        status = is_folder(arguments[i]) ? add_folder(dst, arguments[i], err) : add_path(dst, "", arguments[i], err);
    if (status != PSH_OK) convert_list_free(dst);
    return status;
}

void convert_list_free(convert_list *list) {
    for (size_t i = 0; i < list->n_paths; i++) free(list->paths[i]);
    free(list->paths);
    *list = (convert_list){0};
}

/* --- names of files as names of diagrams -------------------------------------------------------------------------- */

/* "folder/a.b.pers" -> "a.b", at most name_bytes - 1 of it. */
static void stem_of(const char *path, char *name, size_t name_bytes) {
    const char *slash = strrchr(path, '/'), *start = slash ? slash + 1 : path, *dot = strrchr(start, '.');
    snprintf(name, name_bytes, "%.*s", (int)(dot && dot > start ? dot - start : (long)strlen(start)), start);
}

/* Perseus' "out_1" -> "out"; false if it does not end so. */
static bool cut_dimension(char *stem) {
    char *end = stem + strlen(stem), *at = end;
    while (at > stem && at[-1] >= '0' && at[-1] <= '9') at--;
    if (at == end || at == stem || at[-1] != '_') return false;
    at[-1] = 0;
    return true;
}

/* --- Perseus: a file a dimension ---------------------------------------------------------------------------------- */

/* The points of one diagram, gathered from its files. */
typedef struct points {
    double *points; // (n_points, 2)
    int32_t *dims;  // (n_points)
    size_t n_points;
} points;

static psh_status gather(const psh_diagrams *set, points *dst, psh_error *err) {
    size_t n_new = psh_diagrams_n_points(set), n = dst->n_points + n_new;
    double *grown = realloc(dst->points, (2 * n + 1) * sizeof *grown);
    if (!grown) return no_memory(err);
    dst->points = grown;
    int32_t *grown_dims = realloc(dst->dims, (n + 1) * sizeof *grown_dims);
    if (!grown_dims) return no_memory(err);
    dst->dims = grown_dims;
    memcpy(grown + 2 * dst->n_points, psh_diagrams_points(set), 2 * n_new * sizeof *grown);
    memcpy(grown_dims + dst->n_points, psh_diagrams_dims(set), n_new * sizeof *grown_dims);
    dst->n_points = n;
    return PSH_OK;
}

static psh_status read_perseus(const convert_list *list, const psh_diagram_read_params *params, psh_diagrams **dst,
                               size_t *n_essential, psh_error *err) {
    psh_diagrams *set = NULL, *one = NULL;
    points open = {0};
    psh_status status = PSH_OK;
    CLI_TRY_GOTO(psh_diagrams_create(&set, err));
    for (size_t i = 0; i < list->n_paths; i++) {
        char stem[512], next[512] = "";
        size_t n_left_out;
        CLI_TRY_GOTO(psh_diagrams_read_as(list->paths[i], params, &one, &n_left_out, err));
        CLI_TRY_GOTO(gather(one, &open, err));
        psh_diagrams_free(one), one = NULL;
        *n_essential += n_left_out;
        stem_of(list->paths[i], stem, sizeof stem);
        bool has_dim = cut_dimension(stem);
        if (i + 1 < list->n_paths) stem_of(list->paths[i + 1], next, sizeof next);
        if (has_dim && cut_dimension(next) && !strcmp(stem, next)) continue;
        CLI_TRY_GOTO(psh_diagrams_append(set, open.points, open.dims, open.n_points, stem, -1, err));
        open.n_points = 0;
    }
    *dst = set, set = NULL;
done:
    psh_diagrams_free(one);
    psh_diagrams_free(set);
    free(open.points);
    free(open.dims);
    return status;
}

/* --- all others --------------------------------------------------------------------------------------------------- */

static psh_status read_several(const convert_list *list, const psh_diagram_read_params *params,
                               const psh_progress *progress, psh_diagrams **dst, size_t *n_essential, psh_error *err) {
    enum { NAME_BYTES = 256 };
    size_t n = list->n_paths;
    psh_status status = PSH_OK;
    psh_diagrams **sets = calloc(n, sizeof *sets);
    char *text = malloc(n * NAME_BYTES);
    const char **names = malloc(n * sizeof *names);
    if (!sets || !text || !names) {
        status = no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        size_t n_left_out;
        CLI_TRY_GOTO(psh_diagrams_read_as(list->paths[i], params, &sets[i], &n_left_out, err));
        *n_essential += n_left_out;
        stem_of(list->paths[i], text + i * NAME_BYTES, NAME_BYTES);
        names[i] = text + i * NAME_BYTES;
        if (!progress->report(progress->user, "files", i + 1, n)) {
            status = cli_fail(err, PSH_ERR_INTERRUPTED, "stopped after %zu of %zu files", i + 1, n);
            goto done;
        }
    }
    status = psh_diagrams_join((const psh_diagrams *const *)sets, names, n, dst, err);
done:
    for (size_t i = 0; sets && i < n; i++) psh_diagrams_free(sets[i]);
    free(sets);
    free(text);
    free(names);
    return status;
}

psh_status convert_read(const convert_list *list, const psh_diagram_read_params *params, const psh_progress *progress,
                        psh_diagrams **dst, size_t *n_essential, psh_error *err) {
    *n_essential = 0;
    if (list->n_paths == 1) return psh_diagrams_read_as(list->paths[0], params, dst, n_essential, err);
    if (params->format == PSH_DIAGRAM_PERSEUS) return read_perseus(list, params, dst, n_essential, err);
    return read_several(list, params, progress, dst, n_essential, err);
}
