/* Which source is chosen, what it asks, what is signed with it, and what is said when it fails. */
#include "credentials_fixture.h"

struct chain_case {
    const char *what;
    const char *env[10];
    const char *config;
    const char *credentials;
    const char *profile; /* --profile */
    struct fake_answer answers[5];
    /* In order, parts of the requests before the Lambda call: "METHOD URL\nheaders\nbody". */
    const char *asks[5];
    const char *signer; /* access key of the call; NULL: it fails */
    enum sy_code code;
    const char *says;
    bool early; /* refused before anything is asked */
};

#define KEYS(name, key)                                                                            \
    "[" name "]\naws_access_key_id = " key "\naws_secret_access_key = " SECRET_KEY "\n"
#define ENV_KEYS "AWS_ACCESS_KEY_ID=AKIDENV", "AWS_SECRET_ACCESS_KEY=" SECRET_KEY
#define ROLE_PROFILE "[profile deploy]\nrole_arn = " ROLE "\nsource_profile = base\n"
#define WEB "AWS_ROLE_ARN=" ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE=%s/token"
#define FULL_URI "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9/creds"
#define METADATA "AWS_EC2_METADATA_DISABLED=false"
#define GITHUB                                                                                     \
    "AWS_ROLE_ARN=" ROLE, "ACTIONS_ID_TOKEN_REQUEST_URL=https://github.test/token?api=1",          \
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN=T0K3NBEARER"
#define STS_ERROR(code, message)                                                                   \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" message              \
    "</Message></Error></ErrorResponse>"
#define OK_LAMBDA                                                                                  \
    { .status = 200, .body = "{}" }

static const struct chain_case cases[] = {
    {.what = "variables",
     .env = {ENV_KEYS, WEB, FULL_URI, "AWS_PROFILE=other"},
     .credentials = KEYS("other", "AKIDFILE"),
     .answers = {OK_LAMBDA},
     .signer = "AKIDENV"},
    {.what = "a flag's profile before variables",
     .env = {ENV_KEYS},
     .credentials = KEYS("other", "AKIDFILE"),
     .profile = "other",
     .answers = {OK_LAMBDA},
     .signer = "AKIDFILE"},
    {.what = "no secret",
     .env = {"AWS_ACCESS_KEY_ID=AKIDENV"},
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "AWS_SECRET_ACCESS_KEY is not set"},
    {.what = "variables that have ended",
     .env = {ENV_KEYS, "AWS_CREDENTIAL_EXPIRATION=2015-08-30T12:00:00Z"},
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "have ended"},
    {.what = "an end that is no time",
     .env = {ENV_KEYS, "AWS_CREDENTIAL_EXPIRATION=tomorrow"},
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "AWS_CREDENTIAL_EXPIRATION is no time"},
    {.what = "nothing at all",
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; profile default has none in "
             "~/.aws/credentials and ~/.aws/config"},
    {.what = "a profile that is not there",
     .env = {"AWS_PROFILE=gone"},
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "profile: \"gone\" is neither in"},
    {.what = "AWS_DEFAULT_PROFILE first, as botocore",
     .env = {"AWS_PROFILE=one", "AWS_DEFAULT_PROFILE=two"},
     .credentials = KEYS("one", "AKIDONE") KEYS("two", "AKIDTWO"),
     .answers = {OK_LAMBDA},
     .signer = "AKIDTWO"},
    {.what = "the credentials file before the config file",
     .config = KEYS("default", "AKIDCONFIG"),
     .credentials = KEYS("default", "AKIDFILE"),
     .answers = {OK_LAMBDA},
     .signer = "AKIDFILE"},
    {.what = "the config file",
     .config = KEYS("profile a b", "AKIDNO") KEYS("profile \"a b\"", "AKIDCONFIG"),
     .profile = "a b",
     .answers = {OK_LAMBDA},
     .signer = "AKIDCONFIG"},
    {.what = "a line end in a file's key",
     .credentials = "[default]\naws_access_key_id = AK ID\naws_secret_access_key = x\n",
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "aws_access_key_id of profile default in ~/.aws/credentials contains a blank"},
    {.what = "a broken file",
     .config = "[default]\nregion = x\n" SECRET_KEY "\n",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "~/.aws/config, line 3: neither a [section] nor"},
    /* ---- roles ---- */
    {.what = "a role",
     .config = ROLE_PROFILE "external_id = ext&1\nrole_session_name = ci\nduration_seconds = 900\n",
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .answers = {{.status = 200, .body = STS_OK("ASIAROLE", IN_AN_HOUR)}, OK_LAMBDA},
     .asks = {"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3A"
              "role%2Fdeploy&RoleSessionName=ci&ExternalId=ext%261&DurationSeconds=900"},
     .signer = "ASIAROLE"},
    {.what = "a role by a role",
     .config = ROLE_PROFILE "[profile base]\nrole_arn = arn:aws:iam::1:role/hop\n"
                            "source_profile = base\naws_access_key_id = AKIDBASE\n"
                            "aws_secret_access_key = x\n"
                            "[profile top]\nrole_arn = arn:aws:iam::1:role/top\n"
                            "source_profile = deploy\n",
     .profile = "top",
     .answers = {{.status = 200, .body = STS_OK("ASIAONE", IN_AN_HOUR)},
                 {.status = 200, .body = STS_OK("ASIATWO", IN_AN_HOUR)},
                 OK_LAMBDA},
     .asks = {"Credential=AKIDBASE/", "Credential=ASIAONE/"},
     .signer = "ASIATWO"},
    {.what = "a role in a circle",
     .config = ROLE_PROFILE "[profile base]\nrole_arn = " ROLE "\nsource_profile = deploy\n",
     .profile = "deploy",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "leads back to where it began"},
    {.what = "a role by variables",
     .env = {ENV_KEYS},
     .config = "[profile deploy]\nrole_arn = " ROLE "\ncredential_source = Environment\n",
     .profile = "deploy",
     .answers = {{.status = 200, .body = STS_OK("ASIAROLE", IN_AN_HOUR)}, OK_LAMBDA},
     .asks = {"Credential=AKIDENV/"},
     .signer = "ASIAROLE"},
    {.what = "a role by a container",
     .env = {FULL_URI},
     .config = "[profile deploy]\nrole_arn = " ROLE "\ncredential_source = EcsContainer\n",
     .profile = "deploy",
     .answers = {{.status = 200, .body = JSON_OK("ASIACONT", IN_AN_HOUR)},
                 {.status = 200, .body = STS_OK("ASIAROLE", IN_AN_HOUR)},
                 OK_LAMBDA},
     .asks = {"GET http://127.0.0.1:9/creds", "Credential=ASIACONT/"},
     .signer = "ASIAROLE"},
    {.what = "an unknown credential_source",
     .config = "[profile deploy]\nrole_arn = " ROLE "\ncredential_source = Moon\n",
     .profile = "deploy",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "\"Moon\" is not known; use Environment"},
    {.what = "a role with no source",
     .config = "[profile deploy]\nrole_arn = " ROLE "\n",
     .profile = "deploy",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "neither source_profile nor credential_source"},
    {.what = "a role with two sources",
     .config = ROLE_PROFILE "credential_source = Environment\n",
     .profile = "deploy",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "both source_profile and credential_source"},
    {.what = "a source that does not exist",
     .config = ROLE_PROFILE,
     .profile = "deploy",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "source_profile \"base\", which does not exist"},
    {.what = "a source without credentials",
     .config = ROLE_PROFILE "[profile base]\nregion = us-east-1\n",
     .profile = "deploy",
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "which has no credentials"},
    {.what = "MFA",
     .config = ROLE_PROFILE "mfa_serial = arn:aws:iam::1:mfa/me\n",
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "wants a code of an MFA device (mfa_serial)"},
    {.what = "no ARN",
     .config = "[profile deploy]\nrole_arn = deploy\nsource_profile = base\n",
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "role_arn: \"deploy\" is not the ARN of a role"},
    {.what = "a duration that cannot be",
     .config = ROLE_PROFILE "duration_seconds = 1\n",
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "duration_seconds"},
    {.what = "a role that may not be taken",
     .config = ROLE_PROFILE,
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .answers = {{.status = 403,
                  .body = STS_ERROR("AccessDenied", "User: x is not authorized; " SECRET_KEY)}},
     .asks = {"Credential=AKIDBASE/"},
     .code = SY_PERMISSION_DENIED,
     .says =
         "from profile deploy (role " ROLE "): sts:AssumeRole failed; allow it to who asks, and "
         "in the role's trust policy: AccessDenied: User: x is not authorized; ****"},
    {.what = "an STS that is down",
     .config = ROLE_PROFILE,
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .answers = {{.status = 503}, {.status = 503}, {.status = 503}},
     .asks = {"sts.eu", "sts.eu", "sts.eu"},
     .code = SY_UNAVAILABLE,
     .says = "no error that AWS would write (HTTP 503)"},
    {.what = "an STS that is not reached",
     .config = ROLE_PROFILE,
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .answers = {{.code = SY_UNAVAILABLE}, {.code = SY_UNAVAILABLE}, {.code = SY_UNAVAILABLE}},
     .asks = {"sts.eu", "sts.eu", "sts.eu"},
     .code = SY_UNAVAILABLE,
     .says = "the connection was cut; check the network"},
    {.what = "an STS that throttles once",
     .config = ROLE_PROFILE,
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .answers = {{.status = 400, .body = STS_ERROR("Throttling", "Rate exceeded")},
                 {.status = 200, .body = STS_OK("ASIAROLE", IN_AN_HOUR)},
                 OK_LAMBDA},
     .asks = {"sts.eu", "sts.eu"},
     .signer = "ASIAROLE"},
    {.what = "an STS that writes something else",
     .config = ROLE_PROFILE,
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .answers = {{.status = 200, .body = "<html><p>" SECRET_KEY}},
     .asks = {"sts.eu"},
     .code = SY_INTERNAL,
     .says = "the answer of STS is not the XML that AWS writes"},
    {.what = "an STS that writes half of it",
     .config = ROLE_PROFILE,
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .answers = {{.status = 200, .body = "<R><AccessKeyId>A</AccessKeyId></R>"}},
     .asks = {"sts.eu"},
     .code = SY_INTERNAL,
     .says = "has no session token"},
    {.what = "an STS that hands out what has ended",
     .config = ROLE_PROFILE,
     .credentials = KEYS("base", "AKIDBASE"),
     .profile = "deploy",
     .answers = {{.status = 200, .body = STS_OK("ASIAOLD", "2015-08-30T12:00:00Z")}},
     .asks = {"sts.eu"},
     .code = SY_UNAUTHENTICATED,
     .says = "had ended when they came"},
    /* ---- web identity ---- */
    {.what = "a web identity",
     .env = {WEB, "AWS_ROLE_SESSION_NAME=pod"},
     .answers = {{.status = 200, .body = STS_OK("ASIAWEB", IN_AN_HOUR)}, OK_LAMBDA},
     .asks = {"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
              "123456789012%3Arole%2Fdeploy&RoleSessionName=pod&WebIdentityToken=T0K3N.web"},
     .signer = "ASIAWEB"},
    {.what = "a web identity of a profile",
     .config = "[profile deploy]\nrole_arn = " ROLE "\nweb_identity_token_file = token-of-home\n",
     .profile = "deploy",
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "web_identity_token_file: \"token-of-home\" cannot be read: No such file"},
    {.what = "a token without a role",
     .env = {"AWS_WEB_IDENTITY_TOKEN_FILE=%s/token"},
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "AWS_WEB_IDENTITY_TOKEN_FILE is set, but the role"},
    {.what = "an old token",
     .env = {WEB},
     .answers = {{.status = 400,
                  .body = STS_ERROR("ExpiredTokenException", "Token expired: T0K3N.web")}},
     .asks = {"sts.eu"},
     .code = SY_UNAUTHENTICATED,
     .says = "the token is too old, get a new one: ExpiredTokenException: Token expired: ****"},
    {.what = "a token file with other things in it",
     .env = {"AWS_ROLE_ARN=" ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE=%s/two-lines"},
     .code = SY_UNAUTHENTICATED,
     .says = "from web identity (AWS_WEB_IDENTITY_TOKEN_FILE): it is no token"},
    {.what = "GitLab's variable",
     .env = {"AWS_ROLE_ARN=" ROLE, "STEELYARD_WEB_IDENTITY_TOKEN=T0K3N.gitlab"},
     .answers = {{.status = 200, .body = STS_OK("ASIAWEB", IN_AN_HOUR)}, OK_LAMBDA},
     .asks = {"&WebIdentityToken=T0K3N.gitlab"},
     .signer = "ASIAWEB"},
    {.what = "GitLab's variable alone",
     .env = {"STEELYARD_WEB_IDENTITY_TOKEN=T0K3N.gitlab"},
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "STEELYARD_WEB_IDENTITY_TOKEN is set, but AWS_ROLE_ARN"},
    {.what = "GitHub's token",
     .env = {GITHUB},
     .answers = {{.status = 200, .body = "{\"count\":1,\"value\":\"T0K3N.github\"}"},
                 {.status = 200, .body = STS_OK("ASIAWEB", IN_AN_HOUR)},
                 OK_LAMBDA},
     .asks = {"GET https://github.test/token?api=1&audience=sts.amazonaws.com\n"
              "Authorization: Bearer T0K3NBEARER\n",
              "&WebIdentityToken=T0K3N.github"},
     .signer = "ASIAWEB"},
    {.what = "GitHub without its permission",
     .env = {GITHUB},
     .answers = {{.status = 403, .body = "no"}},
     .asks = {"github.test"},
     .code = SY_UNAUTHENTICATED,
     .says = "answered HTTP 403; the job needs \"permissions: id-token: write\""},
    {.what = "GitHub without a token in its answer",
     .env = {GITHUB},
     .answers = {{.status = 200, .body = "{}"}},
     .asks = {"github.test"},
     .code = SY_UNAUTHENTICATED,
     .says = "HTTP 200 without a token"},
    {.what = "GitHub not reached",
     .env = {GITHUB},
     .answers = {{.code = SY_UNAVAILABLE}, {.code = SY_UNAVAILABLE}, {.code = SY_UNAVAILABLE}},
     .asks = {"github.test", "github.test", "github.test"},
     .code = SY_UNAUTHENTICATED,
     .says = "GitHub's token service: the connection was cut"},
    /* ---- container and instance ---- */
    {.what = "a container's endpoint by a path",
     .env = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/x", FULL_URI},
     .answers = {{.status = 200, .body = JSON_OK("ASIACONT", IN_AN_HOUR)}, OK_LAMBDA},
     .asks = {"GET http://169.254.170.2/v2/x\n"},
     .signer = "ASIACONT"},
    {.what = "a container's endpoint with a token file",
     .env = {FULL_URI, "AWS_CONTAINER_AUTHORIZATION_TOKEN=other",
             "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=%s/token"},
     .answers = {{.status = 500},
                 {.status = 200, .body = JSON_OK("ASIACONT", IN_AN_HOUR)},
                 OK_LAMBDA},
     .asks = {"Authorization: T0K3N.web\n", "Authorization: T0K3N.web\n"},
     .signer = "ASIACONT"},
    {.what = "a container's endpoint elsewhere",
     .env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://evil.example/creds"},
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "the host \"evil.example\" is neither on this machine"},
    {.what = "a container's endpoint with a name in front of the host",
     .env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://localhost@evil.example/"},
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "it is not the URL of an endpoint"},
    {.what = "a container's endpoint that fails",
     .env = {FULL_URI},
     .answers = {{.status = 404}, {.status = 404}, {.status = 404}},
     .asks = {"/creds", "/creds", "/creds"},
     .code = SY_UNAUTHENTICATED,
     .says = "(AWS_CONTAINER_CREDENTIALS_FULL_URI): it answered HTTP 404"},
    {.what = "a container's endpoint that writes half of it",
     .env = {FULL_URI},
     .answers = {{.status = 200,
                  .body = "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"" SECRET_KEY "\"}"}},
     .asks = {"/creds"},
     .code = SY_UNAUTHENTICATED,
     .says = "is not what credentials come in: Token is missing"},
    {.what = "an instance",
     .env = {METADATA},
     .answers = {{.status = 200, .body = "T0K3Nimds"},
                 {.status = 200, .body = "web-server\n"},
                 {.status = 200, .body = JSON_OK("ASIAEC2", IN_AN_HOUR)},
                 OK_LAMBDA},
     .asks = {"PUT http://169.254.169.254/latest/api/token\n"
              "X-aws-ec2-metadata-token-ttl-seconds: 21600\n",
              "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/\n"
              "X-aws-ec2-metadata-token: T0K3Nimds\n",
              "/security-credentials/web-server\n"},
     .signer = "ASIAEC2"},
    {.what = "an instance whose credentials have ended",
     .env = {METADATA, "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:8/x"},
     .answers = {{.status = 200, .body = "T0K3Nimds"},
                 {.status = 200, .body = "role"},
                 {.status = 200, .body = JSON_OK("ASIAEC2", "2015-08-30T12:00:00Z")},
                 OK_LAMBDA},
     .asks = {"PUT http://127.0.0.1:8/x/latest/api/token\n", "GET", "GET"},
     .signer = "ASIAEC2"},
    {.what = "an instance that does not answer",
     .env = {METADATA},
     .answers = {{.code = SY_DEADLINE_EXCEEDED}},
     .asks = {"PUT http://169.254.169.254/"},
     .code = SY_UNAUTHENTICATED,
     .says =
         "are not set; profile default has none in ~/.aws/credentials and ~/.aws/config; no web "
         "identity and no container is set up; instance metadata at http://169.254.169.254/: "},
    {.what = "an instance without a role",
     .env = {METADATA},
     .answers = {{.status = 200, .body = "T0K3Nimds"}, {.status = 404}},
     .asks = {"PUT", "GET"},
     .code = SY_UNAUTHENTICATED,
     .says = "the instance has no role (HTTP 404)"},
    {.what = "an instance with an odd role",
     .env = {METADATA},
     .answers = {{.status = 200, .body = "T0K3Nimds"}, {.status = 200, .body = "../../x"}},
     .asks = {"PUT", "GET"},
     .code = SY_UNAUTHENTICATED,
     .says = "a character that no role has"},
    {.what = "a login session",
     .config = "[default]\nlogin_session = arn:aws:sts::1:x\n",
     .early = true,
     .code = SY_UNAUTHENTICATED,
     .says = "profile default uses `aws login`"},
    {.what = "a process that cannot be split",
     .config = "[default]\ncredential_process = \"x\n",
     .early = true,
     .code = SY_INVALID_ARGUMENT,
     .says = "credential_process of profile default: a quote is not closed"},
};

static void check_asked(const struct chain_case *c, const struct credentials_fixture *f) {
    size_t n = 0;
    for (; n < SY_COUNT(c->asks) && c->asks[n]; n++) {
        if (n >= f->fake->n_requests)
            fail_msg("%s: only %zu requests", c->what, f->fake->n_requests);
        const struct fake_request *r = &f->fake->requests[n];
        SY_AUTO_FREE char *whole =
            sy_asprintf("%s %s\n%s\n%s", r->method, r->url, r->headers, r->body ? r->body : "");
        if (!strstr(whole, c->asks[n]))
            fail_msg("%s: request %zu is %s", c->what, n, whole);
    }
    assert_int_equal(f->fake->n_requests, n + (c->signer != NULL));
}

static void run_case(const struct chain_case *c) {
    struct credentials_fixture f = credentials_begin();
    for (size_t i = 0; i < SY_COUNT(c->env) && c->env[i]; i++)
        credentials_set(&f, c->env[i]);
    if (c->config)
        credentials_write(&f, ".aws/config", c->config);
    if (c->credentials)
        credentials_write(&f, ".aws/credentials", c->credentials);
    credentials_write(&f, "token", "T0K3N.web\n");
    credentials_write(&f, "two-lines", "T0K3N.web\nand so on\n");
    f.fake->script = c->answers;
    f.fake->n_script = SY_COUNT(c->answers);
    bool early = credentials_open(&f, c->profile) != 0;
    if (early != c->early)
        fail_msg("%s: %s", c->what, early ? f.error.message : "not refused before the first call");
    if (!early) {
        credentials_send(&f);
        fake_run(f.fake);
        assert_int_equal(f.replies + f.errors, 1);
    }
    check_no_secret(f.error.message);
    if (c->says && (f.error.code != c->code || !strstr(f.error.message, c->says)))
        fail_msg("%s: %s: %s", c->what, sy_code_name(f.error.code), f.error.message);
    if (c->signer && (!f.replies || !is_signed_by(credentials_last(&f), c->signer)))
        fail_msg("%s: %s, signed %s", c->what, f.error.message, credentials_last(&f)->headers);
    check_asked(c, &f);
    credentials_end(&f);
}

static void test_cases(void **state) {
    (void)state;
    for (size_t i = 0; i < SY_COUNT(cases); i++)
        run_case(&cases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
