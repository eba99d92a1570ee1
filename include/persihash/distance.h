/* SPDX-License-Identifier: MIT
 * distance.h : pairwise distances as files.
 *
 * Condensed upper triangle in SciPy's pdist order: the distance of items i < j of N is element N i - i (i + 1) / 2 + (j
 * - i - 1). */
#ifndef PERSIHASH_DISTANCE_H
#define PERSIHASH_DISTANCE_H

#include "code.h"
#include "transport.h"
#include "vector.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum psh_distance_dtype {
    PSH_DISTANCE_U8 = 0,
    PSH_DISTANCE_U16 = 1,
    PSH_DISTANCE_F32 = 2,
    PSH_DISTANCE_F64 = 3
} psh_distance_dtype;

/* All pairs of N items. */
typedef struct psh_distances psh_distances;

/* psh_distances_create() : room for N items, all zero, to be filled through psh_distances_data(). PSH_ERR_MEMORY. */
PSH_API psh_status psh_distances_create(psh_distance_dtype dtype, size_t n_items, psh_distances **dst, psh_error *err);
PSH_API void psh_distances_free(psh_distances *distances); /* NULL is fine */
PSH_API size_t psh_distances_n_items(const psh_distances *distances);
PSH_API psh_distance_dtype psh_distances_dtype(const psh_distances *distances);
PSH_API const void *psh_distances_data_const(const psh_distances *distances); /* (N (N - 1) / 2) of dtype */
PSH_API void *psh_distances_data(psh_distances *distances); /* the same; not for those read from a file (assert) */
PSH_API double psh_distances_get(const psh_distances *distances, size_t i, size_t j); /* 0 for i = j */
PSH_API psh_meta *psh_distances_meta(psh_distances *distances);
PSH_API const psh_meta *psh_distances_meta_const(const psh_distances *distances);

/* psh_distances_write() :
 * .npy, condensed (or N x N with `square`); metadata as JSON beside it, at "<path minus .npy>.json". Both are written
 * in full before either replaces an old file. "-" is standard output, which gets no JSON. Errors: PSH_ERR_FILE_WRITE,
 * PSH_ERR_MEMORY. */
PSH_API psh_status psh_distances_write(const psh_distances *distances, const char *path, bool square, psh_error *err);

/* psh_distances_write_cross() :
 * Distances between two sets, data : (n_a, n_b) of dtype, as a .npy of that shape; meta (may be NULL) as JSON beside
 * it. */
PSH_API psh_status psh_distances_write_cross(psh_distance_dtype dtype, const void *data, size_t n_a, size_t n_b,
                                             const psh_meta *meta, const char *path, psh_error *err);

/* psh_distances_read() :
 * .npy of shape (N (N - 1) / 2,), or (N, N): symmetric (floats to six digits; the upper triangle is taken) with a zero
 * diagonal. A condensed file of uint8, uint16, float32 or float64 is memory-mapped and not copied; a square becomes a
 * condensed copy, other numbers become float64. No distance at all is one item. Metadata is read if the JSON is there.
 * Errors: PSH_ERR_FILE_*, PSH_ERR_FORMAT (no .npy; text), PSH_ERR_CORRUPT, PSH_ERR_UNSUPPORTED (complex, objects),
 * PSH_ERR_SHAPE (the length is no N (N - 1) / 2: says which are next to it), PSH_ERR_DATA (negative; not symmetric;
 * diagonal not zero), PSH_ERR_NOT_FINITE (NaN; infinity is a distance), PSH_ERR_MEMORY. */
PSH_API psh_status psh_distances_read(const char *path, psh_distances **dst, psh_error *err);

/* --- Wasserstein distances from Hamming distances -------------------------------------------------------------------
 *
 * What W1 is, given the Hamming distance of two codes: an estimate and an interval for each of 0 .. n_bits, learnt from
 * exact distances of some pairs (docs/math/calibration.md). All three rise with the Hamming distance. */
typedef struct psh_calibration psh_calibration;

typedef struct psh_calibration_params {
    size_t struct_bytes;
    size_t n_pairs; /* exact distances to learn from; 0: about a second's worth, 200 to 8192. All, if there are fewer */
    double coverage;    /* of the interval; 0: 0.9. 0.5 to 0.99 */
    double order;       /* of the Wasserstein distance; 0: 1 */
    psh_ground ground;  /* default L-infinity */
    bool pool;          /* ignore homology dimensions; pool and dims_mask are the model's where the codes hold one */
    uint32_t dims_mask; /* 0: all */
    uint64_t seed;
    int n_threads; /* 0: all. The result does not depend on it */
} psh_calibration_params;

/* What a Hamming distance stands for. n_pairs: exact distances measured at it. */
typedef struct psh_calibration_step {
    double estimate, low, high;
    size_t n_pairs;
} psh_calibration_step;

/* How good it is, on pairs that were held out (four times a quarter), weighted as all pairs of the set are. NaN where
 * there are too few. near: the 5 % of pairs with the smallest Hamming distances. */
typedef struct psh_calibration_report {
    size_t struct_bytes;
    size_t n_pairs;                     /* measured */
    double coverage, coverage_near;     /* share of distances within their interval; wanted: params.coverage */
    double mean_error, mean_error_near; /* mean |estimate - distance|, over the mean distance */
    double mean_width, mean_width_near; /* mean (high - low), over the mean distance */
} psh_calibration_report;

/* psh_calibration_fit() :
 * codes and the diagrams they were made from, in the same order. Pairs are drawn alike from all Hamming distances
 * that occur, so that near ones, which are rare, are measured as well as others. progress: of exact distances.
 * Errors: PSH_ERR_SHAPE (not as many diagrams as codes), PSH_ERR_MODEL_MISMATCH (the codes' model gives other codes for
 * these diagrams), PSH_ERR_EMPTY (fewer than 2), PSH_ERR_NOT_FINITE (an infinite distance), PSH_ERR_PARAMETER,
 * PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. Same seed, same bytes, for any number of threads and any SIMD level. */
PSH_API psh_status psh_calibration_fit(const psh_codes *codes, const psh_diagrams *set,
                                       const psh_calibration_params *params, const psh_progress *progress,
                                       psh_calibration **dst, psh_error *err);
PSH_API void psh_calibration_free(psh_calibration *calibration); /* NULL is fine */
PSH_API int psh_calibration_n_bits(const psh_calibration *calibration);
/* psh_calibration_at() : of one Hamming distance, 0 .. n_bits (assert). */
PSH_API psh_calibration_step psh_calibration_at(const psh_calibration *calibration, int hamming);
/* psh_calibration_judge() : fills the report but for struct_bytes. */
PSH_API void psh_calibration_judge(const psh_calibration *calibration, psh_calibration_report *report);

/* psh_calibration_check() : PSH_OK if it was learnt from codes of the same width, model and frame; else
 * PSH_ERR_MODEL_MISMATCH. */
PSH_API psh_status psh_calibration_check(const psh_calibration *calibration, const psh_codes *codes, psh_error *err);

/* psh_calibration_apply() : dst[k] : estimate, lower or upper end for hamming[k] : (n_values), each at most n_bits
 * (assert). dst may be NULL for what is not wanted. */
PSH_API void psh_calibration_apply(const psh_calibration *calibration, const uint16_t *hamming, size_t n_values,
                                   float *estimate, float *low, float *high);

/* Metadata: psh_calibration_record() puts all of it under "calibration" (docs/formats/distances.md), from where
 * psh_calibration_recall() takes it; PSH_ERR_FORMAT if there is none, PSH_ERR_CORRUPT if it is none. */
PSH_API psh_status psh_calibration_record(const psh_calibration *calibration, psh_meta *meta, psh_error *err);
PSH_API psh_status psh_calibration_recall(const psh_meta *meta, psh_calibration **dst, psh_error *err);

/* --- Distances computed straight into a file ---------------------------------------------------------------------- */

typedef struct psh_distances_params {
    size_t struct_bytes;
    int n_threads;     /* 0: all. No byte of the file depends on it */
    bool is_f32;       /* float32; default: float64 */
    bool is_square;    /* N x N instead of condensed; all pairs only */
    bool is_resumable; /* see below */
    bool is_verified;  /* every distance is proven by the dual solution (psh_wasserstein_verify()), or the run fails */
    double tile_seconds; /* predicted work of a tile; 0: 0.02. A kill loses at most about this for each thread. Vectors
                            have tiles of whole rows, about a million elements each */
} psh_distances_params;

typedef struct psh_distances_stats {
    size_t n_pairs, n_tiles, n_tiles_resumed; /* resumed: done by earlier runs */
    double max_gap; /* is_verified: greatest (distance - proven bound) / distance; sinkhorn: greatest marginal error */
} psh_distances_stats;

/* psh_distances_wasserstein() :
 * All pairs of `a` (b NULL), condensed, or each diagram of `a` against each of `b`, (N, M), into a .npy at `path`, with
 * `meta` (may be NULL) as JSON beside it, both in the end and atomically. The bytes are those of
 * psh_wasserstein_condensed() and psh_distances_write(). One against many is a set of one as `a`.
 *
 * Memory: the sets, and a tile a thread: never the matrix. Work is handed out in tiles of about equal predicted cost;
 * progress counts predicted microseconds, so that its ETA is right for diagrams of any mixture of sizes.
 *
 * is_resumable: the file grows as "<path>.partial", with a journal of its finished tiles in "<path>.partial.journal".
 * When the run fails, is stopped or killed, both stay; the same call continues, checks what is there, computes what is
 * missing and gives the same bytes as a run that was never stopped. Otherwise nothing is left behind (but for a kill:
 * a temporary file), and a "<path>.partial" of an earlier run is refused.
 *
 * stats : may be NULL; also written when the run fails. Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY, PSH_ERR_FILE_WRITE
 * (no space; a partial that is not wanted, or that another process is at work on), PSH_ERR_MODEL_MISMATCH (a partial of
 * other diagrams or options), PSH_ERR_CORRUPT (its journal), PSH_ERR_UNSUPPORTED (is_verified for the bottleneck
 * distance), PSH_ERR_NOT_CONVERGED (a distance without proof), PSH_ERR_INTERRUPTED. */
PSH_API psh_status psh_distances_wasserstein(const psh_diagrams *a, const psh_diagrams *b,
                                             const psh_wasserstein_params *metric, const psh_distances_params *params,
                                             const psh_meta *meta, const char *path, const psh_progress *progress,
                                             psh_distances_stats *stats, psh_error *err);

/* --- All pairs of vectors ----------------------------------------------------------------------------------------- */

/* psh_vectors_condensed_f32(), _f64() :
 * The L_order distance of every two rows, condensed. rows : (n_items, n_features); order : 1, 2, INFINITY, or another
 * number above 1 (some hundred times slower); dst : (n_items (n_items - 1) / 2), caller-allocated, which may be a
 * mapped file. L2 is summed from differences, so vectors close to each other keep their digits. Cost: one multiply-add
 * a feature and pair. Threads: parallel over tiles; the same bytes for any number of threads and any SIMD level.
 * Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY, PSH_ERR_INTERRUPTED. */
PSH_API psh_status psh_vectors_condensed_f32(const float *rows, size_t n_items, size_t n_features, double order,
                                             int n_threads, const psh_progress *progress, float *dst, psh_error *err);
PSH_API psh_status psh_vectors_condensed_f64(const double *rows, size_t n_items, size_t n_features, double order,
                                             int n_threads, const psh_progress *progress, double *dst, psh_error *err);

/* psh_distances_vectors() :
 * The same straight into a file, as psh_distances_wasserstein() does and with its params and errors: a : (n_a,
 * n_features) all pairs (b NULL), or against b : (n_b, n_features). float32 (is_f32) has the bytes of
 * psh_vectors_condensed_f32(); float64 is summed in doubles. Memory: some ten megabytes a thread, never the matrix.
 * is_verified: PSH_ERR_UNSUPPORTED. */
PSH_API psh_status psh_distances_vectors(const float *a, size_t n_a, const float *b, size_t n_b, size_t n_features,
                                         double order, const psh_distances_params *params, const psh_meta *meta,
                                         const char *path, const psh_progress *progress, psh_distances_stats *stats,
                                         psh_error *err);

/* psh_distances_steps() :
 * Exact distances of step functions (vector.h) straight into a file, in the same way; b NULL: all pairs of `a`.
 * is_verified: PSH_ERR_UNSUPPORTED. */
PSH_API psh_status psh_distances_steps(const psh_steps *a, const psh_steps *b, double order,
                                       const psh_distances_params *params, const psh_meta *meta, const char *path,
                                       const psh_progress *progress, psh_distances_stats *stats, psh_error *err);

/* psh_distances_sinkhorn() :
 * Entropic transport straight into a file, in the same way: all pairs of the plan's set, or each of its first against
 * each of its second. stats->max_gap is the greatest marginal error. PSH_ERR_NOT_CONVERGED as soon as a pair does not
 * reach the tolerance: it is named, and there is no file. is_verified: PSH_ERR_UNSUPPORTED. */
PSH_API psh_status psh_distances_sinkhorn(const psh_sinkhorn_plan *plan, const psh_distances_params *params,
                                          const psh_meta *meta, const char *path, const psh_progress *progress,
                                          psh_distances_stats *stats, psh_error *err);

/* --- Similarity for training --------------------------------------------------------------------------------------
 *
 * From distances to the N x N matrix that a hash is trained on (the paper, section 3.2 and Table 8): `real` has values
 * in [0, 1], `rank` in (-1, 1), the others are 1 (similar) and -1. The diagonal is 1. docs/math/similarity.md. */
typedef enum psh_similarity_kind {
    PSH_SIMILARITY_REAL = 0,     /* 1 - d / greatest finite d (infinite distances: 0) */
    PSH_SIMILARITY_NEAREST = 1,  /* S-1 to S-3: similar are the k = round(share * N) nearest of each row */
    PSH_SIMILARITY_GLOBAL = 2,   /* S-4: similar is the least `share` of all pairs */
    PSH_SIMILARITY_TWO_PASS = 3, /* S-5: rejection above the row's mean, then above the mean of what is left */
    PSH_SIMILARITY_RANK = 4      /* not the paper's: 1 - 2 r, r the share of all pairs that are nearer (of equal ones a
                                    half counts): 0 on average, whatever the distances; infinite ones: -1 */
} psh_similarity_kind;

typedef enum psh_symmetry {
    PSH_SYMMETRY_NONE = 0,   /* rows as they come out: NEAREST and TWO_PASS need not be symmetric */
    PSH_SYMMETRY_EITHER = 1, /* similar if either row says so */
    PSH_SYMMETRY_BOTH = 2    /* similar if both do */
} psh_symmetry;

typedef struct psh_similarity_params {
    size_t struct_bytes;
    psh_similarity_kind kind;
    double share;          /* NEAREST, GLOBAL: in (0, 1]; 0: 0.25, the paper's S-1 and S-4 (S-2: 0.15, S-3: 0.35) */
    psh_symmetry symmetry; /* the paper says nothing: default none, as its rows are made one by one */
} psh_similarity_params;

/* psh_similarity_compute() :
 * dst : (N, N) float32, caller-allocated. Ties: NEAREST takes the lower index first, GLOBAL takes all pairs at the
 * threshold. Cost: O(N^2), RANK: O(N^2 log N); GLOBAL and RANK need N (N - 1) / 2 doubles beside.
 * Threads: parallel over rows; the same bytes for any number of threads. Errors: PSH_ERR_PARAMETER, PSH_ERR_MEMORY. */
PSH_API psh_status psh_similarity_compute(const psh_distances *distances, const psh_similarity_params *params,
                                          int n_threads, float *dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
