/* PlanResourceChange: what the apply would do. Reads AWS as soon as all that it takes is known. */
#include "terraform/provider_internal.h"

#include <stdio.h>
#include <string.h>

void sy_resource_plan_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__PlanResourceChange__Request *asked =
        (const Tfplugin6__PlanResourceChange__Request *)message;
    struct sy_request *request = sy_request_create(call);
    request->type = sy_request_type(request, asked->type_name, sy_resource_types);
    if (request->type) {
        sy_request_decode(request, request->type, asked->config, &request->config);
        sy_request_decode(request, request->type, asked->prior_state, &request->prior);
        sy_request_decode(request, request->type, asked->proposed_new_state, &request->planned);
    }
    if (request->planned.state == SY_VALUE_KNOWN)
        sy_request_need(request, &request->config, "configuration");
    sy_request_decode_private(
        request, (struct sy_bytes){asked->prior_private.data, asked->prior_private.len});
    sy_call_post(call, SY_WORK_START);
}

static bool is_create(const struct sy_request *request) {
    return request->prior.state != SY_VALUE_KNOWN;
}

static const struct sy_attribute *attribute_of(size_t i) {
    return &sy_release_type.attributes[i];
}

/* Is the attribute as it was? */
static bool is_kept(const struct sy_request *request, size_t i) {
    return !is_create(request) &&
           sy_value_equal(attribute_of(i), &request->prior.items[i], &request->planned.items[i]);
}

static void answer(struct sy_request *request) {
    Tfplugin6__PlanResourceChange__Response response =
        TFPLUGIN6__PLAN_RESOURCE_CHANGE__RESPONSE__INIT;
    Tfplugin6__AttributePath *replaced[SY_RELEASE_COUNT];
    response.requires_replace = replaced;
    if (!request->diagnostics.has_errors) {
        bool exists = !is_create(request) && request->planned.state == SY_VALUE_KNOWN;
        for (size_t i = 0; exists && i < SY_RELEASE_COUNT; i++)
            if (attribute_of(i)->replaces && !is_kept(request, i))
                replaced[response.n_requires_replace++] =
                    sy_path_make(attribute_of(i)->name, &request->arena);
        struct sy_bytes private = sy_request_encode_private(request, &request->private);
        response.planned_state = sy_request_encode(request, &request->planned);
        response.planned_private.data = (uint8_t *)private.data;
        response.planned_private.len = private.len;
    }
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(request->call, &response.base);
}

/* What the configuration leaves out gets its fallback, whatever it was before. */
static void set_fallbacks(struct sy_request *request, const struct sy_attribute *attributes,
                          const struct sy_value *config, struct sy_value *planned) {
    for (size_t i = 0; i < planned->len; i++) {
        const struct sy_attribute *attribute = &attributes[i];
        const struct sy_value *wish = &config->items[i];
        if (attribute->usage != SY_DEFAULTED)
            continue;
        if (wish->state == SY_VALUE_NULL)
            planned->items[i] = sy_value_fallback(&request->arena, attribute);
        else if (attribute->kind == SY_OBJECT && wish->state == SY_VALUE_KNOWN)
            set_fallbacks(request, attribute->fields, wish, &planned->items[i]);
    }
}

/* Nothing of the configuration differs from state. */
static bool is_settled(const struct sy_request *request) {
    for (size_t i = 0; i < SY_RELEASE_COUNT; i++)
        if (attribute_of(i)->usage != SY_COMPUTED && !is_kept(request, i))
            return false;
    return true;
}

static void set_unknown(struct sy_value *items, const size_t *which, size_t n) {
    for (size_t i = 0; i < n; i++)
        items[which[i]] = sy_value_unknown();
}

/* What a move of the alias changes. */
static void expect_move(struct sy_request *request) {
    static const size_t moved[] = {
        SY_RELEASE_DEPLOYMENT_TIMESTAMP, SY_RELEASE_LAST_KNOWN_GOOD_VERSION,
        SY_RELEASE_LAST_RELEASE,         SY_RELEASE_LIVE_VERSION,
        SY_RELEASE_PLANNED_STAGES,       SY_RELEASE_PREVIOUS_VERSION};
    static const size_t born[] = {SY_RELEASE_ARN, SY_RELEASE_ID, SY_RELEASE_INVOKE_ARN};
    struct sy_value *items = request->planned.items;
    set_unknown(items, moved, SY_COUNT(moved));
    bool same = is_kept(request, SY_RELEASE_FUNCTION_NAME) && is_kept(request, SY_RELEASE_ALIAS);
    if (same)
        return;
    set_unknown(items, born, SY_COUNT(born));
    if (items[SY_RELEASE_FUNCTION_NAME].state == SY_VALUE_KNOWN &&
        items[SY_RELEASE_ALIAS].state == SY_VALUE_KNOWN)
        items[SY_RELEASE_ID] = sy_value_string(
            &request->arena, sy_arena_printf(&request->arena, "%s:%s",
                                             sy_value_text(&items[SY_RELEASE_FUNCTION_NAME]),
                                             sy_value_text(&items[SY_RELEASE_ALIAS])));
}

/* Did somebody else move the alias since we left it? */
static bool is_drifted(const struct sy_request *request) {
    const char *released = request->private.released;
    const char *found = sy_release_found(&request->prior);
    bool on_its_way = strcmp(released, request->private.unfinished) == 0;
    return !is_create(request) && released[0] && *found && !on_its_way &&
           strcmp(released, found) != 0;
}

static void refuse_drift(struct sy_request *request) {
    const char *found = sy_release_found(&request->prior);
    const char *wished = sy_field_text(&request->planned, SY_RELEASE_VERSION);
    sy_diagnose(&request->diagnostics, "version", "The alias was moved outside of Terraform",
                "%s was left on version %s and is on version %s now: somebody else moved it. Set "
                "version to \"%s\" to accept that; or set on_drift to \"release\" to release %s "
                "from there, or to \"adopt\" to leave the alias where others put it.",
                sy_field_text(&request->prior, SY_RELEASE_ID), request->private.released, found,
                found, *wished ? wished : "the version");
}

static bool is_replaced(const struct sy_request *request) {
    return !is_create(request) &&
           (!is_kept(request, SY_RELEASE_FUNCTION_NAME) || !is_kept(request, SY_RELEASE_ALIAS));
}

/* The version is as it was: does the wish still want more of its release than it has come to? One
 * that somebody else drives the engine refuses, and says who. */
static enum sy_deed deed_of_rest(const struct sy_request *request) {
    const struct sy_private *private = &request->private;
    const struct sy_value *wait = &request->planned.items[SY_RELEASE_WAIT];
    const char *word = sy_value_text(wait);
    bool open = private->unfinished[0] || private->in_lock_in;
    bool done = private->unfinished[0] ? strcmp(word, sy_wait_word(SY_WAIT_NONE)) == 0
                                       : strcmp(word, sy_wait_word(SY_WAIT_LOCK_IN)) != 0;
    return open && (wait->state == SY_VALUE_UNKNOWN || !done) ? SY_DEED_RELEASE : SY_DEED_NOTHING;
}

/* The configuration has the baseline of a release of ours that was left unfinished. */
static bool is_reverted(const struct sy_request *request) {
    const char *unfinished = request->private.unfinished;
    const char *wished = sy_field_text(&request->planned, SY_RELEASE_VERSION);
    return unfinished[0] && strcmp(unfinished, wished) != 0 &&
           strcmp(sy_field_text(&request->prior, SY_RELEASE_LIVE_VERSION), wished) == 0;
}

/* What the wish takes when somebody else moved the alias. */
static enum sy_deed deed_of_drift(struct sy_request *request) {
    const char *wished = sy_field_text(&request->planned, SY_RELEASE_VERSION);
    enum sy_drift policy = sy_release_on_drift(&request->planned);
    if (policy == SY_DRIFT_ADOPT && strcmp(wished, request->private.released) == 0)
        return SY_DEED_NOTHING;
    if (strcmp(sy_release_found(&request->prior), wished) == 0)
        return SY_DEED_ACCEPT;
    if (policy == SY_DRIFT_ERROR)
        refuse_drift(request);
    return SY_DEED_RELEASE;
}

/* What the wish takes. An error is a diagnostic. */
static enum sy_deed deed_of(struct sy_request *request) {
    if (is_create(request) || is_replaced(request))
        return SY_DEED_RELEASE;
    if (is_reverted(request))
        return request->private.driven ? SY_DEED_NOTHING : SY_DEED_TAKE_BACK;
    if (is_drifted(request))
        return deed_of_drift(request);
    return is_kept(request, SY_RELEASE_VERSION) ? deed_of_rest(request) : SY_DEED_RELEASE;
}

static void refuse_halted(struct sy_request *request) {
    sy_diagnose(&request->diagnostics, NULL, "A halted release still gets traffic",
                "The last release of %s was halted, and its version gets a share of the traffic "
                "still. A person is needed: look at it with `steelyard status`, take it back with "
                "`steelyard rollback`, then plan again.",
                sy_field_text(&request->prior, SY_RELEASE_ID));
}

/* An alias that is split is on no version that could be accepted. */
static void refuse_split(struct sy_request *request) {
    sy_diagnose(&request->diagnostics, "version", "The alias is split by somebody else",
                "%s serves two versions, so none of them can be accepted: let whoever split it end "
                "that, or take it back with `steelyard rollback` (FOREIGN_SPLIT)",
                sy_field_text(&request->prior, SY_RELEASE_ID));
}

/* Which nobody has asked for in so many words. */
static void tell_deed(struct sy_request *request, const char *line) {
    struct sy_value list = sy_value_list(&request->arena, 1);
    list.items[0] = sy_value_string(&request->arena, line);
    request->planned.items[SY_RELEASE_PLANNED_STAGES] = list;
}

/* Before it applies, Terraform plans once more, from the state that the plan was made for, and
 * takes that second plan for the first. What the alias serves by then is compared here: a plan that
 * has become stale is refused. */
static bool heed_staleness(struct sy_request *request, const struct sy_plan *plan) {
    const char *known = sy_field_text(&request->prior, SY_RELEASE_LIVE_VERSION);
    const char *live = plan->kind == SY_PLAN_FIRST ? "none" : plan->routing.primary;
    bool was_rest =
        !is_create(request) && is_kept(request, SY_RELEASE_VERSION) && !is_drifted(request);
    if (was_rest && plan->kind != SY_PLAN_RESUME) {
        sy_diagnose(&request->diagnostics, NULL, "The plan is stale",
                    "The release of version %s on %s was not over when state was read, and is by "
                    "now. Nothing was changed; plan again (STALE_PLAN)",
                    plan->spec.version, sy_field_text(&request->prior, SY_RELEASE_ID));
        return false;
    }
    if (!*known || plan->kind == SY_PLAN_RESUME || strcmp(known, live) == 0)
        return true;
    sy_diagnose(&request->diagnostics, "version", "The plan is stale",
                "%s served version %s when state was read, and serves %s now: somebody moved it "
                "meanwhile. Nothing was changed; plan again, and let the plan refresh (STALE_PLAN)",
                sy_field_text(&request->prior, SY_RELEASE_ID), known, live);
    return false;
}

/* Not in a planned value: an apply plans once more, and Terraform refuses it when a known value is
 * another one then, while the traffic that these rest upon changes with every minute. */
static void warn(struct sy_request *request, const struct sy_plan *plan) {
    for (uint32_t i = 0; i < plan->n_warnings; i++)
        sy_diagnose_warning(&request->diagnostics, NULL, "Look at this before the release",
                            "%s:%s, version %s: %s.", plan->spec.function, plan->spec.alias,
                            plan->spec.version, plan->warnings[i]);
}

static void planned(void *ctx, const struct sy_plan *plan, const struct sy_error *error) {
    struct sy_call *call = sy_call_answered(ctx);
    if (!call)
        return;
    struct sy_request *request = sy_request_of(call);
    if (error) {
        sy_request_diagnose(request, "The version cannot be released", error);
    } else if (heed_staleness(request, plan)) {
        request->planned.items[SY_RELEASE_PLANNED_STAGES] =
            sy_planned_stages(plan, &request->arena);
        (void)snprintf(request->private.fingerprint, sizeof request->private.fingerprint, "%s",
                       plan->fingerprint);
        if (plan->kind == SY_PLAN_RESUME)
            request->private.deed = SY_DEED_RESUME;
        /* A creation has no state that would tell that a plan is stale: this does. */
        if (plan->kind == SY_PLAN_RELEASE)
            request->planned.items[SY_RELEASE_PREVIOUS_VERSION] =
                sy_value_string(&request->arena, plan->baseline);
        warn(request, plan);
    }
    answer(request);
    sy_call_unref(call);
}

/* A creation has no token to compare with. That any one would do there would release a bad version
 * anew with each unattended apply. */
bool sy_release_asks_retry(const struct sy_value *prior, const struct sy_value *wish) {
    const struct sy_value *token = &wish->items[SY_RELEASE_RETRY_TOKEN];
    if (prior->state != SY_VALUE_KNOWN || token->state == SY_VALUE_NULL)
        return false;
    return token->state == SY_VALUE_UNKNOWN ||
           !sy_value_equal(attribute_of(SY_RELEASE_RETRY_TOKEN),
                           &prior->items[SY_RELEASE_RETRY_TOKEN], token);
}

/* All is known: let the engine look. */
static void ask_engine(struct sy_request *request, struct sy_spec *spec) {
    spec->retry = sy_release_asks_retry(&request->prior, &request->planned);
    sy_engine_plan(sy_call_engine(request->call), spec, planned, sy_call_ask(request->call));
}

static void plan_release(struct sy_request *request, struct sy_spec *spec) {
    expect_move(request);
    /* A replacement is planned once more, as a creation. */
    if (is_replaced(request) || request->provider->configured != SY_CONFIGURED ||
        !sy_release_is_known(&request->planned))
        answer(request);
    else
        ask_engine(request, spec);
}

static void plan_take_back(struct sy_request *request) {
    expect_move(request);
    tell_deed(request,
              sy_arena_printf(&request->arena, "takes the release of version %s back, at once",
                              request->private.unfinished));
    answer(request);
}

static void plan_accept(struct sy_request *request) {
    if (request->private.split)
        refuse_split(request);
    tell_deed(request, sy_arena_printf(&request->arena, "accepts version %s, moved there by others",
                                       sy_release_found(&request->prior)));
    answer(request);
}

static void plan(struct sy_request *request) {
    struct sy_spec spec;
    struct sy_private *private = &request->private;
    sy_release_to_spec(&request->planned, &spec, &request->diagnostics);
    private->fingerprint[0] = '\0';
    private->deed = SY_DEED_NOTHING;
    if (!is_create(request) && !is_replaced(request) && private->halted)
        refuse_halted(request);
    if (!request->diagnostics.has_errors)
        request->private.deed = deed_of(request);
    if (request->diagnostics.has_errors) {
        answer(request);
        return;
    }
    switch (private->deed) {
    case SY_DEED_RELEASE:
    case SY_DEED_RESUME:
        plan_release(request, &spec);
        return;
    case SY_DEED_TAKE_BACK:
        plan_take_back(request);
        return;
    case SY_DEED_ACCEPT:
        plan_accept(request);
        return;
    case SY_DEED_NOTHING:
    case SY_DEED_COUNT:
        break;
    }
    if (is_settled(request))
        request->planned = request->prior;
    answer(request);
}

void sy_resource_plan_work(struct sy_call *call, unsigned bits) {
    struct sy_request *request = sy_request_of(call);
    if (sy_server_refuses(call, bits, SY_SERVER_STOPPING) || !(bits & SY_WORK_START))
        return;
    /* A destruction needs no plan: it moves nothing. */
    if (request->diagnostics.has_errors || request->planned.state != SY_VALUE_KNOWN) {
        answer(request);
        return;
    }
    set_fallbacks(request, sy_release_type.attributes, &request->config, &request->planned);
    plan(request);
}
