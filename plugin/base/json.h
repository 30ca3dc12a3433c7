/* Strict JSON on top of json-c, which by itself takes duplicate keys, single quotes and NaN, and
 * clamps integers that do not fit. Everything that reads JSON from outside goes through here. */
#ifndef SY_BASE_JSON_H
#define SY_BASE_JSON_H

#include "base/error.h"

#include <json-c/json_types.h>
#include <stdbool.h>
#include <stdint.h>

/* Parse one value that fills the whole text: RFC 8259, no duplicate keys, nesting at most 32, valid
 * UTF-8. what names the source in the message ("scenario file", "GetAlias answer"). The caller owns
 * *ret and releases it with json_object_put(). */
SY_MUST_USE int sy_json_parse(const char *what, const char *text, size_t len,
                              struct json_object **ret, struct sy_error *error);

/* Members of an object. An absent or null member leaves *ret as it was and returns 0, unless
 * required; a member of another type or out of range is an error that names the key. */
SY_MUST_USE int sy_json_string(const struct json_object *object, const char *key, bool required,
                               char *buf, size_t size, struct sy_error *error);
SY_MUST_USE int sy_json_int(const struct json_object *object, const char *key, bool required,
                            int64_t min, int64_t max, int64_t *ret, struct sy_error *error);
SY_MUST_USE int sy_json_double(const struct json_object *object, const char *key, bool required,
                               double min, double max, double *ret, struct sy_error *error);
SY_MUST_USE int sy_json_bool(const struct json_object *object, const char *key, bool required,
                             bool *ret, struct sy_error *error);
/* Borrowed child of the given type, NULL when absent or null. */
SY_MUST_USE int sy_json_child(const struct json_object *object, const char *key, bool required,
                              enum json_type type, struct json_object **ret,
                              struct sy_error *error);

static inline void sy_json_cleanup(struct json_object **object);
#define SY_AUTO_JSON __attribute__((cleanup(sy_json_cleanup)))

/* One compact line; the caller frees it. */
char *sy_json_write(struct json_object *object) __attribute__((returns_nonnull, malloc));

int json_object_put(struct json_object *obj);
static inline void sy_json_cleanup(struct json_object **object) {
    if (*object)
        (void)json_object_put(*object);
}

#endif
