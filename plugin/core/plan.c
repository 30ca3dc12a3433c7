#include "core/plan.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static void warn(struct sy_plan *plan, const char *fmt, ...) SY_PRINTF(2, 3);
static void warn(struct sy_plan *plan, const char *fmt, ...) {
    if (plan->n_warnings == SY_PLAN_WARNINGS_MAX)
        return;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(plan->warnings[plan->n_warnings++], sizeof plan->warnings[0], fmt, args);
    va_end(args);
}

static void copy_version(char to[SY_VERSION_MAX + 1], const char *from) {
    (void)snprintf(to, SY_VERSION_MAX + 1, "%s", from);
}

/* FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): the fingerprint guards against
 * accidents between plan and apply, the alias's RevisionId against everything else. */
static uint64_t hash(uint64_t h, const void *bytes, size_t n) {
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(1099511628211);
    return h;
}

static void fingerprint(const struct sy_facts *facts, struct sy_plan *plan) {
    char text[1024];
    char stages[256];
    char routing[80];
    const struct sy_spec *s = &plan->spec;
    int n = snprintf(text, sizeof text,
                     "%s|%s|%s|%s|%d|%lld|%lld|%lld|%lld|%lld|%d|%d|%d|%d|%d|%s|%s|%s|%s|%lld",
                     s->function, s->alias, s->version, sy_stages_format(s, stages),
                     s->threshold_bp, (long long)s->min_invocations, (long long)s->window_ms,
                     (long long)s->lock_in_ms, (long long)s->period_ms, (long long)s->poll_ms,
                     s->on_interrupt, s->on_inconclusive, s->primary, s->retry, plan->moves_mirror,
                     sy_routing_format(&facts->routing, routing), facts->revision,
                     facts->code_sha256, facts->has_record ? facts->record.release_id : "",
                     facts->has_record ? (long long)facts->record.version : 0LL);
    uint64_t h = hash(UINT64_C(14695981039346656037), text, (size_t)n);
    (void)snprintf(plan->fingerprint, sizeof plan->fingerprint, "v1-%016llx",
                   (unsigned long long)h);
}

static bool is_running(const struct sy_facts *facts) {
    return facts->has_record && !sy_record_is_closed(&facts->record);
}

bool sy_is_driven(const struct sy_facts *facts) {
    return facts->has_lease && facts->lease.until_ms > facts->now_ms;
}

/* Was the version on its way to an alias that somebody took away? */
static bool was_halted(const struct sy_facts *facts, const char *version) {
    const struct sy_record *record = &facts->record;
    return !facts->has_alias && facts->has_record && record->outcome == SY_OUTCOME_HALTED &&
           !record->promoted_ms && strcmp(record->spec.version, version) == 0;
}

bool sy_was_rolled_back(const struct sy_facts *facts, const char *version) {
    for (int i = 0; facts->has_record && version[0] && i < SY_ROLLED_BACK_MAX; i++)
        if (strcmp(facts->record.rolled_back[i], version) == 0)
            return true;
    return false;
}

bool sy_mirror_follows(const struct sy_facts *facts, const char *alias) {
    return !facts->mirror_alias[0] || strcmp(facts->mirror_alias, alias) == 0;
}

static int check_version(const struct sy_spec *spec, const struct sy_facts *facts,
                         struct sy_error *error) {
    if (!facts->has_version)
        return sy_fail_reason(error, SY_NOT_FOUND, "VERSION_NOT_FOUND",
                              "version %s of function %s does not exist; list them with: aws "
                              "lambda list-versions-by-function --function-name %s",
                              spec->version, spec->function, spec->function);
    const char *state = facts->version_state;
    if (!state[0] || strcmp(state, "Active") == 0 || strcmp(state, "Inactive") == 0)
        return 0;
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "VERSION_NOT_ACTIVE",
                          "version %s of function %s is %s, not Active; wait until it is, then try "
                          "again",
                          spec->version, spec->function, state);
}

static int fail_driven(const struct sy_spec *spec, const struct sy_facts *facts,
                       const char *version, struct sy_error *error) {
    char until[24];
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "RELEASE_RUNNING",
                          "%s%s is being released on %s:%s, driven by %s until at least %s; wait "
                          "for it, or take it back with: steelyard rollback",
                          version[0] ? "version " : "another version", version, spec->function,
                          spec->alias, facts->lease.owner,
                          sy_time_format(facts->lease.until_ms, until));
}

/* A record of a release that goes on: only the same version may join, and only if nobody drives. */
static int check_running(const struct sy_spec *spec, const struct sy_facts *facts,
                         struct sy_plan *plan, struct sy_error *error) {
    const struct sy_record *running = &facts->record;
    bool in_lock_in = running->phase == SY_PHASE_LOCK_IN;
    bool same = strcmp(running->spec.version, spec->version) == 0;
    if (same && !sy_is_driven(facts)) {
        plan->kind = SY_PLAN_RESUME;
        memcpy(plan->release_id, running->release_id, sizeof plan->release_id);
        return 0;
    }
    if (same && in_lock_in && spec->wait != SY_WAIT_LOCK_IN) {
        plan->kind = SY_PLAN_UNCHANGED;
        return 0;
    }
    if (in_lock_in && !same) {
        plan->supersedes = true;
        warn(plan,
             "version %s is still in its lock-in; this release closes it as SUPERSEDED and takes "
             "it, not yet known good, as the baseline (last known good: %s)",
             running->spec.version,
             running->last_known_good[0] ? running->last_known_good : "none");
        return 0;
    }
    if (sy_is_driven(facts))
        return fail_driven(spec, facts, running->spec.version, error);
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "RELEASE_RUNNING",
                          "the release of version %s on %s:%s is not over (%s); go on with: "
                          "steelyard resume, or take it back with: steelyard abort",
                          running->spec.version, spec->function, spec->alias,
                          sy_phase_word(running->phase));
}

static int check_routing(const struct sy_spec *spec, const struct sy_facts *facts,
                         struct sy_error *error) {
    char shown[80];
    if (facts->routing.additional[0])
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "FOREIGN_SPLIT",
                              "alias %s:%s is split (%s) and no release of ours did that; finish "
                              "or undo it where it was started, then try again",
                              spec->function, spec->alias,
                              sy_routing_format(&facts->routing, shown));
    if (!facts->routing.primary[strspn(facts->routing.primary, "0123456789")])
        return 0;
    return sy_fail_reason(error, SY_FAILED_PRECONDITION, "NO_BASELINE",
                          "alias %s:%s points to %s, which cannot share traffic with a version; "
                          "point it to a published version first",
                          spec->function, spec->alias, facts->routing.primary);
}

static void warn_times(struct sy_plan *plan) {
    const struct sy_spec *spec = &plan->spec;
    char a[32];
    char b[32];
    if (spec->lock_in_ms < 15 * SY_MINUTE_MS || spec->lock_in_ms > 4 * SY_HOUR_MS)
        warn(plan, "lock-in %s is outside the recommended 15m to 4h",
             sy_duration_format(spec->lock_in_ms, a));
    for (uint32_t i = 0; i < spec->n_stages; i++)
        if (spec->stages[i].bake_ms < 3 * spec->period_ms) {
            warn(plan,
                 "stage %u bakes for %s, less than three datapoints of %s: it may end without "
                 "enough data to judge",
                 i + 1, sy_duration_format(spec->stages[i].bake_ms, a),
                 sy_duration_format(spec->period_ms, b));
            break;
        }
    if (spec->threshold_bp == 10000)
        warn(plan, "threshold 100%%: no error rate can exceed it, nothing is ever rolled back");
    if (spec->n_stages == 0 && plan->kind == SY_PLAN_RELEASE)
        warn(plan, "instant: all traffic moves at once, judged only afterwards, in the lock-in");
}

static void warn_primary(struct sy_plan *plan) {
    if (plan->spec.primary == SY_PRIMARY_NEW && plan->spec.n_stages &&
        plan->kind == SY_PLAN_RELEASE)
        warn(plan,
             "primary new: while it is split the alias names version %s; a tool that drops the "
             "weights would promote it, and a rollback while the parameters cannot be read has to "
             "be told the old version: steelyard rollback --version %s",
             plan->spec.version, plan->baseline);
}

/* The target's invocations in each stage, by the traffic that the alias has had. */
static void expect_traffic(const struct sy_facts *facts, struct sy_plan *plan) {
    const struct sy_spec *spec = &plan->spec;
    for (uint32_t i = 0; i < SY_STAGES_MAX; i++)
        plan->expected[i] = -1;
    plan->traffic_per_hour = facts->has_traffic ? facts->traffic_per_hour : -1;
    if (!facts->has_traffic || plan->kind != SY_PLAN_RELEASE)
        return;
    bool warned = false;
    for (uint32_t i = 0; i < spec->n_stages; i++) {
        const struct sy_stage *stage = &spec->stages[i];
        __int128 per_hour = (__int128)facts->traffic_per_hour * stage->weight_bp / 10000;
        plan->expected[i] = (int64_t)(per_hour * stage->bake_ms / SY_HOUR_MS);
        int64_t in_window = (int64_t)(per_hour * spec->window_ms / SY_HOUR_MS);
        if (in_window >= spec->min_invocations || warned)
            continue;
        char window[32];
        warned = true;
        warn(plan,
             "at the traffic seen (%lld/h), stage %u gives the new version about %lld invocations "
             "in a window of %s, fewer than the %lld a verdict needs: bake longer, start with more "
             "weight, or widen the window",
             (long long)facts->traffic_per_hour, i + 1, (long long)in_window,
             sy_duration_format(spec->window_ms, window), (long long)spec->min_invocations);
    }
}

static void known_good(const struct sy_facts *facts, struct sy_plan *plan) {
    /* Inside somebody's lock-in the baseline is not known good yet; the older one still is. */
    const char *good = plan->supersedes ? facts->record.last_known_good : plan->baseline;
    copy_version(plan->last_known_good, good);
    plan->moves_mirror = plan->spec.mirror_alias || sy_mirror_follows(facts, plan->spec.alias);
    if (!plan->moves_mirror)
        warn(plan,
             "the four parameters of %s follow alias %s and stay as they are; --mirror-alias lets "
             "them follow %s",
             plan->spec.function, facts->mirror_alias, plan->spec.alias);
}

/* The lock is written before the record: a driver may be at work of which the record says nothing
 * yet. Only a release in its lock-in is taken over from a living driver, by check_running(). */
static int check_driver(const struct sy_facts *facts, const struct sy_plan *plan,
                        struct sy_error *error) {
    if (!sy_is_driven(facts) || plan->supersedes)
        return 0;
    return fail_driven(&plan->spec, facts, "", error);
}

static int classify(const struct sy_facts *facts, struct sy_plan *plan, struct sy_error *error) {
    const struct sy_spec *spec = &plan->spec;
    plan->kind = facts->has_alias ? SY_PLAN_RELEASE : SY_PLAN_FIRST;
    if (was_halted(facts, spec->version) && !spec->retry)
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "HALTED_BEFORE",
                              "the alias %s:%s is gone, and its last release, of version %s, was "
                              "halted before it was proven (%.80s); a first release sends all "
                              "traffic to it at once: do so with --retry, or another retry_token",
                              spec->function, spec->alias, spec->version, facts->record.reason);
    if (is_running(facts)) {
        if (check_running(spec, facts, plan, error))
            return -1;
        if (plan->kind == SY_PLAN_RESUME || plan->kind == SY_PLAN_UNCHANGED)
            return 0;
    }
    if (!facts->has_alias) {
        if (check_driver(facts, plan, error))
            return -1;
        warn(plan,
             "first release: alias %s does not exist; it is created with all traffic on version "
             "%s, and nothing can be judged before",
             spec->alias, spec->version);
        return 0;
    }
    bool whole = !facts->routing.additional[0];
    if (whole && strcmp(facts->routing.primary, spec->version) == 0) {
        copy_version(plan->baseline, facts->routing.primary);
        plan->kind = SY_PLAN_UNCHANGED;
        return 0;
    }
    if (check_driver(facts, plan, error) || check_routing(spec, facts, error))
        return -1;
    copy_version(plan->baseline, facts->routing.primary);
    bool known = strcmp(facts->record.spec.version, spec->version) == 0 && facts->record.reason[0];
    if (sy_was_rolled_back(facts, spec->version) && !spec->retry)
        return sy_fail_reason(
            error, SY_FAILED_PRECONDITION, "ROLLED_BACK_BEFORE",
            "version %s was rolled back on %s:%s before%s%s%s; release it again with "
            "--retry, or another retry_token",
            spec->version, spec->function, spec->alias, known ? " (" : "",
            known ? facts->record.reason : "", known ? ")" : "");
    return 0;
}

int sy_plan_check_free(const struct sy_spec *spec, const struct sy_facts *facts,
                       struct sy_error *error) {
    struct sy_plan plan = {.kind = SY_PLAN_RELEASE, .spec = *spec};
    if (is_running(facts)) {
        if (check_running(spec, facts, &plan, error))
            return -1;
        if (plan.kind != SY_PLAN_RELEASE)
            return 0;
    }
    return check_driver(facts, &plan, error) ||
                   (facts->has_alias && check_routing(spec, facts, error))
               ? -1
               : 0;
}

/* What could not be looked at, in one warning: a plan does without it. */
static void warn_unread(const struct sy_facts *facts, struct sy_plan *plan) {
    char what[160] = "";
    for (enum sy_read i = 0; i < SY_READ_COUNT; i++) {
        size_t n = strlen(what);
        const char *action = sy_read_action(i);
        if (facts->preflight.reads[i] < SY_READ_DENIED || strstr(what, action))
            continue;
        (void)snprintf(what + n, sizeof what - n, "%s%s", n ? ", " : "", action);
    }
    if (what[0])
        warn(plan, "not all was checked, no answer to %s; `steelyard check` tells which", what);
}

static int heed_preflight(const struct sy_facts *facts, struct sy_plan *plan,
                          struct sy_error *error) {
    struct sy_findings findings = {.n = 0};
    sy_preflight_surroundings(&plan->spec, facts, &findings);
    for (uint32_t i = 0; i < findings.n; i++) {
        const struct sy_finding *finding = &findings.list[i];
        if (finding->severity == SY_SEVERITY_ERROR)
            return sy_fail_reason(error, SY_FAILED_PRECONDITION, finding->id, "%s; %s",
                                  finding->text, finding->fix);
        if (finding->severity == SY_SEVERITY_WARNING)
            warn(plan, "%s", finding->text);
    }
    warn_unread(facts, plan);
    return 0;
}

int sy_plan_make(const struct sy_spec *spec, const struct sy_facts *facts, struct sy_plan *ret,
                 struct sy_error *error) {
    if (sy_spec_check(spec, error) || check_version(spec, facts, error))
        return -1;
    *ret = (struct sy_plan){.spec = *spec, .routing = facts->routing};
    memcpy(ret->revision, facts->revision, sizeof ret->revision);
    if (classify(facts, ret, error))
        return -1;
    if (ret->kind == SY_PLAN_RELEASE || ret->kind == SY_PLAN_FIRST) {
        known_good(facts, ret);
        if (heed_preflight(facts, ret, error))
            return -1;
        warn_times(ret);
        warn_primary(ret);
    } else if (facts->has_record) {
        copy_version(ret->baseline, facts->record.baseline);
        copy_version(ret->last_known_good, facts->record.last_known_good);
        ret->moves_mirror = facts->record.mirrors;
    }
    expect_traffic(facts, ret);
    fingerprint(facts, ret);
    return 0;
}
