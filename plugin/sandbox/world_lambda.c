/* Lambda: functions and their versions. Aliases are in world_alias.c. */
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 50 };

const char *sy_version_text(int64_t number, char buf[24]) {
    if (number == SY_LATEST)
        (void)snprintf(buf, 24, "$LATEST");
    else
        (void)snprintf(buf, 24, "%lld", (long long)number);
    return buf;
}

int64_t sy_version_number(const char *text) {
    struct sy_error ignored;
    int64_t number = -1;
    if (strcmp(text, "$LATEST") == 0)
        return SY_LATEST;
    if (*text == '0' || strlen(text) > 18 ||
        sy_integer_parse("version", text, 1, INT64_MAX, &number, &ignored))
        return -1;
    return number;
}

const char *sy_lambda_arn(const struct sy_world *world, const char *function, const char *qualifier,
                          char buf[320]) {
    (void)snprintf(buf, 320, "arn:aws:lambda:%s:%s:function:%s%s%s", world->region, world->account,
                   function, *qualifier ? ":" : "", qualifier);
    return buf;
}

static void not_found(struct sy_call *call, const char *what, const char *function,
                      const char *qualifier) {
    char arn[320];
    sy_answer_error(call, 404, "ResourceNotFoundException", "%s: %s", what,
                    sy_lambda_arn(call->world, function, qualifier, arn));
}

/* NAME, NAME:QUALIFIER, ACCOUNT:function:NAME and the whole ARN all name a function. */
struct sy_function *sy_lambda_function(struct sy_call *call, char *qualifier) {
    char name[200];
    const char *given = call->route->function;
    const char *marker = strstr(given, ":function:");
    if (!marker && strncmp(given, "function:", 9) == 0)
        given += 9;
    else if (marker)
        given = marker + 10;
    size_t len = strcspn(given, ":");
    (void)snprintf(name, sizeof name, "%.*s", (int)len, given);
    if (qualifier)
        (void)snprintf(qualifier, SY_ALIAS_NAME_MAX + 1, "%s",
                       given[len] == ':' ? given + len + 1 : "");
    struct sy_function *function = sy_world_function(call->world, name);
    if (!function)
        not_found(call, "Function not found", name, "");
    return function;
}

struct sy_version *sy_lambda_version(struct sy_call *call, struct sy_function *function,
                                     const char *qualifier) {
    if (!*qualifier)
        return &function->latest;
    int64_t number = sy_version_number(qualifier);
    if (number < 0) {
        const struct sy_alias *alias = sy_function_alias(function, qualifier);
        if (!alias) {
            not_found(call, "Cannot find alias arn", function->name, qualifier);
            return NULL;
        }
        number = alias->split.version;
    }
    struct sy_version *version = sy_function_version(function, number);
    if (!version)
        not_found(call, "Function not found", function->name, qualifier);
    return version;
}

static void add_text(struct json_object *object, const char *key, const char *value) {
    json_object_object_add(object, key, json_object_new_string(value));
}

static void add_state(const struct sy_world *world, struct json_object *object,
                      const struct sy_function *function, const struct sy_version *version) {
    if (sy_version_is_active(world, version)) {
        bool failed = strcmp(version->state, "Failed") == 0;
        bool latest = version->number == SY_LATEST;
        add_text(object, "State", version->state);
        if (failed) {
            add_text(object, "StateReason", "The sandbox was told that it fails.");
            add_text(object, "StateReasonCode", "InternalError");
        }
        add_text(object, "LastUpdateStatus",
                 !latest || !function->modified ? "Successful"
                 : function->updating           ? "InProgress"
                 : function->update_fails       ? "Failed"
                                                : "Successful");
        if (latest && function->modified && !function->updating && function->update_fails)
            add_text(object, "LastUpdateStatusReason", "The sandbox was told that it fails.");
        return;
    }
    add_text(object, "State", "Pending");
    add_text(object, "StateReason", "The function is being created.");
    add_text(object, "StateReasonCode", "Creating");
}

static void add_modified(struct json_object *object, int64_t unix_ms) {
    char seconds[24], text[40];
    (void)sy_time_format(unix_ms, seconds);
    (void)snprintf(text, sizeof text, "%.19s.%03d+0000", seconds, (int)(unix_ms % 1000));
    add_text(object, "LastModified", text);
}

struct json_object *sy_lambda_configuration(const struct sy_world *world,
                                            const struct sy_function *function,
                                            const struct sy_version *version, const char *qualifier,
                                            bool with_state) {
    char arn[320], number[24];
    struct json_object *object = json_object_new_object();
    add_text(object, "FunctionName", function->name);
    add_text(object, "FunctionArn", sy_lambda_arn(world, function->name, qualifier, arn));
    add_text(object, "Runtime", "provided.al2023");
    (void)snprintf(arn, sizeof arn, "arn:aws:iam::%s:role/sandbox", world->account);
    add_text(object, "Role", version->role[0] ? version->role : arn);
    add_text(object, "Handler", "bootstrap");
    json_object_object_add(object, "CodeSize", json_object_new_int(1024));
    add_text(object, "Description", version->description);
    json_object_object_add(object, "Timeout", json_object_new_int(3));
    json_object_object_add(object, "MemorySize", json_object_new_int(128));
    add_modified(object, version->modified_ms);
    add_text(object, "CodeSha256", version->code_sha256);
    add_text(object, "Version", sy_version_text(version->number, number));
    add_text(object, "RevisionId", version->revision);
    add_text(object, "PackageType", "Zip");
    if (version->dead_letter[0]) {
        struct json_object *dead_letter = json_object_new_object();
        add_text(dead_letter, "TargetArn", version->dead_letter);
        json_object_object_add(object, "DeadLetterConfig", dead_letter);
    }
    if (function->snap_start) {
        struct json_object *snap_start = json_object_new_object();
        bool made = version->number != SY_LATEST && sy_version_is_active(world, version);
        add_text(snap_start, "ApplyOn", "PublishedVersions");
        add_text(snap_start, "OptimizationStatus", made ? "On" : "Off");
        json_object_object_add(object, "SnapStart", snap_start);
    }
    if (with_state)
        add_state(world, object, function, version);
    return object;
}

bool sy_lambda_qualifier(struct sy_call *call, char qualifier[SY_ALIAS_NAME_MAX + 1]) {
    char query[SY_ALIAS_NAME_MAX + 1];
    if (!sy_route_query(call->request, "Qualifier", query, sizeof query))
        return true;
    if (*qualifier && strcmp(qualifier, query) != 0) {
        sy_answer_error(call, 400, "InvalidParameterValueException",
                        "The derived qualifier from the function name does not match the specified "
                        "qualifier.");
        return false;
    }
    memcpy(qualifier, query, sizeof query);
    return true;
}

static struct json_object *configuration_asked(struct sy_call *call) {
    char qualifier[SY_ALIAS_NAME_MAX + 1] = "";
    struct sy_function *function = sy_lambda_function(call, qualifier);
    if (!function || !sy_lambda_qualifier(call, qualifier))
        return NULL;
    sy_lambda_settle(call->world, function);
    const struct sy_version *version = sy_lambda_version(call, function, qualifier);
    return version ? sy_lambda_configuration(call->world, function, version, qualifier, true)
                   : NULL;
}

static void get_function_configuration(struct sy_call *call) {
    struct json_object *answer = configuration_asked(call);
    if (answer)
        sy_answer(call, 200, answer);
}

static void get_function(struct sy_call *call) {
    struct json_object *inner = configuration_asked(call);
    if (!inner)
        return;
    struct json_object *answer = json_object_new_object();
    struct json_object *code = json_object_new_object();
    add_text(code, "RepositoryType", "S3");
    json_object_object_add(answer, "Configuration", inner);
    json_object_object_add(answer, "Code", code);
    sy_answer(call, 200, answer);
}

/* $LATEST first, then by number. The marker is the number of the first version to come. */
static void list_versions(struct sy_call *call) {
    char marker_text[24] = "", limit_text[24] = "", number[24];
    struct sy_error ignored;
    int64_t marker = 0, limit = PAGE;
    struct sy_function *function = sy_lambda_function(call, NULL);
    if (!function)
        return;
    if ((sy_route_query(call->request, "Marker", marker_text, sizeof marker_text) &&
         sy_integer_parse("Marker", marker_text, 0, INT64_MAX, &marker, &ignored)) ||
        (sy_route_query(call->request, "MaxItems", limit_text, sizeof limit_text) &&
         sy_integer_parse("MaxItems", limit_text, 1, 10000, &limit, &ignored))) {
        sy_answer_error(call, 400, "InvalidParameterValueException",
                        "Marker or MaxItems is not valid");
        return;
    }
    if (limit > PAGE)
        limit = PAGE;
    struct json_object *answer = json_object_new_object();
    struct json_object *list = json_object_new_array();
    if (marker == 0 && limit--)
        json_object_array_add(list, sy_lambda_configuration(call->world, function,
                                                            &function->latest, "$LATEST", false));
    json_object_object_add(answer, "Versions", list);
    for (size_t i = 0; i < function->n_versions; i++) {
        const struct sy_version *version = &function->versions[i];
        if (version->number < marker)
            continue;
        (void)sy_version_text(version->number, number);
        if (limit-- == 0) {
            add_text(answer, "NextMarker", number);
            break;
        }
        json_object_array_add(
            list, sy_lambda_configuration(call->world, function, version, number, false));
    }
    sy_answer(call, 200, answer);
}

/* The names of the aliases that use the version, "" when none does. */
static void alias_users(const struct sy_function *function, int64_t number, char buf[300]) {
    size_t len = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < function->n_aliases; i++) {
        const struct sy_alias *alias = &function->aliases[i];
        if (alias->split.version != number &&
            (alias->split.additional != number || number == SY_LATEST))
            continue;
        int n = snprintf(buf + len, 300 - len, "%s%s", len ? ", " : "", alias->name);
        len = n < 0 || len + (size_t)n >= 300 ? 299 : len + (size_t)n;
    }
}

/* AWS takes the whole function without a qualifier. Nothing here ever means that, so the sandbox
 * refuses, and counts it as a fault of the caller's. */
static void delete_function(struct sy_call *call) {
    char qualifier[SY_ALIAS_NAME_MAX + 1] = "", users[300];
    struct sy_function *function = sy_lambda_function(call, qualifier);
    if (!function || !sy_lambda_qualifier(call, qualifier))
        return;
    if (!*qualifier) {
        call->world->whole_deletions++;
        sy_log(SY_LOG_ERROR, "the deletion of the whole function %s was refused", function->name);
        sy_answer_error(call, 400, "InvalidParameterValueException",
                        "The sandbox deletes versions alone: a deletion without a Qualifier is "
                        "one of the whole function");
        return;
    }
    int64_t number = sy_version_number(qualifier);
    if (number < 0 || number == SY_LATEST) {
        sy_answer_error(call, 400, "InvalidParameterValueException",
                        number < 0 ? "Deletion of aliases is not currently supported."
                                   : "$LATEST version cannot be deleted without deleting the "
                                     "function.");
        return;
    }
    alias_users(function, number, users);
    if (users[0]) {
        sy_answer_error(call, 409, "ResourceConflictException",
                        "Unable to delete version because the following aliases reference it: [%s]",
                        users);
        return;
    }
    struct sy_version *version = sy_function_version(function, number);
    if (version)
        sy_function_drop_version(function, version);
    sy_answer(call, 204, NULL);
}

const struct sy_operation sy_lambda_operations[] = {
    {"GetFunction", get_function, "GET", ""},
    {"DeleteFunction", delete_function, "DELETE", ""},
    {"GetFunctionConfiguration", get_function_configuration, "GET", "configuration"},
    {"ListVersionsByFunction", list_versions, "GET", "versions"},
    {"PublishVersion", sy_world_publish_version, "POST", "versions"},
    {"UpdateFunctionCode", sy_world_update_code, "PUT", "code"},
    {"GetPolicy", sy_lambda_get_policy, "GET", "policy"},
    {"GetProvisionedConcurrencyConfig", sy_lambda_get_concurrency, "GET", "provisioned-concurrency",
     .api = "2019-09-30"},
    {"GetFunctionEventInvokeConfig", sy_lambda_get_event_invoke, "GET", "event-invoke-config",
     .api = "2019-09-25"},
    {"ListAliases", sy_lambda_list_aliases, "GET", "aliases"},
    {"CreateAlias", sy_lambda_create_alias, "POST", "aliases"},
    {"GetAlias", sy_lambda_get_alias, "GET", "aliases", .named = true},
    {"UpdateAlias", sy_lambda_update_alias, "PUT", "aliases", .named = true},
    {"DeleteAlias", sy_lambda_delete_alias, "DELETE", "aliases", .named = true},
    {"Invoke", sy_world_invoke, "POST", "invocations", .raw = true},
};
const size_t sy_lambda_operation_count = SY_COUNT(sy_lambda_operations);
