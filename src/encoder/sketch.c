/* sketch.c : fitting a sketch to a set: candidates, then pursuit (fit.c has the sample, the target and the check).
 *
 * Inner products of pairs are counts over diagrams (pursuit.c), so half a million pairs cost less than twenty thousand
 * listed ones would. */
#include "encoder/sketch_model.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "encoder/fit.h"
#include "encoder/pursuit.h"

enum { DEFAULT_CANDIDATES = 16384, CANDIDATES_PER_LINE = 8, MAX_SWEEPS = 20 };

typedef struct state {
    size_t n_candidates;
    psh__question questions[PSH__MAX_BITS]; // (n_bits) of them: what was learnt
} state;

static psh__pool_params draw_params(const state *s, const psh__fit *fit) {
    return (psh__pool_params){.n_candidates = s->n_candidates,
                              .n_lines = s->n_candidates / CANDIDATES_PER_LINE + 1,
                              .seed = fit->params.seed,
                              .n_threads = fit->n_workers};
}

static psh_status learn_random(void *user, psh__fit *fit, size_t n_items, const double *distances, psh_error *err) {
    state *s = user;
    psh__pool_params draw = draw_params(s, fit);
    size_t n_drawn;
    PSH_TRY(psh__questions_random(fit->sample, n_items, fit->params.pool, &draw, (size_t)fit->params.n_bits,
                                  s->questions, &n_drawn, err));
    return n_drawn > 0 ? PSH_OK : psh__fit_too_alike(n_items, err);
}

static psh_status learn_fitted(void *user, psh__fit *fit, size_t n_items, const double *distances, psh_error *err) {
    state *s = user;
    psh__target target = {0};
    psh__pool pool = {0};
    psh_status status = PSH_OK;
    uint32_t chosen[PSH__MAX_BITS];
    double correlation;
    psh__pool_params draw = draw_params(s, fit);
    psh__pursuit_params pursuit = {
        .n_bits = (size_t)fit->params.n_bits, .n_sweeps = MAX_SWEEPS, .n_threads = fit->n_workers};
    PSH_TRY_GOTO(psh__target_create(distances, n_items, psh__emphasis_plain(), &target, err));
    PSH_TRY_GOTO(psh__pool_draw(fit->sample, n_items, fit->params.pool, &target, &draw, &pool, err));
    if (pool.n_candidates == 0) {
        status = psh__fit_too_alike(n_items, err);
        goto done;
    }
    if (n_items == fit->n_first) fit->report.n_candidates = pool.n_candidates;
    PSH_TRY_GOTO(psh__pursuit(&pool, &target, &pursuit, chosen, &correlation, err));
    for (size_t i = 0; i < pursuit.n_bits; i++) s->questions[i] = pool.questions[chosen[i]];
done:
    psh__pool_free(&pool);
    psh__target_free(&target);
    return status;
}

static psh_status make(const void *user, const psh__fit *fit, const psh_frame *frame, const psh_meta *meta,
                       psh_model **dst, psh_error *err) {
    const state *s = user;
    return psh__sketch_create(s->questions, (size_t)fit->params.n_bits, frame, fit->params.pool, fit->params.dims_mask,
                              meta, dst, err);
}

psh_status psh_sketch_fit(const psh_diagrams *set, const psh_sketch_params *params, const psh_progress *progress,
                          psh_model **dst, psh_fit_report *report, psh_error *err) {
    psh_sketch_params p;
    psh__params_copy(&p, sizeof p, params);
    if (p.n_candidates == 0) p.n_candidates = DEFAULT_CANDIDATES;
    if (p.n_candidates > 1 << 22)
        return psh__error(err, PSH_ERR_PARAMETER, "%zu candidates; at most %d", p.n_candidates, 1 << 22);
    psh__fit_params common = {.n_bits = p.n_bits,
                              .needs_no_exact = p.random,
                              .target = p.target,
                              .n_sample = p.n_sample,
                              .n_pairs = p.n_pairs,
                              .frame_kind = p.frame_kind,
                              .frame_lo = p.frame_lo,
                              .frame_hi = p.frame_hi,
                              .pool = p.pool,
                              .dims_mask = p.dims_mask,
                              .seed = p.seed,
                              .n_threads = p.n_threads};
    state *s = psh__calloc(1, sizeof *s);
    if (!s) return psh__error_memory(err, "fitting", sizeof *s);
    s->n_candidates = p.n_candidates;
    psh__learner learner = {.name = p.random ? "sketch, random" : "sketch, fitted",
                            .state = s,
                            .learn = p.random ? learn_random : learn_fitted,
                            .make = make};
    psh_status status = psh__fit_run(set, &common, &learner, progress, dst, report, err);
    psh__free(s);
    return status;
}
