/* synth_clouds.c : diagrams of noisy manifolds, by Rips homology.
 *
 * A latent type is a shape in the plane or in space with an aspect and a level of noise; the types of a set are
 * independent, or variations of the first. A diagram is the Rips homology
 * of points drawn from it, independently or spread evenly (farthest-point sampling of three times as many, as meshes
 * are sampled). Cost: 0.01 to 0.8 ms a cloud. */
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

struct psh__clouds {
    cloud_type types[MOST_TYPES];
    size_t n_types, n_points;
    double wildness; // how much sizes and aspects differ within a type
    bool is_even, is_ragged;
    psh__synth_dims dims;
    /* Work. */
    double points[N_TIMES * MOST_CLOUD][3], chosen[MOST_CLOUD][3], nearest[N_TIMES * MOST_CLOUD];
};

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
static void spread_evenly(psh__clouds *c, size_t n_points, size_t n_chosen) {
    size_t at = 0;
    for (size_t i = 0; i < n_points; i++) c->nearest[i] = INFINITY;
    for (size_t j = 0; j < n_chosen; j++) {
        const double *from = c->points[at];
        size_t farthest = 0;
        for (int k = 0; k < 3; k++) c->chosen[j][k] = from[k];
        for (size_t i = 0; i < n_points; i++) {
            const double *p = c->points[i];
            double x = p[0] - from[0], y = p[1] - from[1], z = p[2] - from[2], square = x * x + y * y + z * z;
            if (square < c->nearest[i]) c->nearest[i] = square;
            if (c->nearest[i] > c->nearest[farthest]) farthest = i;
        }
        at = farthest;
    }
}

/* One cloud of `n` points of the type into c->chosen. */
static void draw_cloud(psh__clouds *c, psh__random *rng, const cloud_type *type, size_t n) {
    size_t n_drawn = c->is_even ? N_TIMES * n : n;
    double aspect = type->aspect * psh__exp(c->wildness * psh__random_normal(rng));
    double size = type->size * psh__exp(c->wildness * psh__random_normal(rng));
    for (size_t i = 0; i < n_drawn; i++) {
        double *point = c->is_even ? c->points[i] : c->chosen[i];
        draw_point(rng, type, aspect, point);
        for (int k = 0; k < 3; k++) {
            point[k] *= size;
            if (type->noise > 0) point[k] += type->noise * psh__random_normal(rng);
        }
    }
    if (c->is_even) spread_evenly(c, n_drawn, n);
}

static void draw_clouds(psh__clouds *c, psh__random *rng) {
    double spread = psh__random_chance(rng, 0.3) ? psh__random_log_between(rng, 0.03, 0.5) : 0;
    c->n_types = 1 + psh__random_below(rng, MOST_TYPES);
    c->n_points = (size_t)psh__random_log_between(rng, 16, MOST_CLOUD + 1);
    c->wildness = psh__random_log_between(rng, 0.01, 0.3);
    c->is_even = psh__random_chance(rng, 0.3);
    c->is_ragged = psh__random_chance(rng, 0.4);
    c->dims = (psh__synth_dims)psh__random_below(rng, 4);
    draw_type(rng, &c->types[0]);
    for (size_t t = 1; t < c->n_types; t++)
        if (spread > 0)
            c->types[t] = varied(rng, &c->types[0], spread);
        else
            draw_type(rng, &c->types[t]);
}

psh_status psh__clouds_create(psh__random *rng, psh__clouds **dst, psh_error *err) {
    psh__clouds *c = psh__malloc(1, sizeof *c);
    if (!c) return psh__error_memory(err, "random clouds", sizeof *c);
    draw_clouds(c, rng);
    *dst = c;
    return PSH_OK;
}

void psh__clouds_free(psh__clouds *clouds) {
    psh__free(clouds);
}

psh_status psh__clouds_draw(psh__clouds *c, psh__random *rng, psh_cloud **dst, psh_homology_params *homology,
                            int64_t *label, psh_error *err) {
    size_t i_type = psh__random_below(rng, c->n_types);
    size_t n = (size_t)((c->is_ragged ? psh__random_between(rng, 0.5, 1) : 1) * (double)c->n_points);
    draw_cloud(c, rng, &c->types[i_type], n);
    *label = (int64_t)i_type;
    *homology = (psh_homology_params){.struct_bytes = sizeof *homology, .dims_mask = psh__synth_dims_mask(c->dims)};
    return psh_cloud_create(c->chosen[0], n, 3, dst, err);
}

/* --- diagrams ----------------------------------------------------------------------------------------------------- */

static psh_status add_diagram(psh__synth *s, psh__clouds *c, psh_rips *rips, psh_error *err) {
    psh_status status = PSH_OK;
    psh_cloud *cloud = NULL;
    psh_homology_params homology;
    int64_t label;
    const psh_interval *intervals;
    size_t n_intervals;
    PSH_TRY_GOTO(psh__clouds_draw(c, &s->rng, &cloud, &homology, &label, err));
    PSH_TRY_GOTO(psh_rips_compute_cloud(rips, cloud, &homology, &intervals, &n_intervals, NULL, err));
    PSH_TRY_GOTO(psh__synth_add_intervals(s, intervals, n_intervals, c->dims, label, err));
done:
    psh_cloud_free(cloud);
    return status;
}

psh_status psh__synth_clouds(psh__synth *s, psh_error *err) {
    psh_status status = PSH_OK;
    psh__clouds *c = NULL;
    psh_rips *rips = NULL;
    PSH_TRY_GOTO(psh_rips_create(&rips, err));
    PSH_TRY_GOTO(psh__clouds_create(&s->rng, &c, err));
    for (size_t i = 0; i < s->n_diagrams; i++) PSH_TRY_GOTO(add_diagram(s, c, rips, err));
    PSH_TRY_GOTO(psh__synth_note(s, "n_cloud_points", (double)c->n_points, err));
    PSH_TRY_GOTO(psh__synth_note(s, "n_types", (double)c->n_types, err));
    PSH_TRY_GOTO(psh__synth_note(s, "wildness", c->wildness, err));
    PSH_TRY_GOTO(psh__synth_note(s, "is_even", c->is_even, err));
done:
    psh_rips_free(rips);
    psh__clouds_free(c);
    return status;
}
