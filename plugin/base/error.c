#include "base/error.h"

#include <stdio.h>
#include <string.h>

const char *sy_code_name(enum sy_code code) {
    switch (code) {
#define X(name, grpc)                                                                              \
    case SY_##name:                                                                                \
        return #name;
        SY_CODES(X)
#undef X
    }
    return "INTERNAL";
}

enum sy_code sy_code_from_grpc(int status) {
    switch (status) {
#define X(name, grpc)                                                                              \
    case grpc:                                                                                     \
        return SY_##name;
        SY_CODES(X)
#undef X
    default:
        return SY_INTERNAL;
    }
}

static int fill(struct sy_error *error, enum sy_code code, const char *reason, const char *field,
                const char *fmt, va_list args) {
    *error = (struct sy_error){.code = code};
    (void)snprintf(error->reason, sizeof error->reason, "%s", reason);
    (void)snprintf(error->field, sizeof error->field, "%s", field);
    (void)vsnprintf(error->message, sizeof error->message, fmt, args);
    return -1;
}

int sy_fail(struct sy_error *error, enum sy_code code, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fill(error, code, "", "", fmt, args);
    va_end(args);
    return -1;
}

int sy_fail_reason(struct sy_error *error, enum sy_code code, const char *reason, const char *fmt,
                   ...) {
    va_list args;
    va_start(args, fmt);
    fill(error, code, reason, "", fmt, args);
    va_end(args);
    return -1;
}

int sy_fail_field(struct sy_error *error, const char *field, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fill(error, SY_INVALID_ARGUMENT, "", field, fmt, args);
    va_end(args);
    return -1;
}
