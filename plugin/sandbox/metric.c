#include "sandbox/metric.h"

#include "sandbox/world_call.h"

#include <json-c/linkhash.h>
#include <stdio.h>
#include <string.h>

/* Slots come in order within a series; their buckets are put together here. */
static void points_add(struct sy_points *points, int64_t start_ms, const struct sy_slot *slot) {
    if (!points->count || points->list[points->count - 1].start_ms != start_ms) {
        if (points->count == points->capacity) {
            points->capacity = points->capacity ? points->capacity * 2 : 128;
            points->list = sy_realloc(points->list, points->capacity * sizeof *points->list);
        }
        points->list[points->count++] = (struct sy_point){.start_ms = start_ms};
    }
    struct sy_point *last = &points->list[points->count - 1];
    last->invocations += slot->invocations;
    last->errors += slot->errors;
}

static size_t first_slot(const struct sy_series *series, int64_t from_ms) {
    size_t low = 0, high = series->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (series->slots[middle].start_ms < from_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void series_collect(const struct sy_world *world, const struct sy_series *series,
                           const struct sy_range *range, int64_t period_ms,
                           struct sy_points *points) {
    int64_t from = range->from_ms - range->from_ms % period_ms;
    for (size_t i = first_slot(series, from);
         i < series->count && series->slots[i].start_ms < range->to_ms; i++) {
        struct sy_slot seen = sy_slot_visible(world, &series->slots[i]);
        if (seen.invocations)
            points_add(points, seen.start_ms - seen.start_ms % period_ms, &seen);
    }
}

static bool series_is_asked(const struct sy_function *function, const struct sy_series *series,
                            const struct sy_metric *metric) {
    char resource[256];
    if (!metric->resource[0])
        return true;
    (void)snprintf(resource, sizeof resource, "%s%s%s", function->name,
                   series->qualifier[0] ? ":" : "", series->qualifier);
    if (strcmp(resource, metric->resource) != 0)
        return false;
    return !metric->executed[0] ||
           (series->executed >= 0 && series->executed == sy_version_number(metric->executed));
}

static void function_collect(struct sy_world *world, struct sy_function *function,
                             const struct sy_metric *metric, const struct sy_range *range,
                             struct sy_points *points) {
    sy_traffic_settle(world, function);
    for (size_t i = 0; i < function->n_series; i++)
        if (series_is_asked(function, &function->series[i], metric))
            series_collect(world, &function->series[i], range, metric->period_ms, points);
}

static int by_start(const void *a, const void *b) {
    const struct sy_point *x = a, *y = b;
    return x->start_ms < y->start_ms ? -1 : x->start_ms > y->start_ms;
}

/* Several series give several points of one start: sort, then put them together. */
static void points_merge(struct sy_points *points) {
    size_t kept = 0;
    if (points->count < 2)
        return;
    qsort(points->list, points->count, sizeof *points->list, by_start);
    for (size_t i = 1; i < points->count; i++) {
        if (points->list[i].start_ms != points->list[kept].start_ms) {
            points->list[++kept] = points->list[i];
            continue;
        }
        points->list[kept].invocations += points->list[i].invocations;
        points->list[kept].errors += points->list[i].errors;
    }
    points->count = kept + 1;
}

static bool is_published(const struct sy_metric *metric) {
    return !metric->unknown &&
           (!strcmp(metric->name, "Invocations") || !strcmp(metric->name, "Errors") ||
            !strcmp(metric->name, "Throttles"));
}

void sy_metric_collect(struct sy_world *world, const struct sy_metric *metric,
                       const struct sy_range *range, struct sy_points *points) {
    struct lh_entry *entry = NULL;
    points->count = 0;
    if (!is_published(metric))
        return;
    if (metric->function[0]) {
        struct sy_function *function = sy_world_function(world, metric->function);
        if (function)
            function_collect(world, function, metric, range, points);
    } else {
        lh_foreach(world->functions, entry) {
            function_collect(world, lh_entry_v(entry), metric, range, points);
        }
    }
    points_merge(points);
}

/* Every invocation is one sample of each metric: 1 or, for Errors, 0 or 1; for Throttles 0. */
double sy_metric_value(const struct sy_metric *metric, const char *stat,
                       const struct sy_point *point) {
    double n = (double)point->invocations;
    double sum = !strcmp(metric->name, "Invocations") ? n
                 : !strcmp(metric->name, "Errors")    ? (double)point->errors
                                                      : 0;
    if (strcmp(stat, "SampleCount") == 0)
        return n;
    if (strcmp(stat, "Average") == 0)
        return sum / n;
    if (strcmp(stat, "Maximum") == 0)
        return sum > 0;
    if (strcmp(stat, "Minimum") == 0)
        return sum >= n;
    return sum;
}

bool sy_metric_stat_is_known(const char *stat) {
    static const char *const stats[] = {"Sum", "SampleCount", "Average", "Minimum", "Maximum"};
    for (size_t i = 0; i < SY_COUNT(stats); i++)
        if (strcmp(stats[i], stat) == 0)
            return true;
    return false;
}
