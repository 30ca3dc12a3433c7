/* Looking on at a release that another engine drives: its record is read every few seconds, and
 * what changed there is told as the events that it was. */
#include "engine/engine_internal.h"

#include "base/memory.h"
#include "core/changes.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 3000, UNDRIVEN_LOOKS = 3 };

/* What it saw last is kept where a driver keeps its own. */
static struct sy_record *seen(struct sy_drive *drive) {
    return &drive->release.record;
}

static void look(void *ctx);

static void again(struct sy_drive *drive) {
    sy_timers_set(drive->engine->timers, &drive->timer, sy_io_now(drive->engine->io) + LOOK_MS,
                  look, drive);
}

static void finish(struct sy_drive *drive, enum sy_outcome outcome, const char *text) {
    static const struct sy_routing nowhere = {0};
    drive->asked->spec = seen(drive)->spec;
    sy_drive_finish(drive, outcome, &nowhere, text);
    sy_drive_forget_asked(drive);
}

/* A release that rests without a driver: what whoever looks on should know. */
static void finish_undriven(struct sy_drive *drive, const struct sy_record *record) {
    if (record->phase == SY_PHASE_LOCK_IN)
        finish(drive, record->unproven ? SY_OUTCOME_PROMOTED_UNPROVEN : SY_OUTCOME_PROMOTED,
               "it has all traffic; nobody watches its lock-in (steelyard resume --wait lock-in)");
    else if (record->paused_ms)
        finish(drive, SY_OUTCOME_PAUSED,
               "paused, and nobody drives it; go on with: steelyard resume");
    else
        finish(drive, SY_OUTCOME_HANDED_OFF,
               "nobody drives it; go on with: steelyard resume, or back with: steelyard abort");
}

static void tell_changes(struct sy_drive *drive, const struct sy_record *record) {
    struct sy_release_event *events = sy_calloc(SY_CHANGES_MAX, sizeof *events);
    bool first = !seen(drive)->release_id[0];
    uint32_t n =
        sy_record_changes(first ? NULL : seen(drive), record, sy_io_now(drive->engine->io), events);
    for (uint32_t i = 0; i < n; i++)
        if (events[i].kind != SY_EVENT_FINISHED)
            sy_drive_tell(drive, &events[i]);
    *seen(drive) = *record;
    free(events);
}

static void on_look(void *ctx, const struct sy_stored *stored, const struct sy_error *error) {
    struct sy_drive *drive = ctx;
    struct sy_error none = {0};
    int64_t now_ms = sy_io_now(drive->engine->io);
    drive->pending--;
    if (drive->over) {
        drive->engine->sweep = true; /* that was the last answer to it */
        return;
    }
    if (error && sy_is_transient(error)) {
        again(drive);
    } else if (error) {
        sy_drive_fail(drive, error);
    } else if (!stored->has_record) {
        (void)sy_fail_reason(&none, SY_FAILED_PRECONDITION, "NO_RELEASE",
                             "no release of %s:%s is recorded", drive->function, drive->alias);
        sy_drive_fail(drive, &none);
    } else if (seen(drive)->release_id[0] &&
               strcmp(seen(drive)->release_id, stored->record.release_id) != 0) {
        finish(drive, SY_OUTCOME_SUPERSEDED, "another release of the alias began");
    } else {
        tell_changes(drive, &stored->record);
        bool driven = stored->has_lease && stored->lease.until_ms > now_ms;
        drive->looks_undriven = driven ? 0 : drive->looks_undriven + 1;
        if (sy_record_is_closed(&stored->record))
            finish(drive, stored->record.outcome, stored->record.reason);
        else if (drive->looks_undriven >= UNDRIVEN_LOOKS)
            finish_undriven(drive, &stored->record);
        else
            again(drive);
    }
}

void sy_onlooker_end(struct sy_drive *drive) {
    finish(drive, SY_OUTCOME_HANDED_OFF, "not looked at any more; the release goes on without");
}

static void look(void *ctx) {
    struct sy_drive *drive = ctx;
    struct sy_store *store = drive->engine->store;
    drive->pending++;
    store->ops->read(store, drive->function, drive->alias, on_look, drive);
}

struct sy_watch *sy_engine_follow(struct sy_engine *engine, const char *function, const char *alias,
                                  sy_watch_ready *ready, void *ctx) {
    struct sy_error error = {0};
    if (sy_drive_find(engine, function, alias))
        return sy_engine_watch(engine, NULL, function, alias, 0, ready, ctx);
    struct sy_drive *drive = sy_drive_create(engine, function, alias);
    struct sy_watch *watch = sy_watch_create(drive, false, ready, ctx);
    drive->onlooker = true;
    drive->asked = sy_calloc(1, sizeof *drive->asked);
    if (sy_names_check(function, alias, NULL, &error))
        sy_drive_fail_later(drive, &error);
    else
        look(drive);
    return watch;
}
