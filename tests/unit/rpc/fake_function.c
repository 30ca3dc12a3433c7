/* What the fake engine answers for FunctionService. The function's name chooses, as elsewhere:
 * "missing" is NOT_FOUND, "hold" tells one event and goes on until it is closed, any other tells
 * one event of every kind and ends. */
#include "fake_engine.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

struct sy_job {
    struct sy_function_event events[FAKE_FUNCTION_EVENTS];
    int n, at;
    bool holds;
    struct sy_error error;
};

static struct sy_job *job_create(const char *function) {
    struct sy_job *job = sy_calloc(1, sizeof *job);
    atomic_fetch_add(&fake_counters.jobs, 1);
    if (strcmp(function, "missing") == 0) {
        (void)sy_fail_reason(&job->error, SY_NOT_FOUND, "FUNCTION_NOT_FOUND",
                             "the function missing does not exist");
        return job;
    }
    job->holds = strcmp(function, "hold") == 0;
    return job;
}

static void job_add(struct sy_job *job, enum sy_function_event_kind kind, const char *text) {
    struct sy_function_event *event = &job->events[job->n++];
    *event = (struct sy_function_event){.kind = kind, .at_ms = INT64_C(1767323040000) + job->n};
    (void)snprintf(event->text, sizeof event->text, "%s", text);
    (void)snprintf(event->version, sizeof event->version, "%d", 42 + job->n);
}

struct sy_job *sy_engine_publish(struct sy_engine *engine, const struct sy_publish_request *request,
                                 sy_watch_ready *ready, void *ctx) {
    struct sy_job *job = job_create(request->function);
    (void)engine;
    (void)ready;
    (void)ctx;
    fake_counters.publish = *request;
    if (job->error.code != SY_OK)
        return job;
    job_add(job, SY_FUNCTION_NOTE, "on its way");
    if (job->holds)
        return job;
    job_add(job, SY_FUNCTION_PUBLISHED, "there");
    job->events[1].unchanged = true;
    (void)snprintf(job->events[1].code_sha256, sizeof job->events[1].code_sha256, "hash");
    return job;
}

struct sy_job *sy_engine_cleanup(struct sy_engine *engine, const struct sy_cleanup_request *request,
                                 sy_watch_ready *ready, void *ctx) {
    struct sy_job *job = job_create(request->function);
    (void)engine;
    (void)ready;
    (void)ctx;
    fake_counters.cleanup = *request;
    if (job->error.code != SY_OK)
        return job;
    for (int i = 0; i < SY_FATE_COUNT; i++) {
        job_add(job, SY_FUNCTION_VERSION, sy_fate_word((enum sy_fate)i));
        job->events[job->n - 1].fate = (enum sy_fate)i;
    }
    job_add(job, SY_FUNCTION_CLEANED, "done");
    struct sy_function_event *last = &job->events[job->n - 1];
    last->version[0] = '\0';
    last->deleted = 3;
    last->kept = 4;
    last->left = 5;
    return job;
}

int sy_job_next(struct sy_job *job, const struct sy_function_event **ret, struct sy_error *error) {
    if (job->at < job->n) {
        *ret = &job->events[job->at++];
        return 1;
    }
    if (job->holds)
        return 0;
    *error = job->error;
    return -1;
}

void sy_job_close(struct sy_job *job) {
    atomic_fetch_add(&fake_counters.jobs, -1);
    free(job);
}

struct answering {
    char function[SY_FUNCTION_MAX + 1];
    sy_check_done *done;
    void *ctx;
};

static void answer(void *arg) {
    SY_AUTO_FREE struct answering *a = arg;
    struct sy_findings findings = {.n = SY_SEVERITY_COUNT};
    struct sy_error error = {0};
    if (strcmp(a->function, "missing") == 0) {
        (void)sy_fail_reason(&error, SY_NOT_FOUND, "FUNCTION_NOT_FOUND",
                             "the function missing does not exist");
        a->done(a->ctx, NULL, &error);
        return;
    }
    for (int i = 0; i < SY_SEVERITY_COUNT; i++) {
        struct sy_finding *finding = &findings.list[i];
        finding->severity = (enum sy_severity)i;
        (void)snprintf(finding->id, sizeof finding->id, "FINDING_%d", i);
        (void)snprintf(finding->text, sizeof finding->text, "text\x1b %d", i);
        (void)snprintf(finding->fix, sizeof finding->fix, "fix %d", i);
    }
    a->done(a->ctx, &findings, NULL);
}

void sy_engine_check(struct sy_engine *engine, const struct sy_spec *spec, sy_check_done *done,
                     void *ctx) {
    struct answering *a = sy_calloc(1, sizeof *a);
    a->done = done;
    a->ctx = ctx;
    (void)snprintf(a->function, sizeof a->function, "%s", spec->function);
    sy_engine_post(engine, answer, a);
}
