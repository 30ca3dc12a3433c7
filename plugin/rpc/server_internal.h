/* The server's own state, for the files of rpc/ alone. */
#ifndef SY_RPC_SERVER_INTERNAL_H
#define SY_RPC_SERVER_INTERNAL_H

#include "rpc/call.h"
#include "rpc/socket.h"

/* How far the end has come (serve.c). */
struct sy_drain {
    bool waited; /* for something to be written */
    bool told;   /* gRPC was, to shut down */
    bool cut;
    int64_t write_until_ms;
    int64_t read_until_ms; /* 0 = not yet written */
    int64_t cut_at_ms;
};

struct sy_server {
    struct sy_engine *engine;
    const struct sy_protocol *protocol;
    void *context;
    char version[64];
    bool standing;
    struct sy_socket socket;
    grpc_server *grpc;
    grpc_completion_queue *queue;
    pthread_t thread;
    struct sy_tag shutdown_tag;
    pthread_rwlock_t gate; /* between operations that start and the queue that is shut */
    bool shut;

    pthread_mutex_t mutex;
    pthread_cond_t changed; /* work came in, or the thread has ended; finish() waits here */
    enum sy_server_phase phase;
    bool thread_ended;
    int64_t host_until_ms; /* the host must have come by then; 0 = it has, or none is awaited */
    struct sy_drain drain;
    unsigned working;      /* open calls that the engine has to do with */
    struct sy_call *calls; /* all that are not freed yet */
    struct sy_call *work_first, *work_last;
    bool wake_posted;
};

/* Add the bits to the call's work and wake the engine's thread. */
void sy_server_post(struct sy_server *server, struct sy_call *call, unsigned bits);
/* Enter or leave the list of all calls. */
void sy_server_enlist(struct sy_call *call);
void sy_server_delist(struct sy_call *call);
/* Visit all calls there are; those that come meanwhile may be missed. */
void sy_server_each_call(struct sy_server *server, void (*visit)(struct sy_call *call));
/* The next call in the mailbox with its bits, to be unreffed; NULL when it is empty. */
struct sy_call *sy_server_take_work(struct sy_server *server, unsigned *ret_bits);
/* The rpc thread, a struct sy_server *. */
void *sy_server_serve(void *server);
/* Have gRPC take one more call. */
void sy_server_request_call(struct sy_server *server);
/* The engine is at rest: write out what is left, then shut down. */
void sy_server_drain(struct sy_server *server);
/* How far the server is on its way to the end; any thread. */
enum sy_server_phase sy_server_phase_of(struct sy_server *server);
/* The host has opened one of the streams that it holds. */
void sy_server_host_came(struct sy_server *server);
/* The monotonic clock. */
int64_t sy_server_now_ms(void);
/* grpc_init() as both sides of the protocol want it. */
void sy_grpc_init(void);
/* The inverse, and the threads of gRPC have ended when it returns. grpc_shutdown_blocking() alone
 * does not say so: a channel counts as a user of gRPC until one of its threads has let it go, and
 * such a thread is still at work with OpenSSL's state of its own while the process ends. */
void sy_grpc_shutdown(void);
/* The method that serves the path; NULL when none does. */
const struct sy_method *sy_server_method(const struct sy_server *server, grpc_slice path);

/* The services, each one's table ending with an empty row. */
extern const struct sy_protocol sy_steelyard_protocol; /* its methods are the tables below */
extern const struct sy_method sy_release_methods[];
extern const struct sy_method sy_function_methods[];
extern const struct sy_method sy_engine_methods[];
extern const struct sy_method sy_health_methods[];
extern const struct sy_method sy_reflection_methods[];
extern const struct sy_method sy_plugin_methods[];

/* stream.c */
extern const struct sy_stream_source sy_watch_source; /* of a struct sy_watch */
void sy_stream_pull(struct sy_call *call);
void sy_stream_detach(struct sy_call *call);

#endif
