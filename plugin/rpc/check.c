#include "rpc/check.h"

#include "base/text.h"
#include "rpc/wire.h"

/* One level of the walk; the levels above lead to the path that a message shows. */
struct level {
    const ProtobufCMessageDescriptor *type;
    unsigned depth;
    unsigned *fields; /* seen so far in the whole message */
};

static int check_level(const struct level *level, const uint8_t *data, size_t len,
                       struct sy_error *error);

static int broken(const ProtobufCMessageDescriptor *type, struct sy_error *error) {
    return sy_fail(
        error, SY_INVALID_ARGUMENT,
        "the request is not a well-formed %s message; encode it with the .proto files of "
        "this version",
        type->name);
}

static enum sy_wire_type wire_type(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return SY_WIRE_BYTES;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return SY_WIRE_64BIT;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return SY_WIRE_32BIT;
    default:
        return SY_WIRE_VARINT;
    }
}

static int check_string(const ProtobufCFieldDescriptor *field, const struct sy_wire_field *value,
                        struct sy_error *error) {
    char shown[64];
    if (sy_text_is_clean((const char *)value->data, value->len))
        return 0;
    return sy_fail_field(
        error, field->name, "%s: \"%s\" holds a control character or is not UTF-8; send plain text",
        field->name, sy_text_clean((const char *)value->data, value->len, shown, sizeof shown));
}

static int check_enum(const ProtobufCFieldDescriptor *field, uint64_t value,
                      struct sy_error *error) {
    /* On the wire a negative enum is a sign-extended 64-bit number. */
    int64_t number = (int64_t)value;
    if (number >= INT32_MIN && number <= INT32_MAX &&
        protobuf_c_enum_descriptor_get_value(field->descriptor, (int)number))
        return 0;
    return sy_fail_field(error, field->name,
                         "%s: %lld is no value of %s that this engine knows; use one of its own "
                         ".proto files",
                         field->name, (long long)number,
                         ((const ProtobufCEnumDescriptor *)field->descriptor)->name);
}

static bool is_packed(const ProtobufCFieldDescriptor *field, const struct sy_wire_field *value) {
    return field->label == PROTOBUF_C_LABEL_REPEATED && value->type == SY_WIRE_BYTES &&
           wire_type(field->type) != SY_WIRE_BYTES && field->type != PROTOBUF_C_TYPE_ENUM;
}

static int check_field(const struct level *level, const struct sy_wire_field *value,
                       struct sy_error *error) {
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(level->type, value->number);
    if (!field || is_packed(field, value))
        return 0;
    if (value->type != wire_type(field->type))
        return sy_fail_field(error, field->name,
                             "%s: sent with another type than %s declares; encode the request with "
                             "the .proto files of this version",
                             field->name, level->type->name);
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return check_string(field, value, error);
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return check_enum(field, value->value, error);
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return 0;
    struct level below = {field->descriptor, level->depth + 1, level->fields};
    return check_level(&below, value->data, value->len, error);
}

static int check_level(const struct level *level, const uint8_t *data, size_t len,
                       struct sy_error *error) {
    if (level->depth > SY_MESSAGE_DEPTH_MAX)
        return sy_fail(error, SY_INVALID_ARGUMENT, "the request nests deeper than %d messages",
                       SY_MESSAGE_DEPTH_MAX);
    struct sy_wire wire = {data, data + len};
    struct sy_wire_field value;
    int got = 0;
    while ((got = sy_wire_next(&wire, &value)) > 0) {
        if (++*level->fields > SY_MESSAGE_FIELDS_MAX)
            return sy_fail(error, SY_INVALID_ARGUMENT, "the request has more than %d fields",
                           SY_MESSAGE_FIELDS_MAX);
        if (check_field(level, &value, error))
            return -1;
    }
    return got < 0 ? broken(level->type, error) : 0;
}

int sy_message_check(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len,
                     struct sy_error *error) {
    static const uint8_t nothing[1];
    unsigned fields = 0;
    struct level top = {type, 1, &fields};
    return check_level(&top, len ? data : nothing, len, error);
}

int sy_message_decode(const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len,
                      ProtobufCMessage **ret, struct sy_error *error) {
    if (sy_message_check(type, data, len, error))
        return -1;
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, len, data);
    if (!message)
        return broken(type, error);
    *ret = message;
    return 0;
}
