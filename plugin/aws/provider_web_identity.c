/* sts:AssumeRoleWithWebIdentity: the credentials of a role, by a token that somebody else signed
 * (Kubernetes, GitHub, GitLab). The token is looked up anew at every fetch: its file is rewritten
 * while a program runs. */
#include "aws/provider.h"

#include "aws/sts.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

enum { TOKEN_MAX = 65536, GITHUB_TIMEOUT_MS = 10000, ATTEMPTS = 3, PAUSE_MS = 500 };

struct web_identity {
    struct sy_provider provider;
    enum sy_web_token from;
    char *where; /* the file, or the variable */
    char *arn;
    char *session_name;
    char *token; /* while STS is asked */
    struct sy_ask *ask;
};

static void sts_answered(void *ctx, const struct sy_http_response *response) {
    struct web_identity *self = ctx;
    struct sy_credentials credentials = {0};
    struct sy_error error = {0};
    const char *const secrets[] = {self->token, NULL};
    self->ask = NULL;
    int failed = sy_sts_read(self->provider.scope, self->provider.name, "AssumeRoleWithWebIdentity",
                             secrets, response, &credentials, &error);
    sy_secret_free(SY_STEAL(self->token));
    if (failed)
        sy_provider_fail(&self->provider, &error);
    else
        sy_provider_give(&self->provider, &credentials);
}

/* Takes over the token. A line end behind it, as a shell's echo leaves it, is not part of it. */
static void ask_sts(struct web_identity *self, char *token) {
    const struct sy_role role = {.arn = self->arn, .session_name = self->session_name};
    struct sy_error error = {0};
    size_t len = strlen(token);
    while (len > 0 && (token[len - 1] == '\n' || token[len - 1] == '\r'))
        token[--len] = '\0';
    for (const char *c = token; *c; c++)
        if (*c <= 0x20 || *c >= 0x7F)
            len = 0;
    if (len == 0) {
        sy_secret_free(token);
        sy_provider_fail_why(&self->provider, "it is no token: a token is one line without blanks");
        return;
    }
    self->token = token;
    self->ask = sy_sts_ask(self->provider.scope, &role, NULL, token, sts_answered, self, &error);
    if (self->ask)
        return;
    sy_secret_free(SY_STEAL(self->token));
    sy_provider_fail(&self->provider, &error);
}

static void read_token_file(struct web_identity *self) {
    char *token = NULL;
    size_t len = 0;
    if (sy_file_read(self->where, TOKEN_MAX, &token, &len) == 0) {
        ask_sts(self, token);
        return;
    }
    SY_AUTO_FREE char *why =
        sy_asprintf("its token file %.200s cannot be read: %s", self->where, strerror(errno));
    sy_provider_fail_why(&self->provider, why);
}

static void github_answered(void *ctx, const struct sy_http_response *response) {
    struct web_identity *self = ctx;
    SY_AUTO_JSON struct json_object *answer = NULL;
    struct sy_error ignored = {0};
    char *token = sy_calloc(1, TOKEN_MAX);
    self->ask = NULL;
    if (sy_http_is_good(response) &&
        sy_json_parse("it", response->body, response->body_len, &answer, &ignored) == 0 &&
        sy_json_string(answer, "value", true, token, TOKEN_MAX, &ignored) == 0) {
        ask_sts(self, token);
        return;
    }
    sy_secret_free(token);
    SY_AUTO_FREE char *why =
        response->status == 0
            ? sy_asprintf("GitHub's token service: %s", response->error.message)
            : sy_asprintf("GitHub's token service answered HTTP %d%s; the job needs "
                          "\"permissions: id-token: write\"",
                          response->status, response->status <= 299 ? " without a token" : "");
    sy_provider_fail_why(&self->provider, why);
}

static void ask_github(struct web_identity *self) {
    const char *base = sy_variable("ACTIONS_ID_TOKEN_REQUEST_URL");
    const char *bearer = sy_variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
    if (!base || !bearer) {
        sy_provider_fail_why(
            &self->provider,
            "ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN is gone");
        return;
    }
    SY_AUTO_FREE char *url =
        sy_asprintf("%s%caudience=sts.amazonaws.com", base, strchr(base, '?') ? '&' : '?');
    char *authorization = sy_asprintf("Bearer %s", bearer);
    const struct sy_http_header headers[] = {{"Authorization", authorization},
                                             {"Accept", "application/json"},
                                             {"User-Agent", "steelyard"}};
    self->ask = sy_ask_start(&(struct sy_ask_options){.io = self->provider.scope->io,
                                                      .timers = self->provider.scope->timers,
                                                      .request = {.method = "GET",
                                                                  .url = url,
                                                                  .headers = headers,
                                                                  .n_headers = SY_COUNT(headers),
                                                                  .timeout_ms = GITHUB_TIMEOUT_MS},
                                                      .attempts = ATTEMPTS,
                                                      .pause_ms = PAUSE_MS},
                             github_answered, self);
    sy_secret_free(authorization);
}

static void fetch(struct sy_provider *provider) {
    struct web_identity *self = (struct web_identity *)provider;
    const char *value = NULL;
    switch (self->from) {
    case SY_WEB_TOKEN_FILE:
        read_token_file(self);
        break;
    case SY_WEB_TOKEN_GITHUB:
        ask_github(self);
        break;
    default:
        value = sy_variable(self->where);
        ask_sts(self, sy_strdup(value ? value : ""));
    }
}

static void destroy(struct sy_provider *provider) {
    struct web_identity *self = (struct web_identity *)provider;
    sy_ask_drop(self->ask);
    sy_secret_free(self->token);
    free(self->where);
    free(self->arn);
    free(self->session_name);
    free(provider->name);
    free(self);
}

struct sy_provider *sy_provider_web_identity(const struct sy_provider_scope *scope, char *name,
                                             const struct sy_role *role, enum sy_web_token from,
                                             const char *where) {
    static const struct sy_provider_ops ops = {
        .method = "assume-role-with-web-identity", .fetch = fetch, .destroy = destroy};
    struct web_identity *self = sy_calloc(1, sizeof *self);
    self->provider = (struct sy_provider){.ops = &ops, .scope = scope, .name = name};
    self->from = from;
    self->where = sy_strdup(where);
    self->arn = sy_strdup(role->arn);
    self->session_name = sy_strdup_any(role->session_name);
    return &self->provider;
}
