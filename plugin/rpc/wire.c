#include "rpc/wire.h"

static bool take_varint(struct sy_wire *wire, uint64_t *ret) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70 && wire->at < wire->end; shift += 7) {
        uint8_t byte = *wire->at++;
        if (shift == 63 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = value;
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct sy_wire *wire, uint64_t len, struct sy_wire_field *ret) {
    if (len > (size_t)(wire->end - wire->at))
        return false;
    ret->data = wire->at;
    ret->len = (size_t)len;
    wire->at += len;
    return true;
}

static bool take_value(struct sy_wire *wire, struct sy_wire_field *ret) {
    uint64_t len = 0;
    switch (ret->type) {
    case SY_WIRE_VARINT:
        return take_varint(wire, &ret->value);
    case SY_WIRE_64BIT:
        return take_bytes(wire, 8, ret);
    case SY_WIRE_32BIT:
        return take_bytes(wire, 4, ret);
    case SY_WIRE_BYTES:
        return take_varint(wire, &len) && take_bytes(wire, len, ret);
    }
    return false;
}

int sy_wire_next(struct sy_wire *wire, struct sy_wire_field *ret) {
    if (wire->at == wire->end)
        return 0;
    uint64_t tag = 0;
    if (!take_varint(wire, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
        return -1;
    struct sy_wire_field field = {.number = (uint32_t)(tag >> 3),
                                  .type = (enum sy_wire_type)(tag & 7)};
    if (!take_value(wire, &field))
        return -1;
    *ret = field;
    return 1;
}
