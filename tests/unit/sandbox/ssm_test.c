#include "calls.h"

static int world_setup(void **state) {
    *state = world_of("{\"parameters\": [{\"name\": \"/lambda/checkout/current-version\","
                      " \"value\": \"41\"}]}");
    return 0;
}

static int world_teardown(void **state) {
    sy_world_destroy(*state);
    return 0;
}

static int ssm(void **state, const char *operation, const char *body, struct sy_world_reply *r) {
    return target_at(*state, 0, "ssm", operation, body, r);
}

static void assert_refused(const struct sy_world_reply *reply, const char *code) {
    assert_int_equal(reply->response.status, 400);
    assert_string_equal(said(reply, "__type"), code);
}

static void puts_once_without_overwrite(void **state) {
    struct sy_world_reply r;
    const char *body = "{\"Name\":\"/l\",\"Value\":\"me\",\"Type\":\"String\"}";
    assert_int_equal(ssm(state, "PutParameter", body, &r), 200);
    assert_string_equal(said(&r, "Version"), "1");
    ssm(state, "PutParameter", body, &r);
    assert_refused(&r, "ParameterAlreadyExists");
    ssm(state, "PutParameter", "{\"Name\":\"/l\",\"Value\":\"you\",\"Overwrite\":true}", &r);
    assert_string_equal(said(&r, "Version"), "2");
    ssm(state, "GetParameter", "{\"Name\":\"/l\"}", &r);
    assert_string_equal(said(&r, "Parameter/Value"), "you");
    assert_string_equal(said(&r, "Parameter/Version"), "2");
    ssm(state, "GetParameter", "{\"Name\":\"/l:1\"}", &r);
    assert_string_equal(said(&r, "Parameter/Value"), "me");
    assert_string_equal(said(&r, "Parameter/Selector"), ":1");
    ssm(state, "GetParameter", "{\"Name\":\"/l:3\"}", &r);
    assert_refused(&r, "ParameterVersionNotFound");
    ssm(state, "GetParameter", "{\"Name\":\"/none\"}", &r);
    assert_refused(&r, "ParameterNotFound");
}

static void refuses_bad_puts(void **state) {
    struct sy_world_reply r;
    static const char *const bad[] = {
        "{\"Name\":\"/n\",\"Value\":\"v\"}", /* no type */
        "{\"Name\":\"/n\",\"Value\":\"\",\"Type\":\"String\"}",
        "{\"Name\":\"/n\",\"Type\":\"String\"}",
        "{\"Value\":\"v\",\"Type\":\"String\"}",
        "{\"Name\":\"a/n\",\"Value\":\"v\",\"Type\":\"String\"}",
        "{\"Name\":\"/n n\",\"Value\":\"v\",\"Type\":\"String\"}",
        "{\"Name\":\"/n\",\"Value\":7,\"Type\":\"String\"}",
        "{\"Name\":\"/n\",\"Value\":\"v\",\"Type\":\"SecureString\"}",
        "{\"Name\":\"/n\",\"Value\":\"a\\u0000b\",\"Type\":\"String\"}",
    };
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        ssm(state, "PutParameter", bad[i], &r);
        assert_refused(&r, "ValidationException");
    }
    ssm(state, "PutParameter", "{\"Name\":", &r);
    assert_refused(&r, "SerializationException");
    ssm(state, "PutParameter", "", &r);
    assert_refused(&r, "SerializationException");
    ssm(state, "DescribeParameters", "{}", &r);
    assert_refused(&r, "UnknownOperationException");
}

static void limits_values_to_4_kb(void **state) {
    struct sy_world_reply r;
    for (size_t len = 4096; len <= 4097; len++) {
        SY_AUTO_FREE char *value = sy_calloc(1, len + 1);
        memset(value, 'x', len);
        SY_AUTO_FREE char *body = sy_asprintf(
            "{\"Name\":\"/big\",\"Value\":\"%s\",\"Type\":\"String\",\"Overwrite\":true}", value);
        ssm(state, "PutParameter", body, &r);
        assert_int_equal(r.response.status, len == 4096 ? 200 : 400);
    }
    assert_refused(&r, "ValidationException");
}

static void keeps_values_as_they_are(void **state) {
    struct sy_world_reply r;
    ssm(state, "PutParameter",
        "{\"Name\":\"/json\",\"Type\":\"String\",\"Value\":\"{\\\"a\\\":\\n\\\"\u00e9\\\"}\"}", &r);
    assert_int_equal(r.response.status, 200);
    ssm(state, "GetParameter", "{\"Name\":\"/json\"}", &r);
    assert_string_equal(said(&r, "Parameter/Value"), "{\"a\":\n\"\u00e9\"}");
}

static void gets_up_to_ten(void **state) {
    struct sy_world_reply r;
    ssm(state, "GetParameters",
        "{\"Names\":[\"/lambda/checkout/current-version\",\"/no\","
        "\"/lambda/checkout/current-version:1\",\"/lambda/checkout/current-version:9\"]}",
        &r);
    assert_int_equal(r.response.status, 200);
    assert_string_equal(said(&r, "Parameters/0/Value"), "41");
    assert_string_equal(said(&r, "Parameters/1/Value"), "41");
    assert_string_equal(said(&r, "InvalidParameters"),
                        "[ \"\\/no\", \"\\/lambda\\/checkout\\/current-version:9\" ]");
    ssm(state, "GetParameters",
        "{\"Names\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\"]}", &r);
    assert_refused(&r, "ValidationException");
    ssm(state, "GetParameters", "{\"Names\":[]}", &r);
    assert_refused(&r, "ValidationException");
    ssm(state, "GetParameters", "{\"Names\":[1]}", &r);
    assert_refused(&r, "SerializationException");
}

static void keeps_a_hundred_versions(void **state) {
    struct sy_world_reply r;
    char body[120];
    for (int i = 1; i <= 120; i++) {
        (void)snprintf(body, sizeof body,
                       "{\"Name\":\"/h\",\"Value\":\"%d\",\"Type\":\"String\",\"Overwrite\":true}",
                       i);
        ssm(state, "PutParameter", body, &r);
    }
    assert_string_equal(said(&r, "Version"), "120");
    assert_int_equal(ssm(state, "GetParameterHistory", "{\"Name\":\"/h\"}", &r), 200);
    assert_string_equal(said(&r, "Parameters/0/Version"), "21");
    assert_string_equal(said(&r, "Parameters/49/Value"), "70");
    char token[40];
    (void)snprintf(token, sizeof token, "%s", said(&r, "NextToken"));
    (void)snprintf(body, sizeof body, "{\"Name\":\"/h\",\"NextToken\":\"%s\"}", token);
    ssm(state, "GetParameterHistory", body, &r);
    assert_string_equal(said(&r, "Parameters/0/Version"), "71");
    assert_string_equal(said(&r, "Parameters/49/Version"), "120");
    assert_string_equal(said(&r, "NextToken"), "");
    ssm(state, "GetParameterHistory", "{\"Name\":\"/h\",\"NextToken\":\"x\"}", &r);
    assert_refused(&r, "InvalidNextToken");
    ssm(state, "GetParameter", "{\"Name\":\"/h:20\"}", &r);
    assert_refused(&r, "ParameterVersionNotFound");
}

static void deletes(void **state) {
    struct sy_world_reply r;
    assert_int_equal(
        ssm(state, "DeleteParameter", "{\"Name\":\"/lambda/checkout/current-version\"}", &r), 200);
    ssm(state, "DeleteParameter", "{\"Name\":\"/lambda/checkout/current-version\"}", &r);
    assert_refused(&r, "ParameterNotFound");
    ssm(state, "PutParameter", "{\"Name\":\"/a\",\"Value\":\"1\",\"Type\":\"String\"}", &r);
    ssm(state, "DeleteParameters", "{\"Names\":[\"/a\",\"/b\"]}", &r);
    assert_string_equal(said(&r, "DeletedParameters/0"), "/a");
    assert_string_equal(said(&r, "InvalidParameters/0"), "/b");
}

static void gets_by_path(void **state) {
    struct sy_world_reply r;
    ssm(state, "PutParameter",
        "{\"Name\":\"/lambda/checkout/steelyard/production\",\"Value\":\"1\",\"Type\":\"String\"}",
        &r);
    ssm(state, "GetParametersByPath", "{\"Path\":\"/lambda/checkout\"}", &r);
    assert_string_equal(said(&r, "Parameters/0/Name"), "/lambda/checkout/current-version");
    assert_string_equal(said(&r, "Parameters/1/Name"), "");
    ssm(state, "GetParametersByPath",
        "{\"Path\":\"/lambda/checkout/\",\"Recursive\":true,\"MaxResults\":1}", &r);
    assert_string_equal(said(&r, "NextToken"), "1");
    ssm(state, "GetParametersByPath",
        "{\"Path\":\"/lambda/checkout\",\"Recursive\":true,\"MaxResults\":1,\"NextToken\":\"1\"}",
        &r);
    assert_string_equal(said(&r, "Parameters/0/Name"), "/lambda/checkout/steelyard/production");
    assert_string_equal(said(&r, "NextToken"), "");
}

#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(puts_once_without_overwrite),
        IN_A_WORLD(refuses_bad_puts),
        IN_A_WORLD(limits_values_to_4_kb),
        IN_A_WORLD(keeps_values_as_they_are),
        IN_A_WORLD(gets_up_to_ten),
        IN_A_WORLD(keeps_a_hundred_versions),
        IN_A_WORLD(deletes),
        IN_A_WORLD(gets_by_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
