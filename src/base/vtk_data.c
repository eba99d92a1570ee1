/* vtk_data.c : the payloads of VTK's XML files: ascii, base64, raw, and zlib blocks in either.
 *
 * A binary payload is [n_bytes] data, or, with a compressor, [n_blocks, block_bytes, last_bytes, size_1 .. size_n] and
 * then the blocks, each a zlib stream; last_bytes = 0 says that the last block is a full one. The words are of the
 * file's header_type and byte order. In base64 the header and the data may be encoded one after the other, each with
 * padding of its own, or as one run; a decoder that takes padding as the end of a group, not of the stream, reads both.
 *
 * Nothing a header says is believed beyond what the bytes can hold: plain data must be there; deflate gives 1032 bytes
 * for one at most; and where the file says how many values there are, the payload must be exactly these. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "base/text.h"
#include "base/vtk_xml.h"

#define DEFLATE_RATIO 1032

/* --- a stream of bytes, raw or in base64 -------------------------------------------------------------------------- */

typedef struct stream {
    const uint8_t *at, *end;
    bool is_base64;
    uint8_t held[3]; /* decoded, not taken yet */
    unsigned n_held;
} stream;

#define BAD 64   /* no character of base64 */
#define PAD 65   /* = */
#define BLANK 66 /* between characters */

static uint8_t base64_value(uint8_t c) {
    if (c >= 'A' && c <= 'Z') return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z') return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9') return (uint8_t)(c - '0' + 52);
    return c == '+'                                          ? 62
           : c == '/'                                        ? 63
           : c == '='                                        ? PAD
           : c == ' ' || c == '\t' || c == '\r' || c == '\n' ? BLANK
                                                             : BAD;
}

/* The next group of four characters, blanks passed over, into held[]: one to three bytes. */
static bool hold_group(stream *src) {
    uint32_t word = 0;
    unsigned n_chars = 0, n_pads = 0;
    while (n_chars < 4) {
        if (src->at == src->end) return false;
        uint8_t value = base64_value(*src->at++);
        if (value == BLANK) continue;
        if (value == BAD || (n_pads && value != PAD)) return false;
        n_pads += value == PAD;
        word = word << 6 | (value == PAD ? 0 : value), n_chars++;
    }
    if (n_pads > 2) return false;
    for (unsigned i = 0; i < 3; i++) src->held[i] = (uint8_t)(word >> (16 - 8 * i));
    src->n_held = 3 - n_pads;
    return true;
}

/* Whole groups without blanks or padding, as long as there are any. */
static size_t read_groups(stream *src, const uint8_t table[256], uint8_t *dst, size_t n_bytes) {
    const uint8_t *at = src->at;
    size_t n = 0;
    while (n + 3 <= n_bytes && src->end - at >= 4) {
        uint32_t a = table[at[0]], b = table[at[1]], c = table[at[2]], d = table[at[3]];
        if ((a | b | c | d) >= BAD) break;
        uint32_t word = a << 18 | b << 12 | c << 6 | d;
        dst[n] = (uint8_t)(word >> 16), dst[n + 1] = (uint8_t)(word >> 8), dst[n + 2] = (uint8_t)word;
        n += 3, at += 4;
    }
    src->at = at;
    return n;
}

/* Exactly n_bytes; false if the stream ends before, or is no base64. */
static bool stream_read(stream *src, uint8_t *dst, size_t n_bytes) {
    if (!src->is_base64) {
        if (n_bytes > (size_t)(src->end - src->at)) return false;
        if (n_bytes) memcpy(dst, src->at, n_bytes);
        src->at += n_bytes;
        return true;
    }
    uint8_t table[256];
    bool is_table_made = false;
    while (n_bytes) {
        if (!src->n_held && n_bytes >= 256) { /* the table pays */
            for (int c = 0; c < 256 && !is_table_made; c++) table[c] = base64_value((uint8_t)c);
            is_table_made = true;
            size_t n = read_groups(src, table, dst, n_bytes);
            dst += n, n_bytes -= n;
            if (!n_bytes) break;
        }
        if (!src->n_held && !hold_group(src)) return false;
        *dst++ = src->held[0], n_bytes--;
        src->held[0] = src->held[1], src->held[1] = src->held[2], src->n_held--;
    }
    return true;
}

/* No more than so many bytes can come. */
static size_t stream_limit(const stream *src) {
    size_t n_left = (size_t)(src->end - src->at);
    return src->is_base64 ? n_left / 4 * 3 + src->n_held : n_left;
}

/* --- faults ------------------------------------------------------------------------------------------------------- */

static psh_status short_fault(const stream *src, psh_error *err) {
    return psh__error(err, PSH_ERR_CORRUPT,
                      src->is_base64 ? "the values end too early or are no base64; the file is "
                                       "damaged or truncated"
                                     : "the values end too early; the file is truncated");
}

/* n_bytes of values : a number of them that fits the file's other claims? */
static psh_status check_bytes(const psh__vtk_array *array, size_t n_expected, size_t n_bytes, psh_error *err) {
    size_t tuple_bytes = 0;
    bool fits = psh__size_mul(array->item_bytes, array->n_components, &tuple_bytes);
    if (n_expected != PSH__VTK_ANY_TUPLES && n_bytes / array->item_bytes != n_expected)
        return psh__error(err, PSH_ERR_CORRUPT, "%zu bytes of values; expected %zu values of %zu bytes", n_bytes,
                          n_expected, array->item_bytes);
    if (fits && n_bytes % tuple_bytes == 0) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "%zu bytes of values; expected a multiple of %zu x %zu", n_bytes,
                      array->n_components, array->item_bytes);
}

/* --- binary payloads ---------------------------------------------------------------------------------------------- */

typedef struct job {
    const psh__vtk *vtk;
    const psh__vtk_array *array;
    size_t n_expected; /* values, or PSH__VTK_ANY_TUPLES */
    stream src;
    uint8_t *values; // (n_bytes), or NULL if `borrowed`
    const uint8_t *borrowed;
    size_t n_bytes;
} job;

/* One word of a header. */
static psh_status read_word(job *j, size_t *dst, psh_error *err) {
    uint8_t bytes[8];
    uint64_t word = 0;
    size_t n = j->vtk->header_bytes;
    if (!stream_read(&j->src, bytes, n)) return short_fault(&j->src, err);
    for (size_t i = 0; i < n; i++) word = word << 8 | bytes[j->vtk->is_big_endian ? i : n - 1 - i];
    *dst = (size_t)word;
    if (word > SIZE_MAX / 2) return psh__error(err, PSH_ERR_CORRUPT, "a block of %llu bytes", (unsigned long long)word);
    return PSH_OK;
}

static psh_status read_plain(job *j, psh_error *err) {
    PSH_TRY(read_word(j, &j->n_bytes, err));
    if (j->n_bytes > stream_limit(&j->src))
        return psh__error(err, PSH_ERR_CORRUPT, "%zu bytes of values, but only %zu are left in the file", j->n_bytes,
                          stream_limit(&j->src));
    PSH_TRY(check_bytes(j->array, j->n_expected, j->n_bytes, err));
    if (!j->src.is_base64 && (!j->vtk->is_big_endian || j->array->item_bytes == 1)) {
        j->borrowed = j->src.at;
        return PSH_OK;
    }
    if (!(j->values = psh__malloc(j->n_bytes, 1))) return psh__error_memory(err, "its values", j->n_bytes);
    return stream_read(&j->src, j->values, j->n_bytes) ? PSH_OK : short_fault(&j->src, err);
}

static voidpf on_alloc(voidpf user, uInt n_items, uInt item_bytes) {
    (void)user;
    return psh__malloc(n_items, item_bytes);
}

static void on_free(voidpf user, voidpf ptr) {
    (void)user;
    psh__free(ptr);
}

typedef struct blocks {
    size_t n_blocks, block_bytes, last_bytes;
    size_t *sizes; // (n_blocks), compressed
} blocks;

static psh_status read_sizes(job *j, blocks *dst, psh_error *err) {
    size_t n_packed = 0, n_full;
    if (dst->n_blocks > stream_limit(&j->src) / j->vtk->header_bytes)
        return psh__error(err, PSH_ERR_CORRUPT, "%zu compressed blocks, but only %zu bytes are left in the file",
                          dst->n_blocks, stream_limit(&j->src));
    if (!(dst->sizes = psh__malloc(dst->n_blocks, sizeof *dst->sizes)))
        return psh__error_memory(err, "its blocks", dst->n_blocks * sizeof *dst->sizes);
    for (size_t i = 0; i < dst->n_blocks; i++) {
        PSH_TRY(read_word(j, &dst->sizes[i], err));
        if (!psh__size_add(n_packed, dst->sizes[i], &n_packed) || n_packed > stream_limit(&j->src))
            return psh__error(err, PSH_ERR_CORRUPT,
                              "compressed blocks of %zu bytes and more, but only %zu are left in "
                              "the file",
                              n_packed, stream_limit(&j->src));
    }
    n_full = dst->n_blocks - (dst->last_bytes != 0);
    if (dst->last_bytes > dst->block_bytes || !psh__size_mul(n_full, dst->block_bytes, &j->n_bytes) ||
        !psh__size_add(j->n_bytes, dst->last_bytes, &j->n_bytes) || j->n_bytes / DEFLATE_RATIO > n_packed)
        return psh__error(err, PSH_ERR_CORRUPT, "%zu compressed bytes cannot hold %zu blocks of %zu bytes", n_packed,
                          dst->n_blocks, dst->block_bytes);
    return check_bytes(j->array, j->n_expected, j->n_bytes, err);
}

/* One block of exactly dst_bytes. zlib counts in 32 bits, hence the loop. */
static psh_status inflate_block(z_stream *z, const uint8_t *src, size_t src_bytes, uint8_t *dst, size_t dst_bytes,
                                psh_error *err) {
    const uint8_t *src_end = src + src_bytes;
    uint8_t *dst_end = dst + dst_bytes;
    int answer = inflateReset(z);
    z->next_in = (z_const Bytef *)src, z->next_out = dst;
    while (answer == Z_OK) {
        size_t n_in = (size_t)(src_end - z->next_in), n_out = (size_t)(dst_end - z->next_out);
        z->avail_in = n_in < UINT_MAX ? (uInt)n_in : UINT_MAX;
        z->avail_out = n_out < UINT_MAX ? (uInt)n_out : UINT_MAX;
        answer = inflate(z, Z_NO_FLUSH);
    }
    if (answer == Z_MEM_ERROR) return psh__error_memory(err, "inflating", dst_bytes);
    if (answer == Z_STREAM_END && z->next_out == dst_end) return PSH_OK;
    return psh__error(err, PSH_ERR_CORRUPT, "a damaged zlib block: %s",
                      answer == Z_STREAM_END ? "less data than its header says"
                      : z->msg               ? z->msg
                                             : zError(answer));
}

static psh_status inflate_blocks(job *j, const blocks *packed, psh_error *err) {
    psh_status status = PSH_OK;
    uint8_t *decoded = NULL;
    size_t decoded_room = 0;
    z_stream z = {.zalloc = on_alloc, .zfree = on_free};
    if (inflateInit(&z) != Z_OK) return psh__error_memory(err, "inflating", j->n_bytes);
    for (size_t i = 0, at = 0; i < packed->n_blocks; i++) {
        size_t n_in = packed->sizes[i];
        size_t n_out = i + 1 == packed->n_blocks && packed->last_bytes ? packed->last_bytes : packed->block_bytes;
        const uint8_t *src = j->src.at;
        if (!j->src.is_base64) {
            j->src.at += n_in;
        } else {
            if (!PSH_GROW(&decoded, &decoded_room, n_in + 1)) {
                status = psh__error_memory(err, "a zlib block", n_in);
                break;
            }
            src = decoded;
            if (!stream_read(&j->src, decoded, n_in)) {
                status = short_fault(&j->src, err);
                break;
            }
        }
        status = inflate_block(&z, src, n_in, j->values + at, n_out, err);
        if (status != PSH_OK) break;
        at += n_out;
    }
    inflateEnd(&z);
    psh__free(decoded);
    return status;
}

static psh_status read_compressed(job *j, psh_error *err) {
    blocks packed = {0};
    psh_status status = PSH_OK;
    if (strcmp(j->vtk->compressor, "vtkZLibDataCompressor") != 0)
        return psh__error(
            err, PSH_ERR_UNSUPPORTED,
            "compressed by '%.60s'; expected vtkZLibDataCompressor or none; save the file again with zlib",
            j->vtk->compressor);
    PSH_TRY(read_word(j, &packed.n_blocks, err));
    if (packed.n_blocks == 0) return check_bytes(j->array, j->n_expected, 0, err);
    PSH_TRY(read_word(j, &packed.block_bytes, err));
    PSH_TRY(read_word(j, &packed.last_bytes, err));
    PSH_TRY_GOTO(read_sizes(j, &packed, err));
    if (!(j->values = psh__malloc(j->n_bytes, 1))) {
        status = psh__error_memory(err, "its values", j->n_bytes);
        goto done;
    }
    PSH_TRY_GOTO(inflate_blocks(j, &packed, err));
done:
    psh__free(packed.sizes);
    return status;
}

static void swap_items(uint8_t *bytes, size_t n_bytes, size_t item_bytes) {
    for (size_t i = 0; i < n_bytes; i += item_bytes)
        for (size_t a = i, b = i + item_bytes - 1; a < b; a++, b--) {
            uint8_t kept = bytes[a];
            bytes[a] = bytes[b], bytes[b] = kept;
        }
}

static psh_status read_binary(job *j, psh_error *err) {
    const psh__vtk *vtk = j->vtk;
    const psh__vtk_array *array = j->array;
    if (array->place == PSH__VTK_APPENDED) {
        if (!vtk->appended || array->start > vtk->n_bytes - vtk->appended)
            return psh__error(err, PSH_ERR_CORRUPT,
                              "its values should be at offset %zu of the appended data, beyond the "
                              "end of the file",
                              array->start);
        j->src = (stream){.at = vtk->bytes + vtk->appended + array->start, .is_base64 = vtk->is_appended_base64};
        j->src.end = vtk->bytes + vtk->n_bytes;
    } else {
        j->src = (stream){.at = vtk->bytes + array->start, .end = vtk->bytes + array->stop, .is_base64 = true};
        if (array->stop == 0) j->src.end = j->src.at; /* no text at all */
    }
    PSH_TRY(*vtk->compressor ? read_compressed(j, err) : read_plain(j, err));
    if (vtk->is_big_endian && array->item_bytes > 1 && j->values) swap_items(j->values, j->n_bytes, array->item_bytes);
    return PSH_OK;
}

/* --- ascii -------------------------------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next word in [*at, end); its length, 0 at the end. */
static size_t next_word(const uint8_t **at, const uint8_t *end) {
    while (*at < end && is_blank(**at)) ++*at;
    const uint8_t *stop = *at;
    while (stop < end && !is_blank(*stop)) stop++;
    return (size_t)(stop - *at);
}

/* An integer of item_bytes, two's complement in *dst. */
static bool read_integer(const uint8_t *text, size_t n_chars, bool is_signed, size_t item_bytes, uint64_t *dst) {
    uint64_t value = 0, most = UINT64_MAX >> (64 - 8 * item_bytes);
    size_t i = n_chars > 1 && (text[0] == '-' || text[0] == '+');
    bool is_negative = i && text[0] == '-';
    if (i == n_chars) return false;
    for (; i < n_chars; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return false;
    }
    if (is_signed) most = most / 2 + is_negative;
    if (value > most || (is_negative && value && !is_signed)) return false;
    *dst = is_negative ? 0 - value : value;
    return true;
}

static bool read_real(const uint8_t *text, size_t n_chars, size_t item_bytes, uint8_t *dst) {
    double value;
    if (psh__number_read((const char *)text, n_chars, &value) != PSH__NUMBER) return false;
    if (item_bytes == 4) {
        float narrow = (float)value;
        if (isinf(narrow) && !isinf(value)) return false;
        memcpy(dst, &narrow, sizeof narrow);
    } else {
        memcpy(dst, &value, sizeof value);
    }
    return true;
}

static psh_status read_words(job *j, const uint8_t *at, const uint8_t *end, psh_error *err) {
    const psh__vtk_array *array = j->array;
    uint8_t *dst = j->values;
    for (size_t n_chars; (n_chars = next_word(&at, end)) > 0; at += n_chars, dst += array->item_bytes) {
        uint64_t integer = 0;
        bool is_good = array->kind == 'f' ? read_real(at, n_chars, array->item_bytes, dst)
                                          : read_integer(at, n_chars, array->kind == 'i', array->item_bytes, &integer);
        if (!is_good)
            return psh__error(err, PSH_ERR_CORRUPT, "'%.*s'; expected a value of type %s",
                              n_chars < 40 ? (int)n_chars : 40, (const char *)at, array->type);
        if (array->kind != 'f') memcpy(dst, &integer, array->item_bytes); /* little-endian: the low bytes */
    }
    return PSH_OK;
}

static psh_status read_ascii(job *j, psh_error *err) {
    const psh__vtk_array *array = j->array;
    const uint8_t *start = j->vtk->bytes + array->start, *end = array->stop ? j->vtk->bytes + array->stop : start;
    size_t n_values = 0;
    psh__c_locale locale;
    const uint8_t *at = start;
    for (size_t n_chars; (n_chars = next_word(&at, end)) > 0; at += n_chars) n_values++;
    j->n_bytes = n_values * array->item_bytes; /* no overflow: a value takes a character of the file at least */
    PSH_TRY(check_bytes(array, j->n_expected, j->n_bytes, err));
    if (!(j->values = psh__malloc(j->n_bytes, 1))) return psh__error_memory(err, "its values", j->n_bytes);
    if (!psh__c_locale_enter(&locale)) return psh__error_memory(err, "a locale", 0);
    psh_status status = read_words(j, start, end, err);
    psh__c_locale_leave(&locale);
    return status;
}

/* --- the array ---------------------------------------------------------------------------------------------------- */

static psh_status read_values(job *j, psh_error *err) {
    const psh__vtk_array *array = j->array;
    if (!array->kind)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "type '%.40s'; expected Int8 to UInt64, Float32 or Float64",
                          array->type);
    j->n_expected = PSH__VTK_ANY_TUPLES;
    if (array->n_tuples != PSH__VTK_ANY_TUPLES &&
        (!psh__size_mul(array->n_tuples, array->n_components, &j->n_expected) || j->n_expected == PSH__VTK_ANY_TUPLES))
        return psh__error(err, PSH_ERR_CORRUPT, "%zu x %zu values; the file is damaged", array->n_tuples,
                          array->n_components);
    return array->place == PSH__VTK_ASCII ? read_ascii(j, err) : read_binary(j, err);
}

psh_status psh__vtk_read(const psh__vtk *vtk, const psh__vtk_array *array, psh__array *dst, psh_error *err) {
    job j = {.vtk = vtk, .array = array};
    psh_status status = read_values(&j, err);
    if (status != PSH_OK) {
        psh__free(j.values);
        return psh__error_prefix(err, status, "array '%.60s'", array->name);
    }
    static const uint8_t nothing[1];
    *dst = (psh__array){.kind = array->kind, .item_bytes = array->item_bytes, .n_items = j.n_bytes / array->item_bytes};
    dst->n_axes = array->n_components > 1 ? 2 : 1;
    dst->shape[0] = dst->n_items / array->n_components, dst->shape[1] = array->n_components;
    dst->owned = j.values;
    dst->data = j.values ? j.values : j.borrowed ? j.borrowed : nothing;
    return PSH_OK;
}
