#include "aws/wallet.h"

#include "aws/chain.h"
#include "base/log.h"

enum {
    ADVISORY_MS = 15 * 60 * 1000,
    RETRY_MS = 60 * 1000,
    RETRY_NONE_MS = 1000, /* while there are none at all: whoever calls again is answered anew */
};

void sy_wallet_close(struct sy_wallet *wallet) {
    sy_provider_destroy(wallet->provider);
    sy_credentials_finish(&wallet->credentials);
    *wallet = (struct sy_wallet){0};
}

/* Do those at hand still sign? */
static bool sign(const struct sy_wallet *wallet, int64_t now_ms) {
    const struct sy_credentials *credentials = &wallet->credentials;
    return credentials->access_key && !wallet->spoilt &&
           (!credentials->expires_ms || now_ms < credentials->expires_ms);
}

static bool is_due(const struct sy_wallet *wallet, int64_t now_ms) {
    const struct sy_credentials *credentials = &wallet->credentials;
    if (!credentials->access_key || wallet->spoilt)
        return true;
    return credentials->expires_ms && !wallet->provider->ops->lasting &&
           now_ms >= credentials->expires_ms - ADVISORY_MS;
}

static void on_fetched(void *ctx, struct sy_credentials *credentials,
                       const struct sy_error *error) {
    struct sy_wallet *wallet = ctx;
    int64_t now_ms = sy_clock_now(wallet->scope->clock);
    wallet->fetching = false;
    if (error) {
        bool usable = sign(wallet, now_ms);
        wallet->error = *error;
        wallet->retry_at_ms = now_ms + (usable ? RETRY_MS : RETRY_NONE_MS);
        sy_log(SY_LOG_WARN, "%s: %s%s", wallet->provider->name, error->message,
               usable ? "; those at hand still sign" : "");
    } else {
        uint64_t generation = wallet->credentials.generation + 1;
        if (wallet->changing)
            wallet->changing(wallet->ctx);
        sy_credentials_finish(&wallet->credentials);
        wallet->credentials = *credentials;
        wallet->credentials.generation = generation;
        *credentials = (struct sy_credentials){0};
        wallet->error = (struct sy_error){0};
        wallet->spoilt = false;
        wallet->retry_at_ms = 0;
    }
    if (wallet->settled)
        wallet->settled(wallet->ctx);
}

int sy_wallet_look(struct sy_wallet *wallet, struct sy_error *error) {
    int64_t now_ms = sy_clock_now(wallet->scope->clock);
    if (is_due(wallet, now_ms) && !wallet->fetching && now_ms >= wallet->retry_at_ms) {
        wallet->fetching = true;
        sy_provider_fetch(wallet->provider, on_fetched, wallet);
    }
    if (sign(wallet, now_ms))
        return 1;
    if (wallet->fetching)
        return 0;
    if (wallet->error.code != SY_OK)
        *error = wallet->error;
    else
        (void)sy_fail_reason(error, SY_UNAUTHENTICATED, "EXPIRED_CREDENTIALS",
                             "the AWS credentials of %s have ended; get new ones",
                             wallet->provider->name);
    return -1;
}

bool sy_wallet_spoil(struct sy_wallet *wallet) {
    struct sy_error ignored;
    if (wallet->provider->ops->lasting)
        return false;
    wallet->spoilt = true;
    return sy_wallet_look(wallet, &ignored) >= 0;
}

/* What asks nobody is had at once. */
int sy_wallet_open(struct sy_wallet *wallet, const struct sy_provider_scope *scope,
                   struct sy_error *error) {
    wallet->scope = scope;
    if (sy_chain_choose(scope, &wallet->provider, error))
        return -1;
    if (!wallet->provider->ops->lasting)
        return 0;
    return sy_wallet_look(wallet, error) < 0 ? -1 : 0;
}
