#include "core/package.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HEX DIGITS "abcdef"

enum { DIGEST_DIGITS = 64, ACCOUNT_DIGITS = 12 };

static int refuse(const char *text, const char *why, struct sy_error *error) {
    char shown[120];
    return sy_fail_field(error, "code", "code: \"%s\" %s",
                         sy_text_clean(text, strlen(text), shown, sizeof shown), why);
}

static int too_long(const char *what, size_t max, struct sy_error *error) {
    return sy_fail_field(error, "code", "code: the %s is longer than %zu characters", what, max);
}

static bool is_bucket(const char *bucket) {
    size_t n = strlen(bucket);
    return n >= 3 && n <= SY_BUCKET_MAX && strspn(bucket, LOWER DIGITS ".-") == n &&
           strchr(LOWER DIGITS, bucket[0]) && strchr(LOWER DIGITS, bucket[n - 1]);
}

static int check_s3(const struct sy_package *package, struct sy_error *error) {
    if (!is_bucket(package->bucket))
        return refuse(package->bucket,
                      "is no S3 bucket name; write s3://bucket/key, such as "
                      "s3://builds/checkout/42.zip",
                      error);
    if (!package->key[0])
        return refuse(package->bucket, "has no key behind it; write s3://bucket/key", error);
    if (!sy_text_is_clean(package->key, strlen(package->key)) ||
        !sy_text_is_clean(package->object_version, strlen(package->object_version)))
        return refuse(package->key, "contains control characters or broken UTF-8", error);
    return 0;
}

/* ACCOUNT.dkr.ecr.REGION.amazonaws.com/repository@sha256:digest, as Lambda takes images. */
static bool is_registry(const char *uri) {
    return strspn(uri, DIGITS) == ACCOUNT_DIGITS &&
           strncmp(uri + ACCOUNT_DIGITS, ".dkr.ecr", 8) == 0;
}

static int check_image(const char *uri, struct sy_error *error) {
    static const char sha256[] = "@sha256:";
    size_t host = strcspn(uri, "/");
    const char *repository = uri[host] ? uri + host + 1 : "";
    size_t name = strspn(repository, LOWER DIGITS "._-/");
    const char *digest = strstr(uri, sha256);
    if (!is_registry(uri) || !strstr(uri, ".amazonaws.com") || name == 0)
        return refuse(uri,
                      "is no image that Lambda takes; write "
                      "ACCOUNT.dkr.ecr.REGION.amazonaws.com/repository@sha256:digest",
                      error);
    if (!digest)
        return refuse(uri,
                      "names no digest; a tag may name another image by the time that it is read: "
                      "write repository@sha256:digest",
                      error);
    const char *hex = digest + sizeof sha256 - 1;
    if (repository + name != digest || strspn(hex, HEX) != DIGEST_DIGITS || hex[DIGEST_DIGITS])
        return refuse(uri, "needs repository@sha256: and then 64 hexadecimal digits, no tag",
                      error);
    return 0;
}

static int check_zip(const char *path, struct sy_error *error) {
    if (!path[0])
        return sy_fail_field(error, "code",
                             "code: is empty; name a zip archive, s3://bucket/key "
                             "or an image by its digest");
    if (!sy_text_is_clean(path, strlen(path)))
        return refuse(path, "contains control characters or broken UTF-8", error);
    return 0;
}

int sy_package_check(const struct sy_package *package, struct sy_error *error) {
    switch (package->kind) {
    case SY_PACKAGE_ZIP:
        return check_zip(package->zip_path, error);
    case SY_PACKAGE_S3:
        return check_s3(package, error);
    case SY_PACKAGE_IMAGE:
        return check_image(package->image_uri, error);
    default:
        return 0;
    }
}

/* What follows s3://. The version is behind "?versionId=", as in S3's own URLs. */
static int parse_s3(const char *text, struct sy_package *package, struct sy_error *error) {
    static const char mark[] = "?versionId=";
    size_t bucket = strcspn(text, "/");
    const char *key = text[bucket] ? text + bucket + 1 : "";
    const char *version = strstr(key, mark);
    size_t key_len = version ? (size_t)(version - key) : strlen(key);
    if (bucket > SY_BUCKET_MAX)
        return too_long("bucket's name", SY_BUCKET_MAX, error);
    if (key_len > SY_KEY_MAX)
        return too_long("key", SY_KEY_MAX, error);
    memcpy(package->bucket, text, bucket);
    memcpy(package->key, key, key_len);
    if (version) {
        version += sizeof mark - 1;
        if (!version[0])
            return refuse(text, "ends in an empty versionId; leave it out for the newest", error);
        if (strlen(version) > SY_KEY_MAX)
            return too_long("versionId", SY_KEY_MAX, error);
        (void)snprintf(package->object_version, sizeof package->object_version, "%s", version);
    }
    return 0;
}

int sy_package_parse(const char *text, struct sy_package *ret, struct sy_error *error) {
    struct sy_package package = {.kind = SY_PACKAGE_ZIP};
    const char *scheme = strstr(text, "://");
    if (strncmp(text, "s3://", 5) == 0) {
        package.kind = SY_PACKAGE_S3;
        if (parse_s3(text + 5, &package, error))
            return -1;
    } else if (is_registry(text)) {
        package.kind = SY_PACKAGE_IMAGE;
        if (strlen(text) > SY_IMAGE_MAX)
            return too_long("image", SY_IMAGE_MAX, error);
        (void)snprintf(package.image_uri, sizeof package.image_uri, "%s", text);
    } else if (scheme && strspn(text, LOWER UPPER DIGITS "+.-") == (size_t)(scheme - text)) {
        return refuse(text,
                      "is no place that Lambda takes code from; use a zip archive, "
                      "s3://bucket/key or an image of ECR by its digest",
                      error);
    } else if (strlen(text) > SY_ZIP_PATH_MAX) {
        return too_long("path", SY_ZIP_PATH_MAX, error);
    } else {
        (void)snprintf(package.zip_path, sizeof package.zip_path, "%s", text);
    }
    if (sy_package_check(&package, error))
        return -1;
    *ret = package;
    return 0;
}

int sy_code_sha256_check(const char *text, struct sy_error *error) {
    char shown[80];
    size_t n = strlen(text);
    bool base64 = n == 44 && text[43] == '=' && strspn(text, LOWER UPPER DIGITS "+/") == 43;
    bool hex = n == DIGEST_DIGITS && strspn(text, HEX) == n;
    if (base64 || hex)
        return 0;
    return sy_fail_field(error, "code-sha256",
                         "code-sha256: \"%s\" is no hash as Lambda writes it, 44 characters of "
                         "base64; make one with: openssl dgst -sha256 -binary FILE | base64",
                         sy_text_clean(text, n, shown, sizeof shown));
}

int sy_description_check(const char *text, struct sy_error *error) {
    size_t characters = 0;
    if (!sy_text_is_clean(text, strlen(text)))
        return sy_fail_field(error, "description",
                             "description: contains control characters or broken UTF-8");
    for (const char *p = text; *p; p++)
        characters += ((unsigned char)*p & 0xC0) != 0x80;
    if (characters > 256)
        return sy_fail_field(error, "description",
                             "description: %zu characters long; Lambda keeps at most 256",
                             characters);
    return 0;
}
