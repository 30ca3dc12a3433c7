/* The in-process carrier: exchanges with a world on virtual time. */
#include "sandbox/world_call.h"

#include "base/timers.h"

#include <string.h>

static const int64_t default_timeout_ms = 60000;

/* One exchange. It ends when it has both arrived (or never will) and been answered (or nobody waits
 * for the answer any more). */
struct exchange {
    struct world_io *io;
    uint64_t handle;
    struct sy_timer timer;
    struct sy_exchange plan;
    struct sy_http_request request; /* owned */
    sy_http_done *done;             /* NULL: cancelled or answered */
    void *ctx;
    int64_t arrive_ms;
    int64_t answer_ms;
    bool timed_out;
    bool arrived;
    struct sy_http_response response; /* owned, once arrived */
    struct exchange *next;            /* of the same bucket */
};

enum { BUCKETS = 4096 };

struct world_io {
    struct sy_io base;
    struct sy_world *world;
    struct sy_timers timers;
    uint64_t next_handle;
    bool woken;
    struct exchange *buckets[BUCKETS];
};

static struct sy_http_header *headers_copy(const struct sy_http_header *headers, size_t count) {
    struct sy_http_header *copy = sy_calloc(count, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = (struct sy_http_header){.name = sy_strdup(headers[i].name),
                                          .value = sy_strdup(headers[i].value)};
    return copy;
}

static void headers_free(const struct sy_http_header *headers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free((char *)headers[i].name);
        free((char *)headers[i].value);
    }
    free((struct sy_http_header *)headers);
}

static struct exchange **bucket_of(struct world_io *io, uint64_t handle) {
    return &io->buckets[handle % BUCKETS];
}

static struct exchange **find(struct world_io *io, uint64_t handle) {
    struct exchange **at = bucket_of(io, handle);
    while (*at && (*at)->handle != handle)
        at = &(*at)->next;
    return at;
}

static void exchange_free(struct exchange *exchange) {
    headers_free(exchange->request.headers, exchange->request.n_headers);
    headers_free(exchange->response.headers, exchange->response.n_headers);
    free((char *)exchange->request.method);
    free((char *)exchange->request.url);
    free((void *)exchange->request.body);
    free((char *)exchange->response.body);
    free(exchange);
}

static void step(void *ctx);

/* Arm the next of the two moments, or let the exchange go. */
static void next_moment(struct exchange *exchange) {
    struct world_io *io = exchange->io;
    int64_t at = exchange->done ? exchange->answer_ms : INT64_MAX;
    if (!exchange->arrived && exchange->arrive_ms <= at)
        at = exchange->arrive_ms;
    if (at == INT64_MAX) {
        *find(io, exchange->handle) = exchange->next;
        sy_timers_cancel(&io->timers, &exchange->timer);
        exchange_free(exchange);
        return;
    }
    sy_timers_set(&io->timers, &exchange->timer, at, step, exchange);
}

static void arrive(struct exchange *exchange) {
    struct sy_world_reply reply;
    struct sy_world *world = exchange->io->world;
    sy_world_perform(world, world->now_ms, &exchange->request, &exchange->plan, &reply);
    exchange->arrived = true;
    exchange->response = reply.response;
    exchange->response.headers = headers_copy(reply.response.headers, reply.response.n_headers);
    char *body = sy_calloc(1, reply.response.body_len + 1);
    if (reply.response.body_len)
        memcpy(body, reply.response.body, reply.response.body_len);
    exchange->response.body = body;
}

static void answer(struct exchange *exchange) {
    sy_http_done *done = exchange->done;
    struct sy_http_response late = {0};
    exchange->done = NULL;
    if (exchange->timed_out) {
        (void)sy_fail(&late.error, SY_DEADLINE_EXCEEDED, "no answer within %lld ms",
                      (long long)exchange->request.timeout_ms);
        done(exchange->ctx, &late);
    } else {
        done(exchange->ctx, &exchange->response);
    }
}

static void step(void *ctx) {
    struct exchange *exchange = ctx;
    if (!exchange->arrived && exchange->arrive_ms <= exchange->io->world->now_ms)
        arrive(exchange);
    else
        answer(exchange);
    next_moment(exchange);
}

static int64_t io_now(struct sy_io *base) {
    return ((struct world_io *)base)->world->now_ms;
}

static uint64_t io_submit(struct sy_io *base, const struct sy_http_request *request,
                          sy_http_done *done, void *ctx) {
    struct world_io *io = (struct world_io *)base;
    struct exchange *exchange = sy_calloc(1, sizeof *exchange);
    char *body = sy_calloc(1, request->body_len + 1);
    if (request->body_len)
        memcpy(body, request->body, request->body_len);
    exchange->request = (struct sy_http_request){
        .method = sy_strdup(request->method),
        .url = sy_strdup(request->url),
        .headers = headers_copy(request->headers, request->n_headers),
        .n_headers = request->n_headers,
        .body = body,
        .body_len = request->body_len,
        .timeout_ms = request->timeout_ms ? request->timeout_ms : default_timeout_ms,
    };
    exchange->io = io;
    exchange->handle = ++io->next_handle;
    exchange->done = done;
    exchange->ctx = ctx;
    int64_t now = io->world->now_ms;
    sy_world_plan(io->world, now, &exchange->request, &exchange->plan);
    exchange->arrive_ms = now + exchange->plan.arrival_ms;
    exchange->answer_ms = now + exchange->plan.latency_ms;
    exchange->timed_out = exchange->plan.latency_ms > exchange->request.timeout_ms;
    if (exchange->timed_out)
        exchange->answer_ms = now + exchange->request.timeout_ms;
    exchange->next = *bucket_of(io, exchange->handle);
    *bucket_of(io, exchange->handle) = exchange;
    next_moment(exchange);
    return exchange->handle;
}

/* What has left cannot be called back: it still arrives. */
static void io_cancel(struct sy_io *base, uint64_t handle) {
    struct exchange *exchange = *find((struct world_io *)base, handle);
    if (!exchange || !exchange->done)
        return;
    exchange->done = NULL;
    next_moment(exchange);
}

static void io_wait(struct sy_io *base, int64_t until_ms) {
    struct world_io *io = (struct world_io *)base;
    if (io->woken) {
        io->woken = false;
        return;
    }
    int64_t now = io->world->now_ms;
    int64_t next = sy_timers_next(&io->timers);
    int64_t to = next < until_ms ? next : until_ms;
    if (to == INT64_MAX)
        return; /* nothing will ever happen; a carrier on the real clock would wait for wake() */
    if (to > now)
        sy_world_advance(io->world, to);
    if (next <= (to > now ? to : now))
        (void)sy_timers_fire_one(&io->timers, io->world->now_ms);
}

static void io_wake(struct sy_io *base) {
    ((struct world_io *)base)->woken = true;
}

static const struct sy_io_ops ops = {
    .now_ms = io_now,
    .submit = io_submit,
    .cancel = io_cancel,
    .wait = io_wait,
    .wake = io_wake,
};

struct sy_io *sy_world_io_create(struct sy_world *world) {
    struct world_io *io = sy_calloc(1, sizeof *io);
    io->base.ops = &ops;
    io->world = world;
    return &io->base;
}

void sy_world_io_destroy(struct sy_io *base) {
    struct world_io *io = (struct world_io *)base;
    if (!io)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (io->buckets[i]) {
            struct exchange *exchange = io->buckets[i];
            io->buckets[i] = exchange->next;
            exchange_free(exchange);
        }
    sy_timers_finish(&io->timers);
    free(io);
}
