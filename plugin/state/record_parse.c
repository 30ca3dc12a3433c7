/* The reading half of record_json.h. */
#include "state/record_json.h"

#include "base/json.h"
#include "base/memory.h"

#include <json-c/json.h>
#include <string.h>

/* Beyond any real one, and far enough from INT64_MAX that sums of times and rates (counts times
 * 10000) cannot overflow. */
static const int64_t time_max_ms = INT64_C(253402300799999); /* the end of the year 9999 */
static const int64_t count_max = INT64_MAX / 10000;

/* A word of an enumeration, by the function that writes it. */
static int parse_word(const struct json_object *object, const char *key, bool required,
                      const char *(*word)(int value), int count, int *ret, struct sy_error *error) {
    char text[32] = "";
    if (sy_json_string(object, key, required, text, sizeof text, error))
        return -1;
    if (!text[0] && !required)
        return 0;
    for (int i = 0; i < count; i++)
        if (strcmp(word(i), text) == 0) {
            *ret = i;
            return 0;
        }
    return sy_fail_field(error, key, "%s is \"%s\", which is not known", key, text);
}

static const char *phase_word(int value) {
    return sy_phase_word((enum sy_phase)value);
}

static const char *outcome_word(int value) {
    return sy_outcome_word((enum sy_outcome)value);
}

static const char *control_word(int value) {
    return sy_control_word((enum sy_control)value);
}

static int parse_time(const struct json_object *object, const char *key, int64_t *ret,
                      struct sy_error *error) {
    return sy_json_int(object, key, true, 0, time_max_ms, ret, error);
}

static int parse_u32(const struct json_object *object, const char *key, int64_t max, uint32_t *ret,
                     struct sy_error *error) {
    int64_t value = 0;
    if (sy_json_int(object, key, true, 0, max, &value, error))
        return -1;
    *ret = (uint32_t)value;
    return 0;
}

/* A version number as sy_names_check wants it, or "" where the field may be empty. */
static int check_version(const char *key, const char *text, bool empty, struct sy_error *error) {
    struct sy_error why;
    if (!text[0] && empty)
        return 0;
    if (sy_names_check("f", "a", text, &why))
        return sy_fail_field(error, key, "%s is \"%s\", not a version number", key, text);
    return 0;
}

static int parse_version(const struct json_object *object, const char *key, char *buf, size_t size,
                         struct sy_error *error) {
    if (sy_json_string(object, key, true, buf, size, error))
        return -1;
    return check_version(key, buf, true, error);
}

static int parse_stages(const struct json_object *object, struct sy_spec *spec,
                        struct sy_error *error) {
    struct json_object *stages = NULL;
    if (sy_json_child(object, "stages", true, json_type_array, &stages, error))
        return -1;
    size_t n = json_object_array_length(stages);
    if (n > SY_STAGES_MAX)
        return sy_fail_field(error, "stages", "stages has %zu entries, more than %d", n,
                             SY_STAGES_MAX);
    for (size_t i = 0; i < n; i++) {
        struct json_object *stage = json_object_array_get_idx(stages, i);
        int64_t weight_bp = 0;
        if (sy_json_int(stage, "weight_bp", true, 0, 10000, &weight_bp, error) ||
            sy_json_int(stage, "bake_ms", true, 0, time_max_ms, &spec->stages[i].bake_ms, error))
            return -1;
        spec->stages[i].weight_bp = (int32_t)weight_bp;
    }
    spec->n_stages = (uint32_t)n;
    return 0;
}

static int parse_choices(const struct json_object *object, struct sy_spec *spec,
                         struct sy_error *error) {
    char wait[32] = "";
    char interrupt[32] = "";
    char inconclusive[32] = "";
    char primary[32] = "";
    if (sy_json_string(object, "wait", true, wait, sizeof wait, error) ||
        sy_json_string(object, "on_interrupt", true, interrupt, sizeof interrupt, error) ||
        sy_json_string(object, "on_inconclusive", true, inconclusive, sizeof inconclusive, error) ||
        sy_json_string(object, "primary", true, primary, sizeof primary, error))
        return -1;
    if (sy_wait_parse(wait, &spec->wait, error) ||
        sy_interrupt_parse(interrupt, &spec->on_interrupt, error) ||
        sy_inconclusive_parse(inconclusive, &spec->on_inconclusive, error) ||
        sy_primary_parse(primary, &spec->primary, error))
        return -1;
    return 0;
}

int sy_spec_parse(const struct json_object *object, struct sy_spec *ret, struct sy_error *error) {
    struct sy_spec out = {0};
    struct sy_spec *spec = &out;
    int64_t threshold_bp = 0;
    if (sy_json_string(object, "function", true, spec->function, sizeof spec->function, error) ||
        sy_json_string(object, "alias", true, spec->alias, sizeof spec->alias, error) ||
        sy_json_string(object, "version", true, spec->version, sizeof spec->version, error) ||
        parse_stages(object, spec, error) ||
        sy_json_int(object, "threshold_bp", true, 0, 10000, &threshold_bp, error) ||
        sy_json_int(object, "min_invocations", true, 0, count_max, &spec->min_invocations, error) ||
        parse_time(object, "window_ms", &spec->window_ms, error) ||
        parse_time(object, "lock_in_ms", &spec->lock_in_ms, error) ||
        parse_time(object, "period_ms", &spec->period_ms, error) ||
        parse_time(object, "poll_ms", &spec->poll_ms, error) ||
        parse_choices(object, spec, error) ||
        sy_json_bool(object, "retry", true, &spec->retry, error) ||
        sy_json_bool(object, "mirror_alias", true, &spec->mirror_alias, error))
        return -1;
    spec->threshold_bp = (int32_t)threshold_bp;
    if (sy_spec_check(spec, error))
        return -1;
    *ret = out;
    return 0;
}

static int parse_spec(const struct json_object *record, struct sy_spec *ret,
                      struct sy_error *error) {
    struct json_object *object = NULL;
    if (sy_json_child(record, "spec", true, json_type_object, &object, error))
        return -1;
    return sy_spec_parse(object, ret, error);
}

static int parse_result(struct json_object *item, struct sy_stage_result *ret,
                        struct sy_error *error) {
    int64_t numbers[4];
    if (!json_object_is_type(item, json_type_array) || json_object_array_length(item) != 5 ||
        !json_object_is_type(json_object_array_get_idx(item, 0), json_type_string))
        return sy_fail_field(error, "results",
                             "results has an entry that is not [decision, invocations, errors, "
                             "started, ended]");
    for (size_t i = 0; i < 4; i++) {
        struct json_object *number = json_object_array_get_idx(item, i + 1);
        numbers[i] = json_object_get_int64(number);
        if (!json_object_is_type(number, json_type_int) || numbers[i] < 0 ||
            numbers[i] > (i < 2 ? count_max : time_max_ms))
            return sy_fail_field(error, "results", "results has a number that is out of range");
    }
    struct json_object *first = json_object_array_get_idx(item, 0);
    const char *word = json_object_get_string(first);
    size_t len = (size_t)json_object_get_string_len(first);
    for (int i = 0; i < SY_DECISION_COUNT && strlen(word) == len; i++)
        if (strcmp(sy_decision_word((enum sy_decision)i), word) == 0) {
            *ret = (struct sy_stage_result){.decision = (enum sy_decision)i,
                                            .canary = {numbers[0], numbers[1]},
                                            .started_ms = numbers[2],
                                            .ended_ms = numbers[3]};
            return 0;
        }
    return sy_fail_field(error, "results", "results has a decision that is not known");
}

static int parse_results(const struct json_object *object, struct sy_record *record,
                         struct sy_error *error) {
    struct json_object *results = NULL;
    if (sy_json_child(object, "results", true, json_type_array, &results, error))
        return -1;
    size_t n = json_object_array_length(results);
    if (n > record->spec.n_stages + 1)
        return sy_fail_field(error, "results", "results has %zu entries for %u stages", n,
                             record->spec.n_stages);
    for (size_t i = 0; i < n; i++)
        if (parse_result(json_object_array_get_idx(results, i), &record->results[i], error))
            return -1;
    return 0;
}

static int parse_rolled_back(const struct json_object *object, struct sy_record *record,
                             struct sy_error *error) {
    struct json_object *versions = NULL;
    if (sy_json_child(object, "rolled_back", true, json_type_array, &versions, error))
        return -1;
    size_t n = json_object_array_length(versions);
    if (n > SY_ROLLED_BACK_MAX)
        return sy_fail_field(error, "rolled_back", "rolled_back has %zu entries, more than %d", n,
                             SY_ROLLED_BACK_MAX);
    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_object_array_get_idx(versions, i);
        const char *text = json_object_get_string(item);
        size_t len = (size_t)json_object_get_string_len(item);
        if (!json_object_is_type(item, json_type_string) || len > SY_VERSION_MAX ||
            strlen(text) != len || check_version("rolled_back", text, false, error))
            return sy_fail_field(error, "rolled_back",
                                 "rolled_back has an entry that is not a version number");
        memcpy(record->rolled_back[i], text, len + 1);
    }
    return 0;
}

static int parse_times(const struct json_object *object, struct sy_record *record,
                       struct sy_error *error) {
    if (parse_time(object, "created_unix_ms", &record->created_ms, error) ||
        parse_time(object, "first_traffic_unix_ms", &record->first_traffic_ms, error) ||
        parse_time(object, "stage_until_unix_ms", &record->stage_until_ms, error) ||
        parse_time(object, "promoted_unix_ms", &record->promoted_ms, error) ||
        parse_time(object, "judged_unix_ms", &record->judged_ms, error) ||
        parse_time(object, "ended_unix_ms", &record->ended_ms, error))
        return -1;
    return sy_json_int(object, "sequence", true, 0, time_max_ms, &record->sequence, error);
}

static int parse_flags(const struct json_object *object, struct sy_record *record,
                       struct sy_error *error) {
    if (sy_json_bool(object, "extended", true, &record->extended, error) ||
        sy_json_bool(object, "unproven", true, &record->unproven, error) ||
        parse_time(object, "paused_unix_ms", &record->paused_ms, error) ||
        sy_json_bool(object, "handed_over", true, &record->handed_over, error))
        return -1;
    return sy_json_bool(object, "mirrors", true, &record->mirrors, error);
}

static int parse_versions(const struct json_object *object, struct sy_record *record,
                          struct sy_error *error) {
    if (parse_version(object, "baseline", record->baseline, sizeof record->baseline, error) ||
        parse_version(object, "last_known_good", record->last_known_good,
                      sizeof record->last_known_good, error))
        return -1;
    return parse_rolled_back(object, record, error);
}

static int parse_record(const struct json_object *object, struct sy_record *record,
                        struct sy_error *error) {
    int phase = 0;
    int outcome = 0;
    int control = 0;
    if (sy_json_string(object, "release_id", true, record->release_id, sizeof record->release_id,
                       error) ||
        parse_spec(object, &record->spec, error) ||
        parse_word(object, "phase", true, phase_word, SY_PHASE_COUNT, &phase, error) ||
        parse_u32(object, "stage", record->spec.n_stages, &record->stage, error) ||
        parse_versions(object, record, error) ||
        sy_json_string(object, "revision", true, record->revision, sizeof record->revision,
                       error) ||
        parse_times(object, record, error) || parse_flags(object, record, error) ||
        parse_word(object, "control", false, control_word, SY_CONTROL_COUNT, &control, error) ||
        sy_json_string(object, "control_reason", false, record->control_reason,
                       sizeof record->control_reason, error) ||
        parse_word(object, "outcome", true, outcome_word, SY_OUTCOME_COUNT, &outcome, error) ||
        sy_json_string(object, "reason", true, record->reason, sizeof record->reason, error))
        return -1;
    if (!record->release_id[0])
        return sy_fail_field(error, "release_id", "release_id is empty");
    record->phase = (enum sy_phase)phase;
    record->outcome = (enum sy_outcome)outcome;
    record->control = (enum sy_control)control;
    return parse_results(object, record, error);
}

/* The format before anything else: what a newer one means is not ours to guess. */
static int parse_format(const struct json_object *object, struct sy_error *error) {
    int64_t format = 0;
    if (sy_json_int(object, "format", true, 1, INT32_MAX, &format, error))
        return -1;
    if (format > SY_RECORD_FORMAT)
        return sy_fail(error, SY_FAILED_PRECONDITION,
                       "a newer steelyard wrote it (format %lld, this one knows %d); upgrade "
                       "steelyard",
                       (long long)format, SY_RECORD_FORMAT);
    return 0;
}

static int bad(const char *what, const struct sy_error *why, struct sy_error *error) {
    struct sy_error copy = *why;
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "BAD_RECORD", "the %s cannot be used: %s",
                          what, copy.message);
}

int sy_record_parse(const char *text, size_t len, struct sy_record *ret, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *object = NULL;
    struct sy_record record = {0};
    struct sy_error why;
    if (sy_json_parse("it", text, len, &object, &why) || parse_format(object, &why) ||
        parse_record(object, &record, &why))
        return bad("release's record", &why, error);
    *ret = record;
    return 0;
}

int sy_lease_parse(const char *text, size_t len, struct sy_lease *ret, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *object = NULL;
    struct sy_lease lease = {0};
    struct sy_error why;
    if (sy_json_parse("it", text, len, &object, &why) || parse_format(object, &why) ||
        sy_json_string(object, "owner", true, lease.owner, sizeof lease.owner, &why) ||
        parse_time(object, "until_unix_ms", &lease.until_ms, &why))
        return bad("driver's lease", &why, error);
    *ret = lease;
    return 0;
}
