#include "aws/ask.h"

#include "aws/credentials.h"
#include "base/memory.h"

#include <openssl/crypto.h>
#include <string.h>

struct sy_ask {
    struct sy_io *io;
    struct sy_timers *timers;
    struct sy_timer timer;
    uint64_t exchange; /* 0: none under way */
    int attempts_left;
    int64_t pause_ms;
    sy_ask_again *again;
    sy_http_done *done;
    void *ctx;
    struct sy_http_request request; /* what it points to is owned; it may hold secrets */
};

bool sy_ask_transient(const struct sy_http_response *response) {
    if (response->status == 0)
        return response->error.code == SY_UNAVAILABLE ||
               response->error.code == SY_DEADLINE_EXCEEDED;
    return response->status == 429 || response->status >= 500;
}

static void copy_request(const struct sy_http_request *from, struct sy_http_request *to) {
    struct sy_http_header *headers = sy_calloc(from->n_headers, sizeof *headers);
    char *body = from->body ? sy_calloc(1, from->body_len + 1) : NULL;
    for (size_t i = 0; i < from->n_headers; i++)
        headers[i] = (struct sy_http_header){sy_strdup(from->headers[i].name),
                                             sy_strdup(from->headers[i].value)};
    if (body)
        memcpy(body, from->body, from->body_len);
    *to = *from;
    to->method = sy_strdup(from->method);
    to->url = sy_strdup(from->url);
    to->headers = headers;
    to->body = body;
}

static void free_request(struct sy_http_request *request) {
    for (size_t i = 0; i < request->n_headers; i++) {
        free((char *)request->headers[i].name);
        sy_secret_free((char *)request->headers[i].value);
    }
    if (request->body)
        OPENSSL_cleanse((char *)request->body, request->body_len);
    free((struct sy_http_header *)request->headers);
    free((char *)request->body);
    free((char *)request->method);
    free((char *)request->url);
}

static void attempt(void *ctx);

static void answered(void *ctx, const struct sy_http_response *response) {
    struct sy_ask *ask = ctx;
    bool good = sy_http_is_good(response);
    ask->exchange = 0;
    if (!good && ask->attempts_left > 0 && ask->again(response)) {
        sy_timers_set(ask->timers, &ask->timer, sy_io_now(ask->io) + ask->pause_ms, attempt, ask);
        ask->pause_ms *= 2;
        return;
    }
    sy_http_done *done = ask->done;
    void *owner = ask->ctx;
    sy_ask_drop(ask);
    done(owner, response);
}

static void attempt(void *ctx) {
    struct sy_ask *ask = ctx;
    ask->attempts_left--;
    ask->exchange = ask->io->ops->submit(ask->io, &ask->request, answered, ask);
}

struct sy_ask *sy_ask_start(const struct sy_ask_options *options, sy_http_done *done, void *ctx) {
    struct sy_ask *ask = sy_calloc(1, sizeof *ask);
    ask->io = options->io;
    ask->timers = options->timers;
    ask->attempts_left = options->attempts;
    ask->pause_ms = options->pause_ms;
    ask->again = options->again ? options->again : sy_ask_transient;
    ask->done = done;
    ask->ctx = ctx;
    copy_request(&options->request, &ask->request);
    attempt(ask);
    return ask;
}

void sy_ask_drop(struct sy_ask *ask) {
    if (!ask)
        return;
    if (ask->exchange)
        ask->io->ops->cancel(ask->io, ask->exchange);
    sy_timers_cancel(ask->timers, &ask->timer);
    free_request(&ask->request);
    free(ask);
}
