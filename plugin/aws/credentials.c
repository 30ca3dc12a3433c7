#include "aws/credentials.h"

#include "aws/clock.h"
#include "base/json.h"
#include "base/memory.h"

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <string.h>

/* AWS documents access keys of 16 to 128 characters, secrets of 40, and no bound for tokens (today
 * they take one or two kilobytes); what does not fit these is a file in the wrong place. */
enum { ACCESS_KEY_MAX = 128, SECRET_KEY_MAX = 512, SESSION_TOKEN_MAX = 16384 };

static const char *linked(const struct sy_credentials_text *text) {
    return text->of ? " of " : "";
}

static int check(const struct sy_credentials_text *text, int i, size_t max,
                 struct sy_error *error) {
    const char *value = text->values[i];
    const char *of = text->of ? text->of : "";
    size_t len = strlen(value);
    if (len > max)
        return sy_fail_reason(error, SY_UNAUTHENTICATED, "BAD_CREDENTIALS",
                              "%s%s%s is %zu bytes long, more than the %zu that it can have; set "
                              "it to the value alone",
                              text->names[i], linked(text), of, len, max);
    for (size_t k = 0; k < len; k++)
        if (value[k] <= 0x20 || value[k] >= 0x7F)
            return sy_fail_reason(error, SY_UNAUTHENTICATED, "BAD_CREDENTIALS",
                                  "%s%s%s contains a blank, a line end or another character that "
                                  "credentials never have (at byte %zu of %zu); copy it again",
                                  text->names[i], linked(text), of, k + 1, len);
    return 0;
}

int sy_credentials_take(const struct sy_credentials_text *text, struct sy_credentials *ret,
                        struct sy_error *error) {
    static const size_t max[] = {ACCESS_KEY_MAX, SECRET_KEY_MAX, SESSION_TOKEN_MAX};
    for (int i = 0; i < 3; i++) {
        const char *value = text->values[i];
        if (i < 2 && (!value || !*value))
            return sy_fail_reason(error, SY_UNAUTHENTICATED, "BAD_CREDENTIALS",
                                  "%s%s%s is not set, but %s is; set both", text->names[i],
                                  linked(text), text->of ? text->of : "", text->names[1 - i]);
        if (value && check(text, i, max[i], error))
            return -1;
    }
    const char *token = text->values[2];
    *ret = (struct sy_credentials){.access_key = sy_strdup(text->values[0]),
                                   .secret_key = sy_strdup(text->values[1]),
                                   .session_token = token && *token ? sy_strdup(token) : NULL,
                                   .expires_ms = text->expires_ms};
    return 0;
}

struct fields {
    char access_key[ACCESS_KEY_MAX + 2]; /* one more than is taken: too long is told by check() */
    char secret_key[SECRET_KEY_MAX + 2];
    char token[SESSION_TOKEN_MAX + 2];
    char expiration[64];
};

static int read_fields(const char *text, size_t len, const char *token_key, bool temporary,
                       struct fields *fields, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *object = NULL;
    if (sy_json_parse("it", text, len, &object, error) ||
        sy_json_string(object, "AccessKeyId", true, fields->access_key, sizeof fields->access_key,
                       error) ||
        sy_json_string(object, "SecretAccessKey", true, fields->secret_key,
                       sizeof fields->secret_key, error) ||
        sy_json_string(object, token_key, temporary, fields->token, sizeof fields->token, error) ||
        sy_json_string(object, "Expiration", temporary, fields->expiration,
                       sizeof fields->expiration, error))
        return -1;
    return 0;
}

int sy_credentials_from_json(const char *what, const char *text, size_t len, const char *token_key,
                             bool temporary, struct sy_credentials *ret, struct sy_error *error) {
    struct fields fields = {0};
    struct sy_error why = {0};
    int64_t expires_ms = 0;
    int failed = read_fields(text, len, token_key, temporary, &fields, &why);
    if (failed)
        (void)sy_fail_reason(error, SY_UNAUTHENTICATED, "BAD_CREDENTIALS",
                             "%s is not what credentials come in: %s", what, why.message);
    else if (*fields.expiration && !sy_aws_time_parse(fields.expiration, &expires_ms))
        failed = sy_fail_reason(error, SY_UNAUTHENTICATED, "BAD_CREDENTIALS",
                                "%s is not what credentials come in: Expiration is no time", what);
    else
        failed = sy_credentials_take(
            &(struct sy_credentials_text){
                .names = {"AccessKeyId", "SecretAccessKey", token_key},
                .of = what,
                .values = {fields.access_key, fields.secret_key, fields.token},
                .expires_ms = expires_ms},
            ret, error);
    OPENSSL_cleanse(&fields, sizeof fields);
    return failed;
}

void sy_secret_free(char *secret) {
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

void sy_credentials_finish(struct sy_credentials *credentials) {
    sy_secret_free(credentials->access_key);
    sy_secret_free(credentials->secret_key);
    sy_secret_free(credentials->session_token);
    *credentials = (struct sy_credentials){0};
}

void sy_secret_redact(const char *secret, char *text) {
    if (!secret || !*secret)
        return;
    size_t len = strlen(secret);
    for (char *at = strstr(text, secret); at; at = strstr(at + len, secret))
        memset(at, '*', len);
}

void sy_credentials_redact(const struct sy_credentials *credentials, char *text) {
    sy_secret_redact(credentials->secret_key, text);
    sy_secret_redact(credentials->session_token, text);
}
