/* cli.c : options, sentences and exit codes, the same for every command. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef cli_fail /* here is the function, not what the analyzer is told about it */

const cli_option cli_common_options[] = {
    {"threads", 't', "N", "threads to use (default: all); no result depends on it"},
    {"seed", 's', "N", "seed of everything random (default: 0)"},
    {"quiet", 'q', NULL, "no progress bar, no sentences; errors only"},
    {"json", 0, NULL, "print the summary as JSON on standard output"},
    {"help", 'h', NULL, "this text"},
    {0}};

psh_status cli_fail(psh_error *err, psh_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return err->status = status;
}

double cli_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* --- parsing ------------------------------------------------------------------------------------------------------ */

static size_t count_options(const cli_option *options) {
    size_t n = 0;
    while (options[n].name) n++;
    return n;
}

/* The i-th option of a command, its own first, then the common ones; NULL past the end. */
static const cli_option *option_at(const cli_command *command, size_t i) {
    size_t n_own = count_options(command->options);
    return i < n_own                                       ? &command->options[i]
           : i < n_own + count_options(cli_common_options) ? &cli_common_options[i - n_own]
                                                           : NULL;
}

static psh_status parse(cli *c, int argc, char **argv, psh_error *err) {
    struct option longs[CLI_MAX_OPTIONS + 1] = {{0}};
    char shorts[2 * CLI_MAX_OPTIONS + 2] = "";
    size_t n_shorts = 0, n_options = 0;
    for (const cli_option *o; (o = option_at(c->command, n_options)); n_options++) {
        longs[n_options] = (struct option){
            .name = o->name, .has_arg = o->argument ? required_argument : no_argument, .val = 256 + (int)n_options};
        if (!o->letter) continue;
        shorts[n_shorts++] = o->letter;
        if (o->argument) shorts[n_shorts++] = ':';
    }
    optind = 0, opterr = 0; /* glibc: 0 restarts the scan, which `demo` needs */
    for (int found; (found = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        size_t i = (size_t)(found - 256);
        if (found == '?' || found == ':')
            return cli_fail(err, PSH_ERR_PARAMETER, "%s: unknown option or missing value; see persihash %s --help",
                            argv[optind - 1], c->command->verb);
        for (i = found < 256 ? 0 : i; found < 256 && i < n_options; i++)
            if (option_at(c->command, i)->letter == found) break;
        c->values[i] = optarg ? optarg : "";
    }
    c->arguments = argv + optind, c->n_arguments = argc - optind;
    return PSH_OK;
}

static const char *value_of(const cli *c, const char *name) {
    for (size_t i = 0; option_at(c->command, i); i++)
        if (!strcmp(option_at(c->command, i)->name, name)) return c->values[i];
    return NULL;
}

const char *cli_text(const cli *c, const char *name, const char *fallback) {
    const char *value = value_of(c, name);
    return value ? value : fallback;
}

bool cli_flag(const cli *c, const char *name) {
    return value_of(c, name) != NULL;
}

psh_status cli_number(const cli *c, const char *name, double lo, double hi, double fallback, double *dst,
                      psh_error *err) {
    const char *value = value_of(c, name);
    char *end;
    *dst = fallback;
    if (!value) return PSH_OK;
    *dst = strtod(value, &end);
    if (end == value || *end || !(*dst >= lo && *dst <= hi))
        return cli_fail(err, PSH_ERR_PARAMETER, "--%s %s: expected a number from %g to %g", name, value, lo, hi);
    return PSH_OK;
}

psh_status cli_integer(const cli *c, const char *name, long long lo, long long hi, long long fallback, long long *dst,
                       psh_error *err) {
    const char *value = value_of(c, name);
    char *end;
    *dst = fallback;
    if (!value) return PSH_OK;
    errno = 0;
    *dst = strtoll(value, &end, 10);
    if (end == value || *end || errno || *dst < lo || *dst > hi)
        return cli_fail(err, PSH_ERR_PARAMETER, "--%s %s: expected an integer from %lld to %lld", name, value, lo, hi);
    return PSH_OK;
}

psh_status cli_choice(const cli *c, const char *name, const char *const *words, int fallback, int *dst,
                      psh_error *err) {
    const char *value = value_of(c, name);
    char list[200] = "";
    *dst = fallback;
    if (!value) return PSH_OK;
    for (*dst = 0; words[*dst]; ++*dst) {
        if (!strcmp(words[*dst], value)) return PSH_OK;
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", *dst ? ", " : "", words[*dst]);
    }
    return cli_fail(err, PSH_ERR_PARAMETER, "--%s %s: expected one of %s", name, value, list);
}

psh_status cli_bytes(const cli *c, const char *name, uint64_t *dst, psh_error *err) {
    static const char units[] = "KMGT";
    const char *value = value_of(c, name);
    char *end;
    *dst = 0;
    if (!value) return PSH_OK;
    double number = strtod(value, &end);
    const char *unit = end != value && *end ? strchr(units, *end & ~0x20) : NULL;
    if (unit) number = ldexp(number, 10 * (int)(unit - units + 1)), end++;
    if (end == value || *end || !(number >= 1 && number < 0x1p63))
        return cli_fail(err, PSH_ERR_PARAMETER, "--%s %s: expected a number of bytes, like 500M or 8G", name, value);
    *dst = (uint64_t)number;
    return PSH_OK;
}

psh_status cli_frame_kind(const cli *c, psh_frame_kind *kind, double *lo, double *hi, psh_error *err) {
    const char *text = cli_text(c, "frame-kind", "set");
    char rest;
    if (!strcmp(text, "set"))
        *kind = PSH_FRAME_SET;
    else if (!strcmp(text, "diagram"))
        *kind = PSH_FRAME_DIAGRAM;
    else if (sscanf(text, "fixed=%lf,%lf%c", lo, hi, &rest) == 2 && *lo < *hi)
        *kind = PSH_FRAME_FIXED;
    else
        return cli_fail(err, PSH_ERR_PARAMETER, "--frame-kind %s: expected set, diagram or fixed=LO,HI with LO < HI",
                        text);
    return PSH_OK;
}

psh_status cli_dims(const cli *c, uint32_t *dims_mask, psh_error *err) {
    const char *value = value_of(c, "dims");
    *dims_mask = 0;
    for (const char *at = value; at && *at;) {
        char *end;
        long dim = strtol(at, &end, 10);
        if (end == at || dim < 0 || dim > 31 || (*end && *end != ',') || (*end == ',' && !end[1]))
            return cli_fail(err, PSH_ERR_PARAMETER,
                            "--dims %s: expected dimensions from 0 to 31 with commas between, like 0,1", value);
        *dims_mask |= 1u << dim;
        at = *end ? end + 1 : end;
    }
    if (value && !*dims_mask) return cli_fail(err, PSH_ERR_PARAMETER, "--dims is empty; expected dimensions like 0,1");
    return PSH_OK;
}

psh_status cli_essential(const cli *c, psh_essential *policy, double *value, psh_error *err) {
    const char *text = cli_text(c, "essential", "drop");
    char *end;
    *value = 0;
    if (!strcmp(text, "drop")) return *policy = PSH_ESSENTIAL_DROP, PSH_OK;
    if (!strcmp(text, "keep")) return *policy = PSH_ESSENTIAL_KEEP, PSH_OK;
    if (!strncmp(text, "clamp=", 6)) {
        *value = strtod(text + 6, &end);
        if (end != text + 6 && !*end && isfinite(*value)) return *policy = PSH_ESSENTIAL_CLAMP, PSH_OK;
    }
    return cli_fail(err, PSH_ERR_PARAMETER, "--essential %s: expected drop, keep or clamp=NUMBER", text);
}

psh_status cli_output(cli *c, const char **path, psh_error *err) {
    *path = cli_text(c, "output", NULL);
    if (!*path || !**path)
        return cli_fail(err, PSH_ERR_PARAMETER, "no output file; say where the result goes with -o FILE");
    c->is_output_stdout = !strcmp(*path, "-");
    return PSH_OK;
}

psh_status cli_arguments(const cli *c, int lo, int hi, psh_error *err) {
    if (c->n_arguments >= lo && c->n_arguments <= hi) return PSH_OK;
    return cli_fail(err, PSH_ERR_PARAMETER, "%d file%s given, %s %d expected; usage: persihash %s %s", c->n_arguments,
                    c->n_arguments == 1 ? "" : "s", c->n_arguments < lo ? "at least" : "at most",
                    c->n_arguments < lo ? lo : hi, c->command->verb, c->command->usage);
}

/* --- output ------------------------------------------------------------------------------------------------------- */

void cli_say(const cli *c, const char *format, ...) {
    if (c->is_quiet || c->is_json) return;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(c->is_output_stdout ? stderr : stdout, format, arguments);
    va_end(arguments);
}

void cli_warn(const cli *c, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "persihash %s: warning: ", c->command->verb);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

psh_status cli_stamp(const cli *c, psh_meta *meta, const psh_meta *source, psh_error *err) {
    static const char *const silent[] = {"threads",   "quiet",  "json", "output", "barycentres",
                                         "calibrate", "resume", "data", "help",   NULL};
    char command[2048];
    size_t n = (size_t)snprintf(command, sizeof command, "persihash %s", c->command->verb);
    for (size_t i = 0; option_at(c->command, i) && n < sizeof command; i++) {
        const cli_option *option = option_at(c->command, i);
        bool is_silent = !c->values[i];
        for (int j = 0; silent[j]; j++) is_silent = is_silent || !strcmp(option->name, silent[j]);
        if (!is_silent)
            n += (size_t)snprintf(command + n, sizeof command - n, option->argument ? " --%s %s" : " --%s",
                                  option->name, c->values[i]);
    }
    /* Inputs of the first step are the user's own; those of later steps are our files, told by `source`, wherever they
     * lay. */
    for (int i = 0; !source && i < c->n_arguments && n < sizeof command; i++)
        n += (size_t)snprintf(command + n, sizeof command - n, " %s", c->arguments[i]);
    psh_status status = psh_meta_set_text(meta, "tool", "persihash " PSH_VERSION_STRING);
    if (status == PSH_OK) status = psh_meta_set_text(meta, "command", command);
    if (status == PSH_OK) status = psh_meta_set_integer(meta, "seed", (int64_t)c->seed);
    if (status == PSH_OK && source) {
        char *json = psh_meta_write_text(source, 0);
        status = json ? psh_meta_set_json(meta, "source", json) : PSH_ERR_MEMORY;
        psh_text_free(json);
    }
    return status == PSH_OK ? PSH_OK : cli_fail(err, status, "no memory for metadata");
}

/* --- running ------------------------------------------------------------------------------------------------------ */

static volatile sig_atomic_t is_interrupted;
static void on_interrupt(int signal_number) {
    (void)signal_number;
    if (is_interrupted) _Exit(EXIT_FAILED); /* asked twice: at once */
    is_interrupted = 1;
}

static bool report_progress(void *user, const char *what, uint64_t n_done, uint64_t n_total) {
    return psh_progress_bar(user, what, n_done, n_total) && !is_interrupted;
}

static int exit_code(psh_status status) {
    switch (status / 10) {
    case 0:
        return EXIT_GOOD;
    case 1:
        return status == PSH_ERR_FILE_WRITE ? EXIT_FAILED : EXIT_BAD_DATA;
    case 3:
        return status == PSH_ERR_PARAMETER ? EXIT_USAGE : EXIT_BAD_DATA;
    case 2:
    case 4:
    case 6:
        return EXIT_BAD_DATA;
    case 5:
        return EXIT_NOT_CONVERGED;
    default:
        return status == PSH_ERR_UNSUPPORTED ? EXIT_BAD_DATA : EXIT_FAILED;
    }
}

static const cli_command *find_command(const char *verb) {
    for (size_t i = 0; cli_commands[i]; i++)
        if (!strcmp(cli_commands[i]->verb, verb)) return cli_commands[i];
    return NULL;
}

static psh_status read_common(cli *c, psh_error *err) {
    long long number;
    c->is_quiet = cli_flag(c, "quiet"), c->is_json = cli_flag(c, "json");
    CLI_TRY(cli_integer(c, "threads", 1, 1024, 0, &number, err));
    c->n_threads = (int)number;
    CLI_TRY(cli_integer(c, "seed", 0, INT64_MAX, 0, &number, err));
    c->seed = (uint64_t)number;
    c->bar.is_quiet = c->is_quiet;
    c->progress = (psh_progress){.report = report_progress, .user = &c->bar};
    CLI_TRY(psh_cpu_check(err));
    return psh_meta_create(&c->summary, err);
}

static psh_status run(cli *c, int argc, char **argv, psh_error *err) {
    CLI_TRY(parse(c, argc, argv, err));
    if (cli_flag(c, "help")) {
        cli_print_help(c->command);
        return PSH_OK;
    }
    CLI_TRY(read_common(c, err));
    psh_status status = c->command->run(c, err);
    psh_progress_end(&c->bar);
    if (status == PSH_OK && c->is_json) {
        char *json = psh_meta_write_text(c->summary, 2);
        if (json) fprintf(c->is_output_stdout ? stderr : stdout, "%s\n", json);
        psh_text_free(json);
    }
    psh_meta_free(c->summary);
    if (status == PSH_OK && fflush(stdout) != 0)
        return cli_fail(err, PSH_ERR_FILE_WRITE, "standard output: %s", strerror(errno));
    return status;
}

int cli_main(int argc, char **argv) {
    psh_error err = {0};
    cli c = {0};
    if (argc < 2) {
        cli_print_overview();
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--version")) return puts("persihash " PSH_VERSION_STRING) < 0;
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) return cli_print_overview(), EXIT_GOOD;
    c.command = find_command(argv[1]);
    if (!c.command) {
        fprintf(stderr, "persihash: no command '%s'; persihash --help lists them\n", argv[1]);
        return EXIT_USAGE;
    }
    signal(SIGINT, on_interrupt);
    psh_status status = run(&c, argc - 1, argv + 1, &err);
    if (status != PSH_OK)
        fprintf(stderr, "persihash %s: %s\n", c.command->verb, err.text[0] ? err.text : psh_status_text(status));
    return exit_code(status);
}
