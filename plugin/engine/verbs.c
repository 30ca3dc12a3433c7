/* Plan, apply, status: read, decide, begin. */
#include "engine/engine_internal.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void sy_make_release_id(struct sy_engine *engine, char id[40]) {
    char at[24];
    char stamp[24];
    size_t n = 0;
    sy_time_format(sy_io_now(engine->io), at);
    for (const char *p = at; *p && *p != 'Z'; p++)
        if (*p != '-' && *p != ':')
            stamp[n++] = *p;
    stamp[n] = '\0';
    (void)snprintf(id, 40, "%s-%08x", stamp, (unsigned)(sy_splitmix64(&engine->random) >> 32));
}

static bool undriven(const struct sy_facts *facts) {
    return facts->has_record && !sy_record_is_closed(&facts->record) && !sy_is_driven(facts);
}

const struct sy_error *sy_gathered_error(const struct sy_gathered *gathered) {
    const struct sy_error *errors[] = {&gathered->alias_error, &gathered->version_error,
                                       &gathered->store_error};
    for (size_t i = 0; i < SY_COUNT(errors); i++)
        if (errors[i]->code != SY_OK)
            return errors[i];
    return NULL;
}

int sy_fail_no_alias(const char *function, const char *alias, struct sy_error *error) {
    return sy_fail_reason(error, SY_NOT_FOUND, "ALIAS_NOT_FOUND",
                          "function %s has no alias %s; check --alias", function, alias);
}

/* ---- settling what is due ---- */

static void settle(struct sy_engine *engine, const struct sy_gathered *gathered,
                   void (*done)(void *ctx), void *ctx) {
    const struct sy_record *record = &gathered->facts.record;
    struct sy_drive *drive = sy_drive_create(engine, record->spec.function, record->spec.alias);
    drive->on_over = done;
    drive->on_over_ctx = ctx;
    sy_release_resume(&drive->release, record, SY_START_SETTLE, SY_WAIT_NONE,
                      record->spec.on_interrupt);
    sy_drive_begin(drive, gathered);
}

/* ---- plan ---- */

struct planning {
    struct sy_errand errand;
    struct sy_spec spec;
    sy_plan_done *done;
    void *ctx;
};

static void plan_refused(struct sy_errand *errand, const struct sy_error *error) {
    struct planning *planning = (struct planning *)errand;
    planning->done(planning->ctx, NULL, error);
}

static void planned(void *ctx, const struct sy_gathered *gathered) {
    struct planning *planning = ctx;
    SY_AUTO_FREE struct sy_plan *plan = sy_calloc(1, sizeof *plan);
    struct sy_error error = {0};
    const struct sy_error *failed = sy_gathered_error(gathered);
    if (!failed && sy_plan_make(&planning->spec, &gathered->facts, plan, &error))
        failed = &error;
    planning->done(planning->ctx, failed ? NULL : plan, failed);
    sy_errand_finish(&planning->errand);
}

void sy_engine_plan(struct sy_engine *engine, const struct sy_spec *spec, sy_plan_done *done,
                    void *ctx) {
    struct sy_error error = {0};
    struct planning *planning = sy_errand_create(engine, sizeof *planning, plan_refused);
    planning->spec = *spec;
    planning->done = done;
    planning->ctx = ctx;
    if (sy_spec_check(spec, &error))
        sy_errand_refuse_later(&planning->errand, &error);
    else
        sy_gather(engine, spec->function, spec->alias, spec->version,
                  SY_GATHER_VERSION | SY_GATHER_TRAFFIC, planned, planning);
}

/* ---- status ---- */

struct asking {
    struct sy_errand errand;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    bool settle;
    sy_status_done *done;
    void *ctx;
};

static void status_refused(struct sy_errand *errand, const struct sy_error *error) {
    struct asking *asking = (struct asking *)errand;
    asking->done(asking->ctx, NULL, error);
}

static void status_gathered(void *ctx, const struct sy_gathered *gathered);

static void status_settled(void *ctx) {
    struct asking *asking = ctx;
    asking->settle = false;
    sy_gather(asking->errand.engine, asking->function, asking->alias, "", 0, status_gathered,
              asking);
}

static void status_gathered(void *ctx, const struct sy_gathered *gathered) {
    struct asking *asking = ctx;
    const struct sy_error *failed = sy_gathered_error(gathered);
    if (!failed && asking->settle && undriven(&gathered->facts)) {
        settle(asking->errand.engine, gathered, status_settled, asking);
        return;
    }
    asking->done(asking->ctx, failed ? NULL : &gathered->facts, failed);
    sy_errand_finish(&asking->errand);
}

void sy_engine_status(struct sy_engine *engine, const char *function, const char *alias,
                      bool settle_due, sy_status_done *done, void *ctx) {
    struct sy_error error = {0};
    struct asking *asking = sy_errand_create(engine, sizeof *asking, status_refused);
    asking->settle = settle_due;
    asking->done = done;
    asking->ctx = ctx;
    (void)snprintf(asking->function, sizeof asking->function, "%s", function);
    (void)snprintf(asking->alias, sizeof asking->alias, "%s", alias);
    if (sy_names_check(function, alias, NULL, &error))
        sy_errand_refuse_later(&asking->errand, &error);
    else
        sy_gather(engine, function, alias, "", 0, status_gathered, asking);
}

/* ---- apply ---- */

static void apply_gathered(void *ctx, const struct sy_gathered *gathered);

static void apply_gather(struct sy_drive *drive) {
    drive->pending++;
    sy_gather(drive->engine, drive->function, drive->alias, drive->asked->spec.version,
              SY_GATHER_VERSION | SY_GATHER_TRAFFIC, apply_gathered, drive);
}

static void apply_settled(void *ctx) {
    struct sy_drive *drive = ctx;
    drive->pending--;
    apply_gather(drive);
}

static void begin_resumed(struct sy_drive *drive, const struct sy_gathered *gathered) {
    sy_release_resume(&drive->release, &gathered->facts.record, SY_START_RESUME,
                      drive->asked->spec.wait, drive->asked->spec.on_interrupt);
    sy_drive_begin(drive, gathered);
}

void sy_drive_forget_asked(struct sy_drive *drive) {
    free(SY_STEAL(drive->asked));
}

static void begin_new(struct sy_drive *drive) {
    struct sy_engine *engine = drive->engine;
    const struct sy_gathered *gathered = &drive->asked->gathered;
    char id[40];
    sy_make_release_id(engine, id);
    sy_release_begin(&drive->release, &drive->asked->plan,
                     gathered->facts.has_record ? &gathered->facts.record : NULL, id,
                     sy_io_now(engine->io));
    sy_drive_begin(drive, gathered);
}

/* Was it called off while it waited for an answer? Then it is over. */
static bool called_off(struct sy_drive *drive, const struct sy_routing *routing) {
    char text[SY_REASON_MAX];
    if (!drive->cancelled)
        return false;
    (void)snprintf(text, sizeof text, "%s before anything moved", drive->cancelled);
    sy_drive_finish(drive, SY_OUTCOME_CANCELLED, routing, text);
    sy_drive_forget_asked(drive);
    return true;
}

static void superseded(void *ctx, int64_t version, const struct sy_error *error) {
    struct sy_drive *drive = ctx;
    drive->pending--;
    if (error) {
        sy_drive_fail(drive, error);
        return;
    }
    if (called_off(drive, &drive->asked->gathered.facts.routing))
        return;
    drive->asked->gathered.facts.record.version = version;
    begin_new(drive);
    sy_drive_forget_asked(drive);
}

static void close_superseded(struct sy_drive *drive) {
    struct sy_store *store = drive->engine->store;
    struct sy_record *record = &drive->asked->gathered.facts.record;
    record->phase = SY_PHASE_CLOSED;
    record->outcome = SY_OUTCOME_SUPERSEDED;
    record->ended_ms = sy_io_now(drive->engine->io);
    (void)snprintf(record->reason, sizeof record->reason, "superseded by the release of version %s",
                   drive->asked->spec.version);
    drive->pending++;
    store->ops->write_record(store, record, superseded, drive);
}

static void superseding(void *ctx, int64_t version, const struct sy_error *error) {
    struct sy_drive *drive = ctx;
    struct sy_facts *facts = &drive->asked->gathered.facts;
    struct sy_error refused = {0};
    bool contended = facts->has_lease && version > facts->lease.version + 1;
    drive->pending--;
    if (error && error->code != SY_ALREADY_EXISTS) {
        sy_drive_fail(drive, error);
        return;
    }
    if (error || contended) {
        (void)sy_fail_reason(&refused, SY_FAILED_PRECONDITION, "RELEASE_RUNNING",
                             "somebody else took the lease of %s:%s at the same time; look again "
                             "in a minute",
                             drive->function, drive->alias);
        sy_drive_fail(drive, &refused);
        return;
    }
    if (called_off(drive, &facts->routing))
        return;
    facts->has_lease = true;
    facts->lease = sy_drive_lease(drive, facts);
    facts->lease.version = version;
    close_superseded(drive);
}

/* The lock comes before the other's record is closed: of two that would supersede it, the second
 * must not write over the record of the first. */
static void supersede(struct sy_drive *drive) {
    struct sy_store *store = drive->engine->store;
    struct sy_lease lease = sy_drive_lease(drive, &drive->asked->gathered.facts);
    lease.until_ms = sy_io_now(drive->engine->io) + SY_MINUTE_MS;
    drive->pending++;
    store->ops->write_lease(store, drive->function, drive->alias, &lease, superseding, drive);
}

static int check_fingerprint(const struct sy_drive *drive, struct sy_error *error) {
    if (!drive->asked->fingerprint[0] ||
        strcmp(drive->asked->fingerprint, drive->asked->plan.fingerprint) == 0)
        return 0;
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "STALE_PLAN",
                          "the plan is stale: the alias, the version's code, the record or the "
                          "settings changed since it was made (%s, now %s); plan again",
                          drive->asked->fingerprint, drive->asked->plan.fingerprint);
}

/* What is due is settled first, and that writes the record, which the fingerprint knows: so the
 * plan is compared before. Afterwards it still has to lead away from the same version. */
static int compare_before(struct sy_drive *drive, const struct sy_facts *facts,
                          struct sy_error *error) {
    struct sy_asked *asked = drive->asked;
    if (!asked->fingerprint[0])
        return 0;
    if (sy_plan_make(&asked->spec, facts, &asked->plan, error) || check_fingerprint(drive, error))
        return -1;
    memcpy(asked->planned_from, asked->plan.baseline, sizeof asked->planned_from);
    asked->fingerprint[0] = '\0';
    return 0;
}

static int compare_after(const struct sy_drive *drive, struct sy_error *error) {
    const struct sy_asked *asked = drive->asked;
    if (!asked->planned_from[0] || strcmp(asked->planned_from, asked->plan.baseline) == 0)
        return 0;
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "STALE_PLAN",
                          "the plan is stale: it was to lead away from version %s, and %s is live "
                          "now; plan again",
                          asked->planned_from,
                          asked->plan.baseline[0] ? asked->plan.baseline : "none");
}

static void apply_planned(struct sy_drive *drive) {
    const struct sy_facts *facts = &drive->asked->gathered.facts;
    const struct sy_plan *plan = &drive->asked->plan;
    char text[SY_REASON_MAX];
    if (plan->kind == SY_PLAN_UNCHANGED) {
        (void)snprintf(text, sizeof text, "alias %s already serves version %s", drive->alias,
                       drive->asked->spec.version);
        sy_drive_finish(drive, SY_OUTCOME_UNCHANGED, &facts->routing, text);
    } else if (plan->kind == SY_PLAN_RESUME) {
        begin_resumed(drive, &drive->asked->gathered);
    } else if (plan->supersedes) {
        supersede(drive);
    } else {
        begin_new(drive);
    }
}

static void apply_gathered(void *ctx, const struct sy_gathered *gathered) {
    struct sy_drive *drive = ctx;
    struct sy_error error = {0};
    const struct sy_error *failed = sy_gathered_error(gathered);
    drive->pending--;
    if (called_off(drive, &gathered->facts.routing))
        return;
    bool other = strcmp(gathered->facts.record.spec.version, drive->asked->spec.version) != 0;
    if (!failed && !drive->asked->settled && other && undriven(&gathered->facts) &&
        gathered->facts.record.phase == SY_PHASE_LOCK_IN) {
        if (compare_before(drive, &gathered->facts, &error)) {
            sy_drive_fail(drive, &error);
            sy_drive_forget_asked(drive);
            return;
        }
        drive->asked->settled = true;
        drive->pending++;
        settle(drive->engine, gathered, apply_settled, drive);
        return;
    }
    drive->asked->gathered = *gathered;
    if (!failed &&
        (sy_plan_make(&drive->asked->spec, &gathered->facts, &drive->asked->plan, &error) ||
         check_fingerprint(drive, &error) || compare_after(drive, &error)))
        failed = &error;
    if (failed)
        sy_drive_fail(drive, failed);
    else
        apply_planned(drive);
    if (drive->begun || drive->over)
        sy_drive_forget_asked(drive);
}

static void fail_now(void *arg) {
    struct sy_drive *drive = arg;
    drive->pending--;
    sy_drive_fail(drive, &drive->asked->refusal);
    sy_drive_forget_asked(drive);
}

void sy_drive_fail_later(struct sy_drive *drive, const struct sy_error *error) {
    drive->asked->refusal = *error;
    drive->pending++;
    sy_engine_post(drive->engine, fail_now, drive);
}

/* One release of an alias at a time. What another engine does is seen in the store; what this one
 * does may not stand there yet. In its lock-in a release may be superseded (release.md, rule 11).
 */
static int check_own_drives(struct sy_drive *drive, struct sy_error *error) {
    const char *function = drive->function;
    const char *alias = drive->alias;
    struct sy_drive *other = drive;
    while ((other = sy_drive_live(other->next, function, alias))) {
        bool yields = other->begun &&
                      (other->release.rested || other->release.record.phase == SY_PHASE_LOCK_IN);
        bool ends = !other->begun && (other->cancelled || other->asked->refusal.code != SY_OK);
        if (yields || ends)
            continue;
        char until[24];
        int64_t until_ms = other->begun ? other->release.lease.until_ms : 0;
        const char *version =
            other->begun ? other->release.record.spec.version : other->asked->spec.version;
        return sy_fail_reason(
            error, SY_FAILED_PRECONDITION, "RELEASE_RUNNING",
            "%s%s is being released or taken back on %s:%s, driven by %s/%llu%s%s in this very "
            "engine; wait for it, or take it back with: steelyard rollback",
            version[0] ? "version " : "a version", version, function, alias, drive->engine->owner,
            (unsigned long long)other->number, until_ms ? " until at least " : "",
            until_ms ? sy_time_format(until_ms, until) : "");
    }
    return 0;
}

struct sy_watch *sy_engine_apply(struct sy_engine *engine, const struct sy_spec *spec,
                                 const char *fingerprint, sy_watch_ready *ready, void *ctx) {
    struct sy_error error = {0};
    struct sy_drive *drive = sy_drive_create(engine, spec->function, spec->alias);
    struct sy_watch *watch = sy_watch_create(drive, true, ready, ctx);
    drive->asked = sy_calloc(1, sizeof *drive->asked);
    drive->asked->spec = *spec;
    if (fingerprint)
        (void)snprintf(drive->asked->fingerprint, sizeof drive->asked->fingerprint, "%s",
                       fingerprint);
    if (sy_spec_check(spec, &error) || check_own_drives(drive, &error))
        sy_drive_fail_later(drive, &error);
    else
        apply_gather(drive);
    return watch;
}
