/* The dialect of ~/.aws/config and ~/.aws/credentials: what Python's RawConfigParser reads, since
 * botocore reads the files with it.
 *
 * [section]; "key = value" or "key: value", the key in any case; a line that starts with # or ; is
 * a comment, but one in mid-line is part of the value; a line indented deeper than its key goes on
 * with the value. A value of indented lines alone is nested settings, each "key = value". What
 * stands in [DEFAULT] (in capitals) holds for every section. A section or key that stands twice is
 * an error. */
#ifndef SY_AWS_INI_H
#define SY_AWS_INI_H

#include "base/error.h"

#include <stdbool.h>

enum { SY_INI_SECTIONS_MAX = 4096, SY_INI_ENTRIES_MAX = 1024 };

struct sy_ini_entry {
    char *key;   /* in lower case */
    char *value; /* lines joined by "\n"; of nested settings it begins with one */
};

struct sy_ini_section {
    char *name;
    struct sy_ini_entry *entries;
    size_t n_entries;
};

struct sy_ini {
    struct sy_ini_section *sections;
    size_t n_sections;
};

/* name is the file's, for messages; they name a line and never show what stands in it, but for the
 * section or key that stands twice. INVALID_ARGUMENT, field profile. */
SY_MUST_USE int sy_ini_parse(const char *name, const char *text, size_t len, struct sy_ini *ret,
                             struct sy_error *error);
void sy_ini_finish(struct sy_ini *ini);

/* NULL: there is none, or it is nested. */
const char *sy_ini_value(const struct sy_ini_section *section, const char *key);
bool sy_ini_has(const struct sy_ini_section *section, const char *key);
/* The setting inner nested in key; the caller frees it. NULL: there is none. */
char *sy_ini_nested(const struct sy_ini_section *section, const char *key, const char *inner);

#endif
