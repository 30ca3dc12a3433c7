#include "telemetry/cloudwatch_json.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

/* More than a billion invocations a second for ten minutes; what is larger is not a count. */
static const double count_max = 1e12;
static const double time_max_s = 253402300799.0; /* the end of the year 9999 */

static void write_metric(struct sy_buffer *body, size_t index, const struct sy_metric *metric,
                         int64_t period_s) {
    sy_buffer_printf(body,
                     "%s{\"Id\":\"q%zu\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/Lambda\","
                     "\"MetricName\":\"%s\",\"Dimensions\":[{\"Name\":\"FunctionName\",\"Value\":"
                     "\"%s\"},{\"Name\":\"Resource\",\"Value\":\"%s:%s\"}",
                     index ? "," : "", index, metric->name, metric->function, metric->function,
                     metric->alias);
    if (metric->version)
        sy_buffer_printf(body, ",{\"Name\":\"ExecutedVersion\",\"Value\":\"%s\"}", metric->version);
    sy_buffer_printf(body, "]},\"Period\":%lld,\"Stat\":\"Sum\"},\"ReturnData\":true}",
                     (long long)period_s);
}

char *sy_metric_request_write(const struct sy_metric_request *request) {
    SY_AUTO_BUFFER struct sy_buffer body = {0};
    sy_buffer_puts(&body, "{\"MetricDataQueries\":[");
    for (size_t i = 0; i < request->n; i++)
        write_metric(&body, i, &request->metrics[i], request->period_s);
    sy_buffer_printf(&body,
                     "],\"StartTime\":%lld,\"EndTime\":%lld,\"ScanBy\":\"TimestampAscending\"",
                     (long long)request->from_s, (long long)request->to_s);
    if (request->next_token) {
        SY_AUTO_JSON struct json_object *token = json_object_new_string(request->next_token);
        SY_AUTO_FREE char *text = sy_json_write(token);
        sy_buffer_printf(&body, ",\"NextToken\":%s", text);
    }
    sy_buffer_puts(&body, "}");
    return SY_STEAL(body.data);
}

/* "q17" -> 17; false for what we did not ask. */
static bool parse_id(struct json_object *id, size_t n, size_t *ret) {
    const char *text = json_object_get_string(id);
    size_t len = (size_t)json_object_get_string_len(id);
    int64_t index = 0;
    struct sy_error ignored;
    if (len < 2 || len > 5 || strlen(text) != len || text[0] != 'q' ||
        (text[1] == '0' && len > 2) ||
        sy_integer_parse("id", text + 1, 0, (int64_t)n - 1, &index, &ignored))
        return false;
    *ret = (size_t)index;
    return true;
}

/* A number that should be whole, up to the noise of a double. */
static int parse_whole(const char *what, struct json_object *number, double max, int64_t *ret,
                       struct sy_error *error) {
    char shown[48];
    bool numeric =
        json_object_is_type(number, json_type_int) || json_object_is_type(number, json_type_double);
    double value = numeric ? json_object_get_double(number) : -1.0;
    if (!isfinite(value) || value < 0.0 || value > max || fabs(value - round(value)) > 1e-3) {
        const char *text = number ? json_object_to_json_string(number) : "null";
        return sy_fail(error, SY_INTERNAL, "a datapoint's %s is %s, which is not a whole number",
                       what, sy_text_clean(text, strlen(text), shown, sizeof shown));
    }
    *ret = (int64_t)llround(value);
    return 0;
}

static int parse_points(struct json_object *result, struct sy_metric_point **ret, size_t *ret_n,
                        struct sy_error *error) {
    struct json_object *times = NULL;
    struct json_object *values = NULL;
    if (sy_json_child(result, "Timestamps", true, json_type_array, &times, error) ||
        sy_json_child(result, "Values", true, json_type_array, &values, error))
        return -1;
    size_t n = json_object_array_length(times);
    if (json_object_array_length(values) != n)
        return sy_fail(error, SY_INTERNAL, "%zu timestamps come with %zu values", n,
                       json_object_array_length(values));
    SY_AUTO_FREE struct sy_metric_point *points = sy_calloc(n, sizeof *points);
    for (size_t i = 0; i < n; i++)
        if (parse_whole("time", json_object_array_get_idx(times, i), time_max_s, &points[i].start_s,
                        error) ||
            parse_whole("value", json_object_array_get_idx(values, i), count_max, &points[i].value,
                        error))
            return -1;
    *ret = SY_STEAL(points);
    *ret_n = n;
    return 0;
}

static int parse_status(struct json_object *result, bool *ret_complete, struct sy_error *error) {
    char status[32] = "";
    if (sy_json_string(result, "StatusCode", true, status, sizeof status, error))
        return -1;
    *ret_complete = strcmp(status, "Complete") == 0;
    if (*ret_complete || strcmp(status, "PartialData") == 0)
        return 0;
    if (strcmp(status, "InternalError") == 0)
        return sy_fail_reason(error, SY_UNAVAILABLE, status,
                              "CloudWatch could not read a metric (InternalError); it is asked "
                              "again at the next poll");
    if (strcmp(status, "Forbidden") == 0)
        return sy_fail_reason(error, SY_PERMISSION_DENIED, status,
                              "CloudWatch refuses to show a metric (Forbidden); allow "
                              "cloudwatch:GetMetricData on it");
    return sy_fail(error, SY_INTERNAL, "StatusCode is \"%s\"", status);
}

/* What is odd about one result is no reason to lose the other 499. */
static void read_result(struct json_object *item, const struct sy_metric_reader *reader) {
    struct sy_metric_result result = {0};
    SY_AUTO_FREE struct sy_metric_point *points = NULL;
    struct json_object *id = NULL;
    struct sy_error why;
    struct sy_error shown;
    if (sy_json_child(item, "Id", true, json_type_string, &id, &why) ||
        !parse_id(id, reader->n, &result.index))
        return;
    if (parse_status(item, &result.complete, &why) == 0 &&
        parse_points(item, &points, &result.n_points, &why) == 0) {
        result.points = points;
        reader->result(reader->ctx, &result);
    } else if (why.code == SY_UNAVAILABLE || why.code == SY_PERMISSION_DENIED) {
        reader->failed(reader->ctx, result.index, &why);
    } else {
        (void)sy_fail(&shown, SY_INTERNAL,
                      "CloudWatch's answer to GetMetricData is not as documented: %s", why.message);
        reader->failed(reader->ctx, result.index, &shown);
    }
}

int sy_metric_page_read(const char *body, size_t len, const struct sy_metric_reader *reader,
                        char **ret_token, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *page = NULL;
    struct json_object *results = NULL;
    struct json_object *token = NULL;
    struct sy_error why;
    if (sy_json_parse("the body", body, len, &page, &why) ||
        sy_json_child(page, "MetricDataResults", true, json_type_array, &results, &why) ||
        sy_json_child(page, "NextToken", false, json_type_string, &token, &why))
        return sy_fail(error, SY_INTERNAL,
                       "CloudWatch's answer to GetMetricData is not as documented: %s",
                       why.message);
    for (size_t i = 0; i < json_object_array_length(results); i++)
        read_result(json_object_array_get_idx(results, i), reader);
    *ret_token = token && json_object_get_string_len(token)
                     ? sy_strdup(json_object_get_string(token))
                     : NULL;
    return 0;
}
