#include "report/interval.h"

#include <math.h>

/* Probability of x errors or more in n invocations at a rate of p, 0 < p <= x/n. From its mean on a
 * binomial only falls, so the sum may end where a term no longer counts. */
static double upper_tail(int64_t n, int64_t x, double p) {
    int sign = 0; /* lgamma() would write a global */
    double first = lgamma_r((double)n + 1, &sign) - lgamma_r((double)x + 1, &sign) -
                   lgamma_r((double)(n - x) + 1, &sign) + (double)x * log(p) +
                   (double)(n - x) * log1p(-p);
    double sum = 0;
    double term = 1; /* in units of the first */
    for (int64_t k = x; k <= n && term > 1e-17 * sum; k++) {
        sum += term;
        term *= (double)(n - k) / (double)(k + 1) * p / (1 - p);
    }
    return exp(first) * sum;
}

/* The rate at which x errors or more are just as improbable as alpha. The tail grows with the rate,
 * and at x/n it is near a half. */
static double lower_limit(int64_t n, int64_t x, double alpha) {
    double low = 0;
    double high = (double)x / (double)n;
    for (int i = 0; x > 0 && i < 64; i++) {
        double middle = (low + high) / 2;
        if (upper_tail(n, x, middle) < alpha)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void sy_exact_interval(struct sy_counts counts, double alpha, double *ret_low, double *ret_high) {
    int64_t n = counts.invocations;
    *ret_low = lower_limit(n, counts.errors, alpha);
    *ret_high = 1 - lower_limit(n, n - counts.errors, alpha); /* of what did not fail */
}

void sy_wilson_interval(struct sy_counts counts, double z, double *ret_low, double *ret_high) {
    double n = (double)counts.invocations;
    double rate = (double)counts.errors / n;
    double shrink = 1 + z * z / n;
    double middle = (rate + z * z / (2 * n)) / shrink;
    double half = z / shrink * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n));
    /* At the ends the limits are 0 and 1, but for the rounding. */
    *ret_low = counts.errors ? fmax(middle - half, 0) : 0;
    *ret_high = counts.errors < counts.invocations ? fmin(middle + half, 1) : 1;
}

void sy_rate_interval(struct sy_counts counts, double *ret_low, double *ret_high) {
    *ret_low = 0;
    *ret_high = 1;
    if (counts.invocations <= 0 || counts.errors < 0 || counts.errors > counts.invocations)
        return;
    if (counts.invocations <= SY_EXACT_MAX)
        sy_exact_interval(counts, 0.025, ret_low, ret_high);
    else
        sy_wilson_interval(counts, 1.959963984540054, ret_low, ret_high);
}
