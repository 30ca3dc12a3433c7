/* What concerns the function that is released rather than one release of it: its versions, its
 * code, and what stands around it. The other half of the target's port.
 *
 * Operations answer once, later, never from within the call; error is NULL on success. A function
 * that does not exist is NOT_FOUND with reason FUNCTION_NOT_FOUND. */
#ifndef SY_TARGET_FUNCTION_H
#define SY_TARGET_FUNCTION_H

#include "core/package.h"
#include "core/preflight.h"
#include "target/target.h"

#include <stddef.h>

struct sy_lambda_version {
    char version[SY_VERSION_MAX + 1];
    char code_sha256[SY_CODE_SHA256_MAX + 1];
    char description[SY_DESCRIPTION_MAX + 1];
    char last_modified[40]; /* as Lambda writes it: 2026-01-02T03:04:05.000+0000 */
};
typedef void sy_versions_done(void *ctx, const struct sy_lambda_version *versions, size_t n,
                              const struct sy_error *error);

struct sy_named_alias {
    char name[SY_ALIAS_MAX + 1];
    struct sy_routing routing;
};
typedef void sy_aliases_done(void *ctx, const struct sy_named_alias *aliases, size_t n,
                             const struct sy_error *error);

/* gone: it was there no more. */
typedef void sy_deleted_done(void *ctx, bool gone, const struct sy_error *error);

typedef void sy_configuration_done(void *ctx, const struct sy_configuration *configuration,
                                   const struct sy_error *error);

struct sy_publish {
    const char *function;
    const char *code_sha256; /* publish only this code (else INVALID_ARGUMENT); NULL: whatever */
    const char *revision;    /* of $LATEST (else ABORTED, STALE_REVISION); NULL: whatever */
    const char *description; /* NULL: $LATEST's */
};
/* Lambda publishes nothing when neither code nor configuration changed since the last version, and
 * answers that one. A new version may be Pending for a while. */
typedef void sy_published_done(void *ctx, const struct sy_lambda_version *version,
                               const struct sy_error *error);

typedef void sy_policy_done(void *ctx, const struct sy_policy *policy,
                            const struct sy_error *error);
typedef void sy_concurrency_done(void *ctx, const struct sy_concurrency *concurrency,
                                 const struct sy_error *error);
typedef void sy_invoke_config_done(void *ctx, const struct sy_invoke_config *config,
                                   const struct sy_error *error);

struct sy_function_ops {
    /* Every published version, oldest first; $LATEST is not one. At most 10,000. */
    void (*list_versions)(struct sy_target *target, const char *function, sy_versions_done *done,
                          void *ctx);
    /* Every alias; at most 10,000. */
    void (*list_aliases)(struct sy_target *target, const char *function, sy_aliases_done *done,
                         void *ctx);
    /* Delete one published version. Lambda takes a deletion without a version for one of the whole
     * function, so this one refuses, and sends nothing, unless the version is digits alone: -1,
     * and done is not called. A version that an alias uses is ALREADY_EXISTS, reason
     * ResourceConflictException. */
    SY_MUST_USE int (*delete_version)(struct sy_target *target, const char *function,
                                      const char *version, sy_deleted_done *done, void *ctx,
                                      struct sy_error *error);
    /* qualifier: a version, "" = $LATEST. A version that does not exist is no error. */
    void (*read_configuration)(struct sy_target *target, const char *function,
                               const char *qualifier, sy_configuration_done *done, void *ctx);
    /* Replace the code of $LATEST if it still has the revision (else ABORTED, STALE_REVISION);
     * answers $LATEST, whose update may still be in progress. An archive that cannot be read, is
     * none, or is too large: -1, and done is not called. */
    SY_MUST_USE int (*update_code)(struct sy_target *target, const char *function,
                                   const struct sy_package *package, const char *revision,
                                   sy_configuration_done *done, void *ctx, struct sy_error *error);
    void (*publish)(struct sy_target *target, const struct sy_publish *publish,
                    sy_published_done *done, void *ctx);
    /* The resource policy, the provisioned concurrency and the asynchronous invocations' rules of a
     * qualifier; "" = the function itself, for policies. What is not set is no error. */
    void (*read_policy)(struct sy_target *target, const char *function, const char *qualifier,
                        sy_policy_done *done, void *ctx);
    void (*read_concurrency)(struct sy_target *target, const char *function, const char *qualifier,
                             sy_concurrency_done *done, void *ctx);
    void (*read_invoke_config)(struct sy_target *target, const char *function,
                               const char *qualifier, sy_invoke_config_done *done, void *ctx);
    /* Until when the credentials last; asks nobody. */
    void (*read_expiry)(struct sy_target *target, struct sy_expiry *ret);
};

#endif
