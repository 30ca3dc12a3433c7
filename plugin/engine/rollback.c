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
        "no baseline to roll %s:%s back to: %s (the alias is at %s); name the version to go back "
        "to: steelyard rollback --version N",
        drive->function, drive->alias, why, sy_routing_format(&facts->routing, routing));
}

/* Without a record: what the four parameters say, as the pattern does. */
static int record_from_mirror(struct sy_drive *drive, const struct sy_facts *facts,
                              struct sy_record *ret, struct sy_error *error) {
    bool mirrors = sy_mirror_follows(facts, drive->alias);
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

/* The version that a person named. What a recorded release brought is taken back as that release;
 * else whatever serves the alias is. */
static int record_for(struct sy_drive *drive, const struct sy_gathered *gathered,
                      const char *baseline, struct sy_record *ret, struct sy_error *error) {
    const struct sy_facts *facts = &gathered->facts;
    const struct sy_record *record = &facts->record;
    const struct sy_routing *now = &facts->routing;
    bool readable = gathered->store_error.code == SY_OK;
    bool running = readable && facts->has_record && !sy_record_is_closed(record);
    bool is_target = strcmp(record->spec.version, baseline) == 0;
    if (running && is_target)
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "IS_THE_RELEASE",
                              "version %s is the one that is being released on %s:%s, so it cannot "
                              "be gone back to; send it all traffic with: steelyard promote",
                              baseline, drive->function, drive->alias);
    bool serves = readable && facts->has_record && names(now, record->spec.version) && !is_target;
    if (running || serves) {
        *ret = *record;
        (void)snprintf(ret->baseline, sizeof ret->baseline, "%s", baseline);
        return 0;
    }
    bool mirrors = readable && sy_mirror_follows(facts, drive->alias);
    const char *other = strcmp(now->primary, baseline) != 0 && !now->additional[0]
                            ? now->primary
                            : now->additional; /* of two strangers, the one that is tried out */
    if (strcmp(other, baseline) == 0)
        other = now->primary;
    invent_record(drive, baseline, other[0] ? other : baseline, mirrors, ret);
    if (readable && facts->has_record) {
        ret->version = record->version;
        memcpy(ret->rolled_back, record->rolled_back, sizeof ret->rolled_back);
    }
    return 0;
}

/* Who read that a release was left unfinished must not take back another one, nor one that somebody
 * took up meanwhile, nor one that was promoted. */
static int check_left(const struct sy_drive *drive, const struct sy_facts *facts,
                      struct sy_error *error) {
    const char *id = drive->asked->rollback.left_release_id;
    const struct sy_record *record = &facts->record;
    bool left = facts->has_record && strcmp(record->release_id, id) == 0 &&
                record->phase < SY_PHASE_LOCK_IN && !sy_is_driven(facts);
    if (!id[0] || left)
        return 0;
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "STALE_PLAN",
                          "release %s of %s:%s is no longer as it was left: it ended, or somebody "
                          "drives it; nothing was changed, look again",
                          id, drive->function, drive->alias);
}

static int check_running_only(const struct sy_drive *drive, const struct sy_facts *facts,
                              struct sy_error *error) {
    if (!drive->asked->rollback.running_only ||
        (facts->has_record && !sy_record_is_closed(&facts->record)))
        return 0;
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "NO_RELEASE",
                          "no release of %s:%s is under way, so there is nothing to abort; take "
                          "back the last one with: steelyard rollback",
                          drive->function, drive->alias);
}

static int choose_record(struct sy_drive *drive, const struct sy_gathered *gathered,
                         struct sy_record *ret, struct sy_error *error) {
    const struct sy_facts *facts = &gathered->facts;
    const struct sy_record *record = &facts->record;
    const struct sy_routing *now = &facts->routing;
    const char *named = drive->asked->rollback.baseline;
    if (gathered->store_error.code != SY_OK && drive->asked->rollback.left_release_id[0]) {
        *error = gathered->store_error;
        return -1;
    }
    if (gathered->store_error.code == SY_OK &&
        (check_left(drive, facts, error) || check_running_only(drive, facts, error)))
        return -1;
    if (named[0])
        return record_for(drive, gathered, named, ret, error);
    if (gathered->store_error.code != SY_OK) {
        /* The store is down or holds nonsense, and the alias cannot wait. Our splits always have
         * the old version as primary, but for those that were asked for as primary new: their plan
         * says to name it. */
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
        (void)sy_fail_no_alias(drive->function, drive->alias, &error);
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
    bool named = strcmp(record.spec.version, record.baseline) == 0; /* and it is all there is */
    if (there && (named || (sy_record_is_closed(&record) && !promoted))) {
        sy_drive_finish(drive, SY_OUTCOME_UNCHANGED, &facts->routing,
                        "the alias is on the baseline already");
        return;
    }
    sy_release_resume(&drive->release, &record, SY_START_ROLLBACK, SY_WAIT_STAGES,
                      record.spec.on_interrupt);
    if (gathered->store_error.code != SY_OK)
        drive->release.stateless = true;
    const struct sy_rollback *rollback = &drive->asked->rollback;
    struct sy_input input = {.kind = SY_INPUT_START,
                             .text = rollback->reason,
                             .steps = rollback->steps,
                             .n_steps = rollback->n_steps};
    sy_drive_start(drive, gathered, &input);
    sy_drive_forget_asked(drive);
}

static int check(const struct sy_rollback *rollback, struct sy_error *error) {
    struct sy_spec steps;
    const char *baseline = rollback->baseline[0] ? rollback->baseline : NULL;
    if (sy_names_check(rollback->function, rollback->alias, baseline, error))
        return -1;
    /* Steps down are stages read backwards. */
    sy_spec_init(&steps);
    (void)snprintf(steps.function, sizeof steps.function, "f");
    (void)snprintf(steps.alias, sizeof steps.alias, "a");
    (void)snprintf(steps.version, sizeof steps.version, "1");
    steps.n_stages = rollback->n_steps;
    for (uint32_t i = 0; i < rollback->n_steps && i < SY_STAGES_MAX; i++)
        steps.stages[i] = rollback->steps[rollback->n_steps - 1 - i];
    struct sy_error why = {0};
    if (rollback->n_steps > SY_STAGES_MAX || sy_spec_check(&steps, &why))
        return sy_fail_field(error, "gradual",
                             "gradual: the steps are weights that fall from one to the next, below "
                             "100%% and above 0%%, each for a second or more, at most %d of them; "
                             "such as 25%%/1m,10%%/1m",
                             SY_STAGES_MAX);
    return 0;
}

/* A release that this engine drives is told at once. */
static struct sy_watch *tell_running(struct sy_engine *engine, const struct sy_rollback *rollback,
                                     sy_watch_ready *ready, void *ctx) {
    struct sy_drive *running = sy_drive_find(engine, rollback->function, rollback->alias);
    const char *named = rollback->baseline;
    if (!running || (named[0] && strcmp(running->release.record.baseline, named) != 0))
        return NULL;
    struct sy_watch *watch = sy_watch_create(running, false, ready, ctx);
    watch->cursor = running->n_log;
    struct sy_input input = {.kind = SY_INPUT_ROLLBACK,
                             .text = rollback->reason,
                             .steps = rollback->steps,
                             .n_steps = rollback->n_steps};
    sy_drive_feed(running, &input);
    return watch;
}

static void gather(struct sy_drive *drive) {
    drive->pending++;
    sy_gather(drive->engine, drive->function, drive->alias, "", SY_GATHER_URGENT, rollback_gathered,
              drive);
}

static void on_version(void *ctx, const struct sy_version_state *state,
                       const struct sy_error *error) {
    struct sy_drive *drive = ctx;
    const char *version = drive->asked->rollback.baseline;
    struct sy_error absent = {0};
    drive->pending--;
    if (error || state->exists) { /* no answer is no reason to stay on a bad version */
        gather(drive);
        return;
    }
    (void)sy_fail_reason(&absent, SY_NOT_FOUND, "VERSION_NOT_FOUND",
                         "version %s of function %s does not exist, so nothing was moved; list "
                         "them with: aws lambda list-versions-by-function --function-name %s",
                         version, drive->function, drive->function);
    sy_drive_fail(drive, &absent);
    sy_drive_forget_asked(drive);
}

/* A version that a person named may be a slip of the hand. */
static void look_for_version(struct sy_drive *drive) {
    struct sy_target *target = drive->engine->target;
    drive->pending++;
    target->ops->read_version(target, drive->function, drive->asked->rollback.baseline, on_version,
                              drive);
}

struct sy_watch *sy_engine_rollback(struct sy_engine *engine, const struct sy_rollback *rollback,
                                    sy_watch_ready *ready, void *ctx) {
    struct sy_error error = {0};
    struct sy_rollback asked = *rollback;
    const char *function = asked.function;
    const char *alias = asked.alias;
    int refused = check(&asked, &error);
    if (!asked.reason[0])
        (void)snprintf(asked.reason, sizeof asked.reason, "a person asked for it");
    struct sy_drive *running = refused ? NULL : sy_drive_live(engine->drives, function, alias);
    for (; running; running = sy_drive_live(running->next, function, alias))
        sy_drive_cancel(running, "a person asked for a rollback");
    struct sy_watch *watch = refused ? NULL : tell_running(engine, &asked, ready, ctx);
    if (watch)
        return watch;
    struct sy_drive *drive = sy_drive_create(engine, function, alias);
    watch = sy_watch_create(drive, false, ready, ctx);
    drive->asked = sy_calloc(1, sizeof *drive->asked);
    drive->asked->urgent = true;
    drive->asked->rollback = asked;
    if (refused) {
        sy_drive_fail_later(drive, &error);
        return watch;
    }
    if (asked.baseline[0])
        look_for_version(drive);
    else
        gather(drive);
    return watch;
}
