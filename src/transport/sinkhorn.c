/* sinkhorn.c : entropic transport between the histograms of a set: listed pairs, or all. Pairs are independent and each
 * has one result whoever computes it, so threads need no order. */
#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/size.h"
#include "transport/item.h"
#include "transport/sinkhorn.h"

/* Adds what became of some pairs; sums of integers and a maximum do not depend on the order. */
static void report_add(psh_sinkhorn_report *dst, const psh__sinkhorn_result *one, double tolerance) {
    dst->n_failed += !(one->error <= tolerance);
    if (!(one->error <= dst->worst_error)) dst->worst_error = one->error;
    dst->n_iterations += one->n_iterations;
    if (one->n_iterations > dst->most_iterations) dst->most_iterations = one->n_iterations;
}

static psh_status report_finish(psh_sinkhorn_report *src, const psh_sinkhorn_params *p, size_t n_pairs,
                                psh_sinkhorn_report *dst, psh_error *err) {
    src->regularisation = p->regularisation;
    if (dst) {
        size_t room = dst->struct_bytes < sizeof *src ? dst->struct_bytes : sizeof *src;
        src->struct_bytes = dst->struct_bytes;
        memcpy(dst, src, room);
    }
    if (src->n_failed == 0) return PSH_OK;
    return psh__error(err, PSH_ERR_NOT_CONVERGED,
                      "Sinkhorn: %llu of %zu pairs stopped after %d iterations above the marginal error %g (worst %g); "
                      "allow more iterations, a larger tolerance or a larger regularisation than %g",
                      (unsigned long long)src->n_failed, n_pairs, p->max_iterations, p->tolerance, src->worst_error,
                      p->regularisation);
}

/* pairs NULL: all, condensed. */
static psh_status run(const psh_diagrams *set, const psh_frame *frame, const uint32_t *pairs, size_t n_pairs,
                      const psh_sinkhorn_params *params, int n_threads, const psh_progress *progress, double *dst,
                      psh_sinkhorn_report *report, psh_error *err) {
    psh_sinkhorn_plan *plan = NULL;
    psh__ticker ticker;
    psh_sinkhorn_report total = {0};
    size_t n_items = psh_diagrams_count(set);
    int has_failed = 0;
    psh_status status;
    PSH_TRY_GOTO(psh_sinkhorn_plan_create(set, NULL, frame, params, &plan, err));
    for (size_t k = 0; pairs && k < 2 * n_pairs; k++)
        if (pairs[k] >= n_items) {
            status = psh__error(err, PSH_ERR_PARAMETER, "pair %zu: row %u, but the set has %zu diagrams", k / 2,
                                pairs[k], n_items);
            goto done;
        }
    const psh_sinkhorn_params *p = psh_sinkhorn_plan_params(plan);
    psh__ticker_start(&ticker, progress, "sinkhorn", n_pairs);
#pragma omp parallel num_threads(psh_cpu_threads(n_threads))
    {
        psh_sinkhorn_worker *worker = NULL;
        psh_sinkhorn_report mine = {0};
        if (psh_sinkhorn_worker_create(plan, &worker, NULL) != PSH_OK)
            __atomic_store_n(&has_failed, 1, __ATOMIC_RELAXED);
#pragma omp for schedule(dynamic, 32)
        for (size_t k = 0; k < n_pairs; k++) {
            size_t i, j;
            if (!worker || psh__ticker_stopped(&ticker)) continue;
            if (pairs)
                i = pairs[2 * k], j = pairs[2 * k + 1];
            else
                psh__item_condensed(k, n_items, &i, &j);
            psh__sinkhorn_result one = psh__sinkhorn_pair(worker, i, j);
            dst[k] = one.cost;
            report_add(&mine, &one, p->tolerance);
            psh__ticker_add(&ticker, 1);
        }
        psh_sinkhorn_worker_free(worker);
#pragma omp critical(psh_sinkhorn_report)
        {
            total.n_failed += mine.n_failed, total.n_iterations += mine.n_iterations;
            if (!(mine.worst_error <= total.worst_error)) total.worst_error = mine.worst_error;
            if (mine.most_iterations > total.most_iterations) total.most_iterations = mine.most_iterations;
        }
    }
    status = has_failed ? psh__error_memory(err, "Sinkhorn's workers", 0) : psh__ticker_status(&ticker, err);
    if (status == PSH_OK) status = report_finish(&total, p, n_pairs, report, err);
done:
    psh_sinkhorn_plan_free(plan);
    return status;
}

psh_status psh_sinkhorn_pairs(const psh_diagrams *set, const psh_frame *frame, const uint32_t *pairs, size_t n_pairs,
                              const psh_sinkhorn_params *params, int n_threads, const psh_progress *progress,
                              double *dst, psh_sinkhorn_report *report, psh_error *err) {
    static const uint32_t none[2] = {0, 0};
    assert(pairs || !n_pairs);
    return run(set, frame, pairs ? pairs : none, n_pairs, params, n_threads, progress, dst, report, err);
}

psh_status psh_sinkhorn_condensed(const psh_diagrams *set, const psh_frame *frame, const psh_sinkhorn_params *params,
                                  int n_threads, const psh_progress *progress, double *dst, psh_sinkhorn_report *report,
                                  psh_error *err) {
    size_t n_pairs;
    if (!psh__size_pairs(psh_diagrams_count(set), &n_pairs))
        return psh__error(err, PSH_ERR_PARAMETER, "%zu diagrams have too many pairs to count", psh_diagrams_count(set));
    return run(set, frame, NULL, n_pairs, params, n_threads, progress, dst, report, err);
}
