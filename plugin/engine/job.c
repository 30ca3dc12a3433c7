#include "engine/job.h"

#include "base/log.h"
#include "base/memory.h"

#include <stdio.h>

void *sy_job_create(struct sy_engine *engine, size_t size, sy_watch_ready *ready, void *ctx) {
    struct sy_job *job = sy_calloc(1, size);
    job->engine = engine;
    job->ready = ready;
    job->ctx = ctx;
    job->next = engine->jobs;
    engine->jobs = job;
    return job;
}

static void job_free(struct sy_job *job) {
    for (struct sy_job **at = &job->engine->jobs; *at; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            break;
        }
    sy_timers_cancel(job->engine->timers, &job->timer);
    for (size_t i = 0; i < job->n; i++)
        free(job->events[i]);
    free(job->events);
    if (job->release)
        job->release(job);
    free(job);
}

bool sy_job_answered(struct sy_job *job) {
    job->pending--;
    if (!job->closed && !job->over)
        return true;
    if (job->closed && !job->pending)
        job_free(job);
    return false;
}

static void notify(struct sy_job *job) {
    if (job->ready && !job->closed)
        job->ready(job->ctx);
}

void sy_job_tell(struct sy_job *job, const struct sy_function_event *event, const char *fmt, ...) {
    struct sy_function_event *kept = sy_calloc(1, sizeof *kept);
    va_list args;
    *kept = *event;
    kept->at_ms = sy_io_now(job->engine->io);
    va_start(args, fmt);
    (void)vsnprintf(kept->text, sizeof kept->text, fmt, args);
    va_end(args);
    if (job->n == job->capacity) {
        job->capacity = job->capacity ? job->capacity * 2 : 8;
        job->events = sy_realloc(job->events, job->capacity * sizeof *job->events);
    }
    job->events[job->n++] = kept;
    /* A standing engine says what it deletes. */
    if (kept->kind == SY_FUNCTION_VERSION)
        sy_log(kept->fate == SY_FATE_KEPT ? SY_LOG_DEBUG : SY_LOG_INFO, "%s version %s %s: %s",
               job->function, kept->version, sy_fate_word(kept->fate), kept->text);
    else
        sy_log(SY_LOG_INFO, "%s: %s", job->function, kept->text);
    notify(job);
}

void sy_job_end(struct sy_job *job) {
    job->over = true;
    sy_timers_cancel(job->engine->timers, &job->timer);
    notify(job);
}

void sy_job_fail(struct sy_job *job, const struct sy_error *error) {
    job->error = *error;
    sy_job_end(job);
}

int sy_job_next(struct sy_job *job, const struct sy_function_event **ret, struct sy_error *error) {
    if (job->cursor < job->n) {
        *ret = job->events[job->cursor++];
        return 1;
    }
    if (!job->over)
        return 0;
    *error = job->error;
    return -1;
}

void sy_job_close(struct sy_job *job) {
    if (!job)
        return;
    job->closed = true;
    sy_timers_cancel(job->engine->timers, &job->timer);
    if (!job->pending)
        job_free(job);
}

void sy_jobs_interrupt(struct sy_engine *engine) {
    struct sy_error stopped;
    (void)sy_fail_reason(&stopped, SY_CANCELLED, "ENGINE_STOPPING",
                         "the engine was asked to stop; what is done stays done");
    for (struct sy_job *job = engine->jobs; job; job = job->next)
        if (!job->over && !job->closed)
            sy_job_fail(job, &stopped);
}

void sy_jobs_drop(struct sy_engine *engine) {
    while (engine->jobs)
        job_free(engine->jobs);
}
