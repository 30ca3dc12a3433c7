/* The life of one release as a pure function: an input and the time go in, what is to be done comes
 * out. No clock, no I/O, no allocation; so a test runs an hour's release in a millisecond, stops it
 * at every step, and replays it.
 *
 * The driver feeds START once, then answers everything that an output asks for with the input of
 * the same name, and TICK at the time the output names. At most one of each request is under way.
 */
#ifndef SY_CORE_RELEASE_H
#define SY_CORE_RELEASE_H

#include "core/plan.h"
#include "core/verdict.h"

enum { SY_OUTPUT_EVENTS_MAX = 8 };

/* How a release begins. */
enum sy_start {
    SY_START_RELEASE,  /* record made by sy_release_begin() from a plan */
    SY_START_RESUME,   /* a record that another driver left */
    SY_START_SETTLE,   /* the same, but only what is due now; then let go */
    SY_START_ROLLBACK, /* a person wants the baseline back */
};

#define SY_INPUTS(X)                                                                               \
    X(START, "start")         /* routing, revision: the alias as just read */                      \
    X(TICK, "tick")           /* the time that was asked for has come */                           \
    X(LEASED, "leased")       /* answer to lease: number = the lease's version */                  \
    X(STORED, "stored")       /* answer to store: number = the record's version */                 \
    X(MIRRORED, "mirrored")   /* answer to mirror */                                               \
    X(ALIAS, "alias")         /* answer to alias: routing, revision, exists */                     \
    X(SAMPLES, "samples")     /* answer to observe: samples */                                     \
    X(RECORD, "record")       /* answer to look: record or NULL, lease or NULL */                  \
    X(INTERRUPT, "interrupt") /* the host wants to stop; text: why */                              \
    X(ROLLBACK, "rollback")   /* a person wants the baseline back; text: why; steps */             \
    X(CONTROL, "control")     /* a person pauses, resumes or promotes it; control, text: why */
#define X(name, word) SY_INPUT_##name,
enum sy_input_kind { SY_INPUTS(X) SY_INPUT_COUNT };
#undef X
const char *sy_input_word(enum sy_input_kind kind);

struct sy_input {
    enum sy_input_kind kind;
    int64_t now_ms;               /* Unix time; never goes back */
    const struct sy_error *error; /* the request failed; NULL: it did not */
    bool exists;                  /* ALIAS: there is one */
    const struct sy_routing *routing;
    const char *revision;
    int64_t number;
    const struct sy_sample *samples;
    size_t n_samples;
    const struct sy_record *record;
    const struct sy_lease *lease;
    const struct sy_mirror *mirror; /* START, RECORD: what stands in the parameters */
    const char *text;
    enum sy_control control;
    /* START of a rollback, ROLLBACK: the weights to step down through, each with how long it holds;
     * none: at once. */
    const struct sy_stage *steps;
    uint32_t n_steps;
};

enum sy_alias_request { SY_ALIAS_NOTHING, SY_ALIAS_READ, SY_ALIAS_WRITE };

/* What is to be done, in this order. */
struct sy_output {
    enum sy_alias_request alias;
    struct sy_routing routing;          /* for SY_ALIAS_WRITE */
    char revision[SY_REVISION_MAX + 1]; /* guards the write; "" creates the alias */
    bool lease;                         /* write release->lease */
    bool store;                         /* write release->record */
    bool mirror;                        /* write mirror_values */
    struct sy_mirror mirror_values;
    bool observe; /* ask telemetry for [observe_from_ms, now] */
    int64_t observe_from_ms;
    bool look;            /* read record and lease */
    int64_t look_version; /* the record as of that version of its parameter; 0 = as it is */
    bool drop_lease;
    bool rest;       /* this driver is done with the release; nothing follows */
    int64_t tick_ms; /* feed TICK then; INT64_MAX = no need */
    struct sy_release_event events[SY_OUTPUT_EVENTS_MAX];
    uint32_t n_events;
};

struct sy_release {
    struct sy_record record;
    struct sy_lease lease;     /* ours; version 0 = none yet */
    struct sy_routing routing; /* of the alias, as last seen or set */
    enum sy_start start;
    enum sy_phase resume_phase; /* where START_RESUME goes on */
    /* Requests under way. */
    enum sy_alias_request alias_request;
    enum sy_alias_request answered; /* what the ALIAS input at hand is the answer to */
    bool leasing, storing, mirroring, observing, looking;
    /* Requests that wait for the one under way. */
    bool want_store;
    int64_t gap_version; /* of the record, to be looked at; 0 = none */
    bool mirror_again;   /* want_mirror grew while it was being written */
    struct sy_mirror want_mirror;
    struct sy_mirror known_mirror; /* what stands there, as far as known: not written again */
    /* Trying again. */
    uint32_t attempts; /* of the move or read under way */
    uint32_t store_failures, mirror_failures, observe_failures, verify_failures;
    int64_t retry_ms; /* when the alias request is made again; 0 = not waiting */
    int64_t store_ms; /* not before then */
    int64_t mirror_ms;
    int64_t next_poll_ms;
    int64_t decided_ms;      /* when the move under way was decided */
    int64_t switched_ms;     /* when the rollback's move was answered */
    int64_t observed_ms;     /* time of the last good answer of the source */
    enum sy_outcome leaving; /* not NONE: let go as soon as all is written down */
    enum sy_outcome rollback_outcome;
    bool move_outstanding;       /* the rollback waits for the answer to what went before */
    bool lease_contended;        /* written by somebody else between our last write and this */
    bool lease_foreign;          /* the last look saw another name on it */
    int64_t lease_good_until_ms; /* as far as we know that it is written down */
    bool lease_lost;             /* somebody else drives now */
    enum { SY_TRUSTS, SY_SUSPECTS, SY_HAS_LOOKED } suspicion; /* of somebody else's hand */
    bool contested;          /* the move under way met a revision that was not ours */
    int64_t control_version; /* of the record with the last control that was taken up */
    struct sy_stage steps[SY_STAGES_MAX]; /* of a gradual rollback, [0] comes next */
    uint32_t n_steps;
    bool follows;    /* somebody else steps it back: this driver sees to it that it gets there */
    bool step_holds; /* retry_ms is the end of a step, not another try */
    bool stateless;  /* the store cannot be read: leave it alone */
    int64_t traffic_per_hour; /* through the alias before the release; -1 = not known */
    bool manual;              /* a person's rollback: goes on whatever the alias looks like */
    bool interrupted;         /* do not wait for what is only nice to know */
    bool traffic_seen;        /* after a rollback: looked at, told */
    bool rested;
    char text[SY_REASON_MAX + 1]; /* why it rolls back or leaves */
};

/* Prepare. plan: for SY_START_RELEASE, with the record of the alias before, if any; release_id is
 * made by the caller. */
void sy_release_begin(struct sy_release *release, const struct sy_plan *plan,
                      const struct sy_record *before, const char *release_id, int64_t now_ms);
/* Go on with a record: RESUME, SETTLE or ROLLBACK. wait and on_interrupt are the new driver's. */
void sy_release_resume(struct sy_release *release, const struct sy_record *record,
                       enum sy_start start, enum sy_wait wait, enum sy_interrupt on_interrupt);

void sy_release_step(struct sy_release *release, const struct sy_input *input,
                     struct sy_output *output);

/* Worth trying again? */
bool sy_is_transient(const struct sy_error *error);

/* One row of the transition table. */
struct sy_transition {
    enum sy_phase from;
    enum sy_input_kind on;
    uint32_t to; /* bit mask of the phases it may lead to, besides staying */
    const char *why;
    void (*run)(struct sy_release *release, const struct sy_input *input, struct sy_output *output);
};
extern const struct sy_transition sy_transitions[];
extern const size_t sy_n_transitions;

#endif
