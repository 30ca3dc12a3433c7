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

#define X(name, word) word,
static const char *const deeds[] = {SY_DEEDS(X)};
#undef X

static int read_deed(const struct json_object *object, enum sy_deed *ret, struct sy_error *error) {
    char word[16] = "nothing";
    if (sy_json_string(object, "deed", false, word, sizeof word, error))
        return -1;
    for (size_t i = 0; i < SY_DEED_COUNT; i++)
        if (strcmp(word, deeds[i]) == 0) {
            *ret = (enum sy_deed)i;
            return 0;
        }
    return sy_fail_field(error, "deed", "deed: \"%s\" is not known", word);
}

static int read_private(const struct json_object *object, struct sy_private *ret,
                        struct sy_error *error) {
    if (!json_object_is_type(object, json_type_object))
        return sy_fail(error, SY_INVALID_ARGUMENT, "it is no object");
    return sy_json_string(object, "released", false, ret->released, sizeof ret->released, error) ||
                   sy_json_string(object, "unfinished", false, ret->unfinished,
                                  sizeof ret->unfinished, error) ||
                   sy_json_string(object, "release_id", false, ret->release_id,
                                  sizeof ret->release_id, error) ||
                   sy_json_bool(object, "in_lock_in", false, &ret->in_lock_in, error) ||
                   sy_json_bool(object, "driven", false, &ret->driven, error) ||
                   sy_json_bool(object, "split", false, &ret->split, error) ||
                   sy_json_bool(object, "halted", false, &ret->halted, error) ||
                   read_deed(object, &ret->deed, error) ||
                   sy_json_string(object, "fingerprint", false, ret->fingerprint,
                                  sizeof ret->fingerprint, error)
               ? -1
               : 0;
}

void sy_request_decode_private(struct sy_request *request, struct sy_bytes bytes) {
    struct sy_error error = {0};
    struct sy_private out = {0};
    SY_AUTO_JSON struct json_object *object = NULL;
    if (!bytes.len)
        return;
    if (sy_json_parse("private state", (const char *)bytes.data, bytes.len, &object, &error) ||
        read_private(object, &out, &error)) {
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
    json_object_object_add(object, "unfinished", json_object_new_string(private->unfinished));
    json_object_object_add(object, "release_id", json_object_new_string(private->release_id));
    json_object_object_add(object, "in_lock_in", json_object_new_boolean(private->in_lock_in));
    json_object_object_add(object, "driven", json_object_new_boolean(private->driven));
    json_object_object_add(object, "split", json_object_new_boolean(private->split));
    json_object_object_add(object, "halted", json_object_new_boolean(private->halted));
    json_object_object_add(object, "deed", json_object_new_string(deeds[private->deed]));
    json_object_object_add(object, "fingerprint", json_object_new_string(private->fingerprint));
    SY_AUTO_FREE char *text = sy_json_write(object);
    request->private_text.len = 0;
    sy_buffer_puts(&request->private_text, text);
    return (struct sy_bytes){(const uint8_t *)request->private_text.data,
                             request->private_text.len};
}

/* Which attribute a refusal is about, where no field says so. */
static const char *field_of_reason(const char *reason) {
    static const char *const about_version[] = {"ROLLED_BACK_BEFORE", "HALTED_BEFORE",
                                                "VERSION_NOT_ACTIVE", "VERSION_NOT_FOUND"};
    if (strcmp(reason, "FUNCTION_NOT_FOUND") == 0)
        return "function";
    if (strcmp(reason, "ALIAS_NOT_FOUND") == 0)
        return "alias";
    for (size_t i = 0; i < SY_COUNT(about_version); i++)
        if (strcmp(reason, about_version[i]) == 0)
            return "version";
    return "";
}

/* The path of a spec's field in the request's type; NULL: it has none. */
static const char *path_of(const struct sy_request *request, const char *field) {
    const char *path = sy_release_path_of(field);
    if (!path || request->type == &sy_release_type)
        return path;
    /* Elsewhere what a verdict is made of stands by itself. */
    const char *dot = strchr(path, '.');
    const char *name = dot ? dot + 1 : path;
    for (const struct sy_attribute *a = request->type->attributes; a->name; a++)
        if (strcmp(a->name, name) == 0)
            return a->name;
    return NULL;
}

void sy_request_diagnose(struct sy_request *request, const char *summary,
                         const struct sy_error *error) {
    const char *field = error->field[0] ? error->field : field_of_reason(error->reason);
    bool creates = request->type == &sy_release_type && request->prior.state != SY_VALUE_KNOWN;
    bool was_asked = strcmp(error->reason, "ROLLED_BACK_BEFORE") == 0 ||
                     strcmp(error->reason, "HALTED_BEFORE") == 0;
    const char *more =
        creates && was_asked
            ? "\n\nThe resource is not in state yet, so there is no retry_token that "
              "another one could differ from: adopt the alias first, with the version "
              "that it serves, or use `steelyard apply --retry`."
            : "";
    sy_diagnose(&request->diagnostics, path_of(request, field), summary, "%s%s%s%s%s",
                error->message, error->reason[0] ? " (" : "", error->reason,
                error->reason[0] ? ")" : "", more);
}

bool sy_request_refuses_unconfigured(struct sy_request *request, const char *path) {
    if (request->provider->configured == SY_CONFIGURED)
        return false;
    sy_diagnose(&request->diagnostics, path, "Provider not configured",
                "The provider's configuration depends on values that are not known yet; apply "
                "those first, with -target, or write them down.");
    return true;
}
