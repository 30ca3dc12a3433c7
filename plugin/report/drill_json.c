/* A drill as JSON lines. */
#include "report/drill.h"

#include "base/json.h"
#include "base/memory.h"
#include "report/event_json.h"

#include <json-c/json.h>

static void add_known(struct json_object *o, const char *key, int64_t value) {
    if (value >= 0)
        json_object_object_add(o, key, json_object_new_int64(value));
}

char *sy_drill_json_finding(const struct sy_finding *finding) {
    SY_AUTO_JSON struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "event", "finding");
    sy_json_add_string(o, "id", finding->id);
    sy_json_add_string(o, "severity", sy_severity_word(finding->severity));
    sy_json_add_string(o, "text", finding->text);
    sy_json_add_string(o, "fix", finding->fix);
    return sy_json_write(o);
}

char *sy_drill_json_began(enum sy_rehearsal_kind kind) {
    SY_AUTO_JSON struct json_object *o = json_object_new_object();
    sy_json_add_string(o, "event", "began");
    sy_json_add_string(o, "rehearsal", sy_rehearsal_word(kind));
    return sy_json_write(o);
}

struct json_object *sy_rehearsal_object(const struct sy_drill *drill, enum sy_rehearsal_kind kind) {
    const struct sy_rehearsal *rehearsal = &drill->rehearsals[kind];
    struct json_object *o = json_object_new_object();
    char fix[SY_DRILL_TEXT_MAX] = "";
    if (rehearsal->result == SY_REHEARSAL_FAILED)
        sy_rehearsal_fix(drill, kind, fix);
    sy_json_add_string(o, "event", "rehearsal");
    sy_json_add_string(o, "rehearsal", sy_rehearsal_word(kind));
    sy_json_add_string(o, "title", sy_rehearsal_title(kind));
    sy_json_add_string(o, "result", sy_rehearsal_result_word(rehearsal->result));
    sy_json_add_string(o, "expected", sy_rehearsal_expected(kind));
    sy_json_add_string(o, "happened", rehearsal->happened);
    add_known(o, "took_ms", rehearsal->took_ms);
    add_known(o, "switch_ms", rehearsal->switch_ms);
    add_known(o, "exposed_ms", rehearsal->exposed_ms);
    if (rehearsal->failed_requests >= rehearsal->failed_at_least)
        add_known(o, rehearsal->failed_at_least ? "failed_requests_at_least" : "failed_requests",
                  rehearsal->failed_requests);
    sy_json_add_string(o, "fix", fix);
    return o;
}

char *sy_drill_json_rehearsal(const struct sy_drill *drill, enum sy_rehearsal_kind kind) {
    SY_AUTO_JSON struct json_object *o = sy_rehearsal_object(drill, kind);
    return sy_json_write(o);
}

struct json_object *sy_drill_object(const struct sy_drill *drill) {
    struct json_object *o = json_object_new_object();
    SY_AUTO_FREE struct sy_drill_fixes *fixes = sy_calloc(1, sizeof *fixes);
    struct json_object *list = json_object_new_array();
    char routing[80];
    sy_json_add_string(o, "event", "drill");
    json_object_object_add(o, "sandbox", json_object_new_boolean(drill->in_sandbox));
    sy_json_add_string(o, "function", drill->function);
    sy_json_add_string(o, "alias", drill->alias);
    sy_json_add_string(o, "version", drill->good);
    sy_json_add_string(o, "bad_version", drill->bad);
    add_known(o, "passed", sy_drill_count(drill, SY_REHEARSAL_PASSED));
    add_known(o, "failed", sy_drill_count(drill, SY_REHEARSAL_FAILED));
    add_known(o, "not_run", sy_drill_count(drill, SY_REHEARSAL_NOT_RUN));
    add_known(o, "took_ms", drill->ended_ms - drill->began_ms);
    if (drill->left.primary[0])
        sy_json_add_string(o, "left_on", sy_routing_format(&drill->left, routing));
    sy_drill_fix(drill, fixes);
    for (size_t i = 0; i < fixes->n; i++)
        json_object_array_add(list, json_object_new_string(fixes->list[i]));
    json_object_object_add(o, "fix", list);
    return o;
}

char *sy_drill_json_end(const struct sy_drill *drill) {
    SY_AUTO_JSON struct json_object *o = sy_drill_object(drill);
    return sy_json_write(o);
}
