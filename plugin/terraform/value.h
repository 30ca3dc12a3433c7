/* Values as Terraform sends them: a tree of the type's own shape, in an arena. What is not known
 * yet keeps the bytes it came with, refinements included (MessagePack extensions 0 and 12 of
 * https://github.com/zclconf/go-cty/blob/main/docs/refinements.md), and a number keeps its digits,
 * so that an untouched value goes back as it came (in its shortest form). */
#ifndef SY_TERRAFORM_VALUE_H
#define SY_TERRAFORM_VALUE_H

#include "base/memory.h"
#include "terraform/schema.h"

#include <stdint.h>

enum sy_value_state { SY_VALUE_NULL, SY_VALUE_UNKNOWN, SY_VALUE_KNOWN };

struct sy_bytes {
    const uint8_t *data;
    size_t len;
};

struct sy_value {
    enum sy_value_state state;
    bool truth;             /* BOOL */
    double number;          /* NUMBER */
    struct sy_bytes raw;    /* UNKNOWN, NUMBER: as it came; empty: made here */
    const char *text;       /* STRING; NUL-terminated, but may hold a NUL before */
    size_t len;             /* STRING: bytes of text; lists: items; OBJECT: fields of its type */
    struct sy_value *items; /* lists; OBJECT: one for each field of its type, in its order */
};

/* Decode a whole value: an object of the type, or null. Whatever the bytes are, this ends, and
 * takes memory in proportion to their number. INVALID_ARGUMENT names the attribute. */
SY_MUST_USE int sy_value_decode(const struct sy_attribute *attributes, struct sy_bytes bytes,
                                struct sy_arena *arena, struct sy_value *ret,
                                struct sy_error *error);
/* The same from JSON, as it stands in a state file. Attributes that are not there are null; those
 * that the type does not have are left out: a newer version may have had them. */
SY_MUST_USE int sy_value_decode_json(const struct sy_attribute *attributes, struct sy_bytes json,
                                     struct sy_arena *arena, struct sy_value *ret,
                                     struct sy_error *error);
/* The inverse of the first. */
void sy_value_encode(const struct sy_attribute *attributes, const struct sy_value *value,
                     struct sy_buffer *ret);

/* ---- making and reading values ---- */

struct sy_value sy_value_unknown(void);
struct sy_value sy_value_bool(bool truth);
struct sy_value sy_value_number(double number);
/* Copied; NULL or "" gives null: AWS says "" where it has nothing to say. */
struct sy_value sy_value_string(struct sy_arena *arena, const char *text);
/* An object whose fields are all in the state. */
struct sy_value sy_value_object(struct sy_arena *arena, const struct sy_attribute *attributes,
                                enum sy_value_state fields);
struct sy_value sy_value_list(struct sy_arena *arena, size_t n);
/* The fallback of a DEFAULTED attribute; of an object whose fields have fallbacks, all of them. */
struct sy_value sy_value_fallback(struct sy_arena *arena, const struct sy_attribute *attribute);

/* Known, and the same. Two unknowns are not. */
bool sy_value_equal(const struct sy_attribute *attribute, const struct sy_value *a,
                    const struct sy_value *b);
bool sy_value_is_wholly_known(const struct sy_attribute *attribute, const struct sy_value *value);
/* The text of a known string, "" of all else. */
const char *sy_value_text(const struct sy_value *value);
/* The same of a field; also "" when the object is not known. */
const char *sy_field_text(const struct sy_value *object, size_t field);

#endif
