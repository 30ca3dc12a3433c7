/* AWS credentials: what a request is signed with, and the checks that they pass wherever they come
 * from. */
#ifndef SY_AWS_CREDENTIALS_H
#define SY_AWS_CREDENTIALS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sy_credentials {
    char *access_key;
    char *secret_key;
    char *session_token; /* NULL: long-lived credentials */
    int64_t expires_ms;  /* 0: they do not end, or nobody told when */
    uint64_t generation; /* another number for other credentials: what is derived of them is old */
};

/* Credentials as they were read, with the names by which messages speak of the three. */
struct sy_credentials_text {
    const char *names[3]; /* "AWS_ACCESS_KEY_ID", …, "AWS_SESSION_TOKEN" */
    const char *of;       /* "profile build in ~/.aws/config"; NULL: the names say it */
    const char *values[3];
    int64_t expires_ms;
};

/* Copies them. UNAUTHENTICATED, reason BAD_CREDENTIALS, names the value that is missing (the token
 * need not be there) or that no HTTP header can carry: blanks, control characters, absurd length.
 * It never shows a value. */
SY_MUST_USE int sy_credentials_take(const struct sy_credentials_text *text,
                                    struct sy_credentials *ret, struct sy_error *error);

/* {"AccessKeyId", "SecretAccessKey", <token_key>, "Expiration"} as containers, instances and
 * credential processes answer; what names the answer in messages. The token and the end are
 * required when temporary. */
SY_MUST_USE int sy_credentials_from_json(const char *what, const char *text, size_t len,
                                         const char *token_key, bool temporary,
                                         struct sy_credentials *ret, struct sy_error *error);

/* Overwrites the secrets before it frees them. */
void sy_credentials_finish(struct sy_credentials *credentials);

/* Overwrite every occurrence of the secret key or the session token in text with '*'. AWS repeats
 * the canonical request, token included, in its answer to a wrong signature. */
void sy_credentials_redact(const struct sy_credentials *credentials, char *text);
/* The same for one secret of any kind; NULL: none. */
void sy_secret_redact(const char *secret, char *text);
/* Overwrites a secret before it is freed; takes NULL. */
void sy_secret_free(char *secret);

#endif
