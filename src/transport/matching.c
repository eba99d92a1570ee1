/* matching.c : W_q^q of two diagrams as a maximum-weight matching, by shortest augmenting paths.
 *
 *     W_q^q = sum_i d(a_i)^q + sum_j d(b_j)^q - max over partial matchings of sum of w_ij,
 *     w_ij = d(a_i)^q + d(b_j)^q - c(a_i, b_j)^q
 *
 * since matching a pair saves the two distances to the diagonal and pays the ground distance. Only positive weights
 * matter. Dual: min sum u + sum v with u, v >= 0, u_i + v_j >= w_ij; unmatched points have u = 0, v = 0, matched pairs
 * have u_i + v_j = w_ij. Rows enter one at a time; a Dijkstra search over slacks u_i + v_j - w_ij finds the cheapest
 * way to place the new row: at an unmatched column, or by sending some row of the tree to the diagonal.
 * Cost: O(n^3) at worst. */
#include "transport/matching.h"

#include <math.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"

struct psh__matching_room {
    size_t n_max;
    double *weights;                  /* (n_a, n_b) */
    double *u, *v, *distance;         /* (n_max) */
    size_t *row_of, *column_of, *via; /* (n_max) */
    double *ax, *ay, *bx, *by, *da, *db;
    size_t *tree; /* columns in the order in which they were reached */
    unsigned char *is_done;
};

#define NONE SIZE_MAX

psh_status psh__matching_room_create(size_t n_max, psh__matching_room **dst, psh_error *err) {
    psh__matching_room *room = psh__calloc(1, sizeof *room);
    size_t n_cells;
    if (!room || !psh__size_mul(n_max, n_max, &n_cells)) goto fail;
    room->n_max = n_max;
    room->weights = psh__malloc(n_cells, sizeof *room->weights);
    double **doubles[] = {&room->u,  &room->v,  &room->distance, &room->ax, &room->ay,
                          &room->bx, &room->by, &room->da,       &room->db};
    size_t **sizes[] = {&room->row_of, &room->column_of, &room->via, &room->tree};
    for (size_t k = 0; k < sizeof doubles / sizeof *doubles; k++)
        if (!(*doubles[k] = psh__malloc(n_max, sizeof **doubles[k]))) goto fail;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        if (!(*sizes[k] = psh__malloc(n_max, sizeof **sizes[k]))) goto fail;
    room->is_done = psh__malloc(n_max, 1);
    if (!room->weights || !room->is_done) goto fail;
    *dst = room;
    return PSH_OK;
fail:
    psh__matching_room_free(room);
    return psh__error_memory(err, "matching", (unsigned long long)n_max * n_max * sizeof(double));
}

void psh__matching_room_free(psh__matching_room *room) {
    if (!room) return;
    void *parts[] = {room->weights,   room->u,   room->v,  room->distance, room->row_of,
                     room->column_of, room->via, room->ax, room->ay,       room->bx,
                     room->by,        room->da,  room->db, room->tree,     room->is_done};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) psh__free(parts[k]);
    psh__free(room);
}

static double power(double x, double order) {
    return order == 1 ? x : (order == 2 ? x * x : pow(x, order));
}

static double ground_distance(double dx, double dy, psh_ground ground) {
    return ground == PSH_GROUND_LINF ? fmax(fabs(dx), fabs(dy)) : sqrt(dx * dx + dy * dy);
}

/* Copies the points, each as often as its count, relative to `origin` and divided by `scale`. */
static size_t expand(const psh__measure *measure, double origin, double scale, double order, psh_ground ground,
                     double *x, double *y, double *to_diagonal) {
    size_t n = 0;
    double factor = ground == PSH_GROUND_LINF ? 0.5 : sqrt(0.5);
    for (size_t k = 0; measure && k < measure->n_points; k++)
        for (uint32_t c = 0; c < measure->counts[k]; c++, n++) {
            double birth = measure->points[2 * k], death = measure->points[2 * k + 1];
            x[n] = (birth - origin) / scale, y[n] = (death - origin) / scale;
            to_diagonal[n] = power((death / scale - birth / scale) * factor, order);
        }
    return n;
}

/* A power of two above all coordinate differences of the two measures, and their least birth. */
static double frame(const psh__measure *a, const psh__measure *b, double *origin) {
    const psh__measure *both[] = {a, b};
    double lo = INFINITY, hi = -INFINITY;
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; both[k] && i < both[k]->n_points; i++) {
            lo = fmin(lo, both[k]->points[2 * i]);
            hi = fmax(hi, both[k]->points[2 * i + 1]);
        }
    *origin = lo < hi ? lo : 0;
    if (!(lo < hi)) return 1;
    int exponent;
    (void)frexp(hi / 2 - lo / 2, &exponent);
    if (exponent > 1022) *origin = 0; /* hi - lo would overflow */
    return ldexp(1, exponent < -1020 ? -1020 : (exponent > 1022 ? 1022 : exponent + 1));
}

/* Places row `start`: grows a tree of columns until its cheapest exit is known, then turns the path over. */
static void augment(psh__matching_room *room, size_t start, size_t n_columns) {
    double *u = room->u, *v = room->v, *distance = room->distance, reached = 0, exit_distance = u[start];
    size_t row = start, exit_row = start, exit_column = NONE, n_tree = 0;
    for (size_t j = 0; j < n_columns; j++) distance[j] = INFINITY, room->is_done[j] = 0;
    for (;;) {
        const double *weights = room->weights + row * n_columns;
        size_t nearest = NONE;
        double least = INFINITY;
        for (size_t j = 0; j < n_columns; j++) {
            if (room->is_done[j]) continue;
            double via_row = reached + (u[row] + v[j] - weights[j]);
            if (via_row < distance[j]) distance[j] = via_row, room->via[j] = row;
            if (distance[j] < least) least = distance[j], nearest = j;
        }
        if (nearest == NONE || least >= exit_distance) break;
        reached = least > reached ? least : reached;
        room->is_done[nearest] = 1;
        room->tree[n_tree++] = nearest;
        row = room->row_of[nearest];
        if (row == NONE) {
            exit_column = nearest, exit_distance = reached;
            break;
        }
        if (reached + u[row] < exit_distance) exit_distance = reached + u[row], exit_row = row;
    }
    u[start] -= exit_distance;
    for (size_t t = 0; t < n_tree; t++) {
        size_t j = room->tree[t];
        double change = exit_distance - distance[j];
        if (change <= 0 || j == exit_column) continue;
        v[j] += change;
        u[room->row_of[j]] -= change;
    }
    size_t column = exit_column;
    if (column == NONE) {
        if (exit_row == start) return;
        column = room->column_of[exit_row];
        room->column_of[exit_row] = NONE;
        u[exit_row] = 0;
    }
    for (;;) {
        size_t from = room->via[column], next = room->column_of[from];
        room->row_of[column] = from, room->column_of[from] = column;
        if (from == start) return;
        column = next;
    }
}

double psh__matching_cost(psh__matching_room *room, const psh__measure *a, const psh__measure *b, double order,
                          psh_ground ground, double *scale) {
    double origin;
    *scale = frame(a, b, &origin);
    size_t n_a = expand(a, origin, *scale, order, ground, room->ax, room->ay, room->da);
    size_t n_b = expand(b, origin, *scale, order, ground, room->bx, room->by, room->db);
    for (size_t j = 0; j < n_b; j++) room->v[j] = 0, room->row_of[j] = NONE;
    for (size_t i = 0; i < n_a; i++)
        for (size_t j = 0; j < n_b; j++) {
            double c = ground_distance(room->ax[i] - room->bx[j], room->ay[i] - room->by[j], ground);
            room->weights[i * n_b + j] = room->da[i] + room->db[j] - power(c, order);
        }
    for (size_t i = 0; i < n_a; i++) {
        room->u[i] = 0, room->column_of[i] = NONE;
        for (size_t j = 0; j < n_b; j++) room->u[i] = fmax(room->u[i], room->weights[i * n_b + j] - room->v[j]);
        augment(room, i, n_b);
    }
    double cost = 0;
    for (size_t i = 0; i < n_a; i++) {
        size_t j = room->column_of[i];
        cost += j == NONE ? room->da[i]
                          : power(ground_distance(room->ax[i] - room->bx[j], room->ay[i] - room->by[j], ground), order);
    }
    for (size_t j = 0; j < n_b; j++)
        if (room->row_of[j] == NONE) cost += room->db[j];
    return cost;
}
