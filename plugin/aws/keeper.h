/* Keeps the credentials of one client: fetched by the first call that needs them, and anew before
 * they end, while calls go on with the old ones. As in botocore, the calls drive it: an idle engine
 * asks nobody. */
#ifndef SY_AWS_KEEPER_H
#define SY_AWS_KEEPER_H

#include "aws/provider.h"

enum {
    /* So long before their end new ones are asked for, at most once a minute; and so long before it
     * at most every ten seconds (botocore's advisory and mandatory refresh). */
    SY_KEEPER_ADVISORY_MS = 15 * 60 * 1000,
    SY_KEEPER_MANDATORY_MS = 10 * 60 * 1000,
    SY_KEEPER_ADVISORY_PAUSE_MS = 60 * 1000,
    SY_KEEPER_MANDATORY_PAUSE_MS = 10 * 1000
};

enum sy_keeper_state { SY_KEEPER_READY, SY_KEEPER_WAIT, SY_KEEPER_FAILED };

/* What calls waited for is there, or error says why not. */
typedef void sy_keeper_done(void *ctx, const struct sy_error *error);

struct sy_keeper {
    struct sy_provider *provider; /* owned */
    const struct sy_clock *clock;
    struct sy_credentials credentials; /* access_key NULL: none yet */
    struct sy_credentials previous;    /* of answers that are still under way */
    bool fetching;
    bool asking; /* within sy_keeper_get(): done needs not be called */
    int64_t asked_ms;
    struct sy_error error; /* of the last fetch; code SY_OK: it went well */
    sy_keeper_done *done;
    void *ctx;
};

/* READY: keeper->credentials can be signed with now. WAIT: done will be called, later. FAILED:
 * error says why there are none. */
enum sy_keeper_state sy_keeper_get(struct sy_keeper *keeper, struct sy_error *error);
void sy_keeper_finish(struct sy_keeper *keeper);

#endif
