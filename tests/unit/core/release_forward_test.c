/* The way forward: intent before move, stages, thin data, wait, lock-in, mirror. */
#include "driver.h"

#include "base/memory.h"

static struct driver driver;
static struct driver *const d = &driver;

/* The first stage bakes; nothing is under way. */
static void bake_first(const struct sy_spec *spec) {
    driver_begin(d, spec, "41");
    driver_run_to(d, SY_PHASE_BAKING, 0);
    driver_answer_all(d);
}

/* ---- order ---- */

static void intent_before_move(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    assert_true(d->leasing && !d->storing && !d->alias && !d->mirroring && !d->observing);
    driver_answer_lease(d, NULL);
    assert_true(d->storing && !d->alias && !d->mirroring);
    assert_int_equal(d->storing_record.phase, SY_PHASE_INTENT);
    assert_string_equal(d->storing_record.baseline, "41");
    driver_answer_store(d, NULL, false);
    assert_true(d->mirroring && !d->alias); /* the baseline is named before the first move */
    driver_answer_mirror(d, NULL);
    assert_int_equal(d->alias, SY_ALIAS_WRITE);
    assert_string_equal(d->alias_revision, "r1");
    struct sy_routing to = split("41", "42", 1000);
    assert_true(sy_routing_equal(&d->alias_to, &to));
    driver_answer_alias(d, NULL, false);
    assert_true(d->storing); /* the result */
    assert_int_equal(d->storing_record.phase, SY_PHASE_BAKING);
    assert_string_equal(d->storing_record.revision, "r2");
    assert_int_equal(d->storing_record.first_traffic_ms, d->now_ms);
    assert_int_equal(d->storing_record.stage_until_ms, d->now_ms + 15 * SY_MINUTE_MS);
}

static void healthy_to_the_end(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "41");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_routing(d, alone("42"));
    assert_true(d->drop_lease);
    assert_int_equal(d->now_ms, START_MS + 60 * SY_MINUTE_MS); /* first traffic + lock-in */
    assert_int_equal(driver_count(d, SY_EVENT_ALIAS_MOVED), 3);
    assert_int_equal(driver_count(d, SY_EVENT_STAGE_STARTED), 2);
    assert_int_equal(driver_count(d, SY_EVENT_STAGE_VERDICT), 2);
    assert_int_equal(driver_count(d, SY_EVENT_LOCK_IN_ENDED), 1);
    assert_int_equal(d->stored.phase, SY_PHASE_CLOSED);
    assert_int_equal(d->stored.outcome, SY_OUTCOME_PROMOTED);
    assert_string_equal(d->stored.last_known_good, "42");
    assert_int_equal(d->stored.results[0].decision, SY_DECISION_HEALTHY);
    assert_int_equal(d->stored.results[1].ended_ms, START_MS + 30 * SY_MINUTE_MS);
}

static void sequence_numbers_grow_by_one(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run(d);
    for (uint32_t i = 0; i < d->n_events; i++)
        assert_int_equal(d->events[i].sequence, i + 1);
    assert_int_equal(d->events[0].kind, SY_EVENT_PLANNED);
    assert_int_equal(d->events[1].kind, SY_EVENT_PREPARED);
}

static void events_say_where_it_stands(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake_first(&spec);
    const struct sy_release_event *started = driver_find(d, SY_EVENT_STAGE_STARTED);
    assert_int_equal(started->stage, 1);
    assert_int_equal(started->n_stages, 2);
    assert_int_equal(started->weight_bp, 1000);
    assert_int_equal(started->duration_ms, 15 * SY_MINUTE_MS);
    assert_int_equal(started->until_ms, d->now_ms + 15 * SY_MINUTE_MS);
    assert_string_equal(started->baseline, "41");
    assert_string_equal(started->version, "42");
    driver_run_to(d, SY_PHASE_LOCK_IN, 2);
    const struct sy_release_event *moved = driver_find(d, SY_EVENT_ALIAS_MOVED);
    assert_int_equal(moved->stage, 3);
    assert_int_equal(moved->weight_bp, 10000);
    struct sy_routing from = split("41", "42", 5000);
    struct sy_routing to = alone("42");
    assert_true(sy_routing_equal(&moved->from, &from));
    assert_true(sy_routing_equal(&moved->to, &to));
}

/* ---- first release, instant ---- */

static void first_release(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "");
    driver_run_to(d, SY_PHASE_SHIFTING, 2);
    assert_int_equal(d->alias, SY_ALIAS_WRITE);
    assert_string_equal(d->alias_revision, ""); /* create */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_routing(d, alone("42"));
    assert_string_equal(d->mirror.current, "42");
    assert_string_equal(d->mirror.previous, "");
    assert_string_equal(d->mirror.last_known_good, "42");
    assert_string_equal(d->stored.baseline, "");
}

static void first_release_unhealthy(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "");
    d->canary.errors = 50;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HALTED); /* there is nothing to go back to */
    assert_non_null(strstr(driver_last(d)->text, "no baseline"));
    assert_routing(d, alone("42"));
}

static void instant(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.n_stages = 0;
    driver_begin(d, &spec, "41");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_routing(d, alone("42"));
    assert_int_equal(driver_count(d, SY_EVENT_ALIAS_MOVED), 1);
    assert_int_equal(driver_count(d, SY_EVENT_STAGE_STARTED), 0);
    assert_int_equal(d->now_ms, START_MS);
    assert_string_equal(d->stored.baseline, "41");
    assert_int_equal(d->stored.phase, SY_PHASE_LOCK_IN);
}

/* ---- wait ---- */

static void wait_stages(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_int_equal(d->now_ms, START_MS + 30 * SY_MINUTE_MS);
    assert_int_equal(d->stored.phase, SY_PHASE_LOCK_IN); /* handed over */
    assert_string_equal(d->stored.last_known_good, "41");
    assert_string_equal(d->mirror.last_known_good, "41");
    assert_string_equal(d->mirror.current, "42");
}

static void wait_none(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_NONE;
    driver_begin(d, &spec, "41");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_HANDED_OFF);
    assert_int_equal(d->now_ms, START_MS);
    assert_int_equal(d->stored.phase, SY_PHASE_BAKING);
    assert_routing(d, split("41", "42", 1000));
}

/* ---- thin data (rule 6) ---- */

static void thin(enum sy_inconclusive policy, struct sy_counts canary) {
    struct sy_spec spec = driver_spec();
    spec.on_inconclusive = policy;
    driver_begin(d, &spec, "41");
    d->canary = canary;
}

static void thin_auto_without_errors_goes_on(void **state) {
    (void)state;
    thin(SY_INCONCLUSIVE_AUTO, (struct sy_counts){0, 0});
    driver_run_to(d, SY_PHASE_BAKING, 1);
    /* one extension, by one bake, and only then on */
    assert_int_equal(d->now_ms, START_MS + 30 * SY_MINUTE_MS);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED_UNPROVEN);
    assert_int_equal(d->now_ms, START_MS + 60 * SY_MINUTE_MS); /* each stage was extended once */
    assert_true(d->stored.unproven);
    assert_int_equal(d->stored.results[0].decision, SY_DECISION_INCONCLUSIVE);
}

static void thin_auto_with_an_error_rolls_back(void **state) {
    (void)state;
    struct sy_sample one = {0, {1, 1}, {9, 0}};
    thin(SY_INCONCLUSIVE_AUTO, (struct sy_counts){0, 0});
    driver_run_to(d, SY_PHASE_BAKING, 0);
    one.start_ms = d->now_ms + SY_MINUTE_MS;
    for (int i = 0; i < 500 && d->release.record.phase == SY_PHASE_BAKING; i++)
        if (d->observing)
            driver_answer_samples(d, &one, d->now_ms > one.start_ms, NULL);
        else if (!driver_answer_one(d))
            driver_tick(d);
    assert_int_equal(d->release.record.phase, SY_PHASE_ROLLING_BACK);
    assert_int_equal(d->now_ms, START_MS + 30 * SY_MINUTE_MS);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
}

static void thin_auto_with_a_dead_source_rolls_back(void **state) {
    (void)state;
    thin(SY_INCONCLUSIVE_AUTO, (struct sy_counts){100, 0});
    d->source_down = true;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_true(d->now_ms >= START_MS + 30 * SY_MINUTE_MS);
    assert_non_null(strstr(driver_last(d)->text, "without telemetry"));
}

static void thin_proceed(void **state) {
    (void)state;
    thin(SY_INCONCLUSIVE_PROCEED, (struct sy_counts){0, 0});
    d->source_down = true;
    driver_run_to(d, SY_PHASE_BAKING, 1);
    d->source_down = false;
    d->canary.invocations = 100;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED_UNPROVEN);
}

static void thin_pause(void **state) {
    (void)state;
    thin(SY_INCONCLUSIVE_PAUSE, (struct sy_counts){0, 0});
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PAUSED);
    assert_routing(d, split("41", "42", 1000));
    assert_true(d->stored.paused_ms);
    assert_int_equal(d->stored.phase, SY_PHASE_BAKING);
    assert_non_null(driver_find(d, SY_EVENT_PAUSED));
}

static void thin_rollback(void **state) {
    (void)state;
    thin(SY_INCONCLUSIVE_ROLLBACK, (struct sy_counts){0, 0});
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
}

static void an_extension_can_still_become_healthy(void **state) {
    (void)state;
    thin(SY_INCONCLUSIVE_ROLLBACK, (struct sy_counts){0, 0});
    driver_run_until(d, START_MS + 20 * SY_MINUTE_MS);
    assert_true(d->release.record.extended);
    assert_true(d->stored.extended); /* another driver does not extend it again */
    d->canary.invocations = 100;
    driver_run_to(d, SY_PHASE_BAKING, 1);
    assert_false(d->release.record.extended); /* the next stage has its own */
    assert_false(d->release.record.unproven);
}

/* ---- telemetry ---- */

static void unhealthy_before_the_bake_ends(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake_first(&spec);
    d->canary.errors = 6;
    driver_run_to(d, SY_PHASE_ROLLING_BACK, 0);
    assert_int_equal(d->now_ms, START_MS + SY_MINUTE_MS);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_int_equal(d->stored.results[0].decision, SY_DECISION_UNHEALTHY);
    assert_string_equal(d->stored.rolled_back[0], "42");
}

static void exactly_the_threshold_is_healthy(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake_first(&spec);
    d->canary.errors = 5;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
}

static void a_dead_source_holds_the_stage(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake_first(&spec);
    d->source_down = true;
    driver_run_until(d, START_MS + 20 * SY_MINUTE_MS);
    assert_int_equal(d->release.record.phase, SY_PHASE_BAKING);
    assert_int_equal(d->release.record.stage, 0);
    assert_int_equal(driver_count(d, SY_EVENT_NOTE), 2); /* told once; and the extension */
    d->source_down = false;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_routing(d, alone("42"));
}

static void unhealthy_while_the_intent_is_written(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake_first(&spec);
    driver_run_to(d, SY_PHASE_INTENT, 1);
    d->canary.errors = 50;
    for (int i = 0; i < 100 && d->release.record.phase == SY_PHASE_INTENT; i++)
        if (d->storing)
            driver_answer_store(d, &driver_unavailable, false);
        else if (!driver_answer_one(d))
            driver_tick(d);
    assert_int_equal(d->release.record.phase, SY_PHASE_ROLLING_BACK);
    assert_int_equal(d->release.record.stage, 0); /* the verdict is the first stage's */
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
}

/* ---- lock-in ---- */

static void lock_in_thin(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    spec.n_stages = 0;
    driver_begin(d, &spec, "41");
    d->canary = (struct sy_counts){0, 0};
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED_UNPROVEN);
    assert_string_equal(d->mirror.last_known_good, "41"); /* never proven, so not known good */
    assert_string_equal(d->mirror.current, "42");
}

static void lock_in_unhealthy_rolls_back(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_LOCK_IN, 2);
    d->canary.errors = 10;
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
    assert_routing(d, alone("41"));
    assert_string_equal(d->mirror.current, "41");
    assert_string_equal(d->mirror.last_known_good, "41");
}

static void lock_in_lasts_one_window_after_promotion(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    spec.lock_in_ms = 0;
    driver_begin(d, &spec, "41");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_int_equal(d->now_ms, START_MS + 35 * SY_MINUTE_MS);
}

static void late_and_unhealthy_is_only_reported(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run(d); /* promoted, handed over */
    d->canary.errors = 50;
    d->now_ms += 3 * SY_HOUR_MS;
    driver_resume(d, SY_START_SETTLE, SY_WAIT_NONE, SY_INTERRUPT_ROLLBACK, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED_UNPROVEN);
    assert_routing(d, alone("42"));
    assert_non_null(strstr(driver_last(d)->text, "unhealthy"));
    assert_int_equal(d->stored.phase, SY_PHASE_CLOSED);
    assert_string_equal(d->mirror.last_known_good, "41");
}

static void late_and_healthy_closes(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_run(d);
    d->now_ms += 3 * SY_HOUR_MS;
    driver_resume(d, SY_START_SETTLE, SY_WAIT_NONE, SY_INTERRUPT_ROLLBACK, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_string_equal(d->mirror.last_known_good, "42");
}

/* ---- mirror (rule 12) ---- */

static void mirror_values(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_SHIFTING, 0); /* before the first move */
    assert_string_equal(d->mirror.alias, "live");
    assert_string_equal(d->mirror.previous, "41");
    assert_string_equal(d->mirror.last_known_good, "41");
    assert_string_equal(d->mirror.current, "");
    assert_int_equal(d->mirror.deployment_ms, 0);
    d->now_ms += 700;
    driver_run_to(d, SY_PHASE_BAKING, 0);
    driver_answer_all(d);
    assert_int_equal(d->mirror.deployment_ms, START_MS + 700); /* at the first traffic */
    assert_string_equal(d->mirror.current, "");
    driver_run_to(d, SY_PHASE_LOCK_IN, 2);
    driver_answer_all(d);
    assert_string_equal(d->mirror.current, "42"); /* wholly on it */
    assert_string_equal(d->mirror.last_known_good, "41");
    driver_run(d);
    assert_string_equal(d->mirror.last_known_good, "42"); /* the lock-in closed healthy */
    assert_int_equal(d->mirror.deployment_ms, START_MS + 700);
    assert_int_equal(d->mirror_writes, 4);
}

static void mirror_off(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.wait = SY_WAIT_LOCK_IN;
    driver_init(d, &spec, "41");
    d->release.record.mirrors = false;
    driver_start_lease(d, 0, NULL);
    driver_run(d);
    assert_finished(d, SY_OUTCOME_PROMOTED);
    assert_int_equal(d->mirror_writes, 0);
}

static void mirror_failures_are_retried_and_told_once(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    bake_first(&spec);
    driver_run_to(d, SY_PHASE_LOCK_IN, 2);
    uint32_t notes = driver_count(d, SY_EVENT_NOTE);
    for (int i = 0; i < 200 && !d->rested; i++)
        if (d->mirroring)
            driver_answer_mirror(d, &driver_unavailable);
        else if (!driver_answer_one(d))
            driver_tick(d);
    assert_finished(d, SY_OUTCOME_PROMOTED); /* the alias is right; the mirror is a mirror */
    assert_int_equal(driver_count(d, SY_EVENT_NOTE), notes + 2); /* trying again; could not */
}

/* Values that come up while others are being written are not lost. */
static void mirror_values_add_up(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    spec.n_stages = 0;
    spec.wait = SY_WAIT_LOCK_IN;
    driver_begin(d, &spec, "41");
    driver_run_to(d, SY_PHASE_LOCK_IN, 0);
    assert_true(d->mirroring); /* deployment and current */
    d->canary.errors = 50;
    while (d->release.record.phase == SY_PHASE_LOCK_IN)
        if (d->observing)
            driver_answer_traffic(d);
        else if (d->storing)
            driver_answer_store(d, NULL, false);
        else if (d->looking)
            driver_answer_look(d);
        else
            driver_tick(d);
    while (d->alias)
        driver_answer_alias(d, NULL, false);
    driver_answer_mirror(d, NULL); /* of the way forward, only now */
    assert_string_equal(d->mirror.current, "42");
    assert_true(d->mirroring);
    driver_answer_mirror(d, NULL);
    assert_string_equal(d->mirror.current, "41");
    driver_run(d);
    assert_finished(d, SY_OUTCOME_ROLLED_BACK);
}

/* Parameters that may not be written: said at once, not after all the tries of a mirror's end. */
static void mirror_refused_before_the_first_move(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    driver_answer_lease(d, NULL);
    driver_answer_store(d, NULL, false);
    driver_answer_mirror(d, &driver_denied);
    driver_answer_all(d);
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_int_equal(d->now_ms, START_MS);
    assert_int_equal(d->revision, 1);
    assert_int_equal(d->stored.outcome, SY_OUTCOME_FAILED);
}

static void mirror_down_before_the_first_move(void **state) {
    (void)state;
    struct sy_spec spec = driver_spec();
    driver_begin(d, &spec, "41");
    for (int i = 0; i < 50 && !d->rested; i++)
        if (d->mirroring)
            driver_answer_mirror(d, &driver_unavailable);
        else if (!driver_answer_one(d))
            driver_tick(d);
    assert_finished(d, SY_OUTCOME_FAILED);
    assert_int_equal(d->revision, 1);
    assert_true(d->now_ms < START_MS + 10000);
}

#define TEST(name) cmocka_unit_test(name)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(intent_before_move),
        TEST(healthy_to_the_end),
        TEST(sequence_numbers_grow_by_one),
        TEST(events_say_where_it_stands),
        TEST(first_release),
        TEST(first_release_unhealthy),
        TEST(instant),
        TEST(wait_stages),
        TEST(wait_none),
        TEST(thin_auto_without_errors_goes_on),
        TEST(thin_auto_with_an_error_rolls_back),
        TEST(thin_auto_with_a_dead_source_rolls_back),
        TEST(thin_proceed),
        TEST(thin_pause),
        TEST(thin_rollback),
        TEST(an_extension_can_still_become_healthy),
        TEST(unhealthy_before_the_bake_ends),
        TEST(exactly_the_threshold_is_healthy),
        TEST(a_dead_source_holds_the_stage),
        TEST(unhealthy_while_the_intent_is_written),
        TEST(lock_in_thin),
        TEST(lock_in_unhealthy_rolls_back),
        TEST(lock_in_lasts_one_window_after_promotion),
        TEST(late_and_unhealthy_is_only_reported),
        TEST(late_and_healthy_closes),
        TEST(mirror_values),
        TEST(mirror_off),
        TEST(mirror_failures_are_retried_and_told_once),
        TEST(mirror_values_add_up),
        TEST(mirror_refused_before_the_first_move),
        TEST(mirror_down_before_the_first_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
