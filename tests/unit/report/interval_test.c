#include "report/interval.h"

#include "base/json.h"
#include "base/memory.h"

#include <json-c/json.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* cmocka's own compare floats of single precision. */
static void check_near(const char *what, double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s is %.17g, not %.17g", what, got, want);
}

static double value(struct json_object *object, const char *key) {
    double ret = 0;
    struct sy_error error = {0};
    if (sy_json_double(object, key, true, -1e9, 1e9, &ret, &error))
        fail_msg("%s", error.message);
    return ret;
}

static struct json_object *child(struct json_object *object, const char *key, enum json_type type) {
    struct json_object *ret = NULL;
    struct sy_error error = {0};
    if (sy_json_child(object, key, true, type, &ret, &error))
        fail_msg("%s", error.message);
    return ret;
}

static void check_bound(struct json_object *in, struct json_object *expect) {
    struct sy_counts counts = {(int64_t)value(in, "n"), (int64_t)value(in, "x")};
    double tolerance = value(expect, "tol");
    double low = -1;
    double high = -1;
    sy_wilson_interval(counts, value(expect, "z"), &low, &high);
    check_near("wilson_lo", low, value(expect, "wilson_lo"), tolerance);
    check_near("wilson_hi", high, value(expect, "wilson_hi"), tolerance);
    sy_exact_interval(counts, value(in, "alpha"), &low, &high);
    check_near("cp_lo", low, value(expect, "cp_lo"), tolerance);
    check_near("cp_hi", high, value(expect, "cp_hi"), tolerance);
    assert_int_equal(low > value(in, "p"),
                     json_object_get_boolean(child(expect, "cp_breach", json_type_boolean)));
}

/* tests/vectors/verdict.json: computed with 60 digits. */
static void golden_bounds(void **state) {
    (void)state;
    struct json_object *vectors = json_object_from_file(SY_TESTS_DIR "/vectors/verdict.json");
    assert_non_null(vectors);
    struct json_object *cases = child(vectors, "cases", json_type_array);
    int n = 0;
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *one = json_object_array_get_idx(cases, i);
        if (strcmp(json_object_get_string(child(one, "kind", json_type_string)), "bound") != 0)
            continue;
        n++;
        print_message("%s\n", json_object_get_string(child(one, "id", json_type_string)));
        check_bound(child(one, "input", json_type_object), child(one, "expect", json_type_object));
    }
    assert_int_equal(n, 12);
    (void)json_object_put(vectors);
}

static void check_rate(int64_t invocations, int64_t errors, double low, double high) {
    double got_low = -1;
    double got_high = -1;
    sy_rate_interval((struct sy_counts){invocations, errors}, &got_low, &got_high);
    check_near("low", got_low, low, 1e-9);
    check_near("high", got_high, high, 1e-9);
}

/* Closed forms at the ends: 1 - 0.025^(1/n) for no error, and the mirror image for errors alone. */
static void limits_of_95_percent(void **state) {
    (void)state;
    check_rate(1, 0, 0, 0.975);
    check_rate(1, 1, 0.025, 1);
    check_rate(100, 0, 0, 1 - pow(0.025, 0.01));
    check_rate(100, 100, pow(0.025, 0.01), 1);
    check_rate(SY_EXACT_MAX, 0, 0, 1 - pow(0.025, 1e-6));
    check_rate(10, 1, 0.0025285785444617,
               0.4450161174950); /* as tables of Clopper-Pearson have it */
}

static void what_is_not_known(void **state) {
    (void)state;
    check_rate(0, 0, 0, 1);
    check_rate(0, 3, 0, 1);
    check_rate(5, 6, 0, 1);
    check_rate(-1, 0, 0, 1);
    check_rate(5, -1, 0, 1);
    check_rate(INT64_MIN, INT64_MIN, 0, 1);
}

/* Where the formula changes, nobody who reads a report sees it. */
static void exact_and_wilson_meet(void **state) {
    (void)state;
    static const int64_t errors[] = {0, 1, 2, 10, 1000, 50000, 500000, 999999, 1000000};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        double low[2];
        double high[2];
        sy_rate_interval((struct sy_counts){SY_EXACT_MAX, errors[i]}, &low[0], &high[0]);
        sy_rate_interval((struct sy_counts){SY_EXACT_MAX + 1, errors[i]}, &low[1], &high[1]);
        check_near("low", low[1], low[0], 1e-5);
        check_near("high", high[1], high[0], 1e-5);
        assert_true(low[0] != low[1] || high[0] != high[1]);
    }
}

/* Any counts at all: the limits hold the rate between them, and stay shares. */
static void limits_hold_the_rate(void **state) {
    (void)state;
    static const int64_t sizes[] = {1, 2, 7, 1000, SY_EXACT_MAX, SY_EXACT_MAX + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int part = 0; part <= 4; part++) {
            int64_t n = sizes[i];
            int64_t x = part == 4 ? n : n / 4 * part;
            double rate = (double)x / (double)n;
            double low = -1;
            double high = -1;
            sy_rate_interval((struct sy_counts){n, x}, &low, &high);
            assert_true(0 <= low && low <= rate && rate <= high && high <= 1);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_bounds),        cmocka_unit_test(limits_of_95_percent),
        cmocka_unit_test(what_is_not_known),    cmocka_unit_test(exact_and_wilson_meet),
        cmocka_unit_test(limits_hold_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
