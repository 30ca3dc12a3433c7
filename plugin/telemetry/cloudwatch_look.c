#include "telemetry/cloudwatch_look.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PERIODS_MAX = 1 << 18 }; /* of one query: half a year of minutes, three days of seconds */

static const int64_t time_max_ms = INT64_C(253402300799000); /* the end of the year 9999 */

void sy_look_destroy(struct sy_look *look) {
    LIST_REMOVE(look, link);
    free(look->cells);
    free(look->error);
    free(look);
}

void sy_look_fail(struct sy_look *look, const struct sy_error *error) {
    if (look->error)
        return;
    look->error = sy_calloc(1, sizeof *look->error);
    *look->error = *error;
}

static size_t look_periods(const struct sy_look *look) {
    return (size_t)((look->to_s - look->from_s) / look->period_s);
}

static bool cell_has(const struct sy_cell *cell, enum sy_series series) {
    return cell->has & (1U << series) || cell->has & (1U << (series + 1));
}

/* Invocations and, behind it, Errors; without a datapoint a count is 0. */
static struct sy_counts cell_counts(const struct sy_cell *cell, enum sy_series series) {
    return (struct sy_counts){cell->value[series], cell->value[series + 1]};
}

/* Rule 14: at 100 % AWS may leave ExecutedVersion out; then the alias's counts are the target's. */
static bool cell_sample(const struct sy_look *look, const struct sy_cell *cell, int64_t start_ms,
                        struct sy_sample *ret) {
    bool whole = !look->version[0] || (look->whole_from_ms && start_ms >= look->whole_from_ms);
    *ret = (struct sy_sample){.start_ms = start_ms};
    if (cell_has(cell, SY_TARGET_INVOCATIONS))
        ret->canary = cell_counts(cell, SY_TARGET_INVOCATIONS);
    else if (whole && cell_has(cell, SY_ALIAS_INVOCATIONS))
        ret->canary = cell_counts(cell, SY_ALIAS_INVOCATIONS);
    else if (!cell_has(cell, SY_BASELINE_INVOCATIONS))
        return false;
    ret->other = cell_counts(cell, SY_BASELINE_INVOCATIONS);
    return true;
}

/* Answer, and be gone before: the callback may ask again. */
void sy_look_finish(struct sy_look *look) {
    SY_AUTO_FREE struct sy_sample *samples = NULL;
    SY_AUTO_FREE struct sy_error *error = SY_STEAL(look->error);
    sy_samples_done *done = look->done;
    void *ctx = look->ctx;
    size_t n = 0;
    if (!error && look->cells) {
        size_t periods = look_periods(look);
        samples = sy_calloc(periods, sizeof *samples);
        for (size_t i = 0; i < periods; i++)
            if (look->cells[i].has &&
                cell_sample(look, &look->cells[i],
                            (look->from_s + (int64_t)i * look->period_s) * 1000, &samples[n]))
                n++;
    }
    sy_look_destroy(look);
    done(ctx, error ? NULL : samples, n, error);
}

/* A point of one series. The call may have asked for more time than this look did. The same period
 * twice: counts only grow, so the larger one is the newer one. */
void sy_look_add(struct sy_look *look, enum sy_series series, const struct sy_metric_point *point) {
    struct sy_error error;
    if (point->start_s < look->from_s || point->start_s >= look->to_s)
        return;
    if ((point->start_s - look->from_s) % look->period_s) {
        (void)sy_fail(&error, SY_INTERNAL,
                      "CloudWatch sent a datapoint at %" PRId64
                      ", which is not the start of a period of %" PRId64 " s",
                      point->start_s, look->period_s);
        sy_look_fail(look, &error);
        return;
    }
    struct sy_cell *cell = &look->cells[(point->start_s - look->from_s) / look->period_s];
    if (!(cell->has & (1U << series)) || point->value > cell->value[series])
        cell->value[series] = point->value;
    cell->has |= (uint8_t)(1U << series);
}

static int query_check(const struct sy_query *query, struct sy_error *error) {
    const char *version = query->version[0] ? query->version : NULL;
    if (sy_names_check(query->function, query->alias, version, error) ||
        (query->baseline[0] &&
         sy_names_check(query->function, query->alias, query->baseline, error)))
        return -1;
    if (query->period_ms <= 0 || query->period_ms % 1000 || query->period_ms > 400 * SY_DAY_MS)
        return sy_fail_field(error, "period",
                             "period: %" PRId64 " ms is not a whole number of seconds up to 400 "
                             "days",
                             query->period_ms);
    if (query->from_ms < 0 || query->to_ms > time_max_ms)
        return sy_fail_field(error, "window", "window: it lies outside the years 1970 to 9999");
    if (query->from_ms < query->to_ms &&
        (query->to_ms - query->from_ms) / query->period_ms >= PERIODS_MAX - 1)
        return sy_fail_field(error, "window",
                             "window: more than %d periods of %" PRId64
                             " s; use a longer period or ask for less time",
                             PERIODS_MAX, query->period_ms / 1000);
    return 0;
}

static uint8_t wanted(const struct sy_look *look) {
    uint8_t alias = 1U << SY_ALIAS_INVOCATIONS | 1U << SY_ALIAS_ERRORS;
    if (!look->version[0])
        return alias;
    return (uint8_t)(1U << SY_TARGET_INVOCATIONS | 1U << SY_TARGET_ERRORS |
                     (look->baseline[0] ? 1U << SY_BASELINE_INVOCATIONS | 1U << SY_BASELINE_ERRORS
                                        : 0) |
                     (look->whole_from_ms ? alias : 0));
}

static void look_set(struct sy_look *look, const struct sy_query *query) {
    int64_t period_ms = query->period_ms;
    (void)snprintf(look->function, sizeof look->function, "%s", query->function);
    (void)snprintf(look->alias, sizeof look->alias, "%s", query->alias);
    (void)snprintf(look->version, sizeof look->version, "%s", query->version);
    (void)snprintf(look->baseline, sizeof look->baseline, "%s", query->baseline);
    look->whole_from_ms = query->whole_from_ms;
    look->period_s = period_ms / 1000;
    look->from_s = query->from_ms / period_ms * look->period_s;
    look->to_s = (query->to_ms + period_ms - 1) / period_ms * look->period_s;
    if (query->to_ms <= query->from_ms)
        look->to_s = look->from_s;
    look->wants = wanted(look);
    look->n_series = (size_t)__builtin_popcount(look->wants);
}

void sy_look_init(struct sy_look *look, const struct sy_query *query, sy_samples_done *done,
                  void *ctx) {
    struct sy_error error;
    *look = (struct sy_look){.done = done, .ctx = ctx};
    if (query_check(query, &error))
        sy_look_fail(look, &error);
    else
        look_set(look, query);
}

void sy_look_open(struct sy_look *look) {
    look->cells = sy_calloc(look_periods(look), sizeof *look->cells);
}

const char *sy_look_version(const struct sy_look *look, enum sy_series series) {
    return series <= SY_TARGET_ERRORS     ? look->version
           : series <= SY_BASELINE_ERRORS ? look->baseline
                                          : NULL;
}
