/* The values that need more than their kind: each flag's own parser, and the words that it takes.
 */
#include "cli/flag_value.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "report/drill.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X(name, word) word,
const char *const sy_wait_choices[] = {SY_WAITS(X) NULL};
const char *const sy_interrupt_choices[] = {SY_INTERRUPTS(X) NULL};
const char *const sy_inconclusive_choices[] = {SY_INCONCLUSIVES(X) NULL};
const char *const sy_primary_choices[] = {SY_PRIMARIES(X) NULL};
const char *const sy_output_choices[] = {SY_FORMATS(X) NULL};
const char *const sy_shell_choices[] = {SY_SHELLS(X) NULL};
const char *const sy_platform_choices[] = {SY_PLATFORMS(X) NULL};
#undef X
#define X(name, word, what) #word,
const char *const sy_format_choices[] = {SY_FACES(X) NULL};
#undef X
#define X(name, word, title, expected) word,
const char *const sy_only_choices[] = {SY_REHEARSALS(X) NULL};
#undef X

int sy_flag_stages(const char *value, struct sy_cli *cli, struct sy_error *error) {
    return sy_stages_parse(value, &cli->spec, error);
}

int sy_flag_wait(const char *value, struct sy_cli *cli, struct sy_error *error) {
    return sy_wait_parse(value, &cli->spec.wait, error);
}

int sy_flag_on_interrupt(const char *value, struct sy_cli *cli, struct sy_error *error) {
    return sy_interrupt_parse(value, &cli->spec.on_interrupt, error);
}

int sy_flag_on_inconclusive(const char *value, struct sy_cli *cli, struct sy_error *error) {
    return sy_inconclusive_parse(value, &cli->spec.on_inconclusive, error);
}

int sy_flag_primary(const char *value, struct sy_cli *cli, struct sy_error *error) {
    return sy_primary_parse(value, &cli->spec.primary, error);
}

/* Steps down; that they fall is the engine's to check. */
int sy_flag_gradual(const char *value, struct sy_cli *cli, struct sy_error *error) {
    struct sy_spec steps = {0};
    struct sy_error why;
    if (sy_stages_parse(value, &steps, &why) || !steps.n_stages) {
        char shown[64];
        return sy_fail_field(error, "gradual",
                             "gradual: \"%s\" is not a list of steps down; write WEIGHT/TIME, with "
                             "commas, such as 25%%/1m,10%%/1m",
                             sy_text_clean(value, strlen(value), shown, sizeof shown));
    }
    memcpy(cli->steps, steps.stages, sizeof cli->steps);
    cli->n_steps = steps.n_stages;
    return 0;
}

/* "2026-01-02T03:04:05Z", or "30m": that long ago. */
int sy_flag_at(const char *value, struct sy_cli *cli, struct sy_error *error) {
    struct sy_error why;
    cli->at_ms = cli->ago_ms = 0;
    if (sy_time_parse("at", value, &cli->at_ms, &why) == 0 ||
        sy_duration_parse("at", value, &cli->ago_ms, &why) == 0)
        return 0;
    char shown[64];
    return sy_fail_field(
        error, "at",
        "at: \"%s\" is not a time; write 2026-01-02T03:04:05Z, or how long ago, such "
        "as 30m",
        sy_text_clean(value, strlen(value), shown, sizeof shown));
}

static int parse_choice(const char *name, const char *const *choices, const char *value, int *ret,
                        struct sy_error *error) {
    char known[200] = "";
    char shown[64];
    for (int i = 0; choices[i]; i++) {
        size_t n = strlen(known);
        if (strcmp(value, choices[i]) == 0) {
            *ret = i;
            return 0;
        }
        const char *between = choices[i + 1] ? ", " : " or ";
        (void)snprintf(known + n, sizeof known - n, "%s%s", i ? between : "", choices[i]);
    }
    return sy_fail_field(error, name, "%s: \"%s\" is not known; use %s", name,
                         sy_text_clean(value, strlen(value), shown, sizeof shown), known);
}

int sy_flag_output(const char *value, struct sy_cli *cli, struct sy_error *error) {
    int format = 0;
    if (parse_choice("output", sy_output_choices, value, &format, error))
        return -1;
    cli->output = (enum sy_output_format)format;
    return 0;
}

int sy_flag_shell(const char *value, struct sy_cli *cli, struct sy_error *error) {
    int shell = 0;
    if (cli->shell != SY_SHELL_COUNT)
        return sy_fail_field(error, "shell", "shell: more than one is named; take one at a time");
    if (parse_choice("shell", sy_shell_choices, value, &shell, error))
        return -1;
    cli->shell = (enum sy_shell)shell;
    return 0;
}

int sy_flag_platform(const char *value, struct sy_cli *cli, struct sy_error *error) {
    int platform = 0;
    if (cli->platform != SY_PLATFORM_COUNT)
        return sy_fail_field(error, "platform", "platform: more than one is named; take one");
    if (parse_choice("platform", sy_platform_choices, value, &platform, error))
        return -1;
    cli->platform = (enum sy_platform)platform;
    return 0;
}

int sy_flag_format(const char *value, struct sy_cli *cli, struct sy_error *error) {
    int face = 0;
    if (parse_choice("format", sy_format_choices, value, &face, error))
        return -1;
    cli->face = (enum sy_face)face;
    return 0;
}

/* The engine has a folder of its own, so an archive's path is made absolute here. */
int sy_flag_code(const char *value, struct sy_cli *cli, struct sy_error *error) {
    char shown[120];
    if (sy_package_parse(value, &cli->package, error))
        return -1;
    if (cli->package.kind != SY_PACKAGE_ZIP)
        return 0;
    SY_AUTO_FREE char *path = realpath(value, NULL);
    if (!path)
        return sy_fail_field(error, "code",
                             "code: %s cannot be read (%s); name a zip archive, s3://bucket/key or "
                             "an image of ECR by its digest",
                             sy_text_clean(value, strlen(value), shown, sizeof shown),
                             strerror(errno));
    return sy_package_parse(path, &cli->package, error);
}

/* "5/s", "30/m"; "0" is none at all. */
int sy_flag_rate(const char *value, struct sy_cli *cli, struct sy_error *error) {
    enum { MOST_A_SECOND = 1000 };
    char number[16] = "";
    char shown[64];
    int64_t n = 0;
    struct sy_error why;
    size_t digits = strspn(value, "0123456789");
    bool is_second = strcmp(value + digits, "/s") == 0;
    bool is_known = is_second || strcmp(value + digits, "/m") == 0 || strcmp(value, "0") == 0;
    if (digits < sizeof number)
        memcpy(number, value, digits);
    if (!is_known || sy_integer_parse("rate", number, 0, MOST_A_SECOND * INT64_C(60), &n, &why) ||
        n * (is_second ? 60 : 1) > MOST_A_SECOND * INT64_C(60))
        return sy_fail_field(
            error, "rate", "rate: \"%s\" is not a rate; write 5/s or 30/m, at most %d/s",
            sy_text_clean(value, strlen(value), shown, sizeof shown), MOST_A_SECOND);
    cli->rate_per_minute = n * (is_second ? 60 : 1);
    return 0;
}

int sy_flag_only(const char *value, struct sy_cli *cli, struct sy_error *error) {
    return parse_choice("only", sy_only_choices, value, &cli->only, error);
}

int sy_flag_payload(const char *value, struct sy_cli *cli, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *payload = NULL;
    struct sy_error why;
    if (sy_json_parse("--payload", value, strlen(value), &payload, &why))
        return sy_fail_field(error, "payload", "payload: it is not JSON: %.300s", why.message);
    cli->payload = value;
    return 0;
}
