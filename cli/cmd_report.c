/* cmd_report.c : the page that a person looks at. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample_rows.h"

/* A text file whole, for the page's "how this was made". NULL and an error if it cannot be read. */
static psh_status read_text(const char *path, char **dst, psh_error *err) {
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 16;
    *dst = file ? malloc(room) : NULL;
    if (!*dst) {
        if (file) fclose(file);
        return cli_fail(err, PSH_ERR_FILE_NOT_FOUND, "%s: cannot be read", path);
    }
    (*dst)[fread(*dst, 1, room - 1, file)] = 0;
    fclose(file);
    return PSH_OK;
}

/* How the page at `page`, not yet there perhaps, names `file`: the way to it from the page's folder. NULL if memory ran
 * out; the file's own path if it cannot be found. */
static char *seen_from_page(const char *page, const char *file) {
    char here[PATH_MAX + 1], there[PATH_MAX], folder[PATH_MAX];
    const char *slash = strrchr(page, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - page + 1) : 1, slash ? page : ".");
    if (!realpath(folder, here) || !realpath(file, there)) return strdup(file);
    size_t n_here = strlen(here);
    if (here[n_here - 1] != '/') memcpy(here + n_here, "/", 2);
    size_t n_same = 0, n_up = 0; /* n_same: up to the last folder that both are in */
    for (size_t i = 0; here[i] && here[i] == there[i]; i++)
        if (here[i] == '/') n_same = i + 1;
    for (size_t i = n_same; here[i]; i++) n_up += here[i] == '/';
    const size_t n_rest = strlen(there + n_same) + 1;
    char *path = malloc(3 * n_up + n_rest);
    if (!path) return NULL;
    for (size_t i = 0; i < n_up; i++) memcpy(path + 3 * i, "../", 3);
    memcpy(path + 3 * n_up, there + n_same, n_rest);
    return path;
}

/* The files of --log, with commas between: copies, to be freed with free_names(). */
static psh_status split_names(const char *list, char ***dst, size_t *n_names, psh_error *err) {
    size_t n_most = 1;
    for (const char *c = list; *c; c++) n_most += *c == ',';
    *n_names = 0;
    *dst = calloc(n_most, sizeof **dst);
    if (!*dst) return cli_fail(err, PSH_ERR_MEMORY, "no memory for %zu names of files", n_most);
    for (size_t n_chars; n_most-- > 0; list += n_chars + 1) {
        n_chars = strcspn(list, ",");
        if (n_chars == 0)
            return cli_fail(err, PSH_ERR_PARAMETER, "--log: a name is empty; expected FILE or FILE,FILE,...");
        char *name = strndup(list, n_chars);
        if (!name) return cli_fail(err, PSH_ERR_MEMORY, "no memory for a file's name");
        (*dst)[(*n_names)++] = name;
    }
    return PSH_OK;
}

static void free_names(char **names, size_t n_names) {
    for (size_t i = 0; i < n_names; i++) free(names[i]);
    free(names);
}

static psh_status run(cli *c, psh_error *err) {
    psh_report_params params = PSH_PARAMS(psh_report_params);
    psh_input_params input_params = PSH_PARAMS(psh_input_params);
    psh_input *input = NULL;
    psh_diagrams *diagrams = NULL;
    psh_codes *codes = NULL;
    psh_clusters *clusters = NULL;
    psh_distances *exact = NULL;
    char *commands = NULL, **logs = NULL, **seen = NULL;
    size_t *rows = NULL, n_logs = 0, n_seen = 0;
    const char *path, *file;
    long long first, count, n_thumbnails;
    psh_status status;

    CLI_TRY(cli_output(c, &path, err));
    CLI_TRY(cli_integer(c, "first", 0, INT64_MAX, 0, &first, err));
    CLI_TRY(cli_integer(c, "count", 1, INT64_MAX, 0, &count, err));
    CLI_TRY(cli_integer(c, "thumbnails", 0, 100000, 0, &n_thumbnails, err));
    input_params.first = (uint64_t)first, input_params.count = (uint64_t)count;
    if (!cli_flag(c, "codes") && !cli_flag(c, "clusters") && !cli_flag(c, "log"))
        return cli_fail(err, PSH_ERR_PARAMETER,
                        "nothing to report; give --codes FILE or --clusters FILE, and the other parts if you have "
                        "them, or --log FILE");
    if ((file = cli_text(c, "codes", NULL))) CLI_TRY_GOTO(psh_codes_read(file, &codes, err));
    if ((file = cli_text(c, "diagrams", NULL)))
        CLI_TRY_GOTO(psh_diagrams_read(file, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &diagrams, NULL, err));
    if ((file = cli_text(c, "clusters", NULL))) CLI_TRY_GOTO(psh_clusters_read(file, &clusters, err));
    if ((file = cli_text(c, "commands", NULL))) CLI_TRY_GOTO(read_text(file, &commands, err));
    if ((file = cli_text(c, "exact", NULL))) {
        if (!codes) {
            status = cli_fail(err, PSH_ERR_PARAMETER, "--exact is compared with codes; give --codes FILE too");
            goto done;
        }
        CLI_TRY_GOTO(psh_distances_read(file, &exact, err));
        CLI_TRY_GOTO(sample_rows_read(exact, file, psh_codes_count(codes), &rows, err));
    }
    if (c->n_arguments)
        CLI_TRY_GOTO(
            psh_input_open((const char *const *)c->arguments, (size_t)c->n_arguments, &input_params, &input, err));
    if ((file = cli_text(c, "log", NULL))) CLI_TRY_GOTO(split_names(file, &logs, &n_logs, err));
    static const char *const parts[4] = {"diagrams", "codes", "clusters", "exact"};
    seen = calloc(4 + n_logs, sizeof *seen);
    for (size_t i = 0; i < 4 + n_logs; i++) {
        if (!(file = i < 4 ? cli_text(c, parts[i], NULL) : logs[i - 4])) continue;
        if (!seen || !(seen[n_seen++] = seen_from_page(path, file))) {
            status = cli_fail(err, PSH_ERR_MEMORY, "no memory for a file's name");
            goto done;
        }
    }
    params.title = cli_text(c, "title", NULL);
    params.files = (const char *const *)seen, params.n_files = n_seen, params.n_threads = c->n_threads;
    params.logs = (const char *const *)logs, params.n_logs = n_logs;
    params.commands = commands, params.diagrams = diagrams, params.codes = codes, params.clusters = clusters;
    params.input = input, params.exact = exact, params.exact_rows = rows;
    params.n_thumbnails = (size_t)n_thumbnails, params.seed = c->seed, params.progress = &c->progress;
    CLI_TRY_GOTO(psh_report_write(&params, path, err));
    psh_progress_end(&c->bar);
    cli_say(c, "wrote %s; open it in a browser, it needs no network\n", path);
    psh_meta_set_text(c->summary, "output", path);
done:
    free_names(seen, n_seen), free_names(logs, n_logs);
    free(rows), free(commands);
    psh_input_free(input);
    psh_distances_free(exact);
    psh_clusters_free(clusters);
    psh_codes_free(codes);
    psh_diagrams_free(diagrams);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "FILE", "the page (.html)"},
    {"codes", 0, "FILE", "codes: the map"},
    {"clusters", 0, "FILE", "clusters: colours, sizes, members, elbow"},
    {"diagrams", 0, "FILE", "diagrams, drawn on hover"},
    {"exact", 0, "FILE", "exact distances of a sample (distance --sample), plotted against code distance"},
    {"log", 0, "FILES", "logs of train pdgan (MODEL.csv), commas between: losses, and scores on diagrams held out"},
    {"title", 0, "TEXT", "the page's title"},
    {"commands", 0, "FILE", "a text file with the commands, shown on the page"},
    {"thumbnails", 0, "N", "pictures in the page at most (default: 0, all of small images, else 2000)"},
    {"first", 0, "N", "skip the first N images, as diagram did"},
    {"count", 0, "N", "take N images, as diagram did"},
    {0}};

const cli_command cmd_report = {
    "report",
    "one self-contained HTML page",
    "[IMAGES...] --codes codes.npz -o report.html",
    "IMAGES are the inputs that the diagrams were made from, in the same order; they appear on hover.\n"
    "Logs of trainings are a part like the others, and make a page by themselves too:\n"
    "  persihash report --log m20.csv,m50.csv -o runs.html",
    options,
    run};
