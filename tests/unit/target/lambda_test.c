#include "target/target.h"

#include "base/memory.h"
#include "fake_aws.h"
#include "mutants.h"
#include "target/lambda_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARN "arn:aws:lambda:eu-central-1:123456789012:function:orders-api"
static const char alias_split[] =
    "{\"AliasArn\":\"" ARN ":live\",\"Name\":\"live\",\"FunctionVersion\":\"41\","
    "\"Description\":\"\",\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"42\":0.1}},"
    "\"RevisionId\":\"6a0f4d3c-5f0b-4f6e-a9a5-7a1d0b1e9c11\"}";
static const char alias_whole[] =
    "{\"AliasArn\":\"" ARN ":live\",\"Name\":\"live\",\"FunctionVersion\":\"41\","
    "\"Description\":\"\",\"RevisionId\":\"r-2\"}";
static const char version_42[] =
    "{\"FunctionName\":\"orders-api\",\"FunctionArn\":\"" ARN ":42\",\"Runtime\":\"python3.12\","
    "\"Role\":\"arn:aws:iam::123456789012:role/r\",\"Handler\":\"app.handler\",\"CodeSize\":1024,"
    "\"Timeout\":30,\"MemorySize\":128,\"LastModified\":\"2026-01-02T03:04:05.000+0000\","
    "\"CodeSha256\":\"YFgDgEKG3ugvF1+pX64gV6tu9qNuIYNUdgJm8nCxsm4=\",\"Version\":\"42\","
    "\"TracingConfig\":{\"Mode\":\"PassThrough\"},\"RevisionId\":\"x\",\"State\":\"Active\","
    "\"LastUpdateStatus\":\"Successful\",\"Layers\":[]}";

/* What came back. */
struct got {
    int count;
    bool has_state;
    struct sy_alias_state alias;
    struct sy_version_state version;
    struct sy_error error;
};

struct fixture {
    struct sy_aws *aws;
    struct sy_target *target;
    struct got got;
};

static void on_alias(void *ctx, const struct sy_alias_state *state, const struct sy_error *error) {
    struct got *got = ctx;
    got->count++;
    assert_true(!state != !error);
    if (state)
        got->alias = *state;
    else
        got->error = *error;
    got->has_state = state;
}

static void on_version(void *ctx, const struct sy_version_state *state,
                       const struct sy_error *error) {
    struct got *got = ctx;
    got->count++;
    assert_true(!state != !error);
    if (state)
        got->version = *state;
    else
        got->error = *error;
    got->has_state = state;
}

static int setup(void **state) {
    struct fixture *f = sy_calloc(1, sizeof *f);
    f->aws = fake_aws_create();
    f->target = sy_lambda_create(f->aws);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    size_t unused = fake_unused(f->aws);
    f->target->ops->destroy(f->target);
    sy_aws_destroy(f->aws);
    free(f);
    return unused ? -1 : 0;
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

static void read_alias(struct fixture *f) {
    f->target->ops->read_alias(f->target, "orders-api", "live", on_alias, &f->got);
    assert_int_equal(f->got.count, 0);
    fake_deliver(f->aws);
    assert_int_equal(f->got.count, 1);
}

static void read_version(struct fixture *f, const char *version) {
    f->target->ops->read_version(f->target, "orders-api", version, on_version, &f->got);
    assert_int_equal(f->got.count, 0);
    fake_deliver(f->aws);
    assert_int_equal(f->got.count, 1);
}

static void write_alias(struct fixture *f, const struct sy_routing *routing, const char *revision) {
    f->target->ops->write_alias(f->target, "orders-api", "live", routing, revision, on_alias,
                                &f->got);
    assert_int_equal(f->got.count, 0);
    fake_deliver(f->aws);
    assert_int_equal(f->got.count, 1);
}

static void not_found(struct fixture *f, const char *message) {
    fake_error(f->aws, SY_NOT_FOUND, "ResourceNotFoundException", message);
}

static void reads_a_weighted_alias(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, alias_split);
    read_alias(f);
    assert_call(f, 0, "GetAlias", "GET", "/2015-03-31/functions/orders-api/aliases/live", "", "");
    assert_true(f->got.has_state && f->got.alias.exists);
    assert_string_equal(f->got.alias.routing.primary, "41");
    assert_string_equal(f->got.alias.routing.additional, "42");
    assert_int_equal(f->got.alias.routing.additional_bp, 1000);
    assert_string_equal(f->got.alias.revision, "6a0f4d3c-5f0b-4f6e-a9a5-7a1d0b1e9c11");
}

static void reads_an_alias_without_weights(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, alias_whole);
    read_alias(f);
    assert_true(f->got.alias.exists);
    assert_string_equal(f->got.alias.routing.primary, "41");
    assert_string_equal(f->got.alias.routing.additional, "");
}

static void names_are_encoded(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, alias_whole);
    f->target->ops->read_alias(f->target, "a/../b", "x?y", on_alias, &f->got);
    fake_deliver(f->aws);
    assert_call(f, 0, "GetAlias", "GET", "/2015-03-31/functions/a%2F..%2Fb/aliases/x%3Fy", "", "");
}

static void an_absent_alias_of_a_function_that_is_there(void **state) {
    struct fixture *f = *state;
    not_found(f, "Cannot find alias arn: " ARN ":live");
    fake_reply(f->aws, 200, version_42);
    read_alias(f);
    assert_call(f, 1, "GetFunctionConfiguration", "GET",
                "/2015-03-31/functions/orders-api/configuration", "", "");
    assert_true(f->got.has_state);
    assert_false(f->got.alias.exists);
}

static void an_absent_function(void **state) {
    struct fixture *f = *state;
    not_found(f, "Cannot find alias arn: " ARN ":live");
    not_found(f, "Function not found: " ARN);
    read_alias(f);
    assert_false(f->got.has_state);
    assert_int_equal(f->got.error.code, SY_NOT_FOUND);
    assert_string_equal(f->got.error.reason, "FUNCTION_NOT_FOUND");
    assert_non_null(strstr(f->got.error.message, "orders-api"));
    assert_non_null(strstr(f->got.error.message, "--region"));
}

static void other_errors_pass_through(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_PERMISSION_DENIED, "AccessDeniedException", "lambda:GetAlias is missing");
    read_alias(f);
    assert_int_equal(f->got.error.code, SY_PERMISSION_DENIED);
    assert_string_equal(f->got.error.message, "lambda:GetAlias is missing");
}

static void a_probe_that_fails_is_no_answer(void **state) {
    struct fixture *f = *state;
    not_found(f, "Cannot find alias arn: " ARN ":live");
    fake_error(f->aws, SY_UNAVAILABLE, "ServiceException", "Lambda did not answer");
    read_alias(f);
    assert_false(f->got.has_state);
    assert_int_equal(f->got.error.code, SY_UNAVAILABLE);
}

static void reads_a_version(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, version_42);
    read_version(f, "42");
    assert_call(f, 0, "GetFunctionConfiguration", "GET",
                "/2015-03-31/functions/orders-api/configuration", "Qualifier=42", "");
    assert_true(f->got.version.exists);
    assert_string_equal(f->got.version.state, "Active");
    assert_string_equal(f->got.version.code_sha256, "YFgDgEKG3ugvF1+pX64gV6tu9qNuIYNUdgJm8nCxsm4=");
}

static void an_absent_version(void **state) {
    struct fixture *f = *state;
    not_found(f, "Function not found: " ARN ":43");
    fake_reply(f->aws, 200, version_42);
    read_version(f, "43");
    assert_true(f->got.has_state);
    assert_false(f->got.version.exists);
}

static void another_version_than_asked(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, version_42);
    read_version(f, "43");
    assert_int_equal(f->got.error.code, SY_INTERNAL);
    assert_non_null(strstr(f->got.error.message, "\"42\""));
}

static void moves_an_alias(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, alias_split);
    write_alias(f, &(struct sy_routing){"41", "42", 1000}, "r-1");
    assert_call(f, 0, "UpdateAlias", "PUT", "/2015-03-31/functions/orders-api/aliases/live", "",
                "{\"FunctionVersion\":\"41\",\"RoutingConfig\":{\"AdditionalVersionWeights\":"
                "{\"42\":0.1}},\"RevisionId\":\"r-1\"}");
    assert_int_equal(f->got.alias.routing.additional_bp, 1000);
    assert_string_equal(f->got.alias.revision, "6a0f4d3c-5f0b-4f6e-a9a5-7a1d0b1e9c11");
}

static void clears_weights_explicitly(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, alias_whole);
    write_alias(f, &(struct sy_routing){.primary = "41"}, "r-1");
    assert_string_equal(fake_call(f->aws, 0)->body,
                        "{\"FunctionVersion\":\"41\",\"RoutingConfig\":"
                        "{\"AdditionalVersionWeights\":{}},\"RevisionId\":\"r-1\"}");
}

static void creates_an_alias(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 201, alias_whole);
    write_alias(f, &(struct sy_routing){.primary = "41"}, "");
    assert_call(f, 0, "CreateAlias", "POST", "/2015-03-31/functions/orders-api/aliases", "",
                "{\"Name\":\"live\",\"FunctionVersion\":\"41\",\"RoutingConfig\":"
                "{\"AdditionalVersionWeights\":{}}}");
    assert_true(f->got.alias.exists);
}

static void a_stale_revision(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_ABORTED, "PreconditionFailedException",
               "The Revision Id provided does not match the latest Revision Id.");
    write_alias(f, &(struct sy_routing){"41", "42", 1000}, "r-1");
    assert_int_equal(f->got.error.code, SY_ABORTED);
    assert_string_equal(f->got.error.reason, "STALE_REVISION");
}

static void creating_what_is_there(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_ALREADY_EXISTS, "ResourceConflictException", "Alias already exists");
    write_alias(f, &(struct sy_routing){.primary = "41"}, "");
    assert_int_equal(f->got.error.code, SY_ALREADY_EXISTS);
    assert_non_null(strstr(f->got.error.message, "live"));
}

static void an_update_that_collides(void **state) {
    struct fixture *f = *state;
    fake_error(f->aws, SY_ALREADY_EXISTS, "ResourceConflictException", "in progress");
    write_alias(f, &(struct sy_routing){.primary = "41"}, "r-1");
    assert_int_equal(f->got.error.code, SY_UNAVAILABLE);
    assert_string_equal(f->got.error.reason, "ResourceConflictException");
}

static void an_update_of_a_deleted_alias_is_stale(void **state) {
    struct fixture *f = *state;
    not_found(f, "Cannot find alias arn: " ARN ":live");
    fake_reply(f->aws, 200, version_42);
    not_found(f, "Cannot find alias arn: " ARN ":live");
    write_alias(f, &(struct sy_routing){.primary = "41"}, "r-1");
    assert_int_equal(f->got.error.code, SY_ABORTED);
    assert_string_equal(f->got.error.reason, "STALE_REVISION");
}

static void an_update_to_a_deleted_version(void **state) {
    struct fixture *f = *state;
    not_found(f, "Function not found: " ARN ":42");
    fake_reply(f->aws, 200, version_42);
    fake_reply(f->aws, 200, alias_whole);
    write_alias(f, &(struct sy_routing){"41", "42", 1000}, "r-1");
    assert_int_equal(f->got.error.code, SY_NOT_FOUND);
    assert_string_equal(f->got.error.reason, "VERSION_NOT_FOUND");
    assert_non_null(strstr(f->got.error.message, "41 or 42"));
}

static void an_update_of_a_deleted_function(void **state) {
    struct fixture *f = *state;
    not_found(f, "Function not found: " ARN);
    not_found(f, "Function not found: " ARN);
    write_alias(f, &(struct sy_routing){"41", "42", 1000}, "r-1");
    assert_string_equal(f->got.error.reason, "FUNCTION_NOT_FOUND");
}

static void creating_onto_a_missing_version(void **state) {
    struct fixture *f = *state;
    not_found(f, "Function not found: " ARN ":99");
    fake_reply(f->aws, 200, version_42);
    write_alias(f, &(struct sy_routing){.primary = "99"}, "");
    assert_string_equal(f->got.error.reason, "VERSION_NOT_FOUND");
    assert_non_null(strstr(f->got.error.message, "99"));
}

static void weights_round_trip_for_every_basis_point(void **state) {
    (void)state;
    for (int32_t bp = 0; bp <= 10000; bp++) {
        struct sy_routing routing = {"1", "2", bp};
        struct sy_alias_state back = {0};
        struct sy_error error = {0};
        SY_AUTO_FREE char *body = sy_lambda_alias_write(NULL, &routing, "r");
        assert_int_equal(sy_lambda_alias_parse("GetAlias", body, strlen(body), &back, &error), 0);
        assert_true(sy_routing_equal(&routing, &back.routing));
    }
}

static void weights_are_written_as_decimals(void **state) {
    (void)state;
    static const struct {
        int32_t bp;
        const char *text;
    } cases[] = {{0, "0.0"},     {1, "0.0001"}, {10, "0.001"},    {333, "0.0333"}, {1000, "0.1"},
                 {2500, "0.25"}, {5000, "0.5"}, {9999, "0.9999"}, {10000, "1.0"}};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        SY_AUTO_FREE char *body =
            sy_lambda_alias_write(NULL, &(struct sy_routing){"1", "2", cases[i].bp}, NULL);
        SY_AUTO_FREE char *want = sy_asprintf("{\"FunctionVersion\":\"1\",\"RoutingConfig\":"
                                              "{\"AdditionalVersionWeights\":{\"2\":%s}}}",
                                              cases[i].text);
        assert_string_equal(body, want);
    }
}

static void weights_of_others_are_rounded(void **state) {
    (void)state;
    static const struct {
        const char *weight;
        int32_t bp;
    } cases[] = {{"0.33333333333333", 3333},
                 {"0.1234567", 1235},
                 {"1", 10000},
                 {"0", 0},
                 {"1e-1", 1000},
                 {"0.00001", 0}};
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_alias_state back = {0};
        struct sy_error error = {0};
        SY_AUTO_FREE char *body =
            sy_asprintf("{\"FunctionVersion\":\"$LATEST\",\"RevisionId\":\"r\",\"RoutingConfig\":"
                        "{\"AdditionalVersionWeights\":{\"7\":%s}}}",
                        cases[i].weight);
        assert_int_equal(sy_lambda_alias_parse("GetAlias", body, strlen(body), &back, &error), 0);
        assert_int_equal(back.routing.additional_bp, cases[i].bp);
        assert_string_equal(back.routing.additional, "7");
    }
}

#define WEIGHTS(w)                                                                                 \
    "{\"FunctionVersion\":\"41\",\"RevisionId\":\"r\",\"RoutingConfig\":"                          \
    "{\"AdditionalVersionWeights\":" w "}}"

static void hostile_answers_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *body;
        const char *shows; /* the message must contain it */
    } cases[] = {
        {"", "JSON"},
        {"<html>502 Bad Gateway</html>", "JSON"},
        {"[]", "container"},
        {"null", "container"},
        {"{}", "FunctionVersion"},
        {"{\"FunctionVersion\":\"41\"}", "RevisionId"},
        {"{\"FunctionVersion\":\"41\",\"RevisionId\":\"\"}", "RevisionId"},
        {"{\"FunctionVersion\":41,\"RevisionId\":\"r\"}", "FunctionVersion"},
        {"{\"FunctionVersion\":\"live\",\"RevisionId\":\"r\"}", "live"},
        {"{\"FunctionVersion\":\"\",\"RevisionId\":\"r\"}", "FunctionVersion"},
        {"{\"FunctionVersion\":\"123456789012345678901\",\"RevisionId\":\"r\"}", "FunctionVersion"},
        {"{\"FunctionVersion\":\"41\",\"FunctionVersion\":\"42\",\"RevisionId\":\"r\"}", "twice"},
        {"{\"FunctionVersion\":\"41\",\"RevisionId\":\"r\",\"RoutingConfig\":[]}", "RoutingConfig"},
        {"{\"FunctionVersion\":\"41\",\"RevisionId\":\"a\\u001b[2J\"}", "RevisionId"},
        {WEIGHTS("[]"), "AdditionalVersionWeights"},
        {WEIGHTS("{\"42\":0.1,\"43\":0.1}"), "\"43\""},
        {WEIGHTS("{\"42\":1.5}"), "1.5"},
        {WEIGHTS("{\"42\":-0.1}"), "-0.1"},
        {WEIGHTS("{\"42\":1e400}"), "42"},
        {WEIGHTS("{\"42\":NaN}"), "JSON"},
        {WEIGHTS("{\"42\":\"0.1\"}"), "0.1"},
        {WEIGHTS("{\"42\":null}"), "null"},
        {WEIGHTS("{\"42\":{}}"), "42"},
        {WEIGHTS("{\"\":0.1}"), "version"},
        {WEIGHTS("{\"live\":0.1}"), "live"},
        {WEIGHTS("{\"\\u0000\":0.1}"), "NUL"},
    };
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct sy_alias_state untouched = {.revision = "before"};
        struct sy_error error = {0};
        SY_AUTO_FREE char *body = sy_strdup(cases[i].body);
        if (sy_lambda_alias_parse("GetAlias", body, strlen(body), &untouched, &error) != -1)
            fail_msg("accepted: %s", cases[i].body);
        assert_int_equal(error.code, SY_INTERNAL);
        assert_string_equal(untouched.revision, "before");
        if (!strstr(error.message, cases[i].shows))
            fail_msg("%s: \"%s\" does not show %s", cases[i].body, error.message, cases[i].shows);
    }
}

static void try_alias(void *ctx, const char *body, size_t len) {
    size_t *read = ctx;
    struct sy_alias_state alias = {0};
    struct sy_error error = {0};
    if (sy_lambda_alias_parse("GetAlias", body, len, &alias, &error) == 0) {
        assert_true(alias.exists && alias.revision[0]);
        assert_true(sy_lambda_is_version(alias.routing.primary));
        assert_in_range(alias.routing.additional_bp, 0, 10000);
        ++*read;
        return;
    }
    assert_int_equal(error.code, SY_INTERNAL);
    assert_true(error.message[0]);
}

static void mutants_are_read_or_refused(void **state) {
    (void)state;
    size_t read = 0;
    size_t tried = mutants_each(alias_split, try_alias, &read);
    assert_true(read > 0 && read < tried);
}

static void a_garbled_write_answer_is_no_success(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, "{}");
    write_alias(f, &(struct sy_routing){.primary = "41"}, "r-1");
    assert_int_equal(f->got.error.code, SY_INTERNAL);
    assert_non_null(strstr(f->got.error.message, "UpdateAlias"));
}

static void destroy_forgets_calls_under_way(void **state) {
    struct fixture *f = *state;
    fake_reply(f->aws, 200, alias_whole);
    f->target->ops->read_alias(f->target, "orders-api", "live", on_alias, &f->got);
    f->target->ops->read_version(f->target, "orders-api", "42", on_version, &f->got);
    /* the teardown destroys the target, then the client; a leak fails under ASan */
    assert_int_equal(f->got.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(reads_a_weighted_alias),
        TEST(reads_an_alias_without_weights),
        TEST(names_are_encoded),
        TEST(an_absent_alias_of_a_function_that_is_there),
        TEST(an_absent_function),
        TEST(other_errors_pass_through),
        TEST(a_probe_that_fails_is_no_answer),
        TEST(reads_a_version),
        TEST(an_absent_version),
        TEST(another_version_than_asked),
        TEST(moves_an_alias),
        TEST(clears_weights_explicitly),
        TEST(creates_an_alias),
        TEST(a_stale_revision),
        TEST(creating_what_is_there),
        TEST(an_update_that_collides),
        TEST(an_update_of_a_deleted_alias_is_stale),
        TEST(an_update_to_a_deleted_version),
        TEST(an_update_of_a_deleted_function),
        TEST(creating_onto_a_missing_version),
        TEST(weights_round_trip_for_every_basis_point),
        TEST(weights_are_written_as_decimals),
        TEST(weights_of_others_are_rounded),
        TEST(hostile_answers_are_refused),
        cmocka_unit_test(mutants_are_read_or_refused),
        TEST(a_garbled_write_answer_is_no_success),
        TEST(destroy_forgets_calls_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
