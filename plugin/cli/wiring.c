#include "cli/wiring.h"

#include "aws/curl_io.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "state/store.h"
#include "target/target.h"
#include "telemetry/source.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static uint64_t random_seed(void) {
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = ((uint64_t)getpid() << 32) ^ (uint64_t)(uintptr_t)&seed;
    return seed;
}

int sy_wiring_create(struct sy_wiring *wiring, struct sy_error *error) {
    char owner[SY_CLI_OWNER_MAX];
    wiring->seed = random_seed();
    if (sy_curl_io_create(&wiring->io, error))
        return -1;
    sy_owner_name(owner);
    wiring->engine = sy_engine_create(&(struct sy_engine_options){.io = wiring->io,
                                                                  .timers = &wiring->timers,
                                                                  .owner = owner,
                                                                  .owner_gone = sy_owner_gone,
                                                                  .seed = wiring->seed});
    return 0;
}

int sy_wiring_connect(struct sy_wiring *wiring, const char *region, const char *endpoint,
                      const char *profile, struct sy_error *error) {
    if (sy_aws_create(&(struct sy_aws_options){.io = wiring->io,
                                               .timers = &wiring->timers,
                                               .region = region,
                                               .endpoint = endpoint,
                                               .profile = profile,
                                               .seed = wiring->seed},
                      &wiring->aws, error))
        return -1;
    wiring->target = sy_lambda_create(wiring->aws);
    wiring->store = sy_ssm_create(wiring->aws, wiring->io, &wiring->timers, NULL);
    wiring->source = sy_cloudwatch_create(wiring->aws, wiring->io, &wiring->timers);
    sy_engine_use(wiring->engine, wiring->target, wiring->store, wiring->source);
    return 0;
}

void sy_wiring_finish(struct sy_wiring *wiring) {
    sy_engine_destroy(wiring->engine);
    if (wiring->source)
        wiring->source->ops->destroy(wiring->source);
    if (wiring->store)
        wiring->store->ops->destroy(wiring->store);
    if (wiring->target)
        wiring->target->ops->destroy(wiring->target);
    sy_aws_destroy(wiring->aws);
    if (wiring->io)
        sy_curl_io_destroy(wiring->io);
    sy_timers_finish(&wiring->timers);
}

void sy_wiring_log(int fallback) {
    static const char *const names[] = {"off", "error", "warn", "info", "debug"};
    const char *want = getenv("STEELYARD_LOG");
    enum sy_log_level level = (enum sy_log_level)fallback;
    for (size_t i = 0; want && i < SY_COUNT(names); i++)
        if (strcmp(want, names[i]) == 0)
            level = (enum sy_log_level)i;
    sy_log_set_level(level);
}
