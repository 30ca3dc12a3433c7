/* A tiny driver and a tiny world for the tests of the step function: an alias with a revision, a
 * record and a lease with versions, and steady traffic. Each request can be answered by hand, well
 * or badly; driver_run() answers everything well until the release comes to rest.
 *
 * Every step is checked: no second request of a kind while one is under way, sequence numbers that
 * grow, and no forward move whose intent is not stored. */
#ifndef SY_TESTS_CORE_DRIVER_H
#define SY_TESTS_CORE_DRIVER_H

#include "core/release.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define USED __attribute__((unused))

enum { DRIVER_EVENTS_MAX = 600, DRIVER_SAMPLES_MAX = 400, DRIVER_RUN_MAX = 3000 };

#define START_MS INT64_C(1767323040000) /* 2026-01-02T03:04:00Z, the start of a minute */

struct driver {
    struct sy_release release;
    struct sy_output out;
    int64_t now_ms;
    /* The world. */
    bool exists;
    struct sy_routing routing;
    uint32_t revision;
    struct sy_record stored; /* as last acknowledged */
    bool has_stored;
    int64_t record_version;
    int64_t lease_version;
    struct sy_mirror mirror; /* all that was ever written, the last of each */
    int mirror_writes;
    /* Traffic: of the target and of the baseline, a minute. */
    struct sy_counts canary;
    struct sy_counts other;
    bool source_down;
    /* Under way. */
    enum sy_alias_request alias;
    struct sy_routing alias_to;
    char alias_revision[SY_REVISION_MAX + 1];
    bool leasing, storing, mirroring, observing, looking;
    struct sy_record storing_record;
    struct sy_mirror mirroring_values;
    int64_t observe_from_ms;
    int64_t look_version;
    int64_t tick_ms;
    bool rested, drop_lease;
    struct sy_release_event events[DRIVER_EVENTS_MAX];
    uint32_t n_events;
    uint32_t inputs;
    uint32_t *arrows; /* phase, input -> the phases it led to; NULL: not wanted */
    bool quiet;       /* keep only the last event */
};

static const struct sy_error driver_unavailable = {.code = SY_UNAVAILABLE, .message = "503"};
static const struct sy_error driver_denied = {.code = SY_PERMISSION_DENIED, .message = "denied"};
static const struct sy_error driver_stale = {.code = SY_ABORTED, .message = "stale revision"};
static const struct sy_error driver_gone = {.code = SY_NOT_FOUND, .message = "gone"};

static USED struct sy_routing alone(const char *version) {
    struct sy_routing routing = {0};
    (void)snprintf(routing.primary, sizeof routing.primary, "%s", version);
    return routing;
}

static USED struct sy_routing split(const char *primary, const char *additional, int32_t bp) {
    struct sy_routing routing = alone(primary);
    (void)snprintf(routing.additional, sizeof routing.additional, "%s", additional);
    routing.additional_bp = bp;
    return routing;
}

static USED struct sy_spec driver_spec(void) {
    struct sy_spec spec;
    sy_spec_init(&spec);
    (void)snprintf(spec.function, sizeof spec.function, "orders");
    (void)snprintf(spec.alias, sizeof spec.alias, "live");
    (void)snprintf(spec.version, sizeof spec.version, "42");
    return spec;
}

/* ---- steps ---- */

static void driver_check_move(const struct driver *d) {
    const struct sy_record *record = &d->release.record;
    struct sy_routing to = d->out.routing;
    if (sy_routing_share(&to, record->spec.version) == 0)
        return;
    if (record->phase == SY_PHASE_ROLLING_BACK) { /* a step down */
        assert_true(sy_routing_share(&to, record->spec.version) <
                    sy_routing_share(&d->release.routing, record->spec.version));
        return;
    }
    struct sy_routing stage;
    sy_record_routing(record, record->stage, &stage);
    assert_true(sy_routing_equal(&to, &stage));
    assert_true(d->has_stored);
    assert_true(d->stored.phase == SY_PHASE_INTENT || d->stored.phase == SY_PHASE_SHIFTING);
    assert_int_equal(d->stored.stage, record->stage);
    assert_string_equal(d->stored.release_id, record->release_id);
    assert_string_equal(d->stored.baseline, record->baseline);
    assert_false(d->storing && d->storing_record.phase != SY_PHASE_SHIFTING);
}

static void driver_keep_events(struct driver *d) {
    for (uint32_t i = 0; i < d->out.n_events; i++) {
        const struct sy_release_event *event = &d->out.events[i];
        assert_int_equal(event->at_ms, d->now_ms);
        assert_string_equal(event->release_id, d->release.record.release_id);
        assert_true(sizeof event->text > strlen(event->text));
        if (d->n_events)
            assert_true(event->sequence > d->events[d->n_events - 1].sequence);
        if (d->quiet)
            d->n_events = 0;
        assert_true(d->n_events < DRIVER_EVENTS_MAX);
        d->events[d->n_events++] = *event;
    }
}

static void driver_step(struct driver *d, struct sy_input input) {
    input.now_ms = d->now_ms;
    d->inputs++;
    enum sy_phase from = d->release.record.phase;
    sy_release_step(&d->release, &input, &d->out);
    if (d->arrows)
        d->arrows[from * SY_INPUT_COUNT + input.kind] |= 1u << d->release.record.phase;
    const struct sy_output *out = &d->out;
    driver_keep_events(d);
    assert_false(d->rested && (out->alias || out->store || out->lease || out->mirror ||
                               out->observe || out->look || out->rest));
    if (out->alias != SY_ALIAS_NOTHING) {
        assert_int_equal(d->alias, SY_ALIAS_NOTHING);
        d->alias = out->alias;
        d->alias_to = out->routing;
        (void)snprintf(d->alias_revision, sizeof d->alias_revision, "%s", out->revision);
        if (out->alias == SY_ALIAS_WRITE)
            driver_check_move(d);
    }
    assert_false((out->lease && d->leasing) || (out->store && d->storing) ||
                 (out->mirror && d->mirroring) || (out->observe && d->observing) ||
                 (out->look && d->looking));
    d->leasing |= out->lease;
    if (out->store)
        d->storing_record = d->release.record;
    d->storing |= out->store;
    if (out->mirror)
        d->mirroring_values = out->mirror_values;
    d->mirroring |= out->mirror;
    if (out->observe)
        d->observe_from_ms = out->observe_from_ms;
    d->observing |= out->observe;
    if (out->look)
        d->look_version = out->look_version;
    d->looking |= out->look;
    d->rested |= out->rest;
    d->drop_lease |= out->drop_lease;
    d->tick_ms = out->tick_ms;
    assert_true(d->tick_ms > d->now_ms);
}

static const char *driver_revision(const struct driver *d, char buf[24]) {
    (void)snprintf(buf, 24, d->exists ? "r%u" : "", d->revision);
    return buf;
}

static USED void driver_start_lease(struct driver *d, int64_t lease_version, const char *text) {
    char revision[24];
    struct sy_lease lease = {.version = lease_version, .owner = "me"};
    d->lease_version = lease_version;
    driver_step(d, (struct sy_input){.kind = SY_INPUT_START,
                                     .exists = d->exists,
                                     .routing = &d->routing,
                                     .revision = driver_revision(d, revision),
                                     .lease = &lease,
                                     .text = text});
}

/* ---- the world ---- */

/* Somebody else's hand, or AWS's. */
static USED void driver_set_alias(struct driver *d, struct sy_routing routing) {
    d->routing = routing;
    d->exists = routing.primary[0] != '\0';
    d->revision++;
}

static void driver_put(char *to, const char *from, size_t size) {
    if (from[0])
        (void)snprintf(to, size, "%s", from);
}

static void driver_write_mirror(struct driver *d) {
    const struct sy_mirror *values = &d->mirroring_values;
    driver_put(d->mirror.alias, values->alias, sizeof values->alias);
    driver_put(d->mirror.current, values->current, sizeof values->current);
    driver_put(d->mirror.previous, values->previous, sizeof values->previous);
    driver_put(d->mirror.last_known_good, values->last_known_good, sizeof values->last_known_good);
    if (values->deployment_ms)
        d->mirror.deployment_ms = values->deployment_ms;
    d->mirror_writes++;
}

static bool driver_write_alias(struct driver *d) {
    char revision[24];
    if (strcmp(d->alias_revision, driver_revision(d, revision)) != 0)
        return false;
    driver_set_alias(d, d->alias_to);
    return true;
}

/* ---- answers ---- */

/* error NULL: as the world is. applied: a write that fails took effect all the same. */
static USED void driver_answer_alias(struct driver *d, const struct sy_error *error, bool applied) {
    char revision[24];
    assert_int_not_equal(d->alias, SY_ALIAS_NOTHING);
    bool write = d->alias == SY_ALIAS_WRITE;
    if (write && (!error || applied) && !driver_write_alias(d) && !error)
        error = &driver_stale;
    d->alias = SY_ALIAS_NOTHING;
    driver_step(d, (struct sy_input){.kind = SY_INPUT_ALIAS,
                                     .error = error,
                                     .exists = d->exists,
                                     .routing = error ? NULL : &d->routing,
                                     .revision = error ? NULL : driver_revision(d, revision)});
}

static USED void driver_answer_lease(struct driver *d, const struct sy_error *error) {
    assert_true(d->leasing);
    d->leasing = false;
    if (!error)
        d->lease_version++;
    driver_step(
        d, (struct sy_input){.kind = SY_INPUT_LEASED, .error = error, .number = d->lease_version});
}

static USED void driver_answer_store(struct driver *d, const struct sy_error *error, bool applied) {
    assert_true(d->storing);
    d->storing = false;
    if (!error || applied) {
        d->stored = d->storing_record;
        d->has_stored = true;
        d->stored.version = ++d->record_version;
    }
    driver_step(
        d, (struct sy_input){.kind = SY_INPUT_STORED, .error = error, .number = d->record_version});
}

static USED void driver_answer_mirror(struct driver *d, const struct sy_error *error) {
    assert_true(d->mirroring);
    d->mirroring = false;
    if (!error)
        driver_write_mirror(d);
    driver_step(d, (struct sy_input){.kind = SY_INPUT_MIRRORED, .error = error});
}

static USED void driver_answer_samples(struct driver *d, const struct sy_sample *samples, size_t n,
                                       const struct sy_error *error) {
    assert_true(d->observing);
    d->observing = false;
    driver_step(d, (struct sy_input){.kind = SY_INPUT_SAMPLES,
                                     .error = error,
                                     .samples = error ? NULL : samples,
                                     .n_samples = error ? 0 : n});
}

/* Steady traffic on whatever gets some, one sample a period. */
static USED void driver_answer_traffic(struct driver *d) {
    struct sy_sample samples[DRIVER_SAMPLES_MAX];
    int64_t period = d->release.record.spec.period_ms;
    int64_t start = d->observe_from_ms - d->observe_from_ms % period;
    size_t n = 0;
    if (d->source_down) {
        driver_answer_samples(d, NULL, 0, &driver_unavailable);
        return;
    }
    if (start < d->now_ms - (DRIVER_SAMPLES_MAX - 1) * period)
        start = d->now_ms - d->now_ms % period - (DRIVER_SAMPLES_MAX - 1) * period;
    bool on = sy_routing_share(&d->routing, d->release.record.spec.version) > 0;
    for (; start < d->now_ms && n < DRIVER_SAMPLES_MAX; start += period)
        samples[n++] = (struct sy_sample){start, on ? d->canary : (struct sy_counts){0}, d->other};
    driver_answer_samples(d, samples, n, NULL);
}

static USED void driver_answer_record(struct driver *d, const struct sy_record *record,
                                      const struct sy_lease *lease, const struct sy_error *error) {
    assert_true(d->looking);
    d->looking = false;
    driver_step(d, (struct sy_input){
                       .kind = SY_INPUT_RECORD, .error = error, .record = record, .lease = lease});
}

static USED void driver_answer_look(struct driver *d) {
    struct sy_lease lease = {.version = d->lease_version, .owner = "me"};
    struct sy_record stored = d->stored;
    driver_answer_record(d, d->has_stored ? &stored : NULL, &lease, NULL);
}

static USED void driver_tick(struct driver *d) {
    assert_true(d->tick_ms != INT64_MAX);
    if (d->tick_ms > d->now_ms)
        d->now_ms = d->tick_ms;
    driver_step(d, (struct sy_input){.kind = SY_INPUT_TICK});
}

static USED void driver_tell(struct driver *d, enum sy_input_kind kind, const char *text) {
    driver_step(d, (struct sy_input){.kind = kind, .text = text});
}

/* ---- runs ---- */

/* Answer one request well; false when there is none. */
static bool driver_answer_one(struct driver *d) {
    if (d->alias != SY_ALIAS_NOTHING)
        driver_answer_alias(d, NULL, false);
    else if (d->leasing)
        driver_answer_lease(d, NULL);
    else if (d->storing)
        driver_answer_store(d, NULL, false);
    else if (d->mirroring)
        driver_answer_mirror(d, NULL);
    else if (d->observing)
        driver_answer_traffic(d);
    else if (d->looking)
        driver_answer_look(d);
    else
        return false;
    return true;
}

static USED void driver_answer_all(struct driver *d) {
    for (int i = 0; i < 50 && !d->rested && driver_answer_one(d); i++)
        ;
}

/* Well until the phase, with nothing under way; or until the release rests. */
static USED void driver_run_to(struct driver *d, enum sy_phase phase, uint32_t stage) {
    for (int i = 0; i < DRIVER_RUN_MAX; i++) {
        if (d->rested)
            fail_msg("rested before %s", sy_phase_word(phase));
        if (d->release.record.phase == phase && d->release.record.stage == stage)
            return;
        if (!driver_answer_one(d))
            driver_tick(d);
    }
    fail_msg("never came to %s", sy_phase_word(phase));
}

static USED void driver_run(struct driver *d) {
    for (int i = 0; i < DRIVER_RUN_MAX && !d->rested; i++)
        if (!driver_answer_one(d))
            driver_tick(d);
    if (!d->rested)
        fail_msg("no rest after %d inputs: %s", DRIVER_RUN_MAX,
                 sy_phase_word(d->release.record.phase));
}

/* Well until the time, then all that is under way. */
static USED void driver_run_until(struct driver *d, int64_t until_ms) {
    for (int i = 0; i < DRIVER_RUN_MAX && !d->rested; i++)
        if (!driver_answer_one(d)) {
            if (d->tick_ms > until_ms)
                break;
            driver_tick(d);
        }
    if (d->now_ms < until_ms)
        d->now_ms = until_ms;
}

/* ---- beginnings ---- */

/* baseline "": a first release, the alias does not exist. */
static USED void driver_init(struct driver *d, const struct sy_spec *spec, const char *baseline) {
    *d = (struct driver){.now_ms = START_MS, .canary = {100, 0}, .other = {900, 0}};
    struct sy_plan plan = {.spec = *spec, .moves_mirror = true};
    plan.kind = baseline[0] ? SY_PLAN_RELEASE : SY_PLAN_FIRST;
    (void)snprintf(plan.baseline, sizeof plan.baseline, "%s", baseline);
    (void)snprintf(plan.last_known_good, sizeof plan.last_known_good, "%s", baseline);
    driver_set_alias(d, alone(baseline));
    sy_release_begin(&d->release, &plan, NULL, "release-1", d->now_ms);
}

static USED void driver_begin(struct driver *d, const struct sy_spec *spec, const char *baseline) {
    driver_init(d, spec, baseline);
    driver_start_lease(d, 0, NULL);
}

/* Another process goes on with what the last one stored. */
static USED void driver_resume(struct driver *d, enum sy_start start, enum sy_wait wait,
                               enum sy_interrupt on_interrupt, const char *text) {
    struct driver before = *d;
    *d = (struct driver){.now_ms = before.now_ms,
                         .exists = before.exists,
                         .routing = before.routing,
                         .revision = before.revision,
                         .stored = before.stored,
                         .has_stored = before.has_stored,
                         .record_version = before.record_version,
                         .mirror = before.mirror,
                         .canary = before.canary,
                         .other = before.other};
    sy_release_resume(&d->release, &d->stored, start, wait, on_interrupt);
    driver_start_lease(d, before.lease_version, text);
}

/* ---- looking at what came out ---- */

static USED const struct sy_release_event *driver_last(const struct driver *d) {
    assert_true(d->n_events > 0);
    return &d->events[d->n_events - 1];
}

static USED const struct sy_release_event *driver_find(const struct driver *d,
                                                       enum sy_event_kind kind) {
    for (uint32_t i = d->n_events; i > 0; i--)
        if (d->events[i - 1].kind == kind)
            return &d->events[i - 1];
    return NULL;
}

static USED uint32_t driver_count(const struct driver *d, enum sy_event_kind kind) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->n_events; i++)
        n += d->events[i].kind == kind;
    return n;
}

#define assert_finished(d, expected)                                                               \
    do {                                                                                           \
        assert_true((d)->rested);                                                                  \
        assert_int_equal(driver_last(d)->kind, SY_EVENT_FINISHED);                                 \
        if (driver_last(d)->outcome != (expected))                                                 \
            fail_msg("%s: %s", sy_outcome_word(driver_last(d)->outcome), driver_last(d)->text);    \
        assert_int_equal(driver_last(d)->outcome, expected);                                       \
    } while (0)

#define assert_routing(d, expected)                                                                \
    do {                                                                                           \
        char is_[80];                                                                              \
        char want_[80];                                                                            \
        struct sy_routing expected_ = (expected);                                                  \
        assert_string_equal(sy_routing_format(&(d)->routing, is_),                                 \
                            sy_routing_format(&expected_, want_));                                 \
        assert_true(sy_routing_equal(&(d)->routing, &expected_));                                  \
    } while (0)

#endif
