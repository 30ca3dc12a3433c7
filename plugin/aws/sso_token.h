/* The token that `aws sso login` leaves in ~/.aws/sso/cache, in the file that the AWS tools share:
 * named by the SHA-1 of the sso-session's name, or of the start URL in the legacy form. */
#ifndef SY_AWS_SSO_TOKEN_H
#define SY_AWS_SSO_TOKEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sy_sso_token {
    char *path;
    char *access_token;
    int64_t expires_ms;
    /* What a new one is asked for with; NULL: it cannot be renewed. */
    char *refresh_token;
    char *client_id;
    char *client_secret;
    int64_t registration_expires_ms;
    char *registration_expires; /* as it stands in the file */
};

/* key: the name of the sso-session, or the start URL. NOT_FOUND when there is no such file,
 * UNAUTHENTICATED when it holds no token. */
SY_MUST_USE int sy_sso_token_load(const char *key, struct sy_sso_token *ret,
                                  struct sy_error *error);
bool sy_sso_token_renewable(const struct sy_sso_token *token, int64_t now_ms);
/* Writes the file anew, in one step and readable for its owner alone: the other tools need the new
 * refresh token, too. An error is no reason to stop: the token is good without it. */
SY_MUST_USE int sy_sso_token_save(const struct sy_sso_token *token, const char *start_url,
                                  const char *region, struct sy_error *error);
void sy_sso_token_finish(struct sy_sso_token *token);

#endif
