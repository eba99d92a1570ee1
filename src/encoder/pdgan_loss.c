/* pdgan_loss.c : the paper's similarity loss (section 3.3.1). Sums in double, in the order of the rows. */
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

double psh__loss_quantisation(const float *codes, size_t n, double weight, float *d) {
    double sum = 0, factor = 2 * weight / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = (double)codes[i] - (codes[i] > 0 ? 1 : -1);
        sum += off * off;
        d[i] += (float)(factor * off);
    }
    return sum / (double)n;
}
