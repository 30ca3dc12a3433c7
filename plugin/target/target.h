/* What is released: something with numbered versions and a named, weighted pointer to them.
 * target/lambda.c is the AWS Lambda function.
 *
 * Operations answer once, later, never from within the call; error is NULL on success. */
#ifndef SY_TARGET_TARGET_H
#define SY_TARGET_TARGET_H

#include "core/event.h"
#include "core/preflight.h"

struct sy_alias_state {
    bool exists;
    struct sy_routing routing;
    char revision[SY_REVISION_MAX + 1];
    char arn[SY_ARN_MAX + 1]; /* "" = not sent */
};

struct sy_version_state {
    bool exists;
    char state[32]; /* Active, Pending, Inactive, Failed; "" when the service does not say */
    char code_sha256[SY_CODE_SHA256_MAX + 1];
    struct sy_configuration configuration; /* all that was answered */
};

/* A function that does not exist is NOT_FOUND with reason FUNCTION_NOT_FOUND; an alias or version
 * that does not exist is no error: exists is false. */
typedef void sy_alias_done(void *ctx, const struct sy_alias_state *state,
                           const struct sy_error *error);
typedef void sy_version_done(void *ctx, const struct sy_version_state *state,
                             const struct sy_error *error);

struct sy_target;
struct sy_function_ops;
struct sy_target_ops {
    void (*read_alias)(struct sy_target *target, const char *function, const char *alias,
                       sy_alias_done *done, void *ctx);
    void (*read_version)(struct sy_target *target, const char *function, const char *version,
                         sy_version_done *done, void *ctx);
    /* Set the routing if the alias still has the revision; answers the state as written. A revision
     * that is no longer the alias's: ABORTED, reason STALE_REVISION. revision "" creates the alias
     * (ALREADY_EXISTS when there is one). */
    void (*write_alias)(struct sy_target *target, const char *function, const char *alias,
                        const struct sy_routing *routing, const char *revision, sy_alias_done *done,
                        void *ctx);
    void (*destroy)(struct sy_target *target);
};
struct sy_target {
    const struct sy_target_ops *ops;
    const struct sy_function_ops *function; /* target/function.h */
};

struct sy_aws;
struct sy_target *sy_lambda_create(struct sy_aws *aws);

#endif
