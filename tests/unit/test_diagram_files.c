/* test_diagram_files.c : what is written is read back bit for bit; what is foreign is read by content; what is broken
 * fails cleanly at every byte. Texts of faults have test_diagram_faults.c. */
#include <float.h>
#include <glob.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/random.h"
#include "diagram_scratch.h"

/* Doubles of every kind: any bits, small integers, unit interval, infinite deaths. */
static void random_point(psh__random *rng, double *point) {
    for (int i = 0; i < 2; i++) {
        uint64_t bits = psh__random_u64(rng);
        switch (psh__random_below(rng, 3)) {
        case 0:
            memcpy(&point[i], &bits, sizeof bits);
            if (!isfinite(point[i])) point[i] = DBL_MAX;
            break;
        case 1:
            point[i] = (double)(bits % 256);
            break;
        default:
            point[i] = psh__random_unit(rng);
        }
    }
    if (point[0] > point[1]) {
        double swap = point[0];
        point[0] = point[1], point[1] = swap;
    }
    if (psh__random_below(rng, 10) == 0) point[1] = INFINITY;
    if (psh__random_below(rng, 20) == 0) point[0] = -0., point[1] = 0.;
}

static psh_diagrams *random_set(size_t n_diagrams, const char *const *names, const char *const *label_names,
                                size_t n_classes) {
    psh__random rng;
    psh_diagrams *set = NULL;
    psh__random_init(&rng, 3, n_diagrams);
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    if (n_classes) assert_int_equal(psh_diagrams_set_label_names(set, label_names, n_classes, NULL), PSH_OK);
    for (size_t i = 0; i < n_diagrams; i++) {
        double points[2 * 40];
        int32_t dims[40];
        size_t n_points = i % 5 == 1 ? 0 : psh__random_below(&rng, 41);
        for (size_t j = 0; j < n_points; j++) {
            random_point(&rng, points + 2 * j);
            dims[j] = (int32_t)psh__random_below(&rng, 4);
        }
        int64_t label = n_classes && i % 4 != 3 ? (int64_t)(i % n_classes) : -1;
        assert_int_equal(psh_diagrams_append(set, points, dims, n_points, names ? names[i % 6] : NULL, label, NULL),
                         PSH_OK);
    }
    return set;
}

static const char *const odd_names[] = {"plain",      "with, comma", "with \"quotes\"",
                                        "two\nlines", " spaces ",    "#\xc3\xa9"};
static const char *const sorted_classes[] = {"17", "a \"b\"", "cat, dog"};

static void every_double_name_and_label_survives_npz_and_csv(void **state) {
    static const char *const files[] = {"set.npz", "set.csv"};
    psh_diagrams *set = random_set(23, odd_names, sorted_classes, 3);
    for (int i = 0; i < 2; i++) {
        char lost[200];
        write_set(set, scratch(files[i]), lost);
        assert_string_equal(lost, "");
        psh_diagrams *back = read_set(scratch(files[i]), PSH_DIAGRAM_AUTO);
        assert_same_points(set, back);
        assert_same_facts(set, back);
        assert_invariants(back);
        psh_diagrams_free(back);
    }
    psh_diagrams_free(set);
}

static void npz_keeps_metadata(void **state) {
    psh_diagrams *set = random_set(2, NULL, NULL, 0);
    psh_meta_set_text(psh_diagrams_meta(set), "command", "persihash diagram \"\xc3\xa9\"");
    psh_meta_set_number(psh_diagrams_meta(set), "x", 0.1);
    write_set(set, scratch("set.npz"), NULL);
    psh_diagrams *back = read_set(scratch("set.npz"), PSH_DIAGRAM_AUTO);
    char *a = psh_meta_write_text(psh_diagrams_meta(set), 0), *b = psh_meta_write_text(psh_diagrams_meta(back), 0);
    assert_string_equal(a, b);
    psh_text_free(a), psh_text_free(b);
    psh_diagrams_free(set), psh_diagrams_free(back);
}

static void small_and_empty_sets_survive(void **state) {
    static const char *const files[] = {"set.npz", "set.csv"};
    for (size_t n_diagrams = 0; n_diagrams < 3; n_diagrams++)
        for (int i = 0; i < 2; i++) {
            psh_diagrams *set = random_set(n_diagrams, NULL, NULL, 0);
            write_set(set, scratch(files[i]), NULL);
            psh_diagrams *back = read_set(scratch(files[i]), PSH_DIAGRAM_AUTO);
            assert_same_points(set, back);
            assert_same_facts(set, back);
            psh_diagrams_free(set), psh_diagrams_free(back);
        }
}

static void pers_keeps_one_diagram_bit_for_bit(void **state) {
    psh_diagrams *set = random_set(23, NULL, NULL, 0);
    for (size_t i = 0; i < 23; i++) {
        psh_diagrams *one = NULL;
        psh_diagrams_select(set, &i, 1, 0, false, &one, NULL);
        write_set(one, scratch("one.pers"), NULL);
        psh_diagrams *back = read_set(scratch("one.pers"), PSH_DIAGRAM_AUTO);
        assert_same_points(one, back);
        psh_diagrams_free(one), psh_diagrams_free(back);
    }
    psh_diagrams_free(set);
}

static void what_a_format_cannot_hold_is_named(void **state) {
    static const char *const unsorted[] = {"zebra", "ape"}, *const numbers[] = {"0", "1"}, *const twice[] = {"x", "x"};
    static const struct {
        const char *const *classes;
        const char *lost;
    } cases[] = {{unsorted, "numbering of the classes, metadata"},
                 {numbers, "label names, metadata"},
                 {twice, "label names, metadata"}};
    char lost[200], little[8];
    for (size_t i = 0; i < 3; i++) {
        psh_diagrams *set = random_set(8, odd_names, cases[i].classes, 2);
        psh_meta_set_text(psh_diagrams_meta(set), "command", "x");
        write_set(set, scratch("set.csv"), lost);
        assert_string_equal(lost, cases[i].lost);
        psh_diagrams *back = read_set(scratch("set.csv"), PSH_DIAGRAM_AUTO);
        assert_same_points(set, back);
        if (i == 0) assert_string_equal(psh_diagrams_label_name(back, psh_diagrams_labels(back)[0]), "zebra");
        if (i > 0) assert_int_equal(psh_diagrams_labels(back)[1], 1);
        psh_diagrams_free(back);

        psh_diagrams *one = NULL;
        psh_diagrams_select(set, NULL, 0, 0, false, &one, NULL);
        psh_diagrams_free(one);
        psh_diagrams_select(set, (size_t[]){0}, 1, 0, false, &one, NULL);
        write_set(one, scratch("one.pers"), lost);
        assert_string_equal(lost, "name, label, label names, metadata");
        assert_int_equal(psh_diagrams_write(one, scratch("one.pers"), PSH_DIAGRAM_AUTO, little, sizeof little, NULL),
                         PSH_OK);
        assert_string_equal(little, "name, l");
        psh_diagrams_free(one);
        psh_diagrams_free(set);
    }
}

static void the_same_set_gives_the_same_bytes(void **state) {
    psh_diagrams *set = random_set(9, odd_names, sorted_classes, 3);
    static const char *const files[] = {"x.npz", "y.npz", "x.csv", "y.csv"};
    for (int i = 0; i < 4; i++) write_set(set, scratch(files[i]), NULL);
    for (int i = 0; i < 4; i += 2) {
        psh__bytes a, b;
        assert_int_equal(psh__bytes_read(scratch(files[i]), &a, NULL), PSH_OK);
        assert_int_equal(psh__bytes_read(scratch(files[i + 1]), &b, NULL), PSH_OK);
        assert_int_equal(a.n_bytes, b.n_bytes);
        assert_memory_equal(a.data, b.data, a.n_bytes);
        psh__bytes_free(&a), psh__bytes_free(&b);
    }
    psh_diagrams_free(set);
}

/* --- foreign files ------------------------------------------------------------------------------------------------ */

typedef struct member {
    const char *name, *descr;
    size_t shape[2], n_axes;
    const void *data;
    size_t n_bytes;
} member;

static const char *write_npz(const char *name, bool compress, const member *members, size_t n_members) {
    psh__npz_writer *npz;
    const char *path = scratch(name);
    assert_int_equal(psh__npz_create(path, compress, &npz, NULL), PSH_OK);
    for (size_t i = 0; i < n_members; i++)
        assert_int_equal(psh__npz_add(npz, members[i].name, members[i].descr, members[i].shape, members[i].n_axes,
                                      members[i].data, members[i].n_bytes, NULL),
                         PSH_OK);
    assert_int_equal(psh__npz_commit(npz, NULL), PSH_OK);
    return path;
}

static void npz_takes_any_real_dtype(void **state) {
    static const uint8_t as_u8[] = {1, 2, 3, 200};
    static const int16_t as_i16[] = {1, 2, 3, 200};
    static const float as_f32[] = {1, 2, 3, 200};
    static const uint16_t as_f16[] = {0x3c00, 0x4000, 0x4200, 0x5a40};
    static const int32_t offsets32[] = {0, 1, 2};
    static const uint64_t offsets64[] = {0, 1, 2};
    static const double offsets_f64[] = {0, 1, 2};
    const member points[] = {{"points", "|u1", {2, 2}, 2, as_u8, sizeof as_u8},
                             {"points", "<i2", {2, 2}, 2, as_i16, sizeof as_i16},
                             {"points", "<f4", {2, 2}, 2, as_f32, sizeof as_f32},
                             {"points", "<f2", {2, 2}, 2, as_f16, sizeof as_f16}};
    const member offsets[] = {{"offsets", "<i4", {3}, 1, offsets32, sizeof offsets32},
                              {"offsets", "<u8", {3}, 1, offsets64, sizeof offsets64},
                              {"offsets", "<f8", {3}, 1, offsets_f64, sizeof offsets_f64}};
    const double expected[] = {1, 2, 3, 200};
    for (int i = 0; i < 12; i++) {
        psh_diagrams *set = read_set(write_npz("a.npz", i % 2, (member[]){points[i / 3], offsets[i % 3]}, 2), 0);
        assert_int_equal(psh_diagrams_count(set), 2);
        assert_memory_equal(psh_diagrams_points(set), expected, sizeof expected);
        assert_int_equal(psh_diagrams_dims(set)[1], 0); /* no dims: all 0 */
        assert_false(psh_diagrams_has_labels(set));
        assert_string_equal(psh_diagrams_name(set, 1), "");
        psh_diagrams_free(set);
    }
}

static void csv_is_read_with_and_without_header_in_many_dresses(void **state) {
    static const struct {
        const char *text;
        size_t n_diagrams, n_points;
        double birth, death; /* of the last point */
        int32_t dim;         /* of the last point */
    } cases[] = {{"1,2\n3,4\n", 1, 2, 3, 4, 0},
                 {"1,2\n3,4", 1, 2, 3, 4, 0},
                 {"1,3,4\n", 1, 1, 3, 4, 1},
                 {"0,1,3,4\n1,0,5,6\n", 2, 2, 5, 6, 0},
                 {"5,1,3,4,x\n9,2,5,inf,y\n", 2, 2, 5, INFINITY, 2},
                 {"0,1,3,4,x,1\n", 1, 1, 3, 4, 1},
                 {"\xef\xbb\xbf"
                  "birth,death\r\n1,2\r\n",
                  1, 1, 1, 2, 0},
                 {"# np.savetxt\n# birth,death\n1.000000000000000000e+00,2.000000000000000000e+00\n", 1, 1, 1, 2, 0},
                 {"Death , BIRTH,Dimension\n\n2, 1 ,\t1.0\n", 1, 1, 1, 2, 1},
                 {"\"death\",\"birth\"\n\"2\",\"1\"\n", 1, 1, 1, 2, 0},
                 {"diagram,birth,death\n0,1,2\n0,3,4\n2,5,6\n", 2, 3, 5, 6, 0},
                 {"diagram,dim,birth,death\n0,,,\n1,0,3,4\n", 2, 1, 3, 4, 0},
                 {"birth,death\n", 1, 0, 0, 0, 0},
                 {"diagram,birth,death\n", 0, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh_diagrams *set = read_set(scratch_text("x", cases[i].text), PSH_DIAGRAM_AUTO);
        size_t n_points = psh_diagrams_n_points(set);
        assert_int_equal(psh_diagrams_count(set), cases[i].n_diagrams);
        assert_int_equal(n_points, cases[i].n_points);
        if (n_points) {
            assert_true(psh_diagrams_points(set)[2 * n_points - 2] == cases[i].birth);
            assert_true(psh_diagrams_points(set)[2 * n_points - 1] == cases[i].death);
            assert_int_equal(psh_diagrams_dims(set)[n_points - 1], cases[i].dim);
        }
        psh_diagrams_free(set);
    }
}

static void csv_labels_are_integers_or_names_in_byte_order(void **state) {
    psh_diagrams *set = read_set(
        scratch_text("x", "diagram,birth,death,label\n0,1,2,7\n1,1,2,\n2,1,2,0\n2,1,3,\n3,1,2,-1\n"), PSH_DIAGRAM_AUTO);
    assert_memory_equal(psh_diagrams_labels(set), ((int64_t[]){7, -1, 0, -1}), 32);
    assert_int_equal(psh_diagrams_n_classes(set), 0);
    psh_diagrams_free(set);
    set = read_set(scratch_text("x", "diagram,birth,death,label\n0,1,2,dog\n1,1,2,Cat\n2,1,2,\n3,1,2,dog\n4,1,2,3\n"),
                   PSH_DIAGRAM_AUTO);
    assert_memory_equal(psh_diagrams_labels(set), ((int64_t[]){2, 1, -1, 2, 0}), 40);
    assert_int_equal(psh_diagrams_n_classes(set), 3);
    assert_string_equal(psh_diagrams_label_name(set, 0), "3");
    assert_string_equal(psh_diagrams_label_name(set, 1), "Cat");
    assert_string_equal(psh_diagrams_label_name(set, 2), "dog");
    psh_diagrams_free(set);
}

static void pers_is_read_in_all_its_column_counts(void **state) {
    static const struct {
        const char *text;
        size_t n_points;
        double birth, death;
        int32_t dim;
    } cases[] = {{"1 2\n3 4\n", 2, 3, 4, 0},
                 {"2 1  0 1 \n2 2  3 inf \n", 2, 3, INFINITY, 2}, /* GUDHI's output_diagram() */
                 {"# comment, with a comma\n\n1 0.5 inf\r\n", 1, 0.5, INFINITY, 1},
                 {"-1 0.5 0.75", 1, 0.5, 0.75, 0},
                 {"\t1.0\t2 3", 1, 2, 3, 1},
                 {"# nothing\n", 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh_diagrams *set = read_set(scratch_text("x", cases[i].text), PSH_DIAGRAM_AUTO);
        size_t n_points = psh_diagrams_n_points(set);
        assert_int_equal(psh_diagrams_count(set), 1);
        assert_int_equal(n_points, cases[i].n_points);
        if (n_points) {
            assert_true(psh_diagrams_points(set)[2 * n_points - 2] == cases[i].birth);
            assert_true(psh_diagrams_points(set)[2 * n_points - 1] == cases[i].death);
            assert_int_equal(psh_diagrams_dims(set)[n_points - 1], cases[i].dim);
        }
        psh_diagrams_free(set);
    }
    psh_diagrams *set = read_set(scratch_text("x", ""), PSH_DIAGRAM_PERS); /* what GUDHI writes of no points */
    assert_int_equal(psh_diagrams_count(set), 1);
    assert_int_equal(psh_diagrams_n_points(set), 0);
    psh_diagrams_free(set);
}

static void infinite_deaths_follow_the_policy_and_are_counted(void **state) {
    const char *text = "diagram,birth,death\n0,1,inf\n0,1,2\n1,3,inf\n2,9,inf\n2,9,inf\n";
    static const struct {
        psh_essential policy;
        double value;
        size_t n_left_out, n_points;
        uint64_t offsets[4];
        const char *meta;
    } cases[] = {{PSH_ESSENTIAL_DROP, 0, 4, 1, {0, 1, 1, 1}, "{\"essential\": \"drop\", \"n_essential_left_out\": 4}"},
                 {PSH_ESSENTIAL_KEEP, NAN, 0, 5, {0, 2, 3, 5}, "{}"},
                 {PSH_ESSENTIAL_CLAMP,
                  9,
                  2,
                  3,
                  {0, 2, 3, 3},
                  "{\"essential\": \"clamp\", \"n_essential_left_out\": 2, \"essential_value\": 9.0}"}};
    for (size_t i = 0; i < 3; i++) {
        psh_diagrams *set = NULL;
        size_t n_left_out = 99;
        assert_int_equal(psh_diagrams_read(scratch_text("x", text), PSH_DIAGRAM_AUTO, cases[i].policy, cases[i].value,
                                           &set, &n_left_out, NULL),
                         PSH_OK);
        assert_int_equal(n_left_out, cases[i].n_left_out);
        assert_int_equal(psh_diagrams_n_points(set), cases[i].n_points);
        assert_memory_equal(psh_diagrams_offsets(set), cases[i].offsets, sizeof cases[i].offsets);
        if (cases[i].policy == PSH_ESSENTIAL_CLAMP) assert_true(psh_diagrams_points(set)[1] == 9);
        if (cases[i].policy == PSH_ESSENTIAL_DROP) assert_true(psh_diagrams_points(set)[1] == 2);
        char *meta = psh_meta_write_text(psh_diagrams_meta(set), 0);
        assert_string_equal(meta, cases[i].meta);
        psh_text_free(meta);
        psh_diagrams_free(set);
    }
    psh_diagrams *set = NULL;
    const char *path = scratch_text("x", text);
    assert_int_equal(psh_diagrams_read(path, 0, PSH_ESSENTIAL_CLAMP, INFINITY, &set, NULL, NULL), PSH_ERR_PARAMETER);
    assert_int_equal(psh_diagrams_read(path, 0, (psh_essential)7, 0, &set, NULL, NULL), PSH_ERR_PARAMETER);
    assert_null(set);
}

static void standard_input_is_read_in_every_format(void **state) {
    static const char *const files[] = {"in.npz", "in.csv", "in.pers"};
    psh_diagrams *set = random_set(1, NULL, NULL, 0);
    int saved = dup(STDIN_FILENO);
    for (int i = 0; i < 3; i++) {
        write_set(set, scratch(files[i]), NULL);
        assert_non_null(freopen(scratch(files[i]), "rb", stdin));
        psh_diagrams *back = read_set("-", PSH_DIAGRAM_AUTO);
        assert_same_points(set, back);
        psh_diagrams_free(back);
    }
    dup2(saved, STDIN_FILENO);
    close(saved);
    psh_diagrams_free(set);
}

/* --- broken files ------------------------------------------------------------------------------------------------- */

/* A prefix of text may be a shorter good file; one of an archive never is. */
static void every_prefix_fails_cleanly_or_is_a_good_shorter_file(void **state) {
    static const char *const files[] = {"whole.npz", "whole.csv", "whole.pers"};
    for (int i = 0; i < 3; i++) {
        psh__bytes whole;
        size_t n_good = 0;
        psh_diagrams *set = random_set(i == 2 ? 1 : 4, odd_names, sorted_classes, 3);
        write_set(set, scratch(files[i]), NULL);
        psh_diagrams_free(set);
        assert_int_equal(psh__bytes_read(scratch(files[i]), &whole, NULL), PSH_OK);
        for (size_t n = 0; n < whole.n_bytes; n++) {
            psh_error err = {0};
            psh_diagrams *part = NULL;
            const char *path = scratch_write("part", whole.data, n);
            psh_status status =
                psh_diagrams_read(path, (psh_diagram_format)(i + 1), PSH_ESSENTIAL_KEEP, 0, &part, NULL, &err);
            if (status == PSH_OK) {
                assert_invariants(part);
                n_good++;
            } else {
                assert_int_equal(status, err.status);
                assert_non_null(strstr(err.text, "part"));
                assert_null(part);
            }
            psh_diagrams_free(part);
        }
        if (i == 0)
            assert_int_equal(n_good, 0);
        else
            assert_true(n_good > 0 && n_good < whole.n_bytes);
        psh__bytes_free(&whole);
    }
}

static void each_failed_allocation_of_a_reader_is_reported(void **state) {
    static const char *const files[] = {"m.npz", "m.csv", "m.pers"};
    for (int i = 0; i < 3; i++) {
        unsigned long n = 1;
        psh_diagrams *set = random_set(i == 2 ? 1 : 30, odd_names, sorted_classes, 3);
        write_set(set, scratch(files[i]), NULL);
        for (psh_status status = PSH_ERR_MEMORY; status != PSH_OK; n++) {
            psh_diagrams *back = NULL;
            psh__alloc_fail_at(n);
            status = psh_diagrams_read(scratch(files[i]), PSH_DIAGRAM_AUTO, PSH_ESSENTIAL_DROP, 0, &back, NULL, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            psh_diagrams_free(back);
        }
        assert_true(n > 5);
        psh_diagrams_free(set);
    }
}

static void each_failed_allocation_of_a_writer_leaves_the_old_file(void **state) {
    static const char *const files[] = {"w.npz", "w.csv", "w.pers"};
    static const char *const unsorted[] = {"b", "a"};
    for (int i = 0; i < 3; i++) {
        unsigned long n = 1;
        psh_diagrams *set = random_set(i == 2 ? 1 : 6, odd_names, unsorted, 2);
        scratch_text(files[i], "the old file");
        for (psh_status status = PSH_ERR_MEMORY; status != PSH_OK; n++) {
            char lost[50];
            psh__bytes bytes;
            psh__alloc_fail_at(n);
            status = psh_diagrams_write(set, scratch(files[i]), PSH_DIAGRAM_AUTO, lost, sizeof lost, NULL);
            psh__alloc_fail_at(0);
            assert_true(status == PSH_OK || status == PSH_ERR_MEMORY);
            assert_int_equal(psh__bytes_read(scratch(files[i]), &bytes, NULL), PSH_OK);
            assert_true((bytes.n_bytes == 12 && !memcmp(bytes.data, "the old file", 12)) == (status != PSH_OK));
            psh__bytes_free(&bytes);
        }
        assert_true(n > 2);
        psh_diagrams_free(set);
    }
    glob_t found;
    assert_int_equal(glob(scratch("*.tmp.*"), 0, NULL, &found), GLOB_NOMATCH);
}

/* A limit on the size of files stands in for a full disk. */
static void a_full_disk_leaves_the_old_file(void **state) {
    static const char *const files[] = {"full.npz", "full.csv", "full.pers"};
    struct rlimit before, small;
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_synth_uniform(1, 5000, 1, &set, NULL), PSH_OK);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before, small.rlim_cur = 10000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 3; i++) {
        psh_error err = {0};
        psh__bytes bytes;
        scratch_text(files[i], "the old file");
        setrlimit(RLIMIT_FSIZE, &small);
        psh_status status = psh_diagrams_write(set, scratch(files[i]), PSH_DIAGRAM_AUTO, NULL, 0, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(status, PSH_ERR_FILE_WRITE);
        assert_non_null(strstr(err.text, files[i]));
        assert_int_equal(psh__bytes_read(scratch(files[i]), &bytes, NULL), PSH_OK);
        assert_int_equal(bytes.n_bytes, 12);
        psh__bytes_free(&bytes);
    }
    signal(SIGXFSZ, handler);
    glob_t found;
    assert_int_equal(glob(scratch("*.tmp.*"), 0, NULL, &found), GLOB_NOMATCH);
    psh_diagrams_free(set);
}

/* --- real sets ---------------------------------------------------------------------------------------------------- */

static psh_diagrams *real_set(const char *name) {
    char path[512];
    snprintf(path, sizeof path, PSH_DATASETS "/%s", name);
    if (access(path, R_OK) == 0) return read_set(path, PSH_DIAGRAM_AUTO);
    print_message("no %s: not tested on real sets\n", path);
    skip();
    return NULL;
}

static void real_sets_survive_npz_and_csv(void **state) {
    static const struct {
        const char *name;
        size_t n_diagrams, n_points, n_classes;
    } sets[] = {{"vortex_street/diagrams.npz", 45, 650, 5},
                {"starting_vortex/diagrams.npz", 12, 433, 2},
                {"six_shapes/diagrams_n05.npz", 150, 101652, 6}};
    for (size_t i = 0; i < 3; i++) {
        psh_diagrams *set = real_set(sets[i].name);
        assert_int_equal(psh_diagrams_count(set), sets[i].n_diagrams);
        assert_int_equal(psh_diagrams_n_points(set), sets[i].n_points);
        assert_int_equal(psh_diagrams_n_classes(set), sets[i].n_classes);
        assert_true(psh_diagrams_has_labels(set));
        assert_invariants(set);
        for (int format = 0; format < 2; format++) {
            const char *file = format ? "real.csv" : "real.npz";
            write_set(set, scratch(file), NULL);
            psh_diagrams *back = read_set(scratch(file), PSH_DIAGRAM_AUTO);
            assert_same_points(set, back);
            for (size_t j = 0; j < psh_diagrams_count(set); j++)
                assert_string_equal(psh_diagrams_name(set, j), psh_diagrams_name(back, j));
            if (format == 0) assert_same_facts(set, back);
            psh_diagrams_free(back);
        }
        psh_diagrams_free(set);
    }
}

static void ten_thousand_diagrams_are_read(void **state) {
    psh_diagrams *set = real_set("colon/diagrams.npz"), *back, *part = NULL;
    size_t rows[200];
    assert_int_equal(psh_diagrams_count(set), 10000);
    assert_int_equal(psh_diagrams_n_points(set), 5409323);
    assert_string_equal(psh_diagrams_label_name(set, 0), "AC");
    psh_rows_sample(10000, 200, 1, rows, NULL);
    assert_int_equal(psh_diagrams_select(set, rows, 200, 0, false, &part, NULL), PSH_OK);
    write_set(part, scratch("part.csv"), NULL);
    back = read_set(scratch("part.csv"), PSH_DIAGRAM_AUTO);
    assert_same_points(part, back);
    assert_same_facts(part, back);
    psh_diagrams_free(set), psh_diagrams_free(part), psh_diagrams_free(back);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_double_name_and_label_survives_npz_and_csv),
        cmocka_unit_test(npz_keeps_metadata),
        cmocka_unit_test(small_and_empty_sets_survive),
        cmocka_unit_test(pers_keeps_one_diagram_bit_for_bit),
        cmocka_unit_test(what_a_format_cannot_hold_is_named),
        cmocka_unit_test(the_same_set_gives_the_same_bytes),
        cmocka_unit_test(npz_takes_any_real_dtype),
        cmocka_unit_test(csv_is_read_with_and_without_header_in_many_dresses),
        cmocka_unit_test(csv_labels_are_integers_or_names_in_byte_order),
        cmocka_unit_test(pers_is_read_in_all_its_column_counts),
        cmocka_unit_test(infinite_deaths_follow_the_policy_and_are_counted),
        cmocka_unit_test(standard_input_is_read_in_every_format),
        cmocka_unit_test(every_prefix_fails_cleanly_or_is_a_good_shorter_file),
        cmocka_unit_test(each_failed_allocation_of_a_reader_is_reported),
        cmocka_unit_test(each_failed_allocation_of_a_writer_leaves_the_old_file),
        cmocka_unit_test(a_full_disk_leaves_the_old_file),
        cmocka_unit_test(real_sets_survive_npz_and_csv),
        cmocka_unit_test(ten_thousand_diagrams_are_read),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
