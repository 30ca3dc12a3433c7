/* Measure: what a report asks of a release that is over, against what the world let happen. */
#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A healthy release of version 42 over 41 by 10%/15m,50%/15m with 30 minutes of lock-in, and the
 * hour after it: all of its telemetry has arrived. 2 requests a second; once a version has the
 * whole alias, its metrics leave ExecutedVersion out. */
struct scene {
    struct sim_case c;
    struct sim_world w;
    struct sim_engine e;
    struct sy_record record;
    bool answered;
    struct sy_sample *samples;
    size_t n;
    struct sy_error error;
};

static void run_for(struct scene *s, int64_t ms) {
    sim_ask(&s->e, &(struct sim_request){.verb = SIM_WAIT, .wait_ms = ms});
    (void)sim_run(&s->e, &s->c, 200000);
}

static void on_status(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    struct scene *s = ctx;
    assert_null(error);
    s->record = facts->record;
}

static int set_up(void **state) {
    struct scene *s = sy_calloc(1, sizeof *s);
    sim_case_load(SY_TESTS_DIR "/sim/cases/version-left-out.json", &s->c);
    sim_world_init(&s->w, &s->c, NULL);
    sim_engine_init(&s->e, &s->w, "tester");
    run_for(s, 10 * SY_MINUTE_MS);
    sim_ask(&s->e, &s->c.requests[0]);
    (void)sim_run(&s->e, &s->c, 200000);
    assert_int_equal(s->e.outcome, SY_OUTCOME_PROMOTED);
    run_for(s, SY_HOUR_MS);
    sy_engine_status(s->e.engine, "checkout", "production", false, on_status, s);
    run_for(s, 1000);
    assert_true(s->record.promoted_ms > s->record.first_traffic_ms);
    *state = s;
    return 0;
}

static int tear_down(void **state) {
    struct scene *s = *state;
    sim_engine_kill(&s->e);
    sim_world_finish(&s->w);
    sim_case_finish(&s->c);
    free(s->samples);
    free(s);
    return 0;
}

static void on_measured(void *ctx, const struct sy_sample *samples, size_t n,
                        const struct sy_error *error) {
    struct scene *s = ctx;
    s->answered = true;
    s->n = n;
    free(s->samples);
    s->samples = sy_calloc(n + 1, sizeof *samples);
    if (n)
        memcpy(s->samples, samples, n * sizeof *samples);
    s->error = error ? *error : (struct sy_error){0};
}

static void measure(struct scene *s, const struct sy_measure *measure) {
    s->answered = false;
    sy_engine_measure(s->e.engine, measure, on_measured, s);
    assert_false(s->answered); /* later, not within */
    run_for(s, SY_MINUTE_MS);
    assert_true(s->answered);
}

/* The whole release, as a report asks for it. */
static struct sy_measure of_release(const struct scene *s) {
    return (struct sy_measure){.function = "checkout",
                               .alias = "production",
                               .version = "42",
                               .baseline = "41",
                               .from_ms = s->record.created_ms - 5 * SY_MINUTE_MS,
                               .to_ms = s->record.ended_ms,
                               .period_ms = SY_MINUTE_MS,
                               .whole_from_ms = s->record.promoted_ms};
}

/* Invocations of the periods that lie wholly within (from_ms, to_ms). */
static struct sy_sample sum(const struct scene *s, int64_t from_ms, int64_t to_ms) {
    struct sy_sample total = {0};
    for (size_t i = 0; i < s->n; i++) {
        const struct sy_sample *sample = &s->samples[i];
        if (sample->start_ms < from_ms || sample->start_ms + SY_MINUTE_MS > to_ms)
            continue;
        total.canary.invocations += sample->canary.invocations;
        total.canary.errors += sample->canary.errors;
        total.other.invocations += sample->other.invocations;
    }
    return total;
}

static void check_order(const struct scene *s, const struct sy_measure *asked) {
    assert_int_equal(s->error.code, SY_OK);
    for (size_t i = 0; i < s->n; i++) {
        int64_t start_ms = s->samples[i].start_ms;
        assert_int_equal(start_ms % SY_MINUTE_MS, 0);
        assert_true(start_ms > asked->from_ms - SY_MINUTE_MS && start_ms < asked->to_ms);
        assert_true(i == 0 || s->samples[i - 1].start_ms < start_ms);
    }
}

static void a_release_that_is_over_is_measured(void **state) {
    struct scene *s = *state;
    SY_AUTO_BUFFER struct sy_buffer before = {0};
    SY_AUTO_BUFFER struct sy_buffer after = {0};
    struct sy_measure asked = of_release(s);
    const struct sy_stage_result *stages = s->record.results;
    sim_describe(&s->w, &before);
    measure(s, &asked);
    sim_describe(&s->w, &after);
    assert_string_equal(after.data, before.data);
    check_order(s, &asked);
    assert_true(s->samples[0].start_ms > s->record.created_ms - SY_MINUTE_MS);
    struct sy_sample first = sum(s, stages[0].started_ms, stages[0].ended_ms);
    assert_in_range(first.canary.invocations, 100, 250); /* 10 % of some 14 minutes */
    assert_in_range(first.other.invocations, 1300, 1700);
    struct sy_sample second = sum(s, stages[1].started_ms, stages[1].ended_ms);
    assert_in_range(second.canary.invocations, 700, 1000);
    assert_in_range(second.other.invocations, 700, 1000);
    struct sy_sample whole = sum(s, s->record.promoted_ms, s->record.ended_ms);
    assert_in_range(whole.canary.invocations, 3200, 3700);
    assert_int_equal(whole.other.invocations, 0);
    assert_in_range(whole.canary.errors, 1, 20); /* 0.2 % */
}

/* Each part of the question counts. */
static void what_is_asked_is_answered(void **state) {
    struct scene *s = *state;
    struct sy_measure asked = of_release(s);
    asked.baseline[0] = '\0';
    measure(s, &asked);
    check_order(s, &asked);
    assert_int_equal(sum(s, 0, INT64_MAX).other.invocations, 0);
    asked.whole_from_ms = 0; /* AWS leaves the version out once it has the whole alias */
    measure(s, &asked);
    assert_true(s->n > 0);
    assert_int_equal(sum(s, s->record.promoted_ms + 2 * SY_MINUTE_MS, INT64_MAX).canary.invocations,
                     0);
    asked.version[0] = '\0';
    measure(s, &asked);
    check_order(s, &asked);
    struct sy_sample before = sum(s, 0, s->record.created_ms);
    assert_in_range(before.canary.invocations, 450, 750); /* 5 minutes of 2 a second */
    struct sy_sample since = sum(s, s->record.created_ms, s->record.ended_ms);
    assert_in_range(since.canary.invocations, 6600, 7600);
    (void)strcpy(asked.function, "another");
    measure(s, &asked); /* no data is no error */
    assert_int_equal(s->error.code, SY_OK);
    assert_int_equal(s->n, 0);
}

static void refused(struct scene *s, const struct sy_measure *asked, const char *field) {
    measure(s, asked);
    assert_int_equal(s->error.code, SY_INVALID_ARGUMENT);
    assert_string_equal(s->error.field, field);
    assert_non_null(strstr(s->error.message, field));
    assert_int_equal(s->n, 0);
}

static void what_is_no_span_is_refused_by_name(void **state) {
    struct scene *s = *state;
    const struct sy_measure good = of_release(s);
    struct sy_measure bad = good;
    (void)strcpy(bad.function, "arn:checkout");
    refused(s, &bad, "function");
    bad = good;
    bad.alias[0] = '\0';
    refused(s, &bad, "alias");
    bad = good;
    (void)strcpy(bad.version, "$LATEST");
    refused(s, &bad, "version");
    bad = good;
    (void)strcpy(bad.baseline, "4x");
    refused(s, &bad, "baseline");
    bad = good;
    bad.version[0] = '\0';
    refused(s, &bad, "baseline");
    static const int64_t unknown[] = {-60000, 0, 1, 500, 2000, 90000, 401 * SY_DAY_MS};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        bad = good;
        bad.period_ms = unknown[i];
        refused(s, &bad, "period");
    }
    bad = good;
    bad.from_ms = -1;
    refused(s, &bad, "from");
    bad = good;
    bad.to_ms = bad.from_ms;
    refused(s, &bad, "to");
    bad.to_ms = sy_io_now(s->w.io) + 1;
    refused(s, &bad, "to");
    bad = good;
    bad.whole_from_ms = -1;
    refused(s, &bad, "whole_from");
}

static void a_day_of_minutes_and_no_more(void **state) {
    struct scene *s = *state;
    struct sy_measure asked = of_release(s);
    asked.from_ms = asked.to_ms - SY_MEASURE_PERIODS_MAX * SY_MINUTE_MS;
    measure(s, &asked);
    assert_int_equal(s->error.code, SY_OK);
    assert_in_range(s->n, 59, 62); /* of an hour, and nothing before */
    asked.from_ms--;
    refused(s, &asked, "period");
    assert_non_null(strstr(s->error.message, "1440 periods of 1m"));
    asked.from_ms = 0; /* the longest times overflow nothing */
    asked.to_ms = SIM_START_MS;
    asked.period_ms = 365 * SY_DAY_MS;
    measure(s, &asked);
    assert_int_equal(s->error.code, SY_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_release_that_is_over_is_measured),
        TEST(what_is_asked_is_answered),
        TEST(what_is_no_span_is_refused_by_name),
        TEST(a_day_of_minutes_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
