/* Calling the world as a client would: signed-looking requests, answers as JSON. */
#ifndef SY_TESTS_SANDBOX_CALLS_H
#define SY_TESTS_SANDBOX_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/memory.h"
#include "sandbox/world.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { START_S = 1800000000 };
static const int64_t start_ms = START_S * INT64_C(1000);

#define SIGNED(service)                                                                            \
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270115/us-east-1/" service                          \
    "/aws4_request, SignedHeaders=host;x-amz-date, "                                               \
    "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static inline struct sy_world *world_of(const char *scenario) {
    struct sy_world *world = NULL;
    struct sy_error error = {0};
    if (sy_world_create(scenario, strlen(scenario), start_ms, &world, &error))
        fail_msg("the scenario was refused: %s", error.message);
    return world;
}

/* The answer to the last call; at_s is seconds after the start. */
static inline int lambda_at(struct sy_world *world, double at_s, const char *method,
                            const char *path, const char *body, struct sy_world_reply *ret) {
    SY_AUTO_FREE char *url = sy_asprintf("http://127.0.0.1:1/2015-03-31/functions/%s", path);
    const struct sy_http_header headers[] = {{"Authorization", SIGNED("lambda")},
                                             {"X-Amz-Date", "20270115T080000Z"}};
    struct sy_http_request request = {.method = method,
                                      .url = url,
                                      .headers = headers,
                                      .n_headers = 2,
                                      .body = body,
                                      .body_len = body ? strlen(body) : 0};
    sy_world_handle(world, start_ms + (int64_t)(at_s * 1000), &request, ret);
    return ret->response.status;
}

static inline int target_at(struct sy_world *world, double at_s, const char *service,
                            const char *operation, const char *body, struct sy_world_reply *ret) {
    bool ssm = strcmp(service, "ssm") == 0;
    SY_AUTO_FREE char *target =
        sy_asprintf("%s.%s", ssm ? "AmazonSSM" : "GraniteServiceVersion20100801", operation);
    const struct sy_http_header headers[] = {
        {"authorization", ssm ? SIGNED("ssm") : SIGNED("monitoring")},
        {"x-amz-date", "20270115T080000Z"},
        {"x-amz-target", target},
        {"content-type", ssm ? "application/x-amz-json-1.1" : "application/x-amz-json-1.0"}};
    struct sy_http_request request = {.method = "POST",
                                      .url = "http://127.0.0.1:1/",
                                      .headers = headers,
                                      .n_headers = 4,
                                      .body = body,
                                      .body_len = strlen(body)};
    sy_world_handle(world, start_ms + (int64_t)(at_s * 1000), &request, ret);
    return ret->response.status;
}

static inline struct json_object *answer_of(const struct sy_world_reply *reply) {
    struct json_object *object = NULL;
    struct sy_error error = {0};
    if (sy_json_parse("the answer", reply->response.body, reply->response.body_len, &object,
                      &error))
        fail_msg("%s: %s", error.message, reply->response.body);
    return object;
}

/* A member, by a path of keys and indexes such as "Versions/0/Version"; NULL when absent. */
static inline struct json_object *dig(struct json_object *at, const char *path) {
    char copy[200];
    char *save = NULL;
    (void)snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strtok_r(copy, "/", &save); key && at; key = strtok_r(NULL, "/", &save)) {
        struct json_object *child = NULL;
        if (json_object_is_type(at, json_type_array))
            child = json_object_array_get_idx(at, (size_t)atoi(key));
        else
            (void)json_object_object_get_ex(at, key, &child);
        at = child;
    }
    return at;
}

/* The member as text, "" when absent. */
static inline const char *said(const struct sy_world_reply *reply, const char *path) {
    static char buf[8][512];
    static int turn;
    SY_AUTO_JSON struct json_object *answer = answer_of(reply);
    struct json_object *found = dig(answer, path);
    char *to = buf[turn++ % 8];
    (void)snprintf(to, sizeof buf[0], "%s", found ? json_object_get_string(found) : "");
    return to;
}

static inline void act_at(struct sy_world *world, double at_s, const char *action) {
    struct sy_error error = {0};
    if (sy_world_act(world, start_ms + (int64_t)(at_s * 1000), action, &error))
        fail_msg("the action was refused: %s", error.message);
}

#endif
