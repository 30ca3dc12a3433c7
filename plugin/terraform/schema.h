/* The types that Terraform sees: each is one table, from which come the schema, the decoding of
 * values, defaults, and the documentation. */
#ifndef SY_TERRAFORM_SCHEMA_H
#define SY_TERRAFORM_SCHEMA_H

#include "base/arena.h"
#include "tfplugin6/tfplugin6.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

enum sy_attribute_kind {
    SY_BOOL,
    SY_NUMBER,
    SY_STRING,
    SY_STRINGS, /* a list of them */
    SY_OBJECT,
    SY_OBJECTS, /* a list of them */
};

enum sy_attribute_usage {
    SY_REQUIRED,
    SY_OPTIONAL,  /* null when the configuration leaves it out */
    SY_DEFAULTED, /* the fallback when the configuration leaves it out */
    SY_COMPUTED,  /* the provider's to say */
};

struct sy_attribute {
    const char *name;
    enum sy_attribute_kind kind;
    enum sy_attribute_usage usage;
    bool replaces;                     /* another value is another resource */
    const struct sy_attribute *fields; /* OBJECT, OBJECTS; ends with an empty row */
    /* DEFAULTED: a string, digits, "true"; the fields of an object have their own, and a list of
     * objects is written as its fields in order, "10 15m,50 15m". */
    const char *fallback;
    const char *description; /* Markdown */
};

/* A resource, a data source, an action, or the provider's configuration. */
struct sy_type {
    const char *name;
    const char *description;               /* Markdown */
    const struct sy_attribute *attributes; /* ends with an empty row */
};

/* The number of rows. */
size_t sy_attributes_count(const struct sy_attribute *attributes);
/* The schema message, in the arena. */
Tfplugin6__Schema *sy_schema_make(const struct sy_type *type, struct sy_arena *arena);

#endif
