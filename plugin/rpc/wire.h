/* Reading protobuf's wire format field by field, without a generated decoder
 * (https://protobuf.dev/programming-guides/encoding/). */
#ifndef SY_RPC_WIRE_H
#define SY_RPC_WIRE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum sy_wire_type { SY_WIRE_VARINT = 0, SY_WIRE_64BIT = 1, SY_WIRE_BYTES = 2, SY_WIRE_32BIT = 5 };

struct sy_wire {
    const uint8_t *at;
    const uint8_t *end;
};

struct sy_wire_field {
    uint32_t number;
    enum sy_wire_type type;
    uint64_t value;      /* VARINT alone */
    const uint8_t *data; /* BYTES alone */
    size_t len;
};

/* 1 = *ret is the next field; 0 = the end; -1 = broken: cut short, an overlong number, field 0, or
 * a group. */
SY_MUST_USE int sy_wire_next(struct sy_wire *wire, struct sy_wire_field *ret);

#endif
