/* A person's word for a release that goes on: written into its record, where the driver finds it
 * (release.md, rule 9). SSM knows no compare-and-set; what tells whether a write of the driver's
 * was written over is the version that the store answers, and then the word goes into that one. */
#include "engine/engine_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { WRITE_TRIES = 5, MIDDLE_TRIES = 5, LOOK_MS = 2000, PATIENCE_MAX_MS = 150000 };

struct controlling {
    struct sy_errand errand;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    enum sy_control control;
    char reason[SY_CONTROL_REASON_MAX + 1];
    struct sy_record record; /* as it is to be written */
    struct sy_control_answer answer;
    uint32_t writes, middle_tries;
    int64_t until_ms; /* how long the driver has to act on it */
    sy_control_done *done;
    void *ctx;
};

static void refuse(struct sy_errand *errand, const struct sy_error *error) {
    struct controlling *c = (struct controlling *)errand;
    c->done(c->ctx, NULL, error);
}

static void answer(struct controlling *c, const struct sy_record *record, bool taken) {
    c->answer.taken = taken;
    c->answer.record = *record;
    c->done(c->ctx, &c->answer, NULL);
    sy_errand_finish(&c->errand);
}

/* Is the release as the word wants it? */
static bool is_done(const struct controlling *c, const struct sy_record *record) {
    bool bakes = record->phase == SY_PHASE_BAKING;
    switch (c->control) {
    case SY_CONTROL_PAUSE:
        return bakes && record->paused_ms;
    case SY_CONTROL_RESUME:
        return !record->paused_ms && record->control != SY_CONTROL_PAUSE;
    default:
        return record->phase == SY_PHASE_LOCK_IN || record->outcome == SY_OUTCOME_PROMOTED ||
               record->outcome == SY_OUTCOME_PROMOTED_UNPROVEN;
    }
}

static int check(const struct controlling *c, const struct sy_facts *facts,
                 struct sy_error *error) {
    const struct sy_record *record = &facts->record;
    const char *what = sy_control_word(c->control);
    if (!facts->has_record || sy_record_is_closed(record))
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "NO_RELEASE",
                              "no release of %s:%s is under way, so there is nothing to %s",
                              c->function, c->alias, what);
    if (sy_phase_goes_back(record->phase))
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "GOING_BACK",
                              "the release of version %s on %s:%s is being taken back; it is too "
                              "late to %s it",
                              record->spec.version, c->function, c->alias, what);
    if (record->phase == SY_PHASE_LOCK_IN && c->control != SY_CONTROL_RESUME)
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "ALREADY_PROMOTED",
                              "version %s has all traffic of %s:%s already; there is nothing to "
                              "%s, only to watch (steelyard resume --wait lock-in) or to take back "
                              "(steelyard rollback)",
                              record->spec.version, c->function, c->alias, what);
    return 0;
}

static void on_gathered(void *ctx, const struct sy_gathered *gathered);

static void gather(struct controlling *c) {
    sy_gather(c->errand.engine, c->function, c->alias, "", 0, on_gathered, c);
}

/* ---- waiting until the driver has acted on it ---- */

static void look(void *ctx);

static void on_looked(void *ctx, const struct sy_stored *stored, const struct sy_error *error) {
    struct controlling *c = ctx;
    int64_t now_ms = sy_io_now(c->errand.engine->io);
    bool ours = !error && stored->has_record &&
                strcmp(stored->record.release_id, c->record.release_id) == 0;
    bool over = ours && (sy_record_is_closed(&stored->record) || is_done(c, &stored->record));
    if (over || (!error && !ours))
        answer(c, ours ? &stored->record : &c->record, over && is_done(c, &stored->record));
    else if (now_ms >= c->until_ms)
        answer(c, ours ? &stored->record : &c->record, false);
    else
        sy_timers_set(c->errand.engine->timers, &c->errand.timer, now_ms + LOOK_MS, look, c);
}

static void look(void *ctx) {
    struct controlling *c = ctx;
    struct sy_store *store = c->errand.engine->store;
    store->ops->read(store, c->function, c->alias, on_looked, c);
}

static void wait_for_driver(struct controlling *c) {
    int64_t patience_ms = 2 * c->record.spec.poll_ms + 10000;
    if (patience_ms > PATIENCE_MAX_MS)
        patience_ms = PATIENCE_MAX_MS;
    c->until_ms = sy_io_now(c->errand.engine->io) + patience_ms;
    look(c);
}

/* ---- writing it down ---- */

static void write_word(struct controlling *c);

static void read_middle(void *ctx);

/* What was written over must be known before anything else is done: it is what the driver said
 * last. It is never taken for granted that our own, older one is the truth. */
static void on_middle(void *ctx, const struct sy_stored *stored, const struct sy_error *error) {
    struct controlling *c = ctx;
    struct sy_error why = {0};
    struct sy_engine *engine = c->errand.engine;
    if ((error || !stored->has_record) && ++c->middle_tries < MIDDLE_TRIES) {
        sy_timers_set(engine->timers, &c->errand.timer, sy_io_now(engine->io) + LOOK_MS,
                      read_middle, c);
        return;
    }
    if (error || !stored->has_record) {
        (void)sy_fail_reason(&why, SY_UNAVAILABLE, "RECORD_CROSSED",
                             "the word was written while the driver of %s:%s wrote, and what it "
                             "wrote cannot be read (%.150s); look where the release stands with: "
                             "steelyard status",
                             c->function, c->alias, error ? error->message : "it is gone");
        sy_errand_refuse(&c->errand, &why);
        return;
    }
    int64_t version = c->record.version;
    c->record = stored->record;
    c->record.version = version;
    write_word(c);
}

static void read_middle(void *ctx) {
    struct controlling *c = ctx;
    struct sy_store *store = c->errand.engine->store;
    store->ops->read_version(store, c->function, c->alias, c->record.version - 1, on_middle, c);
}

static void on_written(void *ctx, int64_t version, const struct sy_error *error) {
    struct controlling *c = ctx;
    int64_t expected = c->record.version + 1;
    if (error) {
        sy_errand_refuse(&c->errand, error);
        return;
    }
    c->record.version = version;
    if (version > expected && c->writes < WRITE_TRIES)
        read_middle(c);
    else if (c->answer.undriven) /* in mid-move it waits for whoever drives it next */
        answer(c, &c->record, is_done(c, &c->record));
    else
        wait_for_driver(c);
}

static void write_word(struct controlling *c) {
    struct sy_store *store = c->errand.engine->store;
    struct sy_record *record = &c->record;
    c->writes++;
    if (c->answer.undriven && record->phase == SY_PHASE_BAKING && !record->paused_ms)
        record->paused_ms = sy_io_now(c->errand.engine->io);
    /* In any case the word, too: a driver may begin at this very moment. */
    record->control = c->control;
    memcpy(record->control_reason, c->reason, sizeof record->control_reason);
    store->ops->write_record(store, record, on_written, c);
}

static void on_gathered(void *ctx, const struct sy_gathered *gathered) {
    struct controlling *c = ctx;
    const struct sy_facts *facts = &gathered->facts;
    struct sy_error error = {0};
    if (gathered->store_error.code != SY_OK) {
        sy_errand_refuse(&c->errand, &gathered->store_error);
        return;
    }
    if (check(c, facts, &error)) {
        sy_errand_refuse(&c->errand, &error);
        return;
    }
    c->record = facts->record;
    c->answer.undriven = !sy_is_driven(facts);
    if (!c->answer.undriven)
        memcpy(c->answer.owner, facts->lease.owner, sizeof c->answer.owner);
    bool needs_driver = c->answer.undriven && c->control != SY_CONTROL_PAUSE;
    if (needs_driver || is_done(c, &c->record))
        answer(c, &c->record, !needs_driver);
    else
        write_word(c);
}

/* This engine drives it: no detour. */
static bool told_own_drive(struct controlling *c) {
    struct sy_engine *engine = c->errand.engine;
    struct sy_drive *drive = sy_drive_find(engine, c->function, c->alias);
    if (!drive || drive->release.leaving)
        return false;
    struct sy_facts facts = {.has_record = true, .record = drive->release.record};
    struct sy_error error = {0};
    if (check(c, &facts, &error)) {
        sy_errand_refuse_later(&c->errand, &error);
        return true;
    }
    struct sy_input input = {.kind = SY_INPUT_CONTROL, .control = c->control, .text = c->reason};
    if (!is_done(c, &facts.record))
        sy_drive_feed(drive, &input);
    memcpy(c->answer.owner, drive->release.lease.owner, sizeof c->answer.owner);
    c->record = drive->release.record;
    return true;
}

static void answer_own(void *ctx) {
    struct controlling *c = ctx;
    answer(c, &c->record, true);
}

void sy_engine_control(struct sy_engine *engine, const char *function, const char *alias,
                       enum sy_control control, const char *reason, sy_control_done *done,
                       void *ctx) {
    struct controlling *c = sy_errand_create(engine, sizeof *c, refuse);
    struct sy_error error = {0};
    c->control = control;
    c->done = done;
    c->ctx = ctx;
    (void)snprintf(c->function, sizeof c->function, "%s", function);
    (void)snprintf(c->alias, sizeof c->alias, "%s", alias);
    (void)snprintf(c->reason, sizeof c->reason, "%s",
                   reason && reason[0] ? reason : "a person asked for it");
    if (sy_names_check(function, alias, NULL, &error))
        sy_errand_refuse_later(&c->errand, &error);
    else if (!told_own_drive(c))
        gather(c);
    else if (c->errand.refusal.code == SY_OK && is_done(c, &c->record))
        sy_timers_set(engine->timers, &c->errand.timer, sy_io_now(engine->io), answer_own, c);
    else if (c->errand.refusal.code == SY_OK)
        wait_for_driver(c);
}
