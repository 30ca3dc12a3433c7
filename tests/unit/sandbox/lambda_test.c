#include "calls.h"

static const char scenario[] =
    "{\"functions\": [{\"name\": \"checkout\","
    " \"versions\": [{\"version\": \"41\", \"error_rate\": 0.0}, "
    "              {\"version\": \"42\", \"error_rate\": 1.0, \"active_from\": \"10s\"}],"
    " \"aliases\": [{\"name\": \"production\", \"version\": \"41\"}]}]}";

static int world_setup(void **state) {
    *state = world_of(scenario);
    return 0;
}

static int world_teardown(void **state) {
    sy_world_destroy(*state);
    return 0;
}

static void assert_refused(const struct sy_world_reply *reply, int status, const char *code) {
    assert_int_equal(reply->response.status, status);
    assert_string_equal(sy_http_header_get(&reply->response, "x-amzn-errortype"), code);
    assert_non_null(sy_http_header_get(&reply->response, "x-amzn-requestid"));
}

static void gets_an_alias(void **state) {
    struct sy_world_reply r;
    assert_int_equal(lambda_at(*state, 0, "GET", "checkout/aliases/production", NULL, &r), 200);
    assert_string_equal(said(&r, "AliasArn"),
                        "arn:aws:lambda:us-east-1:123456789012:function:checkout:production");
    assert_string_equal(said(&r, "FunctionVersion"), "41");
    assert_string_equal(said(&r, "RoutingConfig"), "");
    assert_int_equal(strlen(said(&r, "RevisionId")), 36);
}

static void names_what_is_absent(void **state) {
    struct sy_world_reply r;
    lambda_at(*state, 0, "GET", "nope/aliases/production", NULL, &r);
    assert_refused(&r, 404, "ResourceNotFoundException");
    assert_string_equal(said(&r, "Message"), "Function not found: "
                                             "arn:aws:lambda:us-east-1:123456789012:function:nope");
    lambda_at(*state, 0, "GET", "checkout/aliases/nope", NULL, &r);
    assert_refused(&r, 404, "ResourceNotFoundException");
    assert_string_equal(said(&r, "Message"),
                        "Cannot find alias arn: "
                        "arn:aws:lambda:us-east-1:123456789012:function:checkout:nope");
}

static void guards_updates_by_revision(void **state) {
    struct sy_world_reply r;
    char first[64], body[300];
    lambda_at(*state, 0, "GET", "checkout/aliases/production", NULL, &r);
    (void)snprintf(first, sizeof first, "%s", said(&r, "RevisionId"));
    (void)snprintf(body, sizeof body,
                   "{\"FunctionVersion\":\"41\",\"RoutingConfig\":{\"AdditionalVersionWeights\":"
                   "{\"42\":0.1}},\"RevisionId\":\"%s\"}",
                   first);
    assert_int_equal(lambda_at(*state, 1, "PUT", "checkout/aliases/production", body, &r), 200);
    assert_string_equal(said(&r, "RoutingConfig/AdditionalVersionWeights/42"), "0.1");
    assert_string_not_equal(said(&r, "RevisionId"), first);
    lambda_at(*state, 2, "PUT", "checkout/aliases/production", body, &r);
    assert_refused(&r, 412, "PreconditionFailedException");
    lambda_at(*state, 2, "GET", "checkout/aliases/production", NULL, &r);
    assert_string_equal(said(&r, "RoutingConfig/AdditionalVersionWeights/42"), "0.1");
}

static void clears_weights_only_when_told(void **state) {
    struct sy_world_reply r;
    const char *path = "checkout/aliases/production";
    lambda_at(*state, 0, "PUT", path,
              "{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"42\":0.25}}}", &r);
    lambda_at(*state, 0, "PUT", path, "{\"Description\":\"kept\"}", &r);
    assert_string_equal(said(&r, "RoutingConfig/AdditionalVersionWeights/42"), "0.25");
    lambda_at(*state, 0, "PUT", path, "{\"RoutingConfig\":{\"AdditionalVersionWeights\":{}}}", &r);
    assert_string_equal(said(&r, "RoutingConfig"), "");
    assert_string_equal(said(&r, "Description"), "kept");
}

static void refuses_routings_that_aws_refuses(void **state) {
    static const struct {
        const char *body;
        int status;
        const char *code;
    } bad[] = {
        {"{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"42\":1.5}}}", 400,
         "ValidationException"},
        {"{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"42\":-0.1}}}", 400,
         "ValidationException"},
        {"{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"42\":\"0.1\"}}}", 400,
         "SerializationException"},
        {"{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"41\":0.1}}}", 400,
         "InvalidParameterValueException"},
        {"{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"99\":0.1}}}", 404,
         "ResourceNotFoundException"},
        {"{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"$LATEST\":0.1}}}", 400,
         "ValidationException"},
        {"{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"41\":0.1,\"42\":0.1}}}", 400,
         "InvalidParameterValueException"},
        {"{\"FunctionVersion\":\"99\"}", 404, "ResourceNotFoundException"},
        {"{\"FunctionVersion\":\"new\"}", 400, "ValidationException"},
        {"{\"FunctionVersion\":\"$LATEST\",\"RoutingConfig\":{\"AdditionalVersionWeights\":"
         "{\"42\":0.1}}}",
         400, "InvalidParameterValueException"},
        {"{\"FunctionVersion\":", 400, "InvalidRequestContentException"},
        {"[]", 400, "InvalidRequestContentException"},
    };
    struct sy_world_reply r;
    char revision[64];
    lambda_at(*state, 0, "GET", "checkout/aliases/production", NULL, &r);
    (void)snprintf(revision, sizeof revision, "%s", said(&r, "RevisionId"));
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        lambda_at(*state, 0, "PUT", "checkout/aliases/production", bad[i].body, &r);
        if (r.response.status != bad[i].status)
            fail_msg("%s gave %d %s", bad[i].body, r.response.status, r.response.body);
        assert_refused(&r, bad[i].status, bad[i].code);
    }
    lambda_at(*state, 0, "GET", "checkout/aliases/production", NULL, &r);
    assert_string_equal(said(&r, "RevisionId"), revision);
}

static void creates_lists_and_deletes_aliases(void **state) {
    struct sy_world_reply r;
    const char *body = "{\"Name\":\"canary\",\"FunctionVersion\":\"42\"}";
    assert_int_equal(lambda_at(*state, 0, "POST", "checkout/aliases", body, &r), 201);
    lambda_at(*state, 0, "POST", "checkout/aliases", body, &r);
    assert_refused(&r, 409, "ResourceConflictException");
    lambda_at(*state, 0, "POST", "checkout/aliases", "{\"Name\":\"1\",\"FunctionVersion\":\"42\"}",
              &r);
    assert_refused(&r, 400, "ValidationException");
    assert_int_equal(lambda_at(*state, 0, "GET", "checkout/aliases", NULL, &r), 200);
    assert_string_equal(said(&r, "Aliases/0/Name"), "canary");
    assert_string_equal(said(&r, "Aliases/1/Name"), "production");
    assert_int_equal(lambda_at(*state, 0, "DELETE", "checkout/aliases/canary", NULL, &r), 204);
    assert_int_equal(r.response.body_len, 0);
    lambda_at(*state, 0, "GET", "checkout/aliases/canary", NULL, &r);
    assert_int_equal(r.response.status, 404);
}

static void tells_a_versions_state(void **state) {
    struct sy_world_reply r;
    const char *path = "checkout/configuration?Qualifier=42";
    assert_int_equal(lambda_at(*state, 9.999, "GET", path, NULL, &r), 200);
    assert_string_equal(said(&r, "State"), "Pending");
    lambda_at(*state, 10, "GET", path, NULL, &r);
    assert_string_equal(said(&r, "State"), "Active");
    assert_string_equal(said(&r, "Version"), "42");
    assert_int_equal(strlen(said(&r, "CodeSha256")), 44);
    lambda_at(*state, 10, "GET", "checkout/configuration", NULL, &r);
    assert_string_equal(said(&r, "Version"), "$LATEST");
    lambda_at(*state, 10, "GET", "checkout/configuration?Qualifier=production", NULL, &r);
    assert_string_equal(said(&r, "Version"), "41");
    lambda_at(*state, 10, "GET", "checkout/configuration?Qualifier=7", NULL, &r);
    assert_refused(&r, 404, "ResourceNotFoundException");
    lambda_at(*state, 10, "GET", "checkout?Qualifier=42", NULL, &r);
    assert_string_equal(said(&r, "Configuration/Version"), "42");
}

static void takes_arns_for_names(void **state) {
    struct sy_world_reply r;
    assert_int_equal(
        lambda_at(*state, 0, "GET",
                  "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Acheckout%3A42"
                  "/configuration",
                  NULL, &r),
        200);
    assert_string_equal(said(&r, "Version"), "42");
    assert_int_equal(
        lambda_at(*state, 0, "GET", "123456789012:function:checkout/configuration", NULL, &r), 200);
}

static void publishes_only_what_changed(void **state) {
    struct sy_world_reply r;
    assert_int_equal(lambda_at(*state, 0, "POST", "checkout/versions", "{}", &r), 201);
    assert_string_equal(said(&r, "Version"), "42");
    act_at(*state, 1, "{\"do\":\"update-code\",\"function\":\"checkout\",\"error_rate\":0.5}");
    lambda_at(*state, 2, "POST", "checkout/versions", "{\"CodeSha256\":\"other\"}", &r);
    assert_refused(&r, 400, "InvalidParameterValueException");
    lambda_at(*state, 2, "POST", "checkout/versions", "{\"RevisionId\":\"other\"}", &r);
    assert_refused(&r, 412, "PreconditionFailedException");
    lambda_at(*state, 2, "POST", "checkout/versions", "{\"Description\":\"new\"}", &r);
    assert_string_equal(said(&r, "Version"), "43");
    assert_string_equal(said(&r, "Description"), "new");
    lambda_at(*state, 3, "POST", "checkout/versions", NULL, &r);
    assert_string_equal(said(&r, "Version"), "43");
}

static void lists_versions_by_pages(void **state) {
    struct sy_world_reply r;
    char path[120];
    for (int i = 0; i < 60; i++) {
        act_at(*state, 0, "{\"do\":\"update-code\",\"function\":\"checkout\"}");
        lambda_at(*state, 0, "POST", "checkout/versions", NULL, &r);
        assert_int_equal(r.response.status, 201);
    }
    int seen = 0;
    char marker[64] = "";
    for (int page = 0; page < 3; page++) {
        (void)snprintf(path, sizeof path, "checkout/versions%s%s", page ? "?Marker=" : "", marker);
        assert_int_equal(lambda_at(*state, 0, "GET", path, NULL, &r), 200);
        SY_AUTO_JSON struct json_object *answer = answer_of(&r);
        size_t here = json_object_array_length(dig(answer, "Versions"));
        assert_int_equal(here, page == 0 ? 50 : 13);
        seen += (int)here;
        (void)snprintf(marker, sizeof marker, "%s", said(&r, "NextMarker"));
        if (!marker[0])
            break;
    }
    assert_int_equal(seen, 63); /* $LATEST, 41, 42, and sixty more */
    lambda_at(*state, 0, "GET", "checkout/versions?MaxItems=1", NULL, &r);
    assert_string_equal(said(&r, "Versions/0/Version"), "$LATEST");
    assert_string_equal(said(&r, "NextMarker"), "41");
}

static void guards_deletion(void **state) {
    struct sy_world_reply r;
    lambda_at(*state, 0, "DELETE", "checkout?Qualifier=41", NULL, &r);
    assert_refused(&r, 409, "ResourceConflictException");
    assert_string_equal(
        said(&r, "message"),
        "Unable to delete version because the following aliases reference it: [production]");
    assert_int_equal(lambda_at(*state, 0, "DELETE", "checkout?Qualifier=42", NULL, &r), 204);
    assert_int_equal(lambda_at(*state, 0, "DELETE", "checkout?Qualifier=42", NULL, &r), 204);
    lambda_at(*state, 0, "GET", "checkout/configuration?Qualifier=42", NULL, &r);
    assert_int_equal(r.response.status, 404);
    assert_int_equal(sy_world_whole_deletions(*state), 0);
    lambda_at(*state, 0, "DELETE", "checkout", NULL, &r);
    assert_refused(&r, 400, "InvalidParameterValueException");
    assert_int_equal(sy_world_whole_deletions(*state), 1);
    lambda_at(*state, 0, "GET", "checkout/aliases/production", NULL, &r);
    assert_int_equal(r.response.status, 200);
}

static void invokes_by_weight(void **state) {
    struct sy_world_reply r;
    int ran_42 = 0, failed = 0;
    lambda_at(*state, 20, "PUT", "checkout/aliases/production",
              "{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"42\":0.5}}}", &r);
    for (int i = 0; i < 200; i++) {
        lambda_at(*state, 20, "POST", "checkout/invocations?Qualifier=production", "{}", &r);
        assert_int_equal(r.response.status, 200);
        ran_42 += strcmp(sy_http_header_get(&r.response, "X-Amz-Executed-Version"), "42") == 0;
        failed += sy_http_header_get(&r.response, "X-Amz-Function-Error") != NULL;
    }
    /* 99.9999 % of Binomial(200, 1/2) */
    assert_in_range(ran_42, 66, 134);
    assert_int_equal(failed, ran_42);
    lambda_at(*state, 20, "POST", "checkout/invocations?Qualifier=41", "not json", &r);
    assert_int_equal(r.response.status, 200);
    lambda_at(*state, 20, "POST", "checkout/invocations?Qualifier=9", "{}", &r);
    assert_refused(&r, 404, "ResourceNotFoundException");
}

static void does_not_invoke_what_is_pending(void **state) {
    struct sy_world_reply r;
    lambda_at(*state, 0, "POST", "checkout/invocations?Qualifier=42", "{}", &r);
    assert_refused(&r, 409, "ResourceConflictException");
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(gets_an_alias),
        IN_A_WORLD(names_what_is_absent),
        IN_A_WORLD(guards_updates_by_revision),
        IN_A_WORLD(clears_weights_only_when_told),
        IN_A_WORLD(refuses_routings_that_aws_refuses),
        IN_A_WORLD(creates_lists_and_deletes_aliases),
        IN_A_WORLD(tells_a_versions_state),
        IN_A_WORLD(takes_arns_for_names),
        IN_A_WORLD(publishes_only_what_changed),
        IN_A_WORLD(lists_versions_by_pages),
        IN_A_WORLD(guards_deletion),
        IN_A_WORLD(invokes_by_weight),
        IN_A_WORLD(does_not_invoke_what_is_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
