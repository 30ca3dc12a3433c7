/* Moving the alias back to the baseline: at once, or stepping the weights down. */
#include "core/release_internal.h"

#include <string.h>

enum {
    BACK_TRIES_FINAL = 5, /* of a rollback that AWS refuses for a reason that stays */
    BACK_TRIES = 200,     /* of one that may still succeed: about an hour and a half */
    VERIFY_TRIES = 5,
};

/* The routing of the move that is due: the next step down, or the baseline alone. Whatever form the
 * release split the alias in, going back the baseline is primary: should the weights get lost, that
 * is where the traffic is meant to go. */
static void back_routing(const struct sy_release *r, struct sy_routing *ret) {
    sy_record_baseline_routing(&r->record, ret);
    if (!r->n_steps)
        return;
    memcpy(ret->additional, r->record.spec.version, sizeof ret->additional);
    ret->additional_bp = r->steps[0].weight_bp;
}

static void drop_step(struct sy_release *r) {
    r->n_steps--;
    memmove(r->steps, r->steps + 1, r->n_steps * sizeof *r->steps);
}

/* Steps that are not down from here are none. */
static void drop_higher_steps(struct sy_release *r) {
    int32_t share = sy_routing_share(&r->routing, r->record.spec.version);
    while (r->n_steps && r->steps[0].weight_bp >= share)
        drop_step(r);
}

void sy_write_back(SY_STEP) {
    struct sy_routing to;
    if (r->step_holds)
        r->decided_ms = in->now_ms;
    r->step_holds = false;
    drop_higher_steps(r);
    back_routing(r, &to);
    sy_write_alias(r, in, out, &to);
}

void sy_take_steps(struct sy_release *r, const struct sy_input *in) {
    r->n_steps = in->n_steps < SY_STAGES_MAX ? in->n_steps : SY_STAGES_MAX;
    for (uint32_t i = 0; i < r->n_steps; i++)
        r->steps[i] = in->steps[i];
}

void sy_rollback(SY_STEP, enum sy_outcome outcome, const char *fmt, ...) {
    struct sy_record *record = &r->record;
    va_list args;
    va_start(args, fmt);
    sy_set_text_v(r->text, sizeof r->text, fmt, args);
    va_end(args);
    if (!record->baseline[0]) {
        sy_halt(r, in, out, "a first release has no baseline to go back to");
        return;
    }
    if (record->phase >= SY_PHASE_SHIFTING)
        record->results[record->stage].ended_ms = in->now_ms;
    record->phase = SY_PHASE_ROLLING_BACK;
    record->outcome = outcome; /* whoever has to finish it knows why */
    sy_set_text(record->reason, sizeof record->reason, "%s", r->text);
    r->rollback_outcome = outcome;
    r->leaving = SY_OUTCOME_NONE;
    r->decided_ms = in->now_ms;
    r->attempts = 0;
    r->retry_ms = 0;
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_ROLLBACK_STARTED);
    event->from = r->routing;
    sy_set_text(event->text, sizeof event->text, "%s", r->text);
    r->want_store |=
        r->n_steps > 0; /* a driver elsewhere should know before it finds the alias so */
    r->move_outstanding = r->alias_request != SY_ALIAS_NOTHING;
    if (!r->move_outstanding) /* else its answer comes first */
        sy_write_back(r, in, out);
}

/* A step down was made: it holds for its time, and the record says that the way is back, so that
 * whoever finds it goes there. */
static void stepped(SY_STEP) {
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_ALIAS_MOVED);
    event->from = r->routing;
    sy_adopt(r, in);
    event->to = r->routing;
    event->duration_ms = in->now_ms - r->decided_ms;
    event->weight_bp = r->steps[0].weight_bp;
    event->until_ms = in->now_ms + r->steps[0].bake_ms;
    r->attempts = 0;
    r->want_store = true;
    r->retry_ms = in->now_ms + r->steps[0].bake_ms;
    r->step_holds = true;
    drop_step(r);
    if (!r->interrupted)
        return;
    r->n_steps = 0; /* no time for steps */
    sy_write_back(r, in, out);
}

static void switched(SY_STEP) {
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_ALIAS_MOVED);
    event->from = r->routing;
    sy_adopt(r, in);
    event->to = r->routing;
    event->duration_ms = in->now_ms - r->decided_ms;
    r->switched_ms = in->now_ms;
    r->attempts = 0;
    r->n_steps = 0;
    r->record.phase = SY_PHASE_VERIFYING;
    sy_read_alias(r, in, out);
}

static void back_failed(SY_STEP) {
    const struct sy_error *error = in->error;
    r->attempts++;
    if (error->code != SY_ABORTED)
        r->n_steps = 0; /* what matters now is to get there */
    if (r->attempts == 1 && error->code != SY_ABORTED) {
        r->want_store = true; /* so that whoever comes next knows that it was meant to go back */
        sy_emit_note(r, in, out, true, "the rollback's move failed, trying again: %.150s",
                     error->message);
    }
    uint32_t tries =
        sy_is_transient(error) || error->code == SY_ABORTED ? BACK_TRIES : BACK_TRIES_FINAL;
    if (error->code == SY_NOT_FOUND || r->attempts >= tries) {
        char why[SY_REASON_MAX / 2];
        sy_set_text(why, sizeof why, "the rollback failed (%.70s)", error->message);
        sy_halt(r, in, out, why);
    } else if (error->code == SY_ABORTED) {
        sy_read_alias(r, in, out); /* the revision is not ours: see why */
    } else {
        sy_retry_later(r, in, out);
    }
}

void sy_on_rolling_back_alias(SY_STEP) {
    struct sy_routing baseline;
    struct sy_routing step;
    back_routing(r, &step);
    sy_record_baseline_routing(&r->record, &baseline);
    bool of_forward_move = r->move_outstanding;
    if (r->follows)
        return; /* somebody else brings it back */
    r->move_outstanding = false;
    if (in->error && of_forward_move) {
        sy_write_back(r, in, out); /* whatever became of it: the revision tells */
        return;
    }
    if (in->error) {
        back_failed(r, in, out);
        return;
    }
    if (in->exists && sy_routing_equal(in->routing, &baseline)) {
        switched(r, in, out);
        return;
    }
    if (in->exists && r->n_steps && sy_routing_equal(in->routing, &step)) {
        stepped(r, in, out);
        return;
    }
    sy_adopt(r, in);
    if (in->exists && (r->manual || sy_is_ours(r, in->routing)))
        sy_write_back(r, in, out);
    else
        sy_halt(r, in, out, "somebody else moved the alias");
}

void sy_rolled_back(SY_STEP, const char *how) {
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_ROLLBACK_VERIFIED);
    event->to = r->routing;
    sy_set_text(event->text, sizeof event->text, "%s", how);
    struct sy_mirror *mirror = sy_want_mirror(r);
    memcpy(mirror->current, r->record.baseline, sizeof mirror->current);
    if (strcmp(r->record.last_known_good, r->record.spec.version) == 0) {
        /* It was good until a person thought otherwise. */
        memcpy(mirror->last_known_good, r->record.baseline, sizeof mirror->last_known_good);
        memcpy(r->record.last_known_good, r->record.baseline, sizeof mirror->last_known_good);
    }
    r->next_poll_ms = in->now_ms + r->record.spec.period_ms;
    sy_close(r, in, out, r->rollback_outcome, "%s", r->text);
}

void sy_on_verifying_alias(SY_STEP) {
    struct sy_routing baseline;
    sy_record_baseline_routing(&r->record, &baseline);
    if (in->error) {
        if (++r->attempts < VERIFY_TRIES)
            sy_retry_later(r, in, out);
        else
            sy_rolled_back(r, in, out,
                           "the move was confirmed, but the alias could not be read back");
        return;
    }
    sy_adopt(r, in);
    if (in->exists && sy_routing_equal(in->routing, &baseline)) {
        sy_rolled_back(r, in, out, "the alias was read back");
    } else if (in->exists && sy_is_ours(r, in->routing) && ++r->verify_failures < VERIFY_TRIES) {
        r->record.phase = SY_PHASE_ROLLING_BACK;
        sy_write_back(r, in, out);
    } else if (in->exists && sy_routes_same(in->routing, &baseline)) {
        sy_rolled_back(r, in, out,
                       "all traffic is on the baseline; AWS keeps weights on the alias");
    } else {
        sy_halt(r, in, out, "somebody else moved the alias after the rollback");
    }
}

/* Somebody else wrote down that the release went back. Their word, but the alias is looked at: a
 * move of ours may have crossed theirs. */
void sy_verify_baseline(SY_STEP, enum sy_outcome outcome, const char *why) {
    r->rollback_outcome = outcome;
    sy_set_text(r->text, sizeof r->text, "%s", why);
    r->leaving = SY_OUTCOME_NONE;
    r->record.phase = SY_PHASE_VERIFYING;
    r->record.outcome = SY_OUTCOME_NONE;
    r->decided_ms = in->now_ms;
    r->attempts = 0;
    sy_look_at_alias(r, in, out);
}

/* The alias went back while nobody drove, or by somebody else's hand: a rollback moves the alias
 * first and writes down why only after, if it comes to that. Either way the users are on the
 * baseline, and no person is needed. */
void sy_found_on_baseline(SY_STEP, const char *why) {
    r->rollback_outcome = SY_OUTCOME_ROLLED_BACK;
    sy_set_text(r->text, sizeof r->text, "the alias was found on the baseline: %s", why);
    sy_rolled_back(r, in, out, "the alias was read");
}
