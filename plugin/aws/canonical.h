/* The canonical forms of SigV4: pure text, no cryptography. */
#ifndef SY_AWS_CANONICAL_H
#define SY_AWS_CANONICAL_H

#include "aws/sigv4.h"

/* Each appends one part of the canonical request, without the line end behind it; -1 with
 * INVALID_ARGUMENT when the request is beyond the bounds of sigv4.h. */
SY_MUST_USE int sy_canonical_path(struct sy_buffer *buffer, const struct sy_sigv4_request *request,
                                  struct sy_error *error);
/* scratch is working memory: its content is replaced. */
SY_MUST_USE int sy_canonical_query(struct sy_buffer *buffer, struct sy_buffer *scratch,
                                   const char *query, struct sy_error *error);
/* The header lines, each with its line end, and the list of their names, "host;x-amz-date". */
SY_MUST_USE int sy_canonical_headers(struct sy_buffer *lines, struct sy_buffer *names,
                                     const struct sy_sigv4_request *request,
                                     struct sy_error *error);

/* Percent-encode all but RFC 3986's unreserved characters and those in keep. */
void sy_canonical_encode(struct sy_buffer *buffer, const char *text, size_t len, const char *keep);

#endif
