/* The port's other half: aliases, configurations, and the one place where something is deleted. */
#include "target/lambda_call.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "target/lambda_json.h"

#include <stdio.h>
#include <string.h>

static void list_versions(struct sy_target *target, const char *function, sy_versions_done *done,
                          void *ctx) {
    sy_lambda_list_versions(sy_lambda_of(target), function, done, ctx);
}

static void publish_version(struct sy_target *target, const struct sy_publish *publish,
                            sy_published_done *done, void *ctx) {
    sy_lambda_publish(sy_lambda_of(target), publish, done, ctx);
}

/* --- ListAliases ------------------------------------------------------------------------------ */

struct aliases {
    struct sy_lambda_list list;
    struct sy_named_alias *aliases;
    size_t n;
    sy_aliases_done *done;
};

static void aliases_release(struct sy_lambda_call *call) {
    free(((struct aliases *)call)->aliases);
    sy_lambda_list_release(call);
}

static int aliases_add(struct sy_lambda_list *list, struct json_object *items,
                       struct sy_error *error) {
    struct aliases *a = (struct aliases *)list;
    size_t n = json_object_array_length(items);
    a->aliases = sy_realloc(a->aliases, (a->n + n + 1) * sizeof *a->aliases);
    for (size_t i = 0; i < n; i++, a->n++) {
        struct json_object *item = json_object_array_get_idx(items, i);
        struct sy_named_alias *alias = &a->aliases[a->n];
        *alias = (struct sy_named_alias){0};
        if (sy_json_string(item, "Name", true, alias->name, sizeof alias->name, error) ||
            sy_lambda_routing_parse(item, &alias->routing, error))
            return -1;
    }
    return 0;
}

static void aliases_end(struct sy_lambda_list *list, const struct sy_error *error) {
    struct aliases *a = (struct aliases *)list;
    SY_AUTO_FREE struct sy_named_alias *aliases = SY_STEAL(a->aliases);
    size_t n = a->n;
    sy_aliases_done *done = a->done;
    void *ctx = list->call.ctx;
    sy_lambda_call_destroy(&list->call);
    done(ctx, error ? NULL : aliases, error ? 0 : n, error);
}

static void list_aliases(struct sy_target *target, const char *function, sy_aliases_done *done,
                         void *ctx) {
    struct aliases *a = sy_lambda_call_create(sy_lambda_of(target), sizeof *a, function, ctx);
    a->list.call.release = aliases_release;
    a->list.operation = "ListAliases";
    a->list.suffix = "/aliases";
    a->list.key = "Aliases";
    a->list.add = aliases_add;
    a->list.end = aliases_end;
    a->done = done;
    sy_lambda_list_begin(&a->list);
}

/* --- DeleteFunction, of one version ----------------------------------------------------------- */

struct deleting {
    struct sy_lambda_call call;
    sy_deleted_done *done;
};

static void on_deleted(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct deleting *deleting = ctx;
    sy_deleted_done *done = deleting->done;
    void *done_ctx = deleting->call.ctx;
    bool gone = error && error->code == SY_NOT_FOUND;
    (void)reply;
    sy_lambda_call_destroy(&deleting->call);
    done(done_ctx, gone, gone ? NULL : error);
}

/* DeleteFunction without a Qualifier deletes the function with all its versions (lambda-facts). So
 * the version is looked at here, where the request is made, whoever looked at it before; and the
 * request is made of the digits that were looked at. */
static int delete_version(struct sy_target *target, const char *function, const char *version,
                          sy_deleted_done *done, void *ctx, struct sy_error *error) {
    char shown[64];
    size_t digits = strspn(version, "0123456789");
    if (!digits || version[digits] || digits > SY_VERSION_MAX || version[0] == '0' || !function[0])
        return sy_fail(error, SY_INTERNAL,
                       "nothing was deleted: \"%s\" is no version number, and a deletion without "
                       "one would be of the whole function",
                       sy_text_clean(version, strlen(version), shown, sizeof shown));
    struct deleting *deleting =
        sy_lambda_call_create(sy_lambda_of(target), sizeof *deleting, function, ctx);
    deleting->done = done;
    memcpy(deleting->call.qualifier, version, digits);
    deleting->call.qualifier[digits] = '\0';
    sy_lambda_call_send(&deleting->call,
                        &(struct sy_aws_call){.operation = "DeleteFunction", .method = "DELETE"},
                        SY_LAMBDA_API, "", on_deleted);
    return 0;
}

/* --- GetFunctionConfiguration ----------------------------------------------------------------- */

struct configuring {
    struct sy_lambda_call call;
    sy_configuration_done *done;
};

/* A 404 may mean the version or the function: what asks here knows of the function already. */
static void on_configuration(void *ctx, const struct sy_aws_reply *reply,
                             const struct sy_error *error) {
    struct configuring *configuring = ctx;
    sy_configuration_done *done = configuring->done;
    void *done_ctx = configuring->call.ctx;
    bool versioned = configuring->call.qualifier[0];
    struct sy_configuration configuration = {0};
    struct sy_error mine =
        error ? sy_lambda_call_error(&configuring->call, error) : (struct sy_error){.code = SY_OK};
    sy_lambda_call_destroy(&configuring->call);
    bool absent = mine.code == SY_NOT_FOUND && versioned;
    int failed = error ? -1
                       : sy_lambda_configuration_parse("GetFunctionConfiguration", reply->body,
                                                       reply->body_len, &configuration, &mine);
    if (!failed || absent)
        done(done_ctx, &configuration, NULL);
    else
        done(done_ctx, NULL, &mine);
}

static void read_configuration(struct sy_target *target, const char *function,
                               const char *qualifier, sy_configuration_done *done, void *ctx) {
    struct configuring *configuring =
        sy_lambda_call_create(sy_lambda_of(target), sizeof *configuring, function, ctx);
    configuring->done = done;
    (void)snprintf(configuring->call.qualifier, sizeof configuring->call.qualifier, "%s",
                   qualifier);
    sy_lambda_call_send(
        &configuring->call,
        &(struct sy_aws_call){.operation = "GetFunctionConfiguration", .method = "GET"},
        SY_LAMBDA_API, "/configuration", on_configuration);
}

const struct sy_function_ops sy_lambda_function_ops = {
    .list_versions = list_versions,
    .list_aliases = list_aliases,
    .delete_version = delete_version,
    .read_configuration = read_configuration,
    .update_code = sy_lambda_update_code,
    .publish = publish_version,
    .read_policy = sy_lambda_read_policy,
    .read_concurrency = sy_lambda_read_concurrency,
    .read_invoke_config = sy_lambda_read_invoke_config,
    .read_expiry = sy_lambda_read_expiry,
};
