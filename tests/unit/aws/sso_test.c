/* SSO: the token cache that the AWS tools share, its renewal, and what each failure says. */
#include "credentials_fixture.h"

#define SESSION                                                                                    \
    "[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = a b\n"      \
    "[sso-session corp]\nsso_start_url = https://corp.test/start\nsso_region = us-west-2\n"
#define LEGACY                                                                                     \
    "[profile dev]\nsso_account_id = 1\nsso_role_name = r\nsso_region = us-west-2\n"               \
    "sso_start_url = https://corp.test/start\n"
/* SHA-1 of "corp" and of the URL. */
#define SESSION_SHA1 "ee0bfd2552fbd840c02cc48b6e823320543c450f"
#define LEGACY_SHA1 "d8c3c531b8f82fdc8ca8bb7890461dd5d9a1744e"
#define TOKEN(end) "{\"accessToken\":\"T0K3Nsso\",\"expiresAt\":\"" end "\"}"
#define RENEWABLE(end)                                                                             \
    "{\"accessToken\":\"T0K3Nsso\",\"expiresAt\":\"" end "\",\"refreshToken\":\"T0K3Nrefresh\","   \
    "\"clientId\":\"client\",\"clientSecret\":\"S3CR3Tclient\",\"registrationExpiresAt\":"         \
    "\"2015-09-30T00:00:00Z\"}"
#define ROLE_OK                                                                                    \
    {                                                                                              \
        .status = 200, .body = "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\","                \
                               "\"secretAccessKey\":\"" SECRET_KEY                                 \
                               "\",\"sessionToken\":\"" SECRET_TOKEN                               \
                               "\",\"expiration\":1440945360000}}"                                 \
    }
#define OK_LAMBDA                                                                                  \
    { .status = 200, .body = "{}" }
#define LATER "2015-08-30T20:00:00Z"

struct sso_case {
    const char *what;
    const char *config;
    const char *token; /* NULL: no file */
    struct fake_answer answers[5];
    const char *asks[4];
    bool good;
    bool early;
    enum sy_code code;
    const char *says;
};

static const struct sso_case cases[] = {
    {.what = "a session",
     .config = SESSION,
     .token = TOKEN(LATER),
     .answers = {ROLE_OK, OK_LAMBDA},
     .asks = {"GET https://portal.sso.us-west-2.amazonaws.com/federation/credentials?role_name="
              "a%20b&account_id=123456789012\nx-amz-sso_bearer_token: T0K3Nsso\n"},
     .good = true},
    {.what = "the legacy form",
     .config = LEGACY,
     .token = TOKEN("2015-08-30T20:00:00UTC"),
     .answers = {ROLE_OK, OK_LAMBDA},
     .asks = {"role_name=r&account_id=1\n"},
     .good = true},
    {.what = "nobody logged in",
     .config = SESSION,
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "from SSO of profile dev: there is no token; run: aws sso login --profile dev"},
    {.what = "a session that has ended",
     .config = SESSION,
     .token = TOKEN("2015-08-30T12:00:00Z"),
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "its session has ended; run: aws sso login --profile dev"},
    {.what = "a legacy session is not renewed",
     .config = LEGACY,
     .token = RENEWABLE("2015-08-30T12:00:00Z"),
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "its session has ended; run: aws sso login"},
    {.what = "garbage in the cache",
     .config = SESSION,
     .token = "{\"accessToken\":",
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "cannot be read; run: aws sso login"},
    {.what = "a session that is renewed",
     .config = SESSION,
     .token = RENEWABLE("2015-08-30T12:00:00Z"),
     .answers = {{.status = 200,
                  .body = "{\"accessToken\":\"T0K3Nnew\",\"expiresIn\":3600,\"refreshToken\":"
                          "\"T0K3Nagain\"}"},
                 ROLE_OK,
                 OK_LAMBDA},
     .asks = {"POST https://oidc.us-west-2.amazonaws.com/token\nContent-Type: application/json\n"
              "User-Agent: steelyard\n\n{\"grantType\":\"refresh_token\",\"clientId\":\"client\","
              "\"clientSecret\":\"S3CR3Tclient\",\"refreshToken\":\"T0K3Nrefresh\"}",
              "x-amz-sso_bearer_token: T0K3Nnew\n"},
     .good = true},
    {.what = "a renewal that is refused, of a session that lasts a little",
     .config = SESSION,
     .token = RENEWABLE("2015-08-30T12:40:00Z"),
     .answers = {{.status = 400, .body = "{\"error\":\"invalid_grant\"}"}, ROLE_OK, OK_LAMBDA},
     .asks = {"oidc", "x-amz-sso_bearer_token: T0K3Nsso\n"},
     .good = true},
    {.what = "a renewal that is refused",
     .config = SESSION,
     .token = RENEWABLE("2015-08-30T12:00:00Z"),
     .answers = {{.status = 400, .body = "{\"error\":\"invalid_grant\"}"}},
     .asks = {"oidc"},
     .code = SY_UNAUTHENTICATED,
     .says = "could not be renewed; run: aws sso login"},
    {.what = "SSO says that it has ended",
     .config = SESSION,
     .token = TOKEN(LATER),
     .answers = {{.status = 401, .body = "{\"message\":\"Session token not found T0K3Nsso\"}"}},
     .asks = {"portal"},
     .code = SY_UNAUTHENTICATED,
     .says = "has ended, by what SSO says; run: aws sso login"},
    {.what = "no access",
     .config = SESSION,
     .token = TOKEN(LATER),
     .answers = {{.status = 403, .body = "{\"message\":\"No access\"}"}},
     .asks = {"portal"},
     .code = SY_PERMISSION_DENIED,
     .says = "gives no access to this role in this account (HTTP 403)"},
    {.what = "SSO not reached",
     .config = SESSION,
     .token = TOKEN(LATER),
     .answers = {{.code = SY_DEADLINE_EXCEEDED},
                 {.code = SY_UNAVAILABLE},
                 {.code = SY_UNAVAILABLE}},
     .asks = {"portal", "portal", "portal"},
     .code = SY_UNAVAILABLE,
     .says = "SSO: the connection was cut"},
    {.what = "half an answer",
     .config = SESSION,
     .token = TOKEN(LATER),
     .answers = {{.status = 200, .body = "{\"roleCredentials\":{\"accessKeyId\":\"A\"}}"}},
     .asks = {"portal"},
     .code = SY_INTERNAL,
     .says = "secretAccessKey is missing"},
    {.what = "an sso-session that does not exist",
     .config = "[profile dev]\nsso_session = gone\nsso_account_id = 1\nsso_role_name = r\n",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "names the sso-session \"gone\", which ~/.aws/config does not have"},
    {.what = "a setting missing",
     .config = "[profile dev]\nsso_account_id = 1\nsso_start_url = x\nsso_region = us-east-1\n",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "set up for SSO, but has no sso_role_name"},
    {.what = "two start URLs",
     .config = "[profile dev]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n"
               "sso_start_url = https://other.test\n"
               "[sso-session corp]\nsso_start_url = https://corp.test\nsso_region = us-west-2\n",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "disagree about sso_start_url"},
};

static void check_asked(const struct sso_case *c, const struct credentials_fixture *f) {
    size_t n = 0;
    for (; n < SY_COUNT(c->asks) && c->asks[n]; n++) {
        const struct fake_request *r = &f->fake->requests[n];
        SY_AUTO_FREE char *whole =
            sy_asprintf("%s %s\n%s\n%s", r->method, r->url, r->headers, r->body ? r->body : "");
        if (n >= f->fake->n_requests || !strstr(whole, c->asks[n]))
            fail_msg("%s: request %zu is %s", c->what, n, whole);
    }
    assert_int_equal(f->fake->n_requests, n + c->good);
}

static struct credentials_fixture run(const struct sso_case *c) {
    struct credentials_fixture f = credentials_begin();
    bool legacy = strstr(c->config, "sso_session") == NULL;
    credentials_write(&f, ".aws/config", c->config);
    if (c->token)
        credentials_write(&f,
                          legacy ? ".aws/sso/cache/" LEGACY_SHA1 ".json"
                                 : ".aws/sso/cache/" SESSION_SHA1 ".json",
                          c->token);
    f.fake->script = c->answers;
    f.fake->n_script = SY_COUNT(c->answers);
    bool early = credentials_open(&f, "dev") != 0;
    if (early != c->early)
        fail_msg("%s: %s", c->what, early ? f.error.message : "not refused at once");
    if (!early) {
        credentials_send(&f);
        fake_run(f.fake);
    }
    check_no_secret(f.error.message);
    if (c->says && (f.error.code != c->code || !strstr(f.error.message, c->says)))
        fail_msg("%s: %s: %s", c->what, sy_code_name(f.error.code), f.error.message);
    if (c->good && (!f.replies || !is_signed_by(credentials_last(&f), "ASIASSO")))
        fail_msg("%s: %s", c->what, f.error.message);
    check_asked(c, &f);
    return f;
}

static void test_cases(void **state) {
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++) {
        struct credentials_fixture f = run(&cases[i]);
        credentials_end(&f);
    }
}

/* The other tools read the file next: it has the new tokens, and is for its owner alone. */
static void test_the_renewed_token_is_kept(void **state) {
    (void)state;
    const struct sso_case *c = cases;
    while (strcmp(c->what, "a session that is renewed") != 0)
        c++;
    struct credentials_fixture f = run(c);
    SY_AUTO_FREE char *path = credentials_path(&f, ".aws/sso/cache/" SESSION_SHA1 ".json");
    SY_AUTO_FREE char *text = credentials_read(&f, ".aws/sso/cache/" SESSION_SHA1 ".json");
    struct stat is;
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
    assert_string_equal(
        text, "{\"startUrl\":\"https://corp.test/start\",\"region\":\"us-west-2\",\"accessToken\":"
              "\"T0K3Nnew\",\"expiresAt\":\"2015-08-30T13:36:00Z\",\"clientId\":\"client\","
              "\"clientSecret\":\"S3CR3Tclient\",\"registrationExpiresAt\":"
              "\"2015-09-30T00:00:00Z\",\"refreshToken\":\"T0K3Nagain\"}");
    credentials_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_the_renewed_token_is_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
