/* synth_mixed.c : domain-randomised sets of diagrams.
 *
 * A model that shall serve any set without training on it (the compact encoder) learns from thousands of sets that
 * differ from one another as much as real ones do (domain randomisation: Tobin et al. 2017). A set is drawn in three
 * steps: a family with parameters (synth_blobs.c, synth_fields.c, synth_clouds.c, synth_series.c), modifiers
 * (synth_modify.c), and the mending of what is no diagram, here. One stream of random numbers a set: (seed, i_set).
 * docs/math/synthetic.md has the whole grammar in one table. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "diagram/synth.h"

#define MOST_POINTS 2000
#define FEWEST 3      /* points a diagram, on average: sets with fewer, and of equal diagrams, are drawn again, */
#define N_ATTEMPTS 16 /* so often; 7,500 sets took three at most */

static const struct {
    const char *name;
    double share; // of the sets, where any family may come
    psh_status (*draw)(psh__synth *s, psh_error *err);
} families[] = {
    [PSH_SYNTH_ANY] = {"any", 0, NULL},
    [PSH_SYNTH_BLOBS] = {"blobs", 0.42, psh__synth_blobs},
    [PSH_SYNTH_UNIFORM] = {"uniform", 0.08, psh__synth_uniform},
    [PSH_SYNTH_FIELDS] = {"fields", 0.27, psh__synth_fields},
    [PSH_SYNTH_CLOUDS] = {"clouds", 0.15, psh__synth_clouds},
    [PSH_SYNTH_SERIES] = {"series", 0.08, psh__synth_series},
};
#define N_FAMILIES (sizeof families / sizeof *families)

const char *psh_synth_family_name(psh_synth_family family) {
    return (size_t)family < N_FAMILIES ? families[family].name : NULL;
}

/* --- what families and modifiers share ---------------------------------------------------------------------------- */

psh_status psh__synth_note(psh__synth *s, const char *key, double value, psh_error *err) {
    return psh_meta_set_number(s->notes, key, value) == PSH_OK ? PSH_OK : psh__error_memory(err, "metadata", 64);
}

uint32_t psh__synth_dims_mask(psh__synth_dims dims) {
    return dims == PSH__SYNTH_H0 ? 1 : dims == PSH__SYNTH_H1 ? 2 : 3;
}

psh_status psh__synth_add_intervals(psh__synth *s, const psh_interval *intervals, size_t n_intervals,
                                    psh__synth_dims dims, int64_t label, psh_error *err) {
    size_t n_open = 0;
    for (size_t i = 0; i < n_intervals; i++)
        PSH_TRY(psh__set_add_point(s->set, &n_open, intervals[i].birth, intervals[i].death,
                                   dims == PSH__SYNTH_POOLED ? 0 : intervals[i].dim, err));
    return psh__set_end_diagram(s->set, n_open, "", 0, label, err);
}

void psh__synth_extent(const double *points, size_t n_points, double *lo, double *hi) {
    *lo = n_points ? points[0] : 0, *hi = n_points ? points[0] : 1;
    for (size_t i = 0; i < 2 * n_points; i++) {
        if (points[i] < *lo) *lo = points[i];
        if (points[i] > *hi) *hi = points[i];
    }
}

void psh__synth_limit(psh__synth *s, size_t lo, size_t hi) {
    size_t limit = (size_t)psh__random_log_between(&s->rng, (double)lo, (double)hi);
    s->keeps_largest = psh__random_chance(&s->rng, 0.5);
    if (limit < s->max_points) s->max_points = limit;
}

/* --- mending ------------------------------------------------------------------------------------------------------ */

/* Points above the diagonal to the front of the diagram's, in their order; returns their number. */
static size_t keep_proper(double *points, int32_t *dims, size_t n_points) {
    size_t n_kept = 0;
    for (size_t i = 0; i < n_points; i++) {
        double birth = points[2 * i] + 0.0, death = points[2 * i + 1] + 0.0; /* -0 becomes 0 */
        if (!(birth < death)) continue;
        points[2 * n_kept] = birth, points[2 * n_kept + 1] = death;
        dims[n_kept++] = dims[i];
    }
    return n_kept;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* *dst : the persistence that n_kept of the points reach. */
static psh_status least_of_largest(const double *points, size_t n_points, size_t n_kept, double *dst, psh_error *err) {
    double *sizes = psh__malloc(n_points, sizeof *sizes);
    if (!sizes) return psh__error_memory(err, "persistences", n_points * sizeof *sizes);
    for (size_t i = 0; i < n_points; i++) sizes[i] = points[2 * i + 1] - points[2 * i];
    qsort(sizes, n_points, sizeof *sizes, by_size);
    *dst = sizes[n_kept - 1];
    psh__free(sizes);
    return PSH_OK;
}

/* max_points of the n_points, in their order: the most persistent, ties in order; or any, a point staying with the
 * probability (still wanted) / (still there). */
static psh_status keep_some(psh__synth *s, double *points, int32_t *dims, size_t n_points, psh_error *err) {
    double least = 0;
    size_t at = 0, n_above = 0;
    if (s->keeps_largest) {
        PSH_TRY(least_of_largest(points, n_points, s->max_points, &least, err));
        for (size_t i = 0; i < n_points; i++) n_above += points[2 * i + 1] - points[2 * i] > least;
    }
    for (size_t i = 0, n_ties = s->max_points - n_above; i < n_points && at < s->max_points; i++) {
        double size = points[2 * i + 1] - points[2 * i];
        bool is_tie = size == least;
        if (s->keeps_largest ? size < least || (is_tie && n_ties == 0)
                             : psh__random_below(&s->rng, n_points - i) >= s->max_points - at)
            continue;
        n_ties -= s->keeps_largest && is_tie;
        points[2 * at] = points[2 * i], points[2 * at + 1] = points[2 * i + 1];
        dims[at++] = dims[i];
    }
    return PSH_OK;
}

/* The set as it goes out: births below deaths, between 1 and max_points points in each diagram. A diagram that is left
 * without points gets a short one at the set's least coordinate: a thousandth of the set's extent, 1 among integers. */
static psh_status mend(psh__synth *s, psh_diagrams *dst, psh_error *err) {
    psh_diagrams *src = s->set;
    double lo, hi;
    psh__synth_extent(src->points, src->n_points, &lo, &hi);
    double shortest = s->is_integral ? 1 : hi > lo ? (hi - lo) / 1024 : 1;
    for (size_t i = 0; i < src->n_diagrams; i++) {
        double *points = src->points + 2 * src->offsets[i];
        int32_t *dims = src->dims + src->offsets[i];
        size_t n = keep_proper(points, dims, src->offsets[i + 1] - src->offsets[i]), n_open = 0;
        if (n > s->max_points) {
            PSH_TRY(keep_some(s, points, dims, n, err));
            n = s->max_points;
        }
        for (size_t k = 0; k < n; k++)
            PSH_TRY(psh__set_add_point(dst, &n_open, points[2 * k], points[2 * k + 1], dims[k], err));
        if (n == 0) PSH_TRY(psh__set_add_point(dst, &n_open, lo + 0.0, lo + shortest, 0, err));
        PSH_TRY(psh__set_end_diagram(dst, n_open, "", 0, src->labels[i], err));
    }
    return PSH_OK;
}

/* --- the door ----------------------------------------------------------------------------------------------------- */

static psh_synth_family draw_family(psh__random *rng) {
    double left = psh__random_unit(rng);
    size_t i = 1;
    for (; i + 1 < N_FAMILIES && left >= families[i].share; i++) left -= families[i].share;
    return (psh_synth_family)i;
}

/* All diagrams the same? No distance can be learnt from them. */
static bool are_equal(const psh_diagrams *set) {
    size_t n_points = set->offsets[set->n_diagrams > 0];
    for (size_t i = 1; i < set->n_diagrams; i++) {
        size_t start = set->offsets[i];
        if (set->offsets[i + 1] - start != n_points ||
            memcmp(set->points, set->points + 2 * start, 2 * n_points * sizeof *set->points) != 0 ||
            memcmp(set->dims, set->dims + start, n_points * sizeof *set->dims) != 0)
            return false;
    }
    return set->n_diagrams > 1;
}

/* One attempt at a set of the family. Its parameters come with it, in s. */
static psh_status draw(psh__synth *s, psh_synth_family family, size_t max_points, psh_diagrams **dst, psh_error *err) {
    psh_diagrams_free(s->set);
    psh_diagrams_free(*dst);
    psh_meta_free(s->notes);
    *dst = NULL;
    *s = (psh__synth){.rng = s->rng, .n_diagrams = s->n_diagrams, .max_points = max_points};
    PSH_TRY(psh_diagrams_create(&s->set, err));
    PSH_TRY(psh_meta_create(&s->notes, err));
    PSH_TRY(psh_diagrams_create(dst, err));
    PSH_TRY(families[family].draw(s, err));
    PSH_TRY(psh__synth_modify(s, err));
    return mend(s, *dst, err);
}

static psh_status record(psh_meta *meta, const psh__synth *s, psh_synth_family family, uint64_t seed, uint64_t i_set,
                         size_t max_points, psh_error *err) {
    char modifiers[sizeof s->modifiers + 2], *notes = psh_meta_write_text(s->notes, 0);
    snprintf(modifiers, sizeof modifiers, "[%s]", s->modifiers);
    bool is_good = notes && psh_meta_set_text(meta, "tool", "persihash " PSH_VERSION_STRING) == PSH_OK &&
                   psh_meta_set_text(meta, "synth", "mixed") == PSH_OK &&
                   psh_meta_set_integer(meta, "seed", (int64_t)seed) == PSH_OK &&
                   psh_meta_set_integer(meta, "i_set", (int64_t)i_set) == PSH_OK &&
                   psh_meta_set_integer(meta, "max_points", (int64_t)max_points) == PSH_OK &&
                   psh_meta_set_text(meta, "family", families[family].name) == PSH_OK &&
                   psh_meta_set_json(meta, "parameters", notes) == PSH_OK &&
                   psh_meta_set_json(meta, "modifiers", modifiers) == PSH_OK;
    psh_text_free(notes);
    return is_good ? PSH_OK : psh__error_memory(err, "metadata", 512);
}

psh_status psh_diagrams_synth_mixed(size_t n_diagrams, uint64_t seed, uint64_t i_set, const psh_synth_params *params,
                                    psh_diagrams **dst, psh_error *err) {
    assert(dst);
    psh_status status = PSH_OK;
    psh_synth_params p;
    psh_diagrams *set = NULL;
    psh__params_copy(&p, sizeof p, params);
    if ((size_t)p.family >= N_FAMILIES)
        return psh__error(err, PSH_ERR_PARAMETER, "no family %d of synthetic diagrams; expected 0 to %zu",
                          (int)p.family, N_FAMILIES - 1);
    size_t max_points = p.max_points ? p.max_points : MOST_POINTS;
    psh__synth s = {.n_diagrams = n_diagrams};
    psh__random_init(&s.rng, seed, i_set);
    psh_synth_family drawn = draw_family(&s.rng), family = p.family == PSH_SYNTH_ANY ? drawn : p.family;

    size_t n_wanted = (max_points < FEWEST ? max_points : FEWEST) * n_diagrams;
    for (int i = 0; i < N_ATTEMPTS; i++) {
        PSH_TRY_GOTO(draw(&s, family, max_points, &set, err));
        if (set->n_points >= n_wanted && !are_equal(set)) break;
    }
    PSH_TRY_GOTO(record(set->meta, &s, family, seed, i_set, max_points, err));
done:
    psh_diagrams_free(s.set);
    psh_meta_free(s.notes);
    if (status == PSH_OK)
        *dst = set;
    else
        psh_diagrams_free(set);
    return status;
}
