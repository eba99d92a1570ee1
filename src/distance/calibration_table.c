/* calibration_table.c : from pairs with known Hamming distance h and known distance w to the table (estimate, low,
 * high) of h, and how well such a table predicts pairs that it was not made of.
 *
 * Estimate. Isotonic regression of w on h, least squares: means of w at each h, weighted by the numbers of pairs,
 * pooled where they fall (isotonic.c). Between measured h on a straight line; beyond them in proportion to h.
 *
 * Interval. Residuals w - estimate(h) of the pairs at h, and at as many neighbours h +- 1, h +- 2... as it takes to
 * have enough of them; the interval is the estimate plus the order statistics number floor((m + 1) a / 2) and ceil((m +
 * 1) (1 - a / 2)) of m residuals, a = 1 - coverage: if all pairs at h were exchangeable, the next one would lie between
 * them with at least that probability (Vovk's conformal intervals). The ends are then made rising in h by isotonic
 * regression, too. A residual is taken against the estimate of the other folds: against its own, which follows it,
 * residuals come out too small: with 256 bits and 300 pairs intervals covered 84 % of the distances, and 93 % so
 * (Fashion-MNIST; wanted: 90 %).
 *
 * Tried: residuals divided by the estimate, or by its square root, before neighbours lend them. With thousands of pairs
 * it makes no difference; with some hundreds the nearest pairs' coverage falls to 0.75, because their spread does not
 * shrink as fast as that. */
#include <math.h>
#include <stdlib.h>

#include "distance/calibration.h"
#include "distance/isotonic.h"

/* Residuals that an interval wants, at most; fewer pairs in all give it a third of them. */
enum { MAX_WINDOW = 100, MIN_WINDOW = 20 };
static const double near_share = 0.05;

enum { ALL_FOLDS = (1u << PSH__CALIBRATION_FOLDS) - 1 };

static bool in_folds(size_t k, unsigned folds) {
    return folds >> k % PSH__CALIBRATION_FOLDS & 1;
}

/* estimates : (n_bits + 1). False if none of the folds has a pair. */
static bool estimate(const psh__measured *m, unsigned folds, double *estimates) {
    double means[PSH__CALIBRATION_ROWS], weights[PSH__CALIBRATION_ROWS];
    psh__isotonic_block blocks[PSH__CALIBRATION_ROWS];
    int places[PSH__CALIBRATION_ROWS];
    size_t n = 0;
    for (size_t k = 0; k < m->n_pairs; k++) {
        if (!in_folds(k, folds)) continue;
        if (n == 0 || places[n - 1] != m->hamming[k]) places[n] = m->hamming[k], means[n] = weights[n] = 0, n++;
        means[n - 1] += m->distances[k], weights[n - 1] += 1;
    }
    if (n == 0) return false;
    for (size_t i = 0; i < n; i++) means[i] /= weights[i];
    psh__isotonic(means, weights, n, blocks);
    for (int h = 0, i = 0; h <= m->n_bits; h++) {
        while ((size_t)i + 1 < n && places[i + 1] <= h) i++;
        if (h < places[0])
            estimates[h] = means[0] * h / places[0];
        else if ((size_t)i + 1 < n)
            estimates[h] = means[i] + (means[i + 1] - means[i]) * (h - places[i]) / (double)(places[i + 1] - places[i]);
        else
            estimates[h] = places[i] > 0 ? means[i] * h / places[i] : means[i];
    }
    return true;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts residuals : (n), at least 1, and takes the two ends that enclose `coverage` of what is like them. */
static void enclose(double *residuals, size_t n, double coverage, double *low, double *high) {
    double half = (1 - coverage) / 2, low_rank = floor((double)(n + 1) * half), high_rank = (double)(n + 1) - low_rank;
    qsort(residuals, n, sizeof *residuals, compare);
    *low = residuals[low_rank > 1 ? (size_t)low_rank - 1 : 0];
    *high = residuals[high_rank < (double)n ? (size_t)high_rank - 1 : n - 1];
}

/* residuals : (n_pairs), those of other folds are not written. starts : (n_bits + 2): where each Hamming distance's
 * pairs begin. */
static void find_residuals(const psh__measured *m, unsigned folds, const double *estimates, double *residuals,
                           size_t *starts) {
    double others[PSH__CALIBRATION_ROWS];
    for (unsigned f = 0; f < PSH__CALIBRATION_FOLDS; f++) {
        if (!(folds >> f & 1)) continue;
        const double *base = estimate(m, folds & ~(1u << f), others) ? others : estimates;
        for (size_t k = f; k < m->n_pairs; k += PSH__CALIBRATION_FOLDS)
            residuals[k] = m->distances[k] - base[m->hamming[k]];
    }
    for (size_t h = 0, k = 0; h <= (size_t)m->n_bits + 1; h++) {
        while (k < m->n_pairs && m->hamming[k] < h) k++;
        starts[h] = k;
    }
}

/* Residuals of the pairs at h and of its neighbours, until there are n_wanted. Returns how many. */
static size_t gather(const psh__measured *m, unsigned folds, const double *residuals, const size_t *starts, int h,
                     size_t n_wanted, double *dst) {
    size_t n = 0;
    for (int reach = 0; n < n_wanted && reach <= m->n_bits; reach++)
        for (int side = 0; side < (reach ? 2 : 1); side++) {
            int at = side ? h + reach : h - reach;
            if (at < 0 || at > m->n_bits) continue;
            for (size_t k = starts[at]; k < starts[at + 1]; k++)
                if (in_folds(k, folds)) dst[n++] = residuals[k];
        }
    return n;
}

void psh__calibration_table(const psh__measured *m, unsigned folds, double coverage, double *scratch,
                            psh_calibration_step *steps) {
    double estimates[PSH__CALIBRATION_ROWS], lows[PSH__CALIBRATION_ROWS], highs[PSH__CALIBRATION_ROWS];
    double weights[PSH__CALIBRATION_ROWS], *residuals = scratch, *window = scratch + m->n_pairs;
    size_t starts[PSH__CALIBRATION_ROWS + 1], n_rows = (size_t)m->n_bits + 1, n_used = 0;
    psh__isotonic_block blocks[PSH__CALIBRATION_ROWS];
    for (size_t k = 0; k < m->n_pairs; k++) n_used += in_folds(k, folds);
    size_t n_wanted = n_used / 3 < MIN_WINDOW ? MIN_WINDOW : n_used / 3 < MAX_WINDOW ? n_used / 3 : MAX_WINDOW;
    estimate(m, folds, estimates);
    find_residuals(m, folds, estimates, residuals, starts);
    for (size_t h = 0; h < n_rows; h++) {
        size_t n = gather(m, folds, residuals, starts, (int)h, n_wanted, window);
        enclose(window, n, coverage, &lows[h], &highs[h]);
        lows[h] += estimates[h], highs[h] += estimates[h];
        steps[h].n_pairs = 0;
        for (size_t k = starts[h]; k < starts[h + 1]; k++) steps[h].n_pairs += in_folds(k, folds);
        weights[h] = (double)steps[h].n_pairs + 1e-3; /* rows without a pair follow the others */
    }
    psh__isotonic(lows, weights, n_rows, blocks);
    psh__isotonic(highs, weights, n_rows, blocks);
    for (size_t h = 0; h < n_rows; h++) {
        steps[h].estimate = estimates[h];
        steps[h].low = fmin(fmax(lows[h], 0), estimates[h]);
        steps[h].high = fmax(highs[h], estimates[h]);
    }
}

/* --- Cross-validation --------------------------------------------------------------------------------------------- */

/* Sums over the pairs of one Hamming distance. */
typedef struct tally {
    double n, covered, error, width, distance;
} tally;

/* Adds up rows first .. end - 1, each as often as it occurs in the set. */
static tally weigh(const tally *rows, const uint64_t *populations, size_t end) {
    tally all = {0};
    for (size_t h = 0; h < end; h++) {
        if (rows[h].n == 0) continue;
        double weight = (double)populations[h] / rows[h].n;
        all.n += weight * rows[h].n, all.covered += weight * rows[h].covered, all.error += weight * rows[h].error;
        all.width += weight * rows[h].width, all.distance += weight * rows[h].distance;
    }
    return all;
}

static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : NAN;
}

void psh__calibration_cross(const psh__measured *m, const uint64_t *populations, double coverage, double *scratch,
                            psh_calibration_report *report) {
    tally rows[PSH__CALIBRATION_ROWS] = {{0}};
    psh_calibration_step steps[PSH__CALIBRATION_ROWS];
    size_t n_rows = (size_t)m->n_bits + 1, n_near = 0;
    uint64_t n_all = 0, n_sum = 0;
    report->n_pairs = m->n_pairs;
    for (unsigned f = 0; f < PSH__CALIBRATION_FOLDS && m->n_pairs >= (size_t)MIN_WINDOW; f++) {
        psh__calibration_table(m, ALL_FOLDS & ~(1u << f), coverage, scratch, steps);
        for (size_t k = f; k < m->n_pairs; k += PSH__CALIBRATION_FOLDS) {
            const psh_calibration_step *step = &steps[m->hamming[k]];
            tally *row = &rows[m->hamming[k]];
            row->n++, row->covered += m->distances[k] >= step->low && m->distances[k] <= step->high;
            row->error += fabs(m->distances[k] - step->estimate), row->width += step->high - step->low;
            row->distance += m->distances[k];
        }
    }
    for (size_t h = 0; h < n_rows; h++) n_all += populations[h];
    while (n_near < n_rows && (double)n_sum < near_share * (double)n_all) n_sum += populations[n_near++];
    tally all = weigh(rows, populations, n_rows), near = weigh(rows, populations, n_near);
    report->coverage = ratio(all.covered, all.n), report->coverage_near = ratio(near.covered, near.n);
    report->mean_error = ratio(all.error, all.distance), report->mean_error_near = ratio(near.error, near.distance);
    report->mean_width = ratio(all.width, all.distance), report->mean_width_near = ratio(near.width, near.distance);
}
