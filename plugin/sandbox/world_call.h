/* One AWS call on its way through the world: where it goes, and how its answer is written. */
#ifndef SY_SANDBOX_WORLD_CALL_H
#define SY_SANDBOX_WORLD_CALL_H

#include "sandbox/world_state.h"

/* How a call is written on the wire. */
enum sy_wire {
    SY_WIRE_REST,   /* Lambda: path, query string, JSON body */
    SY_WIRE_JSON11, /* SSM */
    SY_WIRE_JSON10, /* CloudWatch */
    SY_WIRE_QUERY,  /* CloudWatch from older SDKs and the AWS CLI: a form in, XML out */
    SY_WIRE_CBOR,   /* CloudWatch from newer SDKs: Smithy RPC v2 */
};

struct sy_call;
struct sy_operation {
    const char *name;
    void (*run)(struct sy_call *call);
    const char *method; /* Lambda only, as is the rest */
    const char *under;  /* what follows the function in the path; "" = nothing */
    bool named;         /* and whether a name follows that */
    bool raw;           /* the body is a payload, not JSON */
    const char *api;    /* NULL: 2015-03-31 */
};

struct sy_route {
    enum sy_wire wire;
    const struct sy_operation *operation; /* NULL: nothing we know */
    char asked[64];                       /* the operation's name as far as the caller gave one */
    char function[200];                   /* as in the path, decoded */
    char name[SY_ALIAS_NAME_MAX + 1];
};

struct sy_call {
    struct sy_world *world;
    const struct sy_http_request *request;
    const struct sy_route *route;
    struct json_object *body; /* an object */
};

/* What was decided about a request when it left: where it goes, how long it takes, what fails. */
struct sy_exchange {
    struct sy_route route;
    struct sy_fault fault;
    int64_t latency_ms;
    int64_t arrival_ms;
};
void sy_world_plan(struct sy_world *world, int64_t now_ms, const struct sy_http_request *request,
                   struct sy_exchange *ret);
/* Let the request take effect and write its answer. */
void sy_world_perform(struct sy_world *world, int64_t now_ms, const struct sy_http_request *request,
                      const struct sy_exchange *plan, struct sy_world_reply *ret);

extern const struct sy_operation sy_lambda_operations[];
extern const size_t sy_lambda_operation_count;
extern const struct sy_operation sy_ssm_operations[];
extern const size_t sy_ssm_operation_count;
extern const struct sy_operation sy_cloudwatch_operations[];
extern const size_t sy_cloudwatch_operation_count;

/* world_alias.c, world_invoke.c: Lambda's other operations. */
void sy_lambda_get_alias(struct sy_call *call);
void sy_lambda_create_alias(struct sy_call *call);
void sy_lambda_update_alias(struct sy_call *call);
void sy_lambda_delete_alias(struct sy_call *call);
void sy_lambda_list_aliases(struct sy_call *call);
void sy_world_invoke(struct sy_call *call);
/* world_code.c, world_around.c */
void sy_world_update_code(struct sy_call *call);
void sy_world_publish_version(struct sy_call *call);
void sy_lambda_get_policy(struct sy_call *call);
void sy_lambda_get_concurrency(struct sy_call *call);
void sy_lambda_get_event_invoke(struct sy_call *call);
/* A version as Lambda describes it; with_state: as GetFunctionConfiguration does. */
struct json_object *sy_lambda_configuration(const struct sy_world *world,
                                            const struct sy_function *function,
                                            const struct sy_version *version, const char *qualifier,
                                            bool with_state);
/* The update of $LATEST that was in progress is over when its time has come. */
void sy_lambda_settle(struct sy_world *world, struct sy_function *function);
/* The qualifier of the query string or of the path; false after an answer when the two differ. */
bool sy_lambda_qualifier(struct sy_call *call, char qualifier[SY_ALIAS_NAME_MAX + 1]);
/* world_lambda.c: the function of the path; answers 404 and returns NULL when there is none. A
 * qualifier that the path carried (name:qualifier) goes to qualifier of SY_ALIAS_NAME_MAX + 1. */
struct sy_function *sy_lambda_function(struct sy_call *call, char *qualifier);
/* The version that a qualifier ("" = $LATEST, a number, an alias) means; answers 404 and returns
 * NULL when there is none. */
struct sy_version *sy_lambda_version(struct sy_call *call, struct sy_function *function,
                                     const char *qualifier);
/* "arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]"; buf of 320. */
const char *sy_lambda_arn(const struct sy_world *world, const char *function, const char *qualifier,
                          char buf[320]);
/* Version number to text and back; buf of 24. -1 for what is no version number. */
const char *sy_version_text(int64_t number, char buf[24]);
int64_t sy_version_number(const char *text);

/* world_route.c */
void sy_route_find(const struct sy_http_request *request, struct sy_route *ret);
/* A parameter of the URL's query string, decoded; false when absent or longer than size. */
bool sy_route_query(const struct sy_http_request *request, const char *key, char *buf, size_t size);
/* Decode %XX (and + when form) of n bytes; false when it does not fit or is broken. */
bool sy_route_decode(const char *text, size_t n, bool form, char *buf, size_t size);
const char *sy_request_header(const struct sy_http_request *request, const char *name);
/* The body as a JSON object, from whichever wire; answers an error and returns NULL otherwise. */
struct json_object *sy_world_call_read(struct sy_call *call);

/* world_answer.c. Answers replace what was answered before. */
/* Takes body (NULL: an empty answer). */
void sy_answer(struct sy_call *call, int status, struct json_object *body);
void sy_answer_raw(struct sy_call *call, int status, const char *type, const void *body,
                   size_t len);
/* In AWS's shape: for the JSON services __type in the body, for Lambda x-amzn-ErrorType. */
void sy_answer_error(struct sy_call *call, int status, const char *code, const char *fmt, ...)
    SY_PRINTF(4, 5);
void sy_answer_none(struct sy_call *call, const char *why);
/* Value is copied, cut at 127 bytes. name must be a literal. */
void sy_answer_header(struct sy_call *call, const char *name, const char *value);
/* A double as JSON writes it shortest: 0.1, not 0.10000000000000001. */
struct json_object *sy_json_number(double value);

/* world_auth.c: true when the request looks signed for this service; answers 403 otherwise. */
bool sy_auth_check(struct sy_call *call);

/* world_query.c and world_cbor.c: the two other ways to write CloudWatch. Requests become the JSON
 * that the JSON protocol would have sent; NULL when they are broken. */
struct json_object *sy_query_read(const char *body, size_t len);
void sy_query_write(struct sy_buffer *out, const char *operation, const char *request_id,
                    struct json_object *answer);
struct json_object *sy_cbor_read(const char *body, size_t len);
void sy_cbor_write(struct sy_buffer *out, struct json_object *answer);

#endif
