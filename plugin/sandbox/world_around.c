/* Lambda: what stands around an alias - its resource policy, its provisioned concurrency, the rules
 * of its asynchronous invocations. The scenario sets them; nothing changes them. */
#include "base/json.h"
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { SETTINGS_MAX = 1000 };

/* ---- the scenario ---- */

struct reader {
    const char *key;
    enum sy_setting_kind kind;
    const char *keys[4];
    const char *number; /* the member that is a number */
    int64_t least, most;
    const char *text; /* the member that is a text */
};
static const struct reader readers[] = {
    {"permissions", SY_SETTING_PERMISSION, {"alias", "principal"}, NULL, 0, 0, "principal"},
    {"provisioned_concurrency",
     SY_SETTING_CONCURRENCY,
     {"alias", "requested", "status"},
     "requested",
     1,
     1000000,
     "status"},
    {"event_invoke", SY_SETTING_EVENT_INVOKE, {"alias", "retries"}, "retries", 0, 2, NULL},
};

static int setting_read(const struct reader *reader, struct sy_function *function,
                        const struct json_object *object, struct sy_error *error) {
    struct sy_setting setting = {.kind = reader->kind};
    size_t n = 0;
    while (reader->keys[n])
        n++;
    if (sy_scenario_keys(object, reader->key, reader->keys, n, error) ||
        sy_json_string(object, "alias", reader->kind != SY_SETTING_PERMISSION, setting.qualifier,
                       sizeof setting.qualifier, error) ||
        (reader->number && sy_json_int(object, reader->number, true, reader->least, reader->most,
                                       &setting.number, error)) ||
        (reader->text &&
         sy_json_string(object, reader->text, true, setting.text, sizeof setting.text, error)))
        return -1;
    if (setting.qualifier[0] && !sy_function_alias(function, setting.qualifier))
        return sy_fail_field(error, reader->key, "%s of %s names the alias %s, which is not there",
                             reader->key, function->name, setting.qualifier);
    function->settings =
        sy_realloc(function->settings, (function->n_settings + 1) * sizeof *function->settings);
    function->settings[function->n_settings++] = setting;
    return 0;
}

int sy_scenario_settings(struct sy_function *function, const struct json_object *object,
                         struct sy_error *error) {
    for (size_t i = 0; i < SY_COUNT(readers); i++) {
        const struct reader *reader = &readers[i];
        struct json_object *list = NULL;
        if (sy_json_child(object, reader->key, false, json_type_array, &list, error))
            return -1;
        size_t n = list ? json_object_array_length(list) : 0;
        if (n > SETTINGS_MAX)
            return sy_fail_field(error, reader->key, "%s has more than %d items", reader->key,
                                 SETTINGS_MAX);
        for (size_t k = 0; k < n; k++)
            if (setting_read(reader, function, json_object_array_get_idx(list, k), error))
                return -1;
    }
    return 0;
}

/* ---- the operations ---- */

static const struct sy_setting *find(const struct sy_function *function, const char *qualifier,
                                     enum sy_setting_kind kind) {
    for (size_t i = 0; i < function->n_settings; i++)
        if (function->settings[i].kind == kind &&
            strcmp(function->settings[i].qualifier, qualifier) == 0)
            return &function->settings[i];
    return NULL;
}

/* The function and the qualifier that the call names, if both are there; answers otherwise. */
static struct sy_function *asked(struct sy_call *call, char qualifier[SY_ALIAS_NAME_MAX + 1]) {
    struct sy_function *function = sy_lambda_function(call, qualifier);
    if (!function || !sy_lambda_qualifier(call, qualifier) ||
        !sy_lambda_version(call, function, qualifier))
        return NULL;
    return function;
}

static void add_text(struct json_object *object, const char *key, const char *value) {
    json_object_object_add(object, key, json_object_new_string(value));
}

static void add_statement(struct sy_call *call, struct json_object *list,
                          const struct sy_function *function, const struct sy_setting *setting) {
    char arn[320], sid[32];
    struct json_object *statement = json_object_new_object();
    struct json_object *principal = json_object_new_object();
    (void)snprintf(sid, sizeof sid, "statement-%zu", json_object_array_length(list) + 1);
    add_text(statement, "Sid", sid);
    add_text(statement, "Effect", "Allow");
    add_text(principal, "Service", setting->text);
    json_object_object_add(statement, "Principal", principal);
    add_text(statement, "Action", "lambda:InvokeFunction");
    add_text(statement, "Resource",
             sy_lambda_arn(call->world, function->name, setting->qualifier, arn));
    json_object_array_add(list, statement);
}

void sy_lambda_get_policy(struct sy_call *call) {
    char qualifier[SY_ALIAS_NAME_MAX + 1] = "";
    const struct sy_function *function = asked(call, qualifier);
    if (!function)
        return;
    if (!find(function, qualifier, SY_SETTING_PERMISSION)) {
        sy_answer_error(call, 404, "ResourceNotFoundException",
                        "The resource you requested does not exist.");
        return;
    }
    SY_AUTO_JSON struct json_object *policy = json_object_new_object();
    struct json_object *list = json_object_new_array();
    add_text(policy, "Version", "2012-10-17");
    add_text(policy, "Id", "default");
    json_object_object_add(policy, "Statement", list);
    for (size_t i = 0; i < function->n_settings; i++)
        if (function->settings[i].kind == SY_SETTING_PERMISSION &&
            strcmp(function->settings[i].qualifier, qualifier) == 0)
            add_statement(call, list, function, &function->settings[i]);
    SY_AUTO_FREE char *text = sy_json_write(policy);
    struct json_object *answer = json_object_new_object();
    add_text(answer, "Policy", text);
    add_text(answer, "RevisionId", function->latest.revision);
    sy_answer(call, 200, answer);
}

void sy_lambda_get_concurrency(struct sy_call *call) {
    char qualifier[SY_ALIAS_NAME_MAX + 1] = "";
    const struct sy_function *function = asked(call, qualifier);
    if (!function)
        return;
    const struct sy_setting *setting = find(function, qualifier, SY_SETTING_CONCURRENCY);
    if (!setting) {
        sy_answer_error(call, 404, "ProvisionedConcurrencyConfigNotFoundException",
                        "No Provisioned Concurrency Config found for this function");
        return;
    }
    int64_t ready = strcmp(setting->text, "READY") == 0 ? setting->number : 0;
    struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "RequestedProvisionedConcurrentExecutions",
                           json_object_new_int64(setting->number));
    json_object_object_add(answer, "AvailableProvisionedConcurrentExecutions",
                           json_object_new_int64(ready));
    json_object_object_add(answer, "AllocatedProvisionedConcurrentExecutions",
                           json_object_new_int64(ready));
    add_text(answer, "Status", setting->text);
    if (strcmp(setting->text, "FAILED") == 0)
        add_text(answer, "StatusReason", "The sandbox was told that it fails.");
    add_text(answer, "LastModified", "2026-01-01T00:00:00+0000");
    sy_answer(call, 200, answer);
}

void sy_lambda_get_event_invoke(struct sy_call *call) {
    char qualifier[SY_ALIAS_NAME_MAX + 1] = "", arn[320];
    const struct sy_function *function = asked(call, qualifier);
    if (!function)
        return;
    const struct sy_setting *setting = find(function, qualifier, SY_SETTING_EVENT_INVOKE);
    (void)sy_lambda_arn(call->world, function->name, qualifier, arn);
    if (!setting) {
        sy_answer_error(call, 404, "ResourceNotFoundException",
                        "The function %s doesn't have an EventInvokeConfig", arn);
        return;
    }
    struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "LastModified",
                           sy_json_number((double)function->latest.modified_ms / 1000));
    add_text(answer, "FunctionArn", arn);
    json_object_object_add(answer, "MaximumRetryAttempts", json_object_new_int64(setting->number));
    sy_answer(call, 200, answer);
}
