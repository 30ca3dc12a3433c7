/* Lambda: new code in $LATEST, and versions made of it. */
#include "base/json.h"
#include "sandbox/world_call.h"

#include <json-c/json.h>
#include <openssl/evp.h>
#include <string.h>

void sy_lambda_settle(struct sy_world *world, struct sy_function *function) {
    if (!function->updating || world->now_ms - world->start_ms < function->update_until_ms)
        return;
    function->updating = false;
    sy_world_uuid(world, function->latest.revision);
}

/* Only one update at a time. */
static bool is_busy(struct sy_call *call, const struct sy_function *function) {
    char arn[320];
    if (function->updating)
        sy_answer_error(call, 409, "ResourceConflictException",
                        "The operation cannot be performed at this time. An update is in progress "
                        "for resource: %s",
                        sy_lambda_arn(call->world, function->name, "", arn));
    return function->updating;
}

/* "" = whatever it is; answers otherwise. */
static bool is_latest_revision(struct sy_call *call, const struct sy_version *latest,
                               const char *revision) {
    bool same = !revision[0] || strcmp(revision, latest->revision) == 0;
    if (!same)
        sy_answer_error(call, 412, "PreconditionFailedException",
                        "The Revision Id provided does not match the latest Revision Id. Call the "
                        "GetFunction/GetAlias API to retrieve the latest Revision Id");
    return same;
}

static bool is_same(const struct sy_version *a, const struct sy_version *b) {
    return strcmp(a->code_sha256, b->code_sha256) == 0 && strcmp(a->role, b->role) == 0 &&
           strcmp(a->dead_letter, b->dead_letter) == 0;
}

static bool publish_is_allowed(struct sy_call *call, const struct sy_version *latest,
                               char description[SY_DESCRIPTION_MAX + 1]) {
    char hash[65] = "", revision[SY_UUID_LEN + 1] = "";
    struct sy_error error = {0};
    if (sy_json_string(call->body, "CodeSha256", false, hash, sizeof hash, &error) ||
        sy_json_string(call->body, "RevisionId", false, revision, sizeof revision, &error) ||
        sy_json_string(call->body, "Description", false, description, SY_DESCRIPTION_MAX + 1,
                       &error)) {
        sy_answer_error(call, 400, "InvalidParameterValueException", "%s", error.message);
        return false;
    }
    if (hash[0] && strcmp(hash, latest->code_sha256) != 0) {
        sy_answer_error(call, 400, "InvalidParameterValueException",
                        "CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). "
                        "Please try again with the CodeSHA256 in $LATEST.",
                        hash, latest->code_sha256);
        return false;
    }
    return is_latest_revision(call, latest, revision);
}

/* What did not change since the last version gives that version again. */
void sy_world_publish_version(struct sy_call *call) {
    char number[24], description[SY_DESCRIPTION_MAX + 1] = "";
    struct sy_function *function = sy_lambda_function(call, NULL);
    if (!function)
        return;
    struct sy_world *world = call->world;
    sy_lambda_settle(world, function);
    if (is_busy(call, function) || !publish_is_allowed(call, &function->latest, description))
        return;
    struct sy_version *version =
        function->n_versions ? &function->versions[function->n_versions - 1] : NULL;
    if (!version || !is_same(version, &function->latest)) {
        version = sy_function_publish(world, function, function->next_number);
        sy_version_copy_code(version, &function->latest);
        memcpy(version->description, description[0] ? description : function->latest.description,
               sizeof description);
        if (function->publish_state[0])
            memcpy(version->state, function->publish_state, sizeof version->state);
        version->active_from_ms = world->now_ms - world->start_ms + function->publish_pending_ms;
    }
    (void)sy_version_text(version->number, number);
    sy_answer(call, 201, sy_lambda_configuration(world, function, version, number, true));
}

/* ---- UpdateFunctionCode ---- */

static bool refuse_code(struct sy_call *call, const char *message) {
    sy_answer_error(call, 400, "InvalidParameterValueException", "%s", message);
    return false;
}

/* The SHA-256 of the archive, in base64, as Lambda has it. */
static bool zip_hash(struct sy_call *call, struct json_object *zip, char hash[65]) {
    size_t len = (size_t)json_object_get_string_len(zip);
    const char *text = json_object_get_string(zip);
    SY_AUTO_FREE unsigned char *bytes = sy_calloc(1, len / 4 * 3 + 4);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    int got = len % 4 ? -1 : EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)len);
    for (size_t i = 0; got > 0 && i < 2 && len > i && text[len - 1 - i] == '='; i++)
        got--;
    if (got < 22 || memcmp(bytes, "PK", 2) != 0)
        return refuse_code(call, "Could not unzip uploaded file. Please check your file, then try "
                                 "to upload again.");
    if (!EVP_Digest(bytes, (size_t)got, digest, &n, EVP_sha256(), NULL))
        return refuse_code(call, "The sandbox could not hash the archive");
    (void)EVP_EncodeBlock((unsigned char *)hash, digest, (int)n);
    return true;
}

/* There is no S3 and no registry here: what is named is what the code is made of. */
static bool code_read(struct sy_call *call, char hash[65]) {
    struct json_object *zip = NULL, *image = NULL;
    char bucket[64] = "", key[1025] = "", version[1025] = "";
    struct sy_error error = {0};
    if (sy_json_child(call->body, "ZipFile", false, json_type_string, &zip, &error) ||
        sy_json_child(call->body, "ImageUri", false, json_type_string, &image, &error) ||
        sy_json_string(call->body, "S3Bucket", false, bucket, sizeof bucket, &error) ||
        sy_json_string(call->body, "S3Key", false, key, sizeof key, &error) ||
        sy_json_string(call->body, "S3ObjectVersion", false, version, sizeof version, &error))
        return refuse_code(call, error.message);
    if (!!zip + !!image + (bucket[0] && key[0]) != 1)
        return refuse_code(call, "Please provide a source for function code.");
    if (zip)
        return zip_hash(call, zip, hash);
    SY_AUTO_FREE char *name = image ? sy_strdup(json_object_get_string(image))
                                    : sy_asprintf("%s/%s?%s", bucket, key, version);
    const char *digest = image ? strstr(name, "@sha256:") : NULL;
    if (digest && strlen(digest + 8) == 64)
        memcpy(hash, digest + 8, 65);
    else
        sy_code_hash(name, 2, hash);
    return true;
}

void sy_world_update_code(struct sy_call *call) {
    char hash[65] = "", revision[SY_UUID_LEN + 1] = "";
    struct sy_error error = {0};
    struct sy_function *function = sy_lambda_function(call, NULL);
    if (!function)
        return;
    struct sy_world *world = call->world;
    struct sy_version *latest = &function->latest;
    sy_lambda_settle(world, function);
    if (sy_json_string(call->body, "RevisionId", false, revision, sizeof revision, &error)) {
        (void)refuse_code(call, error.message);
        return;
    }
    if (!is_latest_revision(call, latest, revision) || is_busy(call, function) ||
        !code_read(call, hash))
        return;
    memcpy(latest->code_sha256, hash, sizeof latest->code_sha256);
    latest->modified_ms = world->now_ms;
    sy_world_uuid(world, latest->revision);
    function->modified = true;
    function->updating = true;
    function->update_until_ms = world->now_ms - world->start_ms + function->update_pending_ms;
    if (!function->update_pending_ms)
        function->updating = false;
    sy_answer(call, 200, sy_lambda_configuration(world, function, latest, "", true));
}
