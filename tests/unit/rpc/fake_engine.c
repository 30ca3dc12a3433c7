#include "fake_engine.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct fake_counters fake_counters;

struct post {
    void (*fn)(void *arg);
    void *arg;
    struct post *next;
};

/* A release that plays; it outlives its watches. */
struct release {
    struct sy_spec spec;
    char id[40];
    int64_t end;      /* number of the last event; 0 = it bakes until interrupted */
    bool interrupted; /* "hold" and "stuck" only: two more events follow */
    struct release *next;
};

struct sy_engine {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct post *first, *last;
    bool stopped;
    struct release *releases;
    struct sy_watch *watches;
    sy_plan_done *silent_done;
    void *silent_ctx;
    void (*rested)(void *ctx); /* waits for what is stuck */
    void *rested_ctx;
};

struct sy_watch {
    struct sy_engine *engine;
    struct release *release; /* NULL: error is all there is */
    struct sy_error error;
    int64_t next_sequence;
    bool owns;
    sy_watch_ready *ready;
    void *ctx;
    struct sy_release_event event;
    struct sy_watch *next;
};

static void tell(const char *what) {
    (void)fprintf(stderr, "fake: %s\n", what);
}

struct sy_engine *fake_engine_create(void) {
    struct sy_engine *engine = sy_calloc(1, sizeof *engine);
    (void)pthread_mutex_init(&engine->mutex, NULL);
    (void)pthread_cond_init(&engine->changed, NULL);
    return engine;
}

struct sy_engine *sy_engine_create(const struct sy_engine_options *options) {
    (void)options;
    return fake_engine_create();
}

void sy_engine_destroy(struct sy_engine *engine) {
    struct sy_error error;
    (void)sy_fail(&error, SY_CANCELLED, "the engine is destroyed");
    if (engine->silent_done)
        engine->silent_done(engine->silent_ctx, NULL, &error);
    while (engine->first) {
        struct post *post = engine->first;
        engine->first = post->next;
        free(post);
    }
    while (engine->releases) {
        struct release *release = engine->releases;
        engine->releases = release->next;
        free(release);
    }
    (void)pthread_cond_destroy(&engine->changed);
    (void)pthread_mutex_destroy(&engine->mutex);
    free(engine);
}

void sy_engine_post(struct sy_engine *engine, void (*fn)(void *arg), void *arg) {
    struct post *post = sy_calloc(1, sizeof *post);
    *post = (struct post){fn, arg, NULL};
    pthread_mutex_lock(&engine->mutex);
    if (engine->last)
        engine->last->next = post;
    else
        engine->first = post;
    engine->last = post;
    pthread_cond_signal(&engine->changed);
    pthread_mutex_unlock(&engine->mutex);
}

static struct post *take_post(struct sy_engine *engine, bool wait) {
    pthread_mutex_lock(&engine->mutex);
    while (wait && !engine->first)
        pthread_cond_wait(&engine->changed, &engine->mutex);
    struct post *post = engine->first;
    if (post) {
        engine->first = post->next;
        if (!engine->first)
            engine->last = NULL;
    }
    pthread_mutex_unlock(&engine->mutex);
    return post;
}

static void run_post(struct post *post) {
    post->fn(post->arg);
    free(post);
}

void sy_engine_run(struct sy_engine *engine) {
    while (!engine->stopped)
        run_post(take_post(engine, true));
}

void sy_engine_turn(struct sy_engine *engine, int64_t until_ms) {
    (void)until_ms;
    for (struct post *post; (post = take_post(engine, false));)
        run_post(post);
}

void sy_engine_stop(struct sy_engine *engine) {
    engine->stopped = true;
}

static int scripted_failure(const char *function, struct sy_error *error) {
    if (strcmp(function, "missing") == 0)
        return sy_fail(error, SY_NOT_FOUND, "function \"missing\" has no version 7; publish it");
    if (strcmp(function, "stale") == 0)
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "STALE_PLAN",
                              "the alias moved since the plan was made; plan again");
    return 0;
}

void fake_plan(const struct sy_spec *spec, struct sy_plan *ret) {
    *ret = (struct sy_plan){.kind = SY_PLAN_RESUME,
                            .spec = *spec,
                            .baseline = "41",
                            .last_known_good = "40",
                            .routing = {"41", "42", 1000},
                            .revision = "5c7d6f1e-revision",
                            .release_id = "release-1",
                            .supersedes = true,
                            .moves_mirror = true,
                            .n_warnings = 2,
                            .fingerprint = "f00d"};
    for (uint32_t i = 0; i < spec->n_stages; i++)
        ret->expected[i] = i ? 1000 * (int64_t)i : -1;
    (void)snprintf(ret->warnings[0], sizeof ret->warnings[0], "three callers bypass the alias");
    (void)snprintf(ret->warnings[1], sizeof ret->warnings[1], "version 42 é has no traffic");
}

void sy_engine_plan(struct sy_engine *engine, const struct sy_spec *spec, sy_plan_done *done,
                    void *ctx) {
    struct sy_plan plan;
    struct sy_error error;
    if (strcmp(spec->function, "silent") == 0) {
        engine->silent_done = done; /* answered when the engine is destroyed */
        engine->silent_ctx = ctx;
        atomic_fetch_add(&fake_counters.silent, 1);
        return;
    }
    if (scripted_failure(spec->function, &error)) {
        done(ctx, NULL, &error);
        return;
    }
    fake_plan(spec, &plan);
    done(ctx, &plan, NULL);
}

void fake_facts(const char *function, const char *alias, struct sy_facts *ret) {
    *ret = (struct sy_facts){.now_ms = 1700000000123,
                             .has_alias = true,
                             .routing = {"42", "", 0},
                             .revision = "revision-9",
                             .has_version = true,
                             .version_state = "Active",
                             .code_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                             .has_record = true,
                             .has_lease = true,
                             .lease = {3, "host:123:abc", 1700000060000},
                             .mirror_alias = "live",
                             .mirror_current = "42",
                             .mirror_previous = "41",
                             .mirror_last_known_good = "40",
                             .has_traffic = true,
                             .traffic_per_hour = 3600};
    struct sy_record *record = &ret->record;
    sy_spec_init(&record->spec);
    (void)snprintf(record->spec.function, sizeof record->spec.function, "%s", function);
    (void)snprintf(record->spec.alias, sizeof record->spec.alias, "%s", alias);
    (void)snprintf(record->spec.version, sizeof record->spec.version, "42");
    (void)snprintf(record->release_id, sizeof record->release_id, "release-1");
    (void)snprintf(record->baseline, sizeof record->baseline, "41");
    (void)snprintf(record->last_known_good, sizeof record->last_known_good, "40");
    (void)snprintf(record->revision, sizeof record->revision, "revision-9");
    (void)snprintf(record->reason, sizeof record->reason, "all stages healthy");
    record->version = 12;
    record->phase = SY_PHASE_LOCK_IN;
    record->stage = record->spec.n_stages;
    record->created_ms = 1;
    record->first_traffic_ms = 2;
    record->stage_until_ms = 3;
    record->promoted_ms = 4;
    record->judged_ms = 5;
    record->ended_ms = 6;
    record->sequence = 7;
    record->extended = record->unproven = record->mirrors = record->handed_over = true;
    record->paused_ms = 1;
    record->outcome = SY_OUTCOME_PROMOTED_UNPROVEN;
    for (uint32_t i = 0; i <= record->spec.n_stages; i++)
        record->results[i] = (struct sy_stage_result){SY_DECISION_INCONCLUSIVE, {10 + i, i}, 8, 9};
}

void sy_engine_status(struct sy_engine *engine, const char *function, const char *alias,
                      bool settle, sy_status_done *done, void *ctx) {
    (void)engine;
    (void)settle;
    struct sy_facts facts;
    struct sy_error error;
    if (scripted_failure(function, &error)) {
        done(ctx, NULL, &error);
        return;
    }
    fake_facts(function, alias, &facts);
    done(ctx, &facts, NULL);
}

void fake_control(const char *function, const char *alias, enum sy_control control,
                  struct sy_control_answer *ret) {
    struct sy_facts facts;
    fake_facts(function, alias, &facts);
    *ret = (struct sy_control_answer){.taken = control == SY_CONTROL_PAUSE,
                                      .undriven = control != SY_CONTROL_PAUSE,
                                      .owner = "host:1",
                                      .record = facts.record};
    ret->record.control = control;
    (void)snprintf(ret->record.control_reason, sizeof ret->record.control_reason, "a reason");
}

void sy_engine_control(struct sy_engine *engine, const char *function, const char *alias,
                       enum sy_control control, const char *reason, sy_control_done *done,
                       void *ctx) {
    struct sy_control_answer answer;
    struct sy_error error;
    (void)engine;
    (void)reason;
    if (scripted_failure(function, &error)) {
        done(ctx, NULL, &error);
        return;
    }
    fake_control(function, alias, control, &answer);
    done(ctx, &answer, NULL);
}

void fake_verified(const struct sy_verify *verify, struct sy_verified *ret) {
    *ret = (struct sy_verified){
        .baseline = "41",
        .routing = {"41", "42", 1000},
        .judgement = {.decision = SY_DECISION_UNHEALTHY, .canary = {100, 50}, .other = {900, 1}},
        .from_ms = verify->end_ms - verify->window_ms,
        .to_ms = verify->end_ms,
        .window_ms = verify->window_ms,
        .threshold_bp = verify->threshold_bp,
        .text = "error rate 50% (50 of 100)"};
    memcpy(ret->version, verify->version, sizeof ret->version);
}

void sy_engine_verify(struct sy_engine *engine, const struct sy_verify *verify,
                      sy_verify_done *done, void *ctx) {
    struct sy_verified verified;
    struct sy_error error;
    (void)engine;
    if (scripted_failure(verify->function, &error)) {
        done(ctx, NULL, &error);
        return;
    }
    fake_verified(verify, &verified);
    done(ctx, &verified, NULL);
}

void fake_samples(const struct sy_measure *measure, struct sy_sample ret[2]) {
    ret[0] = (struct sy_sample){measure->from_ms, {100, 3}, {900, 4}};
    ret[1] = (struct sy_sample){measure->to_ms - measure->period_ms, {0, 0}, {5, 0}};
}

void sy_engine_measure(struct sy_engine *engine, const struct sy_measure *measure,
                       sy_measure_done *done, void *ctx) {
    struct sy_sample samples[2];
    struct sy_error error;
    (void)engine;
    fake_counters.measure = *measure;
    if (scripted_failure(measure->function, &error)) {
        done(ctx, NULL, 0, &error);
        return;
    }
    fake_samples(measure, samples);
    done(ctx, samples, strcmp(measure->function, "quiet") == 0 ? 0 : 2, NULL);
}

void sy_engine_history(struct sy_engine *engine, const char *function, const char *alias,
                       sy_history_done *done, void *ctx) {
    struct sy_facts facts;
    struct sy_error error;
    (void)engine;
    if (scripted_failure(function, &error)) {
        done(ctx, NULL, 0, &error);
        return;
    }
    fake_facts(function, alias, &facts);
    struct sy_stored_version versions[] = {{.at_ms = 2000, .record = facts.record},
                                           {.at_ms = 1000, .record = facts.record}};
    versions[1].record.version--;
    done(ctx, versions, 2, NULL);
}

void fake_event(int64_t sequence, struct sy_release_event *ret) {
    *ret = (struct sy_release_event){.kind = (enum sy_event_kind)(sequence - 1),
                                     .sequence = sequence,
                                     .at_ms = 1700000000000 + sequence,
                                     .release_id = "release-1",
                                     .baseline = "41",
                                     .version = "42",
                                     .stage = 1,
                                     .n_stages = 2,
                                     .weight_bp = 1000,
                                     .until_ms = 1700000900000};
    struct sy_routing split = {"41", "42", 1000};
    struct sy_routing whole = {"42", "", 0};
    (void)snprintf(ret->text, sizeof ret->text, "event %lld: 10 %% \xC3\xA9", (long long)sequence);
    bool judged = ret->kind == SY_EVENT_OBSERVED || ret->kind == SY_EVENT_STAGE_VERDICT;
    if (judged || ret->kind == SY_EVENT_LOCK_IN_ENDED)
        ret->canary = (struct sy_counts){1000, 3};
    if (judged) {
        ret->other = (struct sy_counts){9000, 4};
        ret->threshold_bp = 500;
        ret->window_ms = 300000;
    }
    if (ret->kind == SY_EVENT_STAGE_VERDICT || ret->kind == SY_EVENT_LOCK_IN_ENDED)
        ret->decision = SY_DECISION_UNHEALTHY;
    if (ret->kind == SY_EVENT_STAGE_STARTED || ret->kind == SY_EVENT_ALIAS_MOVED ||
        ret->kind == SY_EVENT_LOCK_IN_STARTED)
        ret->duration_ms = 123;
    if (ret->kind == SY_EVENT_ALIAS_MOVED)
        ret->from = split;
    if (ret->kind == SY_EVENT_ALIAS_MOVED || ret->kind == SY_EVENT_ROLLBACK_VERIFIED ||
        ret->kind == SY_EVENT_FINISHED)
        ret->to = whole;
    ret->warning = ret->kind == SY_EVENT_NOTE;
    if (ret->kind == SY_EVENT_FINISHED)
        ret->outcome = SY_OUTCOME_PROMOTED;
}

static void long_note(int64_t sequence, struct sy_release_event *ret) {
    fake_event(SY_EVENT_NOTE + 1, ret);
    ret->sequence = sequence;
    memset(ret->text, 'x', sizeof ret->text - 1);
    ret->text[sizeof ret->text - 1] = '\0';
}

static void hold_event(const struct release *release, int64_t sequence,
                       struct sy_release_event *ret) {
    static const enum sy_event_kind kinds[] = {SY_EVENT_PLANNED, SY_EVENT_STAGE_STARTED,
                                               SY_EVENT_ROLLBACK_STARTED, SY_EVENT_FINISHED};
    fake_event(kinds[sequence - 1] + 1, ret);
    ret->sequence = sequence;
    if (ret->kind == SY_EVENT_FINISHED)
        ret->outcome = SY_OUTCOME_ROLLED_BACK;
    (void)release;
}

static bool is(const struct release *release, const char *function) {
    return strcmp(release->spec.function, function) == 0;
}

/* Does it bake until it is interrupted? */
static bool bakes(const struct release *release) {
    return is(release, "hold") || is(release, "stuck");
}

/* How many events there are so far, and whether the last of them is the end. */
static int64_t available(const struct release *release, bool *ret_over) {
    if (bakes(release)) {
        *ret_over = release->interrupted;
        return release->interrupted ? 4 : 2;
    }
    *ret_over = true;
    return is(release, "burst") ? FAKE_BURST : FAKE_EVENTS;
}

static void make_event(const struct release *release, int64_t sequence,
                       struct sy_release_event *ret) {
    if (bakes(release))
        hold_event(release, sequence, ret);
    else if (is(release, "burst") && sequence < FAKE_BURST)
        long_note(sequence, ret);
    else if (is(release, "burst"))
        fake_event(SY_EVENT_FINISHED + 1, ret);
    else
        fake_event(sequence, ret);
    ret->sequence = sequence;
    (void)snprintf(ret->release_id, sizeof ret->release_id, "%s", release->id);
}

int sy_watch_next(struct sy_watch *watch, const struct sy_release_event **ret,
                  struct sy_error *error) {
    bool over = true;
    int64_t n = watch->release ? available(watch->release, &over) : 0;
    if (watch->next_sequence <= n) {
        make_event(watch->release, watch->next_sequence++, &watch->event);
        atomic_fetch_add(&fake_counters.pulled, 1);
        *ret = &watch->event;
        return 1;
    }
    if (!over)
        return 0;
    *error = watch->error;
    return -1;
}

static struct sy_watch *open_watch(struct sy_engine *engine, sy_watch_ready *ready, void *ctx) {
    struct sy_watch *watch = sy_calloc(1, sizeof *watch);
    *watch = (struct sy_watch){.engine = engine, .next_sequence = 1, .ready = ready, .ctx = ctx};
    watch->next = engine->watches;
    engine->watches = watch;
    atomic_fetch_add(&fake_counters.watches, 1);
    ready(ctx); /* from within, as an engine may */
    return watch;
}

static void ready_all(struct sy_engine *engine) {
    for (struct sy_watch *watch = engine->watches; watch; watch = watch->next)
        watch->ready(watch->ctx);
}

static void interrupt(struct sy_engine *engine, struct release *release) {
    bool over = false;
    (void)available(release, &over);
    if (over)
        return;
    release->interrupted = true;
    atomic_fetch_add(&fake_counters.interrupted, 1);
    tell("interrupted");
    ready_all(engine);
}

static struct release *find(struct sy_engine *engine, const char *id, const char *function) {
    for (struct release *release = engine->releases; release; release = release->next)
        if (id && *id ? strcmp(release->id, id) == 0 : is(release, function))
            return release;
    return NULL;
}

struct sy_watch *sy_engine_apply(struct sy_engine *engine, const struct sy_spec *spec,
                                 const char *fingerprint, sy_watch_ready *ready, void *ctx) {
    struct sy_watch *watch = open_watch(engine, ready, ctx);
    (void)fingerprint;
    watch->owns = true;
    if (scripted_failure(spec->function, &watch->error))
        return watch;
    struct release *release = sy_calloc(1, sizeof *release);
    release->spec = *spec;
    int n = atomic_fetch_add(&fake_counters.applied, 1) + 1;
    (void)snprintf(release->id, sizeof release->id, "release-%d", n);
    release->next = engine->releases;
    engine->releases = release;
    watch->release = release;
    tell("applied");
    return watch;
}

static bool all_rested(const struct sy_engine *engine) {
    for (const struct release *release = engine->releases; release; release = release->next)
        if (is(release, "stuck") && !release->interrupted)
            return false;
    return true;
}

struct sy_watch *sy_engine_resume(struct sy_engine *engine, const struct sy_resume *resume,
                                  sy_watch_ready *ready, void *ctx) {
    struct sy_spec spec;
    sy_spec_init(&spec);
    memcpy(spec.function, resume->function, sizeof spec.function);
    return sy_engine_apply(engine, &spec, resume->reason, ready, ctx);
}

struct sy_watch *sy_engine_rollback(struct sy_engine *engine, const struct sy_rollback *rollback,
                                    sy_watch_ready *ready, void *ctx) {
    struct sy_watch *watch = open_watch(engine, ready, ctx);
    watch->release = find(engine, NULL, rollback->function);
    if (!watch->release)
        (void)sy_fail_reason(&watch->error, SY_FAILED_PRECONDITION, "NO_BASELINE",
                             "nothing to roll back to");
    else
        interrupt(engine, watch->release);
    if (engine->rested && all_rested(engine))
        engine->rested(engine->rested_ctx);
    return watch;
}

struct sy_watch *sy_engine_follow(struct sy_engine *engine, const char *function, const char *alias,
                                  sy_watch_ready *ready, void *ctx) {
    return sy_engine_watch(engine, NULL, function, alias, 0, ready, ctx);
}

struct sy_watch *sy_engine_watch(struct sy_engine *engine, const char *release_id,
                                 const char *function, const char *alias, int64_t from_sequence,
                                 sy_watch_ready *ready, void *ctx) {
    (void)alias;
    struct sy_watch *watch = open_watch(engine, ready, ctx);
    watch->release = find(engine, release_id, function);
    if (from_sequence > 0)
        watch->next_sequence = from_sequence;
    if (!watch->release)
        (void)sy_fail(&watch->error, SY_NOT_FOUND, "this engine does not drive it");
    return watch;
}

void sy_watch_interrupt(struct sy_watch *watch) {
    if (watch->release && !is(watch->release, "stuck"))
        interrupt(watch->engine, watch->release);
}

void sy_watch_close(struct sy_watch *watch) {
    struct sy_watch **at = &watch->engine->watches;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    if (watch->owns && watch->release && !is(watch->release, "stuck"))
        interrupt(watch->engine, watch->release);
    atomic_fetch_sub(&fake_counters.watches, 1);
    tell("closed");
    free(watch);
}

void sy_engine_interrupt_all(struct sy_engine *engine, void (*done)(void *ctx), void *ctx) {
    atomic_fetch_add(&fake_counters.interrupted_all, 1);
    tell("interrupt_all");
    for (struct release *release = engine->releases; release; release = release->next)
        if (!is(release, "stuck"))
            interrupt(engine, release);
    engine->rested = done;
    engine->rested_ctx = ctx;
    if (all_rested(engine))
        done(ctx);
}
