/* What Lambda can do for a release beyond the port of target.h: list versions, publish one, invoke
 * one.
 *
 * Calls answer once, later, never from within; error is NULL on success. A function that does not
 * exist is NOT_FOUND with reason FUNCTION_NOT_FOUND. */
#ifndef SY_TARGET_LAMBDA_H
#define SY_TARGET_LAMBDA_H

#include "target/function.h"

#include <stddef.h>

struct sy_aws;
struct sy_lambda;

struct sy_lambda *sy_lambda_open(struct sy_aws *aws);
/* Together with the client, with no turn of the loop between: calls under way are forgotten. */
void sy_lambda_close(struct sy_lambda *lambda);

/* Every published version, in Lambda's order (oldest first); $LATEST is not one. Follows the pages,
 * 50 versions each, up to 200 of them. */
void sy_lambda_list_versions(struct sy_lambda *lambda, const char *function, sy_versions_done *done,
                             void *ctx);

void sy_lambda_publish(struct sy_lambda *lambda, const struct sy_publish *publish,
                       sy_published_done *done, void *ctx);

enum { SY_INVOKED_PAYLOAD_MAX = 64 * 1024 };

struct sy_invoked {
    int status;
    char function_error[32];                   /* "" = it returned; else Unhandled or Handled */
    char executed_version[SY_VERSION_MAX + 1]; /* the version that ran; "" = Lambda does not say */
    const char *payload;                       /* valid during the call; as the function wrote it */
    size_t payload_len;                        /* at most SY_INVOKED_PAYLOAD_MAX */
    bool truncated;                            /* the payload was longer */
};
/* Invoke a version or an alias and wait for the answer. payload: JSON, NULL = none. An error of the
 * function itself is no error here. The client retries when no answer came, so the function may run
 * more than once. */
typedef void sy_invoked_done(void *ctx, const struct sy_invoked *invoked,
                             const struct sy_error *error);
void sy_lambda_invoke(struct sy_lambda *lambda, const char *function, const char *qualifier,
                      const char *payload, sy_invoked_done *done, void *ctx);

#endif
