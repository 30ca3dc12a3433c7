#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Numbers and names are facts of the wire (gRPC's status codes). */
static void codes(void **state) {
    (void)state;
    assert_int_equal(SY_INVALID_ARGUMENT, 3);
    assert_int_equal(SY_FAILED_PRECONDITION, 9);
    assert_int_equal(SY_UNAUTHENTICATED, 16);
#define X(name, grpc)                                                                              \
    assert_string_equal(sy_code_name(SY_##name), #name);                                           \
    assert_int_equal(sy_code_from_grpc(grpc), SY_##name);
    SY_CODES(X)
#undef X
    assert_int_equal(sy_code_from_grpc(2), SY_INTERNAL); /* UNKNOWN */
    assert_int_equal(sy_code_from_grpc(-1), SY_INTERNAL);
    assert_int_equal(sy_code_from_grpc(99), SY_INTERNAL);
    assert_string_equal(sy_code_name((enum sy_code)99), "INTERNAL");
}

static void filling(void **state) {
    (void)state;
    struct sy_error error;
    memset(&error, 0xee, sizeof error);
    assert_int_equal(sy_fail(&error, SY_NOT_FOUND, "no %s", "alias"), -1);
    assert_int_equal(error.code, SY_NOT_FOUND);
    assert_string_equal(error.message, "no alias");
    assert_string_equal(error.reason, "");
    assert_string_equal(error.field, "");
    assert_int_equal(sy_fail_reason(&error, SY_ABORTED, "STALE_REVISION", "%d", 1), -1);
    assert_string_equal(error.reason, "STALE_REVISION");
    assert_string_equal(error.message, "1");
    assert_int_equal(sy_fail_field(&error, "stages", "bad"), -1);
    assert_int_equal(error.code, SY_INVALID_ARGUMENT);
    assert_string_equal(error.field, "stages");
    assert_string_equal(error.reason, "");
}

static void long_ones_are_cut(void **state) {
    (void)state;
    char text[2000];
    struct sy_error error = {0};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)sy_fail_field(&error, text, "%s", text);
    assert_int_equal(strlen(error.field), sizeof error.field - 1);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    (void)sy_fail_reason(&error, SY_INTERNAL, text, "x");
    assert_int_equal(strlen(error.reason), sizeof error.reason - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes),
        cmocka_unit_test(filling),
        cmocka_unit_test(long_ones_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
