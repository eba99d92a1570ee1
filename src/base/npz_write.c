/* npz_write.c : writing NumPy's .npz: a zip archive of .npy members, piece by piece, of any size.
 *
 * An archive (PKWARE's APPNOTE) is its members, each behind a local header, and then a directory of them:
 *
 *     [local header, name, (zip64 sizes)] [.npy header, items]  ...  [directory] [(zip64 end)] [end]
 *
 * A member goes to the disk as it comes. Its header wants the checksum and the packed size, which are known only
 * afterwards: it is written twice, first with zeros. Nothing is held in memory but the directory, so a set may be
 * larger than the memory; and no word of zip64 is written where 32 bits do. Standard output cannot be gone back in:
 * there the archive is made in a nameless file and copied.
 *
 * libzip would need each member whole in memory, or its own temporary files and a source that tells the size first.
 * Dates are fixed (1980), so the same arrays give the same bytes. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/array.h"
#include "base/error.h"
#include "base/size.h"

#define PIECE_BYTES ((size_t)1 << 16)
#define MAX_NAME_BYTES 63
#define ZIP64_VERSION 45
#define NO_SIZE UINT32_MAX /* a 32-bit size that says: see the zip64 field */

typedef struct member {
    char name[MAX_NAME_BYTES + 5]; /* "points.npy" */
    bool is_deflated, is_zip64;
    uint32_t crc;
    uint64_t n_bytes, packed_bytes, offset; /* unpacked; as it lies in the file; of the local header */
} member;

struct psh__npz_writer {
    psh__file file;
    char *path;
    bool compress, is_stdout;
    member *members; /* (n_members), the last one open if is_open */
    size_t n_members, members_capacity;
    bool is_open;
    uint64_t n_written, expected_bytes; /* so far in the archive; the open member's unpacked size */
    z_stream deflate;
    uint8_t *piece; /* (PIECE_BYTES), of deflate or of texts */
};

/* --- bytes -------------------------------------------------------------------------------------------------------- */

typedef struct words {
    uint8_t bytes[128];
    size_t n_bytes;
} words;

static void put(words *dst, uint64_t value, int n_bytes) {
    for (int i = 0; i < n_bytes; i++) dst->bytes[dst->n_bytes++] = (uint8_t)(value >> (8 * i));
}

static uint64_t or_no_size(uint64_t value) {
    return value < NO_SIZE ? value : NO_SIZE;
}

/* What the local header and the directory have in common. 0x21 is 1 January 1980. */
static void put_common(words *dst, const member *m, int version) {
    put(dst, (uint64_t)version, 2), put(dst, 0, 2), put(dst, m->is_deflated ? Z_DEFLATED : 0, 2);
    put(dst, 0, 2), put(dst, 0x21, 2), put(dst, m->crc, 4);
}

static words local_header(const member *m) {
    words head = {0};
    put(&head, 0x04034b50, 4), put_common(&head, m, m->is_zip64 ? ZIP64_VERSION : 20);
    put(&head, m->is_zip64 ? NO_SIZE : m->packed_bytes, 4), put(&head, m->is_zip64 ? NO_SIZE : m->n_bytes, 4);
    put(&head, strlen(m->name), 2), put(&head, m->is_zip64 ? 20 : 0, 2);
    memcpy(head.bytes + head.n_bytes, m->name, strlen(m->name)), head.n_bytes += strlen(m->name);
    if (m->is_zip64) put(&head, 1, 2), put(&head, 16, 2), put(&head, m->n_bytes, 8), put(&head, m->packed_bytes, 8);
    return head;
}

static words directory_entry(const member *m) {
    words entry = {0}, extra = {0};
    const uint64_t sizes[] = {m->n_bytes, m->packed_bytes, m->offset};
    for (int i = 0; i < 3; i++)
        if (sizes[i] >= NO_SIZE) put(&extra, sizes[i], 8);
    bool is_zip64 = m->is_zip64 || extra.n_bytes > 0;
    put(&entry, 0x02014b50, 4), put(&entry, 3 << 8 | (is_zip64 ? ZIP64_VERSION : 20), 2); /* 3: Unix */
    put_common(&entry, m, is_zip64 ? ZIP64_VERSION : 20);
    put(&entry, or_no_size(m->packed_bytes), 4), put(&entry, or_no_size(m->n_bytes), 4);
    put(&entry, strlen(m->name), 2), put(&entry, extra.n_bytes ? extra.n_bytes + 4 : 0, 2), put(&entry, 0, 2);
    put(&entry, 0, 2), put(&entry, 0, 2), put(&entry, 0100600u << 16, 4), put(&entry, or_no_size(m->offset), 4);
    memcpy(entry.bytes + entry.n_bytes, m->name, strlen(m->name)), entry.n_bytes += strlen(m->name);
    if (extra.n_bytes) put(&entry, 1, 2), put(&entry, extra.n_bytes, 2);
    memcpy(entry.bytes + entry.n_bytes, extra.bytes, extra.n_bytes), entry.n_bytes += extra.n_bytes;
    return entry;
}

static words end_of_archive(uint64_t n_members, uint64_t offset, uint64_t n_bytes) {
    words end = {0};
    if (offset >= NO_SIZE || n_bytes >= NO_SIZE || n_members >= UINT16_MAX) {
        put(&end, 0x06064b50, 4), put(&end, 44, 8), put(&end, 3 << 8 | ZIP64_VERSION, 2), put(&end, ZIP64_VERSION, 2);
        put(&end, 0, 4), put(&end, 0, 4), put(&end, n_members, 8), put(&end, n_members, 8);
        put(&end, n_bytes, 8), put(&end, offset, 8);
        put(&end, 0x07064b50, 4), put(&end, 0, 4), put(&end, offset + n_bytes, 8), put(&end, 1, 4);
    }
    uint64_t n_short = n_members < UINT16_MAX ? n_members : UINT16_MAX;
    put(&end, 0x06054b50, 4), put(&end, 0, 2), put(&end, 0, 2), put(&end, n_short, 2), put(&end, n_short, 2);
    put(&end, or_no_size(n_bytes), 4), put(&end, or_no_size(offset), 4), put(&end, 0, 2);
    return end;
}

/* --- the archive -------------------------------------------------------------------------------------------------- */

static psh_status fault(const psh__npz_writer *npz, psh_error *err) {
    return psh__error(err, PSH_ERR_FILE_WRITE,
                      "%s: cannot be written: %s; check the folder, its permissions and the free space",
                      npz->is_stdout ? "standard output" : npz->path, strerror(errno));
}

static psh_status write_bytes(psh__npz_writer *npz, const void *bytes, size_t n_bytes, psh_error *err) {
    PSH_TRY(psh__file_write(&npz->file, bytes, n_bytes, err));
    npz->n_written += n_bytes;
    return PSH_OK;
}

psh_status psh__npz_create(const char *path, bool compress, psh__npz_writer **dst, psh_error *err) {
    psh_status status = PSH_OK;
    psh__npz_writer *npz = psh__calloc(1, sizeof *npz);
    if (!npz) return psh__error_memory(err, "an archive", sizeof *npz);
    npz->compress = compress, npz->is_stdout = !strcmp(path, "-");
    npz->path = psh__strdup(path);
    npz->piece = psh__malloc(PIECE_BYTES, 1);
    if (!npz->path || !npz->piece) {
        status = psh__error_memory(err, "an archive", PIECE_BYTES);
        goto done;
    }
    if (!npz->is_stdout) {
        status = psh__file_create(path, &npz->file, err);
    } else if (!(npz->file.stream = tmpfile())) {
        status = fault(npz, err);
    }
done:
    if (status == PSH_OK)
        *dst = npz;
    else
        psh__npz_abort(npz);
    return status;
}

void psh__npz_abort(psh__npz_writer *npz) {
    if (!npz) return;
    if (npz->is_open && npz->members[npz->n_members - 1].is_deflated) deflateEnd(&npz->deflate);
    psh__file_abort(&npz->file);
    psh__free(npz->members);
    psh__free(npz->piece);
    psh__free(npz->path);
    psh__free(npz);
}

/* --- one member --------------------------------------------------------------------------------------------------- */

/* Items of `descr` take the number at its end: "<f8" 8 bytes, "<U17" 17 characters of 4. */
static uint64_t bytes_of(const char *descr, const size_t *shape, size_t n_axes) {
    uint64_t n_bytes = descr[1] == 'U' ? 4 : 1, width = 0;
    for (const char *digit = descr + 2; *digit; digit++) width = 10 * width + (uint64_t)(*digit - '0');
    n_bytes *= width;
    for (size_t axis = 0; axis < n_axes; axis++) n_bytes *= shape[axis];
    return n_bytes;
}

psh_status psh__npz_begin(psh__npz_writer *npz, const char *name, const char *descr, const size_t *shape, size_t n_axes,
                          psh_error *err) {
    char head[256];
    size_t head_bytes = psh__npy_header(descr, shape, n_axes, head);
    assert(!npz->is_open && strlen(name) <= MAX_NAME_BYTES);
    if (!PSH_GROW(&npz->members, &npz->members_capacity, npz->n_members + 1))
        return psh__error_memory(err, name, npz->n_members * sizeof *npz->members);
    member *m = &npz->members[npz->n_members];
    *m = (member){.is_deflated = npz->compress, .offset = npz->n_written};
    snprintf(m->name, sizeof m->name, "%s.npy", name);
    npz->expected_bytes = head_bytes + bytes_of(descr, shape, n_axes);
    m->is_zip64 = npz->expected_bytes + npz->expected_bytes / 1000 + 64 >= NO_SIZE; /* deflate may add a little */
    /* Level 1: most of the gain at a fraction of the time. */
    npz->deflate = (z_stream){0};
    if (m->is_deflated && deflateInit2(&npz->deflate, 1, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return psh__error_memory(err, name, 1 << 18);
    npz->n_members++, npz->is_open = true;
    words local = local_header(m);
    PSH_TRY(write_bytes(npz, local.bytes, local.n_bytes, err));
    return psh__npz_push(npz, head, head_bytes, err);
}

/* Packs what there is; with Z_FINISH to the end. */
static psh_status push_deflated(psh__npz_writer *npz, const uint8_t *bytes, size_t n_bytes, int flush, psh_error *err) {
    z_stream *z = &npz->deflate;
    z->next_in = (Bytef *)bytes, z->avail_in = (uInt)n_bytes;
    do {
        z->next_out = npz->piece, z->avail_out = PIECE_BYTES;
        deflate(z, flush);
        size_t n_packed = PIECE_BYTES - z->avail_out;
        PSH_TRY(write_bytes(npz, npz->piece, n_packed, err));
        npz->members[npz->n_members - 1].packed_bytes += n_packed;
    } while (z->avail_out == 0);
    return PSH_OK;
}

psh_status psh__npz_push(psh__npz_writer *npz, const void *bytes, size_t n_bytes, psh_error *err) {
    assert(npz->is_open);
    member *m = &npz->members[npz->n_members - 1];
    const size_t most = (size_t)1 << 30; /* zlib counts in 32 bits */
    for (const uint8_t *at = bytes; n_bytes;) {
        size_t n = n_bytes < most ? n_bytes : most;
        m->crc = (uint32_t)crc32(m->crc, at, (uInt)n);
        m->n_bytes += n;
        if (m->is_deflated) {
            PSH_TRY(push_deflated(npz, at, n, Z_NO_FLUSH, err));
        } else {
            PSH_TRY(write_bytes(npz, at, n, err));
            m->packed_bytes += n;
        }
        at += n, n_bytes -= n;
    }
    return PSH_OK;
}

psh_status psh__npz_end(psh__npz_writer *npz, psh_error *err) {
    member *m = &npz->members[npz->n_members - 1];
    FILE *stream = npz->file.stream;
    assert(npz->is_open && m->n_bytes == npz->expected_bytes);
    if (m->is_deflated) {
        PSH_TRY(push_deflated(npz, NULL, 0, Z_FINISH, err));
        deflateEnd(&npz->deflate);
    }
    npz->is_open = false;
    words local = local_header(m);
    bool good = fseeko(stream, (off_t)m->offset, SEEK_SET) == 0 &&
                fwrite(local.bytes, 1, local.n_bytes, stream) == local.n_bytes && fseeko(stream, 0, SEEK_END) == 0;
    return good ? PSH_OK : fault(npz, err);
}

psh_status psh__npz_add(psh__npz_writer *npz, const char *name, const char *descr, const size_t *shape, size_t n_axes,
                        const void *data, size_t n_bytes, psh_error *err) {
    assert(n_bytes == bytes_of(descr, shape, n_axes));
    PSH_TRY(psh__npz_begin(npz, name, descr, shape, n_axes, err));
    PSH_TRY(psh__npz_push(npz, data, n_bytes, err));
    return psh__npz_end(npz, err);
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

/* The next UCS-4 character of a UTF-8 text; a malformed byte is U+FFFD by itself. */
static uint32_t next_character(const uint8_t **at) {
    const uint8_t *text = *at;
    int n_more = *text < 0x80 ? 0 : *text >= 0xf0 ? 3 : *text >= 0xe0 ? 2 : *text >= 0xc0 ? 1 : -1;
    uint32_t c = n_more <= 0 ? *text : *text & (0x3fu >> n_more);
    bool good = n_more >= 0;
    for (int i = 1; good && i <= n_more; i++) {
        good = (text[i] & 0xc0) == 0x80;
        c = c << 6 | (text[i] & 0x3f);
    }
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) good = false;
    *at += good ? n_more + 1 : 1;
    return good ? c : 0xfffd;
}

size_t psh__npz_text_width(const char *text) {
    size_t n = 0;
    for (const uint8_t *at = (const uint8_t *)text; *at; n++) next_character(&at);
    return n;
}

psh_status psh__npz_begin_texts(psh__npz_writer *npz, const char *name, const size_t *shape, size_t n_axes,
                                size_t width, psh_error *err) {
    char descr[32];
    snprintf(descr, sizeof descr, "<U%zu", width);
    return psh__npz_begin(npz, name, descr, shape, n_axes, err);
}

psh_status psh__npz_push_text(psh__npz_writer *npz, const char *text, size_t width, psh_error *err) {
    const uint8_t *at = (const uint8_t *)text;
    uint32_t characters[256];
    for (size_t n_left = width; n_left;) {
        size_t n = n_left < 256 ? n_left : 256;
        for (size_t i = 0; i < n; i++) characters[i] = *at ? next_character(&at) : 0;
        PSH_TRY(psh__npz_push(npz, characters, n * sizeof *characters, err));
        n_left -= n;
    }
    return PSH_OK;
}

psh_status psh__npz_add_texts(psh__npz_writer *npz, const char *name, const char *const *texts, size_t n_texts,
                              bool is_scalar, psh_error *err) {
    size_t width = 1;
    for (size_t i = 0; i < n_texts; i++) {
        size_t n = psh__npz_text_width(texts[i]);
        if (n > width) width = n;
    }
    PSH_TRY(psh__npz_begin_texts(npz, name, &n_texts, is_scalar ? 0 : 1, width, err));
    for (size_t i = 0; i < n_texts; i++) PSH_TRY(psh__npz_push_text(npz, texts[i], width, err));
    return psh__npz_end(npz, err);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static psh_status copy_to_stdout(psh__npz_writer *npz, psh_error *err) {
    bool good = fflush(npz->file.stream) == 0 && fseeko(npz->file.stream, 0, SEEK_SET) == 0;
    for (size_t n = 1; good && n;) {
        n = fread(npz->piece, 1, PIECE_BYTES, npz->file.stream);
        good = fwrite(npz->piece, 1, n, stdout) == n && !ferror(npz->file.stream);
    }
    return good && fflush(stdout) == 0 ? PSH_OK : fault(npz, err);
}

psh_status psh__npz_commit(psh__npz_writer *npz, psh_error *err) {
    assert(!npz->is_open);
    psh_status status = PSH_OK;
    uint64_t offset = npz->n_written;
    for (size_t i = 0; i < npz->n_members && status == PSH_OK; i++) {
        words entry = directory_entry(&npz->members[i]);
        status = write_bytes(npz, entry.bytes, entry.n_bytes, err);
    }
    if (status == PSH_OK) {
        words end = end_of_archive(npz->n_members, offset, npz->n_written - offset);
        status = write_bytes(npz, end.bytes, end.n_bytes, err);
    }
    if (status == PSH_OK) status = npz->is_stdout ? copy_to_stdout(npz, err) : psh__file_commit(&npz->file, err);
    psh__npz_abort(npz);
    return status;
}
