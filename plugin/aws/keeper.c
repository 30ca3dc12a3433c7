#include "aws/keeper.h"

#include "base/log.h"

void sy_keeper_init(struct sy_keeper *keeper, struct sy_provider *provider, sy_keeper_told *told,
                    void *ctx) {
    *keeper = (struct sy_keeper){.provider = provider, .told = told, .ctx = ctx};
}

void sy_keeper_finish(struct sy_keeper *keeper) {
    if (keeper->provider)
        sy_timers_cancel(keeper->provider->scope->timers, &keeper->timer);
    sy_provider_destroy(keeper->provider);
    sy_credentials_finish(&keeper->current);
    sy_credentials_finish(&keeper->previous);
    *keeper = (struct sy_keeper){0};
}

static int64_t now_of(const struct sy_keeper *keeper) {
    return sy_clock_now(keeper->provider->scope->clock);
}

/* What cannot be fetched anew is good until AWS says otherwise: AWS's clock counts. */
static bool is_good(const struct sy_keeper *keeper) {
    const struct sy_credentials *current = &keeper->current;
    return keeper->have && (keeper->provider->ops->lasting ||
                            (!keeper->refused &&
                             (current->expires_ms == 0 || current->expires_ms > now_of(keeper))));
}

static bool is_fresh(const struct sy_keeper *keeper) {
    return is_good(keeper) &&
           (keeper->provider->ops->lasting || keeper->current.expires_ms == 0 ||
            keeper->current.expires_ms - now_of(keeper) >= SY_KEEPER_ADVISORY_MS);
}

static void tell(void *ctx) {
    struct sy_keeper *keeper = ctx;
    struct sy_error failure = keeper->failure; /* told() may well destroy the keeper */
    keeper->told(keeper->ctx, keeper->failed ? &failure : NULL);
}

static void take(struct sy_keeper *keeper, struct sy_credentials *credentials) {
    sy_credentials_finish(&keeper->previous);
    keeper->previous = keeper->current;
    keeper->current = *credentials;
    keeper->current.generation = ++keeper->last_generation;
    keeper->have = true;
    keeper->refused = false;
}

static void fetched(void *ctx, struct sy_credentials *credentials, const struct sy_error *error) {
    struct sy_keeper *keeper = ctx;
    int64_t now = now_of(keeper);
    keeper->fetching = false;
    keeper->failed = true;
    keeper->not_before_ms = now + SY_KEEPER_PAUSE_MS;
    if (error) {
        keeper->failure = *error;
    } else if (credentials->expires_ms && credentials->expires_ms <= now &&
               !keeper->provider->ops->lasting) {
        sy_credentials_finish(credentials);
        (void)sy_fail_reason(&keeper->failure, SY_UNAUTHENTICATED, "EXPIRED_CREDENTIALS",
                             "the AWS credentials from %s had ended when they came; get new ones, "
                             "and check this machine's clock",
                             keeper->provider->name);
    } else {
        take(keeper, credentials);
        keeper->failed = false;
    }
    if (keeper->failed && is_good(keeper))
        sy_log(SY_LOG_WARN, "credentials were not renewed, the old ones go on: %s",
               keeper->failure.message);
    struct sy_timers *timers = keeper->provider->scope->timers;
    sy_timers_set(timers, &keeper->timer, sy_io_now(keeper->provider->scope->io), tell, keeper);
}

const struct sy_credentials *sy_keeper_use(struct sy_keeper *keeper) {
    bool good = is_good(keeper);
    bool wait = keeper->fetching || (good && now_of(keeper) < keeper->not_before_ms);
    if (!is_fresh(keeper) && !wait) {
        keeper->fetching = true;
        sy_provider_fetch(keeper->provider, fetched, keeper);
    }
    return is_good(keeper) ? &keeper->current : NULL;
}

bool sy_keeper_refuse(struct sy_keeper *keeper, uint64_t generation) {
    if (keeper->provider->ops->lasting)
        return false;
    if (keeper->have && keeper->current.generation == generation)
        keeper->refused = true;
    return true;
}

void sy_keeper_redact(const struct sy_keeper *keeper, char *text) {
    sy_credentials_redact(&keeper->current, text);
    sy_credentials_redact(&keeper->previous, text);
}
