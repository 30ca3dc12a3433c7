#include "aws/ini.h"

#include "../mutants.h"
#include "aws/words.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* tests/peers/credentials compares more of them with Python's parser. */
static const char whole[] = "# comment\n"
                            "[DEFAULT]\nregion = everywhere\n"
                            "[default]\n"
                            "Aws_Access_Key_Id = AKID # not a comment\r\n"
                            "  ; a comment\n"
                            "secret: a=b:c\n"
                            "long = one\n"
                            "   two\n"
                            "\n"
                            "   three\n"
                            "\n"
                            "[services s] # as botocore\n"
                            "lambda =\n"
                            "  endpoint_url = http://a\n"
                            "  # a comment\n"
                            "  endpoint_url = http://b=c\n"
                            "  other=1\n"
                            "empty =\n"
                            "region = here\n";

static struct sy_ini parse(const char *text) {
    struct sy_ini ini = {0};
    struct sy_error error = {0};
    if (sy_ini_parse("f", text, strlen(text), &ini, &error))
        fail_msg("%s", error.message);
    return ini;
}

static void test_dialect(void **state) {
    (void)state;
    struct sy_ini ini = parse(whole);
    const struct sy_ini_section *first = &ini.sections[0];
    const struct sy_ini_section *second = &ini.sections[1];
    assert_int_equal(ini.n_sections, 2);
    assert_string_equal(first->name, "default");
    assert_string_equal(sy_ini_value(first, "aws_access_key_id"), "AKID # not a comment");
    assert_string_equal(sy_ini_value(first, "secret"), "a=b:c");
    assert_string_equal(sy_ini_value(first, "long"), "one\ntwo\n\nthree");
    assert_string_equal(sy_ini_value(first, "region"), "everywhere");
    assert_string_equal(second->name, "services s");
    assert_null(sy_ini_value(second, "lambda"));
    assert_true(sy_ini_has(second, "lambda"));
    SY_AUTO_FREE char *url = sy_ini_nested(second, "lambda", "endpoint_url");
    assert_string_equal(url, "http://b=c");
    assert_null(sy_ini_nested(second, "lambda", "none"));
    assert_null(sy_ini_nested(second, "region", "none"));
    assert_string_equal(sy_ini_value(second, "empty"), "");
    assert_string_equal(sy_ini_value(second, "region"), "here");
    sy_ini_finish(&ini);
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"a = b\n", "f, line 1: text in front of the first [section]"},
        {"[x]\n\nS3CR3T\n", "f, line 3: neither a [section] nor \"key = value\""},
        {"[x]\n= S3CR3T\n", "f, line 2: a value without a key"},
        {"[x]\na=1\nA=2\n", "f, line 3: the key \"A\" stands twice"},
        {"[x]\n[y]\n[x]\n", "f, line 3: the section \"x\" stands twice"},
        {"[]\n", "f, line 1: text in front"},
        {"[x]\na =\n  b = 1\n  S3CR3T\n", "the indented lines below \"a\""},
        {"[x]\na = \xff\n", "f is not text in UTF-8"},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_ini ini = {0};
        struct sy_error error = {0};
        if (!sy_ini_parse("f", cases[i].text, strlen(cases[i].text), &ini, &error))
            fail_msg("case %zu was taken", i);
        if (!strstr(error.message, cases[i].says) || strstr(error.message, "S3CR3T"))
            fail_msg("case %zu: %s", i, error.message);
        assert_int_equal(error.code, SY_INVALID_ARGUMENT);
        assert_string_equal(error.field, "profile");
        assert_null(ini.sections);
    }
}

static void attempt(void *ctx, const char *mutant, size_t len) {
    struct sy_ini ini = {0};
    struct sy_error error = {0};
    size_t *taken = ctx;
    if (sy_ini_parse("f", mutant, len, &ini, &error))
        assert_true(error.message[0] != '\0');
    else
        ++*taken;
    sy_ini_finish(&ini);
}

static void test_mutants(void **state) {
    (void)state;
    size_t taken = 0;
    size_t count = mutants_each(whole, attempt, &taken);
    assert_in_range(taken, 1, count - 1);
}

/* Longer than any real one, in no time: each line is looked at once. */
static void test_large(void **state) {
    (void)state;
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    sy_buffer_puts(&text, "[x]\na = 1\n");
    for (int i = 0; i < 400000; i++)
        sy_buffer_puts(&text, " \n");
    struct sy_ini ini = parse(text.data);
    assert_string_equal(sy_ini_value(&ini.sections[0], "a"), "1");
    sy_ini_finish(&ini);
}

static void test_words(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *words[5];
    } cases[] = {
        {"a  b\tc", {"a", "b", "c"}},
        {"", {NULL}},
        {"'a b' \"c d\"", {"a b", "c d"}},
        {"a'b'\"c\"d", {"abcd"}},
        {"'' \"\"", {"", ""}},
        {"\"a\\\"b\\\\c\\d\"", {"a\"b\\c\\d"}},
        {"'a\\b'", {"a\\b"}},
        {"a\\ b \\' \\\\", {"a b", "'", "\\"}},
        {"$HOME ~ * # x", {"$HOME", "~", "*", "#", "x"}},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_words words = {0};
        size_t n = 0;
        assert_null(sy_words_split(cases[i].text, &words));
        for (; n < 5 && cases[i].words[n]; n++)
            assert_string_equal(words.list[n], cases[i].words[n]);
        assert_int_equal(words.count, n);
        assert_null(words.list[n]);
        sy_words_finish(&words);
    }
    static const char *const bad[] = {"'a", "\"a", "a\\", "\"a\\"};
    struct sy_words words = {0};
    for (size_t i = 0; i < SY_COUNT(bad); i++)
        assert_non_null(sy_words_split(bad[i], &words));
    SY_AUTO_BUFFER struct sy_buffer many = {0};
    for (int i = 0; i < SY_WORDS_MAX + 1; i++)
        sy_buffer_puts(&many, "a ");
    assert_string_equal(sy_words_split(many.data, &words), "it has too many words");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialect), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_mutants), cmocka_unit_test(test_large),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
