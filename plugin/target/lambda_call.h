/* One request about a function under way: what the files lambda_*.c have in common. */
#ifndef SY_TARGET_LAMBDA_CALL_H
#define SY_TARGET_LAMBDA_CALL_H

#include "aws/client.h"
#include "target/lambda.h"

#include <json-c/json.h>
#include <sys/queue.h>

enum { SY_LAMBDA_PAGES_MAX = 200 };

struct sy_lambda_call;
LIST_HEAD(sy_lambda_call_list, sy_lambda_call);

struct sy_lambda {
    struct sy_aws *aws;
    struct sy_lambda_call_list calls;
};
/* The calls of the port; they end with it. */
struct sy_lambda *sy_lambda_of(struct sy_target *target);

/* The first member of what a file keeps of its own call. */
struct sy_lambda_call {
    LIST_ENTRY(sy_lambda_call) link;
    struct sy_lambda *lambda;
    void (*release)(struct sy_lambda_call *call); /* frees what it holds; may be NULL */
    char function[SY_FUNCTION_MAX + 1];
    char qualifier[SY_ALIAS_MAX + 1]; /* "" = none */
    void *ctx;
};
/* size: of the struct that begins with the call. */
void *sy_lambda_call_create(struct sy_lambda *lambda, size_t size, const char *function, void *ctx)
    __attribute__((returns_nonnull));
void sy_lambda_call_destroy(struct sy_lambda_call *call);
/* Sends "/{api}/functions/{function}{suffix}"; the qualifier, if there is one, becomes the query.
 */
void sy_lambda_call_send(struct sy_lambda_call *call, const struct sy_aws_call *shape,
                         const char *api, const char *suffix, sy_aws_done *done);
#define SY_LAMBDA_API "2015-03-31"

/* What an error means for the function: missing, changed since it was read, busy. */
struct sy_error sy_lambda_call_error(const struct sy_lambda_call *call,
                                     const struct sy_error *error);
/* An answer that breaks its shape is the service's fault, whatever the accessor called it. */
int sy_lambda_odd_answer(const char *what, const struct sy_error *why, struct sy_error *error);
/* People and services write texts, with line breaks and all: shown, never judged. */
SY_MUST_USE int sy_lambda_text(const struct json_object *object, const char *key, char *buf,
                               size_t size, struct sy_error *error);

/* The pages of a list: calls add() with each, then done(). */
struct sy_lambda_list {
    struct sy_lambda_call call;
    const char *operation; /* "ListAliases" */
    const char *suffix;
    const char *key; /* of the page's array */
    char *marker;
    int pages;
    int (*add)(struct sy_lambda_list *list, struct json_object *items, struct sy_error *error);
    void (*end)(struct sy_lambda_list *list, const struct sy_error *error); /* destroys it */
};
void sy_lambda_list_begin(struct sy_lambda_list *list);
/* For release(). */
void sy_lambda_list_release(struct sy_lambda_call *call);

extern const struct sy_function_ops sy_lambda_function_ops;
/* lambda_code.c, lambda_around.c: parts of that table. */
int sy_lambda_update_code(struct sy_target *target, const char *function,
                          const struct sy_package *package, const char *revision,
                          sy_configuration_done *done, void *ctx, struct sy_error *error);
void sy_lambda_read_policy(struct sy_target *target, const char *function, const char *qualifier,
                           sy_policy_done *done, void *ctx);
void sy_lambda_read_concurrency(struct sy_target *target, const char *function,
                                const char *qualifier, sy_concurrency_done *done, void *ctx);
void sy_lambda_read_invoke_config(struct sy_target *target, const char *function,
                                  const char *qualifier, sy_invoke_config_done *done, void *ctx);
void sy_lambda_read_expiry(struct sy_target *target, struct sy_expiry *ret);

#endif
