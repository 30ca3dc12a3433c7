/* Which source credentials come from: botocore's order, and two of CI's own after the standard web
 * identity.
 *
 * - variables (AWS_ACCESS_KEY_ID, …), unless a flag names a profile
 * - the profile's role_arn with source_profile or credential_source
 * - web identity: AWS_WEB_IDENTITY_TOKEN_FILE or the profile's web_identity_token_file; then, with
 *   AWS_ROLE_ARN, the token in STEELYARD_WEB_IDENTITY_TOKEN (as GitLab's id_tokens gives it), then
 *   GitHub's (ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN)
 * - SSO
 * - keys in the credentials file
 * - credential_process
 * - keys in the config file
 * - the container's endpoint
 * - instance metadata of EC2
 *
 * The first that is set up is the one; when it fails, no other is asked. botocore's `aws login`
 * sessions, AWS_CREDENTIAL_FILE and Boto2 files are not read; the first is refused by name. */
#ifndef SY_AWS_CHAIN_H
#define SY_AWS_CHAIN_H

#include "aws/provider.h"

/* Reads variables and files and asks nobody. UNAUTHENTICATED when there is no source, or none that
 * could work; INVALID_ARGUMENT when a setting cannot be. */
SY_MUST_USE int sy_chain_choose(const struct sy_provider_scope *scope, struct sy_provider **ret,
                                struct sy_error *error);

#endif
