/* Faults: which call fails, when, and how. */
#include "base/json.h"
#include "sandbox/world_state.h"

#include <json-c/json.h>
#include <string.h>

static const struct {
    const char *word;
    enum sy_fault_kind kind;
} kinds[] = {
    {"status", SY_FAULT_STATUS},
    {"cut", SY_FAULT_CUT},
    {"garbage", SY_FAULT_GARBAGE},
    {"huge", SY_FAULT_HUGE},
    {"delay", SY_FAULT_DELAY},
    {"throttle", SY_FAULT_THROTTLE},
    {"lost_response", SY_FAULT_LOST_RESPONSE},
};

static int kind_read(const struct json_object *object, enum sy_fault_kind *ret,
                     struct sy_error *error) {
    char word[24] = "";
    if (sy_json_string(object, "kind", true, word, sizeof word, error))
        return -1;
    for (size_t i = 0; i < SY_COUNT(kinds); i++)
        if (strcmp(kinds[i].word, word) == 0) {
            *ret = kinds[i].kind;
            return 0;
        }
    return sy_fail_field(error, "kind",
                         "kind \"%s\" is no fault: use status, cut, garbage, huge, delay, throttle "
                         "or lost_response",
                         word);
}

static int details_read(const struct json_object *object, struct sy_fault *fault,
                        struct sy_error *error) {
    const int64_t hour = 3600000;
    if (sy_json_int(object, "status", fault->kind == SY_FAULT_STATUS, 400, 599, &fault->status,
                    error) ||
        sy_json_string(object, "code", false, fault->code, sizeof fault->code, error) ||
        sy_json_string(object, "message", false, fault->message, sizeof fault->message, error) ||
        sy_json_int(object, "delay_ms", fault->kind == SY_FAULT_DELAY, 0, 24 * hour,
                    &fault->delay_ms, error) ||
        sy_json_int(object, "arrival_ms", false, 0, 24 * hour, &fault->arrival_ms, error))
        return -1;
    return sy_json_int(object, "size", false, 1, 64 << 20, &fault->size, error);
}

int sy_fault_read(const struct json_object *object, struct sy_fault *ret, struct sy_error *error) {
    static const char *const allowed[] = {"operation", "match",      "from",   "until", "nth",
                                          "count",     "kind",       "status", "code",  "message",
                                          "delay_ms",  "arrival_ms", "size"};
    struct sy_fault fault = {
        .until_ms = INT64_MAX, .code = "InternalFailure", .arrival_ms = -1, .size = 8 << 20};
    if (sy_scenario_keys(object, "a fault", allowed, SY_COUNT(allowed), error) ||
        kind_read(object, &fault.kind, error) ||
        sy_json_string(object, "operation", true, fault.operation, sizeof fault.operation, error) ||
        sy_json_string(object, "match", false, fault.match, sizeof fault.match, error) ||
        sy_scenario_duration(object, "from", false, &fault.from_ms, error) ||
        sy_scenario_duration(object, "until", false, &fault.until_ms, error) ||
        sy_json_int(object, "nth", false, 1, INT32_MAX, &fault.nth, error))
        return -1;
    /* One call when somebody says which; all of them when somebody says when. */
    fault.count = fault.nth ? 1 : INT32_MAX;
    if (!fault.nth)
        fault.nth = 1;
    if (sy_json_int(object, "count", false, 1, INT32_MAX, &fault.count, error) ||
        details_read(object, &fault, error))
        return -1;
    if (fault.until_ms <= fault.from_ms)
        return sy_fail_field(error, "until", "until must come after from");
    *ret = fault;
    return 0;
}

void sy_fault_add(struct sy_world *world, const struct sy_fault *fault) {
    world->faults = sy_realloc(world->faults, (world->n_faults + 1) * sizeof *world->faults);
    world->faults[world->n_faults++] = *fault;
}

static bool contains(const void *text, size_t len, const char *part) {
    return len && memmem(text, len, part, strlen(part));
}

static bool matches(const struct sy_fault *fault, const char *operation,
                    const struct sy_http_request *request, int64_t since_start_ms) {
    if (since_start_ms < fault->from_ms || since_start_ms >= fault->until_ms)
        return false;
    if (strcmp(fault->operation, "*") != 0 && strcmp(fault->operation, operation) != 0)
        return false;
    return !fault->match[0] || contains(request->url, strlen(request->url), fault->match) ||
           contains(request->body, request->body_len, fault->match);
}

void sy_fault_draw(struct sy_world *world, const char *operation,
                   const struct sy_http_request *request, struct sy_fault *ret) {
    int64_t since = world->now_ms - world->start_ms;
    ret->kind = SY_FAULT_NONE;
    for (size_t i = 0; i < world->n_faults; i++) {
        struct sy_fault *fault = &world->faults[i];
        if (!matches(fault, operation, request, since))
            continue;
        fault->seen++;
        if (ret->kind == SY_FAULT_NONE && fault->seen >= fault->nth &&
            fault->seen < fault->nth + fault->count)
            *ret = *fault;
    }
}
