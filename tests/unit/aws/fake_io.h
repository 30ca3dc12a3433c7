/* A carrier for tests: answers from a script, on virtual time, and keeps what was asked. */
#ifndef SY_TESTS_FAKE_IO_H
#define SY_TESTS_FAKE_IO_H

#include "base/io.h"
#include "base/memory.h"
#include "base/timers.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { FAKE_MAX = 512, FAKE_LATENCY_MS = 20 };

struct fake_answer {
    int status; /* 0: none, with code */
    enum sy_code code;
    const char *body;
    const char *header; /* one, with value */
    const char *value;
};

struct fake_request {
    int64_t at_ms;
    char *method;
    char *url;
    char *headers; /* "Name: value\n" each */
    char *body;
    sy_http_done *done;
    void *ctx;
    int64_t due_ms; /* 0: answered or cancelled */
};

struct fake_io {
    struct sy_io io;
    struct sy_timers timers;
    int64_t now_ms;
    const struct fake_answer *script; /* the last one repeats */
    size_t n_script;
    struct fake_request requests[FAKE_MAX];
    size_t n_requests;
    size_t n_cancelled;
};

static int64_t fake_now(struct sy_io *io) {
    return ((struct fake_io *)io)->now_ms;
}

static uint64_t fake_submit(struct sy_io *io, const struct sy_http_request *request,
                            sy_http_done *done, void *ctx) {
    struct fake_io *fake = (struct fake_io *)io;
    struct sy_buffer headers = {0};
    if (fake->n_requests == FAKE_MAX)
        abort();
    for (size_t i = 0; i < request->n_headers; i++)
        sy_buffer_printf(&headers, "%s: %s\n", request->headers[i].name, request->headers[i].value);
    fake->requests[fake->n_requests++] = (struct fake_request){
        .at_ms = fake->now_ms,
        .method = sy_strdup(request->method),
        .url = sy_strdup(request->url),
        .headers = headers.data,
        .body = request->body ? sy_strndup(request->body, request->body_len) : NULL,
        .done = done,
        .ctx = ctx,
        .due_ms = fake->now_ms + FAKE_LATENCY_MS};
    return fake->n_requests;
}

static void fake_cancel(struct sy_io *io, uint64_t handle) {
    struct fake_io *fake = (struct fake_io *)io;
    fake->n_cancelled += fake->requests[handle - 1].due_ms != 0;
    fake->requests[handle - 1].due_ms = 0;
}

static void fake_deliver(struct fake_io *fake, size_t i) {
    const struct fake_answer *answer = &fake->script[i < fake->n_script ? i : fake->n_script - 1];
    struct sy_http_header header = {answer->header, answer->value};
    struct sy_http_response response = {.status = answer->status,
                                        .headers = &header,
                                        .n_headers = answer->header ? 1 : 0,
                                        .body = answer->body ? answer->body : ""};
    response.body_len = strlen(response.body);
    if (answer->status == 0)
        (void)sy_fail(&response.error, answer->code, "the connection was cut");
    fake->requests[i].due_ms = 0;
    fake->requests[i].done(fake->requests[i].ctx, &response);
}

static void fake_wait(struct sy_io *io, int64_t until_ms) {
    struct fake_io *fake = (struct fake_io *)io;
    for (size_t i = 0; i < fake->n_requests; i++) {
        int64_t due = fake->requests[i].due_ms;
        if (due && due <= until_ms) {
            fake->now_ms = due > fake->now_ms ? due : fake->now_ms;
            fake_deliver(fake, i);
            return;
        }
    }
    if (until_ms != INT64_MAX)
        fake->now_ms = until_ms;
}

static void fake_wake(struct sy_io *io) {
    (void)io;
}

/* Run until nothing is under way. */
static inline void fake_run(struct fake_io *fake) {
    for (int turns = 0; turns < 10000; turns++) {
        bool busy = false;
        while (sy_timers_fire_one(&fake->timers, fake->now_ms))
            ;
        for (size_t i = 0; i < fake->n_requests; i++)
            busy = busy || fake->requests[i].due_ms;
        if (!busy && sy_timers_next(&fake->timers) == INT64_MAX)
            return;
        fake_wait(&fake->io, sy_timers_next(&fake->timers));
    }
    abort();
}

static const struct sy_io_ops fake_ops = {.now_ms = fake_now,
                                          .submit = fake_submit,
                                          .cancel = fake_cancel,
                                          .wait = fake_wait,
                                          .wake = fake_wake};

static struct fake_io *fake_create(void) {
    struct fake_io *fake = sy_calloc(1, sizeof *fake);
    fake->io.ops = &fake_ops;
    fake->now_ms = 1440938160000; /* 2015-08-30T12:36:00Z */
    return fake;
}

static void fake_destroy(struct fake_io *fake) {
    for (size_t i = 0; i < fake->n_requests; i++) {
        free(fake->requests[i].method);
        free(fake->requests[i].url);
        free(fake->requests[i].headers);
        free(fake->requests[i].body);
    }
    sy_timers_finish(&fake->timers);
    free(fake);
}

#endif
