/* Each source of credentials, healthy and in each way of failing: what is asked, and what is said.
 * What the healthy ones ask is compared with botocore in tests/peers/credentials. */
#include "aws/chain.h"
#include "aws/keeper.h"

#include "base/log.h"
#include "clean_environment.h"
#include "fake_io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#define SECRET "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
#define WEB_TOKEN "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"
#define ROLE "arn:aws:iam::123456789012:role/deploy"
#define WEB                                                                                        \
    {"AWS_WEB_IDENTITY_TOKEN_FILE", "@/token"}, {                                                  \
        "AWS_ROLE_ARN", ROLE                                                                       \
    }
#define FULL                                                                                       \
    { "AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/c" }
#define RELATIVE                                                                                   \
    { "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/c" }
#define INSTANCE                                                                                   \
    { "AWS_EC2_METADATA_DISABLED", "no" }
#define SSO                                                                                        \
    { "AWS_PROFILE", "sso" }
#define GITHUB                                                                                     \
    {"AWS_ROLE_ARN", ROLE}, {"ACTIONS_ID_TOKEN_REQUEST_URL", "https://gh.example/t?v=1"}, {        \
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN", WEB_TOKEN                                                \
    }
#define SSO_CONFIG                                                                                 \
    "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = deploy\n"   \
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example/start\n"
#define BASE "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = " SECRET "\n"
#define BY_ROLE "[default]\nrole_arn = " ROLE "\nsource_profile = base\n"
#define STS(more)                                                                                  \
    "<R><Credentials><AccessKeyId>ASIAGOOD</AccessKeyId><SecretAccessKey>" SECRET                  \
    "</SecretAccessKey><SessionToken>t</SessionToken>" more "</Credentials></R>"
#define STS_GOOD STS("<Expiration>2015-08-30T13:36:00Z</Expiration>")
#define STS_ERROR(code) "<E><Error><Code>" code "</Code><Message>no</Message></Error></E>"
#define JSON(key, more)                                                                            \
    "{\"AccessKeyId\": \"" key "\", \"SecretAccessKey\": \"" SECRET "\"" more "}"
#define JSON_GOOD JSON("ASIAGOOD", ", \"Token\": \"t\", \"Expiration\": \"2015-08-30T13:36:00Z\"")
#define SSO_GOOD                                                                                   \
    "{\"roleCredentials\": {\"accessKeyId\": \"ASIAGOOD\", \"secretAccessKey\": \"" SECRET         \
    "\", \"sessionToken\": \"t\", \"expiration\": 1440941760000}}"
#define SSO_TOKEN(end) "{\"accessToken\": \"" WEB_TOKEN "\", \"expiresAt\": \"" end "\"}"
#define CUT                                                                                        \
    { .status = 0, .code = SY_UNAVAILABLE }
#define SLOW                                                                                       \
    { .status = 0, .code = SY_DEADLINE_EXCEEDED }
#define A(code, text)                                                                              \
    { .status = (code), .body = (text) }

struct source_case {
    const char *name;
    const char *variables[4][2]; /* @ is the test's folder */
    const char *config;
    const char *sso_token;
    struct fake_answer script[5]; /* the last one that is set repeats */
    const char *says;             /* NULL: the key ASIAGOOD */
    enum sy_code code;
    size_t n_requests;
};

static const struct source_case cases[] = {
    {"web", {WEB}, .script = {A(200, STS_GOOD)}, .n_requests = 1},
    {"web, a cut line", {WEB}, .script = {CUT, A(200, STS_GOOD)}, .n_requests = 2},
    {"web, STS is away",
     {WEB},
     .script = {A(503, "")},
     "no error that AWS would write (HTTP 503)",
     SY_UNAVAILABLE,
     3},
    {"web, nobody",
     {WEB},
     .script = {CUT},
     "the connection was cut; check the network",
     SY_UNAVAILABLE,
     3},
    {"web, slow", {WEB}, .script = {SLOW}, "AssumeRoleWithWebIdentity failed", SY_UNAVAILABLE, 3},
    {"web, throttled",
     {WEB},
     .script = {A(400, STS_ERROR("Throttling")), A(200, STS_GOOD)},
     .n_requests = 2},
    {"web, an old token",
     {WEB},
     .script = {A(400, STS_ERROR("ExpiredTokenException"))},
     "the token is too old, get a new one",
     SY_UNAUTHENTICATED,
     1},
    {"web, denied",
     {WEB},
     .script = {A(403, STS_ERROR("AccessDenied"))},
     "trust policy",
     SY_PERMISSION_DENIED,
     1},
    {"web, garbage",
     {WEB},
     .script = {A(200, "{}")},
     "is not the XML that AWS writes",
     SY_INTERNAL,
     1},
    {"web, half an answer",
     {WEB},
     .script = {A(200, "<R><Credentials><AccessKeyId>ASIA")},
     "is not the XML that AWS writes",
     SY_INTERNAL,
     1},
    {"web, an answer without an end",
     {WEB},
     .script = {A(200, STS(""))},
     "no time at which it ends",
     SY_INTERNAL,
     1},
    {"web, ended credentials",
     {WEB},
     .script = {A(200, STS("<Expiration>2015-08-30T12:00:00Z</Expiration>"))},
     "have ended, at 2015-08-30T12:00:00Z",
     SY_UNAUTHENTICATED,
     1},
    {"web, entities",
     {WEB},
     .script = {A(200, "<!DOCTYPE R [<!ENTITY a \"b\">]><R><AccessKeyId>&a;</AccessKeyId></R>")},
     "it declares a document type",
     SY_INTERNAL,
     1},
    {"web, an empty file",
     {{"AWS_WEB_IDENTITY_TOKEN_FILE", "@/empty"}, {"AWS_ROLE_ARN", ROLE}},
     .script = {A(200, STS_GOOD)},
     "it is no token",
     SY_UNAUTHENTICATED,
     0},
    {"web, a folder",
     {{"AWS_WEB_IDENTITY_TOKEN_FILE", "@"}, {"AWS_ROLE_ARN", ROLE}},
     .script = {A(200, STS_GOOD)},
     "cannot be read",
     SY_UNAUTHENTICATED,
     0},
    {"GitLab, two words",
     {{"STEELYARD_WEB_IDENTITY_TOKEN", "a b"}, {"AWS_ROLE_ARN", ROLE}},
     .script = {A(200, STS_GOOD)},
     "it is no token",
     SY_UNAUTHENTICATED,
     0},
    {"GitHub",
     {GITHUB},
     .script = {A(200, "{\"value\": \"" WEB_TOKEN "\"}"), A(200, STS_GOOD)},
     .n_requests = 2},
    {"GitHub without the permission",
     {GITHUB},
     .script = {A(403, "")},
     "answered HTTP 403; the job needs \"permissions: id-token: write\"",
     SY_UNAUTHENTICATED,
     1},
    {"GitHub, garbage",
     {GITHUB},
     .script = {A(200, "<html>")},
     "without a token",
     SY_UNAUTHENTICATED,
     1},
    {"GitHub, away", {GITHUB}, .script = {A(502, "")}, "HTTP 502", SY_UNAUTHENTICATED, 3},
    {"GitHub, nobody",
     {GITHUB},
     .script = {CUT},
     "GitHub's token service: the connection was cut",
     SY_UNAUTHENTICATED,
     3},
    {"role", .config = BY_ROLE, .script = {A(200, STS_GOOD)}, .n_requests = 1},
    {"role, a wrong clock", .config = BY_ROLE,
     .script = {{403, SY_OK, STS_ERROR("SignatureDoesNotMatch"), "Date",
                 "Sun, 30 Aug 2015 13:06:00 GMT"},
                A(200, STS_GOOD)},
     .n_requests = 2},
    {"role, a wrong secret", .config = BY_ROLE,
     .script = {A(403, STS_ERROR("SignatureDoesNotMatch"))}, "SignatureDoesNotMatch: no (HTTP 403)",
     SY_UNAUTHENTICATED, 1},
    {"container", {FULL}, .script = {A(200, JSON_GOOD)}, .n_requests = 1},
    {"container, relative", {RELATIVE}, .script = {A(200, JSON_GOOD)}, .n_requests = 1},
    {"container, an error first",
     {FULL},
     .script = {A(500, ""), A(200, JSON_GOOD)},
     .n_requests = 2},
    {"container, away",
     {FULL},
     .script = {A(404, "no role")},
     "it answered HTTP 404",
     SY_UNAUTHENTICATED,
     3},
    {"container, slow",
     {FULL},
     .script = {SLOW},
     "the container's credentials endpoint",
     SY_UNAUTHENTICATED,
     3},
    {"container, garbage",
     {FULL},
     .script = {A(200, "<html>")},
     "not what credentials come in",
     SY_UNAUTHENTICATED,
     1},
    {"container, half an answer",
     {FULL},
     .script = {A(200, "{\"AccessKeyId\": \"AS")},
     "not what credentials come in",
     SY_UNAUTHENTICATED,
     1},
    {"container, a blank in the key",
     {FULL},
     .script = {A(200,
                  JSON("AS IA", ", \"Token\": \"t\", \"Expiration\": \"2015-08-30T13:36:00Z\""))},
     "AccessKeyId of the answer of the container's endpoint contains a blank",
     SY_UNAUTHENTICATED,
     1},
    {"container, no time",
     {FULL},
     .script = {A(200, JSON("ASIAGOOD", ", \"Token\": \"t\", \"Expiration\": \"soon\""))},
     "Expiration is no time",
     SY_UNAUTHENTICATED,
     1},
    {"container, a token with a line end",
     {FULL, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\nX-Evil: " WEB_TOKEN}},
     .script = {A(200, JSON_GOOD)},
     "a character that no header can carry",
     SY_UNAUTHENTICATED,
     0},
    {"container, no token file",
     {FULL, {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "@/none"}},
     .script = {A(200, JSON_GOOD)},
     "cannot be read",
     SY_UNAUTHENTICATED,
     0},
    {"instance",
     {INSTANCE},
     .script = {A(200, "session"), A(200, "role"), A(200, JSON_GOOD)},
     .n_requests = 3},
    {"instance, ended but still given",
     {INSTANCE},
     .script = {A(200, "session"), A(200, "role"),
                A(200, JSON("ASIAGOOD",
                            ", \"Token\": \"t\", \"Expiration\": \"2015-08-30T12:00:00Z\""))},
     .n_requests = 3},
    {"instance, nobody",
     {INSTANCE},
     .script = {CUT},
     "no web identity and no container is set up; instance metadata at http://169.254.169.254/",
     SY_UNAUTHENTICATED,
     1},
    {"instance, version 1 alone",
     {INSTANCE},
     .script = {A(404, "")},
     "it gives no session token",
     SY_UNAUTHENTICATED,
     1},
    {"instance, no role",
     {INSTANCE},
     .script = {A(200, "session"), A(404, "")},
     "the instance has no role",
     SY_UNAUTHENTICATED,
     2},
    {"instance, an odd role",
     {INSTANCE},
     .script = {A(200, "session"), A(200, "../../x")},
     "a character that no role has",
     SY_UNAUTHENTICATED,
     2},
    {"instance, garbage",
     {INSTANCE},
     .script = {A(200, "session"), A(200, "role"), A(200, "{\"Code\": \"Failed\"}")},
     "AccessKeyId is missing",
     SY_UNAUTHENTICATED,
     3},
    {"sso",
     {SSO},
     SSO_CONFIG,
     SSO_TOKEN("2015-08-30T20:00:00Z"),
     {A(200, SSO_GOOD)},
     .n_requests = 1},
    {"sso, logged out",
     {SSO},
     SSO_CONFIG,
     SSO_TOKEN("2015-08-30T20:00:00Z"),
     {A(401, "{}")},
     "run: aws sso login --profile sso",
     SY_UNAUTHENTICATED,
     1},
    {"sso, not assigned",
     {SSO},
     SSO_CONFIG,
     SSO_TOKEN("2015-08-30T20:00:00Z"),
     {A(403, "{}")},
     "have it assigned",
     SY_PERMISSION_DENIED,
     1},
    {"sso, away",
     {SSO},
     SSO_CONFIG,
     SSO_TOKEN("2015-08-30T20:00:00Z"),
     {A(500, "")},
     "HTTP 500",
     SY_UNAVAILABLE,
     3},
    {"sso, nobody",
     {SSO},
     SSO_CONFIG,
     SSO_TOKEN("2015-08-30T20:00:00Z"),
     {CUT},
     "the connection was cut",
     SY_UNAVAILABLE,
     3},
    {"sso, garbage",
     {SSO},
     SSO_CONFIG,
     SSO_TOKEN("2015-08-30T20:00:00Z"),
     {A(200, "{}")},
     "roleCredentials is missing",
     SY_INTERNAL,
     1},
    {"sso, ended",
     {SSO},
     SSO_CONFIG,
     SSO_TOKEN("2015-08-30T12:00:00Z"),
     {A(200, SSO_GOOD)},
     "its session has ended; run: aws sso login --profile sso",
     SY_UNAUTHENTICATED,
     0},
    {"sso, a token that is none",
     {SSO},
     SSO_CONFIG,
     "{\"accessToken\": 5}",
     {A(200, SSO_GOOD)},
     "cannot be read; run: aws sso login",
     SY_UNAUTHENTICATED,
     0},
    {"a process that does not end", .config = "[default]\ncredential_process = sleep 1000\n",
     .script = {CUT}, "it did not end within 60s", SY_UNAUTHENTICATED, 0},
};

static char folder[] = "/tmp/steelyard-sources-XXXXXX";

static void write_file(const char *name, const char *text) {
    SY_AUTO_FREE char *path = sy_asprintf("%s/%s", folder, name);
    (void)unlink(path);
    if (!text)
        return;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void set_up(const struct source_case *c) {
    /* sha1("corp") */
    static const char sso_file[] = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
    clean_environment();
    (void)setenv("HOME", folder, 1);
    (void)setenv("AWS_REGION", "eu-central-1", 1);
    (void)unsetenv("AWS_CONFIG_FILE");
    for (size_t i = 0; i < SY_COUNT(c->variables) && c->variables[i][0]; i++) {
        const char *value = c->variables[i][1];
        SY_AUTO_FREE char *text =
            value[0] == '@' ? sy_asprintf("%s%s", folder, value + 1) : sy_strdup(value);
        (void)setenv(c->variables[i][0], text, 1);
    }
    (void)setenv("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", 1);
    write_file(".aws/config", c->config);
    write_file(sso_file, c->sso_token);
}

static void on_done(void *ctx, const struct sy_error *error) {
    if (error)
        *(struct sy_error *)ctx = *error;
}

static void check(const struct source_case *c, const struct sy_keeper *keeper,
                  const struct fake_io *fake, const struct sy_error *error) {
    const char *key = keeper->credentials.access_key ? keeper->credentials.access_key : "";
    if (c->says ? !strstr(error->message, c->says) || error->code != c->code || *key
                : strcmp(key, "ASIAGOOD") != 0)
        fail_msg("%s: key \"%s\", %s: %s", c->name, key, sy_code_name(error->code), error->message);
    if (strstr(error->message, SECRET) || strstr(error->message, WEB_TOKEN))
        fail_msg("%s shows a secret: %s", c->name, error->message);
    if (fake->n_requests != c->n_requests)
        fail_msg("%s: %zu requests", c->name, fake->n_requests);
}

static void run_case(const struct source_case *c) {
    struct fake_io *fake = fake_create();
    struct sy_error error = {0};
    struct sy_clock clock = {.io = &fake->io};
    struct sy_settings settings = {0};
    struct sy_provider_scope scope = {
        .io = &fake->io, .timers = &fake->timers, .clock = &clock, .settings = &settings};
    struct sy_keeper keeper = {.clock = &clock, .done = on_done, .ctx = &error};
    set_up(c);
    fake->script = c->script;
    while (fake->n_script < SY_COUNT(c->script) &&
           (c->script[fake->n_script].status || c->script[fake->n_script].code))
        fake->n_script++;
    if (sy_settings_load(NULL, NULL, NULL, &settings, &error) == 0 &&
        sy_chain_choose(&scope, &keeper.provider, &error) == 0) {
        (void)sy_keeper_get(&keeper, &error);
        fake_run(fake);
    }
    check(c, &keeper, fake, &error);
    sy_keeper_finish(&keeper);
    sy_settings_finish(&settings);
    fake_destroy(fake);
}

static void test_sources(void **state) {
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++)
        run_case(&cases[i]);
}

static int make_folder(void **state) {
    static const char *const folders[] = {".aws", ".aws/sso", ".aws/sso/cache"};
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < SY_COUNT(folders); i++) {
        SY_AUTO_FREE char *path = sy_asprintf("%s/%s", folder, folders[i]);
        if (mkdir(path, 0700))
            return -1;
    }
    write_file("token", WEB_TOKEN "\n");
    write_file("empty", "");
    write_file(".aws/credentials", BASE);
    return 0;
}

static int remove_folder(void **state) {
    static const char *const files[] = {"token", "empty", ".aws/credentials"};
    static const char *const folders[] = {".aws/sso/cache", ".aws/sso", ".aws", ""};
    (void)state;
    set_up(&(struct source_case){0});
    for (size_t i = 0; i < SY_COUNT(files); i++)
        write_file(files[i], NULL);
    for (size_t i = 0; i < SY_COUNT(folders); i++) {
        SY_AUTO_FREE char *path = sy_asprintf("%s/%s", folder, folders[i]);
        (void)rmdir(path);
    }
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sources)};
    sy_log_set_level(SY_LOG_OFF);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
