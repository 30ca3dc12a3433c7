#include "aws/service.h"

/* From the AWS service models (botocore): endpointPrefix, targetPrefix, jsonVersion; where
 * GovCloud has no separate FIPS address, from their endpoint rules. */
static const struct sy_service services[SY_AWS_SERVICE_COUNT] = {
    [SY_AWS_LAMBDA] = {.name = "lambda",
                       .label = "lambda",
                       .variable = "AWS_ENDPOINT_URL_LAMBDA",
                       .content_type = "application/json"},
    [SY_AWS_SSM] = {.name = "ssm",
                    .label = "ssm",
                    .variable = "AWS_ENDPOINT_URL_SSM",
                    .target = "AmazonSSM",
                    .gov_is_fips = true,
                    .content_type = "application/x-amz-json-1.1"},
    [SY_AWS_CLOUDWATCH] = {.name = "cloudwatch",
                           .label = "monitoring",
                           .variable = "AWS_ENDPOINT_URL_CLOUDWATCH",
                           .target = "GraniteServiceVersion20100801",
                           .gov_is_fips = true,
                           .gov_dual_is_fips = true,
                           .content_type = "application/x-amz-json-1.0"},
};

const struct sy_service sy_service_sts = {.name = "sts",
                                          .label = "sts",
                                          .variable = "AWS_ENDPOINT_URL_STS",
                                          .content_type =
                                              "application/x-www-form-urlencoded; charset=utf-8",
                                          .gov_is_fips = true};

const struct sy_service sy_service_sso = {
    .name = "sso", .label = "portal.sso", .variable = "AWS_ENDPOINT_URL_SSO", .gov_is_fips = true};

const struct sy_service sy_service_sso_oidc = {.name = "sso-oidc",
                                               .label = "oidc",
                                               .variable = "AWS_ENDPOINT_URL_SSO_OIDC",
                                               .content_type = "application/json",
                                               .gov_is_fips = true};

const struct sy_service *sy_service_get(enum sy_aws_service service) {
    return &services[service];
}
