/* What Lambda publishes to CloudWatch: counts of a function's traffic, by dimension set and period.
 */
#ifndef SY_SANDBOX_METRIC_H
#define SY_SANDBOX_METRIC_H

#include "sandbox/world_state.h"

/* Which metric: "" = that dimension is not in the set. */
struct sy_metric {
    char name[256];
    char function[256];
    char resource[256];
    char executed[256];
    bool unknown; /* a namespace, dimension or set that Lambda does not publish */
    int64_t period_ms;
};

/* One period. */
struct sy_point {
    int64_t start_ms;
    uint64_t invocations;
    uint64_t errors;
};
struct sy_points {
    struct sy_point *list;
    size_t count;
    size_t capacity;
};

struct sy_range {
    int64_t from_ms; /* inclusive */
    int64_t to_ms;   /* exclusive */
};

/* Replace *points by the metric's, oldest first; only periods with an invocation that has reached
 * the metrics by now. The caller frees points->list. */
void sy_metric_collect(struct sy_world *world, const struct sy_metric *metric,
                       const struct sy_range *range, struct sy_points *points);
/* Sum, SampleCount, Average, Minimum or Maximum of one period. */
double sy_metric_value(const struct sy_metric *metric, const char *stat,
                       const struct sy_point *point);
bool sy_metric_stat_is_known(const char *stat);

#endif
