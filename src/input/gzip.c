/* gzip.c : inflating .gz files whole, and peeking into them.
 *
 * The last four bytes of a member are its length modulo 2^32: a hint for the buffer, believed only as far as deflate
 * can compress (1032 to 1), so that memory stays proportional to the file whatever it claims. zlib checks CRC and
 * length of every member. */
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "input/content.h"

#define DEFLATE_RATIO 1032
#define GZIP_WINDOW (15 + 16) /* the largest window; +16: a gzip frame, not a zlib one */

static voidpf on_alloc(voidpf user, uInt n_items, uInt item_bytes) {
    (void)user;
    return psh__malloc(n_items, item_bytes);
}

static void on_free(voidpf user, voidpf ptr) {
    (void)user;
    psh__free(ptr);
}

static bool inflate_start(z_stream *z, const uint8_t *bytes, size_t n_bytes) {
    *z = (z_stream){.zalloc = on_alloc, .zfree = on_free};
    z->next_in = (z_const Bytef *)bytes;
    z->avail_in = n_bytes < UINT_MAX ? (uInt)n_bytes : UINT_MAX;
    return inflateInit2(z, GZIP_WINDOW) == Z_OK;
}

static size_t length_hint(const uint8_t *bytes, size_t n_bytes) {
    if (n_bytes < 18) return 64; /* the smallest member has 18 bytes */
    const uint8_t *tail = bytes + n_bytes - 4;
    size_t hint = (size_t)tail[3] << 24 | (size_t)tail[2] << 16 | (size_t)tail[1] << 8 | tail[0];
    size_t limit = n_bytes < SIZE_MAX / DEFLATE_RATIO ? n_bytes * DEFLATE_RATIO : SIZE_MAX;
    return (hint < limit ? hint : limit) + 1; /* room for one more: the end is then seen without growing */
}

/* Members may follow each other; zeros after the last one are padding (of tapes, once). */
psh_status psh__gzip_inflate(const uint8_t *bytes, size_t n_bytes, uint8_t **dst, size_t *dst_bytes, psh_error *err) {
    psh_status status = PSH_OK;
    const uint8_t *end = bytes + n_bytes;
    uint8_t *data = NULL;
    size_t n_data = 0, capacity = 0;
    z_stream z;
    if (!inflate_start(&z, bytes, n_bytes)) return psh__error_memory(err, "inflating a gzip file", 0);
    if (!PSH_GROW(&data, &capacity, length_hint(bytes, n_bytes))) goto no_memory;
    for (;;) {
        if (n_data == capacity && !PSH_GROW(&data, &capacity, capacity + 1)) goto no_memory;
        size_t n_in = (size_t)(end - z.next_in), n_room = capacity - n_data;
        z.avail_in = n_in < UINT_MAX ? (uInt)n_in : UINT_MAX;
        z.avail_out = n_room < UINT_MAX ? (uInt)n_room : UINT_MAX;
        z.next_out = data + n_data;
        int answer = inflate(&z, Z_NO_FLUSH);
        n_data = (size_t)(z.next_out - data);
        if (answer == Z_MEM_ERROR) goto no_memory;
        if (answer == Z_STREAM_END) {
            while (z.next_in < end && *z.next_in == 0) z.next_in++;
            if (z.next_in == end) break;
            if (inflateReset(&z) == Z_OK) continue;
        }
        if (answer == Z_BUF_ERROR && z.next_in == end) {
            status = psh__error(err, PSH_ERR_CORRUPT, "gzip file is truncated after %zu bytes", n_bytes);
            goto done;
        }
        if (answer != Z_OK && answer != Z_BUF_ERROR) {
            status = psh__error(err, PSH_ERR_CORRUPT, "damaged gzip file: %s", z.msg ? z.msg : zError(answer));
            goto done;
        }
    }
    *dst = data, *dst_bytes = n_data, data = NULL;
    goto done;
no_memory:
    status = psh__error_memory(err, "inflating a gzip file", capacity);
done:
    inflateEnd(&z);
    psh__free(data);
    return status;
}

size_t psh__gzip_peek(const uint8_t *bytes, size_t n_bytes, uint8_t *dst, size_t dst_bytes) {
    z_stream z;
    if (!inflate_start(&z, bytes, n_bytes)) return 0;
    z.next_out = dst, z.avail_out = (uInt)dst_bytes;
    inflate(&z, Z_SYNC_FLUSH);
    inflateEnd(&z);
    return dst_bytes - z.avail_out;
}
