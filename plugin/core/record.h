/* The release's record: what is kept of it outside the process (one SSM parameter, JSON, at most
 * 4 KB), enough for any machine to go on with it or to take it back; and the driver's lease. */
#ifndef SY_CORE_RECORD_H
#define SY_CORE_RECORD_H

#include "core/event.h"

enum { SY_RECORD_FORMAT = 1, SY_RECORD_JSON_MAX = 4096, SY_OWNER_MAX = 80, SY_ROLLED_BACK_MAX = 8 };

/* Where a release stands. name, word. The transitions are one table in release.c. */
#define SY_PHASES(X)                                                                               \
    X(PLANNED, "planned")           /* nothing was done yet */                                     \
    X(PREPARING, "preparing")       /* taking the lease; nothing moved */                          \
    X(INTENT, "intent")             /* writing down the move that comes next */                    \
    X(SHIFTING, "shifting")         /* moving the alias forward */                                 \
    X(BAKING, "baking")             /* a stage holds and is judged */                              \
    X(LOCK_IN, "lock-in")           /* promoted, judged until the lock-in ends */                  \
    X(ROLLING_BACK, "rolling-back") /* moving the alias to the baseline */                         \
    X(VERIFYING, "verifying")       /* on the baseline: reading back, watching traffic stop */     \
    X(CLOSED, "closed")             /* over */
#define X(name, word) SY_PHASE_##name,
enum sy_phase { SY_PHASES(X) SY_PHASE_COUNT };
#undef X
const char *sy_phase_word(enum sy_phase phase);

/* What a person asked of a release that somebody else drives. The driver reads it in the record,
 * acts on it, and writes the record again without it (release.md, rule 9). */
#define SY_CONTROLS(X)                                                                             \
    X(NONE, "none")                                                                                \
    X(PAUSE, "pause")     /* stop the clock of the stage; it is judged on */                       \
    X(RESUME, "resume")   /* let it run again */                                                   \
    X(PROMOTE, "promote") /* leave out what is left of the stages */
#define X(name, word) SY_CONTROL_##name,
enum sy_control { SY_CONTROLS(X) SY_CONTROL_COUNT };
#undef X
const char *sy_control_word(enum sy_control value);

enum { SY_CONTROL_REASON_MAX = 120 };

struct sy_stage_result {
    enum sy_decision decision;
    struct sy_counts canary;
    int64_t started_ms; /* 0 = not reached */
    int64_t ended_ms;
};

struct sy_record {
    int64_t version; /* of the SSM parameter that held it; not part of the JSON */
    char release_id[40];
    struct sy_spec spec;
    enum sy_phase phase;
    uint32_t stage;                    /* 0-based stage that is under way; n_stages = 100 % */
    char baseline[SY_VERSION_MAX + 1]; /* "" = first release */
    char last_known_good[SY_VERSION_MAX + 1];
    char revision[SY_REVISION_MAX + 1]; /* RevisionId as the last move left it */
    int64_t created_ms;
    int64_t first_traffic_ms; /* deployment-timestamp; 0 = no traffic yet */
    int64_t stage_until_ms;   /* end of the stage's bake; 0 = not baking */
    int64_t promoted_ms;      /* 0 = not promoted */
    int64_t judged_ms;        /* telemetry was judged up to here */
    int64_t ended_ms;         /* 0 = not over */
    int64_t sequence;         /* of the last event */
    bool extended;            /* the stage got its one extension */
    bool unproven;            /* some stage went on without enough data */
    bool handed_over;         /* its driver let go of it in good order; else it died */
    int64_t paused_ms;        /* the stage's clock was stopped then; 0 = it runs */
    bool mirrors;             /* the four parameters follow this alias */
    /* Versions that were rolled back and not promoted since, newest first: refused without retry.
     */
    char rolled_back[SY_ROLLED_BACK_MAX][SY_VERSION_MAX + 1];
    enum sy_control control; /* asked for, not yet taken up */
    char control_reason[SY_CONTROL_REASON_MAX + 1];
    enum sy_outcome outcome;
    char reason[SY_REASON_MAX + 1];
    struct sy_stage_result results[SY_STAGES_MAX + 1]; /* [n_stages] = at 100 % */
};

/* The record as it once was. */
struct sy_stored_version {
    int64_t at_ms; /* when it was written; 0 = the store does not say */
    struct sy_record record;
};

/* Who drives, and until when. */
struct sy_lease {
    int64_t version; /* of the SSM parameter */
    char owner[SY_OWNER_MAX + 1];
    int64_t until_ms;
};

/* What to write into the four parameters; "" and 0 leave a parameter as it is. */
struct sy_mirror {
    char alias[SY_ALIAS_MAX + 1]; /* mirror-alias */
    char current[SY_VERSION_MAX + 1];
    char previous[SY_VERSION_MAX + 1];
    char last_known_good[SY_VERSION_MAX + 1];
    int64_t deployment_ms;
};

/* Is the release over (its phase is CLOSED)? */
bool sy_record_is_closed(const struct sy_record *record);
/* Of a release that is on its way back to the baseline, or there and not read back yet. */
bool sy_phase_goes_back(enum sy_phase phase);
/* Lock-in end: max(first traffic + lock-in, promotion + one window); 0 before promotion. */
int64_t sy_record_lock_in_end(const struct sy_record *record);
/* The alias's routing while the target has the stage's weight (stage n_stages: all of it). */
void sy_record_routing(const struct sy_record *record, uint32_t stage, struct sy_routing *ret);
/* The baseline alone; primary "" when there is none. */
void sy_record_baseline_routing(const struct sy_record *record, struct sy_routing *ret);
/* The routing that a forward move to the stage starts from: that of the last stage that began, or
 * the baseline. A release that a person promotes leaves out those between; a first one has none. */
void sy_record_routing_before(const struct sy_record *record, uint32_t stage,
                              struct sy_routing *ret);

#endif
