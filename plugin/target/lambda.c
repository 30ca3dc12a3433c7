/* AWS Lambda functions: published versions, and an alias whose routing shares the traffic.
 *
 * Lambda answers 404 ResourceNotFoundException for a function, an alias and a version alike, and
 * its texts do not tell them apart reliably ("Function not found: …:function:NAME:42" may mean
 * either). So after a 404 the function itself is asked for: one call more on a rare path, and no
 * guess.
 *
 * Destroy a target together with its client, with no turn of the loop between: calls that are under
 * way are forgotten. */
#include "target/target.h"

#include "aws/client.h"
#include "base/memory.h"
#include "target/lambda_call.h"
#include "target/lambda_json.h"

#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

struct op;
LIST_HEAD(op_list, op);

struct lambda {
    struct sy_target base;
    struct sy_aws *aws;
    struct sy_lambda *calls; /* the port's other half */
    struct op_list ops;
};

struct sy_lambda *sy_lambda_of(struct sy_target *target) {
    return ((struct lambda *)target)->calls;
}

/* One operation of the port: one to three calls. */
struct op {
    LIST_ENTRY(op) link;
    struct lambda *lambda;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char version[SY_VERSION_MAX + 1];
    struct sy_routing routing; /* to be written */
    bool creates;
    struct sy_error not_found; /* the first answer, kept while asking what is missing */
    sy_alias_done *alias_done;
    sy_version_done *version_done;
    void *ctx;
};

static struct op *op_create(struct sy_target *target, const char *function, void *ctx) {
    struct op *op = sy_calloc(1, sizeof *op);
    op->lambda = (struct lambda *)target;
    op->ctx = ctx;
    (void)snprintf(op->function, sizeof op->function, "%s", function);
    LIST_INSERT_HEAD(&op->lambda->ops, op, link);
    return op;
}

static void op_destroy(struct op *op) {
    LIST_REMOVE(op, link);
    free(op);
}

/* The operation is gone before its callback runs, which may start another or destroy the target. */
static void op_finish(struct op *op, const struct sy_alias_state *alias,
                      const struct sy_version_state *version, const struct sy_error *error) {
    struct op last = *op;
    op_destroy(op);
    if (last.alias_done)
        last.alias_done(last.ctx, error ? NULL : alias, error);
    else
        last.version_done(last.ctx, error ? NULL : version, error);
}

static void op_send(struct op *op, const struct sy_aws_call *shape, const char *suffix,
                    const char *last_segment, sy_aws_done *done) {
    SY_AUTO_BUFFER struct sy_buffer path = {0};
    struct sy_aws_call call = *shape;
    sy_buffer_puts(&path, "/2015-03-31/functions/");
    sy_aws_encode(&path, op->function);
    sy_buffer_puts(&path, suffix);
    if (last_segment)
        sy_aws_encode(&path, last_segment);
    call.service = SY_AWS_LAMBDA;
    call.path = path.data;
    sy_aws_send(op->lambda->aws, &call, done, op);
}

static void get_configuration(struct op *op, const char *qualifier, sy_aws_done *done) {
    SY_AUTO_BUFFER struct sy_buffer query = {0};
    if (qualifier) {
        sy_buffer_puts(&query, "Qualifier=");
        sy_aws_encode(&query, qualifier);
    }
    op_send(op,
            &(struct sy_aws_call){
                .operation = "GetFunctionConfiguration", .method = "GET", .query = query.data},
            "/configuration", NULL, done);
}

static void get_alias(struct op *op, sy_aws_done *done) {
    op_send(op, &(struct sy_aws_call){.operation = "GetAlias", .method = "GET"}, "/aliases/",
            op->alias, done);
}

static void function_missing(struct op *op) {
    struct sy_error error;
    (void)sy_fail_reason(&error, SY_NOT_FOUND, "FUNCTION_NOT_FOUND",
                         "the function %s does not exist in this account and region; check "
                         "--function and --region",
                         op->function);
    op_finish(op, NULL, NULL, &error);
}

/* Reading an alias or a version that was not there: is the function? */
static void on_read_probe(void *ctx, const struct sy_aws_reply *reply,
                          const struct sy_error *error) {
    struct op *op = ctx;
    (void)reply;
    if (error && error->code == SY_NOT_FOUND)
        function_missing(op);
    else
        op_finish(op, &(struct sy_alias_state){0}, &(struct sy_version_state){0}, error);
}

static void on_read_alias(void *ctx, const struct sy_aws_reply *reply,
                          const struct sy_error *error) {
    struct op *op = ctx;
    struct sy_alias_state state;
    struct sy_error why;
    if (error && error->code == SY_NOT_FOUND)
        get_configuration(op, NULL, on_read_probe);
    else if (error)
        op_finish(op, NULL, NULL, error);
    else if (sy_lambda_alias_parse("GetAlias", reply->body, reply->body_len, &state, &why))
        op_finish(op, NULL, NULL, &why);
    else
        op_finish(op, &state, NULL, NULL);
}

static void read_alias(struct sy_target *target, const char *function, const char *alias,
                       sy_alias_done *done, void *ctx) {
    struct op *op = op_create(target, function, ctx);
    op->alias_done = done;
    (void)snprintf(op->alias, sizeof op->alias, "%s", alias);
    get_alias(op, on_read_alias);
}

static void on_read_version(void *ctx, const struct sy_aws_reply *reply,
                            const struct sy_error *error) {
    struct op *op = ctx;
    struct sy_version_state state;
    struct sy_error why;
    if (error && error->code == SY_NOT_FOUND)
        get_configuration(op, NULL, on_read_probe);
    else if (error)
        op_finish(op, NULL, NULL, error);
    else if (sy_lambda_version_parse("GetFunctionConfiguration", reply->body, reply->body_len,
                                     op->version, &state, &why))
        op_finish(op, NULL, NULL, &why);
    else
        op_finish(op, NULL, &state, NULL);
}

static void read_version(struct sy_target *target, const char *function, const char *version,
                         sy_version_done *done, void *ctx) {
    struct op *op = op_create(target, function, ctx);
    op->version_done = done;
    (void)snprintf(op->version, sizeof op->version, "%s", version);
    get_configuration(op, op->version, on_read_version);
}

static void version_missing(struct op *op) {
    struct sy_error error;
    const struct sy_routing *routing = &op->routing;
    (void)sy_fail_reason(&error, SY_NOT_FOUND, "VERSION_NOT_FOUND",
                         "the alias %s of %s was not written: version %s%s%s does not exist",
                         op->alias, op->function, routing->primary,
                         routing->additional[0] ? " or " : "", routing->additional);
    op_finish(op, NULL, NULL, &error);
}

/* UpdateAlias said 404 and the function is there: the alias went away, or a version did. */
static void on_write_alias_probe(void *ctx, const struct sy_aws_reply *reply,
                                 const struct sy_error *error) {
    struct op *op = ctx;
    struct sy_error gone;
    (void)reply;
    if (error && error->code == SY_NOT_FOUND) {
        (void)sy_fail_reason(&gone, SY_ABORTED, "STALE_REVISION",
                             "the alias %s of %s no longer exists; something else deleted it",
                             op->alias, op->function);
        op_finish(op, NULL, NULL, &gone);
    } else if (error) {
        op_finish(op, NULL, NULL, error);
    } else {
        version_missing(op);
    }
}

static void on_write_probe(void *ctx, const struct sy_aws_reply *reply,
                           const struct sy_error *error) {
    struct op *op = ctx;
    (void)reply;
    if (error && error->code == SY_NOT_FOUND)
        function_missing(op);
    else if (error) /* the first answer still stands */
        op_finish(op, NULL, NULL, &op->not_found);
    else if (op->creates)
        version_missing(op);
    else
        get_alias(op, on_write_alias_probe);
}

static void write_failed(struct op *op, const struct sy_error *error) {
    struct sy_error mine = *error;
    if (error->code == SY_NOT_FOUND) {
        op->not_found = *error;
        get_configuration(op, NULL, on_write_probe);
        return;
    }
    if (error->code == SY_ABORTED)
        (void)sy_fail_reason(&mine, SY_ABORTED, "STALE_REVISION",
                             "the alias %s of %s was changed by something else since it was read",
                             op->alias, op->function);
    else if (error->code == SY_ALREADY_EXISTS && op->creates)
        (void)sy_fail_reason(&mine, SY_ALREADY_EXISTS, error->reason,
                             "the alias %s of %s exists already; something else created it",
                             op->alias, op->function);
    else if (error->code == SY_ALREADY_EXISTS) /* 409 of an update: it is busy, not there twice */
        (void)sy_fail_reason(&mine, SY_UNAVAILABLE, error->reason,
                             "another operation on the alias %s of %s is in progress; try again",
                             op->alias, op->function);
    op_finish(op, NULL, NULL, &mine);
}

static void on_write(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct op *op = ctx;
    struct sy_alias_state state;
    struct sy_error why;
    if (error)
        write_failed(op, error);
    else if (sy_lambda_alias_parse(op->creates ? "CreateAlias" : "UpdateAlias", reply->body,
                                   reply->body_len, &state, &why))
        op_finish(op, NULL, NULL, &why);
    else
        op_finish(op, &state, NULL, NULL);
}

static void write_alias(struct sy_target *target, const char *function, const char *alias,
                        const struct sy_routing *routing, const char *revision, sy_alias_done *done,
                        void *ctx) {
    struct op *op = op_create(target, function, ctx);
    op->alias_done = done;
    op->routing = *routing;
    op->creates = !revision[0];
    (void)snprintf(op->alias, sizeof op->alias, "%s", alias);
    if (op->creates) {
        SY_AUTO_FREE char *body = sy_lambda_alias_write(alias, routing, NULL);
        op_send(op, &(struct sy_aws_call){.operation = "CreateAlias", .body = body}, "/aliases",
                NULL, on_write);
    } else {
        SY_AUTO_FREE char *body = sy_lambda_alias_write(NULL, routing, revision);
        op_send(op,
                &(struct sy_aws_call){.operation = "UpdateAlias", .method = "PUT", .body = body},
                "/aliases/", alias, on_write);
    }
}

static void destroy(struct sy_target *target) {
    struct lambda *lambda = (struct lambda *)target;
    if (!lambda)
        return;
    while (!LIST_EMPTY(&lambda->ops))
        op_destroy(LIST_FIRST(&lambda->ops));
    sy_lambda_close(lambda->calls);
    free(lambda);
}

struct sy_target *sy_lambda_create(struct sy_aws *aws) {
    static const struct sy_target_ops ops = {read_alias, read_version, write_alias, destroy};
    struct lambda *lambda = sy_calloc(1, sizeof *lambda);
    lambda->base.ops = &ops;
    lambda->base.function = &sy_lambda_function_ops;
    lambda->aws = aws;
    lambda->calls = sy_lambda_open(aws);
    LIST_INIT(&lambda->ops);
    return &lambda->base;
}
