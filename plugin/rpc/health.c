/* grpc.health.v1.Health. */
#include "rpc/server_internal.h"

#include "grpc/health/v1/health.pb-c.h"

#include <string.h>

typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus serving_status;
#define STATUS(name) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name

static serving_status health_of(const char *service) {
    /* "plugin" is what a go-plugin host asks for. */
    static const char *const known[] = {"", "plugin", "steelyard.v1.ReleaseService",
                                        "steelyard.v1.EngineService"};
    for (size_t i = 0; i < SY_COUNT(known); i++)
        if (strcmp(service, known[i]) == 0)
            return STATUS(SERVING);
    return STATUS(SERVICE_UNKNOWN);
}

static void check_received(struct sy_call *call, const ProtobufCMessage *message) {
    const char *service = ((const Grpc__Health__V1__HealthCheckRequest *)message)->service;
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    struct sy_error error;
    response.status = health_of(service);
    if (response.status == STATUS(SERVING)) {
        sy_call_answer(call, &response.base);
        return;
    }
    (void)sy_fail(&error, SY_NOT_FOUND, "no service \"%.100s\" is served here", service);
    sy_call_finish(call, &error);
}

/* One message, then silence: the health does not change while the process serves. */
static void watch_received(struct sy_call *call, const ProtobufCMessage *message) {
    const char *service = ((const Grpc__Health__V1__HealthCheckRequest *)message)->service;
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    response.status = health_of(service);
    sy_call_send(call, sy_message_pack(&response.base), false);
}

const struct sy_method sy_health_methods[] = {
    {.path = "/grpc.health.v1.Health/Check",
     .request = &grpc__health__v1__health_check_request__descriptor,
     .received = check_received},
    {.path = "/grpc.health.v1.Health/Watch",
     .request = &grpc__health__v1__health_check_request__descriptor,
     .received = watch_received},
    {0},
};
