/* The engine: drives any number of releases on one thread. All functions but sy_engine_post() are
 * called on the thread that runs sy_engine_run(); callbacks run there, too. */
#ifndef SY_ENGINE_ENGINE_H
#define SY_ENGINE_ENGINE_H

#include "base/io.h"
#include "base/timers.h"
#include "core/plan.h"
#include "core/verdict.h"

struct sy_engine;
struct sy_target; /* target/target.h: what is released */
struct sy_store;  /* state/store.h: where records live */
struct sy_source; /* telemetry/source.h: what is judged */

struct sy_engine_options {
    struct sy_io *io;
    struct sy_timers *timers; /* shared with the AWS client */
    struct sy_target *target;
    struct sy_store *store;
    struct sy_source *source;
    const char *owner; /* names this driver in leases: "host:pid" and what tells it from others */
    uint64_t seed;     /* of release identifiers */
    /* Can the owner of a lease be seen to be gone? Then it is not waited out. NULL: never. */
    bool (*owner_gone)(const char *owner);
};

/* The ports are borrowed; destroy the engine before them. */
struct sy_engine *sy_engine_create(const struct sy_engine_options *options);
/* The ports, when they were not known yet as it was created; before the first call that needs one.
 */
void sy_engine_use(struct sy_engine *engine, struct sy_target *target, struct sy_store *store,
                   struct sy_source *source);
void sy_engine_destroy(struct sy_engine *engine);

/* Run until sy_engine_stop(): fires timers, performs posted work, waits in io. */
void sy_engine_run(struct sy_engine *engine);
/* One turn of the loop: all due work, then at most one wait, no longer than until_ms. */
void sy_engine_turn(struct sy_engine *engine, int64_t until_ms);
void sy_engine_stop(struct sy_engine *engine);
/* Run fn(arg) on the engine's thread, in order; any thread may call this. */
void sy_engine_post(struct sy_engine *engine, void (*fn)(void *arg), void *arg);

/* Plan: reads and answers once. */
typedef void sy_plan_done(void *ctx, const struct sy_plan *plan, const struct sy_error *error);
void sy_engine_plan(struct sy_engine *engine, const struct sy_spec *spec, sy_plan_done *done,
                    void *ctx);

/* A status: what is, as read now. A release that nobody drives and for which something is due is
 * settled first, unless settle is false (release.md, rule 8). */
typedef void sy_status_done(void *ctx, const struct sy_facts *facts, const struct sy_error *error);
void sy_engine_status(struct sy_engine *engine, const char *function, const char *alias,
                      bool settle, sy_status_done *done, void *ctx);

/* A subscription to the events of one release. Events are pulled, so a slow reader loses nothing
 * that happened: 4096 events are kept, and when they are full the oldest OBSERVED one (what a poll
 * saw) goes first. ready() says that something is to be read; then call sy_watch_next() until it
 * says 0. */
struct sy_watch;
typedef void sy_watch_ready(void *ctx);

/* Plan, then drive. fingerprint may be NULL or ""; otherwise a plan that no longer matches it is
 * refused as STALE_PLAN. The watch owns the release: closing it before the end applies the
 * release's on_interrupt. Planning errors arrive through sy_watch_next(). */
struct sy_watch *sy_engine_apply(struct sy_engine *engine, const struct sy_spec *spec,
                                 const char *fingerprint, sy_watch_ready *ready, void *ctx);

/* Drive a release that exists, wherever it stands. Of one that is over the watch tells the end, so
 * that asking twice gives the same answer. A lease that somebody renews is not touched
 * (RELEASE_RUNNING); one that is not renewed is waited out. NO_RELEASE: nothing is recorded. */
struct sy_resume {
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char reason[SY_CONTROL_REASON_MAX + 1]; /* "": a person asked for it */
    enum sy_wait wait;
    enum sy_interrupt on_interrupt; /* SY_INTERRUPT_COUNT: as the release was begun with */
    bool promote;                   /* leave out what is left of the stages */
    /* Only what is due, then let go; what a driver left that died is treated as its on_interrupt
     * says. Somebody else's release, or none at all, is no error then. */
    bool settle;
};
/* The watch owns the release, as that of sy_engine_apply(). */
struct sy_watch *sy_engine_resume(struct sy_engine *engine, const struct sy_resume *resume,
                                  sy_watch_ready *ready, void *ctx);

/* Back to the baseline; needs neither lock nor force. Closing the watch does not stop it. */
struct sy_rollback {
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char reason[SY_REASON_MAX + 1];
    char baseline[SY_VERSION_MAX + 1]; /* to go back to; "": as the record or the parameters say */
    struct sy_stage steps[SY_STAGES_MAX]; /* step the weight down through these first */
    uint32_t n_steps;                     /* 0: at once */
    bool running_only;                    /* NO_RELEASE unless a release is under way */
    /* STALE_PLAN unless this very release is on its way up and nobody drives it; "": any */
    char left_release_id[40];
};
struct sy_watch *sy_engine_rollback(struct sy_engine *engine, const struct sy_rollback *rollback,
                                    sy_watch_ready *ready, void *ctx);
/* Look on, from the given sequence number (0 = all that is kept); changes nothing. release_id, or
 * function and alias: the newest one, which may still be planned. Never NULL: sy_watch_next() says
 * NOT_FOUND when this engine does not drive it. */
struct sy_watch *sy_engine_watch(struct sy_engine *engine, const char *release_id,
                                 const char *function, const char *alias, int64_t from_sequence,
                                 sy_watch_ready *ready, void *ctx);

/* Look on at a release whoever drives it: this engine, or another one by what it writes into the
 * record, which is read every 3 s. Ends when the release ends or nobody drives it any more. */
struct sy_watch *sy_engine_follow(struct sy_engine *engine, const char *function, const char *alias,
                                  sy_watch_ready *ready, void *ctx);

/* A person's word for a release that goes on, through its record (release.md, rule 9). Answers when
 * the driver has acted on it, or after two of its polls. Refused: NO_RELEASE, ALREADY_PROMOTED,
 * GOING_BACK. */
struct sy_control_answer {
    bool taken;    /* acted on, or it was so already; else it stands in the record */
    bool undriven; /* nobody drives: PAUSE is done, RESUME and PROMOTE need sy_engine_resume() */
    char owner[SY_OWNER_MAX + 1]; /* who drives; "" = nobody */
    struct sy_record record;
};
typedef void sy_control_done(void *ctx, const struct sy_control_answer *answer,
                             const struct sy_error *error);
void sy_engine_control(struct sy_engine *engine, const char *function, const char *alias,
                       enum sy_control control, const char *reason, sy_control_done *done,
                       void *ctx);

/* Judge a version by its telemetry; changes nothing. */
struct sy_verify {
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char version[SY_VERSION_MAX + 1]; /* "": the one being released, else the one at the alias */
    int64_t end_ms;                   /* of the window; 0 = now */
    /* -1: as the alias's last release has them, else as sy_spec_init(). */
    int64_t window_ms;
    int64_t min_invocations;
    int64_t period_ms;
    int32_t threshold_bp;
};
struct sy_verified {
    char version[SY_VERSION_MAX + 1];
    char baseline[SY_VERSION_MAX + 1]; /* "" = none beside it */
    struct sy_routing routing;         /* of the alias, now */
    struct sy_judgement judgement;
    int64_t from_ms; /* the window, (from_ms, to_ms] */
    int64_t to_ms;
    int64_t window_ms;
    int32_t threshold_bp;
    char text[SY_REASON_MAX + 1]; /* why, in words */
};
typedef void sy_verify_done(void *ctx, const struct sy_verified *verified,
                            const struct sy_error *error);
void sy_engine_verify(struct sy_engine *engine, const struct sy_verify *verify,
                      sy_verify_done *done, void *ctx);

/* The telemetry of a past span, as telemetry/source.h has it; changes nothing, and asks for nothing
 * else. INVALID_ARGUMENT names the field: version may be "", baseline needs a version, the span is
 * not empty, ends now or before, and has SY_MEASURE_PERIODS_MAX periods at most. */
enum { SY_MEASURE_PERIODS_MAX = 1440 }; /* a day of minutes */
struct sy_measure {
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char version[SY_VERSION_MAX + 1];  /* "": all that went through the alias */
    char baseline[SY_VERSION_MAX + 1]; /* "" = none */
    int64_t from_ms;                   /* inclusive; rounded down to a period */
    int64_t to_ms;                     /* exclusive; rounded up to a period */
    int64_t period_ms;
    int64_t whole_from_ms; /* since when the version had the whole alias; 0 = it never had */
};
/* Oldest first, only periods with a datapoint. */
typedef void sy_measure_done(void *ctx, const struct sy_sample *samples, size_t n,
                             const struct sy_error *error);
void sy_engine_measure(struct sy_engine *engine, const struct sy_measure *measure,
                       sy_measure_done *done, void *ctx);

/* Every version of the record that the store keeps, newest first. */
typedef void sy_history_done(void *ctx, const struct sy_stored_version *versions, size_t n,
                             const struct sy_error *error);
void sy_engine_history(struct sy_engine *engine, const char *function, const char *alias,
                       sy_history_done *done, void *ctx);

/* 1 = *ret is the next event (valid until the next call on this watch; read it in place, its memory
 * ends with its text); 0 = none now, ready() will
 * be called; -1 = the end: error->code is SY_OK after a finished release, else why it could not be.
 */
int sy_watch_next(struct sy_watch *watch, const struct sy_release_event **ret,
                  struct sy_error *error);
/* Ask the release that this watch owns to stop as its on_interrupt says; the events that follow
 * tell how it went. */
void sy_watch_interrupt(struct sy_watch *watch);
void sy_watch_close(struct sy_watch *watch);

/* Interrupt every release; done() is called when all have come to rest. */
void sy_engine_interrupt_all(struct sy_engine *engine, void (*done)(void *ctx), void *ctx);

#endif
