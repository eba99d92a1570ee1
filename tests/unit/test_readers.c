/* test_readers.c : PNG, JPEG, PGM, IDX, .npy and gzip from memory: right pixels from good files, the right fault from
 * bad ones. Inputs are copied to blocks of exactly their size, so that a sanitizer sees a read of one byte too many. */
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/random.h"
#include "input/readers.h"

#define assert_text(error, part) assert_non_null(strstr((error).text, part))

typedef psh_status reader(const uint8_t *bytes, size_t n_bytes, psh_image **dst, psh_error *err);

typedef struct bytes {
    uint8_t *data;
    size_t n_bytes;
} bytes;

static bytes copy_of(const void *data, size_t n_bytes) {
    bytes b = {malloc(n_bytes ? n_bytes : 1), n_bytes};
    assert_non_null(b.data);
    if (n_bytes) memcpy(b.data, data, n_bytes);
    return b;
}

static void append(bytes *b, const void *data, size_t n_bytes) {
    b->data = realloc(b->data, b->n_bytes + n_bytes + 1);
    assert_non_null(b->data);
    memcpy(b->data + b->n_bytes, data, n_bytes);
    b->n_bytes += n_bytes;
}

static psh_status read_first(psh__open *open, const uint8_t *data, size_t n_bytes, psh_image **dst, psh_error *err) {
    psh_input_params params = PSH_PARAMS(psh_input_params);
    psh__loaded file = {.content = {.data = data, .n_bytes = n_bytes}, .params = &params, .n_items = 1};
    psh_item item = {0};
    psh_status status = open(&file, err);
    if (status != PSH_OK) return status;
    status = psh__stack_read_item(&file, 0, &item, err);
    if (status == PSH_OK) *dst = item.image;
    psh__stack_close(&file);
    return status;
}

static psh_status read_idx(const uint8_t *data, size_t n_bytes, psh_image **dst, psh_error *err) {
    return read_first(psh__idx_open, data, n_bytes, dst, err);
}

static psh_status read_npy(const uint8_t *data, size_t n_bytes, psh_image **dst, psh_error *err) {
    return read_first(psh__npy_open, data, n_bytes, dst, err);
}

static psh_image *read_good(reader *read, const void *data, size_t n_bytes) {
    psh_image *image = NULL;
    psh_error err;
    bytes exact = copy_of(data, n_bytes);
    psh_status status = read(exact.data, exact.n_bytes, &image, &err);
    if (status != PSH_OK) print_error("%s\n", err.text);
    assert_int_equal(status, PSH_OK);
    free(exact.data);
    return image;
}

static psh_status read_bad(reader *read, const void *data, size_t n_bytes, psh_error *err) {
    psh_image *image = NULL;
    bytes exact = copy_of(data, n_bytes);
    memset(err, 0, sizeof *err);
    psh_status status = read(exact.data, exact.n_bytes, &image, err);
    assert_int_not_equal(status, PSH_OK);
    assert_int_equal(err->status, status);
    assert_true(err->text[0] != 0);
    assert_null(image);
    free(exact.data);
    return status;
}

#define assert_bad(...) assert_bad_expanded(__VA_ARGS__) /* PGM() stands for two arguments */
#define assert_bad_expanded(read, data, n_bytes, expected, part)                                                       \
    do {                                                                                                               \
        psh_error bad_err;                                                                                             \
        assert_int_equal(read_bad(read, data, n_bytes, &bad_err), expected);                                           \
        assert_text(bad_err, part);                                                                                    \
    } while (0)

static void assert_every_prefix_fails(reader *read, const uint8_t *data, size_t n_bytes) {
    psh_error err;
    for (size_t n = 0; n < n_bytes; n++) {
        psh_status status = read_bad(read, data, n, &err);
        if (status != PSH_ERR_CORRUPT && status != PSH_ERR_FORMAT) print_error("%zu: %s\n", n, err.text);
        assert_true(status == PSH_ERR_CORRUPT || status == PSH_ERR_FORMAT);
    }
}

static void assert_any_allocation_may_fail(reader *read, const uint8_t *data, size_t n_bytes) {
    psh_status status = PSH_ERR_MEMORY;
    for (unsigned long n = 1; status != PSH_OK; n++) {
        psh_image *image = NULL;
        psh_error err;
        psh__alloc_fail_at(n);
        status = read(data, n_bytes, &image, &err);
        psh__alloc_fail_at(0);
        assert_true(status == PSH_OK ? image != NULL : status == PSH_ERR_MEMORY && !image);
        assert_true(n < 1000);
        psh_image_free(image);
    }
}

/* Random bytes, the same for each seed. */
static void fill(uint8_t *dst, size_t n_bytes, uint64_t seed) {
    psh__random rng;
    psh__random_init(&rng, seed, 0);
    for (size_t i = 0; i < n_bytes; i++) dst[i] = (uint8_t)psh__random_u64(&rng);
}

/* --- PNG ------------------------------------------------------------------------------------------------------------
 */

enum { HEIGHT = 13, WIDTH = 11 };

static void png_append(png_structp png, png_bytep data, size_t n_bytes) {
    append(png_get_io_ptr(png), data, n_bytes);
}

static void png_flush_nothing(png_structp png) {
    (void)png;
}

/* rows : (HEIGHT, row_bytes) as PNG stores them. */
static bytes make_png(int colour, int depth, int interlace, const uint8_t *rows, size_t row_bytes) {
    bytes file = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, png_append, png_flush_nothing);
    png_set_IHDR(png, info, WIDTH, HEIGHT, depth, colour, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (colour == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[256];
        for (int i = 0; i < 256; i++) palette[i] = (png_color){(png_byte)i, (png_byte)(7 * i + 1), (png_byte)(255 - i)};
        png_set_PLTE(png, info, palette, 1 << depth);
        png_set_tRNS(png, info, (png_byte[]){0, 128}, 2, NULL); /* to be ignored */
    }
    if (colour == PNG_COLOR_TYPE_GRAY || colour == PNG_COLOR_TYPE_RGB) {
        png_color_16 clear = {.gray = 1, .red = 1, .green = 2, .blue = 3};
        png_set_tRNS(png, info, NULL, 0, &clear); /* to be ignored */
    }
    png_set_gAMA(png, info, 0.5); /* to be ignored */
    png_write_info(png, info);
    int n_passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < n_passes; pass++)
        for (int y = 0; y < HEIGHT; y++) png_write_row(png, rows + (size_t)y * row_bytes);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return file;
}

static uint32_t luminance(uint32_t red, uint32_t green, uint32_t blue) {
    return (299 * red + 587 * green + 114 * blue + 500) / 1000;
}

/* The grey value that pixel (y, x) of such rows stands for, by the words of the header. */
static uint32_t expected_grey(int colour, int depth, const uint8_t *rows, size_t row_bytes, size_t y, size_t x) {
    static const int n_channels[] = {[PNG_COLOR_TYPE_GRAY] = 1,
                                     [PNG_COLOR_TYPE_RGB] = 3,
                                     [PNG_COLOR_TYPE_PALETTE] = 1,
                                     [PNG_COLOR_TYPE_GRAY_ALPHA] = 2,
                                     [PNG_COLOR_TYPE_RGB_ALPHA] = 4};
    const uint8_t *row = rows + y * row_bytes;
    uint32_t channels[4] = {0};
    for (int c = 0; c < n_channels[colour]; c++) {
        size_t bit = (x * (size_t)n_channels[colour] + (size_t)c) * (size_t)depth;
        if (depth == 16)
            channels[c] = (uint32_t)(row[bit / 8] << 8 | row[bit / 8 + 1]);
        else
            channels[c] = row[bit / 8] >> (8 - depth - (int)(bit % 8)) & ((1u << depth) - 1);
    }
    if (colour == PNG_COLOR_TYPE_PALETTE) return luminance(channels[0], (7 * channels[0] + 1) & 255, 255 - channels[0]);
    if (n_channels[colour] >= 3) return luminance(channels[0], channels[1], channels[2]);
    return depth < 8 ? channels[0] * 255 / ((1u << depth) - 1) : channels[0];
}

static const struct {
    int colour, depth, n_bits;
} png_kinds[] = {
    {PNG_COLOR_TYPE_GRAY, 1, 1},         {PNG_COLOR_TYPE_GRAY, 2, 2},        {PNG_COLOR_TYPE_GRAY, 4, 4},
    {PNG_COLOR_TYPE_GRAY, 8, 8},         {PNG_COLOR_TYPE_GRAY, 16, 16},      {PNG_COLOR_TYPE_GRAY_ALPHA, 8, 16},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 16, 32}, {PNG_COLOR_TYPE_RGB, 8, 24},        {PNG_COLOR_TYPE_RGB, 16, 48},
    {PNG_COLOR_TYPE_RGB_ALPHA, 8, 32},   {PNG_COLOR_TYPE_RGB_ALPHA, 16, 64}, {PNG_COLOR_TYPE_PALETTE, 1, 1},
    {PNG_COLOR_TYPE_PALETTE, 2, 2},      {PNG_COLOR_TYPE_PALETTE, 4, 4},     {PNG_COLOR_TYPE_PALETTE, 8, 8}};
#define N_PNG_KINDS (sizeof png_kinds / sizeof *png_kinds)

static bytes make_png_of_kind(size_t i_kind, int interlace, uint8_t *rows, size_t *row_bytes) {
    *row_bytes = ((size_t)png_kinds[i_kind].n_bits * WIDTH + 7) / 8;
    fill(rows, *row_bytes * HEIGHT, i_kind);
    return make_png(png_kinds[i_kind].colour, png_kinds[i_kind].depth, interlace, rows, *row_bytes);
}

static void test_png_of_every_kind(void **state) {
    static uint8_t rows[HEIGHT * WIDTH * 8];
    for (size_t i = 0; i < N_PNG_KINDS; i++)
        for (int interlace = 0; interlace < 2; interlace++) {
            size_t row_bytes;
            bytes file = make_png_of_kind(i, interlace, rows, &row_bytes);
            psh_image *image = read_good(psh__png_read, file.data, file.n_bytes);
            assert_int_equal(image->dtype, png_kinds[i].depth == 16 ? PSH_U16 : PSH_U8);
            assert_true(image->shape[0] == 1 && image->shape[1] == HEIGHT && image->shape[2] == WIDTH);
            for (size_t p = 0; p < HEIGHT * WIDTH; p++) {
                uint32_t found =
                    image->dtype == PSH_U8 ? ((uint8_t *)image->pixels)[p] : ((uint16_t *)image->pixels)[p];
                assert_int_equal(found, expected_grey(png_kinds[i].colour, png_kinds[i].depth, rows, row_bytes,
                                                      p / WIDTH, p % WIDTH));
            }
            psh_image_free(image), free(file.data);
        }
}

static void test_png_cut_anywhere_fails(void **state) {
    static uint8_t rows[HEIGHT * WIDTH * 8];
    size_t row_bytes;
    for (size_t i = 0; i < N_PNG_KINDS; i += 4) {
        bytes file = make_png_of_kind(i, 1, rows, &row_bytes);
        assert_every_prefix_fails(psh__png_read, file.data, file.n_bytes);
        free(file.data);
    }
}

static void test_png_with_a_flipped_bit_in_its_pixels_fails(void **state) {
    static uint8_t rows[HEIGHT * WIDTH * 8];
    size_t row_bytes;
    bytes file = make_png_of_kind(3, 0, rows, &row_bytes);
    file.data[file.n_bytes - 30] ^= 16; /* within IDAT */
    assert_bad(psh__png_read, file.data, file.n_bytes, PSH_ERR_CORRUPT, "damaged PNG");
    free(file.data);
}

/* Writes a header with its own checksum over that of a good file. */
static void set_png_sides(bytes *file, uint32_t width, uint32_t height) {
    uint8_t *ihdr = file->data + 12;
    for (int i = 0; i < 4; i++)
        ihdr[4 + i] = (uint8_t)(width >> (24 - 8 * i)), ihdr[8 + i] = (uint8_t)(height >> (24 - 8 * i));
    uint32_t check = (uint32_t)crc32(0, ihdr, 17);
    for (int i = 0; i < 4; i++) ihdr[17 + i] = (uint8_t)(check >> (24 - 8 * i));
}

static void test_png_with_hostile_sides_fails_before_it_allocates(void **state) {
    static uint8_t rows[HEIGHT * WIDTH * 8];
    size_t row_bytes;
    bytes file = make_png_of_kind(3, 0, rows, &row_bytes);
    psh__alloc_fail_at(1); /* would turn the answer into PSH_ERR_MEMORY */
    set_png_sides(&file, 0, 0);
    assert_bad(psh__png_read, file.data, file.n_bytes, PSH_ERR_SHAPE, "0 x 0");
    set_png_sides(&file, 5, 0);
    assert_bad(psh__png_read, file.data, file.n_bytes, PSH_ERR_SHAPE, "0 x 5");
    set_png_sides(&file, 46340, 46340);
    assert_bad(psh__png_read, file.data, file.n_bytes, PSH_ERR_CORRUPT, "cannot hold the 46340 x 46340");
    set_png_sides(&file, 0x7fffffff, 0x7fffffff);
    assert_bad(psh__png_read, file.data, file.n_bytes, PSH_ERR_SHAPE, "2^31");
    set_png_sides(&file, 0xffffffff, 0xffffffff);
    assert_bad(psh__png_read, file.data, file.n_bytes, PSH_ERR_SHAPE, "2^31");
    psh__alloc_fail_at(0);
    set_png_sides(&file, WIDTH, HEIGHT + 1); /* one row is missing */
    assert_bad(psh__png_read, file.data, file.n_bytes, PSH_ERR_CORRUPT, "damaged PNG");
    free(file.data);
}

static void test_png_any_allocation_may_fail(void **state) {
    static uint8_t rows[HEIGHT * WIDTH * 8];
    for (int interlace = 0; interlace < 2; interlace++) {
        size_t row_bytes;
        bytes file = make_png_of_kind(14, interlace, rows, &row_bytes);
        assert_any_allocation_may_fail(psh__png_read, file.data, file.n_bytes);
        free(file.data);
    }
}

/* --- JPEG -----------------------------------------------------------------------------------------------------------
 */

static bytes make_jpeg(int width, int height, int pixel_format, int subsampling, int flags) {
    uint8_t *pixels = malloc((size_t)(width * height * tjPixelSize[pixel_format]));
    for (int i = 0; i < width * height * tjPixelSize[pixel_format]; i++) pixels[i] = (uint8_t)(i * 37 % 251);
    unsigned char *data = NULL;
    unsigned long n_bytes = 0;
    tjhandle handle = tjInitCompress();
    assert_int_equal(
        tjCompress2(handle, pixels, width, 0, height, pixel_format, &data, &n_bytes, subsampling, 90, flags), 0);
    bytes file = copy_of(data, n_bytes);
    tjFree(data), tjDestroy(handle), free(pixels);
    return file;
}

/* TJPF_GRAY of a grey file, luminance of TJPF_RGB of any other. */
static void assert_jpeg_is_luminance_of_rgb(const bytes *file, int width, int height) {
    int n = width * height;
    uint8_t *rgb = malloc(3 * (size_t)n);
    tjhandle handle = tjInitDecompress();
    assert_int_equal(
        tjDecompress2(handle, file->data, file->n_bytes, rgb, width, 0, height, TJPF_RGB, TJFLAG_ACCURATEDCT), 0);
    psh_image *image = read_good(psh__jpeg_read, file->data, file->n_bytes);
    assert_int_equal(image->dtype, PSH_U8);
    assert_true(image->shape[1] == (size_t)height && image->shape[2] == (size_t)width);
    for (int i = 0; i < n; i++)
        assert_int_equal(((uint8_t *)image->pixels)[i], luminance(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]));
    psh_image_free(image), tjDestroy(handle), free(rgb);
}

static void test_jpeg_is_the_luminance_of_its_rgb(void **state) {
    static const int subsamplings[] = {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440};
    for (int i = 0; i < 4; i++)
        for (int flags = 0; flags <= TJFLAG_PROGRESSIVE; flags += TJFLAG_PROGRESSIVE) {
            bytes file = make_jpeg(37, 21, TJPF_RGB, subsamplings[i], flags);
            assert_jpeg_is_luminance_of_rgb(&file, 37, 21);
            free(file.data);
        }
    bytes grey = make_jpeg(19, 10, TJPF_GRAY, TJSAMP_GRAY, 0);
    assert_jpeg_is_luminance_of_rgb(&grey, 19, 10);
    free(grey.data);
}

static void test_jpeg_cut_anywhere_fails(void **state) {
    bytes file = make_jpeg(24, 24, TJPF_RGB, TJSAMP_420, 0),
          progressive = make_jpeg(9, 9, TJPF_RGB, TJSAMP_444, TJFLAG_PROGRESSIVE);
    assert_every_prefix_fails(psh__jpeg_read, file.data, file.n_bytes);
    assert_every_prefix_fails(psh__jpeg_read, progressive.data, progressive.n_bytes);
    free(file.data), free(progressive.data);
}

static void test_jpeg_with_cmyk_is_refused(void **state) {
    bytes file = make_jpeg(8, 8, TJPF_CMYK, TJSAMP_444, 0);
    assert_bad(psh__jpeg_read, file.data, file.n_bytes, PSH_ERR_UNSUPPORTED, "CMYK");
    free(file.data);
}

static void set_jpeg_sides(bytes *file, unsigned width, unsigned height) {
    for (size_t i = 2; i + 9 < file->n_bytes; i++)
        if (file->data[i] == 0xff && file->data[i + 1] == 0xc0) {
            uint8_t sides[4] = {(uint8_t)(height >> 8), (uint8_t)height, (uint8_t)(width >> 8), (uint8_t)width};
            memcpy(file->data + i + 5, sides, 4);
            return;
        }
    fail();
}

static void test_jpeg_with_hostile_sides_fails_before_it_allocates(void **state) {
    bytes file = make_jpeg(16, 16, TJPF_RGB, TJSAMP_444, 0);
    psh__alloc_fail_at(1);
    set_jpeg_sides(&file, 16, 0);
    assert_bad(psh__jpeg_read, file.data, file.n_bytes, PSH_ERR_SHAPE, "empty");
    set_jpeg_sides(&file, 0, 0);
    assert_bad(psh__jpeg_read, file.data, file.n_bytes, PSH_ERR_SHAPE, "empty");
    set_jpeg_sides(&file, 30000, 30000);
    assert_bad(psh__jpeg_read, file.data, file.n_bytes, PSH_ERR_CORRUPT, "cannot hold the 30000 x 30000");
    set_jpeg_sides(&file, 65500, 65500);
    assert_bad(psh__jpeg_read, file.data, file.n_bytes, PSH_ERR_SHAPE, "2^31");
    psh__alloc_fail_at(0);
    free(file.data);
}

static void test_jpeg_any_allocation_may_fail(void **state) {
    bytes file = make_jpeg(16, 16, TJPF_RGB, TJSAMP_420, 0);
    assert_any_allocation_may_fail(psh__jpeg_read, file.data, file.n_bytes);
    free(file.data);
}

/* --- Luminance ------------------------------------------------------------------------------------------------------
 */

/* Every sum that three bytes can give, in vectors and in the loop's tail, against a division. */
static void test_luminance_is_rounded_bt601(void **state) {
    static const char *const levels[] = {"scalar", "avx2", "avx512"};
    static uint8_t colours[4 * 4099], grey[4099];
    psh__random rng;
    for (int level = 0; level < 3; level++) {
        setenv("PSH_SIMD", levels[level], 1);
        psh__random_init(&rng, 1, 0);
        for (int round = 0; round < 300; round++) {
            size_t n = psh__random_below(&rng, 4100);
            for (size_t i = 0; i < 4 * n; i++) colours[i] = (uint8_t)psh__random_u64(&rng);
            psh__luminance_u8(colours, n, grey);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(grey[i], luminance(colours[4 * i], colours[4 * i + 1], colours[4 * i + 2]));
        }
    }
    unsetenv("PSH_SIMD");
    for (uint32_t red = 0; red < 256; red++) { /* the kernel's division is right for all its sums */
        for (size_t i = 0; i < 1024; i++)
            colours[4 * i] = (uint8_t)red, colours[4 * i + 1] = (uint8_t)i,
                        colours[4 * i + 2] = (uint8_t)(85 * (i >> 8));
        psh__luminance_u8(colours, 1024, grey);
        for (size_t i = 0; i < 1024; i++)
            assert_int_equal(grey[i], luminance(colours[4 * i], colours[4 * i + 1], colours[4 * i + 2]));
    }
    const uint16_t deep[8] = {65535, 65535, 65535, 0, 1, 0, 0, 9};
    uint16_t deep_grey[2];
    psh__luminance_u16(deep, 2, deep_grey);
    assert_true(deep_grey[0] == 65535 && deep_grey[1] == 0);
}

/* --- PGM ------------------------------------------------------------------------------------------------------------
 */

#define PGM(text) text, sizeof(text) - 1

static psh_image *read_pgm(const char *text, size_t n_bytes) {
    return read_good(psh__pgm_read, text, n_bytes);
}

static void assert_pgm_is_012345(const char *text, size_t n_bytes) {
    psh_image *image = read_pgm(text, n_bytes);
    assert_int_equal(image->dtype, PSH_U8);
    assert_true(image->shape[1] == 2 && image->shape[2] == 3);
    for (int i = 0; i < 6; i++) assert_int_equal(((uint8_t *)image->pixels)[i], i);
    psh_image_free(image);
}

static void test_pgm_plain_and_raw_with_comments(void **state) {
    assert_pgm_is_012345(PGM("P2 3 2 255 0 1 2 3 4 5"));
    assert_pgm_is_012345(PGM("P2\n# by hand\n3 # wide\n2\r\n255\n0 1 2\n# half\n3\t4 5\n\n"));
    assert_pgm_is_012345(PGM("P2#x\n3 2 5 0 01 002 3 4 5 # done"));
    assert_pgm_is_012345(PGM("P5 3 2 255\n\0\1\2\3\4\5"));
    assert_pgm_is_012345(PGM("P5\n# by hand\n3 2\n# more\n5 \0\1\2\3\4\5\n"));
    assert_pgm_is_012345(PGM("P5 3 2 255#comment\n\0\1\2\3\4\5"));
}

static void test_pgm_of_16_bits(void **state) {
    static const char *const files[] = {"P2 2 1 65535 258 65535", "P2 2 1 40000 258 40000"};
    for (int i = 0; i < 2; i++) {
        psh_image *image = read_pgm(files[i], strlen(files[i]));
        assert_int_equal(image->dtype, PSH_U16);
        assert_int_equal(((uint16_t *)image->pixels)[0], 258);
        assert_int_equal(((uint16_t *)image->pixels)[1], i ? 40000 : 65535);
        psh_image_free(image);
    }
    psh_image *image = read_pgm(PGM("P5 2 1 256\n\1\0\0\377"));
    assert_int_equal(((uint16_t *)image->pixels)[0], 256);
    assert_int_equal(((uint16_t *)image->pixels)[1], 255);
    psh_image_free(image);
}

static void test_pgm_faults_are_named(void **state) {
    assert_bad(psh__pgm_read, PGM("P6 1 1 255 abc"), PSH_ERR_FORMAT, "P2 or P5");
    assert_bad(psh__pgm_read, PGM("P5 0 0 255\n"), PSH_ERR_SHAPE, "0 x 0");
    assert_bad(psh__pgm_read, PGM("P5 3 0 255\n"), PSH_ERR_SHAPE, "0 x 3");
    assert_bad(psh__pgm_read, PGM("P5 70000 70000 255\n"), PSH_ERR_SHAPE, "2^31");
    assert_bad(psh__pgm_read, PGM("P5 999999999 999999999 255\n"), PSH_ERR_SHAPE, "2^31");
    assert_bad(psh__pgm_read, PGM("P5 99999999999999999999 1 255\n"), PSH_ERR_CORRUPT, "header");
    assert_bad(psh__pgm_read, PGM("P5 -1 1 255\n"), PSH_ERR_CORRUPT, "header");
    assert_bad(psh__pgm_read, PGM("P5 1x1 255\na"), PSH_ERR_CORRUPT, "header");
    assert_bad(psh__pgm_read, PGM("P5 1 1 0\na"), PSH_ERR_CORRUPT, "maximum 0");
    assert_bad(psh__pgm_read, PGM("P5 1 1 65536\naa"), PSH_ERR_CORRUPT, "maximum 65536");
    assert_bad(psh__pgm_read, PGM("P5 30000 30000 255\nabc"), PSH_ERR_CORRUPT, "3 are there");
    assert_bad(psh__pgm_read, PGM("P5 3 1 9\n\1\2\12"), PSH_ERR_CORRUPT, "pixel 2 is 10");
    assert_bad(psh__pgm_read, PGM("P5 1 1 999\n\4\4"), PSH_ERR_CORRUPT, "pixel 0 is 1028");
    assert_bad(psh__pgm_read, PGM("P2 3 1 9 1 2 10"), PSH_ERR_CORRUPT, "pixel 2 is 10");
    assert_bad(psh__pgm_read, PGM("P2 3 1 9 1 2 x"), PSH_ERR_CORRUPT, "pixel 2 is no number");
    assert_bad(psh__pgm_read, PGM("P2 3 1 9 1 22222   "), PSH_ERR_CORRUPT, "pixel 1 is 22222");
    assert_bad(psh__pgm_read, PGM("P2 3 1 9 1 2      "), PSH_ERR_CORRUPT, "2 are there");
    assert_bad(psh__pgm_read, PGM("P2 2 2 9 1 2"), PSH_ERR_CORRUPT, "truncated");
    assert_bad(psh__pgm_read, PGM("P5 1 1 9\n\1P5 1 1 9\n\1"), PSH_ERR_UNSUPPORTED, "one image a file");
    assert_bad(psh__pgm_read, PGM("P2 1 1 9 1 2"), PSH_ERR_UNSUPPORTED, "one image a file");
}

static void test_pgm_cut_anywhere_fails(void **state) {
    static const char raw[] = "P5\n# c\n3 2 255\n\0\1\2\3\4\5", deep[] = "P5 2 1 4000 \1\2\3\4",
                      plain[] = "P2 3 1 7 1 2 3";
    assert_every_prefix_fails(psh__pgm_read, (const uint8_t *)raw, sizeof raw - 1);
    assert_every_prefix_fails(psh__pgm_read, (const uint8_t *)deep, sizeof deep - 1);
    assert_every_prefix_fails(psh__pgm_read, (const uint8_t *)plain, sizeof plain - 1);
    assert_any_allocation_may_fail(psh__pgm_read, (const uint8_t *)raw, sizeof raw - 1);
}

/* --- IDX ------------------------------------------------------------------------------------------------------------
 */

#define IDX(text) ((const uint8_t *)(text)), sizeof(text) - 1

static void test_idx_of_every_type(void **state) {
    static const struct {
        const uint8_t *data;
        size_t n_bytes;
        psh_dtype dtype;
        double expected[2];
    } files[] = {
        {IDX("\0\0\x08\3\0\0\0\1\0\0\0\1\0\0\0\2\xff\1"), PSH_U8, {255, 1}},
        {IDX("\0\0\x09\3\0\0\0\1\0\0\0\1\0\0\0\2\xff\1"), PSH_F64, {-1, 1}},
        {IDX("\0\0\x0b\3\0\0\0\1\0\0\0\1\0\0\0\2\xff\xfe\1\2"), PSH_F64, {-2, 258}},
        {IDX("\0\0\x0c\3\0\0\0\1\0\0\0\1\0\0\0\2\0\1\0\0\xff\xff\xff\xff"), PSH_F64, {65536, -1}},
        {IDX("\0\0\x0d\3\0\0\0\1\0\0\0\1\0\0\0\2\x3f\xc0\0\0\xc0\0\0\0"), PSH_F32, {1.5, -2}},
        {IDX("\0\0\x0e\2\0\0\0\2\0\0\0\1\x3f\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0"), PSH_F64, {1.5, -2}},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        psh_image *image = read_good(read_idx, files[i].data, files[i].n_bytes);
        double values[2];
        assert_int_equal(image->dtype, files[i].dtype);
        assert_int_equal(image->n_pixels, 2);
        psh__image_widen(image, 0, 2, values);
        assert_true(values[0] == files[i].expected[0] && values[1] == files[i].expected[1]);
        psh_image_free(image);
        assert_every_prefix_fails(read_idx, files[i].data, files[i].n_bytes);
        assert_any_allocation_may_fail(read_idx, files[i].data, files[i].n_bytes);
    }
}

static void test_idx_serves_each_slice(void **state) {
    static const char file[] = "\0\0\x08\3\0\0\0\3\0\0\0\1\0\0\0\2abcdef";
    psh_input_params params = PSH_PARAMS(psh_input_params);
    psh__loaded stack = {.content = {.data = (const uint8_t *)file, .n_bytes = sizeof file - 1}, .params = &params};
    assert_int_equal(psh__idx_open(&stack, NULL), PSH_OK);
    assert_int_equal(stack.n_items, 3);
    assert_true(stack.is_indexed);
    for (size_t i = 0; i < 3; i++) {
        psh_item item = {0};
        assert_int_equal(psh__stack_read_item(&stack, i, &item, NULL), PSH_OK);
        assert_int_equal(item.kind, PSH_ITEM_IMAGE);
        assert_memory_equal(item.image->pixels, file + 16 + 2 * i, 2);
        psh_item_free(&item);
    }
    psh__stack_close(&stack);
}

static void test_idx_faults_are_named(void **state) {
    assert_bad(read_idx, "\0\0\x08\1\0\0\0\2ab", 10, PSH_ERR_SHAPE, "1 axis");
    assert_bad(read_idx, "\0\0\x08\4\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1a", 21, PSH_ERR_SHAPE, "4 axes");
    assert_bad(read_idx, "\0\0\x08\3\0\0\0\0\0\0\0\1\0\0\0\1", 16, PSH_ERR_EMPTY, "0 images");
    assert_bad(read_idx, "\0\0\x08\3\0\0\0\1\0\0\0\0\0\0\0\0", 16, PSH_ERR_SHAPE, "0 x 0");
    assert_bad(read_idx, "\0\0\x08\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16, PSH_ERR_CORRUPT,
               "truncated");
    assert_bad(read_idx, "\0\0\x0e\2\x80\0\0\0\x80\0\0\0........", 20, PSH_ERR_CORRUPT, "truncated");
    assert_bad(read_idx, "\0\0\x08\2\0\0\0\1\0\0\0\1ab", 14, PSH_ERR_CORRUPT, "goes on for 1 bytes");
    assert_bad(read_idx, "\0\0\x0a\2\0\0\0\1\0\0\0\1ab", 14, PSH_ERR_FORMAT, "no IDX");
    assert_bad(read_idx, "\0\0\x0d\2\0\0\0\1\0\0\0\1\x7f\xc0\0\0", 16, PSH_ERR_NOT_FINITE, "NaN at row 0, column 0");
}

/* --- .npy -----------------------------------------------------------------------------------------------------------
 */

static bytes make_npy(const char *descr, const size_t *shape, size_t n_axes, const void *data, size_t n_bytes) {
    char head[256];
    bytes file = copy_of(head, psh__npy_header(descr, shape, n_axes, head));
    append(&file, data, n_bytes);
    return file;
}

static void test_npy_of_every_type(void **state) {
    static const struct {
        const char *descr, *data;
        size_t item_bytes;
        psh_dtype dtype;
        double expected[2];
    } files[] = {
        {"|u1", "\xff\1", 1, PSH_U8, {255, 1}},
        {"|b1", "\0\1", 1, PSH_U8, {0, 1}},
        {"|i1", "\xff\1", 1, PSH_F64, {-1, 1}},
        {"<u2", "\1\2\xff\xff", 2, PSH_U16, {513, 65535}},
        {">u2", "\1\2\xff\xff", 2, PSH_U16, {258, 65535}},
        {"<i2", "\1\2\xff\xff", 2, PSH_F64, {513, -1}},
        {"<f2", "\0\x3c\0\xc0", 2, PSH_F64, {1, -2}},
        {"<u4", "\0\0\1\0\xff\xff\xff\xff", 4, PSH_F64, {65536, 4294967295.0}},
        {"<f4", "\0\0\xc0\x3f\0\0\0\xc0", 4, PSH_F32, {1.5, -2}},
        {">f4", "\x3f\xc0\0\0\xc0\0\0\0", 4, PSH_F32, {1.5, -2}},
        {"<i8", "\1\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 8, PSH_F64, {1, -1}},
        {"<u8", "\1\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 8, PSH_F64, {1, 4294967296.0}},
        {"<f8", "\0\0\0\0\0\0\xf8\x3f\0\0\0\0\0\0\0\xc0", 8, PSH_F64, {1.5, -2}},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bytes file = make_npy(files[i].descr, (size_t[]){2, 1}, 2, files[i].data, 2 * files[i].item_bytes);
        psh_image *image = read_good(read_npy, file.data, file.n_bytes);
        double values[2];
        assert_int_equal(image->dtype, files[i].dtype);
        assert_true(image->shape[1] == 2 && image->shape[2] == 1);
        psh__image_widen(image, 0, 2, values);
        assert_true(values[0] == files[i].expected[0] && values[1] == files[i].expected[1]);
        psh_image_free(image);
        assert_every_prefix_fails(read_npy, file.data, file.n_bytes);
        assert_any_allocation_may_fail(read_npy, file.data, file.n_bytes);
        free(file.data);
    }
}

static void assert_npy_bad(const char *descr, const size_t *shape, size_t n_axes, const void *data, size_t n_bytes,
                           psh_status expected, const char *part) {
    bytes file = make_npy(descr, shape, n_axes, data, n_bytes);
    assert_bad(read_npy, file.data, file.n_bytes, expected, part);
    free(file.data);
}

static void test_npy_faults_are_named(void **state) {
    double values[4] = {0, 1, 2, NAN};
    assert_npy_bad("<f8", (size_t[]){2, 2}, 2, values, 32, PSH_ERR_NOT_FINITE, "NaN at row 1, column 1");
    values[3] = 3, values[2] = -INFINITY;
    assert_npy_bad("<f8", (size_t[]){2, 2}, 2, values, 32, PSH_ERR_NOT_FINITE, "infinite at row 1, column 0");
    assert_npy_bad("<f2", (size_t[]){1, 1}, 2, "\0\x7e", 2, PSH_ERR_NOT_FINITE, "NaN at row 0");
    assert_npy_bad("<f8", (size_t[]){4}, 1, values, 32, PSH_ERR_SHAPE, "1 axis");
    assert_npy_bad("<f8", NULL, 0, values, 8, PSH_ERR_SHAPE, "0 axes");
    assert_npy_bad("<f8", (size_t[]){1, 1, 2, 2}, 4, values, 32, PSH_ERR_SHAPE, "4 axes");
    assert_npy_bad("<f8", (size_t[]){0, 0}, 2, values, 0, PSH_ERR_SHAPE, "0 x 0");
    assert_npy_bad("<f8", (size_t[]){0, 2, 2}, 3, values, 0, PSH_ERR_EMPTY, "0 images");
    assert_npy_bad("<U1", (size_t[]){1, 1}, 2, "a\0\0\0", 4, PSH_ERR_FORMAT, "text");
    assert_npy_bad("<c16", (size_t[]){1, 1}, 2, values, 16, PSH_ERR_UNSUPPORTED, "<c16");
    assert_npy_bad("|u1", (size_t[]){1u << 16, 1u << 16}, 2, values, 32, PSH_ERR_CORRUPT, "truncated");
    assert_npy_bad("<f8", (size_t[]){(size_t)1 << 62, 16}, 2, values, 32, PSH_ERR_CORRUPT, "truncated");
}

/* --- gzip -----------------------------------------------------------------------------------------------------------
 */

static bytes gzip(const void *data, size_t n_bytes) {
    static uint8_t room[1 << 16];
    z_stream z = {
        .next_in = (z_const Bytef *)data, .avail_in = (uInt)n_bytes, .next_out = room, .avail_out = sizeof room};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    bytes file = copy_of(room, sizeof room - z.avail_out);
    deflateEnd(&z);
    return file;
}

static void assert_inflates(const bytes *file, const uint8_t *expected, size_t n_expected) {
    uint8_t *data = NULL;
    size_t n_bytes = 0;
    psh_error err;
    bytes exact = copy_of(file->data, file->n_bytes);
    assert_int_equal(psh__gzip_inflate(exact.data, exact.n_bytes, &data, &n_bytes, &err), PSH_OK);
    assert_int_equal(n_bytes, n_expected);
    if (n_bytes) assert_memory_equal(data, expected, n_bytes);
    psh__free(data), free(exact.data);
}

static void test_gzip_inflates_any_length_and_several_members(void **state) {
    static uint8_t data[40000];
    static const size_t lengths[] = {0, 1, 63, 64, 65, 1000, 40000};
    for (int is_random = 0; is_random < 2; is_random++) {
        if (is_random) fill(data, sizeof data, 1);
        for (size_t i = 0; i < 7; i++) {
            bytes file = gzip(data, lengths[i]);
            assert_inflates(&file, data, lengths[i]);
            free(file.data);
        }
    }
    bytes file = gzip(data, 30000), second = gzip(data + 30000, 10000);
    append(&file, second.data, second.n_bytes);
    assert_inflates(&file, data, 40000);
    append(&file, "\0\0\0", 3); /* padding */
    assert_inflates(&file, data, 40000);
    free(file.data), free(second.data);
}

static psh_status inflate_only(const uint8_t *data, size_t n_bytes, psh_image **dst, psh_error *err) {
    uint8_t *inflated = NULL;
    size_t n_inflated;
    psh_status status = psh__gzip_inflate(data, n_bytes, &inflated, &n_inflated, err);
    if (status == PSH_OK) status = psh_image_create(PSH_U8, (size_t[]){1, 1, n_inflated}, inflated, dst, err);
    psh__free(inflated);
    return status;
}

static void test_gzip_cut_or_damaged_fails(void **state) {
    uint8_t data[300];
    fill(data, sizeof data, 2);
    memset(data + 50, 7, 200);
    bytes file = gzip(data, sizeof data);
    assert_every_prefix_fails(inflate_only, file.data, file.n_bytes);
    assert_any_allocation_may_fail(inflate_only, file.data, file.n_bytes);
    file.data[file.n_bytes - 6] ^= 1;
    assert_bad(inflate_only, file.data, file.n_bytes, PSH_ERR_CORRUPT, "incorrect data check");
    file.data[file.n_bytes - 6] ^= 1;
    memset(file.data + file.n_bytes - 4, 0xff, 4); /* claims 4 GB: must not ask for them, nor accept them */
    assert_bad(inflate_only, file.data, file.n_bytes, PSH_ERR_CORRUPT, "incorrect length check");
    append(&file, "rubbish", 7);
    assert_bad(inflate_only, file.data, file.n_bytes, PSH_ERR_CORRUPT, "damaged gzip");
    free(file.data);
}

static void test_gzip_peek_never_fails(void **state) {
    uint8_t head[16];
    bytes file = gzip("\0\0\x08\3 and so on, for more than sixteen bytes", 40);
    assert_int_equal(psh__gzip_peek(file.data, file.n_bytes, head, 16), 16);
    assert_memory_equal(head, "\0\0\x08\3 and so on, ", 16);
    for (size_t n = 0; n <= file.n_bytes; n++) {
        bytes exact = copy_of(file.data, n);
        assert_true(psh__gzip_peek(exact.data, n, head, 16) <= 16);
        free(exact.data);
    }
    free(file.data);
}

/* --- Formats --------------------------------------------------------------------------------------------------------
 */

static void test_formats_are_told_by_content(void **state) {
    static const struct {
        const char *head;
        size_t n_bytes;
        const char *guess;
    } foreign[] = {{PGM(""), "empty"},
                   {PGM("hello\n"), "plain text"},
                   {PGM("GIF89a"), "GIF"},
                   {PGM("BM......"), "BMP"},
                   {PGM("RIFF....WEBPVP8 "), "WebP"},
                   {PGM("P6 1 1 255 abc"), "Netpbm"},
                   {PGM("\x89HDF\r\n"), "HDF5"},
                   {PGM("%PDF-1.4"), "PDF"},
                   {PGM("\1\2\3\4"), "unknown"},
                   {PGM("\x89PNG\n\n"), "damaged PNG"},
                   {PGM("P5"), "plain text"},
                   {PGM("P5x"), "plain text"}};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        bytes head = copy_of(foreign[i].head, foreign[i].n_bytes);
        psh__head start = psh__head_of(head.data, head.n_bytes, PSH_ITEM_AUTO);
        assert_null(psh__format_find(&start));
        assert_non_null(strstr(psh__format_guess(&start), foreign[i].guess));
        free(head.data);
    }
    static const char *const image_names[] = {"a.png", "A.PNG",   "x/a.jpeg", "t10k-images-idx3-ubyte.gz",
                                              "b.npy", "c.pgm.gz"};
    static const char *const other_names[] = {"",       "png",  ".gz",  "a.txt", "a.png.txt",
                                              "README", "a.gz", ".png", "png.gz"};
    for (size_t i = 0; i < 6; i++) assert_true(psh__format_is_name(image_names[i]));
    for (size_t i = 0; i < 9; i++) assert_false(psh__format_is_name(other_names[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_of_every_kind),
        cmocka_unit_test(test_png_cut_anywhere_fails),
        cmocka_unit_test(test_png_with_a_flipped_bit_in_its_pixels_fails),
        cmocka_unit_test(test_png_with_hostile_sides_fails_before_it_allocates),
        cmocka_unit_test(test_png_any_allocation_may_fail),
        cmocka_unit_test(test_jpeg_is_the_luminance_of_its_rgb),
        cmocka_unit_test(test_jpeg_cut_anywhere_fails),
        cmocka_unit_test(test_jpeg_with_cmyk_is_refused),
        cmocka_unit_test(test_jpeg_with_hostile_sides_fails_before_it_allocates),
        cmocka_unit_test(test_jpeg_any_allocation_may_fail),
        cmocka_unit_test(test_luminance_is_rounded_bt601),
        cmocka_unit_test(test_pgm_plain_and_raw_with_comments),
        cmocka_unit_test(test_pgm_of_16_bits),
        cmocka_unit_test(test_pgm_faults_are_named),
        cmocka_unit_test(test_pgm_cut_anywhere_fails),
        cmocka_unit_test(test_idx_of_every_type),
        cmocka_unit_test(test_idx_serves_each_slice),
        cmocka_unit_test(test_idx_faults_are_named),
        cmocka_unit_test(test_npy_of_every_type),
        cmocka_unit_test(test_npy_faults_are_named),
        cmocka_unit_test(test_gzip_inflates_any_length_and_several_members),
        cmocka_unit_test(test_gzip_cut_or_damaged_fails),
        cmocka_unit_test(test_gzip_peek_never_fails),
        cmocka_unit_test(test_formats_are_told_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
