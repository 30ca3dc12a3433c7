#include "report/axis.h"

#include "base/memory.h"

int sy_axis_at(const struct sy_axis *axis, int64_t value) {
    if (value <= axis->from)
        return 0;
    if (value >= axis->to)
        return SY_AXIS_UNITS;
    return (int)((double)(value - axis->from) / (double)(axis->to - axis->from) * SY_AXIS_UNITS +
                 0.5);
}

int64_t sy_time_step(int64_t span_ms) {
    enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };
    static const int64_t steps_s[] = {
        1,   2,    5,    10,       15,       30,       MINUTE,    2 * MINUTE, 5 * MINUTE, 600,
        900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY,        2 * DAY,    7 * DAY,
    };
    for (size_t i = 0; i < SY_COUNT(steps_s); i++)
        if (span_ms / (steps_s[i] * 1000) <= 8)
            return steps_s[i] * 1000;
    int64_t step_ms = INT64_C(14) * DAY * 1000;
    while (span_ms / step_ms > 8)
        step_ms *= 2;
    return step_ms;
}

int64_t sy_number_step(int64_t span) {
    int64_t step = 1;
    static const int64_t factors[] = {2, 5, 10};
    while (span / (step * 10) > 4)
        step *= 10;
    for (size_t i = 0; span / step > 4 && i < SY_COUNT(factors); i++)
        if (span / (step * factors[i]) <= 4)
            return step * factors[i];
    return step;
}

/* ---- labels ---- */

/* Pixels: the plot's width on a phone of 360 and on the narrowest page that counts as wide; a
 * character of the labels' size, and the air between two labels. */
enum { NARROW_PX = 280, WIDE_PX = 560, CHARACTER_PX = 7, AIR_PX = 8 };

static bool is_free(const double *from, const double *to, size_t n, double a, double b) {
    for (size_t i = 0; i < n; i++)
        if (a < to[i] && from[i] < b)
            return false;
    return n < SY_LANE_MAX;
}

static double left_end(int at, int plot_px, enum sy_anchor anchor, double width) {
    double x = (double)at * plot_px / SY_AXIS_UNITS;
    return anchor == SY_ANCHOR_START ? x : anchor == SY_ANCHOR_MIDDLE ? x - width / 2 : x - width;
}

enum sy_fit sy_lane_take(struct sy_lane *lane, int at, enum sy_anchor anchor, size_t characters) {
    double width = (double)characters * CHARACTER_PX + AIR_PX;
    double narrow = left_end(at, NARROW_PX, anchor, width);
    double wide = left_end(at, WIDE_PX, anchor, width);
    if (!is_free(lane->wide.from, lane->wide.to, lane->wide.n, wide, wide + width))
        return SY_FITS_NEVER;
    lane->wide.from[lane->wide.n] = wide;
    lane->wide.to[lane->wide.n++] = wide + width;
    if (!is_free(lane->narrow.from, lane->narrow.to, lane->narrow.n, narrow, narrow + width))
        return SY_FITS_WIDE;
    lane->narrow.from[lane->narrow.n] = narrow;
    lane->narrow.to[lane->narrow.n++] = narrow + width;
    return SY_FITS;
}
