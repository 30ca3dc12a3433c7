/* The provider's types, and where their attributes stand in them. */
#ifndef SY_TERRAFORM_TYPES_H
#define SY_TERRAFORM_TYPES_H

#include "terraform/schema.h"

extern const struct sy_type sy_provider_type;
enum { SY_PROVIDER_ENDPOINT, SY_PROVIDER_PROFILE, SY_PROVIDER_REGION };

extern const struct sy_type sy_release_type; /* the resource steelyard_release */
enum {
    SY_RELEASE_ALIAS,
    SY_RELEASE_ARN,
    SY_RELEASE_DEPLOYMENT_TIMESTAMP,
    SY_RELEASE_FUNCTION_NAME,
    SY_RELEASE_ID,
    SY_RELEASE_INVOKE_ARN,
    SY_RELEASE_LAST_KNOWN_GOOD_VERSION,
    SY_RELEASE_LAST_RELEASE,
    SY_RELEASE_LIVE_VERSION,
    SY_RELEASE_LOCK_IN,
    SY_RELEASE_MIRROR_ALIAS,
    SY_RELEASE_ON_DRIFT,
    SY_RELEASE_ON_INCONCLUSIVE,
    SY_RELEASE_ON_INTERRUPT,
    SY_RELEASE_PLANNED_STAGES,
    SY_RELEASE_PREVIOUS_VERSION,
    SY_RELEASE_PRIMARY,
    SY_RELEASE_RETRY_TOKEN,
    SY_RELEASE_STAGES,
    SY_RELEASE_TIMEOUTS,
    SY_RELEASE_VERDICT,
    SY_RELEASE_VERSION,
    SY_RELEASE_WAIT,
    SY_RELEASE_COUNT
};
enum { SY_STAGE_WEIGHT, SY_STAGE_BAKE };
enum { SY_TIMEOUT_CREATE, SY_TIMEOUT_UPDATE };
enum {
    SY_VERDICT_MIN_INVOCATIONS,
    SY_VERDICT_PERIOD,
    SY_VERDICT_POLL,
    SY_VERDICT_THRESHOLD,
    SY_VERDICT_WINDOW
};
enum { SY_LAST_ID, SY_LAST_OUTCOME, SY_LAST_REASON, SY_LAST_STAGES, SY_LAST_VERSION };
enum {
    SY_RESULT_DECISION,
    SY_RESULT_ERROR_RATE,
    SY_RESULT_ERRORS,
    SY_RESULT_INVOCATIONS,
    SY_RESULT_WEIGHT
};
extern const struct sy_attribute sy_last_release_attributes[];
extern const struct sy_attribute sy_result_attributes[];

extern const struct sy_type sy_status_type; /* the data source steelyard_release */
enum {
    SY_STATUS_ALIAS,
    SY_STATUS_ARN,
    SY_STATUS_CANARY_VERSION,
    SY_STATUS_CANARY_WEIGHT,
    SY_STATUS_DEPLOYMENT_TIMESTAMP,
    SY_STATUS_FUNCTION_NAME,
    SY_STATUS_ID,
    SY_STATUS_INVOKE_ARN,
    SY_STATUS_LAST_KNOWN_GOOD_VERSION,
    SY_STATUS_LAST_RELEASE,
    SY_STATUS_LIVE_VERSION,
    SY_STATUS_PHASE,
    SY_STATUS_PREVIOUS_VERSION
};

extern const struct sy_type sy_rollback_type; /* the action steelyard_rollback */
enum { SY_ROLLBACK_ALIAS, SY_ROLLBACK_FUNCTION_NAME, SY_ROLLBACK_REASON, SY_ROLLBACK_VERSION };

extern const struct sy_type sy_verify_type; /* the action steelyard_verify */
enum {
    SY_VERIFY_ALIAS,
    SY_VERIFY_AT,
    SY_VERIFY_FUNCTION_NAME,
    SY_VERIFY_MIN_INVOCATIONS,
    SY_VERIFY_PERIOD,
    SY_VERIFY_THRESHOLD,
    SY_VERIFY_VERSION,
    SY_VERIFY_WINDOW
};

#endif
