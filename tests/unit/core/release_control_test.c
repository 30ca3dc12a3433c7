/* A person's word for a release that goes on: pause, resume, promote, and stepping back. */
#include "driver.h"

#include "base/memory.h"

static struct driver driver;
static struct driver *const d = &driver;

static void bake(uint32_t stage) {
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_BAKING, stage);
    driver_answer_all(d);
}

static void tell(enum sy_control control) {
    driver_step(d, (struct sy_input){
                       .kind = SY_INPUT_CONTROL, .control = control, .text = "says a person"});
}

/* What a look finds: the record as stored, with the word of somebody else, one version on. */
static void look_with(enum sy_control control) {
    struct sy_lease lease = {.version = d->lease_version, .owner = "me"};
    struct sy_record record = d->stored;
    record.control = control;
    record.version = ++d->record_version;
    (void)snprintf(record.control_reason, sizeof record.control_reason, "from afar");
    while (!d->looking)
        if (!driver_answer_one(d))
            driver_tick(d);
    driver_answer_record(d, &record, &lease, NULL);
}

static void a_pause_stops_the_clock_and_judging_goes_on(void **state) {
    (void)state;
    bake(0);
    int64_t until_ms = d->release.record.stage_until_ms;
    driver_run_until(d, START_MS + 5 * SY_MINUTE_MS);
    int64_t left_ms = until_ms - d->now_ms;
    tell(SY_CONTROL_PAUSE);
    assert_string_equal(driver_find(d, SY_EVENT_PAUSED)->text, "says a person");
    uint32_t looks = driver_count(d, SY_EVENT_OBSERVED);
    driver_run_until(d, START_MS + 3 * SY_HOUR_MS);
    assert_int_equal(d->release.record.phase, SY_PHASE_BAKING);
    assert_routing(d, split("41", "42", 1000));
    assert_true(driver_count(d, SY_EVENT_OBSERVED) > looks + 100);
    assert_true(d->stored.paused_ms > 0);
    tell(SY_CONTROL_RESUME);
    assert_int_equal(d->release.record.stage_until_ms, d->now_ms + left_ms);
    driver_answer_all(d);
    assert_int_equal(d->stored.paused_ms, 0);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
}

static void a_paused_release_is_still_rolled_back(void **state) {
    (void)state;
    bake(0);
    tell(SY_CONTROL_PAUSE);
    d->canary = (struct sy_counts){100, 50};
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
}

static void a_promotion_leaves_out_the_stages(void **state) {
    (void)state;
    bake(0);
    driver_run_until(d, START_MS + 2 * SY_MINUTE_MS);
    tell(SY_CONTROL_PROMOTE);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED_UNPROVEN);
    assert_routing(d, alone("42"));
    assert_int_equal(d->stored.results[1].started_ms, 0);
    assert_true(d->stored.results[2].started_ms > 0);
    const struct sy_release_event *moved = driver_find(d, SY_EVENT_ALIAS_MOVED);
    assert_int_equal(moved->from.additional_bp, 1000);
}

/* The driver dies between the promotion's intent and its move, or just after the move. */
static void a_promotion_survives_its_driver(void **state) {
    (void)state;
    for (int moved = 0; moved < 2; moved++) {
        bake(0);
        tell(SY_CONTROL_PROMOTE);
        driver_answer_store(d, NULL, false);
        assert_int_equal(d->alias, SY_ALIAS_WRITE);
        if (moved)
            driver_set_alias(d, d->alias_to);
        d->now_ms += 3 * SY_MINUTE_MS;
        driver_resume(d, SY_START_RESUME, SY_WAIT_STAGES, SY_INTERRUPT_ROLLBACK, NULL);
        driver_run(d);
        assert_finished(d, SY_OUTCOME_PROMOTED_UNPROVEN);
        assert_routing(d, alone("42"));
    }
}

static void a_word_while_it_moves_waits_for_the_stage(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0);
    tell(SY_CONTROL_PAUSE);
    driver_run_to(d, SY_PHASE_BAKING, 0);
    assert_true(d->release.record.paused_ms > 0);
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0);
    tell(SY_CONTROL_PROMOTE);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED_UNPROVEN);
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 2);
    tell(SY_CONTROL_PAUSE); /* there is no stage after this move */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_int_equal(d->stored.control, SY_CONTROL_NONE);
}

static void a_word_in_the_record_is_taken_up_once_and_cleared(void **state) {
    (void)state;
    bake(0);
    look_with(SY_CONTROL_PAUSE);
    assert_string_equal(driver_find(d, SY_EVENT_PAUSED)->text, "from afar");
    struct sy_record seen = d->stored;
    seen.version = d->record_version;
    seen.control = SY_CONTROL_PAUSE;
    driver_answer_all(d);
    assert_int_equal(d->stored.control, SY_CONTROL_NONE);
    assert_int_equal(d->stored.version, d->record_version);
    tell(SY_CONTROL_RESUME);
    driver_answer_all(d);
    /* The same version once more, as when it is looked at again because ours came over it. */
    while (!d->looking)
        if (!driver_answer_one(d))
            driver_tick(d);
    struct sy_lease lease = {.version = d->lease_version, .owner = "me"};
    driver_answer_record(d, &seen, &lease, NULL);
    assert_int_equal(d->release.record.paused_ms, 0);
}

/* Their write came between two of ours: ours stands there, and theirs is looked up. */
static void a_word_that_was_written_over_is_found(void **state) {
    (void)state;
    bake(0);
    struct sy_record theirs = d->stored;
    theirs.control = SY_CONTROL_PROMOTE;
    theirs.version = ++d->record_version;
    tell(SY_CONTROL_PAUSE); /* makes us write */
    driver_answer_store(d, NULL, false);
    assert_true(d->looking);
    assert_int_equal(d->look_version, theirs.version);
    driver_answer_record(d, &theirs, NULL, NULL);
    assert_int_equal(d->release.record.phase, SY_PHASE_INTENT);
    assert_int_equal(d->release.record.stage, 2);
}

static void a_paused_release_is_not_resumed_by_whoever_comes_by(void **state) {
    (void)state;
    bake(0);
    tell(SY_CONTROL_PAUSE);
    driver_answer_all(d);
    d->now_ms += SY_HOUR_MS;
    driver_resume(d, SY_START_RESUME, SY_WAIT_STAGES, SY_INTERRUPT_ROLLBACK, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PAUSED);
    assert_true(d->stored.paused_ms > 0);
    driver_resume(d, SY_START_SETTLE, SY_WAIT_NONE, SY_INTERRUPT_ROLLBACK, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PAUSED);
    d->canary = (struct sy_counts){100, 50}; /* it is judged all the same */
    driver_resume(d, SY_START_SETTLE, SY_WAIT_NONE, SY_INTERRUPT_ROLLBACK, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
}

/* ---- stepping back ---- */

static const struct sy_stage steps[] = {
    {5000, SY_MINUTE_MS}, {2500, SY_MINUTE_MS}, {1000, 2 * SY_MINUTE_MS}};

static void step_back(void) {
    driver_step(d, (struct sy_input){.kind = SY_INPUT_ROLLBACK,
                                     .text = "gently",
                                     .steps = steps,
                                     .n_steps = SY_COUNT(steps)});
}

static void the_weights_step_down(void **state) {
    (void)state;
    bake(1);
    assert_routing(d, split("41", "42", 5000));
    step_back();
    driver_answer_alias(d, NULL, false);
    assert_routing(d, split("41", "42", 2500)); /* 50 % is no step down from 50 % */
    driver_answer_all(d);
    assert_int_equal(d->stored.phase, SY_PHASE_ROLLING_BACK);
    int64_t at_ms = d->now_ms;
    driver_run_until(d, at_ms + SY_MINUTE_MS);
    assert_routing(d, split("41", "42", 1000));
    driver_run_until(d, at_ms + 3 * SY_MINUTE_MS - 1);
    assert_routing(d, split("41", "42", 1000));
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    assert_true(driver_count(d, SY_EVENT_ALIAS_MOVED) >= 3);
}

static void from_all_traffic_too(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_LOCK_IN, 2);
    driver_answer_all(d);
    step_back();
    driver_answer_alias(d, NULL, false);
    assert_routing(d, split("41", "42", 5000));
    driver_run(d);
    assert_routing(d, alone("41"));
}

static void asked_again_without_steps_it_goes_at_once(void **state) {
    (void)state;
    bake(1);
    step_back();
    driver_answer_all(d);
    driver_tell(d, SY_INPUT_ROLLBACK, "now!");
    assert_int_equal(d->alias, SY_ALIAS_WRITE);
    driver_answer_alias(d, NULL, false);
    assert_routing(d, alone("41"));
}

static void an_interrupt_ends_the_stepping(void **state) {
    (void)state;
    bake(1);
    step_back();
    driver_tell(d, SY_INPUT_INTERRUPT, "stop");
    driver_answer_alias(d, NULL, false);
    assert_int_equal(d->alias, SY_ALIAS_WRITE);
    driver_answer_alias(d, NULL, false);
    assert_routing(d, alone("41"));
    bake(1);
    step_back();
    driver_answer_all(d);
    driver_tell(d, SY_INPUT_INTERRUPT, "stop");
    driver_answer_alias(d, NULL, false);
    assert_routing(d, alone("41"));
}

static void a_step_that_fails_is_left_out(void **state) {
    (void)state;
    bake(1);
    step_back();
    driver_answer_alias(d, &driver_unavailable, false);
    driver_run_until(d, d->now_ms + 5000);
    assert_routing(d, alone("41"));
}

static void a_step_over_a_changed_revision(void **state) {
    (void)state;
    bake(1);
    step_back();
    d->revision++; /* AWS touched the alias: 412 */
    driver_answer_alias(d, NULL, false);
    assert_int_equal(d->alias, SY_ALIAS_READ);
    driver_answer_alias(d, NULL, false);
    driver_answer_alias(d, NULL, false);
    assert_routing(d, split("41", "42", 2500));
}

static void whoever_takes_over_a_step_goes_to_the_baseline(void **state) {
    (void)state;
    bake(1);
    step_back();
    driver_answer_all(d);
    d->now_ms += 3 * SY_MINUTE_MS;
    driver_resume(d, SY_START_SETTLE, SY_WAIT_NONE, SY_INTERRUPT_HOLD, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_string_equal(d->stored.reason, "gently"); /* what was meant is kept */
    assert_routing(d, alone("41"));
}

/* Another process steps it back: what the next look of the driver finds. */
static struct sy_record theirs;
static void look_while_they_step(int64_t lease_until_ms) {
    struct sy_lease lease = {.version = 9, .owner = "them", .until_ms = lease_until_ms};
    while (!d->looking)
        if (!driver_answer_one(d))
            driver_tick(d);
    driver_answer_record(d, &theirs, &lease, NULL);
}

static void they_step_back(void) {
    bake(1);
    theirs = d->stored;
    theirs.phase = SY_PHASE_ROLLING_BACK;
    theirs.version = ++d->record_version;
    (void)strcpy(theirs.reason, "gently");
    driver_set_alias(d, split("41", "42", 2500));
    look_while_they_step(d->now_ms + SY_HOUR_MS);
    assert_false(d->rested);
    look_while_they_step(d->now_ms + SY_HOUR_MS);
    assert_false(d->rested);
    assert_routing(d, split("41", "42", 2500));
}

static void a_driver_stays_until_who_steps_back_is_there(void **state) {
    (void)state;
    they_step_back();
    driver_set_alias(d, alone("41"));
    theirs.phase = SY_PHASE_CLOSED;
    theirs.outcome = SY_OUTCOME_CANCELLED;
    theirs.version++;
    look_while_they_step(0);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
}

static void a_driver_ends_what_nobody_steps_back_any_more(void **state) {
    (void)state;
    they_step_back();
    look_while_they_step(d->now_ms); /* the lease has run out */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    they_step_back();
    driver_tell(d, SY_INPUT_INTERRUPT, "stop");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
}

/* A word was written over the last record of a driver, and both are gone. */
static void a_record_that_is_older_than_the_alias(void **state) {
    (void)state;
    for (uint32_t stage = 1; stage <= 2; stage++) {
        bake(0);
        driver_set_alias(d, stage == 1 ? split("41", "42", 5000) : alone("42"));
        d->now_ms += 3 * SY_MINUTE_MS;
        driver_resume(d, SY_START_RESUME, SY_WAIT_STAGES, SY_INTERRUPT_ROLLBACK, NULL);
        driver_run(d);
        assert_finished(d, SY_OUTCOME_PROMOTED_UNPROVEN);
        assert_routing(d, alone("42"));
    }
}

static void only_the_promoted_is_superseded(void **state) {
    (void)state;
    bake(0);
    struct sy_record other = d->stored;
    struct sy_lease lease = {.version = 9, .owner = "them", .until_ms = d->now_ms + SY_DAY_MS};
    (void)strcpy(other.release_id, "release-2");
    while (!d->looking)
        if (!driver_answer_one(d))
            driver_tick(d);
    driver_answer_record(d, &other, &lease, NULL);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_false(d->drop_lease);
}

static void who_lets_go_says_so(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_NONE;
    driver_begin(d, &spec, "41");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_true(d->stored.handed_over);
    d->now_ms += SY_MINUTE_MS;
    driver_resume(d, SY_START_RESUME, SY_WAIT_STAGES, SY_INTERRUPT_ROLLBACK, NULL);
    driver_answer_lease(d, NULL);
    driver_run_to(d, SY_PHASE_BAKING, 1);
    driver_answer_all(d);
    assert_false(d->stored.handed_over);
}

/* ---- the mirrored form ---- */

static void primary_new_names_the_target(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.primary = SY_PRIMARY_NEW;
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_BAKING, 0);
    assert_routing(d, split("42", "41", 9000));
    driver_run_to(d, SY_PHASE_BAKING, 1);
    d->canary = (struct sy_counts){100, 50};
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
}

#define TEST(name) cmocka_unit_test(name)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_pause_stops_the_clock_and_judging_goes_on),
        TEST(a_paused_release_is_still_rolled_back),
        TEST(a_promotion_leaves_out_the_stages),
        TEST(a_promotion_survives_its_driver),
        TEST(a_word_while_it_moves_waits_for_the_stage),
        TEST(a_word_in_the_record_is_taken_up_once_and_cleared),
        TEST(a_word_that_was_written_over_is_found),
        TEST(a_paused_release_is_not_resumed_by_whoever_comes_by),
        TEST(the_weights_step_down),
        TEST(from_all_traffic_too),
        TEST(asked_again_without_steps_it_goes_at_once),
        TEST(an_interrupt_ends_the_stepping),
        TEST(a_step_that_fails_is_left_out),
        TEST(a_step_over_a_changed_revision),
        TEST(whoever_takes_over_a_step_goes_to_the_baseline),
        TEST(a_driver_stays_until_who_steps_back_is_there),
        TEST(a_driver_ends_what_nobody_steps_back_any_more),
        TEST(a_record_that_is_older_than_the_alias),
        TEST(only_the_promoted_is_superseded),
        TEST(who_lets_go_says_so),
        TEST(primary_new_names_the_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
