/* The outputs that later steps and jobs read, and their faces for dotenv and for GitHub. */
#include "base/text.h"
#include "report/escape.h"
#include "report/face.h"

#include <ctype.h>
#include <stdio.h>

static void set(struct sy_report_output *output, const char *name, const char *value) {
    output->name = name;
    (void)snprintf(output->value, sizeof output->value, "%s", value);
}

/* "0.42", without the sign: a number that a script can compare. */
static const char *rate(const struct sy_report *report, char buf[16]) {
    int64_t bp = sy_report_rate_bp(report);
    buf[0] = '\0';
    if (bp >= 0)
        (void)snprintf(buf, 16, "%lld.%02lld", (long long)bp / 100, (long long)bp % 100);
    return buf;
}

/* When there is something to do: only of a release that is left to bake, or in its lock-in. */
static const char *resume_at(const struct sy_report *report, char buf[24]) {
    bool goes_on =
        report->outcome == SY_OUTCOME_HANDED_OFF || report->outcome == SY_OUTCOME_PROMOTED ||
        report->outcome == SY_OUTCOME_PROMOTED_UNPROVEN || report->outcome == SY_OUTCOME_NONE;
    buf[0] = '\0';
    return goes_on && report->release_id[0] && report->until_ms
               ? sy_time_format(report->until_ms, buf)
               : buf;
}

void sy_report_outputs(const struct sy_report *report,
                       struct sy_report_output ret[SY_REPORT_OUTPUTS]) {
    char at[24];
    char number[16];
    uint32_t failed = sy_report_failed_stage(report);
    set(&ret[0], "outcome", sy_report_outcome(report));
    set(&ret[1], "release-id", report->release_id);
    set(&ret[2], "version", report->version);
    set(&ret[3], "previous-version", report->baseline);
    set(&ret[5], "error-rate", rate(report, number));
    (void)snprintf(number, sizeof number, "%u", failed);
    set(&ret[4], "failed-stage", failed ? number : "");
    set(&ret[6], "resume-at", resume_at(report, at));
}

const char *sy_variable_name(const char *prefix, const char *name, char buf[64]) {
    size_t n = (size_t)snprintf(buf, 64, "%s%s", prefix, name);
    for (size_t i = 0; i < n && i < 63; i++)
        buf[i] = buf[i] == '-' ? '_' : (char)toupper((unsigned char)buf[i]);
    return buf;
}

/* https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv: a line each, no
 * quoting, no line breaks. All values are words, numbers and times of our own making. */
void sy_write_dotenv(const struct sy_report *report, struct sy_buffer *to) {
    struct sy_report_output outputs[SY_REPORT_OUTPUTS];
    sy_report_outputs(report, outputs);
    for (size_t i = 0; i < SY_REPORT_OUTPUTS; i++) {
        char name[64];
        sy_buffer_printf(to, "%s=", sy_variable_name("STEELYARD_", outputs[i].name, name));
        sy_put_log(to, outputs[i].value);
        sy_buffer_puts(to, "\n");
    }
}

/* https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#setting-an-
 * output-parameter: "name=value", to the end of the line. No value has a line break, by
 * construction, so none needs a delimiter that a value could guess. */
void sy_write_outputs(const struct sy_report *report, struct sy_buffer *to) {
    struct sy_report_output outputs[SY_REPORT_OUTPUTS];
    sy_report_outputs(report, outputs);
    for (size_t i = 0; i < SY_REPORT_OUTPUTS; i++) {
        sy_buffer_printf(to, "%s=", outputs[i].name);
        sy_put_log(to, outputs[i].value);
        sy_buffer_puts(to, "\n");
    }
    sy_buffer_puts(to, "result-json=");
    sy_write_json(report, to);
}
