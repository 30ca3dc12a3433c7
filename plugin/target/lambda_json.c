#include "target/lambda_json.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "target/lambda_call.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool sy_lambda_is_version(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return strcmp(text, "$LATEST") == 0 ||
           (digits > 0 && digits <= SY_VERSION_MAX && !text[digits]);
}

/* 1000 -> 0.1000: json-c would print a double's own digits. */
static void weights_add(struct json_object *weights, const struct sy_routing *routing) {
    char digits[24];
    int32_t bp = routing->additional_bp;
    (void)snprintf(digits, sizeof digits, "%s%d.%04d", bp < 0 ? "-" : "", abs(bp / 10000),
                   abs(bp % 10000));
    size_t n = strlen(digits);
    while (digits[n - 1] == '0' && digits[n - 2] != '.')
        digits[--n] = '\0';
    json_object_object_add(weights, routing->additional,
                           json_object_new_double_s(bp / 10000.0, digits));
}

char *sy_lambda_alias_write(const char *name, const struct sy_routing *routing,
                            const char *revision) {
    SY_AUTO_JSON struct json_object *body = json_object_new_object();
    struct json_object *config = json_object_new_object();
    struct json_object *weights = json_object_new_object();
    if (name)
        json_object_object_add(body, "Name", json_object_new_string(name));
    json_object_object_add(body, "FunctionVersion", json_object_new_string(routing->primary));
    if (routing->additional[0])
        weights_add(weights, routing);
    json_object_object_add(config, "AdditionalVersionWeights", weights);
    json_object_object_add(body, "RoutingConfig", config);
    if (revision)
        json_object_object_add(body, "RevisionId", json_object_new_string(revision));
    return sy_json_write(body);
}

/* An answer that breaks its shape is the service's fault, whatever the accessor called it. */
static int weight_parse(const char *version, const struct json_object *weights,
                        struct json_object *value, struct sy_routing *routing,
                        struct sy_error *error) {
    char shown[64];
    double weight = 0;
    struct sy_error why;
    if (!sy_lambda_is_version(version))
        return sy_fail(error, SY_INTERNAL, "AdditionalVersionWeights names the version \"%s\"",
                       sy_text_clean(version, strlen(version), shown, sizeof shown));
    if (sy_json_double(weights, version, true, 0.0, 1.0, &weight, &why)) {
        const char *text = value ? json_object_to_json_string(value) : "null";
        return sy_fail(error, SY_INTERNAL,
                       "the weight of version %s is %s, not a number from 0 to 1", version,
                       sy_text_clean(text, strlen(text), shown, sizeof shown));
    }
    (void)snprintf(routing->additional, sizeof routing->additional, "%s", version);
    routing->additional_bp = (int32_t)lround(weight * 10000.0);
    return 0;
}

static int weights_parse(const struct json_object *alias, struct sy_routing *routing,
                         struct sy_error *error) {
    struct json_object *config = NULL;
    struct json_object *weights = NULL;
    char shown[96];
    if (sy_json_child(alias, "RoutingConfig", false, json_type_object, &config, error))
        return -1;
    if (config &&
        sy_json_child(config, "AdditionalVersionWeights", false, json_type_object, &weights, error))
        return -1;
    if (!weights)
        return 0;
    if (json_object_object_length(weights) > 1) {
        const char *text = json_object_to_json_string(weights);
        return sy_fail(error, SY_INTERNAL, "more than one additional version: %s",
                       sy_text_clean(text, strlen(text), shown, sizeof shown));
    }
    json_object_object_foreach(weights, version, value) {
        if (weight_parse(version, weights, value, routing, error))
            return -1;
    }
    return 0;
}

int sy_lambda_routing_parse(const struct json_object *alias, struct sy_routing *ret,
                            struct sy_error *error) {
    struct sy_routing routing = {0};
    char shown[64];
    if (sy_json_string(alias, "FunctionVersion", true, routing.primary, sizeof routing.primary,
                       error) ||
        weights_parse(alias, &routing, error))
        return -1;
    if (!sy_lambda_is_version(routing.primary))
        return sy_fail(
            error, SY_INTERNAL, "FunctionVersion is \"%s\"",
            sy_text_clean(routing.primary, strlen(routing.primary), shown, sizeof shown));
    *ret = routing;
    return 0;
}

int sy_lambda_alias_parse(const char *what, const char *body, size_t len,
                          struct sy_alias_state *ret, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *alias = NULL;
    struct sy_alias_state state = {.exists = true};
    struct sy_error why;
    if (sy_json_parse("the body", body, len, &alias, &why) ||
        sy_lambda_routing_parse(alias, &state.routing, &why) ||
        sy_json_string(alias, "RevisionId", true, state.revision, sizeof state.revision, &why) ||
        sy_json_string(alias, "AliasArn", false, state.arn, sizeof state.arn, &why))
        return sy_lambda_odd_answer(what, &why, error);
    if (!state.revision[0])
        return sy_fail(error, SY_INTERNAL,
                       "Lambda's answer to %s is not as documented: RevisionId is empty", what);
    *ret = state;
    return 0;
}

static int dead_letter_parse(const struct json_object *config, struct sy_configuration *ret,
                             struct sy_error *error) {
    struct json_object *dead_letter = NULL;
    if (sy_json_child(config, "DeadLetterConfig", false, json_type_object, &dead_letter, error))
        return -1;
    return dead_letter ? sy_lambda_text(dead_letter, "TargetArn", ret->dead_letter,
                                        sizeof ret->dead_letter, error)
                       : 0;
}

/* SnapStart {ApplyOn: PublishedVersions | None}; OptimizationStatus follows State. */
static int snap_start_parse(const struct json_object *config, struct sy_configuration *ret,
                            struct sy_error *error) {
    struct json_object *snap_start = NULL;
    char apply_on[32] = "";
    if (sy_json_child(config, "SnapStart", false, json_type_object, &snap_start, error) ||
        (snap_start && sy_lambda_text(snap_start, "ApplyOn", apply_on, sizeof apply_on, error)))
        return -1;
    ret->snap_start = strcmp(apply_on, "PublishedVersions") == 0;
    return 0;
}

int sy_lambda_configuration_parse(const char *what, const char *body, size_t len,
                                  struct sy_configuration *ret, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *config = NULL;
    struct sy_configuration c = {.exists = true};
    struct sy_error why;
    if (sy_json_parse("the body", body, len, &config, &why) ||
        sy_json_string(config, "Version", true, c.version, sizeof c.version, &why) ||
        sy_json_string(config, "State", false, c.state, sizeof c.state, &why) ||
        sy_json_string(config, "LastUpdateStatus", false, c.last_update, sizeof c.last_update,
                       &why) ||
        sy_json_string(config, "CodeSha256", false, c.code_sha256, sizeof c.code_sha256, &why) ||
        sy_json_string(config, "RevisionId", false, c.revision, sizeof c.revision, &why) ||
        sy_lambda_text(config, "StateReason", c.state_reason, sizeof c.state_reason, &why) ||
        sy_lambda_text(config, "LastUpdateStatusReason", c.last_update_reason,
                       sizeof c.last_update_reason, &why) ||
        sy_lambda_text(config, "Role", c.role, sizeof c.role, &why) ||
        dead_letter_parse(config, &c, &why) || snap_start_parse(config, &c, &why))
        return sy_lambda_odd_answer(what, &why, error);
    *ret = c;
    return 0;
}

int sy_lambda_version_parse(const char *what, const char *body, size_t len, const char *version,
                            struct sy_version_state *ret, struct sy_error *error) {
    struct sy_version_state state = {.exists = true};
    char shown[64];
    if (sy_lambda_configuration_parse(what, body, len, &state.configuration, error))
        return -1;
    const char *answered = state.configuration.version;
    if (version && strcmp(answered, version) != 0)
        return sy_fail(error, SY_INTERNAL,
                       "Lambda's answer to %s is about version \"%s\" where %s was asked for", what,
                       sy_text_clean(answered, strlen(answered), shown, sizeof shown), version);
    memcpy(state.state, state.configuration.state, sizeof state.state);
    memcpy(state.code_sha256, state.configuration.code_sha256, sizeof state.code_sha256);
    *ret = state;
    return 0;
}
