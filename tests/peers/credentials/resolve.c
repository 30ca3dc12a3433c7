/* What the chain makes of this process's environment.
 *
 *   resolve credentials [PROFILE]   one line: method, access key, region; or "error", why
 *   resolve endpoints               for each line "SERVICE REGION FIPS DUALSTACK" of standard input
 *                                   (the last two 0 or 1) the URL; "sts-legacy" is STS with
 *                                   AWS_STS_REGIONAL_ENDPOINTS=legacy *   resolve ini, resolve
 * words      documents of standard input, each closed by 0x1D, as they are read: fields closed by
 * 0x1F, entries by 0x1E, documents by 0x1D;
 *                                   "!" when one is refused
 */
#include "aws/chain.h"
#include "aws/curl_io.h"
#include "aws/ini.h"
#include "aws/keeper.h"
#include "aws/words.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

static void on_done(void *ctx, const struct sy_error *error) {
    struct sy_error *ret = ctx;
    if (error)
        *ret = *error;
}

static int run(struct sy_io *io, struct sy_timers *timers, struct sy_keeper *keeper,
               struct sy_error *error) {
    enum sy_keeper_state state = sy_keeper_get(keeper, error);
    while (state == SY_KEEPER_WAIT && keeper->fetching) {
        while (sy_timers_fire_one(timers, sy_io_now(io)))
            ;
        if (keeper->fetching)
            io->ops->wait(io, sy_timers_next(timers));
    }
    return keeper->credentials.access_key ? 0 : -1;
}

static int resolve(const char *profile) {
    struct sy_error error = {0};
    struct sy_timers timers = {0};
    struct sy_settings settings = {0};
    struct sy_clock clock = {0};
    struct sy_provider_scope scope = {.timers = &timers, .clock = &clock, .settings = &settings};
    struct sy_keeper keeper = {.clock = &clock, .done = on_done, .ctx = &error};
    if (sy_curl_io_create(&scope.io, &error))
        return 1;
    clock.io = scope.io;
    int failed = sy_settings_load(NULL, NULL, profile, &settings, &error) ||
                 sy_chain_choose(&scope, &keeper.provider, &error) ||
                 run(scope.io, &timers, &keeper, &error);
    if (failed)
        (void)printf("error\t%s\n", error.message);
    else
        (void)printf("%s\t%s\t%s\n", keeper.provider->ops->method, keeper.credentials.access_key,
                     settings.region);
    sy_keeper_finish(&keeper);
    sy_settings_finish(&settings);
    sy_curl_io_destroy(scope.io);
    sy_timers_finish(&timers);
    return 0;
}

static const struct sy_service *find(const char *name) {
    const struct sy_service *others[] = {&sy_service_sts, &sy_service_sso, &sy_service_sso_oidc};
    for (int i = 0; i < SY_AWS_SERVICE_COUNT; i++)
        if (strcmp(sy_service_get((enum sy_aws_service)i)->name, name) == 0)
            return sy_service_get((enum sy_aws_service)i);
    for (size_t i = 0; i < SY_COUNT(others); i++)
        if (strcmp(others[i]->name, name) == 0)
            return others[i];
    return NULL;
}

static int say_endpoint(const char *service, const char *region, bool fips, bool dual_stack) {
    struct sy_error error = {0};
    struct sy_settings settings = {0};
    struct sy_endpoint endpoint = {0};
    const char *signed_region = region;
    bool legacy = strcmp(service, "sts-legacy") == 0;
    (void)setenv("AWS_USE_FIPS_ENDPOINT", fips ? "true" : "false", 1);
    (void)setenv("AWS_USE_DUALSTACK_ENDPOINT", dual_stack ? "true" : "false", 1);
    (void)setenv("AWS_STS_REGIONAL_ENDPOINTS", legacy ? "legacy" : "regional", 1);
    int failed =
        sy_settings_load(region, NULL, NULL, &settings, &error) ||
        (legacy ? sy_settings_sts(&settings, &endpoint, &signed_region, &error)
                : sy_settings_endpoint(&settings, find(service), region, &endpoint, &error));
    if (failed)
        (void)printf("refused: %s\n", error.message);
    else
        (void)printf("%s://%s%s %s\n", endpoint.tls ? "https" : "http", endpoint.host,
                     endpoint.prefix, signed_region);
    sy_settings_finish(&settings);
    return 0;
}

static void say_ini(const char *text, size_t len) {
    struct sy_ini ini = {0};
    struct sy_error error = {0};
    if (sy_ini_parse("it", text, len, &ini, &error)) {
        (void)printf("!");
        return;
    }
    for (size_t i = 0; i < ini.n_sections; i++) {
        const struct sy_ini_section *section = &ini.sections[i];
        (void)printf("%s\x1F\x1E", section->name);
        for (size_t k = 0; k < section->n_entries; k++)
            (void)printf("%s\x1F%s\x1F%s\x1F\x1E", section->name, section->entries[k].key,
                         section->entries[k].value);
    }
    sy_ini_finish(&ini);
}

static void say_words(const char *text) {
    struct sy_words words = {0};
    if (sy_words_split(text, &words)) {
        (void)printf("!");
        return;
    }
    for (size_t i = 0; i < words.count; i++)
        (void)printf("%s\x1F", words.list[i]);
    sy_words_finish(&words);
}

static int say_documents(bool ini) {
    char *text = NULL;
    size_t size = 0;
    ssize_t len = 0;
    while ((len = getdelim(&text, &size, 0x1D, stdin)) > 0) {
        text[len - 1] = '\0';
        if (ini)
            say_ini(text, (size_t)len - 1);
        else
            say_words(text);
        (void)printf("\x1D");
    }
    free(text);
    return 0;
}

int main(int argc, char **argv) {
    char line[128];
    char service[32];
    char region[40];
    int fips = 0;
    int dual_stack = 0;
    if (argc >= 2 && strcmp(argv[1], "credentials") == 0)
        return resolve(argc > 2 ? argv[2] : NULL);
    if (argc >= 2 && (strcmp(argv[1], "ini") == 0 || strcmp(argv[1], "words") == 0))
        return say_documents(argv[1][0] == 'i');
    while (fgets(line, sizeof line, stdin))
        if (sscanf(line, "%31s %39s %d %d", service, region, &fips, &dual_stack) != 4 ||
            say_endpoint(service, region, fips, dual_stack))
            return 2;
    return 0;
}
