/* safetensors.h : the container that models are kept in: named arrays and a dictionary of texts.
 *
 * 8 bytes little-endian: length of the header; the header, one JSON object, padded with spaces to a multiple of 8; then
 * the arrays' bytes without gaps. https://github.com/huggingface/safetensors describes it. */
#ifndef PSH_ENCODER_SAFETENSORS_H
#define PSH_ENCODER_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/status.h"

enum { PSH__STORED_MAX_AXES = 4 };

typedef enum psh__stored_type {
    PSH__STORED_F16,
    PSH__STORED_BF16,
    PSH__STORED_F32,
    PSH__STORED_F64,
    PSH__STORED_I32,
    PSH__STORED_I64
} psh__stored_type;

/* One array. `data` is borrowed: from the file when reading, from whoever writes. */
typedef struct psh__stored {
    const char *name;
    psh__stored_type type;
    size_t n_axes, shape[PSH__STORED_MAX_AXES];
    const void *data;
} psh__stored;
size_t psh__stored_n_items(const psh__stored *array);
size_t psh__stored_n_bytes(const psh__stored *array);

/* One text of __metadata__. */
typedef struct psh__stored_text {
    const char *key, *text;
} psh__stored_text;

/* The file's bytes, freed by psh__free(). Errors: PSH_ERR_MEMORY. */
psh_status psh__safetensors_write(const psh__stored *arrays, size_t n_arrays, const psh__stored_text *texts,
                                  size_t n_texts, uint8_t **bytes, size_t *n_bytes, psh_error *err);

typedef struct psh__safetensors psh__safetensors;
/* psh__safetensors_read() :
 * `bytes` must outlive *dst. Every array must be of a type above, of exactly the bytes that its shape says, and the
 * arrays must cover the file's data without gap or overlap. Errors: PSH_ERR_FORMAT (no such file), PSH_ERR_CORRUPT,
 * PSH_ERR_UNSUPPORTED (another type, more axes), PSH_ERR_MEMORY. */
psh_status psh__safetensors_read(const uint8_t *bytes, size_t n_bytes, psh__safetensors **dst, psh_error *err);
void psh__safetensors_free(psh__safetensors *file); /* NULL is fine */
size_t psh__safetensors_count(const psh__safetensors *file);
const psh__stored *psh__safetensors_array(const psh__safetensors *file, size_t i); /* in the order of their bytes */
const char *psh__safetensors_text(const psh__safetensors *file, const char *key);  /* NULL: there is none */

/* The array of that name, type and shape (n_axes numbers), or PSH_ERR_CORRUPT with what was found instead. */
psh_status psh__safetensors_expect(const psh__safetensors *file, const char *name, psh__stored_type type, size_t n_axes,
                                   const size_t *shape, const psh__stored **dst, psh_error *err);

/* Halves: nearest float16 of a float (ties to even, overflow to infinity), and back. */
uint16_t psh__half_from_float(float value);
float psh__half_to_float(uint16_t half);

#endif
