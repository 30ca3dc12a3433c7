/* What a release tells those who watch it. One struct sy_release_event is one ReleaseEvent of the
 * protocol, one line of the terminal and one JSON line. */
#ifndef SY_CORE_EVENT_H
#define SY_CORE_EVENT_H

#include "core/spec.h"

/* Where an alias sends its traffic. */
struct sy_routing {
    char primary[SY_VERSION_MAX + 1];
    char additional[SY_VERSION_MAX + 1]; /* empty: all traffic goes to primary */
    int32_t additional_bp;               /* the additional version's share */
};
bool sy_routing_equal(const struct sy_routing *a, const struct sy_routing *b);
/* The share of traffic that the version gets, 0..10000. */
int32_t sy_routing_share(const struct sy_routing *routing, const char *version);
/* "41 100%" or "41 90%, 42 10%"; buf of 80 bytes; returns buf. */
const char *sy_routing_format(const struct sy_routing *routing, char buf[80]);

struct sy_counts {
    int64_t invocations;
    int64_t errors;
};

#define SY_DECISIONS(X)                                                                            \
    X(NONE, "none")                                                                                \
    X(HEALTHY, "healthy")                                                                          \
    X(UNHEALTHY, "unhealthy")                                                                      \
    X(INCONCLUSIVE, "inconclusiv"                                                                  \
                    "e")
#define X(name, word) SY_DECISION_##name,
enum sy_decision { SY_DECISIONS(X) SY_DECISION_COUNT };
#undef X
const char *sy_decision_word(enum sy_decision value);

/* name, word, exit code of the command line (release.md, outcomes and exit codes) */
#define SY_OUTCOMES(X)                                                                             \
    X(NONE, "NONE", 1)                                                                             \
    X(PROMOTED, "PROMOTED", 0)                                                                     \
    X(PROMOTED_UNPROVEN, "PROMOTED_UNPROVEN", 0)                                                   \
    X(UNCHANGED, "UNCHANGED", 0)                                                                   \
    X(HANDED_OFF, "HANDED_OFF", 0)                                                                 \
    X(ROLLED_BACK, "ROLLED_BACK", 3)                                                               \
    X(CANCELLED, "CANCELLED", 3)                                                                   \
    X(SUPERSEDED, "SUPERSEDED", 0)                                                                 \
    X(PAUSED, "PAUSED", 4)                                                                         \
    X(HALTED, "HALTED", 7)                                                                         \
    X(FAILED, "FAILED", 1)
#define X(name, word, exit) SY_OUTCOME_##name,
enum sy_outcome { SY_OUTCOMES(X) SY_OUTCOME_COUNT };
#undef X
const char *sy_outcome_word(enum sy_outcome value);
int sy_outcome_exit(enum sy_outcome value);

/* name, word. The payload of each kind is described beside the fields it uses. */
#define SY_EVENT_KINDS(X)                                                                          \
    X(PLANNED, "planned")                     /* baseline, version, text: the stages */            \
    X(PREPARED, "prepared")                   /* text */                                           \
    X(STAGE_STARTED, "stage_started")         /* stage, weight_bp, duration_ms: the bake */        \
    X(ALIAS_MOVED, "alias_moved")             /* from, to, duration_ms: decision to answer */      \
    X(OBSERVED, "observed")                   /* stage, weight_bp, canary, other, threshold_bp */  \
    X(STAGE_VERDICT, "stage_verdict")         /* the same, decision, text: why */                  \
    X(PAUSED, "paused")                       /* stage, text */                                    \
    X(RESUMED, "resumed")                     /* stage, text */                                    \
    X(ROLLBACK_STARTED, "rollback_started")   /* baseline, version, text: why */                   \
    X(ROLLBACK_VERIFIED, "rollback_verified") /* to, text */                                       \
    X(LOCK_IN_STARTED, "lock_in_started")     /* duration_ms: what is left of it */                \
    X(LOCK_IN_ENDED, "lock_in_ended")         /* canary, decision, text */                         \
    X(NOTE, "note")                           /* text */                                           \
    X(FINISHED, "finished")                   /* outcome, baseline, version, to, text */
#define X(name, word) SY_EVENT_##name,
enum sy_event_kind { SY_EVENT_KINDS(X) SY_EVENT_KIND_COUNT };
#undef X
const char *sy_event_word(enum sy_event_kind kind);

struct sy_release_event {
    enum sy_event_kind kind;
    int64_t sequence; /* 1, 2, 3 … within the release, across processes */
    int64_t at_ms;    /* Unix time */
    char release_id[40];
    char baseline[SY_VERSION_MAX + 1];
    char version[SY_VERSION_MAX + 1];
    uint32_t stage;    /* 1-based; 0 = not in a stage; n_stages + 1 = at 100 % */
    uint32_t n_stages; /* stages of the release */
    int32_t weight_bp;
    int64_t until_ms; /* end of the bake or lock-in that is under way; 0 = none */
    int64_t duration_ms;
    struct sy_routing from;
    struct sy_routing to;
    struct sy_counts canary; /* the target within the window */
    struct sy_counts other;  /* the baseline within the window */
    int32_t threshold_bp;
    int64_t window_ms;
    enum sy_decision decision;
    enum sy_outcome outcome;
    bool warning; /* a NOTE that a person should see even in quiet output */
    char text[SY_REASON_MAX + 56];
};

#endif
