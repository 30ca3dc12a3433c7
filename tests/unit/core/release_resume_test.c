/* Taking over what another driver left, and seeing others' hands in the record. */
#include "driver.h"

#include "base/memory.h"

static struct driver driver;
static struct driver *const d = &driver;

/* Another process begins where the last one left the record, at the phase and stage. */
static void left_at(enum sy_phase phase, uint32_t stage, struct sy_routing routing) {
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run_to(d, phase == SY_PHASE_LOCK_IN ? SY_PHASE_LOCK_IN : SY_PHASE_BAKING,
                  phase == SY_PHASE_BAKING || phase == SY_PHASE_LOCK_IN || stage == 0 ? stage
                                                                                      : stage - 1);
    driver_answer_all(d);
    d->stored.phase = phase;
    d->stored.stage = stage;
    if (stage == 0 && phase < SY_PHASE_BAKING) {
        d->stored.first_traffic_ms = 0;
        d->stored.results[0] = (struct sy_stage_result){0};
    }
    driver_set_alias(d, routing);
    d->now_ms += 2 * SY_MINUTE_MS;
    d->lease_version = 4;
}

static void resume(void) {
    driver_resume(d, SY_START_RESUME, SY_WAIT_STAGES, SY_INTERRUPT_ROLLBACK, NULL);
}

static void assert_goes_on_to_promotion(void) {
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_routing(d, alone("42"));
}

static void assert_found_on_baseline(void) {
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
    assert_int_equal(d->stored.outcome, SY_OUTCOME_ROLLED_BACK);
    assert_string_equal(d->mirror.current, "41");
}

static void assert_halts(struct sy_routing routing) {
    uint32_t revision = d->revision;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HALTED);
    assert_routing(d, routing);
    assert_int_equal(d->revision, revision); /* not touched */
}

/* ---- every phase, the alias anywhere ---- */

static void left_while_moving(void **state) {
    (void)state;
    static const enum sy_phase phases[] = {SY_PHASE_INTENT, SY_PHASE_SHIFTING};
    for (size_t i = 0; i < SY_COUNT(phases); i++) {
        left_at(phases[i], 0, alone("41")); /* from: the first move was not made */
        resume();
        driver_answer_lease(d, NULL);
        assert_true(d->storing && !d->alias); /* its intent is written again, then it is made */
        assert_goes_on_to_promotion();
        left_at(phases[i], 0, split("41", "42", 1000)); /* to: it was, but nobody wrote it down */
        resume();
        driver_answer_lease(d, NULL);
        assert_int_equal(d->release.record.phase, SY_PHASE_BAKING);
        assert_int_equal(d->release.record.first_traffic_ms, d->now_ms);
        assert_goes_on_to_promotion();
        left_at(phases[i], 1, split("41", "42", 1000)); /* from */
        resume();
        assert_goes_on_to_promotion();
        left_at(phases[i], 1, split("41", "42", 5000)); /* to */
        resume();
        assert_goes_on_to_promotion();
        left_at(phases[i], 2, alone("42")); /* to */
        resume();
        driver_answer_lease(d, NULL);
        assert_int_equal(d->release.record.phase, SY_PHASE_LOCK_IN);
        assert_goes_on_to_promotion();
        left_at(phases[i], 1, alone("41")); /* baseline */
        resume();
        assert_found_on_baseline();
        left_at(phases[i], 1, split("41", "43", 1000)); /* foreign */
        resume();
        assert_halts(split("41", "43", 1000));
    }
}

static void left_while_baking(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, split("41", "42", 1000));
    int64_t until_ms = d->stored.stage_until_ms;
    resume();
    driver_answer_lease(d, NULL);
    assert_int_equal(d->release.record.stage_until_ms, until_ms); /* the bake goes on */
    assert_true(d->observing);                                    /* judged at once */
    assert_goes_on_to_promotion();
    left_at(SY_PHASE_BAKING, 0, alone("41"));
    resume();
    assert_found_on_baseline();
    left_at(SY_PHASE_BAKING, 1, split("41", "42", 1000)); /* a stage too low: somebody's hand */
    resume();
    assert_halts(split("41", "42", 1000));
    left_at(SY_PHASE_BAKING, 0, alone("43"));
    resume();
    assert_halts(alone("43"));
}

static void left_in_lock_in(void **state) {
    (void)state;
    left_at(SY_PHASE_LOCK_IN, 2, alone("42"));
    driver_resume(d, SY_START_RESUME, SY_WAIT_LOCK_IN, SY_INTERRUPT_ROLLBACK, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_int_equal(d->now_ms, START_MS + 60 * SY_MINUTE_MS); /* the end that it had */
    assert_string_equal(d->mirror.last_known_good, "42");
    left_at(SY_PHASE_LOCK_IN, 2, alone("41"));
    resume();
    assert_found_on_baseline();
    left_at(SY_PHASE_LOCK_IN, 2, alone("43"));
    resume();
    assert_halts(alone("43"));
}

static void left_while_rolling_back(void **state) {
    (void)state;
    static const enum sy_phase phases[] = {SY_PHASE_ROLLING_BACK, SY_PHASE_VERIFYING};
    for (size_t i = 0; i < SY_COUNT(phases); i++) {
        left_at(phases[i], 1, split("41", "42", 5000));
        resume();
        driver_answer_lease(d, NULL);
        assert_int_equal(d->alias, SY_ALIAS_WRITE);
        driver_run(d);
        assert_finished(d, SY_OUTCOME_ROLLED_BACK);
        assert_routing(d, alone("41"));
        left_at(phases[i], 1, alone("41"));
        resume();
        assert_found_on_baseline();
    }
}

static void a_paused_release_goes_on_with_a_new_bake(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, split("41", "42", 1000));
    d->stored.paused_ms = d->stored.stage_until_ms; /* as on_inconclusive leaves it */
    d->stored.extended = true;
    d->stored.control = SY_CONTROL_RESUME;
    d->now_ms += SY_HOUR_MS;
    resume();
    driver_answer_lease(d, NULL);
    assert_false(d->release.record.paused_ms || d->release.record.extended);
    assert_int_equal(d->release.record.stage_until_ms, d->now_ms + 15 * SY_MINUTE_MS);
    assert_goes_on_to_promotion();
}

static void sequence_numbers_jump_clear(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, split("41", "42", 1000));
    resume();
    driver_answer_lease(d, NULL);
    assert_int_equal(d->events[0].sequence, 100001);
    driver_run(d);
    d->stored.phase = SY_PHASE_BAKING;
    d->stored.stage = 0;
    driver_set_alias(d, split("41", "42", 1000));
    resume();
    driver_answer_lease(d, NULL);
    assert_int_equal(d->events[0].sequence, 200001);
}

/* ---- settling (rule 8) ---- */

static void settle(void) {
    driver_resume(d, SY_START_SETTLE, SY_WAIT_NONE, SY_INTERRUPT_ROLLBACK, NULL);
}

static void settling_does_only_what_is_due(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, split("41", "42", 1000));
    settle();
    int64_t now_ms = d->now_ms;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_int_equal(d->now_ms, now_ms); /* nothing was due */
    assert_int_equal(d->stored.phase, SY_PHASE_BAKING);
    assert_int_equal(d->stored.stage, 0);
    d->now_ms += 20 * SY_MINUTE_MS; /* the bake has ended */
    settle();
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_int_equal(d->stored.phase, SY_PHASE_BAKING);
    assert_int_equal(d->stored.stage, 1);
    assert_routing(d, split("41", "42", 5000));
    d->now_ms += 20 * SY_MINUTE_MS;
    settle();
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_int_equal(d->stored.phase, SY_PHASE_LOCK_IN);
    d->now_ms += SY_HOUR_MS;
    settle();
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_int_equal(d->stored.phase, SY_PHASE_CLOSED);
}

static void settling_rolls_back(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, split("41", "42", 1000));
    d->canary.errors = 50;
    settle();
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
}

static void settling_gives_up_on_a_dead_source(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, split("41", "42", 1000));
    settle();
    d->source_down = true;
    int64_t now_ms = d->now_ms;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_true(d->now_ms < now_ms + SY_MINUTE_MS);
}

/* ---- a person's rollback in a process of its own (rule 5) ---- */

static void rollback_from_every_phase(void **state) {
    (void)state;
    struct sy_routing seen[] = {split("41", "42", 1000), split("41", "42", 5000), alone("42"),
                                split("42", "43", 100)};
    for (int phase = SY_PHASE_PREPARING; phase <= SY_PHASE_CLOSED; phase++)
        for (size_t i = 0; i < SY_COUNT(seen); i++) {
            left_at((enum sy_phase)phase, phase == SY_PHASE_LOCK_IN ? 2 : 1, seen[i]);
            driver_resume(d, SY_START_ROLLBACK, SY_WAIT_STAGES, SY_INTERRUPT_HOLD, "a person");
            assert_int_equal(d->out.alias, SY_ALIAS_WRITE); /* in the very first step */
            assert_false(d->leasing || d->storing);         /* needs neither lock nor record */
            driver_run(d);
            assert_finished(d, SY_OUTCOME_CANCELLED);
            assert_routing(d, alone("41"));
            assert_int_equal(d->stored.outcome, SY_OUTCOME_CANCELLED); /* marks the record */
            assert_false(d->drop_lease);                               /* not ours */
            assert_string_equal(d->stored.rolled_back[0], "42");
        }
}

static void rollback_without_a_store(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, split("41", "42", 1000));
    int64_t version = d->record_version;
    driver_resume(d, SY_START_ROLLBACK, SY_WAIT_STAGES, SY_INTERRUPT_HOLD, "a person");
    d->release.stateless = true;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    assert_int_equal(d->record_version, version); /* left alone */
}

/* ---- others in the record ---- */

static void bake_second(void) {
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_BAKING, 1);
    driver_answer_all(d);
    while (!d->looking)
        driver_tick(d);
}

/* What a person's rollback elsewhere leaves behind: alias and record. */
static struct sy_record cancelled_elsewhere(void) {
    struct sy_record record = d->stored;
    driver_set_alias(d, alone("41"));
    record.phase = SY_PHASE_CLOSED;
    record.outcome = SY_OUTCOME_CANCELLED;
    record.sequence = 100005;
    record.version = ++d->record_version;
    (void)snprintf(record.reason, sizeof record.reason, "a person asked");
    return record;
}

static void a_rollback_elsewhere_is_seen(void **state) {
    (void)state;
    bake_second();
    struct sy_record record = cancelled_elsewhere();
    d->stored = record;
    driver_answer_look(d);
    assert_int_equal(d->alias, SY_ALIAS_READ); /* a move of ours may have crossed theirs */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_string_equal(driver_last(d)->text, "a person asked");
    assert_true(sy_routing_equal(&driver_last(d)->to, &d->routing));
    assert_true(driver_last(d)->sequence > 100005);
    assert_int_equal(d->stored.outcome, SY_OUTCOME_CANCELLED);
}

/* Their rollback and our move crossed: the record says rolled back, the alias is split. */
static void a_rollback_elsewhere_that_our_move_crossed(void **state) {
    (void)state;
    bake_second();
    struct sy_record record = cancelled_elsewhere();
    driver_set_alias(d, split("41", "42", 5000));
    driver_answer_record(d, &record, NULL, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    assert_int_equal(d->stored.outcome, SY_OUTCOME_CANCELLED);
}

static void a_lost_lease_ends_the_driver(void **state) {
    (void)state;
    bake_second();
    struct sy_lease lease = {.version = 9, .owner = "somebody"};
    struct sy_record record = d->stored;
    lease.until_ms = d->now_ms + SY_HOUR_MS;
    driver_answer_record(d, &record, &lease, NULL);
    assert_true(d->leasing); /* ours still stands: it is written over the other one's */
    driver_answer_all(d);
    while (!d->looking)
        driver_tick(d);
    driver_answer_record(d, &record, &lease, NULL); /* and there it is again */
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_non_null(strstr(driver_last(d)->text, "somebody drives"));
    assert_false(d->drop_lease);
    assert_int_equal(d->alias, SY_ALIAS_NOTHING);
}

static void a_lease_that_expired_is_no_reason(void **state) {
    (void)state;
    bake_second();
    struct sy_record record = d->stored;
    driver_answer_record(d, &record, NULL, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
}

static void replaced(void **state) {
    (void)state;
    bake_second();
    struct sy_record record = d->stored;
    struct sy_lease lease = {.version = 2, .owner = "me"};
    (void)snprintf(record.release_id, sizeof record.release_id, "release-2");
    (void)snprintf(record.spec.version, sizeof record.spec.version, "43");
    driver_answer_record(d, &record, &lease, NULL);
    assert_finished(d, SY_OUTCOME_CANCELLED); /* it was never promoted: no success */
    assert_non_null(strstr(driver_last(d)->text, "version 43"));
    assert_false(d->drop_lease);
}

static void a_deleted_record_is_written_again(void **state) {
    (void)state;
    bake_second();
    driver_answer_record(d, NULL, NULL, NULL);
    assert_true(d->storing);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
}

static void a_look_that_fails_changes_nothing(void **state) {
    (void)state;
    bake_second();
    driver_answer_record(d, NULL, NULL, &driver_unavailable);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
}

/* Our own write came after the person's mark and covered it: the version jumps by two. */
static void a_mark_that_we_wrote_over(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_BAKING, 0);
    assert_true(d->storing);
    struct sy_record record = cancelled_elsewhere();
    driver_answer_store(d, NULL, false);
    assert_true(d->looking);
    assert_int_equal(d->look_version, record.version);
    driver_answer_record(d, &record, NULL, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_int_equal(d->stored.outcome, SY_OUTCOME_CANCELLED); /* the mark was written again */
    assert_int_equal(d->stored.phase, SY_PHASE_CLOSED);
    assert_routing(d, alone("41"));
}

/* A record that contradicts itself must not lead outside the results. */
static void an_intent_without_a_stage_before_it(void **state) {
    (void)state;
    struct sy_sample bad = {START_MS, {100, 50}, {900, 0}};
    left_at(SY_PHASE_INTENT, 0, alone("41"));
    d->stored.first_traffic_ms = START_MS;
    resume();
    driver_answer_lease(d, NULL);
    assert_true(d->observing);
    driver_answer_samples(d, &bad, 1, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_int_equal(d->stored.stage, 0);
}

static void a_bake_at_100_percent(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 1, alone("42"));
    d->stored.stage = d->stored.spec.n_stages;
    d->stored.paused_ms = d->now_ms;
    resume();
    driver_answer_lease(d, NULL);
    assert_int_equal(d->release.record.phase, SY_PHASE_LOCK_IN);
    driver_run(d);
    assert_true(d->rested);
    assert_routing(d, alone("42"));
}

static void an_intent_of_a_first_release_that_had_traffic(void **state) {
    (void)state;
    left_at(SY_PHASE_INTENT, 2, (struct sy_routing){0});
    d->stored.baseline[0] = '\0';
    resume();
    driver_answer_lease(d, NULL);
    assert_false(d->observing); /* there is no alias: it had none */
    assert_goes_on_to_promotion();
}

static void a_stage_of_a_first_release(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, alone("42"));
    d->stored.baseline[0] = '\0';
    resume();
    driver_answer_lease(d, NULL);
    assert_int_equal(d->release.record.phase, SY_PHASE_LOCK_IN);
    assert_int_equal(d->release.record.stage, d->stored.spec.n_stages);
}

static void a_lock_in_of_a_stage(void **state) {
    (void)state;
    left_at(SY_PHASE_LOCK_IN, 2, split("41", "42", 1000));
    d->stored.stage = 0;
    resume();
    assert_halts(split("41", "42", 1000)); /* not promoted: 42 never had all traffic */
}

/* The new release's driver has both the record and the lease: the record says why. */
static void replaced_with_its_lease(void **state) {
    (void)state;
    struct sy_lease lease = {.version = 9, .owner = "somebody"};
    bake_second();
    struct sy_record record = d->stored;
    (void)snprintf(record.release_id, sizeof record.release_id, "release-2");
    driver_answer_record(d, &record, &lease, NULL);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_false(d->drop_lease);
}

/* Between closing the old release and beginning the new one, which takes the alias on from here. */
static void superseded_in_its_lock_in(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    struct sy_lease lease = {
        .version = 9, .owner = "somebody", .until_ms = START_MS + 10 * SY_HOUR_MS};
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_LOCK_IN, 2);
    driver_answer_all(d);
    while (!d->looking)
        driver_tick(d);
    struct sy_record record = d->stored;
    record.phase = SY_PHASE_CLOSED;
    record.outcome = SY_OUTCOME_SUPERSEDED;
    record.version = ++d->record_version;
    driver_answer_record(d, &record, &lease, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_SUPERSEDED);
    assert_true(sy_routing_equal(&driver_last(d)->to, &d->routing)); /* 42, not the baseline */
    assert_false(d->drop_lease);
}

/* Two drivers that took over from the same record number on from the same round figure. */
static void sequence_numbers_never_go_back(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 0, split("41", "42", 1000));
    resume();
    driver_answer_lease(d, NULL);
    int64_t sequence = driver_last(d)->sequence;
    struct sy_record record = cancelled_elsewhere();
    record.sequence = 7;
    driver_answer_record(d, &record, NULL, NULL);
    driver_run(d);
    assert_true(driver_last(d)->sequence > sequence);
}

/* Found deleted between the intent and the move: the intent is stored again before the move. */
static void a_record_deleted_before_the_first_move(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_init(d, &spec, "41");
    d->release.record.version = d->record_version = 3;
    driver_start_lease(d, 0, NULL);
    driver_answer_lease(d, NULL);
    d->record_version++; /* somebody wrote in between: a look at what */
    driver_answer_store(d, NULL, false);
    assert_true(d->mirroring && d->looking);
    driver_answer_record(d, NULL, NULL, NULL);
    assert_true(d->storing);
    driver_answer_mirror(d, NULL);
    assert_int_equal(d->alias, SY_ALIAS_NOTHING);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
}

/* ---- interrupts of a driver that only takes over (rule 7) ---- */

static void interrupted_while_taking_over(enum sy_phase phase, uint32_t stage,
                                          struct sy_routing routing, enum sy_start start,
                                          enum sy_interrupt policy) {
    left_at(phase, stage, routing);
    driver_resume(d, start, SY_WAIT_LOCK_IN, policy, NULL);
    driver_tell(d, SY_INPUT_INTERRUPT, "SIGTERM");
    driver_run(d);
}

static void interrupt_while_taking_over_at_100_percent(void **state) {
    (void)state;
    for (int policy = 0; policy < SY_INTERRUPT_COUNT; policy++) {
        interrupted_while_taking_over(SY_PHASE_LOCK_IN, 2, alone("42"), SY_START_RESUME,
                                      (enum sy_interrupt)policy);
        assert_finished(d, SY_OUTCOME_PROMOTED);
        assert_routing(d, alone("42"));
        assert_int_equal(d->stored.phase, SY_PHASE_LOCK_IN);
        assert_int_equal(d->stored.promoted_ms, START_MS + 30 * SY_MINUTE_MS);
    }
}

static void interrupt_while_taking_over_a_split(void **state) {
    (void)state;
    interrupted_while_taking_over(SY_PHASE_BAKING, 1, split("41", "42", 5000), SY_START_RESUME,
                                  SY_INTERRUPT_ROLLBACK);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_routing(d, alone("41"));
    interrupted_while_taking_over(SY_PHASE_BAKING, 1, split("41", "42", 5000), SY_START_RESUME,
                                  SY_INTERRUPT_HOLD);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_routing(d, split("41", "42", 5000));
    assert_int_equal(d->stored.phase, SY_PHASE_BAKING); /* not "preparing" */
    assert_int_equal(d->stored.stage, 1);
}

/* Who only looks in drives nothing, so an interrupt takes nothing back. */
static void interrupt_while_settling(void **state) {
    (void)state;
    interrupted_while_taking_over(SY_PHASE_BAKING, 1, split("41", "42", 5000), SY_START_SETTLE,
                                  SY_INTERRUPT_ROLLBACK);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_routing(d, split("41", "42", 5000));
    left_at(SY_PHASE_BAKING, 1, split("41", "42", 5000));
    settle();
    driver_answer_lease(d, NULL);
    assert_true(d->observing);
    driver_tell(d, SY_INPUT_INTERRUPT, "SIGTERM");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_routing(d, split("41", "42", 5000));
    assert_int_equal(d->stored.phase, SY_PHASE_BAKING);
}

static void resumed_before_anything_moved(void **state) {
    (void)state;
    for (int baseline = 0; baseline < 2; baseline++)
        for (int kind = SY_INPUT_INTERRUPT; kind <= SY_INPUT_ROLLBACK; kind++) {
            left_at(SY_PHASE_INTENT, 0, alone(baseline ? "41" : ""));
            if (!baseline)
                d->stored.baseline[0] = '\0';
            uint32_t revision = d->revision;
            resume();
            driver_answer_lease(d, NULL);
            assert_int_equal(d->release.record.phase, SY_PHASE_INTENT);
            driver_tell(d, (enum sy_input_kind)kind, "stop");
            driver_run(d);
            assert_finished(d, SY_OUTCOME_CANCELLED);
            assert_int_equal(d->revision, revision);
            assert_int_equal(d->stored.phase, SY_PHASE_CLOSED);
        }
}

/* The same while another look was under way, which read the record before the person's mark. */
static void a_mark_that_we_wrote_over_during_a_look(void **state) {
    (void)state;
    bake_second();
    assert_true(d->looking);
    struct sy_record before = d->stored;
    d->release.want_store = true; /* something was to be written down */
    driver_tell(d, SY_INPUT_TICK, NULL);
    assert_true(d->storing);
    struct sy_record record = cancelled_elsewhere();
    driver_answer_store(d, NULL, false);
    driver_answer_record(d, &before, NULL, NULL);
    assert_true(d->looking);
    assert_int_equal(d->look_version, record.version);
    driver_answer_record(d, &record, NULL, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_int_equal(d->stored.outcome, SY_OUTCOME_CANCELLED);
}

/* The mark comes to light while the next write of ours is under way: that one covers it, too. */
static void a_mark_seen_while_storing(void **state) {
    (void)state;
    bake_second();
    d->release.want_store = true;
    driver_tell(d, SY_INPUT_TICK, NULL);
    assert_true(d->storing && d->looking);
    struct sy_record record = cancelled_elsewhere();
    driver_answer_record(d, &record, NULL, NULL);
    assert_int_equal(d->release.record.phase, SY_PHASE_VERIFYING);
    driver_answer_store(d, NULL, false);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_CANCELLED);
    assert_int_equal(d->stored.outcome, SY_OUTCOME_CANCELLED);
    assert_int_equal(d->stored.phase, SY_PHASE_CLOSED);
}

/* Two drivers take over one stale lease at once: the version that the write returns says who came
 * second (rule 10). */
static void a_stale_lease_that_two_take_over(void **state) {
    (void)state;
    left_at(SY_PHASE_BAKING, 1, split("41", "42", 5000));
    resume();
    d->lease_version++; /* the other one was first */
    driver_answer_lease(d, NULL);
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_non_null(strstr(driver_last(d)->text, "at the same time"));
    assert_false(d->drop_lease); /* ours stands over theirs: they renew it */
    assert_int_equal(d->alias, SY_ALIAS_NOTHING);
    assert_routing(d, split("41", "42", 5000));
}

#define TEST(name) cmocka_unit_test(name)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(left_while_moving),
        TEST(left_while_baking),
        TEST(left_in_lock_in),
        TEST(left_while_rolling_back),
        TEST(a_paused_release_goes_on_with_a_new_bake),
        TEST(sequence_numbers_jump_clear),
        TEST(settling_does_only_what_is_due),
        TEST(settling_rolls_back),
        TEST(settling_gives_up_on_a_dead_source),
        TEST(rollback_from_every_phase),
        TEST(rollback_without_a_store),
        TEST(a_rollback_elsewhere_is_seen),
        TEST(a_rollback_elsewhere_that_our_move_crossed),
        TEST(a_lost_lease_ends_the_driver),
        TEST(a_lease_that_expired_is_no_reason),
        TEST(replaced),
        TEST(a_deleted_record_is_written_again),
        TEST(a_look_that_fails_changes_nothing),
        TEST(a_mark_that_we_wrote_over),
        TEST(an_intent_without_a_stage_before_it),
        TEST(a_bake_at_100_percent),
        TEST(an_intent_of_a_first_release_that_had_traffic),
        TEST(a_stage_of_a_first_release),
        TEST(a_lock_in_of_a_stage),
        TEST(replaced_with_its_lease),
        TEST(superseded_in_its_lock_in),
        TEST(sequence_numbers_never_go_back),
        TEST(a_record_deleted_before_the_first_move),
        TEST(interrupt_while_taking_over_at_100_percent),
        TEST(interrupt_while_taking_over_a_split),
        TEST(interrupt_while_settling),
        TEST(resumed_before_anything_moved),
        TEST(a_mark_that_we_wrote_over_during_a_look),
        TEST(a_mark_seen_while_storing),
        TEST(a_stale_lease_that_two_take_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
