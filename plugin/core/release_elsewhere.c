/* Somebody else's hand in the record or on the lease (release.md, rules 5, 9 and 10). */
#include "core/release_internal.h"

#include <string.h>

/* Not ours any more: neither renewed nor dropped, whatever is still under way. */
void sy_lose_lease(struct sy_release *r) {
    r->lease_lost = true;
    r->lease.version = 0;
}

/* The release was ended by somebody else: their word is the record now. */
static void ended_elsewhere(SY_STEP) {
    struct sy_record *record = &r->record;
    bool overwritten = in->record->version < record->version || r->storing;
    int64_t sequence = record->sequence;
    *record = *in->record;
    if (record->sequence < sequence)
        record->sequence = sequence;
    bool went_back = record->outcome == SY_OUTCOME_ROLLED_BACK ||
                     record->outcome == SY_OUTCOME_CANCELLED ||
                     record->outcome == SY_OUTCOME_FAILED;
    if (went_back && record->baseline[0]) {
        sy_verify_baseline(r, in, out, record->outcome, record->reason);
        return;
    }
    r->want_store = overwritten; /* what we wrote over is the truth: write it again */
}

/* Somebody else steps it back, and says so in the record before it is over: theirs to finish. This
 * driver stays until the alias is there, and goes on when the other one is gone. */
static void going_back_elsewhere(SY_STEP) {
    struct sy_record *record = &r->record;
    int64_t version = record->version;
    int64_t sequence = record->sequence;
    bool overwritten = in->record->version < version || r->storing;
    *record = *in->record;
    if (record->version < version)
        record->version = version;
    if (record->sequence < sequence)
        record->sequence = sequence;
    record->phase = SY_PHASE_ROLLING_BACK;
    sy_lose_lease(r);
    r->follows = true;
    r->rollback_outcome = SY_OUTCOME_CANCELLED;
    sy_set_text(r->text, sizeof r->text, "%s",
                record->reason[0] ? record->reason : "a person takes it back, step by step");
    r->next_poll_ms = in->now_ms + SY_FOLLOW_MS;
    r->want_store = overwritten;
    sy_emit_note(r, in, out, false, "a person takes it back, step by step: %.180s", r->text);
}

void sy_on_record_following(SY_STEP) {
    const struct sy_record *theirs = in->record;
    if (!r->follows || in->error)
        return; /* the next look tells */
    bool ours = theirs && strcmp(theirs->release_id, r->record.release_id) == 0;
    if (ours && theirs->phase == SY_PHASE_CLOSED) {
        r->follows = false;
        ended_elsewhere(r, in, out);
    } else if (!ours || !in->lease || in->lease->until_ms <= in->now_ms) {
        r->follows = false;
        sy_emit_note(r, in, out, true, "whoever stepped it back is gone: to the baseline at once");
        r->move_outstanding = r->alias_request != SY_ALIAS_NOTHING;
        if (!r->move_outstanding) /* else its answer comes first */
            sy_alias_again(r, in, out);
    }
}

/* A person's word in the record, once; our next write clears it there. */
static void control_elsewhere(SY_STEP) {
    const struct sy_record *theirs = in->record;
    if (theirs->control == SY_CONTROL_NONE || theirs->version <= r->control_version)
        return;
    r->control_version = theirs->version;
    if (r->record.phase == SY_PHASE_BAKING)
        sy_control(r, in, out, theirs->control, theirs->control_reason);
    else if (r->record.phase < SY_PHASE_BAKING)
        sy_keep_control(r, theirs->control, theirs->control_reason);
    r->want_store = true;
}

/* Does somebody else hold the lease? While ours stands, a foreign name on it is that of one who
 * came at the same time and lets go again: ours is written over it, and only if the other name
 * stands there at the next look, too, it has it. An unreadable or expired lease is nobody's. */
static bool sees_other_driver(struct sy_release *r, const struct sy_input *in) {
    bool foreign = in->lease && in->lease->until_ms > in->now_ms &&
                   strcmp(in->lease->owner, r->lease.owner) != 0;
    bool again = r->lease_foreign;
    r->lease_foreign = foreign;
    if (!foreign)
        return false;
    if (again || in->now_ms > r->lease_good_until_ms)
        return true;
    r->lease.until_ms = in->now_ms; /* renew now */
    return false;
}

/* The alias is not as it was left, but only the two versions of this release are on it: somebody
 * may be taking it back, and say so in the record. False: that was looked up already. */
bool sy_suspects(SY_STEP) {
    if (r->suspicion == SY_HAS_LOOKED || !in->exists || !sy_is_ours(r, in->routing))
        return false;
    r->suspicion = SY_SUSPECTS;
    out->look = !r->looking;
    r->looking = true;
    return true;
}

static void take_record(SY_STEP) {
    struct sy_record *record = &r->record;
    enum sy_phase phase = record->phase;
    bool pending = r->storing || r->want_store;
    if (in->error)
        return; /* the next look tells */
    if (!r->mirroring && in->mirror)
        r->known_mirror = *in->mirror;
    bool driven_elsewhere = sees_other_driver(r, in);
    if (driven_elsewhere)
        sy_lose_lease(r);
    if (in->record && strcmp(in->record->release_id, record->release_id) != 0) {
        sy_lose_lease(r); /* the new release's driver has it */
        bool promoted = record->phase == SY_PHASE_LOCK_IN;
        sy_quit(r, in, out, promoted ? SY_OUTCOME_SUPERSEDED : SY_OUTCOME_CANCELLED,
                promoted ? "superseded by the release of version %s"
                         : "another release took its place, of version %s",
                in->record->spec.version);
    } else if (in->record && in->record->phase == SY_PHASE_CLOSED) {
        ended_elsewhere(r, in, out);
    } else if (in->record && sy_phase_goes_back(in->record->phase)) {
        going_back_elsewhere(r, in, out);
    } else if (driven_elsewhere) {
        sy_quit(r, in, out, SY_OUTCOME_FAILED, "%s drives this release now", in->lease->owner);
    } else if (!in->record && !pending) {
        sy_emit_note(r, in, out, true, "the record was deleted; written again");
        record->version = 0;
        r->want_store = true;
    } else if (in->record && !pending && in->record->version > record->version) {
        record->version = in->record->version;
    }
    if (in->record && !r->rested && r->record.phase == phase)
        control_elsewhere(r, in, out);
}

void sy_on_record(SY_STEP) {
    enum sy_phase phase = r->record.phase;
    take_record(r, in, out);
    if (r->suspicion != SY_SUSPECTS || r->record.phase != phase || r->leaving || r->rested)
        return;
    r->suspicion = SY_HAS_LOOKED; /* nobody says so: what the alias is now decides */
    sy_look_at_alias(r, in, out);
}
