/* What every message from outside passes before protobuf-c decodes it. protobuf-c hands strings out
 * as char *, so an embedded NUL would cut them short unseen; it checks no UTF-8, no enum, and no
 * number of elements. */
#ifndef SY_RPC_CHECK_H
#define SY_RPC_CHECK_H

#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

enum {
    SY_MESSAGE_DEPTH_MAX = 16,     /* our own messages nest 4 deep */
    SY_MESSAGE_FIELDS_MAX = 65536, /* in all of a message: bounds the memory that decoding takes */
};

/* Well-formed, every string clean (base/text.h), every enum value known, every field of its
 * declared wire type. Fields that are not declared are skipped, as protobuf wants it.
 * INVALID_ARGUMENT names the field.
 */
SY_MUST_USE int sy_message_check(const ProtobufCMessageDescriptor *type, const uint8_t *data,
                                 size_t len, struct sy_error *error);
/* Check, then decode; the caller frees *ret with protobuf_c_message_free_unpacked(). */
SY_MUST_USE int sy_message_decode(const ProtobufCMessageDescriptor *type, const uint8_t *data,
                                  size_t len, ProtobufCMessage **ret, struct sy_error *error);

#endif
