#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void buffer_grows_and_ends_in_nul(void **state) {
    (void)state;
    SY_AUTO_BUFFER struct sy_buffer buffer = {0};
    assert_null(buffer.data);
    for (int i = 0; i < 10000; i++) {
        char c = (char)('a' + i % 26);
        sy_buffer_append(&buffer, &c, 1);
        assert_int_equal(buffer.len, i + 1);
        assert_int_equal(buffer.data[buffer.len], '\0');
        assert_true(buffer.capacity > buffer.len);
    }
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buffer.data[i], 'a' + i % 26);
}

static void buffer_takes_anything(void **state) {
    (void)state;
    SY_AUTO_BUFFER struct sy_buffer buffer = {0};
    sy_buffer_append(&buffer, NULL, 0);
    assert_string_equal(buffer.data, "");
    sy_buffer_append(&buffer, "a\0b", 3);
    sy_buffer_puts(&buffer, "");
    sy_buffer_printf(&buffer, "%s", "");
    sy_buffer_puts(&buffer, "-");
    sy_buffer_printf(&buffer, "%d/%s", 7, "x");
    assert_int_equal(buffer.len, 7);
    assert_memory_equal(buffer.data, "a\0b-7/x", 8);
}

static void buffer_printf_longer_than_itself(void **state) {
    (void)state;
    SY_AUTO_BUFFER struct sy_buffer buffer = {0};
    sy_buffer_printf(&buffer, "%2000d", 1);
    assert_int_equal(buffer.len, 2000);
    assert_int_equal(buffer.data[1999], '1');
}

static void finish_twice(void **state) {
    (void)state;
    struct sy_buffer buffer = {0};
    sy_buffer_finish(&buffer);
    sy_buffer_puts(&buffer, "x");
    sy_buffer_finish(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.len, 0);
    sy_buffer_finish(&buffer);
}

static void steal(void **state) {
    (void)state;
    char *kept = NULL;
    {
        SY_AUTO_FREE char *mine = sy_strdup("mine");
        kept = SY_STEAL(mine);
        assert_null(mine);
    }
    assert_string_equal(kept, "mine");
    free(kept);
}

static void small_ones(void **state) {
    (void)state;
    SY_AUTO_FREE char *zero = sy_calloc(0, 8);
    assert_non_null(zero);
    SY_AUTO_FREE char *part = sy_strndup("abcdef", 3);
    assert_string_equal(part, "abc");
    SY_AUTO_FREE char *printed = sy_asprintf("%s-%d", part, 5);
    assert_string_equal(printed, "abc-5");
    SY_AUTO_FREE int64_t *cleared = sy_calloc(4, sizeof *cleared);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(cleared[i], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_grows_and_ends_in_nul),
        cmocka_unit_test(buffer_takes_anything),
        cmocka_unit_test(buffer_printf_longer_than_itself),
        cmocka_unit_test(finish_twice),
        cmocka_unit_test(steal),
        cmocka_unit_test(small_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
