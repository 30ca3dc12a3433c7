/* AWS Signature Version 4 in the Authorization header.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * Each stage is a function of its own, so that tests can compare it with AWS's published vectors.
 * A signer belongs to one region and service, and to one thread: it keeps the day's key and its
 * working memory. */
#ifndef SY_AWS_SIGV4_H
#define SY_AWS_SIGV4_H

#include "aws/credentials.h"
#include "base/io.h"
#include "base/memory.h"

#include <stdbool.h>

enum {
    SY_SIGV4_HEADERS_MAX = 64,
    SY_SIGV4_PARAMS_MAX = 256,
    SY_SIGV4_SEGMENTS_MAX = 128,
    SY_SIGV4_DATE_SIZE = 17, /* "20150830T123600Z" */
    SY_SIGV4_HEX_SIZE = 65   /* a SHA-256 in hexadecimal */
};

struct sy_sigv4_request {
    const char *method;
    const char *path;  /* as it goes on the wire; NULL or "": "/" */
    const char *query; /* as it goes on the wire, without "?"; NULL: none */
    /* Every one of them is signed. Must hold Host, X-Amz-Date (= date) and, with temporary
     * credentials, X-Amz-Security-Token. A repeated name is joined with commas, in order. */
    const struct sy_http_header *headers;
    size_t n_headers;
    const void *body;
    size_t body_len;
    const char *date; /* sy_sigv4_date() */
    /* S3's rules, which the public vectors exercise, too: keep "//" and dot segments; take the
     * path's percent-encoding for the canonical one instead of encoding it once more. */
    bool keep_path;
    bool encoded_path;
};

struct sy_sigv4;
/* The credentials are borrowed; others may be put into them, with another generation. INTERNAL when
 * OpenSSL offers no SHA-256. */
SY_MUST_USE int sy_sigv4_create(const struct sy_credentials *credentials, const char *region,
                                const char *service, struct sy_sigv4 **ret, struct sy_error *error);
void sy_sigv4_destroy(struct sy_sigv4 *signer);

/* Unix milliseconds -> "20150830T123600Z"; returns buf. Years 1970 to 9999. */
const char *sy_sigv4_date(int64_t unix_ms, char buf[SY_SIGV4_DATE_SIZE]);

/* The stages. Buffers are appended to. INVALID_ARGUMENT when a request has more headers,
 * parameters or path segments than the bounds above. */
SY_MUST_USE int sy_sigv4_canonical_request(struct sy_sigv4 *signer,
                                           const struct sy_sigv4_request *request,
                                           struct sy_buffer *canonical,
                                           struct sy_buffer *signed_headers,
                                           struct sy_error *error);
SY_MUST_USE int sy_sigv4_string_to_sign(struct sy_sigv4 *signer, const char *date,
                                        const char *canonical, size_t canonical_len,
                                        struct sy_buffer *string_to_sign, struct sy_error *error);
SY_MUST_USE int sy_sigv4_signature(struct sy_sigv4 *signer, const char *date,
                                   const char *string_to_sign, size_t len,
                                   char ret_hex[SY_SIGV4_HEX_SIZE], struct sy_error *error);

/* All of them: the value of the Authorization header. */
SY_MUST_USE int sy_sigv4_authorize(struct sy_sigv4 *signer, const struct sy_sigv4_request *request,
                                   struct sy_buffer *authorization, struct sy_error *error);

#endif
