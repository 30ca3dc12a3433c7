#include "base/log.h"

#include "base/memory.h"

#include <json-c/json.h>
#include <stdio.h>
#include <time.h>

static enum sy_log_level threshold = SY_LOG_OFF;

void sy_log_set_level(enum sy_log_level level) {
    threshold = level;
}

void sy_log(enum sy_log_level level, const char *fmt, ...) {
    static const char *const names[] = {"off", "error", "warn", "info", "debug"};
    if (level > threshold || level == SY_LOG_OFF)
        return;
    char message[1024];
    char at[40];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    struct timespec now;
    struct tm tm;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(at + n, sizeof at - n, ".%06ldZ", now.tv_nsec / 1000);
    struct json_object *line = json_object_new_object();
    json_object_object_add(line, "@level", json_object_new_string(names[level]));
    json_object_object_add(line, "@message", json_object_new_string(message));
    json_object_object_add(line, "@module", json_object_new_string("steelyard"));
    json_object_object_add(line, "@timestamp", json_object_new_string(at));
    (void)fprintf(stderr, "%s\n",
                  json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(line);
}
