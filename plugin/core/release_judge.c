/* Judging: what telemetry says, what follows at the end of a stage and of the lock-in. */
#include "core/release_internal.h"

#include "base/text.h"

#include <string.h>

/* How long AWS's counts of a period may still grow (lambda-facts: the last two to three minutes).
 */
#define GROWTH_MS (5 * SY_MINUTE_MS)
/* Telemetry is asked for at most this many periods at once. */
enum { OBSERVE_PERIODS_MAX = 20000, TRAFFIC_PERIODS = 4 };

static int64_t latest(int64_t a, int64_t b) {
    return a > b ? a : b;
}

int64_t sy_observe_from_ms(const struct sy_release *r, int64_t now_ms) {
    const struct sy_record *record = &r->record;
    if (record->phase == SY_PHASE_CLOSED)
        return r->switched_ms - r->switched_ms % record->spec.period_ms;
    int64_t judged = record->judged_ms ? record->judged_ms : record->first_traffic_ms;
    int64_t from = judged - record->spec.window_ms - GROWTH_MS;
    int64_t stage_started = record->results[record->stage].started_ms;
    bool lock_in_ends =
        record->phase == SY_PHASE_LOCK_IN && now_ms >= sy_record_lock_in_end(record);
    /* The end of a stage asks whether it had any error; the end of the lock-in, whether it had any
     * data: both look at all of it. */
    if (record->phase == SY_PHASE_BAKING && stage_started && stage_started < from)
        from = stage_started;
    if (lock_in_ends)
        from = record->first_traffic_ms;
    from = latest(from, now_ms - OBSERVE_PERIODS_MAX * record->spec.period_ms);
    return latest(from, sy_first_period_ms(r));
}

int64_t sy_judge_deadline_ms(const struct sy_release *r) {
    const struct sy_record *record = &r->record;
    if (record->phase == SY_PHASE_BAKING)
        return record->paused_ms ? INT64_MAX : record->stage_until_ms;
    if (record->phase == SY_PHASE_LOCK_IN)
        return sy_record_lock_in_end(record);
    return INT64_MAX;
}

static struct sy_release_event *emit_counts(SY_STEP, enum sy_event_kind kind,
                                            const struct sy_judgement *j) {
    struct sy_release_event *event = sy_emit(r, in, out, kind);
    event->canary = j->canary;
    event->other = j->other;
    event->decision = j->decision;
    sy_judgement_format(&r->record.spec, j, event->text, sizeof event->text);
    return event;
}

/* The verdict on the stage under way: told, and kept in the record. */
static void give_verdict(SY_STEP, const struct sy_judgement *j) {
    struct sy_stage_result *result = &r->record.results[r->record.stage];
    result->decision = j->decision;
    result->canary = j->canary;
    (void)emit_counts(r, in, out, SY_EVENT_STAGE_VERDICT, j);
}

static void go_on(SY_STEP) {
    r->record.results[r->record.stage].ended_ms = in->now_ms;
    sy_intent(r, in, out, r->record.stage + 1);
}

static void pause(SY_STEP, const char *why) {
    r->record.paused_ms = in->now_ms;
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_PAUSED);
    sy_set_text(event->text, sizeof event->text, "%s", why);
    sy_leave(r, in, out, SY_OUTCOME_PAUSED,
             "paused at stage %u, the alias stays split: %.80s; go on with: steelyard resume, or "
             "back with: steelyard rollback",
             r->record.stage + 1, why);
}

/* Twice too little to judge (release.md, rule 6). */
static void still_inconclusive(SY_STEP, const char *why, bool stale, int64_t errors) {
    switch (r->record.spec.on_inconclusive) {
    case SY_INCONCLUSIVE_PAUSE:
        pause(r, in, out, why);
        return;
    case SY_INCONCLUSIVE_ROLLBACK:
        sy_rollback(r, in, out, SY_OUTCOME_ROLLED_BACK, "inconclusive: %.150s", why);
        return;
    case SY_INCONCLUSIVE_AUTO:
        if (stale || errors > 0) {
            sy_rollback(r, in, out, SY_OUTCOME_ROLLED_BACK, "inconclusive %s: %.130s",
                        stale ? "without telemetry" : "with errors", why);
            return;
        }
        break;
    default:
        break;
    }
    sy_emit_note(r, in, out, true, "goes on unproven: %.200s", why);
    r->record.unproven = true;
    go_on(r, in, out);
}

static void inconclusive(SY_STEP, const char *why, bool stale, int64_t errors) {
    struct sy_record *record = &r->record;
    if (record->extended) {
        still_inconclusive(r, in, out, why, stale, errors);
        return;
    }
    char bake[32];
    record->extended = true;
    record->stage_until_ms = in->now_ms + record->spec.stages[record->stage].bake_ms;
    r->want_store = true;
    sy_emit_note(r, in, out, false, "inconclusive: the stage is extended once, by %s",
                 sy_duration_format(record->spec.stages[record->stage].bake_ms, bake));
}

/* A source that shows nothing of either version, although the alias was busy before, is stale,
 * however complete it says its answer is. */
static bool is_silent(const struct sy_release *r, const struct sy_input *in) {
    const struct sy_spec *spec = &r->record.spec;
    int64_t bake_ms = spec->stages[r->record.stage].bake_ms;
    __int128 usual = (__int128)r->traffic_per_hour * bake_ms / SY_HOUR_MS;
    if (usual < spec->min_invocations)
        return false; /* little traffic, or not known: silence says nothing */
    for (size_t i = 0; i < in->n_samples; i++)
        if (in->samples[i].start_ms > in->now_ms - spec->window_ms - GROWTH_MS &&
            in->samples[i].canary.invocations + in->samples[i].other.invocations > 0)
            return false;
    return true;
}

static void end_stage(SY_STEP, const struct sy_judgement *j) {
    char why[SY_REASON_MAX];
    give_verdict(r, in, out, j);
    if (j->decision == SY_DECISION_HEALTHY) {
        go_on(r, in, out);
        return;
    }
    bool silent = is_silent(r, in);
    if (silent)
        sy_set_text(why, sizeof why,
                    "no datapoint of either version, though the alias had %lld invocations in the "
                    "hour before",
                    (long long)r->traffic_per_hour);
    else
        sy_judgement_format(&r->record.spec, j, why, sizeof why);
    inconclusive(r, in, out, why, silent, j->total.errors);
}

static void end_lock_in(SY_STEP, const struct sy_judgement *j) {
    struct sy_record *record = &r->record;
    struct sy_release_event *event = emit_counts(r, in, out, SY_EVENT_LOCK_IN_ENDED, j);
    if (j->decision != SY_DECISION_UNHEALTHY)
        event->decision =
            sy_verdict_threshold(j->total, record->spec.threshold_bp, record->spec.min_invocations);
    record->results[record->stage] = (struct sy_stage_result){
        .decision = event->decision,
        .canary = event->canary,
        .started_ms = record->results[record->stage].started_ms,
        .ended_ms = in->now_ms,
    };
    if (event->decision == SY_DECISION_HEALTHY) {
        struct sy_mirror *mirror = sy_want_mirror(r);
        memcpy(mirror->last_known_good, record->spec.version, sizeof mirror->last_known_good);
        memcpy(record->last_known_good, record->spec.version, sizeof record->last_known_good);
        sy_close(r, in, out, SY_OUTCOME_PROMOTED, "version %s is the last known good one",
                 record->spec.version);
    } else if (event->decision == SY_DECISION_INCONCLUSIVE) {
        sy_close(r, in, out, SY_OUTCOME_PROMOTED_UNPROVEN,
                 "the lock-in ended with too little data; last known good stays %s",
                 record->last_known_good[0] ? record->last_known_good : "unknown");
    } else {
        sy_close(r, in, out, SY_OUTCOME_PROMOTED_UNPROVEN,
                 "unhealthy, seen only after the lock-in, when nothing is rolled back by itself; "
                 "back with: steelyard rollback (%.60s)",
                 event->text);
    }
}

static void unhealthy(SY_STEP, const struct sy_judgement *j) {
    struct sy_record *record = &r->record;
    char why[SY_REASON_MAX];
    /* Whoever watches to the end looks a little after it; whoever comes long after the lock-in
     * finds a version that is stable by definition (release.md, rule 5). */
    int64_t late_ms = sy_record_lock_in_end(record) + 2 * record->spec.poll_ms;
    if (record->phase == SY_PHASE_LOCK_IN && in->now_ms > late_ms) {
        end_lock_in(r, in, out, j);
        return;
    }
    if (record->phase == SY_PHASE_INTENT && record->stage > 0)
        record->stage--; /* the next stage has not begun: the verdict is the last one's */
    give_verdict(r, in, out, j);
    sy_judgement_format(&record->spec, j, why, sizeof why);
    sy_rollback(r, in, out, SY_OUTCOME_ROLLED_BACK, "%s", why);
}

static void source_failed(SY_STEP) {
    struct sy_record *record = &r->record;
    const struct sy_spec *spec = &record->spec;
    if (r->observe_failures++ == 0)
        sy_emit_note(r, in, out, true, "telemetry does not answer, the stage holds: %.180s",
                     in->error->message);
    int64_t again_ms = sy_backoff_ms(r->observe_failures);
    r->next_poll_ms = in->now_ms + (again_ms < spec->poll_ms ? again_ms : spec->poll_ms);
    if (record->phase == SY_PHASE_BAKING && in->now_ms >= sy_judge_deadline_ms(r))
        inconclusive(r, in, out, "telemetry does not answer", true, 0);
    else if (record->phase == SY_PHASE_LOCK_IN &&
             in->now_ms >= sy_record_lock_in_end(record) + spec->window_ms)
        sy_close(r, in, out, SY_OUTCOME_PROMOTED_UNPROVEN,
                 "telemetry did not answer at the end of the lock-in; last known good stays %s",
                 record->last_known_good[0] ? record->last_known_good : "unknown");
}

/* Someone who only looked in, or handed over, lets go once what was due is done. */
static void leave_if_settled(SY_STEP) {
    const struct sy_record *record = &r->record;
    bool hands_over = r->start == SY_START_SETTLE ||
                      (r->start == SY_START_RESUME && record->spec.wait == SY_WAIT_NONE);
    if (record->phase == SY_PHASE_BAKING && hands_over && record->paused_ms)
        sy_leave(r, in, out, SY_OUTCOME_PAUSED, "paused at stage %u, the alias stays split",
                 record->stage + 1);
    else if (record->phase == SY_PHASE_BAKING && hands_over)
        sy_leave(r, in, out, SY_OUTCOME_HANDED_OFF, "stage %u bakes on", record->stage + 1);
    else if (record->phase == SY_PHASE_LOCK_IN && record->spec.wait != SY_WAIT_LOCK_IN)
        sy_leave(r, in, out, record->unproven ? SY_OUTCOME_PROMOTED_UNPROVEN : SY_OUTCOME_PROMOTED,
                 "version %s has all traffic; its lock-in goes on", record->spec.version);
}

void sy_on_samples(SY_STEP) {
    struct sy_record *record = &r->record;
    struct sy_judgement j;
    if (r->leaving)
        return;
    if (in->error) {
        source_failed(r, in, out);
        if (r->observe_failures >= 3)
            leave_if_settled(r, in, out);
        return;
    }
    if (r->observe_failures) {
        sy_emit_note(r, in, out, false, "telemetry answers again");
        r->observe_failures = 0;
    }
    r->observed_ms = in->now_ms;
    sy_judge(&record->spec, in->samples, in->n_samples, in->now_ms, sy_first_period_ms(r), &j);
    record->judged_ms = in->now_ms;
    (void)emit_counts(r, in, out, SY_EVENT_OBSERVED, &j);
    bool due = in->now_ms >= sy_judge_deadline_ms(r);
    if (j.canary.invocations == 0 && record->phase != SY_PHASE_INTENT)
        sy_look_at_alias(r, in, out);
    if (j.decision == SY_DECISION_UNHEALTHY)
        unhealthy(r, in, out, &j);
    else if (record->phase == SY_PHASE_BAKING && due)
        end_stage(r, in, out, &j);
    else if (record->phase == SY_PHASE_LOCK_IN && due)
        end_lock_in(r, in, out, &j);
    else
        leave_if_settled(r, in, out);
}

/* ---- after a rollback: does the traffic stop? ---- */

bool sy_watches_traffic(const struct sy_release *r, int64_t now_ms) {
    const struct sy_record *record = &r->record;
    return record->phase == SY_PHASE_CLOSED && r->switched_ms && record->first_traffic_ms &&
           !r->interrupted && !r->traffic_seen && r->start != SY_START_SETTLE &&
           now_ms <= r->switched_ms + (TRAFFIC_PERIODS + 1) * record->spec.period_ms;
}

void sy_on_traffic_samples(SY_STEP) {
    const struct sy_spec *spec = &r->record.spec;
    int64_t next_period = r->switched_ms - r->switched_ms % spec->period_ms + spec->period_ms;
    int64_t late = 0;
    bool baseline_seen = false;
    r->next_poll_ms = in->now_ms + spec->period_ms;
    for (size_t i = 0; !in->error && i < in->n_samples; i++) {
        const struct sy_sample *sample = &in->samples[i];
        if (sample->start_ms < next_period)
            continue;
        if (__builtin_add_overflow(late, sample->canary.invocations, &late))
            late = INT64_MAX;
        baseline_seen |=
            sample->other.invocations > 0 && sample->start_ms + spec->period_ms <= in->now_ms;
    }
    bool last =
        in->now_ms + spec->period_ms > r->switched_ms + (TRAFFIC_PERIODS + 1) * spec->period_ms;
    if (late == 0 && baseline_seen) {
        sy_emit_note(r, in, out, false, "version %s gets no traffic any more", spec->version);
        r->traffic_seen = true;
    } else if (last) {
        if (late)
            sy_emit_note(r, in, out, true,
                         "version %s was still invoked %lld times after the switch; does something "
                         "call it without the alias?",
                         spec->version, (long long)late);
        r->traffic_seen = true;
    }
}
