/* Other people's words in each format. */
#include "report/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef void put(struct sy_buffer *to, const char *text);

struct escape_case {
    const char *text, *wanted;
};

static void check(put *write, const struct escape_case *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        SY_AUTO_BUFFER struct sy_buffer buffer = {0};
        write(&buffer, cases[i].text);
        assert_string_equal(buffer.data ? buffer.data : "", cases[i].wanted);
    }
}

static void test_xml(void **state) {
    static const struct escape_case cases[] = {
        {"", ""},
        {"error rate 12% (6 of 50)", "error rate 12% (6 of 50)"},
        {"</script><img onerror='x' a=\"&\">",
         "&lt;/script&gt;&lt;img onerror=&#39;x&#39; a=&quot;&amp;&quot;&gt;"},
        {"a\033[31m\r\nb\001", "a?[31m??b?"},
        {"caf\xc3\xa9 \xff", "caf\xc3\xa9 ?"},
    };
    (void)state;
    check(sy_put_xml, cases, SY_COUNT(cases));
}

static void test_markdown(void **state) {
    static const struct escape_case cases[] = {
        {"plain words, 10%", "plain words, 10%"},
        {"a | b", "a &#124; b"},
        {"**x** _y_ `z`", "&#42;&#42;x&#42;&#42; &#95;y&#95; &#96;z&#96;"},
        {"[x](http://e)", "&#91;x&#93;(http&#58;//e)"},
        {"![x]", "&#33;&#91;x&#93;"},
        {"<b>", "&lt;b&gt;"},
        {"@team #1", "&#64;team &#35;1"},
        {"${{ secrets.X }}", "&#36;&#123;&#123; secrets.X &#125;&#125;"},
        {"one\n## two", "one?&#35;&#35; two"},
    };
    (void)state;
    check(sy_put_markdown, cases, SY_COUNT(cases));
}

static void test_commands(void **state) {
    static const struct escape_case messages[] = {
        {"50% is, so: fine", "50%25 is, so: fine"},
        {"a\n::set-output name=x::y", "a?::set-output name=x::y"},
        {"%0A::error::", "%250A::error::"},
    };
    static const struct escape_case properties[] = {
        {"a:b,c%", "a%3Ab%2Cc%25"},
        {"x::y", "x%3A%3Ay"},
    };
    (void)state;
    check(sy_put_command, messages, SY_COUNT(messages));
    check(sy_put_command_property, properties, SY_COUNT(properties));
}

static void test_log(void **state) {
    static const struct escape_case cases[] = {
        {"all is well", "all is well"},
        {"::error::no", ".::error::no"},
        {"  ::error::no", ".  ::error::no"},
        {"why ##[add-mask]x ##[", "why ## [add-mask]x ## ["},
        {"###[x]", "### [x]"},
        {"\033[0Ksection_start:1:x\r", "?[0Ksection_start:1:x?"},
    };
    (void)state;
    check(sy_put_log, cases, SY_COUNT(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xml),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
