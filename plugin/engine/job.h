/* What publish.c and cleanup.c have in common: events that are pulled, answers that may come after
 * nobody wants them any more. */
#ifndef SY_ENGINE_JOB_H
#define SY_ENGINE_JOB_H

#include "engine/engine_internal.h"
#include "engine/function.h"

/* The first member of each. */
struct sy_job {
    struct sy_engine *engine;
    struct sy_job *next;
    const char *function; /* for the log */
    struct sy_function_event **events;
    size_t n, capacity, cursor;
    uint32_t pending; /* answers still to come */
    bool closed;      /* nobody reads on */
    bool over;
    struct sy_error error; /* of the end */
    struct sy_timer timer;
    sy_watch_ready *ready;
    void *ctx;
    void (*release)(struct sy_job *job); /* frees what it holds beside itself; may be NULL */
};

/* function is kept by the job itself, and set by its maker. */
void *sy_job_create(struct sy_engine *engine, size_t size, sy_watch_ready *ready, void *ctx)
    __attribute__((returns_nonnull));
/* An answer came. False: it is of no interest any more, and the job may be gone. */
SY_MUST_USE bool sy_job_answered(struct sy_job *job);
/* Append an event, its kind and what goes with it filled in; text is the sentence. */
void sy_job_tell(struct sy_job *job, const struct sy_function_event *event, const char *fmt, ...)
    SY_PRINTF(3, 4);
void sy_job_end(struct sy_job *job);
void sy_job_fail(struct sy_job *job, const struct sy_error *error);

/* For the engine: end all, and free all. */
void sy_jobs_interrupt(struct sy_engine *engine);
void sy_jobs_drop(struct sy_engine *engine);

#endif
