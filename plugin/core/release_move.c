/* Moving the alias forward by stages, and taking over what another driver left. */
#include "core/release_internal.h"

#include <stdio.h>
#include <string.h>

enum {
    FORWARD_TRIES = 5, /* of a forward move, each with the client's own retries */
    CONTESTED_POLL_MS =
        5000, /* somebody touched the alias: their word may stand in the record soon */
    INTENT_STORE_TRIES = 3, /* before anything moved */
    INTENT_STORE_TRIES_SPLIT = 10,
};

uint32_t sy_first_stage(const struct sy_release *r) {
    return r->record.baseline[0] ? 0 : r->record.spec.n_stages;
}

/* Do both send the same shares to the same versions? AWS puts transient weights such as {"42":1} on
 * an alias while it moves provisioned concurrency; they route as without them
 * (terraform-provider-aws#48116), so they are nobody's edit. */
bool sy_routes_same(const struct sy_routing *a, const struct sy_routing *b) {
    const char *const versions[] = {a->primary, a->additional, b->primary, b->additional};
    for (size_t i = 0; i < 4; i++)
        if (sy_routing_share(a, versions[i]) != sy_routing_share(b, versions[i]))
            return false;
    return true;
}

/* Only the two versions of this release are named, in whatever shares. */
bool sy_is_ours(const struct sy_release *r, const struct sy_routing *routing) {
    const char *names[] = {routing->primary, routing->additional};
    for (size_t i = 0; i < 2; i++)
        if (names[i][0] && strcmp(names[i], r->record.baseline) != 0 &&
            strcmp(names[i], r->record.spec.version) != 0)
            return false;
    return true;
}

static void request_alias(SY_STEP, enum sy_alias_request request) {
    r->alias_request = out->alias = request;
    r->retry_ms = 0;
}

void sy_write_alias(SY_STEP, const struct sy_routing *routing) {
    request_alias(r, in, out, SY_ALIAS_WRITE);
    out->routing = *routing;
    memcpy(out->revision, r->record.revision, sizeof out->revision);
}

void sy_read_alias(SY_STEP) {
    request_alias(r, in, out, SY_ALIAS_READ);
}

static void write_stage(SY_STEP) {
    struct sy_routing to;
    sy_record_routing(&r->record, r->record.stage, &to);
    sy_write_alias(r, in, out, &to);
}

void sy_retry_later(SY_STEP) {
    r->retry_ms = in->now_ms + sy_backoff_ms(r->attempts);
}

void sy_alias_again(SY_STEP) {
    if (r->record.phase == SY_PHASE_ROLLING_BACK)
        sy_write_back(r, in, out);
    else
        sy_read_alias(r, in, out);
}

void sy_adopt(struct sy_release *r, const struct sy_input *in) {
    r->routing = *in->routing;
    sy_set_text(r->record.revision, sizeof r->record.revision, "%s", in->revision);
}

void sy_halt(SY_STEP, const char *why) {
    char is[80];
    char want[80];
    struct sy_routing ours;
    struct sy_record *record = &r->record;
    if (sy_phase_goes_back(record->phase))
        sy_record_baseline_routing(&r->record, &ours);
    else
        sy_record_routing(record, record->stage, &ours);
    int32_t share = sy_routing_share(&r->routing, record->spec.version);
    sy_emit_note(r, in, out, true,
                 "%s: the alias is at %s, meant was %s; version %s gets %d.%02d%%", why,
                 sy_routing_format(&r->routing, is), sy_routing_format(&ours, want),
                 record->spec.version, share / 100, share % 100);
    sy_close(r, in, out, SY_OUTCOME_HALTED,
             "%s: the alias is at %s, meant was %s; a person is needed: %s", why,
             sy_routing_format(&r->routing, is), sy_routing_format(&ours, want),
             share ? "the new version still gets traffic" : "the new version gets no traffic");
}

/* ---- forward ---- */

static void shift(SY_STEP) {
    r->record.phase = SY_PHASE_SHIFTING;
    r->attempts = 0;
    if (r->alias_request == SY_ALIAS_NOTHING) /* else a look is under way; its answer comes first */
        write_stage(r, in, out);
}

void sy_intent(SY_STEP, uint32_t stage) {
    r->record.handed_over = false;
    r->record.stage = stage;
    r->record.phase = SY_PHASE_INTENT;
    r->record.stage_until_ms = 0;
    r->record.extended = false;
    r->decided_ms = in->now_ms;
    r->store_failures = 0;
    r->want_store = true;
}

void sy_on_intent_stored(SY_STEP) {
    const struct sy_record *record = &r->record;
    bool moved_before = record->first_traffic_ms != 0;
    if (in->error) {
        if (!moved_before &&
            (!sy_is_transient(in->error) || r->store_failures >= INTENT_STORE_TRIES))
            sy_quit(r, in, out, SY_OUTCOME_FAILED,
                    "the record could not be written, so nothing was moved: %.120s",
                    in->error->message);
        else if (moved_before && r->store_failures >= INTENT_STORE_TRIES_SPLIT)
            sy_rollback(r, in, out, SY_OUTCOME_FAILED, "the record could not be written: %.120s",
                        in->error->message);
        return;
    }
    if (r->want_store || r->leaving)
        return; /* an older write, and the intent itself comes next; or no move is wanted now */
    if (moved_before || !record->mirrors || record->stage != sy_first_stage(r)) {
        shift(r, in, out);
        return;
    }
    struct sy_mirror *mirror = sy_want_mirror(r);
    memcpy(mirror->alias, record->spec.alias, sizeof mirror->alias);
    memcpy(mirror->previous, record->baseline, sizeof mirror->previous);
    memcpy(mirror->last_known_good, record->baseline, sizeof mirror->last_known_good);
    if (sy_mirror_stands(r))
        shift(r, in, out);
}

void sy_on_intent_mirrored(SY_STEP) {
    if (r->record.first_traffic_ms || r->leaving || r->storing || r->want_store)
        return; /* of an earlier move; or no move is wanted now; or the record is written again */
    if (!in->error)
        shift(r, in, out);
    else if (!sy_is_transient(in->error) || r->mirror_failures >= INTENT_STORE_TRIES) {
        r->want_mirror = (struct sy_mirror){0};
        sy_close(r, in, out, SY_OUTCOME_FAILED,
                 "the parameters could not be written, so nothing was moved: %.110s",
                 in->error->message);
    }
}

static void enter_lock_in(SY_STEP) {
    struct sy_record *record = &r->record;
    record->phase = SY_PHASE_LOCK_IN;
    record->promoted_ms = in->now_ms;
    record->control = SY_CONTROL_NONE; /* there is nothing left to pause or promote */
    struct sy_mirror *mirror = sy_want_mirror(r);
    memcpy(mirror->current, record->spec.version, sizeof mirror->current);
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_LOCK_IN_STARTED);
    event->duration_ms = sy_record_lock_in_end(record) - in->now_ms;
    if (record->spec.wait != SY_WAIT_LOCK_IN)
        sy_leave(r, in, out, record->unproven ? SY_OUTCOME_PROMOTED_UNPROVEN : SY_OUTCOME_PROMOTED,
                 record->unproven ? "version %s has all traffic, though not every stage proved it"
                                  : "version %s has all traffic; its lock-in goes on",
                 record->spec.version);
}

static void enter_bake(SY_STEP) {
    struct sy_record *record = &r->record;
    record->phase = SY_PHASE_BAKING;
    record->paused_ms = 0;
    record->stage_until_ms = in->now_ms + record->spec.stages[record->stage].bake_ms;
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_STAGE_STARTED);
    event->duration_ms = record->spec.stages[record->stage].bake_ms;
    sy_take_control(r, in, out);
    if (record->spec.wait == SY_WAIT_NONE && record->phase == SY_PHASE_BAKING)
        sy_leave(r, in, out, SY_OUTCOME_HANDED_OFF,
                 "stage %u bakes and nobody watches it: resume the release when the bake has ended",
                 record->stage + 1);
}

/* The alias has the stage's routing, whoever saw it first. */
static void moved(SY_STEP) {
    struct sy_record *record = &r->record;
    struct sy_routing from;
    sy_record_routing_before(record, record->stage, &from);
    if (!record->first_traffic_ms) {
        record->first_traffic_ms = in->now_ms;
        sy_want_mirror(r)->deployment_ms = in->now_ms;
    }
    sy_adopt(r, in);
    struct sy_release_event *event = sy_emit(r, in, out, SY_EVENT_ALIAS_MOVED);
    event->from = from;
    event->to = r->routing;
    event->duration_ms = r->decided_ms ? in->now_ms - r->decided_ms : 0;
    record->results[record->stage].started_ms = in->now_ms;
    r->next_poll_ms = in->now_ms + record->spec.poll_ms;
    if (r->contested && record->spec.poll_ms > CONTESTED_POLL_MS)
        r->next_poll_ms = in->now_ms + CONTESTED_POLL_MS;
    r->contested = false;
    r->suspicion = SY_TRUSTS;
    r->observed_ms = 0;
    r->observe_failures = 0;
    r->attempts = 0;
    r->want_store = true;
    if (record->stage < record->spec.n_stages)
        enter_bake(r, in, out);
    else
        enter_lock_in(r, in, out);
    if (r->interrupted)
        sy_stop_by_interrupt(r, in, out);
}

static void forward_failed(SY_STEP, const char *why) {
    if (r->record.first_traffic_ms)
        sy_rollback(r, in, out, SY_OUTCOME_FAILED, "the alias could not be moved on: %.130s", why);
    else
        sy_close(r, in, out, SY_OUTCOME_FAILED,
                 "the alias could not be moved and is as it was: %.130s", why);
}

/* What the alias really is after a move whose answer was not a plain yes (release.md, rule 4). */
static void forward_read_back(SY_STEP) {
    struct sy_routing to;
    struct sy_routing from;
    struct sy_routing baseline;
    sy_record_routing(&r->record, r->record.stage, &to);
    sy_record_routing_before(&r->record, r->record.stage, &from);
    sy_record_baseline_routing(&r->record, &baseline);
    bool as_before = in->exists ? sy_routes_same(in->routing, &from) : !from.primary[0];
    bool as_meant = in->exists && sy_routes_same(in->routing, &to);
    bool give_up = r->attempts >= FORWARD_TRIES || r->interrupted;
    if (as_meant && (give_up || sy_routing_equal(in->routing, &to))) {
        moved(r, in, out);
    } else if (as_before || as_meant) {
        sy_adopt(r, in);
        if (r->attempts >= FORWARD_TRIES)
            forward_failed(r, in, out, r->text);
        else if (r->interrupted)
            sy_stop_by_interrupt(r, in, out);
        else
            write_stage(r, in, out);
    } else if (in->exists && sy_routing_equal(in->routing, &baseline)) {
        sy_adopt(r, in);
        sy_found_on_baseline(r, in, out, "somebody moved it there while the release went on");
    } else if (!sy_suspects(r, in, out)) {
        sy_adopt(r, in);
        sy_halt(r, in, out, "somebody else moved the alias");
    }
}

void sy_on_shifting_alias(SY_STEP) {
    bool was_write = r->answered == SY_ALIAS_WRITE;
    if (!in->error) {
        if (was_write)
            moved(r, in, out);
        else
            forward_read_back(r, in, out);
        return;
    }
    sy_set_text(r->text, sizeof r->text, "%s", in->error->message);
    r->attempts++;
    r->contested |= in->error->code == SY_ABORTED;
    if (was_write && in->error->code != SY_ABORTED && !sy_is_transient(in->error))
        r->attempts = FORWARD_TRIES; /* refused for good; see what the alias is, then give up */
    if (was_write && !sy_is_transient(in->error))
        sy_read_alias(r, in, out);
    else if (r->attempts < 2 * FORWARD_TRIES)
        sy_retry_later(r, in, out);
    else
        sy_rollback(r, in, out, SY_OUTCOME_FAILED, "the alias could not be read: %.130s",
                    in->error->message);
}

/* ---- while it holds ---- */

/* A canary without any traffic is a reason to look whether the alias is still as it was left. */
void sy_look_at_alias(SY_STEP) {
    if (r->alias_request == SY_ALIAS_NOTHING)
        sy_read_alias(r, in, out);
}

void sy_on_holding_alias(SY_STEP) {
    struct sy_routing meant;
    struct sy_routing baseline;
    if (in->error)
        return; /* the next look tells */
    sy_record_routing(&r->record, r->record.stage, &meant);
    if (in->exists && sy_routes_same(in->routing, &meant)) {
        r->suspicion = SY_TRUSTS;
        sy_adopt(r, in);
        r->routing = meant; /* transient weights are not what it was left at */
        return;
    }
    sy_record_baseline_routing(&r->record, &baseline);
    if (in->exists && baseline.primary[0] && sy_routing_equal(in->routing, &baseline)) {
        sy_adopt(r, in);
        sy_found_on_baseline(r, in, out, "somebody moved it there while the release went on");
        return;
    }
    if (sy_suspects(r, in, out))
        return;
    r->routing = in->exists ? *in->routing : (struct sy_routing){0};
    sy_halt(r, in, out, "somebody else moved the alias");
}

/* ---- taking over what another driver left ---- */

/* The last driver may have died between a move and the mirror of it. */
static void repair_mirror(struct sy_release *r) {
    const struct sy_record *record = &r->record;
    struct sy_mirror *mirror = sy_want_mirror(r);
    memcpy(mirror->alias, record->spec.alias, sizeof mirror->alias);
    memcpy(mirror->previous, record->baseline, sizeof mirror->previous);
    mirror->deployment_ms = record->first_traffic_ms;
    if (record->phase == SY_PHASE_LOCK_IN)
        memcpy(mirror->current, record->spec.version, sizeof mirror->current);
}

static void reenter_hold(SY_STEP, enum sy_phase phase) {
    struct sy_record *record = &r->record;
    record->phase = phase;
    repair_mirror(r);
    r->next_poll_ms = in->now_ms;
    if (phase != SY_PHASE_BAKING)
        return;
    sy_take_control(r, in, out);
    /* Who paused it says when it goes on: not everybody who comes by. */
    if (record->paused_ms && record->phase == SY_PHASE_BAKING && r->start == SY_START_RESUME)
        sy_leave(r, in, out, SY_OUTCOME_PAUSED,
                 "paused at stage %u, the alias stays split; go on with: steelyard resume, or back "
                 "with: steelyard rollback",
                 record->stage + 1);
}

static void reenter_move(SY_STEP, bool at_to, bool at_from) {
    struct sy_input seen = *in;
    if (at_to) {
        seen.routing = &r->routing;
        seen.revision = r->record.revision;
        r->record.phase = SY_PHASE_SHIFTING;
        moved(r, &seen, out);
    } else if (at_from) {
        sy_intent(r, in, out, r->record.stage);
    } else {
        sy_halt(r, in, out, "somebody else moved the alias");
    }
}

/* The record may be older than the alias: a person's word was written over a driver's last one, and
 * both are gone. A routing that only a later stage of this release has is that stage. */
static void catch_up(struct sy_release *r) {
    struct sy_record *record = &r->record;
    struct sy_routing to;
    if (r->resume_phase < SY_PHASE_INTENT || r->resume_phase > SY_PHASE_BAKING)
        return;
    for (uint32_t i = record->stage + 1; i <= record->spec.n_stages; i++) {
        sy_record_routing(record, i, &to);
        if (!sy_routing_equal(&r->routing, &to))
            continue;
        record->stage = i;
        record->unproven = true;
        r->resume_phase = SY_PHASE_SHIFTING;
        return;
    }
}

void sy_reenter(SY_STEP) {
    struct sy_routing to;
    struct sy_routing from;
    struct sy_routing baseline;
    struct sy_record *record = &r->record;
    record->handed_over = false;
    catch_up(r);
    sy_record_routing(record, record->stage, &to);
    sy_record_routing_before(record, record->stage, &from);
    sy_record_baseline_routing(&r->record, &baseline);
    bool at_to = sy_routing_equal(&r->routing, &to);
    bool at_from = sy_routes_same(&r->routing, &from);
    bool at_baseline = record->baseline[0] && sy_routing_equal(&r->routing, &baseline);
    bool going_back = sy_phase_goes_back(r->resume_phase);
    bool moving = r->resume_phase <= SY_PHASE_SHIFTING;
    bool said = record->reason[0] && record->outcome != SY_OUTCOME_NONE;
    if (going_back && !at_baseline)
        sy_rollback(r, in, out, said ? record->outcome : SY_OUTCOME_ROLLED_BACK, "%s",
                    said ? record->reason : "the rollback that was under way");
    else if (at_baseline && !(moving && at_from))
        sy_found_on_baseline(r, in, out,
                             "the rollback's driver ended before it could write down why");
    else if (moving)
        reenter_move(r, in, out, at_to, at_from);
    else if (!sy_routes_same(&r->routing, &to))
        sy_halt(r, in, out, "somebody else moved the alias");
    else if (r->resume_phase == SY_PHASE_BAKING && record->stage < record->spec.n_stages)
        reenter_hold(r, in, out, SY_PHASE_BAKING);
    else
        reenter_hold(r, in, out, SY_PHASE_LOCK_IN);
}
