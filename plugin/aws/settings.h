/* What flags, variables and the profile say about whom to call: region, endpoints, FIPS, dual
 * stack. The order is botocore's: the flag, the variable, the profile, AWS's own rules. */
#ifndef SY_AWS_SETTINGS_H
#define SY_AWS_SETTINGS_H

#include "aws/endpoint.h"
#include "aws/profile.h"
#include "aws/service.h"

struct sy_settings {
    struct sy_profiles *profiles;
    char *profile;        /* never NULL: "default" when nobody named one */
    bool profile_by_flag; /* then keys in variables do not count, as in botocore */
    char *region;
    char *endpoint;         /* the flag's, for every service; NULL: none */
    bool endpoints_ignored; /* those of variables and the profile */
    bool fips;
    bool dual_stack;
    bool sts_legacy; /* AWS_STS_REGIONAL_ENDPOINTS=legacy: the global address of STS */
};

/* Reads the variables and both files of profiles, and calls nobody. region, endpoint and profile
 * are the flags' values, or NULL. INVALID_ARGUMENT names the flag or setting that cannot be. */
SY_MUST_USE int sy_settings_load(const char *region, const char *endpoint, const char *profile,
                                 struct sy_settings *ret, struct sy_error *error);
void sy_settings_finish(struct sy_settings *settings);

/* A variable of the environment; NULL when it is not set or empty. */
const char *sy_variable(const char *name);
/* A setting of the profile. */
const char *sy_settings_value(const struct sy_settings *settings, const char *key);
/* The variable, else the setting of the profile. */
const char *sy_settings_variable(const struct sy_settings *settings, const char *name,
                                 const char *key);

/* Where the service answers in a region, which need not be the settings' own. An endpoint
 * that the user names is taken as it is, whatever is said about FIPS and dual stack, as in
 * botocore. */
SY_MUST_USE int sy_settings_endpoint(const struct sy_settings *settings,
                                     const struct sy_service *service, const char *region,
                                     struct sy_endpoint *ret, struct sy_error *error);
/* The same for STS, with the region that a request to it is signed for. */
SY_MUST_USE int sy_settings_sts(const struct sy_settings *settings, struct sy_endpoint *ret,
                                const char **ret_region, struct sy_error *error);

#endif
