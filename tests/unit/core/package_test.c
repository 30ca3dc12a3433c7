#include "core/package.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define REGISTRY "123456789012.dkr.ecr.eu-central-1.amazonaws.com/"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct sy_package package;
static struct sy_error error;

static void takes(const char *text, enum sy_package_kind kind) {
    package = (struct sy_package){0};
    if (sy_package_parse(text, &package, &error))
        fail_msg("%s: %s", text, error.message);
    assert_int_equal(package.kind, kind);
}

static void refuses(const char *text, const char *says) {
    struct sy_package before = {.kind = SY_PACKAGE_IMAGE};
    error = (struct sy_error){0};
    package = before;
    if (sy_package_parse(text, &package, &error) == 0)
        fail_msg("%s was taken", text);
    assert_int_equal(error.code, SY_INVALID_ARGUMENT);
    assert_string_equal(error.field, "code");
    if (!strstr(error.message, says))
        fail_msg("%s: \"%s\" does not say %s", text, error.message, says);
    assert_memory_equal(&package, &before, sizeof before);
}

static void takes_what_lambda_takes(void **state) {
    (void)state;
    takes("build/bundle.zip", SY_PACKAGE_ZIP);
    assert_string_equal(package.zip_path, "build/bundle.zip");
    takes("a b:c/ä.zip", SY_PACKAGE_ZIP);
    takes("s3://builds/checkout/42.zip", SY_PACKAGE_S3);
    assert_string_equal(package.bucket, "builds");
    assert_string_equal(package.key, "checkout/42.zip");
    assert_string_equal(package.object_version, "");
    takes("s3://builds/a?b.zip?versionId=L4kqtJlcpXroDTDmpUMLUo", SY_PACKAGE_S3);
    assert_string_equal(package.key, "a?b.zip");
    assert_string_equal(package.object_version, "L4kqtJlcpXroDTDmpUMLUo");
    takes(REGISTRY "team/checkout@sha256:" DIGEST, SY_PACKAGE_IMAGE);
    assert_string_equal(package.image_uri, REGISTRY "team/checkout@sha256:" DIGEST);
}

static void refuses_what_it_does_not(void **state) {
    (void)state;
    refuses("", "is empty");
    refuses("a\x1b[31m.zip", "control characters");
    refuses("s3://", "no S3 bucket name");
    refuses("s3://b/k", "no S3 bucket name");
    refuses("s3://Builds/k", "no S3 bucket name");
    refuses("s3://-builds/k", "no S3 bucket name");
    refuses("s3://builds", "no key");
    refuses("s3://builds/", "no key");
    refuses("s3://builds/k?versionId=", "empty versionId");
    refuses("s3://builds/k\n", "control characters");
    refuses("https://example.com/bundle.zip", "no place that Lambda takes code from");
    refuses("file:///bundle.zip", "no place that Lambda takes code from");
    refuses(REGISTRY "checkout:42", "names no digest; a tag may name another image");
    refuses(REGISTRY "checkout", "names no digest");
    refuses(REGISTRY "checkout:42@sha256:" DIGEST, "no tag");
    refuses(REGISTRY "checkout@sha256:" DIGEST "0", "64 hexadecimal digits");
    refuses(REGISTRY "checkout@sha256:ABC", "64 hexadecimal digits");
    refuses(REGISTRY "@sha256:" DIGEST, "no image that Lambda takes");
    refuses("123456789012.dkr.ecr.evil.example/checkout@sha256:" DIGEST, "no image");
}

static void bounds_every_part(void **state) {
    (void)state;
    char text[8192];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refuses(text, "path is longer than 4095");
    memcpy(text, "s3://", 5);
    refuses(text, "bucket's name is longer than 63");
    memcpy(text, "s3://builds/", 12);
    refuses(text, "key is longer than 1024");
    memcpy(text, "s3://builds/k?versionId=", 24);
    refuses(text, "versionId is longer than 1024");
    memcpy(text, REGISTRY, sizeof REGISTRY - 1);
    refuses(text, "image is longer than 512");
}

static void judges_hashes_and_descriptions(void **state) {
    (void)state;
    static const char *const bad[] = {"", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
                                      "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", DIGEST "0",
                                      "\x1b[31m"};
    char long_one[600] = "";
    assert_int_equal(sy_code_sha256_check("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", &error),
                     0);
    assert_int_equal(sy_code_sha256_check(DIGEST, &error), 0);
    for (size_t i = 0; i < SY_COUNT(bad); i++) {
        assert_int_equal(sy_code_sha256_check(bad[i], &error), -1);
        assert_string_equal(error.field, "code-sha256");
    }
    assert_int_equal(sy_description_check("Gebäude 7", &error), 0);
    assert_int_equal(sy_description_check("two\nlines", &error), -1);
    for (int i = 0; i < 256; i++)
        (void)strcat(long_one, "ä");
    assert_int_equal(sy_description_check(long_one, &error), 0);
    (void)strcat(long_one, "x");
    assert_int_equal(sy_description_check(long_one, &error), -1);
    assert_non_null(strstr(error.message, "257 characters"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_lambda_takes),
        cmocka_unit_test(refuses_what_it_does_not),
        cmocka_unit_test(bounds_every_part),
        cmocka_unit_test(judges_hashes_and_descriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
