/* The way back: rollback, somebody else's hand on the alias, interrupts. */
#include "driver.h"

#include "base/memory.h"

static struct driver driver;
static struct driver *const d = &driver;

/* The stage bakes (n_stages: the lock-in goes on); nothing is under way. */
static void bake(const struct sy_spec *spec, uint32_t stage) {
    driver_begin(d, spec, "41");
    driver_run_to(d, stage < spec->n_stages ? SY_PHASE_BAKING : SY_PHASE_LOCK_IN, stage);
    driver_answer_all(d);
}

/* ---- the rollback (rule 3) ---- */

/* The switch is asked for in the very step of the verdict, whatever else is under way or fails. */
static void rollback_waits_for_nothing(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_BAKING, 0);
    assert_true(d->storing && d->mirroring); /* neither is ever answered */
    struct sy_sample bad = {START_MS, {100, 50}, {900, 0}};
    d->now_ms += SY_MINUTE_MS;
    driver_step(d, (struct sy_input){.kind = SY_INPUT_TICK});
    assert_true(d->leasing || d->observing);
    driver_answer_samples(d, &bad, 1, NULL);
    assert_int_equal(d->release.record.phase, SY_PHASE_ROLLING_BACK);
    assert_int_equal(d->out.alias, SY_ALIAS_WRITE);
    struct sy_routing to = alone("41");
    assert_true(sy_routing_equal(&d->alias_to, &to));
    assert_string_equal(d->alias_revision, "r2");
    d->now_ms += 300;
    driver_answer_alias(d, NULL, false);
    assert_routing(d, alone("41"));
    const struct sy_release_event *moved = driver_find(d, SY_EVENT_ALIAS_MOVED);
    assert_int_equal(moved->duration_ms, 300); /* decision to answer */
    assert_int_equal(d->alias, SY_ALIAS_READ); /* then read back */
    driver_answer_alias(d, NULL, false);
    assert_int_equal(d->release.record.phase, SY_PHASE_CLOSED);
    assert_non_null(driver_find(d, SY_EVENT_ROLLBACK_VERIFIED));
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_int_equal(d->stored.outcome, SY_OUTCOME_ROLLED_BACK);
    assert_string_equal(d->mirror.current, "41");
}

static void a_persons_rollback(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 1);
    driver_tell(d, SY_INPUT_ROLLBACK, "looks wrong");
    assert_int_equal(d->out.alias, SY_ALIAS_WRITE);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    assert_string_equal(d->stored.reason, "looks wrong");
    assert_string_equal(d->stored.rolled_back[0], "42");
}

static void a_persons_rollback_before_anything_moved(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_answer_lease(d, NULL);
    driver_tell(d, SY_INPUT_ROLLBACK, "not yet");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    assert_int_equal(d->revision, 1); /* never written */
    assert_string_equal(d->stored.rolled_back[0], "");
}

static void a_rollback_is_tried_again_until_it_works(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 1);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    for (int i = 0; i < 50; i++) {
        driver_answer_alias(d, &driver_unavailable, false);
        while (d->alias == SY_ALIAS_NOTHING)
            if (!driver_answer_one(d))
                driver_tick(d);
    }
    assert_int_equal(d->stored.phase, SY_PHASE_ROLLING_BACK); /* whoever comes next knows */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
}

/* The answer was lost but the write was done: the revision is stale, the routing as meant. */
static void a_rollback_whose_answer_was_lost(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 1);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    driver_answer_alias(d, &driver_unavailable, true);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
}

static void a_rollback_that_is_refused_halts(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 1);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    for (int i = 0; i < 300 && !d->rested; i++)
        if (d->alias == SY_ALIAS_WRITE)
            driver_answer_alias(d, &driver_denied, false);
        else if (!driver_answer_one(d))
            driver_tick(d);
    assert_finished(d, SY_OUTCOME_HALTED);
    assert_non_null(strstr(driver_last(d)->text, "still gets traffic"));
    assert_routing(d, split("41", "42", 5000));
}

static void traffic_that_does_not_stop_is_told(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    for (int i = 0; i < 200 && !d->rested; i++) {
        struct sy_sample late = {d->now_ms - d->now_ms % SY_MINUTE_MS, {7, 0}, {90, 0}};
        if (d->observing)
            driver_answer_samples(d, &late, 1, NULL);
        else if (!driver_answer_one(d))
            driver_tick(d);
    }
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_non_null(strstr(driver_find(d, SY_EVENT_NOTE)->text, "still invoked"));
    assert_true(d->now_ms <= START_MS + 6 * SY_MINUTE_MS);
}

/* A release that is over and only looks on asks for no tick but at its next look. */
static void a_closed_release_does_not_spin(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    driver_answer_all(d);
    uint32_t before = d->inputs;
    d->other.invocations = 0; /* so that it cannot tell and looks on to the end */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_true(d->inputs - before < 20);
}

/* ---- 412 (rule 4) ---- */

/* AWS moves provisioned concurrency: the revision changes, transient weights stand on the alias. */
static void transient_weights_are_adopted(void **state) {
    (void)state;
    struct sy_routing seen[] = {alone("41"), split("41", "41", 10000), split("42", "41", 10000),
                                split("41", "42", 0)};
    for (size_t i = 0; i < SY_COUNT(seen); i++) {
        struct sy_spec spec = driver_spec();
        driver_begin(d, &spec, "41");
        driver_run_to(d, SY_PHASE_SHIFTING, 0);
        driver_set_alias(d, seen[i]);
        driver_answer_alias(d, NULL, false); /* 412 */
        assert_int_equal(d->alias, SY_ALIAS_READ);
        driver_answer_alias(d, NULL, false);
        assert_int_equal(d->alias, SY_ALIAS_WRITE);
        assert_string_equal(d->alias_revision, "r2");
        driver_run(d);
        assert_finished(d, SY_OUTCOME_PROMOTED);
        assert_routing(d, alone("42"));
    }
}

static void a_move_whose_answer_was_lost(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0);
    driver_answer_alias(d, &driver_unavailable, true);
    driver_run_to(d, SY_PHASE_BAKING, 0);
    assert_int_equal(d->revision, 2); /* not written twice */
    assert_string_equal(d->release.record.revision, "r2");
}

static void a_foreign_move_halts(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    driver_set_alias(d, split("41", "43", 2500));
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HALTED);
    assert_routing(d, split("41", "43", 2500)); /* left alone */
    const struct sy_release_event *note = driver_find(d, SY_EVENT_NOTE);
    assert_true(note->warning);
    assert_non_null(strstr(note->text, "41 75%, 43 25%")); /* both routings */
    assert_non_null(strstr(note->text, "41 90%, 42 10%"));
    assert_non_null(strstr(note->text, "version 42 gets 0.00%"));
    assert_non_null(strstr(driver_last(d)->text, "gets no traffic"));
    assert_int_equal(d->stored.outcome, SY_OUTCOME_HALTED);
}

static void a_foreign_move_that_keeps_the_target_says_so(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    driver_set_alias(d, split("43", "42", 2500));
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HALTED);
    assert_non_null(strstr(driver_find(d, SY_EVENT_NOTE)->text, "version 42 gets 25.00%"));
    assert_non_null(strstr(driver_last(d)->text, "still gets traffic"));
}

/* An automatic rollback does not overwrite somebody's move; a person's does. */
static void rollback_of_a_foreign_routing(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    d->canary.errors = 50;
    driver_set_alias(d, split("43", "42", 2500));
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HALTED);
    assert_routing(d, split("43", "42", 2500));
    bake(&spec, 0);
    driver_set_alias(d, alone("43"));
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
}

static void other_weights_of_ours_are_rolled_back(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    d->canary.errors = 50;
    driver_set_alias(d, split("41", "42", 9000));
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
}

static void a_move_that_is_refused_fails(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0);
    driver_answer_alias(d, &driver_denied, false);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_FAILED); /* and the alias is as it was */
    assert_routing(d, alone("41"));
    bake(&spec, 0);
    driver_run_to(d, SY_PHASE_SHIFTING, 1);
    driver_answer_alias(d, &driver_denied, false);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_routing(d, alone("41")); /* taken back */
    assert_int_equal(d->stored.outcome, SY_OUTCOME_FAILED);
}

static void a_move_is_tried_five_times(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    int writes = 0;
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0);
    for (int i = 0; i < 200 && !d->rested; i++)
        if (d->alias == SY_ALIAS_WRITE) {
            writes++;
            driver_answer_alias(d, &driver_unavailable, false);
        } else if (!driver_answer_one(d)) {
            driver_tick(d);
        }
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_int_equal(writes, 5);
    assert_routing(d, alone("41"));
}

static void a_rollback_that_does_not_stay_halts(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    driver_answer_alias(d, NULL, false);
    driver_set_alias(d, split("41", "43", 100)); /* before it is read back */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HALTED);
    bake(&spec, 0);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    driver_answer_alias(d, NULL, false);
    driver_set_alias(d, split("41", "42", 100)); /* ours: taken back once more */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
}

/* ---- interrupts (rule 7) ---- */

static struct sy_spec interrupted(enum sy_interrupt policy) {
    struct sy_spec spec = driver_spec();
    spec.on_interrupt = policy;
    spec.wait = SY_WAIT_LOCK_IN;
    return spec;
}

static void interrupt_before_anything_moved(void **state) {
    (void)state;
    for (int policy = 0; policy < SY_INTERRUPT_COUNT; policy++)
        for (int phase = 0; phase < 3; phase++) {
            struct sy_spec spec = interrupted((enum sy_interrupt)policy);
            driver_begin(d, &spec, "41");
            if (phase > 0)
                driver_answer_lease(d, NULL);
            if (phase > 1)
                driver_answer_store(d, NULL, false);
            driver_tell(d, SY_INPUT_INTERRUPT, "SIGTERM");
            driver_run(d);
            assert_finished(d, SY_OUTCOME_CANCELLED);
            assert_routing(d, alone("41"));
            assert_int_equal(d->revision, 1);
            assert_true(!d->has_stored || d->stored.phase == SY_PHASE_CLOSED);
        }
}

static void interrupt_while_split(void **state) {
    (void)state;
    struct sy_spec spec = interrupted(SY_INTERRUPT_ROLLBACK);
    bake(&spec, 1);
    driver_tell(d, SY_INPUT_INTERRUPT, "SIGTERM");
    assert_int_equal(d->out.alias, SY_ALIAS_WRITE);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    assert_int_equal(d->now_ms, START_MS + 15 * SY_MINUTE_MS); /* no looking on: it must end */
    spec = interrupted(SY_INTERRUPT_HOLD);
    bake(&spec, 1);
    driver_tell(d, SY_INPUT_INTERRUPT, "SIGTERM");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_routing(d, split("41", "42", 5000));
    assert_int_equal(d->stored.phase, SY_PHASE_BAKING);
}

static void interrupt_while_the_intent_is_written(void **state) {
    (void)state;
    struct sy_spec spec = interrupted(SY_INTERRUPT_ROLLBACK);
    bake(&spec, 0);
    driver_run_to(d, SY_PHASE_INTENT, 1);
    driver_tell(d, SY_INPUT_INTERRUPT, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    spec = interrupted(SY_INTERRUPT_HOLD);
    bake(&spec, 0);
    driver_run_to(d, SY_PHASE_INTENT, 1);
    driver_tell(d, SY_INPUT_INTERRUPT, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_routing(d, split("41", "42", 1000));
    assert_int_equal(d->stored.phase, SY_PHASE_INTENT);
}

static void interrupt_while_shifting(void **state) {
    (void)state;
    struct sy_spec spec = interrupted(SY_INTERRUPT_ROLLBACK);
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0);
    driver_tell(d, SY_INPUT_INTERRUPT, "SIGINT");
    assert_int_equal(d->release.record.phase, SY_PHASE_SHIFTING); /* the answer comes first */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    spec = interrupted(SY_INTERRUPT_HOLD);
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0);
    driver_tell(d, SY_INPUT_INTERRUPT, "SIGINT");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_routing(d, split("41", "42", 1000));
    assert_int_equal(d->stored.phase, SY_PHASE_BAKING);
    /* the move failed: then nothing moved */
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0);
    driver_tell(d, SY_INPUT_INTERRUPT, "SIGINT");
    driver_answer_alias(d, &driver_unavailable, false);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
}

static void interrupt_at_100_percent_detaches(void **state) {
    (void)state;
    for (int policy = 0; policy < SY_INTERRUPT_COUNT; policy++) {
        struct sy_spec spec = interrupted((enum sy_interrupt)policy);
        bake(&spec, 2);
        driver_tell(d, SY_INPUT_INTERRUPT, "SIGHUP");
        driver_run(d);
        assert_finished(d, SY_OUTCOME_PROMOTED);
        assert_routing(d, alone("42"));
        assert_non_null(strstr(driver_last(d)->text, "not watched"));
        assert_int_equal(d->stored.phase, SY_PHASE_LOCK_IN);
        /* and so does one that comes while the last move is under way */
        bake(&spec, 1);
        driver_run_to(d, SY_PHASE_SHIFTING, 2);
        driver_tell(d, SY_INPUT_INTERRUPT, "SIGHUP");
        driver_run(d);
        assert_finished(d, SY_OUTCOME_PROMOTED);
        assert_routing(d, alone("42"));
    }
}

static void interrupt_does_not_stop_a_rollback(void **state) {
    (void)state;
    struct sy_spec spec = interrupted(SY_INTERRUPT_HOLD);
    for (int at = 0; at < 3; at++) {
        bake(&spec, 1);
        d->canary.errors = 50;
        driver_run_to(d, SY_PHASE_ROLLING_BACK, 1);
        for (int i = 0; i < at; i++)
            driver_answer_alias(d, NULL, false); /* verifying, closed */
        driver_tell(d, SY_INPUT_INTERRUPT, "SIGTERM");
        driver_run(d);
        assert_finished(d, SY_OUTCOME_ROLLED_BACK);
        assert_routing(d, alone("41"));
        assert_int_equal(d->stored.phase, SY_PHASE_CLOSED);
    }
}

/* ---- the store fails ---- */

static void store_fails_before_the_first_move(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_answer_lease(d, NULL);
    driver_answer_store(d, &driver_denied, false);
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_int_equal(d->revision, 1);
    driver_begin(d, &spec, "41");
    driver_answer_lease(d, NULL);
    for (int i = 0; i < 2; i++) {
        driver_answer_store(d, &driver_unavailable, false);
        driver_tick(d);
    }
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED); /* the third try worked */
    driver_begin(d, &spec, "41");
    driver_answer_lease(d, NULL);
    for (int i = 0; i < 3; i++) {
        driver_answer_store(d, &driver_unavailable, false);
        if (!d->rested)
            driver_tick(d);
    }
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_int_equal(d->revision, 1);
}

static void store_down(void) {
    for (int i = 0; i < 2000 && !d->rested; i++)
        if (d->storing)
            driver_answer_store(d, &driver_unavailable, false);
        else if (!driver_answer_one(d))
            driver_tick(d);
}

static void store_fails_while_split(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    store_down(); /* the next intent cannot be written: taken back, and that needs no store */
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_routing(d, alone("41"));
    assert_non_null(strstr(d->events[d->n_events - 2].text, "could not be written"));
}

static void store_fails_at_the_end(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 1);
    driver_run_to(d, SY_PHASE_SHIFTING, 2);
    store_down();
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_routing(d, alone("42"));
    assert_int_equal(d->stored.phase, SY_PHASE_INTENT); /* the next one finds out by the alias */
}

static void lease_fails(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_answer_lease(d, &driver_unavailable);
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_false(d->drop_lease); /* never had it */
    assert_int_equal(d->revision, 1);
    bake(&spec, 0);
    int renewals = 0;
    while (d->now_ms < START_MS + 10 * SY_MINUTE_MS)
        if (d->leasing && ++renewals)
            driver_answer_lease(d, &driver_unavailable);
        else if (!driver_answer_one(d))
            driver_tick(d);
    assert_int_equal(renewals, 54); /* due after 60 s, then tried every 10 s */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
}

/* There is nothing to go back to, and the alias is just being created. */
static void rollback_while_a_first_release_is_created(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "");
    driver_run_to(d, SY_PHASE_SHIFTING, 2);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    assert_int_equal(d->release.record.phase, SY_PHASE_SHIFTING);
    assert_non_null(strstr(driver_last(d)->text, "no baseline"));
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_routing(d, alone("42"));
}

/* A person's rollback moves the alias first and marks the record after: a move of ours in between
 * meets the baseline, and that is no reason to call somebody. */
static void a_move_that_meets_the_baseline(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    driver_run_to(d, SY_PHASE_SHIFTING, 1);
    driver_set_alias(d, alone("41"));
    uint32_t revision = d->revision;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
    assert_int_equal(d->revision, revision);
    assert_string_equal(d->mirror.current, "41");
}

/* The routing is as meant but for weights of AWS's own: adopted, and written as meant. */
static void transient_weights_on_the_way_to_100_percent(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 1);
    driver_run_to(d, SY_PHASE_SHIFTING, 2);
    driver_answer_alias(d, &driver_unavailable, true);
    driver_set_alias(d, split("41", "42", 10000));
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_routing(d, alone("42"));
}

/* AWS's own weights after the switch: all traffic is on the baseline, and nobody needs to come. */
static void transient_weights_after_a_rollback(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    for (int i = 0; i < 100 && !d->rested; i++) {
        bool write = d->alias == SY_ALIAS_WRITE;
        if (!driver_answer_one(d))
            driver_tick(d);
        else if (write)
            driver_set_alias(d, split("42", "41", 10000)); /* again after each of our writes */
    }
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_int_equal(sy_routing_share(&driver_last(d)->to, "41"), 10000);
}

/* A forward move was under way when the person asked: its failure is no reason to wait. */
static void a_rollback_does_not_wait_for_a_failed_move(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    static const struct sy_error *const errors[] = {&driver_unavailable, &driver_denied,
                                                    &driver_stale};
    for (size_t i = 0; i < SY_COUNT(errors); i++) {
        bake(&spec, 0);
        driver_run_to(d, SY_PHASE_SHIFTING, 1);
        driver_tell(d, SY_INPUT_ROLLBACK, "back");
        int64_t now_ms = d->now_ms;
        driver_answer_alias(d, errors[i], i == 0);
        driver_answer_all(d);
        assert_int_equal(d->now_ms, now_ms);
        assert_routing(d, alone("41"));
        assert_int_equal(driver_count(d, SY_EVENT_NOTE), 0); /* the rollback did not fail */
        driver_run(d);
        assert_finished(d, SY_OUTCOME_CANCELLED);
    }
}

/* A person is never turned away because the driver has only its last words to write. */
static void a_persons_rollback_of_a_release_that_just_ended(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    bake(&spec, 2);
    driver_run_to(d, SY_PHASE_CLOSED, 2);
    assert_int_equal(d->release.record.outcome, SY_OUTCOME_PROMOTED);
    assert_true(d->mirroring);
    driver_tell(d, SY_INPUT_ROLLBACK, "a person");
    assert_int_equal(d->out.alias, SY_ALIAS_WRITE);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    assert_int_equal(d->stored.outcome, SY_OUTCOME_CANCELLED);
    assert_string_equal(d->mirror.current, "41");
    /* one that is on the baseline already stays there */
    bake(&spec, 1);
    driver_tell(d, SY_INPUT_ROLLBACK, "a person");
    driver_run_to(d, SY_PHASE_CLOSED, 1);
    uint32_t revision = d->revision;
    driver_tell(d, SY_INPUT_ROLLBACK, "another");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_int_equal(d->revision, revision);
}

static void traffic_counts_do_not_overflow(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake(&spec, 0);
    driver_tell(d, SY_INPUT_ROLLBACK, "back");
    for (int i = 0; i < 200 && !d->rested; i++) {
        struct sy_sample late[3];
        for (int k = 0; k < 3; k++)
            late[k] = (struct sy_sample){d->now_ms + k, {INT64_MAX, 0}, {0, 0}};
        if (d->observing)
            driver_answer_samples(d, late, 3, NULL);
        else if (!driver_answer_one(d))
            driver_tick(d);
    }
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_null(strstr(driver_find(d, SY_EVENT_NOTE)->text, "-"));
}

#define TEST(name) cmocka_unit_test(name)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(rollback_waits_for_nothing),
        TEST(a_persons_rollback),
        TEST(a_persons_rollback_before_anything_moved),
        TEST(a_rollback_is_tried_again_until_it_works),
        TEST(a_rollback_whose_answer_was_lost),
        TEST(a_rollback_that_is_refused_halts),
        TEST(traffic_that_does_not_stop_is_told),
        TEST(a_closed_release_does_not_spin),
        TEST(transient_weights_are_adopted),
        TEST(a_move_whose_answer_was_lost),
        TEST(a_foreign_move_halts),
        TEST(a_foreign_move_that_keeps_the_target_says_so),
        TEST(rollback_of_a_foreign_routing),
        TEST(other_weights_of_ours_are_rolled_back),
        TEST(a_move_that_is_refused_fails),
        TEST(a_move_is_tried_five_times),
        TEST(a_rollback_that_does_not_stay_halts),
        TEST(interrupt_before_anything_moved),
        TEST(interrupt_while_split),
        TEST(interrupt_while_the_intent_is_written),
        TEST(interrupt_while_shifting),
        TEST(interrupt_at_100_percent_detaches),
        TEST(interrupt_does_not_stop_a_rollback),
        TEST(store_fails_before_the_first_move),
        TEST(store_fails_while_split),
        TEST(store_fails_at_the_end),
        TEST(lease_fails),
        TEST(rollback_while_a_first_release_is_created),
        TEST(a_move_that_meets_the_baseline),
        TEST(transient_weights_on_the_way_to_100_percent),
        TEST(transient_weights_after_a_rollback),
        TEST(a_rollback_does_not_wait_for_a_failed_move),
        TEST(a_persons_rollback_of_a_release_that_just_ended),
        TEST(traffic_counts_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
