/* Lambda: aliases, their weights and revisions. The texts of refusals are AWS's own. */
#include "base/json.h"
#include "sandbox/world_call.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 50 };

static struct json_object *describe(const struct sy_world *world,
                                    const struct sy_function *function,
                                    const struct sy_alias *alias) {
    char arn[320], number[24];
    struct json_object *object = json_object_new_object();
    json_object_object_add(
        object, "AliasArn",
        json_object_new_string(sy_lambda_arn(world, function->name, alias->name, arn)));
    json_object_object_add(object, "Name", json_object_new_string(alias->name));
    json_object_object_add(object, "FunctionVersion",
                           json_object_new_string(sy_version_text(alias->split.version, number)));
    json_object_object_add(object, "Description", json_object_new_string(alias->description));
    if (alias->split.additional) {
        struct json_object *routing = json_object_new_object();
        struct json_object *weights = json_object_new_object();
        json_object_object_add(weights, sy_version_text(alias->split.additional, number),
                               sy_json_number(alias->split.weight));
        json_object_object_add(routing, "AdditionalVersionWeights", weights);
        json_object_object_add(object, "RoutingConfig", routing);
    }
    json_object_object_add(object, "RevisionId", json_object_new_string(alias->revision));
    return object;
}

/* The alias of the path; answers 404 and returns NULL when there is none. */
static struct sy_alias *alias_of(struct sy_call *call, struct sy_function **ret_function) {
    char arn[320];
    struct sy_function *function = sy_lambda_function(call, NULL);
    if (!function)
        return NULL;
    *ret_function = function;
    struct sy_alias *alias = sy_function_alias(function, call->route->name);
    if (!alias)
        sy_answer_error(call, 404, "ResourceNotFoundException", "Cannot find alias arn: %s",
                        sy_lambda_arn(call->world, function->name, call->route->name, arn));
    return alias;
}

void sy_lambda_get_alias(struct sy_call *call) {
    struct sy_function *function = NULL;
    const struct sy_alias *alias = alias_of(call, &function);
    if (alias)
        sy_answer(call, 200, describe(call->world, function, alias));
}

/* What the caller wants the alias to be; fields it left out keep what they were. */
struct wish {
    char description[SY_DESCRIPTION_MAX + 1];
    char revision[64];
    struct sy_split split;
};

static bool invalid(struct sy_call *call, const char *code, const char *message) {
    sy_answer_error(call, 400, code, "%s", message);
    return false;
}

static bool version_exists(struct sy_call *call, struct sy_function *function, int64_t number) {
    char text[24], arn[320];
    if (sy_function_version(function, number))
        return true;
    sy_answer_error(call, 404, "ResourceNotFoundException", "Function not found: %s",
                    sy_lambda_arn(call->world, function->name, sy_version_text(number, text), arn));
    return false;
}

static bool weight_read(struct sy_call *call, const char *key, struct json_object *value,
                        struct wish *wish) {
    bool number =
        json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
    double weight = number ? json_object_get_double(value) : -1;
    wish->split.additional = sy_version_number(key);
    wish->split.weight = weight;
    if (!number)
        return invalid(call, "SerializationException", "A weight must be a number");
    if (!(weight >= 0 && weight <= 1)) {
        sy_answer_error(
            call, 400, "ValidationException",
            "1 validation error detected: Value '{%.20s=%g}' at "
            "'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must "
            "satisfy constraint: [Member must have value less than or equal to 1.0, Member must "
            "have value greater than or equal to 0.0, Member must not be null]",
            key, weight);
        return false;
    }
    if (wish->split.additional < 0) {
        sy_answer_error(
            call, 400, "ValidationException",
            "1 validation error detected: Value '{%.20s=%g}' at "
            "'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must "
            "satisfy constraint: [Member must have length less than or equal to 1024, Member must "
            "have length greater than or equal to 1, Member must satisfy regular expression "
            "pattern: [0-9]+, Member must not be null]",
            key, weight);
        return false;
    }
    return wish->split.additional != SY_LATEST ||
           invalid(call, "ValidationException",
                   "1 validation error detected: $LATEST is no key for "
                   "'routingConfig.additionalVersionWeights'");
}

static bool routing_read(struct sy_call *call, struct wish *wish) {
    struct sy_error error = {0};
    struct json_object *routing = NULL, *weights = NULL;
    if (sy_json_child(call->body, "RoutingConfig", false, json_type_object, &routing, &error) ||
        (routing && sy_json_child(routing, "AdditionalVersionWeights", false, json_type_object,
                                  &weights, &error)))
        return invalid(call, "SerializationException", error.message);
    if (!routing)
        return true;
    wish->split.additional = 0;
    wish->split.weight = 0;
    if (!weights)
        return true;
    if (json_object_object_length(weights) > 1)
        return invalid(call, "InvalidParameterValueException",
                       "Number of items in AdditionalVersionWeights cannot be greater than 1");
    json_object_object_foreach(weights, key, value) {
        if (!weight_read(call, key, value, wish))
            return false;
    }
    return true;
}

static bool wish_read(struct sy_call *call, bool is_new, struct wish *wish) {
    char version[1025] = "";
    struct sy_error error = {0};
    if (sy_json_string(call->body, "FunctionVersion", false, version, sizeof version, &error) ||
        sy_json_string(call->body, "Description", false, wish->description,
                       sizeof wish->description, &error) ||
        sy_json_string(call->body, "RevisionId", false, wish->revision, sizeof wish->revision,
                       &error))
        return invalid(call, "ValidationException", error.message);
    if (version[0] || is_new) {
        wish->split.version = sy_version_number(version);
        if (wish->split.version < 0) {
            sy_answer_error(call, 400, "ValidationException",
                            "1 validation error detected: Value '%.64s' at 'functionVersion' "
                            "failed to satisfy constraint: Member must satisfy regular expression "
                            "pattern: (\\$LATEST|[0-9]+)",
                            version);
            return false;
        }
    }
    return routing_read(call, wish);
}

static bool wish_is_possible(struct sy_call *call, struct sy_function *function,
                             const struct wish *wish) {
    char text[24];
    if (!version_exists(call, function, wish->split.version))
        return false;
    if (!wish->split.additional)
        return true;
    if (wish->split.version == SY_LATEST)
        return invalid(call, "InvalidParameterValueException",
                       "$LATEST is not supported for an alias pointing to more than 1 version");
    if (wish->split.version == wish->split.additional) {
        (void)sy_version_text(wish->split.version, text);
        sy_answer_error(call, 400, "InvalidParameterValueException",
                        "Invalid function version %s. Function version %s is already included in "
                        "routing configuration.",
                        text, text);
        return false;
    }
    if (!version_exists(call, function, wish->split.additional))
        return false;
    const struct sy_version *a = sy_function_version(function, wish->split.version);
    const struct sy_version *b = sy_function_version(function, wish->split.additional);
    if (strcmp(a->role, b->role) != 0 || strcmp(a->dead_letter, b->dead_letter) != 0)
        return invalid(call, "InvalidParameterValueException",
                       "Function versions of an alias must have the same execution role and "
                       "dead letter config");
    return true;
}

static void wish_grant(struct sy_call *call, struct sy_function *function, const char *name,
                       const struct wish *wish, int status) {
    struct sy_alias *alias = sy_function_route(call->world, function, name, &wish->split);
    memcpy(alias->description, wish->description, sizeof alias->description);
    sy_answer(call, status, describe(call->world, function, alias));
}

void sy_lambda_update_alias(struct sy_call *call) {
    struct sy_function *function = NULL;
    struct wish wish = {0};
    const struct sy_alias *alias = alias_of(call, &function);
    if (!alias)
        return;
    wish.split = alias->split;
    memcpy(wish.description, alias->description, sizeof wish.description);
    if (!wish_read(call, false, &wish))
        return;
    if (wish.revision[0] && strcmp(wish.revision, alias->revision) != 0) {
        sy_answer_error(call, 412, "PreconditionFailedException",
                        "The Revision Id provided does not match the latest Revision Id. Call the "
                        "GetAlias API to retrieve the latest Revision Id");
        return;
    }
    if (wish_is_possible(call, function, &wish))
        wish_grant(call, function, call->route->name, &wish, 200);
}

static bool is_alias_name(const char *name) {
    bool digits_only = true;
    if (!*name)
        return false;
    for (; *name; name++) {
        if (!isalnum((unsigned char)*name) && *name != '-' && *name != '_')
            return false;
        digits_only = digits_only && isdigit((unsigned char)*name);
    }
    return !digits_only;
}

void sy_lambda_create_alias(struct sy_call *call) {
    char name[SY_ALIAS_NAME_MAX + 1] = "", arn[320];
    struct wish wish = {0};
    struct sy_error error = {0};
    struct sy_function *function = sy_lambda_function(call, NULL);
    if (!function)
        return;
    if (sy_json_string(call->body, "Name", true, name, sizeof name, &error) ||
        !is_alias_name(name)) {
        sy_answer_error(call, 400, "ValidationException",
                        "1 validation error detected: Value '%s' at 'name' failed to satisfy "
                        "constraint: Member must satisfy regular expression pattern: "
                        "(?!^[0-9]+$)([a-zA-Z0-9-_]+)",
                        name);
        return;
    }
    if (!wish_read(call, true, &wish) || !wish_is_possible(call, function, &wish))
        return;
    if (sy_function_alias(function, name)) {
        sy_answer_error(call, 409, "ResourceConflictException", "Alias already exists: %s",
                        sy_lambda_arn(call->world, function->name, name, arn));
        return;
    }
    wish_grant(call, function, name, &wish, 201);
}

void sy_lambda_delete_alias(struct sy_call *call) {
    struct sy_function *function = sy_lambda_function(call, NULL);
    if (!function)
        return;
    struct sy_alias *alias = sy_function_alias(function, call->route->name);
    if (alias)
        sy_function_drop_alias(call->world, function, alias);
    sy_answer(call, 204, NULL);
}

/* By name; the marker is the name of the first alias to come. */
void sy_lambda_list_aliases(struct sy_call *call) {
    char marker[SY_ALIAS_NAME_MAX + 1] = "", only[24] = "";
    int left = PAGE;
    struct sy_function *function = sy_lambda_function(call, NULL);
    if (!function)
        return;
    (void)sy_route_query(call->request, "Marker", marker, sizeof marker);
    (void)sy_route_query(call->request, "FunctionVersion", only, sizeof only);
    struct json_object *answer = json_object_new_object();
    struct json_object *list = json_object_new_array();
    json_object_object_add(answer, "Aliases", list);
    for (size_t i = 0; i < function->n_aliases; i++) {
        const struct sy_alias *alias = &function->aliases[i];
        if (strcmp(alias->name, marker) < 0 ||
            (only[0] && alias->split.version != sy_version_number(only)))
            continue;
        if (left-- == 0) {
            json_object_object_add(answer, "NextMarker", json_object_new_string(alias->name));
            break;
        }
        json_object_array_add(list, describe(call->world, function, alias));
    }
    sy_answer(call, 200, answer);
}
