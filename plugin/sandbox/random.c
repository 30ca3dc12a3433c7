#include "sandbox/random.h"

#include "base/random.h"

#include <inttypes.h>
#include <stdio.h>

enum { POISSON_PIECE = 256, BINOMIAL_PIECE = 512 };

uint64_t sy_random_key(uint64_t a, uint64_t b) {
    return sy_splitmix64_mix(sy_splitmix64_mix(a + SY_SPLITMIX64_STEP) ^ (b * SY_SPLITMIX64_STEP));
}

uint64_t sy_random_name(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash;
}

uint64_t sy_random_u64(struct sy_random *random) {
    return sy_splitmix64(&random->state);
}

double sy_random_unit(struct sy_random *random) {
    return (double)(sy_random_u64(random) >> 11) * 0x1p-53;
}

/* e^-x for 0 <= x <= 256: Taylor for x/1024 <= 1/4, then ten squarings. libm differs between
 * builds in the last bit; this does not. */
static double exp_minus(double x) {
    double y = x / 1024;
    double sum = 1;
    for (int k = 14; k >= 1; k--)
        sum = 1 - sum * y / k;
    for (int i = 0; i < 10; i++)
        sum *= sum;
    return sum;
}

static uint32_t poisson_piece(struct sy_random *random, double mean) {
    double u = sy_random_unit(random);
    double p = exp_minus(mean);
    uint32_t n = 0;
    /* The bound is 12 standard deviations and more away; rounding alone can reach it. */
    for (; u >= p && n < 4 * POISSON_PIECE; n++) {
        u -= p;
        p *= mean / (n + 1);
    }
    return n;
}

uint32_t sy_random_poisson(struct sy_random *random, double mean) {
    uint32_t n = 0;
    while (mean > POISSON_PIECE) {
        n += poisson_piece(random, POISSON_PIECE);
        mean -= POISSON_PIECE;
    }
    return mean > 0 ? n + poisson_piece(random, mean) : n;
}

static double power(double base, uint32_t exponent) {
    double result = 1;
    for (; exponent; exponent >>= 1, base *= base)
        if (exponent & 1)
            result *= base;
    return result;
}

/* p <= 1/2, so (1-p)^512 is far from underflow. */
static uint32_t binomial_piece(struct sy_random *random, uint32_t n, double p) {
    double u = sy_random_unit(random);
    double odds = p / (1 - p);
    double mass = power(1 - p, n);
    uint32_t x = 0;
    for (; u >= mass && x < n; x++) {
        u -= mass;
        mass *= odds * (n - x) / (x + 1);
    }
    return x;
}

uint32_t sy_random_binomial(struct sy_random *random, uint32_t n, double p) {
    if (!(p > 0) || n == 0)
        return 0;
    if (p >= 1)
        return n;
    if (p > 0.5)
        return n - sy_random_binomial(random, n, 1 - p);
    uint32_t x = 0;
    for (; n > BINOMIAL_PIECE; n -= BINOMIAL_PIECE)
        x += binomial_piece(random, BINOMIAL_PIECE, p);
    return x + binomial_piece(random, n, p);
}

void sy_random_uuid(struct sy_random *random, char buf[37]) {
    uint64_t a = sy_random_u64(random);
    uint64_t b = sy_random_u64(random);
    (void)snprintf(buf, 37, "%08x-%04x-4%03x-%04x-%012" PRIx64, (unsigned)(a >> 32),
                   (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
                   (unsigned)(b >> 48 & 0x3fff) | 0x8000u, b & 0xffffffffffffu);
}
