/* The seam between the engine and the outside: HTTP exchanges and the clock.
 *
 * Two carriers implement it: aws/curl_io.c (libcurl on the real clock) and sandbox/world_io.c (an
 * in-process AWS on virtual time). Everything above the seam - signing, retries, the engine, the
 * release core - runs unchanged on both, which is what makes an hour's release testable in a
 * millisecond. One thread calls everything here except wake(). */
#ifndef SY_BASE_IO_H
#define SY_BASE_IO_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct sy_http_header {
    const char *name;
    const char *value;
};

struct sy_http_request {
    const char *method; /* "GET" */
    const char *url;    /* absolute, percent-encoded as it goes on the wire */
    const struct sy_http_header *headers;
    size_t n_headers;
    const void *body;
    size_t body_len;
    int64_t timeout_ms; /* for the whole exchange; 0 = the carrier's default */
    bool direct;        /* never through a proxy: what is asked is on this machine or its link */
};

struct sy_http_response {
    int status; /* 0 when no complete answer came: then error says why */
    const struct sy_http_header *headers;
    size_t n_headers;
    const char *body; /* NUL-terminated behind body_len bytes */
    size_t body_len;
    struct sy_error error;
};

/* The response is valid during the call only. */
typedef void sy_http_done(void *ctx, const struct sy_http_response *response);

struct sy_io;
struct sy_io_ops {
    /* Unix time in milliseconds; never goes backwards. */
    int64_t (*now_ms)(struct sy_io *io);
    /* Start an exchange; copies what it needs. done is called once from a later wait(), never from
     * within submit(), unless the exchange is cancelled. Returns a handle, never 0. */
    uint64_t (*submit)(struct sy_io *io, const struct sy_http_request *request, sy_http_done *done,
                       void *ctx);
    /* Forget an exchange: done will not be called. Unknown handles are ignored. */
    void (*cancel)(struct sy_io *io, uint64_t handle);
    /* Wait until the given time, a completion, or wake(); then deliver what completed.
     * INT64_MAX waits for a completion or wake() alone. */
    void (*wait)(struct sy_io *io, int64_t until_ms);
    /* End a wait() early; the one call that any thread may make. */
    void (*wake)(struct sy_io *io);
};

struct sy_io {
    const struct sy_io_ops *ops;
};

static inline int64_t sy_io_now(struct sy_io *io) {
    return io->ops->now_ms(io);
}

/* 2xx? */
static inline bool sy_http_is_good(const struct sy_http_response *response) {
    return response->status >= 200 && response->status <= 299;
}
/* Value of a response header by name, case-insensitive; NULL when absent. */
const char *sy_http_header_get(const struct sy_http_response *response, const char *name);

#endif
