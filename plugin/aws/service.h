/* What differs from one AWS service to the next. */
#ifndef SY_AWS_SERVICE_H
#define SY_AWS_SERVICE_H

#include "aws/client.h"

struct sy_service {
    const char *name;         /* in messages and IAM actions: "cloudwatch" */
    const char *label;        /* in host names, and the name that is signed: "monitoring" */
    const char *variable;     /* AWS_ENDPOINT_URL_CLOUDWATCH */
    const char *target;       /* prefix of X-Amz-Target; NULL: a REST service */
    const char *content_type; /* of a request with a body */
    /* In GovCloud its FIPS address is the ordinary one, without and with dual stack. */
    bool gov_is_fips;
    bool gov_dual_is_fips;
};

const struct sy_service *sy_service_get(enum sy_aws_service service);

/* Those that credentials come from; nobody else calls them. */
extern const struct sy_service sy_service_sts;
extern const struct sy_service sy_service_sso;
extern const struct sy_service sy_service_sso_oidc;

#endif
