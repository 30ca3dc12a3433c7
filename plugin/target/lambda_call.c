#include "target/lambda_call.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

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
        sy_lambda_call_destroy(LIST_FIRST(&lambda->calls));
    free(lambda);
}

void *sy_lambda_call_create(struct sy_lambda *lambda, size_t size, const char *function,
                            void *ctx) {
    struct sy_lambda_call *call = sy_calloc(1, size);
    call->lambda = lambda;
    call->ctx = ctx;
    (void)snprintf(call->function, sizeof call->function, "%s", function);
    LIST_INSERT_HEAD(&lambda->calls, call, link);
    return call;
}

void sy_lambda_call_destroy(struct sy_lambda_call *call) {
    LIST_REMOVE(call, link);
    if (call->release)
        call->release(call);
    free(call);
}

void sy_lambda_call_send(struct sy_lambda_call *call, const struct sy_aws_call *shape,
                         const char *api, const char *suffix, sy_aws_done *done) {
    SY_AUTO_BUFFER struct sy_buffer path = {0};
    SY_AUTO_BUFFER struct sy_buffer query = {0};
    struct sy_aws_call filled = *shape;
    sy_buffer_printf(&path, "/%s/functions/", api);
    sy_aws_encode(&path, call->function);
    sy_buffer_puts(&path, suffix);
    if (call->qualifier[0]) {
        sy_buffer_puts(&query, "Qualifier=");
        sy_aws_encode(&query, call->qualifier);
        filled.query = query.data;
    }
    filled.service = SY_AWS_LAMBDA;
    filled.path = path.data;
    sy_aws_send(call->lambda->aws, &filled, done, call);
}

struct sy_error sy_lambda_call_error(const struct sy_lambda_call *call,
                                     const struct sy_error *error) {
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

int sy_lambda_odd_answer(const char *what, const struct sy_error *why, struct sy_error *error) {
    struct sy_error copy = *why;
    return sy_fail(error, SY_INTERNAL, "Lambda's answer to %s is not as documented: %s", what,
                   copy.message);
}

int sy_lambda_text(const struct json_object *object, const char *key, char *buf, size_t size,
                   struct sy_error *error) {
    struct json_object *text = NULL;
    if (sy_json_child(object, key, false, json_type_string, &text, error))
        return -1;
    if (text)
        (void)sy_text_clean(json_object_get_string(text), (size_t)json_object_get_string_len(text),
                            buf, size);
    return 0;
}

/* --- the pages of a list ---------------------------------------------------------------------- */

static void list_send(struct sy_lambda_list *list);

static int list_page(struct sy_lambda_list *list, const struct sy_aws_reply *reply,
                     char **ret_marker, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *page = NULL;
    struct json_object *items = NULL;
    struct json_object *marker = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", reply->body, reply->body_len, &page, &why) ||
        sy_json_child(page, list->key, true, json_type_array, &items, &why) ||
        sy_json_child(page, "NextMarker", false, json_type_string, &marker, &why) ||
        list->add(list, items, &why))
        return sy_lambda_odd_answer(list->operation, &why, error);
    *ret_marker = marker && json_object_get_string_len(marker)
                      ? sy_strdup(json_object_get_string(marker))
                      : NULL;
    return 0;
}

static void on_page(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct sy_lambda_list *list = ctx;
    SY_AUTO_FREE char *marker = NULL;
    struct sy_error why;
    if (error) {
        why = sy_lambda_call_error(&list->call, error);
        list->end(list, &why);
    } else if (list_page(list, reply, &marker, &why)) {
        list->end(list, &why);
    } else if (!marker) {
        list->end(list, NULL);
    } else if (++list->pages >= SY_LAMBDA_PAGES_MAX ||
               (list->marker && strcmp(list->marker, marker) == 0)) {
        (void)sy_fail(&why, SY_INTERNAL, "Lambda's list of the %s of %s has no end after %d pages",
                      list->suffix + 1, list->call.function, list->pages);
        list->end(list, &why);
    } else {
        free(list->marker);
        list->marker = SY_STEAL(marker);
        list_send(list);
    }
}

static void list_send(struct sy_lambda_list *list) {
    SY_AUTO_BUFFER struct sy_buffer query = {0};
    sy_buffer_puts(&query, "MaxItems=50");
    if (list->marker) {
        sy_buffer_puts(&query, "&Marker=");
        sy_aws_encode(&query, list->marker);
    }
    sy_lambda_call_send(
        &list->call,
        &(struct sy_aws_call){.operation = list->operation, .method = "GET", .query = query.data},
        SY_LAMBDA_API, list->suffix, on_page);
}

void sy_lambda_list_begin(struct sy_lambda_list *list) {
    list_send(list);
}

void sy_lambda_list_release(struct sy_lambda_call *call) {
    free(((struct sy_lambda_list *)call)->marker);
}
