#include "base/text.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void durations(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"0s", 0},       {"500ms", 500},   {"90s", 90000},   {"15m", 900000},
        {"2h", 7200000}, {"1d", 86400000}, {"007m", 420000}, {"9223372036854775807ms", INT64_MAX}};
    for (size_t i = 0; i < SY_COUNT(good); i++) {
        struct sy_error error = {0};
        int64_t ms = -1;
        assert_int_equal(sy_duration_parse("bake", good[i].text, &ms, &error), 0);
        assert_int_equal(ms, good[i].ms);
    }
    static const char *const bad[] = {"",
                                      "s",
                                      "10",
                                      "-1s",
                                      "+1s",
                                      " 1s",
                                      "1s ",
                                      "1 s",
                                      "1.5s",
                                      "1S",
                                      "1sec",
                                      "1w",
                                      "0x1s",
                                      "1e3s",
                                      "\t1s",
                                      "9223372036854775808ms",
                                      "9223372036854775807s",
                                      "106751991168d",
                                      "99999999999999999999999999s"};
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        struct sy_error error = {0};
        int64_t ms = -7;
        assert_int_equal(sy_duration_parse("bake", bad[i], &ms, &error), -1);
        assert_int_equal(ms, -7);
        assert_int_equal(error.code, SY_INVALID_ARGUMENT);
        assert_string_equal(error.field, "bake");
        assert_non_null(strstr(error.message, "such as 90s"));
    }
}

static void percents(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int32_t bp;
    } good[] = {{"0%", 0},       {"0", 0},           {"10%", 1000},    {"10", 1000},
                {"2.5%", 250},   {"2.5", 250},       {"0.25%", 25},    {"0.05%", 5},
                {"100%", 10000}, {"100.00%", 10000}, {"99.99%", 9999}, {"0.01", 1}};
    for (size_t i = 0; i < SY_COUNT(good); i++) {
        struct sy_error error = {0};
        int32_t bp = -1;
        assert_int_equal(sy_percent_parse("threshold", good[i].text, &bp, &error), 0);
        assert_int_equal(bp, good[i].bp);
    }
    static const char *const bad[] = {"",
                                      "%",
                                      "-1%",
                                      "+1%",
                                      " 1%",
                                      "1 %",
                                      "1%%",
                                      "1.%",
                                      ".5%",
                                      "1.234%",
                                      "100.01%",
                                      "101%",
                                      "1e1%",
                                      "1,5%",
                                      "nan",
                                      "inf",
                                      "1.2.3",
                                      "10%x",
                                      "1.-5%",
                                      "99999999999999999999",
                                      "0.99999999999999999999"};
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        struct sy_error error = {0};
        int32_t bp = -7;
        assert_int_equal(sy_percent_parse("threshold", bad[i], &bp, &error), -1);
        assert_int_equal(bp, -7);
        assert_string_equal(error.field, "threshold");
    }
}

static void integers(void **state) {
    (void)state;
    struct sy_error error = {0};
    int64_t n = 0;
    assert_int_equal(sy_integer_parse("n", "9223372036854775807", 0, INT64_MAX, &n, &error), 0);
    assert_int_equal(n, INT64_MAX);
    assert_int_equal(sy_integer_parse("n", "5", 5, 5, &n, &error), 0);
    assert_int_equal(n, 5);
    static const char *const bad[] = {"",   "-1",  "+1",  " 1", "1 ",
                                      "1x", "0x1", "1.0", "4",  "9223372036854775808"};
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        n = -7;
        assert_int_equal(sy_integer_parse("n", bad[i], 5, INT64_MAX, &n, &error), -1);
        assert_int_equal(n, -7);
        assert_string_equal(error.field, "n");
    }
    assert_int_equal(sy_integer_parse("n", "7", 5, 6, &n, &error), -1);
    assert_non_null(strstr(error.message, "from 5 to 6"));
}

static void messages_show_no_controls(void **state) {
    (void)state;
    struct sy_error error = {0};
    int64_t ms = 0;
    assert_int_equal(sy_duration_parse("bake", "\x1b[31mred\n\xff", &ms, &error), -1);
    assert_true(sy_text_is_clean(error.message, strlen(error.message)));
    assert_non_null(strstr(error.message, "\"?[31mred??\""));
}

static void formats(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } durations[] = {{0, "0s"},           {900000, "15m"},
                     {90000, "1m30s"},    {1500, "1.5s"},
                     {1050, "1.05s"},     {1001, "1.001s"},
                     {500, "0.5s"},       {3600000, "1h"},
                     {3661000, "1h1m1s"}, {3601000, "1h1s"},
                     {86400000, "24h"},   {-5, "0s"},
                     {60001, "1m0.001s"}, {INT64_MAX, "2562047788015h12m55.807s"}};
    char buf[32];
    for (size_t i = 0; i < SY_COUNT(durations); i++)
        assert_string_equal(sy_duration_format(durations[i].ms, buf), durations[i].text);
    static const struct {
        int64_t bp;
        const char *text;
    } percents[] = {{0, "0%"},        {1000, "10%"},  {250, "2.5%"},
                    {25, "0.25%"},    {5, "0.05%"},   {10000, "100%"},
                    {9999, "99.99%"}, {205, "2.05%"}, {12345678, "123456.78%"}};
    for (size_t i = 0; i < SY_COUNT(percents); i++)
        assert_string_equal(sy_percent_format(percents[i].bp, buf), percents[i].text);
    char at[24];
    assert_string_equal(sy_time_format(0, at), "1970-01-01T00:00:00Z");
    assert_string_equal(sy_time_format(INT64_C(1767323045999), at), "2026-01-02T03:04:05Z");
    assert_string_equal(sy_time_format(INT64_MAX, at), "?");
}

/* Every weight that is shown can be read again. */
static void percent_round_trip(void **state) {
    (void)state;
    for (int32_t bp = 0; bp <= 10000; bp++) {
        char buf[16];
        int32_t back = -1;
        struct sy_error error = {0};
        assert_int_equal(sy_percent_parse("x", sy_percent_format(bp, buf), &back, &error), 0);
        assert_int_equal(back, bp);
    }
}

struct utf8_case {
    const char *bytes;
    size_t len;
    const char *shown; /* NULL: clean as it is */
};

static void utf8(void **state) {
    (void)state;
    static const struct utf8_case cases[] = {
        {"", 0, NULL},
        {"plain", 5, NULL},
        {"gr\xc3\xbc\xc3\x9f", 6, NULL},
        {"\xe2\x82\xac", 3, NULL},       /* euro */
        {"\xf0\x9f\x9a\x80", 4, NULL},   /* rocket */
        {"\xf4\x8f\xbf\xbf", 4, NULL},   /* U+10FFFF, the last */
        {"\xed\x9f\xbf", 3, NULL},       /* just below the surrogates */
        {"\xee\x80\x80", 3, NULL},       /* just above */
        {"\xc2\xa0", 2, NULL},           /* just above C1 */
        {"\xc0\x80", 2, "??"},           /* NUL, overlong */
        {"\xc1\xbf", 2, "??"},           /* DEL, overlong */
        {"\xe0\x80\xaf", 3, "???"},      /* slash, overlong */
        {"\xe0\x9f\xbf", 3, "???"},      /* U+07FF, overlong */
        {"\xf0\x80\x80\xaf", 4, "????"}, /* slash, overlong */
        {"\xf0\x8f\xbf\xbf", 4, "????"}, /* U+FFFF, overlong */
        {"\xed\xa0\x80", 3, "???"},      /* U+D800 */
        {"\xed\xbf\xbf", 3, "???"},      /* U+DFFF */
        {"\xf4\x90\x80\x80", 4, "????"}, /* U+110000 */
        {"\xf5\x80\x80\x80", 4, "????"}, /* never valid */
        {"\xff\xfe", 2, "??"},
        {"\x80", 1, "?"},   /* a continuation alone */
        {"a\xc3", 2, "a?"}, /* truncated */
        {"a\xe2\x82", 3, "a??"},
        {"a\xf0\x9f\x9a", 4, "a???"},
        {"\xe2\x28\xa1", 3, "?(?"}, /* a wrong continuation */
        {"\xc2\x80", 2, "??"},      /* C1, the first */
        {"\xc2\x9f", 2, "??"},      /* C1, the last */
        {"\xe2\x80\xae", 3, "???"}, /* U+202E, turns what follows */
        {"\xe2\x80\xaa", 3, "???"}, /* the first of its kind */
        {"\xe2\x81\xa6", 3, "???"}, /* U+2066, isolates */
        {"\xe2\x81\xa9", 3, "???"}, /* the last of its kind */
        {"\xe2\x80\xa9", 3, NULL},  /* just below */
        {"\xe2\x80\xaf", 3, NULL},  /* just above */
        {"a\0b", 3, "a?b"},
        {"a\nb\x7f", 4, "a?b?"},
        {"\x1f \x20", 3, "?  "},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        char buf[32];
        const struct utf8_case *c = &cases[i];
        assert_int_equal(sy_text_is_clean(c->bytes, c->len), c->shown == NULL);
        sy_text_clean(c->bytes, c->len, buf, sizeof buf);
        if (!c->shown)
            assert_memory_equal(buf, c->bytes, c->len);
        else
            assert_string_equal(buf, c->shown);
        assert_true(sy_text_is_clean(buf, strlen(buf)));
    }
}

/* Nothing reads past len, and a buffer too small cuts between characters. */
static void clean_fits_any_buffer(void **state) {
    (void)state;
    static const char text[] = "a\xe2\x82\xac\xf0\x9f\x9a\x80z";
    for (size_t size = 1; size < sizeof text + 2; size++) {
        SY_AUTO_FREE char *buf = sy_calloc(1, size);
        sy_text_clean(text, sizeof text - 1, buf, size);
        assert_true(strlen(buf) < size);
        assert_true(sy_text_is_clean(buf, strlen(buf)));
        assert_memory_equal(buf, text, strlen(buf));
    }
    for (size_t len = 0; len < sizeof text; len++) {
        SY_AUTO_FREE char *exact = sy_calloc(1, len);
        memcpy(exact, text, len);
        (void)sy_text_is_clean(exact, len); /* the sanitizer looks on */
    }
}

static void times_are_parsed(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "now",
                                      "2026-01-02",
                                      "2026-01-02T03:04:05",
                                      "2026-01-02 03:04:05Z",
                                      "2026-01-02T03:04:05+01:00",
                                      "2026-02-31T00:00:00Z",
                                      "2026-1-2T03:04:05Z",
                                      "2026-01-02T24:00:00Z",
                                      "2026-01-02T03:04:05Zx",
                                      "1969-12-31T23:59:59Z"};
    struct sy_error error = {0};
    int64_t ms = 7;
    assert_int_equal(sy_time_parse("at", "2026-01-02T03:04:05Z", &ms, &error), 0);
    assert_int_equal(ms, INT64_C(1767323045000));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ms = 7;
        if (sy_time_parse("at", bad[i], &ms, &error) != -1)
            fail_msg("%s was accepted", bad[i]);
        assert_int_equal(ms, 7);
        assert_string_equal(error.field, "at");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_parsed),
        cmocka_unit_test(durations),
        cmocka_unit_test(percents),
        cmocka_unit_test(integers),
        cmocka_unit_test(messages_show_no_controls),
        cmocka_unit_test(formats),
        cmocka_unit_test(percent_round_trip),
        cmocka_unit_test(utf8),
        cmocka_unit_test(clean_fits_any_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
