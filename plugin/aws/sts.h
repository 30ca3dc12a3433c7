/* The two calls of AWS STS that give credentials for a role: what is sent, what is read. */
#ifndef SY_AWS_STS_H
#define SY_AWS_STS_H

#include "aws/ask.h"
#include "aws/provider.h"

/* Ask for the role's credentials. With a signer: AssumeRole, signed with what it gave; else
 * AssumeRoleWithWebIdentity with the token. The answer goes to sts_read(). NULL: error says why
 * nothing could be asked. */
struct sy_ask *sy_sts_ask(const struct sy_provider_scope *scope, const struct sy_role *role,
                          const struct sy_credentials *signer, const char *token,
                          sy_http_done *done, void *ctx, struct sy_error *error);

/* The credentials of an answer, or the error for people: who is the source's name, secrets (the
 * last is NULL) are starred out of what STS says. PERMISSION_DENIED names the action to allow; no
 * answer and HTTP 5xx are UNAVAILABLE. */
SY_MUST_USE int sy_sts_read(const struct sy_provider_scope *scope, const char *who,
                            const char *action, const char *const *secrets,
                            const struct sy_http_response *response, struct sy_credentials *ret,
                            struct sy_error *error);

/* STS refused the signature's time, and the clock could be set by its answer: ask once more. */
bool sy_sts_skewed(const struct sy_provider_scope *scope, const struct sy_http_response *response);

#endif
