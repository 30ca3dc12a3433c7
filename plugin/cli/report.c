/* What was, in any face: from the versions of the record that the store keeps, and from the
 * telemetry of that time. */
#include "cli/cli.h"

#include "base/memory.h"
#include "base/text.h"
#include "report/face.h"
#include "rpc/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int fail_absent(const struct sy_cli *cli, struct sy_error *error) {
    char shown[64];
    if (cli->release)
        return sy_fail_reason(
            error, SY_NOT_FOUND, "NO_RELEASE",
            "release: %s:%s has no release %s on record; see steelyard history", cli->spec.function,
            cli->spec.alias,
            sy_text_clean(cli->release, strlen(cli->release), shown, sizeof shown));
    return sy_fail_reason(error, SY_NOT_FOUND, "NO_RELEASE", "%s:%s has no release on record",
                          cli->spec.function, cli->spec.alias);
}

static int gather(const struct sy_cli *cli, struct sy_host *host, struct sy_report *report,
                  struct sy_error *error) {
    if (cli->release)
        (void)snprintf(report->release_id, sizeof report->release_id, "%s", cli->release);
    if (sy_cli_story(host, report, error))
        return -1;
    if (!report->n_events)
        return fail_absent(cli, error);
    report->exit_code =
        report->outcome == SY_OUTCOME_NONE ? SY_EXIT_OK : sy_outcome_exit(report->outcome);
    report->made_ms = sy_time_now();
    return 0;
}

static int fail_to_write(const struct sy_cli *cli) {
    struct sy_error error;
    (void)sy_fail(&error, SY_RESOURCE_EXHAUSTED, "the report cannot be written: %s",
                  strerror(errno));
    return sy_cli_error(cli, &error);
}

static int make(const struct sy_cli *cli, struct sy_host *host) {
    struct sy_report report;
    struct sy_error error = {0};
    SY_AUTO_BUFFER struct sy_buffer text = {0};
    sy_report_init(&report, "report", cli->spec.function, cli->spec.alias);
    sy_cli_report_place(cli, &report);
    int code = gather(cli, host, &report, &error) ? sy_cli_error(cli, &error) : SY_EXIT_OK;
    if (code == SY_EXIT_OK) {
        sy_face_write(cli->face, &report, &text);
        if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout))
            code = fail_to_write(cli);
    }
    sy_report_finish(&report);
    return code;
}

int sy_cli_report(const struct sy_cli *cli) {
    return sy_cli_with_host(cli, make);
}
