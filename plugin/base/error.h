/* Errors that a person can act on.
 *
 * Functions that can fail return 0, or -1 with the caller's struct sy_error filled in; on success
 * the error is left untouched. A message says what failed, with which value, and what to do about
 * it. */
#ifndef SY_BASE_ERROR_H
#define SY_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#define SY_MUST_USE __attribute__((warn_unused_result))
#define SY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* name, the gRPC status it travels as (https://grpc.github.io/grpc/core/md_doc_statuscodes.html) */
#define SY_CODES(X)                                                                                \
    X(OK, 0)                                                                                       \
    X(CANCELLED, 1)                                                                                \
    X(INVALID_ARGUMENT, 3)                                                                         \
    X(DEADLINE_EXCEEDED, 4)                                                                        \
    X(NOT_FOUND, 5)                                                                                \
    X(ALREADY_EXISTS, 6)                                                                           \
    X(PERMISSION_DENIED, 7)                                                                        \
    X(RESOURCE_EXHAUSTED, 8)                                                                       \
    X(FAILED_PRECONDITION, 9)                                                                      \
    X(ABORTED, 10)                                                                                 \
    X(UNIMPLEMENTED, 12)                                                                           \
    X(INTERNAL, 13)                                                                                \
    X(UNAVAILABLE, 14)                                                                             \
    X(UNAUTHENTICATED, 16)

enum sy_code {
#define X(name, grpc) SY_##name = grpc,
    SY_CODES(X)
#undef X
};

struct sy_error {
    enum sy_code code;
    char reason[40];   /* machine-readable, e.g. STALE_PLAN; empty when the code says it all */
    char field[40];    /* the offending field or flag for INVALID_ARGUMENT, e.g. stages */
    char message[512]; /* for people */
};

/* "INVALID_ARGUMENT" for SY_INVALID_ARGUMENT. */
const char *sy_code_name(enum sy_code code);
/* The code of a gRPC status number; SY_INTERNAL for numbers outside the table. */
enum sy_code sy_code_from_grpc(int status);

/* Fill *error and return -1, so that a caller can `return sy_fail(...)`. */
int sy_fail(struct sy_error *error, enum sy_code code, const char *fmt, ...) SY_PRINTF(3, 4);
/* The same with a machine-readable reason. */
int sy_fail_reason(struct sy_error *error, enum sy_code code, const char *reason, const char *fmt,
                   ...) SY_PRINTF(4, 5);
/* INVALID_ARGUMENT that names the field. */
int sy_fail_field(struct sy_error *error, const char *field, const char *fmt, ...) SY_PRINTF(3, 4);

#endif
