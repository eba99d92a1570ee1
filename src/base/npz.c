/* npz.c : NumPy's .npz: a zip archive of .npy members, through libzip.
 *
 * Reading. The archive is mapped and handed to libzip as a buffer. A member stored plain is borrowed from the mapping
 * with no copy; its place is found from its local header (libzip does not tell it), which is checked against the file's
 * bounds. A deflated member is inflated by libzip, which checks its CRC; a declared size that deflate cannot reach from
 * the bytes at hand (ratio above 1032 : 1) is refused before anything is allocated. Writing. The archive is built in
 * memory by libzip and replaces the target atomically. Dates are fixed (1980), so the same arrays give the same bytes.
 */
#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "base/size.h"

#define DEFLATE_MAX_RATIO 1032

struct psh__npz {
    char *path;
    psh__bytes bytes;
    zip_t *archive;
};

static psh_status zip_fault(psh_error *err, psh_status status, const char *path, zip_error_t *fault) {
    psh__error(err, status, "%s: %s", path, zip_error_strerror(fault));
    zip_error_fini(fault);
    return status;
}

psh_status psh__npz_open_bytes(const char *path, psh__bytes *bytes, psh__npz **dst, psh_error *err) {
    psh_status status = PSH_OK;
    zip_error_t fault;
    psh__npz *npz = psh__calloc(1, sizeof *npz);
    if (!npz) {
        psh__bytes_free(bytes);
        return psh__error_memory(err, "an archive", sizeof *npz);
    }
    npz->bytes = *bytes;
    *bytes = (psh__bytes){0};
    npz->path = psh__strdup(path);
    if (!npz->path) {
        status = psh__error_memory(err, "a path", strlen(path));
        goto done;
    }
    if (npz->bytes.n_bytes == 0) {
        status = psh__error(err, PSH_ERR_CORRUPT, "%s: empty file; expected a NumPy archive (.npz)", path);
        goto done;
    }
    if (npz->bytes.n_bytes < 4 || memcmp(npz->bytes.data, "PK", 2) != 0) {
        status = psh__error(err, PSH_ERR_FORMAT, "%s: no zip archive; expected a NumPy archive (.npz)", path);
        goto done;
    }
    zip_error_init(&fault);
    zip_source_t *source = zip_source_buffer_create(npz->bytes.data, npz->bytes.n_bytes, 0, &fault);
    npz->archive = source ? zip_open_from_source(source, ZIP_RDONLY, &fault) : NULL;
    if (!npz->archive) {
        zip_source_free(source);
        zip_error_fini(&fault);
        status = psh__error(err, PSH_ERR_CORRUPT, "%s: the archive is damaged or truncated; write it again", path);
        goto done;
    }
    zip_error_fini(&fault);
done:
    if (status == PSH_OK)
        *dst = npz;
    else
        psh__npz_free(npz);
    return status;
}

psh_status psh__npz_open(const char *path, psh__npz **dst, psh_error *err) {
    psh__bytes bytes;
    PSH_TRY(psh__bytes_read(path, &bytes, err));
    return psh__npz_open_bytes(path, &bytes, dst, err);
}

void psh__npz_free(psh__npz *npz) {
    if (!npz) return;
    if (npz->archive) zip_discard(npz->archive);
    psh__bytes_free(&npz->bytes);
    psh__free(npz->path);
    psh__free(npz);
}

static zip_int64_t locate(const psh__npz *npz, const char *name) {
    char member[256];
    snprintf(member, sizeof member, "%s.npy", name);
    return zip_name_locate(npz->archive, member, 0);
}

bool psh__npz_has(const psh__npz *npz, const char *name) {
    return locate(npz, name) >= 0;
}

static psh_status no_such_array(const psh__npz *npz, const char *name, psh_error *err) {
    char list[256] = "";
    size_t n = 0;
    for (zip_int64_t i = 0; i < zip_get_num_entries(npz->archive, 0) && n < 160; i++) {
        const char *member = zip_get_name(npz->archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (member) n += (size_t)snprintf(list + n, sizeof list - n, "%s%.40s", n ? ", " : "", member);
    }
    return psh__error(err, PSH_ERR_SHAPE, "%s: no array '%s'; the file has: %s", npz->path, name,
                      *list ? list : "nothing");
}

static uint32_t read_le(const uint8_t *at, int n_bytes) {
    uint32_t value = 0;
    for (int i = 0; i < n_bytes; i++) value |= (uint32_t)at[i] << (8 * i);
    return value;
}

/* The bytes of member `index` inside the mapping, or NULL if they cannot be pinned down. libzip keeps a member's offset
 * to itself, so the central directory is walked: entries of 46 bytes + name + extra + comment, in libzip's order.
 * Archives above 4 GB (zip64) take the copying way. */
static const uint8_t *borrow_stored(const psh__npz *npz, zip_int64_t index, size_t n_bytes) {
    const uint8_t *file = npz->bytes.data, *end = file + npz->bytes.n_bytes, *tail = NULL;
    size_t n_tail = npz->bytes.n_bytes < 22 + 65535 ? npz->bytes.n_bytes : 22 + 65535;
    for (const uint8_t *at = end - 22; n_tail >= 22 && at >= end - n_tail && !tail; at--)
        if (read_le(at, 4) == 0x06054b50 && read_le(at + 20, 2) == (size_t)(end - at - 22)) tail = at;
    if (!tail || read_le(tail + 16, 4) == UINT32_MAX || read_le(tail + 16, 4) > npz->bytes.n_bytes) return NULL;
    const uint8_t *entry = file + read_le(tail + 16, 4);
    for (zip_int64_t i = 0;; i++) {
        if (end - entry < 46 || read_le(entry, 4) != 0x02014b50) return NULL;
        if (i == index) break;
        size_t entry_bytes = 46 + (size_t)read_le(entry + 28, 2) + read_le(entry + 30, 2) + read_le(entry + 32, 2);
        if ((size_t)(end - entry) < entry_bytes) return NULL;
        entry += entry_bytes;
    }
    size_t offset = read_le(entry + 42, 4);
    if (offset == UINT32_MAX || offset > npz->bytes.n_bytes - 22) return NULL;
    const uint8_t *local = file + offset;
    if (end - local < 30 || read_le(local, 4) != 0x04034b50 || read_le(local + 8, 2) != ZIP_CM_STORE) return NULL;
    size_t start = 30 + (size_t)read_le(local + 26, 2) + read_le(local + 28, 2);
    return start <= (size_t)(end - local) && n_bytes <= (size_t)(end - local) - start ? local + start : NULL;
}

static psh_status inflate_member(const psh__npz *npz, zip_int64_t index, const char *what, uint8_t *dst, size_t n_bytes,
                                 psh_error *err) {
    zip_file_t *member = zip_fopen_index(npz->archive, (zip_uint64_t)index, 0);
    if (!member) return psh__error(err, PSH_ERR_CORRUPT, "%s: %s", what, zip_strerror(npz->archive));
    size_t n_read = 0;
    char one_more;
    psh_status status = PSH_OK;
    while (n_read < n_bytes) {
        zip_int64_t n = zip_fread(member, dst + n_read, n_bytes - n_read);
        if (n <= 0) break;
        n_read += (size_t)n;
    }
    /* Reading on to the end makes libzip compare the checksum. */
    if (n_read != n_bytes || zip_fread(member, &one_more, 1) != 0)
        status = psh__error(err, PSH_ERR_CORRUPT, "%s: damaged or truncated (%s)", what, zip_file_strerror(member));
    zip_fclose(member);
    return status;
}

psh_status psh__npz_read(psh__npz *npz, const char *name, psh__array *dst, psh_error *err) {
    char what[512];
    zip_stat_t facts;
    *dst = (psh__array){0};
    snprintf(what, sizeof what, "%.400s: %.64s", npz->path, name);
    zip_int64_t index = locate(npz, name);
    if (index < 0) return no_such_array(npz, name, err);
    zip_uint64_t wanted = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(npz->archive, (zip_uint64_t)index, 0, &facts) != 0 || (facts.valid & wanted) != wanted)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: the archive's directory is damaged", what);
    if (facts.comp_method == ZIP_CM_STORE) {
        const uint8_t *borrowed = borrow_stored(npz, index, facts.size);
        if (borrowed) return psh__npy_parse(borrowed, facts.size, what, dst, err);
    }
    if (facts.comp_size > npz->bytes.n_bytes || facts.size / DEFLATE_MAX_RATIO > facts.comp_size)
        return psh__error(err, PSH_ERR_CORRUPT, "%s: announces %llu bytes, which its %llu compressed bytes cannot hold",
                          what, (unsigned long long)facts.size, (unsigned long long)facts.comp_size);
    uint8_t *bytes = psh__malloc(facts.size, 1);
    if (!bytes) return psh__error_memory(err, what, facts.size);
    psh_status status = inflate_member(npz, index, what, bytes, facts.size, err);
    if (status == PSH_OK) status = psh__npy_parse(bytes, facts.size, what, dst, err);
    if (status == PSH_OK && !dst->owned)
        dst->owned = bytes;
    else
        psh__free(bytes);
    return status;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

struct psh__npz_writer {
    zip_t *archive;
    zip_source_t *buffer; /* what the archive is built in; kept alive beyond zip_close() */
    char *path;
    bool compress;
    void **blocks; /* whole members (header and data), which must live until the archive is closed */
    size_t n_blocks, blocks_capacity;
};

psh_status psh__npz_create(const char *path, bool compress, psh__npz_writer **dst, psh_error *err) {
    zip_error_t fault;
    psh__npz_writer *npz = psh__calloc(1, sizeof *npz);
    if (!npz) return psh__error_memory(err, "an archive", sizeof *npz);
    npz->compress = compress;
    npz->path = psh__strdup(path);
    if (!npz->path) {
        psh__npz_abort(npz);
        return psh__error_memory(err, "a path", strlen(path));
    }
    zip_error_init(&fault);
    npz->buffer = zip_source_buffer_create(NULL, 0, 0, &fault);
    npz->archive = npz->buffer ? zip_open_from_source(npz->buffer, ZIP_TRUNCATE, &fault) : NULL;
    if (!npz->archive) {
        psh__npz_abort(npz);
        return zip_fault(err, PSH_ERR_FILE_WRITE, path, &fault);
    }
    zip_error_fini(&fault);
    zip_source_keep(npz->buffer);
    *dst = npz;
    return PSH_OK;
}

void psh__npz_abort(psh__npz_writer *npz) {
    if (!npz) return;
    if (npz->archive) zip_discard(npz->archive);
    if (npz->buffer) zip_source_free(npz->buffer);
    for (size_t i = 0; i < npz->n_blocks; i++) psh__free(npz->blocks[i]);
    psh__free(npz->blocks);
    psh__free(npz->path);
    psh__free(npz);
}

psh_status psh__npz_add(psh__npz_writer *npz, const char *name, const char *descr, const size_t *shape, size_t n_axes,
                        const void *data, size_t n_bytes, psh_error *err) {
    char member[256], head[256];
    size_t head_bytes = psh__npy_header(descr, shape, n_axes, head);
    snprintf(member, sizeof member, "%s.npy", name);
    uint8_t *block = psh__malloc(head_bytes + n_bytes, 1);
    if (!block || !PSH_GROW(&npz->blocks, &npz->blocks_capacity, npz->n_blocks + 1)) {
        psh__free(block);
        return psh__error_memory(err, member, head_bytes + n_bytes);
    }
    npz->blocks[npz->n_blocks++] = block;
    memcpy(block, head, head_bytes);
    if (n_bytes) memcpy(block + head_bytes, data, n_bytes);

    zip_source_t *source = zip_source_buffer(npz->archive, block, head_bytes + n_bytes, 0);
    zip_int64_t index = source ? zip_file_add(npz->archive, member, source, ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) {
        zip_source_free(source);
        return psh__error(err, PSH_ERR_FILE_WRITE, "%s: %s", npz->path, zip_strerror(npz->archive));
    }
    /* Level 1: most of the gain at a fraction of the time. DOS date 0x21 is 1 January 1980. */
    zip_set_file_compression(npz->archive, (zip_uint64_t)index, npz->compress ? ZIP_CM_DEFLATE : ZIP_CM_STORE,
                             npz->compress ? 1 : 0);
    zip_file_set_dostime(npz->archive, (zip_uint64_t)index, 0, 0x21, 0);
    zip_file_set_external_attributes(npz->archive, (zip_uint64_t)index, 0, ZIP_OPSYS_UNIX, 0600u << 16);
    return PSH_OK;
}

/* Number of UCS-4 characters of a UTF-8 text, and the characters themselves if `dst` is given. Malformed bytes become
 * U+FFFD one by one. */
static size_t read_utf8(const char *text, uint32_t *dst) {
    size_t n = 0;
    for (const uint8_t *at = (const uint8_t *)text; *at; n++) {
        int n_more = *at < 0x80 ? 0 : *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : -1;
        uint32_t c = n_more <= 0 ? *at : *at & (0x3fu >> n_more);
        bool good = n_more >= 0;
        for (int i = 1; good && i <= n_more; i++) {
            good = (at[i] & 0xc0) == 0x80;
            c = c << 6 | (at[i] & 0x3f);
        }
        if (good && (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))) good = false;
        at += good ? n_more + 1 : 1;
        if (dst) dst[n] = good ? c : 0xfffd;
    }
    return n;
}

psh_status psh__npz_add_texts(psh__npz_writer *npz, const char *name, const char *const *texts, size_t n_texts,
                              bool is_scalar, psh_error *err) {
    size_t longest = 1;
    for (size_t i = 0; i < n_texts; i++) {
        size_t n = read_utf8(texts[i], NULL);
        if (n > longest) longest = n;
    }
    char descr[32];
    uint32_t *characters = psh__calloc(n_texts * longest, sizeof *characters);
    if (!characters) return psh__error_memory(err, name, n_texts * longest * sizeof *characters);
    for (size_t i = 0; i < n_texts; i++) read_utf8(texts[i], characters + i * longest);
    snprintf(descr, sizeof descr, "<U%zu", longest);
    psh_status status = psh__npz_add(npz, name, descr, &n_texts, is_scalar ? 0 : 1, characters,
                                     n_texts * longest * sizeof *characters, err);
    psh__free(characters);
    return status;
}

/* After zip_close() the archive lies in the buffer source, to be read back as a stream. */
static psh_status copy_to_file(psh__npz_writer *npz, psh_error *err) {
    psh__file file;
    uint8_t *block = psh__malloc(1 << 20, 1);
    if (!block) return psh__error_memory(err, "writing", 1 << 20);
    psh_status status = psh__file_create(npz->path, &file, err);
    if (status == PSH_OK) {
        zip_int64_t n = -1;
        if (zip_source_open(npz->buffer) == 0) {
            while (status == PSH_OK && (n = zip_source_read(npz->buffer, block, 1 << 20)) > 0)
                status = psh__file_write(&file, block, (size_t)n, err);
            zip_source_close(npz->buffer);
        }
        if (status == PSH_OK && n < 0)
            status = psh__error(err, PSH_ERR_FILE_WRITE, "%s: the archive could not be built", npz->path);
        if (status == PSH_OK)
            status = psh__file_commit(&file, err);
        else
            psh__file_abort(&file);
    }
    psh__free(block);
    return status;
}

psh_status psh__npz_commit(psh__npz_writer *npz, psh_error *err) {
    psh_status status;
    if (zip_close(npz->archive) != 0) {
        status = psh__error(err, PSH_ERR_FILE_WRITE, "%s: %s", npz->path, zip_strerror(npz->archive));
    } else {
        npz->archive = NULL;
        status = copy_to_file(npz, err);
    }
    psh__npz_abort(npz);
    return status;
}
