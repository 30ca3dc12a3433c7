/* A report for a terminal: what `status` would say, and every event. */
#include "base/text.h"
#include "report/escape.h"
#include "report/face.h"
#include "report/sentence.h"

void sy_put_event_line(const struct sy_release_event *event, struct sy_buffer *to) {
    char at[24];
    char sentence[400];
    sy_event_sentence(event, sentence);
    sy_buffer_printf(to, "%s ", sy_time_format(event->at_ms, at));
    sy_put_log(to, sentence);
    sy_buffer_puts(to, "\n");
}

void sy_put_advice_line(const struct sy_report *report, struct sy_buffer *to) {
    char command[SY_REPORT_TEXT_MAX];
    if (sy_report_advice(report)[0])
        sy_buffer_printf(to, "%s%s%s\n", sy_report_advice(report),
                         sy_report_advised_command(report, command)[0] ? " " : "", command);
}

static void put_stage(const struct sy_report *report, uint32_t i, struct sy_buffer *to) {
    const struct sy_report_stage *stage = &report->stages[i];
    char weight[16];
    char rate[16];
    sy_buffer_printf(to, "  %6s  %-13s", sy_report_stage_weight(report, i, weight),
                     sy_report_stage_word(report, i));
    if (stage->observed)
        sy_buffer_printf(
            to, " %s, %lld of %lld failed",
            stage->canary.invocations ? sy_percent_format(sy_rate_bp(stage->canary), rate) : "-",
            (long long)stage->canary.errors, (long long)stage->canary.invocations);
    sy_buffer_puts(to, "\n");
}

static void put_findings(const struct sy_report *report, struct sy_buffer *to) {
    for (uint32_t i = 0; i < report->findings->n; i++) {
        const struct sy_finding *finding = &report->findings->list[i];
        sy_buffer_printf(to, "  %-8s ", sy_severity_word(finding->severity));
        sy_put_log(to, finding->text);
        sy_buffer_puts(to, finding->fix[0] ? "; " : "");
        sy_put_log(to, finding->fix);
        sy_buffer_puts(to, "\n");
    }
}

void sy_write_text(const struct sy_report *report, struct sy_buffer *to) {
    char headline[SY_REPORT_TEXT_MAX];
    char subject[SY_REPORT_SUBJECT_MAX];
    const char *why = sy_report_why(report);
    sy_buffer_printf(to, "%s  %s\n", sy_report_subject(report, subject),
                     sy_report_headline(report, headline));
    if (why[0]) {
        sy_buffer_puts(to, "  ");
        sy_put_log(to, why);
        sy_buffer_puts(to, "\n");
    }
    for (uint32_t i = 0; report->release_id[0] && i <= report->n_stages; i++)
        put_stage(report, i, to);
    if (report->findings)
        put_findings(report, to);
    for (size_t i = 0; i < report->n_events; i++) {
        if (report->events[i].kind == SY_EVENT_OBSERVED)
            continue;
        sy_buffer_puts(to, "  ");
        sy_put_event_line(&report->events[i], to);
    }
    sy_put_advice_line(report, to);
}
