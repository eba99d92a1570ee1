/* loss.c : losses of one value each. Sums in the order of the values, in double. */
#include <math.h>

#include "base/exp.h"
#include "nn/nn.h"

double psh__loss_mse(const float *y, const float *target, size_t n, double weight, float *d) {
    double sum = 0, factor = 2 * weight / (double)n;
    for (size_t i = 0; i < n; i++) {
        double difference = (double)y[i] - (double)target[i];
        sum += difference * difference;
        if (d) d[i] += (float)(factor * difference);
    }
    return sum / (double)n;
}

/* -log sigmoid(x) = log(1 + exp(-x)), and -log(1 - sigmoid(x)) is the same of -x. Stable for any x; the derivatives are
 * sigmoid(x) - 1 and sigmoid(x). */
double psh__loss_logistic(const float *logit, bool is_real, size_t n, double weight, float *d) {
    double sum = 0, factor = weight / (double)n;
    for (size_t i = 0; i < n; i++) {
        double x = is_real ? -(double)logit[i] : (double)logit[i], size = fabs(x) < 100 ? fabs(x) : 100;
        double tail = psh__exp(-size);
        sum += (x > 0 ? x : 0) + log1p(tail);
        double slope = x > 0 ? 1 / (1 + tail) : tail / (1 + tail);
        if (d) d[i] += (float)(is_real ? -factor * slope : factor * slope);
    }
    return sum / (double)n;
}
