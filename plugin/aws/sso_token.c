#include "aws/sso_token.h"

#include "aws/clock.h"
#include "aws/credentials.h"
#include "aws/profile.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 256 * 1024, TEXT_MAX = 32768, SHA1_BYTES = 20 };

static char *path_of(const char *key) {
    unsigned char digest[SHA1_BYTES];
    char hex[2 * SHA1_BYTES + 1];
    if (!EVP_Digest(key, strlen(key), digest, NULL, EVP_sha1(), NULL))
        return NULL;
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    SY_AUTO_FREE char *path = sy_asprintf("~/.aws/sso/cache/%s.json", hex);
    return sy_home_path(path);
}

/* A member that may be absent; the caller frees it. */
static char *member(const struct json_object *object, const char *key) {
    struct sy_error ignored;
    char *text = sy_calloc(1, TEXT_MAX);
    if (sy_json_string(object, key, true, text, TEXT_MAX, &ignored) == 0 && *text) {
        char *exact = sy_strdup(text);
        sy_secret_free(text);
        return exact;
    }
    sy_secret_free(text);
    return NULL;
}

static int read_token(const char *text, size_t len, struct sy_sso_token *token) {
    SY_AUTO_JSON struct json_object *object = NULL;
    struct sy_error ignored;
    if (sy_json_parse("it", text, len, &object, &ignored))
        return -1;
    SY_AUTO_FREE char *expires = member(object, "expiresAt");
    token->access_token = member(object, "accessToken");
    token->refresh_token = member(object, "refreshToken");
    token->client_id = member(object, "clientId");
    token->client_secret = member(object, "clientSecret");
    token->registration_expires = member(object, "registrationExpiresAt");
    if (token->registration_expires &&
        !sy_aws_time_parse(token->registration_expires, &token->registration_expires_ms))
        token->registration_expires_ms = 0;
    return token->access_token && expires && sy_aws_time_parse(expires, &token->expires_ms) ? 0
                                                                                            : -1;
}

int sy_sso_token_load(const char *key, struct sy_sso_token *ret, struct sy_error *error) {
    struct sy_sso_token token = {.path = path_of(key)};
    char *text = NULL;
    size_t len = 0;
    if (!token.path || sy_file_read(token.path, FILE_MAX, &text, &len)) {
        (void)sy_fail(error, SY_NOT_FOUND, "there is no token");
        sy_sso_token_finish(&token);
        return -1;
    }
    int failed = read_token(text, len, &token);
    sy_secret_free(text);
    if (failed) {
        (void)sy_fail(error, SY_UNAUTHENTICATED, "the token in %.200s cannot be read", token.path);
        sy_sso_token_finish(&token);
        return -1;
    }
    *ret = token;
    return 0;
}

bool sy_sso_token_renewable(const struct sy_sso_token *token, int64_t now_ms) {
    return token->refresh_token && token->client_id && token->client_secret &&
           token->registration_expires_ms > now_ms;
}

static void add(struct json_object *object, const char *key, const char *value) {
    if (value)
        json_object_object_add(object, key, json_object_new_string(value));
}

static char *write_token(const struct sy_sso_token *token, const char *start_url,
                         const char *region) {
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    char expires[24];
    add(object, "startUrl", start_url);
    add(object, "region", region);
    add(object, "accessToken", token->access_token);
    add(object, "expiresAt", sy_time_format(token->expires_ms, expires));
    add(object, "clientId", token->client_id);
    add(object, "clientSecret", token->client_secret);
    add(object, "registrationExpiresAt", token->registration_expires);
    add(object, "refreshToken", token->refresh_token);
    return sy_json_write(object);
}

int sy_sso_token_save(const struct sy_sso_token *token, const char *start_url, const char *region,
                      struct sy_error *error) {
    SY_AUTO_FREE char *temporary = sy_asprintf("%s.XXXXXX", token->path);
    char *text = write_token(token, start_url, region);
    size_t len = strlen(text);
    int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    bool good = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    int why = errno;
    if (fd >= 0 && close(fd) != 0)
        good = false;
    good = good && rename(temporary, token->path) == 0;
    if (!good && fd >= 0)
        (void)unlink(temporary);
    sy_secret_free(text);
    return good ? 0
                : sy_fail(error, SY_UNAVAILABLE, "%.200s could not be written: %s", token->path,
                          strerror(why));
}

void sy_sso_token_finish(struct sy_sso_token *token) {
    free(token->path);
    sy_secret_free(token->access_token);
    sy_secret_free(token->refresh_token);
    free(token->client_id);
    sy_secret_free(token->client_secret);
    free(token->registration_expires);
    *token = (struct sy_sso_token){0};
}
