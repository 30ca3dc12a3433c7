#include "aws/sigv4.h"

#include "aws/canonical.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <string.h>
#include <time.h>

enum { DIGEST = 32, DAY = 8 };

/* OpenSSL 3 looks an algorithm up by name at a cost of microseconds: do that once, and keep the
 * contexts. The HMAC context stays keyed with the day's key. */
struct sy_sigv4 {
    const struct sy_credentials *credentials;
    char *region;
    char *service;
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    EVP_MAC *hmac;
    EVP_MAC_CTX *day_key;
    char day[DAY + 1];   /* of day_key; "" = none yet */
    uint64_t generation; /* of the credentials of day_key */
    struct sy_buffer canonical;
    struct sy_buffer signed_headers;
    struct sy_buffer string_to_sign;
    struct sy_buffer scratch;
};

static int crypto_fail(struct sy_error *error, const char *what) {
    return sy_fail(error, SY_INTERNAL,
                   "OpenSSL could not compute %s of a request's signature; check its configuration "
                   "(OPENSSL_CONF)",
                   what);
}

int sy_sigv4_create(const struct sy_credentials *credentials, const char *region,
                    const char *service, struct sy_sigv4 **ret, struct sy_error *error) {
    struct sy_sigv4 *signer = sy_calloc(1, sizeof *signer);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end()};
    signer->credentials = credentials;
    signer->region = sy_strdup(region);
    signer->service = sy_strdup(service);
    signer->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    signer->digest = EVP_MD_CTX_new();
    signer->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    signer->day_key = signer->hmac ? EVP_MAC_CTX_new(signer->hmac) : NULL;
    if (!signer->sha256 || !signer->digest || !signer->day_key ||
        !EVP_MAC_CTX_set_params(signer->day_key, params)) {
        sy_sigv4_destroy(signer);
        return crypto_fail(error, "SHA-256");
    }
    *ret = signer;
    return 0;
}

void sy_sigv4_destroy(struct sy_sigv4 *signer) {
    if (!signer)
        return;
    if (signer->canonical.data) /* holds the session token */
        OPENSSL_cleanse(signer->canonical.data, signer->canonical.capacity);
    sy_buffer_finish(&signer->canonical);
    sy_buffer_finish(&signer->signed_headers);
    sy_buffer_finish(&signer->string_to_sign);
    sy_buffer_finish(&signer->scratch);
    EVP_MAC_CTX_free(signer->day_key);
    EVP_MAC_free(signer->hmac);
    EVP_MD_CTX_free(signer->digest);
    EVP_MD_free(signer->sha256);
    free(signer->region);
    free(signer->service);
    free(signer);
}

const char *sy_sigv4_date(int64_t unix_ms, char buf[SY_SIGV4_DATE_SIZE]) {
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || !strftime(buf, SY_SIGV4_DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm))
        memcpy(buf, "19700101T000000Z", SY_SIGV4_DATE_SIZE);
    return buf;
}

static void to_hex(const unsigned char digest[DIGEST], char hex[SY_SIGV4_HEX_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[SY_SIGV4_HEX_SIZE - 1] = '\0';
}

static int hash(struct sy_sigv4 *signer, const void *data, size_t len, char hex[SY_SIGV4_HEX_SIZE],
                struct sy_error *error) {
    unsigned char digest[DIGEST];
    if (!EVP_DigestInit_ex2(signer->digest, signer->sha256, NULL) ||
        !EVP_DigestUpdate(signer->digest, data, len) ||
        !EVP_DigestFinal_ex(signer->digest, digest, NULL))
        return crypto_fail(error, "the hash");
    to_hex(digest, hex);
    return 0;
}

/* HMAC with a new key, or with the one that the context has when key is NULL. */
static bool hmac(struct sy_sigv4 *signer, const void *key, size_t key_len, const void *data,
                 size_t len, unsigned char mac[DIGEST]) {
    size_t n = 0;
    return EVP_MAC_init(signer->day_key, key, key_len, NULL) &&
           EVP_MAC_update(signer->day_key, data, len) &&
           EVP_MAC_final(signer->day_key, mac, &n, DIGEST) && n == DIGEST;
}

/* HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request"), once a day. */
static int derive_day_key(struct sy_sigv4 *signer, const char *date, struct sy_error *error) {
    static const char last[] = "aws4_request";
    unsigned char key[DIGEST];
    if (memcmp(signer->day, date, DAY) == 0 &&
        signer->generation == signer->credentials->generation)
        return 0;
    struct sy_buffer secret = {0};
    sy_buffer_puts(&secret, "AWS4");
    sy_buffer_puts(&secret, signer->credentials->secret_key);
    bool good = hmac(signer, secret.data, secret.len, date, DAY, key) &&
                hmac(signer, key, DIGEST, signer->region, strlen(signer->region), key) &&
                hmac(signer, key, DIGEST, signer->service, strlen(signer->service), key) &&
                hmac(signer, key, DIGEST, last, sizeof last - 1, key) &&
                EVP_MAC_init(signer->day_key, key, DIGEST, NULL);
    OPENSSL_cleanse(secret.data, secret.len);
    OPENSSL_cleanse(key, sizeof key);
    sy_buffer_finish(&secret);
    if (!good) {
        signer->day[0] = '\0';
        return crypto_fail(error, "the key");
    }
    memcpy(signer->day, date, DAY);
    signer->generation = signer->credentials->generation;
    return 0;
}

int sy_sigv4_canonical_request(struct sy_sigv4 *signer, const struct sy_sigv4_request *request,
                               struct sy_buffer *canonical, struct sy_buffer *signed_headers,
                               struct sy_error *error) {
    char hex[SY_SIGV4_HEX_SIZE];
    if (hash(signer, request->body ? request->body : "", request->body_len, hex, error))
        return -1;
    sy_buffer_puts(canonical, request->method);
    sy_buffer_append(canonical, "\n", 1);
    if (sy_canonical_path(canonical, request, error))
        return -1;
    sy_buffer_append(canonical, "\n", 1);
    if (sy_canonical_query(canonical, &signer->scratch, request->query, error))
        return -1;
    sy_buffer_append(canonical, "\n", 1);
    size_t names = signed_headers->len;
    if (sy_canonical_headers(canonical, signed_headers, request, error))
        return -1;
    sy_buffer_append(canonical, "\n", 1);
    sy_buffer_append(canonical, signed_headers->data + names, signed_headers->len - names);
    sy_buffer_append(canonical, "\n", 1);
    sy_buffer_puts(canonical, hex);
    return 0;
}

static void append_scope(const struct sy_sigv4 *signer, const char *date,
                         struct sy_buffer *buffer) {
    sy_buffer_append(buffer, date, DAY);
    sy_buffer_append(buffer, "/", 1);
    sy_buffer_puts(buffer, signer->region);
    sy_buffer_append(buffer, "/", 1);
    sy_buffer_puts(buffer, signer->service);
    sy_buffer_puts(buffer, "/aws4_request");
}

int sy_sigv4_string_to_sign(struct sy_sigv4 *signer, const char *date, const char *canonical,
                            size_t canonical_len, struct sy_buffer *string_to_sign,
                            struct sy_error *error) {
    char hex[SY_SIGV4_HEX_SIZE];
    if (hash(signer, canonical, canonical_len, hex, error))
        return -1;
    sy_buffer_puts(string_to_sign, "AWS4-HMAC-SHA256\n");
    sy_buffer_puts(string_to_sign, date);
    sy_buffer_append(string_to_sign, "\n", 1);
    append_scope(signer, date, string_to_sign);
    sy_buffer_append(string_to_sign, "\n", 1);
    sy_buffer_puts(string_to_sign, hex);
    return 0;
}

int sy_sigv4_signature(struct sy_sigv4 *signer, const char *date, const char *string_to_sign,
                       size_t len, char ret_hex[SY_SIGV4_HEX_SIZE], struct sy_error *error) {
    unsigned char mac[DIGEST];
    if (derive_day_key(signer, date, error))
        return -1;
    if (!hmac(signer, NULL, 0, string_to_sign, len, mac))
        return crypto_fail(error, "the signature");
    to_hex(mac, ret_hex);
    return 0;
}

int sy_sigv4_authorize(struct sy_sigv4 *signer, const struct sy_sigv4_request *request,
                       struct sy_buffer *authorization, struct sy_error *error) {
    char hex[SY_SIGV4_HEX_SIZE];
    signer->canonical.len = 0;
    signer->signed_headers.len = 0;
    signer->string_to_sign.len = 0;
    if (sy_sigv4_canonical_request(signer, request, &signer->canonical, &signer->signed_headers,
                                   error) ||
        sy_sigv4_string_to_sign(signer, request->date, signer->canonical.data,
                                signer->canonical.len, &signer->string_to_sign, error) ||
        sy_sigv4_signature(signer, request->date, signer->string_to_sign.data,
                           signer->string_to_sign.len, hex, error))
        return -1;
    sy_buffer_puts(authorization, "AWS4-HMAC-SHA256 Credential=");
    sy_buffer_puts(authorization, signer->credentials->access_key);
    sy_buffer_append(authorization, "/", 1);
    append_scope(signer, request->date, authorization);
    sy_buffer_puts(authorization, ", SignedHeaders=");
    sy_buffer_append(authorization, signer->signed_headers.data, signer->signed_headers.len);
    sy_buffer_puts(authorization, ", Signature=");
    sy_buffer_puts(authorization, hex);
    return 0;
}
