/* What the files that convert have in common. */
#ifndef SY_RPC_CONVERT_INTERNAL_H
#define SY_RPC_CONVERT_INTERNAL_H

#include "base/text.h"
#include "rpc/convert.h"

#include <string.h>

/* The field and the buffer bear the same name in most places. */
#define STRING(from, to, name)                                                                     \
    sy_string_from_proto(#name, (from)->name, (to)->name, sizeof(to)->name, error)

/* protobuf-c's messages hold char *, though packing only reads them. */
static inline char *borrow(const char *s) {
    return (char *)s;
}

static inline char *clean(const char *s, char *buf, size_t size) {
    (void)sy_text_clean(s, strlen(s), buf, size);
    return buf;
}

#endif
