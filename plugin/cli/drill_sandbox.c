/* Where a drill takes place: a private folder, an environment, and the sandbox when there is no
 * function to rehearse on. */
#include "cli/drill.h"

#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <ftw.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

extern char **environ;

/* In the sandbox: of its traffic, of what a bad version fails, and when one turns bad. By then the
 * release is promoted, also on a slow machine. */
static const double requests_per_second = 200;
static const double bad_rate = 0.5;
enum { TURNS_BAD_S = 12, START_MS = 10000, END_MS = 10000 };

/* ---- the environment ---- */

static bool begins(const char *entry, const char *with) {
    return strncmp(entry, with, strlen(with)) == 0;
}

static bool is_proxy(const char *entry) {
    static const char tail[] = "_proxy";
    size_t name = strcspn(entry, "=");
    return name >= sizeof tail - 1 &&
           strncasecmp(entry + name - (sizeof tail - 1), tail, sizeof tail - 1) == 0;
}

static bool stays(const char *entry, bool in_sandbox) {
    if (begins(entry, "TMPDIR=") || begins(entry, SY_RUN_BOUND "="))
        return false;
    return !in_sandbox ||
           !(begins(entry, "AWS_") || begins(entry, "STEELYARD_") || is_proxy(entry));
}

static void make_environment(struct sy_drill_place *place, bool in_sandbox) {
    static const char *const of_sandbox[] = {
        "AWS_ACCESS_KEY_ID=AKIDSANDBOX",  "AWS_SECRET_ACCESS_KEY=sandbox",
        "AWS_REGION=us-east-1",           "AWS_CONFIG_FILE=/dev/null",
        "AWS_EC2_METADATA_DISABLED=true", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
    };
    size_t n = 0;
    size_t have = 0;
    bool logs = !in_sandbox && getenv("STEELYARD_LOG");
    while (environ[have])
        have++;
    place->environment = sy_calloc(have + SY_COUNT(of_sandbox) + 4, sizeof *place->environment);
    for (size_t i = 0; i < have; i++)
        if (stays(environ[i], in_sandbox))
            place->environment[n++] = sy_strdup(environ[i]);
    for (size_t i = 0; in_sandbox && i < SY_COUNT(of_sandbox); i++)
        place->environment[n++] = sy_strdup(of_sandbox[i]);
    place->environment[n++] = sy_asprintf("TMPDIR=%s", place->folder);
    place->environment[n++] = in_sandbox ? sy_strdup(SY_RUN_BOUND "=" SY_RUN_SANDBOX)
                                         : sy_asprintf(SY_RUN_BOUND "=%d", (int)getpid());
    if (!logs) /* what the engines warn of is in their events, too */
        place->environment[n++] = sy_strdup("STEELYARD_LOG=off");
}

int sy_drill_place_make(struct sy_drill_place *place, bool in_sandbox, struct sy_error *error) {
    const char *parent = getenv("TMPDIR");
    *place = (struct sy_drill_place){.sandbox = {.output = -1}};
    if (!parent || parent[0] != '/' || strlen(parent) > sizeof place->folder - 32)
        parent = "/tmp";
    (void)snprintf(place->folder, sizeof place->folder, "%s/steelyard-drill-XXXXXX", parent);
    if (!mkdtemp(place->folder)) { /* its mode is 0700 */
        place->folder[0] = '\0';
        return sy_fail(error, SY_UNAVAILABLE, "no folder for the drill could be made in %s: %s",
                       parent, strerror(errno));
    }
    make_environment(place, in_sandbox);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status;
    (void)type;
    (void)where;
    (void)remove(path);
    return 0;
}

void sy_drill_place_remove(struct sy_drill_place *place) {
    if (place->sandbox.pid)
        (void)kill(place->sandbox.pid, SIGTERM);
    (void)sy_run_finish(&place->sandbox, END_MS);
    if (place->folder[0])
        (void)nftw(place->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; place->environment && place->environment[i]; i++)
        free(place->environment[i]);
    free(place->environment);
    *place = (struct sy_drill_place){.sandbox = {.output = -1}};
}

/* ---- the sandbox ---- */

static struct json_object *pair(const char *key, struct json_object *value) {
    struct json_object *o = json_object_new_object();
    json_object_object_add(o, key, value);
    return o;
}

static struct json_object *list_of(struct json_object *item) {
    struct json_object *list = json_object_new_array();
    json_object_array_add(list, item);
    return list;
}

static struct json_object *rate_from(int seconds, double rate) {
    char from[16];
    struct json_object *step = pair("rate", json_object_new_double(rate));
    (void)snprintf(from, sizeof from, "%ds", seconds);
    json_object_object_add(step, "from", json_object_new_string(from));
    return step;
}

static struct json_object *bad_rate_of(enum sy_rehearsal_kind kind) {
    if (kind != SY_REHEARSAL_BAD_AT_FULL)
        return json_object_new_double(bad_rate);
    struct json_object *line = list_of(rate_from(0, 0));
    json_object_array_add(line, rate_from(TURNS_BAD_S, bad_rate));
    return line;
}

static struct json_object *function_of(const struct sy_cli *settings, enum sy_rehearsal_kind kind) {
    struct sy_drill_setting setting = {.cli = settings,
                                       .drill = &(struct sy_drill){.in_sandbox = true}};
    const char *alias = settings->spec.alias;
    char name[SY_FUNCTION_MAX + 1];
    sy_drill_function(&setting, kind, name);
    struct json_object *function = pair("name", json_object_new_string(name));
    struct json_object *good = pair("version", json_object_new_string(settings->spec.version));
    struct json_object *bad = pair("version", json_object_new_string(settings->bad_version));
    json_object_object_add(bad, "error_rate", bad_rate_of(kind));
    struct json_object *versions = list_of(good);
    json_object_array_add(versions, bad);
    struct json_object *at = pair("name", json_object_new_string(alias));
    json_object_object_add(at, "version", json_object_new_string(settings->spec.version));
    struct json_object *traffic = pair("alias", json_object_new_string(alias));
    json_object_object_add(traffic, "requests_per_second",
                           json_object_new_double(requests_per_second));
    json_object_object_add(function, "versions", versions);
    json_object_object_add(function, "aliases", list_of(at));
    json_object_object_add(function, "traffic", list_of(traffic));
    return function;
}

static char *scenario_of(const struct sy_cli *settings) {
    SY_AUTO_JSON struct json_object *o = json_object_new_object();
    struct json_object *functions = json_object_new_array();
    struct json_object *metrics = pair("resolution", json_object_new_string("1s"));
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++)
        json_object_array_add(functions, function_of(settings, (enum sy_rehearsal_kind)i));
    json_object_object_add(metrics, "delay_ms", json_object_new_int(100));
    json_object_object_add(o, "functions", functions);
    json_object_object_add(o, "metrics", metrics);
    json_object_object_add(o, "latency_ms", pair("default", json_object_new_int(10)));
    return sy_json_write(o);
}

static int write_file(const char *path, const char *text, struct sy_error *error) {
    FILE *file = fopen(path, "we");
    bool written = file && fputs(text, file) >= 0;
    if (!file || fclose(file) || !written)
        return sy_fail(error, SY_UNAVAILABLE, "%s could not be written: %s", path, strerror(errno));
    return 0;
}

/* Short, but of a window with one period to spare: a poll that falls just behind the end of a
 * second does not see that second yet. */
static void choose_settings(struct sy_cli *settings) {
    struct sy_spec *spec = &settings->spec;
    spec->stages[0] = (struct sy_stage){.weight_bp = 1000, .bake_ms = 3000};
    spec->stages[1] = (struct sy_stage){.weight_bp = 5000, .bake_ms = 3000};
    spec->n_stages = 2;
    spec->window_ms = 3000;
    spec->period_ms = spec->poll_ms = 1000;
    spec->lock_in_ms = 30000;
    (void)snprintf(spec->alias, sizeof spec->alias, "live");
    (void)snprintf(spec->version, sizeof spec->version, "1");
    (void)snprintf(settings->bad_version, sizeof settings->bad_version, "2");
}

int sy_drill_place_sandbox(struct sy_drill_place *place, struct sy_cli *ret_settings,
                           int64_t *ret_turns_bad_ms, struct sy_error *error) {
    char path[sizeof place->folder + 16];
    const char *line = NULL;
    choose_settings(ret_settings);
    SY_AUTO_FREE char *scenario = scenario_of(ret_settings);
    (void)snprintf(path, sizeof path, "%s/scenario.json", place->folder);
    const char *const words[] = {"sandbox", "--scenario", path, "--output", "json", NULL};
    if (write_file(path, scenario, error) ||
        sy_run_start(&place->sandbox, words, place->environment, error))
        return -1;
    if (sy_run_line(&place->sandbox, START_MS, &line) <= 0 || !begins(line, "http://127.0.0.1:"))
        return sy_fail(error, SY_UNAVAILABLE, "the sandbox did not start: %.300s",
                       line ? line : "it said nothing");
    (void)snprintf(place->endpoint, sizeof place->endpoint, "%s", line);
    ret_settings->endpoint = place->endpoint;
    *ret_turns_bad_ms = sy_time_now() + TURNS_BAD_S * INT64_C(1000);
    return 0;
}
