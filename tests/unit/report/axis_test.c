#include "report/axis.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void places(void **state) {
    (void)state;
    struct sy_axis axis = {1000, 3000};
    assert_int_equal(sy_axis_at(&axis, 1000), 0);
    assert_int_equal(sy_axis_at(&axis, 2000), 500);
    assert_int_equal(sy_axis_at(&axis, 3000), 1000);
    assert_int_equal(sy_axis_at(&axis, 0), 0);
    assert_int_equal(sy_axis_at(&axis, INT64_MAX), 1000);
}

/* From a second to a century there are two ticks at least, but of the shortest, and nine at most.
 */
static void time_steps(void **state) {
    (void)state;
    static const struct {
        int64_t span_ms, step_ms;
    } cases[] = {
        {1000, 1000},
        {8999, 1000},
        {9000, 2000},
        {INT64_C(30) * 60000, 5 * 60000},
        {INT64_C(90) * 60000, 15 * 60000},
        {INT64_C(24) * 3600000, 3 * 3600000},
        {INT64_C(120) * 3600000, 24 * 3600000},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++)
        assert_int_equal(sy_time_step(cases[i].span_ms), cases[i].step_ms);
    for (int64_t span_ms = 1000; span_ms < INT64_C(3153600000000); span_ms += span_ms / 7) {
        int64_t step_ms = sy_time_step(span_ms);
        assert_true(span_ms / step_ms <= 8);
        assert_true(span_ms < 2000 || span_ms / step_ms >= 2);
    }
}

static void number_steps(void **state) {
    (void)state;
    static const struct {
        int64_t span, step;
    } cases[] = {{1, 1}, {4, 1}, {5, 2}, {100, 50}, {650, 200}, {1004, 500}, {10000, 5000}};
    for (size_t i = 0; i < SY_COUNT(cases); i++)
        assert_int_equal(sy_number_step(cases[i].span), cases[i].step);
    for (int64_t span = 1; span < 20000; span++)
        assert_true(span / sy_number_step(span) <= 4);
}

static void labels_do_not_meet(void **state) {
    (void)state;
    struct sy_lane lane = {0};
    assert_int_equal(sy_lane_take(&lane, 500, SY_ANCHOR_MIDDLE, 5), SY_FITS);
    assert_int_equal(sy_lane_take(&lane, 510, SY_ANCHOR_MIDDLE, 5), SY_FITS_NEVER);
    /* A label of five characters takes 150 units on a phone, and 77 on a wide page. */
    assert_int_equal(sy_lane_take(&lane, 600, SY_ANCHOR_MIDDLE, 5), SY_FITS_WIDE);
    assert_int_equal(sy_lane_take(&lane, 800, SY_ANCHOR_START, 5), SY_FITS);
    assert_int_equal(sy_lane_take(&lane, 800, SY_ANCHOR_END, 5), SY_FITS);
}

static void a_lane_is_full(void **state) {
    (void)state;
    struct sy_lane lane = {0};
    for (int i = 0; i < SY_LANE_MAX; i++)
        assert_int_equal(sy_lane_take(&lane, i * 1000, SY_ANCHOR_START, 1), SY_FITS);
    assert_int_equal(sy_lane_take(&lane, SY_LANE_MAX * 1000, SY_ANCHOR_START, 1), SY_FITS_NEVER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),         cmocka_unit_test(time_steps),
        cmocka_unit_test(number_steps),   cmocka_unit_test(labels_do_not_meet),
        cmocka_unit_test(a_lane_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
