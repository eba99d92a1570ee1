/* help.c : one table of options, four renderings: overview, --help, the man page, the bash completion. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

void cli_print_overview(void) {
    puts("persihash: persistence diagrams to short binary codes, and what one does with them\n");
    puts("  images -> diagram -> encode -> distance -> cluster -> report\n");
    puts("usage: persihash COMMAND ... (persihash COMMAND --help tells more)\n");
    for (size_t i = 0; cli_commands[i]; i++) printf("  %-10s %s\n", cli_commands[i]->verb, cli_commands[i]->summary);
    puts("\nTry: persihash demo");
    puts("Exit codes: 0 good, 1 failed, 2 usage, 3 bad data, 4 did not converge");
}

static void print_options(const cli_option *options) {
    for (; options->name; options++) {
        char left[64];
        int n = options->letter ? snprintf(left, sizeof left, "-%c, --%s", options->letter, options->name)
                                : snprintf(left, sizeof left, "    --%s", options->name);
        if (options->argument) snprintf(left + n, sizeof left - (size_t)n, " %s", options->argument);
        printf("  %-28s %s\n", left, options->help);
    }
}

void cli_print_help(const cli_command *command) {
    printf("persihash %s: %s\n\nusage: persihash %s %s\n\n", command->verb, command->summary, command->verb,
           command->usage);
    if (command->details) printf("%s\n\n", command->details);
    print_options(command->options);
    print_options(cli_common_options);
}

/* Roff reads '-' as a hyphen and a leading dot or quote as a command. */
static void print_roff(const char *text) {
    bool at_start = true;
    for (; *text; text++) {
        if (at_start && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
        if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
        at_start = *text == '\n';
    }
}

static void print_man_options(const cli_option *options) {
    for (; options->name; options++) {
        puts(".TP");
        if (options->letter) printf("\\fB\\-%c\\fR, ", options->letter);
        fputs("\\fB\\-\\-", stdout), print_roff(options->name), fputs("\\fR", stdout);
        if (options->argument) printf(" \\fI%s\\fR", options->argument);
        putchar('\n');
        print_roff(options->help), putchar('\n');
    }
}

void cli_print_man(void) {
    puts(".TH PERSIHASH 1 \"\" \"persihash " PSH_VERSION_STRING "\" \"User Commands\"");
    puts(".SH NAME\npersihash \\- binary codes for persistence diagrams");
    puts(".SH SYNOPSIS\n\\fBpersihash\\fR \\fICOMMAND\\fR [\\fIoptions\\fR] [\\fIfiles\\fR]");
    puts(".SH DESCRIPTION\nTurns images into persistence diagrams, diagrams into short binary codes whose Hamming "
         "distance\n"
         "tracks the 1\\-Wasserstein distance of the diagrams, and clusters, maps and scores them. Every file opens in "
         "NumPy.");
    puts(".SH COMMANDS");
    for (size_t i = 0; cli_commands[i]; i++) {
        const cli_command *command = cli_commands[i];
        printf(".SS \"persihash %s ", command->verb), print_roff(command->usage), puts("\"");
        print_roff(command->summary), puts(".");
        if (command->details) puts(".PP"), print_roff(command->details), putchar('\n');
        print_man_options(command->options);
    }
    puts(".SH \"OPTIONS OF EVERY COMMAND\"");
    print_man_options(cli_common_options);
    puts(".SH ENVIRONMENT\n.TP\n\\fBPSH_SIMD\\fR\nscalar, neon, avx2 or avx512: the SIMD level to use. No result "
         "depends on it.");
    puts(".SH \"EXIT STATUS\"\n0 good, 1 failed, 2 usage, 3 bad data, 4 did not converge");
    puts(".SH EXAMPLE\n.nf\npersihash diagram tiles/ \\-\\-smooth 2 \\-o set.npz\npersihash encode set.npz \\-o "
         "codes.npz\n"
         "persihash cluster codes.npz \\-\\-elbow \\-o clusters.npz\n.fi");
}

static void print_words(const cli_option *options) {
    for (; options->name; options++) printf(" --%s", options->name);
}

void cli_print_bash_completion(void) {
    puts("# bash completion for persihash, made by: persihash help --bash\n_persihash() {\n    local "
         "word=${COMP_WORDS[COMP_CWORD]} options=");
    printf("    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; cli_commands[i]; i++) printf("%s%s", i ? " " : "", cli_commands[i]->verb);
    puts("\" -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in");
    for (size_t i = 0; cli_commands[i]; i++) {
        printf("    %s) options=\"", cli_commands[i]->verb);
        print_words(cli_commands[i]->options), print_words(cli_common_options);
        puts("\" ;;");
    }
    puts("    esac\n    case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n    *) "
         "COMPREPLY=($(compgen -f -- \"$word\")) ;;\n    esac\n}");
    puts("complete -o filenames -F _persihash persihash");
}

static psh_status run_help(cli *c, psh_error *err) {
    if (cli_flag(c, "man"))
        cli_print_man();
    else if (cli_flag(c, "bash"))
        cli_print_bash_completion();
    else if (c->n_arguments == 0)
        cli_print_overview();
    for (int i = 0; i < c->n_arguments; i++) {
        const cli_command *found = NULL;
        for (size_t j = 0; cli_commands[j]; j++)
            if (!strcmp(cli_commands[j]->verb, c->arguments[i])) found = cli_commands[j];
        if (!found)
            return cli_fail(err, PSH_ERR_PARAMETER, "no command '%s'; persihash --help lists them", c->arguments[i]);
        cli_print_help(found);
    }
    return PSH_OK;
}

static const cli_option options[] = {
    {"man", 0, NULL, "the man page, in roff"}, {"bash", 0, NULL, "the bash completion script"}, {0}};
const cli_command cmd_help = {"help", "tell about a command", "[COMMAND...]", NULL, options, run_help};
