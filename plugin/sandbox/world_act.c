/* Actions: what an operator or another tool does to the world, past all of AWS's own checks. */
#include "base/json.h"
#include "sandbox/world_state.h"

#include <json-c/json.h>
#include <string.h>

static int act_function(struct sy_world *world, struct json_object *action,
                        struct sy_function **ret, struct sy_error *error) {
    char name[SY_FUNCTION_NAME_MAX + 1] = "";
    if (sy_json_string(action, "function", true, name, sizeof name, error))
        return -1;
    *ret = sy_world_function(world, name);
    if (*ret)
        return 0;
    (void)sy_fail_field(error, "function", "there is no function %s", name);
    return -1;
}

static int act_alias_name(struct json_object *action, char name[SY_ALIAS_NAME_MAX + 1],
                          struct sy_error *error) {
    return sy_json_string(action, "alias", true, name, SY_ALIAS_NAME_MAX + 1, error);
}

static int additional_read(struct json_object *action, struct sy_split *split,
                           struct sy_error *error) {
    static const char *const allowed[] = {"version", "weight"};
    struct json_object *child = NULL;
    if (sy_json_child(action, "additional", false, json_type_object, &child, error))
        return -1;
    if (!child)
        return 0;
    if (sy_scenario_keys(child, "additional", allowed, SY_COUNT(allowed), error) ||
        sy_scenario_version(child, "version", true, &split->additional, error))
        return -1;
    return sy_json_double(child, "weight", true, 0, 1, &split->weight, error);
}

static int act_update_alias(struct sy_world *world, struct json_object *action,
                            struct sy_error *error) {
    struct sy_function *function = NULL;
    char name[SY_ALIAS_NAME_MAX + 1] = "";
    struct sy_split split = {0};
    if (act_function(world, action, &function, error) || act_alias_name(action, name, error) ||
        sy_scenario_version(action, "version", true, &split.version, error) ||
        additional_read(action, &split, error))
        return -1;
    if (!sy_function_version(function, split.version) ||
        !sy_function_version(function, split.additional))
        return sy_fail_field(error, "version", "%s has no such version", function->name);
    (void)sy_function_route(world, function, name, &split);
    return 0;
}

static int act_delete_alias(struct sy_world *world, struct json_object *action,
                            struct sy_error *error) {
    struct sy_function *function = NULL;
    char name[SY_ALIAS_NAME_MAX + 1] = "";
    if (act_function(world, action, &function, error) || act_alias_name(action, name, error))
        return -1;
    struct sy_alias *alias = sy_function_alias(function, name);
    if (!alias)
        return sy_fail_field(error, "alias", "%s has no alias %s", function->name, name);
    sy_function_drop_alias(world, function, alias);
    return 0;
}

static int act_delete_version(struct sy_world *world, struct json_object *action,
                              struct sy_error *error) {
    struct sy_function *function = NULL;
    int64_t number = 0;
    if (act_function(world, action, &function, error) ||
        sy_scenario_version(action, "version", true, &number, error))
        return -1;
    struct sy_version *version = number ? sy_function_version(function, number) : NULL;
    if (!version)
        return sy_fail_field(error, "version", "%s has no such version", function->name);
    sy_traffic_advance(world, function, world->now_ms);
    sy_function_drop_version(function, version);
    return 0;
}

static int act_set_error_rate(struct sy_world *world, struct json_object *action,
                              struct sy_error *error) {
    struct sy_function *function = NULL;
    int64_t number = 0;
    double rate = 0;
    if (act_function(world, action, &function, error) ||
        sy_scenario_version(action, "version", true, &number, error) ||
        sy_json_double(action, "rate", true, 0, 1, &rate, error))
        return -1;
    struct sy_version *version = sy_function_version(function, number);
    if (!version)
        return sy_fail_field(error, "version", "%s has no such version", function->name);
    sy_traffic_advance(world, function, world->now_ms);
    sy_timeline_set(&version->error_rate, world->now_ms - world->start_ms, rate);
    return 0;
}

static int act_set_traffic(struct sy_world *world, struct json_object *action,
                           struct sy_error *error) {
    struct sy_function *function = NULL;
    char name[SY_ALIAS_NAME_MAX + 1] = "";
    double rate = 0;
    if (act_function(world, action, &function, error) || act_alias_name(action, name, error) ||
        sy_json_double(action, "requests_per_second", true, 0, 10000, &rate, error))
        return -1;
    sy_traffic_advance(world, function, world->now_ms);
    for (size_t i = 0; i < function->n_flows; i++)
        if (strcmp(function->flows[i].alias, name) == 0) {
            sy_timeline_set(&function->flows[i].per_second, world->now_ms - world->start_ms, rate);
            return 0;
        }
    return sy_fail_field(error, "alias", "%s has no traffic through %s to change", function->name,
                         name);
}

/* New code in $LATEST, so that the next PublishVersion has something to publish. */
static int act_update_code(struct sy_world *world, struct json_object *action,
                           struct sy_error *error) {
    struct sy_function *function = NULL;
    char hash[65] = "";
    if (act_function(world, action, &function, error))
        return -1;
    struct sy_version *latest = &function->latest;
    sy_code_hash(latest->code_sha256, 1, hash);
    if (sy_json_string(action, "code_sha256", false, hash, sizeof hash, error))
        return -1;
    sy_traffic_advance(world, function, world->now_ms);
    if (sy_scenario_timeline(action, "error_rate", "rate", 1, &latest->error_rate, error))
        return -1;
    memcpy(latest->code_sha256, hash, sizeof hash);
    latest->modified_ms = world->now_ms;
    sy_world_uuid(world, latest->revision);
    return 0;
}

static int act_put_parameter(struct sy_world *world, struct json_object *action,
                             struct sy_error *error) {
    return sy_scenario_parameter(world, action, error);
}

static int act_delete_parameter(struct sy_world *world, struct json_object *action,
                                struct sy_error *error) {
    char name[1012] = "";
    if (sy_json_string(action, "name", true, name, sizeof name, error))
        return -1;
    if (!sy_parameter_get(world, name))
        return sy_fail_field(error, "name", "there is no parameter %s", name);
    sy_parameter_delete(world, name);
    return 0;
}

static int act_add_fault(struct sy_world *world, struct json_object *action,
                         struct sy_error *error) {
    struct json_object *child = NULL;
    struct sy_fault fault;
    if (sy_json_child(action, "fault", true, json_type_object, &child, error) ||
        sy_fault_read(child, &fault, error))
        return -1;
    sy_fault_add(world, &fault);
    return 0;
}

static int act_clear_faults(struct sy_world *world, struct json_object *action,
                            struct sy_error *error) {
    (void)action;
    (void)error;
    world->n_faults = 0;
    return 0;
}

static const struct {
    const char *verb;
    int (*act)(struct sy_world *world, struct json_object *action, struct sy_error *error);
    const char *keys[5];
} verbs[] = {
    {"update-alias", act_update_alias, {"function", "alias", "version", "additional"}},
    {"delete-alias", act_delete_alias, {"function", "alias"}},
    {"delete-version", act_delete_version, {"function", "version"}},
    {"set-error-rate", act_set_error_rate, {"function", "version", "rate"}},
    {"set-traffic", act_set_traffic, {"function", "alias", "requests_per_second"}},
    {"update-code", act_update_code, {"function", "code_sha256", "error_rate"}},
    {"put-parameter", act_put_parameter, {"name", "value"}},
    {"delete-parameter", act_delete_parameter, {"name"}},
    {"add-fault", act_add_fault, {"fault"}},
    {"clear-faults", act_clear_faults, {NULL}},
};

static int verb_find(struct json_object *action, size_t *ret, struct sy_error *error) {
    char verb[32] = "";
    if (sy_json_string(action, "do", true, verb, sizeof verb, error))
        return -1;
    for (size_t i = 0; i < SY_COUNT(verbs); i++)
        if (strcmp(verbs[i].verb, verb) == 0) {
            *ret = i;
            return 0;
        }
    return sy_fail_field(error, "do", "\"%s\" is no action; see docs/sandbox.md", verb);
}

int sy_act_check(struct json_object *action, struct sy_error *error) {
    const char *allowed[6] = {"do"};
    size_t verb = 0, count = 1;
    if (verb_find(action, &verb, error))
        return -1;
    while (count <= 5 && verbs[verb].keys[count - 1]) {
        allowed[count] = verbs[verb].keys[count - 1];
        count++;
    }
    return sy_scenario_keys(action, verbs[verb].verb, allowed, count, error);
}

int sy_act(struct sy_world *world, struct json_object *action, struct sy_error *error) {
    size_t verb = 0;
    if (verb_find(action, &verb, error))
        return -1;
    return verbs[verb].act(world, action, error);
}
