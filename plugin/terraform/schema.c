#include "terraform/schema.h"

#include <string.h>

size_t sy_attributes_count(const struct sy_attribute *attributes) {
    size_t n = 0;
    while (attributes[n].name)
        n++;
    return n;
}

/* JSON, as cty writes types. */
static const char *type_json(enum sy_attribute_kind kind) {
    switch (kind) {
    case SY_BOOL:
        return "\"bool\"";
    case SY_NUMBER:
        return "\"number\"";
    case SY_STRING:
        return "\"string\"";
    case SY_STRINGS:
        return "[\"list\",\"string\"]";
    case SY_OBJECT:
    case SY_OBJECTS:
        break;
    }
    return "";
}

static Tfplugin6__Schema__Attribute *attribute_make(const struct sy_attribute *attribute,
                                                    struct sy_arena *arena);

static Tfplugin6__Schema__Attribute **attributes_make(const struct sy_attribute *attributes,
                                                      size_t *ret_n, struct sy_arena *arena) {
    size_t n = sy_attributes_count(attributes);
    Tfplugin6__Schema__Attribute **list = sy_arena_alloc(arena, n, sizeof(void *));
    for (size_t i = 0; i < n; i++)
        list[i] = attribute_make(&attributes[i], arena);
    *ret_n = n;
    return list;
}

static Tfplugin6__Schema__Object *nested_make(const struct sy_attribute *attribute,
                                              struct sy_arena *arena) {
    Tfplugin6__Schema__Object *object = sy_arena_alloc(arena, 1, sizeof *object);
    tfplugin6__schema__object__init(object);
    object->attributes = attributes_make(attribute->fields, &object->n_attributes, arena);
    object->nesting = attribute->kind == SY_OBJECTS
                          ? TFPLUGIN6__SCHEMA__OBJECT__NESTING_MODE__LIST
                          : TFPLUGIN6__SCHEMA__OBJECT__NESTING_MODE__SINGLE;
    return object;
}

static Tfplugin6__Schema__Attribute *attribute_make(const struct sy_attribute *attribute,
                                                    struct sy_arena *arena) {
    Tfplugin6__Schema__Attribute *made = sy_arena_alloc(arena, 1, sizeof *made);
    tfplugin6__schema__attribute__init(made);
    made->name = (char *)attribute->name;
    made->description = (char *)attribute->description;
    made->description_kind = TFPLUGIN6__STRING_KIND__MARKDOWN;
    made->required = attribute->usage == SY_REQUIRED;
    made->optional = attribute->usage == SY_OPTIONAL || attribute->usage == SY_DEFAULTED;
    made->computed = attribute->usage == SY_COMPUTED || attribute->usage == SY_DEFAULTED;
    if (attribute->fields) {
        made->nested_type = nested_make(attribute, arena);
    } else {
        made->type.data = (uint8_t *)type_json(attribute->kind);
        made->type.len = strlen(type_json(attribute->kind));
    }
    return made;
}

Tfplugin6__Schema *sy_schema_make(const struct sy_type *type, struct sy_arena *arena) {
    Tfplugin6__Schema__Block *block = sy_arena_alloc(arena, 1, sizeof *block);
    tfplugin6__schema__block__init(block);
    block->attributes = attributes_make(type->attributes, &block->n_attributes, arena);
    block->description = (char *)type->description;
    block->description_kind = TFPLUGIN6__STRING_KIND__MARKDOWN;
    Tfplugin6__Schema *schema = sy_arena_alloc(arena, 1, sizeof *schema);
    tfplugin6__schema__init(schema);
    schema->block = block;
    return schema;
}
