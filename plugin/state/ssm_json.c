#include "state/ssm_json.h"

#include "base/json.h"
#include "base/text.h"

#include <json-c/json.h>
#include <string.h>

int sy_ssm_odd_answer(const char *operation, const struct sy_error *why, struct sy_error *error) {
    struct sy_error copy = *why;
    return sy_fail(error, SY_INTERNAL, "SSM's answer to %s is not as documented: %s", operation,
                   copy.message);
}

/* The value raw: a record may have been written with line breaks by a person. */
int sy_parameter_of(struct json_object *object, struct sy_parameter *ret, struct sy_error *error) {
    struct json_object *value = NULL;
    int64_t version = 0;
    if (sy_json_child(object, "Value", true, json_type_string, &value, error) ||
        sy_json_int(object, "Version", true, 1, INT64_MAX, &version, error))
        return -1;
    *ret = (struct sy_parameter){.value = json_object_get_string(value),
                                 .len = (size_t)json_object_get_string_len(value),
                                 .version = version};
    return 0;
}

static size_t find_name(struct json_object *value, char *const *names, size_t n) {
    const char *text = json_object_get_string(value);
    for (size_t i = 0; i < n; i++)
        if (json_object_is_type(value, json_type_string) && strcmp(text, names[i]) == 0)
            return i;
    return n;
}

/* Parameters nobody asked for are ignored. */
static int parse_found(struct json_object *list, char *const *names, size_t n,
                       struct sy_parameter *ret, struct sy_error *error) {
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        struct json_object *name = NULL;
        if (sy_json_child(item, "Name", true, json_type_string, &name, error))
            return -1;
        size_t at = find_name(name, names, n);
        if (at == n)
            continue;
        if (ret[at].value)
            return sy_fail(error, SY_INTERNAL, "the parameter %s stands twice", names[at]);
        if (sy_parameter_of(item, &ret[at], error))
            return -1;
    }
    return 0;
}

static int check_absent(struct json_object *invalid, char *const *names, size_t n,
                        const struct sy_parameter *parameters, struct sy_error *error) {
    for (size_t i = 0; i < n; i++) {
        bool known = parameters[i].value;
        size_t count = invalid ? json_object_array_length(invalid) : 0;
        for (size_t k = 0; k < count && !known; k++)
            known = find_name(json_object_array_get_idx(invalid, k), &names[i], 1) == 0;
        if (!known)
            return sy_fail(error, SY_INTERNAL, "it says nothing about the parameter %s", names[i]);
    }
    return 0;
}

int sy_parameters_parse(const char *body, size_t len, char *const *names, size_t n,
                        struct sy_parameter *ret, struct json_object **ret_tree,
                        struct sy_error *error) {
    SY_AUTO_JSON struct json_object *tree = NULL;
    struct json_object *found = NULL;
    struct json_object *invalid = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", body, len, &tree, &why) ||
        sy_json_child(tree, "Parameters", true, json_type_array, &found, &why) ||
        sy_json_child(tree, "InvalidParameters", false, json_type_array, &invalid, &why) ||
        parse_found(found, names, n, ret, &why) || check_absent(invalid, names, n, ret, &why))
        return sy_ssm_odd_answer("GetParameters", &why, error);
    *ret_tree = tree;
    tree = NULL;
    return 0;
}

int sy_parameter_parse(const char *body, size_t len, struct sy_parameter *ret,
                       struct json_object **ret_tree, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *tree = NULL;
    struct json_object *parameter = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", body, len, &tree, &why) ||
        sy_json_child(tree, "Parameter", true, json_type_object, &parameter, &why) ||
        sy_parameter_of(parameter, ret, &why))
        return sy_ssm_odd_answer("GetParameter", &why, error);
    *ret_tree = tree;
    tree = NULL;
    return 0;
}

int sy_put_parse(const char *body, size_t len, int64_t *ret_version, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *tree = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", body, len, &tree, &why) ||
        sy_json_int(tree, "Version", true, 1, INT64_MAX, ret_version, &why))
        return sy_ssm_odd_answer("PutParameter", &why, error);
    return 0;
}

/* A C string without surprises? */
static bool is_plain(const struct sy_parameter *parameter, size_t max) {
    return parameter->value && parameter->len <= max &&
           sy_text_is_clean(parameter->value, parameter->len);
}

void sy_parameter_version(const struct sy_parameter *parameter, char buf[SY_VERSION_MAX + 1]) {
    struct sy_error ignored;
    bool good = is_plain(parameter, SY_VERSION_MAX) &&
                sy_names_check("f", "a", parameter->value, &ignored) == 0;
    memcpy(buf, good ? parameter->value : "", good ? parameter->len + 1 : 1);
}

void sy_parameter_alias(const struct sy_parameter *parameter, char buf[SY_ALIAS_MAX + 1]) {
    struct sy_error ignored;
    bool good = is_plain(parameter, SY_ALIAS_MAX) &&
                sy_names_check("f", parameter->value, NULL, &ignored) == 0;
    memcpy(buf, good ? parameter->value : "", good ? parameter->len + 1 : 1);
}

int64_t sy_parameter_time_ms(const struct sy_parameter *parameter) {
    int64_t value = 0;
    struct sy_error ignored;
    if (!is_plain(parameter, 19) ||
        sy_integer_parse("time", parameter->value, 1, INT64_C(253402300799999), &value, &ignored))
        return 0;
    return value;
}
