/* One AWS account and region: signs, sends, retries, and turns answers into a reply or one error.
 *
 * Retries follow the SDKs' standard mode (lambda-facts: 3 attempts, a token bucket of 500, 14
 * tokens a retry and 5 a throttled one, full-jitter backoff from 50 ms, 1 s when throttled, cap 20
 * s, x-amz-retry-after honoured). Credentials come from the sources of aws/chain.h, are fetched by
 * the first call, and renewed by later ones while calls go on (aws/keeper.h). A time of ours that
 * AWS refuses is corrected by AWS's. No secret reaches a log or an error. */
#ifndef SY_AWS_CLIENT_H
#define SY_AWS_CLIENT_H

#include "base/io.h"
#include "base/timers.h"

#include <stdbool.h>

struct sy_aws;

struct sy_aws_options {
    struct sy_io *io;
    struct sy_timers *timers;
    const char *region;   /* NULL: as aws/settings.h finds it */
    const char *endpoint; /* NULL: the user's for each service, or AWS's own */
    const char *profile;  /* NULL: AWS_DEFAULT_PROFILE, AWS_PROFILE, "default" */
    uint64_t seed;        /* of the retry jitter */
};

/* Reads variables and profiles once, and asks nobody. INVALID_ARGUMENT or UNAUTHENTICATED says
 * which setting is missing or cannot be. Without io, which is how settings are checked beforehand,
 * nothing can be sent. */
SY_MUST_USE int sy_aws_create(const struct sy_aws_options *options, struct sy_aws **ret,
                              struct sy_error *error);
/* Calls under way are dropped; their callbacks are never called. */
void sy_aws_destroy(struct sy_aws *aws);

/* Until when this client can sign. Before the first call that needed credentials was answered,
 * those that come from another process or over HTTP are not there yet: source is NULL, and nothing
 * else is known. */
struct sy_aws_expiry {
    const char *source; /* "the environment", for people; NULL: no credentials yet */
    bool known;         /* false: nobody told when they end (temporary credentials in variables) */
    int64_t expires_ms; /* Unix time, when known; INT64_MAX: long-lived, they do not end */
    bool refreshes;     /* fetched anew before they end: a release may outlast them */
};
void sy_aws_credentials_expiry(const struct sy_aws *aws, struct sy_aws_expiry *ret);

enum sy_aws_service { SY_AWS_LAMBDA, SY_AWS_SSM, SY_AWS_CLOUDWATCH, SY_AWS_SERVICE_COUNT };

struct sy_aws_call {
    enum sy_aws_service service;
    const char *operation; /* "GetAlias"; for errors, logs, and X-Amz-Target of the JSON services */
    const char *method;    /* NULL: POST */
    const char *path;      /* percent-encoded; NULL: "/" */
    const char *query;     /* percent-encoded, without "?"; NULL: none */
    const char *body;      /* JSON; NULL: none */
    int64_t timeout_ms;    /* of one attempt; 0: 15 s */
};

struct sy_aws_reply {
    int status; /* 2xx */
    const char *body;
    size_t body_len;
    const struct sy_http_response *response;
};

/* reply or error, the other one is NULL. error->reason is AWS's own error code (such as
 * ResourceNotFoundException) where an answer carried one; error->code:
 *   400 INVALID_ARGUMENT, 403 PERMISSION_DENIED (the message names the IAM action, such as
 *   lambda:UpdateAlias), 401 and bad or expired credentials UNAUTHENTICATED, 404 NOT_FOUND,
 *   409 ALREADY_EXISTS, 412 ABORTED, 429 and throttling RESOURCE_EXHAUSTED after retries, 5xx and
 *   no answer UNAVAILABLE after retries, an answer that is not what it should be INTERNAL.
 * The JSON services answer 400 to most everything: there AWS's error code decides first, such as
 * ParameterNotFound NOT_FOUND, ParameterAlreadyExists ALREADY_EXISTS, AccessDeniedException
 * PERMISSION_DENIED, TooManyUpdates RESOURCE_EXHAUSTED. A 404 that AWS did not write is INTERNAL,
 * so that a wrong endpoint does not read as "there is none". */
typedef void sy_aws_done(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error);

/* done is called once, later, never from within. Copies what it needs of the call. */
void sy_aws_send(struct sy_aws *aws, const struct sy_aws_call *call, sy_aws_done *done, void *ctx);

/* Percent-encode one path segment or query value as AWS wants it (RFC 3986 unreserved kept);
 * appends to buffer. */
struct sy_buffer;
void sy_aws_encode(struct sy_buffer *buffer, const char *text);

#endif
