#include "aws/sts.h"

#include "aws/canonical.h"
#include "aws/sigv4.h"
#include "aws/xml.h"
#include "base/text.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

enum { ATTEMPTS = 3, PAUSE_MS = 250, TIMEOUT_MS = 10000 };

static void add_field(struct sy_buffer *body, const char *name, const char *value) {
    sy_buffer_printf(body, "&%s=", name);
    sy_canonical_encode(body, value, strlen(value), "");
}

static void write_body(const struct sy_provider_scope *scope, const struct sy_role *role,
                       const char *token, struct sy_buffer *body) {
    char number[24];
    char session[40];
    (void)snprintf(session, sizeof session, "steelyard-%lld",
                   (long long)(sy_clock_now(scope->clock) / 1000));
    sy_buffer_printf(body, "Action=%s&Version=2011-06-15",
                     token ? "AssumeRoleWithWebIdentity" : "AssumeRole");
    add_field(body, "RoleArn", role->arn);
    add_field(body, "RoleSessionName", role->session_name ? role->session_name : session);
    if (role->external_id)
        add_field(body, "ExternalId", role->external_id);
    (void)snprintf(number, sizeof number, "%lld", (long long)role->duration_s);
    if (role->duration_s > 0)
        add_field(body, "DurationSeconds", number);
    if (token)
        add_field(body, "WebIdentityToken", token);
}

struct message {
    struct sy_http_header headers[6];
    size_t n_headers;
    char date[SY_SIGV4_DATE_SIZE];
    struct sy_buffer authorization;
};

static void add_header(struct message *message, const char *name, const char *value) {
    message->headers[message->n_headers++] = (struct sy_http_header){name, value};
}

static int sign(const struct sy_provider_scope *scope, const char *region, const char *path,
                const struct sy_credentials *signer, const struct sy_buffer *body,
                struct message *message, struct sy_error *error) {
    struct sy_sigv4 *sigv4 = NULL;
    (void)sy_sigv4_date(sy_clock_now(scope->clock), message->date);
    add_header(message, "X-Amz-Date", message->date);
    if (signer->session_token)
        add_header(message, "X-Amz-Security-Token", signer->session_token);
    if (sy_sigv4_create(signer, region, sy_service_sts.label, &sigv4, error))
        return -1;
    int failed = sy_sigv4_authorize(sigv4,
                                    &(struct sy_sigv4_request){.method = "POST",
                                                               .path = path,
                                                               .headers = message->headers,
                                                               .n_headers = message->n_headers,
                                                               .body = body->data,
                                                               .body_len = body->len,
                                                               .date = message->date},
                                    &message->authorization, error);
    sy_sigv4_destroy(sigv4);
    if (!failed)
        add_header(message, "Authorization", message->authorization.data);
    return failed;
}

/* STS says "try again" with HTTP 400, too. */
static bool is_worth_another(const struct sy_http_response *response) {
    return sy_ask_transient(response) ||
           (response->status == 400 && (strstr(response->body, "<Code>Throttling") ||
                                        strstr(response->body, "<Code>IDPCommunicationError")));
}

static struct sy_ask *send_body(const struct sy_provider_scope *scope,
                                const struct sy_credentials *signer, const struct sy_buffer *body,
                                sy_http_done *done, void *ctx, struct sy_error *error) {
    struct sy_endpoint endpoint;
    const char *region = NULL;
    struct message message = {.n_headers = 0};
    struct sy_ask *ask = NULL;
    if (sy_settings_sts(scope->settings, &endpoint, &region, error))
        return NULL;
    SY_AUTO_FREE char *path = sy_asprintf("%s/", endpoint.prefix);
    SY_AUTO_FREE char *url = sy_endpoint_url(&endpoint, "/");
    add_header(&message, "Host", endpoint.host);
    add_header(&message, "Content-Type", sy_service_sts.content_type);
    if (!signer || sign(scope, region, path, signer, body, &message, error) == 0) {
        add_header(&message, "User-Agent", "steelyard");
        ask = sy_ask_start(&(struct sy_ask_options){.io = scope->io,
                                                    .timers = scope->timers,
                                                    .request = {.method = "POST",
                                                                .url = url,
                                                                .headers = message.headers,
                                                                .n_headers = message.n_headers,
                                                                .body = body->data,
                                                                .body_len = body->len,
                                                                .timeout_ms = TIMEOUT_MS},
                                                    .attempts = ATTEMPTS,
                                                    .pause_ms = PAUSE_MS,
                                                    .again = is_worth_another},
                           done, ctx);
    }
    sy_buffer_finish(&message.authorization);
    return ask;
}

struct sy_ask *sy_sts_ask(const struct sy_provider_scope *scope, const struct sy_role *role,
                          const struct sy_credentials *signer, const char *token,
                          sy_http_done *done, void *ctx, struct sy_error *error) {
    SY_AUTO_BUFFER struct sy_buffer body = {0};
    write_body(scope, role, signer ? NULL : token, &body);
    struct sy_ask *ask = send_body(scope, signer, &body, done, ctx, error);
    OPENSSL_cleanse(body.data, body.len);
    return ask;
}

static int no_answer(const char *who, const char *action, const struct sy_http_response *response,
                     struct sy_error *error) {
    enum sy_code code = response->error.code;
    return sy_fail_reason(error, code == SY_DEADLINE_EXCEEDED ? SY_UNAVAILABLE : code,
                          "NO_CREDENTIALS",
                          "no AWS credentials from %s: sts:%s failed: %s; check the network and "
                          "the endpoint",
                          who, action, response->error.message);
}

/* What STS says of a refusal: its code, and its words with the secrets starred out. */
static void read_refusal(const struct sy_http_response *response, const char *const *secrets,
                         char code[64], char message[256]) {
    struct sy_xml_field fields[] = {{.name = "Code"}, {.name = "Message"}};
    struct sy_error ignored;
    if (sy_xml_read("it", response->body, response->body_len, fields, SY_COUNT(fields), &ignored) ==
            0 &&
        fields[0].text.data) {
        (void)sy_text_clean(fields[0].text.data, fields[0].text.len, code, 64);
        if (fields[1].text.data) {
            for (; *secrets; secrets++)
                sy_secret_redact(*secrets, fields[1].text.data);
            (void)sy_text_clean(fields[1].text.data, strcspn(fields[1].text.data, "\r\n"), message,
                                256);
        }
    }
    sy_xml_finish(fields, SY_COUNT(fields));
}

static int refused(const char *who, const char *action, const char *const *secrets,
                   const struct sy_http_response *response, struct sy_error *error) {
    char code[64] = "";
    char message[256] = "";
    read_refusal(response, secrets, code, message);
    bool denied = strcmp(code, "AccessDenied") == 0;
    bool away = response->status >= 500 || response->status == 429;
    /* In front of what AWS says, which is long and may be cut where it is shown or kept. */
    const char *advice = away     ? "; try again later"
                         : denied ? "; allow it to who asks, and in the role's trust policy"
                         : strcmp(code, "ExpiredTokenException") == 0
                             ? "; the token is too old, get a new one"
                             : "";
    return sy_fail_reason(error,
                          away     ? SY_UNAVAILABLE
                          : denied ? SY_PERMISSION_DENIED
                                   : SY_UNAUTHENTICATED,
                          *code ? code : "NO_CREDENTIALS",
                          "no AWS credentials from %s: sts:%s failed%s: %s%s%s (HTTP %d)", who,
                          action, advice, *code ? code : "no error that AWS would write",
                          *message ? ": " : "", message, response->status);
}

static int take_credentials(const char *who, const struct sy_xml_field *fields,
                            struct sy_credentials *ret, struct sy_error *error) {
    int64_t expires_ms = 0;
    if (!fields[2].text.data || !fields[3].text.data ||
        !sy_aws_time_parse(fields[3].text.data, &expires_ms))
        return sy_fail_reason(error, SY_INTERNAL, "BAD_CREDENTIALS",
                              "no AWS credentials from %s: the answer of STS has no session token "
                              "or no time at which it ends; check the endpoint",
                              who);
    return sy_credentials_take(
        &(struct sy_credentials_text){
            .names = {"AccessKeyId", "SecretAccessKey", "SessionToken"},
            .of = "the answer of STS",
            .values = {fields[0].text.data, fields[1].text.data, fields[2].text.data},
            .expires_ms = expires_ms},
        ret, error);
}

int sy_sts_read(const struct sy_provider_scope *scope, const char *who, const char *action,
                const char *const *secrets, const struct sy_http_response *response,
                struct sy_credentials *ret, struct sy_error *error) {
    struct sy_xml_field fields[] = {{.name = "AccessKeyId"},
                                    {.name = "SecretAccessKey"},
                                    {.name = "SessionToken"},
                                    {.name = "Expiration"}};
    struct sy_error why = {0};
    if (response->status == 0)
        return no_answer(who, action, response, error);
    if (!sy_http_is_good(response))
        return refused(who, action, secrets, response, error);
    /* The end that is told is by AWS's clock: compare it with that one. */
    (void)sy_clock_learn(scope->clock, response);
    int failed = sy_xml_read("the answer of STS", response->body, response->body_len, fields,
                             SY_COUNT(fields), &why);
    if (failed)
        (void)sy_fail_reason(error, SY_INTERNAL, "BAD_CREDENTIALS",
                             "no AWS credentials from %s: %s; check the endpoint", who,
                             why.message);
    else
        failed = take_credentials(who, fields, ret, error);
    sy_xml_finish(fields, SY_COUNT(fields));
    return failed;
}

bool sy_sts_skewed(const struct sy_provider_scope *scope, const struct sy_http_response *response) {
    char code[64] = "";
    char message[256] = "";
    const char *const none[] = {NULL};
    if (response->status < 400 || response->status > 499)
        return false;
    read_refusal(response, none, code, message);
    return (strcmp(code, "SignatureDoesNotMatch") == 0 || strcmp(code, "RequestExpired") == 0 ||
            strcmp(code, "RequestTimeTooSkewed") == 0) &&
           sy_clock_learn(scope->clock, response);
}
