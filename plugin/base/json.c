#include "base/json.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { MAX_DEPTH = 32 };

/* A pass of our own over the text before json-c sees it: what json-c would take too kindly. It
 * checks what json-c does not (duplicate keys, bare words, overlong UTF-8, numbers such as "1." or
 * that do not fit) and leaves the rest of the grammar to json-c's strict mode. */
struct scan {
    const char *what;
    const char *p;
    const char *end;
    size_t n_keys; /* of all objects together */
    struct sy_error *error;
};

static int scan_fail(struct scan *s, const char *why) {
    (void)sy_fail(s->error, SY_INVALID_ARGUMENT, "%s is not valid JSON: %s", s->what, why);
    return -1;
}

static void skip_blank(struct scan *s) {
    while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
        s->p++;
}

static int scan_string(struct scan *s, const char **ret_start, size_t *ret_len) {
    const char *start = ++s->p;
    for (; s->p < s->end && *s->p != '"'; s->p++) {
        if ((unsigned char)*s->p < 0x20)
            return scan_fail(s, "a control character inside a string");
        if (*s->p == '\\' && ++s->p >= s->end)
            break;
    }
    if (s->p >= s->end)
        return scan_fail(s, "a string that does not end");
    *ret_start = start;
    *ret_len = (size_t)(s->p++ - start);
    return sy_text_is_utf8(start, *ret_len) ? 0 : scan_fail(s, "a string that is not UTF-8");
}

/* json-c keeps keys up to their first NUL, so that "a\u0000b" would be read as "a". */
static bool has_nul(const char *key, size_t len) {
    for (size_t i = 0; i + 1 < len; i++)
        if (key[i] == '\\' && key[++i] == 'u' && len - i > 4 && memcmp(key + i, "u0000", 5) == 0)
            return true;
    return false;
}

static size_t skip_digits(struct scan *s) {
    const char *start = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return (size_t)(s->p - start);
}

static bool skip_one_of(struct scan *s, const char *set) {
    if (s->p >= s->end || !*s->p || !strchr(set, *s->p))
        return false;
    s->p++;
    return true;
}

/* RFC 8259, section 6; json-c takes "1." as well. */
static int scan_number(struct scan *s) {
    const char *start = s->p;
    char digits[32];
    (void)skip_one_of(s, "-");
    bool good = skip_one_of(s, "0") || skip_digits(s) > 0;
    bool integer = true;
    if (good && skip_one_of(s, ".")) {
        integer = false;
        good = skip_digits(s) > 0;
    }
    if (good && skip_one_of(s, "eE")) {
        integer = false;
        (void)skip_one_of(s, "+-");
        good = skip_digits(s) > 0;
    }
    size_t n = (size_t)(s->p - start);
    if (!good)
        return scan_fail(s, "a number that is not one");
    if (!integer)
        return n < 400 ? 0 : scan_fail(s, "a number of absurd length");
    if (n >= sizeof digits)
        return scan_fail(s, "an integer that does not fit 64 bits");
    memcpy(digits, start, n);
    digits[n] = '\0';
    errno = 0;
    (void)strtoll(digits, NULL, 10);
    return errno == ERANGE ? scan_fail(s, "an integer that does not fit 64 bits") : 0;
}

static int scan_value(struct scan *s, int depth);

/* Whether this object already had the key; keys compare as written, escapes and all (the same key
 * written in two ways is found afterwards, by count). Objects from AWS and from people are small,
 * so a linear look is enough; the bound keeps hostile ones cheap. */
enum { MAX_KEYS = 4096 };

static int scan_object(struct scan *s, int depth) {
    struct {
        const char *start;
        size_t len;
    } *keys = NULL;
    size_t count = 0;
    int result = -1;
    for (s->p++;;) {
        const char *start = NULL;
        size_t len = 0;
        skip_blank(s);
        if (s->p < s->end && *s->p == '}' && count == 0)
            break;
        if (s->p >= s->end || *s->p != '"') {
            (void)scan_fail(s, "an object key must be a string in double quotes");
            goto out;
        }
        if (scan_string(s, &start, &len))
            goto out;
        if (has_nul(start, len)) {
            (void)scan_fail(s, "an object key with a NUL character");
            goto out;
        }
        s->n_keys++;
        for (size_t i = 0; i < count; i++)
            if (keys[i].len == len && memcmp(keys[i].start, start, len) == 0) {
                char shown[64];
                (void)sy_fail(s->error, SY_INVALID_ARGUMENT,
                              "%s is not valid JSON: the key \"%s\" stands twice", s->what,
                              sy_text_clean(start, len, shown, sizeof shown));
                goto out;
            }
        if (count == MAX_KEYS) {
            (void)scan_fail(s, "an object with more than 4096 keys");
            goto out;
        }
        if ((count & (count - 1)) == 0)
            keys = sy_realloc(keys, (count ? count * 2 : 1) * sizeof *keys);
        keys[count].start = start;
        keys[count++].len = len;
        skip_blank(s);
        if (s->p >= s->end || *s->p++ != ':') {
            (void)scan_fail(s, "a key without a value");
            goto out;
        }
        if (scan_value(s, depth + 1))
            goto out;
        skip_blank(s);
        if (s->p < s->end && *s->p == ',') {
            s->p++;
            continue;
        }
        break;
    }
    if (s->p >= s->end || *s->p++ != '}')
        (void)scan_fail(s, "an object that does not end");
    else
        result = 0;
out:
    free(keys);
    return result;
}

static int scan_array(struct scan *s, int depth) {
    s->p++;
    skip_blank(s);
    if (s->p < s->end && *s->p == ']') {
        s->p++;
        return 0;
    }
    for (;;) {
        if (scan_value(s, depth + 1))
            return -1;
        skip_blank(s);
        if (s->p >= s->end)
            return scan_fail(s, "an array that does not end");
        char c = *s->p++;
        if (c == ']')
            return 0;
        if (c != ',')
            return scan_fail(s, "an array that does not end");
    }
}

static int scan_word(struct scan *s) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < SY_COUNT(words); i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(s->end - s->p) >= n && memcmp(s->p, words[i], n) == 0) {
            s->p += n;
            return 0;
        }
    }
    return scan_fail(s, "a value was expected");
}

static int scan_value(struct scan *s, int depth) {
    const char *start = NULL;
    size_t len = 0;
    skip_blank(s);
    if (s->p >= s->end)
        return scan_fail(s, "it ends too early");
    if (depth == MAX_DEPTH && (*s->p == '{' || *s->p == '['))
        return scan_fail(s, "it nests more than 32 deep");
    if (*s->p == '{')
        return scan_object(s, depth);
    if (*s->p == '[')
        return scan_array(s, depth);
    if (*s->p == '"')
        return scan_string(s, &start, &len);
    if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
        return scan_number(s);
    return scan_word(s);
}

/* Keys of all objects within the value, which nests no deeper than MAX_DEPTH. */
static size_t count_keys(struct json_object *value) {
    size_t n = 0;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            n += count_keys(json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, child) {
            (void)key;
            n += 1 + count_keys(child);
        }
    }
    return n;
}

int sy_json_parse(const char *what, const char *text, size_t len, struct json_object **ret,
                  struct sy_error *error) {
    struct scan s = {.what = what, .p = text, .end = text + len, .error = error};
    if (len > INT32_MAX / 2)
        return scan_fail(&s, "it is too large");
    if (scan_value(&s, 0))
        return -1;
    skip_blank(&s);
    if (s.p != s.end)
        return scan_fail(&s, "something follows the value");
    struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH + 2);
    if (!tokener)
        return sy_fail(error, SY_INTERNAL, "out of memory");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, text, (int)len);
    enum json_tokener_error why = json_tokener_get_error(tokener);
    if (why == json_tokener_continue) { /* a bare number ends only at the end of input */
        object = json_tokener_parse_ex(tokener, "", 1);
        why = json_tokener_get_error(tokener);
    }
    json_tokener_free(tokener);
    if (why != json_tokener_success) {
        (void)json_object_put(object);
        return scan_fail(&s, json_tokener_error_desc(why));
    }
    if (count_keys(object) != s.n_keys) {
        (void)json_object_put(object);
        return scan_fail(&s, "a key stands twice in one object, once with escapes");
    }
    *ret = object;
    return 0;
}

/* 1 = found, 0 = absent and that is fine, -1 = error. */
static int member(const struct json_object *object, const char *key, bool required,
                  struct json_object **ret, struct sy_error *error) {
    if (!json_object_is_type(object, json_type_object))
        return sy_fail_field(error, key, "%s: its container is not an object", key);
    if (json_object_object_get_ex(object, key, ret) && *ret)
        return 1;
    return required ? sy_fail_field(error, key, "%s is missing", key) : 0;
}

int sy_json_string(const struct json_object *object, const char *key, bool required, char *buf,
                   size_t size, struct sy_error *error) {
    struct json_object *value = NULL;
    int found = member(object, key, required, &value, error);
    if (found != 1)
        return found;
    if (!json_object_is_type(value, json_type_string))
        return sy_fail_field(error, key, "%s is not a string", key);
    const char *s = json_object_get_string(value);
    size_t len = (size_t)json_object_get_string_len(value);
    if (!sy_text_is_clean(s, len))
        return sy_fail_field(error, key, "%s contains control characters or broken UTF-8", key);
    if (len >= size)
        return sy_fail_field(error, key, "%s is longer than %zu bytes", key, size - 1);
    memcpy(buf, s, len + 1);
    return 0;
}

int sy_json_int(const struct json_object *object, const char *key, bool required, int64_t min,
                int64_t max, int64_t *ret, struct sy_error *error) {
    struct json_object *value = NULL;
    int found = member(object, key, required, &value, error);
    if (found != 1)
        return found;
    if (!json_object_is_type(value, json_type_int))
        return sy_fail_field(error, key, "%s is not a whole number", key);
    int64_t n = json_object_get_int64(value);
    if (n < min || n > max)
        return sy_fail_field(error, key, "%s is %lld, outside %lld to %lld", key, (long long)n,
                             (long long)min, (long long)max);
    *ret = n;
    return 0;
}

int sy_json_double(const struct json_object *object, const char *key, bool required, double min,
                   double max, double *ret, struct sy_error *error) {
    struct json_object *value = NULL;
    int found = member(object, key, required, &value, error);
    if (found != 1)
        return found;
    if (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
        return sy_fail_field(error, key, "%s is not a number", key);
    double n = json_object_get_double(value);
    if (!isfinite(n) || n < min || n > max)
        return sy_fail_field(error, key, "%s is %g, outside %g to %g", key, n, min, max);
    *ret = n;
    return 0;
}

int sy_json_bool(const struct json_object *object, const char *key, bool required, bool *ret,
                 struct sy_error *error) {
    struct json_object *value = NULL;
    int found = member(object, key, required, &value, error);
    if (found != 1)
        return found;
    if (!json_object_is_type(value, json_type_boolean))
        return sy_fail_field(error, key, "%s is neither true nor false", key);
    *ret = json_object_get_boolean(value);
    return 0;
}

int sy_json_child(const struct json_object *object, const char *key, bool required,
                  enum json_type type, struct json_object **ret, struct sy_error *error) {
    struct json_object *value = NULL;
    int found = member(object, key, required, &value, error);
    if (found == 1 && !json_object_is_type(value, type))
        return sy_fail_field(error, key, "%s is not of type %s", key, json_type_to_name(type));
    if (found >= 0)
        *ret = found ? value : NULL;
    return found < 0 ? -1 : 0;
}

char *sy_json_write(struct json_object *object) {
    return sy_strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE));
}
