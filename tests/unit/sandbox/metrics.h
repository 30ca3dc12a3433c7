/* Asking the world for counts. */
#ifndef SY_TESTS_SANDBOX_METRICS_H
#define SY_TESTS_SANDBOX_METRICS_H

#include "calls.h"

/* dimensions such as "FunctionName=f,Resource=f:a"; times in seconds after the start. */
static inline char *metric_query(const char *id, const char *metric, const char *dimensions,
                                 int period) {
    struct sy_buffer text = {0};
    sy_buffer_printf(&text,
                     "{\"Id\":\"%s\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/Lambda\","
                     "\"MetricName\":\"%s\",\"Dimensions\":[",
                     id, metric);
    const char *separator = "";
    while (*dimensions) {
        size_t name = strcspn(dimensions, "=");
        size_t value = strcspn(dimensions + name + 1, ",");
        sy_buffer_printf(&text, "%s{\"Name\":\"%.*s\",\"Value\":\"%.*s\"}", separator, (int)name,
                         dimensions, (int)value, dimensions + name + 1);
        dimensions += name + 1 + value;
        dimensions += *dimensions == ',';
        separator = ",";
    }
    sy_buffer_printf(&text, "]},\"Period\":%d,\"Stat\":\"Sum\"}}", period);
    return text.data;
}

static inline void ask_at(struct sy_world *world, double at_s, int from_s, int to_s,
                          const char *queries, const char *more, struct sy_world_reply *ret) {
    SY_AUTO_FREE char *body =
        sy_asprintf("{\"MetricDataQueries\":[%s],\"StartTime\":%d,\"EndTime\":%d%s}", queries,
                    START_S + from_s, START_S + to_s, more);
    target_at(world, at_s, "cloudwatch", "GetMetricData", body, ret);
}

/* The sum over the range; *ret_points, unless NULL, is how many datapoints there are. */
static inline double sum_at(struct sy_world *world, double at_s, int from_s, int to_s,
                            const char *metric, const char *dimensions, int period,
                            size_t *ret_points) {
    struct sy_world_reply reply;
    double sum = 0;
    SY_AUTO_FREE char *query = metric_query("q", metric, dimensions, period);
    ask_at(world, at_s, from_s, to_s, query, "", &reply);
    if (reply.response.status != 200)
        fail_msg("%s", reply.response.body);
    SY_AUTO_JSON struct json_object *answer = answer_of(&reply);
    assert_string_equal(json_object_get_string(dig(answer, "MetricDataResults/0/StatusCode")),
                        "Complete");
    struct json_object *values = dig(answer, "MetricDataResults/0/Values");
    for (size_t i = 0; i < json_object_array_length(values); i++)
        sum += json_object_get_double(json_object_array_get_idx(values, i));
    if (ret_points)
        *ret_points = json_object_array_length(values);
    return sum;
}

#endif
