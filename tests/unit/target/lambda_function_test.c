/* The port's other half: what is asked about a function, and that no deletion goes out without a
 * version. */
#include "target/function.h"

#include "base/memory.h"
#include "fake_aws.h"
#include "mutants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct sy_aws *aws;
    struct sy_target *target;
    const struct sy_function_ops *ops;
    int count;
    bool failed, gone;
    struct sy_error error;
    size_t n;
    struct sy_named_alias aliases[4];
    struct sy_configuration configuration;
    struct sy_policy policy;
    struct sy_concurrency concurrency;
    struct sy_invoke_config invoke_config;
    char path[64];
};

static int setup(void **state) {
    struct fixture *f = sy_calloc(1, sizeof *f);
    f->aws = fake_aws_create();
    f->target = sy_lambda_create(f->aws);
    f->ops = f->target->function;
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    size_t unused = fake_unused(f->aws);
    f->target->ops->destroy(f->target);
    sy_aws_destroy(f->aws);
    if (f->path[0])
        (void)unlink(f->path);
    free(f);
    return unused ? -1 : 0;
}

static void answered(struct fixture *f, const struct sy_error *error) {
    f->count++;
    f->failed = error;
    if (error)
        f->error = *error;
}

static void on_aliases(void *ctx, const struct sy_named_alias *aliases, size_t n,
                       const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    assert_true(n <= SY_COUNT(f->aliases));
    f->n = n;
    if (n)
        memcpy(f->aliases, aliases, n * sizeof *aliases);
}

static void on_deleted(void *ctx, bool gone, const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    f->gone = gone;
}

static void on_configuration(void *ctx, const struct sy_configuration *configuration,
                             const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    assert_true(!configuration != !error);
    if (configuration)
        f->configuration = *configuration;
}

static void on_policy(void *ctx, const struct sy_policy *policy, const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    if (policy)
        f->policy = *policy;
}

static void on_concurrency(void *ctx, const struct sy_concurrency *concurrency,
                           const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    if (concurrency)
        f->concurrency = *concurrency;
}

static void on_invoke_config(void *ctx, const struct sy_invoke_config *config,
                             const struct sy_error *error) {
    struct fixture *f = ctx;
    answered(f, error);
    if (config)
        f->invoke_config = *config;
}

static void deliver(struct fixture *f) {
    assert_int_equal(f->count, 0); /* never from within the call */
    fake_deliver(f->aws);
    assert_int_equal(f->count, 1);
    f->count = 0;
}

static void assert_call(struct fixture *f, size_t i, const char *operation, const char *method,
                        const char *path, const char *query) {
    const struct fake_call *call = fake_call(f->aws, i);
    assert_int_equal(call->service, SY_AWS_LAMBDA);
    assert_string_equal(call->operation, operation);
    assert_string_equal(call->method, method);
    assert_string_equal(call->path, path);
    assert_string_equal(call->query, query);
}

/* ---- the one deletion ---- */

static void deletes_a_version_by_its_digits(void **state) {
    struct fixture *f = *state;
    struct sy_error error;
    fake_reply(f->aws, 204, "");
    assert_int_equal(f->ops->delete_version(f->target, "orders", "41", on_deleted, f, &error), 0);
    deliver(f);
    assert_false(f->failed || f->gone);
    assert_call(f, 0, "DeleteFunction", "DELETE", "/2015-03-31/functions/orders", "Qualifier=41");
    fake_error(f->aws, SY_NOT_FOUND, "ResourceNotFoundException", "no such version");
    assert_int_equal(f->ops->delete_version(f->target, "orders", "40", on_deleted, f, &error), 0);
    deliver(f);
    assert_true(f->gone && !f->failed);
    fake_error(f->aws, SY_ALREADY_EXISTS, "ResourceConflictException", "an alias uses it");
    assert_int_equal(f->ops->delete_version(f->target, "orders", "39", on_deleted, f, &error), 0);
    deliver(f);
    assert_true(f->failed);
    assert_int_equal(f->error.code, SY_ALREADY_EXISTS);
}

static void never_sends_a_deletion_without_a_version(void **state) {
    struct fixture *f = *state;
    static const char *const bad[] = {"",
                                      "$LATEST",
                                      "live",
                                      "0",
                                      "07",
                                      "-1",
                                      "4 2",
                                      " 42",
                                      "42 ",
                                      "4x",
                                      "42\n",
                                      "+42",
                                      "4.2",
                                      "0x2A",
                                      "%34",
                                      "4,2",
                                      "999999999999999999999"};
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        struct sy_error error = {0};
        int result = f->ops->delete_version(f->target, "orders", bad[i], on_deleted, f, &error);
        if (result == 0)
            fail_msg("a deletion of \"%s\" went out", bad[i]);
        assert_non_null(strstr(error.message, "nothing was deleted"));
    }
    struct sy_error error = {0};
    assert_int_equal(f->ops->delete_version(f->target, "", "42", on_deleted, f, &error), -1);
    assert_int_equal(fake_calls(f->aws), 0);
    assert_int_equal(f->count, 0);
}

/* ---- aliases ---- */

static void lists_aliases_over_pages(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200,
               "{\"NextMarker\":\"p/2\",\"Aliases\":[{\"Name\":\"beta\",\"FunctionVersion\":\"41\","
               "\"RevisionId\":\"r\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"42\":0.1}}}"
               "]}");
    fake_reply(f->aws, 200, "{\"Aliases\":[{\"Name\":\"dev\",\"FunctionVersion\":\"$LATEST\"}]}");
    f->ops->list_aliases(f->target, "orders", on_aliases, f);
    deliver(f);
    assert_false(f->failed);
    assert_int_equal(f->n, 2);
    assert_call(f, 0, "ListAliases", "GET", "/2015-03-31/functions/orders/aliases", "MaxItems=50");
    assert_string_equal(fake_call(f->aws, 1)->query, "MaxItems=50&Marker=p%2F2");
    assert_string_equal(f->aliases[0].name, "beta");
    assert_string_equal(f->aliases[0].routing.additional, "42");
    assert_string_equal(f->aliases[1].routing.primary, "$LATEST");
}

static void refuses_odd_lists(void **state) {
    struct fixture *f = *state;
    static const char *const odd[] = {
        "[]",
        "{}",
        "{\"Aliases\":{}}",
        "{\"Aliases\":[1]}",
        "{\"Aliases\":[{\"Name\":\"x\"}]}",
        "{\"Aliases\":[{\"Name\":\"x\",\"FunctionVersion\":\"new\"}]}",
        "{\"Aliases\":[{\"Name\":\"x\",\"FunctionVersion\":\"1\",\"RoutingConfig\":{"
        "\"AdditionalVersionWeights\":{\"2\":2}}}]}",
        "{\"Aliases\":[],\"NextMarker\":7}"};
    for (size_t i = 0; i < SY_COUNT(odd); i++) {
        fake_reply(f->aws, 200, odd[i]);
        f->ops->list_aliases(f->target, "orders", on_aliases, f);
        deliver(f);
        if (!f->failed || f->error.code != SY_INTERNAL)
            fail_msg("%s was taken", odd[i]);
        assert_non_null(strstr(f->error.message, "ListAliases is not as documented"));
    }
}

static void gives_up_on_a_list_without_end(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{\"Aliases\":[],\"NextMarker\":\"x\"}");
    fake_reply(f->aws, 200, "{\"Aliases\":[],\"NextMarker\":\"x\"}");
    f->ops->list_aliases(f->target, "orders", on_aliases, f);
    deliver(f);
    assert_true(f->failed);
    assert_non_null(strstr(f->error.message, "aliases of orders has no end"));
}

/* ---- configurations ---- */

static void reads_a_configuration(void **state) {
    struct fixture *f = *state;
    fake_reply(
        f->aws, 200,
        "{\"Version\":\"42\",\"State\":\"Failed\",\"StateReason\":\"two\\nlines\","
        "\"LastUpdateStatus\":\"InProgress\",\"LastUpdateStatusReason\":\"busy\","
        "\"CodeSha256\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
        "\"RevisionId\":\"r-1\",\"Role\":\"arn:aws:iam::1:role/x\","
        "\"DeadLetterConfig\":{\"TargetArn\":\"arn:q\"},"
        "\"SnapStart\":{\"ApplyOn\":\"PublishedVersions\",\"OptimizationStatus\":\"Off\"}}");
    f->ops->read_configuration(f->target, "orders", "42", on_configuration, f);
    deliver(f);
    assert_call(f, 0, "GetFunctionConfiguration", "GET",
                "/2015-03-31/functions/orders/configuration", "Qualifier=42");
    const struct sy_configuration *c = &f->configuration;
    assert_true(c->exists && c->snap_start);
    assert_string_equal(c->state, "Failed");
    assert_string_equal(c->state_reason, "two?lines");
    assert_string_equal(c->last_update, "InProgress");
    assert_int_equal(strlen(c->code_sha256), 64);
    assert_string_equal(c->role, "arn:aws:iam::1:role/x");
    assert_string_equal(c->dead_letter, "arn:q");
}

static void absence_of_a_version_is_no_error(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_NOT_FOUND, "ResourceNotFoundException", "");
    f->ops->read_configuration(f->target, "orders", "42", on_configuration, f);
    deliver(f);
    assert_false(f->failed || f->configuration.exists);
    fake_error(f->aws, SY_NOT_FOUND, "ResourceNotFoundException", "");
    f->ops->read_configuration(f->target, "orders", "", on_configuration, f);
    deliver(f);
    assert_true(f->failed);
    assert_string_equal(f->error.reason, "FUNCTION_NOT_FOUND");
    assert_string_equal(fake_call(f->aws, 1)->query, "");
}

/* ---- code ---- */

static void write_file(struct fixture *f, const char *bytes, size_t len) {
    (void)snprintf(f->path, sizeof f->path, "/tmp/steelyard-code-XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    (void)close(fd);
}

static int update(struct fixture *f, const struct sy_package *package, struct sy_error *error) {
    return f->ops->update_code(f->target, "orders", package, "r-1", on_configuration, f, error);
}

/* An empty archive: its end of central directory, 22 bytes (APPNOTE.TXT 4.3.16). */
static const char empty_zip[22] = "PK\x05\x06";
#define EMPTY_HASH "hznHbmgfkAkjuQDJ3w73XPQh05yrtUZQxLmtGbanbYU="
static const char latest[] =
    "{\"Version\":\"$LATEST\",\"CodeSha256\":\"%s\",\"RevisionId\":\"r-2\"}";

static void reply_latest(struct fixture *f, const char *hash) {
    char body[200];
    (void)snprintf(body, sizeof body, latest, hash);
    fake_reply(f->aws, 200, body);
}

static void uploads_an_archive(void **state) {
    struct fixture *f = *state;
    struct sy_error error;
    struct sy_package package = {.kind = SY_PACKAGE_ZIP};
    write_file(f, empty_zip, sizeof empty_zip);
    memcpy(package.zip_path, f->path, sizeof f->path);
    reply_latest(f, "h");
    assert_int_equal(update(f, &package, &error), 0);
    deliver(f);
    assert_call(f, 0, "UpdateFunctionCode", "PUT", "/2015-03-31/functions/orders/code", "");
    assert_string_equal(
        fake_call(f->aws, 0)->body,
        "{\"ZipFile\":\"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\",\"RevisionId\":\"r-1\"}");
    assert_string_equal(f->configuration.revision, "r-2");
    /* Not every service gives revisions. */
    reply_latest(f, "h");
    assert_int_equal(
        f->ops->update_code(f->target, "orders", &package, "", on_configuration, f, &error), 0);
    deliver(f);
    assert_string_equal(fake_call(f->aws, 1)->body,
                        "{\"ZipFile\":\"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==\"}");
}

static void names_objects_and_images(void **state) {
    struct fixture *f = *state;
    struct sy_error error;
    struct sy_package s3 = {
        .kind = SY_PACKAGE_S3, .bucket = "b", .key = "k\"", .object_version = "v"};
    struct sy_package image = {.kind = SY_PACKAGE_IMAGE, .image_uri = "repo@sha256:0"};
    reply_latest(f, "h");
    assert_int_equal(update(f, &s3, &error), 0);
    deliver(f);
    assert_string_equal(fake_call(f->aws, 0)->body,
                        "{\"RevisionId\":\"r-1\",\"S3Bucket\":\"b\",\"S3Key\":\"k\\\"\","
                        "\"S3ObjectVersion\":\"v\"}");
    reply_latest(f, "h");
    assert_int_equal(update(f, &image, &error), 0);
    deliver(f);
    assert_string_equal(fake_call(f->aws, 1)->body,
                        "{\"RevisionId\":\"r-1\",\"ImageUri\":\"repo@sha256:0\"}");
}

static void refuses_what_is_no_archive(void **state) {
    struct fixture *f = *state;
    struct sy_package package = {.kind = SY_PACKAGE_ZIP};
    struct {
        const char *path;
        const char *says;
    } cases[] = {{"/no/such.zip", "No such file"},
                 {"/tmp", "no regular file"},
                 {"/dev/zero", "no regular file"},
                 {f->path, "no zip archive"}};
    write_file(f, "#!/bin/sh\necho not an archive\n", 30);
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_error error = {0};
        (void)snprintf(package.zip_path, sizeof package.zip_path, "%s", cases[i].path);
        assert_int_equal(update(f, &package, &error), -1);
        assert_int_equal(error.code, SY_INVALID_ARGUMENT);
        assert_string_equal(error.field, "code");
        if (!strstr(error.message, cases[i].says))
            fail_msg("%s: %s", cases[i].path, error.message);
    }
    struct sy_error error = {0};
    assert_int_equal(truncate(f->path, SY_ZIP_MAX_BYTES + 1), 0);
    assert_int_equal(update(f, &package, &error), -1);
    assert_non_null(strstr(error.message, "50 MB"));
    assert_non_null(strstr(error.message, "s3://"));
    assert_int_equal(fake_calls(f->aws), 0);
}

/* The answer to the first try was lost: the second finds its own code there. */
static void a_412_may_be_our_own_upload(void **state) {
    struct fixture *f = *state;
    struct sy_error error;
    struct sy_package package = {.kind = SY_PACKAGE_ZIP};
    write_file(f, empty_zip, sizeof empty_zip);
    memcpy(package.zip_path, f->path, sizeof f->path);
    fake_error(f->aws, SY_ABORTED, "PreconditionFailedException", "revision");
    reply_latest(f, "somebody else's");
    assert_int_equal(update(f, &package, &error), 0);
    deliver(f);
    assert_true(f->failed);
    assert_string_equal(f->error.reason, "STALE_REVISION");
    fake_error(f->aws, SY_ABORTED, "PreconditionFailedException", "revision");
    reply_latest(f, EMPTY_HASH);
    assert_int_equal(update(f, &package, &error), 0);
    deliver(f);
    assert_false(f->failed);
    assert_string_equal(f->configuration.revision, "r-2");
}

/* ---- what stands around an alias ---- */

static void read_policy(struct fixture *f, const char *policy) {
    SY_AUTO_BUFFER struct sy_buffer body = {0};
    sy_buffer_puts(&body, "{\"Policy\":\"");
    for (; *policy; policy++)
        sy_buffer_printf(&body, "%s%c", *policy == '"' ? "\\" : "", *policy);
    sy_buffer_puts(&body, "\",\"RevisionId\":\"r\"}");
    fake_reply(f->aws, 200, body.data);
    f->policy = (struct sy_policy){0};
    f->ops->read_policy(f->target, "orders", "live", on_policy, f);
    deliver(f);
}

#define STATEMENT(effect, service, action)                                                         \
    "{\"Effect\":\"" effect "\",\"Principal\":{\"Service\":" service "},\"Action\":" action "}"

static void reads_who_may_invoke(void **state) {
    struct fixture *f = *state;
    static const struct {
        const char *policy;
        bool allows;
    } cases[] = {
        {"{\"Statement\":[" STATEMENT("Allow", "\"apigateway.amazonaws.com\"",
                                      "\"lambda:InvokeFunction\"") "]}",
         true},
        {"{\"Statement\":" STATEMENT("Allow", "[\"s3.amazonaws.com\",\"apigateway.amazonaws.com\"]",
                                     "[\"lambda:GetFunction\",\"lambda:*\"]") "}",
         true},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\"}]}", true},
        {"{\"Statement\":[" STATEMENT("Deny", "\"apigateway.amazonaws.com\"",
                                      "\"lambda:InvokeFunction\"") "]}",
         false},
        {"{\"Statement\":[" STATEMENT("Allow", "\"s3.amazonaws.com\"",
                                      "\"lambda:InvokeFunction\"") "]}",
         false},
        {"{\"Statement\":[" STATEMENT("Allow", "\"apigateway.amazonaws.com\"",
                                      "\"lambda:GetFunction\"") ",7,null]}",
         false},
        {"{}", false},
        {"[]", false},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        read_policy(f, cases[i].policy);
        assert_false(f->failed);
        if (f->policy.api_gateway != cases[i].allows || !f->policy.exists)
            fail_msg("%s", cases[i].policy);
    }
    assert_call(f, 0, "GetPolicy", "GET", "/2015-03-31/functions/orders/policy", "Qualifier=live");
    read_policy(f, "no JSON");
    assert_true(f->failed);
    assert_int_equal(f->error.code, SY_INTERNAL);
}

static void what_is_not_set_is_no_error(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        fake_error(f->aws, SY_NOT_FOUND, "ResourceNotFoundException", "");
    f->ops->read_policy(f->target, "orders", "", on_policy, f);
    deliver(f);
    assert_false(f->failed || f->policy.exists);
    f->ops->read_concurrency(f->target, "orders", "live", on_concurrency, f);
    deliver(f);
    assert_false(f->failed || f->concurrency.exists);
    f->ops->read_invoke_config(f->target, "orders", "live", on_invoke_config, f);
    deliver(f);
    assert_false(f->failed || f->invoke_config.exists);
    fake_error(f->aws, SY_PERMISSION_DENIED, "AccessDeniedException", "lambda:GetPolicy");
    f->ops->read_policy(f->target, "orders", "", on_policy, f);
    deliver(f);
    assert_int_equal(f->error.code, SY_PERMISSION_DENIED);
}

static void reads_capacity_and_retries(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200,
               "{\"RequestedProvisionedConcurrentExecutions\":5,"
               "\"AvailableProvisionedConcurrentExecutions\":2,\"Status\":\"IN_PROGRESS\"}");
    f->ops->read_concurrency(f->target, "orders", "live", on_concurrency, f);
    deliver(f);
    assert_call(f, 0, "GetProvisionedConcurrencyConfig", "GET",
                "/2019-09-30/functions/orders/provisioned-concurrency", "Qualifier=live");
    assert_int_equal(f->concurrency.requested, 5);
    assert_int_equal(f->concurrency.available, 2);
    assert_string_equal(f->concurrency.status, "IN_PROGRESS");
    fake_reply(f->aws, 200, "{\"MaximumRetryAttempts\":0}");
    f->ops->read_invoke_config(f->target, "orders", "live", on_invoke_config, f);
    deliver(f);
    assert_call(f, 1, "GetFunctionEventInvokeConfig", "GET",
                "/2019-09-25/functions/orders/event-invoke-config", "Qualifier=live");
    assert_true(f->invoke_config.exists && f->invoke_config.retries == 0);
    fake_reply(f->aws, 200, "{\"MaximumRetryAttempts\":3}");
    f->ops->read_invoke_config(f->target, "orders", "live", on_invoke_config, f);
    deliver(f);
    assert_int_equal(f->error.code, SY_INTERNAL);
}

/* Each answer, broken in every way: it is read, or refused as INTERNAL; nothing else happens. */
struct hostile {
    struct fixture *f;
    int which;
    size_t read;
};

static void try_answer(void *ctx, const char *mutant, size_t len) {
    struct hostile *h = ctx;
    struct fixture *f = h->f;
    if (strlen(mutant) != len)
        return; /* the scripted client gives bodies without NULs */
    fake_reply(f->aws, 200, mutant);
    if (h->which == 0)
        f->ops->read_configuration(f->target, "orders", "42", on_configuration, f);
    else if (h->which == 1)
        f->ops->read_policy(f->target, "orders", "live", on_policy, f);
    else if (h->which == 2)
        f->ops->read_concurrency(f->target, "orders", "live", on_concurrency, f);
    else
        f->ops->read_invoke_config(f->target, "orders", "live", on_invoke_config, f);
    deliver(f);
    if (f->failed)
        assert_int_equal(f->error.code, SY_INTERNAL);
    h->read += !f->failed;
}

static void mutants_are_read_or_refused(void **state) {
    static const char *const answers[] = {
        "{\"Version\":\"42\",\"State\":\"Active\",\"DeadLetterConfig\":{\"TargetArn\":\"q\"},"
        "\"SnapStart\":{\"ApplyOn\":\"None\"}}",
        "{\"Policy\":\"{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\"}]}\"}",
        "{\"Status\":\"READY\",\"RequestedProvisionedConcurrentExecutions\":5}",
        "{\"MaximumRetryAttempts\":1}"};
    for (int i = 0; i < (int)SY_COUNT(answers); i++) {
        struct hostile h = {.f = *state, .which = i};
        size_t tried = mutants_each(answers[i], try_answer, &h);
        assert_true(h.read > 0 && h.read < tried);
    }
}

static void tells_until_when_it_may_ask(void **state) {
    struct fixture *f = *state;
    struct sy_expiry expiry;
    f->ops->read_expiry(f->target, &expiry);
    assert_false(expiry.has);
    fake_expiry(f->aws, &(struct sy_aws_expiry){"a file", true, 1234, true});
    f->ops->read_expiry(f->target, &expiry);
    assert_true(expiry.has && expiry.known && expiry.refreshes);
    assert_int_equal(expiry.expires_ms, 1234);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(deletes_a_version_by_its_digits),  TEST(never_sends_a_deletion_without_a_version),
        TEST(lists_aliases_over_pages),         TEST(refuses_odd_lists),
        TEST(gives_up_on_a_list_without_end),   TEST(reads_a_configuration),
        TEST(absence_of_a_version_is_no_error), TEST(uploads_an_archive),
        TEST(names_objects_and_images),         TEST(refuses_what_is_no_archive),
        TEST(a_412_may_be_our_own_upload),      TEST(reads_who_may_invoke),
        TEST(what_is_not_set_is_no_error),      TEST(reads_capacity_and_retries),
        TEST(mutants_are_read_or_refused),      TEST(tells_until_when_it_may_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
