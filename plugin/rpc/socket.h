/* The Unix socket that an engine serves on.
 *
 * The guard is the file system: a socket in a directory of mode 0700, or one of mode 0600, lets
 * only its owner (and root) connect. gRPC accepts by itself and keeps SO_PEERCRED out of reach. */
#ifndef SY_RPC_SOCKET_H
#define SY_RPC_SOCKET_H

#include "rpc/handshake.h"

#include <sys/types.h>

struct sy_socket {
    char path[SY_SOCKET_PATH_MAX + 1];
    char directory[SY_SOCKET_PATH_MAX + 1]; /* made for it, removed with it; empty = not ours */
    int lock;                               /* held from claim to claimed; -1 = none */
    mode_t umask;                           /* of the process before */
    dev_t device; /* what was bound, so that a successor's socket is left alone */
    ino_t inode;
};

/* A fresh private directory under TMPDIR, or under /tmp where the name would be too long. */
SY_MUST_USE int sy_socket_private(struct sy_socket *ret, struct sy_error *error);
/* Claim "unix:/path" for a standing engine: replaces a socket on which nobody answers, and nothing
 * else. FAILED_PRECONDITION with reason ENGINE_RUNNING when somebody does. */
SY_MUST_USE int sy_socket_standing(const char *address, struct sy_socket *ret,
                                   struct sy_error *error);
/* After binding, or after failing to: ends the claim, and makes sure of the mode. */
SY_MUST_USE int sy_socket_claimed(struct sy_socket *socket, bool bound, struct sy_error *error);
/* Remove what was made. */
void sy_socket_finish(struct sy_socket *socket);

/* "unix:/path" -> path. INVALID_ARGUMENT (field "engine") otherwise. */
SY_MUST_USE int sy_socket_parse(const char *address, char ret[SY_SOCKET_PATH_MAX + 1],
                                struct sy_error *error);
/* 0 = somebody answers; else errno of the attempt. */
int sy_socket_probe(const char *path);
/* Remove a private socket and its directory, whose engine was killed; leaves alone what is named
 * otherwise. */
void sy_socket_sweep(const char *path);

#endif
