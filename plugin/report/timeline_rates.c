/* The error rates of the timeline, and what is the highest of them. */
#include "base/text.h"
#include "report/interval.h"
#include "report/timeline_internal.h"

#include <stdio.h>
#include <string.h>

/* Finer than this no screen shows it. */
enum { POINTS_SHOWN_MAX = 250 };

struct sy_counts sy_point_counts(const struct sy_report_point *point, bool other) {
    return other ? point->other : point->canary;
}

static int64_t rate_of(const struct sy_report_point *point, bool other) {
    int64_t rate_bp = sy_rate_bp(sy_point_counts(point, other));
    return rate_bp > 10000 ? 10000 : rate_bp; /* counts that grow still can say so */
}

/* The point with the highest rate; NULL when nothing was invoked. */
const struct sy_report_point *sy_highest_point(const struct sy_report_point *points, size_t n,
                                               bool other) {
    const struct sy_report_point *ret = NULL;
    for (size_t i = 0; i < n; i++)
        if (rate_of(&points[i], other) > (ret ? rate_of(ret, other) : -1))
            ret = &points[i];
    return ret;
}

size_t sy_highest_points(const struct sy_report *report, size_t max, struct sy_report_point *ret) {
    size_t group = (report->n_points + max - 1) / max;
    size_t n = 0;
    for (size_t i = 0; i < report->n_points; i += group) {
        size_t left = report->n_points - i;
        const struct sy_report_point *best =
            sy_highest_point(&report->points[i], left < group ? left : group, false);
        ret[n++] = best ? *best : report->points[i];
    }
    return n;
}

void sy_chart_find_top(struct sy_chart *chart) {
    const struct sy_report *report = chart->report;
    const struct sy_report_point *canary =
        sy_highest_point(report->points, report->n_points, false);
    const struct sy_report_point *other = sy_highest_point(report->points, report->n_points, true);
    int64_t rate_bp =
        sy_latest(canary ? rate_of(canary, false) : 0, other ? rate_of(other, true) : 0);
    if (!canary && !other)
        return;
    chart->top_bp = sy_latest((int64_t)report->threshold_bp * 13 / 10, rate_bp * 108 / 100);
    if (chart->top_bp < 20)
        chart->top_bp = 100; /* nothing failed, and nothing may */
    if (chart->top_bp > 10000)
        chart->top_bp = 10000;
}

struct dot {
    int x, y, low, high;
    bool apart; /* nothing is known of the time before it */
};

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Points that are farther from one another than this have a gap between them: three times their
 * usual distance. */
static int64_t usual_gap(const struct sy_report *report) {
    SY_AUTO_FREE int64_t *distances = sy_calloc(report->n_points + 1, sizeof *distances);
    size_t n = 0;
    for (size_t i = 1; i < report->n_points; i++)
        if (report->points[i].at_ms > report->points[i - 1].at_ms)
            distances[n++] = report->points[i].at_ms - report->points[i - 1].at_ms;
    qsort(distances, n, sizeof *distances, by_value);
    return n < 3 ? INT64_MAX : 3 * distances[n / 2];
}

/* Of points in one column the highest is shown. */
static size_t find_dots(const struct sy_chart *chart, bool other, struct dot *dots) {
    const struct sy_report *report = chart->report;
    int64_t gap_ms = usual_gap(report);
    int64_t before_ms = 0; /* of the last point with traffic */
    bool apart = true;
    const struct sy_report_point *shown[SY_AXIS_UNITS + 1];
    int column = report->n_points > POINTS_SHOWN_MAX ? SY_AXIS_UNITS / POINTS_SHOWN_MAX : 1;
    size_t n = 0;
    for (size_t i = 0; i < report->n_points; i++) {
        const struct sy_report_point *point = &report->points[i];
        int x = sy_chart_x_of(chart, point->at_ms) / column * column;
        apart |= before_ms && point->at_ms - before_ms > gap_ms;
        if (sy_point_counts(point, other).invocations <= 0) {
            apart = true;
            continue;
        }
        before_ms = point->at_ms;
        bool same = n && dots[n - 1].x == x;
        if (!same)
            dots[n++] = (struct dot){.x = x, .apart = apart};
        if (!same || rate_of(point, other) > rate_of(shown[n - 1], other))
            shown[n - 1] = point;
        apart = false;
    }
    for (size_t i = 0; i < n; i++) {
        double low = 0;
        double high = 0;
        sy_rate_interval(sy_point_counts(shown[i], other), &low, &high);
        dots[i].y = sy_chart_rate_y(chart, (double)rate_of(shown[i], other) / 10000);
        dots[i].low = sy_chart_rate_y(chart, low);
        dots[i].high = sy_chart_rate_y(chart, high);
    }
    return n;
}

/* dots[from..to) without a gap. One alone is a dot with a bar. */
static void put_run(const struct dot *dots, size_t from, size_t to, struct sy_buffer *line,
                    struct sy_buffer *band) {
    const struct dot *only = &dots[from];
    if (to - from == 1) {
        sy_buffer_printf(line, "M%d %dh12", only->x - 6, only->y);
        sy_buffer_printf(band, "M%d %dh12V%dh-12Z", only->x - 6, only->high, only->low);
        return;
    }
    for (size_t i = from; i < to; i++) {
        sy_buffer_printf(line, "%c%d %d", i == from ? 'M' : 'L', dots[i].x, dots[i].y);
        sy_buffer_printf(band, "%c%d %d", i == from ? 'M' : 'L', dots[i].x, dots[i].high);
    }
    for (size_t i = to; i > from; i--)
        sy_buffer_printf(band, "L%d %d", dots[i - 1].x, dots[i - 1].low);
    sy_buffer_puts(band, "Z");
}

static void put_series(struct sy_chart *chart, bool other) {
    SY_AUTO_BUFFER struct sy_buffer line = {0};
    SY_AUTO_BUFFER struct sy_buffer band = {0};
    struct dot dots[SY_AXIS_UNITS + 1];
    size_t n = find_dots(chart, other, dots);
    size_t end = 0;
    for (size_t from = 0; from < n; from = end) {
        for (end = from + 1; end < n && !dots[end].apart; end++)
            ;
        put_run(dots, from, end, &line, &band);
    }
    if (!n)
        return;
    const char *class = other ? " other" : "";
    sy_buffer_printf(chart->to, "<path class=\"band%s\" d=\"%s\"/>\n", class, band.data);
    sy_buffer_printf(chart->to, "<path class=\"line%s\" d=\"%s\"/>\n", class, line.data);
}

void sy_chart_rates(struct sy_chart *chart) {
    char text[16];
    char window[32];
    int64_t threshold_bp = chart->report->threshold_bp;
    int y = sy_chart_rate_y(chart, (double)threshold_bp / 10000);
    sy_chart_open_box(chart, RATE_Y, RATE_H);
    put_series(chart, true);
    put_series(chart, false);
    sy_buffer_printf(chart->to, "<path class=\"limit\" d=\"M0 %dH%d\"/>\n", y, SY_AXIS_UNITS);
    sy_chart_close_box(chart);
    sy_buffer_printf(chart->to,
                     "<text x=\"100%%\" dx=\"-5\" y=\"%g\" class=\"end bad halo\">limit %s</text>",
                     sy_chart_pixel(RATE_Y, RATE_H, y) - 5, sy_percent_format(threshold_bp, text));
    sy_buffer_printf(chart->to,
                     "<text x=\"0\" y=\"%d\" class=\"name halo\">Error rate within %s</text>\n",
                     RATE_NAME_Y, sy_duration_format(chart->report->window_ms, window));
}
