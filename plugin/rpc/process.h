/* An engine as a child process: started with go-plugin's environment, read up to its handshake
 * line. */
#ifndef SY_RPC_PROCESS_H
#define SY_RPC_PROCESS_H

#include "rpc/handshake.h"

#include <stdint.h>
#include <sys/types.h>

struct sy_process {
    pid_t pid;
    int output; /* the child's standard output, kept open for as long as it lives */
    char socket[SY_SOCKET_PATH_MAX + 1]; /* of its handshake; "" before */
};

/* client_pem: the host's certificate. The child is in a process group of its own, with default
 * signals and no standard input; its standard error is ours. */
SY_MUST_USE int sy_process_start(const char *const *argv, const char *client_pem,
                                 struct sy_process *ret, struct sy_error *error);
/* The first line, within timeout_ms. */
SY_MUST_USE int sy_process_handshake(struct sy_process *process, const char *program,
                                     int64_t timeout_ms, struct sy_handshake *ret,
                                     struct sy_error *error);
/* Wait for its end, kill it after timeout_ms. One that was killed, by whomever, could not remove
 * its socket: that is done for it. */
void sy_process_finish(struct sy_process *process, int64_t timeout_ms);

#endif
