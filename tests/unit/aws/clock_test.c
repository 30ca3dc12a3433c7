#include "aws/clock.h"

#include "../mutants.h"
#include "aws/xml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_times(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"2015-08-30T12:36:00Z", 1440938160000},
                {"2015-08-30T12:36:00UTC", 1440938160000},
                {"2015-08-30T12:36:00.5Z", 1440938160500},
                {"2015-08-30T12:36:00.123456Z", 1440938160123},
                {"2015-08-30T14:06:00+01:30", 1440938160000},
                {"2015-08-30T04:36:00-0800", 1440938160000}};
    static const char *const bad[] = {"",
                                      "2015-08-30",
                                      "2015-08-30T12:36:00",
                                      "2015-08-30 12:36:00Z",
                                      "2015-13-30T12:36:00Z",
                                      "2015-08-30T24:36:00Z",
                                      "2015-08-30T12:36:00Zx",
                                      "2015-08-30T12:36:00+1",
                                      "15-08-30T12:36:00Z"};
    int64_t ms = 7;
    for (size_t i = 0; i < SY_COUNT(good); i++) {
        assert_true(sy_aws_time_parse(good[i].text, &ms));
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < SY_COUNT(bad); i++)
        if (sy_aws_time_parse(bad[i], &ms))
            fail_msg("%s was taken", bad[i]);
}

static void test_http_dates(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "Sun, 30 Aug 2015 12:36:00",
                                      "30 Aug 2015 12:36:00 GMT",
                                      "Sun, 30 ugS 2015 12:36:00 GMT",
                                      "Sun, 30 Aug 2015 12:36 GMT",
                                      "Sun, 30 Au"};
    int64_t ms = 0;
    assert_true(sy_http_date_parse("Sun, 30 Aug 2015 12:36:00 GMT", &ms));
    assert_int_equal(ms, 1440938160000);
    for (size_t i = 0; i < SY_COUNT(bad); i++)
        if (sy_http_date_parse(bad[i], &ms))
            fail_msg("%s was taken", bad[i]);
}

/* ---- the XML that STS writes ---- */

static const char answer[] = "<?xml version=\"1.0\"?><A xmlns=\"x\"><B><Key>a&amp;b</Key>"
                             "<Key>second</Key><Empty/></B><Other>x<Key>y</Key></Other></A>";

static void test_xml(void **state) {
    (void)state;
    struct sy_xml_field fields[] = {{.name = "Key"}, {.name = "Empty"}, {.name = "None"}};
    struct sy_error error = {0};
    assert_int_equal(sy_xml_read("it", answer, strlen(answer), fields, 3, &error), 0);
    assert_string_equal(fields[0].text.data, "a&b");
    assert_string_equal(fields[1].text.data, "");
    assert_null(fields[2].text.data);
    sy_xml_finish(fields, 3);
}

static int read_xml(const char *text, size_t len, struct sy_error *error) {
    struct sy_xml_field fields[] = {{.name = "Key"}};
    int failed = sy_xml_read("it", text, len, fields, 1, error);
    sy_xml_finish(fields, 1);
    return failed;
}

static void attempt(void *ctx, const char *mutant, size_t len) {
    struct sy_error error = {0};
    size_t *taken = ctx;
    if (read_xml(mutant, len, &error))
        assert_true(error.message[0] != '\0');
    else
        ++*taken;
}

static void test_xml_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "<A><Key>S3CR3T",
        "<A></B>",
        "<A>&bomb;</A>",
        "<!DOCTYPE A [<!ENTITY bomb \"S3CR3T\">]><A><Key>&bomb;</Key></A>"};
    size_t taken = 0;
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        struct sy_error error = {0};
        if (!read_xml(bad[i], strlen(bad[i]), &error))
            fail_msg("%s was taken", bad[i]);
        assert_null(strstr(error.message, "S3CR3T"));
    }
    SY_AUTO_BUFFER struct sy_buffer deep = {0};
    for (int i = 0; i < 10000; i++)
        sy_buffer_puts(&deep, "<a>");
    struct sy_error error = {0};
    assert_int_equal(read_xml(deep.data, deep.len, &error), -1);
    assert_non_null(strstr(error.message, "too many elements in each other"));
    size_t count = mutants_each(answer, attempt, &taken);
    assert_in_range(taken, 1, count - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times), cmocka_unit_test(test_http_dates), cmocka_unit_test(test_xml),
        cmocka_unit_test(test_xml_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
