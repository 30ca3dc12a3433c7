/* Requests: what is under way, what waits, what is tried again, and when to rest. */
#include "core/release_internal.h"

#include <string.h>

enum { MIRROR_TRIES = 8, STORE_TRIES = 8 };

struct sy_mirror *sy_want_mirror(struct sy_release *r) {
    r->mirror_again = r->mirroring;
    r->mirror_failures = 0;
    r->mirror_ms = 0;
    return &r->want_mirror;
}

static bool mirror_wanted(const struct sy_release *r) {
    const struct sy_mirror *m = &r->want_mirror;
    return m->alias[0] || m->current[0] || m->previous[0] || m->last_known_good[0] ||
           m->deployment_ms;
}

static void drop_if_known(char *want, const char *known) {
    if (strcmp(want, known) == 0)
        want[0] = '\0';
}

/* Leave out of what is wanted what stands there already. */
static void drop_known(struct sy_release *r) {
    struct sy_mirror *want = &r->want_mirror;
    const struct sy_mirror *known = &r->known_mirror;
    drop_if_known(want->alias, known->alias);
    drop_if_known(want->current, known->current);
    drop_if_known(want->previous, known->previous);
    drop_if_known(want->last_known_good, known->last_known_good);
    if (want->deployment_ms == known->deployment_ms)
        want->deployment_ms = 0;
}

bool sy_mirror_stands(struct sy_release *r) {
    if (!r->mirroring)
        drop_known(r);
    return !mirror_wanted(r);
}

/* Something is to be written, and not given up. */
static bool store_pending(const struct sy_release *r) {
    bool last_words = r->record.phase == SY_PHASE_CLOSED || r->leaving;
    return r->want_store && (!last_words || r->store_failures < STORE_TRIES);
}

static bool mirror_pending(const struct sy_release *r) {
    return mirror_wanted(r) && r->mirror_failures < MIRROR_TRIES;
}

static void note_store_failure(SY_STEP) {
    r->want_store = true;
    r->store_ms = in->now_ms + sy_backoff_ms(++r->store_failures);
    if (r->store_failures == 1 && r->record.phase != SY_PHASE_INTENT)
        sy_emit_note(r, in, out, true, "the record could not be written, trying again: %.150s",
                     in->error->message);
}

static void note_stored(SY_STEP) {
    r->storing = false;
    if (in->error) {
        note_store_failure(r, in, out);
        return;
    }
    r->store_failures = 0;
    int64_t expected = r->record.version + 1;
    if (r->record.version && in->number > expected)
        r->gap_version = in->number - 1; /* somebody wrote between two of ours: what was it? */
    r->record.version = in->number;
}

static void keep_text(char *known, const char *written, size_t size) {
    if (written[0])
        memcpy(known, written, size);
}

/* What was wanted when the write went out stands there now. (What was added since is written again
 * with the rest, so that it does no harm to take it as known only then.) */
static void remember_mirror(struct sy_release *r) {
    struct sy_mirror *known = &r->known_mirror;
    const struct sy_mirror *wrote = &r->want_mirror;
    if (r->mirror_again)
        return;
    keep_text(known->alias, wrote->alias, sizeof known->alias);
    keep_text(known->current, wrote->current, sizeof known->current);
    keep_text(known->previous, wrote->previous, sizeof known->previous);
    keep_text(known->last_known_good, wrote->last_known_good, sizeof known->last_known_good);
    if (wrote->deployment_ms)
        known->deployment_ms = wrote->deployment_ms;
}

static void note_mirrored(SY_STEP) {
    r->mirroring = false;
    if (!in->error) {
        r->mirror_failures = 0;
        remember_mirror(r);
        if (!r->mirror_again) /* else: written again as a whole, with what was added meanwhile */
            r->want_mirror = (struct sy_mirror){0};
        return;
    }
    r->mirror_ms = in->now_ms + sy_backoff_ms(++r->mirror_failures);
    if (r->mirror_failures == 1 && r->record.phase != SY_PHASE_INTENT)
        sy_emit_note(r, in, out, true, "the parameters could not be written, trying again: %.150s",
                     in->error->message);
}

static void note_leased(SY_STEP) {
    r->leasing = false;
    if (!in->error) {
        r->lease_contended = r->lease.version && in->number > r->lease.version + 1;
        r->lease.version = r->lease_lost ? 0 : in->number;
        r->lease_good_until_ms = r->lease.until_ms;
        return;
    }
    /* Once more in ten seconds, well before it expires. */
    r->lease.until_ms = in->now_ms + SY_LEASE_MS - SY_LEASE_RENEW_MS + 10000;
    if (r->record.phase != SY_PHASE_PREPARING)
        sy_emit_note(r, in, out, false, "the lease could not be renewed: %.150s",
                     in->error->message);
}

void sy_note_answer(SY_STEP) {
    switch (in->kind) {
    case SY_INPUT_LEASED:
        note_leased(r, in, out);
        break;
    case SY_INPUT_STORED:
        note_stored(r, in, out);
        break;
    case SY_INPUT_MIRRORED:
        note_mirrored(r, in, out);
        break;
    case SY_INPUT_SAMPLES:
        r->observing = false;
        break;
    case SY_INPUT_RECORD:
        r->looking = false;
        break;
    default:
        break;
    }
}

static bool judges(const struct sy_release *r, int64_t now_ms) {
    return !r->leaving &&
           (r->record.phase == SY_PHASE_BAKING || r->record.phase == SY_PHASE_LOCK_IN ||
            (r->record.phase == SY_PHASE_INTENT && r->record.first_traffic_ms) ||
            sy_watches_traffic(r, now_ms));
}

/* When the lease is renewed; INT64_MAX: not any more. */
static int64_t renewal_ms(const struct sy_release *r) {
    if (!r->lease.version || r->leasing || r->leaving || r->record.phase == SY_PHASE_CLOSED)
        return INT64_MAX;
    return r->lease.until_ms - SY_LEASE_MS + SY_LEASE_RENEW_MS;
}

static void request_writes(SY_STEP) {
    if (r->stateless)
        r->want_store = false; /* whoever reads the record next finds the alias on the baseline */
    if (!r->record.mirrors)
        r->want_mirror = (struct sy_mirror){0};
    if (!r->mirroring)
        drop_known(r);
    /* The end is written down last: until then another driver finds what is still to be done. */
    bool mirror_first = r->record.phase == SY_PHASE_CLOSED && (r->mirroring || mirror_pending(r));
    if (store_pending(r) && !r->storing && !mirror_first && in->now_ms >= r->store_ms) {
        r->want_store = false;
        out->store = r->storing = true;
    }
    if (mirror_pending(r) && !r->mirroring && in->now_ms >= r->mirror_ms) {
        r->mirror_again = false;
        out->mirror = r->mirroring = true;
        out->mirror_values = r->want_mirror;
    }
    if (in->now_ms >= renewal_ms(r)) {
        r->lease.until_ms = in->now_ms + SY_LEASE_MS;
        out->lease = r->leasing = true;
    }
}

static void request_reads(SY_STEP) {
    if (r->gap_version && !r->looking) {
        out->look = r->looking = true;
        out->look_version = r->gap_version;
        r->gap_version = 0;
    }
    if (r->follows && !r->looking && in->now_ms >= r->next_poll_ms) {
        r->next_poll_ms = in->now_ms + SY_FOLLOW_MS;
        out->look = r->looking = true;
    }
    if (!judges(r, in->now_ms) || r->observing)
        return;
    bool due = in->now_ms >= r->next_poll_ms ||
               (in->now_ms >= sy_judge_deadline_ms(r) && r->observed_ms < sy_judge_deadline_ms(r) &&
                r->observe_failures == 0);
    if (!due)
        return;
    r->next_poll_ms = in->now_ms + r->record.spec.poll_ms;
    out->observe = r->observing = true;
    out->observe_from_ms = sy_observe_from_ms(r, in->now_ms);
    if (!r->looking && r->record.phase != SY_PHASE_CLOSED)
        out->look = r->looking = true;
}

static bool all_written(const struct sy_release *r) {
    return !r->storing && !store_pending(r) && !r->mirroring && !mirror_pending(r) && !r->leasing;
}

static void rest_if_done(SY_STEP) {
    bool closed = r->record.phase == SY_PHASE_CLOSED;
    if (r->rested || (!closed && !r->leaving) || !all_written(r) ||
        r->alias_request != SY_ALIAS_NOTHING || sy_watches_traffic(r, in->now_ms))
        return;
    if (r->want_store)
        sy_emit_note(r, in, out, true,
                     "the record could not be written; it still says what was before");
    if (mirror_wanted(r))
        sy_emit_note(r, in, out, true,
                     "the parameters could not be written; the next release repairs them");
    if (closed)
        sy_rest(r, in, out, r->record.outcome, r->record.reason);
    else
        sy_rest(r, in, out, r->leaving, r->text);
}

void sy_request(SY_STEP) {
    request_writes(r, in, out);
    request_reads(r, in, out);
    rest_if_done(r, in, out);
}

static int64_t earliest(int64_t a, int64_t b) {
    return a < b ? a : b;
}

int64_t sy_next_tick(const struct sy_release *r, int64_t now_ms) {
    int64_t at = INT64_MAX;
    if (r->rested)
        return at;
    if (r->retry_ms && r->alias_request == SY_ALIAS_NOTHING)
        at = earliest(at, r->retry_ms);
    bool mirror_first = r->record.phase == SY_PHASE_CLOSED && mirror_pending(r);
    if (store_pending(r) && !r->storing && !mirror_first)
        at = earliest(at, r->store_ms);
    if (mirror_pending(r) && !r->mirroring)
        at = earliest(at, r->mirror_ms);
    at = earliest(at, renewal_ms(r));
    if (r->follows && !r->looking)
        at = earliest(at, r->next_poll_ms);
    if (judges(r, now_ms) && !r->observing) {
        at = earliest(at, r->next_poll_ms);
        if (sy_judge_deadline_ms(r) > now_ms)
            at = earliest(at, sy_judge_deadline_ms(r));
    }
    return at > now_ms ? at : now_ms + 1;
}
