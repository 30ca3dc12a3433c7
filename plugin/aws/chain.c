#include "aws/chain.h"

#include "aws/chain_profile.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int sy_chain_environment(const struct sy_provider_scope *scope, struct sy_provider **ret,
                         struct sy_error *error) {
    const char *access_key = sy_variable("AWS_ACCESS_KEY_ID");
    const char *end = sy_variable("AWS_CREDENTIAL_EXPIRATION");
    const char *old_token = sy_variable("AWS_SECURITY_TOKEN");
    struct sy_credentials_text text = {
        .names = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                  old_token ? "AWS_SECURITY_TOKEN" : "AWS_SESSION_TOKEN"},
        .values = {access_key, sy_variable("AWS_SECRET_ACCESS_KEY"),
                   old_token ? old_token : sy_variable("AWS_SESSION_TOKEN")}};
    struct sy_credentials credentials = {0};
    if (!access_key)
        return 0;
    if (end && !sy_aws_time_parse(end, &text.expires_ms))
        return sy_fail_reason(error, SY_UNAUTHENTICATED, "BAD_CREDENTIALS",
                              "AWS_CREDENTIAL_EXPIRATION is no time such as 2026-01-31T12:00:00Z; "
                              "set it anew, or unset it");
    if (end && text.expires_ms <= sy_clock_now(scope->clock))
        return sy_fail_reason(error, SY_UNAUTHENTICATED, "EXPIRED_CREDENTIALS",
                              "the AWS credentials in the environment have ended, by "
                              "AWS_CREDENTIAL_EXPIRATION; get new ones");
    if (sy_credentials_take(&text, &credentials, error))
        return -1;
    *ret = sy_provider_fixed(scope, "env", sy_strdup("the environment"), &credentials);
    return 0;
}

int sy_chain_container(const struct sy_provider_scope *scope, struct sy_provider **ret,
                       struct sy_error *error) {
    if (!sy_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") &&
        !sy_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
        return 0;
    return sy_provider_container(scope, ret, error);
}

static bool is_instance_off(void) {
    const char *off = sy_variable("AWS_EC2_METADATA_DISABLED");
    return off && strcasecmp(off, "true") == 0;
}

int sy_chain_instance(const struct sy_provider_scope *scope, const char *when_none,
                      struct sy_provider **ret, struct sy_error *error) {
    return is_instance_off() ? 0 : sy_provider_instance(scope, when_none, ret, error);
}

/* CI's own ways to a token for AWS_ROLE_ARN. */
static int from_ci(const struct sy_provider_scope *scope, struct sy_provider **ret,
                   struct sy_error *error) {
    const struct sy_role role = {.arn = sy_variable("AWS_ROLE_ARN"),
                                 .session_name = sy_variable("AWS_ROLE_SESSION_NAME")};
    bool variable = sy_variable(SY_WEB_TOKEN_NAME) != NULL;
    bool github = sy_variable("ACTIONS_ID_TOKEN_REQUEST_URL") &&
                  sy_variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    if (!role.arn && variable)
        return sy_fail_reason(error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
                              SY_WEB_TOKEN_NAME " is set, but AWS_ROLE_ARN, the role that it is "
                                                "for, is not; set both");
    if (!role.arn || (!variable && !github))
        return 0;
    if (sy_chain_check_role(&role, "AWS_ROLE_ARN", error))
        return -1;
    *ret = sy_provider_web_identity(
        scope, sy_asprintf("web identity (%s)", variable ? SY_WEB_TOKEN_NAME : "GitHub's token"),
        &role, variable ? SY_WEB_TOKEN_VARIABLE : SY_WEB_TOKEN_GITHUB, SY_WEB_TOKEN_NAME);
    return 0;
}

/* What to say of the sources that have been asked when there is none. */
static char *describe_none(const struct sy_settings *settings) {
    bool secret = sy_variable("AWS_SECRET_ACCESS_KEY") != NULL;
    return sy_asprintf(
        "%s; profile %.40s has none in %.60s and %.60s; no web identity and no container is set up",
        settings->profile_by_flag ? "variables do not count beside --profile"
        : secret                  ? "AWS_ACCESS_KEY_ID is not set"
                                  : "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set",
        settings->profile, sy_profiles_path(settings->profiles, SY_PROFILE_CREDENTIALS),
        sy_profiles_path(settings->profiles, SY_PROFILE_CONFIG));
}

static int none(const char *asked, struct sy_error *error) {
    return sy_fail_reason(error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
                          "no AWS credentials: %s; instance metadata is switched off; set "
                          "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile "
                          "(--profile)",
                          asked);
}

int sy_chain_choose(const struct sy_provider_scope *scope, struct sy_provider **ret,
                    struct sy_error *error) {
    const struct sy_settings *settings = scope->settings;
    struct sy_provider *provider = NULL;
    if (!settings->profile_by_flag && sy_chain_environment(scope, &provider, error))
        return -1;
    if (!provider && sy_chain_role(scope, settings->profile, &provider, error))
        return -1;
    if (!provider && sy_chain_web_identity(scope, settings->profile, !settings->profile_by_flag,
                                           &provider, error))
        return -1;
    if (!provider && !settings->profile_by_flag && from_ci(scope, &provider, error))
        return -1;
    if (!provider && sy_chain_profile(scope, settings->profile, &provider, error))
        return -1;
    if (!provider && sy_chain_container(scope, &provider, error))
        return -1;
    if (!provider) {
        SY_AUTO_FREE char *asked = describe_none(settings);
        if (sy_chain_instance(scope, asked, &provider, error))
            return -1;
        if (!provider)
            return none(asked, error);
    }
    *ret = provider;
    return 0;
}
