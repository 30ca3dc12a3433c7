#include "telemetry/source.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/timers.h"
#include "fake_aws.h"
#include "fake_io.h"
#include "mutants.h"
#include "telemetry/cloudwatch_json.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* 2026-01-02T03:04:00Z; a whole minute. */
#define T0_S INT64_C(1767323040)
#define T0 (T0_S * 1000)

struct got {
    int count;
    struct sy_sample samples[16];
    size_t n;
    bool failed;
    struct sy_error error;
};

struct fixture {
    struct sy_aws *aws;
    struct fake_io io;
    struct sy_timers timers;
    struct sy_source *source;
    struct got got;
};

static void on_samples(void *ctx, const struct sy_sample *samples, size_t n,
                       const struct sy_error *error) {
    struct got *got = ctx;
    got->count++;
    got->failed = error;
    got->n = n;
    assert_true(n <= SY_COUNT(got->samples) || !samples);
    for (size_t i = 0; i < n && i < SY_COUNT(got->samples); i++)
        got->samples[i] = samples[i];
    if (error) {
        assert_true(n == 0 && !samples);
        got->error = *error;
    }
}

static int setup(void **state) {
    struct fixture *f = sy_calloc(1, sizeof *f);
    f->aws = fake_aws_create();
    f->io = fake_io_at(T0 + 300000);
    f->source = sy_cloudwatch_create(f->aws, &f->io.io, &f->timers);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    size_t unused = fake_unused(f->aws);
    f->source->ops->destroy(f->source);
    sy_aws_destroy(f->aws);
    sy_timers_finish(&f->timers);
    free(f);
    return unused ? -1 : 0;
}

static const struct sy_query two_minutes = {.function = "orders-api",
                                            .alias = "live",
                                            .version = "42",
                                            .baseline = "41",
                                            .from_ms = T0,
                                            .to_ms = T0 + 120000,
                                            .period_ms = 60000};

static void turn(struct fixture *f) {
    while (sy_timers_fire_one(&f->timers, f->io.now_ms))
        ;
    fake_deliver(f->aws);
}

static void ask(struct fixture *f, const struct sy_query *query) {
    f->source->ops->query(f->source, query, on_samples, &f->got);
    assert_int_equal(f->got.count, 0);
    turn(f);
    assert_int_equal(f->got.count, 1);
}

/* One of MetricDataResults as CloudWatch writes it; points: "" or "T,V" pairs as given. */
#define RESULT(id, times, values, status)                                                          \
    "{\"Id\":\"" id "\",\"Label\":\"Invocations\",\"Timestamps\":[" times "],\"Values\":[" values  \
    "],\"StatusCode\":\"" status "\"}"
#define PAGE(results) "{\"MetricDataResults\":[" results "],\"Messages\":[]}"
#define NEXT(results, token)                                                                       \
    "{\"MetricDataResults\":[" results "],\"NextToken\":\"" token "\",\"Messages\":[]}"
#define NONE(id) RESULT(id, "", "", "Complete")
#define T_0 "1767323040"
#define T_1 "1.76732310E9" /* the next minute, as doubles are written */
#define T_2 "1767323160"

static void assert_sample(const struct got *got, size_t i, int64_t start_ms, int64_t invocations,
                          int64_t errors, int64_t other, int64_t other_errors) {
    assert_true(i < got->n);
    assert_true(got->samples[i].start_ms == start_ms);
    assert_int_equal(got->samples[i].canary.invocations, invocations);
    assert_int_equal(got->samples[i].canary.errors, errors);
    assert_int_equal(got->samples[i].other.invocations, other);
    assert_int_equal(got->samples[i].other.errors, other_errors);
}

#define METRIC(id, name, version)                                                                  \
    "{\"Id\":\"" id "\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/Lambda\",\"MetricName\":"  \
    "\"" name "\",\"Dimensions\":[{\"Name\":\"FunctionName\",\"Value\":\"orders-api\"},"           \
    "{\"Name\":\"Resource\",\"Value\":\"orders-api:live\"}" version                                \
    "]},\"Period\":60,\"Stat\":\"Sum\"},\"ReturnData\":true}"
#define EXECUTED(v) ",{\"Name\":\"ExecutedVersion\",\"Value\":\"" v "\"}"

static void asks_for_target_and_baseline(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200,
               PAGE(RESULT("q0", T_0 "," T_1, "100.0,120", "Complete") "," RESULT(
                   "q1", T_0 "," T_1, "1.0,0.0",
                   "Complete") "," RESULT("q2", T_0, "900", "Complete") "," NONE("q3")));
    ask(f, &two_minutes);
    const struct fake_call *call = fake_call(f->aws, 0);
    assert_int_equal(call->service, SY_AWS_CLOUDWATCH);
    assert_string_equal(call->operation, "GetMetricData");
    assert_string_equal(
        call->body,
        "{\"MetricDataQueries\":[" METRIC("q0", "Invocations", EXECUTED("42")) "," METRIC(
            "q1", "Errors",
            EXECUTED("42")) "," METRIC("q2", "Invocations",
                                       EXECUTED(
                                           "41")) "," METRIC("q3", "Errors",
                                                             EXECUTED(
                                                                 "41")) "],\"StartTime\":"
                                                                        "1767323040,\"EndTime\":"
                                                                        "1767323160,\"ScanBy\":"
                                                                        "\"TimestampAscending\"}");
    assert_false(f->got.failed);
    assert_int_equal(f->got.n, 2);
    assert_sample(&f->got, 0, T0, 100, 1, 900, 0);
    assert_sample(&f->got, 1, T0 + 60000, 120, 0, 0, 0);
}

static void asks_for_the_alias_alone(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.version = query.baseline = "";
    fake_reply(f->aws, 200, PAGE(RESULT("q0", T_0, "70", "Complete") "," NONE("q1")));
    ask(f, &query);
    assert_string_equal(fake_call(f->aws, 0)->body,
                        "{\"MetricDataQueries\":[" METRIC("q0", "Invocations", "") "," METRIC(
                            "q1", "Errors", "") "],\"StartTime\":1767323040,\"EndTime\":1767323160,"
                                                "\"ScanBy\":\"TimestampAscending\"}");
    assert_int_equal(f->got.n, 1);
    assert_sample(&f->got, 0, T0, 70, 0, 0, 0);
}

static void times_are_rounded_outwards(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.baseline = "";
    query.from_ms = T0 + 59999;
    query.to_ms = T0 + 60001;
    fake_reply(f->aws, 200, PAGE(NONE("q0") "," NONE("q1")));
    ask(f, &query);
    assert_non_null(
        strstr(fake_call(f->aws, 0)->body, "\"StartTime\":1767323040,\"EndTime\":1767323160,"));
}

static void no_datapoint_is_no_sample(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, PAGE(NONE("q0") "," NONE("q1") "," NONE("q2") "," NONE("q3")));
    ask(f, &two_minutes);
    assert_false(f->got.failed);
    assert_int_equal(f->got.n, 0);
}

/* Rule 14: q4 and q5 are the alias as a whole. */
static void the_whole_alias_stands_for_a_silent_target(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.to_ms = T0 + 180000;
    query.whole_from_ms = T0 + 60000;
    fake_reply(
        f->aws, 200,
        PAGE(RESULT("q0", T_2, "5", "Complete") "," NONE("q1") "," RESULT(
            "q2", T_0, "30",
            "Complete") "," NONE("q3") "," RESULT("q4", T_0 "," T_1 "," T_2, "40,50,60",
                                                  "Complete") "," RESULT("q5", T_1 "," T_2, "2,3",
                                                                         "Complete")));
    ask(f, &query);
    assert_non_null(strstr(fake_call(f->aws, 0)->body, METRIC("q4", "Invocations", "")));
    assert_non_null(strstr(fake_call(f->aws, 0)->body, METRIC("q5", "Errors", "")));
    assert_int_equal(f->got.n, 3);
    assert_sample(&f->got, 0, T0, 0, 0, 30, 0);         /* before it had the whole alias */
    assert_sample(&f->got, 1, T0 + 60000, 50, 2, 0, 0); /* silent: the alias stands for it */
    assert_sample(&f->got, 2, T0 + 120000, 5, 0, 0, 0); /* its own counts come first */
}

static void a_period_that_began_before_is_not_whole(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.baseline = "";
    query.whole_from_ms = T0 + 1;
    fake_reply(
        f->aws, 200,
        PAGE(NONE("q0") "," NONE("q1") "," RESULT("q2", T_0, "40", "Complete") "," NONE("q3")));
    ask(f, &query);
    assert_int_equal(f->got.n, 0);
}

static void pages_are_followed(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.baseline = "";
    fake_reply(f->aws, 200, NEXT(RESULT("q0", T_0, "100", "PartialData"), "to \\\"ken\\\" 1"));
    fake_reply(
        f->aws, 200,
        NEXT(RESULT("q0", T_1, "110", "Complete") "," RESULT("q1", T_1, "1", "PartialData"), "2"));
    fake_reply(f->aws, 200, PAGE(RESULT("q1", T_0, "2", "Complete")));
    ask(f, &query);
    assert_null(strstr(fake_call(f->aws, 0)->body, "NextToken"));
    assert_non_null(strstr(fake_call(f->aws, 1)->body, ",\"NextToken\":\"to \\\"ken\\\" 1\"}"));
    assert_non_null(strstr(fake_call(f->aws, 2)->body, ",\"NextToken\":\"2\"}"));
    assert_int_equal(f->got.n, 2);
    assert_sample(&f->got, 0, T0, 100, 2, 0, 0);
    assert_sample(&f->got, 1, T0 + 60000, 110, 1, 0, 0);
}

static void endless_pages(void *ctx, const struct fake_call *call, struct fake_answer *ret) {
    int *page = ctx;
    (void)call;
    ret->status = 200;
    ret->body = sy_asprintf("{\"MetricDataResults\":[],\"NextToken\":\"%d\"}", ++*page);
}

static void pages_are_bounded(void **state) {
    struct fixture *f = *state;
    int page = 0;
    fake_responder(f->aws, endless_pages, &page);
    ask(f, &two_minutes);
    assert_int_equal(f->got.error.code, SY_INTERNAL);
    assert_non_null(strstr(f->got.error.message, "no end"));
    assert_int_equal(page, 200);
}

static void the_same_token_again_is_refused(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, NEXT("", "a"));
    fake_reply(f->aws, 200, NEXT("", "a"));
    ask(f, &two_minutes);
    assert_int_equal(f->got.error.code, SY_INTERNAL);
}

static void the_call_fails(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_PERMISSION_DENIED, "AccessDenied", "cloudwatch:GetMetricData missing");
    ask(f, &two_minutes);
    assert_int_equal(f->got.error.code, SY_PERMISSION_DENIED);
    assert_string_equal(f->got.error.message, "cloudwatch:GetMetricData missing");
}

/* Two releases in one call; what is wrong with q5 concerns the second alone. */
static void one_bad_metric_fails_one_query(void **state) {
    static const struct {
        const char *bad;
        enum sy_code code;
    } cases[] = {
        {RESULT("q5", "", "", "InternalError"), SY_UNAVAILABLE},
        {RESULT("q5", "", "", "Forbidden"), SY_PERMISSION_DENIED},
        {RESULT("q5", "", "", "PartialData"), SY_UNAVAILABLE},
        {RESULT("q5", "", "", "Odd"), SY_INTERNAL},
        {RESULT("q5", T_0, "", "Complete"), SY_INTERNAL},
        {RESULT("q5", "", "7", "Complete"), SY_INTERNAL},
        {RESULT("q5", T_0, "-1", "Complete"), SY_INTERNAL},
        {RESULT("q5", T_0, "1.5", "Complete"), SY_INTERNAL},
        {RESULT("q5", T_0, "1e300", "Complete"), SY_INTERNAL},
        {RESULT("q5", T_0, "1e999", "Complete"), SY_INTERNAL},
        {RESULT("q5", T_0, "\"7\"", "Complete"), SY_INTERNAL},
        {RESULT("q5", T_0, "null", "Complete"), SY_INTERNAL},
        {RESULT("q5", "null", "7", "Complete"), SY_INTERNAL},
        {RESULT("q5", "-1", "7", "Complete"), SY_INTERNAL},
        {RESULT("q5", "1e18", "7", "Complete"), SY_INTERNAL},
        {RESULT("q5", "\"2026-01-02T03:04:00Z\"", "7", "Complete"), SY_INTERNAL},
        {RESULT("q5", "1767323041", "7", "Complete"), SY_INTERNAL},
        {"{\"Id\":\"q5\"}", SY_INTERNAL},
        {"{\"Id\":\"q5\",\"StatusCode\":\"Complete\"}", SY_INTERNAL},
        {"{\"Id\":\"q5\",\"StatusCode\":\"Complete\",\"Timestamps\":{},\"Values\":[]}",
         SY_INTERNAL},
        /* left out */
        {NONE("q05"), SY_INTERNAL},
        {NONE("Q5"), SY_INTERNAL},
        {NONE("q5\\u0000"), SY_INTERNAL},
        {"{}", SY_INTERNAL},
        {"7", SY_INTERNAL},
        {"null", SY_INTERNAL},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        struct got second = {0};
        struct sy_query query = two_minutes;
        SY_AUTO_FREE char *body = sy_asprintf(
            PAGE(RESULT("q0", T_0, "10", "Complete") "," NONE("q1") "," NONE("q2") "," NONE(
                "q3") "," RESULT("q4", T_0, "11", "Complete") ",%s," NONE("q6") "," NONE("q7")),
            cases[i].bad);
        fake_reply(f->aws, 200, body);
        f->source->ops->query(f->source, &two_minutes, on_samples, &f->got);
        query.alias = "test";
        f->source->ops->query(f->source, &query, on_samples, &second);
        turn(f);
        assert_int_equal(f->got.count, 1);
        assert_int_equal(second.count, 1);
        assert_int_equal(f->got.n, 1);
        if (!second.failed)
            fail_msg("accepted %s", cases[i].bad);
        assert_int_equal(second.error.code, cases[i].code);
        assert_true(second.error.message[0]);
        teardown(state);
    }
}

static void hostile_pages_are_refused(void **state) {
    static const char *const cases[] = {
        "",
        "<GetMetricDataResponse/>",
        "[]",
        "{}",
        "{\"MetricDataResults\":{}}",
        "{\"MetricDataResults\":[],\"NextToken\":7}",
        "{\"MetricDataResults\":[]}", /* all four are left out */
        "{\"MetricDataResults\":[],\"NextToken\":\"\"}",
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        fake_reply(f->aws, 200, cases[i]);
        ask(f, &two_minutes);
        if (!f->got.failed)
            fail_msg("accepted %s", cases[i]);
        assert_int_equal(f->got.error.code, SY_INTERNAL);
        teardown(state);
    }
}

static void see_result(void *ctx, const struct sy_metric_result *result) {
    size_t *read = ctx;
    assert_true(result->index < 2);
    for (size_t i = 0; i < result->n_points; i++)
        assert_true(result->points[i].value >= 0 && result->points[i].start_s >= 0);
    ++*read;
}

static void see_failed(void *ctx, size_t index, const struct sy_error *error) {
    (void)ctx;
    assert_true(index < 2 && error->code != SY_OK && error->message[0]);
}

static void try_page(void *ctx, const char *body, size_t len) {
    struct sy_metric_reader reader = {2, see_result, see_failed, ctx};
    struct sy_error error = {0};
    SY_AUTO_FREE char *token = NULL;
    if (sy_metric_page_read(body, len, &reader, &token, &error))
        assert_int_equal(error.code, SY_INTERNAL);
}

static void mutants_are_read_or_refused(void **state) {
    (void)state;
    size_t read = 0;
    size_t tried = mutants_each(NEXT(RESULT("q0", T_0 "," T_1, "100.0,120",
                                            "Complete") "," RESULT("q1", T_0, "1e2", "PartialData"),
                                     "t"),
                                try_page, &read);
    assert_true(read > 0 && read < 2 * tried);
}

static void what_was_not_asked_is_passed_over(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.baseline = "";
    fake_reply(f->aws, 200,
               PAGE(RESULT("q2", T_0, "999", "Complete") "," RESULT(
                   "q99999999999999999999", T_0, "999",
                   "Complete") "," RESULT("q0", "0,1767322980," T_0 "," T_2 ",253402300799",
                                          "1,2,3,4,5", "Complete") "," NONE("q1") "," NONE("e1")));
    ask(f, &query);
    assert_false(f->got.failed);
    assert_int_equal(f->got.n, 1);
    assert_sample(&f->got, 0, T0, 3, 0, 0, 0);
}

static void a_repeated_time_keeps_the_larger_count(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.baseline = "";
    fake_reply(
        f->aws, 200,
        PAGE(RESULT("q0", T_1 "," T_0 "," T_1 "," T_1, "7,3,9,8", "Complete") "," NONE("q1")));
    ask(f, &query);
    assert_int_equal(f->got.n, 2); /* also sorted, though the answer was not */
    assert_sample(&f->got, 0, T0, 3, 0, 0, 0);
    assert_sample(&f->got, 1, T0 + 60000, 9, 0, 0, 0);
}

static void bad_queries_are_answered_later(void **state) {
    struct sy_query cases[9];
    for (size_t i = 0; i < SY_COUNT(cases); i++)
        cases[i] = two_minutes;
    cases[0].period_ms = 1500;
    cases[1].period_ms = 0;
    cases[2].period_ms = -60000;
    cases[3].from_ms = -1;
    cases[4].to_ms = INT64_MAX;
    cases[5].function = "a\"b";
    cases[6].alias = "12";
    cases[7].version = "$LATEST";
    cases[8].from_ms = 0;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        ask(f, &cases[i]);
        if (!f->got.failed)
            fail_msg("accepted case %zu", i);
        assert_int_equal(f->got.error.code, SY_INVALID_ARGUMENT);
        assert_int_equal(fake_calls(f->aws), 0);
        teardown(state);
    }
}

static void no_time_at_all_is_no_data(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.to_ms = query.from_ms;
    ask(f, &query);
    assert_false(f->got.failed);
    assert_int_equal(f->got.n, 0);
    assert_int_equal(fake_calls(f->aws), 0);
}

/* Answers any request: Invocations 1 in every period asked for, Errors 0 without datapoints; counts
 * what was asked and checks AWS's limits. */
struct cloud {
    size_t calls;
    size_t metrics;
    size_t points;
};

static void answer_ones(void *ctx, const struct fake_call *call, struct fake_answer *ret) {
    struct cloud *cloud = ctx;
    SY_AUTO_JSON struct json_object *request = NULL;
    SY_AUTO_BUFFER struct sy_buffer body = {0};
    struct sy_error error;
    struct json_object *queries = NULL;
    int64_t from = 0;
    int64_t to = 0;
    int64_t period = 0;
    assert_int_equal(sy_json_parse("request", call->body, strlen(call->body), &request, &error), 0);
    assert_int_equal(sy_json_int(request, "StartTime", true, 0, INT64_MAX, &from, &error), 0);
    assert_int_equal(sy_json_int(request, "EndTime", true, 0, INT64_MAX, &to, &error), 0);
    assert_true(json_object_object_get_ex(request, "MetricDataQueries", &queries));
    size_t n = json_object_array_length(queries);
    sy_buffer_puts(&body, "{\"MetricDataResults\":[");
    for (size_t i = 0; i < n; i++) {
        struct json_object *stat = NULL;
        struct json_object *metric = NULL;
        char name[32];
        struct json_object *query = json_object_array_get_idx(queries, i);
        assert_true(json_object_object_get_ex(query, "MetricStat", &stat));
        assert_true(json_object_object_get_ex(stat, "Metric", &metric));
        assert_int_equal(sy_json_string(metric, "MetricName", true, name, sizeof name, &error), 0);
        assert_int_equal(sy_json_int(stat, "Period", true, 1, INT64_MAX, &period, &error), 0);
        SY_AUTO_BUFFER struct sy_buffer times = {0};
        SY_AUTO_BUFFER struct sy_buffer values = {0};
        for (int64_t t = from; t < to && strcmp(name, "Errors") != 0; t += period) {
            sy_buffer_printf(&times, "%s%lld", times.len ? "," : "", (long long)t);
            sy_buffer_puts(&values, values.len ? ",1" : "1");
        }
        sy_buffer_printf(&body,
                         "%s{\"Id\":\"q%zu\",\"StatusCode\":\"Complete\",\"Timestamps\":[%s],"
                         "\"Values\":[%s]}",
                         i ? "," : "", i, times.data ? times.data : "",
                         values.data ? values.data : "");
        cloud->points += (size_t)((to - from) / period);
    }
    sy_buffer_puts(&body, "]}");
    assert_true(n <= 500);
    assert_true((size_t)((to - from) / period) * n <= 100800);
    cloud->calls++;
    cloud->metrics += n;
    ret->status = 200;
    ret->body = SY_STEAL(body.data);
}

static void ten_thousand_releases_travel_together(void **state) {
    enum { N = 10000 };
    struct fixture *f = *state;
    struct cloud cloud = {0};
    struct got *got = sy_calloc(N, sizeof *got);
    fake_responder(f->aws, answer_ones, &cloud);
    for (size_t i = 0; i < N; i++) {
        char function[32];
        struct sy_query query = two_minutes;
        (void)snprintf(function, sizeof function, "f%zu", i);
        query.function = function; /* gone when the call is made: it must have been copied */
        query.from_ms -= (int64_t)(i % 3) * 60000;
        f->source->ops->query(f->source, &query, on_samples, &got[i]);
    }
    turn(f);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(got[i].count, 1);
        assert_int_equal(got[i].n, 2 + i % 3);
        assert_true(got[i].samples[0].start_ms == T0 - (int64_t)(i % 3) * 60000);
        assert_int_equal(got[i].samples[0].canary.invocations, 1);
        assert_int_equal(got[i].samples[0].other.invocations, 1);
    }
    free(got);
    assert_int_equal(cloud.metrics, 4 * N);
    assert_int_equal(cloud.calls, 4 * N / 500); /* as few as can be */
}

static void other_periods_and_times_travel_apart(void **state) {
    struct fixture *f = *state;
    struct cloud cloud = {0};
    struct got got[4] = {0};
    struct sy_query query = two_minutes;
    fake_responder(f->aws, answer_ones, &cloud);
    f->source->ops->query(f->source, &query, on_samples, &got[0]);
    query.period_ms = 10000;
    f->source->ops->query(f->source, &query, on_samples, &got[1]);
    query.period_ms = 60000;
    query.from_ms -= SY_DAY_MS; /* a day ago: not worth a day's points for two minutes */
    query.to_ms -= SY_DAY_MS;
    f->source->ops->query(f->source, &query, on_samples, &got[2]);
    turn(f);
    assert_int_equal(cloud.calls, 3);
    assert_int_equal(got[1].n, 12);
    assert_true(got[2].samples[0].start_ms == T0 - SY_DAY_MS);
    f->source->ops->query(f->source, &two_minutes, on_samples, &got[3]); /* the next instant */
    turn(f);
    assert_int_equal(cloud.calls, 4);
    assert_int_equal(got[3].count, 1);
}

static void count_samples(void *ctx, const struct sy_sample *samples, size_t n,
                          const struct sy_error *error) {
    size_t *count = ctx;
    assert_null(error);
    for (size_t i = 1; i < n; i++)
        assert_true(samples[i].start_ms == samples[i - 1].start_ms + 1000);
    *count = n;
}

/* A day of seconds is 86,400 periods, times four metrics: more than one call takes. */
static void a_long_look_is_cut(void **state) {
    struct fixture *f = *state;
    struct cloud cloud = {0};
    struct sy_query query = two_minutes;
    size_t count = 0;
    query.period_ms = 1000;
    query.to_ms = query.from_ms + SY_DAY_MS;
    fake_responder(f->aws, answer_ones, &cloud);
    f->source->ops->query(f->source, &query, count_samples, &count);
    turn(f);
    assert_int_equal(count, 86400);
    assert_int_equal(cloud.calls, 4);
}

static void half_of_a_cut_look_fails_it(void **state) {
    struct fixture *f = *state;
    struct sy_query query = two_minutes;
    query.baseline = "";
    query.period_ms = 1000;
    query.to_ms = query.from_ms + 60000 * 1000;
    fake_reply(f->aws, 200, PAGE(NONE("q0") "," NONE("q1")));
    fake_error(f->aws, SY_UNAVAILABLE, "InternalServiceError", "CloudWatch did not answer");
    f->source->ops->query(f->source, &query, on_samples, &f->got);
    turn(f);
    assert_int_equal(f->got.count, 1);
    assert_int_equal(f->got.error.code, SY_UNAVAILABLE);
}

struct again {
    struct fixture *fixture;
    int count;
};

static void ask_again(void *ctx, const struct sy_sample *samples, size_t n,
                      const struct sy_error *error) {
    struct again *again = ctx;
    (void)samples;
    (void)n;
    assert_null(error);
    if (++again->count < 3)
        again->fixture->source->ops->query(again->fixture->source, &two_minutes, ask_again, again);
}

static void a_callback_may_ask_again(void **state) {
    struct fixture *f = *state;
    struct again again = {.fixture = f};
    struct cloud cloud = {0};
    fake_responder(f->aws, answer_ones, &cloud);
    f->source->ops->query(f->source, &two_minutes, ask_again, &again);
    for (int i = 0; i < 4; i++)
        turn(f);
    assert_int_equal(again.count, 3);
}

static void destroy_forgets_what_is_under_way(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{}");
    f->source->ops->query(f->source, &two_minutes, on_samples, &f->got);
    assert_int_equal(sy_timers_fire_one(&f->timers, f->io.now_ms), 1);
    f->source->ops->query(f->source, &two_minutes, on_samples, &f->got);
    f->source->ops->destroy(f->source);
    assert_int_equal(sy_timers_fire_one(&f->timers, f->io.now_ms), 0);
    assert_int_equal(f->got.count, 0);
    f->source = sy_cloudwatch_create(f->aws, &f->io.io, &f->timers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(asks_for_target_and_baseline),
        TEST(asks_for_the_alias_alone),
        TEST(times_are_rounded_outwards),
        TEST(no_datapoint_is_no_sample),
        TEST(the_whole_alias_stands_for_a_silent_target),
        TEST(a_period_that_began_before_is_not_whole),
        TEST(pages_are_followed),
        TEST(pages_are_bounded),
        TEST(the_same_token_again_is_refused),
        TEST(the_call_fails),
        cmocka_unit_test(one_bad_metric_fails_one_query),
        cmocka_unit_test(hostile_pages_are_refused),
        cmocka_unit_test(mutants_are_read_or_refused),
        TEST(what_was_not_asked_is_passed_over),
        TEST(a_repeated_time_keeps_the_larger_count),
        cmocka_unit_test(bad_queries_are_answered_later),
        TEST(no_time_at_all_is_no_data),
        TEST(ten_thousand_releases_travel_together),
        TEST(other_periods_and_times_travel_apart),
        TEST(a_long_look_is_cut),
        TEST(half_of_a_cut_look_fails_it),
        TEST(a_callback_may_ask_again),
        TEST(destroy_forgets_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
