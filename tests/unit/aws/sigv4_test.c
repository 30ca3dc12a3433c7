/* The stages of the signer. The whole public suite runs in tests/peers/sigv4; here is what it does
 * not cover. */
#include "aws/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct sy_credentials credentials = {
    .access_key = (char[]){"AKIDEXAMPLE"},
    .secret_key = (char[]){"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}};

static struct sy_sigv4 *open_signer(const char *service) {
    struct sy_sigv4 *signer = NULL;
    struct sy_error error = {0};
    if (sy_sigv4_create(&credentials, "us-east-1", service, &signer, &error))
        fail_msg("%s", error.message);
    return signer;
}

static const struct sy_http_header vanilla_headers[] = {{"Host", "example.amazonaws.com"},
                                                        {"X-Amz-Date", "20150830T123600Z"}};
static const struct sy_sigv4_request vanilla = {
    .method = "GET", .headers = vanilla_headers, .n_headers = 2, .date = "20150830T123600Z"};

static void test_stages(void **state) {
    (void)state;
    struct sy_sigv4 *signer = open_signer("service");
    struct sy_error error = {0};
    SY_AUTO_BUFFER struct sy_buffer canonical = {0};
    SY_AUTO_BUFFER struct sy_buffer names = {0};
    SY_AUTO_BUFFER struct sy_buffer to_sign = {0};
    char hex[SY_SIGV4_HEX_SIZE];
    assert_int_equal(sy_sigv4_canonical_request(signer, &vanilla, &canonical, &names, &error), 0);
    assert_string_equal(canonical.data,
                        "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
                        "host;x-amz-date\n"
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(sy_sigv4_string_to_sign(signer, vanilla.date, canonical.data, canonical.len,
                                             &to_sign, &error),
                     0);
    assert_string_equal(to_sign.data,
                        "AWS4-HMAC-SHA256\n20150830T123600Z\n"
                        "20150830/us-east-1/service/aws4_request\n"
                        "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
    assert_int_equal(
        sy_sigv4_signature(signer, vanilla.date, to_sign.data, to_sign.len, hex, &error), 0);
    assert_string_equal(hex, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    sy_sigv4_destroy(signer);
}

static char *authorize(struct sy_sigv4 *signer, const struct sy_sigv4_request *request) {
    struct sy_error error = {0};
    struct sy_buffer authorization = {0};
    if (sy_sigv4_authorize(signer, request, &authorization, &error))
        fail_msg("%s", error.message);
    return authorization.data;
}

/* The cached key of one day must not sign another day, nor may a signature depend on the last. */
static void test_day_key(void **state) {
    (void)state;
    struct sy_sigv4 *signer = open_signer("service");
    struct sy_http_header headers[] = {{"Host", "example.amazonaws.com"},
                                       {"X-Amz-Date", "20150831T000000Z"}};
    struct sy_sigv4_request next_day = {
        .method = "GET", .headers = headers, .n_headers = 2, .date = "20150831T000000Z"};
    SY_AUTO_FREE char *first = authorize(signer, &vanilla);
    SY_AUTO_FREE char *next = authorize(signer, &next_day);
    SY_AUTO_FREE char *again = authorize(signer, &vanilla);
    SY_AUTO_FREE char *same_day = authorize(signer, &vanilla);
    struct sy_sigv4 *fresh_signer = open_signer("service");
    SY_AUTO_FREE char *fresh = authorize(fresh_signer, &next_day);
    assert_string_equal(first, "AWS4-HMAC-SHA256 "
                               "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                               "SignedHeaders=host;x-amz-date, Signature="
                               "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    assert_string_equal(again, first);
    assert_string_equal(same_day, first);
    assert_string_equal(next, fresh);
    sy_sigv4_destroy(fresh_signer);
    sy_sigv4_destroy(signer);
}

static void expect_canonical(const struct sy_sigv4_request *request, const char *path,
                             const char *query) {
    struct sy_sigv4 *signer = open_signer("lambda");
    struct sy_error error = {0};
    SY_AUTO_BUFFER struct sy_buffer canonical = {0};
    SY_AUTO_BUFFER struct sy_buffer names = {0};
    SY_AUTO_FREE char *start = sy_asprintf("GET\n%s\n%s\nhost:", path, query);
    assert_int_equal(sy_sigv4_canonical_request(signer, request, &canonical, &names, &error), 0);
    if (strncmp(canonical.data, start, strlen(start)) != 0)
        fail_msg("expected %s\ngot %s", start, canonical.data);
    sy_sigv4_destroy(signer);
}

static void test_paths(void **state) {
    (void)state;
    static const struct {
        const char *path;
        const char *canonical;
    } cases[] = {
        {"", "/"},
        {"/functions/arn:aws:lambda:us-east-1:1:function:f/aliases/live",
         "/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/aliases/live"},
        {"/functions/arn%3Aaws%3Alambda/aliases", "/functions/arn%253Aaws%253Alambda/aliases"},
        {"/a/./b/../c//d/", "/a/c/d/"},
        {"/..", "/"},
        {"/../../a/..b/...", "/a/..b/..."},
        {"/a%2Fb/%zz%", "/a%252Fb/%25zz%25"},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_sigv4_request request = vanilla;
        request.path = cases[i].path;
        expect_canonical(&request, cases[i].canonical, "");
    }
}

static void test_queries(void **state) {
    (void)state;
    static const struct {
        const char *query;
        const char *canonical;
    } cases[] = {
        {"", ""},
        {"MaxItems=50&Marker=a%2fb", "Marker=a%2Fb&MaxItems=50"},
        {"b=2&a=2&a=1&a-b=3&a", "a=&a=1&a=2&a-b=3&b=2"},
        {"FunctionVersion=%24LATEST&x=$LATEST", "FunctionVersion=%24LATEST&x=%24LATEST"},
        {"&&k=%&k=%4&k=a=b&", "k=%25&k=%254&k=a%3Db"},
        {"t=2026-01-02T03:04:05Z", "t=2026-01-02T03%3A04%3A05Z"},
        {"a=%7E~%41", "a=~~A"},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_sigv4_request request = vanilla;
        request.query = cases[i].query;
        expect_canonical(&request, "/", cases[i].canonical);
    }
}

static void test_headers(void **state) {
    (void)state;
    static const struct sy_http_header headers[] = {{"X-Amz-Target", "AmazonSSM.GetParameter"},
                                                    {"Z", " \t a  b \t"},
                                                    {"Host", "h"},
                                                    {"x-b", "2"},
                                                    {"X-B", "1"},
                                                    {"X-B", ""},
                                                    {"x-amz-date", "20150830T123600Z"}};
    struct sy_sigv4_request request = vanilla;
    struct sy_sigv4 *signer = open_signer("ssm");
    struct sy_error error = {0};
    SY_AUTO_BUFFER struct sy_buffer canonical = {0};
    SY_AUTO_BUFFER struct sy_buffer names = {0};
    request.headers = headers;
    request.n_headers = SY_COUNT(headers);
    assert_int_equal(sy_sigv4_canonical_request(signer, &request, &canonical, &names, &error), 0);
    assert_string_equal(names.data, "host;x-amz-date;x-amz-target;x-b;z");
    assert_non_null(strstr(canonical.data,
                           "\nhost:h\nx-amz-date:20150830T123600Z\n"
                           "x-amz-target:AmazonSSM.GetParameter\nx-b:2,1,\nz:a b\n\nhost;"));
    sy_sigv4_destroy(signer);
}

static void expect_refused(const struct sy_sigv4_request *request) {
    struct sy_sigv4 *signer = open_signer("lambda");
    struct sy_error error = {0};
    SY_AUTO_BUFFER struct sy_buffer authorization = {0};
    assert_int_equal(sy_sigv4_authorize(signer, request, &authorization, &error), -1);
    assert_int_equal(error.code, SY_INVALID_ARGUMENT);
    assert_int_equal(authorization.len, 0);
    sy_sigv4_destroy(signer);
}

static void test_bounds(void **state) {
    (void)state;
    struct sy_http_header headers[SY_SIGV4_HEADERS_MAX + 1];
    struct sy_sigv4_request request = vanilla;
    SY_AUTO_BUFFER struct sy_buffer query = {0};
    SY_AUTO_BUFFER struct sy_buffer path = {0};
    for (int i = 0; i < SY_SIGV4_PARAMS_MAX; i++)
        sy_buffer_puts(&query, "&p=1");
    for (int i = 0; i < SY_SIGV4_SEGMENTS_MAX; i++)
        sy_buffer_puts(&path, "//s");
    struct sy_sigv4 *signer = open_signer("lambda");
    request.query = query.data;
    request.path = path.data;
    SY_AUTO_FREE char *at_the_bound = authorize(signer, &request);
    assert_non_null(at_the_bound);
    sy_sigv4_destroy(signer);
    sy_buffer_puts(&query, "&p=1");
    request.query = query.data;
    expect_refused(&request);
    request = vanilla;
    sy_buffer_puts(&path, "//s");
    request.path = path.data;
    expect_refused(&request);
    request = vanilla;
    for (size_t i = 0; i < SY_COUNT(headers); i++)
        headers[i] = vanilla_headers[0];
    request.headers = headers;
    request.n_headers = SY_COUNT(headers);
    expect_refused(&request);
}

static void test_date(void **state) {
    (void)state;
    char buf[SY_SIGV4_DATE_SIZE];
    assert_string_equal(sy_sigv4_date(1440938160999, buf), "20150830T123600Z");
    assert_string_equal(sy_sigv4_date(0, buf), "19700101T000000Z");
    assert_string_equal(sy_sigv4_date(INT64_MAX, buf), "19700101T000000Z");
}

static void test_redact(void **state) {
    (void)state;
    struct sy_credentials some = {.secret_key = (char[]){"abc"}, .session_token = (char[]){"xyzz"}};
    char text[] = "abcabc xyzzy ab";
    sy_credentials_redact(&some, text);
    assert_string_equal(text, "****** ****y ab");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stages),  cmocka_unit_test(test_day_key),
        cmocka_unit_test(test_paths),   cmocka_unit_test(test_queries),
        cmocka_unit_test(test_headers), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_date),    cmocka_unit_test(test_redact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
