/* set.h : the diagram set inside, and how its builders (append, readers, synth, compute) fill it.
 *
 * A diagram is built by adding points and then ending it. Points of a diagram that is not ended yet lie behind the last
 * offset and do not count. Whoever builds checks the points first (psh__point_check). */
#ifndef PSH_DIAGRAM_SET_H
#define PSH_DIAGRAM_SET_H

#include <stddef.h>
#include <stdint.h>

#include "persihash/diagram.h"

/* The order of columns in a table whose header does not tell. */
typedef enum psh__columns {
    PSH__COLUMNS_USUAL, /* the format's own */
    PSH__COLUMNS_BIRTH_DEATH,
    PSH__COLUMNS_DIM_BIRTH_DEATH,
    PSH__COLUMNS_BIRTH_DEATH_DIM
} psh__columns;

struct psh_diagrams {
    double *points;    // (M, 2)
    int32_t *dims;     // (M)
    uint64_t *offsets; // (N + 1)
    int64_t *labels;   // (N), -1: none
    size_t *names;     // (N) where each name starts in name_text
    char *name_text;   // (n_name_bytes) zero-terminated names, one after the other
    size_t n_diagrams, n_points, n_name_bytes;
    size_t n_labelled;  // diagrams whose label is not -1
    char **label_names; // (n_classes), pointers and characters in one block
    size_t n_classes;
    psh_meta *meta;
    /* How a file is to be read; of a set that a reader fills. */
    bool reads_negated; /* coordinates change sign */
    psh__columns columns;
    /* Room, in items of each array: points_room counts doubles. */
    size_t points_room, dims_room, offsets_room, labels_room, names_room, name_text_room;
};

/* Room for that much more, so that the next additions cannot fail. */
psh_status psh__set_reserve(psh_diagrams *set, size_t n_diagrams, size_t n_points, size_t n_name_bytes, psh_error *err);
/* n_open : points added since the last diagram was ended. They lie at set->points + 2 * n_points. */
psh_status psh__set_add_point(psh_diagrams *set, size_t *n_open, double birth, double death, int32_t dim,
                              psh_error *err);
psh_status psh__set_end_diagram(psh_diagrams *set, size_t n_open, const char *name, size_t n_name_chars, int64_t label,
                                psh_error *err);

/* The invariants of one point; the text says nothing of where it stands: the caller puts that before it. */
psh_status psh__point_check(double birth, double death, int32_t dim, psh_error *err);
/* A point as a reader found it: negated if the set asks for that, checked, added. -0 does not come about. */
psh_status psh__set_take_point(psh_diagrams *set, size_t *n_open, double birth, double death, int32_t dim,
                               psh_error *err);
/* True if all `n_points` points keep the invariants. One pass, no branches: the way to check millions. */
bool psh__points_are_good(const double *points, size_t n_points);

/* What becomes of infinite deaths in a finished set. *n_left_out classes went; recorded in the metadata if there were
 * any to decide upon. */
psh_status psh__essential_check(psh_essential policy, double value, psh_error *err);
psh_status psh__set_apply_essential(psh_diagrams *set, psh_essential policy, double value, size_t *n_left_out,
                                    psh_error *err);
const char *psh__essential_name(psh_essential policy); /* "drop", "clamp", "keep" */

/* "dims": [0, 1] in the metadata says that the set holds these dimensions only; nothing for 0 (all). */
psh_status psh__record_dims(psh_meta *meta, uint32_t dims_mask, psh_error *err);

/* Replaces the label names by a block that psh__array_to_texts() or text_block() made; the set owns it from now on.
 * PSH_ERR_DATA if a label does not fit (the block then still belongs to the caller). */
psh_status psh__set_adopt_label_names(psh_diagrams *set, char **names, size_t n_classes, psh_error *err);

#endif
