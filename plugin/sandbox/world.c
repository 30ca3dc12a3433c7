#include "sandbox/world.h"

#include "base/json.h"
#include "base/log.h"
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static void version_finish(struct sy_version *version) {
    free(version->error_rate.steps);
}

static void function_free(struct lh_entry *entry) {
    struct sy_function *function = lh_entry_v(entry);
    for (size_t i = 0; i < function->n_versions; i++)
        version_finish(&function->versions[i]);
    version_finish(&function->latest);
    for (size_t i = 0; i < function->n_flows; i++)
        free(function->flows[i].per_second.steps);
    for (size_t i = 0; i < function->n_series; i++)
        free(function->series[i].slots);
    free(function->versions);
    free(function->aliases);
    free(function->flows);
    free(function->series);
    free(function->settings);
    free(function);
}

static void parameter_free(struct lh_entry *entry) {
    struct sy_parameter *parameter = lh_entry_v(entry);
    for (size_t i = 0; i < parameter->count; i++)
        free(parameter->versions[i].value);
    free(parameter->versions);
    free(parameter->name);
    free(parameter);
}

int sy_world_create(const char *scenario, size_t len, int64_t start_ms, struct sy_world **ret,
                    struct sy_error *error) {
    struct sy_world *world = sy_calloc(1, sizeof *world);
    world->start_ms = world->now_ms = start_ms;
    world->functions = lh_kchar_table_new(64, function_free);
    world->parameters = lh_kchar_table_new(64, parameter_free);
    if (!world->functions || !world->parameters || sy_scenario_read(world, scenario, len, error)) {
        sy_world_destroy(world);
        return -1;
    }
    *ret = world;
    return 0;
}

void sy_world_destroy(struct sy_world *world) {
    if (!world)
        return;
    if (world->functions)
        lh_table_free(world->functions);
    if (world->parameters)
        lh_table_free(world->parameters);
    for (size_t i = 0; i < world->n_actions; i++)
        (void)json_object_put(world->actions[i].action);
    free(world->actions);
    free(world->latencies);
    free(world->faults);
    sy_buffer_finish(&world->body);
    free(world);
}

void sy_world_advance(struct sy_world *world, int64_t now_ms) {
    while (world->next_action < world->n_actions) {
        struct sy_due_action *due = &world->actions[world->next_action];
        int64_t at = world->start_ms + due->at_ms;
        if (at > now_ms)
            break;
        if (at > world->now_ms)
            world->now_ms = at;
        world->next_action++;
        struct sy_error error = {0};
        if (sy_act(world, due->action, &error))
            sy_log(SY_LOG_WARN, "the scenario's action at %lld ms was not done: %s",
                   (long long)due->at_ms, error.message);
    }
    if (now_ms > world->now_ms)
        world->now_ms = now_ms;
}

static int64_t latency(const struct sy_world *world, const char *operation) {
    for (size_t i = 0; i < world->n_latencies; i++)
        if (strcmp(world->latencies[i].operation, operation) == 0)
            return world->latencies[i].ms;
    return world->latency_default_ms;
}

void sy_world_plan(struct sy_world *world, int64_t now_ms, const struct sy_http_request *request,
                   struct sy_exchange *ret) {
    sy_world_advance(world, now_ms);
    *ret = (struct sy_exchange){.fault = {.kind = SY_FAULT_NONE}};
    sy_route_find(request, &ret->route);
    sy_fault_draw(world, ret->route.asked, request, &ret->fault);
    ret->latency_ms = latency(world, ret->route.asked);
    ret->arrival_ms = ret->latency_ms / 2;
    if (ret->fault.kind == SY_FAULT_DELAY) {
        if (ret->fault.arrival_ms >= 0)
            ret->arrival_ms = ret->fault.arrival_ms;
        ret->latency_ms += ret->fault.delay_ms;
        if (ret->latency_ms < ret->arrival_ms)
            ret->latency_ms = ret->arrival_ms;
    }
}

/* What a fault puts in the place of the effect; false when the call goes on. */
static bool strike(struct sy_call *call, const struct sy_fault *fault) {
    static const char garbage[] = "<html>\x01 this is not what you asked for {\"";
    switch (fault->kind) {
    case SY_FAULT_STATUS:
        sy_answer_error(call, (int)fault->status, fault->code, "%s", fault->message);
        return true;
    case SY_FAULT_THROTTLE:
        if (call->route->wire == SY_WIRE_REST)
            sy_answer_error(call, 429, "TooManyRequestsException", "Rate exceeded");
        else
            sy_answer_error(call, 400, "ThrottlingException", "Rate exceeded");
        return true;
    case SY_FAULT_CUT:
        sy_answer_none(call, "the connection was closed without an answer");
        return true;
    case SY_FAULT_GARBAGE:
        sy_answer_raw(call, 200, "application/json", garbage, sizeof garbage - 1);
        return true;
    case SY_FAULT_HUGE: {
        SY_AUTO_FREE char *body = sy_calloc(1, (size_t)fault->size);
        memset(body, ' ', (size_t)fault->size);
        sy_answer_raw(call, 200, "application/json", body, (size_t)fault->size);
        return true;
    }
    default:
        return false;
    }
}

static void run(struct sy_call *call) {
    const struct sy_route *route = call->route;
    if (!sy_auth_check(call))
        return;
    if (!route->operation) {
        sy_answer_error(call, route->wire == SY_WIRE_REST ? 404 : 400, "UnknownOperationException",
                        "The sandbox does not offer %s %s", call->request->method,
                        route->asked[0] ? route->asked : "here");
        return;
    }
    call->body = route->operation->raw ? json_object_new_object() : sy_world_call_read(call);
    if (call->body)
        route->operation->run(call);
    (void)json_object_put(call->body);
}

void sy_world_perform(struct sy_world *world, int64_t now_ms, const struct sy_http_request *request,
                      const struct sy_exchange *plan, struct sy_world_reply *ret) {
    char id[SY_UUID_LEN + 1];
    struct sy_call call = {.world = world, .request = request, .route = &plan->route};
    sy_world_advance(world, now_ms);
    world->n_headers = 0;
    sy_world_uuid(world, id);
    sy_answer_header(&call, "x-amzn-RequestId", id);
    if (!strike(&call, &plan->fault)) {
        run(&call);
        if (plan->fault.kind == SY_FAULT_LOST_RESPONSE)
            sy_answer_none(&call, "the connection was closed before the answer came");
    }
    *ret = (struct sy_world_reply){
        .response = {.status = world->status,
                     .headers = world->headers,
                     .n_headers = world->status ? world->n_headers : 0,
                     .body = world->body.data,
                     .body_len = world->body.len},
        .latency_ms = plan->latency_ms,
        .arrival_ms = plan->arrival_ms,
    };
    if (!world->status)
        ret->response.error = world->failure;
}

void sy_world_handle(struct sy_world *world, int64_t now_ms, const struct sy_http_request *request,
                     struct sy_world_reply *ret) {
    struct sy_exchange plan;
    sy_world_plan(world, now_ms, request, &plan);
    sy_world_perform(world, now_ms, request, &plan, ret);
}

int sy_world_act(struct sy_world *world, int64_t now_ms, const char *action_json,
                 struct sy_error *error) {
    SY_AUTO_JSON struct json_object *action = NULL;
    sy_world_advance(world, now_ms);
    if (sy_json_parse("the action", action_json, strlen(action_json), &action, error) ||
        sy_act_check(action, error))
        return -1;
    return sy_act(world, action, error);
}

void sy_world_uuid(struct sy_world *world, char buf[SY_UUID_LEN + 1]) {
    sy_random_uuid(&world->ids, buf);
}

int64_t sy_world_whole_deletions(const struct sy_world *world) {
    return world->whole_deletions;
}
