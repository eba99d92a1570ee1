/* synth_clouds.c : diagrams of noisy manifolds, by Rips homology.
 *
 * A latent type is a shape in the plane or in space with an aspect and a level of noise; the types of a set are
 * independent, or variations of the first. A diagram is the Rips homology
 * of points drawn from it, independently or spread evenly (farthest-point sampling of three times as many, as meshes
 * are sampled). Cost: 0.05 to 1 ms a cloud. */
#include <math.h>

#include "base/alloc.h"
#include "base/elementary.h"
#include "base/error.h"
#include "diagram/synth.h"

#define MOST_CLOUD 200
#define N_TIMES 3 /* as many points as an evenly spread cloud is chosen from */
#define MOST_TYPES 6
#define MOST_CENTRES 8

typedef enum shape { ELLIPSE, TWO_CIRCLES, FIGURE_EIGHT, ELLIPSOID, TORUS, CLUSTERS, BONES, BOX, N_SHAPES } shape;

typedef struct cloud_type {
    shape shape;
    double noise, aspect, size;
    size_t n_centres;
    double centres[MOST_CENTRES][3];
} cloud_type;

typedef struct clouds {
    cloud_type types[MOST_TYPES];
    size_t n_types, n_points;
    double wildness; // how much sizes and aspects differ within a type
    bool is_even, is_ragged;
    psh__synth_dims dims;
} clouds;

typedef struct work {
    psh_rips *rips;
    double points[N_TIMES * MOST_CLOUD][3], chosen[MOST_CLOUD][3], nearest[N_TIMES * MOST_CLOUD];
} work;

/* --- shapes ------------------------------------------------------------------------------------------------------- */

static void draw_circle(psh__random *rng, double x, double radius, double aspect, double *dst) {
    double sine, cosine;
    psh__sin_cos(psh__random_unit(rng), &sine, &cosine);
    dst[0] = x + radius * cosine, dst[1] = radius * aspect * sine, dst[2] = 0;
}

static void draw_figure_eight(psh__random *rng, double aspect, double *dst) {
    double turns = psh__random_unit(rng), cosine;
    psh__sin_cos(turns, &dst[0], &cosine);
    psh__sin_cos(2 * turns, &dst[1], &cosine);
    dst[1] *= aspect, dst[2] = 0;
}

static void draw_ellipsoid(psh__random *rng, double aspect, double *dst) {
    double squares = 0;
    for (int k = 0; k < 3; k++) dst[k] = psh__random_normal(rng), squares += dst[k] * dst[k];
    for (int k = 0; k < 3; k++) dst[k] *= (k == 2 ? aspect : 1) / sqrt(squares);
}

/* Radii 1 and aspect / 2; denser inside than outside. */
static void draw_torus(psh__random *rng, double aspect, double *dst) {
    double sine, cosine, around;
    psh__sin_cos(psh__random_unit(rng), &sine, &cosine);
    around = 1 + 0.5 * aspect * cosine, dst[2] = 0.5 * aspect * sine;
    psh__sin_cos(psh__random_unit(rng), &sine, &cosine);
    dst[0] = around * cosine, dst[1] = around * sine;
}

static void draw_cluster(psh__random *rng, const cloud_type *type, double aspect, double *dst) {
    const double *centre = type->centres[psh__random_below(rng, type->n_centres)];
    for (int k = 0; k < 3; k++) dst[k] = centre[k] + 0.3 * aspect * psh__random_normal(rng);
}

/* A limb between two neighbouring centres: figures of animals and chairs. */
static void draw_bone(psh__random *rng, const cloud_type *type, double aspect, double *dst) {
    size_t i = psh__random_below(rng, type->n_centres - 1);
    double along = psh__random_unit(rng);
    for (int k = 0; k < 3; k++) {
        double from = type->centres[i][k], to = type->centres[i + 1][k];
        dst[k] = from + along * (to - from) + 0.15 * aspect * psh__random_normal(rng);
    }
}

static void draw_point(psh__random *rng, const cloud_type *type, double aspect, double *dst) {
    switch (type->shape) {
    case ELLIPSE:
        draw_circle(rng, 0, 1, aspect, dst);
        break;
    case TWO_CIRCLES: {
        bool is_first = psh__random_chance(rng, 0.5);
        draw_circle(rng, is_first ? -1 : aspect + 0.5, is_first ? 1 : aspect, 1, dst);
        break;
    }
    case FIGURE_EIGHT:
        draw_figure_eight(rng, aspect, dst);
        break;
    case ELLIPSOID:
        draw_ellipsoid(rng, aspect, dst);
        break;
    case TORUS:
        draw_torus(rng, aspect, dst);
        break;
    case CLUSTERS:
        draw_cluster(rng, type, aspect, dst);
        break;
    case BONES:
        draw_bone(rng, type, aspect, dst);
        break;
    default:
        for (int k = 0; k < 3; k++) dst[k] = (k == 2 ? 2 * aspect : 2) * psh__random_unit(rng);
    }
}

static void draw_type(psh__random *rng, cloud_type *dst) {
    dst->shape = (shape)psh__random_below(rng, N_SHAPES);
    dst->noise = psh__random_chance(rng, 0.8) ? psh__random_log_between(rng, 0.005, 0.2) : 0;
    dst->aspect = psh__random_between(rng, 0.3, 1);
    dst->size = psh__random_log_between(rng, 0.7, 1.4);
    dst->n_centres = 2 + psh__random_below(rng, MOST_CENTRES - 1);
    for (size_t i = 0; i < dst->n_centres; i++)
        for (int k = 0; k < 3; k++) dst->centres[i][k] = psh__random_normal(rng);
}

/* src with its numbers changed by about `spread`. */
static cloud_type varied(psh__random *rng, const cloud_type *src, double spread) {
    cloud_type type = *src;
    type.noise *= psh__exp(spread * psh__random_normal(rng));
    type.aspect *= psh__exp(spread * psh__random_normal(rng));
    type.size *= psh__exp(spread * psh__random_normal(rng));
    for (size_t i = 0; i < type.n_centres; i++)
        for (int k = 0; k < 3; k++) type.centres[i][k] += spread * psh__random_normal(rng);
    return type;
}

/* --- clouds ------------------------------------------------------------------------------------------------------- */

/* n_chosen of the n_points by farthest points: each is the one farthest from those before it. */
static void spread_evenly(work *w, size_t n_points, size_t n_chosen) {
    size_t at = 0;
    for (size_t i = 0; i < n_points; i++) w->nearest[i] = INFINITY;
    for (size_t j = 0; j < n_chosen; j++) {
        const double *c = w->points[at];
        size_t farthest = 0;
        for (int k = 0; k < 3; k++) w->chosen[j][k] = c[k];
        for (size_t i = 0; i < n_points; i++) {
            const double *p = w->points[i];
            double square =
                ((p[0] - c[0]) * (p[0] - c[0]) + (p[1] - c[1]) * (p[1] - c[1])) + (p[2] - c[2]) * (p[2] - c[2]);
            if (square < w->nearest[i]) w->nearest[i] = square;
            if (w->nearest[i] > w->nearest[farthest]) farthest = i;
        }
        at = farthest;
    }
}

/* One cloud of `n` points of the type into w->chosen. */
static void draw_cloud(work *w, psh__random *rng, const clouds *c, const cloud_type *type, size_t n) {
    size_t n_drawn = c->is_even ? N_TIMES * n : n;
    double aspect = type->aspect * psh__exp(c->wildness * psh__random_normal(rng));
    double size = type->size * psh__exp(c->wildness * psh__random_normal(rng));
    for (size_t i = 0; i < n_drawn; i++) {
        double *point = c->is_even ? w->points[i] : w->chosen[i];
        draw_point(rng, type, aspect, point);
        for (int k = 0; k < 3; k++) {
            point[k] *= size;
            if (type->noise > 0) point[k] += type->noise * psh__random_normal(rng);
        }
    }
    if (c->is_even) spread_evenly(w, n_drawn, n);
}

static psh_status add_diagram(psh__synth *s, work *w, const clouds *c, psh_error *err) {
    psh_status status = PSH_OK;
    psh_cloud *cloud = NULL;
    const psh_interval *intervals;
    size_t n_intervals, i_type = psh__random_below(&s->rng, c->n_types);
    double share = c->is_ragged ? psh__random_between(&s->rng, 0.5, 1) : 1;
    size_t n = (size_t)(share * (double)c->n_points);
    psh_homology_params homology = {.struct_bytes = sizeof homology, .dims_mask = psh__synth_dims_mask(c->dims)};
    draw_cloud(w, &s->rng, c, &c->types[i_type], n);
    PSH_TRY_GOTO(psh_cloud_create(w->chosen[0], n, 3, &cloud, err));
    PSH_TRY_GOTO(psh_rips_compute_cloud(w->rips, cloud, &homology, &intervals, &n_intervals, NULL, err));
    PSH_TRY_GOTO(psh__synth_add_intervals(s, intervals, n_intervals, c->dims, (int64_t)i_type, err));
done:
    psh_cloud_free(cloud);
    return status;
}

psh_status psh__synth_clouds(psh__synth *s, psh_error *err) {
    psh_status status = PSH_OK;
    psh__random *rng = &s->rng;
    clouds c;
    work *w = psh__malloc(1, sizeof *w);
    if (!w) return psh__error_memory(err, "random clouds", sizeof *w);
    w->rips = NULL;
    PSH_TRY_GOTO(psh_rips_create(&w->rips, err));
    c.n_types = 1 + psh__random_below(rng, MOST_TYPES);
    c.n_points = (size_t)psh__random_log_between(rng, 16, MOST_CLOUD + 1);
    c.wildness = psh__random_log_between(rng, 0.01, 0.3);
    c.is_even = psh__random_chance(rng, 0.3);
    c.is_ragged = psh__random_chance(rng, 0.4);
    c.dims = (psh__synth_dims)psh__random_below(rng, 4);
    double spread = psh__random_chance(rng, 0.3) ? psh__random_log_between(rng, 0.03, 0.5) : 0;
    draw_type(rng, &c.types[0]);
    for (size_t t = 1; t < c.n_types; t++)
        if (spread > 0)
            c.types[t] = varied(rng, &c.types[0], spread);
        else
            draw_type(rng, &c.types[t]);
    PSH_TRY_GOTO(psh__synth_note(s, "n_cloud_points", (double)c.n_points, err));
    PSH_TRY_GOTO(psh__synth_note(s, "n_types", (double)c.n_types, err));
    PSH_TRY_GOTO(psh__synth_note(s, "wildness", c.wildness, err));
    PSH_TRY_GOTO(psh__synth_note(s, "is_even", c.is_even, err));
    for (size_t i = 0; i < s->n_diagrams; i++) PSH_TRY_GOTO(add_diagram(s, w, &c, err));
done:
    psh_rips_free(w->rips);
    psh__free(w);
    return status;
}
