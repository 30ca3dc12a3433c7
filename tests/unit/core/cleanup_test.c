#include "core/cleanup.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct sy_named_version names[] = {{"7", "alias live points to it"},
                                                {"9", "the parameter current-version names it"}};

static bool goes(const char *version, size_t newer, int64_t keep, const char *why) {
    char said[SY_BY_MAX + 1];
    bool result = sy_cleanup_may_go(version, newer, keep, names, SY_COUNT(names), said);
    if (!strstr(said, why))
        fail_msg("%s: \"%s\" does not say %s", version, said, why);
    return result;
}

static void numbers_compare_as_numbers(void **state) {
    (void)state;
    assert_true(sy_version_compare("9", "10") < 0);
    assert_true(sy_version_compare("10", "9") > 0);
    assert_true(sy_version_compare("18446744073709551616", "18446744073709551615") > 0);
    assert_int_equal(sy_version_compare("42", "42"), 0);
    assert_true(sy_version_compare("1", "") > 0);
}

static void the_newest_stay(void **state) {
    (void)state;
    assert_false(goes("3", 2, 3, "one of the newest 3"));
    assert_true(goes("2", 3, 3, "3 are newer, and nothing names it"));
    assert_true(goes("3", 0, 0, "nothing names it"));
}

static void what_is_named_stays_whatever_is_kept(void **state) {
    (void)state;
    assert_false(goes("7", 100, 0, "alias live"));
    assert_false(goes("9", 100, 10, "current-version"));
    assert_true(goes("70", 100, 10, "nothing names it"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_compare_as_numbers),
        cmocka_unit_test(the_newest_stay),
        cmocka_unit_test(what_is_named_stays_whatever_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
