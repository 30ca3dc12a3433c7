#include "aws/credentials.h"

#include "base/memory.h"

#include <openssl/crypto.h>
#include <string.h>

/* AWS documents access keys of 16 to 128 characters, secrets of 40, and no bound for tokens (today
 * they take one or two kilobytes); what does not fit these is a file in the wrong variable. */
enum { ACCESS_KEY_MAX = 128, SECRET_KEY_MAX = 512, SESSION_TOKEN_MAX = 16384 };

static const char *lookup(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static int check(const char *name, const char *value, size_t max, struct sy_error *error) {
    size_t len = strlen(value);
    if (len > max)
        return sy_fail_reason(error, SY_UNAUTHENTICATED, "BAD_CREDENTIALS",
                              "%s is %zu bytes long, more than the %zu that it can have; set it to "
                              "the value alone",
                              name, len, max);
    for (size_t i = 0; i < len; i++)
        if (value[i] <= 0x20 || value[i] >= 0x7F)
            return sy_fail_reason(error, SY_UNAUTHENTICATED, "BAD_CREDENTIALS",
                                  "%s contains a blank, a line end or another character that "
                                  "credentials never have (at byte %zu of %zu); copy it again",
                                  name, i + 1, len);
    return 0;
}

int sy_credentials_from_environment(struct sy_credentials *ret, struct sy_error *error) {
    const char *access_key = lookup("AWS_ACCESS_KEY_ID");
    const char *secret_key = lookup("AWS_SECRET_ACCESS_KEY");
    const char *token = lookup("AWS_SESSION_TOKEN");
    if (!access_key || !secret_key)
        return sy_fail_reason(
            error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
            "no AWS credentials: %s not set; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and "
            "AWS_SESSION_TOKEN for temporary credentials)",
            access_key   ? "AWS_SECRET_ACCESS_KEY is"
            : secret_key ? "AWS_ACCESS_KEY_ID is"
                         : "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are");
    if (check("AWS_ACCESS_KEY_ID", access_key, ACCESS_KEY_MAX, error) ||
        check("AWS_SECRET_ACCESS_KEY", secret_key, SECRET_KEY_MAX, error) ||
        (token && check("AWS_SESSION_TOKEN", token, SESSION_TOKEN_MAX, error)))
        return -1;
    *ret = (struct sy_credentials){.access_key = sy_strdup(access_key),
                                   .secret_key = sy_strdup(secret_key),
                                   .session_token = token ? sy_strdup(token) : NULL};
    return 0;
}

static void wipe(char *text) {
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

void sy_credentials_finish(struct sy_credentials *credentials) {
    wipe(credentials->access_key);
    wipe(credentials->secret_key);
    wipe(credentials->session_token);
    *credentials = (struct sy_credentials){0};
}

static void redact(const char *secret, char *text) {
    if (!secret || !*secret)
        return;
    size_t len = strlen(secret);
    for (char *at = strstr(text, secret); at; at = strstr(at + len, secret))
        memset(at, '*', len);
}

void sy_credentials_redact(const struct sy_credentials *credentials, char *text) {
    redact(credentials->secret_key, text);
    redact(credentials->session_token, text);
}
