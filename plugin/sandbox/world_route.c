/* Where a request goes: by path for Lambda, by header for the JSON services, as AWS does it. */
#include "base/json.h"
#include "base/text.h"
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *sy_request_header(const struct sy_http_request *request, const char *name) {
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

static int hex(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool sy_route_decode(const char *text, size_t n, bool form, char *buf, size_t size) {
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < n ? hex(text[i + 1]) : -1;
            int low = i + 2 < n ? hex(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        if (c == '\0' || len + 1 >= size)
            return false;
        buf[len++] = c;
    }
    buf[len] = '\0';
    return true;
}

/* The path and query of an absolute URL. */
static const char *path_of(const char *url) {
    const char *scheme = strstr(url, "://");
    const char *path = scheme ? strchr(scheme + 3, '/') : url;
    return path ? path : "/";
}

bool sy_route_query(const struct sy_http_request *request, const char *key, char *buf,
                    size_t size) {
    const char *p = strchr(path_of(request->url), '?');
    size_t key_len = strlen(key);
    while (p) {
        p++;
        size_t len = strcspn(p, "&#");
        if (len > key_len && memcmp(p, key, key_len) == 0 && p[key_len] == '=')
            return sy_route_decode(p + key_len + 1, len - key_len - 1, true, buf, size);
        p = p[len] == '&' ? p + len : NULL;
    }
    return false;
}

static const struct sy_operation *by_name(const struct sy_operation *operations, size_t count,
                                          const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(operations[i].name, name) == 0)
            return &operations[i];
    return NULL;
}

/* Take the next path segment, decoded; false when there is none or it does not fit. */
static bool segment(const char **path, char *buf, size_t size) {
    const char *p = *path;
    if (*p != '/')
        return false;
    size_t len = strcspn(++p, "/?#");
    *path = p + len;
    return sy_route_decode(p, len, false, buf, size);
}

/* "/2015-03-31/functions…": the date is the API's; 0 when the path is another. */
static size_t lambda_prefix(const char *path) {
    static const char pattern[] = "/dddd-dd-dd/functions";
    for (size_t i = 0; i < sizeof pattern - 1; i++)
        if (pattern[i] == 'd' ? !(path[i] >= '0' && path[i] <= '9') : path[i] != pattern[i])
            return 0;
    return sizeof pattern - 1;
}

static bool is_api(const struct sy_operation *operation, const char *date) {
    return strncmp(date, operation->api ? operation->api : "2015-03-31", 10) == 0;
}

static void find_lambda(const struct sy_http_request *request, const char *date, const char *path,
                        struct sy_route *route) {
    char under[32] = "";
    route->wire = SY_WIRE_REST;
    if (!segment(&path, route->function, sizeof route->function))
        return;
    bool has_under = segment(&path, under, sizeof under) && under[0];
    bool named = has_under && segment(&path, route->name, sizeof route->name) && route->name[0];
    if (*path == '/' && path[1] && path[1] != '?')
        return;
    for (size_t i = 0; i < sy_lambda_operation_count; i++) {
        const struct sy_operation *operation = &sy_lambda_operations[i];
        if (strcmp(operation->method, request->method) == 0 &&
            strcmp(operation->under, under) == 0 && operation->named == named &&
            is_api(operation, date)) {
            route->operation = operation;
            (void)snprintf(route->asked, sizeof route->asked, "%s", operation->name);
        }
    }
}

static void find_named(const struct sy_operation *operations, size_t count, enum sy_wire wire,
                       const char *name, size_t len, struct sy_route *route) {
    route->wire = wire;
    (void)sy_text_clean(name, len < sizeof route->asked ? len : sizeof route->asked - 1,
                        route->asked, sizeof route->asked);
    route->operation = by_name(operations, count, route->asked);
}

/* Action=... of a form, wherever it stands. */
static void find_query(const struct sy_http_request *request, struct sy_route *route) {
    const char *body = request->body;
    size_t left = request->body_len;
    route->wire = SY_WIRE_QUERY;
    while (left) {
        const char *end = memchr(body, '&', left);
        size_t len = end ? (size_t)(end - body) : left;
        if (len > 7 && memcmp(body, "Action=", 7) == 0)
            find_named(sy_cloudwatch_operations, sy_cloudwatch_operation_count, SY_WIRE_QUERY,
                       body + 7, len - 7, route);
        body += end ? len + 1 : len;
        left -= end ? len + 1 : len;
    }
}

void sy_route_find(const struct sy_http_request *request, struct sy_route *ret) {
    static const char cbor[] = "/service/GraniteServiceVersion20100801/operation/";
    static const char ssm[] = "AmazonSSM.", cloudwatch[] = "GraniteServiceVersion20100801.";
    const char *path = path_of(request->url);
    const char *target = sy_request_header(request, "X-Amz-Target");
    const char *type = sy_request_header(request, "Content-Type");
    *ret = (struct sy_route){.wire = SY_WIRE_REST};
    size_t lambda = lambda_prefix(path);
    if (lambda)
        find_lambda(request, path + 1, path + lambda, ret);
    else if (strncmp(path, cbor, sizeof cbor - 1) == 0)
        find_named(sy_cloudwatch_operations, sy_cloudwatch_operation_count, SY_WIRE_CBOR,
                   path + sizeof cbor - 1, strcspn(path + sizeof cbor - 1, "/?#"), ret);
    else if (target && strncmp(target, ssm, sizeof ssm - 1) == 0)
        find_named(sy_ssm_operations, sy_ssm_operation_count, SY_WIRE_JSON11,
                   target + sizeof ssm - 1, strlen(target + sizeof ssm - 1), ret);
    else if (target && strncmp(target, cloudwatch, sizeof cloudwatch - 1) == 0)
        find_named(sy_cloudwatch_operations, sy_cloudwatch_operation_count, SY_WIRE_JSON10,
                   target + sizeof cloudwatch - 1, strlen(target + sizeof cloudwatch - 1), ret);
    else if (type && strncmp(type, "application/x-www-form-urlencoded", 33) == 0)
        find_query(request, ret);
}

struct json_object *sy_world_call_read(struct sy_call *call) {
    const struct sy_http_request *request = call->request;
    struct json_object *body = NULL;
    struct sy_error error = {0};
    if (request->body_len == 0 && call->route->wire == SY_WIRE_REST)
        return json_object_new_object();
    if (call->route->wire == SY_WIRE_QUERY)
        body = sy_query_read(request->body, request->body_len);
    else if (call->route->wire == SY_WIRE_CBOR)
        body = sy_cbor_read(request->body, request->body_len);
    else if (sy_json_parse("the request", request->body ? request->body : "", request->body_len,
                           &body, &error))
        body = NULL;
    if (json_object_is_type(body, json_type_object))
        return body;
    (void)json_object_put(body);
    if (call->route->wire == SY_WIRE_REST)
        sy_answer_error(call, 400, "InvalidRequestContentException",
                        "Could not parse request body into json: %s", error.message);
    else
        sy_answer_error(call, 400, "SerializationException", "%s", error.message);
    return NULL;
}
