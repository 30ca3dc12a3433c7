/* Credentials that are fetched, through the client: who waits, when they are fetched anew, what
 * each source says when it fails, and the clock. */
#include "aws/client.h"

#include "base/log.h"
#include "clean_environment.h"
#include "fake_io.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SECRET "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
#define ROLE "arn:aws:iam::123456789012:role/deploy"
#define STS(key, end)                                                                              \
    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"            \
    "<AccessKeyId>" key "</AccessKeyId><SecretAccessKey>" SECRET "</SecretAccessKey>"              \
    "<SessionToken>token-of-" key "</SessionToken><Expiration>" end "</Expiration>"                \
    "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
#define OK200(text)                                                                                \
    { .status = 200, .body = (text) }
#define MINUTE_MS ((int64_t)60 * 1000)

/* The fake's clock begins at 2015-08-30T12:36:00Z. */
static const char hour[] = STS("ASIAONE", "2015-08-30T13:36:00Z");

struct fixture {
    struct fake_io *fake;
    struct sy_aws *aws;
    int replies;
    int errors;
    struct sy_error error;
};

static void on_done(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct fixture *f = ctx;
    f->replies += reply != NULL;
    f->errors += error != NULL;
    if (error)
        f->error = *error;
}

static void send(struct fixture *f) {
    static const struct sy_aws_call call = {.service = SY_AWS_LAMBDA,
                                            .operation = "GetAlias",
                                            .method = "GET",
                                            .path = "/2015-03-31/functions/f/aliases/live"};
    sy_aws_send(f->aws, &call, on_done, f);
}

static struct fixture begin(const struct fake_answer *script, size_t n) {
    struct fixture f = {.fake = fake_create()};
    struct sy_error error = {0};
    f.fake->script = script;
    f.fake->n_script = n;
    if (sy_aws_create(&(struct sy_aws_options){.io = &f.fake->io, .timers = &f.fake->timers},
                      &f.aws, &error))
        fail_msg("%s", error.message);
    return f;
}

static void end(struct fixture *f) {
    sy_aws_destroy(f->aws);
    fake_destroy(f->fake);
}

/* A token in a variable: the source that needs STS and no file. */
static void use_web_identity(void) {
    clean_environment();
    (void)setenv("AWS_REGION", "eu-central-1", 1);
    (void)setenv("AWS_ROLE_ARN", ROLE, 1);
    (void)setenv("STEELYARD_WEB_IDENTITY_TOKEN", "eyJhbGciOi.token", 1);
}

static bool is_signed_by(const struct fake_request *request, const char *key) {
    SY_AUTO_FREE char *credential = sy_asprintf("Credential=%s/", key);
    SY_AUTO_FREE char *token = sy_asprintf("X-Amz-Security-Token: token-of-%s\n", key);
    return strstr(request->headers, credential) && strstr(request->headers, token);
}

static bool is_sts(const struct fake_request *request) {
    return strcmp(request->url, "https://sts.eu-central-1.amazonaws.com/") == 0;
}

static void test_calls_wait_for_the_first(void **state) {
    (void)state;
    const struct fake_answer script[] = {OK200(hour), OK200("{}")};
    use_web_identity();
    struct fixture f = begin(script, 2);
    struct sy_aws_expiry expiry = {.source = "something"};
    sy_aws_credentials_expiry(f.aws, &expiry);
    assert_null(expiry.source);
    send(&f);
    send(&f);
    assert_int_equal(f.fake->n_requests, 1);
    assert_true(is_sts(&f.fake->requests[0]));
    assert_null(strstr(f.fake->requests[0].headers, "Authorization"));
    assert_non_null(strstr(f.fake->requests[0].body, "WebIdentityToken=eyJhbGciOi.token"));
    fake_run(f.fake);
    assert_int_equal(f.replies, 2);
    assert_int_equal(f.fake->n_requests, 3);
    assert_true(is_signed_by(&f.fake->requests[1], "ASIAONE"));
    assert_true(is_signed_by(&f.fake->requests[2], "ASIAONE"));
    sy_aws_credentials_expiry(f.aws, &expiry);
    assert_string_equal(expiry.source, "web identity (STEELYARD_WEB_IDENTITY_TOKEN)");
    assert_true(expiry.known && expiry.refreshes);
    assert_int_equal(expiry.expires_ms, 1440938160000 + 60 * MINUTE_MS);
    end(&f);
}

static void test_calls_fail_with_the_first(void **state) {
    (void)state;
    static const struct fake_answer script[] = {
        {.status = 403,
         .body = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not with "
                 "eyJhbGciOi.token</Message></Error></ErrorResponse>"},
        OK200("{}")};
    use_web_identity();
    struct fixture f = begin(script, 2);
    send(&f);
    send(&f);
    fake_run(f.fake);
    assert_int_equal(f.errors, 2);
    assert_int_equal(f.fake->n_requests, 1);
    assert_int_equal(f.error.code, SY_PERMISSION_DENIED);
    assert_non_null(strstr(f.error.message, "sts:AssumeRoleWithWebIdentity"));
    assert_null(strstr(f.error.message, "eyJhbGciOi"));
    end(&f);
}

static void call_after(struct fixture *f, int64_t minutes) {
    f->fake->now_ms += minutes * MINUTE_MS;
    send(f);
    fake_run(f->fake);
}

static void test_new_ones_before_the_old_end(void **state) {
    (void)state;
    const struct fake_answer script[] = {OK200(hour), OK200("{}"),
                                         OK200("{}"), OK200(STS("ASIATWO", "2015-08-30T14:36:00Z")),
                                         OK200("{}"), OK200("{}")};
    use_web_identity();
    struct fixture f = begin(script, SY_COUNT(script));
    call_after(&f, 0);
    call_after(&f, 44); /* 16 minutes are left */
    assert_int_equal(f.fake->n_requests, 3);
    call_after(&f, 2); /* 14: asked for, and the call does not wait */
    assert_int_equal(f.fake->n_requests, 5);
    assert_true(is_sts(&f.fake->requests[3]));
    assert_true(f.fake->requests[4].at_ms == f.fake->requests[3].at_ms);
    assert_true(is_signed_by(&f.fake->requests[4], "ASIAONE"));
    call_after(&f, 0);
    assert_int_equal(f.fake->n_requests, 6);
    assert_true(is_signed_by(&f.fake->requests[5], "ASIATWO"));
    assert_int_equal(f.replies, 4);
    end(&f);
}

static void test_the_old_ones_serve_while_new_cannot_be_had(void **state) {
    (void)state;
    static const char denied[] = "<E><Error><Code>AccessDenied</Code></Error></E>";
    const struct fake_answer refused = {.status = 403, .body = denied};
    const struct fake_answer script[] = {OK200(hour), OK200("{}"), refused,     OK200("{}"),
                                         OK200("{}"), refused,     OK200("{}"), refused};
    use_web_identity();
    struct fixture f = begin(script, SY_COUNT(script));
    call_after(&f, 0);
    call_after(&f, 48); /* 2, 3 */
    call_after(&f, 0);  /* 4: a minute has not passed since they were asked for */
    assert_int_equal(f.fake->n_requests, 5);
    call_after(&f, 5); /* 5, 6 */
    assert_int_equal(f.fake->n_requests, 7);
    assert_int_equal(f.replies, 4);
    call_after(&f, 7); /* 7: they have ended */
    assert_int_equal(f.fake->n_requests, 8);
    assert_int_equal(f.errors, 1);
    assert_int_equal(f.error.code, SY_PERMISSION_DENIED);
    end(&f);
}

static void test_a_dropped_client_asks_nobody(void **state) {
    (void)state;
    const struct fake_answer script[] = {OK200(hour)};
    use_web_identity();
    struct fixture f = begin(script, 1);
    send(&f);
    sy_aws_destroy(f.aws);
    f.aws = NULL;
    fake_run(f.fake);
    assert_int_equal(f.fake->n_cancelled, 1);
    assert_int_equal(f.replies + f.errors, 0);
    end(&f);
}

/* ---- the clock ---- */

static void use_variables(void) {
    clean_environment();
    (void)setenv("AWS_REGION", "eu-central-1", 1);
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1);
}

static bool is_dated(const struct fake_request *request, const char *date) {
    SY_AUTO_FREE char *line = sy_asprintf("X-Amz-Date: %s\n", date);
    return strstr(request->headers, line) != NULL;
}

static void test_the_clock_is_set_by_an_answer(void **state) {
    (void)state;
    static const struct {
        const char *code;
        const char *date;
        const char *signed_at; /* NULL: not signed again */
    } cases[] = {
        {"InvalidSignatureException", "Sun, 30 Aug 2015 13:36:00 GMT", "20150830T133600Z"},
        {"RequestTimeTooSkewed", "Sun, 30 Aug 2015 12:16:00 GMT", "20150830T121600Z"},
        {"RequestExpired", "Mon, 31 Aug 2015 00:00:00 GMT", "20150831T000000Z"},
        {"InvalidSignatureException", "Sun, 30 Aug 2015 12:38:00 GMT", NULL}, /* a wrong key */
        {"InvalidSignatureException", "yesterday", NULL},
        {"AccessDeniedException", "Sun, 30 Aug 2015 13:36:00 GMT", NULL},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        SY_AUTO_FREE char *body = sy_asprintf("{\"__type\": \"%s\"}", cases[i].code);
        const struct fake_answer script[] = {
            {.status = 403, .body = body, .header = "Date", .value = cases[i].date}, OK200("{}")};
        use_variables();
        struct fixture f = begin(script, 2);
        call_after(&f, 0);
        assert_int_equal(f.fake->n_requests, cases[i].signed_at ? 2 : 1);
        assert_int_equal(f.replies, cases[i].signed_at ? 1 : 0);
        if (cases[i].signed_at) {
            assert_true(is_dated(&f.fake->requests[1], cases[i].signed_at));
            call_after(&f, 0); /* kept */
            assert_int_equal(f.fake->n_requests, 3);
            assert_true(is_dated(&f.fake->requests[2], cases[i].signed_at));
        }
        end(&f);
    }
}

static void test_the_clock_is_set_once_a_call(void **state) {
    (void)state;
    static const struct fake_answer script[] = {{.status = 403,
                                                 .body = "{\"__type\": \"RequestTimeTooSkewed\"}",
                                                 .header = "Date",
                                                 .value = "Sun, 30 Aug 2015 13:36:00 GMT"},
                                                {.status = 403,
                                                 .body = "{\"__type\": \"RequestTimeTooSkewed\"}",
                                                 .header = "Date",
                                                 .value = "Sun, 30 Aug 2015 18:36:00 GMT"}};
    use_variables();
    struct fixture f = begin(script, 2);
    call_after(&f, 0);
    assert_int_equal(f.fake->n_requests, 2);
    assert_int_equal(f.errors, 1);
    assert_int_equal(f.error.code, SY_UNAUTHENTICATED);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_wait_for_the_first),
        cmocka_unit_test(test_calls_fail_with_the_first),
        cmocka_unit_test(test_new_ones_before_the_old_end),
        cmocka_unit_test(test_the_old_ones_serve_while_new_cannot_be_had),
        cmocka_unit_test(test_a_dropped_client_asks_nobody),
        cmocka_unit_test(test_the_clock_is_set_by_an_answer),
        cmocka_unit_test(test_the_clock_is_set_once_a_call),
    };
    sy_log_set_level(SY_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
