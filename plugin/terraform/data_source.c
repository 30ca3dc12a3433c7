/* The data source steelyard_release: reads, and settles nothing. */
#include "terraform/provider_internal.h"

static const struct sy_type *const types[] = {&sy_status_type, NULL};

static void check_names(struct sy_request *request) {
    const struct sy_value *items = request->config.items;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    struct sy_error error = {0};
    if (request->diagnostics.has_errors || request->config.state != SY_VALUE_KNOWN)
        return;
    const struct sy_value *name = &items[SY_STATUS_FUNCTION_NAME];
    const struct sy_value *alias_name = &items[SY_STATUS_ALIAS];
    sy_text_value(name, "function_name", function, sizeof function, &request->diagnostics);
    sy_text_value(alias_name, "alias", alias, sizeof alias, &request->diagnostics);
    if (!request->diagnostics.has_errors &&
        sy_names_check(name->state == SY_VALUE_KNOWN ? function : "f",
                       alias_name->state == SY_VALUE_KNOWN ? alias : "a", NULL, &error))
        sy_request_diagnose(request, "Invalid value", &error);
}

void sy_data_source_validate_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ValidateDataResourceConfig__Request *asked =
        (const Tfplugin6__ValidateDataResourceConfig__Request *)message;
    struct sy_request *request = sy_request_create(call);
    request->type = sy_request_type(request, asked->type_name, types);
    if (request->type)
        sy_request_decode(request, request->type, asked->config, &request->config);
    check_names(request);
    Tfplugin6__ValidateDataResourceConfig__Response response =
        TFPLUGIN6__VALIDATE_DATA_RESOURCE_CONFIG__RESPONSE__INIT;
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}

void sy_data_source_read_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ReadDataSource__Request *asked =
        (const Tfplugin6__ReadDataSource__Request *)message;
    struct sy_request *request = sy_request_create(call);
    request->type = sy_request_type(request, asked->type_name, types);
    if (request->type)
        sy_request_decode(request, request->type, asked->config, &request->config);
    sy_request_need(request, &request->config, "configuration");
    check_names(request);
    sy_call_post(call, SY_WORK_START);
}

static void answer(struct sy_request *request) {
    Tfplugin6__ReadDataSource__Response response = TFPLUGIN6__READ_DATA_SOURCE__RESPONSE__INIT;
    if (!request->diagnostics.has_errors)
        response.state = sy_request_encode(request, &request->config);
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(request->call, &response.base);
}

static void status_done(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    struct sy_call *call = sy_call_answered(ctx);
    if (!call)
        return;
    struct sy_request *request = sy_request_of(call);
    const struct sy_value *items = request->config.items;
    if (error)
        sy_request_diagnose(request, "The alias cannot be read", error);
    else if (!facts->has_alias)
        sy_diagnose(&request->diagnostics, "alias", "No such alias",
                    "function %s has no alias %s; its first release creates it",
                    sy_value_text(&items[SY_STATUS_FUNCTION_NAME]),
                    sy_value_text(&items[SY_STATUS_ALIAS]));
    else
        sy_status_observe(&request->config, facts, &request->arena);
    answer(request);
    sy_call_unref(call);
}

void sy_data_source_read_work(struct sy_call *call, unsigned bits) {
    struct sy_request *request = sy_request_of(call);
    if (sy_server_refuses(call, bits, SY_SERVER_STOPPING) || !(bits & SY_WORK_START))
        return;
    if (request->diagnostics.has_errors || sy_request_refuses_unconfigured(request, NULL)) {
        answer(request);
        return;
    }
    const struct sy_value *items = request->config.items;
    sy_engine_status(sy_call_engine(call), sy_value_text(&items[SY_STATUS_FUNCTION_NAME]),
                     sy_value_text(&items[SY_STATUS_ALIAS]), false, status_done, sy_call_ask(call));
}
