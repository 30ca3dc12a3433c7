#include "rpc/certificate.h"

#include "base/memory.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

enum {
    CERTIFICATE_BASE64_MAX = 16384,
    CERTIFICATE_DAYS = 3650, /* go-plugin's is 30 years; no engine lives that long */
    CLOCK_SKEW_S = 30,
};

static char *take_text(BIO *bio) {
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = sy_strndup(data ? data : "", len > 0 ? (size_t)len : 0);
    BIO_free(bio);
    return text;
}

static char *certificate_pem(X509 *certificate) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || !PEM_write_bio_X509(bio, certificate)) {
        BIO_free(bio);
        return NULL;
    }
    return take_text(bio);
}

static char *key_pem(EVP_PKEY *key) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)) {
        BIO_free(bio);
        return NULL;
    }
    return take_text(bio);
}

static char *certificate_base64(X509 *certificate) {
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    if (len <= 0)
        return NULL;
    char *text = sy_calloc((size_t)len * 4 / 3 + 8, 1);
    int n = EVP_EncodeBlock((unsigned char *)text, der, len);
    while (n > 0 && text[n - 1] == '=')
        text[--n] = '\0';
    OPENSSL_free(der);
    return text;
}

static bool add_extension(X509 *certificate, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool good = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return good;
}

static bool set_serial(X509 *certificate) {
    BIGNUM *serial = BN_new();
    bool good = serial && BN_rand(serial, 120, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
                BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
    BN_free(serial);
    return good;
}

static bool fill(X509 *certificate, EVP_PKEY *key) {
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) && set_serial(certificate) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -CLOCK_SKEW_S) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * CERTIFICATE_DAYS) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost",
                                      -1, -1, 0) &&
           X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Steelyard",
                                      -1, -1, 0) &&
           X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(certificate, NID_subject_alt_name, "DNS:localhost") &&
           add_extension(certificate, NID_key_usage,
                         "critical,digitalSignature,keyEncipherment,keyAgreement,keyCertSign") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth,clientAuth") &&
           X509_sign(certificate, key, EVP_sha256());
}

int sy_certificate_create(struct sy_certificate *ret, struct sy_error *error) {
    struct sy_certificate out = {0};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    if (key && certificate && fill(certificate, key)) {
        out.pem = certificate_pem(certificate);
        out.key_pem = key_pem(key);
        out.base64 = certificate_base64(certificate);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (!out.pem || !out.key_pem || !out.base64) {
        sy_certificate_finish(&out);
        return sy_fail(error, SY_INTERNAL, "OpenSSL could not make an ephemeral certificate: %s",
                       ERR_reason_error_string(ERR_get_error()) ?: "no reason given");
    }
    *ret = out;
    return 0;
}

void sy_certificate_finish(struct sy_certificate *certificate) {
    if (certificate->key_pem)
        OPENSSL_cleanse(certificate->key_pem, strlen(certificate->key_pem));
    free(certificate->pem);
    free(certificate->key_pem);
    free(certificate->base64);
    *certificate = (struct sy_certificate){0};
}

int sy_certificate_check_pem(const char *what, const char *pem, struct sy_error *error) {
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool good = certificate != NULL;
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    return good ? 0
                : sy_fail(error, SY_INVALID_ARGUMENT,
                          "%s holds no PEM certificate; start the engine from a go-plugin host, or "
                          "leave it unset",
                          what);
}

/* Unpadded base64 -> DER in *ret; the length, 0 when it is not base64. */
static size_t decode_base64(const char *base64, unsigned char **ret) {
    size_t len = strlen(base64);
    if (len == 0 || len > CERTIFICATE_BASE64_MAX || len % 4 == 1 || strchr(base64, '='))
        return 0;
    size_t padded = (len + 3) / 4 * 4;
    SY_AUTO_FREE char *text = sy_calloc(padded + 1, 1);
    memset(text, '=', padded);
    memcpy(text, base64, len);
    *ret = sy_calloc(padded / 4 * 3, 1);
    int n = EVP_DecodeBlock(*ret, (const unsigned char *)text, (int)padded);
    return n < (int)(padded - len) ? 0 : (size_t)n - (padded - len);
}

int sy_certificate_from_base64(const char *base64, char **ret_pem, struct sy_error *error) {
    SY_AUTO_FREE unsigned char *der = NULL;
    size_t len = decode_base64(base64, &der);
    const unsigned char *at = der;
    X509 *certificate = len ? d2i_X509(NULL, &at, (long)len) : NULL;
    char *pem = certificate && at == der + len ? certificate_pem(certificate) : NULL;
    X509_free(certificate);
    ERR_clear_error();
    if (!pem)
        return sy_fail(
            error, SY_INVALID_ARGUMENT,
            "the handshake line's last field is no certificate (unpadded base64 of DER)");
    *ret_pem = pem;
    return 0;
}
