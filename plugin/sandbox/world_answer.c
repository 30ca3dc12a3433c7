/* Answers, in the shape of whichever protocol asked. */
#include "base/json.h"
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const char *const content_types[] = {
    [SY_WIRE_REST] = "application/json",
    [SY_WIRE_JSON11] = "application/x-amz-json-1.1",
    [SY_WIRE_JSON10] = "application/x-amz-json-1.0",
    [SY_WIRE_QUERY] = "text/xml",
    [SY_WIRE_CBOR] = "application/cbor",
};

void sy_answer_header(struct sy_call *call, const char *name, const char *value) {
    struct sy_world *world = call->world;
    size_t at = 0;
    while (at < world->n_headers && strcmp(world->headers[at].name, name) != 0)
        at++;
    if (at == SY_COUNT(world->headers))
        return;
    char *copy = world->header_values[at];
    (void)snprintf(copy, sizeof world->header_values[at], "%s", value);
    world->headers[at] = (struct sy_http_header){.name = name, .value = copy};
    if (at == world->n_headers)
        world->n_headers++;
}

void sy_answer_raw(struct sy_call *call, int status, const char *type, const void *body,
                   size_t len) {
    struct sy_world *world = call->world;
    world->status = status;
    world->body.len = 0;
    sy_buffer_append(&world->body, body, len);
    sy_answer_header(call, "Content-Type", type);
}

void sy_answer(struct sy_call *call, int status, struct json_object *body) {
    struct sy_world *world = call->world;
    enum sy_wire wire = call->route->wire;
    world->status = status;
    world->body.len = 0;
    sy_buffer_append(&world->body, "", 0);
    sy_answer_header(call, "Content-Type", content_types[wire]);
    if (wire == SY_WIRE_CBOR) {
        sy_answer_header(call, "smithy-protocol", "rpc-v2-cbor");
        sy_cbor_write(&world->body, body);
    } else if (wire == SY_WIRE_QUERY) {
        sy_query_write(&world->body, call->route->asked, world->header_values[0], body);
    } else if (body) {
        SY_AUTO_FREE char *text = sy_json_write(body);
        sy_buffer_puts(&world->body, text);
    }
    (void)json_object_put(body);
}

static void xml_text(struct sy_buffer *out, const char *text) {
    for (; *text; text++) {
        if (*text == '<')
            sy_buffer_puts(out, "&lt;");
        else if (*text == '&')
            sy_buffer_puts(out, "&amp;");
        else
            sy_buffer_append(out, text, 1);
    }
}

/* The query protocol's codes lack the shapes' suffix. */
static void query_code(const char *code, char buf[64]) {
    static const char suffix[] = "Exception";
    size_t len = strlen(code);
    if (len > sizeof suffix - 1 && strcmp(code + len - (sizeof suffix - 1), suffix) == 0)
        len -= sizeof suffix - 1;
    (void)snprintf(buf, 64, "%.*s", (int)len, code);
}

static void query_error(struct sy_call *call, int status, const char *code, const char *message) {
    struct sy_buffer *body = &call->world->body;
    sy_answer_raw(call, status, content_types[SY_WIRE_QUERY], "", 0);
    sy_buffer_printf(body,
                     "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
                     "<Error><Type>%s</Type><Code>%s</Code><Message>",
                     status < 500 ? "Sender" : "Receiver", code);
    xml_text(body, message);
    sy_buffer_printf(body, "</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
                     call->world->header_values[0]);
}

void sy_answer_error(struct sy_call *call, int status, const char *code, const char *fmt, ...) {
    char message[512];
    char query[64];
    char text[160];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    query_code(code, query);
    if (call->route->wire == SY_WIRE_QUERY) {
        query_error(call, status, query, message);
        return;
    }
    struct json_object *body = json_object_new_object();
    if (call->route->wire == SY_WIRE_REST) {
        sy_answer_header(call, "x-amzn-ErrorType", code);
        json_object_object_add(body, "Type",
                               json_object_new_string(status < 500 ? "User" : "Service"));
    } else if (call->route->wire == SY_WIRE_JSON11) {
        json_object_object_add(body, "__type", json_object_new_string(code));
    } else {
        (void)snprintf(text, sizeof text, "%s;%s", query, status < 500 ? "Sender" : "Receiver");
        sy_answer_header(call, "x-amzn-query-error", text);
        (void)snprintf(text, sizeof text, "com.amazonaws.cloudwatch.v2010_08_01#%s", code);
        json_object_object_add(body, "__type", json_object_new_string(text));
    }
    /* Lambda writes Message where a resource is missing, and message everywhere else. */
    bool capital = call->route->wire == SY_WIRE_REST && !strcmp(code, "ResourceNotFoundException");
    if (message[0])
        json_object_object_add(body, capital ? "Message" : "message",
                               json_object_new_string(message));
    sy_answer(call, status, body);
}

void sy_answer_none(struct sy_call *call, const char *why) {
    struct sy_world *world = call->world;
    world->status = 0;
    world->body.len = 0;
    sy_buffer_append(&world->body, "", 0);
    (void)sy_fail(&world->failure, SY_UNAVAILABLE, "%s", why);
}

struct json_object *sy_json_number(double value) {
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return json_object_new_double_s(value, text);
}
