#include "report/timeline_internal.h"

#include "base/text.h"
#include "report/escape.h"

#include <stdio.h>
#include <string.h>

/* Beyond it a listener is better served by the table. */
enum { MOVES_TOLD_MAX = 24 };

/* ---- for those who hear it ---- */

static void tell_moves(const struct sy_report *report, struct sy_buffer *to) {
    unsigned told = 0;
    for (size_t i = 0; i < report->n_events && told < MOVES_TOLD_MAX; i++) {
        const struct sy_release_event *event = &report->events[i];
        char at[24];
        char percent[16];
        if (event->kind != SY_EVENT_ALIAS_MOVED)
            continue;
        if (!told) {
            sy_buffer_puts(to, "Share of the traffic that version ");
            sy_put_xml(to, report->version);
            sy_buffer_puts(to, " got:");
        }
        sy_buffer_printf(to, "%s %s from %s on", told++ ? "," : "",
                         sy_percent_format(sy_routing_share(&event->to, report->version), percent),
                         sy_time_format(event->at_ms, at));
    }
    sy_buffer_puts(to, told ? ". " : "");
}

static void tell_verdicts(const struct sy_report *report, struct sy_buffer *to) {
    for (uint32_t i = 0; i <= report->n_stages; i++) {
        const struct sy_report_stage *stage = &report->stages[i];
        char weight[16];
        if (stage->decision != SY_DECISION_NONE)
            sy_buffer_printf(to, "At %s it was %s. ", sy_report_stage_weight(report, i, weight),
                             sy_decision_word(stage->decision));
    }
}

static void tell_highest(const struct sy_report *report, bool other, struct sy_buffer *to) {
    const struct sy_report_point *point = sy_highest_point(report->points, report->n_points, other);
    char rate[16];
    char at[24];
    sy_buffer_puts(to, other ? "The error rate of the baseline, version " : "Its error rate");
    if (other)
        sy_put_xml(to, report->baseline);
    if (!point) {
        sy_buffer_puts(to, " is not known: no invocations were seen. ");
        return;
    }
    struct sy_counts counts = sy_point_counts(point, other);
    sy_buffer_printf(to, "%s was %s at its highest (%lld of %lld, at %s). ", other ? "," : "",
                     sy_percent_format(sy_rate_bp(counts), rate), (long long)counts.errors,
                     (long long)counts.invocations, sy_time_format(point->at_ms, at));
}

void sy_put_timeline_words(const struct sy_report *report, struct sy_buffer *to) {
    char percent[16];
    tell_moves(report, to);
    tell_verdicts(report, to);
    tell_highest(report, false, to);
    if (report->baseline[0])
        tell_highest(report, true, to);
    sy_buffer_printf(to, "The limit is %s.", sy_percent_format(report->threshold_bp, percent));
}

/* ---- the legend: only what is there ---- */

static void put_line_key(const char *class, const char *version, const char *what,
                         struct sy_buffer *to) {
    sy_buffer_printf(to,
                     "<li><svg class=\"key\" viewBox=\"0 0 22 12\" aria-hidden=\"true\">"
                     "<rect class=\"band%s\" width=\"22\" height=\"12\"/>"
                     "<path class=\"line%s\" d=\"M1 6H21\"/></svg><span>version ",
                     class, class);
    sy_put_xml(to, version);
    sy_buffer_printf(to, "%s</span></li>\n", what);
}

static void put_mark_key(const char *mark, const char *what, struct sy_buffer *to) {
    sy_buffer_printf(to,
                     "<li><svg class=\"mark %s\" aria-hidden=\"true\"><use href=\"#%s\"/></svg>"
                     "<span>%s</span></li>\n",
                     mark, mark, what);
}

static bool has_verdict(const struct sy_report *report, enum sy_decision decision) {
    for (size_t i = 0; i < report->n_events; i++) {
        enum sy_event_kind kind = report->events[i].kind;
        if ((kind == SY_EVENT_STAGE_VERDICT || kind == SY_EVENT_LOCK_IN_ENDED) &&
            report->events[i].decision == decision)
            return true;
    }
    return false;
}

static bool has_event(const struct sy_report *report, enum sy_event_kind kind) {
    for (size_t i = 0; i < report->n_events; i++)
        if (report->events[i].kind == kind)
            return true;
    return false;
}

static void put_keys(const struct sy_report *report, struct sy_buffer *to) {
    if (sy_highest_point(report->points, report->n_points, false))
        put_line_key("", report->version, "", to);
    if (sy_highest_point(report->points, report->n_points, true))
        put_line_key(" other", report->baseline, " (baseline)", to);
    for (int decision = SY_DECISION_HEALTHY; decision < SY_DECISION_COUNT; decision++)
        if (has_verdict(report, decision))
            put_mark_key(sy_decision_mark(decision), sy_decision_word(decision), to);
    if (has_event(report, SY_EVENT_PAUSED))
        put_mark_key("paused", "paused", to);
    if (has_event(report, SY_EVENT_RESUMED))
        put_mark_key("resumed", "resumed", to);
    if (report->stages[report->n_stages].started_ms)
        sy_buffer_puts(to,
                       "<li><svg class=\"key\" viewBox=\"0 0 22 12\" aria-hidden=\"true\"><rect "
                       "class=\"lock-in\" width=\"22\" height=\"12\"/></svg><span>lock-in"
                       "</span></li>\n");
}

void sy_put_timeline_legend(const struct sy_report *report, struct sy_buffer *to) {
    sy_buffer_puts(to, "<ul class=\"legend\">\n");
    put_keys(report, to);
    sy_buffer_puts(to, "</ul>\n");
    if (sy_highest_point(report->points, report->n_points, false) ||
        sy_highest_point(report->points, report->n_points, true))
        sy_buffer_puts(to, "<p class=\"sub\">The bands are the confidence limits of 95%. Where "
                           "there is no line nothing was invoked, or nothing is known.</p>\n");
    else
        sy_buffer_puts(to, "<p class=\"sub\">No telemetry was seen.</p>\n");
}
