#include "report/axis.h"

#include "base/memory.h"
#include "core/spec.h"

int sy_axis_at(const struct sy_axis *axis, int64_t value) {
    if (value <= axis->from)
        return 0;
    if (value >= axis->to)
        return SY_AXIS_UNITS;
    return (int)((double)(value - axis->from) / (double)(axis->to - axis->from) * SY_AXIS_UNITS +
                 0.5);
}

int64_t sy_time_step(int64_t span_ms) {
    static const int64_t steps_ms[] = {
        1000,
        2000,
        5000,
        10000,
        15000,
        30000,
        SY_MINUTE_MS,
        2 * SY_MINUTE_MS,
        5 * SY_MINUTE_MS,
        10 * SY_MINUTE_MS,
        15 * SY_MINUTE_MS,
        30 * SY_MINUTE_MS,
        SY_HOUR_MS,
        2 * SY_HOUR_MS,
        3 * SY_HOUR_MS,
        6 * SY_HOUR_MS,
        12 * SY_HOUR_MS,
        SY_DAY_MS,
        2 * SY_DAY_MS,
        7 * SY_DAY_MS,
    };
    for (size_t i = 0; i < SY_COUNT(steps_ms); i++)
        if (span_ms / steps_ms[i] <= 8)
            return steps_ms[i];
    int64_t step_ms = 14 * SY_DAY_MS;
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
