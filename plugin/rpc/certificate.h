/* The ephemeral certificates of go-plugin's mutual TLS: ECDSA P-256, SAN localhost, its own CA,
 * server and client use. The key never leaves the process. */
#ifndef SY_RPC_CERTIFICATE_H
#define SY_RPC_CERTIFICATE_H

#include "base/error.h"

struct sy_certificate {
    char *pem;
    char *key_pem;
    char *base64; /* DER, unpadded: as the handshake line carries it */
};

SY_MUST_USE int sy_certificate_create(struct sy_certificate *ret, struct sy_error *error);
/* The key is wiped. */
void sy_certificate_finish(struct sy_certificate *certificate);

/* Is the text one PEM certificate, or more? */
SY_MUST_USE int sy_certificate_check_pem(const char *what, const char *pem, struct sy_error *error);
/* Unpadded base64 of DER -> PEM; the caller frees it. */
SY_MUST_USE int sy_certificate_from_base64(const char *base64, char **ret_pem,
                                           struct sy_error *error);

#endif
