/* A saved plan: the JSON line of `plan --output json`. What it says of the world is not read: the
 * fingerprint names all that it rests on, and the engine makes the plan anew and compares. */
#include "cli/cli.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { PLAN_FILE_MAX = 64 * 1024 };
static const int64_t time_max_ms = INT64_C(253402300799999);

static int read_text(const char *path, char *text, size_t *ret_len, struct sy_error *error) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return sy_fail_field(error, "plan", "plan: cannot read %s: %s", path, strerror(errno));
    size_t len = fread(text, 1, PLAN_FILE_MAX, file);
    bool broken = ferror(file) != 0;
    (void)fclose(file);
    if (broken)
        return sy_fail_field(error, "plan", "plan: cannot read %s", path);
    if (len == PLAN_FILE_MAX)
        return sy_fail_field(error, "plan", "plan: %s is larger than any plan", path);
    *ret_len = len;
    return 0;
}

static int take_stages(const struct json_object *o, struct sy_spec *spec, struct sy_error *error) {
    struct json_object *stages = NULL;
    if (sy_json_child(o, "stages", true, json_type_array, &stages, error))
        return -1;
    size_t n = json_object_array_length(stages);
    if (n > SY_STAGES_MAX)
        return sy_fail(error, SY_INVALID_ARGUMENT, "it has more than %d stages", SY_STAGES_MAX);
    for (size_t i = 0; i < n; i++) {
        struct json_object *stage = json_object_array_get_idx(stages, i);
        int64_t weight_bp = 0;
        if (sy_json_int(stage, "weight_bp", true, 1, 9999, &weight_bp, error) ||
            sy_json_int(stage, "bake_ms", true, 1, time_max_ms, &spec->stages[i].bake_ms, error))
            return -1;
        spec->stages[i].weight_bp = (int32_t)weight_bp;
    }
    spec->n_stages = (uint32_t)n;
    return 0;
}

static int take_numbers(const struct json_object *o, struct sy_spec *spec, struct sy_error *error) {
    int64_t threshold_bp = 0;
    if (sy_json_int(o, "threshold_bp", true, 0, 10000, &threshold_bp, error) ||
        sy_json_int(o, "min_invocations", true, 1, 1000000000, &spec->min_invocations, error) ||
        sy_json_int(o, "window_ms", true, 1, time_max_ms, &spec->window_ms, error) ||
        sy_json_int(o, "lock_in_ms", true, 0, time_max_ms, &spec->lock_in_ms, error) ||
        sy_json_int(o, "period_ms", true, 1, time_max_ms, &spec->period_ms, error) ||
        sy_json_int(o, "poll_ms", true, 1, time_max_ms, &spec->poll_ms, error) ||
        sy_json_bool(o, "retry", true, &spec->retry, error) ||
        sy_json_bool(o, "mirror_alias", true, &spec->mirror_alias, error))
        return -1;
    spec->threshold_bp = (int32_t)threshold_bp;
    return 0;
}

static int take_words(const struct json_object *o, struct sy_spec *spec, struct sy_error *error) {
    char wait[32];
    char interrupt[32];
    char inconclusive[32];
    char primary[32];
    if (sy_json_string(o, "wait", true, wait, sizeof wait, error) ||
        sy_json_string(o, "on_interrupt", true, interrupt, sizeof interrupt, error) ||
        sy_json_string(o, "on_inconclusive", true, inconclusive, sizeof inconclusive, error) ||
        sy_json_string(o, "primary", true, primary, sizeof primary, error) ||
        sy_wait_parse(wait, &spec->wait, error) ||
        sy_interrupt_parse(interrupt, &spec->on_interrupt, error) ||
        sy_inconclusive_parse(inconclusive, &spec->on_inconclusive, error))
        return -1;
    return sy_primary_parse(primary, &spec->primary, error);
}

static int take_plan(const char *text, size_t len, struct sy_spec *spec,
                     char fingerprint[SY_FINGERPRINT_MAX + 1], struct sy_error *error) {
    SY_AUTO_JSON struct json_object *o = NULL;
    if (sy_json_parse("it", text, len, &o, error) ||
        sy_json_string(o, "function", true, spec->function, sizeof spec->function, error) ||
        sy_json_string(o, "alias", true, spec->alias, sizeof spec->alias, error) ||
        sy_json_string(o, "version", true, spec->version, sizeof spec->version, error) ||
        sy_json_string(o, "fingerprint", true, fingerprint, SY_FINGERPRINT_MAX + 1, error) ||
        take_stages(o, spec, error) || take_numbers(o, spec, error) || take_words(o, spec, error))
        return -1;
    if (!fingerprint[0])
        return sy_fail(error, SY_INVALID_ARGUMENT, "its fingerprint is empty");
    return sy_spec_check(spec, error);
}

int sy_plan_file_read(const char *path, struct sy_spec *ret_spec,
                      char ret_fingerprint[SY_FINGERPRINT_MAX + 1], struct sy_error *error) {
    SY_AUTO_FREE char *text = sy_calloc(1, PLAN_FILE_MAX + 1);
    char fingerprint[SY_FINGERPRINT_MAX + 1] = "";
    struct sy_spec spec = {0};
    struct sy_error why;
    size_t len = 0;
    if (read_text(path, text, &len, error))
        return -1;
    if (take_plan(text, len, &spec, fingerprint, &why))
        return sy_fail_field(error, "plan",
                             "plan: %.100s is not a plan as plan --output json prints it: %.300s",
                             path, why.message);
    *ret_spec = spec;
    memcpy(ret_fingerprint, fingerprint, sizeof fingerprint);
    return 0;
}
