#include "aws/answer.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* The codes that say more than their HTTP status: the JSON services answer 400 to most everything.
 * Throttling and transient codes as in botocore's retries/standard.py, and SSM's TooManyUpdates. */
static const struct {
    const char *code;
    enum sy_code means;
    enum sy_retry_kind retry;
} known[] = {
    {"Throttling", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"ThrottlingException", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"ThrottledException", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"RequestThrottled", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"RequestThrottledException", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"TooManyRequestsException", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"ProvisionedThroughputExceededException", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"RequestLimitExceeded", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"BandwidthLimitExceeded", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"LimitExceededException", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"SlowDown", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"TooManyUpdates", SY_RESOURCE_EXHAUSTED, SY_RETRY_THROTTLED},
    {"RequestTimeout", SY_UNAVAILABLE, SY_RETRY_TRANSIENT},
    {"RequestTimeoutException", SY_UNAVAILABLE, SY_RETRY_TRANSIENT},
    {"InternalServerError", SY_UNAVAILABLE, SY_RETRY_TRANSIENT},
    {"InternalFailure", SY_UNAVAILABLE, SY_RETRY_TRANSIENT},
    {"ServiceUnavailable", SY_UNAVAILABLE, SY_RETRY_TRANSIENT},
    {"AccessDenied", SY_PERMISSION_DENIED, SY_RETRY_NEVER},
    {"AccessDeniedException", SY_PERMISSION_DENIED, SY_RETRY_NEVER},
    {"UnauthorizedOperation", SY_PERMISSION_DENIED, SY_RETRY_NEVER},
    {"ExpiredToken", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"ExpiredTokenException", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"UnrecognizedClientException", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"InvalidClientTokenId", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"InvalidAccessKeyId", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"InvalidSignatureException", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"SignatureDoesNotMatch", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"IncompleteSignature", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"IncompleteSignatureException", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"MissingAuthenticationToken", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"MissingAuthenticationTokenException", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"RequestExpired", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"RequestInTheFuture", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"RequestTimeTooSkewed", SY_UNAUTHENTICATED, SY_RETRY_NEVER},
    {"ParameterNotFound", SY_NOT_FOUND, SY_RETRY_NEVER},
    {"ParameterVersionNotFound", SY_NOT_FOUND, SY_RETRY_NEVER},
    {"ResourceNotFoundException", SY_NOT_FOUND, SY_RETRY_NEVER},
    {"ParameterAlreadyExists", SY_ALREADY_EXISTS, SY_RETRY_NEVER},
    {"PreconditionFailedException", SY_ABORTED, SY_RETRY_NEVER},
};

/* "com.amazonaws.ssm#ParameterNotFound" and "ResourceNotFoundException:http://..." -> the name. */
static void take_code(const char *text, struct sy_answer *ret) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strcspn(text, ":;,");
    const char *hash = memrchr(text, '#', len);
    if (hash) {
        len -= (size_t)(hash + 1 - text);
        text = hash + 1;
    }
    if (len == 0 || len >= sizeof ret->code || strspn(text, allowed) < len)
        return;
    memcpy(ret->code, text, len);
    ret->code[len] = '\0';
}

static const char *string_member(struct json_object *object, const char *key) {
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

/* The first line alone: after it, an answer to a wrong signature repeats the whole request. Secrets
 * go first, since a cut one would no longer be recognised. */
static void take_message(const char *text, const struct sy_keeper *secrets, struct sy_answer *ret) {
    SY_AUTO_FREE char *copy = sy_strdup(text);
    sy_keeper_redact(secrets, copy);
    (void)sy_text_clean(copy, strcspn(copy, "\r\n"), ret->message, sizeof ret->message);
}

static void read_body(const struct sy_http_response *response, const struct sy_keeper *secrets,
                      struct sy_answer *ret) {
    SY_AUTO_JSON struct json_object *body = NULL;
    struct sy_error ignored;
    if (sy_json_parse("error answer", response->body, response->body_len, &body, &ignored) ||
        !json_object_is_type(body, json_type_object))
        return;
    const char *code = string_member(body, "__type");
    const char *message = string_member(body, "message");
    if (!message)
        message = string_member(body, "Message");
    if (code && !*ret->code)
        take_code(code, ret);
    if (message)
        take_message(message, secrets, ret);
    ret->is_aws = *ret->code || message;
}

void sy_answer_read(const struct sy_http_response *response, const struct sy_keeper *secrets,
                    struct sy_answer *ret) {
    *ret = (struct sy_answer){.status = response->status};
    if (response->status == 0) {
        ret->none = response->error.code;
        take_message(response->error.message, secrets, ret);
        return;
    }
    const char *type = sy_http_header_get(response, "x-amzn-ErrorType");
    if (type)
        take_code(type, ret);
    ret->is_aws = *ret->code != '\0';
    read_body(response, secrets, ret);
}

static bool is_one_of(const char *code, const char *const *codes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

bool sy_answer_is_expired(const struct sy_answer *answer) {
    static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException"};
    return is_one_of(answer->code, codes, SY_COUNT(codes));
}

bool sy_answer_is_skewed(const struct sy_answer *answer) {
    static const char *const codes[] = {"RequestTimeTooSkewed", "RequestExpired",
                                        "RequestInTheFuture", "InvalidSignatureException",
                                        "SignatureDoesNotMatch"};
    return is_one_of(answer->code, codes, SY_COUNT(codes));
}

enum sy_retry_kind sy_answer_retry(const struct sy_answer *answer) {
    for (size_t i = 0; i < SY_COUNT(known); i++)
        if (strcmp(answer->code, known[i].code) == 0 && known[i].retry != SY_RETRY_NEVER)
            return known[i].retry;
    switch (answer->status) {
    case 0: /* also an answer that was cut: callers expect that their request may have taken effect
             */
        return answer->none == SY_UNAVAILABLE || answer->none == SY_DEADLINE_EXCEEDED
                   ? SY_RETRY_TRANSIENT
                   : SY_RETRY_NEVER;
    case 429:
        return SY_RETRY_THROTTLED;
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
        return SY_RETRY_TRANSIENT;
    default:
        return SY_RETRY_NEVER;
    }
}

static enum sy_code code_of_status(const struct sy_answer *answer) {
    switch (answer->status) {
    case 0:
        return answer->none == SY_DEADLINE_EXCEEDED ? SY_UNAVAILABLE : answer->none;
    case 401:
        return SY_UNAUTHENTICATED;
    case 403:
        return SY_PERMISSION_DENIED;
    case 404: /* another server's 404 must not read as "there is no such alias" */
        return answer->is_aws ? SY_NOT_FOUND : SY_INTERNAL;
    case 408:
        return SY_UNAVAILABLE;
    case 409:
        return SY_ALREADY_EXISTS;
    case 412:
        return SY_ABORTED;
    case 429:
        return SY_RESOURCE_EXHAUSTED;
    default:
        if (answer->status >= 500)
            return SY_UNAVAILABLE;
        return answer->status >= 400 ? SY_INVALID_ARGUMENT : SY_INTERNAL;
    }
}

static enum sy_code code_of(const struct sy_answer *answer) {
    for (size_t i = 0; i < SY_COUNT(known); i++)
        if (strcmp(answer->code, known[i].code) == 0)
            return known[i].means;
    return code_of_status(answer);
}

/* What to do about it. */
static const char *advice(const struct sy_answer *answer, enum sy_code code) {
    switch (code) {
    case SY_UNAUTHENTICATED:
        if (strstr(answer->code, "Expired") || strcmp(answer->code, "RequestTimeTooSkewed") == 0)
            return "get fresh credentials, and check this machine's clock";
        if (strstr(answer->code, "Signature"))
            return "check AWS_SECRET_ACCESS_KEY and this machine's clock";
        return "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN";
    case SY_RESOURCE_EXHAUSTED:
        return "try again later, or have the account's request quota raised";
    case SY_UNAVAILABLE:
        return answer->status ? "try again later" : "check the network and the endpoint";
    case SY_INTERNAL:
        return "check the endpoint, the region and any proxy between";
    default:
        return NULL;
    }
}

/* "ResourceNotFoundException: Function not found (HTTP 404)", or what there is of it. */
static void describe(const struct sy_answer *answer, char *buf, size_t size) {
    if (answer->status == 0)
        (void)snprintf(buf, size, "%s", answer->message);
    else if (*answer->code)
        (void)snprintf(buf, size, "%s%s%s (HTTP %d)", answer->code, *answer->message ? ": " : "",
                       answer->message, answer->status);
    else if (*answer->message)
        (void)snprintf(buf, size, "%s (HTTP %d)", answer->message, answer->status);
    else
        (void)snprintf(buf, size, "HTTP %d without an error that AWS would write", answer->status);
}

/* IAM actions are named after operations, but for this one. */
static const char *action_of(const char *operation) {
    return strcmp(operation, "Invoke") == 0 ? "InvokeFunction" : operation;
}

void sy_aws_answer_error(const struct sy_answer *answer, const struct sy_answer_context *context,
                         struct sy_error *ret) {
    enum sy_code code = code_of(answer);
    char what[360];
    char tries[32] = "";
    char allow[128] = "";
    char todo[128] = "";
    describe(answer, what, sizeof what);
    if (context->attempts > 1)
        (void)snprintf(tries, sizeof tries, " after %d attempts", context->attempts);
    /* In front of what AWS says, which is long and may be cut where it is shown or kept. */
    if (code == SY_PERMISSION_DENIED)
        (void)snprintf(allow, sizeof allow, "; allow the IAM action %s:%s", context->service->name,
                       action_of(context->operation));
    else if (code == SY_UNAUTHENTICATED && context->credentials)
        (void)snprintf(todo, sizeof todo,
                       "; check this machine's clock and the credentials, from %s",
                       context->credentials);
    else if (advice(answer, code))
        (void)snprintf(todo, sizeof todo, "; %s", advice(answer, code));
    bool elsewhere = !answer->is_aws;
    (void)sy_fail_reason(ret, code, answer->code, "%s %s failed%s%s%s%s: %s%s",
                         context->service->name, context->operation, elsewhere ? " at " : "",
                         elsewhere ? context->host : "", tries, allow, what, todo);
}
