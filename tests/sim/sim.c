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
}

static void read_apply(struct json_object *o, struct sim_case *c) {
    struct sy_error error = {0};
    char stages[256] = "";
    must(sy_json_string(o, "version", true, c->spec.version, sizeof c->spec.version, &error),
         &error, "case");
    must(sy_json_string(o, "stages", false, stages, sizeof stages, &error), &error, "case");
    if (stages[0])
        must(sy_stages_parse(stages, &c->spec, &error), &error, "case");
    must(sy_json_bool(o, "retry", false, &c->spec.retry, &error), &error, "case");
    must(sy_json_string(o, "fingerprint", false, c->fingerprint, sizeof c->fingerprint, &error),
         &error, "case");
    read_duration(o, "window", &c->spec.window_ms);
    read_duration(o, "lock_in", &c->spec.lock_in_ms);
    read_duration(o, "period", &c->spec.period_ms);
    read_duration(o, "poll", &c->spec.poll_ms);
    read_words(o, &c->spec);
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
    struct json_object *apply = NULL;
    struct json_object *actions = NULL;
    SY_AUTO_FREE char *text = read_file(path, &len);
    *ret = (struct sim_case){0};
    sy_spec_init(&ret->spec);
    (void)strcpy(ret->spec.function, function_name);
    (void)strcpy(ret->spec.alias, alias_name);
    must(sy_json_parse(path, text, len, &root, &error), &error, path);
    must(sy_json_child(root, "world", true, json_type_object, &world, &error), &error, path);
    must(sy_json_child(root, "apply", false, json_type_object, &apply, &error), &error, path);
    must(sy_json_child(root, "actions", false, json_type_array, &actions, &error), &error, path);
    ret->world = sy_json_write(world);
    ret->rollback = !apply;
    if (apply)
        read_apply(apply, ret);
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
            const char *weights = strstr(request->body, "AdditionalVersionWeights");
            (void)weights;
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

void sim_engine_init(struct sim_engine *e, struct sim_world *w, const char *owner) {
    struct sy_error error = {0};
    *e = (struct sim_engine){.w = w};
    (void)setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    must(sy_aws_create(&(struct sy_aws_options){.io = &w->tracing,
                                                .timers = &e->timers,
                                                .region = "us-east-1",
                                                .endpoint = "http://world.test",
                                                .seed = 1},
                       &e->aws, &error),
         &error, "aws");
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
    if (event->stage && event->kind != SY_EVENT_FINISHED)
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
}

void sim_request(struct sim_engine *e, const struct sim_case *c) {
    e->over = false;
    if (c->rollback)
        e->watch = sy_engine_rollback(e->engine, c->spec.function, c->spec.alias, "by hand", ready,
                                      e);
    else
        e->watch = sy_engine_apply(e->engine, &c->spec, c->fingerprint, ready, e);
    ready(e);
}

static void act(struct sim_engine *e, const struct sim_action *action) {
    struct sy_error error = {0};
    struct sim_world *w = e->w;
    if (w->trace) {
        trace_time(w);
        sy_buffer_printf(w->trace, "  !! %s %s\n", action->what, action->act ? action->act : "");
    }
    if (strcmp(action->what, "interrupt") == 0)
        sy_watch_interrupt(e->watch);
    else if (strcmp(action->what, "rollback") == 0)
        sy_watch_close(sy_engine_rollback(e->engine, function_name, alias_name, "by hand", NULL,
                                          NULL));
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
    int status;
    struct sy_buffer body;
};

static void on_answer(void *ctx, const struct sy_http_response *response) {
    struct answer *answer = ctx;
    answer->done = true;
    answer->status = response->status;
    sy_buffer_append(&answer->body, response->body, response->body_len);
}

/* A call of the test's own, past engine and trace. */
static struct json_object *call(struct sim_world *w, const char *method, const char *path,
                                const char *target, const char *body) {
    SY_AUTO_FREE char *url = sy_asprintf("http://world.test%s", path);
    struct sy_http_header headers[] = {
        {"Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/x/"
                          "aws4_request, SignedHeaders=host, Signature=0"},
        {"Content-Type", "application/x-amz-json-1.1"},
        {"X-Amz-Target", target}};
    struct sy_http_request request = {.method = method,
                                      .url = url,
                                      .headers = headers,
                                      .n_headers = target ? 3 : 2,
                                      .body = body,
                                      .body_len = body ? strlen(body) : 0};
    struct answer answer = {0};
    struct sy_error error = {0};
    struct json_object *json = NULL;
    (void)w->io->ops->submit(w->io, &request, on_answer, &answer);
    while (!answer.done)
        w->io->ops->wait(w->io, INT64_MAX);
    if (answer.status == 200)
        must(sy_json_parse(path, answer.body.data, answer.body.len, &json, &error), &error, path);
    sy_buffer_finish(&answer.body);
    return json;
}

static void describe_alias(struct sim_world *w, struct sy_buffer *out) {
    SY_AUTO_JSON struct json_object *alias =
        call(w, "GET", "/2015-03-31/functions/checkout/aliases/production", NULL, NULL);
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
    must(sy_json_parse("record", text, strlen(text), &record, &error), &error, "record");
    sy_buffer_puts(out, "record:");
    for (size_t i = 0; i < SY_COUNT(keys); i++) {
        struct json_object *value = NULL;
        if (json_object_object_get_ex(record, keys[i], &value))
            sy_buffer_printf(out, " %s=%s", keys[i], json_object_get_string(value));
    }
    sy_buffer_puts(out, "\n");
}

void sim_describe(struct sim_world *w, const struct sim_case *c, struct sy_buffer *out) {
    static const char *const names[] = {"current-version",  "previous-version",
                                        "last-known-good-version", "mirror-alias",
                                        "steelyard/production",    "steelyard/production/lock"};
    (void)c;
    describe_alias(w, out);
    for (size_t i = 0; i < SY_COUNT(names); i++) {
        SY_AUTO_FREE char *body = sy_asprintf("{\"Name\":\"/lambda/checkout/%s\"}", names[i]);
        SY_AUTO_JSON struct json_object *answer =
            call(w, "POST", "/", "AmazonSSM.GetParameter", body);
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
