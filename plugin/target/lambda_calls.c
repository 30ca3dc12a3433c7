/* Versions: list them, publish one, invoke one. */
#include "target/lambda_call.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "target/lambda_json.h"

#include <stdio.h>
#include <string.h>

static int parse_version(struct json_object *config, struct sy_lambda_version *ret,
                         struct sy_error *error) {
    if (sy_json_string(config, "Version", true, ret->version, sizeof ret->version, error) ||
        sy_json_string(config, "CodeSha256", false, ret->code_sha256, sizeof ret->code_sha256,
                       error) ||
        sy_json_string(config, "LastModified", false, ret->last_modified, sizeof ret->last_modified,
                       error) ||
        sy_lambda_text(config, "Description", ret->description, sizeof ret->description, error))
        return -1;
    if (!sy_lambda_is_version(ret->version))
        return sy_fail(error, SY_INTERNAL, "Version is \"%s\"", ret->version);
    return 0;
}

/* --- ListVersionsByFunction ------------------------------------------------------------------- */

struct versions {
    struct sy_lambda_list list;
    struct sy_lambda_version *versions;
    size_t n;
    sy_versions_done *done;
};

static void versions_release(struct sy_lambda_call *call) {
    free(((struct versions *)call)->versions);
    sy_lambda_list_release(call);
}

static int versions_add(struct sy_lambda_list *list, struct json_object *items,
                        struct sy_error *error) {
    struct versions *v = (struct versions *)list;
    size_t n = json_object_array_length(items);
    v->versions = sy_realloc(v->versions, (v->n + n + 1) * sizeof *v->versions);
    for (size_t i = 0; i < n; i++) {
        struct sy_lambda_version *version = &v->versions[v->n];
        *version = (struct sy_lambda_version){0};
        if (parse_version(json_object_array_get_idx(items, i), version, error))
            return -1;
        if (strcmp(version->version, "$LATEST") != 0)
            v->n++;
    }
    return 0;
}

static void versions_end(struct sy_lambda_list *list, const struct sy_error *error) {
    struct versions *v = (struct versions *)list;
    SY_AUTO_FREE struct sy_lambda_version *versions = SY_STEAL(v->versions);
    size_t n = v->n;
    sy_versions_done *done = v->done;
    void *ctx = list->call.ctx;
    sy_lambda_call_destroy(&list->call);
    done(ctx, error ? NULL : versions, error ? 0 : n, error);
}

void sy_lambda_list_versions(struct sy_lambda *lambda, const char *function, sy_versions_done *done,
                             void *ctx) {
    struct versions *v = sy_lambda_call_create(lambda, sizeof *v, function, ctx);
    v->list.call.release = versions_release;
    v->list.operation = "ListVersionsByFunction";
    v->list.suffix = "/versions";
    v->list.key = "Versions";
    v->list.add = versions_add;
    v->list.end = versions_end;
    v->done = done;
    sy_lambda_list_begin(&v->list);
}

/* --- PublishVersion --------------------------------------------------------------------------- */

struct publishing {
    struct sy_lambda_call call;
    sy_published_done *done;
};

static void on_publish(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct publishing *publishing = ctx;
    struct sy_lambda_call *call = &publishing->call;
    sy_published_done *done = publishing->done;
    void *done_ctx = call->ctx;
    SY_AUTO_JSON struct json_object *config = NULL;
    struct sy_lambda_version version = {0};
    struct sy_error why;
    struct sy_error mine;
    bool good = false;
    if (error)
        mine = sy_lambda_call_error(call, error);
    else if (sy_json_parse("the body", reply->body, reply->body_len, &config, &why) ||
             parse_version(config, &version, &why))
        (void)sy_lambda_odd_answer("PublishVersion", &why, &mine);
    else if (strcmp(version.version, "$LATEST") == 0)
        (void)sy_fail(&mine, SY_INTERNAL,
                      "Lambda answered PublishVersion of %s with $LATEST, which is no version",
                      call->function);
    else
        good = true;
    sy_lambda_call_destroy(call);
    done(done_ctx, good ? &version : NULL, good ? NULL : &mine);
}

static void add_string(struct json_object *object, const char *key, const char *value) {
    if (value)
        json_object_object_add(object, key, json_object_new_string(value));
}

void sy_lambda_publish(struct sy_lambda *lambda, const struct sy_publish *publish,
                       sy_published_done *done, void *ctx) {
    struct publishing *publishing =
        sy_lambda_call_create(lambda, sizeof *publishing, publish->function, ctx);
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    add_string(object, "CodeSha256", publish->code_sha256);
    add_string(object, "Description", publish->description);
    add_string(object, "RevisionId", publish->revision);
    SY_AUTO_FREE char *body = sy_json_write(object);
    publishing->done = done;
    sy_lambda_call_send(&publishing->call,
                        &(struct sy_aws_call){.operation = "PublishVersion", .body = body},
                        SY_LAMBDA_API, "/versions", on_publish);
}

/* --- Invoke ----------------------------------------------------------------------------------- */

struct invoking {
    struct sy_lambda_call call;
    sy_invoked_done *done;
};

static void copy_header(const struct sy_aws_reply *reply, const char *name, char *buf,
                        size_t size) {
    const char *value = sy_http_header_get(reply->response, name);
    if (value)
        (void)sy_text_clean(value, strlen(value), buf, size);
}

static void on_invoke(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct invoking *invoking = ctx;
    struct sy_lambda_call *call = &invoking->call;
    sy_invoked_done *done = invoking->done;
    void *done_ctx = call->ctx;
    struct sy_invoked invoked = {0};
    struct sy_error mine;
    if (error) {
        mine = sy_lambda_call_error(call, error);
        sy_lambda_call_destroy(call);
        done(done_ctx, NULL, &mine);
        return;
    }
    sy_lambda_call_destroy(call);
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
    struct invoking *invoking = sy_lambda_call_create(lambda, sizeof *invoking, function, ctx);
    struct sy_lambda_call *call = &invoking->call;
    (void)snprintf(call->qualifier, sizeof call->qualifier, "%s", qualifier);
    invoking->done = done;
    sy_lambda_call_send(call, &(struct sy_aws_call){.operation = "Invoke", .body = payload},
                        SY_LAMBDA_API, "/invocations", on_invoke);
}
