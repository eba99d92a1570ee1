/* matching_room.c : the memory of a matching, and its lists of matched pairs. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/size.h"
#include "transport/matching.h"

/* Carves arrays of 8-byte items, each starting at a multiple of 64 bytes, out of one block. With block NULL it only
 * counts. */
typedef struct carver {
    char *block;
    size_t used_bytes;
} carver;

static void *carve(carver *from, size_t n_items, size_t item_bytes) {
    void *array = from->block ? from->block + from->used_bytes : NULL;
    from->used_bytes += (n_items * item_bytes + 63) / 64 * 64;
    return array;
}

static void carve_all(psh__matching_room *room, carver *from, size_t n_max) {
    size_t n = PSH__SCAN_ROUND_UP(n_max);
    for (int s = 0; s < 2; s++) {
        psh__side *side = &room->side[s];
        double **doubles[] = {&side->x, &side->y, &side->center, &side->diagonal, &side->dual};
        uint32_t **words[] = {&side->point,     &side->supply,    &side->open,   &side->matched,
                              &side->first_arc, &side->run_first, &side->run_end};
        for (size_t k = 0; k < sizeof doubles / sizeof *doubles; k++) *doubles[k] = carve(from, n, sizeof **doubles[k]);
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) *words[k] = carve(from, n, sizeof **words[k]);
    }
    double **doubles[] = {&room->keys, &room->via, &room->prices, &room->reached, &room->row_reached};
    uint32_t **words[] = {&room->pending,    &room->tree_columns, &room->tree_rows,
                          &room->row_parent, &room->row_arc,      &room->row_stamp};
    for (size_t k = 0; k < sizeof doubles / sizeof *doubles; k++) *doubles[k] = carve(from, n, sizeof **doubles[k]);
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) *words[k] = carve(from, n, sizeof **words[k]);
    room->is_pending = carve(from, n, 1);
    room->line_steps = carve(from, psh__line_n_steps(2 * n), sizeof *room->line_steps);
}

psh_status psh__matching_room_create(size_t n_max, psh__matching_room **dst, psh_error *err) {
    if (n_max >= PSH__NO_NODE / 4)
        return psh__error(err, PSH_ERR_UNSUPPORTED, "%zu distinct points in one diagram: at most %u are supported",
                          n_max, PSH__NO_NODE / 4 - 1);
    psh__matching_room *room = psh__calloc(1, sizeof *room);
    carver counting = {0};
    if (!room) return psh__error_memory(err, "matching", sizeof *room);
    carve_all(room, &counting, n_max);
    room->block = psh__calloc(counting.used_bytes, 1);
    room->arcs_capacity = 2 * n_max + 8;
    room->arcs = psh__malloc(room->arcs_capacity, sizeof *room->arcs);
    if (!room->block || !room->arcs) {
        psh__matching_room_free(room);
        return psh__error_memory(err, "matching", counting.used_bytes);
    }
    carve_all(room, &(carver){.block = room->block}, n_max);
    room->scan = psh__scan_kernels();
    room->free_arc = PSH__NO_ARC;
    *dst = room;
    return PSH_OK;
}

void psh__matching_room_free(psh__matching_room *room) {
    if (!room) return;
    psh__free(room->block);
    psh__free(room->arcs);
    for (int s = 0; s < 2; s++) psh__free(room->side[s].costs);
    psh__free(room);
}

psh_status psh__matching_add(psh__matching_room *room, int side, uint32_t i, uint32_t j, uint32_t amount,
                             psh_error *err) {
    for (uint32_t a = room->side[side].first_arc[i]; a != PSH__NO_ARC; a = room->arcs[a].next[side])
        if (room->arcs[a].node[!side] == j) {
            room->arcs[a].amount += amount;
            return PSH_OK;
        }
    uint32_t a = room->free_arc;
    if (a != PSH__NO_ARC) {
        room->free_arc = room->arcs[a].next[0];
    } else {
        if (!PSH_GROW(&room->arcs, &room->arcs_capacity, room->n_arcs + 1) || room->n_arcs >= PSH__NO_ARC)
            return psh__error_memory(err, "matched pairs", room->n_arcs * sizeof *room->arcs);
        a = (uint32_t)room->n_arcs++;
    }
    uint32_t *head = &room->side[side].first_arc[i], *other_head = &room->side[!side].first_arc[j];
    psh__arc *arc = &room->arcs[a];
    arc->node[side] = i, arc->node[!side] = j, arc->amount = amount;
    arc->next[side] = *head, *head = a;
    arc->next[!side] = *other_head, *other_head = a;
    return PSH_OK;
}

void psh__matching_take(psh__matching_room *room, uint32_t a, uint32_t amount) {
    psh__arc *arc = &room->arcs[a];
    arc->amount -= amount;
    if (arc->amount) return;
    for (int side = 0; side < 2; side++) { /* lists are short: a node has few partners */
        uint32_t *link = &room->side[side].first_arc[arc->node[side]];
        while (*link != a) link = &room->arcs[*link].next[side];
        *link = arc->next[side];
    }
    arc->next[0] = room->free_arc;
    room->free_arc = a;
}
