/* Functions, their versions, and their aliases, whoever changes them. */
#include "sandbox/world_state.h"

#include <json-c/linkhash.h>
#include <stdio.h>
#include <string.h>

struct sy_function *sy_world_function(struct sy_world *world, const char *name) {
    void *found = NULL;
    if (!lh_table_lookup_ex(world->functions, name, &found))
        return NULL;
    struct sy_function *function = found;
    return function->deleted ? NULL : function;
}

struct sy_version *sy_function_version(struct sy_function *function, int64_t number) {
    if (number == SY_LATEST)
        return &function->latest;
    size_t low = 0, high = function->n_versions;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (function->versions[middle].number == number)
            return &function->versions[middle];
        if (function->versions[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

struct sy_alias *sy_function_alias(struct sy_function *function, const char *name) {
    for (size_t i = 0; i < function->n_aliases; i++)
        if (strcmp(function->aliases[i].name, name) == 0)
            return &function->aliases[i];
    return NULL;
}

void sy_version_copy_code(struct sy_version *to, const struct sy_version *from) {
    memcpy(to->code_sha256, from->code_sha256, sizeof to->code_sha256);
    memcpy(to->role, from->role, sizeof to->role);
    memcpy(to->dead_letter, from->dead_letter, sizeof to->dead_letter);
    sy_timeline_copy(&to->error_rate, &from->error_rate);
}

struct sy_version *sy_function_publish(struct sy_world *world, struct sy_function *function,
                                       int64_t number) {
    size_t count = function->n_versions++;
    function->versions = sy_realloc(function->versions, (count + 1) * sizeof *function->versions);
    struct sy_version *version = &function->versions[count];
    *version =
        (struct sy_version){.number = number, .state = "Active", .modified_ms = world->now_ms};
    sy_world_uuid(world, version->revision);
    if (number >= function->next_number)
        function->next_number = number + 1;
    return version;
}

static struct sy_alias *alias_add(struct sy_function *function, const char *name) {
    size_t at = 0;
    while (at < function->n_aliases && strcmp(function->aliases[at].name, name) < 0)
        at++;
    function->aliases =
        sy_realloc(function->aliases, (function->n_aliases + 1) * sizeof *function->aliases);
    struct sy_alias *alias = &function->aliases[at];
    memmove(alias + 1, alias, (function->n_aliases++ - at) * sizeof *alias);
    *alias = (struct sy_alias){0};
    (void)snprintf(alias->name, sizeof alias->name, "%s", name);
    return alias;
}

const struct sy_split *sy_alias_split(const struct sy_alias *alias, int64_t at_ms) {
    return at_ms < alias->effective_ms ? &alias->before : &alias->split;
}

/* A new alias is there at once: nobody can call it before it is known. */
struct sy_alias *sy_function_route(struct sy_world *world, struct sy_function *function,
                                   const char *name, const struct sy_split *split) {
    sy_traffic_advance(world, function, world->now_ms);
    struct sy_alias *alias = sy_function_alias(function, name);
    if (alias) {
        alias->before = *sy_alias_split(alias, world->now_ms);
        alias->effective_ms = world->now_ms + world->propagation_ms;
    } else {
        alias = alias_add(function, name);
    }
    alias->split = *split;
    if (!split->additional)
        alias->split.weight = 0;
    sy_world_uuid(world, alias->revision);
    return alias;
}

void sy_function_drop_alias(struct sy_world *world, struct sy_function *function,
                            struct sy_alias *alias) {
    sy_traffic_advance(world, function, world->now_ms);
    size_t at = (size_t)(alias - function->aliases);
    memmove(alias, alias + 1, (--function->n_aliases - at) * sizeof *alias);
}

void sy_function_drop_version(struct sy_function *function, struct sy_version *version) {
    size_t at = (size_t)(version - function->versions);
    free(version->error_rate.steps);
    memmove(version, version + 1, (--function->n_versions - at) * sizeof *version);
}

bool sy_version_is_active(const struct sy_world *world, const struct sy_version *version) {
    return world->now_ms - world->start_ms >= version->active_from_ms;
}

void sy_code_hash(const char *name, uint64_t salt, char buf[65]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct sy_random random = {.state = sy_random_key(sy_random_name(name), salt)};
    for (int i = 0; i < 42; i++)
        buf[i] = digits[sy_random_u64(&random) & 63];
    /* The last digit of 32 bytes holds four bits. */
    buf[42] = digits[sy_random_u64(&random) & 60];
    buf[43] = '=';
    buf[44] = '\0';
}
