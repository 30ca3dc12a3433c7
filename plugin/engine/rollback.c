/* A person's rollback: find the baseline, and go there. */
#include "engine/engine_internal.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

/* A record for an alias of which the store knows nothing, or does not answer. */
static void invent_record(struct sy_drive *drive, const char *baseline, const char *version,
                          bool mirrors, struct sy_record *ret) {
    *ret = (struct sy_record){.phase = SY_PHASE_LOCK_IN, .mirrors = mirrors};
    sy_spec_init(&ret->spec);
    ret->spec.n_stages = 0;
    (void)snprintf(ret->spec.function, sizeof ret->spec.function, "%s", drive->function);
    (void)snprintf(ret->spec.alias, sizeof ret->spec.alias, "%s", drive->alias);
    (void)snprintf(ret->spec.version, sizeof ret->spec.version, "%s", version);
    (void)snprintf(ret->baseline, sizeof ret->baseline, "%s", baseline);
    ret->created_ms = sy_io_now(drive->engine->io);
    sy_make_release_id(drive->engine, ret->release_id);
}

static bool names(const struct sy_routing *routing, const char *version) {
    return version[0] &&
           (strcmp(routing->primary, version) == 0 || strcmp(routing->additional, version) == 0);
}

static int no_baseline(const struct sy_drive *drive, const struct sy_facts *facts, const char *why,
                       struct sy_error *error) {
    char routing[80];
    return sy_fail_reason(
        error, SY_FAILED_PRECONDITION, "NO_BASELINE",
        "no baseline to roll %s:%s back to: %s (the alias is at %s); name one "
        "yourself with: aws lambda update-alias --function-name %s --name %s "
        "--function-version N --routing-config '{\"AdditionalVersionWeights\":{}}'",
        drive->function, drive->alias, why, sy_routing_format(&facts->routing, routing),
        drive->function, drive->alias);
}

/* Without a record: what the four parameters say, as the pattern does. */
static int record_from_mirror(struct sy_drive *drive, const struct sy_facts *facts,
                              struct sy_record *ret, struct sy_error *error) {
    bool mirrors = !facts->mirror_alias[0] || strcmp(facts->mirror_alias, drive->alias) == 0;
    const struct sy_routing *now = &facts->routing;
    const char *candidates[] = {facts->mirror_last_known_good, facts->mirror_previous};
    for (size_t i = 0; i < SY_COUNT(candidates) && mirrors; i++) {
        const char *baseline = candidates[i];
        if (now->additional[0] ? !names(now, baseline)
                               : !baseline[0] || strcmp(now->primary, baseline) == 0)
            continue;
        const char *version = strcmp(now->primary, baseline) == 0 ? now->additional : now->primary;
        invent_record(drive, baseline, version, mirrors, ret);
        return 0;
    }
    return no_baseline(drive, facts, "there is no record of a release", error);
}

static int choose_record(struct sy_drive *drive, const struct sy_gathered *gathered,
                         struct sy_record *ret, struct sy_error *error) {
    const struct sy_facts *facts = &gathered->facts;
    const struct sy_record *record = &facts->record;
    const struct sy_routing *now = &facts->routing;
    if (gathered->store_error.code != SY_OK) {
        /* The store is down or holds nonsense, and the alias cannot wait. Our splits always have
         * the old version as primary. */
        if (!now->additional[0])
            return no_baseline(drive, facts, gathered->store_error.message, error);
        invent_record(drive, now->primary, now->additional, false, ret);
        return 0;
    }
    if (!facts->has_record)
        return record_from_mirror(drive, facts, ret, error);
    if (!record->baseline[0])
        return no_baseline(drive, facts, "the last release was the first one", error);
    bool known = names(now, record->baseline) || names(now, record->spec.version);
    if (sy_record_is_closed(record) && !known)
        return no_baseline(drive, facts, "the alias was moved on since the last release", error);
    *ret = *record;
    return 0;
}

static void rollback_gathered(void *ctx, const struct sy_gathered *gathered) {
    struct sy_drive *drive = ctx;
    const struct sy_facts *facts = &gathered->facts;
    struct sy_error error = {0};
    struct sy_record record = {0};
    drive->pending--;
    if (gathered->alias_error.code != SY_OK) {
        sy_drive_fail(drive, &gathered->alias_error);
        return;
    }
    if (!facts->has_alias) {
        (void)sy_fail_reason(&error, SY_NOT_FOUND, "ALIAS_NOT_FOUND",
                             "function %s has no alias %s; check --alias", drive->function,
                             drive->alias);
        sy_drive_fail(drive, &error);
        return;
    }
    if (choose_record(drive, gathered, &record, &error)) {
        sy_drive_fail(drive, &error);
        return;
    }
    drive->asked->spec = record.spec;
    bool there =
        !facts->routing.additional[0] && strcmp(facts->routing.primary, record.baseline) == 0;
    /* A record that says promoted was overtaken, by a rollback that was killed or by hand. */
    bool promoted =
        record.outcome == SY_OUTCOME_PROMOTED || record.outcome == SY_OUTCOME_PROMOTED_UNPROVEN;
    if (there && sy_record_is_closed(&record) && !promoted) {
        sy_drive_finish(drive, SY_OUTCOME_UNCHANGED, &facts->routing,
                        "the alias is on the baseline already");
        return;
    }
    sy_release_resume(&drive->release, &record, SY_START_ROLLBACK, SY_WAIT_STAGES,
                      record.spec.on_interrupt);
    if (gathered->store_error.code != SY_OK)
        drive->release.stateless = true;
    sy_drive_begin(drive, gathered, drive->asked->reason);
    sy_drive_forget_asked(drive);
}

struct sy_watch *sy_engine_rollback(struct sy_engine *engine, const char *function,
                                    const char *alias, const char *reason, sy_watch_ready *ready,
                                    void *ctx) {
    struct sy_error error = {0};
    char why[SY_REASON_MAX + 1];
    (void)snprintf(why, sizeof why, "%s", reason && reason[0] ? reason : "a person asked for it");
    struct sy_drive *running = sy_drive_live(engine->drives, function, alias);
    for (; running; running = sy_drive_live(running->next, function, alias))
        sy_drive_cancel(running, "a person asked for a rollback");
    running = sy_drive_find(engine, function, alias);
    if (running) {
        struct sy_watch *watch = sy_watch_create(running, false, ready, ctx);
        watch->cursor = running->n_log;
        sy_drive_rollback(running, why);
        return watch;
    }
    struct sy_drive *drive = sy_drive_create(engine, function, alias);
    struct sy_watch *watch = sy_watch_create(drive, false, ready, ctx);
    drive->asked = sy_calloc(1, sizeof *drive->asked);
    drive->asked->urgent = true;
    memcpy(drive->asked->reason, why, sizeof drive->asked->reason);
    if (sy_names_check(function, alias, NULL, &error)) {
        sy_drive_fail_later(drive, &error);
        return watch;
    }
    drive->pending++;
    sy_gather(engine, function, alias, "", SY_GATHER_URGENT, rollback_gathered, NULL, drive);
    return watch;
}
