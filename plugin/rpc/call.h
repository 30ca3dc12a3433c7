/* One call that the server answers: gRPC's operations behind a handful of verbs.
 *
 * Two threads meet here. The rpc thread takes what the completion queue gives: new calls, requests,
 * finished writes, ends. The engine's thread does what needs the engine. A call goes from the one
 * to the other with work bits through the server's mailbox; whoever holds a reference may use it.
 */
#ifndef SY_RPC_CALL_H
#define SY_RPC_CALL_H

#include "engine/function.h"
#include "rpc/message.h"
#include "rpc/server.h"

#include <protobuf-c/protobuf-c.h>
#include <pthread.h>
#include <stdatomic.h>

struct sy_call;

/* One row of a service's table. */
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

enum sy_work { SY_WORK_START = 1, SY_WORK_PULL = 2, SY_WORK_CLOSE = 4 };

enum { SY_BURST_MAX = 64 }; /* events that wait for the wire, a stream */

/* Where the messages of a stream come from. Engine's thread. */
struct sy_stream_source {
    /* 1 = *ret is the next message; 0 = none now, sy_stream_ready() will be called; -1 = the end.
     */
    int (*next)(void *from, grpc_byte_buffer **ret, struct sy_error *error);
    void (*close)(void *from);
};

/* The messages of a stream on their way out (stream.c). */
struct sy_backlog {
    const struct sy_stream_source *source; /* engine's thread alone, as are these two */
    void *from;                            /* NULL: not opened yet, or closed */
    bool closed;                           /* the client has gone */
    grpc_byte_buffer *ring[SY_BURST_MAX];
    unsigned head;
    unsigned count;
    bool writing;
    bool more;  /* the watch has more than the ring could take */
    bool ended; /* the watch has no more; end says why */
    struct sy_error end;
};

/* What was asked, decoded. */
struct sy_arguments {
    struct sy_spec spec;
    char fingerprint[SY_FINGERPRINT_MAX + 1];
    char release_id[40];
    char function[SY_FUNCTION_MAX + 1];
    char alias[SY_ALIAS_MAX + 1];
    char reason[SY_CONTROL_REASON_MAX + 1];
    int64_t from_sequence;
    bool read_only;
    struct sy_publish_request *publish; /* freed with the call */
    struct sy_cleanup_request cleanup;
    bool through_record;
    enum sy_control control;
    struct sy_resume resume;
    struct sy_rollback rollback;
    struct sy_verify verify;
};

enum sy_tag_kind {
    SY_TAG_NEW,
    SY_TAG_READ,
    SY_TAG_CLOSE,
    SY_TAG_METADATA,
    SY_TAG_MESSAGE,
    SY_TAG_STATUS,
    SY_TAG_COUNT
};
struct sy_tag {
    enum sy_tag_kind kind;
    struct sy_call *call;
};

/* What the engine holds while it answers a question, so that a server that ends first can let go.
 */
struct sy_question {
    struct sy_call *call; /* NULL: nobody waits for the answer any more */
};

struct sy_call {
    struct sy_server *server;
    const struct sy_method *method;
    struct sy_tag tags[SY_TAG_COUNT];
    atomic_int
        refs; /* one for the open call, one a batch, one in the mailbox, one the engine holds */
    grpc_call *call;
    grpc_call_details details;
    grpc_metadata_array metadata;
    grpc_byte_buffer *request;
    int cancelled;
    /* Guarded by the server's mutex. */
    bool metadata_sent;
    bool finished; /* the final status is on its way */
    unsigned work;
    struct sy_call *next_work;
    struct sy_call *previous, *next; /* all calls */
    struct sy_backlog backlog;
    struct sy_question *question; /* engine's thread alone */
    /* Written before SY_WORK_START is posted, read after. */
    struct sy_arguments arguments;
};

struct sy_call *sy_call_create(struct sy_server *server);
void sy_call_ref(struct sy_call *call);
/* False when the last reference has gone already. */
SY_MUST_USE bool sy_call_try_ref(struct sy_call *call);
void sy_call_unref(struct sy_call *call);

/* Start operations; the tag of that kind comes when they are done, and holds a reference until
 * then. */
void sy_call_start(struct sy_call *call, const grpc_op *ops, size_t n, enum sy_tag_kind kind);
/* Ask for the next request of the client. */
void sy_call_read(struct sy_call *call);
/* Send the initial metadata now, so that the client knows that it is served. */
void sy_call_open(struct sy_call *call);
/* Send a message; takes it. more: another one follows at once. One at a time, until `written`. */
void sy_call_send(struct sy_call *call, grpc_byte_buffer *message, bool more);
/* Send the only message, and the status OK. */
void sy_call_answer(struct sy_call *call, const ProtobufCMessage *message);
/* Send the final status: OK, or the error with its details. Only the first one counts. */
void sy_call_finish(struct sy_call *call, const struct sy_error *error);
/* A question to the engine, and its answer: the call that asked, or NULL. Engine's thread. */
struct sy_question *sy_call_ask(struct sy_call *call);
struct sy_call *sy_call_answered(struct sy_question *question);
/* The same: the call that still wants an answer, to be unreffed; after an error, which it is told,
 * NULL. */
struct sy_call *sy_call_to_answer(struct sy_question *question, const struct sy_error *error);
/* The request is decoded: on to the engine, or back with the error. */
void sy_call_decoded(struct sy_call *call, int failed, const struct sy_error *error);
void sy_call_forget(struct sy_call *call);
/* Post bits to the method's work() on the engine's thread. */
void sy_call_post(struct sy_call *call, unsigned bits);

#endif
