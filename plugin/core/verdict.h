/* The verdict: the pattern's threshold over a rolling window, in integers. */
#ifndef SY_CORE_VERDICT_H
#define SY_CORE_VERDICT_H

#include "core/event.h"

/* One period's counts, absolute; what a telemetry source answers. */
struct sy_sample {
    int64_t start_ms;
    struct sy_counts canary; /* the target */
    struct sy_counts other;  /* the baseline */
};

/* Sum of the samples whose period starts in (now_ms - window_ms, now_ms] and not before from_ms. */
void sy_window_sum(const struct sy_sample *samples, size_t n, int64_t now_ms, int64_t window_ms,
                   int64_t from_ms, struct sy_counts *ret_canary, struct sy_counts *ret_other);

/* Unhealthy: at least min_invocations and errors * 10000 > threshold_bp * invocations, strictly.
 * Inconclusive: fewer than min_invocations, or more errors than invocations, which counts that are
 * still growing can show. No data is inconclusive, never healthy. */
enum sy_decision sy_verdict_threshold(struct sy_counts counts, int32_t threshold_bp,
                                      int64_t min_invocations);

/* Error rate in basis points, rounded down; -1 without invocations. */
int64_t sy_rate_bp(struct sy_counts counts);

/* The judgement of everything a source answered. */
struct sy_judgement {
    enum sy_decision decision; /* unhealthy if any window was, else that of the window ending now */
    int64_t at_ms;             /* end of the window that decided */
    struct sy_counts canary;   /* within that window */
    struct sy_counts other;
    struct sy_counts total; /* the target's counts from from_ms on */
};
/* Judge the window that ends now, and each window that ends at a sample: counts arrive late, so a
 * window that looked healthy may turn out not to have been. Samples are sorted, oldest first. */
void sy_judge(const struct sy_spec *spec, const struct sy_sample *samples, size_t n, int64_t now_ms,
              int64_t from_ms, struct sy_judgement *ret);
/* The judgement in words: "error rate 12% (6 of 50) within 5m exceeds 5%". */
void sy_judgement_format(const struct sy_spec *spec, const struct sy_judgement *j, char *to,
                         size_t size);

#endif
