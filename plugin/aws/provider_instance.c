/* The instance metadata service of EC2, version 2: a session token (PUT), the role's name, the
 * role's credentials. As in botocore, one try of one second each by default: on a machine outside
 * of EC2 nobody answers. Version 1, without the token, is not spoken. */
#include "aws/provider.h"

#include "aws/ask.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    TIMEOUT_S_MAX = 60,
    ATTEMPTS_MAX = 20,
    PAUSE_MS = 200,
    TOKEN_MAX = 1024,
    ROLE_MAX = 256,
    EXTENSION_MS = 20 * 60 * 1000
};

#define ROLES "latest/meta-data/iam/security-credentials/"

struct instance {
    struct sy_provider provider;
    char *base; /* "http://169.254.169.254/" */
    char *when_none;
    int64_t timeout_ms;
    int attempts;
    char token[TOKEN_MAX + 1];
    struct sy_ask *ask;
};

static void fail(struct instance *self, const char *why) {
    struct sy_error error = {0};
    (void)sy_fail_reason(&error, SY_UNAUTHENTICATED, "NO_CREDENTIALS",
                         "no AWS credentials: %s; %s: %.120s", self->when_none, self->provider.name,
                         why);
    sy_provider_fail(&self->provider, &error);
}

static void ask(struct instance *self, const char *method, const char *path, const char *header,
                const char *value, sy_http_done *done) {
    SY_AUTO_FREE char *url = sy_asprintf("%s%s", self->base, path);
    const struct sy_http_header headers[] = {{header, value}, {"User-Agent", "steelyard"}};
    self->ask = sy_ask_start(&(struct sy_ask_options){.io = self->provider.scope->io,
                                                      .timers = self->provider.scope->timers,
                                                      .request = {.method = method,
                                                                  .url = url,
                                                                  .headers = headers,
                                                                  .n_headers = SY_COUNT(headers),
                                                                  .timeout_ms = self->timeout_ms,
                                                                  .direct = true},
                                                      .attempts = self->attempts,
                                                      .pause_ms = PAUSE_MS},
                             done, self);
}

/* The answer as one short word; false: it was told why not. */
static bool take_word(struct instance *self, const struct sy_http_response *response,
                      const char *what, char *buf, size_t size) {
    char why[128];
    self->ask = NULL;
    size_t len = response->status == 200 ? strcspn(response->body, "\r\n") : 0;
    if (response->status == 0) {
        fail(self, response->error.message);
        return false;
    }
    if (len == 0 || len >= size || !sy_text_is_clean(response->body, len)) {
        (void)snprintf(why, sizeof why, "%s (HTTP %d)", what, response->status);
        fail(self, why);
        return false;
    }
    memcpy(buf, response->body, len);
    buf[len] = '\0';
    return true;
}

/* In an outage the service goes on to hand out what has ended, and AWS goes on to take it: then ask
 * again somewhat later. */
static void extend(struct instance *self, struct sy_credentials *credentials) {
    int64_t now = sy_clock_now(self->provider.scope->clock);
    if (credentials->expires_ms <= now)
        credentials->expires_ms = now + EXTENSION_MS;
}

static void credentials_came(void *ctx, const struct sy_http_response *response) {
    struct instance *self = ctx;
    struct sy_credentials credentials = {0};
    struct sy_error error = {0};
    char why[64];
    self->ask = NULL;
    if (response->status != 200) {
        (void)snprintf(why, sizeof why, "HTTP %d to the role's credentials", response->status);
        fail(self, response->status ? why : response->error.message);
        return;
    }
    if (sy_credentials_from_json("the answer of instance metadata", response->body,
                                 response->body_len, "Token", true, &credentials, &error)) {
        sy_provider_fail(&self->provider, &error);
        return;
    }
    extend(self, &credentials);
    sy_provider_give(&self->provider, &credentials);
}

static void role_came(void *ctx, const struct sy_http_response *response) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "+=,.@-_";
    struct instance *self = ctx;
    char role[ROLE_MAX + 1];
    if (!take_word(self, response, "the instance has no role", role, sizeof role))
        return;
    if (role[strspn(role, allowed)]) {
        fail(self, "the name of the instance's role has a character that no role has");
        return;
    }
    SY_AUTO_FREE char *path = sy_asprintf(ROLES "%s", role);
    ask(self, "GET", path, "X-aws-ec2-metadata-token", self->token, credentials_came);
}

static void token_came(void *ctx, const struct sy_http_response *response) {
    struct instance *self = ctx;
    if (take_word(self, response, "it gives no session token", self->token, sizeof self->token))
        ask(self, "GET", ROLES, "X-aws-ec2-metadata-token", self->token, role_came);
}

static void fetch(struct sy_provider *provider) {
    ask((struct instance *)provider, "PUT", "latest/api/token",
        "X-aws-ec2-metadata-token-ttl-seconds", "21600", token_came);
}

static void destroy(struct sy_provider *provider) {
    struct instance *self = (struct instance *)provider;
    sy_ask_drop(self->ask);
    free(self->base);
    free(self->when_none);
    free(provider->name);
    free(self);
}

static int find_base(const struct sy_provider_scope *scope, char **ret, struct sy_error *error) {
    const char *own = sy_settings_variable(scope->settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                           "ec2_metadata_service_endpoint");
    const char *mode =
        sy_settings_variable(scope->settings, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                             "ec2_metadata_service_endpoint_mode");
    struct sy_endpoint endpoint;
    if (own && *own) {
        if (sy_endpoint_parse("AWS_EC2_METADATA_SERVICE_ENDPOINT", own, &endpoint, error))
            return -1;
        *ret = sy_endpoint_url(&endpoint, "/");
        return 0;
    }
    bool six = mode && strcasecmp(mode, "ipv6") == 0;
    if (mode && *mode && !six && strcasecmp(mode, "ipv4") != 0)
        return sy_fail_field(error, "endpoint",
                             "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: use IPv4 or IPv6");
    *ret = sy_strdup(six ? "http://[fd00:ec2::254]/" : "http://169.254.169.254/");
    return 0;
}

static int find_number(const struct sy_provider_scope *scope, const char *name, const char *key,
                       int64_t max, int64_t *ret, struct sy_error *error) {
    const char *value = sy_settings_variable(scope->settings, name, key);
    *ret = 1;
    return value && *value ? sy_integer_parse(name, value, 1, max, ret, error) : 0;
}

int sy_provider_instance(const struct sy_provider_scope *scope, const char *when_none,
                         struct sy_provider **ret, struct sy_error *error) {
    static const struct sy_provider_ops ops = {
        .method = "iam-role", .fetch = fetch, .destroy = destroy};
    SY_AUTO_FREE char *base = NULL;
    int64_t timeout_s = 0;
    int64_t attempts = 0;
    if (find_base(scope, &base, error) ||
        find_number(scope, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout",
                    TIMEOUT_S_MAX, &timeout_s, error) ||
        find_number(scope, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts",
                    ATTEMPTS_MAX, &attempts, error))
        return -1;
    struct instance *self = sy_calloc(1, sizeof *self);
    self->provider = (struct sy_provider){
        .ops = &ops, .scope = scope, .name = sy_asprintf("instance metadata at %.80s", base)};
    self->base = SY_STEAL(base);
    self->when_none = sy_strdup(when_none);
    self->timeout_ms = timeout_s * 1000;
    self->attempts = (int)attempts;
    *ret = &self->provider;
    return 0;
}
