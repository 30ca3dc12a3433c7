/* The host's side of gRPC: blocking calls on a channel, bytes in and bytes out. */
#ifndef SY_RPC_CHANNEL_H
#define SY_RPC_CHANNEL_H

#include "rpc/message.h"

#include <stdbool.h>
#include <stdint.h>

/* path: of a Unix socket. certificate_pem NULL: plaintext, else mutual TLS that takes this very
 * certificate of the server's and shows the other two. */
struct sy_channel_options {
    const char *path;
    const char *server_pem;
    const char *client_pem;
    const char *client_key_pem;
};
SY_MUST_USE int sy_channel_open(const struct sy_channel_options *options, grpc_channel **ret,
                                struct sy_error *error);

/* One request, one answer, within timeout_ms. Takes the request; the caller unrefs *ret. */
SY_MUST_USE int sy_channel_ask(grpc_channel *channel, const char *method, grpc_byte_buffer *request,
                               int64_t timeout_ms, grpc_slice *ret, struct sy_error *error);

/* One request, any number of answers. */
struct sy_answers;
/* Takes the request. */
struct sy_answers *sy_answers_open(grpc_channel *channel, const char *method,
                                   grpc_byte_buffer *request);
/* 1 = *ret is the next answer, to be unreffed; 0 = none within timeout_ms; -1 = the end:
 * error->code is SY_OK, or says why. */
int sy_answers_next(struct sy_answers *answers, int64_t timeout_ms, grpc_slice *ret,
                    struct sy_error *error);
/* Wait until the server serves the call, or has ended it; false when neither within timeout_ms. */
bool sy_answers_wait_open(struct sy_answers *answers, int64_t timeout_ms);
void sy_answers_cancel(struct sy_answers *answers);
/* Cancels what still runs. */
void sy_answers_close(struct sy_answers *answers);

#endif
