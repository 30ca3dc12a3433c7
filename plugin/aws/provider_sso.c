/* AWS IAM Identity Center (SSO): the token of `aws sso login`, renewed when it is about to end
 * (sso-sessions only, as in botocore), and sso:GetRoleCredentials with it. */
#include "aws/provider.h"

#include "aws/ask.h"
#include "aws/canonical.h"
#include "aws/sso_token.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#include <json-c/json.h>
#include <openssl/crypto.h>
#include <string.h>

enum {
    RENEW_MS = 15 * 60 * 1000,
    TIMEOUT_MS = 10000,
    ATTEMPTS = 3,
    PAUSE_MS = 250,
    KEY_MAX = 1024,
    TOKEN_MAX = 32768
};

struct sso {
    struct sy_provider provider;
    char *profile;
    char *session; /* NULL: the legacy form */
    char *start_url;
    char *region;
    char *account;
    char *role;
    struct sy_sso_token token; /* while something is asked */
    struct sy_ask *ask;
};

static int log_in(const struct sso *self, const char *why, struct sy_error *error) {
    return sy_fail_reason(error, SY_UNAUTHENTICATED, "SSO_LOGIN",
                          "no AWS credentials from %s: %s; run: aws sso login --profile %s",
                          self->provider.name, why, self->profile);
}

static void fail(struct sso *self, const struct sy_error *error) {
    sy_sso_token_finish(&self->token);
    sy_provider_fail(&self->provider, error);
}

static struct sy_ask *ask(struct sso *self, const struct sy_service *service,
                          const struct sy_http_request *request, const char *path,
                          sy_http_done *done, struct sy_error *error) {
    struct sy_endpoint endpoint;
    if (sy_settings_endpoint(self->provider.scope->settings, service, self->region, &endpoint,
                             error))
        return NULL;
    SY_AUTO_FREE char *url = sy_endpoint_url(&endpoint, path);
    struct sy_ask_options options = {.io = self->provider.scope->io,
                                     .timers = self->provider.scope->timers,
                                     .request = *request,
                                     .attempts = ATTEMPTS,
                                     .pause_ms = PAUSE_MS};
    options.request.url = url;
    options.request.timeout_ms = TIMEOUT_MS;
    return sy_ask_start(&options, done, self);
}

/* {"roleCredentials": {"accessKeyId", "secretAccessKey", "sessionToken", "expiration": ms}} */
static int read_role(const struct sy_http_response *response, struct sy_credentials *ret,
                     struct sy_error *error) {
    SY_AUTO_JSON struct json_object *answer = NULL;
    struct json_object *role = NULL;
    char access_key[KEY_MAX] = "";
    char secret_key[KEY_MAX] = "";
    int64_t expires_ms = 0;
    char *token = sy_calloc(1, TOKEN_MAX);
    struct sy_error why = {0};
    int failed =
        sy_json_parse("it", response->body, response->body_len, &answer, &why) ||
        sy_json_child(answer, "roleCredentials", true, json_type_object, &role, &why) ||
        sy_json_string(role, "accessKeyId", true, access_key, sizeof access_key, &why) ||
        sy_json_string(role, "secretAccessKey", true, secret_key, sizeof secret_key, &why) ||
        sy_json_string(role, "sessionToken", true, token, TOKEN_MAX, &why) ||
        sy_json_int(role, "expiration", true, 1, INT64_MAX, &expires_ms, &why);
    if (failed)
        failed =
            sy_fail_reason(error, SY_INTERNAL, "BAD_CREDENTIALS",
                           "the answer of SSO is not what credentials come in: %s", why.message);
    else
        failed = sy_credentials_take(
            &(struct sy_credentials_text){
                .names = {"accessKeyId", "secretAccessKey", "sessionToken"},
                .of = "the answer of SSO",
                .values = {access_key, secret_key, token},
                .expires_ms = expires_ms},
            ret, error);
    OPENSSL_cleanse(secret_key, sizeof secret_key);
    sy_secret_free(token);
    return failed;
}

static void describe(const struct sso *self, const struct sy_http_response *response,
                     struct sy_error *error) {
    if (response->status == 401)
        (void)log_in(self, "its session has ended, by what SSO says", error);
    else if (response->status == 403 || response->status == 404)
        (void)sy_fail_reason(error, SY_PERMISSION_DENIED, "NO_CREDENTIALS",
                             "no AWS credentials from %s: SSO gives no access to this role in this "
                             "account (HTTP %d); have it assigned, or check sso_role_name and "
                             "sso_account_id",
                             self->provider.name, response->status);
    else if (response->status == 0)
        (void)sy_fail_reason(error, SY_UNAVAILABLE, "NO_CREDENTIALS",
                             "no AWS credentials from %s: SSO: %s; check the network",
                             self->provider.name, response->error.message);
    else
        (void)sy_fail_reason(error, response->status >= 429 ? SY_UNAVAILABLE : SY_UNAUTHENTICATED,
                             "NO_CREDENTIALS",
                             "no AWS credentials from %s: SSO answered HTTP %d; check sso_region "
                             "and the endpoint",
                             self->provider.name, response->status);
}

static void role_came(void *ctx, const struct sy_http_response *response) {
    struct sso *self = ctx;
    struct sy_credentials credentials = {0};
    struct sy_error error = {0};
    self->ask = NULL;
    int failed = -1;
    if (sy_http_is_good(response)) {
        (void)sy_clock_learn(self->provider.scope->clock, response);
        failed = read_role(response, &credentials, &error);
    } else {
        describe(self, response, &error);
    }
    if (failed) {
        fail(self, &error);
        return;
    }
    sy_sso_token_finish(&self->token);
    sy_provider_give(&self->provider, &credentials);
}

static void ask_role(struct sso *self) {
    const struct sy_http_header headers[] = {{"x-amz-sso_bearer_token", self->token.access_token},
                                             {"User-Agent", "steelyard"}};
    SY_AUTO_BUFFER struct sy_buffer path = {0};
    struct sy_error error = {0};
    sy_buffer_puts(&path, "/federation/credentials?role_name=");
    sy_canonical_encode(&path, self->role, strlen(self->role), "");
    sy_buffer_puts(&path, "&account_id=");
    sy_canonical_encode(&path, self->account, strlen(self->account), "");
    self->ask = ask(self, &sy_service_sso,
                    &(struct sy_http_request){
                        .method = "GET", .headers = headers, .n_headers = SY_COUNT(headers)},
                    path.data, role_came, &error);
    if (!self->ask)
        fail(self, &error);
}

static bool read_renewed(struct sso *self, const struct sy_http_response *response) {
    SY_AUTO_JSON struct json_object *answer = NULL;
    struct sy_error ignored;
    int64_t lasts_s = 0;
    char *access = sy_calloc(1, TOKEN_MAX);
    char *refresh = sy_calloc(1, TOKEN_MAX);
    bool good = response->status == 200 &&
                sy_json_parse("it", response->body, response->body_len, &answer, &ignored) == 0 &&
                sy_json_string(answer, "accessToken", true, access, TOKEN_MAX, &ignored) == 0 &&
                sy_json_int(answer, "expiresIn", true, 1, INT32_MAX, &lasts_s, &ignored) == 0 &&
                sy_json_string(answer, "refreshToken", false, refresh, TOKEN_MAX, &ignored) == 0;
    if (good) {
        sy_secret_free(self->token.access_token);
        sy_secret_free(self->token.refresh_token);
        self->token.access_token = sy_strdup(access);
        self->token.refresh_token = *refresh ? sy_strdup(refresh) : NULL;
        self->token.expires_ms = sy_clock_now(self->provider.scope->clock) + lasts_s * 1000;
    }
    sy_secret_free(access);
    sy_secret_free(refresh);
    return good;
}

/* As botocore: a token that could not be renewed is used as long as it lasts. */
static void renewed(void *ctx, const struct sy_http_response *response) {
    struct sso *self = ctx;
    struct sy_error error = {0};
    self->ask = NULL;
    if (read_renewed(self, response)) {
        if (sy_sso_token_save(&self->token, self->start_url, self->region, &error))
            sy_log(SY_LOG_WARN, "the renewed SSO token is not kept: %s", error.message);
    } else if (self->token.expires_ms <= sy_clock_now(self->provider.scope->clock)) {
        (void)log_in(self, "its session has ended and could not be renewed", &error);
        fail(self, &error);
        return;
    }
    ask_role(self);
}

static void renew(struct sso *self) {
    static const struct sy_http_header headers[] = {{"Content-Type", "application/json"},
                                                    {"User-Agent", "steelyard"}};
    SY_AUTO_JSON struct json_object *body = json_object_new_object();
    struct sy_error error = {0};
    json_object_object_add(body, "grantType", json_object_new_string("refresh_token"));
    json_object_object_add(body, "clientId", json_object_new_string(self->token.client_id));
    json_object_object_add(body, "clientSecret", json_object_new_string(self->token.client_secret));
    json_object_object_add(body, "refreshToken", json_object_new_string(self->token.refresh_token));
    char *text = sy_json_write(body);
    self->ask = ask(self, &sy_service_sso_oidc,
                    &(struct sy_http_request){.method = "POST",
                                              .headers = headers,
                                              .n_headers = SY_COUNT(headers),
                                              .body = text,
                                              .body_len = strlen(text)},
                    "/token", renewed, &error);
    sy_secret_free(text);
    if (!self->ask)
        fail(self, &error);
}

static const char *key_of(const struct sso *self) {
    return self->session ? self->session : self->start_url;
}

/* The token; whether it is to be renewed first. -1: somebody must log in. */
static int load(const struct sso *self, struct sy_sso_token *ret, bool *ret_renew,
                struct sy_error *error) {
    struct sy_error why = {0};
    int64_t now = sy_clock_now(self->provider.scope->clock);
    if (sy_sso_token_load(key_of(self), ret, &why))
        return log_in(self, why.message, error);
    *ret_renew =
        self->session && ret->expires_ms - now < RENEW_MS && sy_sso_token_renewable(ret, now);
    if (*ret_renew || ret->expires_ms > now)
        return 0;
    sy_sso_token_finish(ret);
    return log_in(self, "its session has ended", error);
}

static void fetch(struct sy_provider *provider) {
    struct sso *self = (struct sso *)provider;
    struct sy_error error = {0};
    bool renew_first = false;
    if (load(self, &self->token, &renew_first, &error))
        sy_provider_fail(provider, &error);
    else if (renew_first)
        renew(self);
    else
        ask_role(self);
}

static void destroy(struct sy_provider *provider) {
    struct sso *self = (struct sso *)provider;
    sy_ask_drop(self->ask);
    sy_sso_token_finish(&self->token);
    free(self->profile);
    free(self->session);
    free(self->start_url);
    free(self->region);
    free(self->account);
    free(self->role);
    free(provider->name);
    free(self);
}

int sy_provider_sso(const struct sy_provider_scope *scope, const char *profile,
                    const struct sy_sso *from, struct sy_provider **ret, struct sy_error *error) {
    static const struct sy_provider_ops ops = {.method = "sso", .fetch = fetch, .destroy = destroy};
    struct sy_sso_token token = {0};
    bool renew_first = false;
    if (sy_region_check(from->region, error))
        return -1;
    struct sso *self = sy_calloc(1, sizeof *self);
    self->provider = (struct sy_provider){
        .ops = &ops, .scope = scope, .name = sy_asprintf("SSO of profile %s", profile)};
    self->profile = sy_strdup(profile);
    self->session = sy_strdup_any(from->session);
    self->start_url = sy_strdup(from->start_url);
    self->region = sy_strdup(from->region);
    self->account = sy_strdup(from->account);
    self->role = sy_strdup(from->role);
    int failed = load(self, &token, &renew_first, error);
    sy_sso_token_finish(&token);
    if (failed)
        destroy(&self->provider);
    else
        *ret = &self->provider;
    return failed;
}
