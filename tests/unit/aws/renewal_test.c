/* Credentials that are renewed while calls go on, and a clock that is not AWS's. */
#include "credentials_fixture.h"

#define AT(time) "2015-08-30T" time "Z"
#define CONTAINER "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9/creds"
#define OK_LAMBDA                                                                                  \
    { .status = 200, .body = "{}" }

enum { MINUTE_MS = 60 * 1000 };

/* fake_io answers by the number of the request. */
static struct credentials_fixture begin(const struct fake_answer *script, size_t n) {
    struct credentials_fixture f = credentials_begin();
    credentials_set(&f, CONTAINER);
    f.fake->script = script;
    f.fake->n_script = n;
    if (credentials_open(&f, NULL))
        fail_msg("%s", f.error.message);
    return f;
}

static void pass(struct credentials_fixture *f, int minutes) {
    f->fake->now_ms += (int64_t)minutes * MINUTE_MS;
}

static void call(struct credentials_fixture *f) {
    credentials_send(f);
    fake_run(f->fake);
}

static void check_signers(const struct credentials_fixture *f, const char *const *signers) {
    for (size_t i = 0; i < f->fake->n_requests; i++)
        if (!signers[i] ? !strstr(f->fake->requests[i].url, "/creds")
                        : !is_signed_by(&f->fake->requests[i], signers[i]))
            fail_msg("request %zu: %s %s", i, f->fake->requests[i].url,
                     f->fake->requests[i].headers);
}

static void test_all_that_wait_share_one_fetch(void **state) {
    (void)state;
    static const struct fake_answer script[] = {
        {.status = 200, .body = JSON_OK("A", AT("18:00:00"))}, OK_LAMBDA};
    struct credentials_fixture f = begin(script, SY_COUNT(script));
    struct sy_aws_expiry expiry = {0};
    sy_aws_credentials_expiry(f.aws, &expiry);
    assert_null(expiry.source);
    assert_true(expiry.refreshes);
    for (int i = 0; i < 3; i++)
        credentials_send(&f);
    assert_int_equal(f.fake->n_requests, 1);
    fake_run(f.fake);
    assert_int_equal(f.replies, 3);
    check_signers(&f, (const char *const[]){NULL, "A", "A", "A"});
    sy_aws_credentials_expiry(f.aws, &expiry);
    assert_non_null(strstr(expiry.source, "container"));
    assert_true(expiry.known && expiry.refreshes);
    assert_int_equal(expiry.expires_ms, 1440957600000);
    credentials_end(&f);
}

/* From 15 minutes before the end a new one is fetched; the call that starts it goes on with the old
 * one. */
static void test_renewal(void **state) {
    (void)state;
    static const struct fake_answer script[] = {
        {.status = 200, .body = JSON_OK("A", AT("13:36:00"))},
        OK_LAMBDA,
        OK_LAMBDA,
        {.status = 200, .body = JSON_OK("B", AT("18:00:00"))},
        OK_LAMBDA};
    struct credentials_fixture f = begin(script, SY_COUNT(script));
    call(&f);
    pass(&f, 44);
    call(&f);
    pass(&f, 2);
    call(&f);
    call(&f);
    assert_int_equal(f.replies, 4);
    check_signers(&f, (const char *const[]){NULL, "A", "A", NULL, "A", "B"});
    credentials_end(&f);
}

/* The source is down for good: the old ones go on to their end, asked once a minute; then the calls
 * fail with what the source said. */
static void test_old_ones_go_on(void **state) {
    (void)state;
    static const struct fake_answer script[] = {
        {.status = 200, .body = JSON_OK("A", AT("13:36:00"))},
        OK_LAMBDA,
        {.status = 500},
        OK_LAMBDA,
        {.status = 500},
        {.status = 500},
        OK_LAMBDA,
        {.status = 500},
        OK_LAMBDA,
        {.status = 500},
        {.status = 500},
        {.status = 500},
        {.status = 500},
        {.status = 500},
    };
    struct credentials_fixture f = begin(script, SY_COUNT(script));
    call(&f);
    pass(&f, 50);
    call(&f);
    call(&f);
    assert_int_equal(f.fake->n_requests, 7);
    pass(&f, 5);
    call(&f);
    assert_int_equal(f.replies, 4);
    assert_int_equal(f.errors, 0);
    pass(&f, 10);
    call(&f);
    assert_int_equal(f.errors, 1);
    assert_int_equal(f.error.code, SY_UNAUTHENTICATED);
    assert_non_null(strstr(f.error.message, "it answered HTTP 500"));
    check_signers(&f, (const char *const[]){NULL, "A", NULL, "A", NULL, NULL, "A", NULL, "A", NULL,
                                            NULL, NULL, NULL, NULL});
    credentials_end(&f);
}

/* AWS says that they have ended, whatever we were told: fetch others, once a call. */
static void test_refused_by_aws(void **state) {
    (void)state;
    static const struct fake_answer expired = {.status = 403,
                                               .header = "x-amzn-ErrorType",
                                               .value = "ExpiredTokenException",
                                               .body = "{\"message\":\"expired\"}"};
    const struct fake_answer script[] = {{.status = 200, .body = JSON_OK("A", AT("18:00:00"))},
                                         expired,
                                         {.status = 200, .body = JSON_OK("B", AT("18:00:00"))},
                                         OK_LAMBDA,
                                         expired,
                                         {.status = 200, .body = JSON_OK("C", AT("18:00:00"))},
                                         expired};
    struct credentials_fixture f = begin(script, SY_COUNT(script));
    call(&f);
    assert_int_equal(f.replies, 1);
    call(&f);
    assert_int_equal(f.errors, 1);
    assert_string_equal(f.error.reason, "ExpiredTokenException");
    assert_non_null(strstr(f.error.message, "the credentials, from the container's"));
    check_signers(&f, (const char *const[]){NULL, "A", NULL, "B", "B", NULL, "C"});
    credentials_end(&f);
}

static void test_destroyed_while_waiting(void **state) {
    (void)state;
    static const struct fake_answer script[] = {
        {.status = 200, .body = JSON_OK("A", AT("18:00:00"))}};
    struct credentials_fixture f = begin(script, 1);
    credentials_send(&f);
    sy_aws_destroy(f.aws);
    f.aws = NULL;
    assert_int_equal(f.fake->n_cancelled, 1);
    fake_run(f.fake);
    assert_int_equal(f.replies + f.errors, 0);
    credentials_end(&f);
}

static void test_expiry_of_variables(void **state) {
    (void)state;
    struct sy_aws_expiry expiry = {0};
    struct credentials_fixture f = credentials_begin();
    credentials_set(&f, "AWS_ACCESS_KEY_ID=A");
    credentials_set(&f, "AWS_SECRET_ACCESS_KEY=" SECRET_KEY);
    assert_int_equal(credentials_open(&f, NULL), 0);
    sy_aws_credentials_expiry(f.aws, &expiry);
    assert_string_equal(expiry.source, "the environment");
    assert_true(expiry.known && expiry.expires_ms == INT64_MAX && !expiry.refreshes);
    sy_aws_destroy(f.aws);
    credentials_set(&f, "AWS_SESSION_TOKEN=" SECRET_TOKEN);
    assert_int_equal(credentials_open(&f, NULL), 0);
    sy_aws_credentials_expiry(f.aws, &expiry);
    assert_false(expiry.known || expiry.refreshes);
    sy_aws_destroy(f.aws);
    credentials_set(&f, "AWS_CREDENTIAL_EXPIRATION=" AT("13:36:00"));
    assert_int_equal(credentials_open(&f, NULL), 0);
    sy_aws_credentials_expiry(f.aws, &expiry);
    assert_true(expiry.known && expiry.expires_ms == 1440941760000 && !expiry.refreshes);
    assert_int_equal(f.fake->n_requests, 0);
    credentials_end(&f);
}

/* ---- the clock ---- */

static struct credentials_fixture begin_with_keys(const struct fake_answer *script, size_t n) {
    struct credentials_fixture f = credentials_begin();
    credentials_set(&f, "AWS_ACCESS_KEY_ID=A");
    credentials_set(&f, "AWS_SECRET_ACCESS_KEY=" SECRET_KEY);
    f.fake->script = script;
    f.fake->n_script = n;
    assert_int_equal(credentials_open(&f, NULL), 0);
    return f;
}

static bool is_dated(const struct fake_request *request, const char *date) {
    SY_AUTO_FREE char *line = sy_asprintf("X-Amz-Date: %s\n", date);
    return strstr(request->headers, line) != NULL;
}

#define SKEWED(code, date)                                                                         \
    {                                                                                              \
        .status = 403, .body = "{\"__type\":\"" code "\",\"message\":\"Signature expired\"}",      \
        .header = "Date", .value = date                                                            \
    }

/* Ours is an hour and a half behind AWS's: signed once more with AWS's time, which is kept. */
static void test_clock_is_corrected(void **state) {
    (void)state;
    static const char *const codes[] = {"RequestTimeTooSkewed", "RequestExpired",
                                        "InvalidSignatureException", "SignatureDoesNotMatch"};
    for (size_t i = 0; i < SY_COUNT(codes); i++) {
        SY_AUTO_FREE char *body = sy_asprintf("{\"__type\":\"%s\",\"message\":\"no\"}", codes[i]);
        const struct fake_answer script[] = {{.status = 403,
                                              .body = body,
                                              .header = "Date",
                                              .value = "Sun, 30 Aug 2015 14:06:00 GMT"},
                                             OK_LAMBDA};
        struct credentials_fixture f = begin_with_keys(script, SY_COUNT(script));
        call(&f);
        call(&f);
        assert_int_equal(f.replies, 2);
        assert_int_equal(f.fake->n_requests, 3);
        assert_true(is_dated(&f.fake->requests[0], "20150830T123600Z"));
        assert_true(is_dated(&f.fake->requests[1], "20150830T140600Z"));
        assert_true(is_dated(&f.fake->requests[2], "20150830T140600Z"));
        credentials_end(&f);
    }
}

/* Ours was 5 minutes behind when AWS refused it; what the answer's whole seconds say is a bit less.
 */
static void test_clock_is_corrected_at_the_edge(void **state) {
    (void)state;
    static const struct fake_answer script[] = {
        SKEWED("InvalidSignatureException", "Sun, 30 Aug 2015 12:40:59 GMT"), OK_LAMBDA};
    struct credentials_fixture f = begin_with_keys(script, SY_COUNT(script));
    call(&f);
    assert_int_equal(f.replies, 1);
    assert_int_equal(f.fake->n_requests, 2);
    credentials_end(&f);
}

/* Within 4 minutes the clock is not what is wrong; without a date nobody knows; and one correction
 * a call is all. */
static void test_clock_is_left_alone(void **state) {
    (void)state;
    static const struct fake_answer scripts[][2] = {
        {SKEWED("SignatureDoesNotMatch", "Sun, 30 Aug 2015 12:39:50 GMT"), OK_LAMBDA},
        {SKEWED("SignatureDoesNotMatch", NULL), OK_LAMBDA},
        {SKEWED("SignatureDoesNotMatch", "yesterday"), OK_LAMBDA},
        {SKEWED("AccessDeniedException", "Sun, 30 Aug 2015 18:00:00 GMT"), OK_LAMBDA}};
    static const struct fake_answer always[] = {
        SKEWED("RequestTimeTooSkewed", "Sun, 30 Aug 2015 18:00:00 GMT"),
        SKEWED("RequestTimeTooSkewed", "Sun, 30 Aug 2015 23:00:00 GMT")};
    for (size_t i = 0; i < SY_COUNT(scripts); i++) {
        struct credentials_fixture f = begin_with_keys(scripts[i], 2);
        call(&f);
        assert_int_equal(f.errors, 1);
        assert_int_equal(f.fake->n_requests, 1);
        credentials_end(&f);
    }
    struct credentials_fixture f = begin_with_keys(always, 2);
    call(&f);
    assert_int_equal(f.fake->n_requests, 2);
    assert_int_equal(f.error.code, SY_UNAUTHENTICATED);
    credentials_end(&f);
}

/* The clock is 5 hours ahead: what STS gives for an hour looks as if it had ended. */
static void test_clock_of_sts_counts(void **state) {
    (void)state;
    static const struct fake_answer script[] = {
        {.status = 403,
         .body = "<E><Code>SignatureDoesNotMatch</Code><Message>Signature expired</Message></E>",
         .header = "Date",
         .value = "Sun, 30 Aug 2015 07:36:00 GMT"},
        {.status = 200, .body = STS_OK("ASIAROLE", AT("08:36:00"))},
        OK_LAMBDA};
    struct credentials_fixture f = credentials_begin();
    credentials_write(&f, ".aws/config",
                      "[profile deploy]\nrole_arn = " ROLE "\nsource_profile = base\n"
                      "[profile base]\naws_access_key_id = A\naws_secret_access_key = x\n");
    f.fake->script = script;
    f.fake->n_script = SY_COUNT(script);
    assert_int_equal(credentials_open(&f, "deploy"), 0);
    call(&f);
    assert_int_equal(f.replies, 1);
    assert_true(is_dated(&f.fake->requests[1], "20150830T073600Z"));
    assert_true(is_dated(&f.fake->requests[2], "20150830T073600Z"));
    credentials_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_that_wait_share_one_fetch),
        cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_old_ones_go_on),
        cmocka_unit_test(test_refused_by_aws),
        cmocka_unit_test(test_destroyed_while_waiting),
        cmocka_unit_test(test_expiry_of_variables),
        cmocka_unit_test(test_clock_is_corrected),
        cmocka_unit_test(test_clock_is_corrected_at_the_edge),
        cmocka_unit_test(test_clock_is_left_alone),
        cmocka_unit_test(test_clock_of_sts_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
