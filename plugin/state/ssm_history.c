#include "state/ssm_history.h"

#include "aws/client.h"
#include "base/json.h"
#include "base/memory.h"
#include "state/record_json.h"
#include "state/ssm_json.h"

#include <json-c/json.h>
#include <string.h>

/* A page may be empty and yet not the last one. */
enum { PAGE = 50, PAGES_MAX = 20, VERSIONS_MAX = 200, TOKEN_MAX = 2048 };

struct sy_ssm_history {
    LIST_ENTRY(sy_ssm_history) link;
    struct sy_aws *aws;
    char *name;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    struct sy_stored_version *versions; /* oldest first, as SSM answers */
    size_t n;
    unsigned pages;
    sy_versions_stored_done *done;
    void *ctx;
};

static void destroy(struct sy_ssm_history *history) {
    LIST_REMOVE(history, link);
    free(history->versions);
    free(history->name);
    free(history);
}

void sy_ssm_histories_finish(struct sy_ssm_histories *list) {
    while (!LIST_EMPTY(list))
        destroy(LIST_FIRST(list));
}

/* Gone before its callback runs, which may destroy the store. */
static void finish(struct sy_ssm_history *history, const struct sy_error *error) {
    SY_AUTO_FREE struct sy_stored_version *versions = SY_STEAL(history->versions);
    sy_versions_stored_done *done = history->done;
    void *ctx = history->ctx;
    size_t n = history->n;
    destroy(history);
    for (size_t i = 0; i < n / 2; i++) {
        struct sy_stored_version swap = versions[i];
        versions[i] = versions[n - 1 - i];
        versions[n - 1 - i] = swap;
    }
    done(ctx, error ? NULL : versions, error ? 0 : n, error);
}

static void on_page(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error);

static void ask(struct sy_ssm_history *history, const char *token) {
    SY_AUTO_JSON struct json_object *body = json_object_new_object();
    json_object_object_add(body, "Name", json_object_new_string(history->name));
    json_object_object_add(body, "WithDecryption", json_object_new_boolean(false));
    json_object_object_add(body, "MaxResults", json_object_new_int(PAGE));
    if (token[0])
        json_object_object_add(body, "NextToken", json_object_new_string(token));
    SY_AUTO_FREE char *text = sy_json_write(body);
    sy_aws_send(history->aws,
                &(struct sy_aws_call){
                    .service = SY_AWS_SSM, .operation = "GetParameterHistory", .body = text},
                on_page, history);
}

/* One version; what is no record of this alias is passed over: people write parameters, too. */
static int take(struct sy_ssm_history *history, const struct json_object *item,
                struct sy_error *error) {
    struct json_object *value = NULL;
    double seconds = 0;
    struct sy_error ignored;
    struct sy_stored_version version = {0};
    if (sy_json_child(item, "Value", true, json_type_string, &value, error) ||
        sy_json_double(item, "LastModifiedDate", false, 0, 253402300799.0, &seconds, error) ||
        sy_json_int(item, "Version", true, 1, INT64_MAX, &version.record.version, error))
        return -1;
    int64_t number = version.record.version;
    if (sy_record_parse(json_object_get_string(value), (size_t)json_object_get_string_len(value),
                        &version.record, &ignored) ||
        strcmp(version.record.spec.function, history->function) != 0 ||
        strcmp(version.record.spec.alias, history->alias) != 0)
        return 0;
    version.record.version = number;
    version.at_ms = (int64_t)(seconds * 1000);
    history->versions = sy_realloc(history->versions, (history->n + 1) * sizeof *history->versions);
    history->versions[history->n++] = version;
    return 0;
}

static int take_page(struct sy_ssm_history *history, const struct sy_aws_reply *reply,
                     char token[TOKEN_MAX], struct sy_error *error) {
    SY_AUTO_JSON struct json_object *tree = NULL;
    struct json_object *list = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", reply->body, reply->body_len, &tree, &why) ||
        sy_json_child(tree, "Parameters", true, json_type_array, &list, &why) ||
        sy_json_string(tree, "NextToken", false, token, TOKEN_MAX, &why))
        return sy_ssm_odd_answer("GetParameterHistory", &why, error);
    for (size_t i = 0; i < json_object_array_length(list) && history->n < VERSIONS_MAX; i++)
        if (take(history, json_object_array_get_idx(list, i), &why))
            return sy_ssm_odd_answer("GetParameterHistory", &why, error);
    return 0;
}

static void on_page(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct sy_ssm_history *history = ctx;
    char token[TOKEN_MAX] = "";
    struct sy_error why;
    if (error) {
        struct sy_error copy = *error;
        bool absent = strcmp(error->reason, "ParameterNotFound") == 0;
        finish(history, absent ? NULL : &copy);
    } else if (take_page(history, reply, token, &why)) {
        finish(history, &why);
    } else if (token[0] && history->n < VERSIONS_MAX && ++history->pages < PAGES_MAX) {
        ask(history, token);
    } else {
        finish(history, NULL);
    }
}

void sy_ssm_read_history(struct sy_aws *aws, struct sy_ssm_histories *list, const char *name,
                         const char *function, const char *alias, sy_versions_stored_done *done,
                         void *ctx) {
    struct sy_ssm_history *history = sy_calloc(1, sizeof *history);
    history->aws = aws;
    history->name = sy_strdup(name);
    history->done = done;
    history->ctx = ctx;
    (void)memccpy(history->function, function, 0, sizeof history->function);
    (void)memccpy(history->alias, alias, 0, sizeof history->alias);
    LIST_INSERT_HEAD(list, history, link);
    ask(history, "");
}
