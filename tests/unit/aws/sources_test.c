/* The sources over real sockets, against servers that refuse, hang up, stay silent and write
 * garbage. */
#include "credentials_fixture.h"
#include "raw_server.h"

struct socket_case {
    const char *what;
    const char *env[3]; /* %d: the server's port */
    enum sy_code code;
    const char *says;
};

#define STS(path) "AWS_ENDPOINT_URL_STS=http://127.0.0.1:%d/" path
#define WEB "AWS_ROLE_ARN=" ROLE, "STEELYARD_WEB_IDENTITY_TOKEN=T0K3N.web"
#define METADATA(path)                                                                             \
    "AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://"                 \
                                       "127.0.0.1:%d/" path

static const struct socket_case cases[] = {
    {"STS hangs up", {WEB, STS("cut")}, SY_UNAVAILABLE, "sts:AssumeRoleWithWebIdentity failed"},
    {"STS hangs up in a chunk", {WEB, STS("cut-chunk")}, SY_UNAVAILABLE, "check the network"},
    {"STS speaks SSH", {WEB, STS("garbage")}, SY_INTERNAL, "check the network"},
    {"STS sends elsewhere", {WEB, STS("redirect")}, SY_UNAUTHENTICATED, "(HTTP 302)"},
    {"STS is another server",
     {WEB, STS("missing")},
     SY_UNAUTHENTICATED,
     "no error that AWS would write (HTTP 404)"},
    {"STS writes something else", {WEB, STS("ok")}, SY_INTERNAL, "not the XML that AWS writes"},
    {"STS floods", {WEB, STS("huge")}, SY_INTERNAL, "check the network"},
    {"nobody is STS",
     {WEB, "AWS_ENDPOINT_URL_STS=http://127.0.0.1:1"},
     SY_UNAVAILABLE,
     "Failed to connect"},
    {"metadata stays silent",
     {METADATA("silent")},
     SY_UNAUTHENTICATED,
     "no complete answer within"},
    {"metadata hangs up", {METADATA("cut")}, SY_UNAUTHENTICATED, "instance metadata at"},
    {"metadata has no token",
     {METADATA("missing")},
     SY_UNAUTHENTICATED,
     "it gives no session token (HTTP 404)"},
    {"a container's endpoint writes something else",
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:%d/ok"},
     SY_UNAUTHENTICATED,
     "is not what credentials come in"},
};

static void set_port(const struct credentials_fixture *f, const char *entry, int port) {
    const char *place = strstr(entry, "%d");
    SY_AUTO_FREE char *filled =
        place ? sy_asprintf("%.*s%d%s", (int)(place - entry), entry, port, place + 2)
              : sy_strdup(entry);
    credentials_set(f, filled);
}

static void run_case(const struct socket_case *c, const struct raw_server *server) {
    struct credentials_fixture f = credentials_begin();
    for (size_t i = 0; i < SY_COUNT(c->env) && c->env[i]; i++)
        set_port(&f, c->env[i], server->port);
    credentials_call_out(&f, "/ok");
    check_no_secret(f.error.message);
    if (f.error.code != c->code || !strstr(f.error.message, c->says))
        fail_msg("%s: %s: %s", c->what, sy_code_name(f.error.code), f.error.message);
    credentials_end(&f);
}

static void test_cases(void **state) {
    (void)state;
    struct raw_server *server = server_start(NULL);
    (void)setenv("NO_PROXY", "127.0.0.1", 1);
    for (size_t i = 0; i < SY_COUNT(cases); i++)
        run_case(&cases[i], server);
    server_stop(server);
}

/* The container's and the instance's endpoints are on this machine or its link: no proxy, and this
 * one does not exist. */
static void test_no_proxy(void **state) {
    (void)state;
    struct raw_server *server = server_start(NULL);
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1);
    (void)setenv("NO_PROXY", "", 1);
    run_case(&cases[SY_COUNT(cases) - 1], server);
    assert_int_equal(atomic_load(&server->requests), 1);
    (void)unsetenv("http_proxy");
    server_stop(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_no_proxy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
