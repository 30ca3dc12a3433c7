/* The host's side of the calls that answer once. */
#include "rpc/client_internal.h"
#include "rpc/convert.h"
#include "rpc/words.h"

#include "base/memory.h"

#include <string.h>

#define METHOD(name) "/steelyard.v1.ReleaseService/" name

int sy_host_plan(struct sy_host *host, const struct sy_spec *spec, struct sy_plan *ret,
                 struct sy_error *error) {
    struct sy_spec_message message;
    Steelyard__V1__PlanRequest request = STEELYARD__V1__PLAN_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    sy_spec_to_proto(spec, &message);
    request.spec = &message.spec;
    if (sy_host_ask(host, METHOD("Plan"), &request.base, &steelyard__v1__plan_response__descriptor,
                    &answer, error))
        return -1;
    int failed =
        sy_plan_from_proto(((const Steelyard__V1__PlanResponse *)answer)->plan, ret, error);
    protobuf_c_message_free_unpacked(answer, NULL);
    return failed;
}

int sy_host_status(struct sy_host *host, const char *function, const char *alias, bool settle,
                   struct sy_facts *ret, struct sy_error *error) {
    Steelyard__V1__GetRequest request = STEELYARD__V1__GET_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.function = (char *)function;
    request.alias = (char *)alias;
    request.read_only = !settle;
    if (sy_host_ask(host, METHOD("Get"), &request.base, &steelyard__v1__get_response__descriptor,
                    &answer, error))
        return -1;
    int failed =
        sy_status_from_proto(((const Steelyard__V1__GetResponse *)answer)->status, ret, error);
    protobuf_c_message_free_unpacked(answer, NULL);
    return failed;
}

int sy_host_control(struct sy_host *host, const char *function, const char *alias,
                    enum sy_control control, const char *reason, struct sy_control_answer *ret,
                    struct sy_error *error) {
    Steelyard__V1__ControlRequest request = STEELYARD__V1__CONTROL_REQUEST__INIT;
    struct sy_control_answer out = {0};
    ProtobufCMessage *answer = NULL;
    request.function = (char *)function;
    request.alias = (char *)alias;
    request.control = sy_control_to_proto(control);
    request.reason = (char *)(reason ? reason : "");
    if (sy_host_ask(host, METHOD("Control"), &request.base,
                    &steelyard__v1__control_response__descriptor, &answer, error))
        return -1;
    const Steelyard__V1__ControlResponse *response = (const Steelyard__V1__ControlResponse *)answer;
    out.taken = response->taken;
    out.undriven = response->undriven;
    int failed =
        sy_string_from_proto("owner", response->owner, out.owner, sizeof out.owner, error) ||
        sy_record_from_proto(response->record, &out.record, error);
    protobuf_c_message_free_unpacked(answer, NULL);
    if (failed)
        return -1;
    *ret = out;
    return 0;
}

static Google__Protobuf__Int64Value *number(int64_t value, Google__Protobuf__Int64Value *box) {
    google__protobuf__int64_value__init(box);
    box->value = value;
    return value < 0 ? NULL : box;
}

int sy_host_verify(struct sy_host *host, const struct sy_verify *verify, struct sy_verified *ret,
                   struct sy_error *error) {
    Steelyard__V1__VerifyRequest request = STEELYARD__V1__VERIFY_REQUEST__INIT;
    Google__Protobuf__Int32Value threshold = GOOGLE__PROTOBUF__INT32_VALUE__INIT;
    Google__Protobuf__Int64Value boxes[3];
    ProtobufCMessage *answer = NULL;
    threshold.value = verify->threshold_bp;
    request.function = (char *)verify->function;
    request.alias = (char *)verify->alias;
    request.version = (char *)verify->version;
    request.end_unix_ms = verify->end_ms;
    request.window_ms = number(verify->window_ms, &boxes[0]);
    request.min_invocations = number(verify->min_invocations, &boxes[1]);
    request.period_ms = number(verify->period_ms, &boxes[2]);
    request.threshold_bp = verify->threshold_bp < 0 ? NULL : &threshold;
    if (sy_host_ask(host, METHOD("Verify"), &request.base,
                    &steelyard__v1__verify_response__descriptor, &answer, error))
        return -1;
    int failed = sy_verified_from_proto((const Steelyard__V1__VerifyResponse *)answer, ret, error);
    protobuf_c_message_free_unpacked(answer, NULL);
    return failed;
}

int sy_host_measure(struct sy_host *host, const struct sy_measure *measure, struct sy_sample **ret,
                    size_t *ret_n, struct sy_error *error) {
    Steelyard__V1__MeasureRequest request = STEELYARD__V1__MEASURE_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.function = (char *)measure->function;
    request.alias = (char *)measure->alias;
    request.version = (char *)measure->version;
    request.baseline = (char *)measure->baseline;
    request.from_unix_ms = measure->from_ms;
    request.to_unix_ms = measure->to_ms;
    request.period_ms = measure->period_ms;
    request.whole_from_unix_ms = measure->whole_from_ms;
    if (sy_host_ask(host, METHOD("Measure"), &request.base,
                    &steelyard__v1__measure_response__descriptor, &answer, error))
        return -1;
    const Steelyard__V1__MeasureResponse *response = (const Steelyard__V1__MeasureResponse *)answer;
    struct sy_sample *samples = sy_calloc(response->n_samples + 1, sizeof *samples);
    for (size_t i = 0; i < response->n_samples; i++)
        sy_sample_from_proto(response->samples[i], &samples[i]);
    *ret = samples;
    *ret_n = response->n_samples;
    protobuf_c_message_free_unpacked(answer, NULL);
    return 0;
}

int sy_host_history(struct sy_host *host, const char *function, const char *alias,
                    struct sy_stored_version **ret, size_t *ret_n, struct sy_error *error) {
    Steelyard__V1__ListRequest request = STEELYARD__V1__LIST_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    request.function = (char *)function;
    request.alias = (char *)alias;
    if (sy_host_ask(host, METHOD("List"), &request.base, &steelyard__v1__list_response__descriptor,
                    &answer, error))
        return -1;
    const Steelyard__V1__ListResponse *response = (const Steelyard__V1__ListResponse *)answer;
    SY_AUTO_FREE struct sy_stored_version *versions =
        sy_calloc(response->n_versions + 1, sizeof *versions);
    int failed = 0;
    for (size_t i = 0; i < response->n_versions && !failed; i++) {
        const Steelyard__V1__RecordVersion *version = response->versions[i];
        failed = sy_record_from_proto(version->record, &versions[i].record, error);
        versions[i].at_ms = version->at_unix_ms;
        versions[i].record.version = version->number;
    }
    *ret_n = failed ? *ret_n : response->n_versions;
    protobuf_c_message_free_unpacked(answer, NULL);
    if (!failed)
        *ret = SY_STEAL(versions);
    return failed;
}
