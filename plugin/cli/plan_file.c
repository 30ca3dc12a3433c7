/* A saved plan: the JSON line of `plan --output json`. What it says of the world is not read: the
 * fingerprint names all that it rests on, and the engine makes the plan anew and compares. */
#include "cli/cli.h"

#include "base/json.h"
#include "base/memory.h"
#include "state/record_json.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { PLAN_FILE_MAX = 64 * 1024 };

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

static int take_plan(const char *text, size_t len, struct sy_spec *spec,
                     char fingerprint[SY_FINGERPRINT_MAX + 1], struct sy_error *error) {
    SY_AUTO_JSON struct json_object *o = NULL;
    if (sy_json_parse("it", text, len, &o, error) ||
        sy_json_string(o, "fingerprint", true, fingerprint, SY_FINGERPRINT_MAX + 1, error) ||
        sy_spec_parse(o, spec, error))
        return -1;
    if (!fingerprint[0])
        return sy_fail(error, SY_INVALID_ARGUMENT, "its fingerprint is empty");
    return 0;
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
