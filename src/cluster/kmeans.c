/* kmeans.c : k-means of diagrams with Wasserstein barycentres.
 *
 * J. Vidal, J. Budin, J. Tierny, "Progressive Wasserstein Barycenters of Persistence Diagrams", IEEE TVCG 26 (2020).
 * As there, each iteration moves every centre by one step only (barycentre.c) before diagrams choose among the centres
 * again; unlike there matchings are exact, so the energy can only fall.
 *
 * Seeding: k-means++ (Arthur, Vassilvitskii 2007), of 2 + ln k candidates each time the one that leaves the least
 * energy. W2 is a metric, so matchings are saved by Elkan's bounds (2003): lower[i][c] <= distance of diagram i to
 * centre c sinks by what c moves; the centre is looked at again once the bound is below the distance to the own one. A
 * candidate twice as far from a diagram's centre as the diagram itself cannot win it.
 *
 * Invariant: `kept` is a complete result at any time once the first seeding is done; an iteration that does not lower
 * the energy, or is cut off by the time limit, is thrown away. Sums over diagrams run in their order on one thread. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/params.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/size.h"
#include "cluster/barycentre.h"

#define DEFAULT_ITERATIONS 100
#define DEFAULT_STARTS 5
#define SMALL_FALL 1e-7 /* of the energy, with labels unchanged: done */
#define LARGEST 1e150   /* coordinates whose squares can be summed */

/* A clustering: which centre each diagram has, and the centres. */
typedef struct clustering {
    size_t *labels;         /* (n_items) */
    psh_diagrams **centres; /* (k); NULL from n_centres on */
    double energy;
} clustering;

typedef struct kmeans {
    const psh_diagrams *set; /* chosen dimensions only */
    size_t n_items, k, max_points;
    size_t n_centres; /* fewer than k if there are fewer distinct diagrams */
    int n_threads;
    double deadline, limit; /* seconds of the clock; limit: the deadline once there is a result */
    int is_late;
    size_t n_matchings;
    psh__random rng;
    clustering now, kept, best; /* of this iteration, of this start, of all */
    double *squared;            /* (n_items) to the own centre */
    double *lower;              /* (n_items, k) */
    double *drift;              /* (k) how far each centre moved; INFINITY: anywhere */
    int64_t *mates;             /* rows of the own centre */
    size_t *members, *first;    /* (n_items), (k + 1) */
    /* Seeding. */
    double *trial, *chosen; /* (n_items) squared distance, or NAN: not below the present one */
    double *between;        /* (k) candidate to the centres */
    psh_diagrams *candidate;
} kmeans;

static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void free_centres(psh_diagrams **centres, size_t k) {
    for (size_t c = 0; centres && c < k; c++) psh_diagrams_free(centres[c]), centres[c] = NULL;
}

/* --- Work for each diagram or centre, in parallel ------------------------------------------------------------------
 */

typedef psh_status work(kmeans *km, size_t i, psh_match *matches, psh_error *err);

static size_t most_points(const kmeans *km) {
    size_t most = km->max_points;
    for (size_t c = 0; c < km->n_centres; c++) {
        const psh_diagrams *centres[] = {km->now.centres[c], km->kept.centres[c]};
        for (int s = 0; s < 2; s++)
            if (centres[s] && psh_diagrams_n_points(centres[s]) > most) most = psh_diagrams_n_points(centres[s]);
    }
    return most;
}

/* Each i writes what is its own, so the order does not matter. After the time limit the rest is left undone. */
static psh_status for_each(kmeans *km, size_t n, work *do_one, psh_error *err) {
    size_t n_room = 2 * most_points(km);
    psh_status status = PSH_OK;
#pragma omp parallel num_threads(km->n_threads)
    {
        psh_error own_err = {0};
        psh_match *matches = psh__malloc(n_room, sizeof *matches);
        psh_status own = matches ? PSH_OK : psh__error_memory(&own_err, "a matching", n_room * sizeof *matches);
#pragma omp for schedule(dynamic, 1)
        for (size_t i = 0; i < n; i++) {
            if (own != PSH_OK || __atomic_load_n(&km->is_late, __ATOMIC_RELAXED)) continue;
            own = do_one(km, i, matches, &own_err);
            if (now_seconds() > km->limit) __atomic_store_n(&km->is_late, 1, __ATOMIC_RELAXED);
        }
        psh__free(matches);
#pragma omp critical(psh_kmeans)
        if (own != PSH_OK && status == PSH_OK) status = psh__error(err, own, "%s", own_err.text);
    }
    return status;
}

static psh_status match(kmeans *km, const psh_diagrams *set, size_t i, const psh_diagrams *centre, psh_match *matches,
                        size_t *n_matches, double *squared, psh_error *err) {
    __atomic_fetch_add(&km->n_matchings, 1, __ATOMIC_RELAXED);
    return psh__barycentre_match(set, i, centre, matches, n_matches, squared, err);
}

static double energy(const kmeans *km) {
    double sum = 0;
    for (size_t i = 0; i < km->n_items; i++) sum += km->squared[i];
    return sum;
}

/* --- Seeding ------------------------------------------------------------------------------------------------------ */

static psh_status try_centre(kmeans *km, size_t c, psh_match *matches, psh_error *err) {
    size_t n_matches;
    return match(km, km->candidate, 0, km->now.centres[c], matches, &n_matches, &km->between[c], err);
}

/* NAN: the candidate is twice as far from the diagram's centre as the diagram. */
static psh_status try_item(kmeans *km, size_t i, psh_match *matches, psh_error *err) {
    size_t n_matches;
    km->trial[i] = NAN;
    if (km->n_centres && km->between[km->now.labels[i]] >= 4 * km->squared[i]) return PSH_OK;
    return match(km, km->set, i, km->candidate, matches, &n_matches, &km->trial[i], err);
}

/* A diagram drawn with probability proportional to its squared distance. */
static size_t draw(kmeans *km) {
    if (!km->n_centres) return (size_t)psh__random_below(&km->rng, km->n_items);
    double at = psh__random_unit(&km->rng) * energy(km);
    size_t last = 0;
    for (size_t i = 0; i < km->n_items; i++) {
        if (!(km->squared[i] > 0)) continue;
        last = i;
        if ((at -= km->squared[i]) < 0) break;
    }
    return last;
}

static psh_status choose(kmeans *km, size_t n_candidates, psh_diagrams **dst, psh_error *err) {
    double least = INFINITY;
    for (size_t t = 0; t < n_candidates; t++) {
        PSH_TRY(psh__barycentre_copy(km->set, draw(km), &km->candidate, err));
        PSH_TRY(for_each(km, km->n_centres, try_centre, err));
        PSH_TRY(for_each(km, km->n_items, try_item, err));
        if (km->is_late) return PSH_OK;
        double sum = 0;
        for (size_t i = 0; i < km->n_items; i++)
            sum += !km->n_centres || km->trial[i] < km->squared[i] ? km->trial[i] : km->squared[i];
        if (sum < least || !*dst) {
            psh_diagrams_free(*dst);
            *dst = km->candidate, km->candidate = NULL, least = sum;
            memcpy(km->chosen, km->trial, km->n_items * sizeof *km->chosen);
        }
        psh_diagrams_free(km->candidate), km->candidate = NULL;
    }
    return PSH_OK;
}

/* Fills now, squared and lower. Ends early when every diagram equals a centre. */
static psh_status seed(kmeans *km, psh_error *err) {
    size_t n_candidates = 2 + (size_t)log((double)km->k);
    free_centres(km->now.centres, km->k);
    km->n_centres = 0;
    for (size_t c = 0; c < km->k && (!c || energy(km) > 0); c++) {
        bool is_hasty = !c || now_seconds() > km->deadline; /* the first seeding is finished, but the quick way */
        PSH_TRY(choose(km, is_hasty ? 1 : n_candidates, &km->now.centres[c], err));
        if (km->is_late) return PSH_OK;
        for (size_t i = 0; i < km->n_items; i++) {
            bool is_nearer = !c || km->chosen[i] < km->squared[i];
            km->lower[i * km->k + c] = sqrt(isnan(km->chosen[i]) ? km->squared[i] : km->chosen[i]);
            if (is_nearer) km->squared[i] = km->chosen[i], km->now.labels[i] = c;
        }
        km->n_centres = c + 1;
    }
    km->now.energy = energy(km);
    for (size_t c = 0; c < km->n_centres; c++) km->drift[c] = 0;
    return PSH_OK;
}

/* --- Iterations --------------------------------------------------------------------------------------------------- */

/* The matching with the own centre. */
static psh_status match_own(kmeans *km, size_t i, psh_match *matches, psh_error *err) {
    size_t n_matches, c = km->now.labels[i];
    PSH_TRY(match(km, km->set, i, km->now.centres[c], matches, &n_matches, &km->squared[i], err));
    psh__barycentre_note(km->set, i, matches, n_matches, km->mates);
    km->lower[i * km->k + c] = sqrt(km->squared[i]);
    return PSH_OK;
}

static psh_status assign_item(kmeans *km, size_t i, psh_match *matches, psh_error *err) {
    double *lower = km->lower + i * km->k;
    for (size_t c = 0; c < km->n_centres; c++) lower[c] = fmax(0, lower[c] - km->drift[c]);
    size_t own = km->now.labels[i], n_matches;
    if (km->drift[own] > 0) PSH_TRY(match_own(km, i, matches, err));
    for (size_t c = 0; c < km->n_centres; c++) {
        double squared;
        if (c == own || lower[c] >= sqrt(km->squared[i])) continue;
        PSH_TRY(match(km, km->set, i, km->now.centres[c], matches, &n_matches, &squared, err));
        lower[c] = sqrt(squared);
        if (squared >= km->squared[i]) continue;
        psh__barycentre_note(km->set, i, matches, n_matches, km->mates);
        km->squared[i] = squared, km->now.labels[i] = c;
    }
    return PSH_OK;
}

static void list_members(kmeans *km) {
    memset(km->first, 0, (km->k + 1) * sizeof *km->first);
    for (size_t i = 0; i < km->n_items; i++) km->first[km->now.labels[i] + 1]++;
    for (size_t c = 0; c < km->k; c++) km->first[c + 1] += km->first[c];
    for (size_t i = km->n_items; i-- > 0;) { /* first[c + 1] counts down to the start of c + 1's own run */
        size_t c = km->now.labels[i];
        km->members[--km->first[c + 1]] = i;
    }
    memmove(km->first, km->first + 1, km->k * sizeof *km->first);
    km->first[km->k] = km->n_items;
}

/* Centres that lost all their diagrams move to those that are farthest from their own, in a group of several. */
static psh_status refill(kmeans *km, psh_error *err) {
    for (size_t c = 0; c < km->n_centres; c++) {
        list_members(km);
        if (km->first[c] < km->first[c + 1]) continue;
        size_t farthest = km->n_items;
        for (size_t i = 0; i < km->n_items; i++) {
            size_t own = km->now.labels[i];
            if (km->first[own + 1] - km->first[own] < 2 || !(km->squared[i] > 0)) continue;
            if (farthest == km->n_items || km->squared[i] > km->squared[farthest]) farthest = i;
        }
        if (farthest == km->n_items) continue;
        PSH_TRY(psh__barycentre_copy(km->set, farthest, &km->now.centres[c], err));
        km->now.labels[farthest] = c, km->squared[farthest] = 0, km->drift[c] = INFINITY;
    }
    list_members(km);
    return PSH_OK;
}

static bool is_same(const psh_diagrams *a, const psh_diagrams *b) {
    size_t n = psh_diagrams_n_points(a);
    return n == psh_diagrams_n_points(b) &&
           (!n || (!memcmp(psh_diagrams_points(a), psh_diagrams_points(b), 2 * n * sizeof(double)) &&
                   !memcmp(psh_diagrams_dims(a), psh_diagrams_dims(b), n * sizeof(int32_t))));
}

static psh_status move_centre(kmeans *km, size_t c, psh_match *matches, psh_error *err) {
    (void)matches;
    size_t n_members = km->first[c + 1] - km->first[c];
    if (km->now.centres[c]) return PSH_OK; /* refilled */
    if (!n_members) return psh__barycentre_copy(km->kept.centres[c], 0, &km->now.centres[c], err);
    return psh__barycentre_step(km->set, km->members + km->first[c], n_members, km->kept.centres[c], km->mates,
                                &km->now.centres[c], err);
}

static psh_status measure_drift(kmeans *km, size_t c, psh_match *matches, psh_error *err) {
    size_t n_matches;
    if (isinf(km->drift[c]) || is_same(km->kept.centres[c], km->now.centres[c])) return PSH_OK;
    PSH_TRY(match(km, km->kept.centres[c], 0, km->now.centres[c], matches, &n_matches, &km->drift[c], err));
    km->drift[c] = fmax(sqrt(km->drift[c]), 0x1p-1022); /* not 0: it did move */
    return PSH_OK;
}

/* kept <- now, which loses its centres. */
static void keep(const kmeans *km, clustering *now, clustering *kept) {
    free_centres(kept->centres, km->k);
    memcpy(kept->centres, now->centres, km->k * sizeof *kept->centres);
    memset(now->centres, 0, km->k * sizeof *now->centres);
    memcpy(kept->labels, now->labels, km->n_items * sizeof *kept->labels);
    kept->energy = now->energy;
}

/* One step of all centres, then a choice for every diagram. *is_done: no better, or hardly; or out of time. */
static psh_status iterate(kmeans *km, bool *is_done, psh_error *err) {
    for (size_t c = 0; c < km->n_centres; c++) km->drift[c] = 0;
    *is_done = true;
    PSH_TRY(refill(km, err));
    PSH_TRY(for_each(km, km->n_centres, move_centre, err));
    if (km->is_late) return PSH_OK;
    PSH_TRY(for_each(km, km->n_centres, measure_drift, err));
    if (km->is_late) return PSH_OK;
    PSH_TRY(for_each(km, km->n_items, assign_item, err));
    km->now.energy = energy(km);
    if (km->is_late || !(km->now.energy < km->kept.energy)) return PSH_OK;
    bool is_still = !memcmp(km->now.labels, km->kept.labels, km->n_items * sizeof *km->now.labels);
    *is_done = is_still && km->kept.energy - km->now.energy <= SMALL_FALL * km->kept.energy;
    keep(km, &km->now, &km->kept);
    return PSH_OK;
}

/* Ends with the result in kept, unless time was over before there was any. */
static psh_status start(kmeans *km, int max_iterations, psh__ticker *ticker, psh_barycentre_report *report,
                        bool *has_result, psh_error *err) {
    bool is_done = false;
    *has_result = false;
    PSH_TRY(seed(km, err));
    if (km->is_late) return PSH_OK;
    *has_result = true;
    psh__ticker_add(ticker, 1);
    report->first_energy = km->now.energy, report->n_iterations = 0;
    free_centres(km->kept.centres, km->k);
    PSH_TRY(for_each(km, km->n_items, match_own, err));
    keep(km, &km->now, &km->kept);
    km->limit = km->deadline;
    while (!is_done && !km->is_late && report->n_iterations < max_iterations) {
        if (psh__ticker_stopped(ticker)) return psh__ticker_status(ticker, err);
        double before = km->kept.energy;
        PSH_TRY(iterate(km, &is_done, err));
        psh__ticker_add(ticker, 1);
        if (!(km->kept.energy < before)) break; /* thrown away */
        report->n_iterations++;
    }
    return PSH_OK;
}

static psh_status run_starts(kmeans *km, const psh_barycentre_params *params, const psh_progress *progress,
                             psh_barycentre_report *report, psh_error *err) {
    psh__ticker ticker;
    psh__ticker_start(&ticker, progress, "iterations", (uint64_t)params->n_starts * (uint64_t)params->max_iterations);
    for (int s = 0; s < params->n_starts && !km->is_late; s++) {
        psh_barycentre_report own = {0};
        bool has_result;
        psh__random_init(&km->rng, params->seed, (uint64_t)s);
        km->limit = s ? km->deadline : INFINITY;
        km->is_late = s && now_seconds() > km->deadline;
        if (km->is_late) break;
        PSH_TRY(start(km, params->max_iterations, &ticker, &own, &has_result, err));
        if (!has_result || (s && !(km->kept.energy < km->best.energy))) continue;
        report->first_energy = own.first_energy, report->n_iterations = own.n_iterations;
        keep(km, &km->kept, &km->best);
    }
    return psh__ticker_status(&ticker, err);
}

/* --- The whole ---------------------------------------------------------------------------------------------------- */

static psh_status read_params(const psh_barycentre_params *params, psh_barycentre_params *dst, psh_error *err) {
    psh__params_copy(dst, sizeof *dst, params);
    if (!(dst->time_limit >= 0))
        return psh__error(err, PSH_ERR_PARAMETER, "time_limit = %g: expected seconds >= 0 (0: none)", dst->time_limit);
    if (dst->max_iterations < 0 || dst->n_starts < 0)
        return psh__error(err, PSH_ERR_PARAMETER,
                          "max_iterations = %d, n_starts = %d: expected at least 1 (0: default)", dst->max_iterations,
                          dst->n_starts);
    if (!dst->max_iterations) dst->max_iterations = DEFAULT_ITERATIONS;
    if (!dst->n_starts) dst->n_starts = DEFAULT_STARTS;
    return PSH_OK;
}

static psh_status check_points(const psh_diagrams *set, psh_error *err) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    for (size_t i = 0; i < psh_diagrams_count(set); i++)
        for (uint64_t row = offsets[i]; row < offsets[i + 1]; row++) {
            const double *point = psh_diagrams_points(set) + 2 * row;
            if (isinf(point[1]))
                return psh__error(err, PSH_ERR_DATA,
                                  "diagram %zu has an infinite death, and a barycentre has no place for it; leave "
                                  "infinite deaths out or clamp them (--essential drop, --essential clamp=VALUE)",
                                  i);
            if (fabs(point[0]) > LARGEST || fabs(point[1]) > LARGEST)
                return psh__error(err, PSH_ERR_DATA,
                                  "diagram %zu has the point (%g, %g), whose squares overflow; expected at most %g; "
                                  "scale the diagrams down",
                                  i, point[0], point[1], LARGEST);
        }
    return PSH_OK;
}

static psh_status make_clustering(const kmeans *km, clustering *dst, psh_error *err) {
    dst->labels = psh__calloc(km->n_items, sizeof *dst->labels);
    dst->centres = psh__calloc(km->k, sizeof(psh_diagrams *));
    if (dst->labels && dst->centres) return PSH_OK;
    return psh__error_memory(err, "a clustering", km->n_items * sizeof *dst->labels);
}

static psh_status make_room(kmeans *km, psh_error *err) {
    size_t n = km->n_items, k = km->k, n_points = psh_diagrams_n_points(km->set), n_lower;
    const uint64_t *offsets = psh_diagrams_offsets(km->set);
    for (size_t i = 0; i < n; i++)
        if (offsets[i + 1] - offsets[i] > km->max_points) km->max_points = offsets[i + 1] - offsets[i];
    if (!psh__size_mul(n, k, &n_lower)) return psh__error_memory(err, "bounds", SIZE_MAX);
    PSH_TRY(make_clustering(km, &km->now, err));
    PSH_TRY(make_clustering(km, &km->kept, err));
    PSH_TRY(make_clustering(km, &km->best, err));
    km->squared = psh__calloc(n, sizeof(double)), km->lower = psh__calloc(n_lower, sizeof(double));
    km->trial = psh__calloc(n, sizeof(double)), km->chosen = psh__calloc(n, sizeof(double));
    km->drift = psh__calloc(k, sizeof(double)), km->between = psh__calloc(k, sizeof(double));
    km->mates = psh__calloc(n_points, sizeof(int64_t));
    km->members = psh__calloc(n, sizeof(size_t)), km->first = psh__calloc(k + 1, sizeof(size_t));
    if (!km->squared || !km->lower || !km->trial || !km->chosen || !km->drift || !km->between || !km->mates ||
        !km->members || !km->first)
        return psh__error_memory(err, "bounds of distances to the centres", n_lower * sizeof(double));
    return PSH_OK;
}

static void free_room(kmeans *km) {
    clustering *all[] = {&km->now, &km->kept, &km->best};
    for (int i = 0; i < 3; i++) {
        free_centres(all[i]->centres, km->k);
        psh__free(all[i]->centres), psh__free(all[i]->labels);
    }
    psh_diagrams_free(km->candidate);
    psh__free(km->first), psh__free(km->members), psh__free(km->mates);
    psh__free(km->between), psh__free(km->drift), psh__free(km->chosen), psh__free(km->trial);
    psh__free(km->lower), psh__free(km->squared);
}

/* Labels by first appearance; the set of barycentres in their order. Centres without diagrams are left out. */
static psh_status hand_over(const kmeans *km, int64_t *labels, psh_diagrams *barycentres, size_t *n_clusters,
                            psh_error *err) {
    size_t *number = km->first; /* (k) label of each centre; k: none yet */
    *n_clusters = 0;
    for (size_t c = 0; c < km->k; c++) number[c] = km->k;
    for (size_t i = 0; i < km->n_items; i++) {
        size_t c = km->best.labels[i];
        if (number[c] == km->k) {
            const psh_diagrams *centre = km->best.centres[c];
            number[c] = (*n_clusters)++;
            PSH_TRY(psh_diagrams_append(barycentres, psh_diagrams_points(centre), psh_diagrams_dims(centre),
                                        psh_diagrams_n_points(centre), NULL, -1, err));
        }
        labels[i] = (int64_t)number[c];
    }
    return PSH_OK;
}

psh_status psh_cluster_barycentre(const psh_diagrams *set, size_t k, const psh_barycentre_params *params, int n_threads,
                                  const psh_progress *progress, int64_t *labels, psh_diagrams **barycentres,
                                  psh_barycentre_report *report, psh_error *err) {
    psh_barycentre_params read;
    psh_barycentre_report found = {.struct_bytes = sizeof found};
    size_t n_items = psh_diagrams_count(set);
    kmeans km = {.n_items = n_items, .k = k, .n_threads = psh_cpu_threads(n_threads)};
    psh_diagrams *chosen = NULL, *made = NULL;
    psh_status status;
    PSH_TRY(read_params(params, &read, err));
    if (!n_items) return psh__error(err, PSH_ERR_EMPTY, "no diagrams; clustering needs at least 1");
    if (k < 1 || k > n_items)
        return psh__error(err, PSH_ERR_PARAMETER, "k = %zu: expected 1 to %zu, the number of diagrams", k, n_items);
    km.deadline = read.time_limit > 0 ? now_seconds() + read.time_limit : INFINITY;
    PSH_TRY_GOTO(psh_diagrams_select(set, NULL, 0, read.dims_mask, read.pool, &chosen, err));
    PSH_TRY_GOTO(check_points(chosen, err));
    km.set = chosen;
    PSH_TRY_GOTO(make_room(&km, err));
    PSH_TRY_GOTO(run_starts(&km, &read, progress, &found, err));
    PSH_TRY_GOTO(psh_diagrams_create(&made, err));
    PSH_TRY_GOTO(hand_over(&km, labels, made, &found.n_clusters, err));
    found.energy = km.best.energy, found.n_matchings = km.n_matchings, found.is_stopped_by_time = km.is_late;
    if (report) {
        size_t room = report->struct_bytes < sizeof found ? report->struct_bytes : sizeof found;
        found.struct_bytes = report->struct_bytes;
        memcpy(report, &found, room);
    }
    if (barycentres) *barycentres = made, made = NULL;
done:
    psh_diagrams_free(made);
    free_room(&km);
    psh_diagrams_free(chosen);
    return status;
}
