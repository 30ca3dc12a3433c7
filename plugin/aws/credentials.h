/* AWS credentials: what a request is signed with. Each source is one function of this file's kind;
 * today there is one, the environment. */
#ifndef SY_AWS_CREDENTIALS_H
#define SY_AWS_CREDENTIALS_H

#include "base/error.h"

struct sy_credentials {
    char *access_key;
    char *secret_key;
    char *session_token; /* NULL: long-lived credentials */
};

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary ones, AWS_SESSION_TOKEN. An empty
 * variable counts as not set. UNAUTHENTICATED names the variable that is missing or that no HTTP
 * header can carry (blanks, control characters, absurd length); it never shows a value. */
SY_MUST_USE int sy_credentials_from_environment(struct sy_credentials *ret, struct sy_error *error);

/* Overwrites the secrets before it frees them. */
void sy_credentials_finish(struct sy_credentials *credentials);

/* Overwrite every occurrence of the secret key or the session token in text with '*'. AWS repeats
 * the canonical request, token included, in its answer to a wrong signature. */
void sy_credentials_redact(const struct sy_credentials *credentials, char *text);

#endif
