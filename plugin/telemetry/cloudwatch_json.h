/* GetMetricData as CloudWatch's JSON 1.0 protocol writes it (GraniteServiceVersion20100801; times
 * are numbers of seconds since 1970). Metric math is never used: rates are computed here. */
#ifndef SY_TELEMETRY_CLOUDWATCH_JSON_H
#define SY_TELEMETRY_CLOUDWATCH_JSON_H

#include "core/spec.h"

#include <stddef.h>

/* Limits of one GetMetricData call (lambda-facts, metrics). */
enum { SY_METRIC_QUERIES_MAX = 500, SY_METRIC_POINTS_MAX = 100800 };

/* One metric of AWS/Lambda; its query is called "q" and its place in the list. The strings must
 * have passed sy_names_check: they are written as they are. */
struct sy_metric {
    const char *name; /* Invocations, Errors */
    const char *function;
    const char *alias;
    const char *version; /* NULL: all of the alias */
};

struct sy_metric_request {
    const struct sy_metric *metrics;
    size_t n;
    int64_t from_s; /* inclusive */
    int64_t to_s;   /* exclusive */
    int64_t period_s;
    const char *next_token; /* NULL: the first page */
};
/* The caller frees it. */
char *sy_metric_request_write(const struct sy_metric_request *request)
    __attribute__((returns_nonnull, malloc));

struct sy_metric_point {
    int64_t start_s;
    int64_t value;
};

/* One entry of an answer's MetricDataResults. */
struct sy_metric_result {
    size_t index;  /* of the query */
    bool complete; /* false: more of it is on a later page */
    const struct sy_metric_point *points;
    size_t n_points;
};

struct sy_metric_reader {
    size_t n; /* queries of the request: results with other names are passed over */
    /* One result, with points, or with what was wrong with it alone. */
    void (*result)(void *ctx, const struct sy_metric_result *result);
    void (*failed)(void *ctx, size_t index, const struct sy_error *error);
    void *ctx;
};
/* Read a page. *ret_token is the next page's, NULL at the end; the caller frees it. An error is
 * about the page as a whole: INTERNAL. */
SY_MUST_USE int sy_metric_page_read(const char *body, size_t len,
                                    const struct sy_metric_reader *reader, char **ret_token,
                                    struct sy_error *error);

#endif
