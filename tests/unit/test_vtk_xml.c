/* test_vtk_xml.c : every encoding of VTK's XML files gives the same values, and what is damaged, hostile or not
 * supported is refused with words. The files of golden/vtk were written by VTK 9.7 from one small image. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/vtk_xml.h"

#define N_POINTS 24
#define N_CELLS 6

static const char *const files[] = {
    "ascii_none_32_little",  "binary_none_32_little", "binary_zlib_64_big", "raw_none_64_little",
    "raw_none_32_big",       "raw_zlib_32_little",    "raw_zlib_64_big",    "base64_none_64_big",
    "base64_none_32_little", "base64_zlib_32_little", "base64_zlib_64_big",
};
#define N_FILES (sizeof files / sizeof *files)

static psh__bytes load(const char *name) {
    char path[512];
    psh__bytes bytes;
    snprintf(path, sizeof path, "%s/vtk/%s.vti", PSH_TEST_DATA, name);
    assert_int_equal(psh__bytes_read(path, &bytes, NULL), PSH_OK);
    return bytes;
}

static psh__vtk parse(const uint8_t *bytes, size_t n_bytes) {
    psh__vtk vtk;
    psh_error err = {0};
    if (psh__vtk_parse(bytes, n_bytes, &vtk, &err) != PSH_OK) fail_msg("%s", err.text);
    return vtk;
}

static psh__array read_array(const psh__vtk *vtk, psh__vtk_section section, const char *name) {
    psh__array values;
    psh_error err = {0};
    const psh__vtk_array *array = psh__vtk_find(vtk, section, name);
    assert_non_null(array);
    if (psh__vtk_read(vtk, array, &values, &err) != PSH_OK) fail_msg("%s", err.text);
    return values;
}

/* --- what VTK writes ---------------------------------------------------------------------------------------------- */

/* The values that the image was made of. */
static double expected(const char *name, size_t i, size_t k) {
    double x = (double)i, shifted = (double)(i * 7919 % 1000);
    if (!strcmp(name, "height")) return shifted / 8 - 50;
    if (!strcmp(name, "precise")) return shifted / 7;
    if (!strcmp(name, "mask")) return (double)(i * 37 % 256);
    if (!strcmp(name, "counts")) return (double)(i * 1000003 % 65536) - 32768;
    if (!strcmp(name, "velocity")) return k == 0 ? x : k == 1 ? -x : x * x;
    if (!strcmp(name, "big")) return x * 0x1p40 - 5;
    return x * 1.5; /* cell */
}

static void every_encoding_gives_the_values_that_were_written(void **state) {
    static const char *const names[] = {"height", "precise", "mask", "counts", "velocity", "big"};
    for (size_t i_file = 0; i_file < N_FILES; i_file++) {
        psh__bytes bytes = load(files[i_file]);
        psh__vtk vtk = parse(bytes.data, bytes.n_bytes);
        assert_true(psh__vtk_is(bytes.data, bytes.n_bytes));
        assert_string_equal(vtk.type, "ImageData");
        assert_string_equal(vtk.active_points, "height");
        assert_string_equal(vtk.active_cells, "cell");
        assert_int_equal(vtk.n_points, N_POINTS);
        assert_int_equal(vtk.n_cells, N_CELLS);
        assert_true(vtk.sides[0] == 4 && vtk.sides[1] == 3 && vtk.sides[2] == 2);
        for (size_t i_name = 0; i_name <= 6; i_name++) {
            const char *name = i_name < 6 ? names[i_name] : "cell";
            psh__array values = read_array(&vtk, i_name < 6 ? PSH__VTK_POINT_DATA : PSH__VTK_CELL_DATA, name);
            size_t n_components = !strcmp(name, "velocity") ? 3 : 1;
            assert_int_equal(values.n_items, (i_name < 6 ? N_POINTS : N_CELLS) * n_components);
            double *doubles;
            assert_int_equal(psh__array_to_f64(&values, name, &doubles, NULL), PSH_OK);
            for (size_t i = 0; i < values.n_items; i++)
                assert_true(doubles[i] == expected(name, i / n_components, i % n_components));
            psh__free(doubles);
            psh__array_free(&values);
        }
        psh__vtk_free(&vtk);
        psh__bytes_free(&bytes);
    }
}

static void texts_come_as_bytes_with_a_zero_after_each(void **state) {
    for (size_t i = 0; i < N_FILES; i++) {
        psh__bytes bytes = load(files[i]);
        psh__vtk vtk = parse(bytes.data, bytes.n_bytes);
        psh__array values = read_array(&vtk, PSH__VTK_FIELD_DATA, "words");
        assert_int_equal(values.n_items, 14);
        assert_memory_equal(values.data, "one\0\0zwei <&>", 14);
        psh__array_free(&values);
        psh__vtk_free(&vtk);
        psh__bytes_free(&bytes);
    }
}

static void arrays_are_listed_with_type_and_components(void **state) {
    char text[200], little[20];
    psh__bytes bytes = load(files[0]);
    psh__vtk vtk = parse(bytes.data, bytes.n_bytes);
    assert_string_equal(
        psh__vtk_list(&vtk, PSH__VTK_POINT_DATA, text, sizeof text),
        "height (Float32), precise (Float64), mask (UInt8), counts (Int16), velocity (Float32 x 3), big "
        "(Int64)");
    assert_string_equal(psh__vtk_list(&vtk, PSH__VTK_CELL_DATA, text, sizeof text), "cell (Float64)");
    assert_string_equal(psh__vtk_list(&vtk, PSH__VTK_POLYS, text, sizeof text), "none");
    assert_string_equal(psh__vtk_list(&vtk, PSH__VTK_POINT_DATA, little, sizeof little), "height (Float32), p");
    psh__vtk_free(&vtk);
    psh__bytes_free(&bytes);
}

static void other_compressors_are_named(void **state) {
    psh_error err;
    psh__array values;
    psh__bytes bytes = load("raw_lz4_64_little");
    psh__vtk vtk = parse(bytes.data, bytes.n_bytes);
    assert_int_equal(psh__vtk_read(&vtk, psh__vtk_find(&vtk, PSH__VTK_POINT_DATA, "mask"), &values, &err),
                     PSH_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "array 'mask': compressed by 'vtkLZ4DataCompressor'; expected"));
    psh__vtk_free(&vtk);
    psh__bytes_free(&bytes);
}

static void raw_values_are_borrowed_from_the_file(void **state) {
    psh__bytes bytes = load("raw_none_64_little");
    psh__vtk vtk = parse(bytes.data, bytes.n_bytes);
    psh__array values = read_array(&vtk, PSH__VTK_POINT_DATA, "height");
    assert_null(values.owned);
    assert_true((const uint8_t *)values.data > bytes.data && (const uint8_t *)values.data < bytes.data + bytes.n_bytes);
    psh__vtk_free(&vtk);
    psh__bytes_free(&bytes);
}

/* --- written by hand ---------------------------------------------------------------------------------------------- */

#define HEAD "<VTKFile type=\"ImageData\"><ImageData><Piece Extent=\"0 1 0 1 0 0\">"
#define TAIL "</Piece></ImageData></VTKFile>"
#define POINTS(attributes, values)                                                                                     \
    HEAD "<PointData><DataArray Name=\"a\" " attributes ">" values "</DataArray></PointData>" TAIL

static void ascii_has_signs_limits_and_words(void **state) {
    static const struct {
        const char *file;
        double values[4];
    } cases[] = {
        {POINTS("type=\"Int8\"", "-128 +127\n0\t-0"), {-128, 127, 0, 0}},
        {POINTS("type=\"UInt64\"", "18446744073709551615 0 1 2"), {0x1p64, 0, 1, 2}},
        {POINTS("type=\"Int64\"", "-9223372036854775808 9223372036854775807 1 2"), {-0x1p63, 0x1p63, 1, 2}},
        {POINTS("type=\"Float64\" format=\"ascii\"", "1e300 -inf 0.1 .5"), {1e300, -INFINITY, 0.1, 0.5}},
        {POINTS("type=\"Float32\"", "0.1 1e-50 3 4"), {0.1f, 0, 3, 4}},
        {POINTS("type=\"Float64\"", "<InformationKey name=\"x\" location=\"y\">7 8</InformationKey> 1 2 3 4"),
         {1, 2, 3, 4}},
        {POINTS("type=\"Float64\"", "1 2 3 4 <InformationKey>5</InformationKey>"), {1, 2, 3, 4}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh__vtk vtk = parse((const uint8_t *)cases[i].file, strlen(cases[i].file));
        psh__array values = read_array(&vtk, PSH__VTK_POINT_DATA, "a");
        double *doubles;
        assert_int_equal(values.n_items, 4);
        assert_int_equal(psh__array_to_f64(&values, "a", &doubles, NULL), PSH_OK);
        assert_memory_equal(doubles, cases[i].values, sizeof cases[i].values);
        psh__free(doubles);
        psh__array_free(&values);
        psh__vtk_free(&vtk);
    }
}

static void a_file_that_is_wrong_says_how(void **state) {
    static const struct {
        const char *file;
        psh_status status;
        const char *text;
    } cases[] = {
        {"", PSH_ERR_CORRUPT, "line 1: no element found"},
        {"<svg></svg>", PSH_ERR_FORMAT, "outermost element is <svg>; expected a VTK file"},
        {"<!DOCTYPE a [<!ENTITY b \"bbbb\">]><VTKFile/>", PSH_ERR_UNSUPPORTED, "a document type"},
        {"<VTKFile type=\"PUnstructuredGrid\"/>", PSH_ERR_UNSUPPORTED, "give the pieces that it names"},
        {"<VTKFile type=\"vtkMultiBlockDataSet\"/>", PSH_ERR_UNSUPPORTED, "an index of other files"},
        {"<VTKFile type=\"Table\"/>", PSH_ERR_UNSUPPORTED, "VTK file of type 'Table'; expected ImageData"},
        {"<VTKFile/>", PSH_ERR_UNSUPPORTED, "VTK file of type ''"},
        {"<VTKFile type=\"ImageData\" header_type=\"UInt16\"/>", PSH_ERR_CORRUPT, "header_type 'UInt16'"},
        {"<VTKFile type=\"ImageData\" byte_order=\"Middle\"/>", PSH_ERR_CORRUPT, "byte_order 'Middle'"},
        {"<VTKFile type=\"ImageData\"/>", PSH_ERR_CORRUPT, "without a <Piece>"},
        {"<VTKFile type=\"ImageData\">\n<Piece Extent=\"0 1 0 1 0\"/></VTKFile>", PSH_ERR_CORRUPT,
         "line 2: Extent=\"0 1 0 1 0\"; expected six integers"},
        {"<VTKFile type=\"ImageData\"><Piece Extent=\"0 1 0 1 0 0 0\"/></VTKFile>", PSH_ERR_CORRUPT, "six integers"},
        {"<VTKFile type=\"ImageData\"><Piece Extent=\"-9e18 9e18 0 1 0 1\"/></VTKFile>", PSH_ERR_CORRUPT, "six"},
        {"<VTKFile type=\"ImageData\"><Piece Extent=\"0 9223372036854775806 0 9 0 1\"/></VTKFile>", PSH_ERR_CORRUPT,
         "six integers"},
        {"<VTKFile type=\"UnstructuredGrid\"><Piece NumberOfPoints=\"-1\"/></VTKFile>", PSH_ERR_CORRUPT,
         "NumberOfPoints=\"-1\"; expected a count"},
        {"<VTKFile type=\"UnstructuredGrid\"><Piece NumberOfPoints=\"99999999999999999999\"/></VTKFile>",
         PSH_ERR_CORRUPT, "expected a count"},
        {"<VTKFile type=\"PolyData\"><Piece NumberOfPoints=\"1\" NumberOfVerts=\"9000000000000000000\" "
         "NumberOfPolys=\"9000000000000000000\"/></VTKFile>",
         PSH_ERR_CORRUPT, "more cells than"},
        {"<VTKFile type=\"UnstructuredGrid\"><Piece NumberOfPoints=\"1\"/><Piece NumberOfPoints=\"2\"/></VTKFile>",
         PSH_ERR_UNSUPPORTED, "a second piece with points"},
        {POINTS("type=\"Int8\" format=\"mime\"", ""), PSH_ERR_CORRUPT, "format 'mime'; expected"},
        {POINTS("type=\"Int8\" format=\"appended\"", ""), PSH_ERR_CORRUPT, "appended with an offset"},
        {POINTS("type=\"Int8\" NumberOfComponents=\"0\"", ""), PSH_ERR_CORRUPT, "array 'a' of 0 components"},
        {POINTS("type=\"Int8\" NumberOfComponents=\"x\"", ""), PSH_ERR_CORRUPT, "NumberOfComponents=\"x\""},
        {HEAD, PSH_ERR_CORRUPT, "no element found; the file is damaged or truncated"},
        {HEAD "<a></b>", PSH_ERR_CORRUPT, "mismatched tag"},
        {HEAD "<AppendedData encoding=\"raw\"> x", PSH_ERR_CORRUPT, "do not begin with _"},
        {HEAD "<AppendedData encoding=\"raw\">", PSH_ERR_CORRUPT, "do not begin with _"},
        {HEAD "<AppendedData encoding=\"hex\">_", PSH_ERR_UNSUPPORTED, "encoded as 'hex'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh_error err = {0};
        psh__vtk vtk;
        psh_status status = psh__vtk_parse((const uint8_t *)cases[i].file, strlen(cases[i].file), &vtk, &err);
        if (status != cases[i].status || !strstr(err.text, cases[i].text))
            fail_msg("%s: found %s '%s'; expected '%s'", cases[i].file, psh_status_name(status), err.text,
                     cases[i].text);
    }
}

#define RAW(header)                                                                                                    \
    "<VTKFile type=\"ImageData\" header_type=\"UInt32\"" header "><ImageData><Piece Extent=\"0 1 0 1 0 0\">"           \
    "<PointData><DataArray Name=\"a\" type=\"Float32\" format=\"appended\" offset=\"0\"/></PointData></Piece>"         \
    "</ImageData><AppendedData encoding=\"raw\">_"
#define ZLIB RAW(" compressor=\"vtkZLibDataCompressor\"")
#define CASE(literal) literal, sizeof(literal) - 1

static void values_that_cannot_be_read_say_why(void **state) {
    static const struct {
        const char *file;
        size_t n_bytes;
        psh_status status;
        const char *text;
    } cases[] = {
        {CASE(POINTS("type=\"Int8\"", "1 2 3")), PSH_ERR_CORRUPT, "array 'a': 3 bytes of values; expected 4 values"},
        {CASE(POINTS("type=\"Int8\"", "1 2 3 4 5")), PSH_ERR_CORRUPT, "5 bytes of values; expected 4"},
        {CASE(POINTS("type=\"Int8\"", "1 2 3 128")), PSH_ERR_CORRUPT, "'128'; expected a value of type Int8"},
        {CASE(POINTS("type=\"UInt8\"", "1 2 3 -4")), PSH_ERR_CORRUPT, "'-4'; expected a value of type UInt8"},
        {CASE(POINTS("type=\"UInt64\"", "1 2 3 18446744073709551616")), PSH_ERR_CORRUPT, "18446744073709551616"},
        {CASE(POINTS("type=\"Int32\"", "1 2 3 -")), PSH_ERR_CORRUPT, "'-'"},
        {CASE(POINTS("type=\"Float32\"", "1 2 3 1e39")), PSH_ERR_CORRUPT, "'1e39'"},
        {CASE(POINTS("type=\"Float64\"", "1 2 3 1e999")), PSH_ERR_CORRUPT, "'1e999'"},
        {CASE(POINTS("type=\"Float64\"", "1 2 &#51; 4")), PSH_ERR_CORRUPT, "'&#51;'"},
        {CASE(POINTS("type=\"Bit\"", "1 0 1 0")), PSH_ERR_UNSUPPORTED, "type 'Bit'; expected Int8"},
        {CASE(POINTS("type=\"Int8\" NumberOfComponents=\"9000000000000000000\"", "1")), PSH_ERR_CORRUPT,
         "4 x 9000000000000000000 values"},
        {CASE(POINTS("type=\"Int8\" format=\"binary\"", "")), PSH_ERR_CORRUPT, "no base64"},
        {CASE(POINTS("type=\"Int8\" format=\"binary\"", "BAAAAA")), PSH_ERR_CORRUPT, "no base64"},
        {CASE(POINTS("type=\"Int8\" format=\"binary\"", "BAAA*AAAAAA=")), PSH_ERR_CORRUPT, "no base64"},
        {CASE(POINTS("type=\"Int8\" format=\"binary\"", "BAAAAAEC")), PSH_ERR_CORRUPT, "only 2 are left"},
        {CASE(POINTS("type=\"Int8\" format=\"appended\" offset=\"0\"", "")), PSH_ERR_CORRUPT, "at offset 0"},
        {CASE(RAW("") "\20\0\0\0abcdabcdabcdabc"), PSH_ERR_CORRUPT, "16 bytes of values, but only 15 are left"},
        {CASE(RAW("") "\14\0\0\0abcdabcdabcd"), PSH_ERR_CORRUPT, "12 bytes of values; expected 4 values of 4"},
        {CASE(RAW("") "\20\0"), PSH_ERR_CORRUPT, "the values end too early"},
        {CASE(ZLIB "\377\377\377\377\0\0\1\0\0\0\0\0"), PSH_ERR_CORRUPT, "4294967295 compressed blocks, but only 0"},
        {CASE(ZLIB "\1\0\0\0\0\0\0\377\0\0\0\0\4\0\0\0abcd"), PSH_ERR_CORRUPT, "4 compressed bytes cannot hold 1"},
        {CASE(ZLIB "\1\0\0\0\20\0\0\0\0\0\0\0\5\0\0\0abcd"), PSH_ERR_CORRUPT, "but only 4 are left"},
        {CASE(ZLIB "\1\0\0\0\20\0\0\0\0\0\0\0\4\0\0\0abcd"), PSH_ERR_CORRUPT, "a damaged zlib block"},
        {CASE(ZLIB "\1\0\0\0\20\0\0\0\21\0\0\0\4\0\0\0abcd"), PSH_ERR_CORRUPT, "cannot hold 1 blocks of 16"},
        {CASE(ZLIB "\0\0\0\0"), PSH_ERR_CORRUPT, "0 bytes of values; expected 4"},
        {CASE("<VTKFile type=\"ImageData\" compressor=\"vtkZLibDataCompressor\"><Piece Extent=\"0 1 0 1 0 "
              "0\"><PointData>"
              "<DataArray Name=\"a\" type=\"Int8\" format=\"binary\">AQAAAAQAAAAAAAAAAAAAAA==</DataArray></PointData>"
              "</Piece></VTKFile>"),
         PSH_ERR_CORRUPT, "a damaged zlib block"}, /* a block of no bytes */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        psh_error err = {0};
        psh__array values;
        psh__vtk vtk = parse((const uint8_t *)cases[i].file, cases[i].n_bytes);
        psh_status status = psh__vtk_read(&vtk, psh__vtk_find(&vtk, PSH__VTK_POINT_DATA, "a"), &values, &err);
        if (status != cases[i].status || !strstr(err.text, cases[i].text))
            fail_msg("case %zu: found %s '%s'; expected '%s'", i, psh_status_name(status), err.text, cases[i].text);
        psh__vtk_free(&vtk);
    }
}

static void base64_may_be_broken_into_lines_and_padded_in_the_middle(void **state) {
    /* header 4 0 0 0 and values 1 2 3 4: as one run; with blanks; header and data each with padding */
    static const char *const texts[] = {"BAAAAAECAwQ=", " BAAA\n  AAEC\r\n AwQ=\n", "BAAAAA==AQIDBA=="};
    for (size_t i = 0; i < 3; i++) {
        char file[600];
        snprintf(file, sizeof file, POINTS("type=\"Int8\" format=\"binary\"", "%s"), texts[i]);
        psh__vtk vtk = parse((const uint8_t *)file, strlen(file));
        psh__array values = read_array(&vtk, PSH__VTK_POINT_DATA, "a");
        assert_int_equal(values.n_items, 4);
        assert_memory_equal(values.data, "\1\2\3\4", 4);
        psh__array_free(&values);
        psh__vtk_free(&vtk);
    }
}

static void empty_pieces_are_passed_over(void **state) {
#define PIECE(n, values)                                                                                               \
    "<Piece NumberOfPoints=\"" n "\"><PointData Scalars=\"s" n "\"><DataArray type=\"Int8\" Name=\"a\">" values        \
    "</DataArray></PointData></Piece>"
#define GRID(pieces) "<VTKFile type=\"UnstructuredGrid\">" pieces "</VTKFile>"
    static const char *const grids[] = {GRID(PIECE("0", "") PIECE("2", "5 6") PIECE("0", "")), GRID(PIECE("2", "5 6")),
                                        GRID(PIECE("0", "") PIECE("0", "") PIECE("2", "5 6"))};
    for (size_t i = 0; i < 3; i++) {
        psh__vtk vtk = parse((const uint8_t *)grids[i], strlen(grids[i]));
        assert_int_equal(vtk.n_points, 2);
        assert_int_equal(vtk.n_arrays, 1);
        assert_string_equal(vtk.active_points, "s2");
        psh__array values = read_array(&vtk, PSH__VTK_POINT_DATA, "a");
        assert_memory_equal(values.data, "\5\6", 2);
        psh__array_free(&values);
        psh__vtk_free(&vtk);
    }
    psh__vtk vtk = parse((const uint8_t *)GRID(PIECE("0", "")), sizeof GRID(PIECE("0", "")) - 1);
    assert_int_equal(vtk.n_arrays, 1);
    psh__vtk_free(&vtk);
}

/* Payloads are found by their place in the file, while expat is fed a megabyte at a time. */
static void payloads_that_cross_the_chunks_are_whole(void **state) {
    size_t room = (size_t)3 << 20, n_chars = 0, n_values = 300001;
    char *file = malloc(room);
    n_chars += (size_t)snprintf(file, room,
                                "<VTKFile type=\"UnstructuredGrid\"><Piece NumberOfPoints=\"%zu\"><PointData>"
                                "<DataArray type=\"Int32\" Name=\"a\">\n",
                                n_values);
    for (size_t i = 0; i < n_values; i++) n_chars += (size_t)snprintf(file + n_chars, room - n_chars, "%zu\r\n", i * 7);
    n_chars += (size_t)snprintf(file + n_chars, room - n_chars, "</DataArray></PointData></Piece></VTKFile>");
    psh__vtk vtk = parse((const uint8_t *)file, n_chars);
    psh__array values = read_array(&vtk, PSH__VTK_POINT_DATA, "a");
    assert_int_equal(values.n_items, n_values);
    for (size_t i = 0; i < n_values; i++) assert_int_equal(((const int32_t *)values.data)[i], i * 7);
    psh__array_free(&values);
    psh__vtk_free(&vtk);
    free(file);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static psh_status read_all(const psh__bytes *bytes, psh_error *err) {
    psh__vtk vtk;
    psh__array values;
    psh_status status = psh__vtk_parse(bytes->data, bytes->n_bytes, &vtk, err);
    if (status != PSH_OK) return status;
    for (size_t i = 0; i < vtk.n_arrays && status == PSH_OK; i++) {
        status = psh__vtk_read(&vtk, &vtk.arrays[i], &values, err);
        if (status == PSH_OK) psh__array_free(&values);
    }
    psh__vtk_free(&vtk);
    return status;
}

static void every_allocation_may_fail(void **state) {
    for (size_t i = 0; i < N_FILES; i++) {
        psh__bytes bytes = load(files[i]);
        psh_status status = PSH_ERR_MEMORY;
        for (unsigned long n = 1; status != PSH_OK; n++) {
            psh_error err = {0};
            psh__alloc_fail_at(n);
            status = read_all(&bytes, &err);
            psh__alloc_fail_at(0);
            if (status != PSH_OK && status != PSH_ERR_MEMORY) fail_msg("allocation %lu: %s", n, err.text);
            assert_true(n < 500);
        }
        psh__bytes_free(&bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_encoding_gives_the_values_that_were_written),
        cmocka_unit_test(texts_come_as_bytes_with_a_zero_after_each),
        cmocka_unit_test(arrays_are_listed_with_type_and_components),
        cmocka_unit_test(other_compressors_are_named),
        cmocka_unit_test(raw_values_are_borrowed_from_the_file),
        cmocka_unit_test(ascii_has_signs_limits_and_words),
        cmocka_unit_test(a_file_that_is_wrong_says_how),
        cmocka_unit_test(values_that_cannot_be_read_say_why),
        cmocka_unit_test(base64_may_be_broken_into_lines_and_padded_in_the_middle),
        cmocka_unit_test(empty_pieces_are_passed_over),
        cmocka_unit_test(payloads_that_cross_the_chunks_are_whole),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
