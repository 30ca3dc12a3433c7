/* What an answer of AWS, or its absence, means: AWS's error code and message, whether to try again,
 * and the error for people. */
#ifndef SY_AWS_ANSWER_H
#define SY_AWS_ANSWER_H

#include "aws/keeper.h"
#include "aws/retry.h"
#include "aws/service.h"

struct sy_answer {
    int status;        /* 0: none came */
    bool is_aws;       /* carries an error as AWS writes them; else it is some other server's */
    char code[64];     /* ResourceNotFoundException; "" when it carries none */
    char message[256]; /* AWS's first line, cleaned, secrets starred out; why none came */
    enum sy_code none; /* when none came: the carrier's error code */
};

/* Of a response that is no 2xx. The code is in x-amzn-ErrorType (REST) or __type (JSON 1.x), both
 * with decorations; the message in message or Message. */
void sy_answer_read(const struct sy_http_response *response, const struct sy_keeper *secrets,
                    struct sy_answer *ret);
/* AWS says that the credentials have ended. */
bool sy_answer_is_expired(const struct sy_answer *answer);
/* AWS refuses the time of the signature, or could: it says no more than that it is wrong. */
bool sy_answer_is_skewed(const struct sy_answer *answer);

enum sy_retry_kind sy_answer_retry(const struct sy_answer *answer);

struct sy_answer_context {
    const struct sy_service *service;
    const char *operation;
    const char *host;
    const char *credentials; /* where they came from; NULL: variables */
    int attempts;
};
/* The mapping is documented at sy_aws_done in client.h. */
void sy_aws_answer_error(const struct sy_answer *answer, const struct sy_answer_context *context,
                         struct sy_error *ret);

#endif
