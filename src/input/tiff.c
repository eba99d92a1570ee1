/* tiff.c : TIFF and BigTIFF through libtiff: every compression that it has, strips and tiles, any number of pages.
 *
 * Pages form a chain of directories. We walk the chain ourselves, once, in O(pages): libtiff finds page i by walking
 * over those before it, which is quadratic for a stack, and it follows a chain that bites its own tail. Each page is
 * then decoded by a handle of its own that begins at its directory, so that threads share nothing. Directories that say
 * of themselves that they are a thumbnail, a smaller copy, or a transparency mask (NewSubfileType 1 and 4) are no
 * pages.
 *
 * libtiff's complaints go to our error text, per handle; nothing is global (in versions before 4.5, which have no
 * handlers per handle, it also prints them). What it warns of while it reads a directory (unknown tags, mostly) does
 * not touch the pixels; what it warns of while decoding does (a JPEG or a fax cut short), and is a fault here.
 *
 * A header's claim is believed as far as its compression could go: 1 for none, 64 for PackBits, 4096 for LZW, 1032 for
 * deflate. The others have no such bound; memory is then only reserved, and touched as strips are decoded. */
#include "input/tiff.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/readers.h"

/* --- the chain of directories ------------------------------------------------------------------------------------- */

typedef struct walker {
    const uint8_t *bytes;
    size_t n_bytes;
    bool is_big_endian, is_big; /* BigTIFF: 64-bit offsets */
} walker;

static uint64_t read_word(const walker *w, size_t at, size_t word_bytes) {
    uint64_t word = 0;
    for (size_t i = 0; i < word_bytes; i++)
        word |= (uint64_t)w->bytes[at + i] << 8 * (w->is_big_endian ? word_bytes - 1 - i : i);
    return word;
}

static psh_status read_header(walker *w, uint64_t *first, psh_error *err) {
    if (w->n_bytes < 8 || (memcmp(w->bytes, "II", 2) != 0 && memcmp(w->bytes, "MM", 2) != 0))
        return psh__error(err, PSH_ERR_CORRUPT, "TIFF of %zu bytes has no header; the file is truncated or damaged",
                          w->n_bytes);
    w->is_big_endian = w->bytes[0] == 'M';
    uint64_t version = read_word(w, 2, 2);
    w->is_big = version == 43;
    if ((version != 42 && !w->is_big) || (w->is_big && w->n_bytes < 16))
        return psh__error(err, PSH_ERR_CORRUPT, "TIFF of version %llu in %zu bytes; expected 42, or 43 (BigTIFF)",
                          (unsigned long long)version, w->n_bytes);
    *first = w->is_big ? read_word(w, 8, 8) : read_word(w, 4, 4);
    return PSH_OK;
}

/* Is the directory a page, and where is the next one (0: none)? */
static psh_status read_directory(const walker *w, uint64_t start, bool *is_page, uint64_t *next, psh_error *err) {
    size_t count_bytes = w->is_big ? 8 : 2, entry_bytes = w->is_big ? 20 : 12, offset_bytes = w->is_big ? 8 : 4;
    size_t n_left = start < w->n_bytes ? w->n_bytes - (size_t)start : 0;
    uint64_t n_entries = n_left >= count_bytes ? read_word(w, (size_t)start, count_bytes) : 0;
    if (n_left < count_bytes + offset_bytes || n_entries > (n_left - count_bytes - offset_bytes) / entry_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "TIFF of %zu bytes: the directory at byte %llu lies beyond its end",
                          w->n_bytes, (unsigned long long)start);
    size_t entry = (size_t)start + count_bytes;
    *is_page = true;
    for (uint64_t i = 0; i < n_entries; i++, entry += entry_bytes) {
        uint64_t tag = read_word(w, entry, 2), type = read_word(w, entry + 2, 2);
        uint64_t value = read_word(w, entry + (w->is_big ? 12 : 8), type == TIFF_SHORT ? 2 : 4);
        if (tag == TIFFTAG_SUBFILETYPE && value & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) *is_page = false;
        if (tag == TIFFTAG_OSUBFILETYPE && value == OFILETYPE_REDUCEDIMAGE) *is_page = false;
    }
    *next = read_word(w, entry, offset_bytes);
    return PSH_OK;
}

psh_status psh__tiff_open(const uint8_t *bytes, size_t n_bytes, psh__tiff *dst, psh_error *err) {
    walker w = {.bytes = bytes, .n_bytes = n_bytes};
    psh__tiff tiff = {.bytes = bytes, .n_bytes = n_bytes};
    size_t room = 0, n_directories = 0;
    uint64_t at = 0;
    psh_status status = PSH_OK;
    PSH_TRY(read_header(&w, &at, err));
    while (at) {
        uint64_t next = 0;
        bool is_page = false;
        PSH_TRY_GOTO(read_directory(&w, at, &is_page, &next, err));
        if (++n_directories > n_bytes / 6) { /* no directory is shorter: some were seen before */
            status = psh__error(err, PSH_ERR_CORRUPT, "TIFF whose pages form a circle: the directory at byte %llu",
                                (unsigned long long)at);
            goto done;
        }
        if (is_page) {
            if (!PSH_GROW(&tiff.pages, &room, tiff.n_pages + 1)) {
                status = psh__error_memory(err, "the pages of a TIFF", tiff.n_pages * sizeof *tiff.pages);
                goto done;
            }
            tiff.pages[tiff.n_pages++] = at;
        }
        at = next;
    }
    if (tiff.n_pages == 0)
        status = psh__error(err, n_directories ? PSH_ERR_EMPTY : PSH_ERR_CORRUPT,
                            "TIFF of %zu directories without a page; expected an image", n_directories);
done:
    if (status == PSH_OK)
        *dst = tiff;
    else
        psh__tiff_close(&tiff);
    return status;
}

void psh__tiff_close(psh__tiff *tiff) {
    psh__free(tiff->pages);
    *tiff = (psh__tiff){0};
}

/* --- libtiff over memory ------------------------------------------------------------------------------------------ */

typedef struct job {
    const uint8_t *bytes;
    uint64_t n_bytes, at;
    bool is_decoding; /* warnings are faults from here on */
    char fault[160];  /* the first of them */
} job;

static tmsize_t on_read(thandle_t handle, void *dst, tmsize_t n_bytes) {
    job *j = (job *)handle;
    uint64_t n_left = j->at < j->n_bytes ? j->n_bytes - j->at : 0, n = n_bytes > 0 ? (uint64_t)n_bytes : 0;
    if (n > n_left) n = n_left;
    if (n) memcpy(dst, j->bytes + j->at, n);
    j->at += n;
    return (tmsize_t)n;
}

static tmsize_t on_write(thandle_t handle, void *src, tmsize_t n_bytes) {
    (void)handle, (void)src, (void)n_bytes;
    return -1;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    job *j = (job *)handle;
    j->at = offset + (whence == SEEK_CUR ? j->at : whence == SEEK_END ? j->n_bytes : 0);
    return j->at;
}

static int on_close(thandle_t handle) {
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle) {
    return ((job *)handle)->n_bytes;
}

#if TIFFLIB_VERSION >= 20221213 /* 4.5: handlers of one handle */
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    job *j = user;
    (void)tiff, (void)module;
    if (!j->fault[0]) vsnprintf(j->fault, sizeof j->fault, format, arguments);
    return 1; /* nobody else need hear of it */
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
    job *j = user;
    bool is_harmless = strstr(format, "Old-style LZW") != NULL; /* decoded all the same */
    if (j->is_decoding && !is_harmless) on_error(tiff, user, module, format, arguments);
    return 1;
}

static TIFF *open_handle(job *j) {
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, j);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, j);
    TIFF *tiff = TIFFClientOpenExt("TIFF", "rhm", (thandle_t)j, on_read, on_write, on_seek, on_close, on_size, NULL,
                                   NULL, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}
#else
static TIFF *open_handle(job *j) {
    return TIFFClientOpen("TIFF", "rhm", (thandle_t)j, on_read, on_write, on_seek, on_close, on_size, NULL, NULL);
}
#endif

/* --- one page ----------------------------------------------------------------------------------------------------- */

typedef struct page {
    TIFF *tiff;
    job *job;
    size_t shape[3];
    psh__tiff_samples samples;
    uint16_t compression;
    bool is_separate;                 /* a plane a channel */
    bool is_tiled, is_rgba;           /* colours that libtiff turns to RGBA itself */
    size_t n_planes;                  /* that are read: 3 if colours are in separate planes */
    size_t block_height, block_width; /* rows and columns of a strip or tile; for a strip the page's width */
    size_t row_bytes;                 /* of a block */
    psh_dtype dtype;
} page;

static psh_status fault_of(const job *j, psh_error *err) {
    return psh__error(err, PSH_ERR_CORRUPT, "damaged TIFF: %s", j->fault[0] ? j->fault : "it cannot be decoded");
}

static uint16_t tag_of(TIFF *tiff, uint32_t tag, uint16_t fallback) {
    uint16_t value = fallback;
    return TIFFGetFieldDefaulted(tiff, tag, &value) ? value : fallback;
}

/* Greater than any number of bytes that one byte can stand for; 0: no bound is known. */
static size_t expansion_of(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_NONE:
        return 1;
    case COMPRESSION_PACKBITS:
        return 64;
    case COMPRESSION_LZW:
        return 4096;
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
        return 1032;
    default:
        return 0;
    }
}

/* The colours, from photometric interpretation and channels. */
static psh_status read_colour(page *p, psh_error *err) {
    TIFF *tiff = p->tiff;
    uint16_t n_samples = tag_of(tiff, TIFFTAG_SAMPLESPERPIXEL, 1), n_extra = 0, *extra;
    uint16_t photometric = n_samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric); /* stays the likely one if it is missing */
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &n_extra, &extra);
    size_t n_colours = n_samples > n_extra ? (size_t)(n_samples - n_extra) : 0, n_expected = 1;
    p->samples.n_channels = p->is_separate ? 1 : n_samples;
    switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
        p->samples.colour = PSH__TIFF_GREY_INVERTED;
        break;
    case PHOTOMETRIC_MINISBLACK:
        p->samples.colour = PSH__TIFF_GREY;
        break;
    case PHOTOMETRIC_RGB:
        p->samples.colour = PSH__TIFF_RGB, n_expected = 3;
        break;
    case PHOTOMETRIC_PALETTE:
        p->samples.colour = PSH__TIFF_PALETTE;
        break;
    case PHOTOMETRIC_YCBCR:
        p->is_rgba = true, n_expected = 3;
        break;
    default:
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "TIFF of photometric interpretation %u (CMYK, Lab, raw or depth?); expected grey, RGB, YCbCr "
                          "or a palette; convert it to one of them",
                          photometric);
    }
    /* One extra channel beside grey is alpha, whatever it is called; more are channels of their own. */
    if (n_colours != n_expected || (n_expected == 1 && n_extra > 1))
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "TIFF of %u channels, %zu of them %s; expected %zu, and perhaps alpha; save each channel as "
                          "a page or a file",
                          n_samples, n_colours, n_expected == 3 ? "colours" : "grey", n_expected);
    uint16_t *red, *green, *blue;
    if (p->samples.colour != PSH__TIFF_PALETTE) return PSH_OK;
    if (!TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue))
        return psh__error(err, PSH_ERR_CORRUPT, "damaged TIFF: no palette (ColorMap)");
    p->samples.palette[0] = red, p->samples.palette[1] = green, p->samples.palette[2] = blue;
    return PSH_OK;
}

static psh_status read_kind(page *p, psh_error *err) {
    uint16_t format = tag_of(p->tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    p->samples.n_bits = tag_of(p->tiff, TIFFTAG_BITSPERSAMPLE, 1);
    p->samples.kind = format == SAMPLEFORMAT_INT ? 'i' : format == SAMPLEFORMAT_IEEEFP ? 'f' : 'u';
    if (format == SAMPLEFORMAT_COMPLEXINT || format == SAMPLEFORMAT_COMPLEXIEEEFP)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "TIFF of complex numbers; save their absolute values");
    if (p->is_rgba)
        p->samples = (psh__tiff_samples){.colour = PSH__TIFF_RGB, .kind = 'u', .n_bits = 8, .n_channels = 4};
    return psh__tiff_dtype(&p->samples, &p->dtype, err);
}

static psh_status read_sides(page *p, psh_error *err) {
    uint32_t width = 0, height = 0, depth = 1;
    TIFFGetField(p->tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(p->tiff, TIFFTAG_IMAGELENGTH, &height);
    TIFFGetFieldDefaulted(p->tiff, TIFFTAG_IMAGEDEPTH, &depth);
    if (depth != 1)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "TIFF of %u slices in one page; expected a page a slice", depth);
    p->shape[0] = 1, p->shape[1] = height, p->shape[2] = width;
    size_t n_pixels = 0;
    PSH_TRY(psh__image_count(p->shape, &n_pixels, err));
    p->compression = tag_of(p->tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    if (!TIFFIsCODECConfigured(p->compression))
        return psh__error(err, PSH_ERR_UNSUPPORTED, "TIFF of compression %u, which this libtiff cannot decode",
                          p->compression);
    size_t n_bits = tag_of(p->tiff, TIFFTAG_BITSPERSAMPLE, 1), expansion = expansion_of(p->compression);
    /* Where a codec has no bound of its own: CCITT's codes spend a bit on a row at least, of 2^16 pixels. */
    bool is_too_many = expansion ? n_bits <= 64 && n_pixels / 8 * n_bits / expansion > p->job->n_bytes
                                 : n_pixels >> 19 > p->job->n_bytes;
    if (is_too_many)
        return psh__error(err, PSH_ERR_CORRUPT, "TIFF of %llu bytes cannot hold the %u x %u pixels of a page",
                          (unsigned long long)p->job->n_bytes, height, width);
    return PSH_OK;
}

/* Strips and tiles alike: blocks of block_height rows of row_bytes. Tiles may reach beyond the page, but not far. */
static psh_status read_blocks(page *p, psh_error *err) {
    TIFF *tiff = p->tiff;
    uint32_t width = (uint32_t)p->shape[2], height = (uint32_t)p->shape[1];
    p->n_planes = p->is_separate && p->samples.colour == PSH__TIFF_RGB ? 3 : 1;
    p->is_tiled = TIFFIsTiled(tiff);
    if (p->is_tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
    } else {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &height);
        if (height > p->shape[1]) height = (uint32_t)p->shape[1];
    }
    tmsize_t row_bytes = p->is_tiled ? TIFFTileRowSize(tiff) : TIFFScanlineSize(tiff);
    size_t n_pixels, limit = 4 * PSH__IMAGE_MAX_PIXELS, block_bytes, expansion = expansion_of(p->compression);
    if (!width || !height || row_bytes <= 0 || !psh__size_mul(width, height, &n_pixels) || n_pixels > limit ||
        !psh__size_mul((size_t)row_bytes, height, &block_bytes) ||
        (expansion && block_bytes / expansion > p->job->n_bytes))
        return psh__error(err, PSH_ERR_CORRUPT, "damaged TIFF: %s of %u x %u pixels in a page of %zu x %zu",
                          p->is_tiled ? "tiles" : "strips", height, width, p->shape[1], p->shape[2]);
    size_t n_samples = width;
    if (!psh__size_mul(n_samples, p->samples.n_channels, &n_samples) ||
        !psh__size_mul(n_samples, p->samples.n_bits, &n_samples) || (size_t)row_bytes < (n_samples + 7) / 8)
        return psh__error(err, PSH_ERR_CORRUPT, "damaged TIFF: rows of %zu bytes for %u pixels", (size_t)row_bytes,
                          width);
    p->block_width = width, p->block_height = height, p->row_bytes = (size_t)row_bytes;
    return PSH_OK;
}

/* ImageJ writes stacks of more than 4 GB as one page, and tells the number of slices in its description only. */
static psh_status check_imagej(const psh__tiff *file, TIFF *tiff, psh_error *err) {
    const char *text = NULL;
    if (file->n_pages > 1 || !TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) || strncmp(text, "ImageJ=", 7) != 0)
        return PSH_OK;
    const char *count = strstr(text, "\nimages=");
    unsigned long n_images = count ? strtoul(count + strlen("\nimages="), NULL, 10) : 1;
    if (n_images <= 1) return PSH_OK;
    return psh__error(
        err, PSH_ERR_UNSUPPORTED,
        "TIFF of ImageJ with %lu slices in one page, as it writes stacks of more than 4 GB; save the slices "
        "as files, or as BigTIFF",
        n_images);
}

/* Everything about a page but its pixels. */
static psh_status read_page_head(const psh__tiff *file, size_t i_page, page *p, psh_error *err) {
    p->tiff = open_handle(p->job);
    if (!p->tiff && !p->job->fault[0]) return psh__error_memory(err, "decoding a TIFF", file->n_bytes);
    if (!p->tiff || !TIFFSetSubDirectory(p->tiff, file->pages[i_page])) return fault_of(p->job, err);
    p->job->fault[0] = 0; /* what the directory's reader survived */
    PSH_TRY(check_imagej(file, p->tiff, err));
    PSH_TRY(read_sides(p, err));
    p->is_separate = tag_of(p->tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
    PSH_TRY(read_colour(p, err));
    PSH_TRY(read_kind(p, err));
    return p->is_rgba ? PSH_OK : read_blocks(p, err);
}

/* Block (i_row, i_column) of the grid of blocks, one plane: n_rows rows are needed. */
static psh_status decode_block(const page *p, size_t y, size_t x, size_t i_plane, size_t n_rows, uint8_t *dst,
                               psh_error *err) {
    size_t n_bytes = (p->is_tiled ? p->block_height : n_rows) * p->row_bytes;
    uint32_t i_block = p->is_tiled ? TIFFComputeTile(p->tiff, (uint32_t)x, (uint32_t)y, 0, (uint16_t)i_plane)
                                   : TIFFComputeStrip(p->tiff, (uint32_t)y, (uint16_t)i_plane);
    tmsize_t n_read = p->is_tiled ? TIFFReadEncodedTile(p->tiff, i_block, dst, (tmsize_t)n_bytes)
                                  : TIFFReadEncodedStrip(p->tiff, i_block, dst, (tmsize_t)n_bytes);
    if (n_read != (tmsize_t)n_bytes || p->job->fault[0]) return fault_of(p->job, err);
    return PSH_OK;
}

static psh_status decode_blocks(const page *p, psh_image *image, size_t start, psh_error *err) {
    psh_status status = PSH_OK;
    size_t height = p->shape[1], width = p->shape[2], plane_bytes = p->block_height * p->row_bytes;
    size_t channels[3] = {0, p->n_planes == 1 && p->samples.colour == PSH__TIFF_RGB, 0};
    channels[2] = 2 * channels[1];
    uint8_t *planes = psh__malloc(p->n_planes, plane_bytes);
    uint16_t *scratch = psh__malloc(p->block_width < width ? p->block_width : width, 4 * sizeof *scratch);
    if (!planes || !scratch) {
        status = psh__error_memory(err, "the blocks of a TIFF", plane_bytes);
        goto done;
    }
    for (size_t y = 0; y < height; y += p->block_height)
        for (size_t x = 0; x < width; x += p->block_width) {
            size_t n_rows = height - y < p->block_height ? height - y : p->block_height;
            size_t n_columns = width - x < p->block_width ? width - x : p->block_width;
            for (size_t i = 0; i < p->n_planes; i++)
                PSH_TRY_GOTO(decode_block(p, y, x, i, n_rows, planes + i * plane_bytes, err));
            for (size_t i = 0; i < n_rows; i++) {
                const uint8_t *row = planes + i * p->row_bytes, *rows[3] = {row, row, row};
                if (p->n_planes == 3) rows[1] = row + plane_bytes, rows[2] = rows[1] + plane_bytes;
                psh__tiff_convert(&p->samples, rows, channels, n_columns, scratch, image, start + (y + i) * width + x);
            }
        }
done:
    psh__free(planes);
    psh__free(scratch);
    return status;
}

/* YCbCr in all its subsamplings, by libtiff's own conversion to 8-bit RGBA. Its words are ABGR from the highest byte
 * on, whatever the machine. */
static psh_status decode_rgba(const page *p, psh_image *image, size_t start, psh_error *err) {
    size_t height = p->shape[1], width = p->shape[2], n_pixels = height * width;
    psh_status status = PSH_OK;
    uint32_t *raster = psh__malloc(n_pixels, sizeof *raster);
    uint8_t *quads = psh__malloc(width, 4);
    uint16_t orientation = tag_of(p->tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    if (!raster || !quads) {
        status = psh__error_memory(err, "the colours of a TIFF", n_pixels * sizeof *raster);
        goto done;
    }
    if (!TIFFReadRGBAImageOriented(p->tiff, (uint32_t)width, (uint32_t)height, raster, orientation, 1) ||
        p->job->fault[0]) {
        status = fault_of(p->job, err);
        goto done;
    }
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            uint32_t word = raster[y * width + x];
            quads[4 * x] = (uint8_t)TIFFGetR(word);
            quads[4 * x + 1] = (uint8_t)TIFFGetG(word);
            quads[4 * x + 2] = (uint8_t)TIFFGetB(word);
        }
        psh__luminance_u8(quads, width, (uint8_t *)image->pixels + start + y * width);
    }
done:
    psh__free(raster);
    psh__free(quads);
    return status;
}

/* Page i_page into slice i_slice of *dst, which is made here, of n_slices, if it is NULL. */
static psh_status read_slice(const psh__tiff *file, size_t i_page, size_t i_slice, size_t n_slices, psh_image **dst,
                             psh_error *err) {
    job j = {.bytes = file->bytes, .n_bytes = file->n_bytes};
    page p = {.job = &j};
    psh_status status = PSH_OK;
    PSH_TRY_GOTO(read_page_head(file, i_page, &p, err));
    if (!*dst) {
        size_t shape[3] = {n_slices, p.shape[1], p.shape[2]};
        PSH_TRY_GOTO(psh__image_new(p.dtype, shape, dst, err));
    } else if ((*dst)->shape[1] != p.shape[1] || (*dst)->shape[2] != p.shape[2] || (*dst)->dtype != p.dtype) {
        status = psh__error(err, PSH_ERR_SHAPE,
                            "page %zu is %zu x %zu pixels of %zu bytes, page 0 %zu x %zu of %zu; expected pages that "
                            "are alike to make a volume of",
                            i_page, p.shape[1], p.shape[2], psh__dtype_bytes(p.dtype), (*dst)->shape[1],
                            (*dst)->shape[2], psh__dtype_bytes((*dst)->dtype));
        goto done;
    }
    j.is_decoding = true;
    size_t start = i_slice * p.shape[1] * p.shape[2];
    PSH_TRY_GOTO(p.is_rgba ? decode_rgba(&p, *dst, start, err) : decode_blocks(&p, *dst, start, err));
done:
    if (p.tiff) TIFFClose(p.tiff);
    return status;
}

static psh_status finish(psh_image *image, psh_status status, psh_image **dst, psh_error *err) {
    if (status == PSH_OK) status = psh__image_check_finite(image, "replace it by a number, or cut it out", err);
    if (status == PSH_OK)
        *dst = image;
    else
        psh_image_free(image);
    return status;
}

psh_status psh__tiff_read(const psh__tiff *tiff, size_t i_page, psh_image **dst, psh_error *err) {
    psh_image *image = NULL;
    psh_status status = read_slice(tiff, i_page, 0, 1, &image, err);
    return finish(image, status, dst, err);
}

psh_status psh__tiff_read_volume(const psh__tiff *tiff, psh_image **dst, psh_error *err) {
    psh_image *image = NULL;
    psh_status status = PSH_OK;
    for (size_t i = 0; status == PSH_OK && i < tiff->n_pages; i++)
        status = read_slice(tiff, i, i, tiff->n_pages, &image, err);
    return finish(image, status, dst, err);
}

/* --- items -------------------------------------------------------------------------------------------------------- */

psh_status psh__tiff_open_item(psh__loaded *file, psh_error *err) {
    psh__tiff *tiff = psh__malloc(1, sizeof *tiff);
    if (!tiff) return psh__error_memory(err, "a TIFF", sizeof *tiff);
    psh_status status = psh__tiff_open(file->content.data, file->content.n_bytes, tiff, err);
    if (status != PSH_OK) {
        psh__free(tiff);
        return status;
    }
    file->state = tiff;
    file->is_indexed = tiff->n_pages > 1 && !file->params->is_volume;
    file->n_items = file->is_indexed ? tiff->n_pages : 1;
    return PSH_OK;
}

psh_status psh__tiff_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    dst->kind = PSH_ITEM_IMAGE;
    return file->params->is_volume ? psh__tiff_read_volume(file->state, &dst->image, err)
                                   : psh__tiff_read(file->state, i_item, &dst->image, err);
}

void psh__tiff_close_item(psh__loaded *file) {
    psh__tiff_close(file->state);
    psh__free(file->state);
}
