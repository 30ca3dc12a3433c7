/* SSM Parameter Store, standard tier. */
#include "base/json.h"
#include "sandbox/world_call.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 4096, NAME_MAX_BYTES = 1011, NAMES_MAX = 10 };

struct sy_parameter *sy_parameter_get(struct sy_world *world, const char *name) {
    void *found = NULL;
    return lh_table_lookup_ex(world->parameters, name, &found) ? found : NULL;
}

struct sy_parameter *sy_parameter_put(struct sy_world *world, const char *name, const char *type,
                                      const char *value, size_t len) {
    struct sy_parameter *parameter = sy_parameter_get(world, name);
    if (!parameter) {
        parameter = sy_calloc(1, sizeof *parameter);
        parameter->name = sy_strdup(name);
        (void)snprintf(parameter->type, sizeof parameter->type, "%s", type);
        (void)lh_table_insert(world->parameters, parameter->name, parameter);
    }
    int64_t number = parameter->count ? parameter->versions[parameter->count - 1].number + 1 : 1;
    if (parameter->count == world->parameter_history) {
        free(parameter->versions[0].value);
        memmove(parameter->versions, parameter->versions + 1,
                --parameter->count * sizeof *parameter->versions);
    } else {
        parameter->versions =
            sy_realloc(parameter->versions, (parameter->count + 1) * sizeof *parameter->versions);
    }
    parameter->versions[parameter->count++] = (struct sy_parameter_version){
        .number = number, .modified_ms = world->now_ms, .value = sy_strndup(value, len)};
    return parameter;
}

void sy_parameter_delete(struct sy_world *world, const char *name) {
    (void)lh_table_delete(world->parameters, name);
}

static void fail(struct sy_call *call, const char *code, const char *message) {
    sy_answer_error(call, 400, code, "%s", message);
}

static struct json_object *describe(const struct sy_world *world,
                                    const struct sy_parameter *parameter,
                                    const struct sy_parameter_version *version, bool history) {
    char text[1200];
    struct json_object *object = json_object_new_object();
    json_object_object_add(object, "Name", json_object_new_string(parameter->name));
    json_object_object_add(object, "Type", json_object_new_string(parameter->type));
    json_object_object_add(object, "Value", json_object_new_string(version->value));
    json_object_object_add(object, "Version", json_object_new_int64(version->number));
    json_object_object_add(object, "LastModifiedDate",
                           sy_json_number((double)version->modified_ms / 1000));
    json_object_object_add(object, "DataType", json_object_new_string("text"));
    if (history) {
        (void)snprintf(text, sizeof text, "arn:aws:iam::%s:user/sandbox", world->account);
        json_object_object_add(object, "LastModifiedUser", json_object_new_string(text));
        json_object_object_add(object, "Tier", json_object_new_string("Standard"));
        json_object_object_add(object, "Labels", json_object_new_array());
        json_object_object_add(object, "Policies", json_object_new_array());
        return object;
    }
    (void)snprintf(text, sizeof text, "arn:aws:ssm:%s:%s:parameter%s%s", world->region,
                   world->account, parameter->name[0] == '/' ? "" : "/", parameter->name);
    json_object_object_add(object, "ARN", json_object_new_string(text));
    return object;
}

static bool name_is_valid(struct sy_call *call, const char *name) {
    for (const char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("_.-/", *p)) {
            fail(
                call, "ValidationException",
                "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a "
                "path, it can consist of sub-paths divided by slash symbol; each sub-path can be "
                "formed as a mix of letters, numbers and the following 3 symbols .-_");
            return false;
        }
    if (strchr(name, '/') && name[0] != '/') {
        fail(call, "ValidationException", "Parameter name must be a fully qualified name.");
        return false;
    }
    return true;
}

/* Name, required; answers and returns false when it is missing or no string. */
static bool name_read(struct sy_call *call, char name[NAME_MAX_BYTES + 32]) {
    struct sy_error error = {0};
    name[0] = '\0';
    if (sy_json_string(call->body, "Name", true, name, NAME_MAX_BYTES + 32, &error) || !name[0]) {
        sy_answer_error(call, 400, "ValidationException",
                        "1 validation error detected: Value at 'name' failed to satisfy "
                        "constraint: Member must have length greater than or equal to 1%s%s",
                        error.message[0] ? ": " : "", error.message);
        return false;
    }
    return true;
}

struct put {
    char name[NAME_MAX_BYTES + 32];
    char type[16];
    char description[SY_DESCRIPTION_MAX + 1];
    const char *value;
    size_t len;
    bool overwrite;
};

static bool put_read(struct sy_call *call, struct put *put) {
    struct sy_error error = {0};
    struct json_object *value = NULL;
    if (!name_read(call, put->name) || !name_is_valid(call, put->name))
        return false;
    if (sy_json_string(call->body, "Type", false, put->type, sizeof put->type, &error) ||
        sy_json_string(call->body, "Description", false, put->description, sizeof put->description,
                       &error) ||
        sy_json_bool(call->body, "Overwrite", false, &put->overwrite, &error) ||
        sy_json_child(call->body, "Value", true, json_type_string, &value, &error)) {
        fail(call, "ValidationException", error.message);
        return false;
    }
    put->value = json_object_get_string(value);
    put->len = (size_t)json_object_get_string_len(value);
    if (put->len == 0 || memchr(put->value, '\0', put->len)) {
        fail(call, "ValidationException",
             "1 validation error detected: Value at 'value' failed to satisfy constraint: Member "
             "must have length greater than or equal to 1");
        return false;
    }
    if (put->len > VALUE_MAX) {
        fail(call, "ValidationException",
             "Standard tier parameters support a maximum parameter value of 4096 characters. To "
             "create a larger parameter value, upgrade the parameter to use the advanced-parameter "
             "tier.");
        return false;
    }
    if (put->type[0] && strcmp(put->type, "String") != 0 && strcmp(put->type, "StringList") != 0) {
        fail(call, "ValidationException",
             "The sandbox keeps parameters of type String and StringList alone");
        return false;
    }
    return true;
}

static void put_parameter(struct sy_call *call) {
    struct put put = {0};
    if (!put_read(call, &put))
        return;
    bool exists = sy_parameter_get(call->world, put.name) != NULL;
    if (exists && !put.overwrite) {
        fail(call, "ParameterAlreadyExists",
             "The parameter already exists. To overwrite this value, set the overwrite option in "
             "the request to true.");
        return;
    }
    if (!exists && !put.type[0]) {
        fail(call, "ValidationException",
             "A parameter type is required when you create a parameter.");
        return;
    }
    struct sy_parameter *parameter =
        sy_parameter_put(call->world, put.name, put.type, put.value, put.len);
    if (put.description[0])
        memcpy(parameter->description, put.description, sizeof put.description);
    struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "Tier", json_object_new_string("Standard"));
    json_object_object_add(answer, "Version",
                           json_object_new_int64(parameter->versions[parameter->count - 1].number));
    sy_answer(call, 200, answer);
}

/* NAME or NAME:VERSION; NULL when the parameter, or (then *ret_parameter is set) its version, is
 * not there. */
static const struct sy_parameter_version *select_version(struct sy_world *world, char *name,
                                                         struct sy_parameter **ret_parameter,
                                                         const char **ret_selector) {
    char *colon = strrchr(name, ':');
    if (colon)
        *colon = '\0';
    struct sy_parameter *parameter = sy_parameter_get(world, name);
    *ret_parameter = parameter;
    *ret_selector = colon ? colon + 1 : "";
    if (!parameter)
        return NULL;
    if (!colon)
        return &parameter->versions[parameter->count - 1];
    int64_t number = sy_version_number(colon + 1);
    for (size_t i = 0; i < parameter->count; i++)
        if (number > 0 && parameter->versions[i].number == number)
            return &parameter->versions[i];
    return NULL;
}

static void get_parameter(struct sy_call *call) {
    char name[NAME_MAX_BYTES + 32];
    const char *selector = "";
    struct sy_parameter *parameter = NULL;
    if (!name_read(call, name))
        return;
    const struct sy_parameter_version *version =
        select_version(call->world, name, &parameter, &selector);
    if (!parameter) {
        fail(call, "ParameterNotFound", "");
        return;
    }
    if (!version) {
        sy_answer_error(call, 400, "ParameterVersionNotFound",
                        "Systems Manager could not find version %.24s of %.300s. Verify the "
                        "version and try again.",
                        selector, name);
        return;
    }
    struct json_object *object = describe(call->world, parameter, version, false);
    struct json_object *answer = json_object_new_object();
    if (*selector) {
        char text[32];
        (void)snprintf(text, sizeof text, ":%.24s", selector);
        json_object_object_add(object, "Selector", json_object_new_string(text));
    }
    json_object_object_add(answer, "Parameter", object);
    sy_answer(call, 200, answer);
}

/* The list of names, 1 to 10; answers and returns NULL otherwise. */
static struct json_object *names_read(struct sy_call *call) {
    struct sy_error error = {0};
    struct json_object *names = NULL;
    if (sy_json_child(call->body, "Names", true, json_type_array, &names, &error)) {
        fail(call, "ValidationException", error.message);
        return NULL;
    }
    size_t count = json_object_array_length(names);
    if (count == 0 || count > NAMES_MAX) {
        sy_answer_error(call, 400, "ValidationException",
                        "1 validation error detected: Value at 'names' failed to satisfy "
                        "constraint: Member must have length %s than or equal to %d",
                        count ? "less" : "greater", count ? NAMES_MAX : 1);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (!json_object_is_type(json_object_array_get_idx(names, i), json_type_string)) {
            fail(call, "SerializationException", "A name is not a string");
            return NULL;
        }
    return names;
}

static void get_parameters(struct sy_call *call) {
    struct json_object *names = names_read(call);
    if (!names)
        return;
    struct json_object *answer = json_object_new_object();
    struct json_object *found = json_object_new_array(), *invalid = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(names); i++) {
        const char *asked = json_object_get_string(json_object_array_get_idx(names, i));
        const char *selector = "";
        char name[NAME_MAX_BYTES + 32];
        struct sy_parameter *parameter = NULL;
        (void)snprintf(name, sizeof name, "%s", asked);
        const struct sy_parameter_version *version =
            select_version(call->world, name, &parameter, &selector);
        if (version)
            json_object_array_add(found, describe(call->world, parameter, version, false));
        else
            json_object_array_add(invalid, json_object_new_string(asked));
    }
    json_object_object_add(answer, "Parameters", found);
    json_object_object_add(answer, "InvalidParameters", invalid);
    sy_answer(call, 200, answer);
}

static void delete_parameter(struct sy_call *call) {
    char name[NAME_MAX_BYTES + 32];
    if (!name_read(call, name))
        return;
    if (!sy_parameter_get(call->world, name)) {
        fail(call, "ParameterNotFound", "");
        return;
    }
    sy_parameter_delete(call->world, name);
    sy_answer(call, 200, json_object_new_object());
}

static void delete_parameters(struct sy_call *call) {
    struct json_object *names = names_read(call);
    if (!names)
        return;
    struct json_object *answer = json_object_new_object();
    struct json_object *deleted = json_object_new_array(), *invalid = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(names); i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(names, i));
        bool exists = sy_parameter_get(call->world, name) != NULL;
        json_object_array_add(exists ? deleted : invalid, json_object_new_string(name));
        sy_parameter_delete(call->world, name);
    }
    json_object_object_add(answer, "DeletedParameters", deleted);
    json_object_object_add(answer, "InvalidParameters", invalid);
    sy_answer(call, 200, answer);
}

/* MaxResults and NextToken, which is the place where the next page begins. */
static bool page_read(struct sy_call *call, int64_t max, int64_t *ret_limit, int64_t *ret_from) {
    char token[24] = "";
    struct sy_error error = {0};
    *ret_limit = max;
    *ret_from = 0;
    if (sy_json_int(call->body, "MaxResults", false, 1, max, ret_limit, &error)) {
        fail(call, "ValidationException", error.message);
        return false;
    }
    if (sy_json_string(call->body, "NextToken", false, token, sizeof token, &error) ||
        (token[0] && (*ret_from = sy_version_number(token)) < 0)) {
        fail(call, "InvalidNextToken", "The specified token is not valid.");
        return false;
    }
    return true;
}

static void page_end(struct json_object *answer, int64_t next) {
    char text[24];
    json_object_object_add(answer, "NextToken",
                           json_object_new_string(sy_version_text(next, text)));
}

static void get_parameter_history(struct sy_call *call) {
    char name[NAME_MAX_BYTES + 32];
    int64_t limit = 0, from = 0;
    if (!name_read(call, name) || !page_read(call, 50, &limit, &from))
        return;
    const struct sy_parameter *parameter = sy_parameter_get(call->world, name);
    if (!parameter) {
        fail(call, "ParameterNotFound", "");
        return;
    }
    struct json_object *answer = json_object_new_object();
    struct json_object *list = json_object_new_array();
    json_object_object_add(answer, "Parameters", list);
    int64_t count = (int64_t)parameter->count;
    for (int64_t i = from; i < count && i < from + limit; i++)
        json_object_array_add(list,
                              describe(call->world, parameter, &parameter->versions[i], true));
    if (from + limit < count)
        page_end(answer, from + limit);
    sy_answer(call, 200, answer);
}

/* Directly below the path, or anywhere below it. */
static bool is_below(const char *name, const char *path, bool recursive) {
    size_t len = strlen(path);
    if (len && path[len - 1] == '/')
        len--;
    if (strncmp(name, path, len) != 0 || name[len] != '/')
        return false;
    return recursive || !strchr(name + len + 1, '/');
}

static void get_parameters_by_path(struct sy_call *call) {
    char path[NAME_MAX_BYTES + 32] = "";
    bool recursive = false;
    int64_t limit = 0, from = 0, place = 0;
    struct sy_error error = {0};
    if (sy_json_string(call->body, "Path", true, path, sizeof path, &error) ||
        sy_json_bool(call->body, "Recursive", false, &recursive, &error) || path[0] != '/') {
        fail(call, "ValidationException",
             "The parameter path must be a fully qualified name that begins with /");
        return;
    }
    if (!page_read(call, 10, &limit, &from))
        return;
    struct json_object *answer = json_object_new_object();
    struct json_object *list = json_object_new_array();
    struct lh_entry *entry = NULL;
    json_object_object_add(answer, "Parameters", list);
    lh_foreach(call->world->parameters, entry) {
        const struct sy_parameter *parameter = lh_entry_v(entry);
        if (!is_below(parameter->name, path, recursive) || place++ < from)
            continue;
        if (place > from + limit) {
            page_end(answer, from + limit);
            break;
        }
        json_object_array_add(list, describe(call->world, parameter,
                                             &parameter->versions[parameter->count - 1], false));
    }
    sy_answer(call, 200, answer);
}

const struct sy_operation sy_ssm_operations[] = {
    {"PutParameter", put_parameter},
    {"GetParameter", get_parameter},
    {"GetParameters", get_parameters},
    {"DeleteParameter", delete_parameter},
    {"DeleteParameters", delete_parameters},
    {"GetParameterHistory", get_parameter_history},
    {"GetParametersByPath", get_parameters_by_path},
};
const size_t sy_ssm_operation_count = SY_COUNT(sy_ssm_operations);
