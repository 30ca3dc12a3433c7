#include "aws/chain_profile.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *value(const struct sy_provider_scope *scope, const char *profile,
                         const char *key) {
    return sy_profile_value(scope->settings->profiles, profile, key);
}

int sy_chain_check_role(const struct sy_role *role, const char *where, struct sy_error *error) {
    char shown[128];
    if (strncmp(role->arn, "arn:", 4) == 0 && sy_text_is_clean(role->arn, strlen(role->arn)))
        return 0;
    return sy_fail_field(error, "role_arn",
                         "%s: \"%s\" is not the ARN of a role; write one such as "
                         "arn:aws:iam::123456789012:role/deploy",
                         where, sy_text_clean(role->arn, strlen(role->arn), shown, sizeof shown));
}

/* ---- keys ---- */

static int keys_in(const struct sy_provider_scope *scope, enum sy_profile_file file,
                   const char *method, const char *profile, struct sy_provider **ret,
                   struct sy_error *error) {
    const struct sy_profiles *profiles = scope->settings->profiles;
    const char *access_key = sy_profile_value_in(profiles, file, profile, "aws_access_key_id");
    const char *token = sy_profile_value_in(profiles, file, profile, "aws_security_token");
    struct sy_credentials credentials = {0};
    if (!access_key)
        return 0;
    if (!token)
        token = sy_profile_value_in(profiles, file, profile, "aws_session_token");
    SY_AUTO_FREE char *of =
        sy_asprintf("profile %s in %s", profile, sy_profiles_path(profiles, file));
    struct sy_credentials_text text = {
        .names = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"},
        .of = of,
        .values = {access_key,
                   sy_profile_value_in(profiles, file, profile, "aws_secret_access_key"), token}};
    if (sy_credentials_take(&text, &credentials, error))
        return -1;
    *ret = sy_provider_fixed(scope, method, SY_STEAL(of), &credentials);
    return 0;
}

/* ---- web identity ---- */

int sy_chain_web_identity(const struct sy_provider_scope *scope, const char *profile,
                          bool variables, struct sy_provider **ret, struct sy_error *error) {
    static const char *const names[3][2] = {
        {"AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"},
        {"AWS_ROLE_ARN", "role_arn"},
        {"AWS_ROLE_SESSION_NAME", "role_session_name"}};
    const char *found[3];
    const char *from[3];
    for (int i = 0; i < 3; i++) {
        found[i] = variables ? sy_variable(names[i][0]) : NULL;
        from[i] = names[i][found[i] ? 0 : 1];
        if (!found[i])
            found[i] = value(scope, profile, names[i][1]);
    }
    if (!found[0] || !*found[0])
        return 0;
    if (!found[1] || !*found[1])
        return sy_fail_reason(error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
                              "%s is set, but the role that its token is for is not; set "
                              "AWS_ROLE_ARN, or role_arn in the profile",
                              from[0]);
    const struct sy_role role = {.arn = found[1], .session_name = found[2]};
    if (sy_chain_check_role(&role, from[1], error))
        return -1;
    if (access(found[0], R_OK) != 0) {
        int why = errno;
        char shown[200];
        return sy_fail_reason(
            error, SY_UNAUTHENTICATED, "NO_CREDENTIALS", "%s: \"%s\" cannot be read: %s", from[0],
            sy_text_clean(found[0], strlen(found[0]), shown, sizeof shown), strerror(why));
    }
    *ret = sy_provider_web_identity(scope, sy_asprintf("web identity (%s)", from[0]), &role,
                                    SY_WEB_TOKEN_FILE, found[0]);
    return 0;
}

/* ---- SSO ---- */

/* A setting of the profile or of its sso-session; both is fine when they agree. */
static int sso_value(const struct sy_provider_scope *scope, const char *profile,
                     const struct sy_ini_section *session, const char *key, const char **ret,
                     struct sy_error *error) {
    const char *own = value(scope, profile, key);
    const char *shared = sy_ini_value(session, key);
    if (own && shared && strcmp(own, shared) != 0)
        return sy_fail_field(
            error, "profile",
            "profile %s and its sso-session disagree about %s; leave it out of one", profile, key);
    *ret = shared ? shared : own;
    if (*ret)
        return 0;
    return sy_fail_field(error, "profile",
                         "profile %s is set up for SSO, but has no %s; run: aws "
                         "configure sso",
                         profile, key);
}

static int sso(const struct sy_provider_scope *scope, const char *profile, struct sy_provider **ret,
               struct sy_error *error) {
    const struct sy_profiles *profiles = scope->settings->profiles;
    struct sy_sso found = {.session = value(scope, profile, "sso_session")};
    const struct sy_ini_section *session = NULL;
    char shown[64];
    if (!value(scope, profile, "sso_role_name") && !value(scope, profile, "sso_account_id"))
        return 0;
    if (found.session && !(session = sy_profiles_sso_session(profiles, found.session)))
        return sy_fail_field(
            error, "profile", "profile %s names the sso-session \"%s\", which %s does not have",
            profile, sy_text_clean(found.session, strlen(found.session), shown, sizeof shown),
            sy_profiles_path(profiles, SY_PROFILE_CONFIG));
    if (sso_value(scope, profile, session, "sso_role_name", &found.role, error) ||
        sso_value(scope, profile, session, "sso_account_id", &found.account, error) ||
        sso_value(scope, profile, session, "sso_start_url", &found.start_url, error) ||
        sso_value(scope, profile, session, "sso_region", &found.region, error))
        return -1;
    return sy_provider_sso(scope, profile, &found, ret, error);
}

int sy_chain_profile(const struct sy_provider_scope *scope, const char *profile,
                     struct sy_provider **ret, struct sy_error *error) {
    if (sso(scope, profile, ret, error) || *ret)
        return *ret ? 0 : -1;
    if (keys_in(scope, SY_PROFILE_CREDENTIALS, "shared-credentials-file", profile, ret, error) ||
        *ret)
        return *ret ? 0 : -1;
    if (value(scope, profile, "login_session"))
        return sy_fail_reason(error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
                              "profile %s uses `aws login`, which only the AWS CLI can renew; set "
                              "credential_process = aws configure export-credentials --profile %s "
                              "in a profile, and name that one",
                              profile, profile);
    const char *command = value(scope, profile, "credential_process");
    if (command)
        return sy_provider_process(scope, profile, command, ret, error);
    return keys_in(scope, SY_PROFILE_CONFIG, "config-file", profile, ret, error);
}

/* ---- roles ---- */

struct visited {
    const char *profiles[SY_CHAIN_ROLES_MAX];
    size_t count;
};

static bool has_role(const struct sy_provider_scope *scope, const char *profile) {
    return value(scope, profile, "role_arn") && !value(scope, profile, "web_identity_token_file");
}

static bool has_keys(const struct sy_provider_scope *scope, const char *profile) {
    return value(scope, profile, "aws_access_key_id") ||
           value(scope, profile, "aws_secret_access_key");
}

static int by_role(const struct sy_provider_scope *scope, const char *profile,
                   struct visited *visited, struct sy_provider **ret, struct sy_error *error);

/* A profile may name itself when it has keys; any other circle has no end. */
static int check_source(const struct sy_provider_scope *scope, const char *profile,
                        const char *source, struct visited *visited, struct sy_error *error) {
    char shown[64];
    (void)sy_text_clean(source, strlen(source), shown, sizeof shown);
    if (!sy_profile_exists(scope->settings->profiles, source))
        return sy_fail_field(error, "profile",
                             "profile %s names the source_profile \"%s\", which does not exist",
                             profile, shown);
    for (size_t i = 0; i < visited->count; i++)
        if (strcmp(visited->profiles[i], source) == 0 &&
            (strcmp(source, profile) != 0 || !has_keys(scope, source)))
            return sy_fail_field(error, "profile",
                                 "the source_profile \"%s\" of profile %s leads back to where it "
                                 "began; give one of them keys",
                                 shown, profile);
    if (visited->count == SY_CHAIN_ROLES_MAX)
        return sy_fail_field(error, "profile",
                             "profile %s stands behind more than %d roles, each by another's "
                             "credentials",
                             profile, SY_CHAIN_ROLES_MAX);
    visited->profiles[visited->count++] = source;
    return 0;
}

static int source_by_profile(const struct sy_provider_scope *scope, const char *profile,
                             const char *source, struct visited *visited, struct sy_provider **ret,
                             struct sy_error *error) {
    if (check_source(scope, profile, source, visited, error))
        return -1;
    if (!has_keys(scope, source) && has_role(scope, source))
        return by_role(scope, source, visited, ret, error);
    if (sy_chain_web_identity(scope, source, false, ret, error) ||
        (!*ret && sy_chain_profile(scope, source, ret, error)))
        return -1;
    if (*ret)
        return 0;
    return sy_fail_reason(error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
                          "profile %s takes its role by source_profile %s, which has no "
                          "credentials; give it some",
                          profile, source);
}

static int source_by_name(const struct sy_provider_scope *scope, const char *profile,
                          const char *source, struct sy_provider **ret, struct sy_error *error) {
    char shown[64];
    bool environment = strcmp(source, "Environment") == 0;
    bool container = strcmp(source, "EcsContainer") == 0;
    if (!environment && !container && strcmp(source, "Ec2InstanceMetadata") != 0)
        return sy_fail_field(error, "profile",
                             "credential_source of profile %s: \"%s\" is not known; use "
                             "Environment, EcsContainer or Ec2InstanceMetadata",
                             profile, sy_text_clean(source, strlen(source), shown, sizeof shown));
    int failed = environment ? sy_chain_environment(scope, ret, error)
                 : container
                     ? sy_chain_container(scope, ret, error)
                     : sy_chain_instance(scope, "the profile names no other source", ret, error);
    if (failed || *ret)
        return failed;
    return sy_fail_reason(error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
                          "profile %s takes its role by credential_source %s, which has no "
                          "credentials",
                          profile, source);
}

static int find_source(const struct sy_provider_scope *scope, const char *profile,
                       struct visited *visited, struct sy_provider **ret, struct sy_error *error) {
    const char *source = value(scope, profile, "source_profile");
    const char *named = value(scope, profile, "credential_source");
    if ((source != NULL) == (named != NULL))
        return sy_fail_field(error, "profile",
                             "profile %s has role_arn and %s source_profile %s credential_source; "
                             "it takes one of them",
                             profile, source ? "both" : "neither", source ? "and" : "nor");
    return source ? source_by_profile(scope, profile, source, visited, ret, error)
                  : source_by_name(scope, profile, named, ret, error);
}

static int read_role(const struct sy_provider_scope *scope, const char *profile,
                     struct sy_role *role, struct sy_error *error) {
    const char *duration = value(scope, profile, "duration_seconds");
    *role = (struct sy_role){.arn = value(scope, profile, "role_arn"),
                             .session_name = value(scope, profile, "role_session_name"),
                             .external_id = value(scope, profile, "external_id")};
    if (value(scope, profile, "mfa_serial"))
        return sy_fail_reason(error, SY_UNAUTHENTICATED, "MFA",
                              "profile %s wants a code of an MFA device (mfa_serial), which a "
                              "release that runs by itself cannot ask for; name a profile without "
                              "it, or put a session's credentials into the environment",
                              profile);
    if (duration &&
        sy_integer_parse("duration_seconds", duration, 900, 43200, &role->duration_s, error))
        return -1;
    return sy_chain_check_role(role, "role_arn", error);
}

static int by_role(const struct sy_provider_scope *scope, const char *profile,
                   struct visited *visited, struct sy_provider **ret, struct sy_error *error) {
    struct sy_role role;
    struct sy_provider *source = NULL;
    if (read_role(scope, profile, &role, error) ||
        find_source(scope, profile, visited, &source, error))
        return -1;
    *ret = sy_provider_assume_role(
        scope, sy_asprintf("profile %s (role %.160s)", profile, role.arn), &role, source);
    return 0;
}

int sy_chain_role(const struct sy_provider_scope *scope, const char *profile,
                  struct sy_provider **ret, struct sy_error *error) {
    struct visited visited = {.profiles = {profile}, .count = 1};
    return has_role(scope, profile) ? by_role(scope, profile, &visited, ret, error) : 0;
}
