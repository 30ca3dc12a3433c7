/* Keeps the credentials of one source fresh, and tells who waits for the first ones.
 *
 * As in botocore, new ones are fetched when the old ones have less than 15 minutes left. Unlike
 * there, calls go on with the old ones as long as those are good, whatever becomes of the fetch: a
 * rollback must not wait for a source that is down. A fetch that failed is tried again after a
 * minute, sooner when nothing good is left. */
#ifndef SY_AWS_KEEPER_H
#define SY_AWS_KEEPER_H

#include "aws/provider.h"

enum { SY_KEEPER_ADVISORY_MS = 15 * 60 * 1000, SY_KEEPER_PAUSE_MS = 60 * 1000 };

/* Credentials have come, or error says why not: for all that were told to wait. */
typedef void sy_keeper_told(void *ctx, const struct sy_error *error);

struct sy_keeper {
    struct sy_provider *provider; /* owned */
    struct sy_credentials current;
    struct sy_credentials previous; /* an answer to a request that they signed may repeat them */
    uint64_t last_generation;
    bool have;    /* current is something */
    bool refused; /* AWS says that it has ended */
    bool fetching;
    int64_t not_before_ms; /* of the next fetch, as long as current is good */
    bool failed;           /* the last fetch, with failure */
    struct sy_error failure;
    struct sy_timer timer;
    sy_keeper_told *told;
    void *ctx;
};

/* Takes over the provider. */
void sy_keeper_init(struct sy_keeper *keeper, struct sy_provider *provider, sy_keeper_told *told,
                    void *ctx);
/* Drops a fetch under way. */
void sy_keeper_finish(struct sy_keeper *keeper);

/* What to sign with now, valid until the next call. NULL: it is being fetched, wait for told(),
 * which comes later, never from within. */
const struct sy_credentials *sy_keeper_use(struct sy_keeper *keeper);
/* AWS answered that those of this generation have ended. True: others can be had, use() again. */
bool sy_keeper_refuse(struct sy_keeper *keeper, uint64_t generation);

/* Star out all secrets that an answer may repeat. */
void sy_keeper_redact(const struct sy_keeper *keeper, char *text);

#endif
