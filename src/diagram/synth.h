/* synth.h : what draws mixed sets (synth_mixed.c), family by family and modifier by modifier. */
#ifndef PSH_DIAGRAM_SYNTH_H
#define PSH_DIAGRAM_SYNTH_H

#include "base/random.h"
#include "diagram/set.h"

/* A set in the making. */
typedef struct psh__synth {
    psh__random rng;
    size_t n_diagrams, max_points;
    psh_diagrams *set;   // what was drawn so far: points that the last step will check, none of them infinite
    psh_meta *notes;     // the parameters that were drawn
    bool is_integral;    // coordinates are integers, and shall be so in the end
    char modifiers[160]; // that were drawn, as JSON without brackets
    bool keeps_largest;  // of diagrams above max_points: the most persistent points, instead of any
} psh__synth;

/* Families: n_diagrams diagrams into the empty s->set. Points on or under the diagonal, and diagrams without points,
 * are mended later. */
psh_status psh__synth_blobs(psh__synth *s, psh_error *err);
psh_status psh__synth_uniform(psh__synth *s, psh_error *err);
psh_status psh__synth_fields(psh__synth *s, psh_error *err);
psh_status psh__synth_clouds(psh__synth *s, psh_error *err);
psh_status psh__synth_series(psh__synth *s, psh_error *err);

/* The items behind fields and clouds: kinds of them drawn once for a set, then one after the other, each with what
 * homology is asked of it and its type. `turns`: the phase, where the fields are a sequence. */
typedef struct psh__fields psh__fields;
psh_status psh__fields_create(psh__random *rng, psh__fields **dst, psh_error *err);
psh_status psh__fields_draw(psh__fields *fields, psh__random *rng, double turns, psh_image **dst,
                            psh_homology_params *homology, int64_t *label, psh_error *err);
void psh__fields_free(psh__fields *fields); /* NULL is fine */
typedef struct psh__clouds psh__clouds;
psh_status psh__clouds_create(psh__random *rng, psh__clouds **dst, psh_error *err);
psh_status psh__clouds_draw(psh__clouds *clouds, psh__random *rng, psh_cloud **dst, psh_homology_params *homology,
                            int64_t *label, psh_error *err);
void psh__clouds_free(psh__clouds *clouds); /* NULL is fine */

/* Every modifier with its probability; their names go into s->modifiers. */
psh_status psh__synth_modify(psh__synth *s, psh_error *err);

psh_status psh__synth_note(psh__synth *s, const char *key, double value, psh_error *err);

/* Diagrams of at most some number of points between lo and hi (and never more than before): the most persistent ones,
 * or any. */
void psh__synth_limit(psh__synth *s, size_t lo, size_t hi);

/* Which homology dimensions a set has, and whether they are told apart. */
typedef enum psh__synth_dims {
    PSH__SYNTH_H0,
    PSH__SYNTH_H1,
    PSH__SYNTH_BOTH,
    PSH__SYNTH_POOLED /* both, all called 0 */
} psh__synth_dims;
uint32_t psh__synth_dims_mask(psh__synth_dims dims);
/* The points of one diagram as homology gives them, in the order given. */
psh_status psh__synth_add_intervals(psh__synth *s, const psh_interval *intervals, size_t n_intervals,
                                    psh__synth_dims dims, int64_t label, psh_error *err);

/* Least and greatest coordinate of points : (n_points, 2); 0 and 1 if there are none. */
void psh__synth_extent(const double *points, size_t n_points, double *lo, double *hi);

#endif
