/* steelyard.v1.EngineService, and what go-plugin's host expects of its plugin. */
#include "rpc/handshake.h"
#include "rpc/server_internal.h"

#include "google/protobuf/empty.pb-c.h"
#include "plugin/grpc_broker.pb-c.h"
#include "plugin/grpc_controller.pb-c.h"
#include "steelyard/v1/engine.pb-c.h"

#include <unistd.h>

static void info_received(struct sy_call *call, const ProtobufCMessage *message) {
    (void)message;
    Steelyard__V1__GetInfoResponse response = STEELYARD__V1__GET_INFO_RESPONSE__INIT;
    response.version = call->server->version;
    response.protocol_version = SY_PROTOCOL_VERSION;
    response.process_id = getpid();
    response.standing = call->server->standing;
    sy_call_answer(call, &response.base);
}

static void stop_received(struct sy_call *call, const ProtobufCMessage *message) {
    (void)message;
    Steelyard__V1__StopResponse response = STEELYARD__V1__STOP_RESPONSE__INIT;
    sy_call_answer(call, &response.base);
    sy_server_stop(call->server);
}

const struct sy_protocol sy_steelyard_protocol = {
    .cookie_key = SY_COOKIE_KEY,
    .cookie_value = SY_COOKIE_VALUE,
    .version = SY_PROTOCOL_VERSION,
    .message_max = SY_MESSAGE_MAX,
    .by_hand = "an engine is started by its host, not by hand; to run one that stands by "
               "itself, give it an address: steelyard engine --listen unix:/path",
};

const struct sy_method sy_engine_methods[] = {
    {.path = "/steelyard.v1.EngineService/GetInfo",
     .request = &steelyard__v1__get_info_request__descriptor,
     .received = info_received},
    {.path = "/steelyard.v1.EngineService/Stop",
     .request = &steelyard__v1__stop_request__descriptor,
     .received = stop_received},
    {0},
};

static void shutdown_received(struct sy_call *call, const ProtobufCMessage *message) {
    (void)message;
    Plugin__Empty response = PLUGIN__EMPTY__INIT;
    sy_call_answer(call, &response.base);
    sy_server_stop(call->server);
}

/* The host opens these two streams first of all and holds them; nothing is ever sent on them. When
 * they break, the host has gone. */
static void held_received(struct sy_call *call, const ProtobufCMessage *message) {
    (void)message;
    sy_server_host_came(call->server);
    sy_call_open(call);
}

static void held_closed(struct sy_call *call, bool cancelled) {
    if (cancelled)
        sy_server_stop(call->server);
}

/* The broker's stream has the client send, too; a host that closes its side still lives. */
static void broker_received(struct sy_call *call, const ProtobufCMessage *message) {
    if (message)
        sy_call_read(call);
}

const struct sy_method sy_plugin_methods[] = {
    {.path = "/plugin.GRPCController/Shutdown",
     .request = &plugin__empty__descriptor,
     .host_only = true,
     .received = shutdown_received},
    {.path = "/plugin.GRPCStdio/StreamStdio",
     .request = &google__protobuf__empty__descriptor,
     .host_only = true,
     .received = held_received,
     .closed = held_closed},
    {.path = "/plugin.GRPCBroker/StartStream",
     .request = &plugin__conn_info__descriptor,
     .host_only = true,
     .streams = true,
     .received = broker_received,
     .closed = held_closed},
    {0},
};
