/* Publish: from code to a version that can be released.
 *
 * Nothing moves here, and the alias is looked at only to refuse what could not be released anyway.
 * Two guards keep somebody else's upload out: $LATEST's RevisionId, as read after Lambda has
 * settled (each change of state makes a new one), and the CodeSha256 that is published. */
#include "engine/job.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
    PATIENCE_MS = 15 * 60 * 1000, /* for all waiting: SnapStart takes minutes */
    POLL_FIRST_MS = 1000,
    POLL_LAST_MS = 10000,
};

enum step { LOOKING, SETTLING, UPLOADED, STARTING };

struct publishing {
    struct sy_job job;
    struct sy_publish_request request;
    enum step step;
    int64_t waiting_since_ms;
    int64_t poll_ms;
    uint32_t reads;
    bool uploads;
    struct sy_configuration latest;
    char code_sha256[SY_CODE_SHA256_MAX + 1]; /* that was uploaded */
    char version[SY_VERSION_MAX + 1];
    bool unchanged;
    char newest[SY_VERSION_MAX + 1]; /* before; "" = none, or not known */
};

static void publish(struct publishing *p);

static struct sy_function_event note_of(const struct publishing *p) {
    struct sy_function_event event = {.kind = SY_FUNCTION_NOTE, .unchanged = p->unchanged};
    memcpy(event.version, p->version, sizeof event.version);
    memcpy(event.code_sha256, p->latest.code_sha256, sizeof event.code_sha256);
    return event;
}

static void fail(struct publishing *p, const struct sy_error *error) {
    struct sy_error mine = *error;
    /* What Lambda does not take, such as an object that is not there, was no slip of the command
     * line. */
    if (mine.code == SY_INVALID_ARGUMENT && !mine.field[0])
        mine.code = SY_FAILED_PRECONDITION;
    if (p->version[0])
        (void)snprintf(mine.message, sizeof mine.message,
                       "version %s was published, but nothing moved: %.400s", p->version,
                       error->message);
    sy_job_fail(&p->job, &mine);
}

/* A revision that is stale may be so by our own request, tried again after its answer was lost. */
static void fail_stale(struct publishing *p, const char *what, const struct sy_error *error) {
    struct sy_error mine = *error;
    if (error->code == SY_ABORTED)
        (void)sy_fail_reason(&mine, SY_ABORTED, error->reason,
                             "%s was changed since it was read, by somebody else, or by a request "
                             "of ours whose answer was lost; look what is there with: aws lambda "
                             "list-versions-by-function --function-name %s, and try again",
                             what, p->request.function);
    fail(p, &mine);
}

/* ---- waiting ---- */

static void read_again(struct publishing *p);

static void poll_due(void *ctx) {
    read_again(ctx);
}

/* Look again, later and later; false when that took too long, and the job is over. */
static void poll_later(struct publishing *p, const char *what, const char *state,
                       const char *reason) {
    struct sy_engine *engine = p->job.engine;
    struct sy_function_event event = note_of(p);
    struct sy_error error;
    char waited[32];
    int64_t now_ms = sy_io_now(engine->io);
    int64_t waited_ms = (now_ms - p->waiting_since_ms) / 1000 * 1000;
    (void)sy_duration_format(waited_ms, waited);
    if (waited_ms >= PATIENCE_MS) {
        (void)sy_fail_reason(&error, SY_DEADLINE_EXCEEDED, "STILL_WAITING",
                             "%s is %s after %s; see what Lambda makes of it with: aws lambda "
                             "get-function-configuration --function-name %s",
                             what, state, waited, p->request.function);
        fail(p, &error);
        return;
    }
    sy_job_tell(&p->job, &event, "%s is %s%s%.200s, %s so far%s", what, state,
                reason[0] ? ": " : "", reason, waited,
                p->version[0] && p->latest.snap_start ? "; its snapshot (SnapStart) takes minutes"
                                                      : "");
    sy_timers_set(engine->timers, &p->job.timer, now_ms + p->poll_ms, poll_due, p);
    p->poll_ms = p->poll_ms * 2 < POLL_LAST_MS ? p->poll_ms * 2 : POLL_LAST_MS;
}

static void begin_waiting(struct publishing *p) {
    p->waiting_since_ms = sy_io_now(p->job.engine->io);
    p->poll_ms = POLL_FIRST_MS;
    read_again(p);
}

static bool is_passing(const struct sy_error *error) {
    return error->code == SY_UNAVAILABLE || error->code == SY_RESOURCE_EXHAUSTED;
}

/* ---- the version ---- */

static void published(struct publishing *p, const struct sy_configuration *version) {
    struct sy_function_event event = note_of(p);
    event.kind = SY_FUNCTION_PUBLISHED;
    sy_job_tell(&p->job, &event, "version %s is %s%s", p->version,
                version->state[0] ? version->state : "there",
                p->unchanged ? "; nothing had changed since it was published" : "");
    sy_job_end(&p->job);
}

static void look_at_version(struct publishing *p, const struct sy_configuration *version) {
    struct sy_error error;
    char what[64];
    (void)snprintf(what, sizeof what, "version %s", p->version);
    if (!version->exists || strcmp(version->state, "Pending") == 0) {
        poll_later(p, what, version->exists ? version->state : "not there yet",
                   version->state_reason);
    } else if (strcmp(version->state, "Failed") == 0) {
        (void)sy_fail_reason(&error, SY_INTERNAL, "VERSION_FAILED",
                             "Lambda could not start it: %s; change what it names and publish "
                             "again",
                             version->state_reason[0] ? version->state_reason
                                                      : "it gives no reason");
        fail(p, &error);
    } else {
        published(p, version);
    }
}

static void on_published(void *ctx, const struct sy_lambda_version *version,
                         const struct sy_error *error) {
    struct publishing *p = ctx;
    if (!sy_job_answered(&p->job))
        return;
    if (error) {
        fail_stale(p, "$LATEST", error);
        return;
    }
    memcpy(p->version, version->version, sizeof p->version);
    p->unchanged = p->newest[0] && sy_version_compare(p->version, p->newest) <= 0;
    struct sy_function_event event = note_of(p);
    if (p->unchanged)
        sy_job_tell(&p->job, &event,
                    "neither code nor configuration changed since version %s was published: it is "
                    "that one again",
                    p->version);
    else
        sy_job_tell(&p->job, &event, "published version %s", p->version);
    p->step = STARTING;
    begin_waiting(p);
}

static void publish(struct publishing *p) {
    struct sy_target *target = p->job.engine->target;
    const struct sy_configuration *latest = &p->latest;
    p->job.pending++;
    target->function->publish(
        target,
        &(struct sy_publish){.function = p->request.function,
                             .code_sha256 = latest->code_sha256[0] ? latest->code_sha256 : NULL,
                             .revision = latest->revision[0] ? latest->revision : NULL,
                             .description =
                                 p->request.description[0] ? p->request.description : NULL},
        on_published, p);
}

/* ---- $LATEST ---- */

static void on_uploaded(void *ctx, const struct sy_configuration *latest,
                        const struct sy_error *error) {
    struct publishing *p = ctx;
    if (!sy_job_answered(&p->job))
        return;
    if (error) {
        fail_stale(p, "the code of $LATEST", error);
        return;
    }
    p->latest = *latest;
    memcpy(p->code_sha256, latest->code_sha256, sizeof p->code_sha256);
    struct sy_function_event event = note_of(p);
    sy_job_tell(&p->job, &event, "the code of %s is %s now", p->request.function,
                latest->code_sha256[0] ? latest->code_sha256 : "new");
    p->step = UPLOADED;
    begin_waiting(p);
}

static void upload(struct publishing *p) {
    struct sy_target *target = p->job.engine->target;
    struct sy_error error;
    p->job.pending++;
    if (target->function->update_code(target, p->request.function, &p->request.package,
                                      p->latest.revision, on_uploaded, p, &error)) {
        p->job.pending--;
        fail(p, &error);
    }
}

static int check_latest(const struct publishing *p, struct sy_error *error) {
    const struct sy_configuration *latest = &p->latest;
    bool broken = strcmp(latest->last_update, "Failed") == 0;
    if (broken && (!p->uploads || p->step == UPLOADED))
        return sy_fail_reason(
            error, SY_INTERNAL, "UPDATE_FAILED",
            "the last update of %s failed: %s; nothing was published", p->request.function,
            latest->last_update_reason[0] ? latest->last_update_reason : "Lambda gives no reason");
    if (p->step == UPLOADED && strcmp(latest->code_sha256, p->code_sha256) != 0)
        return sy_fail_reason(error, SY_ABORTED, "CODE_CHANGED",
                              "somebody else uploaded other code to %s (%s, not %s) in between; "
                              "nothing was published",
                              p->request.function, latest->code_sha256, p->code_sha256);
    if (p->request.code_sha256[0] && strcmp(latest->code_sha256, p->request.code_sha256) != 0)
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "CODE_CHANGED",
                              "the code of %s is %s, not %s; nothing was published: upload what "
                              "is meant, or name the hash that is there",
                              p->request.function, latest->code_sha256, p->request.code_sha256);
    return 0;
}

/* $LATEST was read: wait while Lambda is at it, then upload, then publish. */
static void look_at_latest(struct publishing *p) {
    struct sy_error error;
    if (strcmp(p->latest.last_update, "InProgress") == 0)
        poll_later(p, "the update of the code", "in progress", p->latest.last_update_reason);
    else if (strcmp(p->latest.state, "Pending") == 0)
        poll_later(p, p->request.function, p->latest.state, p->latest.state_reason);
    else if (check_latest(p, &error))
        fail(p, &error);
    else if (p->uploads && p->step != UPLOADED)
        upload(p);
    else
        publish(p);
}

static void on_polled(void *ctx, const struct sy_configuration *configuration,
                      const struct sy_error *error) {
    struct publishing *p = ctx;
    if (!sy_job_answered(&p->job))
        return;
    if (error && is_passing(error)) {
        poll_later(p, p->request.function, "not answered for", error->message);
    } else if (error) {
        fail(p, error);
    } else if (p->step == STARTING) {
        look_at_version(p, configuration);
    } else {
        p->latest = *configuration;
        look_at_latest(p);
    }
}

static void read_again(struct publishing *p) {
    struct sy_target *target = p->job.engine->target;
    p->job.pending++;
    target->function->read_configuration(target, p->request.function, p->version, on_polled, p);
}

/* ---- before anything changes ---- */

static void read_ended(struct publishing *p) {
    if (--p->reads)
        return;
    p->step = SETTLING;
    p->waiting_since_ms = sy_io_now(p->job.engine->io);
    p->poll_ms = POLL_FIRST_MS;
    look_at_latest(p);
}

static void on_latest(void *ctx, const struct sy_configuration *latest,
                      const struct sy_error *error) {
    struct publishing *p = ctx;
    if (!sy_job_answered(&p->job))
        return;
    if (error) {
        fail(p, error);
        return;
    }
    p->latest = *latest;
    read_ended(p);
}

/* Which versions there are tells a new one from the last one; without the list it is not told. */
static void on_versions(void *ctx, const struct sy_lambda_version *versions, size_t n,
                        const struct sy_error *error) {
    struct publishing *p = ctx;
    if (!sy_job_answered(&p->job))
        return;
    for (size_t i = 0; i < n && !error; i++)
        if (sy_version_compare(versions[i].version, p->newest) > 0)
            memcpy(p->newest, versions[i].version, sizeof p->newest);
    read_ended(p);
}

/* What the store does not tell yet: a release that this very engine has begun. */
static int check_drives(const struct publishing *p, struct sy_error *error) {
    struct sy_engine *engine = p->job.engine;
    const char *function = p->request.function;
    const char *alias = p->request.alias;
    struct sy_drive *drive = sy_drive_live(engine->drives, function, alias);
    for (; drive; drive = sy_drive_live(drive->next, function, alias))
        if (drive->begun && !drive->release.rested &&
            drive->release.record.phase != SY_PHASE_LOCK_IN)
            return sy_fail_reason(error, SY_FAILED_PRECONDITION, "RELEASE_RUNNING",
                                  "version %s is being released or taken back on %s:%s in this "
                                  "very engine; wait for it, or take it back with: steelyard "
                                  "rollback",
                                  drive->release.record.spec.version, function, alias);
    return 0;
}

static int check_gathered(const struct publishing *p, const struct sy_gathered *gathered,
                          struct sy_error *error) {
    struct sy_spec spec;
    const struct sy_error *failed = sy_gathered_error(gathered);
    if (failed) {
        *error = *failed;
        return -1;
    }
    sy_spec_init(&spec);
    memcpy(spec.function, p->request.function, sizeof spec.function);
    memcpy(spec.alias, p->request.alias, sizeof spec.alias);
    return check_drives(p, error) || sy_plan_check_free(&spec, &gathered->facts, error) ? -1 : 0;
}

static void on_gathered(void *ctx, const struct sy_gathered *gathered) {
    struct publishing *p = ctx;
    struct sy_target *target = p->job.engine->target;
    struct sy_error error;
    if (!sy_job_answered(&p->job))
        return;
    if (check_gathered(p, gathered, &error)) {
        fail(p, &error);
        return;
    }
    p->reads = 2;
    p->job.pending += 2;
    target->function->read_configuration(target, p->request.function, "", on_latest, p);
    target->function->list_versions(target, p->request.function, on_versions, p);
}

static int check_request(const struct sy_publish_request *request, struct sy_error *error) {
    if (sy_names_check(request->function, request->alias, NULL, error) ||
        sy_description_check(request->description, error) ||
        sy_package_check(&request->package, error) ||
        (request->code_sha256[0] && sy_code_sha256_check(request->code_sha256, error)))
        return -1;
    if (request->package.kind == SY_PACKAGE_ZIP && request->package.zip_path[0] != '/')
        return sy_fail_field(error, "code",
                             "code: %.200s is no absolute path; the engine has a folder of its own",
                             request->package.zip_path);
    if (request->package.kind != SY_PACKAGE_LATEST && request->code_sha256[0])
        return sy_fail_field(error, "code-sha256",
                             "code-sha256: guards what is in $LATEST already; leave it out where "
                             "the code itself is named");
    return 0;
}

struct sy_job *sy_engine_publish(struct sy_engine *engine, const struct sy_publish_request *request,
                                 sy_watch_ready *ready, void *ctx) {
    struct sy_error error;
    struct publishing *p = sy_job_create(engine, sizeof *p, ready, ctx);
    p->request = *request;
    p->job.function = p->request.function;
    p->uploads = request->package.kind != SY_PACKAGE_LATEST;
    if (check_request(request, &error)) {
        sy_job_fail(&p->job, &error);
        return &p->job;
    }
    p->job.pending++;
    sy_gather(engine, request->function, request->alias, "", 0, on_gathered, p);
    return &p->job;
}
