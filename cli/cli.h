/* cli.h : what the commands share: a table of options for each, parsed once; sentences for people, JSON for programs;
 * exit codes. */
#ifndef PSH_CLI_H
#define PSH_CLI_H

#include <persihash/persihash.h>

/* Exit codes (also in the man page). */
enum { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_BAD_DATA = 3, EXIT_NOT_CONVERGED = 4 };

typedef struct cli_option {
    const char *name;     /* "bits": --bits */
    char letter;          /* 'k': -k, or 0 */
    const char *argument; /* "N", or NULL for a flag */
    const char *help;
} cli_option;

#define CLI_MAX_OPTIONS 64

typedef struct cli cli;

typedef struct cli_command {
    const char *verb, *summary, *usage; /* usage: what follows "persihash VERB" */
    const char *details;                /* paragraphs for --help and the man page; may be NULL */
    const cli_option *options;          /* ended by a NULL name; the common ones come on top */
    psh_status (*run)(cli *c, psh_error *err);
} cli_command;

extern const cli_command *const cli_commands[]; /* ended by NULL */
extern const cli_option cli_common_options[];   /* ended by a NULL name */

/* One run of one command. */
struct cli {
    const cli_command *command;
    const char *values[CLI_MAX_OPTIONS]; /* of command->options, then of the common ones; NULL: not given; "": flag */
    char **arguments;                    /* what is left: (n_arguments) */
    int n_arguments;
    bool is_quiet, is_json, is_output_stdout;
    int n_threads;
    uint64_t seed;
    psh_meta *summary; /* what --json prints */
    psh_progress_state bar;
    psh_progress progress;
};

/* cli_main() : finds the verb, parses, runs, reports. argv : (argc), argv[0] is the program. Returns the exit code.
 * Also called by `demo`. */
int cli_main(int argc, char **argv);

/* Option values. Answer PSH_ERR_PARAMETER with option, value found and what is expected. */
const char *cli_text(const cli *c, const char *name, const char *fallback);
bool cli_flag(const cli *c, const char *name);
psh_status cli_number(const cli *c, const char *name, double lo, double hi, double fallback, double *dst,
                      psh_error *err);
psh_status cli_integer(const cli *c, const char *name, long long lo, long long hi, long long fallback, long long *dst,
                       psh_error *err);
/* One of `words` (NULL-ended): *dst is its position. */
psh_status cli_choice(const cli *c, const char *name, const char *const *words, int fallback, int *dst, psh_error *err);
/* "500M", "8G", "1e9" -> bytes (K, M, G, T: powers of 1024); absent -> 0. */
psh_status cli_bytes(const cli *c, const char *name, uint64_t *dst, psh_error *err);
/* "0,1" -> bit mask; absent -> 0 (all). */
psh_status cli_dims(const cli *c, uint32_t *dims_mask, psh_error *err);
/* --frame-kind set|diagram|fixed=LO,HI; lo and hi are set for the last alone. */
psh_status cli_frame_kind(const cli *c, psh_frame_kind *kind, double *lo, double *hi, psh_error *err);
/* "drop", "keep", "clamp=VALUE". */
psh_status cli_essential(const cli *c, psh_essential *policy, double *value, psh_error *err);
/* --output, which must be there. */
psh_status cli_output(cli *c, const char **path, psh_error *err);
/* Between lo and hi arguments, else a usage error that shows the usage line. */
psh_status cli_arguments(const cli *c, int lo, int hi, psh_error *err);
psh_status cli_fail(psh_error *err, psh_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A sentence for people on standard output (standard error if that carries the result): not with --quiet or --json. */
void cli_say(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A warning on standard error, always. */
void cli_warn(const cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Stamps metadata with tool version, verb and the options that matter for the result (not --threads, --quiet, --output:
 * so that equal results have equal bytes), and with the metadata of what it was made from (may be NULL) under "source".
 */
psh_status cli_stamp(const cli *c, psh_meta *meta, const psh_meta *source, psh_error *err);

double cli_seconds(void); /* a monotonic clock */

/* help.c */
void cli_print_overview(void);
void cli_print_help(const cli_command *command);
void cli_print_man(void);
void cli_print_bash_completion(void);

#define CLI_TRY(expr)                                                                                                  \
    do {                                                                                                               \
        psh_status cli_try = (expr);                                                                                   \
        if (cli_try != PSH_OK) return cli_try;                                                                         \
    } while (0)
#define CLI_TRY_GOTO(expr)                                                                                             \
    do {                                                                                                               \
        status = (expr);                                                                                               \
        if (status != PSH_OK) goto done;                                                                               \
    } while (0)

/* clang's analyzer sees one file at a time and so cannot know that this answers the status it is given. */
#ifdef __clang_analyzer__
#define cli_fail(err, status, ...) ((void)cli_fail(err, status, __VA_ARGS__), (status))
#endif

#endif
