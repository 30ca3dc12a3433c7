/* steelyard drill: rehearses a release and each kind of rollback, as an operator would see them,
 * and says what to fix. Without --function in a sandbox of its own, all at once; with one on a
 * function made for it, one after the other.
 *
 * A rehearsal is a thread: a script that waits. This one starts them, shows what they found, reads
 * the traffic, and hears signals. */
#include "cli/drill.h"

#include "cli/ci.h"

#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { DRAW_MS = 200, TRAFFIC_BEGINS_MS = 60000, TRAFFIC_ENDS_MS = 30000 };

/* ---- the command line ---- */

void sy_cli_drill_defaults(struct sy_spec *spec) {
    spec->stages[0] = (struct sy_stage){.weight_bp = 5000, .bake_ms = 3 * SY_MINUTE_MS};
    spec->n_stages = 1;
    spec->window_ms = 3 * SY_MINUTE_MS;
    spec->poll_ms = 15000;
    spec->lock_in_ms = 8 * SY_MINUTE_MS;
}

static bool names_drill(const char *name) {
    return strcasestr(name, "drill") != NULL;
}

static int check_sandbox(const struct sy_cli *cli, struct sy_error *error) {
    const char *flag = cli->spec_flag  ? cli->spec_flag
                       : cli->region   ? "region"
                       : cli->endpoint ? "endpoint-url"
                       : cli->profile  ? "profile"
                                       : NULL;
    return flag ? sy_fail_field(error, flag,
                                "--%s is of a drill on a function: give --function, too, or "
                                "nothing, for a drill in a sandbox",
                                flag)
                : 0;
}

int sy_cli_drill_check(const struct sy_cli *cli, struct sy_error *error) {
    const struct sy_spec *spec = &cli->spec;
    const char *missing = !spec->alias[0]        ? "alias"
                          : !spec->version[0]    ? "version"
                          : !cli->bad_version[0] ? "bad-version"
                                                 : NULL;
    if (!spec->function[0])
        return check_sandbox(cli, error);
    if (missing)
        return sy_fail_field(error, missing,
                             "--%s is missing: a drill needs --function, --alias, "
                             "--version (healthy) and --bad-version (failing)",
                             missing);
    if (sy_spec_check(spec, error) ||
        sy_names_check(spec->function, spec->alias, cli->bad_version, error))
        return -1;
    if (strcmp(spec->version, cli->bad_version) == 0)
        return sy_fail_field(error, "bad-version",
                             "bad-version: it is %s, as --version is; a drill "
                             "needs a healthy version and a failing one",
                             cli->bad_version);
    if (!spec->n_stages)
        return sy_fail_field(error, "stages", "stages: instant has no stage to rehearse in");
    if (spec->threshold_bp == 10000)
        return sy_fail_field(error, "threshold", "threshold: no version can fail more than 100%%");
    if (!names_drill(spec->function) && !names_drill(spec->alias))
        return sy_fail_reason(error, SY_FAILED_PRECONDITION, "NO_DRILL",
                              "neither the function %s nor the alias %s has \"drill\" in its name: "
                              "a drill sends real traffic to a failing version, so it takes only "
                              "what was made for it (docs/drill.md)",
                              spec->function, spec->alias);
    return 0;
}

/* ---- one drill ---- */

struct drilling {
    const struct sy_cli *cli;
    struct sy_drill drill;
    struct sy_drill_place place;
    struct sy_cli settings; /* of the releases */
    struct sy_drill_setting setting;
    struct sy_run traffic;
    struct sy_drill_traffic counted;
    atomic_bool stop;
    int wake[2]; /* a rehearsal that has ended writes its number */
    FILE *markdown;
    int handled; /* the signal that was acted on */
    bool in_terminal;
};

struct thread {
    struct drilling *d;
    pthread_t id;
    enum sy_rehearsal_kind kind;
    bool runs;
};

static void *rehearse(void *ctx) {
    struct thread *thread = ctx;
    unsigned char kind = (unsigned char)thread->kind;
    sy_rehearse(&thread->d->setting, thread->kind, &thread->d->drill.rehearsals[thread->kind]);
    ssize_t ignored = write(thread->d->wake[1], &kind, 1);
    (void)ignored;
    return NULL;
}

/* ---- what is shown ---- */

static void clear_line(const struct drilling *d) {
    if (d->in_terminal)
        (void)printf("\r\033[K");
}

static void draw(const struct drilling *d, const struct thread *threads) {
    char time[32];
    int64_t ms = sy_time_now() - d->drill.began_ms;
    const char *first = NULL;
    int n = 0;
    if (!d->in_terminal)
        return;
    for (int i = SY_REHEARSAL_COUNT - 1; i >= 0; i--)
        if (threads[i].runs) {
            first = sy_rehearsal_word((enum sy_rehearsal_kind)i);
            n++;
        }
    if (!first)
        return;
    clear_line(d);
    (void)printf("  %s  %s", sy_duration_format(ms - ms % 1000, time), first);
    if (n > 1)
        (void)printf(" and %d more", n - 1);
    (void)printf(d->handled ? ", stopping" : "");
    (void)fflush(stdout);
}

static void show_begin(const struct drilling *d) {
    if (d->cli->output == SY_FORMAT_TEXT)
        sy_drill_text_begin(stdout, &d->drill);
    for (uint32_t i = 0; d->cli->output == SY_FORMAT_JSON && i < d->drill.findings.n; i++)
        sy_cli_put_line(sy_drill_json_finding(&d->drill.findings.list[i]));
    (void)fflush(stdout);
}

static void show_rehearsal(const struct drilling *d, enum sy_rehearsal_kind kind) {
    clear_line(d);
    if (d->cli->output == SY_FORMAT_TEXT)
        sy_drill_text_rehearsal(stdout, &d->drill, kind);
    else
        sy_cli_put_line(sy_drill_json_rehearsal(&d->drill, kind));
    (void)fflush(stdout);
}

static void show_end(struct drilling *d) {
    clear_line(d);
    if (d->cli->output == SY_FORMAT_TEXT)
        sy_drill_text_end(stdout, &d->drill);
    else
        sy_cli_put_line(sy_drill_json_end(&d->drill));
    (void)fflush(stdout);
    if (d->cli->ci)
        sy_report_drill(&d->cli->ci->report, &d->drill);
    if (!d->markdown)
        return;
    SY_AUTO_BUFFER struct sy_buffer page = {0};
    sy_drill_markdown(&d->drill, &page);
    (void)fwrite(page.data, 1, page.len, d->markdown);
}

/* ---- waiting ---- */

static void act_on_signal(struct drilling *d) {
    char sentence[SY_FAREWELL_MAX];
    const struct sy_spec *spec = &d->settings.spec;
    if (!sy_cli_signal || d->handled)
        return;
    d->handled = sy_cli_signal;
    atomic_store(&d->stop, true);
    if (d->drill.in_sandbox)
        (void)snprintf(sentence, sizeof sentence, "left; what was rehearsed was in a sandbox");
    else
        (void)snprintf(sentence, sizeof sentence,
                       "left before the alias was seen on version %s alone: `steelyard rollback "
                       "--function %s --alias %s --version %s`",
                       spec->version, spec->function, spec->alias, spec->version);
    if (!d->cli->ci) {
        sy_cli_leave_with(sentence);
        return;
    }
    sy_report_drill(&d->cli->ci->report, &d->drill);
    sy_ci_interrupted(d->cli->ci, d->handled);
}

static void count(struct drilling *d, const struct sy_run_second *second) {
    if (second->counts.invocations && !atomic_load(&d->counted.first_ms))
        atomic_store(&d->counted.first_ms, second->first_ms);
    (void)atomic_fetch_add(&d->counted.invocations, second->counts.invocations);
    (void)atomic_fetch_add(&d->counted.errors, second->counts.errors);
    atomic_store(&d->counted.until_ms, second->at_ms);
}

/* What the traffic has told, without waiting. True: it was answered. */
static bool read_traffic(struct drilling *d) {
    const char *line = NULL;
    struct sy_run_second second;
    struct sy_error error = {0};
    bool answered = false;
    int got = 0;
    while (d->traffic.output >= 0 && (got = sy_run_line(&d->traffic, 0, &line)) > 0) {
        if (sy_run_second(line, d->drill.bad, &second, &error))
            continue;
        count(d, &second);
        answered |= second.answered;
        d->drill.nameless |= second.nameless;
        d->drill.traffic = second.error;
    }
    if (got < 0 && d->drill.traffic.code == SY_OK)
        (void)sy_fail(&d->drill.traffic, SY_UNAVAILABLE, "`steelyard traffic` ended by itself");
    if (got < 0)
        (void)sy_run_finish(&d->traffic, TRAFFIC_ENDS_MS);
    return answered;
}

/* Wait for a rehearsal to end, for traffic, or for a little while. */
static void wait_a_little(struct drilling *d) {
    struct pollfd ready[] = {{.fd = d->wake[0], .events = POLLIN},
                             {.fd = d->traffic.output, .events = POLLIN}};
    (void)poll(ready, SY_COUNT(ready), DRAW_MS);
    (void)read_traffic(d);
    act_on_signal(d);
}

static bool begin_one(struct thread *thread) {
    thread->runs = pthread_create(&thread->id, NULL, rehearse, thread) == 0;
    if (thread->runs && thread->d->cli->output == SY_FORMAT_JSON) {
        sy_cli_put_line(sy_drill_json_began(thread->kind));
        (void)fflush(stdout);
    }
    return thread->runs;
}

/* Until all that run have ended; each is shown when it has. */
static void wait_for_all(struct drilling *d, struct thread *threads, int running) {
    while (running > 0) {
        unsigned char kind = 0;
        wait_a_little(d);
        while (running > 0 && read(d->wake[0], &kind, 1) == 1) {
            (void)pthread_join(threads[kind].id, NULL);
            threads[kind].runs = false;
            running--;
            show_rehearsal(d, (enum sy_rehearsal_kind)kind);
        }
        draw(d, threads);
    }
}

/* ---- in the sandbox ---- */

static int prepare_sandbox(struct drilling *d, struct sy_error *error) {
    struct sy_spec *spec = &d->settings.spec;
    if (sy_drill_place_sandbox(&d->place, &d->settings, &d->setting.turns_bad_ms, error))
        return -1;
    memcpy(d->drill.good, spec->version, sizeof d->drill.good);
    memcpy(d->drill.bad, d->settings.bad_version, sizeof d->drill.bad);
    memcpy(d->drill.alias, spec->alias, sizeof d->drill.alias);
    show_begin(d);
    return 0;
}

static void rehearse_at_once(struct drilling *d, struct thread *threads) {
    int running = 0;
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++)
        running += d->drill.chosen[i] && begin_one(&threads[i]);
    wait_for_all(d, threads, running);
}

/* ---- on a function ---- */

/* False: nothing answers, and no rehearsal would show anything. */
static bool begin_traffic(struct drilling *d) {
    int64_t until_ms = sy_time_now() + TRAFFIC_BEGINS_MS;
    if (!d->cli->rate_per_minute)
        return true;
    d->setting.traffic = &d->counted;
    if (sy_drill_send_traffic(&d->setting, &d->traffic, &d->drill.traffic))
        return false;
    while (!sy_cli_signal && d->traffic.output >= 0 && sy_time_now() < until_ms) {
        struct pollfd ready = {.fd = d->traffic.output, .events = POLLIN};
        (void)poll(&ready, 1, DRAW_MS);
        if (read_traffic(d))
            return true;
    }
    act_on_signal(d);
    if (d->drill.traffic.code == SY_OK && !d->handled)
        (void)sy_fail(&d->drill.traffic, SY_UNAVAILABLE, "%s:%s answered nothing for %d s",
                      d->drill.function, d->drill.alias, TRAFFIC_BEGINS_MS / 1000);
    return false;
}

static void end_traffic(struct drilling *d) {
    if (d->traffic.pid)
        (void)kill(d->traffic.pid, SIGTERM);
    (void)sy_run_finish(&d->traffic, TRAFFIC_ENDS_MS);
}

static int prepare_function(struct drilling *d, struct sy_error *error) {
    const struct sy_spec *spec = &d->settings.spec;
    memcpy(d->drill.function, spec->function, sizeof d->drill.function);
    memcpy(d->drill.alias, spec->alias, sizeof d->drill.alias);
    memcpy(d->drill.good, spec->version, sizeof d->drill.good);
    memcpy(d->drill.bad, d->settings.bad_version, sizeof d->drill.bad);
    if (sy_drill_findings(&d->setting, &d->drill.findings, error))
        return -1;
    /* One of them may be what a drill that was killed has left, and that is put right first. */
    struct sy_error why = {0};
    if (sy_findings_have_error(&d->drill.findings) &&
        sy_drill_take_back(&d->setting, &d->drill.left, &why) == 0 &&
        sy_drill_findings(&d->setting, &d->drill.findings, error))
        return -1;
    show_begin(d);
    return 0;
}

/* Each from the good version alone, and so is the end. */
static void rehearse_in_turn(struct drilling *d, struct thread *threads) {
    bool goes_on = !sy_findings_have_error(&d->drill.findings) &&
                   sy_drill_take_back(&d->setting, &d->drill.left, &d->drill.back) == 0 &&
                   begin_traffic(d);
    for (int i = 0; goes_on && i < SY_REHEARSAL_COUNT && !d->handled; i++) {
        if (!d->drill.chosen[i])
            continue;
        atomic_store(&d->counted.first_ms, 0);
        atomic_store(&d->counted.invocations, 0);
        atomic_store(&d->counted.errors, 0);
        if (begin_one(&threads[i]))
            wait_for_all(d, threads, 1);
        goes_on = sy_drill_take_back(&d->setting, &d->drill.left, &d->drill.back) == 0;
        act_on_signal(d);
    }
    end_traffic(d);
}

/* ---- all of it ---- */

static int begin(struct drilling *d, struct sy_error *error) {
    d->drill.in_sandbox = !d->cli->spec.function[0];
    d->drill.threshold_bp = d->cli->spec.threshold_bp;
    d->drill.min_invocations = d->cli->spec.min_invocations;
    d->drill.began_ms = sy_time_now();
    if (d->cli->markdown && !(d->markdown = fopen(d->cli->markdown, "we")))
        return sy_fail_field(error, "markdown", "markdown: %s cannot be written: %s",
                             d->cli->markdown, strerror(errno));
    if (pipe2(d->wake, O_CLOEXEC | O_NONBLOCK))
        return sy_fail(error, SY_RESOURCE_EXHAUSTED, "no pipe for the rehearsals: %s",
                       strerror(errno));
    if (sy_drill_place_make(&d->place, d->drill.in_sandbox, error))
        return -1;
    d->setting = (struct sy_drill_setting){.cli = &d->settings,
                                           .drill = &d->drill,
                                           .environment = d->place.environment,
                                           .stop = &d->stop};
    return d->drill.in_sandbox ? prepare_sandbox(d, error) : prepare_function(d, error);
}

static void finish(struct drilling *d) {
    sy_drill_place_remove(&d->place);
    if (d->markdown)
        (void)fclose(d->markdown);
    for (int i = 0; i < 2; i++)
        if (d->wake[i] >= 0)
            (void)close(d->wake[i]);
    free(d);
}

static int exit_code(const struct drilling *d) {
    const struct sy_drill *drill = &d->drill;
    bool began = sy_drill_count(drill, SY_REHEARSAL_NOT_RUN) <
                 sy_drill_count(drill, SY_REHEARSAL_RESULT_COUNT);
    if (!began && !drill->left.primary[0] && !d->handled)
        return SY_EXIT_REFUSED; /* there is no such alias */
    if (!sy_drill_is_back(drill) && !sy_findings_have_error(&drill->findings))
        return sy_outcome_exit(SY_OUTCOME_HALTED);
    if (d->handled)
        return 128 + d->handled;
    if (sy_findings_have_error(&drill->findings))
        return SY_EXIT_REFUSED;
    return sy_drill_count(drill, SY_REHEARSAL_PASSED) ==
                   sy_drill_count(drill, SY_REHEARSAL_RESULT_COUNT)
               ? SY_EXIT_OK
               : SY_EXIT_FAILED;
}

int sy_cli_drill(const struct sy_cli *cli) {
    struct drilling *d = sy_calloc(1, sizeof *d);
    struct thread threads[SY_REHEARSAL_COUNT];
    struct sy_error error = {0};
    d->cli = cli;
    d->settings = *cli;
    d->traffic.output = d->place.sandbox.output = d->wake[0] = d->wake[1] = -1;
    d->in_terminal = cli->output == SY_FORMAT_TEXT && isatty(STDOUT_FILENO);
    atomic_init(&d->stop, false);
    sy_drill_init(&d->drill);
    for (int i = 0; i < SY_REHEARSAL_COUNT; i++) {
        d->drill.chosen[i] = cli->only < 0 || cli->only == i;
        threads[i] = (struct thread){.d = d, .kind = (enum sy_rehearsal_kind)i};
    }
    sy_cli_catch_signals();
    int code = SY_EXIT_OK;
    if (begin(d, &error)) {
        code = sy_cli_error(cli, &error);
    } else {
        if (d->drill.in_sandbox)
            rehearse_at_once(d, threads);
        else
            rehearse_in_turn(d, threads);
        d->drill.ended_ms = sy_time_now();
        show_end(d);
        code = exit_code(d);
    }
    finish(d);
    return code;
}
