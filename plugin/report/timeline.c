#include "report/timeline_internal.h"

#include "base/text.h"
#include "report/escape.h"
#include "report/sentence.h"

#include <stdio.h>
#include <string.h>

/* ---- what is shown ---- */

static bool is_move(const struct sy_release_event *event) {
    return event->kind == SY_EVENT_ALIAS_MOVED;
}

static bool has_moves(const struct sy_report *report) {
    for (size_t i = 0; i < report->n_events; i++)
        if (is_move(&report->events[i]))
            return true;
    return false;
}

bool sy_has_timeline(const struct sy_report *report) {
    return report->release_id[0] && report->begun_ms && (has_moves(report) || report->n_points);
}

const char *sy_decision_mark(enum sy_decision decision) {
    static const char *const marks[SY_DECISION_COUNT] = {"", "good", "bad", "doubtful"};
    return marks[decision];
}

int64_t sy_latest(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* What is to come gets as much room as what was, at most: a lock-in of a day must not squeeze the
 * minutes in which it was decided. */
static void find_span(struct sy_chart *chart) {
    const struct sy_report *report = chart->report;
    int64_t from_ms = report->begun_ms;
    int64_t known_ms = report->ended_ms ? report->ended_ms : report->made_ms;
    if (report->n_events)
        known_ms = sy_latest(known_ms, report->events[report->n_events - 1].at_ms);
    if (report->n_points)
        known_ms = sy_latest(known_ms, report->points[report->n_points - 1].at_ms);
    known_ms = sy_latest(known_ms, from_ms + 1000);
    int64_t to_ms = sy_latest(known_ms, report->until_ms);
    if (to_ms - known_ms > known_ms - from_ms)
        to_ms = known_ms + (known_ms - from_ms);
    chart->known_ms = known_ms;
    chart->time = (struct sy_axis){from_ms, to_ms};
}

/* ---- places ---- */

int sy_chart_x_of(const struct sy_chart *chart, int64_t at_ms) {
    return sy_axis_at(&chart->time, at_ms);
}

static int height_of(double share) {
    double y = LOWEST - share * (LOWEST - HIGHEST);
    return (int)(y < -SY_AXIS_UNITS ? -SY_AXIS_UNITS : y + 0.5);
}

static int weight_y(int32_t share_bp) {
    return height_of((double)share_bp / 10000);
}

/* rate: a share from 0 to 1. */
int sy_chart_rate_y(const struct sy_chart *chart, double rate) {
    return height_of(rate * 10000 / (double)chart->top_bp);
}

double sy_chart_pixel(int box_y, int box_height, int y) {
    return box_y + (double)y * box_height / SY_AXIS_UNITS;
}

void sy_chart_open_box(struct sy_chart *chart, int y, int height) {
    sy_buffer_printf(chart->to,
                     "<svg y=\"%d\" width=\"100%%\" height=\"%d\" viewBox=\"0 0 %d %d\" "
                     "preserveAspectRatio=\"none\">\n",
                     y, height, SY_AXIS_UNITS, SY_AXIS_UNITS);
}

void sy_chart_close_box(struct sy_chart *chart) {
    sy_buffer_puts(chart->to, "</svg>\n");
}

/* In the middle, unless a phone's page ends before the label: half a character is 12.5 units wide
 * there, and beside the plot are 150 units at its left and 55 at its right. */
static enum sy_anchor anchor_at(int at, size_t characters) {
    int half = (int)characters * 25 / 2;
    return half > at + 150         ? SY_ANCHOR_START
           : half > 1000 - at + 55 ? SY_ANCHOR_END
                                   : SY_ANCHOR_MIDDLE;
}

static void put_label(struct sy_chart *chart, struct sy_lane *lane, int at, enum sy_anchor anchor,
                      double y, const char *class, const char *text) {
    static const char *const anchors[] = {"start", "middle", "end"};
    enum sy_fit fit = sy_lane_take(lane, at, anchor, strlen(text));
    if (fit == SY_FITS_NEVER)
        return;
    sy_buffer_printf(chart->to, "<text x=\"%d.%d%%\" y=\"%g\" class=\"%s%s%s\">", at / 10, at % 10,
                     y, anchors[anchor], class, fit == SY_FITS_WIDE ? " wide" : "");
    sy_put_xml(chart->to, text);
    sy_buffer_puts(chart->to, "</text>\n");
}

/* ---- scales ---- */

static void put_level(struct sy_chart *chart, double y, int64_t value_bp, const char *class) {
    char text[16];
    sy_buffer_printf(chart->to,
                     "<line x2=\"100%%\" y1=\"%g\" y2=\"%g\" class=\"%s\"/>"
                     "<text x=\"-7\" y=\"%g\" class=\"end\">%s</text>\n",
                     y, y, class, y + 4, sy_percent_format(value_bp, text));
}

static void put_levels(struct sy_chart *chart) {
    for (int32_t bp = 0; bp <= 10000; bp += 5000)
        put_level(chart, sy_chart_pixel(WEIGHT_Y, WEIGHT_H, weight_y(bp)), bp,
                  bp ? "grid" : "base");
    int64_t step_bp = sy_number_step(chart->top_bp);
    for (int64_t bp = 0; chart->top_bp && bp <= chart->top_bp; bp += step_bp)
        put_level(chart, sy_chart_pixel(RATE_Y, RATE_H, sy_chart_rate_y(chart, (double)bp / 10000)),
                  bp, bp ? "grid" : "base");
}

/* "2026-01-02T03:04:05Z" -> "2 Jan". */
static void put_day(const char *iso, char buf[16]) {
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int month = (iso[5] - '0') * 10 + iso[6] - '0';
    int day = (iso[8] - '0') * 10 + iso[9] - '0';
    (void)snprintf(buf, 16, "%d %s", day, month >= 1 && month <= 12 ? months[month - 1] : "?");
}

/* The time at each tick; below it the day at the first one, and where a new one begins. */
static void put_ticks(struct sy_chart *chart) {
    struct sy_lane times = {0};
    struct sy_lane days = {0};
    char day_before[16] = "";
    int64_t step_ms = sy_time_step(chart->time.to - chart->time.from);
    int64_t first_ms = (chart->time.from + step_ms - 1) / step_ms * step_ms;
    bool by_day = step_ms >= SY_DAY_MS;
    int y = chart->height - TICKS_H;
    for (int64_t at_ms = first_ms; at_ms <= chart->time.to; at_ms += step_ms) {
        char iso[24];
        char day[16];
        char text[40];
        int at = sy_chart_x_of(chart, at_ms);
        put_day(sy_time_format(at_ms, iso), day);
        sy_buffer_printf(chart->to,
                         "<line x1=\"%d.%d%%\" x2=\"%d.%d%%\" y1=\"%d\" y2=\"%d\" class=\"base\"/>",
                         at / 10, at % 10, at / 10, at % 10, y, y + 4);
        (void)snprintf(text, sizeof text, "%.*s", step_ms < SY_MINUTE_MS ? 8 : 5, iso + 11);
        put_label(chart, &times, at, anchor_at(at, strlen(text)), y + 17, "", by_day ? day : text);
        if (!day_before[0])
            (void)snprintf(text, sizeof text, "%s%s%.4s UTC", by_day ? "" : day, by_day ? "" : " ",
                           iso);
        else
            (void)snprintf(text, sizeof text, "%s", day);
        if (!day_before[0] || (!by_day && strcmp(day_before, day) != 0))
            put_label(chart, &days, at, anchor_at(at, strlen(text)), y + 33, "", text);
        memcpy(day_before, day, sizeof day_before);
    }
}

/* ---- the alias: weights and moves ---- */

static void put_steps(struct sy_chart *chart) {
    const struct sy_report *report = chart->report;
    SY_AUTO_BUFFER struct sy_buffer path = {0};
    for (size_t i = 0; i < report->n_events; i++) {
        const struct sy_release_event *event = &report->events[i];
        if (!is_move(event))
            continue;
        if (!path.len)
            sy_buffer_printf(&path, "M0 %d",
                             weight_y(sy_routing_share(&event->from, report->version)));
        sy_buffer_printf(&path, "H%dV%d", sy_chart_x_of(chart, event->at_ms),
                         weight_y(sy_routing_share(&event->to, report->version)));
    }
    if (!path.len)
        return;
    sy_buffer_printf(&path, "H%d", sy_chart_x_of(chart, chart->known_ms));
    sy_chart_open_box(chart, WEIGHT_Y, WEIGHT_H);
    sy_buffer_printf(chart->to,
                     "<path class=\"area\" d=\"%sV%dH0Z\"/>\n<path class=\"line\" d=\"%s\"/>\n",
                     path.data, LOWEST, path.data);
    sy_chart_close_box(chart);
}

static bool goes_back(const struct sy_chart *chart, const struct sy_release_event *event) {
    const char *version = chart->report->version;
    return sy_routing_share(&event->to, version) < sy_routing_share(&event->from, version);
}

/* Vertical lines through everything: the moves, and where the known ends. The lock-in behind them.
 */
static void put_moments(struct sy_chart *chart) {
    const struct sy_report *report = chart->report;
    const struct sy_report_stage *lock_in = &report->stages[report->n_stages];
    sy_chart_open_box(chart, WEIGHT_Y, chart->height - TICKS_H - WEIGHT_Y);
    if (lock_in->started_ms) {
        int64_t end_ms = lock_in->ended_ms  ? lock_in->ended_ms
                         : report->until_ms ? report->until_ms
                                            : chart->known_ms;
        int from = sy_chart_x_of(chart, lock_in->started_ms);
        sy_buffer_printf(chart->to,
                         "<rect class=\"lock-in\" x=\"%d\" width=\"%d\" height=\"1000\"/>\n", from,
                         sy_chart_x_of(chart, end_ms) - from);
    }
    for (size_t i = 0; i < report->n_events; i++)
        if (is_move(&report->events[i]))
            sy_buffer_printf(chart->to, "<path class=\"%s\" d=\"M%d 0V1000\"/>\n",
                             goes_back(chart, &report->events[i]) ? "back" : "forward",
                             sy_chart_x_of(chart, report->events[i].at_ms));
    if (chart->known_ms < chart->time.to)
        sy_buffer_printf(chart->to, "<path class=\"now\" d=\"M%d 0V1000\"/>\n",
                         sy_chart_x_of(chart, chart->known_ms));
    sy_chart_close_box(chart);
}

/* At the right of its line, since it says what is true from there on; as long as a phone has room.
 */
static enum sy_anchor beside_line(int at, size_t characters) {
    int width = (int)characters * 25;
    return at + width <= 1055   ? SY_ANCHOR_START
           : at - width >= -150 ? SY_ANCHOR_END
                                : SY_ANCHOR_MIDDLE;
}

static void put_move_label(struct sy_chart *chart, const struct sy_release_event *event) {
    char text[40];
    char percent[16];
    bool back = goes_back(chart, event);
    int32_t share_bp = sy_routing_share(&event->to, chart->report->version);
    int at = sy_chart_x_of(chart, event->at_ms);
    if (back && !share_bp)
        (void)snprintf(text, sizeof text, "back to %s", event->to.primary);
    else
        (void)snprintf(text, sizeof text, "%s", sy_percent_format(share_bp, percent));
    put_label(chart, &chart->moves, at, beside_line(at, strlen(text)), MOVES_Y,
              back ? " bad" : " move", text);
}

/* The way back is what a reader looks for, so it has the first choice of a place. */
static void put_move_labels(struct sy_chart *chart) {
    const struct sy_report *report = chart->report;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < report->n_events; i++)
            if (is_move(&report->events[i]) && goes_back(chart, &report->events[i]) == (pass == 0))
                put_move_label(chart, &report->events[i]);
    if (chart->known_ms < chart->time.to)
        put_label(chart, &chart->moves, sy_chart_x_of(chart, chart->known_ms), SY_ANCHOR_MIDDLE,
                  MOVES_Y, "", "now");
}

/* ---- verdicts ---- */

static const char *mark_of(const struct sy_release_event *event) {
    switch (event->kind) {
    case SY_EVENT_STAGE_VERDICT:
    case SY_EVENT_LOCK_IN_ENDED:
        return sy_decision_mark(event->decision);
    case SY_EVENT_PAUSED:
        return "paused";
    case SY_EVENT_RESUMED:
        return "resumed";
    default:
        return "";
    }
}

static void put_mark(struct sy_chart *chart, const struct sy_release_event *event, const char *mark,
                     int beside_px) {
    char iso[24];
    char sentence[400];
    int at = sy_chart_x_of(chart, event->at_ms);
    sy_event_sentence(event, sentence);
    sy_buffer_printf(chart->to,
                     "<use href=\"#%s\" class=\"%s\" x=\"%d.%d%%\" y=\"%d\" width=\"%d\" "
                     "height=\"%d\" transform=\"translate(%d)\"><title>%.8s ",
                     mark, mark, at / 10, at % 10, MARKS_Y, MARK_PX, MARK_PX,
                     (at > SY_AXIS_UNITS / 2 ? -beside_px : beside_px) - MARK_PX / 2,
                     sy_time_format(event->at_ms, iso) + 11);
    sy_put_xml(chart->to, sentence);
    sy_buffer_puts(chart->to, "</title></use>\n");
}

/* Marks of the same moment stand beside one another, each kind once. */
static void put_marks(struct sy_chart *chart) {
    const struct sy_report *report = chart->report;
    const char *before = "";
    int before_at = -1;
    int beside_px = 0;
    for (size_t i = 0; i < report->n_events; i++) {
        const char *mark = mark_of(&report->events[i]);
        int at = sy_chart_x_of(chart, report->events[i].at_ms);
        if (!mark[0] || (at == before_at && strcmp(mark, before) == 0))
            continue;
        beside_px = at == before_at ? beside_px + MARK_PX + 3 : 0;
        before_at = at;
        before = mark;
        put_mark(chart, &report->events[i], mark, beside_px);
    }
}

/* ---- the whole ---- */

void sy_put_timeline(const struct sy_report *report, struct sy_buffer *to) {
    char headline[SY_REPORT_TEXT_MAX];
    struct sy_chart chart = {.report = report, .to = to};
    find_span(&chart);
    sy_chart_find_top(&chart);
    chart.height = (chart.top_bp ? RATE_Y + RATE_H : MARKS_Y + MARK_PX + 8) + TICKS_H;
    sy_buffer_printf(to,
                     "<figure>\n<svg id=\"timeline\" role=\"img\" height=\"%d\" "
                     "aria-labelledby=\"timeline-title\" aria-describedby=\"timeline-words\">\n"
                     "<title id=\"timeline-title\">",
                     chart.height);
    sy_put_xml(to, sy_report_headline(report, headline));
    sy_buffer_puts(to, "</title>\n<desc id=\"timeline-words\">");
    sy_put_timeline_words(report, to);
    sy_buffer_puts(to, "</desc>\n");
    sy_buffer_printf(to, "<text x=\"0\" y=\"%d\" class=\"name halo\">Traffic to version ",
                     WEIGHT_NAME_Y);
    sy_put_xml(to, report->version);
    sy_buffer_puts(to, "</text>\n");
    put_levels(&chart);
    put_moments(&chart);
    put_steps(&chart);
    put_move_labels(&chart);
    if (chart.top_bp)
        sy_chart_rates(&chart);
    put_marks(&chart);
    put_ticks(&chart);
    sy_buffer_puts(to, "</svg>\n<figcaption>\n");
    sy_put_timeline_legend(report, to);
    sy_buffer_puts(to, "</figcaption>\n</figure>\n");
}
