/* Where a service of a region answers: AWS's own address, or the one that the user gave. */
#ifndef SY_AWS_ENDPOINT_H
#define SY_AWS_ENDPOINT_H

#include "base/error.h"

#include <stdbool.h>

enum { SY_REGION_MAX = 32, SY_ENDPOINT_HOST_MAX = 255, SY_ENDPOINT_PREFIX_MAX = 255 };

struct sy_endpoint {
    bool tls;
    char host[SY_ENDPOINT_HOST_MAX +
              8]; /* the Host header: with the port unless it's the scheme's */
    char prefix[SY_ENDPOINT_PREFIX_MAX +
                1]; /* path in front of every request's, without a "/" at its end */
};

/* Like "eu-central-1" or "us-gov-west-1"; INVALID_ARGUMENT, field region. */
SY_MUST_USE int sy_region_check(const char *region, struct sy_error *error);

/* AWS's own address of the service: https://<label>[-fips].<region>.<the partition's domain>, as
 * botocore's endpoint rules have it. The region must have passed sy_region_check(). */
struct sy_service;
void sy_endpoint_of_region(const struct sy_service *service, const char *region, bool fips,
                           bool dual_stack, struct sy_endpoint *ret);

/* http:// or https://, a host name or address, optionally a port and a path; nothing else. source
 * names where the text is from in the message: "AWS_ENDPOINT_URL". INVALID_ARGUMENT, field
 * endpoint. */
SY_MUST_USE int sy_endpoint_parse(const char *source, const char *url, struct sy_endpoint *ret,
                                  struct sy_error *error);

/* The URL of a path behind the prefix, which begins with "/"; the caller frees it. */
char *sy_endpoint_url(const struct sy_endpoint *endpoint, const char *path)
    __attribute__((returns_nonnull, malloc));

#endif
