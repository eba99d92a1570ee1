/* test_tiff.c : TIFF: every kind of sample, layout and compression gives the pixels that went in; pages and volumes;
 * damage is named. */
#include <stdbool.h>
#include <tiffio.h>

#include "input/tiff.h"
#include "reader_checks.h"

enum { HEIGHT = 37, WIDTH = 29, MAX_FILE = 1 << 20 };

/* --- a TIFF in memory --------------------------------------------------------------------------------------------- */

typedef struct memory {
    uint8_t *data;
    size_t n_bytes, at;
} memory;

static tmsize_t memory_read(thandle_t handle, void *dst, tmsize_t n_bytes) {
    memory *m = (memory *)handle;
    size_t n = m->at < m->n_bytes ? m->n_bytes - m->at : 0;
    if (n > (size_t)n_bytes) n = (size_t)n_bytes;
    memcpy(dst, m->data + m->at, n);
    m->at += n;
    return (tmsize_t)n;
}

static tmsize_t memory_write(thandle_t handle, void *src, tmsize_t n_bytes) {
    memory *m = (memory *)handle;
    assert_true(m->at + (size_t)n_bytes <= MAX_FILE);
    memcpy(m->data + m->at, src, (size_t)n_bytes);
    m->at += (size_t)n_bytes;
    if (m->n_bytes < m->at) m->n_bytes = m->at;
    return n_bytes;
}

static toff_t memory_seek(thandle_t handle, toff_t offset, int whence) {
    memory *m = (memory *)handle;
    m->at = (size_t)offset + (whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->n_bytes : 0);
    return m->at;
}

static int memory_close(thandle_t handle) {
    return 0;
}

static toff_t memory_size(thandle_t handle) {
    return ((memory *)handle)->n_bytes;
}

static TIFF *open_writer(memory *m, const char *mode) {
    *m = (memory){.data = calloc(1, MAX_FILE)};
    TIFF *tiff = TIFFClientOpen("test", mode, (thandle_t)m, memory_read, memory_write, memory_seek, memory_close,
                                memory_size, NULL, NULL);
    assert_non_null(tiff);
    return tiff;
}

/* One page of what is described, its samples from a seed. */
typedef struct kind {
    uint16_t photometric, n_bits, format, n_samples, n_extra, compression, planar;
    uint32_t tile;          /* side of tiles; 0: strips */
    uint32_t strip;         /* rows of a strip; 0: all */
    uint32_t height, width; /* 0: HEIGHT, WIDTH */
} kind;

static size_t row_bytes_of(const kind *k, size_t width) {
    size_t n_samples = k->planar == PLANARCONFIG_SEPARATE ? 1 : k->n_samples;
    return (width * n_samples * k->n_bits + 7) / 8;
}

static void set_tags(TIFF *tiff, const kind *k) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, k->width ? k->width : WIDTH);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, k->height ? k->height : HEIGHT);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, k->n_bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, k->n_samples);
    TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, k->format ? k->format : SAMPLEFORMAT_UINT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, k->photometric);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, k->compression ? k->compression : COMPRESSION_NONE);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, k->planar ? k->planar : PLANARCONFIG_CONTIG);
    if (k->n_extra) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, k->n_extra, (uint16_t[4]){EXTRASAMPLE_UNASSALPHA});
    if (k->tile) {
        TIFFSetField(tiff, TIFFTAG_TILEWIDTH, k->tile);
        TIFFSetField(tiff, TIFFTAG_TILELENGTH, k->tile);
    } else {
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, k->strip ? k->strip : HEIGHT);
    }
}

/* Sample c of pixel (y, x) as raw bits. Floats are small integers, so that every type can hold them. */
static uint64_t sample_bits(const kind *k, size_t y, size_t x, size_t c) {
    uint64_t bits = (y * 131 + x * 7 + c * 59 + x * y) * 0x9e3779b97f4a7c15u >> 7;
    if (k->format == SAMPLEFORMAT_IEEEFP) {
        float small = (float)(bits % 2000) / 8 - 100;
        double value = (double)small;
        uint32_t word;
        memcpy(&word, &small, 4), memcpy(&bits, &value, 8);
        if (k->n_bits == 32) return word;
        if (k->n_bits == 64) return bits;
        uint32_t exponent = word >> 23 & 255; /* a half: 11 bits of the numbers above are enough */
        return small == 0 ? 0 : (word >> 31) << 15 | (exponent - 127 + 15) << 10 | (word >> 13 & 1023);
    }
    return k->n_bits == 64 ? bits : bits & ((1ull << k->n_bits) - 1);
}

static double sample_value(const kind *k, size_t y, size_t x, size_t c) {
    uint64_t bits = sample_bits(k, y, x, c);
    if (k->format == SAMPLEFORMAT_IEEEFP)
        return (double)((float)((y * 131 + x * 7 + c * 59 + x * y) * 0x9e3779b97f4a7c15u % (2000ull << 7) >> 7) / 8 -
                        100);
    if (k->format == SAMPLEFORMAT_INT) return (double)((int64_t)(bits << (64 - k->n_bits)) >> (64 - k->n_bits));
    return (double)bits;
}

static void put_sample(const kind *k, uint8_t *row, size_t i_sample, uint64_t bits) {
    if (k->n_bits % 8 == 0) {
        memcpy(row + i_sample * k->n_bits / 8, &bits, k->n_bits / 8); /* this machine is little-endian */
        return;
    }
    for (size_t i = 0; i < k->n_bits; i++) {
        size_t at = i_sample * k->n_bits + i;
        if (bits >> (k->n_bits - 1 - i) & 1) row[at / 8] |= (uint8_t)(128 >> at % 8);
    }
}

/* Rows [y, y + n_rows) x columns [x, x + width) of plane `plane`, zero beyond the page. */
static uint8_t *make_block(const kind *k, size_t y, size_t n_rows, size_t x, size_t width, size_t plane) {
    size_t page_height = k->height ? k->height : HEIGHT, page_width = k->width ? k->width : WIDTH;
    size_t row_bytes = row_bytes_of(k, width);
    bool is_separate = k->planar == PLANARCONFIG_SEPARATE;
    uint8_t *block = calloc(n_rows, row_bytes);
    for (size_t i = 0; i < n_rows && y + i < page_height; i++)
        for (size_t j = 0; j < width && x + j < page_width; j++)
            for (size_t c = 0; c < (is_separate ? 1u : k->n_samples); c++)
                put_sample(k, block + i * row_bytes, j * (is_separate ? 1 : k->n_samples) + c,
                           sample_bits(k, y + i, x + j, is_separate ? plane : c));
    return block;
}

static void write_page(TIFF *tiff, const kind *k) {
    size_t height = k->height ? k->height : HEIGHT, width = k->width ? k->width : WIDTH;
    size_t n_planes = k->planar == PLANARCONFIG_SEPARATE ? k->n_samples : 1;
    size_t rows = k->tile ? k->tile : k->strip ? k->strip : height, columns = k->tile ? k->tile : width;
    set_tags(tiff, k);
    for (size_t plane = 0; plane < n_planes; plane++)
        for (size_t y = 0; y < height; y += rows)
            for (size_t x = 0; x < width; x += columns) {
                size_t n_rows = !k->tile && height - y < rows ? height - y : rows;
                uint8_t *block = make_block(k, y, n_rows, x, columns, plane);
                tmsize_t n_bytes = (tmsize_t)(n_rows * row_bytes_of(k, columns));
                tmsize_t n_written =
                    k->tile ? TIFFWriteTile(tiff, block, (uint32_t)x, (uint32_t)y, 0, (uint16_t)plane)
                            : TIFFWriteEncodedStrip(tiff, TIFFComputeStrip(tiff, (uint32_t)y, (uint16_t)plane), block,
                                                    n_bytes);
                assert_int_equal(n_written, n_bytes);
                free(block);
            }
    TIFFWriteDirectory(tiff);
}

static memory make_tiff(const kind *k, const char *mode) {
    memory m;
    TIFF *tiff = open_writer(&m, mode);
    write_page(tiff, k);
    TIFFClose(tiff);
    return m;
}

/* --- readers ------------------------------------------------------------------------------------------------------ */

static psh_status read_page(const uint8_t *data, size_t n_bytes, size_t i_page, psh_image **dst, psh_error *err) {
    psh__tiff tiff;
    psh_status status = psh__tiff_open(data, n_bytes, &tiff, err);
    if (status != PSH_OK) return status;
    status = psh__tiff_read(&tiff, i_page, dst, err);
    psh__tiff_close(&tiff);
    return status;
}

static psh_status read_first(const uint8_t *data, size_t n_bytes, psh_image **dst, psh_error *err) {
    return read_page(data, n_bytes, 0, dst, err);
}

static psh_status read_volume(const uint8_t *data, size_t n_bytes, psh_image **dst, psh_error *err) {
    psh__tiff tiff;
    psh_status status = psh__tiff_open(data, n_bytes, &tiff, err);
    if (status != PSH_OK) return status;
    status = psh__tiff_read_volume(&tiff, dst, err);
    psh__tiff_close(&tiff);
    return status;
}

/* The grey value that the header's words ask for. */
static double expected_pixel(const kind *k, size_t y, size_t x) {
    double greatest = ldexp(1, k->n_bits) - 1;
    if (k->photometric == PHOTOMETRIC_RGB) {
        double sum = 299 * sample_value(k, y, x, 0) + 587 * sample_value(k, y, x, 1) + 114 * sample_value(k, y, x, 2);
        return k->n_bits <= 16 && k->format == SAMPLEFORMAT_UINT ? floor((sum + 500) / 1000) : sum / 1000;
    }
    double value = sample_value(k, y, x, 0);
    if (k->photometric == PHOTOMETRIC_MINISWHITE && k->format != SAMPLEFORMAT_IEEEFP) value = greatest - value;
    return k->n_bits < 8 ? value * 255 / greatest : value;
}

static void assert_pixels(const kind *k, const psh_image *image, size_t i_slice) {
    size_t height = k->height ? k->height : HEIGHT, width = k->width ? k->width : WIDTH;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            double found = pixel(image, (i_slice * height + y) * width + x), expected = expected_pixel(k, y, x);
            if (found != expected)
                fail_msg("%u bits, format %u, pixel %zu, %zu: %.17g; expected %.17g", k->n_bits, k->format, y, x, found,
                         expected);
        }
}

static void check_kind(const kind *k, psh_dtype dtype, const char *mode) {
    memory m = make_tiff(k, mode);
    psh_image *image = read_good(read_first, m.data, m.n_bytes);
    assert_shape(image, dtype, 1, HEIGHT, WIDTH);
    assert_pixels(k, image, 0);
    psh_image_free(image);
    free(m.data);
}

static const struct {
    uint16_t n_bits, format;
    psh_dtype grey, rgb;
} widths[] = {{1, SAMPLEFORMAT_UINT, PSH_U8, PSH_U8},      {2, SAMPLEFORMAT_UINT, PSH_U8, PSH_U8},
              {4, SAMPLEFORMAT_UINT, PSH_U8, PSH_U8},      {8, SAMPLEFORMAT_UINT, PSH_U8, PSH_U8},
              {12, SAMPLEFORMAT_UINT, PSH_U16, PSH_U16},   {16, SAMPLEFORMAT_UINT, PSH_U16, PSH_U16},
              {32, SAMPLEFORMAT_UINT, PSH_F64, PSH_F64},   {8, SAMPLEFORMAT_INT, PSH_F64, PSH_F64},
              {16, SAMPLEFORMAT_INT, PSH_F64, PSH_F64},    {32, SAMPLEFORMAT_INT, PSH_F64, PSH_F64},
              {64, SAMPLEFORMAT_INT, PSH_F64, PSH_F64},    {16, SAMPLEFORMAT_IEEEFP, PSH_F32, PSH_F64},
              {32, SAMPLEFORMAT_IEEEFP, PSH_F32, PSH_F64}, {64, SAMPLEFORMAT_IEEEFP, PSH_F64, PSH_F64}};
#define N_WIDTHS (sizeof widths / sizeof *widths)

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void grey_of_every_width_in_both_byte_orders(void **state) {
    static const char *const modes[] = {"wl", "wb", "wl8", "wb8"}; /* 8: BigTIFF */
    for (size_t i = 0; i < N_WIDTHS; i++)
        for (size_t j = 0; j < 4; j++) {
            kind k = {PHOTOMETRIC_MINISBLACK, widths[i].n_bits, widths[i].format, 1, .strip = 5};
            check_kind(&k, widths[i].grey, modes[j]);
            k.photometric = PHOTOMETRIC_MINISWHITE;
            if (widths[i].format != SAMPLEFORMAT_INT) check_kind(&k, widths[i].grey, modes[j]);
        }
}

static void colours_become_luminance_whatever_the_layout(void **state) {
    for (size_t i = 0; i < N_WIDTHS; i++)
        for (uint16_t n_extra = 0; n_extra < 2; n_extra++)
            for (uint32_t tile = 0; tile <= 16; tile += 16)
                for (uint16_t planar = PLANARCONFIG_CONTIG; planar <= PLANARCONFIG_SEPARATE; planar++) {
                    kind k = {PHOTOMETRIC_RGB, widths[i].n_bits, widths[i].format, (uint16_t)(3 + n_extra),
                              n_extra,         .tile = tile,     .strip = 7,       .planar = planar};
                    if (widths[i].n_bits < 8) continue; /* spread first: see the next test */
                    check_kind(&k, widths[i].rgb, "wl");
                }
}

static void colours_of_few_bits_are_spread_to_8(void **state) {
    kind k = {PHOTOMETRIC_RGB, 4, SAMPLEFORMAT_UINT, 3, .strip = 7};
    memory m = make_tiff(&k, "wl");
    psh_image *image = read_good(read_first, m.data, m.n_bytes);
    for (size_t y = 0; y < HEIGHT; y++)
        for (size_t x = 0; x < WIDTH; x++) {
            uint32_t colour[3];
            for (size_t c = 0; c < 3; c++) colour[c] = (uint32_t)sample_value(&k, y, x, c) * 17;
            assert_int_equal(((uint8_t *)image->pixels)[y * WIDTH + x],
                             (299 * colour[0] + 587 * colour[1] + 114 * colour[2] + 500) / 1000);
        }
    psh_image_free(image), free(m.data);
}

static void alpha_beside_grey_is_ignored(void **state) {
    for (uint16_t planar = PLANARCONFIG_CONTIG; planar <= PLANARCONFIG_SEPARATE; planar++)
        for (size_t i = 0; i < N_WIDTHS; i++) {
            kind k = {PHOTOMETRIC_MINISBLACK, widths[i].n_bits, widths[i].format, 2, 1, .strip = 9, .planar = planar};
            check_kind(&k, widths[i].grey, "wl");
        }
}

static void every_lossless_compression_and_layout(void **state) {
    static const uint16_t compressions[] = {COMPRESSION_NONE,          COMPRESSION_LZW,     COMPRESSION_PACKBITS,
                                            COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE, COMPRESSION_LZMA,
                                            COMPRESSION_ZSTD,          COMPRESSION_LERC};
    size_t n_checked = 0;
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
        for (uint32_t tile = 0; tile <= 32; tile += 16)
            for (uint32_t strip = 1; strip <= 64; strip *= 8) {
                if (!TIFFIsCODECConfigured(compressions[i]) || (tile && strip > 1)) continue;
                kind k = {PHOTOMETRIC_MINISBLACK,         16,           SAMPLEFORMAT_UINT, 1,
                          .compression = compressions[i], .tile = tile, .strip = strip};
                check_kind(&k, PSH_U16, "wl");
                n_checked++;
            }
    assert_true(n_checked >= 20);
}

static void faxes_are_white_paper_with_dark_letters(void **state) {
    static const uint16_t compressions[] = {COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4};
    for (int i = 0; i < 3; i++) {
        kind k = {PHOTOMETRIC_MINISWHITE, 1, SAMPLEFORMAT_UINT, 1, .compression = compressions[i], .strip = 8};
        check_kind(&k, PSH_U8, "wl");
    }
}

static void palettes_become_luminance_of_their_colours(void **state) {
    for (uint16_t n_bits = 1; n_bits <= 8; n_bits = (uint16_t)(2 * n_bits)) {
        kind k = {PHOTOMETRIC_PALETTE, n_bits, SAMPLEFORMAT_UINT, 1, .strip = 6};
        memory m;
        TIFF *tiff = open_writer(&m, "wb");
        uint16_t palette[3][256];
        for (int i = 0; i < 256; i++)
            palette[0][i] = (uint16_t)(i * 257), palette[1][i] = (uint16_t)(65535 - i * 200),
            palette[2][i] = (uint16_t)(i * 77);
        TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, n_bits);
        TIFFSetField(tiff, TIFFTAG_COLORMAP, palette[0], palette[1], palette[2]);
        write_page(tiff, &k);
        TIFFClose(tiff);
        psh_image *image = read_good(read_first, m.data, m.n_bytes);
        assert_shape(image, PSH_U8, 1, HEIGHT, WIDTH);
        for (size_t y = 0; y < HEIGHT; y++)
            for (size_t x = 0; x < WIDTH; x++) {
                uint64_t i = sample_bits(&k, y, x, 0);
                uint32_t grey =
                    (299u * (palette[0][i] >> 8) + 587u * (palette[1][i] >> 8) + 114u * (palette[2][i] >> 8) + 500) /
                    1000;
                assert_int_equal(((uint8_t *)image->pixels)[y * WIDTH + x], grey);
            }
        psh_image_free(image), free(m.data);
    }
}

static void jpeg_in_ycbcr_comes_near(void **state) {
    enum { SIDE = 64 };
    memory m;
    TIFF *tiff = open_writer(&m, "wl");
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, SIDE);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, SIDE);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
    TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 95);
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 16);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_BOTRIGHT); /* pixels as stored: not to be turned */
    for (uint32_t y = 0; y < SIDE; y++) {
        uint8_t row[3 * SIDE];
        for (uint32_t x = 0; x < SIDE; x++)
            row[3 * x] = (uint8_t)(2 * x + y), row[3 * x + 1] = (uint8_t)(3 * y), row[3 * x + 2] = (uint8_t)(200 - x);
        assert_int_equal(TIFFWriteScanline(tiff, row, y, 0), 1);
    }
    TIFFClose(tiff);
    psh_image *image = read_good(read_first, m.data, m.n_bytes);
    assert_shape(image, PSH_U8, 1, SIDE, SIDE);
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++) {
            double grey = 0.299 * (2 * x + y) + 0.587 * (3 * y % 256) + 0.114 * (200 - x);
            assert_true(fabs(pixel(image, y * SIDE + x) - grey) < 6);
        }
    psh_image_free(image);
    assert_any_allocation_may_fail(read_first, m.data, m.n_bytes);
    size_t cut = m.n_bytes / 2; /* zeros in the middle of a strip: libjpeg warns and goes on, we do not */
    memset(m.data + cut, 0, 64);
    psh_error err = {0};
    assert_int_equal(read_first(m.data, m.n_bytes, &image, &err), PSH_ERR_CORRUPT);
    free(m.data);
}

static void pages_are_a_stack_or_a_volume(void **state) {
    memory m;
    TIFF *tiff = open_writer(&m, "wl");
    kind kinds[5];
    for (uint32_t i = 0; i < 5; i++) {
        kinds[i] = (kind){PHOTOMETRIC_MINISBLACK, 8, SAMPLEFORMAT_UINT, 1, .strip = i + 1};
        if (i == 2) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE); /* a thumbnail is no page */
        if (i == 3) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
        write_page(tiff, &kinds[i]);
    }
    TIFFClose(tiff);
    psh__tiff file;
    assert_int_equal(psh__tiff_open(m.data, m.n_bytes, &file, NULL), PSH_OK);
    assert_int_equal(file.n_pages, 4);
    for (size_t i = 0; i < 4; i++) {
        psh_image *image = NULL;
        assert_int_equal(psh__tiff_read(&file, 3 - i, &image, NULL), PSH_OK);
        assert_pixels(&kinds[0], image, 0);
        psh_image_free(image);
    }
    psh__tiff_close(&file);
    psh_image *volume = read_good(read_volume, m.data, m.n_bytes);
    assert_shape(volume, PSH_U8, 4, HEIGHT, WIDTH);
    for (size_t i = 0; i < 4; i++) assert_pixels(&kinds[0], volume, i);
    psh_image_free(volume);
    assert_any_allocation_may_fail(read_volume, m.data, m.n_bytes);
    free(m.data);
}

static void a_volume_of_unlike_pages_is_refused(void **state) {
    for (int what = 0; what < 2; what++) {
        memory m;
        TIFF *tiff = open_writer(&m, "wl");
        kind k = {PHOTOMETRIC_MINISBLACK, 8, SAMPLEFORMAT_UINT, 1, .strip = 8};
        write_page(tiff, &k);
        if (what == 0) k.width = WIDTH + 1;
        if (what == 1) k.n_bits = 16;
        write_page(tiff, &k);
        TIFFClose(tiff);
        assert_bad(read_volume, m.data, m.n_bytes, PSH_ERR_SHAPE, "page 1 is 37 x");
        free(m.data);
    }
}

static void cut_anywhere_it_fails(void **state) {
    static const uint16_t compressions[] = {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_PACKBITS,
                                            COMPRESSION_ADOBE_DEFLATE};
    for (int i = 0; i < 4; i++) {
        kind k = {PHOTOMETRIC_MINISBLACK, 16, SAMPLEFORMAT_UINT, 1, .compression = compressions[i], .strip = 8};
        memory m = make_tiff(&k, i % 2 ? "wb8" : "wl");
        assert_every_prefix_fails(read_first, m.data, m.n_bytes);
        assert_any_allocation_may_fail(read_first, m.data, m.n_bytes);
        free(m.data);
    }
}

/* The value of a tag of a little-endian file, to be changed. */
static uint8_t *find_tag(const memory *m, uint16_t tag) {
    uint32_t at;
    memcpy(&at, m->data + 4, 4);
    uint16_t n_entries;
    memcpy(&n_entries, m->data + at, 2);
    for (uint16_t i = 0; i < n_entries; i++) {
        uint8_t *entry = m->data + at + 2 + 12 * i;
        if (entry[0] + 256 * entry[1] == tag) return entry + 8;
    }
    fail_msg("no tag %u", tag);
    return NULL;
}

static void put_u32(uint8_t *at, uint32_t value) {
    memcpy(at, &value, 4);
}

static void hostile_sides_fail_before_anything_is_allocated(void **state) {
    static const struct {
        uint32_t width, height;
        psh_status status;
        const char *text;
    } sides[] = {{0, 5, PSH_ERR_CORRUPT, "damaged TIFF"}, /* libtiff itself refuses it */
                 {46340, 46340, PSH_ERR_CORRUPT, "cannot hold"},
                 {100000, 100000, PSH_ERR_SHAPE, "2^31"},
                 {0xffffffff, 0xffffffff, PSH_ERR_CORRUPT, "damaged TIFF"}};
    kind k = {PHOTOMETRIC_MINISBLACK, 8, SAMPLEFORMAT_UINT, 1, .strip = 8};
    for (size_t i = 0; i < 4; i++) {
        memory m = make_tiff(&k, "wl");
        uint8_t *width = find_tag(&m, TIFFTAG_IMAGEWIDTH), *height = find_tag(&m, TIFFTAG_IMAGELENGTH);
        width[-6] = 4, height[-6] = 4; /* of type LONG */
        uint8_t *strip = find_tag(&m, TIFFTAG_ROWSPERSTRIP);
        strip[-6] = 4, put_u32(strip, 0xffffffff);
        put_u32(width, sides[i].width), put_u32(height, sides[i].height);
        psh__alloc_fail_at(2); /* the first is the list of pages */
        assert_bad(read_first, m.data, m.n_bytes, sides[i].status, sides[i].text);
        psh__alloc_fail_at(0);
        free(m.data);
    }
}

/* CCITT's codes have no bound on what a byte may become, but a row takes a bit. */
static void hostile_sides_fail_in_compressions_without_bound(void **state) {
    kind k = {PHOTOMETRIC_MINISBLACK, 1, SAMPLEFORMAT_UINT, 1, .strip = 8, .compression = COMPRESSION_CCITTFAX4};
    memory m = make_tiff(&k, "wl");
    uint8_t *width = find_tag(&m, TIFFTAG_IMAGEWIDTH), *height = find_tag(&m, TIFFTAG_IMAGELENGTH);
    width[-6] = 4, height[-6] = 4;
    put_u32(width, 46340), put_u32(height, 46340);
    psh__alloc_fail_at(2);
    assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_CORRUPT, "cannot hold");
    psh__alloc_fail_at(0);
    free(m.data);
}

static void hostile_strips_and_tiles_fail(void **state) {
    kind k = {PHOTOMETRIC_MINISBLACK, 8, SAMPLEFORMAT_UINT, 1, .tile = 16};
    memory m = make_tiff(&k, "wl");
    uint8_t *tag = find_tag(&m, TIFFTAG_TILEWIDTH);
    tag[-6] = 4, put_u32(tag, 0x7ffffff0);
    assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_CORRUPT, "damaged TIFF");
    free(m.data);
}

static void pages_in_a_circle_fail(void **state) {
    kind k = {PHOTOMETRIC_MINISBLACK, 8, SAMPLEFORMAT_UINT, 1, .strip = 8};
    memory m = make_tiff(&k, "wl");
    uint32_t at;
    uint16_t n_entries;
    memcpy(&at, m.data + 4, 4), memcpy(&n_entries, m.data + at, 2);
    put_u32(m.data + at + 2 + 12 * n_entries, at);
    assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_CORRUPT, "circle");
    put_u32(m.data + at + 2 + 12 * n_entries, 0xfffffff0);
    assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_CORRUPT, "beyond its end");
    put_u32(m.data + 4, 0);
    assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_CORRUPT, "without a page");
    free(m.data);
}

static void what_is_not_read_is_named(void **state) {
    static const struct {
        kind k;
        const char *text;
    } refused[] = {{{PHOTOMETRIC_SEPARATED, 8, SAMPLEFORMAT_UINT, 4, .strip = 8}, "CMYK"},
                   {{PHOTOMETRIC_CIELAB, 8, SAMPLEFORMAT_UINT, 3, .strip = 8}, "convert it"},
                   {{PHOTOMETRIC_MINISBLACK, 8, SAMPLEFORMAT_UINT, 3, 2, .strip = 8}, "channels"},
                   {{PHOTOMETRIC_MINISBLACK, 64, SAMPLEFORMAT_COMPLEXIEEEFP, 1, .strip = 8}, "complex"},
                   {{PHOTOMETRIC_MINISBLACK, 24, SAMPLEFORMAT_UINT, 1, .strip = 8}, "24-bit integers"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        memory m = make_tiff(&refused[i].k, "wl");
        assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_UNSUPPORTED, refused[i].text);
        free(m.data);
    }
    kind k = {PHOTOMETRIC_MINISBLACK, 8, SAMPLEFORMAT_UINT, 1, .strip = 8};
    memory m = make_tiff(&k, "wl");
    uint8_t *tag = find_tag(&m, TIFFTAG_COMPRESSION);
    put_u32(tag, COMPRESSION_JP2000);
    assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_UNSUPPORTED, "compression 34712");
    free(m.data);
}

static void slices_that_only_imagej_finds_are_not_lost_in_silence(void **state) {
    for (int n_pages = 1; n_pages <= 2; n_pages++) {
        memory m;
        TIFF *tiff = open_writer(&m, "wl");
        kind k = {PHOTOMETRIC_MINISBLACK, 8, SAMPLEFORMAT_UINT, 1, .strip = 8};
        for (int i = 0; i < n_pages; i++) {
            TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, "ImageJ=1.52p\nimages=2\nslices=2\n");
            write_page(tiff, &k);
        }
        TIFFClose(tiff);
        if (n_pages == 1)
            assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_UNSUPPORTED, "ImageJ with 2 slices in one page");
        else
            psh_image_free(read_good(read_volume, m.data, m.n_bytes));
        free(m.data);
    }
}

static void nan_and_infinity_are_refused_with_their_place(void **state) {
    kind k = {PHOTOMETRIC_MINISBLACK, 32, SAMPLEFORMAT_IEEEFP, 1, .strip = 8};
    memory m = make_tiff(&k, "wl");
    float nan = NAN;
    memcpy(m.data + 8 + 4 * (3 * WIDTH + 5), &nan, 4); /* pixels follow the header */
    assert_bad(read_first, m.data, m.n_bytes, PSH_ERR_NOT_FINITE, "row 3, column 5");
    free(m.data);
}

int main(void) {
    TIFFSetWarningHandler(NULL); /* of the writer */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grey_of_every_width_in_both_byte_orders),
        cmocka_unit_test(colours_become_luminance_whatever_the_layout),
        cmocka_unit_test(colours_of_few_bits_are_spread_to_8),
        cmocka_unit_test(alpha_beside_grey_is_ignored),
        cmocka_unit_test(every_lossless_compression_and_layout),
        cmocka_unit_test(faxes_are_white_paper_with_dark_letters),
        cmocka_unit_test(palettes_become_luminance_of_their_colours),
        cmocka_unit_test(jpeg_in_ycbcr_comes_near),
        cmocka_unit_test(pages_are_a_stack_or_a_volume),
        cmocka_unit_test(a_volume_of_unlike_pages_is_refused),
        cmocka_unit_test(cut_anywhere_it_fails),
        cmocka_unit_test(hostile_sides_fail_before_anything_is_allocated),
        cmocka_unit_test(hostile_sides_fail_in_compressions_without_bound),
        cmocka_unit_test(hostile_strips_and_tiles_fail),
        cmocka_unit_test(pages_in_a_circle_fail),
        cmocka_unit_test(what_is_not_read_is_named),
        cmocka_unit_test(slices_that_only_imagej_finds_are_not_lost_in_silence),
        cmocka_unit_test(nan_and_infinity_are_refused_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
