/* steelyard.v1.ReleaseService: decode on the rpc thread, ask the engine on its own. */
#include "base/memory.h"
#include "rpc/convert.h"
#include "rpc/server_internal.h"
#include "rpc/words.h"

#define PATH(method) "/steelyard.v1.ReleaseService/" method

#define TAKE(request, name)                                                                        \
    sy_string_from_proto(#name, (request)->name, call->arguments.name,                             \
                         sizeof call->arguments.name, &error)

static void plan_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__PlanRequest *request = (const Steelyard__V1__PlanRequest *)message;
    struct sy_error error = {0};
    sy_call_decoded(call, sy_spec_from_proto(request->spec, &call->arguments.spec, &error), &error);
}

static void plan_done(void *ctx, const struct sy_plan *plan, const struct sy_error *error) {
    struct sy_call *call = sy_call_to_answer(ctx, error);
    if (!call)
        return;
    struct sy_plan_message message;
    Steelyard__V1__PlanResponse response = STEELYARD__V1__PLAN_RESPONSE__INIT;
    sy_plan_to_proto(plan, &message);
    response.plan = &message.plan;
    sy_call_answer(call, &response.base);
    sy_call_unref(call);
}

static void plan_work(struct sy_call *call, unsigned bits) {
    if (sy_server_refuses(call, bits, SY_SERVER_STOPPING))
        return;
    if (bits & SY_WORK_START)
        sy_engine_plan(call->server->engine, &call->arguments.spec, plan_done, sy_call_ask(call));
}

static void get_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__GetRequest *request = (const Steelyard__V1__GetRequest *)message;
    struct sy_error error = {0};
    call->arguments.read_only = request->read_only;
    sy_call_decoded(call, TAKE(request, function) || TAKE(request, alias), &error);
}

static void status_done(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    struct sy_call *call = sy_call_to_answer(ctx, error);
    if (!call)
        return;
    struct sy_status_message message;
    Steelyard__V1__GetResponse response = STEELYARD__V1__GET_RESPONSE__INIT;
    sy_status_to_proto(facts, &message);
    response.status = &message.status;
    sy_call_answer(call, &response.base);
    sy_call_unref(call);
}

static void get_work(struct sy_call *call, unsigned bits) {
    const struct sy_arguments *arguments = &call->arguments;
    if (bits & SY_WORK_START)
        sy_engine_status(call->server->engine, arguments->function, arguments->alias,
                         !arguments->read_only, status_done, sy_call_ask(call));
}

static void control_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__ControlRequest *request = (const Steelyard__V1__ControlRequest *)message;
    struct sy_error error = {0};
    int failed = TAKE(request, function) || TAKE(request, alias) || TAKE(request, reason);
    sy_control_from_proto(request->control, &call->arguments.control);
    if (!failed && call->arguments.control == SY_CONTROL_NONE)
        failed = sy_fail_field(&error, "control", "control: missing; pause, resume or promote");
    sy_call_decoded(call, failed, &error);
}

static void control_done(void *ctx, const struct sy_control_answer *answer,
                         const struct sy_error *error) {
    struct sy_call *call = sy_call_to_answer(ctx, error);
    if (!call)
        return;
    struct sy_record_message record;
    Steelyard__V1__ControlResponse response = STEELYARD__V1__CONTROL_RESPONSE__INIT;
    sy_record_to_proto(&answer->record, &record);
    response.taken = answer->taken;
    response.undriven = answer->undriven;
    response.owner = (char *)answer->owner;
    response.record = &record.record;
    sy_call_answer(call, &response.base);
    sy_call_unref(call);
}

static void control_work(struct sy_call *call, unsigned bits) {
    const struct sy_arguments *arguments = &call->arguments;
    if (sy_server_refuses(call, bits, SY_SERVER_STOPPING) || !(bits & SY_WORK_START))
        return;
    sy_engine_control(call->server->engine, arguments->function, arguments->alias,
                      arguments->control, arguments->reason, control_done, sy_call_ask(call));
}

static void verify_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__VerifyRequest *request = (const Steelyard__V1__VerifyRequest *)message;
    struct sy_error error = {0};
    sy_call_decoded(call, sy_verify_from_proto(request, &call->arguments.verify, &error), &error);
}

static void verify_done(void *ctx, const struct sy_verified *verified,
                        const struct sy_error *error) {
    struct sy_call *call = sy_call_to_answer(ctx, error);
    if (!call)
        return;
    struct sy_verified_message message;
    sy_verified_to_proto(verified, &message);
    sy_call_answer(call, &message.response.base);
    sy_call_unref(call);
}

static void verify_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING) && (bits & SY_WORK_START))
        sy_engine_verify(call->server->engine, &call->arguments.verify, verify_done,
                         sy_call_ask(call));
}

static void measure_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__MeasureRequest *request = (const Steelyard__V1__MeasureRequest *)message;
    struct sy_error error = {0};
    sy_call_decoded(call, sy_measure_from_proto(request, &call->arguments.measure, &error), &error);
}

static void answer_measure(struct sy_call *call, const struct sy_sample *samples, size_t n) {
    Steelyard__V1__MeasureResponse response = STEELYARD__V1__MEASURE_RESPONSE__INIT;
    SY_AUTO_FREE struct sy_sample_message *messages = sy_calloc(n + 1, sizeof *messages);
    SY_AUTO_FREE Steelyard__V1__Sample **list = sy_calloc(n + 1, sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        sy_sample_to_proto(&samples[i], &messages[i]);
        list[i] = &messages[i].sample;
    }
    response.n_samples = n;
    response.samples = list;
    sy_call_answer(call, &response.base);
}

static void measure_done(void *ctx, const struct sy_sample *samples, size_t n,
                         const struct sy_error *error) {
    struct sy_call *call = sy_call_to_answer(ctx, error);
    if (!call)
        return;
    answer_measure(call, samples, n);
    sy_call_unref(call);
}

static void measure_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING) && (bits & SY_WORK_START))
        sy_engine_measure(call->server->engine, &call->arguments.measure, measure_done,
                          sy_call_ask(call));
}

static void list_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__ListRequest *request = (const Steelyard__V1__ListRequest *)message;
    struct sy_error error = {0};
    sy_call_decoded(call, TAKE(request, function) || TAKE(request, alias), &error);
}

/* One version of the record, and the messages that it consists of. */
struct listed {
    Steelyard__V1__RecordVersion version;
    struct sy_record_message record;
};

static void answer_list(struct sy_call *call, const struct sy_stored_version *versions, size_t n) {
    Steelyard__V1__ListResponse response = STEELYARD__V1__LIST_RESPONSE__INIT;
    SY_AUTO_FREE struct listed *listed = sy_calloc(n + 1, sizeof *listed);
    SY_AUTO_FREE Steelyard__V1__RecordVersion **list = sy_calloc(n + 1, sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        steelyard__v1__record_version__init(&listed[i].version);
        sy_record_to_proto(&versions[i].record, &listed[i].record);
        listed[i].version.record = &listed[i].record.record;
        listed[i].version.at_unix_ms = versions[i].at_ms;
        listed[i].version.number = versions[i].record.version;
        list[i] = &listed[i].version;
    }
    response.n_versions = n;
    response.versions = list;
    sy_call_answer(call, &response.base);
}

static void list_done(void *ctx, const struct sy_stored_version *versions, size_t n,
                      const struct sy_error *error) {
    struct sy_call *call = sy_call_to_answer(ctx, error);
    if (!call)
        return;
    answer_list(call, versions, n);
    sy_call_unref(call);
}

static void list_work(struct sy_call *call, unsigned bits) {
    const struct sy_arguments *arguments = &call->arguments;
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING) && (bits & SY_WORK_START))
        sy_engine_history(call->server->engine, arguments->function, arguments->alias, list_done,
                          sy_call_ask(call));
}

static void apply_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__ApplyRequest *request = (const Steelyard__V1__ApplyRequest *)message;
    struct sy_error error = {0};
    sy_call_decoded(call,
                    sy_spec_from_proto(request->spec, &call->arguments.spec, &error) ||
                        TAKE(request, fingerprint),
                    &error);
}

static void rollback_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__RollbackRequest *request = (const Steelyard__V1__RollbackRequest *)message;
    struct sy_error error = {0};
    sy_call_decoded(call, sy_rollback_from_proto(request, &call->arguments.rollback, &error),
                    &error);
}

static void resume_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__ResumeRequest *request = (const Steelyard__V1__ResumeRequest *)message;
    struct sy_error error = {0};
    sy_call_decoded(call, sy_resume_from_proto(request, &call->arguments.resume, &error), &error);
}

static void watch_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__WatchRequest *request = (const Steelyard__V1__WatchRequest *)message;
    struct sy_error error = {0};
    call->arguments.from_sequence = request->from_sequence;
    call->arguments.through_record = request->through_record;
    int failed = TAKE(request, release_id) || TAKE(request, function) || TAKE(request, alias);
    if (!failed && request->from_sequence < 0)
        failed = sy_fail_field(&error, "from_sequence", "from_sequence: %lld is negative",
                               (long long)request->from_sequence);
    sy_call_decoded(call, failed, &error);
}

static void *apply_begin(struct sy_call *call) {
    const struct sy_arguments *arguments = &call->arguments;
    return sy_engine_apply(call->server->engine, &arguments->spec, arguments->fingerprint,
                           sy_stream_ready, call);
}
static void apply_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING))
        sy_stream_work(call, bits, &sy_watch_source, apply_begin);
}

static void *rollback_begin(struct sy_call *call) {
    const struct sy_arguments *arguments = &call->arguments;
    return sy_engine_rollback(call->server->engine, &arguments->rollback, sy_stream_ready, call);
}
static void *resume_begin(struct sy_call *call) {
    return sy_engine_resume(call->server->engine, &call->arguments.resume, sy_stream_ready, call);
}
static void resume_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING))
        sy_stream_work(call, bits, &sy_watch_source, resume_begin);
}

/* Going back stays possible for as long as the engine waits for its releases anyway; once it is at
 * rest, nothing would wait for this one. */
static void rollback_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_DRAINING))
        sy_stream_work(call, bits, &sy_watch_source, rollback_begin);
}

static void *watch_begin(struct sy_call *call) {
    const struct sy_arguments *arguments = &call->arguments;
    if (arguments->through_record)
        return sy_engine_follow(call->server->engine, arguments->function, arguments->alias,
                                sy_stream_ready, call);
    return sy_engine_watch(call->server->engine, arguments->release_id, arguments->function,
                           arguments->alias, arguments->from_sequence, sy_stream_ready, call);
}
static void watch_work(struct sy_call *call, unsigned bits) {
    sy_stream_work(call, bits, &sy_watch_source, watch_begin);
}

const struct sy_method sy_release_methods[] = {
    {.path = PATH("Plan"),
     .request = &steelyard__v1__plan_request__descriptor,
     .received = plan_received,
     .work = plan_work},
    {.path = PATH("Get"),
     .request = &steelyard__v1__get_request__descriptor,
     .received = get_received,
     .work = get_work},
    {.path = PATH("Control"),
     .request = &steelyard__v1__control_request__descriptor,
     .received = control_received,
     .work = control_work},
    {.path = PATH("Verify"),
     .request = &steelyard__v1__verify_request__descriptor,
     .received = verify_received,
     .work = verify_work},
    {.path = PATH("Measure"),
     .request = &steelyard__v1__measure_request__descriptor,
     .received = measure_received,
     .work = measure_work},
    {.path = PATH("List"),
     .request = &steelyard__v1__list_request__descriptor,
     .received = list_received,
     .work = list_work},
    {.path = PATH("Apply"),
     .request = &steelyard__v1__apply_request__descriptor,
     .received = apply_received,
     .work = apply_work,
     .written = sy_stream_written,
     .closed = sy_stream_closed},
    {.path = PATH("Resume"),
     .request = &steelyard__v1__resume_request__descriptor,
     .received = resume_received,
     .work = resume_work,
     .written = sy_stream_written,
     .closed = sy_stream_closed},
    {.path = PATH("Rollback"),
     .request = &steelyard__v1__rollback_request__descriptor,
     .received = rollback_received,
     .work = rollback_work,
     .written = sy_stream_written,
     .closed = sy_stream_closed},
    {.path = PATH("Watch"),
     .request = &steelyard__v1__watch_request__descriptor,
     .received = watch_received,
     .work = watch_work,
     .written = sy_stream_written,
     .closed = sy_stream_closed},
    {0},
};
