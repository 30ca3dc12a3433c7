/* What a person asks of a release that goes on: pause, resume, promote (release.md, rule 9). */
#include "core/release_internal.h"

static void pause_clock(SY_STEP, const char *reason) {
    struct sy_record *record = &r->record;
    if (record->paused_ms)
        return; /* already */
    record->paused_ms = in->now_ms;
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_PAUSED);
    sy_set_text(event->text, sizeof event->text, "%s", reason);
}

/* The stage keeps what it had left to bake. One that was over, and could not be judged, bakes once
 * more, as if new. */
static void run_clock(SY_STEP, const char *reason) {
    struct sy_record *record = &r->record;
    int64_t left_ms = record->stage_until_ms - record->paused_ms;
    if (!record->paused_ms) {
        sy_emit_note(r, in, out, false, "it is not paused");
        return;
    }
    if (left_ms <= 0) {
        left_ms = record->spec.stages[record->stage].bake_ms;
        record->extended = false;
    }
    record->paused_ms = 0;
    record->stage_until_ms = in->now_ms + left_ms;
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_RESUMED);
    sy_set_text(event->text, sizeof event->text, "%s", reason);
}

/* All traffic now. The stages did not prove it, and the record says so. */
static void promote_now(SY_STEP, const char *reason) {
    struct sy_record *record = &r->record;
    record->paused_ms = 0;
    record->unproven = true;
    record->results[record->stage].ended_ms = in->now_ms;
    sy_emit_note(r, in, out, true, "promoted by a person before its stages ended: %.150s", reason);
    sy_intent(r, in, out, record->spec.n_stages);
}

void sy_control(SY_STEP, enum sy_control control, const char *reason) {
    r->want_store = true;
    switch (control) {
    case SY_CONTROL_PAUSE:
        pause_clock(r, in, out, reason);
        break;
    case SY_CONTROL_RESUME:
        run_clock(r, in, out, reason);
        break;
    case SY_CONTROL_PROMOTE:
        promote_now(r, in, out, reason);
        break;
    default:
        break;
    }
}

void sy_keep_control(struct sy_release *r, enum sy_control control, const char *reason) {
    r->record.control = control;
    sy_set_text(r->record.control_reason, sizeof r->record.control_reason, "%s", reason);
}

void sy_take_control(SY_STEP) {
    enum sy_control control = r->record.control;
    char reason[SY_CONTROL_REASON_MAX + 1];
    sy_set_text(reason, sizeof reason, "%s", r->record.control_reason);
    r->record.control = SY_CONTROL_NONE;
    r->record.control_reason[0] = '\0';
    if (control != SY_CONTROL_NONE)
        sy_control(r, in, out, control, reason);
}

void sy_on_control(SY_STEP) {
    if (!r->leaving)
        sy_control(r, in, out, in->control, in->text);
}

void sy_on_control_later(SY_STEP) {
    sy_keep_control(r, in->control, in->text);
}
