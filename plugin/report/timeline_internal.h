/* What the files of the timeline share. */
#ifndef SY_REPORT_TIMELINE_INTERNAL_H
#define SY_REPORT_TIMELINE_INTERNAL_H

#include "report/axis.h"
#include "report/timeline.h"

/* From top to bottom, in pixels. Text keeps its size at any width of the page: only what lies in a
 * nested <svg> of SY_AXIS_UNITS by SY_AXIS_UNITS is stretched. */
enum {
    WEIGHT_NAME_Y = 12,
    MOVES_Y = 31,
    WEIGHT_Y = 38,
    WEIGHT_H = 66,
    MARKS_Y = 110,
    MARK_PX = 14,
    RATE_NAME_Y = 146,
    RATE_Y = 154,
    RATE_H = 156,
    TICKS_H = 38,
};
/* Inside a stretched box: room for half a line's width at both ends. */
enum { LOWEST = 985, HIGHEST = 15 };
struct sy_chart {
    const struct sy_report *report;
    struct sy_axis time;
    int64_t known_ms; /* up to here it happened; what lies behind it is planned */
    int64_t top_bp;   /* of the scale of rates; 0 = there are none */
    int height;
    struct sy_lane moves;
    struct sy_buffer *to;
};

int64_t sy_latest(int64_t a, int64_t b);
/* Where a time lies, 0..SY_AXIS_UNITS from the left. */
int sy_chart_x_of(const struct sy_chart *chart, int64_t at_ms);
/* Where a rate (a share from 0 to 1) lies, 0..SY_AXIS_UNITS from the top; less than 0 above it. */
int sy_chart_rate_y(const struct sy_chart *chart, double rate);
/* The pixel, from the top of the picture, of a place in a stretched box. */
double sy_chart_pixel(int box_y, int box_height, int y);
void sy_chart_open_box(struct sy_chart *chart, int y, int height);
void sy_chart_close_box(struct sy_chart *chart);

/* timeline_rates.c */
void sy_chart_find_top(struct sy_chart *chart);
void sy_chart_rates(struct sy_chart *chart);

/* timeline_words.c: for those who hear it, and the legend. */
void sy_put_timeline_words(const struct sy_report *report, struct sy_buffer *to);
void sy_put_timeline_legend(const struct sy_report *report, struct sy_buffer *to);

#endif
