/* The carrier of HTTP exchanges on the real network and clock: libcurl's multi interface, HTTP/1.1
 * with keep-alive, one thread.
 *
 * Bounds: 8 MiB of body, 64 headers of 32 KiB together, 5 s to connect, 30 s for an exchange that
 * names no time of its own. No redirects, only http and https; HTTPS_PROXY, HTTP_PROXY and NO_PROXY
 * are honoured as libcurl does. An exchange without a complete answer ends with status 0 and
 * error->code UNAVAILABLE (not reached, or cut), DEADLINE_EXCEEDED (too slow), INTERNAL (an answer
 * beyond the bounds or not HTTP) or INVALID_ARGUMENT (a URL or header that cannot be sent). */
#ifndef SY_AWS_CURL_IO_H
#define SY_AWS_CURL_IO_H

#include "base/io.h"

enum {
    SY_CURL_BODY_MAX = 8 * 1024 * 1024,
    SY_CURL_HEADERS_MAX = 64,
    SY_CURL_HEADER_BYTES_MAX = 32 * 1024,
};

/* Trusts what AWS_CA_BUNDLE names, else SSL_CERT_FILE, else the distribution's certificates.
 * INVALID_ARGUMENT when a file that one of them names cannot be read. Has the process ignore
 * SIGPIPE if that is at its default: OpenSSL writes to sockets without MSG_NOSIGNAL, and a peer
 * that hangs up must not end a release. */
SY_MUST_USE int sy_curl_io_create(struct sy_io **ret, struct sy_error *error);
/* Exchanges under way are dropped; their callbacks are never called. Takes NULL. */
void sy_curl_io_destroy(struct sy_io *io);

#endif
