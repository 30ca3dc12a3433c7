/* pause, promote and resume: a person's word for a release, which the driver finds in its record;
 * and driving it where nobody does. */
#include "cli/ci.h"

#include "base/memory.h"
#include "base/text.h"
#include "rpc/client.h"

#include <stdio.h>
#include <string.h>

int sy_cli_reason(const struct sy_cli *cli, char *buf, size_t size, struct sy_error *error) {
    size_t len = cli->reason ? strlen(cli->reason) : 0;
    if (len >= size)
        return sy_fail_field(error, "reason", "reason: %zu bytes long; at most %zu are allowed",
                             len, size - 1);
    memcpy(buf, cli->reason ? cli->reason : "", len + 1);
    return 0;
}

static void print(const struct sy_cli *cli, const struct sy_control_answer *answer) {
    const struct sy_record *record = &answer->record;
    const char *what = record->stage >= record->spec.n_stages ? "all traffic"
                       : record->paused_ms                    ? "paused"
                                                              : "going on";
    if (cli->output == SY_FORMAT_JSON) {
        sy_cli_put_line(sy_control_json(cli, answer));
        return;
    }
    (void)printf("%s:%s version %s", cli->spec.function, cli->spec.alias, record->spec.version);
    if (record->stage < record->spec.n_stages)
        (void)printf(", stage %u of %u", record->stage + 1, record->spec.n_stages);
    (void)printf(": ");
    if (answer->taken)
        (void)printf("%s, %s%s\n", what, answer->owner[0] ? "driven by " : "nobody drives it",
                     answer->owner);
    else if (answer->owner[0])
        (void)printf("written down, but %s has not acted on it yet; it does when it looks next\n",
                     answer->owner);
    else
        (void)printf("written down for whoever drives it next\n");
}

static int drive(const struct sy_cli *cli, struct sy_host *host, bool promote) {
    struct sy_stream *stream = NULL;
    struct sy_error error = {0};
    bool says_wait = cli->spec.wait < SY_WAIT_COUNT;
    struct sy_resume resume = {.wait = says_wait ? cli->spec.wait : SY_WAIT_STAGES,
                               .on_interrupt = cli->spec.on_interrupt,
                               .settle = cli->settle,
                               .promote = promote};
    memcpy(resume.function, cli->spec.function, sizeof resume.function);
    memcpy(resume.alias, cli->spec.alias, sizeof resume.alias);
    if (sy_cli_reason(cli, resume.reason, sizeof resume.reason, &error))
        return sy_cli_error(cli, &error);
    sy_cli_catch_signals(); /* not before: until then nothing would act on one */
    int code = sy_host_resume(host, &resume, &stream, &error) ? sy_cli_error(cli, &error)
                                                              : sy_cli_follow(cli, stream);
    sy_stream_close(stream);
    return code;
}

/* The same, when it is known what it is: the live view shows its stages. */
static int drive_as(const struct sy_cli *cli, struct sy_host *host, const struct sy_record *record,
                    bool promote) {
    struct sy_cli shown = *cli;
    shown.spec.n_stages = record->spec.n_stages;
    memcpy(shown.spec.stages, record->spec.stages, sizeof shown.spec.stages);
    if (cli->ci)
        sy_report_spec(&cli->ci->report, &record->spec);
    if (shown.spec.on_interrupt == SY_INTERRUPT_COUNT)
        shown.spec.on_interrupt = record->spec.on_interrupt;
    return drive(&shown, host, promote);
}

static int tell(const struct sy_cli *cli, struct sy_host *host, enum sy_control control) {
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_control_answer *answer = sy_calloc(1, sizeof *answer);
    char reason[SY_CONTROL_REASON_MAX + 1];
    if (sy_cli_reason(cli, reason, sizeof reason, &error) ||
        sy_host_control(host, cli->spec.function, cli->spec.alias, control, reason, answer, &error))
        return sy_cli_error(cli, &error);
    if (answer->undriven && control != SY_CONTROL_PAUSE)
        return drive_as(cli, host, &answer->record, control == SY_CONTROL_PROMOTE);
    print(cli, answer);
    return answer->taken ? SY_EXIT_OK : SY_EXIT_FAILED;
}

static int say_pause(const struct sy_cli *cli, struct sy_host *host) {
    return tell(cli, host, SY_CONTROL_PAUSE);
}

static int say_promote(const struct sy_cli *cli, struct sy_host *host) {
    return tell(cli, host, SY_CONTROL_PROMOTE);
}

/* A pause that somebody drives through is ended by a word; all else is driven from here. */
static int go_on(const struct sy_cli *cli, struct sy_host *host) {
    struct sy_error error = {0};
    SY_AUTO_FREE struct sy_facts *facts = sy_calloc(1, sizeof *facts);
    if (cli->settle)
        return drive(cli, host, false);
    if (sy_host_status(host, cli->spec.function, cli->spec.alias, false, facts, &error))
        return sy_cli_error(cli, &error);
    if (sy_is_driven(facts) && facts->has_record && facts->record.paused_ms)
        return tell(cli, host, SY_CONTROL_RESUME);
    return drive_as(cli, host, &facts->record, false);
}

int sy_cli_pause(const struct sy_cli *cli) {
    return sy_cli_with_host(cli, say_pause);
}

int sy_cli_promote(const struct sy_cli *cli) {
    return sy_cli_with_host(cli, say_promote);
}

int sy_cli_resume(const struct sy_cli *cli) {
    return sy_cli_with_host(cli, go_on);
}
