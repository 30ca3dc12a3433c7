/* The inward half of convert.h for the requests of the verbs that take no spec. */
#include "rpc/convert_internal.h"

#include "rpc/words.h"

int sy_rollback_from_proto(const Steelyard__V1__RollbackRequest *request, struct sy_rollback *ret,
                           struct sy_error *error) {
    struct sy_rollback out = {.running_only = request->running_only};
    const Steelyard__V1__StageList *steps = request->steps;
    if (STRING(request, &out, function) || STRING(request, &out, alias) ||
        STRING(request, &out, reason) || STRING(request, &out, baseline))
        return -1;
    if (steps && steps->n_stages > SY_STAGES_MAX)
        return sy_fail_field(error, "steps", "steps: %zu of them; at most %d are allowed",
                             steps->n_stages, SY_STAGES_MAX);
    for (size_t i = 0; steps && i < steps->n_stages; i++)
        out.steps[out.n_steps++] =
            (struct sy_stage){steps->stages[i]->weight_bp, steps->stages[i]->bake_ms};
    *ret = out;
    return 0;
}

int sy_resume_from_proto(const Steelyard__V1__ResumeRequest *request, struct sy_resume *ret,
                         struct sy_error *error) {
    struct sy_resume out = {
        .promote = request->promote, .settle = request->settle, .on_interrupt = SY_INTERRUPT_COUNT};
    if (STRING(request, &out, function) || STRING(request, &out, alias) ||
        STRING(request, &out, reason))
        return -1;
    sy_wait_from_proto(request->wait, &out.wait);
    sy_interrupt_from_proto(request->on_interrupt, &out.on_interrupt);
    *ret = out;
    return 0;
}

static int positive(const char *field, const Google__Protobuf__Int64Value *value, int64_t *ret,
                    struct sy_error *error) {
    if (value && value->value < 0)
        return sy_fail_field(error, field, "%s: %lld is negative", field, (long long)value->value);
    *ret = value ? value->value : -1;
    return 0;
}

int sy_verify_from_proto(const Steelyard__V1__VerifyRequest *request, struct sy_verify *ret,
                         struct sy_error *error) {
    struct sy_verify out = {.end_ms = request->end_unix_ms, .threshold_bp = -1};
    if (STRING(request, &out, function) || STRING(request, &out, alias) ||
        STRING(request, &out, version) ||
        positive("window_ms", request->window_ms, &out.window_ms, error) ||
        positive("min_invocations", request->min_invocations, &out.min_invocations, error) ||
        positive("period_ms", request->period_ms, &out.period_ms, error))
        return -1;
    if (request->threshold_bp && request->threshold_bp->value < 0)
        return sy_fail_field(error, "threshold_bp", "threshold_bp: %d is negative",
                             request->threshold_bp->value);
    if (request->threshold_bp)
        out.threshold_bp = request->threshold_bp->value;
    *ret = out;
    return 0;
}

int sy_measure_from_proto(const Steelyard__V1__MeasureRequest *request, struct sy_measure *ret,
                          struct sy_error *error) {
    struct sy_measure out = {.from_ms = request->from_unix_ms,
                             .to_ms = request->to_unix_ms,
                             .period_ms = request->period_ms,
                             .whole_from_ms = request->whole_from_unix_ms};
    if (STRING(request, &out, function) || STRING(request, &out, alias) ||
        STRING(request, &out, version) || STRING(request, &out, baseline))
        return -1;
    *ret = out;
    return 0;
}
