#include "core/verdict.h"

#include "base/json.h"
#include "base/memory.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- golden cases: tests/vectors/verdict.json ---- */

static struct json_object *vectors;

static int read_vectors(void **state) {
    (void)state;
    struct sy_error error = {0};
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    FILE *file = fopen(SY_TESTS_DIR "/vectors/verdict.json", "r");
    assert_non_null(file);
    char block[4096];
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;)
        sy_buffer_append(&text, block, n);
    (void)fclose(file);
    if (sy_json_parse("verdict.json", text.data, text.len, &vectors, &error))
        fail_msg("%s", error.message);
    return 0;
}

static int drop_vectors(void **state) {
    (void)state;
    (void)json_object_put(vectors);
    return 0;
}

static struct json_object *child(struct json_object *object, const char *key, enum json_type type) {
    struct json_object *ret = NULL;
    struct sy_error error = {0};
    if (sy_json_child(object, key, true, type, &ret, &error))
        fail_msg("%s", error.message);
    return ret;
}

static int64_t number(struct json_object *object, const char *key) {
    int64_t ret = 0;
    struct sy_error error = {0};
    if (sy_json_int(object, key, true, INT64_MIN, INT64_MAX, &ret, &error))
        fail_msg("%s", error.message);
    return ret;
}

static void for_each(const char *kind, size_t expected,
                     void (*run)(struct json_object *in, struct json_object *expect)) {
    struct json_object *cases = child(vectors, "cases", json_type_array);
    size_t n = 0;
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *one = json_object_array_get_idx(cases, i);
        char is[20] = "";
        char id[20] = "";
        struct sy_error error = {0};
        assert_int_equal(sy_json_string(one, "kind", true, is, sizeof is, &error), 0);
        assert_int_equal(sy_json_string(one, "id", true, id, sizeof id, &error), 0);
        if (strcmp(is, kind) != 0)
            continue;
        n++;
        print_message("%s\n", id);
        run(child(one, "input", json_type_object), child(one, "expect", json_type_object));
    }
    assert_int_equal(n, expected);
}

static void check_threshold(struct json_object *in, struct json_object *expect) {
    struct sy_counts counts = {number(in, "n"), number(in, "x")};
    struct sy_error error = {0};
    bool enough = false;
    bool breach = false;
    double rate_pct = -1;
    assert_int_equal(sy_json_bool(expect, "enough", true, &enough, &error), 0);
    assert_int_equal(sy_json_bool(expect, "breach", true, &breach, &error), 0);
    assert_int_equal(sy_json_double(expect, "rate_pct", false, 0, 100, &rate_pct, &error), 0);
    enum sy_decision decision =
        sy_verdict_threshold(counts, (int32_t)number(in, "threshold_bp"), number(in, "min_count"));
    assert_int_equal(decision, !enough  ? SY_DECISION_INCONCLUSIVE
                               : breach ? SY_DECISION_UNHEALTHY
                                        : SY_DECISION_HEALTHY);
    assert_int_equal(sy_rate_bp(counts), rate_pct < 0 ? -1 : (int64_t)(rate_pct * 100));
}

static void threshold_vectors(void **state) {
    (void)state;
    for_each("threshold", 11, check_threshold);
}

enum { SERIES_MAX = 200 };

/* The events up to i as samples of one second; repeated request ids are left out, as a source
 * that sees them would. */
static size_t to_samples(struct json_object *events, size_t up_to, struct sy_sample *samples,
                         bool *ret_duplicate) {
    size_t n = 0;
    *ret_duplicate = false;
    for (size_t i = 0; i <= up_to; i++) {
        struct json_object *event = json_object_array_get_idx(events, i);
        const char *id = json_object_get_string(json_object_array_get_idx(event, 2));
        bool seen = false;
        for (size_t k = 0; k < i && id; k++)
            seen |= strcmp(id, json_object_get_string(json_object_array_get_idx(
                                   json_object_array_get_idx(events, k), 2))) == 0;
        *ret_duplicate = seen;
        if (seen)
            continue;
        samples[n++] = (struct sy_sample){
            .start_ms = json_object_get_int64(json_object_array_get_idx(event, 0)) * 1000,
            .canary = {1, json_object_get_int64(json_object_array_get_idx(event, 1))}};
    }
    return n;
}

static void check_series(struct json_object *in, struct json_object *expect) {
    struct json_object *events = child(in, "events", json_type_array);
    struct json_object *sums = child(expect, "rolling_n_x", json_type_array);
    struct sy_sample samples[SERIES_MAX];
    struct sy_spec spec;
    struct sy_error error = {0};
    int64_t breach_at = -1;
    int64_t expected_at = -1;
    sy_spec_init(&spec);
    spec.window_ms = number(in, "window_s") * 1000;
    spec.threshold_bp = (int32_t)number(in, "threshold_bp");
    spec.min_invocations = number(in, "min_count");
    assert_int_equal(
        sy_json_int(expect, "rolling_breach_at", false, 0, INT32_MAX, &expected_at, &error), 0);
    size_t count = json_object_array_length(events);
    assert_true(count <= SERIES_MAX);
    assert_int_equal(json_object_array_length(sums), count);
    for (size_t i = 0; i < count; i++) {
        bool duplicate = false;
        size_t n = to_samples(events, i, samples, &duplicate);
        struct json_object *sum = json_object_array_get_idx(sums, i);
        if (duplicate)
            continue;
        int64_t now_ms = samples[n - 1].start_ms;
        struct sy_counts canary;
        struct sy_counts other;
        struct sy_judgement j;
        sy_window_sum(samples, n, now_ms, spec.window_ms, 0, &canary, &other);
        assert_int_equal(canary.invocations,
                         json_object_get_int64(json_object_array_get_idx(sum, 0)));
        assert_int_equal(canary.errors, json_object_get_int64(json_object_array_get_idx(sum, 1)));
        sy_judge(&spec, samples, n, now_ms, 0, &j);
        if (j.decision == SY_DECISION_UNHEALTHY && breach_at < 0)
            breach_at = now_ms / 1000;
    }
    assert_int_equal(breach_at, expected_at);
}

static void series_vectors(void **state) {
    (void)state;
    for_each("series", 10, check_series);
}

/* ---- beyond the vectors ---- */

static enum sy_decision decide(int64_t n, int64_t x) {
    return sy_verdict_threshold((struct sy_counts){n, x}, 500, 5);
}

static void no_data_is_never_healthy(void **state) {
    (void)state;
    assert_int_equal(decide(0, 0), SY_DECISION_INCONCLUSIVE);
    assert_int_equal(decide(4, 4), SY_DECISION_INCONCLUSIVE);
    assert_int_equal(decide(10, 11), SY_DECISION_INCONCLUSIVE); /* still growing */
    assert_int_equal(decide(-1, 0), SY_DECISION_INCONCLUSIVE);
    assert_int_equal(sy_verdict_threshold((struct sy_counts){0, 0}, 500, 0),
                     SY_DECISION_INCONCLUSIVE);
    assert_int_equal(decide(INT64_MAX, INT64_MAX), SY_DECISION_UNHEALTHY);
    assert_int_equal(decide(INT64_MAX, INT64_MAX / 20), SY_DECISION_HEALTHY);
    assert_int_equal(sy_rate_bp((struct sy_counts){INT64_MAX, INT64_MAX}), 10000);
    assert_int_equal(sy_rate_bp((struct sy_counts){0, 0}), -1);
}

/* Counts come from outside: sums stop at the largest number instead of overflowing. */
static void absurd_counts_do_not_overflow(void **state) {
    (void)state;
    struct sy_spec spec;
    struct sy_judgement j;
    struct sy_sample samples[3];
    sy_spec_init(&spec);
    for (int i = 0; i < 3; i++)
        samples[i] =
            (struct sy_sample){i * SY_MINUTE_MS, {INT64_MAX, INT64_MAX}, {INT64_MAX, INT64_MAX}};
    sy_judge(&spec, samples, 3, 2 * SY_MINUTE_MS, 0, &j);
    assert_int_equal(j.decision, SY_DECISION_UNHEALTHY);
    assert_true(j.total.invocations == INT64_MAX);
}

static void window_borders(void **state) {
    (void)state;
    const struct sy_sample samples[] = {
        {0, {1, 0}, {10, 0}}, {1, {2, 0}, {20, 0}}, {100, {4, 0}, {40, 0}}, {101, {8, 0}, {80, 0}}};
    struct sy_counts canary;
    struct sy_counts other;
    sy_window_sum(samples, 4, 100, 100, 0, &canary, &other);
    assert_int_equal(canary.invocations, 6); /* (0, 100] */
    assert_int_equal(other.invocations, 60);
    sy_window_sum(samples, 4, 100, 100, 2, &canary, &other);
    assert_int_equal(canary.invocations, 4);
    sy_window_sum(samples, 0, 100, 100, 0, &canary, &other);
    assert_int_equal(canary.invocations, 0);
}

/* Counts that arrive late: a window that has long passed turns out to have been unhealthy. */
static void a_past_window_counts(void **state) {
    (void)state;
    struct sy_spec spec;
    struct sy_judgement j;
    struct sy_sample samples[20];
    sy_spec_init(&spec);
    for (int i = 0; i < 20; i++)
        samples[i] = (struct sy_sample){i * SY_MINUTE_MS, {10, i == 3 ? 4 : 0}, {90, 0}};
    sy_judge(&spec, samples, 20, 19 * SY_MINUTE_MS + 30000, 0, &j);
    assert_int_equal(j.decision, SY_DECISION_UNHEALTHY);
    assert_int_equal(j.at_ms, 3 * SY_MINUTE_MS);
    assert_int_equal(j.canary.invocations, 40);
    assert_int_equal(j.canary.errors, 4);
    assert_int_equal(j.total.invocations, 200);
    sy_judge(&spec, samples, 20, 19 * SY_MINUTE_MS + 30000, 4 * SY_MINUTE_MS, &j);
    assert_int_equal(j.decision, SY_DECISION_HEALTHY);
    assert_int_equal(j.at_ms, 19 * SY_MINUTE_MS + 30000);
    assert_int_equal(j.canary.invocations, 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threshold_vectors),        cmocka_unit_test(series_vectors),
        cmocka_unit_test(no_data_is_never_healthy), cmocka_unit_test(absurd_counts_do_not_overflow),
        cmocka_unit_test(window_borders),           cmocka_unit_test(a_past_window_counts),
    };
    return cmocka_run_group_tests(tests, read_vectors, drop_vectors);
}
