#include "state/record_json.h"

#include "base/json.h"
#include "base/memory.h"
#include "mutants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sy_record sample(void) {
    struct sy_record record = {
        .release_id = "r-20260102-030405-7f3a",
        .phase = SY_PHASE_BAKING,
        .stage = 1,
        .baseline = "41",
        .last_known_good = "40",
        .revision = "6a0f4d3c-5f0b-4f6e-a9a5-7a1d0b1e9c11",
        .created_ms = 1767323045000,
        .first_traffic_ms = 1767323046000,
        .stage_until_ms = 1767324846000,
        .judged_ms = 1767324000000,
        .sequence = 12,
        .extended = true,
        .mirrors = true,
        .rolled_back = {"39", "37"},
        .reason = "said \"go on\" by a person, größer",
        .results = {{SY_DECISION_HEALTHY, {1200, 3}, 1767323046000, 1767323946000},
                    {SY_DECISION_INCONCLUSIVE, {2, 0}, 1767323946000, 0}},
    };
    sy_spec_init(&record.spec);
    strcpy(record.spec.function, "orders-api");
    strcpy(record.spec.alias, "live");
    strcpy(record.spec.version, "42");
    record.spec.wait = SY_WAIT_LOCK_IN;
    record.spec.on_interrupt = SY_INTERRUPT_HOLD;
    record.spec.on_inconclusive = SY_INCONCLUSIVE_PAUSE;
    record.spec.retry = true;
    return record;
}

static void assert_reads(const char *text, const struct sy_record *want) {
    struct sy_record back = {0};
    struct sy_error error = {0};
    if (sy_record_parse(text, strlen(text), &back, &error))
        fail_msg("%s: %s", error.message, text);
    SY_AUTO_FREE char *again = sy_record_write(&back);
    SY_AUTO_FREE char *first = sy_record_write(want);
    assert_string_equal(again, first);
}

static void the_json_is_as_documented(void **state) {
    (void)state;
    struct sy_record record = sample();
    SY_AUTO_FREE char *text = sy_record_write(&record);
    assert_string_equal(
        text,
        "{\"format\":1,\"release_id\":\"r-20260102-030405-7f3a\",\"spec\":{\"function\":"
        "\"orders-api\",\"alias\":\"live\",\"version\":\"42\",\"stages\":[{\"weight_bp\":1000,"
        "\"bake_ms\":900000},{\"weight_bp\":5000,\"bake_ms\":900000}],\"threshold_bp\":500,"
        "\"min_invocations\":5,\"window_ms\":300000,\"lock_in_ms\":3600000,\"period_ms\":60000,"
        "\"poll_ms\":60000,\"wait\":\"lock-in\",\"on_interrupt\":\"hold\",\"on_inconclusive\":"
        "\"pause\",\"primary\":\"old\",\"retry\":true,\"mirror_alias\":false},\"phase\":\"baking\","
        "\"stage\":1,"
        "\"baseline\":\"41\",\"last_known_good\":\"40\",\"revision\":"
        "\"6a0f4d3c-5f0b-4f6e-a9a5-7a1d0b1e9c11\",\"created_unix_ms\":1767323045000,"
        "\"first_traffic_unix_ms\":1767323046000,\"stage_until_unix_ms\":1767324846000,"
        "\"promoted_unix_ms\":0,\"judged_unix_ms\":1767324000000,\"ended_unix_ms\":0,"
        "\"sequence\":12,\"extended\":true,\"unproven\":false,\"paused_unix_ms\":0,\"handed_over\":"
        "false,\"mirrors\":"
        "true,"
        "\"rolled_back\":[\"39\",\"37\"],\"outcome\":\"NONE\",\"reason\":"
        "\"said \\\"go on\\\" by a person, größer\",\"results\":[[\"healthy\",1200,3,"
        "1767323046000,1767323946000],[\"inconclusive\",2,0,1767323946000,0]]}");
}

/* Every field, by comparing memory: both structs start zeroed. */
static void a_record_round_trips(void **state) {
    (void)state;
    struct sy_record record = sample();
    struct sy_record back;
    struct sy_error error = {0};
    SY_AUTO_FREE char *text = sy_record_write(&record);
    memset(&back, 0, sizeof back);
    assert_int_equal(sy_record_parse(text, strlen(text), &back, &error), 0);
    assert_string_equal(back.release_id, record.release_id);
    assert_memory_equal(&back.spec.stages, &record.spec.stages, sizeof record.spec.stages);
    assert_int_equal(back.spec.n_stages, 2);
    assert_int_equal(back.spec.wait, SY_WAIT_LOCK_IN);
    assert_int_equal(back.spec.on_interrupt, SY_INTERRUPT_HOLD);
    assert_int_equal(back.spec.on_inconclusive, SY_INCONCLUSIVE_PAUSE);
    assert_true(back.spec.retry);
    assert_int_equal(back.phase, SY_PHASE_BAKING);
    assert_int_equal(back.stage, 1);
    assert_string_equal(back.baseline, "41");
    assert_string_equal(back.last_known_good, "40");
    assert_string_equal(back.revision, record.revision);
    assert_int_equal(back.judged_ms, record.judged_ms);
    assert_int_equal(back.sequence, 12);
    assert_true(back.extended && back.mirrors && !back.paused_ms && !back.unproven);
    assert_memory_equal(back.rolled_back, record.rolled_back, sizeof record.rolled_back);
    assert_string_equal(back.reason, record.reason);
    assert_int_equal(back.results[0].canary.invocations, 1200);
    assert_int_equal(back.results[1].decision, SY_DECISION_INCONCLUSIVE);
    assert_int_equal(back.results[2].started_ms, 0);
}

static void every_word_round_trips(void **state) {
    (void)state;
    for (int i = 0; i < SY_PHASE_COUNT; i++) {
        struct sy_record record = sample();
        record.phase = (enum sy_phase)i;
        record.outcome = (enum sy_outcome)(i % SY_OUTCOME_COUNT);
        record.results[0].decision = (enum sy_decision)(i % SY_DECISION_COUNT);
        record.spec.wait = (enum sy_wait)(i % SY_WAIT_COUNT);
        SY_AUTO_FREE char *text = sy_record_write(&record);
        assert_reads(text, &record);
    }
    for (int i = 0; i < SY_CONTROL_COUNT; i++) {
        struct sy_record record = sample();
        record.control = (enum sy_control)i;
        record.spec.primary = (enum sy_primary)(i % SY_PRIMARY_COUNT);
        record.paused_ms = 1767323045000 + i;
        (void)strcpy(record.control_reason, i ? "a person" : "");
        SY_AUTO_FREE char *text = sy_record_write(&record);
        struct sy_record back;
        struct sy_error error = {0};
        assert_int_equal(sy_record_parse(text, strlen(text), &back, &error), 0);
        assert_int_equal(back.control, record.control);
        assert_int_equal(back.spec.primary, record.spec.primary);
        assert_int_equal(back.paused_ms, record.paused_ms);
        assert_string_equal(back.control_reason, record.control_reason);
    }
    for (int i = 0; i < SY_OUTCOME_COUNT; i++) {
        struct sy_record record = sample();
        record.outcome = (enum sy_outcome)i;
        SY_AUTO_FREE char *text = sy_record_write(&record);
        assert_reads(text, &record);
    }
}

static void fill(char *buf, size_t size, char c) {
    memset(buf, c, size - 1);
    buf[size - 1] = '\0';
}

/* Everything as long as its type allows, whether or not it makes sense: the bound must hold. */
static void the_longest_record_fits(void **state) {
    (void)state;
    struct sy_record record;
    memset(&record, 0, sizeof record);
    fill(record.release_id, sizeof record.release_id, 'r');
    fill(record.spec.function, sizeof record.spec.function, 'f');
    fill(record.spec.alias, sizeof record.spec.alias, 'a');
    fill(record.spec.version, sizeof record.spec.version, '9');
    fill(record.baseline, sizeof record.baseline, '9');
    fill(record.last_known_good, sizeof record.last_known_good, '9');
    fill(record.revision, sizeof record.revision, '"');
    fill(record.reason, sizeof record.reason, '"');
    record.control = SY_CONTROL_PROMOTE;
    fill(record.control_reason, sizeof record.control_reason, '"');
    record.paused_ms = INT64_MAX;
    for (size_t i = 0; i < SY_ROLLED_BACK_MAX; i++)
        fill(record.rolled_back[i], sizeof record.rolled_back[i], '9');
    struct sy_spec *spec = &record.spec;
    spec->n_stages = SY_STAGES_MAX;
    for (size_t i = 0; i < SY_STAGES_MAX; i++)
        spec->stages[i] = (struct sy_stage){INT32_MAX, INT64_MAX};
    spec->threshold_bp = INT32_MAX;
    spec->min_invocations = spec->window_ms = spec->lock_in_ms = INT64_MAX;
    spec->period_ms = spec->poll_ms = INT64_MAX;
    spec->wait = SY_WAIT_LOCK_IN;
    spec->on_interrupt = SY_INTERRUPT_ROLLBACK;
    spec->on_inconclusive = SY_INCONCLUSIVE_ROLLBACK;
    record.phase = SY_PHASE_ROLLING_BACK;
    record.stage = UINT32_MAX;
    record.created_ms = record.first_traffic_ms = record.stage_until_ms = INT64_MAX;
    record.promoted_ms = record.judged_ms = record.ended_ms = record.sequence = INT64_MAX;
    record.outcome = SY_OUTCOME_PROMOTED_UNPROVEN;
    for (size_t i = 0; i < SY_COUNT(record.results); i++)
        record.results[i] = (struct sy_stage_result){
            SY_DECISION_INCONCLUSIVE, {INT64_MAX, INT64_MAX}, INT64_MAX, INT64_MAX};
    SY_AUTO_FREE char *text = sy_record_write(&record);
    size_t len = strlen(text);
    print_message("the longest record is %zu bytes\n", len);
    assert_true(len <= SY_RECORD_JSON_MAX);
    assert_true(len > 3000); /* that the test reaches the worst case at all */
}

/* The longest that can happen, which must also be read back. */
static void the_longest_valid_record_is_read(void **state) {
    (void)state;
    struct sy_record record = sample();
    struct sy_spec *spec = &record.spec;
    fill(spec->function, sizeof spec->function, 'f');
    fill(spec->alias, sizeof spec->alias, 'a');
    fill(record.reason, sizeof record.reason, '\\');
    spec->n_stages = SY_STAGES_MAX;
    for (int i = 0; i < SY_STAGES_MAX; i++) {
        spec->stages[i] = (struct sy_stage){9000 + i, 400 * SY_DAY_MS};
        record.results[i] =
            (struct sy_stage_result){SY_DECISION_INCONCLUSIVE, {999999999, 999999999}, 1, 2};
    }
    record.results[SY_STAGES_MAX] = record.results[0];
    record.stage = SY_STAGES_MAX;
    SY_AUTO_FREE char *text = sy_record_write(&record);
    assert_reads(text, &record);
}

static void a_broken_reason_is_cleaned(void **state) {
    (void)state;
    struct sy_record record = sample();
    struct sy_record back;
    struct sy_error error;
    fill(record.reason, sizeof record.reason, '\x1b');
    memcpy(record.reason, "cut \xc3", 6); /* half of an umlaut */
    SY_AUTO_FREE char *text = sy_record_write(&record);
    assert_int_equal(sy_record_parse(text, strlen(text), &back, &error), 0);
    assert_string_equal(back.reason, "cut ?");
}

/* The sample with one piece of its JSON replaced. */
static char *edited(const char *from, const char *to) {
    struct sy_record record = sample();
    SY_AUTO_FREE char *text = sy_record_write(&record);
    char *at = strstr(text, from);
    if (!at)
        fail_msg("the record has no %s", from);
    return sy_asprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void strangers_records_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *shows;
    } cases[] = {
        {"\"format\":1", "\"format\":2", "upgrade"},
        {"\"format\":1", "\"format\":0", "format"},
        {"\"format\":1,", "", "format"},
        {"\"format\":1", "\"format\":\"1\"", "format"},
        {"r-20260102-030405-7f3a", "", "release_id"},
        {"r-20260102-030405-7f3a", "1234567890123456789012345678901234567890", "release_id"},
        {"\"function\":\"orders-api\"", "\"function\":\"a/b\"", "function"},
        {"\"alias\":\"live\"", "\"alias\":\"12\"", "alias"},
        {"\"version\":\"42\"", "\"version\":\"$LATEST\"", "version"},
        {"\"version\":\"42\"", "\"version\":42", "version"},
        {"\"weight_bp\":1000", "\"weight_bp\":0", "stages"},
        {"\"weight_bp\":1000", "\"weight_bp\":6000", "stages"},
        {"\"weight_bp\":1000", "\"weight_bp\":4294968296", "weight_bp"},
        {"\"weight_bp\":1000", "\"weight_bp\":0.1", "weight_bp"},
        {"\"bake_ms\":900000}", "\"bake_ms\":-1}", "bake_ms"},
        {"{\"weight_bp\":1000,\"bake_ms\":900000},", "7,", "weight_bp"},
        {"\"stages\":[", "\"stages\":[null,", "weight_bp"},
        {"\"threshold_bp\":500", "\"threshold_bp\":10001", "threshold"},
        {"\"min_invocations\":5", "\"min_invocations\":0", "min-invocations"},
        {"\"window_ms\":300000", "\"window_ms\":9223372036854775807", "window"},
        {"\"window_ms\":300000", "\"window_ms\":9223372036854775808", "JSON"},
        {"\"period_ms\":60000", "\"period_ms\":0", "period"},
        {"\"wait\":\"lock-in\"", "\"wait\":\"forever\"", "forever"},
        {"\"on_interrupt\":\"hold\"", "\"on_interrupt\":null", "on_interrupt"},
        {"\"retry\":true", "\"retry\":1", "retry"},
        {"\"phase\":\"baking\"", "\"phase\":\"cooking\"", "cooking"},
        {"\"phase\":\"baking\"", "\"phase\":\"?\"", "phase"},
        {"\"stage\":1", "\"stage\":3", "stage"},
        {"\"stage\":1", "\"stage\":-1", "stage"},
        {"\"baseline\":\"41\"", "\"baseline\":\"$LATEST\"", "baseline"},
        {"\"baseline\":\"41\"", "\"baseline\":\"live\"", "baseline"},
        {"\"baseline\":\"41\",", "", "baseline"},
        {"\"created_unix_ms\":1767323045000", "\"created_unix_ms\":9223372036854775807", "created"},
        {"\"judged_unix_ms\":1767324000000", "\"judged_unix_ms\":-5", "judged"},
        {"\"sequence\":12", "\"sequence\":9223372036854775807", "sequence"},
        {"[\"39\",\"37\"]", "[\"39\",37]", "rolled_back"},
        {"[\"39\",\"37\"]", "[\"39\",null]", "rolled_back"},
        {"[\"39\",\"37\"]", "[\"39\",\"\"]", "rolled_back"},
        {"[\"39\",\"37\"]", "[\"39\\u0000\"]", "rolled_back"},
        {"[\"39\",\"37\"]", "[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]",
         "rolled_back"},
        {"\"primary\":\"old\"", "\"primary\":\"both\"", "both"},
        {"\"paused_unix_ms\":0", "\"paused_unix_ms\":-1", "paused"},
        {"\"paused_unix_ms\":0", "\"paused_unix_ms\":true", "paused"},
        {"\"outcome\":\"NONE\"", "\"control\":\"stop\",\"outcome\":\"NONE\"", "stop"},
        {"\"outcome\":\"NONE\"", "\"control\":3,\"outcome\":\"NONE\"", "control"},
        {"\"outcome\":\"NONE\"", "\"outcome\":\"promoted\"", "outcome"},
        {"größer", "\\u0007", "reason"},
        {"[\"healthy\",1200,3", "[\"healthy\",1200,-3", "results"},
        {"[\"healthy\",1200,3", "[\"healthy\",9223372036854775807,3", "results"},
        {"[\"healthy\",1200,3", "[\"healthy\",1200.5,3", "results"},
        {"[\"healthy\",1200,3", "[\"fine\",1200,3", "results"},
        {"[\"healthy\",1200,3", "[\"healthy\\u0000\",1200,3", "results"},
        {"[\"healthy\",1200,3", "[7,1200,3", "results"},
        {"[\"healthy\",1200,3", "[\"healthy\",3", "results"},
        {"\"results\":[", "\"results\":[null,", "results"},
        {"\"results\":[", "\"results\":[[\"none\",0,0,0,0],[\"none\",0,0,0,0],", "results"},
        {"\"results\":[", "\"results\":{},\"x\":[", "results"},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        SY_AUTO_FREE char *text = edited(cases[i].from, cases[i].to);
        struct sy_record untouched = {.sequence = 77};
        struct sy_error error = {0};
        if (sy_record_parse(text, strlen(text), &untouched, &error) != -1)
            fail_msg("accepted %s instead of %s", cases[i].to, cases[i].from);
        assert_int_equal(error.code, SY_FAILED_PRECONDITION);
        assert_string_equal(error.reason, "BAD_RECORD");
        assert_int_equal(untouched.sequence, 77);
        if (!strstr(error.message, cases[i].shows))
            fail_msg("%s: \"%s\" does not show %s", cases[i].to, error.message, cases[i].shows);
    }
}

static void nonsense_is_refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",  " ",     "null",          "[]",           "{}",
        "7", "\"x\"", "{\"format\":1", "{'format':1}", "{\"format\":1}{\"format\":1}"};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_record record;
        struct sy_lease lease;
        struct sy_error error = {0};
        assert_int_equal(sy_record_parse(cases[i], strlen(cases[i]), &record, &error), -1);
        assert_string_equal(error.reason, "BAD_RECORD");
        error = (struct sy_error){0};
        assert_int_equal(sy_lease_parse(cases[i], strlen(cases[i]), &lease, &error), -1);
        assert_string_equal(error.reason, "BAD_RECORD");
    }
}

static void unknown_keys_and_blanks_are_read_over(void **state) {
    (void)state;
    struct sy_record record = sample();
    SY_AUTO_FREE char *text = edited("{\"format\":1", "\n {\n \"note\": [1, {}], \"format\" : 1");
    assert_reads(text, &record);
}

static void a_first_release_has_no_baseline(void **state) {
    (void)state;
    struct sy_record record = sample();
    SY_AUTO_FREE char *text = edited("\"baseline\":\"41\"", "\"baseline\":\"\"");
    record.baseline[0] = '\0';
    assert_reads(text, &record);
}

static void a_lease_round_trips(void **state) {
    (void)state;
    struct sy_lease lease = {
        .version = 3, .owner = "ci-runner-7:4711 9f2c", .until_ms = 1767323075000};
    struct sy_lease back = {0};
    struct sy_error error = {0};
    SY_AUTO_FREE char *text = sy_lease_write(&lease);
    assert_string_equal(
        text, "{\"format\":1,\"owner\":\"ci-runner-7:4711 9f2c\",\"until_unix_ms\":1767323075000}");
    assert_int_equal(sy_lease_parse(text, strlen(text), &back, &error), 0);
    assert_string_equal(back.owner, lease.owner);
    assert_int_equal(back.until_ms, lease.until_ms);
    assert_int_equal(back.version, 0);
}

/* A broken record is read or refused, nothing else. What is read is written again without harm. */
static void try_mutant(void *ctx, const char *text, size_t len) {
    size_t *read = ctx;
    struct sy_record record = {0};
    struct sy_error error = {0};
    if (sy_record_parse(text, len, &record, &error) == 0) {
        free(sy_record_write(&record));
        ++*read;
        return;
    }
    assert_int_equal(error.code, SY_FAILED_PRECONDITION);
    assert_string_equal(error.reason, "BAD_RECORD");
    assert_true(error.message[0]);
}

static void mutants_are_read_or_refused(void **state) {
    (void)state;
    struct sy_record record = sample();
    SY_AUTO_FREE char *text = sy_record_write(&record);
    size_t read = 0;
    size_t tried = mutants_each(text, try_mutant, &read);
    print_message("%zu of %zu mutants still are records\n", read, tried);
    assert_true(read > 0 &&
                read < tried / 2); /* a name or a number may change; the shape may not */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_json_is_as_documented),
        cmocka_unit_test(a_record_round_trips),
        cmocka_unit_test(every_word_round_trips),
        cmocka_unit_test(the_longest_record_fits),
        cmocka_unit_test(the_longest_valid_record_is_read),
        cmocka_unit_test(a_broken_reason_is_cleaned),
        cmocka_unit_test(strangers_records_are_refused),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(unknown_keys_and_blanks_are_read_over),
        cmocka_unit_test(a_first_release_has_no_baseline),
        cmocka_unit_test(a_lease_round_trips),
        cmocka_unit_test(mutants_are_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
