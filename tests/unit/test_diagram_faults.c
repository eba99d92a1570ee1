/* test_diagram_faults.c : every way in which a file of diagrams can be wrong has its own status, and a text that names
 * the file, the line or the array, and what to do. */
#include "base/array.h"
#include "diagram_scratch.h"

static void expect_fault(const char *path, psh_diagram_format format, psh_status status, const char *text) {
    psh_error err = {0};
    psh_diagrams *set = NULL;
    psh_status found = psh_diagrams_read(path, format, PSH_ESSENTIAL_DROP, 0, &set, NULL, &err);
    if (found != status || !strstr(err.text, text))
        fail_msg("found %s '%s'; expected %s '%s'", psh_status_name(found), err.text, psh_status_name(status), text);
    assert_int_equal(err.status, status);
    assert_null(set);
    assert_int_equal(psh_diagrams_read(path, format, PSH_ESSENTIAL_DROP, 0, &set, NULL, NULL), status);
}

static void files_that_hold_no_diagrams_are_called_by_their_name(void **state) {
    static const struct {
        const char *bytes;
        size_t n_bytes;
        psh_status status;
        const char *text;
    } cases[] = {{"", 0, PSH_ERR_CORRUPT, "x: empty file"},
                 {"\x93NUMPY\1\0", 8, PSH_ERR_CORRUPT, "x: truncated inside the header"},
                 {"\x1f\x8b\x08", 3, PSH_ERR_FORMAT, "gzip"},
                 {"\x00\x46\xd7\xe0\x01\x00\x00\x00\x02", 9, PSH_ERR_CORRUPT, "a DIPHA file has 24"},
                 {"<?xml version=\"1.0\"?>", 21, PSH_ERR_FORMAT, "XML"},
                 {"<VTKFile>", 9, PSH_ERR_UNSUPPORTED, "x: VTK file of type ''"},
                 {"\x89HDF\r\n", 6, PSH_ERR_FORMAT, "HDF5"},
                 {"\x80\x04\x95", 3, PSH_ERR_FORMAT, "pickle"},
                 {"\xff\xfe\x31\x00", 4, PSH_ERR_FORMAT, "UTF-16"},
                 {"hello world", 11, PSH_ERR_FORMAT, "x: no diagrams; expected npz (a zip archive), "},
                 {"\n\n  \n", 5, PSH_ERR_FORMAT, "x: no diagrams; expected npz (a zip archive), "},
                 {"\0\0\0\0", 4, PSH_ERR_FORMAT, "x: no diagrams; expected npz (a zip archive), "},
                 {"PK", 2, PSH_ERR_FORMAT, "x: no zip archive"},
                 {"PK\3\4 and then nothing of a zip archive", 39, PSH_ERR_CORRUPT, "x: the archive is damaged"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(scratch_write("x", cases[i].bytes, cases[i].n_bytes), PSH_DIAGRAM_AUTO, cases[i].status,
                     cases[i].text);
    expect_fault(scratch("none"), PSH_DIAGRAM_AUTO, PSH_ERR_FILE_NOT_FOUND, "none: no such file");
    expect_fault(scratch_folder, PSH_DIAGRAM_AUTO, PSH_ERR_FILE_READ, "is a folder");
    expect_fault(scratch_text("x", "1 2\n"), (psh_diagram_format)99, PSH_ERR_PARAMETER, "format 99");
    expect_fault(scratch_text("x", "1 2\n"), PSH_DIAGRAM_NPZ, PSH_ERR_FORMAT, "x: no zip archive");
}

static void lines_of_csv_that_cannot_be_used_are_named(void **state) {
    static const struct {
        const char *text;
        psh_status status;
        const char *expected;
    } cases[] = {
        {"1,2\n0,nan\n", PSH_ERR_NOT_FINITE, "x:2: death is NaN"},
        {"1,2\n\n# c\nNaN,1\n", PSH_ERR_NOT_FINITE, "x:4: birth is NaN"},
        {"-inf,2\n", PSH_ERR_NOT_FINITE, "x:1: birth is -inf"},
        {"1,2\n3,-inf\n", PSH_ERR_NOT_FINITE, "x:2: death is -inf"},
        {"1,2\n0.5,0.25\n", PSH_ERR_DATA, "x:2: birth 0.5 > death 0.25"},
        {"1,2\n0.5,0.25\n", PSH_ERR_DATA, "superlevel diagram (births above deaths), negate both columns"},
        {"1,2\n3\n", PSH_ERR_CORRUPT, "x:2: 1 fields; expected 2, as in line 1"},
        {"1,2\n3,4,\n", PSH_ERR_CORRUPT, "x:2: 3 fields; expected 2"},
        {"1,2\nx,4\n", PSH_ERR_CORRUPT, "x:2: birth 'x'; expected a number"},
        {"1,2\n1,\n", PSH_ERR_CORRUPT, "x:2: death ''"},
        {"1,2\n1,1e999\n", PSH_ERR_DATA, "x:2: death 1e999 is beyond double precision"},
        {"1,0x10\n", PSH_ERR_CORRUPT, "x:1: death '0x10'"},
        {"0.5,1,2\n", PSH_ERR_DATA, "x:1: dim '0.5'; expected a homology dimension"},
        {"-1,1,2\n", PSH_ERR_DATA, "x:1: dim '-1'"},
        {"9999999999,1,2\n", PSH_ERR_DATA, "x:1: dim '9999999999'"},
        {"0,,1,2\n", PSH_ERR_DATA, "x:1: dim ''"},
        {",0,1,2\n", PSH_ERR_DATA, "x:1: diagram ''; expected a number"},
        {"-3,0,1,2\n", PSH_ERR_DATA, "x:1: diagram '-3'"},
        {"1,0,1,2\n0,0,1,2\n", PSH_ERR_DATA, "x:2: diagram 0 after diagram 1; sort the rows"},
        {"0,0,1,2,a\n0,0,1,3,\n0,0,1,2,b\n", PSH_ERR_DATA, "x:3: name 'b', but line 1 has 'a'"},
        {"0,0,1,2,a,1\n0,0,1,2,a,2\n", PSH_ERR_DATA, "x:2: label '2', but line 1 has '1'"},
        {"0,0,1,2,a,-2\n", PSH_ERR_DATA, "x:1: label -2"},
        {"1,2,3,4,5,6,7\n", PSH_ERR_FORMAT, "x:1: 7 columns; expected 2 to 6"},
        {"birth,death,extra\n1,2,3\n", PSH_ERR_FORMAT, "x:1: unknown column 'extra'"},
        {"birth,birth\n", PSH_ERR_FORMAT, "x:1: column 'birth' twice"},
        {"dim,birth\n0,1\n", PSH_ERR_FORMAT, "x:1: no column 'death'"},
        {"\"birth,death\n1,2\n", PSH_ERR_CORRUPT, "x:1: a quote is opened here and never closed"},
        {"1,2\n1,\"2\n\n", PSH_ERR_CORRUPT, "x:2: a quote is opened here and never closed"},
        {"1,2\n\"1\"2,3\n", PSH_ERR_CORRUPT, "x:2: text after a closing quote"},
        {"0,0,1,2,\"a\nb\"\n0,0,1,x,\n", PSH_ERR_CORRUPT, "x:3: death 'x'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(scratch_text("x", cases[i].text), PSH_DIAGRAM_AUTO, cases[i].status, cases[i].expected);
    expect_fault(scratch_text("x", "# only a comment\n"), PSH_DIAGRAM_CSV, PSH_ERR_FORMAT, "x: no rows");
    expect_fault(scratch_text("x", "1\n"), PSH_DIAGRAM_CSV, PSH_ERR_FORMAT, "x:1: 1 columns");
    expect_fault(scratch_write("x", "1,2,a\0b\n", 8), PSH_DIAGRAM_CSV, PSH_ERR_CORRUPT, "x:1: death 'a");
    expect_fault(scratch_write("x", "0,0,1,2,a\0b\n", 12), PSH_DIAGRAM_CSV, PSH_ERR_CORRUPT,
                 "x:1: name has a zero byte");
}

static void lines_of_pers_that_cannot_be_used_are_named(void **state) {
    static const struct {
        const char *text;
        psh_status status;
        const char *expected;
    } cases[] = {{"1 2\n0 nan\n", PSH_ERR_NOT_FINITE, "x:2: death is NaN"},
                 {"2 1\n", PSH_ERR_DATA, "x:1: birth 2 > death 1"},
                 {"0 2 1\n", PSH_ERR_DATA, "negate both columns"},
                 {"1 2\n0 1 2\n", PSH_ERR_CORRUPT, "x:2: 3 numbers; expected 2, as in line 1"},
                 {"1\n", PSH_ERR_CORRUPT, "x:1: one number; expected"},
                 {"1 2 3 4 5\n", PSH_ERR_CORRUPT, "x:1: more than 4 numbers"},
                 {"1 2\n# c\n1 two\n", PSH_ERR_CORRUPT, "x:3: 'two' is no number"},
                 {"1 1e999\n", PSH_ERR_DATA, "x:1: 1e999 is beyond double precision"},
                 {"0.5 1 2\n", PSH_ERR_DATA, "x:1: dimension 0.5"},
                 {"-2 1 2\n", PSH_ERR_DATA, "x:1: dimension -2"},
                 {"nan 1 2\n", PSH_ERR_DATA, "x:1: dimension"},
                 {"3e9 1 2\n", PSH_ERR_DATA, "x:1: dimension 3e+09"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(scratch_text("x", cases[i].text), PSH_DIAGRAM_AUTO, cases[i].status, cases[i].expected);
}

/* --- npz ---------------------------------------------------------------------------------------------------------- */

/* A good archive of 2 diagrams and 3 points, in which one member is replaced by what each case says. */
typedef struct member {
    const char *name, *descr;
    size_t n_axes, shape[3];
    const void *data;
    size_t n_bytes;
} member;

static const double good_points[] = {0, 1, 2, 3, 4, 5};
static const int32_t good_dims[] = {0, 1, 0};
static const int64_t good_offsets[] = {0, 1, 3}, good_labels[] = {1, 0};
static const uint32_t good_texts[] = {'a', 'b'}, good_meta[] = {'{', '}'};
static const member good[] = {{"points", "<f8", 2, {3, 2}, good_points, sizeof good_points},
                              {"dims", "<i4", 1, {3}, good_dims, sizeof good_dims},
                              {"offsets", "<i8", 1, {3}, good_offsets, sizeof good_offsets},
                              {"labels", "<i8", 1, {2}, good_labels, sizeof good_labels},
                              {"label_names", "<U1", 1, {2}, good_texts, sizeof good_texts},
                              {"names", "<U1", 1, {2}, good_texts, sizeof good_texts},
                              {"meta", "<U2", 0, {0}, good_meta, sizeof good_meta}};
#define N_MEMBERS (sizeof good / sizeof *good)

/* `changed` NULL: the member `name` is left out. */
static const char *write_npz(const char *name, const member *changed) {
    psh__npz_writer *npz;
    const char *path = scratch("x.npz");
    assert_int_equal(psh__npz_create(path, false, &npz, NULL), PSH_OK);
    for (size_t i = 0; i < N_MEMBERS; i++) {
        const member *now = !strcmp(good[i].name, name) ? changed : &good[i];
        if (now)
            assert_int_equal(
                psh__npz_add(npz, now->name, now->descr, now->shape, now->n_axes, now->data, now->n_bytes, NULL),
                PSH_OK);
    }
    assert_int_equal(psh__npz_commit(npz, NULL), PSH_OK);
    return path;
}

#define DOUBLES(...) (double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__})
#define LONGS(...) (int64_t[]){__VA_ARGS__}, sizeof((int64_t[]){__VA_ARGS__})
#define CHARS(...) (uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__})

static void members_that_do_not_fit_are_named(void **state) {
    const struct {
        member changed;
        psh_status status;
        const char *text;
    } cases[] = {
        {{"points", "<f8", 2, {3, 2}, DOUBLES(0, 1, NAN, 3, 4, 5)},
         PSH_ERR_NOT_FINITE,
         "x.npz: points: row 1 (diagram 1): birth is NaN"},
        {{"points", "<f8", 2, {3, 2}, DOUBLES(0, NAN, 2, 3, 4, 5)},
         PSH_ERR_NOT_FINITE,
         "row 0 (diagram 0): death is NaN"},
        {{"points", "<f8", 2, {3, 2}, DOUBLES(0, 1, 2, 3, 4, -INFINITY)},
         PSH_ERR_NOT_FINITE,
         "row 2 (diagram 1): death is -inf"},
        {{"points", "<f8", 2, {3, 2}, DOUBLES(0, 1, 2, 3, -INFINITY, 5)}, PSH_ERR_NOT_FINITE, "birth is -inf"},
        {{"points", "<f8", 2, {3, 2}, DOUBLES(0, 1, 2, 3, INFINITY, INFINITY)}, PSH_ERR_NOT_FINITE, "birth is inf"},
        {{"points", "<f8", 2, {3, 2}, DOUBLES(0, 1, 9, 3, 4, 5)}, PSH_ERR_DATA, "negate both columns"},
        {{"points", "<f8", 2, {2, 3}, good_points, sizeof good_points}, PSH_ERR_SHAPE, "points: shape (2, 3)"},
        {{"points", "<f8", 1, {6}, good_points, sizeof good_points}, PSH_ERR_SHAPE, "points: shape (6,)"},
        {{"points", "<U1", 2, {1, 2}, good_texts, sizeof good_texts}, PSH_ERR_FORMAT, "points: holds text"},
        {{"points", "<c8", 2, {3, 2}, good_points, sizeof good_points}, PSH_ERR_UNSUPPORTED, "points"},
        {{"dims", "<i8", 1, {3}, LONGS(0, -1, 0)}, PSH_ERR_DATA, "x.npz: dims: dims[1] = -1"},
        {{"dims", "<i8", 1, {3}, LONGS(0, 0, 1 + (int64_t)INT32_MAX)}, PSH_ERR_DATA, "dims[2] = 2147483648"},
        {{"dims", "<i8", 1, {2}, LONGS(0, 0)}, PSH_ERR_SHAPE, "dims: shape (2,); expected (3,), one for each point"},
        {{"dims", "<f8", 1, {3}, DOUBLES(0, 0.5, 0)}, PSH_ERR_DATA, "dims: a value is no integer"},
        {{"offsets", "<i8", 1, {3}, LONGS(0, 2, 1)}, PSH_ERR_DATA, "offsets[2] = 1 is less than offsets[1] = 2"},
        {{"offsets", "<i8", 1, {3}, LONGS(1, 2, 3)}, PSH_ERR_DATA, "offsets[0] = 1; expected 0"},
        {{"offsets", "<i8", 1, {3}, LONGS(0, -5, 3)}, PSH_ERR_DATA, "offsets[1] = -5"},
        {{"offsets", "<i8", 1, {3}, LONGS(0, 1, 2)}, PSH_ERR_SHAPE, "offsets: the last is 2; expected 3"},
        {{"offsets", "<i8", 1, {3}, LONGS(0, 1, INT64_MAX)}, PSH_ERR_SHAPE, "the last is 9223372036854775807"},
        {{"offsets", "<i8", 1, {0}, good_offsets, 0}, PSH_ERR_SHAPE, "offsets: shape (0,)"},
        {{"offsets", "<i8", 0, {0}, good_offsets, 8}, PSH_ERR_SHAPE, "offsets: shape ()"},
        {{"labels", "<i8", 1, {3}, LONGS(0, 1, 0)}, PSH_ERR_SHAPE, "labels: shape (3,); expected (2,), one for each"},
        {{"labels", "<i8", 1, {2}, LONGS(0, -2)}, PSH_ERR_DATA, "labels[1] = -2"},
        {{"labels", "<i8", 1, {2}, LONGS(0, 2)},
         PSH_ERR_DATA,
         "labels: diagram 1 has label 2, but there are 2 label names"},
        {{"labels", "<U1", 1, {2}, good_texts, sizeof good_texts}, PSH_ERR_FORMAT, "labels: holds text"},
        {{"names", "<U1", 1, {1}, good_texts, 4}, PSH_ERR_SHAPE, "names: 1; expected 2, one for each diagram"},
        {{"names", "<i4", 1, {2}, good_texts, sizeof good_texts}, PSH_ERR_FORMAT, "names: holds numbers"},
        {{"names", "<U1", 2, {2, 1}, good_texts, sizeof good_texts}, PSH_ERR_SHAPE, "names: shape (2, 1)"},
        {{"names", "<U0", 1, {(size_t)1 << 40}, good_texts, 0}, PSH_ERR_SHAPE, "names: 1099511627776; expected 2"},
        {{"label_names", "<U0", 1, {(size_t)1 << 40}, good_texts, 0}, PSH_ERR_DATA, "label_names: 1099511627776 empty"},
        {{"label_names", "<U1", 0, {0}, good_texts, 4}, PSH_ERR_SHAPE, "label_names: shape ()"},
        {{"meta", "<U2", 1, {1}, good_meta, sizeof good_meta}, PSH_ERR_SHAPE, "meta: shape (1,)"},
        {{"meta", "<U2", 0, {0}, CHARS('{', 'x')}, PSH_ERR_CORRUPT, "x.npz: meta: metadata is no JSON"},
        {{"meta", "<U2", 0, {0}, CHARS('[', ']')}, PSH_ERR_CORRUPT, "x.npz: meta: metadata is JSON but no object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(write_npz(cases[i].changed.name, &cases[i].changed), PSH_DIAGRAM_AUTO, cases[i].status,
                     cases[i].text);
    expect_fault(write_npz("points", NULL), PSH_DIAGRAM_AUTO, PSH_ERR_SHAPE,
                 "no array 'points'; the file has: dims.npy");
    expect_fault(write_npz("offsets", NULL), PSH_DIAGRAM_AUTO, PSH_ERR_SHAPE, "no array 'offsets'");
}

static void what_is_optional_may_be_missing(void **state) {
    static const char *const optional[] = {"dims", "labels", "label_names", "names", "meta", "none of them"};
    for (size_t i = 0; i < 6; i++) {
        psh_diagrams *set = read_set(write_npz(optional[i], NULL), PSH_DIAGRAM_AUTO);
        assert_int_equal(psh_diagrams_count(set), 2);
        assert_int_equal(psh_diagrams_dims(set)[1], i == 0 ? 0 : 1);
        assert_int_equal(psh_diagrams_labels(set)[0], i == 1 ? -1 : 1);
        assert_int_equal(psh_diagrams_n_classes(set), i == 2 ? 0 : 2);
        assert_string_equal(psh_diagrams_name(set, 1), i == 3 ? "" : "b");
        psh_diagrams_free(set);
    }
}

/* Any byte of a plain archive changed to any of a few values: clean failure, or a set that keeps the invariants. */
static void flipped_bytes_fail_cleanly_or_leave_a_good_set(void **state) {
    psh__bytes whole;
    size_t n_good = 0, n_bad = 0;
    assert_int_equal(psh__bytes_read(write_npz("none", NULL), &whole, NULL), PSH_OK);
    uint8_t *bytes = malloc(whole.n_bytes);
    memcpy(bytes, whole.data, whole.n_bytes);
    for (size_t i = 0; i < whole.n_bytes; i++) {
        static const uint8_t masks[] = {0x01, 0x80, 0xff};
        for (int j = 0; j < 3; j++) {
            psh_diagrams *set = NULL;
            bytes[i] ^= masks[j];
            const char *path = scratch_write("flipped", bytes, whole.n_bytes);
            bytes[i] ^= masks[j];
            if (psh_diagrams_read(path, PSH_DIAGRAM_NPZ, PSH_ESSENTIAL_KEEP, 0, &set, NULL, NULL) == PSH_OK) {
                assert_invariants(set);
                n_good++;
            } else {
                n_bad++;
            }
            psh_diagrams_free(set);
        }
    }
    assert_true(n_good > 0 && n_bad > 0);
    free(bytes);
    psh__bytes_free(&whole);
}

static void places_that_cannot_be_written_are_named(void **state) {
    psh_error err;
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_write(set, scratch("x.pers"), PSH_DIAGRAM_AUTO, NULL, 0, &err), PSH_ERR_SHAPE);
    assert_non_null(strstr(err.text, "0 diagrams, but a file of the format pers holds one"));
    assert_int_equal(psh_diagrams_write(set, scratch("x.txt"), PSH_DIAGRAM_AUTO, NULL, 0, &err), PSH_ERR_FORMAT);
    assert_non_null(strstr(err.text, "expected one of .npz, .vtu, .dipha, .npy, .csv, .pers"));
    assert_int_equal(psh_diagrams_write(set, "-", PSH_DIAGRAM_AUTO, NULL, 0, &err), PSH_ERR_FORMAT);
    assert_int_equal(psh_diagrams_write(set, scratch("none/x.csv"), PSH_DIAGRAM_AUTO, NULL, 0, &err),
                     PSH_ERR_FILE_WRITE);
    assert_int_equal(psh_diagrams_write(set, scratch("none/x.npz"), PSH_DIAGRAM_AUTO, NULL, 0, &err),
                     PSH_ERR_FILE_WRITE);
    assert_int_equal(psh_diagrams_write(set, scratch("x.csv"), (psh_diagram_format)99, NULL, 0, &err),
                     PSH_ERR_PARAMETER);
    assert_int_equal(psh_diagrams_write(set, scratch("X.NPZ"), PSH_DIAGRAM_AUTO, NULL, 0, &err), PSH_OK);
    psh_diagrams_free(set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_hold_no_diagrams_are_called_by_their_name),
        cmocka_unit_test(lines_of_csv_that_cannot_be_used_are_named),
        cmocka_unit_test(lines_of_pers_that_cannot_be_used_are_named),
        cmocka_unit_test(members_that_do_not_fit_are_named),
        cmocka_unit_test(what_is_optional_may_be_missing),
        cmocka_unit_test(flipped_bytes_fail_cleanly_or_leave_a_good_set),
        cmocka_unit_test(places_that_cannot_be_written_are_named),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
