/* Bytes as AWS writes them in JSON, and their hash as Lambda writes CodeSha256. */
#ifndef SY_AWS_BLOB_H
#define SY_AWS_BLOB_H

#include "base/error.h"

struct sy_buffer;

/* Append the base64 of the bytes (RFC 4648, padded). */
void sy_blob_base64(struct sy_buffer *to, const void *bytes, size_t len);
/* base64 of the SHA-256; buf of 45 bytes at least. */
SY_MUST_USE int sy_blob_sha256(const void *bytes, size_t len, char *buf, struct sy_error *error);

#endif
