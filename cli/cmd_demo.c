/* cmd_demo.c : the whole way on 10,000 real images: each step is a command of this tool, printed so that it can be run
 * on other images. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#define IMAGES "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
#define LABELS "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz"
#define MAX_WORDS 24

/* Single linkage is the paper's; of most sets it makes one giant cluster and outliers, so the page shows the groups of
 * complete linkage. Twofold up-scaling separates the classes of 28 x 28 images: about 60 points a diagram. */
static const char *const steps[][MAX_WORDS] = {
    {"diagram", IMAGES, "--labels", LABELS, "--scale", "2", "-o", "set.npz"},
    {"encode", "set.npz", "-o", "codes.npz"},
    {"distance", "codes.npz", "-o", "hamming.npy"},
    {"cluster", "codes.npz", "--elbow", "-o", "clusters.npz"},
    {"cluster", "codes.npz", "--linkage", "complete", "--elbow", "-o", "groups.npz"},
    {"distance", "set.npz", "--metric", "wasserstein", "--sample", "500", "-o", "w1.npy"},
    {"score", "codes.npz", "w1.npy", "-k", "10"},
    {"report", IMAGES, "--codes", "codes.npz", "--diagrams", "set.npz", "--clusters", "groups.npz", "--exact", "w1.npy",
     "--commands", "commands.txt", "--title", "10,000 Fashion-MNIST images", "-o", "report.html"},
};
#define N_STEPS (sizeof steps / sizeof *steps)

static void print_step(FILE *stream, const char *const *words, const char *count) {
    fputs("persihash", stream);
    for (int i = 0; words[i]; i++) fprintf(stream, strchr(words[i], ' ') ? " \"%s\"" : " %s", words[i]);
    if (count) fprintf(stream, " --count %s", count);
    putc('\n', stream);
}

static bool reads_images(const char *const *words) {
    return !strcmp(words[0], "diagram") || !strcmp(words[0], "report");
}

static psh_status write_commands(const char *count, psh_error *err) {
    FILE *file = fopen("commands.txt", "w");
    if (!file) return cli_fail(err, PSH_ERR_FILE_WRITE, "commands.txt: cannot be written: %s", strerror(errno));
    for (size_t i = 0; i < N_STEPS; i++) print_step(file, steps[i], reads_images(steps[i]) ? count : NULL);
    return fclose(file) == 0
               ? PSH_OK
               : cli_fail(err, PSH_ERR_FILE_WRITE, "commands.txt: cannot be written: %s", strerror(errno));
}

static psh_status run_step(cli *c, const char *const *words, const char *count, psh_error *err) {
    char *argv[MAX_WORDS + 8] = {"persihash"};
    int argc = 1;
    while (words[argc - 1]) argv[argc] = (char *)words[argc - 1], argc++;
    if (count) argv[argc++] = "--count", argv[argc++] = (char *)count;
    if (c->is_quiet) argv[argc++] = "--quiet";
    if (cli_text(c, "threads", NULL)) argv[argc++] = "--threads", argv[argc++] = (char *)cli_text(c, "threads", NULL);
    if (cli_text(c, "seed", NULL)) argv[argc++] = "--seed", argv[argc++] = (char *)cli_text(c, "seed", NULL);
    if (!c->is_quiet) printf("\n$ "), print_step(stdout, words, count), fflush(stdout);
    int code = cli_main(argc, argv);
    return code == EXIT_GOOD ? PSH_OK : cli_fail(err, PSH_ERR_DATA, "the step above failed (exit code %d)", code);
}

static psh_status run(cli *c, psh_error *err) {
    const char *folder = cli_text(c, "output", "persihash-demo"), *count = cli_text(c, "count", NULL);
    long long number;
    char cwd[4096];
    double start = cli_seconds();
    CLI_TRY(cli_arguments(c, 0, 0, err));
    CLI_TRY(cli_integer(c, "count", 20, 10000, 10000, &number, err));
    if (access(IMAGES, R_OK) != 0)
        return cli_fail(
            err, PSH_ERR_FILE_NOT_FOUND,
            IMAGES
            ": not there; install Debian's package dataset-fashion-mnist (apt-get install dataset-fashion-mnist)");
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return cli_fail(err, PSH_ERR_FILE_WRITE, "%s: cannot be made: %s", folder, strerror(errno));
    if (!getcwd(cwd, sizeof cwd) || chdir(folder) != 0)
        return cli_fail(err, PSH_ERR_FILE_WRITE, "%s: cannot be entered: %s", folder, strerror(errno));
    psh_status status = write_commands(count, err);
    for (size_t i = 0; status == PSH_OK && i < N_STEPS; i++)
        status = run_step(c, steps[i], reads_images(steps[i]) ? count : NULL, err);
    if (chdir(cwd) != 0 && status == PSH_OK) status = cli_fail(err, PSH_ERR_FILE_READ, "%s: cannot go back there", cwd);
    CLI_TRY(status);
    cli_say(c,
            "\nall of it in %.1f s; the files are in %s/, the page is %s/report.html\nYour own images: the same "
            "commands with your folder in place of the .gz\n",
            cli_seconds() - start, folder, folder);
    psh_meta_set_number(c->summary, "seconds", cli_seconds() - start);
    psh_meta_set_text(c->summary, "output", folder);
    return PSH_OK;
}

static const cli_option options[] = {{"output", 'o', "FOLDER", "where the files go (default: persihash-demo)"},
                                     {"count", 0, "N", "the first N images only (default: all 10,000)"},
                                     {0}};

const cli_command cmd_demo = {
    "demo",        "the whole way on 10,000 real images, offline",
    "[-o FOLDER]", "Needs Debian's package dataset-fashion-mnist. Prints each command as it runs it.",
    options,       run};
