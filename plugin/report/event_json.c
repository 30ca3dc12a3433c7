#include "report/event_json.h"

#include "core/preflight.h"
#include "core/verdict.h"

#include <json-c/json.h>

void sy_json_add_string(struct json_object *o, const char *key, const char *value) {
    if (value[0])
        json_object_object_add(o, key, json_object_new_string(value));
}

void sy_json_add_int(struct json_object *o, const char *key, int64_t value) {
    json_object_object_add(o, key, json_object_new_int64(value));
}

void sy_json_add_routing(struct json_object *o, const char *key, const struct sy_routing *routing) {
    if (!routing->primary[0])
        return;
    struct json_object *r = json_object_new_object();
    sy_json_add_string(r, "primary", routing->primary);
    if (routing->additional[0]) {
        sy_json_add_string(r, "additional", routing->additional);
        sy_json_add_int(r, "additional_bp", routing->additional_bp);
    }
    json_object_object_add(o, key, r);
}

void sy_json_add_counts(struct json_object *o, const char *key, struct sy_counts counts) {
    struct json_object *c = json_object_new_object();
    sy_json_add_int(c, "invocations", counts.invocations);
    sy_json_add_int(c, "errors", counts.errors);
    if (counts.invocations > 0)
        sy_json_add_int(c, "rate_bp", sy_rate_bp(counts));
    json_object_object_add(o, key, c);
}

static bool has_counts(enum sy_event_kind kind) {
    return kind == SY_EVENT_OBSERVED || kind == SY_EVENT_STAGE_VERDICT ||
           kind == SY_EVENT_LOCK_IN_ENDED;
}

struct json_object *sy_event_object(const struct sy_release_event *event) {
    struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "event", sy_event_word(event->kind));
    if (event->sequence) /* not known of what the record tells */
        sy_json_add_int(o, "sequence", event->sequence);
    sy_json_add_int(o, "at_unix_ms", event->at_ms);
    sy_json_add_string(o, "release_id", event->release_id);
    sy_json_add_string(o, "baseline", event->baseline);
    sy_json_add_string(o, "version", event->version);
    if (event->stage) {
        sy_json_add_int(o, "stage", event->stage);
        sy_json_add_int(o, "stages", event->n_stages);
        sy_json_add_int(o, "weight_bp", event->weight_bp);
    }
    if (event->until_ms)
        sy_json_add_int(o, "until_unix_ms", event->until_ms);
    if (event->duration_ms)
        sy_json_add_int(o, "duration_ms", event->duration_ms);
    sy_json_add_routing(o, "from", &event->from);
    sy_json_add_routing(o, "to", &event->to);
    if (has_counts(event->kind)) {
        sy_json_add_counts(o, "canary", event->canary);
        sy_json_add_counts(o, "baseline_counts", event->other);
        sy_json_add_int(o, "threshold_bp", event->threshold_bp);
        sy_json_add_int(o, "window_ms", event->window_ms);
        if (event->kind != SY_EVENT_OBSERVED)
            sy_json_add_string(o, "decision", sy_decision_word(event->decision));
    }
    if (event->kind == SY_EVENT_FINISHED)
        sy_json_add_string(o, "outcome", sy_outcome_word(event->outcome));
    if (event->warning)
        json_object_object_add(o, "warning", json_object_new_boolean(1));
    sy_json_add_string(o, "text", event->text);
    return o;
}

struct json_object *sy_stages_array(const struct sy_spec *spec, const int64_t *expected) {
    struct json_object *stages = json_object_new_array();
    for (uint32_t i = 0; i < spec->n_stages; i++) {
        struct json_object *stage = json_object_new_object();
        sy_json_add_int(stage, "weight_bp", spec->stages[i].weight_bp);
        sy_json_add_int(stage, "bake_ms", spec->stages[i].bake_ms);
        if (expected && expected[i] >= 0)
            sy_json_add_int(stage, "expected_invocations", expected[i]);
        json_object_array_add(stages, stage);
    }
    return stages;
}

struct json_object *sy_findings_array(const struct sy_findings *findings) {
    struct json_object *list = json_object_new_array();
    for (uint32_t i = 0; i < findings->n; i++) {
        const struct sy_finding *finding = &findings->list[i];
        struct json_object *f = json_object_new_object();
        sy_json_add_string(f, "id", finding->id);
        sy_json_add_string(f, "severity", sy_severity_word(finding->severity));
        sy_json_add_string(f, "text", finding->text);
        sy_json_add_string(f, "fix", finding->fix);
        json_object_array_add(list, f);
    }
    return list;
}
