/* ReadResource: what is, and whether somebody else moved it. A release that nobody drives and for
 * which something is due is settled first: judged, moved on, taken back, or closed (release.md,
 * rule 8), and what a run left that died in mid-release is treated as its on_interrupt says. */
#include "terraform/provider_internal.h"

#include <stdio.h>
#include <string.h>

void sy_resource_read_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ReadResource__Request *asked =
        (const Tfplugin6__ReadResource__Request *)message;
    struct sy_request *request = sy_request_create(call);
    request->type = sy_request_type(request, asked->type_name, sy_resource_types);
    if (request->type)
        sy_request_decode(request, request->type, asked->current_state, &request->prior);
    sy_request_decode_private(request,
                              (struct sy_bytes){asked->private_.data, asked->private_.len});
    sy_call_post(call, SY_WORK_START);
}

void sy_resource_look(struct sy_request *request, sy_status_done *done) {
    sy_engine_status(
        sy_call_engine(request->call), sy_field_text(&request->prior, SY_RELEASE_FUNCTION_NAME),
        sy_field_text(&request->prior, SY_RELEASE_ALIAS), false, done, sy_call_ask(request->call));
}

static void answer(struct sy_request *request, const struct sy_value *state) {
    Tfplugin6__ReadResource__Response response = TFPLUGIN6__READ_RESOURCE__RESPONSE__INIT;
    if (!request->diagnostics.has_errors) {
        struct sy_bytes private = sy_request_encode_private(request, &request->private);
        response.new_state = sy_request_encode(request, state);
        response.private_.data = (uint8_t *)private.data;
        response.private_.len = private.len;
    }
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(request->call, &response.base);
}

/* Is the alias where the release took it that this resource began: on the baseline, because it is
 * on its way still, took itself back, or a person took it back through Steelyard; or on its
 * version? That is no move behind its back. So is a version that was taken back there since. */
static bool is_by_its_release(const struct sy_facts *facts, const struct sy_private *private) {
    const struct sy_record *record = &facts->record;
    const char *live = sy_live_version(facts);
    if (!facts->has_record)
        return false;
    bool at_baseline = strcmp(record->baseline, live) == 0;
    if (at_baseline && sy_was_rolled_back(facts, private->released))
        return true;
    bool was_left_there = strcmp(record->spec.version, private->released) == 0;
    bool goes = sy_is_under_way(facts) || sy_phase_goes_back(record->phase) ||
                record->outcome == SY_OUTCOME_ROLLED_BACK ||
                record->outcome == SY_OUTCOME_CANCELLED;
    bool arrived = strcmp(record->release_id, private->release_id) == 0 && record->promoted_ms &&
                   strcmp(record->spec.version, live) == 0;
    return (was_left_there && at_baseline && goes) || arrived;
}

/* What a plan must know of a release that is not over. */
static void note_release(struct sy_private *private, const struct sy_facts *facts) {
    const struct sy_record *record = &facts->record;
    bool own = facts->has_record && strcmp(record->release_id, private->release_id) == 0;
    private->unfinished[0] = '\0';
    if (own && sy_is_under_way(facts))
        memcpy(private->unfinished, record->spec.version, sizeof private->unfinished);
    private->in_lock_in = own && record->phase == SY_PHASE_LOCK_IN;
    private->driven = sy_is_driven(facts);
    private->halted = facts->has_record && record->outcome == SY_OUTCOME_HALTED &&
                      facts->routing.additional[0] &&
                      sy_routing_share(&facts->routing, record->spec.version) > 0;
    private->split = facts->routing.additional[0] && !sy_is_under_way(facts);
}

/* What a person should hear of a release or a split that is not this resource's to end. */
static void warn_of_others(struct sy_request *request, const struct sy_facts *facts) {
    const struct sy_private *private = &request->private;
    const struct sy_record *record = &facts->record;
    char routing[80];
    if (sy_is_under_way(facts) && (private->driven || !private->unfinished[0]))
        sy_diagnose_warning(&request->diagnostics, NULL, "A release is under way",
                            "Version %s is being released on %s:%s, driven by %s.",
                            record->spec.version, record->spec.function, record->spec.alias,
                            private->driven ? facts->lease.owner : "nobody at present");
    else if (private->split && !private->halted)
        sy_diagnose_warning(&request->diagnostics, NULL, "The alias is split by somebody else",
                            "%s is at %s, and no release of Steelyard's is under way. A release is "
                            "refused until it is whole.",
                            sy_field_text(&request->prior, SY_RELEASE_ID),
                            sy_routing_format(&facts->routing, routing));
}

static void observe(struct sy_request *request, const struct sy_facts *facts) {
    struct sy_value *state = &request->prior;
    struct sy_private *private = &request->private;
    const struct sy_record *record = &facts->record;
    const char *known = sy_field_text(state, SY_RELEASE_VERSION);
    const char *live = sy_live_version(facts);
    bool adopts = sy_release_on_drift(state) == SY_DRIFT_ADOPT;
    bool ours = !private->released[0] || is_by_its_release(facts, private);
    /* On its way to the version in state, and not stuck, nor moved by others. */
    bool arrives = sy_is_under_way(facts) && strcmp(record->spec.version, known) == 0 &&
                   !record->paused_ms &&
                   (strcmp(record->baseline, live) == 0 || strcmp(known, live) == 0);
    sy_release_observe(state, facts, &request->arena);
    note_release(private, facts);
    warn_of_others(request, facts);
    if (arrives)
        return;
    if (ours)
        (void)snprintf(private->released, sizeof private->released, "%s", live);
    if (!adopts || ours || !*known)
        state->items[SY_RELEASE_VERSION] = sy_value_string(&request->arena, live);
}

/* A release that somebody interrupted to hold it goes neither up nor down because somebody looks:
 * the next apply decides. */
static bool is_held(const struct sy_facts *facts) {
    const struct sy_record *record = &facts->record;
    return sy_is_under_way(facts) && record->spec.wait != SY_WAIT_NONE && !record->paused_ms &&
           (record->handed_over || record->spec.on_interrupt == SY_INTERRUPT_HOLD);
}

struct settling {
    struct sy_follow follow; /* first */
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
};

static void settle(struct sy_request *request, const struct sy_record *record);

static void looked(struct sy_call *call, const struct sy_facts *facts, const struct sy_error *error,
                   bool may_settle) {
    static const struct sy_value gone = {0};
    struct sy_request *request = sy_request_of(call);
    bool is_gone = error ? strcmp(error->reason, "FUNCTION_NOT_FOUND") == 0 : !facts->has_alias;
    bool is_due = !error && facts->has_record && !sy_record_is_closed(&facts->record) &&
                  !sy_is_driven(facts) && !is_held(facts);
    if (is_due && may_settle && !request->provider->stopping) {
        settle(request, &facts->record); /* of an alias that is gone, too: its release is over */
    } else if (is_gone) {
        answer(request, &gone);
    } else if (error) {
        sy_request_diagnose(request, "The alias cannot be read", error);
        answer(request, NULL);
    } else {
        observe(request, facts);
        answer(request, &request->prior);
    }
}

static void settled_looked(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    struct settling *settling = ctx;
    struct sy_call *call = sy_call_answered(SY_STEAL(settling->follow.question));
    if (call) {
        sy_request_of(call)->follow = NULL;
        looked(call, facts, error, false);
        sy_call_unref(call);
    }
    sy_follow_forget(&settling->follow);
}

/* However that went, what is now is what counts. */
static void settled(struct sy_follow *follow) {
    const struct settling *settling = (const struct settling *)follow;
    sy_engine_status(follow->provider->options.engine, settling->function, settling->alias, false,
                     settled_looked, follow);
}

static void settle(struct sy_request *request, const struct sy_record *record) {
    struct sy_resume resume = {.settle = true, .on_interrupt = SY_INTERRUPT_COUNT};
    struct settling *settling = sy_calloc(1, sizeof *settling);
    memcpy(settling->function, record->spec.function, sizeof settling->function);
    memcpy(settling->alias, record->spec.alias, sizeof settling->alias);
    memcpy(resume.function, record->spec.function, sizeof resume.function);
    memcpy(resume.alias, record->spec.alias, sizeof resume.alias);
    sy_follow_init(&settling->follow, request, settled);
    settling->follow.watch =
        sy_engine_resume(sy_call_engine(request->call), &resume, sy_follow_ready, settling);
}

static void status_done(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    struct sy_call *call = sy_call_answered(ctx);
    if (!call)
        return;
    looked(call, facts, error, true);
    sy_call_unref(call);
}

void sy_resource_read_work(struct sy_call *call, unsigned bits) {
    struct sy_request *request = sy_request_of(call);
    if (sy_server_refuses(call, bits, SY_SERVER_STOPPING) || !(bits & SY_WORK_START))
        return;
    /* Without a configuration there is nothing to ask; what was known is what is known. */
    if (request->diagnostics.has_errors || request->prior.state != SY_VALUE_KNOWN ||
        request->provider->configured != SY_CONFIGURED) {
        answer(request, &request->prior);
        return;
    }
    sy_resource_look(request, status_done);
}
