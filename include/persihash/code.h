/* SPDX-License-Identifier: MIT
 * code.h : sets of packed binary codes and their Hamming distances.
 *
 * Bit i of a code is bit i % 8 of byte i / 8 (numpy.packbits(..., bitorder="little")); 64-bit codes read as one
 * little-endian uint64. Pad bits are zero. */
#ifndef PERSIHASH_CODE_H
#define PERSIHASH_CODE_H

#include "encoder.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PSH_CODE_MAX_BITS 1024

typedef struct psh_codes psh_codes;

/* psh_codes_create() :
 * A copy of codes : (n_codes, (n_bits + 7) / 8). model_id and frame_id: the identities of what made them (16
 * hexadecimal digits, or "" if unknown). Errors: PSH_ERR_PARAMETER (n_bits outside 1..1024), PSH_ERR_DATA (a pad bit is
 * set), PSH_ERR_MEMORY. */
PSH_API psh_status psh_codes_create(const uint8_t *codes, size_t n_codes, int n_bits, const char *model_id,
                                    const char *frame_id, psh_codes **dst, psh_error *err);
PSH_API void psh_codes_free(psh_codes *set); /* NULL is fine */
PSH_API size_t psh_codes_count(const psh_codes *set);
PSH_API int psh_codes_n_bits(const psh_codes *set);
PSH_API size_t psh_codes_n_bytes(const psh_codes *set);      /* of one code */
PSH_API const uint8_t *psh_codes_data(const psh_codes *set); /* (N, n_bytes) */
PSH_API const char *psh_codes_model_id(const psh_codes *set);
PSH_API const char *psh_codes_frame_id(const psh_codes *set);
PSH_API psh_meta *psh_codes_meta(psh_codes *set); /* the set's own; never NULL */
PSH_API const psh_meta *psh_codes_meta_const(const psh_codes *set);

/* Optional companions, copied. labels : (N); names : (N); label_names : (n_classes); model : bytes of the model file
 * (n_model_bytes). */
PSH_API psh_status psh_codes_set_labels(psh_codes *set, const int64_t *labels, const char *const *label_names,
                                        size_t n_classes, psh_error *err);
PSH_API psh_status psh_codes_set_names(psh_codes *set, const char *const *names, psh_error *err);
PSH_API psh_status psh_codes_set_model(psh_codes *set, const uint8_t *model, size_t n_model_bytes, psh_error *err);
/* scales : (n_bits), finite and above 0 (PSH_ERR_DATA): see psh_codes_fit_scales(). */
PSH_API psh_status psh_codes_set_scales(psh_codes *set, const float *scales, psh_error *err);
PSH_API const float *psh_codes_scales(const psh_codes *set);   /* (n_bits) or NULL */
PSH_API const int64_t *psh_codes_labels(const psh_codes *set); /* (N) or NULL */
PSH_API size_t psh_codes_n_classes(const psh_codes *set);
PSH_API const char *psh_codes_label_name(const psh_codes *set, size_t i_class);
PSH_API const char *psh_codes_name(const psh_codes *set, size_t i_code);             /* "" if it has none */
PSH_API const uint8_t *psh_codes_model(const psh_codes *set, size_t *n_model_bytes); /* NULL if absent */

/* psh_codes_read(), psh_codes_write() :
 * .npz with codes (N, n_bytes) uint8, n_bits, optional labels, label_names, names, model, and meta (which holds
 * model_id and frame_id). Errors: PSH_ERR_FILE_*, PSH_ERR_FORMAT, PSH_ERR_CORRUPT, PSH_ERR_SHAPE, PSH_ERR_DATA (pad
 * bits), PSH_ERR_MEMORY. */
PSH_API psh_status psh_codes_read(const char *path, psh_codes **dst, psh_error *err);
PSH_API psh_status psh_codes_write(const psh_codes *set, const char *path, psh_error *err);

/* psh_codes_check_same() :
 * PSH_OK if codes of the two sets may be compared: same width, same model, same frame. Else PSH_ERR_MODEL_MISMATCH with
 * both ids and what to do. */
PSH_API psh_status psh_codes_check_same(const psh_codes *a, const psh_codes *b, psh_error *err);

/* --- Drift ----------------------------------------------------------------------------------------------------------
 *
 * Do new diagrams, encoded by a stored model, lie where the diagrams that it was fitted on lie? Codes beyond that still
 * compare, but their bits were chosen for other questions. docs/math/drift.md has the three rules. */
typedef struct psh_drift_report {
    size_t struct_bytes;
    size_t n_old, n_new;
    /* share_outside: of the new diagrams' points, those beyond the frame (0 where each diagram is its own frame) */
    double frame_lo, frame_hi, share_outside;
    size_t n_below, n_above; /* diagrams with points below it, above it */
    bool is_outside;
    /* The bit whose share of ones changed most, and the most that counts as chance. */
    int i_bit;
    double old_mean, new_mean, limit_change;
    bool is_shifted;
    /* Nearest neighbours among the old codes. share_far: of the new codes, those that are farther from theirs than
     * far_distance, which few old codes are (share_far_old). farthest, farthest_old: the greatest distance to the
     * nearest */
    int far_distance, farthest, farthest_old;
    double share_far, share_far_old;
    bool is_far;
    char text[PSH_ERROR_BYTES]; /* "" if all is well; else what was found, what was expected, and what to do */
} psh_drift_report;

/* psh_drift_check() :
 * old: codes that the model made earlier, of what it was fitted on; codes : (N, n_bytes), made of `set` by `model` now.
 * Any number of new diagrams; a few are told apart from old ones only if they are far off. New diagrams like the old
 * ones are hardly ever said to have drifted (docs/math/drift.md has the rates). Errors: PSH_ERR_MODEL_MISMATCH (old
 * codes of another model), PSH_ERR_MEMORY. Cost: some 10 ms at most, by samples of the codes where there are many; a
 * pass over the points. */
PSH_API psh_status psh_drift_check(const psh_model *model, const psh_codes *old, const psh_diagrams *set,
                                   const uint8_t *codes, psh_drift_report *dst, psh_error *err);

/* --- Hamming distances -----------------------------------------------------------------------------------------------
 *
 * All of these take bare packed codes : (n_codes, n_bytes), pad bits zero, 1 <= n_bytes <= 128 (assert). A byte holds
 * every distance of codes of up to 255 bits; the _u8 functions store longer ones as 255 (a complement pair of 256 bits
 * is the first to lose by it), the _u16 functions are exact for every width. Same bytes at every SIMD level, number of
 * threads (0: all) and alignment of dst. */

/* psh_hamming_condensed_u8(), psh_hamming_condensed_u16() :
 * All pairs of codes : (n_codes, n_bytes) in SciPy's pdist order. dst : (n_codes (n_codes - 1) / 2), min(distance, 255)
 * or the distance. Cost: n_codes^2 / 2 * n_bytes byte operations; 10,000 codes of 64 bits take about 3 ms on one
 * AVX-512 core, two to three times as long as filling dst. Memory: a transposed copy of the codes. Errors:
 * PSH_ERR_MEMORY. */
PSH_API psh_status psh_hamming_condensed_u8(const uint8_t *codes, size_t n_codes, size_t n_bytes, int n_threads,
                                            uint8_t *dst, psh_error *err);
PSH_API psh_status psh_hamming_condensed_u16(const uint8_t *codes, size_t n_codes, size_t n_bytes, int n_threads,
                                             uint16_t *dst, psh_error *err);

/* psh_hamming_cross() :
 * Each row of a : (n_a, n_bytes) against each row of b : (n_b, n_bytes). dst : (n_a, n_b) uint16. Memory: a transposed
 * copy of b. Errors: PSH_ERR_MEMORY. */
PSH_API psh_status psh_hamming_cross(const uint8_t *a, size_t n_a, const uint8_t *b, size_t n_b, size_t n_bytes,
                                     int n_threads, uint16_t *dst, psh_error *err);

/* --- Asymmetric distances -------------------------------------------------------------------------------------------
 *
 * A query need not be cut to bits: a number far from its threshold says more than one at it. The asymmetric distance of
 * a query with the numbers z to a code is the expected Hamming distance if z was blurred: the sum over bits of the
 * chance that z[b] + noise has another sign than the code's bit, with logistic noise of 0.15 times the bit's scale.
 * Between 0 and n_bits. It finds near neighbours better than Hamming distance (docs/math/asymmetric.md has figures). */

/* psh_codes_fit_scales() :
 * Sets the scales of the set's bits: the root mean square of the model's numbers over up to 128 diagrams of `set`,
 * those that the codes were made from. Errors: those of psh_model_project(). Same bytes for any number of threads. */
PSH_API psh_status psh_codes_fit_scales(psh_codes *codes, const psh_model *model, const psh_diagrams *set,
                                        int n_threads, psh_error *err);

/* psh_asymmetric_cross() :
 * values : (n_a, n_bits) of psh_model_project(); codes : (n_b, n_bytes), pad bits zero; scales : (n_bits).
 * dst : (n_a, n_b), units: bits. Cost: a table look-up a byte. Memory: 1 KB a byte of code and thread. Same bytes for
 * any number of threads. Errors: PSH_ERR_MEMORY. */
PSH_API psh_status psh_asymmetric_cross(const float *values, size_t n_a, const uint8_t *codes, size_t n_b, int n_bits,
                                        const float *scales, int n_threads, float *dst, psh_error *err);

/* --- Hamming distances row by row -------------------------------------------------------------------------------- */

/* Codes laid out for comparing one with many: what every function above does inside, for those who need the distances
 * row by row and never all at once (spanning trees, searches). */
typedef struct psh_hamming_plan psh_hamming_plan;

/* psh_hamming_plan_create() :
 * A transposed copy of codes : (n_codes, n_bytes), about as many bytes. The SIMD level is that of
 * this moment. Threads: a plan never changes, any number may use it. Errors: PSH_ERR_MEMORY. */
PSH_API psh_status psh_hamming_plan_create(const uint8_t *codes, size_t n_codes, size_t n_bytes, psh_hamming_plan **dst,
                                           psh_error *err);
PSH_API void psh_hamming_plan_free(psh_hamming_plan *plan); /* NULL is fine */

/* psh_hamming_row_u8(), psh_hamming_row_u16() :
 * Distances of query : (n_bytes) to the plan's codes first .. first + n_columns - 1 (within n_codes: assert).
 * dst : (n_columns), any alignment; min(distance, 255) or the distance. One thread, no allocation, cannot fail. Cost of
 * 10,000 columns of 64 bits: half a microsecond on AVX-512. */
PSH_API void psh_hamming_row_u8(const psh_hamming_plan *plan, const uint8_t *query, size_t first, size_t n_columns,
                                uint8_t *dst);
PSH_API void psh_hamming_row_u16(const psh_hamming_plan *plan, const uint8_t *query, size_t first, size_t n_columns,
                                 uint16_t *dst);

#ifdef __cplusplus
}
#endif
#endif
