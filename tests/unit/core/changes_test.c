/* What a look at two versions of a record tells, against what a driver told at the time. */
#include "driver.h"

#include "core/changes.h"

static struct driver driver;
static struct driver *const d = &driver;
static struct sy_release_event events[SY_CHANGES_MAX];

/* Every event that the records tell which were stored one after the other, newest last. */
static struct sy_record seen;
static bool has_seen;
static enum sy_event_kind told[200];
static uint32_t n_told;

static void look(void) {
    uint32_t n = sy_record_changes(has_seen ? &seen : NULL, &d->stored, d->now_ms, events);
    for (uint32_t i = 0; i < n; i++) {
        assert_string_equal(events[i].release_id, "release-1");
        assert_true(events[i].at_ms > 0 && events[i].at_ms <= d->now_ms);
        told[n_told++] = events[i].kind;
    }
    seen = d->stored;
    has_seen = true;
}

static void begin(void) {
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "41");
    has_seen = false;
    n_told = 0;
}

static void run(void) {
    int64_t version = 0;
    for (int i = 0; i < DRIVER_RUN_MAX && !d->rested; i++) {
        if (!driver_answer_one(d))
            driver_tick(d);
        if (d->has_stored && d->stored.version != version) {
            version = d->stored.version;
            look();
        }
    }
    assert_true(d->rested);
}

static uint32_t count(enum sy_event_kind kind) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_told; i++)
        n += told[i] == kind;
    return n;
}

static void a_release_is_told_as_it_was(void **state) {
    (void)state;
    static const enum sy_event_kind kinds[] = {SY_EVENT_PLANNED,         SY_EVENT_ALIAS_MOVED,
                                               SY_EVENT_STAGE_STARTED,   SY_EVENT_STAGE_VERDICT,
                                               SY_EVENT_LOCK_IN_STARTED, SY_EVENT_LOCK_IN_ENDED,
                                               SY_EVENT_FINISHED};
    begin();
    run();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (count(kinds[i]) != driver_count(d, kinds[i]))
            fail_msg("%s: told %u times, was %u times", sy_event_word(kinds[i]), count(kinds[i]),
                     driver_count(d, kinds[i]));
    assert_int_equal(told[0], SY_EVENT_PLANNED);
    assert_int_equal(told[n_told - 1], SY_EVENT_FINISHED);
    assert_int_equal(events[0].kind, SY_EVENT_LOCK_IN_ENDED); /* what the last look told */
    assert_int_equal(events[0].decision, SY_DECISION_HEALTHY);
    assert_int_equal(events[1].outcome, SY_OUTCOME_PROMOTED);
}

static void one_look_at_the_end_tells_it_all(void **state) {
    (void)state;
    begin();
    driver_run(d);
    uint32_t n = sy_record_changes(NULL, &d->stored, d->now_ms, events);
    uint32_t moves = 0;
    for (uint32_t i = 0; i < n; i++)
        if (events[i].kind == SY_EVENT_ALIAS_MOVED) {
            struct sy_routing want = moves == 0   ? split("41", "42", 1000)
                                     : moves == 1 ? split("41", "42", 5000)
                                                  : alone("42");
            assert_true(sy_routing_equal(&events[i].to, &want));
            moves++;
        }
    assert_int_equal(moves, 3);
    assert_int_equal(events[n - 1].kind, SY_EVENT_FINISHED);
}

static void a_pause_a_way_back_and_an_end(void **state) {
    (void)state;
    begin();
    driver_run_to(d, SY_PHASE_BAKING, 0);
    driver_answer_all(d);
    look();
    driver_step(d, (struct sy_input){
                       .kind = SY_INPUT_CONTROL, .control = SY_CONTROL_PAUSE, .text = "wait"});
    driver_answer_all(d);
    look();
    assert_int_equal(count(SY_EVENT_PAUSED), 1);
    static const struct sy_stage steps[] = {{500, SY_MINUTE_MS}};
    driver_step(d, (struct sy_input){
                       .kind = SY_INPUT_ROLLBACK, .text = "gently", .steps = steps, .n_steps = 1});
    driver_answer_all(d);
    look();
    assert_int_equal(count(SY_EVENT_ROLLBACK_STARTED), 1);
    driver_run(d);
    look();
    assert_int_equal(count(SY_EVENT_FINISHED), 1);
    assert_int_equal(count(SY_EVENT_RESUMED), 0);
    uint32_t before = n_told;
    look(); /* nothing changed */
    assert_int_equal(n_told, before);
}

/* The most that one look can tell. */
static void the_bound_holds(void **state) {
    (void)state;
    struct sy_record record = {
        .phase = SY_PHASE_CLOSED, .paused_ms = 5, .outcome = SY_OUTCOME_HALTED};
    record.spec = driver_spec();
    record.spec.n_stages = SY_STAGES_MAX;
    for (uint32_t i = 0; i <= SY_STAGES_MAX; i++) {
        if (i < SY_STAGES_MAX)
            record.spec.stages[i] = (struct sy_stage){(int32_t)i + 1, 1000};
        record.results[i] = (struct sy_stage_result){SY_DECISION_HEALTHY, {9, 1}, 1, 2};
    }
    assert_true(sy_record_changes(NULL, &record, 9, events) <= SY_CHANGES_MAX);
    record.phase = SY_PHASE_ROLLING_BACK;
    assert_true(sy_record_changes(NULL, &record, 9, events) <= SY_CHANGES_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_is_told_as_it_was),
        cmocka_unit_test(one_look_at_the_end_tells_it_all),
        cmocka_unit_test(a_pause_a_way_back_and_an_end),
        cmocka_unit_test(the_bound_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
