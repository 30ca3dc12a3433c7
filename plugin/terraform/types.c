#include "terraform/types.h"

#define FUNCTION_NAME                                                                              \
    "Name of the Lambda function, without its ARN: at most 64 letters, digits, `-` and `_`."
#define ALIAS "Name of the alias that callers use."
#define DURATION "A duration such as `90s`, `15m` or `2h`"
#define ID "`FUNCTION:ALIAS`."
#define ARN "ARN of the alias."
#define INVOKE_ARN "ARN by which API Gateway invokes the alias, for the `uri` of an integration."
#define DEPLOYMENT_TIMESTAMP                                                                       \
    "When the version of the last release got its first traffic, in UTC (RFC 3339); null before "  \
    "the first release."
#define LAST_KNOWN_GOOD                                                                            \
    "Version that last served all traffic until its lock-in ended without a rollback; null when "  \
    "none did."
#define LIVE                                                                                       \
    "Version that the alias serves as read last: while a release is under way, the one that it "   \
    "would go back to."
#define PREVIOUS                                                                                   \
    "Version that the alias served before the last release; null before the second one."
#define LAST_RELEASE "The last release of the alias, whoever drove it; null when none is recorded."

static const struct sy_attribute provider_attributes[] = {
    {"endpoint", SY_STRING, SY_OPTIONAL,
     .description = "URL of all AWS services together, for a sandbox or an emulator; "
                    "`AWS_ENDPOINT_URL` by default, and AWS's own without it."},
    {"profile", SY_STRING, SY_OPTIONAL,
     .description = "Profile of the AWS configuration files; `AWS_PROFILE` by default."},
    {"region", SY_STRING, SY_OPTIONAL,
     .description = "AWS region; `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile's by default."},
    {0},
};
const struct sy_type sy_provider_type = {
    .name = "steelyard",
    .description =
        "Releases AWS Lambda functions by canary: a new version gets a share of an alias's "
        "traffic, stage by stage; each stage's error rate is judged, and a bad version is rolled "
        "back by itself. Credentials come from where the AWS CLI takes them: variables, profiles, "
        "SSO, web identity (OIDC), container and instance roles.",
    .attributes = provider_attributes,
};

static const struct sy_attribute stage_attributes[] = {
    {"weight", SY_NUMBER, SY_REQUIRED,
     .description = "Share of the alias's traffic that the new version gets, in percent: from 0.01 "
                    "to 99.99, each stage above the one before."},
    {"bake", SY_STRING, SY_REQUIRED,
     .description = DURATION ": how long the stage must hold before the next one begins."},
    {0},
};

static const struct sy_attribute timeout_attributes[] = {
    {"create", SY_STRING, SY_OPTIONAL,
     .description = DURATION ": how long the first apply may take. When it is over, the release is "
                             "treated as `on_interrupt` says. No limit by default: a release ends "
                             "by itself."},
    {"update", SY_STRING, SY_OPTIONAL, .description = DURATION ": the same for later applies."},
    {0},
};

static const struct sy_attribute verdict_attributes[] = {
    {"min_invocations", SY_NUMBER, SY_DEFAULTED, .fallback = "5",
     .description = "Fewer invocations of the new version than this within a window say nothing; "
                    "what then happens is `on_inconclusive`. Default: 5."},
    {"period", SY_STRING, SY_DEFAULTED, .fallback = "60s",
     .description = DURATION ": length of one CloudWatch datapoint. Lambda publishes one a minute; "
                             "only a sandbox has shorter ones. Default: `60s`."},
    {"poll", SY_STRING, SY_DEFAULTED, .fallback = "60s",
     .description = DURATION ": how often CloudWatch is asked. Default: `60s`."},
    {"threshold", SY_NUMBER, SY_DEFAULTED, .fallback = "5",
     .description = "Highest error rate of the new version within a window that is still healthy, "
                    "in percent. Default: 5."},
    {"window", SY_STRING, SY_DEFAULTED, .fallback = "5m",
     .description = DURATION ": the span of time whose invocations are judged together. Default: "
                             "`5m`."},
    {0},
};

const struct sy_attribute sy_result_attributes[] = {
    {"decision", SY_STRING, SY_COMPUTED,
     .description = "`healthy`, `unhealthy`, `inconclusive`, or `none` before the verdict."},
    {"error_rate", SY_NUMBER, SY_COMPUTED,
     .description = "Error rate of the new version in the window judged last, in percent; null "
                    "without invocations."},
    {"errors", SY_NUMBER, SY_COMPUTED, .description = "Failed invocations of the new version."},
    {"invocations", SY_NUMBER, SY_COMPUTED, .description = "Invocations of the new version."},
    {"weight", SY_NUMBER, SY_COMPUTED,
     .description = "Share of traffic of the new version, in percent; 100 in the lock-in."},
    {0},
};
const struct sy_attribute sy_last_release_attributes[] = {
    {"id", SY_STRING, SY_COMPUTED, .description = "Its identifier, as in the log and the record."},
    {"outcome", SY_STRING, SY_COMPUTED,
     .description = "`PROMOTED`, `PROMOTED_UNPROVEN`, `ROLLED_BACK`, `CANCELLED`, `SUPERSEDED`, "
                    "`PAUSED`, `HALTED`, `FAILED`; null while it is on its way."},
    {"reason", SY_STRING, SY_COMPUTED, .description = "Why it ended, in words."},
    {"stages", SY_OBJECTS, SY_COMPUTED, .fields = sy_result_attributes,
     .description = "What each stage that began has shown; the last one is the lock-in."},
    {"version", SY_STRING, SY_COMPUTED, .description = "The version that it released."},
    {0},
};

static const struct sy_attribute release_attributes[] = {
    {"alias", SY_STRING, SY_REQUIRED, .replaces = true,
     .description = ALIAS " It is adopted as it is, without a change of traffic, or created at "
                          "100 % by its first release. It is never deleted: destroying the "
                          "resource leaves the alias serving what it serves."},
    {"arn", SY_STRING, SY_COMPUTED, .description = ARN},
    {"deployment_timestamp", SY_STRING, SY_COMPUTED, .description = DEPLOYMENT_TIMESTAMP},
    {"function_name", SY_STRING, SY_REQUIRED, .replaces = true, .description = FUNCTION_NAME},
    {"id", SY_STRING, SY_COMPUTED, .description = ID},
    {"invoke_arn", SY_STRING, SY_COMPUTED, .description = INVOKE_ARN},
    {"last_known_good_version", SY_STRING, SY_COMPUTED, .description = LAST_KNOWN_GOOD},
    {"last_release", SY_OBJECT, SY_COMPUTED, .fields = sy_last_release_attributes,
     .description = LAST_RELEASE},
    {"live_version", SY_STRING, SY_COMPUTED, .description = LIVE},
    {"lock_in", SY_STRING, SY_DEFAULTED, .fallback = "60m",
     .description = DURATION ": how long after its first traffic a promoted version can still be "
                             "rolled back by its error rate. Default: `60m`."},
    {"mirror_alias", SY_BOOL, SY_DEFAULTED, .fallback = "false",
     .description = "Let the function's parameters `current-version`, `previous-version`, "
                    "`last-known-good-version` and `deployment-timestamp` follow this alias from "
                    "now on. Without it they follow the first alias that was released. Default: "
                    "`false`."},
    {"on_drift", SY_STRING, SY_DEFAULTED, .fallback = "error",
     .description = "What to do when somebody else moved the alias to another version. `error`: "
                    "the plan fails and names both versions. `adopt`: leave it there; "
                    "`live_version` tells. `release`: release `version` from there. Default: "
                    "`error`."},
    {"on_inconclusive", SY_STRING, SY_DEFAULTED, .fallback = "auto",
     .description = "What to do with a stage that had too few invocations, after it was extended "
                    "once. `auto`: go on when there was no error at all and telemetry is live, "
                    "else roll back. `proceed`, `pause`, `rollback`. Default: `auto`."},
    {"on_interrupt", SY_STRING, SY_DEFAULTED, .fallback = "rollback",
     .description = "What to do with a split alias when the run is interrupted, dies or runs out "
                    "of time. `rollback`, or `hold`: keep the split, to be resumed by the next "
                    "apply. Default: `rollback`."},
    {"planned_stages", SY_STRINGS, SY_COMPUTED,
     .description = "What the last plan meant to do, a line a stage."},
    {"previous_version", SY_STRING, SY_COMPUTED, .description = PREVIOUS},
    {"primary", SY_STRING, SY_DEFAULTED, .fallback = "old",
     .description = "Which version the alias names while it is split: `old`, or `new`. Should "
                    "another tool drop the weights, `new` promotes the new version unjudged. "
                    "Default: `old`."},
    {"retry_token", SY_STRING, SY_OPTIONAL,
     .description =
         "A version that was rolled back is refused, so that an unattended apply does "
         "not release it again; a release that is paused stays so. Another value here, "
         "any text, releases the version once more, or goes on. It does nothing while the "
         "resource is not in state: there is no value that it could differ from."},
    {"stages", SY_OBJECTS, SY_DEFAULTED, .fields = stage_attributes, .fallback = "10 15m,50 15m",
     .description = "The stages, at most 10, with weights that grow. An empty list moves all "
                    "traffic at once and judges in the lock-in only. Default: 10 % and 50 %, 15 "
                    "minutes each."},
    {"timeouts", SY_OBJECT, SY_OPTIONAL, .fields = timeout_attributes,
     .description = "How long an apply may take."},
    {"verdict", SY_OBJECT, SY_DEFAULTED, .fields = verdict_attributes,
     .description = "How a stage is judged: unhealthy as soon as any window within it has an error "
                    "rate above the threshold."},
    {"version", SY_STRING, SY_REQUIRED,
     .description = "The version to release: a number, such as `aws_lambda_function`'s `version` "
                    "with `publish = true`. In state it is the version that the alias serves."},
    {"wait", SY_STRING, SY_DEFAULTED, .fallback = "stages",
     .description = "When apply is done. `stages`: when the version has all traffic; the lock-in "
                    "is settled by whoever next looks, such as a plan. `lock-in`: when that is "
                    "over, too. `none`: after the first move; each later refresh moves the "
                    "release on when its stage is over. Default: `stages`."},
    {0},
};
const struct sy_type sy_release_type = {
    .name = "steelyard_release",
    .description =
        "Keeps an alias of a Lambda function on a version, and gets it there by canary. An apply "
        "that succeeds has moved all traffic (with `wait = \"none\"`: has begun to); one whose "
        "version is rolled back fails, with what each stage has shown, and leaves the version that "
        "was live in state, so that the next plan tells what is open.",
    .attributes = release_attributes,
};

static const struct sy_attribute status_attributes[] = {
    {"alias", SY_STRING, SY_REQUIRED, .description = ALIAS},
    {"arn", SY_STRING, SY_COMPUTED, .description = ARN},
    {"canary_version", SY_STRING, SY_COMPUTED,
     .description = "Version that gets a share of the traffic; null when the alias is not split."},
    {"canary_weight", SY_NUMBER, SY_COMPUTED,
     .description = "Its share, in percent; 0 when the alias is not split."},
    {"deployment_timestamp", SY_STRING, SY_COMPUTED, .description = DEPLOYMENT_TIMESTAMP},
    {"function_name", SY_STRING, SY_REQUIRED, .description = FUNCTION_NAME},
    {"id", SY_STRING, SY_COMPUTED, .description = ID},
    {"invoke_arn", SY_STRING, SY_COMPUTED, .description = INVOKE_ARN},
    {"last_known_good_version", SY_STRING, SY_COMPUTED, .description = LAST_KNOWN_GOOD},
    {"last_release", SY_OBJECT, SY_COMPUTED, .fields = sy_last_release_attributes,
     .description = LAST_RELEASE},
    {"live_version", SY_STRING, SY_COMPUTED, .description = LIVE},
    {"phase", SY_STRING, SY_COMPUTED,
     .description = "Where the last release stands: `preparing`, `intent`, `shifting`, `baking`, "
                    "`lock-in`, `rolling-back`, `verifying` or `closed`; null when none is "
                    "recorded."},
    {"previous_version", SY_STRING, SY_COMPUTED, .description = PREVIOUS},
    {0},
};
const struct sy_type sy_status_type = {
    .name = "steelyard_release",
    .description = "Where an alias and its last release stand. Only reads: a release that is due "
                   "to go on is left as it is.",
    .attributes = status_attributes,
};

static const struct sy_attribute rollback_attributes[] = {
    {"alias", SY_STRING, SY_REQUIRED, .description = ALIAS},
    {"function_name", SY_STRING, SY_REQUIRED, .description = FUNCTION_NAME},
    {"reason", SY_STRING, SY_OPTIONAL,
     .description = "Why, in at most 200 bytes; kept in the release's record."},
    {"version", SY_STRING, SY_OPTIONAL,
     .description = "Version to go back to; the baseline of the last release by default."},
    {0},
};
const struct sy_type sy_rollback_type = {
    .name = "steelyard_rollback",
    .description = "Sends all traffic of an alias back to its baseline, at once, whoever drives a "
                   "release of it. A `steelyard_release` of the alias will tell of it at its next "
                   "plan. Terraform 1.14 or later.",
    .attributes = rollback_attributes,
};

static const struct sy_attribute verify_attributes[] = {
    {"alias", SY_STRING, SY_REQUIRED, .description = ALIAS},
    {"at", SY_STRING, SY_OPTIONAL,
     .description = "End of the window, such as `2026-01-02T03:04:05Z`; now by default."},
    {"function_name", SY_STRING, SY_REQUIRED, .description = FUNCTION_NAME},
    {"min_invocations", SY_NUMBER, SY_OPTIONAL,
     .description = "Fewer invocations than this say nothing; as the last release had it by "
                    "default."},
    {"period", SY_STRING, SY_OPTIONAL,
     .description = DURATION ": length of one CloudWatch datapoint; as the last release had it by "
                             "default."},
    {"threshold", SY_NUMBER, SY_OPTIONAL,
     .description =
         "Highest healthy error rate in percent; as the last release had it by default."},
    {"version", SY_STRING, SY_OPTIONAL,
     .description = "Version to judge; by default the one being released, else the one that the "
                    "alias serves."},
    {"window", SY_STRING, SY_OPTIONAL,
     .description = DURATION ": the span to judge; as the last release had it by default."},
    {0},
};
const struct sy_type sy_verify_type = {
    .name = "steelyard_verify",
    .description = "Judges a version by its telemetry and fails unless it is healthy. Moves "
                   "nothing. Terraform 1.14 or later.",
    .attributes = verify_attributes,
};
