#include "aws/blob.h"

#include "base/memory.h"

#include <openssl/evp.h>
#include <string.h>

enum { PIECE = 48 * 1024 }; /* a multiple of three: only the last piece is padded */

void sy_blob_base64(struct sy_buffer *to, const void *bytes, size_t len) {
    unsigned char text[PIECE / 3 * 4 + 1];
    const unsigned char *from = bytes;
    while (len) {
        size_t n = len < PIECE ? len : PIECE;
        int written = EVP_EncodeBlock(text, from, (int)n);
        sy_buffer_append(to, text, (size_t)written);
        from += n;
        len -= n;
    }
}

int sy_blob_sha256(const void *bytes, size_t len, char *buf, struct sy_error *error) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(bytes, len, digest, &n, EVP_sha256(), NULL))
        return sy_fail(error, SY_INTERNAL, "OpenSSL failed at the hash of %zu bytes", len);
    (void)EVP_EncodeBlock((unsigned char *)buf, digest, (int)n);
    return 0;
}
