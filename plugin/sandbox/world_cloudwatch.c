/* CloudWatch: the metrics that Lambda publishes, under the dimension sets that Lambda publishes
 * them under. Any other set - {FunctionName, ExecutedVersion} above all - is a metric that nobody
 * ever wrote: the answer is empty and Complete, as AWS's is. */
#include "base/json.h"
#include "sandbox/metric.h"
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { QUERIES_MAX = 500, DATAPOINTS_MAX = 100800, DIMENSIONS_MAX = 30 };

/* One query: a metric, and what the caller calls it. */
struct asked {
    char id[256];
    char label[256];
    char stat[32];
    struct sy_metric metric;
};

static bool invalid(struct sy_call *call, const char *message) {
    sy_answer_error(call, 400, "ValidationError", "%s", message);
    return false;
}

static bool period_read(struct sy_call *call, const struct json_object *object,
                        struct sy_metric *metric) {
    struct sy_error error = {0};
    int64_t period = 0;
    if (sy_json_int(object, "Period", true, 1, INT64_C(86400) * 365, &period, &error))
        return invalid(call, error.message);
    if (period != 1 && period != 5 && period != 10 && period != 30 && period % 60 != 0)
        return invalid(call, "Period must be 1, 5, 10, 30, or a multiple of 60");
    metric->period_ms = period * 1000;
    return true;
}

static bool dimension_read(struct sy_call *call, const struct json_object *dimension,
                           struct sy_metric *metric) {
    char name[256] = "", value[1025] = "";
    struct sy_error error = {0};
    if (sy_json_string(dimension, "Name", true, name, sizeof name, &error) ||
        sy_json_string(dimension, "Value", true, value, sizeof value, &error))
        return invalid(call, error.message);
    char *to = !strcmp(name, "FunctionName")      ? metric->function
               : !strcmp(name, "Resource")        ? metric->resource
               : !strcmp(name, "ExecutedVersion") ? metric->executed
                                                  : NULL;
    if (!to || *to || !value[0] || strlen(value) >= sizeof metric->function)
        metric->unknown = true;
    else
        memcpy(to, value, strlen(value) + 1);
    return true;
}

/* Namespace, MetricName and Dimensions. */
static bool metric_read(struct sy_call *call, const struct json_object *object,
                        struct sy_metric *metric) {
    char namespace[256] = "";
    struct sy_error error = {0};
    struct json_object *dimensions = NULL;
    if (sy_json_string(object, "Namespace", true, namespace, sizeof namespace, &error) ||
        sy_json_string(object, "MetricName", true, metric->name, sizeof metric->name, &error) ||
        sy_json_child(object, "Dimensions", false, json_type_array, &dimensions, &error))
        return invalid(call, error.message);
    size_t count = dimensions ? json_object_array_length(dimensions) : 0;
    if (count > DIMENSIONS_MAX)
        return invalid(call, "The collection Dimensions must not have a size greater than 30.");
    for (size_t i = 0; i < count; i++)
        if (!dimension_read(call, json_object_array_get_idx(dimensions, i), metric))
            return false;
    if (strcmp(namespace, "AWS/Lambda") != 0 || (metric->resource[0] && !metric->function[0]) ||
        (metric->executed[0] && !metric->resource[0]))
        metric->unknown = true;
    return true;
}

static bool id_is_valid(const char *id) {
    if (*id < 'a' || *id > 'z')
        return false;
    return strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
           strlen(id);
}

static bool query_read(struct sy_call *call, const struct json_object *query, struct asked *asked,
                       bool *ret_wanted) {
    struct sy_error error = {0};
    struct json_object *stat = NULL, *metric = NULL, *expression = NULL;
    *asked = (struct asked){0};
    *ret_wanted = true;
    if (sy_json_string(query, "Id", true, asked->id, sizeof asked->id, &error) ||
        sy_json_string(query, "Label", false, asked->label, sizeof asked->label, &error) ||
        sy_json_bool(query, "ReturnData", false, ret_wanted, &error) ||
        sy_json_child(query, "Expression", false, json_type_string, &expression, &error))
        return invalid(call, error.message);
    if (expression)
        return invalid(call, "The sandbox does no metric math: leave out Expression");
    if (!id_is_valid(asked->id))
        return invalid(call, "The value of Id must match ^[a-z][a-zA-Z0-9_]*$");
    if (sy_json_child(query, "MetricStat", true, json_type_object, &stat, &error) ||
        sy_json_string(stat, "Stat", true, asked->stat, sizeof asked->stat, &error) ||
        sy_json_child(stat, "Metric", true, json_type_object, &metric, &error))
        return invalid(call, error.message);
    if (!sy_metric_stat_is_known(asked->stat))
        return invalid(call, "Stat must be Sum, SampleCount, Average, Minimum or Maximum");
    if (!metric_read(call, metric, &asked->metric) || !period_read(call, stat, &asked->metric))
        return false;
    if (!asked->label[0])
        memcpy(asked->label, asked->metric.name, sizeof asked->label);
    return true;
}

static bool range_read(struct sy_call *call, struct sy_range *range) {
    struct sy_error error = {0};
    double from = 0, to = 0;
    if (sy_json_double(call->body, "StartTime", true, 0, 1e11, &from, &error) ||
        sy_json_double(call->body, "EndTime", true, 0, 1e11, &to, &error))
        return invalid(call, error.message);
    if (from >= to)
        return invalid(call, "The parameter StartTime must be less than the parameter EndTime.");
    range->from_ms = (int64_t)(from * 1000 + 0.5);
    range->to_ms = (int64_t)(to * 1000 + 0.5);
    return true;
}

/* A page of a walk over all datapoints of all queries, in order. */
struct page {
    int64_t from;
    int64_t limit;
    int64_t seen;
    bool descending;
};

static bool page_read(struct sy_call *call, struct page *page) {
    char scan[32] = "", token[40] = "";
    struct sy_error error = {0};
    *page = (struct page){.limit = DATAPOINTS_MAX};
    if (sy_json_int(call->body, "MaxDatapoints", false, 1, DATAPOINTS_MAX, &page->limit, &error) ||
        sy_json_string(call->body, "ScanBy", false, scan, sizeof scan, &error) ||
        sy_json_string(call->body, "NextToken", false, token, sizeof token, &error))
        return invalid(call, error.message);
    if (token[0] && (page->from = sy_version_number(token)) <= 0) {
        sy_answer_error(call, 400, "InvalidNextToken", "NextToken is not one that was given");
        return false;
    }
    page->descending = strcmp(scan, "TimestampAscending") != 0;
    if (scan[0] && page->descending && strcmp(scan, "TimestampDescending") != 0)
        return invalid(call, "ScanBy must be TimestampDescending or TimestampAscending");
    return true;
}

/* The part of a query's points that falls on this page; a query is on every page that has points
 * of it, one without points on the page where its place is. */
static void result_add(struct json_object *results, const struct asked *asked,
                       const struct sy_points *points, struct page *page) {
    int64_t count = (int64_t)points->count;
    int64_t first = page->from - page->seen;
    int64_t end = page->from + page->limit - page->seen;
    page->seen += count;
    if (count ? first >= count || end <= 0 : first > 0 || end <= 0)
        return;
    struct json_object *result = json_object_new_object();
    struct json_object *timestamps = json_object_new_array(), *values = json_object_new_array();
    for (int64_t i = first > 0 ? first : 0; i < count && i < end; i++) {
        const struct sy_point *point = &points->list[page->descending ? count - 1 - i : i];
        json_object_array_add(timestamps, json_object_new_int64(point->start_ms / 1000));
        json_object_array_add(values,
                              sy_json_number(sy_metric_value(&asked->metric, asked->stat, point)));
    }
    json_object_object_add(result, "Id", json_object_new_string(asked->id));
    json_object_object_add(result, "Label", json_object_new_string(asked->label));
    json_object_object_add(result, "Timestamps", timestamps);
    json_object_object_add(result, "Values", values);
    json_object_object_add(result, "StatusCode",
                           json_object_new_string(end < count ? "PartialData" : "Complete"));
    json_object_array_add(results, result);
}

static bool ids_differ(struct sy_call *call, struct json_object *queries) {
    struct json_object *seen = json_object_new_object();
    bool differ = true;
    for (size_t i = 0; differ && i < json_object_array_length(queries); i++) {
        struct json_object *id = NULL;
        (void)json_object_object_get_ex(json_object_array_get_idx(queries, i), "Id", &id);
        const char *text = id ? json_object_get_string(id) : "";
        differ = !json_object_object_get_ex(seen, text, NULL);
        json_object_object_add(seen, text, NULL);
    }
    (void)json_object_put(seen);
    return differ ||
           invalid(call, "The values for parameter id in MetricDataQueries are not unique");
}

static bool queries_read(struct sy_call *call, struct json_object **ret) {
    struct sy_error error = {0};
    if (sy_json_child(call->body, "MetricDataQueries", true, json_type_array, ret, &error))
        return invalid(call, error.message);
    size_t count = json_object_array_length(*ret);
    if (count == 0 || count > QUERIES_MAX)
        return invalid(call, "The collection MetricDataQueries must have a size of 1 to 500.");
    for (size_t i = 0; i < count; i++)
        if (!json_object_is_type(json_object_array_get_idx(*ret, i), json_type_object))
            return invalid(call, "A member of MetricDataQueries is not a structure");
    return ids_differ(call, *ret);
}

static void get_metric_data(struct sy_call *call) {
    char token[24];
    struct sy_range range;
    struct page page;
    struct asked asked;
    struct sy_points points = {0};
    struct json_object *queries = NULL;
    bool wanted = true, good = true;
    if (!range_read(call, &range) || !page_read(call, &page) || !queries_read(call, &queries))
        return;
    struct json_object *answer = json_object_new_object();
    struct json_object *results = json_object_new_array();
    json_object_object_add(answer, "MetricDataResults", results);
    for (size_t i = 0; good && i < json_object_array_length(queries); i++) {
        good = query_read(call, json_object_array_get_idx(queries, i), &asked, &wanted);
        if (!good || !wanted)
            continue;
        sy_metric_collect(call->world, &asked.metric, &range, &points);
        result_add(results, &asked, &points, &page);
    }
    free(points.list);
    if (!good) {
        (void)json_object_put(answer);
        return;
    }
    if (page.seen > page.from + page.limit)
        json_object_object_add(
            answer, "NextToken",
            json_object_new_string(sy_version_text(page.from + page.limit, token)));
    json_object_object_add(answer, "Messages", json_object_new_array());
    sy_answer(call, 200, answer);
}

static void datapoint_add(struct json_object *list, const struct sy_metric *metric,
                          struct json_object *stats, const struct sy_point *point) {
    struct json_object *datapoint = json_object_new_object();
    json_object_object_add(datapoint, "Timestamp", json_object_new_int64(point->start_ms / 1000));
    for (size_t i = 0; i < json_object_array_length(stats); i++) {
        const char *stat = json_object_get_string(json_object_array_get_idx(stats, i));
        json_object_object_add(datapoint, stat,
                               sy_json_number(sy_metric_value(metric, stat, point)));
    }
    json_object_object_add(datapoint, "Unit", json_object_new_string("Count"));
    json_object_array_add(list, datapoint);
}

static bool statistics_read(struct sy_call *call, struct json_object **ret) {
    struct sy_error error = {0};
    if (sy_json_child(call->body, "Statistics", true, json_type_array, ret, &error))
        return invalid(call, error.message);
    for (size_t i = 0; i < json_object_array_length(*ret); i++) {
        struct json_object *stat = json_object_array_get_idx(*ret, i);
        if (!json_object_is_type(stat, json_type_string) ||
            !sy_metric_stat_is_known(json_object_get_string(stat)))
            return invalid(call, "Statistics must be Sum, SampleCount, Average, Minimum, Maximum");
    }
    return true;
}

static void get_metric_statistics(struct sy_call *call) {
    struct sy_range range;
    struct sy_metric metric = {0};
    struct sy_points points = {0};
    struct json_object *stats = NULL;
    if (!range_read(call, &range) || !metric_read(call, call->body, &metric) ||
        !period_read(call, call->body, &metric) || !statistics_read(call, &stats))
        return;
    sy_metric_collect(call->world, &metric, &range, &points);
    struct json_object *answer = json_object_new_object();
    struct json_object *list = json_object_new_array();
    json_object_object_add(answer, "Label", json_object_new_string(metric.name));
    json_object_object_add(answer, "Datapoints", list);
    for (size_t i = 0; i < points.count; i++)
        datapoint_add(list, &metric, stats, &points.list[i]);
    free(points.list);
    sy_answer(call, 200, answer);
}

const struct sy_operation sy_cloudwatch_operations[] = {
    {"GetMetricData", get_metric_data},
    {"GetMetricStatistics", get_metric_statistics},
};
const size_t sy_cloudwatch_operation_count = SY_COUNT(sy_cloudwatch_operations);
