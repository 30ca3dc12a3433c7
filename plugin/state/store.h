/* Where records, leases and the mirror live. state/ssm.c keeps them in SSM parameters:
 *   /lambda/{fn}/current-version, previous-version, last-known-good-version, deployment-timestamp
 * (ms) /lambda/{fn}/mirror-alias            the alias that those four follow
 *   /lambda/{fn}/steelyard/{alias}       the record, JSON
 *   /lambda/{fn}/steelyard/{alias}/lock  the lease, JSON
 *
 * Operations answer once, later, never from within the call; error is NULL on success. */
#ifndef SY_STATE_STORE_H
#define SY_STATE_STORE_H

#include "core/cleanup.h"
#include "core/record.h"

struct sy_stored {
    bool has_record;
    struct sy_record record; /* with its version */
    bool has_lease;
    struct sy_lease lease;
    char mirror_alias[SY_ALIAS_MAX + 1];
    char current[SY_VERSION_MAX + 1]; /* "" = absent or not a version number */
    char previous[SY_VERSION_MAX + 1];
    char last_known_good[SY_VERSION_MAX + 1];
    int64_t deployment_ms; /* 0 = absent or not a number */
};

typedef void sy_stored_done(void *ctx, const struct sy_stored *stored,
                            const struct sy_error *error);
/* version = of the parameter as written; each write raises it by one, whoever writes. */
typedef void sy_written_done(void *ctx, int64_t version, const struct sy_error *error);

/* A version that something of the function's parameters names, and what. */
typedef void sy_names_done(void *ctx, const struct sy_named_version *names, size_t n,
                           const struct sy_error *error);
/* Newest first; [n] is owned by the caller of the callback. */
typedef void sy_versions_stored_done(void *ctx, const struct sy_stored_version *versions, size_t n,
                                     const struct sy_error *error);

struct sy_store;
struct sy_store_ops {
    /* Everything in one call. A record that is not JSON, breaks a rule, or has a newer format is
     * FAILED_PRECONDITION, reason BAD_RECORD, and says which parameter holds it. */
    void (*read)(struct sy_store *store, const char *function, const char *alias,
                 sy_stored_done *done, void *ctx);
    /* The record as it was at one version of its parameter (name:version); only has_record and
     * record are filled. */
    void (*read_version)(struct sy_store *store, const char *function, const char *alias,
                         int64_t version, sy_stored_done *done, void *ctx);
    /* Every version of the record that the store keeps (SSM: the last 100). What is no record, by
     * somebody else's hand, is left out. */
    void (*read_history)(struct sy_store *store, const char *function, const char *alias,
                         sy_versions_stored_done *done, void *ctx);
    void (*write_record)(struct sy_store *store, const struct sy_record *record,
                         sy_written_done *done, void *ctx);
    /* lease->version 0: create it (ALREADY_EXISTS when somebody has one); else overwrite. */
    void (*write_lease)(struct sy_store *store, const char *function, const char *alias,
                        const struct sy_lease *lease, sy_written_done *done, void *ctx);
    void (*drop_lease)(struct sy_store *store, const char *function, const char *alias,
                       sy_written_done *done, void *ctx);
    /* Writes only what is set, one after the other; version is 0. */
    void (*write_mirror)(struct sy_store *store, const char *function,
                         const struct sy_mirror *mirror, sy_written_done *done, void *ctx);
    /* Every version that the parameters and the records of all aliases name, some of them twice.
     * A record that cannot be read is FAILED_PRECONDITION, reason BAD_RECORD: it may name any. */
    void (*read_names)(struct sy_store *store, const char *function, sy_names_done *done,
                       void *ctx);
    /* Whether writing is allowed, without a change: creates current-version, which is there with
     * that value, and so is ALREADY_EXISTS; should it have gone meanwhile, it is as it was. */
    void (*prove_write)(struct sy_store *store, const char *function, const char *current,
                        sy_written_done *done, void *ctx);
    void (*destroy)(struct sy_store *store);
};
struct sy_store {
    const struct sy_store_ops *ops;
};

struct sy_aws;
struct sy_io;
struct sy_timers;
/* prefix NULL: "/lambda". io and timers: what needs no call is still answered later. */
struct sy_store *sy_ssm_create(struct sy_aws *aws, struct sy_io *io, struct sy_timers *timers,
                               const char *prefix);

#endif
