#include "aws/endpoint.h"

#include "aws/service.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Words of letters joined by hyphens, at least two, and then a number: that has caught every typo
 * that would otherwise end as a host that cannot be found ("eu-west1", "us-east-1a"). */
static bool is_region(const char *region) {
    size_t words = 0;
    const char *p = region;
    if (strlen(region) > SY_REGION_MAX)
        return false;
    for (; is_lower(*p); words++) {
        while (is_lower(*p))
            p++;
        if (*p++ != '-')
            return false;
    }
    size_t digits = strspn(p, "0123456789");
    return words >= 2 && digits >= 1 && digits <= 2 && p[digits] == '\0';
}

int sy_region_check(const char *region, struct sy_error *error) {
    char shown[64];
    if (is_region(region))
        return 0;
    return sy_fail_field(error, "region",
                         "region: \"%s\" is not an AWS region; write one such as eu-central-1",
                         sy_text_clean(region, strlen(region), shown, sizeof shown));
}

struct partition {
    const char *prefix; /* of its regions */
    const char *domain;
    const char *dual_stack_domain;
    bool is_gov;
};

/* botocore's partitions.json; every one of them supports FIPS and dual stack there. */
static const struct partition *partition_of(const char *region) {
    static const struct partition partitions[] = {
        {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", false},
        {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu", false},
        {"us-gov-", "amazonaws.com", "api.aws", true},
        {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov", false},
        {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud", false},
        {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", false},
        {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", false},
        {"", "amazonaws.com", "api.aws", false}};
    size_t i = 0;
    while (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) != 0)
        i++;
    return &partitions[i];
}

/* In GovCloud the ordinary address of most services is the FIPS one. */
static bool has_fips_name(const struct sy_service *service, const struct partition *partition,
                          bool dual_stack) {
    return !partition->is_gov || !(dual_stack ? service->gov_dual_is_fips : service->gov_is_fips);
}

void sy_endpoint_of_region(const struct sy_service *service, const char *region, bool fips,
                           bool dual_stack, struct sy_endpoint *ret) {
    const struct partition *partition = partition_of(region);
    *ret = (struct sy_endpoint){.tls = true};
    (void)snprintf(ret->host, sizeof ret->host, "%s%s.%s.%s", service->label,
                   fips && has_fips_name(service, partition, dual_stack) ? "-fips" : "", region,
                   dual_stack ? partition->dual_stack_domain : partition->domain);
}

static size_t host_length(const char *p) {
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    if (*p != '[')
        return strspn(p, name);
    size_t inside = strspn(p + 1, "0123456789abcdefABCDEF:.");
    return inside > 0 && p[1 + inside] == ']' ? inside + 2 : 0;
}

/* Takes ":8080" at *text; 0 = none, -1 = not a port. */
static int take_port(const char **text) {
    const char *p = *text;
    int port = 0;
    if (*p != ':')
        return 0;
    for (p++; is_digit(*p) && port <= 65535; p++)
        port = port * 10 + (*p - '0');
    *text = p;
    return port >= 1 && port <= 65535 ? port : -1;
}

int sy_endpoint_parse(const char *source, const char *url, struct sy_endpoint *ret,
                      struct sy_error *error) {
    static const char path[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    char shown[128];
    struct sy_endpoint endpoint = {.tls = strncasecmp(url, "https://", 8) == 0};
    bool known = endpoint.tls || strncasecmp(url, "http://", 7) == 0;
    const char *host = url + (endpoint.tls ? 8 : known ? 7 : 0);
    size_t host_len = host_length(host);
    const char *rest = host + host_len;
    int port = take_port(&rest);
    size_t path_len = strspn(rest, path);
    if (!known || host_len == 0 || host_len > SY_ENDPOINT_HOST_MAX || port < 0 ||
        (path_len > 0 && *rest != '/') || rest[path_len] || path_len > SY_ENDPOINT_PREFIX_MAX ||
        strstr(rest, "//") || strstr(rest, "/."))
        return sy_fail_field(
            error, "endpoint",
            "%s: \"%s\" is not an endpoint; write http:// or https://, a host, and "
            "a port if need be, such as http://127.0.0.1:4566",
            source,
            /* A user:password@ in it stays out of the message. */
            strchr(url, '@') ? "(with @)" : sy_text_clean(url, strlen(url), shown, sizeof shown));
    while (path_len > 0 && rest[path_len - 1] == '/')
        path_len--;
    memcpy(endpoint.prefix, rest, path_len);
    memcpy(endpoint.host, host, host_len);
    if (port > 0 && port != (endpoint.tls ? 443 : 80))
        (void)snprintf(endpoint.host + host_len, sizeof endpoint.host - host_len, ":%d", port);
    *ret = endpoint;
    return 0;
}

char *sy_endpoint_url(const struct sy_endpoint *endpoint, const char *path) {
    return sy_asprintf("%s://%s%s%s", endpoint->tls ? "https" : "http", endpoint->host,
                       endpoint->prefix, path);
}
