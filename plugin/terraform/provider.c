/* The provider itself: its schema, its configuration, its end. */
#include "terraform/provider_internal.h"

#include "base/log.h"

#include <string.h>

#define PATH(method) "/tfplugin6.Provider/" method

/* The cookie is go-plugin's guard against being started by hand, not a secret; the number is the
 * largest message that Terraform sends and takes.
 * https://github.com/hashicorp/terraform-plugin-go/blob/main/tfprotov6/tf6server/server.go */
#define COOKIE_KEY "TF_PLUGIN_MAGIC_COOKIE"
#define COOKIE_VALUE "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
enum { PROTOCOL_VERSION = 6, MESSAGE_MAX = 256 << 20 };

struct sy_terraform *sy_terraform_create(const struct sy_terraform_options *options) {
    struct sy_terraform *terraform = sy_calloc(1, sizeof *terraform);
    terraform->options = *options;
    return terraform;
}

void sy_terraform_destroy(struct sy_terraform *terraform) {
    if (!terraform)
        return;
    sy_follows_drop(terraform);
    free(terraform);
}

/* ---- the schema ---- */

static void schema_received(struct sy_call *call, const ProtobufCMessage *message) {
    (void)message;
    struct sy_request *request = sy_request_create(call);
    struct sy_arena *arena = &request->arena;
    Tfplugin6__GetProviderSchema__Response response =
        TFPLUGIN6__GET_PROVIDER_SCHEMA__RESPONSE__INIT;
    Tfplugin6__ServerCapabilities capabilities = TFPLUGIN6__SERVER_CAPABILITIES__INIT;
    Tfplugin6__GetProviderSchema__Response__ResourceSchemasEntry resource =
        TFPLUGIN6__GET_PROVIDER_SCHEMA__RESPONSE__RESOURCE_SCHEMAS_ENTRY__INIT;
    Tfplugin6__GetProviderSchema__Response__ResourceSchemasEntry *resources[] = {&resource};
    Tfplugin6__GetProviderSchema__Response__DataSourceSchemasEntry data =
        TFPLUGIN6__GET_PROVIDER_SCHEMA__RESPONSE__DATA_SOURCE_SCHEMAS_ENTRY__INIT;
    Tfplugin6__GetProviderSchema__Response__DataSourceSchemasEntry *datas[] = {&data};
    Tfplugin6__GetProviderSchema__Response__ActionSchemasEntry action[2];
    Tfplugin6__GetProviderSchema__Response__ActionSchemasEntry *actions[2];
    Tfplugin6__ActionSchema action_schema[2];
    static const struct sy_type *const action_types[] = {&sy_rollback_type, &sy_verify_type};
    for (size_t i = 0; i < SY_COUNT(action_types); i++) {
        tfplugin6__action_schema__init(&action_schema[i]);
        tfplugin6__get_provider_schema__response__action_schemas_entry__init(&action[i]);
        action_schema[i].schema = sy_schema_make(action_types[i], arena);
        action[i].key = (char *)action_types[i]->name;
        action[i].value = &action_schema[i];
        actions[i] = &action[i];
    }
    resource.key = (char *)sy_release_type.name;
    resource.value = sy_schema_make(&sy_release_type, arena);
    data.key = (char *)sy_status_type.name;
    data.value = sy_schema_make(&sy_status_type, arena);
    capabilities.get_provider_schema_optional = true;
    capabilities.move_resource_state = true;
    response.provider = sy_schema_make(&sy_provider_type, arena);
    response.n_resource_schemas = 1;
    response.resource_schemas = resources;
    response.n_data_source_schemas = 1;
    response.data_source_schemas = datas;
    response.n_action_schemas = SY_COUNT(action_types);
    response.action_schemas = actions;
    response.server_capabilities = &capabilities;
    sy_call_answer(call, &response.base);
}

/* ---- the configuration ---- */

static void validate_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ValidateProviderConfig__Request *asked =
        (const Tfplugin6__ValidateProviderConfig__Request *)message;
    struct sy_request *request = sy_request_create(call);
    request->type = &sy_provider_type;
    sy_request_decode(request, request->type, asked->config, &request->config);
    Tfplugin6__ValidateProviderConfig__Response response =
        TFPLUGIN6__VALIDATE_PROVIDER_CONFIG__RESPONSE__INIT;
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}

static void configure_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ConfigureProvider__Request *asked =
        (const Tfplugin6__ConfigureProvider__Request *)message;
    struct sy_request *request = sy_request_create(call);
    request->type = &sy_provider_type;
    sy_request_decode(request, request->type, asked->config, &request->config);
    sy_call_post(call, SY_WORK_START);
}

static const char *setting(const struct sy_request *request, size_t i) {
    const char *text = sy_field_text(&request->config, i);
    return *text ? text : NULL;
}

/* The settings' own names are those of the command line. */
static const char *setting_path(const struct sy_error *error) {
    for (const struct sy_attribute *a = sy_provider_type.attributes; a->name; a++)
        if (strncmp(error->field, a->name, strlen(a->name)) == 0)
            return a->name;
    return NULL;
}

static void configure(struct sy_request *request) {
    struct sy_terraform *provider = request->provider;
    struct sy_error error = {0};
    const struct sy_attribute whole = {.kind = SY_OBJECT, .fields = sy_provider_type.attributes};
    if (request->diagnostics.has_errors || provider->configured == SY_CONFIGURED)
        return;
    if (!sy_value_is_wholly_known(&whole, &request->config)) {
        provider->configured = SY_CONFIGURED_LATER;
        return;
    }
    if (provider->options.configure(
            provider->options.ctx,
            &(struct sy_terraform_settings){.region = setting(request, SY_PROVIDER_REGION),
                                            .endpoint = setting(request, SY_PROVIDER_ENDPOINT),
                                            .profile = setting(request, SY_PROVIDER_PROFILE)},
            &error))
        sy_diagnose(&request->diagnostics, setting_path(&error), "The provider cannot be used",
                    "%s", error.message);
    else
        provider->configured = SY_CONFIGURED;
}

static void configure_work(struct sy_call *call, unsigned bits) {
    struct sy_request *request = sy_request_of(call);
    if (!(bits & SY_WORK_START))
        return;
    configure(request);
    Tfplugin6__ConfigureProvider__Response response = TFPLUGIN6__CONFIGURE_PROVIDER__RESPONSE__INIT;
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}

/* ---- the end ---- */

/* Terraform was interrupted: it waits for the applies, which end as their on_interrupt says. */
static void stop_received(struct sy_call *call, const ProtobufCMessage *message) {
    (void)message;
    sy_call_post(call, SY_WORK_START);
}

static void stop_work(struct sy_call *call, unsigned bits) {
    struct sy_terraform *provider = sy_call_context(call);
    if (!(bits & SY_WORK_START))
        return;
    sy_log(SY_LOG_INFO, "interrupted: every release is treated as its on_interrupt says");
    provider->stopping = true;
    sy_follows_interrupt(provider);
    Tfplugin6__StopProvider__Response response = TFPLUGIN6__STOP_PROVIDER__RESPONSE__INIT;
    sy_call_answer(call, &response.base);
}

static const struct sy_method methods[] = {
    {.path = PATH("GetProviderSchema"),
     .request = &tfplugin6__get_provider_schema__request__descriptor,
     .received = schema_received},
    {.path = PATH("ValidateProviderConfig"),
     .request = &tfplugin6__validate_provider_config__request__descriptor,
     .received = validate_received},
    {.path = PATH("ConfigureProvider"),
     .request = &tfplugin6__configure_provider__request__descriptor,
     .received = configure_received,
     .work = configure_work},
    {.path = PATH("ValidateResourceConfig"),
     .request = &tfplugin6__validate_resource_config__request__descriptor,
     .received = sy_resource_validate_received},
    {.path = PATH("UpgradeResourceState"),
     .request = &tfplugin6__upgrade_resource_state__request__descriptor,
     .received = sy_resource_upgrade_received},
    {.path = PATH("ImportResourceState"),
     .request = &tfplugin6__import_resource_state__request__descriptor,
     .received = sy_resource_import_received},
    {.path = PATH("MoveResourceState"),
     .request = &tfplugin6__move_resource_state__request__descriptor,
     .received = sy_resource_move_received},
    {.path = PATH("ReadResource"),
     .request = &tfplugin6__read_resource__request__descriptor,
     .received = sy_resource_read_received,
     .work = sy_resource_read_work},
    {.path = PATH("PlanResourceChange"),
     .request = &tfplugin6__plan_resource_change__request__descriptor,
     .received = sy_resource_plan_received,
     .work = sy_resource_plan_work},
    {.path = PATH("ApplyResourceChange"),
     .request = &tfplugin6__apply_resource_change__request__descriptor,
     .received = sy_resource_apply_received,
     .work = sy_resource_apply_work,
     .closed = sy_resource_apply_closed},
    {.path = PATH("ValidateDataResourceConfig"),
     .request = &tfplugin6__validate_data_resource_config__request__descriptor,
     .received = sy_data_source_validate_received},
    {.path = PATH("ReadDataSource"),
     .request = &tfplugin6__read_data_source__request__descriptor,
     .received = sy_data_source_read_received,
     .work = sy_data_source_read_work},
    {.path = PATH("ValidateActionConfig"),
     .request = &tfplugin6__validate_action_config__request__descriptor,
     .received = sy_action_validate_received},
    {.path = PATH("PlanAction"),
     .request = &tfplugin6__plan_action__request__descriptor,
     .received = sy_action_plan_received},
    {.path = PATH("InvokeAction"),
     .request = &tfplugin6__invoke_action__request__descriptor,
     .received = sy_action_invoke_received,
     .work = sy_action_invoke_work,
     .written = sy_stream_written,
     .closed = sy_stream_closed},
    {.path = PATH("StopProvider"),
     .request = &tfplugin6__stop_provider__request__descriptor,
     .received = stop_received,
     .work = stop_work},
    {0},
};

const struct sy_protocol sy_terraform_protocol = {
    .cookie_key = COOKIE_KEY,
    .cookie_value = COOKIE_VALUE,
    .version = PROTOCOL_VERSION,
    .message_max = MESSAGE_MAX,
    .by_hand = "this is the Terraform and OpenTofu provider; it is started by them, not by hand. "
               "Name it in required_providers, and run terraform init",
    .methods = methods,
};
