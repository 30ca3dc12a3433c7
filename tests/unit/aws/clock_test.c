#include "aws/clock.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define AT INT64_C(1440938160000) /* 2015-08-30T12:36:00Z */

static void test_times(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"2015-08-30T12:36:00Z", AT},           {"2015-08-30T12:36:00UTC", AT},
        {"2015-08-30T12:36:00.25Z", AT + 250},  {"2015-08-30T12:36:00.123456789Z", AT + 123},
        {"2015-08-30T14:06:00+01:30", AT},      {"2015-08-30T11:36:00-0100", AT},
        {"2016-02-29T00:00:00Z", 1456704000000}};
    static const char *const bad[] = {"",
                                      "soon",
                                      "2015-08-30",
                                      "2015-08-30 12:36:00Z",
                                      "2015-08-30T12:36:00",
                                      "2015-08-30T12:36Z",
                                      "2015-13-30T12:36:00Z",
                                      "2015-08-32T12:36:00Z",
                                      "2015-08-30T24:36:00Z",
                                      "2015-08-30T12:60:00Z",
                                      "2015-08-30T12:36:00Zulu",
                                      "2015-08-30T12:36:00+1",
                                      "15-08-30T12:36:00Z",
                                      "-015-08-30T12:36:00Z"};
    for (size_t i = 0; i < SY_COUNT(good); i++) {
        int64_t ms = 0;
        if (!sy_aws_time_parse(good[i].text, &ms) || ms != good[i].ms)
            fail_msg("%s: %lld", good[i].text, (long long)ms);
    }
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        int64_t ms = 7;
        if (sy_aws_time_parse(bad[i], &ms) || ms != 7)
            fail_msg("%s was taken", bad[i]);
    }
}

static void test_dates(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "yesterday",
                                      "Sun, 30 Aug 2015 12:36:00",
                                      "Sun, 30 Aug 2015 12:36:00 CET",
                                      "Sun, 30 Foo 2015 12:36:00 GMT",
                                      "Sun, 30 ugS 2015 12:36:00 GMT",
                                      "Sun, 3 Aug 2015 12:36:00 GMT",
                                      "Sun, 30 Aug",
                                      "Sun, 30 Aug 2015 12:36:0",
                                      ", "};
    int64_t ms = 0;
    assert_true(sy_http_date_parse("Sun, 30 Aug 2015 12:36:00 GMT", &ms));
    assert_true(ms == AT);
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        ms = 7;
        if (sy_http_date_parse(bad[i], &ms) || ms != 7)
            fail_msg("%s was taken", bad[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_dates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
