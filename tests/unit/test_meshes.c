/* test_meshes.c : OFF, OBJ and PLY from memory. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "item_scratch.h"

static const reader off = {NULL, psh__off_read_item, NULL}, obj = {NULL, psh__obj_read_item, NULL},
                    ply = {NULL, psh__ply_read_item, NULL};

#define TEXT(text) (text), sizeof(text) - 1

/* A unit square as two triangles: what most files here hold. */
static const double corners[12] = {0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0};
static const uint32_t halves[6] = {0, 1, 2, 0, 2, 3};

static void assert_mesh(psh_item item, const double *vertices, size_t n_vertices, const uint32_t *triangles,
                        size_t n_triangles) {
    assert_int_equal(item.kind, PSH_ITEM_MESH);
    assert_int_equal(item.mesh->n_vertices, n_vertices);
    assert_int_equal(item.mesh->n_triangles, n_triangles);
    assert_memory_equal(item.mesh->vertices, vertices, n_vertices * 24);
    if (n_triangles) assert_memory_equal(item.mesh->triangles, triangles, n_triangles * 12);
    psh_item_free(&item);
}

static void assert_square(psh_item item) {
    assert_mesh(item, corners, 4, halves, 2);
}

static void assert_field(const reader *format, const char *field, const void *data, size_t n_bytes,
                         const double *values, size_t n_values) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.field = field;
    psh_item item = read_good(format, &params, data, n_bytes);
    assert_int_equal(item.mesh->n_vertices, n_values);
    assert_non_null(item.mesh->values);
    assert_memory_equal(item.mesh->values, values, n_values * 8);
    psh_item_free(&item);
}

/* --- OFF ------------------------------------------------------------------------------------------------------------
 */

static const char off_square[] = "OFF\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n";

static void test_off_of_every_spelling(void **state) {
    assert_square(read_good(&off, NULL, TEXT(off_square)));
    assert_square(read_good(&off, NULL, TEXT("OFF4 2 5\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n3 0 1 2\n3 0 2 3")));
    assert_square(read_good(&off, NULL, TEXT("OFF 4 1\r\n0 0 0\r\n1 0 0\r\n1 1 0\r\n0 1 0\r\n4 0 1 2 3\r\n")));
    assert_square(read_good(&off, NULL,
                            TEXT("\xef\xbb\xbf# by hand\nCOFF # colours\n\n4\n1 # faces\n0 0 0 255 0 0 255\n"
                                 "1 0 0 0 255 0 255\n  1\t1 0 0 0 255 255\n0 1 0 1 1 1 1\n\n4 0 1 2 3 0.5 0.5 0.5\n")));
    assert_square(
        read_good(&off, NULL, TEXT("NOFF\n4 1 0\n0 0 0 0 0 1\n1 0 0 0 0 1\n1 1 0 0 0 1\n0 1 0 0 0 1\n4 0 1 2 3\n")));
    assert_square(read_good(&off, NULL, TEXT("STCNOFF\n4 1 0\n0 0 0 9\n1 0 0 9\n1 1 0 9\n0 1 0 9\n4 0 1 2 3\n")));
    assert_square(read_good(&off, NULL, TEXT("nOFF 2\n4 1 0\n0 0\n1 0\n1 1\n0 1\n4 0 1 2 3\n")));
    assert_square(read_good(&off, NULL, TEXT("nOFF\n3\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n")));
}

static void test_off_of_points_is_a_mesh_without_triangles_or_a_cloud(void **state) {
    assert_mesh(read_good(&off, NULL, TEXT("OFF\n4 0 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n")), corners, 4, NULL, 0);
    psh_item item = read_good(&off, NULL, TEXT("nOFF\n5 2 0 0\n1 2 3 4 5\n6 7 8 9 1e1\n"));
    assert_int_equal(item.kind, PSH_ITEM_CLOUD);
    assert_true(item.cloud->n_points == 2 && item.cloud->n_axes == 5);
    for (int i = 0; i < 10; i++) assert_true(item.cloud->points[i] == i + 1);
    psh_item_free(&item);
    assert_mesh(read_good(&off, NULL, TEXT("OFF\n0 0 0\n")), corners, 0, NULL, 0);
}

static void test_off_faults_are_named(void **state) {
    assert_bad(&off, NULL, TEXT("OFF\n4 1"), PSH_ERR_CORRUPT, "4 vertices and 1 faces announced");
    assert_bad(&off, NULL, TEXT("OFF"), PSH_ERR_CORRUPT, "truncated before the number of vertices");
    assert_bad(&off, NULL, TEXT("OFFICE 1 1"), PSH_ERR_CORRUPT, "no OFF");
    assert_bad(&off, NULL, TEXT("OFF -1 0 0"), PSH_ERR_CORRUPT, "the number of vertices is -1");
    assert_bad(&off, NULL, TEXT("OFF BINARY"), PSH_ERR_UNSUPPORTED, "binary");
    assert_bad(&off, NULL, TEXT("4OFF 0 0 0"), PSH_ERR_UNSUPPORTED, "homogeneous");
    assert_bad(&off, NULL, TEXT("nOFF 4 3 1 0\n0 0 0 0\n0 0 0 0\n0 0 0 0\n3 0 1 2\n"), PSH_ERR_UNSUPPORTED,
               "4 dimensions");
    assert_bad(&off, NULL, TEXT("OFF 1000000000000000000 0 0\n0 0 0\n"), PSH_ERR_CORRUPT, "1000000000000000000");
    assert_bad(&off, NULL, TEXT("OFF 0 1000000000000000000 0\n0 0 0\n"), PSH_ERR_CORRUPT, "1000000000000000000");
    assert_bad(&off, NULL, TEXT("nOFF 1000000000000000000 1000000000000000000 0\n0 0\n"), PSH_ERR_CORRUPT, "announced");
    assert_bad(&off, NULL, TEXT("OFF 1 0\n0 0\n      "), PSH_ERR_CORRUPT, "line 2 ends too early");
    assert_bad(&off, NULL, TEXT("OFF 1 0\n0 0 zero\n"), PSH_ERR_CORRUPT, "line 2: 'zero' is no number");
    assert_bad(&off, NULL, TEXT("OFF 1 0\n0 0 nan\n"), PSH_ERR_NOT_FINITE, "the z of vertex 0");
    assert_bad(&off, NULL, TEXT("OFF 1 0\n0 0 1e999\n"), PSH_ERR_NOT_FINITE, "1e999");
    assert_bad(&off, NULL, TEXT("OFF 1 1\n0 0 0\n3 0 0 1\n"), PSH_ERR_DATA, "has vertex 1, but there are only 1");
    assert_bad(&off, NULL, TEXT("OFF 1 1\n0 0 0\n3 0 0 -1\n"), PSH_ERR_DATA, "line 3: a face has vertex -1");
    assert_bad(&off, NULL, TEXT("OFF 1 1\n0 0 0\n2 0 0 0 0\n"), PSH_ERR_DATA, "line 3: a face of 2 corners");
    assert_bad(&off, NULL, TEXT("OFF 1 1\n0 0 0\n4 0 0 0\n"), PSH_ERR_CORRUPT, "line 3 ends too early");
    assert_bad(&off, NULL, TEXT("OFF 1 0\n0 0 0\n0 0 1\n"), PSH_ERR_CORRUPT, "line 3: OFF goes on");
}

static void test_off_cut_anywhere_fails(void **state) {
    assert_prefixes_fail(&off, NULL, TEXT(off_square), 1); /* the last newline */
    assert_any_allocation_may_fail(&off, NULL, TEXT(off_square));
    assert_any_allocation_may_fail(&off, NULL, TEXT("nOFF\n5 2 0 0\n1 2 3 4 5\n6 7 8 9 1e1\n"));
}

/* --- OBJ ------------------------------------------------------------------------------------------------------------
 */

static const char obj_square[] = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n";

static void test_obj_of_every_spelling(void **state) {
    assert_square(read_good(&obj, NULL, TEXT(obj_square)));
    assert_square(
        read_good(&obj, NULL,
                  TEXT("# Blender\nmtllib a.mtl\no Plane\nv 0 0 0 1.0\nv 1.0 0 0 0.1 0.2 0.3\nv 1 1 0\n"
                       "v 0 1 0\nvn 0 0 1\nvt 0 0\nusemtl x\ns off\nf 1/1/1 2/1/1 3/1/1\nf 1//1 3//1 4/1\n")));
    assert_square(read_good(&obj, NULL, TEXT("v 0 0 0\nv 1 0 0\nv 1 1 0\nf -3 -2 -1\nv 0 1 0\nf -4 -2 -1\n")));
    assert_square(read_good(&obj, NULL, TEXT("f 1 2 3 4\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nl 1 2\np 1\n")));
    assert_square(read_good(&obj, NULL, TEXT("v 0 0 \\\n0\nv 1 0 0\\\n\nv 1 1 0\nv 0 1 0\nf 1 2 \\\r\n3 4\n")));
    assert_mesh(read_good(&obj, NULL, TEXT("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0")), corners, 4, NULL, 0);
}

static void test_obj_faults_are_named(void **state) {
    assert_bad(&obj, NULL, TEXT(""), PSH_ERR_CORRUPT, "without a vertex");
    assert_bad(&obj, NULL, TEXT("vn 0 0 1\n"), PSH_ERR_CORRUPT, "without a vertex");
    assert_bad(&obj, NULL, TEXT("v 0 0\n"), PSH_ERR_CORRUPT, "line 1 ends too early");
    assert_bad(&obj, NULL, TEXT("v 0 0 0\nv 0 x 0\n"), PSH_ERR_CORRUPT, "line 2: 'x' is no number");
    assert_bad(&obj, NULL, TEXT("v 0 0 0\nf 1 1\n"), PSH_ERR_DATA, "line 2: a face of 2 corners");
    assert_bad(&obj, NULL, TEXT("v 0 0 0\nf 1 1 0\n"), PSH_ERR_DATA, "line 2: a face has vertex 0");
    assert_bad(&obj, NULL, TEXT("v 0 0 0\nf 1 1 -2\n"), PSH_ERR_DATA, "line 2: a face has vertex -2");
    assert_bad(&obj, NULL, TEXT("v 0 0 0\nf 1 1 2\n"), PSH_ERR_DATA, "has vertex 1, but there are only 1");
    assert_bad(&obj, NULL, TEXT("v 0 0 0\nf 1 1 99999999999\n"), PSH_ERR_DATA, "has vertex");
    assert_bad(&obj, NULL, TEXT("v 0 0 0\nf 1 1 /2\n"), PSH_ERR_CORRUPT, "'' is no integer");
    assert_bad(&obj, NULL, TEXT("v 0 0 0\nsurf 0 1 0 1 1 2\n"), PSH_ERR_UNSUPPORTED, "patches");
    assert_bad(&obj, NULL, TEXT("v 0 0 inf\n"), PSH_ERR_NOT_FINITE, "vertex 0");
}

static void test_obj_cut_anywhere_fails_or_is_shorter(void **state) {
    assert_prefixes_fail(&obj, NULL, TEXT(obj_square), sizeof obj_square); /* each line is whole by itself */
    assert_any_allocation_may_fail(&obj, NULL, TEXT(obj_square));
}

static void test_obj_is_told_by_its_first_words(void **state) {
    static const struct {
        const char *text;
        bool is_obj;
    } heads[] = {{"v 1 2 3\n", true},
                 {"# a\n\no Plane\nv 1 2 3", true},
                 {"mtllib a\ng b\nvn 1 0 0\nv 0 0 0", true},
                 {"v for victory\n", false},
                 {"o hello\n", false},
                 {"f 1 2 3\n", false},
                 {"1 2 3\n", false},
                 {"", false},
                 {"v", false}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        psh__head head = psh__head_of((const uint8_t *)heads[i].text, strlen(heads[i].text), PSH_ITEM_AUTO);
        assert_int_equal(psh__obj_is(&head), heads[i].is_obj);
    }
}

/* --- PLY ------------------------------------------------------------------------------------------------------------
 */

#define PLY_HEADER(format)                                                                                             \
    "ply\nformat " format                                                                                              \
    " 1.0\ncomment made by hand\nobj_info x\nelement vertex 4\nproperty uchar red\nproperty float x\n"                 \
    "property double y\nproperty list uchar float more\nproperty short z\nproperty float quality\n"                    \
    "element edge 2\nproperty int a\nproperty ushort b\nelement face 1\nproperty int flags\n"                          \
    "property list uchar uint vertex_indices\nproperty list int char rest\nelement nothing 1000000000000000000\n"      \
    "end_header\n"

static const char ply_text[] = PLY_HEADER("ascii") "255 0 0 0 0 0.5\n0 1 0 2 7 8 0 1.5\n0 1 1 1 1 0 2.5\n"
                                                   "0\n0 1 0 0 3.5\n1 2\n3 4\n9 4 0 1 2 3 0\n";
static const double qualities[4] = {0.5, 1.5, 2.5, 3.5};

typedef struct writer {
    uint8_t bytes[1024];
    size_t n_bytes;
    bool is_big;
} writer;

static void put(writer *w, const void *value, size_t n_bytes) {
    const uint8_t *bytes = value;
    for (size_t i = 0; i < n_bytes; i++) w->bytes[w->n_bytes++] = bytes[w->is_big ? n_bytes - 1 - i : i];
}
#define PUT(w, type, value) put(w, &(type){value}, sizeof(type))

static void put_vertex(writer *w, int i, uint8_t n_more) {
    PUT(w, uint8_t, 200);
    PUT(w, float, (float)corners[3 * i]);
    PUT(w, double, corners[3 * i + 1]);
    PUT(w, uint8_t, n_more);
    for (int k = 0; k < n_more; k++) PUT(w, float, 7);
    PUT(w, int16_t, 0);
    PUT(w, float, (float)qualities[i]);
}

static void make_ply(writer *w, bool is_big) {
    const char *header = is_big ? PLY_HEADER("binary_big_endian") : PLY_HEADER("binary_little_endian");
    *w = (writer){.n_bytes = strlen(header), .is_big = is_big};
    memcpy(w->bytes, header, w->n_bytes);
    for (int i = 0; i < 4; i++) put_vertex(w, i, (uint8_t)i);
    for (int i = 0; i < 2; i++) {
        PUT(w, int32_t, -1);
        PUT(w, uint16_t, 5);
    }
    PUT(w, int32_t, 12);
    PUT(w, uint8_t, 4);
    for (uint32_t i = 0; i < 4; i++) PUT(w, uint32_t, i);
    PUT(w, int32_t, 2);
    PUT(w, uint16_t, 0);
}

static void test_ply_of_every_encoding(void **state) {
    writer w;
    assert_square(read_good(&ply, NULL, TEXT(ply_text)));
    assert_field(&ply, NULL, TEXT(ply_text), qualities, 4);
    for (int is_big = 0; is_big < 2; is_big++) {
        make_ply(&w, is_big);
        assert_square(read_good(&ply, NULL, w.bytes, w.n_bytes));
        assert_field(&ply, NULL, w.bytes, w.n_bytes, qualities, 4);
        assert_field(&ply, "red", w.bytes, w.n_bytes, (double[]){200, 200, 200, 200}, 4);
        assert_field(&ply, "y", w.bytes, w.n_bytes, (double[]){0, 0, 1, 1}, 4);
    }
}

static void test_ply_cut_anywhere_fails(void **state) {
    writer w;
    assert_prefixes_fail(&ply, NULL, TEXT(ply_text), 1); /* the last newline */
    assert_any_allocation_may_fail(&ply, NULL, TEXT(ply_text));
    for (int is_big = 0; is_big < 2; is_big++) {
        make_ply(&w, is_big);
        assert_prefixes_fail(&ply, NULL, w.bytes, w.n_bytes, 0);
        assert_any_allocation_may_fail(&ply, NULL, w.bytes, w.n_bytes);
    }
}

#define PLY_VERTEX(n)                                                                                                  \
    "ply\nformat ascii 1.0\nelement vertex " n "\nproperty float x\nproperty float y\nproperty float z\n"

static void test_ply_of_points_and_of_numbers_of_each_type(void **state) {
    psh_item item = read_good(&ply, NULL, TEXT(PLY_VERTEX("2") "end_header\r\n1 2 3 4\n5\n\n6"));
    assert_mesh(item, (double[]){1, 2, 3, 4, 5, 6}, 2, NULL, 0);
    static const char types[] =
        "ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty int8 x\nproperty uint16 y\n"
        "property int32 z\nproperty uint8 scalar_of_something\nend_header\n"
        "\xfe\xff\xff\xfe\xff\xff\xff\xff";
    item = read_good(&ply, NULL, TEXT(types));
    assert_memory_equal(item.mesh->vertices, ((double[]){-2, 65535, -2}), 24);
    assert_true(item.mesh->values[0] == 255);
    psh_item_free(&item);
}

static void test_ply_faults_are_named(void **state) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    assert_bad(&ply, NULL, TEXT("ply\nend_header\n"), PSH_ERR_CORRUPT, "without a format");
    assert_bad(&ply, NULL, TEXT("ply\nformat ascii 1.0\nend_header\n"), PSH_ERR_CORRUPT, "without an element vertex");
    assert_bad(&ply, NULL, TEXT("ply\nformat ebcdic 1.0\nend_header\n"), PSH_ERR_CORRUPT, "damaged format");
    assert_bad(&ply, NULL, TEXT("ply\nformat ascii 1.0\nwhat\n"), PSH_ERR_CORRUPT, "line 3: 'what'");
    assert_bad(&ply, NULL, TEXT("ply\nformat ascii 1.0\nproperty float x\n"), PSH_ERR_CORRUPT,
               "line 3: damaged property");
    assert_bad(&ply, NULL, TEXT("ply\nformat ascii 1.0\nelement vertex 1\nproperty list float int x\n"),
               PSH_ERR_CORRUPT, "line 4: damaged property");
    assert_bad(&ply, NULL, TEXT("ply\nformat ascii 1.0\nelement vertex -1\n"), PSH_ERR_CORRUPT, "-1 rows");
    assert_bad(&ply, NULL, TEXT("ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n"),
               PSH_ERR_CORRUPT, "without the property y");
    assert_bad(&ply, NULL, TEXT(PLY_VERTEX("1000000000000000000") "end_header\n1 2 3\n"), PSH_ERR_CORRUPT,
               "1000000000000000000 rows");
    assert_bad(&ply, NULL,
               TEXT(PLY_VERTEX("1") "element face 1\nproperty list int int vertex_index\nend_header\n0 0 0\n-3 0\n"),
               PSH_ERR_CORRUPT, "a list of -3 items");
    assert_bad(&ply, NULL,
               TEXT(PLY_VERTEX("1") "element face 1\nproperty list int int vertex_index\nend_header\n0 0 0\n3 0 0 1\n"),
               PSH_ERR_DATA, "vertex 1, but there are only 1");
    assert_bad(&ply, NULL,
               TEXT(PLY_VERTEX("1") "element face 1\nproperty list int int vertex_index\nend_header\n0 0 0\n2 0 0\n"),
               PSH_ERR_DATA, "face 0 (from 0): a face of 2 corners");
    assert_bad(&ply, NULL, TEXT(PLY_VERTEX("1") "element face 1\nproperty int color\nend_header\n0 0 0\n2\n"),
               PSH_ERR_CORRUPT, "without the list");
    assert_bad(
        &ply, NULL,
        TEXT(PLY_VERTEX("1") "element tristrips 1\nproperty list int int vertex_indices\nend_header\n0 0 0\n1 2\n"),
        PSH_ERR_UNSUPPORTED, "strips");
    assert_bad(&ply, NULL, TEXT(PLY_VERTEX("1") "end_header\n0 0 0\n7\n"), PSH_ERR_CORRUPT, "goes on");
    assert_bad(&ply, NULL, TEXT(PLY_VERTEX("1") "end_header\n0 0 -inf\n"), PSH_ERR_NOT_FINITE, "the z of vertex 0");
    params.field = "quality";
    assert_bad(&ply, &params, TEXT(PLY_VERTEX("1") "end_header\n0 0 0\n"), PSH_ERR_PARAMETER,
               "the vertices have x, y, z");
}

/* --- Fields ---------------------------------------------------------------------------------------------------------
 */

static void test_heights_serve_as_fields(void **state) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    assert_field(&off, "x", TEXT(off_square), (double[]){0, 1, 1, 0}, 4);
    assert_field(&obj, "y", TEXT(obj_square), (double[]){0, 0, 1, 1}, 4);
    assert_field(&obj, "z", TEXT(obj_square), (double[]){0, 0, 0, 0}, 4);
    static const char *const bad[] = {"w", "xx", "", "X"};
    for (int i = 0; i < 4; i++) {
        params.field = bad[i];
        assert_bad(&off, &params, TEXT(off_square), PSH_ERR_PARAMETER, "the coordinates x, y, z");
    }
    params.field = "x";
    assert_any_allocation_may_fail(&off, &params, TEXT(off_square));
    assert_bad(&off, &params, TEXT("nOFF 2 1 0\n1 1\n"), PSH_ERR_PARAMETER, "not a mesh");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_of_every_spelling),
        cmocka_unit_test(test_off_of_points_is_a_mesh_without_triangles_or_a_cloud),
        cmocka_unit_test(test_off_faults_are_named),
        cmocka_unit_test(test_off_cut_anywhere_fails),
        cmocka_unit_test(test_obj_of_every_spelling),
        cmocka_unit_test(test_obj_faults_are_named),
        cmocka_unit_test(test_obj_cut_anywhere_fails_or_is_shorter),
        cmocka_unit_test(test_obj_is_told_by_its_first_words),
        cmocka_unit_test(test_ply_of_every_encoding),
        cmocka_unit_test(test_ply_cut_anywhere_fails),
        cmocka_unit_test(test_ply_of_points_and_of_numbers_of_each_type),
        cmocka_unit_test(test_ply_faults_are_named),
        cmocka_unit_test(test_heights_serve_as_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
