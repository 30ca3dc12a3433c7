/* Reading a scenario: docs/sandbox.md describes it. Nothing unknown passes. */
#include "base/json.h"
#include "base/text.h"
#include "sandbox/world_call.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_STEPS = 1000,
    MAX_VERSIONS = 10000,
    MAX_FLOWS = 8,
    MAX_ALIASES = 1000,
    MAX_RUNNING_FOR_MS = 24 * 3600 * 1000
};
static const double max_per_second = 10000;

int sy_scenario_keys(const struct json_object *object, const char *where,
                     const char *const *allowed, size_t count, struct sy_error *error) {
    if (!json_object_is_type(object, json_type_object))
        return sy_fail(error, SY_INVALID_ARGUMENT, "%s is not a JSON object", where);
    json_object_object_foreach((struct json_object *)object, key, value) {
        (void)value;
        size_t i = 0;
        while (i < count && strcmp(allowed[i], key) != 0)
            i++;
        if (i == count) {
            char shown[40];
            return sy_fail_field(error, sy_text_clean(key, strlen(key), shown, sizeof shown),
                                 "%s has the unknown key \"%s\"; see docs/sandbox.md", where,
                                 sy_text_clean(key, strlen(key), shown, sizeof shown));
        }
    }
    return 0;
}
#define ONLY(object, where, error, ...)                                                            \
    sy_scenario_keys(object, where, (const char *const[]){__VA_ARGS__},                            \
                     SY_COUNT(((const char *const[]){__VA_ARGS__})), error)

int sy_scenario_duration(const struct json_object *object, const char *key, bool required,
                         int64_t *ret_ms, struct sy_error *error) {
    char text[32] = "";
    if (sy_json_string(object, key, required, text, sizeof text, error))
        return -1;
    return text[0] ? sy_duration_parse(key, text, ret_ms, error) : 0;
}

int sy_scenario_version(const struct json_object *object, const char *key, bool required,
                        int64_t *ret, struct sy_error *error) {
    char text[24] = "";
    if (sy_json_string(object, key, required, text, sizeof text, error))
        return -1;
    if (!text[0])
        return 0;
    int64_t number = sy_version_number(text);
    if (number < 0)
        return sy_fail_field(error, key, "%s is \"%s\": use a version number such as \"41\"", key,
                             text);
    *ret = number;
    return 0;
}

static int steps_read(struct json_object *list, const char *key, const char *value_key, double max,
                      struct sy_timeline *line, struct sy_error *error) {
    size_t count = json_object_array_length(list);
    if (count == 0 || count > MAX_STEPS)
        return sy_fail_field(error, key, "%s needs 1 to %d steps", key, MAX_STEPS);
    line->steps = sy_calloc(count, sizeof *line->steps);
    line->count = count;
    for (size_t i = 0; i < count; i++) {
        const struct json_object *step = json_object_array_get_idx(list, i);
        struct sy_step *to = &line->steps[i];
        if (ONLY(step, key, error, "from", value_key) ||
            sy_scenario_duration(step, "from", true, &to->from_ms, error) ||
            sy_json_double(step, value_key, true, 0, max, &to->value, error))
            return -1;
        if (i == 0 ? to->from_ms != 0 : to->from_ms <= to[-1].from_ms)
            return sy_fail_field(error, key, "%s: the first step is from \"0s\", later ones rise",
                                 key);
    }
    return 0;
}

int sy_scenario_timeline(const struct json_object *object, const char *key, const char *value_key,
                         double max, struct sy_timeline *ret, struct sy_error *error) {
    struct json_object *value = NULL;
    struct sy_timeline line = {0};
    double number = 0;
    if (!json_object_object_get_ex(object, key, &value) || !value)
        return 0;
    if (!json_object_is_type(value, json_type_array)) {
        if (sy_json_double(object, key, true, 0, max, &number, error))
            return -1;
        sy_timeline_set(ret, 0, number);
        return 0;
    }
    if (steps_read(value, key, value_key, max, &line, error)) {
        free(line.steps);
        return -1;
    }
    free(ret->steps);
    *ret = line;
    return 0;
}

static bool is_name(const char *name, const char *extra) {
    if (!*name)
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr(extra, *name))
            return false;
    return true;
}

static int version_details(const struct json_object *object, struct sy_version *version,
                           struct sy_error *error) {
    char state[16] = "Active";
    if (sy_json_string(object, "code_sha256", false, version->code_sha256,
                       sizeof version->code_sha256, error) ||
        sy_json_string(object, "description", false, version->description,
                       sizeof version->description, error) ||
        sy_json_string(object, "role", false, version->role, sizeof version->role, error) ||
        sy_json_string(object, "dead_letter", false, version->dead_letter,
                       sizeof version->dead_letter, error) ||
        sy_json_string(object, "state", false, state, sizeof state, error) ||
        sy_scenario_duration(object, "active_from", false, &version->active_from_ms, error) ||
        sy_scenario_timeline(object, "error_rate", "rate", 1, &version->error_rate, error))
        return -1;
    if (strcmp(state, "Active") != 0 && strcmp(state, "Inactive") != 0 &&
        strcmp(state, "Failed") != 0)
        return sy_fail_field(error, "state",
                             "state is \"%s\": use Active, Inactive or Failed, and active_from for "
                             "a version that is Pending before",
                             state);
    memcpy(version->state, state, sizeof state);
    return 0;
}

static int version_read(struct sy_world *world, struct sy_function *function,
                        const struct json_object *object, struct sy_error *error) {
    int64_t number = 0;
    if (ONLY(object, "a version", error, "version", "error_rate", "state", "active_from",
             "code_sha256", "description", "role", "dead_letter") ||
        sy_scenario_version(object, "version", true, &number, error))
        return -1;
    if (number == SY_LATEST || number < function->next_number)
        return sy_fail_field(error, "versions", "versions of %s: numbers must rise, from 1",
                             function->name);
    struct sy_version *version = sy_function_publish(world, function, number);
    sy_code_hash(function->name, (uint64_t)number, version->code_sha256);
    return version_details(object, version, error);
}

/* $LATEST is the highest version's code unless the scenario says otherwise. */
static int latest_read(struct sy_world *world, struct sy_function *function,
                       const struct json_object *object, struct sy_error *error) {
    struct sy_version *latest = &function->latest;
    struct json_object *child = NULL;
    latest->modified_ms = world->now_ms;
    memcpy(latest->state, "Active", sizeof "Active");
    sy_world_uuid(world, latest->revision);
    sy_code_hash(function->name, 0, latest->code_sha256);
    if (function->n_versions)
        sy_version_copy_code(latest, &function->versions[function->n_versions - 1]);
    if (sy_json_child(object, "latest", false, json_type_object, &child, error))
        return -1;
    if (!child)
        return 0;
    if (ONLY(child, "latest", error, "error_rate", "code_sha256", "description", "role",
             "dead_letter"))
        return -1;
    return version_details(child, latest, error);
}

static int alias_read(struct sy_world *world, struct sy_function *function,
                      const struct json_object *object, struct sy_error *error) {
    char name[SY_ALIAS_NAME_MAX + 1] = "";
    struct sy_split split = {0};
    struct json_object *child = NULL;
    if (ONLY(object, "an alias", error, "name", "version", "additional") ||
        sy_json_string(object, "name", true, name, sizeof name, error) ||
        sy_scenario_version(object, "version", true, &split.version, error) ||
        sy_json_child(object, "additional", false, json_type_object, &child, error))
        return -1;
    if (child && (ONLY(child, "additional", error, "version", "weight") ||
                  sy_scenario_version(child, "version", true, &split.additional, error) ||
                  sy_json_double(child, "weight", true, 0, 1, &split.weight, error)))
        return -1;
    if (!is_name(name, "-_") || sy_version_number(name) >= 0)
        return sy_fail_field(error, "aliases", "\"%s\" is no alias name", name);
    if (sy_function_alias(function, name))
        return sy_fail_field(error, "aliases", "alias %s of %s stands twice", name, function->name);
    if (!sy_function_version(function, split.version) ||
        !sy_function_version(function, split.additional))
        return sy_fail_field(error, "aliases", "alias %s of %s names a version that is not there",
                             name, function->name);
    (void)sy_function_route(world, function, name, &split);
    return 0;
}

static int flow_read(struct sy_world *world, struct sy_function *function,
                     const struct json_object *object, struct sy_error *error) {
    (void)world;
    if (ONLY(object, "traffic", error, "alias", "requests_per_second"))
        return -1;
    function->flows =
        sy_realloc(function->flows, (function->n_flows + 1) * sizeof *function->flows);
    struct sy_flow *flow = &function->flows[function->n_flows++];
    *flow = (struct sy_flow){0};
    if (sy_json_string(object, "alias", true, flow->alias, sizeof flow->alias, error))
        return -1;
    return sy_scenario_timeline(object, "requests_per_second", "rate", max_per_second,
                                &flow->per_second, error);
}

typedef int item_read(struct sy_world *world, struct sy_function *function,
                      const struct json_object *object, struct sy_error *error);

/* Every item of an array member, in order, through one reader. */
static int each(struct sy_world *world, struct sy_function *function,
                const struct json_object *object, const char *key, size_t max, item_read *read,
                struct sy_error *error) {
    struct json_object *list = NULL;
    if (sy_json_child(object, key, false, json_type_array, &list, error))
        return -1;
    size_t count = list ? json_object_array_length(list) : 0;
    if (count > max)
        return sy_fail_field(error, key, "%s has more than %zu items", key, max);
    for (size_t i = 0; i < count; i++)
        if (read(world, function, json_object_array_get_idx(list, i), error))
            return -1;
    return 0;
}

/* How publishing and uploading go. */
static int updates_read(struct sy_function *function, const struct json_object *object,
                        struct sy_error *error) {
    const char *state = function->publish_state;
    if (sy_scenario_duration(object, "publish_pending", false, &function->publish_pending_ms,
                             error) ||
        sy_scenario_duration(object, "update_pending", false, &function->update_pending_ms,
                             error) ||
        sy_json_bool(object, "update_fails", false, &function->update_fails, error) ||
        sy_json_bool(object, "snap_start", false, &function->snap_start, error) ||
        sy_json_string(object, "publish_state", false, function->publish_state,
                       sizeof function->publish_state, error))
        return -1;
    if (state[0] && strcmp(state, "Active") != 0 && strcmp(state, "Failed") != 0)
        return sy_fail_field(error, "publish_state",
                             "publish_state is \"%s\": use Active or Failed", state);
    return 0;
}

static int function_read(struct sy_world *world, struct sy_function *unused,
                         const struct json_object *object, struct sy_error *error) {
    (void)unused;
    char name[SY_FUNCTION_NAME_MAX + 1] = "";
    if (ONLY(object, "a function", error, "name", "versions", "latest", "aliases", "traffic",
             "publish_pending", "publish_state", "update_pending", "update_fails", "snap_start",
             "permissions", "provisioned_concurrency", "event_invoke") ||
        sy_json_string(object, "name", true, name, sizeof name, error))
        return -1;
    if (!is_name(name, "-_"))
        return sy_fail_field(error, "functions", "\"%s\" is no function name", name);
    if (sy_world_function(world, name))
        return sy_fail_field(error, "functions", "function %s stands twice", name);
    struct sy_function *function = sy_calloc(1, sizeof *function);
    memcpy(function->name, name, sizeof name);
    function->next_number = 1;
    function->traffic_ms = world->start_ms;
    function->key = sy_random_key(world->seed, sy_random_name(name));
    (void)lh_table_insert(world->functions, function->name, function);
    if (updates_read(function, object, error) ||
        each(world, function, object, "versions", MAX_VERSIONS, version_read, error) ||
        latest_read(world, function, object, error) ||
        each(world, function, object, "aliases", MAX_ALIASES, alias_read, error) ||
        sy_scenario_settings(function, object, error))
        return -1;
    /* Only now: what was set up above was so from the very beginning. */
    function->traffic_ms = world->start_ms - world->running_for_ms;
    return each(world, function, object, "traffic", MAX_FLOWS, flow_read, error);
}

int sy_scenario_parameter(struct sy_world *world, const struct json_object *object,
                          struct sy_error *error) {
    char name[1012] = "";
    struct json_object *value = NULL;
    if (sy_json_string(object, "name", true, name, sizeof name, error) ||
        sy_json_child(object, "value", true, json_type_string, &value, error))
        return -1;
    (void)sy_parameter_put(world, name, "String", json_object_get_string(value),
                           (size_t)json_object_get_string_len(value));
    return 0;
}

static int parameter_read(struct sy_world *world, struct sy_function *unused,
                          const struct json_object *object, struct sy_error *error) {
    (void)unused;
    if (ONLY(object, "a parameter", error, "name", "value"))
        return -1;
    return sy_scenario_parameter(world, object, error);
}

static int fault_read(struct sy_world *world, struct sy_function *unused,
                      const struct json_object *object, struct sy_error *error) {
    (void)unused;
    struct sy_fault fault;
    if (sy_fault_read(object, &fault, error))
        return -1;
    sy_fault_add(world, &fault);
    return 0;
}

/* Actions of the same time keep the scenario's order. */
static int action_read(struct sy_world *world, struct sy_function *unused,
                       const struct json_object *object, struct sy_error *error) {
    (void)unused;
    int64_t at = 0;
    if (!json_object_is_type(object, json_type_object))
        return sy_fail_field(error, "actions", "an action is not a JSON object");
    if (sy_scenario_duration(object, "at", true, &at, error))
        return -1;
    struct json_object *action = json_object_get((struct json_object *)object);
    json_object_object_del(action, "at");
    size_t place = world->n_actions++;
    world->actions = sy_realloc(world->actions, world->n_actions * sizeof *world->actions);
    for (; place > 0 && world->actions[place - 1].at_ms > at; place--)
        world->actions[place] = world->actions[place - 1];
    world->actions[place] = (struct sy_due_action){.at_ms = at, .action = action};
    return sy_act_check(action, error);
}

static int metrics_read(const struct json_object *scenario, struct sy_metrics_options *options,
                        struct sy_error *error) {
    struct json_object *object = NULL;
    *options = (struct sy_metrics_options){
        .resolution_ms = 60000, .first_share = 0.5, .executed_version_at_full = true};
    if (sy_json_child(scenario, "metrics", false, json_type_object, &object, error))
        return -1;
    if (!object)
        return 0;
    if (ONLY(object, "metrics", error, "resolution", "delay_ms", "growth_ms", "first_share",
             "executed_version_at_full") ||
        sy_scenario_duration(object, "resolution", false, &options->resolution_ms, error) ||
        sy_json_int(object, "delay_ms", false, 0, 3600000, &options->delay_ms, error) ||
        sy_json_int(object, "growth_ms", false, 0, 3600000, &options->growth_ms, error) ||
        sy_json_double(object, "first_share", false, 0, 1, &options->first_share, error) ||
        sy_json_bool(object, "executed_version_at_full", false, &options->executed_version_at_full,
                     error))
        return -1;
    int64_t resolution = options->resolution_ms;
    if (resolution != 1000 && resolution != 10000 && resolution != 60000)
        return sy_fail_field(error, "resolution", "resolution must be \"1s\", \"10s\" or \"60s\"");
    return 0;
}

static int latency_read(const struct json_object *scenario, struct sy_world *world,
                        struct sy_error *error) {
    struct json_object *object = NULL;
    world->latency_default_ms = 20;
    if (sy_json_child(scenario, "latency_ms", false, json_type_object, &object, error))
        return -1;
    if (!object)
        return 0;
    size_t count = (size_t)json_object_object_length(object);
    world->latencies = sy_calloc(count, sizeof *world->latencies);
    json_object_object_foreach(object, key, value) {
        (void)value;
        struct sy_latency *latency = &world->latencies[world->n_latencies];
        if (strlen(key) >= sizeof latency->operation)
            return sy_fail_field(error, "latency_ms", "latency_ms has a key that is no operation");
        memcpy(latency->operation, key, strlen(key) + 1);
        if (sy_json_int(object, key, true, 0, 3600000, &latency->ms, error))
            return -1;
        if (strcmp(key, "default") == 0)
            world->latency_default_ms = latency->ms;
        else
            world->n_latencies++;
    }
    return 0;
}

static int account_read(const struct json_object *scenario, struct sy_world *world,
                        struct sy_error *error) {
    int64_t seed = 1, history = 100;
    memcpy(world->region, "us-east-1", sizeof "us-east-1");
    memcpy(world->account, "123456789012", sizeof "123456789012");
    if (sy_json_int(scenario, "seed", false, 0, INT64_MAX, &seed, error) ||
        sy_json_string(scenario, "region", false, world->region, sizeof world->region, error) ||
        sy_json_string(scenario, "account", false, world->account, sizeof world->account, error) ||
        sy_json_string(scenario, "access_key", false, world->access_key, sizeof world->access_key,
                       error) ||
        sy_json_int(scenario, "parameter_history", false, 1, 100, &history, error) ||
        sy_scenario_duration(scenario, "running_for", false, &world->running_for_ms, error) ||
        sy_json_int(scenario, "propagation_ms", false, 0, 3600000, &world->propagation_ms, error))
        return -1;
    if (world->running_for_ms > MAX_RUNNING_FOR_MS)
        return sy_fail_field(error, "running_for", "running_for is at most 24h");
    if (!is_name(world->region, "-"))
        return sy_fail_field(error, "region", "region is no region's name");
    if (strlen(world->account) != 12 || strspn(world->account, "0123456789") != 12)
        return sy_fail_field(error, "account", "account must be 12 digits");
    world->seed = (uint64_t)seed;
    world->ids.state = sy_random_key(world->seed, 0);
    world->parameter_history = (size_t)history;
    return 0;
}

int sy_scenario_read(struct sy_world *world, const char *text, size_t len, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *scenario = NULL;
    if (sy_json_parse("the scenario", text, len, &scenario, error) ||
        ONLY(scenario, "the scenario", error, "seed", "region", "account", "access_key",
             "functions", "parameters", "parameter_history", "running_for", "propagation_ms",
             "metrics", "latency_ms", "faults", "actions", "description") ||
        account_read(scenario, world, error) || metrics_read(scenario, &world->metrics, error) ||
        latency_read(scenario, world, error) ||
        each(world, NULL, scenario, "functions", 100000, function_read, error) ||
        each(world, NULL, scenario, "parameters", 100000, parameter_read, error) ||
        each(world, NULL, scenario, "faults", 1000, fault_read, error))
        return -1;
    return each(world, NULL, scenario, "actions", 10000, action_read, error);
}
