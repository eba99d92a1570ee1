/* pdgan_loss.c : similarity losses: the paper's (section 3.3.1), and 1 - correlation. Sums in double, in the order of
 * the rows.
 *
 * The correlation leaves the scale and the offset of the similarities free. Squares do not: where similarities are all
 * near 1, so are codes that fit them, and what tells diagrams apart is a small rest. */
#include <math.h>

#include "encoder/pdgan_train.h"

/* d/dh_i of 1 / (2 n^2) sum_ij (h_i h_j / L - S_ij)^2 = 1 / (n^2 L) sum_j ((s_ij - S_ij) + (s_ij - S_ji)) h_j : S need
 * not be symmetric. */
double psh__loss_similarity(const float *codes, const uint32_t *rows, size_t n, size_t n_bits, const float *similarity,
                            size_t n_items, float *d) {
    double sum = 0, pairs = (double)n * (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            const float *a = codes + i * n_bits, *b = codes + j * n_bits;
            double dot = 0;
            for (size_t k = 0; k < n_bits; k++) dot += (double)a[k] * (double)b[k];
            double found = dot / (double)n_bits, off = found - (double)similarity[rows[i] * n_items + rows[j]];
            double back = found - (double)similarity[rows[j] * n_items + rows[i]];
            sum += off * off;
            float slope = (float)((off + back) / (pairs * (double)n_bits));
            for (size_t k = 0; k < n_bits; k++) d[i * n_bits + k] += slope * b[k];
        }
    return sum / (2 * pairs);
}

typedef struct pairs {
    double mean_found, mean_wanted, found, wanted, both; /* means, then sums of squares and products around them */
} pairs;

/* (n, n): scalar products of the codes, over their length. */
static void multiply(const float *codes, size_t n, size_t n_bits, float *products) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++) {
            const float *a = codes + i * n_bits, *b = codes + j * n_bits;
            double dot = 0;
            for (size_t k = 0; k < n_bits; k++) dot += (double)a[k] * (double)b[k];
            products[i * n + j] = products[j * n + i] = (float)(dot / (double)n_bits);
        }
}

static pairs compare(const float *products, const uint32_t *rows, size_t n, const float *similarity, size_t n_items) {
    pairs p = {0, 0, 0, 0, 0};
    double n_pairs = (double)n * (double)(n - 1);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            if (i == j) continue;
            p.mean_found += (double)products[i * n + j] / n_pairs;
            p.mean_wanted += (double)similarity[rows[i] * n_items + rows[j]] / n_pairs;
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            if (i == j) continue;
            double found = (double)products[i * n + j] - p.mean_found;
            double wanted = (double)similarity[rows[i] * n_items + rows[j]] - p.mean_wanted;
            p.found += found * found, p.wanted += wanted * wanted, p.both += found * wanted;
        }
    return p;
}

/* r = C / sqrt(A B) with A, B the sums of squares and C that of products: dr/ds_ij = (S_ij - r sqrt(B / A) s_ij) /
 * sqrt(A B), both centred. Equal codes, or equal similarities, have no correlation and no gradient. */
double psh__loss_correlation(const float *codes, const uint32_t *rows, size_t n, size_t n_bits, const float *similarity,
                             size_t n_items, float *products, float *d) {
    multiply(codes, n, n_bits, products);
    pairs p = compare(products, rows, n, similarity, n_items);
    double least = 1e-12 * (double)(n * n); /* below: rounding */
    if (!(p.found > least && p.wanted > least)) return isfinite(p.found + p.wanted) ? 1 : NAN;
    double root = sqrt(p.found * p.wanted), r = p.both / root;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            if (i == j) continue;
            double found = (double)products[i * n + j] - p.mean_found;
            double wanted = (double)similarity[rows[i] * n_items + rows[j]] +
                            (double)similarity[rows[j] * n_items + rows[i]] - 2 * p.mean_wanted;
            float slope = (float)((2 * found * r / p.found - wanted / root) / (double)n_bits);
            const float *b = codes + j * n_bits;
            for (size_t k = 0; k < n_bits; k++) d[i * n_bits + k] += slope * b[k];
        }
    return 1 - r;
}

double psh__loss_quantisation(const float *codes, size_t n, double weight, float *d) {
    double sum = 0, factor = 2 * weight / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = (double)codes[i] - (codes[i] > 0 ? 1 : -1);
        sum += off * off;
        d[i] += (float)(factor * off);
    }
    return sum / (double)n;
}
