/* rips_chain.c : a binary heap of integers; two equal ones cancel when they are taken. Cost: log(length) a step. */
#include "base/alloc.h"
#include "base/error.h"
#include "homology/rips.h"

void psh__chain_free(psh__chain *chain) {
    psh__free(chain->items);
}

psh_status psh__chain_add(psh__chain *chain, uint64_t item, psh__room *room, psh_error *err) {
    PSH_ROOM(room, chain, items, chain->n_items + 1, "a chain");
    size_t place = chain->n_items++;
    for (; place > 0 && chain->items[(place - 1) / 2] < item; place = (place - 1) / 2)
        chain->items[place] = chain->items[(place - 1) / 2];
    chain->items[place] = item;
    return PSH_OK;
}

static uint64_t take_one(psh__chain *chain) {
    uint64_t *items = chain->items, greatest = items[0], last = items[--chain->n_items];
    size_t place = 0, child = 1;
    for (; child < chain->n_items; place = child, child = 2 * child + 1) {
        if (child + 1 < chain->n_items && items[child + 1] > items[child]) child++;
        if (items[child] <= last) break;
        items[place] = items[child];
    }
    items[place] = last;
    return greatest;
}

bool psh__chain_take(psh__chain *chain, uint64_t *dst) {
    while (chain->n_items > 0) {
        *dst = take_one(chain);
        if (chain->n_items == 0 || chain->items[0] != *dst) return true;
        take_one(chain);
    }
    return false;
}
