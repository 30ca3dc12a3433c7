/* Whom TLS trusts: a server with a certificate of its own, made here, must be reached only when the
 * environment names that certificate, and only by the name in it. */
#include "aws/trust.h"

#include "aws/curl_io.h"
#include "base/memory.h"
#include "raw_server.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct certificate {
    EVP_PKEY *key;
    X509 *x509;
    char path[64]; /* in PEM form */
};

static void extend(X509 *x509, int nid, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static struct certificate make_certificate(const char *names) {
    struct certificate c = {.key = EVP_EC_gen("P-256"), .x509 = X509_new()};
    assert_true(c.key && c.x509);
    X509_NAME *subject = X509_get_subject_name(c.x509);
    assert_true(X509_set_version(c.x509, 2));
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(c.x509), 1));
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(c.x509), -3600));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(c.x509), 3600));
    assert_true(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                           (const unsigned char *)"steelyard test", -1, -1, 0));
    assert_true(X509_set_issuer_name(c.x509, subject));
    assert_true(X509_set_pubkey(c.x509, c.key));
    extend(c.x509, NID_subject_alt_name, names);
    extend(c.x509, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(c.x509, c.key, EVP_sha256()) > 0);
    (void)snprintf(c.path, sizeof c.path, "/tmp/steelyard-trust-test.XXXXXX");
    int fd = mkstemp(c.path);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_true(PEM_write_X509(file, c.x509));
    assert_int_equal(fclose(file), 0);
    return c;
}

static void drop_certificate(struct certificate *c) {
    (void)unlink(c->path);
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
}

static SSL_CTX *server_context(const struct certificate *c) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_non_null(context);
    assert_int_equal(SSL_CTX_use_certificate(context, c->x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, c->key), 1);
    return context;
}

struct outcome {
    int calls;
    int status;
    struct sy_error error;
};

static void on_done(void *ctx, const struct sy_http_response *response) {
    struct outcome *outcome = ctx;
    outcome->calls++;
    outcome->status = response->status;
    outcome->error = response->error;
}

/* One GET over TLS under the environment as it is. */
static struct outcome get(const struct raw_server *server) {
    struct outcome outcome = {0};
    struct sy_error error = {0};
    struct sy_io *io = NULL;
    if (sy_curl_io_create(&io, &error))
        fail_msg("%s", error.message);
    SY_AUTO_FREE char *url = sy_asprintf("https://127.0.0.1:%d/ok", server->port);
    struct sy_http_request request = {.method = "GET", .url = url, .timeout_ms = 20000};
    (void)io->ops->submit(io, &request, on_done, &outcome);
    for (int i = 0; i < 1000 && !outcome.calls; i++)
        io->ops->wait(io, sy_io_now(io) + 20000);
    sy_curl_io_destroy(io);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

static void clear_environment(void) {
    static const char *const names[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE", "https_proxy",
                                        "HTTPS_PROXY",   "all_proxy",     "ALL_PROXY"};
    for (size_t i = 0; i < SY_COUNT(names); i++)
        (void)unsetenv(names[i]);
}

static void expect_distrust(const struct raw_server *server, const char *says) {
    struct outcome outcome = get(server);
    assert_int_equal(outcome.status, 0);
    assert_int_equal(outcome.error.code, SY_UNAVAILABLE);
    if (!strstr(outcome.error.message, says) || !strstr(outcome.error.message, "AWS_CA_BUNDLE"))
        fail_msg("%s", outcome.error.message);
}

static void test_who_is_trusted(void **state) {
    (void)state;
    struct certificate ours = make_certificate("IP:127.0.0.1");
    struct certificate other = make_certificate("IP:127.0.0.1");
    SSL_CTX *context = server_context(&ours);
    struct raw_server *server = server_start(context);
    clear_environment();
    expect_distrust(server, "certificate");
    (void)setenv("SSL_CERT_FILE", ours.path, 1);
    assert_int_equal(get(server).status, 200);
    (void)setenv("AWS_CA_BUNDLE", other.path, 1); /* before SSL_CERT_FILE */
    expect_distrust(server, other.path);
    (void)setenv("AWS_CA_BUNDLE", ours.path, 1);
    (void)setenv("SSL_CERT_FILE", other.path, 1);
    assert_int_equal(get(server).status, 200);
    server_stop(server);
    SSL_CTX_free(context);
    drop_certificate(&ours);
    drop_certificate(&other);
}

static void test_the_name_must_match(void **state) {
    (void)state;
    struct certificate elsewhere = make_certificate("DNS:lambda.example,IP:127.0.0.2");
    SSL_CTX *context = server_context(&elsewhere);
    struct raw_server *server = server_start(context);
    clear_environment();
    (void)setenv("AWS_CA_BUNDLE", elsewhere.path, 1);
    expect_distrust(server, "127.0.0.1");
    server_stop(server);
    SSL_CTX_free(context);
    drop_certificate(&elsewhere);
}

static void test_an_unreadable_file_is_an_error(void **state) {
    (void)state;
    static const char *const names[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE"};
    for (size_t i = 0; i < SY_COUNT(names); i++) {
        struct sy_trust trust;
        struct sy_error error = {0};
        struct sy_io *io = NULL;
        clear_environment();
        (void)setenv(names[i], "/nonexistent/ca.pem", 1);
        assert_int_equal(sy_trust_find(&trust, &error), -1);
        assert_int_equal(error.code, SY_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, names[i]));
        assert_non_null(strstr(error.message, "/nonexistent/ca.pem"));
        assert_int_equal(sy_curl_io_create(&io, &error), -1);
    }
}

/* On any machine of a known distribution something is found, and at most one of the two. */
static void test_the_machine_has_certificates(void **state) {
    (void)state;
    struct sy_trust trust;
    struct sy_error error = {0};
    clear_environment();
    assert_int_equal(sy_trust_find(&trust, &error), 0);
    assert_false(*trust.file && *trust.folder);
    if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0)
        assert_true(*trust.file || *trust.folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_trusted),
        cmocka_unit_test(test_the_name_must_match),
        cmocka_unit_test(test_an_unreadable_file_is_an_error),
        cmocka_unit_test(test_the_machine_has_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
