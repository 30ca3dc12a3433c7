#include "terraform/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct sy_value sy_value_unknown(void) {
    return (struct sy_value){.state = SY_VALUE_UNKNOWN};
}

struct sy_value sy_value_bool(bool truth) {
    return (struct sy_value){.state = SY_VALUE_KNOWN, .truth = truth};
}

struct sy_value sy_value_number(double number) {
    return (struct sy_value){.state = SY_VALUE_KNOWN, .number = number};
}

struct sy_value sy_value_string(struct sy_arena *arena, const char *text) {
    if (!text || !*text)
        return (struct sy_value){0};
    size_t len = strlen(text);
    return (struct sy_value){
        .state = SY_VALUE_KNOWN, .text = sy_arena_copy(arena, text, len), .len = len};
}

struct sy_value sy_value_list(struct sy_arena *arena, size_t n) {
    return (struct sy_value){.state = SY_VALUE_KNOWN,
                             .len = n,
                             .items = sy_arena_alloc(arena, n + 1, sizeof(struct sy_value))};
}

struct sy_value sy_value_object(struct sy_arena *arena, const struct sy_attribute *attributes,
                                enum sy_value_state fields) {
    struct sy_value object = sy_value_list(arena, sy_attributes_count(attributes));
    for (size_t i = 0; i < object.len; i++)
        object.items[i].state = fields;
    return object;
}

/* One word of a fallback, up to the end. */
static struct sy_value scalar_fallback(struct sy_arena *arena, enum sy_attribute_kind kind,
                                       const char *word, size_t len) {
    char *text = sy_arena_copy(arena, word, len);
    if (kind == SY_BOOL)
        return sy_value_bool(strcmp(text, "true") == 0);
    if (kind == SY_NUMBER)
        return sy_value_number(strtod(text, NULL));
    return sy_value_string(arena, text);
}

static struct sy_value objects_fallback(struct sy_arena *arena,
                                        const struct sy_attribute *attribute) {
    size_t n = 1;
    const char *at = attribute->fallback;
    for (const char *c = at; *c; c++)
        n += *c == ',';
    struct sy_value list = sy_value_list(arena, n);
    for (size_t i = 0; i < n; i++) {
        list.items[i] = sy_value_object(arena, attribute->fields, SY_VALUE_NULL);
        for (size_t k = 0; k < list.items[i].len; k++) {
            size_t len = strcspn(at, " ,");
            list.items[i].items[k] = scalar_fallback(arena, attribute->fields[k].kind, at, len);
            at += len + (at[len] != '\0');
        }
    }
    return list;
}

struct sy_value sy_value_fallback(struct sy_arena *arena, const struct sy_attribute *attribute) {
    if (attribute->kind == SY_OBJECTS)
        return objects_fallback(arena, attribute);
    if (attribute->kind != SY_OBJECT)
        return attribute->fallback ? scalar_fallback(arena, attribute->kind, attribute->fallback,
                                                     strlen(attribute->fallback))
                                   : (struct sy_value){0};
    struct sy_value object = sy_value_object(arena, attribute->fields, SY_VALUE_NULL);
    for (size_t i = 0; i < object.len; i++)
        object.items[i] = sy_value_fallback(arena, &attribute->fields[i]);
    return object;
}

const char *sy_value_text(const struct sy_value *value) {
    return value->state == SY_VALUE_KNOWN && value->text ? value->text : "";
}

const char *sy_field_text(const struct sy_value *object, size_t field) {
    return object->state == SY_VALUE_KNOWN ? sy_value_text(&object->items[field]) : "";
}

/* The attribute of item i of a list or object. */
static const struct sy_attribute *item_attribute(const struct sy_attribute *attribute, size_t i,
                                                 struct sy_attribute *buf) {
    if (attribute->kind == SY_OBJECT)
        return &attribute->fields[i];
    *buf = (struct sy_attribute){.kind = attribute->kind == SY_OBJECTS ? SY_OBJECT : SY_STRING,
                                 .fields = attribute->fields};
    return buf;
}

static bool same_scalar(const struct sy_attribute *attribute, const struct sy_value *a,
                        const struct sy_value *b) {
    if (attribute->kind == SY_BOOL)
        return a->truth == b->truth;
    if (attribute->kind == SY_NUMBER)
        return a->number == b->number;
    return a->len == b->len && (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

bool sy_value_equal(const struct sy_attribute *attribute, const struct sy_value *a,
                    const struct sy_value *b) {
    struct sy_attribute item;
    if (a->state != b->state || a->state == SY_VALUE_UNKNOWN)
        return false;
    if (a->state == SY_VALUE_NULL)
        return true;
    if (attribute->kind < SY_STRINGS)
        return same_scalar(attribute, a, b);
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!sy_value_equal(item_attribute(attribute, i, &item), &a->items[i], &b->items[i]))
            return false;
    return true;
}

bool sy_value_is_wholly_known(const struct sy_attribute *attribute, const struct sy_value *value) {
    struct sy_attribute item;
    if (value->state != SY_VALUE_KNOWN || attribute->kind < SY_STRINGS)
        return value->state != SY_VALUE_UNKNOWN;
    for (size_t i = 0; i < value->len; i++)
        if (!sy_value_is_wholly_known(item_attribute(attribute, i, &item), &value->items[i]))
            return false;
    return true;
}
