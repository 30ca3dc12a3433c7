#include "rpc/convert_internal.h"

#include "rpc/words.h"

#include <string.h>

int sy_string_from_proto(const char *field, const char *value, char *buf, size_t size,
                         struct sy_error *error) {
    size_t len = strlen(value);
    if (len >= size)
        return sy_fail_field(error, field, "%s: %zu bytes long; at most %zu are allowed", field,
                             len, size - 1);
    memcpy(buf, value, len + 1);
    return 0;
}

static int routing_from_proto(const Steelyard__V1__Routing *routing, struct sy_routing *ret,
                              struct sy_error *error) {
    if (!routing)
        return 0;
    ret->additional_bp = routing->additional_bp;
    return STRING(routing, ret, primary) || STRING(routing, ret, additional) ? -1 : 0;
}

static void counts_from_proto(const Steelyard__V1__Counts *counts, struct sy_counts *ret) {
    if (counts)
        *ret = (struct sy_counts){counts->invocations, counts->errors};
}

static int stages_from_proto(const Steelyard__V1__StageList *list, struct sy_spec *ret,
                             struct sy_error *error) {
    if (!list)
        return 0;
    if (list->n_stages > SY_STAGES_MAX)
        return sy_fail_field(error, "stages", "stages: %zu of them; at most %d are allowed",
                             list->n_stages, SY_STAGES_MAX);
    ret->n_stages = (uint32_t)list->n_stages;
    for (size_t i = 0; i < list->n_stages; i++)
        ret->stages[i] = (struct sy_stage){list->stages[i]->weight_bp, list->stages[i]->bake_ms};
    return 0;
}

static void take(const Google__Protobuf__Int64Value *value, int64_t *ret) {
    if (value)
        *ret = value->value;
}

int sy_spec_from_proto(const Steelyard__V1__ReleaseSpec *spec, struct sy_spec *ret,
                       struct sy_error *error) {
    struct sy_spec out = {0};
    if (!spec)
        return sy_fail_field(error, "spec", "spec: missing; say what is to be released");
    sy_spec_init(&out);
    if (STRING(spec, &out, function) || STRING(spec, &out, alias) || STRING(spec, &out, version) ||
        stages_from_proto(spec->stages, &out, error))
        return -1;
    if (spec->threshold_bp)
        out.threshold_bp = spec->threshold_bp->value;
    take(spec->min_invocations, &out.min_invocations);
    take(spec->window_ms, &out.window_ms);
    take(spec->lock_in_ms, &out.lock_in_ms);
    take(spec->period_ms, &out.period_ms);
    take(spec->poll_ms, &out.poll_ms);
    sy_wait_from_proto(spec->wait, &out.wait);
    sy_interrupt_from_proto(spec->on_interrupt, &out.on_interrupt);
    sy_inconclusive_from_proto(spec->on_inconclusive, &out.on_inconclusive);
    out.retry = spec->retry;
    out.mirror_alias = spec->mirror_alias;
    sy_primary_from_proto(spec->primary, &out.primary);
    *ret = out;
    return 0;
}

static int plan_lists_from_proto(const Steelyard__V1__Plan *plan, struct sy_plan *ret,
                                 struct sy_error *error) {
    if (plan->n_stages > SY_STAGES_MAX || plan->n_warnings > SY_PLAN_WARNINGS_MAX)
        return sy_fail_field(error, "stages",
                             "stages: the plan has more stages or warnings than "
                             "this version can hold");
    for (size_t i = 0; i < plan->n_stages; i++)
        ret->expected[i] = plan->stages[i]->expected_invocations;
    for (size_t i = 0; i < plan->n_warnings; i++)
        if (sy_string_from_proto("warnings", plan->warnings[i], ret->warnings[i],
                                 sizeof ret->warnings[i], error))
            return -1;
    ret->n_warnings = (uint32_t)plan->n_warnings;
    return 0;
}

int sy_plan_from_proto(const Steelyard__V1__Plan *plan, struct sy_plan *ret,
                       struct sy_error *error) {
    struct sy_plan out = {0};
    if (!plan)
        return sy_fail_field(error, "plan", "plan: missing in the engine's answer");
    if (sy_spec_from_proto(plan->spec, &out.spec, error) || STRING(plan, &out, baseline) ||
        STRING(plan, &out, last_known_good) || STRING(plan, &out, revision) ||
        STRING(plan, &out, release_id) || STRING(plan, &out, fingerprint) ||
        routing_from_proto(plan->routing, &out.routing, error) ||
        plan_lists_from_proto(plan, &out, error))
        return -1;
    sy_plan_kind_from_proto(plan->kind, &out.kind);
    out.supersedes = plan->supersedes;
    out.moves_mirror = plan->moves_mirror;
    *ret = out;
    return 0;
}

static int results_from_proto(const Steelyard__V1__ReleaseRecord *record, struct sy_record *ret,
                              struct sy_error *error) {
    if (record->n_results > SY_STAGES_MAX + 1)
        return sy_fail_field(error, "results", "results: %zu of them; at most %d are understood",
                             record->n_results, SY_STAGES_MAX + 1);
    for (size_t i = 0; i < record->n_results; i++) {
        const Steelyard__V1__StageResult *from = record->results[i];
        sy_decision_from_proto(from->decision, &ret->results[i].decision);
        counts_from_proto(from->canary, &ret->results[i].canary);
        ret->results[i].started_ms = from->started_unix_ms;
        ret->results[i].ended_ms = from->ended_unix_ms;
    }
    return 0;
}

int sy_record_from_proto(const Steelyard__V1__ReleaseRecord *record, struct sy_record *ret,
                         struct sy_error *error) {
    if (!record)
        return sy_fail_field(error, "record", "record: missing in the engine's answer");
    if (sy_spec_from_proto(record->spec, &ret->spec, error) || STRING(record, ret, release_id) ||
        STRING(record, ret, baseline) || STRING(record, ret, last_known_good) ||
        STRING(record, ret, revision) || STRING(record, ret, reason) ||
        STRING(record, ret, control_reason) || results_from_proto(record, ret, error))
        return -1;
    sy_phase_from_proto(record->phase, &ret->phase);
    sy_outcome_from_proto(record->outcome, &ret->outcome);
    ret->stage = record->stage;
    ret->created_ms = record->created_unix_ms;
    ret->first_traffic_ms = record->first_traffic_unix_ms;
    ret->stage_until_ms = record->stage_until_unix_ms;
    ret->promoted_ms = record->promoted_unix_ms;
    ret->judged_ms = record->judged_unix_ms;
    ret->ended_ms = record->ended_unix_ms;
    ret->sequence = record->sequence;
    ret->extended = record->extended;
    ret->unproven = record->unproven;
    ret->handed_over = record->handed_over;
    ret->paused_ms = record->paused_unix_ms;
    sy_control_from_proto(record->control, &ret->control);
    ret->mirrors = record->mirrors;
    ret->version = record->record_version;
    return 0;
}

static int mirror_from_proto(const Steelyard__V1__Mirror *mirror, struct sy_facts *ret,
                             struct sy_error *error) {
    if (!mirror)
        return 0;
    return sy_string_from_proto("mirror.alias", mirror->alias, ret->mirror_alias,
                                sizeof ret->mirror_alias, error) ||
                   sy_string_from_proto("mirror.current", mirror->current, ret->mirror_current,
                                        sizeof ret->mirror_current, error) ||
                   sy_string_from_proto("mirror.previous", mirror->previous, ret->mirror_previous,
                                        sizeof ret->mirror_previous, error) ||
                   sy_string_from_proto("mirror.last_known_good", mirror->last_known_good,
                                        ret->mirror_last_known_good,
                                        sizeof ret->mirror_last_known_good, error)
               ? -1
               : 0;
}

static int lease_from_proto(const Steelyard__V1__Lease *lease, struct sy_lease *ret,
                            struct sy_error *error) {
    ret->until_ms = lease->until_unix_ms;
    ret->version = lease->lease_version;
    return STRING(lease, ret, owner);
}

static int target_from_proto(const Steelyard__V1__TargetVersion *target, struct sy_facts *ret,
                             struct sy_error *error) {
    return sy_string_from_proto("state", target->state, ret->version_state,
                                sizeof ret->version_state, error) ||
                   STRING(target, ret, code_sha256)
               ? -1
               : 0;
}

int sy_status_from_proto(const Steelyard__V1__ReleaseStatus *status, struct sy_facts *ret,
                         struct sy_error *error) {
    struct sy_facts out = {0};
    if (!status)
        return sy_fail_field(error, "status", "status: missing in the engine's answer");
    out.now_ms = status->at_unix_ms;
    out.has_alias = status->routing != NULL;
    out.has_version = status->target != NULL;
    out.has_record = status->record != NULL;
    out.has_lease = status->lease != NULL;
    out.has_traffic = status->traffic != NULL;
    out.traffic_per_hour = status->traffic ? status->traffic->invocations_per_hour : 0;
    if (STRING(status, &out, revision) ||
        routing_from_proto(status->routing, &out.routing, error) ||
        mirror_from_proto(status->mirror, &out, error) ||
        (status->target && target_from_proto(status->target, &out, error)) ||
        (status->lease && lease_from_proto(status->lease, &out.lease, error)) ||
        (status->record && sy_record_from_proto(status->record, &out.record, error)))
        return -1;
    *ret = out;
    return 0;
}

static void observation_from_proto(const Steelyard__V1__Observation *observation,
                                   struct sy_release_event *ret) {
    if (!observation)
        return;
    counts_from_proto(observation->canary, &ret->canary);
    counts_from_proto(observation->baseline, &ret->other);
    ret->threshold_bp = observation->threshold_bp;
    ret->window_ms = observation->window_ms;
}

static int moved_from_proto(const Steelyard__V1__AliasMoved *moved, struct sy_release_event *ret,
                            struct sy_error *error) {
    ret->kind = SY_EVENT_ALIAS_MOVED;
    ret->duration_ms = moved->latency_ms;
    return routing_from_proto(moved->from, &ret->from, error) ||
                   routing_from_proto(moved->to, &ret->to, error)
               ? -1
               : 0;
}

static int finished_from_proto(const Steelyard__V1__Finished *finished,
                               struct sy_release_event *ret, struct sy_error *error) {
    ret->kind = SY_EVENT_FINISHED;
    sy_outcome_from_proto(finished->outcome, &ret->outcome);
    return routing_from_proto(finished->routing, &ret->to, error);
}

#define CASE(NAME) case STEELYARD__V1__RELEASE_EVENT__PAYLOAD_##NAME
#define BARE(NAME)                                                                                 \
    CASE(NAME) : ret->kind = SY_EVENT_##NAME;                                                      \
    return 0

static int payload_from_proto(const Steelyard__V1__ReleaseEvent *event,
                              struct sy_release_event *ret, struct sy_error *error) {
    switch (event->payload_case) {
        BARE(PLANNED);
        BARE(PREPARED);
        BARE(PAUSED);
        BARE(RESUMED);
        BARE(ROLLBACK_STARTED);
        CASE(STAGE_STARTED) : ret->kind = SY_EVENT_STAGE_STARTED;
        ret->duration_ms = event->stage_started->bake_ms;
        return 0;
        CASE(ALIAS_MOVED) : return moved_from_proto(event->alias_moved, ret, error);
        CASE(OBSERVED) : ret->kind = SY_EVENT_OBSERVED;
        observation_from_proto(event->observed->observation, ret);
        return 0;
        CASE(STAGE_VERDICT) : ret->kind = SY_EVENT_STAGE_VERDICT;
        sy_decision_from_proto(event->stage_verdict->decision, &ret->decision);
        observation_from_proto(event->stage_verdict->observation, ret);
        return 0;
        CASE(ROLLBACK_VERIFIED) : ret->kind = SY_EVENT_ROLLBACK_VERIFIED;
        return routing_from_proto(event->rollback_verified->routing, &ret->to, error);
        CASE(LOCK_IN_STARTED) : ret->kind = SY_EVENT_LOCK_IN_STARTED;
        ret->duration_ms = event->lock_in_started->remaining_ms;
        return 0;
        CASE(LOCK_IN_ENDED) : ret->kind = SY_EVENT_LOCK_IN_ENDED;
        sy_decision_from_proto(event->lock_in_ended->decision, &ret->decision);
        counts_from_proto(event->lock_in_ended->canary, &ret->canary);
        return 0;
        CASE(FINISHED) : return finished_from_proto(event->finished, ret, error);
        CASE(NOTE) : ret->warning = event->note->warning;
        break;
    default:
        break;
    }
    ret->kind = SY_EVENT_NOTE;
    return 0;
}

int sy_event_from_proto(const Steelyard__V1__ReleaseEvent *event, struct sy_release_event *ret,
                        struct sy_error *error) {
    struct sy_release_event out = {0};
    if (!event)
        return sy_fail_field(error, "event", "event: missing in the engine's answer");
    if (STRING(event, &out, release_id) || STRING(event, &out, baseline) ||
        STRING(event, &out, version) || STRING(event, &out, text) ||
        payload_from_proto(event, &out, error))
        return -1;
    out.sequence = event->sequence;
    out.at_ms = event->at_unix_ms;
    out.stage = event->stage;
    out.n_stages = event->stage_count;
    out.weight_bp = event->weight_bp;
    out.until_ms = event->until_unix_ms;
    *ret = out;
    return 0;
}

void sy_sample_from_proto(const Steelyard__V1__Sample *sample, struct sy_sample *ret) {
    *ret = (struct sy_sample){.start_ms = sample->start_unix_ms};
    counts_from_proto(sample->canary, &ret->canary);
    counts_from_proto(sample->baseline, &ret->other);
}

int sy_verified_from_proto(const Steelyard__V1__VerifyResponse *response, struct sy_verified *ret,
                           struct sy_error *error) {
    struct sy_verified out = {0};
    const Steelyard__V1__Observation *observation = response->observation;
    if (STRING(response, &out, version) || STRING(response, &out, baseline) ||
        STRING(response, &out, text) || routing_from_proto(response->routing, &out.routing, error))
        return -1;
    sy_decision_from_proto(response->decision, &out.judgement.decision);
    if (observation) {
        counts_from_proto(observation->canary, &out.judgement.canary);
        counts_from_proto(observation->baseline, &out.judgement.other);
        out.threshold_bp = observation->threshold_bp;
        out.window_ms = observation->window_ms;
    }
    out.from_ms = response->from_unix_ms;
    out.to_ms = response->to_unix_ms;
    *ret = out;
    return 0;
}
