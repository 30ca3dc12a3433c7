#include "aws/client.h"

#include "base/log.h"
#include "fake_io.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN "FwoGZXIvYXdzEXAMPLETOKEN//////////wEaDPyK8LPvgzn+Yx0Q=="

struct fixture {
    struct fake_io *fake;
    struct sy_aws *aws;
    uint64_t seed;
    int replies;
    int errors;
    int status;
    char body[256];
    struct sy_error error;
};

static const struct sy_aws_call get_alias = {.service = SY_AWS_LAMBDA,
                                             .operation = "GetAlias",
                                             .method = "GET",
                                             .path = "/2015-03-31/functions/f/aliases/live"};

static void on_done(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct fixture *f = ctx;
    assert_true(!reply != !error);
    if (reply) {
        f->replies++;
        f->status = reply->status;
        (void)snprintf(f->body, sizeof f->body, "%s", reply->body);
        return;
    }
    f->errors++;
    f->error = *error;
}

static void clear_environment(void) {
    static const char *const names[] = {"AWS_REGION",
                                        "AWS_DEFAULT_REGION",
                                        "AWS_ENDPOINT_URL",
                                        "AWS_ENDPOINT_URL_LAMBDA",
                                        "AWS_ENDPOINT_URL_SSM",
                                        "AWS_ENDPOINT_URL_CLOUDWATCH",
                                        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                        "AWS_ACCESS_KEY_ID",
                                        "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN",
                                        "AWS_PROFILE",
                                        "AWS_DEFAULT_PROFILE"};
    for (size_t i = 0; i < SY_COUNT(names); i++)
        assert_int_equal(unsetenv(names[i]), 0);
    assert_int_equal(setenv("AWS_CONFIG_FILE", "/nonexistent", 1), 0);
    assert_int_equal(setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1), 0);
    assert_int_equal(setenv("AWS_EC2_METADATA_DISABLED", "true", 1), 0);
}

static void set_environment(void) {
    clear_environment();
    assert_int_equal(setenv("AWS_REGION", "eu-central-1", 1), 0);
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", SECRET, 1), 0);
    assert_int_equal(setenv("AWS_SESSION_TOKEN", TOKEN, 1), 0);
}

static struct sy_aws *open_client(struct fake_io *fake, uint64_t seed, const char *endpoint) {
    struct sy_aws *aws = NULL;
    struct sy_error error = {0};
    struct sy_aws_options options = {
        .io = &fake->io, .timers = &fake->timers, .seed = seed, .endpoint = endpoint};
    if (sy_aws_create(&options, &aws, &error))
        fail_msg("%s", error.message);
    return aws;
}

static struct fixture begin(const struct fake_answer *script, size_t n, uint64_t seed) {
    struct fixture f = {.fake = fake_create(), .seed = seed};
    f.fake->script = script;
    f.fake->n_script = n;
    f.aws = open_client(f.fake, seed, NULL);
    return f;
}

static void end(struct fixture *f) {
    sy_aws_destroy(f->aws);
    fake_destroy(f->fake);
}

/* One call through to its end, against the given answers. */
static struct fixture call_with(const struct sy_aws_call *call, const struct fake_answer *script,
                                size_t n, uint64_t seed) {
    struct fixture f = begin(script, n, seed);
    sy_aws_send(f.aws, call, on_done, &f);
    assert_int_equal(f.replies + f.errors, 0);
    fake_run(f.fake);
    assert_int_equal(f.replies + f.errors, 1);
    return f;
}

static bool has_header(const struct fake_request *request, const char *line) {
    SY_AUTO_FREE char *whole = sy_asprintf("%s\n", line);
    const char *at = strstr(request->headers, whole);
    return at && (at == request->headers || at[-1] == '\n');
}

static void test_lambda_request(void **state) {
    (void)state;
    static const struct fake_answer ok[] = {{.status = 200, .body = "{\"Name\":\"live\"}"}};
    struct fixture f = call_with(&get_alias, ok, 1, 1);
    const struct fake_request *request = &f.fake->requests[0];
    assert_int_equal(f.replies, 1);
    assert_string_equal(f.body, "{\"Name\":\"live\"}");
    assert_string_equal(request->method, "GET");
    assert_string_equal(
        request->url,
        "https://lambda.eu-central-1.amazonaws.com/2015-03-31/functions/f/aliases/live");
    assert_true(has_header(request, "Host: lambda.eu-central-1.amazonaws.com"));
    assert_true(has_header(request, "X-Amz-Date: 20150830T123600Z"));
    assert_true(has_header(request, "X-Amz-Security-Token: " TOKEN));
    assert_non_null(strstr(request->headers,
                           "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/"
                           "eu-central-1/lambda/aws4_request, "
                           "SignedHeaders=host;x-amz-date;x-amz-security-token, Signature="));
    assert_null(strstr(request->headers, "Content-Type"));
    assert_null(request->body);
    end(&f);
}

static void test_json_requests(void **state) {
    (void)state;
    static const struct fake_answer ok[] = {{.status = 200, .body = "{}"}};
    struct sy_aws_call call = {
        .service = SY_AWS_SSM, .operation = "PutParameter", .body = "{\"Name\":\"/x\"}"};
    struct fixture f = call_with(&call, ok, 1, 1);
    const struct fake_request *request = &f.fake->requests[0];
    assert_string_equal(request->url, "https://ssm.eu-central-1.amazonaws.com/");
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->body, "{\"Name\":\"/x\"}");
    assert_true(has_header(request, "X-Amz-Target: AmazonSSM.PutParameter"));
    assert_true(has_header(request, "Content-Type: application/x-amz-json-1.1"));
    assert_non_null(strstr(request->headers, "content-type;host;x-amz-date;x-amz-security-token;"
                                             "x-amz-target, "));
    end(&f);
    call = (struct sy_aws_call){.service = SY_AWS_CLOUDWATCH, .operation = "GetMetricData"};
    f = call_with(&call, ok, 1, 1);
    request = &f.fake->requests[0];
    assert_string_equal(request->url, "https://monitoring.eu-central-1.amazonaws.com/");
    assert_string_equal(request->body, "{}");
    assert_true(has_header(request, "X-Amz-Target: GraniteServiceVersion20100801.GetMetricData"));
    assert_true(has_header(request, "Content-Type: application/x-amz-json-1.0"));
    assert_non_null(strstr(request->headers, "/eu-central-1/monitoring/aws4_request"));
    end(&f);
}

static void expect_url(const char *endpoint, const char *url) {
    static const struct fake_answer ok[] = {{.status = 200}};
    struct fixture f = begin(ok, 1, 1);
    sy_aws_destroy(f.aws);
    f.aws = open_client(f.fake, 1, endpoint);
    sy_aws_send(f.aws, &get_alias, on_done, &f);
    fake_run(f.fake);
    assert_string_equal(f.fake->requests[0].url, url);
    end(&f);
}

static void test_endpoint_order(void **state) {
    (void)state;
    const char *path = "2015-03-31/functions/f/aliases/live";
    SY_AUTO_FREE char *first = sy_asprintf("http://127.0.0.1:9/%s", path);
    SY_AUTO_FREE char *second = sy_asprintf("http://localhost:4566/pre/fix/%s", path);
    SY_AUTO_FREE char *third = sy_asprintf("https://[::1]/%s", path);
    SY_AUTO_FREE char *own = sy_asprintf("https://lambda.eu-central-1.amazonaws.com/%s", path);
    (void)setenv("AWS_ENDPOINT_URL", "https://[::1]:443/", 1);
    expect_url(NULL, third);
    (void)setenv("AWS_ENDPOINT_URL_LAMBDA", "http://localhost:4566/pre/fix/", 1);
    expect_url(NULL, second);
    expect_url("http://127.0.0.1:9", first);
    (void)setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    expect_url(NULL, own);
}

static void test_garbage_on_success_is_delivered(void **state) {
    (void)state;
    static const struct fake_answer garbage[] = {{.status = 200, .body = "<html>"}};
    struct fixture f = call_with(&get_alias, garbage, 1, 1);
    assert_int_equal(f.replies, 1);
    assert_string_equal(f.body, "<html>");
    end(&f);
}

/* The delay before retry i of the given script, for many seeds: within [0, limit], and spread. */
static void check_backoff(const struct fake_answer *answer, const int64_t limits[2]) {
    int64_t smallest[2] = {INT64_MAX, INT64_MAX};
    int64_t largest[2] = {0, 0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fixture f = call_with(&get_alias, answer, 1, seed);
        assert_int_equal(f.errors, 1);
        assert_int_equal(f.fake->n_requests, 3);
        for (int i = 0; i < 2; i++) {
            int64_t delay =
                f.fake->requests[i + 1].at_ms - f.fake->requests[i].at_ms - FAKE_LATENCY_MS;
            assert_in_range(delay, 0, limits[i]);
            smallest[i] = delay < smallest[i] ? delay : smallest[i];
            largest[i] = delay > largest[i] ? delay : largest[i];
        }
        end(&f);
    }
    for (int i = 0; i < 2; i++) {
        assert_in_range(smallest[i], 0, limits[i] / 10);
        assert_in_range(largest[i], limits[i] * 9 / 10, limits[i]);
    }
}

static void test_backoff(void **state) {
    (void)state;
    static const struct fake_answer broken = {.status = 500};
    static const struct fake_answer throttled = {
        .status = 429, .header = "x-amzn-ErrorType", .value = "TooManyRequestsException"};
    check_backoff(&broken, (int64_t[]){50, 100});
    check_backoff(&throttled, (int64_t[]){1000, 2000});
}

static void test_every_attempt_is_signed_anew(void **state) {
    (void)state;
    static const struct fake_answer script[] = {
        {.status = 503, .header = "x-amz-retry-after", .value = "3000"}, {.status = 200}};
    struct fixture f = call_with(&get_alias, script, 2, 7);
    const struct fake_request *requests = f.fake->requests;
    assert_int_equal(f.replies, 1);
    assert_int_equal(f.fake->n_requests, 2);
    assert_true(has_header(&requests[1], "X-Amz-Date: 20150830T123603Z"));
    assert_string_not_equal(strstr(requests[0].headers, "Signature="),
                            strstr(requests[1].headers, "Signature="));
    end(&f);
}

static int64_t first_delay(const char *retry_after) {
    struct fake_answer script[] = {
        {.status = 500, .header = "X-Amz-Retry-After", .value = retry_after}, {.status = 200}};
    struct fixture f = call_with(&get_alias, script, 2, 7);
    int64_t delay = f.fake->requests[1].at_ms - f.fake->requests[0].at_ms - FAKE_LATENCY_MS;
    end(&f);
    return delay;
}

static void test_retry_after(void **state) {
    (void)state;
    assert_int_equal(first_delay("700"), 700);
    assert_in_range(first_delay("3600000"), 5000, 5050);
    assert_in_range(first_delay("0"), 0, 50);
    assert_in_range(first_delay("soon"), 0, 50);
    assert_in_range(first_delay("-1"), 0, 50);
    assert_in_range(first_delay("99999999999999999999"), 0, 50);
}

/* 500 tokens pay for 35 retries of 14; then a failure is final at once. */
static void test_token_bucket(void **state) {
    (void)state;
    static const struct fake_answer broken[] = {{.status = 500}};
    struct fixture f = begin(broken, 1, 1);
    for (int i = 0; i < 100; i++) {
        sy_aws_send(f.aws, &get_alias, on_done, &f);
        fake_run(f.fake);
    }
    assert_int_equal(f.errors, 100);
    assert_int_equal(f.fake->n_requests, 100 + 35);
    /* Successes at the first attempt fill it one by one: 10 are left, so 4 buy one retry. */
    static const struct fake_answer fine[] = {{.status = 200}};
    f.fake->script = fine;
    for (int i = 0; i < 4; i++) {
        sy_aws_send(f.aws, &get_alias, on_done, &f);
        fake_run(f.fake);
    }
    size_t before = f.fake->n_requests;
    f.fake->script = broken;
    sy_aws_send(f.aws, &get_alias, on_done, &f);
    fake_run(f.fake);
    assert_int_equal(f.fake->n_requests, before + 2);
    end(&f);
}

/* A throttled retry takes 5: the first 50 calls retry twice each, and no later one does. */
static void test_throttling_takes_fewer_tokens(void **state) {
    (void)state;
    static const struct fake_answer busy[] = {{.status = 429}};
    struct fixture f = begin(busy, 1, 1);
    for (int i = 0; i < 60; i++) {
        sy_aws_send(f.aws, &get_alias, on_done, &f);
        fake_run(f.fake);
    }
    assert_int_equal(f.fake->n_requests, 60 + 100);
    end(&f);
}

static void test_a_success_gives_its_tokens_back(void **state) {
    (void)state;
    struct fake_answer script[400];
    for (size_t i = 0; i < SY_COUNT(script); i++)
        script[i] = (struct fake_answer){.status = i % 3 == 2 ? 200 : 500};
    struct fixture f = begin(script, SY_COUNT(script), 1);
    /* Each call takes 28 and gives back 14: 35 of them would end without the giving back at 17. */
    for (int i = 0; i < 34; i++) {
        sy_aws_send(f.aws, &get_alias, on_done, &f);
        fake_run(f.fake);
    }
    assert_int_equal(f.replies, 34);
    end(&f);
}

struct expectation {
    struct fake_answer answer;
    enum sy_aws_service service;
    const char *operation;
    enum sy_code code;
    const char *reason;
    const char *says;
    int attempts;
};

static const struct expectation expectations[] = {
    {{.status = 400,
      .header = "x-amzn-ErrorType",
      .value = "InvalidParameterValueException:http://internal.amazon.com/coral/x/",
      .body = "{\"Type\":\"User\",\"message\":\"Weights\\u0007 too big\\nsecond line\"}"},
     SY_AWS_LAMBDA,
     "UpdateAlias",
     SY_INVALID_ARGUMENT,
     "InvalidParameterValueException",
     "lambda UpdateAlias failed: InvalidParameterValueException: Weights? too big (HTTP 400)",
     1},
    {{.status = 403,
      .header = "x-amzn-errortype",
      .value = "AccessDeniedException",
      .body = "{\"Message\":\"User: arn:aws:iam::1:user/ci is not authorized\"}"},
     SY_AWS_LAMBDA,
     "UpdateAlias",
     SY_PERMISSION_DENIED,
     "AccessDeniedException",
     "lambda UpdateAlias failed; allow the IAM action lambda:UpdateAlias: AccessDeniedException: "
     "User: arn:aws:iam::1:user/ci is not authorized (HTTP 403)",
     1},
    {{.status = 400, .body = "{\"__type\":\"AccessDeniedException\",\"Message\":\"User: x\"}"},
     SY_AWS_SSM,
     "PutParameter",
     SY_PERMISSION_DENIED,
     "AccessDeniedException",
     "allow the IAM action ssm:PutParameter",
     1},
    {{.status = 403, .header = "x-amzn-errortype", .value = "AccessDeniedException", .body = "{}"},
     SY_AWS_LAMBDA,
     "Invoke",
     SY_PERMISSION_DENIED,
     "AccessDeniedException",
     "allow the IAM action lambda:InvokeFunction",
     1},
    {{.status = 403, .body = "<html>proxy</html>"},
     SY_AWS_CLOUDWATCH,
     "GetMetricData",
     SY_PERMISSION_DENIED,
     "",
     "failed at monitoring.eu-central-1.amazonaws.com; allow the IAM action "
     "cloudwatch:GetMetricData: HTTP 403 without an error that AWS would write",
     1},
    {{.status = 403,
      .header = "x-amzn-ErrorType",
      .value = "UnrecognizedClientException",
      .body = "{\"message\":\"The security token included in the request is invalid.\"}"},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_UNAUTHENTICATED,
     "UnrecognizedClientException",
     "check AWS_ACCESS_KEY_ID",
     1},
    {{.status = 400,
      .body = "{\"__type\":\"ExpiredTokenException\",\"message\":\"The security token included in "
              "the request is expired\"}"},
     SY_AWS_SSM,
     "GetParameters",
     SY_UNAUTHENTICATED,
     "ExpiredTokenException",
     "get fresh credentials",
     1},
    {{.status = 404,
      .header = "x-amzn-ErrorType",
      .value = "ResourceNotFoundException",
      .body = "{\"Type\":\"User\",\"Message\":\"Cannot find alias arn: x\"}"},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_NOT_FOUND,
     "ResourceNotFoundException",
     "lambda GetAlias failed: ResourceNotFoundException: Cannot find alias arn: x (HTTP 404)",
     1},
    {{.status = 404, .body = "<html>nginx</html>"},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_INTERNAL,
     "",
     "check the endpoint",
     1},
    {{.status = 400, .body = "{\"__type\":\"com.amazonaws.ssm#ParameterNotFound\"}"},
     SY_AWS_SSM,
     "GetParameter",
     SY_NOT_FOUND,
     "ParameterNotFound",
     "ssm GetParameter failed: ParameterNotFound (HTTP 400)",
     1},
    {{.status = 400, .body = "{\"__type\":\"ParameterAlreadyExists\",\"message\":\"there\"}"},
     SY_AWS_SSM,
     "PutParameter",
     SY_ALREADY_EXISTS,
     "ParameterAlreadyExists",
     "there",
     1},
    {{.status = 409,
      .header = "x-amzn-ErrorType",
      .value = "ResourceConflictException",
      .body = "{\"message\":\"exists\"}"},
     SY_AWS_LAMBDA,
     "CreateAlias",
     SY_ALREADY_EXISTS,
     "ResourceConflictException",
     "exists",
     1},
    {{.status = 412,
      .header = "x-amzn-ErrorType",
      .value = "PreconditionFailedException",
      .body = "{\"message\":\"The Revision Id provided does not match\"}"},
     SY_AWS_LAMBDA,
     "UpdateAlias",
     SY_ABORTED,
     "PreconditionFailedException",
     "Revision Id",
     1},
    {{.status = 429,
      .header = "x-amzn-ErrorType",
      .value = "TooManyRequestsException",
      .body = "{\"message\":\"Rate exceeded\"}"},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_RESOURCE_EXHAUSTED,
     "TooManyRequestsException",
     "failed after 3 attempts: TooManyRequestsException: Rate exceeded",
     3},
    {{.status = 429, .body = "busy"},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_RESOURCE_EXHAUSTED,
     "",
     "HTTP 429",
     3},
    {{.status = 400, .body = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate\"}"},
     SY_AWS_CLOUDWATCH,
     "GetMetricData",
     SY_RESOURCE_EXHAUSTED,
     "ThrottlingException",
     "try again later",
     3},
    {{.status = 400, .body = "{\"__type\":\"TooManyUpdates\"}"},
     SY_AWS_SSM,
     "PutParameter",
     SY_RESOURCE_EXHAUSTED,
     "TooManyUpdates",
     "TooManyUpdates",
     3},
    {{.status = 500,
      .header = "x-amzn-ErrorType",
      .value = "ServiceException",
      .body = "{\"Message\":\"internal\"}"},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_UNAVAILABLE,
     "ServiceException",
     "failed after 3 attempts: ServiceException: internal (HTTP 500)",
     3},
    {{.status = 503, .body = "<html><body>Service Unavailable</body></html>"},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_UNAVAILABLE,
     "",
     "HTTP 503 without an error",
     3},
    {{.status = 501}, SY_AWS_LAMBDA, "GetAlias", SY_UNAVAILABLE, "", "HTTP 501", 1},
    {{.status = 301, .header = "Location", .value = "https://elsewhere/"},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_INTERNAL,
     "",
     "HTTP 301",
     1},
    {{.status = 0, .code = SY_UNAVAILABLE},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_UNAVAILABLE,
     "",
     "failed at lambda.eu-central-1.amazonaws.com after 3 attempts: the connection was cut; check "
     "the network",
     3},
    {{.status = 0, .code = SY_DEADLINE_EXCEEDED},
     SY_AWS_LAMBDA,
     "GetAlias",
     SY_UNAVAILABLE,
     "",
     "after 3 attempts",
     3},
    {{.status = 0, .code = SY_INTERNAL}, SY_AWS_LAMBDA, "GetAlias", SY_INTERNAL, "", "cut", 1},
    {{.status = 400, .body = "{\"__type\":\"x y\",\"message\":7}"},
     SY_AWS_SSM,
     "GetParameter",
     SY_INVALID_ARGUMENT,
     "",
     "HTTP 400",
     1},
    {{.status = 400, .body = "[1,2"}, SY_AWS_SSM, "GetParameter", SY_INVALID_ARGUMENT, "", "", 1},
};

static void test_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < SY_COUNT(expectations); i++) {
        const struct expectation *e = &expectations[i];
        struct sy_aws_call call = {.service = e->service, .operation = e->operation};
        struct fixture f = call_with(&call, &e->answer, 1, i);
        if (f.errors != 1 || f.error.code != e->code || strcmp(f.error.reason, e->reason) != 0 ||
            !strstr(f.error.message, e->says) || (int)f.fake->n_requests != e->attempts)
            fail_msg("case %zu: %s %s, %zu attempts: %s", i, sy_code_name(f.error.code),
                     f.error.reason, f.fake->n_requests, f.error.message);
        end(&f);
    }
}

static void test_a_long_message_keeps_the_advice(void **state) {
    (void)state;
    SY_AUTO_FREE char *long_text = sy_calloc(1, 100001);
    memset(long_text, 'm', 100000);
    SY_AUTO_FREE char *body = sy_asprintf("{\"message\":\"%s\"}", long_text);
    struct fake_answer answer = {.status = 403,
                                 .body = body,
                                 .header = "x-amzn-ErrorType",
                                 .value = "AccessDeniedException"};
    struct fixture f = call_with(&get_alias, &answer, 1, 1);
    assert_non_null(
        strstr(f.error.message, "GetAlias failed; allow the IAM action lambda:GetAlias: "));
    end(&f);
}

/* Runs fn with standard error in a file; returns what was written. */
static char *capture_log(void (*fn)(void *), void *arg) {
    char name[] = "/tmp/steelyard-client-test.XXXXXX";
    int file = mkstemp(name);
    int saved = dup(STDERR_FILENO);
    assert_true(file >= 0 && saved >= 0);
    assert_int_equal(unlink(name), 0);
    (void)fflush(stderr);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    sy_log_set_level(SY_LOG_DEBUG);
    fn(arg);
    sy_log_set_level(SY_LOG_OFF);
    (void)fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    char *text = sy_calloc(1, 65536);
    ssize_t n = pread(file, text, 65535, 0);
    assert_true(n >= 0);
    (void)close(file);
    (void)close(saved);
    return text;
}

/* Every kind of error, with an AWS that repeats the secrets wherever it can. */
static void fail_in_every_way(void *arg) {
    char *messages = arg;
    static const char body[] = "{\"__type\":\"%s\",\"message\":\"token " TOKEN " and key " SECRET
                               "\\nx-amz-security-token:" TOKEN "\"}";
    static const char *const codes[] = {"InvalidSignatureException", "ThrottlingException",
                                        "ValidationException", "AccessDeniedException", TOKEN};
    for (size_t i = 0; i < SY_COUNT(codes); i++) {
        char text[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(text, sizeof text, body, codes[i]);
#pragma GCC diagnostic pop
        struct fake_answer answer = {.status = 400, .body = text};
        struct fixture f = call_with(&get_alias, &answer, 1, 1);
        assert_int_equal(f.errors, 1);
        strcat(messages, f.error.message);
        strcat(messages, f.error.reason);
        strcat(messages, "\n");
        end(&f);
    }
}

static void test_no_secret_in_errors_or_log(void **state) {
    (void)state;
    SY_AUTO_FREE char *messages = sy_calloc(1, 65536);
    SY_AUTO_FREE char *log = capture_log(fail_in_every_way, messages);
    assert_non_null(strstr(messages, "InvalidSignatureException"));
    assert_non_null(strstr(messages, "token ****"));
    assert_non_null(strstr(log, "trying again"));
    const char *texts[] = {messages, log};
    for (size_t i = 0; i < SY_COUNT(texts); i++) {
        assert_null(strstr(texts[i], SECRET));
        assert_null(strstr(texts[i], TOKEN));
        assert_null(strstr(texts[i], "EXAMPLEKEY"));
        assert_null(strstr(texts[i], "EXAMPLETOKEN"));
        assert_null(strstr(texts[i], "Signature="));
    }
}

static void test_what_cannot_be_sent(void **state) {
    (void)state;
    static const struct fake_answer ok[] = {{.status = 200}};
    static const char *const paths[] = {"/a b", "/a\r\nX: y", "no-slash",
                                        "/a?b", "/a#b",       "/\xC3\xA9"};
    for (size_t i = 0; i < SY_COUNT(paths); i++) {
        struct sy_aws_call call = get_alias;
        call.path = paths[i];
        struct fixture f = call_with(&call, ok, 1, 1);
        assert_int_equal(f.errors, 1);
        assert_int_equal(f.error.code, SY_INVALID_ARGUMENT);
        assert_int_equal(f.fake->n_requests, 0);
        end(&f);
    }
}

static void test_destroy_drops_calls(void **state) {
    (void)state;
    static const struct fake_answer broken[] = {{.status = 500}};
    struct fixture f = begin(broken, 1, 1);
    sy_aws_send(f.aws, &get_alias, on_done, &f); /* under way */
    sy_aws_send(f.aws, &get_alias, on_done, &f); /* waiting for its second attempt */
    fake_wait(&f.fake->io, f.fake->now_ms + FAKE_LATENCY_MS);
    assert_true(sy_timers_next(&f.fake->timers) != INT64_MAX);
    sy_aws_destroy(f.aws);
    f.aws = NULL;
    assert_int_equal(f.fake->n_cancelled, 1);
    fake_run(f.fake);
    assert_int_equal(f.replies + f.errors, 0);
    end(&f);
}

static void destroy_client(void *ctx, const struct sy_aws_reply *reply,
                           const struct sy_error *error) {
    struct fixture *f = ctx;
    (void)reply;
    (void)error;
    sy_aws_destroy(f->aws);
    f->aws = NULL;
}

static void test_a_callback_may_destroy_the_client(void **state) {
    (void)state;
    static const struct fake_answer answers[] = {{.status = 200}, {.status = 404}};
    for (size_t i = 0; i < SY_COUNT(answers); i++) {
        struct fixture f = begin(&answers[i], 1, 1);
        sy_aws_send(f.aws, &get_alias, destroy_client, &f);
        fake_run(f.fake);
        assert_null(f.aws);
        end(&f);
    }
}

static void expect_no_client(enum sy_code code, const char *says) {
    struct fake_io *fake = fake_create();
    struct sy_aws *aws = NULL;
    struct sy_error error = {0};
    struct sy_aws_options options = {.io = &fake->io, .timers = &fake->timers};
    assert_int_equal(sy_aws_create(&options, &aws, &error), -1);
    if (error.code != code || !strstr(error.message, says) || strstr(error.message, "hunter2"))
        fail_msg("%s: %s", sy_code_name(error.code), error.message);
    assert_null(aws);
    fake_destroy(fake);
}

static void test_create_names_what_is_missing(void **state) {
    (void)state;
    clear_environment();
    expect_no_client(SY_INVALID_ARGUMENT, "set AWS_REGION");
    (void)setenv("AWS_DEFAULT_REGION", "eu-west1", 1);
    expect_no_client(SY_INVALID_ARGUMENT, "\"eu-west1\" is not an AWS region");
    (void)setenv("AWS_REGION", "eu-central-1", 1);
    expect_no_client(SY_UNAUTHENTICATED, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    (void)setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    expect_no_client(SY_UNAUTHENTICATED, "AWS_SECRET_ACCESS_KEY is not set");
    (void)setenv("AWS_SECRET_ACCESS_KEY", "", 1);
    expect_no_client(SY_UNAUTHENTICATED, "AWS_SECRET_ACCESS_KEY is not set");
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hunter2\n", 1);
    expect_no_client(SY_UNAUTHENTICATED, "AWS_SECRET_ACCESS_KEY contains");
    (void)setenv("AWS_SECRET_ACCESS_KEY", "hunter2", 1);
    (void)setenv("AWS_SESSION_TOKEN", "hunter2\r\nX-Evil: 1", 1);
    expect_no_client(SY_UNAUTHENTICATED, "AWS_SESSION_TOKEN contains");
    (void)unsetenv("AWS_SESSION_TOKEN");
    (void)setenv("AWS_ENDPOINT_URL_SSM", "ftp://x", 1);
    expect_no_client(SY_INVALID_ARGUMENT, "AWS_ENDPOINT_URL_SSM: \"ftp://x\"");
    (void)setenv("AWS_ENDPOINT_URL_SSM", "https://user:hunter2@host", 1);
    expect_no_client(SY_INVALID_ARGUMENT, "AWS_ENDPOINT_URL_SSM");
}

static void test_encode(void **state) {
    (void)state;
    SY_AUTO_BUFFER struct sy_buffer buffer = {0};
    sy_aws_encode(&buffer, "arn:aws/f+\xC3\xA9 ~-._%");
    assert_string_equal(buffer.data, "arn%3Aaws%2Ff%2B%C3%A9%20~-._%25");
}

static int setup(void **state) {
    (void)state;
    set_environment();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lambda_request, setup),
        cmocka_unit_test_setup(test_json_requests, setup),
        cmocka_unit_test_setup(test_endpoint_order, setup),
        cmocka_unit_test_setup(test_garbage_on_success_is_delivered, setup),
        cmocka_unit_test_setup(test_backoff, setup),
        cmocka_unit_test_setup(test_every_attempt_is_signed_anew, setup),
        cmocka_unit_test_setup(test_retry_after, setup),
        cmocka_unit_test_setup(test_token_bucket, setup),
        cmocka_unit_test_setup(test_throttling_takes_fewer_tokens, setup),
        cmocka_unit_test_setup(test_a_success_gives_its_tokens_back, setup),
        cmocka_unit_test_setup(test_errors, setup),
        cmocka_unit_test_setup(test_a_long_message_keeps_the_advice, setup),
        cmocka_unit_test_setup(test_no_secret_in_errors_or_log, setup),
        cmocka_unit_test_setup(test_what_cannot_be_sent, setup),
        cmocka_unit_test_setup(test_destroy_drops_calls, setup),
        cmocka_unit_test_setup(test_a_callback_may_destroy_the_client, setup),
        cmocka_unit_test_setup(test_create_names_what_is_missing, setup),
        cmocka_unit_test_setup(test_encode, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
