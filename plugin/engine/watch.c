#include "engine/engine_internal.h"

#include "base/memory.h"

#include <string.h>

struct sy_watch *sy_watch_create(struct sy_drive *drive, bool owner, sy_watch_ready *ready,
                                 void *ctx) {
    struct sy_watch *watch = sy_calloc(1, sizeof *watch);
    *watch = (struct sy_watch){
        .drive = drive, .next = drive->watches, .owner = owner, .ready = ready, .ctx = ctx};
    drive->watches = watch;
    return watch;
}

void sy_watches_notify(struct sy_drive *drive) {
    struct sy_watch *next = NULL;
    for (struct sy_watch *watch = drive->watches; watch; watch = next) {
        next = watch->next;
        if (watch->ready)
            watch->ready(watch->ctx);
    }
}

struct sy_watch *sy_engine_watch(struct sy_engine *engine, const char *release_id,
                                 const char *function, const char *alias, int64_t from_sequence,
                                 sy_watch_ready *ready, void *ctx) {
    for (struct sy_drive *drive = engine->drives; drive; drive = drive->next) {
        if (drive->onlooker)
            continue;
        bool by_id = release_id && release_id[0];
        bool same =
            by_id ? strcmp(drive->release.record.release_id, release_id) == 0
                  : strcmp(drive->function, function) == 0 && strcmp(drive->alias, alias) == 0;
        /* What failed before it began has nothing to show. */
        if (!same || (drive->over && !drive->begun && !drive->n_log))
            continue;
        struct sy_watch *watch = sy_watch_create(drive, false, ready, ctx);
        while (watch->cursor < drive->n_log && drive->log[watch->cursor]->sequence < from_sequence)
            watch->cursor++;
        return watch;
    }
    struct sy_watch *watch = sy_calloc(1, sizeof *watch);
    *watch = (struct sy_watch){.missing = true, .ready = ready, .ctx = ctx};
    return watch;
}

int sy_watch_next(struct sy_watch *watch, const struct sy_release_event **ret,
                  struct sy_error *error) {
    struct sy_drive *drive = watch->drive;
    if (watch->missing)
        return sy_fail(error, SY_NOT_FOUND, "this engine does not drive that release");
    if (!drive)
        return sy_fail(error, SY_CANCELLED, "the engine is stopping");
    if (watch->cursor < drive->n_log) {
        *ret = drive->log[watch->cursor++];
        return 1;
    }
    if (!drive->over)
        return 0;
    *error = drive->error;
    return -1;
}

void sy_watch_interrupt(struct sy_watch *watch) {
    if (watch->drive && watch->owner)
        sy_drive_interrupt(watch->drive, "interrupted by its host");
}

void sy_watch_close(struct sy_watch *watch) {
    struct sy_drive *drive = watch->drive;
    for (struct sy_watch **at = drive ? &drive->watches : NULL; at && *at; at = &(*at)->next)
        if (*at == watch) {
            *at = watch->next;
            break;
        }
    if (drive)
        drive->engine->sweep = true;
    if (drive && (watch->owner || drive->onlooker))
        sy_drive_interrupt(drive, "interrupted: its host stopped it, or went away");
    free(watch);
}
