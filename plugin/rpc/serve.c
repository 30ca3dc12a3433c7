/* The rpc thread: what the completion queue gives, and the way to the end. */
#include "rpc/server_internal.h"

#include "base/log.h"
#include "rpc/check.h"

#include <grpc/slice.h>
#include <grpc/support/time.h>
#include <time.h>

enum {
    LOOK_MS = 500,   /* while the engine works: whether it has come to rest */
    WRITE_MS = 2000, /* for what the releases still have to say */
    READ_MS = 250,   /* for the clients to read it */
    CUT_MS = 1000,   /* for the connections to close */
};

int64_t sy_server_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct sy_method *sy_server_method(const struct sy_server *server, grpc_slice path) {
    static const struct sy_method *const ours[] = {sy_release_methods,    sy_function_methods,
                                                   sy_engine_methods,     sy_health_methods,
                                                   sy_reflection_methods, sy_plugin_methods};
    const struct sy_method *const other[] = {server->protocol->methods, sy_health_methods,
                                             sy_plugin_methods};
    bool is_ours = server->protocol == &sy_steelyard_protocol;
    const struct sy_method *const *tables = is_ours ? ours : other;
    size_t n = is_ours ? SY_COUNT(ours) : SY_COUNT(other);
    for (size_t i = 0; i < n; i++)
        for (const struct sy_method *method = tables[i]; method->path; method++)
            if (grpc_slice_str_cmp(path, method->path) == 0)
                return method->host_only && server->standing ? NULL : method;
    return NULL;
}

void sy_server_request_call(struct sy_server *server) {
    struct sy_call *call = sy_call_create(server);
    grpc_call_error failed =
        grpc_server_request_call(server->grpc, &call->call, &call->details, &call->metadata,
                                 server->queue, server->queue, &call->tags[SY_TAG_NEW]);
    if (failed == GRPC_CALL_OK)
        return;
    sy_log(SY_LOG_ERROR, "gRPC takes no more calls: %s", grpc_call_error_to_string(failed));
    sy_call_unref(call);
}

static void refuse(struct sy_call *call, enum sy_code code, const char *why) {
    struct sy_error error;
    (void)sy_fail(&error, code, "%s", why);
    sy_call_finish(call, &error);
}

/* The open calls that the engine has to do with. */
static void count(struct sy_call *call, int by) {
    if (!call->method || !call->method->work)
        return;
    pthread_mutex_lock(&call->server->mutex);
    call->server->working += by;
    pthread_mutex_unlock(&call->server->mutex);
}

static void on_new(struct sy_call *call, bool ok) {
    if (!ok) { /* the server shuts down */
        sy_call_unref(call);
        return;
    }
    sy_server_request_call(call->server);
    sy_server_enlist(call);
    call->method = sy_server_method(call->server, call->details.method);
    count(call, 1);
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER,
                  .data.recv_close_on_server.cancelled = &call->cancelled};
    sy_call_start(call, &op, 1, SY_TAG_CLOSE);
    if (!call->method) {
        refuse(call, SY_UNIMPLEMENTED, "this engine serves no such method; see its reflection");
        return;
    }
    if (call->method->streams)
        sy_call_open(call);
    sy_call_read(call);
}

static void on_read(struct sy_call *call, bool ok) {
    struct sy_error error;
    if (!ok)
        return; /* broken, cancelled, or beyond the size limit: gRPC has answered by itself */
    if (!call->request) {
        if (call->method->streams)
            call->method->received(call, NULL);
        else
            refuse(call, SY_INVALID_ARGUMENT, "no request was sent");
        return;
    }
    grpc_slice bytes = sy_message_bytes(call->request);
    ProtobufCMessage *message = NULL;
    if (sy_message_decode(call->method->request, GRPC_SLICE_START_PTR(bytes),
                          GRPC_SLICE_LENGTH(bytes), &message, &error)) {
        sy_call_finish(call, &error);
    } else {
        call->method->received(call, message);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    grpc_slice_unref(bytes);
}

static void on_close(struct sy_call *call) {
    static const struct sy_error cancelled = {.code = SY_CANCELLED};
    if (call->method && call->method->closed)
        call->method->closed(call, call->cancelled != 0);
    sy_call_finish(call, &cancelled); /* a call must always get a final status */
    count(call, -1);
    sy_call_unref(call); /* the open call's */
}

static void on_event(const struct sy_tag *tag, bool ok) {
    struct sy_call *call = tag->call;
    switch (tag->kind) {
    case SY_TAG_NEW:
        on_new(call, ok);
        return; /* not a batch: its reference is the open call's */
    case SY_TAG_READ:
        on_read(call, ok);
        break;
    case SY_TAG_CLOSE:
        on_close(call);
        break;
    case SY_TAG_MESSAGE:
        if (call->method->written)
            call->method->written(call, ok);
        break;
    case SY_TAG_METADATA:
    case SY_TAG_STATUS:
    case SY_TAG_COUNT:
        break;
    }
    sy_call_unref(call);
}

/* Streams that nothing would end by itself get their end: those of the host, of health, of
 * reflection. */
static void finish_idle_call(struct sy_call *call) {
    static const struct sy_error ok = {.code = SY_OK};
    if (!call->method || !call->method->work)
        sy_call_finish(call, &ok);
}

/* The way to the end. Until the engine is at rest, nothing. Then what the releases still have to
 * say is written out; then what was written is given time to be read, because a client that writes
 * to a closed socket loses what it has not read; then gRPC shuts down, and at last what is still
 * open is cut. */
static bool claim_shutdown(struct sy_server *server, int64_t now_ms) {
    struct sy_drain *drain = &server->drain;
    bool written = server->working == 0 || now_ms >= drain->write_until_ms;
    if (drain->told || !written || now_ms < drain->read_until_ms)
        return false;
    if (drain->waited && !drain->read_until_ms) {
        drain->read_until_ms = now_ms + READ_MS;
        return false;
    }
    drain->told = true;
    drain->cut_at_ms = now_ms + CUT_MS;
    return true;
}

void sy_server_drain(struct sy_server *server) {
    int64_t now_ms = sy_server_now_ms();
    pthread_mutex_lock(&server->mutex);
    if (server->phase != SY_SERVER_DRAINING) {
        server->phase = SY_SERVER_DRAINING;
        server->drain.write_until_ms = now_ms + WRITE_MS;
        server->drain.waited = server->working > 0;
    }
    bool claimed = claim_shutdown(server, now_ms);
    pthread_mutex_unlock(&server->mutex);
    if (!claimed)
        return;
    sy_server_each_call(server, finish_idle_call);
    grpc_server_shutdown_and_notify(server->grpc, server->queue, &server->shutdown_tag);
}

enum sy_server_phase sy_server_phase_of(struct sy_server *server) {
    pthread_mutex_lock(&server->mutex);
    enum sy_server_phase phase = server->phase;
    pthread_mutex_unlock(&server->mutex);
    return phase;
}

void sy_server_host_came(struct sy_server *server) {
    pthread_mutex_lock(&server->mutex);
    server->host_until_ms = 0;
    pthread_mutex_unlock(&server->mutex);
}

/* A host that died between the handshake and its first call leaves no stream that could break. */
static bool claim_orphaned(struct sy_server *server, int64_t now_ms) {
    if (!server->host_until_ms || now_ms < server->host_until_ms)
        return false;
    server->host_until_ms = 0;
    return true;
}

/* When to look again, though nothing has come. */
static int64_t next_look(struct sy_server *server, int64_t now_ms) {
    const struct sy_drain *drain = &server->drain;
    if (server->phase != SY_SERVER_DRAINING && server->working)
        return now_ms + LOOK_MS; /* draining may begin while this thread waits */
    if (server->phase != SY_SERVER_DRAINING)
        return server->host_until_ms ? server->host_until_ms : INT64_MAX;
    if (drain->told)
        return drain->cut ? INT64_MAX : drain->cut_at_ms;
    return drain->read_until_ms ? drain->read_until_ms : drain->write_until_ms;
}

/* Do what is due on the way to the end; returns when to look again. */
static int64_t look(struct sy_server *server) {
    int64_t now_ms = sy_server_now_ms();
    pthread_mutex_lock(&server->mutex);
    bool draining = server->phase == SY_SERVER_DRAINING && !server->drain.told;
    bool cut = server->drain.told && !server->drain.cut && now_ms >= server->drain.cut_at_ms;
    server->drain.cut |= cut;
    bool orphaned = claim_orphaned(server, now_ms);
    pthread_mutex_unlock(&server->mutex);
    if (orphaned) {
        sy_log(SY_LOG_WARN, "no host has come; the engine ends");
        sy_server_stop(server);
    }
    if (draining)
        sy_server_drain(server);
    if (cut)
        grpc_server_cancel_all_calls(server->grpc);
    pthread_mutex_lock(&server->mutex);
    int64_t next_ms = next_look(server, now_ms);
    pthread_mutex_unlock(&server->mutex);
    return next_ms;
}

static grpc_event next_event(struct sy_server *server, int64_t until_ms) {
    gpr_timespec deadline = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    if (until_ms != INT64_MAX) {
        int64_t left_ms = until_ms - sy_server_now_ms();
        deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                gpr_time_from_millis(left_ms > 0 ? left_ms : 0, GPR_TIMESPAN));
    }
    return grpc_completion_queue_next(server->queue, deadline, NULL);
}

static void stop_engine(void *arg) {
    sy_engine_stop(arg);
}

/* No operation may start on a queue that was shut. */
static void shut_queue(struct sy_server *server) {
    pthread_rwlock_wrlock(&server->gate);
    server->shut = true;
    grpc_completion_queue_shutdown(server->queue);
    pthread_rwlock_unlock(&server->gate);
}

void *sy_server_serve(void *arg) {
    struct sy_server *server = arg;
    for (;;) {
        grpc_event event = next_event(server, look(server));
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            break;
        if (event.type == GRPC_QUEUE_TIMEOUT)
            continue;
        if (event.tag == &server->shutdown_tag)
            shut_queue(server);
        else
            on_event(event.tag, event.success);
    }
    pthread_mutex_lock(&server->mutex);
    server->thread_ended = true;
    pthread_cond_signal(&server->changed);
    pthread_mutex_unlock(&server->mutex);
    sy_engine_post(server->engine, stop_engine, server->engine);
    return NULL;
}
