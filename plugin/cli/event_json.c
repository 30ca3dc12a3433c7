/* Events, plans, statuses and errors as JSON lines, under the protocol's names. */
#include "cli/cli.h"

#include "base/json.h"
#include "core/verdict.h"
#include "engine/engine.h"
#include "engine/function.h"
#include "state/record_json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

static void add_string(struct json_object *o, const char *key, const char *value) {
    if (value[0])
        json_object_object_add(o, key, json_object_new_string(value));
}

static void add_int(struct json_object *o, const char *key, int64_t value) {
    json_object_object_add(o, key, json_object_new_int64(value));
}

static void add_routing(struct json_object *o, const char *key, const struct sy_routing *routing) {
    if (!routing->primary[0])
        return;
    struct json_object *r = json_object_new_object();
    add_string(r, "primary", routing->primary);
    if (routing->additional[0]) {
        add_string(r, "additional", routing->additional);
        add_int(r, "additional_bp", routing->additional_bp);
    }
    json_object_object_add(o, key, r);
}

static void add_counts(struct json_object *o, const char *key, struct sy_counts counts) {
    struct json_object *c = json_object_new_object();
    add_int(c, "invocations", counts.invocations);
    add_int(c, "errors", counts.errors);
    if (counts.invocations > 0)
        add_int(c, "rate_bp", sy_rate_bp(counts));
    json_object_object_add(o, key, c);
}

static char *write_and_put(struct json_object *o) {
    char *line = sy_json_write(o);
    (void)json_object_put(o);
    return line;
}

static bool has_counts(enum sy_event_kind kind) {
    return kind == SY_EVENT_OBSERVED || kind == SY_EVENT_STAGE_VERDICT ||
           kind == SY_EVENT_LOCK_IN_ENDED;
}

char *sy_event_json(const struct sy_release_event *event) {
    struct json_object *o = json_object_new_object();
    add_string(o, "event", sy_event_word(event->kind));
    add_int(o, "sequence", event->sequence);
    add_int(o, "at_unix_ms", event->at_ms);
    add_string(o, "release_id", event->release_id);
    add_string(o, "baseline", event->baseline);
    add_string(o, "version", event->version);
    if (event->stage) {
        add_int(o, "stage", event->stage);
        add_int(o, "stages", event->n_stages);
        add_int(o, "weight_bp", event->weight_bp);
    }
    if (event->until_ms)
        add_int(o, "until_unix_ms", event->until_ms);
    if (event->duration_ms)
        add_int(o, "duration_ms", event->duration_ms);
    add_routing(o, "from", &event->from);
    add_routing(o, "to", &event->to);
    if (has_counts(event->kind)) {
        add_counts(o, "canary", event->canary);
        add_counts(o, "baseline_counts", event->other);
        add_int(o, "threshold_bp", event->threshold_bp);
        add_int(o, "window_ms", event->window_ms);
        if (event->kind != SY_EVENT_OBSERVED)
            add_string(o, "decision", sy_decision_word(event->decision));
    }
    if (event->kind == SY_EVENT_FINISHED)
        add_string(o, "outcome", sy_outcome_word(event->outcome));
    if (event->warning)
        json_object_object_add(o, "warning", json_object_new_boolean(1));
    add_string(o, "text", event->text);
    return write_and_put(o);
}

static struct json_object *stages_json(const struct sy_spec *spec, const int64_t *expected) {
    struct json_object *stages = json_object_new_array();
    for (uint32_t i = 0; i < spec->n_stages; i++) {
        struct json_object *stage = json_object_new_object();
        add_int(stage, "weight_bp", spec->stages[i].weight_bp);
        add_int(stage, "bake_ms", spec->stages[i].bake_ms);
        if (expected && expected[i] >= 0)
            add_int(stage, "expected_invocations", expected[i]);
        json_object_array_add(stages, stage);
    }
    return stages;
}

char *sy_plan_json(const struct sy_plan *plan) {
    static const char *const kinds[] = {"release", "first", "unchanged", "resume"};
    struct json_object *o = json_object_new_object();
    add_string(o, "plan", kinds[plan->kind]);
    add_string(o, "function", plan->spec.function);
    add_string(o, "alias", plan->spec.alias);
    add_string(o, "version", plan->spec.version);
    add_string(o, "baseline", plan->baseline);
    add_string(o, "last_known_good", plan->last_known_good);
    add_routing(o, "routing", &plan->routing);
    json_object_object_add(o, "stages", stages_json(&plan->spec, plan->expected));
    sy_spec_add_settings(o, &plan->spec);
    struct json_object *warnings = json_object_new_array();
    for (uint32_t i = 0; i < plan->n_warnings; i++)
        json_object_array_add(warnings, json_object_new_string(plan->warnings[i]));
    json_object_object_add(o, "warnings", warnings);
    add_string(o, "fingerprint", plan->fingerprint);
    return write_and_put(o);
}

static void add_record(struct json_object *o, const struct sy_record *record) {
    struct json_object *r = json_object_new_object();
    add_string(r, "release_id", record->release_id);
    add_string(r, "version", record->spec.version);
    add_string(r, "baseline", record->baseline);
    add_string(r, "phase", sy_phase_word(record->phase));
    if (record->paused_ms)
        json_object_object_add(r, "paused", json_object_new_boolean(1));
    if (sy_record_is_closed(record))
        add_string(r, "outcome", sy_outcome_word(record->outcome));
    add_string(r, "reason", record->reason);
    add_int(r, "stage", record->stage + 1);
    if (record->stage_until_ms)
        add_int(r, "stage_until_unix_ms", record->stage_until_ms);
    if (sy_record_lock_in_end(record))
        add_int(r, "lock_in_until_unix_ms", sy_record_lock_in_end(record));
    struct json_object *results = json_object_new_array();
    for (uint32_t i = 0; i <= record->spec.n_stages; i++) {
        const struct sy_stage_result *result = &record->results[i];
        if (!result->started_ms)
            continue; /* a promotion leaves stages out */
        struct json_object *stage = json_object_new_object();
        add_int(stage, "weight_bp",
                i < record->spec.n_stages ? record->spec.stages[i].weight_bp : 10000);
        add_string(stage, "decision", sy_decision_word(result->decision));
        add_counts(stage, "canary", result->canary);
        json_object_array_add(results, stage);
    }
    json_object_object_add(r, "stages", results);
    json_object_object_add(o, "release", r);
}

char *sy_facts_json(const struct sy_cli *cli, const struct sy_facts *facts) {
    struct json_object *o = json_object_new_object();
    add_string(o, "function", cli->spec.function);
    add_string(o, "alias", cli->spec.alias);
    add_int(o, "at_unix_ms", facts->now_ms);
    add_routing(o, "routing", &facts->routing);
    add_string(o, "revision", facts->revision);
    if (facts->has_record)
        add_record(o, &facts->record);
    if (facts->has_lease) {
        struct json_object *lease = json_object_new_object();
        add_string(lease, "owner", facts->lease.owner);
        add_int(lease, "until_unix_ms", facts->lease.until_ms);
        json_object_object_add(o, "lease", lease);
    }
    add_string(o, "mirror_alias", facts->mirror_alias);
    add_string(o, "current_version", facts->mirror_current);
    add_string(o, "previous_version", facts->mirror_previous);
    add_string(o, "last_known_good_version", facts->mirror_last_known_good);
    return write_and_put(o);
}

char *sy_function_event_json(const struct sy_cli *cli, const struct sy_function_event *event) {
    static const char *const words[] = {"note", "published", "version", "cleaned"};
    struct json_object *o = json_object_new_object();
    add_string(o, "event", words[event->kind]);
    add_int(o, "at_unix_ms", event->at_ms);
    add_string(o, "function", cli->spec.function);
    add_string(o, "version", event->version);
    add_string(o, "code_sha256", event->code_sha256);
    if (event->unchanged)
        json_object_object_add(o, "unchanged", json_object_new_boolean(1));
    if (event->kind == SY_FUNCTION_VERSION)
        add_string(o, "fate", sy_fate_word(event->fate));
    if (event->kind == SY_FUNCTION_CLEANED) {
        add_int(o, "deleted", event->deleted);
        add_int(o, "kept", event->kept);
        add_int(o, "left", event->left);
        json_object_object_add(o, "dry_run", json_object_new_boolean(cli->dry_run));
    }
    add_string(o, "text", event->text);
    return write_and_put(o);
}

char *sy_findings_json(const struct sy_cli *cli, const struct sy_findings *findings) {
    struct json_object *o = json_object_new_object();
    struct json_object *list = json_object_new_array();
    int64_t counts[SY_SEVERITY_COUNT] = {0};
    for (uint32_t i = 0; i < findings->n; i++) {
        const struct sy_finding *finding = &findings->list[i];
        struct json_object *f = json_object_new_object();
        counts[finding->severity]++;
        add_string(f, "id", finding->id);
        add_string(f, "severity", sy_severity_word(finding->severity));
        add_string(f, "text", finding->text);
        add_string(f, "fix", finding->fix);
        json_object_array_add(list, f);
    }
    add_string(o, "function", cli->spec.function);
    add_string(o, "alias", cli->spec.alias);
    add_string(o, "version", cli->spec.version);
    add_int(o, "errors", counts[SY_SEVERITY_ERROR]);
    add_int(o, "warnings", counts[SY_SEVERITY_WARNING]);
    add_int(o, "unknown", counts[SY_SEVERITY_UNKNOWN]);
    json_object_object_add(o, "findings", list);
    return write_and_put(o);
}

char *sy_verified_json(const struct sy_cli *cli, const struct sy_verified *verified) {
    struct json_object *o = json_object_new_object();
    add_string(o, "event", "verified");
    add_string(o, "function", cli->spec.function);
    add_string(o, "alias", cli->spec.alias);
    add_string(o, "version", verified->version);
    add_string(o, "baseline", verified->baseline);
    add_string(o, "decision", sy_decision_word(verified->judgement.decision));
    add_int(o, "from_unix_ms", verified->from_ms);
    add_int(o, "to_unix_ms", verified->to_ms);
    add_int(o, "window_ms", verified->window_ms);
    add_int(o, "threshold_bp", verified->threshold_bp);
    add_counts(o, "canary", verified->judgement.canary);
    add_counts(o, "baseline_counts", verified->judgement.other);
    add_routing(o, "routing", &verified->routing);
    add_string(o, "text", verified->text);
    return write_and_put(o);
}

char *sy_control_json(const struct sy_cli *cli, const struct sy_control_answer *answer) {
    struct json_object *o = json_object_new_object();
    add_string(o, "event", cli->command);
    add_string(o, "function", cli->spec.function);
    add_string(o, "alias", cli->spec.alias);
    json_object_object_add(o, "taken", json_object_new_boolean(answer->taken));
    add_string(o, "owner", answer->owner);
    add_record(o, &answer->record);
    return write_and_put(o);
}

void sy_cli_put_line(char *line) {
    (void)printf("%s\n", line);
    free(line);
}

char *sy_error_json(const struct sy_error *error) {
    struct json_object *o = json_object_new_object();
    add_string(o, "error", sy_code_name(error->code));
    add_string(o, "reason", error->reason);
    add_string(o, "field", error->field);
    add_string(o, "message", error->message);
    return write_and_put(o);
}
