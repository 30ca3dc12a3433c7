#include "report/report.h"

#include "base/memory.h"
#include "base/text.h"
#include "core/changes.h"

#include <stdio.h>
#include <string.h>

void sy_report_init(struct sy_report *report, const char *command, const char *function,
                    const char *alias) {
    *report = (struct sy_report){.min_invocations = -1};
    (void)snprintf(report->command, sizeof report->command, "%s", command);
    (void)snprintf(report->function, sizeof report->function, "%s", function);
    (void)snprintf(report->alias, sizeof report->alias, "%s", alias);
}

void sy_report_finish(struct sy_report *report) {
    free(report->events);
    free(report->points);
    free(report->plan);
    free(report->findings);
    free(report->verify);
    free(report->drill);
    *report = (struct sy_report){0};
}

void sy_report_forget(struct sy_report *report) {
    struct sy_report fresh;
    sy_report_init(&fresh, report->command, report->function, report->alias);
    fresh.region = report->region;
    fresh.profile = report->profile;
    sy_report_finish(report);
    *report = fresh;
}

static void know_stages(struct sy_report *report, const struct sy_spec *spec) {
    report->n_stages = spec->n_stages;
    for (uint32_t i = 0; i < spec->n_stages; i++) {
        report->stages[i].weight_bp = spec->stages[i].weight_bp;
        report->stages[i].bake_ms = spec->stages[i].bake_ms;
    }
    report->stages[spec->n_stages].weight_bp = 10000;
}

void sy_report_spec(struct sy_report *report, const struct sy_spec *spec) {
    know_stages(report, spec);
    report->stages[spec->n_stages].bake_ms = spec->lock_in_ms;
    report->threshold_bp = spec->threshold_bp;
    report->window_ms = spec->window_ms;
    report->period_ms = spec->period_ms;
    report->min_invocations = spec->min_invocations;
    if (!report->version[0])
        memcpy(report->version, spec->version, sizeof report->version);
}

/* ---- events ---- */

/* Room for one more: every second observation goes, and when there is none, the oldest event but
 * the first, which is the plan. */
static void make_room(struct sy_report *report) {
    size_t kept = 0;
    bool goes = false;
    for (size_t i = 0; i < report->n_events; i++) {
        if (report->events[i].kind == SY_EVENT_OBSERVED && (goes = !goes))
            continue;
        report->events[kept++] = report->events[i];
    }
    if (kept == report->n_events)
        memmove(&report->events[1], &report->events[2], (--kept - 1) * sizeof *report->events);
    report->n_events = kept;
}

static void keep_event(struct sy_report *report, const struct sy_release_event *event) {
    if (report->n_events == SY_REPORT_EVENTS_MAX)
        make_room(report);
    if (report->n_events == report->events_capacity) {
        report->events_capacity = report->events_capacity ? report->events_capacity * 2 : 32;
        report->events =
            sy_realloc(report->events, report->events_capacity * sizeof *report->events);
    }
    report->events[report->n_events++] = *event;
}

/* Half as many: of two the one with the higher error rate, so that no peak is lost. */
static void thin_points(struct sy_report *report) {
    for (size_t i = 0; i < report->n_points / 2; i++) {
        const struct sy_report_point *a = &report->points[2 * i];
        const struct sy_report_point *b = a + 1;
        report->points[i] = sy_rate_bp(a->canary) >= sy_rate_bp(b->canary) ? *a : *b;
    }
    report->n_points /= 2;
}

static void keep_point(struct sy_report *report, const struct sy_report_point *point) {
    if (report->n_points && report->points[report->n_points - 1].at_ms == point->at_ms)
        return; /* a verdict tells once more what was observed */
    if (report->n_points == SY_REPORT_POINTS_MAX)
        thin_points(report);
    if (report->n_points == report->points_capacity) {
        report->points_capacity = report->points_capacity ? report->points_capacity * 2 : 32;
        report->points =
            sy_realloc(report->points, report->points_capacity * sizeof *report->points);
    }
    report->points[report->n_points++] = *point;
}

static bool is_verdict(enum sy_event_kind kind) {
    return kind == SY_EVENT_STAGE_VERDICT || kind == SY_EVENT_LOCK_IN_ENDED;
}

static void take_stage(struct sy_report *report, const struct sy_release_event *event) {
    struct sy_report_stage *stage = &report->stages[event->stage - 1];
    bool begins = event->kind == SY_EVENT_STAGE_STARTED || event->kind == SY_EVENT_LOCK_IN_STARTED;
    if (event->weight_bp)
        stage->weight_bp = event->weight_bp;
    if (begins && !stage->started_ms) {
        stage->started_ms = event->at_ms;
        if (!stage->bake_ms) /* what is left of a lock-in is less than it was set to */
            stage->bake_ms = event->duration_ms;
    }
    if (event->kind == SY_EVENT_OBSERVED || is_verdict(event->kind)) {
        stage->observed = true;
        stage->canary = event->canary;
        if (event->other.invocations) /* the record does not keep the baseline's */
            stage->other = event->other;
    }
    if (is_verdict(event->kind)) {
        stage->decision = event->decision;
        if (event->decision != SY_DECISION_INCONCLUSIVE) /* else it may be extended */
            stage->ended_ms = event->at_ms;
        (void)snprintf(stage->text, sizeof stage->text, "%s", event->text);
    }
}

/* The next stage ends the one before; the way back, and the end, whichever is under way. */
static void end_stages(struct sy_report *report, const struct sy_release_event *event) {
    bool finished = event->kind == SY_EVENT_FINISHED && !event->until_ms &&
                    event->outcome != SY_OUTCOME_HANDED_OFF && event->outcome != SY_OUTCOME_PAUSED;
    bool all = event->kind == SY_EVENT_ROLLBACK_STARTED || finished;
    if (!all && event->kind != SY_EVENT_STAGE_STARTED && event->kind != SY_EVENT_LOCK_IN_STARTED)
        return;
    for (uint32_t i = 0; i <= report->n_stages; i++) {
        struct sy_report_stage *stage = &report->stages[i];
        bool before = all || i + 1 < event->stage;
        if (before && stage->started_ms && !stage->ended_ms)
            stage->ended_ms = event->at_ms;
    }
}

static void know_release(struct sy_report *report, const struct sy_release_event *event) {
    if (event->release_id[0])
        memcpy(report->release_id, event->release_id, sizeof report->release_id);
    if (event->version[0])
        memcpy(report->version, event->version, sizeof report->version);
    if (event->baseline[0])
        memcpy(report->baseline, event->baseline, sizeof report->baseline);
    if (event->n_stages && event->n_stages <= SY_STAGES_MAX)
        report->n_stages = event->n_stages;
    if (event->threshold_bp)
        report->threshold_bp = event->threshold_bp;
    if (event->window_ms)
        report->window_ms = event->window_ms;
    if (!report->begun_ms || event->at_ms < report->begun_ms)
        report->begun_ms = event->at_ms;
}

static void take_plan_text(struct sy_report *report, const struct sy_release_event *event) {
    struct sy_spec spec;
    struct sy_error none;
    sy_spec_init(&spec);
    if (sy_stages_parse(event->text, &spec, &none) == 0)
        know_stages(report, &spec);
}

static void take(struct sy_report *report, const struct sy_release_event *event) {
    know_release(report, event);
    if (event->kind == SY_EVENT_PLANNED)
        take_plan_text(report, event);
    if (event->stage && event->stage <= SY_STAGES_MAX + 1)
        take_stage(report, event);
    end_stages(report, event);
    if (event->to.primary[0])
        report->routing = event->to;
    if (event->until_ms)
        report->until_ms = event->until_ms;
    if (event->kind == SY_EVENT_ROLLBACK_STARTED)
        report->until_ms = 0;
    if (event->kind == SY_EVENT_FINISHED) {
        report->outcome = event->outcome;
        report->ended_ms = event->at_ms;
        report->until_ms = event->until_ms;
        (void)snprintf(report->reason, sizeof report->reason, "%s", event->text);
        if (event->outcome == SY_OUTCOME_HALTED) /* not as any event told it */
            report->routing = event->to;
    }
    if (event->kind == SY_EVENT_OBSERVED || event->kind == SY_EVENT_STAGE_VERDICT)
        keep_point(report, &(struct sy_report_point){event->at_ms, event->canary, event->other});
}

void sy_report_event(struct sy_report *report, const struct sy_release_event *event) {
    keep_event(report, event);
    take(report, event);
}

/* ---- the record's history ---- */

static const struct sy_stored_version *newest(const struct sy_report *report,
                                              const struct sy_stored_version *versions, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!report->release_id[0] ||
            strcmp(versions[i].record.release_id, report->release_id) == 0)
            return &versions[i];
    return NULL;
}

static void know_record(struct sy_report *report, const struct sy_record *record) {
    report->has_record = true;
    report->phase = record->phase;
    report->handed_over = record->handed_over;
    report->paused = record->paused_ms != 0;
    report->unproven = record->unproven;
}

/* Was it written before the first event that was heard? Drivers' clocks may differ, so the order of
 * events is their number's, where it is known. */
static bool is_older(const struct sy_release_event *event, int64_t sequence,
                     const struct sy_release_event *told) {
    return told->sequence > 1 ? sequence < told->sequence : event->at_ms < told->at_ms;
}

/* The events of the versions that belong to the release and were written before told, oldest first;
 * told NULL: all. */
static struct sy_release_event *old_events(const struct sy_stored_version *versions, size_t n,
                                           const char *release_id,
                                           const struct sy_release_event *told, size_t *ret_n) {
    struct sy_release_event *events = NULL;
    const struct sy_record *before = NULL;
    *ret_n = 0;
    for (size_t i = n; i > 0; i--) {
        const struct sy_stored_version *version = &versions[i - 1];
        struct sy_release_event changes[SY_CHANGES_MAX];
        if (strcmp(version->record.release_id, release_id) != 0)
            continue;
        uint32_t n_new = sy_record_changes(before, &version->record, version->at_ms, changes);
        before = &version->record;
        events = sy_realloc(events, (*ret_n + SY_CHANGES_MAX) * sizeof *events);
        for (uint32_t k = 0; k < n_new; k++)
            if (!told || is_older(&changes[k], version->record.sequence, told))
                events[(*ret_n)++] = changes[k];
    }
    return events;
}

void sy_report_history(struct sy_report *report, const struct sy_stored_version *versions,
                       size_t n) {
    const struct sy_stored_version *last = newest(report, versions, n);
    size_t n_old = 0;
    if (!last)
        return;
    /* What was told at the time says more than what the record kept of it. */
    SY_AUTO_FREE struct sy_release_event *told = SY_STEAL(report->events);
    size_t n_told = report->n_events;
    SY_AUTO_FREE struct sy_release_event *old =
        old_events(versions, n, last->record.release_id, n_told ? &told[0] : NULL, &n_old);
    report->n_events = report->events_capacity = report->n_points = 0;
    sy_report_spec(report, &last->record.spec);
    know_record(report, &last->record);
    for (size_t i = 0; i < n_old; i++)
        sy_report_event(report, &old[i]);
    for (size_t i = 0; i < n_told; i++)
        sy_report_event(report, &told[i]);
    if (report->seen.primary[0])
        report->routing = report->seen;
    if (!n_told && !sy_record_is_closed(&last->record))
        report->until_ms = last->record.stage_until_ms ? last->record.stage_until_ms
                                                       : sy_record_lock_in_end(&last->record);
}

void sy_report_samples(struct sy_report *report, const struct sy_sample *samples, size_t n,
                       int64_t period_ms, int64_t until_ms) {
    report->n_points = n ? 0 : report->n_points;
    for (size_t i = 0; i < n; i++) {
        struct sy_report_point point = {.at_ms = samples[i].start_ms + period_ms};
        if (point.at_ms > until_ms)
            point.at_ms = until_ms; /* of a period that is not over */
        sy_window_sum(samples, i + 1, samples[i].start_ms, report->window_ms, 0, &point.canary,
                      &point.other);
        keep_point(report, &point);
    }
    for (uint32_t i = 0; n && i <= report->n_stages; i++) {
        struct sy_report_stage *stage = &report->stages[i];
        struct sy_counts canary;
        if (stage->observed && !stage->other.invocations)
            sy_window_sum(samples, n, stage->ended_ms, report->window_ms, stage->started_ms,
                          &canary, &stage->other);
    }
}

void sy_report_facts(struct sy_report *report, const struct sy_facts *facts) {
    if (facts->has_alias)
        report->seen = facts->routing;
    if (facts->has_record)
        know_record(report, &facts->record);
}

/* ---- answers of other commands ---- */

#define KEEP(field, value)                                                                         \
    do {                                                                                           \
        free(report->field);                                                                       \
        report->field = sy_calloc(1, sizeof *report->field);                                       \
        *report->field = *(value);                                                                 \
    } while (0)

void sy_report_plan(struct sy_report *report, const struct sy_plan *plan) {
    KEEP(plan, plan);
    sy_report_spec(report, &plan->spec);
    memcpy(report->version, plan->spec.version, sizeof report->version);
    memcpy(report->baseline, plan->baseline, sizeof report->baseline);
    report->routing = plan->routing;
}

void sy_report_findings(struct sy_report *report, const struct sy_findings *findings) {
    KEEP(findings, findings);
}

void sy_report_verify(struct sy_report *report, const struct sy_report_verify *verify) {
    KEEP(verify, verify);
    memcpy(report->version, verify->version, sizeof report->version);
    memcpy(report->baseline, verify->baseline, sizeof report->baseline);
    report->threshold_bp = verify->threshold_bp;
}

void sy_report_drill(struct sy_report *report, const struct sy_drill *drill) {
    SY_AUTO_FREE struct sy_drill_fixes *fixes = sy_calloc(1, sizeof *fixes);
    KEEP(drill, drill);
    sy_drill_fix(drill, fixes);
    (void)snprintf(report->reason, sizeof report->reason, "%.*s", (int)sizeof report->reason - 1,
                   fixes->n ? fixes->list[0] : "");
    memcpy(report->version, drill->good, sizeof report->version);
}

void sy_report_error(struct sy_report *report, const struct sy_error *error) {
    report->error = *error;
}
