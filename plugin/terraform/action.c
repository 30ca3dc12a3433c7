/* The actions steelyard_rollback and steelyard_verify: streams of progress with an end
 * (Terraform 1.14 or later). */
#include "terraform/provider_internal.h"

#include "base/text.h"
#include "report/sentence.h"

#include <stdio.h>
#include <string.h>

static const struct sy_type *const types[] = {&sy_rollback_type, &sy_verify_type, NULL};

/* What an action does, from its begin to its end; in the request's arena. */
struct sy_action {
    struct sy_request *request;
    struct sy_rollback rollback;
    struct sy_verify verify;
    struct sy_watch *watch; /* of a rollback */
    bool judged;            /* the verify was answered */
    bool shown;
    bool completed;
    struct sy_verified verified;
    struct sy_error error;
    struct sy_release_event end; /* FINISHED, once it came */
};

/* ---- what was asked ---- */

static void rollback_from(const struct sy_value *items, struct sy_rollback *ret,
                          struct sy_diagnostics *d) {
    sy_text_value(&items[SY_ROLLBACK_FUNCTION_NAME], "function_name", ret->function,
                  sizeof ret->function, d);
    sy_text_value(&items[SY_ROLLBACK_ALIAS], "alias", ret->alias, sizeof ret->alias, d);
    sy_text_value(&items[SY_ROLLBACK_REASON], "reason", ret->reason, sizeof ret->reason, d);
    sy_text_value(&items[SY_ROLLBACK_VERSION], "version", ret->baseline, sizeof ret->baseline, d);
}

static void verify_from(const struct sy_value *items, struct sy_verify *ret,
                        struct sy_diagnostics *d) {
    const struct sy_value *at = &items[SY_VERIFY_AT];
    struct sy_error error = {0};
    sy_text_value(&items[SY_VERIFY_FUNCTION_NAME], "function_name", ret->function,
                  sizeof ret->function, d);
    sy_text_value(&items[SY_VERIFY_ALIAS], "alias", ret->alias, sizeof ret->alias, d);
    sy_text_value(&items[SY_VERIFY_VERSION], "version", ret->version, sizeof ret->version, d);
    ret->window_ms = sy_duration_value(&items[SY_VERIFY_WINDOW], "window", d);
    ret->period_ms = sy_duration_value(&items[SY_VERIFY_PERIOD], "period", d);
    ret->threshold_bp = sy_percent_value(&items[SY_VERIFY_THRESHOLD], "threshold", d);
    ret->min_invocations =
        sy_integer_value(&items[SY_VERIFY_MIN_INVOCATIONS], "min_invocations", 1, 1000000000, d);
    if (at->state == SY_VALUE_KNOWN && sy_time_parse("at", at->text, &ret->end_ms, &error))
        sy_diagnose(d, "at", "Invalid value", "%s", error.message);
}

/* The names, by the rules that need no AWS; those not known yet are not wrong. */
static void check_names(struct sy_request *request, const char *function, const char *alias,
                        const char *version) {
    struct sy_error error = {0};
    if (!request->diagnostics.has_errors &&
        sy_names_check(*function ? function : "f", *alias ? alias : "a", *version ? version : NULL,
                       &error))
        sy_request_diagnose(request, "Invalid value", &error);
}

/* Decode the configuration of an action; NULL: with diagnostics. */
static struct sy_action *decode(struct sy_request *request, const char *name,
                                const Tfplugin6__DynamicValue *config) {
    struct sy_action *action = sy_arena_alloc(&request->arena, 1, sizeof *action);
    action->request = request;
    request->type = sy_request_type(request, name, types);
    if (request->type)
        sy_request_decode(request, request->type, config, &request->config);
    if (request->diagnostics.has_errors || request->config.state != SY_VALUE_KNOWN)
        return NULL;
    const struct sy_value *items = request->config.items;
    if (request->type == &sy_rollback_type) {
        rollback_from(items, &action->rollback, &request->diagnostics);
        check_names(request, action->rollback.function, action->rollback.alias,
                    action->rollback.baseline);
    } else {
        verify_from(items, &action->verify, &request->diagnostics);
        check_names(request, action->verify.function, action->verify.alias, action->verify.version);
    }
    return request->diagnostics.has_errors ? NULL : action;
}

void sy_action_validate_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__ValidateActionConfig__Request *asked =
        (const Tfplugin6__ValidateActionConfig__Request *)message;
    struct sy_request *request = sy_request_create(call);
    (void)decode(request, asked->action_type, asked->config);
    Tfplugin6__ValidateActionConfig__Response response =
        TFPLUGIN6__VALIDATE_ACTION_CONFIG__RESPONSE__INIT;
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}

void sy_action_plan_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__PlanAction__Request *asked = (const Tfplugin6__PlanAction__Request *)message;
    struct sy_request *request = sy_request_create(call);
    (void)decode(request, asked->action_type, asked->config);
    Tfplugin6__PlanAction__Response response = TFPLUGIN6__PLAN_ACTION__RESPONSE__INIT;
    SY_FILL_DIAGNOSTICS(&response, request);
    sy_call_answer(call, &response.base);
}

void sy_action_invoke_received(struct sy_call *call, const ProtobufCMessage *message) {
    const Tfplugin6__InvokeAction__Request *asked =
        (const Tfplugin6__InvokeAction__Request *)message;
    struct sy_request *request = sy_request_create(call);
    request->action = decode(request, asked->action_type, asked->config);
    sy_request_need(request, &request->config, "configuration");
    sy_call_post(call, SY_WORK_START);
}

/* ---- what it tells ---- */

static struct grpc_byte_buffer *pack_progress(const char *text) {
    Tfplugin6__InvokeAction__Event__Progress progress =
        TFPLUGIN6__INVOKE_ACTION__EVENT__PROGRESS__INIT;
    Tfplugin6__InvokeAction__Event event = TFPLUGIN6__INVOKE_ACTION__EVENT__INIT;
    char clean[512];
    progress.message = (char *)sy_text_clean(text, strlen(text), clean, sizeof clean);
    event.type_case = TFPLUGIN6__INVOKE_ACTION__EVENT__TYPE_PROGRESS;
    event.progress = &progress;
    return sy_message_pack(&event.base);
}

static int complete(struct sy_request *request, struct sy_action *action,
                    struct grpc_byte_buffer **ret) {
    Tfplugin6__InvokeAction__Event__Completed completed =
        TFPLUGIN6__INVOKE_ACTION__EVENT__COMPLETED__INIT;
    Tfplugin6__InvokeAction__Event event = TFPLUGIN6__INVOKE_ACTION__EVENT__INIT;
    SY_FILL_DIAGNOSTICS(&completed, request);
    event.type_case = TFPLUGIN6__INVOKE_ACTION__EVENT__TYPE_COMPLETED;
    event.completed = &completed;
    action->completed = true;
    *ret = sy_message_pack(&event.base);
    return 1;
}

/* An interrupted Terraform 1.15 takes no more than one event, and crashes at the next: it is told
 * the end alone. */
static int rollback_next(struct sy_action *action, struct grpc_byte_buffer **ret) {
    struct sy_request *request = action->request;
    const struct sy_release_event *event = NULL;
    char sentence[400];
    int got = 0;
    do {
        got = sy_watch_next(action->watch, &event, &action->error);
        if (got > 0 && event->kind == SY_EVENT_FINISHED)
            memcpy(&action->end, event,
                   offsetof(struct sy_release_event, text) + strlen(event->text) + 1);
    } while (got > 0 && request->provider->stopping);
    if (got == 0)
        return 0;
    if (got > 0) {
        sy_event_sentence(event, sentence);
        *ret = pack_progress(sentence);
        return 1;
    }
    enum sy_outcome outcome = action->end.outcome;
    if (action->error.code != SY_OK)
        sy_request_diagnose(request, "The alias was not taken back", &action->error);
    else if (outcome != SY_OUTCOME_CANCELLED && outcome != SY_OUTCOME_ROLLED_BACK &&
             outcome != SY_OUTCOME_UNCHANGED)
        sy_diagnose(&request->diagnostics, NULL, "The alias was not taken back", "%s: %s",
                    sy_outcome_word(outcome), action->end.text);
    return complete(request, action, ret);
}

static int verify_next(struct sy_action *action, struct grpc_byte_buffer **ret) {
    struct sy_request *request = action->request;
    const struct sy_verified *verified = &action->verified;
    enum sy_decision decision = verified->judgement.decision;
    if (!action->judged)
        return 0;
    if (action->error.code == SY_OK && !action->shown && !request->provider->stopping) {
        action->shown = true;
        *ret = pack_progress(sy_arena_printf(
            &request->arena, "%s:%s version %s is %s: %s", action->verify.function,
            action->verify.alias, verified->version, sy_decision_word(decision), verified->text));
        return 1;
    }
    if (action->error.code != SY_OK)
        sy_request_diagnose(request, "The version cannot be judged", &action->error);
    else if (decision != SY_DECISION_HEALTHY)
        sy_diagnose(&request->diagnostics, NULL,
                    decision == SY_DECISION_UNHEALTHY ? "The version is unhealthy"
                                                      : "The version cannot be judged yet",
                    "%s:%s version %s: %s. Nothing was moved.", action->verify.function,
                    action->verify.alias, verified->version, verified->text);
    return complete(request, action, ret);
}

static int next(void *from, struct grpc_byte_buffer **ret, struct sy_error *error) {
    struct sy_action *action = from;
    struct sy_request *request = action->request;
    (void)error; /* what goes wrong is in the last event; the stream itself ends well */
    if (action->completed)
        return -1;
    if (request->diagnostics.has_errors)
        return complete(request, action, ret);
    return action->watch ? rollback_next(action, ret) : verify_next(action, ret);
}

static void close_source(void *from) {
    struct sy_action *action = from;
    if (action->watch)
        sy_watch_close(SY_STEAL(action->watch));
}

static const struct sy_stream_source source = {next, close_source};

/* ---- doing it ---- */

static void verified(void *ctx, const struct sy_verified *verified, const struct sy_error *error) {
    struct sy_call *call = sy_call_answered(ctx);
    if (!call)
        return;
    struct sy_action *action = sy_request_of(call)->action;
    if (error)
        action->error = *error;
    else
        action->verified = *verified;
    action->judged = true;
    sy_stream_ready(call);
    sy_call_unref(call);
}

static void *begin(struct sy_call *call) {
    struct sy_request *request = sy_request_of(call);
    struct sy_action *action = request->action;
    if (!action) {
        action = sy_arena_alloc(&request->arena, 1, sizeof *action);
        action->request = request;
        request->action = action;
    }
    if (request->diagnostics.has_errors || sy_request_refuses_unconfigured(request, NULL))
        return action;
    if (request->type == &sy_rollback_type)
        action->watch =
            sy_engine_rollback(sy_call_engine(call), &action->rollback, sy_stream_ready, call);
    else
        sy_engine_verify(sy_call_engine(call), &action->verify, verified, sy_call_ask(call));
    return action;
}

void sy_action_invoke_work(struct sy_call *call, unsigned bits) {
    if (!sy_server_refuses(call, bits, SY_SERVER_STOPPING))
        sy_stream_work(call, bits, &source, begin);
}
