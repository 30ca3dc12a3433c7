/* Events as JSON objects, under the protocol's names: for JSON lines and for the report. */
#ifndef SY_REPORT_EVENT_JSON_H
#define SY_REPORT_EVENT_JSON_H

#include "core/event.h"

struct json_object;
/* "" adds nothing. */
void sy_json_add_string(struct json_object *object, const char *key, const char *value);
void sy_json_add_int(struct json_object *object, const char *key, int64_t value);
/* A routing that is not known adds nothing. */
void sy_json_add_routing(struct json_object *object, const char *key,
                         const struct sy_routing *routing);
void sy_json_add_counts(struct json_object *object, const char *key, struct sy_counts counts);

/* The caller releases these with json_object_put(). expected: invocations of each stage, -1 = not
 * known; NULL: none is. */
struct json_object *sy_stages_array(const struct sy_spec *spec, const int64_t *expected);
struct sy_findings;
struct json_object *sy_findings_array(const struct sy_findings *findings);
struct json_object *sy_event_object(const struct sy_release_event *event);

#endif
