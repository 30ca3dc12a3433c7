/* Random lives of releases: whatever is answered, asked for and found, in whatever order, some
 * things always hold. STEELYARD_SEED=N replays one of them, STEELYARD_SEEDS=N runs that many. */
#include "driver.h"

#include "base/memory.h"

#include <stdlib.h>

static uint64_t seed_at_hand;
static uint64_t state_of_random;

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next_random(void) {
    uint64_t z = state_of_random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t n) {
    return (uint32_t)(next_random() % n);
}

static bool one_in(uint32_t n) {
    return below(n) == 0;
}

static struct driver driver;
static bool loud;
static uint32_t arrows[SY_PHASE_COUNT * SY_INPUT_COUNT];
static bool touched;      /* somebody else moved the alias */
static bool reported;     /* somebody else was seen in the record or on the lease */
static bool store_down;   /* no write of the record is answered well */
static uint32_t error_in; /* one answer in so many is an error; 0 = none */

static const struct sy_error *random_error(void) {
    static const struct sy_error *const errors[] = {&driver_unavailable, &driver_unavailable,
                                                    &driver_denied, &driver_stale, &driver_gone};
    return error_in && one_in(error_in) ? errors[below(SY_COUNT(errors))] : NULL;
}

static struct sy_routing any_routing(void) {
    const struct sy_record *record = &driver.release.record;
    struct sy_routing routing;
    switch (below(8)) {
    case 0:
        return alone("99");
    case 1:
        return split(record->baseline, "99", 1000);
    case 2:
        return (struct sy_routing){0};
    case 3:
        return split("42", record->baseline, 10000); /* AWS's, transient */
    case 4:
        return alone(record->baseline);
    case 5:
        return split(record->baseline, "42", 10000);
    default:
        sy_record_routing(record, below(record->spec.n_stages + 1), &routing);
        return routing;
    }
}

static struct sy_routing random_routing(void) {
    struct sy_routing routing = any_routing();
    return routing.primary[0] ? routing : (struct sy_routing){0}; /* a first release */
}

static void random_samples(void) {
    struct sy_sample samples[16];
    size_t n = below(17);
    for (size_t i = 0; i < n; i++)
        samples[i] = (struct sy_sample){driver.now_ms - driver.now_ms % SY_MINUTE_MS -
                                            (int64_t)(n - i) * SY_MINUTE_MS,
                                        {below(20), one_in(6) ? below(3) : 0},
                                        {below(100), below(3)}};
    driver_answer_samples(&driver, samples, n, random_error());
}

static void random_record(void) {
    struct sy_record record = driver.stored;
    struct sy_lease lease = {.version = driver.lease_version, .owner = "me"};
    bool is_there = driver.has_stored && !one_in(30);
    if (one_in(30)) {
        (void)snprintf(record.release_id, sizeof record.release_id, "release-2");
        reported = true;
    } else if (one_in(20)) {
        static const enum sy_outcome outcomes[] = {SY_OUTCOME_CANCELLED, SY_OUTCOME_ROLLED_BACK,
                                                   SY_OUTCOME_SUPERSEDED, SY_OUTCOME_HALTED};
        record.phase = SY_PHASE_CLOSED;
        record.outcome = outcomes[below(4)];
        record.version += below(3);
        record.sequence += 100000; /* its driver numbered on from a round figure */
        reported = true;
    } else if (one_in(20)) {
        record.control = (enum sy_control)(1 + below(SY_CONTROL_COUNT - 1));
        record.version += below(3);
    } else if (one_in(30)) {
        record.phase = SY_PHASE_ROLLING_BACK;
        record.version += below(3);
        reported = true;
    } else if (one_in(30)) {
        (void)snprintf(lease.owner, sizeof lease.owner, "somebody");
        reported = true;
    }
    driver_answer_record(&driver, is_there ? &record : NULL, one_in(4) ? NULL : &lease,
                         random_error());
}

static void answer_some(void) {
    switch (below(6)) {
    case 0:
        if (driver.alias != SY_ALIAS_NOTHING)
            driver_answer_alias(&driver, random_error(), one_in(2));
        break;
    case 1:
        if (driver.leasing)
            driver_answer_lease(&driver, random_error());
        break;
    case 2:
        if (driver.storing) {
            if (one_in(20))
                driver.record_version++; /* somebody wrote in between */
            driver_answer_store(&driver, store_down ? &driver_unavailable : random_error(),
                                one_in(2));
        }
        break;
    case 3:
        if (driver.mirroring)
            driver_answer_mirror(&driver, random_error());
        break;
    case 4:
        if (driver.observing)
            random_samples();
        break;
    default:
        if (driver.looking)
            random_record();
    }
}

static void random_rollback(void) {
    struct sy_stage steps[3];
    for (uint32_t i = 0; i < 3; i++)
        steps[i] = (struct sy_stage){(int32_t)(6000 - 2000 * i), 1000 + below(90000)};
    driver_step(&driver, (struct sy_input){.kind = SY_INPUT_ROLLBACK,
                                           .text = "a person asked",
                                           .steps = steps,
                                           .n_steps = below(4)});
}

static void random_control(void) {
    enum sy_control control = (enum sy_control)(1 + below(SY_CONTROL_COUNT - 1));
    driver_step(&driver, (struct sy_input){
                             .kind = SY_INPUT_CONTROL, .text = "a person", .control = control});
}

static void random_input(void) {
    if (one_in(150)) {
        touched = true;
        driver_set_alias(&driver, random_routing());
    } else if (one_in(60)) {
        driver_tell(&driver, SY_INPUT_INTERRUPT, one_in(2) ? "SIGTERM" : NULL);
    } else if (one_in(300)) {
        store_down = true;
    } else if (one_in(100)) {
        random_rollback();
    } else if (one_in(60)) {
        random_control();
    } else if (one_in(4)) {
        driver.now_ms += below(3) ? 0 : below(90000);
        if (driver.tick_ms != INT64_MAX && one_in(2))
            driver_tick(&driver);
    } else {
        answer_some();
    }
}

static struct sy_spec random_spec(void) {
    struct sy_spec spec = driver_spec();
    spec.n_stages = below(4);
    for (uint32_t i = 0; i < spec.n_stages; i++)
        spec.stages[i] =
            (struct sy_stage){(int32_t)(1000 * (i + 1)), SY_MINUTE_MS * (1 + below(5))};
    spec.lock_in_ms = below(3) * 5 * SY_MINUTE_MS;
    spec.wait = (enum sy_wait)below(SY_WAIT_COUNT);
    spec.on_interrupt = (enum sy_interrupt)below(SY_INTERRUPT_COUNT);
    spec.on_inconclusive = (enum sy_inconclusive)below(SY_INCONCLUSIVE_COUNT);
    spec.primary = (enum sy_primary)below(SY_PRIMARY_COUNT);
    return spec;
}

/* A record as some driver may have left it, at any phase. */
static void random_left_record(const struct sy_spec *spec) {
    struct sy_record *record = &driver.stored;
    static const enum sy_phase phases[] = {
        SY_PHASE_PREPARING, SY_PHASE_INTENT,       SY_PHASE_SHIFTING, SY_PHASE_BAKING,
        SY_PHASE_LOCK_IN,   SY_PHASE_ROLLING_BACK, SY_PHASE_VERIFYING};
    *record = driver.release.record;
    record->spec = *spec;
    record->phase = phases[below(SY_COUNT(phases))];
    record->stage = below(spec->n_stages + 1);
    bool moved = record->stage > 0 || record->phase >= SY_PHASE_BAKING;
    record->first_traffic_ms = !moved && !one_in(3) ? 0 : driver.now_ms - below(3600) * 1000;
    record->stage_until_ms = one_in(3) ? 0 : driver.now_ms + below(600) * 1000 - 300000;
    record->promoted_ms = one_in(2) ? 0 : driver.now_ms - below(3600) * 1000;
    record->judged_ms = one_in(2) ? 0 : driver.now_ms - below(600) * 1000;
    record->paused_ms = one_in(4) ? 1 : 0;
    record->extended = one_in(4);
    record->mirrors = !one_in(3);
    record->version = driver.record_version = 1 + below(50);
    driver.has_stored = true;
}

static void begin(void) {
    struct sy_spec spec = random_spec();
    driver_init(&driver, &spec, one_in(8) ? "" : "41");
    driver.quiet = !loud;
    driver.arrows = arrows;
    driver.release.record.mirrors = !one_in(3);
    if (!one_in(3)) {
        driver_start_lease(&driver, one_in(2) ? 0 : 7, NULL);
        return;
    }
    random_left_record(&spec);
    if (!one_in(3)) {
        driver_set_alias(&driver, random_routing());
        touched = true;
    }
    enum sy_start starts[] = {SY_START_RESUME, SY_START_SETTLE, SY_START_ROLLBACK};
    sy_release_resume(&driver.release, &driver.stored, starts[below(3)], spec.wait,
                      spec.on_interrupt);
    driver_start_lease(&driver, one_in(2) ? 0 : 7, "a person asked");
}

static void check_rest(void) {
    const struct sy_record *record = &driver.release.record;
    const struct sy_routing *seen = touched ? &driver.release.routing : &driver.routing;
    const struct sy_release_event *last = driver_last(&driver);
    int32_t share = sy_routing_share(seen, "42");
    assert_int_equal(last->kind, SY_EVENT_FINISHED);
    if (reported)
        return; /* others have it now, or said they had */
    switch (last->outcome) {
    case SY_OUTCOME_PROMOTED:
    case SY_OUTCOME_PROMOTED_UNPROVEN:
        assert_int_equal(share, 10000);
        break;
    case SY_OUTCOME_ROLLED_BACK:
    case SY_OUTCOME_CANCELLED:
        assert_int_equal(share, 0);
        assert_true(strcmp(seen->primary, record->baseline) == 0 || !record->first_traffic_ms);
        break;
    case SY_OUTCOME_FAILED: /* the alias is as it was, or was never ours to touch */
        assert_true(share == 0 || record->phase == SY_PHASE_PREPARING ||
                    (record->phase == SY_PHASE_INTENT && !record->first_traffic_ms));
        break;
    default:
        assert_true(last->outcome == SY_OUTCOME_HANDED_OFF || last->outcome == SY_OUTCOME_PAUSED ||
                    last->outcome == SY_OUTCOME_HALTED);
    }
}

static void live(uint64_t seed) {
    seed_at_hand = state_of_random = seed;
    touched = reported = false;
    store_down = false;
    error_in = below(4) ? 1 + below(12) : 0;
    begin();
    for (uint32_t i = below(300); i > 0 && !driver.rested; i--)
        random_input();
    uint32_t before = driver.inputs;
    for (; !driver.rested; assert_true(driver.inputs < before + 1000))
        if (driver.release.record.paused_ms && driver.release.record.phase == SY_PHASE_BAKING &&
            !driver.release.leaving)
            driver_step(&driver, (struct sy_input){.kind = SY_INPUT_CONTROL,
                                                   .text = "a person",
                                                   .control = SY_CONTROL_RESUME});
        else if (store_down && driver.storing)
            driver_answer_store(&driver, &driver_unavailable, false);
        else if (!driver_answer_one(&driver))
            driver_tick(&driver);
    check_rest();
}

static void random_lives(void **state) {
    (void)state;
    const char *one = getenv("STEELYARD_SEED");
    const char *many = getenv("STEELYARD_SEEDS");
    uint64_t n = many ? strtoull(many, NULL, 10) : 50000;
    if (one) {
        loud = true;
        live(strtoull(one, NULL, 10));
        seed_at_hand = 0;
        return;
    }
    for (uint64_t seed = 1; seed <= n; seed++)
        live(seed);
    seed_at_hand = 0;
}

/* The table promises no arrow that never comes up; docs/states.md is drawn from it. */
static void every_arrow_is_walked(void **state) {
    (void)state;
    if (getenv("STEELYARD_SEED"))
        return;
    for (size_t i = 0; i < sy_n_transitions; i++) {
        const struct sy_transition *t = &sy_transitions[i];
        for (int to = 0; to < SY_PHASE_COUNT; to++)
            if ((t->to & (1u << to)) && !(arrows[t->from * SY_INPUT_COUNT + t->on] & (1u << to)))
                fail_msg("never seen: %s, %s -> %s", sy_phase_word(t->from), sy_input_word(t->on),
                         sy_phase_word((enum sy_phase)to));
    }
}

/* cmocka catches failed assertions and traps alike, and comes here. */
static int tell_if_failed(void **state) {
    (void)state;
    const struct sy_record *record = &driver.release.record;
    if (!seed_at_hand)
        return 0;
    print_error("seed %llu: %s, stage %u, outcome %s, inputs %u; again with: STEELYARD_SEED=%llu\n",
                (unsigned long long)seed_at_hand, sy_phase_word(record->phase), record->stage,
                sy_outcome_word(record->outcome), driver.inputs, (unsigned long long)seed_at_hand);
    for (uint32_t i = 0; i < driver.n_events; i++)
        print_error("  %s %s %s\n", sy_event_word(driver.events[i].kind),
                    sy_outcome_word(driver.events[i].outcome), driver.events[i].text);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(random_lives, tell_if_failed),
        cmocka_unit_test(every_arrow_is_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
