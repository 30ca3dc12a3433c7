#include "core/changes.h"

#include "base/text.h"
#include "core/verdict.h"

#include <stdio.h>
#include <string.h>

struct changes {
    const struct sy_record *before; /* never NULL */
    const struct sy_record *after;
    int64_t at_ms;
    struct sy_release_event *events;
    uint32_t n;
};

static struct sy_release_event *add(struct changes *c, enum sy_event_kind kind, int64_t at_ms) {
    const struct sy_record *record = c->after;
    if (c->n == SY_CHANGES_MAX)
        __builtin_trap(); /* the bound is counted beside it */
    struct sy_release_event *event = &c->events[c->n++];
    *event = (struct sy_release_event){.kind = kind,
                                       .at_ms = at_ms ? at_ms : c->at_ms,
                                       .n_stages = record->spec.n_stages,
                                       .threshold_bp = record->spec.threshold_bp,
                                       .window_ms = record->spec.window_ms};
    memcpy(event->release_id, record->release_id, sizeof event->release_id);
    memcpy(event->baseline, record->baseline, sizeof event->baseline);
    memcpy(event->version, record->spec.version, sizeof event->version);
    return event;
}

static void set_stage(const struct changes *c, struct sy_release_event *event, uint32_t stage) {
    const struct sy_spec *spec = &c->after->spec;
    event->stage = stage + 1;
    event->weight_bp = stage < spec->n_stages ? spec->stages[stage].weight_bp : 10000;
}

static void stage_began(struct changes *c, uint32_t stage) {
    const struct sy_record *record = c->after;
    int64_t at_ms = record->results[stage].started_ms;
    struct sy_release_event *moved = add(c, SY_EVENT_ALIAS_MOVED, at_ms);
    set_stage(c, moved, stage);
    sy_record_routing_before(record, stage, &moved->from);
    sy_record_routing(record, stage, &moved->to);
    bool last = stage >= record->spec.n_stages;
    struct sy_release_event *event =
        add(c, last ? SY_EVENT_LOCK_IN_STARTED : SY_EVENT_STAGE_STARTED, at_ms);
    set_stage(c, event, stage);
    event->duration_ms =
        last ? sy_record_lock_in_end(record) - at_ms : record->spec.stages[stage].bake_ms;
    event->until_ms = at_ms + event->duration_ms;
}

static void stage_judged(struct changes *c, uint32_t stage) {
    const struct sy_stage_result *result = &c->after->results[stage];
    char rate[16];
    bool stood = c->after->outcome == SY_OUTCOME_PROMOTED || /* to the end of its lock-in */
                 c->after->outcome == SY_OUTCOME_PROMOTED_UNPROVEN;
    bool last = stage >= c->after->spec.n_stages;
    struct sy_release_event *event =
        add(c, last && stood ? SY_EVENT_LOCK_IN_ENDED : SY_EVENT_STAGE_VERDICT, result->ended_ms);
    set_stage(c, event, stage);
    event->decision = result->decision;
    event->canary = result->canary;
    int64_t rate_bp = sy_rate_bp(result->canary);
    (void)snprintf(event->text, sizeof event->text, "%lld errors of %lld invocations%s%s",
                   (long long)result->canary.errors, (long long)result->canary.invocations,
                   rate_bp < 0 ? "" : ", ", rate_bp < 0 ? "" : sy_percent_format(rate_bp, rate));
}

static void stages(struct changes *c) {
    for (uint32_t i = 0; i <= c->after->spec.n_stages; i++) {
        const struct sy_stage_result *was = &c->before->results[i];
        const struct sy_stage_result *is = &c->after->results[i];
        if (is->started_ms && !was->started_ms)
            stage_began(c, i);
        if (is->decision != SY_DECISION_NONE &&
            (is->decision != was->decision || (is->ended_ms && !was->ended_ms)))
            stage_judged(c, i);
    }
}

static void stage_clock(struct changes *c) {
    bool was = c->before->paused_ms != 0;
    bool is = c->after->paused_ms != 0;
    if (was == is || sy_record_is_closed(c->after))
        return;
    struct sy_release_event *event =
        add(c, is ? SY_EVENT_PAUSED : SY_EVENT_RESUMED, c->after->paused_ms);
    set_stage(c, event, c->after->stage);
    (void)snprintf(event->text, sizeof event->text, "%s",
                   is ? "the stage's clock is stopped" : "the stage's clock runs again");
}

/* Written after the alias was moved back: on the baseline, or there and closed. */
static bool is_back(const struct sy_record *record) {
    return record->phase == SY_PHASE_VERIFYING ||
           (sy_record_is_closed(record) &&
            (record->outcome == SY_OUTCOME_ROLLED_BACK || record->outcome == SY_OUTCOME_CANCELLED));
}

static void moved_back(struct changes *c) {
    const struct sy_record *record = c->after;
    uint32_t stage = record->spec.n_stages + 1;
    while (stage > 0 && !record->results[stage - 1].started_ms)
        stage--;
    if (!stage || !is_back(record) || is_back(c->before)) /* nothing had moved, or it was told */
        return;
    struct sy_release_event *event = add(c, SY_EVENT_ALIAS_MOVED, 0);
    set_stage(c, event, stage - 1);
    sy_record_routing(record, stage - 1, &event->from);
    sy_record_baseline_routing(record, &event->to);
}

uint32_t sy_record_changes(const struct sy_record *before, const struct sy_record *after,
                           int64_t at_ms, struct sy_release_event events[SY_CHANGES_MAX]) {
    static const struct sy_record nothing = {0};
    bool same = before && strcmp(before->release_id, after->release_id) == 0;
    struct changes c = {
        .before = same ? before : &nothing, .after = after, .at_ms = at_ms, .events = events};
    if (!same) {
        char list[256];
        struct sy_release_event *event = add(&c, SY_EVENT_PLANNED, after->created_ms);
        (void)snprintf(event->text, sizeof event->text, "%s", sy_stages_format(&after->spec, list));
    }
    stage_clock(&c);
    stages(&c);
    if (sy_phase_goes_back(after->phase) && !sy_phase_goes_back(c.before->phase)) {
        struct sy_release_event *event = add(&c, SY_EVENT_ROLLBACK_STARTED, 0);
        (void)snprintf(event->text, sizeof event->text, "on its way to the baseline");
    }
    moved_back(&c);
    if (sy_record_is_closed(after) && !sy_record_is_closed(c.before)) {
        struct sy_release_event *event = add(&c, SY_EVENT_FINISHED, after->ended_ms);
        if (is_back(after))
            sy_record_baseline_routing(after, &event->to);
        event->outcome = after->outcome;
        (void)snprintf(event->text, sizeof event->text, "%s", after->reason);
    }
    return c.n;
}
