/* steelyard.v1.FunctionService: decode on the rpc thread, ask the engine on its own. */
#include "rpc/convert.h"
#include "rpc/convert_function.h"
#include "rpc/server_internal.h"

#define PATH(method) "/steelyard.v1.FunctionService/" method

/* The arguments are decoded: on to the engine, or back with the error. */
static void go_on(struct sy_call *call, int failed, const struct sy_error *error) {
    if (failed)
        sy_call_finish(call, error);
    else
        sy_call_post(call, SY_WORK_START);
}

#define TAKE(request, to, name)                                                                    \
    sy_string_from_proto(#name, (request)->name, (to)->name, sizeof(to)->name, &error)

/* A stopping engine begins nothing that it would only break off. */
static bool refused(struct sy_call *call, unsigned bits) {
    struct sy_error error;
    if (!(bits & SY_WORK_START) || sy_server_phase_of(call->server) < SY_SERVER_STOPPING)
        return false;
    (void)sy_fail_reason(&error, SY_UNAVAILABLE, "ENGINE_STOPPING",
                         "this engine is stopping; start another");
    sy_call_finish(call, &error);
    return true;
}

/* ---- Check ---- */

static void check_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__CheckRequest *request = (const Steelyard__V1__CheckRequest *)message;
    struct sy_spec *spec = &call->arguments.spec;
    struct sy_error error = {0};
    sy_spec_init(spec);
    go_on(call,
          TAKE(request, spec, function) || TAKE(request, spec, alias) ||
              TAKE(request, spec, version),
          &error);
}

static void check_done(void *ctx, const struct sy_findings *findings,
                       const struct sy_error *error) {
    struct sy_call *call = sy_call_answered(ctx);
    if (!call)
        return;
    if (findings) {
        SY_AUTO_FREE struct sy_findings_message *message = sy_calloc(1, sizeof *message);
        sy_findings_to_proto(findings, message);
        sy_call_answer(call, &message->response.base);
    } else {
        sy_call_finish(call, error);
    }
    sy_call_unref(call);
}

static void check_work(struct sy_call *call, unsigned bits) {
    if (!refused(call, bits) && bits & SY_WORK_START)
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

/* A client that has gone before its call reached the engine starts nothing. */
static void job_work(struct sy_call *call, unsigned bits, const struct sy_stream_source *source,
                     struct sy_job *(*begin)(struct sy_call *call)) {
    if (refused(call, bits))
        return;
    if (bits & SY_WORK_CLOSE)
        call->backlog.closed = true;
    if (call->backlog.closed) {
        sy_stream_detach(call);
        return;
    }
    if (bits & SY_WORK_START)
        sy_stream_attach_source(call, source, begin(call));
    else if (bits & SY_WORK_PULL)
        sy_stream_pull(call);
}

static void job_closed(struct sy_call *call, bool cancelled) {
    if (cancelled)
        sy_call_post(call, SY_WORK_CLOSE);
}

static void publish_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__PublishRequest *request = (const Steelyard__V1__PublishRequest *)message;
    struct sy_error error = {0};
    call->arguments.publish = sy_calloc(1, sizeof *call->arguments.publish);
    go_on(call, sy_publish_from_proto(request, call->arguments.publish, &error), &error);
}

static struct sy_job *publish_begin(struct sy_call *call) {
    return sy_engine_publish(call->server->engine, call->arguments.publish, sy_stream_ready, call);
}
static void publish_work(struct sy_call *call, unsigned bits) {
    job_work(call, bits, &publish_source, publish_begin);
}

static void cleanup_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Steelyard__V1__CleanupRequest *request = (const Steelyard__V1__CleanupRequest *)message;
    struct sy_error error = {0};
    go_on(call, sy_cleanup_from_proto(request, &call->arguments.cleanup, &error), &error);
}

static struct sy_job *cleanup_begin(struct sy_call *call) {
    return sy_engine_cleanup(call->server->engine, &call->arguments.cleanup, sy_stream_ready, call);
}
static void cleanup_work(struct sy_call *call, unsigned bits) {
    job_work(call, bits, &cleanup_source, cleanup_begin);
}

const struct sy_method sy_function_methods[] = {
    {.path = PATH("Publish"),
     .request = &steelyard__v1__publish_request__descriptor,
     .received = publish_received,
     .work = publish_work,
     .written = sy_stream_written,
     .closed = job_closed},
    {.path = PATH("Check"),
     .request = &steelyard__v1__check_request__descriptor,
     .received = check_received,
     .work = check_work},
    {.path = PATH("Cleanup"),
     .request = &steelyard__v1__cleanup_request__descriptor,
     .received = cleanup_received,
     .work = cleanup_work,
     .written = sy_stream_written,
     .closed = job_closed},
    {0},
};
