/* The calls of ReleaseService that answer once, from end to end over a fake engine. */
#include "joined_host.h"

static void control_answers(void **state) {
    struct sy_host *host = ((struct fixture *)*state)->host;
    struct sy_error error = {0};
    struct sy_control_answer answer;
    struct sy_control_answer want;
    fake_control("shop", "live", SY_CONTROL_PAUSE, &want);
    assert_int_equal(
        sy_host_control(host, "shop", "live", SY_CONTROL_PAUSE, "why", &answer, &error), 0);
    assert_true(answer.taken && !answer.undriven);
    assert_string_equal(answer.owner, want.owner);
    assert_string_equal(answer.record.release_id, want.record.release_id);
    assert_int_equal(answer.record.control, SY_CONTROL_PAUSE);
    assert_string_equal(answer.record.control_reason, "a reason");
    assert_int_equal(
        sy_host_control(host, "missing", "live", SY_CONTROL_PAUSE, NULL, &answer, &error), -1);
    assert_int_equal(error.code, SY_NOT_FOUND);
}

static void verify_answers(void **state) {
    struct sy_host *host = ((struct fixture *)*state)->host;
    struct sy_error error = {0};
    struct sy_verify verify = {.function = "shop",
                               .alias = "live",
                               .version = "42",
                               .end_ms = 1700000000000,
                               .window_ms = 60000,
                               .min_invocations = -1,
                               .period_ms = 1000,
                               .threshold_bp = 250};
    struct sy_verified verified;
    struct sy_verified judged;
    fake_verified(&verify, &judged);
    assert_int_equal(sy_host_verify(host, &verify, &verified, &error), 0);
    assert_string_equal(verified.version, "42");
    assert_string_equal(verified.baseline, judged.baseline);
    assert_int_equal(verified.judgement.decision, SY_DECISION_UNHEALTHY);
    assert_int_equal(verified.judgement.canary.errors, 50);
    assert_int_equal(verified.judgement.other.invocations, 900);
    assert_int_equal(verified.from_ms, 1699999940000);
    assert_int_equal(verified.threshold_bp, 250);
    assert_true(sy_routing_equal(&verified.routing, &judged.routing));
    assert_string_equal(verified.text, judged.text);
}

static void history_answers(void **state) {
    struct sy_host *host = ((struct fixture *)*state)->host;
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_stored_version *versions = NULL;
    size_t n = 0;
    assert_int_equal(sy_host_history(host, "shop", "live", &versions, &n, &error), 0);
    assert_int_equal(n, 2);
    assert_int_equal(versions[0].at_ms, 2000);
    assert_int_equal(versions[0].record.version, versions[1].record.version + 1);
}

static void check_samples(const struct sy_sample *got, const struct sy_sample *want, size_t n) {
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(got[i].start_ms, want[i].start_ms);
        assert_int_equal(got[i].canary.invocations, want[i].canary.invocations);
        assert_int_equal(got[i].canary.errors, want[i].canary.errors);
        assert_int_equal(got[i].other.invocations, want[i].other.invocations);
        assert_int_equal(got[i].other.errors, want[i].other.errors);
    }
}

static void measure_answers(void **state) {
    struct sy_host *host = ((struct fixture *)*state)->host;
    struct sy_error error = {0};
    struct sy_measure asked = {.function = "shop",
                               .alias = "live",
                               .version = "42",
                               .baseline = "41",
                               .from_ms = 1700000000000,
                               .to_ms = 1700000600000,
                               .period_ms = 60000,
                               .whole_from_ms = 1700000300000};
    struct sy_sample want[2];
    SY_AUTO_FREE struct sy_sample *samples = NULL;
    size_t n = 0;
    fake_samples(&asked, want);
    if (sy_host_measure(host, &asked, &samples, &n, &error))
        fail_msg("%s", error.message);
    const struct sy_measure *arrived = &fake_counters.measure;
    assert_string_equal(arrived->function, "shop");
    assert_string_equal(arrived->alias, "live");
    assert_string_equal(arrived->version, "42");
    assert_string_equal(arrived->baseline, "41");
    assert_int_equal(arrived->from_ms, asked.from_ms);
    assert_int_equal(arrived->to_ms, asked.to_ms);
    assert_int_equal(arrived->period_ms, asked.period_ms);
    assert_int_equal(arrived->whole_from_ms, asked.whole_from_ms);
    assert_int_equal(n, 2);
    check_samples(samples, want, n);
}

/* Nothing is an answer, and a refusal leaves the outputs alone. */
static void measure_of_nothing(void **state) {
    struct sy_host *host = ((struct fixture *)*state)->host;
    struct sy_error error = {0};
    struct sy_measure asked = {.function = "quiet", .alias = "live"};
    SY_AUTO_FREE struct sy_sample *samples = NULL;
    size_t n = 7;
    assert_int_equal(sy_host_measure(host, &asked, &samples, &n, &error), 0);
    assert_non_null(samples);
    assert_int_equal(n, 0);
    n = 7;
    struct sy_sample *before = samples;
    (void)snprintf(asked.function, sizeof asked.function, "missing");
    assert_int_equal(sy_host_measure(host, &asked, &samples, &n, &error), -1);
    assert_int_equal(error.code, SY_NOT_FOUND);
    assert_ptr_equal(samples, before);
    assert_int_equal(n, 7);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        T(control_answers), T(verify_answers),     T(history_answers),
        T(measure_answers), T(measure_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
