/* Values from JSON: how a state file keeps them. */
#include "terraform/value.h"

#include "base/json.h"

#include <json-c/json.h>
#include <math.h>

static int read_value(struct sy_arena *arena, const struct sy_attribute *attribute,
                      struct json_object *json, struct sy_value *ret, struct sy_error *error);

static int read_object(struct sy_arena *arena, const struct sy_attribute *fields,
                       struct json_object *json, struct sy_value *ret, struct sy_error *error) {
    struct sy_value object = sy_value_object(arena, fields, SY_VALUE_NULL);
    for (size_t i = 0; i < object.len; i++) {
        struct json_object *child = NULL;
        if (json_object_object_get_ex(json, fields[i].name, &child) &&
            read_value(arena, &fields[i], child, &object.items[i], error))
            return -1;
    }
    *ret = object;
    return 0;
}

static int read_list(struct sy_arena *arena, const struct sy_attribute *attribute,
                     struct json_object *json, struct sy_value *ret, struct sy_error *error) {
    const struct sy_attribute item = {.name = attribute->name,
                                      .kind = attribute->kind == SY_OBJECTS ? SY_OBJECT : SY_STRING,
                                      .fields = attribute->fields};
    struct sy_value list = sy_value_list(arena, json_object_array_length(json));
    for (size_t i = 0; i < list.len; i++)
        if (read_value(arena, &item, json_object_array_get_idx(json, i), &list.items[i], error))
            return -1;
    *ret = list;
    return 0;
}

static int read_value(struct sy_arena *arena, const struct sy_attribute *attribute,
                      struct json_object *json, struct sy_value *ret, struct sy_error *error) {
    enum json_type type = json_object_get_type(json);
    if (type == json_type_null) {
        *ret = (struct sy_value){0};
        return 0;
    }
    switch (attribute->kind) {
    case SY_BOOL:
        if (type != json_type_boolean)
            break;
        *ret = sy_value_bool(json_object_get_boolean(json));
        return 0;
    case SY_NUMBER:
        if (type != json_type_int && type != json_type_double)
            break;
        *ret = sy_value_number(json_object_get_double(json));
        return 0;
    case SY_STRING:
        if (type != json_type_string)
            break;
        size_t len = (size_t)json_object_get_string_len(json);
        *ret = (struct sy_value){.state = SY_VALUE_KNOWN,
                                 .text = sy_arena_copy(arena, json_object_get_string(json), len),
                                 .len = len};
        return 0;
    case SY_STRINGS:
    case SY_OBJECTS:
        if (type != json_type_array)
            break;
        return read_list(arena, attribute, json, ret, error);
    case SY_OBJECT:
        if (type != json_type_object)
            break;
        return read_object(arena, attribute->fields, json, ret, error);
    }
    return sy_fail_field(error, attribute->name, "%s: the state holds a value of another type",
                         attribute->name);
}

int sy_value_decode_json(const struct sy_attribute *attributes, struct sy_bytes json,
                         struct sy_arena *arena, struct sy_value *ret, struct sy_error *error) {
    const struct sy_attribute whole = {.name = "state", .kind = SY_OBJECT, .fields = attributes};
    SY_AUTO_JSON struct json_object *object = NULL;
    if (sy_json_parse("the state", (const char *)json.data, json.len, &object, error))
        return -1;
    return read_value(arena, &whole, object, ret, error);
}
