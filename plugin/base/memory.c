#include "base/memory.h"

#include <stdio.h>
#include <string.h>

static void *must(void *p) {
    if (!p) {
        (void)fputs("steelyard: out of memory; the release's record is kept, resume it\n", stderr);
        abort();
    }
    return p;
}

void *sy_calloc(size_t count, size_t size) {
    return must(calloc(count ? count : 1, size ? size : 1));
}

void *sy_realloc(void *p, size_t size) {
    return must(realloc(p, size ? size : 1));
}

char *sy_strdup(const char *s) {
    return must(strdup(s));
}

char *sy_strdup_any(const char *s) {
    return s ? sy_strdup(s) : NULL;
}

char *sy_strndup(const char *s, size_t n) {
    return must(strndup(s, n));
}

char *sy_asprintf(const char *fmt, ...) {
    char *out = NULL;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&out, fmt, args);
    va_end(args);
    return must(n < 0 ? NULL : out);
}

static void reserve(struct sy_buffer *buffer, size_t extra) {
    size_t need = buffer->len + extra + 1;
    if (need <= buffer->capacity)
        return;
    buffer->capacity = need > buffer->capacity * 2 ? need : buffer->capacity * 2;
    buffer->data = sy_realloc(buffer->data, buffer->capacity);
}

void sy_buffer_append(struct sy_buffer *buffer, const void *bytes, size_t n) {
    reserve(buffer, n);
    if (n)
        memcpy(buffer->data + buffer->len, bytes, n);
    buffer->len += n;
    buffer->data[buffer->len] = '\0';
}

void sy_buffer_puts(struct sy_buffer *buffer, const char *s) {
    sy_buffer_append(buffer, s, strlen(s));
}

void sy_buffer_printf(struct sy_buffer *buffer, const char *fmt, ...) {
    va_list args;
    va_list again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n > 0) {
        reserve(buffer, (size_t)n);
        (void)vsnprintf(buffer->data + buffer->len, (size_t)n + 1, fmt, again);
        buffer->len += (size_t)n;
    }
    va_end(again);
}

void sy_buffer_finish(struct sy_buffer *buffer) {
    free(buffer->data);
    *buffer = (struct sy_buffer){0};
}
