/* What the files client*.c have in common. */
#ifndef SY_RPC_CLIENT_INTERNAL_H
#define SY_RPC_CLIENT_INTERNAL_H

#include "rpc/channel.h"
#include "rpc/client.h"

/* One request, its answer decoded; free it with protobuf_c_message_free_unpacked(). */
SY_MUST_USE int sy_host_ask(struct sy_host *host, const char *method,
                            const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
                            ProtobufCMessage **ret, struct sy_error *error);
/* One request, any number of answers. */
struct sy_answers *sy_host_open(struct sy_host *host, const char *method,
                                const ProtobufCMessage *request);
/* One event of a stream, by the reader of its message; takes over the bytes. */
typedef int sy_host_event_reader(const ProtobufCMessage *message, void *ret,
                                 struct sy_error *error);
SY_MUST_USE int sy_host_read_event(grpc_slice bytes, const ProtobufCMessageDescriptor *type,
                                   sy_host_event_reader *read, void *ret, struct sy_error *error);
/* An engine that is gone becomes a sentence for people; todo: what to do then. */
void sy_host_explain(struct sy_host *host, const char *todo, struct sy_error *error);

#endif
