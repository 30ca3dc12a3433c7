#include "sandbox/serve.h"

#include "base/json.h"
#include "base/timers.h"
#include "sandbox/record.h"
#include "sandbox/world_call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BODY_MAX = 8 << 20, /* Lambda takes 6 MiB, the others less */
    SCENARIO_MAX = 256 << 20,
    HEADERS_MAX = 100,
    CONNECTIONS_MAX = 400,
    IDLE_S = 30,
    LOOK_AROUND_MS = 200,
};

struct server {
    struct sy_world *world;
    struct MHD_Daemon *daemon;
    struct sy_timers timers;
    FILE *record;
    char base_url[40];
    int64_t start_unix_ms;
    int64_t start_monotonic_ms;
    struct exchange *exchanges;
};

enum state { NEW, READING, TRAVELLING, READY };

struct exchange {
    struct server *server;
    struct MHD_Connection *connection;
    enum state state;
    bool suspended;
    char *method;
    char *url;
    struct sy_http_header headers[HEADERS_MAX];
    size_t n_headers;
    struct sy_buffer body;
    struct sy_exchange plan;
    struct sy_timer timer;
    int64_t answer_ms;
    struct MHD_Response *response; /* NULL when READY: cut the connection */
    int status;
    struct exchange *next, **link;
};

static int64_t clock_ms(clockid_t id) {
    struct timespec ts;
    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The world's clock is not set back when somebody sets the machine's. */
static int64_t now_ms(const struct server *server) {
    return server->start_unix_ms + clock_ms(CLOCK_MONOTONIC) - server->start_monotonic_ms;
}

/* Called with the request line, before anything else: the only place that has the URL as sent. */
static void *exchange_create(void *ctx, const char *uri, struct MHD_Connection *connection) {
    struct server *server = ctx;
    struct exchange *exchange = sy_calloc(1, sizeof *exchange);
    exchange->server = server;
    exchange->connection = connection;
    exchange->url = sy_asprintf("%s%s", *uri == '/' ? server->base_url : "", uri);
    exchange->next = server->exchanges;
    exchange->link = &server->exchanges;
    if (exchange->next)
        exchange->next->link = &exchange->next;
    server->exchanges = exchange;
    return exchange;
}

static void exchange_end(void *ctx, struct MHD_Connection *connection, void **at,
                         enum MHD_RequestTerminationCode why) {
    struct server *server = ctx;
    struct exchange *exchange = *at;
    (void)connection;
    (void)why;
    if (!exchange)
        return;
    sy_timers_cancel(&server->timers, &exchange->timer);
    *exchange->link = exchange->next;
    if (exchange->next)
        exchange->next->link = exchange->link;
    if (exchange->response)
        MHD_destroy_response(exchange->response);
    sy_buffer_finish(&exchange->body);
    free(exchange->method);
    free(exchange->url);
    free(exchange);
    *at = NULL;
}

static enum MHD_Result header_add(void *ctx, enum MHD_ValueKind kind, const char *name,
                                  const char *value) {
    struct exchange *exchange = ctx;
    (void)kind;
    if (exchange->n_headers == HEADERS_MAX)
        return MHD_NO;
    exchange->headers[exchange->n_headers++] =
        (struct sy_http_header){.name = name, .value = value ? value : ""};
    return MHD_YES;
}

static void respond(struct exchange *exchange, int status, const char *type, const void *body,
                    size_t len) {
    exchange->status = status;
    exchange->response = MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);
    if (exchange->response && type)
        (void)MHD_add_response_header(exchange->response, "Content-Type", type);
    exchange->state = READY;
}

static void respond_json(struct exchange *exchange, int status, const char *key,
                         const char *value) {
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    json_object_object_add(object, key, json_object_new_string(value));
    SY_AUTO_FREE char *text = sy_json_write(object);
    respond(exchange, status, "application/json", text, strlen(text));
}

static struct sy_http_request request_of(const struct exchange *exchange) {
    return (struct sy_http_request){
        .method = exchange->method,
        .url = exchange->url,
        .headers = exchange->headers,
        .n_headers = exchange->n_headers,
        .body = exchange->body.data ? exchange->body.data : "",
        .body_len = exchange->body.len,
    };
}

static void arrive(struct exchange *exchange) {
    struct server *server = exchange->server;
    struct sy_world_reply reply;
    struct sy_http_request request = request_of(exchange);
    sy_world_perform(server->world, now_ms(server), &request, &exchange->plan, &reply);
    if (!reply.response.status) {
        exchange->state = READY;
        return;
    }
    respond(exchange, reply.response.status, NULL, reply.response.body, reply.response.body_len);
    for (size_t i = 0; exchange->response && i < reply.response.n_headers; i++)
        (void)MHD_add_response_header(exchange->response, reply.response.headers[i].name,
                                      reply.response.headers[i].value);
}

static void wake_up(void *ctx) {
    struct exchange *exchange = ctx;
    if (exchange->state == TRAVELLING)
        arrive(exchange);
    if (now_ms(exchange->server) < exchange->answer_ms) {
        sy_timers_set(&exchange->server->timers, &exchange->timer, exchange->answer_ms, wake_up,
                      exchange);
        return;
    }
    exchange->suspended = false;
    MHD_resume_connection(exchange->connection);
}

static void travel(struct exchange *exchange) {
    struct server *server = exchange->server;
    struct sy_http_request request = request_of(exchange);
    int64_t now = now_ms(server);
    sy_world_plan(server->world, now, &request, &exchange->plan);
    exchange->state = TRAVELLING;
    exchange->answer_ms = now + exchange->plan.latency_ms;
    if (exchange->plan.latency_ms == 0) {
        arrive(exchange);
        return;
    }
    exchange->suspended = true;
    MHD_suspend_connection(exchange->connection);
    sy_timers_set(&server->timers, &exchange->timer, now + exchange->plan.arrival_ms, wake_up,
                  exchange);
}

static void act(struct exchange *exchange) {
    struct sy_error error = {0};
    struct server *server = exchange->server;
    const char *action = exchange->body.data ? exchange->body.data : "";
    if (strcmp(exchange->method, "POST") != 0)
        respond_json(exchange, 405, "error", "an action is a POST");
    else if (strlen(action) != exchange->body.len ||
             sy_world_act(server->world, now_ms(server), action, &error))
        respond_json(exchange, 400, "error", error.message);
    else
        respond_json(exchange, 200, "status", "done");
}

static void received(struct exchange *exchange) {
    const char *path = strchr(exchange->url + (strncmp(exchange->url, "http://", 7) ? 0 : 7), '/');
    if (path && strcmp(path, "/_steelyard/health") == 0)
        respond_json(exchange, 200, "status", "ok");
    else if (path && strcmp(path, "/_steelyard/act") == 0)
        act(exchange);
    else {
        struct sy_http_request request = request_of(exchange);
        sy_record_add(exchange->server->record, &request);
        travel(exchange);
    }
}

static enum MHD_Result begin(struct exchange *exchange, const char *method) {
    exchange->state = READING;
    exchange->method = sy_strdup(method);
    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, header_add, exchange);
    const char *length =
        MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Content-Length");
    if (length && strtoull(length, NULL, 10) > BODY_MAX)
        respond_json(exchange, 413, "message", "Request must be smaller than 8388608 bytes");
    return MHD_YES;
}

static enum MHD_Result finish(struct exchange *exchange) {
    if (!exchange->response)
        return MHD_NO;
    return MHD_queue_response(exchange->connection, (unsigned)exchange->status, exchange->response);
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **at) {
    struct exchange *exchange = *at;
    (void)ctx;
    (void)connection;
    (void)url;
    (void)version;
    if (!exchange)
        return MHD_NO;
    if (exchange->state == NEW) {
        enum MHD_Result result = begin(exchange, method);
        return exchange->state == READY ? finish(exchange) : result;
    }
    if (exchange->state == READING && *upload_size) {
        if (exchange->body.len + *upload_size > BODY_MAX)
            return MHD_NO;
        sy_buffer_append(&exchange->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (exchange->state == READING)
        received(exchange);
    return exchange->state == READY && !exchange->suspended ? finish(exchange) : MHD_YES;
}

static int scenario_load(const char *path, char **ret, size_t *ret_len, struct sy_error *error) {
    struct stat status;
    struct sy_buffer text = {0};
    char piece[65536];
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) || S_ISDIR(status.st_mode)) {
        int why = fd < 0 ? errno : EISDIR;
        if (fd >= 0)
            (void)close(fd);
        return sy_fail(error, SY_INVALID_ARGUMENT, "the scenario %s cannot be read: %s", path,
                       strerror(why));
    }
    while (text.len <= SCENARIO_MAX && (n = read(fd, piece, sizeof piece)) > 0)
        sy_buffer_append(&text, piece, (size_t)n);
    (void)close(fd);
    if (n < 0 || text.len > SCENARIO_MAX) {
        sy_buffer_finish(&text);
        return sy_fail(error, SY_INVALID_ARGUMENT, "the scenario %s cannot be read: %s", path,
                       n < 0 ? "input error" : "it is larger than 256 MiB");
    }
    sy_buffer_append(&text, "", 0);
    *ret = text.data;
    *ret_len = text.len;
    return 0;
}

static int listen_on(struct server *server, uint16_t port, struct sy_error *error) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server->daemon = MHD_start_daemon(
        /* Not epoll: libmicrohttpd 0.9.75 misses the end of a client that sends and closes. */
        MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_URI_LOG_CALLBACK, exchange_create, server, MHD_OPTION_NOTIFY_COMPLETED,
        exchange_end, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)65536, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info)
        return sy_fail(error, SY_UNAVAILABLE,
                       "the sandbox cannot listen on 127.0.0.1:%u; is the port taken?", port);
    (void)snprintf(server->base_url, sizeof server->base_url, "http://127.0.0.1:%u", info->port);
    return 0;
}

static int32_t wait_ms(const struct server *server) {
    int64_t next = sy_timers_next(&server->timers);
    int64_t wait = LOOK_AROUND_MS;
    if (next != INT64_MAX && next - now_ms(server) < wait)
        wait = next - now_ms(server);
    return wait < 0 ? 0 : (int32_t)wait;
}

static void loop(struct server *server, const volatile sig_atomic_t *stop) {
    while (!stop || !*stop) {
        (void)MHD_run_wait(server->daemon, wait_ms(server));
        while (sy_timers_fire_one(&server->timers, now_ms(server)))
            continue;
    }
}

static void server_finish(struct server *server) {
    for (struct exchange *at = server->exchanges; at; at = at->next)
        if (at->suspended) {
            at->suspended = false;
            at->state = READY;
            MHD_resume_connection(at->connection);
        }
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    sy_timers_finish(&server->timers);
    sy_world_destroy(server->world);
    if (server->record)
        (void)fclose(server->record);
}

int sy_sandbox_serve(const struct sy_sandbox_options *options, struct sy_error *error) {
    struct server server = {.start_unix_ms = clock_ms(CLOCK_REALTIME),
                            .start_monotonic_ms = clock_ms(CLOCK_MONOTONIC)};
    SY_AUTO_FREE char *scenario = NULL;
    size_t len = 0;
    int result = -1;
    if (scenario_load(options->scenario_path, &scenario, &len, error) == 0 &&
        sy_world_create(scenario, len, server.start_unix_ms, &server.world, error) == 0 &&
        (!options->record_path ||
         sy_record_open(options->record_path, &server.record, error) == 0) &&
        listen_on(&server, options->port, error) == 0) {
        (void)printf("%s\n", server.base_url);
        (void)fflush(stdout);
        loop(&server, options->stop);
        result = 0;
    }
    server_finish(&server);
    return result;
}
