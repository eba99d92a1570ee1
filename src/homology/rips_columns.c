/* rips_columns.c : reduction over Z/2, column by column, by pivots (Edelsbrunner, Letscher, Zomorodian 2002).
 *
 * Columns are few (one for each class that dies) and mostly short: these are kept as lists, the others as bits. The one
 * at hand is a row of bits. */
#include "base/alloc.h"
#include "base/error.h"
#include "homology/rips.h"

void psh__columns_free(psh__columns *columns) {
    psh__free(columns->bits);
    psh__free(columns->entries);
    psh__free(columns->words);
    psh__free(columns->columns);
}

void psh__columns_start(psh__columns *columns) {
    columns->n_births = columns->n_alive = columns->n_entries = columns->n_words = columns->top = 0;
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

/* Many births are cheaper as bits. */
static bool is_dense(size_t n_entries, size_t pivot) {
    return n_entries > 2 * (pivot / 64 + 1);
}

/* Keeps the column at hand, and empties it. */
static psh_status store(psh__columns *columns, size_t pivot, uint32_t death, psh__room *room, psh_error *err) {
    size_t n_words = pivot / 64 + 1, n_entries = 0;
    for (size_t i = 0; i < n_words; i++) n_entries += (size_t)__builtin_popcountll(columns->bits[i]);
    struct psh__column column = {.n_entries = (uint32_t)n_entries, .death = death};
    if (is_dense(n_entries, pivot)) {
        PSH_ROOM(room, columns, words, columns->n_words + n_words, "columns");
        column.start = columns->n_words;
        memcpy(columns->words + columns->n_words, columns->bits, n_words * sizeof *columns->words);
        columns->n_words += n_words;
    } else {
        PSH_ROOM(room, columns, entries, columns->n_entries + n_entries, "columns");
        column.start = columns->n_entries;
        for (size_t i = 0; i < n_words; i++)
            for (uint64_t bits = columns->bits[i]; bits; bits &= bits - 1)
                columns->entries[columns->n_entries++] = (uint32_t)(i * 64 + (size_t)__builtin_ctzll(bits));
    }
    memset(columns->bits, 0, n_words * sizeof *columns->bits);
    columns->columns[pivot] = column;
    columns->top = 0;
    columns->n_alive--;
    return PSH_OK;
}

/* Adds the column of `pivot` to the one at hand. */
static void add_column(psh__columns *columns, size_t pivot) {
    const struct psh__column *column = &columns->columns[pivot];
    uint64_t *bits = columns->bits;
    if (is_dense(column->n_entries, pivot)) {
        const uint64_t *words = columns->words + column->start;
        for (size_t i = 0; i <= pivot / 64; i++) bits[i] ^= words[i];
        return;
    }
    const uint32_t *entries = columns->entries + column->start;
    for (size_t i = 0; i < column->n_entries; i++) bits[entries[i] / 64] ^= (uint64_t)1 << entries[i] % 64;
}

psh_status psh__columns_reduce(psh__columns *columns, uint32_t death, bool *is_zero, psh__room *room, psh_error *err) {
    *is_zero = false;
    for (; columns->top > 0; columns->top--) {
        size_t word = columns->top - 1;
        while (columns->bits[word]) {
            size_t pivot = word * 64 + highest_bit(columns->bits[word]);
            if (columns->columns[pivot].n_entries == 0) return store(columns, pivot, death, room, err);
            add_column(columns, pivot);
        }
    }
    *is_zero = true;
    return PSH_OK;
}
