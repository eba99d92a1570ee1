/* npz.c : reading NumPy's .npz: a zip archive of .npy members, through libzip. (npz_write.c writes them.)
 *
 * The archive is mapped and handed to libzip as a buffer. A member stored plain is borrowed from the mapping
 * with no copy; its place is found from its local header (libzip does not tell it), which is checked against the file's
 * bounds. A deflated member is inflated by libzip, which checks its CRC; a declared size that deflate cannot reach from
 * the bytes at hand (ratio above 1032 : 1) is refused before anything is allocated. */
#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "base/size.h"

#define DEFLATE_MAX_RATIO 1032
#define MAX_READ_BYTES ((size_t)1 << 30) /* libzip inflates wrongly when asked for 4 GB and more at once */

struct psh__npz {
    char *path;
    psh__bytes bytes;
    zip_t *archive;
};

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

const char *psh__npz_member(const psh__npz *npz, size_t i_member) {
    zip_int64_t n_members = zip_get_num_entries(npz->archive, 0);
    return (zip_int64_t)i_member < n_members ? zip_get_name(npz->archive, i_member, ZIP_FL_ENC_RAW) : NULL;
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
        size_t most = n_bytes - n_read < MAX_READ_BYTES ? n_bytes - n_read : MAX_READ_BYTES;
        zip_int64_t n = zip_fread(member, dst + n_read, most);
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
