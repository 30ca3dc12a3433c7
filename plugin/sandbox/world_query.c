/* CloudWatch's query protocol: a flattened form in, XML out. The AWS CLI of Debian 12 speaks it. */
#include "base/json.h"
#include "base/text.h"
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KEY_MAX = 256, VALUE_MAX = 2048, MEMBERS_MAX = 501, DEPTH_MAX = 12 };

static bool time_read(const char *text, double *ret) {
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return false;
    double seconds = (double)timegm(&tm);
    char *end = (char *)rest;
    if (*rest == '.')
        seconds += strtod(rest, &end);
    *ret = seconds;
    return strcmp(end, "Z") == 0 || strcmp(end, "+00:00") == 0;
}

/* The value as the JSON protocol would have written it; NULL when it cannot be. */
static struct json_object *leaf(const char *key, const char *text) {
    struct sy_error ignored;
    int64_t number = 0;
    double seconds = 0;
    if (!strcmp(key, "Period") || !strcmp(key, "MaxDatapoints"))
        return sy_integer_parse(key, text, 0, INT64_MAX, &number, &ignored)
                   ? NULL
                   : json_object_new_int64(number);
    if (!strcmp(key, "StartTime") || !strcmp(key, "EndTime"))
        return time_read(text, &seconds) ? json_object_new_double(seconds) : NULL;
    if (!strcmp(key, "ReturnData"))
        return json_object_new_boolean(!strcmp(text, "true"));
    return json_object_new_string(text);
}

static bool array_put(struct json_object *array, size_t index, struct json_object *value) {
    if (json_object_is_type(array, json_type_array) && value && index <= MEMBERS_MAX &&
        index <= json_object_array_length(array))
        return json_object_array_put_idx(array, index, value) == 0;
    (void)json_object_put(value);
    return false;
}

/* One step down: the member of an object, or of an array when key is a number. What is not there
 * yet is made: an array when "member" follows, else an object. */
static struct json_object *descend(struct json_object *at, const char *key, bool array_next) {
    struct json_object *child = NULL;
    if (json_object_is_type(at, json_type_array)) {
        int64_t index = sy_version_number(key);
        if (index <= 0)
            return NULL;
        child = json_object_array_get_idx(at, (size_t)index - 1);
        if (!child) {
            child = json_object_new_object();
            if (!array_put(at, (size_t)index - 1, child))
                return NULL;
        }
    } else if (json_object_is_type(at, json_type_object)) {
        if (!json_object_object_get_ex(at, key, &child)) {
            child = array_next ? json_object_new_array() : json_object_new_object();
            json_object_object_add(at, key, child);
        }
    }
    return json_object_is_type(child, json_type_object) ||
                   json_object_is_type(child, json_type_array)
               ? child
               : NULL;
}

static bool put(struct json_object *root, char *key, const char *value) {
    struct json_object *at = root;
    char *save = NULL;
    char *part = strtok_r(key, ".", &save);
    const char *named = part;
    for (int depth = 0; part && depth < DEPTH_MAX; depth++) {
        char *next = strtok_r(NULL, ".", &save);
        bool array_next = next && strcmp(next, "member") == 0;
        if (array_next)
            next = strtok_r(NULL, ".", &save);
        if (!next && json_object_is_type(at, json_type_array)) {
            int64_t index = sy_version_number(part);
            return index > 0 && array_put(at, (size_t)index - 1, leaf(named, value));
        }
        if (!next && !array_next) {
            struct json_object *object = leaf(part, value);
            return object && json_object_is_type(at, json_type_object) &&
                   json_object_object_add(at, part, object) == 0;
        }
        at = descend(at, part, array_next);
        if (!at)
            return false;
        named = part;
        part = next;
    }
    return false;
}

struct json_object *sy_query_read(const char *body, size_t len) {
    struct json_object *root = json_object_new_object();
    char key[KEY_MAX], value[VALUE_MAX];
    while (len) {
        const char *end = memchr(body, '&', len);
        size_t pair = end ? (size_t)(end - body) : len;
        const char *equals = memchr(body, '=', pair);
        if (!equals || !sy_route_decode(body, (size_t)(equals - body), true, key, sizeof key) ||
            !sy_route_decode(equals + 1, pair - (size_t)(equals + 1 - body), true, value,
                             sizeof value) ||
            !sy_text_is_clean(value, strlen(value)) || !put(root, key, value)) {
            (void)json_object_put(root);
            return NULL;
        }
        body += end ? pair + 1 : pair;
        len -= end ? pair + 1 : pair;
    }
    return root;
}

static void text_write(struct sy_buffer *out, const char *text) {
    for (; *text; text++) {
        if (*text == '<')
            sy_buffer_puts(out, "&lt;");
        else if (*text == '>')
            sy_buffer_puts(out, "&gt;");
        else if (*text == '&')
            sy_buffer_puts(out, "&amp;");
        else
            sy_buffer_append(out, text, 1);
    }
}

/* What we answer nests four deep at most. */
static void value_write(struct sy_buffer *out, const char *key, struct json_object *value) {
    char time[24];
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, name, child) {
            sy_buffer_printf(out, "<%s>", name);
            value_write(out, name, child);
            sy_buffer_printf(out, "</%s>", name);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            sy_buffer_puts(out, "<member>");
            value_write(out, key, json_object_array_get_idx(value, i));
            sy_buffer_puts(out, "</member>");
        }
    } else if (strncmp(key, "Timestamp", 9) == 0) {
        sy_buffer_puts(out, sy_time_format(json_object_get_int64(value) * 1000, time));
    } else {
        text_write(out, json_object_get_string(value));
    }
}

void sy_query_write(struct sy_buffer *out, const char *operation, const char *request_id,
                    struct json_object *answer) {
    sy_buffer_printf(out,
                     "<%sResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\">"
                     "<%sResult>",
                     operation, operation);
    value_write(out, "", answer);
    sy_buffer_printf(out,
                     "</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>"
                     "</%sResponse>",
                     operation, request_id, operation);
}
