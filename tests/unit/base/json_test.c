#include "base/json.h"

#include "base/memory.h"

#include <json-c/json.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int parse(const char *text, size_t len, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *object = NULL;
    return sy_json_parse("sample", text, len, &object, error);
}

#define GOOD(text)                                                                                 \
    do {                                                                                           \
        struct sy_error error_ = {0};                                                              \
        if (parse(text, sizeof text - 1, &error_))                                                 \
            fail_msg("refused: %s: %s", text, error_.message);                                     \
    } while (0)

#define BAD(text)                                                                                  \
    do {                                                                                           \
        struct sy_error error_ = {0};                                                              \
        if (parse(text, sizeof text - 1, &error_) == 0)                                            \
            fail_msg("accepted: %s", text);                                                        \
        assert_int_equal(error_.code, SY_INVALID_ARGUMENT);                                        \
        assert_true(strncmp(error_.message, "sample is not valid JSON", 24) == 0);                 \
    } while (0)

static void grammar(void **state) {
    (void)state;
    GOOD("null");
    GOOD("true");
    GOOD(" false\n");
    GOOD("0");
    GOOD("-0");
    GOOD("12.5e-3");
    GOOD("\"\"");
    GOOD("\"\\u00e9\\ud83d\\ude80\\\\\\\"\\/\\b\\f\\n\\r\\t\"");
    GOOD("[]");
    GOOD("{}");
    GOOD(" { \"a\" : [ 1 , { } , \"x\" ] , \"b\" : null } ");
    BAD("");
    BAD(" ");
    BAD("nul");
    BAD("True");
    BAD("truex");
    BAD("[1,]");
    BAD("[,1]");
    BAD("[1 2]");
    BAD("[");
    BAD("]");
    BAD("{\"a\":1,}");
    BAD("{\"a\" 1}");
    BAD("{\"a\":}");
    BAD("{a:1}");
    BAD("{\"a\":1");
    BAD("{\"a");
    BAD("\"abc");
    BAD("\"abc\\");
    BAD("\"\\x41\"");
    BAD("\"\\u12g4\"");
    BAD("01");
    BAD("-");
    BAD("+1");
    BAD("1.");
    BAD(".5");
    BAD("1e");
    BAD("1-2");
    BAD("0x10");
    BAD("/* c */ 1");
    BAD("1 // c");
}

static void what_json_c_takes_too_kindly(void **state) {
    (void)state;
    BAD("{'a':1}");
    BAD("['a']");
    BAD("NaN");
    BAD("[NaN]");
    BAD("Infinity");
    BAD("-Infinity");
    BAD("1 2");
    BAD("{} {}");
    BAD("{}x");
    BAD("[]\0");
    BAD("[1\0,2]");
    BAD("\0");
    BAD("\"a\0b\"");
    BAD("{\"a\0\":1}");
    BAD("\"a\tb\"");
    BAD("\"a\nb\"");
    BAD("\"\x1f\"");
    BAD("\"\xff\"");
    BAD("\"\xc0\xaf\"");
    BAD("\"\xed\xa0\x80\"");
}

static void duplicate_keys(void **state) {
    (void)state;
    BAD("{\"a\":1,\"a\":2}");
    BAD("[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]");
    BAD("{\"\":1,\"\":2}");
    BAD("{\"a\":1,\"\\u0061\":2}");
    BAD("{\"\\u0061\":1,\"a\":1}");
    BAD("[[{\"k\":[{\"\\u0062\":null,\"b\":null}]}]]");
    BAD("{\"\\/\":1,\"/\":2}");
    GOOD("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1}}");
    GOOD("[{\"a\":1},{\"a\":2}]");
    GOOD("{\"\\u0061\":1,\"b\":2}");
}

/* json-c cuts keys at a NUL, so that "version\0x" would be read as version. */
static void nul_in_keys(void **state) {
    (void)state;
    BAD("{\"a\\u0000\":1}");
    BAD("{\"a\\u0000b\":1,\"a\":2}");
    BAD("{\"\\u0000\":1}");
    GOOD("{\"a\\\\u0000\":1}"); /* an escaped backslash, then plain text */
}

static void integers(void **state) {
    (void)state;
    GOOD("9223372036854775807");
    GOOD("-9223372036854775808");
    BAD("9223372036854775808");
    BAD("-9223372036854775809");
    BAD("18446744073709551615");
    BAD("123456789012345678901234567890123456789012345");
    SY_AUTO_BUFFER struct sy_buffer big = {0};
    struct sy_error error = {0};
    sy_buffer_puts(&big, "0.");
    for (int i = 0; i < 500; i++)
        sy_buffer_puts(&big, "1");
    assert_int_equal(parse(big.data, big.len, &error), -1);
}

static int parse_nested(char open, char close, int depth, const char *inside) {
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    struct sy_error error = {0};
    for (int i = 0; i < depth; i++)
        sy_buffer_printf(&text, "%c%s", open, open == '{' && i < depth - 1 ? "\"k\":" : "");
    sy_buffer_puts(&text, inside);
    for (int i = 0; i < depth; i++)
        sy_buffer_append(&text, &close, 1);
    return parse(text.data, text.len, &error);
}

static void depth(void **state) {
    (void)state;
    assert_int_equal(parse_nested('[', ']', 32, ""), 0);
    assert_int_equal(parse_nested('[', ']', 32, "1"), 0);
    assert_int_equal(parse_nested('[', ']', 33, ""), -1);
    assert_int_equal(parse_nested('{', '}', 32, ""), 0);
    assert_int_equal(parse_nested('{', '}', 33, ""), -1);
    assert_int_equal(parse_nested('[', ']', 100000, ""), -1);
}

static void many_keys_are_bounded(void **state) {
    (void)state;
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    struct sy_error error = {0};
    sy_buffer_puts(&text, "{");
    for (int i = 0; i < 4096; i++)
        sy_buffer_printf(&text, "%s\"k%d\":%d", i ? "," : "", i, i);
    size_t full = text.len;
    sy_buffer_puts(&text, "}");
    assert_int_equal(parse(text.data, text.len, &error), 0);
    text.len = full;
    sy_buffer_puts(&text, ",\"one too many\":1}");
    assert_int_equal(parse(text.data, text.len, &error), -1);
}

/* Every prefix of a valid text, in memory of exactly its size: the sanitizer looks on. */
static void prefixes(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\":[1,-2.5e3,\"\\u0041\\\"\",true,null],\"b\":{\"c\":\"\xc3\xbc\"}}";
    for (size_t len = 0; len < sizeof text - 1; len++) {
        struct sy_error error = {0};
        SY_AUTO_FREE char *exact = sy_calloc(1, len);
        memcpy(exact, text, len);
        assert_int_equal(parse(exact, len, &error), -1);
    }
    GOOD("{\"a\":[1,-2.5e3,\"\\u0041\\\"\",true,null],\"b\":{\"c\":\"\xc3\xbc\"}}");
}

static void untouched_on_failure(void **state) {
    (void)state;
    struct sy_error error = {0};
    struct json_object *marker = (struct json_object *)&error;
    struct json_object *object = marker;
    assert_int_equal(sy_json_parse("sample", "{", 1, &object, &error), -1);
    assert_ptr_equal(object, marker);
}

struct members {
    struct json_object *object;
};

static int open_members(void **state) {
    static struct members members;
    static const char text[] =
        "{\"s\":\"text\",\"esc\":\"a\\u001bb\",\"nul\":\"a\\u0000b\",\"n\":42,\"neg\":-1,"
        "\"f\":2.5,\"huge\":1e999,\"t\":true,\"z\":null,\"o\":{},\"l\":[]}";
    struct sy_error error = {0};
    *state = &members;
    return sy_json_parse("members", text, sizeof text - 1, &members.object, &error);
}

static int close_members(void **state) {
    struct members *members = *state;
    (void)json_object_put(members->object);
    return 0;
}

static void strings(void **state) {
    struct json_object *o = ((struct members *)*state)->object;
    struct sy_error error = {0};
    char buf[5] = "keep";
    assert_int_equal(sy_json_string(o, "none", false, buf, sizeof buf, &error), 0);
    assert_int_equal(sy_json_string(o, "z", false, buf, sizeof buf, &error), 0);
    assert_string_equal(buf, "keep");
    assert_int_equal(error.code, SY_OK);
    assert_int_equal(sy_json_string(o, "none", true, buf, sizeof buf, &error), -1);
    assert_string_equal(error.field, "none");
    assert_int_equal(sy_json_string(o, "z", true, buf, sizeof buf, &error), -1);
    assert_int_equal(sy_json_string(o, "n", true, buf, sizeof buf, &error), -1);
    assert_int_equal(sy_json_string(o, "esc", true, buf, sizeof buf, &error), -1);
    assert_int_equal(sy_json_string(o, "nul", true, buf, sizeof buf, &error), -1);
    assert_int_equal(sy_json_string(o, "s", true, buf, 4, &error), -1);
    assert_string_equal(buf, "keep");
    assert_int_equal(sy_json_string(o, "s", true, buf, sizeof buf, &error), 0);
    assert_string_equal(buf, "text");
}

static void numbers(void **state) {
    struct json_object *o = ((struct members *)*state)->object;
    struct sy_error error = {0};
    int64_t n = 7;
    double f = 7;
    assert_int_equal(sy_json_int(o, "none", false, 0, 99, &n, &error), 0);
    assert_int_equal(n, 7);
    assert_int_equal(sy_json_int(o, "f", true, 0, 99, &n, &error), -1);
    assert_int_equal(sy_json_int(o, "s", true, 0, 99, &n, &error), -1);
    assert_int_equal(sy_json_int(o, "neg", true, 0, 99, &n, &error), -1);
    assert_int_equal(sy_json_int(o, "n", true, 0, 41, &n, &error), -1);
    assert_int_equal(n, 7);
    assert_int_equal(sy_json_int(o, "n", true, 42, 42, &n, &error), 0);
    assert_int_equal(n, 42);
    assert_int_equal(sy_json_double(o, "huge", true, 0, INFINITY, &f, &error), -1);
    assert_int_equal(sy_json_double(o, "t", true, 0, 9, &f, &error), -1);
    assert_true(f == 7);
    assert_int_equal(sy_json_double(o, "f", true, 0, 9, &f, &error), 0);
    assert_true(f == 2.5);
    assert_int_equal(sy_json_double(o, "n", true, 0, 99, &f, &error), 0);
    assert_true(f == 42);
}

static void booleans_and_children(void **state) {
    struct json_object *o = ((struct members *)*state)->object;
    struct sy_error error = {0};
    bool t = false;
    struct json_object *child = o;
    assert_int_equal(sy_json_bool(o, "n", true, &t, &error), -1);
    assert_false(t);
    assert_int_equal(sy_json_bool(o, "t", true, &t, &error), 0);
    assert_true(t);
    assert_int_equal(sy_json_child(o, "l", true, json_type_object, &child, &error), -1);
    assert_ptr_equal(child, o);
    assert_int_equal(sy_json_child(o, "l", true, json_type_array, &child, &error), 0);
    assert_non_null(child);
    assert_int_equal(sy_json_child(o, "z", false, json_type_array, &child, &error), 0);
    assert_null(child);
    struct json_object *list = NULL;
    assert_int_equal(sy_json_child(o, "l", true, json_type_array, &list, &error), 0);
    assert_int_equal(sy_json_bool(list, "x", false, &t, &error), -1); /* not an object */
}

static void writes_one_line(void **state) {
    (void)state;
    static const char text[] = "{ \"a\" : [ 1, \"x/y\" ] }";
    struct sy_error error = {0};
    SY_AUTO_JSON struct json_object *object = NULL;
    assert_int_equal(sy_json_parse("sample", text, sizeof text - 1, &object, &error), 0);
    SY_AUTO_FREE char *line = sy_json_write(object);
    assert_string_equal(line, "{\"a\":[1,\"x/y\"]}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar),
        cmocka_unit_test(what_json_c_takes_too_kindly),
        cmocka_unit_test(duplicate_keys),
        cmocka_unit_test(nul_in_keys),
        cmocka_unit_test(integers),
        cmocka_unit_test(depth),
        cmocka_unit_test(many_keys_are_bounded),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(untouched_on_failure),
        cmocka_unit_test_setup_teardown(strings, open_members, close_members),
        cmocka_unit_test_setup_teardown(numbers, open_members, close_members),
        cmocka_unit_test_setup_teardown(booleans_and_children, open_members, close_members),
        cmocka_unit_test(writes_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
