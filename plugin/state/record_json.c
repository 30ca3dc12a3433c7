#include "state/record_json.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <json-c/json.h>
#include <string.h>

static void add_string(struct json_object *object, const char *key, const char *value) {
    char clean[SY_REASON_MAX + 1]; /* the longest string there is: what is written can be read */
    json_object_object_add(
        object, key,
        json_object_new_string(sy_text_clean(value, strlen(value), clean, sizeof clean)));
}

static void add_int(struct json_object *object, const char *key, int64_t value) {
    json_object_object_add(object, key, json_object_new_int64(value));
}

static void add_bool(struct json_object *object, const char *key, bool value) {
    json_object_object_add(object, key, json_object_new_boolean(value));
}

static struct json_object *stages_new(const struct sy_spec *spec) {
    struct json_object *stages = json_object_new_array();
    for (uint32_t i = 0; i < spec->n_stages && i < SY_STAGES_MAX; i++) {
        struct json_object *stage = json_object_new_object();
        add_int(stage, "weight_bp", spec->stages[i].weight_bp);
        add_int(stage, "bake_ms", spec->stages[i].bake_ms);
        json_object_array_add(stages, stage);
    }
    return stages;
}

static struct json_object *spec_new(const struct sy_spec *spec) {
    struct json_object *object = json_object_new_object();
    add_string(object, "function", spec->function);
    add_string(object, "alias", spec->alias);
    add_string(object, "version", spec->version);
    json_object_object_add(object, "stages", stages_new(spec));
    sy_spec_add_settings(object, spec);
    return object;
}

void sy_spec_add_settings(struct json_object *object, const struct sy_spec *spec) {
    add_int(object, "threshold_bp", spec->threshold_bp);
    add_int(object, "min_invocations", spec->min_invocations);
    add_int(object, "window_ms", spec->window_ms);
    add_int(object, "lock_in_ms", spec->lock_in_ms);
    add_int(object, "period_ms", spec->period_ms);
    add_int(object, "poll_ms", spec->poll_ms);
    add_string(object, "wait", sy_wait_word(spec->wait));
    add_string(object, "on_interrupt", sy_interrupt_word(spec->on_interrupt));
    add_string(object, "on_inconclusive", sy_inconclusive_word(spec->on_inconclusive));
    add_string(object, "primary", sy_primary_word(spec->primary));
    add_bool(object, "retry", spec->retry);
    add_bool(object, "mirror_alias", spec->mirror_alias);
}

static bool is_blank(const struct sy_stage_result *result) {
    return !result->decision && !result->canary.invocations && !result->canary.errors &&
           !result->started_ms && !result->ended_ms;
}

/* One small array a stage, [decision, invocations, errors, started, ended], up to the last stage
 * that has something to say: eleven objects with their keys would not fit 4 KB at the worst. */
static struct json_object *results_new(const struct sy_record *record) {
    struct json_object *results = json_object_new_array();
    uint32_t count = SY_COUNT(record->results);
    if (count > record->spec.n_stages + 1)
        count = record->spec.n_stages + 1;
    while (count > 0 && is_blank(&record->results[count - 1]))
        count--;
    for (uint32_t i = 0; i < count; i++) {
        const struct sy_stage_result *result = &record->results[i];
        struct json_object *item = json_object_new_array();
        json_object_array_add(item, json_object_new_string(sy_decision_word(result->decision)));
        json_object_array_add(item, json_object_new_int64(result->canary.invocations));
        json_object_array_add(item, json_object_new_int64(result->canary.errors));
        json_object_array_add(item, json_object_new_int64(result->started_ms));
        json_object_array_add(item, json_object_new_int64(result->ended_ms));
        json_object_array_add(results, item);
    }
    return results;
}

static struct json_object *rolled_back_new(const struct sy_record *record) {
    struct json_object *versions = json_object_new_array();
    for (size_t i = 0; i < SY_ROLLED_BACK_MAX && record->rolled_back[i][0]; i++)
        json_object_array_add(versions, json_object_new_string(record->rolled_back[i]));
    return versions;
}

char *sy_record_write(const struct sy_record *record) {
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    add_int(object, "format", SY_RECORD_FORMAT);
    add_string(object, "release_id", record->release_id);
    json_object_object_add(object, "spec", spec_new(&record->spec));
    add_string(object, "phase", sy_phase_word(record->phase));
    add_int(object, "stage", record->stage);
    add_string(object, "baseline", record->baseline);
    add_string(object, "last_known_good", record->last_known_good);
    add_string(object, "revision", record->revision);
    add_int(object, "created_unix_ms", record->created_ms);
    add_int(object, "first_traffic_unix_ms", record->first_traffic_ms);
    add_int(object, "stage_until_unix_ms", record->stage_until_ms);
    add_int(object, "promoted_unix_ms", record->promoted_ms);
    add_int(object, "judged_unix_ms", record->judged_ms);
    add_int(object, "ended_unix_ms", record->ended_ms);
    add_int(object, "sequence", record->sequence);
    add_bool(object, "extended", record->extended);
    add_bool(object, "unproven", record->unproven);
    add_int(object, "paused_unix_ms", record->paused_ms);
    add_bool(object, "handed_over", record->handed_over);
    add_bool(object, "mirrors", record->mirrors);
    json_object_object_add(object, "rolled_back", rolled_back_new(record));
    if (record->control != SY_CONTROL_NONE) {
        add_string(object, "control", sy_control_word(record->control));
        add_string(object, "control_reason", record->control_reason);
    }
    add_string(object, "outcome", sy_outcome_word(record->outcome));
    add_string(object, "reason", record->reason);
    json_object_object_add(object, "results", results_new(record));
    return sy_json_write(object);
}

char *sy_lease_write(const struct sy_lease *lease) {
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    add_int(object, "format", SY_RECORD_FORMAT);
    add_string(object, "owner", lease->owner);
    add_int(object, "until_unix_ms", lease->until_ms);
    return sy_json_write(object);
}
