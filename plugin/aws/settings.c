#include "aws/settings.h"

#include "base/memory.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

const char *sy_variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

const char *sy_settings_value(const struct sy_settings *settings, const char *key) {
    return sy_profile_value(settings->profiles, settings->profile, key);
}

const char *sy_settings_variable(const struct sy_settings *settings, const char *name,
                                 const char *key) {
    const char *value = sy_variable(name);
    return value ? value : sy_settings_value(settings, key);
}

/* As botocore: "true" in any case, and nothing else. */
static bool is_on(const struct sy_settings *settings, const char *name, const char *key) {
    const char *value = sy_settings_variable(settings, name, key);
    return value && strcasecmp(value, "true") == 0;
}

static int choose_profile(struct sy_settings *settings, const char *flag, struct sy_error *error) {
    char shown[64];
    const char *name = flag;
    if (!name)
        name = sy_variable("AWS_DEFAULT_PROFILE");
    if (!name)
        name = sy_variable("AWS_PROFILE");
    settings->profile_by_flag = flag != NULL;
    settings->profile = sy_strdup(name ? name : "default");
    /* A name that messages and logs cannot show counts as none, even if a file has it. */
    if (!name ||
        (sy_text_is_clean(name, strlen(name)) && sy_profile_exists(settings->profiles, name)))
        return 0;
    return sy_fail_field(error, "profile",
                         "profile: \"%s\" is neither in %s nor in %s; aws configure list-profiles "
                         "shows those there are",
                         sy_text_clean(name, strlen(name), shown, sizeof shown),
                         sy_profiles_path(settings->profiles, SY_PROFILE_CONFIG),
                         sy_profiles_path(settings->profiles, SY_PROFILE_CREDENTIALS));
}

static int choose_region(struct sy_settings *settings, const char *flag, struct sy_error *error) {
    const char *region = flag;
    if (!region)
        region = sy_variable("AWS_REGION");
    if (!region)
        region = sy_settings_variable(settings, "AWS_DEFAULT_REGION", "region");
    if (!region || !*region)
        return sy_fail_field(error, "region",
                             "no AWS region: set AWS_REGION (or AWS_DEFAULT_REGION, or region in "
                             "the profile), such as AWS_REGION=eu-central-1");
    if (sy_region_check(region, error))
        return -1;
    settings->region = sy_strdup(region);
    return 0;
}

static int choose_sts(struct sy_settings *settings, struct sy_error *error) {
    char shown[64];
    const char *value =
        sy_settings_variable(settings, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints");
    if (value && strcmp(value, "legacy") != 0 && strcmp(value, "regional") != 0)
        return sy_fail_field(error, "sts_regional_endpoints",
                             "AWS_STS_REGIONAL_ENDPOINTS: \"%s\" is not known; use regional or "
                             "legacy",
                             sy_text_clean(value, strlen(value), shown, sizeof shown));
    settings->sts_legacy = value && value[0] == 'l';
    return 0;
}

/* The files are read even when variables give keys and region: a profile's endpoint_url, services,
 * use_fips_endpoint and the like count then, too, as in botocore, and no smaller rule keeps that
 * right. It costs 1 us without files and 50 us with twenty profiles in each. */
int sy_settings_load(const char *region, const char *endpoint, const char *profile,
                     struct sy_settings *ret, struct sy_error *error) {
    struct sy_settings settings = {.endpoint = sy_strdup_any(endpoint)};
    if (sy_profiles_load(&settings.profiles, error) || choose_profile(&settings, profile, error) ||
        choose_region(&settings, region, error) || choose_sts(&settings, error)) {
        sy_settings_finish(&settings);
        return -1;
    }
    settings.fips = is_on(&settings, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
    settings.dual_stack = is_on(&settings, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
    settings.endpoints_ignored =
        is_on(&settings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls");
    *ret = settings;
    return 0;
}

void sy_settings_finish(struct sy_settings *settings) {
    sy_profiles_destroy(settings->profiles);
    free(settings->profile);
    free(settings->region);
    free(settings->endpoint);
    *settings = (struct sy_settings){0};
}

/* endpoint_url of the service in the section that the profile's "services" names. */
static int from_services(const struct sy_settings *settings, const struct sy_service *service,
                         char **ret_url, struct sy_error *error) {
    enum { PREFIX = sizeof "AWS_ENDPOINT_URL_" - 1 };
    char shown[64];
    const char *name = sy_settings_value(settings, "services");
    if (!name)
        return 0;
    const struct sy_ini_section *section = sy_profiles_services(settings->profiles, name);
    if (!section)
        return sy_fail_field(error, "profile",
                             "profile %s names the services section \"%s\", which %s does not have",
                             settings->profile,
                             sy_text_clean(name, strlen(name), shown, sizeof shown),
                             sy_profiles_path(settings->profiles, SY_PROFILE_CONFIG));
    SY_AUTO_FREE char *id = sy_strdup(service->variable + PREFIX);
    for (char *c = id; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    *ret_url = sy_ini_nested(section, id, "endpoint_url");
    return 0;
}

/* The user's own endpoint and who names it; NULL: none. The caller frees *ret_url. */
static int find_own(const struct sy_settings *settings, const struct sy_service *service,
                    const char **ret_source, char **ret_url, struct sy_error *error) {
    const char *global = sy_variable("AWS_ENDPOINT_URL");
    const char *one = sy_variable(service->variable);
    if (settings->endpoint || (!settings->endpoints_ignored && (one || global))) {
        const char *url = settings->endpoint ? settings->endpoint : one ? one : global;
        *ret_source = settings->endpoint ? "endpoint"
                      : one              ? service->variable
                                         : "AWS_ENDPOINT_URL";
        *ret_url = sy_strdup(url);
        return 0;
    }
    if (settings->endpoints_ignored)
        return 0;
    *ret_source = "endpoint_url of the profile";
    if (from_services(settings, service, ret_url, error))
        return -1;
    const char *general = sy_settings_value(settings, "endpoint_url");
    if (!*ret_url && general && *general)
        *ret_url = sy_strdup(general);
    return 0;
}

int sy_settings_endpoint(const struct sy_settings *settings, const struct sy_service *service,
                         const char *region, struct sy_endpoint *ret, struct sy_error *error) {
    const char *source = NULL;
    SY_AUTO_FREE char *url = NULL;
    if (find_own(settings, service, &source, &url, error))
        return -1;
    if (url)
        return sy_endpoint_parse(source, url, ret, error);
    sy_endpoint_of_region(service, region, settings->fips, settings->dual_stack, ret);
    return 0;
}

/* The regions that had the global address before there were regional ones (botocore: the rule set
 * of STS, UseGlobalEndpoint). */
static bool is_sts_global(const char *region) {
    static const char *const regions[] = {
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
        "eu-central-1",   "eu-north-1", "eu-west-1",      "eu-west-2",      "eu-west-3",
        "sa-east-1",      "us-east-1",  "us-east-2",      "us-west-1",      "us-west-2"};
    for (size_t i = 0; i < SY_COUNT(regions); i++)
        if (strcmp(region, regions[i]) == 0)
            return true;
    return false;
}

int sy_settings_sts(const struct sy_settings *settings, struct sy_endpoint *ret,
                    const char **ret_region, struct sy_error *error) {
    const char *source = NULL;
    SY_AUTO_FREE char *url = NULL;
    *ret_region = settings->region;
    if (find_own(settings, &sy_service_sts, &source, &url, error))
        return -1;
    if (url || !settings->sts_legacy || settings->fips || settings->dual_stack ||
        !is_sts_global(settings->region))
        return sy_settings_endpoint(settings, &sy_service_sts, settings->region, ret, error);
    *ret_region = "us-east-1";
    return sy_endpoint_parse("STS", "https://sts.amazonaws.com", ret, error);
}
