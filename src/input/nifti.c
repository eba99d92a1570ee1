/* nifti.c : NIfTI, the format of neuroimaging: a header of 348 bytes (NIfTI-1) or 540 (NIfTI-2) in either byte order,
 * then the voxels, x fastest. (nifti.nimh.nih.gov; the layouts below are those of nifti1.h and nifti2.h.)
 *
 * A voxel is slope * item + inter if the header gives a slope that is finite and not 0, unless that changes nothing;
 * such volumes are float64, computed in float64. Else 8- and 16-bit unsigned integers and floats keep their type, and
 * other integers become float64. Axes x, y, z are W, H, D of the image; further axes (time) make a stack of volumes.
 * Where voxels lie in space (pixdim, qform, sform) changes no homology and is not looked at. */
#include "input/nifti.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/readers.h"

#define HEADER_1_BYTES 348
#define HEADER_2_BYTES 540
#define EXTENSION_BYTES 4 /* four bytes after the header of a single file, which say whether extensions follow */
#define MAX_AXES 7
#define CIFTI_FIRST 3000 /* intent codes of CIFTI-2 */
#define CIFTI_LAST 3099

typedef struct header {
    const uint8_t *bytes;
    size_t n_bytes;
    int version; /* 1 or 2 */
    bool is_swapped;
    int64_t n_axes, sides[MAX_AXES], datatype, intent, offset;
    double slope, inter;
} header;

/* --- numbers as the file has them --------------------------------------------------------------------------------- */

static uint64_t read_bits(const header *h, size_t at, size_t word_bytes) {
    uint64_t bits = 0;
    bool is_big_endian = h->is_swapped == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    for (size_t i = 0; i < word_bytes; i++)
        bits |= (uint64_t)h->bytes[at + i] << 8 * (is_big_endian ? word_bytes - 1 - i : i);
    return bits;
}

static int64_t read_i16(const header *h, size_t at) {
    return (int16_t)read_bits(h, at, 2);
}
static int64_t read_i32(const header *h, size_t at) {
    return (int32_t)read_bits(h, at, 4);
}
static int64_t read_i64(const header *h, size_t at) {
    return (int64_t)read_bits(h, at, 8);
}
static double read_f32(const header *h, size_t at) {
    uint32_t bits = (uint32_t)read_bits(h, at, 4);
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}
static double read_f64(const header *h, size_t at) {
    uint64_t bits = read_bits(h, at, 8);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* --- the header --------------------------------------------------------------------------------------------------- */

/* The version and byte order, from the header's length, which is its first word. */
static bool find_version(header *h) {
    if (h->n_bytes < 4) return false;
    for (int swapped = 0; swapped < 2; swapped++) {
        h->is_swapped = swapped;
        int64_t length = read_i32(h, 0);
        h->version = length == HEADER_1_BYTES ? 1 : length == HEADER_2_BYTES ? 2 : 0;
        if (h->version) return true;
    }
    return false;
}

/* The four characters that tell the kind: "n+1" a single file, "ni1" a header beside an .img; NULL if cut off. */
static const uint8_t *magic_of(const header *h) {
    size_t at = h->version == 1 ? 344 : 4;
    return h->n_bytes >= at + 4 ? h->bytes + at : NULL;
}

/* A header of a pair of files has the mark too. */
static bool has_mark(const header *h) {
    const uint8_t *magic = magic_of(h);
    return magic && magic[0] == 'n' && (magic[1] == '+' || magic[1] == 'i') && magic[2] == '0' + h->version &&
           !magic[3];
}

bool psh__nifti_is(const psh__head *head) {
    header h = {.bytes = head->bytes, .n_bytes = head->n_bytes};
    return find_version(&h) && has_mark(&h);
}

static psh_status read_header(header *h, psh_error *err) {
    if (!find_version(h) || !magic_of(h))
        return psh__error(err, PSH_ERR_CORRUPT, "NIfTI file of %zu bytes has no header; it is truncated or damaged",
                          h->n_bytes);
    if (!has_mark(h))
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "a header without NIfTI's mark (ANALYZE 7.5?); convert the volume to .nii");
    if (magic_of(h)[1] == 'i')
        return psh__error(err, PSH_ERR_UNSUPPORTED,
                          "the header of a pair of files (.hdr, .img); expected both in one .nii file; convert it, "
                          "for example by nibabel.save(nibabel.load('a.hdr'), 'a.nii')");
    size_t header_bytes = h->version == 1 ? HEADER_1_BYTES : HEADER_2_BYTES;
    if (h->n_bytes < header_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "NIfTI-%d file of %zu bytes; its header alone has %zu: truncated",
                          h->version, h->n_bytes, header_bytes);
    if (h->version == 1) {
        double offset = read_f32(h, 108);
        h->n_axes = read_i16(h, 40), h->datatype = read_i16(h, 70), h->intent = read_i16(h, 68);
        for (size_t i = 0; i < MAX_AXES; i++) h->sides[i] = read_i16(h, 42 + 2 * i);
        h->offset = offset >= 0 && offset <= 0x1p62 ? (int64_t)offset : -1;
        h->slope = read_f32(h, 112), h->inter = read_f32(h, 116);
    } else {
        h->n_axes = read_i64(h, 16), h->datatype = read_i16(h, 12), h->intent = read_i32(h, 504);
        for (size_t i = 0; i < MAX_AXES; i++) h->sides[i] = read_i64(h, 24 + 8 * i);
        h->offset = read_i64(h, 168);
        h->slope = read_f64(h, 176), h->inter = read_f64(h, 184);
    }
    if (h->offset == 0) h->offset = (int64_t)header_bytes + EXTENSION_BYTES; /* some writers leave it out */
    if (h->offset < (int64_t)header_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "damaged NIfTI-%d header: voxels at byte %lld; expected %zu or later",
                          h->version, (long long)h->offset, header_bytes + EXTENSION_BYTES);
    return PSH_OK;
}

static psh_status read_type(const header *h, psh__nifti *dst, psh_error *err) {
    static const struct {
        int16_t code;
        char kind;
        uint8_t item_bytes;
    } types[] = {{2, 'u', 1},   {4, 'i', 2},   {8, 'i', 4},   {16, 'f', 4},   {64, 'f', 8},
                 {256, 'i', 1}, {512, 'u', 2}, {768, 'u', 4}, {1024, 'i', 8}, {1280, 'u', 8}};
    static const struct {
        int16_t code;
        const char *what;
    } others[] = {{1, "single bits"},          {32, "complex numbers"},  {1792, "complex numbers"},
                  {2048, "complex numbers"},   {1536, "128-bit floats"}, {128, "RGB colours"},
                  {2304, "RGB colours, alpha"}};
    if (h->intent >= CIFTI_FIRST && h->intent <= CIFTI_LAST)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "a CIFTI file (surfaces and networks, no volume)");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].code == h->datatype)
            return dst->kind = types[i].kind, dst->item_bytes = types[i].item_bytes, PSH_OK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].code == h->datatype)
            return psh__error(err, PSH_ERR_UNSUPPORTED,
                              "NIfTI volume of %s; expected integers, or floats of 32 or 64 bits; convert it",
                              others[i].what);
    return psh__error(err, PSH_ERR_CORRUPT, "damaged NIfTI header: voxels of type %lld, which there is not",
                      (long long)h->datatype);
}

static psh_status read_shape(const header *h, psh__nifti *dst, psh_error *err) {
    if (h->n_axes < 1 || h->n_axes > MAX_AXES)
        return psh__error(err, PSH_ERR_CORRUPT, "damaged NIfTI header: %lld axes; expected 1 to %d",
                          (long long)h->n_axes, MAX_AXES);
    size_t sides[MAX_AXES] = {1, 1, 1, 1, 1, 1, 1}, n_voxels, n_items, n_bytes;
    for (size_t i = 0; i < (size_t)h->n_axes; i++) {
        if (h->sides[i] < 0)
            return psh__error(err, PSH_ERR_CORRUPT, "damaged NIfTI header: axis %zu has %lld voxels", i,
                              (long long)h->sides[i]);
        sides[i] = (size_t)h->sides[i];
    }
    for (int i = 0; i < 3; i++) dst->shape[i] = sides[2 - i];
    PSH_TRY(psh__image_count(dst->shape, &n_voxels, err));
    dst->n_volumes = 1;
    bool fits = true;
    for (size_t i = 3; i < MAX_AXES; i++) fits = fits && psh__size_mul(dst->n_volumes, sides[i], &dst->n_volumes);
    if (fits && dst->n_volumes == 0) return psh__error(err, PSH_ERR_EMPTY, "NIfTI file of 0 volumes");
    fits =
        fits && psh__size_mul(n_voxels, dst->n_volumes, &n_items) && psh__size_mul(n_items, dst->item_bytes, &n_bytes);
    size_t offset = (size_t)h->offset, n_left = offset < h->n_bytes ? h->n_bytes - offset : 0;
    if (!fits || n_bytes > n_left)
        return psh__error(err, PSH_ERR_CORRUPT,
                          "NIfTI file of %zu bytes is truncated: %zu volumes of %zu x %zu x %zu voxels of %zu bytes do "
                          "not fit after byte %zu",
                          h->n_bytes, dst->n_volumes, sides[0], sides[1], sides[2], dst->item_bytes, offset);
    dst->items = h->bytes + offset;
    return PSH_OK;
}

psh_status psh__nifti_open(const uint8_t *bytes, size_t n_bytes, psh__nifti *dst, psh_error *err) {
    header h = {.bytes = bytes, .n_bytes = n_bytes};
    PSH_TRY(read_header(&h, err));
    *dst = (psh__nifti){.is_swapped = h.is_swapped, .slope = h.slope, .inter = h.inter};
    dst->is_scaled = isfinite(h.slope) && h.slope != 0 && (h.slope != 1 || h.inter != 0);
    if (dst->is_scaled && !isfinite(h.inter))
        return psh__error(err, PSH_ERR_CORRUPT, "damaged NIfTI header: intercept %g", h.inter);
    PSH_TRY(read_type(&h, dst, err));
    return read_shape(&h, dst, err);
}

/* --- voxels ------------------------------------------------------------------------------------------------------- */

static psh_dtype dtype_of(const psh__nifti *nifti) {
    if (nifti->is_scaled) return PSH_F64;
    if (nifti->kind == 'f') return nifti->item_bytes == 4 ? PSH_F32 : PSH_F64;
    return nifti->kind == 'u' && nifti->item_bytes <= 2 ? (nifti->item_bytes == 1 ? PSH_U8 : PSH_U16) : PSH_F64;
}

static void swap_items(const uint8_t *src, size_t n_items, size_t item_bytes, uint8_t *dst) {
    for (size_t i = 0; i < n_items; i++, src += item_bytes, dst += item_bytes)
        for (size_t j = 0; j < item_bytes; j++) dst[j] = src[item_bytes - 1 - j];
}

#define WIDEN(type)                                                                                                    \
    do {                                                                                                               \
        for (size_t i = 0; i < n_items; i++) {                                                                         \
            type item;                                                                                                 \
            memcpy(&item, src + i * sizeof item, sizeof item);                                                         \
            dst[i] = (double)item;                                                                                     \
        }                                                                                                              \
        return;                                                                                                        \
    } while (0)

static void widen(const psh__nifti *nifti, const uint8_t *src, size_t n_items, double *dst) {
    switch (nifti->kind * 16 + (int)nifti->item_bytes) {
    case 'u' * 16 + 1:
        WIDEN(uint8_t);
    case 'u' * 16 + 2:
        WIDEN(uint16_t);
    case 'u' * 16 + 4:
        WIDEN(uint32_t);
    case 'u' * 16 + 8:
        WIDEN(uint64_t);
    case 'i' * 16 + 1:
        WIDEN(int8_t);
    case 'i' * 16 + 2:
        WIDEN(int16_t);
    case 'i' * 16 + 4:
        WIDEN(int32_t);
    case 'i' * 16 + 8:
        WIDEN(int64_t);
    case 'f' * 16 + 4:
        WIDEN(float);
    default:
        WIDEN(double);
    }
}

/* Block by block, so that scaling finds the values in the cache. */
static void widen_all(const psh__nifti *nifti, const uint8_t *src, size_t n_items, double *dst) {
    enum { BLOCK = 4096 };
    for (size_t start = 0; start < n_items; start += BLOCK) {
        size_t n = n_items - start < BLOCK ? n_items - start : BLOCK;
        widen(nifti, src + start * nifti->item_bytes, n, dst + start);
        if (!nifti->is_scaled) continue;
        for (size_t i = start; i < start + n; i++) dst[i] = nifti->slope * dst[i] + nifti->inter;
    }
}

psh_status psh__nifti_read(const psh__nifti *nifti, size_t i_volume, psh_image **dst, psh_error *err) {
    psh_image *image = NULL;
    PSH_TRY(psh__image_new(dtype_of(nifti), nifti->shape, &image, err));
    psh_status status = PSH_OK;
    size_t n = image->n_pixels, n_bytes = n * nifti->item_bytes;
    const uint8_t *items = nifti->items + i_volume * n_bytes;
    uint8_t *swapped = NULL;
    if (nifti->is_swapped && nifti->item_bytes > 1) {
        if (!(swapped = psh__malloc(n_bytes, 1))) {
            status = psh__error_memory(err, "a volume", n_bytes);
            goto done;
        }
        swap_items(items, n, nifti->item_bytes, swapped);
        items = swapped;
    }
    bool is_same = !nifti->is_scaled && (nifti->kind == 'f' || image->dtype != PSH_F64);
    if (is_same)
        memcpy(image->pixels, items, n_bytes);
    else
        widen_all(nifti, items, n, image->pixels);
    PSH_TRY_GOTO(psh__image_check_finite(image, "replace it by a number, or cut it out", err));
    *dst = image, image = NULL;
done:
    psh__free(swapped);
    psh_image_free(image);
    return status;
}

/* --- items -------------------------------------------------------------------------------------------------------- */

bool psh__nifti_is_single(const psh__head *head) {
    header h = {.bytes = head->bytes, .n_bytes = head->n_bytes};
    if (read_header(&h, NULL) != PSH_OK || h.n_axes < 1 || h.n_axes > MAX_AXES) return false;
    for (int64_t i = 3; i < h.n_axes; i++)
        if (h.sides[i] != 1) return false;
    return true;
}

psh_status psh__nifti_open_item(psh__loaded *file, psh_error *err) {
    psh__nifti *nifti = psh__malloc(1, sizeof *nifti);
    if (!nifti) return psh__error_memory(err, "a volume", sizeof *nifti);
    psh_status status = psh__nifti_open(file->content.data, file->content.n_bytes, nifti, err);
    if (status != PSH_OK) {
        psh__free(nifti);
        return status;
    }
    file->state = nifti;
    file->n_items = nifti->n_volumes;
    file->is_indexed = nifti->n_volumes > 1;
    return PSH_OK;
}

psh_status psh__nifti_read_item(const psh__loaded *file, size_t i_item, psh_item *dst, psh_error *err) {
    dst->kind = PSH_ITEM_IMAGE;
    return psh__nifti_read(file->state, i_item, &dst->image, err);
}

void psh__nifti_close_item(psh__loaded *file) {
    psh__free(file->state);
}
