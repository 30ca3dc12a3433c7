/* Whole releases in a test: the real engine, ports and AWS client on the in-process world, on
 * virtual time. Nothing here sleeps, and the same case gives the same trace. */
#ifndef SY_TESTS_SIM_H
#define SY_TESTS_SIM_H

#include "base/io.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/timers.h"
#include "engine/engine.h"

/* 2026-01-01T00:00:00Z */
#define SIM_START_MS INT64_C(1767225600000)

/* One thing that is asked of the engine, after what was asked before has ended. */
enum sim_verb {
    SIM_APPLY,
    SIM_ROLLBACK,
    SIM_STATUS,
    SIM_PLAN,
    SIM_WAIT,
    SIM_RESUME,
    SIM_SETTLE,
    SIM_PROMOTE, /* and drive it */
    SIM_GRADUAL, /* a rollback by 25 % and 5 % */
    SIM_ABORT,
    SIM_PAUSE, /* these three are a word to whoever drives */
    SIM_SAY_RESUME,
    SIM_SAY_PROMOTE,
    SIM_FOLLOW,
    SIM_VERIFY,
    SIM_HISTORY,
    SIM_VERB_COUNT
};
const char *sim_verb_word(enum sim_verb verb);
struct sim_request {
    enum sim_verb verb;
    struct sy_spec spec;
    char fingerprint[SY_FINGERPRINT_MAX + 1];
    int64_t wait_ms; /* SIM_WAIT: nothing is asked, time passes */
};

/* One file of tests/sim/cases: a world, what is asked of the engine, and what happens meanwhile. */
struct sim_case {
    char *world; /* scenario JSON */
    struct sim_request requests[8];
    size_t n_requests;
    struct sim_action {
        int64_t at_ms; /* after the start */
        char what[16]; /* interrupt, rollback, or act */
        char *act;     /* JSON for sy_world_act */
    } actions[8];
    size_t n_actions;
};
void sim_case_load(const char *path, struct sim_case *ret);
void sim_case_finish(struct sim_case *c);

/* A world that outlives the engines that drive releases in it. */
struct sim_world {
    struct sy_world *world;
    struct sy_io *io;        /* the world's carrier */
    struct sy_io tracing;    /* wraps it: writes what is called into the trace */
    struct sy_buffer *trace; /* NULL: no trace */
    uint64_t steps;          /* exchanges that arrived or were delivered */
    size_t next_action;
};
void sim_world_init(struct sim_world *w, const struct sim_case *c, struct sy_buffer *trace);
void sim_world_finish(struct sim_world *w);

/* An engine in that world. */
struct sim_engine {
    struct sim_world *w;
    struct sy_timers timers;
    struct sy_aws *aws;
    struct sy_target *target;
    struct sy_store *store;
    struct sy_source *source;
    struct sy_engine *engine;
    struct sy_watch *watch;
    struct sy_timer timer; /* of SIM_WAIT */
    bool over;
    struct sy_error error;
    enum sy_outcome outcome;
};
void sim_engine_init(struct sim_engine *e, struct sim_world *w, const char *owner);
/* As a kill would leave it: nothing is finished, requests that have not arrived never will. */
void sim_engine_kill(struct sim_engine *e);

/* Ask, then turn the loop: until the request has ended, or max_turns turns of the loop were made.
 * Returns the number made. */
void sim_ask(struct sim_engine *e, const struct sim_request *request);
uint64_t sim_run(struct sim_engine *e, const struct sim_case *c, uint64_t max_turns);

/* What is left in the world: the alias and every parameter but leases, one line each, without what
 * differs from run to run by nature (revisions, identifiers, times). */
void sim_describe(struct sim_world *w, struct sy_buffer *out);

#endif
