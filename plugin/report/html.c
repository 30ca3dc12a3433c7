/* One page that needs nothing beside itself: no script, no font, no picture is loaded. It is
 * well-formed XML as well, so that anything can read it. */
#include "base/text.h"
#include "report/escape.h"
#include "report/face.h"
#include "report/html_answers.h"
#include "report/page.css.h"
#include "report/page.h"
#include "report/sentence.h"
#include "report/timeline.h"

#include <stdio.h>
#include <string.h>

enum { POINT_ROWS_MAX = 60, LOG_ROWS_MAX = 500 };

/* ---- the head ---- */

static void put_badge(const struct sy_report *report, struct sy_buffer *to) {
    static const char *const marks[] = {[SY_REPORT_GOOD] = "good",
                                        [SY_REPORT_OPEN] = "unknown",
                                        [SY_REPORT_DOUBTFUL] = "doubtful",
                                        [SY_REPORT_BAD] = "bad"};
    const char *mark = marks[sy_report_mood(report)];
    sy_buffer_printf(to, "<span class=\"badge %s\">", mark);
    sy_page_mark(to, mark);
    sy_buffer_printf(to, "%s</span>\n", sy_report_outcome(report));
}

static void put_title(const struct sy_report *report, struct sy_buffer *to) {
    char subject[SY_REPORT_SUBJECT_MAX];
    char headline[SY_REPORT_TEXT_MAX];
    const char *why = sy_report_why(report);
    sy_buffer_puts(to, "<p class=\"of\"><span>");
    sy_put_xml(to, sy_report_subject(report, subject));
    sy_buffer_puts(to, "</span> ");
    put_badge(report, to);
    sy_buffer_puts(to, "</p>\n<h1>");
    sy_page_foreign(to, sy_report_headline(report, headline));
    sy_buffer_puts(to, "</h1>\n");
    if (why[0]) {
        sy_buffer_puts(to, "<p class=\"why\"><bdi>");
        sy_page_prose(to, why);
        sy_buffer_puts(to, "</bdi></p>\n");
    }
}

/* A line ends between two words of a command, not inside one, as long as it fits. */
static void put_words(struct sy_buffer *to, const char *command) {
    for (const char *word = command; *word;) {
        size_t len = strcspn(word, " ");
        SY_AUTO_FREE char *copy = sy_strndup(word, len);
        sy_buffer_puts(to, "<span>");
        sy_put_xml(to, copy);
        sy_buffer_puts(to, word[len] ? "</span> " : "</span>");
        word += len + (word[len] != 0);
    }
}

static void put_advice(const struct sy_report *report, struct sy_buffer *to) {
    char command[SY_REPORT_TEXT_MAX];
    const char *advice = sy_report_advice(report);
    if (!advice[0])
        return;
    sy_buffer_puts(to, "<p>");
    sy_page_prose(to, advice);
    sy_buffer_puts(to, "</p>\n");
    if (sy_report_advised_command(report, command)[0]) {
        sy_buffer_puts(to, "<pre><code>");
        put_words(to, command);
        sy_buffer_puts(to, "</code></pre>\n");
    }
}

static void open_fact(struct sy_buffer *to, const char *name) {
    sy_buffer_printf(to, "<div><dt>%s</dt><dd>", name);
}

static void close_fact(struct sy_buffer *to) {
    sy_buffer_puts(to, "</dd></div>\n");
}

static void put_text_fact(struct sy_buffer *to, const char *name, const char *text) {
    open_fact(to, name);
    sy_page_foreign(to, text);
    close_fact(to);
}

static void put_time_fact(struct sy_buffer *to, const char *name, int64_t at_ms) {
    if (!at_ms)
        return;
    open_fact(to, name);
    sy_page_time(to, at_ms, true);
    close_fact(to);
}

static void put_versions(const struct sy_report *report, struct sy_buffer *to) {
    if (!report->version[0])
        return;
    open_fact(to, report->baseline[0] ? "Versions" : "Version");
    if (report->baseline[0]) {
        sy_put_xml(to, report->baseline);
        sy_buffer_puts(to, " → ");
    }
    sy_buffer_puts(to, "<strong>");
    sy_put_xml(to, report->version);
    sy_buffer_puts(to, "</strong>");
    close_fact(to);
}

static void put_rule(const struct sy_report *report, struct sy_buffer *to) {
    char percent[16];
    if (!report->threshold_bp && !report->window_ms)
        return;
    open_fact(to, "Limit");
    sy_buffer_printf(to, "%s errors", sy_percent_format(report->threshold_bp, percent));
    if (report->window_ms) {
        sy_buffer_puts(to, " within ");
        sy_page_duration(to, report->window_ms);
    }
    if (report->min_invocations >= 0) {
        sy_buffer_puts(to, ", from ");
        sy_page_number(to, report->min_invocations);
        sy_buffer_puts(to, " invocations on");
    }
    close_fact(to);
}

static void put_facts(const struct sy_report *report, struct sy_buffer *to) {
    char routing[80];
    if (!report->version[0] && !report->routing.primary[0])
        return; /* nothing was asked about */
    sy_buffer_puts(to, "<dl>\n");
    put_versions(report, to);
    if (report->routing.primary[0])
        put_text_fact(to, "Traffic", sy_routing_format(&report->routing, routing));
    put_rule(report, to);
    put_time_fact(to, "Began (UTC)", report->begun_ms);
    put_time_fact(to, "Ended (UTC)", report->ended_ms);
    if (report->begun_ms && report->ended_ms > report->begun_ms) {
        open_fact(to, "Took");
        sy_page_duration(to, report->ended_ms - report->begun_ms);
        close_fact(to);
    }
    put_time_fact(to,
                  report->stages[report->n_stages].started_ms ? "Lock-in until (UTC)"
                                                              : "Bakes until (UTC)",
                  report->until_ms);
    if (report->release_id[0])
        put_text_fact(to, "Release", report->release_id);
    sy_buffer_puts(to, "</dl>\n");
}

/* ---- the stages ---- */

static void put_stage_head(const struct sy_report *report, uint32_t i, struct sy_buffer *to) {
    const struct sy_report_stage *stage = &report->stages[i];
    char weight[16];
    sy_page_open_row(to);
    if (i < report->n_stages)
        sy_buffer_printf(to, "Stage %u", i + 1);
    else
        sy_buffer_puts(to, "Lock-in");
    sy_buffer_puts(to, "</th>");
    sy_page_open_cell(to, "n", "Weight");
    sy_buffer_puts(to, sy_report_stage_weight(report, i, weight));
    sy_page_close_cell(to);
    sy_page_open_cell(to, stage->bake_ms > 0 ? "n" : "n none", "Bake");
    if (stage->bake_ms > 0)
        sy_page_duration(to, stage->bake_ms);
    sy_page_close_cell(to);
}

static void put_stage(const struct sy_report *report, uint32_t i, struct sy_buffer *to) {
    const struct sy_report_stage *stage = &report->stages[i];
    put_stage_head(report, i, to);
    sy_page_counts_cells(to, stage->observed, stage->canary);
    bool compared = stage->observed && stage->other.invocations > 0;
    sy_page_open_cell(to, compared ? "n" : "n none", "Baseline");
    if (compared) {
        sy_page_rate(to, stage->other);
        sy_buffer_puts(to, "<span class=\"sub\">");
        sy_page_number(to, stage->other.errors);
        sy_buffer_puts(to, " of ");
        sy_page_number(to, stage->other.invocations);
        sy_buffer_puts(to, "</span>");
    }
    sy_page_close_cell(to);
    sy_page_open_cell(to, stage->started_ms ? "" : "muted", "Verdict");
    sy_page_mark(to, sy_decision_mark(stage->decision));
    sy_buffer_puts(to, sy_report_stage_word(report, i));
    if (stage->text[0]) {
        sy_buffer_puts(to, "<span class=\"sub\">");
        sy_page_foreign(to, stage->text);
        sy_buffer_puts(to, "</span>");
    }
    sy_page_close_cell(to);
    sy_buffer_puts(to, "</tr>\n");
}

static void put_stages(const struct sy_report *report, struct sy_buffer *to) {
    sy_buffer_puts(to, "<h2>Stages</h2>\n");
    sy_page_open_table(to, "Stages");
    sy_page_column(to, "", "Stage");
    sy_page_column(to, "n", "Weight");
    sy_page_column(to, "n", "Bake");
    sy_page_counts_columns(to);
    sy_page_column(to, "n", "Baseline");
    sy_page_column(to, "", "Verdict");
    sy_page_open_rows(to);
    for (uint32_t i = 0; i <= report->n_stages; i++)
        put_stage(report, i, to);
    sy_page_close_table(to);
}

/* ---- what happened, and the numbers of the timeline ---- */

/* The rows of a day stand under its date. */
static void put_day_head(struct sy_buffer *to, int64_t at_ms, unsigned columns, char day[24]) {
    char iso[24];
    bool first = !day[0];
    if (strncmp(day, sy_time_format(at_ms, iso), 10) != 0)
        sy_buffer_printf(to,
                         "%s<tbody>\n<tr><th colspan=\"%u\" scope=\"rowgroup\">%.10s</th></tr>\n",
                         first ? "" : "</tbody>\n", columns, iso);
    memcpy(day, iso, sizeof iso);
}

static void open_timed_row(struct sy_buffer *to, int64_t at_ms) {
    sy_buffer_puts(to, "<tr><td class=\"when\">");
    sy_page_time(to, at_ms, false);
    sy_buffer_puts(to, "</td>");
}

static void put_log(const struct sy_report *report, struct sy_buffer *to) {
    char day[24] = "";
    size_t first = sy_report_last_events(report, LOG_ROWS_MAX);
    sy_buffer_puts(to, "<details open=\"open\"><summary><h2>What happened</h2></summary>\n"
                       "<table><thead><tr><th scope=\"col\">Time (UTC)</th>"
                       "<th scope=\"col\">Event</th></tr></thead>\n");
    for (size_t i = first; i < report->n_events; i++) {
        const struct sy_release_event *event = &report->events[i];
        char sentence[400];
        if (event->kind == SY_EVENT_OBSERVED)
            continue;
        sy_event_sentence(event, sentence);
        put_day_head(to, event->at_ms, 2, day);
        open_timed_row(to, event->at_ms);
        sy_buffer_puts(to, "<td>");
        sy_page_foreign(to, sentence);
        sy_buffer_puts(to, "</td></tr>\n");
    }
    sy_buffer_printf(to, "%s</table>\n", day[0] ? "</tbody>" : "");
    if (first > 0)
        sy_buffer_printf(to, "<p class=\"muted\">The last %d; all are in the report as JSON.</p>\n",
                         LOG_ROWS_MAX);
    sy_buffer_puts(to, "</details>\n");
}

static void put_point_cell(struct sy_buffer *to, struct sy_counts counts) {
    sy_buffer_puts(to, "<td class=\"n\"><span class=\"sub\">");
    sy_page_number(to, counts.errors);
    sy_buffer_puts(to, " of ");
    sy_page_number(to, counts.invocations);
    sy_buffer_puts(to, "</span> <b>");
    sy_page_rate(to, counts);
    sy_buffer_puts(to, "</b></td>");
}

static void put_points(const struct sy_report *report, struct sy_buffer *to) {
    struct sy_report_point points[POINT_ROWS_MAX];
    char day[24] = "";
    bool compared = report->baseline[0];
    size_t n = sy_highest_points(report, POINT_ROWS_MAX, points);
    sy_buffer_puts(to, "<details><summary><h2>Error rate over time</h2></summary>\n");
    if (n < report->n_points)
        sy_buffer_printf(to,
                         "<p class=\"muted\">The highest of each %zu; all are in the report as "
                         "JSON.</p>\n",
                         (report->n_points + POINT_ROWS_MAX - 1) / POINT_ROWS_MAX);
    sy_buffer_puts(
        to, "<table class=\"points\"><thead><tr><th scope=\"col\">Time (UTC)</th><th scope=\"col\" "
            "class=\"n\">Version ");
    sy_put_xml(to, report->version);
    if (compared) {
        sy_buffer_puts(to, "</th><th scope=\"col\" class=\"n\">Baseline ");
        sy_put_xml(to, report->baseline);
    }
    sy_buffer_puts(to, "</th></tr></thead>\n");
    for (size_t i = 0; i < n; i++) {
        put_day_head(to, points[i].at_ms, compared ? 3 : 2, day);
        open_timed_row(to, points[i].at_ms);
        put_point_cell(to, points[i].canary);
        if (compared)
            put_point_cell(to, points[i].other);
        sy_buffer_puts(to, "</tr>\n");
    }
    sy_buffer_puts(to, "</tbody></table></details>\n");
}

/* ---- the page ---- */

/* The symbols that say by their shape what their colour says too. */
static const char symbols[] =
    "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" style=\"position:absolute\">\n"
    "<symbol id=\"good\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"7.5\" "
    "fill=\"currentColor\"/><path class=\"cut\" d=\"M4.6 8.3 7 10.7 11.5 5.6\"/></symbol>\n"
    "<symbol id=\"bad\" viewBox=\"0 0 16 16\"><path fill=\"currentColor\" "
    "d=\"M8-.6 16.6 8 8 16.6-.6 8z\"/><path class=\"cut\" d=\"M5.5 5.5l5 5M10.5 5.5l-5 5\"/>"
    "</symbol>\n"
    "<symbol id=\"doubtful\" viewBox=\"0 0 16 16\"><path fill=\"currentColor\" "
    "d=\"M8 .2 16 15H0z\"/><path class=\"cut\" d=\"M8 5.6v4.2M8 12.6v0\"/></symbol>\n"
    "<symbol id=\"unknown\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"6.5\" "
    "fill=\"none\" "
    "stroke=\"currentColor\" stroke-width=\"2\" stroke-dasharray=\"3 2.1\"/></symbol>\n"
    "<symbol id=\"paused\" viewBox=\"0 0 16 16\"><path fill=\"currentColor\" "
    "d=\"M3 2h3.5v12H3zM9.500 2H13v12H9.500z\"/></symbol>\n"
    "<symbol id=\"resumed\" viewBox=\"0 0 16 16\"><path fill=\"currentColor\" d=\"M3 1.500 14 8 3 "
    "14.500z\"/></symbol>\n"
    "</svg>\n";

/* Nothing may be loaded, and no script runs, whatever a text from outside says. */
static void put_document_head(const struct sy_report *report, struct sy_buffer *to) {
    char subject[SY_REPORT_SUBJECT_MAX];
    sy_buffer_puts(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                       "style-src 'unsafe-inline'\"/>\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                       "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
    sy_put_xml(to, sy_report_subject(report, subject));
    sy_buffer_printf(to, " – %s", sy_report_outcome(report));
    if (report->version[0]) {
        sy_buffer_puts(to, " ");
        sy_put_xml(to, report->version);
    }
    sy_buffer_puts(to, "</title>\n<style>\n" SY_PAGE_CSS "</style>\n</head>\n<body>\n");
    sy_buffer_puts(to, symbols);
}

static void put_footer(const struct sy_report *report, struct sy_buffer *to) {
    sy_buffer_puts(to, "<footer><code>steelyard ");
    sy_put_xml(to, report->command);
    sy_buffer_printf(to, "</code>, exit code %d", report->exit_code);
    if (report->signal)
        sy_buffer_printf(to, ", interrupted by signal %d", report->signal);
    if (report->made_ms) {
        sy_buffer_puts(to, ", reported ");
        sy_page_time(to, report->made_ms, true);
        sy_buffer_puts(to, " UTC");
    }
    sy_buffer_puts(to, "</footer>\n</body>\n</html>\n");
}

void sy_write_html(const struct sy_report *report, struct sy_buffer *to) {
    bool has_release = report->release_id[0] && report->n_events;
    put_document_head(report, to);
    sy_buffer_puts(to, "<main>\n");
    put_title(report, to);
    put_advice(report, to);
    put_facts(report, to);
    if (report->plan)
        sy_put_warnings(report->plan, to);
    if (report->findings)
        sy_put_findings(report->findings, to);
    if (report->drill)
        sy_put_rehearsals(report->drill, to);
    if (report->verify)
        sy_put_verify(report->verify, to);
    if (sy_has_timeline(report)) {
        sy_buffer_puts(to, "<h2>Timeline</h2>\n");
        sy_put_timeline(report, to);
    }
    if (has_release)
        put_stages(report, to);
    else if (report->plan && report->plan->kind == SY_PLAN_RELEASE)
        sy_put_planned_stages(report->plan, to);
    if (report->n_events)
        put_log(report, to);
    if (report->n_points)
        put_points(report, to);
    sy_buffer_puts(to, "</main>\n");
    put_footer(report, to);
}
