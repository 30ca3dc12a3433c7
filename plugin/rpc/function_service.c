/* steelyard.v1.FunctionService: decode on the rpc thread, ask the engine on its own. */
#include "rpc/convert.h"
#include "rpc/convert_function.h"
#include "rpc/server_internal.h"

#define PATH(method) "/steelyard.v1.FunctionService/" method

#define TAKE(request, to, name)                                                                    \
    sy_string_from_proto(#name, (request)->name, (to)->name, sizeof(to)->name, &error)

/* ---- Check ---- */

static void check_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__CheckRequest *request = (const Steelyard__V1__CheckRequest *)message;
    struct sy_spec *spec = &call->arguments.spec;
    struct sy_error error = {0};
    sy_spec_init(spec);
    sy_call_decoded(call,
                    TAKE(request, spec, function) || TAKE(request, spec, alias) ||
                        TAKE(request, spec, version),
                    &error);
}

static void check_done(void *ctx, const struct sy_findings *findings,
                       const struct sy_error *error) {
    struct sy_call *call = sy_call_to_answer(ctx, error);
    if (!call)
        return;
    SY_AUTO_FREE struct sy_findings_message *message = sy_calloc(1, sizeof *message);
    sy_findings_to_proto(findings, message);
    sy_call_answer(call, &message->response.base);
    sy_call_unref(call);
}

static void check_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING) && bits & SY_WORK_START)
        sy_engine_check(call->server->engine, &call->arguments.spec, check_done, sy_call_ask(call));
}

/* ---- Publish and Cleanup ---- */

static int publish_next(void *from, grpc_byte_buffer **ret, struct sy_error *error) {
    const struct sy_function_event *event = NULL;
    struct sy_publish_event_message message;
    int got = sy_job_next(from, &event, error);
    if (got > 0) {
        sy_publish_event_to_proto(event, &message);
        *ret = sy_message_pack(&message.response.base);
    }
    return got;
}

static int cleanup_next(void *from, grpc_byte_buffer **ret, struct sy_error *error) {
    const struct sy_function_event *event = NULL;
    struct sy_cleanup_event_message message;
    int got = sy_job_next(from, &event, error);
    if (got > 0) {
        sy_cleanup_event_to_proto(event, &message);
        *ret = sy_message_pack(&message.response.base);
    }
    return got;
}

static void job_close(void *from) {
    sy_job_close(from);
}

static const struct sy_stream_source publish_source = {publish_next, job_close};
static const struct sy_stream_source cleanup_source = {cleanup_next, job_close};

static void publish_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__PublishRequest *request = (const Steelyard__V1__PublishRequest *)message;
    struct sy_error error = {0};
    call->arguments.publish = sy_calloc(1, sizeof *call->arguments.publish);
    sy_call_decoded(call, sy_publish_from_proto(request, call->arguments.publish, &error), &error);
}

static void *publish_begin(struct sy_call *call) {
    return sy_engine_publish(call->server->engine, call->arguments.publish, sy_stream_ready, call);
}
static void publish_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING))
        sy_stream_work(call, bits, &publish_source, publish_begin);
}

static void cleanup_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__CleanupRequest *request = (const Steelyard__V1__CleanupRequest *)message;
    struct sy_error error = {0};
    sy_call_decoded(call, sy_cleanup_from_proto(request, &call->arguments.cleanup, &error), &error);
}

static void *cleanup_begin(struct sy_call *call) {
    return sy_engine_cleanup(call->server->engine, &call->arguments.cleanup, sy_stream_ready, call);
}
static void cleanup_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING))
        sy_stream_work(call, bits, &cleanup_source, cleanup_begin);
}

const struct sy_method sy_function_methods[] = {
    {.path = PATH("Publish"),
     .request = &steelyard__v1__publish_request__descriptor,
     .received = publish_received,
     .work = publish_work,
     .written = sy_stream_written,
     .closed = sy_stream_closed},
    {.path = PATH("Check"),
     .request = &steelyard__v1__check_request__descriptor,
     .received = check_received,
     .work = check_work},
    {.path = PATH("Cleanup"),
     .request = &steelyard__v1__cleanup_request__descriptor,
     .received = cleanup_received,
     .work = cleanup_work,
     .written = sy_stream_written,
     .closed = sy_stream_closed},
    {0},
};
