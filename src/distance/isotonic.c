/* isotonic.c : isotonic regression by pooling adjacent violators (Ayer, Brunk, Ewing, Reid, Silverman 1955).
 *
 * Blocks of equal fitted values lie on a stack, each with its weighted mean. A new value is a block of its own; while
 * the last block is not above the one before it, the two become one. Each value is pushed once and merged at most once,
 * so the cost is linear, and the order of operations is fixed. */
#include "distance/isotonic.h"

void psh__isotonic(double *values, const double *weights, size_t n_values, psh__isotonic_block *blocks) {
    size_t n_blocks = 0;
    for (size_t i = 0; i < n_values; i++) {
        psh__isotonic_block last = {.end = i + 1, .weight = weights[i], .mean = values[i]};
        for (; n_blocks > 0 && blocks[n_blocks - 1].mean >= last.mean; n_blocks--) {
            const psh__isotonic_block *before = &blocks[n_blocks - 1];
            double weight = before->weight + last.weight;
            last.mean = (before->weight * before->mean + last.weight * last.mean) / weight;
            last.weight = weight;
        }
        blocks[n_blocks++] = last;
    }
    for (size_t b = 0, i = 0; b < n_blocks; b++)
        for (; i < blocks[b].end; i++) values[i] = blocks[b].mean;
}
