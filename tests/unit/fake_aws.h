/* A stand-in for aws/client.h, linked instead of it: records every call and answers from a script,
 * or from a function of the test. Nothing is sent anywhere. */
#ifndef SY_TESTS_FAKE_AWS_H
#define SY_TESTS_FAKE_AWS_H

#include "aws/client.h"

#include <stdbool.h>

struct fake_call {
    enum sy_aws_service service;
    char *operation;
    char *method;
    char *path;
    char *query;
    char *body;
};

struct fake_answer {
    int status; /* 2xx: a reply with the body; else the error */
    char *body; /* owned */
    const struct sy_http_header *headers;
    size_t n_headers;
    struct sy_error error;
};

struct sy_aws *fake_aws_create(void);
/* Queue the answer of the next call that has none yet. */
void fake_reply(struct sy_aws *aws, int status, const char *body);
void fake_reply_headers(struct sy_aws *aws, int status, const char *body,
                        const struct sy_http_header *headers, size_t n);
/* As aws/client.h says: reason is AWS's own code. */
void fake_error(struct sy_aws *aws, enum sy_code code, const char *reason, const char *message);
/* What sy_aws_credentials_expiry() answers from now on. */
void fake_expiry(struct sy_aws *aws, const struct sy_aws_expiry *expiry);
/* Answer by function instead; it fills *ret. */
void fake_responder(struct sy_aws *aws,
                    void (*respond)(void *ctx, const struct fake_call *call,
                                    struct fake_answer *ret),
                    void *ctx);
/* Deliver every answer that is due, in order, also of calls made meanwhile. Fails the test when a
 * call has no answer in the script. */
void fake_deliver(struct sy_aws *aws);
/* Deliver one; false when no call is waiting. */
bool fake_deliver_one(struct sy_aws *aws);

size_t fake_calls(const struct sy_aws *aws);
const struct fake_call *fake_call(const struct sy_aws *aws, size_t index);
/* Answers of the script that nothing asked for. */
size_t fake_unused(const struct sy_aws *aws);

#endif
