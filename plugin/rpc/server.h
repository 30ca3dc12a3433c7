/* The engine's side of the plugin protocol. Its thread blocks on the gRPC completion queue; the
 * engine's thread is reached through sy_engine_post(). Nothing outside rpc/ includes gRPC. */
#ifndef SY_RPC_SERVER_H
#define SY_RPC_SERVER_H

#include "engine/engine.h"

struct sy_server;
struct sy_protocol; /* rpc/service.h */

struct sy_server_options {
    struct sy_engine *engine;
    const char
        *listen; /* "unix:/path" for a standing engine; NULL: started by a host (handshake) */
    const char *version;                /* of the program, for GetInfo */
    const struct sy_protocol *protocol; /* NULL: steelyard.v1 */
    void *context;                      /* of the protocol's methods: sy_call_context() */
    int64_t host_within_ms; /* a host that started us must open its streams by then; 0 = 60 s */
};

/* Binds, serves, and prints the handshake line when a host started us. Without the magic cookie and
 * without listen: FAILED_PRECONDITION with a sentence for people. */
SY_MUST_USE int sy_server_start(const struct sy_server_options *options, struct sy_server **ret,
                                struct sy_error *error);
/* Called on any thread (a signal-watching one, say): interrupt all releases, then stop the engine's
 * loop. A host that dies, EngineService.Stop and the host's Shutdown do the same. Not after
 * sy_server_finish(), so a thread that calls this is to be ended first. */
void sy_server_stop(struct sy_server *server);
/* On the engine's thread, after sy_engine_run() returned: end streams, join the thread, remove the
 * socket. The engine must not turn again after this; destroying it is all that is left. */
void sy_server_finish(struct sy_server *server);

#endif
