/* The engine as its callers see it: who watches, who owns, who interrupts, and work from other
 * threads. */
#include "sim.h"

#include "sandbox/world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct scene {
    struct sim_case c;
    struct sim_world w;
    struct sim_engine e;
};

static int set_up(void **state) {
    struct scene *s = sy_calloc(1, sizeof *s);
    sim_case_load(SY_TESTS_DIR "/sim/cases/healthy.json", &s->c);
    sim_world_init(&s->w, &s->c, NULL);
    sim_engine_init(&s->e, &s->w, "tester");
    *state = s;
    return 0;
}

static int tear_down(void **state) {
    struct scene *s = *state;
    sim_engine_kill(&s->e);
    sim_world_finish(&s->w);
    sim_case_finish(&s->c);
    free(s);
    return 0;
}

static void run_for(struct scene *s, int64_t ms) {
    struct sim_request wait = {.verb = SIM_WAIT, .wait_ms = ms};
    struct sy_watch *watch = s->e.watch;
    s->e.watch = NULL; /* sim_ask() closes the watch of what was asked before */
    sim_ask(&s->e, &wait);
    (void)sim_run(&s->e, &s->c, 200000);
    s->e.watch = watch;
}

/* All that a watch has to say now; returns how many events, and how it ended. */
static int read_all(struct sy_watch *watch, int64_t *last, struct sy_error *error, int *ret_end) {
    const struct sy_release_event *event = NULL;
    int n = 0;
    int got = 0;
    while ((got = sy_watch_next(watch, &event, error)) > 0) {
        assert_true(event->sequence > *last);
        *last = event->sequence;
        n++;
    }
    *ret_end = got;
    return n;
}

static void late_and_slow_watchers_lose_nothing(void **state) {
    struct scene *s = *state;
    struct sy_error error = {0};
    struct sy_watch *owner = sy_engine_apply(s->e.engine, &s->c.requests[0].spec, NULL, NULL, NULL);
    run_for(s, 20 * SY_MINUTE_MS);
    struct sy_watch *late =
        sy_engine_watch(s->e.engine, NULL, "checkout", "production", 0, NULL, NULL);
    assert_non_null(late);
    struct sy_watch *from_five =
        sy_engine_watch(s->e.engine, NULL, "checkout", "production", 5, NULL, NULL);
    run_for(s, 20 * SY_MINUTE_MS);
    int64_t last[3] = {0, 0, 4};
    int end[3] = {0};
    int n = read_all(owner, &last[0], &error, &end[0]);
    assert_int_equal(read_all(late, &last[1], &error, &end[1]), n);
    assert_int_equal(read_all(from_five, &last[2], &error, &end[2]), n - 4);
    assert_true(n > 30);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(last[i], n); /* numbered without a gap */
        assert_int_equal(end[i], -1);
    }
    assert_int_equal(error.code, SY_OK);
    sy_watch_close(owner);
    sy_watch_close(late);
    sy_watch_close(from_five);
}

static void closing_the_owner_interrupts_and_others_do_not(void **state) {
    struct scene *s = *state;
    struct sy_error error = {0};
    struct sy_watch *owner = sy_engine_apply(s->e.engine, &s->c.requests[0].spec, NULL, NULL, NULL);
    run_for(s, 5 * SY_MINUTE_MS);
    struct sy_watch *other =
        sy_engine_watch(s->e.engine, NULL, "checkout", "production", 0, NULL, NULL);
    sy_watch_interrupt(other); /* does nothing: it owns nothing */
    sy_watch_close(other);
    run_for(s, SY_MINUTE_MS);
    other = sy_engine_watch(s->e.engine, NULL, "checkout", "production", 0, NULL, NULL);
    int64_t last = 0;
    int end = 0;
    (void)read_all(other, &last, &error, &end);
    assert_int_equal(end, 0); /* still under way */
    sy_watch_close(owner);
    run_for(s, SY_MINUTE_MS);
    (void)read_all(other, &last, &error, &end);
    assert_int_equal(end, -1);
    sy_watch_close(other);
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    sim_describe(&s->w, &left);
    assert_non_null(strstr(left.data, "alias: 41 whole"));
    assert_non_null(strstr(left.data, "CANCELLED"));
}

static void a_second_release_of_the_alias_is_refused(void **state) {
    struct scene *s = *state;
    struct sy_error error = {0};
    struct sy_watch *first = sy_engine_apply(s->e.engine, &s->c.requests[0].spec, NULL, NULL, NULL);
    run_for(s, SY_MINUTE_MS);
    struct sy_spec spec = s->c.requests[0].spec;
    (void)strcpy(spec.version, "43");
    struct sy_watch *second = sy_engine_apply(s->e.engine, &spec, NULL, NULL, NULL);
    run_for(s, SY_MINUTE_MS);
    int64_t last = 0;
    int end = 0;
    assert_int_equal(read_all(second, &last, &error, &end), 0);
    assert_int_equal(end, -1);
    assert_string_equal(error.reason, "RELEASE_RUNNING");
    sy_watch_close(second);
    run_for(s, SY_HOUR_MS);
    (void)read_all(first, &last, &error, &end);
    assert_int_equal(end, -1);
    assert_int_equal(error.code, SY_OK); /* undisturbed */
    sy_watch_close(first);
}

/* Both asked before either has begun. */
static void two_applies_at_once_are_one(void **state) {
    struct scene *s = *state;
    struct sy_error error = {0};
    struct sy_spec spec = s->c.requests[0].spec;
    struct sy_watch *first = sy_engine_apply(s->e.engine, &spec, NULL, NULL, NULL);
    (void)strcpy(spec.version, "43");
    struct sy_watch *second = sy_engine_apply(s->e.engine, &spec, NULL, NULL, NULL);
    const struct sy_release_event *event = NULL;
    assert_int_equal(sy_watch_next(second, &event, &error), 0); /* later, not within */
    run_for(s, SY_HOUR_MS);
    int64_t last = 0;
    int end = 0;
    assert_int_equal(read_all(second, &last, &error, &end), 0);
    assert_string_equal(error.reason, "RELEASE_RUNNING");
    assert_non_null(strstr(error.message, "tester/1"));
    assert_true(read_all(first, &last, &error, &end) > 10);
    assert_int_equal(error.code, SY_OK);
    sy_watch_close(first);
    sy_watch_close(second);
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    sim_describe(&s->w, &left);
    assert_non_null(strstr(left.data, "alias: 42 whole"));
}

static void fault(struct scene *s, const char *operation, int delay_ms) {
    struct sy_error error = {0};
    SY_AUTO_FREE char *text =
        sy_asprintf("{\"do\":\"add-fault\",\"fault\":{\"operation\":\"%s\",\"kind\":\"delay\","
                    "\"delay_ms\":%d}}",
                    operation, delay_ms);
    if (sy_world_act(s->w.world, sy_io_now(s->w.io), text, &error))
        fail_msg("%s", error.message);
}

/* The outcome that a watch has told so far; NONE: none yet. */
static enum sy_outcome outcome_of(struct sy_watch *watch) {
    const struct sy_release_event *event = NULL;
    struct sy_error error = {0};
    enum sy_outcome outcome = SY_OUTCOME_NONE;
    while (sy_watch_next(watch, &event, &error) > 0)
        if (event->kind == SY_EVENT_FINISHED)
            outcome = event->outcome;
    return outcome;
}

/* The release has said its last word, but its lock is still being deleted. */
static void a_rollback_after_the_last_word_is_not_lost(void **state) {
    struct scene *s = *state;
    fault(s, "DeleteParameter", 10000);
    struct sy_watch *apply = sy_engine_apply(s->e.engine, &s->c.requests[0].spec, NULL, NULL, NULL);
    int polls = 0;
    while (outcome_of(apply) == SY_OUTCOME_NONE && polls++ < 36000)
        run_for(s, 100);
    struct sy_watch *rollback = sy_engine_rollback(
        s->e.engine, &(struct sy_rollback){.function = "checkout", .alias = "production"}, NULL,
        NULL);
    run_for(s, SY_HOUR_MS);
    assert_int_equal(outcome_of(rollback), SY_OUTCOME_CANCELLED);
    sy_watch_close(apply);
    sy_watch_close(rollback);
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    sim_describe(&s->w, &left);
    assert_non_null(strstr(left.data, "alias: 41 whole"));
    assert_non_null(strstr(left.data, "phase=closed outcome=CANCELLED"));
}

static void a_rollback_calls_off_what_has_not_begun(void **state) {
    struct scene *s = *state;
    struct sy_watch *apply = sy_engine_apply(s->e.engine, &s->c.requests[0].spec, NULL, NULL, NULL);
    struct sy_watch *rollback = sy_engine_rollback(
        s->e.engine, &(struct sy_rollback){.function = "checkout", .alias = "production"}, NULL,
        NULL);
    run_for(s, SY_HOUR_MS);
    assert_int_equal(outcome_of(apply), SY_OUTCOME_CANCELLED);
    sy_watch_close(apply);
    sy_watch_close(rollback);
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    sim_describe(&s->w, &left);
    assert_string_equal(left.data, "alias: 41 whole\n"); /* and no parameter was written */
}

/* The store hangs: a split alias waits for it no longer than two seconds, a whole one must. */
static void a_rollback_does_not_wait_for_the_store(void **state) {
    struct scene *s = *state;
    struct sy_watch *apply = sy_engine_apply(s->e.engine, &s->c.requests[0].spec, NULL, NULL, NULL);
    run_for(s, 5 * SY_MINUTE_MS);
    sim_engine_kill(&s->e);
    sy_watch_close(apply);
    sim_engine_init(&s->e, &s->w, "next");
    fault(s, "GetParameters", 60000);
    struct sy_watch *rollback = sy_engine_rollback(
        s->e.engine, &(struct sy_rollback){.function = "checkout", .alias = "production"}, NULL,
        NULL);
    run_for(s, 3000);
    assert_int_equal(outcome_of(rollback), SY_OUTCOME_CANCELLED);
    sy_watch_close(rollback);
    rollback = sy_engine_rollback(
        s->e.engine, &(struct sy_rollback){.function = "checkout", .alias = "production"}, NULL,
        NULL);
    run_for(s, 3000);
    const struct sy_release_event *event = NULL;
    struct sy_error error = {0};
    assert_int_equal(sy_watch_next(rollback, &event, &error), 0); /* whole now: waits */
    sy_watch_close(rollback);
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    sim_describe(&s->w, &left);
    assert_non_null(strstr(left.data, "alias: 41 whole"));
}

/* More than the log holds: of what happened nothing is missing. */
static void a_full_log_drops_only_looks_at_the_numbers(void **state) {
    struct scene *s = *state;
    struct sy_error error = {0};
    struct sy_spec spec = s->c.requests[0].spec;
    spec.poll_ms = 1000;
    assert_int_equal(sy_stages_parse("10%/90m", &spec, &error), 0);
    struct sy_watch *slow = sy_engine_apply(s->e.engine, &spec, NULL, NULL, NULL);
    struct sy_watch *half =
        sy_engine_watch(s->e.engine, NULL, "checkout", "production", 0, NULL, NULL);
    run_for(s, SY_HOUR_MS);
    int64_t last[2] = {0};
    int end = 0;
    int n = read_all(half, &last[1], &error, &end);
    run_for(s, SY_HOUR_MS);
    n += read_all(half, &last[1], &error, &end); /* read in time: without a gap */
    assert_int_equal(n, last[1]);
    const struct sy_release_event *event = NULL;
    int others = 0;
    int kept = 0;
    while (sy_watch_next(slow, &event, &error) > 0) {
        others += event->kind != SY_EVENT_OBSERVED;
        kept++;
        assert_true(event->sequence > last[0]);
        if (event->kind == SY_EVENT_STAGE_STARTED)
            assert_true(event->sequence < 10);
        last[0] = event->sequence;
    }
    assert_int_equal(kept, 4096);
    assert_true(n > 4096);
    assert_int_equal(last[0], n);
    assert_true(others >= 8); /* planned, prepared, moved, started, verdict, moved, lock-in, end */
    sy_watch_close(slow);
    sy_watch_close(half);
}

static void bad_requests_fail_later_not_within(void **state) {
    struct scene *s = *state;
    struct sy_error error = {0};
    struct sy_spec spec = s->c.requests[0].spec;
    const struct sy_release_event *event = NULL;
    (void)strcpy(spec.version, "$LATEST");
    struct sy_watch *watch = sy_engine_apply(s->e.engine, &spec, NULL, NULL, NULL);
    assert_int_equal(sy_watch_next(watch, &event, &error), 0);
    run_for(s, 1000);
    assert_int_equal(sy_watch_next(watch, &event, &error), -1);
    assert_int_equal(error.code, SY_INVALID_ARGUMENT);
    assert_string_equal(error.field, "version");
    sy_watch_close(watch);
    watch = sy_engine_rollback(
        s->e.engine, &(struct sy_rollback){.function = "no/such name", .alias = "production"}, NULL,
        NULL);
    run_for(s, 1000);
    assert_int_equal(sy_watch_next(watch, &event, &error), -1);
    assert_string_equal(error.field, "function");
    sy_watch_close(watch);
    watch = sy_engine_watch(s->e.engine, "no-such-release", NULL, NULL, 0, NULL, NULL);
    assert_int_equal(sy_watch_next(watch, &event, &error), -1);
    assert_int_equal(error.code, SY_NOT_FOUND);
    sy_watch_close(watch);
}

static void count(void *ctx) {
    ++*(int *)ctx;
}

static void interrupt_all_waits_for_rest(void **state) {
    struct scene *s = *state;
    int rested = 0;
    sy_engine_interrupt_all(s->e.engine, count, &rested);
    assert_int_equal(rested, 1); /* nothing runs */
    struct sy_watch *watch = sy_engine_apply(s->e.engine, &s->c.requests[0].spec, NULL, NULL, NULL);
    run_for(s, 3 * SY_MINUTE_MS);
    sy_engine_interrupt_all(s->e.engine, count, &rested);
    assert_int_equal(rested, 1); /* the alias is not back yet */
    run_for(s, SY_MINUTE_MS);
    assert_int_equal(rested, 2);
    sy_watch_close(watch);
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    sim_describe(&s->w, &left);
    assert_non_null(strstr(left.data, "alias: 41 whole"));
}

/* An interrupt while the facts are still being read: nothing may move afterwards. */
static void interrupted_while_planning(void **state) {
    struct scene *s = *state;
    struct sy_error error = {0};
    struct sy_watch *watch = sy_engine_apply(s->e.engine, &s->c.requests[0].spec, NULL, NULL, NULL);
    sy_watch_interrupt(watch);
    run_for(s, SY_MINUTE_MS);
    const struct sy_release_event *event = NULL;
    assert_int_equal(sy_watch_next(watch, &event, &error), 1);
    assert_int_equal(event->kind, SY_EVENT_FINISHED);
    assert_int_equal(event->outcome, SY_OUTCOME_CANCELLED);
    sy_watch_close(watch);
    SY_AUTO_BUFFER struct sy_buffer left = {0};
    sim_describe(&s->w, &left);
    assert_string_equal(left.data, "alias: 41 whole\n"); /* and no parameter was written */
}

enum { POSTS = 10000 };
static struct {
    int next;
    int out_of_order;
} posts;
static int numbers[POSTS];

static void arrive(void *arg) {
    posts.out_of_order += *(int *)arg != posts.next++;
}

static void *post_many(void *arg) {
    for (int i = 0; i < POSTS; i++) {
        numbers[i] = i;
        sy_engine_post(arg, arrive, &numbers[i]);
    }
    return NULL;
}

static void work_from_another_thread_arrives_in_order(void **state) {
    struct scene *s = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, post_many, s->e.engine), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    run_for(s, 1000);
    assert_int_equal(posts.next, POSTS);
    assert_int_equal(posts.out_of_order, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(late_and_slow_watchers_lose_nothing),
        TEST(closing_the_owner_interrupts_and_others_do_not),
        TEST(a_second_release_of_the_alias_is_refused),
        TEST(two_applies_at_once_are_one),
        TEST(a_rollback_after_the_last_word_is_not_lost),
        TEST(a_rollback_calls_off_what_has_not_begun),
        TEST(a_rollback_does_not_wait_for_the_store),
        TEST(a_full_log_drops_only_looks_at_the_numbers),
        TEST(bad_requests_fail_later_not_within),
        TEST(interrupt_all_waits_for_rest),
        TEST(interrupted_while_planning),
        TEST(work_from_another_thread_arrives_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
