#include "base/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

enum { FIRED_MAX = 64 };

static int fired[FIRED_MAX];
static int n_fired;
static struct sy_timers timers;
static struct sy_timer timer[8];
static int id[8] = {0, 1, 2, 3, 4, 5, 6, 7};

static int reset(void **state) {
    (void)state;
    n_fired = 0;
    memset(timer, 0, sizeof timer);
    return 0;
}

static int finish(void **state) {
    (void)state;
    sy_timers_finish(&timers);
    return 0;
}

static void note(void *ctx) {
    assert_true(n_fired < FIRED_MAX);
    fired[n_fired++] = *(int *)ctx;
}

static void arm(int i, int64_t at_ms) {
    sy_timers_set(&timers, &timer[i], at_ms, note, &id[i]);
}

static void fire_all(int64_t now_ms) {
    while (sy_timers_fire_one(&timers, now_ms))
        ;
}

static void assert_fired(const char *expected) {
    char text[FIRED_MAX + 1] = "";
    for (int i = 0; i < n_fired; i++)
        text[i] = (char)('0' + fired[i]);
    assert_string_equal(text, expected);
}

static void empty(void **state) {
    (void)state;
    assert_true(sy_timers_next(&timers) == INT64_MAX);
    assert_int_equal(sy_timers_fire_one(&timers, 0), 0);
    assert_int_equal(sy_timers_fire_one(&timers, INT64_MAX), 0);
    sy_timers_cancel(&timers, &timer[0]); /* not armed: nothing */
}

static void earliest_first(void **state) {
    (void)state;
    arm(0, 30);
    arm(1, 10);
    arm(2, 20);
    assert_int_equal(sy_timers_next(&timers), 10);
    assert_int_equal(sy_timers_fire_one(&timers, 9), 0);
    fire_all(20);
    assert_fired("12");
    assert_int_equal(sy_timers_next(&timers), 30);
    fire_all(INT64_MAX);
    assert_fired("120");
}

static void equal_times_in_order_added(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++)
        arm(7 - i, 5);
    arm(7, 5); /* again: now it is the last one */
    fire_all(5);
    assert_fired("65432107");
}

static void cancel_and_rearm(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++)
        arm(i, 10 + i);
    sy_timers_cancel(&timers, &timer[0]);
    sy_timers_cancel(&timers, &timer[0]);
    sy_timers_cancel(&timers, &timer[3]);
    arm(2, 1);
    fire_all(100);
    assert_fired("21");
}

static void again(void *ctx) {
    note(ctx);
    if (n_fired < 4)
        sy_timers_set(&timers, &timer[0], n_fired * 10, again, ctx);
}

static void rearm_from_within_fire(void **state) {
    (void)state;
    sy_timers_set(&timers, &timer[0], 5, again, &id[0]);
    fire_all(19);
    assert_fired("00"); /* at 5 and 10; the one at 20 is not due */
    fire_all(100);
    assert_fired("0000");
    assert_true(sy_timers_next(&timers) == INT64_MAX);
}

static void cancel_other(void *ctx) {
    note(ctx);
    sy_timers_cancel(&timers, &timer[1]);
    arm(2, 0);
}

static void change_others_from_within_fire(void **state) {
    (void)state;
    sy_timers_set(&timers, &timer[0], 1, cancel_other, &id[0]);
    arm(1, 1);
    arm(2, 1);
    fire_all(1);
    assert_fired("02");
}

/* ---- against a list that is searched from end to end ---- */

enum { RANDOM_TIMERS = 200, RANDOM_STEPS = 10000 };

struct model {
    struct sy_timer timer;
    bool armed;
    int64_t at_ms;
    uint64_t order;
};
static struct model models[RANDOM_TIMERS];
static struct model *last_fired;

static void fire_model(void *ctx) {
    last_fired = ctx;
}

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static struct model *model_earliest(void) {
    struct model *best = NULL;
    for (int i = 0; i < RANDOM_TIMERS; i++)
        if (models[i].armed && (!best || models[i].at_ms < best->at_ms ||
                                (models[i].at_ms == best->at_ms && models[i].order < best->order)))
            best = &models[i];
    return best;
}

static void random_step(uint64_t *seed, uint64_t step, int64_t *now_ms) {
    struct model *model = &models[next_random(seed) % RANDOM_TIMERS];
    switch (next_random(seed) % 4) {
    case 0:
    case 1:
        model->armed = true;
        model->at_ms = *now_ms + (int64_t)(next_random(seed) % 50);
        model->order = step;
        sy_timers_set(&timers, &model->timer, model->at_ms, fire_model, model);
        break;
    case 2:
        model->armed = false;
        sy_timers_cancel(&timers, &model->timer);
        break;
    default:
        *now_ms += (int64_t)(next_random(seed) % 5);
        last_fired = NULL;
        struct model *due = model_earliest();
        if (due && due->at_ms > *now_ms)
            due = NULL;
        assert_int_equal(sy_timers_fire_one(&timers, *now_ms), due != NULL);
        assert_ptr_equal(last_fired, due);
        if (due)
            due->armed = false;
    }
    const struct model *next = model_earliest();
    assert_true(sy_timers_next(&timers) == (next ? next->at_ms : INT64_MAX));
}

static void random_operations(void **state) {
    (void)state;
    uint64_t seed = UINT64_C(0x5eed5eed5eed5eed);
    int64_t now_ms = 0;
    print_message("seed 0x%llx\n", (unsigned long long)seed);
    memset(models, 0, sizeof models);
    for (uint64_t step = 0; step < RANDOM_STEPS; step++)
        random_step(&seed, step, &now_ms);
    for (int i = 0; i < RANDOM_TIMERS; i++)
        assert_int_equal(models[i].timer.slot != 0, models[i].armed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, finish)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(empty),
        TEST(earliest_first),
        TEST(equal_times_in_order_added),
        TEST(cancel_and_rearm),
        TEST(rearm_from_within_fire),
        TEST(change_others_from_within_fire),
        TEST(random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
