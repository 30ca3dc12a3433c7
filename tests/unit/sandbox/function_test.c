/* Code, versions and what stands around an alias, in the sandbox. */
#include "calls.h"

static const char scenario[] =
    "{\"functions\":[{\"name\":\"checkout\",\"publish_pending\":\"5s\",\"update_pending\":\"3s\","
    "\"snap_start\":true,"
    "\"versions\":[{\"version\":\"41\"},{\"version\":\"42\",\"role\":\"arn:other\"},"
    "{\"version\":\"43\",\"dead_letter\":\"arn:q\"}],"
    "\"latest\":{\"dead_letter\":\"arn:q\",\"role\":\"arn:r\"},"
    "\"aliases\":[{\"name\":\"production\",\"version\":\"41\"}],"
    "\"permissions\":[{\"principal\":\"apigateway.amazonaws.com\"},"
    "{\"alias\":\"production\",\"principal\":\"s3.amazonaws.com\"},"
    "{\"alias\":\"production\",\"principal\":\"sns.amazonaws.com\"}],"
    "\"provisioned_concurrency\":[{\"alias\":\"production\",\"requested\":5,"
    "\"status\":\"READY\"}],"
    "\"event_invoke\":[{\"alias\":\"production\",\"retries\":0}]},"
    "{\"name\":\"bare\",\"versions\":[{\"version\":\"1\"}],\"update_fails\":true,"
    "\"publish_state\":\"Failed\"}]}";

static int setup(void **state) {
    *state = world_of(scenario);
    return 0;
}

static void assert_refused(const struct sy_world_reply *reply, int status, const char *code) {
    assert_int_equal(reply->response.status, status);
    assert_string_equal(sy_http_header_get(&reply->response, "x-amzn-errortype"), code);
}

static int teardown(void **state) {
    sy_world_destroy(*state);
    return 0;
}

/* printf "PK\5\6" and 18 NULs: an empty archive. */
#define ZIP "{\"ZipFile\":\"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\"%s}"

static void takes_an_archive(void **state) {
    struct sy_world_reply r;
    char body[200], revision[64];
    (void)snprintf(body, sizeof body, ZIP, "");
    assert_int_equal(lambda_at(*state, 0, "PUT", "checkout/code", body, &r), 200);
    assert_string_equal(said(&r, "CodeSha256"), "hznHbmgfkAkjuQDJ3w73XPQh05yrtUZQxLmtGbanbYU=");
    assert_string_equal(said(&r, "LastUpdateStatus"), "InProgress");
    assert_string_equal(said(&r, "Version"), "$LATEST");
    (void)snprintf(revision, sizeof revision, "%s", said(&r, "RevisionId"));
    /* One at a time, and nothing is published meanwhile. */
    lambda_at(*state, 1, "PUT", "checkout/code", body, &r);
    assert_refused(&r, 409, "ResourceConflictException");
    lambda_at(*state, 1, "POST", "checkout/versions", "{}", &r);
    assert_refused(&r, 409, "ResourceConflictException");
    lambda_at(*state, 3, "GET", "checkout/configuration", NULL, &r);
    assert_string_equal(said(&r, "LastUpdateStatus"), "Successful");
    assert_string_not_equal(said(&r, "RevisionId"), revision); /* it settled */
    (void)snprintf(body, sizeof body, ZIP, ",\"RevisionId\":\"stale\"");
    lambda_at(*state, 4, "PUT", "checkout/code", body, &r);
    assert_refused(&r, 412, "PreconditionFailedException");
}

static void takes_objects_and_images(void **state) {
    struct sy_world_reply r;
    char first[80];
    assert_int_equal(
        lambda_at(*state, 0, "PUT", "bare/code", "{\"S3Bucket\":\"b\",\"S3Key\":\"k\"}", &r), 200);
    (void)snprintf(first, sizeof first, "%s", said(&r, "CodeSha256"));
    assert_int_equal(strlen(first), 44);
    lambda_at(*state, 0, "PUT", "bare/code",
              "{\"S3Bucket\":\"b\",\"S3Key\":\"k\",\"S3ObjectVersion\":\"2\"}", &r);
    assert_string_not_equal(said(&r, "CodeSha256"), first);
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    lambda_at(*state, 0, "PUT", "bare/code", "{\"ImageUri\":\"repo@sha256:" DIGEST "\"}", &r);
    assert_string_equal(said(&r, "CodeSha256"), DIGEST);
    static const char *const bad[] = {"{}",
                                      "{\"S3Bucket\":\"b\"}",
                                      "{\"ZipFile\":\"UEsFBg\"}",
                                      "{\"ZipFile\":\"IyEvYmluL3NoCmVjaG8gbm8gYXJjaGl2ZQo=\"}",
                                      "{\"ZipFile\":\"!!!!\"}",
                                      "{\"ZipFile\":7}",
                                      "{\"ImageUri\":\"x\",\"S3Bucket\":\"b\",\"S3Key\":\"k\"}"};
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        lambda_at(*state, 0, "PUT", "bare/code", bad[i], &r);
        assert_refused(&r, 400, "InvalidParameterValueException");
    }
}

static void publishes_new_code(void **state) {
    struct sy_world_reply r;
    char body[200];
    (void)snprintf(body, sizeof body, ZIP, "");
    lambda_at(*state, 0, "PUT", "checkout/code", body, &r);
    assert_int_equal(lambda_at(*state, 3, "POST", "checkout/versions", "{}", &r), 201);
    assert_string_equal(said(&r, "Version"), "44");
    assert_string_equal(said(&r, "State"), "Pending");
    assert_string_equal(said(&r, "Role"), "arn:r");
    assert_string_equal(said(&r, "DeadLetterConfig/TargetArn"), "arn:q");
    assert_string_equal(said(&r, "SnapStart/OptimizationStatus"), "Off");
    lambda_at(*state, 8, "GET", "checkout/configuration?Qualifier=44", NULL, &r);
    assert_string_equal(said(&r, "State"), "Active");
    assert_string_equal(said(&r, "SnapStart/OptimizationStatus"), "On");
    lambda_at(*state, 9, "POST", "checkout/versions", "{}", &r);
    assert_string_equal(said(&r, "Version"), "44");
}

static void fails_where_it_is_told_to(void **state) {
    struct sy_world_reply r;
    lambda_at(*state, 0, "PUT", "bare/code", "{\"ImageUri\":\"x\"}", &r);
    assert_string_equal(said(&r, "LastUpdateStatus"), "Failed");
    lambda_at(*state, 0, "POST", "bare/versions", "{}", &r);
    assert_string_equal(said(&r, "State"), "Failed");
    assert_int_not_equal(strlen(said(&r, "StateReason")), 0);
}

static void shares_an_alias_between_equals_only(void **state) {
    struct sy_world_reply r;
    static const char *const others[] = {"42", "43"};
    for (size_t i = 0; i < SY_COUNT(others); i++) {
        char body[120];
        (void)snprintf(body, sizeof body,
                       "{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"%s\":0.1}}}",
                       others[i]);
        lambda_at(*state, 0, "PUT", "checkout/aliases/production", body, &r);
        assert_refused(&r, 400, "InvalidParameterValueException");
    }
    assert_int_equal(lambda_at(*state, 0, "PUT", "checkout/aliases/production",
                               "{\"FunctionVersion\":\"42\"}", &r),
                     200);
}

static int api_at(struct sy_world *world, const char *path, struct sy_world_reply *ret) {
    SY_AUTO_FREE char *url = sy_asprintf("http://127.0.0.1:1/%s", path);
    const struct sy_http_header headers[] = {{"Authorization", SIGNED("lambda")},
                                             {"X-Amz-Date", "20270115T080000Z"}};
    struct sy_http_request request = {
        .method = "GET", .url = url, .headers = headers, .n_headers = 2};
    sy_world_handle(world, start_ms, &request, ret);
    return ret->response.status;
}

static void tells_what_stands_around(void **state) {
    struct sy_world_reply r;
    assert_int_equal(lambda_at(*state, 0, "GET", "checkout/policy", NULL, &r), 200);
    assert_non_null(strstr(said(&r, "Policy"), "apigateway.amazonaws.com"));
    assert_null(strstr(said(&r, "Policy"), "s3.amazonaws.com"));
    lambda_at(*state, 0, "GET", "checkout/policy?Qualifier=production", NULL, &r);
    assert_non_null(strstr(said(&r, "Policy"), "s3.amazonaws.com"));
    assert_non_null(strstr(said(&r, "Policy"), "sns.amazonaws.com"));
    lambda_at(*state, 0, "GET", "bare/policy", NULL, &r);
    assert_refused(&r, 404, "ResourceNotFoundException");
    assert_int_equal(
        api_at(*state, "2019-09-30/functions/checkout/provisioned-concurrency?Qualifier=production",
               &r),
        200);
    assert_string_equal(said(&r, "Status"), "READY");
    api_at(*state, "2019-09-30/functions/checkout/provisioned-concurrency?Qualifier=41", &r);
    assert_refused(&r, 404, "ProvisionedConcurrencyConfigNotFoundException");
    assert_int_equal(
        api_at(*state, "2019-09-25/functions/checkout/event-invoke-config?Qualifier=production",
               &r),
        200);
    assert_string_equal(said(&r, "MaximumRetryAttempts"), "0");
    api_at(*state, "2019-09-25/functions/checkout/event-invoke-config?Qualifier=none", &r);
    assert_refused(&r, 404, "ResourceNotFoundException");
    /* Each under its own date. */
    api_at(*state, "2015-03-31/functions/checkout/provisioned-concurrency?Qualifier=production",
           &r);
    assert_refused(&r, 404, "UnknownOperationException");
}

static void refuses_odd_scenarios(void **state) {
    (void)state;
    static const char *const odd[] = {
        "\"permissions\":[{}]",
        "\"permissions\":[{\"principal\":\"x\",\"alias\":\"none\"}]",
        "\"permissions\":[{\"principal\":\"x\",\"to\":1}]",
        "\"provisioned_concurrency\":[{\"requested\":5,\"status\":\"READY\"}]",
        "\"provisioned_concurrency\":[{\"alias\":\"a\",\"requested\":0,\"status\":\"READY\"}]",
        "\"event_invoke\":[{\"alias\":\"a\",\"retries\":3}]",
        "\"event_invoke\":{}",
        "\"update_pending\":3",
        "\"publish_state\":\"Odd\"",
        "\"update_fails\":\"yes\"",
    };
    for (size_t i = 0; i < SY_COUNT(odd); i++) {
        struct sy_error error = {0};
        struct sy_world *world = NULL;
        SY_AUTO_FREE char *text = sy_asprintf(
            "{\"functions\":[{\"name\":\"f\",\"versions\":[{\"version\":\"1\"}],\"aliases\":[{"
            "\"name\":\"a\",\"version\":\"1\"}],%s}]}",
            odd[i]);
        if (sy_world_create(text, strlen(text), start_ms, &world, &error) == 0)
            fail_msg("%s was taken", odd[i]);
        assert_int_equal(error.code, SY_INVALID_ARGUMENT);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(takes_an_archive),
        TEST(takes_objects_and_images),
        TEST(publishes_new_code),
        TEST(fails_where_it_is_told_to),
        TEST(shares_an_alias_between_equals_only),
        TEST(tells_what_stands_around),
        cmocka_unit_test(refuses_odd_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
