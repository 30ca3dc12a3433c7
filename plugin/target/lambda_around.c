/* What stands around an alias: its policy, provisioned concurrency, rules of asynchronous
 * invocations; and until when the credentials last. What is not set is answered 404 by Lambda. */
#include "target/lambda_call.h"

#include "base/json.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

struct asking {
    struct sy_lambda_call call;
    union {
        sy_policy_done *policy;
        sy_concurrency_done *concurrency;
        sy_invoke_config_done *invoke_config;
    } done;
};

static void ask(struct sy_target *target, const struct asking *shape, const char *operation,
                const char *api, const char *suffix, sy_aws_done *answered) {
    const struct sy_lambda_call *from = &shape->call;
    struct asking *asking =
        sy_lambda_call_create(sy_lambda_of(target), sizeof *asking, from->function, from->ctx);
    asking->done = shape->done;
    memcpy(asking->call.qualifier, from->qualifier, sizeof asking->call.qualifier);
    sy_lambda_call_send(&asking->call,
                        &(struct sy_aws_call){.operation = operation, .method = "GET"}, api, suffix,
                        answered);
}

static struct asking shape_of(const char *function, const char *qualifier, void *ctx) {
    struct asking shape = {.call = {.ctx = ctx}};
    (void)snprintf(shape.call.function, sizeof shape.call.function, "%s", function);
    (void)snprintf(shape.call.qualifier, sizeof shape.call.qualifier, "%s", qualifier);
    return shape;
}

/* The call is gone before its callback runs. *ret_error: what is an error; absence is none. */
static struct asking settle(void *ctx, const struct sy_error *error, struct sy_error *ret_error,
                            bool *ret_absent) {
    struct asking last = *(struct asking *)ctx;
    *ret_absent = error && error->code == SY_NOT_FOUND;
    *ret_error = error && !*ret_absent ? *error : (struct sy_error){.code = SY_OK};
    sy_lambda_call_destroy(ctx);
    return last;
}

/* --- GetPolicy -------------------------------------------------------------------------------- */

/* IAM writes one string or a list of them. */
static bool has_string(struct json_object *value, bool (*is)(const char *text)) {
    if (json_object_is_type(value, json_type_string))
        return is(json_object_get_string(value));
    for (size_t i = 0;
         json_object_is_type(value, json_type_array) && i < json_object_array_length(value); i++) {
        struct json_object *item = json_object_array_get_idx(value, i);
        if (json_object_is_type(item, json_type_string) && is(json_object_get_string(item)))
            return true;
    }
    return false;
}

static bool is_invoke(const char *action) {
    return strcmp(action, "lambda:InvokeFunction") == 0 || strcmp(action, "lambda:*") == 0 ||
           strcmp(action, "lambda:Invoke*") == 0 || strcmp(action, "*") == 0;
}

static bool is_api_gateway(const char *principal) {
    return strcmp(principal, "apigateway.amazonaws.com") == 0 || strcmp(principal, "*") == 0;
}

static bool is_allow(const char *effect) {
    return strcmp(effect, "Allow") == 0;
}

static bool lets_api_gateway(struct json_object *statement) {
    struct json_object *effect = NULL;
    struct json_object *action = NULL;
    struct json_object *principal = NULL;
    struct json_object *service = NULL;
    if (!json_object_is_type(statement, json_type_object) ||
        !json_object_object_get_ex(statement, "Effect", &effect) ||
        !json_object_object_get_ex(statement, "Action", &action) ||
        !json_object_object_get_ex(statement, "Principal", &principal))
        return false;
    if (json_object_is_type(principal, json_type_object) &&
        json_object_object_get_ex(principal, "Service", &service))
        principal = service;
    return has_string(effect, is_allow) && has_string(action, is_invoke) &&
           has_string(principal, is_api_gateway);
}

/* {"Policy": "…JSON…"} */
static int policy_parse(const struct sy_aws_reply *reply, struct sy_policy *ret,
                        struct sy_error *error) {
    SY_AUTO_JSON struct json_object *answer = NULL;
    SY_AUTO_JSON struct json_object *policy = NULL;
    struct json_object *text = NULL;
    struct json_object *statements = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", reply->body, reply->body_len, &answer, &why) ||
        sy_json_child(answer, "Policy", true, json_type_string, &text, &why) ||
        sy_json_parse("the policy", json_object_get_string(text),
                      (size_t)json_object_get_string_len(text), &policy, &why))
        return sy_lambda_odd_answer("GetPolicy", &why, error);
    ret->exists = true;
    if (!json_object_is_type(policy, json_type_object) ||
        !json_object_object_get_ex(policy, "Statement", &statements))
        return 0;
    if (!json_object_is_type(statements, json_type_array)) {
        ret->api_gateway = lets_api_gateway(statements);
        return 0;
    }
    for (size_t i = 0; i < json_object_array_length(statements); i++)
        ret->api_gateway |= lets_api_gateway(json_object_array_get_idx(statements, i));
    return 0;
}

static void on_policy(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct sy_policy policy = {0};
    struct sy_error why;
    bool absent = false;
    struct asking last = settle(ctx, error, &why, &absent);
    if (!error)
        (void)policy_parse(reply, &policy, &why);
    last.done.policy(last.call.ctx, why.code ? NULL : &policy, why.code ? &why : NULL);
}

void sy_lambda_read_policy(struct sy_target *target, const char *function, const char *qualifier,
                           sy_policy_done *done, void *ctx) {
    struct asking shape = shape_of(function, qualifier, ctx);
    shape.done.policy = done;
    ask(target, &shape, "GetPolicy", SY_LAMBDA_API, "/policy", on_policy);
}

/* --- GetProvisionedConcurrencyConfig ---------------------------------------------------------- */

static int concurrency_parse(const struct sy_aws_reply *reply, struct sy_concurrency *ret,
                             struct sy_error *error) {
    SY_AUTO_JSON struct json_object *answer = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", reply->body, reply->body_len, &answer, &why) ||
        sy_json_string(answer, "Status", true, ret->status, sizeof ret->status, &why) ||
        sy_json_int(answer, "RequestedProvisionedConcurrentExecutions", false, 0, INT32_MAX,
                    &ret->requested, &why) ||
        sy_json_int(answer, "AvailableProvisionedConcurrentExecutions", false, 0, INT32_MAX,
                    &ret->available, &why) ||
        sy_lambda_text(answer, "StatusReason", ret->reason, sizeof ret->reason, &why))
        return sy_lambda_odd_answer("GetProvisionedConcurrencyConfig", &why, error);
    ret->exists = true;
    return 0;
}

static void on_concurrency(void *ctx, const struct sy_aws_reply *reply,
                           const struct sy_error *error) {
    struct sy_concurrency concurrency = {0};
    struct sy_error why;
    bool absent = false;
    struct asking last = settle(ctx, error, &why, &absent);
    if (!error)
        (void)concurrency_parse(reply, &concurrency, &why);
    last.done.concurrency(last.call.ctx, why.code ? NULL : &concurrency, why.code ? &why : NULL);
}

void sy_lambda_read_concurrency(struct sy_target *target, const char *function,
                                const char *qualifier, sy_concurrency_done *done, void *ctx) {
    struct asking shape = shape_of(function, qualifier, ctx);
    shape.done.concurrency = done;
    ask(target, &shape, "GetProvisionedConcurrencyConfig", "2019-09-30", "/provisioned-concurrency",
        on_concurrency);
}

/* --- GetFunctionEventInvokeConfig ------------------------------------------------------------- */

static int invoke_config_parse(const struct sy_aws_reply *reply, struct sy_invoke_config *ret,
                               struct sy_error *error) {
    SY_AUTO_JSON struct json_object *answer = NULL;
    struct sy_error why;
    ret->retries = 2;
    if (sy_json_parse("the body", reply->body, reply->body_len, &answer, &why) ||
        sy_json_int(answer, "MaximumRetryAttempts", false, 0, 2, &ret->retries, &why))
        return sy_lambda_odd_answer("GetFunctionEventInvokeConfig", &why, error);
    ret->exists = true;
    return 0;
}

static void on_invoke_config(void *ctx, const struct sy_aws_reply *reply,
                             const struct sy_error *error) {
    struct sy_invoke_config config = {0};
    struct sy_error why;
    bool absent = false;
    struct asking last = settle(ctx, error, &why, &absent);
    if (!error)
        (void)invoke_config_parse(reply, &config, &why);
    last.done.invoke_config(last.call.ctx, why.code ? NULL : &config, why.code ? &why : NULL);
}

void sy_lambda_read_invoke_config(struct sy_target *target, const char *function,
                                  const char *qualifier, sy_invoke_config_done *done, void *ctx) {
    struct asking shape = shape_of(function, qualifier, ctx);
    shape.done.invoke_config = done;
    ask(target, &shape, "GetFunctionEventInvokeConfig", "2019-09-25", "/event-invoke-config",
        on_invoke_config);
}

void sy_lambda_read_expiry(struct sy_target *target, struct sy_expiry *ret) {
    struct sy_aws_expiry expiry = {0};
    sy_aws_credentials_expiry(sy_lambda_of(target)->aws, &expiry);
    *ret = (struct sy_expiry){.has = expiry.source != NULL,
                              .known = expiry.known,
                              .expires_ms = expiry.expires_ms,
                              .refreshes = expiry.refreshes};
}
