/* When to try again: the AWS SDKs' standard mode, as botocore 1.44 has it (retries/standard.py).
 *
 * 3 attempts. A retry takes 14 tokens of a bucket of 500, 5 when AWS throttled; a success gives
 * back what its last retry took, or 1. An empty bucket means that AWS as a whole is not well: then
 * nothing is tried twice. The delay before retry i (from 0) is random() * min(base * 2^i, 20 s),
 * base = 50 ms, 1 s when throttled; x-amz-retry-after raises it, by 5 s at most. */
#ifndef SY_AWS_RETRY_H
#define SY_AWS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum sy_retry_kind { SY_RETRY_NEVER, SY_RETRY_TRANSIENT, SY_RETRY_THROTTLED };

enum { SY_RETRY_ATTEMPTS = 3, SY_RETRY_TOKENS = 500 };

struct sy_retry {
    int tokens;
    uint64_t random;
};

static inline struct sy_retry sy_retry_init(uint64_t seed) {
    return (struct sy_retry){.tokens = SY_RETRY_TOKENS, .random = seed};
}

/* May attempt number attempt (from 1) be followed by another? Then takes the tokens and sets
 * *ret_cost. */
bool sy_retry_take(struct sy_retry *retry, enum sy_retry_kind kind, int attempt, int *ret_cost);
/* cost = of the call's last retry, 0 when its first attempt succeeded. */
void sy_retry_give_back(struct sy_retry *retry, int cost);
/* Milliseconds to wait after the attempt; retry_after = x-amz-retry-after, NULL when absent. */
int64_t sy_retry_delay_ms(struct sy_retry *retry, enum sy_retry_kind kind, int attempt,
                          const char *retry_after);

#endif
