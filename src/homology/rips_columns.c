/* rips_columns.c : reduction over Z/2, column by column, by pivots (Edelsbrunner, Letscher, Zomorodian 2002).
 *
 * Columns are few (one for each class that dies) and short, so they are stored as lists; the one at hand is a row of
 * bits. */
#include "base/alloc.h"
#include "base/error.h"
#include "homology/rips.h"

void psh__columns_free(psh__columns *columns) {
    psh__free(columns->bits);
    psh__free(columns->entries);
    psh__free(columns->columns);
}

void psh__columns_start(psh__columns *columns) {
    columns->n_births = columns->n_alive = columns->n_entries = columns->top = 0;
}

psh_status psh__columns_bear(psh__columns *columns, psh__room *room, psh_error *err) {
    size_t i_birth = columns->n_births;
    PSH_ROOM(room, columns, columns, i_birth + 1, "columns");
    PSH_ROOM(room, columns, bits, i_birth / 64 + 1, "a column");
    if (i_birth % 64 == 0) columns->bits[i_birth / 64] = 0;
    columns->columns[i_birth] = (struct psh__column){.death = PSH__NO_RANK};
    columns->n_births++, columns->n_alive++;
    return PSH_OK;
}

static size_t highest_bit(uint64_t word) {
    return 63 - (size_t)__builtin_clzll(word);
}

/* Moves the column at hand to the list. */
static psh_status store(psh__columns *columns, size_t pivot, uint32_t death, psh__room *room, psh_error *err) {
    size_t n_entries = 0;
    for (size_t word = 0; word < columns->top; word++) n_entries += (size_t)__builtin_popcountll(columns->bits[word]);
    PSH_ROOM(room, columns, entries, columns->n_entries + n_entries, "columns");
    columns->columns[pivot] =
        (struct psh__column){.start = columns->n_entries, .n_entries = (uint32_t)n_entries, .death = death};
    for (size_t word = 0; word < columns->top; word++) {
        for (uint64_t bits = columns->bits[word]; bits; bits &= bits - 1)
            columns->entries[columns->n_entries++] = (uint32_t)(word * 64 + (size_t)__builtin_ctzll(bits));
        columns->bits[word] = 0;
    }
    columns->top = 0;
    columns->n_alive--;
    return PSH_OK;
}

psh_status psh__columns_reduce(psh__columns *columns, uint32_t death, bool *is_zero, psh__room *room, psh_error *err) {
    *is_zero = false;
    for (; columns->top > 0; columns->top--) {
        size_t word = columns->top - 1;
        while (columns->bits[word]) {
            size_t pivot = word * 64 + highest_bit(columns->bits[word]);
            const struct psh__column *column = &columns->columns[pivot];
            if (column->n_entries == 0) return store(columns, pivot, death, room, err);
            for (size_t i = 0; i < column->n_entries; i++) {
                uint32_t birth = columns->entries[column->start + i];
                columns->bits[birth / 64] ^= (uint64_t)1 << birth % 64;
            }
        }
    }
    *is_zero = true;
    return PSH_OK;
}
