/* steelyard_release: what needs no AWS. */
#include "terraform/provider_internal.h"

#include "base/json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

const struct sy_type *const sy_resource_types[] = {&sy_release_type, NULL};

void sy_resource_validate_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ValidateResourceConfig__Request *asked =
        (const Tfplugin6__ValidateResourceConfig__Request *)message;
    struct sy_request *request = sy_request_create(call);
    struct sy_spec spec;
    request->type = sy_request_type(request, asked->type_name, sy_resource_types);
    if (request->type)
        sy_request_decode(request, request->type, asked->config, &request->config);
    if (!request->diagnostics.has_errors && request->config.state == SY_VALUE_KNOWN)
        sy_release_to_spec(&request->config, &spec, &request->diagnostics);
    Tfplugin6__ValidateResourceConfig__Response response =
        TFPLUGIN6__VALIDATE_RESOURCE_CONFIG__RESPONSE__INIT;
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}

void sy_resource_upgrade_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__UpgradeResourceState__Request *asked =
        (const Tfplugin6__UpgradeResourceState__Request *)message;
    struct sy_request *request = sy_request_create(call);
    struct sy_error error = {0};
    Tfplugin6__UpgradeResourceState__Response response =
        TFPLUGIN6__UPGRADE_RESOURCE_STATE__RESPONSE__INIT;
    request->type = sy_request_type(request, asked->type_name, sy_resource_types);
    if (request->type && asked->version > 0)
        sy_diagnose(&request->diagnostics, NULL, "State of a newer provider",
                    "The state was written by a newer version of this provider (schema %lld); use "
                    "that one.",
                    (long long)asked->version);
    else if (request->type && asked->raw_state &&
             sy_value_decode_json(
                 request->type->attributes,
                 (struct sy_bytes){asked->raw_state->json.data, asked->raw_state->json.len},
                 &request->arena, &request->prior, &error))
        sy_request_diagnose(request, "State that cannot be read", &error);
    if (!request->diagnostics.has_errors)
        response.upgraded_state = sy_request_encode(request, &request->prior);
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}

/* The state of a resource of which only the names are known: the rest is read next. Settings get
 * their defaults, so that a configuration without them plans no change. */
static void fresh_state(struct sy_request *request, const char *function, const char *alias) {
    struct sy_value state =
        sy_value_object(&request->arena, sy_release_type.attributes, SY_VALUE_NULL);
    for (size_t i = 0; i < SY_RELEASE_COUNT; i++)
        if (sy_release_type.attributes[i].usage == SY_DEFAULTED)
            state.items[i] = sy_value_fallback(&request->arena, &sy_release_type.attributes[i]);
    state.items[SY_RELEASE_FUNCTION_NAME] = sy_value_string(&request->arena, function);
    state.items[SY_RELEASE_ALIAS] = sy_value_string(&request->arena, alias);
    request->prior = state;
}

void sy_resource_import_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ImportResourceState__Request *asked =
        (const Tfplugin6__ImportResourceState__Request *)message;
    struct sy_request *request = sy_request_create(call);
    struct sy_error error = {0};
    Tfplugin6__ImportResourceState__Response response =
        TFPLUGIN6__IMPORT_RESOURCE_STATE__RESPONSE__INIT;
    Tfplugin6__ImportResourceState__ImportedResource imported =
        TFPLUGIN6__IMPORT_RESOURCE_STATE__IMPORTED_RESOURCE__INIT;
    Tfplugin6__ImportResourceState__ImportedResource *list[] = {&imported};
    const char *colon = strchr(asked->id, ':');
    request->type = sy_request_type(request, asked->type_name, sy_resource_types);
    char *function = sy_arena_copy(&request->arena, asked->id,
                                   colon ? (size_t)(colon - asked->id) : strlen(asked->id));
    if (request->type && (!colon || sy_names_check(function, colon + 1, NULL, &error)))
        sy_diagnose(&request->diagnostics, NULL, "Not an import id",
                    "\"%.200s\" is not FUNCTION:ALIAS, such as checkout:production%s%s", asked->id,
                    error.message[0] ? ". " : "", error.message);
    if (!request->diagnostics.has_errors) {
        fresh_state(request, function, colon + 1);
        imported.type_name = asked->type_name;
        imported.state = sy_request_encode(request, &request->prior);
        response.n_imported_resources = 1;
        response.imported_resources = list;
    }
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}

/* "checkout" of arn:aws:lambda:us-east-1:123456789012:function:checkout, and of itself: the AWS
 * provider takes either, and keeps what it was given. */
static const char *name_of(char *function) {
    static const char before_name[] = ":function:";
    char *name = strncmp(function, "arn:", 4) == 0 ? strstr(function, before_name) : NULL;
    if (!name)
        return function;
    name += strlen(before_name);
    name[strcspn(name, ":")] = '\0';
    return name;
}

/* moved { from = aws_lambda_alias.x  to = steelyard_release.y }: the names are all it takes. */
void sy_resource_move_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__MoveResourceState__Request *asked =
        (const Tfplugin6__MoveResourceState__Request *)message;
    struct sy_request *request = sy_request_create(call);
    struct sy_error error = {0};
    SY_AUTO_JSON struct json_object *source = NULL;
    char function[SY_ARN_MAX + 1] = "";
    char alias[SY_ALIAS_MAX + 1] = "";
    char version[SY_VERSION_MAX + 1] = "";
    Tfplugin6__MoveResourceState__Response response =
        TFPLUGIN6__MOVE_RESOURCE_STATE__RESPONSE__INIT;
    request->type = sy_request_type(request, asked->target_type_name, sy_resource_types);
    if (request->type && strcmp(asked->source_type_name, "aws_lambda_alias") != 0)
        sy_diagnose(&request->diagnostics, NULL, "Cannot move from this type",
                    "A steelyard_release can be moved from an aws_lambda_alias, not from \"%.64s\"",
                    asked->source_type_name);
    else if (sy_json_parse("the state",
                           asked->source_state ? (const char *)asked->source_state->json.data : "",
                           asked->source_state ? asked->source_state->json.len : 0, &source,
                           &error) ||
             sy_json_string(source, "function_name", true, function, sizeof function, &error) ||
             sy_json_string(source, "name", true, alias, sizeof alias, &error) ||
             sy_json_string(source, "function_version", true, version, sizeof version, &error) ||
             sy_names_check(name_of(function), alias, NULL, &error))
        sy_diagnose(&request->diagnostics, NULL, "Cannot move this aws_lambda_alias",
                    "%s. Import the alias as FUNCTION:ALIAS instead.", error.message);
    if (!request->diagnostics.has_errors) {
        fresh_state(request, name_of(function), alias);
        request->prior.items[SY_RELEASE_VERSION] = sy_value_string(&request->arena, version);
        response.target_state = sy_request_encode(request, &request->prior);
    }
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}
