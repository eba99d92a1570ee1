/* test_diagram_tools.c : diagrams as other tools have them: giotto-tda's arrays, plain arrays, CubicalRipser's rows,
 * what Ripser prints, what Perseus writes; and sets joined. tests/oracle/test_roundtrip.py has the tools themselves. */
#include <float.h>

#include "base/array.h"
#include "base/random.h"
#include "diagram_scratch.h"

/* --- helpers ------------------------------------------------------------------------------------------------------ */

static psh_diagrams *read_text(psh_diagram_format format, const char *name, const char *text) {
    return read_set(scratch_text(name, text), format);
}

static void expect_fault(const char *path, psh_diagram_format format, psh_status expected, const char *part) {
    psh_error err = {0};
    psh_diagrams *set = NULL;
    psh_status status = psh_diagrams_read(path, format, PSH_ESSENTIAL_KEEP, 0, &set, NULL, &err);
    if (status != expected || !strstr(err.text, part))
        fail_msg("found %s '%s'; expected %s '%s'", psh_status_name(status), err.text, psh_status_name(expected), part);
    assert_null(set);
}

/* A .npy file of doubles. */
static const char *write_npy(const char *name, size_t n_axes, const size_t *shape, const double *values) {
    size_t n_bytes = sizeof *values;
    for (size_t i = 0; i < n_axes; i++) n_bytes *= shape[i];
    const char *path = scratch(name);
    assert_int_equal(psh__npy_write(path, "<f8", shape, n_axes, values, n_bytes, NULL), PSH_OK);
    return path;
}

static const char *write_rows(const char *name, size_t n_rows, size_t n_columns, const double *values) {
    return write_npy(name, 2, (size_t[]){n_rows, n_columns}, values);
}

/* Points i of the set as birth, death, dim. */
static void expect_points(const psh_diagrams *set, size_t n_points, const double (*expected)[3]) {
    assert_invariants(set);
    assert_int_equal(psh_diagrams_n_points(set), n_points);
    for (size_t i = 0; i < n_points; i++) {
        const double *point = psh_diagrams_points(set) + 2 * i;
        if (point[0] != expected[i][0] || point[1] != expected[i][1] || psh_diagrams_dims(set)[i] != expected[i][2])
            fail_msg("point %zu is %.17g %.17g %d; expected %.17g %.17g %g", i, point[0], point[1],
                     psh_diagrams_dims(set)[i], expected[i][0], expected[i][1], expected[i][2]);
    }
}

static void expect_one(psh_diagrams *set, size_t n_points, const double (*expected)[3]) {
    assert_int_equal(psh_diagrams_count(set), 1);
    expect_points(set, n_points, expected);
    psh_diagrams_free(set);
}

/* Every shorter file fails cleanly or gives a good set. */
static void every_prefix(const char *name, psh_diagram_format format) {
    psh__bytes whole;
    assert_int_equal(psh__bytes_read(scratch(name), &whole, NULL), PSH_OK);
    for (size_t n = 0; n < whole.n_bytes; n++) {
        psh_error err = {0};
        psh_diagrams *set = NULL;
        const char *path = scratch_write("prefix", whole.data, n);
        if (psh_diagrams_read(path, format, PSH_ESSENTIAL_KEEP, 0, &set, NULL, &err) == PSH_OK)
            assert_invariants(set);
        else
            assert_true(err.text[0] && !set);
        psh_diagrams_free(set);
    }
    psh__bytes_free(&whole);
}

static void any_allocation_may_fail(const char *name, psh_diagram_format format) {
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh_diagrams *set = NULL;
        psh_error err = {0};
        psh__alloc_fail_at(n);
        status = psh_diagrams_read(scratch(name), format, PSH_ESSENTIAL_KEEP, 0, &set, NULL, &err);
        psh__alloc_fail_at(0);
        if (status != PSH_OK && status != PSH_ERR_MEMORY) fail_msg("allocation %lu: %s", n, err.text);
        assert_true((status == PSH_OK) == (set != NULL) && n < 1000);
        psh_diagrams_free(set);
    }
}

/* --- Ripser ------------------------------------------------------------------------------------------------------- */

static const char ripser_text[] = "point cloud with 5 points in dimension 2\nvalue range: [1,2.06155]\n"
                                  "distance matrix with 5 points, using threshold at enclosing radius 1.41421\n"
                                  "persistence intervals in dim 0:\n [0,1)\n [0,1.11803)\n [0, )\n"
                                  "persistence intervals in dim 1:\n [1,1.41421)\npersistence intervals in dim 2:\n";

static void ripser_output_is_recognised(void **state) {
    static const double expected[][3] = {{0, 1, 0}, {0, 1.11803, 0}, {0, INFINITY, 0}, {1, 1.41421, 1}};
    expect_one(read_text(PSH_DIAGRAM_AUTO, "r.txt", ripser_text), 4, expected);
    every_prefix("r.txt", PSH_DIAGRAM_RIPSER);
    any_allocation_may_fail("r.txt", PSH_DIAGRAM_AUTO);
    expect_one(read_text(PSH_DIAGRAM_AUTO, "r.txt",
                         "sparse distance matrix with 4 points and 4/6 entries\r\n"
                         "persistence intervals in dim 0:\r\n [0, )\r\n"),
               1, (const double[][3]){{0, INFINITY, 0}});
    expect_one(read_text(PSH_DIAGRAM_AUTO, "r.txt", "persistence intervals in dim 3:\n [-1e-3,inf):  {[0,1] (2)}\n"), 1,
               (const double[][3]){{-1e-3, INFINITY, 3}});
    expect_one(read_text(PSH_DIAGRAM_AUTO, "r.txt", "persistence intervals in dim 0:\n"), 0, NULL);
}

static void ripser_outputs_in_one_file_are_one_diagram_each(void **state) {
    psh_diagrams *set = read_text(PSH_DIAGRAM_AUTO, "r.txt",
                                  "value range: [1,2]\npersistence intervals in dim 0:\n [0,1)\n"
                                  "persistence intervals in dim 1:\n [1,2)\n [1,3)\n"
                                  "value range: [1,2]\ndistance matrix with 1 points\npersistence intervals in dim 0:\n"
                                  "persistence intervals in dim 0:\n [0, )\n");
    assert_int_equal(psh_diagrams_count(set), 3);
    static const uint64_t offsets[] = {0, 3, 3, 4};
    assert_memory_equal(psh_diagrams_offsets(set), offsets, sizeof offsets);
    expect_points(set, 4, (const double[][3]){{0, 1, 0}, {1, 2, 1}, {1, 3, 1}, {0, INFINITY, 0}});
    psh_diagrams_free(set);
}

static void ripser_lines_that_cannot_be_used_are_named(void **state) {
    static const struct {
        const char *text;
        psh_status status;
        const char *part;
    } cases[] = {{"value range: [1,2]\n", PSH_ERR_CORRUPT, "no intervals"},
                 {"value range: [1,2]\n [0,1)\n", PSH_ERR_CORRUPT, "x:2: '[0,1)'; expected 'persistence intervals"},
                 {"persistence intervals in dim 0:\n [0,1\n", PSH_ERR_CORRUPT, "x:2: '[0,1'; expected [birth,death)"},
                 {"persistence intervals in dim 0:\n [,1)\n", PSH_ERR_CORRUPT, "x:2"},
                 {"persistence intervals in dim 0:\n [0 1)\n", PSH_ERR_CORRUPT, "x:2"},
                 {"persistence intervals in dim 0:\n [0,x)\n", PSH_ERR_CORRUPT, "x:2"},
                 {"persistence intervals in dim 0:\n [2,1)\n", PSH_ERR_DATA, "x:2: birth 2 > death 1"},
                 {"persistence intervals in dim 0:\n [nan,1)\n", PSH_ERR_NOT_FINITE, "x:2: birth is NaN"},
                 {"persistence intervals in dim 0:\nSegmentation fault\n", PSH_ERR_CORRUPT, "x:2: 'Segmentation"},
                 {"persistence intervals in dim 0\n", PSH_ERR_CORRUPT, "x:1"},
                 {"persistence intervals in dim x:\n", PSH_ERR_CORRUPT, "x:1"},
                 {"persistence intervals in dim -1:\n", PSH_ERR_CORRUPT, "x:1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(scratch_text("x", cases[i].text), PSH_DIAGRAM_AUTO, cases[i].status, cases[i].part);
}

/* --- giotto-tda --------------------------------------------------------------------------------------------------- */

static void giotto_rows_on_the_diagonal_are_padding(void **state) {
    static const double rows[2][4][3] = {{{0, 1, 0}, {0.5, 0.5, 0}, {1, 3, 1}, {1, 1, 1}},
                                         {{0.25, 2, 0}, {0, INFINITY, 0}, {0, 0, 1}, {0, 0, 1}}};
    write_npy("g.npy", 3, (size_t[]){2, 4, 3}, rows[0][0]);
    psh_diagrams *set = read_set(scratch("g.npy"), PSH_DIAGRAM_AUTO);
    assert_int_equal(psh_diagrams_count(set), 2);
    assert_int_equal(psh_diagrams_offsets(set)[1], 2);
    expect_points(set, 4, (const double[][3]){{0, 1, 0}, {1, 3, 1}, {0.25, 2, 0}, {0, INFINITY, 0}});
    psh_diagrams_free(set);
    every_prefix("g.npy", PSH_DIAGRAM_AUTO);
    any_allocation_may_fail("g.npy", PSH_DIAGRAM_AUTO);
}

/* The layout of giotto-tda itself: blocks by dimension, each as long as the longest, padded with its least birth. */
static void giotto_is_written_as_giotto_pads(void **state) {
    static const double first[] = {3, 4, 1, 2, 5, 5}, second[] = {-1, INFINITY, 7, 8, 6, 9};
    static const double expected[2][3][3] = {{{1, 2, 0}, {-1, -1, 0}, {3, 4, 2}},
                                             {{-1, INFINITY, 0}, {6, 9, 0}, {7, 8, 2}}};
    psh_diagrams *set = NULL;
    psh__bytes bytes;
    psh__array array;
    char lost[200];
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    psh_diagrams_append(set, first, (const int32_t[]){2, 0, 2}, 3, "a", -1, NULL);
    psh_diagrams_append(set, second, (const int32_t[]){0, 2, 0}, 3, NULL, -1, NULL);
    write_set(set, scratch("g.npy"), lost);
    assert_string_equal(lost, "name, points on the diagonal");
    assert_int_equal(psh__npy_read(scratch("g.npy"), &bytes, &array, NULL), PSH_OK);
    assert_true(array.n_axes == 3 && array.shape[0] == 2 && array.shape[1] == 3 && array.shape[2] == 3);
    assert_memory_equal(array.data, expected, sizeof expected);
    psh__array_free(&array), psh__bytes_free(&bytes);
    psh_diagrams_free(set);
}

static void giotto_keeps_diagrams_without_points(void **state) {
    for (size_t n = 0; n < 4; n++) {
        psh_diagrams *set = NULL;
        assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
        for (size_t i = 0; i < n; i++) psh_diagrams_append(set, (double[]){1, 2}, NULL, i == 2, NULL, -1, NULL);
        write_set(set, scratch("g.npy"), NULL);
        psh_diagrams *back = read_set(scratch("g.npy"), PSH_DIAGRAM_AUTO);
        assert_same_points(set, back);
        psh_diagrams_free(set), psh_diagrams_free(back);
    }
}

static void giotto_arrays_that_cannot_be_used_are_named(void **state) {
    expect_fault(write_npy("x", 3, (size_t[]){1, 2, 3}, (double[]){0, 1, 0, 0, 1, 0.5}), PSH_DIAGRAM_AUTO, PSH_ERR_DATA,
                 "x: sample 0, row 1: dimension 0.5");
    expect_fault(write_npy("x", 3, (size_t[]){2, 1, 3}, (double[]){0, 1, 0, 2, 1, 0}), PSH_DIAGRAM_AUTO, PSH_ERR_DATA,
                 "x: sample 1, row 0: birth 2 > death 1");
    expect_fault(write_npy("x", 3, (size_t[]){1, 1, 3}, (double[]){0, NAN, 0}), PSH_DIAGRAM_AUTO, PSH_ERR_NOT_FINITE,
                 "x: sample 0, row 0: death is NaN");
    expect_fault(write_npy("x", 3, (size_t[]){1, 1, 3}, (double[]){INFINITY, INFINITY, 0}), PSH_DIAGRAM_AUTO,
                 PSH_ERR_NOT_FINITE, "row 0: birth is inf");
    expect_fault(write_npy("x", 3, (size_t[]){SIZE_MAX / 64, 0, 3}, (double[1]){0}), PSH_DIAGRAM_AUTO, PSH_ERR_SHAPE,
                 "x: an array of"); /* 10^17 diagrams in 128 bytes */
    expect_fault(write_npy("x", 3, (size_t[]){1, 1, 4}, (double[]){0, 1, 2, 3}), PSH_DIAGRAM_AUTO, PSH_ERR_FORMAT,
                 "no diagram by its shape");
    expect_fault(write_rows("x", 1, 3, (double[]){0, 1, 2}), PSH_DIAGRAM_GIOTTO, PSH_ERR_SHAPE,
                 "x: an array of 2 axes; expected (n_samples, n_features, 3)");
    psh_diagrams *set = NULL;
    psh_error err = {0};
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    for (int32_t dim = 0; dim < 65; dim++) psh_diagrams_append(set, (double[]){0, 1}, &dim, 1, NULL, -1, NULL);
    assert_int_equal(psh_diagrams_write(set, scratch("x.npy"), PSH_DIAGRAM_AUTO, NULL, 0, &err), PSH_ERR_SHAPE);
    assert_non_null(strstr(err.text, "more than 64 homology dimensions"));
    psh_diagrams_free(set);
}

/* --- plain arrays ------------------------------------------------------------------------------------------------- */

static psh_diagrams *read_columns(const char *path, const char *columns, bool negate) {
    psh_diagram_read_params params = PSH_PARAMS(psh_diagram_read_params);
    psh_error err = {0};
    psh_diagrams *set = NULL;
    params.essential = PSH_ESSENTIAL_KEEP, params.columns = columns, params.negate = negate;
    if (psh_diagrams_read_as(path, &params, &set, NULL, &err) != PSH_OK) fail_msg("%s", err.text);
    return set;
}

static void arrays_of_two_and_three_columns(void **state) {
    static const double expected[][3] = {{0.5, 1, 0}, {0.25, INFINITY, 2}};
    expect_one(read_set(write_rows("a", 2, 3, (double[]){0.5, 1, 0, 0.25, INFINITY, 2}), PSH_DIAGRAM_AUTO), 2,
               expected);
    expect_one(read_set(write_rows("a", 2, 3, (double[]){0, 0.5, 1, 2, 0.25, INFINITY}), PSH_DIAGRAM_AUTO), 2,
               expected);
    any_allocation_may_fail("a", PSH_DIAGRAM_AUTO);
    every_prefix("a", PSH_DIAGRAM_AUTO);
    expect_one(read_set(write_rows("a", 2, 2, (double[]){0.5, 1, 0, INFINITY}), PSH_DIAGRAM_AUTO), 2,
               (const double[][3]){{0.5, 1, 0}, {0, INFINITY, 0}});
    expect_one(read_set(write_rows("a", 0, 2, (double[1]){0}), PSH_DIAGRAM_AUTO), 0, NULL);
    expect_one(read_set(write_rows("a", 0, 3, (double[1]){0}), PSH_DIAGRAM_AUTO), 0, NULL);
    /* 0, 12, 40: a dimension of 40 is not plausible, so the first column is it. */
    expect_one(read_set(write_rows("a", 2, 3, (double[]){0, 12, 40, 1, 3, 5}), PSH_DIAGRAM_AUTO), 2,
               (const double[][3]){{12, 40, 0}, {3, 5, 1}});
}

static void columns_can_be_asked_for(void **state) {
    write_rows("a", 1, 3, (double[]){0, 1, 2});
    expect_one(read_columns(scratch("a"), NULL, false), 1, (const double[][3]){{0, 1, 2}});
    expect_one(read_columns(scratch("a"), "b,d,dim", false), 1, (const double[][3]){{0, 1, 2}});
    expect_one(read_columns(scratch("a"), "dim,b,d", false), 1, (const double[][3]){{1, 2, 0}});
    expect_one(read_columns(scratch_text("a", "0 1 2\n"), "b,d,dim", false), 1, (const double[][3]){{0, 1, 2}});
    expect_one(read_columns(scratch_text("a", "0 1 2\n"), "dim,b,d", false), 1, (const double[][3]){{1, 2, 0}});
    expect_one(read_columns(scratch_text("a", "0,1,2\n"), "b,d,dim", false), 1, (const double[][3]){{0, 1, 2}});
    expect_one(read_columns(scratch_text("a", "0,1\n"), "b,d", false), 1, (const double[][3]){{0, 1, 0}});
    psh_diagram_read_params params = PSH_PARAMS(psh_diagram_read_params);
    psh_diagrams *set = NULL;
    psh_error err;
    params.columns = "b,d";
    assert_int_equal(psh_diagrams_read_as(scratch_text("a", "0 1 2\n"), &params, &set, NULL, &err), PSH_ERR_FORMAT);
    assert_int_equal(psh_diagrams_read_as(scratch_text("a", "0,1,2\n"), &params, &set, NULL, &err), PSH_ERR_FORMAT);
    assert_int_equal(psh_diagrams_read_as(write_rows("a", 1, 3, (double[]){0, 1, 2}), &params, &set, NULL, &err),
                     PSH_ERR_SHAPE);
    params.columns = "d,b";
    assert_int_equal(psh_diagrams_read_as(scratch("a"), &params, &set, NULL, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "columns 'd,b'; expected b,d or dim,b,d or b,d,dim"));
}

static void arrays_that_cannot_be_used_are_named(void **state) {
    expect_fault(write_rows("x", 1, 3, (double[]){0.5, 1, 0.5}), PSH_DIAGRAM_AUTO, PSH_ERR_DATA,
                 "x: row 0: dimension 0.5; expected 0, 1, 2, ... in the third column");
    expect_fault(write_rows("x", 2, 2, (double[]){0, 1, 1, 0}), PSH_DIAGRAM_AUTO, PSH_ERR_DATA, "x: row 1: birth 1");
    expect_fault(write_rows("x", 1, 4, (double[]){0, 1, 1, 0}), PSH_DIAGRAM_AUTO, PSH_ERR_FORMAT, "no diagram by its");
    expect_fault(write_rows("x", 1, 4, (double[]){0, 1, 1, 0}), PSH_DIAGRAM_NPY, PSH_ERR_SHAPE, "an array of 1 x 4");
    expect_fault(write_npy("x", 1, (size_t[]){3}, (double[]){0, 1, 1}), PSH_DIAGRAM_NPY, PSH_ERR_SHAPE, "of 1 axes");
}

static void superlevel_files_are_negated_on_request(void **state) {
    static const double expected[][3] = {{-5, -2, 0}, {-4, INFINITY, 1}, {0, 3, 1}};
    expect_fault(scratch_text("x", "0 5 2\n"), PSH_DIAGRAM_AUTO, PSH_ERR_DATA, "convert --negate");
    expect_one(read_columns(scratch_text("a", "0 5 2\n1 4 -inf\n1 0 -3\n"), NULL, true), 3, expected);
    expect_one(read_columns(scratch_text("a", "0,5,2\n1,4,inf\n1,0,-3\n"), NULL, true), 3, expected);
    expect_one(read_columns(write_rows("a", 3, 3, (double[]){5, 2, 0, 4, -INFINITY, 1, 0, -3, 1}), NULL, true), 3,
               expected);
    expect_one(read_columns(write_rows("a", 2, 3, (double[]){0, 5, 2, 1, 4, INFINITY}), NULL, true), 2, expected);
    psh_diagrams *set = read_columns(scratch_text("a", "0 0 -3\n"), NULL, true);
    assert_true(!signbit(psh_diagrams_points(set)[0])); /* no -0 */
    char *meta = psh_meta_write_text(psh_diagrams_meta(set), 0);
    assert_string_equal(meta, "{\"negated\": true}");
    psh_text_free(meta);
    write_set(set, scratch("set.npz"), NULL); /* negated twice it does not become a diagram again */
    psh_diagrams_free(set);
    psh_diagram_read_params params = PSH_PARAMS(psh_diagram_read_params);
    params.negate = true;
    assert_int_equal(psh_diagrams_read_as(scratch("set.npz"), &params, &set, NULL, NULL), PSH_ERR_DATA);
}

/* --- CubicalRipser ------------------------------------------------------------------------------------------------ */

static void cubicalripser_rows_as_array_and_text(void **state) {
    static const double expected[][3] = {{0.5, 3, 0}, {0, INFINITY, 0}, {1, INFINITY, 2}};
    double rows[3][9] = {{0, 0.5, 3, 1, 2, 3, 4, 5, 6}, {0, 0, DBL_MAX}, {2, 1, INFINITY}};
    double wide[3][11] = {{0, 0.5, 3, 1, 2, 3, 4, 5, 6}, {0, 0, DBL_MAX}, {2, 1, INFINITY}};
    expect_one(read_set(write_rows("c", 3, 9, rows[0]), PSH_DIAGRAM_AUTO), 3, expected);
    expect_one(read_set(write_rows("c", 3, 11, wide[0]), PSH_DIAGRAM_AUTO), 3, expected);
    any_allocation_may_fail("c", PSH_DIAGRAM_AUTO);
    every_prefix("c", PSH_DIAGRAM_AUTO);
    /* Its programs print six digits, and so the greatest double as 1.79769e+308. */
    static const char text[] = "0,0.5,3,1,2,3,4,5,6\n0,0,1.79769e+308,0,0,0,0,0,0\n2,1,inf,4294967295,0,0,0,0,0\n";
    expect_one(read_text(PSH_DIAGRAM_AUTO, "c", text), 3, expected);
    any_allocation_may_fail("c", PSH_DIAGRAM_AUTO);
    every_prefix("c", PSH_DIAGRAM_CRIPSER);
    expect_one(read_text(PSH_DIAGRAM_CRIPSER, "c", "0,0.5,3\r\n0,0,1.79770e+308\r\n2,1,1e999\r\n\r\n"), 3, expected);
    expect_one(read_set(write_rows("c", 1, 3, (double[]){1, 2, DBL_MAX}), PSH_DIAGRAM_CRIPSER), 1,
               (const double[][3]){{2, INFINITY, 1}});
}

static void cubicalripser_in_diphas_format_has_the_greatest_double_for_no_death(void **state) {
    const struct {
        int64_t magic, type, n_points;
        struct {
            int64_t dim;
            double birth, death;
        } points[2];
    } file = {8067171840, 2, 2, {{1, 0.5, 3}, {0, 0, DBL_MAX}}}; /* this machine is little-endian */
    const char *path = scratch_write("c", &file, sizeof file);
    expect_one(read_set(path, PSH_DIAGRAM_AUTO), 2, (const double[][3]){{0.5, 3, 1}, {0, DBL_MAX, 0}});
    expect_one(read_set(path, PSH_DIAGRAM_CRIPSER), 2, (const double[][3]){{0.5, 3, 1}, {0, INFINITY, 0}});
}

static void cubicalripser_rows_that_cannot_be_used_are_named(void **state) {
    static const struct {
        const char *text;
        psh_status status;
        const char *part;
    } cases[] = {{"0,1,2,0,0,0,0,0,0\n0,1,2\n", PSH_ERR_CORRUPT, "x:2: 3 columns; expected as many"},
                 {"0,1,2,0,0,0,0,0,0\n0,2,1,0,0,0,0,0,0\n", PSH_ERR_DATA, "x:2: birth 2"},
                 {"0.5,1,2,0,0,0,0,0,0\n", PSH_ERR_DATA, "x:1: dimension 0.5"},
                 {"0,1,2,0,0,0,x,0,0\n", PSH_ERR_CORRUPT, "x:1: 'x' is no number"},
                 {"0,1,,0,0,0,0,0,0\n", PSH_ERR_CORRUPT, "x:1: '' is no number"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(scratch_text("x", cases[i].text), PSH_DIAGRAM_AUTO, cases[i].status, cases[i].part);
    expect_fault(scratch_text("x", "0,1,2,3\n"), PSH_DIAGRAM_CRIPSER, PSH_ERR_CORRUPT, "x:1: 4 columns; expected 3, 9");
    expect_fault(write_rows("x", 1, 9, (double[9]){-1}), PSH_DIAGRAM_AUTO, PSH_ERR_DATA, "x: row 0: dimension -1");
    expect_fault(write_rows("x", 1, 5, (double[5]){0}), PSH_DIAGRAM_CRIPSER, PSH_ERR_SHAPE, "an array of 1 x 5");
}

/* --- Perseus ------------------------------------------------------------------------------------------------------ */

static void perseus_has_the_dimension_in_its_name(void **state) {
    static const char text[] = "1 4\r\n 2 -1 \n\n3 3";
    expect_one(read_text(PSH_DIAGRAM_PERSEUS, "out_0.txt", text), 3,
               (const double[][3]){{1, 4, 0}, {2, INFINITY, 0}, {3, 3, 0}});
    expect_one(read_text(PSH_DIAGRAM_PERSEUS, "out_12.txt", text), 3,
               (const double[][3]){{1, 4, 12}, {2, INFINITY, 12}, {3, 3, 12}});
    expect_one(read_text(PSH_DIAGRAM_PERSEUS, "out2.txt", "1 2\n"), 1, (const double[][3]){{1, 2, 0}});
    expect_one(read_text(PSH_DIAGRAM_PERSEUS, "_3", "1 2\n"), 1, (const double[][3]){{1, 2, 3}});
    expect_one(read_text(PSH_DIAGRAM_PERSEUS, "out_99999999999.txt", "1 2\n"), 1, (const double[][3]){{1, 2, 0}});
    expect_one(read_text(PSH_DIAGRAM_PERSEUS, "out_1.txt", ""), 0, NULL);
    expect_fault(scratch_text("x", "1 2\n3\n"), PSH_DIAGRAM_PERSEUS, PSH_ERR_CORRUPT, "x:2: one number");
    expect_fault(scratch_text("x", "1 2 3\n"), PSH_DIAGRAM_PERSEUS, PSH_ERR_CORRUPT, "x:1: '3'; expected two numbers");
    expect_fault(scratch_text("x", "1 two\n"), PSH_DIAGRAM_PERSEUS, PSH_ERR_CORRUPT, "x:1: 'two'");
    expect_fault(scratch_text("x", "3 2\n"), PSH_DIAGRAM_PERSEUS, PSH_ERR_DATA, "x:1: birth 3 > death 2");
    expect_fault(scratch_text("x", "1 -1\n"), PSH_DIAGRAM_AUTO, PSH_ERR_DATA, "birth 1 > death -1"); /* .pers */
    scratch_text("out_1.txt", text);
    every_prefix("out_1.txt", PSH_DIAGRAM_PERSEUS);
    any_allocation_may_fail("out_1.txt", PSH_DIAGRAM_PERSEUS);
}

/* --- formats by name and path ------------------------------------------------------------------------------------- */

static void formats_have_names_and_endings(void **state) {
    psh_diagram_format found;
    psh_error err;
    for (int i = PSH_DIAGRAM_NPZ; i <= PSH_DIAGRAM_PERSEUS; i++) {
        const char *name = psh_diagram_format_name((psh_diagram_format)i);
        assert_non_null(name);
        assert_int_equal(psh_diagram_format_find(name, &found, &err), PSH_OK);
        assert_int_equal(found, i);
    }
    assert_null(psh_diagram_format_name(PSH_DIAGRAM_AUTO));
    assert_null(psh_diagram_format_name((psh_diagram_format)99));
    assert_int_equal(psh_diagram_format_find("hdf5", &found, &err), PSH_ERR_PARAMETER);
    assert_non_null(strstr(err.text, "no format 'hdf5'; expected one of npz, vtu, dipha, giotto"));
    assert_int_equal(psh_diagram_format_of_path("a.NPY", &found, &err), PSH_OK);
    assert_int_equal(found, PSH_DIAGRAM_GIOTTO);
    assert_int_equal(psh_diagram_format_of_path("a.diagram", &found, &err), PSH_OK);
    assert_int_equal(found, PSH_DIAGRAM_DIPHA);
    assert_int_equal(psh_diagram_format_of_path(".npz", &found, &err), PSH_ERR_FORMAT);
    assert_string_equal(psh_diagram_format_ending(PSH_DIAGRAM_NPY), ".npy");
    assert_null(psh_diagram_format_ending(PSH_DIAGRAM_RIPSER));
    assert_true(psh_diagram_format_holds_many(PSH_DIAGRAM_GIOTTO) && !psh_diagram_format_holds_many(PSH_DIAGRAM_PERS));
}

static void arrays_of_diagrams_are_told_from_distances(void **state) {
    static const struct {
        size_t n_axes, shape[3];
        psh_file_kind kind;
    } cases[] = {{3, {2, 2, 3}, PSH_FILE_DIAGRAMS}, {2, {4, 2}, PSH_FILE_DIAGRAMS},    {2, {4, 3}, PSH_FILE_DIAGRAMS},
                 {2, {1, 9}, PSH_FILE_DIAGRAMS},    {2, {1, 11}, PSH_FILE_DIAGRAMS},   {1, {6}, PSH_FILE_DISTANCES},
                 {2, {3, 3}, PSH_FILE_DISTANCES},   {3, {2, 3, 2}, PSH_FILE_DISTANCES}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh_file_kind found;
        const char *path = write_npy("a.npy", cases[i].n_axes, cases[i].shape, (double[12]){0});
        assert_int_equal(psh_file_detect(path, &found, NULL), PSH_OK);
        assert_int_equal(found, cases[i].kind);
    }
}

static void formats_that_are_only_read_are_not_written(void **state) {
    psh_diagrams *set = NULL;
    psh_error err;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_write(set, scratch("unwritten"), PSH_DIAGRAM_RIPSER, NULL, 0, &err), PSH_ERR_FORMAT);
    assert_non_null(strstr(err.text, "ripser is read, but not written"));
    assert_int_equal(psh_diagrams_write(set, scratch("unwritten"), PSH_DIAGRAM_NPY, NULL, 0, &err), PSH_ERR_SHAPE);
    assert_non_null(strstr(err.text, "0 diagrams, but a file of the format npy holds one"));
    assert_int_equal(access(scratch("unwritten"), F_OK), -1);
    psh_diagrams_free(set);
}

/* --- joining ------------------------------------------------------------------------------------------------------ */

static psh_diagrams *set_of(size_t n_diagrams, int64_t label, const char *const *classes, size_t n_classes) {
    psh_diagrams *set = NULL;
    assert_int_equal(psh_diagrams_create(&set, NULL), PSH_OK);
    assert_int_equal(psh_diagrams_set_label_names(set, classes, n_classes, NULL), PSH_OK);
    for (size_t i = 0; i < n_diagrams; i++)
        assert_int_equal(psh_diagrams_append(set, (double[]){(double)i, 9, 1, INFINITY}, (int32_t[]){(int32_t)i, 0}, 2,
                                             i == 1 ? "own" : NULL, label, NULL),
                         PSH_OK);
    return set;
}

static void joined_sets_keep_points_and_match_classes_by_name(void **state) {
    psh_diagrams *sets[4] = {set_of(1, 1, (const char *const[]){"b", "dog"}, 2), set_of(0, -1, NULL, 0),
                             set_of(3, 0, (const char *const[]){"cat"}, 1), set_of(1, -1, NULL, 0)};
    static const char *const names[] = {"one", "none", "three", "last"};
    static const char *const expected[] = {"one", "three[0]", "own", "three[2]", "last"};
    static const int64_t labels[] = {2, 1, 1, 1, -1}; /* b, cat, dog */
    psh_diagrams *joined = NULL;
    psh_meta_set_text(psh_diagrams_meta(sets[0]), "from", "a");
    psh_meta_set_text(psh_diagrams_meta(sets[2]), "from", "a");
    psh_meta_set_text(psh_diagrams_meta(sets[3]), "from", "b");
    assert_int_equal(psh_diagrams_join((const psh_diagrams *const *)sets, names, 4, &joined, NULL), PSH_OK);
    assert_invariants(joined);
    assert_int_equal(psh_diagrams_count(joined), 5);
    assert_int_equal(psh_diagrams_n_points(joined), 10);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(psh_diagrams_name(joined, i), expected[i]);
        assert_int_equal(psh_diagrams_labels(joined)[i], labels[i]);
    }
    assert_int_equal(psh_diagrams_n_classes(joined), 3);
    assert_string_equal(psh_diagrams_label_name(joined, 1), "cat");
    char *meta = psh_meta_write_text(psh_diagrams_meta(joined), 0);
    assert_string_equal(meta, "{\"joined\": [{\"from\": \"a\"}, {\"from\": \"b\"}]}");
    psh_text_free(meta);
    psh_diagrams_free(joined);
    for (unsigned long n = 1;; n++) {
        joined = NULL;
        psh__alloc_fail_at(n);
        psh_status status = psh_diagrams_join((const psh_diagrams *const *)sets, names, 4, &joined, NULL);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK || (status == PSH_ERR_MEMORY && !joined));
        psh_diagrams_free(joined);
        if (status == PSH_OK) break;
    }
    for (int i = 0; i < 4; i++) psh_diagrams_free(sets[i]);
}

static void joined_classes_keep_their_numbers_where_they_agree(void **state) {
    static const char *const classes[] = {"z", "a"};
    psh_diagrams *sets[3] = {set_of(1, 0, classes, 2), set_of(1, 1, classes, 2), set_of(1, -1, NULL, 0)},
                 *joined = NULL;
    assert_int_equal(psh_diagrams_join((const psh_diagrams *const *)sets, NULL, 3, &joined, NULL), PSH_OK);
    assert_string_equal(psh_diagrams_label_name(joined, 0), "z");
    assert_true(psh_diagrams_labels(joined)[0] == 0 && psh_diagrams_labels(joined)[1] == 1);
    assert_string_equal(psh_diagrams_name(joined, 0), "");
    psh_diagrams_free(joined);
    psh_diagrams_free(sets[2]);
    sets[2] = set_of(1, 7, NULL, 0);
    psh_error err = {0};
    assert_int_equal(psh_diagrams_join((const psh_diagrams *const *)sets, NULL, 3, &joined, &err), PSH_ERR_DATA);
    assert_non_null(strstr(err.text, "names"));
    assert_int_equal(psh_diagrams_join((const psh_diagrams *const *)sets + 2, NULL, 1, &joined, &err), PSH_OK);
    assert_int_equal(psh_diagrams_labels(joined)[0], 7);
    psh_diagrams_free(joined);
    assert_int_equal(psh_diagrams_join(NULL, NULL, 0, &joined, &err), PSH_OK);
    assert_int_equal(psh_diagrams_count(joined), 0);
    psh_diagrams_free(joined);
    for (int i = 0; i < 3; i++) psh_diagrams_free(sets[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ripser_output_is_recognised),
        cmocka_unit_test(ripser_outputs_in_one_file_are_one_diagram_each),
        cmocka_unit_test(ripser_lines_that_cannot_be_used_are_named),
        cmocka_unit_test(giotto_rows_on_the_diagonal_are_padding),
        cmocka_unit_test(giotto_is_written_as_giotto_pads),
        cmocka_unit_test(giotto_keeps_diagrams_without_points),
        cmocka_unit_test(giotto_arrays_that_cannot_be_used_are_named),
        cmocka_unit_test(arrays_of_two_and_three_columns),
        cmocka_unit_test(columns_can_be_asked_for),
        cmocka_unit_test(arrays_that_cannot_be_used_are_named),
        cmocka_unit_test(superlevel_files_are_negated_on_request),
        cmocka_unit_test(cubicalripser_rows_as_array_and_text),
        cmocka_unit_test(cubicalripser_in_diphas_format_has_the_greatest_double_for_no_death),
        cmocka_unit_test(cubicalripser_rows_that_cannot_be_used_are_named),
        cmocka_unit_test(perseus_has_the_dimension_in_its_name),
        cmocka_unit_test(formats_have_names_and_endings),
        cmocka_unit_test(arrays_of_diagrams_are_told_from_distances),
        cmocka_unit_test(formats_that_are_only_read_are_not_written),
        cmocka_unit_test(joined_sets_keep_points_and_match_classes_by_name),
        cmocka_unit_test(joined_classes_keep_their_numbers_where_they_agree),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
