#include "aws/canonical.h"

#include <string.h>
#include <strings.h>

struct span {
    const char *start;
    size_t len;
};

static bool is_alnum(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_unreserved(unsigned char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static int hex_value(unsigned char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that a percent escape at s stands for; -1 when there is none. */
static int escape_value(const char *s, size_t len) {
    if (len < 3 || s[0] != '%')
        return -1;
    int high = hex_value((unsigned char)s[1]);
    int low = hex_value((unsigned char)s[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static void append_escaped(struct sy_buffer *buffer, unsigned char c) {
    static const char digits[] = "0123456789ABCDEF";
    char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
    sy_buffer_append(buffer, escape, sizeof escape);
}

void sy_canonical_encode(struct sy_buffer *buffer, const char *text, size_t len, const char *keep) {
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_unreserved(c) || (c && strchr(keep, c)))
            continue;
        sy_buffer_append(buffer, text + start, i - start);
        append_escaped(buffer, c);
        start = i + 1;
    }
    sy_buffer_append(buffer, text + start, len - start);
}

/* Bring text that may be percent-encoded to the one encoding that AWS computes from it. */
static void append_normal(struct sy_buffer *buffer, const char *text, size_t len,
                          const char *keep) {
    for (size_t i = 0; i < len;) {
        size_t plain = i;
        while (plain < len && text[plain] != '%')
            plain++;
        sy_canonical_encode(buffer, text + i, plain - i, keep);
        i = plain;
        if (i == len)
            break;
        int value = escape_value(text + i, len - i);
        char c = (char)value;
        if (value < 0)
            append_escaped(buffer, '%');
        else
            sy_canonical_encode(buffer, &c, 1, "");
        i += value < 0 ? 1 : 3;
    }
}

static void append_path(struct sy_buffer *buffer, const struct sy_sigv4_request *request,
                        const char *text, size_t len) {
    if (request->encoded_path)
        append_normal(buffer, text, len, "/");
    else
        sy_canonical_encode(buffer, text, len, "/");
}

/* RFC 3986, 5.2.4, with empty segments dropped, too. */
static int append_resolved(struct sy_buffer *buffer, const struct sy_sigv4_request *request,
                           struct sy_error *error) {
    struct span segments[SY_SIGV4_SEGMENTS_MAX];
    size_t count = 0;
    bool slash = true; /* whether the path ends in one */
    for (const char *p = request->path; *p;) {
        p += strspn(p, "/");
        size_t len = strcspn(p, "/");
        bool dot = len == 1 && p[0] == '.';
        bool dots = len == 2 && p[0] == '.' && p[1] == '.';
        slash = len == 0 || dot || dots || p[len] == '/';
        if (dots && count > 0)
            count--;
        if (len > 0 && !dot && !dots) {
            if (count == SY_SIGV4_SEGMENTS_MAX)
                return sy_fail(error, SY_INVALID_ARGUMENT,
                               "a request path has more than %d segments; shorten it",
                               SY_SIGV4_SEGMENTS_MAX);
            segments[count++] = (struct span){p, len};
        }
        p += len;
    }
    for (size_t i = 0; i < count; i++) {
        sy_buffer_append(buffer, "/", 1);
        append_path(buffer, request, segments[i].start, segments[i].len);
    }
    if (slash)
        sy_buffer_append(buffer, "/", 1);
    return 0;
}

int sy_canonical_path(struct sy_buffer *buffer, const struct sy_sigv4_request *request,
                      struct sy_error *error) {
    if (!request->path || !*request->path) {
        sy_buffer_append(buffer, "/", 1);
        return 0;
    }
    bool plain = !strstr(request->path, "//") && !strstr(request->path, "/.");
    if (!request->keep_path && !plain)
        return append_resolved(buffer, request, error);
    append_path(buffer, request, request->path, strlen(request->path));
    return 0;
}

/* Offsets into the scratch buffer, which moves while it grows. */
struct param {
    size_t name;
    size_t name_len;
    size_t value_len; /* right behind the name */
};

static int span_compare(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t shared = a_len < b_len ? a_len : b_len;
    int order = memcmp(a, b, shared);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

/* By encoded name, then by encoded value; the whole text would sort "a-b=" before "a=". */
static bool param_before(const struct sy_buffer *scratch, const struct param *a,
                         const struct param *b) {
    const char *data = scratch->data;
    int order = span_compare(data + a->name, a->name_len, data + b->name, b->name_len);
    if (order == 0)
        order = span_compare(data + a->name + a->name_len, a->value_len,
                             data + b->name + b->name_len, b->value_len);
    return order < 0;
}

static struct param take_param(struct sy_buffer *scratch, const char *text, size_t len) {
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;
    struct param param = {.name = scratch->len};
    append_normal(scratch, text, name_len, "");
    param.name_len = scratch->len - param.name;
    if (equals)
        append_normal(scratch, equals + 1, len - name_len - 1, "");
    param.value_len = scratch->len - param.name - param.name_len;
    return param;
}

int sy_canonical_query(struct sy_buffer *buffer, struct sy_buffer *scratch, const char *query,
                       struct sy_error *error) {
    struct param params[SY_SIGV4_PARAMS_MAX];
    size_t count = 0;
    scratch->len = 0;
    for (const char *p = query ? query : ""; *p;) {
        size_t len = strcspn(p, "&");
        if (len > 0 && count == SY_SIGV4_PARAMS_MAX)
            return sy_fail(error, SY_INVALID_ARGUMENT,
                           "a request has more than %d query parameters; ask for less at once",
                           SY_SIGV4_PARAMS_MAX);
        if (len > 0) {
            struct param param = take_param(scratch, p, len);
            size_t at = count++;
            for (; at > 0 && param_before(scratch, &param, &params[at - 1]); at--)
                params[at] = params[at - 1];
            params[at] = param;
        }
        p += len + (p[len] == '&');
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = scratch->data + params[i].name;
        if (i > 0)
            sy_buffer_append(buffer, "&", 1);
        sy_buffer_append(buffer, name, params[i].name_len);
        sy_buffer_append(buffer, "=", 1);
        sy_buffer_append(buffer, name + params[i].name_len, params[i].value_len);
    }
    return 0;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Trimmed, with every run of blanks as one. */
static void append_value(struct sy_buffer *buffer, const char *value) {
    while (is_blank(*value))
        value++;
    while (*value) {
        size_t len = 0;
        while (value[len] && !is_blank(value[len]))
            len++;
        sy_buffer_append(buffer, value, len);
        value += len;
        while (is_blank(*value))
            value++;
        if (*value)
            sy_buffer_append(buffer, " ", 1);
    }
}

static void append_lower(struct sy_buffer *buffer, const char *name) {
    size_t start = buffer->len;
    sy_buffer_puts(buffer, name);
    for (char *p = buffer->data + start; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
}

int sy_canonical_headers(struct sy_buffer *lines, struct sy_buffer *names,
                         const struct sy_sigv4_request *request, struct sy_error *error) {
    const struct sy_http_header *sorted[SY_SIGV4_HEADERS_MAX];
    if (request->n_headers > SY_SIGV4_HEADERS_MAX)
        return sy_fail(error, SY_INVALID_ARGUMENT, "a request has more than %d headers to sign",
                       SY_SIGV4_HEADERS_MAX);
    for (size_t i = 0; i < request->n_headers; i++) {
        size_t at = i;
        for (; at > 0 && strcasecmp(request->headers[i].name, sorted[at - 1]->name) < 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &request->headers[i];
    }
    for (size_t i = 0; i < request->n_headers; i++) {
        bool again = i > 0 && strcasecmp(sorted[i]->name, sorted[i - 1]->name) == 0;
        if (again) {
            lines->len--; /* the line end: the value goes on */
            sy_buffer_append(lines, ",", 1);
        } else {
            if (i > 0)
                sy_buffer_append(names, ";", 1);
            append_lower(names, sorted[i]->name);
            append_lower(lines, sorted[i]->name);
            sy_buffer_append(lines, ":", 1);
        }
        append_value(lines, sorted[i]->value);
        sy_buffer_append(lines, "\n", 1);
    }
    return 0;
}
