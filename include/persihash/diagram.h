/* SPDX-License-Identifier: MIT
 * diagram.h : sets of persistence diagrams, their files, frames and synthetic sets.
 *
 * A set is one flat buffer: points (M, 2) as (birth, death), dims (M,), offsets (N + 1,); rows of diagram i are
 * offsets[i] .. offsets[i+1] - 1. Invariants, checked by every reader: births finite, no NaN, birth <= death, death
 * finite or +INFINITY, dims >= 0, offsets rising from 0 to M. */
#ifndef PERSIHASH_DIAGRAM_H
#define PERSIHASH_DIAGRAM_H

#include "homology.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct psh_diagrams psh_diagrams;

/* --- The set ------------------------------------------------------------------------------------------------------ */

/* psh_diagrams_create() : an empty set (N = 0). Free with psh_diagrams_free(). */
PSH_API psh_status psh_diagrams_create(psh_diagrams **dst, psh_error *err);
PSH_API void psh_diagrams_free(psh_diagrams *set); /* NULL is fine */

/* psh_diagrams_append() :
 * One more diagram at the end. points : (n_points, 2); dims : (n_points) or NULL for all 0; name : copied, or NULL;
 * label : class or -1. Points are stored in the order given. Errors: PSH_ERR_NOT_FINITE, PSH_ERR_DATA (birth > death,
 * dim < 0, label < -1 or beyond the label names), PSH_ERR_MEMORY; the set is then unchanged. */
PSH_API psh_status psh_diagrams_append(psh_diagrams *set, const double *points, const int32_t *dims, size_t n_points,
                                       const char *name, int64_t label, psh_error *err);
/* psh_diagrams_append_intervals() : the same from psh_interval's. */
PSH_API psh_status psh_diagrams_append_intervals(psh_diagrams *set, const psh_interval *intervals, size_t n_intervals,
                                                 const char *name, int64_t label, psh_error *err);
/* psh_diagrams_set_label_names() : names : (n_classes), copied. PSH_ERR_DATA if a label is beyond them. */
PSH_API psh_status psh_diagrams_set_label_names(psh_diagrams *set, const char *const *names, size_t n_classes,
                                                psh_error *err);

PSH_API size_t psh_diagrams_count(const psh_diagrams *set);    /* N */
PSH_API size_t psh_diagrams_n_points(const psh_diagrams *set); /* M */
PSH_API const double *
psh_diagrams_points(const psh_diagrams *set); /* (M, 2); valid until the set changes, as all below */
PSH_API const int32_t *psh_diagrams_dims(const psh_diagrams *set);     /* (M) */
PSH_API const uint64_t *psh_diagrams_offsets(const psh_diagrams *set); /* (N + 1) */
PSH_API bool psh_diagrams_has_labels(const psh_diagrams *set);
PSH_API const int64_t *psh_diagrams_labels(const psh_diagrams *set); /* (N), -1: none; NULL if N = 0 */
PSH_API size_t psh_diagrams_n_classes(const psh_diagrams *set);      /* number of label names */
PSH_API const char *psh_diagrams_label_name(const psh_diagrams *set, size_t i_class);
PSH_API const char *psh_diagrams_name(const psh_diagrams *set, size_t i_diagram); /* "" if it has none */
PSH_API psh_meta *psh_diagrams_meta(psh_diagrams *set); /* the set's own, to read or change; never NULL */
PSH_API const psh_meta *psh_diagrams_meta_const(const psh_diagrams *set);

/* psh_diagrams_select() :
 * A new set of the diagrams rows[0..n_rows-1] (in that order, repeats allowed), keeping only points whose dimension is
 * in `dims_mask` (bit d; 0: all; dimensions above 31 are kept only with 0), and with all dimensions set to 0 if `pool`.
 * Labels, names and metadata come along; the metadata then says "dims" and "pool". rows NULL: all. */
PSH_API psh_status psh_diagrams_select(const psh_diagrams *src, const size_t *rows, size_t n_rows, uint32_t dims_mask,
                                       bool pool, psh_diagrams **dst, psh_error *err);

/* psh_diagrams_join() :
 * One set of all diagrams of sets[0..n_sets-1], in that order. names : (n_sets) or NULL: what diagrams without a name
 * are called, "name" if a set has one diagram, else "name[0]", "name[1]", ... Classes that have names are matched by
 * name, and numbered in byte order of their names where the sets' own lists differ; numbers without names are kept. The
 * metadata has those of the sets, each once, under "joined", unless all are empty. Errors: PSH_ERR_DATA (classes with
 * names in one set, and numbers alone in another), PSH_ERR_MEMORY. */
PSH_API psh_status psh_diagrams_join(const psh_diagrams *const *sets, const char *const *names, size_t n_sets,
                                     psh_diagrams **dst, psh_error *err);

/* psh_rows_sample() :
 * rows : (n_rows) distinct rows of [0, n_items), rising, drawn uniformly with `seed`. n_rows <= n_items (assert).
 * Cost: O(n_items), no memory. */
PSH_API psh_status psh_rows_sample(size_t n_items, size_t n_rows, uint64_t seed, size_t *rows, psh_error *err);

/* psh_diagrams_compute() :
 * Every item of `input` through psh_homology_compute(), in parallel; the set's order is the input's, whatever the
 * number of threads. All items must be of one kind. n_threads 0: all. Metadata (kind, complex, its options, essential
 * policy and count, smoothing...) is recorded in the set; docs/formats/diagrams.md lists the keys. Memory: the set,
 * each thread's own, and at most about 64 MB of results that wait for those before them. `progress` is called from the
 * threads that work, one at a time. Errors: those of psh_input_read_item() and psh_homology_compute(), with the item's
 * name; the first item in order that fails. PSH_ERR_DATA (an item of another kind). PSH_ERR_INTERRUPTED. */
PSH_API psh_status psh_diagrams_compute(const psh_input *input, const psh_homology_params *params, int n_threads,
                                        const psh_progress *progress, psh_diagrams **dst, psh_error *err);

/* --- Files -------------------------------------------------------------------------------------------------------- */

typedef enum psh_diagram_format {
    PSH_DIAGRAM_AUTO =
        0, /* reading: by content; writing: by the path's ending (.npz, .csv, .pers, .vtu, .dipha, .diagram) */
    PSH_DIAGRAM_NPZ = 1,
    PSH_DIAGRAM_CSV = 2,    /* header "diagram,dim,birth,death[,name,label]"; also read: no header; 2 or 3 columns, one
                               diagram; columns in any order under a header */
    PSH_DIAGRAM_PERS = 3,   /* GUDHI's: one diagram a file */
    PSH_DIAGRAM_VTU = 4,    /* TTK's, for ParaView: any number of diagrams side by side */
    PSH_DIAGRAM_DIPHA = 5,  /* DIPHA's: one diagram a file */
    PSH_DIAGRAM_RIPSER = 6, /* what Ripser prints; read only */
    PSH_DIAGRAM_GIOTTO = 7, /* giotto-tda's .npy (n_samples, n_features, 3), padded with points on the diagonal */
    PSH_DIAGRAM_NPY = 8, /* one diagram as .npy: (n, 2) birth, death; (n, 3) birth, death, dim or dim, birth, death */
    PSH_DIAGRAM_CRIPSER =
        9, /* CubicalRipser's .npy (n, 9) or (n, 11), or the same as comma-separated text; read only */
    PSH_DIAGRAM_PERSEUS = 10 /* what Perseus writes, a file a dimension; read only, and on request only */
} psh_diagram_format;

/* psh_diagram_format_name() : "npz", "csv", ... for people and options; NULL for AUTO and unknown numbers.
 * psh_diagram_format_find() : the other way round; PSH_ERR_PARAMETER lists the names there are.
 * psh_diagram_format_of_path() : by the path's ending, as psh_diagrams_write() does; PSH_ERR_FORMAT if it says nothing.
 * psh_diagram_format_ending() : ".npz", ".npy", ...; NULL where there is none.
 * psh_diagram_format_holds_many() : can a file of the format hold more than one diagram? Static storage; threads: safe.
 */
PSH_API const char *psh_diagram_format_name(psh_diagram_format format);
PSH_API psh_status psh_diagram_format_find(const char *name, psh_diagram_format *dst, psh_error *err);
PSH_API psh_status psh_diagram_format_of_path(const char *path, psh_diagram_format *dst, psh_error *err);
PSH_API const char *psh_diagram_format_ending(psh_diagram_format format);
PSH_API bool psh_diagram_format_holds_many(psh_diagram_format format);

/* psh_diagrams_read() :
 * path "-" is standard input. essential: what becomes of infinite deaths in the file; *n_essential (may be NULL): how
 * many were left out; a policy that met any is recorded in the set's metadata. docs/formats/diagrams.md describes the
 * formats. Errors: PSH_ERR_FILE_*, PSH_ERR_FORMAT, PSH_ERR_CORRUPT, PSH_ERR_SHAPE, PSH_ERR_NOT_FINITE, PSH_ERR_DATA,
 * each with file and line or array name; PSH_ERR_PARAMETER; PSH_ERR_MEMORY. */
PSH_API psh_status psh_diagrams_read(const char *path, psh_diagram_format format, psh_essential essential,
                                     double essential_value, psh_diagrams **dst, size_t *n_essential, psh_error *err);
typedef struct psh_diagram_read_params {
    size_t struct_bytes;
    psh_diagram_format format; /* default: by content */
    psh_essential essential;   /* default: drop */
    double essential_value;
    bool negate; /* births and deaths change their sign: for files of superlevel sets that have births above deaths.
                    Infinite deaths, of either sign, become +INFINITY. The metadata then says "negated" */
    const char *columns; /* "b,d", "dim,b,d" or "b,d,dim": the columns of text without a header (.csv, .pers) and of
                            .npy, where it is not the format's usual order; NULL: the usual */
} psh_diagram_read_params;

/* psh_diagrams_read_as() : the same with all options there are. Also PSH_ERR_PARAMETER for unknown columns. */
PSH_API psh_status psh_diagrams_read_as(const char *path, const psh_diagram_read_params *params, psh_diagrams **dst,
                                        size_t *n_essential, psh_error *err);
/* psh_diagrams_write() :
 * PSH_DIAGRAM_PERS, PSH_DIAGRAM_DIPHA and PSH_DIAGRAM_NPY write one diagram only (PSH_ERR_SHAPE otherwise); formats
 * that are read only are PSH_ERR_FORMAT. Doubles survive the round trip bit for bit in every format; the same set gives
 * the same bytes. What a format cannot hold (labels, names, metadata in .pers and DIPHA; metadata, and label names that
 * would not come back as they are, in .csv) is named in `lost` : text of at most `lost_bytes`, "" if nothing; may be
 * NULL. "-" is standard output, and needs a format. Errors: PSH_ERR_SHAPE, PSH_ERR_FORMAT (the ending says nothing),
 * PSH_ERR_FILE_WRITE, PSH_ERR_MEMORY; the old file then stays. */
PSH_API psh_status psh_diagrams_write(const psh_diagrams *set, const char *path, psh_diagram_format format, char *lost,
                                      size_t lost_bytes, psh_error *err);

/* --- From many files into one ------------------------------------------------------------------------------------- */

/* What becomes of an item that fails. */
typedef enum psh_on_error {
    PSH_ON_ERROR_STOP = 0, /* the work stops with its fault */
    PSH_ON_ERROR_SKIP = 1  /* it gets no diagram, and is listed */
} psh_on_error;

typedef struct psh_compute_params {
    size_t struct_bytes;
    int n_threads; /* 0: all; the file's bytes never depend on it */
    psh_on_error on_error;
    bool is_resumable;         /* what is done stays in "<path>.partial" when the work fails, is stopped or killed; the
                                  same call goes on from there, to the same bytes */
    psh_diagram_format format; /* AUTO: as the path ends */
} psh_compute_params;

typedef struct psh_compute_stats {
    size_t n_diagrams, n_points;
    size_t n_essential; /* essential classes that the policy left out */
    size_t n_skipped;   /* items that failed */
    size_t n_resumed;   /* items that an earlier call had done */
    psh_item_kind kind;
    psh_complex complex;
    /* CPU time of all threads: read and decoded; scaled, smoothed, sampled; homology; written, twice. Items that take
     * microseconds are timed by samples. */
    double read_seconds, prepare_seconds, homology_seconds, write_seconds;
    char lost[128]; /* what the file's format could not hold, as psh_diagrams_write() tells it */
} psh_compute_stats;

/* psh_diagrams_compute_file() :
 * psh_diagrams_compute() and psh_diagrams_write() in one, in memory that does not grow with the number of items or
 * points (.npz; other formats are written from a set in memory): diagrams go to a file of unfinished work as they come,
 * "<path>.partial" or one without a name, and the result is written from that. The disk must hold both. The bytes are
 * those of the two calls. params, how, meta (of the caller; ours is added), progress, stats may be NULL. Skipped items:
 * their number and the first 100 are in the metadata (n_skipped, skipped); all, with the reason, in
 * "<path>.skipped.txt", one a line. Skipped are faults of items; never PSH_ERR_PARAMETER. On resuming, items are known
 * by psh_input_identify(). Errors: those of the two; PSH_ERR_EMPTY (every item failed); PSH_ERR_MODEL_MISMATCH (the
 * unfinished work is on other items, or with other options); PSH_ERR_FILE_WRITE (also: "<path>.partial" is there and
 * not to be continued); PSH_ERR_PARAMETER (standard input or output cannot be continued). */
PSH_API psh_status psh_diagrams_compute_file(const psh_input *input, const psh_homology_params *params,
                                             const psh_compute_params *how, const psh_meta *meta, const char *path,
                                             const psh_progress *progress, psh_compute_stats *stats, psh_error *err);

/* --- Frame -------------------------------------------------------------------------------------------------------- */

/* How coordinates are mapped to the unit square: x -> (x - lo) / (hi - lo) for births and deaths of every dimension
 * alike, so the diagonal stays the diagonal and W1 is divided by hi - lo. */
typedef enum psh_frame_kind {
    PSH_FRAME_SET = 0, /* lo, hi = least and greatest finite coordinate of the whole set: its least birth, its greatest
                          finite death or essential birth (default: distances stay comparable) */
    PSH_FRAME_DIAGRAM = 1, /* the same of each diagram: removes scale and offset of every item */
    PSH_FRAME_FIXED = 2    /* lo and hi given */
} psh_frame_kind;

typedef struct psh_frame {
    psh_frame_kind kind;
    double lo, hi; /* finite, lo < hi; unused for PSH_FRAME_DIAGRAM */
} psh_frame;

/* psh_frame_fit() :
 * The frame of a set. A set without points, or with all coordinates equal, gets lo = that value (or 0) and hi = lo + 1
 * (or the next double, where 1 is lost in rounding). Infinite deaths are not looked at. PSH_FRAME_FIXED: *dst comes
 * with lo and hi, which are checked. Errors: PSH_ERR_PARAMETER (kind, or fixed bounds not finite or not lo < hi),
 * PSH_ERR_DATA (hi - lo beyond double precision); *dst is then unchanged. */
PSH_API psh_status psh_frame_fit(const psh_diagrams *set, psh_frame_kind kind, psh_frame *dst, psh_error *err);
/* psh_frame_bounds() : lo and hi that apply to diagram i of `set` (its own for PSH_FRAME_DIAGRAM). */
PSH_API void psh_frame_bounds(const psh_frame *frame, const psh_diagrams *set, size_t i_diagram, double *lo,
                              double *hi);
/* psh_frame_id() : 64-bit identity of kind and bounds: equal frames, equal ids on every machine. */
PSH_API uint64_t psh_frame_id(const psh_frame *frame);

/* --- Synthetic sets ------------------------------------------------------------------------------------------------
 */

/* psh_diagrams_synth_uniform() :
 * The paper's training diagrams (section 4.3): n_diagrams diagrams of n_points points, uniform in the unit square above
 * the diagonal (points below are rejected), dimension 0. The same seed gives the same bytes on every machine, and the
 * first diagrams of a larger set are those of a smaller one. Errors: PSH_ERR_MEMORY. */
PSH_API psh_status psh_diagrams_synth_uniform(size_t n_diagrams, size_t n_points, uint64_t seed, psh_diagrams **dst,
                                              psh_error *err);

/* Where the diagrams of a mixed set come from. */
typedef enum psh_synth_family {
    PSH_SYNTH_ANY = 0,     /* one of those below is drawn */
    PSH_SYNTH_BLOBS = 1,   /* clusters of points, with laws of birth, persistence and number a latent type */
    PSH_SYNTH_UNIFORM = 2, /* uniform above the diagonal */
    PSH_SYNTH_FIELDS = 3,  /* cubical homology of random fields */
    PSH_SYNTH_CLOUDS = 4,  /* Rips homology of noisy manifolds */
    PSH_SYNTH_SERIES = 5   /* few points that move slowly, as of a simulation in time */
} psh_synth_family;

/* psh_synth_family_name() : "any", "blobs", ...; NULL for unknown numbers. Static storage. Threads: safe. */
PSH_API const char *psh_synth_family_name(psh_synth_family family);

typedef struct psh_synth_params {
    size_t struct_bytes;
    psh_synth_family family; /* default: drawn */
    size_t max_points;       /* of one diagram, at least 1; 0: 2000 */
} psh_synth_params;

/* psh_diagrams_synth_mixed() :
 * One domain-randomised set, as varied as real ones: (seed, i_set) draw a family and its parameters, all n_diagrams
 * diagrams from these, and then what is done to all of them: mirrored, a background that all share, near-duplicates of
 * one another, unions of several, points near the diagonal, rounding, another scale (docs/math/synthetic.md). A trainer
 * calls it with i_set = 0, 1, 2, ... for sets that are independent of one another. Every diagram has at least one point
 * and at most params->max_points (about 80 on average over sets; those of most sets have 8 to 200), finite,
 * birth < death, of dimension 0 or 1. Labels are latent types, where there are any. The metadata says "family",
 * "modifiers" and "parameters". Same bytes for the same arguments on every machine. params may be NULL. Cost: 0.2 to 30
 * ms of one core for 128 diagrams, no threads of its own. Errors: PSH_ERR_PARAMETER (no such family), PSH_ERR_MEMORY.
 * Threads: safe. */
PSH_API psh_status psh_diagrams_synth_mixed(size_t n_diagrams, uint64_t seed, uint64_t i_set,
                                            const psh_synth_params *params, psh_diagrams **dst, psh_error *err);

#ifdef __cplusplus
}
#endif
#endif
