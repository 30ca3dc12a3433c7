/* sts:AssumeRole: the credentials of a role, by those of another source. */
#include "aws/provider.h"

#include "aws/sts.h"
#include "base/memory.h"

#include <string.h>

struct assume_role {
    struct sy_provider provider;
    struct sy_provider *source;
    char *arn;
    char *session_name;
    char *external_id;
    int64_t duration_s;
    struct sy_credentials signer; /* what the source gave, while STS is asked */
    struct sy_ask *ask;
    bool signed_again;
};

static void answered(void *ctx, const struct sy_http_response *response);

static void ask(struct assume_role *self) {
    const struct sy_role role = {.arn = self->arn,
                                 .session_name = self->session_name,
                                 .external_id = self->external_id,
                                 .duration_s = self->duration_s};
    struct sy_error error = {0};
    self->ask =
        sy_sts_ask(self->provider.scope, &role, &self->signer, NULL, answered, self, &error);
    if (!self->ask)
        sy_provider_fail(&self->provider, &error);
}

static void answered(void *ctx, const struct sy_http_response *response) {
    struct assume_role *self = ctx;
    const char *const secrets[] = {self->signer.secret_key, self->signer.session_token, NULL};
    struct sy_credentials credentials = {0};
    struct sy_error error = {0};
    self->ask = NULL;
    if (!self->signed_again && sy_sts_skewed(self->provider.scope, response)) {
        self->signed_again = true;
        ask(self);
        return;
    }
    int failed = sy_sts_read(self->provider.scope, self->provider.name, "AssumeRole", secrets,
                             response, &credentials, &error);
    sy_credentials_finish(&self->signer);
    if (failed)
        sy_provider_fail(&self->provider, &error);
    else
        sy_provider_give(&self->provider, &credentials);
}

static void source_done(void *ctx, struct sy_credentials *credentials,
                        const struct sy_error *error) {
    struct assume_role *self = ctx;
    if (error) {
        sy_provider_fail(&self->provider, error);
        return;
    }
    self->signer = *credentials;
    self->signed_again = false;
    ask(self);
}

static void fetch(struct sy_provider *provider) {
    struct assume_role *self = (struct assume_role *)provider;
    sy_provider_fetch(self->source, source_done, self);
}

static void destroy(struct sy_provider *provider) {
    struct assume_role *self = (struct assume_role *)provider;
    sy_ask_drop(self->ask);
    sy_provider_destroy(self->source);
    sy_credentials_finish(&self->signer);
    free(self->arn);
    free(self->session_name);
    free(self->external_id);
    free(provider->name);
    free(self);
}

struct sy_provider *sy_provider_assume_role(const struct sy_provider_scope *scope, char *name,
                                            const struct sy_role *role,
                                            struct sy_provider *source) {
    static const struct sy_provider_ops ops = {
        .method = "assume-role", .fetch = fetch, .destroy = destroy};
    struct assume_role *self = sy_calloc(1, sizeof *self);
    self->provider = (struct sy_provider){.ops = &ops, .scope = scope, .name = name};
    self->source = source;
    self->arn = sy_strdup(role->arn);
    self->session_name = sy_strdup_any(role->session_name);
    self->external_id = sy_strdup_any(role->external_id);
    self->duration_s = role->duration_s;
    return &self->provider;
}
