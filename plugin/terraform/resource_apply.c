/* ApplyResourceChange: drive the release and say how it ended. What ends well has moved the alias
 * as planned; all else is an error, and state says what the alias serves. */
#include "terraform/provider_internal.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct sy_apply {
    struct sy_follow follow; /* first */
    struct sy_spec spec;
    bool takes_back; /* the release of another version; spec.version is the baseline */
};

void sy_resource_apply_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ApplyResourceChange__Request *asked =
        (const Tfplugin6__ApplyResourceChange__Request *)message;
    struct sy_request *request = sy_request_create(call);
    request->type = sy_request_type(request, asked->type_name, sy_resource_types);
    if (request->type) {
        sy_request_decode(request, request->type, asked->prior_state, &request->prior);
        sy_request_decode(request, request->type, asked->planned_state, &request->planned);
    }
    sy_request_decode_private(
        request, (struct sy_bytes){asked->planned_private.data, asked->planned_private.len});
    sy_call_post(call, SY_WORK_START);
}

static void answer(struct sy_request *request, const struct sy_value *state) {
    Tfplugin6__ApplyResourceChange__Response response =
        TFPLUGIN6__APPLY_RESOURCE_CHANGE__RESPONSE__INIT;
    request->private.fingerprint[0] = '\0';
    /* What the last Read found is no longer so. */
    request->private.deed = SY_DEED_NOTHING;
    request->private.unfinished[0] = '\0';
    request->private.in_lock_in = request->private.driven = false;
    struct sy_bytes private = sy_request_encode_private(request, &request->private);
    response.new_state = sy_request_encode(request, state);
    response.private_.data = (uint8_t *)private.data;
    response.private_.len = private.len;
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(request->call, &response.base);
}

/* ---- the end ---- */

static bool is_good(const struct sy_apply *apply) {
    enum sy_outcome outcome = apply->follow.end.outcome;
    if (apply->takes_back)
        return outcome == SY_OUTCOME_CANCELLED || outcome == SY_OUTCOME_ROLLED_BACK;
    return outcome == SY_OUTCOME_PROMOTED || outcome == SY_OUTCOME_PROMOTED_UNPROVEN ||
           outcome == SY_OUTCOME_UNCHANGED || outcome == SY_OUTCOME_HANDED_OFF;
}

/* Asked to wait for the end of the lock-in, and stopped before. */
static bool is_cut_short(const struct sy_apply *apply) {
    return apply->follow.stopped[0] && apply->spec.wait == SY_WAIT_LOCK_IN;
}

/* The alias as it is: as read; or as the release's last word has it, which knows no ARN. */
static struct sy_facts facts_of(const struct sy_apply *apply, const struct sy_facts *read,
                                const struct sy_value *prior) {
    if (read)
        return *read;
    struct sy_facts facts = {.has_alias = apply->follow.end.to.primary[0] != '\0',
                             .routing = apply->follow.end.to};
    (void)snprintf(facts.alias_arn, sizeof facts.alias_arn, "%s",
                   sy_field_text(prior, SY_RELEASE_ARN));
    return facts;
}

/* Is the alias where a release that ended well leaves it? */
static bool is_there(const struct sy_apply *apply, const struct sy_facts *facts) {
    bool whole =
        strcmp(facts->routing.primary, apply->spec.version) == 0 && !facts->routing.additional[0];
    bool handed_over = apply->spec.wait == SY_WAIT_NONE &&
                       sy_routing_share(&facts->routing, apply->spec.version) > 0;
    return whole || handed_over;
}

static const char *summary_of(const struct sy_apply *apply, struct sy_arena *arena) {
    static const char *const ends[SY_OUTCOME_COUNT] = {
        [SY_OUTCOME_ROLLED_BACK] = "was rolled back",
        [SY_OUTCOME_CANCELLED] = "was taken back",
        [SY_OUTCOME_PAUSED] = "is paused on its way",
        [SY_OUTCOME_HALTED] = "is halted on its way: a person is needed now",
        [SY_OUTCOME_SUPERSEDED] = "was superseded by another release",
    };
    const char *end = ends[apply->follow.end.outcome];
    if (apply->takes_back)
        end = "does not have all traffic again";
    else if (is_good(apply) && is_cut_short(apply))
        end = "has all traffic, but its lock-in was not waited for";
    else if (is_good(apply))
        end = "was released, and then somebody moved the alias";
    return sy_arena_printf(arena, "Version %s %s", apply->spec.version,
                           end ? end : "was not released");
}

static const char *advice_of(const struct sy_apply *apply, const struct sy_facts *facts) {
    if (sy_was_rolled_back(facts, apply->spec.version))
        return "The next plan refuses this version; release another one, or set retry_token to "
               "another value to release this one once more.";
    switch (apply->follow.end.outcome) {
    case SY_OUTCOME_PAUSED:
        return "The alias stays split. Set retry_token to another value and apply to go on, or use "
               "`steelyard resume`; `steelyard rollback` takes it back.";
    case SY_OUTCOME_HALTED:
        return "The alias is not as anybody intended: look at it with `steelyard status`, and take "
               "it back with `steelyard rollback`.";
    default:
        return "The next plan shows what is open.";
    }
}

static void diagnose_end(struct sy_request *request, const struct sy_apply *apply,
                         const struct sy_facts *facts) {
    char routing[80];
    struct sy_arena *arena = &request->arena;
    const char *table =
        facts->has_record && strcmp(facts->record.release_id, apply->follow.end.release_id) == 0
            ? sy_stage_table(&facts->record, arena)
            : "";
    sy_diagnose(&request->diagnostics, NULL, summary_of(apply, arena),
                "%s%s%s.\n\n%s:%s is at %s. Outcome: %s.\n\n%s%s%s", apply->follow.stopped,
                apply->follow.stopped[0] ? ": " : "", apply->follow.end.text, apply->spec.function,
                apply->spec.alias, sy_routing_format(&facts->routing, routing),
                sy_outcome_word(apply->follow.end.outcome), table, *table ? "\n" : "",
                advice_of(apply, facts));
}

/* Nothing may stay unknown after an apply. */
static void settle_unknowns(struct sy_value *state) {
    for (size_t i = 0; i < state->len; i++)
        if (state->items[i].state == SY_VALUE_UNKNOWN)
            state->items[i] = (struct sy_value){0};
}

/* The stages of a plan that was made before the version was known. */
static void tell_stages(const struct sy_apply *apply, struct sy_value *state,
                        struct sy_arena *arena) {
    struct sy_plan plan = {.kind = SY_PLAN_RELEASE, .spec = apply->spec};
    if (state->items[SY_RELEASE_PLANNED_STAGES].state != SY_VALUE_UNKNOWN)
        return;
    if (apply->follow.end.outcome == SY_OUTCOME_UNCHANGED)
        plan.kind = SY_PLAN_UNCHANGED;
    else if (apply->follow.first)
        plan.kind = SY_PLAN_FIRST;
    state->items[SY_RELEASE_PLANNED_STAGES] = sy_planned_stages(&plan, arena);
}

static void answer_good(struct sy_request *request, const struct sy_apply *apply,
                        const struct sy_facts *facts) {
    struct sy_value *state = &request->planned;
    struct sy_value seen = sy_value_list(&request->arena, state->len);
    memcpy(seen.items, state->items, state->len * sizeof *state->items);
    sy_release_observe(&seen, facts, &request->arena);
    /* What the plan knew stays as it said; what is otherwise by now, the next refresh tells. */
    for (size_t i = 0; i < state->len; i++)
        if (state->items[i].state == SY_VALUE_UNKNOWN)
            state->items[i] = seen.items[i];
    tell_stages(apply, state, &request->arena);
    settle_unknowns(state);
    memcpy(request->private.released, apply->spec.version, sizeof apply->spec.version);
    if (apply->follow.end.outcome == SY_OUTCOME_PROMOTED_UNPROVEN)
        sy_diagnose_warning(&request->diagnostics, NULL, "Promoted without enough traffic to judge",
                            "%s:%s serves version %s now, but some stage had fewer invocations "
                            "than min_invocations: %s.",
                            apply->spec.function, apply->spec.alias, apply->spec.version,
                            apply->follow.end.text);
    answer(request, state);
}

/* Where it left the alias: on the version, or back on the baseline. Else somebody else's hand was
 * in it, which the next plan shall see. */
static void note_released(struct sy_request *request, const struct sy_apply *apply,
                          const struct sy_facts *facts) {
    const char *live = sy_live_version(facts);
    enum sy_outcome outcome = apply->follow.end.outcome;
    bool is_back = facts->has_record && strcmp(facts->record.baseline, live) == 0 &&
                   strcmp(facts->record.release_id, apply->follow.end.release_id) == 0;
    if (is_good(apply) && (outcome != SY_OUTCOME_HANDED_OFF || !is_back))
        live = apply->spec.version;
    else if (!is_back)
        return;
    (void)snprintf(request->private.released, sizeof request->private.released, "%s", live);
}

/* What was not in state stays out of it: a failed creation that left state would be destroyed and
 * created anew. What was there says what the alias serves now, and the next plan tries again. */
static void answer_bad(struct sy_request *request, const struct sy_apply *apply,
                       const struct sy_facts *facts) {
    static const struct sy_value none = {0};
    struct sy_value *state = &request->prior;
    const char *found = sy_release_found(state);
    if (state->state != SY_VALUE_KNOWN) {
        answer(request, &none);
        return;
    }
    for (size_t i = 0; apply->follow.began && i < SY_RELEASE_COUNT; i++)
        if (sy_release_type.attributes[i].usage != SY_COMPUTED && i != SY_RELEASE_VERSION)
            state->items[i] = request->planned.items[i];
    if (facts->has_alias) {
        const char *live = sy_live_version(facts);
        sy_release_observe(state, facts, &request->arena);
        bool adopted = strcmp(live, found) == 0 && sy_release_on_drift(state) == SY_DRIFT_ADOPT;
        if (!adopted) {
            state->items[SY_RELEASE_VERSION] = sy_value_string(&request->arena, live);
            note_released(request, apply, facts);
        }
    }
    settle_unknowns(state);
    answer(request, state);
}

static void conclude(struct sy_request *request, const struct sy_apply *apply,
                     const struct sy_facts *facts) {
    if (apply->follow.end.release_id[0] && !apply->takes_back)
        memcpy(request->private.release_id, apply->follow.end.release_id,
               sizeof request->private.release_id);
    if (apply->follow.error.code != SY_OK)
        sy_request_diagnose(request, summary_of(apply, &request->arena), &apply->follow.error);
    else if (!is_good(apply) || is_cut_short(apply) || !is_there(apply, facts))
        diagnose_end(request, apply, facts);
    if (request->diagnostics.has_errors)
        answer_bad(request, apply, facts);
    else
        answer_good(request, apply, facts);
}

static void ended(void *ctx, const struct sy_facts *read, const struct sy_error *error) {
    struct sy_apply *apply = ctx;
    struct sy_call *call = sy_call_answered(SY_STEAL(apply->follow.question));
    (void)error; /* then the release's last word has to do */
    if (call) {
        struct sy_request *request = sy_request_of(call);
        struct sy_facts facts = facts_of(apply, read, &request->prior);
        request->follow = NULL;
        conclude(request, apply, &facts);
        sy_call_unref(call);
    }
    sy_follow_forget(&apply->follow);
}

/* ---- the drive ---- */

static void over(struct sy_follow *follow) {
    const struct sy_spec *spec = &((struct sy_apply *)follow)->spec;
    sy_engine_status(follow->provider->options.engine, spec->function, spec->alias, false, ended,
                     follow);
}

static int64_t timeout_ms(struct sy_request *request) {
    const struct sy_value *timeouts = &request->planned.items[SY_RELEASE_TIMEOUTS];
    bool creates = request->prior.state != SY_VALUE_KNOWN;
    if (timeouts->state != SY_VALUE_KNOWN)
        return -1;
    return sy_duration_value(&timeouts->items[creates ? SY_TIMEOUT_CREATE : SY_TIMEOUT_UPDATE],
                             "timeouts", &request->diagnostics);
}

/* What is paused stays so, whoever applies unattended, until another retry_token says otherwise. */
static struct sy_watch *go_on(struct sy_apply *apply, struct sy_engine *engine) {
    struct sy_resume resume = {.wait = apply->spec.wait, .on_interrupt = apply->spec.on_interrupt};
    memcpy(resume.function, apply->spec.function, sizeof resume.function);
    memcpy(resume.alias, apply->spec.alias, sizeof resume.alias);
    (void)snprintf(resume.reason, sizeof resume.reason, "another retry_token asked for it");
    return sy_engine_resume(engine, &resume, sy_follow_ready, apply);
}

static struct sy_watch *take_back(struct sy_apply *apply, struct sy_engine *engine,
                                  const char *release_id) {
    struct sy_rollback rollback = {.running_only = true};
    memcpy(rollback.function, apply->spec.function, sizeof rollback.function);
    memcpy(rollback.alias, apply->spec.alias, sizeof rollback.alias);
    memcpy(rollback.left_release_id, release_id, sizeof rollback.left_release_id);
    (void)snprintf(rollback.reason, sizeof rollback.reason,
                   "Terraform's configuration has version %s", apply->spec.version);
    return sy_engine_rollback(engine, &rollback, sy_follow_ready, apply);
}

static void begin(struct sy_request *request, const struct sy_spec *spec) {
    struct sy_engine *engine = sy_call_engine(request->call);
    struct sy_apply *apply = sy_calloc(1, sizeof *apply);
    enum sy_deed deed = request->private.deed;
    int64_t limit_ms = timeout_ms(request);
    apply->spec = *spec;
    apply->takes_back = deed == SY_DEED_TAKE_BACK;
    apply->follow.goes_on_alone = apply->takes_back;
    sy_follow_init(&apply->follow, request, over);
    if (limit_ms >= 0)
        sy_follow_limit(&apply->follow, limit_ms);
    apply->follow.watch =
        apply->takes_back ? take_back(apply, engine, request->private.release_id)
        : deed == SY_DEED_RESUME && spec->retry
            ? go_on(apply, engine)
            : sy_engine_apply(engine, spec, request->private.fingerprint, sy_follow_ready, apply);
}

/* ---- destroy ---- */

static void destroy_looked(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    static const struct sy_value none = {0};
    struct sy_call *call = sy_call_answered(ctx);
    if (!call)
        return;
    struct sy_request *request = sy_request_of(call);
    const struct sy_record *record = facts ? &facts->record : NULL;
    bool gone = error && strcmp(error->reason, "FUNCTION_NOT_FOUND") == 0;
    if (error && !gone)
        sy_request_diagnose(request, "The alias cannot be read", error);
    else if (record && (sy_is_under_way(facts) ||
                        (record->outcome == SY_OUTCOME_HALTED && facts->routing.additional[0])))
        sy_diagnose(
            &request->diagnostics, NULL, "A release is under way",
            "The release of version %s on %s:%s is not over, or was halted, and nobody would "
            "look after the split alias. Take it back with `steelyard rollback`, or let it "
            "end, then destroy.",
            record->spec.version, record->spec.function, record->spec.alias);
    answer(request, request->diagnostics.has_errors ? &request->prior : &none);
    sy_call_unref(call);
}

static void destroy(struct sy_request *request) {
    static const struct sy_value none = {0};
    if (request->prior.state != SY_VALUE_KNOWN || request->provider->configured != SY_CONFIGURED) {
        answer(request, &none);
        return;
    }
    sy_resource_look(request, destroy_looked);
}

/* ---- accept ---- */

/* Only settings change. */
static void keep(struct sy_request *request) {
    settle_unknowns(&request->planned);
    answer(request, &request->planned);
}

static void accept_looked(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    struct sy_call *call = sy_call_answered(ctx);
    if (!call)
        return;
    struct sy_request *request = sy_request_of(call);
    const char *version = sy_field_text(&request->planned, SY_RELEASE_VERSION);
    char routing[80];
    if (error)
        sy_request_diagnose(request, "The alias cannot be read", error);
    else if (strcmp(facts->routing.primary, version) != 0 || facts->routing.additional[0])
        sy_diagnose(&request->diagnostics, "version", "The plan is stale",
                    "Version %s was to be accepted, and %s is at %s now. Nothing was changed; plan "
                    "again (STALE_PLAN)",
                    version, sy_field_text(&request->prior, SY_RELEASE_ID),
                    sy_routing_format(&facts->routing, routing));
    if (request->diagnostics.has_errors) {
        answer(request, &request->prior);
    } else {
        (void)snprintf(request->private.released, sizeof request->private.released, "%s", version);
        keep(request);
    }
    sy_call_unref(call);
}

static void start(struct sy_request *request) {
    struct sy_spec spec;
    if (request->diagnostics.has_errors) {
        answer(request, &request->prior);
        return;
    }
    if (request->planned.state != SY_VALUE_KNOWN) {
        destroy(request);
        return;
    }
    sy_release_to_spec(&request->planned, &spec, &request->diagnostics);
    spec.retry = sy_release_asks_retry(&request->prior, &request->planned);
    if (request->provider->stopping)
        sy_diagnose(&request->diagnostics, NULL, "Not begun",
                    "The run was interrupted before the release of version %s on %s:%s began; "
                    "nothing was changed.",
                    spec.version, spec.function, spec.alias);
    if (request->diagnostics.has_errors || sy_request_refuses_unconfigured(request, NULL)) {
        answer(request, &request->prior);
    } else if (request->private.deed == SY_DEED_NOTHING) {
        keep(request);
    } else if (request->private.deed == SY_DEED_ACCEPT) {
        sy_resource_look(request, accept_looked);
    } else {
        begin(request, &spec);
    }
}

void sy_resource_apply_work(struct sy_call *call, unsigned bits) {
    struct sy_request *request = sy_request_of(call);
    if (sy_server_refuses(call, bits, SY_SERVER_STOPPING))
        return;
    if (bits & SY_WORK_CLOSE) {
        if (request->follow)
            sy_follow_interrupt(request->follow, "Terraform has gone");
    } else if (bits & SY_WORK_START) {
        start(request);
    }
}

void sy_resource_apply_closed(struct sy_call *call, bool cancelled) {
    if (cancelled && sy_request_of(call))
        sy_call_post(call, SY_WORK_CLOSE);
}
