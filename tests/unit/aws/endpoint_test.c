#include "aws/endpoint.h"

#include "aws/service.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_regions(void **state) {
    (void)state;
    static const char *const good[] = {"eu-central-1",   "us-gov-west-1",  "cn-north-1",
                                       "us-isob-east-1", "eusc-de-east-1", "ap-southeast-12"};
    static const char *const bad[] = {"",
                                      "eu",
                                      "eu-west1",
                                      "us-east-1a",
                                      "US-EAST-1",
                                      "us-east-",
                                      "-us-east-1",
                                      "us--east-1",
                                      "us-east-123",
                                      "us-1",
                                      "evil.example/us-east-1",
                                      "us-east-1\n",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-b-1"};
    struct sy_error error = {0};
    for (size_t i = 0; i < SY_COUNT(good); i++)
        if (sy_region_check(good[i], &error))
            fail_msg("%s: %s", good[i], error.message);
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        if (sy_region_check(bad[i], &error) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(error.code, SY_INVALID_ARGUMENT);
        assert_string_equal(error.field, "region");
    }
}

/* Each partition, and each exception of GovCloud; tests/peers/credentials has them all. */
static void test_hosts(void **state) {
    (void)state;
    static const struct {
        enum sy_aws_service service;
        const char *region;
        bool fips;
        bool dual_stack;
        const char *host;
    } cases[] = {
        {SY_AWS_CLOUDWATCH, "eu-central-1", false, false, "monitoring.eu-central-1.amazonaws.com"},
        {SY_AWS_LAMBDA, "eu-central-1", true, false, "lambda-fips.eu-central-1.amazonaws.com"},
        {SY_AWS_LAMBDA, "eu-central-1", false, true, "lambda.eu-central-1.api.aws"},
        {SY_AWS_SSM, "us-east-1", true, true, "ssm-fips.us-east-1.api.aws"},
        {SY_AWS_LAMBDA, "us-gov-west-1", true, false, "lambda-fips.us-gov-west-1.amazonaws.com"},
        {SY_AWS_SSM, "us-gov-west-1", true, false, "ssm.us-gov-west-1.amazonaws.com"},
        {SY_AWS_SSM, "us-gov-west-1", true, true, "ssm-fips.us-gov-west-1.api.aws"},
        {SY_AWS_CLOUDWATCH, "us-gov-east-1", true, true, "monitoring.us-gov-east-1.api.aws"},
        {SY_AWS_LAMBDA, "cn-north-1", false, false, "lambda.cn-north-1.amazonaws.com.cn"},
        {SY_AWS_LAMBDA, "cn-north-1", false, true,
         "lambda.cn-north-1.api.amazonwebservices.com.cn"},
        {SY_AWS_LAMBDA, "eusc-de-east-1", false, false, "lambda.eusc-de-east-1.amazonaws.eu"},
        {SY_AWS_LAMBDA, "us-iso-east-1", false, false, "lambda.us-iso-east-1.c2s.ic.gov"},
        {SY_AWS_LAMBDA, "us-isob-east-1", false, false, "lambda.us-isob-east-1.sc2s.sgov.gov"}};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_endpoint endpoint;
        sy_endpoint_of_region(sy_service_get(cases[i].service), cases[i].region, cases[i].fips,
                              cases[i].dual_stack, &endpoint);
        assert_string_equal(endpoint.host, cases[i].host);
        assert_string_equal(endpoint.prefix, "");
        assert_true(endpoint.tls);
    }
}

static void test_urls(void **state) {
    (void)state;
    static const struct {
        const char *url;
        bool tls;
        const char *host;
        const char *prefix;
    } good[] = {{"http://localhost:4566", false, "localhost:4566", ""},
                {"HTTPS://Example.com/", true, "Example.com", ""},
                {"https://example.com:443", true, "example.com", ""},
                {"http://example.com:443", false, "example.com:443", ""},
                {"http://[::1]:80/a/b_c~/", false, "[::1]", "/a/b_c~"},
                {"http://vpce-1_x.lambda:65535/x", false, "vpce-1_x.lambda:65535", "/x"}};
    static const char *const bad[] = {"",
                                      "localhost:4566",
                                      "ftp://x",
                                      "http://",
                                      "http://:80",
                                      "http://x:",
                                      "http://x:0",
                                      "http://x:65536",
                                      "http://x:80a",
                                      "http://u@x",
                                      "http://x?",
                                      "http://x/a?b",
                                      "http://x/#f",
                                      "http://x/a//b",
                                      "http://x/../b",
                                      "http://[",
                                      "http://[]",
                                      "http://x y",
                                      "http://x/%2e",
                                      "http://x\r\nY: z",
                                      "http:///x",
                                      "http://x:99999999999999999999"};
    struct sy_error error = {0};
    for (size_t i = 0; i < SY_COUNT(good); i++) {
        struct sy_endpoint endpoint;
        if (sy_endpoint_parse("AWS_ENDPOINT_URL", good[i].url, &endpoint, &error))
            fail_msg("%s: %s", good[i].url, error.message);
        assert_string_equal(endpoint.host, good[i].host);
        assert_string_equal(endpoint.prefix, good[i].prefix);
        assert_int_equal(endpoint.tls, good[i].tls);
    }
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        struct sy_endpoint endpoint;
        if (sy_endpoint_parse("AWS_ENDPOINT_URL", bad[i], &endpoint, &error) == 0)
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(error.code, SY_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, "AWS_ENDPOINT_URL: "));
    }
}

static void test_long_urls(void **state) {
    (void)state;
    struct sy_endpoint endpoint;
    struct sy_error error = {0};
    for (size_t len = 200; len < 2000; len++) {
        SY_AUTO_FREE char *name = sy_calloc(1, len + 1);
        memset(name, 'a', len);
        SY_AUTO_FREE char *host = sy_asprintf("http://%s:65535", name);
        SY_AUTO_FREE char *path = sy_asprintf("http://x/%s", name);
        bool host_taken = sy_endpoint_parse("endpoint", host, &endpoint, &error) == 0;
        bool path_taken = sy_endpoint_parse("endpoint", path, &endpoint, &error) == 0;
        assert_int_equal(host_taken, len <= SY_ENDPOINT_HOST_MAX);
        assert_int_equal(path_taken, len + 1 <= SY_ENDPOINT_PREFIX_MAX);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_long_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
