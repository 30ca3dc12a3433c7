#include "aws/blob.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648, section 10. */
static void base64_as_in_its_rfc(void **state) {
    (void)state;
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < SY_COUNT(pairs); i++) {
        SY_AUTO_BUFFER struct sy_buffer to = {0};
        sy_buffer_puts(&to, ">");
        sy_blob_base64(&to, pairs[i][0], strlen(pairs[i][0]));
        assert_string_equal(to.data + 1, pairs[i][1]);
    }
}

/* More than one piece, and none of them but the last is padded. */
static void base64_of_much(void **state) {
    (void)state;
    enum { MUCH = 1000001 };
    SY_AUTO_FREE char *bytes = sy_calloc(1, MUCH);
    SY_AUTO_BUFFER struct sy_buffer to = {0};
    sy_blob_base64(&to, bytes, MUCH);
    assert_int_equal(to.len, (MUCH + 2) / 3 * 4);
    assert_int_equal(strspn(to.data, "A"), to.len - 1); /* one byte of padding */
}

/* FIPS 180-2, the hash of "abc" and of nothing. */
static void sha256_as_lambda_writes_it(void **state) {
    (void)state;
    char hash[65];
    struct sy_error error;
    assert_int_equal(sy_blob_sha256("abc", 3, hash, &error), 0);
    assert_string_equal(hash, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    assert_int_equal(sy_blob_sha256("", 0, hash, &error), 0);
    assert_string_equal(hash, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_as_in_its_rfc),
        cmocka_unit_test(base64_of_much),
        cmocka_unit_test(sha256_as_lambda_writes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
