#include "sandbox/record.h"

#include "base/json.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

int sy_record_open(const char *path, FILE **ret, struct sy_error *error) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "a");
    if (!file) {
        if (fd >= 0)
            (void)close(fd);
        return sy_fail(error, SY_UNAVAILABLE, "the record %s cannot be written: %s", path,
                       strerror(errno));
    }
    *ret = file;
    return 0;
}

static char *base64(const unsigned char *bytes, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = sy_calloc(1, (len + 2) / 3 * 4 + 1);
    char *to = text;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned triple = (unsigned)bytes[i] << 16;
        if (left > 1)
            triple |= (unsigned)bytes[i + 1] << 8;
        if (left > 2)
            triple |= bytes[i + 2];
        *to++ = digits[triple >> 18];
        *to++ = digits[triple >> 12 & 63];
        *to++ = left > 1 ? digits[triple >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[triple & 63] : '=';
    }
    return text;
}

void sy_record_add(FILE *file, const struct sy_http_request *request) {
    if (!file)
        return;
    SY_AUTO_JSON struct json_object *line = json_object_new_object();
    SY_AUTO_FREE char *body = base64(request->body, request->body_len);
    struct json_object *headers = json_object_new_object();
    for (size_t i = 0; i < request->n_headers; i++)
        json_object_object_add(headers, request->headers[i].name,
                               json_object_new_string(request->headers[i].value));
    json_object_object_add(line, "method", json_object_new_string(request->method));
    json_object_object_add(line, "url", json_object_new_string(request->url));
    json_object_object_add(line, "headers", headers);
    json_object_object_add(line, "body_base64", json_object_new_string(body));
    SY_AUTO_FREE char *text = sy_json_write(line);
    (void)fprintf(file, "%s\n", text);
    (void)fflush(file);
}
