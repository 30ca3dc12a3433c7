/* Resume: drive a release that exists, wherever it stands. */
#include "engine/engine_internal.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_AGAIN_MS = 5000 };

static void gather(struct sy_drive *drive);

static void finish_closed(struct sy_drive *drive, const struct sy_facts *facts) {
    const struct sy_record *record = &facts->record;
    drive->asked->spec = record->spec;
    memcpy(drive->asked->plan.release_id, record->release_id, sizeof record->release_id);
    sy_drive_finish(drive, record->outcome, &facts->routing, record->reason);
}

static void nothing_there(struct sy_drive *drive, const struct sy_facts *facts) {
    struct sy_error error = {0};
    if (drive->asked->resume.settle) {
        sy_drive_finish(drive, SY_OUTCOME_UNCHANGED, &facts->routing,
                        "no release is recorded, so nothing is due");
        return;
    }
    (void)sy_fail_reason(&error, SY_FAILED_PRECONDITION, "NO_RELEASE",
                         "no release of %s:%s is recorded; begin one with: steelyard apply",
                         drive->function, drive->alias);
    sy_drive_fail(drive, &error);
}

static void driven(struct sy_drive *drive, const struct sy_facts *facts) {
    char text[SY_REASON_MAX];
    struct sy_error error = {0};
    drive->asked->spec = facts->record.spec;
    if (drive->asked->resume.settle) {
        (void)snprintf(text, sizeof text, "%s drives the release of version %s", facts->lease.owner,
                       facts->record.spec.version);
        sy_drive_finish(drive, SY_OUTCOME_HANDED_OFF, &facts->routing, text);
        return;
    }
    (void)sy_fail_reason(&error, SY_FAILED_PRECONDITION, "RELEASE_RUNNING",
                         "%s drives the release of version %s on %s:%s; look on with: steelyard "
                         "watch, or take it back with: steelyard abort",
                         facts->lease.owner, facts->record.spec.version, drive->function,
                         drive->alias);
    sy_drive_fail(drive, &error);
}

static void look_again(void *ctx) {
    gather(ctx);
}

/* Does the other driver live? One that does renews its lease within a minute. */
static void wait_for_lease(struct sy_drive *drive, const struct sy_facts *facts) {
    struct sy_asked *asked = drive->asked;
    struct sy_engine *engine = drive->engine;
    char until[24];
    if (asked->lease.version && facts->lease.version != asked->lease.version) {
        driven(drive, facts);
        return;
    }
    if (!asked->lease.version) {
        struct sy_release_event event = {.kind = SY_EVENT_NOTE, .at_ms = facts->now_ms};
        memcpy(event.version, facts->record.spec.version, sizeof event.version);
        (void)snprintf(event.text, sizeof event.text,
                       "%s has the release until %s; waiting whether it still lives",
                       facts->lease.owner, sy_time_format(facts->lease.until_ms, until));
        asked->lease = facts->lease;
        sy_drive_tell(drive, &event);
    }
    int64_t at_ms = facts->now_ms + LOOK_AGAIN_MS;
    if (at_ms > facts->lease.until_ms + 1)
        at_ms = facts->lease.until_ms + 1;
    sy_timers_set(engine->timers, &drive->timer, at_ms, look_again, drive);
}

/* Its driver died in mid-release, and it was to be rolled back then. Whether the alias is split is
 * not the record's to say: the move that was intended may have been made. */
static bool was_abandoned(const struct sy_facts *facts) {
    const struct sy_record *record = &facts->record;
    return facts->has_lease && !record->handed_over && record->phase <= SY_PHASE_BAKING &&
           record->baseline[0] && record->spec.on_interrupt == SY_INTERRUPT_ROLLBACK;
}

static void begin(struct sy_drive *drive, const struct sy_gathered *gathered) {
    const struct sy_resume *resume = &drive->asked->resume;
    struct sy_record record = gathered->facts.record;
    enum sy_interrupt on_interrupt =
        resume->on_interrupt < SY_INTERRUPT_COUNT ? resume->on_interrupt : record.spec.on_interrupt;
    struct sy_input input = {.kind = SY_INPUT_START};
    if (resume->settle && was_abandoned(&gathered->facts)) {
        sy_release_resume(&drive->release, &record, SY_START_ROLLBACK, SY_WAIT_NONE,
                          record.spec.on_interrupt);
        input.text = "its driver ended in mid-release, and on-interrupt is rollback";
    } else {
        bool pauses = record.paused_ms || record.control == SY_CONTROL_PAUSE;
        if (!resume->settle && (resume->promote || pauses)) {
            record.control = resume->promote ? SY_CONTROL_PROMOTE : SY_CONTROL_RESUME;
            (void)snprintf(record.control_reason, sizeof record.control_reason, "%s",
                           resume->reason[0] ? resume->reason : "a person asked for it");
        }
        sy_release_resume(&drive->release, &record,
                          resume->settle ? SY_START_SETTLE : SY_START_RESUME,
                          resume->settle ? SY_WAIT_NONE : resume->wait, on_interrupt);
        /* The word that stands in the record is answered by this one; a look that comes before the
         * first write would take it up anew. */
        if (record.control != gathered->facts.record.control)
            drive->release.control_version = record.version;
    }
    sy_drive_start(drive, gathered, &input);
}

static void on_gathered(void *ctx, const struct sy_gathered *gathered) {
    struct sy_drive *drive = ctx;
    const struct sy_facts *facts = &gathered->facts;
    const struct sy_error *failed = sy_gathered_error(gathered);
    drive->pending--;
    if (drive->cancelled)
        sy_drive_finish(drive, SY_OUTCOME_HANDED_OFF, &facts->routing,
                        "interrupted before the release was taken over; it is as it was");
    else if (failed)
        sy_drive_fail(drive, failed);
    else if (!facts->has_record)
        nothing_there(drive, facts);
    else if (sy_record_is_closed(&facts->record))
        finish_closed(drive, facts);
    else if (sy_is_driven(facts))
        wait_for_lease(drive, facts);
    else
        begin(drive, gathered);
    if (drive->begun || drive->over)
        sy_drive_forget_asked(drive);
}

static void gather(struct sy_drive *drive) {
    drive->pending++;
    sy_gather(drive->engine, drive->function, drive->alias, "", 0, on_gathered, drive);
}

/* What this engine drives may not stand in the store yet. */
static int check_own_drive(const struct sy_drive *drive, struct sy_error *error) {
    const struct sy_drive *other = sy_drive_live(drive->next, drive->function, drive->alias);
    if (!other || (other->begun && other->release.rested))
        return 0;
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "RELEASE_RUNNING",
                          "this very engine drives a release of %s:%s; look on with: steelyard "
                          "watch, or take it back with: steelyard abort",
                          drive->function, drive->alias);
}

struct sy_watch *sy_engine_resume(struct sy_engine *engine, const struct sy_resume *resume,
                                  sy_watch_ready *ready, void *ctx) {
    struct sy_error error = {0};
    struct sy_drive *drive = sy_drive_create(engine, resume->function, resume->alias);
    struct sy_watch *watch = sy_watch_create(drive, true, ready, ctx);
    drive->asked = sy_calloc(1, sizeof *drive->asked);
    drive->asked->resume = *resume;
    if (sy_names_check(resume->function, resume->alias, NULL, &error) ||
        check_own_drive(drive, &error))
        sy_drive_fail_later(drive, &error);
    else
        gather(drive);
    return watch;
}
