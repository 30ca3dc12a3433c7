/* The model: what it makes of events, of a record's history and of telemetry, and what follows. */
#include "base/memory.h"
#include "report/face.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { T0 = 1000000 };

static struct sy_release_event event(enum sy_event_kind kind, int64_t at_ms, uint32_t stage) {
    static const int32_t weights[] = {0, 1000, 5000, 10000};
    return (struct sy_release_event){.kind = kind,
                                     .at_ms = at_ms,
                                     .release_id = "r1",
                                     .baseline = "41",
                                     .version = "42",
                                     .stage = stage,
                                     .n_stages = 2,
                                     .weight_bp = weights[stage],
                                     .threshold_bp = 500,
                                     .window_ms = 60000};
}

static void tell(struct sy_report *report, struct sy_release_event e, const char *text) {
    (void)snprintf(e.text, sizeof e.text, "%s", text);
    sy_report_event(report, &e);
}

static void tell_counts(struct sy_report *report, struct sy_release_event e,
                        enum sy_decision decision, int64_t invocations, int64_t errors) {
    e.decision = decision;
    e.canary = (struct sy_counts){invocations, errors};
    e.other = (struct sy_counts){invocations * 9, 1};
    tell(report, e, "so it was");
}

static void begin(struct sy_report *report) {
    sy_report_init(report, "apply", "checkout", "production");
    tell(report, event(SY_EVENT_PLANNED, T0, 0), "10%/1m,50%/2m");
    struct sy_release_event started = event(SY_EVENT_STAGE_STARTED, T0 + 1000, 1);
    started.duration_ms = 60000;
    started.until_ms = T0 + 61000;
    tell(report, started, "");
}

static void finish(struct sy_report *report, enum sy_outcome outcome, int exit_code) {
    struct sy_release_event finished = event(SY_EVENT_FINISHED, T0 + 70000, 1);
    finished.outcome = outcome;
    tell(report, finished, "for a reason");
    report->exit_code = exit_code;
}

static void test_rolled_back(void **state) {
    struct sy_report report;
    struct sy_report_output outputs[SY_REPORT_OUTPUTS];
    char headline[SY_REPORT_TEXT_MAX];
    (void)state;
    begin(&report);
    tell_counts(&report, event(SY_EVENT_OBSERVED, T0 + 30000, 1), SY_DECISION_NONE, 4, 0);
    tell_counts(&report, event(SY_EVENT_OBSERVED, T0 + 50000, 1), SY_DECISION_NONE, 50, 6);
    tell_counts(&report, event(SY_EVENT_STAGE_VERDICT, T0 + 50000, 1), SY_DECISION_UNHEALTHY, 50,
                6);
    tell(&report, event(SY_EVENT_ROLLBACK_STARTED, T0 + 50001, 1), "");
    finish(&report, SY_OUTCOME_ROLLED_BACK, 3);
    assert_string_equal(sy_report_outcome(&report), "ROLLED_BACK");
    assert_int_equal(sy_report_mood(&report), SY_REPORT_BAD);
    assert_string_equal(sy_report_headline(&report, headline),
                        "Version 42 was rolled back: all traffic is on 41");
    assert_string_equal(sy_report_why(&report), "for a reason");
    assert_int_equal(report.stages[0].ended_ms, T0 + 50000);
    assert_int_equal(report.n_points, 2); /* the verdict tells one of them again */
    assert_int_equal(report.stages[1].bake_ms, 120000);
    assert_string_equal(sy_report_stage_word(&report, 0), "unhealthy");
    assert_string_equal(sy_report_stage_word(&report, 1), "not reached");
    sy_report_outputs(&report, outputs);
    assert_string_equal(outputs[0].value, "ROLLED_BACK");
    assert_string_equal(outputs[4].name, "failed-stage");
    assert_string_equal(outputs[4].value, "1");
    assert_string_equal(outputs[5].value, "12.00");
    assert_string_equal(outputs[6].value, ""); /* there is nothing to resume */
    sy_report_finish(&report);
}

static void test_handed_off(void **state) {
    struct sy_report report;
    struct sy_report_output outputs[SY_REPORT_OUTPUTS];
    char command[SY_REPORT_TEXT_MAX];
    (void)state;
    begin(&report);
    struct sy_release_event finished = event(SY_EVENT_FINISHED, T0 + 2000, 1);
    finished.outcome = SY_OUTCOME_HANDED_OFF;
    finished.until_ms = T0 + 61000;
    tell(&report, finished, "stage 1 bakes");
    sy_report_outputs(&report, outputs);
    assert_string_equal(outputs[6].value, "1970-01-01T00:17:41Z");
    assert_string_equal(sy_report_advised_command(&report, command),
                        "steelyard resume --function checkout --alias production");
    assert_string_equal(sy_report_stage_word(&report, 0), "baking");
    sy_report_finish(&report);
}

/* An interrupted command that was killed then has left this. */
static void test_interrupted(void **state) {
    struct sy_report report;
    (void)state;
    begin(&report);
    assert_string_equal(sy_report_outcome(&report), "RUNNING");
    report.signal = 2;
    assert_string_equal(sy_report_outcome(&report), "INTERRUPTED");
    sy_report_finish(&report);
}

static void test_errors(void **state) {
    static const struct {
        int exit_code;
        const char *outcome;
    } cases[] = {{2, "REFUSED"}, {5, "REFUSED"}, {1, "FAILED"}, {7, "HALTED"}};
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_report report;
        struct sy_error error = {.code = SY_FAILED_PRECONDITION, .message = "no"};
        sy_report_init(&report, "apply", "checkout", "production");
        sy_report_error(&report, &error);
        report.exit_code = cases[i].exit_code;
        assert_string_equal(sy_report_outcome(&report), cases[i].outcome);
        assert_int_equal(sy_report_mood(&report), SY_REPORT_BAD);
        assert_string_equal(sy_report_why(&report), "no");
        sy_report_finish(&report);
    }
}

/* A person's rollback is what was asked for; what a person did to an apply is not. */
static void test_taken_back(void **state) {
    struct sy_report report;
    (void)state;
    begin(&report);
    finish(&report, SY_OUTCOME_CANCELLED, 3);
    assert_int_equal(sy_report_mood(&report), SY_REPORT_BAD);
    (void)snprintf(report.command, sizeof report.command, "rollback");
    assert_int_equal(sy_report_mood(&report), SY_REPORT_GOOD);
    sy_report_finish(&report);
}

/* ---- the record's history ---- */

static struct sy_stored_version stored(int64_t at_ms, const char *id, uint32_t stage) {
    struct sy_stored_version version = {.at_ms = at_ms};
    struct sy_record *record = &version.record;
    struct sy_error error;
    sy_spec_init(&record->spec);
    assert_int_equal(sy_stages_parse("10%/1m,50%/2m", &record->spec, &error), 0);
    (void)snprintf(record->release_id, sizeof record->release_id, "%s", id);
    (void)snprintf(record->spec.version, sizeof record->spec.version, "42");
    (void)snprintf(record->baseline, sizeof record->baseline, "41");
    record->phase = SY_PHASE_BAKING;
    record->stage = stage;
    record->created_ms = T0;
    record->stage_until_ms = at_ms + 60000;
    for (uint32_t i = 0; i <= stage; i++)
        record->results[i].started_ms = T0 + 1000 + 60000 * i;
    for (uint32_t i = 0; i < stage; i++) {
        record->results[i].decision = SY_DECISION_HEALTHY;
        record->results[i].canary = (struct sy_counts){100, 1};
        record->results[i].ended_ms = T0 + 60000 + 60000 * i;
    }
    return version;
}

static void test_history(void **state) {
    struct sy_report report;
    const struct sy_stored_version versions[] = {
        stored(T0 + 61000, "r1", 1), stored(T0 + 1000, "r1", 0), stored(T0 - 9000, "r0", 1)};
    (void)state;
    sy_report_init(&report, "report", "checkout", "production");
    sy_report_history(&report, versions, 3);
    assert_string_equal(report.release_id, "r1");
    assert_string_equal(sy_report_outcome(&report), "RUNNING");
    assert_int_equal(report.begun_ms, T0);
    assert_int_equal(report.until_ms, T0 + 121000);
    assert_int_equal(report.stages[0].canary.invocations, 100);
    assert_string_equal(sy_report_stage_word(&report, 0), "healthy");
    assert_string_equal(sy_report_stage_word(&report, 1), "baking");
    for (size_t i = 1; i < report.n_events; i++)
        assert_true(report.events[i - 1].at_ms <= report.events[i].at_ms);
    sy_report_finish(&report);
    sy_report_init(&report, "report", "checkout", "production");
    (void)snprintf(report.release_id, sizeof report.release_id, "r9");
    sy_report_history(&report, versions, 3);
    assert_int_equal(report.n_events, 0); /* no such release */
    sy_report_finish(&report);
}

/* What a later job saw itself goes before what the record says of that time. */
static void test_history_before_events(void **state) {
    struct sy_report report;
    const struct sy_stored_version versions[] = {stored(T0 + 61000, "r1", 1),
                                                 stored(T0 + 1000, "r1", 0)};
    (void)state;
    sy_report_init(&report, "resume", "checkout", "production");
    tell(&report, event(SY_EVENT_RESUMED, T0 + 58000, 1), "taken over");
    tell_counts(&report, event(SY_EVENT_STAGE_VERDICT, T0 + 60000, 1), SY_DECISION_HEALTHY, 100, 1);
    tell(&report, event(SY_EVENT_STAGE_STARTED, T0 + 61000, 2), "");
    finish(&report, SY_OUTCOME_HANDED_OFF, 0);
    sy_report_history(&report, versions, 2);
    assert_int_equal(report.events[0].kind, SY_EVENT_PLANNED);
    unsigned verdicts = 0;
    for (size_t i = 0; i < report.n_events; i++)
        verdicts += report.events[i].kind == SY_EVENT_STAGE_VERDICT;
    assert_int_equal(verdicts, 1);
    assert_string_equal(report.stages[0].text, "so it was");
    assert_int_equal(report.stages[0].other.invocations, 900);
    assert_int_equal(report.min_invocations, 5); /* from the record */
    assert_string_equal(sy_report_outcome(&report), "HANDED_OFF");
    sy_report_finish(&report);
}

/* The first job's clock was ten minutes fast: the numbers of the events tell what came first. */
static void test_history_of_a_fast_clock(void **state) {
    struct sy_report report;
    struct sy_stored_version versions[] = {stored(T0 + 661000, "r1", 1),
                                           stored(T0 + 601000, "r1", 0)};
    (void)state;
    versions[1].record.sequence = 4;
    versions[0].record.sequence = 100003;
    versions[1].record.created_ms = versions[0].record.created_ms = T0 + 600000;
    versions[1].record.results[0].started_ms = T0 + 601000;
    sy_report_init(&report, "resume", "checkout", "production");
    struct sy_release_event resumed = event(SY_EVENT_RESUMED, T0 + 58000, 1);
    resumed.sequence = 100001;
    tell(&report, resumed, "taken over");
    sy_report_history(&report, versions, 2);
    assert_int_equal(report.events[0].kind, SY_EVENT_PLANNED);
    assert_int_equal(report.events[report.n_events - 1].kind, SY_EVENT_RESUMED);
    assert_string_equal(sy_report_stage_word(&report, 0), "baking");
    sy_report_finish(&report);
}

/* ---- what only the record knows ---- */

static void test_record_knows(void **state) {
    static const struct {
        enum sy_phase phase;
        bool handed_over, paused, unproven;
        uint32_t stage;
        const char *outcome;
    } cases[] = {
        {SY_PHASE_BAKING, false, false, false, 0, "RUNNING"},
        {SY_PHASE_BAKING, true, false, false, 0, "HANDED_OFF"},
        {SY_PHASE_BAKING, true, true, false, 0, "PAUSED"},
        {SY_PHASE_LOCK_IN, true, false, false, 2, "PROMOTED"},
        {SY_PHASE_LOCK_IN, true, false, true, 2, "PROMOTED_UNPROVEN"},
        {SY_PHASE_ROLLING_BACK, false, false, false, 2, "RUNNING"},
        {SY_PHASE_VERIFYING, false, false, false, 2, "RUNNING"},
    };
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_report report;
        struct sy_stored_version version = stored(T0 + 61000, "r1", cases[i].stage);
        version.record.phase = cases[i].phase;
        version.record.handed_over = cases[i].handed_over;
        version.record.paused_ms = cases[i].paused ? T0 : 0;
        version.record.unproven = cases[i].unproven;
        sy_report_init(&report, "report", "checkout", "production");
        sy_report_history(&report, &version, 1);
        assert_string_equal(sy_report_outcome(&report), cases[i].outcome);
        sy_report_finish(&report);
    }
}

/* ---- bounds ---- */

static void test_bounded(void **state) {
    struct sy_report report;
    (void)state;
    begin(&report);
    for (int i = 0; i < 3 * SY_REPORT_EVENTS_MAX; i++)
        tell_counts(&report, event(SY_EVENT_OBSERVED, T0 + 2000 + i, 1), SY_DECISION_NONE, 1000 + i,
                    i == 333 ? 77 : 0);
    finish(&report, SY_OUTCOME_PROMOTED, 0);
    assert_true(report.n_events <= SY_REPORT_EVENTS_MAX);
    assert_true(report.n_points <= SY_REPORT_POINTS_MAX);
    bool has_peak = false;
    for (size_t i = 0; i < report.n_points; i++)
        has_peak |= report.points[i].canary.errors == 77;
    assert_true(has_peak);
    assert_int_equal(report.events[0].kind, SY_EVENT_PLANNED);
    assert_int_equal(report.events[report.n_events - 1].kind, SY_EVENT_FINISHED);
    assert_string_equal(sy_report_outcome(&report), "PROMOTED");
    sy_report_finish(&report);
}

/* What GitHub takes of a summary, and of an output. */
static void test_sizes(void **state) {
    struct sy_report report;
    char longest[SY_REASON_MAX + 1];
    (void)state;
    memset(longest, '|', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    begin(&report);
    for (int i = 0; i < SY_REPORT_EVENTS_MAX; i++)
        tell(&report, event(SY_EVENT_NOTE, T0 + 2000 + i, 1), longest);
    for (int i = 0; i < SY_REPORT_POINTS_MAX; i++)
        tell_counts(&report, event(SY_EVENT_OBSERVED, T0 + 9000 + i, 1), SY_DECISION_NONE, i, 0);
    SY_AUTO_BUFFER struct sy_buffer summary = {0};
    sy_face_write(SY_FACE_MARKDOWN, &report, &summary);
    assert_true(summary.len < 1024 * 1024);
    assert_non_null(strstr(summary.data, "&#124;&#124;"));
    sy_report_finish(&report);
}

static void test_samples(void **state) {
    struct sy_report report;
    const struct sy_sample samples[] = {
        {T0, {10, 1}, {90, 0}}, {T0 + 60000, {20, 2}, {80, 1}}, {T0 + 120000, {30, 0}, {70, 0}}};
    (void)state;
    begin(&report);
    report.window_ms = 120000;
    sy_report_samples(&report, samples, 3, 60000, T0 + 180000);
    assert_int_equal(report.n_points, 3);
    assert_int_equal(report.points[0].at_ms, T0 + 60000); /* the end of its period */
    assert_int_equal(report.points[1].canary.invocations, 30);
    assert_int_equal(report.points[2].canary.invocations,
                     50); /* the first one has left the window */
    assert_int_equal(report.points[2].other.errors, 1);
    sy_report_finish(&report);
}

/* ---- the logs of platforms ---- */

static unsigned count(const char *text, const char *what) {
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static const char *const hostile =
    "x</testcase>\"'&|`::set-env name=A::b\n::error::c\r\033[0K%0A ##[add-mask]y";

static void test_hostile(void **state) {
    struct sy_report report;
    (void)state;
    begin(&report);
    tell(&report, event(SY_EVENT_ROLLBACK_STARTED, T0 + 50001, 1), hostile);
    struct sy_release_event finished = event(SY_EVENT_FINISHED, T0 + 70000, 1);
    finished.outcome = SY_OUTCOME_CANCELLED;
    tell(&report, finished, hostile);
    for (int face = 0; face < SY_FACE_COUNT; face++) {
        SY_AUTO_BUFFER struct sy_buffer text = {0};
        sy_face_write((enum sy_face)face, &report, &text);
        assert_non_null(text.data);
        assert_null(strstr(text.data, "\n::error::c"));
        assert_null(strstr(text.data, "\r\033[0K%0A"));
        bool is_xml = face == SY_FACE_JUNIT || face == SY_FACE_HTML || face == SY_FACE_MARKDOWN;
        if (is_xml)
            assert_null(strstr(text.data, "x</testcase>"));
        if (face == SY_FACE_GITLAB || face == SY_FACE_TEXT)
            assert_null(strstr(text.data, "##["));
        /* The runner looks for "##[" only where "::" does not begin the line. */
        if (face == SY_FACE_GITHUB)
            assert_int_equal(count(text.data, "##["), count(text.data, "\n::error "));
    }
    sy_report_finish(&report);
}

static void test_groups_and_annotations(void **state) {
    struct sy_report report;
    SY_AUTO_BUFFER struct sy_buffer github = {0};
    SY_AUTO_BUFFER struct sy_buffer gitlab = {0};
    (void)state;
    begin(&report);
    for (int i = 0; i < 30; i++) {
        struct sy_release_event note = event(SY_EVENT_NOTE, T0 + 2000 + i, 1);
        note.warning = true;
        tell(&report, note, "look");
    }
    finish(&report, SY_OUTCOME_FAILED, 1);
    sy_face_write(SY_FACE_GITHUB, &report, &github);
    assert_int_equal(count(github.data, "\n::group::") + 1, count(github.data, "\n::endgroup::"));
    assert_int_equal(count(github.data, "\n::error "), 1);
    assert_int_equal(count(github.data, "\n::warning "), 9); /* ten with the headline's own kind */
    sy_face_write(SY_FACE_GITLAB, &report, &gitlab);
    assert_int_equal(count(gitlab.data, "\033[0Ksection_start:"), 2);
    assert_int_equal(count(gitlab.data, "\033[0Ksection_end:"), 2);
    assert_int_equal(count(gitlab.data, "::error"), 0);
    sy_report_finish(&report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rolled_back),
        cmocka_unit_test(test_handed_off),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_taken_back),
        cmocka_unit_test(test_history),
        cmocka_unit_test(test_history_before_events),
        cmocka_unit_test(test_history_of_a_fast_clock),
        cmocka_unit_test(test_record_knows),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_groups_and_annotations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
