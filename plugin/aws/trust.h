/* Which certificates a TLS connection trusts. */
#ifndef SY_AWS_TRUST_H
#define SY_AWS_TRUST_H

#include "base/error.h"

/* At most one is set; both empty: this machine has none that we know, and TLS will fail. */
struct sy_trust {
    char file[256];
    char folder[256];
};

/* AWS_CA_BUNDLE, SSL_CERT_FILE, a folder of certificates by hash (it is read one certificate at a
 * time, 20 ms faster than a whole bundle), then the bundles of the distributions.
 * INVALID_ARGUMENT when a variable names a file that cannot be read. */
SY_MUST_USE int sy_trust_find(struct sy_trust *ret, struct sy_error *error);

#endif
