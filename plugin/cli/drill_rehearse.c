/* The rehearsals: each a short script of what an operator, or a machine, does to a release. */
#include "cli/drill.h"

#include "base/text.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 100, COMMAND_MS = 600000, LEAVE_MS = 120000, TRAFFIC_MS = 30000 };

/* One that is under way. */
struct rehearsal {
    const struct sy_drill_setting *setting;
    enum sy_rehearsal_kind kind;
    struct sy_rehearsal *told;
    char function[SY_FUNCTION_MAX + 1];
    int64_t until_ms; /* it takes too long from here on */
    char outcome[24]; /* of the release */
    char text[SY_REASON_MAX + 56];
    char last[24]; /* the event that was heard last */
    bool unhealthy_in_stage;
    int64_t bad_from_ms; /* the bad version got traffic */
    int64_t back_ms;     /* and does not any more */
    int32_t share_bp;    /* of the bad version, after the last move */
    int falls;           /* moves down that left it some */
    bool rose;           /* it got more, after it got less */
};

static bool is_stopped(const struct rehearsal *r) {
    return atomic_load(r->setting->stop);
}

static const struct sy_spec *spec_of(const struct rehearsal *r) {
    return &r->setting->cli->spec;
}

static void release_words(struct sy_words *words, const struct rehearsal *r, const char *version,
                          const char *stages, const char *threshold) {
    const struct sy_spec *spec = spec_of(r);
    char percent[16];
    sy_words_begin(words, r->setting, r->function, "apply");
    sy_word_pair(words, "--version", version);
    sy_word_pair(words, "--stages", stages);
    sy_word_flag(words, "--threshold", "%s",
                 threshold ? threshold : sy_percent_format(spec->threshold_bp, percent));
    sy_word_flag(words, "--min-invocations", "%lld", (long long)spec->min_invocations);
    sy_word_flag(words, "--window", "%lldms", (long long)spec->window_ms);
    sy_word_flag(words, "--period", "%lldms", (long long)spec->period_ms);
    sy_word_flag(words, "--poll", "%lldms", (long long)spec->poll_ms);
    sy_word_flag(words, "--lock-in", "%lldms", (long long)spec->lock_in_ms);
}

/* ---- what is heard ---- */

static void hear_move(struct rehearsal *r, const struct sy_run_event *event) {
    const struct sy_drill *drill = r->setting->drill;
    int32_t share = sy_routing_share(&event->to, drill->bad);
    if (share > r->share_bp && r->falls)
        r->rose = true;
    if (share && share < r->share_bp)
        r->falls++;
    r->share_bp = share;
    if (share && !r->bad_from_ms)
        r->bad_from_ms = event->at_ms;
    if (share || !r->bad_from_ms || r->back_ms)
        return;
    r->back_ms = event->at_ms;
    r->told->switch_ms = event->duration_ms;
}

static void hear_error(struct rehearsal *r, const struct sy_error *error) {
    if (r->told->error.code == SY_OK)
        r->told->error = *error;
}

/* A warning is no failure by itself, but may say why there was one. */
static void hear_warning(struct rehearsal *r, const char *text) {
    struct sy_error *error = &r->told->error;
    if (error->code == SY_OK)
        (void)snprintf(error->message, sizeof error->message, "%s", text);
}

static void hear(struct rehearsal *r, const struct sy_run_event *event) {
    struct sy_counts *judged = &r->told->judged;
    (void)snprintf(r->last, sizeof r->last, "%s", event->name);
    if (event->error.code != SY_OK)
        hear_error(r, &event->error);
    else if (event->warning)
        hear_warning(r, event->text);
    if (event->canary.invocations > judged->invocations)
        *judged = event->canary;
    if (strcmp(event->name, "alias_moved") == 0)
        hear_move(r, event);
    if (strcmp(event->name, "rollback_started") == 0 && r->share_bp < 10000)
        r->unhealthy_in_stage = true;
    if (strcmp(event->name, "finished") != 0)
        return;
    (void)snprintf(r->outcome, sizeof r->outcome, "%s", event->outcome);
    (void)snprintf(r->text, sizeof r->text, "%s", event->text);
}

/* Hear the run until it says that, NULL: to its end. False: it ended before, it takes too long, or
 * the drill is stopped. */
static bool follow(struct rehearsal *r, struct sy_run *run, const char *until) {
    struct sy_run_event event;
    while (!is_stopped(r)) {
        int got = sy_run_event(run, LOOK_MS, &event);
        if (got < 0)
            return !until;
        if (got > 0)
            hear(r, &event);
        if (got > 0 && until && strcmp(event.name, until) == 0)
            return true;
        if (sy_time_now() > r->until_ms) {
            struct sy_error error = {0};
            (void)sy_fail(&error, SY_DEADLINE_EXCEEDED, "it took too long; the last event was %s",
                          r->last[0] ? r->last : "none");
            hear_error(r, &error);
            return false;
        }
    }
    return false;
}

/* Whatever it was doing: tell it to stop, so that it takes back what is split, and wait. */
static int leave(struct rehearsal *r, struct sy_run *run) {
    int64_t until_ms = sy_time_now() + LEAVE_MS;
    struct sy_run_event event;
    if (run->pid)
        (void)kill(run->pid, SIGTERM);
    for (int got = 0; got >= 0 && sy_time_now() < until_ms;) {
        got = sy_run_event(run, LOOK_MS, &event);
        if (got > 0)
            hear(r, &event);
    }
    return sy_run_finish(run, LEAVE_MS);
}

static int end(struct rehearsal *r, struct sy_run *run) {
    return follow(r, run, NULL) ? sy_run_finish(run, LEAVE_MS) : leave(r, run);
}

/* ---- what is done ---- */

static bool start(struct rehearsal *r, const struct sy_words *words, struct sy_run *ret) {
    struct sy_error error = {0};
    if (sy_run_start(ret, words->list, r->setting->environment, &error) == 0)
        return true;
    hear_error(r, &error);
    return false;
}

/* A person's word; its exit code. */
static int say(struct rehearsal *r, const char *verb, const char *name, const char *value) {
    struct sy_words words;
    struct sy_run run;
    sy_words_begin(&words, r->setting, r->function, verb);
    if (name)
        sy_word(&words, name);
    if (value)
        sy_word(&words, value);
    return start(r, &words, &run) ? end(r, &run) : -1;
}

/* Release the version, and hear it to its end. */
static int release(struct rehearsal *r, const char *version, const char *stages,
                   const char *threshold, bool to_the_end) {
    struct sy_words words;
    struct sy_run run;
    release_words(&words, r, version, stages, threshold);
    sy_word(&words, "--retry");
    if (to_the_end)
        sy_word_pair(&words, "--wait", "lock-in");
    return start(r, &words, &run) ? end(r, &run) : -1;
}

/* Nothing is above it: who rehearses what a person does wants the judgement out of the way. */
static const char unjudged[] = "100%";

static bool promote_bad(struct rehearsal *r) {
    return release(r, r->setting->drill->bad, "instant", unjudged, false) == 0;
}

/* Until the bad version has had traffic: seen by telemetry in the sandbox, where that takes a
 * second, and elsewhere by who sends it. */
static bool wait_for_traffic(struct rehearsal *r, struct sy_run *run) {
    struct sy_drill_traffic *traffic = r->setting->traffic;
    int64_t until_ms = sy_time_now() + TRAFFIC_MS;
    while (r->setting->drill->in_sandbox && !r->told->judged.invocations)
        if (!follow(r, run, "observed"))
            return false;
    while (traffic && !atomic_load(&traffic->first_ms) && sy_time_now() < until_ms) {
        if (is_stopped(r))
            return false;
        (void)poll(NULL, 0, LOOK_MS);
    }
    return true;
}

/* A release of the bad version, in the middle of a stage that is long enough for anything. */
static bool in_mid_stage(struct rehearsal *r, struct sy_run *ret) {
    const struct sy_spec *spec = spec_of(r);
    char stages[32];
    char weight[16];
    struct sy_words words;
    int32_t weight_bp = spec->n_stages ? spec->stages[0].weight_bp : 1000;
    (void)snprintf(stages, sizeof stages, "%s/15m", sy_percent_format(weight_bp, weight));
    release_words(&words, r, r->setting->drill->bad, stages, unjudged);
    sy_word(&words, "--retry");
    if (!start(r, &words, ret))
        return false;
    if (follow(r, ret, "stage_started") && wait_for_traffic(r, ret))
        return true;
    (void)leave(r, ret);
    return false;
}

/* ---- what came of it ---- */

/* It passed if all was good and the alias is on that version alone. */
static void judge(struct rehearsal *r, bool good, const char *version) {
    struct sy_rehearsal *told = r->told;
    struct sy_routing routing = {0};
    struct sy_error error = {0};
    bool closed = false;
    char shown[80];
    if (is_stopped(r))
        return;
    bool known = sy_drill_look(r->setting, r->function, &routing, &closed, &error) == 0;
    if (!known)
        hear_error(r, &error);
    good = good && known && sy_drill_is_alone(&routing, version);
    told->result = good ? SY_REHEARSAL_PASSED : SY_REHEARSAL_FAILED;
    const char *why = good ? "" : r->text[0] ? r->text : told->error.message;
    (void)snprintf(told->happened, sizeof told->happened, "%s%s%s",
                   r->outcome[0] ? r->outcome : (good ? "as expected" : "no release ended"),
                   why[0] ? ": " : "", why);
    if (known && !sy_drill_is_alone(&routing, version)) {
        size_t n = strlen(told->happened);
        (void)snprintf(told->happened + n, sizeof told->happened - n, "; the alias is on %s",
                       sy_routing_format(&routing, shown));
    }
    if (!good && !told->error.message[0])
        (void)snprintf(told->error.message, sizeof told->error.message, "%s", told->happened);
}

static bool ended(const struct rehearsal *r, const char *outcome) {
    return strcmp(r->outcome, outcome) == 0;
}

/* ---- the scripts ---- */

/* There is one healthy version, so the failing one is put into its place first: the release is that
 * of a repair. */
static void healthy(struct rehearsal *r) {
    char stages[256];
    const struct sy_drill *drill = r->setting->drill;
    bool ready = promote_bad(r);
    r->told->judged = (struct sy_counts){0};
    r->outcome[0] = r->text[0] = '\0';
    if (ready)
        (void)release(r, drill->good, sy_stages_format(spec_of(r), stages), NULL, false);
    judge(r, ended(r, "PROMOTED"), drill->good);
    r->told->switch_ms = -1; /* there is no way back in it */
    r->bad_from_ms = 0;
}

static void bad_in_stage(struct rehearsal *r) {
    char stages[256];
    const struct sy_drill *drill = r->setting->drill;
    (void)release(r, drill->bad, sy_stages_format(spec_of(r), stages), NULL, false);
    judge(r, ended(r, "ROLLED_BACK") && r->unhealthy_in_stage, drill->good);
}

/* In the sandbox it turns bad when it has long had all traffic; elsewhere it fails from the start,
 * and gets all traffic in one move. */
static void bad_at_full(struct rehearsal *r) {
    char stages[256] = "instant";
    const struct sy_drill *drill = r->setting->drill;
    struct sy_spec first = *spec_of(r);
    first.n_stages = 1;
    if (drill->in_sandbox)
        (void)sy_stages_format(&first, stages);
    (void)release(r, drill->bad, stages, NULL, true);
    if (drill->in_sandbox)
        r->bad_from_ms = r->setting->turns_bad_ms;
    judge(r, ended(r, "ROLLED_BACK") && !r->unhealthy_in_stage, drill->good);
}

static void aborted(struct rehearsal *r) {
    struct sy_run driver;
    bool good = in_mid_stage(r, &driver);
    if (good) {
        good = say(r, "abort", "--reason", "a drill") == 0;
        good &= end(r, &driver) == sy_outcome_exit(SY_OUTCOME_CANCELLED);
    }
    judge(r, good && ended(r, "CANCELLED"), r->setting->drill->good);
}

static void rolled_back(struct rehearsal *r) {
    bool good = promote_bad(r) && say(r, "rollback", "--reason", "a drill") == 0;
    judge(r, good && ended(r, "CANCELLED"), r->setting->drill->good);
}

static void gradual(struct rehearsal *r) {
    const char *steps = r->setting->drill->in_sandbox ? "50%/1s,10%/1s" : "50%/5s,10%/5s";
    bool good = promote_bad(r) && say(r, "rollback", "--gradual", steps) == 0;
    judge(r, good && r->falls == 2 && !r->rose, r->setting->drill->good);
}

static void interrupted(struct rehearsal *r) {
    struct sy_run driver;
    bool good = in_mid_stage(r, &driver) && leave(r, &driver) == 128 + SIGTERM;
    judge(r, good && ended(r, "CANCELLED"), r->setting->drill->good);
}

static void killed(struct rehearsal *r) {
    struct sy_run driver;
    bool good = in_mid_stage(r, &driver);
    if (good) {
        sy_run_kill_with_engine(&driver);
        good = sy_run_finish(&driver, LEAVE_MS) == 128 + SIGKILL;
        good &= say(r, "resume", "--settle", NULL) >= 0;
    }
    judge(r, good && r->back_ms, r->setting->drill->good);
}

static void pause_and_promote(struct rehearsal *r) {
    struct sy_run driver;
    bool good = in_mid_stage(r, &driver);
    if (good) {
        good = say(r, "pause", "--reason", "a drill") == 0 && follow(r, &driver, "paused") &&
               say(r, "promote", "--reason", "a drill") == 0;
        good = good ? end(r, &driver) == 0 : leave(r, &driver) < 0;
    }
    judge(r, good && ended(r, "PROMOTED_UNPROVEN"), r->setting->drill->bad);
}

static void refused_again(struct rehearsal *r) {
    struct sy_words words;
    struct sy_run run;
    const struct sy_drill *drill = r->setting->drill;
    bool good = promote_bad(r) && say(r, "rollback", "--reason", "a drill") == 0;
    release_words(&words, r, drill->bad, "instant", NULL);
    if (good && start(r, &words, &run)) {
        good = end(r, &run) == SY_EXIT_REFUSED &&
               strcmp(r->told->error.reason, "ROLLED_BACK_BEFORE") == 0;
        (void)snprintf(r->outcome, sizeof r->outcome, "%s", good ? "refused" : "not refused");
    }
    judge(r, good, drill->good);
    r->told->switch_ms = -1;
    r->bad_from_ms = 0;
}

static void (*const scripts[])(struct rehearsal *r) = {
    [SY_REHEARSAL_HEALTHY] = healthy,
    [SY_REHEARSAL_BAD_IN_STAGE] = bad_in_stage,
    [SY_REHEARSAL_BAD_AT_FULL] = bad_at_full,
    [SY_REHEARSAL_ABORT] = aborted,
    [SY_REHEARSAL_ROLLBACK] = rolled_back,
    [SY_REHEARSAL_GRADUAL] = gradual,
    [SY_REHEARSAL_INTERRUPT] = interrupted,
    [SY_REHEARSAL_KILLED] = killed,
    [SY_REHEARSAL_PAUSE_PROMOTE] = pause_and_promote,
    [SY_REHEARSAL_REFUSED_AGAIN] = refused_again,
};

/* ---- from outside ---- */

void sy_drill_function(const struct sy_drill_setting *setting, enum sy_rehearsal_kind kind,
                       char buf[SY_FUNCTION_MAX + 1]) {
    if (setting->drill->in_sandbox)
        (void)snprintf(buf, SY_FUNCTION_MAX + 1, "drill-%s", sy_rehearsal_word(kind));
    else
        (void)snprintf(buf, SY_FUNCTION_MAX + 1, "%s", setting->cli->spec.function);
}

/* Twice each stage, since one with thin data is extended once; the lock-in; and what CloudWatch and
 * a slow machine may want. */
static int64_t longest_ms(const struct sy_drill_setting *setting) {
    const struct sy_spec *spec = &setting->cli->spec;
    int64_t ms = spec->lock_in_ms + 4 * spec->window_ms;
    for (uint32_t i = 0; i < spec->n_stages; i++)
        ms += 2 * spec->stages[i].bake_ms;
    return ms + (setting->drill->in_sandbox ? SY_MINUTE_MS : COMMAND_MS);
}

/* What the traffic that was sent says is more exact than what was planned. */
static void tell_numbers(const struct rehearsal *r) {
    struct sy_drill_traffic *traffic = r->setting->traffic;
    struct sy_rehearsal *told = r->told;
    int64_t first_ms = traffic ? atomic_load(&traffic->first_ms) : 0;
    bool had_bad = r->bad_from_ms && r->back_ms;
    if (had_bad)
        told->exposed_ms = r->back_ms - (first_ms ? first_ms : r->bad_from_ms);
    if (had_bad && traffic)
        told->failed_requests = atomic_load(&traffic->errors);
    else if (had_bad && told->judged.invocations) {
        told->failed_requests = told->judged.errors;
        told->failed_at_least = true;
    }
    if (traffic)
        told->answered =
            (struct sy_counts){atomic_load(&traffic->invocations), atomic_load(&traffic->errors)};
}

/* The last second of traffic is told when it is over. */
static void wait_for_count(const struct rehearsal *r) {
    enum { COUNT_MS = 3000 };
    int64_t until_ms = sy_time_now() + COUNT_MS;
    while (r->setting->traffic && atomic_load(&r->setting->traffic->until_ms) <= r->back_ms &&
           sy_time_now() < until_ms && !is_stopped(r))
        (void)poll(NULL, 0, LOOK_MS);
}

void sy_rehearse(const struct sy_drill_setting *setting, enum sy_rehearsal_kind kind,
                 struct sy_rehearsal *ret) {
    int64_t began_ms = sy_time_now();
    struct rehearsal r = {
        .setting = setting, .kind = kind, .told = ret, .until_ms = began_ms + longest_ms(setting)};
    sy_drill_function(setting, kind, r.function);
    scripts[kind](&r);
    ret->took_ms = sy_time_now() - began_ms;
    wait_for_count(&r);
    tell_numbers(&r);
}
