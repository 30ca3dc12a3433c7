/* Traffic: arrivals are a Poisson process, versions are drawn by the alias's weights, failures by
 * the version's error rate.
 *
 * Time is cut into slices at the ends of the metrics' slots, at the steps of the scenario's time
 * lines, and wherever something changed. A slice's numbers come from a stream keyed by function and
 * slice, so the arrivals of a second do not depend on what a release did before, and asking for
 * metrics changes nothing. */
#include "sandbox/world_state.h"

#include <stdio.h>
#include <string.h>

enum {
    /* CloudWatch keeps datapoints below a minute for 3 hours, those of a minute for 15 days. */
    KEEP_FINE_MS = 3 * 3600 * 1000,
};
static const int64_t keep_coarse_ms = 15LL * 24 * 3600 * 1000;

static int64_t floor_to(int64_t value, int64_t step) {
    int64_t rest = value % step;
    return value - (rest < 0 ? rest + step : rest);
}

static struct sy_series *series_of(struct sy_function *function, const char *qualifier,
                                   int64_t executed) {
    for (size_t i = 0; i < function->n_series; i++)
        if (function->series[i].executed == executed &&
            strcmp(function->series[i].qualifier, qualifier) == 0)
            return &function->series[i];
    function->series =
        sy_realloc(function->series, (function->n_series + 1) * sizeof *function->series);
    struct sy_series *series = &function->series[function->n_series++];
    *series = (struct sy_series){.executed = executed};
    (void)snprintf(series->qualifier, sizeof series->qualifier, "%s", qualifier);
    return series;
}

/* Forget what CloudWatch would have; halves at a time, so that it costs nothing on average. */
static void trim(const struct sy_world *world, struct sy_series *series) {
    int64_t keep = world->metrics.resolution_ms < 60000 ? KEEP_FINE_MS : keep_coarse_ms;
    size_t half = series->count / 2;
    if (half < 1024 || series->slots[half].start_ms > world->now_ms - keep)
        return;
    series->count -= half;
    memmove(series->slots, series->slots + half, series->count * sizeof *series->slots);
}

static void count(const struct sy_world *world, struct sy_series *series, int64_t at_ms,
                  uint32_t invocations, uint32_t errors) {
    int64_t start = floor_to(at_ms, world->metrics.resolution_ms);
    if (!series->count || series->slots[series->count - 1].start_ms != start) {
        trim(world, series);
        if (series->count == series->capacity) {
            series->capacity = series->capacity ? series->capacity * 2 : 64;
            series->slots = sy_realloc(series->slots, series->capacity * sizeof *series->slots);
        }
        series->slots[series->count++] = (struct sy_slot){.start_ms = start};
    }
    struct sy_slot *last = &series->slots[series->count - 1];
    last->invocations += invocations;
    last->errors += errors;
}

/* ExecutedVersion is published for invocations through an alias alone. */
static int64_t executed_dimension(const struct sy_world *world, const struct sy_split *split,
                                  int64_t version) {
    if (!split)
        return -1;
    return split->additional || world->metrics.executed_version_at_full ? version : -1;
}

/* A version that is still Pending answers with 409; AWS counts no invocation for that. */
static void flow_version(const struct sy_world *world, struct sy_function *function,
                         const struct sy_alias *alias, int64_t number, int64_t at_ms, uint32_t n,
                         struct sy_random *random) {
    int64_t since = at_ms - world->start_ms;
    const struct sy_version *version = sy_function_version(function, number);
    if (n == 0 || !version || (version->active_from_ms && since < version->active_from_ms))
        return;
    uint32_t errors = sy_random_binomial(random, n, sy_timeline_at(&version->error_rate, since));
    int64_t executed = executed_dimension(world, sy_alias_split(alias, at_ms), number);
    count(world, series_of(function, alias->name, executed), at_ms, n, errors);
}

static void flow_slice(const struct sy_world *world, struct sy_function *function, size_t index,
                       int64_t from_ms, int64_t to_ms) {
    const struct sy_flow *flow = &function->flows[index];
    double rate = sy_timeline_at(&flow->per_second, from_ms - world->start_ms);
    const struct sy_alias *alias = sy_function_alias(function, flow->alias);
    if (!(rate > 0) || !alias)
        return;
    const struct sy_split *split = sy_alias_split(alias, from_ms);
    struct sy_random random = {
        .state = sy_random_key(function->key + index, (uint64_t)(from_ms - world->start_ms))};
    uint32_t n = sy_random_poisson(&random, rate * (double)(to_ms - from_ms) / 1000);
    uint32_t moved = split->additional ? sy_random_binomial(&random, n, split->weight) : 0;
    flow_version(world, function, alias, split->version, from_ms, n - moved, &random);
    flow_version(world, function, alias, split->additional, from_ms, moved, &random);
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The end of the slice that begins at from_ms. */
static int64_t slice_end(const struct sy_world *world, const struct sy_function *function,
                         int64_t from_ms, int64_t to_ms) {
    int64_t since = from_ms - world->start_ms;
    int64_t resolution = world->metrics.resolution_ms;
    int64_t step = INT64_MAX;
    for (size_t i = 0; i < function->n_flows; i++)
        step = earlier(step, sy_timeline_next(&function->flows[i].per_second, since));
    for (size_t i = 0; i < function->n_versions; i++) {
        const struct sy_version *version = &function->versions[i];
        step = earlier(step, sy_timeline_next(&version->error_rate, since));
        if (version->active_from_ms > since)
            step = earlier(step, version->active_from_ms);
    }
    step = earlier(step, sy_timeline_next(&function->latest.error_rate, since));
    for (size_t i = 0; i < function->n_aliases; i++)
        if (function->aliases[i].effective_ms > from_ms)
            step = earlier(step, function->aliases[i].effective_ms - world->start_ms);
    int64_t end = earlier(to_ms, floor_to(from_ms, resolution) + resolution);
    return step == INT64_MAX ? end : earlier(end, world->start_ms + step);
}

void sy_traffic_advance(struct sy_world *world, struct sy_function *function, int64_t to_ms) {
    while (function->n_flows && function->traffic_ms < to_ms) {
        int64_t end = slice_end(world, function, function->traffic_ms, to_ms);
        for (size_t i = 0; i < function->n_flows; i++)
            flow_slice(world, function, i, function->traffic_ms, end);
        function->traffic_ms = end;
    }
    if (function->traffic_ms < to_ms)
        function->traffic_ms = to_ms;
}

void sy_traffic_settle(struct sy_world *world, struct sy_function *function) {
    sy_traffic_advance(world, function, floor_to(world->now_ms, world->metrics.resolution_ms));
}

struct sy_version *sy_traffic_invoke(struct sy_world *world, struct sy_function *function,
                                     const char *qualifier, bool *ret_failed) {
    const struct sy_alias *alias = sy_function_alias(function, qualifier);
    const struct sy_split *split = alias ? sy_alias_split(alias, world->now_ms) : NULL;
    bool latest = !*qualifier || *qualifier == '$';
    int64_t number = split ? split->version : latest ? SY_LATEST : strtoll(qualifier, NULL, 10);
    struct sy_random random = {.state = sy_random_key(~function->key, function->invokes++)};
    if (split && split->additional && sy_random_unit(&random) < split->weight)
        number = split->additional;
    struct sy_version *version = sy_function_version(function, number);
    if (!version || !sy_version_is_active(world, version))
        return version;
    int64_t since = world->now_ms - world->start_ms;
    *ret_failed = sy_random_unit(&random) < sy_timeline_at(&version->error_rate, since);
    sy_traffic_advance(world, function, world->now_ms);
    count(world, series_of(function, qualifier, executed_dimension(world, split, number)),
          world->now_ms, 1, *ret_failed);
    return version;
}

struct sy_slot sy_slot_visible(const struct sy_world *world, const struct sy_slot *slot) {
    const struct sy_metrics_options *options = &world->metrics;
    struct sy_slot seen = {.start_ms = slot->start_ms};
    int64_t age = world->now_ms - slot->start_ms - options->resolution_ms - options->delay_ms;
    if (age < 0)
        return seen;
    if (age >= options->growth_ms)
        return *slot;
    double share = options->first_share +
                   (1 - options->first_share) * (double)age / (double)options->growth_ms;
    seen.invocations = (uint32_t)(slot->invocations * share);
    seen.errors = (uint32_t)(slot->errors * share);
    return seen;
}
