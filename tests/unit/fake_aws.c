#include "fake_aws.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct waiting {
    sy_aws_done *done;
    void *ctx;
};

struct sy_aws {
    struct fake_call *calls;
    struct waiting *waiting; /* parallel to calls */
    size_t n_calls;
    size_t n_delivered;
    struct fake_answer *answers;
    size_t n_answers;
    void (*respond)(void *ctx, const struct fake_call *call, struct fake_answer *ret);
    void *respond_ctx;
    struct sy_aws_expiry expiry;
};

struct sy_aws *fake_aws_create(void) {
    return sy_calloc(1, sizeof(struct sy_aws));
}

int sy_aws_create(const struct sy_aws_options *options, struct sy_aws **ret,
                  struct sy_error *error) {
    (void)options;
    (void)error;
    *ret = fake_aws_create();
    return 0;
}

void sy_aws_destroy(struct sy_aws *aws) {
    if (!aws)
        return;
    for (size_t i = 0; i < aws->n_calls; i++) {
        free(aws->calls[i].operation);
        free(aws->calls[i].method);
        free(aws->calls[i].path);
        free(aws->calls[i].query);
        free(aws->calls[i].body);
    }
    for (size_t i = 0; i < aws->n_answers; i++)
        free(aws->answers[i].body);
    free(aws->calls);
    free(aws->waiting);
    free(aws->answers);
    free(aws);
}

void sy_aws_send(struct sy_aws *aws, const struct sy_aws_call *call, sy_aws_done *done, void *ctx) {
    size_t n = aws->n_calls++;
    aws->calls = sy_realloc(aws->calls, aws->n_calls * sizeof *aws->calls);
    aws->waiting = sy_realloc(aws->waiting, aws->n_calls * sizeof *aws->waiting);
    aws->calls[n] = (struct fake_call){
        .service = call->service,
        .operation = sy_strdup(call->operation),
        .method = sy_strdup(call->method ? call->method : "POST"),
        .path = sy_strdup(call->path ? call->path : "/"),
        .query = sy_strdup(call->query ? call->query : ""),
        .body = sy_strdup(call->body ? call->body : ""),
    };
    aws->waiting[n] = (struct waiting){done, ctx};
}

void sy_aws_encode(struct sy_buffer *buffer, const char *text) {
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
            strchr("-_.~", *p))
            sy_buffer_append(buffer, p, 1);
        else
            sy_buffer_printf(buffer, "%%%02X", *p);
}

static struct fake_answer *answer_add(struct sy_aws *aws) {
    aws->answers = sy_realloc(aws->answers, (aws->n_answers + 1) * sizeof *aws->answers);
    struct fake_answer *answer = &aws->answers[aws->n_answers++];
    *answer = (struct fake_answer){0};
    return answer;
}

void fake_reply_headers(struct sy_aws *aws, int status, const char *body,
                        const struct sy_http_header *headers, size_t n) {
    struct fake_answer *answer = answer_add(aws);
    answer->status = status;
    answer->body = sy_strdup(body);
    answer->headers = headers;
    answer->n_headers = n;
}

void fake_reply(struct sy_aws *aws, int status, const char *body) {
    fake_reply_headers(aws, status, body, NULL, 0);
}

void fake_error(struct sy_aws *aws, enum sy_code code, const char *reason, const char *message) {
    struct fake_answer *answer = answer_add(aws);
    (void)sy_fail_reason(&answer->error, code, reason, "%s", message);
}

void fake_expiry(struct sy_aws *aws, const struct sy_aws_expiry *expiry) {
    aws->expiry = *expiry;
}

void sy_aws_credentials_expiry(const struct sy_aws *aws, struct sy_aws_expiry *ret) {
    *ret = aws->expiry;
}

void fake_responder(struct sy_aws *aws,
                    void (*respond)(void *ctx, const struct fake_call *call,
                                    struct fake_answer *ret),
                    void *ctx) {
    aws->respond = respond;
    aws->respond_ctx = ctx;
}

/* The body in a block of exactly its size, so that a sanitizer sees one byte read too many. */
static void deliver(struct waiting waiting, const struct fake_answer *answer) {
    if (answer->status < 200 || answer->status > 299) {
        struct sy_error error = answer->error;
        waiting.done(waiting.ctx, NULL, &error);
        return;
    }
    size_t len = strlen(answer->body);
    SY_AUTO_FREE char *body = sy_strdup(answer->body);
    struct sy_http_response response = {.status = answer->status,
                                        .headers = answer->headers,
                                        .n_headers = answer->n_headers,
                                        .body = body,
                                        .body_len = len};
    struct sy_aws_reply reply = {answer->status, body, len, &response};
    waiting.done(waiting.ctx, &reply, NULL);
}

bool fake_deliver_one(struct sy_aws *aws) {
    if (aws->n_delivered == aws->n_calls)
        return false;
    size_t i = aws->n_delivered++;
    struct waiting waiting = aws->waiting[i];
    if (aws->respond) {
        struct fake_answer answer = {0};
        aws->respond(aws->respond_ctx, &aws->calls[i], &answer);
        deliver(waiting, &answer);
        free(answer.body);
        return true;
    }
    if (i >= aws->n_answers)
        fail_msg("no answer in the script for call %zu, %s %s", i, aws->calls[i].operation,
                 aws->calls[i].body);
    struct fake_answer answer = aws->answers[i];
    deliver(waiting, &answer);
    return true;
}

void fake_deliver(struct sy_aws *aws) {
    while (fake_deliver_one(aws))
        ;
}

size_t fake_calls(const struct sy_aws *aws) {
    return aws->n_calls;
}

const struct fake_call *fake_call(const struct sy_aws *aws, size_t index) {
    if (index >= aws->n_calls)
        fail_msg("call %zu was not made, only %zu", index, aws->n_calls);
    return &aws->calls[index];
}

size_t fake_unused(const struct sy_aws *aws) {
    return aws->n_answers > aws->n_calls ? aws->n_answers - aws->n_calls : 0;
}
