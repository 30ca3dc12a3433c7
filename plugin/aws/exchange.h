/* One HTTP exchange on a libcurl easy handle: what goes out, what came in, and why it failed. Used
 * by curl_io.c alone. */
#ifndef SY_AWS_EXCHANGE_H
#define SY_AWS_EXCHANGE_H

#include "aws/curl_io.h"
#include "aws/trust.h"
#include "base/memory.h"

#include <curl/curl.h>
#include <stdbool.h>

struct sy_exchange {
    uint64_t handle;
    struct sy_exchange *prev;
    struct sy_exchange *next;
    sy_http_done *done;
    void *ctx;
    CURL *easy; /* borrowed from curl_io.c; NULL when the request cannot be sent */
    struct curl_slist *headers;
    char *request_body;
    int64_t timeout_ms;
    struct sy_buffer header_text; /* name NUL value NUL ... */
    size_t n_headers;
    struct sy_buffer body;
    bool headers_overflowed;
    bool body_overflowed;
    struct sy_error error; /* code SY_OK: nothing went wrong */
    char why[CURL_ERROR_SIZE];
};

/* Copies the request into the exchange and its easy handle. -1: exchange->error says why it cannot
 * be sent. */
SY_MUST_USE int sy_exchange_prepare(struct sy_exchange *exchange,
                                    const struct sy_http_request *request,
                                    const struct sy_trust *trust);
/* Set exchange->error from libcurl's result. */
void sy_exchange_judge(struct sy_exchange *exchange, CURLcode result, const struct sy_trust *trust);
/* Call done, with what came in or with the error. */
void sy_exchange_deliver(struct sy_exchange *exchange);
/* All but the easy handle. */
void sy_exchange_destroy(struct sy_exchange *exchange);

#endif
