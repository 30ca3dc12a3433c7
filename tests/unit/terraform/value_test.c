/* Values: what comes goes back as it came; what is hostile gets an error and nothing else. */
#include "terraform/value.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct sy_attribute item_attributes[] = {
    {"weight", SY_NUMBER, SY_REQUIRED, .description = ""},
    {"bake", SY_STRING, SY_REQUIRED, .description = ""},
    {0},
};
static const struct sy_attribute attributes[] = {
    {"name", SY_STRING, SY_REQUIRED, .description = ""},
    {"on", SY_BOOL, SY_DEFAULTED, .fallback = "true", .description = ""},
    {"share", SY_NUMBER, SY_DEFAULTED, .fallback = "2.5", .description = ""},
    {"lines", SY_STRINGS, SY_COMPUTED, .description = ""},
    {"one", SY_OBJECT, SY_OPTIONAL, .fields = item_attributes, .description = ""},
    {"many", SY_OBJECTS, SY_DEFAULTED, .fields = item_attributes, .fallback = "10 15m,50 15m",
     .description = ""},
    {0},
};
enum { NAME, ON, SHARE, LINES, ONE, MANY };

/* {name: "x", on: false, share: 10, lines: ["a"], one: nil, many: [{weight: 2.5, bake: "1m"}]} */
static const uint8_t whole[] = "\x86"
                               "\xa4name\xa1x"
                               "\xa2on\xc2"
                               "\xa5share\x0a"
                               "\xa5lines\x91\xa1"
                               "a"
                               "\xa3one\xc0"
                               "\xa4many\x91\x82\xa6weight\xcb\x40\x04\0\0\0\0\0\0\xa4"
                               "bake\xa2"
                               "1m";
#define BYTES(literal) ((struct sy_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

static struct sy_value decode(struct sy_arena *arena, struct sy_bytes bytes) {
    struct sy_value value;
    struct sy_error error = {0};
    if (sy_value_decode(attributes, bytes, arena, &value, &error))
        fail_msg("%s", error.message);
    return value;
}

static void assert_back(struct sy_bytes bytes) {
    struct sy_arena arena = {0};
    SY_AUTO_BUFFER struct sy_buffer out = {0};
    struct sy_value value = decode(&arena, bytes);
    sy_value_encode(attributes, &value, &out);
    assert_int_equal(out.len, bytes.len);
    assert_memory_equal(out.data, bytes.data, bytes.len);
    sy_arena_finish(&arena);
}

static void test_known(void **state) {
    struct sy_arena arena = {0};
    (void)state;
    struct sy_value value = decode(&arena, BYTES(whole));
    assert_string_equal(sy_field_text(&value, NAME), "x");
    assert_false(value.items[ON].truth);
    assert_true(value.items[SHARE].number == 10);
    assert_string_equal(value.items[LINES].items[0].text, "a");
    assert_int_equal(value.items[ONE].state, SY_VALUE_NULL);
    assert_true(value.items[MANY].items[0].items[0].number == 2.5);
    assert_back(BYTES(whole));
    assert_back(BYTES("\xc0"));
    sy_arena_finish(&arena);
}

/* Each unknown keeps its refinements, wherever it stands; each number its digits. */
static void test_as_it_came(void **state) {
    (void)state;
#define REST "\xa2on\xc2\xa5share\xc0\xa5lines\xc0\xa3one\xc0\xa4many\xc0"
    assert_back(BYTES("\x86\xa4name\xd4\0\0" REST));
    assert_back(BYTES("\x86\xa4name\xc7\x0c\x0c\x82\x01\xc2\x02\xa7product" REST));
    assert_back(BYTES("\xd4\0\0"));
#undef REST
#define HEAD "\x86\xa4name\xa1x\xa2on\xd4\0\0\xa5share"
#define REST                                                                                       \
    "\xa5lines\xd4\0\0\xa3one\xd4\0\0\xa4many\x92\xd4\0\0\x82\xa6weight\xd4\0\0\xa4"               \
    "bake\xd4\0\0"
    assert_back(BYTES(HEAD "\xd4\0\0" REST));
    assert_back(BYTES(HEAD "\xd6\x0c\x81\x01\xc2\x03" REST));
    assert_back(BYTES(HEAD "\xff" REST));
    assert_back(BYTES(HEAD "\xcf\xff\xff\xff\xff\xff\xff\xff\xff" REST));
    assert_back(BYTES(HEAD "\xca\x40\x20\0\0" REST));
    assert_back(BYTES(HEAD "\xd9\x2a"
                           "123456789012345678901234567890.12345678901" REST));
}

static void test_hostile(void **state) {
    static const struct {
        const char *what;
        struct sy_bytes bytes;
        const char *says;
    } cases[] = {
        {"nothing", {(const uint8_t *)"", 0}, "well-formed"},
        {"a number", BYTES("\x01"), "must be an object"},
        {"a list", BYTES("\x90"), "must be an object"},
        {"never used", BYTES("\xc1"), "well-formed"},
        {"two values", BYTES("\x80\x80"), "well-formed"},
        {"no such attribute", BYTES("\x81\xa1z\xc0"), "no attribute \"z\""},
        {"twice", BYTES("\x82\xa2on\xc2\xa2on\xc3"), "on: the attribute is there twice"},
        {"a key that is a number", BYTES("\x81\x01\xc0"), "name of an attribute"},
        {"a key that is a list", BYTES("\x81\x91\xc0\xc0"), "name of an attribute"},
        {"bool from string", BYTES("\x81\xa2on\xa4true"), "on: the value must be true or false"},
        {"string from bool", BYTES("\x81\xa4name\xc3"), "name: the value must be a string"},
        {"string from binary", BYTES("\x81\xa4name\xc4\x01x"), "name: the value must be a string"},
        {"no UTF-8", BYTES("\x81\xa4name\xa2\xc3\x28"),
         "name: the value must be a string of UTF-8"},
        {"number from text", BYTES("\x81\xa5share\xa3one"),
         "share: the value must be a finite number"},
        {"number from nothing", BYTES("\x81\xa5share\xa0"), "finite number"},
        {"number with a NUL", BYTES("\x81\xa5share\xa3\x31\0\x31"), "finite number"},
        {"infinity in digits",
         BYTES("\x81\xa5share\xa5"
               "1e999"),
         "finite number"},
        {"hexadecimal",
         BYTES("\x81\xa5share\xa3"
               "0x1"),
         "finite number"},
        {"NaN", BYTES("\x81\xa5share\xcb\x7f\xf8\0\0\0\0\0\0"), "finite number"},
        {"list from object", BYTES("\x81\xa5lines\x80"),
         "lines: the value must be a list of strings"},
        {"wrong inside a list",
         BYTES("\x81\xa5lines\x92\xa1"
               "a\x01"),
         "lines[1]: the value must be a string"},
        {"wrong deep inside", BYTES("\x81\xa4many\x91\x81\xa6weight\xc3"),
         "many[0].weight: the value must be"},
        {"object from list", BYTES("\x81\xa3one\x90"), "one: the value must be an object"},
        {"4 G items claimed", BYTES("\x81\xa5lines\xdd\xff\xff\xff\xff"), "well-formed"},
        {"4 G attributes claimed", BYTES("\xdf\xff\xff\xff\xff"), "well-formed"},
        {"4 GB of text claimed", BYTES("\x81\xa4name\xdb\xff\xff\xff\xffx"), "well-formed"},
        {"4 GB of extension claimed", BYTES("\xc9\xff\xff\xff\xff\0"), "well-formed"},
    };
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_arena arena = {0};
        struct sy_value value = {.number = 7};
        struct sy_error error = {0};
        if (sy_value_decode(attributes, cases[i].bytes, &arena, &value, &error) == 0)
            fail_msg("%s was taken", cases[i].what);
        assert_int_equal(error.code, SY_INVALID_ARGUMENT);
        if (!strstr(error.message, cases[i].says))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].what, error.message, cases[i].says);
        assert_true(value.number == 7); /* untouched */
        sy_arena_finish(&arena);
    }
}

static void test_cut_short(void **state) {
    (void)state;
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        struct sy_arena arena = {0};
        struct sy_value value;
        struct sy_error error = {0};
        assert_int_equal(
            sy_value_decode(attributes, (struct sy_bytes){whole, n}, &arena, &value, &error), -1);
        sy_arena_finish(&arena);
    }
}

static void test_deep(void **state) {
    char deep[4096];
    struct sy_arena arena = {0};
    struct sy_value value;
    struct sy_error error = {0};
    (void)state;
    memset(deep, '\x91', sizeof deep);
    assert_int_equal(sy_value_decode(attributes,
                                     (struct sy_bytes){(const uint8_t *)deep, sizeof deep}, &arena,
                                     &value, &error),
                     -1);
    assert_non_null(strstr(error.message, "nested too deep"));
    sy_arena_finish(&arena);
}

/* Random damage is an error or a value that can be encoded; the sanitizers watch. */
static void test_damage(void **state) {
    uint64_t random = 20261124;
    unsigned taken = 0;
    (void)state;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[sizeof whole - 1];
        struct sy_arena arena = {0};
        struct sy_value value;
        struct sy_error error = {0};
        SY_AUTO_BUFFER struct sy_buffer out = {0};
        memcpy(bytes, whole, sizeof bytes);
        for (int i = 0; i < 1 + round % 4; i++)
            bytes[sy_splitmix64(&random) % sizeof bytes] = (uint8_t)sy_splitmix64(&random);
        if (sy_value_decode(attributes, (struct sy_bytes){bytes, sizeof bytes}, &arena, &value,
                            &error) == 0) {
            taken++;
            sy_value_encode(attributes, &value, &out);
            assert_true(out.len > 0);
        } else {
            assert_true(error.message[0]);
        }
        sy_arena_finish(&arena);
    }
    assert_true(taken > 1000 && taken < 199000); /* both ways were gone */
}

static void test_json(void **state) {
    struct sy_arena arena = {0};
    struct sy_value value;
    struct sy_error error = {0};
    (void)state;
    assert_int_equal(sy_value_decode_json(
                         attributes,
                         BYTES("{\"name\":\"x\",\"of_later\":[1],\"share\":2.5,\"lines\":[\"a\"],"
                               "\"many\":[{\"weight\":1}]}"),
                         &arena, &value, &error),
                     0);
    assert_string_equal(sy_field_text(&value, NAME), "x");
    assert_int_equal(value.items[ON].state, SY_VALUE_NULL);
    assert_true(value.items[SHARE].number == 2.5);
    assert_int_equal(value.items[MANY].items[0].items[1].state, SY_VALUE_NULL);
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "{\"on\":1}",
                                      "{\"name\":1}",
                                      "{\"lines\":{}}",
                                      "{\"one\":[]}",
                                      "{\"many\":[1]}",
                                      "{\"share\":\"1\"}"};
    for (size_t i = 0; i < SY_COUNT(bad); i++)
        assert_int_equal(sy_value_decode_json(
                             attributes, (struct sy_bytes){(const uint8_t *)bad[i], strlen(bad[i])},
                             &arena, &value, &error),
                         -1);
    sy_arena_finish(&arena);
}

static void test_fallback(void **state) {
    struct sy_arena arena = {0};
    (void)state;
    struct sy_value on = sy_value_fallback(&arena, &attributes[ON]);
    struct sy_value share = sy_value_fallback(&arena, &attributes[SHARE]);
    struct sy_value many = sy_value_fallback(&arena, &attributes[MANY]);
    assert_true(on.truth);
    assert_true(share.number == 2.5);
    assert_int_equal(many.len, 2);
    assert_true(many.items[1].items[0].number == 50);
    assert_string_equal(many.items[0].items[1].text, "15m");
    assert_int_equal(sy_value_fallback(&arena, &attributes[NAME]).state, SY_VALUE_NULL);
    sy_arena_finish(&arena);
}

static void test_equal(void **state) {
    struct sy_arena arena = {0};
    (void)state;
    struct sy_value a = sy_value_fallback(&arena, &attributes[MANY]);
    struct sy_value b = sy_value_fallback(&arena, &attributes[MANY]);
    const struct sy_value unknown = sy_value_unknown();
    const struct sy_value null = {0};
    assert_true(sy_value_equal(&attributes[MANY], &a, &b));
    b.items[1].items[0] = sy_value_number(51);
    assert_false(sy_value_equal(&attributes[MANY], &a, &b));
    b.items[1].items[0] = unknown;
    assert_false(sy_value_is_wholly_known(&attributes[MANY], &b));
    assert_true(sy_value_is_wholly_known(&attributes[MANY], &a));
    assert_false(sy_value_equal(&attributes[NAME], &unknown, &unknown));
    assert_true(sy_value_equal(&attributes[NAME], &null, &null));
    assert_false(sy_value_equal(&attributes[NAME], &null, &unknown));
    sy_arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),   cmocka_unit_test(test_as_it_came),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_deep),    cmocka_unit_test(test_damage),
        cmocka_unit_test(test_json),    cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
