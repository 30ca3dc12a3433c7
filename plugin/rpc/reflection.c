/* grpc.reflection.v1.ServerReflection, and v1alpha for older clients: the two differ in their
 * package alone, so the messages of v1 serve both. The descriptors are those that the build put
 * into the program (cmake/proto.cmake). */
#include "rpc/check.h"
#include "rpc/server_internal.h"
#include "rpc/wire.h"

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "grpc/reflection/v1alpha/reflection.pb-c.h"

#include <string.h>

extern const unsigned char sy_descriptors[]; /* a serialised google.protobuf.FileDescriptorSet */
extern const size_t sy_descriptors_len;

/* Field numbers of google/protobuf/descriptor.proto. */
enum {
    SET_FILE = 1,
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    SERVICE_METHOD = 2,
    ANY_NAME = 1,
    SYMBOL_DEPTH_MAX = 8,
    SERVICES_MAX = 16,
};

struct text {
    const char *at;
    size_t len;
};

/* The first field of the number within a descriptor. */
static bool find(struct text in, uint32_t number, struct text *ret) {
    struct sy_wire wire = {(const uint8_t *)in.at, (const uint8_t *)in.at + in.len};
    struct sy_wire_field field;
    while (sy_wire_next(&wire, &field) > 0)
        if (field.number == number && field.type == SY_WIRE_BYTES) {
            *ret = (struct text){(const char *)field.data, field.len};
            return true;
        }
    return false;
}

static bool equals(struct text text, const char *s) {
    return text.len == strlen(s) && memcmp(text.at, s, text.len) == 0;
}

/* When the symbol begins with the name, alone or before a dot: what follows, else NULL. */
static const char *strip(const char *symbol, struct text name) {
    if (strncmp(symbol, name.at, name.len) != 0 || strlen(symbol) < name.len)
        return NULL;
    if (symbol[name.len] == '\0')
        return symbol + name.len;
    return symbol[name.len] == '.' ? symbol + name.len + 1 : NULL;
}

/* Does the message, enum or service hold the symbol (relative to what it is in)? */
static bool holds(struct text in, bool is_message, const char *symbol, int depth) {
    struct text name = {0};
    const char *rest = find(in, ANY_NAME, &name) ? strip(symbol, name) : NULL;
    if (!rest || depth > SYMBOL_DEPTH_MAX)
        return false;
    if (!*rest)
        return true;
    struct sy_wire wire = {(const uint8_t *)in.at, (const uint8_t *)in.at + in.len};
    struct sy_wire_field field;
    while (sy_wire_next(&wire, &field) > 0) {
        struct text inner = {(const char *)field.data, field.len};
        bool nested = is_message ? field.number == MESSAGE_NESTED || field.number == MESSAGE_ENUM
                                 : field.number == SERVICE_METHOD;
        if (nested && field.type == SY_WIRE_BYTES &&
            holds(inner, is_message && field.number == MESSAGE_NESTED, rest, depth + 1))
            return true;
    }
    return false;
}

static bool file_holds(struct text file, const char *symbol) {
    struct text package = {0};
    const char *rest = find(file, FILE_PACKAGE, &package) ? strip(symbol, package) : symbol;
    struct sy_wire wire = {(const uint8_t *)file.at, (const uint8_t *)file.at + file.len};
    struct sy_wire_field field;
    while (rest && sy_wire_next(&wire, &field) > 0) {
        struct text inner = {(const char *)field.data, field.len};
        if (field.type == SY_WIRE_BYTES &&
            (field.number == FILE_MESSAGE || field.number == FILE_ENUM ||
             field.number == FILE_SERVICE) &&
            holds(inner, field.number == FILE_MESSAGE, rest, 1))
            return true;
    }
    return false;
}

static bool file_is(struct text file, const char *name) {
    struct text text = {0};
    return find(file, FILE_NAME, &text) && equals(text, name);
}

static bool find_file(bool (*fits)(struct text file, const char *key), const char *key,
                      ProtobufCBinaryData *ret) {
    struct sy_wire wire = {sy_descriptors, sy_descriptors + sy_descriptors_len};
    struct sy_wire_field field;
    while (sy_wire_next(&wire, &field) > 0)
        if (field.number == SET_FILE && field.type == SY_WIRE_BYTES &&
            fits((struct text){(const char *)field.data, field.len}, key)) {
            *ret = (ProtobufCBinaryData){field.len, (uint8_t *)field.data};
            return true;
        }
    return false;
}

/* The names of the services, from the tables that serve them: "/a.b.C/M" -> "a.b.C". */
struct service_list {
    char names[SERVICES_MAX][64];
    Grpc__Reflection__V1__ServiceResponse services[SERVICES_MAX];
    Grpc__Reflection__V1__ServiceResponse *list[SERVICES_MAX];
    Grpc__Reflection__V1__ListServiceResponse response;
};

static void add_service(struct service_list *list, const char *path) {
    size_t n = list->response.n_service;
    size_t len = strcspn(path + 1, "/");
    if (n == SERVICES_MAX || len >= sizeof list->names[n] ||
        (n && strlen(list->names[n - 1]) == len && memcmp(list->names[n - 1], path + 1, len) == 0))
        return;
    memcpy(list->names[n], path + 1, len);
    list->names[n][len] = '\0';
    grpc__reflection__v1__service_response__init(&list->services[n]);
    list->services[n].name = list->names[n];
    list->list[n] = &list->services[n];
    list->response.n_service++;
}

static void list_services(const struct sy_server *server, struct service_list *list) {
    static const struct sy_method *const tables[] = {sy_release_methods, sy_function_methods,
                                                     sy_engine_methods,  sy_health_methods,
                                                     sy_plugin_methods,  sy_reflection_methods};
    grpc__reflection__v1__list_service_response__init(&list->response);
    list->response.service = list->list;
    for (size_t i = 0; i < SY_COUNT(tables); i++)
        for (const struct sy_method *method = tables[i]; method->path; method++)
            if (!method->host_only || !server->standing)
                add_service(list, method->path);
}

static void answer(struct sy_call *call, Grpc__Reflection__V1__ServerReflectionRequest *request) {
    Grpc__Reflection__V1__ServerReflectionResponse response =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
    Grpc__Reflection__V1__FileDescriptorResponse files =
        GRPC__REFLECTION__V1__FILE_DESCRIPTOR_RESPONSE__INIT;
    Grpc__Reflection__V1__ErrorResponse error = GRPC__REFLECTION__V1__ERROR_RESPONSE__INIT;
    struct service_list list;
    ProtobufCBinaryData file = {0};
    bool found = false;
    response.valid_host = request->host;
    response.original_request = request;
    switch (request->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        list_services(call->server, &list);
        response.message_response_case =
            GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
        response.list_services_response = &list.response;
        sy_call_send(call, sy_message_pack(&response.base), false);
        return;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        found = find_file(file_is, request->file_by_filename, &file);
        break;
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        found = find_file(file_holds, request->file_containing_symbol, &file);
        break;
    default: /* no message here has extensions */
        break;
    }
    files.n_file_descriptor_proto = 1;
    files.file_descriptor_proto = &file;
    error.error_code = SY_NOT_FOUND;
    error.error_message = "no such file, symbol or extension is known here";
    response.message_response_case =
        found
            ? GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE
            : GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    if (found)
        response.file_descriptor_response = &files;
    else
        response.error_response = &error;
    sy_call_send(call, sy_message_pack(&response.base), false);
}

static void info_received(struct sy_call *call, const ProtobufCMessage *message) {
    static const struct sy_error ok = {.code = SY_OK};
    if (message)
        answer(call, (Grpc__Reflection__V1__ServerReflectionRequest *)message);
    else
        sy_call_finish(call, &ok);
}

/* The next question is read when the answer to this one is out: one write in flight. */
static void info_written(struct sy_call *call, bool ok) {
    if (ok)
        sy_call_read(call);
}

const struct sy_method sy_reflection_methods[] = {
    {.path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
     .request = &grpc__reflection__v1__server_reflection_request__descriptor,
     .streams = true,
     .received = info_received,
     .written = info_written},
    {.path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
     .request = &grpc__reflection__v1__server_reflection_request__descriptor,
     .streams = true,
     .received = info_received,
     .written = info_written},
    {0},
};
