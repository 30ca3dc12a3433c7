#include "report/log.h"

#include "base/text.h"
#include "report/escape.h"
#include "report/face.h"

#include <stdio.h>

/* GitHub shows ten annotations of a kind for a step, and drops the rest without a word. */
enum { ANNOTATIONS_MAX = 10 };

const char *sy_platform_word(enum sy_platform platform) {
#define X(name, word) word,
    static const char *const words[] = {SY_PLATFORMS(X)};
#undef X
    return words[platform];
}

/* ---- groups ---- */

static void close_group(struct sy_log *log, int64_t at_ms, struct sy_buffer *to) {
    if (log->open && log->platform == SY_PLATFORM_GITHUB)
        sy_buffer_puts(to, "::endgroup::\n");
    if (log->open && log->platform == SY_PLATFORM_GITLAB)
        sy_buffer_printf(to, "\033[0Ksection_end:%lld:steelyard_%u\r\033[0K\n",
                         (long long)at_ms / 1000, log->groups);
    log->open = false;
}

/* https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections: names are unique within a
 * job's log. */
static void open_group(struct sy_log *log, int64_t at_ms, const char *title, struct sy_buffer *to) {
    close_group(log, at_ms, to);
    log->open = true;
    log->groups++;
    if (log->platform == SY_PLATFORM_GITHUB) {
        sy_buffer_puts(to, "::group::");
        sy_put_command(to, title);
    } else if (log->platform == SY_PLATFORM_GITLAB) {
        sy_buffer_printf(to, "\033[0Ksection_start:%lld:steelyard_%u\r\033[0K\033[1m",
                         (long long)at_ms / 1000, log->groups);
        sy_put_log(to, title);
        sy_buffer_puts(to, "\033[0m");
    } else {
        sy_put_log(to, title);
    }
    sy_buffer_puts(to, "\n");
}

/* Does a group begin with this event, and what is it called? */
static bool begins_group(const struct sy_release_event *event, char title[128]) {
    char weight[16];
    char time[32];
    switch (event->kind) {
    case SY_EVENT_PLANNED:
        (void)snprintf(title, 128, "Release of version %s", event->version);
        return true;
    case SY_EVENT_RESUMED:
        (void)snprintf(title, 128, "Release of version %s goes on", event->version);
        return true;
    case SY_EVENT_STAGE_STARTED:
        (void)snprintf(title, 128, "Stage %u of %u: %s for %s", event->stage, event->n_stages,
                       sy_percent_format(event->weight_bp, weight),
                       sy_duration_format(event->duration_ms, time));
        return true;
    case SY_EVENT_LOCK_IN_STARTED:
        (void)snprintf(title, 128, "All traffic on version %s: lock-in", event->version);
        return true;
    case SY_EVENT_ROLLBACK_STARTED:
        (void)snprintf(title, 128, "Back to version %s",
                       event->baseline[0] ? event->baseline : "none");
        return true;
    default:
        return false;
    }
}

void sy_log_event(struct sy_log *log, const struct sy_release_event *event, struct sy_buffer *to) {
    char title[128];
    if (begins_group(event, title))
        open_group(log, event->at_ms, title, to);
    if (event->kind == SY_EVENT_FINISHED)
        close_group(log, event->at_ms, to);
    sy_put_event_line(event, to);
}

/* ---- the end ---- */

static void annotate(const char *kind, const struct sy_report *report, const char *headline,
                     const char *why, struct sy_buffer *to) {
    char subject[SY_REPORT_SUBJECT_MAX];
    sy_buffer_printf(to, "::%s title=", kind);
    sy_put_command_property(to, sy_report_subject(report, subject));
    sy_buffer_puts(to, "::");
    sy_put_command(to, headline);
    if (headline[0] && why[0])
        sy_buffer_puts(to, ": ");
    sy_put_command(to, why);
    sy_buffer_puts(to, "\n");
}

static void annotate_warnings(const struct sy_report *report, struct sy_buffer *to) {
    unsigned told = 1; /* the headline may be one */
    for (uint32_t i = 0; report->plan && i < report->plan->n_warnings; i++)
        if (told++ < ANNOTATIONS_MAX)
            annotate("warning", report, "", report->plan->warnings[i], to);
    for (size_t i = 0; i < report->n_events; i++)
        if (report->events[i].warning && told++ < ANNOTATIONS_MAX)
            annotate("warning", report, "", report->events[i].text, to);
    for (uint32_t i = 0; report->findings && i < report->findings->n; i++)
        if (report->findings->list[i].severity == SY_SEVERITY_WARNING && told++ < ANNOTATIONS_MAX)
            annotate("warning", report, "", report->findings->list[i].text, to);
}

static void annotate_errors(const struct sy_report *report, struct sy_buffer *to) {
    unsigned told = 1;
    for (int i = 0; report->drill && i < SY_REHEARSAL_COUNT; i++) {
        const struct sy_rehearsal *rehearsal = &report->drill->rehearsals[i];
        char fix[SY_DRILL_TEXT_MAX];
        if (rehearsal->result != SY_REHEARSAL_FAILED || told++ >= ANNOTATIONS_MAX)
            continue;
        sy_rehearsal_fix(report->drill, (enum sy_rehearsal_kind)i, fix);
        annotate("error", report, sy_rehearsal_title((enum sy_rehearsal_kind)i), fix, to);
    }
    for (uint32_t i = 0; report->findings && i < report->findings->n; i++)
        if (report->findings->list[i].severity == SY_SEVERITY_ERROR && told++ < ANNOTATIONS_MAX)
            annotate("error", report, report->findings->list[i].text, report->findings->list[i].fix,
                     to);
}

void sy_log_end(struct sy_log *log, const struct sy_report *report, struct sy_buffer *to) {
    static const char *const kinds[] = {"notice", "notice", "warning", "error"};
    static const char *const colors[] = {"32", "36", "33", "31"};
    enum sy_report_mood mood = sy_report_mood(report);
    char headline[SY_REPORT_TEXT_MAX];
    const char *why = sy_report_why(report);
    sy_report_headline(report, headline);
    close_group(log, report->made_ms, to);
    if (log->platform == SY_PLATFORM_GITHUB) {
        annotate(kinds[mood], report, headline, why, to);
        annotate_errors(report, to);
        annotate_warnings(report, to);
    } else {
        bool colored = log->platform == SY_PLATFORM_GITLAB;
        if (colored)
            sy_buffer_printf(to, "\033[1;%sm", colors[mood]);
        sy_put_log(to, headline);
        sy_buffer_puts(to, colored ? "\033[0m" : "");
        sy_buffer_puts(to, why[0] ? ": " : "");
        sy_put_log(to, why);
        sy_buffer_puts(to, "\n");
    }
    sy_put_advice_line(report, to);
}

/* ---- a log of what was ---- */

static void write_log(enum sy_platform platform, const struct sy_report *report,
                      struct sy_buffer *to) {
    struct sy_log log = {.platform = platform};
    for (size_t i = 0; i < report->n_events; i++)
        sy_log_event(&log, &report->events[i], to);
    sy_log_end(&log, report, to);
}

void sy_write_github(const struct sy_report *report, struct sy_buffer *to) {
    write_log(SY_PLATFORM_GITHUB, report, to);
}

void sy_write_gitlab(const struct sy_report *report, struct sy_buffer *to) {
    write_log(SY_PLATFORM_GITLAB, report, to);
}
