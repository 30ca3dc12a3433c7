/* The credentials at hand, and their renewal: what a source gave, fetched anew before it ends while
 * the old ones still do.
 *
 * As botocore has it, renewal is tried from 15 minutes before the end on; a failure is only one
 * once they have ended. Between failed tries a minute passes. */
#ifndef SY_AWS_WALLET_H
#define SY_AWS_WALLET_H

#include "aws/provider.h"

struct sy_wallet {
    const struct sy_provider_scope *scope;
    struct sy_provider *provider;
    struct sy_credentials credentials; /* access_key NULL: none yet */
    bool fetching;
    bool spoilt;           /* AWS says that they have ended, whatever they say themselves */
    int64_t retry_at_ms;   /* not fetched again before then; 0: at once */
    struct sy_error error; /* of the last fetch; code SY_OK: it went well */
    /* New credentials are about to replace those at hand (changing), and have, or could not be had
     * (settled). */
    void (*changing)(void *ctx);
    void (*settled)(void *ctx);
    void *ctx;
};

/* Chooses the source; asks nobody. The scope is borrowed. */
SY_MUST_USE int sy_wallet_open(struct sy_wallet *wallet, const struct sy_provider_scope *scope,
                               struct sy_error *error);
void sy_wallet_close(struct sy_wallet *wallet);

/* 1 = there are credentials to sign with now; 0 = they are being fetched: settled() tells; -1 =
 * they cannot be had, error says why. Begins a fetch where one is due. */
SY_MUST_USE int sy_wallet_look(struct sy_wallet *wallet, struct sy_error *error);
/* AWS refused them as ended. True: others are being fetched, so a call may be made again. */
bool sy_wallet_spoil(struct sy_wallet *wallet);

#endif
