/* Events, plans, statuses and errors as JSON lines, under the protocol's names. */
#include "cli/cli.h"

#include "base/json.h"
#include "engine/engine.h"
#include "engine/function.h"
#include "report/event_json.h"
#include "state/record_json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

static char *write_and_put(struct json_object *o) {
    char *line = sy_json_write(o);
    (void)json_object_put(o);
    return line;
}

char *sy_event_json(const struct sy_release_event *event) {
    return write_and_put(sy_event_object(event));
}

char *sy_plan_json(const struct sy_plan *plan) {
    static const char *const kinds[] = {"release", "first", "unchanged", "resume"};
    struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "plan", kinds[plan->kind]);
    sy_json_add_string(o, "function", plan->spec.function);
    sy_json_add_string(o, "alias", plan->spec.alias);
    sy_json_add_string(o, "version", plan->spec.version);
    sy_json_add_string(o, "baseline", plan->baseline);
    sy_json_add_string(o, "last_known_good", plan->last_known_good);
    sy_json_add_routing(o, "routing", &plan->routing);
    json_object_object_add(o, "stages", sy_stages_array(&plan->spec, plan->expected));
    sy_spec_add_settings(o, &plan->spec);
    struct json_object *warnings = json_object_new_array();
    for (uint32_t i = 0; i < plan->n_warnings; i++)
        json_object_array_add(warnings, json_object_new_string(plan->warnings[i]));
    json_object_object_add(o, "warnings", warnings);
    sy_json_add_string(o, "fingerprint", plan->fingerprint);
    return write_and_put(o);
}

static void add_record(struct json_object *o, const struct sy_record *record) {
    struct json_object *r = json_object_new_object();
    sy_json_add_string(r, "release_id", record->release_id);
    sy_json_add_string(r, "version", record->spec.version);
    sy_json_add_string(r, "baseline", record->baseline);
    sy_json_add_string(r, "phase", sy_phase_word(record->phase));
    if (record->paused_ms)
        json_object_object_add(r, "paused", json_object_new_boolean(1));
    if (sy_record_is_closed(record))
        sy_json_add_string(r, "outcome", sy_outcome_word(record->outcome));
    sy_json_add_string(r, "reason", record->reason);
    sy_json_add_int(r, "stage", record->stage + 1);
    if (record->stage_until_ms)
        sy_json_add_int(r, "stage_until_unix_ms", record->stage_until_ms);
    if (sy_record_lock_in_end(record))
        sy_json_add_int(r, "lock_in_until_unix_ms", sy_record_lock_in_end(record));
    struct json_object *results = json_object_new_array();
    for (uint32_t i = 0; i <= record->spec.n_stages; i++) {
        const struct sy_stage_result *result = &record->results[i];
        if (!result->started_ms)
            continue; /* a promotion leaves stages out */
        struct json_object *stage = json_object_new_object();
        sy_json_add_int(stage, "weight_bp",
                        i < record->spec.n_stages ? record->spec.stages[i].weight_bp : 10000);
        sy_json_add_string(stage, "decision", sy_decision_word(result->decision));
        sy_json_add_counts(stage, "canary", result->canary);
        json_object_array_add(results, stage);
    }
    json_object_object_add(r, "stages", results);
    json_object_object_add(o, "release", r);
}

char *sy_facts_json(const struct sy_cli *cli, const struct sy_facts *facts) {
    struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "function", cli->spec.function);
    sy_json_add_string(o, "alias", cli->spec.alias);
    sy_json_add_int(o, "at_unix_ms", facts->now_ms);
    sy_json_add_routing(o, "routing", &facts->routing);
    sy_json_add_string(o, "revision", facts->revision);
    if (facts->has_record)
        add_record(o, &facts->record);
    if (facts->has_lease) {
        struct json_object *lease = json_object_new_object();
        sy_json_add_string(lease, "owner", facts->lease.owner);
        sy_json_add_int(lease, "until_unix_ms", facts->lease.until_ms);
        json_object_object_add(o, "lease", lease);
    }
    sy_json_add_string(o, "mirror_alias", facts->mirror_alias);
    sy_json_add_string(o, "current_version", facts->mirror_current);
    sy_json_add_string(o, "previous_version", facts->mirror_previous);
    sy_json_add_string(o, "last_known_good_version", facts->mirror_last_known_good);
    return write_and_put(o);
}

char *sy_function_event_json(const struct sy_cli *cli, const struct sy_function_event *event) {
    static const char *const words[] = {"note", "published", "version", "cleaned"};
    struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "event", words[event->kind]);
    sy_json_add_int(o, "at_unix_ms", event->at_ms);
    sy_json_add_string(o, "function", cli->spec.function);
    sy_json_add_string(o, "version", event->version);
    sy_json_add_string(o, "code_sha256", event->code_sha256);
    if (event->unchanged)
        json_object_object_add(o, "unchanged", json_object_new_boolean(1));
    if (event->kind == SY_FUNCTION_VERSION)
        sy_json_add_string(o, "fate", sy_fate_word(event->fate));
    if (event->kind == SY_FUNCTION_CLEANED) {
        sy_json_add_int(o, "deleted", event->deleted);
        sy_json_add_int(o, "kept", event->kept);
        sy_json_add_int(o, "left", event->left);
        json_object_object_add(o, "dry_run", json_object_new_boolean(cli->dry_run));
    }
    sy_json_add_string(o, "text", event->text);
    return write_and_put(o);
}

char *sy_findings_json(const struct sy_cli *cli, const struct sy_findings *findings) {
    struct json_object *o = json_object_new_object();
    int64_t counts[SY_SEVERITY_COUNT] = {0};
    for (uint32_t i = 0; i < findings->n; i++)
        counts[findings->list[i].severity]++;
    sy_json_add_string(o, "function", cli->spec.function);
    sy_json_add_string(o, "alias", cli->spec.alias);
    sy_json_add_string(o, "version", cli->spec.version);
    sy_json_add_int(o, "errors", counts[SY_SEVERITY_ERROR]);
    sy_json_add_int(o, "warnings", counts[SY_SEVERITY_WARNING]);
    sy_json_add_int(o, "unknown", counts[SY_SEVERITY_UNKNOWN]);
    json_object_object_add(o, "findings", sy_findings_array(findings));
    return write_and_put(o);
}

char *sy_verified_json(const struct sy_cli *cli, const struct sy_verified *verified) {
    struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "event", "verified");
    sy_json_add_string(o, "function", cli->spec.function);
    sy_json_add_string(o, "alias", cli->spec.alias);
    sy_json_add_string(o, "version", verified->version);
    sy_json_add_string(o, "baseline", verified->baseline);
    sy_json_add_string(o, "decision", sy_decision_word(verified->judgement.decision));
    sy_json_add_int(o, "from_unix_ms", verified->from_ms);
    sy_json_add_int(o, "to_unix_ms", verified->to_ms);
    sy_json_add_int(o, "window_ms", verified->window_ms);
    sy_json_add_int(o, "threshold_bp", verified->threshold_bp);
    sy_json_add_counts(o, "canary", verified->judgement.canary);
    sy_json_add_counts(o, "baseline_counts", verified->judgement.other);
    sy_json_add_routing(o, "routing", &verified->routing);
    sy_json_add_string(o, "text", verified->text);
    return write_and_put(o);
}

char *sy_control_json(const struct sy_cli *cli, const struct sy_control_answer *answer) {
    struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "event", cli->command);
    sy_json_add_string(o, "function", cli->spec.function);
    sy_json_add_string(o, "alias", cli->spec.alias);
    json_object_object_add(o, "taken", json_object_new_boolean(answer->taken));
    sy_json_add_string(o, "owner", answer->owner);
    add_record(o, &answer->record);
    return write_and_put(o);
}

void sy_cli_put_line(char *line) {
    (void)printf("%s\n", line);
    free(line);
}

char *sy_error_json(const struct sy_error *error) {
    struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "error", sy_code_name(error->code));
    sy_json_add_string(o, "reason", error->reason);
    sy_json_add_string(o, "field", error->field);
    sy_json_add_string(o, "message", error->message);
    return write_and_put(o);
}
