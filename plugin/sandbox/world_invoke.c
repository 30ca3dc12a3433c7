/* Lambda: invocations. The version that ran is in X-Amz-Executed-Version. */
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <string.h>

static void answer_failed(struct sy_call *call) {
    static const char body[] = "{\"errorMessage\":\"the sandbox drew a failure\","
                               "\"errorType\":\"SandboxError\"}";
    sy_answer_raw(call, 200, "application/json", body, sizeof body - 1);
    sy_answer_header(call, "X-Amz-Function-Error", "Unhandled");
}

static void answer_worked(struct sy_call *call, const char *number) {
    struct json_object *answer = json_object_new_object();
    json_object_object_add(answer, "statusCode", json_object_new_int(200));
    json_object_object_add(answer, "version", json_object_new_string(number));
    sy_answer(call, 200, answer);
}

void sy_world_invoke(struct sy_call *call) {
    char qualifier[SY_ALIAS_NAME_MAX + 1] = "", query[SY_ALIAS_NAME_MAX + 1], number[24];
    bool failed = false;
    const char *type = sy_request_header(call->request, "X-Amz-Invocation-Type");
    struct sy_function *function = sy_lambda_function(call, qualifier);
    if (!function)
        return;
    if (sy_route_query(call->request, "Qualifier", query, sizeof query))
        memcpy(qualifier, query, sizeof query);
    if (!sy_lambda_version(call, function, qualifier))
        return;
    if (type && strcmp(type, "DryRun") == 0) {
        sy_answer(call, 204, NULL);
        return;
    }
    if (strcmp(qualifier, "$LATEST") == 0)
        qualifier[0] = '\0';
    const struct sy_version *ran = sy_traffic_invoke(call->world, function, qualifier, &failed);
    if (!ran || !sy_version_is_active(call->world, ran)) {
        sy_answer_error(call, 409, "ResourceConflictException",
                        "The operation cannot be performed at this time. The function is currently "
                        "in the following state: Pending");
        return;
    }
    (void)sy_version_text(ran->number, number);
    sy_answer_header(call, "X-Amz-Executed-Version", number);
    if (type && strcmp(type, "Event") == 0)
        sy_answer(call, 202, NULL);
    else if (failed)
        answer_failed(call);
    else
        answer_worked(call, number);
}
