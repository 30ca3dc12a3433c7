#include "core/plan.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SET(to, text) (void)snprintf(to, sizeof(to), "%s", text)

static struct sy_spec spec;
static struct sy_facts facts;
static struct sy_plan plan;
static struct sy_error error;

/* An alias wholly on 41, version 42 active, nothing in the store, plenty of traffic. */
static int reset(void **state) {
    (void)state;
    sy_spec_init(&spec);
    SET(spec.function, "orders");
    SET(spec.alias, "live");
    SET(spec.version, "42");
    facts = (struct sy_facts){.now_ms = INT64_C(1767323040000),
                              .has_alias = true,
                              .has_version = true,
                              .has_traffic = true,
                              .traffic_per_hour = 100000};
    SET(facts.routing.primary, "41");
    SET(facts.revision, "r1");
    SET(facts.version_state, "Active");
    SET(facts.code_sha256, "abc");
    error = (struct sy_error){0};
    return 0;
}

static void make(void) {
    if (sy_plan_make(&spec, &facts, &plan, &error))
        fail_msg("%s", error.message);
}

static void refused(enum sy_code code, const char *reason) {
    assert_int_equal(sy_plan_make(&spec, &facts, &plan, &error), -1);
    assert_int_equal(error.code, code);
    assert_string_equal(error.reason, reason);
}

static bool warns(const char *what) {
    for (uint32_t i = 0; i < plan.n_warnings; i++)
        if (strstr(plan.warnings[i], what))
            return true;
    return false;
}

/* A record of a release of the version, at the phase. */
static void recorded(const char *version, enum sy_phase phase) {
    facts.has_record = true;
    facts.record.spec = spec;
    SET(facts.record.spec.version, version);
    SET(facts.record.baseline, "40");
    SET(facts.record.last_known_good, "39");
    SET(facts.record.release_id, "release-1");
    facts.record.phase = phase;
    facts.record.version = 7;
}

static void driven(void) {
    facts.has_lease = true;
    SET(facts.lease.owner, "host:1");
    facts.lease.until_ms = facts.now_ms + 1;
}

/* ---- kinds ---- */

static void release(void **state) {
    (void)state;
    make();
    assert_int_equal(plan.kind, SY_PLAN_RELEASE);
    assert_string_equal(plan.baseline, "41");
    assert_string_equal(plan.last_known_good, "41");
    assert_string_equal(plan.revision, "r1");
    assert_true(plan.moves_mirror);
    assert_false(plan.supersedes);
    assert_int_equal(plan.n_warnings, 0);
    assert_int_equal(plan.expected[0], 2500); /* 100000/h, 10 %, 15 min */
    assert_int_equal(plan.expected[1], 12500);
    assert_int_equal(plan.expected[2], -1);
}

static void first(void **state) {
    (void)state;
    facts.has_alias = false;
    facts.routing = (struct sy_routing){0};
    facts.revision[0] = '\0';
    make();
    assert_int_equal(plan.kind, SY_PLAN_FIRST);
    assert_string_equal(plan.baseline, "");
    assert_true(warns("nothing can be judged"));
}

static void unchanged(void **state) {
    (void)state;
    SET(facts.routing.primary, "42");
    make();
    assert_int_equal(plan.kind, SY_PLAN_UNCHANGED);
    recorded("42", SY_PHASE_LOCK_IN); /* promoted, and somebody watches the lock-in */
    driven();
    make();
    assert_int_equal(plan.kind, SY_PLAN_UNCHANGED);
}

static void resume(void **state) {
    (void)state;
    for (int phase = SY_PHASE_INTENT; phase < SY_PHASE_CLOSED; phase++) {
        (void)reset(NULL);
        recorded("42", (enum sy_phase)phase);
        SET(facts.routing.additional, "42");
        facts.routing.additional_bp = 1000;
        make();
        assert_int_equal(plan.kind, SY_PLAN_RESUME);
        assert_string_equal(plan.release_id, "release-1");
        assert_string_equal(plan.baseline, "40");
        driven();
        facts.lease.until_ms = facts.now_ms; /* just expired */
        make();
        assert_int_equal(plan.kind, SY_PLAN_RESUME);
    }
}

static void supersede(void **state) {
    (void)state;
    recorded("41", SY_PHASE_LOCK_IN);
    make();
    assert_int_equal(plan.kind, SY_PLAN_RELEASE);
    assert_true(plan.supersedes);
    assert_string_equal(plan.baseline, "41");
    assert_string_equal(plan.last_known_good, "39"); /* the older one, by name */
    assert_true(warns("SUPERSEDED"));
    assert_true(warns("last known good: 39"));
    driven(); /* also while somebody watches it */
    make();
    assert_true(plan.supersedes);
}

static void after_a_closed_release(void **state) {
    (void)state;
    recorded("41", SY_PHASE_CLOSED);
    make();
    assert_int_equal(plan.kind, SY_PLAN_RELEASE);
    assert_false(plan.supersedes);
    assert_string_equal(plan.last_known_good, "41");
}

/* ---- refusals ---- */

static void bad_spec(void **state) {
    (void)state;
    spec.stages[0].weight_bp = 0;
    refused(SY_INVALID_ARGUMENT, "");
    assert_string_equal(error.field, "stages");
}

static void no_such_version(void **state) {
    (void)state;
    facts.has_version = false;
    refused(SY_NOT_FOUND, "VERSION_NOT_FOUND");
}

static void version_not_active(void **state) {
    (void)state;
    static const char *const bad[] = {"Pending", "Failed", "Deactivating"};
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        SET(facts.version_state, bad[i]);
        refused(SY_FAILED_PRECONDITION, "VERSION_NOT_ACTIVE");
        assert_non_null(strstr(error.message, bad[i]));
    }
    SET(facts.version_state, "Inactive"); /* idle: the next invocation wakes it */
    make();
    SET(facts.version_state, "");
    make();
}

static void release_running(void **state) {
    (void)state;
    for (int phase = SY_PHASE_PREPARING; phase < SY_PHASE_CLOSED; phase++) {
        (void)reset(NULL);
        if (phase == SY_PHASE_LOCK_IN)
            continue;
        recorded("43", (enum sy_phase)phase); /* another version, whether or not driven */
        refused(SY_FAILED_PRECONDITION, "RELEASE_RUNNING");
        assert_non_null(strstr(error.message, sy_phase_word((enum sy_phase)phase)));
        driven();
        refused(SY_FAILED_PRECONDITION, "RELEASE_RUNNING");
        assert_non_null(strstr(error.message, "host:1"));
        recorded("42", (enum sy_phase)phase); /* this version, by somebody else */
        refused(SY_FAILED_PRECONDITION, "RELEASE_RUNNING");
    }
}

static void foreign_split(void **state) {
    (void)state;
    SET(facts.routing.additional, "43");
    facts.routing.additional_bp = 2500;
    refused(SY_FAILED_PRECONDITION, "FOREIGN_SPLIT");
    assert_non_null(strstr(error.message, "41 75%, 43 25%"));
    recorded("43", SY_PHASE_CLOSED); /* a record that is over explains nothing */
    refused(SY_FAILED_PRECONDITION, "FOREIGN_SPLIT");
    SET(facts.routing.additional, "42");
    facts.routing.additional_bp = 0; /* even without traffic: it blocks others */
    refused(SY_FAILED_PRECONDITION, "FOREIGN_SPLIT");
}

static void no_baseline(void **state) {
    (void)state;
    SET(facts.routing.primary, "$LATEST");
    refused(SY_FAILED_PRECONDITION, "NO_BASELINE");
}

static void rolled_back_before(void **state) {
    (void)state;
    recorded("41", SY_PHASE_CLOSED);
    SET(facts.record.rolled_back[SY_ROLLED_BACK_MAX - 1], "42");
    refused(SY_FAILED_PRECONDITION, "ROLLED_BACK_BEFORE");
    assert_non_null(strstr(error.message, "--retry"));
    spec.retry = true;
    make();
    assert_int_equal(plan.kind, SY_PLAN_RELEASE);
}

/* The alias is gone: a first release would send all traffic to what was never proven. */
static void halted_before(void **state) {
    (void)state;
    recorded("42", SY_PHASE_CLOSED);
    facts.record.outcome = SY_OUTCOME_HALTED;
    SET(facts.record.reason, "somebody else moved the alias");
    facts.has_alias = false;
    refused(SY_FAILED_PRECONDITION, "HALTED_BEFORE");
    assert_non_null(strstr(error.message, "somebody else moved the alias"));
    spec.retry = true;
    make();
    assert_int_equal(plan.kind, SY_PLAN_FIRST);
    spec.retry = false;
    facts.record.promoted_ms = 1;
    make();
    assert_int_equal(plan.kind, SY_PLAN_FIRST);
    facts.record.promoted_ms = 0;
    SET(facts.record.spec.version, "41");
    make();
    assert_int_equal(plan.kind, SY_PLAN_FIRST);
}

static void rolled_back_with_reason(void **state) {
    (void)state;
    recorded("42", SY_PHASE_CLOSED);
    SET(facts.record.rolled_back[0], "42");
    SET(facts.record.reason, "error rate 9% exceeds 5%");
    refused(SY_FAILED_PRECONDITION, "ROLLED_BACK_BEFORE");
    assert_non_null(strstr(error.message, "(error rate 9% exceeds 5%)"));
}

/* ---- warnings ---- */

static void warnings(void **state) {
    (void)state;
    spec.lock_in_ms = SY_MINUTE_MS;
    make();
    assert_true(warns("lock-in 1m"));
    (void)reset(NULL);
    spec.stages[1].bake_ms = 2 * SY_MINUTE_MS;
    make();
    assert_true(warns("stage 2 bakes for 2m"));
    (void)reset(NULL);
    spec.threshold_bp = 10000;
    make();
    assert_true(warns("nothing is ever rolled back"));
    (void)reset(NULL);
    spec.n_stages = 0;
    make();
    assert_true(warns("instant"));
    (void)reset(NULL);
    facts.traffic_per_hour = 100;
    make();
    assert_true(warns("stage 1 gives the new version about 0 invocations"));
    assert_int_equal(plan.n_warnings, 1); /* once, for the first such stage */
    facts.has_traffic = false;
    make();
    assert_int_equal(plan.expected[0], -1);
    assert_int_equal(plan.n_warnings, 0);
}

static void warnings_are_bounded(void **state) {
    (void)state;
    recorded("41", SY_PHASE_LOCK_IN);
    SET(facts.mirror_alias, "other");
    spec.lock_in_ms = 1;
    spec.stages[0].bake_ms = 1000;
    spec.threshold_bp = 10000;
    facts.traffic_per_hour = 0;
    make();
    assert_true(plan.n_warnings <= SY_PLAN_WARNINGS_MAX);
    assert_int_equal(plan.n_warnings, 6);
    facts.traffic_per_hour = INT64_MAX; /* no arithmetic that traps */
    make();
}

static void mirror_follows_one_alias(void **state) {
    (void)state;
    SET(facts.mirror_alias, "live");
    make();
    assert_true(plan.moves_mirror);
    SET(facts.mirror_alias, "other");
    make();
    assert_false(plan.moves_mirror);
    assert_true(warns("follow alias other"));
    spec.mirror_alias = true;
    make();
    assert_true(plan.moves_mirror);
    assert_int_equal(plan.n_warnings, 0);
}

/* ---- fingerprint ---- */

static void stays(const char *fingerprint, const char *what) {
    make();
    if (strcmp(plan.fingerprint, fingerprint) != 0)
        fail_msg("the fingerprint changed with %s", what);
    (void)reset(NULL);
}

static void changes(const char *fingerprint, const char *what) {
    make();
    if (strcmp(plan.fingerprint, fingerprint) == 0)
        fail_msg("the fingerprint did not change with %s", what);
    (void)reset(NULL);
}

#define CHANGES(change) ((change), changes(fingerprint, #change))
#define STAYS(change) ((change), stays(fingerprint, #change))

static void fingerprints(void **state) {
    (void)state;
    char fingerprint[SY_FINGERPRINT_MAX + 1];
    make();
    memcpy(fingerprint, plan.fingerprint, sizeof fingerprint);
    CHANGES(SET(facts.revision, "r2"));
    CHANGES(SET(facts.routing.primary, "40"));
    CHANGES(SET(facts.code_sha256, "abd"));
    CHANGES(recorded("41", SY_PHASE_CLOSED));
    CHANGES(SET(facts.mirror_alias, "other"));
    CHANGES(SET(spec.function, "orders2"));
    CHANGES(SET(spec.alias, "live2"));
    CHANGES(SET(spec.version, "43"));
    CHANGES(spec.n_stages = 1);
    CHANGES(spec.n_stages = 0);
    CHANGES(spec.stages[0].weight_bp = 999);
    CHANGES(spec.stages[1].bake_ms += 1);
    CHANGES(spec.threshold_bp = 501);
    CHANGES(spec.min_invocations = 6);
    CHANGES(spec.window_ms += 1);
    CHANGES(spec.lock_in_ms += 1);
    CHANGES(spec.poll_ms -= 1);
    CHANGES((spec.period_ms = 30000));
    CHANGES(spec.on_interrupt = SY_INTERRUPT_HOLD);
    CHANGES(spec.on_inconclusive = SY_INCONCLUSIVE_PAUSE);
    /* How long the caller waits, what time it is, how much traffic there was: nobody's plan. */
    STAYS(spec.wait = SY_WAIT_NONE);
    STAYS(facts.now_ms += SY_HOUR_MS);
    STAYS(facts.traffic_per_hour = 1);
    recorded("41", SY_PHASE_CLOSED);
    make();
    memcpy(fingerprint, plan.fingerprint, sizeof fingerprint);
    facts.record.version++;
    make();
    assert_string_not_equal(plan.fingerprint, fingerprint);
    facts.record.version--;
    SET(facts.record.release_id, "release-2");
    make();
    assert_string_not_equal(plan.fingerprint, fingerprint);
}

/* The lock is written before the record and stays a moment after it. */
static void a_living_lock_refuses_whatever_the_record_says(void **state) {
    (void)state;
    driven();
    refused(SY_FAILED_PRECONDITION, "RELEASE_RUNNING"); /* no record yet */
    assert_non_null(strstr(error.message, "host:1 until at least 2026-01-02T03:04:00Z"));
    recorded("40", SY_PHASE_CLOSED);
    refused(SY_FAILED_PRECONDITION, "RELEASE_RUNNING");
    SET(facts.routing.additional, "42"); /* says who does it, not that it is foreign */
    facts.routing.additional_bp = 1000;
    refused(SY_FAILED_PRECONDITION, "RELEASE_RUNNING");
    (void)reset(NULL);
    driven();
    facts.has_alias = false; /* it may be about to be created */
    facts.routing = (struct sy_routing){0};
    refused(SY_FAILED_PRECONDITION, "RELEASE_RUNNING");
}

static void but_not_what_needs_no_driver(void **state) {
    (void)state;
    driven();
    SET(facts.routing.primary, "42");
    make();
    assert_int_equal(plan.kind, SY_PLAN_UNCHANGED);
    (void)reset(NULL);
    driven();
    facts.lease.until_ms = facts.now_ms; /* run out */
    make();
    assert_int_equal(plan.kind, SY_PLAN_RELEASE);
    (void)reset(NULL);
    recorded("41", SY_PHASE_LOCK_IN);
    driven();
    make();
    assert_true(plan.supersedes);
}

#define TEST(name) cmocka_unit_test_setup(name, reset)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(release),
        TEST(first),
        TEST(unchanged),
        TEST(resume),
        TEST(supersede),
        TEST(after_a_closed_release),
        TEST(bad_spec),
        TEST(no_such_version),
        TEST(version_not_active),
        TEST(release_running),
        TEST(a_living_lock_refuses_whatever_the_record_says),
        TEST(but_not_what_needs_no_driver),
        TEST(foreign_split),
        TEST(no_baseline),
        TEST(rolled_back_before),
        TEST(rolled_back_with_reason),
        TEST(halted_before),
        TEST(warnings),
        TEST(warnings_are_bounded),
        TEST(mirror_follows_one_alias),
        TEST(fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
