/* Where the code of a new version comes from. Pure. */
#ifndef SY_CORE_PACKAGE_H
#define SY_CORE_PACKAGE_H

#include "core/spec.h"

enum {
    SY_ZIP_PATH_MAX = 4095,
    SY_BUCKET_MAX = 63,
    SY_KEY_MAX = 1024,
    SY_IMAGE_MAX = 512,
    SY_ZIP_MAX_BYTES = 50 * 1024 * 1024, /* what Lambda takes in the request itself */
    SY_DESCRIPTION_MAX = 1024,           /* 256 characters of up to four bytes */
};

enum sy_package_kind {
    SY_PACKAGE_LATEST, /* nothing is uploaded: $LATEST as it is */
    SY_PACKAGE_ZIP,
    SY_PACKAGE_S3,
    SY_PACKAGE_IMAGE,
};

struct sy_package {
    enum sy_package_kind kind;
    char zip_path[SY_ZIP_PATH_MAX + 1]; /* of the engine's machine; absolute in a request */
    char bucket[SY_BUCKET_MAX + 1];
    char key[SY_KEY_MAX + 1];
    char object_version[SY_KEY_MAX + 1]; /* "" = the object's newest */
    char image_uri[SY_IMAGE_MAX + 1];
};

/* "bundle.zip", "s3://bucket/key[?versionId=V]", or an image of ECR by its digest. A tag is
 * refused: it may name other code by the time that it is read. INVALID_ARGUMENT names the field
 * "code". */
SY_MUST_USE int sy_package_parse(const char *text, struct sy_package *ret, struct sy_error *error);
/* The same rules for one that came as a message. */
SY_MUST_USE int sy_package_check(const struct sy_package *package, struct sy_error *error);

/* base64 of 32 bytes as Lambda writes CodeSha256, or 64 hexadecimal digits of an image. */
SY_MUST_USE int sy_code_sha256_check(const char *text, struct sy_error *error);
/* At most 256 characters (Lambda's own limit), clean. */
SY_MUST_USE int sy_description_check(const char *text, struct sy_error *error);

#endif
