/* One release's look at CloudWatch: what a query asks for, the points that came, and the samples
 * they make. */
#ifndef SY_TELEMETRY_CLOUDWATCH_LOOK_H
#define SY_TELEMETRY_CLOUDWATCH_LOOK_H

#include "telemetry/cloudwatch_json.h"
#include "telemetry/source.h"

#include <sys/queue.h>

enum sy_series {
    SY_TARGET_INVOCATIONS,
    SY_TARGET_ERRORS,
    SY_BASELINE_INVOCATIONS,
    SY_BASELINE_ERRORS,
    SY_ALIAS_INVOCATIONS,
    SY_ALIAS_ERRORS,
    SY_SERIES
};

/* What came for one period. */
struct sy_cell {
    int64_t value[SY_SERIES];
    uint8_t has; /* a bit a series */
};

struct sy_look {
    LIST_ENTRY(sy_look) link;
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char version[SY_VERSION_MAX + 1];
    char baseline[SY_VERSION_MAX + 1];
    int64_t from_s;
    int64_t to_s;
    int64_t period_s;
    int64_t whole_from_ms; /* 0 = never */
    uint8_t wants;         /* a bit a series */
    size_t n_series;
    struct sy_cell *cells;
    size_t pieces_left;
    struct sy_error *error; /* the first one */
    sy_samples_done *done;
    void *ctx;
};
LIST_HEAD(sy_look_list, sy_look);

/* Check the query and set the look up; a query that cannot be asked becomes the look's error. */
void sy_look_init(struct sy_look *look, const struct sy_query *query, sy_samples_done *done,
                  void *ctx);
void sy_look_destroy(struct sy_look *look);
/* Keep the first error. */
void sy_look_fail(struct sy_look *look, const struct sy_error *error);
/* Make room for the points. */
void sy_look_open(struct sy_look *look);
/* A point of one series; points outside of the look's time are passed over. */
void sy_look_add(struct sy_look *look, enum sy_series series, const struct sy_metric_point *point);
/* Answer with the samples or the error, and destroy the look before. */
void sy_look_finish(struct sy_look *look);
/* The series' ExecutedVersion; NULL: none. */
const char *sy_look_version(const struct sy_look *look, enum sy_series series);

#endif
