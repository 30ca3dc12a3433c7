#include "aws/retry.h"

#include "base/random.h"
#include "base/text.h"

enum {
    COST = 14,
    THROTTLED_COST = 5,
    BASE_MS = 50,
    THROTTLED_BASE_MS = 1000,
    CAP_MS = 20000,
    RETRY_AFTER_EXTRA_MS = 5000
};

bool sy_retry_take(struct sy_retry *retry, enum sy_retry_kind kind, int attempt, int *ret_cost) {
    int cost = kind == SY_RETRY_THROTTLED ? THROTTLED_COST : COST;
    if (kind == SY_RETRY_NEVER || attempt >= SY_RETRY_ATTEMPTS || cost > retry->tokens)
        return false;
    retry->tokens -= cost;
    *ret_cost = cost;
    return true;
}

void sy_retry_give_back(struct sy_retry *retry, int cost) {
    retry->tokens += cost ? cost : 1;
    if (retry->tokens > SY_RETRY_TOKENS)
        retry->tokens = SY_RETRY_TOKENS;
}

int64_t sy_retry_delay_ms(struct sy_retry *retry, enum sy_retry_kind kind, int attempt,
                          const char *retry_after) {
    int64_t limit = kind == SY_RETRY_THROTTLED ? THROTTLED_BASE_MS : BASE_MS;
    int64_t asked = 0;
    struct sy_error ignored;
    for (int i = 1; i < attempt && limit < CAP_MS; i++)
        limit *= 2;
    if (limit > CAP_MS)
        limit = CAP_MS;
    int64_t delay = (int64_t)(sy_splitmix64(&retry->random) % (uint64_t)(limit + 1));
    if (!retry_after ||
        sy_integer_parse("x-amz-retry-after", retry_after, 0, INT32_MAX, &asked, &ignored))
        return delay;
    if (asked > delay + RETRY_AFTER_EXTRA_MS)
        asked = delay + RETRY_AFTER_EXTRA_MS;
    return asked > delay ? asked : delay;
}
