#include "metrics.h"

#define WORLD(seed, resolution, more)                                                              \
    "{\"seed\": " #seed ", \"functions\": [{\"name\": \"f\","                                      \
    " \"versions\": [{\"version\": \"1\", \"error_rate\": 0.01},"                                  \
    "  {\"version\": \"2\", \"error_rate\": [{\"from\": \"0s\", \"rate\": 0.0},"                   \
    "   {\"from\": \"10m\", \"rate\": 0.3}]}],"                                                    \
    " \"aliases\": [{\"name\": \"a\", \"version\": \"1\","                                         \
    "  \"additional\": {\"version\": \"2\", \"weight\": 0.1}}],"                                   \
    " \"traffic\": [{\"alias\": \"a\", \"requests_per_second\": 20}]}],"                           \
    " \"metrics\": {\"resolution\": \"" resolution "\"}" more "}"

static const char one[] = "FunctionName=f,Resource=f:a,ExecutedVersion=1";
static const char two[] = "FunctionName=f,Resource=f:a,ExecutedVersion=2";
static const char both[] = "FunctionName=f,Resource=f:a";

/* As in random_test.c: two-sided, exact. */
static double tail(double n, double p, double x) {
    double mode = (double)(int64_t)((n + 1) * p);
    double total = 0, low = 0, high = 0, mass = 1;
    for (double k = mode; mass > 1e-40 && k <= n; k++) {
        total += mass;
        low += k <= x ? mass : 0;
        high += k >= x ? mass : 0;
        mass *= (n - k) / (k + 1) * p / (1 - p);
    }
    mass = 1;
    for (double k = mode; k > 0 && mass > 1e-40; k--) {
        mass *= k / (n - k + 1) * (1 - p) / p;
        total += mass;
        low += k - 1 <= x ? mass : 0;
        high += k - 1 >= x ? mass : 0;
    }
    return 2 * (low < high ? low : high) / total;
}

static void shares_and_rates_hold(void **state) {
    static const char *const worlds[] = {WORLD(1, "1s", ""), WORLD(2, "10s", ""),
                                         WORLD(3, "60s", "")};
    (void)state;
    for (size_t i = 0; i < SY_COUNT(worlds); i++) {
        struct sy_world *world = world_of(worlds[i]);
        act_at(world, 0,
               "{\"do\":\"set-traffic\",\"function\":\"f\",\"alias\":\"a\","
               "\"requests_per_second\":2000}");
        double n1 = sum_at(world, 1200, 0, 1200, "Invocations", one, 60, NULL);
        double n2 = sum_at(world, 1200, 0, 1200, "Invocations", two, 60, NULL);
        double e1 = sum_at(world, 1200, 0, 1200, "Errors", one, 60, NULL);
        double early = sum_at(world, 1200, 0, 600, "Errors", two, 60, NULL);
        double late_n = sum_at(world, 1200, 600, 1200, "Invocations", two, 60, NULL);
        double late = sum_at(world, 1200, 600, 1200, "Errors", two, 60, NULL);
        assert_true(tail(24e8, 0.001, n1 + n2) > 1e-6); /* Poisson(2400000) nearly */
        assert_true(tail(n1 + n2, 0.1, n2) > 1e-6);
        assert_true(tail(n1, 0.01, e1) > 1e-6);
        assert_true(early == 0);
        assert_true(tail(late_n, 0.3, late) > 1e-6);
        assert_true(sum_at(world, 1200, 0, 1200, "Invocations", both, 300, NULL) == n1 + n2);
        sy_world_destroy(world);
    }
}

static void asking_changes_nothing(void **state) {
    struct sy_world *often = world_of(WORLD(1, "1s", ""));
    struct sy_world *once = world_of(WORLD(1, "1s", ""));
    (void)state;
    for (int at = 1; at < 300; at++)
        (void)sum_at(often, at * 0.37, 0, 300, "Invocations", two, 1, NULL);
    assert_true(sum_at(often, 300, 0, 300, "Invocations", two, 1, NULL) ==
                sum_at(once, 300, 0, 300, "Invocations", two, 1, NULL));
    sy_world_destroy(often);
    sy_world_destroy(once);
}

static void arrivals_do_not_depend_on_routing(void **state) {
    struct sy_world *moved = world_of(WORLD(1, "1s", ""));
    struct sy_world *left = world_of(WORLD(1, "1s", ""));
    (void)state;
    act_at(moved, 100,
           "{\"do\":\"update-alias\",\"function\":\"f\",\"alias\":\"a\","
           "\"version\":\"2\"}");
    assert_true(sum_at(moved, 300, 0, 300, "Invocations", both, 1, NULL) ==
                sum_at(left, 300, 0, 300, "Invocations", both, 1, NULL));
    assert_true(sum_at(moved, 300, 100, 300, "Invocations", one, 1, NULL) == 0);
    sy_world_destroy(moved);
    sy_world_destroy(left);
}

static void a_move_counts_from_its_millisecond(void **state) {
    struct sy_world *world = world_of(WORLD(1, "1s", ""));
    (void)state;
    act_at(world, 100.5,
           "{\"do\":\"update-alias\",\"function\":\"f\",\"alias\":\"a\","
           "\"version\":\"2\"}");
    act_at(world, 100.5,
           "{\"do\":\"set-traffic\",\"function\":\"f\",\"alias\":\"a\","
           "\"requests_per_second\":2000}");
    assert_true(sum_at(world, 200, 101, 200, "Invocations", one, 1, NULL) == 0);
    assert_true(sum_at(world, 200, 0, 101, "Invocations", one, 1, NULL) > 1500);
    double half = sum_at(world, 200, 100, 101, "Invocations", two, 1, NULL);
    assert_true(half > 800 && half < 1200);
    sy_world_destroy(world);
}

static void rates_step_inside_a_slot(void **state) {
    struct sy_world *world = world_of(
        "{\"functions\": [{\"name\": \"f\", \"versions\": [{\"version\": \"1\", \"error_rate\":"
        " [{\"from\": \"0s\", \"rate\": 0}, {\"from\": \"45s\", \"rate\": 1}]}],"
        " \"aliases\": [{\"name\": \"a\", \"version\": \"1\"}], \"traffic\": [{\"alias\": \"a\","
        " \"requests_per_second\": 1000}]}]}");
    (void)state;
    double n = sum_at(world, 60, 0, 60, "Invocations", both, 60, NULL);
    double errors = sum_at(world, 60, 0, 60, "Errors", both, 60, NULL);
    assert_true(tail(n, 0.25, errors) > 1e-6);
    sy_world_destroy(world);
}

static void seeds_differ_and_repeat(void **state) {
    struct sy_world *first = world_of(WORLD(1, "1s", ""));
    struct sy_world *again = world_of(WORLD(1, "1s", ""));
    struct sy_world *other = world_of(WORLD(2, "1s", ""));
    struct sy_world_reply a, b, c;
    SY_AUTO_FREE char *query = metric_query("q", "Invocations", two, 1);
    (void)state;
    ask_at(first, 300, 0, 300, query, "", &a);
    ask_at(again, 300, 0, 300, query, "", &b);
    ask_at(other, 300, 0, 300, query, "", &c);
    assert_string_equal(a.response.body, b.response.body);
    assert_string_equal(sy_http_header_get(&a.response, "x-amzn-requestid"),
                        sy_http_header_get(&b.response, "x-amzn-requestid"));
    assert_string_not_equal(a.response.body, c.response.body);
    sy_world_destroy(first);
    sy_world_destroy(again);
    sy_world_destroy(other);
}

static void traffic_runs_before_the_start(void **state) {
    struct sy_world *world = world_of(WORLD(1, "1s", ", \"running_for\": \"5m\""));
    (void)state;
    double n = sum_at(world, 0, -300, 0, "Invocations", both, 60, NULL);
    assert_true(tail(6e6, 0.001, n) > 1e-6);
    assert_true(sum_at(world, 0, -900, -300, "Invocations", both, 60, NULL) == 0);
    sy_world_destroy(world);
}

static void traffic_can_follow_late(void **state) {
    struct sy_world *world = world_of(WORLD(1, "1s", ", \"propagation_ms\": 2500"));
    (void)state;
    act_at(world, 100,
           "{\"do\":\"update-alias\",\"function\":\"f\",\"alias\":\"a\","
           "\"version\":\"2\"}");
    act_at(world, 101,
           "{\"do\":\"update-alias\",\"function\":\"f\",\"alias\":\"a\","
           "\"version\":\"2\"}");
    assert_true(sum_at(world, 200, 100, 103, "Invocations", one, 1, NULL) > 20);
    assert_true(sum_at(world, 200, 103, 104, "Invocations", two, 1, NULL) > 5);
    assert_true(sum_at(world, 200, 104, 200, "Invocations", one, 1, NULL) == 0);
    sy_world_destroy(world);
}

static void thin_traffic_leaves_gaps(void **state) {
    struct sy_world *world =
        world_of("{\"functions\": [{\"name\": \"f\", \"versions\": [{\"version\": \"1\"}],"
                 " \"aliases\": [{\"name\": \"a\", \"version\": \"1\"}],"
                 " \"traffic\": [{\"alias\": \"a\", \"requests_per_second\": [{\"from\": \"0s\","
                 " \"rate\": 0.01}, {\"from\": \"1h\", \"rate\": 0}]}]}]}");
    size_t points = 0;
    (void)state;
    double n = sum_at(world, 7200, 0, 3600, "Invocations", both, 60, &points);
    assert_true(n > 12 && n < 72);
    assert_in_range(points, 10, 50); /* of 60 minutes */
    assert_true(sum_at(world, 7200, 3600, 7200, "Invocations", both, 60, &points) == 0);
    assert_int_equal(points, 0);
    sy_world_destroy(world);
}

static void pending_and_absent_versions_count_nothing(void **state) {
    struct sy_world *world = world_of(
        "{\"functions\": [{\"name\": \"f\", \"versions\": [{\"version\": \"1\","
        " \"active_from\": \"60s\"}], \"aliases\": [{\"name\": \"a\", \"version\": \"1\"}],"
        " \"traffic\": [{\"alias\": \"a\", \"requests_per_second\": 5},"
        "               {\"alias\": \"none\", \"requests_per_second\": 5}]}],"
        " \"metrics\": {\"resolution\": \"1s\"}}");
    (void)state;
    assert_true(sum_at(world, 120, 0, 60, "Invocations", "FunctionName=f", 60, NULL) == 0);
    assert_true(sum_at(world, 120, 60, 120, "Invocations", "FunctionName=f", 60, NULL) > 200);
    act_at(world, 150, "{\"do\":\"delete-version\",\"function\":\"f\",\"version\":\"1\"}");
    assert_true(sum_at(world, 200, 120, 150, "Invocations", "FunctionName=f", 1, NULL) > 100);
    assert_true(sum_at(world, 200, 150, 200, "Invocations", "FunctionName=f", 1, NULL) == 0);
    sy_world_destroy(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_and_rates_hold),
        cmocka_unit_test(asking_changes_nothing),
        cmocka_unit_test(arrivals_do_not_depend_on_routing),
        cmocka_unit_test(a_move_counts_from_its_millisecond),
        cmocka_unit_test(rates_step_inside_a_slot),
        cmocka_unit_test(seeds_differ_and_repeat),
        cmocka_unit_test(traffic_runs_before_the_start),
        cmocka_unit_test(traffic_can_follow_late),
        cmocka_unit_test(thin_traffic_leaves_gaps),
        cmocka_unit_test(pending_and_absent_versions_count_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
