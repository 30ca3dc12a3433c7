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

/* Told at the end, where the platform shows it. What is a flag at a terminal is an input here. */
void sy_ci_error(struct sy_ci *ci, const struct sy_error *error) {
    struct sy_error told = *error;
    if (strncmp(error->message, "--", 2) == 0)
        (void)snprintf(told.message, sizeof told.message, "input %.32s: %.460s", error->field,
                       error->message);
    sy_report_error(&ci->report, &told);
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
    if (sy_cli_connect(cli, &host, &error) || sy_cli_story(host, &ci->report, &error))
        sy_cli_warn("the report has only what this job saw", &error);
    sy_host_finish(host);
}

static bool begins_here(const struct sy_report *report) {
    return report->n_events && report->events[0].kind == SY_EVENT_PLANNED;
}

/* Settling found a release that was over: how that ended was told when it did. */
static bool settled_nothing(const struct sy_report *report) {
    return sy_report_settles(report) && report->n_events == 1 &&
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

/* Did a killed job leave a release behind: one that nobody drives, that was not handed over in good
 * order, and that nobody paused? facts: of the alias. */
static bool was_left(const struct sy_facts *facts) {
    return facts->has_record && !sy_record_is_closed(&facts->record) && !sy_is_driven(facts) &&
           !facts->record.handed_over && !facts->record.paused_ms;
}

static int look(const struct sy_cli *cli, struct sy_facts *ret, struct sy_error *error) {
    struct sy_host *host = NULL;
    const struct sy_spec *spec = &cli->spec;
    int failed = sy_cli_connect(cli, &host, error) ||
                 sy_host_status(host, spec->function, spec->alias, false, ret, error);
    sy_host_finish(host);
    return failed ? -1 : 0;
}

/* After a job: only what it left behind. A release that somebody drives, or that was handed over,
 * is none of its business, and must not be moved on by a job that failed. */
static int recover(const struct sy_command *settle, const struct sy_cli *cli) {
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_facts *facts = sy_calloc(1, sizeof *facts);
    if (look(cli, facts, &error))
        return sy_cli_error(cli, &error);
    if (was_left(facts))
        return run_once(settle, cli);
    (void)printf("No release was left behind.\n");
    return SY_EXIT_OK;
}

/* `resume --settle` of the alias that an apply is for; the log and the report hear it. */
static int settle(const struct sy_cli *cli) {
    struct sy_cli settling = {.command = "resume",
                              .region = cli->region,
                              .endpoint = cli->endpoint,
                              .profile = cli->profile,
                              .settle = true,
                              .ci = cli->ci};
    sy_spec_init(&settling.spec);
    settling.spec.on_interrupt = SY_INTERRUPT_COUNT;
    settling.spec.wait = SY_WAIT_COUNT;
    memcpy(settling.spec.function, cli->spec.function, sizeof settling.spec.function);
    memcpy(settling.spec.alias, cli->spec.alias, sizeof settling.spec.alias);
    return run_once(sy_command_find("resume"), &settling);
}

/* A release that a killed job left is in the way of the next one: it is settled first. */
static bool settle_what_is_in_the_way(const struct sy_cli *cli, int *ret_code) {
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_facts *facts = sy_calloc(1, sizeof *facts);
    if (look(cli, facts, &error) || !was_left(facts))
        return false;
    (void)printf("The release of version %s was left by whoever drove it; it is settled first.\n",
                 facts->record.spec.version);
    *ret_code = settle(cli);
    if (sy_cli_signal) /* the report is of what was interrupted */
        return false;
    sy_report_forget(&cli->ci->report); /* it is of the next one */
    cli->ci->report.settled_before = true;
    return true;
}

static int run(const struct sy_command *command, const struct sy_cli *cli) {
    if (strcmp(cli->ci->report.command, "recover") == 0)
        return recover(command, cli);
    int code = run_once(command, cli);
    const struct sy_report *report = &cli->ci->report;
    if (command->flag == SY_CMD_APPLY && !sy_cli_signal &&
        strcmp(report->error.reason, "RELEASE_RUNNING") == 0 &&
        settle_what_is_in_the_way(cli, &code))
        code = run_once(command, cli);
    return code;
}

static void tell_unused(const struct sy_ci_words *words) {
    if (words->unused[0])
        (void)printf("Not used by %s: %s\n", words->command->name, words->unused);
    (void)fflush(stdout);
}

/* A signal that came while nothing was followed: nothing was moved either. */
static int code_of_signal(struct sy_ci *ci, int code) {
    if (!sy_cli_signal || ci->report.signal)
        return code;
    ci->report.signal = sy_cli_signal;
    return 128 + ci->report.signal;
}

static void write_files(struct sy_ci *ci, int code) {
    ci->report.exit_code = code;
    ci->report.made_ms = sy_time_now();
    sy_ci_files_write(ci);
}

static int end(const struct sy_cli *cli, struct sy_ci *ci, int code) {
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    code = settled_nothing(&ci->report) ? SY_EXIT_OK : code_of_signal(ci, code);
    write_files(ci, code); /* first of all: AWS may let the rest wait, and a kill may follow */
    if (is_about_a_release(ci) && !begins_here(&ci->report)) {
        add_history(cli, ci);
        write_files(ci, code);
    }
    if (ci->report.findings)
        sy_face_write(SY_FACE_TEXT, &ci->report, &text);
    if (strcmp(ci->report.command, "status") == 0)
        for (size_t i = 0; i < ci->report.n_events; i++)
            sy_log_event(&ci->log, &ci->report.events[i], &text);
    sy_log_end(&ci->log, &ci->report, &text);
    print(&text);
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
    sy_cli_catch_signals(); /* from here on every end is told */
    int failed = sy_ci_words_read(&words, &error);
    name_report(&ci, words.name ? words.name : "ci");
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
    sy_cli_report_place(&cli, &ci.report);
    if (!failed && words.command->flag == SY_CMD_APPLY)
        sy_report_spec(&ci.report, &cli.spec);
    int code = failed ? sy_cli_error(&cli, &error) : run(words.command, &cli);
    code = end(&cli, &ci, code);
    sy_report_finish(&ci.report);
    sy_ci_words_finish(&words);
    return code;
}
