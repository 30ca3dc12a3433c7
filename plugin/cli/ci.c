#include "cli/ci.h"

#include "base/memory.h"
#include "base/text.h"
#include "report/face.h"
#include "rpc/client.h"

#include <stdio.h>
#include <string.h>

static void print(struct sy_buffer *text) {
    (void)fwrite(text->data ? text->data : "", 1, text->len, stdout);
    (void)fflush(stdout);
}

void sy_ci_event(struct sy_ci *ci, const struct sy_release_event *event) {
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    sy_report_event(&ci->report, event);
    sy_log_event(&ci->log, event, &text);
    print(&text);
}

void sy_ci_error(struct sy_ci *ci, const struct sy_error *error) {
    sy_report_error(&ci->report, error); /* told at the end, where the platform shows it */
}

void sy_ci_interrupted(struct sy_ci *ci, int signal) {
    ci->report.signal = signal;
    ci->report.exit_code = 128 + signal;
    ci->report.made_ms = sy_time_now();
    sy_ci_files_write(ci);
}

/* ---- what the report needs besides ---- */

/* The release's whole story: another job may have begun it. What cannot be read is left out. */
static void add_history(const struct sy_cli *cli, struct sy_ci *ci) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    if (sy_cli_connect(cli, &host, &error) ||
        sy_cli_story(host, &ci->report, sy_time_now(), &error))
        (void)fprintf(stderr, "steelyard: warning: the report has only what this job saw: %s\n",
                      error.message);
    sy_host_finish(host);
}

static bool begins_here(const struct sy_report *report) {
    return report->n_events && report->events[0].kind == SY_EVENT_PLANNED;
}

/* Settling found a release that was over: how that ended was told when it did. */
static bool settled_nothing(const struct sy_report *report) {
    return strcmp(report->command, "settle") == 0 && report->n_events == 1 &&
           report->events[0].kind == SY_EVENT_FINISHED;
}

static bool is_about_a_release(const struct sy_ci *ci) {
    const struct sy_report *report = &ci->report;
    return !report->plan && !report->findings && !report->verify &&
           (report->n_events || strcmp(report->command, "status") == 0);
}

/* ---- running it ---- */

static int run_once(const struct sy_command *command, const struct sy_cli *cli) {
    cli->ci->report.error = (struct sy_error){0};
    return command->run(cli);
}

/* Do what is due of the release, and tell it: the log has it, the report is of the next one. */
static bool settle(const struct sy_cli *cli, struct sy_host *host) {
    struct sy_stream *stream = NULL;
    struct sy_error error = {0};
    struct sy_release_event event = {0};
    struct sy_resume resume = {
        .settle = true, .wait = SY_WAIT_STAGES, .on_interrupt = SY_INTERRUPT_COUNT};
    memcpy(resume.function, cli->spec.function, sizeof resume.function);
    memcpy(resume.alias, cli->spec.alias, sizeof resume.alias);
    int got = sy_host_resume(host, &resume, &stream, &error) ? -1 : 0;
    while (got >= 0 && (got = sy_stream_next(stream, 100, &event, &error)) >= 0) {
        SY_AUTO_BUFFER struct sy_buffer text = {0};
        if (got > 0)
            sy_log_event(&cli->ci->log, &event, &text);
        print(&text);
    }
    sy_stream_close(stream);
    return event.kind == SY_EVENT_FINISHED && event.outcome != SY_OUTCOME_HANDED_OFF;
}

/* A release that a killed job left is in the way of the next one: it is settled first. One that
 * somebody drives, or that was handed over in good order, goes on being in the way. */
static bool settle_what_is_in_the_way(const struct sy_cli *cli) {
    struct sy_host *host = NULL;
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_facts *facts = sy_calloc(1, sizeof *facts);
    const struct sy_spec *spec = &cli->spec;
    bool left = sy_cli_connect(cli, &host, &error) == 0 &&
                sy_host_status(host, spec->function, spec->alias, false, facts, &error) == 0 &&
                !sy_is_driven(facts) && facts->has_record && !facts->record.handed_over;
    if (left) {
        (void)printf(
            "The release of version %s was left by whoever drove it; it is settled first.\n",
            facts->record.spec.version);
        left = settle(cli, host);
    }
    sy_host_finish(host);
    return left;
}

static int run(const struct sy_command *command, const struct sy_cli *cli) {
    int code = run_once(command, cli);
    const struct sy_report *report = &cli->ci->report;
    if (command->flag == SY_CMD_APPLY && !sy_cli_signal &&
        strcmp(report->error.reason, "RELEASE_RUNNING") == 0 && settle_what_is_in_the_way(cli))
        code = run_once(command, cli);
    return code;
}

static void tell_unused(const struct sy_ci_words *words) {
    if (words->unused[0])
        (void)printf("Not used by %s: %s\n", words->command->name, words->unused);
    (void)fflush(stdout);
}

static int end(const struct sy_cli *cli, struct sy_ci *ci, int code) {
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    if (settled_nothing(&ci->report))
        code = SY_EXIT_OK;
    ci->report.exit_code = code;
    if (is_about_a_release(ci) && !begins_here(&ci->report) && !ci->report.signal)
        add_history(cli, ci);
    ci->report.made_ms = sy_time_now();
    if (ci->report.findings)
        sy_face_write(SY_FACE_TEXT, &ci->report, &text);
    if (strcmp(ci->report.command, "status") == 0)
        for (size_t i = 0; i < ci->report.n_events; i++)
            sy_log_event(&ci->log, &ci->report.events[i], &text);
    sy_log_end(&ci->log, &ci->report, &text);
    print(&text);
    sy_ci_files_write(ci);
    return code;
}

/* The names go into the report even when the rest of the command line is wrong. */
static void name_report(struct sy_ci *ci, const char *command) {
    const char *function = getenv("STEELYARD_INPUT_FUNCTION");
    const char *alias = getenv("STEELYARD_INPUT_ALIAS");
    struct sy_error none;
    bool good = function && alias && sy_names_check(function, alias, NULL, &none) == 0;
    sy_report_init(&ci->report, command, good ? function : "", good ? alias : "");
}

int sy_cli_ci(const struct sy_cli *asked) {
    struct sy_ci ci = {.platform = asked->platform, .log = {.platform = asked->platform}};
    struct sy_ci_words words = {0};
    struct sy_cli cli = {0};
    struct sy_error error = {0};
    int failed = sy_ci_words_read(&words, &error);
    name_report(&ci, words.settles ? "settle" : words.command ? words.command->name : "ci");
    struct sy_error no_files = {0};
    if (sy_ci_files_open(&ci, &no_files)) { /* nowhere to report to: said on standard error */
        sy_ci_words_finish(&words);
        return sy_cli_error(asked, failed ? &error : &no_files);
    }
    if (!failed) {
        tell_unused(&words);
        failed = sy_flags_parse(words.command, words.argc, words.argv, &cli, &error);
    }
    cli.ci = &ci;
    if (!failed && words.command->flag == SY_CMD_APPLY)
        sy_report_spec(&ci.report, &cli.spec);
    int code = failed ? sy_cli_error(&cli, &error) : run(words.command, &cli);
    code = end(&cli, &ci, code);
    sy_report_finish(&ci.report);
    sy_ci_words_finish(&words);
    return code;
}
