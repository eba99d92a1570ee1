/* bench_diagram.c : reading and writing sets of diagrams.
 *
 *   bench_diagram [set.npz]      default: 10,000 diagrams with 5.4 million points
 *
 * Least time of 3 repeats. "inflate" is the part of reading the deflated archive that zlib takes: the same arrays read
 * and thrown away. Files are written to /dev/shm, so that disks stay out of it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "persihash/diagram.h"

#define N_REPEATS 3

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void need(psh_status status, const psh_error *err) {
    if (status == PSH_OK) return;
    fprintf(stderr, "bench_diagram: %s\n", err->text);
    exit(1);
}

static void show(const char *what, double seconds, const char *path) {
    struct stat facts;
    double n_bytes = stat(path, &facts) == 0 ? (double)facts.st_size : 0;
    printf("%-28s %8.1f ms %8.1f MB %8.0f MB/s\n", what, 1e3 * seconds, 1e-6 * n_bytes, 1e-6 * n_bytes / seconds);
}

static void inflate(const char *path) {
    static const char *const names[] = {"points", "dims", "offsets"};
    psh_error err;
    double best = 1e9;
    for (int i = 0; i < N_REPEATS; i++) {
        double start = now();
        psh__npz *npz;
        need(psh__npz_open(path, &npz, &err), &err);
        for (int j = 0; j < 3; j++) {
            psh__array array = {0};
            if (psh__npz_has(npz, names[j])) need(psh__npz_read(npz, names[j], &array, &err), &err);
            psh__array_free(&array);
        }
        psh__npz_free(npz);
        best = now() - start < best ? now() - start : best;
    }
    show("inflate", best, path);
}

static psh_diagrams *bench_read(const char *what, const char *path) {
    psh_error err;
    psh_diagrams *set = NULL;
    double best = 1e9;
    for (int i = 0; i < N_REPEATS; i++) {
        psh_diagrams_free(set);
        double start = now();
        need(psh_diagrams_read(path, PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &set, NULL, &err), &err);
        best = now() - start < best ? now() - start : best;
    }
    show(what, best, path);
    return set;
}

static void bench_write(const char *what, const psh_diagrams *set, const char *path) {
    psh_error err;
    double best = 1e9;
    for (int i = 0; i < N_REPEATS; i++) {
        double start = now();
        need(psh_diagrams_write(set, path, PSH_DIAGRAM_AUTO, NULL, 0, &err), &err);
        best = now() - start < best ? now() - start : best;
    }
    show(what, best, path);
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : PSH_DATASETS "/colon/diagrams.npz";
    char plain[64], csv[64], vtu[64];
    snprintf(plain, sizeof plain, "/dev/shm/bench_diagram_%d.npz", (int)getpid());
    snprintf(csv, sizeof csv, "/dev/shm/bench_diagram_%d.csv", (int)getpid());
    snprintf(vtu, sizeof vtu, "/dev/shm/bench_diagram_%d.vtu", (int)getpid());
    inflate(path);
    psh_diagrams *set = bench_read("read npz as given", path);
    printf("%zu diagrams, %zu points\n", psh_diagrams_count(set), psh_diagrams_n_points(set));
    bench_write("write npz, plain", set, plain);
    psh_diagrams_free(bench_read("read npz, plain", plain));
    bench_write("write csv", set, csv);
    psh_diagrams_free(bench_read("read csv", csv));
    bench_write("write vtu", set, vtu);
    psh_diagrams_free(bench_read("read vtu", vtu));
    unlink(vtu);
    psh_diagrams_free(set);

    psh_error err;
    need(psh_diagrams_synth_uniform(10000, 50, 1, &set, &err), &err);
    puts("10,000 uniform diagrams of 50 points (17 digits a number)");
    bench_write("write csv", set, csv);
    psh_diagrams_free(bench_read("read csv", csv));
    psh_diagrams_free(set);
    unlink(plain), unlink(csv);
    return 0;
}
