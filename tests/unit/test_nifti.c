/* test_nifti.c : NIfTI-1 and -2 in both byte orders, every type, scaling, stacks of volumes; damage is named.
 * tests/oracle/test_tool_formats.py has files that nibabel wrote. */
#include <stdbool.h>

#include "input/nifti.h"
#include "input/readers.h"
#include "reader_checks.h"

static bool nifti_matches(const uint8_t *data, size_t n_bytes) {
    psh__head head = psh__head_of(data, n_bytes, PSH_ITEM_AUTO);
    return psh__nifti_is(&head);
}

enum { DEPTH = 3, HEIGHT = 5, WIDTH = 7, N_VOXELS = DEPTH * HEIGHT * WIDTH };

/* --- a NIfTI file in memory --------------------------------------------------------------------------------------- */

typedef struct nifti_file {
    int version;
    bool is_big_endian;
    int16_t datatype, n_axes;
    int64_t sides[7];
    double slope, inter, offset;
    uint8_t *data;
    size_t n_bytes;
} nifti_file;

static void put(nifti_file *f, size_t at, uint64_t bits, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++)
        f->data[at + i] = (uint8_t)(bits >> 8 * (f->is_big_endian ? n_bytes - 1 - i : i));
}

static void put_f32(nifti_file *f, size_t at, double x) {
    float value = (float)x;
    uint32_t bits;
    memcpy(&bits, &value, 4);
    put(f, at, bits, 4);
}

static void put_f64(nifti_file *f, size_t at, double x) {
    uint64_t bits;
    memcpy(&bits, &x, 8);
    put(f, at, bits, 8);
}

static const struct {
    int16_t code;
    char kind;
    uint8_t item_bytes;
    psh_dtype dtype;
} types[] = {{2, 'u', 1, PSH_U8},     {4, 'i', 2, PSH_F64},   {8, 'i', 4, PSH_F64},   {16, 'f', 4, PSH_F32},
             {64, 'f', 8, PSH_F64},   {256, 'i', 1, PSH_F64}, {512, 'u', 2, PSH_U16}, {768, 'u', 4, PSH_F64},
             {1024, 'i', 8, PSH_F64}, {1280, 'u', 8, PSH_F64}};
#define N_TYPES (sizeof types / sizeof *types)

static size_t type_of(int16_t code) {
    for (size_t i = 0; i < N_TYPES; i++)
        if (types[i].code == code) return i;
    return 0;
}

/* Voxel i as a number that its type can hold, and as bits. */
static double voxel_value(size_t i_type, size_t i) {
    double value = (double)(i * 37 % 120);
    return types[i_type].kind == 'u' ? value : types[i_type].kind == 'i' ? value - 60 : value / 8 - 3;
}

static uint64_t voxel_bits(size_t i_type, size_t i) {
    double value = voxel_value(i_type, i);
    float narrow = (float)value;
    uint64_t bits = (uint64_t)(int64_t)value;
    uint32_t word;
    memcpy(&word, &narrow, 4);
    if (types[i_type].kind == 'f' && types[i_type].item_bytes == 8) memcpy(&bits, &value, 8);
    return types[i_type].kind == 'f' && types[i_type].item_bytes == 4 ? word : bits;
}

static void make(nifti_file *f) {
    size_t header_bytes = f->version == 1 ? 348 : 540, i_type = type_of(f->datatype), n = 1;
    size_t offset = f->offset > 0 ? (size_t)f->offset : header_bytes + 4;
    for (int i = 0; i < f->n_axes; i++) n *= (size_t)f->sides[i];
    f->n_bytes = offset + n * types[i_type].item_bytes;
    f->data = calloc(1, f->n_bytes);
    put(f, 0, header_bytes, 4);
    if (f->version == 1) {
        memcpy(f->data + 344, "n+1", 4);
        put(f, 40, (uint64_t)f->n_axes, 2);
        for (size_t i = 0; i < 7; i++) put(f, 42 + 2 * i, (uint64_t)f->sides[i], 2);
        put(f, 70, (uint64_t)f->datatype, 2);
        put_f32(f, 108, f->offset), put_f32(f, 112, f->slope), put_f32(f, 116, f->inter);
    } else {
        memcpy(f->data + 4, "n+2\0\r\n\032\n", 8);
        put(f, 16, (uint64_t)f->n_axes, 8);
        for (size_t i = 0; i < 7; i++) put(f, 24 + 8 * i, (uint64_t)f->sides[i], 8);
        put(f, 12, (uint64_t)f->datatype, 2);
        put(f, 168, (uint64_t)f->offset, 8), put_f64(f, 176, f->slope), put_f64(f, 184, f->inter);
    }
    for (size_t i = 0; i < n; i++)
        put(f, offset + i * types[i_type].item_bytes, voxel_bits(i_type, i), types[i_type].item_bytes);
}

static nifti_file volume_of(int version, bool is_big_endian, int16_t datatype) {
    return (nifti_file){.version = version,
                        .is_big_endian = is_big_endian,
                        .datatype = datatype,
                        .n_axes = 3,
                        .sides = {WIDTH, HEIGHT, DEPTH},
                        .offset = version == 1 ? 352 : 544};
}

static psh_status read_nth(const uint8_t *data, size_t n_bytes, size_t i_volume, psh_image **dst, psh_error *err) {
    psh__nifti nifti;
    psh_status status = psh__nifti_open(data, n_bytes, &nifti, err);
    if (status != PSH_OK) return status;
    assert_true(i_volume < nifti.n_volumes);
    return psh__nifti_read(&nifti, i_volume, dst, err);
}

static psh_status read_first(const uint8_t *data, size_t n_bytes, psh_image **dst, psh_error *err) {
    return read_nth(data, n_bytes, 0, dst, err);
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void every_type_in_both_versions_and_byte_orders(void **state) {
    for (int i = 0; i < (int)N_TYPES * 4; i++) {
        size_t i_type = (size_t)i / 4;
        nifti_file f = volume_of(1 + i % 2, i & 2, types[i_type].code);
        make(&f);
        assert_true(nifti_matches(f.data, f.n_bytes < 512 ? f.n_bytes : 512));
        psh_image *image = read_good(read_first, f.data, f.n_bytes);
        assert_shape(image, types[i_type].dtype, DEPTH, HEIGHT, WIDTH);
        for (size_t j = 0; j < N_VOXELS; j++) assert_true(pixel(image, j) == voxel_value(i_type, j));
        psh_image_free(image), free(f.data);
    }
}

static void slope_and_intercept_are_applied_in_doubles(void **state) {
    for (int i = 0; i < (int)N_TYPES * 4; i++) {
        size_t i_type = (size_t)i / 4;
        nifti_file f = volume_of(1 + i % 2, i & 2, types[i_type].code);
        f.slope = 0.1, f.inter = -2.7;
        double slope = f.version == 1 ? (double)0.1f : 0.1, inter = f.version == 1 ? (double)-2.7f : -2.7;
        make(&f);
        psh_image *image = read_good(read_first, f.data, f.n_bytes);
        assert_int_equal(image->dtype, PSH_F64);
        for (size_t j = 0; j < N_VOXELS; j++) assert_true(pixel(image, j) == slope * voxel_value(i_type, j) + inter);
        psh_image_free(image), free(f.data);
    }
}

static void a_slope_that_means_none_leaves_the_type(void **state) {
    static const double slopes[][2] = {{0, 5}, {1, 0}, {NAN, 0}, {INFINITY, 1}};
    for (int i = 0; i < 4; i++) {
        nifti_file f = volume_of(2, false, 2);
        f.slope = slopes[i][0], f.inter = slopes[i][1];
        make(&f);
        psh_image *image = read_good(read_first, f.data, f.n_bytes);
        assert_int_equal(image->dtype, PSH_U8);
        psh_image_free(image), free(f.data);
    }
    nifti_file f = volume_of(1, false, 2);
    f.slope = 2, f.inter = NAN;
    make(&f);
    assert_bad(read_first, f.data, f.n_bytes, PSH_ERR_CORRUPT, "intercept");
    free(f.data);
}

static void axes_beyond_the_third_are_a_stack(void **state) {
    nifti_file f = volume_of(1, true, 4);
    f.n_axes = 5, f.sides[3] = 2, f.sides[4] = 2;
    make(&f);
    psh__nifti nifti;
    assert_int_equal(psh__nifti_open(f.data, f.n_bytes, &nifti, NULL), PSH_OK);
    assert_int_equal(nifti.n_volumes, 4);
    for (size_t i = 0; i < 4; i++) {
        psh_image *image = NULL;
        assert_int_equal(psh__nifti_read(&nifti, i, &image, NULL), PSH_OK);
        for (size_t j = 0; j < N_VOXELS; j++) assert_true(pixel(image, j) == voxel_value(1, i * N_VOXELS + j));
        psh_image_free(image);
    }
    free(f.data);
}

static void one_and_two_axes_and_axes_of_one(void **state) {
    nifti_file f = volume_of(1, false, 16);
    f.n_axes = 2;
    make(&f);
    psh_image *image = read_good(read_first, f.data, f.n_bytes);
    assert_shape(image, PSH_F32, 1, HEIGHT, WIDTH);
    psh_image_free(image), free(f.data);
    f.n_axes = 4, f.sides[3] = 1;
    make(&f);
    image = read_good(read_first, f.data, f.n_bytes);
    assert_shape(image, PSH_F32, DEPTH, HEIGHT, WIDTH);
    psh_image_free(image), free(f.data);
}

static void extensions_and_missing_offsets(void **state) {
    for (int version = 1; version <= 2; version++)
        for (int i = 0; i < 2; i++) {
            nifti_file f = volume_of(version, false, 8);
            f.offset = i ? 1000 : 0;
            make(&f);
            psh_image *image = read_good(read_first, f.data, f.n_bytes);
            assert_true(pixel(image, 10) == voxel_value(2, 10));
            psh_image_free(image), free(f.data);
        }
}

static void cut_anywhere_it_fails(void **state) {
    for (int version = 1; version <= 2; version++) {
        nifti_file f = volume_of(version, true, 512);
        make(&f);
        assert_every_prefix_fails(read_first, f.data, f.n_bytes);
        assert_any_allocation_may_fail(read_first, f.data, f.n_bytes);
        free(f.data);
    }
}

static void hostile_sides_fail_before_anything_is_allocated(void **state) {
    static const struct {
        int64_t sides[4];
        psh_status status;
        const char *text;
    } cases[] = {{{0, 5, 5, 1}, PSH_ERR_SHAPE, "empty"},
                 {{-1, 5, 5, 1}, PSH_ERR_CORRUPT, "-1 voxels"},
                 {{5, 5, 5, 0}, PSH_ERR_EMPTY, "0 volumes"},
                 {{INT64_MAX, INT64_MAX, 2, 1}, PSH_ERR_SHAPE, "2^31"},
                 {{1000, 1000, 1000, 1}, PSH_ERR_CORRUPT, "truncated"},
                 {{1, 1, 1, INT64_MAX}, PSH_ERR_CORRUPT, "truncated"},
                 {{1 << 10, 1 << 10, 1 << 10, INT64_MAX}, PSH_ERR_CORRUPT, "truncated"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nifti_file f = volume_of(2, false, 64);
        make(&f);
        put(&f, 16, 4, 8);
        for (size_t j = 0; j < 4; j++) put(&f, 24 + 8 * j, (uint64_t)cases[i].sides[j], 8);
        psh__alloc_fail_at(1);
        assert_bad(read_first, f.data, f.n_bytes, cases[i].status, cases[i].text);
        psh__alloc_fail_at(0);
        free(f.data);
    }
}

static void what_is_not_read_is_named(void **state) {
    static const struct {
        int16_t datatype;
        psh_status status;
        const char *text;
    } cases[] = {{1, PSH_ERR_UNSUPPORTED, "bits"},
                 {32, PSH_ERR_UNSUPPORTED, "complex"},
                 {128, PSH_ERR_UNSUPPORTED, "RGB"},
                 {1536, PSH_ERR_UNSUPPORTED, "128-bit"},
                 {777, PSH_ERR_CORRUPT, "type 777"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nifti_file f = volume_of(1, false, 2);
        make(&f);
        put(&f, 70, (uint64_t)cases[i].datatype, 2);
        assert_bad(read_first, f.data, f.n_bytes, cases[i].status, cases[i].text);
        free(f.data);
    }
    nifti_file f = volume_of(1, false, 2);
    make(&f);
    memcpy(f.data + 344, "ni1", 4);
    assert_true(nifti_matches(f.data, f.n_bytes)); /* told by its name, though it is refused */
    assert_bad(read_first, f.data, f.n_bytes, PSH_ERR_UNSUPPORTED, ".img");
    memset(f.data + 344, 0, 4);
    assert_false(nifti_matches(f.data, f.n_bytes));
    assert_bad(read_first, f.data, f.n_bytes, PSH_ERR_UNSUPPORTED, "ANALYZE");
    memcpy(f.data + 344, "n+1", 4), put(&f, 40, 8, 2);
    assert_bad(read_first, f.data, f.n_bytes, PSH_ERR_CORRUPT, "8 axes");
    put(&f, 40, 3, 2), put_f32(&f, 108, 100);
    assert_bad(read_first, f.data, f.n_bytes, PSH_ERR_CORRUPT, "voxels at byte 100");
    put_f32(&f, 108, NAN);
    assert_bad(read_first, f.data, f.n_bytes, PSH_ERR_CORRUPT, "voxels at byte");
    free(f.data);
    f = volume_of(2, false, 2);
    make(&f);
    put(&f, 504, 3002, 4);
    assert_bad(read_first, f.data, f.n_bytes, PSH_ERR_UNSUPPORTED, "CIFTI");
    free(f.data);
}

static void nan_is_refused_with_its_place(void **state) {
    nifti_file f = volume_of(1, false, 16);
    make(&f);
    put_f32(&f, 352 + 4 * (2 * HEIGHT * WIDTH + 3 * WIDTH + 4), NAN);
    assert_bad(read_first, f.data, f.n_bytes, PSH_ERR_NOT_FINITE, "slice 2, row 3, column 4");
    free(f.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_in_both_versions_and_byte_orders),
        cmocka_unit_test(slope_and_intercept_are_applied_in_doubles),
        cmocka_unit_test(a_slope_that_means_none_leaves_the_type),
        cmocka_unit_test(axes_beyond_the_third_are_a_stack),
        cmocka_unit_test(one_and_two_axes_and_axes_of_one),
        cmocka_unit_test(extensions_and_missing_offsets),
        cmocka_unit_test(cut_anywhere_it_fails),
        cmocka_unit_test(hostile_sides_fail_before_anything_is_allocated),
        cmocka_unit_test(what_is_not_read_is_named),
        cmocka_unit_test(nan_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
