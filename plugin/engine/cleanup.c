/* Cleanup: delete old versions, and nothing that anything names. Who names versions is read before
 * the decision and again before each deletion: in between a release may have begun. Lambda itself
 * refuses to delete what an alias uses; it knows nothing of records and of versions just left, to
 * which requests still go for a while. */
#include "engine/job.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum {
    DELETIONS_MAX = 200, /* in one run */
    /* Lambda takes 15 calls a second of an account's control plane, and a release that goes back
     * must not wait: two calls a deletion, so at most five a second. */
    PACE_MS = 400,
};

struct cleaning {
    struct sy_job job;
    struct sy_cleanup_request request;
    struct sy_lambda_version *versions; /* by number, rising */
    size_t n_versions;
    struct sy_named_version *names; /* who names versions, as read last */
    size_t n_names;
    uint32_t reads; /* answers to the reads that are under way */
    size_t at;      /* the version that is next */
    bool again;     /* the names were read again, for the version that is next */
    uint32_t deleted, kept, left;
};

static void go_on(struct cleaning *c);

static void cleaning_release(struct sy_job *job) {
    struct cleaning *c = (struct cleaning *)job;
    free(c->versions);
    free(c->names);
}

static void name_version(struct cleaning *c, const char *version, const char *by) {
    if (!version[0])
        return;
    c->names = sy_realloc(c->names, (c->n_names + 1) * sizeof *c->names);
    struct sy_named_version *name = &c->names[c->n_names++];
    *name = (struct sy_named_version){0};
    (void)snprintf(name->version, sizeof name->version, "%s", version);
    (void)snprintf(name->by, sizeof name->by, "%s", by);
}

/* ---- reading ---- */

static void failed(struct cleaning *c, const struct sy_error *error) {
    struct sy_error mine = *error;
    char before[sizeof error->message];
    (void)snprintf(before, sizeof before, "%s", error->message);
    if (c->deleted)
        (void)snprintf(mine.message, sizeof mine.message, "%.380s; %u versions were deleted before",
                       before, c->deleted);
    sy_job_fail(&c->job, &mine);
}

static void read_ended(struct cleaning *c, const struct sy_error *error) {
    if (error)
        failed(c, error);
    else if (--c->reads == 0)
        go_on(c);
}

static int by_number(const void *a, const void *b) {
    return sy_version_compare(((const struct sy_lambda_version *)a)->version,
                              ((const struct sy_lambda_version *)b)->version);
}

static void on_versions(void *ctx, const struct sy_lambda_version *versions, size_t n,
                        const struct sy_error *error) {
    struct cleaning *c = ctx;
    if (!sy_job_answered(&c->job))
        return;
    if (!error) {
        c->versions = sy_calloc(n + 1, sizeof *c->versions);
        memcpy(c->versions, versions, n * sizeof *c->versions);
        qsort(c->versions, n, sizeof *c->versions, by_number);
        c->n_versions = n;
    }
    read_ended(c, error);
}

static void on_aliases(void *ctx, const struct sy_named_alias *aliases, size_t n,
                       const struct sy_error *error) {
    struct cleaning *c = ctx;
    char by[SY_BY_MAX + 1];
    if (!sy_job_answered(&c->job))
        return;
    for (size_t i = 0; i < n && !error; i++) {
        const struct sy_routing *routing = &aliases[i].routing;
        (void)snprintf(by, sizeof by, "alias %s points to it", aliases[i].name);
        name_version(c, routing->primary, by);
        (void)snprintf(by, sizeof by, "alias %s shares its traffic with it", aliases[i].name);
        name_version(c, routing->additional, by);
    }
    read_ended(c, error);
}

static void on_names(void *ctx, const struct sy_named_version *names, size_t n,
                     const struct sy_error *error) {
    struct cleaning *c = ctx;
    if (!sy_job_answered(&c->job))
        return;
    for (size_t i = 0; i < n && !error; i++)
        name_version(c, names[i].version, names[i].by);
    read_ended(c, error);
}

static void read_who_names(struct cleaning *c) {
    struct sy_engine *engine = c->job.engine;
    c->n_names = 0;
    c->reads += 2;
    c->job.pending += 2;
    engine->target->function->list_aliases(engine->target, c->request.function, on_aliases, c);
    engine->store->ops->read_names(engine->store, c->request.function, on_names, c);
}

/* What this very engine drives may stand nowhere yet. */
static const char *driven(const struct cleaning *c, const char *version) {
    for (const struct sy_drive *drive = c->job.engine->drives; drive; drive = drive->next) {
        const char *target = drive->begun   ? drive->release.record.spec.version
                             : drive->asked ? drive->asked->spec.version
                                            : "";
        const char *baseline = drive->begun ? drive->release.record.baseline : "";
        if (!drive->over && strcmp(drive->function, c->request.function) == 0 &&
            (strcmp(target, version) == 0 || strcmp(baseline, version) == 0))
            return "a release that this engine drives names it";
    }
    return NULL;
}

/* ---- deciding and deleting ---- */

static void tell_fate(struct cleaning *c, const char *version, enum sy_fate fate, const char *why) {
    struct sy_function_event event = {.kind = SY_FUNCTION_VERSION, .fate = fate};
    (void)snprintf(event.version, sizeof event.version, "%s", version);
    c->deleted += fate == SY_FATE_DELETED || fate == SY_FATE_WOULD_GO;
    c->kept += fate == SY_FATE_KEPT;
    c->left += fate == SY_FATE_LEFT;
    sy_job_tell(&c->job, &event, "%s", why);
}

static void cleaned(struct cleaning *c) {
    struct sy_function_event event = {
        .kind = SY_FUNCTION_CLEANED, .deleted = c->deleted, .kept = c->kept, .left = c->left};
    if (c->left)
        sy_job_tell(&c->job, &event,
                    "%u versions deleted, %u kept; %u more may go: one run deletes %d, so run it "
                    "again",
                    c->deleted, c->kept, c->left, DELETIONS_MAX);
    else
        sy_job_tell(&c->job, &event, "%u version%s %s, %u kept", c->deleted,
                    c->deleted == 1 ? "" : "s", c->request.dry_run ? "would be deleted" : "deleted",
                    c->kept);
    sy_job_end(&c->job);
}

static void next_in_a_while(void *ctx) {
    go_on(ctx);
}

static void on_version_deleted(void *ctx, bool gone, const struct sy_error *error) {
    struct cleaning *c = ctx;
    if (!sy_job_answered(&c->job))
        return;
    const char *version = c->versions[c->at].version;
    if (error && error->code != SY_ALREADY_EXISTS) {
        struct sy_error mine;
        tell_fate(c, version, SY_FATE_FAILED, error->message);
        (void)sy_fail_reason(&mine, error->code, error->reason,
                             "version %s was not deleted: %.300s", version, error->message);
        failed(c, &mine);
        return;
    }
    if (error)
        tell_fate(c, version, SY_FATE_KEPT, "Lambda says that an alias uses it");
    else
        tell_fate(c, version, SY_FATE_DELETED, gone ? "it was gone already" : "nothing names it");
    c->at++;
    c->again = false;
    sy_timers_set(c->job.engine->timers, &c->job.timer, sy_io_now(c->job.engine->io) + PACE_MS,
                  next_in_a_while, c);
}

static void delete_next(struct cleaning *c, const char *version) {
    struct sy_target *target = c->job.engine->target;
    struct sy_error error;
    c->job.pending++;
    if (target->function->delete_version(target, c->request.function, version, on_version_deleted,
                                         c, &error)) {
        c->job.pending--;
        sy_job_fail(&c->job, &error);
    }
}

/* Whatever needs no call, at once; then one deletion. */
static void go_on(struct cleaning *c) {
    char why[SY_BY_MAX + 1];
    for (; c->at < c->n_versions; c->at++, c->again = false) {
        const char *version = c->versions[c->at].version;
        const char *mine = driven(c, version);
        bool goes = sy_cleanup_may_go(version, c->n_versions - 1 - c->at, c->request.keep, c->names,
                                      c->n_names, why);
        if (!goes || mine) {
            tell_fate(c, version, SY_FATE_KEPT, goes ? mine : why);
        } else if (c->request.dry_run) {
            tell_fate(c, version, SY_FATE_WOULD_GO, why);
        } else if (c->deleted >= DELETIONS_MAX) {
            tell_fate(c, version, SY_FATE_LEFT, why);
        } else if (!c->again) {
            c->again = true;
            read_who_names(c);
            return;
        } else {
            delete_next(c, version);
            return;
        }
    }
    cleaned(c);
}

static int check_request(const struct sy_cleanup_request *request, struct sy_error *error) {
    if (sy_names_check(request->function, "a", NULL, error))
        return -1;
    if (request->keep < 0 || request->keep > SY_KEEP_MAX)
        return sy_fail_field(error, "keep", "keep: %lld is outside 0 to %d",
                             (long long)request->keep, SY_KEEP_MAX);
    return 0;
}

struct sy_job *sy_engine_cleanup(struct sy_engine *engine, const struct sy_cleanup_request *request,
                                 sy_watch_ready *ready, void *ctx) {
    struct sy_error error;
    struct cleaning *c = sy_job_create(engine, sizeof *c, ready, ctx);
    c->job.release = cleaning_release;
    c->request = *request;
    c->job.function = c->request.function;
    if (check_request(request, &error)) {
        sy_job_fail(&c->job, &error);
        return &c->job;
    }
    c->reads = 1;
    c->job.pending++;
    engine->target->function->list_versions(engine->target, request->function, on_versions, c);
    read_who_names(c);
    return &c->job;
}
