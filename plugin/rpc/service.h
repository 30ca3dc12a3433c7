/* What a service needs to be served, without gRPC's own types: a table of methods and the verbs of
 * a call. Services of rpc/ and of other folders are written against it.
 *
 * Two threads meet here. The rpc thread takes what the completion queue gives: new calls, requests,
 * finished writes, ends. The engine's thread does what needs the engine. A call goes from the one
 * to the other with work bits through the server's mailbox; whoever holds a reference may use it.
 */
#ifndef SY_RPC_SERVICE_H
#define SY_RPC_SERVICE_H

#include "engine/engine.h"

#include <protobuf-c/protobuf-c.h>

struct sy_call;
struct grpc_byte_buffer;

/* One row of a service's table; the last row is empty. */
struct sy_method {
    const char *path; /* "/package.Service/Method" */
    const ProtobufCMessageDescriptor *request;
    bool host_only; /* served only while a host drives this process */
    bool streams;   /* the client may send any number of requests; sy_call_read() asks for more */
    /* rpc thread: a checked request, valid during the call; NULL: the client sends no more (only
     * where it streams). */
    void (*received)(struct sy_call *call, const ProtobufCMessage *request);
    /* engine's thread: the bits that were posted since. NULL when the method needs no engine. */
    void (*work)(struct sy_call *call, unsigned bits);
    /* rpc thread: a message was written; may be NULL. */
    void (*written)(struct sy_call *call, bool ok);
    /* rpc thread: the call is over; cancelled: not by us. May be NULL. */
    void (*closed)(struct sy_call *call, bool cancelled);
};

/* A protocol of go-plugin's family that the server speaks in place of steelyard.v1. Health and what
 * every host expects of its plugin are served beside it. */
struct sy_protocol {
    const char *cookie_key; /* the variable by which its hosts tell that they started the process */
    const char *cookie_value;
    int version;         /* of the protocol, in the handshake line */
    int message_max;     /* bytes of the largest request taken */
    const char *by_hand; /* a sentence for who starts it by hand */
    const struct sy_method *methods;
};

enum sy_work { SY_WORK_START = 1, SY_WORK_PULL = 2, SY_WORK_CLOSE = 4 };
enum sy_server_phase { SY_SERVER_SERVING, SY_SERVER_STOPPING, SY_SERVER_DRAINING };

/* The engine that the server was started for, and its options' context. */
struct sy_engine *sy_call_engine(const struct sy_call *call);
void *sy_call_context(const struct sy_call *call);
/* What the method keeps with the call, set by its received(); freed with the call. */
void sy_call_keep(struct sy_call *call, void *kept, void (*free_kept)(void *kept));
void *sy_call_kept(const struct sy_call *call);

/* Send the only message, and the status OK. Any thread, as all that follows but for questions. */
void sy_call_answer(struct sy_call *call, const ProtobufCMessage *message);
/* Send the final status: OK, or the error with its details. Only the first one counts. */
void sy_call_finish(struct sy_call *call, const struct sy_error *error);
/* Post bits to the method's work() on the engine's thread. */
void sy_call_post(struct sy_call *call, unsigned bits);
/* The request is decoded: on to the engine, or back with the error. */
void sy_call_decoded(struct sy_call *call, int failed, const struct sy_error *error);
void sy_call_unref(struct sy_call *call);

/* A question to the engine, and its answer: the call that asked, to be unreffed, or NULL when
 * nobody waits for it any more. Engine's thread. One at a time. */
struct sy_question;
struct sy_question *sy_call_ask(struct sy_call *call);
struct sy_call *sy_call_answered(struct sy_question *question);
/* The same; after an error, which the call is told, NULL. */
struct sy_call *sy_call_to_answer(struct sy_question *question, const struct sy_error *error);

/* Refuse to begin what a stopping engine would have to wait for, or break off; from which phase on,
 * depends on what it is. On the engine's thread: there the stop comes after every call that it
 * could interrupt, and before every other one, so that none slips in between. */
bool sy_server_refuses(struct sy_call *call, unsigned bits, enum sy_server_phase from);

/* ---- a method that answers with a stream (stream.c) ---- */

/* Where its messages come from. Engine's thread. */
struct sy_stream_source {
    /* 1 = *ret is the next message; 0 = none now, sy_stream_ready() will be called; -1 = the end.
     */
    int (*next)(void *from, struct grpc_byte_buffer **ret, struct sy_error *error);
    void (*close)(void *from);
};
/* Serialise; for next(). */
struct grpc_byte_buffer *sy_message_pack(const ProtobufCMessage *message);
void sy_stream_ready(void *call); /* a sy_watch_ready */
/* The work of such a method; begin() opens what it streams from. A client that has gone before its
 * call reached the engine starts nothing. */
void sy_stream_work(struct sy_call *call, unsigned bits, const struct sy_stream_source *source,
                    void *(*begin)(struct sy_call *call));
/* Its written() and closed(). */
void sy_stream_written(struct sy_call *call, bool ok);
void sy_stream_closed(struct sy_call *call, bool cancelled);

#endif
