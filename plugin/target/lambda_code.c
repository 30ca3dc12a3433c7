/* UpdateFunctionCode: an archive in the request itself, an object of S3, or an image. */
#include "target/lambda_call.h"

#include "aws/blob.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "target/lambda_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 70 MB over a slow line; the other calls' 15 s would cut it off. */
enum { UPLOAD_TIMEOUT_MS = 300000 };

struct updating {
    struct sy_lambda_call call;
    char code_sha256[SY_CODE_SHA256_MAX + 1]; /* of the archive; "" = Lambda alone knows */
    struct sy_error stale;                    /* the first answer, while asking whose it is */
    sy_configuration_done *done;
};

static int unreadable(const char *path, const char *why, struct sy_error *error) {
    char shown[200];
    return sy_fail_field(error, "code", "code: %s %s",
                         sy_text_clean(path, strlen(path), shown, sizeof shown), why);
}

static int read_zip(const char *path, char **ret, size_t *ret_len, struct sy_error *error) {
    char why[160];
    if (sy_file_read(path, SY_ZIP_MAX_BYTES, ret, ret_len)) {
        int code = errno;
        (void)snprintf(why, sizeof why, "cannot be read by the engine: %s", strerror(code));
        return unreadable(path,
                          code == EINVAL ? "is no regular file; name a zip archive"
                          : code == EFBIG
                              ? "is larger than the 50 MB that Lambda takes directly; put it into "
                                "S3 and name s3://bucket/key"
                              : why,
                          error);
    }
    if (*ret_len < 22 || memcmp(*ret, "PK", 2) != 0)
        return unreadable(path, "is no zip archive; Lambda takes nothing else as a file", error);
    return 0;
}

static void update_finish(struct updating *updating, const struct sy_configuration *configuration,
                          const struct sy_error *error) {
    sy_configuration_done *done = updating->done;
    void *ctx = updating->call.ctx;
    struct sy_error copy = error ? *error : (struct sy_error){.code = SY_OK};
    sy_lambda_call_destroy(&updating->call);
    done(ctx, error ? NULL : configuration, error ? &copy : NULL);
}

static void take_configuration(struct updating *updating, const char *operation,
                               const struct sy_aws_reply *reply) {
    struct sy_configuration configuration = {0};
    struct sy_error why;
    if (sy_lambda_configuration_parse(operation, reply->body, reply->body_len, &configuration,
                                      &why))
        update_finish(updating, NULL, &why);
    else if (updating->stale.code != SY_OK &&
             strcmp(configuration.code_sha256, updating->code_sha256) != 0)
        update_finish(updating, NULL, &updating->stale);
    else
        update_finish(updating, &configuration, NULL);
}

static void on_look(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct updating *updating = ctx;
    if (error)
        update_finish(updating, NULL, &updating->stale);
    else
        take_configuration(updating, "GetFunctionConfiguration", reply);
}

/* A 412 may be the answer to a second try of ours, whose first answer was lost: then the code is
 * what was sent. */
static void on_update(void *ctx, const struct sy_aws_reply *reply, const struct sy_error *error) {
    struct updating *updating = ctx;
    if (!error) {
        take_configuration(updating, "UpdateFunctionCode", reply);
        return;
    }
    struct sy_error mine = sy_lambda_call_error(&updating->call, error);
    if (mine.code != SY_ABORTED || !updating->code_sha256[0]) {
        update_finish(updating, NULL, &mine);
        return;
    }
    updating->stale = mine;
    sy_lambda_call_send(
        &updating->call,
        &(struct sy_aws_call){.operation = "GetFunctionConfiguration", .method = "GET"},
        SY_LAMBDA_API, "/configuration", on_look);
}

static void add_string(struct json_object *object, const char *key, const char *value) {
    if (value[0])
        json_object_object_add(object, key, json_object_new_string(value));
}

/* {"RevisionId":…} and, in front of it, the archive: json-c would copy its 70 MB twice. */
static int body_write(struct updating *updating, const struct sy_package *package,
                      const char *revision, struct sy_buffer *ret, struct sy_error *error) {
    SY_AUTO_JSON struct json_object *object = json_object_new_object();
    SY_AUTO_FREE char *archive = NULL;
    size_t len = 0;
    add_string(object, "RevisionId", revision);
    if (package->kind == SY_PACKAGE_S3) {
        add_string(object, "S3Bucket", package->bucket);
        add_string(object, "S3Key", package->key);
        add_string(object, "S3ObjectVersion", package->object_version);
    } else if (package->kind == SY_PACKAGE_IMAGE) {
        add_string(object, "ImageUri", package->image_uri);
    } else {
        if (read_zip(package->zip_path, &archive, &len, error) ||
            sy_blob_sha256(archive, len, updating->code_sha256, error))
            return -1;
        sy_buffer_puts(ret, "{\"ZipFile\":\"");
        sy_blob_base64(ret, archive, len);
        sy_buffer_puts(ret, json_object_object_length(object) ? "\"," : "\"");
    }
    SY_AUTO_FREE char *rest = sy_json_write(object);
    sy_buffer_puts(ret, ret->len ? rest + 1 : rest);
    return 0;
}

int sy_lambda_update_code(struct sy_target *target, const char *function,
                          const struct sy_package *package, const char *revision,
                          sy_configuration_done *done, void *ctx, struct sy_error *error) {
    SY_AUTO_BUFFER struct sy_buffer body = {0};
    struct updating *updating =
        sy_lambda_call_create(sy_lambda_of(target), sizeof *updating, function, ctx);
    updating->done = done;
    if (body_write(updating, package, revision, &body, error)) {
        sy_lambda_call_destroy(&updating->call);
        return -1;
    }
    sy_lambda_call_send(&updating->call,
                        &(struct sy_aws_call){.operation = "UpdateFunctionCode",
                                              .method = "PUT",
                                              .body = body.data,
                                              .timeout_ms = UPLOAD_TIMEOUT_MS},
                        SY_LAMBDA_API, "/code", on_update);
    return 0;
}
