/* Measure: the telemetry of a past span, for a report that is made later than its release. What the
 * alias is by now does not matter, so nothing but the source is asked. */
#include "base/text.h"
#include "engine/engine_internal.h"

struct measuring {
    struct sy_errand errand;
    sy_measure_done *done;
    void *ctx;
};

static void refuse(struct sy_errand *errand, const struct sy_error *error) {
    struct measuring *m = (struct measuring *)errand;
    m->done(m->ctx, NULL, 0, error);
}

static void on_samples(void *ctx, const struct sy_sample *samples, size_t n,
                       const struct sy_error *error) {
    struct measuring *m = ctx;
    m->done(m->ctx, samples, n, error);
    sy_errand_finish(&m->errand);
}

static int baseline_check(const struct sy_measure *measure, struct sy_error *error) {
    struct sy_error as_version = {0};
    if (!measure->baseline[0])
        return 0;
    if (!measure->version[0])
        return sy_fail_field(error, "baseline",
                             "baseline: there is no version beside which it could stand; name the "
                             "version, too");
    if (sy_names_check(measure->function, measure->alias, measure->baseline, &as_version))
        return sy_fail_field(error, "baseline",
                             "baseline: not a version number, such as 41; leave it empty when "
                             "there is none");
    return 0;
}

static int span_check(const struct sy_measure *measure, int64_t now_ms, struct sy_error *error) {
    char period[32];
    if (sy_period_check(measure->period_ms, error))
        return -1;
    if (measure->from_ms < 0)
        return sy_fail_field(error, "from", "from: lies before 1970");
    if (measure->to_ms > now_ms)
        return sy_fail_field(error, "to", "to: lies in the future; a span ends now or before");
    if (measure->to_ms <= measure->from_ms)
        return sy_fail_field(error, "to", "to: not after from; the span is empty");
    if (measure->to_ms - measure->from_ms > SY_MEASURE_PERIODS_MAX * measure->period_ms)
        return sy_fail_field(error, "period",
                             "period: more than %d periods of %s; use a longer period or ask for "
                             "less time",
                             SY_MEASURE_PERIODS_MAX,
                             sy_duration_format(measure->period_ms, period));
    if (measure->whole_from_ms < 0)
        return sy_fail_field(error, "whole_from",
                             "whole_from: lies before 1970; 0 = the version never had the whole "
                             "alias");
    return 0;
}

void sy_engine_measure(struct sy_engine *engine, const struct sy_measure *measure,
                       sy_measure_done *done, void *ctx) {
    struct measuring *m = sy_errand_create(engine, sizeof *m, refuse);
    struct sy_error error = {0};
    m->done = done;
    m->ctx = ctx;
    if (sy_names_check(measure->function, measure->alias,
                       measure->version[0] ? measure->version : NULL, &error) ||
        baseline_check(measure, &error) || span_check(measure, sy_io_now(engine->io), &error)) {
        sy_errand_refuse_later(&m->errand, &error);
        return;
    }
    struct sy_query query = {.function = measure->function,
                             .alias = measure->alias,
                             .version = measure->version,
                             .baseline = measure->baseline,
                             .from_ms = measure->from_ms,
                             .to_ms = measure->to_ms,
                             .period_ms = measure->period_ms,
                             .whole_from_ms = measure->whole_from_ms};
    engine->source->ops->query(engine->source, &query, on_samples, m);
}
