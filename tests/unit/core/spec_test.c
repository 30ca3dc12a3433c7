#include "core/spec.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sy_spec valid(void) {
    struct sy_spec spec;
    sy_spec_init(&spec);
    (void)snprintf(spec.function, sizeof spec.function, "orders");
    (void)snprintf(spec.alias, sizeof spec.alias, "live");
    (void)snprintf(spec.version, sizeof spec.version, "42");
    return spec;
}

static void defaults(void **state) {
    (void)state;
    struct sy_error error = {0};
    struct sy_spec spec = valid();
    char stages[256];
    assert_int_equal(sy_spec_check(&spec, &error), 0);
    assert_int_equal(error.code, SY_OK);
    assert_string_equal(sy_stages_format(&spec, stages), "10%/15m,50%/15m");
    assert_int_equal(spec.threshold_bp, 500);
    assert_int_equal(spec.min_invocations, 5);
    assert_int_equal(spec.window_ms, 300000);
    assert_int_equal(spec.lock_in_ms, 3600000);
    assert_int_equal(spec.wait, SY_WAIT_STAGES);
    assert_int_equal(spec.on_interrupt, SY_INTERRUPT_ROLLBACK);
    assert_int_equal(spec.on_inconclusive, SY_INCONCLUSIVE_AUTO);
}

#define CHANGED(change)                                                                            \
    struct sy_error why = {0};                                                                     \
    struct sy_spec spec = valid();                                                                 \
    change;

#define REFUSED(field_name, change)                                                                \
    do {                                                                                           \
        CHANGED(change)                                                                            \
        if (sy_spec_check(&spec, &why) == 0)                                                       \
            fail_msg("accepted: %s", #change);                                                     \
        assert_int_equal(why.code, SY_INVALID_ARGUMENT);                                           \
        assert_string_equal(why.field, field_name);                                                \
        assert_true(why.message[0] != '\0');                                                       \
    } while (0)

#define ACCEPTED(change)                                                                           \
    do {                                                                                           \
        CHANGED(change)                                                                            \
        if (sy_spec_check(&spec, &why))                                                            \
            fail_msg("refused: %s: %s", #change, why.message);                                     \
    } while (0)

#define SET(member, text) (void)snprintf(spec.member, sizeof spec.member, "%s", text)

static void names(void **state) {
    (void)state;
    char longest[130];
    memset(longest, 'a', sizeof longest);
    longest[64] = '\0';
    ACCEPTED(SET(function, longest));
    ACCEPTED(SET(function, "My_fn-2"));
    REFUSED("function", SET(function, ""));
    REFUSED("function", SET(function, "arn:aws:lambda:eu-west-1:1:function:orders"));
    REFUSED("function", SET(function, "orders:live"));
    REFUSED("function", SET(function, "a b"));
    REFUSED("function", SET(function, "\xc3\xbc"));
    struct sy_error error = {0};
    longest[64] = 'a';
    longest[65] = '\0';
    assert_int_equal(sy_names_check(longest, "live", "1", &error), -1);
    longest[65] = 'a';
    longest[128] = '\0';
    assert_int_equal(sy_names_check("f", longest, "1", &error), 0);
    longest[128] = 'a';
    longest[129] = '\0';
    assert_int_equal(sy_names_check("f", longest, "1", &error), -1);
    REFUSED("alias", SET(alias, ""));
    REFUSED("alias", SET(alias, "123"));
    REFUSED("alias", SET(alias, "a/b"));
    ACCEPTED(SET(alias, "1a"));
    ACCEPTED(SET(version, "1"));
    ACCEPTED(SET(version, "1234567890123456789"));
    REFUSED("version", SET(version, ""));
    REFUSED("version", SET(version, "$LATEST"));
    REFUSED("version", SET(version, "0"));
    REFUSED("version", SET(version, "042"));
    REFUSED("version", SET(version, "-1"));
    REFUSED("version", SET(version, "42a"));
    REFUSED("version", SET(version, "12345678901234567890"));
    assert_int_equal(sy_names_check("f", "a", NULL, &error), 0);
}

static void hostile_names_are_shown_clean(void **state) {
    (void)state;
    struct sy_error error = {0};
    assert_int_equal(sy_names_check("a\x1b[2Jb", "live", NULL, &error), -1);
    assert_null(strchr(error.message, '\x1b'));
}

static void weights(void **state) {
    (void)state;
    ACCEPTED((spec.stages[0].weight_bp = 1, spec.stages[1].weight_bp = 9999));
    REFUSED("stages", spec.stages[0].weight_bp = 0);
    REFUSED("stages", spec.stages[0].weight_bp = -1);
    REFUSED("stages", spec.stages[1].weight_bp = 10000);
    REFUSED("stages", spec.stages[1].weight_bp = 1000);
    REFUSED("stages", spec.stages[1].weight_bp = 999);
    REFUSED("stages", spec.stages[0].bake_ms = 999);
    ACCEPTED(spec.stages[0].bake_ms = 1000);
    ACCEPTED(spec.stages[0].bake_ms = 400 * SY_DAY_MS);
    REFUSED("stages", spec.stages[0].bake_ms = 400 * SY_DAY_MS + 1);
    REFUSED("stages", spec.stages[0].bake_ms = INT64_MAX);
    REFUSED("stages", spec.stages[0].bake_ms = INT64_MIN);
    REFUSED("stages", spec.n_stages = SY_STAGES_MAX + 1);
    ACCEPTED(spec.n_stages = 0);
}

static void telemetry(void **state) {
    (void)state;
    static const int64_t periods[] = {1000, 5000, 10000, 30000, 60000};
    for (size_t i = 0; i < SY_COUNT(periods); i++)
        ACCEPTED(spec.period_ms = periods[i]);
    ACCEPTED((spec.period_ms = 120000, spec.window_ms = 240000));
    REFUSED("period", spec.period_ms = 0);
    REFUSED("period", spec.period_ms = -60000);
    REFUSED("period", spec.period_ms = 2000);
    REFUSED("period", spec.period_ms = 59999);
    REFUSED("period", spec.period_ms = 90000);
    REFUSED("window", spec.period_ms = 180000); /* a window is two datapoints at least */
    REFUSED("window", spec.window_ms = 119999);
    ACCEPTED((spec.window_ms = 120000, spec.poll_ms = 60000));
    ACCEPTED(spec.window_ms = 300 * SY_MINUTE_MS);
    REFUSED("window", spec.window_ms = 301 * SY_MINUTE_MS);
    REFUSED("window", spec.window_ms = INT64_MAX);
    REFUSED("poll", spec.poll_ms = 999);
    REFUSED("poll", spec.poll_ms = spec.window_ms + 1);
    ACCEPTED(spec.poll_ms = spec.window_ms);
}

static void the_rest(void **state) {
    (void)state;
    ACCEPTED(spec.lock_in_ms = 0);
    REFUSED("lock-in", spec.lock_in_ms = -1);
    REFUSED("lock-in", spec.lock_in_ms = 400 * SY_DAY_MS + 1);
    ACCEPTED(spec.threshold_bp = 0);
    ACCEPTED(spec.threshold_bp = 10000);
    REFUSED("threshold", spec.threshold_bp = -1);
    REFUSED("threshold", spec.threshold_bp = 10001);
    ACCEPTED(spec.min_invocations = 1);
    REFUSED("min-invocations", spec.min_invocations = 0);
    REFUSED("min-invocations", spec.min_invocations = -5);
    REFUSED("min-invocations", spec.min_invocations = 1000000001);
    REFUSED("wait", spec.wait = SY_WAIT_COUNT);
    REFUSED("wait", spec.wait = (enum sy_wait) - 1);
    REFUSED("on-interrupt", spec.on_interrupt = SY_INTERRUPT_COUNT);
    REFUSED("on-inconclusive", spec.on_inconclusive = SY_INCONCLUSIVE_COUNT);
}

static void stages_are_read(void **state) {
    (void)state;
    struct sy_error error = {0};
    struct sy_spec spec = valid();
    assert_int_equal(sy_stages_parse("0.25%/90s,2.5/1h,99.99%/2d", &spec, &error), 0);
    assert_int_equal(spec.n_stages, 3);
    assert_int_equal(spec.stages[0].weight_bp, 25);
    assert_int_equal(spec.stages[0].bake_ms, 90000);
    assert_int_equal(spec.stages[1].weight_bp, 250);
    assert_int_equal(spec.stages[2].bake_ms, 2 * SY_DAY_MS);
    assert_int_equal(sy_stages_parse("instant", &spec, &error), 0);
    assert_int_equal(spec.n_stages, 0);
    static const char *const bad[] = {
        "",
        ",",
        "10%/15m,",
        ",10%/15m",
        "10%",
        "10%/",
        "/15m",
        "10%/15",
        "10%/15m;",
        "10%/15m 50%/1m",
        "10%/-1m",
        "instant,",
        "Instant",
        "10%/15m,,50%/1m",
        "110%/15m",
        "10%//15m",
        "1%/99999999999999999999999999999999999999999999999999999999999999s",
        "1%/1m,2%/1m,3%/1m,4%/1m,5%/1m,6%/1m,7%/1m,8%/1m,9%/1m,10%/1m,11%/1m"};
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        struct sy_spec before = valid();
        struct sy_spec after = before;
        if (sy_stages_parse(bad[i], &after, &error) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_string_equal(error.field, "stages");
        assert_memory_equal(&after, &before, sizeof before);
    }
}

/* What is shown can be typed again, for every list that the check lets through. */
static void stages_round_trip(void **state) {
    (void)state;
    static const int64_t bakes[] = {1000,    1001,    1500,     90000,           3600000,
                                    3661000, 5400000, 86400000, 400 * SY_DAY_MS, 34559999999};
    struct sy_error error = {0};
    struct sy_spec spec = valid();
    spec.n_stages = SY_COUNT(bakes);
    for (uint32_t i = 0; i < spec.n_stages; i++)
        spec.stages[i] = (struct sy_stage){9990 + (int32_t)i, bakes[i]};
    assert_int_equal(sy_spec_check(&spec, &error), 0);
    char text[256];
    struct sy_spec back = valid();
    sy_stages_format(&spec, text);
    if (sy_stages_parse(text, &back, &error))
        fail_msg("%s: %s", text, error.message);
    assert_int_equal(back.n_stages, spec.n_stages);
    for (uint32_t i = 0; i < spec.n_stages; i++) {
        assert_int_equal(back.stages[i].weight_bp, spec.stages[i].weight_bp);
        assert_int_equal(back.stages[i].bake_ms, spec.stages[i].bake_ms);
    }
    spec.n_stages = 0;
    assert_string_equal(sy_stages_format(&spec, text), "instant");
}

static void words(void **state) {
    (void)state;
    struct sy_error error = {0};
    enum sy_wait wait = SY_WAIT_COUNT;
    enum sy_interrupt interrupt = SY_INTERRUPT_COUNT;
    enum sy_inconclusive inconclusive = SY_INCONCLUSIVE_COUNT;
    for (int i = 0; i < SY_WAIT_COUNT; i++) {
        assert_int_equal(sy_wait_parse(sy_wait_word((enum sy_wait)i), &wait, &error), 0);
        assert_int_equal(wait, i);
    }
    for (int i = 0; i < SY_INTERRUPT_COUNT; i++) {
        const char *word = sy_interrupt_word((enum sy_interrupt)i);
        assert_int_equal(sy_interrupt_parse(word, &interrupt, &error), 0);
        assert_int_equal(interrupt, i);
    }
    for (int i = 0; i < SY_INCONCLUSIVE_COUNT; i++) {
        const char *word = sy_inconclusive_word((enum sy_inconclusive)i);
        assert_int_equal(sy_inconclusive_parse(word, &inconclusive, &error), 0);
        assert_int_equal(inconclusive, i);
    }
    assert_string_equal(sy_wait_word(SY_WAIT_COUNT), "?");
    assert_int_equal(sy_wait_parse("forever", &wait, &error), -1);
    assert_int_equal(wait, SY_WAIT_COUNT - 1);
    assert_non_null(strstr(error.message, "stages, lock-in, none"));
    assert_int_equal(sy_interrupt_parse("", &interrupt, &error), -1);
    assert_int_equal(sy_inconclusive_parse("AUTO", &inconclusive, &error), -1);
}

static void strategies(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *stages; /* NULL: refused */
    } cases[] = {
        {"canary(10%,15m)", "10%/15m"},
        {"canary( 10% , 15m )", "10%/15m"},
        {"canary(0.5%,90s)", "0.5%/90s"},
        {"linear(25%,5m)", "25%/5m,50%/5m,75%/5m"},
        {"linear(50%,1m)", "50%/1m"},
        {"linear(30%,1m)", "30%/1m,60%/1m,90%/1m"},
        {"linear(10%,1m)", "10%/1m,20%/1m,30%/1m,40%/1m,50%/1m,60%/1m,70%/1m,80%/1m,90%/1m"},
        {"linear(5%,1m)", NULL},
        {"linear(0%,1m)", NULL},
        {"linear(100%,1m)", NULL},
        {"linear(10%)", NULL},
        {"linear(10%,1m", NULL},
        {"linear(10%,1m)x", NULL},
        {"linear(10%,1m),50%/1m", NULL},
        {"canary()", NULL},
        {"canary(,)", NULL},
        {"canary(10%,15m,1)", NULL},
        {"canary(10,000000000000000000000000000000m)", NULL},
        {"Canary(10%,15m)", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sy_spec spec;
        struct sy_error error = {0};
        char buf[256];
        sy_spec_init(&spec);
        int failed = sy_stages_parse(cases[i].text, &spec, &error);
        if (failed != (cases[i].stages ? 0 : -1))
            fail_msg("%s: %s", cases[i].text, failed ? error.message : "accepted");
        assert_string_equal(sy_stages_format(&spec, buf),
                            cases[i].stages ? cases[i].stages : "10%/15m,50%/15m");
        if (failed)
            assert_string_equal(error.field, "stages");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strategies),
        cmocka_unit_test(defaults),
        cmocka_unit_test(names),
        cmocka_unit_test(hostile_names_are_shown_clean),
        cmocka_unit_test(weights),
        cmocka_unit_test(telemetry),
        cmocka_unit_test(the_rest),
        cmocka_unit_test(stages_are_read),
        cmocka_unit_test(stages_round_trip),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
