#include "target/lambda.h"

#include "aws/client.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "target/lambda_json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

enum { PAGES_MAX = 200 };

struct call;
LIST_HEAD(call_list, call);

struct sy_lambda {
    struct sy_aws *aws;
    struct call_list calls;
};

struct call {
    LIST_ENTRY(call) link;
    struct sy_lambda *lambda;
    char function[SY_FUNCTION_MAX + 1];
    char qualifier[SY_ALIAS_MAX + 1]; /* of Invoke */
    struct sy_lambda_version *versions;
    size_t n_versions;
    char *marker;
    int pages;
    sy_versions_done *versions_done;
    sy_published_done *published_done;
    sy_invoked_done *invoked_done;
    void *ctx;
};

static struct call *call_create(struct sy_lambda *lambda, const char *function, void *ctx) {
    struct call *call = sy_calloc(1, sizeof *call);
    call->lambda = lambda;
    call->ctx = ctx;
    (void)snprintf(call->function, sizeof call->function, "%s", function);
    LIST_INSERT_HEAD(&lambda->calls, call, link);
    return call;
}

static void call_destroy(struct call *call) {
    LIST_REMOVE(call, link);
    free(call->versions);
    free(call->marker);
    free(call);
}

static void call_send(struct call *call, const struct sy_aws_call *shape, const char *suffix,
                      sy_aws_done *done) {
    SY_AUTO_BUFFER struct sy_buffer path = {0};
    struct sy_aws_call filled = *shape;
    sy_buffer_puts(&path, "/2015-03-31/functions/");
    sy_aws_encode(&path, call->function);
    sy_buffer_puts(&path, suffix);
    filled.service = SY_AWS_LAMBDA;
    filled.path = path.data;
    sy_aws_send(call->lambda->aws, &filled, done, call);
}

/* What the answers of all three have in common. */
static struct sy_error call_error(const struct call *call, const struct sy_error *error) {
    struct sy_error mine = *error;
    if (error->code == SY_NOT_FOUND && call->qualifier[0])
        (void)sy_fail_reason(&mine, SY_NOT_FOUND, "FUNCTION_NOT_FOUND",
                             "the function %s or its version or alias %s does not exist in this "
                             "account and region; check --function and --region",
                             call->function, call->qualifier);
    else if (error->code == SY_NOT_FOUND)
        (void)sy_fail_reason(&mine, SY_NOT_FOUND, "FUNCTION_NOT_FOUND",
                             "the function %s does not exist in this account and region; check "
                             "--function and --region",
                             call->function);
    else if (error->code == SY_ABORTED)
        (void)sy_fail_reason(&mine, SY_ABORTED, "STALE_REVISION",
                             "the function %s was changed by something else since it was read",
                             call->function);
    else if (error->code == SY_ALREADY_EXISTS) /* 409: an update of the function is in progress */
        (void)sy_fail_reason(&mine, SY_UNAVAILABLE, error->reason,
                             "another operation on the function %s is in progress; try again",
                             call->function);
    return mine;
}

static int parse_version(struct json_object *config, struct sy_lambda_version *ret,
                         struct sy_error *error) {
    if (sy_json_string(config, "Version", true, ret->version, sizeof ret->version, error) ||
        sy_json_string(config, "CodeSha256", false, ret->code_sha256, sizeof ret->code_sha256,
                       error) ||
        sy_json_string(config, "LastModified", false, ret->last_modified, sizeof ret->last_modified,
                       error))
        return -1;
    /* People write descriptions, with line breaks and all: shown, never judged. */
    struct json_object *description = NULL;
    if (sy_json_child(config, "Description", false, json_type_string, &description, error))
        return -1;
    if (description)
        (void)sy_text_clean(json_object_get_string(description),
                            (size_t)json_object_get_string_len(description), ret->description,
                            sizeof ret->description);
    if (!sy_lambda_is_version(ret->version))
        return sy_fail(error, SY_INTERNAL, "Version is \"%s\"", ret->version);
    return 0;
}

static int odd_answer(const char *what, const struct sy_error *why, struct sy_error *error) {
    return sy_fail(error, SY_INTERNAL, "Lambda's answer to %s is not as documented: %s", what,
                   why->message);
}

/* --- ListVersionsByFunction ------------------------------------------------------------------- */

static void versions_finish(struct call *call, const struct sy_error *error) {
    SY_AUTO_FREE struct sy_lambda_version *versions = SY_STEAL(call->versions);
    size_t n = call->n_versions;
    sy_versions_done *done = call->versions_done;
    void *ctx = call->ctx;
    call_destroy(call);
    done(ctx, error ? NULL : versions, error ? 0 : n, error);
}

static int versions_add(struct call *call, struct json_object *list, struct sy_error *error) {
    size_t n = json_object_array_length(list);
    call->versions = sy_realloc(call->versions, (call->n_versions + n) * sizeof *call->versions);
    for (size_t i = 0; i < n; i++) {
        struct sy_lambda_version *version = &call->versions[call->n_versions];
        *version = (struct sy_lambda_version){0};
        if (parse_version(json_object_array_get_idx(list, i), version, error))
            return -1;
        if (strcmp(version->version, "$LATEST") != 0)
            call->n_versions++;
    }
    return 0;
}

static int versions_page(struct call *call, const struct sy_aws_reply *reply, char **ret_marker,
                         struct sy_error *error) {
    SY_AUTO_JSON struct json_object *page = NULL;
    struct json_object *list = NULL;
    struct json_object *marker = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", reply->body, reply->body_len, &page, &why) ||
        sy_json_child(page, "Versions", true, json_type_array, &list, &why) ||
        sy_json_child(page, "NextMarker", false, json_type_string, &marker, &why) ||
        versions_add(call, list, &why))
        return odd_answer("ListVersionsByFunction", &why, error);
    *ret_marker = marker && json_object_get_string_len(marker)
                      ? sy_strdup(json_object_get_string(marker))
                      : NULL;
    return 0;
}

static void versions_send(struct call *call);

static void on_versions(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct call *call = ctx;
    SY_AUTO_FREE char *marker = NULL;
    struct sy_error why;
    if (error) {
        why = call_error(call, error);
        versions_finish(call, &why);
    } else if (versions_page(call, reply, &marker, &why)) {
        versions_finish(call, &why);
    } else if (!marker) {
        versions_finish(call, NULL);
    } else if (++call->pages >= PAGES_MAX || (call->marker && strcmp(call->marker, marker) == 0)) {
        (void)sy_fail(&why, SY_INTERNAL,
                      "Lambda's list of the versions of %s has no end after %d pages",
                      call->function, call->pages);
        versions_finish(call, &why);
    } else {
        free(call->marker);
        call->marker = SY_STEAL(marker);
        versions_send(call);
    }
}

static void versions_send(struct call *call) {
    SY_AUTO_BUFFER struct sy_buffer query = {0};
    sy_buffer_puts(&query, "MaxItems=50");
    if (call->marker) {
        sy_buffer_puts(&query, "&Marker=");
        sy_aws_encode(&query, call->marker);
    }
    call_send(call,
              &(struct sy_aws_call){
                  .operation = "ListVersionsByFunction", .method = "GET", .query = query.data},
              "/versions", on_versions);
}

void sy_lambda_list_versions(struct sy_lambda *lambda, const char *function, sy_versions_done *done,
                             void *ctx) {
    struct call *call = call_create(lambda, function, ctx);
    call->versions_done = done;
    versions_send(call);
}

/* --- PublishVersion --------------------------------------------------------------------------- */

static void on_publish(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct call *call = ctx;
    sy_published_done *done = call->published_done;
    void *done_ctx = call->ctx;
    SY_AUTO_JSON struct json_object *config = NULL;
    struct sy_lambda_version version = {0};
    struct sy_error why;
    struct sy_error mine;
    bool good = false;
    if (error)
        mine = call_error(call, error);
    else if (sy_json_parse("the body", reply->body, reply->body_len, &config, &why) ||
             parse_version(config, &version, &why))
        (void)odd_answer("PublishVersion", &why, &mine);
    else if (strcmp(version.version, "$LATEST") == 0)
        (void)sy_fail(&mine, SY_INTERNAL,
                      "Lambda answered PublishVersion of %s with $LATEST, which is no version",
                      call->function);
    else
        good = true;
    call_destroy(call);
    done(done_ctx, good ? &version : NULL, good ? NULL : &mine);
}

static void add_string(struct json_object *object, const char *key, const char *value) {
    if (value)
        json_object_object_add(object, key, json_object_new_string(value));
}

void sy_lambda_publish(struct sy_lambda *lambda, const struct sy_publish *publish,
                       sy_published_done *done, void *ctx) {
    struct call *call = call_create(lambda, publish->function, ctx);
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    add_string(object, "CodeSha256", publish->code_sha256);
    add_string(object, "Description", publish->description);
    add_string(object, "RevisionId", publish->revision);
    SY_AUTO_FREE char *body = sy_json_write(object);
    call->published_done = done;
    call_send(call, &(struct sy_aws_call){.operation = "PublishVersion", .body = body}, "/versions",
              on_publish);
}

/* --- Invoke ----------------------------------------------------------------------------------- */

static void copy_header(const struct sy_aws_reply *reply, const char *name, char *buf,
                        size_t size) {
    const char *value = sy_http_header_get(reply->response, name);
    if (value)
        (void)sy_text_clean(value, strlen(value), buf, size);
}

static void on_invoke(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct call *call = ctx;
    sy_invoked_done *done = call->invoked_done;
    void *done_ctx = call->ctx;
    struct sy_invoked invoked = {0};
    struct sy_error mine;
    if (error) {
        mine = call_error(call, error);
        call_destroy(call);
        done(done_ctx, NULL, &mine);
        return;
    }
    call_destroy(call);
    invoked.status = reply->status;
    copy_header(reply, "X-Amz-Function-Error", invoked.function_error,
                sizeof invoked.function_error);
    copy_header(reply, "X-Amz-Executed-Version", invoked.executed_version,
                sizeof invoked.executed_version);
    if (!sy_lambda_is_version(invoked.executed_version))
        invoked.executed_version[0] = '\0';
    invoked.payload = reply->body;
    invoked.truncated = reply->body_len > SY_INVOKED_PAYLOAD_MAX;
    invoked.payload_len = invoked.truncated ? SY_INVOKED_PAYLOAD_MAX : reply->body_len;
    done(done_ctx, &invoked, NULL);
}

void sy_lambda_invoke(struct sy_lambda *lambda, const char *function, const char *qualifier,
                      const char *payload, sy_invoked_done *done, void *ctx) {
    struct call *call = call_create(lambda, function, ctx);
    SY_AUTO_BUFFER struct sy_buffer query = {0};
    (void)snprintf(call->qualifier, sizeof call->qualifier, "%s", qualifier);
    sy_buffer_puts(&query, "Qualifier=");
    sy_aws_encode(&query, qualifier);
    call->invoked_done = done;
    call_send(call,
              &(struct sy_aws_call){.operation = "Invoke", .query = query.data, .body = payload},
              "/invocations", on_invoke);
}

struct sy_lambda *sy_lambda_open(struct sy_aws *aws) {
    struct sy_lambda *lambda = sy_calloc(1, sizeof *lambda);
    lambda->aws = aws;
    LIST_INIT(&lambda->calls);
    return lambda;
}

void sy_lambda_close(struct sy_lambda *lambda) {
    if (!lambda)
        return;
    while (!LIST_EMPTY(&lambda->calls))
        call_destroy(LIST_FIRST(&lambda->calls));
    free(lambda);
}
