/* What the engine does about a function rather than one release of it: publish a version, check
 * what stands around a release, clean old versions up. All on the thread that runs sy_engine_run().
 */
#ifndef SY_ENGINE_FUNCTION_H
#define SY_ENGINE_FUNCTION_H

#include "core/cleanup.h"
#include "core/package.h"
#include "engine/engine.h"

/* What a publication or a cleanup tells. */
enum sy_function_event_kind {
    SY_FUNCTION_NOTE,      /* text; version: the one that was published meanwhile */
    SY_FUNCTION_PUBLISHED, /* version, code_sha256, unchanged: it is there and can be released */
    SY_FUNCTION_VERSION,   /* version, fate, text: why */
    SY_FUNCTION_CLEANED,   /* deleted, kept, left; text */
};
struct sy_function_event {
    enum sy_function_event_kind kind;
    int64_t at_ms; /* Unix time */
    char version[SY_VERSION_MAX + 1];
    char code_sha256[SY_CODE_SHA256_MAX + 1];
    bool unchanged; /* neither code nor configuration had changed: it is the last version again */
    enum sy_fate fate;
    uint32_t deleted; /* or would be, in a dry run */
    uint32_t kept;
    uint32_t left; /* may go, but are more than one run deletes */
    char text[512];
};

/* One such task, owned by whoever began it. Its events are pulled, as those of a watch are; all are
 * kept until it is closed. */
struct sy_job;
/* 1 = *ret is the next event, valid until the job is closed; 0 = none now, ready() will be called;
 * -1 = the end: error->code is SY_OK, or why it could not be done. */
int sy_job_next(struct sy_job *job, const struct sy_function_event **ret, struct sy_error *error);
/* Closing one that goes on stops its waiting, and what it would have done next. */
void sy_job_close(struct sy_job *job);

struct sy_publish_request {
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];             /* the one that the version is for */
    char description[SY_DESCRIPTION_MAX + 1]; /* "" = $LATEST's */
    char code_sha256[SY_CODE_SHA256_MAX + 1]; /* publish this code alone; "" = whatever is there */
    struct sy_package package;
};
/* Upload the code, if there is any, and publish it. Refused before anything changes while a release
 * of the alias runs or the alias is split by somebody else (the reasons of a plan: RELEASE_RUNNING,
 * FOREIGN_SPLIT); FAILED_PRECONDITION, CODE_CHANGED, when $LATEST has other code; ABORTED,
 * STALE_REVISION, when somebody changed $LATEST in between. INTERNAL, UPDATE_FAILED or
 * VERSION_FAILED, with Lambda's own reason. Waits 15 minutes at most, then DEADLINE_EXCEEDED. */
struct sy_job *sy_engine_publish(struct sy_engine *engine, const struct sy_publish_request *request,
                                 sy_watch_ready *ready, void *ctx);

struct sy_cleanup_request {
    char function[SY_FUNCTION_MAX + 1];
    int64_t keep; /* the newest so many stay */
    bool dry_run;
};
/* Delete old versions, the oldest first; what an alias, a parameter or a record names stays,
 * whatever `keep` says. Everything that names versions is read again before each deletion. Stops at
 * the first error that is not that the version is in use or gone already. */
struct sy_job *sy_engine_cleanup(struct sy_engine *engine, const struct sy_cleanup_request *request,
                                 sy_watch_ready *ready, void *ctx);

/* What would spoil a release of the version; version "" = none yet. Errors are what keeps it from
 * looking at all; what it finds is in findings. Changes nothing. */
typedef void sy_check_done(void *ctx, const struct sy_findings *findings,
                           const struct sy_error *error);
void sy_engine_check(struct sy_engine *engine, const struct sy_spec *spec, sy_check_done *done,
                     void *ctx);

#endif
