/* A question of a credential source over HTTP: asked again when that may help, and never by more
 * than it said. */
#ifndef SY_AWS_ASK_H
#define SY_AWS_ASK_H

#include "base/io.h"
#include "base/timers.h"

#include <stdbool.h>

/* Is this failure worth another try? */
typedef bool sy_ask_again(const struct sy_http_response *response);
/* No answer for reasons of the network, HTTP 429 or 5xx. */
bool sy_ask_transient(const struct sy_http_response *response);

struct sy_ask_options {
    struct sy_io *io;
    struct sy_timers *timers;
    struct sy_http_request request; /* copied */
    int attempts;
    int64_t pause_ms;    /* before the second attempt; doubled before each further one */
    sy_ask_again *again; /* NULL: sy_ask_transient */
};

struct sy_ask;
/* done is called once, later, unless the question is dropped; the ask is gone when it is called. */
struct sy_ask *sy_ask_start(const struct sy_ask_options *options, sy_http_done *done, void *ctx)
    __attribute__((returns_nonnull));
/* done will not be called. Takes NULL. */
void sy_ask_drop(struct sy_ask *ask);

#endif
