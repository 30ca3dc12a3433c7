#include "metrics.h"

#define WORLD(metrics)                                                                             \
    "{\"functions\": [{\"name\": \"f\", \"versions\": [{\"version\": \"1\"},"                      \
    " {\"version\": \"2\", \"error_rate\": 1.0}],"                                                 \
    " \"aliases\": [{\"name\": \"a\", \"version\": \"1\", \"additional\":"                         \
    " {\"version\": \"2\", \"weight\": 0.5}}, {\"name\": \"b\", \"version\": \"1\"}],"             \
    " \"traffic\": [{\"alias\": \"a\", \"requests_per_second\": 100},"                             \
    "  {\"alias\": \"b\", \"requests_per_second\": 100}]}], \"metrics\": " metrics "}"

static const char alias_a[] = "FunctionName=f,Resource=f:a";
static const char alias_b[] = "FunctionName=f,Resource=f:b";

static void publishes_lambdas_sets_alone(void **state) {
    struct sy_world *world = world_of(WORLD("{\"resolution\": \"1s\"}"));
    static const char *const never[] = {
        "FunctionName=f,ExecutedVersion=2", /* the pattern's own */
        "ExecutedVersion=2",
        "Resource=f:a",
        "FunctionName=f,Resource=f:a,ExecutedVersion=9",
        "FunctionName=f,Resource=f:a,ExecutedVersion=x",
        "FunctionName=f,Resource=a",
        "FunctionName=g",
        "FunctionName=f,FunctionName=f",
        "FunctionName=f,Other=1",
    };
    (void)state;
    size_t points = 7;
    for (size_t i = 0; i < SY_COUNT(never); i++) {
        assert_true(sum_at(world, 60, 0, 60, "Invocations", never[i], 60, &points) == 0);
        assert_int_equal(points, 0);
    }
    assert_true(sum_at(world, 60, 0, 60, "Duration", "FunctionName=f", 60, &points) == 0);
    double a = sum_at(world, 60, 0, 60, "Invocations", alias_a, 60, NULL);
    double b = sum_at(world, 60, 0, 60, "Invocations", alias_b, 60, NULL);
    assert_true(a > 5000 && b > 5000);
    assert_true(sum_at(world, 60, 0, 60, "Invocations", "FunctionName=f", 60, NULL) == a + b);
    assert_true(sum_at(world, 60, 0, 60, "Invocations", "", 60, NULL) == a + b);
    double a1 = sum_at(world, 60, 0, 60, "Invocations",
                       "FunctionName=f,Resource=f:a,ExecutedVersion=1", 60, NULL);
    double a2 = sum_at(world, 60, 0, 60, "Errors", "FunctionName=f,Resource=f:a,ExecutedVersion=2",
                       60, NULL);
    assert_true(a1 + a2 == a);
    assert_true(sum_at(world, 60, 0, 60, "Throttles", alias_a, 60, &points) == 0);
    assert_int_equal(points, 1);
    sy_world_destroy(world);
}

static void can_leave_out_the_version_at_full(void **state) {
    struct sy_world *world =
        world_of(WORLD("{\"resolution\": \"1s\", \"executed_version_at_full\": false}"));
    static const char b1[] = "FunctionName=f,Resource=f:b,ExecutedVersion=1";
    static const char a1[] = "FunctionName=f,Resource=f:a,ExecutedVersion=1";
    (void)state;
    assert_true(sum_at(world, 60, 0, 60, "Invocations", b1, 60, NULL) == 0);
    assert_true(sum_at(world, 60, 0, 60, "Invocations", alias_b, 60, NULL) > 5000);
    assert_true(sum_at(world, 60, 0, 60, "Invocations", a1, 60, NULL) > 2000);
    act_at(world, 60,
           "{\"do\":\"update-alias\",\"function\":\"f\",\"alias\":\"a\",\"version\":\"1\"}");
    assert_true(sum_at(world, 120, 60, 120, "Invocations", a1, 60, NULL) == 0);
    assert_true(sum_at(world, 120, 60, 120, "Invocations", alias_a, 60, NULL) > 5000);
    sy_world_destroy(world);
}

static void datapoints_come_late_and_grow(void **state) {
    struct sy_world *world = world_of(WORLD("{\"resolution\": \"10s\", \"delay_ms\": 5000,"
                                            " \"growth_ms\": 20000, \"first_share\": 0.25}"));
    size_t points = 0;
    (void)state;
    assert_true(sum_at(world, 14.999, 0, 10, "Invocations", alias_a, 10, &points) == 0);
    assert_int_equal(points, 0);
    double first = sum_at(world, 15, 0, 10, "Invocations", alias_a, 10, NULL);
    double middle = sum_at(world, 25, 0, 10, "Invocations", alias_a, 10, NULL);
    double last = sum_at(world, 35, 0, 10, "Invocations", alias_a, 10, NULL);
    assert_true(last > 900);
    assert_true(first > last * 0.24 && first < last * 0.26);
    assert_true(middle > last * 0.61 && middle < last * 0.64);
    assert_true(sum_at(world, 600, 0, 10, "Invocations", alias_a, 10, NULL) == last);
    sy_world_destroy(world);
}

static void minutes_are_stamped_with_their_start(void **state) {
    struct sy_world *world = world_of(WORLD("{\"resolution\": \"60s\"}"));
    struct sy_world_reply r;
    SY_AUTO_FREE char *query = metric_query("q", "Invocations", alias_a, 60);
    char text[24];
    (void)state;
    ask_at(world, 300, 30, 240, query, "", &r);
    /* The start is rounded down, the end excludes the minute that begins there; newest first. */
    (void)snprintf(text, sizeof text, "%d", START_S + 180);
    assert_string_equal(said(&r, "MetricDataResults/0/Timestamps/0"), text);
    (void)snprintf(text, sizeof text, "%d", START_S);
    assert_string_equal(said(&r, "MetricDataResults/0/Timestamps/3"), text);
    assert_string_equal(said(&r, "MetricDataResults/0/Timestamps/4"), "");
    ask_at(world, 300, 30, 240, query, ",\"ScanBy\":\"TimestampAscending\"", &r);
    assert_string_equal(said(&r, "MetricDataResults/0/Timestamps/0"), text);
    sy_world_destroy(world);
}

/* Put all pages together, and check that they are what one page would be. */
static void pages_make_the_whole(void **state) {
    struct sy_world *world = world_of(WORLD("{\"resolution\": \"1s\"}"));
    struct sy_world_reply r;
    SY_AUTO_FREE char *first = metric_query("x", "Invocations", alias_a, 1);
    SY_AUTO_FREE char *none = metric_query("y", "Invocations", "FunctionName=none", 1);
    SY_AUTO_FREE char *last = metric_query("z", "Errors", alias_a, 1);
    SY_AUTO_FREE char *queries = sy_asprintf("%s,%s,%s", first, none, last);
    int seen[3] = {0}, pages = 0;
    char more[80] = ",\"MaxDatapoints\":7";
    (void)state;
    for (; pages < 20; pages++) {
        ask_at(world, 60, 0, 50, queries, more, &r);
        assert_int_equal(r.response.status, 200);
        SY_AUTO_JSON struct json_object *answer = answer_of(&r);
        struct json_object *results = dig(answer, "MetricDataResults");
        size_t here = 0;
        for (size_t i = 0; i < json_object_array_length(results); i++) {
            struct json_object *result = json_object_array_get_idx(results, i);
            size_t n = json_object_array_length(dig(result, "Values"));
            seen[*json_object_get_string(dig(result, "Id")) - 'x'] += n ? (int)n : 1000;
            here += n;
        }
        assert_in_range(here, 1, 7);
        const char *token = said(&r, "NextToken");
        if (!*token)
            break;
        (void)snprintf(more, sizeof more, ",\"MaxDatapoints\":7,\"NextToken\":\"%s\"", token);
    }
    assert_int_equal(pages, 14);
    assert_int_equal(seen[0], 50);
    assert_int_equal(seen[1], 1000); /* there, once, without a value */
    assert_int_equal(seen[2], 50);
    sy_world_destroy(world);
}

static void refuses_what_aws_refuses(void **state) {
    struct sy_world *world = world_of(WORLD("{}"));
    struct sy_world_reply r;
    SY_AUTO_FREE char *good = metric_query("q", "Errors", alias_a, 60);
    SY_AUTO_FREE char *period = metric_query("q", "Errors", alias_a, 61);
    SY_AUTO_FREE char *id = metric_query("Q", "Errors", alias_a, 60);
    SY_AUTO_FREE char *twice = sy_asprintf("%s,%s", good, good);
    SY_AUTO_BUFFER struct sy_buffer many = {0};
    for (int i = 0; i <= 500; i++) {
        char name[24];
        (void)snprintf(name, sizeof name, "q%d", i);
        SY_AUTO_FREE char *one = metric_query(name, "Errors", alias_a, 60);
        sy_buffer_printf(&many, "%s%s", i ? "," : "", one);
    }
    const char *bad[] = {"",
                         "1",
                         "{}",
                         "null",
                         period,
                         id,
                         twice,
                         many.data,
                         "{\"Id\":\"q\",\"Expression\":\"m1/m2\"}",
                         "{\"Id\":\"q\",\"MetricStat\":{}}"};
    (void)state;
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        ask_at(world, 0, 0, 60, bad[i], "", &r);
        assert_int_equal(r.response.status, 400);
        assert_string_equal(said(&r, "__type"), "com.amazonaws.cloudwatch.v2010_08_01"
                                                "#ValidationError");
    }
    ask_at(world, 0, 60, 60, good, "", &r);
    assert_int_equal(r.response.status, 400);
    ask_at(world, 0, 0, 60, good, ",\"NextToken\":\"x\"", &r);
    assert_int_equal(r.response.status, 400);
    ask_at(world, 0, 0, 60, good, ",\"MaxDatapoints\":0", &r);
    assert_int_equal(r.response.status, 400);
    ask_at(world, 0, 0, 60, good, ",\"ScanBy\":\"x\"", &r);
    assert_int_equal(r.response.status, 400);
    sy_world_destroy(world);
}

static void invocations_count_by_what_the_caller_named(void **state) {
    struct sy_world *world = world_of("{\"functions\": [{\"name\": \"f\", \"versions\":"
                                      " [{\"version\": \"1\"}], \"aliases\": [{\"name\": \"a\","
                                      " \"version\": \"1\"}]}]}");
    struct sy_world_reply r;
    (void)state;
    lambda_at(world, 1, "POST", "f/invocations?Qualifier=a", "{}", &r);
    lambda_at(world, 1, "POST", "f/invocations?Qualifier=1", "{}", &r);
    lambda_at(world, 1, "POST", "f:1/invocations", "{}", &r);
    lambda_at(world, 1, "POST", "f/invocations", "{}", &r);
    assert_true(sum_at(world, 60, 0, 60, "Invocations", alias_a, 60, NULL) == 1);
    assert_true(sum_at(world, 60, 0, 60, "Invocations", "FunctionName=f,Resource=f:1", 60, NULL) ==
                2);
    assert_true(sum_at(world, 60, 0, 60, "Invocations",
                       "FunctionName=f,Resource=f:1,ExecutedVersion=1", 60, NULL) == 0);
    assert_true(sum_at(world, 60, 0, 60, "Invocations", "FunctionName=f,Resource=f", 60, NULL) ==
                1);
    assert_true(sum_at(world, 60, 0, 60, "Invocations", "FunctionName=f", 60, NULL) == 4);
    sy_world_destroy(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishes_lambdas_sets_alone),
        cmocka_unit_test(can_leave_out_the_version_at_full),
        cmocka_unit_test(datapoints_come_late_and_grow),
        cmocka_unit_test(minutes_are_stamped_with_their_start),
        cmocka_unit_test(pages_make_the_whole),
        cmocka_unit_test(refuses_what_aws_refuses),
        cmocka_unit_test(invocations_count_by_what_the_caller_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
