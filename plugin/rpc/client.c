#include "rpc/client.h"

#include "rpc/certificate.h"
#include "rpc/channel.h"
#include "rpc/check.h"
#include "rpc/client_internal.h"
#include "rpc/convert.h"
#include "rpc/process.h"
#include "rpc/server_internal.h"
#include "rpc/socket.h"
#include "rpc/words.h"

#include "google/protobuf/empty.pb-c.h"
#include "plugin/grpc_controller.pb-c.h"
#include "steelyard/v1/engine.pb-c.h"

#include <errno.h>
#include <grpc/slice.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HANDSHAKE_MS = 10000,
    GREETING_MS = 10000,
    ASK_MS = 300000,    /* a plan makes a dozen AWS calls, each with its retries */
    SHUTDOWN_MS = 5000, /* for the answer */
    END_MS = 60000,     /* for the releases to come to rest, and the process to end */
    WATCH_OPEN_MS = 5000,
    GONE_MS = 2000,
};

struct sy_host {
    struct sy_process process; /* pid 0: joined, not started */
    bool started;
    bool grpc; /* gRPC was started, and is to be shut down */
    grpc_channel *channel;
    struct sy_answers *held; /* go-plugin's StreamStdio: the engine ends when it breaks */
};

struct sy_stream {
    struct sy_host *host;
    struct sy_answers *answers;
    bool interrupted;
    bool looks_on;    /* an interrupt ends the looking, and nothing else */
    int64_t sequence; /* of the last event */
    char release_id[40];
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
};

/* One request, its answer decoded; free it with protobuf_c_message_free_unpacked(). */
static int ask(struct sy_host *host, const char *method, const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *type, int64_t timeout_ms, ProtobufCMessage **ret,
               struct sy_error *error) {
    grpc_slice bytes;
    if (sy_channel_ask(host->channel, method, sy_message_pack(request), timeout_ms, &bytes, error))
        return -1;
    int failed =
        sy_message_decode(type, GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes), ret, error);
    grpc_slice_unref(bytes);
    return failed
               ? sy_fail(error, SY_INTERNAL, "%s: the engine's answer cannot be understood", method)
               : 0;
}

/* The first call: does it answer, and in our language? */
static int greet(struct sy_host *host, const char *name, struct sy_error *error) {
    Steelyard__V1__GetInfoRequest request = STEELYARD__V1__GET_INFO_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    if (ask(host, "/steelyard.v1.EngineService/GetInfo", &request.base,
            &steelyard__v1__get_info_response__descriptor, GREETING_MS, &answer, error)) {
        struct sy_error why = *error;
        return sy_fail(error, why.code, "the engine at %s does not answer: %s", name, why.message);
    }
    int version = ((const Steelyard__V1__GetInfoResponse *)answer)->protocol_version;
    protobuf_c_message_free_unpacked(answer, NULL);
    if (version != SY_PROTOCOL_VERSION)
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "PROTOCOL_MISMATCH",
                              "the engine at %s speaks version %d of the plugin protocol, this "
                              "program version %d; use a host and an engine of the same release",
                              name, version, SY_PROTOCOL_VERSION);
    return 0;
}

/* What gRPC says of a broken connection ("Socket closed") is no sentence for people. The engine's
 * own errors pass; whether it is still there is asked, since both may have the same code. */
void sy_host_explain(struct sy_host *host, const char *todo, struct sy_error *error) {
    Steelyard__V1__GetInfoRequest request = STEELYARD__V1__GET_INFO_REQUEST__INIT;
    ProtobufCMessage *answer = NULL;
    struct sy_error ignored;
    struct sy_error why = *error;
    if (error->code != SY_UNAVAILABLE || error->reason[0])
        return;
    if (ask(host, "/steelyard.v1.EngineService/GetInfo", &request.base,
            &steelyard__v1__get_info_response__descriptor, GONE_MS, &answer, &ignored) == 0)
        protobuf_c_message_free_unpacked(answer, NULL);
    else
        (void)sy_fail_reason(error, SY_UNAVAILABLE, "ENGINE_GONE",
                             "the engine is gone (%.100s): it was killed, or it crashed; %s",
                             why.message, todo);
}

static struct sy_host *create(void) {
    struct sy_host *host = sy_calloc(1, sizeof *host);
    host->process.output = -1;
    return host;
}

static void begin_grpc(struct sy_host *host) {
    sy_grpc_init();
    host->grpc = true;
}

static void destroy(struct sy_host *host, int64_t end_ms) {
    sy_answers_close(host->held);
    if (host->channel)
        grpc_channel_destroy(host->channel);
    if (host->grpc)
        sy_grpc_shutdown();
    if (host->started)
        sy_process_finish(&host->process, end_ms);
    free(host);
}

static int connect_started(struct sy_host *host, const struct sy_certificate *own,
                           const struct sy_handshake *handshake, const char *program,
                           struct sy_error *error) {
    SY_AUTO_FREE char *server_pem = NULL;
    Google__Protobuf__Empty hold = GOOGLE__PROTOBUF__EMPTY__INIT;
    if (!handshake->certificate[0])
        return sy_fail(
            error, SY_UNAUTHENTICATED,
            "%s offers no certificate in its handshake; an engine must answer mutual TLS", program);
    if (sy_certificate_from_base64(handshake->certificate, &server_pem, error))
        return -1;
    struct sy_channel_options options = {.path = handshake->path,
                                         .server_pem = server_pem,
                                         .client_pem = own->pem,
                                         .client_key_pem = own->key_pem};
    if (sy_channel_open(&options, &host->channel, error))
        return -1;
    host->held = sy_answers_open(host->channel, "/plugin.GRPCStdio/StreamStdio",
                                 sy_message_pack(&hold.base));
    return greet(host, program, error);
}

int sy_host_start(const char *const *argv, struct sy_host **ret, struct sy_error *error) {
    struct sy_certificate own = {0};
    struct sy_handshake handshake;
    if (sy_certificate_create(&own, error))
        return -1;
    struct sy_host *host = create();
    int failed = sy_process_start(argv, own.pem, &host->process, error);
    host->started = !failed;
    if (!failed) {
        begin_grpc(host); /* while the engine starts; never before, it must not be forked */
        failed = sy_process_handshake(&host->process, argv[0], HANDSHAKE_MS, &handshake, error) ||
                 connect_started(host, &own, &handshake, argv[0], error);
    }
    sy_certificate_finish(&own);
    if (failed) {
        destroy(host, 0); /* what did not shake hands is not waited for */
        return -1;
    }
    *ret = host;
    return 0;
}

/* A socket that somebody else laid out is not our engine's. */
static int check_owner(const char *path, struct sy_error *error) {
    struct stat about;
    if (stat(path, &about) || !S_ISSOCK(about.st_mode))
        return sy_fail(error, SY_UNAVAILABLE,
                       "no engine serves on %s; start one with: steelyard engine --listen unix:%s",
                       path, path);
    if (about.st_uid != geteuid() && about.st_uid != 0)
        return sy_fail(error, SY_PERMISSION_DENIED,
                       "%s belongs to user %u, not to you; an engine is joined by its owner alone",
                       path, (unsigned)about.st_uid);
    int failed = sy_socket_probe(path);
    return failed ? sy_fail(error, SY_UNAVAILABLE,
                            "no engine answers on %s (%s); start one with: steelyard engine "
                            "--listen unix:%s",
                            path, strerror(failed), path)
                  : 0;
}

int sy_host_join(const char *address, struct sy_host **ret, struct sy_error *error) {
    char path[SY_SOCKET_PATH_MAX + 1];
    if (sy_socket_parse(address, path, error) || check_owner(path, error))
        return -1;
    struct sy_host *host = create();
    struct sy_channel_options options = {.path = path};
    begin_grpc(host);
    if (sy_channel_open(&options, &host->channel, error) || greet(host, address, error)) {
        destroy(host, 0);
        return -1;
    }
    *ret = host;
    return 0;
}

void sy_host_finish(struct sy_host *host) {
    if (!host)
        return;
    if (host->started) {
        Plugin__Empty request = PLUGIN__EMPTY__INIT;
        struct sy_error ignored;
        ProtobufCMessage *answer = NULL;
        if (ask(host, "/plugin.GRPCController/Shutdown", &request.base, &plugin__empty__descriptor,
                SHUTDOWN_MS, &answer, &ignored) == 0)
            protobuf_c_message_free_unpacked(answer, NULL);
    }
    destroy(host, END_MS);
}

static int open_stream(struct sy_host *host, const char *method, const ProtobufCMessage *request,
                       const char *function, const char *alias, struct sy_stream **ret) {
    struct sy_stream *stream = sy_calloc(1, sizeof *stream);
    stream->host = host;
    (void)snprintf(stream->function, sizeof stream->function, "%s", function);
    (void)snprintf(stream->alias, sizeof stream->alias, "%s", alias);
    stream->answers = sy_answers_open(host->channel, method, sy_message_pack(request));
    *ret = stream;
    return 0;
}

int sy_host_apply(struct sy_host *host, const struct sy_spec *spec, const char *fingerprint,
                  struct sy_stream **ret, struct sy_error *error) {
    (void)error; /* what can fail fails in the stream */
    struct sy_spec_message message;
    Steelyard__V1__ApplyRequest request = STEELYARD__V1__APPLY_REQUEST__INIT;
    sy_spec_to_proto(spec, &message);
    request.spec = &message.spec;
    request.fingerprint = (char *)(fingerprint ? fingerprint : "");
    return open_stream(host, "/steelyard.v1.ReleaseService/Apply", &request.base, spec->function,
                       spec->alias, ret);
}

int sy_host_resume(struct sy_host *host, const struct sy_resume *resume, struct sy_stream **ret,
                   struct sy_error *error) {
    (void)error;
    Steelyard__V1__ResumeRequest request = STEELYARD__V1__RESUME_REQUEST__INIT;
    request.function = (char *)resume->function;
    request.alias = (char *)resume->alias;
    request.reason = (char *)resume->reason;
    request.wait = sy_wait_to_proto(resume->wait);
    request.on_interrupt = sy_interrupt_to_proto(resume->on_interrupt);
    request.settle = resume->settle;
    request.promote = resume->promote;
    return open_stream(host, "/steelyard.v1.ReleaseService/Resume", &request.base, resume->function,
                       resume->alias, ret);
}

int sy_host_rollback(struct sy_host *host, const struct sy_rollback *rollback,
                     struct sy_stream **ret, struct sy_error *error) {
    (void)error;
    struct sy_spec_message steps;
    struct sy_spec spec = {.n_stages = rollback->n_steps};
    Steelyard__V1__RollbackRequest request = STEELYARD__V1__ROLLBACK_REQUEST__INIT;
    memcpy(spec.stages, rollback->steps, sizeof spec.stages);
    sy_spec_to_proto(&spec, &steps);
    request.function = (char *)rollback->function;
    request.alias = (char *)rollback->alias;
    request.reason = (char *)rollback->reason;
    request.baseline = (char *)rollback->baseline;
    request.steps = &steps.list;
    request.running_only = rollback->running_only;
    return open_stream(host, "/steelyard.v1.ReleaseService/Rollback", &request.base,
                       rollback->function, rollback->alias, ret);
}

int sy_host_watch(struct sy_host *host, const char *function, const char *alias,
                  struct sy_stream **ret, struct sy_error *error) {
    (void)error;
    Steelyard__V1__WatchRequest request = STEELYARD__V1__WATCH_REQUEST__INIT;
    request.function = (char *)function;
    request.alias = (char *)alias;
    request.through_record = true;
    int failed = open_stream(host, "/steelyard.v1.ReleaseService/Watch", &request.base, function,
                             alias, ret);
    (*ret)->looks_on = true;
    return failed;
}

/* Apply, Resume, Rollback and Watch answer with messages of one shape. */
static int read_event(const ProtobufCMessage *message, void *ret, struct sy_error *error) {
    return sy_event_from_proto(((const Steelyard__V1__ApplyResponse *)message)->event, ret, error);
}

int sy_host_read_event(grpc_slice bytes, const ProtobufCMessageDescriptor *type,
                       sy_host_event_reader *read, void *ret, struct sy_error *error) {
    ProtobufCMessage *message = NULL;
    int failed = sy_message_decode(type, GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes),
                                   &message, error);
    grpc_slice_unref(bytes);
    if (!failed) {
        failed = read(message, ret, error);
        protobuf_c_message_free_unpacked(message, NULL);
    }
    if (!failed)
        return 0;
    struct sy_error why = *error;
    return sy_fail(error, SY_INTERNAL, "an event of the engine cannot be understood: %s",
                   why.message);
}

int sy_stream_next(struct sy_stream *stream, int64_t timeout_ms, struct sy_release_event *ret,
                   struct sy_error *error) {
    grpc_slice bytes;
    if (stream->looks_on && stream->interrupted) {
        *error = (struct sy_error){0};
        return -1;
    }
    int got = sy_answers_next(stream->answers, timeout_ms, &bytes, error);
    if (got < 0 && stream->interrupted && error->code == SY_NOT_FOUND)
        return sy_fail(error, SY_CANCELLED,
                       "interrupted, and the engine does not drive %s:%s any more; `status` shows "
                       "where it stands",
                       stream->function, stream->alias);
    if (got < 0)
        sy_host_explain(
            stream->host,
            stream->looks_on ? "`steelyard status` shows where the release stands"
            : stream->sequence
                ? "the alias may be split: `steelyard status` shows where it stands, `resume` "
                  "goes on with it, `rollback` goes back at once"
                : "nothing was heard of a release; `steelyard status` shows whether one began",
            error);
    if (got <= 0)
        return got;
    if (sy_host_read_event(bytes, &steelyard__v1__apply_response__descriptor, read_event, ret,
                           error))
        return -1;
    stream->sequence = ret->sequence;
    memcpy(stream->release_id, ret->release_id, sizeof stream->release_id);
    return 1;
}

void sy_stream_interrupt(struct sy_stream *stream) {
    Steelyard__V1__WatchRequest request = STEELYARD__V1__WATCH_REQUEST__INIT;
    if (stream->interrupted)
        return;
    stream->interrupted = true;
    if (stream->looks_on)
        return;
    request.release_id = stream->release_id;
    request.function = stream->function;
    request.alias = stream->alias;
    request.from_sequence = stream->sequence + 1;
    /* Look on before letting go, so that the release cannot end unseen in between. */
    struct sy_answers *watch =
        sy_answers_open(stream->host->channel, "/steelyard.v1.ReleaseService/Watch",
                        sy_message_pack(&request.base));
    (void)sy_answers_wait_open(watch, WATCH_OPEN_MS);
    sy_answers_close(stream->answers);
    stream->answers = watch;
}

void sy_stream_close(struct sy_stream *stream) {
    if (!stream)
        return;
    sy_answers_close(stream->answers);
    free(stream);
}

int sy_host_ask(struct sy_host *host, const char *method, const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret,
                struct sy_error *error) {
    if (!ask(host, method, request, type, ASK_MS, ret, error))
        return 0;
    sy_host_explain(host, "try again", error);
    return -1;
}

struct sy_answers *sy_host_open(struct sy_host *host, const char *method,
                                const ProtobufCMessage *request) {
    return sy_answers_open(host->channel, method, sy_message_pack(request));
}
