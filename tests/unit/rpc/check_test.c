/* Hostile bytes never reach the decoder, and never harm the checker. */
#include "rpc/check.h"
#include "rpc/wire.h"

#include "steelyard/v1/release.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TYPE (&steelyard__v1__plan_request__descriptor)

static int check(const void *bytes, size_t len, struct sy_error *error) {
    *error = (struct sy_error){0};
    return sy_message_check(TYPE, bytes, len, error);
}

/* PlanRequest{spec{<bytes>}} */
static size_t in_spec(const void *bytes, size_t len, uint8_t *buf) {
    buf[0] = 0x0A;
    buf[1] = (uint8_t)len;
    memcpy(buf + 2, bytes, len);
    return len + 2;
}

static void expect_bad(const char *bytes, size_t len, const char *field) {
    uint8_t buf[128];
    struct sy_error error;
    size_t n = in_spec(bytes, len, buf);
    if (check(buf, n, &error) == 0)
        fail_msg("passed: %s", field);
    assert_int_equal(error.code, SY_INVALID_ARGUMENT);
    assert_string_equal(error.field, field);
    assert_true(strlen(error.message) > 10);
}
#define BAD(bytes, field) expect_bad(bytes, sizeof(bytes) - 1, field)

static void test_strings(void **state) {
    (void)state;
    BAD("\x0A\x03"
        "a\0b",
        "function");
    BAD("\x12\x02"
        "a\n",
        "alias");
    BAD("\x1A\x02"
        "4\x1B",
        "version");
    BAD("\x0A\x01\x7F", "function");
    BAD("\x0A\x02\xC2\x85", "function"); /* a C1 control */
    BAD("\x0A\x01\xFF", "function");
    BAD("\x0A\x02\xC3\x28", "function");
    BAD("\x0A\x02\xC0\x80", "function");     /* overlong NUL */
    BAD("\x0A\x03\xED\xA0\x80", "function"); /* a surrogate */
    BAD("\x0A\x04\xF4\x90\x80\x80", "function");
    /* The first of two is as bad as the last. */
    BAD("\x0A\x01\x01\x0A\x01"
        "a",
        "function");
}

static void test_enums(void **state) {
    (void)state;
    BAD("\x58\x04", "wait");
    BAD("\x60\x63", "on_interrupt");
    BAD("\x68\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "on_inconclusive"); /* -1 */
    BAD("\x58\x81\x80\x80\x80\x10", "wait"); /* 1 in its low 32 bits */
}

static void test_wire_types(void **state) {
    (void)state;
    BAD("\x08\x01", "function"); /* a number */
    BAD("\x20\x01", "stages");
    BAD("\x5A\x01\x01", "wait"); /* bytes */
}

static void test_broken(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"\x0A", 1},                                          /* no length */
        {"\x0A\x05\x61", 3},                                  /* cut short */
        {"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11}, /* 2^64 - 1 bytes */
        {"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 11}, /* more than 64 bits */
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11}, /* a tag without end */
        {"\x00\x01", 2},                                      /* field 0 */
        {"\x0B\x0C", 2},                                      /* a group */
        {"\x0E\x01", 2},                                      /* wire type 6 */
        {"\x79\x01\x02", 3},                                  /* half of a fixed64 */
    };
    struct sy_error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *bytes = malloc(cases[i].len); /* so that a sanitizer sees what is beyond */
        memcpy(bytes, cases[i].bytes, cases[i].len);
        if (check(bytes, cases[i].len, &error) == 0)
            fail_msg("case %zu passed", i);
        free(bytes);
    }
}

static void test_good(void **state) {
    (void)state;
    static const char good[] = "\x0A\x04shop\x12\x02\xC3\xA9\x58\x02\x22\x00\x2A\x00";
    uint8_t buf[128];
    struct sy_error error;
    ProtobufCMessage *message = NULL;
    size_t n = in_spec(good, sizeof good - 1, buf);
    assert_int_equal(sy_message_decode(TYPE, buf, n, &message, &error), 0);
    const Steelyard__V1__PlanRequest *request = (void *)message;
    assert_string_equal(request->spec->function, "shop");
    assert_string_equal(request->spec->alias, "\xC3\xA9");
    assert_int_equal(request->spec->wait, STEELYARD__V1__WAIT__WAIT_LOCK_IN);
    assert_non_null(request->spec->stages);
    assert_non_null(request->spec->threshold_bp);
    protobuf_c_message_free_unpacked(message, NULL);
    assert_int_equal(check(NULL, 0, &error), 0);
    /* What a later version adds is skipped. */
    assert_int_equal(check("\xFA\x07\x01\xFF", 4, &error), 0);
}

static void test_field_budget(void **state) {
    (void)state;
    struct sy_error error;
    size_t n = (size_t)SY_MESSAGE_FIELDS_MAX;
    uint8_t *bytes = malloc(2 * (n + 1));
    for (size_t i = 0; i <= n; i++)
        memcpy(bytes + 2 * i, "\x0A\x00", 2);
    assert_int_equal(check(bytes, 2 * n, &error), 0);
    assert_int_equal(check(bytes, 2 * (n + 1), &error), -1);
    assert_non_null(strstr(error.message, "65536"));
    free(bytes);
}

/* Every prefix and every single changed byte of a real message: never a crash, and what passes
 * decodes or is refused. */
static void test_mutations(void **state) {
    (void)state;
    static const char good[] = "\x0A\x1C\x0A\x04shop\x12\x04live\x1A\x02"
                               "42\x22\x06\x0A\x04\x08\x64\x10\x01\x2A\x02\x08\x05";
    size_t len = sizeof good - 1;
    struct sy_error error;
    unsigned passed = 0;
    for (size_t at = 0; at < len; at++)
        for (int value = 0; value < 256; value++) {
            ProtobufCMessage *message = NULL;
            uint8_t *bytes = malloc(len);
            memcpy(bytes, good, len);
            bytes[at] = (uint8_t)value;
            size_t n = value == 0 ? at : len;
            if (sy_message_decode(TYPE, bytes, n, &message, &error) == 0) {
                passed++;
                protobuf_c_message_free_unpacked(message, NULL);
            }
            free(bytes);
        }
    assert_true(passed > len);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),    cmocka_unit_test(test_enums),
        cmocka_unit_test(test_wire_types), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_good),       cmocka_unit_test(test_field_budget),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
