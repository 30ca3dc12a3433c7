#include "target/lambda.h"

#include "base/memory.h"
#include "fake_aws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct sy_aws *aws;
    struct sy_lambda *lambda;
    int count;
    bool failed;
    struct sy_error error;
    size_t n;
    struct sy_lambda_version first;
    struct sy_lambda_version last;
    struct sy_invoked invoked;
};

static int setup(void **state) {
    struct fixture *f = sy_calloc(1, sizeof *f);
    f->aws = fake_aws_create();
    f->lambda = sy_lambda_open(f->aws);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    size_t unused = fake_unused(f->aws);
    sy_lambda_close(f->lambda);
    sy_aws_destroy(f->aws);
    free(f);
    return unused ? -1 : 0;
}

static void answered(struct fixture *f, const struct sy_error *error) {
    f->count++;
    f->failed = error;
    if (error)
        f->error = *error;
}

static void on_versions(void *ctx, const struct sy_lambda_version *versions, size_t n,
                        const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    f->n = n;
    if (n) {
        f->first = versions[0];
        f->last = versions[n - 1];
    }
}

static void on_published(void *ctx, const struct sy_lambda_version *version,
                         const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    assert_true(!version != !error);
    if (version)
        f->first = *version;
}

static void on_invoked(void *ctx, const struct sy_invoked *invoked, const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    assert_true(!invoked != !error);
    if (invoked)
        f->invoked = *invoked;
}

static void deliver(struct fixture *f) {
    assert_int_equal(f->count, 0);
    fake_deliver(f->aws);
    assert_int_equal(f->count, 1);
}

static void assert_call(struct fixture *f, size_t i, const char *operation, const char *method,
                        const char *path, const char *query, const char *body) {
    const struct fake_call *call = fake_call(f->aws, i);
    assert_int_equal(call->service, SY_AWS_LAMBDA);
    assert_string_equal(call->operation, operation);
    assert_string_equal(call->method, method);
    assert_string_equal(call->path, path);
    assert_string_equal(call->query, query);
    assert_string_equal(call->body, body);
}

#define VERSION(v)                                                                                 \
    "{\"FunctionName\":\"orders-api\",\"FunctionArn\":\"arn:aws:lambda:eu-central-1:123456789012:" \
    "function:orders-api:" v "\",\"CodeSha256\":\"sha-" v "\",\"Version\":\"" v                    \
    "\",\"Description\":\"two\\nlines\",\"LastModified\":\"2026-01-02T03:04:05.000+0000\"}"

static void list(struct fixture *f) {
    sy_lambda_list_versions(f->lambda, "orders-api", on_versions, f);
    deliver(f);
}

static void lists_versions_over_pages(void **state) {
    struct fixture *f = *state;
    fake_reply(
        f->aws, 200,
        "{\"NextMarker\":\"a/b+c=\",\"Versions\":[" VERSION("$LATEST") "," VERSION("40") "]}");
    fake_reply(f->aws, 200, "{\"NextMarker\":\"2\",\"Versions\":[]}");
    fake_reply(f->aws, 200, "{\"NextMarker\":null,\"Versions\":[" VERSION("42") "]}");
    list(f);
    assert_call(f, 0, "ListVersionsByFunction", "GET", "/2015-03-31/functions/orders-api/versions",
                "MaxItems=50", "");
    assert_string_equal(fake_call(f->aws, 1)->query, "MaxItems=50&Marker=a%2Fb%2Bc%3D");
    assert_string_equal(fake_call(f->aws, 2)->query, "MaxItems=50&Marker=2");
    assert_false(f->failed);
    assert_int_equal(f->n, 2);
    assert_string_equal(f->first.version, "40");
    assert_string_equal(f->first.code_sha256, "sha-40");
    assert_string_equal(f->first.description, "two?lines");
    assert_string_equal(f->first.last_modified, "2026-01-02T03:04:05.000+0000");
    assert_string_equal(f->last.version, "42");
}

static void a_function_without_versions(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{\"Versions\":[" VERSION("$LATEST") "]}");
    list(f);
    assert_false(f->failed);
    assert_int_equal(f->n, 0);
}

static void next_page(void *ctx, const struct fake_call *call, struct fake_answer *ret) {
    int *page = ctx;
    (void)call;
    ret->status = 200;
    ret->body = sy_asprintf("{\"Versions\":[" VERSION("1") "],\"NextMarker\":\"%d\"}", ++*page);
}

static void an_endless_list_is_refused(void **state) {
    struct fixture *f = *state;
    int page = 0;
    fake_responder(f->aws, next_page, &page);
    list(f);
    assert_int_equal(page, 200);
    assert_int_equal(f->error.code, SY_INTERNAL);
}

static void a_marker_that_stands_still_is_refused(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{\"Versions\":[],\"NextMarker\":\"1\"}");
    fake_reply(f->aws, 200, "{\"Versions\":[],\"NextMarker\":\"1\"}");
    list(f);
    assert_int_equal(f->error.code, SY_INTERNAL);
}

static void hostile_lists_are_refused(void **state) {
    static const char *const cases[] = {"",
                                        "{}",
                                        "[]",
                                        "{\"Versions\":{}}",
                                        "{\"Versions\":[7]}",
                                        "{\"Versions\":[null]}",
                                        "{\"Versions\":[{}]}",
                                        "{\"Versions\":[{\"Version\":\"live\"}]}",
                                        "{\"Versions\":[{\"Version\":42}]}",
                                        "{\"Versions\":[],\"NextMarker\":7}"};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        fake_reply(f->aws, 200, cases[i]);
        list(f);
        if (!f->failed)
            fail_msg("accepted %s", cases[i]);
        assert_int_equal(f->error.code, SY_INTERNAL);
        assert_int_equal(f->n, 0);
        teardown(state);
    }
}

static void listing_a_missing_function(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_NOT_FOUND, "ResourceNotFoundException", "Function not found");
    list(f);
    assert_string_equal(f->error.reason, "FUNCTION_NOT_FOUND");
    assert_non_null(strstr(f->error.message, "orders-api"));
}

static void publish(struct fixture *f, const struct sy_publish *publish) {
    sy_lambda_publish(f->lambda, publish, on_published, f);
    deliver(f);
}

static void publishes_what_was_built(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 201, VERSION("43"));
    publish(f, &(struct sy_publish){.function = "orders-api",
                                    .code_sha256 = "q6tg=",
                                    .revision = "r-1",
                                    .description = "build \"7\""});
    assert_call(f, 0, "PublishVersion", "POST", "/2015-03-31/functions/orders-api/versions", "",
                "{\"CodeSha256\":\"q6tg=\",\"Description\":\"build \\\"7\\\"\",\"RevisionId\":"
                "\"r-1\"}");
    assert_string_equal(f->first.version, "43");
}

static void publishes_whatever_is_there(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 201, VERSION("43"));
    publish(f, &(struct sy_publish){.function = "orders-api"});
    assert_string_equal(fake_call(f->aws, 0)->body, "{}");
    assert_false(f->failed);
}

static void publishing_can_fail(void **state) {
    static const struct {
        enum sy_code is;
        enum sy_code want;
        const char *reason;
    } cases[] = {{SY_ABORTED, SY_ABORTED, "STALE_REVISION"},
                 {SY_ALREADY_EXISTS, SY_UNAVAILABLE, "AWS"},
                 {SY_NOT_FOUND, SY_NOT_FOUND, "FUNCTION_NOT_FOUND"},
                 {SY_INVALID_ARGUMENT, SY_INVALID_ARGUMENT, "AWS"}};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        fake_error(f->aws, cases[i].is, "AWS", "said no");
        publish(f, &(struct sy_publish){.function = "orders-api"});
        assert_int_equal(f->error.code, cases[i].want);
        assert_string_equal(f->error.reason, cases[i].reason);
        teardown(state);
    }
}

static void hostile_publish_answers_are_refused(void **state) {
    static const char *const cases[] = {"", "{}", VERSION("$LATEST"), "{\"Version\":\"\"}",
                                        "{\"Version\":\"1\",\"CodeSha256\":7}"};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        setup(state);
        struct fixture *f = *state;
        fake_reply(f->aws, 201, cases[i]);
        publish(f, &(struct sy_publish){.function = "orders-api"});
        if (!f->failed)
            fail_msg("accepted %s", cases[i]);
        assert_int_equal(f->error.code, SY_INTERNAL);
        teardown(state);
    }
}

static void invokes_a_version(void **state) {
    static const struct sy_http_header headers[] = {{"x-amz-executed-version", "42"},
                                                    {"Content-Type", "application/json"}};
    struct fixture *f = *state;
    fake_reply_headers(f->aws, 200, "{\"ok\":true}", headers, 2);
    sy_lambda_invoke(f->lambda, "orders-api", "live", "{\"n\":1}", on_invoked, f);
    deliver(f);
    assert_call(f, 0, "Invoke", "POST", "/2015-03-31/functions/orders-api/invocations",
                "Qualifier=live", "{\"n\":1}");
    assert_int_equal(f->invoked.status, 200);
    assert_string_equal(f->invoked.executed_version, "42");
    assert_string_equal(f->invoked.function_error, "");
    assert_int_equal(f->invoked.payload_len, strlen("{\"ok\":true}"));
    assert_false(f->invoked.truncated);
}

static void a_function_that_fails_is_an_answer(void **state) {
    static const struct sy_http_header headers[] = {{"X-Amz-Function-Error", "Unhandled"},
                                                    {"X-Amz-Executed-Version", "$LATEST\x1b"}};
    struct fixture *f = *state;
    fake_reply_headers(f->aws, 200, "{\"errorMessage\":\"boom\"}", headers, 2);
    sy_lambda_invoke(f->lambda, "orders-api", "42", NULL, on_invoked, f);
    deliver(f);
    assert_string_equal(fake_call(f->aws, 0)->body, "");
    assert_false(f->failed);
    assert_string_equal(f->invoked.function_error, "Unhandled");
    assert_string_equal(f->invoked.executed_version, ""); /* no version at all */
}

static void a_long_payload_is_cut(void **state) {
    struct fixture *f = *state;
    SY_AUTO_FREE char *body = sy_calloc(SY_INVOKED_PAYLOAD_MAX + 2, 1);
    memset(body, 'x', SY_INVOKED_PAYLOAD_MAX + 1);
    fake_reply(f->aws, 200, body);
    sy_lambda_invoke(f->lambda, "orders-api", "42", NULL, on_invoked, f);
    deliver(f);
    assert_int_equal(f->invoked.payload_len, SY_INVOKED_PAYLOAD_MAX);
    assert_true(f->invoked.truncated);
}

static void invoking_what_is_not_there(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_NOT_FOUND, "ResourceNotFoundException", "Function not found");
    sy_lambda_invoke(f->lambda, "orders-api", "99", NULL, on_invoked, f);
    deliver(f);
    assert_int_equal(f->error.code, SY_NOT_FOUND);
    assert_non_null(strstr(f->error.message, "99"));
}

static void close_forgets_calls_under_way(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{\"NextMarker\":\"2\",\"Versions\":[" VERSION("40") "]}");
    sy_lambda_list_versions(f->lambda, "orders-api", on_versions, f);
    assert_true(fake_deliver_one(f->aws)); /* the second page is under way */
    sy_lambda_invoke(f->lambda, "orders-api", "42", NULL, on_invoked, f);
    assert_int_equal(f->count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(lists_versions_over_pages),
        TEST(a_function_without_versions),
        TEST(an_endless_list_is_refused),
        TEST(a_marker_that_stands_still_is_refused),
        cmocka_unit_test(hostile_lists_are_refused),
        TEST(listing_a_missing_function),
        TEST(publishes_what_was_built),
        TEST(publishes_whatever_is_there),
        cmocka_unit_test(publishing_can_fail),
        cmocka_unit_test(hostile_publish_answers_are_refused),
        TEST(invokes_a_version),
        TEST(a_function_that_fails_is_an_answer),
        TEST(a_long_payload_is_cut),
        TEST(invoking_what_is_not_there),
        TEST(close_forgets_calls_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
