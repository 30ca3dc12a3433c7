/* What ours makes of an environment, for check.py to compare with what botocore makes of it:
 *
 *   resolve credentials [PROFILE]   one JSON line: {"method", "access_key", "secret_key", "token"},
 *                                   or {"error"}
 *   resolve settings [PROFILE]      {"region", "lambda": URL, "ssm": …, "sts": URL, "sts_region"}
 *   resolve endpoints               of standard input's "REGION FIPS DUALSTACK" a line each:
 *                                   {"lambda": HOST, …}, or {"error"}
 *   resolve ini                     of standard input: {"section": {"key": "value"}}, or {"error"}
 */
#include "aws/chain.h"
#include "aws/curl_io.h"
#include "base/json.h"
#include "base/memory.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

struct resolver {
    struct sy_io *io;
    struct sy_timers timers;
    struct sy_clock clock;
    struct sy_settings settings;
    struct sy_provider_scope scope;
    struct sy_provider *provider;
    struct json_object *answer;
    bool done;
};

static void add(struct json_object *object, const char *key, const char *value) {
    json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static void came(void *ctx, struct sy_credentials *credentials, const struct sy_error *error) {
    struct resolver *r = ctx;
    r->done = true;
    if (error) {
        add(r->answer, "error", error->message);
        return;
    }
    add(r->answer, "method", r->provider->ops->method);
    add(r->answer, "access_key", credentials->access_key);
    add(r->answer, "secret_key", credentials->secret_key);
    add(r->answer, "token", credentials->session_token);
    sy_credentials_finish(credentials);
}

static int resolve_credentials(struct resolver *r, struct sy_error *error) {
    if (sy_curl_io_create(&r->io, error))
        return -1;
    r->clock.io = r->io;
    r->scope = (struct sy_provider_scope){
        .io = r->io, .timers = &r->timers, .clock = &r->clock, .settings = &r->settings};
    if (sy_chain_choose(&r->scope, &r->provider, error))
        return -1;
    sy_provider_fetch(r->provider, came, r);
    while (!r->done) {
        while (sy_timers_fire_one(&r->timers, sy_io_now(r->io)))
            ;
        if (!r->done)
            r->io->ops->wait(r->io, sy_timers_next(&r->timers));
    }
    return 0;
}

static char *url_of(const struct sy_endpoint *endpoint) {
    return sy_asprintf("%s://%s%s", endpoint->tls ? "https" : "http", endpoint->host,
                       endpoint->prefix);
}

static const struct sy_service *service_at(size_t i) {
    static const struct sy_service *const own[] = {&sy_service_sts, &sy_service_sso,
                                                   &sy_service_sso_oidc};
    if (i < SY_AWS_SERVICE_COUNT)
        return sy_service_get((enum sy_aws_service)i);
    return i - SY_AWS_SERVICE_COUNT < SY_COUNT(own) ? own[i - SY_AWS_SERVICE_COUNT] : NULL;
}

static int resolve_settings(struct resolver *r, struct sy_error *error) {
    struct sy_endpoint endpoint;
    const char *region = NULL;
    add(r->answer, "region", r->settings.region);
    for (size_t i = 0; service_at(i); i++) {
        const struct sy_service *service = service_at(i);
        if (sy_settings_endpoint(&r->settings, service, r->settings.region, &endpoint, error))
            return -1;
        SY_AUTO_FREE char *url = url_of(&endpoint);
        add(r->answer, service->name, url);
    }
    if (sy_settings_sts(&r->settings, &endpoint, &region, error))
        return -1;
    SY_AUTO_FREE char *sts = url_of(&endpoint);
    add(r->answer, "sts", sts);
    add(r->answer, "sts_region", region);
    return 0;
}

static void print(struct json_object *object) {
    SY_AUTO_FREE char *line = sy_json_write(object);
    (void)printf("%s\n", line);
}

static void print_endpoints(void) {
    char region[64];
    int fips = 0;
    int dual_stack = 0;
    while (scanf("%63s %d %d", region, &fips, &dual_stack) == 3) {
        SY_AUTO_JSON struct json_object *answer = json_object_new_object();
        struct sy_error error = {0};
        if (sy_region_check(region, &error))
            add(answer, "error", error.message);
        for (size_t i = 0; service_at(i) && !error.code; i++) {
            struct sy_endpoint endpoint;
            sy_endpoint_of_region(service_at(i), region, fips, dual_stack, &endpoint);
            add(answer, service_at(i)->name, endpoint.host);
        }
        print(answer);
    }
}

static void print_ini(void) {
    SY_AUTO_JSON struct json_object *answer = json_object_new_object();
    char *text = sy_calloc(1, SY_PROFILE_FILE_MAX);
    size_t len = fread(text, 1, SY_PROFILE_FILE_MAX, stdin);
    struct sy_ini ini = {0};
    struct sy_error error = {0};
    if (sy_ini_parse("it", text, len, &ini, &error))
        add(answer, "error", error.message);
    for (size_t i = 0; i < ini.n_sections; i++) {
        struct json_object *section = json_object_new_object();
        for (size_t k = 0; k < ini.sections[i].n_entries; k++)
            add(section, ini.sections[i].entries[k].key, ini.sections[i].entries[k].value);
        json_object_object_add(answer, ini.sections[i].name, section);
    }
    print(answer);
    sy_ini_finish(&ini);
    free(text);
}

int main(int argc, char **argv) {
    struct resolver r = {.answer = json_object_new_object()};
    struct sy_error error = {0};
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "endpoints") == 0) {
        print_endpoints();
    } else if (strcmp(what, "ini") == 0) {
        print_ini();
    } else {
        int failed = sy_settings_load(NULL, NULL, argc > 2 ? argv[2] : NULL, &r.settings, &error);
        if (!failed && strcmp(what, "settings") == 0)
            failed = resolve_settings(&r, &error);
        else if (!failed)
            failed = resolve_credentials(&r, &error);
        if (failed)
            add(r.answer, "error", error.message);
        print(r.answer);
    }
    sy_provider_destroy(r.provider);
    sy_settings_finish(&r.settings);
    if (r.io)
        sy_curl_io_destroy(r.io);
    sy_timers_finish(&r.timers);
    (void)json_object_put(r.answer);
    return 0;
}
