/* Scales of a picture: where a value lies, which values get a tick, and which labels fit beside one
 * another. A picture is as wide as the page lets it be, so a place on the time axis is a share of
 * the width, 0 to 1000, and only text has a size. */
#ifndef SY_REPORT_AXIS_H
#define SY_REPORT_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SY_AXIS_UNITS = 1000 };

struct sy_axis {
    int64_t from;
    int64_t to; /* > from */
};

/* 0..SY_AXIS_UNITS; values outside lie at the ends. */
int sy_axis_at(const struct sy_axis *axis, int64_t value);
/* The distance of ticks on a time axis, in milliseconds: a round number of seconds, minutes, hours
 * or days, so that there are 9 ticks at most. */
int64_t sy_time_step(int64_t span_ms);
/* The same of numbers: 1, 2 or 5 times a power of ten, and 5 ticks at most. */
int64_t sy_number_step(int64_t span);

/* Where a label stands against its place. */
enum sy_anchor { SY_ANCHOR_START, SY_ANCHOR_MIDDLE, SY_ANCHOR_END };
enum { SY_LANE_MAX = 64 };

/* A row of labels, on a phone and on anything wider; who comes first is served. */
struct sy_lane {
    struct {
        double from[SY_LANE_MAX], to[SY_LANE_MAX];
        size_t n;
    } narrow, wide;
};
enum sy_fit { SY_FITS_NEVER, SY_FITS_WIDE, SY_FITS };
/* Take the room for a label of so many characters, if it is there. */
enum sy_fit sy_lane_take(struct sy_lane *lane, int at, enum sy_anchor anchor, size_t characters);

#endif
