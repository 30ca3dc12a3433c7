#include "core/release_internal.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

const char *sy_input_word(enum sy_input_kind kind) {
#define X(name, word) word,
    static const char *const words[] = {SY_INPUTS(X)};
#undef X
    return (unsigned)kind < SY_COUNT(words) ? words[kind] : "?";
}

/* ---- small things that every part uses ---- */

struct sy_release_event *sy_emit(SY_STEP, enum sy_event_kind kind) {
    if (out->n_events == SY_OUTPUT_EVENTS_MAX)
        __builtin_trap(); /* a step that says more than that is a mistake in this folder */
    struct sy_release_event *event = &out->events[out->n_events++];
    const struct sy_record *record = &r->record;
    *event = (struct sy_release_event){
        .kind = kind,
        .sequence = ++r->record.sequence,
        .at_ms = in->now_ms,
        .n_stages = record->spec.n_stages,
        .threshold_bp = record->spec.threshold_bp,
        .window_ms = record->spec.window_ms,
    };
    memcpy(event->release_id, record->release_id, sizeof event->release_id);
    memcpy(event->baseline, record->baseline, sizeof event->baseline);
    memcpy(event->version, record->spec.version, sizeof event->version);
    if (record->phase >= SY_PHASE_SHIFTING) {
        event->stage = record->stage + 1;
        event->weight_bp = record->stage < record->spec.n_stages
                               ? record->spec.stages[record->stage].weight_bp
                               : 10000;
    }
    if (record->phase == SY_PHASE_BAKING)
        event->until_ms = record->stage_until_ms;
    if (record->phase == SY_PHASE_LOCK_IN)
        event->until_ms = sy_record_lock_in_end(record);
    return event;
}

void sy_emit_note(SY_STEP, bool warning, const char *fmt, ...) {
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_NOTE);
    event->warning = warning;
    va_list args;
    va_start(args, fmt);
    sy_set_text_v(event->text, sizeof event->text, fmt, args);
    va_end(args);
}

void sy_set_text_v(char *to, size_t size, const char *fmt, va_list args) {
    char text[512]; /* an argument may be what stands in *to */
    (void)vsnprintf(text, sizeof text, fmt, args);
    size_t n = strnlen(text, size - 1);
    memcpy(to, text, n);
    to[n] = '\0';
}

void sy_set_text(char *to, size_t size, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    sy_set_text_v(to, size, fmt, args);
    va_end(args);
}

int64_t sy_backoff_ms(uint32_t n) {
    return n >= 6 ? 30000 : INT64_C(1000) << (n ? n - 1 : 0);
}

bool sy_is_transient(const struct sy_error *error) {
    return error->code == SY_UNAVAILABLE || error->code == SY_RESOURCE_EXHAUSTED ||
           error->code == SY_DEADLINE_EXCEEDED || error->code == SY_INTERNAL;
}

int64_t sy_first_period_ms(const struct sy_release *r) {
    return r->record.first_traffic_ms - r->record.first_traffic_ms % r->record.spec.period_ms;
}

/* ---- beginning and ending ---- */

static void carry_rolled_back(struct sy_record *record, const struct sy_record *before) {
    int n = 0;
    for (int i = 0; before && i < SY_ROLLED_BACK_MAX; i++)
        if (before->rolled_back[i][0] && strcmp(before->rolled_back[i], record->spec.version) != 0)
            memcpy(record->rolled_back[n++], before->rolled_back[i], sizeof record->rolled_back[0]);
}

void sy_release_begin(struct sy_release *release, const struct sy_plan *plan,
                      const struct sy_record *before, const char *release_id, int64_t now_ms) {
    *release =
        (struct sy_release){.start = SY_START_RELEASE, .traffic_per_hour = plan->traffic_per_hour};
    struct sy_record *record = &release->record;
    record->spec = plan->spec;
    record->version = before ? before->version : 0;
    record->created_ms = now_ms;
    record->mirrors = plan->moves_mirror;
    memcpy(record->baseline, plan->baseline, sizeof record->baseline);
    memcpy(record->last_known_good, plan->last_known_good, sizeof record->last_known_good);
    sy_set_text(record->release_id, sizeof record->release_id, "%s", release_id);
    carry_rolled_back(record, before);
}

void sy_release_resume(struct sy_release *release, const struct sy_record *record,
                       enum sy_start start, enum sy_wait wait, enum sy_interrupt on_interrupt) {
    *release = (struct sy_release){.start = start, .record = *record, .traffic_per_hour = -1};
    release->resume_phase = record->phase;
    if (!record->baseline[0] || record->phase == SY_PHASE_LOCK_IN)
        release->record.stage = record->spec.n_stages; /* whatever a strange record says */
    if (!record->baseline[0] && record->phase <= SY_PHASE_SHIFTING)
        release->record.first_traffic_ms = 0; /* the one move of a first release brings the first */
    release->record.phase = SY_PHASE_PLANNED;
    release->record.spec.wait = wait;
    release->record.spec.on_interrupt = on_interrupt;
    /* Events of this driver number on from a round figure, clear of any that the last driver sent
     * but did not come to write down. */
    release->record.sequence = (record->sequence / 100000 + 1) * 100000;
}

static void remember_rolled_back(struct sy_record *record) {
    if (strcmp(record->rolled_back[0], record->spec.version) == 0)
        return;
    memmove(record->rolled_back[1], record->rolled_back[0],
            sizeof record->rolled_back - sizeof record->rolled_back[0]);
    memcpy(record->rolled_back[0], record->spec.version, sizeof record->rolled_back[0]);
}

void sy_close(SY_STEP, enum sy_outcome outcome, const char *fmt, ...) {
    struct sy_record *record = &r->record;
    va_list args;
    va_start(args, fmt);
    sy_set_text_v(record->reason, sizeof record->reason, fmt, args);
    va_end(args);
    record->phase = SY_PHASE_CLOSED;
    record->outcome = outcome;
    record->ended_ms = in->now_ms;
    record->paused_ms = 0;
    record->control = SY_CONTROL_NONE;
    r->leaving = SY_OUTCOME_NONE;
    for (uint32_t i = 0; i <= record->spec.n_stages; i++)
        if (record->results[i].started_ms && !record->results[i].ended_ms)
            record->results[i].ended_ms = in->now_ms; /* whichever was under way */
    /* Without a record nobody knows since when it had traffic, but it had. */
    bool had_traffic = record->first_traffic_ms ||
                       (r->start == SY_START_ROLLBACK && r->resume_phase == SY_PHASE_LOCK_IN);
    if ((outcome == SY_OUTCOME_ROLLED_BACK || outcome == SY_OUTCOME_CANCELLED) && had_traffic)
        remember_rolled_back(record);
    r->want_store = true;
    r->store_ms = 0;
    r->store_failures = 0;
}

void sy_leave(SY_STEP, enum sy_outcome outcome, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    sy_set_text_v(r->text, sizeof r->text, fmt, args);
    va_end(args);
    r->leaving = outcome;
    r->record.handed_over = true;
    r->want_store = true;
}

/* The last words of this driver. */
void sy_rest(SY_STEP, enum sy_outcome outcome, const char *text) {
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_FINISHED);
    event->outcome = outcome;
    event->to = r->routing;
    sy_set_text(event->text, sizeof event->text, "%s", text);
    out->drop_lease = r->lease.version != 0 && !r->lease_foreign;
    out->rest = true;
    r->rested = true;
}

void sy_quit(SY_STEP, enum sy_outcome outcome, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    sy_set_text_v(r->text, sizeof r->text, fmt, args);
    va_end(args);
    r->want_store = false;
    sy_rest(r, in, out, outcome, r->text);
}

/* ---- handlers that belong to no part ---- */

static void on_start(SY_STEP) {
    struct sy_record *record = &r->record;
    if (in->mirror)
        r->known_mirror = *in->mirror;
    r->routing = *in->routing;
    sy_set_text(record->revision, sizeof record->revision, "%s", in->revision);
    if (r->start == SY_START_ROLLBACK) {
        r->manual = true;
        sy_take_steps(r, in);
        if (r->n_steps) { /* this takes a while: others should see that somebody is at it */
            r->lease = *in->lease;
            r->lease.until_ms = in->now_ms + SY_LEASE_MS;
            out->lease = r->leasing = true;
        }
        sy_rollback(r, in, out, SY_OUTCOME_CANCELLED, "%s", in->text);
        return;
    }
    if (r->start == SY_START_RELEASE) {
        char stages[256];
        struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_PLANNED);
        event->from = r->routing;
        sy_set_text(event->text, sizeof event->text, "%s", sy_stages_format(&record->spec, stages));
    }
    record->phase = SY_PHASE_PREPARING;
    r->lease = *in->lease;
    r->lease.until_ms = in->now_ms + SY_LEASE_MS;
    r->leasing = true;
    out->lease = true;
}

static void on_first_lease(SY_STEP) {
    const struct sy_record *record = &r->record;
    if (in->error) {
        sy_quit(r, in, out, SY_OUTCOME_FAILED, "could not take the lease of %s:%s: %.100s",
                record->spec.function, record->spec.alias, in->error->message);
        return;
    }
    if (r->lease_contended) { /* whoever wrote first goes on, and renews what we wrote over */
        sy_lose_lease(r);     /* so it is not ours to drop */
        sy_quit(r, in, out, SY_OUTCOME_FAILED,
                "somebody else took the lease of %s:%s at the same time; look again in a minute",
                record->spec.function, record->spec.alias);
        return;
    }
    if (r->start != SY_START_RELEASE) {
        struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_RESUMED);
        event->stage = record->stage + 1;
        sy_set_text(event->text, sizeof event->text, "taken over while %s",
                    sy_phase_word(r->resume_phase));
        sy_reenter(r, in, out);
        bool goes_on = record->phase == SY_PHASE_INTENT || record->phase == SY_PHASE_BAKING ||
                       record->phase == SY_PHASE_LOCK_IN;
        if (r->interrupted && goes_on)
            sy_stop_by_interrupt(r, in, out);
        return;
    }
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_PREPARED);
    sy_set_text(event->text, sizeof event->text, "lease taken by %s", r->lease.owner);
    sy_intent(r, in, out, sy_first_stage(r));
}

/* Whatever the record's driver did: has the target never had traffic? At the intent the alias was
 * seen where it was before; while the lease is taken only a new release is sure of it. */
static bool nothing_moved(const struct sy_release *r) {
    return !r->record.first_traffic_ms &&
           (r->start == SY_START_RELEASE ||
            (r->record.phase == SY_PHASE_INTENT && r->record.stage == sy_first_stage(r)));
}

/* A host that wants to stop leaves the alias split: it was told to, or only looked in. */
static bool holds(const struct sy_release *r) {
    return r->record.spec.on_interrupt == SY_INTERRUPT_HOLD || r->start == SY_START_SETTLE;
}

static const char *interrupt_reason(const struct sy_input *in) {
    return in->text && in->text[0] ? in->text : "interrupted";
}

void sy_stop_by_interrupt(SY_STEP) {
    const struct sy_record *record = &r->record;
    const char *why = interrupt_reason(in);
    r->interrupted = true;
    if (record->phase == SY_PHASE_LOCK_IN)
        sy_leave(r, in, out, record->unproven ? SY_OUTCOME_PROMOTED_UNPROVEN : SY_OUTCOME_PROMOTED,
                 "%s: detached; version %s keeps all traffic, its lock-in is not watched", why,
                 record->spec.version);
    else if (nothing_moved(r))
        sy_close(r, in, out, SY_OUTCOME_CANCELLED, "%s before anything moved", why);
    else if (holds(r))
        sy_leave(r, in, out, SY_OUTCOME_HANDED_OFF,
                 "%s: held at stage %u, the alias stays split; go on with: steelyard resume", why,
                 record->stage + 1);
    else
        sy_rollback(r, in, out, SY_OUTCOME_CANCELLED, "%s", why);
}

static void on_interrupt_later(SY_STEP) {
    r->interrupted = true; /* a move is under way: its answer decides what can be done */
}

/* There is no time left to step down. */
static void on_interrupt_rolling_back(SY_STEP) {
    bool waits = r->step_holds || r->follows;
    r->interrupted = true;
    r->follows = false;
    r->n_steps = 0;
    if (waits && r->alias_request == SY_ALIAS_NOTHING)
        sy_write_back(r, in, out);
}

/* What a record says that somebody left is only acted on once the lease is there. */
static void on_interrupt_preparing(SY_STEP) {
    const char *why = interrupt_reason(in);
    r->interrupted = true;
    if (r->start == SY_START_RELEASE)
        sy_quit(r, in, out, SY_OUTCOME_CANCELLED, "%s before anything moved", why);
    else if (r->resume_phase != SY_PHASE_LOCK_IN && holds(r))
        sy_quit(r, in, out, SY_OUTCOME_HANDED_OFF, "%s: the release is left as it was found", why);
}

static void on_rollback(SY_STEP) {
    r->manual = true;
    sy_take_steps(r, in);
    if (nothing_moved(r) && r->record.phase < SY_PHASE_SHIFTING)
        sy_close(r, in, out, SY_OUTCOME_CANCELLED, "%s, before anything moved", in->text);
    else
        sy_rollback(r, in, out, SY_OUTCOME_CANCELLED, "%s", in->text);
}

/* Over, but for the last words: what ended on the baseline is there already. */
static void on_rollback_closed(SY_STEP) {
    enum sy_outcome outcome = r->record.outcome;
    if (outcome == SY_OUTCOME_PROMOTED || outcome == SY_OUTCOME_PROMOTED_UNPROVEN ||
        outcome == SY_OUTCOME_HALTED)
        on_rollback(r, in, out);
}

static void on_rollback_shifting(SY_STEP) {
    if (r->record.baseline[0])
        on_rollback(r, in, out);
    else
        sy_emit_note(r, in, out, true,
                     "a first release has no baseline to go back to; the alias is being created");
}

static void on_tick(SY_STEP) {
    if (r->retry_ms && in->now_ms >= r->retry_ms && r->alias_request == SY_ALIAS_NOTHING)
        sy_alias_again(r, in, out);
}

/* A person asks for what is under way: no waiting for the next try. */
static void on_rollback_again(SY_STEP) {
    r->manual = true;
    sy_take_steps(r, in);
    sy_emit_note(r, in, out, false, "asked for again: %.180s", in->text);
    bool waits = r->retry_ms || r->follows;
    r->follows = false;
    if (waits && r->alias_request == SY_ALIAS_NOTHING)
        sy_alias_again(r, in, out);
}

/* ---- the table ---- */

#define TO(phase) (1u << SY_PHASE_##phase)
#define ROW(from, on, to, why, run)                                                                \
    { SY_PHASE_##from, SY_INPUT_##on, to, why, run }

const struct sy_transition sy_transitions[] = {
    ROW(PLANNED, START, TO(PREPARING) | TO(ROLLING_BACK) | TO(CLOSED),
        "begin, resume, or roll back", on_start),

    ROW(PREPARING, LEASED, TO(INTENT) | TO(BAKING) | TO(LOCK_IN) | TO(ROLLING_BACK) | TO(CLOSED),
        "lease taken", on_first_lease),
    ROW(PREPARING, CONTROL, 0, "kept for the next stage", sy_on_control_later),
    ROW(PREPARING, INTERRUPT, 0, "interrupted", on_interrupt_preparing),
    ROW(PREPARING, ROLLBACK, TO(ROLLING_BACK) | TO(CLOSED), "asked for", on_rollback),

    ROW(INTENT, STORED, TO(SHIFTING) | TO(ROLLING_BACK), "intent written down",
        sy_on_intent_stored),
    ROW(INTENT, MIRRORED, TO(SHIFTING) | TO(CLOSED), "baseline named in the parameters",
        sy_on_intent_mirrored),
    ROW(INTENT, CONTROL, 0, "kept for the next stage", sy_on_control_later),
    ROW(INTENT, SAMPLES, TO(ROLLING_BACK), "unhealthy", sy_on_samples),
    ROW(INTENT, RECORD, TO(ROLLING_BACK) | TO(VERIFYING) | TO(CLOSED), "ended elsewhere",
        sy_on_record),
    ROW(INTENT, INTERRUPT, TO(ROLLING_BACK) | TO(CLOSED), "interrupted", sy_stop_by_interrupt),
    ROW(INTENT, ROLLBACK, TO(ROLLING_BACK) | TO(CLOSED), "asked for", on_rollback),

    ROW(SHIFTING, ALIAS, TO(INTENT) | TO(BAKING) | TO(LOCK_IN) | TO(ROLLING_BACK) | TO(CLOSED),
        "alias moved", sy_on_shifting_alias),
    ROW(SHIFTING, TICK, 0, "try again", on_tick),
    ROW(SHIFTING, RECORD, TO(ROLLING_BACK) | TO(VERIFYING) | TO(CLOSED), "ended elsewhere",
        sy_on_record),
    ROW(SHIFTING, CONTROL, 0, "kept for the next stage", sy_on_control_later),
    ROW(SHIFTING, INTERRUPT, 0, "interrupted", on_interrupt_later),
    ROW(SHIFTING, ROLLBACK, TO(ROLLING_BACK), "asked for", on_rollback_shifting),

    ROW(BAKING, SAMPLES, TO(INTENT) | TO(ROLLING_BACK), "judged", sy_on_samples),
    ROW(BAKING, ALIAS, TO(CLOSED), "moved by somebody else", sy_on_holding_alias),
    ROW(BAKING, CONTROL, TO(INTENT), "paused, resumed or promoted", sy_on_control),
    ROW(BAKING, RECORD, TO(INTENT) | TO(ROLLING_BACK) | TO(VERIFYING) | TO(CLOSED),
        "asked for, or ended elsewhere", sy_on_record),
    ROW(BAKING, INTERRUPT, TO(ROLLING_BACK), "interrupted", sy_stop_by_interrupt),
    ROW(BAKING, ROLLBACK, TO(ROLLING_BACK), "asked for", on_rollback),

    ROW(LOCK_IN, SAMPLES, TO(ROLLING_BACK) | TO(CLOSED), "judged", sy_on_samples),
    ROW(LOCK_IN, ALIAS, TO(CLOSED), "moved by somebody else", sy_on_holding_alias),
    ROW(LOCK_IN, RECORD, TO(ROLLING_BACK) | TO(VERIFYING) | TO(CLOSED), "ended elsewhere",
        sy_on_record),
    ROW(LOCK_IN, INTERRUPT, 0, "interrupted", sy_stop_by_interrupt),
    ROW(LOCK_IN, ROLLBACK, TO(ROLLING_BACK) | TO(CLOSED), "asked for", on_rollback),

    ROW(ROLLING_BACK, ALIAS, TO(VERIFYING) | TO(CLOSED), "alias on the baseline",
        sy_on_rolling_back_alias),
    ROW(ROLLING_BACK, TICK, 0, "try again", on_tick),
    ROW(ROLLING_BACK, RECORD, TO(VERIFYING) | TO(CLOSED), "brought back elsewhere",
        sy_on_record_following),
    ROW(ROLLING_BACK, ROLLBACK, 0, "asked for again", on_rollback_again),
    ROW(ROLLING_BACK, INTERRUPT, 0, "interrupted", on_interrupt_rolling_back),

    ROW(VERIFYING, ALIAS, TO(ROLLING_BACK) | TO(CLOSED), "read back", sy_on_verifying_alias),
    ROW(VERIFYING, TICK, 0, "try again", on_tick),
    ROW(VERIFYING, ROLLBACK, 0, "asked for again", on_rollback_again),
    ROW(VERIFYING, INTERRUPT, 0, "interrupted", on_interrupt_later),

    ROW(CLOSED, SAMPLES, 0, "traffic stopped", sy_on_traffic_samples),
    ROW(CLOSED, INTERRUPT, 0, "interrupted", on_interrupt_later),
    ROW(CLOSED, ROLLBACK, TO(ROLLING_BACK), "asked for", on_rollback_closed),
};
const size_t sy_n_transitions = SY_COUNT(sy_transitions);

static void run_transition(SY_STEP) {
    for (size_t i = 0; i < sy_n_transitions; i++) {
        const struct sy_transition *t = &sy_transitions[i];
        if (t->from != r->record.phase || t->on != in->kind)
            continue;
        t->run(r, in, out);
        if (r->record.phase != t->from && !(t->to & (1u << r->record.phase)))
            __builtin_trap(); /* a move that the table does not know */
        return;
    }
}

void sy_release_step(struct sy_release *r, const struct sy_input *in, struct sy_output *out) {
    out->alias = SY_ALIAS_NOTHING;
    out->lease = out->store = out->mirror = out->observe = out->look = out->drop_lease = out->rest =
        false;
    out->look_version = 0;
    out->n_events = 0;
    out->tick_ms = INT64_MAX;
    if (r->rested)
        return;
    if (in->kind == SY_INPUT_ALIAS) {
        r->answered = r->alias_request;
        r->alias_request = SY_ALIAS_NOTHING;
    }
    sy_note_answer(r, in, out);
    run_transition(r, in, out);
    if (!r->rested)
        sy_request(r, in, out);
    out->tick_ms = sy_next_tick(r, in->now_ms);
}
