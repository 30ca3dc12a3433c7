/* Preflight: what stands around a release and would spoil it, from what was read and nothing else.
 * Pure. The facts about AWS that each finding rests on stand beside it in preflight.c. */
#ifndef SY_CORE_PREFLIGHT_H
#define SY_CORE_PREFLIGHT_H

#include "core/spec.h"

struct sy_facts; /* core/plan.h */

enum { SY_ARN_MAX = 640, SY_WHY_MAX = 255, SY_FINDINGS_MAX = 32 };

/* One version of a function, or $LATEST, as it is configured. */
struct sy_configuration {
    bool exists;
    char version[SY_VERSION_MAX + 1];
    char state[32]; /* Active, Pending, Inactive, Failed, …; "" = not sent */
    char state_reason[SY_WHY_MAX + 1];
    char last_update[16]; /* Successful, InProgress, Failed; "" = not sent */
    char last_update_reason[SY_WHY_MAX + 1];
    char code_sha256[SY_CODE_SHA256_MAX + 1];
    char revision[SY_REVISION_MAX + 1];
    char role[SY_ARN_MAX + 1];
    char dead_letter[SY_ARN_MAX + 1]; /* "" = none */
    bool snap_start;                  /* a snapshot is made of each published version */
};

struct sy_policy {
    bool exists;
    bool api_gateway; /* lets API Gateway invoke */
};

struct sy_concurrency {
    bool exists;
    char status[16]; /* IN_PROGRESS, READY, FAILED */
    char reason[SY_WHY_MAX + 1];
    int64_t requested;
    int64_t available;
};

struct sy_invoke_config {
    bool exists;
    int64_t retries; /* of an asynchronous invocation; Lambda's default is 2 */
};

struct sy_expiry {
    bool has;   /* there are credentials */
    bool known; /* false: nobody told when they end */
    int64_t expires_ms;
    bool refreshes;
};

/* What is asked, and the IAM action that it takes. The last two are proofs that change nothing. */
#define SY_READS(X)                                                                                \
    X(ALIAS, "lambda:GetAlias")                                                                    \
    X(VERSION, "lambda:GetFunctionConfiguration")                                                  \
    X(BASELINE, "lambda:GetFunctionConfiguration")                                                 \
    X(STORE, "ssm:GetParameters")                                                                  \
    X(PARAMETER, "ssm:GetParameter")                                                               \
    X(TELEMETRY, "cloudwatch:GetMetricData")                                                       \
    X(CONCURRENCY, "lambda:GetProvisionedConcurrencyConfig")                                       \
    X(ALIAS_POLICY, "lambda:GetPolicy")                                                            \
    X(FUNCTION_POLICY, "lambda:GetPolicy")                                                         \
    X(INVOKE_CONFIG, "lambda:GetFunctionEventInvokeConfig")                                        \
    X(UPDATE_ALIAS, "lambda:UpdateAlias")                                                          \
    X(PUT_PARAMETER, "ssm:PutParameter")
#define X(name, action) SY_READ_##name,
enum sy_read { SY_READS(X) SY_READ_COUNT };
#undef X
const char *sy_read_action(enum sy_read read);

enum sy_read_result {
    SY_READ_NOT_ASKED,
    SY_READ_ASKED, /* and not answered yet */
    SY_READ_ANSWERED,
    SY_READ_DENIED, /* the IAM action is missing */
    SY_READ_FAILED, /* an outage, or a service that does not offer it */
};

struct sy_preflight {
    enum sy_read_result reads[SY_READ_COUNT];
    struct sy_configuration target;
    struct sy_configuration baseline;
    struct sy_policy alias_policy;
    struct sy_policy function_policy;
    struct sy_concurrency concurrency;
    struct sy_invoke_config invoke_config;
    struct sy_expiry expiry;
};
/* How a read went, for reads[]. */
enum sy_read_result sy_read_result_of(const struct sy_error *error);

#define SY_SEVERITIES(X) X(OK, "ok") X(WARNING, "warning") X(ERROR, "error") X(UNKNOWN, "unknown")
#define X(name, word) SY_SEVERITY_##name,
enum sy_severity { SY_SEVERITIES(X) SY_SEVERITY_COUNT };
#undef X
const char *sy_severity_word(enum sy_severity severity);

struct sy_finding {
    char id[32]; /* VERSION, ROLE, …; of an error also the reason that a plan is refused with */
    enum sy_severity severity;
    char text[256];
    char fix[256]; /* what to do about it; "" = nothing */
};

struct sy_findings {
    struct sy_finding list[SY_FINDINGS_MAX];
    uint32_t n;
};

/* Is there one that a release is refused for? */
bool sy_findings_have_error(const struct sy_findings *findings);

/* What stands around the release that spec describes: what a plan heeds. */
void sy_preflight_surroundings(const struct sy_spec *spec, const struct sy_facts *facts,
                               struct sy_findings *ret);
/* All that `check` tells: the version, a release under way, the surroundings, and each IAM action.
 * spec->version "" = none yet. */
void sy_preflight_check(const struct sy_spec *spec, const struct sy_facts *facts,
                        struct sy_findings *ret);

#endif
