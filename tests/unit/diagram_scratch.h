/* diagram_scratch.h : what the tests of diagram files share: a scratch folder, files, comparison of sets. */
#ifndef PSH_TESTS_DIAGRAM_SCRATCH_H
#define PSH_TESTS_DIAGRAM_SCRATCH_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "persihash/diagram.h"

static char scratch_folder[64];

/* In memory where there is such a folder: the writers sync each file, which takes a disk tens of milliseconds. */
static inline int scratch_open(void **state) {
    snprintf(scratch_folder, sizeof scratch_folder, "%s/scratch_XXXXXX", access("/dev/shm", W_OK) ? "." : "/dev/shm");
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int scratch_close(void **state) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch_folder);
    return system(command);
}

/* The path of a scratch file; valid until the fourth call from now. */
static inline const char *scratch(const char *name) {
    static char paths[4][512];
    static int i_path;
    char *path = paths[i_path++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_folder, name);
    return path;
}

static inline const char *scratch_write(const char *name, const void *bytes, size_t n_bytes) {
    const char *path = scratch(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
    fclose(file);
    return path;
}

static inline const char *scratch_text(const char *name, const char *text) {
    return scratch_write(name, text, strlen(text));
}

/* The set in a file, infinite deaths kept. The file must be good. */
static inline psh_diagrams *read_set(const char *path, psh_diagram_format format) {
    psh_error err = {0};
    psh_diagrams *set = NULL;
    if (psh_diagrams_read(path, format, PSH_ESSENTIAL_KEEP, 0, &set, NULL, &err) != PSH_OK) fail_msg("%s", err.text);
    return set;
}

static inline void write_set(const psh_diagrams *set, const char *path, char lost[200]) {
    psh_error err = {0};
    if (psh_diagrams_write(set, path, PSH_DIAGRAM_AUTO, lost, lost ? 200 : 0, &err) != PSH_OK) fail_msg("%s", err.text);
}

static inline void assert_same_points(const psh_diagrams *a, const psh_diagrams *b) {
    size_t n = psh_diagrams_count(a), m = psh_diagrams_n_points(a);
    assert_int_equal(n, psh_diagrams_count(b));
    assert_int_equal(m, psh_diagrams_n_points(b));
    assert_memory_equal(psh_diagrams_offsets(a), psh_diagrams_offsets(b), (n + 1) * sizeof(uint64_t));
    if (m) assert_memory_equal(psh_diagrams_points(a), psh_diagrams_points(b), 2 * m * sizeof(double));
    if (m) assert_memory_equal(psh_diagrams_dims(a), psh_diagrams_dims(b), m * sizeof(int32_t));
}

static inline void assert_same_facts(const psh_diagrams *a, const psh_diagrams *b) {
    size_t n = psh_diagrams_count(a);
    if (n) assert_memory_equal(psh_diagrams_labels(a), psh_diagrams_labels(b), n * sizeof(int64_t));
    for (size_t i = 0; i < n; i++) assert_string_equal(psh_diagrams_name(a, i), psh_diagrams_name(b, i));
    assert_int_equal(psh_diagrams_n_classes(a), psh_diagrams_n_classes(b));
    for (size_t i = 0; i < psh_diagrams_n_classes(a); i++)
        assert_string_equal(psh_diagrams_label_name(a, i), psh_diagrams_label_name(b, i));
}

/* The invariants of diagram.h, on any set that a reader let through. */
static inline void assert_invariants(const psh_diagrams *set) {
    size_t n = psh_diagrams_count(set), m = psh_diagrams_n_points(set);
    const uint64_t *offsets = psh_diagrams_offsets(set);
    assert_int_equal(offsets[0], 0);
    for (size_t i = 0; i < n; i++) assert_true(offsets[i] <= offsets[i + 1]);
    assert_int_equal(offsets[n], m);
    for (size_t i = 0; i < m; i++) {
        double birth = psh_diagrams_points(set)[2 * i], death = psh_diagrams_points(set)[2 * i + 1];
        assert_true(isfinite(birth) && birth <= death && psh_diagrams_dims(set)[i] >= 0);
    }
    for (size_t i = 0; i < n; i++) {
        int64_t label = psh_diagrams_labels(set)[i];
        assert_true(label >= -1);
        if (psh_diagrams_n_classes(set)) assert_true(label < (int64_t)psh_diagrams_n_classes(set));
        assert_non_null(psh_diagrams_name(set, i));
    }
}

#endif
