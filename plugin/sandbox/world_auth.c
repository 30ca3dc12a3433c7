/* Signatures: their shape, their key and their scope; the sandbox has no secret to check them by.
 * Somebody who forgets to sign, or signs for another service or region, learns it here. */
#include "sandbox/world_call.h"

#include <stdio.h>
#include <string.h>

static const char *const services[] = {
    [SY_WIRE_REST] = "lambda",      [SY_WIRE_JSON11] = "ssm",      [SY_WIRE_JSON10] = "monitoring",
    [SY_WIRE_QUERY] = "monitoring", [SY_WIRE_CBOR] = "monitoring",
};

static bool refuse(struct sy_call *call, const char *code, const char *message) {
    sy_answer_error(call, 403, code, "%s", message);
    return false;
}

/* Whether the text goes on with the part; moves past it. */
static bool eat(const char **text, const char *part) {
    size_t len = strlen(part);
    if (strncmp(*text, part, len) != 0)
        return false;
    *text += len;
    return true;
}

/* A piece of the scope, up to the next slash. */
static bool piece(const char **text, char *buf, size_t size) {
    size_t len = strcspn(*text, "/,");
    if (len == 0 || len >= size || (*text)[len] != '/')
        return false;
    memcpy(buf, *text, len);
    buf[len] = '\0';
    *text += len + 1;
    return true;
}

static bool parts_are_there(const char *rest) {
    const char *headers = strstr(rest, "SignedHeaders=");
    const char *signature = strstr(rest, "Signature=");
    if (!headers || !signature)
        return false;
    signature += sizeof "Signature=" - 1;
    return strncmp(headers, "SignedHeaders=,", 15) != 0 &&
           strspn(signature, "0123456789abcdef") == 64;
}

bool sy_auth_check(struct sy_call *call) {
    struct sy_world *world = call->world;
    const char *header = sy_request_header(call->request, "Authorization");
    char key[129], date[9], region[32], service[32];
    if (!header || !eat(&header, "AWS4-HMAC-SHA256 "))
        return refuse(call, "MissingAuthenticationTokenException", "Missing Authentication Token");
    header += strspn(header, " ");
    if (!eat(&header, "Credential=") || !piece(&header, key, sizeof key) ||
        !piece(&header, date, sizeof date) || !piece(&header, region, sizeof region) ||
        !piece(&header, service, sizeof service) || !eat(&header, "aws4_request") ||
        strlen(date) != 8 || !parts_are_there(header))
        return refuse(call, "IncompleteSignatureException",
                      "Authorization header is not a complete AWS4-HMAC-SHA256 signature");
    if (!sy_request_header(call->request, "X-Amz-Date") &&
        !sy_request_header(call->request, "Date"))
        return refuse(call, "IncompleteSignatureException",
                      "Authorization header requires existence of either a 'X-Amz-Date' or a "
                      "'Date' header");
    if (world->access_key[0] && strcmp(world->access_key, key) != 0)
        return refuse(call, "UnrecognizedClientException",
                      "The security token included in the request is invalid.");
    if (strcmp(region, world->region) != 0)
        return refuse(call, "InvalidSignatureException",
                      "Credential should be scoped to a valid region.");
    if (strcmp(service, services[call->route->wire]) != 0)
        return refuse(call, "InvalidSignatureException",
                      "Credential should be scoped to correct service.");
    return true;
}
