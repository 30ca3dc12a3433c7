/* The engine's own parts: engine.c (loop, work from other threads), gather.c (reading what a
 * decision needs), around.c (what stands around it), drive.c (one release being driven), watch.c
 * (who looks on), onlook.c (from afar), and the verbs: verbs.c (plan, apply, status), resume.c,
 * rollback.c, control.c, verify.c, measure.c; of a function: publish.c, check.c, cleanup.c. */
#ifndef SY_ENGINE_ENGINE_INTERNAL_H
#define SY_ENGINE_ENGINE_INTERNAL_H

#include "core/release.h"
#include "engine/engine.h"
#include "state/store.h"
#include "target/function.h"
#include "target/target.h"
#include "telemetry/source.h"

#include <pthread.h>

struct sy_drive;

struct sy_engine {
    struct sy_io *io;
    struct sy_timers *timers;
    struct sy_target *target;
    struct sy_store *store;
    struct sy_source *source;
    char owner[SY_OWNER_MAX - 16];
    bool (*owner_gone)(const char *owner);
    uint64_t random;
    uint64_t drives_made;
    bool stopping;
    struct sy_drive *drives;   /* all, newest first */
    struct sy_gather *gathers; /* under way */
    struct sy_job *jobs;       /* all, newest first (job.h) */
    struct sy_errand *errands; /* under way */
    bool sweep;                /* one of them may have become of no use */
    struct sy_output output;   /* of the step at hand; too large for every stack frame */
    void (*all_rested)(void *ctx);
    void *all_rested_ctx;
    /* Work from other threads. */
    pthread_mutex_t lock;
    struct sy_posted {
        void (*fn)(void *arg);
        void *arg;
    } * posted;
    size_t n_posted, posted_capacity;
};

/* ---- gather.c ---- */

enum {
    SY_GATHER_VERSION = 1, /* the version's state, and what stands around the alias: best effort */
    SY_GATHER_TRAFFIC = 2, /* the alias's traffic of the last hour; best effort */
    SY_GATHER_URGENT = 4,  /* while the alias is split, wait no longer than 2 s for the store */
    SY_GATHER_CHECK = 8,   /* with VERSION: the rest of what `check` asks, and patiently */
};

struct sy_gathered {
    struct sy_facts facts;
    int64_t deployment_ms;       /* the parameter of that name */
    struct sy_error alias_error; /* code SY_OK: read */
    struct sy_error version_error;
    struct sy_error store_error;
};
typedef void sy_gather_done(void *ctx, const struct sy_gathered *gathered);

/* Read alias and store, and what else is asked for, all at once. When the engine is destroyed
 * first, done() is not called: ctx is a drive, a job or an errand, which the engine frees. */
void sy_gather(struct sy_engine *engine, const char *function, const char *alias,
               const char *version, int what, sy_gather_done *done, void *ctx);
void sy_gathers_drop(struct sy_engine *engine);

/* ---- around.c: the part of a gather that it can do without ---- */

struct sy_gather {
    struct sy_engine *engine;
    struct sy_gather *next;
    struct sy_gathered gathered;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char version[SY_VERSION_MAX + 1];
    int what;
    uint32_t needed;       /* answers still to come that it waits for */
    uint32_t around;       /* the same, of what it waits for with little patience */
    struct sy_timer timer; /* the end of the patience: with the store, or with what is around */
    bool store_answered;
    bool told; /* done() was called: what is still to come is of no interest */
    sy_gather_done *done;
    void *ctx;
};
/* An answer to what it needs, or to what stands around. The gather may be gone after it. */
void sy_gather_answered(struct sy_gather *gather);
void sy_gather_around_answered(struct sy_gather *gather, enum sy_read read,
                               const struct sy_error *error);
/* Ask what needs the names alone; and, when the alias was read, what needs its routing. */
void sy_gather_around(struct sy_gather *gather);
void sy_gather_baseline(struct sy_gather *gather);

/* ---- drive.c ---- */

struct sy_watch {
    struct sy_drive *drive;
    struct sy_watch *next;
    size_t cursor; /* index into the drive's log */
    bool owner;
    bool missing; /* there was nothing to look at */
    sy_watch_ready *ready;
    void *ctx;
};

/* A request while it is planned; large, and of no use once the release runs. */
struct sy_asked {
    struct sy_spec spec;
    char fingerprint[SY_FINGERPRINT_MAX + 1];
    struct sy_rollback rollback;
    struct sy_resume resume;
    struct sy_lease lease; /* of another driver, that is waited out; version 0: none */
    bool urgent;           /* a person's rollback: never interrupted */
    bool settled;          /* what was due before has been settled already */
    /* The fingerprint was compared before that, for a plan with this baseline; "" = it was not. */
    char planned_from[SY_VERSION_MAX + 1];
    struct sy_error refusal; /* why it is not even looked at */
    struct sy_plan plan;
    struct sy_gathered gathered;
};

struct sy_drive {
    struct sy_engine *engine;
    struct sy_drive *next;
    struct sy_release release;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    uint64_t number;         /* in this engine, from 1: names its lease */
    bool onlooker;           /* drives nothing: reads the record and tells (onlook.c) */
    bool begun;              /* release is filled in and was fed START */
    bool over;               /* rested, or failed before it began */
    uint32_t looks_undriven; /* of an onlooker, one after the other */
    const char *cancelled;   /* interrupted before it began: by what; NULL: it was not */
    struct sy_error error;   /* why it failed; code SY_OK: it did not */
    uint32_t pending;        /* answers still to come */
    struct sy_timer timer;
    struct sy_release_event **log;
    size_t n_log, log_capacity;
    struct sy_watch *watches;
    struct sy_asked *asked; /* what it was made for, until it has begun or is over */
    /* Told once it is over, unless the engine is destroyed first; for a settling drive. */
    void (*on_over)(void *ctx);
    void *on_over_ctx;
};

struct sy_drive *sy_drive_create(struct sy_engine *engine, const char *function, const char *alias);
/* Frees drives that are over, that nobody watches and nothing answers to any more. */
void sy_drives_sweep(struct sy_engine *engine);
void sy_drive_destroy(struct sy_drive *drive);
/* Feed START. */
void sy_drive_begin(struct sy_drive *drive, const struct sy_gathered *gathered);
/* The same, with what a rollback has to say besides. */
void sy_drive_start(struct sy_drive *drive, const struct sy_gathered *gathered,
                    const struct sy_input *said);
/* Add an event of the engine's own to the log. */
void sy_drive_tell(struct sy_drive *drive, const struct sy_release_event *event);
/* The lease that the drive would take, with the version of the one that was read. */
struct sy_lease sy_drive_lease(const struct sy_drive *drive, const struct sy_facts *facts);
/* Over before it began: with an error, or with one FINISHED event. */
void sy_drive_fail(struct sy_drive *drive, const struct sy_error *error);
void sy_drive_finish(struct sy_drive *drive, enum sy_outcome outcome,
                     const struct sy_routing *routing, const char *text);
void sy_drive_interrupt(struct sy_drive *drive, const char *text);
void sy_drive_feed(struct sy_drive *drive, struct sy_input *input);
/* The drive of an alias in this engine that still takes commands, NULL when there is none. */
struct sy_drive *sy_drive_find(struct sy_engine *engine, const char *function, const char *alias);
/* The first drive of an alias from drive on that is not over, begun or not; NULL: none. */
struct sy_drive *sy_drive_live(struct sy_drive *drive, const char *function, const char *alias);
/* It has not begun: it will not, and ends CANCELLED. text: why, a constant. */
void sy_drive_cancel(struct sy_drive *drive, const char *text);

/* ---- onlook.c ---- */

void sy_onlooker_end(struct sy_drive *drive);

/* ---- verbs.c ---- */

/* "20260102T030405-1a2b3c4d": sorts by time, unique enough beside function and alias. */
void sy_make_release_id(struct sy_engine *engine, char id[40]);
/* Fails from the loop, not from within the call, so that the caller has its watch first. */
void sy_drive_fail_later(struct sy_drive *drive, const struct sy_error *error);
/* What a drive was made for is large, and of no use once it has begun. */
void sy_drive_forget_asked(struct sy_drive *drive);

/* The first error of what was read, NULL: none. */
const struct sy_error *sy_gathered_error(const struct sy_gathered *gathered);
/* NOT_FOUND, ALIAS_NOT_FOUND; returns -1. */
int sy_fail_no_alias(const char *function, const char *alias, struct sy_error *error);

/* ---- errand.c: what answers once and belongs to no drive ---- */

/* The start of a struct that the verb allocates; freed after its answer, or with the engine. */
struct sy_errand {
    struct sy_engine *engine;
    struct sy_errand *next;
    struct sy_timer timer;
    struct sy_error refusal;
    /* What was asked, and is to be answered with refusal. */
    void (*refuse)(struct sy_errand *errand, const struct sy_error *error);
};
void *sy_errand_create(struct sy_engine *engine, size_t size,
                       void (*refuse)(struct sy_errand *errand, const struct sy_error *error));
/* Free it; it has answered. */
void sy_errand_finish(struct sy_errand *errand);
/* Answer with the error from the loop, not from within the call, and finish. */
void sy_errand_refuse_later(struct sy_errand *errand, const struct sy_error *error);
/* Answer with the error now, and finish. */
void sy_errand_refuse(struct sy_errand *errand, const struct sy_error *error);
void sy_errands_drop(struct sy_engine *engine);

/* ---- watch.c ---- */

struct sy_watch *sy_watch_create(struct sy_drive *drive, bool owner, sy_watch_ready *ready,
                                 void *ctx);
void sy_watches_notify(struct sy_drive *drive);

#endif
