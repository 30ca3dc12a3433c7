#include "rpc/server_internal.h"

#include "base/log.h"
#include "rpc/certificate.h"

#include <grpc/grpc_security.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    STREAMS_MAX = 16384,     /* on one connection: an engine drives up to 10,000 releases */
    SHUTDOWN_MOMENTS = 5000, /* of 0.2 ms: at most a second for gRPC to end */
    HOST_WITHIN_MS = 60000,  /* between the handshake line and the host's first call */
};

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

void sy_grpc_shutdown(void) {
    static const struct timespec a_moment = {.tv_nsec = 200000};
    grpc_shutdown_blocking();
    for (int i = 0; i < SHUTDOWN_MOMENTS && grpc_is_initialized(); i++) {
        grpc_init(); /* or the last one to let go would be a thread that nobody can wait for */
        (void)nanosleep(&a_moment, NULL);
        grpc_shutdown_blocking();
    }
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
         .value.integer = server->protocol->message_max},
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

static struct sy_server *create(const struct sy_server_options *options,
                                const struct sy_protocol *protocol) {
    struct sy_server *server = sy_calloc(1, sizeof *server);
    server->engine = options->engine;
    server->protocol = protocol;
    server->context = options->context;
    server->standing = options->listen != NULL;
    if (!server->standing)
        server->host_until_ms =
            sy_server_now_ms() +
            (options->host_within_ms ? options->host_within_ms : HOST_WITHIN_MS);
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
    sy_grpc_shutdown();
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
        for (struct sy_call *call; (call = sy_server_take_work(server, &bits)); sy_call_unref(call))
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
    sy_server_request_call(server);
    if (pthread_create(&server->thread, NULL, sy_server_serve, server))
        abort(); /* a process that gets no thread at its start has nothing to lose */
    return server->standing
               ? 0
               : sy_handshake_print(server->protocol, server->socket.path, certificate, error);
}

int sy_server_start(const struct sy_server_options *options, struct sy_server **ret,
                    struct sy_error *error) {
    const struct sy_protocol *protocol =
        options->protocol ? options->protocol : &sy_steelyard_protocol;
    if (!options->listen && !sy_handshake_is_wanted(protocol))
        return sy_fail(error, SY_FAILED_PRECONDITION, "%s", protocol->by_hand);
    struct sy_certificate certificate = {0};
    ignore_signals(options->listen != NULL);
    struct sy_server *server = create(options, protocol);
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
    sy_server_drain(ctx);
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
    sy_log(server->standing ? SY_LOG_INFO : SY_LOG_DEBUG,
           "the engine stops; every release is interrupted first");
    sy_engine_post(server->engine, interrupt_all, server);
}

void sy_server_finish(struct sy_server *server) {
    if (!server)
        return;
    sy_server_drain(server);
    sy_server_each_call(server, let_go);
    wait_for_thread(server);
    destroy(server);
}

bool sy_server_refuses(struct sy_call *call, unsigned bits, enum sy_server_phase from) {
    struct sy_error error;
    if (!(bits & SY_WORK_START) || sy_server_phase_of(call->server) < from)
        return false;
    (void)sy_fail_reason(&error, SY_UNAVAILABLE, "ENGINE_STOPPING",
                         "this engine is stopping; start another");
    sy_call_finish(call, &error);
    return true;
}
