/* steelyard traffic: invokes an alias at a steady rate and counts which version answered. For a
 * function that nobody calls: a drill, a new alias. It is not a load generator: what cannot be sent
 * in time, because too many invocations are under way, is left out and counted. */
#include "cli/cli.h"

#include "aws/client.h"
#include "aws/curl_io.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "target/lambda.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum {
    IN_FLIGHT_MAX = 16, /* as many as there are connections to one host: none waits for one */
    VERSIONS_MAX = 16,
    TELL_EVERY_MS = 1000,
    LOOK_EVERY_MS = 100, /* for a signal */
    DRAIN_MS = 15000,    /* at the end, for what is under way */
};

/* What one version answered. */
struct version {
    char version[SY_VERSION_MAX + 1]; /* "": Lambda did not say */
    int64_t invocations;
    int64_t errors;   /* of the function */
    int64_t first_ms; /* when the first of them was sent */
};

struct count {
    int64_t sent;
    int64_t unanswered; /* refused, throttled, or lost */
    int64_t left_out;   /* too many were under way */
    struct version versions[VERSIONS_MAX];
    size_t n_versions;
};

struct traffic;
struct invocation {
    struct traffic *traffic; /* NULL: a free place */
    int64_t sent_ms;
};

struct traffic {
    const struct sy_cli *cli;
    struct sy_io *io;
    struct sy_timers timers;
    struct sy_aws *aws;
    struct sy_lambda *lambda;
    int64_t began_ms;
    int64_t until_ms;
    int64_t told_ms;
    int64_t due; /* invocations that the rate has asked for so far */
    int n_in_flight;
    struct invocation in_flight[IN_FLIGHT_MAX];
    struct count second; /* since it was told last */
    struct count all;
    struct sy_error error; /* of the last one that was not answered */
    bool unread;           /* nobody reads what is told */
};

static void add(struct count *count, const char *version, bool failed, int64_t sent_ms) {
    size_t i = 0;
    while (i < count->n_versions && strcmp(count->versions[i].version, version) != 0)
        i++;
    if (i == VERSIONS_MAX)
        return;
    struct version *v = &count->versions[i];
    if (i == count->n_versions) {
        count->n_versions++;
        *v = (struct version){.first_ms = sent_ms};
        (void)snprintf(v->version, sizeof v->version, "%s", version);
    }
    v->invocations++;
    v->errors += failed;
    if (sent_ms < v->first_ms)
        v->first_ms = sent_ms;
}

static void on_invoked(void *ctx, const struct sy_invoked *invoked, const struct sy_error *error) {
    struct invocation *invocation = ctx;
    struct traffic *t = SY_STEAL(invocation->traffic);
    t->n_in_flight--;
    if (error) {
        t->error = *error;
        t->second.unanswered++;
        t->all.unanswered++;
        return;
    }
    bool failed = invoked->function_error[0];
    add(&t->second, invoked->executed_version, failed, invocation->sent_ms);
    add(&t->all, invoked->executed_version, failed, invocation->sent_ms);
}

static void send_one(struct traffic *t, int64_t now_ms) {
    struct invocation *invocation = t->in_flight;
    if (t->n_in_flight == IN_FLIGHT_MAX) {
        t->second.left_out++;
        t->all.left_out++;
        return;
    }
    while (invocation->traffic)
        invocation++;
    *invocation = (struct invocation){.traffic = t, .sent_ms = now_ms};
    t->n_in_flight++;
    t->second.sent++;
    t->all.sent++;
    sy_lambda_invoke(t->lambda, t->cli->spec.function, t->cli->spec.alias, t->cli->payload,
                     on_invoked, invocation);
}

/* Unix time of the invocation that is due next. */
static int64_t next_ms(const struct traffic *t) {
    return t->began_ms + t->due * SY_MINUTE_MS / t->cli->rate_per_minute;
}

/* ---- what is told ---- */

static void add_count(struct json_object *o, const struct count *count) {
    struct json_object *versions = json_object_new_array();
    json_object_object_add(o, "sent", json_object_new_int64(count->sent));
    json_object_object_add(o, "unanswered", json_object_new_int64(count->unanswered));
    json_object_object_add(o, "left_out", json_object_new_int64(count->left_out));
    for (size_t i = 0; i < count->n_versions; i++) {
        const struct version *version = &count->versions[i];
        struct json_object *v = json_object_new_object();
        json_object_object_add(v, "version", json_object_new_string(version->version));
        json_object_object_add(v, "invocations", json_object_new_int64(version->invocations));
        json_object_object_add(v, "errors", json_object_new_int64(version->errors));
        json_object_object_add(v, "first_unix_ms", json_object_new_int64(version->first_ms));
        json_object_array_add(versions, v);
    }
    json_object_object_add(o, "versions", versions);
}

static void tell_json(const struct traffic *t, const char *event, const struct count *count,
                      int64_t now_ms) {
    SY_AUTO_JSON struct json_object *o = json_object_new_object();
    json_object_object_add(o, "event", json_object_new_string(event));
    json_object_object_add(o, "at_unix_ms", json_object_new_int64(now_ms));
    add_count(o, count);
    if (count->unanswered) {
        json_object_object_add(o, "error", json_object_new_string(sy_code_name(t->error.code)));
        json_object_object_add(o, "message", json_object_new_string(t->error.message));
    }
    sy_cli_put_line(sy_json_write(o));
}

static void tell_text(const struct traffic *t, const char *head, const struct count *count) {
    const char *between = ": ";
    (void)printf("%s %lld sent", head, (long long)count->sent);
    for (size_t i = 0; i < count->n_versions; i++, between = ", ") {
        const struct version *version = &count->versions[i];
        (void)printf("%sversion %s %lld", between,
                     version->version[0] ? version->version : "unknown",
                     (long long)version->invocations);
        if (version->errors)
            (void)printf(" (%lld failed)", (long long)version->errors);
    }
    if (count->left_out)
        (void)printf("; %lld left out: %d are under way", (long long)count->left_out,
                     IN_FLIGHT_MAX);
    if (count->unanswered)
        (void)printf("; %lld not answered: %s", (long long)count->unanswered, t->error.message);
    (void)printf("\n");
}

/* Whoever started this and is gone does not read any more: then it ends, too. */
static void tell_second(struct traffic *t, int64_t now_ms) {
    char at[24];
    if (t->cli->output == SY_FORMAT_JSON)
        tell_json(t, "traffic", &t->second, now_ms);
    else
        tell_text(t, sy_time_format(now_ms, at), &t->second);
    t->unread = fflush(stdout) != 0;
    t->second = (struct count){0};
    t->told_ms = now_ms;
}

static void tell_end(struct traffic *t) {
    if (t->cli->output == SY_FORMAT_JSON)
        tell_json(t, "ended", &t->all, sy_io_now(t->io));
    else
        tell_text(t, "in all:", &t->all);
    (void)fflush(stdout);
}

/* ---- the loop ---- */

static void turn(struct traffic *t, int64_t until_ms) {
    int64_t now_ms = sy_io_now(t->io);
    while (sy_timers_fire_one(&t->timers, now_ms))
        ;
    int64_t timer_ms = sy_timers_next(&t->timers);
    int64_t look_ms = now_ms + LOOK_EVERY_MS;
    int64_t next = timer_ms < until_ms ? timer_ms : until_ms;
    t->io->ops->wait(t->io, next < look_ms ? next : look_ms);
}

/* Nothing was ever answered, and trying on would not change that. */
static bool is_hopeless(const struct traffic *t) {
    enum sy_code code = t->error.code;
    return t->all.unanswered && !t->all.n_versions && code != SY_UNAVAILABLE &&
           code != SY_RESOURCE_EXHAUSTED && code != SY_DEADLINE_EXCEEDED;
}

static void send_on(struct traffic *t) {
    for (;;) {
        int64_t now_ms = sy_io_now(t->io);
        if (sy_cli_signal || t->unread || now_ms >= t->until_ms || is_hopeless(t))
            return;
        for (; next_ms(t) <= now_ms; t->due++)
            send_one(t, now_ms);
        if (now_ms >= t->told_ms + TELL_EVERY_MS)
            tell_second(t, now_ms);
        int64_t tell_ms = t->told_ms + TELL_EVERY_MS;
        turn(t, next_ms(t) < tell_ms ? next_ms(t) : tell_ms);
    }
}

static void drain(struct traffic *t) {
    int64_t until_ms = sy_io_now(t->io) + DRAIN_MS;
    while (t->n_in_flight && !t->unread && sy_io_now(t->io) < until_ms)
        turn(t, until_ms);
}

static int start(struct traffic *t, struct sy_error *error) {
    const struct sy_cli *cli = t->cli;
    if (sy_curl_io_create(&t->io, error) ||
        sy_aws_create(&(struct sy_aws_options){.io = t->io,
                                               .timers = &t->timers,
                                               .region = cli->region,
                                               .endpoint = cli->endpoint,
                                               .profile = cli->profile,
                                               .seed = (uint64_t)sy_time_now()},
                      &t->aws, error))
        return -1;
    t->lambda = sy_lambda_open(t->aws);
    t->began_ms = t->told_ms = sy_io_now(t->io);
    t->until_ms = cli->for_ms ? t->began_ms + cli->for_ms : INT64_MAX;
    return 0;
}

static void finish(struct traffic *t) {
    sy_lambda_close(t->lambda);
    sy_aws_destroy(t->aws);
    if (t->io)
        sy_curl_io_destroy(t->io);
    sy_timers_finish(&t->timers);
}

int sy_cli_traffic(const struct sy_cli *cli) {
    struct traffic t = {.cli = cli};
    struct sy_error error = {0};
    int code = SY_EXIT_OK;
    sy_cli_catch_signals();
    if (start(&t, &error)) {
        code = sy_cli_error(cli, &error);
    } else {
        send_on(&t);
        drain(&t);
        if (!t.all.n_versions && t.all.unanswered)
            code = sy_cli_error(cli, &t.error);
        else
            tell_end(&t);
    }
    finish(&t);
    return code;
}
