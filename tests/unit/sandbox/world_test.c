#include "calls.h"

static void refuses_bad_scenarios_by_name(void **state) {
#define F(members) "{\"functions\": [{\"name\": \"f\", " members "}]}"
    static const struct {
        const char *scenario;
        const char *says;
    } bad[] = {
        {"", "ends too early"},
        {"[]", "not a JSON object"},
        {"{\"sead\": 1}", "\"sead\""},
        {"{\"seed\": 1, \"seed\": 2}", "twice"},
        {"{\"seed\": -1}", "seed"},
        {"{\"seed\": 1.5}", "seed"},
        {"{\"region\": \"a b\"}", "region"},
        {"{\"account\": \"12\"}", "account"},
        {"{\"running_for\": \"2d\"}", "running_for"},
        {"{\"running_for\": \"soon\"}", "running_for"},
        {"{\"functions\": {}}", "functions"},
        {"{\"functions\": [1]}", "a function is not a JSON object"},
        {"{\"functions\": [{}]}", "name"},
        {"{\"functions\": [{\"name\": \"a b\"}]}", "no function name"},
        {"{\"functions\": [{\"name\": \"f\"}, {\"name\": \"f\"}]}", "twice"},
        {F("\"colour\": 1"), "\"colour\""},
        {F("\"versions\": [{\"version\": 1}]"), "version is not a string"},
        {F("\"versions\": [{\"version\": \"0\"}]"), "version"},
        {F("\"versions\": [{\"version\": \"$LATEST\"}]"), "rise"},
        {F("\"versions\": [{\"version\": \"2\"}, {\"version\": \"1\"}]"), "rise"},
        {F("\"versions\": [{\"version\": \"1\", \"error_rate\": 2}]"), "error_rate"},
        {F("\"versions\": [{\"version\": \"1\", \"error_rate\": []}]"), "error_rate"},
        {F("\"versions\": [{\"version\": \"1\", \"error_rate\": [{\"from\": \"1s\","
           " \"rate\": 0}]}]"),
         "first step"},
        {F("\"versions\": [{\"version\": \"1\", \"error_rate\": [{\"from\": \"0s\","
           " \"rate\": 0}, {\"from\": \"0s\", \"rate\": 0}]}]"),
         "rise"},
        {F("\"versions\": [{\"version\": \"1\", \"state\": \"Pending\"}]"), "active_from"},
        {F("\"aliases\": [{\"name\": \"a\", \"version\": \"1\"}]"), "not there"},
        {F("\"aliases\": [{\"name\": \"1\", \"version\": \"$LATEST\"}]"), "alias name"},
        {F("\"versions\": [{\"version\": \"1\"}], \"aliases\": [{\"name\": \"a\", \"version\":"
           " \"1\", \"additional\": {\"version\": \"1\"}}]"),
         "weight"},
        {F("\"traffic\": [{\"alias\": \"a\", \"requests_per_second\": 1e9}]"),
         "requests_per_second"},
        {F("\"traffic\": {}"), "traffic"},
        {"{\"parameters\": [{\"name\": \"/a\"}]}", "value"},
        {"{\"parameters\": [{\"name\": \"/a\", \"value\": 1}]}", "value"},
        {"{\"metrics\": {\"resolution\": \"5s\"}}", "resolution"},
        {"{\"metrics\": {\"delay\": 5}}", "\"delay\""},
        {"{\"latency_ms\": {\"GetAlias\": -1}}", "GetAlias"},
        {"{\"faults\": [{\"operation\": \"*\", \"kind\": \"fire\"}]}", "fire"},
        {"{\"faults\": [{\"operation\": \"*\", \"kind\": \"status\"}]}", "status"},
        {"{\"faults\": [{\"operation\": \"*\", \"kind\": \"delay\"}]}", "delay_ms"},
        {"{\"faults\": [{\"operation\": \"*\", \"kind\": \"cut\", \"when\": 1}]}", "\"when\""},
        {"{\"faults\": [{\"operation\": \"*\", \"kind\": \"cut\", \"from\": \"2s\","
         " \"until\": \"1s\"}]}",
         "until"},
        {"{\"actions\": [1]}", "action"},
        {"{\"actions\": [{\"do\": \"clear-faults\"}]}", "at is missing"},
        {"{\"actions\": [{\"at\": \"1s\", \"do\": \"dance\"}]}", "dance"},
        {"{\"actions\": [{\"at\": \"1s\", \"do\": \"clear-faults\", \"x\": 1}]}", "\"x\""},
    };
    (void)state;
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        struct sy_world *world = NULL;
        struct sy_error error = {0};
        if (!sy_world_create(bad[i].scenario, strlen(bad[i].scenario), start_ms, &world, &error))
            fail_msg("accepted: %s", bad[i].scenario);
        assert_null(world);
        if (!strstr(error.message, bad[i].says))
            fail_msg("%s\nsays: %s\nnot: %s", bad[i].scenario, error.message, bad[i].says);
    }
}

static char *example(const char *name) {
    SY_AUTO_FREE char *path = sy_asprintf("%s/../examples/%s", SY_TESTS_DIR, name);
    struct sy_buffer text = {0};
    char piece[4096];
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s is missing", path);
    for (size_t n = 0; (n = fread(piece, 1, sizeof piece, file)) > 0;)
        sy_buffer_append(&text, piece, n);
    (void)fclose(file);
    return text.data;
}

static void examples_load(void **state) {
    static const char *const names[] = {"healthy.json", "bad.json"};
    (void)state;
    for (size_t i = 0; i < SY_COUNT(names); i++) {
        SY_AUTO_FREE char *text = example(names[i]);
        struct sy_world *world = world_of(text);
        struct sy_world_reply r;
        assert_int_equal(lambda_at(world, 0, "GET", "checkout/aliases/production", NULL, &r), 200);
        sy_world_destroy(world);
    }
}

/* Any text is refused or makes a world: example scenarios with bytes flipped, cut and doubled. */
static void survives_hostile_scenarios(void **state) {
    SY_AUTO_FREE char *text = example("bad.json");
    size_t len = strlen(text);
    uint64_t random = 99;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        SY_AUTO_FREE char *copy = sy_strndup(text, len);
        size_t keep = len;
        for (int flip = 0; flip < 3; flip++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            copy[(random >> 33) % len] = (char)(random >> 20);
        }
        if (round % 3 == 0)
            keep = (random >> 40) % len;
        struct sy_world *world = NULL;
        struct sy_error error = {0};
        if (sy_world_create(copy, keep, start_ms, &world, &error))
            assert_true(error.message[0]);
        sy_world_destroy(world);
    }
}

static void acts_on_its_time_line(void **state) {
    struct sy_world *world = world_of(
        "{\"functions\": [{\"name\": \"f\", \"versions\": [{\"version\": \"1\"},"
        " {\"version\": \"2\"}], \"aliases\": [{\"name\": \"a\", \"version\": \"1\"}]}],"
        " \"actions\": ["
        "  {\"at\": \"20s\", \"do\": \"delete-alias\", \"function\": \"f\", \"alias\": \"a\"},"
        "  {\"at\": \"10s\", \"do\": \"update-alias\", \"function\": \"f\", \"alias\": \"a\","
        "   \"version\": \"1\", \"additional\": {\"version\": \"2\", \"weight\": 1}},"
        "  {\"at\": \"10s\", \"do\": \"put-parameter\", \"name\": \"/a\", \"value\": \"1\"},"
        "  {\"at\": \"15s\", \"do\": \"delete-parameter\", \"name\": \"/a\"},"
        "  {\"at\": \"30s\", \"do\": \"delete-alias\", \"function\": \"f\", \"alias\": \"a\"}]}");
    struct sy_world_reply r;
    char before[64];
    (void)state;
    lambda_at(world, 9.999, "GET", "f/aliases/a", NULL, &r);
    (void)snprintf(before, sizeof before, "%s", said(&r, "RevisionId"));
    assert_string_equal(said(&r, "RoutingConfig"), "");
    lambda_at(world, 10, "GET", "f/aliases/a", NULL, &r);
    assert_string_equal(said(&r, "RoutingConfig/AdditionalVersionWeights/2"), "1");
    assert_string_not_equal(said(&r, "RevisionId"), before);
    assert_int_equal(target_at(world, 10, "ssm", "GetParameter", "{\"Name\":\"/a\"}", &r), 200);
    assert_int_equal(target_at(world, 15, "ssm", "GetParameter", "{\"Name\":\"/a\"}", &r), 400);
    assert_int_equal(lambda_at(world, 40, "GET", "f/aliases/a", NULL, &r), 404);
    sy_world_destroy(world);
}

static void refuses_bad_actions(void **state) {
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"do\":\"update-alias\"}",
        "{\"do\":\"update-alias\",\"function\":\"x\",\"alias\":\"a\",\"version\":\"1\"}",
        "{\"do\":\"update-alias\",\"function\":\"f\",\"alias\":\"a\",\"version\":\"9\"}",
        "{\"do\":\"update-alias\",\"function\":\"f\",\"alias\":\"a\",\"version\":\"1\",\"at\":"
        "\"1s\"}",
        "{\"do\":\"delete-alias\",\"function\":\"f\",\"alias\":\"x\"}",
        "{\"do\":\"delete-version\",\"function\":\"f\",\"version\":\"$LATEST\"}",
        "{\"do\":\"set-error-rate\",\"function\":\"f\",\"version\":\"1\",\"rate\":2}",
        "{\"do\":\"set-traffic\",\"function\":\"f\",\"alias\":\"a\",\"requests_per_second\":1}",
        "{\"do\":\"delete-parameter\",\"name\":\"/x\"}",
        "{\"do\":\"add-fault\",\"fault\":{}}",
    };
    struct sy_world *world =
        world_of("{\"functions\": [{\"name\": \"f\", \"versions\": [{\"version\": \"1\"}],"
                 " \"aliases\": [{\"name\": \"a\", \"version\": \"1\"}]}]}");
    (void)state;
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        struct sy_error error = {0};
        if (!sy_world_act(world, start_ms, bad[i], &error))
            fail_msg("accepted: %s", bad[i]);
        assert_true(error.message[0]);
    }
    sy_world_destroy(world);
}

static void faults_strike_when_and_as_often_as_told(void **state) {
    struct sy_world *world = world_of(
        "{\"parameters\": [{\"name\": \"/a\", \"value\": \"1\"}], \"latency_ms\": {\"default\": 8},"
        " \"faults\": ["
        " {\"operation\": \"GetParameter\", \"nth\": 2, \"count\": 2, \"kind\": \"throttle\"},"
        " {\"operation\": \"GetParameter\", \"from\": \"10s\", \"until\": \"20s\","
        "  \"kind\": \"status\", \"status\": 503, \"code\": \"Oops\", \"message\": \"later\"},"
        " {\"operation\": \"*\", \"from\": \"30s\", \"until\": \"31s\", \"kind\": \"garbage\"},"
        " {\"operation\": \"*\", \"from\": \"31s\", \"until\": \"32s\", \"kind\": \"huge\","
        "  \"size\": 100000},"
        " {\"operation\": \"*\", \"from\": \"32s\", \"until\": \"33s\", \"kind\": \"delay\","
        "  \"delay_ms\": 500},"
        " {\"operation\": \"*\", \"match\": \"/only-me\", \"from\": \"34s\", \"kind\": \"cut\"}]}");
    static const char ask[] = "{\"Name\":\"/a\"}";
    static const struct {
        double at_s;
        int status;
    } calls[] = {{0, 200},  {1, 400},    {2, 400},  {3, 200},  {9.999, 200},
                 {10, 503}, {19.9, 503}, {20, 200}, {30, 200}, {34, 200}};
    struct sy_world_reply r;
    (void)state;
    for (size_t i = 0; i < SY_COUNT(calls); i++) {
        target_at(world, calls[i].at_s, "ssm", "GetParameter", ask, &r);
        assert_int_equal(r.response.status, calls[i].status);
        if (calls[i].status == 503)
            assert_string_equal(said(&r, "__type"), "Oops");
        if (calls[i].at_s == 30)
            assert_int_equal(r.response.body[0], '<');
        if (calls[i].at_s == 34)
            assert_string_equal(said(&r, "Parameter/Value"), "1");
    }
    target_at(world, 34, "ssm", "GetParameter", "{\"Name\":\"/only-me\"}", &r);
    assert_int_equal(r.response.status, 0);
    assert_int_equal(r.response.error.code, SY_UNAVAILABLE);
    sy_world_destroy(world);
}

static void faults_shape_the_answer(void **state) {
    struct sy_world *world =
        world_of("{\"latency_ms\": {\"default\": 8}, \"functions\": [{\"name\": \"f\", \"aliases\":"
                 " [{\"name\": \"a\", \"version\": \"$LATEST\"}]}]}");
    struct sy_world_reply r;
    (void)state;
    lambda_at(world, 0, "GET", "f/aliases/a", NULL, &r);
    assert_int_equal(r.latency_ms, 8);
    assert_int_equal(r.arrival_ms, 4);
    act_at(world, 0,
           "{\"do\":\"add-fault\",\"fault\":{\"operation\":\"GetAlias\",\"kind\":"
           "\"delay\",\"delay_ms\":500,\"nth\":1}}");
    lambda_at(world, 0, "GET", "f/aliases/a", NULL, &r);
    assert_int_equal(r.latency_ms, 508);
    assert_int_equal(r.arrival_ms, 4);
    act_at(world, 0,
           "{\"do\":\"add-fault\",\"fault\":{\"operation\":\"*\",\"kind\":\"huge\","
           "\"size\":100000,\"nth\":1}}");
    lambda_at(world, 0, "GET", "f/aliases/a", NULL, &r);
    assert_int_equal(r.response.body_len, 100000);
    act_at(world, 0,
           "{\"do\":\"add-fault\",\"fault\":{\"operation\":\"*\",\"kind\":"
           "\"throttle\"}}");
    lambda_at(world, 0, "GET", "f/aliases/a", NULL, &r);
    assert_int_equal(r.response.status, 429);
    assert_string_equal(sy_http_header_get(&r.response, "x-amzn-ErrorType"),
                        "TooManyRequestsException");
    act_at(world, 0, "{\"do\":\"clear-faults\"}");
    assert_int_equal(lambda_at(world, 0, "GET", "f/aliases/a", NULL, &r), 200);
    sy_world_destroy(world);
}

static int signed_as(struct sy_world *world, const char *authorization, const char *date,
                     struct sy_world_reply *r) {
    const struct sy_http_header headers[] = {{"Authorization", authorization},
                                             {"X-Amz-Date", date}};
    struct sy_http_request request = {.method = "GET",
                                      .url = "http://h/2015-03-31/functions/f/configuration",
                                      .headers = authorization ? headers : headers + 1,
                                      .n_headers = (authorization ? 1 : 0) + (date ? 1 : 0)};
    sy_world_handle(world, start_ms, &request, r);
    return r->response.status;
}

static void checks_how_requests_are_signed(void **state) {
#define SCOPE "SignedHeaders=host, Signature="
#define SIG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const char *const incomplete[] = {
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 Credential=",
        "AWS4-HMAC-SHA256 Credential=K/20270115/us-east-1/lambda/aws4_request",
        "AWS4-HMAC-SHA256 Credential=K/20270115/us-east-1/lambda/aws4_request, " SCOPE "123",
        "AWS4-HMAC-SHA256 Credential=K/2027/us-east-1/lambda/aws4_request, " SCOPE SIG,
        "AWS4-HMAC-SHA256 Credential=K/20270115/us-east-1/aws4_request, " SCOPE SIG,
        "Bearer abc",
    };
    struct sy_world *world =
        world_of("{\"access_key\": \"K\", \"functions\": [{\"name\": \"f\"}]}");
    struct sy_world_reply r;
    const char *good =
        "AWS4-HMAC-SHA256 Credential=K/20270115/us-east-1/lambda/aws4_request, " SCOPE SIG;
    (void)state;
    assert_int_equal(signed_as(world, good, "20270115T080000Z", &r), 200);
    assert_int_equal(signed_as(world, NULL, "20270115T080000Z", &r), 403);
    assert_string_equal(sy_http_header_get(&r.response, "x-amzn-ErrorType"),
                        "MissingAuthenticationTokenException");
    assert_int_equal(signed_as(world, good, NULL, &r), 403);
    for (size_t i = 0; i < SY_COUNT(incomplete); i++)
        assert_int_equal(signed_as(world, incomplete[i], "20270115T080000Z", &r), 403);
    assert_int_equal(
        signed_as(
            world,
            "AWS4-HMAC-SHA256 Credential=X/20270115/us-east-1/lambda/aws4_request, " SCOPE SIG,
            "20270115T080000Z", &r),
        403);
    assert_string_equal(sy_http_header_get(&r.response, "x-amzn-ErrorType"),
                        "UnrecognizedClientException");
    assert_int_equal(
        signed_as(world,
                  "AWS4-HMAC-SHA256 Credential=K/20270115/us-east-1/ssm/aws4_request, " SCOPE SIG,
                  "20270115T080000Z", &r),
        403);
    assert_string_equal(sy_http_header_get(&r.response, "x-amzn-ErrorType"),
                        "InvalidSignatureException");
    sy_world_destroy(world);
}

/* The same scenario and the same calls give the same bytes, in every header and body. */
static void is_deterministic(void **state) {
    SY_AUTO_FREE char *text = example("bad.json");
    SY_AUTO_BUFFER struct sy_buffer first = {0};
    (void)state;
    for (int run = 0; run < 2; run++) {
        struct sy_world *world = world_of(text);
        struct sy_buffer all = {0};
        struct sy_world_reply r;
        for (int i = 0; i < 200; i++) {
            if (i % 3 == 0)
                lambda_at(world, i, "PUT", "checkout/aliases/production",
                          "{\"RoutingConfig\":{\"AdditionalVersionWeights\":{\"42\":0.1}}}", &r);
            else if (i % 3 == 1)
                lambda_at(world, i, "POST", "checkout/invocations?Qualifier=production", "{}", &r);
            else
                target_at(world, i, "ssm", "PutParameter",
                          "{\"Name\":\"/x\",\"Value\":\"1\",\"Type\":\"String\",\"Overwrite\":"
                          "true}",
                          &r);
            sy_buffer_append(&all, r.response.body, r.response.body_len);
            for (size_t h = 0; h < r.response.n_headers; h++)
                sy_buffer_printf(&all, "%s:%s;", r.response.headers[h].name,
                                 r.response.headers[h].value);
        }
        sy_world_destroy(world);
        if (run == 0) {
            first = all;
            continue;
        }
        assert_int_equal(all.len, first.len);
        assert_memory_equal(all.data, first.data, all.len);
        sy_buffer_finish(&all);
    }
}

/* No request, however broken, does more than get an answer. */
static void survives_hostile_requests(void **state) {
    static const char *const urls[] = {"",
                                       "/",
                                       "http://",
                                       "http://h",
                                       "http://h?x",
                                       "http://h/2015-03-31/functions",
                                       "http://h/2015-03-31/functions/",
                                       "http://h/2015-03-31/functions/%",
                                       "http://h/2015-03-31/functions/%4",
                                       "http://h/2015-03-31/functions/%00/aliases/%00",
                                       "http://h/2015-03-31/functions/f/aliases/a/b/c/d",
                                       "http://h/2015-03-31/functions/f/versions?Marker=-1",
                                       "http://h/2015-03-31/functions/f/versions?MaxItems=0&&&=",
                                       "http://h/2015-03-31/functions/:::/configuration",
                                       "http://h/2015-03-31/functions/f?Qualifier=%zz",
                                       "http://h/service/GraniteServiceVersion20100801/operation/",
                                       "http://h/service/GraniteServiceVersion20100801/operation/"
                                       "GetMetricData"};
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "BREW"};
    static const char *const bodies[] = {"",
                                         "{}",
                                         "[",
                                         "\xbf\xff\xff",
                                         "Action=&&=&%",
                                         "\xa1\x61",
                                         "null",
                                         "\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f"
                                         "\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f"};
    struct sy_world *world = world_of("{\"functions\": [{\"name\": \"f\"}]}");
    (void)state;
    for (size_t u = 0; u < SY_COUNT(urls); u++)
        for (size_t m = 0; m < SY_COUNT(methods); m++)
            for (size_t b = 0; b < SY_COUNT(bodies); b++)
                for (int service = 0; service < 2; service++) {
                    const struct sy_http_header headers[] = {
                        {"Authorization", service ? SIGNED("monitoring") : SIGNED("lambda")},
                        {"X-Amz-Date", "x"}};
                    struct sy_http_request request = {.method = methods[m],
                                                      .url = urls[u],
                                                      .headers = headers,
                                                      .n_headers = 2,
                                                      .body = bodies[b],
                                                      .body_len = strlen(bodies[b])};
                    struct sy_world_reply r;
                    sy_world_handle(world, start_ms, &request, &r);
                    assert_in_range(r.response.status, 200, 599);
                }
    sy_world_destroy(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_scenarios_by_name),
        cmocka_unit_test(examples_load),
        cmocka_unit_test(survives_hostile_scenarios),
        cmocka_unit_test(acts_on_its_time_line),
        cmocka_unit_test(refuses_bad_actions),
        cmocka_unit_test(faults_strike_when_and_as_often_as_told),
        cmocka_unit_test(faults_shape_the_answer),
        cmocka_unit_test(checks_how_requests_are_signed),
        cmocka_unit_test(is_deterministic),
        cmocka_unit_test(survives_hostile_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
