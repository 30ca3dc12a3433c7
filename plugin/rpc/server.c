#include "rpc/server_internal.h"

#include "base/log.h"
#include "rpc/certificate.h"
#include "rpc/check.h"

#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    STREAMS_MAX = 16384, /* on one connection: an engine drives up to 10,000 releases */
    DRAIN_MS = 2000,     /* for what is still on its way out when the engine stops */
};

static int64_t monotonic_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct sy_method *sy_server_method(const struct sy_server *server, grpc_slice path) {
    static const struct sy_method *const tables[] = {sy_release_methods, sy_engine_methods,
                                                     sy_health_methods, sy_reflection_methods,
                                                     sy_plugin_methods};
    for (size_t i = 0; i < SY_COUNT(tables); i++)
        for (const struct sy_method *method = tables[i]; method->path; method++)
            if (grpc_slice_str_cmp(path, method->path) == 0)
                return method->host_only && server->standing ? NULL : method;
    return NULL;
}

void sy_server_enlist(struct sy_call *call) {
    struct sy_server *server = call->server;
    pthread_mutex_lock(&server->mutex);
    call->next = server->calls;
    if (call->next)
        call->next->previous = call;
    server->calls = call;
    pthread_mutex_unlock(&server->mutex);
}

void sy_server_delist(struct sy_call *call) {
    struct sy_server *server = call->server;
    pthread_mutex_lock(&server->mutex);
    if (call->next)
        call->next->previous = call->previous;
    if (call->previous)
        call->previous->next = call->next;
    else if (server->calls == call)
        server->calls = call->next;
    pthread_mutex_unlock(&server->mutex);
}

/* The next call in the list that can still be held, with a reference. */
static struct sy_call *hold(struct sy_call *call) {
    while (call && !sy_call_try_ref(call))
        call = call->next;
    return call;
}

void sy_server_each_call(struct sy_server *server, void (*visit)(struct sy_call *call)) {
    pthread_mutex_lock(&server->mutex);
    struct sy_call *call = hold(server->calls);
    pthread_mutex_unlock(&server->mutex);
    while (call) {
        visit(call);
        pthread_mutex_lock(&server->mutex);
        struct sy_call *next = hold(call->next);
        pthread_mutex_unlock(&server->mutex);
        sy_call_unref(call);
        call = next;
    }
}

/* ---- the mailbox to the engine's thread ---- */

static struct sy_call *take_work(struct sy_server *server, unsigned *ret_bits) {
    pthread_mutex_lock(&server->mutex);
    struct sy_call *call = server->work_first;
    if (call) {
        server->work_first = call->next_work;
        if (!server->work_first)
            server->work_last = NULL;
        call->next_work = NULL;
        *ret_bits = call->work;
        call->work = 0;
    } else {
        server->wake_posted = false;
    }
    pthread_mutex_unlock(&server->mutex);
    return call;
}

static void run_work(void *arg) {
    struct sy_server *server = arg;
    unsigned bits = 0;
    for (struct sy_call *call; (call = take_work(server, &bits));) {
        call->method->work(call, bits);
        sy_call_unref(call);
    }
}

void sy_server_post(struct sy_server *server, struct sy_call *call, unsigned bits) {
    pthread_mutex_lock(&server->mutex);
    bool queued = call->work != 0;
    bool wake = !server->wake_posted;
    call->work |= bits;
    if (!queued) {
        sy_call_ref(call);
        if (server->work_last)
            server->work_last->next_work = call;
        else
            server->work_first = call;
        server->work_last = call;
    }
    server->wake_posted = true;
    pthread_cond_signal(&server->changed);
    pthread_mutex_unlock(&server->mutex);
    if (wake)
        sy_engine_post(server->engine, run_work, server);
}

/* ---- the rpc thread ---- */

static void request_call(struct sy_server *server) {
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

static void on_new(struct sy_call *call, bool ok) {
    if (!ok) { /* the server shuts down */
        sy_call_unref(call);
        return;
    }
    request_call(call->server);
    sy_server_enlist(call);
    call->method = sy_server_method(call->server, call->details.method);
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
    sy_call_unref(call);              /* the open call's */
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

static enum sy_server_phase phase_of(struct sy_server *server, int64_t *ret_drain_until_ms) {
    pthread_mutex_lock(&server->mutex);
    enum sy_server_phase phase = server->phase;
    *ret_drain_until_ms = server->drain_until_ms;
    pthread_mutex_unlock(&server->mutex);
    return phase;
}

static grpc_event next_event(struct sy_server *server, bool drained, int64_t drain_until_ms) {
    gpr_timespec deadline = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    if (drained) {
        int64_t left = drain_until_ms - monotonic_ms();
        deadline = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                gpr_time_from_millis(left > 0 ? left : 0, GPR_TIMESPAN));
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

static void *serve(void *arg) {
    struct sy_server *server = arg;
    bool draining = false;  /* the idle calls were ended */
    bool cancelled = false; /* so were the others */
    for (;;) {
        int64_t until_ms = 0;
        if (!draining && phase_of(server, &until_ms) == SY_SERVER_DRAINING) {
            draining = true;
            sy_server_each_call(server, finish_idle_call);
        }
        grpc_event event = next_event(server, draining && !cancelled, until_ms);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            break;
        if (event.type == GRPC_QUEUE_TIMEOUT) {
            cancelled = true;
            grpc_server_cancel_all_calls(server->grpc);
        } else if (event.tag == &server->shutdown_tag) {
            shut_queue(server);
        } else {
            on_event(event.tag, event.success);
        }
    }
    pthread_mutex_lock(&server->mutex);
    server->thread_ended = true;
    pthread_cond_signal(&server->changed);
    pthread_mutex_unlock(&server->mutex);
    sy_engine_post(server->engine, stop_engine, server->engine);
    return NULL;
}

/* ---- start, stop, finish ---- */

/* gRPC's own log goes where ours goes; what it calls an error is a broken connection, mostly. */
static void forward_log(gpr_log_func_args *args) {
    sy_log(args->severity == GPR_LOG_SEVERITY_ERROR ? SY_LOG_WARN : SY_LOG_DEBUG, "gRPC: %s",
           args->message);
}

void sy_grpc_init(void) {
    (void)setenv("GRPC_DNS_RESOLVER", "ares", 1);
    gpr_set_log_function(forward_log);
    grpc_init();
}

static int credentials(struct sy_certificate *certificate, grpc_server_credentials **ret,
                       struct sy_error *error) {
    const char *client = getenv(SY_CLIENT_CERTIFICATE_KEY);
    if (!client || !*client) { /* go-plugin without AutoMTLS: the 0700 directory is the guard */
        *ret = grpc_insecure_server_credentials_create();
        return 0;
    }
    if (sy_certificate_check_pem(SY_CLIENT_CERTIFICATE_KEY, client, error) ||
        sy_certificate_create(certificate, error))
        return -1;
    grpc_ssl_pem_key_cert_pair pair = {certificate->key_pem, certificate->pem};
    *ret = grpc_ssl_server_credentials_create_ex(
        client, &pair, 1, GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, NULL);
    return *ret ? 0 : sy_fail(error, SY_INTERNAL, "gRPC refused the ephemeral certificate");
}

static void create_grpc(struct sy_server *server) {
    grpc_arg args[] = {
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
         .value.integer = SY_MESSAGE_MAX},
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_MAX_CONCURRENT_STREAMS,
         .value.integer = STREAMS_MAX},
    };
    grpc_channel_args options = {SY_COUNT(args), args};
    server->grpc = grpc_server_create(&options, NULL);
    server->queue = grpc_completion_queue_create_for_next(NULL);
    grpc_server_register_completion_queue(server->grpc, server->queue, NULL);
}

static int bind_socket(struct sy_server *server, const char *listen,
                       struct sy_certificate *certificate, struct sy_error *error) {
    grpc_server_credentials *guard = NULL;
    char address[SY_SOCKET_PATH_MAX + 8];
    if (server->standing)
        guard = grpc_insecure_server_credentials_create();
    else if (credentials(certificate, &guard, error))
        return -1;
    int failed = server->standing ? sy_socket_standing(listen, &server->socket, error)
                                  : sy_socket_private(&server->socket, error);
    if (!failed) {
        (void)snprintf(address, sizeof address, "unix:%s", server->socket.path);
        bool bound = grpc_server_add_http2_port(server->grpc, address, guard) != 0;
        failed = sy_socket_claimed(&server->socket, bound, error);
    }
    grpc_server_credentials_release(guard);
    return failed;
}

static struct sy_server *create(const struct sy_server_options *options) {
    struct sy_server *server = sy_calloc(1, sizeof *server);
    server->engine = options->engine;
    server->standing = options->listen != NULL;
    server->socket.lock = -1;
    (void)snprintf(server->version, sizeof server->version, "%s",
                   options->version ? options->version : "");
    (void)pthread_mutex_init(&server->mutex, NULL);
    (void)pthread_cond_init(&server->changed, NULL);
    (void)pthread_rwlock_init(&server->gate, NULL);
    sy_grpc_init();
    create_grpc(server);
    return server;
}

static void destroy(struct sy_server *server) {
    grpc_server_destroy(server->grpc);
    grpc_completion_queue_destroy(server->queue);
    sy_socket_finish(&server->socket);
    grpc_shutdown_blocking();
    (void)pthread_rwlock_destroy(&server->gate);
    (void)pthread_cond_destroy(&server->changed);
    (void)pthread_mutex_destroy(&server->mutex);
    free(server);
}

/* The host asks (go-plugin sends Ctrl-C to the whole group of a terminal): signals are not for us.
 */
static void ignore_signals(bool standing) {
    (void)signal(SIGPIPE, SIG_IGN);
    if (standing)
        return;
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
}

static void begin_draining(struct sy_server *server) {
    pthread_mutex_lock(&server->mutex);
    bool first = server->phase != SY_SERVER_DRAINING;
    server->phase = SY_SERVER_DRAINING;
    server->drain_until_ms = monotonic_ms() + DRAIN_MS;
    pthread_mutex_unlock(&server->mutex);
    if (first)
        grpc_server_shutdown_and_notify(server->grpc, server->queue, &server->shutdown_tag);
}

/* Let every open call go: the engine does not run any more. On its thread. */
static void let_go(struct sy_call *call) {
    struct sy_error error;
    (void)sy_fail(&error, SY_UNAVAILABLE,
                  "the engine has stopped; what it drove is kept in the release's record");
    call->backlog.closed = true;
    sy_stream_detach(call);
    sy_call_forget(call);
    if (call->method && call->method->work)
        sy_call_finish(call, &error);
}

static void wait_for_thread(struct sy_server *server) {
    unsigned bits = 0;
    for (bool ended = false; !ended;) {
        for (struct sy_call *call; (call = take_work(server, &bits)); sy_call_unref(call))
            let_go(call);
        pthread_mutex_lock(&server->mutex);
        while (!server->work_first && !server->thread_ended)
            pthread_cond_wait(&server->changed, &server->mutex);
        ended = !server->work_first;
        pthread_mutex_unlock(&server->mutex);
    }
    (void)pthread_join(server->thread, NULL);
}

static int start_serving(struct sy_server *server, const char *certificate,
                         struct sy_error *error) {
    grpc_server_start(server->grpc);
    request_call(server);
    if (pthread_create(&server->thread, NULL, serve, server))
        abort(); /* a process that gets no thread at its start has nothing to lose */
    return server->standing ? 0 : sy_handshake_print(server->socket.path, certificate, error);
}

int sy_server_start(const struct sy_server_options *options, struct sy_server **ret,
                    struct sy_error *error) {
    if (!options->listen && !sy_handshake_is_wanted())
        return sy_fail(error, SY_FAILED_PRECONDITION,
                       "an engine is started by its host, not by hand; to run one that stands by "
                       "itself, give it an address: steelyard engine --listen unix:/path");
    struct sy_certificate certificate = {0};
    ignore_signals(options->listen != NULL);
    struct sy_server *server = create(options);
    if (bind_socket(server, options->listen, &certificate, error)) {
        sy_certificate_finish(&certificate);
        grpc_server_shutdown_and_notify(server->grpc, server->queue, &server->shutdown_tag);
        (void)grpc_completion_queue_next(server->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        grpc_completion_queue_shutdown(server->queue);
        destroy(server);
        return -1;
    }
    int failed = start_serving(server, certificate.base64 ? certificate.base64 : "", error);
    sy_certificate_finish(&certificate);
    if (failed) {
        sy_server_finish(server);
        return -1;
    }
    *ret = server;
    return 0;
}

static void at_rest(void *ctx) {
    begin_draining(ctx);
}

static void interrupt_all(void *arg) {
    struct sy_server *server = arg;
    sy_engine_interrupt_all(server->engine, at_rest, server);
}

void sy_server_stop(struct sy_server *server) {
    pthread_mutex_lock(&server->mutex);
    bool first = server->phase == SY_SERVER_SERVING;
    if (first)
        server->phase = SY_SERVER_STOPPING;
    pthread_mutex_unlock(&server->mutex);
    if (!first)
        return;
    sy_log(SY_LOG_INFO, "the engine stops; every release is interrupted first");
    sy_engine_post(server->engine, interrupt_all, server);
}

void sy_server_finish(struct sy_server *server) {
    if (!server)
        return;
    begin_draining(server);
    sy_server_each_call(server, let_go);
    wait_for_thread(server);
    destroy(server);
}
