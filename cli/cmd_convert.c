/* cmd_convert.c : diagrams between formats. */
#include <stdio.h>
#include <string.h>

#include "convert_files.h"

#define LOST_BYTES 256

/* Says in the metadata what was done, where the format has any: not if one file with metadata of its own was only put
 * into another format. */
static psh_status stamp(cli *c, size_t n_files, psh_diagram_format format, psh_diagrams *set, psh_error *err) {
    psh_meta *meta = psh_diagrams_meta(set), *source = NULL;
    if (format != PSH_DIAGRAM_NPZ && format != PSH_DIAGRAM_VTU) return PSH_OK;
    char *text = psh_meta_write_text(meta, 0);
    if (!text) return cli_fail(err, PSH_ERR_MEMORY, "no memory for metadata");
    bool has_own = strcmp(text, "{}") != 0;
    psh_text_free(text);
    if (n_files == 1 && has_own) {
        if (!cli_flag(c, "essential") && !cli_flag(c, "negate")) return PSH_OK;
        CLI_TRY(psh_meta_copy(meta, &source, err));
    }
    psh_status status = cli_stamp(c, meta, source, err);
    psh_meta_free(source);
    return status;
}

static bool has_word(const char *list, const char *word) {
    size_t n = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, ",") + strspn(at + strcspn(at, ","), ", "))
        if (strcspn(at, ",") == n && !strncmp(at, word, n)) return true;
    return false;
}

/* The words of `more` that are not in the list yet, ", " between them. */
static void add_lost(char lost[LOST_BYTES], const char *more) {
    while (*more) {
        size_t n = strcspn(more, ","), n_lost = strlen(lost);
        char word[LOST_BYTES];
        snprintf(word, sizeof word, "%.*s", (int)n, more);
        if (!has_word(lost, word)) snprintf(lost + n_lost, LOST_BYTES - n_lost, "%s%s", n_lost ? ", " : "", word);
        more += n + strspn(more + n, ", ");
    }
}

/* A file a diagram. */
static psh_status write_each(cli *c, const convert_names *names, psh_diagram_format format, char lost[LOST_BYTES],
                             psh_error *err) {
    size_t n = psh_diagrams_count(names->set);
    for (size_t i = 0; i < n; i++) {
        char path[4096], lost_here[LOST_BYTES];
        psh_diagrams *one = NULL;
        CLI_TRY(convert_name(names, i, path, sizeof path, err));
        CLI_TRY(psh_diagrams_select(names->set, &i, 1, 0, false, &one, err));
        psh_status status = psh_diagrams_write(one, path, format, lost_here, sizeof lost_here, err);
        psh_diagrams_free(one);
        if (status != PSH_OK) return status;
        add_lost(lost, lost_here);
        if (!c->progress.report(c->progress.user, "files", i + 1, n))
            return cli_fail(err, PSH_ERR_INTERRUPTED, "stopped after %zu of %zu files", i + 1, n);
    }
    return PSH_OK;
}

static psh_status write_set(cli *c, const psh_diagrams *set, const char *path, psh_diagram_format format,
                            char lost[LOST_BYTES], size_t *n_files, psh_error *err) {
    convert_names names;
    bool is_many;
    size_t n = psh_diagrams_count(set);
    CLI_TRY(convert_names_create(path, format, set, &names, &is_many, err));
    *n_files = is_many ? n : 1;
    if (is_many) return write_each(c, &names, format, lost, err);
    if (n != 1 && !psh_diagram_format_holds_many(format) && psh_diagram_format_ending(format))
        return cli_fail(err, PSH_ERR_SHAPE,
                        "%zu diagrams, and a file of the format %s holds one: give a pattern (out%%05d%s), or a folder "
                        "(out/ --to %s), for a file each",
                        n, psh_diagram_format_name(format), psh_diagram_format_ending(format),
                        psh_diagram_format_name(format));
    return psh_diagrams_write(set, path, format, lost, LOST_BYTES, err);
}

static psh_status read_options(cli *c, const char *path, psh_diagram_read_params *params, psh_diagram_format *format,
                               psh_error *err) {
    const char *from = cli_text(c, "from", NULL), *to = cli_text(c, "to", NULL);
    CLI_TRY(cli_essential(c, &params->essential, &params->essential_value, err));
    if (!cli_flag(c, "essential")) params->essential = PSH_ESSENTIAL_KEEP; /* a conversion loses nothing unasked */
    params->negate = cli_flag(c, "negate");
    params->columns = cli_text(c, "columns", NULL);
    if (from) CLI_TRY(psh_diagram_format_find(from, &params->format, err));
    if (to) return psh_diagram_format_find(to, format, err);
    if (c->is_output_stdout)
        return cli_fail(err, PSH_ERR_PARAMETER, "standard output has no ending: say the format by --to");
    return psh_diagram_format_of_path(path, format, err);
}

static psh_status run(cli *c, psh_error *err) {
    psh_diagram_read_params params = PSH_PARAMS(psh_diagram_read_params);
    psh_diagram_format format;
    psh_diagrams *set = NULL;
    convert_list list;
    size_t n_essential, n_files;
    char lost[LOST_BYTES] = "";
    psh_status status;

    const char *path = cli_text(c, "output", NULL);
    int n_inputs = c->n_arguments - !path;
    CLI_TRY(cli_arguments(c, path ? 1 : 2, 1 << 30, err));
    if (!path) path = c->arguments[n_inputs];
    c->is_output_stdout = !strcmp(path, "-");
    CLI_TRY(read_options(c, path, &params, &format, err));
    CLI_TRY(convert_list_create(c->arguments, n_inputs, &list, err));
    CLI_TRY_GOTO(convert_read(&list, &params, &c->progress, &set, &n_essential, err));
    CLI_TRY_GOTO(stamp(c, list.n_paths, format, set, err));
    CLI_TRY_GOTO(write_set(c, set, path, format, lost, &n_files, err));
    if (lost[0]) cli_warn(c, "%s cannot hold: %s\n", path, lost);
    if (n_essential) cli_say(c, "%zu essential classes changed or left out, as --essential asks\n", n_essential);
    cli_say(c, "%zu diagrams, %zu points\n", psh_diagrams_count(set), psh_diagrams_n_points(set));
    psh_meta_set_integer(c->summary, "n_files_read", (int64_t)list.n_paths);
    psh_meta_set_integer(c->summary, "n_files_written", (int64_t)n_files);
    psh_meta_set_integer(c->summary, "n_diagrams", (int64_t)psh_diagrams_count(set));
    psh_meta_set_integer(c->summary, "n_points", (int64_t)psh_diagrams_n_points(set));
    psh_meta_set_integer(c->summary, "n_essential", (int64_t)n_essential);
    psh_meta_set_text(c->summary, "lost", lost);
done:
    psh_diagrams_free(set);
    convert_list_free(&list);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', "OUT", "the same as the last argument; all others are then IN"},
    {"from", 0, "FORMAT", "what IN is, where its content does not tell (perseus), or tells wrongly"},
    {"to", 0, "FORMAT", "what OUT is to be (default: by its ending)"},
    {"negate", 0, NULL, "births and deaths change sign: for superlevel diagrams with births above deaths"},
    {"columns", 0, "ORDER", "columns of text without a header, and of .npy: b,d or dim,b,d or b,d,dim"},
    {"essential", 0, "POLICY", "infinite classes: keep (default), drop, clamp=VALUE"},
    {0}};

const cli_command cmd_convert = {
    "convert",
    "diagrams between formats",
    "IN... OUT",
    "FORMAT, read and written: npz (ours), csv (diagram,dim,birth,death), vtu (TTK, ParaView), giotto (.npy, "
    "giotto-tda);\n"
    "  one diagram a file: pers (GUDHI), dipha, npy ((n, 3): birth, death, dim).\n"
    "FORMAT, read only: ripser (what it prints), cripser (CubicalRipser's rows), perseus (out_0.txt, out_1.txt, ...).\n"
    "IN is recognised by its content; several files, or those of a folder, become one set. OUT is told by its ending.\n"
    "A pattern (out/%05d.pers) or a folder (out/ --to pers) gets a file for each diagram. What a format cannot hold is "
    "said.",
    options,
    run};
