/* Plan: what an apply would do, from facts that were read and nothing else. Pure. */
#ifndef SY_CORE_PLAN_H
#define SY_CORE_PLAN_H

#include "core/event.h"
#include "core/preflight.h"
#include "core/record.h"

enum { SY_PLAN_WARNINGS_MAX = 12, SY_FINGERPRINT_MAX = 64 };

/* What was read before planning. */
struct sy_facts {
    int64_t now_ms;
    bool has_alias;
    struct sy_routing routing;
    char revision[SY_REVISION_MAX + 1]; /* the alias's RevisionId */
    char alias_arn[SY_ARN_MAX + 1];     /* "" = not sent */
    bool has_version;
    char version_state[32]; /* the target's State: Active, Pending, Inactive, Failed; "" = not sent
                             */
    char code_sha256[SY_CODE_SHA256_MAX + 1]; /* the target's */
    bool has_record;
    struct sy_record record; /* of this alias */
    bool has_lease;
    struct sy_lease lease;
    char mirror_alias[SY_ALIAS_MAX +
                      1]; /* the alias that the four parameters follow; "" = none yet */
    char mirror_current[SY_VERSION_MAX + 1]; /* the four parameters; "" = absent or not a version */
    char mirror_previous[SY_VERSION_MAX + 1];
    char mirror_last_known_good[SY_VERSION_MAX + 1];
    bool has_traffic;         /* whether the alias's recent traffic could be read */
    int64_t traffic_per_hour; /* invocations through the alias */
    struct sy_preflight preflight;
};

/* Does somebody hold the lease, as far as it can be seen? */
bool sy_is_driven(const struct sy_facts *facts);
/* Are the function's four parameters this alias's to move: do they follow it, or none yet? */
bool sy_mirror_follows(const struct sy_facts *facts, const char *alias);

/* Was the version rolled back and not promoted since: is it refused without retry? */
bool sy_was_rolled_back(const struct sy_facts *facts, const char *version);

enum sy_plan_kind {
    SY_PLAN_RELEASE,   /* canary through the stages */
    SY_PLAN_FIRST,     /* no alias yet: created at 100 %, nothing can be judged */
    SY_PLAN_UNCHANGED, /* the alias serves the version alone already */
    SY_PLAN_RESUME,    /* this very release exists and nobody drives it */
};

struct sy_plan {
    enum sy_plan_kind kind;
    struct sy_spec spec;
    char baseline[SY_VERSION_MAX + 1];
    char last_known_good[SY_VERSION_MAX + 1]; /* may be older than the baseline; "" = unknown */
    struct sy_routing routing;                /* as read */
    char revision[SY_REVISION_MAX + 1];
    char release_id[40];             /* of the release that RESUME continues */
    bool supersedes;                 /* a release in its lock-in is closed as SUPERSEDED */
    bool moves_mirror;               /* the four parameters follow this alias */
    int64_t traffic_per_hour;        /* through the alias, in the hour before; -1 = not known */
    int64_t expected[SY_STAGES_MAX]; /* the target's invocations within a stage; -1 = not known */
    char warnings[SY_PLAN_WARNINGS_MAX][256];
    uint32_t n_warnings;
    char fingerprint[SY_FINGERPRINT_MAX +
                     1]; /* RevisionId, versions, code hash, record version, spec */
};

/* Decide. Errors: INVALID_ARGUMENT (spec), NOT_FOUND (version), FAILED_PRECONDITION with reason
 * RELEASE_RUNNING, FOREIGN_SPLIT, ROLLED_BACK_BEFORE, VERSION_NOT_ACTIVE or what preflight found
 * (ROLE_DIFFERS, …); nothing is changed. */
SY_MUST_USE int sy_plan_make(const struct sy_spec *spec, const struct sy_facts *facts,
                             struct sy_plan *ret, struct sy_error *error);

/* Could a release of the alias begin, whatever its version? FAILED_PRECONDITION with reason
 * RELEASE_RUNNING, FOREIGN_SPLIT or NO_BASELINE. spec->version may be "". */
SY_MUST_USE int sy_plan_check_free(const struct sy_spec *spec, const struct sy_facts *facts,
                                   struct sy_error *error);

#endif
