#include "aws/service.h"

/* From the AWS service models (botocore): endpointPrefix, targetPrefix, jsonVersion. */
static const struct sy_service services[SY_AWS_SERVICE_COUNT] = {
    [SY_AWS_LAMBDA] = {.name = "lambda",
                       .label = "lambda",
                       .variable = "AWS_ENDPOINT_URL_LAMBDA",
                       .content_type = "application/json"},
    [SY_AWS_SSM] = {.name = "ssm",
                    .label = "ssm",
                    .variable = "AWS_ENDPOINT_URL_SSM",
                    .target = "AmazonSSM",
                    .content_type = "application/x-amz-json-1.1"},
    [SY_AWS_CLOUDWATCH] = {.name = "cloudwatch",
                           .label = "monitoring",
                           .variable = "AWS_ENDPOINT_URL_CLOUDWATCH",
                           .target = "GraniteServiceVersion20100801",
                           .content_type = "application/x-amz-json-1.0"},
};

const struct sy_service *sy_service_get(enum sy_aws_service service) {
    return &services[service];
}
