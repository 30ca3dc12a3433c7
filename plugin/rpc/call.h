/* One call that the server answers: gRPC's operations behind a handful of verbs (service.h). */
#ifndef SY_RPC_CALL_H
#define SY_RPC_CALL_H

#include "engine/function.h"
#include "rpc/message.h"
#include "rpc/server.h"

#include <pthread.h>
#include <stdatomic.h>

enum { SY_BURST_MAX = 64 }; /* events that wait for the wire, a stream */

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
    struct sy_measure measure;
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
    void *kept;
    void (*free_kept)(void *kept);
    /* Written before SY_WORK_START is posted, read after. */
    struct sy_arguments arguments;
};

struct sy_call *sy_call_create(struct sy_server *server);
void sy_call_ref(struct sy_call *call);
/* False when the last reference has gone already. */
SY_MUST_USE bool sy_call_try_ref(struct sy_call *call);

/* Start operations; the tag of that kind comes when they are done, and holds a reference until
 * then. */
void sy_call_start(struct sy_call *call, const grpc_op *ops, size_t n, enum sy_tag_kind kind);
/* Ask for the next request of the client. */
void sy_call_read(struct sy_call *call);
/* Send the initial metadata now, so that the client knows that it is served. */
void sy_call_open(struct sy_call *call);
/* Send a message; takes it. more: another one follows at once. One at a time, until `written`. */
void sy_call_send(struct sy_call *call, grpc_byte_buffer *message, bool more);
/* Nobody waits for the answer to its question any more. */
void sy_call_forget(struct sy_call *call);

#endif
