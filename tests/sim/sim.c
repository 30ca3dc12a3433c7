#include "sim.h"

#include "aws/client.h"
#include "base/text.h"
#include "sandbox/world.h"
#include "state/store.h"
#include "target/target.h"
#include "telemetry/source.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char function_name[] = "checkout";
static const char alias_name[] = "production";

static const struct sy_rollback by_hand = {
    .function = "checkout", .alias = "production", .reason = "by hand"};

/* ---- cases ---- */

static void must(int result, const struct sy_error *error, const char *what) {
    if (result)
        fail_msg("%s: %s", what, error->message);
}

static char *read_file(const char *path, size_t *ret_len) {
    FILE *file = fopen(path, "rb");
    struct sy_buffer text = {0};
    char chunk[4096];
    size_t n = 0;
    if (!file)
        fail_msg("cannot open %s", path);
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        sy_buffer_append(&text, chunk, n);
    (void)fclose(file);
    *ret_len = text.len;
    return text.data;
}

static void read_duration(struct json_object *o, const char *key, int64_t *ret) {
    struct sy_error error = {0};
    char text[32] = "";
    must(sy_json_string(o, key, false, text, sizeof text, &error), &error, key);
    if (text[0])
        must(sy_duration_parse(key, text, ret, &error), &error, key);
}

static void read_words(struct json_object *o, struct sy_spec *spec) {
    struct sy_error error = {0};
    char word[32] = "stages";
    must(sy_json_string(o, "wait", false, word, sizeof word, &error), &error, "wait");
    must(sy_wait_parse(word, &spec->wait, &error), &error, "wait");
    (void)strcpy(word, "rollback");
    must(sy_json_string(o, "on_interrupt", false, word, sizeof word, &error), &error, "case");
    must(sy_interrupt_parse(word, &spec->on_interrupt, &error), &error, "case");
    (void)strcpy(word, "auto");
    must(sy_json_string(o, "on_inconclusive", false, word, sizeof word, &error), &error, "case");
    must(sy_inconclusive_parse(word, &spec->on_inconclusive, &error), &error, "case");
    (void)strcpy(word, "old");
    must(sy_json_string(o, "primary", false, word, sizeof word, &error), &error, "case");
    must(sy_primary_parse(word, &spec->primary, &error), &error, "case");
}

static void read_spec(struct json_object *o, struct sim_request *request) {
    struct sy_error error = {0};
    char stages[256] = "";
    struct sy_spec *spec = &request->spec;
    must(sy_json_string(o, "version", true, spec->version, sizeof spec->version, &error), &error,
         "case");
    must(sy_json_string(o, "stages", false, stages, sizeof stages, &error), &error, "case");
    if (stages[0])
        must(sy_stages_parse(stages, spec, &error), &error, "case");
    must(sy_json_bool(o, "retry", false, &spec->retry, &error), &error, "case");
    must(sy_json_string(o, "fingerprint", false, request->fingerprint, sizeof request->fingerprint,
                        &error),
         &error, "case");
    read_duration(o, "window", &spec->window_ms);
    read_duration(o, "lock_in", &spec->lock_in_ms);
    read_duration(o, "period", &spec->period_ms);
    read_duration(o, "poll", &spec->poll_ms);
    read_words(o, spec);
}

const char *sim_verb_word(enum sim_verb verb) {
    static const char *const words[SIM_VERB_COUNT] = {
        "apply",       "rollback", "status",  "plan",   "wait",  "resume",
        "settle",      "promote",  "gradual", "abort",  "pause", "say-resume",
        "say-promote", "follow",   "verify",  "history"};
    return words[verb];
}

/* {"apply": {…}}, {"plan": {…}}, {"wait": "10m"}, and any other verb with {} */
static void read_request(struct json_object *o, struct sim_request *request) {
    struct json_object *words = NULL;
    *request = (struct sim_request){.verb = SIM_WAIT};
    sy_spec_init(&request->spec);
    (void)strcpy(request->spec.function, function_name);
    (void)strcpy(request->spec.alias, alias_name);
    for (int i = 0; i < SIM_VERB_COUNT; i++)
        if (json_object_object_get_ex(o, sim_verb_word((enum sim_verb)i), &words))
            request->verb = (enum sim_verb)i;
    if (request->verb == SIM_APPLY || request->verb == SIM_PLAN) {
        (void)json_object_object_get_ex(o, sim_verb_word(request->verb), &words);
        read_spec(words, request);
    }
    if (request->verb == SIM_WAIT)
        read_duration(o, "wait", &request->wait_ms);
}

static void read_action(struct json_object *o, struct sim_action *action) {
    struct sy_error error = {0};
    struct json_object *act = NULL;
    read_duration(o, "at", &action->at_ms);
    must(sy_json_string(o, "do", true, action->what, sizeof action->what, &error), &error, "do");
    must(sy_json_child(o, "act", false, json_type_object, &act, &error), &error, "act");
    if (act)
        action->act = sy_json_write(act);
}

void sim_case_load(const char *path, struct sim_case *ret) {
    size_t len = 0;
    struct sy_error error = {0};
    SY_AUTO_JSON struct json_object *root = NULL;
    struct json_object *world = NULL;
    struct json_object *requests = NULL;
    struct json_object *actions = NULL;
    SY_AUTO_FREE char *text = read_file(path, &len);
    *ret = (struct sim_case){0};
    must(sy_json_parse(path, text, len, &root, &error), &error, path);
    must(sy_json_child(root, "world", true, json_type_object, &world, &error), &error, path);
    must(sy_json_child(root, "requests", true, json_type_array, &requests, &error), &error, path);
    must(sy_json_child(root, "actions", false, json_type_array, &actions, &error), &error, path);
    ret->world = sy_json_write(world);
    assert_true(json_object_array_length(requests) <= SY_COUNT(ret->requests));
    for (; ret->n_requests < json_object_array_length(requests); ret->n_requests++)
        read_request(json_object_array_get_idx(requests, ret->n_requests),
                     &ret->requests[ret->n_requests]);
    size_t n = actions ? json_object_array_length(actions) : 0;
    assert_true(n <= SY_COUNT(ret->actions));
    for (; ret->n_actions < n; ret->n_actions++)
        read_action(json_object_array_get_idx(actions, ret->n_actions),
                    &ret->actions[ret->n_actions]);
}

void sim_case_finish(struct sim_case *c) {
    for (size_t i = 0; i < c->n_actions; i++)
        free(c->actions[i].act);
    free(c->world);
}

/* ---- the carrier that writes down what is called ---- */

static struct sim_world *of(struct sy_io *io) {
    return (struct sim_world *)((char *)io - offsetof(struct sim_world, tracing));
}

static void trace_time(struct sim_world *w) {
    int64_t t = sy_io_now(w->io) - SIM_START_MS;
    sy_buffer_printf(w->trace, "%02d:%02d:%02d.%03d ", (int)(t / 3600000), (int)(t / 60000 % 60),
                     (int)(t / 1000 % 60), (int)(t % 1000));
}

/* "UpdateAlias {...}" or "PutParameter /lambda/checkout/current-version = 42" */
static void trace_call(struct sim_world *w, const struct sy_http_request *request) {
    struct sy_error error = {0};
    SY_AUTO_JSON struct json_object *body = NULL;
    char name[300] = "";
    char value[200] = "";
    const char *operation = strrchr(request->url, '/') + 1;
    for (size_t i = 0; i < request->n_headers; i++)
        if (strcasecmp(request->headers[i].name, "x-amz-target") == 0)
            operation = strrchr(request->headers[i].value, '.') + 1;
    bool target = strchr(request->url, '/') && operation != strrchr(request->url, '/') + 1;
    trace_time(w);
    sy_buffer_printf(w->trace, "  -> ");
    if (!target) {
        sy_buffer_printf(w->trace, "%s %s", request->method, strstr(request->url, "/functions"));
        if (request->body_len && strcmp(request->method, "GET") != 0) {
            must(sy_json_parse("body", request->body, request->body_len, &body, &error), &error,
                 "body");
            json_object_object_del(body, "RevisionId");
            SY_AUTO_FREE char *text = sy_json_write(body);
            sy_buffer_printf(w->trace, " %s", text);
        }
    } else {
        sy_buffer_puts(w->trace, operation);
        must(sy_json_parse("body", request->body, request->body_len, &body, &error), &error,
             "body");
        must(sy_json_string(body, "Name", false, name, sizeof name, &error), &error, "Name");
        if (name[0])
            sy_buffer_printf(w->trace, " %s", name);
        if (name[0] && !strstr(name, "/steelyard/") &&
            sy_json_string(body, "Value", false, value, sizeof value, &error) == 0 && value[0])
            sy_buffer_printf(w->trace, " = %s", value);
    }
    sy_buffer_puts(w->trace, "\n");
}

static int64_t tracing_now(struct sy_io *io) {
    return sy_io_now(of(io)->io);
}

static uint64_t tracing_submit(struct sy_io *io, const struct sy_http_request *request,
                               sy_http_done *done, void *ctx) {
    struct sim_world *w = of(io);
    if (w->trace)
        trace_call(w, request);
    return w->io->ops->submit(w->io, request, done, ctx);
}

static void tracing_cancel(struct sy_io *io, uint64_t handle) {
    of(io)->io->ops->cancel(of(io)->io, handle);
}

static void tracing_wait(struct sy_io *io, int64_t until_ms) {
    of(io)->steps++;
    of(io)->io->ops->wait(of(io)->io, until_ms);
}

static void tracing_wake(struct sy_io *io) {
    of(io)->io->ops->wake(of(io)->io);
}

static const struct sy_io_ops tracing_ops = {.now_ms = tracing_now,
                                             .submit = tracing_submit,
                                             .cancel = tracing_cancel,
                                             .wait = tracing_wait,
                                             .wake = tracing_wake};

void sim_world_init(struct sim_world *w, const struct sim_case *c, struct sy_buffer *trace) {
    struct sy_error error = {0};
    *w = (struct sim_world){.tracing = {.ops = &tracing_ops}, .trace = trace};
    must(sy_world_create(c->world, strlen(c->world), SIM_START_MS, &w->world, &error), &error,
         "world");
    w->io = sy_world_io_create(w->world);
}

void sim_world_finish(struct sim_world *w) {
    sy_world_io_destroy(w->io);
    sy_world_destroy(w->world);
}

/* ---- the engine ---- */

static struct sy_aws *create_client(struct sy_io *io, struct sy_timers *timers) {
    struct sy_error error = {0};
    struct sy_aws *aws = NULL;
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    must(sy_aws_create(&(struct sy_aws_options){.io = io,
                                                .timers = timers,
                                                .region = "us-east-1",
                                                .endpoint = "http://world.test",
                                                .seed = 1},
                       &aws, &error),
         &error, "aws");
    return aws;
}

void sim_engine_init(struct sim_engine *e, struct sim_world *w, const char *owner) {
    *e = (struct sim_engine){.w = w};
    e->aws = create_client(&w->tracing, &e->timers);
    e->target = sy_lambda_create(e->aws);
    e->store = sy_ssm_create(e->aws, &w->tracing, &e->timers, NULL);
    e->source = sy_cloudwatch_create(e->aws, &w->tracing, &e->timers);
    e->engine = sy_engine_create(&(struct sy_engine_options){.io = &w->tracing,
                                                             .timers = &e->timers,
                                                             .target = e->target,
                                                             .store = e->store,
                                                             .source = e->source,
                                                             .owner = owner,
                                                             .seed = 7});
}

void sim_engine_kill(struct sim_engine *e) {
    struct sy_watch *watch = e->watch;
    sy_engine_destroy(e->engine);
    if (watch)
        sy_watch_close(watch); /* its drive is gone: nothing is interrupted */
    e->source->ops->destroy(e->source);
    e->store->ops->destroy(e->store);
    e->target->ops->destroy(e->target);
    sy_aws_destroy(e->aws);
    sy_timers_finish(&e->timers);
}

static void trace_event(struct sim_engine *e, const struct sy_release_event *event) {
    struct sim_world *w = e->w;
    char from[80];
    char to[80];
    if (!w->trace)
        return;
    trace_time(w);
    sy_buffer_printf(w->trace, "%s", sy_event_word(event->kind));
    if (event->stage > event->n_stages && event->kind != SY_EVENT_FINISHED)
        sy_buffer_puts(w->trace, " [100%]");
    else if (event->stage && event->kind != SY_EVENT_FINISHED)
        sy_buffer_printf(w->trace, " [%u/%u]", event->stage, event->n_stages);
    if (event->kind == SY_EVENT_ALIAS_MOVED)
        sy_buffer_printf(w->trace, " %s => %s in %d ms", sy_routing_format(&event->from, from),
                         sy_routing_format(&event->to, to), (int)event->duration_ms);
    if (event->decision != SY_DECISION_NONE)
        sy_buffer_printf(w->trace, " %s", sy_decision_word(event->decision));
    if (event->kind == SY_EVENT_FINISHED)
        sy_buffer_printf(w->trace, " %s", sy_outcome_word(event->outcome));
    if (event->text[0])
        sy_buffer_printf(w->trace, ": %s", event->text);
    sy_buffer_puts(w->trace, "\n");
}

static void ready(void *ctx) {
    struct sim_engine *e = ctx;
    const struct sy_release_event *event = NULL;
    int got = 0;
    while (e->watch && (got = sy_watch_next(e->watch, &event, &e->error)) > 0) {
        if (event->kind == SY_EVENT_FINISHED)
            e->outcome = event->outcome;
        trace_event(e, event);
    }
    if (got < 0)
        e->over = true;
    if (got < 0 && e->error.code != SY_OK && e->w->trace)
        sy_buffer_printf(e->w->trace, "error %s %s: %s\n", sy_code_name(e->error.code),
                         e->error.reason, e->error.message);
}

static void on_status(void *ctx, const struct sy_facts *facts, const struct sy_error *error) {
    struct sim_engine *e = ctx;
    char routing[80];
    e->over = true;
    if (error)
        e->error = *error;
    else if (e->w->trace)
        sy_buffer_printf(e->w->trace, "status: %s, %s %s\n",
                         sy_routing_format(&facts->routing, routing),
                         facts->has_record ? sy_phase_word(facts->record.phase) : "no record",
                         sy_outcome_word(facts->record.outcome));
}

static void on_plan(void *ctx, const struct sy_plan *plan, const struct sy_error *error) {
    static const char *const kinds[] = {"release", "first", "unchanged", "resume"};
    struct sim_engine *e = ctx;
    e->over = true;
    if (error)
        e->error = *error;
    if (error || !e->w->trace)
        return;
    sy_buffer_printf(e->w->trace, "plan: %s, baseline %s, last known good %s\n", kinds[plan->kind],
                     plan->baseline, plan->last_known_good);
    for (uint32_t i = 0; i < plan->spec.n_stages; i++)
        sy_buffer_printf(e->w->trace, "  stage %u expects %lld\n", i + 1,
                         (long long)plan->expected[i]);
    for (uint32_t i = 0; i < plan->n_warnings; i++)
        sy_buffer_printf(e->w->trace, "  warning: %s\n", plan->warnings[i]);
}

static void on_control(void *ctx, const struct sy_control_answer *answer,
                       const struct sy_error *error) {
    struct sim_engine *e = ctx;
    e->over = true;
    if (error)
        e->error = *error;
    if (e->w->trace && error)
        sy_buffer_printf(e->w->trace, "control refused %s: %s\n", error->reason, error->message);
    else if (e->w->trace)
        sy_buffer_printf(e->w->trace, "control: %s%s\n", answer->taken ? "taken" : "written down",
                         answer->undriven ? ", nobody drives" : "");
}

static void on_verified(void *ctx, const struct sy_verified *verified,
                        const struct sy_error *error) {
    struct sim_engine *e = ctx;
    e->over = true;
    if (error)
        e->error = *error;
    else if (e->w->trace)
        sy_buffer_printf(e->w->trace, "verified: %s beside %s is %s: %s\n", verified->version,
                         verified->baseline, sy_decision_word(verified->judgement.decision),
                         verified->text);
}

static void on_history(void *ctx, const struct sy_stored_version *versions, size_t n,
                       const struct sy_error *error) {
    struct sim_engine *e = ctx;
    e->over = true;
    if (error)
        e->error = *error;
    for (size_t i = 0; i < n && e->w->trace; i++)
        sy_buffer_printf(e->w->trace, "  record %s stage %u %s\n",
                         sy_phase_word(versions[i].record.phase), versions[i].record.stage,
                         sy_outcome_word(versions[i].record.outcome));
}

static void on_waited(void *ctx) {
    struct sim_engine *e = ctx;
    e->over = true;
}

static struct sy_watch *ask_back(struct sim_engine *e, enum sim_verb verb) {
    struct sy_rollback rollback = by_hand;
    rollback.running_only = verb == SIM_ABORT;
    if (verb == SIM_GRADUAL) {
        rollback.n_steps = 2;
        rollback.steps[0] = (struct sy_stage){2500, SY_MINUTE_MS};
        rollback.steps[1] = (struct sy_stage){500, SY_MINUTE_MS};
    }
    return sy_engine_rollback(e->engine, &rollback, ready, e);
}

static struct sy_watch *ask_resume(struct sim_engine *e, const struct sim_request *request) {
    struct sy_resume resume = {.function = "checkout",
                               .alias = "production",
                               .wait = request->spec.wait,
                               .on_interrupt = SY_INTERRUPT_COUNT,
                               .settle = request->verb == SIM_SETTLE,
                               .promote = request->verb == SIM_PROMOTE};
    return sy_engine_resume(e->engine, &resume, ready, e);
}

static void ask_control(struct sim_engine *e, enum sim_verb verb) {
    enum sy_control control = verb == SIM_PAUSE        ? SY_CONTROL_PAUSE
                              : verb == SIM_SAY_RESUME ? SY_CONTROL_RESUME
                                                       : SY_CONTROL_PROMOTE;
    sy_engine_control(e->engine, function_name, alias_name, control, "by hand", on_control, e);
}

static void ask_verify(struct sim_engine *e) {
    struct sy_verify verify = {.function = "checkout",
                               .alias = "production",
                               .window_ms = -1,
                               .min_invocations = -1,
                               .period_ms = -1,
                               .threshold_bp = -1};
    sy_engine_verify(e->engine, &verify, on_verified, e);
}

void sim_ask(struct sim_engine *e, const struct sim_request *request) {
    const struct sy_spec *spec = &request->spec;
    if (e->watch)
        sy_watch_close(e->watch);
    e->watch = NULL;
    e->over = false;
    e->error = (struct sy_error){0};
    switch (request->verb) {
    case SIM_ROLLBACK:
    case SIM_GRADUAL:
    case SIM_ABORT:
        e->watch = ask_back(e, request->verb);
        break;
    case SIM_RESUME:
    case SIM_SETTLE:
    case SIM_PROMOTE:
        e->watch = ask_resume(e, request);
        break;
    case SIM_FOLLOW:
        e->watch = sy_engine_follow(e->engine, function_name, alias_name, ready, e);
        break;
    case SIM_PAUSE:
    case SIM_SAY_RESUME:
    case SIM_SAY_PROMOTE:
        ask_control(e, request->verb);
        break;
    case SIM_VERIFY:
        ask_verify(e);
        break;
    case SIM_HISTORY:
        sy_engine_history(e->engine, function_name, alias_name, on_history, e);
        break;
    case SIM_STATUS:
        sy_engine_status(e->engine, spec->function, spec->alias, true, on_status, e);
        break;
    case SIM_PLAN:
        sy_engine_plan(e->engine, spec, on_plan, e);
        break;
    case SIM_WAIT:
        sy_timers_set(&e->timers, &e->timer, sy_io_now(e->w->io) + request->wait_ms, on_waited, e);
        break;
    default:
        e->watch = sy_engine_apply(e->engine, spec, request->fingerprint, ready, e);
        break;
    }
    ready(e);
}

static void told(void *ctx, const struct sy_control_answer *answer, const struct sy_error *error) {
    (void)answer;
    (void)error;
    (void)ctx;
}

/* What a person says to this very engine while it drives: pause, resume or promote. */
static bool said(struct sim_engine *e, const char *what) {
    for (int i = SY_CONTROL_NONE + 1; i < SY_CONTROL_COUNT; i++)
        if (strcmp(what, sy_control_word((enum sy_control)i)) == 0) {
            sy_engine_control(e->engine, function_name, alias_name, (enum sy_control)i, "by hand",
                              told, NULL);
            return true;
        }
    return false;
}

static void act(struct sim_engine *e, const struct sim_action *action) {
    struct sy_error error = {0};
    struct sim_world *w = e->w;
    if (w->trace) {
        trace_time(w);
        sy_buffer_printf(w->trace, "  !! %s %s\n", action->what, action->act ? action->act : "");
    }
    if (said(e, action->what))
        return;
    if (strcmp(action->what, "interrupt") == 0)
        sy_watch_interrupt(e->watch);
    else if (strcmp(action->what, "rollback") == 0)
        sy_watch_close(sy_engine_rollback(e->engine, &by_hand, NULL, NULL));
    else
        must(sy_world_act(w->world, sy_io_now(w->io), action->act, &error), &error, "act");
}

uint64_t sim_run(struct sim_engine *e, const struct sim_case *c, uint64_t max_turns) {
    uint64_t turns = 0;
    struct sim_world *w = e->w;
    while (!e->over && turns < max_turns) {
        int64_t until = INT64_MAX;
        if (w->next_action < c->n_actions)
            until = SIM_START_MS + c->actions[w->next_action].at_ms;
        if (sy_io_now(w->io) >= until) {
            act(e, &c->actions[w->next_action++]);
            continue;
        }
        sy_engine_turn(e->engine, until);
        turns++;
    }
    return turns;
}

/* ---- what is left ---- */

struct answer {
    bool done;
    struct json_object *json; /* NULL: refused */
};

static void on_answer(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct answer *answer = ctx;
    struct sy_error why = {0};
    answer->done = true;
    if (!error)
        must(sy_json_parse("answer", reply->body, reply->body_len, &answer->json, &why), &why,
             "answer");
    else if (error->code != SY_NOT_FOUND && error->code != SY_INVALID_ARGUMENT)
        fail_msg("%s", error->message);
}

/* A call of the test's own, past engine and trace. */
static struct json_object *call(struct sim_world *w, const struct sy_aws_call *what) {
    struct sy_timers timers = {0};
    struct answer answer = {0};
    struct sy_aws *aws = create_client(w->io, &timers);
    sy_aws_send(aws, what, on_answer, &answer);
    while (!answer.done) {
        w->io->ops->wait(w->io, sy_timers_next(&timers));
        while (sy_timers_fire_one(&timers, sy_io_now(w->io)))
            continue;
    }
    sy_aws_destroy(aws);
    sy_timers_finish(&timers);
    return answer.json;
}

static void describe_alias(struct sim_world *w, struct sy_buffer *out) {
    SY_AUTO_JSON struct json_object *alias =
        call(w, &(struct sy_aws_call){.service = SY_AWS_LAMBDA,
                                      .operation = "GetAlias",
                                      .method = "GET",
                                      .path = "/2015-03-31/functions/checkout/aliases/production"});
    if (!alias) {
        sy_buffer_puts(out, "alias: none\n");
        return;
    }
    struct json_object *routing = NULL;
    struct json_object *version = NULL;
    (void)json_object_object_get_ex(alias, "FunctionVersion", &version);
    (void)json_object_object_get_ex(alias, "RoutingConfig", &routing);
    sy_buffer_printf(out, "alias: %s %s\n", json_object_get_string(version),
                     routing ? json_object_get_string(routing) : "whole");
}

static void describe_record(const char *text, struct sy_buffer *out) {
    struct sy_error error = {0};
    SY_AUTO_JSON struct json_object *record = NULL;
    static const char *const keys[] = {"phase", "outcome", "baseline"};
    sy_buffer_puts(out, "record:");
    if (sy_json_parse("record", text, strlen(text), &record, &error)) {
        sy_buffer_printf(out, " %s\n", text); /* nonsense that a case put there */
        return;
    }
    for (size_t i = 0; i < SY_COUNT(keys); i++) {
        struct json_object *value = NULL;
        if (json_object_object_get_ex(record, keys[i], &value))
            sy_buffer_printf(out, " %s=%s", keys[i], json_object_get_string(value));
    }
    sy_buffer_puts(out, "\n");
}

void sim_describe(struct sim_world *w, struct sy_buffer *out) {
    static const char *const names[] = {"current-version", "previous-version",
                                        "last-known-good-version", "mirror-alias",
                                        "steelyard/production"};
    describe_alias(w, out);
    for (size_t i = 0; i < SY_COUNT(names); i++) {
        SY_AUTO_FREE char *body = sy_asprintf("{\"Name\":\"/lambda/checkout/%s\"}", names[i]);
        SY_AUTO_JSON struct json_object *answer =
            call(w, &(struct sy_aws_call){
                        .service = SY_AWS_SSM, .operation = "GetParameter", .body = body});
        struct json_object *parameter = NULL;
        struct json_object *value = NULL;
        if (!answer)
            continue;
        (void)json_object_object_get_ex(answer, "Parameter", &parameter);
        (void)json_object_object_get_ex(parameter, "Value", &value);
        if (i == 4)
            describe_record(json_object_get_string(value), out);
        else
            sy_buffer_printf(out, "%s: %s\n", names[i], json_object_get_string(value));
    }
}
