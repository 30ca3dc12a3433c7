/* What was read of an alias and its record, as Terraform's values. */
#include "terraform/provider_internal.h"

#include "base/text.h"
#include "core/verdict.h"

#include <stdio.h>
#include <string.h>

/* On its way up: begun, not wholly promoted, and not on its way back. */
static bool goes_up(const struct sy_record *record) {
    return record->phase != SY_PHASE_PLANNED && record->phase != SY_PHASE_LOCK_IN &&
           record->phase != SY_PHASE_CLOSED && !sy_phase_goes_back(record->phase);
}

bool sy_is_under_way(const struct sy_facts *facts) {
    return facts->has_record && goes_up(&facts->record);
}

const char *sy_live_version(const struct sy_facts *facts) {
    if (!facts->has_alias)
        return "";
    bool split = facts->routing.additional[0] != '\0';
    /* While it is split, the primary may be either (`primary`); the record knows the baseline. */
    return split && sy_is_under_way(facts) && facts->record.baseline[0] ? facts->record.baseline
                                                                        : facts->routing.primary;
}

/* https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html, uri:
 * arn:PARTITION:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations */
static struct sy_value invoke_arn(const char *arn, struct sy_arena *arena) {
    const char *at = arn;
    const char *part[4] = {0};
    size_t len[4] = {0};
    for (int i = 0; i < 4; i++) {
        part[i] = at;
        len[i] = strcspn(at, ":");
        if (!at[len[i]])
            return (struct sy_value){0};
        at += len[i] + 1;
    }
    return sy_value_string(
        arena,
        sy_arena_printf(arena,
                        "arn:%.*s:apigateway:%.*s:lambda:path/2015-03-31/functions/%s/invocations",
                        (int)len[1], part[1], (int)len[3], part[3], arn));
}

static struct sy_value time_value(int64_t ms, struct sy_arena *arena) {
    char at[24];
    return ms > 0 ? sy_value_string(arena, sy_time_format(ms, at)) : (struct sy_value){0};
}

static struct sy_value result_value(const struct sy_record *record, uint32_t stage,
                                    struct sy_arena *arena) {
    const struct sy_stage_result *result = &record->results[stage];
    int32_t bp = stage < record->spec.n_stages ? record->spec.stages[stage].weight_bp : 10000;
    struct sy_value value = sy_value_object(arena, sy_result_attributes, SY_VALUE_NULL);
    value.items[SY_RESULT_WEIGHT] = sy_value_number(bp / 100.0);
    value.items[SY_RESULT_DECISION] = sy_value_string(arena, sy_decision_word(result->decision));
    value.items[SY_RESULT_INVOCATIONS] = sy_value_number((double)result->canary.invocations);
    value.items[SY_RESULT_ERRORS] = sy_value_number((double)result->canary.errors);
    if (result->canary.invocations > 0)
        value.items[SY_RESULT_ERROR_RATE] =
            sy_value_number((double)sy_rate_bp(result->canary) / 100.0);
    return value;
}

/* In its lock-in a release is promoted, though its record is still open; "" = not over. */
static const char *outcome_word(const struct sy_record *record) {
    enum sy_outcome outcome = record->outcome;
    if (outcome == SY_OUTCOME_NONE && record->phase == SY_PHASE_LOCK_IN)
        outcome = record->unproven ? SY_OUTCOME_PROMOTED_UNPROVEN : SY_OUTCOME_PROMOTED;
    return outcome == SY_OUTCOME_NONE ? "" : sy_outcome_word(outcome);
}

static struct sy_value last_release(const struct sy_facts *facts, struct sy_arena *arena) {
    const struct sy_record *record = &facts->record;
    if (!facts->has_record)
        return (struct sy_value){0};
    struct sy_value value = sy_value_object(arena, sy_last_release_attributes, SY_VALUE_NULL);
    value.items[SY_LAST_ID] = sy_value_string(arena, record->release_id);
    value.items[SY_LAST_VERSION] = sy_value_string(arena, record->spec.version);
    value.items[SY_LAST_REASON] = sy_value_string(arena, record->reason);
    value.items[SY_LAST_OUTCOME] = sy_value_string(arena, outcome_word(record));
    size_t n = 0;
    struct sy_value stages = sy_value_list(arena, record->spec.n_stages + 1);
    for (uint32_t i = 0; i <= record->spec.n_stages; i++)
        if (record->results[i].started_ms)
            stages.items[n++] = result_value(record, i, arena);
    stages.len = n;
    value.items[SY_LAST_STAGES] = stages;
    return value;
}

/* The four parameters tell of the alias that they follow; of any other one its own record does. */
static const char *previous_version(const struct sy_facts *facts, const char *alias) {
    if (sy_mirror_follows(facts, alias) && facts->mirror_previous[0])
        return facts->mirror_previous;
    return facts->has_record ? facts->record.baseline : "";
}

static const char *last_known_good(const struct sy_facts *facts, const char *alias) {
    if (sy_mirror_follows(facts, alias) && facts->mirror_last_known_good[0])
        return facts->mirror_last_known_good;
    return facts->has_record ? facts->record.last_known_good : "";
}

static struct sy_value id_value(const char *function, const char *alias, struct sy_arena *arena) {
    return sy_value_string(arena, sy_arena_printf(arena, "%s:%s", function, alias));
}

void sy_release_observe(struct sy_value *release, const struct sy_facts *facts,
                        struct sy_arena *arena) {
    struct sy_value *items = release->items;
    const char *function = sy_value_text(&items[SY_RELEASE_FUNCTION_NAME]);
    const char *alias = sy_value_text(&items[SY_RELEASE_ALIAS]);
    items[SY_RELEASE_ID] = id_value(function, alias, arena);
    items[SY_RELEASE_ARN] = sy_value_string(arena, facts->alias_arn);
    items[SY_RELEASE_INVOKE_ARN] = invoke_arn(facts->alias_arn, arena);
    items[SY_RELEASE_LIVE_VERSION] = sy_value_string(arena, sy_live_version(facts));
    items[SY_RELEASE_PREVIOUS_VERSION] = sy_value_string(arena, previous_version(facts, alias));
    items[SY_RELEASE_LAST_KNOWN_GOOD_VERSION] =
        sy_value_string(arena, last_known_good(facts, alias));
    items[SY_RELEASE_DEPLOYMENT_TIMESTAMP] =
        time_value(facts->has_record ? facts->record.first_traffic_ms : 0, arena);
    items[SY_RELEASE_LAST_RELEASE] = last_release(facts, arena);
}

void sy_status_observe(struct sy_value *status, const struct sy_facts *facts,
                       struct sy_arena *arena) {
    struct sy_value *items = status->items;
    const char *function = sy_value_text(&items[SY_STATUS_FUNCTION_NAME]);
    const char *alias = sy_value_text(&items[SY_STATUS_ALIAS]);
    const char *live = sy_live_version(facts);
    const struct sy_routing *routing = &facts->routing;
    bool split = routing->additional[0] != '\0';
    bool swapped = split && strcmp(live, routing->additional) == 0;
    const char *canary = !split ? "" : swapped ? routing->primary : routing->additional;
    items[SY_STATUS_ID] = id_value(function, alias, arena);
    items[SY_STATUS_ARN] = sy_value_string(arena, facts->alias_arn);
    items[SY_STATUS_INVOKE_ARN] = invoke_arn(facts->alias_arn, arena);
    items[SY_STATUS_LIVE_VERSION] = sy_value_string(arena, live);
    items[SY_STATUS_CANARY_VERSION] = sy_value_string(arena, canary);
    items[SY_STATUS_CANARY_WEIGHT] =
        sy_value_number(split ? sy_routing_share(routing, canary) / 100.0 : 0);
    items[SY_STATUS_PHASE] =
        sy_value_string(arena, facts->has_record ? sy_phase_word(facts->record.phase) : "");
    items[SY_STATUS_PREVIOUS_VERSION] = sy_value_string(arena, previous_version(facts, alias));
    items[SY_STATUS_LAST_KNOWN_GOOD_VERSION] =
        sy_value_string(arena, last_known_good(facts, alias));
    items[SY_STATUS_DEPLOYMENT_TIMESTAMP] =
        time_value(facts->has_record ? facts->record.first_traffic_ms : 0, arena);
    items[SY_STATUS_LAST_RELEASE] = last_release(facts, arena);
}

static const char *stage_line(const struct sy_plan *plan, uint32_t i, struct sy_arena *arena) {
    char weight[16];
    char bake[32];
    const struct sy_stage *stage = &plan->spec.stages[i];
    return sy_arena_printf(arena, "%s for %s", sy_percent_format(stage->weight_bp, weight),
                           sy_duration_format(stage->bake_ms, bake));
}

static const char *last_line(const struct sy_plan *plan, struct sy_arena *arena) {
    char lock_in[32];
    sy_duration_format(plan->spec.lock_in_ms, lock_in);
    switch (plan->kind) {
    case SY_PLAN_FIRST:
        return "100% at once: the first release of the alias, nothing to judge it against";
    case SY_PLAN_UNCHANGED:
        return "nothing to move: the alias serves the version already";
    case SY_PLAN_RELEASE:
    case SY_PLAN_RESUME:
        break;
    }
    return sy_arena_printf(arena, "100%%, lock-in %s", lock_in);
}

/* An apply plans once more and must say the same, so nothing is in it that changes by the minute.
 */
struct sy_value sy_planned_stages(const struct sy_plan *plan, struct sy_arena *arena) {
    uint32_t stages = plan->kind == SY_PLAN_RELEASE ? plan->spec.n_stages : 0;
    bool resumes = plan->kind == SY_PLAN_RESUME;
    struct sy_value list = sy_value_list(arena, stages + 1 + resumes);
    size_t n = 0;
    if (resumes)
        list.items[n++] = sy_value_string(
            arena, sy_arena_printf(arena, "goes on with release %s, by the stages it has",
                                   plan->release_id));
    for (uint32_t i = 0; i < stages; i++)
        list.items[n++] = sy_value_string(arena, stage_line(plan, i, arena));
    list.items[n++] = sy_value_string(arena, last_line(plan, arena));
    return list;
}

const char *sy_stage_table(const struct sy_record *record, struct sy_arena *arena) {
    const char *table = "  weight  invocations   errors    rate  verdict\n";
    for (uint32_t i = 0; i <= record->spec.n_stages; i++) {
        const struct sy_stage_result *result = &record->results[i];
        char weight[16];
        char rate[16] = "-";
        if (!result->started_ms)
            continue;
        sy_percent_format(i < record->spec.n_stages ? record->spec.stages[i].weight_bp : 10000,
                          weight);
        if (result->canary.invocations > 0)
            sy_percent_format(sy_rate_bp(result->canary), rate);
        table =
            sy_arena_printf(arena, "%s  %6s  %11lld  %7lld  %6s  %s\n", table, weight,
                            (long long)result->canary.invocations, (long long)result->canary.errors,
                            rate, sy_decision_word(result->decision));
    }
    return table;
}
