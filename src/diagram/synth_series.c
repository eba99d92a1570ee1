/* synth_series.c : few points that move slowly, as features of a simulation do in time.
 *
 * A run is a list of 5 to 25 points. Birth and persistence of a point at the phase t (in turns) are
 *     b + a cos 2 pi (t + p) + a' cos 2 pi (2 t + p'),
 * each with numbers of its own; a persistence that falls below 0 is a feature that is not there. Where the field has a
 * level of rest, features below it die at it and those above it are born at it, and each is a little weaker than the
 * one before: the vortices of a street. Runs differ from the
 * first by a little (an ensemble under varied parameters) or by much. Diagrams of a run are evenly spaced in its
 * period, or in a part of it, and may drift towards a final state, as after the start of a flow. */
#include "base/elementary.h"
#include "base/error.h"
#include "diagram/synth.h"

#define MOST_RUNS 6
#define MOST_FEATURES 25

/* mean, amplitudes and phases of the first two harmonics */
typedef struct wave {
    double mean, amplitudes[2], phases[2];
} wave;

/* How a feature lies to the level: any way, from below up to it, from it upwards. */
typedef enum place { FREE, BELOW, ABOVE } place;

typedef struct series {
    wave births[MOST_RUNS][MOST_FEATURES], sizes[MOST_RUNS][MOST_FEATURES];
    place places[MOST_FEATURES];
    int32_t dims[MOST_FEATURES];
    size_t n_runs, n_features, n_static;
    double spread, noise, n_periods, drift;
} series;

static wave draw_wave(psh__random *rng, double mean, double amplitude) {
    wave w = {.mean = mean};
    for (int k = 0; k < 2; k++) {
        w.amplitudes[k] = amplitude * psh__random_normal(rng) / (1 + k);
        w.phases[k] = psh__random_unit(rng);
    }
    return w;
}

static wave varied(psh__random *rng, const wave *src, double spread) {
    wave w = *src;
    w.mean += spread * psh__random_normal(rng);
    for (int k = 0; k < 2; k++) {
        w.amplitudes[k] *= psh__exp(2 * spread * psh__random_normal(rng));
        w.phases[k] += spread * psh__random_normal(rng);
    }
    return w;
}

static double at_phase(const wave *w, double turns) {
    double sum = w->mean, sine, cosine;
    for (int k = 0; k < 2; k++) {
        psh__sin_cos((1 + k) * turns + w->phases[k], &sine, &cosine);
        sum += w->amplitudes[k] * cosine;
    }
    return sum;
}

/* Birth (of features below the level: death) and persistence of feature i in the first run. */
static void draw_feature(psh__random *rng, series *r, size_t i, double level, double decay, double amplitude) {
    double size = 0.2 * psh__random_exponential(rng), birth = psh__random_between(rng, 0, 0.9);
    if (i < r->n_static) /* the range of the whole field hardly moves */
        birth = 0, size = 1, amplitude *= 0.1, r->places[i] = FREE;
    else if (level > 0) {
        r->places[i] = psh__random_chance(rng, 0.1) ? FREE : i % 2 ? BELOW : ABOVE;
        if (r->places[i] != FREE) {
            double reach = r->places[i] == BELOW ? level : 1 - level;
            birth = level, size = reach * psh__random_between(rng, 0.7, 1);
            for (size_t k = r->n_static; k + 2 <= i; k += 2) size *= decay;
        }
    }
    r->births[0][i] = draw_wave(rng, birth, r->places[i] == FREE ? amplitude : 0.02 * amplitude);
    r->sizes[0][i] = draw_wave(rng, size, amplitude);
}

static void draw_series(psh__random *rng, series *r) {
    bool has_dims = psh__random_chance(rng, 0.3), has_level = psh__random_chance(rng, 0.4);
    double amplitude = psh__random_log_between(rng, 0.01, 0.15), decay = psh__random_between(rng, 0.6, 1);
    double level = has_level ? psh__random_between(rng, 0.2, 0.8) : 0;
    r->n_runs = 1 + psh__random_below(rng, MOST_RUNS);
    r->n_features = (size_t)psh__random_log_between(rng, 6, MOST_FEATURES + 1);
    r->n_static = psh__random_below(rng, 3);
    r->spread = psh__random_log_between(rng, 0.005, 0.2);
    r->noise = psh__random_chance(rng, 0.7) ? psh__random_log_between(rng, 1e-5, 1e-2) : 0;
    r->n_periods = psh__random_log_between(rng, 0.2, 3);
    r->drift = psh__random_chance(rng, 0.3) ? psh__random_unit(rng) : 0;
    for (size_t i = 0; i < r->n_features; i++) {
        r->places[i] = FREE;
        draw_feature(rng, r, i, level, decay, amplitude);
        r->dims[i] = !has_dims ? 0 : has_level ? r->places[i] == ABOVE : (int32_t)psh__random_below(rng, 2);
        for (size_t k = 1; k < r->n_runs; k++) {
            r->births[k][i] = varied(rng, &r->births[0][i], r->places[i] == FREE ? r->spread : 0.1 * r->spread);
            r->sizes[k][i] = varied(rng, &r->sizes[0][i], r->spread);
        }
    }
}

/* The diagram at `time` in [0, 1) of a run. */
static psh_status add_diagram(psh__synth *s, const series *r, size_t run, double time, psh_error *err) {
    size_t n_open = 0;
    double turns = r->n_periods * time, settled = 1 - r->drift * psh__exp(-4 * time);
    for (size_t i = 0; i < r->n_features; i++) {
        double birth = at_phase(&r->births[run][i], turns) + r->noise * psh__random_normal(&s->rng);
        double size = settled * at_phase(&r->sizes[run][i], turns) + r->noise * psh__random_normal(&s->rng);
        if (r->places[i] == BELOW) birth -= size;
        if (size > 0) PSH_TRY(psh__set_add_point(s->set, &n_open, birth, birth + size, r->dims[i], err));
    }
    return psh__set_end_diagram(s->set, n_open, "", 0, (int64_t)run, err);
}

psh_status psh__synth_series(psh__synth *s, psh_error *err) {
    series r;
    draw_series(&s->rng, &r);
    PSH_TRY(psh__synth_note(s, "n_runs", (double)r.n_runs, err));
    PSH_TRY(psh__synth_note(s, "n_features", (double)r.n_features, err));
    PSH_TRY(psh__synth_note(s, "spread", r.spread, err));
    PSH_TRY(psh__synth_note(s, "n_periods", r.n_periods, err));
    for (size_t run = 0, i = 0; run < r.n_runs; run++)
        for (size_t n = s->n_diagrams * (run + 1) / r.n_runs, first = i; i < n; i++)
            PSH_TRY(add_diagram(s, &r, run, (double)(i - first) / (double)(n - first), err));
    return PSH_OK;
}
