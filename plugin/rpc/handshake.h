/* go-plugin's handshake: one line on the plugin's standard output,
 * CORE|APP|NETWORK|ADDRESS|PROTOCOL|CERTIFICATE
 * (https://github.com/hashicorp/go-plugin/blob/main/docs/internals.md). */
#ifndef SY_RPC_HANDSHAKE_H
#define SY_RPC_HANDSHAKE_H

#include "base/error.h"
#include "rpc/service.h"

#include <stdbool.h>

/* The cookie guards against mistakes, not against attackers: it tells a program that was started by
 * hand from one that a host started. */
#define SY_COOKIE_KEY "STEELYARD_PLUGIN_MAGIC_COOKIE"
#define SY_COOKIE_VALUE "f2d0a52c54a5bb9f3c6a4b7d7f0ad1d4e2c35e1c9a7f4e8db0c5a6e34b1f9d07"
#define SY_CLIENT_CERTIFICATE_KEY "PLUGIN_CLIENT_CERT"
#define SY_PROTOCOL_VERSIONS_KEY "PLUGIN_PROTOCOL_VERSIONS"

enum {
    SY_HANDSHAKE_CORE = 1,    /* version of go-plugin's line */
    SY_PROTOCOL_VERSION = 1,  /* of steelyard.v1 */
    SY_SOCKET_PATH_MAX = 100, /* sun_path is 108, and gRPC writes "unix:" before it */
    SY_HANDSHAKE_LINE_MAX = 8192,
};

struct sy_handshake {
    char path[SY_SOCKET_PATH_MAX + 1];
    char certificate[SY_HANDSHAKE_LINE_MAX]; /* unpadded base64 of DER; empty = plaintext */
};

/* Did a host of this protocol start this process? */
bool sy_handshake_is_wanted(const struct sy_protocol *protocol);
/* Print the line; the one thing that may go to standard output. */
SY_MUST_USE int sy_handshake_print(const struct sy_protocol *protocol, const char *path,
                                   const char *certificate, struct sy_error *error);
/* Read the line, without its newline. program names the engine in messages. */
SY_MUST_USE int sy_handshake_parse(const char *program, const char *line, struct sy_handshake *ret,
                                   struct sy_error *error);

#endif
