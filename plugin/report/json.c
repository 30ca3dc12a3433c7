/* The report as JSON: docs/report.schema.json describes it. */
#include "report/event_json.h"
#include "report/face.h"

#include "base/json.h"

#include <json-c/json.h>

static struct json_object *stage_object(const struct sy_report *report, uint32_t i) {
    const struct sy_report_stage *stage = &report->stages[i];
    struct json_object *o = json_object_new_object();
    sy_json_add_int(o, "stage", i + 1);
    sy_json_add_int(o, "weight_bp", i < report->n_stages ? stage->weight_bp : 10000);
    if (stage->bake_ms > 0)
        sy_json_add_int(o, i < report->n_stages ? "bake_ms" : "lock_in_ms", stage->bake_ms);
    if (stage->started_ms)
        sy_json_add_int(o, "started_unix_ms", stage->started_ms);
    if (stage->ended_ms)
        sy_json_add_int(o, "ended_unix_ms", stage->ended_ms);
    sy_json_add_string(o, "decision", sy_decision_word(stage->decision));
    if (stage->observed) {
        sy_json_add_counts(o, "canary", stage->canary);
        if (stage->other.invocations) /* none, or not known */
            sy_json_add_counts(o, "baseline_counts", stage->other);
    }
    sy_json_add_string(o, "text", stage->text);
    return o;
}

static void add_release(struct json_object *o, const struct sy_report *report) {
    struct json_object *stages = json_object_new_array();
    struct json_object *points = json_object_new_array();
    struct json_object *events = json_object_new_array();
    sy_json_add_int(o, "threshold_bp", report->threshold_bp);
    sy_json_add_int(o, "window_ms", report->window_ms);
    if (report->min_invocations >= 0)
        sy_json_add_int(o, "min_invocations", report->min_invocations);
    sy_json_add_int(o, "begun_unix_ms", report->begun_ms);
    if (report->ended_ms)
        sy_json_add_int(o, "ended_unix_ms", report->ended_ms);
    if (report->until_ms)
        sy_json_add_int(o, "until_unix_ms", report->until_ms);
    for (uint32_t i = 0; i <= report->n_stages; i++)
        json_object_array_add(stages, stage_object(report, i));
    for (size_t i = 0; i < report->n_points; i++) {
        struct json_object *point = json_object_new_object();
        sy_json_add_int(point, "at_unix_ms", report->points[i].at_ms);
        sy_json_add_counts(point, "canary", report->points[i].canary);
        sy_json_add_counts(point, "baseline_counts", report->points[i].other);
        json_object_array_add(points, point);
    }
    for (size_t i = 0; i < report->n_events; i++) /* what was observed are the rates */
        if (report->events[i].kind != SY_EVENT_OBSERVED)
            json_object_array_add(events, sy_event_object(&report->events[i]));
    json_object_object_add(o, "stages", stages);
    json_object_object_add(o, "rates", points);
    json_object_object_add(o, "events", events);
}

static void add_plan(struct json_object *o, const struct sy_plan *plan) {
    struct json_object *p = json_object_new_object();
    struct json_object *warnings = json_object_new_array();
    for (uint32_t i = 0; i < plan->n_warnings; i++)
        json_object_array_add(warnings, json_object_new_string(plan->warnings[i]));
    json_object_object_add(p, "stages", sy_stages_array(&plan->spec, plan->expected));
    json_object_object_add(p, "warnings", warnings);
    sy_json_add_string(p, "fingerprint", plan->fingerprint);
    json_object_object_add(o, "plan", p);
}

static void add_verify(struct json_object *o, const struct sy_report_verify *verify) {
    struct json_object *v = json_object_new_object();
    sy_json_add_string(v, "decision", sy_decision_word(verify->decision));
    sy_json_add_int(v, "from_unix_ms", verify->from_ms);
    sy_json_add_int(v, "to_unix_ms", verify->to_ms);
    sy_json_add_counts(v, "canary", verify->canary);
    sy_json_add_counts(v, "baseline_counts", verify->other);
    json_object_object_add(o, "verify", v);
}

static void add_drill(struct json_object *o, const struct sy_drill *drill) {
    struct json_object *d = sy_drill_object(drill);
    struct json_object *list = json_object_new_array();
    json_object_object_del(d, "event"); /* of a line */
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++) {
        if (!drill->chosen[i])
            continue;
        struct json_object *rehearsal = sy_rehearsal_object(drill, (enum sy_rehearsal_kind)i);
        json_object_object_del(rehearsal, "event");
        json_object_array_add(list, rehearsal);
    }
    json_object_object_add(d, "rehearsals", list);
    json_object_object_add(o, "drill", d);
}

static void add_error(struct json_object *o, const struct sy_error *error) {
    struct json_object *e = json_object_new_object();
    sy_json_add_string(e, "code", sy_code_name(error->code));
    sy_json_add_string(e, "reason", error->reason);
    sy_json_add_string(e, "field", error->field);
    sy_json_add_string(e, "message", error->message);
    json_object_object_add(o, "error", e);
}

void sy_write_json(const struct sy_report *report, struct sy_buffer *to) {
    SY_AUTO_JSON struct json_object *o = json_object_new_object();
    char headline[SY_REPORT_TEXT_MAX];
    char command[SY_REPORT_TEXT_MAX];
    sy_json_add_int(o, "format", 1);
    sy_json_add_string(o, "command", report->command);
    sy_json_add_string(o, "function", report->function);
    sy_json_add_string(o, "alias", report->alias);
    sy_json_add_int(o, "made_unix_ms", report->made_ms);
    sy_json_add_int(o, "exit_code", report->exit_code);
    sy_json_add_string(o, "outcome", sy_report_outcome(report));
    sy_json_add_string(o, "headline", sy_report_headline(report, headline));
    sy_json_add_string(o, "why", sy_report_why(report));
    sy_json_add_string(o, "advice", sy_report_advice(report));
    sy_json_add_string(o, "advised_command", sy_report_advised_command(report, command));
    sy_json_add_string(o, "release_id", report->release_id);
    sy_json_add_string(o, "baseline", report->baseline);
    sy_json_add_string(o, "version", report->version);
    sy_json_add_routing(o, "routing", &report->routing);
    if (sy_report_failed_stage(report))
        sy_json_add_int(o, "failed_stage", sy_report_failed_stage(report));
    if (sy_report_rate_bp(report) >= 0)
        sy_json_add_int(o, "rate_bp", sy_report_rate_bp(report));
    if (report->release_id[0])
        add_release(o, report);
    if (report->plan)
        add_plan(o, report->plan);
    if (report->findings)
        json_object_object_add(o, "findings", sy_findings_array(report->findings));
    if (report->drill)
        add_drill(o, report->drill);
    if (report->verify)
        add_verify(o, report->verify);
    if (report->error.code != SY_OK)
        add_error(o, &report->error);
    SY_AUTO_FREE char *line = sy_json_write(o);
    sy_buffer_puts(to, line);
    sy_buffer_puts(to, "\n");
}
