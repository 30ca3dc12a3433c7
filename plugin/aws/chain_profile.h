/* The steps of the chain, and what of it belongs to one profile. Each sets *ret when its source is
 * set up, leaves it alone when it is not, and fails when it is and cannot work. */
#ifndef SY_AWS_CHAIN_PROFILE_H
#define SY_AWS_CHAIN_PROFILE_H

#include "aws/provider.h"

/* Where a CI without a token file puts its token. */
#define SY_WEB_TOKEN_NAME "STEELYARD_WEB_IDENTITY_TOKEN"

enum { SY_CHAIN_ROLES_MAX = 8 }; /* one by the other */

SY_MUST_USE int sy_chain_environment(const struct sy_provider_scope *scope,
                                     struct sy_provider **ret, struct sy_error *error);
SY_MUST_USE int sy_chain_container(const struct sy_provider_scope *scope, struct sy_provider **ret,
                                   struct sy_error *error);
SY_MUST_USE int sy_chain_instance(const struct sy_provider_scope *scope, const char *when_none,
                                  struct sy_provider **ret, struct sy_error *error);

/* role_arn of the profile, by source_profile or credential_source. */
SY_MUST_USE int sy_chain_role(const struct sy_provider_scope *scope, const char *profile,
                              struct sy_provider **ret, struct sy_error *error);
/* web_identity_token_file of the profile, and the variables if they count. */
SY_MUST_USE int sy_chain_web_identity(const struct sy_provider_scope *scope, const char *profile,
                                      bool variables, struct sy_provider **ret,
                                      struct sy_error *error);
/* SSO, keys in the credentials file, credential_process, keys in the config file. */
SY_MUST_USE int sy_chain_profile(const struct sy_provider_scope *scope, const char *profile,
                                 struct sy_provider **ret, struct sy_error *error);

/* where names the setting: "AWS_ROLE_ARN". */
SY_MUST_USE int sy_chain_check_role(const struct sy_role *role, const char *where,
                                    struct sy_error *error);

#endif
