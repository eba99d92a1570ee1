/* synth_fields.c : diagrams of random fields, by cubical homology.
 *
 * A field is Gaussian-filtered noise, or a sum of bumps; then a trend, white noise, a transform of its values, a
 * window, and grey levels of 8 bits or floats. A latent type fixes all that (independently of other types, or as a
 * variation of the first), and a pattern: diagrams of one type are its pattern and a share of noise of their own, from
 * near-copies (an ensemble of simulations) to no pattern at all (a texture). In a sequence the type has two patterns,
 * and diagram i sees them under the angle 2 pi i / N: a flow that repeats itself.
 *
 * White noise is the sum of four 16-bit numbers: mean and variance of a normal, excess kurtosis -0.3, which no one sees
 * after the filter, at a fifth of the cost. The filter is separable, cut at three deviations, over noise that goes on
 * beyond the border (or is periodic), so the field is stationary up to its edge. Cost: 10 to 400 us a field, mostly of
 * the filter. */
#include <math.h>

#include "base/alloc.h"
#include "base/elementary.h"
#include "base/error.h"
#include "diagram/synth.h"

#define LEAST_SIDE 16
#define MOST_SIDE 96
#define MOST_RADIUS 28
#define PADDED (MOST_SIDE + 2 * MOST_RADIUS)
#define N_PIXELS (MOST_SIDE * MOST_SIDE)
#define MOST_TYPES 6
#define MOST_BUMPS 16

typedef enum transform { PLAIN, ABSOLUTE, SQUARE, TANH, RECTIFIED, FRINGES, N_TRANSFORMS } transform;

typedef struct field_type {
    double sigma[2]; // of the filter, along y and x
    double mix;      // the share of a second field, isotropic, of sigma[0] times `coarseness`
    double coarseness;
    double trend, noise, n_fringes;
    double window[3]; // y, x, radius: parts of the side
    transform transform;
    size_t n_bumps;              // 0: filtered noise
    double bumps[MOST_BUMPS][4]; // y, x, radius: parts of the side; height
} field_type;

struct psh__fields {
    field_type types[MOST_TYPES];
    size_t n_types, height, width;
    double fresh; // share of each diagram's own noise
    double brightness, contrast;
    bool is_periodic, is_local, is_sequence, is_u8;
    psh__synth_dims dims;
    psh_homology_params homology;
    /* Work, of (height, width) and more. */
    float padded[PADDED * PADDED], rows[PADDED * MOST_SIDE]; // noise; filtered along x
    float field[N_PIXELS], other[N_PIXELS];
    float patterns[MOST_TYPES][2][N_PIXELS];
    uint8_t grey[N_PIXELS];
};

/* --- noise -------------------------------------------------------------------------------------------------------- */

static float rough_normal(psh__random *rng) {
    const float deviation = 37837.227f; // sqrt(4 (2^32 - 1) / 12)
    uint64_t bits = psh__random_u64(rng);
    int sum = (int)(bits & 0xffff) + (int)(bits >> 16 & 0xffff) + (int)(bits >> 32 & 0xffff) + (int)(bits >> 48);
    return (float)(sum - 131070) / deviation;
}

/* White noise with a border around it of the filter's radius: fresh, or what lies on the opposite side. */
static void draw_noise(psh__random *rng, const psh__fields *f, size_t radius_y, size_t radius_x, float *dst) {
    size_t height = f->height + 2 * radius_y, width = f->width + 2 * radius_x;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            bool is_inside = y >= radius_y && y - radius_y < f->height && x >= radius_x && x - radius_x < f->width;
            if (is_inside || !f->is_periodic) dst[y * width + x] = rough_normal(rng);
        }
    for (size_t y = 0; f->is_periodic && y < height; y++)
        for (size_t x = 0; x < width; x++) {
            size_t from_y = radius_y + (y + f->height * MOST_RADIUS - radius_y) % f->height;
            size_t from_x = radius_x + (x + f->width * MOST_RADIUS - radius_x) % f->width;
            dst[y * width + x] = dst[from_y * width + from_x];
        }
}

/* taps : (2 radius + 1), a Gaussian's, whose squares sum to 1: white noise of variance 1 keeps it. Returns radius. */
static size_t gaussian_taps(double sigma, float *taps) {
    if (sigma > MOST_RADIUS / 3.0) sigma = MOST_RADIUS / 3.0;
    size_t radius = (size_t)ceil(3 * sigma);
    if (radius > MOST_RADIUS) radius = MOST_RADIUS; /* by rounding */
    double squares = 0, values[2 * MOST_RADIUS + 1];
    for (size_t i = 0; i <= 2 * radius; i++) {
        double z = ((double)i - (double)radius) / sigma;
        values[i] = psh__exp(-0.5 * z * z), squares += values[i] * values[i];
    }
    double scale = 1 / sqrt(squares);
    for (size_t i = 0; i <= 2 * radius; i++) taps[i] = (float)(values[i] * scale);
    return radius;
}

/* dst : (n) += src weighted: the inner loops of both passes. */
static void add_weighted(float *restrict dst, const float *restrict src, size_t n, float weight) {
    for (size_t i = 0; i < n; i++) dst[i] += weight * src[i];
}

/* A stationary Gaussian field of variance 1. dst : (height, width) */
static void draw_smooth(psh__fields *f, psh__random *rng, double sigma_y, double sigma_x, float *dst) {
    float taps_y[2 * MOST_RADIUS + 1], taps_x[2 * MOST_RADIUS + 1];
    size_t radius_y = gaussian_taps(sigma_y, taps_y), radius_x = gaussian_taps(sigma_x, taps_x);
    size_t padded_width = f->width + 2 * radius_x;
    draw_noise(rng, f, radius_y, radius_x, f->padded);
    for (size_t y = 0; y < f->height + 2 * radius_y; y++) {
        float *row = f->rows + y * f->width;
        for (size_t x = 0; x < f->width; x++) row[x] = 0;
        for (size_t k = 0; k <= 2 * radius_x; k++)
            add_weighted(row, f->padded + y * padded_width + k, f->width, taps_x[k]);
    }
    for (size_t y = 0; y < f->height; y++) {
        float *row = dst + y * f->width;
        for (size_t x = 0; x < f->width; x++) row[x] = 0;
        for (size_t k = 0; k <= 2 * radius_y; k++) add_weighted(row, f->rows + (y + k) * f->width, f->width, taps_y[k]);
    }
}

/* --- patterns ----------------------------------------------------------------------------------------------------- */

/* dst : (n) exp(-(i / n - centre)^2 / (2 radius^2)) */
static void draw_profile(double centre, double radius, size_t n, float *dst) {
    for (size_t i = 0; i < n; i++) {
        double z = ((double)i / (double)n - centre) / radius;
        dst[i] = z * z < 1000 ? (float)psh__exp(-0.5 * z * z) : 0;
    }
}

/* Bumps of the type, each moved by about `shift` of the side. */
static void draw_bumps(psh__random *rng, const psh__fields *f, const field_type *type, double shift, float *dst) {
    float along_y[MOST_SIDE], along_x[MOST_SIDE];
    for (size_t i = 0; i < f->height * f->width; i++) dst[i] = 0;
    for (size_t k = 0; k < type->n_bumps; k++) {
        const double *bump = type->bumps[k];
        draw_profile(bump[0] + shift * psh__random_normal(rng), bump[2], f->height, along_y);
        draw_profile(bump[1] + shift * psh__random_normal(rng), bump[2], f->width, along_x);
        float height = (float)(bump[3] * (1 + shift * psh__random_normal(rng)));
        for (size_t y = 0; y < f->height; y++) add_weighted(dst + y * f->width, along_x, f->width, height * along_y[y]);
    }
}

/* The field of a type before trend and transform: variance about 1. */
static void draw_texture(psh__fields *f, psh__random *rng, const field_type *type, double shift, float *dst) {
    if (type->n_bumps) {
        draw_bumps(rng, f, type, shift, dst);
        return;
    }
    draw_smooth(f, rng, type->sigma[0], type->sigma[1], dst);
    if (type->mix <= 0) return;
    double sigma = type->sigma[0] * type->coarseness;
    draw_smooth(f, rng, sigma, sigma, f->other);
    float a = (float)(1 - type->mix), b = (float)type->mix;
    for (size_t i = 0; i < f->height * f->width; i++) dst[i] = a * dst[i] + b * f->other[i];
}

static void draw_type(psh__random *rng, double side, field_type *dst) {
    for (int i = 0; i < 2; i++) dst->sigma[i] = psh__random_log_between(rng, 0.7, side / 10);
    dst->mix = psh__random_chance(rng, 0.5) ? psh__random_unit(rng) : 0;
    dst->coarseness = psh__random_chance(rng, 0.5) ? psh__random_log_between(rng, 2, 6) : 1;
    dst->trend = psh__random_chance(rng, 0.5) ? psh__random_between(rng, -4, 4) : 0;
    dst->noise = psh__random_chance(rng, 0.5) ? psh__random_log_between(rng, 0.01, 0.4) : 0;
    for (int i = 0; i < 2; i++) dst->window[i] = 0.5 + 0.15 * psh__random_normal(rng);
    dst->window[2] = psh__random_between(rng, 0.2, 0.5);
    dst->n_fringes = psh__random_between(rng, 0.2, 1);
    dst->transform = (transform)psh__random_below(rng, N_TRANSFORMS);
    dst->n_bumps = psh__random_chance(rng, 0.25) ? 2 + psh__random_below(rng, MOST_BUMPS - 1) : 0;
    for (size_t k = 0; k < dst->n_bumps; k++) {
        dst->bumps[k][0] = psh__random_unit(rng), dst->bumps[k][1] = psh__random_unit(rng);
        dst->bumps[k][2] = psh__random_log_between(rng, 0.04, 0.25);
        dst->bumps[k][3] = 1.5 * psh__random_normal(rng);
    }
}

/* src with its numbers changed by about `spread`. */
static field_type varied(psh__random *rng, const field_type *src, double spread) {
    field_type type = *src;
    for (int i = 0; i < 2; i++) type.sigma[i] = fmax(0.5, type.sigma[i] * psh__exp(spread * psh__random_normal(rng)));
    type.noise *= psh__exp(2 * spread * psh__random_normal(rng));
    type.trend += spread * psh__random_normal(rng);
    type.n_fringes *= psh__exp(spread * psh__random_normal(rng));
    for (size_t k = 0; k < type.n_bumps; k++) {
        type.bumps[k][0] += 0.3 * spread * psh__random_normal(rng);
        type.bumps[k][1] += 0.3 * spread * psh__random_normal(rng);
        type.bumps[k][3] += spread * psh__random_normal(rng);
    }
    return type;
}

static void draw_fields(psh__fields *f, psh__random *rng) {
    double side = psh__random_log_between(rng, LEAST_SIDE, MOST_SIDE + 1), ratio = psh__random_between(rng, 0.5, 1);
    size_t longer = (size_t)side, shorter = (size_t)(side * ratio);
    if (shorter < LEAST_SIDE) shorter = LEAST_SIDE;
    bool is_tall = psh__random_chance(rng, 0.5);
    f->height = is_tall ? longer : shorter, f->width = is_tall ? shorter : longer;
    f->n_types = 1 + psh__random_below(rng, MOST_TYPES);
    f->is_periodic = psh__random_chance(rng, 0.2);
    f->is_local = psh__random_chance(rng, 0.4);
    f->is_sequence = psh__random_chance(rng, 0.15);
    f->is_u8 = psh__random_chance(rng, 0.6);
    f->fresh = f->is_sequence                 ? psh__random_log_between(rng, 0.001, 0.1)
               : psh__random_chance(rng, 0.5) ? 1
                                              : psh__random_log_between(rng, 0.01, 1);
    f->contrast = psh__random_log_between(rng, 8, 80);
    f->brightness = psh__random_chance(rng, 0.35) ? 0 : 110 + 40 * psh__random_normal(rng);
    if (psh__random_chance(rng, 0.2)) f->brightness = 255 - f->brightness, f->contrast = -f->contrast;
    f->dims = (psh__synth_dims)psh__random_below(rng, 4);
    f->homology = (psh_homology_params){.struct_bytes = sizeof f->homology};
    f->homology.dims_mask = psh__synth_dims_mask(f->dims);
    f->homology.construction = psh__random_chance(rng, 0.7) ? PSH_CONSTRUCTION_T : PSH_CONSTRUCTION_V;
    f->homology.essential = psh__random_chance(rng, 0.3) ? PSH_ESSENTIAL_CLAMP : PSH_ESSENTIAL_DROP;
    double spread = psh__random_chance(rng, 0.4) ? psh__random_log_between(rng, 0.03, 0.5) : 0;
    for (size_t t = 0; t < f->n_types; t++) {
        if (t > 0 && spread > 0)
            f->types[t] = varied(rng, &f->types[0], spread);
        else
            draw_type(rng, side, &f->types[t]);
        for (int k = 0; k < 2 && f->fresh < 1; k++) draw_texture(f, rng, &f->types[t], 0.2 * k, f->patterns[t][k]);
    }
}

/* --- one field ---------------------------------------------------------------------------------------------------- */

static float transformed(float x, const field_type *type) {
    double sine, cosine;
    switch (type->transform) {
    case ABSOLUTE:
        return fabsf(x);
    case SQUARE:
        return x * x;
    case TANH:
        return (float)psh__tanh(2 * (double)x);
    case RECTIFIED:
        return x > 0 ? x : 0;
    case FRINGES:
        psh__sin_cos(type->n_fringes * (double)x, &sine, &cosine);
        return (float)cosine;
    default:
        return x;
    }
}

/* f->field = the pattern(s) of the type and the diagram's own noise. */
static void compose(psh__fields *f, psh__random *rng, size_t i_type, double turns) {
    const field_type *type = &f->types[i_type];
    draw_texture(f, rng, type, f->is_sequence ? 0 : 0.3 * f->fresh, f->field);
    if (f->fresh >= 1) return;
    double sine = 0, cosine = 1, old = type->n_bumps ? (f->is_sequence ? 1 : 0) : sqrt(1 - f->fresh * f->fresh);
    if (f->is_sequence) psh__sin_cos(turns, &sine, &cosine);
    float a = (float)(old * cosine), b = (float)(old * sine), c = (float)(type->n_bumps ? 1 - old : f->fresh);
    const float *first = f->patterns[i_type][0], *second = f->patterns[i_type][1];
    for (size_t i = 0; i < f->height * f->width; i++) f->field[i] = (a * first[i] + b * second[i]) + c * f->field[i];
}

/* Trend, white noise, transform, window, contrast: values as an 8-bit image would have them, but not rounded. */
static void finish(psh__fields *f, psh__random *rng, const field_type *type) {
    float window_y[MOST_SIDE], window_x[MOST_SIDE], noise = (float)type->noise, trend = (float)type->trend;
    double radius = type->window[2] * psh__exp(0.2 * f->fresh * psh__random_normal(rng)), shift = 0.15 * f->fresh;
    draw_profile(type->window[0] + shift * psh__random_normal(rng), radius, f->height, window_y);
    draw_profile(type->window[1] + shift * psh__random_normal(rng), radius, f->width, window_x);
    float contrast = (float)(f->contrast * psh__exp(0.2 * f->fresh * psh__random_normal(rng)));
    for (size_t y = 0, i = 0; y < f->height; y++)
        for (size_t x = 0; x < f->width; x++, i++) {
            float value = f->field[i] + trend * ((float)x / (float)f->width - 0.5f);
            if (noise > 0) value += noise * rough_normal(rng);
            if (f->is_local) value *= window_y[y] * window_x[x];
            value = transformed(value, type);
            f->field[i] = (float)f->brightness + contrast * value;
        }
}

/* Grey levels, and the greatest value. */
static double quantise(psh__fields *f) {
    float most = -INFINITY;
    for (size_t i = 0; i < f->height * f->width; i++) {
        if (f->is_u8) {
            float value = f->field[i] < 0 ? 0 : f->field[i] > 255 ? 255 : f->field[i];
            f->grey[i] = (uint8_t)(value + 0.5f);
            f->field[i] = f->grey[i];
        }
        if (f->field[i] > most) most = f->field[i];
    }
    return (double)most;
}

psh_status psh__fields_create(psh__random *rng, psh__fields **dst, psh_error *err) {
    psh__fields *f = psh__malloc(1, sizeof *f);
    if (!f) return psh__error_memory(err, "random fields", sizeof *f);
    draw_fields(f, rng);
    *dst = f;
    return PSH_OK;
}

void psh__fields_free(psh__fields *fields) {
    psh__free(fields);
}

psh_status psh__fields_draw(psh__fields *f, psh__random *rng, double turns, psh_image **dst,
                            psh_homology_params *homology, int64_t *label, psh_error *err) {
    size_t i_type = psh__random_below(rng, f->n_types);
    compose(f, rng, i_type, turns);
    finish(f, rng, &f->types[i_type]);
    double most = quantise(f);
    *label = (int64_t)i_type;
    *homology = f->homology;
    if (homology->essential == PSH_ESSENTIAL_CLAMP) homology->essential_value = most;
    return psh_image_create(f->is_u8 ? PSH_U8 : PSH_F32, (size_t[3]){1, f->height, f->width},
                            f->is_u8 ? (const void *)f->grey : f->field, dst, err);
}

/* --- diagrams ----------------------------------------------------------------------------------------------------- */

static psh_status add_diagram(psh__synth *s, psh__fields *f, psh_cubical *cubical, double turns, psh_error *err) {
    psh_status status = PSH_OK;
    psh_image *image = NULL;
    psh_homology_params homology;
    int64_t label;
    const psh_interval *intervals;
    size_t n_intervals;
    PSH_TRY_GOTO(psh__fields_draw(f, &s->rng, turns, &image, &homology, &label, err));
    PSH_TRY_GOTO(psh_cubical_compute(cubical, image, &homology, &intervals, &n_intervals, NULL, err));
    PSH_TRY_GOTO(psh__synth_add_intervals(s, intervals, n_intervals, f->dims, label, err));
done:
    psh_image_free(image);
    return status;
}

psh_status psh__synth_fields(psh__synth *s, psh_error *err) {
    psh_status status = PSH_OK;
    psh__fields *f = NULL;
    psh_cubical *cubical = NULL;
    PSH_TRY_GOTO(psh_cubical_create(&cubical, err));
    PSH_TRY_GOTO(psh__fields_create(&s->rng, &f, err));
    for (size_t i = 0; i < s->n_diagrams; i++)
        PSH_TRY_GOTO(add_diagram(s, f, cubical, (double)i / (double)s->n_diagrams, err));
    s->is_integral = f->is_u8;
    psh__synth_limit(s, 100, 600);
    PSH_TRY_GOTO(psh__synth_note(s, "height", (double)f->height, err));
    PSH_TRY_GOTO(psh__synth_note(s, "width", (double)f->width, err));
    PSH_TRY_GOTO(psh__synth_note(s, "n_types", (double)f->n_types, err));
    PSH_TRY_GOTO(psh__synth_note(s, "fresh", f->fresh, err));
    PSH_TRY_GOTO(psh__synth_note(s, "is_sequence", f->is_sequence, err));
    PSH_TRY_GOTO(psh__synth_note(s, "is_u8", f->is_u8, err));
done:
    psh_cubical_free(cubical);
    psh__fields_free(f);
    return status;
}
