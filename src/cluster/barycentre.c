/* barycentre.c : the step of a Wasserstein barycentre (docs/math/barycentre.md).
 *
 * Each point of a centre stands for at most one point of each of the k members, the others matching it to the diagonal.
 * With s = birth + death and p = death - birth the squared distance of two points is (ds^2 + dp^2) / 2, to the diagonal
 * p^2 / 2. If m members give points with sums S and P, the best place is s = S / m, p = P / k: the mean, drawn towards
 * the diagonal by the k - m that have nothing there.
 *
 * Loose points, which no other member shares, would each get a centre point of their own and stay alone ever after: two
 * near each other are in nobody's interest to be matched crosswise. So they are gathered anew at each step: a loose
 * point joins the group of other members' points with the greatest gain 2 P p / k - m / (m + 1) (s - S / m)^2 (twice
 * the fall of the energy, compared with a group of its own), or begins one. Any grouping is a matching that the members
 * could choose, none is worse than being alone, so the energy falls at least as far as without; and the centre stays
 * small. Cost: (loose points) x (groups). */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "cluster/barycentre.h"

#define NOBODY SIZE_MAX

/* What one point of the new centre stands for. */
typedef struct group {
    double sum, persistence; /* of birth + death, of death - birth */
    size_t n_points;
    size_t last; /* the last member that gave one */
    int32_t dim;
} group;

typedef struct groups {
    group *items;
    size_t n_items, capacity;
} groups;

psh_status psh__barycentre_copy(const psh_diagrams *set, size_t i, psh_diagrams **dst, psh_error *err) {
    return psh_diagrams_select(set, &i, 1, 0, false, dst, err);
}

psh_status psh__barycentre_match(const psh_diagrams *set, size_t i, const psh_diagrams *centre, psh_match *matches,
                                 size_t *n_matches, double *squared, psh_error *err) {
    psh_wasserstein_params params = PSH_PARAMS(psh_wasserstein_params);
    double distance;
    params.order = 2, params.ground = PSH_GROUND_L2;
    PSH_TRY(psh_wasserstein_match(set, i, centre, 0, &params, matches, n_matches, &distance, err));
    *squared = 0;
    for (size_t k = 0; k < *n_matches; k++) *squared += matches[k].cost * matches[k].cost;
    return PSH_OK;
}

void psh__barycentre_note(const psh_diagrams *set, size_t i, const psh_match *matches, size_t n_matches,
                          int64_t *mates) {
    uint64_t first = psh_diagrams_offsets(set)[i];
    for (size_t k = 0; k < n_matches; k++)
        if (matches[k].a >= 0) mates[first + (uint64_t)matches[k].a] = matches[k].b;
}

static void add(group *to, size_t member, const double *point, int32_t dim) {
    to->sum += point[0] + point[1], to->persistence += point[1] - point[0];
    to->n_points++, to->last = member, to->dim = dim;
}

/* Matched points go to the group of their centre point, those matched to the diagonal are skipped. */
static void gather_matched(const psh_diagrams *set, const size_t *members, size_t n_members, const int64_t *mates,
                           groups *to) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    for (size_t j = 0; j < n_members; j++)
        for (uint64_t row = offsets[members[j]]; row < offsets[members[j] + 1]; row++)
            if (mates[row] >= 0)
                add(&to->items[mates[row]], members[j], psh_diagrams_points(set) + 2 * row,
                    psh_diagrams_dims(set)[row]);
}

static group *best_group(const groups *from, size_t member, const double *point, int32_t dim, size_t n_members) {
    double sum = point[0] + point[1], persistence = point[1] - point[0], greatest = 0;
    group *best = NULL;
    for (size_t g = 0; g < from->n_items; g++) {
        group *to = &from->items[g];
        if (to->last == member || to->dim != dim) continue;
        double n = (double)to->n_points, apart = sum - to->sum / n;
        double gain = 2 * to->persistence * persistence / (double)n_members - n / (n + 1) * apart * apart;
        if (gain > greatest) greatest = gain, best = to;
    }
    return best;
}

/* A point is loose if it was matched to the diagonal or is alone at its centre point. */
static psh_status gather_loose(const psh_diagrams *set, const size_t *members, size_t n_members, const int64_t *mates,
                               const groups *matched, groups *to, psh_error *err) {
    const uint64_t *offsets = psh_diagrams_offsets(set);
    for (size_t j = 0; j < n_members; j++)
        for (uint64_t row = offsets[members[j]]; row < offsets[members[j] + 1]; row++) {
            const double *point = psh_diagrams_points(set) + 2 * row;
            int32_t dim = psh_diagrams_dims(set)[row];
            if (point[0] == point[1] || (mates[row] >= 0 && matched->items[mates[row]].n_points > 1)) continue;
            group *joined = best_group(to, members[j], point, dim, n_members);
            if (!joined) {
                if (!PSH_GROW(&to->items, &to->capacity, to->n_items + 1))
                    return psh__error_memory(err, "groups of points", (to->n_items + 1) * sizeof(group));
                joined = &to->items[to->n_items++];
                *joined = (group){.last = NOBODY};
            }
            add(joined, members[j], point, dim);
        }
    return PSH_OK;
}

/* The points of groups with at least n_least points; rounding may put one on the diagonal, where it is left out. */
static size_t place(const groups *from, size_t n_least, size_t n_members, double *points, int32_t *dims) {
    size_t n_points = 0;
    for (size_t g = 0; g < from->n_items; g++) {
        const group *of = &from->items[g];
        if (of->n_points < n_least) continue;
        double sum = of->sum / (double)of->n_points, persistence = of->persistence / (double)n_members;
        double birth = 0.5 * (sum - persistence), death = 0.5 * (sum + persistence);
        if (!(birth < death)) continue;
        points[2 * n_points] = birth, points[2 * n_points + 1] = death;
        dims[n_points++] = of->dim;
    }
    return n_points;
}

psh_status psh__barycentre_step(const psh_diagrams *set, const size_t *members, size_t n_members,
                                const psh_diagrams *centre, const int64_t *mates, psh_diagrams **dst, psh_error *err) {
    groups matched = {.n_items = psh_diagrams_n_points(centre)}, loose = {0};
    double *points = NULL;
    int32_t *dims = NULL;
    psh_diagrams *made = NULL;
    psh_status status = PSH_OK;
    assert(n_members);
    matched.items = psh__calloc(matched.n_items, sizeof *matched.items);
    if (!matched.items) return psh__error_memory(err, "groups of points", matched.n_items * sizeof *matched.items);
    gather_matched(set, members, n_members, mates, &matched);
    PSH_TRY_GOTO(gather_loose(set, members, n_members, mates, &matched, &loose, err));
    size_t n_room = matched.n_items + loose.n_items;
    points = psh__malloc(n_room, 2 * sizeof *points), dims = psh__malloc(n_room, sizeof *dims);
    if (!points || !dims) {
        status = psh__error_memory(err, "a centre", n_room * 2 * sizeof *points);
        goto done;
    }
    size_t n_points = place(&matched, 2, n_members, points, dims);
    n_points += place(&loose, 1, n_members, points + 2 * n_points, dims + n_points);
    PSH_TRY_GOTO(psh_diagrams_create(&made, err));
    PSH_TRY_GOTO(psh_diagrams_append(made, points, dims, n_points, NULL, -1, err));
    *dst = made, made = NULL;
done:
    psh_diagrams_free(made);
    psh__free(dims), psh__free(points);
    psh__free(loose.items), psh__free(matched.items);
    return status;
}
