/* test_vtk_input.c : VTK's grids and meshes and DIPHA's complexes as items. The golden files were made with VTK 9.7,
 * the DIPHA files are of the layout that DIPHA documents (fuzz/corpus/dipha_item). */
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
#include "persihash/input.h"

#define VTK PSH_TEST_DATA "/vtk/"
#define DIPHA PSH_TEST_DATA "/../fuzz/corpus/dipha_item/"

static psh_status read_item(const char *path, const psh_input_params *params, psh_item *dst, psh_error *err) {
    psh_input *input = NULL;
    psh_status status = psh_input_open(&path, 1, params, &input, err);
    *dst = (psh_item){0};
    if (status == PSH_OK) status = psh_input_read_item(input, 0, dst, err);
    psh_input_free(input);
    return status;
}

static psh_item item_of(const char *path, const char *field) {
    psh_error err = {0};
    psh_item item;
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.field = field;
    if (read_item(path, &params, &item, &err) != PSH_OK) fail_msg("%s", err.text);
    return item;
}

static void expect_fault(const char *path, const char *field, psh_status status, const char *text) {
    psh_error err = {0};
    psh_item item;
    psh_input_params params = PSH_PARAMS(psh_input_params);
    params.field = field;
    psh_status found = read_item(path, &params, &item, &err);
    if (found != status || !strstr(err.text, text))
        fail_msg("%s: found %s '%s'; expected %s '%s'", path, psh_status_name(found), err.text, psh_status_name(status),
                 text);
}

static const char *write_bytes(const char *name, const void *bytes, size_t n_bytes) {
    static char path[256];
    snprintf(path, sizeof path, "%s/psh_vtk_%ld_%s", access("/dev/shm", W_OK) ? "." : "/dev/shm", (long)getpid(), name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
    fclose(file);
    return path;
}

/* --- grids -------------------------------------------------------------------------------------------------------- */

static void check_image(const psh_item *item, psh_dtype dtype, size_t depth, size_t height, size_t width) {
    size_t shape[3];
    assert_int_equal(item->kind, PSH_ITEM_IMAGE);
    psh_image_shape(item->image, shape);
    assert_int_equal(psh_image_dtype(item->image), dtype);
    assert_true(shape[0] == depth && shape[1] == height && shape[2] == width);
}

static void a_grid_is_a_volume_with_x_fastest(void **state) {
    static const char *const files[] = {VTK "ascii_none_32_little.vti", VTK "raw_zlib_32_little.vti",
                                        VTK "base64_none_64_big.vti", VTK "raw_none_64_little.vti"};
    for (size_t i = 0; i < 4; i++) {
        psh_item item = item_of(files[i], NULL); /* the active scalars: height */
        check_image(&item, PSH_F32, 2, 3, 4);
        const float *pixels = psh_image_pixels(item.image);
        for (int k = 0; k < 24; k++) assert_true(pixels[k] == (float)(k * 7919 % 1000) / 8 - 50);
        psh_item_free(&item);
        item = item_of(files[i], "mask");
        check_image(&item, PSH_U8, 2, 3, 4);
        for (int k = 0; k < 24; k++) assert_int_equal(((const uint8_t *)psh_image_pixels(item.image))[k], k * 37 % 256);
        psh_item_free(&item);
        item = item_of(files[i], "counts"); /* int16 */
        check_image(&item, PSH_F64, 2, 3, 4);
        assert_true(((const double *)psh_image_pixels(item.image))[1] == 1000003 % 65536 - 32768);
        psh_item_free(&item);
        item = item_of(files[i], "cell"); /* of the cells: one less along each axis, and one layer */
        check_image(&item, PSH_F64, 1, 2, 3);
        assert_true(((const double *)psh_image_pixels(item.image))[5] == 7.5);
        psh_item_free(&item);
    }
}

static void a_slice_is_an_image_whichever_way_it_lies(void **state) {
    psh_item item = item_of(VTK "slice.vtr", NULL); /* its only array */
    check_image(&item, PSH_U16, 1, 3, 4);
    for (int k = 0; k < 12; k++) assert_int_equal(((const uint16_t *)psh_image_pixels(item.image))[k], k);
    psh_item_free(&item);
}

#define GRID(extent, point_data)                                                                                       \
    "<VTKFile type=\"ImageData\"><ImageData><Piece Extent=\"" extent "\">" point_data "</Piece></ImageData></VTKFile>"
#define SCALARS(type, name, values) "<DataArray type=\"" type "\" Name=\"" name "\">" values "</DataArray>"

static void lines_and_points_are_images_too(void **state) {
    static const struct {
        const char *text;
        size_t width;
    } cases[] = {{GRID("0 2 5 5 0 0", "<PointData>" SCALARS("UInt8", "a", "1 2 3") "</PointData>"), 3},
                 {GRID("0 0 0 0 0 2", "<PointData>" SCALARS("UInt8", "a", "1 2 3") "</PointData>"), 3},
                 {GRID("0 0 0 0 0 0", "<PointData>" SCALARS("UInt8", "a", "1") "</PointData>"), 1},
                 {GRID("0 1 0 0 0 0", "<CellData>" SCALARS("UInt8", "a", "1") "</CellData>"), 1}};
    for (size_t i = 0; i < 4; i++) {
        psh_item item = item_of(write_bytes("x.vti", cases[i].text, strlen(cases[i].text)), NULL);
        check_image(&item, PSH_U8, 1, 1, cases[i].width);
        assert_int_equal(((const uint8_t *)psh_image_pixels(item.image))[0], 1);
        psh_item_free(&item);
    }
}

static void a_field_that_cannot_be_chosen_is_told_with_the_choices(void **state) {
    static const char two[] =
        GRID("0 0 0 0 0 1", "<PointData>" SCALARS("UInt8", "a", "1 2") SCALARS("Int8", "b", "3 4") "</PointData>");
    static const char vectors[] =
        GRID("0 0 0 0 0 1", "<PointData Scalars=\"v\">" SCALARS("Int8\" NumberOfComponents=\"2", "v", "1 2 3 4")
                                SCALARS("Int8", "b", "3 4") "</PointData>");
    static const char none[] = GRID("0 0 0 0 0 1", "");
    static const char nan[] = GRID("0 0 0 0 0 1", "<PointData>" SCALARS("Float32", "a", "1 nan") "</PointData>");
    static const char empty[] = GRID("0 -1 0 0 0 1", "<PointData>" SCALARS("Float32", "a", "") "</PointData>");
    const char *path = VTK "raw_zlib_32_little.vti";
    expect_fault(path, "depth", PSH_ERR_PARAMETER,
                 "no field 'depth'; there are, of the points: height (Float32), precise");
    expect_fault(path, "depth", PSH_ERR_PARAMETER, "of the cells: cell (Float64)");
    expect_fault(path, "velocity", PSH_ERR_PARAMETER, "'velocity' is Float32 of 3 components; expected numbers of one");
    expect_fault(write_bytes("x.vti", two, strlen(two)), NULL, PSH_ERR_PARAMETER,
                 "which field? Say --field NAME; there are, of the points: a (UInt8), b (Int8)");
    expect_fault(write_bytes("x.vti", vectors, strlen(vectors)), NULL, PSH_ERR_PARAMETER, "which field?");
    expect_fault(write_bytes("x.vti", none, strlen(none)), NULL, PSH_ERR_EMPTY, "a grid without a field");
    expect_fault(write_bytes("x.vti", nan, strlen(nan)), NULL, PSH_ERR_NOT_FINITE, "NaN");
    expect_fault(write_bytes("x.vti", empty, strlen(empty)), NULL, PSH_ERR_SHAPE, "empty");
}

/* --- meshes ------------------------------------------------------------------------------------------------------- */

static void check_mesh(const psh_item *item, const double *values) {
    static const uint32_t triangles[][3] = {{0, 1, 3}, {1, 4, 3}, {1, 2, 5}, {1, 5, 4},
                                            {3, 4, 7}, {3, 7, 6}, {4, 5, 8}, {4, 8, 7}};
    assert_int_equal(item->kind, PSH_ITEM_MESH);
    assert_int_equal(psh_mesh_n_vertices(item->mesh), 9);
    assert_int_equal(psh_mesh_n_triangles(item->mesh), 8);
    assert_memory_equal(psh_mesh_triangles(item->mesh), triangles, sizeof triangles);
    for (int i = 0; i < 9; i++) {
        int x = i % 3, y = i / 3;
        const double *vertex = psh_mesh_vertices(item->mesh) + 3 * i;
        assert_true(vertex[0] == x * .5 && vertex[1] == y * .25 && vertex[2] == (x * x + y * 3 % 5) / 8.);
        assert_true(psh_mesh_values(item->mesh)[i] == values[i]);
    }
}

static void polygons_become_triangles_with_a_field(void **state) {
    static const char *const files[] = {VTK "mesh_raw.vtu", VTK "mesh_ascii.vtu", VTK "mesh_zlib.vtu",
                                        VTK "mesh_surface.vtp"};
    double heights[9], others[9], z[9];
    for (int i = 0; i < 9; i++) heights[i] = i * .75, others[i] = i, z[i] = (i % 3 * (i % 3) + i / 3 * 3 % 5) / 8.;
    for (size_t i = 0; i < 4; i++) {
        psh_item item = item_of(files[i], NULL);
        check_mesh(&item, heights);
        psh_item_free(&item);
        item = item_of(files[i], "other");
        check_mesh(&item, others);
        psh_item_free(&item);
        item = item_of(files[i], "z");
        check_mesh(&item, z);
        psh_item_free(&item);
        expect_fault(files[i], "depth", PSH_ERR_PARAMETER,
                     "no field 'depth'; there are, of the points: height (Float64)");
    }
}

static void points_without_polygons_are_a_cloud(void **state) {
    psh_item item = item_of(VTK "mesh_points.vtu", NULL);
    assert_int_equal(item.kind, PSH_ITEM_CLOUD);
    assert_int_equal(psh_cloud_n_points(item.cloud), 9);
    assert_int_equal(psh_cloud_n_axes(item.cloud), 3);
    psh_item_free(&item);
}

#define MESH(attributes, cells)                                                                                        \
    "<VTKFile type=\"UnstructuredGrid\"><Piece NumberOfPoints=\"3\" " attributes "><Points><DataArray type=\"Int8\" "  \
    "NumberOfComponents=\"3\">0 0 0 1 0 0 0 1 0</DataArray></Points><Cells>" cells "</Cells></Piece></VTKFile>"
#define CELLS(ends, stops, types)                                                                                      \
    MESH("NumberOfCells=\"1\"",                                                                                        \
         SCALARS("Int8", "connectivity", ends) SCALARS("Int8", "offsets", stops) SCALARS("Int8", "types", types))
#define SURFACE(attributes, polys)                                                                                     \
    "<VTKFile type=\"PolyData\"><Piece NumberOfPoints=\"0\" " attributes ">" polys "</Piece></VTKFile>"

static void cells_that_are_no_polygons_are_refused(void **state) {
    static const struct {
        const char *text;
        psh_status status;
        const char *expected;
    } cases[] = {
        {CELLS("0 1 2 0", "4", "10"), PSH_ERR_UNSUPPORTED, "cell 0 (from 0) is no polygon (VTK's type 10); expected"},
        {CELLS("0 1 2 0", "4", "10"), PSH_ERR_UNSUPPORTED, "take the surface first"},
        {CELLS("0 1", "2", "3"), PSH_ERR_UNSUPPORTED, "is a line (VTK's type 3)"},
        {CELLS("0 1 2", "3", "6"), PSH_ERR_UNSUPPORTED, "a strip of triangles (VTK's type 6)"},
        {CELLS("0 1 2", "3", "22"), PSH_ERR_UNSUPPORTED, "type 22"},
        {CELLS("0 1 2", "2", "5"), PSH_ERR_DATA, "has 2 corners; expected 3"},
        {CELLS("0 1", "2", "7"), PSH_ERR_DATA, "has 2 corners; expected 3 or more"},
        {CELLS("0 1 2", "3", "9"), PSH_ERR_DATA, "has 3 corners; expected 4"},
        {CELLS("0 1 2", "4", "5"), PSH_ERR_DATA, "ends at corner 4, after 0; there are 3"},
        {CELLS("0 1 2", "-1", "5"), PSH_ERR_DATA, "ends at corner -1"},
        {CELLS("0 1 3", "3", "5"), PSH_ERR_DATA, "vertex 3, but there are only 3"},
        {CELLS("0 1 -3", "3", "5"), PSH_ERR_DATA, "vertex -3"},
        {CELLS("0 1 2", "3 3", "5"), PSH_ERR_CORRUPT, "2 offsets and 1 types of cells; expected 1"},
        {MESH("NumberOfCells=\"1\"", ""), PSH_ERR_CORRUPT, "0 offsets and 0 types"},
        {SURFACE("NumberOfStrips=\"1\"", ""), PSH_ERR_UNSUPPORTED, "a strip of triangles"},
        {SURFACE("NumberOfLines=\"1\"", ""), PSH_ERR_UNSUPPORTED, "a line"},
        {"<VTKFile type=\"UnstructuredGrid\"><Piece NumberOfPoints=\"3\"/></VTKFile>", PSH_ERR_CORRUPT,
         "no array of points with three components"},
        {"<VTKFile type=\"PPolyData\"/>", PSH_ERR_UNSUPPORTED, "an index of other files; give the pieces"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(write_bytes("x.vtu", cases[i].text, strlen(cases[i].text)), NULL, cases[i].status,
                     cases[i].expected);
    expect_fault(VTK "mesh_volume.vtu", NULL, PSH_ERR_UNSUPPORTED, "cell 7 (from 0) is no polygon (VTK's type 10)");
}

static void diagrams_are_no_items(void **state) {
    expect_fault(VTK "ttk_raw.vtu", NULL, PSH_ERR_FORMAT, "ttk_raw.vtu: a persistence diagram of TTK");
    expect_fault(DIPHA "diagram.diagram", NULL, PSH_ERR_FORMAT,
                 "a persistence diagram of DIPHA, which needs no homology");
}

/* --- DIPHA -------------------------------------------------------------------------------------------------------- */

static void images_of_dipha_have_the_first_axis_fastest(void **state) {
    static const struct {
        const char *name;
        size_t shape[3];
        double first[3];
    } cases[] = {{DIPHA "image3.complex", {2, 3, 2}, {0, 1, 2}},
                 {DIPHA "image2.complex", {1, 3, 2}, {0, .5, 1}},
                 {DIPHA "image1.complex", {1, 1, 3}, {3, 1, 2}}};
    for (size_t i = 0; i < 3; i++) {
        psh_item item = item_of(cases[i].name, NULL);
        check_image(&item, PSH_F64, cases[i].shape[0], cases[i].shape[1], cases[i].shape[2]);
        assert_memory_equal(psh_image_pixels(item.image), cases[i].first, sizeof cases[i].first);
        psh_item_free(&item);
    }
}

static void distance_matrices_of_dipha_are_dense_or_sparse(void **state) {
    static const double lower[] = {1, 3, 2, 7.5, 6.5, 4.5};
    static const psh_edge edges[] = {{1, 0, 1}, {2, 0, 3}, {2, 1, 2}, {3, 2, 4.5}};
    psh_item item = item_of(DIPHA "matrix.complex", NULL);
    assert_int_equal(item.kind, PSH_ITEM_MATRIX);
    assert_int_equal(psh_matrix_n_points(item.matrix), 4);
    assert_memory_equal(psh_matrix_lower(item.matrix), lower, sizeof lower);
    psh_item_free(&item);
    item = item_of(DIPHA "sparse.complex", NULL);
    assert_int_equal(psh_matrix_n_points(item.matrix), 4);
    assert_int_equal(psh_matrix_n_edges(item.matrix), 4);
    for (size_t i = 0; i < 4; i++) {
        const psh_edge *edge = psh_matrix_edges(item.matrix) + i;
        assert_true(edge->i == edges[i].i && edge->j == edges[i].j && edge->distance == edges[i].distance);
    }
    psh_item_free(&item);
    item = item_of(DIPHA "sparse_once.complex", NULL);
    assert_int_equal(psh_matrix_n_edges(item.matrix), 3);
    psh_item_free(&item);
}

#define HEAD(type) 8067171840, type
static void complexes_that_are_wrong_say_how(void **state) {
    static const int64_t huge = (int64_t)1 << 40;
    static const double nan = NAN;
    int64_t not_a_number, one;
    memcpy(&not_a_number, &nan, 8);
    memcpy(&one, &(double){1}, 8);
    const struct {
        int64_t words[16];
        size_t n_words;
        psh_status status;
        const char *text;
    } cases[] = {
        {{HEAD(1)}, 2, PSH_ERR_CORRUPT, "the file ends too early"},
        {{HEAD(0), 0}, 3, PSH_ERR_UNSUPPORTED, "type 0, a boundary matrix; expected an image (1) or a distance"},
        {{HEAD(9), 0}, 3, PSH_ERR_UNSUPPORTED, "type 9, of an unknown type"},
        {{HEAD(1), huge, 1, huge}, 5, PSH_ERR_CORRUPT, "is 1099511627776, but only 16 bytes follow"},
        {{HEAD(1), -1, 1, 1}, 5, PSH_ERR_CORRUPT, "is -1"},
        {{HEAD(1), 1, 4, 1, 1, 1, 1, 0}, 9, PSH_ERR_UNSUPPORTED, "an image of 4 axes; expected 1, 2 or 3"},
        {{HEAD(1), 1, 0, 0}, 5, PSH_ERR_UNSUPPORTED, "an image of 0 axes"},
        {{HEAD(1), 2, 2, 2, 2, 0, 0}, 8, PSH_ERR_CORRUPT, "2 values, but sides of 2 x 2 x 1"},
        {{HEAD(1), 2, 1, 2, 0}, 6, PSH_ERR_CORRUPT, "but only 8 bytes follow"},
        {{HEAD(1), 2, 1, 2, 0, 0, 0}, 8, PSH_ERR_CORRUPT, "24 bytes of values; expected 2 values"},
        {{HEAD(1), 0, 2, 0, 0, 0, 0}, 8, PSH_ERR_CORRUPT, "expected 0 values"},
        {{HEAD(1), 0, 1, 0}, 5, PSH_ERR_SHAPE, "empty"},
        {{HEAD(1), 1, 1, 1, not_a_number}, 6, PSH_ERR_NOT_FINITE, "NaN"},
        {{HEAD(7), 2, 0, one, one}, 6, PSH_ERR_CORRUPT, "24 bytes of values; expected 4"},
        {{HEAD(7), 2, 0, one, 0, 0}, 7, PSH_ERR_DATA, "expected a symmetric one"},
        {{HEAD(7), 2, one, one, one, 0}, 7, PSH_ERR_DATA, "on the diagonal"},
        {{HEAD(8), 2, 1, huge, 0}, 6, PSH_ERR_CORRUPT, "a row's number of entries is 1099511627776"},
        {{HEAD(8), 2, 1, 0, 1}, 6, PSH_ERR_CORRUPT, "8 bytes of values; expected 2"},
        {{HEAD(8), 2, 1, 0, 5, one}, 7, PSH_ERR_DATA, "row 0 (from 0) has column 5; there are 2 points"},
        {{HEAD(8), 2, 1, 0, 0, one}, 7, PSH_ERR_DATA, ""},
        {{HEAD(8), 2, 1, 0, 1, not_a_number}, 7, PSH_ERR_NOT_FINITE, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(write_bytes("x.complex", cases[i].words, 8 * cases[i].n_words), NULL, cases[i].status,
                     cases[i].text);
}

/* --- memory and real data ----------------------------------------------------------------------------------------- */

static void every_allocation_may_fail(void **state) {
    static const char *const files[] = {
        VTK "raw_zlib_32_little.vti", VTK "base64_none_64_big.vti", VTK "slice.vtr",
        VTK "mesh_zlib.vtu",          VTK "mesh_surface.vtp",       VTK "mesh_points.vtu",
        DIPHA "image3.complex",       DIPHA "matrix.complex",       DIPHA "sparse.complex"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        psh_status status = PSH_ERR_MEMORY;
        for (unsigned long n = 1; status != PSH_OK; n++) {
            psh_error err = {0};
            psh_item item;
            psh__alloc_fail_at(n);
            status = read_item(files[i], NULL, &item, &err);
            psh__alloc_fail_at(0);
            if (status != PSH_OK && status != PSH_ERR_MEMORY) fail_msg("%s, allocation %lu: %s", files[i], n, err.text);
            psh_item_free(&item);
            assert_true(n < 500);
        }
    }
}

static void published_fields_are_read(void **state) {
    static const struct {
        const char *name;
        psh_dtype dtype;
        size_t shape[3];
        double first, last; /* RangeMin and RangeMax that the file states */
    } cases[] = {{"heated_cylinder/10_3.5.vti", PSH_F32, {1, 256, 128}, 0, 0.79151105881},
                 {"isabel_field/isabel_02.vti", PSH_F64, {25, 125, 125}, 0, 68.245477692},
                 {"formats/dipha_smooth_16.complex", PSH_F64, {16, 16, 16}, -13.942955951, 18.779493468}};
    for (size_t i = 0; i < 3; i++) {
        char path[512];
        snprintf(path, sizeof path, PSH_DATASETS "/%s", cases[i].name);
        if (access(path, R_OK) != 0) {
            print_message("no %s: not tested on real data\n", path);
            skip();
        }
        psh_item item = item_of(path, NULL);
        double least = INFINITY, most = -INFINITY;
        size_t n = cases[i].shape[0] * cases[i].shape[1] * cases[i].shape[2];
        check_image(&item, cases[i].dtype, cases[i].shape[0], cases[i].shape[1], cases[i].shape[2]);
        for (size_t k = 0; k < n; k++) {
            double value = cases[i].dtype == PSH_F32 ? (double)((const float *)psh_image_pixels(item.image))[k]
                                                     : ((const double *)psh_image_pixels(item.image))[k];
            least = fmin(least, value), most = fmax(most, value);
        }
        assert_true(fabs(least - cases[i].first) < 1e-8 && fabs(most - cases[i].last) < 1e-8);
        psh_item_free(&item);
    }
}

static int remove_files(void **state) {
    static const char *const names[] = {"x.vti", "x.vtu", "x.complex"};
    for (size_t i = 0; i < 3; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/psh_vtk_%ld_%s", access("/dev/shm", W_OK) ? "." : "/dev/shm", (long)getpid(),
                 names[i]);
        unlink(path);
    }
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grid_is_a_volume_with_x_fastest),
        cmocka_unit_test(a_slice_is_an_image_whichever_way_it_lies),
        cmocka_unit_test(lines_and_points_are_images_too),
        cmocka_unit_test(a_field_that_cannot_be_chosen_is_told_with_the_choices),
        cmocka_unit_test(polygons_become_triangles_with_a_field),
        cmocka_unit_test(points_without_polygons_are_a_cloud),
        cmocka_unit_test(cells_that_are_no_polygons_are_refused),
        cmocka_unit_test(diagrams_are_no_items),
        cmocka_unit_test(images_of_dipha_have_the_first_axis_fastest),
        cmocka_unit_test(distance_matrices_of_dipha_are_dense_or_sparse),
        cmocka_unit_test(complexes_that_are_wrong_say_how),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(published_fields_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, remove_files);
}
