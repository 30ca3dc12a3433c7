#include "core/verdict.h"

#include "base/text.h"

#include <stdio.h>

/* Counts come from outside: a sum that overflows stays at the largest number. */
static void add(struct sy_counts *sum, struct sy_counts counts) {
    if (__builtin_add_overflow(sum->invocations, counts.invocations, &sum->invocations))
        sum->invocations = INT64_MAX;
    if (__builtin_add_overflow(sum->errors, counts.errors, &sum->errors))
        sum->errors = INT64_MAX;
}

void sy_window_sum(const struct sy_sample *samples, size_t n, int64_t now_ms, int64_t window_ms,
                   int64_t from_ms, struct sy_counts *ret_canary, struct sy_counts *ret_other) {
    *ret_canary = (struct sy_counts){0};
    *ret_other = (struct sy_counts){0};
    for (size_t i = 0; i < n; i++) {
        int64_t start = samples[i].start_ms;
        if (start <= now_ms - window_ms || start > now_ms || start < from_ms)
            continue;
        add(ret_canary, samples[i].canary);
        add(ret_other, samples[i].other);
    }
}

enum sy_decision sy_verdict_threshold(struct sy_counts counts, int32_t threshold_bp,
                                      int64_t min_invocations) {
    if (counts.invocations < min_invocations || counts.invocations <= 0 ||
        counts.errors > counts.invocations)
        return SY_DECISION_INCONCLUSIVE;
    /* 128 bits: counts come from outside. */
    __int128 errors = (__int128)counts.errors * 10000;
    __int128 allowed = (__int128)counts.invocations * threshold_bp;
    return errors > allowed ? SY_DECISION_UNHEALTHY : SY_DECISION_HEALTHY;
}

int64_t sy_rate_bp(struct sy_counts counts) {
    if (counts.invocations <= 0)
        return -1;
    return (int64_t)((__int128)counts.errors * 10000 / counts.invocations);
}

/* Judge one window; true when it is unhealthy. */
static bool judge_window(const struct sy_spec *spec, const struct sy_sample *samples, size_t n,
                         int64_t at_ms, int64_t from_ms, struct sy_judgement *ret) {
    sy_window_sum(samples, n, at_ms, spec->window_ms, from_ms, &ret->canary, &ret->other);
    ret->at_ms = at_ms;
    ret->decision = sy_verdict_threshold(ret->canary, spec->threshold_bp, spec->min_invocations);
    return ret->decision == SY_DECISION_UNHEALTHY;
}

void sy_judge(const struct sy_spec *spec, const struct sy_sample *samples, size_t n, int64_t now_ms,
              int64_t from_ms, struct sy_judgement *ret) {
    *ret = (struct sy_judgement){0};
    for (size_t i = 0; i < n; i++)
        if (samples[i].start_ms >= from_ms)
            add(&ret->total, samples[i].canary);
    /* A window may have ended unhealthy only if it has errors at all; most releases have none, and
     * then one look at the current window is the whole work. Else each window's own samples, at
     * most SY_WINDOW_BUCKETS, are summed up. */
    size_t first = 0;
    for (size_t i = 0; i < n && ret->total.errors > 0; i++) {
        int64_t at_ms = samples[i].start_ms;
        while (samples[first].start_ms <= at_ms - spec->window_ms)
            first++;
        if (at_ms >= from_ms && at_ms < now_ms &&
            judge_window(spec, samples + first, i + 1 - first, at_ms, from_ms, ret))
            return;
    }
    (void)judge_window(spec, samples, n, now_ms, from_ms, ret);
}

void sy_judgement_format(const struct sy_spec *spec, const struct sy_judgement *j, char *to,
                         size_t size) {
    char rate[16];
    char threshold[16];
    char window[32];
    sy_duration_format(spec->window_ms, window);
    if (j->canary.errors > j->canary.invocations)
        (void)snprintf(to, size, "%lld errors of %lld invocations within %s: the counts still grow",
                       (long long)j->canary.errors, (long long)j->canary.invocations, window);
    else if (j->decision == SY_DECISION_INCONCLUSIVE)
        (void)snprintf(to, size, "%lld invocation%s within %s, %lld are needed for a verdict",
                       (long long)j->canary.invocations, j->canary.invocations == 1 ? "" : "s",
                       window, (long long)spec->min_invocations);
    else
        (void)snprintf(to, size, "error rate %s (%lld of %lld) within %s %s %s",
                       sy_percent_format(sy_rate_bp(j->canary), rate), (long long)j->canary.errors,
                       (long long)j->canary.invocations, window,
                       j->decision == SY_DECISION_UNHEALTHY ? "exceeds" : "is not above",
                       sy_percent_format(spec->threshold_bp, threshold));
}
