#include "rpc/convert_internal.h"

#include "rpc/words.h"

#include <string.h>

static Google__Protobuf__Int64Value *number(Google__Protobuf__Int64Value *box, int64_t value) {
    google__protobuf__int64_value__init(box);
    box->value = value;
    return box;
}

static Steelyard__V1__Routing *routing_to_proto(const struct sy_routing *routing,
                                                Steelyard__V1__Routing *ret) {
    steelyard__v1__routing__init(ret);
    ret->primary = borrow(routing->primary);
    ret->additional = borrow(routing->additional);
    ret->additional_bp = routing->additional_bp;
    return ret;
}

static Steelyard__V1__Counts *counts_to_proto(const struct sy_counts *counts,
                                              Steelyard__V1__Counts *ret) {
    steelyard__v1__counts__init(ret);
    ret->invocations = counts->invocations;
    ret->errors = counts->errors;
    return ret;
}

static uint32_t at_most(uint32_t n, uint32_t max) {
    return n < max ? n : max;
}

void sy_spec_to_proto(const struct sy_spec *spec, struct sy_spec_message *ret) {
    steelyard__v1__release_spec__init(&ret->spec);
    steelyard__v1__stage_list__init(&ret->list);
    google__protobuf__int32_value__init(&ret->threshold);
    ret->spec.function = borrow(spec->function);
    ret->spec.alias = borrow(spec->alias);
    ret->spec.version = borrow(spec->version);
    ret->list.n_stages = at_most(spec->n_stages, SY_STAGES_MAX);
    for (size_t i = 0; i < ret->list.n_stages; i++) {
        steelyard__v1__stage__init(&ret->stages[i]);
        ret->stages[i].weight_bp = spec->stages[i].weight_bp;
        ret->stages[i].bake_ms = spec->stages[i].bake_ms;
        ret->stage_list[i] = &ret->stages[i];
    }
    ret->list.stages = ret->stage_list;
    ret->spec.stages = &ret->list;
    ret->threshold.value = spec->threshold_bp;
    ret->spec.threshold_bp = &ret->threshold;
    ret->spec.min_invocations = number(&ret->numbers[0], spec->min_invocations);
    ret->spec.window_ms = number(&ret->numbers[1], spec->window_ms);
    ret->spec.lock_in_ms = number(&ret->numbers[2], spec->lock_in_ms);
    ret->spec.period_ms = number(&ret->numbers[3], spec->period_ms);
    ret->spec.poll_ms = number(&ret->numbers[4], spec->poll_ms);
    ret->spec.wait = sy_wait_to_proto(spec->wait);
    ret->spec.on_interrupt = sy_interrupt_to_proto(spec->on_interrupt);
    ret->spec.on_inconclusive = sy_inconclusive_to_proto(spec->on_inconclusive);
    ret->spec.retry = spec->retry;
    ret->spec.mirror_alias = spec->mirror_alias;
    ret->spec.primary = sy_primary_to_proto(spec->primary);
}

static void planned_stages_to_proto(const struct sy_plan *plan, struct sy_plan_message *ret) {
    ret->plan.n_stages = ret->spec.list.n_stages;
    ret->plan.stages = ret->stage_list;
    for (size_t i = 0; i < ret->plan.n_stages; i++) {
        steelyard__v1__planned_stage__init(&ret->stages[i]);
        ret->stages[i].stage = &ret->spec.stages[i];
        ret->stages[i].expected_invocations = plan->expected[i];
        ret->stage_list[i] = &ret->stages[i];
    }
}

void sy_plan_to_proto(const struct sy_plan *plan, struct sy_plan_message *ret) {
    steelyard__v1__plan__init(&ret->plan);
    sy_spec_to_proto(&plan->spec, &ret->spec);
    ret->plan.kind = sy_plan_kind_to_proto(plan->kind);
    ret->plan.spec = &ret->spec.spec;
    ret->plan.baseline = borrow(plan->baseline);
    ret->plan.last_known_good = borrow(plan->last_known_good);
    if (plan->routing.primary[0])
        ret->plan.routing = routing_to_proto(&plan->routing, &ret->routing);
    ret->plan.revision = borrow(plan->revision);
    ret->plan.release_id = borrow(plan->release_id);
    ret->plan.supersedes = plan->supersedes;
    ret->plan.moves_mirror = plan->moves_mirror;
    ret->plan.fingerprint = borrow(plan->fingerprint);
    planned_stages_to_proto(plan, ret);
    ret->plan.n_warnings = at_most(plan->n_warnings, SY_PLAN_WARNINGS_MAX);
    ret->plan.warnings = ret->warning_list;
    for (size_t i = 0; i < ret->plan.n_warnings; i++)
        ret->warning_list[i] = clean(plan->warnings[i], ret->warnings[i], sizeof ret->warnings[i]);
}

static void results_to_proto(const struct sy_record *record, struct sy_record_message *ret) {
    ret->record.n_results = at_most(record->spec.n_stages, SY_STAGES_MAX) + 1;
    ret->record.results = ret->result_list;
    for (size_t i = 0; i < ret->record.n_results; i++) {
        const struct sy_stage_result *from = &record->results[i];
        Steelyard__V1__StageResult *to = ret->result_list[i] = &ret->results[i];
        steelyard__v1__stage_result__init(to);
        to->decision = sy_decision_to_proto(from->decision);
        to->canary = counts_to_proto(&from->canary, &ret->counts[i]);
        to->started_unix_ms = from->started_ms;
        to->ended_unix_ms = from->ended_ms;
    }
}

void sy_record_to_proto(const struct sy_record *record, struct sy_record_message *ret) {
    Steelyard__V1__ReleaseRecord *to = &ret->record;
    steelyard__v1__release_record__init(to);
    sy_spec_to_proto(&record->spec, &ret->spec);
    to->release_id = borrow(record->release_id);
    to->spec = &ret->spec.spec;
    to->phase = sy_phase_to_proto(record->phase);
    to->stage = record->stage;
    to->baseline = borrow(record->baseline);
    to->last_known_good = borrow(record->last_known_good);
    to->revision = borrow(record->revision);
    to->created_unix_ms = record->created_ms;
    to->first_traffic_unix_ms = record->first_traffic_ms;
    to->stage_until_unix_ms = record->stage_until_ms;
    to->promoted_unix_ms = record->promoted_ms;
    to->judged_unix_ms = record->judged_ms;
    to->ended_unix_ms = record->ended_ms;
    to->sequence = record->sequence;
    to->extended = record->extended;
    to->unproven = record->unproven;
    to->handed_over = record->handed_over;
    to->paused_unix_ms = record->paused_ms;
    to->mirrors = record->mirrors;
    to->outcome = sy_outcome_to_proto(record->outcome);
    to->reason = clean(record->reason, ret->reason, sizeof ret->reason);
    to->record_version = record->version;
    to->control = sy_control_to_proto(record->control);
    to->control_reason =
        clean(record->control_reason, ret->control_reason, sizeof ret->control_reason);
    results_to_proto(record, ret);
}

static void parts_to_proto(const struct sy_facts *facts, struct sy_status_message *ret) {
    steelyard__v1__target_version__init(&ret->target);
    ret->target.state = borrow(facts->version_state);
    ret->target.code_sha256 = borrow(facts->code_sha256);
    steelyard__v1__lease__init(&ret->lease);
    ret->lease.owner = borrow(facts->lease.owner);
    ret->lease.until_unix_ms = facts->lease.until_ms;
    ret->lease.lease_version = facts->lease.version;
    steelyard__v1__mirror__init(&ret->mirror);
    ret->mirror.alias = borrow(facts->mirror_alias);
    ret->mirror.current = borrow(facts->mirror_current);
    ret->mirror.previous = borrow(facts->mirror_previous);
    ret->mirror.last_known_good = borrow(facts->mirror_last_known_good);
    steelyard__v1__traffic__init(&ret->traffic);
    ret->traffic.invocations_per_hour = facts->traffic_per_hour;
}

void sy_status_to_proto(const struct sy_facts *facts, struct sy_status_message *ret) {
    steelyard__v1__release_status__init(&ret->status);
    parts_to_proto(facts, ret);
    ret->status.at_unix_ms = facts->now_ms;
    ret->status.revision = borrow(facts->revision);
    ret->status.mirror = &ret->mirror;
    if (facts->has_alias)
        ret->status.routing = routing_to_proto(&facts->routing, &ret->routing);
    if (facts->has_version)
        ret->status.target = &ret->target;
    if (facts->has_lease)
        ret->status.lease = &ret->lease;
    if (facts->has_traffic)
        ret->status.traffic = &ret->traffic;
    if (facts->has_record) {
        sy_record_to_proto(&facts->record, &ret->record);
        ret->status.record = &ret->record.record;
    }
}

void sy_sample_to_proto(const struct sy_sample *sample, struct sy_sample_message *ret) {
    steelyard__v1__sample__init(&ret->sample);
    ret->sample.start_unix_ms = sample->start_ms;
    ret->sample.canary = counts_to_proto(&sample->canary, &ret->canary);
    ret->sample.baseline = counts_to_proto(&sample->other, &ret->baseline);
}

void sy_verified_to_proto(const struct sy_verified *verified, struct sy_verified_message *ret) {
    Steelyard__V1__VerifyResponse *to = &ret->response;
    steelyard__v1__verify_response__init(to);
    steelyard__v1__observation__init(&ret->observation);
    ret->observation.canary = counts_to_proto(&verified->judgement.canary, &ret->canary);
    ret->observation.baseline = counts_to_proto(&verified->judgement.other, &ret->baseline);
    ret->observation.threshold_bp = verified->threshold_bp;
    ret->observation.window_ms = verified->window_ms;
    to->version = borrow(verified->version);
    to->baseline = borrow(verified->baseline);
    to->decision = sy_decision_to_proto(verified->judgement.decision);
    to->observation = &ret->observation;
    to->from_unix_ms = verified->from_ms;
    to->to_unix_ms = verified->to_ms;
    to->text = clean(verified->text, ret->text, sizeof ret->text);
    to->routing = routing_to_proto(&verified->routing, &ret->routing);
}

static Steelyard__V1__Observation *observation_to_proto(const struct sy_release_event *event,
                                                        struct sy_event_message *ret) {
    steelyard__v1__observation__init(&ret->observation);
    ret->observation.canary = counts_to_proto(&event->canary, &ret->canary);
    ret->observation.baseline = counts_to_proto(&event->other, &ret->baseline);
    ret->observation.threshold_bp = event->threshold_bp;
    ret->observation.window_ms = event->window_ms;
    return &ret->observation;
}

/* Select the payload: its case, its initialised message. */
#define PAYLOAD(NAME, name)                                                                        \
    (steelyard__v1__##name##__init(&ret->payload.name), ret->event.name = &ret->payload.name,      \
     ret->event.payload_case = STEELYARD__V1__RELEASE_EVENT__PAYLOAD_##NAME)

static void judgement_to_proto(const struct sy_release_event *event, struct sy_event_message *ret) {
    switch (event->kind) {
    case SY_EVENT_OBSERVED:
        PAYLOAD(OBSERVED, observed);
        ret->payload.observed.observation = observation_to_proto(event, ret);
        break;
    case SY_EVENT_STAGE_VERDICT:
        PAYLOAD(STAGE_VERDICT, stage_verdict);
        ret->payload.stage_verdict.decision = sy_decision_to_proto(event->decision);
        ret->payload.stage_verdict.observation = observation_to_proto(event, ret);
        break;
    case SY_EVENT_LOCK_IN_ENDED:
        PAYLOAD(LOCK_IN_ENDED, lock_in_ended);
        ret->payload.lock_in_ended.decision = sy_decision_to_proto(event->decision);
        ret->payload.lock_in_ended.canary = counts_to_proto(&event->canary, &ret->canary);
        break;
    default:
        break;
    }
}

static void payload_to_proto(const struct sy_release_event *event, struct sy_event_message *ret) {
    switch (event->kind) {
    case SY_EVENT_PLANNED:
        PAYLOAD(PLANNED, planned);
        break;
    case SY_EVENT_PREPARED:
        PAYLOAD(PREPARED, prepared);
        break;
    case SY_EVENT_STAGE_STARTED:
        PAYLOAD(STAGE_STARTED, stage_started);
        ret->payload.stage_started.bake_ms = event->duration_ms;
        break;
    case SY_EVENT_ALIAS_MOVED:
        PAYLOAD(ALIAS_MOVED, alias_moved);
        ret->payload.alias_moved.from = routing_to_proto(&event->from, &ret->from);
        ret->payload.alias_moved.to = routing_to_proto(&event->to, &ret->to);
        ret->payload.alias_moved.latency_ms = event->duration_ms;
        break;
    case SY_EVENT_PAUSED:
        PAYLOAD(PAUSED, paused);
        break;
    case SY_EVENT_RESUMED:
        PAYLOAD(RESUMED, resumed);
        break;
    case SY_EVENT_ROLLBACK_STARTED:
        PAYLOAD(ROLLBACK_STARTED, rollback_started);
        break;
    case SY_EVENT_ROLLBACK_VERIFIED:
        PAYLOAD(ROLLBACK_VERIFIED, rollback_verified);
        ret->payload.rollback_verified.routing = routing_to_proto(&event->to, &ret->to);
        break;
    case SY_EVENT_LOCK_IN_STARTED:
        PAYLOAD(LOCK_IN_STARTED, lock_in_started);
        ret->payload.lock_in_started.remaining_ms = event->duration_ms;
        break;
    case SY_EVENT_NOTE:
        PAYLOAD(NOTE, note);
        ret->payload.note.warning = event->warning;
        break;
    case SY_EVENT_FINISHED:
        PAYLOAD(FINISHED, finished);
        ret->payload.finished.outcome = sy_outcome_to_proto(event->outcome);
        ret->payload.finished.routing = routing_to_proto(&event->to, &ret->to);
        break;
    case SY_EVENT_OBSERVED:
    case SY_EVENT_STAGE_VERDICT:
    case SY_EVENT_LOCK_IN_ENDED:
        judgement_to_proto(event, ret);
        break;
    case SY_EVENT_KIND_COUNT:
        break;
    }
}

void sy_event_to_proto(const struct sy_release_event *event, struct sy_event_message *ret) {
    steelyard__v1__release_event__init(&ret->event);
    ret->event.sequence = event->sequence;
    ret->event.at_unix_ms = event->at_ms;
    ret->event.release_id = borrow(event->release_id);
    ret->event.baseline = borrow(event->baseline);
    ret->event.version = borrow(event->version);
    ret->event.stage = event->stage;
    ret->event.stage_count = event->n_stages;
    ret->event.weight_bp = event->weight_bp;
    ret->event.until_unix_ms = event->until_ms;
    ret->event.text = clean(event->text, ret->text, sizeof ret->text);
    payload_to_proto(event, ret);
}
