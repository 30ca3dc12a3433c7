#include "aws/keeper.h"

#include "base/log.h"
#include "base/text.h"

static int64_t left_ms(const struct sy_keeper *keeper) {
    const struct sy_credentials *have = &keeper->credentials;
    if (!have->access_key)
        return 0;
    return have->expires_ms ? have->expires_ms - sy_clock_now(keeper->clock) : INT64_MAX;
}

static int say_ended(const struct sy_keeper *keeper, int64_t expires_ms, struct sy_error *error) {
    char end[24];
    return sy_fail_reason(error, SY_UNAUTHENTICATED, "EXPIRED_CREDENTIALS",
                          "the AWS credentials of %.200s have ended, at %s; get new ones, or check "
                          "this machine's clock",
                          keeper->provider->name, sy_time_format(expires_ms, end));
}

static void replace(struct sy_keeper *keeper, struct sy_credentials *credentials) {
    sy_credentials_finish(&keeper->previous);
    keeper->previous = keeper->credentials;
    keeper->credentials = *credentials;
    keeper->credentials.generation = keeper->previous.generation + 1;
    *credentials = (struct sy_credentials){0};
}

static void fetched(void *ctx, struct sy_credentials *credentials, const struct sy_error *error) {
    struct sy_keeper *keeper = ctx;
    keeper->fetching = false;
    keeper->error = (struct sy_error){0};
    if (error) {
        keeper->error = *error;
    } else if (credentials->expires_ms && credentials->expires_ms <= sy_clock_now(keeper->clock)) {
        (void)say_ended(keeper, credentials->expires_ms, &keeper->error);
        sy_credentials_finish(credentials);
    } else {
        replace(keeper, credentials);
    }
    if (keeper->error.code != SY_OK && left_ms(keeper) > 0)
        sy_log(SY_LOG_WARN, "new AWS credentials could not be had, calls go on with the old: %s",
               keeper->error.message);
    if (!keeper->asking)
        keeper->done(keeper->ctx, left_ms(keeper) > 0 ? NULL : &keeper->error);
}

static void fetch(struct sy_keeper *keeper) {
    keeper->asked_ms = sy_clock_now(keeper->clock);
    keeper->fetching = true;
    keeper->asking = true;
    sy_provider_fetch(keeper->provider, fetched, keeper);
    keeper->asking = false;
}

static bool is_due(const struct sy_keeper *keeper, int64_t left) {
    int64_t pause =
        left > SY_KEEPER_MANDATORY_MS ? SY_KEEPER_ADVISORY_PAUSE_MS : SY_KEEPER_MANDATORY_PAUSE_MS;
    return !keeper->provider->ops->lasting && left < SY_KEEPER_ADVISORY_MS &&
           sy_clock_now(keeper->clock) - keeper->asked_ms >= pause;
}

enum sy_keeper_state sy_keeper_get(struct sy_keeper *keeper, struct sy_error *error) {
    int64_t left = left_ms(keeper);
    bool has = keeper->credentials.access_key != NULL;
    if (left <= 0 && has && keeper->provider->ops->lasting) {
        (void)say_ended(keeper, keeper->credentials.expires_ms, error);
        return SY_KEEPER_FAILED;
    }
    if (!keeper->fetching && (left <= 0 || is_due(keeper, left)))
        fetch(keeper);
    if (left_ms(keeper) > 0)
        return SY_KEEPER_READY;
    if (keeper->fetching)
        return SY_KEEPER_WAIT;
    *error = keeper->error;
    return SY_KEEPER_FAILED;
}

void sy_keeper_finish(struct sy_keeper *keeper) {
    sy_provider_destroy(keeper->provider);
    sy_credentials_finish(&keeper->credentials);
    sy_credentials_finish(&keeper->previous);
}
