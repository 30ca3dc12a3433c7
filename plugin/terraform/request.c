#include "terraform/provider_internal.h"

#include "base/json.h"

#include <json-c/json.h>
#include <string.h>

static void request_free(void *kept) {
    struct sy_request *request = kept;
    sy_arena_finish(&request->arena);
    sy_buffer_finish(&request->private_text);
    sy_buffer_finish(&request->encoded);
    free(request);
}

struct sy_request *sy_request_create(struct sy_call *call) {
    struct sy_request *request = sy_calloc(1, sizeof *request);
    request->call = call;
    request->provider = sy_call_context(call);
    request->diagnostics.arena = &request->arena;
    sy_call_keep(call, request, request_free);
    return request;
}

struct sy_request *sy_request_of(const struct sy_call *call) {
    return sy_call_kept(call);
}

void sy_request_decode(struct sy_request *request, const struct sy_type *type,
                       const Tfplugin6__DynamicValue *bytes, struct sy_value *ret) {
    struct sy_error error = {0};
    int failed = 0;
    *ret = (struct sy_value){0};
    if (bytes && bytes->msgpack.len)
        failed = sy_value_decode(type->attributes,
                                 (struct sy_bytes){bytes->msgpack.data, bytes->msgpack.len},
                                 &request->arena, ret, &error);
    else if (bytes && bytes->json.len)
        failed = sy_value_decode_json(type->attributes,
                                      (struct sy_bytes){bytes->json.data, bytes->json.len},
                                      &request->arena, ret, &error);
    if (failed)
        sy_diagnose(&request->diagnostics, error.field[0] ? error.field : NULL,
                    "Value that cannot be read", "%s", error.message);
}

void sy_request_need(struct sy_request *request, const struct sy_value *value, const char *what) {
    if (value->state != SY_VALUE_KNOWN && !request->diagnostics.has_errors)
        sy_diagnose(&request->diagnostics, NULL, "Request without a value",
                    "The request has no %s. This is a fault of who sent it, Terraform or OpenTofu; "
                    "report it there.",
                    what);
}

void sy_request_decode_private(struct sy_request *request, struct sy_bytes bytes) {
    struct sy_error error = {0};
    struct sy_private out = {0};
    SY_AUTO_JSON struct json_object *object = NULL;
    if (!bytes.len)
        return;
    /* Ours, but kept by others: what cannot be read is as if it were not there. */
    if (sy_json_parse("private state", (const char *)bytes.data, bytes.len, &object, &error) ||
        !json_object_is_type(object, json_type_object) ||
        sy_json_string(object, "released", false, out.released, sizeof out.released, &error) ||
        sy_json_string(object, "fingerprint", false, out.fingerprint, sizeof out.fingerprint,
                       &error) ||
        sy_json_bool(object, "resumes", false, &out.resumes, &error)) {
        sy_diagnose(&request->diagnostics, NULL, "Private state that cannot be read",
                    "The resource's private state is damaged: %s. Remove the resource from state "
                    "and import it again as FUNCTION:ALIAS.",
                    error.message);
        return;
    }
    request->private = out;
}

const struct sy_type *sy_request_type(struct sy_request *request, const char *name,
                                      const struct sy_type *const *types) {
    for (; *types; types++)
        if (strcmp((*types)->name, name) == 0)
            return *types;
    sy_diagnose(&request->diagnostics, NULL, "No such type",
                "This version of the provider has no %.64s; use one that does.", name);
    return NULL;
}

Tfplugin6__DynamicValue *sy_request_encode(struct sy_request *request,
                                           const struct sy_value *value) {
    if (!request->type)
        return NULL; /* which is a diagnostic already */
    Tfplugin6__DynamicValue *message = sy_arena_alloc(&request->arena, 1, sizeof *message);
    tfplugin6__dynamic_value__init(message);
    request->encoded.len = 0;
    sy_value_encode(request->type->attributes, value, &request->encoded);
    message->msgpack.data = (uint8_t *)request->encoded.data;
    message->msgpack.len = request->encoded.len;
    return message;
}

struct sy_bytes sy_request_encode_private(struct sy_request *request,
                                          const struct sy_private *private) {
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    json_object_object_add(object, "released", json_object_new_string(private->released));
    json_object_object_add(object, "fingerprint", json_object_new_string(private->fingerprint));
    json_object_object_add(object, "resumes", json_object_new_boolean(private->resumes));
    SY_AUTO_FREE char *text = sy_json_write(object);
    request->private_text.len = 0;
    sy_buffer_puts(&request->private_text, text);
    return (struct sy_bytes){(const uint8_t *)request->private_text.data,
                             request->private_text.len};
}

/* Which attribute a refusal is about, where no field says so. */
static const char *path_of_reason(const char *reason) {
    static const char *const about_version[] = {"ROLLED_BACK_BEFORE", "VERSION_NOT_ACTIVE",
                                                "VERSION_NOT_FOUND"};
    if (strcmp(reason, "FUNCTION_NOT_FOUND") == 0)
        return "function_name";
    if (strcmp(reason, "ALIAS_NOT_FOUND") == 0)
        return "alias";
    for (size_t i = 0; i < SY_COUNT(about_version); i++)
        if (strcmp(reason, about_version[i]) == 0)
            return "version";
    return NULL;
}

void sy_request_diagnose(struct sy_request *request, const char *summary,
                         const struct sy_error *error) {
    const char *path = error->field[0] ? sy_release_path_of(error->field) : NULL;
    if (!path)
        path = path_of_reason(error->reason);
    sy_diagnose(&request->diagnostics, path, summary, "%s%s%s%s", error->message,
                error->reason[0] ? " (" : "", error->reason, error->reason[0] ? ")" : "");
}

bool sy_request_refuses_unconfigured(struct sy_request *request, const char *path) {
    if (request->provider->configured == SY_CONFIGURED)
        return false;
    sy_diagnose(&request->diagnostics, path, "Provider not configured",
                "The provider's configuration depends on values that are not known yet; apply "
                "those first, with -target, or write them down.");
    return true;
}
