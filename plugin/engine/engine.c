#include "engine/engine_internal.h"

#include "base/memory.h"
#include "engine/job.h"

#include <string.h>

struct sy_engine *sy_engine_create(const struct sy_engine_options *options) {
    struct sy_engine *engine = sy_calloc(1, sizeof *engine);
    engine->io = options->io;
    engine->timers = options->timers;
    engine->target = options->target;
    engine->store = options->store;
    engine->source = options->source;
    engine->random = options->seed;
    engine->owner_gone = options->owner_gone;
    (void)strncpy(engine->owner, options->owner, sizeof engine->owner - 1);
    (void)pthread_mutex_init(&engine->lock, NULL);
    return engine;
}

void sy_engine_use(struct sy_engine *engine, struct sy_target *target, struct sy_store *store,
                   struct sy_source *source) {
    engine->target = target;
    engine->store = store;
    engine->source = source;
}

void sy_engine_destroy(struct sy_engine *engine) {
    if (!engine)
        return;
    sy_gathers_drop(engine);
    sy_jobs_drop(engine);
    sy_errands_drop(engine);
    while (engine->drives)
        sy_drive_destroy(engine->drives);
    (void)pthread_mutex_destroy(&engine->lock);
    free(engine->posted);
    free(engine);
}

void sy_engine_post(struct sy_engine *engine, void (*fn)(void *arg), void *arg) {
    (void)pthread_mutex_lock(&engine->lock);
    if (engine->n_posted == engine->posted_capacity) {
        engine->posted_capacity = engine->posted_capacity ? engine->posted_capacity * 2 : 16;
        engine->posted =
            sy_realloc(engine->posted, engine->posted_capacity * sizeof *engine->posted);
    }
    engine->posted[engine->n_posted++] = (struct sy_posted){fn, arg};
    (void)pthread_mutex_unlock(&engine->lock);
    engine->io->ops->wake(engine->io);
}

/* Take all that was posted; the caller frees it. */
static struct sy_posted *take_posted(struct sy_engine *engine, size_t *ret_n) {
    (void)pthread_mutex_lock(&engine->lock);
    struct sy_posted *posted = engine->posted;
    *ret_n = engine->n_posted;
    engine->posted = NULL;
    engine->n_posted = engine->posted_capacity = 0;
    (void)pthread_mutex_unlock(&engine->lock);
    return posted;
}

static bool run_due(struct sy_engine *engine) {
    bool any = false;
    size_t n = 0;
    SY_AUTO_FREE struct sy_posted *posted = take_posted(engine, &n);
    for (size_t i = 0; i < n; i++)
        posted[i].fn(posted[i].arg);
    any |= n > 0;
    while (sy_timers_fire_one(engine->timers, sy_io_now(engine->io)))
        any = true;
    sy_drives_sweep(engine);
    return any;
}

void sy_engine_turn(struct sy_engine *engine, int64_t until_ms) {
    if (run_due(engine))
        return; /* what ran may have posted or armed more */
    int64_t next = sy_timers_next(engine->timers);
    engine->io->ops->wait(engine->io, next < until_ms ? next : until_ms);
}

void sy_engine_run(struct sy_engine *engine) {
    while (!engine->stopping)
        sy_engine_turn(engine, INT64_MAX);
}

void sy_engine_stop(struct sy_engine *engine) {
    engine->stopping = true;
}

static bool all_rested(const struct sy_engine *engine) {
    for (const struct sy_drive *drive = engine->drives; drive; drive = drive->next)
        if (!drive->over)
            return false;
    return true;
}

static void tell_rested(struct sy_engine *engine) {
    if (!engine->all_rested || !all_rested(engine))
        return;
    void (*done)(void *ctx) = engine->all_rested;
    engine->all_rested = NULL;
    done(engine->all_rested_ctx);
}

void sy_engine_interrupt_all(struct sy_engine *engine, void (*done)(void *ctx), void *ctx) {
    engine->all_rested = done;
    engine->all_rested_ctx = ctx;
    for (struct sy_drive *drive = engine->drives; drive; drive = drive->next)
        sy_drive_interrupt(drive, "the engine was asked to stop");
    sy_jobs_interrupt(engine);
    tell_rested(engine);
}

/* A drive lives on while it runs, while an answer to it is still to come, while somebody watches,
 * and a while longer for those who reconnect. */
enum { KEPT_DRIVES = 64 };

void sy_drives_sweep(struct sy_engine *engine) {
    size_t kept = 0;
    struct sy_drive *next = NULL;
    if (!engine->sweep)
        return;
    engine->sweep = false;
    for (struct sy_drive *drive = engine->drives; drive; drive = next) {
        next = drive->next;
        bool idle = drive->over && !drive->pending && !drive->watches;
        if (idle && (kept++ >= KEPT_DRIVES || !drive->begun))
            sy_drive_destroy(drive);
    }
    tell_rested(engine);
}
