/* SPDX-License-Identifier: MIT
 * base.h : what every stage shares: version, CPU level, threads, progress, metadata. */
#ifndef PERSIHASH_BASE_H
#define PERSIHASH_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PSH_VERSION_MAJOR 0
#define PSH_VERSION_MINOR 1
#define PSH_VERSION_PATCH 0
#define PSH_VERSION_STRING "0.1.0"

/* psh_version() :
 * The version of the library that runs (not of the header), "major.minor.patch". Static storage. Threads: safe. */
PSH_API const char *psh_version(void);

/* --- CPU --------------------------------------------------------------------------------------------------------- */

/* SIMD levels, worst first. On x86-64 AVX512 means F, BW, DQ, VL, VBMI and VPOPCNTDQ together. */
typedef enum psh_simd { PSH_SIMD_SCALAR = 0, PSH_SIMD_NEON = 1, PSH_SIMD_AVX2 = 2, PSH_SIMD_AVX512 = 3 } psh_simd;

/* psh_cpu_simd() :
 * The level in use: the best that CPU and operating system support (XGETBV is asked), or less if the environment
 * variable PSH_SIMD=scalar|neon|avx2|avx512 asks for less. A level that the machine lacks, or an unknown word, is
 * ignored here and reported by psh_cpu_check(). Results never depend on the level. Cost: one getenv. Threads: safe. */
PSH_API psh_simd psh_cpu_simd(void);

/* psh_cpu_check() :
 * PSH_OK if PSH_SIMD is unset or names a level that this machine has; else PSH_ERR_UNSUPPORTED and what it has. */
PSH_API psh_status psh_cpu_check(psh_error *err);

/* psh_simd_name() : "scalar", "neon", "avx2", "avx512". Static storage. */
PSH_API const char *psh_simd_name(psh_simd simd);

/* psh_cpu_text() :
 * One line for humans: CPU features found, level in use, threads. Writes at most `text_bytes` bytes, zero included. */
PSH_API void psh_cpu_text(char *text, size_t text_bytes);

/* psh_cpu_threads() :
 * The number of threads that an option value `n_threads` stands for: itself if positive, else all of this process. */
PSH_API int psh_cpu_threads(int n_threads);

/* --- Progress ---------------------------------------------------------------------------------------------------- */

/* Called now and then during long work, never from two threads at once: `n_done` of `n_total` units of `what` are done.
 * Returning false asks the work to stop: the function then answers PSH_ERR_INTERRUPTED and leaves no half-written file.
 */
typedef struct psh_progress {
    bool (*report)(void *user, const char *what, uint64_t n_done, uint64_t n_total);
    void *user;
} psh_progress;

/* psh_progress_bar() :
 * A ready-made `report` that draws a bar with an ETA on stderr if stderr is a terminal, at most ten times a second, and
 * nothing otherwise. `user` must point to a psh_progress_state that lives as long as the work, all zero at first. */
typedef struct psh_progress_state {
    double start_seconds, last_seconds;
    uint64_t last_done;
    char what[64];
    bool is_open, is_quiet;
} psh_progress_state;
PSH_API bool psh_progress_bar(void *user, const char *what, uint64_t n_done, uint64_t n_total);

/* psh_progress_end() : Clears the line that psh_progress_bar() left, if any. */
PSH_API void psh_progress_end(psh_progress_state *state);

/* --- Files of persihash ------------------------------------------------------------------------------------------ */

typedef enum psh_file_kind {
    PSH_FILE_UNKNOWN = 0,
    PSH_FILE_DIAGRAMS = 1,  /* .npz with `points`, text, TTK's .vtu, DIPHA's, .npy with the shape of diagrams */
    PSH_FILE_CODES = 2,     /* .npz with `codes` */
    PSH_FILE_DISTANCES = 3, /* .npy otherwise */
    PSH_FILE_CLUSTERS = 4,  /* .npz with `labels` and neither of the above */
    PSH_FILE_MODEL = 5      /* .safetensors */
} psh_file_kind;

/* psh_file_detect() :
 * What a file holds, told from its content. PSH_FILE_UNKNOWN is no error. Errors: PSH_ERR_FILE_NOT_FOUND,
 * PSH_ERR_FILE_READ, PSH_ERR_CORRUPT (empty, or an archive cut off), PSH_ERR_MEMORY. */
PSH_API psh_status psh_file_detect(const char *path, psh_file_kind *dst, psh_error *err);

/* --- Metadata ---------------------------------------------------------------------------------------------------- */

/* One JSON object that travels with a file: tool version, command, seed, construction, essential policy, ground metric,
 * order, frame, model id. Owned by the object that it belongs to, or by whoever called psh_meta_create(). */
typedef struct psh_meta psh_meta;

/* psh_meta_create() : An empty object. Free with psh_meta_free(). PSH_ERR_MEMORY. */
PSH_API psh_status psh_meta_create(psh_meta **dst, psh_error *err);
/* psh_meta_read_text() : From JSON text; PSH_ERR_CORRUPT with the line if it is not one JSON object. */
PSH_API psh_status psh_meta_read_text(const char *json, psh_meta **dst, psh_error *err);
/* psh_meta_copy() : A deep copy of `src` (which may be NULL: then an empty object). */
PSH_API psh_status psh_meta_copy(const psh_meta *src, psh_meta **dst, psh_error *err);
PSH_API void psh_meta_free(psh_meta *meta); /* NULL is fine */

/* Setters replace a value of the same key and answer PSH_ERR_MEMORY when memory runs out. `_json` takes any JSON value
 * as text. */
PSH_API psh_status psh_meta_set_text(psh_meta *meta, const char *key, const char *value);
PSH_API psh_status psh_meta_set_number(psh_meta *meta, const char *key, double value);
PSH_API psh_status psh_meta_set_integer(psh_meta *meta, const char *key, int64_t value);
PSH_API psh_status psh_meta_set_bool(psh_meta *meta, const char *key, bool value);
PSH_API psh_status psh_meta_set_json(psh_meta *meta, const char *key, const char *json);
PSH_API psh_status psh_meta_set_numbers(psh_meta *meta, const char *key, const double *values, size_t n_values);
/* A copy of `value` under `key`. */
PSH_API psh_status psh_meta_set_object(psh_meta *meta, const char *key, const psh_meta *value);

/* Getters. `_text`: the string, or NULL if the key is absent or no string; valid until the object changes.
 * `_number`: `fallback` if absent or no number. */
PSH_API const char *psh_meta_text(const psh_meta *meta, const char *key);
PSH_API double psh_meta_number(const psh_meta *meta, const char *key, double fallback);

/* psh_meta_integers() :
 * An array of integers: dst : (capacity), as many as fit are written. Returns the array's length; 0 if the key is
 * absent or no array of integers. */
PSH_API size_t psh_meta_integers(const psh_meta *meta, const char *key, int64_t *dst, size_t capacity);
/* psh_meta_numbers() : the same for an array of numbers of any kind. */
PSH_API size_t psh_meta_numbers(const psh_meta *meta, const char *key, double *dst, size_t capacity);
/* psh_meta_object() : a copy of the object under `key`, the caller's to free; *dst is NULL if there is none.
 * PSH_ERR_MEMORY. */
PSH_API psh_status psh_meta_object(const psh_meta *meta, const char *key, psh_meta **dst, psh_error *err);

/* psh_meta_write_text() :
 * The object as JSON, indented by `indent` spaces (0: one line). Zero-terminated; free with psh_text_free(). NULL: no
 * memory. */
PSH_API char *psh_meta_write_text(const psh_meta *meta, int indent);
PSH_API void psh_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
